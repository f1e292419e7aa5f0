"""Every deliberate error has a status that an answer may have, and says what to try."""

from __future__ import annotations

import inspect
from typing import get_args

import pytest

from biomed_agent.core import errors
from biomed_agent.core.errors import Ambiguous, BiomedAgentError, NotFound, Refused
from biomed_agent.core.types import EXIT_CODES, Candidate, Status

ERRORS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, BiomedAgentError)]


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_is_drawn_in_the_tree_with_its_exit_code(kind: type[BiomedAgentError]) -> None:
    assert kind.status in get_args(Status)
    error = kind("This went wrong.", "Try that.")
    assert str(error) == "This went wrong. Try that."
    assert str(kind("This went wrong.")) == "This went wrong."
    assert (error.message, error.hint) == ("This went wrong.", "Try that.")
    (line,) = [line for line in str(errors.__doc__).splitlines() if kind.__name__ in line.split()]
    if "exit" in line:
        assert f'(exit {EXIT_CODES[kind.status]}, status "{kind.status}")' in line


def test_every_failed_status_is_that_of_an_error() -> None:
    assert {kind.status for kind in ERRORS} == set(get_args(Status)) - {"answered", "model_only"}


@pytest.mark.parametrize("kind", [NotFound, Ambiguous])
def test_candidates_travel_with_the_error(kind: type[NotFound] | type[Ambiguous]) -> None:
    candidate = Candidate("CID:2244", "aspirin", "homonym")
    assert kind("m", candidates=[candidate]).candidates == (candidate,)
    assert kind("m").candidates == ()


def test_what_forbids_travels_with_a_refusal() -> None:
    assert Refused("m", why="offline is on").why == "offline is on"
    assert str(Refused("m", "h", "offline is on")) == "m h"
