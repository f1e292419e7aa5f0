"""Tables of values: CSV, TSV, JSON lines and Parquet, made of the journal of a run, and read again to go on with one.

While a run lasts, its answers stand in a journal (``NAME.partial``), one JSON object a question. The table is written
beside it when all are there, and renamed. A CSV cell is written as it is: no quote is put before ``=``, ``+``, ``-`` or
``@``, which a value or a name may begin with.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import groupby, islice
from pathlib import Path
from typing import Any, TypeAlias, cast

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.value_records import COLUMNS, Cell, ValueRecord, arrow_schema, cells_of
from biomed_agent.core.words import listed

KINDS = (".csv", ".tsv", ".jsonl", ".parquet")
"""ends of the names of tables"""
INPUT = "input_"
"""before the name of a column of the input; those follow the columns of a record"""
BATCH_ROWS = 10_000
"""rows of a Parquet file that are held at a time"""

Line: TypeAlias = Mapping[str, Cell]


def kind_of(output: Path) -> str:
    """Return the kind of a table by the end of its name; JSON lines where it has none.

    Raises:
        InvalidInput: It is none of :data:`KINDS`.
    """
    kind = output.suffix.lower() or ".jsonl"
    if kind not in KINDS:
        raise InvalidInput(f"{output} is of unknown kind; expected a name that ends in {listed(KINDS, 'or')}.")
    return kind


def journal_line(columns: Mapping[str, str], records: Sequence[ValueRecord]) -> str:
    """Return one line of the journal: the row of the input, and the values of its answer."""
    line = {"row": records[0].row, "input": dict(columns), "values": [record.cells() for record in records]}
    return json.dumps(line, ensure_ascii=False) + "\n"


def check_writable(output: Path) -> None:
    """Raise :class:`InvalidInput` where a kind of table needs what is not installed."""
    if kind_of(output) == ".parquet":
        arrow_schema()


def write_table(journal: Path, output: Path, carried: Sequence[str]) -> None:
    """Write the table of a journal, then remove the journal.

    Args:
        journal: What :func:`journal_line` returned, one line a question.
        output: The table; its name says its kind.
        carried: Columns of the input, which the table repeats.

    Raises:
        InvalidInput: The table cannot be written; the journal stays.
    """
    writing = output.with_name(f".{output.name}.writing")
    writers: dict[str, Callable[[Path, Sequence[str]], AbstractContextManager[Callable[[Iterable[Line]], None]]]] = {
        ".csv": lambda path, names: _csv_writer(path, names, ","),
        ".tsv": lambda path, names: _csv_writer(path, names, "\t"),
        ".jsonl": _json_writer,
        ".parquet": _parquet_writer,
    }
    try:
        with (
            journal.open(encoding="utf-8", errors="replace") as lines,
            writers[kind_of(output)](writing, [f"{INPUT}{name}" for name in carried]) as write,
        ):
            write(_table_lines(lines, carried))
        writing.replace(output)
        journal.unlink()
    except OSError as error:
        writing.unlink(missing_ok=True)
        raise InvalidInput(
            f"{output} cannot be written: {error.strerror or error}.",
            f"What was answered is kept in {journal}; --resume goes on from there.",
        ) from error


def _table_lines(lines: Iterable[str], carried: Sequence[str]) -> Iterator[Line]:
    for line in lines:
        record = json.loads(line)
        repeated = {f"{INPUT}{name}": record["input"].get(name, "") or None for name in carried}
        for values in record["values"]:
            yield {**values, **repeated}


@contextmanager
def _csv_writer(path: Path, more: Sequence[str], delimiter: str) -> Iterator[Callable[[Iterable[Line]], None]]:
    with path.open("w", encoding="utf-8", errors="replace", newline="") as stream:
        table = csv.DictWriter(stream, [*COLUMNS, *more], delimiter=delimiter)
        table.writeheader()
        yield table.writerows


@contextmanager
def _json_writer(path: Path, more: Sequence[str]) -> Iterator[Callable[[Iterable[Line]], None]]:
    with path.open("w", encoding="utf-8", errors="replace") as stream:
        yield lambda lines: stream.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


@contextmanager
def _parquet_writer(path: Path, more: Sequence[str]) -> Iterator[Callable[[Iterable[Line]], None]]:
    schema = arrow_schema(more)
    import pyarrow
    import pyarrow.parquet

    with pyarrow.parquet.ParquetWriter(path, schema) as table:

        def write(lines: Iterable[Line]) -> None:
            left = iter(lines)
            while batch := list(islice(left, BATCH_ROWS)):
                table.write_table(pyarrow.Table.from_pylist(batch, schema))

        yield write


def journal_of(table: Path) -> Iterator[str]:
    """Yield the lines of the journal that a finished table was made of.

    Raises:
        InvalidInput: It is no table of values.
    """
    try:
        with _table_reader(table) as lines:
            for row, values in groupby(lines, key=lambda line: int(line["row"])):
                listed = list(values)
                repeated = {
                    name.removeprefix(INPUT): str(cell)
                    for name, cell in listed[0].items()
                    if name.startswith(INPUT) and cell not in (None, "")
                }
                cells = [cells_of(line) for line in listed]
                yield json.dumps({"row": row, "input": repeated, "values": cells}, ensure_ascii=False) + "\n"
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        raise InvalidInput(
            f"{table} is no table of values that can be gone on with ({error}).", "Leave out --resume to start again."
        ) from error


def _table_reader(table: Path) -> AbstractContextManager[Iterator[Mapping[str, Any]]]:
    suffix = kind_of(table)
    if suffix == ".parquet":
        arrow_schema()  # says what to install
        return nullcontext(_parquet_rows(table))
    return _text_rows(table, suffix)


def _parquet_rows(table: Path) -> Iterator[Mapping[str, Any]]:
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(table) as file:
        for batch in file.iter_batches(BATCH_ROWS):
            yield from cast("list[dict[str, Any]]", batch.to_pylist())


@contextmanager
def _text_rows(table: Path, suffix: str) -> Iterator[Iterator[Mapping[str, Any]]]:
    with table.open(encoding="utf-8", newline="") as stream:
        if suffix == ".jsonl":
            yield map(json.loads, stream)
        else:
            yield iter(csv.DictReader(stream, delimiter="\t" if suffix == ".tsv" else ",", strict=True))
