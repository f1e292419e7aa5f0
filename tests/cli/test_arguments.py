"""What a command line hands over: things and files, texts on standard input, and files that are written whole."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

import pytest

from biomed_agent.cli.arguments import (
    FLAGS,
    MAX_STDIN,
    entities,
    given_text,
    opinion_flags,
    readable,
    settings_of,
    whole_file,
)
from biomed_agent.core.errors import InvalidInput

NO_TEXT = "a\udcff"
"""what Python makes of a byte on the command line that is no UTF-8"""


def standard_input(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


@pytest.mark.parametrize(
    ("molecule", "protein", "expected"),
    [
        (None, None, (None, None)),
        ("aspirin", None, ("aspirin", None)),
        ("@a.mol", "@b.fasta", ("file:a.mol", "file:b.fasta")),
        ("C[C@@H](O)C", "P00533", ("C[C@@H](O)C", "P00533")),
    ],
)
def test_an_at_sign_in_front_names_a_file(
    molecule: str | None, protein: str | None, expected: tuple[str | None, str | None]
) -> None:
    assert entities(argparse.Namespace(molecule=molecule, protein=protein)) == expected


def test_bytes_that_are_no_text_are_named_with_their_flag() -> None:
    assert readable("µ", "question") == "µ"
    with pytest.raises(InvalidInput, match=r"^the --protein is not UTF-8 text\.$"):
        entities(argparse.Namespace(molecule=None, protein=NO_TEXT))
    with pytest.raises(InvalidInput, match=r"^the question is not UTF-8 text\.$"):
        given_text(NO_TEXT, "question")


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    standard_input(monkeypatch, "\ufeff What is aspirin? \n".encode())
    assert given_text("-", "question") == "What is aspirin?"
    assert given_text("What is -?", "question") == "What is -?"


def test_standard_input_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    standard_input(monkeypatch, b"x" * MAX_STDIN)
    assert len(given_text("-", "question")) == MAX_STDIN
    standard_input(monkeypatch, b"x" * (MAX_STDIN + 1))
    with pytest.raises(InvalidInput, match="the question on standard input is larger than 100,000 bytes"):
        given_text("-", "question")


@pytest.mark.parametrize(("stream", "message"), [(None, "which is closed"), (b"\xff", "is not UTF-8 text")])
def test_standard_input_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, stream: bytes | None, message: str
) -> None:
    if stream is None:
        monkeypatch.setattr(sys, "stdin", None)
    else:
        standard_input(monkeypatch, stream)
    with pytest.raises(InvalidInput, match=message):
        given_text("-", "statement")


@pytest.mark.parametrize(
    ("flags", "model", "show_undecided"),
    [
        ({}, "auto", False),
        ({"model_too": True, "model_said": False}, "always", False),
        ({"model_too": False, "model_said": True}, "always", True),
    ],
)
def test_who_wants_all_the_model_says_wants_it_asked(flags: dict[str, bool], model: str, show_undecided: bool) -> None:
    assert opinion_flags(argparse.Namespace(**flags)) == {"model": model, "show_undecided": show_undecided}


def test_only_flags_that_were_given_count() -> None:
    flags = {"host": "http://far.test", "model": "none", "load_in": "8bit", "index": [Path("a")], "offline": True}
    flags |= {"egress": "nothing", "cache_dir": Path("cache"), "timeout": 9}
    assert set(flags) == set(FLAGS)
    settings = settings_of(argparse.Namespace(**flags))
    assert {name: getattr(settings, name) for name in FLAGS} == flags
    settings = settings_of(argparse.Namespace(timeout=9, egress=None))
    assert (settings.timeout, settings.egress) == (9, "names-only")


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path, partial = tmp_path / "out.csv", tmp_path / "out.csv.partial"
    partial.write_text("of another run")
    with whole_file(path) as stream:
        stream.write("a\r\n")
        assert (path.exists(), partial.exists()) == (False, True)
    assert (path.read_bytes(), partial.exists()) == (b"a\r\n", False)


def write_and_stop(path: Path, text: str, append: bool) -> None:
    with whole_file(path, append=append) as stream:
        stream.write(text)
        raise KeyboardInterrupt


def test_what_was_written_before_an_interruption_is_kept_and_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    for text, append, content in [("1", False, "1"), ("2", True, "12"), ("3", False, "3")]:
        with pytest.raises(KeyboardInterrupt):
            write_and_stop(path, text, append)
        assert (tmp_path / "out.partial").read_text() == content
    assert path.read_text() == "old"


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    for path, message in [(tmp_path, "is a folder"), (tmp_path / "none" / "out", "cannot be written: No such file")]:
        opened = whole_file(path)
        with pytest.raises(InvalidInput, match=message):
            opened.__enter__()
