"""What PubChem's depositors state of a molecule, asked for only as far as it is wanted."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from .egress import switched_off
from .errors import BiomedAgentError, NotFound, Refused, Unavailable
from .hazards import HAZARDS, MEASURED, distinct
from .types import Fact, Molecule, Provenance

if TYPE_CHECKING:
    from .sources.pubchem import PubChem

_PROPERTIES = frozenset(
    {
        "iupac name", "molecular formula", "molecular weight", "monoisotopic mass", "inchikey", "formal charge", "logp",
        "tpsa", "hydrogen-bond donors", "hydrogen-bond acceptors", "rotatable bonds",
    }
)  # fmt: skip
MOST_NAMES = 30


def deposited_facts(
    pubchem: PubChem | None,
    molecule: Molecule,
    wanted: Collection[str],
    notes: list[str],
    unread: list[BiomedAgentError],
) -> list[Fact]:
    """Return what PubChem states of a molecule, for the predicates wanted.

    Args:
        pubchem: Live records, or None when look-ups are switched off.
        molecule: Asked about by its CID; one without is found by its InChIKey first.
        wanted: Predicates in lower case; empty means properties and descriptions.
        notes: Receives what could not be looked up.
        unread: Receives why PubChem was not asked or gave no answer.
    """
    asks = _asks(wanted)
    if not asks:
        return []
    if pubchem is None:
        note_unread(switched_off("PubChem"), notes, unread)
        return []
    facts: list[Fact] = []
    try:
        cid = cid_of(pubchem, molecule)
        for ask in asks:
            try:
                facts += ask(pubchem, cid)
            except NotFound:
                continue
    except NotFound as error:
        notes.append(f"The live record was not read: {error.message}")
    except (Unavailable, Refused) as error:
        note_unread(error, notes, unread)
    return [replace(fact, subject=molecule.handle) for fact in facts]


def note_unread(error: BiomedAgentError, notes: list[str], unread: list[BiomedAgentError]) -> None:
    """Note that a live record could not be read: in words, and as the error that decides the status of no answer."""
    notes.append(f"A live record was not read ({error.message.rstrip('.')}).")
    unread.append(error)


def cid_of(pubchem: PubChem, molecule: Molecule) -> int:
    """Return the CID of a molecule, looked up by its InChIKey where its record has none.

    Raises:
        NotFound: PubChem does not hold it.
    """
    if "cid" in molecule.ids:
        return int(molecule.ids["cid"])
    found = pubchem.by_inchikey(molecule.inchikey) if molecule.inchikey else []
    if not found:
        raise NotFound(f"PubChem has no record of {molecule.name or molecule.smiles}.")
    return int(found[0].ids["cid"])


def _asks(wanted: Collection[str]) -> list[Callable[[PubChem, int], list[Fact]]]:
    """Return the look-ups that can state something wanted."""
    asks: list[tuple[bool, Callable[[PubChem, int], list[Fact]]]] = [
        (not wanted or bool(_PROPERTIES & set(wanted)), lambda pubchem, cid: pubchem.properties(cid)),
        (not wanted or "description" in wanted, lambda pubchem, cid: pubchem.descriptions(cid)),
        ("synonym" in wanted, _names),
        ("cas number" in wanted, _registry_numbers),
        (bool({one.lower() for one in HAZARDS} & set(wanted)), lambda pubchem, cid: distinct(pubchem.hazards(cid))),
        (
            bool({one.lower() for one in MEASURED} & set(wanted)),
            lambda pubchem, cid: distinct(pubchem.measurements(cid)),
        ),
    ]
    return [ask for useful, ask in asks if useful]


def _names(pubchem: PubChem, cid: int) -> list[Fact]:
    names = pubchem.synonyms(cid)[:MOST_NAMES]
    return [Fact("", "synonym", name, provenance=_record(cid)) for name in names]


def _registry_numbers(pubchem: PubChem, cid: int) -> list[Fact]:
    numbers = pubchem.registry_numbers(cid)
    return [Fact("", "CAS number", number, provenance=_record(cid), note="given by depositors") for number in numbers]


def _record(cid: int) -> Provenance:
    url = f"https://pubchem.ncbi.nlm.nih.gov/compound/{cid}"
    return Provenance("PubChem", f"CID {cid}", url, licence="public domain; depositors' terms may apply")
