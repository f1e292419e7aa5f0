"""A table of questions with what must come back: status, entity, and words of the answer.

The agent has no network and no model, so everything here comes from the shipped records and computation.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.core.types import EXIT_CODES

ERLOTINIB = "C#Cc1cccc(Nc2ncnc3cc(OCCOC)c(OCCOC)cc23)c1"
UNKNOWN = "CC1CC(=O)N(C1)c1ccc(cc1)C(=O)NCc1cccnc1F"
UBIQUITIN = "MQIFVKTLTGKTITLEVEPSDTIENVKAKIQDKEGIPPDQQRLIFAGKQLEDGRTLSDYNIQKESTLHLVLRLRGG"
DNA = "ATGGCCAAGTTGACCAGTGCCGTTCCGGTGCTCACCGCGCGCGACGTCGCC"


class Row(NamedTuple):
    question: str
    status: str
    entity: str = ""
    """name or gene of the first entity, compared without case; empty when nothing may be resolved"""
    says: tuple[str, ...] = ()
    molecule: str | None = None
    protein: str | None = None
    kind: str = ""


ROWS = [
    # identity
    Row("What is aspirin?", "answered", "acetylsalicylic acid", ("C9H8O4", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N")),
    Row("aspirin", "answered", "acetylsalicylic acid", ("180.16",)),
    Row("What is the SMILES of caffeine?", "answered", "caffeine", ("Cn1c(=O)c2c(ncn2C)n(C)c1=O",)),
    Row("What is the InChIKey of metformin?", "answered", "metformin", ("XZWYZXLIPXDOLR-UHFFFAOYSA-N",)),
    Row("Give me the CAS number of ibuprofen", "answered", "ibuprofen", ("15687-27-1",)),
    Row("What is the UniProt accession of EGFR?", "answered", "EGFR", ("P00533",)),
    Row("Which drug has InChIKey BSYNRYMUTXBXSQ-UHFFFAOYSA-N?", "answered", "acetylsalicylic acid"),
    Row("What is DB00619?", "answered", "imatinib"),
    Row("Identify this molecule.", "answered", "erlotinib", molecule=ERLOTINIB),
    Row(f"What is {ERLOTINIB}?", "answered", "erlotinib"),
    Row("Identify this molecule.", "answered", "", ("C18H18FN3O2",), molecule=UNKNOWN),
    Row("What is P00533?", "answered", "EGFR"),
    Row("What is EGFR_HUMAN?", "answered", "EGFR"),
    Row("What is this protein?", "answered", "", ("76",), protein=UBIQUITIN),
    # a name of a molecule and a protein: the question may tell which
    Row("What is the molecular weight of cAMP?", "ambiguous", "", ("a molecule and a protein",)),
    Row(
        "What is the molecular weight of the molecule cAMP?", "answered", "cyclic adenosine monophosphate", ("329.21",)
    ),
    Row("What is the molecular weight of the protein calcitonin?", "answered", "CALCA", ("15,467",)),
    Row("What is the SMILES of cAMP?", "answered", "cyclic adenosine monophosphate"),
    Row("How many residues does somatostatin have?", "answered", "SST", ("116",)),
    Row("Is the CAMP gene known?", "inapplicable", "CAMP"),
    Row("What is the mass of the protein aspirin?", "answered", "acetylsalicylic acid"),
    # limits on what is measured
    Row(
        "Does erlotinib bind EGFR with a Kd below 0.1 nM?",
        "answered",
        "erlotinib",
        ("Kd 0.67 nM", "None of these is within the limit Kd below 0.1 nM"),
    ),
    Row("What binds ABL1 below 1 nM?", "answered", "ABL1", ("in the local records with an affinity below 1 nM",)),
    # computed values
    Row("What is the molecular weight of imatinib?", "answered", "imatinib", ("493.6",)),
    Row("molecular weight of imatinib mesylate", "answered", "imatinib mesylate", ("589.7", "493.6")),
    Row("How heavy is Gleevec?", "answered", "imatinib mesylate", ("589.7", "493.6")),
    Row("What is the mass of sildenafil citrate?", "answered", "sildenafil citrate", ("666.7", "474.5")),
    Row("What is the molar mass of Viagra?", "answered", "sildenafil citrate", ("666.7", "474.5")),
    Row("What is the monoisotopic mass of glucose?", "answered", "glucose", ("180.063",)),
    Row("What is the formula of paracetamol?", "answered", "paracetamol", ("C8H9NO2",)),
    Row("logP of warfarin", "answered", "warfarin", ("logP",)),
    Row("Does atorvastatin pass Lipinski's rule of five?", "answered", "atorvastatin", ("rule of five",)),
    Row("How many rotatable bonds does ibuprofen have?", "answered", "ibuprofen", ("rotatable bonds 4",)),
    Row("How many hydrogen bond donors has morphine?", "answered", "morphine", ("hydrogen-bond donors 2",)),
    Row("TPSA?", "answered", "caffeine", ("TPSA",), molecule="caffeine"),
    Row("What is the molecular weight?", "answered", "", ("327.",), molecule=UNKNOWN),
    Row("How long is BRAF?", "answered", "BRAF", ("766",)),
    Row("How many amino acids does human TP53 have?", "answered", "TP53", ("393",)),
    Row("Qual é a massa molecular da cafeína?", "answered", "caffeine", ("194.19",)),
    Row("Was ist die Molmasse von Aspirin?", "answered", "acetylsalicylic acid", ("180.16",)),
    Row("What is the weight of acetaminophen?", "answered", "paracetamol", ("151.1",)),
    Row("What is the molecular weight of Tylenol?", "answered", "paracetamol", ("151.1",)),
    # stored values
    Row("What is the EC number of EGFR?", "answered", "EGFR", ("2.7.10.1",)),
    Row("Which gene encodes P04637?", "answered", "TP53", ("TP53",)),
    Row("What are synonyms of paracetamol?", "answered", "paracetamol", ("acetaminophen",)),
    Row(
        "What roles does imatinib have?", "answered", "imatinib", ("antineoplastic agent", "tyrosine kinase inhibitor")
    ),
    # protein questions
    Row("What family does EGFR belong to?", "answered", "EGFR", ("Tyr protein kinase family",)),
    Row("What is the function of EGFR?", "answered", "EGFR", ("2.7.10.1",)),
    Row("Where in the cell is EGFR located?", "answered", "EGFR", ("membrane",)),
    Row("What is the function of it?", "answered", "EGFR", protein="gene:EGFR"),
    # activity of a pair
    Row("Does gefitinib bind EGFR?", "answered", "gefitinib", ("Kd", "nM")),
    Row("What is the affinity of imatinib for ABL1?", "answered", "imatinib", ("Kd",)),
    Row("Does imatinib bind ABL1 T315I?", "not_found", "imatinib", ("T315I",)),
    Row("Does aspirin bind BRAF?", "not_found", "acetylsalicylic acid"),
    Row("Does it inhibit this kinase?", "answered", "gefitinib", ("Kd",), molecule="gefitinib", protein="EGFR"),
    Row("Does imatinib bind T315I ABL1?", "not_found", "imatinib", ("T315I",)),
    Row("Does imatinib bind the T315I mutant of ABL1?", "not_found", "imatinib", ("T315I",)),
    Row("Does imatinib bind ABL1 Thr315Ile?", "not_found", "imatinib", ("T315I",)),
    Row("Does it bind the T315I mutant?", "not_found", "imatinib mesylate", molecule="Gleevec", protein="ABL1"),
    Row("Does imatinib bind mutant ABL1?", "inapplicable", "imatinib"),
    Row("Does gefitinib bind EGFR exon 19 deletion?", "inapplicable", "gefitinib"),
    Row("What is the mass of G12D KRAS?", "answered", "KRAS", ("G12D",)),
    Row("Which is more potent on EGFR, gefitinib or erlotinib?", "answered", "gefitinib", ("1 nM", "0.67 nM")),
    Row("Does imatinib bind BCR-ABL?", "not_found", "imatinib", ("BCR-ABL",)),
    Row("What is the IC50 of gefitinib against EGFR?", "answered", "gefitinib", ("No IC50", "Kd 1 nM")),
    Row("Does caffeine bind EGFR?", "answered", "caffeine", ("counted as no binding",)),
    Row(
        "What does theobromine bind?", "refused", "theobromine", ("No measured binding", "not looked up: offline is on")
    ),
    Row("Which drugs do not bind EGFR?", "inapplicable", "EGFR", ('"not" was not understood',)),
    Row("What is the molecular weight of the EGFR inhibitor?", "inapplicable", "EGFR", ("molecular weight",)),
    Row("How large is the binding pocket of EGFR?", "inapplicable", "EGFR"),
    # several values of several kinds at once
    Row(
        "Give molecular weight, SMILES and CAS number of aspirin", "answered", says=("180.16", "SMILES CC(", "50-78-2")
    ),
    # another thing than the named one
    Row("What is the lightest salt of morphine?", "inapplicable"),
    Row("What is the molecular weight of the hydrochloride salt of morphine?", "inapplicable"),
    Row("Which salts of imatinib are known?", "answered", "imatinib", ("imatinib mesylate",)),
    Row("What is the charge of glycine at pH 2?", "inapplicable", "glycine"),
    Row("What is the molecular weight of morphine N-oxide?", "inapplicable"),
    Row("What is the molecular weight of morphine glucuronide?", "inapplicable"),
    Row("What is the mass of deuterated aspirin?", "inapplicable"),
    Row("molecular weight of desmethyl diazepam", "inapplicable"),
    Row("What is the mass of 2 moles of aspirin?", "inapplicable"),
    Row("What is the hydrochloride of propranolol?", "inapplicable"),
    Row("How long is EGFR isoform 2?", "inapplicable", "EGFR"),
    Row("What is the weight of the EGFR kinase domain?", "inapplicable", "EGFR"),
    Row("What is the LD50 of caffeine?", "inapplicable", "caffeine"),
    Row("What is the molecular weight of C9H8O4?", "not_found"),
    # yes or no
    Row("Is aspirin an ester?", "answered", "acetylsalicylic acid", ("Supported",)),
    Row("Is imatinib mesylate a salt?", "inapplicable", "imatinib mesylate"),  # no rule decides it for co-crystals
    Row("Is Advil the same as Motrin?", "answered", "ibuprofen", ("Both names",)),
    Row("What is the parent of imatinib mesylate?", "answered", "imatinib mesylate", ("imatinib",)),
    # ambiguity
    Row("What is it?", "ambiguous", molecule="inchikey:BSYNRYMUTXBXSQ"),
    Row("What is the molecular weight of PCP?", "ambiguous"),
    Row("What is PCP?", "ambiguous"),
    Row("What is the function of COX1?", "ambiguous"),
    Row("What is p38?", "ambiguous"),
    Row("What is this?", "ambiguous", protein=">one\nMKTAYIAKQRQISFVKSHFSRQ\n>two\nMSTNPKPQRKTKRNTNRRPQDV"),
    # unknown, misspelled, not asked of records
    Row("What is the molecular weight of asprin?", "not_found"),
    Row("What is the mass of flurbnitrol?", "not_found"),
    Row("What is the mass of the methyl ester of aspirin?", "inapplicable"),
    Row("What is the molecular weight of imatinib phosphate?", "not_found"),
    Row("asdf qwer zxcv", "not_found"),
    Row("What is the meaning of life?", "not_found"),
    Row("Is aspirin safe in pregnancy?", "inapplicable", "acetylsalicylic acid"),
    Row("What is the best dose of ibuprofen for me?", "inapplicable", "ibuprofen"),
    Row("Where in the cell is aspirin located?", "inapplicable", "acetylsalicylic acid"),
    Row("mass?", "not_found", molecule="CCO"),  # a bare word is a name, not a SMILES
    Row("mass?", "answered", "ethanol", ("46.07",), molecule="smiles:CCO"),
    Row("What do papers say about metformin and ageing?", "refused"),
    # bad input
    Row("", "invalid"),
    Row("   ", "invalid"),
    Row("What is this?", "invalid", molecule="C1CC"),
    Row("What is this?", "invalid", molecule="smiles:c1ccccc"),
    Row("What is this?", "invalid", molecule=""),
    Row("What is this?", "invalid", protein=DNA),
    Row("What is this?", "invalid", protein="M" * 40_000),
    Row("What is this?", "invalid", protein=UBIQUITIN + "1?"),
    Row("What is this?", "invalid", molecule="EGFR_HUMAN"),
    Row("What is CC(=O)Oc1ccccc1C(=O?", "invalid"),
    Row("What is this? \x00\x01", "invalid"),
    Row("x" * 50_000, "invalid"),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.question[:50]}|{(row.molecule or row.protein or '')[:20]}")
def test_question_table(agent: BioMedAgent, row: Row) -> None:
    answer = agent.ask(row.question, row.molecule, row.protein)
    assert answer.status == row.status, answer.text
    assert answer.exit_code == EXIT_CODES[row.status]
    assert answer.egress == ()
    if row.entity:
        first = answer.entities[0].entity
        names = {first.name.lower(), getattr(first, "gene", "").lower(), *(s.lower() for s in first.synonyms)}
        assert row.entity.lower() in names, names
    elif row.status in ("not_found", "ambiguous", "invalid"):
        assert not answer.entities
    for words in row.says:
        assert words.lower() in answer.text.lower(), answer.text
    if row.status == "ambiguous":
        assert len(answer.candidates) >= 2
    if row.status == "answered":
        assert answer.sources, "every answer names its sources"
    assert answer.text


def test_there_are_at_least_sixty_questions() -> None:
    assert len(ROWS) >= 60
