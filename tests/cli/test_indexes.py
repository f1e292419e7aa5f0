"""What ``index build`` tells on its way: lines that are not too many, and durations a person can read."""

from __future__ import annotations

import sys

import pytest

from biomed_agent.cli import indexes
from biomed_agent.cli.terminal import Screen
from biomed_agent.sources.local.progress import Progress
from tests.cli.test_terminal import Terminal


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1:00 min"), (61, "1:01 min"), (3599, "59:59 min"), (3605, "1:00:05 h")],
)
def test_durations(seconds: float, text: str) -> None:
    assert indexes._duration(seconds) == text


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (Progress("names", 0.0, 0, 0.0, None), "names"),
        (Progress("a.gz", 0.5, 1234, 99.6, 61), "a.gz:  50%, 1,234 records, 100/s, 1:01 min left"),
        (Progress("a.gz", 1.0, 2468, 100, 0), "a.gz: 100%, 2,468 records, 100/s"),
    ],
)
def test_a_line_of_progress(progress: Progress, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    indexes._Teller(Screen())(progress)
    assert capsys.readouterr().err == f"{text}\n"


def test_a_pipe_gets_a_line_for_each_file_and_one_from_time_to_time(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("biomed_agent.cli.indexes.time.monotonic", lambda: now)
    teller = indexes._Teller(Screen())
    for moment, name, records in [(0, "a", 1), (5, "a", 2), (9.9, "a", 3), (10, "a", 4), (11, "b", 5), (12, "b", 6)]:
        now = 1000.0 + moment
        teller(Progress(name, 0.5, records, 1, None))
    lines = capsys.readouterr().err.splitlines()
    assert [(line[0], int(line.split(", ")[1].split()[0])) for line in lines] == [("a", 1), ("a", 4), ("b", 5)]


def test_a_terminal_gets_one_line_that_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    error = Terminal()
    monkeypatch.setattr(sys, "stderr", error)
    teller = indexes._Teller(Screen())
    for records in (2, 3):
        teller(Progress("a", 0.5, records, 1, None))
    assert error.getvalue() == "\r\x1b[Ka:  50%, 2 records, 1/s\r\x1b[Ka:  50%, 3 records, 1/s"
