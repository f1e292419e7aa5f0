"""A conversation, in which a question may be about what the one before was about."""

from __future__ import annotations

from typing import Any, Protocol

from biomed_agent.core.types import Answer, ModelUse, Protein, Resolved


class Asks(Protocol):
    """Who answers: a :class:`biomed_agent.BioMedAgent`."""

    def _ask(
        self,
        question: Any,
        molecule: str | None,
        protein: str | None,
        policy: Any,
        search: str | None,
        timeout: float | None,
        options: dict[str, Any],
        last: tuple[str | None, str | None] = ...,
    ) -> Answer: ...


class Chat:
    """A conversation: a question that names nothing is about what was last named.

    Args:
        agent: Who answers.
    """

    def __init__(self, agent: Asks) -> None:
        self.agent = agent
        self.molecule: str | None = None
        self.protein: str | None = None

    def ask(
        self,
        question: str,
        molecule: str | None = None,
        protein: str | None = None,
        *,
        model: ModelUse = "auto",
        show_undecided: bool = False,
        timeout: float | None = None,
    ) -> Answer:
        """Answer ``question``; see :meth:`biomed_agent.BioMedAgent.ask`."""
        given = molecule is not None or protein is not None
        last = (None, None) if given else (self.molecule, self.protein)
        answer = self.agent._ask(
            question, molecule, protein, "ask", None, timeout, {"model": model, "show_undecided": show_undecided}, last
        )
        # A name that failed is not the old one.
        if answer.entities or answer.status in ("ambiguous", "not_found", "invalid"):
            entities = answer.entities
            self.molecule = next((known.entity.handle for known in entities if known.kind == "molecule"), None)
            self.protein = next((_again(known) for known in entities if known.kind == "protein"), None)
        return answer


def _again(resolved: Resolved) -> str:
    """Return the string that names a protein again, its variant included."""
    protein = resolved.entity
    if isinstance(protein, Protein) and protein.variant:
        return f"seq:{protein.sequence}"
    return protein.handle
