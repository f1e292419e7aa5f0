"""Which of several answers is given."""

from __future__ import annotations

import pytest

from biomed_agent.model.contract.generation import Generation, Options
from biomed_agent.model.contract.samples import ask_and_choose, choose


def texts(*words: str) -> list[Generation]:
    return [Generation(text) for text in words]


def test_the_answer_that_agrees_best_with_the_others_is_given() -> None:
    choice = choose(texts("a b", "b c d", "a b c d"))
    assert choice.generation.text == "a b c d"
    assert choice.generation.agreement == pytest.approx((4 / 6 + 6 / 7) / 2)
    assert (choice.drawn, choice.rejected) == (3, 0)


def test_what_is_rejected_is_neither_given_nor_evidence() -> None:
    samples = texts("wrong a b", "wrong a b", "c d", "c d e", "a b x y z")
    choice = choose(samples, lambda text: "wrong" in text)
    assert choice.generation.text == "c d"
    assert choice.generation.agreement == pytest.approx((0.8 + 0) / 2), "with the two that are left"
    assert (choice.drawn, choice.rejected) == (5, 2)
    assert choose(samples).generation.text == "wrong a b"


def test_the_only_one_left_agrees_with_nobody() -> None:
    choice = choose(texts("a", "a", "b"), lambda text: text == "a")
    assert (choice.generation.text, choice.generation.agreement, choice.rejected) == ("b", None, 2)
    compared = [Generation("a", agreement=0.9), Generation("b", agreement=0.9)]  # as a host says it of its own choice
    assert choose(compared, lambda text: text == "a").generation == Generation("b")
    assert choose(compared[:1]).generation == compared[0]


def test_a_sample_without_a_word_is_given_only_where_all_are_so() -> None:
    choice = choose(texts("", " ", "\n", "a b", "a c"))
    assert (choice.generation.text, choice.generation.agreement, choice.drawn) == ("a b", 0.5, 5)
    rejected = choose(texts("", "a b", "a b"), lambda text: text == "a b")
    assert (rejected.generation.text, rejected.drawn, rejected.rejected) == ("a b", 3, 2)
    assert choose(texts("", "")).generation.text == ""


def test_where_all_are_rejected_the_choice_is_among_all() -> None:
    choice = choose(texts("a b", "a b", "c"), lambda _text: True)
    assert (choice.generation.text, choice.drawn, choice.rejected) == ("a b", 3, 3)


def test_each_text_is_judged_once() -> None:
    judged: list[str] = []

    def reject(text: str) -> bool:
        judged.append(text)
        return False

    choose(texts("a", "b", "a"), reject)
    assert judged == ["a", "b"]


def test_there_must_be_an_answer() -> None:
    with pytest.raises(ValueError, match="no sample"):
        choose([])


def test_as_many_are_asked_for_as_the_options_say() -> None:
    class Model:
        def samples(self, messages: object, options: Options, n: int) -> list[Generation]:
            assert options == Options(temperature=0.5)
            return texts("a", "b", "c", "d")[:n]

    assert ask_and_choose(Model(), [], Options(temperature=0.5, mbr_samples=4)).drawn == 4
    assert ask_and_choose(Model(), [], Options(temperature=0.5)).generation == Generation("a")
