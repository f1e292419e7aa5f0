"""The template, pinned: weights trained on other words would be asked in these."""

from __future__ import annotations

import pytest

from biomed_agent.errors import InvalidInput
from biomed_agent.prompt import (
    COMPACT,
    REFERENCE,
    MoleculeSlot,
    ProteinSlot,
    Text,
    literature_messages,
    render,
    style_named,
    user_message,
)
from biomed_agent.types import Article, Evidence


def test_one_molecule_and_its_question_share_a_turn() -> None:
    segments = render([user_message("Please describe this molecule.", smiles=["CCO"])], COMPACT)
    assert segments == [
        Text("Human: <molecule>"),
        MoleculeSlot("CCO"),
        Text("</molecule> Please describe this molecule. ### Assistant: "),
    ]


def test_reference_style_puts_its_system_text_first() -> None:
    (only,) = render([{"role": "user", "content": "What is it?"}], REFERENCE)
    assert only == Text(f"{REFERENCE.system}### Human: What is it? ### Assistant: ")


def test_two_structures_open_two_turns_and_the_last_takes_the_question() -> None:
    segments = render([user_message("Does it bind?", smiles=["C"], sequences=["MK"])], COMPACT)
    assert segments == [
        Text("Human: <molecule>"),
        MoleculeSlot("C"),
        Text("</molecule> ### Human: <protein>"),
        ProteinSlot("MK"),
        Text("</protein> Does it bind? ### Assistant: "),
    ]


def test_earlier_turns_and_a_system_message_are_kept() -> None:
    messages = [
        {"role": "system", "content": "Be brief. "},
        user_message("What is it?", smiles=["C"]),
        {"role": "assistant", "content": "Methane."},
        {"role": "user", "content": "Is it a gas?"},
    ]
    assert render(messages, COMPACT)[-1] == Text(
        "</molecule> What is it? ### Assistant: Methane. ### Human: Is it a gas? ### Assistant: "
    )
    assert render(messages, COMPACT)[0] == Text("Be brief. ### Human: <molecule>")


def test_a_typed_placeholder_stays_text() -> None:
    segments = render([{"role": "user", "content": "What is <moleculeHere>?"}], COMPACT)
    assert segments == [Text("Human: What is <moleculeHere>? ### Assistant: ")]


@pytest.mark.parametrize(
    "message",
    [
        {"role": "tool", "content": "x"},
        {"role": "user", "content": [{"type": "image", "url": "x"}]},
        {"role": "user", "content": [{"type": "molecule", "smiles": ""}]},
    ],
)
def test_what_cannot_be_read_is_named(message: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match=r"expected|Expected"):
        render([message])


def test_only_literature_prompts_hold_passages() -> None:
    evidence = Evidence(1, "Metformin lowers glucose.", Article("A trial", year="2020"))
    (message,) = literature_messages("Does it?", [evidence])
    assert "[1] A trial (2020) Metformin lowers glucose." in message["content"]


def test_an_unknown_style_lists_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match="compact, reference"):
        style_named("fancy")
