"""How far a build of an index is, and what it has built."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a build is."""

    doing: str
    """file or step"""
    fraction: float
    """of the file or step, from 0 to 1"""
    records: int
    """read of the file, or done of the step, in all"""
    rate: float
    """records per second since the build began or went on"""
    left: float | None
    """seconds the file or step will take, None when that cannot be told yet"""


Tell: TypeAlias = Callable[[Progress], None]


@dataclass(slots=True)
class Report:
    """What was built."""

    path: Path
    counts: dict[str, int] = field(default_factory=dict)
    """rows by table"""
    rejected: list[tuple[str, int, str]] = field(default_factory=list)
    """file, line and reason of the first records that could not be used"""
    bad: int = 0
    """records that could not be used"""
    skipped: list[tuple[str, str, int]] = field(default_factory=list)
    """file, reason and number of records of activities that are sound but not kept"""
    resumed: bool = False
    verified: str = ""
    """what reading a sample of the structures showed"""
    seconds: float = 0.0


def progress_of(doing: str, fraction: float, before: float, records: int, fresh: int, began: float) -> Progress:
    """Return how far a file or step is.

    Args:
        doing: File or step.
        fraction: Part of it that is done.
        before: Part that was done when this try began.
        records: Read or done in all.
        fresh: Read or done in this try.
        began: Monotonic time at which this try began.
    """
    seconds = max(time.monotonic() - began, 1e-6)
    gained = fraction - before
    left = seconds / gained * (1 - fraction) if gained > 0 else None
    return Progress(doing, fraction, records, fresh / seconds, left)
