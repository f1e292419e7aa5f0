"""What the readers of the formats have in common: rows as found, bad rows, and how a row becomes a record."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, Literal, TextIO, TypeAlias, TypeVar

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.privacy.disclosure import are_nucleotides
from biomed_agent.model.contract.prompt import QUESTIONS
from biomed_agent.model.data.examples import KINDS, Example, TextQuestion, kind_of
from biomed_agent.model.data.formats.streams import is_utf8
from biomed_agent.model.network.featurize import featurize_smiles

Record = TypeVar("Record", bound=Example | TextQuestion)
MAX_SHOWN_ROWS = 100
"""bad rows a reading keeps to be shown; all are counted, and written to the report where one is asked for"""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that gives no record."""

    file: str
    line: int
    """on which the row begins, from 1"""
    reason: str
    """what is wrong, in the same words for every row of that kind"""
    where: str = ""
    """the place within the line: entry, pair, column"""
    got: str = ""
    """what was found there"""

    def __str__(self) -> str:
        return ": ".join(part for part in (f"{self.file}:{self.line}", self.where, self.reason, self.got) if part)


@dataclass(frozen=True, slots=True)
class Found:
    """A pair of a structure file as it stands there; values are whatever JSON held."""

    line: int
    answer: Any
    question: Any = ""
    """empty for the question of ``kind``"""
    smiles: Any = ""
    sequence: Any = ""
    where: str = ""
    kind: str = ""
    group: str = ""
    origin: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    """of a table: the header's names of what is called SMILES, sequence, question and answer here"""


@dataclass(frozen=True, slots=True)
class Defect:
    """A row as found in which the reader saw what is wrong."""

    line: int
    reason: str
    where: str = ""
    got: str = ""


Reader: TypeAlias = Callable[[Path], Iterator[Record | Found | Defect]]


@dataclass(frozen=True)
class Format(Generic[Record]):
    """One shape of file."""

    name: str
    holds: Literal["examples", "questions"]
    shape: str
    """in words, for a person who asks what can be read"""
    reader: Reader[Record]
    doubt: Callable[[Counter[str]], str] = lambda counts: ""
    """says of the records counted what of the reading is not certain"""


class Bad:
    """The bad rows of a reading: all counted, the first :data:`MAX_SHOWN_ROWS` kept."""

    def __init__(self) -> None:
        self.first: list[BadRow] = []
        self.reasons: Counter[str] = Counter()

    @property
    def total(self) -> int:
        """Number of bad rows."""
        return self.reasons.total()

    def add(self, row: BadRow) -> None:
        """Count a row."""
        self.reasons[row.reason] += 1
        if len(self.first) < MAX_SHOWN_ROWS:
            self.first.append(row)


@dataclass
class Reading(Generic[Record]):
    """The records of a file, read anew each time it is iterated; ``bad`` and ``counts`` are of the latest time.

    Nothing is held in memory but the row being read and the first bad rows.
    """

    path: Path
    format: Format[Record]
    report: Path | None = None
    """file that gets one line for every bad row: file, line, place, reason and what was found, tab separated"""
    bad: Bad = field(default_factory=Bad)
    counts: Counter[str] = field(default_factory=Counter)
    """records by kind (examples) or by answer (questions)"""

    def __iter__(self) -> Iterator[Record]:
        self.bad, self.counts = Bad(), Counter()
        with self._report() as report:
            for record in self.format.reader(self.path):
                row = self._to_record(record)
                if isinstance(row, BadRow):
                    self.bad.add(row)
                    if report:
                        report.write(report_line(row))
                else:
                    self.counts[row.kind if isinstance(row, Example) else row.answer] += 1
                    yield row

    def _report(self) -> AbstractContextManager[TextIO | None]:
        if self.report is None:
            return nullcontext()
        try:
            return self.report.open("w", encoding="utf-8", errors="replace")
        except OSError as error:
            raise InvalidInput(f"{self.report} cannot be written: {error.strerror or error}.") from error

    def _to_record(self, record: Record | Found | Defect) -> Record | BadRow:
        if isinstance(record, Found):
            try:
                return to_example(record, self.path.name)  # type: ignore[return-value]  # a reader that finds pairs
            except RowError as error:
                column = record.columns.get(error.what, "")
                where = record.where or (f"column {column}" if column else "")
                return BadRow(str(self.path), record.line, error.reason, where, error.got)
        if isinstance(record, Defect):
            return BadRow(str(self.path), record.line, record.reason, record.where, shorten(record.got))
        return record

    def summary(self) -> str:
        """Say in one line what was read."""
        kinds = ", ".join(f"{count:,} {kind or 'without answer'}" for kind, count in self.counts.most_common())
        read = f"{self.counts.total():,} read" + (f" ({kinds})" if kinds else "")
        doubt = self.format.doubt(self.counts)
        return f"{self.path} ({self.format.name}): {read}, {self.bad.total:,} bad" + (f"; {doubt}" if doubt else "")


