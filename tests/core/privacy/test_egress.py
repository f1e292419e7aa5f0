"""The audit log: what left and what was refused, from several processes at once, and nothing confidential in it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from biomed_agent.core.errors import Refused, Unavailable
from biomed_agent.core.privacy.egress import AuditLog, Departure, Discloses, recording
from biomed_agent.model.contract.prompt import user_message
from biomed_agent.model.remote import HostClient
from biomed_agent.sources.http.services import SERVICES
from biomed_agent.sources.http.transport import Transport
from tests.helpers.server import LocalServer, Said, script

SMILES = "CC(=O)Nc1ccc(O)cc1CCBr"


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer(script(Said.json({"ok": True}))) as server:
        yield server


@pytest.fixture
def far(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """A host that is not this machine, played by the local server in the role of a proxy."""
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    return "http://far.test"


def lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_request_that_leaves_is_noted_and_no_other(far: str, server: LocalServer, tmp_path: Path) -> None:
    audit = tmp_path / "log" / "egress.jsonl"
    server.play = script(
        Said.json({"ok": 1}),
        Said(b"", 302, {"Location": "/elsewhere"}),
        Said.json({"ok": 2}),
        Said(b"", 503),
        Said.json({"ok": 3}),
    )
    with Transport(tmp_path, services=dict.fromkeys(SERVICES, far), audit=audit, egress="public") as transport:
        transport.get("pubchem", "compound/name/x", discloses="name", log_line="name x")
        transport.get("pubchem", "compound/name/x", discloses="name", log_line="name x")  # from the cache
        transport.get(
            "uniprot", "search", discloses="identifier", log_line="checksum 1F", params={"query": "checksum:1F"}
        )
        form = {"smiles": SMILES}
        transport.post("pubchem", "compound/smiles", discloses="structure", log_line=f"structure {SMILES}", form=form)
    noted = lines(audit)
    assert len(noted) == len(server.asked) == 5  # a redirect and a second try leave as well
    assert [entry["kind"] for entry in noted] == ["names", "hashes", "hashes", "structures", "structures"]
    assert [entry["what"] for entry in noted[::2]] == ["name x", "checksum 1F", "(structures)"]
    assert {entry["event"] for entry in noted} == {"sent"}
    assert (noted[0]["service"], noted[0]["method"], noted[0]["policy"]) == ("PubChem", "GET", "public")
    assert len(noted[0]["digest"]) == 64
    assert noted[0]["digest"] != noted[1]["digest"] == noted[2]["digest"]
    assert SMILES not in audit.read_text(encoding="utf-8")
    assert audit.stat().st_mode & 0o077 == 0


def test_what_is_refused_is_noted_too(far: str, server: LocalServer, tmp_path: Path) -> None:
    audit = tmp_path / "egress.jsonl"
    for policy, discloses in (("names-only", "text"), ("nothing", "name")):
        transport = Transport(None, services={"pubchem": far}, audit=audit, egress=policy)  # type: ignore[arg-type]
        with transport, pytest.raises(Refused):
            transport.get("pubchem", "x", discloses=discloses, log_line="my secret question")  # type: ignore[arg-type]
    assert [(entry["event"], entry["policy"]) for entry in lines(audit)] == [
        ("blocked", "names-only"),
        ("blocked", "nothing"),
    ]
    assert lines(audit)[0]["what"] == "(free text)"
    assert not server.asked


@pytest.mark.parametrize("door", ["refused", "unknown name"])
def test_what_never_connected_did_not_leave_in_any_account(
    door: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    if door == "refused":
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    audit = tmp_path / "egress.jsonl"
    host = {"refused": "http://far.test", "unknown name": "http://no-such-host.invalid"}[door]
    with (
        Transport(None, services={"pubchem": host}, audit=audit, timeout=3) as transport,
        transport.recording() as left,
    ):
        with pytest.raises(Unavailable, match="ConnectError"):
            transport.get("pubchem", "x", discloses="identifier", log_line="InChIKey")
        assert left == list(transport.log) == []
    assert AuditLog(audit).summary()["sent"] == 0


def test_a_prompt_that_never_connected_did_not_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    audit = tmp_path / "egress.jsonl"
    host = HostClient("http://far.test", egress="public", audit=audit)
    message = user_message("What is it?", smiles=[SMILES])
    with recording() as left:
        for ask in (
            host.generate,
            lambda said: list(host.stream(said)),
            lambda said: asyncio.run(host.agenerate(said)),
        ):
            with pytest.raises(Unavailable, match="ConnectError"):
                ask([message])
    assert left == []
    assert AuditLog(audit).summary()["sent"] == 0


def test_the_accounts_of_prompts_agree(far: str, server: LocalServer, tmp_path: Path) -> None:
    audit = tmp_path / "egress.jsonl"
    server.play = script(Said.json({"data": [{"id": "m"}], "choices": [{"message": {"content": "yes"}}]}))
    host = HostClient(far, egress="public", audit=audit)
    message = user_message("What is it?", smiles=[SMILES])
    with recording() as left:
        host.generate([message])
        asyncio.run(host.agenerate([message]))
    assert left == [f"model host {far}: {words}" for words in ("its manifest", *["a prompt with its structures"] * 2)]
    assert AuditLog(audit).summary()["sent"] == len(server.asked) == 3


def test_the_accounts_agree_on_second_tries(far: str, server: LocalServer, tmp_path: Path) -> None:
    audit = tmp_path / "egress.jsonl"
    server.play = script(Said(b"", 503), Said.json({"ok": 1}))
    with Transport(None, services={"pubchem": far}, audit=audit) as transport, transport.recording() as left:
        transport.get("pubchem", "x", discloses="name", log_line="name x")
        assert left == list(transport.log) == ["PubChem: name x"] * 2
    assert AuditLog(audit).summary()["sent"] == 2


def test_the_model_host_is_in_the_log(far: str, server: LocalServer, tmp_path: Path) -> None:
    audit = tmp_path / "egress.jsonl"
    with pytest.raises(Refused):
        HostClient(far, audit=audit)
    reply = {"data": [{"id": "m"}], "choices": [{"message": {"content": "yes"}}]}
    server.play = script(Said.json(reply))
    HostClient(far, egress="public", audit=audit).generate([user_message("What is it?", smiles=[SMILES])])
    HostClient(server.url, audit=audit).generate([user_message("What is it?", smiles=[SMILES])])  # on this machine
    assert [(entry["event"], entry["kind"]) for entry in lines(audit)] == [
        ("blocked", "structures"),
        ("sent", "identifiers"),
        ("sent", "structures"),
    ]
    assert SMILES not in audit.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("discloses", "request_", "kind"),
    [
        ("name", "GET a/aspirin", "names"),
        ("identifier", "GET cid/2244", "identifiers"),
        ("identifier", "POST inchikey inchikey=BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "hashes"),
        ("query", "POST term=x", "literature query"),
        ("text", "x", "free text"),
    ],
)
def test_kinds(discloses: Discloses, request_: str, kind: str) -> None:
    assert Departure("S", "GET", discloses, "w", request_, "public").kind == kind


WRITER = """
import sys
from pathlib import Path
from biomed_agent.core.privacy.egress import AuditLog, Departure
log = AuditLog(Path(sys.argv[1]))
for number in range(200):
    log.note(Departure("S", "GET", "name", sys.argv[2] * 150, str(number), "public"), "sent")
