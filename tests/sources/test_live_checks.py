"""The checks of live services, offline: that each passes on a sound reply and names what is gone from another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from biomed_agent.core.types import EgressPolicy
from biomed_agent.sources.http.services import SERVICES
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.literature.europepmc import EuropePMC
from biomed_agent.sources.literature.pubmed import PubMed
from biomed_agent.sources.live_checks import CHECKS, LiveCheck
from biomed_agent.sources.live_run import LiveTransport, Outcome, run_checks
from biomed_agent.sources.pubchem import PubChem
from biomed_agent.sources.reply_fields import is_refusal, lacks
from biomed_agent.sources.uniprot import UniProt
from tests.helpers.live_services import places, play, renamed
from tests.helpers.server import Asked, FakeClock, LocalServer, Said

NAMES = [f"{check.service}: {check.what}" for check in CHECKS]


@pytest.fixture(scope="module")
def services() -> Iterator[LocalServer]:
    with LocalServer(play) as server:
        yield server


def outcome(
    server: LocalServer, check: LiveCheck, answer: Callable[[Asked], Said] = play, egress: EgressPolicy = "public"
) -> Outcome:
    server.play = answer
    with LiveTransport(clock=FakeClock(), services=places(server.url), egress=egress) as transport:
        (only,) = run_checks(transport, [check])
    return only


@pytest.mark.parametrize("check", CHECKS, ids=NAMES)
def test_a_sound_reply_passes_with_as_many_requests_as_are_announced(services: LocalServer, check: LiveCheck) -> None:
    before = len(services.asked)
    came = outcome(services, check)
    assert (came.state, came.says) == ("ok", "")
    polled = sum("/listkey/" in asked.path for asked in services.asked[before:])
    assert len(services.asked) - before - polled == check.requests


@pytest.mark.parametrize("check", CHECKS, ids=NAMES)
def test_each_field_that_is_gone_is_named_with_its_reader(services: LocalServer, check: LiveCheck) -> None:
    assert check.fields
    for field in check.fields:
        came = outcome(services, check, lambda asked, field=field: renamed(play(asked), field))  # type: ignore[misc]
        assert came.state == "broken", (field, came)
        assert came.says.startswith(f"reader {check.reader}: field ")
        assert f"field {field.removeprefix('text:')} is gone" in came.says, (field, came.says)


@pytest.mark.parametrize("check", CHECKS, ids=NAMES)
def test_an_empty_record_is_broken_and_no_answer_is_not(services: LocalServer, check: LiveCheck) -> None:
    empty = outcome(services, check, lambda asked: Said.json({}))
    assert empty.state == "broken" and empty.says.startswith(f"reader {check.reader}: field ")
    page = outcome(services, check, lambda asked: Said(b"<!DOCTYPE html><html>Log in</html>"))
    assert page.state == "unavailable" and "html" in page.says.lower()
    limited = outcome(services, check, lambda asked: Said(b"", 429, {"Retry-After": "1"}))
    assert limited.state == "unavailable" and "status 429" in limited.says
    silent = outcome(services, check, lambda asked: Said(b"{", cut=5))
    assert silent.state == "unavailable"


def check_of(what: str) -> LiveCheck:
    return next(check for check in CHECKS if check.what == what)


def altered(old: bytes, new: bytes) -> Callable[[Asked], Said]:
    def answer(asked: Asked) -> Said:
        said = play(asked)
        return Said(said.body.replace(old, new), said.status, said.headers)

    return answer


@pytest.mark.parametrize(
    ("what", "old", "new", "says"),
    [
        ("accession P00533", b"M" * 1210, b"M" * 1211, "length is 1211; expected 1210"),
        ("CID 2244", b'"Aspirin"', b'"Ibuprofen"', "name is 'ibuprofen'; expected 'aspirin'"),
        ("name aspirin", b"CC(=O)O", b"CCC(=O)O", "formula is "),
        ("accession P29358, which was split", b"P68250", b"P68252", "successors is "),
        ("search flurbnitrolzzz lipinski", b'["flurbnitrolzzz"]', b"[]", "field esearchresult.errorlist"),
        ("synonyms of CID 2244", b'"Aspirin"', b'"other"', "aspirin is False; expected True"),
        ("what the entry P00533 states", b'"value": 712', b'"value": {}', "field features[type=Domain]"),
    ],
)
def test_a_value_that_is_another_is_named(services: LocalServer, what: str, old: bytes, new: bytes, says: str) -> None:
    came = outcome(services, check_of(what), altered(old, new))
    assert came.state == "broken"
    assert says in came.says


def test_a_part_that_gave_no_answer_is_not_taken_for_a_field_that_is_gone(services: LocalServer) -> None:
    def without_titles(asked: Asked) -> Said:
        return Said(b"", 503) if "/property/Title/" in asked.path else play(asked)

    came = outcome(services, check_of("CID 2244"), without_titles)
    assert came.state == "unavailable" and "title of CID 2244" in came.says


def test_a_known_record_that_is_not_found_is_broken(services: LocalServer) -> None:
    missing = Said.json({"Fault": {"Code": "PUGREST.NotFound", "Message": "No CID found"}}, 404)
    for what in ("CID 2244", "synonyms of CID 2244", "GHS classes of CID 2244"):
        came = outcome(services, check_of(what), lambda asked: missing)
        assert came.state == "broken" and "not found any more" in came.says
    busy = Said.json({"Fault": {"Code": "PUGREST.ServerBusy"}})
    assert outcome(services, check_of("CID 2244"), lambda asked: busy).state == "unavailable"


def test_a_service_that_cannot_be_reached_is_unavailable() -> None:
    with LocalServer(play) as gone:
        closed = places(gone.url)
    with LiveTransport(clock=FakeClock(), services=closed, timeout=5) as transport:
        came = list(run_checks(transport, [check_of("CID 2244"), check_of("accession P00533")]))
    assert [one.state for one in came] == ["unavailable"] * 2


def test_nothing_is_taken_from_the_cache_or_kept(services: LocalServer, tmp_path: Any) -> None:
    services.play = play
    checks = [check_of("CID 2244"), check_of("CIDs 2244, 2519"), check_of("accessions P00533, P00519")]
    for _ in range(2):
        before = len(services.asked)
        with LiveTransport(tmp_path, clock=FakeClock(), services=places(services.url)) as transport:
            assert [one.state for one in run_checks(transport, checks)] == ["ok"] * 3
        assert len(services.asked) - before == sum(check.requests for check in checks)
    with Transport(tmp_path, clock=FakeClock(), services=places(services.url)) as transport:
        before = len(services.asked)
        assert PubChem(transport).by_cid(2244).ids["cid"] == "2244"
        assert len(services.asked) > before, "what a check was told is not kept"


def test_a_bug_in_a_check_costs_no_other(services: LocalServer) -> None:
    def bug(_transport: Transport) -> None:
        raise ZeroDivisionError("oh")

    came = outcome(services, LiveCheck("pubchem", "readers.x", "x", bug, ("a",)))
    assert (came.state, came.says) == ("broken", "reader readers.x: ZeroDivisionError: oh")


def test_every_question_of_every_client_is_in_the_table() -> None:
    asked: set[str] = set()
    for client, names in ((PubChem, "PubChem"), (UniProt, "UniProt"), (PubMed, "PubMed"), (EuropePMC, "EuropePMC")):
        questions = {name for name in vars(client) if not name.startswith("_")}
        calls = [{name for code in _codes(check.ask) for name in code.co_names} for check in CHECKS]
        used = {name for names_of_one in calls if names in names_of_one for name in names_of_one}
        asked |= {f"{names}.{name}" for name in questions - used}
    assert asked == {"PubMed.articles"}, "fetches what search and fetch_kept are checked for"
    assert {check.service for check in CHECKS} == set(SERVICES)
    assert len({(check.service, check.what) for check in CHECKS}) == len(CHECKS)


def _codes(function: Any) -> Iterator[Any]:
    """Yield the code of a function, and of those of its module that it calls."""
    waiting = [function.__code__]
    while waiting:
        code = waiting.pop()
        yield code
        waiting += [one for one in code.co_consts if hasattr(one, "co_names")]
        called = [function.__globals__.get(name) for name in code.co_names if name.startswith("_")]
        waiting += [one.__code__ for one in called if hasattr(one, "__code__") and one.__code__ is not code]


@pytest.mark.parametrize(
    ("body", "field", "expected"),
    [
        (b'{"a": [{"b": 0}]}', "a[].b", False),
        (b'{"a": [{"b": ""}, {"b": "x"}]}', "a[].b", False),
        (b'{"a": [{"b": ""}]}', "a[].b", True),
        (b'{"a": {"b": "x"}}', "a[].b", True),
        (b'{"a": [{"k": "y", "b": 1}, {"k": "x"}]}', "a[k=x].b", True),
        (b'{"a": [{"k": "x", "b": 1}]}', "a[k=x].b=1", False),
        (b'{"a": 5}', "a=6", True),
        (b"<a><b c='d'/></a>", "/b[@c='d']", False),
        (b"<a><b/></a>", "/b/c", True),
        (b"no xml", "/b", True),
        (b">sp|P1", "text:>sp|", False),
        (b"{}", "header:x-total", True),
    ],
)
def test_fields_are_found_by_their_paths(body: bytes, field: str, expected: bool) -> None:
    from biomed_agent.core.types import Provenance
    from biomed_agent.sources.http.reply import Reply

    assert lacks(Reply(200, body, {}, Provenance("x")), field) is expected
    assert is_refusal(Reply(404, body, {}, Provenance("x")))


@pytest.mark.network
@pytest.mark.parametrize("check", CHECKS, ids=NAMES)
def test_live(check: LiveCheck) -> None:
    with LiveTransport(egress="public") as transport:
        (came,) = run_checks(transport, [check])
    assert (came.state, came.says) == ("ok", "")