def report_line(row: BadRow) -> str:
    """Return a bad row as one line of tab-separated text."""
    cells = (row.file, str(row.line), row.where, row.reason, row.got)
    return "\t".join(" ".join(cell.split()) for cell in cells) + "\n"


class RowError(Exception):
    """A row cannot become a record.

    Args:
        reason: What is wrong, in the same words for every row of that kind.
        got: What was found.
        what: Which part it is about: SMILES, sequence, question or answer; "" for the whole.
    """

    def __init__(self, reason: str, got: str = "", what: str = "") -> None:
        super().__init__(reason)
        self.reason, self.got, self.what = reason, shorten(got), what


def to_example(record: Found, origin: str) -> Example:
    """Check what was found and return it as an example.

    Raises:
        RowError: It holds no structure, question or answer, or one that cannot be used.
    """
    smiles, sequence = molecule(record.smiles), protein(record.sequence)
    if not smiles and not sequence:
        raise RowError("there is neither a molecule nor a protein")
    question = text(record.question, "question") if record.question != "" or not record.kind else ""
    kind = record.kind or kind_of(question)
    if kind not in KINDS:
        raise RowError("the kind is unknown", kind)
    if not question and kind not in QUESTIONS:
        raise RowError("the question is empty")
    answer = text(record.answer, "answer")
    return Example(kind, answer, record.group, record.origin or origin, smiles, sequence, question)


def text(value: Any, what: str) -> str:
    """Return a value as text: numbers as they are written, outer white space removed.

    Raises:
        RowError: It is empty, no text and no number, or no UTF-8.
    """
    if value is None or value == "" or value != value:  # NaN
        raise RowError(f"the {what} is empty", what=what)
    if not isinstance(value, str | int | float):
        raise RowError(f"the {what} is no text", repr(value), what)
    words = str(value).strip()
    if not words:
        raise RowError(f"the {what} is empty", what=what)
    if not is_utf8(words):
        raise RowError(f"the {what} is not UTF-8 text", words, what)
    return words


def molecule(value: Any) -> str:
    """Return a SMILES as written, doubled backslashes undone; "" when there is none.

    Raises:
        RowError: RDKit cannot parse it, or the encoder has no vector for a bond or atom of it.
    """
    if value in ("", None):
        return ""
    smiles = text(value, "SMILES").replace("\\\\", "\\")
    if problem := _smiles_problem(smiles):
        raise RowError("the SMILES cannot be used", problem, "SMILES")
    return smiles


@lru_cache(maxsize=4096)
def _smiles_problem(smiles: str) -> str:
    try:
        featurize_smiles(smiles)
    except InvalidInput as error:
        return error.message
    return ""


def protein(value: Any) -> str:
    """Return a sequence in upper case, without white space and the stop at its end; "" when there is none.

    Every letter is taken: the 20 amino acids, U and O, and the codes for doubt B, J, X and Z.

    Raises:
        RowError: It holds a character that is no letter, or is one of nucleotides.
    """
    if value in ("", None):
        return ""
    sequence = "".join(text(value, "sequence").split()).upper().removesuffix("*")
    if not sequence.isascii() or not sequence.isalpha():
        position, character = next(
            (
                (n, character)
                for n, character in enumerate(sequence, 1)
                if not (character.isascii() and character.isalpha())
            ),
            (1, ""),
        )
        raise RowError("the sequence holds what is no residue", f"{character!r} at position {position}", "sequence")
    if are_nucleotides(sequence):
        raise RowError("the sequence is DNA or RNA, no protein", sequence, "sequence")
    return sequence


def shorten(words: str, limit: int = 120) -> str:
    """Return words in one line that is not too long."""
    words = " ".join(words.split())
    return words if len(words) <= limit else f"{words[:limit]}..."


def strings(value: Any) -> list[str]:
    """Return the texts of a list, or a text as a list of one; [] for anything else."""
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def first_of(row: Mapping[str, Any], *names: str) -> Any:
    """Return the value of the first name a row has; "" when it has none."""
    return next((row[name] for name in names if name in row), "")
