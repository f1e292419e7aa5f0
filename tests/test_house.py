"""The walls of the house: imports point down, no circle, and the client side carries no model library."""

from __future__ import annotations

import ast
import runpy
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "biomed_agent"
HOUSE = runpy.run_path(str(ROOT / "scripts" / "house.py"))
FLOOR: dict[str, int] = HOUSE["floors"]()
HEAVY = ("torch", "transformers", "esm", "peft", "accelerate", "sentencepiece")
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


def room_of(module: str) -> str:
    """Return the folder of the package in which a module stands, or the name of a file in its root."""
    return [*module.split("."), "__init__"][1]


@cache
def imports_of(module: str) -> frozenset[str]:
    """Return the modules of this package that a module imports: at load time, lazily, or for types only."""
    named = set()
    for node in ast.walk(ast.parse(FILES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are written in full (from biomed_agent... import ...)"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                named.add(full if full in FILES else str(node.module))
        elif isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
    return frozenset(named & set(FILES)) - {module}


def test_every_folder_has_a_floor_and_every_other_file_is_known() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir()} - {"__pycache__", "data"}
    assert folders <= set(FLOOR)
    files = {path.stem for path in PACKAGE.glob("*.py")}
    assert files == {*HOUSE["DOORS"], *HOUSE["ALIASES"]}


@pytest.mark.parametrize("module", FILES)
def test_imports_point_down(module: str) -> None:
    room = room_of(module)
    if room in HOUSE["ALIASES"]:
        return
    highest = FLOOR[HOUSE["DOORS"][room]] if room in HOUSE["DOORS"] else FLOOR[room] - 1
    imported = {room_of(other) for other in imports_of(module)} - {room}
    assert not imported - set(FLOOR), "nothing imports the face of the package, its door or an alias"
    assert {other for other in imported if FLOOR[other] > highest} == set()


def circles(arrows: dict[str, set[str]]) -> list[set[str]]:
    """Return the sets of nodes that lead to one another."""
    reached = {node: set(targets) for node, targets in arrows.items()}
    for middle in arrows:
        for node in arrows:
            if middle in reached[node]:
                reached[node] |= reached[middle]
    return [{node} | {one for one in reached[node] if node in reached[one]} for node in arrows if node in reached[node]]


def test_no_circle_closes_even_by_lazy_or_type_only_imports() -> None:
    arrows = {module: set(imports_of(module)) for module in FILES if room_of(module) not in HOUSE["DOORS"]}
    arrows = {module: targets & set(arrows) for module, targets in arrows.items()}
    assert circles(arrows) == []


def test_the_circle_finder_finds_circles() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert {"a", "b", "c"} in circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})


def test_contributing_prints_the_table() -> None:
    assert HOUSE["table"]() in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "module",
    [
        "biomed_agent",
        "biomed_agent.tools",
        "biomed_agent.answering.agent",
        "biomed_agent.answering.pipeline",
        "biomed_agent.cli",
        "biomed_agent.model",
        *(f"biomed_agent.model.{name}" for name in HOUSE["TORCH_FREE_OF_MODEL"]),
        *(module for module in FILES if module.startswith("biomed_agent.model.contract.")),
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


def test_an_old_path_works_and_warns() -> None:
    code = """
import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    from biomed_agent.errors import NotFound
    from biomed_agent.generator import EMBEDDED, Options
    from biomed_agent.prompt import user_message
    from biomed_agent.types import Answer
from biomed_agent import core, model
assert EMBEDDED is model.EMBEDDED and user_message is model.user_message
assert {str(one.category.__name__) for one in caught} == {"DeprecationWarning"}
print(*(str(one.message).partition(" ")[0] for one in caught))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {
        "biomed_agent.errors.NotFound",
        "biomed_agent.generator.EMBEDDED",
        "biomed_agent.generator.Options",
        "biomed_agent.prompt.user_message",
        "biomed_agent.types.Answer",
    }


def test_nothing_here_imports_a_deprecated_path() -> None:
    for module in FILES:
        assert not imports_of(module) & {f"biomed_agent.{alias}" for alias in HOUSE["ALIASES"]}
    old = tuple(f"biomed_agent.{alias} import" for alias in HOUSE["ALIASES"])
    texts = [
        path for folder in ("benchmarks", "docs", "examples", "scripts", "tests") for path in (ROOT / folder).rglob("*")
    ]
    for path in [ROOT / "README.md", *texts]:
        if path.suffix in (".py", ".md") and path != Path(__file__):
            assert not any(name in path.read_text(encoding="utf-8") for name in old), path
