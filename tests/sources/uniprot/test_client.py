import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from biomed_agent.core.errors import InvalidInput, NotFound, Refused, Unavailable
from biomed_agent.core.identifiers import ACCESSION
from biomed_agent.core.types import Provenance
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.uniprot import UniProt, quote, read_entry, read_facts, read_fasta, read_file, read_search
from biomed_agent.sources.uniprot.facts import DRUGBANK_NOTE
from tests.helpers.places import SHARED
from tests.helpers.server import Asked, FakeClock, LocalServer, Said, script

RECORDED = SHARED / "recorded" / "uniprot"
shared = pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded replies do not lie beside the checkout")
HERE = Provenance("UniProt", url="http://uniprot.test", release="2026_01")

SIMILAR = [{"evidenceCode": "ECO:0000250", "source": "UniProtKB", "id": "P00001"}]
SHOWN = [{"evidenceCode": "ECO:0000269", "source": "PubMed", "id": "1"}]


def entry(accession: str = "P99999", name: str = "Testase", gene: str = "TST1", **more: Any) -> dict[str, Any]:
    return {
        "entryType": "UniProtKB reviewed (Swiss-Prot)",
        "primaryAccession": accession,
        "uniProtkbId": f"{gene}_HUMAN",
        "organism": {"scientificName": "Homo sapiens", "commonName": "Human", "taxonId": 9606},
        "proteinDescription": {
            "recommendedName": {
                "fullName": {"value": name},
                "shortNames": [{"value": "Tase"}],
                "ecNumbers": [{"value": "1.1.1.1", "evidences": SIMILAR}],
            },
            "alternativeNames": [{"fullName": {"value": "Trial enzyme"}, "shortNames": [{"value": "TE"}]}],
        },
        "genes": [{"geneName": {"value": gene}, "synonyms": [{"value": "OLD1"}]}],
        "sequence": {"value": "MKTAYIAK", "length": 8, "molWeight": 950},
    } | more


def inactive(kind: str, *successors: str, **more: Any) -> dict[str, Any]:
    reason = {"inactiveReasonType": kind, "mergeDemergeTo": list(successors)} | more
    return {"entryType": "Inactive", "primaryAccession": "P29358", "inactiveReason": reason}


ISOFORM = {"name": {"value": "1"}, "isoformIds": ["P99999-1"], "isoformSequenceStatus": "Displayed"}


# -- readers


def test_a_reviewed_entry() -> None:
    protein = read_entry(entry(), HERE)
    assert protein.sequence == "MKTAYIAK"
    assert (protein.accession, protein.entry_name, protein.gene) == ("P99999", "TST1_HUMAN", "TST1")
    assert (protein.name, protein.synonyms) == ("Testase", ("Tase", "Trial enzyme", "TE", "OLD1"))
    assert (protein.organism, protein.taxon_id, protein.reviewed) == ("Homo sapiens", 9606, True)
    assert protein.provenance is not None
    assert protein.provenance.url == "https://www.uniprot.org/uniprotkb/P99999/entry"
    assert protein.provenance.release == "2026_01"


def test_an_unreviewed_entry_has_submitted_names_and_loci() -> None:
    protein = read_entry(
        entry(
            entryType="UniProtKB unreviewed (TrEMBL)",
            proteinDescription={"submissionNames": [{"fullName": {"value": "Submitted name"}}]},
            genes=[{"orfNames": [{"value": "ORF7"}]}],
        ),
        HERE,
    )
    assert (protein.name, protein.gene, protein.reviewed) == ("Submitted name", "ORF7", False)


@pytest.mark.parametrize(
    ("reason", "message", "successors"),
    [
        (inactive("DEMERGED", "P68250", "P68251"), "split into 2 entries", ["UNIPROT:P68250", "UNIPROT:P68251"]),
        (inactive("DELETED", deletedReason="Redundant proteome"), "it was deleted: Redundant proteome", []),
        (inactive("MERGED", "P1"), "merged into P1", ["UNIPROT:P1"]),
        ({"entryType": "Inactive", "primaryAccession": "P29358"}, "obsolete", []),
    ],
)
def test_an_inactive_entry_is_not_found_with_its_reason(
    reason: dict[str, Any], message: str, successors: list[str]
) -> None:
    for read in (read_entry, read_facts):
        with pytest.raises(NotFound, match=message) as caught:
            read(reason, HERE)
        assert [candidate.handle for candidate in caught.value.candidates] == successors


@pytest.mark.parametrize(
    "broken", [{}, entry(sequence={"length": 8}), entry(genes=[{"geneName": {"x": 1}}]), entry(organism="human")]
)
def test_an_incomplete_entry_is_the_services_fault(broken: dict[str, Any]) -> None:
    with pytest.raises(Unavailable, match="UniProt"):
        read_entry(broken, HERE)


def test_reviewed_entries_come_first() -> None:
    trembl = entry("Q00001", entryType="UniProtKB unreviewed (TrEMBL)")
    assert [protein.accession for protein in read_search({"results": [trembl, entry()]}, HERE)] == ["P99999", "Q00001"]