"""


def test_processes_append_at_the_same_time(tmp_path: Path) -> None:
    audit = tmp_path / "egress.jsonl"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(audit), letter]) for letter in "abc"]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    noted = lines(audit)
    assert len(noted) == 600
    assert {entry["what"] for entry in noted} == {letter * 150 for letter in "abc"}
    assert AuditLog(audit).summary()["sent"] == 600


def test_a_log_that_cannot_be_written_costs_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = AuditLog(tmp_path)  # a folder
    log.note(Departure("S", "GET", "name", "w", "r", "public"), "sent")
    assert "cannot be written" in caplog.text
    assert log.summary() == {"path": "", "sent": 0, "blocked": 0, "kinds": {}, "services": {}, "last": ""}


def test_a_line_that_was_cut_off_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "egress.jsonl"
    log = AuditLog(path)
    log.note(Departure("S", "GET", "name", "w", "r", "public"), "sent")
    with path.open("a") as stream:
        stream.write('{"time": "20')
    assert log.summary()["sent"] == 1
    log.note(Departure("S", "GET", "name", "w", "r", "public"), "sent")
    assert log.summary()["sent"] == 2


def test_a_full_log_is_put_aside_and_one_older_file_kept(tmp_path: Path) -> None:
    path = tmp_path / "egress.jsonl"
    log = AuditLog(path, limit=1000)
    for number in range(40):
        log.note(Departure("S", "GET", "name", f"request {number}", "r", "public"), "sent")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["egress.jsonl", "egress.jsonl.1"]
    assert all(file.stat().st_size <= 1000 for file in tmp_path.iterdir())
    assert all(file.stat().st_mode & 0o077 == 0 for file in tmp_path.iterdir())
    requests = [entry["what"] for entry in log.entries()]
    assert requests == [f"request {number}" for number in range(40 - len(requests), 40)], (
        "the newest, in order, none missing"
    )
    assert len(requests) > 1000 // 250


def test_a_line_longer_than_the_log_may_be_is_written(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "egress.jsonl", limit=10)
    for letter in "ab":
        log.note(Departure("S", "GET", "name", letter, "r", "public"), "sent")
    assert [entry["what"] for entry in log.entries()] == ["a", "b"]


def test_processes_that_put_the_log_aside_lose_no_line(tmp_path: Path) -> None:
    audit = tmp_path / "egress.jsonl"
    whole = 3 * 40 * 350  # what all lines take is more than one file and less than two
    program = WRITER.replace("Path(sys.argv[1])", f"Path(sys.argv[1]), limit={whole * 2 // 3}").replace("200", "40")
    writers = [subprocess.Popen([sys.executable, "-c", program, str(audit), letter]) for letter in "abc"]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert (tmp_path / "egress.jsonl.1").is_file()
    noted = [entry["what"] for entry in AuditLog(audit).entries()]
    assert {letter * 150: noted.count(letter * 150) for letter in "abc"} == {letter * 150: 40 for letter in "abc"}
