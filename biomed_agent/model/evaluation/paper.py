"""The tables of the BioMedGPT paper (arXiv 2308.09442) for one model: a composition of the single evaluations.

Each table is an evaluation of its own with a folder of its own (:mod:`.evaluate`, :mod:`.report`); here the data are
read, what the model does not offer is left out, and the tables are put side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.types import ModelStamp
from biomed_agent.core.version import __version__
from biomed_agent.core.words import listed
from biomed_agent.model.data.examples import Example, TextQuestion
from biomed_agent.model.data.formats.rows import BadRow
from biomed_agent.model.evaluation import report as files
from biomed_agent.model.evaluation.evaluate import EvaluationSettings, evaluate
from biomed_agent.model.evaluation.metrics import WORDS
from biomed_agent.model.evaluation.models_under_test import Model, Progress
from biomed_agent.model.evaluation.paper_data import VOCABULARY, PaperData, PaperTable, Search
from biomed_agent.model.evaluation.reading import Rows, read_rows
from biomed_agent.model.evaluation.tasks import exchanged, sample, task_named

SCHEMA = 1
TEXT = "text"
"""the kind of a question in text alone"""


@dataclass(frozen=True)
class Watch:
    """Who is told how the work goes."""

    progress: Progress | None = None
    opened: Callable[[PaperTable, list[BadRow], Path], None] | None = None
    """called with the bad rows of a table once its folder is known to hold no other run"""
    warn: Callable[[str], None] | None = None


@dataclass(frozen=True)
class _Chosen:
    """The rows of one table that a model is asked, and which were left out because of their kinds."""

    rows: Rows
    train: Rows | None
    kinds: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def why_not_asked(data: PaperData, stamp: ModelStamp, every_kind: bool, reads: Sequence[str]) -> str:
    """Return why a model is not asked for a table; empty when it is asked, or asked for some of its rows.

    Args:
        data: The table.
        stamp: What the model offers.
        every_kind: Whether that does not matter.
        reads: Modalities the model has encoders for.
    """
    sort = data.table.sort
    if sort and sort not in reads:
        return f"{stamp.name} has no encoder for {sort}s"
    if every_kind or (TEXT in stamp.kinds if not sort else set(stamp.kinds) & set(_kinds(data.table))):
        return ""
    wanted = TEXT if not sort else listed(_kinds(data.table), "or")
    return f"the manifest of {stamp.name} offers {listed(stamp.kinds) or 'nothing'}, not {wanted}"


def _kinds(table: PaperTable) -> tuple[str, ...]:
    return ("description",) if table.sort == "molecule" else ("name", "function", "family", "location")


def run(
    model: Model,
    found: Search,
    output: Path,
    *,
    settings: EvaluationSettings,
    every_kind: bool = False,
    reads: Sequence[str] = ("molecule", "protein"),
    resume: bool = False,
    watch: Watch = Watch(),
) -> dict[str, Any]:
    """Make every table whose data are there and whose kinds the model offers; write each into a folder of its own.

    Args:
        model: Who is asked.
        found: The data.
        output: Folder; each table lies in one of its task's name below it.
        settings: How each is evaluated.
        every_kind: Ask for kinds that the manifest does not offer, too.
        reads: Modalities the model has encoders for.
        resume: Go on with the answers that are filed there.
        watch: Who is told.

    Returns:
        The report of all tables, which is plain JSON.

    Raises:
        InvalidInput: A file cannot be read, or a folder holds answers of another run.
        Unavailable: The model gives no answer. Those given before are filed.
    """
    stamp = model.stamp
    tables, left_out = [], []
    for data in found.found:
        why, chosen = why_not_asked(data, stamp, every_kind, reads), None
        if not why:
            chosen = _rows(data, stamp, every_kind)
            if not chosen.rows.all:
                why = f"its rows ask for {listed(chosen.left_out)}, which {stamp.name} does not offer"
        if why or chosen is None:
            left_out.append({"table": data.table.name, "why": why})
        else:
            tables.append(_table(model, data, chosen, output / data.table.task, settings, resume, watch))
    in_words = any(entry["report"]["task"]["structure"] for entry in tables)
    about = {name: getattr(stamp, name) for name in ("name", "revision", "digest", "parameters")}
    return {
        "schema": SCHEMA,
        "version": __version__,
        "model": {**about, "kinds": list(stamp.kinds)},
        "settings": {"limit": settings.limit, "seed": settings.seed, "tokenizer": settings.tokenizer.name},
        "tables": tables,
        "left_out": left_out,
        "missing": [
            *(missing_entry(table) for table in found.missing),
            *([VOCABULARY] if in_words and settings.tokenizer is WORDS else []),
        ],
    }


def missing_entry(table: PaperTable) -> dict[str, str]:
    """Return what a report says of a table whose data are not there."""
    return {"table": table.name, "files": table.files, "where": table.where}


def _rows(data: PaperData, stamp: ModelStamp, every_kind: bool) -> _Chosen:
    """Read the files of a table; PubMedQA's own test set apart from the questions that are left for training."""
    task = task_named(data.table.task)
    rows = read_rows(task, [data.scored])
    train = read_rows(task, [data.train]) if data.train else None
    if data.ids:
        every = rows.questions
        rows.choose(data.ids)
        asked = {question.id for question in rows.questions}
        if rest := [question for question in every if question.id not in asked]:
            train = train or Rows(questions=rest, files=rows.files[:1])
    if not data.table.sort:
        return _Chosen(rows, train, (TEXT,))
    kinds = tuple(dict.fromkeys(example.kind for example in rows.examples))
    if every_kind:
        return _Chosen(rows, train, kinds)
    rows.examples = [example for example in rows.examples if example.kind in stamp.kinds]
    return _Chosen(
        rows,
        train,
        tuple(kind for kind in kinds if kind in stamp.kinds),
        tuple(kind for kind in kinds if kind not in stamp.kinds),
    )


