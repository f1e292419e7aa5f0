"""``data build``, ``data check`` and ``data split``: question-answer pairs from databases, and files of them.

``data pack`` is declared here and done in :mod:`.train`, whose recipes it reads.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biomed_agent.cli.arguments import settings_of
from biomed_agent.cli.terminal import Screen
from biomed_agent.core.errors import InvalidInput, Refused, Unavailable

if TYPE_CHECKING:
    from biomed_agent.model.data.builders.writer import Report
    from biomed_agent.model.data.formats import Reading
    from biomed_agent.sources.http.transport import Transport

MAX_BAD_ROWS = 10
PROGRESS_SECONDS = 10.0
"""seconds between two lines of progress where standard error is no terminal"""
LARGE_GROUP_SHARE = 0.5
"""part of all examples in one group from which on the user is warned"""
BAD_ROWS_EXIT_CODE = 2
"""exit code of ``data check`` when a row is bad, or a file holds none"""


def add_commands(actions: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add what stands behind ``data``."""
    words = "make question-answer pairs from UniProt or PubChem, or from their dumps"
    _build_arguments(add(actions, "build", "data.build", words, "{uniprotqa,pubchemqa} --output FILE"))
    words = "read files of a data set and name every bad row; exit code 2 when there is one, or no pair"
    checked = add(actions, "check", "data.check", words, "FILE...")
    checked.add_argument("file", nargs="+")
    checked.add_argument("--format", metavar="NAME", help="instead of telling it from the content; see docs/data.md")
    checked.add_argument("--report", metavar="FILE", help="write every bad row, tab separated")
    checked.add_argument("--json", action="store_true", help="write JSON")
    words = "clean papers and pack them into rows of tokens, for train pretrain"
    packed = add(actions, "pack", "train.pack", words, "RECIPE FILE... --output FOLDER")
    packed.add_argument("recipe", help="JSON file, or the name of a recipe that comes along: pretrain")
    packed.add_argument("file", nargs="+", help="files or folders of papers; see docs/training.md")
    packed.add_argument("--output", required=True, metavar="FOLDER", help="gets the shards; the same command resumes")
    words = "split files by structure: what is alike stays on one side"
    _split_arguments(add(actions, "split", "data.split", words, "FILE... --output FOLDER"))


def _build_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("uniprotqa", "pubchemqa"))
    parser.add_argument("--output", required=True, metavar="FILE", help="JSON file to write")
    parser.add_argument(
        "--query", metavar="QUERY", help="uniprotqa: which entries, in UniProt's language (default reviewed:true)"
    )
    parser.add_argument("--source", metavar="NAME", help="pubchemqa: one depositor only, such as ChEBI")
    parser.add_argument(
        "--from",
        dest="dumps",
        nargs="+",
        default=[],
        metavar="DUMP",
        help="read files instead of asking: uniprot_sprot.dat or a table from UniProt; descriptions from PubChem "
        "(JSON, or a table of CID and description)",
    )
    parser.add_argument(
        "--structures", nargs="+", default=[], metavar="DUMP", help="pubchemqa: PubChem's CID-SMILES, or SDF files"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="most proteins or compounds")
    parser.add_argument("--restart", action="store_true", help="begin anew rather than go on where a build stopped")
    parser.add_argument("--json", action="store_true", help="write JSON")


def _split_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="+")
    parser.add_argument("--output", required=True, metavar="FOLDER", help="gets train.jsonl ... and split.json")
    parser.add_argument("--format", metavar="NAME", help="instead of telling it from the content; see docs/data.md")
    parser.add_argument(
        "--molecules", choices=("structure", "scaffold"), default="structure", help="what stays together (structure)"
    )
    parser.add_argument(
        "--proteins",
        choices=("mmseqs", "words"),
        default="",
        help="clusters by MMseqs2, or by shared 5-mers (default: MMseqs2 when it is installed)",
    )
    parser.add_argument("--identity", type=float, metavar="PART", help="MMseqs2: --min-seq-id (0.3)")
    parser.add_argument("--coverage", type=float, metavar="PART", help="MMseqs2: -c (0.8)")
    for name, share in (("train", 0.8), ("valid", 0.1), ("test", 0.1)):
        parser.add_argument(f"--{name}", type=float, default=share, metavar="SHARE", help=f"default {share}")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="another one gives another split")
    parser.add_argument("--json", action="store_true", help="write JSON")


