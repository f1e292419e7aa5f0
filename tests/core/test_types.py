"""The nouns: how a thing is named again, what is worked out of its fields, and what is written as JSON."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from biomed_agent.core.types import (
    DISCLAIMER,
    EXIT_CODES,
    SCHEMA_VERSION,
    Answer,
    Article,
    Candidate,
    Fact,
    LimitCheck,
    ModelStamp,
    ModelStatement,
    Molecule,
    Protein,
    Provenance,
    Resolved,
    Status,
    Withheld,
    answer_schema,
)

ASPIRIN = Molecule("CC(=O)Oc1ccccc1C(=O)O", name="aspirin", ids={"cid": "2244", "chebi": "CHEBI:15365"})


@pytest.mark.parametrize(
    ("ids", "inchikey", "handle"),
    [
        ({"chembl": "CHEMBL25", "cid": "2244"}, "KEY", "CID:2244"),
        ({"chembl": "CHEMBL25", "chebi": "CHEBI:15365"}, "KEY", "CHEBI:15365"),
        ({"chembl": "CHEMBL25", "drugbank": "DB00945"}, "KEY", "DRUGBANK:DB00945"),
        ({"chembl": "CHEMBL25"}, "KEY", "CHEMBL:CHEMBL25"),
        ({"cas": "50-78-2"}, "KEY", "KEY"),
        ({}, "", "smiles:C"),
    ],
)
def test_a_molecule_is_named_by_the_identifier_most_databases_know(
    ids: dict[str, str], inchikey: str, handle: str
) -> None:
    assert Molecule("C", inchikey=inchikey, ids=ids).handle == handle


def test_a_protein_is_named_by_its_accession_or_its_sequence() -> None:
    assert Protein("MKV", accession="P00533").handle == "UNIPROT:P00533"
    assert Protein("MKV").handle == "seq:MKV"
    assert Protein("MKV").length == 3


@pytest.mark.parametrize(
    ("article", "handle"),
    [
        (Article("A title", pmid="1", doi="10.1/x"), "PMID:1"),
        (Article("A title", doi="10.1/x"), "DOI:10.1/x"),
        (Article("A title"), "A title"),
    ],
)
def test_an_article_is_named_by_the_first_identifier_it_has(article: Article, handle: str) -> None:
    assert article.handle == handle


@pytest.mark.parametrize(
    ("types", "kind", "is_notice"),
    [
        (("Journal Article", "Review", "Meta-Analysis"), "Meta-Analysis", False),
        (("Journal Article",), "Journal Article", False),
        ((), "", False),
        (("Editorial", "Retraction Notice"), "Retraction Notice", True),
        (("Published Erratum",), "Published Erratum", True),
        (("Published Erratum", "Corrected and Republished Article"), "Published Erratum", False),
        (("Expression of Concern",), "Expression of Concern", True),
        (("Retracted Publication",), "Retracted Publication", False),
    ],
)
def test_the_publication_type_that_tells_most(types: tuple[str, ...], kind: str, is_notice: bool) -> None:
    article = Article("A title", types=types)
    assert article.kind == kind
    assert article.is_notice is is_notice


def test_where_an_article_appeared() -> None:
    assert Article("A", journal="Blood : official journal", year="2020").where == "Blood 2020"
    assert Article("A", year="2020").where == "2020"
    assert Article("A").where == ""


def test_an_amount_carries_its_relation() -> None:
    assert Fact("x", "Kd", 10000.0, relation=">").amount == ">10000"
    assert Fact("x", "Kd", 5.5).amount == 5.5


@pytest.mark.parametrize(
    ("check", "broken", "text"),
    [
        (LimitCheck("weight", 500.0, high=500.0), False, "weight 500 (<= 500)"),
        (LimitCheck("weight", 500.01, high=500.0), True, "weight 500.01 (<= 500)"),
        (LimitCheck("logP", -0.4, -0.4, 5.6), False, "logP -0.4 (-0.4 to 5.6)"),
        (LimitCheck("logP", -0.401, -0.4, 5.6), True, "logP -0.4 (-0.4 to 5.6)"),
        (LimitCheck("atoms", 3, low=20), True, "atoms 3 (>= 20)"),
        (LimitCheck("atoms", 20, low=20), False, "atoms 20 (>= 20)"),
    ],
)
def test_a_limit_itself_is_within(check: LimitCheck, broken: bool, text: str) -> None:
    assert check.broken is broken
    assert str(check) == text


@pytest.mark.parametrize(
    ("undecided", "contradicted", "summary"),
    [
        (0, 0, ""),
        (1, 0, "1 sentence undecided"),
        (3, 1, "3 sentences undecided, 1 contradicted"),
        (0, 1, "1 sentence contradicted"),
        (0, 2, "2 sentences contradicted"),
    ],
)
def test_what_is_withheld_is_counted(undecided: int, contradicted: int, summary: str) -> None:
    withheld = (Withheld("unverified", "w"),) * undecided + (Withheld("contradicted", "w"),) * contradicted
    assert ModelStatement("", ModelStamp("m"), withheld=withheld).withheld_summary == summary


def test_every_status_has_an_exit_code_and_no_failure_the_code_of_another() -> None:
    assert set(EXIT_CODES) == set(get_args(Status))
    failures = [code for code in EXIT_CODES.values() if code]
    assert len(failures) == len(set(failures)) == len(EXIT_CODES) - 2
    assert 1 not in failures, "a bug of ours"
    for status in get_args(Status):
        assert Answer("q", status, "t").exit_code == EXIT_CODES[status]


def test_an_answer_as_json_names_its_entities_and_keeps_every_letter() -> None:
    answer = Answer(
        "q", "answered", "µ", entities=(Resolved(ASPIRIN, "aspirin", "w"), Resolved(Protein("MKV"), "MKV", "w"))
    )
    plain = json.loads(answer.to_json())
    assert [(entry["kind"], entry["entity"]["handle"]) for entry in plain["entities"]] == [
        ("molecule", "CID:2244"),
        ("protein", "seq:MKV"),
    ]
    assert "µ" in answer.to_json()
    assert plain["disclaimer"] == DISCLAIMER
    assert plain["schema_version"] == SCHEMA_VERSION
    assert "\n" not in answer.to_json(indent=None)


def test_the_schema_names_every_field_of_an_answer() -> None:
    schema = answer_schema()
    assert set(schema["properties"]) == set(json.loads(Answer("q", "answered", "t").to_json()))
    assert schema["version"] == SCHEMA_VERSION
    assert schema["$schema"].startswith("https://json-schema.org/")


def test_a_value_of_the_caller_s_own_is_not_changed_by_writing_it() -> None:
    candidate = Candidate("CID:2244", "aspirin", "homonym", "molecule")
    source = Provenance("PubChem", "CID 2244")
    answer = Answer("q", "ambiguous", "t", candidates=(candidate,), sources=(source,))
    assert answer.to_dict()["candidates"][0]["handle"] == "CID:2244"
    assert answer.candidates == (candidate,)
