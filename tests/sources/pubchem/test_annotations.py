"""Hazards, measured values, assay summaries and searches of PubChem: hand-written replies, and the requests made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from biomed_agent.core.chemistry.structures import molecule_from_smiles
from biomed_agent.core.errors import Refused, Unavailable
from biomed_agent.core.types import Provenance
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.pubchem import PubChem
from biomed_agent.sources.pubchem.annotations import read_hazards, read_measurements, read_value
from biomed_agent.sources.pubchem.bioassays import read_bioactivity
from biomed_agent.sources.pubchem.readers import read_cids, read_registry_numbers
from tests.helpers.server import Asked, FakeClock, LocalServer, Said, script

HERE = Provenance("PubChem", url="http://pubchem.test", retrieved="2026-11-01T00:00:00+00:00")
REFERENCES = [
    {"ReferenceNumber": 1, "SourceName": "Bench Notes", "URL": "http://bench/1", "LicenseURL": "http://bench/terms"},
    {"ReferenceNumber": 2, "SourceName": "Plant Safety"},
]


def view(heading: str, *information: dict[str, Any], outer: str = "Chemistry") -> dict[str, Any]:
    section = {"TOCHeading": heading, "Information": list(information)}
    return {
        "Record": {
            "RecordType": "CID",
            "RecordNumber": 7,
            "Section": [{"TOCHeading": outer, "Section": [section]}],
            "Reference": REFERENCES,
        }
    }


def measured(heading: str, *values: dict[str, Any]) -> dict[str, Any]:
    body = view(heading, *({"ReferenceNumber": 1, "Value": value} for value in values))
    inner = body["Record"]["Section"][0]["Section"]
    body["Record"]["Section"][0]["Section"] = [{"TOCHeading": "Experimental Properties", "Section": inner}]
    return body


def text(string: str, **more: Any) -> dict[str, Any]:
    return {"StringWithMarkup": [{"String": string}]} | more


GHS = view(
    "GHS Classification",
    {
        "ReferenceNumber": 2,
        "Name": "Pictogram(s)",
        "Value": {"StringWithMarkup": [{"String": "  ", "Markup": [{"Type": "Icon", "Extra": "Flammable"}]}]},
    },
    {"ReferenceNumber": 2, "Name": "Signal", "Value": text("Danger")},
    {
        "ReferenceNumber": 2,
        "Name": "GHS Hazard Statements",
        "Value": {
            "StringWithMarkup": [
                {"String": "H225 (80.5%): Burns easily [Danger Flammable liquids]"},
                {"String": "H300+H310: Bad when eaten or touched [Danger Acute toxicity]"},
                {"String": "H412: Bad for fish"},
            ]
        },
    },
    {"ReferenceNumber": 2, "Name": "Precautionary Statement Codes", "Value": text("P210, P301+P310, and P501")},
    {"ReferenceNumber": 1, "Name": "GHS Hazard Statements", "Value": text("Not Classified")},
)


def test_hazards_keep_signal_share_and_depositor() -> None:
    facts = read_hazards(GHS, HERE)
    assert [(fact.predicate, fact.value, fact.note) for fact in facts] == [
        ("GHS pictogram", "Flammable", ""),
        ("GHS signal word", "Danger", ""),
        ("GHS hazard statement", "H225: Burns easily", "Danger Flammable liquids; in 80.5% of the notifications"),
        ("GHS hazard statement", "H300+H310: Bad when eaten or touched", "Danger Acute toxicity"),
        ("GHS hazard statement", "H412: Bad for fish", ""),
        ("GHS precautionary codes", "P210, P301+P310, P501", ""),
        ("GHS remark", "Not Classified", ""),
    ]
    assert {fact.subject for fact in facts} == {"CID:7"}
    first, last = facts[0].provenance, facts[-1].provenance
    assert (first.source, first.url) == ("Plant Safety", "https://pubchem.ncbi.nlm.nih.gov/compound/7")
    assert (last.source, last.url, last.licence) == ("Bench Notes", "http://bench/1", "http://bench/terms")
    assert last.identifier == "CID 7 in PubChem"
    assert last.retrieved == HERE.retrieved


def test_only_an_icon_is_a_pictogram() -> None:
    def marked(string: str, kind: str | None, extra: str) -> dict[str, Any]:
        mark = {"Start": 0, "Length": 4, "Extra": extra} | ({"Type": kind} if kind else {})
        return {"ReferenceNumber": 2, "Value": {"StringWithMarkup": [{"String": string, "Markup": [mark]}]}}

    body = view(
        "GHS Classification",
        marked("  ", "Icon", "Acute Toxic"),
        marked("Danger", "Color", "GHSDanger"),
        marked("H225 (80.5%): Burns easily [Danger Flammable liquids]", "Color", "GHSDanger"),
        marked("H319: Bad for eyes [Warning Eyes]", "Color", "GHSWarning"),
        marked("Not Classified, see aspirin", "PubChem Internal Link", "CID-2244"),
        marked("Not Classified", None, "no type"),
    )
    facts = read_hazards(body, HERE)
    assert [fact.value for fact in facts if fact.predicate == "GHS pictogram"] == ["Acute Toxic"]
    assert [fact.value for fact in facts if fact.predicate == "GHS signal word"] == ["Danger"]
    statements = [fact.value for fact in facts if fact.predicate == "GHS hazard statement"]
    assert statements == ["H225: Burns easily", "H319: Bad for eyes"]


def test_a_power_that_only_its_markup_tells_is_no_other_number() -> None:
    def raised(string: str, start: int, kind: str = "Superscript") -> dict[str, Any]:
        marks = [{"Start": start, "Length": 2, "Type": kind}]
        return {"StringWithMarkup": [{"String": string, "Markup": marks}]}

    values = [raised("1.2X10-4 mmHg", 6), raised("103 mg/L", 2), raised("103 mg/L", 2, "Bold"), raised("5 mg/cm3", 7)]
    facts = read_measurements(measured("Vapor Pressure", *values), HERE)
    assert [(fact.value, fact.unit) for fact in facts] == [
        (0.00012, "mmHg"),
        ("10^3 mg/L", ""),
        (103.0, "mg/L"),
        (5.0, "mg/cm3"),
    ]


def test_hazards_of_other_headings_and_none_at_all() -> None:
    assert read_hazards(view("Odor", {"ReferenceNumber": 1, "Value": text("H225: not here")}), HERE) == []
    for body in ({}, {"Record": {"RecordNumber": "seven"}}, {"Record": {"RecordNumber": 1, "Section": [{}]}}):
        with pytest.raises(Unavailable, match="malformed"):
            read_hazards(body, HERE)


@pytest.mark.parametrize(
    ("statement", "code", "note"),
    [
        (
            "H361d ***: Bad for the unborn [Warning Reproduction]",
            "H361d",
            "Warning Reproduction; translated from Direc",
        ),
        ("H360FD **: Bad [Danger Reproduction]", "H360FD", "Danger Reproduction; route of exposure not specified"),
        ("H373 **: Bad for organs", "H373", "route of exposure not specified"),
        ("H302 * (97.6%): Bad when eaten", "H302", "in 97.6% of the notifications; minimum classification"),
        ("H220 (98%) ****: Burns [Danger Gases]", "H220", "Danger Gases; in 98% of the notifications; to be confirm"),
        (
            "H302+H312+H332 (12.5%): Bad [Warning A; b, c]",
            "H302+H312+H332",
            "Warning A; b, c; in 12.5% of the notifications",
        ),
        ("H302 + H312 (> 99.9%): Bad", "H302 + H312", "in > 99.9% of the notifications"),
        ("H373 (98.6%) [Warning Organs]: Bad for organs", "H373", "Warning Organs; in 98.6% of the notifications"),
        ("H350 (Inhalation): Bad when breathed", "H350", "Inhalation"),
        ("H350i: Bad when breathed", "H350i", ""),
        ("EUH066: Dries the skin", "EUH066", ""),
        ("EUH208: Allergic reactions [", "EUH208", ""),
        ("AUH019: Forms peroxides", "AUH019", ""),
    ],
)
def test_every_form_of_a_hazard_statement_is_read(statement: str, code: str, note: str) -> None:
    (fact,) = read_hazards(view("GHS Classification", {"ReferenceNumber": 1, "Value": text(statement)}), HERE)
    assert fact.predicate == "GHS hazard statement"
    assert str(fact.value).startswith(f"{code}: ")
    assert fact.note.startswith(note)
    assert bool(note) == bool(fact.note)
    assert "[" not in str(fact.value), "its class is no part of what is stated"


@pytest.mark.parametrize(
    "statement",
    [
        "Not Classified",
        "Reported as not meeting GHS hazard criteria per 20 of 120 reports by companies.",
        "This chemical does not meet GHS hazard criteria for 85.4% (35 of 41) of all reports.",
        "Not a hazardous substance or mixture",
        "H225",
        "H361d Suspected of something, without a colon",
        "(H302) in brackets",
    ],
)
def test_what_is_no_statement_but_tells_of_hazards_is_kept_as_it_is(statement: str) -> None:
    (fact,) = read_hazards(view("GHS Classification", {"ReferenceNumber": 1, "Value": text(statement)}), HERE)
    assert (fact.predicate, fact.value, fact.note) == ("GHS remark", statement, "")


def test_words_around_the_statements_are_no_facts() -> None:
    remark = "Aggregated GHS information provided per 120 reports by companies from 5 notifications to the ECHA."
    assert read_hazards(view("GHS Classification", {"ReferenceNumber": 1, "Value": text(remark)}), HERE) == []


@pytest.mark.parametrize(
    ("text", "value", "unit", "note"),
    [
        # prefixes of units: each of these once lost three or six powers of ten
        ("5.8 kPa at 20 °C", 5.8, "kPa", "at 20 °C"),
        ("5 MPa", 5.0, "MPa", ""),
        ("3-4 kPa", "3 to 4", "kPa", ""),
        ("10.5 kPa to 12 kPa", "10.5 to 12", "kPa", ""),
        ("20 mbar", 20.0, "mbar", ""),
        ("1.2 mPa·s", 1.2, "mPa·s", ""),
        ("1.074 mPa.s at 20 °C", 1.074, "mPa.s", "at 20 °C"),
        ("1.074 mPa-sec @ 20 °C", 1.074, "mPa-sec", "@ 20 °C"),
        ("22.8 mN/m at 25 °C", 22.8, "mN/m", "at 25 °C"),
        ("890 kJ/mol", 890.0, "kJ/mol", ""),
        ("890 kJ mol-1", 890.0, "kJ mol-1", ""),
        ("12.3 kcal/mol", 12.3, "kcal/mol", ""),
        ("5 mM", 5.0, "mM", ""),
        ("0.5 µM", 0.5, "µM", ""),
        ("5 M", 5.0, "M", ""),
        ("0.05 km", 0.05, "km", ""),
        # pressures
        ("44 mmHg", 44.0, "mmHg", ""),
        ("0.26 [mmHg]", 0.26, "mmHg", ""),
        ("2.52X10-5 mm Hg at 25 °C", 2.52e-5, "mm Hg", "at 25 °C"),
        ("1.5X10-4 mm Hg at 25 °C", 1.5e-4, "mm Hg", "at 25 °C"),
        ("1.5 x 10^-4 Pa", 1.5e-4, "Pa", ""),
        ("1.5×10⁻⁴ Pa (est)", 1.5e-4, "Pa", "(est)"),
        ("1.3X10-9 atm-cu m/mole at 25 °C (est)", 1.3e-9, "atm-cu m/mole", "at 25 °C (est)"),
        ("1 atm", 1.0, "atm", ""),
        # temperatures
        ("135 °C", 135.0, "°C", ""),
        ("135ºC", 135.0, "°C", ""),
        ("135 deg C", 135.0, "°C", ""),
        ("135 deg. C", 135.0, "°C", ""),
        ("138-140 °C", "138 to 140", "°C", ""),
        ("138 °C to 140 °C", "138 to 140", "°C", ""),
        ("138 °C-140 °C", "138 to 140", "°C", ""),
        ("135-138", "135 to 138", "", ""),
        ("408.2 K", 408.2, "K", ""),
        ("408-410 K", "408 to 410", "K", ""),
        ("273.15K", 273.15, "K", ""),
        ("-5 to -3 deg C", "-5 to -3", "°C", ""),
        ("-20 - -18 °C", "-20 to -18", "°C", ""),
        ("−114.1 °C", -114.1, "°C", ""),
        (">300 °C", ">300", "°C", ""),
        ("275 °F at 760 mmHg (NTP, 1992)", 275.0, "°F", "at 760 mmHg (NTP, 1992)"),
        ("135 °C (decomposes)", 135.0, "°C", "(decomposes)"),
        ("227-229 °C with decomposition", "227 to 229", "°C", "with decomposition"),
        ("135 °C, decomposes.", 135.0, "°C", "decomposes."),
        # amounts, densities, energies
        ("less than 1 mg/mL at 73 °F (NTP, 1992)", "<1", "mg/mL", "at 73 °F (NTP, 1992)"),
        ("greater than 100 mg/mL", ">100", "mg/mL", ""),
        ("greater than or equal to 100 mg/mL at 72 °F", "≥100", "mg/mL", "at 72 °F"),
        ("> or = 100 mg/mL", "≥100", "mg/mL", ""),
        ("4,600 mg/L", 4600.0, "mg/L", ""),
        ("In water, 4,600 mg/L at 25 °C", 4600.0, "mg/L", "In water at 25 °C"),
        ("5 mg/mL in water at 25 °C", 5.0, "mg/mL", "in water at 25 °C"),
        ("5 g/100 mL", 5.0, "g/100 mL", ""),
        ("0.5 g/100 g water at 20 °C", 0.5, "g/100 g", "water at 20 °C"),
        ("1.5 [ug/mL] (mean at pH 7.4)", 1.5, "ug/mL", "(mean at pH 7.4)"),
        ("0.789 g/cu cm at 20 °C", 0.789, "g/cu cm", "at 20 °C"),
        ("1.4 g cm-3", 1.4, "g cm-3", ""),
        ("1.200 g/cm³", 1.2, "g/cm³", ""),
        ("5 J/(mol·K)", 5.0, "J/(mol·K)", ""),
        ("-312.6 BTU/lb", -312.6, "BTU/lb", ""),
        ("22.4 dynes/cm", 22.4, "dynes/cm", ""),
        ("+27.3° (water)", 27.3, "°", "(water)"),
        ("5 % w/w", 5.0, "%", "w/w"),
        # without a unit
        ("log Kow = -0.07", -0.07, "", ""),
        ("log P: 1.19", 1.19, "", ""),
        ("1.19 (LogP)", 1.19, "", "(LogP)"),
        ("pKa1 = 3.49", 3.49, "", "pKa1"),
        ("1.3614 at 20 °C/D", 1.3614, "", "at 20 °C/D"),
        ("1234567-1234570", "1234567 to 1234570", "", ""),
        ("0", 0.0, "", ""),
        ("about 1.35", "about 1.35", "", ""),
    ],
)
def test_values_are_read_with_unit_and_condition(text: str, value: str | float, unit: str, note: str) -> None:
    assert read_value(text) == (value, unit, note)


@pytest.mark.parametrize("prefix", ["", "k", "M", "G", "m", "µ", "μ", "u", "n", "c", "h"])
@pytest.mark.parametrize(
    "unit", ["Pa", "Pa·s", "bar", "J/mol", "J/(mol·K)", "cal/g", "N/m", "g/L", "mol/L", "M", "m", "eV"]
)
def test_no_prefix_of_a_unit_is_ever_lost(prefix: str, unit: str) -> None:
    for text, value in ((f"5 {prefix}{unit}", 5.0), (f"5-6 {prefix}{unit}", "5 to 6"), (f">5{prefix}{unit}", ">5")):
        assert read_value(text) == (value, f"{prefix}{unit}", "")
    assert read_value(f"5 {prefix}{unit} at 20 °C (est)") == (5.0, f"{prefix}{unit}", "at 20 °C (est)")


@pytest.mark.parametrize(
    "text",
    [
        "1 g dissolves in 300 mL water",
        "1 g in 300 mL water",
        "Decomposes",
        "Decomposes at 135 °C",
        "178 °C; 352 °F; 451 K",
        "44 mm Hg at 68 °F ; 50 mm Hg at 77 °F",
        "44 mm Hg at 20 °C, 50 mm Hg at 25 °C",
        "1225-30 °C",
        "10-5 mm Hg",
        "5 °C to 300 K",
        "5 mpa",
        "5 KPa",
        "5 g/100",
        "5,95 kPa",
        "12,5 g",
        "1.2.3",
        "",
    ],
)
def test_what_is_no_plain_value_is_kept_word_for_word(text: str) -> None:
    assert read_value(text) == (text, "", "")


def test_measurements_by_heading() -> None:
    body = measured("Melting Point", text("135 °C"), text("Decomposes"), {"Number": [408.2], "Unit": "K"})
    facts = read_measurements(body, HERE)
    assert [(fact.predicate, fact.value, fact.unit) for fact in facts] == [
        ("melting point", 135.0, "°C"),
        ("melting point", "Decomposes", ""),
        ("melting point", 408.2, "K"),
    ]
    assert {fact.provenance.source for fact in facts} == {"Bench Notes"}
    numbers = measured(
        "Density", {"Number": 1.4, "Unit": "g/mL"}, {"Number": ["1.5"]}, {"Number": [True]}, {"NumValue": 2}
    )
    assert [(fact.value, fact.unit) for fact in read_measurements(numbers, HERE)] == [(1.4, "g/mL"), (1.5, ""), (2, "")]
    assert read_measurements(measured("LogP", text("1.19")), HERE)[0].predicate == "measured logP"
    assert read_measurements(measured("Dissociation Constants", text("3.5")), HERE)[0].predicate == "pKa"
    assert read_measurements(measured("Solubility", {"StringValue": "5&nbsp;<b>mg/mL</b>"}), HERE)[0].value == 5.0
    assert read_measurements(view("XLogP3", {"Value": {"Number": [1.8]}}), HERE) == [], "a computed value"


ASSAYS = {
    "Table": {
        "Columns": {
            "Column": [
                "AID", "SID", "CID", "Activity Outcome", "Target Accession", "Target GeneID", "Activity Value [uM]",
                "Activity Name", "Assay Name",
            ]
        },
        "Row": [
            {"Cell": ["11", "1", "7", "Active", "P23219", "5742", "1.5", "IC50", "one"]},
            {"Cell": ["12", "1", "7", "Active", "P23219", "5742", "0.02", "Ki", "two"]},
            {"Cell": ["12", "1", "7", "Inactive", "P23219", "5742", "", "", "two"]},
            {"Cell": ["13", "1", "7", "Active", "", "99", "", "", "three"]},
            {"Cell": ["14", "1", "7", "Inactive", "P35354", "5743", "0.001", "IC50", "four"]},
            {"Cell": ["15", "1", "7", "Unspecified", "", "", "", "", "five"]},
        ],
    }
}  # fmt: skip


def test_bioactivity_counts_by_target_and_keeps_the_best_value_of_active_results() -> None:
    facts = read_bioactivity(ASSAYS, 7, HERE)
    assert [(fact.predicate, fact.value, fact.unit, fact.about, fact.note) for fact in facts] == [
        ("assay results", 6, "", "", "3 active, 2 inactive, 1 unspecified; 5 assays"),
        ("Ki", 0.02, "uM", "UNIPROT:P23219", "active in 2 of 3 results"),
        ("active results", 1, "", "GeneID:99", "active in 1 of 1 results"),
    ]
    assert {fact.kind for fact in facts} == {"measured"}
    assert facts[1].provenance.identifier == "AID 12"
    assert facts[1].provenance.url == "https://pubchem.ncbi.nlm.nih.gov/bioassay/12"
    nothing = {"Table": {"Columns": {"Column": ["AID"]}, "Row": []}}
    assert [fact.value for fact in read_bioactivity(nothing, 7, HERE)] == [0]
    with pytest.raises(Unavailable, match="malformed"):
        read_bioactivity({"Table": {"Columns": {"Column": ["AID"]}, "Row": [{"Cell": []}]}}, 7, HERE)


def test_a_value_without_a_unit_is_not_stated_in_micromolar() -> None:
    columns = ["AID", "CID", "Activity Outcome", "Target Accession", "Activity Value", "Activity Name"]
    row = {"Cell": ["11", "7", "Active", "P23219", "1.5", "IC50"]}
    facts = read_bioactivity({"Table": {"Columns": {"Column": columns}, "Row": [row]}}, 7, HERE)
    assert [(fact.predicate, fact.value, fact.unit) for fact in facts[1:]] == [("active results", 1, "")]


def test_lists_of_cids_and_registry_numbers() -> None:
    assert read_cids({"IdentifierList": {"CID": [3, 0, 5]}}) == [3, 5]
    assert read_cids({"IdentifierList": {}}) == []
    rows: list[dict[str, Any]] = [{"CID": 9}, {"CID": 7, "RN": ["64-17-5"]}]
    assert read_registry_numbers({"InformationList": {"Information": rows}}) == {9: (), 7: ("64-17-5",)}
    rows += [{"CID": 7, "RN": "8013-62-5"}, {"CID": 7, "RN": ["64-17-5"]}]
    assert read_registry_numbers({"InformationList": {"Information": rows}})[7] == ("64-17-5", "8013-62-5")


# -- the questions, against a local server


@pytest.fixture
def pubchem(server: LocalServer, tmp_path: Path) -> Iterator[PubChem]:
    with Transport(tmp_path, clock=FakeClock(), services={"pubchem": f"{server.url}/rest/pug"}) as transport:
        yield PubChem(transport)


def missing(status: int = 404, code: str = "PUGREST.NotFound") -> Said:
    return Said.json({"Fault": {"Code": code, "Message": "none"}}, status)


def test_pug_view_lies_beside_pug_rest_and_is_asked_for_one_heading(server: LocalServer, pubchem: PubChem) -> None:
    server.play = script(Said.json(GHS), Said.json(measured("Density", text("1.4 g/cm3"))), missing(400, "BadRequest"))
    assert pubchem.hazards(7)[0].value == "Flammable"
    assert pubchem.hazards(7)[0].value == "Flammable", "from the cache"
    assert (pubchem.measurements(7)[0].value, pubchem.measurements(7)[0].unit) == (1.4, "g/cm3")
    assert pubchem.hazards(8) == [], "a record without that heading"
    assert [(asked.path, asked.query) for asked in server.asked] == [
        ("/rest/pug_view/data/compound/7/JSON", {"heading": "GHS Classification"}),
        ("/rest/pug_view/data/compound/7/JSON", {"heading": "Experimental Properties"}),
        ("/rest/pug_view/data/compound/8/JSON", {"heading": "GHS Classification"}),
    ]


def test_bioactivity_and_registry_numbers_are_asked_for(server: LocalServer, pubchem: PubChem) -> None:
    numbers = {"InformationList": {"Information": [{"CID": 7, "RN": ["64-17-5"]}]}}
    server.play = script(Said.json(ASSAYS), Said.json(numbers), missing())
    assert pubchem.bioactivity(7)[1].value == 0.02
    assert pubchem.registry_numbers(7) == ("64-17-5",)
    assert (pubchem.bioactivity(8), pubchem.registry_numbers(8)) == ([], ())
    paths = [asked.path.removeprefix("/rest/pug") for asked in server.asked]
    assert paths[:2] == ["/compound/cid/7/assaysummary/JSON", "/compound/cid/7/xrefs/RN/JSON"]


def play_search(cids: list[int], smiles: str = "CCO") -> Any:
    """Answer a search with these CIDs, and a table with a chain that grows with the CID."""

    def answer(asked: Asked) -> Said:
        if "property" not in asked.path:
            return Said.json({"IdentifierList": {"CID": cids}})
        rows = [{"CID": int(part), "SMILES": "C" * (int(part) % 20 + 1) + "O"} for part in asked.form["cid"].split(",")]
        return Said.json({"PropertyTable": {"Properties": rows}})

    return answer


def test_a_search_by_cid_reveals_no_structure_and_ranks_what_is_found(server: LocalServer, pubchem: PubChem) -> None:
    server.play = play_search([9, 1, 2, 3])
    propanol = molecule_from_smiles("CCCO", ids={"cid": "2"})
    hits = pubchem.similar(propanol, 0.8, limit=2)
    assert server.asked[0].path.endswith("/compound/fastsimilarity_2d/cid/2/cids/JSON")
    assert server.asked[0].query == {"Threshold": "80", "MaxRecords": "202"}
    assert [hit.molecule.handle for hit in hits.hits] == ["CID:3", "CID:1"]
    assert [hit.likeness for hit in hits.hits] == sorted((hit.likeness for hit in hits.hits), reverse=True)  # type: ignore[type-var]
    assert (hits.total, hits.more, hits.beyond) == (3, False, "1 more exist")
    assert hits.provenance.source == "PubChem"
    assert "0.8" in hits.provenance.identifier


def test_what_is_not_ranked_is_said_to_exist(server: LocalServer, pubchem: PubChem) -> None:
    server.play = play_search(list(range(1, 203)))
    hits = pubchem.containing(molecule_from_smiles("CO", ids={"cid": "500"}), limit=5)
    assert len(hits.hits) == 5
    assert (hits.total, hits.more, hits.beyond) == (190, True, "at least 185 more exist")
    assert hits.hits[0].molecule.weight == min(hit.molecule.weight or 0 for hit in hits.hits)
    assert len(server.asked) == 2, "one search and one table"
    assert all(hit.molecule.smiles != "CO" for hit in hits.hits), "the molecule itself is no hit"


def test_a_search_by_structure_is_a_form_and_none_found_is_none(server: LocalServer, pubchem: PubChem) -> None:
    server.play = script(missing())
    hits = pubchem.similar(molecule_from_smiles("OCC"))
    assert (hits.hits, hits.beyond) == ((), "")
    assert (server.asked[0].method, server.asked[0].form) == ("POST", {"smiles": "CCO"})
    assert server.asked[0].path.endswith("/compound/fastsimilarity_2d/smiles/cids/JSON")


def test_a_search_waits_for_its_queue_and_fails_loudly(server: LocalServer, pubchem: PubChem) -> None:
    queued = Said.json({"Waiting": {"ListKey": "42"}}, 202)
    rows = {"PropertyTable": {"Properties": [{"CID": 5, "SMILES": "CCO"}]}}
    server.play = script(queued, Said.json({"IdentifierList": {"CID": [5]}}), Said.json(rows))
    assert pubchem.containing(molecule_from_smiles("CO", ids={"cid": "1"})).hits[0].molecule.handle == "CID:5"
    assert server.asked[1].path.endswith("/compound/listkey/42/cids/JSON")
    server.play = lambda asked: (
        Said(b"", 500) if "property" in asked.path else Said.json({"IdentifierList": {"CID": [6]}})
    )
    with pytest.raises(Unavailable, match="1 CIDs from 6"):
        pubchem.containing(molecule_from_smiles("CO", ids={"cid": "3"}))


def test_a_structure_is_not_searched_for_unless_all_is_public() -> None:
    with Transport(clock=FakeClock(), services={"pubchem": "http://far.test"}) as transport:
        for search in (PubChem(transport).similar, PubChem(transport).containing):
            with pytest.raises(Refused, match="names-only"):
                search(molecule_from_smiles("CCO"))
        assert list(transport.log) == []
