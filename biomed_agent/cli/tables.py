"""Files of many questions or names: reading them, and writing one answer for each, with resume."""

from __future__ import annotations

import argparse
import codecs
import contextlib
import csv
import json
import re
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TextIO

from biomed_agent.cli.arguments import whole_file
from biomed_agent.cli.row_formats import BUG, Prepare, Row, RowFormat
from biomed_agent.cli.terminal import Screen
from biomed_agent.cli.value_files import check_writable, journal_of, kind_of, write_table
from biomed_agent.core.errors import InvalidInput

COLUMNS_READ = ("name", "question", "molecule", "protein")
"""columns of a table that are read, however their capitals are written; others are carried to the output"""


def read_rows(path: Path, column: str, needed: Sequence[str] = ()) -> list[Row]:
    """Read a table, JSON lines, plain lines, or the records of an SDF, MOL or FASTA file.

    Text is UTF-8, or UTF-16 as spreadsheets write it. A .csv file may be separated by semicolons.

    Args:
        path: The file; its name says what it is.
        column: What a plain line holds.
        needed: Columns of which a table must have one; none when any table will do.

    Raises:
        InvalidInput: The file cannot be read, is no text, or its kind or header is unknown.
    """
    readers: dict[str, Callable[[TextIO], Iterator[Row]]] = {
        ".csv": lambda stream: _table_rows(stream, ",", needed),
        ".tsv": lambda stream: _table_rows(stream, "\t", needed),
        ".jsonl": _json_rows,
        ".txt": lambda stream: _text_rows(stream, column),
        ".smi": _smiles_rows,
        ".sdf": _structure_rows,
        ".mol": _structure_rows,
        ".fasta": _sequence_rows,
        ".fa": _sequence_rows,
        ".faa": _sequence_rows,
    }
    reader = readers.get(path.suffix.lower())
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder; expected a file of {column}s.")
    if reader is None:
        raise InvalidInput(f"{path} is of unknown kind; expected a name that ends in {', '.join(readers)}.")
    try:
        with path.open("rb") as binary:
            wide = binary.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        # Bytes that are no UTF-8 are kept as they are: they spoil their own row only.
        read: dict[str, Any] = {"encoding": "utf-8-sig", "errors": "surrogateescape"}
        with path.open(newline="", **({"encoding": "utf-16", "errors": "replace"} if wide else read)) as stream:
            if "\0" in stream.read(4096):
                raise InvalidInput(f"{path} is not a text file.", f"Expected one of {', '.join(readers)}.")
            stream.seek(0)
            return list(reader(stream))
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror or error}.", "Check the path.") from error


def _table_rows(stream: TextIO, delimiter: str, needed: Sequence[str]) -> Iterator[Row]:
    first = stream.readline()
    stream.seek(0)
    if delimiter == "," and ";" in first and "," not in first:  # as spreadsheets write where a comma is decimal
        delimiter = ";"
    table = csv.DictReader(stream, delimiter=delimiter, restkey="more", restval="", strict=True)
    number = 0
    try:
        header = [(name, name.strip().lower()) for name in table.fieldnames or ()]
    except csv.Error as error:
        raise InvalidInput(f"the first line cannot be read: {error}.", "Expected the names of the columns.") from error
    names = [lower if lower in COLUMNS_READ else name for name, lower in header]
    if needed and not set(needed) & set(names):
        written = ", ".join(names) or "nothing"
        raise InvalidInput(f"the first line names {written}; expected a column called {' or '.join(needed)}.")
    table.fieldnames = names
    while True:
        number += 1
        try:
            columns = next(table)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(number, problem=f"the line cannot be read: {error}.")
            continue
        surplus = columns.pop("more", None)
        yield Row(number, columns, "the line has more fields than the header." if surplus else "")


