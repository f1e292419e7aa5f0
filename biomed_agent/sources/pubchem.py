"""PubChem (PUG REST): molecules by name, identifier or structure, and what depositors say about them.

Records are read through PubChemPy's :class:`~pubchempy.Compound`, which is given the record and never fetches
anything; requests go through our transport, as a form wherever the input may hold a character that a path cannot.
"""

from __future__ import annotations

import contextvars
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeAlias

from pubchempy import Compound, PubChemPyError

from biomed_agent.chemistry import (
    looks_like_inchi,
    looks_like_inchikey,
    looks_like_smiles,
    molecule_from_inchi,
    molecule_from_smiles,
)
from biomed_agent.egress import Reveals
from biomed_agent.errors import BiomedAgentError, InvalidInput, NotFound, Unavailable
from biomed_agent.sources.batch import Batch, in_chunks, in_order
from biomed_agent.transport import Check, Later, Reply, Transport, well_formed
from biomed_agent.types import Fact, Molecule, Provenance

TRANSIENT = frozenset({"ServerBusy", "Timeout", "ServerError", "Unknown"})
"""Fault codes (after ``PUGREST.``) that another try may mend, whatever status they came with."""
MAX_NAME = 1_000
"""characters; PubChem's longest systematic names are shorter"""
SMILES_LABELS = ("Absolute", "Isomeric", "Connectivity", "Canonical")
"""Names of the SMILES properties of a record, best first: of 2025 and before, with and without stereo."""
TABLE = "property/Title,SMILES,InChI,InChIKey,IUPACName"
"""Operation that returns what a :class:`~biomed_agent.types.Molecule` holds, title included, and no coordinates"""
PART = 200
"""identifiers asked for at once; PubChem sets no number, but a request must be done in 30 s"""
AT_ONCE = 4
"""names looked up at the same time: within the 300 s of computing that PubChem allows in a minute"""

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
    code = str(fault.get("Code", "")).rpartition(".")[2]
    said = " ".join([str(fault.get("Message", "")), *map(str, fault.get("Details") or ())]).strip()
    if code == "NotFound":
        raise NotFound(f"PubChem has no such record ({said}).", "Check the spelling, or try a synonym or the CID.")
    if code in TRANSIENT:
        raise Unavailable(f"PubChem reports {code}: {said}")
    if code == "BadRequest":
        raise InvalidInput(f"PubChem cannot read what it was given: {said}.")
    raise Unavailable(f"PubChem reports {code or 'a fault without a code'}: {said}")


def check_table(reply: Reply) -> None:
    """Raise for anything that is neither a property table nor the notice of a queue; see :func:`check_reply`."""
    check_reply(reply)
    if read_list_key(reply.json()) is None:
        read_rows(reply.json())


@well_formed("PubChem")
def read_list_key(body: Mapping[str, Any]) -> str | None:
    """Read the key under which the answer to a queued request will lie; None if the body is no such notice."""
    if "Waiting" not in body:
        return None
    key = str(body["Waiting"]["ListKey"])
    if not re.fullmatch(r"[0-9]{1,30}", key):
        raise ValueError(f"{key[:40]!r} is no list key")
    return key