def test_fasta_headers_old_and_new() -> None:
    text = (
        ">sp|P99999-2|TST1_HUMAN Isoform 2 of Testase OS=Homo sapiens OX=9606 GN=TST1\nMKT\n"
        ">tr|Q00001|Q00001_FRG3G Protein (Fragment) OS=Frog virus 3 (isolate Goorha) GN=FV3-001R PE=4 SV=1\nAYI\n"
    )
    isoform, old = read_fasta(text, HERE)
    assert (isoform.accession, isoform.name, isoform.taxon_id) == ("P99999-2", "Isoform 2 of Testase", 9606)
    assert isoform.reviewed is True
    assert (old.name, old.organism, old.gene) == ("Protein (Fragment)", "Frog virus 3 (isolate Goorha)", "FV3-001R")
    assert (old.taxon_id, old.reviewed, old.sequence) == (None, False, "AYI")
    assert read_fasta("\n", HERE) == []
    with pytest.raises(Unavailable, match="unknown form"):
        read_fasta(">other\nMKT", HERE)


def test_facts_state_what_they_hold_for_and_how_well_they_are_known() -> None:
    comments: list[dict[str, Any]] = [
        {"commentType": "FUNCTION", "texts": [{"value": "Tests things", "evidences": SIMILAR}]},
        {
            "commentType": "FUNCTION",
            "molecule": "Isoform 2",
            "texts": [{"value": "Idles", "evidences": SHOWN + SIMILAR}],
        },
        {
            "commentType": "CATALYTIC ACTIVITY",
            "reaction": {"name": "a + b = c", "ecNumber": "1.1.1.1", "evidences": SHOWN},
        },
        {"commentType": "COFACTOR", "cofactors": [{"name": "FAD"}], "note": {"texts": []}},
        {"commentType": "COFACTOR", "note": {"texts": [{"value": "no cofactor here"}]}},
        {
            "commentType": "SUBCELLULAR LOCATION",
            "subcellularLocations": [
                {"location": {"value": "Cell membrane"}, "topology": {"value": "Single-pass membrane protein"}}
            ],
            "note": {"texts": [{"value": "moves"}]},
        },
        {"commentType": "SIMILARITY", "texts": [{"value": "Belongs to the protein kinase superfamily. Tyr family"}]},
        {"commentType": "SIMILARITY", "texts": [{"value": "In the C-terminal section; belongs to the X family."}]},
        {
            "commentType": "DISEASE",
            "disease": {
                "diseaseId": "Testitis",
                "acronym": "TT",
                "diseaseCrossReference": {"database": "MIM", "id": "100100"},
            },
            "note": {"texts": [{"value": "The disease is caused by variants. More of it"}]},
        },
        {"commentType": "DISEASE", "note": {"texts": [{"value": "may be involved"}]}},
    ]
    keywords = [
        {"name": "Kinase", "category": "Molecular function"},
        {"name": "3D-structure", "category": "Technical term"},
    ]
    go = {"database": "GO", "id": "GO:0005524", "properties": [{"key": "GoTerm", "value": "F:ATP binding"}]}
    facts = read_facts(entry(comments=comments, keywords=keywords, uniProtKBCrossReferences=[go]), HERE)
    stated = [(fact.predicate, fact.value, fact.note) for fact in facts]
    assert stated == [
        ("protein name", "Testase", ""),
        ("alternative name", "Tase", ""),
        ("alternative name", "Trial enzyme", ""),
        ("alternative name", "TE", ""),
        ("gene", "TST1", ""),
        ("gene synonym", "OLD1", ""),
        ("organism", "Homo sapiens", "Human"),
        ("length", 8, ""),
        ("molecular weight", 950, "unprocessed chain"),
        ("EC number", "1.1.1.1", "by similarity"),
        ("function", "Tests things", "by similarity"),
        ("function", "Idles", "Isoform 2"),
        ("catalytic activity", "a + b = c", "EC 1.1.1.1"),
        ("cofactor", "FAD", ""),
        ("subcellular location", "Cell membrane", "Single-pass membrane protein"),
        ("protein family", "protein kinase superfamily", ""),
        ("protein family", "Tyr family", ""),
        ("protein family", "X family", ""),
        ("disease", "Testitis (TT, MIM 100100)", "The disease is caused by variants"),
        ("disease involvement", "may be involved", ""),
        ("keyword", "Kinase", ""),
        ("GO molecular function", "ATP binding", "GO:0005524"),
    ]
    assert {fact.subject for fact in facts} == {"UNIPROT:P99999"}
    assert {fact.provenance.identifier for fact in facts} == {"P99999"}


def feature(kind: str, start: int | None, end: int | None = None, **more: Any) -> dict[str, Any]:
    place = {"start": {"value": start, "modifier": "EXACT"}, "end": {"value": end or start, "modifier": "EXACT"}}
    return {"type": kind, "location": place, "description": ""} | more


