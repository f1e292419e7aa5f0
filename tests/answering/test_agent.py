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
from biomed_agent.answering.wording import to_html, to_text, to_tool_text
from biomed_agent.core.errors import Unavailable
from biomed_agent.core.settings import Settings
from biomed_agent.core.types import Answer, ModelStamp, answer_schema
from biomed_agent.model.contract.generation import Generation, Options
from biomed_agent.model.contract.prompt import Message
from biomed_agent.tools import BioMedToolkit
from tests.helpers.agents import with_parts

CHALCONE = "CC(=CCC1=CC(=CC(=C1O)CC=C(C)C)/C=C/C(=O)C2=C(C=C(C=C2)O)O)C"


class ScriptedModel:
    """Says the same words to everything, or each of several samples in turn, and keeps what it was shown."""

    def __init__(
        self, *words: str, kinds: tuple[str, ...] = ("description", "function"), fails: bool = False, demo: bool = False
    ) -> None:
        self.words, self.fails = words, fails
        self.stamp = ModelStamp("scripted", kinds=kinds, decoding={"max_new_tokens": 5}, demonstration=demo)
        self.shown: list[Sequence[Message]] = []
        self.options: list[Options] = []

    def generate(self, messages: Sequence[Message], options: Options = Options()) -> Generation:
        self.shown.append(messages)
        self.options.append(options)
        if self.fails:
            raise Unavailable("the host is down.")
        return Generation(self.words[0])

    def samples(self, messages: Sequence[Message], options: Options, n: int) -> list[Generation]:
        first = self.generate(messages, options)
        return [replace(first, text=words) for words in self.words[:n]]

    def stream(self, messages: Sequence[Message], options: Options = Options()) -> Iterator[str]:
        yield self.words[0]

    async def agenerate(self, messages: Sequence[Message], options: Options = Options()) -> Generation:
        return self.generate(messages, options)

    async def astream(self, messages: Sequence[Message], options: Options = Options()) -> AsyncIterator[str]:
        yield self.words[0]


def with_model(cache_dir: Path, model: ScriptedModel) -> BioMedAgent:
    agent = BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model="none"))
    return with_parts(agent, generator=model)


def test_a_kind_is_asked_as_the_manifest_says_and_self_agreement_reaches_the_reader(cache_dir: Path) -> None:
    model = ScriptedModel("It is a purine.", "It is a purine.", "It is an alkaloid.", "It is a xanthine.")
    sampled: dict[str, Any] = {"mbr_samples": 4, "temperature": 0.5}
    model.stamp = replace(model.stamp, decoding_by_kind={"description": sampled, "function": {"num_beams": 2}})
    answer = with_model(cache_dir, model).ask("Describe caffeine.")
    assert model.options == [Options(max_new_tokens=5, temperature=0.5)]
    assert answer.model is not None
    assert (answer.model.text, answer.model.samples, answer.model.rejected) == ("It is a purine.", 4, 0)
    assert answer.model.agreement == pytest.approx((1 + 0.5 + 0.75) / 3)
    for shown in (to_text(answer), to_tool_text(answer), to_html(answer)):
        assert "chosen of 4 samples; self-agreement 0.75" in " ".join(shown.split())

    alone = ScriptedModel("It is a purine.")
    alone.stamp = model.stamp
    warned = with_model(cache_dir, alone).ask("Describe caffeine.").warnings
    assert "The model: its host gave 1 of the 4 samples that its manifest asks for." in warned


def test_samples_that_a_check_contradicts_are_left_out_before_the_choice(cache_dir: Path) -> None:
    wrong = "It contains a sulfonamide group."
    model = ScriptedModel(wrong, wrong, "It is a purine.", wrong)
    model.stamp = replace(model.stamp, decoding={"mbr_samples": 4, "temperature": 0.5})
    answer = with_model(cache_dir, model).ask("Describe caffeine.")
    assert answer.model is not None
    assert (answer.model.text, answer.model.samples, answer.model.rejected) == ("It is a purine.", 4, 3)
    assert answer.model.agreement is None, "there was no other to agree with"
    assert "chosen of 4 samples, 3 left out as contradicted" in " ".join(to_text(answer).split())


