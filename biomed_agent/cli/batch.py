"""``ask --input FILE``: every row answered, one bad row stopping none of the others."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from biomed_agent.answering.resolving.input_files import files_closed
from biomed_agent.cli.arguments import CELLS_OPEN_NONE, entities, make_agent, opinion_flags, readable
from biomed_agent.cli.row_formats import BUG, Answered, Answerer, Row
from biomed_agent.cli.tables import read_rows, write_rows
from biomed_agent.cli.terminal import Screen
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.identifiers import refuse_file
from biomed_agent.core.types import Answer

if TYPE_CHECKING:
    from biomed_agent.answering.agent import BioMedAgent

ASKED = ("question", "molecule", "protein")
"""columns that are read; others are carried to the output"""


def answer_rows(arguments: argparse.Namespace, screen: Screen) -> int:
    """Answer every row of ``--input``; return 0 when all were processed, 1 when one met a bug of ours."""
    asked = " ".join(arguments.question)
    rows = read_rows(Path(arguments.input), "question", () if asked else ("question",))
    sound = [row for row in rows if not row.problem]
    if sound and not asked and not any("question" in row.columns for row in sound):
        raise InvalidInput(
            f"the question is missing: no row of {arguments.input} holds one.",
            f'Ask one of all rows: biomed-agent ask "What is its molecular weight?" --input {arguments.input}',
        )
    return write_rows(arguments, screen, rows, prepare)


def prepare(arguments: argparse.Namespace) -> Answerer:
    """Return what answers rows; see :mod:`.workers`."""
    asked = " ".join(arguments.question)
    given = dict(zip(ASKED[1:], entities(arguments), strict=True))
    agent = make_agent(arguments)

    def answers(rows: Sequence[Row]) -> Iterator[Answered]:
        for row in rows:
            yield (row, *_answer(agent, row, asked, given, arguments))

    return Answerer(answers, agent, asks_model=True)


def _answer(
    agent: BioMedAgent, row: Row, asked: str, given: Mapping[str, str | None], arguments: argparse.Namespace
) -> tuple[Answer, str]:
    """Answer one row; whatever is wrong with it becomes its status."""
    question = row.columns.get("question", "").strip() or asked
    try:
        if row.problem:
            raise InvalidInput(row.problem)
        for name, text in row.columns.items():
            readable(text, f"column {name}")
        cells = {name: text for name in ASKED[1:] if (text := row.columns.get(name, "").strip())}
        for text in cells.values():
            refuse_file(text, CELLS_OPEN_NONE)
        asked_of = {**given, **cells}
        # What the caller passed for all rows may be a file; else nothing may open one.
        passed = any(asked_of[name] is not None and name not in cells for name in asked_of)
        molecule, protein = (asked_of[name] for name in ASKED[1:])
        with nullcontext() if passed else files_closed(CELLS_OPEN_NONE):
            answer = agent.ask(
                question, molecule, protein, arguments.policy, query=arguments.query, **opinion_flags(arguments)
            )
    except InvalidInput as error:
        return Answer(question, error.status, str(error)), error.status
    except Exception as error:  # a bug in one row must not cost the others
        return Answer(question, "invalid", f"internal error, {type(error).__name__}: {error}"), BUG
    return answer, answer.status
