"""Old spellings still work and say the new one."""

from __future__ import annotations

import importlib
import warnings

import pytest

import biomed_agent
from biomed_agent.core.deprecated import REMOVED_IN, moved_names, warn_deprecated


def test_a_warning_names_both_spellings_and_the_version_of_the_end() -> None:
    with pytest.warns(DeprecationWarning, match=rf"^old is deprecated and goes in {REMOVED_IN}; use new\.$"):
        warn_deprecated("old", "new")
    assert tuple(map(int, REMOVED_IN.split("."))) > tuple(map(int, biomed_agent.__version__.split(".")[:2]))


def test_a_warning_points_at_the_line_that_uses_the_old_name() -> None:
    read = moved_names("old", {"sqrt": "math"})
    with pytest.warns(DeprecationWarning) as caught:
        value = read("sqrt")(16)
    assert value == 4
    assert caught[0].filename == __file__


def test_a_name_that_never_was_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="module 'old' has no attribute 'cube'"):
        moved_names("old", {"sqrt": "math"})("cube")


@pytest.mark.parametrize(
    ("old", "name", "new"),
    [
        ("biomed_agent.errors", "InvalidInput", "biomed_agent.core.errors"),
        ("biomed_agent.types", "Answer", "biomed_agent.core.types"),
        ("biomed_agent.generator", "connect", "biomed_agent.model.connect"),
        ("biomed_agent.generator", "HostClient", "biomed_agent.model.remote"),
        ("biomed_agent.prompt", "user_message", "biomed_agent.model.contract.prompt"),
    ],
)
def test_an_old_path_gives_the_very_thing_and_says_where_it_lives(old: str, name: str, new: str) -> None:
    with pytest.warns(DeprecationWarning, match=rf"{old}\.{name} is deprecated.*; use {new}\.{name}\.$"):
        thing = getattr(importlib.import_module(old), name)
    assert thing is getattr(importlib.import_module(new), name)


def test_the_new_paths_warn_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        assert biomed_agent.Answer is importlib.import_module("biomed_agent.core.types").Answer
