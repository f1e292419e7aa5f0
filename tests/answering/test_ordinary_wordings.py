"""Ordinary wordings, of which each was refused or misread once; the values are those of someone who had not seen it."""

from __future__ import annotations

import pytest

from biomed_agent import BioMedAgent

WORDINGS = [
    ("logP of sertraline pls", "logP 5.18"),
    ("How heavy is a molecule of vancomycin?", "1,449.27 g/mol"),
    ("I need the logP of amiodarone for a slide, thanks!", "logP 6.94"),
    ("Crippen log P, haloperidol", "logP 4.43"),
    ("net formal charge of acetylcholine", "formal charge 1"),
    ("What is the molar refractivity of toluene?", "molar refractivity 31.18"),
    ("drug with CAS 58‑08‑2: molecular formula", "C8H10N4O2"),
    ("CMWTZPSULFXXJA-VIFPVBQESA-N = ?", "Naproxen is C14H14O3"),
    ("Viagra is which substance?", "Sildenafil citrate is"),
    ("generic name for Zocor?", "simvastatin"),
    ("which drug is sold as Gleevec", "Imatinib mesylate is"),
    ("Under which trade names is omeprazole sold?", "Losec"),
    ("sertraline hydrochloride -> free base?", "parent compound sertraline"),
    ("Quick check: procaine is an ester, right?", "Yes."),
    ("bortezomib contains boron - true?", "Yes: bortezomib has 1 boron atom"),
    ("would you call ibuprofen a steroid?", "No."),
    ("Is it right that aspirin is an ester?", "Yes."),
    ("nintedanib binds MELK, true or false?", "Kd 4.9 nM"),
    ("Is celecoxib free of PAINS substructures?", "Yes."),
    ("is ruxolitinib rule-of-5 compliant?", "Yes."),
    ("who has more rings, morphine or fentanyl?", "morphine 5 and fentanyl 3"),
    ("Is caffeine bigger than theophylline by mass?", "Yes."),
    ("which is the most lipophilic of loratadine, cetirizine and diphenhydramine?", "loratadine 4.89"),
    ("paracetamol or phenacetin, which has fewer H bond donors?", "phenacetin 1 and acetaminophen 2"),
    ("What is the weight of isoniazid and does it contain a pyridine?", "has 1 pyridine ring"),
    ("How many residues more has human BRAF than human AKT1?", "766 residues"),
    ("residues 1-20 of EGFR", "MRPSGTAGAALLALLAALCP"),
    ("What are the first ten amino acids of PTEN?", "MTAIIKEIVS"),
    ("last five residues of alpha-synuclein human", "YEPEA"),
    ("residues 65 to 67 of GFP (P42212)", "SYG"),
    ("which residue sits at 315 in ABL1 (P00519)?", "threonine"),
    ("How heavy is the EGFR (P00533) protein?", "134,276 Da"),
    ("mass of the peptide YGGFM", "574 Da"),
    ("What are the length and pI of DRVYIHPFHL?", "isoelectric point 6.92"),
    ("How many glycines in GIVEQCCTSICSLYQLENYCN?", "1 glycine"),
    ("Do the SMILES CCO and OCC stand for the same substance?", "Yes."),
    ("How many drugs are penicillins?", "molecules"),
    ("Which proteins belong to the sirtuin family?", "SIRT1"),
    ("Show me everything that has an azide group.", "zidovudine"),
    ("Was ist schwerer, Nicotin oder Atropin?", "Atropine is heavier"),
    ("Ist Cortisol ein Keton?", "Yes."),
    ("Wie viele Sauerstoffatome hat Saccharose?", "11 oxygen atoms"),
    ("Wie viele Wasserstoffbrückendonoren hat Ribavirin?", "donors 4"),
    ("La codéine contient-elle du soufre ?", "0 sulfur atoms"),
    ("Numéro CAS de l’acide folique ?", "59-30-3"),
    ("quel est le poids moléculaire de la protéine PTEN humaine", "47,166 Da"),
    ("¿Cuántos átomos de cloro tiene el diclofenaco?", "2 chlorine atoms"),
]


@pytest.mark.parametrize(("question", "value"), WORDINGS)
def test_an_ordinary_wording_is_answered(agent: BioMedAgent, question: str, value: str) -> None:
    answer = agent.ask(question)
    assert answer.status == "answered", answer.text
    assert value in answer.text


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("average molecular weight of aspirin, ibuprofen and naproxen?", "average"),
        ("List the kinase inhibitors you have with a molecular weight under 350.", "kinase inhibitors"),
        ("is aspirin safe, right?", "safe"),
        ("I thought aspirin was a wonder drug?", "wonder"),
        ("Does imatinib bind ABL1 in mice, yes or no?", "mice"),
    ],
)
def test_a_word_that_changes_it_is_still_named(agent: BioMedAgent, question: str, word: str) -> None:
    answer = agent.ask(question)
    assert answer.status != "answered", answer.text
    assert any(word in unread for unread in answer.unread)
