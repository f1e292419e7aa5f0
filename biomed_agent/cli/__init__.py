"""The command ``biomed-agent``.

:mod:`.parser` knows the words, one module for each family of commands knows what they do, :mod:`.terminal` writes.
Standard output holds the answer and nothing else; progress, warnings and errors go to standard error. Exit codes:
0 answered, 1 a bug of ours, 2 bad input, 3 not found, 4 unavailable, 5 ambiguous, 6 refused by policy,
7 inapplicable, 130 interrupted.

Nothing heavy is imported until a command runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Sequence

from biomed_agent.cli.parser import build_parser
from biomed_agent.cli.terminal import Screen
from biomed_agent.core.errors import BiomedAgentError
from biomed_agent.core.privacy.credentials import redact_secrets, secret_words
from biomed_agent.core.types import EXIT_CODES

BUG, INTERRUPTED = 1, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; never raises.

    Args:
        argv: Arguments after the program's name; read from the process when not given.
    """
    screen = Screen()
    words = sys.argv[1:] if argv is None else argv
    try:
        arguments = build_parser().parse_args(words)
        screen = Screen(quiet=getattr(arguments, "quiet", False), no_color=getattr(arguments, "no_color", False))
        code = _handler(arguments.run)(arguments, screen)
        screen.flush()
    except BiomedAgentError as error:
        screen.fail(redact_secrets(str(error), *secret_words(words)))
        return EXIT_CODES[error.status]
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        _forget_output()
        return 0
    except KeyboardInterrupt:
        screen.fail("interrupted.")
        return INTERRUPTED
    except SystemExit as done:  # --help and --version
        return done.code if isinstance(done.code, int) else 0
    except Exception as error:
        if os.environ.get("BIOMED_AGENT_DEBUG"):
            raise
        screen.fail(
            f"internal error, {type(error).__name__}: {error}. Please report it; BIOMED_AGENT_DEBUG=1 shows where."
        )
        return BUG
    return code


def _handler(run: str) -> Callable[[argparse.Namespace, Screen], int]:
    """Return the function that ``module.function`` of this package names."""
    import importlib

    module, _, function = run.partition(".")
    handler: Callable[[argparse.Namespace, Screen], int] = getattr(
        importlib.import_module(f"{__name__}.{module}"), function
    )
    return handler


def _forget_output() -> None:
    """Point standard output at nothing, so that the interpreter does not trip over it when it ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
