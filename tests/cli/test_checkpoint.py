"""``checkpoint import``, ``inspect`` and ``verify``: what they print, and with which exit code they end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from biomed_agent.cli import main
from tests.helpers.places import GOLDEN
from tests.model.checkpoints.test_conversion import PTH

FOLDERS = ("--lm", str(GOLDEN / "llm"), "--esm", str(GOLDEN / "esm"))


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """An imported checkpoint."""
    assert main(["checkpoint", "import", str(PTH), *FOLDERS, "--output", str(tmp_path / "m"), "--quiet"]) == 0
    capsys.readouterr()
    return tmp_path / "m"


def test_import_prints_a_summary_and_writes_the_whole_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    options = ("--output", str(tmp_path / "m"), "--name", "mine", "--dtype", "bfloat16", "--report", str(report))
    assert main(["checkpoint", "import", str(PTH), *FOLDERS, *options]) == 0
    out, err = capsys.readouterr()
    written = json.loads(report.read_text(encoding="utf-8"))
    outcomes = [line.split() for line in out.splitlines()]
    assert ["taken", str(len(written["taken"]))] in [words[:2] for words in outcomes]
    assert ["missing", "0"] in outcomes
    assert sum(int(words[1]) for words in outcomes if words[0] == "ignored") == len(written["ignored"]) > 0
    assert "mine (sha256:" in out
    assert "bfloat16" in out
    assert "internal use by registered users" in out
    assert err == ""


def test_what_cannot_be_imported_is_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "biomedgpt_10b.pth"
    page.write_text("<html>Not found</html>", encoding="utf-8")
    missing = ["checkpoint", "import", str(tmp_path / "nothing.pth"), *FOLDERS, "--output", str(tmp_path / "m")]
    for arguments, said in (
        (["checkpoint", "import", str(page), *FOLDERS, "--output", str(tmp_path / "m")], "is a web page"),
        (missing, "no file"),
        ([*missing, "--dtype", "float8"], "invalid choice"),
        (missing[:3], "--lm"),
        (["checkpoint", "import", str(PTH), *FOLDERS, "--output", "/"], "no name for a folder"),
        (["checkpoint", "import", str(PTH), *FOLDERS, "--output", str(page / "m")], "cannot be written"),
        (["checkpoint", "import", str(PTH), *FOLDERS, "--output", str(tmp_path)], "exists already"),
    ):
        assert main(arguments) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert said in err
        assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == [page.name]


def test_an_interruption_says_what_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    partial = tmp_path / "m.partial"

    def tick(*_: object) -> None:
        if partial.exists():
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, tick)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    try:
        assert main(["checkpoint", "import", str(PTH), *FOLDERS, "--output", str(tmp_path / "m")]) == 130
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert "m.partial beside it is unfinished" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["m.partial"]


def test_inspect_says_what_a_folder_holds(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["checkpoint", "inspect", str(folder)]) == 0
    out = capsys.readouterr().out
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for said in (
        f"BioMedGPT-10B ({manifest['revision']}), {manifest['parameters']:,} parameters, float32",
        "GIN, 5 layers of width ",
        "ESM-2, ",
        "llama, ",
        "description, name, function, family, location (published, not measured here)",
        "internal use by registered users",
        manifest["source_files"][0]["sha256"],
        "model.safetensors",
    ):
        assert said in out
    assert main(["checkpoint", "inspect", str(folder), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert {key: shown[key] for key in manifest} == manifest
    assert shown["sizes"]["model.safetensors"] == (folder / "model.safetensors").stat().st_size
    assert shown["architecture"].keys() == {"molecule", "protein", "text"}


def test_scores_of_a_trained_model_are_shown(tiny_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["checkpoint", "inspect", str(tiny_folder)]) == 0
    assert "description (rouge_l 0.0)" in capsys.readouterr().out


def test_inspect_and_verify_need_no_torch(folder: Path) -> None:
    code = (
        "import sys; from biomed_agent.cli import main; "
        f"assert main(['checkpoint', 'inspect', {str(folder)!r}]) == 0; "
        f"assert main(['checkpoint', 'verify', {str(folder)!r}]) == 0; "
        "assert not {'torch', 'transformers', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_verify_finds_a_flipped_bit_wherever_it_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["checkpoint", "verify", str(folder)]) == 0
    assert "all as its manifest says" in capsys.readouterr().out
    shard = folder / "model.safetensors"
    whole = shard.read_bytes()
    for place, bit in ((0, 0), (9, 3), (len(whole) // 3, 7), (len(whole) // 2, 1), (len(whole) - 1, 0)):
        changed = bytearray(whole)
        changed[place] ^= 1 << bit
        shard.write_bytes(bytes(changed))
        assert main(["checkpoint", "verify", str(folder)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert "model.safetensors is altered" in err
    shard.write_bytes(whole)
    assert main(["checkpoint", "verify", str(folder)]) == 0


def test_verify_names_every_file_that_differs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "config.json").write_text("{}", encoding="utf-8")
    (folder / "README.md").unlink()
    (folder / "more.txt").write_text("", encoding="utf-8")
    assert main(["checkpoint", "verify", str(folder)]) == 2
    err = capsys.readouterr().err
    for said in ("config.json is altered", "README.md is missing", "more.txt is not listed"):
        assert said in err
    assert err.count("\n") == 1
    assert main(["checkpoint", "inspect", str(folder)]) == 2
    assert "config.json cannot be read" in capsys.readouterr().err


def test_an_altered_manifest_is_noticed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for changes, said in (
        ({"digest": "0" * 64}, "digest of the weights is altered"),
        ({"files": []}, "files and kinds are no tables"),
    ):
        path.write_text(json.dumps(manifest | changes), encoding="utf-8")
        assert main(["checkpoint", "verify", str(folder)]) == 2
        assert said in capsys.readouterr().err
    for command in ("inspect", "verify"):
        assert main(["checkpoint", command, str(folder / "nowhere")]) == 2
        assert "manifest.json cannot be read" in capsys.readouterr().err
