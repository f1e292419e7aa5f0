"""Published scores, each with a mark that says how it came here."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from biomed_agent.core.errors import InvalidInput

FILE = Path(__file__).with_name("published.tsv")
MARKS = {
    "read": "read at the source that is named",
    "second-hand": "read in another work, which quotes it",
    "recalled": "from memory; check it before citing",
}


@dataclass(frozen=True, slots=True)
class Published:
    """One row of somebody's table."""

    task: str
    data: str
    """what it was measured on; ours are comparable only on the same"""
    model: str
    setting: str
    """how the model was prepared or asked, as its authors say"""
    mark: str
    """one of :data:`MARKS`"""
    source: str
    note: str
    """what stands in the way of comparing it"""
    scores: Mapping[str, float]
    """by column; the column names the tokenizer where scores depend on it"""


def benchmark_named(task: str, asked: str) -> str:
    """Return the data set, as published rows of a task name it, whose name begins with what was said.

    Raises:
        InvalidInput: None or several do.
    """
    names = list(dict.fromkeys(figure.data for figure in published(task)))
    matches = [name for name in names if name.lower().startswith(asked.lower())] if asked else []
    if len(matches) > 1 and (exact := [name for name in matches if name.lower() == asked.lower()]):
        matches = exact
    if len(matches) != 1:
        raise InvalidInput(
            f"--benchmark {asked!r} is {'several' if matches else 'none'} of the data sets that scores of {task} are "
            f"published for; expected one of {'; '.join(names)}.",
            "Leave it out for data of your own.",
        )
    return matches[0]


def published(task: str) -> list[Published]:
    """Return the published rows of a task, in the order of the file."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    fixed = ("task", "data", "model", "setting", "mark", "source", "note")
    return [
        Published(
            **{name: row[name] for name in fixed},
            scores={name: float(value) for name, value in row.items() if name not in fixed and value},
        )
        for row in rows
        if row["task"] == task
    ]
