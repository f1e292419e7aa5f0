"""Building an index from dumps: interrupted, refused, told at the command line."""

from __future__ import annotations

import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from biomed_agent.cli import main
from biomed_agent.core.errors import InvalidInput
from biomed_agent.sources.local import LocalIndex
from biomed_agent.sources.local.build import build_from_dumps
from biomed_agent.sources.local.files import open_file
from biomed_agent.sources.local.progress import Progress
from tests.helpers.dumps import ARTICLES, FLAT, built, packed, pubchem, pubmed

# -- going on


class Killed(Exception):
    pass


def test_a_build_goes_on_where_it_was_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biomed_agent.sources.local.build.BATCH_SIZE", 2)
    monkeypatch.setattr("biomed_agent.sources.local.build.ARTICLE_BATCH_SIZE", 1)
    (tmp_path / "p.dat").write_text(FLAT)
    given: dict[str, Any] = {
        "molecules": pubchem(tmp_path),
        "proteins": [tmp_path / "p.dat"],
        "articles_in": [pubmed(tmp_path / "a.xml", *ARTICLES)],
    }
    whole = built(tmp_path / "whole", **given)[0]
    steps: list[Progress] = []
    kills = 0
    for stop in range(1, 60):

        def tell(progress: Progress, stop: int = stop) -> None:
            steps.append(progress)
            if len(steps) % stop == 0:
                raise Killed

        steps.clear()
        try:
            report = build_from_dumps(tmp_path / "out.sqlite", tell=tell, **given)
            break
        except Killed:
            kills += 1
    assert kills > 5
    assert report.resumed
    index = LocalIndex([open_file(report.path)])
    skipped = ("built", "seconds")
    [mine], [theirs] = index.stats()["files"], whole.stats()["files"]
    assert {key: value for key, value in mine.items() if key not in skipped} == {
        key: value for key, value in theirs.items() if key not in skipped
    }
    assert [entity.handle for entity, _ in index.molecules_named("aspirin")] == ["CID:2244"]
    assert len(index.articles("aspirin").articles) == 3


def test_a_build_goes_on_when_it_was_killed_just_before_the_end(tmp_path: Path) -> None:
    def tell(progress: Progress) -> None:
        if progress.doing.startswith("analysing"):
            raise Killed

    files = pubchem(tmp_path)
    with pytest.raises(Killed):
        built(tmp_path, molecules=files, tell=tell)
    with pytest.raises(InvalidInput, match=r"does not exist\. Its build was interrupted"):
        open_file(tmp_path / "out.sqlite")
    with pytest.raises(InvalidInput, match="is an index that is not finished"):
        open_file(tmp_path / "out.sqlite.partial")
    index, report = built(tmp_path, molecules=files)
    assert report.resumed
    assert [entity.handle for entity, _ in index.molecules_named("aspirin")] == ["CID:2244"]


