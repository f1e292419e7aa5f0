"""The questions of ``benchmarks/bench_reading.py``: many, apart from each other, the same at every call, and read."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from biomed_agent.answering.reading.reader import Reading
from biomed_agent.sources.local import LocalIndex
from tests.helpers.places import ROOT

BENCHMARKS = ROOT / "benchmarks"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location("bench_reading", BENCHMARKS / "bench_reading.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_questions_are_many_and_the_same_at_every_call(bench: ModuleType) -> None:
    asked = bench.questions(1_000)
    assert asked == bench.questions(1_000)
    assert len(set(asked)) > 990
    assert not any(
        "{" in question for question, template in zip(asked, bench.TEMPLATES, strict=False) if "{" not in template
    )


def test_most_questions_become_a_query_and_of_all_frames(bench: ModuleType, cache_dir: Path) -> None:
    asked = bench.questions(3 * len(bench.TEMPLATES))
    with LocalIndex.open(cache_dir) as index:
        clauses = [clause for question in asked for clause in Reading(question, index).clauses()]
    queries = [clause.query for clause in clauses if clause.query is not None and not clause.unread]
    assert len(queries) > 0.8 * len(clauses)
    frames = {query.frame for query in queries}
    assert frames >= {
        "value",
        "describe",
        "count",
        "is_a",
        "relation",
        "list",
        "compare",
        "similar",
        "contains",
        "papers",
    }
