"""The plan of the house: which folder may import which. Prints the table of CONTRIBUTING.md.

Usage:
    python scripts/house.py
"""

from __future__ import annotations

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
TORCH_FREE_OF_MODEL = ("contract", "connect", "local", "remote")
"""what of ``model`` the client side imports when it is loaded; the rest is imported inside functions"""


def floors() -> dict[str, int]:
    """Return the floor of every room, 1 for the lowest."""
    return {room: number for number, rooms in enumerate(FLOORS, 1) for room in rooms}


def table() -> str:
    """Return the rooms as the table that CONTRIBUTING.md prints, the highest floor first."""
    rows = ["| floor | room | holds |", "|---|---|---|"]
    for number, rooms in reversed(list(enumerate(FLOORS, 1))):
        rows += [f"| {number} | `{room}/` | {holds} |" for room, holds in rooms.items()]
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