def test_a_killed_build_leaves_no_process(tmp_path: Path) -> None:
    lines = [f"{number}\t{'CCN' * (number % 40 + 1)}" for number in range(1, 8_000)]
    file = packed(tmp_path / "CID-SMILES.gz", lines)
    command = [sys.executable, "-m", "biomed_agent", "index", "build", "--output", str(tmp_path / "x.sqlite")]
    with subprocess.Popen(
        [*command, "--molecules", str(file)], stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr is not None
        while not process.stderr.readline().startswith("InChIKeys"):
            assert process.poll() is None
        process.kill()
        process.wait(30)
        limit = time.monotonic() + 20
        while alive(process.pid) and time.monotonic() < limit:
            time.sleep(0.2)
        assert not alive(process.pid)


def alive(group: int) -> bool:
    """Return whether some process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_file_that_was_cut_off_is_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biomed_agent.sources.local.build.BATCH_SIZE", 2)
    monkeypatch.setattr("biomed_agent.sources.local.build.ARTICLE_BATCH_SIZE", 1)
    files: dict[str, Any] = {
        "molecules": pubchem(tmp_path),
        "articles_in": [pubmed(tmp_path / "a.xml.gz", ARTICLES[0]), pubmed(tmp_path / "b.xml.gz", *ARTICLES[1:])],
    }
    whole = built(tmp_path / "whole", **files)[0]
    for name in ("CID-Synonym-filtered.gz", "b.xml.gz"):
        path = tmp_path / name
        text = gzip.decompress(path.read_bytes())
        bad = b"no tab\n" if name.startswith("CID") else b""
        path.write_bytes(gzip.compress(bad + text[: len(text) * 9 // 10]) + gzip.compress(b"y" * 99)[:-9])
        with pytest.raises(InvalidInput, match=rf"{name} is cut off or damaged.*goes on with it"):
            build_from_dumps(tmp_path / "out.sqlite", **files)
        path.write_bytes(gzip.compress(text))
    read: list[str] = []
    report = build_from_dumps(tmp_path / "out.sqlite", tell=lambda progress: read.append(progress.doing), **files)
    assert report.resumed
    assert [name for name in dict.fromkeys(read) if name.endswith(".gz")] == ["b.xml.gz"]
    index = LocalIndex([open_file(report.path)])
    [mine], [theirs] = index.stats()["files"], whole.stats()["files"]
    others = ("built", "digest")  # the files have another time
    assert {key: value for key, value in mine.items() if key not in others} == {
        key: value for key, value in theirs.items() if key not in others
    }
    assert report.bad == 0
    assert len(index.articles("aspirin").articles) == 3
    assert [entity.handle for entity, _ in index.molecules_named("acetylsalicylic acid")] == ["CID:2244"]


def test_a_table_without_numbers_of_its_own_begins_anew_when_it_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("biomed_agent.sources.local.build.BATCH_SIZE", 1)
    table = tmp_path / "mine.csv.gz"
    whole = gzip.compress(b"name,smiles\nmethane,C\nethane,CC\npropane,CCC\n")
    table.write_bytes(gzip.compress(b"name,smiles\nmethane,C\nethane,CC\n") + whole[:-9])
    with pytest.raises(InvalidInput, match="cut off"):
        built(tmp_path, molecules=[table])
    table.write_bytes(gzip.compress(b"name,smiles\npropane,CCC\nethane,CC\n"))
    index, report = built(tmp_path, molecules=[table])
    assert not report.resumed
    assert index.molecules_named("methane") == []
    assert [molecule.smiles for molecule, _ in index.molecules_named("propane")] == ["CCC"]


def test_two_builds_of_one_file(tmp_path: Path) -> None:
    files = pubchem(tmp_path)
    refused: list[str] = []

    def tell(progress: Progress) -> None:
        for restart in (False, True):
            with pytest.raises(InvalidInput, match="is being written by another build") as caught:
                build_from_dumps(tmp_path / "out.sqlite", molecules=files, restart=restart)
            refused.append(caught.value.message)

    _, report = built(tmp_path, molecules=files, tell=tell)
    assert refused
    assert report.counts["molecule"] == 4


def test_what_is_no_index_is_not_replaced(tmp_path: Path) -> None:
    files = pubchem(tmp_path)
    text, foreign = tmp_path / "notes.txt", tmp_path / "foreign.sqlite"
    text.write_text("my notes")
    with closing(sqlite3.connect(foreign)) as db:
        db.execute("CREATE TABLE meta (key, value)")
    (tmp_path / "file").touch()
    for output, message in (
        (text, "is no index, and is not replaced"),
        (foreign, "is no index, and is not replaced"),
        (files[0], "is one of the dumps"),
        (tmp_path, "is a folder"),
        (tmp_path / "file" / "x.sqlite", "cannot be made"),
    ):
        before = output.read_bytes() if output.is_file() else b""
        with pytest.raises(InvalidInput, match=message):
            build_from_dumps(output, molecules=files)
        assert not output.is_file() or output.read_bytes() == before
    build_from_dumps(tmp_path / "out.sqlite", molecules=files)
    build_from_dumps(tmp_path / "out.sqlite", molecules=files[:1])  # an index is


def test_a_dump_of_which_nothing_can_be_used_leaves_no_file(tmp_path: Path) -> None:
    file = packed(tmp_path / "CID-SMILES.gz", ["junk"] * 20_001)
    with pytest.raises(
        InvalidInput, match=r"none of the first 20,000 records of .*CID-SMILES\.gz can be used; line 1:"
    ):
        built(tmp_path, molecules=[file])
    assert [path.name for path in tmp_path.iterdir()] == ["CID-SMILES.gz"]


def test_a_full_disk_is_said_and_the_build_goes_on(tmp_path: Path) -> None:
    file = packed(tmp_path / "CID-SMILES.gz", [f"{number}\t{'C' * (number % 50 + 1)}" for number in range(1, 60_000)])
    keys = packed(tmp_path / "CID-InChI-Key.gz", [f"{number}\tx\tBAD" for number in range(1, 3)])
    command = (
        f"ulimit -f 1500; exec {sys.executable} -m biomed_agent index build --output {tmp_path}/x.sqlite --molecules"
    )
    done = subprocess.run(["bash", "-c", f"{command} {file} {keys}"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "x.sqlite.partial cannot be written" in done.stderr
    assert "goes on where it stopped" in done.stderr


def test_a_damaged_partial_file_says_how_to_begin_anew(tmp_path: Path) -> None:
    files = pubchem(tmp_path)

    def tell(progress: Progress) -> None:
        raise Killed

    with pytest.raises(Killed):
        built(tmp_path, molecules=files, tell=tell)
    partial = tmp_path / "out.sqlite.partial"
    whole = partial.read_bytes()
    with closing(sqlite3.connect(partial)) as db:
        [(page,)] = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'raw_molecule'")
        [(size,)] = db.execute("PRAGMA page_size")
    start = (page - 1) * size
    partial.write_bytes(whole[:start] + b"\xff" * size + whole[start + size :])
    with pytest.raises(InvalidInput, match=r"is damaged: .*--restart"):
        built(tmp_path, molecules=files)
    assert built(tmp_path, molecules=files, restart=True)[1].counts["molecule"] == 4


def test_other_files_begin_anew(tmp_path: Path) -> None:
    files = pubchem(tmp_path)
    (tmp_path / "out.sqlite.partial").write_bytes(b"of something else")
    _, report = built(tmp_path, molecules=files)
    assert not report.resumed


# -- at the command line


def test_build_info_and_find(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "mine.sqlite"
    files = [str(path) for path in pubchem(tmp_path)]
    bad = packed(tmp_path / "CID-Synonym-unfiltered.gz", ["no tab"])
    command = ["index", "build", "--output", str(out), "--molecules", *files, str(bad)]
    assert main([*command, "--articles", str(pubmed(tmp_path / "a.xml", *ARTICLES))]) == 0
    output = capsys.readouterr()
    assert "4 molecules" in output.out
    assert "CID-Synonym-unfiltered.gz:1" in output.err
    assert "1 record left out" in output.out
    assert f"set BIOMED_AGENT_INDEX={out}" in output.out
    monkeypatch.setenv("BIOMED_AGENT_INDEX", str(out))
    assert main(["index", "info", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)["files"][0]
    assert (first["molecule"], first["article"], first["rejected"]) == (4, 4, 1)
    asked = ["ask", "What do papers say about aspirin and colorectal cancer?", "--offline", "--model", "none", "--json"]
    assert main(asked) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["kind"] == "literature"
    assert "Aspirin lowered the risk of colorectal cancer in 100 patients." in [
        passage["text"] for passage in answer["evidence"]
    ]
    assert all(passage["article"]["pmid"] != "13" for passage in answer["evidence"])  # retracted
    assert answer["egress"] == []


def test_info_of_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build_from_dumps(tmp_path / "one.sqlite", molecules=pubchem(tmp_path))
    build_from_dumps(
        tmp_path / "two.sqlite", molecules=[packed(tmp_path / "CID-SMILES.gz", ["1\tC", "2\tC1CC", "junk"])]
    )
    first, two = str(tmp_path / "one.sqlite"), str(tmp_path / "two.sqlite")
    assert main(["index", "info", first, two, "--json"]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert [(file["file"], file["molecule"], file["rejected"]) for file in files] == [(first, 4, 0), (two, 1, 2)]
    assert main(["index", "info", two, "--rejected"]) == 0
    output = capsys.readouterr().out
    assert output.startswith(f"{two}\n")
    assert "starter set" not in output
    assert "verified" not in output  # nothing to say
    assert "left out: CID-SMILES.gz:2: the SMILES 'C1CC' cannot be read" in output
    assert "left out: CID-SMILES.gz:3: expected a CID" in output
    assert main(["index", "info"]) == 0
    assert capsys.readouterr().out.startswith("starter set\n")


@pytest.mark.parametrize(
    ("name", "message"),
    [("missing.sqlite", "does not exist. Build one"), ("", "is a folder"), ("text.csv", "is not a biomed_agent index")],
)
def test_info_of_what_is_no_index(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, message: str) -> None:
    (tmp_path / "text.csv").write_text("a,b\n" * 100)
    assert main(["index", "info", str(tmp_path / name)]) == 2
    assert message in capsys.readouterr().err


def test_build_without_anything_is_bad_input(tmp_path: Path) -> None:
    assert main(["index", "build", "--output", str(tmp_path / "x.sqlite")]) == 2


def test_an_interrupted_command_says_how_to_go_on(tmp_path: Path) -> None:
    lines = [f"{number}\t{'C' * (number % 30 + 1)}" for number in range(1, 100_000)]
    file = packed(tmp_path / "CID-SMILES.gz", lines)
    command = [sys.executable, "-m", "biomed_agent", "index", "build", "--output", str(tmp_path / "x.sqlite")]

    def hear() -> None:  # a shell lets what it starts in the background ignore Ctrl-C, and children inherit that
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    with subprocess.Popen(
        [*command, "--molecules", str(file)], stderr=subprocess.PIPE, text=True, preexec_fn=hear
    ) as process:
        assert process.stderr is not None
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        errors = process.stderr.read()
        assert process.wait(30) == 130
    assert "same command" in errors
