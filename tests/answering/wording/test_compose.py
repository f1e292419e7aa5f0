"""Sentences made of facts: every value with the number of its record, long lists counted."""

from __future__ import annotations

import pytest

from biomed_agent.answering.wording.compose import (
    MAX_LISTED,
    Sources,
    evidence_text,
    facts_sentence,
    identity_sentence,
    model_sentence,
    name_of,
    number,
    sameness_sentence,
    structure_sentence,
)
from biomed_agent.core.chemistry.structures import molecule_from_smiles
from biomed_agent.core.types import (
    Article,
    Claim,
    Evidence,
    Fact,
    ModelStamp,
    ModelStatement,
    Molecule,
    Protein,
    Provenance,
    Resolved,
    Withheld,
)
from biomed_agent.core.words import counted, listed

ONE, TWO = Provenance("PubChem", "CID 1"), Provenance("UniProt", "P1")
ASPIRIN = Molecule("CC(=O)Oc1ccccc1C(=O)O", name="aspirin", provenance=ONE)
EGFR = Protein("MRPSG", "P00533", name="Epidermal growth factor receptor", gene="EGFR", organism="Homo sapiens")


def test_records_are_numbered_by_first_use_and_cited_once() -> None:
    sources = Sources()
    assert sources.cite_all([TWO, ONE, TWO, None]) == "[1][2]"
    assert sources.cite(Provenance("PubChem", "CID 1", licence="CC0")) == "[2]", "the same record, read twice"
    assert sources.cite(Provenance("PubChem", "CID 1", "https://far.test")) == "[3]"
    assert sources.cite(Provenance("")) == sources.cite(None) == ""
    assert [one.identifier for one in sources.list] == ["P1", "CID 1", "CID 1"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234, "1,234"), (1234.0, "1,234"), (0.00004, "0"), (-0.00001, "0"), (180.159, "180.159"), (1.23456, "1.2346"),
     ("1e3", "1e3")],
)  # fmt: skip
def test_a_value_is_written_as_people_read_it(value: float | str, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("entity", "name"),
    [
        (ASPIRIN, "aspirin"),
        (Molecule("CCO"), "CCO"),
        (Molecule("C" * 60), "C" * 60),
        (Molecule("C" * 61), "this molecule"),
        (EGFR, "Epidermal growth factor receptor (EGFR)"),
        (Protein("MK", name="KIT", gene="KIT"), "KIT"),
        (Protein("MK", gene="BRAF", variant="V600E"), "BRAF V600E"),
        (Protein("MK", "P1"), "P1"),
        (Protein("MK"), "this protein"),
    ],
)
def test_what_a_sentence_calls_a_thing(entity: Molecule | Protein, name: str) -> None:
    assert name_of(entity) == name


def test_values_of_one_predicate_stand_together_and_each_once() -> None:
    facts = [
        Fact("x", "colour", "white", provenance=ONE),
        Fact("x", "melting point", 135, "°C", provenance=TWO),
        Fact("x", "colour", "white", provenance=TWO),
        Fact("x", "colour", "grey", provenance=ONE),
        Fact("x", "melting point", 138, "°C", provenance=TWO, note="dry"),
    ]
    assert facts_sentence(ASPIRIN, facts, Sources()) == (
        "Aspirin: colours white, grey [1][2]; melting point 135 °C [2]; melting point 138 °C (dry) [2]."
    )
    assert facts_sentence(ASPIRIN, [], Sources()) == ""


def test_of_many_values_some_are_named_and_the_rest_counted() -> None:
    one_note = [Fact("x", "synonym", f"s{count}") for count in range(MAX_LISTED + 2)]
    assert facts_sentence(ASPIRIN, one_note, Sources()).endswith("s4, s5 and 2 more.")
    many_notes = [Fact("x", "isoform", f"i{count}", note=f"n{count}") for count in range(MAX_LISTED + 1)]
    assert facts_sentence(EGFR, many_notes, Sources()).endswith("isoform i5 (n5); 1 more isoform.")
    many_notes.append(Fact("x", "isoform", "i", note="n"))
    assert facts_sentence(EGFR, many_notes, Sources()).endswith("; 2 more isoforms.")


