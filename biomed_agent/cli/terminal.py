"""What reaches the terminal: answers on standard output, one line for everything else on standard error."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from typing import TextIO

from biomed_agent.core.errors import InvalidInput

PROGRAM = "biomed-agent"


class Screen:
    """Writes for one command.

    Args:
        quiet: Leave out progress; errors are still told.
        no_color: Write without colours even on a terminal.
    """

    def __init__(self, quiet: bool = False, no_color: bool = False) -> None:
        self.quiet = quiet
        plain = no_color or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        self.read_by_a_person = _is_terminal(sys.stdout)
        self.color = not plain and self.read_by_a_person
        self.live = not quiet and _is_terminal(sys.stderr)
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):  # a letter the terminal cannot show must not cost the answer
                stream.reconfigure(errors="replace")
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter(f"{PROGRAM}: %(message)s"))
        logger = logging.getLogger("biomed_agent")
        logger.handlers[:] = [handler]
        logger.propagate = False
        logger.setLevel(logging.ERROR if quiet else logging.WARNING)
        # These say when a model is loaded and an index built, which takes seconds.
        for name in ("biomed_agent.model.local", "biomed_agent.sources.local"):
            logging.getLogger(name).setLevel(logging.NOTSET if quiet else logging.INFO)

    @property
    def width(self) -> int:
        """Columns to wrap at: the terminal's, 100 at most."""
        return min(100, shutil.get_terminal_size((88, 24)).columns)

    def show(self, text: str) -> None:
        """Write a part of the answer to standard output.

        Raises:
            InvalidInput: Standard output takes no more, such as a full disk.
        """
        try:
            print(text)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _unwritable(error) from error

    def flush(self) -> None:
        """Write what is still held back; see :meth:`show`."""
        try:
            if sys.stdout is not None:
                sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _unwritable(error) from error

    def note(self, text: str) -> None:
        """Say something beside the answer, unless quiet."""
        if not self.quiet:
            print(text, file=sys.stderr)

    def fail(self, message: str) -> None:
        """Say in one line what went wrong."""
        print(f"{PROGRAM}: {' '.join(message.split())}", file=sys.stderr)

    def progress(self, text: str) -> None:
        """Replace the last line of progress; only on a terminal."""
        if self.live:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _unwritable(error: OSError) -> InvalidInput:
    # Nothing more can be written: what is buffered is dropped, or the interpreter would trip over it at the end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return InvalidInput(f"the answer cannot be written to standard output: {error.strerror}.")
