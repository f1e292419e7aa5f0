"""``python -m biomed_agent.model.release.heldout --data DIR --output FOLDER``: what the embedded model is scored on.

Writes the examples of the held-out tables of its card, and those its constant answers and nearest neighbours are taken
from, as files that ``biomed-agent evaluate`` reads. :mod:`.publish` scores the very same rows.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from biomed_agent.model.data.examples import OTHER, Example
from biomed_agent.model.data.formats import write_line
from biomed_agent.model.data.similarity import nearest_proteins
from biomed_agent.model.evaluation.reading import read_rows
from biomed_agent.model.evaluation.tasks import task_named
from biomed_agent.model.release.mini import OFFICIAL_TESTS, Corpus, build

MAX_IDENTITY = 0.4
"""Held-out proteins are scored when no protein that was trained on is as identical as this."""
MOLECULES, PROTEINS, CHEBI20 = "molecules", "proteins", "chebi20_test"
"""The tables of the card; the third is about an official file, the others about files that are written here."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one table of the card is about."""

    task: str
    """name of the task, for ``biomed-agent evaluate``"""
    rows: Sequence[Example]
    """what is asked"""
    train: Sequence[Example]
    """what was trained on and answers the same kinds, for constant answer and nearest neighbour"""


def rows_by_table(corpus: Corpus, data: Path) -> dict[str, Asked]:
    """Return what the model is scored on, by table.

    Args:
        corpus: Examples trained on and held out.
        data: Folder with the official test files.
    """
    trained_on = [row for row in corpus.train if row.kind != OTHER]
    molecules, proteins = [row for row in trained_on if row.smiles], [row for row in trained_on if row.sequence]
    described = [row for row in corpus.dev if row.kind == "description"]
    tested = read_rows(task_named("molecule-captioning"), [data / OFFICIAL_TESTS[0]]).examples
    return {
        MOLECULES: Asked("molecule-captioning", described, molecules),
        PROTEINS: Asked("protein-qa", far_proteins(corpus), proteins),
        CHEBI20: Asked("molecule-captioning", tested, molecules),
    }


def far_proteins(corpus: Corpus) -> list[Example]:
    """Return the held-out examples whose protein is less than 40 % identical to every one that was trained on."""
    sequences = sorted({row.sequence for row in corpus.dev if row.sequence})
    trained = sorted({row.sequence for row in corpus.train if row.sequence})
    nearest = nearest_proteins(sequences, trained)
    far = {sequence for sequence, match in zip(sequences, nearest, strict=True) if match.similarity < MAX_IDENTITY}
    return [row for row in corpus.dev if row.sequence in far]


def write(tables: Mapping[str, Asked], folder: Path) -> list[Path]:
    """Write ``TABLE.jsonl`` and ``TABLE-train.jsonl`` of both held-out tables; return the four paths.

    The training examples of the molecules serve the official test as well.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for name in (MOLECULES, PROTEINS):
        files[folder / f"{name}.jsonl"] = tables[name].rows
        files[folder / f"{name}-train.jsonl"] = tables[name].train
    for path, rows in files.items():
        path.write_text("".join(map(write_line, rows)), encoding="utf-8")
    return list(files)


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(prog="python -m biomed_agent.model.release.heldout", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with mol_text/ and protein_text/")
    parser.add_argument("--output", type=Path, required=True, help="folder for the files")
    options = parser.parse_args()
    for path in write(rows_by_table(build(options.data), options.data), options.output):
        print(path)


if __name__ == "__main__":
    main()
