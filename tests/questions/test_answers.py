"""Every question on file is answered with its gold or left; what cannot be answered as it stands is left and named."""

from __future__ import annotations

from collections import defaultdict

import pytest

from biomed_agent import BioMedAgent
from tests.questions.conftest import Judged
from tests.questions.judge import judge_trap
from tests.questions.rows import FILES, read_lines, read_names

LEAST = 630
"""right answers that there must be at least"""
FRAMES = {
    "value": "value several how_adj exact_mass unsaturation empirical composition length mass physical pi unit",
    "affinity": "kiba_only salt_brand bound other_measure no_record variant",
    "yes or no": "yesno is_a contains residue_is rule_of_five",
    "count": "how_many count count_targets count_binders residue_count",
    "list": "targets_below top_targets top_binders binders_below kiba_above between role class protein_family "
    "protein_ec protein_location",
    "comparison": "heavier lighter lipophilic polar more_rings donors flexible longer protein_compare best_of "
    "difference",
    "relation": "same stereoisomers enantiomers tautomers isomers salt_of scaffold tanimoto",
    "name": "convert ingredient brand_names synonyms salt_parent gene accession names identify pasted lookup",
    "record": "describe location ec family go function organism sequence residue",
    "conversation": "pronoun comparison ellipsis_molecule ellipsis_protein ellipsis_property filter_change new_subject "
    "ambiguity parent",
}
"""frames of questions, each with the names that rows give to its kinds"""
LEAST_OF_A_FRAME, LEAST_WORDINGS = 15, 3


@pytest.mark.parametrize("file", FILES)
def test_nothing_is_answered_wrongly(judged: list[Judged], file: str) -> None:
    wrong = [str(each) for each in judged if each.row.file == file and each.verdict == "wrong"]
    assert not wrong, "\n".join(wrong)


def test_what_is_left_is_on_the_list(judged: list[Judged]) -> None:
    """A question on the list may come to be answered; one that is not on it must not come to be left."""
    listed = read_names("not_answered.txt")
    left = [str(each) for each in judged if each.verdict == "refused" and each.turn.name not in listed]
    assert not left, "\n".join(left)
    assert listed <= {each.turn.name for each in judged}


def test_what_must_be_answered_is(judged: list[Judged]) -> None:
    listed = read_names("not_answered.txt")
    asked = [each for each in judged if each.turn.gold["status"] in ("answered", "ambiguous")]
    must = [each for each in asked if each.turn.name not in listed]
    assert len(must) >= LEAST
    left = [str(each) for each in must if each.verdict != "right"]
    assert not left, "\n".join(left)


def test_every_frame_is_answered_in_several_wordings(judged: list[Judged]) -> None:
    """A wording is told by its first two words."""
    verdicts: dict[str, set[str]] = defaultdict(set)
    for each in judged:
        verdicts[each.row.name].add(each.verdict)
    rows = {each.row.name: each.row for each in judged}
    frames: dict[str, list[str]] = defaultdict(list)
    for row in rows.values():
        kinds = [frame for frame, names in FRAMES.items() if row.frame in names.split()]
        kind = "conversation" if row.is_chat else next(iter(kinds), "")
        if kind and verdicts[row.name] == {"right"}:
            frames[kind].append(" ".join(row.turns[0].question.lower().split()[:2]))
    assert frames.keys() == FRAMES.keys()
    assert {frame: len(rows) for frame, rows in frames.items() if len(rows) < LEAST_OF_A_FRAME} == {}
    assert {frame: rows for frame, rows in frames.items() if len({*rows}) < LEAST_WORDINGS} == {}


def test_traps_are_left_and_the_word_is_named(agent: BioMedAgent) -> None:
    judged = {}
    for row in read_lines("traps"):
        answer = agent.ask(row["question"])
        verdict, why = judge_trap(row["unread"], answer)
        judged[row["id"]] = (verdict, f"{row['question']} {why} | {answer.status}: {answer.text[:200]}")
    assert len(judged) >= 250
    wrong = [text for verdict, text in judged.values() if verdict == "wrong"]
    assert not wrong, "\n".join(wrong)
    listed = read_names("unnamed.txt")
    unnamed = [text for name, (verdict, text) in judged.items() if verdict == "refused" and name not in listed]
    assert not unnamed, "\n".join(unnamed)
    assert listed <= judged.keys()
    assert not [name for name in listed if judged[name][0] == "right"], "these are named today: take them off the list"