def test_a_name_keeps_its_own_capitals_at_the_start() -> None:
    facts = [Fact("x", "length", 5)]
    assert facts_sentence(Protein("MK", name="mTOR"), facts, Sources()) == "mTOR: length 5."
    assert facts_sentence(Molecule("C", name="2-propanol"), facts, Sources()).startswith("2-propanol: ")


def test_who_a_molecule_is() -> None:
    whole = Molecule(
        "C", "KEY", "methane", "CH4", 16.0425,
        {"cid": "297", "chebi": "CHEBI:16183", "cas": "74-82-8", "unii": "X"}, provenance=ONE,
    )  # fmt: skip
    assert identity_sentence(whole, Sources()) == (
        "Methane is CH4, 16.04 g/mol, SMILES C, InChIKey KEY "
        "(PubChem CID 297, ChEBI identifier CHEBI:16183, CAS 74-82-8) [1]."
    )
    assert identity_sentence(Molecule("*C"), Sources()) == (
        "The structure is a structure with open positions, SMILES *C."
    )


def test_who_a_protein_is() -> None:
    assert identity_sentence(EGFR, Sources()) == (
        "Epidermal growth factor receptor (EGFR) is a protein of Homo sapiens with 5 residues, UniProt P00533."
    )
    assert identity_sentence(Protein("M" * 1234), Sources()) == (
        "The sequence is a protein with 1,234 residues, a sequence without a record here."
    )


def test_telling_parts_of_a_structure_are_named_and_general_ones_left_out() -> None:
    sentence = structure_sentence(molecule_from_smiles(ASPIRIN.smiles), Sources())
    assert sentence.startswith("Its structure: C9H8O4; contains ")
    assert "carboxylic acid" in sentence
    assert "aromatic ring" not in sentence
    assert sentence.endswith(" [1].")
    assert structure_sentence(Molecule("[He]", formula="He"), Sources()) == "Its structure: He [1]."


def test_whether_two_names_are_one_thing() -> None:
    one, other = Resolved(ASPIRIN, "a", "w"), Resolved(EGFR, "b", "w")
    assert sameness_sentence([one], Sources()).startswith("Both names mean aspirin (")
    assert sameness_sentence([one], Sources()).endswith(" [1].")
    different = sameness_sentence([one, other], Sources())
    assert different.startswith("Different records: aspirin (")
    assert different.endswith("and Epidermal growth factor receptor (EGFR) (UNIPROT:P00533) [1].")


def test_a_passage_is_quoted_with_what_warns_of_its_article() -> None:
    article = Article(
        "T", pmid="7", journal="Blood", year="2020", types=("Review",), preprint=True,
        notices=("Retracted in 2021.",), provenance=ONE,
    )  # fmt: skip
    lines = evidence_text([Evidence(1, "It works.", article, label="RESULTS")], Sources(), "Read:").splitlines()
    assert lines == [
        "Read:",
        'RESULTS: "It works." (Blood 2020, PMID:7, review; preprint, not peer reviewed; Retracted in 2021) [1]',
    ]


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (ModelStatement("It is.", ModelStamp("m"), (Claim("It is.", "supported", "w"),)), "The model m says: It is."),
        (
            ModelStatement("", ModelStamp("m", demonstration=True), withheld=(Withheld("contradicted", "w"),)),
            "The model m (a demonstration, not to be cited) was asked, and none of what it said is shown: "
            "1 sentence contradicted.",
        ),
    ],
)
def test_the_model_is_never_taken_for_a_record(statement: ModelStatement, sentence: str) -> None:
    assert model_sentence(statement) == sentence


@pytest.mark.parametrize(
    ("words", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_a_list_of_words(words: list[str], text: str) -> None:
    assert listed(words, "and") == text


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [
        (1, "article", "1 article"),
        (0, "article", "0 articles"),
        (1234, "study", "1,234 studies"),
        (2, "class", "2 classes"),
        (2, "series", "2 series"),
    ],
)
def test_counts(count: int, noun: str, text: str) -> None:
    assert counted(count, noun) == text
