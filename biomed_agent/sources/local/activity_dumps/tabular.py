"""Tables as dumps of activities are written: separated by tabs, commas or semicolons, with a header; and JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from typing import Any

from biomed_agent.core.errors import InvalidInput
from biomed_agent.sources.local.dumps import UNREADABLE, Bad, Dump

MAX_CELL = 1 << 20
"""letters of the longest cell that is read"""
CHUNK = 1 << 16
_WHITE = " \t\r\n,"
_MISSING = ("none", "null", "nan", "na", "n/a", "-")
"""what stands in cells without a value, in lower case"""


def columns_of(header: str) -> tuple[str, list[str]]:
    """Return what separates the cells of a header, and its columns in lower case with underscores."""
    separator = max("\t;,", key=header.count)
    cells = next(csv.reader([header], delimiter=separator), [])
    return separator, ["_".join(cell.strip().lower().replace("_", " ").split()) for cell in cells]


def rows_of(dump: Dump) -> Iterator[tuple[int, dict[str, str]] | Bad]:
    """Yield the rows of a table with a header, each with its line; cells without a value are empty."""
    lines = dump.lines()
    number, header = next(lines, (0, ""))
    separator, columns = columns_of(header)
    reader = csv.reader((f"{line}\n" for _, line in lines), delimiter=separator)
    while True:
        start = number + reader.line_num + 1
        bad: Bad | None = None
        usual = csv.field_size_limit(MAX_CELL)  # holds for the whole process, so only while a row is read
        try:
            cells = next(reader, None)
        except csv.Error as error:
            cells, bad = None, Bad(start, f"the row cannot be read: {error}")
        finally:
            csv.field_size_limit(usual)
        if bad is not None:
            yield bad
            continue
        if cells is None:
            return
        if not cells:
            continue
        if len(cells) != len(columns):
            yield Bad(start, f"expected {len(columns)} cells, got {len(cells)}")
        else:
            yield start, {name: stated(cell) for name, cell in zip(columns, cells, strict=True)}


def stated(cell: str) -> str:
    """Return what stands in a cell, nothing for ``None``, ``NULL`` and the like."""
    text = cell.strip()
    return "" if text.lower() in _MISSING else text


def objects_of(dump: Dump) -> Iterator[tuple[int, Mapping[str, Any]] | Bad]:
    """Yield the objects of JSON with their places, from 1: of a list, of ``{"activities": [...]}``, or one a line.

    Raises:
        InvalidInput: The text ends too early or is no JSON.
    """
    text, start, number = dump.text(), "", 0
    decoder = json.JSONDecoder()
    try:
        while chunk := text.read(CHUNK):
            start = f"{start}{chunk}".lstrip(_WHITE + "\ufeff")
            if number == 0:
                start = _opened(start)
            while start[:1] == "{":
                try:
                    value, end = decoder.raw_decode(start)
                except json.JSONDecodeError:
                    break  # the rest of it is still to come
                number += 1
                rows = value.get("activities")
                yield from _listed(rows, number) if isinstance(rows, list) else [(number, value)]
                start = start[end:].lstrip(_WHITE)
            if len(start) > MAX_CELL * 64:
                break
    except UNREADABLE as error:
        raise dump.damaged(number + 1, error) from error
    if start[:1] == "{" or (number == 0 and not start.startswith("]")):
        raise InvalidInput(
            f"{dump.path} is cut off or no JSON after record {number:,}: {start[:40]!r}.", "Fetch it again."
        )


def _opened(start: str) -> str:
    """Return the text from the first object of a list on."""
    return start[1:].lstrip(_WHITE) if start[:1] == "[" else start


def _listed(rows: list[Any], number: int) -> Iterator[tuple[int, Mapping[str, Any]] | Bad]:
    for place, row in enumerate(rows, start=number):
        yield (place, row) if isinstance(row, dict) else Bad(place, f"expected an object, got {str(row)[:40]!r}")
