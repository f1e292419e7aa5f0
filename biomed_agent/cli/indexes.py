"""``index build`` and ``index info``: local indexes, from dumps of databases."""

from __future__ import annotations

import argparse
import json
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biomed_agent.cli.arguments import settings_of
from biomed_agent.cli.terminal import PROGRAM, Screen
from biomed_agent.core.words import counted

if TYPE_CHECKING:
    from biomed_agent.sources.local.progress import Progress, Report

MAX_REJECTED_LINES = 10
MAX_REASONS = 8
"""reasons for which rows of one file were not kept that are shown; all are in the index"""
PROGRESS_SECONDS = 10.0
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
    build.add_argument(
        "--activities",
        nargs="+",
        action="extend",
        metavar="DUMP",
        default=[],
        help="measured affinities: chembl_NN.db, CSV or JSON of ChEMBL's with chembl_uniprot_mapping.txt, BindingDB's "
        ".tsv, or a table with inchikey or smiles, accession, measure, relation, value, unit",
    )
    build.add_argument("--starter", action="store_true", help="put the records that ship with the package in first")
    build.add_argument("--restart", action="store_true", help="begin anew rather than go on where a build stopped")
    build.add_argument("--json", action="store_true", help="write JSON")


def add_info_arguments(info: argparse.ArgumentParser) -> None:
    """Add what ``index info`` takes."""
    info.add_argument("file", nargs="*", metavar="FILE", help="index files (default: those that are searched)")
    info.add_argument("--rejected", action="store_true", help="list the records that a build left out, and why")
    info.add_argument("--json", action="store_true", help="write JSON")


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
            activities=[Path(path) for path in arguments.activities],
            starter=arguments.starter,
            restart=arguments.restart,
            tell=teller,
        )
    except KeyboardInterrupt:
        screen.progress("")
        screen.note(f"The same command goes on where it stopped; what was read is in {arguments.output}.partial.")
        raise
    screen.progress("")
    for file, line, reason in report.rejected[:MAX_REJECTED_LINES]:
        screen.note(f"left out: {file}:{line}: {reason}")
    if report.bad > MAX_REJECTED_LINES:
        screen.note(f"... {PROGRAM} index info {report.path} --rejected shows the others.")
    screen.show(json.dumps(_plain(report), indent=2, ensure_ascii=False) if arguments.json else _text(report))
    return 0


class _Teller:
    """Shows progress: one line that is replaced on a terminal, else a line from time to time."""

    def __init__(self, screen: Screen) -> None:
        self.screen, self.last, self.doing = screen, -PROGRESS_SECONDS, ""

    def __call__(self, progress: Progress) -> None:
        text = progress.doing
        if progress.records:
            text += f": {progress.fraction:4.0%}, {progress.records:,} records, {progress.rate:,.0f}/s"
        if progress.left is not None and progress.fraction < 1:
            text += f", {_duration(progress.left)} left"
        self.screen.progress(text)
        now = time.monotonic()
        if not self.screen.live and (now - self.last >= PROGRESS_SECONDS or progress.doing != self.doing):
            self.screen.note(text)
            self.last, self.doing = now, progress.doing


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02} h" if minutes >= 60 else f"{minutes}:{rest:02} min"


def _plain(report: Report) -> dict[str, Any]:
    return {
        "path": str(report.path),
        "counts": report.counts,
        "rejected": report.bad,
        "skipped": [{"file": file, "reason": reason, "records": count} for file, reason, count in report.skipped],
        "rejected_first": [f"{file}:{line}: {reason}" for file, line, reason in report.rejected[:MAX_REJECTED_LINES]],
        "verified": report.verified,
        "resumed": report.resumed,
        "seconds": round(report.seconds, 1),
    }


_NOUNS = {
    "molecule": "molecule", "protein": "protein", "activity": "measured value", "article": "article", "name": "name",
}  # fmt: skip
"""what rows of a table are called"""


def _skipped(report: Report) -> list[str]:
    """Return why rows of activities were not kept, the most frequent reasons of each file first."""
    lines: list[str] = []
    for file in dict.fromkeys(file for file, _, _ in report.skipped):
        reasons = [(reason, count) for name, reason, count in report.skipped if name == file]
        lines.append(f"{counted(sum(count for _, count in reasons), 'row')} of {file} not kept:")
        lines += [f"  {count:>11,}  {reason}" for reason, count in reasons[:MAX_REASONS]]
        if rest := reasons[MAX_REASONS:]:
            lines.append(f"  {sum(count for _, count in rest):>11,}  for {counted(len(rest), 'other reason')}")
    return lines


def _text(report: Report) -> str:
    held = ", ".join(counted(report.counts[table], noun) for table, noun in _NOUNS.items() if report.counts[table])
    again = " (it went on where it had stopped)" if report.resumed else ""
    lines = [f"{report.path}: {held}; {_size(report.path)} in {_duration(report.seconds)}{again}."]
    lines += [f"{counted(report.bad, 'record')} left out."] if report.bad else []
    lines += _skipped(report)
    lines += [f"{report.verified}."] if report.verified else []
    lines.append(f"Use it: {PROGRAM} --index {report.path} ask ..., or set BIOMED_AGENT_INDEX={report.path.resolve()}")
    return "\n".join(lines)


def _size(path: Path) -> str:
    size = path.stat().st_size
    return f"{size / 1e6:,.0f} MB" if size >= 1e7 else f"{size / 1e6:.1f} MB"


def info(arguments: argparse.Namespace, screen: Screen) -> int:
    """Say what index files hold: those that are named, else all in the order in which they are searched."""
    from biomed_agent.sources.local import LocalIndex
    from biomed_agent.sources.local.files import open_file

    settings = settings_of(arguments)
    paths = [Path(path) for path in arguments.file] or list(settings.index)
    named = [str(path) for path in paths]
    if arguments.file:
        index = LocalIndex([open_file(path) for path in paths])
    else:
        index = LocalIndex.open(settings.cache_dir, settings.index)
        named.append("starter set")
    with closing(index):
        files = [{"file": name} | stats for name, stats in zip(named, index.stats()["files"], strict=True)]
        for file, opened in zip(files, index.files, strict=True):
            counted = opened.plain.execute("SELECT value FROM meta WHERE key = 'rejected'").fetchone()
            file["rejected"] = int(counted[0]) if counted else 0  # the table holds the first of very many
            if arguments.rejected:
                file["rejected_records"] = [
                    list(row) for row in opened.plain.execute("SELECT * FROM rejected ORDER BY file, line")
                ]
    if arguments.json:
        screen.show(json.dumps({"files": files}, indent=2, ensure_ascii=False))
        return 0
    for file in files:
        screen.show(_text_of(file))
    return 0


def _text_of(file: dict[str, Any]) -> str:
    """Return what a file holds as lines; what is not known of it is left out."""
    rejected = file.pop("rejected_records", [])
    lines = [file.pop("file")]
    width = max(len(key) for key in file)
    lines += [f"  {key.ljust(width)}  {_number(value)}" for key, value in file.items() if value != ""]
    lines += [f"  left out: {name}:{line}: {reason}" for name, line, reason in rejected]
    if rejected and file["rejected"] > len(rejected):
        lines.append(f"  ... of {file['rejected']:,} records left out, the first {len(rejected):,} are kept")
    return "\n".join(lines)


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
