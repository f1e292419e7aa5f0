"""ROUGE-L against values worked out by hand."""

import pytest

from biomed_agent.model.training.metrics import best_constant, longest_common_subsequence, rouge_l


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [("abcde", "ace", 3), ("abc", "abc", 3), ("abc", "cba", 1), ("", "abc", 0), ("xaxbx", "ab", 2)],
)
def test_longest_common_subsequence(first, second, expected):
    assert longest_common_subsequence(first, second) == expected
    assert longest_common_subsequence(second, first) == expected


def test_rouge_l_is_the_f_measure_of_the_common_subsequence():
    # "the cat the mat" is common: 4 of 6 words and 4 of 5 words.
    assert rouge_l("The cat sat on the mat.", "the cat under the mat") == pytest.approx(2 * 4 / (6 + 5))


def test_rouge_l_ignores_case_and_punctuation_and_is_bounded():
    assert rouge_l("A beta-lactam.", "a BETA lactam") == 1.0
    assert rouge_l("one", "two") == 0.0
    assert rouge_l("", "") == 0.0


def test_the_best_constant_is_the_most_central_answer():
    answers = ["red green."] * 3 + ["green blue."] * 3 + ["red green blue."]
    # 3 x 4/5 twice and 1 for the rare one, against 3 x 1, 3 x 1/2 and 4/5 for a frequent one.
    assert best_constant(answers) == "red green blue."
