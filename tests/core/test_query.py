"""A query that is filled in, by a caller or from JSON, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.answering.handlers import HANDLERS
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.query import Filter, Query, Subject


@pytest.mark.parametrize(
    ("query", "says", "read_as"),
    [
        (
            Query("value", (Subject("aspirin", "molecule"),), ("molecular weight", "logp")),
            "180.16",
            "molecular weight, logP of acetylsalicylic acid",
        ),
        (Query("value", (Subject("aspirin"),)), "Rules passed", "all that is computed of acetylsalicylic acid"),
        (Query("describe", (Subject("EGFR", "protein"),)), "P00533", "identity of"),
        (Query("relation", (Subject("erlotinib"), Subject("EGFR"))), "Kd", "measured affinity of erlotinib and"),
        (
            Query("list", (Subject("EGFR", "protein"),), filters=(Filter("Kd", "<", 1, "nM"),)),
            "with Kd < 1 nM",
            "with Kd < 1 nM",
        ),
        (Query("is_a", (Subject("aspirin"),), object="It is an ester."), "Supported", "whether this holds"),
        (Query("locate", (Subject("Gleevec", "molecule"),)), "imatinib", "identity of imatinib"),
        (
            Query("value", (Subject("ABL1"),), ("length",), filters=(Filter("organism", "=", "Homo sapiens"),)),
            "1,130",
            "length of",
        ),
        (Query("similar", (Subject("caffeine", "molecule"),), limit=3), "like caffeine", "molecules similar to"),
        (Query("contains", (Subject("caffeine", "molecule"),), limit=3), "that hold caffeine", "molecules that hold"),
        (Query("compare", (Subject("Gleevec"), Subject("EGFR"))), "Different records", "comparison of"),
    ],
)
def test_a_filled_in_query_is_answered(agent: BioMedAgent, query: Query, says: str, read_as: str) -> None:
    answer = agent.ask(query)
    assert answer.status == "answered", answer.text
    assert says in answer.text
    assert read_as in answer.read_as


def test_a_question_in_words_says_how_it_was_read(agent: BioMedAgent) -> None:
    answer = agent.ask("What is the molecular weight of aspirin?")
    assert answer.read_as == "molecular weight of acetylsalicylic acid"
    assert answer.unread == ()
    listed = agent.ask("What is the molecular weight of ibuprofen and asprin?")
    assert listed.unread == ("asprin",)


def test_a_literature_query_leaves_only_as_it_is_written(agent: BioMedAgent) -> None:
    answer = agent.ask(Query("papers", object="metformin AND lifespan", limit=3, aggregate="list"))
    assert (answer.status, answer.kind) == ("refused", "literature")
    assert answer.read_as == "articles on metformin AND lifespan"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (Query("weigh", (Subject("aspirin"),)), "frame of the query is 'weigh'"),  # type: ignore[arg-type]
        (Query("value", (Subject("aspirin"),), ("colour of hope",)), "'colour of hope' of the query is unknown"),
        (Query("value"), "names no subject"),
        (Query("value", (Subject("file:/etc/passwd"),)), "file: is not allowed here"),
        (Query("list", (Subject("EGFR"),), filters=(Filter("Kd", "<", 3, "kg"),)), "no unit of a concentration"),
        (Query("list", (Subject("EGFR"),), filters=(Filter("colour", "=", "red"),)), "cannot be applied"),
        (Query("list", (Subject("EGFR"),), filters=(Filter("Kd", "in", (1.0, 2.0), "nM"),)), "cannot be applied"),
        (Query("list", (Subject("EGFR"),), order="Kd"), "no order but the usual one"),
        (Query("list", (Subject("EGFR"),), aggregate="count"), "aggregate 'count' cannot be made"),
        (Query("value", (Subject("aspirin"),), filters=(Filter("logP", "<", 3),)), "cannot be applied to a query"),
        (Query("similar", (Subject("caffeine"),), limit=101), "limit is 101; expected 1 to 100"),
        (Query("locate", (Subject("caffeine", "metal"),)), "kind of a subject"),  # type: ignore[arg-type]
    ],
)
def test_a_query_that_means_nothing_is_refused_by_name(agent: BioMedAgent, query: Query, message: str) -> None:
    answer = agent.ask(query)
    assert answer.status == "invalid"
    assert message in answer.text


@pytest.mark.parametrize("frame", ["convert"])
def test_a_frame_without_a_handler_says_so(agent: BioMedAgent, frame: Any) -> None:
    answer = agent.ask(Query(frame, (Subject("caffeine"),)))
    assert answer.status == "inapplicable"
    assert f"frame {frame!r} is not answered here yet" in answer.text
    assert "value" in answer.next_steps[0]
    assert frame not in HANDLERS


def test_a_query_is_read_from_json() -> None:
    plain = {
        "frame": "list",
        "subjects": ["EGFR", {"text": "BRAF", "kind": "protein"}],
        "predicates": "Kd",
        "filters": [{"field": "Kd", "relation": "between", "value": [1, 10], "unit": "nM"}],
        "limit": 5,
    }
    query = Query.from_dict(plain)
    assert query.subjects == (Subject("EGFR"), Subject("BRAF", "protein"))
    assert (query.predicates, query.limit) == (("Kd",), 5)
    assert str(query.filters[0]) == "Kd between 1 to 10 nM"


@pytest.mark.parametrize(
    ("plain", "message"),
    [
        ({"frame": "list", "colour": "red"}, "no field 'colour'"),
        ({"subjects": ["EGFR"]}, "needs its frame"),
        ({"frame": "list", "subjects": [7]}, "cannot be read"),
        ({"frame": "list", "filters": [{"field": "Kd"}]}, "cannot be read"),
        ({"frame": "list", "filters": [{"field": "Kd", "relation": "~", "value": 1}]}, "relation of a filter"),
        ({"frame": "list", "limit": 0}, "limit is 0"),
        ({"frame": "list", "limit": "5"}, "limit is '5'"),
        ({"frame": "list", "kind": "colour"}, "kind of the query is 'colour'"),
    ],
)
def test_json_that_is_no_query_is_refused(plain: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        Query.from_dict(plain)


_ASPIRIN, _EGFR = (Subject("aspirin", "molecule"),), (Subject("EGFR", "protein"),)


@pytest.mark.parametrize("wrong", [None, 1, math.nan, True, {"a": 1}, [[1]], b"x", 10**5000], ids=range(8))
@pytest.mark.parametrize("part", ["frame", "subjects", "predicates", "object", "filters", "order", "unread", "text"])
def test_a_part_of_a_wrong_type_is_refused_in_one_sentence(agent: BioMedAgent, part: str, wrong: Any) -> None:
    parts: dict[str, Any] = {"frame": "value", "subjects": _ASPIRIN, "predicates": ("logP",), part: wrong}
    answer = agent.ask(Query(**parts))
    assert answer.status == "invalid"
    assert "query" in answer.text and len(answer.text) < 300
    with pytest.raises(InvalidInput):
        Query.from_dict(parts)


@pytest.mark.parametrize("wrong", [None, True, math.nan, math.inf, (), (None,), [1], 10**5000], ids=range(8))
def test_a_filter_of_no_value_is_refused(agent: BioMedAgent, wrong: Any) -> None:
    answer = agent.ask(Query("list", _EGFR, filters=(Filter("Kd", "<", wrong, "nM"),)))
    assert answer.status == "invalid"
    assert "the value of a filter" in answer.text


@pytest.mark.parametrize("plain", [None, 5, "value", [["frame", "value"]]])
def test_a_query_is_read_from_a_mapping_alone(plain: Any) -> None:
    with pytest.raises(InvalidInput, match="a query is"):
        Query.from_dict(plain)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (Query("is_a", _ASPIRIN), "no statement to check"),
        (Query("is_a", _ASPIRIN + _EGFR, object="It is an ester."), "about one thing, and 2 are named"),
        (Query("similar", (*_ASPIRIN, Subject("caffeine"))), "about one thing"),
        (Query("list", _EGFR + _ASPIRIN), "about one thing"),
        (Query("relation", (*_ASPIRIN, Subject("caffeine"))), "between a molecule and a protein"),
        (Query("compare", _ASPIRIN), "two names or more"),
        (Query("papers"), "nothing to search articles for"),
        (Query("papers", _ASPIRIN, aggregate="list"), "needs a search string"),
        (Query("similar", _ASPIRIN, filters=(Filter("similarity", "<", 0.5),)), "cannot be applied"),
        (Query("similar", _ASPIRIN, filters=(Filter("similarity", ">=", "much"),)), "cannot be applied"),
        (Query("similar", _ASPIRIN, filters=(Filter("similarity", ">=", 7),)), "cannot be applied"),
        (Query("similar", _ASPIRIN, filters=(Filter("logP", "<", 3),)), "cannot be applied"),
        (Query("value", _ASPIRIN, ("logP",), filters=(Filter("logP", "<", 3),)), "cannot be applied"),
        (Query("locate", _EGFR, filters=(Filter("organism", "!=", "mouse"),)), "organism cannot be applied"),
        (Query("list", _EGFR, order="IC50"), "no order but the usual one"),
        (Query("list", _EGFR, ("Ki",)), "'Ki' cannot be applied to a list"),
        (Query("list", _EGFR, filters=(Filter(" ", "<", 3, "nM"),)), "field of a filter"),
        (Query("value", _ASPIRIN, ("logP",), aggregate="count"), "'count' cannot be made"),
        (Query("value", _ASPIRIN, ("logP",), limit=3), "has no limit"),
    ],
)
def test_a_part_that_would_be_passed_over_is_refused(agent: BioMedAgent, query: Query, message: str) -> None:
    answer = agent.ask(query)
    assert answer.status == "invalid", answer.text
    assert message in answer.text


def test_a_list_has_as_many_as_it_is_limited_to_and_an_organism_is_that_of_its_subject(agent: BioMedAgent) -> None:
    answer = agent.ask(Query("list", _EGFR, limit=2, filters=(Filter("organism", "=", "human"),)))
    assert answer.status == "answered", answer.text
    assert sum(fact.kind == "measured" for fact in answer.facts) == 2
    mouse = agent.ask(Query("locate", _EGFR, filters=(Filter("organism", "=", "mouse"),)))
    assert "Mus musculus" in mouse.text


def test_a_value_that_is_asked_for_beside_another_frame_is_told_to_be_left_out(agent: BioMedAgent) -> None:
    answer = agent.ask(Query("locate", _ASPIRIN, ("logP",)))
    assert any("Left unanswered: logP" in warning for warning in answer.warnings)
    pair = agent.ask(Query("relation", (Subject("gefitinib"), *_EGFR), ("IC50",)))
    assert "No IC50 of this pair is on record here" in pair.text
