"""The commands that ask: ``ask``, ``check`` and ``chat``."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from biomed_agent.cli.arguments import entities, given_text, make_agent, opinion_flags, whole_file
from biomed_agent.cli.terminal import PROGRAM, Screen
from biomed_agent.core.errors import BiomedAgentError, InvalidInput

if TYPE_CHECKING:
    from biomed_agent.answering.agent import BioMedAgent
    from biomed_agent.answering.reading.explain import Explanation
    from biomed_agent.core.types import Answer


def ask(arguments: argparse.Namespace, screen: Screen) -> int:
    """Answer one question, or every row of a file."""
    if arguments.input is not None:
        from biomed_agent.cli.batch import answer_rows

        for flag, given in (("--html", arguments.html), ("--explain", arguments.explain)):
            if given:
                raise InvalidInput(f"{flag} is for one answer; leave it out, or leave out --input.")
        return answer_rows(arguments, screen)
    if arguments.output is not None or arguments.resume or arguments.workers is not None:
        raise InvalidInput(
            "--output, --resume and --workers belong to --input.", "For one answer use --json or --html FILE."
        )
    if not arguments.question:
        raise InvalidInput("the question is missing.", 'Try: biomed-agent ask "What is aspirin?"')
    question = given_text(" ".join(arguments.question), "question")
    molecule, protein = entities(arguments)
    agent = make_agent(arguments)
    reading = _reading(agent, question, molecule, protein, arguments.query) if arguments.explain else None
    answer = agent.ask(question, molecule, protein, arguments.policy, query=arguments.query, **opinion_flags(arguments))
    return deliver(answer, arguments, screen, reading)


def _reading(
    agent: BioMedAgent, question: str, molecule: str | None, protein: str | None, query: str | None
) -> Explanation | None:
    """Return how a question is read; None where it cannot be read at all, of which the answer says why."""
    from biomed_agent.answering.reading.explain import explain

    if query is not None:
        raise InvalidInput("--explain and --query contradict each other.", "A search string is sent as it is, unread.")
    with suppress(BiomedAgentError):
        return explain(agent, question, molecule, protein)
    return None


def check(arguments: argparse.Namespace, screen: Screen) -> int:
    """Check a statement."""
    statement = given_text(arguments.statement, "statement")
    molecule, protein = entities(arguments)
    return deliver(make_agent(arguments).check(statement, molecule, protein, arguments.policy), arguments, screen)


def chat(arguments: argparse.Namespace, screen: Screen) -> int:
    """Answer questions until ``exit``, the end of input or an interruption at the prompt."""
    from biomed_agent.answering.wording import to_text
    from biomed_agent.core.version import __version__

    conversation = make_agent(arguments).chat()
    typed = sys.stdin is not None and sys.stdin.isatty()
    if typed:
        import readline  # noqa: F401 - gives the prompt its line editing

        screen.note(
            f"{PROGRAM} {__version__}: a follow-up is about the same molecule or protein; exit or Ctrl-D leaves."
        )
    while True:
        try:
            line = input("> " if typed else "").strip()
        except EOFError:
            if typed:
                screen.note("")
            return 0
        except UnicodeDecodeError:
            screen.fail("that line is not UTF-8 text.")
            continue
        if line.lower() in ("exit", "quit"):
            return 0
        if not line:
            continue
        try:
            answer = conversation.ask(line, **opinion_flags(arguments))
        except KeyboardInterrupt:
            if not typed:
                raise
            screen.fail("that question was interrupted; Ctrl-C at the prompt leaves.")
            continue
        screen.show(f"\n{to_text(answer, screen.width, screen.color)}\n" if typed else to_text(answer, screen.width))
        screen.flush()


def deliver(answer: Answer, arguments: argparse.Namespace, screen: Screen, reading: Explanation | None = None) -> int:
    """Write one answer; what is no answer goes to standard error, its reason in the first line.

    Args:
        answer: What is written.
        arguments: The command line.
        screen: Where it is written.
        reading: How the question was read, which is asked for and goes to standard output even where nothing answers.
    """
    from biomed_agent.answering.wording import to_html_page, to_text

    if reading is not None and not arguments.json:
        screen.show(reading.to_text(screen.width, screen.color) + ("\n" if answer.exit_code == 0 else ""))
        screen.flush()
    if arguments.json:
        more = {"reading": reading.to_dict()} if reading is not None else {}
        screen.show(json.dumps({**answer.to_dict(), **more}, indent=2, ensure_ascii=False))
    elif answer.exit_code == 0:
        screen.show(to_text(answer, screen.width, screen.color))
    if answer.exit_code != 0:
        reason = answer.text if answer.candidates else " ".join((answer.text, *answer.next_steps))
        screen.fail(f"{answer.status.replace('_', ' ')}: {reason}")
        rest = replace(answer, text="", next_steps=answer.next_steps if answer.candidates else ())
        if not arguments.json and (remainder := to_text(rest, screen.width)):
            screen.note(remainder)
    if arguments.html:
        with whole_file(Path(arguments.html)) as stream:
            stream.write(to_html_page(answer))
    return answer.exit_code
