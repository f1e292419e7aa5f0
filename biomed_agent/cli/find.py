"""``find``: what a name names, what is like a molecule, and what its structure says; one name or many."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from biomed_agent.answering.resolving.input_files import files_closed
from biomed_agent.cli.arguments import CELLS_OPEN_NONE, file_or_name, given_text, make_agent, readable
from biomed_agent.cli.ask import deliver
from biomed_agent.cli.row_formats import BUG, Answered, Answerer, Row
from biomed_agent.cli.tables import read_rows, write_rows
from biomed_agent.cli.terminal import Screen
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.identifiers import names_a_file, refuse_file
from biomed_agent.core.types import Answer

if TYPE_CHECKING:
    from biomed_agent.answering.agent import BioMedAgent
    from biomed_agent.answering.resolving.ranking import Policy

OF_MOLECULE = ("similar", "substructure", "properties")


def find(arguments: argparse.Namespace, screen: Screen) -> int:
    """Look names up."""
    if arguments.kind != "protein" and (arguments.about or arguments.organism):
        raise InvalidInput("--about and --organism belong to find protein.", "Leave them out.")
    if arguments.limit < 1:
        raise InvalidInput(f"--limit is {arguments.limit}; expected 1 or more.")
    names, kind = arguments.name, arguments.kind
    if kind == "literature" and names:
        names = [" ".join(names)]
    if arguments.input is not None or len(names) > 1:
        return _find_many(arguments, screen)
    if arguments.output is not None or arguments.resume or arguments.workers is not None:
        raise InvalidInput(
            "--output, --resume and --workers belong to several names.", "For one use --json or --html FILE."
        )
    if not names:
        raise InvalidInput("the name is missing.", "Try: biomed-agent find molecule aspirin")
    name = file_or_name(given_text(names[0], "name"))
    return deliver(_look_up(make_agent(arguments), name, arguments), arguments, screen)


def _look_up(agent: BioMedAgent, name: str, arguments: argparse.Namespace) -> Answer:
    """Look one name up."""
    policy: Policy = arguments.policy or "ask"
    if arguments.kind == "similar":
        return agent.similar_molecules(name, arguments.threshold, arguments.limit, arguments.where, policy)
    if arguments.kind == "substructure":
        return agent.substructure_matches(name, arguments.limit, arguments.where, policy)
    if arguments.kind == "properties":
        return agent.molecule_properties(name, policy)
    if arguments.kind == "protein":
        about = [section.strip() for section in (arguments.about or "").split(",") if section.strip()]
        return agent.protein_card(name, arguments.organism or "", about, policy)
    if arguments.kind == "literature":
        return agent.search_literature(name, arguments.limit, policy)
    return agent.find_molecule(name, policy)


def _find_many(arguments: argparse.Namespace, screen: Screen) -> int:
    """Look many names up; a choice that nobody looks at is refused unless ``--policy`` says otherwise."""
    if arguments.html:
        raise InvalidInput("--html is for one answer; leave it out for several names.")
    if arguments.input is not None and arguments.name:
        raise InvalidInput("--input holds the names; leave out the others.")
    if arguments.kind == "literature":
        raise InvalidInput("literature is searched for one query at a time.", "Use ask --input FILE for several.")
    arguments.policy = arguments.policy or "strict"
    rows = [Row(number, {"name": file_or_name(name)}) for number, name in enumerate(arguments.name, 1)]
    if arguments.input is not None:
        rows = read_rows(Path(arguments.input), "name", ("name", "molecule", "protein"))
    return write_rows(arguments, screen, rows, prepare)


def prepare(arguments: argparse.Namespace) -> Answerer:
    """Return what looks rows up; see :mod:`.workers`."""
    agent = make_agent(arguments)
    return Answerer(lambda rows: _answers(agent, rows, arguments), agent, asks_model=False)


def _answers(agent: BioMedAgent, rows: Sequence[Row], arguments: argparse.Namespace) -> Iterator[Answered]:
    """Yield each row with its answer; what cannot be looked up at all is told, and not looked up."""
    table = arguments.input is not None
    problems = {row.number: problem for row in rows if (problem := _problem(row, table))}
    names = [_name(row) for row in rows if row.number not in problems]
    answers = iter(_looked_up(agent, names, arguments))
    for row in rows:
        if row.number in problems:
            yield row, Answer(_name(row), "invalid", problems[row.number]), "invalid"
            continue
        names = names[1:]
        try:
            with files_closed(CELLS_OPEN_NONE) if table else nullcontext():
                answer = next(answers)
        except Exception as error:  # a bug in one row must not cost the others
            answers = iter(_looked_up(agent, names, arguments))
            yield row, Answer(_name(row), "invalid", f"internal error, {type(error).__name__}: {error}"), BUG
            continue
        yield row, answer, answer.status


def _looked_up(agent: BioMedAgent, names: Sequence[str], arguments: argparse.Namespace) -> Iterable[Answer]:
    typed = arguments.input is None and any(names_a_file(name) for name in names)  # which find_many does not open
    if not typed and arguments.kind not in OF_MOLECULE and not (arguments.about or arguments.organism):
        return agent.find_many(arguments.kind, names, arguments.limit, arguments.policy)
    return (_look_up(agent, name, arguments) for name in names)


def _name(row: Row) -> str:
    return (row.columns.get("name") or row.columns.get("molecule") or row.columns.get("protein") or "").strip()


def _problem(row: Row, table: bool) -> str:
    """Say why a row, of a table or typed, cannot be looked up; empty when it can."""
    try:
        readable(_name(row), "name")
        if table:
            refuse_file(_name(row), CELLS_OPEN_NONE)
    except InvalidInput as error:
        return str(error)
    return row.problem or ("" if _name(row) else "the row has no name; expected a column called name.")