# ---------------------------------------------------------------------------------------------- build


def build(arguments: argparse.Namespace, screen: Screen) -> int:
    """Build a data set from its database; a build that was stopped goes on."""
    from biomed_agent.model.data.builders.writer import WORKING

    if arguments.limit is not None and arguments.limit < 1:
        raise InvalidInput(f"--limit {arguments.limit} is no number of things; expected 1 or more.")
    for option, of in (("query", "uniprotqa"), ("source", "pubchemqa"), ("structures", "pubchemqa")):
        if getattr(arguments, option) and arguments.what != of:
            raise InvalidInput(f"--{option} belongs to {of}.", "See: biomed-agent data build --help")
    teller = Teller(screen)
    try:
        report = _built(arguments, teller)
    except Refused as error:
        instead = "Build from dumps with --from, or set BIOMED_AGENT_EGRESS=names-only and unset BIOMED_AGENT_OFFLINE."
        raise Refused(error.message, instead) from error
    except (KeyboardInterrupt, Unavailable):
        teller.end()
        if (working := Path(f"{arguments.output}{WORKING}")).exists():
            screen.note(f"What was found is kept in {working}; the same command goes on from there.")
        raise
    teller.end()
    summary = {
        "path": str(report.path),
        "entities": report.entities,
        "pairs": report.pairs,
        "skipped": report.skipped,
        "release": report.release,
        "resumed": report.resumed,
    }
    screen.show(
        json.dumps(summary, indent=2, ensure_ascii=False) if arguments.json else _report(report, arguments.what)
    )
    return 0


def _built(arguments: argparse.Namespace, tell: Callable[[str], None]) -> Report:
    output, dumps = Path(arguments.output), [Path(path) for path in arguments.dumps]
    structures = [Path(path) for path in arguments.structures]
    how: dict[str, Any] = {"dumps": dumps, "limit": arguments.limit, "restart": arguments.restart, "tell": tell}
    if arguments.what == "uniprotqa":
        from biomed_agent.model.data.builders.uniprotqa import REVIEWED, build_uniprotqa

        if dumps:
            if arguments.query:
                raise InvalidInput("--query asks UniProt, --from reads files.", "Give one of them.")
            return build_uniprotqa(output, **how)
        with _transport(arguments) as transport:
            return build_uniprotqa(output, transport, query=arguments.query or REVIEWED, **how)
    from biomed_agent.model.data.builders.pubchemqa import build_pubchemqa

    how |= {"source": arguments.source or "", "structures": structures}
    if dumps and structures:
        return build_pubchemqa(output, **how)
    with _transport(arguments) as transport:
        return build_pubchemqa(output, transport, **how)


def _transport(arguments: argparse.Namespace) -> Transport:
    from biomed_agent.sources.http.transport import Transport

    settings = settings_of(arguments)
    return Transport(
        settings.cache_dir,
        egress=settings.egress,
        offline=settings.offline,
        email=settings.email,
        timeout=settings.timeout,
    )


def _report(report: Report, what: str) -> str:
    noun = "proteins" if what == "uniprotqa" else "molecules"
    release = f" of release {report.release}" if report.release else ""
    lines = [f"{report.path}: {report.pairs:,} pairs about {report.entities:,} {noun}{release}."]
    lines += [f"  {count:,} left out: {reason}" for reason, count in report.skipped.items()]
    return "\n".join(lines)


# ---------------------------------------------------------------------------------------------- check


def check(arguments: argparse.Namespace, screen: Screen) -> int:
    """Read every row of files and say what they hold and which rows are bad."""
    from biomed_agent.model.data import formats

    teller = Teller(screen)
    several = len(arguments.file) > 1
    readings = []
    bad = empty = 0
    for number, name in enumerate(arguments.file, 1):
        report = Path(arguments.report) if arguments.report else None
        if report and several:
            report = report.with_name(f"{report.stem}-{number}{report.suffix}")
        reading = formats.open_file(name, format=arguments.format, report=report)
        for count, _ in enumerate(reading, 1):
            if count % 1000 == 0:
                teller(f"{name}: {count:,} rows")
        teller.end()
        bad += reading.bad.total
        empty += not reading.counts
        readings.append(_plain(reading))
        if not arguments.json:
            screen.show(_checked(reading, report))
    if arguments.json:
        screen.show(json.dumps({"files": readings}, indent=2, ensure_ascii=False))
    return BAD_ROWS_EXIT_CODE if bad or empty else 0


