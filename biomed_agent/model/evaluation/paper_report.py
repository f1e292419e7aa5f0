"""The tables of the paper as files: JSON, Markdown and one page, each table short and linked to its whole report."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.words import listed
from biomed_agent.model.evaluation import results, tables
from biomed_agent.model.evaluation.page import Part, tables_page
from biomed_agent.model.evaluation.report import table as markdown_table

COLUMNS = ("accuracy", "BLEU-2", "BLEU-4", "ROUGE-", "METEOR", "exact match")
"""how the names of the scores begin that the paper has; exact match is the accuracy of answers in words"""
CHOICES = (
    "The choice is taken in two ways: by the likelihood of each option after the prompt (the row 'model'), and as the "
    f"model writes it ('{results.WRITTEN}', read as docs/evaluation.md says). Which way the published rows took is not "
    "stated where we could read them; those marked fine-tuned were trained on each data set, this model is asked as it "
    "is."
)
GLANCE = {
    "model": (results.MODEL,),
    "choice written": (results.WRITTEN,),
    "exchanged": (results.EXCHANGED, results.QUESTIONS_EXCHANGED),
    "constant": (results.CONSTANT, results.FREQUENT),
    "nearest neighbour": (results.NEIGHBOUR,),
}
"""columns of the table at a glance, and the systems that stand in them"""
Table: TypeAlias = tuple[Sequence[str], Sequence[Sequence[str]]]
COMPARED = (
    "Published rows were measured on the whole data set that each names; compare only a whole test split, in the same "
    "tokens, and read the caution."
)


def write(report: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write ``paper.json``, ``paper.md`` and ``paper.html``, each whole or not at all; return them.

    Raises:
        InvalidInput: The folder cannot be written.
    """
    texts = {
        "paper.json": json.dumps(report, indent=2, ensure_ascii=False) + "\n",
        "paper.md": markdown(report),
        "paper.html": page(report),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            partial = folder / f"{name}.partial"
            partial.write_text(text, encoding="utf-8")
            partial.replace(folder / name)
    except OSError as error:
        raise InvalidInput(
            f"{folder} cannot be written: {error.strerror or error}.", "Give another --output."
        ) from error
    return [folder / name for name in texts]


def markdown(report: Mapping[str, Any]) -> str:
    """Return the report as Markdown."""
    text = f"# {_title(report)}\n"
    for part in _parts(report):
        text += f"\n## {part.heading}\n\n" + "\n".join(f"- {line}" for line in part.lines) + "\n"
        for header, rows in part.tables:
            text += f"\n{markdown_table(header, rows)}\n"
        if part.link:
            text += f"\nWhole report: {part.link.removesuffix('html')}md\n"
    return text


def page(report: Mapping[str, Any]) -> str:
    """Return the report as one page that loads nothing."""
    return tables_page(_title(report), list(_parts(report)))


def _title(report: Mapping[str, Any]) -> str:
    return f"Tables of the BioMedGPT paper: {report['model']['name']} {report['model']['revision']}".strip()


def _parts(report: Mapping[str, Any]) -> Iterator[Part]:
    every = [tables.facts(entry["report"])[1:] for entry in report["tables"]]
    common = [line for line in every[0] if all(line in lines for lines in every)] if len(every) > 1 else []
    if every:
        yield Part("At a glance", [*common, *_remarks(report)], [_glance(report)])
    for entry in report["tables"]:
        yield _table_part(entry, common)
    missing = [*_left_out(report), *_missing(report)]
    if missing:
        yield Part("Not made", missing)


def _remarks(report: Mapping[str, Any]) -> Iterator[str]:
    if any(entry["report"]["task"]["headline"] == "accuracy" for entry in report["tables"]):
        yield CHOICES
    yield COMPARED


def _glance(report: Mapping[str, Any]) -> Table:
    """Return one row for each table: the model's headline score beside controls, neighbour and what was published."""
    rows = []
    for entry in report["tables"]:
        section, headline = entry["report"]["sections"][-1], entry["report"]["task"]["headline"]
        scores = {system["name"]: system["scores"].get(headline) for system in section["systems"]}
        shown = [
            next((tables.number(scores[name]) for name in names if name in scores), "") for names in GLANCE.values()
        ]
        row = [entry["name"], f"{section['examples']:,}", headline, *shown, _theirs(entry, headline)]
        rows.append(row)
    return ["data", "examples", "score", *GLANCE, "BioMedGPT as published"], rows


def _theirs(entry: Mapping[str, Any], headline: str) -> str:
    """Return the score that was published for a BioMedGPT on the data of a table, with its mark."""
    for figure in entry["report"]["published"]:
        if (
            figure["data"] == entry["published"]
            and figure["model"].startswith("BioMedGPT")
            and headline in figure["scores"]
        ):
            caution = "; see its caution" if figure["note"] else ""
            return f"{figure['scores'][headline]:.3f} ({figure['model']}, {figure['mark']}{caution})"
    return ""


def _table_part(entry: Mapping[str, Any], common: Sequence[str]) -> Part:
    report, section = entry["report"], entry["report"]["sections"][-1]
    lines = [_size(entry), *(line for line in tables.facts(report)[1:] if line not in common)]
    if entry["kinds_left_out"]:
        lines.append(f"Rows of kinds that the manifest does not offer are left out: {listed(entry['kinds_left_out'])}.")
    if entry["kinds_not_offered"]:
        lines.append(f"Asked although the manifest does not offer it: {listed(entry['kinds_not_offered'])}.")
    if report["train"] is None:
        lines.append("No training data beside it, so there is no nearest neighbour, and no constant from elsewhere.")
    if entry["unused_files"]:
        lines.append(f"Not used, though it would do as well: {listed(entry['unused_files'])}.")
    shown = [_own(section)]
    if published := _published(report, entry["published"]):
        shown.append(published)
    title = report["task"]["title"]
    heading = entry["name"] if title in entry["name"] else f"{entry['name']}: {title.lower()}"
    return Part(heading, lines, shown, f"{entry['folder']}/report.html")


def _size(entry: Mapping[str, Any]) -> str:
    """Return the first fact of a report, and whether the whole split was scored as far as its size is known."""
    first, complete = tables.facts(entry["report"])[0], entry["complete"]
    if not complete:
        return first
    count = entry["report"]["data"]["examples"]
    return f"{first} The whole split has {complete:,}{': it is whole' if count == complete else ': it is a part'}."


def _own(section: Mapping[str, Any]) -> Table:
    """Return what was measured here, in the paper's columns."""
    header, rows = tables.score_rows(section)
    places = [
        place for place, name in enumerate(header) if place == 0 or (name.startswith(COLUMNS) and "mean of" not in name)
    ]
    return [header[place] for place in places], [[row[place] for place in places] for row in rows]


def _published(report: Mapping[str, Any], data: str) -> Table | None:
    """Return the published rows on the table's own data set, without columns that none of them has."""
    own = [figure for figure in report["published"] if figure["data"] == data]
    if not own:
        return None
    header, rows = tables.published_rows({**report, "published": own})
    places = [place for place in range(len(header)) if place != 1 and any(row[place] for row in rows)]
    return [header[place] for place in places], [[row[place] for place in places] for row in rows]


def _left_out(report: Mapping[str, Any]) -> list[str]:
    return [f"{entry['table']}: {entry['why']}." for entry in report["left_out"]]


def _missing(report: Mapping[str, Any]) -> list[str]:
    lines = []
    for entry in report["missing"]:
        place = f" from {entry['where']}" if entry["where"] else ""
        lines.append(f"{entry['table']}: not found; looked for {entry['files']}{',' if place else ''}{place}.")
    return lines
