"""Activities as ChEMBL's web site and web service write them, and its list of targets."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from biomed_agent.core.errors import InvalidInput
from biomed_agent.sources.local.activity_dumps.tabular import objects_of, rows_of
from biomed_agent.sources.local.dumps import Bad, Dump
from tests.helpers.activities import ASPIRIN, IMATINIB, IMATINIB_SMILES, MAPPING, bindingdb, chembl, published, web_csv
from tests.helpers.dumps import FLAT, built
from tests.helpers.places import SHARED

RECORDED = SHARED / "recorded" / "chembl"
needs_recorded = pytest.mark.skipif(not RECORDED.is_dir(), reason="the data collection is not beside the checkout")


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "chembl_uniprot_mapping.txt"
    path.write_text(MAPPING)
    return path


@pytest.fixture
def proteins(tmp_path: Path) -> Path:
    path = tmp_path / "p.dat"
    path.write_text(FLAT)
    return path


def row(**cells: object) -> dict[str, object]:
    """Return an activity as the web service gives it out."""
    return {
        "activity_id": 7, "molecule_chembl_id": "CHEMBL941", "parent_molecule_chembl_id": "CHEMBL941",
        "molecule_pref_name": "IMATINIB", "canonical_smiles": IMATINIB_SMILES, "target_chembl_id": "CHEMBL1862",
        "target_organism": "Homo sapiens", "assay_type": "B", "standard_type": "Kd", "standard_relation": "=",
        "standard_value": "21.0", "standard_units": "nM", "pchembl_value": "7.68", "activity_comment": None,
        "data_validity_comment": None, "potential_duplicate": 0, "ligand_efficiency": {"bei": "1"},
    } | cells  # fmt: skip


def test_a_table_of_the_web_site(tmp_path: Path, mapping: Path, proteins: Path) -> None:
    index, report = built(tmp_path, proteins=[proteins], activities=[web_csv(tmp_path / "a.csv"), mapping])
    [imatinib] = index.molecules_by_inchikey(IMATINIB)
    abl1 = index.protein_by_accession("P00519")
    assert abl1 is not None
    assert (imatinib.name, imatinib.handle) == ("IMATINIB", "CHEMBL:CHEMBL941")
    exact, bound = published(index, imatinib, abl1)
    assert (exact.predicate, exact.relation, exact.value) == ("Kd", "=", 21.0)
    assert exact.measurement is not None
    assert (exact.measurement.pchembl, exact.measurement.comment) == (7.68, "")
    assert exact.provenance.identifier == "line 2 CHEMBL941"
    assert (bound.predicate, bound.relation, bound.value) == ("IC50", ">", 10000.0)
    assert bound.measurement is not None
    assert (bound.measurement.comment, bound.measurement.variant) == ("weak; very weak", "T315I")
    assert {reason for file, reason, _ in report.skipped if file == "a.csv"} == {
        "its target is no single protein of the list of targets",
        "marked as a repetition of another publication's value",
        "no value, stated as not active",
    }


@pytest.mark.parametrize("shape", ["list", "page", "lines"])
def test_json_of_the_web_service(tmp_path: Path, mapping: Path, proteins: Path, shape: str) -> None:
    rows = [row(), row(activity_id=8, standard_type="IC50", standard_relation=">>"), row(activity_id=8), {"x": 1}]
    text = {
        "list": json.dumps(rows, indent=4),
        "page": json.dumps({"activities": rows, "page_meta": {"next": None}}),
        "lines": "\n".join(json.dumps(one) for one in rows),
    }[shape]
    (tmp_path / "a.json").write_text(text)
    index, report = built(tmp_path, proteins=[proteins], activities=[tmp_path / "a.json", mapping])
    [imatinib] = index.molecules_by_inchikey(IMATINIB)
    abl1 = index.protein_by_accession("P00519")
    assert abl1 is not None
    assert [(fact.predicate, fact.relation) for fact in published(index, imatinib, abl1)] == [
        ("Kd", "="),
        ("IC50", ">"),
    ]
    assert report.skipped == [("a.json", "an activity that an earlier row states, as pages that overlap do", 1)]
    assert [line for file, line, _ in report.rejected if file == "a.json"] == [4]


def test_json_is_read_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.json").write_text(json.dumps([row(), row(activity_id=8)], indent=2))
    whole = list(objects_of(Dump(tmp_path / "a.json")))
    monkeypatch.setattr("biomed_agent.sources.local.activity_dumps.tabular.CHUNK", 7)
    assert list(objects_of(Dump(tmp_path / "a.json"))) == whole
    assert len(whole) == 2


@pytest.mark.parametrize("text", ['[{"molecule_chembl_id": "CHEMBL1", ', '[{"a": 1}, {"a"', "[oops]"])
def test_json_that_is_cut_off_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InvalidInput, match="is cut off or no JSON after record"):
        list(objects_of(Dump(tmp_path / "a.json")))


def test_a_table_without_structures_names_molecules_that_other_files_hold(
    tmp_path: Path, mapping: Path, proteins: Path
) -> None:
    (tmp_path / "a.tsv").write_text(
        "molecule_chembl_id\ttarget_chembl_id\ttype\trelation\tvalue\tunits\n"
        "CHEMBL941\tCHEMBL1862\tIC50\t=\t25\tnM\nCHEMBL25\tCHEMBL1862\tIC50\t=\t1\tmM\nCHEMBL1\tCHEMBL1862\tKi\t=\t1\tnM\n"
    )
    (tmp_path / "m.csv").write_text("smiles,chembl id\nCC(=O)Oc1ccccc1C(=O)O,CHEMBL25\n")
    files = [tmp_path / "a.tsv", mapping, bindingdb(tmp_path / "b.tsv", numbered=True)]
    index, report = built(tmp_path, molecules=[tmp_path / "m.csv"], proteins=[proteins], activities=files)
    abl1 = index.protein_by_accession("P00519")
    assert abl1 is not None
    [imatinib], [aspirin] = index.molecules_by_inchikey(IMATINIB), index.molecules_by_inchikey(ASPIRIN)
    assert [fact.value for fact in published(index, aspirin, abl1)] == [1e6]
    assert 25.0 in [fact.value for fact in published(index, imatinib, abl1)]
    assert ("a.tsv", "its molecule is not in the index, or has a structure that cannot be read", 1) in report.skipped
    assert report.counts["molecule"] == 2


def test_one_structure_of_several_files_is_one_molecule(tmp_path: Path, mapping: Path) -> None:
    (tmp_path / "m.csv").write_text(f"smiles,name,cid\n{IMATINIB_SMILES},glivec,5291\n")
    files = [
        chembl(tmp_path / "c.db"), web_csv(tmp_path / "a.csv"), mapping, bindingdb(tmp_path / "b.tsv", numbered=True),
    ]  # fmt: skip
    index, report = built(tmp_path, molecules=[tmp_path / "m.csv"], activities=files)
    with closing(sqlite3.connect(report.path)) as db:
        assert db.execute("SELECT count(*) FROM molecule WHERE inchikey = ?", (IMATINIB,)).fetchone() == (1,)
        left = db.execute("SELECT name FROM sqlite_master WHERE name LIKE 'raw%' OR name LIKE 'starter%'").fetchall()
    assert left == []
    [imatinib] = index.molecules_by_inchikey(IMATINIB)
    assert imatinib.handle == "CID:5291"
    assert imatinib.ids["chembl"] == "CHEMBL941"
    assert [molecule for molecule, _ in index.molecules_named("STI-571")] == [imatinib]
    [mesylate] = [molecule for molecule, _ in index.molecules_named("imatinib mesylate")]
    assert index.parent_of(mesylate) == imatinib
    abl1 = index.protein_by_accession("P00519")
    assert abl1 is not None
    sources = Counter(fact.provenance.source for fact in published(index, imatinib, abl1))
    assert sources == {"ChEMBL 36": 2, "ChEMBL": 2, "BindingDB": 4}


def test_a_table_without_the_list_of_targets_is_refused_and_the_list_alone_too(tmp_path: Path, mapping: Path) -> None:
    with pytest.raises(InvalidInput, match=r"names targets by ChEMBL ids.*Give chembl_uniprot_mapping\.txt"):
        built(tmp_path, activities=[web_csv(tmp_path / "a.csv")])
    with pytest.raises(InvalidInput, match="no table that names targets was given"):
        built(tmp_path, activities=[mapping])


def test_a_table_without_its_columns_is_refused(tmp_path: Path, mapping: Path) -> None:
    (tmp_path / "a.csv").write_text("molecule_chembl_id,target_chembl_id,standard_type,standard_units\n")
    with pytest.raises(InvalidInput, match=r"a\.csv, line 1: the table has no column standard_value"):
        built(tmp_path, activities=[tmp_path / "a.csv", mapping])


def test_values_without_their_proteins_are_no_index(tmp_path: Path, mapping: Path) -> None:
    with pytest.raises(InvalidInput, match=r"2 x its protein is not in the index.*--starter"):
        built(tmp_path, activities=[web_csv(tmp_path / "a.csv"), mapping])
    assert not list(tmp_path.glob("out*"))


def test_rows_and_cells_of_a_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('A b,c\n1,None\n"x\ny",2\n\n1,2,3\nn/a,"a ""b"""\n')
    assert list(rows_of(Dump(tmp_path / "a.csv"))) == [
        (2, {"a_b": "1", "c": ""}),
        (3, {"a_b": "x\ny", "c": "2"}),
        Bad(6, "expected 2 cells, got 3"),
        (7, {"a_b": "", "c": 'a "b"'}),
    ]