def _plain(reading: Reading[Any]) -> dict[str, Any]:
    return {
        "file": str(reading.path),
        "format": reading.format.name,
        "holds": reading.format.holds,
        "read": reading.counts.total(),
        "counts": dict(reading.counts.most_common()),
        "bad": reading.bad.total,
        "reasons": dict(reading.bad.reasons.most_common()),
        "first_bad": [str(row) for row in reading.bad.first[:MAX_BAD_ROWS]],
    }


def _checked(reading: Reading[Any], report: Path | None) -> str:
    lines = [reading.summary()]
    if not reading.counts:
        lines.append("  there is no pair in it" if reading.bad.total else "  there is no row in it but a header")
    lines += [f"  {count:,} x {reason}" for reason, count in reading.bad.reasons.most_common()]
    lines += [f"  {row}" for row in reading.bad.first[:MAX_BAD_ROWS]]
    if reading.bad.total > MAX_BAD_ROWS:
        where = f"all are in {report}" if report else "--report FILE writes all"
        lines.append(f"  ... {reading.bad.total - MAX_BAD_ROWS:,} more; {where}")
    return "\n".join(lines)


# ---------------------------------------------------------------------------------------------- split


def split(arguments: argparse.Namespace, screen: Screen) -> int:
    """Split files into folds that share no group."""
    from biomed_agent.model.data import formats, splits

    stated = {
        name: getattr(arguments, name) for name in ("identity", "coverage") if getattr(arguments, name) is not None
    }
    grouping = splits.Grouping(arguments.molecules, arguments.proteins, **stated)
    if stated and grouping.protein_method != "mmseqs":
        raise InvalidInput(
            f"--{' and --'.join(stated)} is for MMseqs2, which is not {'used' if arguments.proteins else 'installed'}.",
            "Leave it out to cluster by shared 5-mers, or install MMseqs2 and use --proteins mmseqs.",
        )
    shares = {name: getattr(arguments, name) for name in ("train", "valid", "test") if getattr(arguments, name)}
    folds = splits.Folds(shares, arguments.seed)
    readings = [formats.read(name, format=arguments.format) for name in arguments.file]
    teller = Teller(screen)
    described = splits.write_split(readings, Path(arguments.output), grouping, folds, teller)
    teller.end()
    for reading in readings:
        for row in reading.bad.first[:MAX_BAD_ROWS]:
            screen.note(f"left out: {row}")
        if reading.bad.total > MAX_BAD_ROWS:
            screen.note(f"... {reading.bad.total:,} rows of {reading.path} were left out in all; see: data check")
    if arguments.json:
        screen.show(json.dumps(described, indent=2, ensure_ascii=False))
        return 0
    lines = []
    for name, fold in described["folds"].items():
        share = f"{fold['share_of_examples']:.1%}"
        lines.append(f"{name:6} {fold['examples']:>10,} examples ({share}) in {fold['groups']:,} groups")
        if not fold["examples"]:
            screen.note(f"{name} is empty: too few groups for its share. Another --seed or larger share may fill it.")
    largest = described["largest_group"]
    lines.append(f"No group is in two folds; the largest has {largest['examples']:,} examples ({largest['name']}).")
    if largest["examples"] > LARGE_GROUP_SHARE * sum(fold["examples"] for fold in described["folds"].values()):
        screen.note("Most examples are one group, which lies in one fold as a whole: these shares say little.")
    lines += [f"{what}: {words}" for what, words in described["same_group_means"].items()]
    screen.show("\n".join(lines))
    return 0


class Teller:
    """Shows progress: one line that is replaced on a terminal, else a line from time to time."""

    def __init__(self, screen: Screen) -> None:
        self.screen, self.last = screen, time.monotonic()

    def __call__(self, words: str) -> None:
        """Show how far it is."""
        self.screen.progress(words)
        if not self.screen.live and time.monotonic() - self.last >= PROGRESS_SECONDS:
            self.screen.note(words)
            self.last = time.monotonic()

    def end(self) -> None:
        """Take the line of progress away."""
        self.screen.progress("")
