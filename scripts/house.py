"""The plan of the house: which folder may import which. Prints the table of CONTRIBUTING.md; draws the picture of docs.

Usage:
    python scripts/house.py
    python scripts/house.py --draw
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

FLOORS: tuple[dict[str, str], ...] = (
    {"core": "types, errors, settings, predicates, the query; chemistry/ and privacy/"},
    {
        "sources": "http/ and one folder a database: pubchem/ uniprot/ literature/ local/",
        "trust": "claims/: is a statement so?",
    },
    {"model": "contract/ network/ inference/ checkpoints/ data/ training/ evaluation/ release/"},
    {"answering": "one question from words to answer: reading/ resolving/ handlers/ wording/"},
    {"workflows": "many questions, durable, with a report (to come)"},
    {"tools": "LangChain's words for it"},
    {"server": "host, MCP server, web page (to come)"},
    {"cli": "the shell"},
)
"""rooms by floor, the lowest first; a room imports its own files and floors below it, none of its own floor"""
DOORS = {"__init__": "answering", "__main__": "cli"}
"""files that open a room without being one, each with the highest room it may import"""
ALIASES = ("errors", "generator", "prompt", "types")
"""modules of the package's root that only say where their names live now"""
TORCH_FREE_OF_MODEL = ("async_bridge", "contract", "connect", "local", "remote")
"""what of ``model`` the client side imports when it is loaded; the rest is imported inside functions"""

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "biomed_agent"
PICTURE = ROOT / "docs" / "architecture.svg"


def floors() -> dict[str, int]:
    """Return the floor of every room, 1 for the lowest."""
    return {room: number for number, rooms in enumerate(FLOORS, 1) for room in rooms}


def table() -> str:
    """Return the rooms as the table that CONTRIBUTING.md prints, the highest floor first."""
    rows = ["| floor | room | holds |", "|---|---|---|"]
    for number, rooms in reversed(list(enumerate(FLOORS, 1))):
        rows += [f"| {number} | `{room}/` | {holds} |" for room, holds in rooms.items()]
    return "\n".join(rows)


def imported_rooms(room: str) -> set[str]:
    """Return the other rooms that the files of a room import, at load time, inside functions or for types."""
    named = set()
    for path in (PACKAGE / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == PACKAGE.name:
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                named |= set(
                    (node.module or "").split(".")[1:2] if f"{node.module}.".startswith(f"{PACKAGE.name}.") else ()
                )
            elif isinstance(node, ast.Import):
                named |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith(f"{PACKAGE.name}.")}
    return (named & set(floors())) - {room}


# The picture, in pixels. Rooms are rows. An imported room has a lane on the right: a line leaves the room that imports
# it, a dot joins the line to the lane, and the lane ends in an arrow. Lanes of upper rooms lie further left, so that no
# arrow crosses a lane.
ROW, GAP, WALL_ROW = 58, 12, 84
LEFT, BOX_LEFT, BOX_RIGHT, LANE = 24, 64, 770, 36
OUT, IN = 12, -10
"""where lines leave and enter a box, below and above its middle"""
INK, FAINT, PAPER, BOX = "#1f2430", "#5d6673", "#fbfaf6", "#ffffff"
COLOURS = ("#8a63c7", "#c2571a", "#2f7fb8", "#b03a5b", "#2e8b57", "#8c6d1f", "#4a5a8c", "#177e89", "#7a4b3a")
"""one a lane, readable on the paper of the picture, which brings its own background"""


def draw() -> str:
    """Return the house as an SVG picture; the same text for the same table and imports."""
    rooms = [
        (number, room, holds) for number, row in reversed(list(enumerate(FLOORS, 1))) for room, holds in row.items()
    ]
    arrows = {room: imported_rooms(room) for _, room, _ in rooms}
    lanes = [room for _, room, _ in rooms if any(room in targets for targets in arrows.values())]
    lane_at = {room: BOX_RIGHT + 34 + LANE * place for place, room in enumerate(lanes)}
    colour = {room: COLOURS[place % len(COLOURS)] for place, room in enumerate(lanes)}
    tops, top = {}, 64
    for _, room, _ in rooms:
        tops[room] = top
        top += (WALL_ROW if room == "model" else ROW) + GAP
    middles = {room: tops[room] + ROW // 2 for _, room, _ in rooms}
    width, height = BOX_RIGHT + 34 + LANE * len(lanes) + 8, top + 40
    body = [
        *_text(LEFT, 34, "biomed_agent: imports point down", 17, bold=True),
        *(line for floor, room, holds in rooms for line in _room(floor, room, holds, tops[room])),
        *(line for room in arrows for line in _outlet(room, arrows[room], middles, lane_at, colour)),
        *(line for room in lanes for line in _lane(room, arrows, middles, lane_at, colour)),
        *_text(
            LEFT, top + 16, "A dot: the room on the left imports the room that the lane's arrow points to.", 13, FAINT
        ),
    ]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" role="img">'
    )
    paper = f'<rect width="{width}" height="{height}" rx="10" fill="{PAPER}"/>'
    return "\n".join([head, "<title>The rooms of biomed_agent by floor</title>", paper, *body, "</svg>"]) + "\n"


