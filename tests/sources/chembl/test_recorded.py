"""Every recorded reply of ChEMBL that is one of ours, read, and where it is whole served through the real transport."""

from __future__ import annotations

import ast
import csv
import io
import json
import zipfile
from collections import Counter
from typing import Any

import pytest

from biomed_agent.core.errors import Unavailable
from biomed_agent.core.types import Molecule, Protein, Provenance
from biomed_agent.sources.chembl import ChEMBL
from biomed_agent.sources.chembl.activities import Activity, read_activity
from biomed_agent.sources.chembl.drugs import approval_facts
from biomed_agent.sources.chembl.readers import (
    check_list,
    read_compound,
    read_page,
    read_references,
    read_release,
    read_target,
)
from biomed_agent.sources.http.reply import Reply
from biomed_agent.sources.http.transport import Transport
from tests.helpers.places import SHARED
from tests.helpers.server import Asked, FakeClock, LocalServer, Said

RECORDED = SHARED / "recorded" / "chembl"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded replies do not lie beside the checkout"),
]
HERE = Provenance("ChEMBL")
PRINTED = {
    "molecule_aspirin_v30.pyrepr.txt": ["CHEMBL25"],
    "molecule_by_inchikey_only.pyrepr.txt": ["CHEMBL25"],
    "molecule_approved_ordered_by_mw.pyrepr.txt": None,
    "molecule_in_three_ids_only.pyrepr.txt": ["CHEMBL25", "CHEMBL27", "CHEMBL192"],
    "molecule_sildenafil_structures_only.pyrepr.txt": None,
    "molecule_synonym_viagra_two_hits.pyrepr.txt": ["CHEMBL192", "CHEMBL1737"],
}
"""what the official client printed, each with its molecules where every row states them"""


def text(name: str) -> str:
    return (RECORDED / name).read_text(encoding="utf-8")


def printed(name: str) -> list[dict[str, Any]]:
    """Return the rows of a printed list, without the mark that it was cut."""
    return [row for row in ast.literal_eval(text(name)) if isinstance(row, dict)]


