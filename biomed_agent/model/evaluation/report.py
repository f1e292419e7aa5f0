"""The report as files: JSON, Markdown, every example, and one page for a browser."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.evaluation.metrics import MIN_INTERVAL_EXAMPLES
from biomed_agent.model.evaluation.tables import (
    MARKS_LINE,
    EvaluationReport,
    bucket_rows,
    compared_line,
    difference_rows,
    divided,
    facts,
    heading_of,
    miss_rows,
    published_rows,
    score_rows,
    title,
)

if TYPE_CHECKING:
    from biomed_agent.model.evaluation.evaluate import Evaluation

FILES = ("report.json", "report.md", "report.html", "examples.jsonl")


def write(evaluation: Evaluation, folder: Path) -> list[Path]:
    """Write the files of an evaluation into a folder, each whole or not at all; return them.

    Raises:
        InvalidInput: The folder cannot be written.
    """
    from biomed_agent.model.evaluation.page import page

    report = evaluation.report
    lines = (json.dumps(example, ensure_ascii=False) + "\n" for example in evaluation.examples)
    texts = (
        json.dumps(report, indent=2, ensure_ascii=False) + "\n",
        markdown(report),
        page(report),
        "".join(lines),
    )
    paths = [folder / name for name in FILES]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, words in zip(paths, texts, strict=True):
            partial = path.with_name(f"{path.name}.partial")
            partial.write_text(words, encoding="utf-8")
            partial.replace(path)
    except OSError as error:
        raise InvalidInput(
            f"{folder} cannot be written: {error.strerror or error}.", "Give another --output."
        ) from error
    return paths


def markdown(report: EvaluationReport) -> str:
    """Return the report as Markdown."""
    parts = [f"# {title(report)}", *(f"- {line}" for line in facts(report))]
    text = "\n".join([parts[0], "", *parts[1:], ""])
    for section in report["sections"]:
        heading = f"\n## {heading_of(section)}\n\n" if len(report["sections"]) > 1 else "\n"
        text += heading + section_markdown(section, report["task"]["headline"])
    if report["published"]:
        text += (
            f"\n## Published scores\n\n{compared_line(report)}\n\n{MARKS_LINE}\n\n{table(*published_rows(report))}\n"
        )
    return text


def section_markdown(section: Mapping[str, Any], headline: str) -> str:
    """Return the tables of one section, the scores most asked for before the others."""
    scores = divided(*score_rows(section), headline)
    header, rows = difference_rows(section)
    differences = divided(header, rows, headline) if rows else []
    text = ""
    for where, (score, other) in enumerate(zip_longest(scores, differences)):
        text += f"\nOther scores:\n\n{table(*score)}\n" if where else f"{table(*score)}\n"
        if other:
            text += f"\nModel minus the others, in pairs:\n\n{table(*other)}\n"
    if (use := section["structure"]) and use["n"] >= MIN_INTERVAL_EXAMPLES:
        verb = "uses" if use["uses_structure"] else "is not shown to use"
        text += f"\nBy these numbers the model {verb} the structure (two standard errors, in words and in loss).\n"
    header, rows = miss_rows(section)
    if rows:
        text += f"\nMisses and answers cut off:\n\n{table(header, rows)}\n"
    header, rows = bucket_rows(section)
    if rows:
        text += f"\nBy similarity of the nearest training structure:\n\n{table(header, rows)}\n"
    return text


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)
