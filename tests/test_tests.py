"""Tests that could not fail: the shapes of them that can be seen in the source."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
FILES = {path.relative_to(TESTS).as_posix(): path for path in sorted(TESTS.rglob("*.py"))}
MODULES = {
    ".".join(path.relative_to(TESTS.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for folder in ("biomed_agent", "tests")
    for path in (TESTS.parent / folder).rglob("*.py")
}
RAISES = ("pytest.raises", "pytest.warns", "pytest.deprecated_call")

Rule = Callable[[ast.AST], Iterator[tuple[int, str]]]


def is_call_of(node: ast.AST, names: tuple[str, ...]) -> bool:
    """Return whether a node calls one of these functions."""
    return isinstance(node, ast.Call) and ast.unparse(node.func) in names


def is_one_statement(body: list[ast.stmt]) -> bool:
    """Return whether a block is one plain statement, or one inside ``with``, whose end may raise as well."""
    if len(body) == 1 and isinstance(body[0], ast.With | ast.AsyncWith):
        return is_one_statement(body[0].body)
    return len(body) == 1 and not hasattr(body[0], "body")


def is_always_true(node: ast.expr) -> bool:
    """Return whether an expression is true whatever the code under test does."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        return any(map(is_always_true, node.values))
    if isinstance(node, ast.Constant):
        return bool(node.value)
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return bool(node.elts)
    return isinstance(node, ast.GeneratorExp | ast.Lambda)


