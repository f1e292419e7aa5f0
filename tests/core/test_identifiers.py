"""How identifiers are written, and which text may be a SMILES."""

from __future__ import annotations

import re

import pytest

from biomed_agent.core.identifiers import (
    ACCESSION,
    EC_NUMBER,
    ENTRY_NAME,
    INCHIKEY,
    PLAIN_IDS,
    PREFIXES,
    smiles_shaped,
    split_prefix,
)


@pytest.mark.parametrize(
    ("pattern", "text", "is_one"),
    [
        (ACCESSION, "P00533", True),
        (ACCESSION, "A0A024R161", True),
        (ACCESSION, "P00533-2", True),
        (ACCESSION, "P0053", False),
        (ACCESSION, "p00533", False),
        (ACCESSION, "B12345", False),
        (ENTRY_NAME, "EGFR_HUMAN", True),
        (ENTRY_NAME, "EGFR", False),
        (ENTRY_NAME, "EGFR_HU", False),
        (EC_NUMBER, "2.7.10.1", True),
        (EC_NUMBER, "3.4.21.n1", True),
        (EC_NUMBER, "2.7.10", False),
        (EC_NUMBER, "8.1.1.1", False),
        (EC_NUMBER, "2.07.1.1", False),
        (INCHIKEY, "BSYNRYMUTXBXSQ-UHFFFAOYSA-N", True),
        (INCHIKEY, "BSYNRYMUTXBXSQ-UHFFFAOYSA", False),
    ],
)
def test_shapes(pattern: re.Pattern[str], text: str, is_one: bool) -> None:
    assert bool(pattern.fullmatch(text)) is is_one


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("CID 2244", "cid", "2244"),
        ("cid:2244", "cid", "2244"),
        ("CHEBI:15365", "chebi", "15365"),
        ("DB00945", "drugbank", "DB00945"),
        ("CHEMBL25", "chembl", "CHEMBL25"),
        ("50-78-2", "cas", "50-78-2"),
        ("2244", "", ""),
        ("DB0094", "", ""),
        ("50-78-22", "", ""),
    ],
)
def test_identifiers_without_a_prefix(text: str, kind: str, number: str) -> None:
    matches = [(match[1], name) for pattern, name in PLAIN_IDS if (match := pattern.fullmatch(text))]
    assert matches == ([(number, kind)] if kind else [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cid:2244", ("cid", "2244")),
        ("CID : 2244", ("", "CID : 2244")),
        ("Name: aspirin ", ("name", "aspirin")),
        ("InChIKey=BSYNRYMUTXBXSQ-UHFFFAOYSA-N", ("inchikey", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N")),
        ("InChI Key: InChIKey=BSYNRYMUTXBXSQ-UHFFFAOYSA-N", ("inchikey", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N")),
        ("InChI=1S/CH4/h1H4", ("", "InChI=1S/CH4/h1H4")),
        ("1S/CH4/h1H4", ("inchi", "1S/CH4/h1H4")),
        ("1S/CH4", ("", "1S/CH4")),
        ("cid:", ("", "cid:")),
        ("other:aspirin", ("", "other:aspirin")),
        ("aspirin", ("", "aspirin")),
    ],
)
def test_a_prefix_is_split_off(text: str, expected: tuple[str, str]) -> None:
    assert split_prefix(text) == expected


@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_prefix_is_known_in_any_case(prefix: str) -> None:
    assert split_prefix(f"{prefix}:x") == split_prefix(f"{prefix.upper()}:x") == (prefix, "x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CCO", False),  # a name might be written so
        ("CC(=O)O", True),
        ("c1ccccc1", True),
        ("[Na+].[Cl-]", True),
        ("C#N", True),
        ("C/C=C", True),
        ("B12", False),
        ("p53", False),
        ("CB1", False),
        ("NOS2", False),
        ("C1CC1", True),
        ("aspirin", False),
        ("C(", True),  # no SMILES, but meant as one
        ("=CC", False),
        ("CC (C)", False),
    ],
)
def test_what_is_written_like_a_smiles(text: str, expected: bool) -> None:
    assert smiles_shaped(text) is expected
