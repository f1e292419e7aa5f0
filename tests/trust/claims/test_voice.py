"""Sentences in which the thing is the object are turned so that it is their subject."""

from __future__ import annotations

import pytest

from biomed_agent.trust.claims.voice import turned


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Erlotinib binds it.", "It is bound by Erlotinib"),
        ("Erlotinib does not bind it", "It is not bound by Erlotinib"),
        ("Erlotinib doesn't inhibit EGFR", "It is not inhibited by Erlotinib"),
        ("Erlotinib and gefitinib bind to EGFR", "It is bound by Erlotinib and gefitinib"),
        ("KIT is inhibited by EGFR.", "It inhibits KIT"),
        ("KIT is not hit by it!", "It does not hit KIT"),
        ("KIT is targeted by it", "It targets KIT"),
        ("Thrombin blocks it", "It is blocked by Thrombin"),
        # left as they are
        ("It binds EGFR", "It binds EGFR"),
        ("EGFR is inhibited by it.", "EGFR is inhibited by it."),
        ("Erlotinib binds KIT", "Erlotinib binds KIT"),
        ("Erlotinib, which is new, binds it", "Erlotinib, which is new, binds it"),
        ("Erlotinib activates it", "Erlotinib activates it"),
    ],
)
def test_voice(sentence: str, expected: str) -> None:
    assert turned(sentence, "(?:it|egfr)") == expected
