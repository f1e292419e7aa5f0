"""From files of pairs to the examples that are trained on and those that are kept apart."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from biomed_agent.errors import InvalidInput

from . import formats
from .batching import draw
from .examples import Example
from .run import Report, is_first, write_json
from .splits import Folds, Grouping

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
        return dict(Counter(one.kind for one in self.train))


def read_pairs(data: Sequence[Path], held_out: Sequence[Path], output: Path, report: Report) -> Pairs:
    """Read files of pairs, or the folder of pooled texts that the embedded model is trained on.

    What is wrong with a bad row of a file is written to ``bad-rows-NAME.tsv`` in ``output``.

    Without files of held-out pairs some groups of alike structures are kept apart, so that no held-out molecule or
    protein has a near relative that is trained on.

    Raises:
        InvalidInput: A file cannot be read, or holds no pair.
    """
    if len(data) == 1 and data[0].is_dir():
        return _permitted(data[0], report)
    files: list[dict[str, Any]] = []
    train = [one for path in data for one in _read(path, "training", output, files, report)]
    apart = [one for path in held_out for one in _read(path, "held out", output, files, report)]
    if not held_out:
        train, apart = split(train)
        report(f"{len(apart):,} examples are kept apart: 1 in {1 / HELD_OUT_SHARE:.0f} groups of alike structures")
    if not train:
        raise InvalidInput(f"{', '.join(map(str, data)) or 'no file'}: there is no pair to train on.")
    return Pairs(train, apart, files)


def _permitted(folder: Path, report: Report) -> Pairs:
    """Return what the embedded model is trained on: the permitted rows of the pooled texts in a folder."""
    from .mini import build

    corpus = build(folder)
    report(f"{folder}: {len(corpus.train):,} examples to train on, {len(corpus.dev):,} kept apart")
    digest = hashlib.sha256(b"".join(sorted(map(draw, corpus.train)))).hexdigest()
    counts = {"examples": len(corpus.train), "bad": corpus.dropped.total()}
    return Pairs(corpus.train, corpus.dev, [{"file": folder.name, "sha256": digest, "used_for": "training", **counts}])


def _read(path: Path, use: str, output: Path, files: list[dict[str, Any]], report: Report) -> Iterable[Example]:
    bad_rows = output / f"bad-rows-{path.name}.tsv"
    reading = formats.read(path, report=bad_rows if is_first() else None)
    examples = list(reading)
    report(reading.summary())
    if is_first() and not reading.bad.total:
        bad_rows.unlink()
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    files.append(
        {"file": path.name, "sha256": digest, "used_for": use, "examples": len(examples), "bad": reading.bad.total}
    )
    return examples


def split(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """Divide examples into those to train on and those kept apart; what is alike stays together."""
    groups = Grouping().groups(examples)
    folds = Folds({"training": 1 - HELD_OUT_SHARE, "held out": HELD_OUT_SHARE})
    sides: dict[str, list[Example]] = {"training": [], "held out": []}
    for one in examples:
        group = one.group or groups.group(one)
        sides[folds.of(group)].append(replace(one, group=group))
    return sides["training"], sides["held out"]


def begun_with(output: Path, now: dict[str, Any]) -> None:
    """Note what a run was begun with, or compare with what was noted.

    Raises:
        InvalidInput: The run was begun with another recipe or other data.
    """
    file = output / BEGUN
    if not file.is_file():
        if is_first():
            write_json(now, file)
        return
    before = json.loads(file.read_text(encoding="utf-8"))
    changed = [name for name in now if now[name] != before.get(name)]
    if changed:
        raise InvalidInput(
            f"the run in {output} was begun with another {' and other '.join(changed)}.",
            "Give what it was begun with to resume it, or another folder to begin anew.",
        )
