"""The rows a task is scored on; a structure that nobody can read stays in, to be charged as a miss."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.data import formats
from biomed_agent.model.data.examples import Example, TextQuestion, kind_of
from biomed_agent.model.data.formats.rows import BadRow, Defect, Found, RowError, report_line, shorten, text, to_example
from biomed_agent.model.evaluation.tasks import Task, readable

MAX_NAMED_ROWS = 100
"""bad rows a report names; the file of bad rows has all"""
STAYS, CHARGED = "; stays in", "; stays in, to be charged as a miss"


@dataclass
class Rows:
    """What the files of a task hold."""

    examples: list[Example] = field(default_factory=list)
    questions: list[TextQuestion] = field(default_factory=list)
    left_out: list[BadRow] = field(default_factory=list)
    """rows without a question or an answer, which nothing can be scored against"""
    doubtful: list[BadRow] = field(default_factory=list)
    """rows that stay in although their structure is none; their reasons say whether they are charged as misses"""
    files: list[dict[str, str]] = field(default_factory=list)
    """name and SHA-256 of each file"""
    benchmark: str = ""
    """the published data set the rows are said to be of, as :mod:`.published` names it"""

    @property
    def all(self) -> list[Example] | list[TextQuestion]:
        """The examples, or the questions."""
        return self.examples or self.questions

    def choose(self, path: Path) -> None:
        """Keep the questions whose ids a file lists, such as PubMedQA's ``test_ground_truth.json``.

        Args:
            path: A JSON object with the ids as keys, a JSON list, or one id a line.

        Raises:
            InvalidInput: The file cannot be read, or lists ids that no question has.
        """
        ids = _listed(path)
        if missing := ids - {question.id for question in self.questions}:
            raise InvalidInput(
                f"{path} lists {len(ids):,} ids, of which the data lacks {len(missing):,}, such as {min(missing)}.",
                "Give the ids and the data of one release.",
            )
        self.questions = [question for question in self.questions if question.id in ids]
        self.files.append({"name": path.name, "sha256": _digest(path)})

    def about(self) -> dict[str, Any]:
        """Return what a report says of the files."""
        return {
            **({"benchmark": self.benchmark} if self.benchmark else {}),
            "files": self.files,
            "left_out": dict(Counter(row.reason for row in self.left_out)),
            "bad_rows": [
                {
                    "file": Path(row.file).name,
                    "line": row.line,
                    "where": row.where,
                    "reason": row.reason,
                    "got": row.got,
                }
                for row in self.bad[:MAX_NAMED_ROWS]
            ],
        }

    @property
    def bad(self) -> list[BadRow]:
        """Rows that are left out, then rows that stay in, as their reasons say."""
        return [*self.left_out, *self.doubtful]


def write_bad(bad: Sequence[BadRow], folder: Path) -> list[Path]:
    """Write ``bad-rows-NAME.tsv`` for each file that has bad rows, as training does; return the paths.

    Each line tells file, line, place, reason and what was found. Of files of one name the second gets
    ``bad-rows-2-NAME.tsv``.

    Raises:
        InvalidInput: The folder cannot be written.
    """
    by_file: dict[str, list[BadRow]] = {}
    for row in bad:
        by_file.setdefault(row.file, []).append(row)
    names: Counter[str] = Counter()
    written = []
    for file, rows in by_file.items():
        name = Path(file).name
        names[name] += 1
        path = folder / f"bad-rows-{f'{names[name]}-' if names[name] > 1 else ''}{name}.tsv"
        try:
            path.write_text("".join(map(report_line, rows)), encoding="utf-8", errors="replace")
        except OSError as error:
            raise InvalidInput(
                f"{path} cannot be written: {error.strerror or error}.", "Give another --output."
            ) from error
        written.append(path)
    return written


def read_rows(task: Task, paths: Iterable[Path]) -> Rows:
    """Read the files of a task, in any format that training reads.

    Rows of another sort than the task's (proteins among molecules) are left out and counted.

    Raises:
        InvalidInput: A file cannot be read, holds questions where structures are expected or the reverse, or no row
            is left.
    """
    rows = Rows()
    for path in paths:
        if task.answers == "text":
            _structures(task, formats.read(path), rows)
        else:
            _questions(formats.read_questions(path), rows)
        rows.files.append({"name": path.name, "sha256": _digest(path)})
    if not rows.all:
        names = ", ".join(file["name"] for file in rows.files)
        some = "; ".join(map(str, rows.left_out[:3])) + (" ..." if len(rows.left_out) > 3 else "")
        raise InvalidInput(f"{names}: no row can be scored ({some or 'there is none'}).", "Give another --data.")
    return rows


def _structures(task: Task, reading: formats.Reading[Example], rows: Rows) -> None:
    file = str(reading.path)
    for record in reading.format.reader(reading.path):
        if not isinstance(record, Found):
            rows.left_out.append(_defect(file, record))
            continue
        try:
            example, problem = _example(record, reading.path.name)
        except RowError as error:
            rows.left_out.append(_bad(file, record, error))
            continue
        sort = "molecule" if example.smiles else "protein"
        if sort != task.structure:
            reason = f"a {sort}; the task is about a {task.structure}"
            rows.left_out.append(BadRow(file, record.line, reason, record.where))
            continue
        rows.examples.append(example)
        if problem:
            bad = _bad(file, record, problem)
            rows.doubtful.append(replace(bad, reason=bad.reason + (STAYS if readable(example) else CHARGED)))


def _defect(file: str, record: object) -> BadRow:
    if isinstance(record, Defect):
        return BadRow(file, record.line, record.reason, record.where, shorten(record.got))
    return BadRow(file, 0, "the row holds no structure")


def _bad(file: str, record: Found, error: RowError) -> BadRow:
    column = record.columns.get(error.what, "")
    return BadRow(file, record.line, error.reason, record.where or (f"column {column}" if column else ""), error.got)


def _example(record: Found, origin: str) -> tuple[Example, RowError | None]:
    """Return a row as an example; with its structure as it stands there when it cannot be read, and why it cannot."""
    try:
        return to_example(record, origin), None
    except RowError as error:
        problem = error
    smiles, sequence = str(record.smiles or ""), str(record.sequence or "")
    if not smiles and not sequence:
        raise problem
    question = text(record.question, "question") if record.question != "" or not record.kind else ""
    answer = text(record.answer, "answer")
    kind = record.kind or kind_of(question)
    return Example(kind, answer, record.group, record.origin or origin, smiles, sequence, question), problem


def _questions(reading: formats.Reading[TextQuestion], rows: Rows) -> None:
    file = str(reading.path)
    for record in reading.format.reader(reading.path):
        if not isinstance(record, TextQuestion):
            rows.left_out.append(_defect(file, record))
        elif record.answer:
            rows.questions.append(record)
        else:
            rows.left_out.append(BadRow(file, 0, "the file does not tell the answer", f"question {record.id}"))


def _listed(path: Path) -> set[str]:
    try:
        words = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read ({error}).", "Give a file of ids.") from error
    try:
        listed: Any = json.loads(words)
    except ValueError:
        listed = words.split()
    return {str(item) for item in (listed if isinstance(listed, list | dict) else [listed])}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
