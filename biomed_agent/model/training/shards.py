"""Papers as rows of tokens on disk: cleaned, without duplicates, joined end to end and cut to one length.

A folder of shards holds ``train-00000.npy`` and ``held_out-00000.npy`` and so on, arrays ``[rows, context]`` that are
mapped into memory rather than read; ``left_out.jsonl``, which names every row that is in none of them, and why; and
``index.json``, which is written last. :func:`pack` goes on where it was killed, and then gives the same bytes as if it
never had been. It holds two shards in memory, whatever the size of its input.
"""

import hashlib
import json
import sqlite3
import time
import unicodedata
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import accumulate, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset
from transformers import PreTrainedTokenizerBase

from biomed_agent.errors import InvalidInput

from .cleaning import VERSION
from .literature import PaperFile, find_files
from .papers import BadRow, Row, clean
from .run import Report, duration, write_json

INDEX, LEFT_OUT, STATE = "index.json", "left_out.jsonl", "packing.sqlite"
SPLITS = ("train", "held_out")
OFTEN = 20_000
"""Rows after which the state is saved when no shard was filled before."""
CHUNK = 32
"""Rows a process is given at once."""
PROBE = "Caffeine (C8H10N4O2) inhibits PDE4 at 13.5 µM;\n\tβ-actin's 2'-OH, «naïve» T-cells  99 %."


@dataclass(frozen=True)
class Packing:
    """How papers become rows; the same words as in a recipe of stage 1."""

    context: int = 2048
    """tokens of a row"""
    held_out: float = 0.001
    """share of papers kept for validation, drawn by the hash of their identifiers"""
    least_characters: int = 200
    """papers that are shorter once cleaned are left out"""
    rows_per_shard: int = 16384

    def __post_init__(self) -> None:
        if min(self.context, self.rows_per_shard) < 1 or not 0 <= self.held_out < 1:
            raise InvalidInput(f"{self} cannot be packed.", "Give a context of at least 1, and held_out from 0 to 1.")


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A paper as tokens, or why it is left out."""

    digest: bytes
    """of the text without its spelling; equal for duplicates"""
    tokens: NDArray[Any]
    removed: Mapping[str, int]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a paper stands; all that is kept of it once it is tokens."""

    id: str
    file: str
    line: int


_Out: TypeAlias = tuple[_Origin, _Prepared] | BadRow


def pack(
    inputs: Sequence[Path],
    tokenizer: PreTrainedTokenizerBase,
    folder: Path,
    settings: Packing,
    report: Report,
    workers: int = 0,
) -> dict[str, Any]:
    """Write papers as shards of tokens, going on where an earlier call was killed.

    Args:
        inputs: Files and folders of papers, as :func:`~.literature.read_papers` reads them.
        tokenizer: Cuts the texts; a paper ends with its end-of-sequence token.
        folder: Where the shards go. A finished folder of the same papers and settings is left as it is.
        settings: How rows are made.
        report: Told the progress.
        workers: Processes that clean and tokenize beside this one; the shards do not depend on their number.

    Returns:
        The index: rows, tokens, papers and digests of the shards by split, and what was left out.

    Raises:
        InvalidInput: A file cannot be read, there is nothing to keep, or the folder holds other shards.
    """
    files, passed = find_files(inputs)
    job = _job(files, tokenizer, settings)
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / INDEX).is_file():
        index = read_index(folder)
        _same_job(index["job"], job, folder)
        return index
    for path in passed:
        report(f"passed over, no reader knows its suffix: {path}")
    with closing(sqlite3.connect(folder / STATE, isolation_level=None)) as database:
        run = _Run(folder, database, job, tokenizer, settings, report)
        for number, path in enumerate(files[run.file :], run.file):
            run.take_file(number, path, workers)
        index = run.close()
    (folder / STATE).unlink()
    report(summary(index))
    return index


