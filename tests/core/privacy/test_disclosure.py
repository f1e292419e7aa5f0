"""Structures and sequences are told from names, in every notation, and a request that holds one does not leave."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomed_agent.cli.egress_trials import SEQUENCE, STRUCTURE
from biomed_agent.core.errors import Refused
from biomed_agent.core.privacy.disclosure import GENES_READ_AS_SMILES, reads_as_residues, structure_in
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.local import LocalIndex
from biomed_agent.sources.pubchem import PubChem
from biomed_agent.sources.uniprot import UniProt

WITHHELD_AT_MOST = 5
"""names of the starter set, about 36,000, that are taken for structures: peptides in three-letter code"""

STRUCTURES = [
    "HAEGTFTSDVSSYLEGQAAK", "GIVEQCCTSICSLYQLENYCN", "haegtftsdvssylegqaakef", "HAEGTFTSDVSSYLEGXAAK",
    "H-Tyr-Gly-Gly-Phe-Met-OH", "Tyr Gly Gly Phe Met", "TyrGlyGlyPheMet", "Ac-tyr-gly-gly-phe",
    "not Arg-Gly-Asp but Tyr-Gly-Gly-Phe",
    "PEPTIDE1{A.G.C.D}$$$$", "{A.G.C.D}", "InChI=1S/CH4/h1H4", "inchi=1S/CH4/h1H4",
    "1S/C9H8O4/c1-6(10)13-8-5-3-2-4-7(8)9(11)12/h2-5H,1H3,(H,11,12)", "1/C9H8O4/c1-6(10)", "c1-6(10)13-8-5-3-2-4-7",
    "CCCCCC", "ClCCl", "CCCCCCCCCC", "C1CCCCC1", "c1ccc2ccccc2c1", "C[C@@H](N)C(=O)O", STRUCTURE, f"the {STRUCTURE}.",
    "CC\u200bCCCC", "C1CC(=OC2CCN", "CH3CH2OH", "CH3(CH2)4CH3", "HOOC-CH2-COOH", "C6H5CH2CH3", "atggcgtacgttagc",
    SEQUENCE, SEQUENCE.lower(), f"{SEQUENCE[:10]} {SEQUENCE[10:20]} {SEQUENCE[20:30]}", "HAEGTFTSDV SSYLEGQAAK",
    "HAEGT-FTSDV-SSYLE", "H-A-E-G-T-F-T-S-D-V", "NLVPMVATV", "  1  2  0  0\n    0.0\nM  END",
]  # fmt: skip
SHORT = ["C=O", "[Na+].[Cl-]", "N#N", "C#C", "C1COC1", "tyr-gly-gly", "Ac-Leu-D-Leu-Nle-al", "Arg-Gly-Asp"]
"""structures as a whole name; in a query they are let pass"""
NAMES = [
    "aspirin", "2-(acetyloxy)benzoic acid", "NSC-123456", "5-HT(2A)", "N-(4-hydroxyphenyl)acetamide", "CO2", "NO",
    "(R)-(+)-limonene", "EGFR T790M", "Leu858Arg/Thr790Met", "HYDROXYPROPYLMETHYLCELLULOSE", "NOS1/NOS2/NOS3",
    "POPC/POPS", "INS", "PCOS", "LEVETIRACETAM", "PHENYLALANINE", "PEGFILGRASTIM", "hypersensitivity", "Met-enkephalin",
    "angiotensin (1-7)", "C9H8O4", "CH2Cl2", "C-N bond", "PI3K", "n=50", "B[a]P", "R-CHOP", "CHCHD2", "HLA-B*57:01",
    "1,1,1,2,2,3,3,3-octafluoropropane", "bicyclo[2.2.1]heptane", "CHECKMATE", "31999999, 32000000", "SPCC16C4.02c",
    "SPOP", "CCNO", "CCNC", "SNCB", "CNO", "CNC", "PNISC", "IPSCs", "SPIONs", "SP-C", "IBS-C", "OSCC", "FCCP", "CCO",
    "BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "InChIKey=BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "10.1002/1873-3468.12345",
]  # fmt: skip
QUERIES = [
    '("COX-2"[tiab] OR PTGS2) AND 2015:2020[dp]', "organism_id:9606", "BCL2 AND (BH3[ti])", "CCO AND COPD",
    "accession,id,reviewed,protein_name,gene_names,organism_name,organism_id,sequence", "SCC AND (FEV1 OR FVC)",
]  # fmt: skip


@pytest.mark.parametrize("text", STRUCTURES)
def test_structures_and_sequences_are_recognised(text: str) -> None:
    assert structure_in(text)
    assert structure_in(text, name=True)
    assert structure_in(f'gene_exact:"{text}" AND organism_id:9606 AND reviewed:true', name=True)


@pytest.mark.parametrize("text", SHORT)
def test_a_short_structure_is_one_as_a_whole_name(text: str) -> None:
    assert structure_in(text, name=True)
    assert not structure_in(f"{text} poisoning")


@pytest.mark.parametrize("text", NAMES)
def test_names_are_not_taken_for_structures(text: str) -> None:
    assert not structure_in(text, name=True)


@pytest.mark.parametrize("text", QUERIES)
def test_queries_are_not_taken_for_structures(text: str) -> None:
    assert not structure_in(text)


def test_what_is_withheld_is_named() -> None:
    assert structure_in("CCCCCC", name=True) == "'CCCCCC' (SMILES)"
    assert structure_in(f"What is {SEQUENCE}?") == f"'{SEQUENCE[:40]}...' (sequence)"


def test_hardly_a_name_of_the_starter_set_is_withheld(cache_dir: Path) -> None:
    with LocalIndex.open(cache_dir) as index:
        names = {name for file in index.files for (name,) in file.connection.execute("SELECT shown FROM name")}
        names |= {name for file in index.files for (name,) in file.connection.execute("SELECT shown FROM homonym")}
    assert len(names) > 20_000
    withheld = {name for name in names if structure_in(name, name=True)}
    assert len(withheld) <= WITHHELD_AT_MOST, sorted(withheld)


def test_pieces_of_proteins_are_told_from_words(cache_dir: Path) -> None:
    with LocalIndex.open(cache_dir) as index:
        rows = index.files[-1].connection.execute("SELECT sequence FROM protein LIMIT 500").fetchall()
    for length, share in ((9, 0.95), (12, 0.98), (20, 0.995)):
        pieces = [sequence[at : at + length] for (sequence,) in rows for at in range(0, len(sequence) - length, 97)]
        assert sum(map(reads_as_residues, pieces)) > share * len(pieces)


def test_also_names_are_read_as_smiles() -> None:
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        needless = {name for name in GENES_READ_AS_SMILES if Chem.MolFromSmiles(name) is None}
    assert not needless


@pytest.mark.parametrize("text", ["HAEGTFTSDVSSYLEGQAAK", "ClCCl", "H-Tyr-Gly-Gly-Phe-Met-OH", "PEPTIDE1{A.G.C.D}$$$$"])
def test_a_structure_does_not_leave_as_a_name(text: str) -> None:
    far = dict.fromkeys(("pubchem", "uniprot", "pubmed", "europepmc"), "http://far.test")
    with Transport(None, services=far) as transport:
        pubchem, uniprot = PubChem(transport), UniProt(transport)
        for ask in (pubchem.by_name, uniprot.by_gene, uniprot.by_name):
            with pytest.raises(Refused) as caught:
                ask(text)
            assert text in caught.value.message
            assert "BIOMED_AGENT_EGRESS=public" in caught.value.hint
        assert not transport.log


def test_a_structure_sent_as_a_name_is_noted_as_a_structure(
    server: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("http_proxy", server.url)  # type: ignore[attr-defined]
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    audit = tmp_path / "egress.jsonl"
    with Transport(None, services={"pubchem": "http://far.test"}, egress="public", audit=audit) as transport:
        transport.get("pubchem", "compound/name/CCCCCC", discloses="name", log_line="name CCCCCC")
    assert '"kind": "structures"' in audit.read_text(encoding="utf-8")
    assert "CCCCCC" not in audit.read_text(encoding="utf-8")
