"""Draw docs/answer.svg: a real answer as a terminal shows it. Needs no key, network or model.

Usage:
    python scripts/draw_answer.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from pathlib import Path

from biomed_agent import BioMedAgent
from biomed_agent.answering.wording import to_text

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "answer.svg"
QUESTION = "Does Gleevec bind ABL1?"
COLUMNS, SIZE, LINE, EDGE, BAR = 92, 13, 19, 22, 34
"""letters a line; then pixels: of a letter, a line, the margin and the bar on top"""
WIDTH = round(COLUMNS * SIZE * 0.61) + 2 * EDGE
INK, DIM, PAPER, FRAME = "#d8dee9", "#8b97ab", "#1b2130", "#2a3347"
"""the picture brings its own background, so that it reads on light and on dark pages"""
STYLES = {
    "1": 'font-weight="700" fill="#ffffff"',
    "2": f'fill="{DIM}"',
    "31": 'fill="#f0716b"',
    "32": 'fill="#7bc98f"',
    "33": 'fill="#e5c07b"',
}
"""SVG attributes by the ANSI code that the answer's text uses"""


def answer_text(question: str = QUESTION) -> str:
    """Return what a terminal shows for the question, with ANSI codes; how long it took is said as 0.1 s."""
    answer = BioMedAgent(offline=True, model="none").ask(question)
    return to_text(replace(answer, seconds=0.1), COLUMNS, color=True)


def draw(question: str = QUESTION) -> str:
    """Return the command and its answer as an SVG picture."""
    command = f'biomed-agent ask "{question}" --offline'
    lines = [f"\x1b[32m$\x1b[0m {command}", "", *answer_text(question).splitlines()]
    height = BAR + len(lines) * LINE + 2 * EDGE - 10
    lights = (
        f'<circle cx="{EDGE + 18 * place}" cy="{BAR // 2}" r="6" fill="{colour}"/>'
        for place, colour in enumerate(("#f0716b", "#e5c07b", "#7bc98f"))
    )
    body = (
        f'<text x="{EDGE}" y="{BAR + EDGE + 6 + LINE * number}">{"".join(_spans(line))}</text>'
        for number, line in enumerate(lines)
        if line
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace" '
        f'font-size="{SIZE}" fill="{INK}" role="img" xml:space="preserve">'
    )
    frame = (
        f'<rect width="{WIDTH}" height="{height}" rx="9" fill="{PAPER}"/>',
        f'<path d="M0 {BAR}V9Q0 0 9 0H{WIDTH - 9}Q{WIDTH} 0 {WIDTH} 9V{BAR}Z" fill="{FRAME}"/>',
    )
    return "\n".join([head, f"<title>{escape(command)}</title>", *frame, *lights, *body, "</svg>"]) + "\n"


def _spans(line: str) -> Iterator[str]:
    """Yield the parts of a line with ANSI codes as SVG spans."""
    style = ""
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if code := re.fullmatch(r"\x1b\[([0-9;]*)m", part):
            style = STYLES.get(code[1], "")
        elif part:
            yield f"<tspan {style}>{escape(part, quote=False)}</tspan>" if style else escape(part, quote=False)


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
    print(PICTURE)
