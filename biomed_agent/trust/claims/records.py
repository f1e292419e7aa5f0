"""What names and pairs of names mean in the local index; a statement is never looked up anywhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from biomed_agent.core.chemistry.relations import ParentIndex, parents
from biomed_agent.core.types import Candidate, Entity, Fact, Molecule, Protein, Reason


class Index(ParentIndex, Protocol):
    """What is asked of the local index."""

    def lexicon_spans(self, text: str) -> Iterable[tuple[int, int, str]]:
        """Return where known names stand in a text, each with how."""

    def molecules_named(self, name: str) -> Sequence[tuple[Molecule, Reason]]:
        """Return the molecules with a name, each with the reason."""

    def proteins_named(self, name: str) -> Sequence[tuple[Protein, Reason]]:
        """Return the proteins with a name, each with the reason."""

    def homonyms(self, name: str) -> Iterable[Candidate]:
        """Return what else a name means."""

    def protein_by_accession(self, accession: str) -> Protein | None:
        """Return the protein of an accession."""

    def molecule_by_id(self, space: str, value: str) -> Molecule | None:
        """Return the molecule of an identifier."""

    def activities(self, molecule: Molecule, protein: Protein) -> list[Fact]:
        """Return the measured affinities of a pair."""

    def facts(self, entity: Entity) -> list[Fact]:
        """Return what is stored of an entity."""


class Meaning(NamedTuple):
    """One thing a name means."""

    entity: Entity
    reason: Reason | None
    """why the index found it; None for a homonym"""


class Meanings(NamedTuple):
    """All that a name means here."""

    things: tuple[Meaning, ...]
    more: bool
    """True when it also means something that is no record here, such as a family or a disease"""


class Records:
    """The local index as the rules of this package see it.

    Args:
        index: The local index.
    """

    def __init__(self, index: Index) -> None:
        self._index = index

    def spans(self, sentence: str) -> list[tuple[int, int]]:
        """Return where known names stand in a sentence, left to right."""
        return [(start, end) for start, end, _ in self._index.lexicon_spans(sentence)]

    def meanings(self, name: str) -> Meanings:
        """Return what a name means; nothing when it is not known here."""
        entities: list[tuple[Entity, Reason]] = [*self._index.molecules_named(name), *self._index.proteins_named(name)]
        meanings = {entity.handle: Meaning(entity, reason) for entity, reason in entities}
        more = False
        for candidate in self._index.homonyms(name):
            space, _, value = candidate.handle.partition(":")
            entity: Entity | None = None
            if candidate.kind == "protein":
                entity = self._index.protein_by_accession(value)
            elif candidate.kind == "molecule":
                entity = self._index.molecule_by_id(space, value)
            if entity is None:
                more = True
            else:
                meanings.setdefault(entity.handle, Meaning(entity, None))
        return Meanings(tuple(meanings.values()), more)

    def affinities(self, molecule: Molecule, protein: Protein) -> list[Fact]:
        """Return measured affinities of a pair, of a salt's parent where the salt has none; a variant has its own."""
        forms = (molecule, *parents(molecule, self._index))
        return next((facts for form in forms if (facts := self._index.activities(form, protein))), [])

    def is_enzyme(self, protein: Protein) -> bool:
        """Tell whether the record of a protein has an EC number."""
        return any(fact.predicate == "EC number" for fact in self._index.facts(protein))