def test_features_become_facts_with_their_residues() -> None:
    change = {"originalSequence": "V", "alternativeSequences": ["E"]}
    features = [
        feature("Domain", 5, 90, description="Protein kinase", evidences=SIMILAR),
        feature("Active site", 50, description="Proton acceptor"),
        feature("Active site", 60),
        feature("Binding site", 12, 14, ligand={"name": "ATP"}),
        feature("Disulfide bond", 3, 9),
        feature("Signal", 1, 2),
        feature("Modified residue", 8, description="Phosphoserine"),
        feature("Natural variant", 60, description="in TT; loss of activity.", alternativeSequence=change),
        feature("Mutagenesis", 60, 61, description="Loss.", alternativeSequence={"originalSequence": "VV"}),
        feature("Helix", 1, 9),
        feature("Transmembrane", None, None, description="Helical"),
    ]
    features[5]["location"]["end"]["modifier"] = "OUTSIDE"
    features[6]["location"]["sequence"] = "P99999-2"
    stated = [(fact.predicate, fact.value, fact.note) for fact in read_facts({**entry(), "features": features}, HERE)]
    assert stated[10:] == [
        ("domain", "Protein kinase, residues 5-90", "by similarity"),
        ("active site", "Proton acceptor, residue 50", ""),
        ("active site", "residue 60", ""),
        ("binding site", "ATP, residues 12-14", ""),
        ("disulfide bond", "between residues 3 and 9", ""),
        ("signal peptide", "residues 1 to >2", ""),
        ("modified residue", "Phosphoserine, residue 8", "P99999-2"),
        ("natural variant", "V60E", "in TT; loss of activity"),
        ("studied mutation", "Loss, residues 60-61", ""),
        ("transmembrane segment", "Helical, residue ?", ""),
    ]


def test_pathways_drugs_structures_and_isoforms_become_facts() -> None:
    def link(database: str, number: str, **properties: str) -> dict[str, Any]:
        named = [{"key": key, "value": value} for key, value in properties.items()]
        return {"database": database, "id": number, "properties": named}

    links = [
        link("Reactome", "R-HSA-1", PathwayName="Testing by TST1"),
        link("KEGG", "hsa:1", Description="-"),
        link("DrugBank", "DB00001", GenericName="Testinib"),
        link("ChEMBL", "CHEMBL1"),
        link("BindingDB", "P99999"),
        link("PDB", "1ABC", Method="X-ray"),
        link("PDB", "2ABC", Method="NMR"),
        link("PDB", "3ABC", Method="X-ray"),
        link("Pfam", "PF1", EntryName="Tst"),
        link("STRING", "9606.1"),
    ]
    products = {
        "commentType": "ALTERNATIVE PRODUCTS",
        "isoforms": [
            {"name": {"value": "1"}, "isoformIds": ["P99999-1"], "isoformSequenceStatus": "Displayed"},
            {"name": {"value": "Short"}, "isoformIds": ["P99999-2"], "isoformSequenceStatus": "Described"},
            {"name": {"value": "Other"}, "isoformIds": ["Q99999-1"], "isoformSequenceStatus": "External"},
            {"name": {"value": "Dim"}, "isoformIds": ["P99999-4"], "isoformSequenceStatus": "Not described"},
        ],
    }
    facts = read_facts(entry(comments=[products], uniProtKBCrossReferences=links), HERE)
    assert [(fact.predicate, fact.value, fact.unit, fact.note) for fact in facts[10:]] == [
        ("isoform", "P99999-1 (isoform 1, canonical)", "", ""),
        ("isoform", "P99999-2 (isoform Short)", "", ""),
        ("isoform", "Q99999-1 (isoform Other, described in another entry)", "", ""),
        ("isoform", "P99999-4 (isoform Dim, its sequence is not described)", "", ""),
        ("pathway", "Testing by TST1 (R-HSA-1)", "", "Reactome"),
        ("KEGG identifier", "hsa:1", "", ""),
        ("DrugBank entry", "Testinib (DB00001)", "", DRUGBANK_NOTE),
        ("ChEMBL target", "CHEMBL1", "", ""),
        ("BindingDB target", "P99999", "", ""),
        ("Pfam entry", "Tst (PF1)", "", ""),
        ("experimental structures", 3, "in PDB", "2 by X-ray, 1 by NMR"),
    ]


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("P12345", True),
        ("A0A024R161", True),
        ("Q9Y6K9-2", True),
        ("P1234", False),
        ("P123456", False),
        ("P12345.2", False),
        ("p12345", False),
        ("A0A024R16", False),
        ("P12345-", False),
        ("EGFR", False),
    ],
)
def test_the_accession_pattern(text: str, valid: bool) -> None:
    assert bool(ACCESSION.fullmatch(text)) is valid


def test_quoting() -> None:
    assert quote("5'-nucleotidase (EC 3) [x] AND *") == '"5\'-nucleotidase (EC 3) [x] AND *"'
    assert quote('a"b\\') == '"a\\"b\\\\"'


# -- the questions, against a local server


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer(script(Said())) as server:
        yield server


