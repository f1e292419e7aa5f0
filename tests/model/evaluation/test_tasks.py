"""What the model is shown, how its replies are read, and how structures are exchanged."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.contract.prompt import render
from biomed_agent.model.data.examples import Example, TextQuestion
from biomed_agent.model.evaluation import tasks

LETTERS = {"A": "Aspirin", "B": "Vitamin C", "C": "Vitamin C and zinc", "D": "None of these"}
DECISIONS = {"yes": "yes", "no": "no", "maybe": "maybe"}
STUDY = TextQuestion("7", "Does it work?", "yes", DECISIONS, ("We gave it.", "They got well."), "It works.")


def shown(messages):
    return "".join(getattr(part, "text", "<structure>") for part in render(messages))


def test_a_question_about_a_structure_is_shown_as_a_user_asks_it():
    example = Example("description", "The molecule is an alcohol.", "", "hand", smiles="CCO")
    (message,) = tasks.structure_messages(example)
    assert message == {
        "role": "user",
        "content": [
            {"type": "molecule", "smiles": "CCO"},
            {"type": "text", "text": "Please describe this molecule."},
        ],
    }
    both = replace(example, kind="other", question="Does it bind?", sequence="MKV")
    assert [part["type"] for part in tasks.structure_messages(both)[0]["content"]] == ["molecule", "protein", "text"]


def test_no_record_can_reach_a_prompt_because_nothing_that_looks_up_is_loaded():
    code = (
        "import sys, biomed_agent.model.evaluation.evaluate, biomed_agent.model.evaluation.report;"
        "print([name for name in sys.modules if name.startswith('biomed_agent.') and name.split('.')[1] in "
        "('sources', 'retrieve', 'resolve', 'literature', 'answering', 'agent', 'transport', 'exchange', 'compose')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("setting", "passages"),
    [
        ("reasoning-required", ["We gave it.", "They got well."]),
        ("question-only", []),
        ("reasoning-free", ["It works."]),
    ],
)
def test_pubmedqa_shows_what_its_setting_says(setting, passages):
    text = tasks.choice_messages(STUDY, setting)[0]["content"][0]["text"]
    assert [passage for passage in ("We gave it.", "They got well.", "It works.") if passage in text] == passages
    assert text.endswith("Question: Does it work?\nAnswer yes, no or maybe.")
    assert ("Abstract:" in text) == bool(passages)


def test_multiple_choice_lists_its_options():
    text = tasks.choice_messages(TextQuestion("1", "What prevents scurvy?", "B", LETTERS))[0]["content"][0]["text"]
    assert text == (
        "Question: What prevents scurvy?\nA. Aspirin\nB. Vitamin C\nC. Vitamin C and zinc\nD. None of these\n"
        "Answer with the letter of the right option."
    )


@pytest.mark.parametrize(
    ("reply", "key"),
    [
        ("B", "B"),
        ("(B)", "B"),
        ("B.", "B"),
        ("B) Vitamin C", "B"),
        ("B: it prevents scurvy", "B"),
        ("The answer is B because of collagen.", "B"),
        ("Let us see. Answer: (C)", "C"),
        ("The answer is option A.", "A"),
        ("vitamin c", "B"),
        ("Give aspirin at once.", "A"),
        ("A patient with scurvy lacks something.", ""),
        ("Vitamin C and zinc both help.", ""),
        ("The answer is B. No, the answer is C.", ""),
        ("b", "B"),
        ("I think so", ""),
        ("", ""),
    ],
)
def test_choices_are_read_from_replies(reply, key):
    assert tasks.parse_choice(reply, LETTERS) == key


@pytest.mark.parametrize(
    ("reply", "key"),
    [
        ("Yes", "yes"),
        ("yes, it does", "yes"),
        ("No.", "no"),
        ("Nobody knows", ""),
        ("maybe not", "maybe"),
        ("It may be. Answer: maybe", "maybe"),
        ("The study says no such thing", "no"),
        ("yes or no", ""),
        ("It is yes and no", ""),
        ("unclear", ""),
    ],
)
def test_decisions_are_read_from_replies(reply, key):
    assert tasks.parse_choice(reply, DECISIONS) == key


@pytest.mark.parametrize(
    ("reply", "refused"),
    [
        ("I cannot answer that.", True),
        ("I'm sorry, but no.", True),
        ("As an AI I know nothing", True),
        ("I do not know.", True),
        ("The molecule cannot be hydrolysed.", False),
        ("Sorrel acid", False),
    ],
)
def test_refusals(reply, refused):
    assert tasks.is_refusal(reply) is refused


def molecules(*smiles, question="Please describe this molecule."):
    return [
        Example("other", f"{structure} {n}", "", "hand", smiles=structure, question=question)
        for n, structure in enumerate(smiles)
    ]


def test_exchanging_leaves_no_structure_in_place_and_all_of_them_in_use():
    examples = molecules("C", "CC", "CCC", "C", "N", "O", "C") + molecules("F", "Cl", question="What is it?")
    for seed in range(20):
        others = tasks.exchanged(examples, seed)
        for mine, other in zip(examples, others, strict=True):
            assert mine.smiles != other.smiles
            assert (mine.question, mine.answer) == (other.question, other.answer)
        for question in ("Please describe this molecule.", "What is it?"):
            before, after = (sorted(x.smiles for x in these if x.question == question) for these in (examples, others))
            assert before == after
    assert tasks.exchanged(examples, 1) == tasks.exchanged(examples, 1)
    assert any(tasks.exchanged(examples, 1) != tasks.exchanged(examples, seed) for seed in range(2, 5))


def test_questions_that_are_asked_once_exchange_among_each_other():
    examples = molecules("C", "CC", "CCC", "N") + molecules("F", question="A?") + molecules("Cl", question="B?")
    others = tasks.exchanged(examples)
    assert [example.smiles for example in others[4:]] == ["Cl", "F"]
    alone = molecules("C", "CC", "CCC", "N") + molecules("F", question="A?")
    others = tasks.exchanged(alone)
    assert all(mine.smiles != other.smiles for mine, other in zip(alone, others, strict=True))
    assert [example.question for example in others] == [example.question for example in alone]


@pytest.mark.parametrize("smiles", [["C"], ["C", "C"], ["C", "C", "C", "N"]])
def test_structures_that_are_too_alike_cannot_be_exchanged(smiles):
    with pytest.raises(InvalidInput, match="cannot exchange"):
        tasks.exchanged(molecules(*smiles))


def test_a_draw_does_not_depend_on_the_order_of_the_file():
    examples = molecules(*("C" * n for n in range(1, 40)))
    drawn = tasks.sample(examples, 10)
    assert len(drawn) == 10
    assert set(tasks.sample(examples[::-1], 10)) == set(drawn)
    assert set(tasks.sample(examples, 5)) < set(drawn)
    assert tasks.sample(examples, None) == tasks.sample(examples, 99) == examples


def test_an_unknown_task_is_named():
    with pytest.raises(InvalidInput, match="no task 'folding'; expected one of molecule-captioning"):
        tasks.task_named("folding")
