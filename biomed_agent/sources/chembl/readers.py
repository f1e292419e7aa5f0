"""Readers of ChEMBL's replies: what is no answer, pages, the release, molecules, targets and documents.

Numbers come as strings, flags as truth values, numbers or -1 for "not known", and any key may be absent or null: what a
reply does not say is None or empty here. Fields that came and went between releases are read where they are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from biomed_agent.core.chemistry.structures import molecule_from_smiles
from biomed_agent.core.errors import InvalidInput, NotFound, Unavailable
from biomed_agent.core.types import Molecule, Provenance
from biomed_agent.sources.http.malformed import well_formed
from biomed_agent.sources.http.reply import Reply

SINGLE_PROTEIN = "SINGLE PROTEIN"
"""the type of a target that is one protein; families, complexes and selectivity groups hold its accession as well"""
CHEMBL_ID = re.compile(r"CHEMBL[1-9]\d*")
RECORD = "https://www.ebi.ac.uk/chembl/api/data"
"""where a record lies, as JSON, below its kind and identifier"""
_ERROR = re.compile(r"<error_message>\s*(.*?)\s*</error_message>", re.DOTALL)


def check_one(reply: Reply) -> None:
    """Raise for anything that is no record.

    Raises:
        NotFound: 404 or 410 without a page of somebody else's.
        Unavailable: Any other status, an error with whatever status, or a page that is not from ChEMBL.
    """
    if reply.status in (404, 410) and reply.text.lstrip()[:1] != "<":
        raise NotFound("ChEMBL has no such record.", "Check the identifier.")
    _check(reply)


def check_list(reply: Reply) -> None:
    """Raise for anything that is no list: where nothing is found, a list is empty, and never missing."""
    _check(reply)


def _check(reply: Reply) -> None:
    """Raise where a reply is an error, in whatever status and format, or no object of JSON."""
    text = reply.text.lstrip()
    if text[:1] == "<":
        said = _ERROR.search(text)
        what = f"an error ({said[1]})" if said else "an HTML page"
        raise Unavailable(f"ChEMBL answered {what} with status {reply.status} where JSON was expected.")
    if not text:
        raise Unavailable(f"ChEMBL answered nothing, with status {reply.status}.")
    body = reply.json()
    if not isinstance(body, dict):
        raise Unavailable(f"ChEMBL answered {type(body).__name__} where an object was expected.")
    if message := text_in(body, "error_message") or text_in(body, "error"):
        raise Unavailable(f"ChEMBL reports an error (status {reply.status}): {message[:200]}")
    if reply.status != 200:
        raise Unavailable(f"ChEMBL answered status {reply.status} without a reason.")


# -- cells


def text_in(row: Mapping[str, Any], name: str) -> str:
    """Return a cell as text; empty where it is absent, null, or a list."""
    value = row.get(name)
    return "" if value is None or isinstance(value, dict | list | bool) else str(value).strip()


def number_in(row: Mapping[str, Any], name: str) -> float | None:
    """Return a cell as a finite number, from a number or a string; None where it is none."""
    value = row.get(name)
    if value is None or isinstance(value, bool | dict | list):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def whole_in(row: Mapping[str, Any], name: str) -> int | None:
    """Return a cell as a whole number; None where it is none."""
    number = number_in(row, name)
    return int(number) if number is not None and number == int(number) else None


def flag_in(row: Mapping[str, Any], name: str) -> bool | None:
    """Return a flag, from a truth value, 0 or 1, or a string of them; None for -1, -2, absent and null."""
    value = row.get(name)
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    number = number_in(row, name)
    return None if number not in (0.0, 1.0) else bool(number)


def below(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the object in a cell; empty where it is absent or null."""
    value = row.get(name)
    return value if isinstance(value, Mapping) else {}


