"""Finding the data of the paper's tables in a folder: by what the files hold, and by names where that does not tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Literal

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.data.formats import FORMATS
from biomed_agent.model.data.formats.detect import detect
from biomed_agent.model.data.formats.rows import Found

SUFFIXES = (".json", ".jsonl")
PACKED = (".gz", ".xz", ".bz2")
SAMPLE_RECORDS = 20
Role = Literal["test", "dev", "train", ""]
"""Which split a file is by its name; "" where its name says none."""
_ROLES: dict[str, Role] = {
    "test": "test",
    "dev": "dev",
    "val": "dev",
    "valid": "dev",
    "validation": "dev",
    "train": "train",
    "training": "train",
}


@dataclass(frozen=True)
class PaperTable:
    """One table of the BioMedGPT paper (arXiv 2308.09442), and the data it is made from."""

    task: str
    """name of the task (:mod:`.tasks`)"""
    name: str
    """of the data set"""
    published: str
    """what :mod:`.published` calls the data its rows were measured on"""
    formats: tuple[str, ...]
    where: str
    """from where to fetch it"""
    files: str
    """which files are looked for, in words"""
    sort: Literal["molecule", "protein", ""] = ""
    named: str = ""
    """what the path must say where other data sets have the same format; upper case, ``-`` and ``_`` aside"""
    avoided: tuple[str, ...] = ()
    """what the path must not say"""
    preferred: str = ""
    """what the path should say where several fit"""
    scored: tuple[Role, ...] = ("test", "dev", "")
    """which splits can be scored, the best first"""
    complete: int = 0
    """examples of the whole split that is scored; 0 where it is not known to us"""


TABLES = (
    PaperTable(
        "molecule-qa",
        "PubChemQA",
        "PubChemQA test",
        ("pubchemqa", "openbiomed", "uniprotqa"),
        "Hugging Face, datasets/PharMolix/PubChemQA",
        "test.json and train.json in a folder whose name says PubChemQA",
        "molecule",
        "pubchemqa",
    ),
    PaperTable(
        "protein-qa",
        "UniProtQA",
        "UniProtQA test, four questions together",
        ("uniprotqa", "openbiomed"),
        "Hugging Face, datasets/PharMolix/UniProtQA (train.json 436 MB, test.json 109 MB)",
        "test.json and train.json in a folder whose name says UniProtQA",
        "protein",
        "uniprotqa",
    ),
    PaperTable(
        "pubmedqa",
        "PubMedQA",
        "PubMedQA",
        ("pubmedqa",),
        "github.com/pubmedqa/pubmedqa, folder data",
        "ori_pqal.json, and test_ground_truth.json for the ids of its test set",
        avoided=("pqaa", "pqau"),
        scored=("test", ""),
        complete=500,
    ),
    PaperTable(
        "medmcqa",
        "MedMCQA",
        "MedMCQA",
        ("medmcqa", "medmcqa-hf"),
        "github.com/medmcqa/medmcqa",
        "dev.json (its test.json tells no answers), and train.json for the most frequent answer",
        scored=("dev",),
        complete=4183,
    ),
    PaperTable(
        "medqa",
        "MedQA (USMLE)",
        "MedQA (USMLE)",
        ("medqa",),
        "github.com/jind11/MedQA, data_clean/questions/US",
        "4_options/phrases_no_exclude_test.jsonl, or any .jsonl of this format whose name says test",
        avoided=("mainland", "taiwan"),
        preferred="4options",
        complete=1273,
    ),
)
VOCABULARY = {
    "table": "SciBERT's word pieces, in which BLEU and METEOR of molecules and proteins are usually published",
    "files": "vocab.txt in a folder whose name says scibert",
    "where": "Hugging Face, allenai/scibert_scivocab_uncased",
}
"""What a report says where it is not there; scores are then counted in words."""


@dataclass
class PaperData:
    """What was found for one table."""

    table: PaperTable
    scored: Path
    train: Path | None = None
    ids: Path | None = None
    """ids of the test set, where the file holds more"""
    unused: list[Path] = field(default_factory=list)
    """files that would do as well"""


@dataclass
class Search:
    """What a folder holds of the paper's tables."""

    found: list[PaperData] = field(default_factory=list)
    missing: list[PaperTable] = field(default_factory=list)
    vocabulary: Path | None = None
    """SciBERT's, in whose word pieces BLEU was published"""


