"""The dumps that ``benchmarks/bench_index.py`` makes: whole, and such that a build takes them."""

from __future__ import annotations

import gzip
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from biomed_agent.core.chemistry.structures import molecule_from_smiles
from biomed_agent.sources.local import LocalIndex
from biomed_agent.sources.local.build import build_from_dumps
from biomed_agent.sources.local.files import open_file
from tests.helpers.places import ROOT

BENCHMARKS = ROOT / "benchmarks"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location("bench_index", BENCHMARKS / "bench_index.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    few = [{"smiles": smiles} for smiles in ("CCO", "c1ccccc1", "O=C=O", "[Na+].[Cl-]")]
    monkeypatch.setattr(module, "read_table", lambda folder, name: iter(few))
    return module


def values(path: Path) -> list[str]:
    return [line.split("\t")[-1] for line in gzip.decompress(path.read_bytes()).decode().splitlines()]


def test_molecules_are_genuine_and_their_keys_distinct(
    bench: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "SAMPLE_SIZE", 10)
    monkeypatch.setattr("biomed_agent.sources.local.structures.SAMPLE_SIZE", 10)
    paths = bench.make_molecules(tmp_path, 60)
    structures, keys = values(paths[0]), values(paths[1])
    assert len(set(structures)) == len(set(keys)) == 60
    assert all(re.fullmatch(r"[A-Z]{14}-[A-Z]{10}-[A-Z]", key) for key in keys)
    computed = [molecule_from_smiles(smiles).inchikey for smiles in structures]
    assert [number for number in range(60) if computed[number] == keys[number]] == list(range(0, 60, 6))
    report = build_from_dumps(tmp_path / "out.sqlite", molecules=paths)
    assert report.counts["molecule"] == 60
    assert report.verified.startswith("10 of 60 structures with a stated InChIKey were read: 10 have that key")
    assert len(LocalIndex([open_file(report.path)]).handles(keys)) == 60
    written = [path.stat().st_mtime_ns for path in paths]
    assert [path.stat().st_mtime_ns for path in bench.make_molecules(tmp_path, 60)] == written  # not made again


def test_more_molecules_than_can_be_varied(bench: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"--rows can be \d+ at most"):
        bench.make_molecules(tmp_path, 5_000)
    assert not list(tmp_path.glob("*.gz"))


def test_dumps_that_are_cut_off_are_made_again(
    bench: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(smiles: str) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(bench, "key_like", stopped)
        patched.setattr(bench, "SAMPLE_SIZE", 2)
        with pytest.raises(KeyboardInterrupt):
            bench.make_molecules(tmp_path, 8)
    assert not list(tmp_path.glob("*.gz"))
    assert [len(values(path)) for path in bench.make_molecules(tmp_path, 8)] == [8, 8, 8, 16]


def test_articles_are_as_many_and_as_long_as_asked(
    bench: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "BATCH_SIZE", 20)
    path = bench.make_articles(tmp_path, 50)
    report = build_from_dumps(tmp_path / "out.sqlite", articles_in=[path])
    assert report.counts["article"] == 50
    rows = open_file(report.path).execute("SELECT title, abstract, year FROM article ORDER BY id").fetchall()
    assert {(len(title.split()), len(abstract.split())) for title, abstract, _ in rows} == {(10, 150)}
    assert (rows[0][2], rows[-1][2]) == (1980, 2020)
    words = [word for _, abstract, _ in rows for word in abstract.rstrip(".").split()]
    share = words.count(bench.word(0)) / len(words)
    assert 0.06 < share < 0.11  # 1 / H(100,000) = 0.083, by Zipf's law