def rows_in(row: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return the objects of the list in a cell; empty where it is absent or null."""
    value = row.get(name)
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


# -- replies


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list."""

    rows: tuple[Mapping[str, Any], ...]
    next: str = ""
    """address of the next page, relative to the host; empty at the end"""
    total: int | None = None
    """rows of all pages together; None where it is not stated"""


@well_formed("ChEMBL")
def read_page(body: Mapping[str, Any], key: str) -> Page:
    """Read one page of a list.

    Args:
        body: The reply as parsed JSON.
        key: Where its rows stand, such as ``activities``.
    """
    rows = body[key]
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise TypeError(f"{key} is no list of objects")
    meta = below(body, "page_meta")
    return Page(tuple(rows), text_in(meta, "next"), whole_in(meta, "total_count"))


@well_formed("ChEMBL")
def read_release(body: Mapping[str, Any]) -> str:
    """Read the release of a status reply, such as ``ChEMBL_36``."""
    release = text_in(body, "chembl_db_version")
    if not re.fullmatch(r"[\w.-]{1,40}", release):
        raise ValueError(f"{release[:40]!r} is no release")
    return release


@well_formed("ChEMBL")
def read_lookup(body: Mapping[str, Any]) -> tuple[str, str]:
    """Read a reply of ``chembl_id_lookup``: the kind of a record (``COMPOUND``) and its status (``OBS``: retired)."""
    return text_in(body, "entity_type").upper(), text_in(body, "status").upper()


@dataclass(frozen=True, slots=True)
class Compound:
    """A molecule as ChEMBL records it; one without a structure is a biologic, a mixture or one not drawn."""

    chembl_id: str
    parent_id: str
    """of the molecule that it is a salt or solvate of; its own for a parent"""
    name: str = ""
    names: tuple[str, ...] = ()
    """synonyms, each once"""
    smiles: str = ""
    inchikey: str = ""
    max_phase: float | None = None
    """4 approved, 3 to 0.5 in trials, -1 not known; None and 0 before the clinic"""
    first_approval: int | None = None
    withdrawn: bool | None = None
    black_box_warning: bool | None = None
    withdrawal: tuple[str, int | None, str] = ("", None, "")
    """countries, year and reason, which molecules stated until release 29; later it is in the warnings"""
    provenance: Provenance = field(default_factory=lambda: Provenance("ChEMBL"))

    def is_called(self, name: str) -> bool:
        """Whether it has a name, in any case."""
        return name.casefold() in (other.casefold() for other in (self.name, *self.names))

    def molecule(self) -> Molecule:
        """Return its structure.

        Raises:
            InvalidInput: It has none, or one that RDKit cannot read.
        """
        if not self.smiles:
            raise InvalidInput(f"ChEMBL's record {self.chembl_id} holds no structure.", "It may be a biologic.")
        try:
            read = molecule_from_smiles(self.smiles, self.name, {"chembl": self.chembl_id}, self.provenance)
        except InvalidInput as error:
            raise InvalidInput(f"ChEMBL's record {self.chembl_id}: {error.message}", error.hint) from error
        return replace(read, inchikey=self.inchikey or read.inchikey, synonyms=self.names)


@well_formed("ChEMBL")
def read_compound(row: Mapping[str, Any], provenance: Provenance) -> Compound:
    """Read one molecule, of whatever release."""
    chembl_id = id_in(row, "molecule_chembl_id")
    structures, hierarchy = below(row, "molecule_structures"), below(row, "molecule_hierarchy")
    names = [
        text_in(each, key) for each in rows_in(row, "molecule_synonyms") for key in ("molecule_synonym", "synonyms")
    ]
    distinct = {name.casefold(): name for name in reversed(names) if name}
    year = whole_in(row, "withdrawn_year")
    return Compound(
        chembl_id=chembl_id,
        parent_id=text_in(hierarchy, "parent_chembl_id") or chembl_id,
        name=text_in(row, "pref_name"),
        names=tuple(reversed(distinct.values())),
        smiles=text_in(structures, "canonical_smiles"),
        inchikey=text_in(structures, "standard_inchi_key"),
        max_phase=number_in(row, "max_phase"),
        first_approval=whole_in(row, "first_approval"),
        withdrawn=flag_in(row, "withdrawn_flag"),
        black_box_warning=flag_in(row, "black_box_warning"),
        withdrawal=(_joined(row, "withdrawn_country"), year, _joined(row, "withdrawn_reason")),
        provenance=record_of("molecule", chembl_id, provenance),
    )


@dataclass(frozen=True, slots=True)
class Target:
    """What a molecule was tested on."""

    chembl_id: str
    name: str
    kind: str
    """``SINGLE PROTEIN``, ``PROTEIN FAMILY``, ``CELL-LINE`` ..."""
    accessions: tuple[str, ...] = ()
    gene: str = ""

    @property
    def accession(self) -> str:
        """Of the protein that it is; empty for anything else."""
        return self.accessions[0] if self.kind == SINGLE_PROTEIN and len(self.accessions) == 1 else ""


@well_formed("ChEMBL")
def read_target(row: Mapping[str, Any]) -> Target:
    """Read one target."""
    components = rows_in(row, "target_components")
    genes = [
        text_in(synonym, "component_synonym")
        for component in components
        for synonym in rows_in(component, "target_component_synonyms")
        if text_in(synonym, "syn_type") == "GENE_SYMBOL"
    ]
    return Target(
        chembl_id=id_in(row, "target_chembl_id"),
        name=text_in(row, "pref_name"),
        kind=text_in(row, "target_type").upper(),
        accessions=tuple(dict.fromkeys(name for each in components if (name := text_in(each, "accession")))),
        gene=next((gene for gene in genes if gene), ""),
    )


@well_formed("ChEMBL")
def read_references(row: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Read a document: its identifier, and the publication as ``PMID:15084136`` and ``DOI:10.1021/...``."""
    pmid, doi = whole_in(row, "pubmed_id"), text_in(row, "doi")
    stated = (f"PMID:{pmid}" if pmid else "", f"DOI:{doi}" if doi else "")
    return id_in(row, "document_chembl_id"), tuple(part for part in stated if part)


def id_in(row: Mapping[str, Any], name: str) -> str:
    """Return an identifier of ChEMBL's; raise ValueError where a record has none."""
    value = text_in(row, name).upper()
    if not CHEMBL_ID.fullmatch(value):
        raise ValueError(f"{name} is {value[:40]!r}")
    return value


def record_of(kind: str, identifier: str, provenance: Provenance) -> Provenance:
    """Return the provenance of one record of a reply."""
    return replace(provenance, identifier=identifier, url=f"{RECORD}/{kind}/{identifier}.json")


def _joined(row: Mapping[str, Any], name: str) -> str:
    """Return a cell that older releases state as a list of texts, newer ones as one."""
    value = row.get(name)
    return "; ".join(str(part) for part in value) if isinstance(value, list) else text_in(row, name)
