"""From files of pairs to the examples that are trained on and those that are kept apart."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.progress import ReportLine
from biomed_agent.model.data import formats
from biomed_agent.model.data.examples import Example
from biomed_agent.model.data.splits import Folds, Grouping
from biomed_agent.model.training.batching import draw
from biomed_agent.model.training.trainer import is_first, write_json

HELD_OUT_SHARE = 0.02
"""of the groups of alike structures, when no file of held-out pairs is given"""
BEGUN = "begun.json"


@dataclass(frozen=True)
class Pairs:
    """Examples, and the files they come from."""

    train: list[Example]
    held_out: list[Example]
    files: list[dict[str, Any]] = field(default_factory=list)
    """``file``, ``sha256`` (of a folder that of its training examples), ``used_for``, ``examples`` and ``bad`` rows"""

    def counts(self) -> dict[str, int]:
        """Return the number of training examples by kind."""
        return dict(Counter(row.kind for row in self.train))


def read_pairs(data: Sequence[Path], held_out: Sequence[Path], output: Path, report: ReportLine) -> Pairs:
    """Read files of pairs, or the folder of pooled texts that the embedded model is trained on.

    What is wrong with a bad row of a file is written to ``bad-rows-NAME.tsv`` in ``output``; of files of one name the
    second gets ``bad-rows-2-NAME.tsv``, and so on.

    Without files of held-out pairs some groups of alike structures are kept apart, so that no held-out molecule or
    protein has a near relative that is trained on.

    Raises:
        InvalidInput: A file cannot be read, or holds no pair.
    """
    if len(data) == 1 and data[0].is_dir():
        return _permitted(data[0], report)
    files: list[dict[str, Any]] = []
    train = [example for path in data for example in _read(path, "training", output, files, report)]
    apart = [example for path in held_out for example in _read(path, "held out", output, files, report)]
    if not train:
        raise InvalidInput(f"{', '.join(map(str, data)) or 'no file'}: there is no pair to train on.")
    if held_out:
        tell_shared(train, apart, report)
    else:
        train, apart = split(train)
        report(
            f"{_examples(len(apart))} kept apart: 1 in {1 / HELD_OUT_SHARE:.0f} groups of alike structures, "
            "one of each kind at least"
        )
    return Pairs(train, apart, files)


def _examples(count: int) -> str:
    return "1 example is" if count == 1 else f"{count:,} examples are"


def tell_shared(train: Iterable[Example], apart: Sequence[Example], report: ReportLine) -> None:
    """Warn of held-out examples about what is trained on; molecules are compared as they are written."""
    known = {(row.smiles, row.sequence) for row in train}
    if shared := sum((example.smiles, example.sequence) in known for example in apart):
        report(
            f"warning: {shared:,} of {len(apart):,} held-out pairs are about structures that are trained on; their "
            "loss says what was learned by heart (data split makes files that share nothing)"
        )


def _permitted(folder: Path, report: ReportLine) -> Pairs:
    """Return what the embedded model is trained on: the permitted rows of the pooled texts in a folder."""
    from biomed_agent.model.release.mini import build

    corpus = build(folder)
    report(f"{folder}: {len(corpus.train):,} examples to train on, {len(corpus.dev):,} kept apart")
    digest = hashlib.sha256(b"".join(sorted(map(draw, corpus.train)))).hexdigest()
    counts = {"examples": len(corpus.train), "bad": corpus.dropped.total()}
    return Pairs(corpus.train, corpus.dev, [{"file": folder.name, "sha256": digest, "used_for": "training", **counts}])


def _read(path: Path, use: str, output: Path, files: list[dict[str, Any]], report: ReportLine) -> Iterable[Example]:
    again = sum(file["file"] == path.name for file in files)
    bad_rows = output / f"bad-rows-{f'{again + 1}-' if again else ''}{path.name}.tsv"
    reading = formats.read(path, report=bad_rows if is_first() else None)
    examples = list(reading)
    report(reading.summary())
    if is_first() and not reading.bad.total:
        bad_rows.unlink()
    if not examples:
        problem = f"its {reading.bad.total:,} rows are bad, see {bad_rows}" if reading.bad.total else "it has no row"
        raise InvalidInput(f"{path} holds no pair ({use}): {problem}.", "Run: biomed-agent data check FILE.")
    files.append(
        {
            "file": path.name,
            "sha256": _digest(path),
            "used_for": use,
            "examples": len(examples),
            "bad": reading.bad.total,
        }
    )
    return examples


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def refuse_missing(paths: Iterable[Path]) -> None:
    """Raise :class:`InvalidInput` for a file or folder that does not exist."""
    if missing := [str(path) for path in paths if not path.exists()]:
        raise InvalidInput(
            f"there is no {', '.join(missing)}.", "Give files that exist; see docs/data.md and docs/training.md."
        )


def refuse_other_files(output: Path, data: Sequence[Path], held_out: Sequence[Path]) -> None:
    """Compare the files given for a run that is over with those it was begun with; a folder is not read again.

    Raises:
        InvalidInput: They are others.
    """
    begun = json.loads((output / BEGUN).read_text(encoding="utf-8")).get("data")
    if begun is None or any(path.is_dir() for path in data):
        return
    now = [("training", _digest(path)) for path in data] + [("held out", _digest(path)) for path in held_out]
    if now != [(file["used_for"], file["sha256"]) for file in begun]:
        raise InvalidInput(
            f"the run in {output} is over, and was begun with other data.",
            "Give what it was begun with, or another folder to begin anew.",
        )


def split(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """Divide examples into those to train on and those kept apart; what is alike stays together.

    Of a kind of which chance would keep nothing apart one group is, unless it is the last to train some kind on.
    """
    groups = Grouping().groups(examples)
    folds = Folds({"training": 1 - HELD_OUT_SHARE, "held out": HELD_OUT_SHARE})
    named = [replace(example, group=example.group or groups.group(example)) for example in examples]
    of_kind: dict[str, set[str]] = {}
    for example in named:
        of_kind.setdefault(example.kind, set()).add(example.group)
    apart = {group for group in set().union(*of_kind.values()) if folds.of(group) == "held out"}
    for mine in of_kind.values():
        scarce = [some for some in of_kind.values() if len(some - apart) < 2]
        free = [group for group in mine if not any(group in some for some in scarce)]
        if free and not mine & apart:
            apart.add(min(free, key=lambda group: hashlib.sha256(group.encode()).digest()))
    return [example for example in named if example.group not in apart], [
        example for example in named if example.group in apart
    ]


def begun_with(output: Path, now: dict[str, Any], decided: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Note what a run was begun with, or compare with what was noted.

    Args:
        output: The run's folder.
        now: What must be the same whenever the run is resumed.
        decided: What is noted of a run that begins, and not compared when it is resumed.

    Returns:
        What was noted when the run began.

    Raises:
        InvalidInput: The run was begun with another recipe or other data.
    """
    file = output / BEGUN
    if not file.is_file():
        now = {**now, **(decided or {})}
        if is_first():
            write_json(now, file)
        return now
    before: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    changed = [name for name in now if now[name] != before.get(name)]
    if changed:
        raise InvalidInput(
            f"the run in {output} was begun with another {' and other '.join(changed)}.",
            "Give what it was begun with to resume it, or another folder to begin anew.",
        )
    return before
