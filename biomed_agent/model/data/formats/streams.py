"""Files larger than memory: opened as text, and cut into rows whose line is known."""

import bz2
import csv
import gzip
import io
import json
import lzma
import re
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from biomed_agent.core.errors import InvalidInput

CHUNK_CHARACTERS = 1 << 20
"""characters read at once"""
MAX_ELEMENT = 1 << 26
"""characters one element of a JSON document may have; a bracket that is never closed must not fill the memory"""
MAX_QUOTED_LINES = 200
"""lines one quoted field of a table may go over; a quote that is never closed must not swallow the file"""
NOT_UTF8 = "it is not UTF-8 text"

_PACKED: dict[bytes, Callable[[Path, str], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"BZh": bz2.open,
}
_REFUSED = (
    (b"\x80\x02", "a pickle"),
    (b"\x80\x03", "a pickle"),
    (b"\x80\x04", "a pickle"),
    (b"\x80\x05", "a pickle"),
    (b"PK\x03\x04", "a zip archive (perhaps a PyTorch file)"),
    (b"PAR1", "a parquet file"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
)
_PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".bin", ".joblib", ".npy", ".npz")
_INSTEAD = {
    "a parquet file": "Write it as JSON lines first: datasets.Dataset.from_parquet(FILE).to_json(FILE.jsonl).",
    "packed with zstd": "Unpack it, or pack it with gzip or xz.",
    "UTF-16 text": "Save it as UTF-8.",
    "a zip archive (perhaps a PyTorch file)": "Unpack it, or convert what it holds to one of the text formats.",
}


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """Open a text file, unpacked on the way when it is gzip, xz or bzip2, whatever its name.

    A byte order mark is skipped. Bytes that are no UTF-8 are kept as surrogates, so that they spoil their own row
    only (:func:`is_utf8`). A line ends at a line feed alone; a carriage return before it is the reader's to strip.

    Raises:
        InvalidInput: It is missing, a folder, no text, damaged, or a pickle, which is never read: unpickling runs
            whatever code its author put there.
    """
    try:
        with path.open("rb") as raw:
            head = raw.read(8)
        name = path.name.lower().removesuffix(".gz").removesuffix(".xz").removesuffix(".bz2")
        _refuse(path, head, name)
        with _unpacked(path, head) as binary:
            _refuse(path, binary.peek(8)[:8], name)
            with io.TextIOWrapper(binary, "utf-8-sig", errors="surrogateescape", newline="\n") as text:
                yield text
    except _OfStream as error:
        raise InvalidInput(f"{path}: {error.message}", error.hint) from error
    except IsADirectoryError:
        raise InvalidInput(f"{path} is a folder; expected a file.", "Name the files in it.") from None
    except (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile) as error:
        raise InvalidInput(
            f"{path} is damaged and cannot be unpacked to its end: {error}.", "Fetch it anew."
        ) from error
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror or error}.", "Check the path.") from error


def _unpacked(path: Path, head: bytes) -> io.BufferedReader:
    for magic, opener in _PACKED.items():
        if head.startswith(magic):
            return io.BufferedReader(opener(path, "rb"), CHUNK_CHARACTERS)
    return path.open("rb")


def _refuse(path: Path, head: bytes, name: str) -> None:
    what = next((what for magic, what in _REFUSED if head.startswith(magic)), "")
    if name.endswith(_PICKLES) or what == "a pickle":
        raise InvalidInput(
            f"{path} is a pickle or a PyTorch file, which is never read: unpickling runs code of its author.",
            "Take the JSON or text release of the data, or convert the file where you trust it.",
        )
    if what:
        raise InvalidInput(f"{path} is {what}; expected UTF-8 text.", _INSTEAD[what])


def is_utf8(text: str) -> bool:
    """Whether a text can be written as UTF-8: no undecodable byte, no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Element:
    """One row of JSON: an element of the document's array, a member of its object, or one line."""

    line: int
    """on which it begins"""
    value: Any = None
    key: str = ""
    """its name in the document's object"""
    problem: str = ""
    """why it cannot be read; there is no value then"""


