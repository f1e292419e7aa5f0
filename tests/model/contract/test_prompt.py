"""The template, pinned: weights trained on other words would be asked in these."""

from __future__ import annotations

from typing import Any

import pytest

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.types import Article, Evidence
from biomed_agent.model.contract.prompt import (
    COMPACT,
    REFERENCE,
    MoleculeSlot,
    ProteinSlot,
    Text,
    drop_oldest_turns,
    literature_messages,
    render,
    style_named,
    user_message,
)


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


SYSTEM = {"role": "system", "content": "Be brief."}


def answered(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


TURNS: list[list[dict[str, Any]]] = [
    [user_message("What is it?", smiles=["CCO"]), answered("An alcohol.")],
    [user_message("", sequences=["MK"]), user_message("Does it bind?"), answered("No.")],
    [user_message("", smiles=["C"]), user_message("And this?")],
]
CONVERSATION = [SYSTEM, *TURNS[0], *TURNS[1], *TURNS[2]]


@pytest.mark.parametrize(("limit", "dropped"), [(8, 0), (7, 1), (6, 1), (5, 2), (3, 2), (1, 2), (-9, 2)])
def test_whole_turns_are_dropped_the_oldest_first(limit: int, dropped: int) -> None:
    left, count = drop_oldest_turns(CONVERSATION, limit, size=len)
    assert count == dropped
    assert left == [SYSTEM, *(message for turn in TURNS[dropped:] for message in turn)]


def test_a_single_turn_is_never_measured_nor_dropped() -> None:
    def size(messages: object) -> int:
        raise AssertionError(messages)

    assert drop_oldest_turns(TURNS[2], 0, size) == (TURNS[2], 0)
    assert drop_oldest_turns([], 0, size) == ([], 0)


def test_a_greeting_of_the_assistant_is_a_turn_of_its_own() -> None:
    messages = [answered("Hello!"), user_message("Hi."), answered("Yes?"), user_message("What is it?")]
    assert drop_oldest_turns(messages, 3, size=len) == (messages[1:], 1)
    assert drop_oldest_turns(messages, 2, size=len) == (messages[3:], 2)
