"""What many look-ups cost: requests and virtual time against simulated services that enforce their limits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from biomed_agent.core.errors import NotFound, Unavailable
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.literature.europepmc import EuropePMC
from biomed_agent.sources.literature.pubmed import PubMed
from biomed_agent.sources.pubchem import PubChem
from biomed_agent.sources.uniprot import UniProt
from tests.helpers.server import Asked, FakeClock, LocalServer, Said
from tests.helpers.simulated_services import TROUBLES, Simulated, VirtualClock, services, worst_window

LIMITS = {"pubchem": 5, "uniprot": 5, "pubmed": 3, "europepmc": 5}
UNKNOWN = 13
"""every so many names, CIDs and accessions do not exist"""


def answer(asked: Asked) -> Said:
    """Answer as the services would, for made-up records."""
    if "inchikey" in asked.path:
        keys = asked.form["inchikey"].split(",")
        return table([row(number(key), key) for key in keys if number(key) % UNKNOWN])
    if "/cid/" in asked.path:
        return table([row(int(cid)) for cid in asked.form["cid"].split(",") if int(cid) % UNKNOWN])
    if "/name/" in asked.path:
        cid = int(asked.form["name"].removeprefix("compound "))
        unknown = Said.json({"Fault": {"Code": "PUGREST.NotFound", "Message": "No CID found"}}, status=404)
        return table([row(cid)]) if cid % UNKNOWN else unknown
    if asked.path == "uniprotkb/accessions":
        wanted = asked.query["accessions"].split(",")
        assert len(wanted) <= int(asked.query["size"]) <= 500
        return Said.json({"results": [entry(one) for one in reversed(wanted) if int(one[1:]) % UNKNOWN]})
    if asked.path == "esearch.fcgi":
        found = {"count": "5000", "idlist": [str(one) for one in range(1, int(asked.form["retmax"]) + 1)]}
        return Said.json({"esearchresult": found})
    if asked.path == "efetch.fcgi":
        articles = [
            f"<PubmedArticle><MedlineCitation><PMID>{one}</PMID><Article><ArticleTitle>Title {one}</ArticleTitle>"
            f"<Abstract><AbstractText>Text {one}</AbstractText></Abstract></Article></MedlineCitation></PubmedArticle>"
            for one in asked.query["id"].split(",")
        ]
        return Said(f"<PubmedArticleSet>{''.join(articles)}</PubmedArticleSet>".encode())
    if asked.path == "search":
        first, size = int(asked.query["cursorMark"].replace("*", "1")), int(asked.query["pageSize"])
        records = [{"id": str(one), "source": "MED", "title": f"Title {one}"} for one in range(first, first + size)]
        return Said.json({"hitCount": 5000, "nextCursorMark": str(first + size), "resultList": {"result": records}})
    return Said(b"<html>no such page</html>", 404)


def row(cid: int, key: str = "") -> dict[str, Any]:
    return {"CID": cid, "Title": f"compound {cid}", "SMILES": "C" * (cid % 7 + 1), "InChIKey": key or inchikey(cid)}


def table(rows: list[dict[str, Any]]) -> Said:
    return Said.json({"PropertyTable": {"Properties": rows}})


def inchikey(cid: int) -> str:
    return "".join(chr(ord("A") + int(digit)) for digit in f"{cid:014}") + "-UHFFFAOYSA-N"


def number(key: str) -> int:
    return int("".join(str(ord(letter) - ord("A")) for letter in key[:14]))


def entry(accession: str) -> dict[str, Any]:
    return {"entryType": "UniProtKB reviewed", "primaryAccession": accession, "sequence": {"value": "MK"}}


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def service(clock: VirtualClock) -> Simulated:
    return Simulated(clock, latency=0.3, limits=LIMITS, answer=answer)


@pytest.fixture
def transport(clock: VirtualClock, service: Simulated, tmp_path: Path) -> Iterator[Transport]:
    with (
        LocalServer(service) as server,
        Transport(tmp_path, clock=clock, services=services(server.url)) as transport,
    ):
        yield transport


def check_names(transport: Transport, service: Simulated, clock: VirtualClock, count: int) -> float:
    """Look ``count`` names up, most of them known, and again; return the virtual seconds of the first time."""
    names = [f"compound {cid}" for cid in range(count, 0, -1)]
    began = clock.now
    batch = PubChem(transport).by_names(names)
    took = clock.now - began
    assert [*batch.records] == [name for name in names if int(name.split()[1]) % UNKNOWN]
    assert [*batch.missing] == [name for name in names if not int(name.split()[1]) % UNKNOWN]
    assert all(found[0].name == name and len(found) == 1 for name, found in batch.records.items())
    assert all(type(error) is NotFound for error in batch.missing.values())
    assert len(service.arrivals["pubchem"]) == count
    again = PubChem(transport).by_names(names)
    assert again.records == batch.records
    assert {name: str(error) for name, error in again.missing.items()} == {
        name: str(error) for name, error in batch.missing.items()
    }
    assert len(service.arrivals["pubchem"]) == count, "a repetition asks nobody"
    assert service.violations == {"pubchem": 0}
    assert worst_window(service.arrivals["pubchem"], 60.0) <= 400
    return took


def test_names_take_one_request_each_at_the_full_pace(
    transport: Transport, service: Simulated, clock: VirtualClock
) -> None:
    assert check_names(transport, service, clock, 100) == pytest.approx(100 / 5 * 1.025, abs=0.5)


@pytest.mark.slow
def test_a_thousand_names(transport: Transport, service: Simulated, clock: VirtualClock) -> None:
    assert check_names(transport, service, clock, 1000) <= 206


@pytest.mark.parametrize("namespace", ["cid", "inchikey"])
def test_a_thousand_identifiers_take_ten_requests_at_most(
    transport: Transport, service: Simulated, clock: VirtualClock, namespace: str
) -> None:
    pubchem = PubChem(transport)
    cids = list(range(1000, 0, -1))

    def look_up() -> tuple[list[int], list[int]]:
        if namespace == "cid":
            by_cid = pubchem.by_cids(cids)
            assert all(one.handle == f"CID:{cid}" for cid, one in by_cid.records.items())
            return [*by_cid.records], [*by_cid.missing]
        by_key = pubchem.by_inchikeys([inchikey(cid) for cid in cids])
        assert all(one.inchikey == key for key, (one,) in by_key.records.items())
        return [number(key) for key in by_key.records], [number(key) for key in by_key.missing]

    began = clock.now
    found, missing = look_up()
    assert found == [cid for cid in cids if cid % UNKNOWN]
    assert missing == [cid for cid in cids if not cid % UNKNOWN]
    asked = len(service.arrivals["pubchem"])
    assert asked <= 10
    assert clock.now - began <= 5
    assert look_up() == (found, missing)
    assert len(service.arrivals["pubchem"]) == asked, "a repetition asks nobody, not even for what is missing"
    assert service.violations == {"pubchem": 0}


def test_a_thousand_accessions_take_three_requests_at_most(
    transport: Transport, service: Simulated, clock: VirtualClock
) -> None:
    accessions = [f"P{one:05}" for one in range(1000, 0, -1)]
    began = clock.now
    batch = UniProt(transport).by_accessions(accessions)
    assert [*batch.records] == [one for one in accessions if int(one[1:]) % UNKNOWN]
    assert [*batch.missing] == [one for one in accessions if not int(one[1:]) % UNKNOWN]
    assert all(protein.accession == one for one, protein in batch.records.items())
    assert len(service.arrivals["uniprot"]) <= 3
    assert clock.now - began <= 3
    assert UniProt(transport).by_accessions([*batch.records]) == type(batch)(batch.records, {})
    assert len(service.arrivals["uniprot"]) <= 3


def test_two_hundred_abstracts_take_two_requests(transport: Transport, service: Simulated, clock: VirtualClock) -> None:
    pubmed, began = PubMed(transport), clock.now
    articles = pubmed.fetch(pubmed.search("anything", 200).pmids)
    assert [(one.pmid, one.abstract) for one in articles] == [(str(one), f"Text {one}") for one in range(1, 201)]
    assert len(service.arrivals["pubmed"]) == 2
    assert clock.now - began <= 2
    pubmed.fetch(pubmed.search("anything", 200).pmids)
    assert len(service.arrivals["pubmed"]) == 2
    assert service.violations == {"pubmed": 0}


def test_a_thousand_articles_of_europe_pmc_take_ten_requests(
    transport: Transport, service: Simulated, clock: VirtualClock
) -> None:
    europepmc, began = EuropePMC(transport), clock.now
    articles = europepmc.search("anything", 1000).articles
    assert [one.pmid for one in articles] == [str(one) for one in range(1, 1001)]
    assert len(service.arrivals["europepmc"]) == 10
    assert clock.now - began <= 5
    assert europepmc.search("anything", 1000).articles == articles
    assert len(service.arrivals["europepmc"]) == 10, "a repetition asks nobody"
    assert service.violations == {"europepmc": 0}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_every_trouble_of_europe_pmc_is_mended_by_asking_again(tmp_path: Path, trouble: str) -> None:
    clock = FakeClock()
    service = Simulated(clock, limits=LIMITS, answer=answer, troubles={0: TROUBLES[trouble], 2: TROUBLES[trouble]})
    with LocalServer(service) as server, Transport(tmp_path, clock=clock, services=services(server.url)) as transport:
        assert len(EuropePMC(transport).search("anything", 200).articles) == 200
    assert service.violations == {"europepmc": 0}
    assert len(service.arrivals["europepmc"]) == 4


# -- when things go wrong


@pytest.mark.parametrize("trouble", TROUBLES)
def test_every_trouble_is_mended_by_asking_again(tmp_path: Path, trouble: str) -> None:
    clock = FakeClock()
    service = Simulated(clock, limits=LIMITS, answer=answer, troubles={0: TROUBLES[trouble], 2: TROUBLES[trouble]})
    with LocalServer(service) as server, Transport(tmp_path, clock=clock, services=services(server.url)) as transport:
        batch = PubChem(transport).by_cids([2, 1])
        assert [one.handle for one in batch.records.values()] == ["CID:2", "CID:1"]
        assert [*UniProt(transport).by_accessions(["P00001"]).records] == (["P00001"] if mends(trouble) else [])
    assert service.violations["pubchem"] == 0
    assert len(service.arrivals["pubchem"]) == 2


def mends(trouble: str) -> bool:
    """Whether UniProt's answer would mean trouble, too: there, a status of 400 is the fault of who asked."""
    return trouble != "a fault with 400"