def cassette(name: str) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of the one exchange of a cassette."""
    yaml = pytest.importorskip("yaml")
    said = yaml.safe_load(text(name))["interactions"][0]["response"]
    return said["body"]["string"].encode(), {key: value[0] for key, value in said["headers"].items()}


def activities(rows: list[dict[str, Any]]) -> list[Activity]:
    return [read for row in rows if (read := read_activity(row, HERE)) is not None]


def test_the_status_and_a_molecule_of_release_36() -> None:
    body, headers = cassette("status_v36.vcr.yaml")
    assert headers["Content-Type"] == "application/json"
    assert read_release(json.loads(body)) == "ChEMBL_36"
    body, _ = cassette("molecule_list_limit1_v36.vcr.yaml")
    listed = read_page(json.loads(body), "molecules")
    compound = read_compound(listed.rows[0], HERE)
    assert (listed.total, bool(listed.next)) == (2878135, True)
    assert (compound.chembl_id, compound.parent_id, compound.name, compound.max_phase) == (
        "CHEMBL6329",
        "CHEMBL6329",
        "",
        None,
    )
    assert (compound.withdrawn, compound.black_box_warning, approval_facts(compound, [])) == (False, False, [])
    assert compound.molecule().inchikey == compound.inchikey
    assert compound.molecule().formula == "C17H12ClN3O3"


def test_aspirin_of_before_release_32() -> None:
    [row] = printed("molecule_aspirin_v30.pyrepr.txt")
    compound = read_compound(row, HERE)
    assert (compound.max_phase, compound.first_approval, compound.name) == (4.0, 1950, "ASPIRIN")
    assert compound.is_called("Acetylsalicylic acid") and len(compound.names) > 20
    assert [fact.value for fact in approval_facts(compound, [])] == ["approved (max phase 4, first approval 1950)"]
    assert compound.molecule().inchikey == "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"


@pytest.mark.parametrize("name", PRINTED)
def test_molecules_as_the_official_client_prints_them(name: str) -> None:
    rows, wanted = printed(name), PRINTED[name]
    assert rows
    if wanted is None:
        rows = [row for row in rows if "molecule_chembl_id" in row]
    read = [read_compound(row, HERE) for row in rows]
    assert wanted is None or [compound.chembl_id for compound in read] == wanted
    structures = [compound.molecule() for compound in read if compound.smiles]
    assert all(molecule.inchikey == compound.inchikey or not compound.inchikey
               for molecule, compound in zip(structures, (one for one in read if one.smiles), strict=True))  # fmt: skip


def test_one_gene_has_targets_of_many_types() -> None:
    rows = [ast.literal_eval(line) for line in text("target_synonym_BRD4_types.lines.txt").splitlines() if line.strip()]
    kinds = Counter(row.get("target_type") for row in rows)
    assert len(kinds) > 2 and kinds["SINGLE PROTEIN"] >= 1
    for row in rows:
        components = [{"accession": "O60885"}]
        target = read_target({"target_chembl_id": "CHEMBL1", "target_components": components, **row})
        assert target.kind == row["target_type"]
        assert (target.accession == "O60885") == (row["target_type"] == "SINGLE PROTEIN")


def test_documents_without_a_publication() -> None:
    for row in printed("document_datasets.pyrepr.txt"):
        number, references = read_references(row)
        assert number.startswith("CHEMBL")
        assert not [reference for reference in references if reference.startswith("PMID")]


def test_the_newest_shape_of_an_activity() -> None:
    listed = read_page(json.loads(text("activity_page_limit1_CHEMBL279_v37.json")), "activities")
    assert (listed.total, "offset=1" in listed.next) == (29582, True)
    [activity] = activities(list(map(dict, listed.rows)))
    fact, measured = activity.fact, activity.fact.measurement
    assert (fact.predicate, fact.amount, fact.unit, activity.target) == ("IC50", 16500.0, "nM", "CHEMBL279")
    assert measured is not None
    assert (measured.pchembl, measured.assay_type, measured.organism) == (4.78, "binding", "Homo sapiens")


def test_all_rows_of_a_small_target() -> None:
    rows = json.loads(text("activities_target_P9WFV1_leurs_54rows.json"))
    read = activities(rows)
    assert len(rows) == 54 and len({activity.number for activity in read}) == len(read)
    assert {activity.target for activity in read} == {"CHEMBL4105844"}
    assert {activity.fact.predicate for activity in read} == {"IC50"}
    stated = [row for row in rows if row["standard_value"] is not None and row["standard_units"] == "nM"]
    numeric = [activity for activity in read if not isinstance(activity.fact.value, str)]
    assert [activity.fact.value for activity in numeric] == [float(row["standard_value"]) for row in stated]


def test_every_oddity_of_a_large_target_costs_only_itself() -> None:
    table = csv.DictReader(io.StringIO(text("activities_AChE_CHEMBL220_v27_excerpt.csv")))
    rows = [{name: value or None for name, value in row.items()} for row in table]
    read = activities(rows)
    by_number = {activity.number: activity.fact for activity in read}
    assert len(rows) == 95
    assert {fact.relation for fact in by_number.values()} >= {"=", ">", "<", "~"}
    doubts = {fact.measurement.validity for fact in by_number.values() if fact.measurement} - {""}
    assert doubts == {"Outside typical range", "Potential transcription error"}, "others have no concentration"
    outcomes = {fact.value for fact in by_number.values() if isinstance(fact.value, str)}
    assert outcomes and not any(str(outcome).isdigit() for outcome in outcomes)
    for row in rows:
        units, value = row["standard_units"], row["standard_value"]
        if units not in (None, "nM"):
            assert int(str(row["activity_id"])) not in by_number or units in ("uM", "M")
        elif units == "nM" and value and float(value) > 0:
            assert by_number[int(str(row["activity_id"]))].value == float(value)
    assert any("may repeat" in fact.note for fact in by_number.values())


def test_one_activity_stands_twice_in_a_file_of_thousands() -> None:
    with zipfile.ZipFile(RECORDED / "activities_EGFR_CHEMBL203_v27.csv.zip") as archive:
        [name] = archive.namelist()
        rows = list(csv.DictReader(io.TextIOWrapper(archive.open(name), encoding="utf-8")))
    assert len(rows) == 7178
    numbers = Counter(row["activity_id"] for row in rows)
    assert [count for count in numbers.values() if count > 1] == [2]
    read = activities([{**row, "standard_type": row.get("standard_type") or row["type"]} for row in rows[:500]])
    assert len(read) > 400 and all(activity.target == "CHEMBL203" for activity in read)


def test_errors_that_are_no_json() -> None:
    for name, status in (
        ("error_400_unsupported_relation_quoted.xml", 400),
        ("error_502_proxy_quoted_partial.html", 502),
    ):
        for as_status in (200, status):
            with pytest.raises(Unavailable, match="where JSON was expected"):
                check_list(Reply(as_status, text(name).encode(), {}, HERE))


def test_real_replies_through_the_transport(server: LocalServer) -> None:
    """The rows of one molecule of the small target, asked for as a pair; the others are another record."""
    status, _ = cassette("status_v36.vcr.yaml")
    rows = json.loads(text("activities_target_P9WFV1_leurs_54rows.json"))
    asked_for = rows[0]["parent_molecule_chembl_id"]
    own = [row for row in rows if row["parent_molecule_chembl_id"] == asked_for]
    ignored = False

    def play(asked: Asked) -> Said:
        if asked.path == "/status.json":
            return Said(status)
        if asked.path == "/molecule.json":
            compound = {
                "molecule_chembl_id": asked_for,
                "molecule_structures": {"standard_inchi_key": asked.query[KEY]},
            }
            return Said.json({"molecules": [compound], "page_meta": {"total_count": 1, "next": None}})
        if asked.path == "/target.json":
            target = {"target_chembl_id": "CHEMBL4105844", "target_type": "SINGLE PROTEIN",
                      "target_components": [{"accession": "P9WFV1"}]}  # fmt: skip
            return Said.json({"targets": [target], "page_meta": {"total_count": 1, "next": None}})
        if asked.path == "/activity.json":
            shown = rows if ignored else own
            return Said.json({"activities": shown, "page_meta": {"total_count": len(shown), "next": None}})
        return Said.json({"documents": [], "page_meta": {"total_count": 0, "next": None}})

    server.play = play
    molecule, protein = Molecule("CCO", "LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "it"), Protein("M", "P9WFV1", gene="leuS")
    with Transport(clock=FakeClock(), services={"chembl": server.url}) as transport:
        facts = ChEMBL(transport).activities(molecule, protein)
        assert [fact.value for fact in facts] == [float(own[0]["standard_value"])]
        assert facts[0].provenance.release == "ChEMBL_36"
        ignored = True
        with pytest.raises(Unavailable, match="another record"):
            ChEMBL(transport).activities(molecule, protein)


KEY = "molecule_structures__standard_inchi_key"