@pytest.fixture
def uniprot(server: LocalServer) -> Iterator[UniProt]:
    with Transport(clock=FakeClock(), services={"uniprot": server.url}) as transport:
        yield UniProt(transport)


def test_by_accession(server: LocalServer, uniprot: UniProt) -> None:
    server.play = script(Said.json(entry(), X_UniProt_Release="2026_04"))
    protein = uniprot.by_accession(" p99999 ")
    assert server.asked[0].path == "/uniprotkb/P99999.json"
    assert protein.provenance is not None
    assert protein.provenance.release == "2026_04"
    for given in ("EGFR", "P99999.2", "", "P99999/../x"):
        with pytest.raises(InvalidInput, match="no UniProt accession"):
            uniprot.by_accession(given)
    assert len(server.asked) == 1


def test_a_merged_accession_is_followed(server: LocalServer, uniprot: UniProt) -> None:
    moved = Said.json(inactive("MERGED", "P99999"), 303, Location="/uniprotkb/P99999.json?from=Q00015")
    server.play = script(moved, Said.json(entry()))
    assert uniprot.by_accession("Q00015").accession == "P99999"


def test_an_isoform(server: LocalServer, uniprot: UniProt) -> None:
    server.play = script(Said(b">sp|P99999-2|TST1_HUMAN Isoform 2 of Testase OS=Homo sapiens OX=9606 GN=TST1\nMKT\n"))
    assert uniprot.by_accession("P99999-2").sequence == "MKT"
    assert server.asked[0].path == "/uniprotkb/P99999-2.fasta"


def test_an_empty_fasta_means_obsolete(server: LocalServer, uniprot: UniProt) -> None:
    server.play = script(Said(b""), Said.json(inactive("DEMERGED", "P68250")))
    with pytest.raises(NotFound, match="split into"):
        uniprot.by_accession("P29358-2")
    server.play = script(Said(b""), Said.json(entry()))
    with pytest.raises(NotFound, match="no isoform P99999-9"):
        uniprot.by_accession("P99999-9")


def test_many_accessions_at_once(server: LocalServer, tmp_path: Path) -> None:
    moved = inactive("MERGED", "P44444") | {"primaryAccession": "Q00015"}
    here = {
        "P11111": entry("P11111", gene="A"),
        "P22222": entry("P22222", gene="B", secondaryAccessions=["Q22222"]),
        "Q00015": moved,
        "P29358": inactive("DEMERGED", "P68250", "P68251"),
        "P44444": entry("P44444", gene="D"),
    }

    def answer(asked: Asked) -> Said:
        if asked.path.endswith(".fasta"):
            return Said(b">sp|P11111-2|A_HUMAN Isoform 2 of Testase OS=Homo sapiens OX=9606 GN=A\nMKT\n")
        if asked.path == "/uniprotkb/Q22222.json":
            return Said.json(here["P22222"], 303, Location="/uniprotkb/P22222.json?from=Q22222")
        if asked.path == "/uniprotkb/P22222.json":
            return Said.json(here["P22222"])
        wanted = asked.query["accessions"].split(",")
        results = [
            record
            for record in here.values()
            if {record["primaryAccession"], *record.get("secondaryAccessions", ())} & {*wanted}
        ]
        return Said.json({"results": results}, X_UniProt_Release="2026_04")

    server.play = answer
    asked = ["p22222 ", "Q22222", "Q00015", "P29358", "P33333", "EGFR", "P11111-2", "P11111", "p22222 "]
    with Transport(tmp_path, clock=FakeClock(), services={"uniprot": server.url}) as transport:
        uniprot = UniProt(transport)
        batch = uniprot.by_accessions(asked)
        assert {accession: protein.accession for accession, protein in batch.records.items()} == {
            "p22222 ": "P22222",
            "Q22222": "P22222",
            "Q00015": "P44444",
            "P11111-2": "P11111-2",
            "P11111": "P11111",
        }
        assert list(batch.records) == ["p22222 ", "Q22222", "Q00015", "P11111-2", "P11111"]
        assert {accession: type(error) for accession, error in batch.missing.items()} == {
            "P29358": NotFound,
            "P33333": NotFound,
            "EGFR": InvalidInput,
        }
        assert "P68250" in batch.missing["P29358"].hint
        assert [request.query.get("accessions") for request in server.asked] == [
            "P22222,Q22222,Q00015,P29358,P33333,P11111",
            "P44444",
            *[None] * 3,  # the former accession, which leads to another entry, and the isoform
        ]
        server.asked.clear()
        again = uniprot.by_accessions(["P11111", "Q00015", "Q22222"])
        assert server.asked == []
        assert again.records["P11111"] == batch.records["P11111"]
        assert again.records["P11111"].provenance is not None
        assert again.records["P11111"].provenance.release == "2026_04"


