"""Every error this package raises on purpose.

::

    BiomedAgentError
    +-- InvalidInput        what was given cannot be read             (exit 2, status "invalid")
    +-- NotFound            well formed, but no record has it         (exit 3, status "not_found")
    +-- Unavailable         a source or the host cannot be reached    (exit 4, status "unavailable")
    |   +-- TimedOut        the call's own timeout is over
    |   +-- Cancelled       whoever asked no longer wants the answer
    +-- Ambiguous           more than one thing has that name         (exit 5, status "ambiguous")
    +-- Refused             the egress policy forbids the request     (exit 6, status "refused")
    +-- Inapplicable        nothing here answers that kind of question (exit 7, status "inapplicable")
    +-- CheckpointError     a model folder is incomplete, altered or foreign (exit 2, status "invalid")

Each message names the thing, what was got, what was expected, and what to try. Anything else
that escapes from the package is a bug.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from biomed_agent.core.types import Candidate, Status


class BiomedAgentError(Exception):
    """Base of all deliberate errors.

    Args:
        message: What went wrong, in one sentence.
        hint: What to try next, in one sentence; may be empty.
    """

    status: Status = "invalid"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InvalidInput(BiomedAgentError):
    """The input cannot be read: a SMILES that does not parse, an empty question, a binary file."""

    status: Status = "invalid"


class NotFound(BiomedAgentError):
    """The input is well formed, and no searched source has it.

    Args:
        candidates: Known names that are spelled alike ("did you mean"); never applied silently.
    """

    status: Status = "not_found"

    def __init__(self, message: str, hint: str = "", candidates: Sequence[Candidate] = ()) -> None:
        super().__init__(message, hint)
        self.candidates = tuple(candidates)


class Unavailable(BiomedAgentError):
    """A database, the host or the model cannot be reached or loaded now."""

    status: Status = "unavailable"


class TimedOut(Unavailable):
    """The call took longer than the timeout it was made with."""


class Cancelled(Unavailable):
    """Whoever made the call no longer wants the answer."""


class Ambiguous(BiomedAgentError):
    """More than one entity has that name, and the policy does not allow choosing.

    Args:
        candidates: The entities it can mean, best first, each with the string that names it.
    """

    status: Status = "ambiguous"

    def __init__(self, message: str, hint: str = "", candidates: Sequence[Candidate] = ()) -> None:
        super().__init__(message, hint)
        self.candidates = tuple(candidates)


class Refused(BiomedAgentError):
    """The egress policy (or ``offline``) forbids the request that would answer this.

    Args:
        why: What forbids it, as the end of a sentence: ``offline is on``; may be empty.
    """

    status: Status = "refused"

    def __init__(self, message: str, hint: str = "", why: str = "") -> None:
        super().__init__(message, hint)
        self.why = why


class Inapplicable(BiomedAgentError):
    """No record, computation or trained question kind answers this question."""

    status: Status = "inapplicable"


class CheckpointError(BiomedAgentError):
    """A model folder is incomplete, altered or not one of ours."""

    status: Status = "invalid"


class Note(str):
    """A warning for the reader that an error caused which did not end the call.

    Args:
        text: The warning.
        error: What it tells of; whoever tells of the same error elsewhere leaves the note out.
    """

    error: BiomedAgentError | None

    def __new__(cls, text: str, error: BiomedAgentError | None = None) -> Note:
        """Make the text carry its error."""
        note = super().__new__(cls, text)
        note.error = error
        return note
