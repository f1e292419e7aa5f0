"""Every reader of ChEMBL's replies, on hand-written ones: whole, with keys missing, of older and newer releases."""

from __future__ import annotations

from typing import Any

import pytest

from biomed_agent.core import drug_facts
from biomed_agent.core.errors import InvalidInput, NotFound, Unavailable
from biomed_agent.core.types import Fact, Provenance
from biomed_agent.sources.chembl.activities import MEASURES, read_activity
from biomed_agent.sources.chembl.drugs import approval_facts, read_indication, read_mechanism, read_warning
from biomed_agent.sources.chembl.readers import (
    check_list,
    check_one,
    flag_in,
    number_in,
    read_compound,
    read_lookup,
    read_page,
    read_references,
    read_release,
    read_target,
    text_in,
)
from biomed_agent.sources.http.reply import Reply
from tests.sources.chembl.replies import ETHANOL, activity, document, molecule, page, target

HERE = Provenance("ChEMBL", licence="CC BY-SA 3.0", release="ChEMBL_99")
HTML = b"<!DOCTYPE html>\n<html><head><title>EMBL-EBI error</title></head></html>"
XML = b"<response>\n  <error_message>\n    It does not support relations.\n  </error_message>\n</response>"


def reply(body: bytes, status: int = 200) -> Reply:
    return Reply(status, body, {}, HERE)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (HTML, 200, "an HTML page with status 200"),
        (HTML, 500, "an HTML page with status 500"),
        (HTML, 404, "an HTML page with status 404"),
        (XML, 400, "an error (It does not support relations.) with status 400"),
        (b'{"error_message": "Too many fields send"}', 400, "(status 400): Too many fields send"),
        (b'{"error_message": "Oops", "traceback": "..."}', 500, "(status 500): Oops"),
        (b'{"error_message": "Oops"}', 200, "(status 200): Oops"),
        (b"{}", 503, "status 503 without a reason"),
        (b"", 200, "answered nothing"),
        (b"[]", 200, "answered list"),
        (b"Sorry, this request could not be processed.", 500, "where JSON was expected"),
    ],
)
def test_what_is_no_answer(body: bytes, status: int, words: str) -> None:
    for check in (check_one, check_list):
        with pytest.raises(Unavailable) as caught:
            check(reply(body, status))
        assert words in caught.value.message


def test_a_missing_record_is_none_and_a_missing_list_is_a_fault() -> None:
    for body in (b"", b'{"error_message": "none"}'):
        with pytest.raises(NotFound):
            check_one(reply(body, 404))
        with pytest.raises(Unavailable):
            check_list(reply(body, 404))
    check_one(reply(b'{"molecule_chembl_id": "CHEMBL1"}'))
    check_list(reply(b'{"molecules": []}'))


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("16500.0", 16500.0),
        (3, 3.0),
        ("nan", None),
        ("inf", None),
        (None, None),
        (True, None),
        ("low", None),
        ([1], None),
    ],
)
def test_numbers_come_as_strings(value: Any, number: float | None) -> None:
    assert number_in({"x": value}, "x") == number
    assert number_in({}, "x") is None


@pytest.mark.parametrize(
    ("value", "flag"),
    [(True, True), (False, False), (1, True), (0, False), ("1", True), ("0", False), ("True", True), (-1, None),
     (-2, None), ("-1", None), (None, None), ("", None), (7, None)],
)  # fmt: skip
def test_flags_come_in_every_shape(value: Any, flag: bool | None) -> None:
    assert flag_in({"x": value}, "x") is flag
    assert flag_in({}, "x") is None


def test_texts_of_cells() -> None:
    cells: tuple[Any, ...] = (" a ", 5, None, True, [], {})
    assert [text_in({"x": value}, "x") for value in cells] == ["a", "5", "", "", "", ""]


def test_pages() -> None:
    read = read_page(page("molecule", [molecule()], 3, "/chembl/api/data/molecule.json?offset=1"), "molecules")
    assert (len(read.rows), read.total, read.next) == (1, 3, "/chembl/api/data/molecule.json?offset=1")
    bare = read_page({"molecules": []}, "molecules")
    assert (bare.rows, bare.total, bare.next) == ((), None, "")
    strange: tuple[dict[str, Any], ...] = ({"targets": []}, {"molecules": {}}, {"molecules": ["CHEMBL1"]})
    for body in strange:
        with pytest.raises(Unavailable, match="malformed"):
            read_page(body, "molecules")


