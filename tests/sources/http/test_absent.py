"""What a service does not have is an answer, too: kept for a day and told again without asking."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomed_agent.core.errors import NotFound, Unavailable
from biomed_agent.sources.http.transport import ABSENT_TTL, Transport
from biomed_agent.sources.pubchem import PubChem
from tests.helpers.server import FakeClock, LocalServer, Said, script

UNKNOWN = Said.json({"Fault": {"Code": "PUGREST.NotFound", "Message": "No CID found"}}, 404)


def test_an_unknown_name_is_asked_for_again_after_a_day(tmp_path: Path) -> None:
    clock = FakeClock()
    with (
        LocalServer(script(UNKNOWN)) as server,
        Transport(tmp_path, clock=clock, services={"pubchem": server.url}) as transport,
    ):
        pubchem = PubChem(transport)
        assert (pubchem.by_name("nonsense"), pubchem.by_name("nonsense")) == ([], [])
        for _ in range(2):
            with pytest.raises(NotFound, match="No CID found"):
                pubchem.by_cid(5)
        assert len(server.asked) == 2
        clock.now += ABSENT_TTL + 1
        assert pubchem.by_name("nonsense") == []
        assert len(server.asked) == 3


def test_a_failure_is_not_kept(tmp_path: Path) -> None:
    with (
        LocalServer(script(Said(b"", 503))) as server,
        Transport(tmp_path, clock=FakeClock(), services={"pubchem": server.url}) as transport,
    ):
        for _ in range(2):
            with pytest.raises(Unavailable):
                PubChem(transport).by_name("aspirin")
        assert len(server.asked) > 4, "more than the four tries of one call"