def _table(
    model: Model,
    data: PaperData,
    chosen: _Chosen,
    folder: Path,
    settings: EvaluationSettings,
    resume: bool,
    watch: Watch,
) -> dict[str, Any]:
    """Evaluate one table and write its report."""
    table, rows, train = data.table, chosen.rows, chosen.train
    bad = [*rows.bad, *(train.left_out if train else ())]
    told = watch.progress

    def progress(what: str, done: int, total: int) -> None:
        if told is not None:
            told(f"{table.name}, {what}", done, total)

    trained: Sequence[Example] | Sequence[TextQuestion] = train.all if train else ()
    evaluation = evaluate(
        task_named(table.task),
        model,
        rows.all,
        train=trained,
        settings=replace(settings, controls=_can_exchange(rows.all, settings)),
        output=folder,
        resume=resume,
        about={"data": rows.about(), **({"train": train.about()} if train else {})},
        progress=progress,
        opened=lambda: watch.opened(table, bad, folder) if watch.opened else None,
        warn=watch.warn,
    )
    files.write(evaluation, folder)
    return {
        "name": table.name,
        "published": table.published,
        "complete": table.complete,
        "kinds": list(chosen.kinds),
        "kinds_not_offered": [kind for kind in chosen.kinds if kind not in model.stamp.kinds],
        "kinds_left_out": list(chosen.left_out),
        "trained_on": data.train.name if data.train else None,
        "unused_files": [f"{path.parent.name}/{path.name}" for path in data.unused],
        "folder": folder.name,
        "report": evaluation.report,
    }


def _can_exchange(rows: Sequence[Example] | Sequence[TextQuestion], settings: EvaluationSettings) -> bool:
    """Whether the controls can be asked: one row alone, or several of one structure, have nothing to exchange."""
    every: list[Example | TextQuestion] = list(rows)
    drawn = sample(every, settings.limit)
    try:
        exchanged([row for row in drawn if isinstance(row, Example)], settings.seed)
    except InvalidInput:
        return False
    return settings.controls and len(drawn) > 1
