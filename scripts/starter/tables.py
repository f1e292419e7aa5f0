"""Reading the data folder's tables and writing the starter set's."""

from __future__ import annotations

import csv
import io
import json
import lzma
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

HAND_WRITTEN = Path(__file__).parent
"""Folder of the tables typed by hand."""


def text_of(path: Path) -> str:
    """Return the text of a plain or ``.xz`` file (the suffix may be left out of ``path``)."""
    packed = path if path.suffix == ".xz" else path.with_name(path.name + ".xz")
    data = lzma.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes()
    return data.decode("utf-8").replace("\r\n", "\n")


def read_tsv(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a tab-separated table without quoting."""
    lines = text_of(path).split("\n")
    header = lines[0].split("\t")
    for line in lines[1:]:
        if line and not line.startswith("#"):
            yield dict(zip(header, line.split("\t"), strict=True))


def read_csv(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a comma-separated table with quoting."""
    yield from csv.DictReader(io.StringIO(text_of(path)))


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file with one JSON object a line."""
    for line in text_of(path).split("\n"):
        if line:
            yield json.loads(line)


def write_tsv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    """Write rows as ``path``, packed when its name ends in ``.xz``; the same rows give the same bytes."""
    lines = ["\t".join(columns)]
    for row in rows:
        cells = [row[column] for column in columns]
        if any("\t" in cell or "\n" in cell for cell in cells):
            raise ValueError(f"a cell holds a tab or a line end: {cells[:3]}")
        lines.append("\t".join(cells))
    data = ("\n".join(lines) + "\n").encode("utf-8")
    path.write_bytes(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME) if path.suffix == ".xz" else data)