def test_release() -> None:
    assert read_release({"chembl_db_version": "ChEMBL_36", "disinct_compounds": 1}) == "ChEMBL_36"
    strange: tuple[dict[str, Any], ...] = ({}, {"chembl_db_version": None}, {"chembl_db_version": "<b>36"})
    for body in strange:
        with pytest.raises(Unavailable, match="is no release"):
            read_release(body)


def test_a_molecule() -> None:
    read = read_compound(molecule(), HERE)
    assert (read.chembl_id, read.parent_id, read.name, read.names) == (
        "CHEMBL11",
        "CHEMBL11",
        "FLURBNITROL",
        ("Flurbnitrol", "FB-1"),
    )
    assert (read.max_phase, read.first_approval, read.withdrawn, read.black_box_warning) == (4.0, 2012, False, None)
    assert read.is_called("fb-1") and read.is_called("flurbnitrol") and not read.is_called("flurb")
    whole = read.molecule()
    assert (whole.smiles, whole.inchikey, whole.ids, whole.handle) == (
        "CCO",
        ETHANOL,
        {"chembl": "CHEMBL11"},
        "CHEMBL:CHEMBL11",
    )
    assert whole.provenance is not None
    assert whole.provenance.url == "https://www.ebi.ac.uk/chembl/api/data/molecule/CHEMBL11.json"
    assert (whole.provenance.identifier, whole.provenance.release) == ("CHEMBL11", "ChEMBL_99")


def test_a_molecule_of_which_hardly_anything_is_stated() -> None:
    bare = read_compound({"molecule_chembl_id": "CHEMBL5", "something_new": {"x": 1}}, HERE)
    assert (bare.parent_id, bare.name, bare.names, bare.max_phase, bare.withdrawn) == ("CHEMBL5", "", (), None, None)
    empty = molecule(
        molecule_structures=None, molecule_hierarchy=None, molecule_synonyms=None, pref_name=None, max_phase=None
    )
    read = read_compound(empty, HERE)
    assert (read.smiles, read.inchikey, read.parent_id) == ("", "", "CHEMBL11")
    with pytest.raises(InvalidInput, match="holds no structure"):
        read.molecule()
    with pytest.raises(InvalidInput, match="CHEMBL11: "):
        read_compound(molecule(smiles="C(("), HERE).molecule()
    for broken in ({}, {"molecule_chembl_id": None}, {"molecule_chembl_id": "25"}):
        with pytest.raises(Unavailable, match="malformed"):
            read_compound(broken, HERE)


def test_a_molecule_of_before_release_32() -> None:
    old = molecule(max_phase=4, withdrawn_flag=1, withdrawn_year=2004, withdrawn_country=["United States", "Japan"],
                   withdrawn_reason="Liver", black_box_warning="1")  # fmt: skip
    read = read_compound(old, HERE)
    assert (read.max_phase, read.withdrawn, read.black_box_warning) == (4.0, True, True)
    assert [fact.value for fact in approval_facts(read, [])] == [
        "approved (max phase 4, first approval 2012)",
        "withdrawn in United States and Japan (2004): Liver",
        "black box warning",
    ]


@pytest.mark.parametrize(
    ("phase", "value"),
    [
        ("4.0", "approved (max phase 4, first approval 2012)"),
        (4, "approved (max phase 4, first approval 2012)"),
        ("3.0", "in clinical trials (max phase 3)"),
        ("0.5", "in clinical trials (max phase 0.5, early phase 1)"),
        ("-1.0", "clinical phase not known"),
        (None, None), (0, None), ("0", None),
    ],
)  # fmt: skip
def test_phases(phase: Any, value: str | None) -> None:
    facts = approval_facts(read_compound(molecule(max_phase=phase), HERE), [])
    assert [fact.value for fact in facts] == ([value] if value else [])
    assert [drug_facts.is_approved(fact) for fact in facts] == ([value.startswith("approved")] if value else [])


def test_targets() -> None:
    read = read_target(target())
    assert (read.chembl_id, read.accession, read.gene, read.kind) == ("CHEMBL51", "P00533", "EGFR", "SINGLE PROTEIN")
    family = read_target(target(kind="PROTEIN FAMILY"))
    assert (family.accessions, family.accession) == (("P00533",), "")
    cell = read_target({"target_chembl_id": "CHEMBL9", "target_type": "CELL-LINE", "target_components": []})
    assert (cell.accessions, cell.accession, cell.gene) == ((), "", "")
    two = target(target_components=[{"accession": "P1"}, {"accession": "P2"}])
    assert read_target(two).accession == ""
    assert read_target({"target_chembl_id": "CHEMBL9"}).kind == ""


