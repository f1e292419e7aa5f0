"""What a command line hands over: settings, entities, texts and files, read and bounded."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

from biomed_agent.core.errors import InvalidInput

if TYPE_CHECKING:
    from biomed_agent.answering.agent import BioMedAgent
    from biomed_agent.core.settings import Settings

MAX_STDIN = 100_000
"""bytes of a question read from standard input"""
FLAGS = ("host", "model", "load_in", "index", "offline", "egress", "cache_dir", "timeout")
"""settings that are also flags"""


CELLS_OPEN_NONE = "A table opens no file: write the structure or sequence in the cell, or give the file as --input."
"""what is said of a ``file:`` in a table, which somebody else may have written"""


def make_agent(arguments: argparse.Namespace) -> BioMedAgent:
    """Return an agent with the settings of this call."""
    from biomed_agent.answering.agent import BioMedAgent
    from biomed_agent.core.plain_settings import read_plain_settings

    plain = read_plain_settings(**_flags(arguments))
    return BioMedAgent(settings=settings_of(arguments) if plain is None else cast("Settings", plain))


def settings_of(arguments: argparse.Namespace) -> Settings:
    """Read the settings: flags, then environment, then file."""
    from biomed_agent.core.settings import read_settings

    return read_settings(**_flags(arguments))


def _flags(arguments: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(arguments, name, None) for name in FLAGS}


def entities(arguments: argparse.Namespace) -> tuple[str | None, str | None]:
    """Return molecule and protein as the agent takes them; ``@path`` becomes ``file:path``."""
    names = []
    for kind in ("molecule", "protein"):
        text: str | None = getattr(arguments, kind)
        if text is not None:
            text = readable(text, f"--{kind}")
            text = file_or_name(text)
        names.append(text)
    return names[0], names[1]


def file_or_name(text: str) -> str:
    """Return what is typed for a thing as the agent takes it; ``@path`` becomes ``file:path``."""
    return f"file:{text[1:]}" if text.startswith("@") else text


def given_text(text: str, what: str) -> str:
    """Return a text from the command line; ``-`` reads standard input.

    Raises:
        InvalidInput: Standard input is larger than :data:`MAX_STDIN` bytes, or it is not UTF-8 text.
    """
    if text != "-":
        return readable(text, what)
    if sys.stdin is None:
        raise InvalidInput(f"the {what} should come from standard input, which is closed.")
    read = sys.stdin.buffer.read(MAX_STDIN + 1)
    if len(read) > MAX_STDIN:
        raise InvalidInput(
            f"the {what} on standard input is larger than {MAX_STDIN:,} bytes.",
            "Pass a long structure or sequence with --molecule @FILE or --protein @FILE.",
        )
    try:
        return read.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise InvalidInput(f"the {what} on standard input is not UTF-8 text.") from None


def readable(text: str, what: str) -> str:
    """Return ``text``; raise :class:`InvalidInput` when it holds bytes that were no UTF-8 text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInput(f"the {what} is not UTF-8 text.") from None
    return text


def opinion_flags(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what ``--model-too`` and ``--model-said`` mean for :meth:`biomed_agent.BioMedAgent.ask`.

    To see all that the model says is to want it asked.
    """
    everything = bool(getattr(arguments, "model_said", False))
    too = everything or bool(getattr(arguments, "model_too", False))
    return {"model": "always" if too else "auto", "show_undecided": everything}


@contextlib.contextmanager
def whole_file(path: Path, *, append: bool = False, rename: bool = True) -> Iterator[TextIO]:
    """Open ``NAME.partial`` and rename it when all is written; an interruption leaves it there.

    Args:
        path: The file to write.
        append: Whether to go on with the ``NAME.partial`` that is there.
        rename: Whether it is renamed; else it stays, for what is made of it.

    Raises:
        InvalidInput: The file cannot be written; said before any work when it is opened.
    """
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder; expected a file to write.")
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("a" if append else "w", encoding="utf-8", errors="replace", newline="") as stream:
            yield stream
        if rename:
            partial.replace(path)
    except OSError as error:
        raise InvalidInput(
            f"{path} cannot be written: {error.strerror or error}.", "Give a file in a writable folder."
        ) from error
