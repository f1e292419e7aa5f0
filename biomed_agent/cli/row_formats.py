"""Rows, what answers them, and how an answer is written: JSON lines, a table, or a listing for a terminal."""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from biomed_agent.core.types import Answer

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


Answered: TypeAlias = tuple[Row, Answer, str]
"""a row, its answer, and the status to write: that of the answer, or :data:`BUG`"""
AddedColumns: TypeAlias = Callable[[Answer], dict[str, str]]
"""returns the columns of an answer that a table gets beside the row's own"""


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
        added: A function of a module.
        kind: What is written: one JSON object a line, the lines of a table, or some lines for a reader.
        carried: Columns of the input that a table repeats.
        delimiter: Of a table.
        width: Columns at which a listing wraps.
        color: Whether a listing has colours.
    """

    added: AddedColumns
    kind: Literal["lines", "table", "listing"] = "lines"
    carried: tuple[str, ...] = ()
    delimiter: str = ","
    width: int = 88
    color: bool = False

    def header(self) -> str:
        """Return the first line of a table; empty for the others."""
        return self._line(dict(zip(self._names(), self._names(), strict=True))) if self.kind == "table" else ""

    def text(self, row: Row, answer: Answer, status: str) -> str:
        """Return what is written for one answer; a listing is printed, which ends the empty line after it."""
        if self.kind == "table":
            return self._line(row.columns | self.added(answer) | {"status": status})
        if self.kind == "lines":
            written: dict[str, Any] = {"row": row.number, "input": row.columns, **answer.to_dict(), "status": status}
            return json.dumps(written, ensure_ascii=False) + "\n"
        from biomed_agent.answering.wording import to_listing

        return f"{to_listing(answer, self.width, self.color)}\n"

    def _names(self) -> list[str]:
        return [*self.carried, "status", *self.added(Answer("", "answered", ""))]

    def _line(self, cells: dict[str, str]) -> str:
        line = io.StringIO(newline="")
        csv.DictWriter(line, self._names(), delimiter=self.delimiter, extrasaction="ignore").writerow(cells)
        return line.getvalue()
