"""What PubChem's depositors state of a molecule, asked for only as far as it is wanted."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from biomed_agent.core.errors import BiomedAgentError, Note, NotFound, Refused, Unavailable
from biomed_agent.core.predicates import HAZARDS, MEASURED, distinct
from biomed_agent.core.privacy.egress import switched_off
from biomed_agent.core.types import Fact, Molecule, Provenance

if TYPE_CHECKING:
    from biomed_agent.sources.pubchem import PubChem

Readings: TypeAlias = dict[str, tuple[str, BiomedAgentError | None]]
"""by predicate in lower case: the record that was read, or the source that was not and why"""
_PROPERTIES = frozenset(
    {
        "iupac name", "molecular formula", "molecular weight", "monoisotopic mass", "inchikey", "formal charge", "logp",
        "tpsa", "hydrogen-bond donors", "hydrogen-bond acceptors", "rotatable bonds",
    }
)  # fmt: skip
MAX_NAMES = 30


def deposited_facts(
    pubchem: PubChem | None, molecule: Molecule, wanted: Collection[str], notes: list[str]
) -> tuple[list[Fact], Readings]:
    """Return what PubChem states of a molecule, for the predicates wanted, and how far each was read.

    Args:
        pubchem: Live records, or None when look-ups are switched off.
        molecule: Asked about by its CID; one without is found by its InChIKey first.
        wanted: Predicates in lower case; empty means properties and descriptions.
        notes: Receives why PubChem has no record, or gave no answer.
    """
    asks = [(covers & set(wanted), ask) for covers, ask in _ASKS if _useful(covers, wanted)]
    covered = {predicate for covers, _ in asks for predicate in covers}
    if not asks or pubchem is None:
        return [], dict.fromkeys(covered, ("PubChem", switched_off("PubChem")))
    facts: list[Fact] = []
    readings: Readings = {}
    try:
        cid = cid_of(pubchem, molecule)
        for covers, ask in asks:
            with suppress(NotFound):  # the record has no such part
                facts += ask(pubchem, cid)
            readings |= dict.fromkeys(covers, (f"PubChem's record CID {cid}", None))
    except (NotFound, Unavailable, Refused) as error:
        note_unread(error, notes)
        readings |= dict.fromkeys(covered - set(readings), ("PubChem", error))
    return [replace(fact, subject=molecule.handle) for fact in facts], readings


def note_unread(error: BiomedAgentError, notes: list[str]) -> None:
    """Note that a live record could not be read; what the user forbade is said where something asked is missing."""
    if error.status != "refused":
        notes.append(unread_note(error))


def unread_note(error: BiomedAgentError) -> Note:
    """Return the note that a live record was not read, and why."""
    return Note(f"A live record was not read ({error.message.rstrip('.')}).", error)


def cid_of(pubchem: PubChem, molecule: Molecule) -> int:
    """Return the CID of a molecule, looked up by its InChIKey where its record has none.

    Raises:
        NotFound: PubChem does not hold it.
    """
    if "cid" in molecule.ids:
        return int(molecule.ids["cid"])
    molecules = pubchem.by_inchikey(molecule.inchikey) if molecule.inchikey else []
    if not molecules:
        raise NotFound(f"PubChem has no record of {molecule.name or molecule.smiles}.")
    return int(molecules[0].ids["cid"])


def _useful(covers: frozenset[str], wanted: Collection[str]) -> bool:
    """Whether a look-up can state something wanted; properties and descriptions are what "everything" means."""
    return not covers.isdisjoint(wanted) if wanted else not covers.isdisjoint(("description", "molecular weight"))


def _names(pubchem: PubChem, cid: int) -> list[Fact]:
    names = pubchem.synonyms(cid)[:MAX_NAMES]
    return [Fact("", "synonym", name, provenance=_record(cid)) for name in names]


def _registry_numbers(pubchem: PubChem, cid: int) -> list[Fact]:
    numbers = pubchem.registry_numbers(cid)
    return [Fact("", "CAS number", number, provenance=_record(cid), note="given by depositors") for number in numbers]


def _record(cid: int) -> Provenance:
    url = f"https://pubchem.ncbi.nlm.nih.gov/compound/{cid}"
    return Provenance("PubChem", f"CID {cid}", url, licence="public domain; depositors' terms may apply")


_ASKS: tuple[tuple[frozenset[str], Callable[[PubChem, int], list[Fact]]], ...] = (
    (_PROPERTIES, lambda pubchem, cid: pubchem.properties(cid)),
    (frozenset({"description"}), lambda pubchem, cid: pubchem.descriptions(cid)),
    (frozenset({"synonym"}), _names),
    (frozenset({"cas number"}), _registry_numbers),
    (frozenset(hazard.lower() for hazard in HAZARDS), lambda pubchem, cid: distinct(pubchem.hazards(cid))),
    (frozenset(word.lower() for word in MEASURED), lambda pubchem, cid: distinct(pubchem.measurements(cid))),
)
"""look-ups, and the predicates that each can state"""
