"""The rows a task is scored on; a structure that nobody can read stays in, to be charged as a miss."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from biomed_agent.errors import InvalidInput
from biomed_agent.model.training import formats
from biomed_agent.model.training.examples import Example, Question, kind_of
from biomed_agent.model.training.formats.rows import Found, RowError, text, to_example

from .tasks import Task


@dataclass
class Rows:
    """What the files of a task hold."""

    examples: list[Example] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    """rows without a question or an answer, which nothing can be scored against, by reason"""
    files: list[dict[str, str]] = field(default_factory=list)
    """name and SHA-256 of each file"""

    @property
    def all(self) -> list[Example] | list[Question]:
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
        return {"files": self.files, "left_out": dict(self.left_out)}


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
        names = ", ".join(one["name"] for one in rows.files)
        reasons = "; ".join(f"{count:,} times {reason}" for reason, count in rows.left_out.most_common(3))
        raise InvalidInput(f"{names}: no row can be scored ({reasons or 'there is none'}).", "Give another --data.")
    return rows


def _structures(task: Task, reading: formats.Reading[Example], rows: Rows) -> None:
    for found in reading.format.reader(reading.path):
        if not isinstance(found, Found):
            rows.left_out[getattr(found, "reason", "the row holds no structure")] += 1
            continue
        try:
            example = _example(found, reading.path.name)
        except RowError as error:
            rows.left_out[str(error)] += 1
            continue
        sort = "molecule" if example.smiles else "protein"
        if sort == task.structure:
            rows.examples.append(example)
        else:
            rows.left_out[f"a {sort}; the task is about a {task.structure}"] += 1


def _example(found: Found, origin: str) -> Example:
    """Return a row as an example, with its structure as it stands there when it cannot be read."""
    try:
        return to_example(found, origin)
    except RowError:
        smiles, sequence = str(found.smiles or ""), str(found.sequence or "")
        if not smiles and not sequence:
            raise
        question = text(found.question, "question") if found.question != "" or not found.kind else ""
        answer = text(found.answer, "answer")
        kind = found.kind or kind_of(question)
        return Example(kind, answer, found.group, found.origin or origin, smiles, sequence, question)


def _questions(reading: formats.Reading[Question], rows: Rows) -> None:
    for question in reading:
        if question.answer:
            rows.questions.append(question)
        else:
            rows.left_out["the file does not tell the answer"] += 1
    rows.left_out += reading.bad.reasons


def _listed(path: Path) -> set[str]:
    try:
        words = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read ({error}).", "Give a file of ids.") from error
    try:
        listed: Any = json.loads(words)
    except ValueError:
        listed = words.split()
    return {str(one) for one in (listed if isinstance(listed, list | dict) else [listed])}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