def _json_rows(stream: TextIO) -> Iterator[Row]:
    for number, line in enumerate((line for line in stream if line.strip()), 1):
        try:
            record = json.loads(line)
        except ValueError as error:
            yield Row(number, problem=f"the line is not JSON: {error}.")
            continue
        if not isinstance(record, dict):
            yield Row(number, problem='the line is no JSON object; expected {"question": "..."}.')
            continue
        nested = [key for key in COLUMNS_READ if isinstance(record.get(key), list | dict)]
        columns = {key: "" if value is None else str(value) for key, value in record.items()}
        yield Row(number, columns, f"{nested[0]} holds no text; expected one name or question." if nested else "")


def _text_rows(stream: TextIO, column: str) -> Iterator[Row]:
    for number, line in enumerate((line for line in stream if line.strip()), 1):
        yield Row(number, {column: line.strip()})


def _smiles_rows(stream: TextIO) -> Iterator[Row]:
    for number, line in enumerate((line for line in stream if line.strip()), 1):
        smiles, _, title = line.strip().replace("\t", " ").partition(" ")
        yield Row(number, {"title": title.strip(), "molecule": f"smiles:{smiles}"})


def _structure_rows(stream: TextIO) -> Iterator[Row]:
    from biomed_agent.core.chemistry.molfile import read_records

    for record in read_records(stream):
        structure = f"smiles:{record.molecule.smiles}" if record.molecule else ""
        yield Row(record.number, {"title": record.title, "molecule": structure}, record.problem)


def _sequence_rows(stream: TextIO) -> Iterator[Row]:
    from biomed_agent.answering.resolving.inputs import read_sequence

    text = stream.read()
    records = re.split(r"^(?=>)", text, flags=re.M) if text.lstrip().startswith(">") else [text]
    for number, record in enumerate((record for record in records if record.strip()), 1):
        title = record.lstrip(">").splitlines()[0].strip() if record.startswith(">") else ""
        try:
            yield Row(number, {"title": title, "protein": f"seq:{read_sequence(record).sequence}"})
        except InvalidInput as error:
            yield Row(number, {"title": title}, str(error))


def write_rows(arguments: argparse.Namespace, screen: Screen, rows: Sequence[Row], prepare: Prepare) -> int:
    """Write the answer of every row to ``--output`` or standard output; return 1 when one met a bug of ours.

    Args:
        arguments: ``input``, ``output``, ``resume`` and ``workers`` are read.
        screen: Told about progress.
        rows: What to answer.
        prepare: Makes what answers them.
    """
    from biomed_agent.cli.workers import Batch, worker_count, written_rows

    answerer = prepare(arguments)
    output = _output(arguments)
    form = _format(arguments, screen, output)
    done = _resumed(output, form, rows) if output is not None and arguments.resume else 0
    if output is not None and done == len(rows) and output.is_file() and not _partial(output).exists():
        screen.note(f"nothing is left to do: {output} holds all {len(rows)} rows")
        return 0
    workers = worker_count(arguments, screen, answerer, len(rows) - done)
    started, statuses = time.monotonic(), Counter[str]()
    tabular = form.kind == "values"
    opened: AbstractContextManager[TextIO] = (
        whole_file(output, append=done > 0, rename=not tabular) if output else nullcontext(sys.stdout)
    )
    texts = written_rows(Batch(prepare, answerer, arguments, rows[done:], form), workers, screen)
    try:
        with opened as stream, contextlib.closing(texts):
            for text, status in texts:
                if form.kind == "listing":
                    screen.progress("")
                    screen.show(text)
                else:
                    stream.write(text)
                stream.flush()
                statuses[status] += 1
                if screen.live:
                    screen.progress(f"{done + statuses.total()}/{len(rows)} {_counts(statuses)}")
        if output is not None and tabular:
            write_table(_partial(output), output, list(dict.fromkeys(name for row in rows for name in row.columns)))
    except KeyboardInterrupt:
        screen.progress("")
        if output is not None:
            count = done + statuses.total()
            screen.note(f"{count} of {len(rows)} rows are kept in {_partial(output)}; --resume goes on from there")
        raise
    screen.progress("")
    count_words = "1 row" if len(rows) == 1 else f"{len(rows)} rows"
    before = f" ({done} of them before)" if done else ""
    where = f"; written to {output}" if output else ""
    seconds = time.monotonic() - started
    screen.note(f"{count_words}{before} in {seconds:.1f} s: {_counts(statuses) or 'none'}{where}")
    return 1 if statuses[BUG] else 0


