"""Plots of a report as SVG that stands in a page; colours are the page's variables, so light and dark both work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from . import results

COLOURS = {
    results.MODEL: "accent",
    results.EXCHANGED: "control",
    results.BLIND: "control",
    results.WITHOUT_CONTEXT: "control",
    results.NEIGHBOUR: "neighbour",
}
"""by system: the page's variable; the other systems have ``base``"""
LABELS, PANEL, ROW, GAP = 216, 240, 26, 34
"""pixels: room for names, width of one panel, height of one row, room between panels"""


def colour(name: str) -> str:
    """Return the colour of a system."""
    return f"var(--{COLOURS.get(name, 'base')})"


def scores_plot(section: Mapping[str, Any], columns: Sequence[str], published: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return scores with their intervals: one line a system, one panel a score; published ones as open diamonds."""
    named = [one for one in published if any(column in one["scores"] for column in columns)]
    height = (len(section["systems"]) + len(named)) * ROW + 58
    width = LABELS + len(columns) * (PANEL + GAP)
    parts = []
    for row, system in enumerate(section["systems"]):
        weight = "600" if system["name"] == results.MODEL else "400"
        parts.append(_text(LABELS - 14, _y(row), system["name"], "end", f"font-weight:{weight}"))
    for row, one in enumerate(named, len(section["systems"])):
        label = ", ".join(part for part in (one["model"], one["setting"]) if part)
        parts.append(_text(LABELS - 14, _y(row), _short(label, 30), "end", "fill:var(--faint)"))
    for place, column in enumerate(columns):
        parts.append(_panel(section, named, column, LABELS + place * (PANEL + GAP), height))
    return _svg(width, height, "Scores with 95 % intervals", parts)


def _panel(
    section: Mapping[str, Any], published: Sequence[Mapping[str, Any]], column: str, left: float, height: float
) -> str:
    ours = [system["scores"].get(column) for system in section["systems"]]
    theirs = [one["scores"].get(column) for one in published]
    ends = [one[end] for one in ours if one for end in ("value", "low", "high") if one[end] is not None]
    top = max([*ends, *(value for value in theirs if value is not None), 0.01])
    step = _step(top)
    limit = step * -(-top // step)
    parts = [_text(left, 14, column, "start", "font-weight:600")]
    mark = 0.0
    while mark <= limit + 1e-9:
        x = left + PANEL * mark / limit
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="26" y2="{height - 24:.0f}" class="grid"/>')
        parts.append(_text(x, height - 8, f"{mark:g}", "middle", "fill:var(--faint);font-size:11px"))
        mark = round(mark + step, 6)
    for row, (system, score) in enumerate(zip(section["systems"], ours, strict=True)):
        if score and score["value"] is not None:
            parts.append(_dot(left, limit, _y(row), score, colour(system["name"]), f"{system['name']}: {column}"))
    for row, value in enumerate(theirs, len(ours)):
        if value is not None:
            x, y = left + PANEL * value / limit, _y(row)
            title = f"<title>{escape(published[row - len(ours)]['model'])}: {value:.3f}</title>"
            parts.append(f'<path d="M{x - 5:.1f} {y}l5 -5 5 5 -5 5z" class="theirs">{title}</path>')
    return "".join(parts)


def _dot(left: float, limit: float, y: float, score: Mapping[str, Any], ink: str, title: str) -> str:
    x = left + PANEL * score["value"] / limit
    line = ""
    if score["low"] is not None:
        low, high = (left + PANEL * score[end] / limit for end in ("low", "high"))
        line = f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}" style="stroke:{ink};stroke-width:2"/>'
    shown = f"{score['value']:.3f}"
    title = f"<title>{escape(title)} {shown}</title>"
    return f'{line}<circle cx="{x:.1f}" cy="{y}" r="4.5" style="fill:{ink}">{title}</circle>'


def buckets_plot(section: Mapping[str, Any], what: str, headline: str) -> str:
    """Return the headline score of model, neighbour and constant in each bucket of similarity."""
    filled = [one for one in section["buckets"] if one["examples"]]
    present = [system["name"] for system in section["systems"]]
    names = [name for name in (results.MODEL, results.NEIGHBOUR, results.CONSTANT) if name in present]
    top = max([score["high"] or score["value"] for one in filled for score in one["scores"].values()] + [0.01])
    step = _step(top)
    limit = step * -(-top // step)
    left, width, height, room = 46, 640, 250, 186
    parts = []
    mark = 0.0
    while mark <= limit + 1e-9:
        y = 24 + room * (1 - mark / limit)
        parts.append(f'<line x1="{left}" x2="{width}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>')
        parts.append(_text(left - 8, y, f"{mark:g}", "end", "fill:var(--faint);font-size:11px"))
        mark = round(mark + step, 6)
    each = (width - left) / max(1, len(filled))
    for place, one in enumerate(filled):
        middle = left + each * (place + 0.5)
        for offset, name in enumerate(names):
            x = middle + (offset - (len(names) - 1) / 2) * 24
            parts.append(_bar(x, 24, room, limit, one["scores"][name], colour(name), f"{name}, {one['name']}"))
        parts.append(_text(middle, height - 26, one["name"], "middle"))
        parts.append(_text(middle, height - 9, f"{one['examples']:,}", "middle", "fill:var(--faint);font-size:11px"))
    legend, x = [], float(left)
    for name in names:
        legend.append(f'<rect x="{x}" y="3" width="10" height="10" rx="2" style="fill:{colour(name)}"/>')
        legend.append(_text(x + 16, 8, name, "start"))
        x += 32 + 7.2 * len(name)
    title = f"{headline} by {what} of the nearest training structure"
    return _svg(width, height, title, [*parts, *legend])


def _bar(x: float, top: float, room: float, limit: float, score: Mapping[str, Any], ink: str, title: str) -> str:
    y = top + room * (1 - score["value"] / limit)
    bar = (
        f'<rect x="{x - 9:.1f}" y="{y:.1f}" width="18" height="{top + room - y:.1f}" rx="2" '
        f'style="fill:{ink};opacity:.85"><title>{escape(title)} {score["value"]:.3f}</title></rect>'
    )
    if score["low"] is None:
        return bar
    low, high = (top + room * (1 - score[end] / limit) for end in ("low", "high"))
    return f'{bar}<line x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}" style="stroke:var(--ink)"/>'


def lengths_plot(lengths: Mapping[str, Any]) -> str:
    """Return how many words were expected and said, as two histograms over each other."""
    width, height, left, room = 640, 190, 46, 126
    right = width - 20  # room for the last number
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


def _step(top: float) -> float:
    """Return the distance of grid lines: four to seven of them."""
    return next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50) if top / step <= 6)


def _y(row: int) -> int:
    return 42 + row * ROW


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
