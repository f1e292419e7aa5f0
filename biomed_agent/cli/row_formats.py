"""Rows, what answers them, and how an answer is written: whole, as values of a table, or listed for a terminal."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from biomed_agent.cli.value_files import journal_line
from biomed_agent.core.types import Answer
from biomed_agent.core.value_records import value_records

if TYPE_CHECKING:
    from biomed_agent.answering.agent import BioMedAgent

BUG = "error"
"""status of a row that met a bug of ours"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the input."""

    number: int
    """counted from 1, without the header"""
    columns: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    """why it cannot be asked"""

    @property
    def id(self) -> str:
        """What its column ``id`` holds; empty where it has none."""
        return next((text.strip() for name, text in self.columns.items() if name.strip().lower() == "id"), "")


Answered: TypeAlias = tuple[Row, Answer, str]
"""a row, its answer, and the status to write: that of the answer, or :data:`BUG`"""


class Answerer(NamedTuple):
    """What answers rows in one process."""

    answers: Callable[[Sequence[Row]], Iterable[Answered]]
    """yields each of the rows it is given, answered, in their order"""
    agent: BioMedAgent
    asks_model: bool


Prepare: TypeAlias = Callable[[argparse.Namespace], Answerer]
"""a function of a module, by whose name a worker process finds it"""


@dataclass(frozen=True, slots=True)
class RowFormat:
    """Turns answers into text; may be sent to another process.

    Attributes:
        kind: What is written of each row: the whole answer as one JSON object, its values as a line of the journal
            that a table is made of, or some lines for a reader.
        width: Columns at which a listing wraps.
        color: Whether a listing has colours.
    """

    kind: Literal["lines", "values", "listing"] = "lines"
    width: int = 88
    color: bool = False

    def text(self, row: Row, answer: Answer, status: str) -> str:
        """Return what is written for one answer; a listing is printed, which ends the empty line after it."""
        if self.kind == "values":
            return journal_line(row.columns, value_records(answer, row.number, row.id, status=status))
        if self.kind == "lines":
            written: dict[str, Any] = {"row": row.number, "input": row.columns, **answer.to_dict(), "status": status}
            return json.dumps(written, ensure_ascii=False) + "\n"
        from biomed_agent.answering.wording import to_listing

        return f"{to_listing(answer, self.width, self.color)}\n"