def _format(arguments: argparse.Namespace, screen: Screen, output: Path | None) -> RowFormat:
    """Return how answers are written: as a table of values into a file, else as a person or a pipe reads them."""
    if output is None:
        if screen.read_by_a_person and not arguments.json:
            return RowFormat("listing", width=screen.width, color=screen.color)
        return RowFormat()
    if not arguments.json:
        check_writable(output)
        return RowFormat("values")
    if kind_of(output) != ".jsonl":
        raise InvalidInput(
            f"--json writes whole answers as JSON lines, and {output} is no such file.",
            "Name one that ends in .jsonl, or leave out --json for a table of values.",
        )
    return RowFormat()


def _output(arguments: argparse.Namespace) -> Path | None:
    """Return the file to write, None for standard output; refuse one that cannot be meant."""
    output = Path(arguments.output) if arguments.output else None
    if output is None:
        if arguments.resume:
            raise InvalidInput("--resume belongs to --output.", "Name the file that was interrupted.")
        return None
    if arguments.input and output.exists() and output.samefile(arguments.input):
        raise InvalidInput(f"{output} is also the input; expected another file.")
    kind_of(output)
    return output


def _partial(output: Path) -> Path:
    """Return the file an output is called until it is whole; see :func:`whole_file`."""
    return output.with_name(f"{output.name}.partial")


def _resumed(output: Path, form: RowFormat, rows: Sequence[Row]) -> int:
    """Make what an earlier run wrote ready to go on with; return how many rows it holds.

    An interrupted output is cut after its last whole row. A finished one is left as it is when it holds all rows, and
    made an interrupted one when rows were added to the input since.

    Args:
        output: The file that was to be written.
        form: How answers are written.
        rows: The input.

    Raises:
        InvalidInput: It was written for another input, or cannot be read.
    """
    partial = _partial(output)
    written = partial if partial.is_file() else output
    if not written.is_file():
        return 0
    try:
        if written == output and form.kind == "values":
            count, _ = _whole_rows(written, journal_of(written), form, rows)
            if count < len(rows):
                with whole_file(output, rename=False) as stream:
                    stream.writelines(journal_of(output))
            return count
        with written.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
            count, end = _whole_rows(written, stream, form, rows)
        if written == output and count < len(rows):
            shutil.copyfile(output, partial)
        if partial.is_file():
            with partial.open("r+b") as binary:
                binary.truncate(end)
    except OSError as error:
        raise InvalidInput(
            f"{written} cannot be gone on with: {error.strerror or error}.", "Check the file."
        ) from error
    return count


def _whole_rows(written: Path, lines: Iterable[str], form: RowFormat, rows: Sequence[Row]) -> tuple[int, int]:
    """Return how many whole rows the lines of a file hold, and where the last of them ends in bytes."""
    count = end = 0
    for line in lines:
        if not line.endswith("\n"):
            break
        try:
            record = json.loads(line)
        except ValueError:
            if count:  # cut, by a disk that was full
                break
            record = None
        if count >= len(rows) or not _same(record, form, rows[count]):
            raise InvalidInput(
                f"row {count + 1} of {written} belongs to another input, or to another kind of output.",
                "Leave out --resume to start again.",
            )
        count, end = count + 1, end + len(line.encode("utf-8", "surrogateescape"))
    return count, end


def _same(record: Any, form: RowFormat, row: Row) -> bool:
    """Whether a written record is that of ``row``, and of the kind that is written now."""
    if not isinstance(record, dict) or not isinstance(record.get("input"), dict):
        return False
    columns = {name: text.encode("utf-8", "replace").decode() for name, text in row.columns.items() if text}
    given = {name: text for name, text in record["input"].items() if text}
    return ("values" in record) == (form.kind == "values") and given == columns


def _counts(statuses: Counter[str]) -> str:
    return ", ".join(f"{count} {status}" for status, count in statuses.most_common())
