"""The report as one self-contained page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from biomed_agent.model.evaluation import plots, results, tables
from biomed_agent.model.evaluation.metrics import MIN_INTERVAL_EXAMPLES

STYLE = """
:root { color-scheme: light dark; --ink: #1d2229; --faint: #66707c; --paper: #fff; --card: #f5f6f8; --line: #d9dde3;
  --accent: #2563c9; --control: #8a94a1; --neighbour: #c27a0e; --base: #9aa3ae; --good: #17824f; --bad: #c8383b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7eb; --faint: #98a1ad; --paper: #14171b; --card: #1d2127;
  --line: #343a43; --accent: #6ea3ff; --control: #7d8794; --neighbour: #e0a03c; --base: #6d7682; --good: #4cc38a;
  --bad: #f2777a; } }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 74rem; background: var(--paper); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
h1 { font-size: 1.55rem; line-height: 1.25; margin: 0 0 .6rem; } h2 { font-size: 1.2rem; margin: 2.4rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.6rem 0 .4rem; } p, ul { margin: .4rem 0; } ul { padding-left: 1.2rem; }
.faint, li { color: var(--faint); font-size: .92rem; } .num { white-space: nowrap; }
.tiles { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1.2rem 0; }
.tile { background: var(--card); border-radius: 10px; padding: .7rem 1rem; flex: 1 1 11rem; }
.tile b { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.tile span { color: var(--faint); font-size: .85rem; }
.wide { overflow-x: auto; margin: .4rem 0 1rem; }
table { border-collapse: collapse; font-size: .86rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .35rem .7rem .35rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--faint); min-width: 4.6rem; } tr.model td { font-weight: 600; }
th:first-child, td:first-child { position: sticky; left: 0; background: var(--paper); max-width: 11rem; }
td:first-child { min-width: 6rem; } details { margin: .2rem 0 1rem; } summary { color: var(--faint); cursor: pointer; }
td small { display: block; color: var(--faint); font-weight: 400; white-space: nowrap; }
.plots { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 1rem; margin: .4rem 0 1rem; }
svg { max-width: 100%; height: auto; font: 12px system-ui, sans-serif; } svg text { fill: var(--ink); }
svg .grid { stroke: var(--line); } svg .theirs { fill: var(--paper); stroke: var(--ink); stroke-width: 1.4; }
.card { display: flex; flex-wrap: wrap; gap: 1rem; background: var(--card); border-radius: 10px; padding: .9rem 1rem;
  margin: .7rem 0; } .card > div:last-child { flex: 1 1 22rem; min-width: 0; }
.drawing { flex: none; background: #fff; border-radius: 6px; padding: 4px; line-height: 0; align-self: flex-start; }
.drawing svg { max-width: 200px; } dl { margin: 0; display: grid; grid-template-columns: max-content 1fr;
  gap: .2rem .9rem; font-size: .9rem; }
@media (max-width: 34rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin: 0 0 .5rem; }
  .card > div:last-child { flex-basis: 100%; } .tile { flex-basis: 8.5rem; } body { padding: 1.2rem 1rem 3rem; } }
dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
code { font: .86em ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.chip { border: 1px solid currentColor; border-radius: 1em; padding: .02em .6em; font-size: .8rem; }
"""
MISS = "(a miss)"
MAX_SHOWN_CHARACTERS = 400


class _Markup(str):
    """Text that is already HTML."""

    __slots__ = ()


def page(report: Mapping[str, Any]) -> str:
    """Return the report as a whole HTML page, readable on light and dark screens, without anything to load."""
    body: list[str] = [_tag("h1", tables.title(report)), _tiles(report)]
    body.append(_tag("ul", *(_tag("li", line) for line in tables.facts(report))))
    for section in report["sections"]:
        body += _section(report, section)
    if report["published"]:
        header, rows = tables.published_rows(report)
        body += [_tag("h2", "Published scores"), _tag("p", tables.compared_line(report))]
        body.append(_tag("p", tables.MARKS_LINE, **{"class": "faint"}))
        body.append(_table(header, rows))
    return _document(tables.title(report), body)


@dataclass(frozen=True)
class Part:
    """One part of a page that shows several tables."""

    heading: str
    lines: Sequence[str]
    tables: Sequence[tuple[Sequence[str], Sequence[Sequence[str]]]] = ()
    """header and rows of each"""
    link: str = ""
    """to the whole report, relative to the page"""


def tables_page(title: str, parts: Sequence[Part]) -> str:
    """Return several tables as a whole HTML page, without anything to load."""
    body: list[str] = [_tag("h1", title)]
    for part in parts:
        body += [_tag("h2", part.heading), _tag("ul", *(_tag("li", line) for line in part.lines))]
        body += [_table(*shown) for shown in part.tables]
        if part.link:
            body.append(_tag("p", _tag("a", "whole report", href=part.link)))
    return _document(title, body)


def _document(title: str, body: Sequence[str]) -> str:
    head = _tag(
        "head",
        _Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'),
        _tag("title", title),
        _Markup(f"<style>{STYLE}</style>"),
    )
    return f"<!doctype html>\n{_tag('html', head, _tag('body', *body), lang='en')}\n"


def _tag(name: str, *children: str, **attributes: str) -> _Markup:
    """Return one element; children that are plain text, and all attributes, are escaped."""
    written = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    inside = "".join(child if isinstance(child, _Markup) else escape(child) for child in children)
    return _Markup(f"<{name}{written}>{inside}</{name}>")


def _tiles(report: Mapping[str, Any]) -> _Markup:
    section, headline = report["sections"][-1], report["task"]["headline"]
    model, *others = section["systems"]
    tiles = [(tables.number(model["scores"].get(headline)), f"{headline} of {section['examples']:,} examples")]
    for name, words in (
        (results.EXCHANGED, "against exchanged structures"),
        (results.WITHOUT_CONTEXT, "against no abstract"),
        (results.NEIGHBOUR, "against the nearest training neighbour's answer"),
        (results.CONSTANT, "against one answer for everything"),
        (results.FREQUENT, "against the most frequent answer"),
    ):
        tiles += [
            (tables.number(other["model_minus_this"].get(headline), signed=True), words)
            for other in others
            if other["name"] == name
        ]
    tiles.append((f"{sum(model['misses'].values()):,}", "misses, charged with 0"))
    shown = []
    for value, words in tiles:
        big, _, interval = value.partition(" [")
        shown.append(
            _tag("div", _tag("b", big), _tag("span", f"[{interval} " if interval else "", words), **{"class": "tile"})
        )
    return _tag("div", *shown, **{"class": "tiles"})


def _section(report: Mapping[str, Any], section: Mapping[str, Any]) -> list[str]:
    headline = report["task"]["headline"]
    parts: list[str] = []
    if len(report["sections"]) > 1:
        parts.append(_tag("h2", tables.heading_of(section)))
    theirs = _same_data(report) if section is report["sections"][-1] else []
    panels = [plots.scores_plot(section, column, theirs) for column in _plotted(section, headline)]
    parts += [_tag("h3", "Scores"), _plots(*panels)]
    if theirs:
        count = f"{section['examples']:,} examples"
        parts.append(
            _tag("p", f"Open diamonds: published, on {theirs[0]['data']}; dots: on {count}.", **{"class": "faint"})
        )
    parts += _wide_table(*tables.score_rows(section), headline)
    header, rows = tables.difference_rows(section)
    if rows:
        parts += [_tag("h3", "Model minus the others, in pairs"), *_wide_table(header, rows, headline)]
    parts += [_tag("h3", "Misses and answers cut off"), _table(*tables.miss_rows(section))]
    if (use := section["structure"]) and use["n"] >= MIN_INTERVAL_EXAMPLES:
        parts.append(_verdict(use))
    if any(bucket["examples"] for bucket in section["buckets"]):
        parts.append(_tag("h3", f"{headline} by similarity of the nearest training structure"))
        parts += [_plots(plots.buckets_plot(section, headline)), _table(*tables.bucket_rows(section))]
    if report["task"]["headline"] != "accuracy":
        parts += [_tag("h3", "Length of answers"), _plots(plots.lengths_plot(section["lengths"]))]
        for which in ("best", "worst"):
            if cards := section["shown"][which]:
                parts += [_tag("h3", f"{which.capitalize()} answers"), *(_card(card, report) for card in cards)]
    return parts


def _same_data(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the published rows on the data set that the examples are said to be of; none where nothing is said."""
    benchmark = report["data"].get("benchmark")
    return [figure for figure in report["published"] if figure["data"] == benchmark]


def _plots(*drawn: str) -> _Markup:
    return _tag("div", *map(_Markup, drawn), **{"class": "plots"})


def _plotted(section: Mapping[str, Any], headline: str) -> list[str]:
    """Return up to three scores for the plot: the headline, corpus BLEU-4 and one of class, exact match or F1."""
    wanted = [headline]
    wanted += [column for column in section["columns"] if column.startswith("BLEU-4") and "mean of" not in column]
    wanted += [column for column in section["columns"] if column in ("class", "exact match", "macro-F1")]
    return [column for column in wanted[:3] if column in section["columns"]]


def _verdict(use: Mapping[str, Any]) -> _Markup:
    words = "uses the structure" if use["uses_structure"] else "not shown to use the structure"
    ink = "var(--good)" if use["uses_structure"] else "var(--bad)"
    chip = _tag("span", words, style=f"color:{ink}", **{"class": "chip"})
    error = f" The difference in ROUGE-L has a standard error of {use['rouge_l_error']:.3f}"
    if use["loss"] is not None:
        more = use["loss_shuffled"] - use["loss"]
        error += f"; exchanged structures cost {more:.3f} ± {use['loss_error']:.3f} nats per token"
    return _tag("p", chip, _tag("span", f"{error}.", **{"class": "faint"}))


def _wide_table(header: Sequence[str], rows: Sequence[Sequence[str]], headline: str) -> list[_Markup]:
    """Return a table of the scores most asked for, and one of the others to unfold."""
    main, *others = (_table(*part) for part in tables.divided(header, rows, headline))
    return [main, *(_tag("details", _tag("summary", "other scores"), other) for other in others)]


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> _Markup:
    lines = [_tag("tr", *(_tag("th", name) for name in header))]
    for row in rows:
        kind = "model" if row[0].startswith((results.MODEL, "this model")) else ""
        lines.append(_tag("tr", *map(_cell, row), **{"class": kind}))
    return _tag("div", _tag("table", *lines), **{"class": "wide"})


def _cell(words: str) -> _Markup:
    value, bracket, interval = words.partition(" [")
    if bracket and interval.endswith("]"):
        return _tag("td", value, _tag("small", f"[{interval}"), **{"class": "num"})
    return _tag("td", words)


def _card(card: Mapping[str, Any], report: Mapping[str, Any]) -> _Markup:
    headline = report["task"]["headline"]
    score = card["scores"].get(results.MODEL)
    rows = [("expected", card["expected"]), ("model", card["answers"][results.MODEL] or MISS)]
    rows += [
        (name, card["answers"][name] or MISS)
        for name in (results.EXCHANGED, results.NEIGHBOUR)
        if name in card["answers"]
    ]
    shown = [_tag("dt", name) + _tag("dd", _cut(words)) for name, words in rows]
    like = "" if card["similarity"] is None else f", nearest training structure {card['similarity']:.2f}"
    top = _tag("p", f"{headline} {score:.3f}{like}. {card['question']}", **{"class": "faint"})
    structure = _tag("p", _tag("code", _cut(card["structure"])))
    words = _tag("div", top, structure, _tag("dl", _Markup("".join(shown))))
    drawing = _drawing(card["structure"]) if report["task"]["structure"] == "molecule" else ""
    return _tag("div", drawing, words, **{"class": "card"})


def _cut(words: str) -> str:
    return (
        words if len(words) <= MAX_SHOWN_CHARACTERS else f"{words[:MAX_SHOWN_CHARACTERS]}… ({len(words):,} characters)"
    )


def _drawing(structure: str) -> _Markup:
    """Return the structure on white, or nothing when RDKit cannot read it."""
    from biomed_agent.core.chemistry.structures import draw_svg, molecule_from_smiles
    from biomed_agent.core.errors import InvalidInput

    try:
        drawing = draw_svg(molecule_from_smiles(structure), 200, 140)
    except InvalidInput:
        return _Markup()
    return _tag("div", _Markup(drawing), **{"class": "drawing"})