def blocks_that_raise(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield blocks in which something follows, or may follow, the line that raises."""
    for node in ast.walk(tree):
        if isinstance(node, ast.With | ast.AsyncWith):
            expected = any(is_call_of(item.context_expr, RAISES) for item in node.items)
            if expected and not is_one_statement(node.body):
                yield node.lineno, "more than one statement where an error is expected: what follows it never runs"


def assertions_that_hold(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield assertions that are true whatever the code under test does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and is_always_true(node.test):
            yield node.lineno, "this is always true"
        if not isinstance(node, ast.Compare):
            continue
        for left, operator, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
            if isinstance(operator, ast.In) and isinstance(left, ast.Constant) and left.value == "":
                yield node.lineno, "the empty text is in every text"
            called = any(isinstance(part, ast.Call | ast.Await) for part in ast.walk(left))
            if isinstance(operator, ast.Eq | ast.LtE | ast.GtE) and ast.dump(left) == ast.dump(right) and not called:
                yield node.lineno, "a value is compared with itself"


def choices_with_nothing(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield ``x in (*values, "")``: a row that says nothing passes whatever the values are."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In):
            choices = getattr(node.comparators[0], "elts", [])
            empty = any(isinstance(choice, ast.Constant) and choice.value in ("", None) for choice in choices)
            if empty and any(isinstance(choice, ast.Starred) for choice in choices):
                yield node.lineno, "nothing is among the values allowed"


def tables_without_rows(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield parametrized tests that are given no row."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and is_call_of(node, ("pytest.mark.parametrize",)):
            rows = node.args[1] if len(node.args) > 1 else None
            if isinstance(rows, ast.List | ast.Tuple) and not rows.elts:
                yield node.lineno, "no row, no test"


def hidden_tests(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield definitions that a later one of the same name replaces, and tests that nobody collects."""
    assert isinstance(tree, ast.Module)
    for body in (tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))):
        functions = [node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        names = Counter(function.name for function in functions)
        for function in functions:
            if names[function.name] > 1:
                yield function.lineno, f"{function.name} is defined twice; only the last one runs"
            for node in ast.walk(function):
                if isinstance(node, ast.FunctionDef) and node is not function and node.name.startswith("test_"):
                    yield node.lineno, "a test inside a function is not collected"


def programs_of_old_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield programs held in a text, for a process of its own, that import what is not there."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str) and "import" in node.value):
            continue
        try:
            program = ast.parse(node.value)
        except SyntaxError:  # ordinary words, or the start of a program
            continue
        for module, name in imports_of(program):
            if module.partition(".")[0] in ("biomed_agent", "tests") and not is_there(module, name):
                yield node.lineno, f"a program in this text imports {f'{module}.{name}'.strip('.')}, which is not there"


def imports_of(program: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield module and name of every import; the name is empty where the module itself is imported."""
    for node in ast.walk(program):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


def is_there(module: str, name: str) -> bool:
    """Return whether one of our modules exists and has this name, as far as its source tells."""
    if module not in MODULES:
        return False
    if not name or f"{module}.{name}" in MODULES:
        return True
    return not names_of(module).isdisjoint({name, "__getattr__"})


@cache
def names_of(module: str) -> frozenset[str]:
    """Return the names that a module's source binds anywhere."""
    names = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
    return frozenset(names)


RULES: tuple[Rule, ...] = (
    blocks_that_raise, assertions_that_hold, choices_with_nothing, tables_without_rows, hidden_tests,
    programs_of_old_names,
)  # fmt: skip


def complaints(source: str) -> list[str]:
    """Return what is wrong with the tests of one file, by line."""
    tree = ast.parse(source)
    return [f"{line}: {reason}" for line, reason in sorted(complaint for rule in RULES for complaint in rule(tree))]


@pytest.mark.parametrize("name", FILES)
def test_every_test_can_fail(name: str) -> None:
    assert complaints(FILES[name].read_text(encoding="utf-8")) == []


def test_every_file_with_tests_is_collected() -> None:
    found = {name for name, path in FILES.items() if re.search(r"^(async )?def test_", path.read_text("utf-8"), re.M)}
    assert found
    assert {name for name in found if not Path(name).name.startswith("test_")} == set()


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("with pytest.raises(ValueError):\n    f()\n    assert g()", "1: more than one statement"),
        ("with pytest.raises(ValueError):\n    for x in y:\n        f(x)", "1: more than one statement"),
        ("with opened() as file, pytest.raises(ValueError):\n    f()\n    g()", "1: more than one statement"),
        ("with pytest.raises(ValueError):\n    with opened():\n        f()\n        g()", "1: more than one statement"),
        ("assert (f(), 'f is false')", "1: this is always true"),
        ("assert f() or True", "1: this is always true"),
        ("assert (x for x in y)", "1: this is always true"),
        ("assert '' in text", "1: the empty text is in every text"),
        ("assert value.name == value.name", "1: a value is compared with itself"),
        ("assert predicate in (*predicates, '')", "1: nothing is among the values allowed"),
        ("@pytest.mark.parametrize('x', [])\ndef test_x(x): f(x)", "1: no row, no test"),
        ("def test_x(): f()\ndef test_x(): g()", "1: test_x is defined twice"),
        ("def make():\n    def test_x(): f()", "2: a test inside a function"),
        (
            "CODE = 'from biomed_agent.core import nothing'",
            "1: a program in this text imports biomed_agent.core.nothing",
        ),
        ("CODE = 'import biomed_agent.nowhere'", "1: a program in this text imports biomed_agent.nowhere"),
    ],
)
def test_the_rules_see_what_they_are_for(source: str, complaint: str) -> None:
    assert complaints(source)[0].startswith(complaint)


@pytest.mark.parametrize(
    "source",
    [
        "with pytest.raises(ValueError):\n    f()",
        "with opened() as file:\n    f()\n    g()",
        "with pytest.raises(ValueError):\n    with opened():\n        f()",
        "assert f() or g()",
        "assert draw(seed=1) == draw(seed=1)",
        "assert '' not in places",
        "assert word in ('', 'a')",
        "CODE = 'from biomed_agent.core.errors import NotFound'",
        "CODE = 'from  biomed_agent.errors  import  NotFound'",  # an old path, which still works
        "CODE = 'from biomed_agent.core import errors'",
        "class TestA:\n    def test_x(self): f()\nclass TestB:\n    def test_x(self): f()",
    ],
)
def test_the_rules_leave_alone_what_can_fail(source: str) -> None:
    assert complaints(source) == []
