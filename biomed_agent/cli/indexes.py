"""``index build`` and ``index info``: local indexes, from dumps of databases."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .given import settings_of
from .screen import PROGRAM, Screen

if TYPE_CHECKING:
    from biomed_agent.sources.local.build import Progress, Report

SHOWN_REJECTED = 10
EVERY = 10.0
"""seconds between two lines of progress where standard error is no terminal"""


def add_arguments(build: argparse.ArgumentParser) -> None:
    """Add what ``index build`` takes."""
    build.add_argument("--output", required=True, metavar="FILE", help="SQLite file to write")
    build.add_argument(
        "--molecules",
        nargs="+",
        action="extend",
        metavar="DUMP",
        default=[],
        help="PubChem's CID-SMILES, CID-InChI-Key, CID-Title, CID-Synonym ..., SDF, or a .tsv or .csv with a header",
    )
    build.add_argument(
        "--proteins", nargs="+", action="extend", metavar="DUMP", default=[], help="UniProt's .dat, .tsv or .fasta"
    )
    build.add_argument(
        "--articles",
        nargs="+",
        action="extend",
        metavar="DUMP",
        default=[],
        help="PubMed's .xml, the oldest file first",
    )
    build.add_argument("--starter", action="store_true", help="put the records that ship with the package in first")
    build.add_argument("--restart", action="store_true", help="begin anew rather than go on where a build stopped")
    build.add_argument("--json", action="store_true", help="write JSON")


def build(arguments: argparse.Namespace, screen: Screen) -> int:
    """Build an index from dumps; packed files (.gz, .xz) are read as they are."""
    from biomed_agent.sources.local.build import build_from_dumps

    teller = _Teller(screen)
    try:
        report = build_from_dumps(
            Path(arguments.output),
            molecules=[Path(path) for path in arguments.molecules],
            proteins=[Path(path) for path in arguments.proteins],
            articles_in=[Path(path) for path in arguments.articles],
            starter=arguments.starter,
            restart=arguments.restart,
            tell=teller,
        )
    except KeyboardInterrupt:
        screen.progress("")
        screen.note(f"The same command goes on where it stopped; what was read is in {arguments.output}.partial.")
        raise
    screen.progress("")
    for file, line, reason in report.rejected[:SHOWN_REJECTED]:
        screen.note(f"left out: {file}:{line}: {reason}")
    if report.bad > SHOWN_REJECTED:
        screen.note(f"... {report.bad:,} records were left out in all; the table rejected of the index names them.")
    screen.show(json.dumps(_plain(report), indent=2, ensure_ascii=False) if arguments.json else _text(report))
    return 0


class _Teller:
    """Shows progress: one line that is replaced on a terminal, else a line from time to time."""

    def __init__(self, screen: Screen) -> None:
        self.screen, self.last, self.doing = screen, -EVERY, ""

    def __call__(self, progress: Progress) -> None:
        text = f"{progress.doing}: {progress.fraction:4.0%}"
        if progress.records:
            text += f", {progress.records:,} records, {progress.rate:,.0f}/s"
        if progress.left is not None and progress.fraction < 1:
            text += f", {_duration(progress.left)} left"
        self.screen.progress(text)
        now = time.monotonic()
        if not self.screen.live and (now - self.last >= EVERY or progress.doing != self.doing):
            self.screen.note(text)
            self.last, self.doing = now, progress.doing


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02} h" if minutes >= 60 else f"{minutes}:{rest:02} min"


def _plain(report: Report) -> dict[str, Any]:
    return {
        "path": str(report.path),
        "counts": report.counts,
        "rejected": report.bad,
        "rejected_first": [f"{file}:{line}: {reason}" for file, line, reason in report.rejected[:SHOWN_REJECTED]],
        "verified": report.verified,
        "resumed": report.resumed,
        "seconds": round(report.seconds, 1),
    }


def _text(report: Report) -> str:
    nouns = (("molecule", "molecules"), ("protein", "proteins"), ("article", "articles"), ("name", "names"))
    held = ", ".join(f"{report.counts[table]:,} {noun}" for table, noun in nouns if report.counts[table])
    size = report.path.stat().st_size / 1e6
    again = " (it went on where it had stopped)" if report.resumed else ""
    lines = [f"{report.path}: {held or 'nothing'}; {size:,.0f} MB in {_duration(report.seconds)}{again}."]
    lines += [f"{report.bad:,} records were left out."] if report.bad else []
    lines += [f"{report.verified}."] if report.verified else []
    lines.append(f"Use it: {PROGRAM} --index {report.path} ask ..., or set BIOMED_AGENT_INDEX={report.path}")
    return "\n".join(lines)


def info(arguments: argparse.Namespace, screen: Screen) -> int:
    """Say what each index holds, in the order in which they are searched."""
    from biomed_agent.sources.local import LocalIndex

    settings = settings_of(arguments)
    with LocalIndex.open(settings.cache_dir, settings.index) as index:
        files = index.stats()["files"]
    if arguments.json:
        screen.show(json.dumps({"files": files}, indent=2, ensure_ascii=False))
        return 0
    named = [*(str(path) for path in settings.index), "starter set"]
    for name, stats in zip(named, files, strict=True):
        width = max(len(key) for key in stats)
        lines = (f"  {key.ljust(width)}  {_number(value)}" for key, value in stats.items())
        screen.show("\n".join((name, *lines)))
    return 0


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
