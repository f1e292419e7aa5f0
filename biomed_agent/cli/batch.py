"""``ask --input FILE``: every row answered, one bad row stopping none of the others."""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from biomed_agent.errors import InvalidInput
from biomed_agent.types import Answer

from .given import make_agent, readable, whole_file
from .screen import Screen

if TYPE_CHECKING:
    from biomed_agent.agent import BioMedAgent

ASKED = ("question", "molecule", "protein")
"""columns that are read; others are carried to the output"""
ANSWERED = ("status", "answer", "entities", "model", "sources", "warnings")
"""columns that are added to a table"""
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


def answer_rows(arguments: argparse.Namespace, screen: Screen) -> int:
    """Answer every row of ``--input``; return 0 when all were processed, 1 when one met a bug of ours."""
    source = Path(arguments.input)
    rows = read_rows(source)
    output = Path(arguments.output) if arguments.output else None
    if output is not None and output.exists() and output.samefile(source):
        raise InvalidInput(f"{output} is also the input; expected another file.")
    as_table = output is not None and output.suffix.lower() in (".csv", ".tsv")
    agent = make_agent(arguments)
    started, statuses = time.monotonic(), Counter[str]()
    opened: AbstractContextManager[TextIO] = whole_file(output) if output else nullcontext(sys.stdout)
    try:
        with opened as stream:
            write = _table(stream, output, rows) if as_table and output else _lines(stream)
            for row in rows:
                answer, status = _answer(agent, row, arguments)
                write(row, answer, status)
                stream.flush()
                statuses[status] += 1
                screen.progress(f"{row.number}/{len(rows)} {_counts(statuses)}")
    except KeyboardInterrupt:
        screen.progress("")
        if output is not None:
            screen.note(f"{statuses.total()} of {len(rows)} rows are kept in {output}.partial")
        raise
    screen.progress("")
    where = f"; written to {output}" if output else ""
    screen.note(f"{len(rows)} rows in {time.monotonic() - started:.1f} s: {_counts(statuses) or 'none'}{where}")
    return 1 if statuses[BUG] else 0


def read_rows(path: Path) -> list[Row]:
    """Read a table, JSON lines or plain lines of questions.

    Raises:
        InvalidInput: The file cannot be read, is no text, or its kind or header is unknown.
    """
    readers: dict[str, Callable[[TextIO], Iterator[Row]]] = {
        ".csv": lambda stream: _table_rows(stream, ","),
        ".tsv": lambda stream: _table_rows(stream, "\t"),
        ".jsonl": _json_rows,
        ".txt": _text_rows,
    }
    reader = readers.get(path.suffix.lower())
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder; expected a file of questions.")
    if reader is None:
        raise InvalidInput(f"{path} is of unknown kind; expected a name that ends in {', '.join(readers)}.")
    try:
        # Bytes that are no UTF-8 are kept as they are: they spoil their own row only.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            if "\0" in stream.read(4096):
                raise InvalidInput(f"{path} is not a text file.", f"Expected one of {', '.join(readers)}.")
            stream.seek(0)
            return list(reader(stream))
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror or error}.", "Check the path.") from error


def _table_rows(stream: TextIO, delimiter: str) -> Iterator[Row]:
    table = csv.DictReader(stream, delimiter=delimiter, restkey="more", restval="", strict=True)
    number = 0
    if "question" not in (table.fieldnames or ()):
        found = ", ".join(table.fieldnames or ()) or "nothing"
        raise InvalidInput(f"the first line names {found}; expected a column called question.")
    while True:
        number += 1
        try:
            columns = next(table)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(number, problem=f"the line cannot be read: {error}.")
            continue
        surplus = columns.pop("more", None)
        yield Row(number, columns, "the line has more fields than the header." if surplus else "")


def _json_rows(stream: TextIO) -> Iterator[Row]:
    for number, line in enumerate((line for line in stream if line.strip()), 1):
        try:
            found = json.loads(line)
        except ValueError as error:
            yield Row(number, problem=f"the line is not JSON: {error}.")
            continue
        if not isinstance(found, dict):
            yield Row(number, problem='the line is no JSON object; expected {"question": "..."}.')
            continue
        yield Row(number, {key: "" if value is None else str(value) for key, value in found.items()})


def _text_rows(stream: TextIO) -> Iterator[Row]:
    for number, line in enumerate((line for line in stream if line.strip()), 1):
        yield Row(number, {"question": line.strip()})


def _answer(agent: BioMedAgent, row: Row, arguments: argparse.Namespace) -> tuple[Answer, str]:
    """Answer one row; whatever is wrong with it becomes its status."""
    question = row.columns.get("question", "")
    try:
        if row.problem:
            raise InvalidInput(row.problem)
        for name, text in row.columns.items():
            readable(text, f"column {name}")
        molecule, protein = (row.columns.get(one, "").strip() or getattr(arguments, one) for one in ASKED[1:])
        answer = agent.ask(question, molecule, protein, arguments.policy, query=arguments.query)
    except InvalidInput as error:
        return Answer(question, error.status, str(error)), error.status
    except Exception as error:  # a bug in one row must not cost the others
        return Answer(question, "invalid", f"internal error, {type(error).__name__}: {error}"), BUG
    return answer, answer.status


def _lines(stream: TextIO) -> Callable[[Row, Answer, str], None]:
    """Write one JSON object a line: the answer, with the row's number and columns."""

    def write(row: Row, answer: Answer, status: str) -> None:
        written: dict[str, Any] = {"row": row.number, "input": row.columns, **answer.to_dict(), "status": status}
        stream.write(json.dumps(written, ensure_ascii=False) + "\n")

    return write


def _table(stream: TextIO, path: Path, rows: list[Row]) -> Callable[[Row, Answer, str], None]:
    """Write one line a row: its own columns, then :data:`ANSWERED`."""
    carried = [name for name in dict.fromkeys(name for row in rows for name in row.columns) if name not in ANSWERED]
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    table = csv.DictWriter(stream, [*carried, *ANSWERED], delimiter=delimiter, extrasaction="ignore")
    table.writeheader()

    def write(row: Row, answer: Answer, status: str) -> None:
        table.writerow(row.columns | _cells(answer) | {"status": status})

    return write


def _cells(answer: Answer) -> dict[str, str]:
    """Return the added columns; the model's words keep their verdicts, contradicted ones are left out."""
    said = answer.model.claims if answer.model else ()
    return {
        "answer": " ".join(answer.text.split()),
        "entities": "; ".join(one.entity.handle for one in answer.entities),
        "model": " ".join(f"[{one.verdict}] {one.text}" for one in said if one.verdict != "contradicted"),
        "sources": "; ".join(f"{one.source} {one.identifier}".strip() for one in answer.sources),
        "warnings": " ".join(answer.warnings),
    }


def _counts(statuses: Counter[str]) -> str:
    return ", ".join(f"{count} {status}" for status, count in statuses.most_common())
