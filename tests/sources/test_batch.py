"""Look-ups of many things: each is found or missing with its reason, and one bad part spoils no other."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from biomed_agent.core.errors import NotFound, Unavailable
from biomed_agent.sources.batch import in_chunks, in_order


def length(word: str) -> int:
    if word == "none":
        raise NotFound("no record")
    return len(word)


def test_each_is_found_or_missing_once_and_in_the_order_asked() -> None:
    batch = in_order(["bb", "none", "a", "bb"], length)
    assert list(batch.records.items()) == [("bb", 2), ("a", 1)]
    assert [(word, error.status) for word, error in batch.missing.items()] == [("none", "not_found")]


def test_a_bug_is_no_missing_record() -> None:
    with pytest.raises(ZeroDivisionError):
        in_order([0], lambda number: 1 // number)


def test_parts_have_the_size_and_one_that_fails_spoils_no_other() -> None:
    asked: list[list[str]] = []
    error = Unavailable("busy")

    def fetch(part: Sequence[str]) -> dict[str, int]:
        asked.append(list(part))
        if "c" in part:
            raise error
        return dict.fromkeys(part, 1)

    assert in_chunks(list("abcde"), 2, fetch) == {"a": 1, "b": 1, "c": error, "d": error, "e": 1}
    assert asked == [["a", "b"], ["c", "d"], ["e"]]
    assert in_chunks([], 2, fetch) == {}