def test_documents_and_identifiers() -> None:
    assert read_references(document()) == ("CHEMBL71", ("PMID:15084136", "DOI:10.1021/x"))
    assert read_references(document(pubmed_id=None, doi=None)) == ("CHEMBL71", ())
    assert read_references({"document_chembl_id": "CHEMBL71", "pubmed_id": "5"}) == ("CHEMBL71", ("PMID:5",))
    assert read_lookup({"entity_type": "compound", "status": "obs"}) == ("COMPOUND", "OBS")
    assert read_lookup({}) == ("", "")


# -- activities


def fact_of(row: Any) -> Fact:
    read = read_activity(row, HERE)
    assert read is not None
    return read.fact


def test_an_activity() -> None:
    read = read_activity(activity(31863, modality="new"), HERE)
    assert read is not None
    fact, measured = read.fact, read.fact.measurement
    assert (fact.predicate, fact.value, fact.unit, fact.relation, fact.kind) == ("IC50", 12.5, "nM", "=", "measured")
    assert (fact.note, fact.provenance.identifier) == ("", "CHEMBL_ACT 31863")
    assert fact.provenance.url == "https://www.ebi.ac.uk/chembl/api/data/activity/31863.json"
    assert (fact.provenance.licence, fact.provenance.release) == ("CC BY-SA 3.0", "ChEMBL_99")
    assert measured is not None
    assert (measured.assay_type, measured.organism, measured.pchembl, measured.replicates) == (
        "binding",
        "Homo sapiens",
        7.9,
        1,
    )
    assert (measured.validity, measured.comment, measured.variant, measured.references) == ("", "", "", ())
    assert (read.molecule, read.parent, read.target, read.document) == ("CHEMBL11", "CHEMBL11", "CHEMBL51", "CHEMBL71")


@pytest.mark.parametrize(
    ("written", "relation"),
    [("=", "="), (">", ">"), ("<", "<"), (">=", ">="), ("<=", "<="), ("~", "~"), (">>", ">"), ("<<", "<"),
     (None, "not stated"), ("'='", "="), ("?", "not stated")],
)  # fmt: skip
def test_relations(written: str | None, relation: str) -> None:
    fact = fact_of(activity(standard_relation=written))
    assert fact.relation == relation
    assert ("does not say whether" in fact.note) == (relation == "not stated")


@pytest.mark.parametrize(("unit", "value"), [("nM", 12.5), ("uM", 12500.0), ("M", 1.25e10), ("pM", 0.0125)])
def test_concentrations_are_in_nm(unit: str, value: float) -> None:
    assert fact_of(activity(standard_units=unit)).value == value


@pytest.mark.parametrize(
    "row",
    [
        activity(standard_type="Inhibition", standard_units="%"), activity(standard_type="pIC50", standard_units=None),
        activity(standard_type=None), activity(standard_units="ug.mL-1"), activity(standard_units=None),
        activity(value="0"), activity(value="-5"), activity(value=None), activity(value="nan"),
    ],
)  # fmt: skip
def test_what_is_no_concentration_is_left_out(row: Any) -> None:
    assert read_activity(row, HERE) is None


def test_doubts_comments_and_repetitions() -> None:
    doubted = fact_of(activity(data_validity_comment="Outside typical range", potential_duplicate=1))
    assert doubted.note == "ChEMBL doubts it: Outside typical range; may repeat a value that was published before"
    assert doubted.measurement is not None and doubted.measurement.validity == "Outside typical range"
    assert fact_of(activity(data_validity_comment="Manually validated")).note == ""
    assert fact_of(activity(potential_duplicate=True)).note == "may repeat a value that was published before"
    contradicting = fact_of(activity(value="0.5", activity_comment="Not Active"))
    assert (contradicting.value, contradicting.note) == (0.5, "its source says: Not Active")
    bindingdb = fact_of(activity(activity_comment="1610256")).measurement
    assert bindingdb is not None and bindingdb.comment == ""


def test_an_outcome_without_a_value_is_what_its_source_says() -> None:
    for name in ("activity_comment", "standard_text_value"):
        row = activity(value=None, standard_units=None, standard_relation=None)
        fact = fact_of({**row, name: "Not Active"})
        assert (fact.value, fact.unit, fact.relation, fact.note) == ("Not Active", "", "=", "no value is stated")


