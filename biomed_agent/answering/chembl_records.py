"""What ChEMBL has on record where the local index has nothing: affinities, partners, and a molecule as a drug.

Each function asks only when it is called, and tells what it did not read: a gap with the record that was read, or with
the source that was not and why.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from biomed_agent.answering.gaps import Gap
from biomed_agent.core.curation import curate
from biomed_agent.core.drug_facts import APPROVAL, DRUG_FACTS
from biomed_agent.core.errors import BiomedAgentError, InvalidInput, NotFound, Refused, Unavailable
from biomed_agent.core.types import Entity, Fact, Molecule, Protein
from biomed_agent.sources.pubchem.depositor_facts import Readings, note_unread

if TYPE_CHECKING:
    from biomed_agent.sources.chembl import ChEMBL
    from biomed_agent.sources.local import LocalIndex

SOURCE = "ChEMBL"
MAX_PARTNERS = 100
"""partners that are asked for: as many as a list can name"""
_HINT = (
    "No index here states it. Leave out offline to ask ChEMBL, or build an index from ChEMBL's release "
    "(docs/indexes.md) and name it in BIOMED_AGENT_INDEX."
)
_OF_DRUGS = frozenset(name.lower() for name in DRUG_FACTS)
_MISSING = (NotFound, Unavailable, Refused, InvalidInput)


def not_asked() -> Refused:
    """Return the error that says that ChEMBL was not asked because of ``offline``, and what would answer."""
    return Refused(f"{SOURCE} was not asked: offline is on.", _HINT, "offline is on")


def affinities(
    chembl: ChEMBL | None, offline: bool, molecule: Molecule, protein: Protein, notes: list[str]
) -> tuple[list[Fact], Gap | None]:
    """Return the measured values of a pair, or the gap that tells why there are none."""
    target = f"{protein.gene or protein.name or 'this protein'} {protein.variant}".strip()
    gap = Gap(molecule, f"measured affinity for {target}", SOURCE, not_asked())
    return _asked(chembl, offline, gap, lambda source: curate(source.activities(molecule, protein, notes)), notes)


def partners(
    chembl: ChEMBL | None,
    offline: bool,
    index: LocalIndex,
    entity: Entity,
    notes: list[str],
    *,
    weakest: bool = False,
) -> tuple[list[Fact], Gap | None]:
    """Return the strongest measured values of a molecule or a protein, or the gap that tells why there are none.

    Molecules that the local index knows by their InChIKey are called as it calls them.
    """
    gap = Gap(entity, "measured affinity", SOURCE, not_asked())

    def ask(source: ChEMBL) -> list[Fact]:
        facts = curate(source.activities_of(entity, MAX_PARTNERS, notes, weakest=weakest))
        return facts if isinstance(entity, Molecule) else _known_molecules(source, index, facts)

    return _asked(chembl, offline, gap, ask, notes)


def _asked(
    chembl: ChEMBL | None, offline: bool, gap: Gap, ask: Callable[[ChEMBL], list[Fact]], notes: list[str]
) -> tuple[list[Fact], Gap | None]:
    if chembl is None:
        return [], gap if offline else None
    try:
        facts = ask(chembl)
    except _MISSING as error:
        note_unread(error, notes)
        return [], replace(gap, error=error)
    return facts, None if facts else replace(gap, error=None)


def _known_molecules(chembl: ChEMBL, index: LocalIndex, facts: Sequence[Fact]) -> list[Fact]:
    """Return facts about molecules under the handle and name that the local index has for them, where it has one."""
    try:
        compounds = chembl.compounds([fact.about.removeprefix("CHEMBL:") for fact in facts])
    except (Unavailable, Refused):
        return list(facts)
    called: dict[str, tuple[str, str]] = {}
    for chembl_id, compound in compounds.items():
        local = next(iter(index.molecules_by_inchikey(compound.inchikey)), None) if compound.inchikey else None
        called[f"CHEMBL:{chembl_id}"] = (
            (local.handle, local.name) if local else (f"CHEMBL:{chembl_id}", compound.name or chembl_id)
        )
    renamed = []
    for fact in facts:
        about, name = called.get(fact.about, (fact.about, fact.about_name))
        renamed.append(replace(fact, about=about, about_name=name))
    return renamed


def drug_facts(
    chembl: ChEMBL | None, offline: bool, molecule: Molecule, wanted: Collection[str], notes: list[str]
) -> tuple[list[Fact], Readings]:
    """Return what ChEMBL states of a molecule as a drug, for the predicates wanted, and how far each was read.

    Args:
        chembl: Live records, or None.
        offline: Whether look-ups are switched off; else ChEMBL is no source of this agent.
        molecule: Found by its InChIKey.
        wanted: Predicates in lower case.
        notes: Receives why ChEMBL gave no answer.
    """
    asked = [name for name in DRUG_FACTS if name.lower() in wanted]
    if not asked or (chembl is None and not offline):
        return [], {}
    if chembl is None:
        return [], {name.lower(): (SOURCE, not_asked()) for name in asked}
    try:
        facts = chembl.drug_facts(molecule, asked)
    except _MISSING as error:
        note_unread(error, notes)
        return [], {name.lower(): (SOURCE, error) for name in asked}
    return facts, {name.lower(): (f"{SOURCE}'s record of it", None) for name in asked}


def states(predicate: str) -> bool:
    """Whether ChEMBL may state a predicate of a molecule as a drug."""
    return predicate.lower() in _OF_DRUGS


def approvals(
    chembl: ChEMBL | None,
    offline: bool,
    index: LocalIndex,
    handles: Iterable[str],
    parents: Callable[[Molecule], list[Molecule]],
    notes: list[str],
) -> tuple[dict[str, list[Fact]], BiomedAgentError | None]:
    """Return what is on record of the approval of many molecules, and why ChEMBL was not read of the others.

    Args:
        chembl: Live records, or None.
        offline: Whether look-ups are switched off; else ChEMBL is no source of this agent.
        index: Asked first.
        handles: Of the molecules, such as ``CID:2244`` or an InChIKey.
        parents: Returns what a salt is made of.
        notes: Receives why ChEMBL gave no answer.

    Returns:
        Facts by handle; a handle of which nothing is known is left out.
    """
    molecules = {handle: molecule_of(index, handle) for handle in dict.fromkeys(handles)}
    forms = {handle: [molecule, *parents(molecule)] if molecule else [] for handle, molecule in molecules.items()}
    recorded = index.stated(APPROVAL, [form.inchikey for several in forms.values() for form in several])
    found: dict[str, list[Fact]] = {}
    for handle, several in forms.items():
        if facts := next((recorded[form.inchikey] for form in several if form.inchikey in recorded), []):
            found[handle] = [replace(fact, subject=handle) for fact in facts]
    left = [handle for handle in molecules if handle not in found]
    if not left:
        return found, None
    if chembl is None:
        return found, not_asked() if offline else None
    try:
        return {**found, **_live_approvals(chembl, {handle: molecules[handle] for handle in left})}, None
    except (Unavailable, Refused) as error:
        note_unread(error, notes)
        return found, error


def _live_approvals(chembl: ChEMBL, molecules: Mapping[str, Molecule | None]) -> dict[str, list[Fact]]:
    """Return ChEMBL's highest phases, those of a parent for a salt; detail of warnings is not asked for here."""
    from biomed_agent.sources.chembl.drugs import approval_facts

    numbers = {handle: handle.removeprefix("CHEMBL:") for handle in molecules if handle.startswith("CHEMBL:")}
    keys = {handle: one.inchikey for handle, one in molecules.items() if one is not None and handle not in numbers}
    by_number, by_key = chembl.compounds(list(numbers.values())), chembl.compounds_by_inchikey(list(keys.values()))
    records = {
        handle: record
        for handle in molecules
        if (record := by_number.get(numbers.get(handle, "")) or by_key.get(keys.get(handle, ""))) is not None
    }
    salts = [record.parent_id for record in records.values() if record.parent_id != record.chembl_id]
    parents = chembl.compounds(salts) if salts else {}
    facts = {handle: approval_facts(parents.get(one.parent_id, one), []) for handle, one in records.items()}
    return {handle: [replace(fact, subject=handle) for fact in its] for handle, its in facts.items() if its}


def molecule_of(index: LocalIndex, handle: str) -> Molecule | None:
    """Return the molecule of the local index that a handle names."""
    space, colon, value = handle.partition(":")
    if colon:
        return index.molecule_by_id(space, value)
    return next(iter(index.molecules_by_inchikey(handle)), None)