@well_formed("PubChem", PubChemPyError)
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
def read_rows(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Read a ``PropertyTable`` reply: the rows that hold a structure; a row of an unknown CID holds none."""
    rows = _list(body, "PropertyTable", "Properties")
    return [row for row in rows if row.get("CID") and (_smiles_of(row) or row.get("InChI"))]


@well_formed("PubChem")
def read_row(row: Mapping[str, Any], provenance: Provenance) -> Molecule:
    """Read one row of a ``PropertyTable`` reply asked for with :data:`TABLE`.

    Raises:
        InvalidInput: RDKit cannot read its structure.
        Unavailable: It is malformed.
    """
    cid, smiles, name = int(row["CID"]), _smiles_of(row), str(row.get("Title") or row.get("IUPACName") or "")
    read, structure = (molecule_from_smiles, smiles) if smiles else (molecule_from_inchi, str(row["InChI"]))
    try:
        molecule = read(structure, name, {"cid": str(cid)}, _record(cid, provenance))
    except InvalidInput as error:
        raise InvalidInput(f"PubChem CID {cid}: {error.message}", error.hint) from error
    return replace(molecule, inchikey=str(row.get("InChIKey") or molecule.inchikey))


@well_formed("PubChem", PubChemPyError)
def read_titles(body: Mapping[str, Any]) -> dict[int, str]:
    """Read a ``PropertyTable`` reply that holds titles; a CID without one is left out."""
    rows = _list(body, "PropertyTable", "Properties")
    return {int(row["CID"]): str(row["Title"]) for row in rows if row.get("CID") and row.get("Title")}


@well_formed("PubChem", PubChemPyError)
def read_synonyms(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Read a synonyms reply: PubChem's order, best known first."""
    rows = _list(body, "InformationList", "Information")
    return tuple(str(name) for row in rows for name in row.get("Synonym") or ())


@well_formed("PubChem", PubChemPyError)
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


@well_formed("PubChem", PubChemPyError)
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


class PubChem:
    """The questions put to PubChem.

    Each method raises :class:`~biomed_agent.errors.Refused` when the egress policy forbids the request and
    :class:`~biomed_agent.errors.Unavailable` when PubChem gives no answer.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def by_name(self, name: str) -> list[Molecule]:
        """Return the compounds PubChem knows by exactly this name or synonym, best first; may be several or none.

        What is plainly a structure is not sent as a name: under ``names-only`` it is refused.
        """
        name, reveals = _name(name)
        return self._look_up("name", name, reveals, f"name {name}")

    def by_cid(self, cid: int) -> Molecule:
        """Return the compound with this CID; raise :class:`~biomed_agent.errors.NotFound` if there is none."""
        reply = self._get(_cid(cid), "", f"CID {cid}")
        found = read_compounds(reply.json(), reply.provenance, self._titles([cid]))
        if not found:
            raise NotFound(f"PubChem has no compound with CID {cid}.", "Check the number.")
        return found[0]

    def by_inchikey(self, key: str) -> list[Molecule]:
        """Return the compounds with this InChIKey; water's has two."""
        key = _inchikey(key)
        return self._look_up("inchikey", key, "identifier", f"InChIKey {key}")

    def by_smiles(self, smiles: str) -> list[Molecule]:
        """Return PubChem's record of a structure; none if PubChem does not hold it."""
        return self._look_up("smiles", molecule_from_smiles(smiles).smiles, "structure", "structure (SMILES)")

    def by_inchi(self, inchi: str) -> list[Molecule]:
        """Return PubChem's record of a structure; none if PubChem does not hold it."""
        molecule_from_inchi(inchi)
        return self._look_up("inchi", inchi.strip(), "structure", "structure (InChI)")

    def synonyms(self, cid: int) -> tuple[str, ...]:
        """Return all names of a compound, best known first."""
        try:
            return read_synonyms(self._get(_cid(cid), "/synonyms", f"synonyms of CID {cid}").json())
        except NotFound:
            return ()

    def descriptions(self, cid: int) -> list[Fact]:
        """Return what depositors say about a compound, each with its source and link."""
        try:
            reply = self._get(_cid(cid), "/description", f"descriptions of CID {cid}")
        except NotFound:
            return []
        return read_descriptions(reply.json(), reply.provenance)

    def properties(self, cid: int) -> list[Fact]:
        """Return the values PubChem stores for a compound (weight, XLogP3, TPSA, counts ...)."""
        reply = self._get(_cid(cid), "", f"CID {cid}")
        return read_properties(reply.json(), reply.provenance)

    def by_cids(self, cids: Sequence[int]) -> Batch[int, Molecule]:
        """Look up many CIDs with one request for :data:`PART` of them; what the cache holds is not asked for again."""
        rows = self._rows("cid", [str(cid) for cid in cids if _is_cid(cid)])
        return in_order(cids, lambda cid: _outcome(rows, str(_cid(cid)), f"compound with CID {cid}")[0])

    def by_inchikeys(self, keys: Sequence[str]) -> Batch[str, list[Molecule]]:
        """Look up many InChIKeys with one request for :data:`PART` of them; one key may have several compounds."""
        rows = self._rows("inchikey", [key.strip().upper() for key in keys if looks_like_inchikey(key.strip().upper())])
        return in_order(keys, lambda key: _outcome(rows, _inchikey(key), f"compound with InChIKey {key}"))

    def by_names(self, names: Sequence[str]) -> Batch[str, list[Molecule]]:
        """Look up many names, one request each, :data:`AT_ONCE` at a time; a name may have several compounds.

        A thousand take about 206 s when none is in the cache: PubChem allows five requests a second.
        """

        def look_up(name: str) -> list[Molecule]:
            name, reveals = _name(name)
            reply = self._table("name", name, reveals, f"name {name}")
            found = _molecules((row, reply.provenance) for row in read_rows(reply.json()))
            if not found:
                raise NotFound(f"PubChem has no compound named {name}.")
            return found

        pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="look-up")
        # Each runs in a copy of this context, so that what leaves is recorded here.
        asked = {name: pool.submit(contextvars.copy_context().run, look_up, name) for name in dict.fromkeys(names)}
        pool.shutdown(wait=False)  # its threads end when nothing is left to do
        try:
            return in_order(names, lambda name: asked[name].result())
        except BaseException:  # who interrupts does not want to wait for the other names
            for one in asked.values():
                one.cancel()
            raise

    def _rows(self, namespace: str, values: Sequence[str]) -> dict[str, list[_Row] | BiomedAgentError]:
        """Return the rows of identifiers, by identifier: from the cache, or from PubChem, which are then kept."""
        path, column = f"compound/{namespace}/{TABLE}/JSON", {"cid": "CID", "inchikey": "InChIKey"}[namespace]
        values = list(dict.fromkeys(values))
        kept = self.transport.kept("pubchem", path, {value: {namespace: value} for value in values})
        rows: dict[str, list[_Row] | BiomedAgentError] = {
            value: [(row, reply.provenance) for row in read_rows(reply.json())] for value, reply in kept.items()
        }

        def fetch(part: Sequence[str]) -> dict[str, list[_Row]]:
            what = f"{len(part)} {column}s from {part[0]} to {part[-1]}"
            reply = self._table(namespace, ",".join(part), "identifier", what)
            found: dict[str, list[_Row]] = {}
            for row in read_rows(reply.json()):
                found.setdefault(str(row.get(column)), []).append((row, reply.provenance))
            found = {value: found[value] for value in part if value in found}
            tables = [
                ({namespace: value}, {"PropertyTable": {"Properties": [row for row, _ in its]}})
                for value, its in found.items()
            ]
            parts = [(params, json.dumps(table).encode()) for params, table in tables]
            self.transport.keep_parts(reply, "pubchem", path, parts)
            return found

        return rows | in_chunks([value for value in values if value not in rows], PART, fetch)

    def _get(self, cid: int, operation: str, what: str) -> Reply:
        return self.transport.get(
            "pubchem",
            f"compound/cid/{cid}{operation}/JSON",
            reveals="identifier",
            what=what,
            check=check_reply,
            later=_later(operation),
        )

    def _table(self, namespace: str, value: str, reveals: Reveals, what: str) -> Reply:
        return self._post(namespace, "/" + TABLE, value, reveals, what, check_table)

    def _post(
        self, namespace: str, operation: str, value: str, reveals: Reveals, what: str, check: Check = check_reply
    ) -> Reply:
        return self.transport.post(
            "pubchem",
            f"compound/{namespace}{operation}/JSON",
            form={namespace: value},
            reveals=reveals,
            what=what,
            check=check,
            later=_later(operation),
        )

    def _look_up(self, namespace: str, value: str, reveals: Reveals, what: str) -> list[Molecule]:
        try:
            reply = self._post(namespace, "", value, reveals, what)
        except NotFound:
            return []
        with well_formed("PubChem", PubChemPyError):
            cids = [compound.cid for compound in _compounds(reply.json()) if compound.cid]
        return read_compounds(reply.json(), reply.provenance, self._titles(cids)) if cids else []

    def _titles(self, cids: Sequence[int]) -> dict[int, str]:
        """Ask for the compounds' titles, which records do not hold; without them the IUPAC name stands in."""
        numbers = ",".join(str(cid) for cid in cids)
        try:
            reply = self._post("cid", "/property/Title", numbers, "identifier", f"title of CID {numbers}")
            return read_titles(reply.json())
        except (NotFound, Unavailable):
            return {}