def test_variants_are_named() -> None:
    fact = fact_of(activity(assay_variant_mutation="L858R,T790M", assay_variant_accession="P00533"))
    assert fact.note == "protein variant L858R,T790M"
    assert fact.measurement is not None and fact.measurement.variant == "L858R,T790M"
    undefined = fact_of(activity(assay_variant_mutation="UNDEFINED MUTATION"))
    assert undefined.measurement is not None and undefined.measurement.variant == "undefined mutation"


def test_keys_may_be_missing() -> None:
    kept = {
        "activity_id",
        "molecule_chembl_id",
        "target_chembl_id",
        "standard_type",
        "standard_value",
        "standard_units",
    }
    bare = {name: value for name, value in activity().items() if name in kept}
    read = read_activity(bare, HERE)
    assert read is not None
    assert (read.fact.value, read.fact.relation, read.parent, read.document) == (12.5, "not stated", "CHEMBL11", "")
    for name in ("activity_id", "molecule_chembl_id", "target_chembl_id"):
        with pytest.raises(Unavailable, match="malformed"):
            read_activity({other: value for other, value in bare.items() if other != name}, HERE)
    assert set(MEASURES) == {"Kd", "Ki", "IC50", "EC50"}


# -- drugs


def test_mechanisms() -> None:
    row = {"mec_id": 7, "mechanism_of_action": "Janus Kinase (JAK) inhibitor", "direct_interaction": 1, "max_phase": 4,
           "target_chembl_id": None, "action_type": "INHIBITOR"}  # fmt: skip
    fact = read_mechanism(row, HERE)
    assert fact is not None
    assert (fact.predicate, fact.value, fact.note) == ("mechanism of action", "Janus Kinase (JAK) inhibitor", "")
    assert (fact.provenance.identifier, fact.provenance.url[-17:]) == ("7", "/mechanism/7.json")
    indirect = read_mechanism({**row, "direct_interaction": False, "mechanism_comment": "By its metabolite"}, HERE)
    assert indirect is not None and indirect.note == "acts indirectly; By its metabolite"
    assert read_mechanism({"mec_id": 7, "mechanism_of_action": None}, HERE) is None
    unnumbered = read_mechanism({"mechanism_of_action": "X"}, HERE)
    assert unnumbered is not None and unnumbered.provenance == HERE


@pytest.mark.parametrize(
    ("phase", "value"),
    [("4.0", "Rheumatoid Arthritis (phase 4)"), (2, "Rheumatoid Arthritis (phase 2)"),
     (0.5, "Rheumatoid Arthritis (early phase 1)"), ("-1.0", "Rheumatoid Arthritis (phase not known)"),
     (None, "Rheumatoid Arthritis (preclinical)")],
)  # fmt: skip
def test_indications(phase: Any, value: str) -> None:
    row = {"drugind_id": 3, "mesh_heading": "Rheumatoid Arthritis", "efo_term": None, "max_phase_for_ind": phase}
    read = read_indication(row, HERE)
    assert read is not None and read[1].value == value
    by_efo = read_indication({"efo_term": "asthma", "max_phase_for_ind": "1.0"}, HERE)
    assert by_efo is not None and by_efo[1].value == "asthma (phase 1)"
    assert read_indication({"drugind_id": 3, "max_phase_for_ind": "4.0"}, HERE) is None


def test_warnings() -> None:
    row = {"warning_id": 9, "warning_type": "Withdrawn", "warning_class": "Hepatotoxicity", "warning_year": "2010",
           "warning_country": "European Union; United States", "warning_description": "Liver toxicity"}  # fmt: skip
    withdrawn = read_warning(row, HERE)
    assert withdrawn is not None
    assert withdrawn.value == "withdrawn in European Union and United States (2010): Hepatotoxicity"
    assert drug_facts.is_withdrawn(withdrawn) and withdrawn.note == "Liver toxicity"
    boxed = read_warning({"warning_type": "Black Box Warning", "warning_class": "cardiotoxicity"}, HERE)
    assert boxed is not None and boxed.value == "black box warning: cardiotoxicity"
    assert read_warning({"warning_type": "Other"}, HERE) is None
    bare = read_warning({"warning_type": "Withdrawn"}, HERE)
    assert bare is not None and bare.value == "withdrawn"


def test_warnings_tell_what_flags_only_mark() -> None:
    compound = read_compound(molecule(withdrawn_flag=True, black_box_warning=1), HERE)
    told = read_warning({"warning_type": "Withdrawn", "warning_country": "France", "warning_year": 1993}, HERE)
    assert told is not None
    values = [fact.value for fact in approval_facts(compound, [told])]
    assert values == ["approved (max phase 4, first approval 2012)", "withdrawn in France (1993)", "black box warning"]