def _text(x: int, y: int, words: str, size: int, fill: str = INK, *, bold: bool = False) -> Iterator[str]:
    weight = ' font-weight="600"' if bold else ""
    yield f'<text x="{x}" y="{y}" font-size="{size}"{weight} fill="{fill}">{escape(words)}</text>'


def _room(floor: int, room: str, holds: str, top: int) -> Iterator[str]:
    """Draw a box with its floor; dashed while the folder does not exist."""
    dashes = "" if (PACKAGE / room).is_dir() else ' stroke-dasharray="6 5"'
    height = WALL_ROW if room == "model" else ROW
    yield from _text(LEFT + 8, top + ROW // 2 + 5, str(floor), 15, FAINT)
    yield (
        f'<rect x="{BOX_LEFT}" y="{top}" width="{BOX_RIGHT - BOX_LEFT}" height="{height}" rx="6" fill="{BOX}" '
        f'stroke="{INK}"{dashes}/>'
    )
    yield from _text(BOX_LEFT + 14, top + 24, f"{room}/", 16, bold=True)
    if room != "model":
        yield from _text(BOX_LEFT + 14, top + 45, holds, 13, FAINT)
        return
    wall = BOX_LEFT + 224
    behind = [part for part in holds.split() if part.rstrip("/") not in TORCH_FREE_OF_MODEL]
    yield f'<line x1="{wall}" y1="{top}" x2="{wall}" y2="{top + height}" stroke="{INK}" stroke-width="4"/>'
    yield from _text(BOX_LEFT + 14, top + 48, " ".join(TORCH_FREE_OF_MODEL), 13, FAINT)
    yield from _text(BOX_LEFT + 14, top + 70, "no torch", 13, INK)
    yield from _text(wall + 14, top + 24, "the wall", 13, INK, bold=True)
    yield from _text(wall + 14, top + 48, " ".join(behind), 13, FAINT)
    yield from _text(wall + 14, top + 70, "torch; imported inside functions only", 13, INK)


def _outlet(
    room: str, targets: set[str], middles: dict[str, int], lane_at: dict[str, int], colour: dict[str, str]
) -> Iterator[str]:
    """Draw what leaves a room: one line to the farthest lane, and a dot on each lane it joins."""
    if not targets:
        return
    y = middles[room] + OUT
    yield f'<path d="M{BOX_RIGHT} {y}H{max(lane_at[target] for target in targets)}" stroke="{FAINT}" fill="none"/>'
    for target in sorted(targets, key=lambda name: lane_at[name]):
        yield f'<circle cx="{lane_at[target]}" cy="{y}" r="5" fill="{colour[target]}"/>'


def _lane(
    room: str, arrows: dict[str, set[str]], middles: dict[str, int], lane_at: dict[str, int], colour: dict[str, str]
) -> Iterator[str]:
    """Draw the lane of an imported room, from the highest that imports it down to its arrow."""
    start = min(middles[other] for other, targets in arrows.items() if room in targets) + OUT
    x, y, ink = lane_at[room], middles[room] + IN, colour[room]
    way = f"M{x} {start}V{y - 8}Q{x} {y} {x - 8} {y}H{BOX_RIGHT + 11}"
    yield f'<path d="{way}" stroke="{ink}" stroke-width="2" fill="none"/>'
    yield f'<path d="M{BOX_RIGHT + 1} {y}L{BOX_RIGHT + 12} {y - 5}V{y + 5}Z" fill="{ink}"/>'


if __name__ == "__main__":
    if sys.argv[1:] == ["--draw"]:
        PICTURE.write_text(draw(), encoding="utf-8")
        print(PICTURE)
    else:
        print(table())
