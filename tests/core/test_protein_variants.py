"""Substitutions: how they are written, and that they fit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.protein_variants import (
    apply_substitutions,
    split_other_variant,
    split_variant,
    substitutions,
    substitutions_in,
)
from biomed_agent.core.types import Protein

RAS = Protein("MTEYKLVVVGAGGVGKSALTIQLIQ", accession="P01116")


@pytest.mark.parametrize(
    ("name", "base", "changes"),
    [
        ("BRAF V600E", "BRAF", ("V600E",)),
        ("BRAF p.Val600Glu", "BRAF", ("V600E",)),
        ("BRAF(V600E)", "BRAF", ("V600E",)),
        ("BRAF p.(V600E)", "BRAF", ("V600E",)),
        ("BRAF-V600E", "BRAF", ("V600E",)),
        ("EGFR L858R/T790M", "EGFR", ("L858R", "T790M")),
        ("EGFR L858R + Thr790Met", "EGFR", ("L858R", "T790M")),
        ("EGFR L858R T790M", "EGFR", ("L858R", "T790M")),
        ("P00533 L858R", "P00533", ("L858R",)),
        ("BRAF", "BRAF", ()),
        ("V600E", "V600E", ()),
        ("BRAF V600", "BRAF V600", ()),
        ("BRAF V600X", "BRAF V600X", ()),
        ("EGFR del19", "EGFR del19", ()),
        ("", "", ()),
    ],
)
def test_a_name_is_split_into_protein_and_changes(name: str, base: str, changes: tuple[str, ...]) -> None:
    assert split_variant(name) == (base, changes)


@pytest.mark.parametrize(
    ("name", "base", "form"),
    [
        ("EGFR del19", "EGFR", "del19"),
        ("CFTR F508del", "CFTR", "F508del"),
        ("CFTR p.Phe508del", "CFTR", "p.Phe508del"),
        ("CFTR ΔF508", "CFTR", "ΔF508"),
        ("BRAF V600X", "BRAF", "V600X"),
        ("TP53 R213*", "TP53", "R213*"),
        ("EGFR E746_A750del", "EGFR", "E746_A750del"),
        ("EGFR exon 19 deletion", "EGFR", "exon 19 deletion"),
        ("TP53 R175fs", "TP53", "R175fs"),
        ("BRAF V600E", "BRAF V600E", ""),
        ("BRAF V600", "BRAF V600", ""),
        ("interleukin-2", "interleukin-2", ""),
        ("cytochrome P450 2D6", "cytochrome P450 2D6", ""),
    ],
)
def test_other_forms_of_variants_are_told(name: str, base: str, form: str) -> None:
    assert split_other_variant(name) == (base, form)


def test_substitutions_anywhere_in_a_question() -> None:
    assert substitutions_in("Is BRAF V600E or p.Val600Lys worse than B12?") == ("V600E", "V600K")
    assert substitutions_in("What about the G12D-mutant K562 line and V5E?") == ("G12D",)


def test_a_change_is_applied_and_checked_at_its_position() -> None:
    mutant = apply_substitutions(RAS, ("G12D", "Q22K"))
    assert mutant.sequence == "MTEYKLVVVGADGVGKSALTIKLIQ"
    assert (mutant.variant, mutant.accession) == ("G12D/Q22K", "P01116")
    for changes, words in [
        (("A12D",), "position 12 holds G, not A"),
        (("G99D",), "beyond its 25 residues"),
        (("G0D",), "beyond its 25 residues"),
        (("G12D", "G12V"), "twice"),
    ]:
        with pytest.raises(InvalidInput, match=words):
            apply_substitutions(RAS, changes)


@settings(deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"[A-Z]{2,5}[ -]?(p\.)?[A-Z][1-9]\d{0,3}[A-Z]", fullmatch=True))
def test_any_text_is_read(text: str) -> None:
    base, changes = split_variant(text)
    assert (base == text) is not bool(changes)
    for change in (*changes, *substitutions(text), *substitutions_in(text)):
        assert change[0].isalpha()
        assert change[-1].isalpha()
        assert int(change[1:-1]) >= 0


@settings(deadline=None)
@given(st.text("ACDEFGHIKLMNPQRSTVWY", min_size=1, max_size=40), st.data())
def test_a_fitting_change_changes_one_residue(sequence: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(sequence)))
    new = data.draw(st.sampled_from("ACDEFGHIKLMNPQRSTVWY"))
    change = f"{sequence[place - 1]}{place}{new}"
    assert split_variant(f"gene {change}")[1] == (change,)
    mutant = apply_substitutions(Protein(sequence), (change,))
    assert mutant.sequence == sequence[: place - 1] + new + sequence[place:]