@pytest.mark.parametrize("render", [to_text, to_tool_text, to_html, Answer.to_json, str])
def test_of_a_demonstration_only_supported_sentences_are_shown_and_the_others_counted(
    cache_dir: Path, render: Any
) -> None:
    sentences = "It is a purine. It is found in tea. It smells of roses. It contains a sulfonamide group."
    agent = with_model(cache_dir, ScriptedModel(sentences, demo=True))
    answer = agent.ask("Describe caffeine.")
    assert answer.model is not None
    assert answer.model.text == "It is a purine."
    assert [claim.verdict for claim in answer.model.claims] == ["supported"]
    assert [one.verdict for one in answer.model.withheld] == ["unverified", "unverified", "contradicted"]
    assert answer.model.withheld_summary == "2 sentences undecided, 1 contradicted"
    shown = render(answer)
    assert "It is a purine." in shown
    assert not any(words in shown for words in ("tea", "roses", "It contains a sulfonamide"))
    everything = render(agent.ask("Describe caffeine.", show_undecided=True))
    assert all(words in everything for words in ("It is found in tea", "roses", "It contains a sulfonamide group."))


def test_reasons_of_withheld_sentences_do_not_quote_them(cache_dir: Path) -> None:
    model = ScriptedModel("It is a rose oil. It is a purine that smells of violets.", demo=True)
    answer = with_model(cache_dir, model).ask("Describe caffeine.")
    assert answer.model is not None
    assert {one.why for one in answer.model.withheld} == {"nothing at hand decides it"}
    assert not any(word in answer.to_json() for word in ("rose", "violets"))


@pytest.mark.parametrize(
    "sentence",
    [
        "It has a role as a zebrafish poison.",
        "It is a purine, which makes zebrafish glow.",
        "It is a purine - zebrafish glow.",
        "it is a purine and zebrafish glow",
        "It is a purine <zebrafish>.",
        "It is a `zebrafish` purine (zebrafish).",
    ],
)
def test_no_word_of_an_undecided_sentence_of_a_demonstration_shows(cache_dir: Path, sentence: str) -> None:
    answer = with_model(cache_dir, ScriptedModel(f"It is a purine. {sentence}", demo=True)).ask("Describe caffeine.")
    assert answer.model is not None
    assert answer.model.text == "It is a purine."
    assert [one.verdict for one in answer.model.withheld] == ["unverified"]
    assert "zebrafish" not in f"{answer.to_json()} {answer!r} {answer} {to_tool_text(answer)} {to_html(answer)}"


def test_undecided_sentences_of_a_model_that_is_no_demonstration_stand_apart(cache_dir: Path) -> None:
    sentences = "It is found in tea. It is a purine. It contains a sulfonamide group."
    answer = with_model(cache_dir, ScriptedModel(sentences)).ask("Describe caffeine.")
    text = to_text(answer)
    supported, heading, undecided = (text.index(one) for one in ("It is a purine.", "Undecided: ", "found in tea"))
    assert supported < heading < undecided
    assert '"It contains a sulfonamide group."' not in text
    counted = "withheld: 1 sentence contradicted; --model-said (in Python show_undecided=True) shows them"
    assert counted in " ".join(text.split())
    tool = to_tool_text(answer)
    assert 'undecided "It is found in tea."' in tool
    assert "contradicted 1 sentence withheld (" in tool
    assert "--model-said" not in tool, "a calling model has no command line"


def test_the_model_is_asked_beside_records_only_when_it_is_wanted(cache_dir: Path) -> None:
    model = ScriptedModel("Nucleus.", kinds=("location", "description"))
    agent = with_model(cache_dir, model)
    answer = agent.ask("Where in the cell is EGFR?")
    assert (answer.status, answer.model, model.shown) == ("answered", None, [])
    assert "the model (records answer)" in answer.not_looked_up
    assert agent.ask("Where in the cell is EGFR?", model="always").model is not None
    assert len(model.shown) == 1
    unrecorded = "Describe this molecule."
    assert agent.ask(unrecorded, "smiles:CCCCOC(C)=NC", model="never").model is None
    assert len(model.shown) == 1
    assert agent.ask(unrecorded, "smiles:CCCCOC(C)=NC").model is not None
    assert agent.ask(unrecorded, "smiles:CCCCOC(C)=NC", model="sometimes").status == "invalid"  # type: ignore[arg-type]


def test_a_kind_that_is_not_offered_is_asked_only_when_it_is_wanted_and_says_so(cache_dir: Path) -> None:
    model = ScriptedModel("Nucleus.", kinds=("description",))
    model.stamp = replace(model.stamp, not_offered={"location": "no better than a constant"})
    agent = with_model(cache_dir, model)
    question, sequence = "Where in the cell is this protein?", "seq:MKWVTFISLLFLFSSAYSRGVFRRDAHKSEVAHRFKD"
    assert agent.ask(question, protein=sequence).model is None
    gap = "scripted (not offered for location: no better than a constant; it answers description)"
    assert gap in agent.ask(question, protein=sequence).not_looked_up
    answer = agent.ask(question, protein=sequence, model="always")
    assert answer.model is not None
    assert answer.model.not_offered == "no better than a constant"
    assert "not offered for this kind of question: no better than a constant" in " ".join(to_text(answer).split())
    assert agent.ask("What is the function of this protein?", protein=sequence, model="always").model is None


