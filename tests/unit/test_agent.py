"""What the agent promises beside the table of questions: statements, look-ups, conversations, threads."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.errors import Unavailable
from biomed_agent.generator import Generation, Options
from biomed_agent.prompt import Message
from biomed_agent.render import to_html, to_text, to_tool_text
from biomed_agent.settings import Settings
from biomed_agent.types import Answer, ModelStamp, answer_schema

CHALCONE = "CC(=CCC1=CC(=CC(=C1O)CC=C(C)C)/C=C/C(=O)C2=C(C=C(C=C2)O)O)C"


class ScriptedModel:
    """Says the same words to everything and keeps what it was shown."""

    def __init__(self, words: str, kinds: tuple[str, ...] = ("description", "function"), fails: bool = False) -> None:
        self.words, self.fails = words, fails
        self.stamp = ModelStamp("scripted", kinds=kinds, decoding={"max_new_tokens": 5})
        self.shown: list[Sequence[Message]] = []
        self.options: list[Options] = []

    def generate(self, messages: Sequence[Message], options: Options = Options()) -> Generation:
        self.shown.append(messages)
        self.options.append(options)
        if self.fails:
            raise Unavailable("the host is down.")
        return Generation(self.words)

    def stream(self, messages: Sequence[Message], options: Options = Options()) -> Iterator[str]:
        yield self.words

    async def agenerate(self, messages: Sequence[Message], options: Options = Options()) -> Generation:
        return self.generate(messages, options)

    async def astream(self, messages: Sequence[Message], options: Options = Options()) -> AsyncIterator[str]:
        yield self.words


def with_model(cache_dir: Path, model: ScriptedModel) -> BioMedAgent:
    agent = BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model="none"))
    object.__setattr__(agent.rooms, "generator", model)
    return agent


def test_a_kind_is_asked_as_the_manifest_says_and_self_agreement_reaches_the_reader(cache_dir: Path) -> None:
    class Samples(ScriptedModel):
        def generate(self, messages: Sequence[Message], options: Options = Options()) -> Generation:
            return replace(super().generate(messages, options), agreement=0.4149)

    sampled: dict[str, Any] = {"mbr_samples": 4, "temperature": 0.5}
    model = Samples("It is a purine.")
    model.stamp = replace(model.stamp, decoding_by_kind={"description": sampled, "function": {"num_beams": 2}})
    answer = with_model(cache_dir, model).ask("Describe caffeine.")
    assert model.options == [Options(max_new_tokens=5, **sampled)]
    assert answer.model is not None
    assert answer.model.agreement == 0.4149
    for shown in (to_text(answer), to_tool_text(answer), to_html(answer)):
        assert "self-agreement 0.41" in " ".join(shown.split())

    alone = ScriptedModel("It is a purine.")
    alone.stamp = model.stamp
    warned = with_model(cache_dir, alone).ask("Describe caffeine.").warnings
    assert any("gave one sample instead of comparing 4" in one for one in warned)


def test_a_manifest_that_cannot_be_obeyed_is_a_warning(cache_dir: Path) -> None:
    model = ScriptedModel("It is a purine.")
    model.stamp = replace(model.stamp, decoding={"temprature": 1})
    answer = with_model(cache_dir, model).ask("Describe caffeine.")
    assert answer.model is None
    assert any("holds 'temprature'" in one for one in answer.warnings)


def test_the_prompt_holds_the_structure_and_the_trained_question_only(cache_dir: Path) -> None:
    model = ScriptedModel("It is a purine.")
    answer = with_model(cache_dir, model).ask("Tell me about caffeine, the stimulant of coffee.")
    assert model.shown == [
        [
            {
                "role": "user",
                "content": [
                    {"type": "molecule", "smiles": "Cn1c(=O)c2c(ncn2C)n(C)c1=O"},
                    {"type": "text", "text": "Please describe this molecule."},
                ],
            }
        ]
    ]
    assert model.options == [Options(max_new_tokens=5)]
    assert answer.model is not None
    assert answer.model.text == "It is a purine."


def test_a_contradicted_sentence_of_the_model_is_withheld_where_it_would_be_read(cache_dir: Path) -> None:
    answer = with_model(cache_dir, ScriptedModel("It contains a sulfonamide group.")).ask("Describe caffeine.")
    assert answer.model is not None
    assert [claim.verdict for claim in answer.model.claims] == ["contradicted"]
    assert "sulfonamide" not in answer.text
    from biomed_agent.render import to_text, to_tool_text

    assert "sulfonamide group." not in to_tool_text(answer)
    assert '"It contains a sulfonamide group."' not in to_text(answer)


def test_a_model_is_not_asked_what_it_was_not_trained_for(cache_dir: Path) -> None:
    model = ScriptedModel("Membrane.", kinds=("description",))
    answer = with_model(cache_dir, model).ask("Where in the cell is EGFR?")
    assert model.shown == []
    assert answer.model is None
    assert any("not offered for location" in line for line in answer.not_looked_up)


def test_a_pair_goes_to_the_model_only_when_its_manifest_lists_pairs(cache_dir: Path) -> None:
    model = ScriptedModel("It binds.", kinds=("activity",))
    answer = with_model(cache_dir, model).ask("Does aspirin bind BRAF?")
    assert answer.status == "model_only"
    assert [part["type"] for part in model.shown[0][0]["content"]] == ["molecule", "protein", "text"]
    untrained = ScriptedModel("It binds.")
    assert with_model(cache_dir, untrained).ask("Does aspirin bind BRAF?").status == "not_found"
    assert untrained.shown == []
    recorded = ScriptedModel("It binds.", kinds=("activity",))
    assert "Kd" in with_model(cache_dir, recorded).ask("Does gefitinib bind EGFR?").text
    assert recorded.shown == []


def test_a_model_that_fails_costs_a_warning_not_the_answer(cache_dir: Path) -> None:
    answer = with_model(cache_dir, ScriptedModel("", fails=True)).ask("Describe caffeine.")
    assert answer.status == "answered"
    assert any("the host is down" in warning for warning in answer.warnings)


def test_without_a_model_one_line_says_what_it_would_add(agent: BioMedAgent) -> None:
    answer = agent.ask("Describe caffeine.")
    assert answer.status == "answered"
    assert len([step for step in answer.next_steps if "an answer in words" in step]) == 1


@pytest.mark.parametrize(
    ("statement", "status", "verdict"),
    [
        ("it is a 3-hydroxyflavone", "answered", "contradicted"),
        ("It is a chalcone.", "answered", "supported"),
        ("It was first isolated from a fig.", "inapplicable", "unverified"),
    ],
)
def test_a_statement_is_checked(agent: BioMedAgent, statement: str, status: str, verdict: str) -> None:
    answer = agent.check(statement, molecule=CHALCONE)
    assert answer.status == status
    assert [claim.verdict for claim in answer.claims] == [verdict]


def test_a_statement_needs_exactly_one_thing_it_is_about(agent: BioMedAgent) -> None:
    assert agent.check("It is a chalcone.").status == "invalid"
    assert agent.check("It binds.", molecule="aspirin", protein="EGFR").status == "invalid"


def test_find_says_what_a_name_is(agent: BioMedAgent) -> None:
    assert agent.find("molecule", "aspirin").entities[0].entity.handle == "CID:2244"
    assert agent.find("protein", "EGFR").entities[0].entity.handle == "UNIPROT:P00533"
    assert agent.find("protein", "aspirin").status in ("not_found", "invalid")
    assert agent.find("literature", "metformin").status == "refused"


def test_a_conversation_remembers_what_it_is_about(agent: BioMedAgent) -> None:
    chat = agent.chat()
    assert chat.ask("What is caffeine?").status == "answered"
    follow_up = chat.ask("And its molecular weight?")
    assert "194.19" in follow_up.text
    assert chat.ask("How heavy is aspirin?").entities[0].entity.handle == "CID:2244"
    assert "180.16" in chat.ask("Its mass again?").text
    assert chat.ask("COX").status in ("ambiguous", "not_found")  # a name nobody knows is no follow-up
    assert chat.ask("What about flurbnitrol?").status == "not_found"


def test_a_failed_name_ends_the_subject_of_a_conversation(agent: BioMedAgent) -> None:
    chat = agent.chat()
    assert chat.ask("What is caffeine?").status == "answered"
    assert chat.ask("How heavy is asprin?").status == "not_found"
    assert chat.ask("How heavy is it?").status == "not_found"
    assert chat.ask("thanks").status == "not_found"


def test_what_was_left_out_or_overruled_is_said(agent: BioMedAgent) -> None:
    assert any("'asprin'" in one for one in agent.ask("logP of ibuprofen and asprin").warnings)
    conflict = agent.ask("weight of caffeine", molecule="aspirin")
    assert "180.16" in conflict.text
    assert any("caffeine" in one for one in conflict.warnings)


def test_an_answer_is_json_that_fits_its_schema(agent: BioMedAgent) -> None:
    plain = json.loads(agent.ask("Does gefitinib bind EGFR?").to_json())
    properties = answer_schema()["properties"]
    assert set(plain) == set(properties)
    assert plain["entities"][0]["kind"] == "molecule"
    assert plain["entities"][0]["entity"]["handle"] == "CID:123631"


def test_many_threads_and_tasks_share_one_agent(cache_dir: Path) -> None:
    agent = BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model="none"))
    names = ["aspirin", "caffeine", "imatinib", "metformin"] * 6

    def ask(name: str) -> Answer:
        return agent.ask(f"What is the molecular weight of {name}?")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, names))
    assert [answer.entities[0].asked for answer in answers] == names

    async def ask_all() -> list[Answer]:
        return await asyncio.gather(*(agent.aask(f"What is the logP of {name}?") for name in names))

    assert all(answer.status == "answered" for answer in asyncio.run(ask_all()))


def test_the_same_question_gives_the_same_answer(agent: BioMedAgent) -> None:
    first, second = (agent.ask("What is imatinib?").to_dict() for _ in range(2))
    first.pop("seconds"), second.pop("seconds")
    assert first == second


def test_under_policy_nothing_an_unknown_name_is_refused_and_says_so(cache_dir: Path) -> None:
    agent = BioMedAgent(settings=Settings(cache_dir=cache_dir, egress="nothing", model="none"))
    answer = agent.ask('What is "flurbnitrol"?')
    assert answer.status == "refused"
    assert answer.egress == ()
    assert agent.ask("What is the molecular weight of aspirin?").status == "answered"


@pytest.mark.parametrize("closed", [{"offline": True}, {"egress": "nothing"}])
def test_what_was_not_looked_up_is_not_said_to_be_not_found(cache_dir: Path, closed: dict[str, Any]) -> None:
    agent = BioMedAgent(settings=Settings(cache_dir=cache_dir, model="none", **closed))
    for question in ("What is the melting point of aspirin?", "Is aspirin flammable?"):
        answer = agent.ask(question)
        assert answer.status == "refused", answer.text
        assert "could not be looked up" in answer.text
        assert "PubChem was not asked: " in answer.text
        assert answer.next_steps
        assert not any("PubChem" in warning for warning in answer.warnings), "said once"
    searched = agent.ask("What is the ChEBI role of celecoxib?")  # which only the local index could state
    assert (searched.status, searched.text) == ("not_found", "No record here states the ChEBI role of celecoxib.")


def test_it_is_said_why_no_model_was_asked_and_what_it_answers(cache_dir: Path) -> None:
    offered = with_model(cache_dir, ScriptedModel("", kinds=("description", "name", "location")))
    for question in ("Is aspirin safe in pregnancy?", "What is the best dose of ibuprofen for me?"):
        answer = offered.ask(question)
        assert answer.status == "inapplicable"
        said = "The model scripted was not asked: it answers description, name and location only."
        assert answer.text.endswith(said)
    gap = "scripted (not offered for function, see its card; it answers description, name and location)"
    assert gap in offered.ask("What is the function of EGFR?").not_looked_up
    bare = BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model="none"))
    assert bare.ask("Is aspirin safe in pregnancy?").text.endswith("No model was asked: it is switched off.")


def test_a_model_that_is_switched_off_is_not_advised_to_be_installed(cache_dir: Path) -> None:
    off = BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model="none"))
    steps = " ".join(off.ask("Describe aspirin.").next_steps)
    assert "switched off by --model none" in steps
    assert "BIOMED_AGENT_MODEL=none" in steps
    assert "pip install" not in steps
    absent = BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model="none"))
    absent._rooms = replace(absent.rooms, model_off=False)
    assert "pip install" in " ".join(absent.ask("Describe aspirin.").next_steps)


def test_an_undecided_statement_has_one_status(cache_dir: Path) -> None:
    agent = BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model="none"))
    answer = agent.check("It was first isolated from a fig.", molecule="aspirin")
    assert answer.status == "inapplicable"
    assert answer.text.startswith("No rule or record here decides ")
    assert "nverified" not in answer.text


def test_what_a_question_names_and_nobody_answers_is_said(cache_dir: Path) -> None:
    agent = BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model="none"))
    answer = agent.ask("What are the logP and the melting point of ibuprofen?")
    assert answer.status == "answered"
    assert [fact.predicate for fact in answer.facts] == ["logP"]
    assert "The melting point could not be looked up." in answer.warnings
    answer = agent.ask("Does gefitinib bind EGFR, and what does it weigh?")
    assert [fact.predicate for fact in answer.facts] == ["Kd"]
    assert any("molecular weight" in warning for warning in answer.warnings)
