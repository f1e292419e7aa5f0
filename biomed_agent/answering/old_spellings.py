"""Verbs of the agent under their former names; they work for one release and warn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from biomed_agent.core.deprecated import warn_deprecated
from biomed_agent.core.types import Answer

if TYPE_CHECKING:
    from biomed_agent.answering.context import Where
    from biomed_agent.answering.resolving.ranking import Policy

FindKind: TypeAlias = Literal["molecule", "protein", "literature"]


class OldSpellings:
    """What :class:`biomed_agent.BioMedAgent` was asked by; each names the verb to use."""

    _find: Callable[..., Answer]
    find_many: Callable[..., Iterator[Answer]]
    similar_molecules: Callable[..., Answer]
    substructure_matches: Callable[..., Answer]
    molecule_properties: Callable[..., Answer]
    protein_card: Callable[..., Answer]

    def find(self, kind: FindKind, name: str, limit: int = 10, policy: Policy = "ask") -> Answer:
        """Deprecated: use ``find_molecule``, ``find_protein`` or ``search_literature``."""
        verbs = {"molecule": "find_molecule", "protein": "find_protein", "literature": "search_literature"}
        warn_deprecated("BioMedAgent.find", f"BioMedAgent.{verbs.get(kind, 'find_molecule')}")
        return self._find(kind, name, policy, None, limit)

    def find_all(
        self, kind: FindKind, names: Sequence[str], limit: int = 10, policy: Policy = "strict"
    ) -> Iterator[Answer]:
        """Deprecated: use :meth:`find_many`."""
        warn_deprecated("BioMedAgent.find_all", "BioMedAgent.find_many")
        return self.find_many(kind, names, limit, policy)

    def similar(
        self, molecule: str, threshold: float | None = None, limit: int = 10, where: Where = "auto",
        policy: Policy = "ask",
    ) -> Answer:  # fmt: skip
        """Deprecated: use :meth:`similar_molecules`."""
        warn_deprecated("BioMedAgent.similar", "BioMedAgent.similar_molecules")
        return self.similar_molecules(molecule, threshold, limit, where, policy)

    def containing(self, part: str, limit: int = 10, where: Where = "auto", policy: Policy = "ask") -> Answer:
        """Deprecated: use :meth:`substructure_matches`."""
        warn_deprecated("BioMedAgent.containing", "BioMedAgent.substructure_matches")
        return self.substructure_matches(part, limit, where, policy)

    def properties(self, molecule: str, policy: Policy = "ask") -> Answer:
        """Deprecated: use :meth:`molecule_properties`."""
        warn_deprecated("BioMedAgent.properties", "BioMedAgent.molecule_properties")
        return self.molecule_properties(molecule, policy)

    def protein(self, name: str, organism: str = "", about: Sequence[str] = (), policy: Policy = "ask") -> Answer:
        """Deprecated: use :meth:`protein_card`."""
        warn_deprecated("BioMedAgent.protein", "BioMedAgent.protein_card")
        return self.protein_card(name, organism, about, policy)
