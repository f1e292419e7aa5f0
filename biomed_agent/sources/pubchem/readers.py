"""Readers of PUG REST: a parsed body to our types, one for each kind of reply.

Records are read through PubChemPy's :class:`~pubchempy.Compound`, which is given the record and never fetches
anything; where it knows only the labels of 2025, the earlier ones are read here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from pubchempy import Compound

from biomed_agent.core.chemistry.structures import molecule_from_inchi, molecule_from_smiles
from biomed_agent.core.errors import InvalidInput, NotFound, Unavailable
from biomed_agent.core.types import Fact, Molecule, Provenance
from biomed_agent.sources.http.malformed import well_formed
from biomed_agent.sources.http.reply import Check, Reply

TRANSIENT = frozenset({"ServerBusy", "Timeout", "ServerError", "Unknown"})
"""Fault codes (after ``PUGREST.``) that another try may mend, whatever status they came with."""
SMILES_LABELS = ("Absolute", "Isomeric", "Connectivity", "Canonical")
"""Names of the SMILES properties of a record, best first: of 2025 and before, with and without stereo."""
_WHOLE, _FLAT = ("SMILES", "IsomericSMILES"), ("ConnectivitySMILES", "CanonicalSMILES")
"""Columns of a row, of 2025 and before: SMILES with stereo, which an InChI holds too, and SMILES without."""
TABLE = "property/Title,SMILES,InChI,InChIKey,IUPACName"
"""Operation that returns what a :class:`~biomed_agent.core.types.Molecule` holds, title included, and no coordinates"""

_PROPERTIES: tuple[tuple[str, str, str, str], ...] = (
    # attribute of Compound, predicate, unit, note
    ("iupac_name", "IUPAC name", "", ""),
    ("molecular_formula", "molecular formula", "", ""),
    ("molecular_weight", "molecular weight", "g/mol", ""),
    ("monoisotopic_mass", "monoisotopic mass", "Da", ""),
    ("inchikey", "InChIKey", "", ""),
    ("charge", "formal charge", "", ""),
    ("xlogp", "logP", "", "XLogP3 estimate"),
    ("tpsa", "TPSA", "A^2", ""),
    ("h_bond_donor_count", "hydrogen-bond donors", "", ""),
    ("h_bond_acceptor_count", "hydrogen-bond acceptors", "", ""),
    ("rotatable_bond_count", "rotatable bonds", "", ""),
)


def check_reply(reply: Reply) -> None:
    """Raise for anything that is no answer of PUG REST; decides by the fault code, not by the status.

    Raises:
        NotFound: The fault is ``PUGREST.NotFound``.
        InvalidInput: PubChem cannot read what it was given.
        Unavailable: A busy or broken server, or a page that is not from PubChem.
    """
    body = reply.json()
    if not isinstance(body, dict):
        raise Unavailable(f"PubChem answered {type(body).__name__} where an object was expected.")
    if "Waiting" in body:
        read_list_key(body)
        return
    if (fault := body.get("Fault")) is None:
        if reply.status != 200:
            raise Unavailable(f"PubChem answered status {reply.status} without a fault.")
        return
    fault = fault if isinstance(fault, dict) else {"Message": fault}
    code = str(fault.get("Code") or "").rpartition(".")[2]
    message = " ".join([str(fault.get("Message") or ""), *_texts(fault.get("Details"))]).strip()
    if code == "NotFound":
        raise NotFound(f"PubChem has no such record ({message}).", "Check the spelling, or try a synonym or the CID.")
    if code in TRANSIENT:
        raise Unavailable(f"PubChem reports {code}: {message}")
    if code == "BadRequest":
        raise InvalidInput(f"PubChem cannot read what it was given: {message}.")
    raise Unavailable(f"PubChem reports {code or 'a fault without a code'}: {message}")


def reads(read: Callable[[Any], object]) -> Check:
    """Return a check that reads the reply as well, so that what cannot be read is asked for again and not kept.

    The notice of a queue is not read, and a structure that RDKit cannot read is no fault of the reply.

    Args:
        read: A reader of the parsed body.
    """

    def check(reply: Reply) -> None:
        check_reply(reply)
        if read_list_key(reply.json()) is None:
            with suppress(InvalidInput):
                read(reply.json())

    return check


@well_formed("PubChem")
def read_list_key(body: Mapping[str, Any]) -> str | None:
    """Read the key under which the answer to a queued request will lie; None if the body is no such notice."""
    if "Waiting" not in body:
        return None
    key = str(body["Waiting"]["ListKey"])
    if not re.fullmatch(r"[0-9]{1,30}", key):
        raise ValueError(f"{key[:40]!r} is no list key")
    return key


@well_formed("PubChem")
def read_compounds(body: Mapping[str, Any], provenance: Provenance, titles: Mapping[int, str] = {}) -> list[Molecule]:
    """Read a ``PC_Compounds`` reply.

    Args:
        body: The reply as parsed JSON.
        provenance: Of the reply.
        titles: Name to carry for each CID; the preferred IUPAC name by default.

    Returns:
        One molecule per record in PubChem's order. Records without a CID (a valid structure PubChem does not hold)
        are left out, and so is a structure that RDKit cannot read if another record can be.

    Raises:
        InvalidInput: No record holds a structure that can be read.
        Unavailable: The records are malformed.
    """
    molecules: list[Molecule] = []
    problem: InvalidInput | None = None
    for compound in _compounds(body):
        if compound.cid:
            try:
                molecules.append(_molecule(compound, provenance, titles.get(compound.cid, "")))
            except InvalidInput as error:
                problem = InvalidInput(f"PubChem CID {compound.cid}: {error.message}", error.hint)
    if not molecules and problem is not None:
        raise problem
    return molecules


@well_formed("PubChem")
def read_record_cids(body: Mapping[str, Any]) -> list[int]:
    """Read the CIDs of a ``PC_Compounds`` reply, in PubChem's order."""
    return [compound.cid for compound in _compounds(body) if compound.cid]