def test_an_accession_that_was_split_is_not_one_of_its_successors(server: LocalServer, uniprot: UniProt) -> None:
    successor = entry("P68250", secondaryAccessions=["P29358"])

    def answer(asked: Asked) -> Said:
        if asked.path.endswith("/P29358.json"):
            return Said.json(inactive("DEMERGED", "P68250", "P68251"))
        return Said.json({"results": [successor]})  # no row for the accession that was split

    server.play = answer
    batch = uniprot.by_accessions(["P29358", "P68250"])
    assert list(batch.records) == ["P68250"]
    assert "P68251" in batch.missing["P29358"].hint


POLYPROTEIN = entry("P0DTD9", name="Replicase polyprotein") | {
    "proteinDescription": {
        "recommendedName": {"fullName": {"value": "Replicase polyprotein"}},
        "contains": [
            {
                "recommendedName": {
                    "fullName": {"value": "3C-like proteinase nsp5"},
                    "shortNames": [{"value": "3CL-PRO"}],
                    "ecNumbers": [{"value": "3.4.22.69"}],
                },
                "alternativeNames": [{"fullName": {"value": "Main protease"}}],
            }
        ],
        "includes": [{"recommendedName": {"fullName": {"value": "Glutaminase"}, "ecNumbers": [{"value": "3.5.1.2"}]}}],
    }
}


@pytest.mark.parametrize("name", ["3C-like proteinase nsp5", "3CL-Pro", "main protease", "glutaminase"])
def test_by_name_knows_what_the_parts_are_called(server: LocalServer, uniprot: UniProt, name: str) -> None:
    server.play = script(Said.json({"results": [POLYPROTEIN, entry("P1", name="Other")]}))
    assert [protein.accession for protein in uniprot.by_name(name)] == ["P0DTD9"]


def test_enzymes_within_a_protein_have_their_ec_numbers() -> None:
    numbers = [(fact.value, fact.note) for fact in read_facts(POLYPROTEIN, HERE) if fact.predicate == "EC number"]
    assert numbers == [("3.4.22.69", "3C-like proteinase nsp5"), ("3.5.1.2", "Glutaminase")]


@pytest.mark.parametrize(
    ("odd", "named"),
    [
        ({"comments": [{"commentType": "ALTERNATIVE PRODUCTS", "isoforms": [{"name": {"value": "2"}}, ISOFORM]}]},
         "comment ALTERNATIVE PRODUCTS"),
        ({"comments": [{"commentType": "ALTERNATIVE PRODUCTS", "isoforms": [{"isoformIds": ["P99999-2"]}, ISOFORM]}]},
         "comment ALTERNATIVE PRODUCTS"),
        ({"comments": [{"commentType": "SUBCELLULAR LOCATION", "subcellularLocations": [{"topology": {}}, {
            "location": {"value": "Nucleus"}}]}]}, "comment SUBCELLULAR LOCATION"),
        ({"comments": [None]}, "comment"),
        ({"uniProtKBCrossReferences": [{"database": "KEGG"}]}, "cross-reference KEGG"),
        ({"features": [{"type": "Domain"}, {"type": "Domain", "location": {"start": {"value": 1}}}]}, "feature Domain"),
        ({"keywords": [{"category": "Disease"}]}, "keyword Disease"),
    ],
)  # fmt: skip
def test_one_odd_element_costs_only_itself(odd: dict[str, Any], named: str) -> None:
    function = {"commentType": "FUNCTION", "texts": [{"value": "Cuts tests."}]}
    body = entry(**odd | {"comments": [*odd.get("comments", ()), function]})
    left: list[str] = []
    facts = read_facts(body, HERE, left)
    stated = {fact.predicate for fact in facts}
    assert left == [named]
    assert "function" in stated
    siblings = {"comment ALTERNATIVE PRODUCTS": "isoform", "comment SUBCELLULAR LOCATION": "subcellular location"}
    assert siblings.get(named, "function") in stated


def test_an_inactive_entry_among_others_costs_only_itself() -> None:
    proteins = read_search({"results": [inactive("DELETED"), {"entryType": "x"}, entry()]}, HERE)
    assert [protein.accession for protein in proteins] == ["P99999"]
    assert read_search({"results": [inactive("DELETED")]}, HERE) == []
    with pytest.raises(Unavailable):
        read_search({"results": [{"entryType": "x"}]}, HERE)


@pytest.mark.parametrize("messages", [[None], "one text", ["one", "text"], {"a": 1}, None])
def test_what_an_error_says_may_have_any_form(server: LocalServer, uniprot: UniProt, messages: Any) -> None:
    server.play = script(Said.json({"messages": messages}, 400))
    with pytest.raises(InvalidInput) as caught:
        uniprot.by_accession("P99999")
    assert "o n e" not in caught.value.message


@pytest.mark.parametrize("body", [{"foo": 1}, {"entryType": "x"}, {}, [], "text"])
def test_what_cannot_be_read_is_not_kept(server: LocalServer, tmp_path: Path, body: Any) -> None:
    server.play = script(Said.json(body))
    with Transport(tmp_path, clock=FakeClock(), services={"uniprot": server.url}) as transport:
        uniprot = UniProt(transport)
        for ask in (lambda: uniprot.by_accession("P99999"), lambda: uniprot.by_gene("TST1")):
            for _ in range(2):
                before = len(server.asked)
                with pytest.raises(Unavailable):
                    ask()
                assert len(server.asked) > before


