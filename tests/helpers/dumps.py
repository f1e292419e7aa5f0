"""Small dumps of the shapes that PubChem, UniProt and PubMed give out, and indexes built from them."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from biomed_agent.sources.local import LocalIndex
from biomed_agent.sources.local.build import build_from_dumps
from biomed_agent.sources.local.files import open_file
from biomed_agent.sources.local.progress import Report

STRUCTURES = {
    2244: ("CC(=O)OC1=CC=CC=C1C(=O)O", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "Aspirin", "C9H8O4"),
    2519: ("CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "RYYVLZVUVIJVGH-UHFFFAOYSA-N", "Caffeine", "C8H10N4O2"),
    702: ("CCO", "LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "Ethanol", "C2H6O"),
    962: ("O", "XLYOFNOQVPJJNP-UHFFFAOYSA-N", "Water", "H2O"),
}
SYNONYMS = [
    "2244\taspirin",
    "2244\tAcetylsalicylic acid",
    "2244\t50-78-2",
    "2244\tCHEBI:15365",
    "702\tStorm",
    "99\tnobody",
]


def packed(path: Path, lines: Sequence[str]) -> Path:
    path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))
    return path


def pubchem(folder: Path, without: Sequence[str] = ()) -> list[Path]:
    """Write the column files of a small PubChem."""
    columns = {
        "CID-SMILES": [f"{cid}\t{structure[0]}" for cid, structure in STRUCTURES.items()],
        "CID-InChI-Key": [f"{cid}\tInChI=1S/x\t{structure[1]}" for cid, structure in STRUCTURES.items()],
        "CID-Mass": [f"{cid}\t{structure[3]}\t1.0\t1.0" for cid, structure in STRUCTURES.items()],
        "CID-Title": [f"{cid}\t{structure[2]}" for cid, structure in STRUCTURES.items()],
        "CID-Synonym-filtered": SYNONYMS,
    }
    return [packed(folder / f"{name}.gz", lines) for name, lines in columns.items() if name not in without]


def built(folder: Path, **given: Any) -> tuple[LocalIndex, Report]:
    report = build_from_dumps(folder / "out.sqlite", **given)
    return LocalIndex([open_file(report.path)]), report


FLAT = """ID   ABL1_HUMAN              Reviewed;          12 AA.
AC   P00519; A0A1;
DE   RecName: Full=Tyrosine-protein kinase ABL1 {ECO:0000305};
DE            EC=2.7.10.2 {ECO:0000269|PubMed:1};
DE   AltName: Full=Abelson kinase 1;
DE   Contains:
DE     RecName: Full=A part;
DE              EC=1.1.1.1;
GN   Name=ABL1; Synonyms=ABL, JTK7;
OS   Homo sapiens (Human).
OX   NCBI_TaxID=9606;
CC   -!- FUNCTION: Takes part in
CC       a process (PubMed:12). {ECO:0000269|PubMed:12}.
CC   -!- SUBCELLULAR LOCATION: Cytoplasm {ECO:0000269}. [Isoform 2]: Nucleus
CC       membrane {ECO:0000269}; Lipid-anchor. Note=Not a place.
CC   -!- SIMILARITY: Belongs to the protein kinase superfamily. ABL
CC       subfamily. {ECO:0000255}.
DR   GO; GO:0005524; F:ATP binding; IDA:UniProtKB.
SQ   SEQUENCE   12 AA;  1 MW;  0 CRC64;
     MLEICLKLVG CK
//
ID   BROKEN_HUMAN            Unreviewed;         3 AA.
AC   nonsense;
SQ   SEQUENCE   3 AA;  1 MW;  0 CRC64;
     MLE
//
"""


def article(pmid: int, title: str, abstract: str, year: int = 2020, kind: str = "Journal Article") -> str:
    return (
        f"<PubmedArticle><MedlineCitation><PMID>{pmid}</PMID><Article><Journal><JournalIssue><PubDate><Year>{year}</Year>"
        f"</PubDate></JournalIssue><Title>A journal</Title></Journal><ArticleTitle>{title}</ArticleTitle><Abstract>"
        f"<AbstractText>{abstract}</AbstractText></Abstract><PublicationTypeList><PublicationType>{kind}</PublicationType>"
        "</PublicationTypeList></Article></MedlineCitation></PubmedArticle>"
    )


def pubmed(path: Path, *records: str) -> Path:
    head = '<?xml version="1.0"?>\n<!DOCTYPE PubmedArticleSet SYSTEM "x.dtd">\n<PubmedArticleSet>\n'
    path.write_bytes(gzip.compress("\n".join((head, *records, "</PubmedArticleSet>\n")).encode()))
    return path


ARTICLES = (
    article(11, "Aspirin and tumours", "Aspirin lowered the risk of <i>colorectal</i> cancer in 100 patients.", 2001),
    article(12, "Zebra stripes", "Stripes of zebras. Nothing of drugs here.", 2015),
    article(
        13, "Aspirin again", "The study of aspirin and colorectal cancer was wrong.", 2019, "Retracted Publication"
    ),
    article(14, "Tumor necrosis factor", "TNF-alpha is a factor, and aspirin lowers it.", 2021, "Review"),
)
