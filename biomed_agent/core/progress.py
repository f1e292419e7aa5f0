"""Lines that tell how far long work is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

ReportLine: TypeAlias = Callable[[str], None]
"""told in a line what is being done and how far it is"""


class StepLine(str):
    """A line on one of many steps: the next takes its place, so a reader who does not watch needs only some of them."""

    __slots__ = ()


def duration(seconds: float) -> str:
    """Return a time in words, such as ``2 h 5 min``."""
    minutes = round(max(0.0, seconds) / 60)
    if minutes < 1:
        return f"{max(0, round(seconds))} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