def test_accessions_that_cannot_be_asked_now_are_told_from_those_that_do_not_exist(
    server: LocalServer, uniprot: UniProt
) -> None:
    server.play = script(Said(b"", 503))
    batch = uniprot.by_accessions(["P11111", "P22222"])
    assert not batch.records
    assert [type(error) for error in batch.missing.values()] == [Unavailable, Unavailable]
    server.play = script(Said.json({"nothing": 1}))
    with pytest.raises(Unavailable, match="malformed"):
        uniprot.by_accession("P11111")
    assert isinstance(uniprot.by_accessions(["P33333"]).missing["P33333"], Unavailable)


def test_by_entry_name(server: LocalServer, uniprot: UniProt) -> None:
    server.play = script(Said.json({"results": [entry("P1", gene="TST10"), entry()]}))
    assert uniprot.by_entry_name("tst1_human").accession == "P99999"
    assert server.asked[0].query["query"] == "id:TST1_HUMAN"
    server.play = script(Said.json({"results": []}))
    with pytest.raises(NotFound, match="NONE_HUMAN"):
        uniprot.by_entry_name("NONE_HUMAN")
    with pytest.raises(InvalidInput):
        uniprot.by_entry_name("TST1")


def test_by_gene_prefers_the_first_name_to_a_synonym(server: LocalServer, uniprot: UniProt) -> None:
    other = entry("P11111", gene="TST9", genes=[{"geneName": {"value": "TST9"}, "synonyms": [{"value": "TST1"}]}])
    server.play = script(Said.json({"results": [other, entry()]}))
    assert [protein.accession for protein in uniprot.by_gene("tst1")] == ["P99999", "P11111"]
    assert server.asked[0].query["query"] == 'gene_exact:"tst1" AND organism_id:9606 AND reviewed:true'


def test_by_gene_falls_back_on_unreviewed_entries(server: LocalServer, uniprot: UniProt) -> None:
    trembl = entry("Q00001", entryType="UniProtKB unreviewed (TrEMBL)")
    server.play = script(Said.json({"results": []}), Said.json({"results": [trembl]}))
    assert [protein.accession for protein in uniprot.by_gene('T"1', organism_id=None)] == ["Q00001"]
    assert [asked.query["query"] for asked in server.asked] == [
        'gene_exact:"T\\"1" AND reviewed:true',
        'gene_exact:"T\\"1"',
    ]


def test_by_name_takes_whole_names_only(server: LocalServer, uniprot: UniProt) -> None:
    entries = [entry("P2", "Testase receptor", "TSTR"), entry("P3", "Testase"), entry("P4", "X", gene="X", genes=[])]
    server.play = script(Said.json({"results": entries}))
    assert [protein.accession for protein in uniprot.by_name("TESTASE")] == ["P3"]
    assert [protein.accession for protein in uniprot.by_name("trial  enzyme")] == ["P2", "P3", "P4"]
    assert uniprot.by_name("receptor") == []
    for name in ("", " ", "x" * 501):
        with pytest.raises(InvalidInput):
            uniprot.by_name(name)


def test_by_sequence_sends_the_checksum_only(server: LocalServer, uniprot: UniProt) -> None:
    def play(asked: Asked) -> Said:
        if asked.path == "/uniparc/search":
            return Said.json({"results": [{"uniParcId": "UPI0000000001"}]})
        isoform_of = entry("Q00002", sequence={"value": "MKTAYIAKQQ"})
        return Said.json({"results": [isoform_of, entry()]})

    server.play = play
    assert [protein.accession for protein in uniprot.by_sequence(">mine\nmktay iak*")] == ["P99999"]
    md5 = hashlib.md5(b"MKTAYIAK").hexdigest().upper()
    assert server.asked[0].query["query"] == f"checksum:{md5}"
    assert server.asked[1].query["query"] == 'uniparc:"UPI0000000001"'
    assert "MKTAYIAK" not in repr(server.asked)
    server.play = script(Said.json({"results": []}))
    assert uniprot.by_sequence("MKT") == []
    for given in ("", ">a\nMK\n>b\nTA", "M-K"):
        with pytest.raises(InvalidInput):
            uniprot.by_sequence(given)


def test_by_sequence_finds_an_isoform(server: LocalServer, uniprot: UniProt) -> None:
    def play(asked: Asked) -> Said:
        if asked.path == "/uniparc/search":
            accessions = ["P99999.1", "P99999-2", "A0A024R161"]
            return Said.json({"results": [{"uniParcId": "UPI0000000002", "uniProtKBAccessions": accessions}]})
        if asked.path.endswith("P99999-2.fasta"):
            return Said(b">sp|P99999-2|TST1_HUMAN Isoform 2 of Testase OS=Homo sapiens OX=9606 GN=TST1\nMKTA\n")
        return Said.json({"results": [entry()]})

    server.play = play
    (isoform,) = uniprot.by_sequence("MKTA")
    assert (isoform.accession, isoform.name) == ("P99999-2", "Isoform 2 of Testase")