def test_slow_bytes_cost_that_part_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biomed_agent.sources.pubchem.client.BATCH_SIZE", 2)
    slow = Said(b" " * 100, drip=0.05)
    service = Simulated(time, latency=0.0, answer=answer, troubles={1: slow})
    with LocalServer(service) as server, Transport(timeout=0.6, services=services(server.url)) as transport:
        batch = PubChem(transport).by_cids([1, 2, 3, 4, 5, 6])
    assert [*batch.records] == [1, 2, 5, 6]
    assert all("did not end in time" in error.message for error in batch.missing.values())


def test_a_redirect_counts_as_a_request_and_needs_a_start_of_its_own(tmp_path: Path) -> None:
    clock = FakeClock()
    moved = Said(b"", 301, {"Location": "/uniprot/uniprotkb/accessions?accessions=P00001&size=1"})
    service = Simulated(
        clock, latency=0.0, limits=LIMITS, answer=answer, troubles=dict.fromkeys(range(0, 12, 2), moved)
    )
    with LocalServer(service) as server, Transport(tmp_path, clock=clock, services=services(server.url)) as transport:
        for one in range(6):
            UniProt(transport).by_accessions([f"P{one + 20:05}"])
    assert len(service.arrivals["uniprot"]) == 12
    assert service.violations == {"uniprot": 0}
    assert worst_window(service.arrivals["uniprot"], 1.0) <= LIMITS["uniprot"]


