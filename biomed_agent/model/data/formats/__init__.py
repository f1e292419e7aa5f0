"""Reads the genuine files of the data sets, and the user's own tables, row by row.

::

    reading = formats.read(Path("UniProtQA/train.json"))
    for example in reading:
        ...
    print(reading.summary(), reading.bad.first)

Every row becomes a record or a :class:`BadRow` with file and line; nothing is dropped in silence. Files are streamed,
so their size does not matter, and nothing is ever unpickled. ``docs/data.md`` describes each format.
"""

from pathlib import Path
from typing import Any

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.data.examples import Example, TextQuestion
from biomed_agent.model.data.formats.detect import detect
from biomed_agent.model.data.formats.questions import QUESTIONS
from biomed_agent.model.data.formats.rows import Bad, BadRow, Format, Reading
from biomed_agent.model.data.formats.structures import STRUCTURES, write_line

FORMATS: dict[str, Format[Any]] = {entry.name: entry for entry in (*STRUCTURES, *QUESTIONS)}
__all__ = ["FORMATS", "Bad", "BadRow", "Format", "Reading", "open_file", "read", "read_questions", "write_line"]


def open_file(path: Path | str, *, format: str | None = None, report: Path | None = None) -> Reading[Any]:
    """Return the reading of a file of any format.

    Args:
        path: The file; gzip, xz and bzip2 are unpacked on the way.
        format: Key of :data:`FORMATS`; told from the file's content when not given.
        report: File to write every bad row to.

    Raises:
        InvalidInput: The format is unknown or cannot be told, or the file cannot be read.
    """
    path = Path(path)
    name = format or detect(path)
    if name not in FORMATS:
        raise InvalidInput(f"format {name!r} is unknown.", f"Expected one of {', '.join(FORMATS)}.")
    return Reading(path, FORMATS[name], report)


def read(path: Path | str, *, format: str | None = None, report: Path | None = None) -> Reading[Example]:
    """Return the examples of a file of structures; otherwise like :func:`open_file`.

    SMILES are as written (only doubled backslashes are undone), ``group`` is empty unless the file tells it.

    Raises:
        InvalidInput: It holds questions without structures.
    """
    reading: Reading[Example] = open_file(path, format=format, report=report)
    if reading.format.holds != "examples":
        raise InvalidInput(f"{path} holds questions in text ({reading.format.name}); expected structures.")
    return reading


def read_questions(path: Path | str, *, format: str | None = None, report: Path | None = None) -> Reading[TextQuestion]:
    """Return the questions in text of a file; otherwise like :func:`open_file`.

    Raises:
        InvalidInput: It holds structures.
    """
    reading: Reading[TextQuestion] = open_file(path, format=format, report=report)
    if reading.format.holds != "questions":
        raise InvalidInput(f"{path} holds structures ({reading.format.name}); expected questions in text.")
    return reading
