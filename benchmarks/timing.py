"""What the benchmarks share: interleaved rounds, medians, and a table with ratios."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from biomed_agent.model.inference.machine import best_precision


def interleaved(cases: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median CPU seconds of each case over ``rounds``, after one round that is not counted.

    CPU seconds, because other work on the machine does not count there; rounds are interleaved, so that what slows
    one case slows all.
    """
    times: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name, case in cases.items():
            started = time.process_time()
            case()
            if number:
                times[name].append(time.process_time() - started)
    return {name: statistics.median(values) for name, values in times.items()}


def table(medians: Mapping[str, float], baseline: str, count: int, unit: str, rounds: int) -> str:
    """Return a table of rates and ratios; a ratio above 1 is faster than the baseline."""
    lines = [
        f"median of {rounds} rounds, CPU time; {best_precision('cpu').reason}",
        f"| what | {unit}/CPU-s | ratio to {baseline} |",
        "|---|---|---|",
    ]
    lines += [
        f"| {name} | {count / seconds:,.0f} | {medians[baseline] / seconds:.2f} |" for name, seconds in medians.items()
    ]
    return "\n".join(lines)


def machine() -> str:
    """Return the CPU, whether it multiplies bfloat16 itself, Python and the day, in one line."""
    cpuinfo = Path("/proc/cpuinfo")
    names = [
        line.partition(":")[2].strip()
        for line in (cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else [])
        if line.startswith("model name")
    ]
    cpu = f"{names[0]}, {len(names)} cores" if names else platform.processor() or platform.machine()
    return f"{cpu}, {best_precision('cpu').reason}, Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}"
