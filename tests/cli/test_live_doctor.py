"""``doctor --live``: consent, policies, and what its table and exit codes say, against services on this machine."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from biomed_agent.cli import main
from biomed_agent.sources.http.services import SERVICES
from biomed_agent.sources.live_checks import CHECKS
from tests.helpers.live_services import places, play, renamed
from tests.helpers.server import LocalServer, Said

FIELD = "InformationList.Information[].DescriptionURL"


class Terminal(io.StringIO):
    """Standard input that is a person."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    with LocalServer(play) as server:
        for key, url in places(server.url).items():
            monkeypatch.setitem(SERVICES, key, replace(SERVICES[key], url=url, per_second=10_000, per_minute=600_000))
        yield server


def test_all_is_well_and_structures_stay_here(services: LocalServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--live", "--yes"]) == 0
    out, err = capsys.readouterr()
    kept_back = [check for check in CHECKS if check.discloses == "structure"]
    assert out.count("not sent: the egress policy is names-only") == len(kept_back) == 3
    assert out.splitlines()[-1] == f"{len(CHECKS) - 3} ok."
    assert "PubChem     CID 2244 " in out and " ms  ok" in out
    assert err == ""
    assert not any("smiles" in asked.path or "smiles" in asked.form for asked in services.asked)


def test_a_broken_reader_is_named_in_the_table_and_by_the_exit_code(
    services: LocalServer, capsys: pytest.CaptureFixture[str]
) -> None:
    services.play = lambda asked: renamed(play(asked), FIELD) if "/description/" in asked.path else play(asked)
    assert main(["doctor", "--live", "--yes", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["counts"] == {"ok": len(CHECKS) - 4, "broken": 1}
    (broken,) = (check for check in report["checks"] if check["state"] == "broken")
    assert broken["says"] == f"reader readers.read_descriptions: field {FIELD} is gone"
    assert (broken["service"], broken["what"]) == ("pubchem", "descriptions of CID 2244")
    assert type(broken["milliseconds"]) is int
    assert len(report["not_sent"]) == 3
    services.play = lambda asked: Said(b"<html>log in</html>") if "fullText" in asked.path else play(asked)
    assert main(["doctor", "--live", "--yes", "--egress", "public", "--timeout", "3"]) == 4
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == f"{len(CHECKS) - 1} ok, 1 unavailable."


@pytest.mark.parametrize(
    ("policy", "said"), [(["--offline"], "offline is on"), (["--egress", "nothing"], "the egress policy is nothing")]
)
def test_nothing_leaves_where_nothing_may(
    services: LocalServer, policy: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--live", "--yes", *policy]) == 6
    assert said in capsys.readouterr().err
    assert services.asked == []


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("n\n", 6), ("\n", 6), ("", 6)])
def test_a_person_is_told_what_is_sent_to_whom_and_asked(
    services: LocalServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str, code: int
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    monkeypatch.setattr("biomed_agent.sources.live_checks.CHECKS", CHECKS[:8])
    assert main(["doctor", "--live", "--quiet"]) == code
    told = capsys.readouterr().err
    assert "9 read-only requests will be sent, none of them about you:" in told
    assert f"9 to PubChem ({services.url}/pubchem/rest/pug):" in told
    assert "    synonyms of CID 2244 (identifier)" in told and "SMILES" not in told
    assert bool(services.asked) == (code == 0)


def test_without_a_person_and_a_yes_nothing_is_sent(services: LocalServer, capsys: pytest.CaptureFixture[str]) -> None:
    for words, said in (
        (["--live"], "nobody is here to be asked"),
        (["--yes"], "--yes belongs to --live"),
        (["--live", "--egress"], "--live asks the services"),
    ):
        assert main(["doctor", *words]) == 2
        assert said in capsys.readouterr().err
    assert services.asked == []
