"""Many questions asked: each read from what a script or a table holds, several at a time where that is sooner done."""

from __future__ import annotations

import contextvars
import itertools
import logging
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, TypeAlias

from biomed_agent.answering.answer_table import Item
from biomed_agent.answering.calls import MAX_WORKERS, DaemonThreads
from biomed_agent.core.deadline import Deadline, current, running
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.query import Query
from biomed_agent.core.types import Answer

logger = logging.getLogger(__name__)
Asked: TypeAlias = str | Query | Mapping[str, Any]
"""a question, in plain words, filled in, or with what it is about"""
KEYS = ("id", "question", "molecule", "smiles", "protein", "sequence", "query")
"""what a mapping may hold: ``smiles`` and ``sequence`` stand for a molecule and a protein, ``query`` for a search"""
_STRUCTURES = {"smiles": ("molecule", "smiles:"), "sequence": ("protein", "seq:")}
AHEAD = 2
"""questions of each thread that are taken from the input before the first of them was answered"""


def ask_each(
    ask: Callable[..., Answer],
    questions: Iterable[Asked],
    options: Mapping[str, Any],
    several: Callable[[], bool],
    life: Deadline,
) -> Generator[Item, None, None]:
    """Yield the answers to questions in their order; what is wrong with one costs no other.

    Args:
        ask: :meth:`biomed_agent.BioMedAgent.ask`.
        questions: Read as answers are taken.
        options: Of every question.
        several: Says whether several are asked at the same time, each in a thread.
        life: Of all of them; cancelled when no more are wanted.

    Raises:
        InvalidInput: The questions are one question.
    """
    from biomed_agent.answering.resolving.input_files import files_closed

    if isinstance(questions, str | Query | Mapping):
        raise InvalidInput("the questions are one question.", "Pass a list of them, or use ask.")

    def answer(asked: Asked) -> Answer:
        try:
            with running(life), files_closed("Of many questions none opens a file; ask it alone."):
                return ask(**parts_of(asked), **options)
        except InvalidInput as error:
            return Answer(_words(asked), error.status, str(error))
        except Exception as error:  # a bug in one question must not cost the others
            logger.exception("a question met a bug")
            return Answer(_words(asked), "invalid", f"internal error, {type(error).__name__}: {error}")

    if several():
        yield from _side_by_side(questions, answer, life)
        return
    for row, asked in enumerate(questions, 1):
        with current().on_cancel(life.cancel):
            made = answer(asked)
        yield Item(row, _named(asked), made)


def _side_by_side(
    questions: Iterable[Asked], answer: Callable[[Asked], Answer], life: Deadline
) -> Generator[Item, None, None]:
    """Yield the answers in the order of the questions, a few of which are always under way."""
    threads = DaemonThreads(MAX_WORKERS, "biomed-agent-many")
    under_way: deque[tuple[Item, Future[Answer]]] = deque()
    left = enumerate(questions, 1)
    try:
        while True:
            for row, asked in itertools.islice(left, AHEAD * MAX_WORKERS - len(under_way)):
                within = contextvars.copy_context().run  # so that what leaves is recorded for who takes the answers
                future = threads.submit(within, answer, asked)
                under_way.append((Item(row, _named(asked), Answer(_words(asked), "unavailable", "")), future))
            if not under_way:
                return
            item, future = under_way.popleft()
            with current().on_cancel(life.cancel):
                made = future.result()
            yield replace(item, answer=made)
    finally:
        life.cancel()
        threads.shutdown(wait=False, cancel_futures=True)


def _named(asked: object) -> str:
    """Return what a question is called by its ``id``; empty where it has none."""
    given = asked.get("id") if isinstance(asked, Mapping) else None
    return "" if _missing(given) else str(given)


def _words(asked: object) -> str:
    """Return what stands for a question that cannot be asked."""
    words = asked.get("question", "") if isinstance(asked, Mapping) else asked
    return (words if isinstance(words, str) else repr(words))[:200]


def parts_of(asked: object) -> dict[str, Any]:
    """Return a question as the arguments of :meth:`~biomed_agent.BioMedAgent.ask`.

    Raises:
        InvalidInput: It is no question, or a mapping with a key that is none, or with two molecules or proteins.
    """
    if isinstance(asked, str | Query):
        return {"question": asked}
    if not isinstance(asked, Mapping):
        raise InvalidInput(
            f"a question is of type {type(asked).__name__}.", "Expected a string, a Query, or a mapping with question."
        )
    if unknown := [key for key in asked if key not in KEYS]:
        raise InvalidInput(f"a question has no part {unknown[0]!r}.", f"Expected some of {', '.join(KEYS)}.")
    given = {key: value for key, value in asked.items() if key != "id" and not _missing(value)}
    for key, (part, prefix) in _STRUCTURES.items():
        if key in given:
            if part in given:
                raise InvalidInput(f"a question has both {part} and {key}.", "Give one of them.")
            given[part] = f"{prefix}{given.pop(key)}"
    if "question" not in given:
        raise InvalidInput("the question is missing.", f"Expected it under question, beside {', '.join(KEYS[2:])}.")
    return given


def _missing(value: object) -> bool:
    """Whether a cell of a table is empty: None, an empty text, or the NaN or NA of a data frame."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return True
    return (isinstance(value, float) and value != value) or value is getattr(sys.modules.get("pandas"), "NA", None)