_Row: TypeAlias = tuple[Mapping[str, Any], Provenance]


def _later(operation: str) -> Later:
    """Where the answer of a queued request lies: the same operation on the list PubChem made of what was asked."""

    def path(reply: Reply) -> str | None:
        key = read_list_key(reply.json())
        return None if key is None else f"compound/listkey/{key}{operation}/JSON"

    return path


def _outcome(rows: Mapping[str, list[_Row] | BiomedAgentError], value: str, what: str) -> list[Molecule]:
    its = rows.get(value, [])
    if isinstance(its, BiomedAgentError) and not isinstance(its, NotFound):
        raise its
    if isinstance(its, NotFound) or not its:
        raise NotFound(f"PubChem has no {what}.")
    return _molecules(its)


def _molecules(rows: Iterable[_Row]) -> list[Molecule]:
    """Read rows; one that cannot be read matters only when no other can be."""
    found: list[Molecule] = []
    problem: InvalidInput | None = None
    for row, provenance in rows:
        try:
            found.append(read_row(row, provenance))
        except InvalidInput as error:
            problem = error
    if problem is not None and not found:
        raise problem
    return found


def _smiles_of(row: Mapping[str, Any]) -> str:
    return str(row.get("SMILES") or row.get("ConnectivitySMILES") or "")


def _name(name: str) -> tuple[str, Reveals]:
    """Return a name as it is sent, and what it reveals."""
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME:
        raise InvalidInput(
            f"a name of {len(name):,} characters cannot be looked up.", f"Expected 1 to {MAX_NAME:,} characters."
        )
    return name, "structure" if looks_like_inchi(name) or looks_like_smiles(name) else "name"


def _inchikey(key: str) -> str:
    key = key.strip().upper()
    if not looks_like_inchikey(key):
        raise InvalidInput(
            f"{key!r} is no InChIKey.", "Expected 14, 10 and 1 capital letters, as in BSYNRYMUTXBXSQ-UHFFFAOYSA-N."
        )
    return key


def _is_cid(cid: Any) -> bool:
    return isinstance(cid, int) and not isinstance(cid, bool) and cid > 0


def _cid(cid: int) -> int:
    if not _is_cid(cid):
        raise InvalidInput(f"CID {cid!r} cannot be looked up.", "Expected a whole number from 1, such as 2244.")
    return cid


def _list(body: Mapping[str, Any], outer: str, inner: str) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = body[outer][inner]
    return rows


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
