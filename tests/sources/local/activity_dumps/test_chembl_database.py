"""ChEMBL's database: measured values with what belongs to them, molecules, proteins, drugs."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from biomed_agent.core.drug_facts import approval, phase_name, withdrawal
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.types import Measurement
from biomed_agent.sources.local.activity_dumps.chembl_database import open_chembl
from biomed_agent.sources.local.activity_dumps.chembl_drugs import DrugFact, drug_facts
from tests.helpers.activities import ABL1_SEQUENCE, IMATINIB, MESYLATE, ROWS, chembl, published
from tests.helpers.dumps import built
from tests.helpers.places import SHARED


def test_values_with_what_was_measured(tmp_path: Path) -> None:
    index, report = built(tmp_path, activities=[chembl(tmp_path / "chembl_36.db")])
    [imatinib] = index.molecules_by_inchikey(IMATINIB)
    [mesylate] = index.molecules_by_inchikey(MESYLATE)
    abl1, kit = index.protein_by_accession("P00519"), index.protein_by_accession("P10721")
    assert abl1 is not None
    assert kit is not None
    first, second = published(index, imatinib, abl1)
    assert (first.predicate, first.relation, first.value, first.unit) == ("Kd", "=", 21.0, "nM")
    assert first.measurement == Measurement(
        ("PMID:15084136", "DOI:10.1000/one"), assay_type="binding", organism="Homo sapiens", pchembl=7.68
    )
    assert first.provenance.source == "ChEMBL 36"
    assert first.provenance.identifier == "CHEMBL_ACT_1 CHEMBL941"
    assert first.provenance.url == "https://www.ebi.ac.uk/chembl/explore/compound/CHEMBL941"
    assert first.provenance.licence == "CC BY-SA 3.0"
    assert second.relation == ">"
    assert second.measurement is not None
    assert (second.measurement.variant, second.measurement.comment) == ("T315I", "")  # the comment was a number
    [salt] = published(index, mesylate, kit)
    assert (salt.predicate, salt.relation, salt.value) == ("IC50", "<", 50.0)
    assert salt.measurement is not None
    assert (salt.measurement.validity, salt.measurement.assay_type) == ("Outside typical range", "functional")
    [ranged] = published(index, imatinib, kit)
    assert ranged.relation == "~"
    assert ranged.measurement is not None
    assert ranged.measurement.comment == "a range up to 5 nM"
    ethanol = index.molecule_by_id("chembl", "CHEMBL77")
    assert ethanol is not None
    [stated] = published(index, ethanol, kit)
    assert (stated.predicate, stated.relation) == ("Potency", "not stated")
    assert report.counts["activity"] == 5


def test_rows_that_are_not_kept_are_counted_by_reason(tmp_path: Path) -> None:
    _, report = built(tmp_path, activities=[chembl(tmp_path / "chembl_36.db")])
    assert {(reason, count) for file, reason, count in report.skipped if file == "chembl_36.db"} == {
        ("marked as a repetition of another publication's value", 1),
        ("no value, stated as not active", 1),
        ("unit 'ug.mL-1', which is no molar concentration", 1),
        ("another measure than Kd, Ki, IC50, EC50, AC50, ED50, XC50, Potency", 1),
        ("target type PROTEIN COMPLEX", 1),
        ("target type CELL-LINE", 1),
        ("its molecule has no structure", 1),
        ("mechanism of action: its molecule has no structure", 1),
        ("approval status: its molecule has no structure", 2),
    }


def test_molecules_and_proteins_come_with_their_values(tmp_path: Path) -> None:
    index, report = built(tmp_path, activities=[chembl(tmp_path / "chembl_36.db")])
    [(imatinib, _)] = index.molecules_named("sti-571")
    assert (imatinib.name, imatinib.inchikey, imatinib.handle) == ("Imatinib", IMATINIB, "CHEMBL:CHEMBL941")
    [(mesylate, reason)] = index.molecules_named("Gleevec")
    assert reason.words == "brand name"
    assert index.parent_of(mesylate) == imatinib
    assert index.salts_of(imatinib) == [mesylate]
    assert index.molecules_named("compound 7b") == []  # papers number their compounds
    assert index.molecules_named("L01EA01") == []
    abl1 = index.protein_by_accession("P00519")
    assert abl1 is not None
    assert (abl1.sequence, abl1.gene, abl1.reviewed, abl1.taxon_id) == (ABL1_SEQUENCE, "ABL1", True, 9606)
    assert [protein for protein, _ in index.proteins_named("JTK7")] == [abl1]
    assert abl1.provenance is not None
    assert abl1.provenance.url == "https://www.ebi.ac.uk/chembl/explore/target/CHEMBL1862"
    assert report.verified.startswith("4 of 4 structures with a stated InChIKey were read: 4 have that key")


def drug_values(path: Path, inchikey: str) -> list[tuple[str, str, str]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(
            "SELECT predicate, value, f.source FROM fact f JOIN molecule m ON m.id = f.entity AND f.kind = 'm' "
            "WHERE inchikey = ? ORDER BY f.rowid",
            (inchikey,),
        ).fetchall()


def test_what_is_known_of_drugs_is_stated_of_the_form_and_its_parent(tmp_path: Path) -> None:
    _, report = built(tmp_path, activities=[chembl(tmp_path / "chembl_36.db")])
    facts = [
        ("mechanism of action", "Tyrosine-protein kinase ABL1 inhibitor", "ChEMBL36 mechanism 1 CHEMBL1642"),
        ("indication", "Leukemia (phase 4)", "ChEMBL36 indication 1 CHEMBL1642"),
    ]
    approval = "approved (max phase 4, first approval 2001)"
    assert drug_values(report.path, MESYLATE) == [
        *facts,
        ("approval status", approval, "ChEMBL36 molecule CHEMBL1642"),
        ("approval status", "black box warning: Cardiotoxicity", "ChEMBL36 drug_warning 1 CHEMBL1642"),
    ]
    assert drug_values(report.path, IMATINIB) == [*facts, ("approval status", approval, "ChEMBL36 molecule CHEMBL941")]
    assert [value for _, value, _ in drug_values(report.path, "BSYNRYMUTXBXSQ-UHFFFAOYSA-N")] == [
        "pain (early phase 1)",
        "Fever (phase not known)",
        "approved (max phase 4, first approval 1950)",
        "withdrawn",
    ]


def test_phases_in_words() -> None:
    assert [phase_name(phase) for phase in (4, 3.0, 0.5, -1, 0, None)] == [
        "phase 4", "phase 3", "early phase 1", "phase not known", "preclinical", "preclinical",
    ]  # fmt: skip
    assert [approval(phase) for phase in (4, 3, 0.5, -1)] == [
        "approved (max phase 4)",
        "in clinical trials (max phase 3)",
        "in clinical trials (max phase 0.5, early phase 1)",
        "clinical phase not known",
    ]
    assert withdrawal("Spain; France", 1999, "Hepatotoxicity") == "withdrawn in Spain and France (1999): Hepatotoxicity"


def test_an_old_release_without_many_tables_and_columns_is_read(tmp_path: Path) -> None:
    old = chembl(
        tmp_path / "chembl.db",
        leave_out=[
            "version", "docs", "variant_sequences", "molecule_hierarchy", "molecule_synonyms", "component_synonyms",
            "drug_mechanism", "drug_indication", "drug_warning", "compound_records", "assays.variant_id",
            "assays.assay_type",
            "activities.data_validity_comment", "activities.potential_duplicate", "activities.activity_comment",
            "activities.standard_upper_value", "molecule_dictionary.withdrawn_flag",
            "molecule_dictionary.black_box_warning", "molecule_dictionary.max_phase",
            "component_sequences.db_source", "target_dictionary.tax_id",
        ],
    )  # fmt: skip
    index, report = built(tmp_path, activities=[old])
    assert report.counts["activity"] == 6  # what was marked as a repetition is no longer known as one
    assert report.counts["fact"] == 0
    [imatinib] = index.molecules_by_inchikey(IMATINIB)
    abl1 = index.protein_by_accession("P00519")
    assert abl1 is not None
    first = published(index, imatinib, abl1)[0]
    assert first.provenance.source == "ChEMBL"
    assert first.measurement is not None
    assert first.measurement.references == ()


def test_what_bears_on_an_approval(tmp_path: Path) -> None:
    rows = [(*row[:3], "4" if row[3] else None, *row[4:]) for row in ROWS["molecule_dictionary"]]  # as text
    warnings: list[tuple[object, ...]] = [
        (1, 1, 5, "Withdrawn", "Hepatotoxicity", "Spain; France", 1999),
        (2, 1, 5, "Other", None, None, None),
    ]
    path = chembl(tmp_path / "chembl.db", molecule_dictionary=rows, drug_warning=warnings)
    with closing(sqlite3.connect(path)) as db:
        stated = [(fact.molregno, fact.value) for fact in drug_facts(db) if fact.predicate == "approval status"]
    assert stated == [
        (1, "approved (max phase 4, first approval 2001)"),
        (2, "approved (max phase 4, first approval 2001)"),
        (3, "approved (max phase 4, first approval 1998)"),
        (5, "approved (max phase 4, first approval 1950)"),
        (5, "withdrawn in Spain and France (1999): Hepatotoxicity"),
        (3, "black box warning"),
    ]


@pytest.mark.parametrize(
    ("lacks", "named"),
    [
        ("activities", "it lacks activities"),
        ("assays.tid", "it lacks assays.tid"),
        ("compound_structures", "structures"),
    ],
)
def test_a_database_of_another_schema_is_refused(tmp_path: Path, lacks: str, named: str) -> None:
    with pytest.raises(InvalidInput, match=rf"no release of ChEMBL's: .*{named}"):
        open_chembl(chembl(tmp_path / "other.db", leave_out=[lacks]))


def test_a_database_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    whole = chembl(tmp_path / "whole.db").read_bytes()
    cut = tmp_path / "cut.db"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InvalidInput, match="is a SQLite file that cannot be read"):
        built(tmp_path, activities=[cut])


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the data collection is not beside the checkout")
def test_drugs_of_a_genuine_release() -> None:
    path = SHARED / "recorded" / "chembl" / "chembl_33_excerpt.db"
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as db:
        facts = list(drug_facts(db))
    assert Counter(fact.predicate for fact in facts) == {"indication": 433, "approval status": 13}
    assert facts[0] == DrugFact(1280, "indication", "Atrial Fibrillation (phase 3)", "indication 22713")
    rosiglitazone = [fact.value for fact in facts if (fact.molregno, fact.predicate) == (20027, "approval status")]
    assert rosiglitazone == ["approved (max phase 4, first approval 1999)", "withdrawn", "black box warning"]
    with pytest.raises(InvalidInput, match="it lacks activities"):
        open_chembl(path)