@dataclass(frozen=True)
class _Candidate:
    path: Path
    words: str
    """the path below the folder that was searched, in letters and digits"""
    role: Role
    format: str
    sort: str


def search(folders: Iterable[Path]) -> Search:
    """Look for the data of every table below some folders.

    Raises:
        InvalidInput: A folder does not exist.
    """
    candidates: list[_Candidate] = []
    ids: list[Path] = []
    result = Search()
    for folder in folders:
        if not folder.is_dir():
            raise InvalidInput(f"{folder} is no folder.", "Give the folder below which the data sets lie.")
        for path in sorted(_files(folder)):
            words = _letters(str(path.relative_to(folder)))
            if path.name == "vocab.txt" and "scibert" in words:
                result.vocabulary = result.vocabulary or path
            elif path.name.startswith("test_ground_truth"):
                ids.append(path)
            elif candidate := _candidate(path, words):
                candidates.append(candidate)
    for table in TABLES:
        if data := _data(table, candidates):
            near = [path for path in ids if path.parent == data.scored.parent]
            result.found.append(replace(data, ids=near[0] if table.task == "pubmedqa" and near else None))
        else:
            result.missing.append(table)
    return result


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        below = path.relative_to(folder).parts
        name = path.name.removesuffix(path.suffix) if path.suffix in PACKED else path.name
        hidden = any(part.startswith(".") for part in below)
        if (name.endswith(SUFFIXES) or name == "vocab.txt") and not hidden and path.is_file():
            yield path


def _candidate(path: Path, words: str) -> _Candidate | None:
    try:
        name = detect(path)
    except (InvalidInput, UnicodeDecodeError):
        return None  # a file of something else
    if not any(name in table.formats for table in TABLES):
        return None
    return _Candidate(path, words, _role(path), name, _sort(path, name))


def _role(path: Path) -> Role:
    stem = path.name.split(".")[0]
    return next((_ROLES[word] for word in re.split(r"[^a-z]+", stem.lower()) if word in _ROLES), "")


def _sort(path: Path, name: str) -> str:
    """Return whether the first structure of a file is a molecule or a protein; "" for questions in text."""
    if FORMATS[name].holds != "examples":
        return ""
    records = islice(FORMATS[name].reader(path), SAMPLE_RECORDS)
    first = next((record for record in records if isinstance(record, Found)), None)
    return "" if first is None else "molecule" if first.smiles else "protein"


def _data(table: PaperTable, candidates: Sequence[_Candidate]) -> PaperData | None:
    """Return the best files of a table: the split that is scored first, with a training file beside it."""
    fitting = [
        candidate
        for candidate in candidates
        if candidate.format in table.formats
        and candidate.sort == table.sort
        and table.named in candidate.words
        and not any(word in candidate.words for word in table.avoided)
    ]

    def train_of(candidate: _Candidate) -> Path | None:
        beside = [
            other.path for other in fitting if other.role == "train" and other.path.parent == candidate.path.parent
        ]
        return min(beside, key=lambda path: (len(path.name), path.name), default=None)

    def rank(candidate: _Candidate) -> tuple[int, bool, bool, int, str]:
        return (
            table.scored.index(candidate.role),
            table.preferred not in candidate.words,
            train_of(candidate) is None,
            len(candidate.path.name),
            str(candidate.path),
        )

    ranked = sorted((candidate for candidate in fitting if candidate.role in table.scored), key=rank)
    if not ranked:
        return None
    best, *others = ranked
    unused = [other.path for other in others if other.role == best.role]
    return PaperData(table, best.path, train_of(best), unused=unused)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9/]", "", text.lower())
