"""Tables of one's own: what a header may be called, which rows are bad, what the index must hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomed_agent.core.errors import InvalidInput
from tests.helpers.activities import IMATINIB, IMATINIB_SMILES, published
from tests.helpers.dumps import FLAT, built, pubchem

HEADER = "Name,SMILES,UniProt ID,Type,Relation,Value,Units"


@pytest.fixture
def proteins(tmp_path: Path) -> Path:
    path = tmp_path / "p.dat"
    path.write_text(FLAT)
    return path


def test_molecules_by_their_structures(tmp_path: Path, proteins: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text(
        f"{HEADER}\nimatinib,{IMATINIB_SMILES},P00519,Kd,=,21,nM\nimatinib,{IMATINIB_SMILES},P00519,IC50,,>10000,nM\n"
        f",{IMATINIB_SMILES},P00519,pKi,>,7,\nother,CCO,Q99999,Kd,=,1,nM\n"
    )
    index, report = built(tmp_path, proteins=[proteins], activities=[table])
    [(imatinib, _)] = index.molecules_named("imatinib")
    assert imatinib.inchikey == IMATINIB  # computed
    abl1 = index.protein_by_accession("P00519")
    assert abl1 is not None
    facts = published(index, imatinib, abl1)
    assert [(fact.predicate, fact.relation, fact.value) for fact in facts] == [
        ("Kd", "=", 21.0),
        ("Ki", "<", 100.0),
        ("IC50", ">", 10000.0),
    ]
    assert facts[0].provenance.source == "mine.csv"
    assert facts[0].provenance.identifier == "line 2"
    assert report.skipped == [("mine.csv", "its protein is not in the index", 1)]
    assert report.counts["molecule"] == 1


def test_molecules_by_their_keys_and_every_optional_column(tmp_path: Path, proteins: Path) -> None:
    table = tmp_path / "mine.tsv"
    columns = "construct refs replicates assay_type organism validity comment pchembl variant"
    stated = ["JH1 domain", "PMID:1|DOI:2", "3", "binding", "Homo sapiens", "doubtful", "a comment", "4.2", "T315I"]
    header = ["inchikey", "accession", "measure", "relation", "value", "unit", *columns.split(" ")]
    rows = [
        ["BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "P00519", "Ki", "", "5", "uM", *stated],
        [IMATINIB, "P00519", "Ki", "=", "5", "uM", *[""] * 9],
        ["BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "Q99999", "Ki", "=", "5", "uM", *[""] * 9],
    ]
    table.write_text("\n".join("\t".join(row) for row in (header, *rows)) + "\n")
    index, report = built(tmp_path, molecules=pubchem(tmp_path), proteins=[proteins], activities=[table])
    [(aspirin, _)] = index.molecules_named("aspirin")
    abl1 = index.protein_by_accession("P00519")
    assert abl1 is not None
    [fact] = published(index, aspirin, abl1)
    assert (fact.relation, fact.value, fact.construct) == ("not stated", 5000.0, "JH1 domain")
    assert fact.measurement is not None
    measured = fact.measurement
    assert (measured.references, measured.replicates, measured.pchembl) == (("PMID:1", "DOI:2"), 3, 4.2)
    assert (measured.assay_type, measured.organism, measured.validity) == ("binding", "Homo sapiens", "doubtful")
    assert (measured.comment, measured.variant) == ("a comment", "T315I")
    assert report.skipped == [
        ("mine.tsv", "its molecule is not in the index, or has a structure that cannot be read", 1),
        ("mine.tsv", "its protein is not in the index", 1),
    ]
    [stats] = index.stats()["files"]
    assert stats["built_from"].endswith("mine.tsv (1 of 3)")
    assert stats["skipped"].startswith("1 of mine.tsv: its molecule")


def test_bad_rows_are_named_by_their_lines(tmp_path: Path, proteins: Path) -> None:
    table = tmp_path / "mine.csv"
    bad = [
        "a,CCO,P00519,IC50,=,5,ug/mL", "b,CCO,nonsense,IC50,=,5,nM", "c,,P00519,IC50,=,5,nM", "d,CCO,P00519",
        "e,CCO,P00519,IC50,=,,nM", "f,CCO,P00519,IC50,<,>5,nM", "g,C1CC,P00519,IC50,=,5,nM",
        "h,CCO,P00519,IC50,is,5,nM",
    ]  # fmt: skip
    table.write_text("\n".join([HEADER, "ok,CCO,P00519,IC50,=,5,nM", *bad]) + "\n")
    _, report = built(tmp_path, proteins=[proteins], activities=[table])
    reasons = {line: reason for file, line, reason in report.rejected if file == "mine.csv"}
    assert sorted(reasons) == [3, 4, 5, 6, 7, 8, 9, 10]
    assert reasons[3].startswith("unit 'ug/mL', which is no molar concentration; got IC50 =5 ug/mL")
    assert reasons[4] == "accession: expected a UniProt accession, got 'nonsense'"
    assert reasons[5] == "neither an InChIKey nor a SMILES is stated"
    assert reasons[6] == "expected 7 cells, got 3"
    assert reasons[7].startswith("no value; got")
    assert reasons[8] == "value: '>5' and the relation '<' do not go together"
    assert "ring closure 1" in reasons[9]
    assert report.counts["activity"] == 1


@pytest.mark.parametrize(
    ("header", "missing"),
    [
        ("inchikey,accession,measure,relation,unit", "value"),
        ("name,accession,measure,relation,value,unit", r"inchikey \(or smiles\)"),
        ("smiles,measure,value", "accession, relation, unit"),
        ("hello world", r"inchikey \(or smiles\), accession, measure, relation, value, unit"),
    ],
)
def test_a_header_without_a_column_is_refused(tmp_path: Path, header: str, missing: str) -> None:
    (tmp_path / "mine.csv").write_text(f"{header}\n")
    with pytest.raises(InvalidInput, match=rf"mine\.csv, line 1: the table has no column {missing};"):
        built(tmp_path, activities=[tmp_path / "mine.csv"])