def read_index(folder: Path) -> dict[str, Any]:
    """Return the index of a folder of shards, once its files are there and as long as it says.

    Raises:
        InvalidInput: There is no index, or a shard is missing or of another shape.
    """
    try:
        index: dict[str, Any] = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        context, shards = index["job"]["context"], [one for split in SPLITS for one in index["splits"][split]["shards"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            f"{folder / INDEX} cannot be read ({getattr(error, 'strerror', None) or error}).",
            "Pack the papers first; a killed run goes on when the same command is given again.",
        ) from error
    for shard in shards:
        path = folder / shard["file"]
        try:
            shape = np.load(path, mmap_mode="r").shape
        except (OSError, ValueError) as error:
            raise InvalidInput(f"the shard {path} cannot be read ({error}).", "Pack the papers again.") from error
        if shape != (shard["rows"], context):
            raise InvalidInput(f"the shard {path} is {shape}, expected {(shard['rows'], context)}.", "Pack again.")
    return index


def verify(folder: Path) -> None:
    """Compare every shard of a folder with the SHA-256 its index gives.

    Raises:
        InvalidInput: A shard is altered.
    """
    index = read_index(folder)
    for split in SPLITS:
        for shard in index["splits"][split]["shards"]:
            if _digest(np.load(folder / shard["file"], mmap_mode="r")) != shard["sha256"]:
                raise InvalidInput(f"the shard {folder / shard['file']} is altered.", "Pack the papers again.")


def summary(index: Mapping[str, Any]) -> str:
    """Return in a line what a folder of shards holds and what was left out."""
    splits, left = index["splits"], index["left_out"]
    papers = sum(split["papers"] for split in splits.values())
    out = ", ".join(f"{count:,} {kind}" for kind, count in left.items() if count) or "none"
    return (
        f"{papers:,} papers: {splits['train']['tokens']:,} tokens to train on, "
        f"{splits['held_out']['tokens']:,} held out; left out: {out} (named in {LEFT_OUT})"
    )


def tokenizer_digest(tokenizer: PreTrainedTokenizerBase) -> str:
    """Return a SHA-256 that tells tokenizers apart by their vocabulary and how they cut a probe."""
    told = [sorted(tokenizer.get_vocab().items()), tokenizer.eos_token_id, tokens_of(PROBE, tokenizer)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def tokens_of(text: str, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Return the tokens of one paper: those the tokenizer begins texts with, the text, and end of sequence.

    Special tokens written out in the text are ordinary characters.
    """
    ids: list[int] = list(tokenizer(text, split_special_tokens=True, verbose=False)["input_ids"])
    return ids if ids and ids[-1] == tokenizer.eos_token_id else [*ids, int(tokenizer.eos_token_id)]


class PackedRows(Dataset[dict[str, torch.Tensor]]):
    """The rows of one split, mapped into memory: any row can be had at once, in any process.

    An item has ``input_ids`` and ``labels``, both ``[context]``; labels are -100 where the last row is filled up.

    Args:
        folder: Folder of shards.
        split: ``train`` or ``held_out``.
    """

    def __init__(self, folder: Path, split: str = "train") -> None:
        index = read_index(folder)
        told = index["splits"][split]
        self.files = [folder / shard["file"] for shard in told["shards"]]
        self.ends = list(accumulate(shard["rows"] for shard in told["shards"]))
        self.context, self.tokens = int(index["job"]["context"]), int(told["tokens"])
        self.maps: dict[int, NDArray[Any]] = {}

    def __len__(self) -> int:
        """Number of rows."""
        return self.ends[-1] if self.ends else 0

    def __getitem__(self, row: int) -> dict[str, torch.Tensor]:
        """Return one row."""
        shard = bisect_right(self.ends, row)
        if shard not in self.maps:
            self.maps[shard] = np.load(self.files[shard], mmap_mode="r")
        before = self.ends[shard - 1] if shard else 0
        ids = torch.from_numpy(self.maps[shard][row - before].astype(np.int64))
        labels = ids.clone()
        labels[max(0, self.tokens - row * self.context) :] = -100
        return {"input_ids": ids, "labels": labels}

    def __getstate__(self) -> dict[str, Any]:
        """Leave the maps behind; another process opens its own."""
        return {**self.__dict__, "maps": {}}


@dataclass
class _Split:
    """The shard of one split that is being filled, and those that are full."""

    name: str
    folder: Path
    context: int
    buffer: NDArray[Any]
    filled: int = 0
    papers: int = 0
    tokens: int = 0
    shards: list[dict[str, Any]] = field(default_factory=list)

    def add(self, tokens: NDArray[Any]) -> bool:
        """Append a paper; say whether a shard was written."""
        before = len(self.shards)
        self.papers += 1
        self.tokens += len(tokens)
        while len(tokens):
            taken = min(len(tokens), len(self.buffer) - self.filled)
            self.buffer[self.filled : self.filled + taken] = tokens[:taken]
            self.filled += taken
            tokens = tokens[taken:]
            if self.filled == len(self.buffer):
                self.write()
        return len(self.shards) > before

    def write(self, fill: int = 0) -> None:
        """Write what is there as one shard, the last row filled up with ``fill``."""
        if not self.filled:
            return
        rows = -(-self.filled // self.context)
        self.buffer[self.filled : rows * self.context] = fill
        values = self.buffer[: rows * self.context].reshape(rows, self.context)
        name = f"{self.name}-{len(self.shards):05}.npy"
        partial_ = self.folder / f"{name}.partial"
        with partial_.open("wb") as file:
            np.save(file, values)
        partial_.rename(self.folder / name)
        self.shards.append({"file": name, "rows": rows, "sha256": _digest(values)})
        self.filled = 0

    def told(self) -> dict[str, Any]:
        """Return what the index says of this split."""
        rows = sum(shard["rows"] for shard in self.shards)
        return {"papers": self.papers, "tokens": self.tokens, "rows": rows, "shards": self.shards}


class _Run:
    """One packing, with its state in a database: a kill loses what came after the last commit, on all sides alike."""

    def __init__(
        self,
        folder: Path,
        database: sqlite3.Connection,
        job: Mapping[str, Any],
        tokenizer: PreTrainedTokenizerBase,
        settings: Packing,
        report: Report,
    ) -> None:
        self.folder, self.database, self.job, self.report = folder, database, job, report
        self.settings, self.eos = settings, int(tokenizer.eos_token_id)
        self.prepare = partial(_prepare, tokenizer=tokenizer, settings=settings, dtype=job["dtype"])
        self.splits = {
            name: _Split(
                name, folder, settings.context, np.zeros(settings.rows_per_shard * settings.context, job["dtype"])
            )
            for name in SPLITS
        }
        self.file = self.row = 0
        self.sources: list[dict[str, Any]] = []
        self.left_out: Counter[str] = Counter({"bad rows": 0, "short": 0, "duplicates": 0})
        self.removed: Counter[str] = Counter()
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE IF NOT EXISTS seen (digest BLOB PRIMARY KEY) WITHOUT ROWID")
        database.execute("CREATE TABLE IF NOT EXISTS left_out (file TEXT, line INTEGER, id TEXT, reason TEXT)")
        database.execute("CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value BLOB)")
        self._restore()
        database.execute("BEGIN")
        self.started, self.begin = time.monotonic(), sum(source["bytes"] for source in self.sources)

    def take_file(self, number: int, path: Path, workers: int) -> None:
        """Read one file from the first row that is not yet done."""
        papers = PaperFile(path)
        skipped = self.row
        if skipped:
            self.report(f"going on at row {skipped + 1:,} of {path}")
        rows = islice(papers, skipped, None)
        for out in _mapped(self.prepare, rows, workers):
            written = self._take(out)
            self.row += 1
            if written or self.row % OFTEN == 0:
                self._save()
                self._tell(number, papers.position)
        source = {"file": path.as_posix(), "bytes": path.stat().st_size, "sha256": papers.sha256(), "rows": self.row}
        self.sources.append(source)
        self.file, self.row = number + 1, 0
        self._save()
        self._tell(number, 0)

    def close(self) -> dict[str, Any]:
        """Write the last shards, the rows left out and the index."""
        if not self.splits["train"].tokens:
            self._export()
            raise InvalidInput(
                f"no paper is left to train on ({dict(self.left_out)}).",
                f"See {self.folder / LEFT_OUT} for the reasons.",
            )
        for split in self.splits.values():
            split.write(fill=self.eos)
        self._export()
        splits = {name: split.told() for name, split in self.splits.items()}
        digests = "".join(
            f"{shard['sha256']}  {shard['file']}\n" for told in splits.values() for shard in told["shards"]
        )
        index = {
            "job": self.job,
            "splits": splits,
            "sources": self.sources,
            "left_out": dict(self.left_out),
            "removed": dict(sorted(self.removed.items())),
            "digest": hashlib.sha256(digests.encode()).hexdigest(),
        }
        write_json(index, self.folder / INDEX)
        return index

    def _take(self, out: _Out) -> bool:
        """Add one row to its split, or name it among those left out; say whether a shard was written."""
        if isinstance(out, BadRow):
            return self._leave_out(_Origin("", out.file, out.line), "bad rows", out.reason)
        origin, prepared = out
        if prepared.fault:
            return self._leave_out(origin, "short", prepared.fault)
        new = self.database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (prepared.digest,)).rowcount
        if not new:
            return self._leave_out(origin, "duplicates", "the text of an earlier paper")
        self.removed.update(prepared.removed)
        held_out = _chance(origin.id.encode() or prepared.digest) < self.settings.held_out
        return self.splits["held_out" if held_out else "train"].add(prepared.tokens)

    def _leave_out(self, origin: _Origin, kind: str, reason: str) -> bool:
        self.left_out[kind] += 1
        values = (origin.file, origin.line, origin.id, reason)
        self.database.execute("INSERT INTO left_out VALUES (?, ?, ?, ?)", values)
        return False

    def _save(self) -> None:
        counts = {name: (split.papers, split.tokens, split.shards) for name, split in self.splits.items()}
        state = {
            "job": self.job,
            "file": self.file,
            "row": self.row,
            "sources": self.sources,
            "left_out": self.left_out,
            "removed": self.removed,
            "splits": counts,
        }
        values: list[tuple[str, str | bytes]] = [("state", json.dumps(state))]
        values += [(name, split.buffer[: split.filled].tobytes()) for name, split in self.splits.items()]
        self.database.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", values)
        self.database.execute("COMMIT")
        self.database.execute("BEGIN")

    def _restore(self) -> None:
        saved = dict(self.database.execute("SELECT name, value FROM state"))
        if not saved:
            return
        state = json.loads(saved["state"])
        _same_job(state["job"], self.job, self.folder)
        self.file, self.row, self.sources = state["file"], state["row"], state["sources"]
        self.left_out, self.removed = Counter(state["left_out"]), Counter(state["removed"])
        for name, split in self.splits.items():
            split.papers, split.tokens, split.shards = state["splits"][name]
            pending = np.frombuffer(saved[name], self.job["dtype"])
            split.filled = len(pending)
            split.buffer[: split.filled] = pending

    def _export(self) -> None:
        """Write the rows left out as JSON lines."""
        unfinished = self.folder / f"{LEFT_OUT}.partial"
        with unfinished.open("w", encoding="utf-8") as file:
            for values in self.database.execute("SELECT file, line, id, reason FROM left_out ORDER BY rowid"):
                line = dict(zip(("file", "line", "id", "reason"), values, strict=True))
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        unfinished.rename(self.folder / LEFT_OUT)

    def _tell(self, number: int, position: int) -> None:
        """Report progress; the time left is judged by the bytes read in this session."""
        total = sum(size for _, size in self.job["files"])
        read = min(total, sum(source["bytes"] for source in self.sources) + position)
        pace = (read - self.begin) / max(1e-9, time.monotonic() - self.started)
        papers, tokens = (sum(getattr(split, name) for split in self.splits.values()) for name in ("papers", "tokens"))
        done = f"file {number + 1} of {len(self.job['files'])}, {papers:,} papers, {tokens:,} tokens"
        self.report(f"packing: {done}, {duration((total - read) / max(1.0, pace))} left")


def _job(files: Sequence[Path], tokenizer: PreTrainedTokenizerBase, settings: Packing) -> dict[str, Any]:
    """Return what decides the bytes of the shards."""
    if tokenizer.eos_token_id is None:
        raise InvalidInput(f"{tokenizer.name_or_path} has no end-of-sequence token, which parts the papers.")
    return {
        **asdict(settings),
        "cleaning": VERSION,
        "tokenizer": tokenizer_digest(tokenizer),
        "dtype": "uint16" if len(tokenizer) <= 1 << 16 else "uint32",
        "files": [[path.as_posix(), path.stat().st_size] for path in files],
    }


def _same_job(found: Mapping[str, Any], wanted: Mapping[str, Any], folder: Path) -> None:
    differing = [key for key in wanted if found.get(key) != wanted[key]]
    if differing:
        raise InvalidInput(
            f"{folder} holds shards made otherwise: {', '.join(differing)} differ.",
            "Choose another folder, or remove this one.",
        )


def _prepare(row: Row, tokenizer: PreTrainedTokenizerBase, settings: Packing, dtype: str) -> _Out:
    """Clean and tokenize one row."""
    if isinstance(row, BadRow):
        return row
    removed: Counter[str] = Counter()
    text = clean(row, removed)
    origin = _Origin(row.id, row.file, row.line)
    if len(text) < settings.least_characters:
        return origin, _Prepared(b"", np.zeros(0, dtype), {}, f"{len(text)} characters once cleaned")
    letters = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))
    digest = hashlib.sha256(letters.encode()).digest()[:16]
    return origin, _Prepared(digest, np.array(tokens_of(text, tokenizer), dtype), removed)


def _mapped(prepare: Callable[[Row], _Out], rows: Iterable[Row], workers: int) -> Iterator[_Out]:
    """Apply ``prepare`` to all rows in order, in this process or in others, never far ahead of what is consumed."""
    if workers < 1:
        yield from map(prepare, rows)
        return
    rows, ahead = iter(rows), deque[Future[list[_Out]]]()
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        while True:
            while len(ahead) < 4 * workers and (chunk := list(islice(rows, CHUNK))):
                ahead.append(pool.submit(_prepare_chunk, prepare, chunk))
            if not ahead:
                return
            yield from ahead.popleft().result()


def _prepare_chunk(prepare: Callable[[Row], _Out], rows: Sequence[Row]) -> list[_Out]:
    return [prepare(row) for row in rows]


def _digest(values: NDArray[Any]) -> str:
    """Return the SHA-256 of an array's values."""
    return hashlib.sha256(np.ascontiguousarray(values).data).hexdigest()


def _chance(name: bytes) -> float:
    """Return a number in [0, 1) drawn by the hash of ``name``."""
    return int.from_bytes(hashlib.sha256(name).digest()[:8], "big") / 2**64
