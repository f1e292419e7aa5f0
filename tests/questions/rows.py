"""The questions on file, a row each; a conversation is a row of several turns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
FILES = ("affinity", "lists", "chat", "molecules", "proteins", "comparisons", "more")


@dataclass(frozen=True, slots=True)
class Turn:
    """One question: what it asks, as :mod:`tests.questions.gold` takes it, and the gold."""

    name: str
    question: str
    asks: dict[str, Any]
    gold: dict[str, Any]
    needs_last: bool
    """whether it can only be understood where the turn before it was"""


@dataclass(frozen=True, slots=True)
class Question:
    """One row of a file; of a conversation, all its turns."""

    name: str
    file: str
    frame: str
    turns: tuple[Turn, ...]
    is_chat: bool


def read_lines(name: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file of ``data``."""
    for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def read_names(name: str) -> set[str]:
    """Return the names that a list of ``data`` holds, one a line, perhaps followed by words."""
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return {line.split()[0] for line in lines if line and not line.startswith("#")}


def questions(*names: str) -> Iterator[Question]:
    """Yield the questions of some files, of all by default."""
    for file in names or FILES:
        for row in read_lines(file):
            chat = "turns" in row
            turns = [
                Turn(
                    f"{row['id']}.{number}" if chat else row["id"],
                    turn["question"],
                    turn["asks"],
                    turn["gold"],
                    "needs_last" in turn,
                )
                for number, turn in enumerate(row.get("turns", [row]))
            ]
            yield Question(row["id"], file, row["frame"], tuple(turns), chat)
