"""Where a text holds a systematic name: the whole of it, and nothing of ordinary words, structures or identifiers."""

from __future__ import annotations

import json
import lzma
import time

import pytest

from biomed_agent.core.chemistry.name_shapes import MAX_SPANS, looks_systematic, name_spans
from tests.helpers.places import SHARED

QUESTIONS = ("What is the SMILES of {}?", "How much does {} weigh?", "{}", "Compare {} and aspirin, please.")
NAMES = (
    "2-(acetyloxy)benzoic acid",
    "ethyl 4-aminobenzoate",
    "N-(4-hydroxyphenyl)acetamide",
    "(2S)-2-amino-3-(1H-indol-3-yl)propanoic acid",
    "(2S)-2-[[(2S)-2-aminopropanoyl]amino]-N-methylpentanediamide",
    "sodium 2-hydroxybenzoate",
    "propan-2-yl acetate",
    "1,3,7-trimethylpurine-2,6-dione",
    "[(2R)-2,3-dihydroxypropyl] hexadecanoate",
    "(2S)-2-amino-3-phenylpropanoic acid;hydrochloride",
    "bicyclo[2.2.1]heptan-2-one",
    "(E)-but-2-enedioic acid",
    "N,N-diethylethanamine",
    "4'-methylbiphenyl-2-carbonitrile",
    "methyl ethyl ketone",
    "acetic anhydride",
    "tetrachloromethane",
    "cyclohexanol",
)
NO_NAMES = (
    "What is the molecular weight of CC(=O)Oc1ccccc1C(=O)O?",
    "Does imatinib bind ABL1 with a Kd below 10 nM?",
    "What is 50-78-2, and what is CHEMBL25 or CID 2244?",
    "Is COX-2 inhibited more strongly than COX-1 by IL-6, TNF-alpha or NF-kB?",
    "Which residue is at position 790 of P00533 (T790M)?",
    "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ",
    "Ala-Gly-Ser or H-Ala-Gly-OH",
    "How many carboxylic acid groups and how many amide bonds does it have?",
    "Is it an alcohol, an ether, a ketone or an amino acid?",
    "BSYNRYMUTXBXSQ-UHFFFAOYSA-N",
    "InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3",
    "a 9-mer, a 2-fold change, a 6-membered ring, the N-terminal T-cell epitope of the beta-sheet",
    "The metal of the vessel is a total of ten units, in one line; methods and ethics aside.",
    "see https://example.org/2-methyl-propane and value.stride(-1) or x[3].oxide",
    "C9H8O4, H2O2, K+, Na+ and [OH-]",
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_name_is_found_whole_and_first(question: str, name: str) -> None:
    text = question.format(name)
    start, end = name_spans(text)[0]
    assert text[start:end] == name


@pytest.mark.parametrize("text", NO_NAMES)
def test_what_is_no_name_is_passed_over(text: str) -> None:
    assert [text[start:end] for start, end in name_spans(text)] == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("aspirin (2-(acetyloxy)benzoic acid) is a salicylate", "2-(acetyloxy)benzoic acid"),
        ("(propan-2-ol)", "propan-2-ol"),
        ('"butan-2-ol", please', "butan-2-ol"),
        ("what is butan-2-ol's mass", "butan-2-ol"),
        ("Is 2-methylpropane?", "2-methylpropane"),
    ],
)
def test_marks_of_the_text_around_a_name_are_left_out(text: str, name: str) -> None:
    start, end = name_spans(text)[0]
    assert text[start:end] == name


def test_where_a_name_may_end_sooner_the_longest_comes_first() -> None:
    text = "How heavy is ethyl 4-aminobenzoate hydrochloride?"
    assert [text[start:end] for start, end in name_spans(text)] == [
        "ethyl 4-aminobenzoate hydrochloride",
        "4-aminobenzoate hydrochloride",
        "ethyl 4-aminobenzoate",
        "4-aminobenzoate",
    ]


def test_names_with_a_mark_between_them_are_apart() -> None:
    text = "Is propan-1-ol, butan-1-ol or pentan-1-ol heavier?"
    assert [text[start:end] for start, end in name_spans(text)] == ["propan-1-ol", "butan-1-ol", "pentan-1-ol"]


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_name_looks_systematic(name: str) -> None:
    assert looks_systematic(f" {name} ")
    assert not looks_systematic(f"{name} of the liver")


@pytest.mark.parametrize("text", ["aspirin", "imatinib", "EGFR", "CCO", "50-78-2", "", "acid", "ethyl"])
def test_other_names_do_not_look_systematic(text: str) -> None:
    assert not looks_systematic(text)


@pytest.mark.parametrize(
    "text", ["methyloxy" * 6 + "q", "ethyl " * 3000, "(2S)-" * 3000, "ethanol " * 5000, "2-methyl-" * 2000, "(" * 9000]
)
def test_no_text_takes_long_or_has_many_candidates(text: str) -> None:
    before = time.process_time()
    assert len(name_spans(text)) <= MAX_SPANS
    assert time.process_time() - before < 2


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="needs the data beside the checkout")
def test_of_public_names_most_are_found_and_of_questions_without_one_none() -> None:
    with lzma.open(SHARED / "data" / "pubchem_iupac" / "test.tsv.xz", "rt", encoding="utf-8") as rows:
        names = [row.rstrip("\n").split("\t")[2] for row in rows][1:]
    found = 0
    for number, name in enumerate(names):
        text = QUESTIONS[number % len(QUESTIONS)].format(name)
        start = text.index(name)
        found += (start, start + len(name)) in name_spans(text)
    assert found / len(names) > 0.96
    with (SHARED / "data" / "bench" / "questions.jsonl").open(encoding="utf-8") as lines:
        asked = [json.loads(line) for line in lines]
    without = [row["question"] for row in asked if not row["task"].endswith("_name")]
    assert len(without) > 500
    assert [question for question in without if name_spans(question)] == []