def test_where_only_the_model_could_answer_and_nothing_of_it_is_left_nothing_is_answered(cache_dir: Path) -> None:
    sequence = "seq:MKWVTFISLLFLFSSAYSRGVFRRDAHKSEVAHRFKD"
    agent = with_model(cache_dir, ScriptedModel("It binds heme. It folds DNA.", demo=True))
    answer = agent.ask("What is the function of this protein?", protein=sequence)
    assert (answer.status, answer.exit_code) == ("inapplicable", 7)
    assert "none of what it said is shown: 2 sentences undecided." in answer.text
    assert "heme" not in to_text(answer) + answer.to_json()
    larger = with_model(cache_dir, ScriptedModel("It binds heme."))
    asked = larger.ask("What is the function of this protein?", protein=sequence)
    assert asked.status == "model_only"
    assert asked.model is not None
    assert asked.model.saw == "sequence only"


def test_a_manifest_that_cannot_be_obeyed_is_a_warning(cache_dir: Path) -> None:
    model = ScriptedModel("It is a purine.")
    model.stamp = replace(model.stamp, decoding={"temprature": 1})
    answer = with_model(cache_dir, model).ask("Describe caffeine.")
    assert answer.model is None
    assert any("holds 'temprature'" in one for one in answer.warnings)


def test_the_prompt_holds_the_structure_and_the_trained_question_only(cache_dir: Path) -> None:
    model = ScriptedModel("It is a purine.")
    answer = with_model(cache_dir, model).ask("Please tell me about caffeine.")
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


def test_a_model_is_not_asked_what_its_manifest_does_not_list(cache_dir: Path) -> None:
    model = ScriptedModel("Membrane.", kinds=("description",))
    answer = with_model(cache_dir, model).ask("Where in the cell is EGFR?", model="always")
    assert model.shown == []
    assert answer.model is None
    assert any("not offered for location: its manifest does not list that kind" in gap for gap in answer.not_looked_up)


def test_a_pair_goes_to_the_model_only_when_its_manifest_lists_pairs(cache_dir: Path) -> None:
    model = ScriptedModel("It binds.", kinds=("activity",))
    answer = with_model(cache_dir, model).ask("Does aspirin bind BRAF?")
    assert answer.status == "model_only"
    assert answer.model is not None
    assert answer.model.saw == "structure and sequence only"
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


def test_a_model_that_is_down_where_only_it_could_answer_is_unavailable_and_told_once(cache_dir: Path) -> None:
    agent = with_model(cache_dir, ScriptedModel("", fails=True))
    answer = agent.ask("What is the function of this protein?", protein="seq:MKWVTFISLLFLFSSAYSRGVFRRDAHKSEVAHRFKD")
    assert (answer.status, answer.exit_code, answer.model) == ("unavailable", 4, None)
    assert answer.text.endswith("The model did not answer: the host is down.")
    assert str(answer).count("the host is down") == 1


@pytest.mark.parametrize("words", ["", " \n "])
def test_an_answer_without_a_word_says_nothing(cache_dir: Path, words: str) -> None:
    agent = with_model(cache_dir, ScriptedModel(words))
    answer = agent.ask("What is the function of this protein?", protein="seq:MKWVTFISLLFLFSSAYSRGVFRRDAHKSEVAHRFKD")
    assert (answer.status, answer.model) == ("not_found", None)
    assert answer.warnings == ("The model gave an empty answer.",)


@pytest.mark.parametrize("everything", ["no", "", 1, None])
def test_whether_all_is_shown_is_yes_or_no(cache_dir: Path, everything: Any) -> None:
    agent = with_model(cache_dir, ScriptedModel("It smells of roses.", demo=True))
    answer = agent.ask("Describe caffeine.", show_undecided=everything)
    assert (answer.status, answer.model) == ("invalid", None)
    assert f"show_undecided is {everything!r}" in answer.text
    assert agent.chat().ask("Describe caffeine.", show_undecided=everything).status == "invalid"


