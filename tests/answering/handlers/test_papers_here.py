"""Questions of literature without a network: the shelf answers, or the answer says that it does not, and why."""

from __future__ import annotations

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.core.types import EgressPolicy

FISTULA = "Does clopidogrel prevent arteriovenous fistula failure in hemodialysis?"


def test_the_shelf_answers_with_verbatim_passages_and_the_licence_of_the_article(agent: BioMedAgent) -> None:
    answer = agent.ask(FISTULA)
    assert (answer.status, answer.kind, answer.egress) == ("answered", "literature", ())
    article = answer.evidence[0].article
    assert (article.pmid, article.pmcid) == ("20368925", "PMC2847809")
    assert all(passage.text in article.abstract for passage in answer.evidence)
    source = answer.sources[answer.evidence[0].number - 1]
    assert source.url == f"https://pmc.ncbi.nlm.nih.gov/articles/{article.pmcid}/"
    assert source.licence.startswith("CC ")
    assert any("Only the articles on this machine" in warning for warning in answer.warnings)
    assert article.title.startswith("Randomized controlled trial of clopidogrel")


@pytest.mark.parametrize("egress", ["nothing", "names-only"])
def test_it_answers_whatever_may_leave(agent: BioMedAgent, egress: EgressPolicy) -> None:
    with BioMedAgent(offline=True, model="none", egress=egress) as other:
        assert other.ask(FISTULA).evidence == agent.ask(FISTULA).evidence


@pytest.mark.parametrize(
    "question",
    [
        "What do papers say about ketamine and depression?",
        "What do trials say about semaglutide and alcohol use?",
        "Which papers are about metformin and lifespan?",
    ],
)
def test_what_the_shelf_does_not_answer_is_said(agent: BioMedAgent, question: str) -> None:
    answer = agent.ask(question)
    assert answer.status == "refused"
    assert answer.text.startswith("The evidence at hand does not answer this: no article on this machine is about ")
    assert "switched off (offline)" in answer.text
    assert answer.evidence == ()


@pytest.mark.parametrize(
    "question",
    [
        "Does atorvastatin cause diabetes?",
        "Does melatonin cause weight gain?",
        "Does aspirin prevent colorectal cancer?",
        "What does gefitinib do to EGFR?",
        "How heavy is aspirin in blood?",
        "What is aspirin in?",
    ],
)
def test_an_article_on_something_else_is_not_shown(agent: BioMedAgent, question: str) -> None:
    answer = agent.ask(question)
    assert answer.status == "inapplicable"
    assert answer.evidence == ()


def test_a_list_of_articles_is_never_one_of_the_shelf(agent: BioMedAgent) -> None:
    assert agent.search_literature("clopidogrel").status == "refused"


def test_a_question_of_names_alone_is_not_answered_by_what_has_the_name(agent: BioMedAgent) -> None:
    answer = agent.ask("What do papers say about aspirin?")
    assert answer.status == "refused"
    assert "nothing but names" in answer.text
