"""Which of several texts agrees best with the others; ROUGE-L itself is tested with the other metrics."""

from __future__ import annotations

import pytest

from biomed_agent.model.contract.rouge import most_agreed


def test_the_text_most_agreed_on_by_hand():
    # "a b": with "a b c" 4/5, with "x" 0; "a b c": 4/5 and 0; "x": 0 and 0. The first two are equal, so the first.
    assert [*most_agreed(["a b", "a b c", "x"])] == [0, pytest.approx(0.4)]
    # "a b c d" has 2 of 2 + 4 words with "a b" (4/6) and 3 of 3 + 4 with "b c d" (6/7); these two share "b" (2/5).
    assert [*most_agreed(["a b", "b c d", "a b c d"])] == [2, pytest.approx((4 / 6 + 6 / 7) / 2)]
    with pytest.raises(ValueError, match="at least two"):
        most_agreed(["alone"])


def test_texts_that_are_the_same_agree_whatever_they_hold():
    assert [*most_agreed(["β", "α", "β", "β"])] == [0, pytest.approx(2 / 3)]
    assert [*most_agreed(["", ""])] == [0, 1.0]
    assert [*most_agreed(["α", "β"])] == [0, 0.0]
