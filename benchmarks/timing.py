"""What the benchmarks share: interleaved rounds, medians, and a table with ratios."""

from __future__ import annotations

import platform
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
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


def children_seconds(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """Run a command and return the CPU seconds of its process and of those it started and waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def medians_of_processes(
    commands: Mapping[str, Sequence[str]], environment: Mapping[str, str], rounds: int
) -> dict[str, float]:
    """Return the median CPU seconds of each command over interleaved ``rounds``, after one that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            spent = children_seconds(command, environment)
            if number:
                seconds[name].append(spent)
    return {name: statistics.median(values) for name, values in seconds.items()}


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