@well_formed("PubChem")
def read_cids(body: Mapping[str, Any]) -> list[int]:
    """Read an ``IdentifierList`` reply, in PubChem's order; the 0 that stands for "not here" is left out."""
    listed: Mapping[str, Any] = body["IdentifierList"]
    return [int(cid) for cid in listed.get("CID", ()) if int(cid)]


@well_formed("PubChem")
def read_registry_numbers(body: Mapping[str, Any]) -> dict[int, tuple[str, ...]]:
    """Read an ``xrefs/RN`` reply: CAS registry numbers by CID; a CID may have none."""
    numbers: dict[int, list[str]] = {}
    for row in _list(body, "InformationList", "Information"):
        numbers.setdefault(int(row["CID"]), []).extend(_texts(row.get("RN")))
    return {cid: tuple(dict.fromkeys(its)) for cid, its in numbers.items()}


@well_formed("PubChem")
def read_rows(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Read a ``PropertyTable`` reply: the rows that hold a structure; a row of an unknown CID holds none."""
    rows = _list(body, "PropertyTable", "Properties")
    return [row for row in rows if row.get("CID") and _structure_of(row)]


@well_formed("PubChem")
def read_row(row: Mapping[str, Any], provenance: Provenance) -> Molecule:
    """Read one row of a ``PropertyTable`` reply asked for with :data:`TABLE`.

    Raises:
        InvalidInput: RDKit cannot read its structure.
        Unavailable: It is malformed.
    """
    cid, structure, name = int(row["CID"]), _structure_of(row), str(row.get("Title") or row.get("IUPACName") or "")
    read = molecule_from_inchi if structure.startswith("InChI=") else molecule_from_smiles
    try:
        molecule = read(structure, name, {"cid": str(cid)}, _record(cid, provenance))
    except InvalidInput as error:
        raise InvalidInput(f"PubChem CID {cid}: {error.message}", error.hint) from error
    return replace(molecule, inchikey=str(row.get("InChIKey") or molecule.inchikey))


@well_formed("PubChem")
def read_titles(body: Mapping[str, Any]) -> dict[int, str]:
    """Read a ``PropertyTable`` reply that holds titles; a CID without one is left out."""
    rows = _list(body, "PropertyTable", "Properties")
    return {int(row["CID"]): str(row["Title"]) for row in rows if row.get("CID") and row.get("Title")}


@well_formed("PubChem")
def read_synonyms(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Read a synonyms reply: PubChem's order, best known first."""
    rows = _list(body, "InformationList", "Information")
    return tuple(name for row in rows for name in _texts(row.get("Synonym")))


@well_formed("PubChem")
def read_descriptions(body: Mapping[str, Any], provenance: Provenance) -> list[Fact]:
    """Read a description reply: one fact per depositor, who is named as the source."""
    facts = []
    for row in _list(body, "InformationList", "Information"):
        if text := str(row.get("Description") or "").strip():
            origin = replace(
                provenance,
                source=str(row.get("DescriptionSourceName") or provenance.source),
                identifier=f"CID {row.get('CID')}",
                url=str(row.get("DescriptionURL") or provenance.url),
                licence="the depositor's terms apply",
            )
            facts.append(
                Fact(f"CID:{row.get('CID')}", "description", text, provenance=origin, note="by way of PubChem")
            )
    return facts


@well_formed("PubChem")
def read_properties(body: Mapping[str, Any], provenance: Provenance) -> list[Fact]:
    """Read the values stored in the first record of a ``PC_Compounds`` reply; absent ones are left out."""
    facts: list[Fact] = []
    for compound in _compounds(body)[:1]:
        origin = _record(compound.cid, provenance)
        for attribute, predicate, unit, note in _PROPERTIES:
            value = getattr(compound, attribute)
            if value is not None:
                facts.append(Fact(f"CID:{compound.cid}", predicate, value, unit, provenance=origin, note=note))
    return facts


def _structure_of(row: Mapping[str, Any]) -> str:
    """Return the SMILES or InChI of a row that says most; empty when it holds none."""
    return next((str(row[name]) for name in (*_WHOLE, "InChI", *_FLAT) if row.get(name)), "")


def _list(body: Mapping[str, Any], outer: str, inner: str) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = body[outer][inner]
    return rows


def _texts(value: Any) -> Iterable[str]:
    """Return the texts of a list, also where PubChem gives one text in its place, or none."""
    if value is None:
        return ()
    return map(str, value) if isinstance(value, list) else (str(value),)


def _compounds(body: Mapping[str, Any]) -> list[Compound]:
    # Compound raises a bare KeyError for a record without atoms; its attributes need "props".
    return [Compound({"props": [], **record}) for record in body["PC_Compounds"] if record.get("atoms")]


def _molecule(compound: Compound, provenance: Provenance, title: str) -> Molecule:
    labels = {
        prop["urn"].get("name"): prop["value"].get("sval")
        for prop in compound.record["props"]
        if prop["urn"].get("label") == "SMILES"
    }
    # Compound.smiles knows the labels of 2025 only and is None for records saved before.
    smiles = compound.smiles or next((labels[label] for label in SMILES_LABELS if labels.get(label)), "")
    name = title or compound.iupac_name or ""
    read, structure = (molecule_from_smiles, smiles) if smiles else (molecule_from_inchi, compound.inchi or "")
    molecule = read(structure, name, {"cid": str(compound.cid)}, _record(compound.cid, provenance))
    return replace(molecule, inchikey=compound.inchikey or molecule.inchikey)


def _record(cid: int, provenance: Provenance) -> Provenance:
    url = f"https://pubchem.ncbi.nlm.nih.gov/compound/{cid}"
    return replace(provenance, identifier=f"CID {cid}", url=url)
