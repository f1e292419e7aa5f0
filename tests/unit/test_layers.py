"""The walls of the house: arrows point down, and the client side carries no model library."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "biomed_agent"
FLOORS = (
    {"types", "errors", "settings", "credentials"},
    {"transport", "exchange", "routes", "cache", "egress", "disclosure", "pace", "breaker", "services"},
    {
        "sources",
        "chemistry",
        "groups",
        "druglikeness",
        "kinship",
        "hazards",
        "sdf",
        "inputs",
        "variants",
        "question",
        "prompt",
        "pairs",
        "generator",
        "rouge",
        "samples",
    },
    {
        "resolve",
        "choice",
        "mentions",
        "relatives",
        "literature",
        "shelves",
        "deposited",
        "gaps",
        "retrieve",
        "check",
        "building",
        "model",
    },
    {"agent", "answering", "draft", "lookups", "compose", "opinion"},
    {"tools", "cli", "render", "__main__"},
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# Lazy imports that point up on purpose: an Answer draws itself, and the engine lives beside the client.
ALLOWED_UP = {("types", "render"), ("generator", "model")}
HEAVY = ("torch", "transformers", "esm", "peft", "accelerate", "sentencepiece")


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    """Rooms of this package that a file imports at run time, lazily or not (type checking does not count)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    rooms = set()
    depth = len(path.relative_to(PACKAGE).parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = (node.module or "").split(".")
            if node.level == depth:
                rooms |= {module[0]} if module[0] else {alias.name for alias in node.names}
            elif node.level == 0 and module[0] == "biomed_agent" and module[1:]:
                rooms.add(module[1])
    return rooms & set(FLOOR)


FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py" or path.parent != PACKAGE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_arrows_point_down(path: Path) -> None:
    room = room_of(path)
    assert room in FLOOR, f"{room} has no floor: give it one here and in CONTRIBUTING.md"
    up = {other for other in imported_rooms(path) if FLOOR[other] > FLOOR[room]}
    assert up <= {other for this, other in ALLOWED_UP if this == room}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_engine_side_imports_the_model_side(path: Path) -> None:
    if room_of(path) not in ("model", "generator", "cli"):
        assert "model" not in imported_rooms(path)


@pytest.mark.parametrize(
    "module",
    [
        "biomed_agent",
        "biomed_agent.tools",
        "biomed_agent.agent",
        "biomed_agent.answering",
        "biomed_agent.cli",
        "biomed_agent.model",
    ],
)
def test_the_client_side_loads_no_model_library(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_the_package_loads_next_to_nothing() -> None:
    heavy = (*HEAVY, "rdkit", "httpx", "numpy", "pydantic", "langchain_core")
    code = f"import sys, biomed_agent.cli; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