def test_by_ec_takes_whole_numbers_of_reviewed_entries(server: LocalServer, uniprot: UniProt) -> None:
    server.play = script(Said.json({"results": [entry()]}))
    assert uniprot.by_ec("3.4.21.5")[0].accession == "P99999"
    assert uniprot.by_ec("3.1.4.n1", organism="Mus musculus")
    assert [asked.query["query"] for asked in server.asked] == [
        "ec:3.4.21.5 AND organism_id:9606 AND reviewed:true",
        'ec:3.1.4.n1 AND organism_name:"Mus musculus" AND reviewed:true',
    ]
    for given in ("3.4.21", "3.4.21.-", "8.1.1.1", "", "3.4.21.5 OR 1"):
        with pytest.raises(InvalidInput, match="no whole EC number"):
            uniprot.by_ec(given)


# -- files as UniProt hands them out


XML = """<uniprot xmlns="http://uniprot.org/uniprot"><entry dataset="TrEMBL"><accession>Q00001</accession>
<accession>Q00002</accession><name>Q00001_MOUSE</name><protein><recommendedName><fullName>Testase</fullName>
<shortName>Tase</shortName></recommendedName><component><recommendedName><fullName>Part</fullName></recommendedName>
</component></protein><gene><name type="synonym">Old1</name><name type="primary">Tst1</name></gene>
<organism><name type="scientific">Mus musculus</name><name type="common">Mouse</name>
<dbReference type="NCBI Taxonomy" id="10090"/></organism><sequence length="8">MKTAY
IAK</sequence></entry></uniprot>"""
FLAT = """ID   TST1_MOUSE              Reviewed;           8 AA.
AC   Q00001; Q00002;
DE   RecName: Full=Testase {ECO:0000305};
DE            Short=Tase;
DE   Contains:
DE     RecName: Full=Part;
GN   Name=Tst1 {ECO:0000313}; Synonyms=Old1, Old2;
OS   Mus musculus (Mouse).
OX   NCBI_TaxID=10090;
SQ   SEQUENCE   8 AA;  950 MW;  0000000000000000 CRC64;
     MKTAY IAK
//
"""


@pytest.mark.parametrize("text", [XML, f"<?xml version='1.0'?>{XML}", FLAT, FLAT * 2])
def test_entries_in_other_formats(text: str) -> None:
    proteins = read_file(text, HERE)
    assert proteins is not None
    assert len(proteins) == text.count("AC   ") or text is not FLAT
    protein = proteins[0]
    assert (protein.sequence, protein.accession, protein.name, protein.gene) == (
        "MKTAYIAK",
        "Q00001",
        "Testase",
        "Tst1",
    )
    assert (protein.organism, protein.taxon_id, protein.synonyms[0]) == ("Mus musculus", 10090, "Tase")
    assert protein.reviewed is (text.startswith("ID"))
    assert "Part" not in protein.synonyms


def test_a_file_is_known_by_its_beginning() -> None:
    assert [protein.gene for protein in read_file(json.dumps(entry()), HERE) or ()] == ["TST1"]
    assert len(read_file(json.dumps({"results": [entry(), entry("P11111")]}), HERE) or ()) == 2
    assert read_file(">mine\nMKTAYIAK", HERE) is None
    assert read_file("MKTAYIAK", HERE) is None
    assert read_file("", HERE) is None
    broken = ['{"primaryAccession": ', "<uniprot><entry>", "ID   X_HUMAN  Reviewed;\n//"]
    for text in (*broken, '<!DOCTYPE uniprot [<!ENTITY a "b">]><uniprot/>', json.dumps(entry(sequence=None))):
        with pytest.raises(InvalidInput):
            read_file(text, HERE)


def test_a_sequence_never_travels_as_a_name() -> None:
    with Transport(clock=FakeClock(), services={"uniprot": "http://far.test"}) as transport:
        uniprot = UniProt(transport)
        for ask in (uniprot.by_name, uniprot.by_gene):
            with pytest.raises(Refused, match="names-only"):
                ask("MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ")
        assert list(transport.log) == []


def test_facts_of_an_isoform_are_those_of_its_entry(server: LocalServer, uniprot: UniProt) -> None:
    server.play = script(Said.json(entry()))
    assert uniprot.facts("P99999-2")[0].value == "Testase"
    assert server.asked[0].path == "/uniprotkb/P99999.json"


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (Said.json({"url": "x", "messages": ["Resource not found"]}, 404), NotFound, "Resource not found"),
        (Said.json({"messages": ["'x' is not a valid search field"]}, 400), InvalidInput, "not a valid search field"),
        (Said(b"Error messages\nThe 'accession' value has invalid format.", 400), InvalidInput, "invalid format"),
        (Said(b"<html>not here</html>", 404), Unavailable, "HTML page"),
        (Said(b"<html>portal</html>", 200), Unavailable, "HTML page"),
        (Said(b'{"results"', 200, {"content-type": "application/json"}), Unavailable, "JSON was expected"),
        (Said(b"stop", 403), Unavailable, "status 403: stop"),
        (Said.json(["what"]), Unavailable, "malformed"),
    ],
)
def test_what_is_no_answer(
    server: LocalServer, uniprot: UniProt, reply: Said, error: type[Exception], words: str
) -> None:
    server.play = script(reply)
    with pytest.raises(error, match=words):
        uniprot.by_accession("P99999")


