"""Builds from dumps of activities: what a file is told by, interrupted builds, the command line."""

from __future__ import annotations

import gzip
import json
import signal
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from biomed_agent.cli import main
from biomed_agent.core.errors import InvalidInput
from biomed_agent.sources.local.activity_dumps.formats import format_of
from biomed_agent.sources.local.build import build_from_dumps
from biomed_agent.sources.local.progress import Progress
from tests.helpers.activities import MAPPING, ROWS, bindingdb, chembl, published, web_csv
from tests.helpers.dumps import built


def tables(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return everything an index holds but when it was built."""
    with closing(sqlite3.connect(path)) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: [row for row in db.execute(f"SELECT * FROM {name}") if row[0] not in ("built", "seconds")]
            for name in names
            if not name.startswith(("article_text", "sqlite_stat"))
        }


def several(folder: Path) -> list[Path]:
    """Write one dump of each kind."""
    (folder / "map.txt").write_text(MAPPING)
    (folder / "own.csv").write_text(
        "smiles,accession,measure,relation,value,unit\nCCO,P00519,Ki,=,1,nM\nCCO,P00519,Ki,=,2,nM\nC1CC,P00519,Ki,=,1,nM\n"
    )
    tables_ = [web_csv(folder / "a.csv"), folder / "map.txt", folder / "own.csv"]
    return [chembl(folder / "c.db"), bindingdb(folder / "b.tsv", numbered=True), *tables_]


class Killed(Exception):
    pass


def test_an_interrupted_build_gives_the_same_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biomed_agent.sources.local.build.BATCH_SIZE", 3)
    files = several(tmp_path)
    (tmp_path / "whole").mkdir()
    whole = build_from_dumps(tmp_path / "whole" / "out.sqlite", activities=files)
    kills, stop, report = 0, 0, None
    while report is None:
        stop, seen = stop + 1, iter(range(10_000))

        def tell(progress: Progress, seen: Iterator[int] = seen, stop: int = stop) -> None:
            if next(seen) == stop % 4 + stop // 8:
                raise Killed

        try:
            report = build_from_dumps(tmp_path / "out.sqlite", activities=files, tell=tell)
        except Killed:
            kills += 1
    assert kills > 8
    assert report.resumed
    assert tables(report.path) == tables(whole.path)
    assert report.skipped == whole.skipped


def test_a_killed_build_goes_on_to_an_equal_index(tmp_path: Path) -> None:
    assays = [20, 22]
    rows: list[tuple[object, ...]] = [
        (number, assays[number % 2], 1, 1, (1, 2, 4, 5)[number % 4], "=", number, "nM", 1, "Kd", None, None, 0, None,
         None, None)
        for number in range(1, 70_001)
    ]  # fmt: skip
    dump = chembl(tmp_path / "c.db", activities=rows)
    (tmp_path / "whole").mkdir()
    whole = build_from_dumps(tmp_path / "whole" / "out.sqlite", activities=[dump])
    out = tmp_path / "out.sqlite"
    command = [sys.executable, "-m", "biomed_agent", "index", "build", "--output", str(out), "--activities", str(dump)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("c.db")  # the first batch is stored
        process.send_signal(signal.SIGKILL)
        assert process.wait(30) == -signal.SIGKILL
    assert not out.exists()
    with closing(sqlite3.connect(f"{out}.partial")) as db:
        [(read,)] = db.execute("SELECT records FROM input")
    assert 0 < read < len(rows)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "it went on where it had stopped" in done.stdout
    assert tables(out) == tables(whole.path)


def test_a_file_is_told_by_what_is_in_it(tmp_path: Path) -> None:
    named = {path.name: format_of(path.rename(path.with_suffix(".dump"))).name for path in several(tmp_path)}
    assert named == {
        "c.db": "ChEMBL 36 SQLite",
        "b.tsv": "BindingDB table",
        "a.csv": "table of ChEMBL's activities",
        "map.txt": "list of ChEMBL's targets",
        "own.csv": "table of activities",
    }


def test_files_of_no_known_kind(tmp_path: Path) -> None:
    database = chembl(tmp_path / "c.db")
    with tarfile.open(tmp_path / "c.tar.gz", "w:gz") as archive:
        archive.add(database)
    (tmp_path / "c.db.gz").write_bytes(gzip.compress(database.read_bytes()))
    (tmp_path / "bytes").write_bytes(bytes(range(256)))
    (tmp_path / "blank").write_text("\n\n")
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04" + b"x" * 40)
    for name, message in (
        ("c.tar.gz", r"is an archive \(tar\)\. Unpack it"),
        ("c.db.gz", "is a packed SQLite file"),
        ("bytes", "is no text, and no SQLite file"),
        ("blank", "holds no text"),
        ("cut.zip", "is cut off or damaged"),
        ("", "is a folder"),
        ("missing", "does not exist"),
    ):
        with pytest.raises(InvalidInput, match=message):
            build_from_dumps(tmp_path / "out.sqlite", activities=[tmp_path / name])
    assert not list(tmp_path.glob("out*"))


def test_the_shipped_records_take_values_of_their_molecules_and_proteins(tmp_path: Path) -> None:
    files = [chembl(tmp_path / "c.db"), bindingdb(tmp_path / "b.tsv", numbered=False)]
    index, report = built(tmp_path, activities=files, starter=True)
    [(imatinib, _)] = [pair for pair in index.molecules_named("imatinib") if pair[0].name == "imatinib"]
    kit = index.protein_by_accession("P10721")
    assert kit is not None
    assert len(kit.sequence) == 976  # the shipped one
    mutant = [fact for fact in published(index, imatinib, kit) if fact.measurement and fact.measurement.variant]
    assert [(fact.value, fact.measurement.variant) for fact in mutant if fact.measurement] == [(7.0, "V559D")]
    assert [skipped[1] for skipped in report.skipped if skipped[0] == "b.tsv"] == [
        "a target of several chains",
        "a target without an accession",
        "no value",
    ]
    assert index.molecule_by_id("chembl", "CHEMBL941") == imatinib


def test_the_command_says_what_was_kept_and_what_was_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "mine.sqlite"
    files = [str(path) for path in several(tmp_path)]
    assert main(["index", "build", "--output", str(out), "--activities", *files]) == 0
    said = capsys.readouterr()
    assert "14 measured values" in said.out
    assert "10 rows of c.db not kept:" in said.out
    assert "          1  target type CELL-LINE" in said.out
    assert "1 row of own.csv not kept:" in said.out
    assert "own.csv:4: the SMILES 'C1CC' cannot be read" in said.err
    assert main(["index", "info", str(out)]) == 0
    assert "of c.db: target type PROTEIN COMPLEX" in capsys.readouterr().out
    assert main(["index", "build", "--output", str(out), "--activities", *files, "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert plain["counts"]["activity"] == 14
    assert {"file": "c.db", "reason": "target type CELL-LINE", "records": 1} in plain["skipped"]


def test_many_reasons_are_summed_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(ROWS["activities"])
    rows += [
        (100 + number, 20, 1, 1, 1, "=", 1, f"unit{number}", 1, "Kd", None, None, 0, None, None, None)
        for number in range(20)
    ]
    dump = chembl(tmp_path / "c.db", activities=rows)
    assert main(["index", "build", "--output", str(tmp_path / "x.sqlite"), "--activities", str(dump)]) == 0
    assert "21  for 21 other reasons" in capsys.readouterr().out
