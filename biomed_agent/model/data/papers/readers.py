"""Papers out of the files they come in, one at a time: text, JSON lines, PubMed XML and S2ORC.

Nothing is loaded whole but one paper. A row that cannot be read comes out as a :class:`BadRow` in its place, so that
whoever consumes the stream can count and name it; a file that cannot be read at all is an error.
"""

import bz2
import gzip
import hashlib
import io
import json
import lzma
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.data.papers.paper import BadRow, Paper, Row, Section, sections_of_text
from biomed_agent.model.data.papers.s2orc import paper_of

SUFFIXES = {".txt": "text", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".xml": "xml"}
"""How a file is read, by its name without ``.gz``, ``.xz`` or ``.bz2``."""
COMPRESSED: Mapping[str, Callable[..., Any]] = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}
MAX_TEXT_BYTES = 1 << 26
"""Bytes of the longest line or text that is read; what is longer is a bad row."""
RECORDS = {"PubmedArticle": "MedlineCitation/Article", "PubmedBookArticle": "BookDocument"}
"""PubMed's kinds of record, and where each has title and abstract."""


def find_files(inputs: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Return the files to read (those named, and those below folders named, by name) and those passed over.

    Raises:
        InvalidInput: There is no such file, a suffix is unknown, or nothing was found.
    """
    paths: list[Path] = []
    passed: list[Path] = []
    for source in inputs:
        if not source.exists():
            raise InvalidInput(f"there is no {source}.", "Give files or folders of papers.")
        files = [source] if source.is_file() else sorted(path for path in source.rglob("*") if path.is_file())
        known = [path for path in files if _kind(path)]
        if source.is_file() and not known:
            raise InvalidInput(
                f"{source} ends in {source.suffix or 'no suffix'}, which no reader knows.",
                f"Expected {', '.join(SUFFIXES)}, packed with {', '.join(COMPRESSED)} or not.",
            )
        if not known:
            raise InvalidInput(f"{source} holds no papers.", f"Expected files that end in {', '.join(SUFFIXES)}.")
        paths += known
        passed += [path for path in files if path not in known]
    return list(dict.fromkeys(paths)), passed


class PaperFile:
    """One file of papers, packed or not, read as its name says.

    - ``.txt``: the file is one paper; lines are paragraphs, short lines without a full stop headings.
    - ``.jsonl``, ``.ndjson``: an object a line; ``.json``: one object (as in CORD-19). :func:`paper_of` says which
      objects are understood: plain text, title with abstract and sections, and every shape of S2ORC.
    - ``.xml``: PubMed's ``PubmedArticleSet``; titles and abstracts.

    Iterating raises :class:`~biomed_agent.core.errors.InvalidInput` when the file cannot be read, or is damaged from
    some line on; it names both.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.position = 0
        """bytes of the file read so far"""
        self._digest = hashlib.sha256()

    def __iter__(self) -> Iterator[Row]:
        """Yield papers and bad rows in the order of the file."""
        read = {"text": _read_text, "jsonl": _read_lines, "json": _read_object, "xml": _read_xml}[_kind(self.path)]
        self.position, self._digest = 0, hashlib.sha256()
        try:
            with self.path.open("rb", buffering=0) as raw:
                stream = io.BufferedReader(_WatchedFile(raw, self._tell), 1 << 18)
                decompress = COMPRESSED.get(self.path.suffix.lower())
                with cast(BinaryIO, decompress(stream) if decompress else stream) as file:
                    yield from read(file, str(self.path))
                    while stream.read(1 << 20):  # whatever follows the last row belongs to the digest
                        pass
        except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InvalidInput(
                f"{self.path} cannot be read to its end ({reason}).", "Fetch it again, or leave it out."
            ) from error

    def sha256(self) -> str:
        """Return the digest of what was read: of the whole file once its rows are used up."""
        return self._digest.hexdigest()

    def _tell(self, block: memoryview) -> None:
        self.position += len(block)
        self._digest.update(block)


class _WatchedFile(io.RawIOBase):
    """A file that tells what is read from it."""

    def __init__(self, file: io.RawIOBase, tell: Callable[[memoryview], None]) -> None:
        self.file, self.report = file, tell

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self.file.readinto(buffer) or 0
        self.report(memoryview(buffer)[:count])
        return count


def _kind(path: Path) -> str:
    name = path.with_suffix("") if path.suffix.lower() in COMPRESSED else path
    return SUFFIXES.get(name.suffix.lower(), "")


def _read_text(file: BinaryIO, name: str) -> Iterator[Row]:
    content = file.read(MAX_TEXT_BYTES + 1)
    if len(content) > MAX_TEXT_BYTES:
        yield BadRow(name, 1, f"longer than {MAX_TEXT_BYTES:,} bytes; expected one paper a file")
        return
    try:
        text = content.decode("utf-8-sig")
        sections = sections_of_text(text)
    except ValueError as error:
        yield BadRow(name, 1, _reason(error))
        return
    if not sections:
        yield BadRow(name, 1, "empty")
        return
    yield Paper(Path(name).name.split(".")[0], "", tuple(sections), name, 1)


def _read_lines(file: BinaryIO, name: str, above: int = 0) -> Iterator[Row]:
    for number, line in _lines(file, above):
        if line is None:
            yield BadRow(name, number, f"longer than {MAX_TEXT_BYTES:,} bytes")
        elif line.strip():
            yield _row(line, name, number)


def _lines(file: BinaryIO, number: int) -> Iterator[tuple[int, bytes | None]]:
    """Yield lines, numbered from the one after ``number``; None for one that is too long to hold."""
    while line := file.readline(MAX_TEXT_BYTES):
        number += 1
        if len(line) < MAX_TEXT_BYTES or line.endswith(b"\n"):
            yield number, line
            continue
        while (rest := file.readline(MAX_TEXT_BYTES)) and not rest.endswith(b"\n"):
            pass
        yield number, None


def _read_object(file: BinaryIO, name: str) -> Iterator[Row]:
    """Read a file that holds one object, or JSON lines under the wrong name, as MedMCQA's files do."""
    first = file.readline(MAX_TEXT_BYTES)
    try:
        json.loads(first)
        one_a_line = True
    except ValueError:
        one_a_line = False
    if one_a_line:
        yield _row(first, name, 1)
        yield from _read_lines(file, name, 1)
        return
    content = first + file.read(MAX_TEXT_BYTES)
    yield (
        _row(content, name, 1)
        if len(content) <= MAX_TEXT_BYTES
        else BadRow(name, 1, f"longer than {MAX_TEXT_BYTES:,} bytes")
    )


def _row(line: bytes, name: str, number: int) -> Row:
    try:
        return paper_of(json.loads(line.decode("utf-8-sig")), name, number)
    except (ValueError, RecursionError) as error:
        return BadRow(name, number, _reason(error))


def _read_xml(file: BinaryIO, name: str) -> Iterator[Row]:
    """Read PubMed's records one by one; each is forgotten before the next."""
    parser: ET.XMLPullParser[Any] = ET.XMLPullParser(("start", "end"))
    root: ET.Element | None = None
    began, last = 1, b""
    for number, line in enumerate(iter(lambda: file.readline(1 << 16), b""), 1):
        # Entities are neither fetched nor expanded: no record needs them, and they can be made to fill the memory.
        if b"<!ENTITY" in last[-8:] + line or (number == 1 and line.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in b"<"):
            raise InvalidInput(f"{name}:{number} is no plain XML in UTF-8 or declares entities, which no record needs.")
        last = line
        try:
            parser.feed(line)
            for event, element in cast(Iterable[tuple[str, ET.Element]], parser.read_events()):
                if event == "start":
                    root = element if root is None else root
                    began = number if element.tag in RECORDS else began
                elif element.tag in RECORDS:
                    yield _pubmed(element, name, began)
                    cast(ET.Element, root).clear()
        except ET.ParseError as error:
            raise InvalidInput(
                f"{name}:{number} is broken XML ({error}).", "Fetch it again, or leave it out."
            ) from error
        if root is not None and root.tag not in ("PubmedArticleSet", *RECORDS):
            raise InvalidInput(f"{name} holds <{root.tag}>.", "Expected PubMed's <PubmedArticleSet>.")
    try:
        parser.close()
    except ET.ParseError as error:
        raise InvalidInput(f"{name} ends too early ({error}).", "Fetch it again, or leave it out.") from error


def _pubmed(record: ET.Element, name: str, line: int) -> Row:
    document = record.find(RECORDS[record.tag])
    if document is None:
        return BadRow(name, line, f"<{record.tag}> without <{RECORDS[record.tag]}>")
    sections = []
    for part in document.iterfind("Abstract/AbstractText"):
        label = part.get("Label", "")
        if text := _inner(part):
            sections.append(Section("" if label == "UNLABELLED" else label, (text,)))
    title = _inner(document.find("ArticleTitle"))
    number = record.findtext("MedlineCitation/PMID") or record.findtext("BookDocument/PMID") or ""
    if not title and not sections:
        return BadRow(name, line, f"PMID {number or 'missing'}: neither title nor abstract")
    return Paper(number and f"PMID{number}", title, tuple(sections), name, line)


def _inner(element: ET.Element | None) -> str:
    """All text of an element on one line; superscripts keep a tag, for the cleaning to judge."""
    if element is None:
        return ""
    return " ".join("".join(_pieces(element)).split())


def _pieces(element: ET.Element) -> Iterator[str]:
    inner = (element.text or "", *(piece for child in element for piece in (*_pieces(child), child.tail or "")))
    yield from ("<sup>", *inner, "</sup>") if element.tag == "sup" else inner


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"no UTF-8: byte 0x{error.object[error.start]:02x} at position {error.start}"
    if isinstance(error, json.JSONDecodeError):
        return f"no JSON: {error.msg} at character {error.pos + 1}"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)