# -- real replies


@shared
@pytest.mark.shared
@pytest.mark.parametrize("name", ["entry_P12345_reviewed", "entry_O00115_isoforms", "entry_A4Q9F3_mouse"])
def test_recorded_entries(name: str) -> None:
    recorded = json.loads((RECORDED / f"{name}.json").read_text())
    protein = read_entry(recorded, HERE)
    assert protein.accession in name
    assert hashlib.md5(protein.sequence.encode()).hexdigest().upper() == recorded["sequence"]["md5"]
    facts = read_facts(recorded, HERE)
    predicates = {fact.predicate for fact in facts}
    assert {"protein name", "gene", "organism", "length", "function", "subcellular location"} <= predicates
    assert "protein family" in predicates or name == "entry_A4Q9F3_mouse"
    for fact in facts:
        assert fact.value
        assert fact.provenance.identifier == protein.accession


@shared
@pytest.mark.shared
def test_recorded_search_and_mapping() -> None:
    proteins = read_search(json.loads((RECORDED / "search_two_human_entries.json").read_text()), HERE)
    assert [protein.accession for protein in proteins] == ["A1L3X0", "A2RUC4"]
    mapped = json.loads((RECORDED / "idmapping_uniprotkb_entry_P30542.json").read_text())
    assert read_entry(mapped, HERE).gene == "ADORA1"
    assert ("subcellular location", "Cell membrane") in {
        (fact.predicate, fact.value) for fact in read_facts(mapped, HERE)
    }


@shared
@pytest.mark.shared
def test_recorded_partial_entries_state_facts_but_are_no_protein() -> None:
    for name in ("search_ec_2.6.1.7_trembl_fields.json", "search_braf_reviewed_reduced.json"):
        body = json.loads((RECORDED / name).read_text())
        assert all(read_facts(record, HERE) for record in body["results"])
        with pytest.raises(Unavailable, match="without its sequence"):
            read_search(body, HERE)


@shared
@pytest.mark.shared
def test_recorded_inactive_entry() -> None:
    with pytest.raises(NotFound, match="I8FBX0 is obsolete: it was deleted"):
        read_entry(json.loads((RECORDED / "MOCK_inactive_deleted_I8FBX0.json").read_text()), HERE)


@shared
@pytest.mark.shared
@pytest.mark.parametrize(("name", "count"), [("fasta_multi", 8), ("fasta_viral_truncated", 61)])
def test_recorded_fasta(name: str, count: int) -> None:
    proteins = read_fasta((RECORDED / f"{name}.fasta").read_text(), HERE)
    assert len(proteins) == count
    assert all(protein.accession and protein.organism and protein.name for protein in proteins)


@shared
@pytest.mark.shared
def test_recorded_exchanges(server: LocalServer, uniprot: UniProt) -> None:
    yaml = pytest.importorskip("yaml")
    recorded = yaml.safe_load((RECORDED / "cassette_search_link_total.yaml").read_text())["interactions"][0]
    server.play = replay(recorded["response"])
    (protein,) = uniprot.by_name("thioredoxin reductase")
    assert protein.accession == "Q92375"
    assert protein.provenance is not None
    assert protein.provenance.release == "2026_01"
    recorded = yaml.safe_load((RECORDED / "cassette_400_invalid_accession.yaml").read_text())["interactions"][0]
    server.play = replay(recorded["response"])
    with pytest.raises(InvalidInput, match="invalid format"):
        uniprot.by_accession("P12345")


def replay(response: dict[str, Any]) -> Any:
    names = ("content-type", "x-uniprot-release", "x-total-results")
    headers = {name: values[0] for name, values in response["headers"].items() if name.lower() in names}
    return script(Said(response["body"]["string"].encode(), response["status"]["code"], headers))


def test_what_a_curator_inferred_of_a_disease_is_marked_so() -> None:
    texts = [
        {"value": "May be involved in testing", "evidences": [{"evidenceCode": "ECO:0000305"}]},
        {"value": "Seen in tests", "evidences": [{"evidenceCode": "ECO:0000269"}]},
    ]
    facts = read_facts(entry(comments=[{"commentType": "DISEASE", "note": {"texts": texts}}]), HERE)
    assert [(fact.value, fact.note) for fact in facts if fact.predicate == "disease involvement"] == [
        ("May be involved in testing", "inferred by a curator"),
        ("Seen in tests", ""),
    ]
