"""Pairs from UniProt and PubChem, live and from dumps: the recipe, paging, and going on after a kill."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from biomed_agent.core.errors import InvalidInput, Refused, Unavailable
from biomed_agent.model.contract.prompt import QUESTIONS
from biomed_agent.model.data import formats, pairs
from biomed_agent.model.data.builders import pubchemqa, uniprotqa
from biomed_agent.model.data.builders.pubchemqa import build_pubchemqa, described, read_annotations
from biomed_agent.model.data.builders.uniprotqa import build_uniprotqa
from biomed_agent.model.data.builders.writer import WORKING
from biomed_agent.sources.http.transport import Transport
from tests.helpers.places import SHARED
from tests.helpers.server import Asked, FakeClock, LocalServer, Said

ACIDS = "ACDEFGHIKLMNPQRSTVWY"

# ---------------------------------------------------------------------------------------------- recipe


def test_texts_are_dropped_and_cropped_as_in_the_paper():
    assert pairs.enough("Binds calcium ions.") == ""
    assert pairs.enough("Binds free calcium ions.") == "Binds free calcium ions."
    sentences = " ".join(f"Sentence number {n} stands here." for n in range(100))
    assert pairs.crop(sentences) == " ".join(f"Sentence number {n} stands here." for n in range(51))
    assert len(pairs.crop("word " * 300).split()) == pairs.MAX_WORDS


def test_what_is_said_of_a_part_is_not_said_of_the_protein():
    record = pairs.ProteinRecord(
        "P1",
        "MKT",
        "Polyprotein",
        functions=("[Capsid]: Forms the shell of it.", "Makes all of the virus."),
        similarities=("Contains 2 SH3 domains.", "In the N-terminal section; belongs to the LTA family."),
        locations=("[Isoform 2]: Nucleus.", "Cytoplasm {ECO:1}; Peripheral membrane protein. Note=Seen in mice."),
    )
    assert pairs.protein_answers(record) == {
        "function": "Makes all of the virus.",
        "name": "Polyprotein.",
        "family": "In the N-terminal section; belongs to the LTA family.",
        "location": "Cytoplasm; Peripheral membrane protein.",
    }
    assert pairs.protein_answers(pairs.ProteinRecord("P1", "MKT", functions=("Binds DNA.",))) == {}


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("DE   RecName: Full=Kinase (fragment) A {ECO:0000255|HAMAP-Rule:MF_1};", "Kinase (fragment) A"),
        ("DE   SubName: Full=Predicted protein;", "Predicted protein"),
        ("DE   Peptide synthase ftsI precursor (EC 2.4.1.129) (PBP-3).", "Peptide synthase ftsI precursor"),
        ("DE            Short=ABC;", ""),
        ("DE   Flags: Precursor;", ""),
    ],
)
def test_names_of_the_flat_file_old_and_new(line, name):
    assert pairs.flat_record([line]).name == name


def test_a_description_does_not_tell_the_name():
    assert described("Aspirin is a salicylate drug.", "aspirin") == "The molecule is a salicylate drug."
    assert described("It relieves pain and fever.", "aspirin") == "It relieves pain and fever."
    assert described("Used as drug.") == ""


# ---------------------------------------------------------------------------------------------- UniProt


def entry(number: int, **more: Any) -> dict[str, Any]:
    texts = {"FUNCTION": "Binds molecule number %d (PubMed:1).", "SIMILARITY": "Belongs to family %d"}
    comments = [{"commentType": kind, "texts": [{"value": text % number}]} for kind, text in texts.items()]
    place = {"location": {"value": "Cytoplasm"}, "topology": {"value": "Peripheral membrane protein"}}
    comments.append(
        {"commentType": "SUBCELLULAR LOCATION", "subcellularLocations": [place, {"location": {"value": "Nucleus"}}]}
    )
    return {
        "primaryAccession": f"P{number:05}",
        "sequence": {"value": "MK" + ACIDS[number % 20] * 5},
        "proteinDescription": {"recommendedName": {"fullName": {"value": f"Protein {number}"}}},
        "comments": comments,
    } | more


class FakeUniProt:
    """Gives entries in pages of two, each with a link to the next; refuses what it was told to."""

    def __init__(self, entries: list[Any], trouble: dict[int, Said] | None = None, release: str = "2026_01") -> None:
        self.entries, self.release = entries, release
        self.trouble = dict(trouble or {})
        self.times = 0

    def __call__(self, asked: Asked) -> Said:
        self.times += 1
        start = int(asked.query.get("cursor", "0"))
        if start in self.trouble:
            return self.trouble.pop(start)
        headers = {"x-total-results": str(len(self.entries)), "x-uniprot-release": self.release}
        if start + 2 < len(self.entries):
            address = f"http://{asked.headers['host']}/uniprotkb/search?cursor={start + 2}&size=500"
            headers["link"] = f'<{address}>; rel="next"'
        body = json.dumps({"results": self.entries[start : start + 2]}).encode()
        return Said(body, 200, {"content-type": "application/json", **headers})


def connect(server, **more):
    return Transport(services={"uniprot": server.url, "pubchem": f"{server.url}/rest/pug"}, clock=FakeClock(), **more)


def test_a_live_build_follows_the_pages_and_writes_the_nesting_of_the_release(tmp_path):
    entries = [entry(n) for n in range(7)] + [entry(7, comments=[], proteinDescription={}), entry(8, sequence={})]
    messages: list[str] = []
    with LocalServer(FakeUniProt(entries)) as server:
        report = build_uniprotqa(
            tmp_path / "train.json", connect(server), query="organism_id:9606", tell=messages.append
        )
    first = server.asked[0]
    assert first.path == "/uniprotkb/search"
    assert first.query == {"query": "organism_id:9606", "fields": uniprotqa.FIELDS, "format": "json", "size": "500"}
    assert [request.query["cursor"] for request in server.asked[1:]] == ["2", "4", "6", "8"]
    assert (report.entities, report.pairs, report.release, report.resumed) == (7, 28, "2026_01", False)
    assert report.skipped == {
        "the entry has no sequence": 1,
        "the entry states no function, name, family or location": 1,
    }
    assert messages[0] == "2 of 9 proteins"
    written = json.loads((tmp_path / "train.json").read_text())
    assert list(written) == [f"P{n:05}" for n in range(7)]
    assert written["P00003"] == {
        "sequence": "MKEEEEE",
        "data": [
            [QUESTIONS["function"], "Binds molecule number 3."],
            [QUESTIONS["name"], "Protein 3."],
            [QUESTIONS["family"], "Belongs to family 3."],
            [QUESTIONS["location"], "Cytoplasm; Peripheral membrane protein. Nucleus."],
        ],
    }
    reading = formats.read(tmp_path / "train.json")
    assert len(list(reading)) == 28
    assert reading.format.name == "uniprotqa"
    assert reading.bad.total == 0
    assert [path.name for path in tmp_path.iterdir()] == ["train.json"]


def test_a_build_that_failed_between_pages_goes_on_and_gives_the_same_file(tmp_path):
    entries = [entry(n) for n in range(9)]
    with LocalServer(FakeUniProt(entries)) as server:
        build_uniprotqa(tmp_path / "whole.json", connect(server))
    fake = FakeUniProt(entries, {4: Said.json({"messages": ["cursor"]}, status=400)})
    with LocalServer(fake) as server:
        with pytest.raises(InvalidInput, match="cursor"):
            build_uniprotqa(tmp_path / "train.json", connect(server))
        assert (tmp_path / f"train.json{WORKING}").exists()
        assert not (tmp_path / "train.json").exists()
        asked = fake.times
        report = build_uniprotqa(tmp_path / "train.json", connect(server))
    assert report.resumed
    assert fake.times - asked == 3  # the pages from 4 on, not those before
    assert (tmp_path / "train.json").read_bytes() == (tmp_path / "whole.json").read_bytes()


def test_a_build_killed_in_the_middle_goes_on_and_gives_the_same_file(tmp_path):
    entries = [entry(n) for n in range(9)]
    with LocalServer(FakeUniProt(entries)) as server:
        build_uniprotqa(tmp_path / "whole.json", connect(server))
    code = (
        "import sys; from pathlib import Path; from biomed_agent.model.data.builders.uniprotqa import build_uniprotqa; "
        "from biomed_agent.sources.http.transport import Transport; "
        "build_uniprotqa(Path(sys.argv[1]), Transport(services={'uniprot': sys.argv[2]}))"
    )
    fake = FakeUniProt(entries, {6: Said(b"{}", drip=3600)})
    with LocalServer(fake) as server:
        child = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "train.json"), server.url])
        until = time.monotonic() + 60
        while fake.times < 4 and time.monotonic() < until:
            time.sleep(0.02)
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
        assert (tmp_path / f"train.json{WORKING}").exists()
        report = build_uniprotqa(tmp_path / "train.json", connect(server))
        assert [request.query["cursor"] for request in server.asked[4:]] == ["6", "8"]
    assert report.resumed
    assert (tmp_path / "train.json").read_bytes() == (tmp_path / "whole.json").read_bytes()


def test_a_busy_server_is_waited_for_as_it_asks(tmp_path):
    clock = FakeClock()
    fake = FakeUniProt([entry(n) for n in range(4)], {2: Said(b"", 429, {"Retry-After": "7"})})
    with LocalServer(fake) as server:
        report = build_uniprotqa(tmp_path / "a.json", Transport(services={"uniprot": server.url}, clock=clock))
    assert report.entities == 4
    assert sum(clock.slept) >= 7


def test_another_release_in_the_middle_is_noticed(tmp_path):
    fake = FakeUniProt([entry(n) for n in range(6)])

    def play(asked: Asked) -> Said:
        fake.release = "2026_02" if "cursor" in asked.query else "2026_01"
        return fake(asked)

    with LocalServer(play) as server, pytest.raises(InvalidInput, match="2026_01 to 2026_02"):
        build_uniprotqa(tmp_path / "a.json", connect(server))


def test_a_limit_is_kept_and_another_build_is_not_gone_on_with(tmp_path):
    entries = [entry(n) for n in range(9)]
    fake = FakeUniProt(entries, {4: Said.json({"messages": ["no"]}, status=400)})
    with LocalServer(fake) as server:
        assert build_uniprotqa(tmp_path / "three.json", connect(server), limit=3).entities == 3
        with pytest.raises(InvalidInput):
            build_uniprotqa(tmp_path / "a.json", connect(server))
        with pytest.raises(InvalidInput, match="another build"):
            build_uniprotqa(tmp_path / "a.json", connect(server), query="*")
        report = build_uniprotqa(tmp_path / "a.json", connect(server), query="*", restart=True)
        assert (report.entities, report.resumed) == (9, False)


@pytest.mark.parametrize("how", [{"egress": "nothing"}, {"offline": True}])
def test_a_policy_that_forbids_it_is_obeyed(tmp_path, how):
    with Transport(**how) as transport:
        with pytest.raises(Refused):
            build_uniprotqa(tmp_path / "a.json", transport)
        with pytest.raises(Refused):
            build_pubchemqa(tmp_path / "b.json", transport)
        assert list(transport.log) == []
    assert list(tmp_path.iterdir()) == []


def test_a_sequence_in_a_query_is_not_sent_by_names_only(tmp_path):
    with Transport(egress="names-only") as transport, pytest.raises(Refused, match="structure"):
        build_uniprotqa(tmp_path / "a.json", transport, query="A" * 40)


# ---------------------------------------------------------------------------------------------- UniProt's dumps


def flat(number: int) -> str:
    return (
        f"ID   TEST{number}_TEST              Reviewed;           7 AA.\nAC   P{number:05};\n"
        f"DE   RecName: Full=Protein {number} {{ECO:1}};\n"
        f"CC   -!- FUNCTION: Binds molecule number {number} (PubMed:1). {{ECO:2}}.\n"
        f"CC   -!- SUBCELLULAR LOCATION: Cytoplasm; Peripheral membrane protein. Nucleus.\n"
        f"CC   -!- SIMILARITY: Belongs to family {number}. {{ECO:3}}.\n"
        f"SQ   SEQUENCE   7 AA;  1 MW;  0 CRC64;\n     MK{ACIDS[number % 20] * 5}\n//\n"
    )


def test_the_flat_file_gives_the_same_pairs_as_the_live_database(tmp_path, monkeypatch):
    with LocalServer(FakeUniProt([entry(n) for n in range(5)])) as server:
        build_uniprotqa(tmp_path / "live.json", connect(server))
    dump = tmp_path / "sprot.dat.gz"
    dump.write_bytes(gzip.compress("".join(map(flat, range(5))).encode()))
    monkeypatch.setattr(uniprotqa, "DUMP_PAGE_ENTRIES", 2)
    report = build_uniprotqa(tmp_path / "dump.json", dumps=[dump])
    assert (report.entities, report.pairs) == (5, 20)
    assert (tmp_path / "dump.json").read_bytes() == (tmp_path / "live.json").read_bytes()


def test_a_build_from_dumps_goes_on_where_it_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(uniprotqa, "DUMP_PAGE_ENTRIES", 2)
    first, second = tmp_path / "a.dat", tmp_path / "b.tsv"
    first.write_text("".join(map(flat, range(3))))
    header = "Entry\tSequence\tProtein names\tFunction [CC]\n"
    rows = [f"P{n:05}\tMKT\tProtein {n} (EC 1.1.1.1)\tFUNCTION: Binds molecule {n}.\n" for n in range(3, 8)]
    second.write_text(header + "".join(rows))
    build_uniprotqa(tmp_path / "whole.json", dumps=[first, second])

    class Stop(Exception):
        pass

    def stop(words: str) -> None:
        if words == "6 proteins":
            raise Stop

    with pytest.raises(Stop):
        build_uniprotqa(tmp_path / "again.json", dumps=[first, second], tell=stop)
    messages: list[str] = []
    assert build_uniprotqa(tmp_path / "again.json", dumps=[first, second], tell=messages.append).resumed
    assert messages == ["8 proteins", "8 proteins", "writing"]
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "whole.json").read_bytes()


def test_a_dump_of_something_else_or_cut_off_is_an_error(tmp_path):
    (tmp_path / "a.dat").write_text("LOCUS something\n")
    with pytest.raises(InvalidInput, match="neither UniProt's flat file"):
        build_uniprotqa(tmp_path / "a.json", dumps=[tmp_path / "a.dat"])
    (tmp_path / "b.dat").write_text(flat(1)[:-3])
    with pytest.raises(InvalidInput, match=r"b\.dat ends inside an entry"):
        build_uniprotqa(tmp_path / "b.json", dumps=[tmp_path / "b.dat"])
    with pytest.raises(InvalidInput, match="neither a connection"):
        build_uniprotqa(tmp_path / "c.json")


# ---------------------------------------------------------------------------------------------- PubChem

SMILES = {1: "CCO", 2: "C(C)O", 3: "c1ccccc1", 4: "CC(=O)O", 5: "not a structure"}


def annotation(cid, *texts, name="", source="ChEBI"):
    values = [{"Value": {"StringWithMarkup": [{"String": text}]}} for text in texts]
    linked = {"LinkedRecords": {"CID": [cid]}} if cid else {}
    return {"SourceName": source, "SourceID": "x", "Name": name, "Data": values, "ANID": 1, **linked}


PAGES = [
    [
        annotation(1, "Ethanol is a primary alcohol.", "Too short.", name="ethanol"),
        annotation(None, "About nothing at all."),
    ],
    [
        annotation(2, "It is found in wine and beer.", source="Other"),
        annotation(3, "An aromatic hydrocarbon, flammable."),
    ],
    [
        annotation(1, "It burns with a blue flame."),
        annotation(5, "A thing that nobody can draw."),
        annotation(6, "A thing of no record at all."),
    ],
]


class FakePubChem:
    """Gives annotations by page and structures by CID; the first tries of a page are what it was told."""

    def __init__(self, trouble: dict[Any, list[Said]] | None = None) -> None:
        self.trouble = {key: list(tries) for key, tries in (trouble or {}).items()}

    def __call__(self, asked: Asked) -> Said:
        if asked.path == "/rest/pug_view/annotations/heading/JSON":
            page = int(asked.query["page"])
            if self.trouble.get(page):
                return self.trouble[page].pop(0)
            body = {"Annotations": {"Annotation": PAGES[page - 1], "Page": page, "TotalPages": len(PAGES)}}
            return Said.json(body)
        assert asked.path.startswith("/rest/pug/compound/cid/property/"), asked.path
        if self.trouble.get("structures"):
            return self.trouble["structures"].pop(0)
        known = [int(cid) for cid in asked.form["cid"].split(",") if int(cid) in SMILES]
        return Said.json({"PropertyTable": {"Properties": [{"CID": cid, "SMILES": SMILES[cid]} for cid in known]}})


EXPECTED = {
    "CCO": [
        [QUESTIONS["description"], "The molecule is a primary alcohol."],
        [QUESTIONS["description"], "It burns with a blue flame."],
        [QUESTIONS["description"], "It is found in wine and beer."],
    ],
    "c1ccccc1": [[QUESTIONS["description"], "An aromatic hydrocarbon, flammable."]],
}


def test_descriptions_of_pubchem_are_written_by_structure(tmp_path):
    with LocalServer(FakePubChem()) as server:
        report = build_pubchemqa(tmp_path / "train.json", connect(server))
    assert json.loads((tmp_path / "train.json").read_text()) == EXPECTED
    assert server.asked[0].query == {"heading": "Record Description", "heading_type": "Compound", "page": "1"}
    assert [request.query.get("page") for request in server.asked] == ["1", "2", "3", None]
    assert (report.entities, report.pairs) == (2, 4)
    assert report.skipped == {
        pubchemqa.NO_STRUCTURE: 2,
        "the description has fewer than 4 words": 1,
        "the description is linked to no compound": 1,
    }
    reading = formats.read(tmp_path / "train.json")
    assert {example.kind for example in reading} == {"description"}
    assert reading.format.name == "pubchemqa"


def test_one_depositor_can_be_asked_for(tmp_path):
    with LocalServer(FakePubChem()) as server:
        build_pubchemqa(tmp_path / "a.json", connect(server), source="Other")
        assert server.asked[0].query["source"] == "Other"
    assert json.loads((tmp_path / "a.json").read_text()) == {"CCO": [EXPECTED["CCO"][2]]}


BUSY = Said.json({"Fault": {"Code": "PUGVIEW.ServerBusy", "Message": "Too many requests"}}, status=503)


@pytest.mark.parametrize("where", [2, "structures"])
def test_a_build_that_pubchem_broke_off_goes_on(tmp_path, where):
    fake = FakePubChem({where: [BUSY] * 4})
    with LocalServer(fake) as server:
        with pytest.raises(Unavailable):
            build_pubchemqa(tmp_path / "a.json", connect(server))
        before = len(server.asked)
        assert build_pubchemqa(tmp_path / "a.json", connect(server)).resumed
    assert server.asked[before].query.get("page") == ("2" if where == 2 else None)
    assert json.loads((tmp_path / "a.json").read_text()) == EXPECTED


def test_pubchem_is_asked_within_its_limits_and_a_throttled_one_more_slowly(tmp_path):
    clock = FakeClock()
    busy = {"x-throttling-control": "Request Count status: Red (80%), Request Time status: Green (0%)"}

    def play(asked: Asked) -> Said:
        reply = FakePubChem()(asked)
        return Said(reply.body, reply.status, {**reply.headers, **busy}) if asked.query.get("page") == "2" else reply

    with LocalServer(play) as server:
        services = {"pubchem": f"{server.url}/rest/pug"}
        began = clock.now
        build_pubchemqa(tmp_path / "a.json", Transport(services=services, clock=clock))
    assert clock.now - began > 3 * 0.2 + 1  # four requests, and a pause after the red light
    assert json.loads((tmp_path / "a.json").read_text()) == EXPECTED


def test_descriptions_and_structures_from_files_give_the_same(tmp_path):
    saved = []
    for number, page in enumerate(PAGES, 1):
        saved.append(tmp_path / f"page{number}.json")
        body = {"Annotations": {"Annotation": page, "Page": number, "TotalPages": len(PAGES)}}
        saved[-1].write_text(json.dumps(body, indent=1))
    table = tmp_path / "CID-SMILES.gz"
    table.write_bytes(
        gzip.compress("".join(f"{cid}\t{smiles.replace(' ', '')}\n" for cid, smiles in SMILES.items()).encode())
    )
    report = build_pubchemqa(tmp_path / "a.json", dumps=saved, structures=[table])
    assert json.loads((tmp_path / "a.json").read_text()) == EXPECTED
    assert report.skipped["the files give no structure of the compound"] == 1
    sdf = tmp_path / "compounds.sdf"
    block = "{cid}\n  x\n\n  0  0  0  0  0  0  0  0  0  0999 V2000\nM  END\n"
    tags = block + "> <PUBCHEM_COMPOUND_CID>\n{cid}\n\n> <{tag}>\n{one}\n\n$$$$\n"
    names = ("PUBCHEM_SMILES", "PUBCHEM_OPENEYE_ISO_SMILES")
    sdf.write_text("".join(tags.format(cid=cid, one=smiles, tag=names[cid % 2]) for cid, smiles in SMILES.items()))
    build_pubchemqa(tmp_path / "b.json", dumps=saved, structures=[sdf])
    assert (tmp_path / "b.json").read_bytes() == (tmp_path / "a.json").read_bytes()


def test_descriptions_come_in_three_shapes(tmp_path):
    structures = tmp_path / "CID-SMILES"
    structures.write_text("1\tCCO\n")
    answer = tmp_path / "description.json"
    rows = [
        {"CID": 1, "Title": "Ethanol"},
        {"CID": 1, "Description": "Ethanol is a primary alcohol.", "DescriptionSourceName": "ChEBI"},
    ]
    answer.write_text(json.dumps({"InformationList": {"Information": rows}}))
    build_pubchemqa(tmp_path / "a.json", dumps=[answer], structures=[structures])
    table = tmp_path / "descriptions.tsv"
    table.write_text("CID\tdescription\n1\tThe molecule is a primary alcohol.\nx\tThis has no number.\n\n1\n")
    report = build_pubchemqa(tmp_path / "b.json", dumps=[table], structures=[structures])
    assert (tmp_path / "b.json").read_bytes() == (tmp_path / "a.json").read_bytes()
    assert report.skipped == {"the row has no CID, or not as many fields as the header": 2}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"Record": {}}', "no page of annotations"),
        ("{broken", "no page of annotations"),
        ("name\tvalue\n", "no descriptions"),
    ],
)
def test_files_that_hold_no_descriptions(tmp_path, content, message):
    (tmp_path / "a").write_text(content)
    (tmp_path / "s").write_text("1\tCCO\n")
    with pytest.raises(InvalidInput, match=message):
        build_pubchemqa(tmp_path / "a.json", dumps=[tmp_path / "a"], structures=[tmp_path / "s"])
    with pytest.raises(InvalidInput, match="neither a connection nor a file of structures"):
        build_pubchemqa(tmp_path / "b.json", dumps=[tmp_path / "a"])


def test_a_malformed_page_is_not_taken_for_an_empty_one():
    with pytest.raises(Unavailable):
        read_annotations({"Annotations": {"Annotation": [{"LinkedRecords": {"CID": ["x"]}, "Data": [{"Value": {}}]}]}})
    with pytest.raises(Unavailable):
        read_annotations({})


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_said_first(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InvalidInput, match="cannot be written"):
        build_uniprotqa(tmp_path / "a.json", Transport(egress="nothing"))


SHARED = SHARED / "data"


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="needs the data beside the checkout")
def test_genuine_entries_are_built_and_read_back(tmp_path):
    report = build_uniprotqa(tmp_path / "a.json", dumps=[SHARED / "uniprot_records/flatfile.dat.xz"])
    read_directly = formats.read(SHARED / "uniprot_records/flatfile.dat.xz")
    built = formats.read(tmp_path / "a.json")
    pairs_of = {(example.sequence, example.question, example.answer) for example in read_directly}
    assert {(example.sequence, example.question, example.answer) for example in built} == pairs_of
    assert report.pairs == built.counts.total()
    assert report.skipped == {"the entry states no function, name, family or location": 1}