def json_lines(stream: TextIO) -> Iterator[Element]:
    """Yield the values of JSON lines, blank ones skipped."""
    for number, line in enumerate(stream, 1):
        if not line.strip():
            continue
        if not is_utf8(line):
            yield Element(number, problem=NOT_UTF8)
            continue
        try:
            yield Element(number, json.loads(line))
        except (ValueError, RecursionError) as error:
            yield Element(number, problem=_json_problem(error))


def json_rows(path: Path) -> Iterator[Element]:
    """Yield the rows of JSON lines, or of a document that is one array."""
    with open_text(path) as stream:
        array = _Window(stream).next_character() == "["
    with open_text(path) as stream:
        yield from json_elements(stream) if array else json_lines(stream)


def json_elements(stream: TextIO) -> Iterator[Element]:
    """Yield the elements of the array, or the members of the object, that a JSON document is.

    Each is parsed by itself, so memory holds one element, and one that is malformed costs itself only: the next
    begins behind its brackets, or on the next line when one of its strings is not closed.

    Raises:
        InvalidInput: The document is neither array nor object, or an element exceeds :data:`MAX_ELEMENT`.
    """
    window = _Window(stream)
    opening = window.next_character()
    if opening not in ("[", "{"):
        raise _OfStream(f"it begins with {opening!r}; expected [ or {{ of a JSON document.")
    window.position += 1
    closing = "]" if opening == "[" else "}"
    while (character := window.next_character(",")) != closing:
        line = window.line
        if not character:
            yield Element(line, problem=f"the file ends before the closing {closing}")
            return
        if character in "]}":
            window.position += 1
            yield Element(line, problem=f"{character} stands where {closing} or an element was expected")
            continue
        try:
            key = window.take_key() if opening == "{" else ""
            yield Element(line, window.take(), key)
        except _Malformed as error:
            yield Element(line, problem=str(error))
    window.position += 1
    if window.next_character():
        yield Element(window.line, problem="more text follows the end of the document")


class _OfStream(InvalidInput):
    """A refusal by what reads a stream and does not know the name of its file; :func:`open_text` puts it in front."""


class _Malformed(Exception):
    """An element cannot be parsed; the window stands behind it."""


class _Window:
    """A part of a stream, moved along it."""

    _decoder = json.JSONDecoder()
    _tokens = re.compile(r'"(?:[^"\\\n]|\\.)*(?:"|\n)|["\[\]{},]')

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.text = ""
        self.position = 0
        self.ended = False
        self._line, self._counted = 1, 0

    @property
    def line(self) -> int:
        """Of the position, from 1."""
        self._line += self.text.count("\n", self._counted, self.position)
        self._counted = self.position
        return self._line

    def read(self, size: int = CHUNK_CHARACTERS) -> None:
        """Read on, and forget what lies behind the position."""
        more = self.stream.read(size)
        self.ended = not more
        self._line, self._counted = self.line, 0
        self.text = self.text[self.position :] + more
        self.position = 0

    def next_character(self, skipped: str = "") -> str:
        """Move over white space and the ``skipped`` characters; return the character there, "" at the end."""
        spaces = re.compile(rf"[ \t\r\n{skipped}]*")
        while True:
            if match := spaces.match(self.text, self.position):
                self.position = match.end()
            if self.position < len(self.text) or self.ended:
                return self.text[self.position : self.position + 1]
            self.read()

    def take_key(self) -> str:
        """Take ``"key":`` and return the key."""
        key = self.take()
        if not isinstance(key, str) or self.next_character() != ":":
            self._skip("a name in quotes and a colon were expected")
        self.position += 1
        self.next_character()
        return str(key)

    def take(self) -> Any:
        """Parse the value at the position and move behind it.

        Raises:
            _Malformed: It is no JSON; the position is behind it nevertheless.
        """
        size = CHUNK_CHARACTERS
        while True:
            problem = ""
            try:
                value, end = self._decoder.raw_decode(self.text, self.position)
            except (ValueError, RecursionError) as error:
                problem, end = _json_problem(error), self._end()
            if self.ended or end < len(self.text):
                raw = self.text[self.position : end]
                self.position = end
                if problem or not is_utf8(raw):
                    raise _Malformed(problem or NOT_UTF8)
                return value
            if len(self.text) - self.position > MAX_ELEMENT:
                raise _OfStream(
                    f"line {self.line}: an element of the JSON document has more than {MAX_ELEMENT:,} characters.",
                    "Look for a bracket that is not closed.",
                )
            self.read(size)
            size *= 2

    def _skip(self, problem: str) -> None:
        while (end := self._end()) == len(self.text) and not self.ended:
            self.read()
        self.position = end
        raise _Malformed(problem)

    def _end(self) -> int:
        """Return where a malformed value ends: at a comma or bracket outside of it, or where a string is cut off.

        A string that reaches the end of its line lacks its quote, and no bracket behind it can be trusted.
        """
        depth = 0
        for token in self._tokens.finditer(self.text, self.position):
            character = token[0][0]
            if character in "[{":
                depth += 1
            elif character in "]}":
                depth -= 1
                if depth <= 0:
                    return token.start() if depth < 0 else token.end()
            elif character == "," and depth == 0:
                return token.start()
            elif token[0].endswith("\n"):
                return token.end()
            elif token[0] == '"':  # a string that is cut off by the end of the window
                break
        return len(self.text)


