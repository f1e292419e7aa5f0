"""How far long work is, in words."""

from __future__ import annotations

from biomed_agent.core.progress import duration


def test_a_duration_in_words() -> None:
    assert [duration(seconds) for seconds in (-3, 12, 61, 3600, 7500)] == [
        "0 s", "12 s", "1 min", "1 h 0 min", "2 h 5 min",
    ]  # fmt: skip
