"""What a sequence says by itself, against Biopython's ProtParam."""

from __future__ import annotations

import time

import pytest
from Bio.SeqUtils import molecular_weight
from Bio.SeqUtils.IsoelectricPoint import IsoelectricPoint
from Bio.SeqUtils.ProtParam import ProteinAnalysis
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from biomed_agent.core import sequence_values as values
from biomed_agent.core.chemistry.structures import average_weight
from biomed_agent.core.errors import Inapplicable, InvalidInput
from biomed_agent.core.types import Protein

UBIQUITIN = "MQIFVKTLTGKTITLEVEPSDTIENVKAKIQDKEGIPPDQQRLIFAGKQLEDGRTLSDYNIQKESTLHLVLRLRGG"
INSULIN_A, INSULIN_B = "GIVEQCCTSICSLYQLENYCN", "FVNQHLCGSHLVEALYLVCGERGFFYTPKT"
STANDARD = "ACDEFGHIKLMNPQRSTVWY"
CHAINS = st.text(alphabet=STANDARD, min_size=2, max_size=200)
FUNCTIONS = (
    values.average_mass, values.monoisotopic_mass, values.charge_at, values.isoelectric_point, values.gravy,
    values.aromaticity, values.extinction_coefficients, values.instability_index,
)  # fmt: skip


@settings(deadline=None)
@given(CHAINS)
def test_values_agree_with_protparam(chain: str) -> None:
    reference = ProteinAnalysis(chain)
    assert values.gravy(chain) == pytest.approx(reference.gravy(), abs=1e-9)
    assert values.aromaticity(chain) == pytest.approx(reference.aromaticity(), abs=1e-9)
    assert values.instability_index(chain) == pytest.approx(reference.instability_index(), abs=1e-9)
    assert values.extinction_coefficients(chain) == reference.molar_extinction_coefficient()
    assert values.charge_at(chain) == pytest.approx(reference.charge_at_pH(7.0), abs=1e-9)
    assert values.charge_at(chain, 4.2) == pytest.approx(reference.charge_at_pH(4.2), abs=1e-9)
    assert values.residue_composition(chain) == {code: n for code, n in reference.count_amino_acids().items() if n}
    assert values.average_mass(chain) == pytest.approx(reference.molecular_weight(), abs=0.02 + 1e-4 * len(chain))
    exact = molecular_weight(chain, "protein", monoisotopic=True)
    assert values.monoisotopic_mass(chain) == pytest.approx(exact, abs=1e-5 * len(chain) + 1e-5)


@pytest.mark.parametrize("code", [*STANDARD, "U", "O"])
def test_the_mass_of_a_residue_is_that_of_its_amino_acid_as_a_molecule(code: str) -> None:
    rare = {"U": "N[C@@H](C[SeH])C(=O)O", "O": "C[C@@H]1CC=N[C@H]1C(=O)NCCCC[C@H](N)C(=O)O"}
    mol = Chem.MolFromSmiles(rare[code]) if code in rare else Chem.MolFromSequence(code)
    assert values.monoisotopic_mass(code) == pytest.approx(rdMolDescriptors.CalcExactMolWt(mol), abs=1e-5)
    assert values.average_mass(code) == pytest.approx(average_weight(mol), abs=0.02)


@settings(deadline=None)
@given(CHAINS)
def test_the_isoelectric_point_is_where_the_charge_is_zero(chain: str) -> None:
    point = values.isoelectric_point(chain)
    reference = IsoelectricPoint(chain)
    assert reference.charge_at_pH(point - 1e-3) >= 0 >= reference.charge_at_pH(point + 1e-3)
    if 4.1 < point < 11.9:  # Biopython looks between 4.05 and 12 only
        assert point == pytest.approx(reference.pi(), abs=2e-3)


@pytest.mark.parametrize(
    ("chain", "point", "reduced", "cystines"),
    [(UBIQUITIN, 6.56, 1490, 1490), (INSULIN_A, 3.80, 2980, 3230), (INSULIN_B, 6.91, 2980, 3105)],
)
def test_values_that_protparam_publishes(chain: str, point: float, reduced: int, cystines: int) -> None:
    assert values.isoelectric_point(chain) == pytest.approx(point, abs=0.02)
    assert values.extinction_coefficients(chain) == (reduced, cystines)


@pytest.mark.parametrize(("chain", "charge"), [("DDDDDD", -6), ("RRRRRR", 6), ("GGGG", 0)])
def test_chains_of_one_kind_have_the_charge_of_their_residues(chain: str, charge: int) -> None:
    assert values.charge_at(chain) == pytest.approx(charge, abs=0.4)
    assert 0 < values.isoelectric_point(chain) < 14


# ---------------------------------------------------------------- residues


@pytest.mark.parametrize(
    ("words", "letter"),
    [
        ("cysteine", "C"), ("cysteines", "C"), ("Cysteine residues", "C"), ("Cys", "C"), ("CYS", "C"), ("C", "C"),
        ("cys residues", "C"), ("Cys residues", "C"), ("C residues", "C"), ("lysine residue", "K"), ("tryptophan", "W"),
        ("aspartic acid", "D"), ("aspartate", "D"), ("aspartic acids", "D"), ("glutamates", "E"), ("Glutamic acid",
        "E"),
        ("threonine amino acid", "T"), ("selenocysteine", "U"), ("Sec", "U"), ("pyrrolysine", "O"), ("Asx", "B"), ("X",
        "X"),
        ("glycines", "G"), ("isoleucine", "I"), ("His", "H"), ("his residues", "H"),
    ],
)  # fmt: skip
def test_names_of_residues(words: str, letter: str) -> None:
    assert values.residue_of(words) == letter


