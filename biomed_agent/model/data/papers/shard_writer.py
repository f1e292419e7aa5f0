"""Papers cleaned, cut into tokens, joined end to end and written as rows of one length.

:func:`write_shards` goes on where it was killed, and then gives the same bytes as if it never had been. It holds one
shard of each split in memory, whatever the size of its input.
"""

import hashlib
import json
import sqlite3
import time
import unicodedata
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from biomed_agent.core.errors import InvalidInput, Unavailable
from biomed_agent.core.progress import ReportLine, duration
from biomed_agent.model.data.papers.cleaning import VERSION
from biomed_agent.model.data.papers.paper import BadRow, Row, clean
from biomed_agent.model.data.papers.readers import PaperFile, find_files
from biomed_agent.model.data.papers.shards import (
    INDEX,
    LEFT_OUT,
    SPLITS,
    ShardSettings,
    digest_of,
    read_index,
    summary,
    tokenizer_digest,
    tokens_of,
)
from biomed_agent.model.training.trainer import write_json

STATE = "packing.sqlite"
SAVE_SECONDS, TELL_SECONDS = 60.0, 10.0
"""The state is saved with every full shard and after this time; progress is told after that."""
CHUNK_ROWS = 32
"""Rows a process is given at once."""


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


@dataclass(frozen=True, slots=True)
class _End:
    """The end of a file."""

    file: str
    bytes: int
    sha256: str


_In: TypeAlias = Row | _End
_Out: TypeAlias = tuple[_Origin, _Prepared] | BadRow | _End


