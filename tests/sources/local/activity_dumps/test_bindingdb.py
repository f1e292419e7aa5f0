"""BindingDB's table: old headers and new, chains, variants, licences."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from biomed_agent.core.errors import InvalidInput
from biomed_agent.sources.local.activity_dumps.bindingdb import is_bindingdb, read, titles_of
from biomed_agent.sources.local.activity_dumps.formats import format_of
from biomed_agent.sources.local.activity_dumps.storing import Record
from biomed_agent.sources.local.dumps import Dump, Skipped
from tests.helpers.activities import ABL1_SEQUENCE, IMATINIB, bindingdb, published
from tests.helpers.dumps import built
from tests.helpers.places import SHARED

RECORDED = SHARED / "recorded" / "chembl"
needs_recorded = pytest.mark.skipif(not RECORDED.is_dir(), reason="the data collection is not beside the checkout")


@pytest.mark.parametrize("numbered", [False, True])
def test_old_and_new_headers(tmp_path: Path, numbered: bool) -> None:
    index, report = built(tmp_path, activities=[bindingdb(tmp_path / "BindingDB_All.tsv", numbered=numbered)])
    [imatinib] = index.molecules_by_inchikey(IMATINIB)
    abl1 = index.protein_by_accession("P00519")
    assert abl1 is not None
    assert abl1.sequence == ABL1_SEQUENCE  # not that of the variant, which comes first
    assert (abl1.entry_name, abl1.reviewed, abl1.organism) == ("ABL1_HUMAN", True, "Homo sapiens")
    assert (imatinib.name, imatinib.handle, imatinib.synonyms) == ("Gleevec", "CID:5291", ("imatinib",))
    found = {
        (fact.predicate, fact.relation, fact.value, fact.construct, fact.measurement.variant)
        for fact in published(index, imatinib, abl1)
        if fact.measurement is not None
    }
    assert found == {
        ("Kd", ">", 10000.0, "", "T315I"),
        ("IC50", "=", 25.0, "", ""),
        ("Kd", "=", 21.0, "", ""),
        ("Ki", "<", 0.5, "residues 229-512", ""),
    }
    assert {(reason, count) for _, reason, count in report.skipped} == {
        ("a target of several chains", 1),
        ("a target without an accession", 1),
        ("no value", 1),
        ("the whole sequence of its protein is not stated", 1),
    }
    assert index.protein_by_accession("P10721") is None
    assert index.proteins_named("Kit") == []


def test_references_and_licences(tmp_path: Path) -> None:
    index, _ = built(tmp_path, activities=[bindingdb(tmp_path / "BindingDB_All.tsv", numbered=True)])
    [imatinib] = index.molecules_by_inchikey(IMATINIB)
    abl1 = index.protein_by_accession("P00519")
    assert abl1 is not None
    facts = {fact.provenance.identifier: fact for fact in published(index, imatinib, abl1)}
    own, of_chembl = facts["reactant set 1 monomer 13530"], facts["reactant set 3 monomer 13530"]
    assert own.provenance.licence == "CC BY 3.0"
    assert own.provenance.url.endswith("monomerid=13530")
    assert of_chembl.provenance.licence == "CC BY-SA 3.0 (Curated from the ChEMBL Database by BindingDB)"
    assert own.measurement is not None
    assert own.measurement.references == ("PMID:15084136",)
    assert abl1.provenance is not None
    assert abl1.provenance.url == "https://www.bindingdb.org/uniprot/P00519"


def test_a_packed_table_and_one_that_is_cut_off(tmp_path: Path) -> None:
    table, packed = bindingdb(tmp_path / "BindingDB_All.tsv", numbered=True), tmp_path / "BindingDB_All_tsv.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(table, table.name)
    _, report = built(tmp_path, activities=[packed])
    assert report.counts["activity"] == 4
    packed.write_bytes(packed.read_bytes()[:-40])
    with pytest.raises(InvalidInput, match=r"BindingDB_All_tsv\.zip is cut off or damaged"):
        built(tmp_path, activities=[packed])
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.tsv", "x")
        archive.writestr("b.tsv", "y")
    with pytest.raises(InvalidInput, match=r"holds 2 files: a\.tsv, b\.tsv\. Unpack it"):
        built(tmp_path, activities=[packed])


@pytest.mark.shared
@needs_recorded
def test_genuine_headers(tmp_path: Path) -> None:
    titles = (RECORDED / "bindingdb_header_2015m10.txt").read_text().splitlines()
    assert is_bindingdb(titles_of("\t".join(titles)))
    cells = dict.fromkeys(range(len(titles)), "")
    for title, value in {
        "Ligand SMILES": "CCO", "BindingDB MonomerID": "5", "Ki (nM)": ">390", "PMID": "12",
        "Number of Protein Chains in Target (>1 implies a multichain complex)": "1",
        "BindingDB Target Chain  Sequence": "MA", "UniProt (SwissProt) Primary ID of Target Chain": "P29466",
    }.items():  # fmt: skip
        cells[titles.index(title)] = value
    (tmp_path / "old.tsv").write_text("\t".join(titles) + "\n" + "\t".join(cells.values()).rstrip("\t") + "\n")
    [record] = read(Dump(tmp_path / "old.tsv"))
    assert isinstance(record, Record)
    assert (record.targets[0].accession, record.targets[0].sequence) == ("P29466", "MA")
    assert (record.measured[0].relation, record.measured[0].value) == (">", 390.0)


@pytest.mark.shared
@needs_recorded
def test_rows_in_the_naming_of_2025() -> None:
    path = RECORDED / "bindingdb_EDITED_sample_2025.tsv"
    assert format_of(path).name == "BindingDB table"
    rows = list(read(Dump(path)))
    records = [row for row in rows if isinstance(row, Record)]
    assert (len(records), rows.count(Skipped("no value"))) == (8, 1)
    assert [record.targets[0].accession for record in records][:3] == ["P42574", "P29466", "P29466"]
    assert [value.relation for record in records for value in record.measured].count(">") == 1
    assert len(records[-1].measured) == 2