@pytest.mark.parametrize(
    "words", ["", "his", "met", "a", "c", "ser", "carbon", "residues", "cysteine bonds", "1", "amino acids"]
)
def test_other_words_name_no_residue(words: str) -> None:
    assert values.residue_of(words) is None


def test_every_residue_is_read_by_all_its_names() -> None:
    for letter, (three, name) in values.RESIDUES.items():
        assert values.residue_of(letter) == values.residue_of(three) == letter
        assert letter in values.AMBIGUOUS or values.residue_of(name) == letter


def test_a_position_is_counted_from_one() -> None:
    assert [values.residue_at(UBIQUITIN, place).letter for place in (1, 48, 63, 76)] == ["M", "K", "K", "G"]
    residue = values.residue_at(UBIQUITIN, 48)
    assert (residue.position, residue.three, residue.name) == (48, "Lys", "lysine")


@pytest.mark.parametrize("position", [0, -1, 77, 10**9])
def test_a_position_outside_is_refused_with_the_length(position: int) -> None:
    with pytest.raises(InvalidInput, match="76 residues"):
        values.residue_at(UBIQUITIN, position)


def test_residues_that_the_sequence_leaves_open_are_told() -> None:
    assert values.residue_count("DDBXN", "D") == (2, 2)
    assert values.residue_count("DDBXN", "N") == (1, 2)
    assert values.residue_count("DDBXN", "L") == (0, 1)
    assert values.residue_count(UBIQUITIN, "C") == (0, 0)


# ---------------------------------------------------------------- no value


@pytest.mark.parametrize("compute", FUNCTIONS)
@pytest.mark.parametrize("chain", ["MKX", ""])
def test_an_open_residue_or_no_residue_gives_no_value(compute: object, chain: str) -> None:
    assert callable(compute)
    with pytest.raises(Inapplicable, match="holds X" if chain else "empty sequence"):
        compute(chain)


@pytest.mark.parametrize(
    ("code", "without_value"),
    [("U", {"charge_at", "isoelectric_point", "gravy", "instability_index"}),
     ("B", {"average_mass", "monoisotopic_mass", "charge_at", "isoelectric_point", "gravy", "instability_index"}),
     ("J", {"average_mass", "monoisotopic_mass", "gravy", "instability_index"})],
)  # fmt: skip
def test_rare_and_open_codes_have_the_values_that_they_cannot_change(code: str, without_value: set[str]) -> None:
    missing = set()
    for compute in FUNCTIONS:
        try:
            compute(f"MKW{code}GC")
        except Inapplicable:
            missing.add(compute.__name__)
    assert missing == without_value


def test_one_residue_has_no_pairs() -> None:
    with pytest.raises(Inapplicable, match="pairs"):
        values.instability_index("G")


# ---------------------------------------------------------------- as facts


def test_facts_of_a_sequence() -> None:
    protein = Protein(UBIQUITIN, accession="P0CG48")
    facts = values.facts_of_sequence(protein)
    assert {fact.predicate for fact in facts} == set(values.SEQUENCE_PREDICATES)
    assert all(fact.subject == "UNIPROT:P0CG48" and fact.kind == "computed" for fact in facts)
    by_name = {fact.predicate: fact for fact in facts}
    assert by_name["isoelectric point"].value == 6.56
    assert by_name["extinction coefficient"].unit == "1/(M cm)"
    assert "without tryptophan" in by_name["extinction coefficient"].note
    assert str(by_name["residue composition"].value).startswith("Ala 2, Asp 5, Glu 6")


def test_facts_come_in_the_order_asked_for_and_say_why_one_is_missing() -> None:
    chosen = values.facts_of_sequence(Protein(INSULIN_A), ["gravy", "Isoelectric point", "extinction coefficient"])
    assert [fact.predicate for fact in chosen] == ["GRAVY", "isoelectric point", *["extinction coefficient"] * 2]
    with pytest.raises(Inapplicable, match="the sequence holds X"):
        values.facts_of_sequence(Protein("MKX"), ["GRAVY"])
    assert [fact.predicate for fact in values.facts_of_sequence(Protein("MKX"))] == ["residue composition"]


def test_facts_of_a_residue_and_a_position() -> None:
    (count,) = values.facts_of_residue(Protein(INSULIN_A), "C")
    assert (count.predicate, count.value, count.unit, count.relation) == ("count", 4, "cysteine (Cys, C)", "=")
    assert "19.0 % of 21 residues" in count.note
    (at_least,) = values.facts_of_residue(Protein("CCX"), "C")
    assert (at_least.amount, at_least.relation) == (">=2", ">=")
    (residue,) = values.facts_of_position(Protein(UBIQUITIN), 48)
    assert (residue.predicate, residue.value) == ("residue", "lysine (Lys, K)")


def test_the_longest_chains_are_quick() -> None:
    titin = UBIQUITIN * 500
    start = time.perf_counter()
    values.facts_of_sequence(Protein(titin))
    assert time.perf_counter() - start < 2