def test_whether_full_texts_are_read_is_yes_or_no(agent: BioMedAgent) -> None:
    answer = agent.ask("What do papers say of caffeine?", full_text="no")  # type: ignore[arg-type]
    assert (answer.status, answer.text) == ("invalid", "full_text is 'no'.")


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
    assert agent.find_molecule("aspirin").entities[0].entity.handle == "CID:2244"
    assert agent.find_protein("EGFR").entities[0].entity.handle == "UNIPROT:P00533"
    assert agent.find_protein("aspirin").status in ("not_found", "invalid")
    assert agent.search_literature("metformin").status == "refused"


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
    assert chat.ask("thanks").status == "inapplicable"
    assert chat.ask("What about flurbnitrol?").status == "not_found"


def test_what_was_left_out_or_overruled_is_said(agent: BioMedAgent) -> None:
    assert any("'asprin'" in one for one in agent.ask("logP of ibuprofen and asprin").warnings)
    conflict = agent.ask("weight of caffeine", molecule="aspirin")
    assert conflict.status == "invalid"
    assert conflict.text == "the question names caffeine, and the molecule field holds acetylsalicylic acid."


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
        why = "offline is on" if "offline" in closed else "the egress policy is nothing"
        assert f"not looked up: {why}, so PubChem was not asked." in answer.text
        assert answer.next_steps
        assert not any("PubChem" in warning for warning in answer.warnings), "said once"
    searched = agent.ask("What is the ChEBI role of celecoxib?")  # which only the local index could state
    assert (searched.status, searched.text) == (
        "not_found",
        "The local index holds no ChEBI role of celecoxib, and no other source is asked for that here.",
    )
    assert searched.not_looked_up == ()


def test_it_is_said_why_no_model_was_asked_and_what_it_answers(cache_dir: Path) -> None:
    offered = with_model(cache_dir, ScriptedModel("", kinds=("description", "name", "location")))
    for question in ("Is aspirin safe in pregnancy?", "What is the best dose of ibuprofen for me?"):
        answer = offered.ask(question)
        assert answer.status == "inapplicable"
        said = "The model scripted was not asked: it answers description, name and location only."
        assert answer.text.endswith(said)
    gap = (
        "scripted (not offered for function: its manifest does not list that kind; it answers description, name and "
        "location)"
    )
    assert gap in offered.ask("What is the function of EGFR?", model="always").not_looked_up
    bare = BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model="none"))
    assert bare.ask("Is aspirin safe in pregnancy?").text.endswith("No model was asked: it is switched off.")


def test_a_model_that_is_switched_off_is_not_advised_to_be_installed(cache_dir: Path) -> None:
    off = BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model="none"))
    steps = " ".join(off.ask("Describe this molecule.", "smiles:CCCCOC(C)=NC").next_steps)
    assert "switched off by --model none" in steps
    assert "BIOMED_AGENT_MODEL=none" in steps
    assert "pip install" not in steps
    absent = BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model="none"))
    absent = with_parts(absent, model_off=False)
    assert "pip install" in " ".join(absent.ask("Describe this molecule.", "smiles:CCCCOC(C)=NC").next_steps)


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
    assert answer.warnings == (
        "The melting point of ibuprofen was not looked up: offline is on, so PubChem was not asked.",
    )
    assert answer.not_looked_up == ("melting point of ibuprofen in PubChem (offline is on)",)
    answer = agent.ask("Does gefitinib bind EGFR, and what does it weigh?")
    assert [fact.predicate for fact in answer.facts] == ["Kd", "molecular weight"]
    answer = agent.ask("Does gefitinib bind EGFR, and who discovered it?")
    assert [fact.predicate for fact in answer.facts] == ["Kd"]
    assert any("discovered" in warning for warning in answer.warnings)


@pytest.mark.parametrize("chosen", [None, "embedded"])
def test_inside_tools_the_demonstration_is_asked_only_when_it_was_chosen(cache_dir: Path, chosen: str | None) -> None:
    agent = BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model=chosen))
    model = ScriptedModel("It is a purine. It is found in tea.", demo=True)
    agent = with_parts(agent, generator=model)
    tool = BioMedToolkit(agent=agent).get_tools()[0]
    arguments = {"question": "Describe it.", "molecule": "caffeine"}
    message = tool.invoke({"name": tool.name, "args": arguments, "id": "1", "type": "tool_call"})
    assert len(model.shown) == (1 if chosen else 0)
    assert ("MODEL scripted" in message.content) == bool(chosen)
    assert "tea" not in message.content + json.dumps(message.artifact)
    agent.ask("Describe caffeine.")
    assert len(model.shown) == (2 if chosen else 1), "outside tools it is asked where no record answers"
    again = asyncio.run(tool.ainvoke(arguments))
    assert ("MODEL scripted" in again) == bool(chosen)
