"""What a search by structure did not show, in words."""

from __future__ import annotations

import pytest

from biomed_agent.core.types import Molecule, Provenance
from biomed_agent.sources.search_hits import Hit, Hits


@pytest.mark.parametrize(
    ("shown", "total", "more", "words"),
    [
        (2, 2, False, ""),
        (2, 3, False, "1 more exist"),
        (2, 1502, False, "1,500 more exist"),
        (2, 3, True, "at least 1 more exist"),
        (2, 2, True, "more exist"),
        (0, 0, False, ""),
    ],
)
def test_what_is_not_shown_is_counted(shown: int, total: int, more: bool, words: str) -> None:
    assert Hits((Hit(Molecule("C")),) * shown, total, more, Provenance("PubChem")).beyond == words