def _json_problem(error: ValueError | RecursionError) -> str:
    return f"it is no JSON: {error.msg}" if isinstance(error, json.JSONDecodeError) else f"it is no JSON: {error}"


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table."""

    line: int
    """on which it begins"""
    fields: list[str]
    problem: str = ""


def plain_rows(stream: TextIO, delimiter: str = "\t") -> Iterator[TableRow]:
    """Yield the rows of a table that knows no quoting: one line is one row."""
    for number, line in enumerate(stream, 1):
        if line.strip():
            yield TableRow(number, line.rstrip("\r\n").split(delimiter), "" if is_utf8(line) else NOT_UTF8)


def quoted_rows(stream: TextIO, delimiter: str) -> Iterator[TableRow]:
    """Yield the rows of a CSV file; a field in quotes may go over several lines.

    A quote that is not closed within :data:`MAX_QUOTED_LINES` lines spoils the line it stands in, and reading goes
    on with the next one.
    """
    waiting: deque[str] = deque()
    number = 0
    while True:
        taken: list[str] = []
        row: TableRow | None = None
        while row is None and len(taken) < MAX_QUOTED_LINES and (line := _next(waiting, stream)):
            taken.append(line)
            row = _parsed("".join(taken), number + 1, delimiter)
        if not taken:
            return
        if row is None:
            row = TableRow(number + 1, [], "a quote is opened that is not closed")
            waiting.extendleft(reversed(taken[1:]))
            taken = taken[:1]
        if row.fields or row.problem:
            yield row
        number += len(taken)


def _next(waiting: deque[str], stream: TextIO) -> str:
    return waiting.popleft() if waiting else stream.readline()


def _parsed(text: str, line: int, delimiter: str) -> TableRow | None:
    """Return the row a text is, or None when a quote is still open in it."""
    if not is_utf8(text):
        return TableRow(line, [], NOT_UTF8)
    try:
        rows = list(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error as error:
        return None if "unexpected end" in str(error) else TableRow(line, [], f"the line cannot be read: {error}")
    return TableRow(line, rows[0] if rows and any(field.strip() for field in rows[0]) else [])


def paragraphs(stream: TextIO, end: str = "//") -> Iterator[tuple[int, list[str]]]:
    """Yield the entries of a flat file, each with the line on which it begins."""
    lines: list[str] = []
    first = 1
    for number, line in enumerate(stream, 1):
        if line.startswith(end):
            yield first, lines
            lines, first = [], number + 1
        elif lines or line.strip():
            first = first if lines else number
            lines.append(line.rstrip("\r\n"))
    if lines:
        yield first, lines
