"""Which articles may be evidence: retracted ones and notices may not, whatever part of a record tells it."""

from __future__ import annotations

import pytest

from biomed_agent.core.types import Article
from biomed_agent.sources.literature.retractions import Link, read_standing
from biomed_agent.sources.literature.search import usable


def article(title: str = "A finding", abstract: str = "", types: list[str] | None = None, link: str = "") -> Article:
    links = [Link("CommentIn", "J 9", "9"), *([Link(link, "J 1", "7")] if link else [])]
    standing = read_standing(title, abstract, ["Journal Article"] if types is None else types, links)
    return Article(title, abstract, "1", types=standing.types, retracted=standing.retracted, notices=standing.notices)


RETRACTED, NOTICE, NOTED, FINE = "retracted", "notice", "noted", "fine"


def fate(record: Article) -> str:
    notes: list[str] = []
    if usable([record], notes):
        assert not notes
        return NOTED if record.notices else FINE
    (note,) = notes
    assert "PMID:1" in note, "nothing is left out without a word"
    return RETRACTED if "because retracted" in note else NOTICE


@pytest.mark.parametrize(
    ("link", "expected", "words"),
    [
        ("RetractionIn", RETRACTED, "Retracted: J 1 (PMID 7)"),
        ("RetractedandRepublishedIn", RETRACTED, "Retracted and republished: J 1 (PMID 7)"),
        ("PartialRetractionIn", NOTED, "Partially retracted: J 1 (PMID 7)"),
        ("ExpressionOfConcernIn", NOTED, "Expression of concern: J 1 (PMID 7)"),
        ("CorrectedandRepublishedIn", NOTED, "Corrected and republished: J 1 (PMID 7)"),
        ("ErratumIn", NOTED, "Erratum: J 1 (PMID 7)"),
        ("UpdateIn", NOTED, "Updated: J 1 (PMID 7)"),
        ("RetractedandRepublishedFrom", NOTED, "Replaces a retracted article: J 1 (PMID 7)"),
        ("CorrectedandRepublishedFrom", FINE, ""),
        ("RepublishedFrom", FINE, ""),
        ("UpdateOf", FINE, ""),
        ("CommentOn", FINE, ""),
        ("RetractionOf", NOTICE, ""),
        ("PartialRetractionOf", NOTICE, ""),
        ("ExpressionOfConcernFor", NOTICE, ""),
        ("ErratumFor", NOTICE, ""),
    ],
)
def test_links_in_the_words_of_either_service(link: str, expected: str, words: str) -> None:
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in link).strip().capitalize()
    for written in (link, spaced.replace("edand ", "ed and ")):
        linked = article(link=written)
        assert fate(linked) == expected, written
        assert linked.notices == ((words,) if words else ())


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("Retracted Publication", RETRACTED),
        ("retracted publication", RETRACTED),
        ("Retraction of Publication", NOTICE),
        ("Retraction Notice", NOTICE),
        ("retraction", NOTICE),
        ("Expression of Concern", NOTICE),
        ("expression-of-concern", NOTICE),
        ("Published Erratum", NOTICE),
        ("correction", NOTICE),
        ("Corrected and Republished Article", FINE),
        ("Editorial", FINE),
    ],
)
def test_publication_types(kind: str, expected: str) -> None:
    assert fate(article(types=["Journal Article", kind])) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("RETRACTED: Metformin doubles lifespan", RETRACTED),
        ("RETRACTED ARTICLE: Metformin doubles lifespan", RETRACTED),
        ("Retracted Chapter: Metformin", RETRACTED),
        ("Retracted: metformin", RETRACTED),
        ("[RETRACTED] Metformin doubles lifespan", RETRACTED),
        ("(Retracted) Metformin doubles lifespan", RETRACTED),
        ("RETRACTED Metformin doubles lifespan", RETRACTED),
        ("WITHDRAWN: Metformin for ageing.", RETRACTED),
        ("WITHDRAWN AS DUPLICATE: Metformin for ageing", RETRACTED),
        ("Withdrawn - Metformin for ageing", RETRACTED),
        ("REMOVED: Metformin", RETRACTED),
        ("TEMPORARY REMOVAL: Metformin", RETRACTED),
        ("Metformin doubles lifespan [Retracted].", RETRACTED),
        ("Metformin doubles lifespan (Retracted article. See vol. 3, pg. 4)", RETRACTED),
        ("Metformin doubles lifespan (RETRACTED)", RETRACTED),
        ("Retraction: Metformin doubles lifespan", NOTICE),
        ("Retraction Note: Metformin doubles lifespan", NOTICE),
        ("Retraction notice to 'Metformin doubles lifespan'", NOTICE),
        ("Retraction for Doe et al., Metformin doubles lifespan", NOTICE),
        ("Partial retraction: Metformin", NOTICE),
        ("Notice of Retraction: Doe J. Metformin", NOTICE),
        ("Statement of withdrawal", NOTICE),
        ("Withdrawal notice: Metformin", NOTICE),
        ("Retraction.", NOTICE),
        ("Expression of Concern: Metformin", NOTICE),
        ("Editorial expression of concern.", NOTICE),
        ("Withdrawn patients: a cohort", FINE),
        ("Retracted tendons: a cohort", FINE),
        ("Repair of large tears (retracted)", FINE),
        ("Removed teeth: what became of them", FINE),
        ("Withdrawal: a key construct of addiction", FINE),
        ("Retraction of axons in culture", FINE),
        ("Retracted publications and how they are cited", FINE),
        ("Expression of concerns by patients", FINE),
        ("RETRACTED PUBLICATIONS AND THEIR CITATIONS", FINE),
    ],
)
def test_what_publishers_write_into_a_title(title: str, expected: str) -> None:
    assert fate(article(title)) == expected


@pytest.mark.parametrize(
    ("abstract", "expected"),
    [
        ("This article has been withdrawn at the request of the authors.", RETRACTED),
        ("The authors have withdrawn this manuscript due to an error.", RETRACTED),
        ("Withdrawal Statement: The data were wrong.", RETRACTED),
        ("The drug was withdrawn in 2004. This article has been cited.", FINE),
        ("This review was updated.", FINE),
    ],
)
def test_what_stands_in_the_place_of_an_abstract(abstract: str, expected: str) -> None:
    assert fate(article(abstract=abstract)) == expected


def test_a_corrected_version_is_evidence_and_its_retracted_original_is_not() -> None:
    again = article(
        types=["Corrected and Republished Article", "Retraction Notice"], link="RetractedandRepublishedFrom"
    )
    assert fate(again) == NOTED
    both = read_standing("T", "", [], [Link("RetractedandRepublishedFrom"), Link("RetractionIn")])
    assert both.retracted, "it was retracted in its turn"
    only = read_standing("T", "", [], [Link("RetractedandRepublishedFrom"), Link("RetractionOf")])
    assert (only.retracted, only.types) == (False, ())
    assert fate(article("RETRACTED: T", types=["Retraction of Publication"])) == NOTICE, (
        "a notice titled like its article"
    )


def test_a_type_that_is_told_twice_stands_once() -> None:
    assert article("Retraction: T", types=["retraction of publication"], link="RetractionOf").types == (
        "retraction of publication",
    )