def test_a_cell_that_never_ends_is_one_bad_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biomed_agent.sources.local.activity_dumps.tabular.MAX_CELL", 100)
    (tmp_path / "a.csv").write_text('a,b\n1,2\n1,"' + "x" * 200 + "\n3,4\n")
    rows = list(rows_of(Dump(tmp_path / "a.csv")))
    assert rows[0] == (2, {"a": "1", "b": "2"})
    assert isinstance(rows[1], Bad)
    assert rows[-1] == (4, {"a": "3", "b": "4"})


# -- genuine files


@pytest.mark.shared
@needs_recorded
def test_a_genuine_table_with_every_relation_and_comment(tmp_path: Path) -> None:
    files = [RECORDED / "activities_AChE_CHEMBL220_v27_excerpt.csv", RECORDED / "chembl_uniprot_mapping_v35.txt"]
    _, report = built(tmp_path, activities=files, starter=True)
    assert report.bad == 0
    assert [skipped[1:] for skipped in report.skipped] == [
        ("no value", 17),
        ("marked as a repetition of another publication's value", 11),
        ("no value, stated as not active", 8),
        ("unit 'ug.mL-1', which is no molar concentration", 6),
    ]
    with closing(sqlite3.connect(report.path)) as db:
        sql = "SELECT relation, count(*) FROM activity WHERE source LIKE 'ChEMBL %' GROUP BY 1"
        assert dict(db.execute(sql)) == {"<": 8, "=": 21, ">": 22, "~": 2}
        wild = db.execute("SELECT value FROM activity WHERE validity = 'Non standard unit for type' ORDER BY 1")
        assert [value for (value,) in wild] == [3.46, 914.0, 1320.0, 1360.0]


