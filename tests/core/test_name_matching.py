"""When two spellings are one name, and which spans of a text can be a name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biomed_agent.core.name_matching import (
    asked_about,
    edit_distance,
    fits,
    looks_chemical,
    name_key,
    names_a_protein,
    one_edit_away,
    singular,
    spaced_key,
    windows,
)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("COX-2", "cox 2"),
        ("TNF-α", "tnf alpha"),
        ("TNFalpha", "tnfalpha"),
        ("Tylenol®  Extra", "tylenol extra"),
        ("sulphadiazine", "sulfadiazine"),
        ("Sulphadiazine™", "sulfadiazine"),
        ("naïve", "naive"),
        (".alpha.-tocopherol", "alpha tocopherol"),
        ("interferon−γ", "interferon gamma"),
        ("ϵ-caprolactam", "epsilon caprolactam"),
        ("5'-AMP", "5' amp"),
        ("5′-AMP", "5' amp"),
        ("5`-AMP", "5' amp"),
        ("-lactam", "-lactam"),
        ("(S)-ibuprofen", "(s) ibuprofen"),
        ("NAD+", "nad+"),
    ],
)
def test_a_name_is_folded(name: str, key: str) -> None:
    assert spaced_key(name) == key
    assert name_key(name) == key.replace(" ", "")


@pytest.mark.parametrize("other", ["TNF-alpha", "tnf alpha", "TNFα", "tnf‑ALPHA"])
def test_spellings_of_one_name_have_one_key(other: str) -> None:
    assert name_key(other) == name_key("TNF-α")


@pytest.mark.parametrize(("one", "other"), [("NAD+", "NAD"), ("2,4-D", "24D"), ("(+)-catechin", "(-)-catechin")])
def test_commas_brackets_and_signs_tell_names_apart(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@given(st.text(max_size=30))
def test_a_key_is_its_own_key(name: str) -> None:
    assert name_key(name_key(name)).replace("-", "") == name_key(name).replace("-", "")


def spans(text: str) -> list[str]:
    return [text[start:end] for start, end in windows(text)]


def test_the_longest_span_comes_first_at_each_word() -> None:
    assert spans("mass of aspirin?") == ["mass of aspirin", "mass of", "mass", "of aspirin", "of", "aspirin"]


@pytest.mark.parametrize(
    ("text", "name", "is_whole"),
    [
        ("2-(acetyloxy)benzoic acid", "benzoic acid", False),
        ("glucose-6-phosphate", "glucose", False),
        ("aspirin-induced asthma", "aspirin", True),
        ("anti-EGFR therapy", "EGFR", True),
        ("non-aspirin users", "aspirin", True),
        ("chloro-aspirin", "aspirin", False),
        ("give (S)-ibuprofen now", "(S)-ibuprofen", True),
        ("give (+)-catechin now", "(+)-catechin", True),
        ("levels of NAD+ rise", "NAD+", True),
        ("aspirin's mass", "aspirin", True),
        ("aspirin’s mass", "aspirin", True),
        ("aspirin'x mass", "aspirin", False),
        ("say 'aspirin'", "aspirin", True),
        ("4'aspirin", "aspirin", False),
        ("aspirin/caffeine", "caffeine", True),
        ("aspirin.", "aspirin", True),
        ("aspirin.5", "aspirin", False),
        ("take aspirin, caffeine", "aspirin, caffeine", False),
        ("aspirin (tablets)", "aspirin", True),
        ("aspirin(tablets)", "aspirin", True),
    ],
)
def test_a_piece_of_a_longer_name_is_no_span(text: str, name: str, is_whole: bool) -> None:
    assert (name in spans(text)) == is_whole


def test_a_span_has_at_most_twelve_words() -> None:
    text = " ".join(f"w{number}" for number in range(14))
    assert max(len(span.split()) for span in spans(text)) == 12


@pytest.mark.parametrize(
    ("text", "shown", "expected"),
    [
        ("as a", "ASA", False),
        ("ASA", "ASA", True),
        ("asa", "ASA", False),
        ("proteins", "protein S", False),
        ("protein-S", "protein S", True),
        ("cat", "CAT", False),
        ("CAT", "CAT", True),
        ("eGFR", "EGFR", False),
        ("egfr", "EGFR", True),
        ("P53", "p53", True),
        ("il-6", "IL6", True),
        ("mTOR", "MTOR", True),
        ("MtOR", "MTOR", False),
        ("lamB", "lamB", True),
        ("LAMB", "lamB", False),
        ("aspirin", "Aspirin", True),
        ("AsPirin", "aspirin", True),
        ("12", "12", False),
        ("a", "A", False),
        ("I", "I", False),
        ("x25", "X25", False),
    ],
)
def test_a_span_means_a_stored_name(text: str, shown: str, expected: bool) -> None:
    assert fits(text, shown) is expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [("statins", "statin"), ("proteins", "protein"), ("virus", "virus"), ("glass", "glass"), ("axis", "axis"),
     ("cats", "cats"), ("genes", "gene"), ("IL6s", "IL6s")],
)  # fmt: skip
def test_singular(word: str, expected: str) -> None:
    assert singular(word) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is the mass of water?", True),
        ("Describe the water", True),
        ("Is iron and copper alike", True),
        ("What are iron levels in blood?", False),
        ("How does iron dissolve", True),
        ("my iron", False),
    ],
)
def test_a_weak_word_counts_where_its_phrase_asks_about_it(text: str, expected: bool) -> None:
    word = "water" if "water" in text else "iron"
    start = text.index(word)
    assert asked_about(text, start, start + len(word)) is expected


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (" receptor", True),
        (" D2 receptor", True),
        (" transporters", True),
        (" kinase", True),
        (" and a receptor", False),
        (" disease", False),
        (" release", False),
        (" bind the receptor", False),
        ("", False),
    ],
)
def test_words_after_a_compound_make_it_a_protein(after: str, expected: bool) -> None:
    assert names_a_protein(after) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("", "", 0),
        ("", "abc", 3),
        ("kitten", "sitting", 3),
        ("ab", "ba", 1),
        ("aspirin", "aspirn", 1),
        ("ca", "abc", 3),
    ],
)
def test_edit_distance(one: str, other: str, expected: int) -> None:
    assert edit_distance(one, other) == edit_distance(other, one) == expected


@given(st.text("abc1", min_size=1, max_size=6), st.text("abc1", min_size=1, max_size=6))
def test_keys_one_edit_away_are_those_at_distance_one(one: str, other: str) -> None:
    if one != other:
        assert (other in one_edit_away(one)) == (edit_distance(one, other) == 1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Storm", False),
        ("Target", False),
        ("2,4-D", True),
        ("acetylsalicylic acid", True),
        ("ibuprofen", False),
        ("imatinib", True),
        ("morphine", True),
        ("line", False),
        ("alpha-tocopherol", True),
        ("atorvastatin", True),
    ],
)
def test_names_written_like_a_compounds(name: str, expected: bool) -> None:
    assert looks_chemical(name) is expected
