"""What reaches the terminal: who reads it decides on colours, width and progress."""

from __future__ import annotations

import io
import logging
import sys

import pytest

from biomed_agent.cli.terminal import Screen


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Put standard output and standard error on a terminal that shows colours, and return the latter."""
    out, err = Terminal(), Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return err


def test_a_person_at_a_terminal_gets_colours_and_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    error = at_a_terminal(monkeypatch)
    screen = Screen()
    assert (screen.read_by_a_person, screen.color, screen.live) == (True, True, True)
    screen.progress("half")
    screen.progress("")
    assert error.getvalue() == "\r\x1b[Khalf\r\x1b[K"


@pytest.mark.parametrize(("name", "content"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_are_left_out_where_the_environment_says_so(
    monkeypatch: pytest.MonkeyPatch, name: str, content: str
) -> None:
    at_a_terminal(monkeypatch)
    monkeypatch.setenv(name, content)
    assert (Screen().color, Screen().read_by_a_person) == (False, True)


def test_colours_are_left_out_where_the_caller_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    at_a_terminal(monkeypatch)
    assert not Screen(no_color=True).color


def test_a_pipe_gets_neither(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    assert (screen.read_by_a_person, screen.color, screen.live) == (False, False, False)
    screen.progress("half")
    assert capsys.readouterr() == ("", "")


def test_quiet_leaves_out_progress_and_notes_and_tells_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    error = at_a_terminal(monkeypatch)
    screen = Screen(quiet=True)
    screen.progress("half")
    screen.note("by the way")
    assert error.getvalue() == ""
    screen.fail("it\nbroke  down")
    assert error.getvalue() == "biomed-agent: it broke down\n"


def test_answers_and_notes_go_apart(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    screen.show("answer")
    screen.note("note")
    screen.flush()
    assert capsys.readouterr() == ("answer\n", "note\n")


@pytest.mark.parametrize(("columns", "width"), [("60", 60), ("100", 100), ("180", 100)])
def test_lines_are_never_wider_than_a_hundred_columns(
    monkeypatch: pytest.MonkeyPatch, columns: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert Screen().width == width


@pytest.mark.parametrize(("quiet", "told"), [(False, ["index", "warning", "error"]), (True, ["error"])])
def test_what_takes_seconds_is_told_unless_quiet(
    quiet: bool, told: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Screen(quiet=quiet)
    logging.getLogger("biomed_agent.sources.local").info("index")
    logging.getLogger("biomed_agent.answering").info("detail")
    logging.getLogger("biomed_agent.answering").warning("warning")
    logging.getLogger("biomed_agent.answering").error("error")
    assert capsys.readouterr() == ("", "".join(f"biomed-agent: {word}\n" for word in told))


def test_a_second_command_of_one_process_says_nothing_twice(capsys: pytest.CaptureFixture[str]) -> None:
    Screen()
    Screen()
    logging.getLogger("biomed_agent").warning("once")
    assert capsys.readouterr().err == "biomed-agent: once\n"


def test_a_letter_the_terminal_cannot_show_costs_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    screen = Screen()
    screen.show("5 µM")
    screen.flush()
    assert raw.getvalue() == b"5 ?M\n"