@pytest.mark.shared
@needs_recorded
def test_a_genuine_packed_table_of_few_columns(tmp_path: Path) -> None:
    files = [RECORDED / "activities_EGFR_CHEMBL203_v27.csv.zip", RECORDED / "chembl_uniprot_mapping_v35.txt"]
    _, report = built(tmp_path, activities=files, starter=True)
    counts = {reason: count for _, reason, count in report.skipped}
    assert counts["an activity that an earlier row states, as pages that overlap do"] == 1
    assert counts["unit '/uM', which is no molar concentration"] == 6
    with closing(sqlite3.connect(report.path)) as db:
        kept = db.execute("SELECT count(*) FROM activity WHERE source LIKE 'ChEMBL %'").fetchone()[0]
    assert kept + sum(counts.values()) == 7178


@pytest.mark.shared
@needs_recorded
def test_genuine_json(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "rows.zip", "w") as archive:
        archive.write(RECORDED / "activities_target_P9WFV1_leurs_54rows.json", "rows.json")
    (tmp_path / "p.tsv").write_text(
        "Entry\tProtein names\tOrganism\tSequence\nP9WFV1\tLeuRS\tM. tuberculosis\tMTESPTA\n"
    )
    files = [tmp_path / "rows.zip", RECORDED / "chembl_uniprot_mapping_v35.txt"]
    _, report = built(tmp_path, proteins=[tmp_path / "p.tsv"], activities=files)
    assert (report.counts["activity"], report.bad, report.skipped) == (54, 0, [])
    page = [RECORDED / "activity_page_limit1_CHEMBL279_v37.json", files[1]]
    (tmp_path / "q.tsv").write_text("Entry\tProtein names\tOrganism\tSequence\nP35968\tKDR\tHomo sapiens\tMQSKVLL\n")
    _, report = built(tmp_path, proteins=[tmp_path / "q.tsv"], activities=page)
    assert report.counts["activity"] == 1
