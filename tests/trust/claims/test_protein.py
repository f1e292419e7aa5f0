"""Statements about proteins, and what is made of them."""

from __future__ import annotations

import pytest

from biomed_agent.core.types import Fact, Protein, Provenance
from biomed_agent.trust.claims import check_text
from tests.helpers.claims import check_sentence

SUPPORTED, CONTRADICTED, UNVERIFIED = "supported", "contradicted", "unverified"

UNIPROT = Provenance("UniProt", "P00533")
EGFR = Protein(
    sequence="M" * 1210,
    accession="P00533",
    entry_name="EGFR_HUMAN",
    name="Epidermal growth factor receptor",
    gene="EGFR",
    organism="Homo sapiens (Human)",
    taxon_id=9606,
    synonyms=("ERBB1", "Receptor tyrosine-protein kinase erbB-1"),
    provenance=UNIPROT,
)
RECORD: list[tuple[str, str | int]] = [
    ("EC number", "2.7.10.1"),
    ("protein family", "Belongs to the protein kinase superfamily"),
    ("protein family", "Tyr protein kinase family"),
    ("protein family", "EGF receptor subfamily"),
    ("subcellular location", "Cell membrane"),
    ("subcellular location", "Endosome"),
    ("subcellular location", "Nucleus"),
    ("keyword", "Receptor"),
    ("molecular weight", 134277),
]
EGFR_FACTS = [Fact("UNIPROT:P00533", predicate, value, provenance=UNIPROT) for predicate, value in RECORD]

PROTEIN_CLAIMS = [
    ("The protein is 1,210 amino acids long.", SUPPORTED),
    ("It consists of 1210 residues.", SUPPORTED),
    ("It has about 1200 amino acids.", SUPPORTED),
    ("The protein is 950 amino acids long.", CONTRADICTED),
    ("The mature protein has 1186 amino acids.", UNVERIFIED),
    ("It has a kinase domain of 268 residues.", UNVERIFIED),
    ("It has a signal peptide of 24 amino acids.", UNVERIFIED),
    ("It has more than 1000 residues.", SUPPORTED),
    ("Its length is 1,210.", SUPPORTED),
    ("Length: 1000.", CONTRADICTED),
    ("It is a serine/threonine kinase.", UNVERIFIED),  # EC 2.7.10 are tyrosine kinases
    ("It is a bacterial enzyme.", UNVERIFIED),
    ("Gene: ERBB1.", SUPPORTED),
    ("It has a molecular mass of 134 kDa.", SUPPORTED),
    ("It is a 170 kDa glycoprotein.", UNVERIFIED),
    ("It is encoded by the EGFR gene.", SUPPORTED),
    ("It is encoded by the TP53 gene.", UNVERIFIED),
    ("Its UniProt accession is P00533.", SUPPORTED),
    ("It is a human protein.", SUPPORTED),
    ("It is from Mus musculus.", CONTRADICTED),
    ("It is a mouse protein.", CONTRADICTED),
    ("It is similar to a mouse protein.", UNVERIFIED),
    ("The enzyme has the EC number 2.7.10.1.", SUPPORTED),
    ("Its EC number is 2.7.11.1.", UNVERIFIED),
    ("Its EC number is 3.4.21.4.", CONTRADICTED),
    ("It is inhibited by an EC 3.4.21.4 inhibitor.", UNVERIFIED),
    ("EGFR is a receptor tyrosine kinase.", SUPPORTED),
    ("It is an enzyme.", SUPPORTED),
    ("It is not a kinase.", CONTRADICTED),
    ("It is a protease.", CONTRADICTED),
    ("It is a kinase inhibitor.", UNVERIFIED),
    ("It may be a protease.", UNVERIFIED),
    ("It is a member of the EGF receptor subfamily.", SUPPORTED),
    ("Belongs to the protein kinase superfamily.", SUPPORTED),
    ("It belongs to the globin family.", UNVERIFIED),
    ("It is located in the plasma membrane.", SUPPORTED),
    ("It localizes to the nucleus.", SUPPORTED),
    ("It is in the nucleus.", SUPPORTED),
    ("It is in the nucleus of HIV.", UNVERIFIED),
    ("It is in the nucleus and kills HIV.", UNVERIFIED),
    ("It is located in the nucleus and mitochondrion.", UNVERIFIED),
    ("It does not have 1,210 residues.", UNVERIFIED),
    ("It is not encoded by the EGFR gene.", UNVERIFIED),
    ("It is a kinase that has 999 disulfide bonds.", UNVERIFIED),
    ("It is found in the mitochondrion.", UNVERIFIED),
    ("It is not located in the nucleus.", CONTRADICTED),
    ("It is secreted.", CONTRADICTED),
    ("Cell membrane.", SUPPORTED),
    ("Endosome; peripheral membrane protein.", UNVERIFIED),  # the record has no topology
    ("Endosome.", SUPPORTED),
    ("Tyr protein kinase family.", SUPPORTED),
    ("Globin family.", UNVERIFIED),
    ("Mitochondrion.", UNVERIFIED),
    ("Epidermal growth factor receptor.", SUPPORTED),
    ("Insulin receptor.", UNVERIFIED),
    ("TP53 is 393 amino acids long.", UNVERIFIED),
    ("It phosphorylates a protein of 393 amino acids.", UNVERIFIED),
    ("Plays a role in the mitochondrion of the mouse.", UNVERIFIED),
]


@pytest.mark.parametrize(("sentence", "verdict"), PROTEIN_CLAIMS)
def test_verdicts_on_proteins(sentence: str, verdict: str) -> None:
    claim = check_sentence(sentence, EGFR, EGFR_FACTS)
    assert claim.verdict == verdict, claim.why


def test_without_a_record_little_is_decided() -> None:
    bare = Protein("MKV" * 30)
    claims = check_text("It is a kinase. It is in the nucleus. It is from Mus musculus. It has 90 residues.", bare)
    assert [claim.verdict for claim in claims] == ["unverified", "unverified", "unverified", "supported"]