def test_a_service_that_dies_in_the_middle_loses_nothing_and_is_left_alone(
    transport: Transport, service: Simulated, clock: VirtualClock
) -> None:
    service.troubles = dict.fromkeys(range(10, 10_000), Said(b"", 500))
    batch = PubChem(transport).by_names([f"compound {one}" for one in range(14, 114)])
    assert len(batch.records) + len(batch.missing) == 100
    assert len(batch.records) >= 9
    assert {type(error) for error in batch.missing.values()} <= {Unavailable, NotFound}
    assert sum("is not asked" in error.message for error in batch.missing.values()) >= 80
    assert len(service.arrivals["pubchem"]) <= 10 + 5 + 4, "those under way when it was noticed may still fail"
    service.troubles = {}
    clock.sleep(30)
    again = PubChem(transport).by_names([*batch.missing])
    assert all(type(error) is NotFound for error in again.missing.values())
    assert len(batch.records) + len(again.records) + len(again.missing) == 100


def many(work: Callable[[int], Any], count: int) -> list[Any]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def test_threads_that_ask_for_the_same_batch_share_it(tmp_path: Path) -> None:
    service = Simulated(time, latency=0.2, answer=answer)
    with LocalServer(service) as server, Transport(tmp_path, services=services(server.url)) as transport:
        batches = many(lambda _: PubChem(transport).by_cids([1, 2, 3]), 4)
    assert all(batch == batches[0] for batch in batches)
    assert len(service.arrivals["pubchem"]) == 1
