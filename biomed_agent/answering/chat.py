"""A conversation, in which a question may be about what those before it were about."""

from __future__ import annotations

from typing import Any, Protocol

from biomed_agent.answering.reading.follow_up import Memory
from biomed_agent.core.types import Answer, ModelUse


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
        memory: Memory | None = ...,
    ) -> Answer: ...


class Chat:
    """A conversation: pronouns mean what was last named, and what a question leaves out is that of the last one.

    ::

        chat = agent.chat()
        chat.ask("What is the Kd of imatinib for ABL1?")
        chat.ask("And for nilotinib?")
        chat.ask("Which is stronger?")

    Args:
        agent: Who answers.
    """

    def __init__(self, agent: Asks) -> None:
        self.agent = agent
        self.memory = Memory()

    @property
    def molecule(self) -> str | None:
        """The string that names the molecule that was last named; None where none was."""
        return next((thing.text for thing in self.memory.of_kind("molecule")), None)

    @property
    def protein(self) -> str | None:
        """The string that names the protein that was last named; None where none was."""
        return next((thing.text for thing in self.memory.of_kind("protein")), None)

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
        options = {"model": model, "show_undecided": show_undecided}
        return self.agent._ask(question, molecule, protein, "ask", None, timeout, options, self.memory)
