"""Plots of a report as SVG that stands in a page; colours are the page's variables, so light and dark both work."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from biomed_agent.model.evaluation import results
from biomed_agent.model.evaluation.metrics import MIN_INTERVAL_EXAMPLES

COLOURS = {
    results.MODEL: "accent",
    results.EXCHANGED: "control",
    results.BLIND: "control",
    results.WITHOUT_CONTEXT: "control",
    results.NEIGHBOUR: "neighbour",
}
"""by system: the page's variable; the other systems have ``base``"""
WIDTH, LABELS, ROW = 370, 156, 24
"""pixels: a plot, as wide as a telephone's screen so that its text is never made smaller; names in it; one row"""
RIGHT = WIDTH - 16
"""where the scale ends, with room for half a number"""
FAINT = "fill:var(--faint);font-size:11px"


def colour(name: str) -> str:
    """Return the colour of a system."""
    return f"var(--{COLOURS.get(name, 'base')})"


def scores_plot(section: Mapping[str, Any], column: str, published: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return one score with its intervals, one line a system; published ones are open diamonds.

    Args:
        section: Of a report.
        column: Name of the score.
        published: Rows on the same data; those without this score are left out.
    """
    ours = [(system["name"], system["scores"].get(column)) for system in section["systems"]]
    ours = [(name, score) for name, score in ours if score and score["value"] is not None]
    theirs = [(figure, figure["scores"][column]) for figure in published if column in figure["scores"]]
    limit, marks = _scale([score for _, score in ours], [value for _, value in theirs])
    bottom = 30 + (len(ours) + len(theirs)) * ROW
    parts = [_text(LABELS, 12, column, "start", "font-weight:600"), *_grid(limit, marks, 24, bottom)]
    for row, (name, score) in enumerate(ours):
        weight = "600" if name == results.MODEL else "400"
        parts.append(_text(LABELS - 10, _y(row), name, "end", f"font-weight:{weight}"))
        parts.append(_dot(limit, _y(row), score, colour(name), f"{name}: {column}"))
    for row, (figure, value) in enumerate(theirs, len(ours)):
        twice = sum(figure["model"] == other["model"] for other, _ in theirs) > 1
        label = f"{figure['model']}, {figure['setting']}" if twice and figure["setting"] else figure["model"]
        x, y = _x(value, limit), _y(row)
        parts.append(_text(LABELS - 10, y, _short(label, 21), "end", "fill:var(--faint)"))
        title = f"<title>{escape(label)}: {value:.3f}, on {escape(figure['data'])}</title>"
        parts.append(f'<path d="M{x - 5:.1f} {y}l5 -5 5 5 -5 5z" class="theirs">{title}</path>')
    return _svg(WIDTH, bottom + 20, f"{column} with 95 % intervals", parts)


def buckets_plot(section: Mapping[str, Any], headline: str) -> str:
    """Return the headline score of model, neighbour and constant in each bucket of similarity, one line each.

    Buckets of too few examples for an interval are faint.
    """
    filled = [bucket for bucket in section["buckets"] if bucket["examples"]]
    present = [system["name"] for system in section["systems"]]
    names = [name for name in (results.MODEL, results.NEIGHBOUR, results.CONSTANT) if name in present]
    limit, marks = _scale([score for bucket in filled for score in bucket["scores"].values()])
    each = 13 * len(names) + 12
    bottom = 28 + each * len(filled)
    parts = _grid(limit, marks, 22, bottom)
    for place, bucket in enumerate(filled):
        top = 28 + each * place
        few = "opacity:.4" if bucket["examples"] < MIN_INTERVAL_EXAMPLES else ""
        middle = top + 13 * len(names) / 2
        parts.append(_text(LABELS - 10, middle - 7, bucket["name"], "end"))
        parts.append(_text(LABELS - 10, middle + 8, f"n = {bucket['examples']:,}", "end", FAINT))
        dots = [
            _dot(limit, top + 7 + 13 * row, bucket["scores"][name], colour(name), f"{name}, {bucket['name']}")
            for row, name in enumerate(names)
        ]
        parts.append(f'<g style="{few}">{"".join(dots)}</g>')
    x = 4.0
    for name in names:
        parts.append(f'<circle cx="{x + 5}" cy="8" r="4.5" style="fill:{colour(name)}"/>')
        parts.append(_text(x + 14, 8, name, "start"))
        x += 32 + 6.6 * len(name)
    return _svg(WIDTH, bottom + 20, f"{headline} by similarity of the nearest training structure", parts)


def _scale(scores: Sequence[Mapping[str, Any]], others: Sequence[float] = ()) -> tuple[float, list[float]]:
    """Return where the scale of some scores ends, and its marks."""
    ends = [score[end] for score in scores for end in ("value", "low", "high") if score[end] is not None]
    top = max([*ends, *others, 0.1])  # differences below 0.1 are not blown up
    step = next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50) if top / step <= 6)
    marks = [round(step * number, 6) for number in range(math.ceil(top / step - 1e-9) + 1)]
    return marks[-1], marks


def _x(value: float, limit: float) -> float:
    return LABELS + (RIGHT - LABELS) * value / limit


def _grid(limit: float, marks: Sequence[float], top: float, bottom: float) -> list[str]:
    parts = []
    for mark in marks:
        x = _x(mark, limit)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" class="grid"/>')
        parts.append(_text(x, bottom + 11, f"{mark:g}", "middle", FAINT))
    return parts


def _dot(limit: float, y: float, score: Mapping[str, Any], ink: str, title: str) -> str:
    line = ""
    if score["low"] is not None:
        low, high = (_x(score[end], limit) for end in ("low", "high"))
        line = f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}" style="stroke:{ink};stroke-width:2"/>'
    title = f"<title>{escape(title)} {score['value']:.3f}</title>"
    return f'{line}<circle cx="{_x(score["value"], limit):.1f}" cy="{y}" r="4.5" style="fill:{ink}">{title}</circle>'


def lengths_plot(lengths: Mapping[str, Any]) -> str:
    """Return how many words were expected and said, as two histograms over each other."""
    width, height, left, room = WIDTH, 190, 8, 126
    right = RIGHT  # room for the last number
    bins, each = len(lengths["expected"]), lengths["words_per_bin"]
    top = max([*lengths["expected"], *lengths["said"], 1])
    wide = (right - left) / bins
    parts = [f'<line x1="{left}" x2="{right}" y1="{24 + room}" y2="{24 + room}" class="grid"/>']
    for name, ink, style in (
        ("expected", "var(--base)", "opacity:.45"),
        ("said", "var(--accent)", "fill:none;stroke:var(--accent);stroke-width:1.6"),
    ):
        for place, count in enumerate(lengths[name]):
            high = room * count / top
            title = f"<title>{name}: {count:,} with {place * each} to {place * each + each - 1} words</title>"
            if count:
                parts.append(
                    f'<rect x="{left + place * wide + 1:.1f}" y="{24 + room - high:.1f}" width="{wide - 2:.1f}" '
                    f'height="{high:.1f}" style="fill:{ink};{style}">{title}</rect>'
                )
    marks = range(0, bins + 1, max(1, bins // 8))
    parts += [_text(left + at * wide, height - 24, str(at * each), "middle", "fill:var(--faint)") for at in marks]
    parts.append(_text((left + width) / 2, height - 6, "words in the answer", "middle", "fill:var(--faint)"))
    parts.append(f'<rect x="{left}" y="3" width="10" height="10" style="fill:var(--base);opacity:.45"/>')
    parts.append(_text(left + 16, 8, "expected", "start"))
    parts.append(f'<rect x="{left + 92}" y="3" width="10" height="10" style="fill:none;stroke:var(--accent)"/>')
    parts.append(_text(left + 108, 8, "said by the model", "start"))
    return _svg(width, height, "Length of answers", parts)


def _y(row: int) -> int:
    return 40 + row * ROW


def _short(words: str, limit: int) -> str:
    return words if len(words) <= limit else f"{words[: limit - 1]}…"


def _text(x: float, y: float, words: str, anchor: str, style: str = "") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" dominant-baseline="middle" style="{style}">'
        f"{escape(words)}</text>"
    )


def _svg(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg>"
    )
