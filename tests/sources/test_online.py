"""What only a live source states."""

from __future__ import annotations

from typing import Literal

import pytest

from biomed_agent.sources.local.lists import OF_PROTEINS
from biomed_agent.sources.online import only_online


@pytest.mark.parametrize(
    ("predicate", "kind", "source"),
    [
        ("solubility", "molecule", "PubChem"), ("Melting point", "molecule", "PubChem"),
        ("GHS signal word", "molecule", "PubChem"), ("half-life", "molecule", ""), ("ChEBI role", "molecule", ""),
        ("logP", "molecule", ""), ("disease", "protein", "UniProt"), ("tissue specificity", "protein", "UniProt"),
        ("natural variant", "protein", "UniProt"), ("EC number", "protein", ""), ("length", "protein", ""),
        ("solubility", "protein", ""), ("disease", "molecule", ""),
    ],
)  # fmt: skip
def test_where_a_value_is(predicate: str, kind: Literal["molecule", "protein"], source: str) -> None:
    assert only_online(predicate, kind) == source


def test_nothing_that_ships_is_said_to_be_online() -> None:
    assert not [predicate for predicate in OF_PROTEINS if only_online(predicate, "protein")]
