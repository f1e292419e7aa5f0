"""References in docstrings name things that exist."""

from __future__ import annotations

import ast
import builtins
import importlib.util
import re
from pathlib import Path

import pytest

from tests.helpers.places import ROOT

FILES = sorted((ROOT / "biomed_agent").rglob("*.py"))
REFERENCE = re.compile(r":(mod|class|func|data|meth|attr|exc):`~?([\w.]+)`")


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def assigned(node: ast.stmt) -> list[str]:
    """Return the names that a statement defines."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]


def statements(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the statements of a module or class, those under a condition included."""
    nested = [part for node in body if isinstance(node, ast.If | ast.Try) for part in statements(node.body)]
    return [*body, *nested]


def definitions(path: Path) -> set[str]:
    """Return the dotted names that a file defines, members of its classes included."""
    module = module_name(path)
    names = {module}
    for node in statements(ast.parse(path.read_text(encoding="utf-8")).body):
        names |= {f"{module}.{name}" for name in assigned(node)}
        if isinstance(node, ast.ClassDef):
            members = {name for part in statements(node.body) for name in assigned(part)}
            members |= {
                part.attr
                for part in ast.walk(node)
                if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == "self"
            }
            names |= {f"{module}.{node.name}.{member}" for member in members}
    return names


MODULES = {module_name(path) for path in FILES}
KNOWN = MODULES.union(*map(definitions, FILES))


def endings(names: set[str]) -> set[str]:
    """Return what names end with, from a dot on."""
    return {name[place.start() :] for name in names for place in re.finditer(r"\.", name)}


MODULE_ENDINGS, OTHER_ENDINGS = endings(MODULES), endings(KNOWN - MODULES)


def resolves(kind: str, name: str, module: str) -> bool:
    """Whether a reference names something: in full, in the same file, or by the end of a name after a dot."""
    if name.startswith("."):
        return name in (MODULE_ENDINGS if kind == "mod" else OTHER_ENDINGS)
    name = re.sub(r"^biomed_agent\.(?=BioMedAgent\b)", "biomed_agent.answering.agent.", name)
    if name in KNOWN or hasattr(builtins, name):
        return True
    if any(known.startswith(f"{module}.") and known.endswith(f".{name}") for known in KNOWN):
        return kind != "mod"
    root = name.partition(".")[0]
    return root != "biomed_agent" and importlib.util.find_spec(root) is not None


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_reference_names_something(path: Path) -> None:
    references = REFERENCE.findall(path.read_text(encoding="utf-8"))

    assert [name for kind, name in references if not resolves(kind, name, module_name(path))] == []