def write_shards(
    inputs: Sequence[Path],
    tokenizer: PreTrainedTokenizerBase,
    folder: Path,
    settings: ShardSettings,
    report: ReportLine,
    workers: int = 0,
) -> dict[str, Any]:
    """Write papers as shards of tokens, going on where an earlier call was killed.

    Args:
        inputs: Files and folders of papers, as :class:`~.readers.PaperFile` reads them.
        tokenizer: Cuts the texts; a paper ends with its end-of-sequence token.
        folder: Where the shards go. A finished folder of the same papers and settings is left as it is.
        settings: How rows are made.
        report: Told the progress.
        workers: Processes that clean and tokenize beside this one; the shards do not depend on their number.

    Returns:
        The index: rows, tokens, papers and digests of the shards by split, and what was left out.

    Raises:
        InvalidInput: A file cannot be read, there is nothing to keep, or the folder holds other shards.
        Unavailable: Another process packs into the folder.
    """
    files, passed = find_files(inputs)
    job = _job(tokenizer, settings)
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / INDEX).is_file():
        index = read_index(folder)
        _same_job(index["job"], job, folder)
        _same_files(index["sources"], files, folder)
        if len(files) > len(index["sources"]):
            raise InvalidInput(
                f"{folder} is finished; {len(files) - len(index['sources'])} of the files given are not in it.",
                "Choose another folder for them.",
            )
        return index
    for path in passed:
        report(f"passed over, no reader knows its suffix: {path}")
    try:
        with closing(sqlite3.connect(folder / STATE, timeout=2, isolation_level=None)) as database:
            run = _Run(folder, database, job, tokenizer, settings, report)
            _same_files(run.sources(), files, folder)
            run.take(files, workers)
            index = run.close()
    except sqlite3.OperationalError as error:
        raise Unavailable(
            f"{folder / STATE} cannot be used ({error}).", "Another process may be packing into this folder."
        ) from error
    (folder / STATE).unlink()
    report(summary(index))
    return index


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
        self.shards.append({"file": name, "rows": rows, "sha256": digest_of(values)})
        self.filled = 0

    def summary(self) -> dict[str, Any]:
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
        settings: ShardSettings,
        report: ReportLine,
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
        self.file = self.row = self.bytes = 0
        self.left_out: Counter[str] = Counter({"bad rows": 0, "short": 0, "duplicates": 0})
        self.removed: Counter[str] = Counter()
        database.execute("PRAGMA locking_mode = EXCLUSIVE")  # two processes would write over each other's shards
        for table in ("seen (digest BLOB PRIMARY KEY) WITHOUT ROWID", "state (name TEXT PRIMARY KEY, value BLOB)"):
            database.execute(f"CREATE TABLE IF NOT EXISTS {table}")
        database.execute("CREATE TABLE IF NOT EXISTS left_out (file TEXT, line INTEGER, id TEXT, reason TEXT)")
        database.execute("CREATE TABLE IF NOT EXISTS sources (file TEXT, bytes INTEGER, sha256 TEXT, rows INTEGER)")
        self._restore()
        database.execute("BEGIN")
        self.reading: PaperFile | None = None
        self.total = self.count = 0
        self.started, self.begin = time.monotonic(), self.bytes
        self.saved = self.reported = self.started

    def take(self, files: Sequence[Path], workers: int) -> None:
        """Read all files from the first row that is not yet done."""
        if self.file or self.row:
            self.report(f"packing goes on at file {self.file + 1}, row {self.row + 1:,}")
        self.total = sum(path.stat().st_size for path in files)
        self.count = len(files)
        for out in self._whole(_mapped(self.prepare, self._rows(files), workers)):
            written = False
            if isinstance(out, _End):
                self.database.execute(
                    "INSERT INTO sources VALUES (?, ?, ?, ?)", (out.file, out.bytes, out.sha256, self.row)
                )
                self.file, self.row, self.bytes = self.file + 1, 0, self.bytes + out.bytes
            else:
                written = self._take(out)
                self.row += 1
            now = time.monotonic()
            if written or now > self.saved + SAVE_SECONDS:
                self._save()
                self.saved = now
            if now > self.reported + TELL_SECONDS:
                self._tell()
                self.reported = now
        self._save()

    def _whole(self, outs: Iterator[_Out]) -> Iterator[_Out]:
        """Keep what is done when a file turns out to be damaged; the run goes on there once it is mended."""
        try:
            yield from outs
        except InvalidInput:
            self._save()
            raise

    def _rows(self, files: Sequence[Path]) -> Iterator[_In]:
        skipped = self.row
        for path in files[self.file :]:
            self.reading = PaperFile(path)
            yield from islice(self.reading, skipped, None)
            yield _End(path.as_posix(), path.stat().st_size, self.reading.sha256())
            skipped = 0

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
        splits = {name: split.summary() for name, split in self.splits.items()}
        digests = "".join(
            f"{shard['sha256']}  {shard['file']}\n" for split in splits.values() for shard in split["shards"]
        )
        index = {
            "job": self.job,
            "splits": splits,
            "sources": self.sources(),
            "left_out": dict(self.left_out),
            "removed": dict(sorted(self.removed.items())),
            "digest": hashlib.sha256(digests.encode()).hexdigest(),
        }
        write_json(index, self.folder / INDEX)
        return index

    def _take(self, out: tuple[_Origin, _Prepared] | BadRow) -> bool:
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
            "file": self.file,
            "row": self.row,
            "bytes": self.bytes,
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
        if "job" not in saved:
            self.database.execute("INSERT INTO state VALUES ('job', ?)", (json.dumps(self.job),))
            return
        _same_job(json.loads(saved["job"]), self.job, self.folder)
        if "state" not in saved:
            return
        state = json.loads(saved["state"])
        self.file, self.row, self.bytes = state["file"], state["row"], state["bytes"]
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
            for values in self._table("left_out"):
                line = dict(zip(("file", "line", "id", "reason"), values, strict=True))
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        unfinished.rename(self.folder / LEFT_OUT)

    def sources(self) -> list[dict[str, Any]]:
        """Return the files that are done."""
        return [dict(zip(("file", "bytes", "sha256", "rows"), row, strict=True)) for row in self._table("sources")]

    def _table(self, name: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a table in the order they were written."""
        yield from self.database.execute(f"SELECT * FROM {name} ORDER BY rowid")

    def _tell(self) -> None:
        """Report progress; the time left is judged by the bytes read in this session."""
        read = min(self.total, self.bytes + (self.reading.position if self.reading else 0))
        pace = (read - self.begin) / max(1e-9, time.monotonic() - self.started)
        papers, tokens = (sum(getattr(split, name) for split in self.splits.values()) for name in ("papers", "tokens"))
        done = f"file {self.file + 1} of {self.count}, {papers:,} papers, {tokens:,} tokens"
        self.report(f"packing: {done}, {duration((self.total - read) / max(1.0, pace))} left")


def _job(tokenizer: PreTrainedTokenizerBase, settings: ShardSettings) -> dict[str, Any]:
    """Return what decides the bytes of the shards."""
    if tokenizer.eos_token_id is None:
        raise InvalidInput(f"{tokenizer.name_or_path} has no end-of-sequence token, which parts the papers.")
    return {
        **asdict(settings),
        "cleaning": VERSION,
        "tokenizer": tokenizer_digest(tokenizer),
        "dtype": "uint16" if len(tokenizer) <= 1 << 16 else "uint32",
    }


def _same_job(existing: Mapping[str, Any], wanted: Mapping[str, Any], folder: Path) -> None:
    differing = [key for key in wanted if existing.get(key) != wanted[key]]
    if differing:
        raise InvalidInput(
            f"{folder} holds shards made otherwise: {', '.join(differing)} differ.",
            "Choose another folder, or remove this one.",
        )


def _same_files(done: Sequence[Mapping[str, Any]], files: Sequence[Path], folder: Path) -> None:
    """Refuse other files in place of those that are done; later ones may have been mended or added since."""
    sizes = [(path.as_posix(), path.stat().st_size) for path in files] + [("nothing", 0)] * len(done)
    for source, size in zip(done, sizes, strict=False):
        if size != (source["file"], source["bytes"]):
            raise InvalidInput(
                f"{folder} holds {source['file']} ({source['bytes']:,} bytes), now {size[0]} ({size[1]:,}) is given.",
                "Give the same files in the same order, or choose another folder.",
            )


def _prepare(row: _In, tokenizer: PreTrainedTokenizerBase, settings: ShardSettings, dtype: str) -> _Out:
    """Clean and tokenize one row."""
    if isinstance(row, BadRow | _End):
        return row
    removed: Counter[str] = Counter()
    text = clean(row, removed)
    origin = _Origin(row.id, row.file, row.line)
    if len(text) < settings.least_characters:
        return origin, _Prepared(b"", np.zeros(0, dtype), {}, f"{len(text)} characters once cleaned")
    letters = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))
    digest = hashlib.sha256(letters.encode()).digest()[:16]
    return origin, _Prepared(digest, np.array(tokens_of(text, tokenizer), dtype), removed)


def _mapped(prepare: Callable[[_In], _Out], rows: Iterable[_In], workers: int) -> Iterator[_Out]:
    """Apply ``prepare`` to all rows in order, in this process or in others, never far ahead of what is consumed."""
    if workers < 1:
        yield from map(prepare, rows)
        return
    rows, ahead = iter(rows), deque[Future[list[_Out]]]()
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        while True:
            while len(ahead) < 4 * workers and (chunk := list(islice(rows, CHUNK_ROWS))):
                ahead.append(pool.submit(_prepare_chunk, prepare, chunk))
            if not ahead:
                return
            yield from ahead.popleft().result()


def _prepare_chunk(prepare: Callable[[_In], _Out], rows: Sequence[_In]) -> list[_Out]:
    return [prepare(row) for row in rows]


def _chance(name: bytes) -> float:
    """Return a number in [0, 1) drawn by the hash of ``name``."""
    return int.from_bytes(hashlib.sha256(name).digest()[:8], "big") / 2**64
