"""The host client against a real HTTP server on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from biomed_agent.core.errors import CheckpointError, InvalidInput, Refused, Unavailable
from biomed_agent.core.types import ModelStamp
from biomed_agent.model.connect import EMBEDDED, connect, model_folder
from biomed_agent.model.contract.generation import Generation, Options, options_for
from biomed_agent.model.contract.prompt import user_message
from biomed_agent.model.remote import HostClient
from tests.helpers.server import LocalServer, Said, script

MANIFEST = {
    "name": "tiny",
    "revision": "r1",
    "kinds": ["description"],
    "parameters": 5,
    "decoding": {"max_new_tokens": 9},
    "decoding_by_kind": {"name": {"seed": 3}},
}


class Host(BaseHTTPRequestHandler):
    """Speaks the chat-completions schema and keeps what it was sent."""

    seen: list[dict[str, Any]]

    def do_GET(self) -> None:
        self._send(200, {"data": [{"id": "tiny", "biomed_agent": MANIFEST}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).seen.append({"body": body, "authorization": self.headers.get("Authorization")})
        if body["messages"][-1]["content"] == "fail":
            self._send(503, {"error": {"message": "out of memory"}})
        elif body["messages"][-1]["content"] == "bad":
            self._send(400, {"error": {"message": "context is full"}})
        elif body.get("stream"):
            self.send_response(200)
            self.end_headers()
            for piece in ("An ", "alcohol."):
                self.wfile.write(f"data: {json.dumps({'choices': [{'delta': {'content': piece}}]})}\n\n".encode())
            self.wfile.write(b"data: [DONE]\n\n")
        else:
            choice = {"message": {"content": "An alcohol."}, "finish_reason": "stop"}
            own = {"biomed_agent": {"agreement": 0.25}} if body.get("mbr_samples") else {}
            count = min(body.get("n", 1), 3)  # a host may give fewer than it is asked for
            usage = {"prompt_tokens": 9, "completion_tokens": 3 * count}
            self._send(200, {"choices": [choice] * count, "usage": usage, **own})

    def _send(self, status: int, body: object) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def host() -> Iterator[str]:
    Host.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


MESSAGES = [user_message("Please describe this molecule.", smiles=["CCO"])]


def test_generate_sends_structures_as_parts_and_reads_the_answer(host: str) -> None:
    client = HostClient(f"{host}/v1/", api_key="secret")
    answer = client.generate(MESSAGES, Options(max_new_tokens=7))
    assert (answer.text, answer.finish_reason, answer.prompt_tokens, answer.new_tokens) == ("An alcohol.", "stop", 9, 3)
    (request,) = Host.seen
    assert request["authorization"] == "Bearer secret"
    assert request["body"]["max_tokens"] == 7
    assert request["body"]["model"] == "tiny"
    assert {"type": "molecule", "smiles": "CCO"} in request["body"]["messages"][0]["content"]


def test_the_stamp_is_the_hosts_manifest(host: str) -> None:
    stamp = HostClient(host).stamp
    assert (stamp.name, stamp.revision, stamp.kinds, stamp.demonstration) == ("tiny", "r1", ("description",), False)


@pytest.mark.parametrize(
    ("manifest", "kinds", "parameters"),
    [
        ({"kinds": "description", "parameters": "many"}, (), None),
        ({"kinds": ["description", 1, {}], "parameters": [1]}, ("description",), None),
        ({"kinds": {"name": {"rouge": 0.1}}, "parameters": 7e9}, ("name",), 7_000_000_000),
        ({"kinds": None, "not_offered": ["name"], "parameters": -5}, (), None),
        ({"parameters": True, "decoding": None}, (), None),
        ({"parameters": float("inf")}, (), None),
    ],
)
def test_what_a_manifest_holds_that_is_no_such_thing_says_nothing(
    manifest: dict[str, Any], kinds: tuple[str, ...], parameters: int | None
) -> None:
    with LocalServer(script(Said.json({"data": [{"id": "m", "biomed_agent": manifest}]}))) as server:
        stamp = HostClient(server.url).stamp
    assert (stamp.kinds, stamp.parameters, stamp.not_offered) == (kinds, parameters, {})


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"data": [{"id": "m", "biomed_agent": ' + b'{"a": ' * 9_000])
def test_a_manifest_nested_without_end_is_no_answer(body: bytes) -> None:
    with LocalServer(script(Said(body))) as server, pytest.raises(Unavailable, match="gave no answer"):
        _ = HostClient(server.url).stamp


@pytest.mark.parametrize(
    ("stated", "taken"), [(0.25, 0.25), (7, None), (float("nan"), None), ("0.5", None), (True, None)]
)
def test_a_self_agreement_that_is_none_is_left_out(stated: object, taken: float | None) -> None:
    listed = Said.json({"data": [{"id": "m"}]})
    answer = {"choices": [{"message": {"content": "A"}}], "biomed_agent": {"agreement": stated}}
    with LocalServer(script(listed, Said.json(answer))) as server:
        assert HostClient(server.url).generate(MESSAGES).agreement == taken


def test_a_host_is_asked_for_samples_only_when_they_are_wanted(host: str) -> None:
    client = HostClient(host)
    assert client.generate(MESSAGES).agreement is None
    assert client.generate(MESSAGES, Options(mbr_samples=4, temperature=0.5)).agreement == 0.25
    assert [request["body"].get("mbr_samples") for request in Host.seen] == [None, 4]


def test_samples_are_the_choices_of_one_request(host: str) -> None:
    client = HostClient(host)
    drawn = client.samples(MESSAGES, Options(temperature=0.5, seed=3), 2)
    assert drawn == [Generation("An alcohol.", prompt_tokens=9, new_tokens=3)] * 2
    assert len(client.samples(MESSAGES, Options(temperature=0.5), 5)) == 3
    assert [request["body"].get("n") for request in Host.seen] == [2, 5]
    assert Host.seen[0]["body"]["seed"] == 3
    with pytest.raises(InvalidInput, match="0 samples"):
        client.samples(MESSAGES, Options(), 0)


def test_the_embedded_model_can_be_named() -> None:
    assert model_folder(None) == model_folder("embedded") == model_folder("Embedded") == EMBEDDED
    assert model_folder("folder") == Path("folder")


STAMP = ModelStamp(
    "m", decoding={"temperature": 1, "stop": ["a"]}, decoding_by_kind={"name": {"temperature": 0.3, "mbr_samples": 4}}
)


def test_a_manifest_says_how_each_kind_is_decoded(host: str) -> None:
    assert options_for(STAMP, "location") == Options(temperature=1.0, stop=("a",))
    assert options_for(STAMP, "name") == Options(temperature=0.3, stop=("a",), mbr_samples=4)
    assert options_for(ModelStamp("m"), "name") == Options()
    assert options_for(HostClient(host).stamp, "name") == Options(max_new_tokens=9, seed=3)
    assert options_for(HostClient(host).stamp, "location") == Options(max_new_tokens=9)


@pytest.mark.parametrize(
    ("decoding", "by_kind", "says"),
    [
        ({"temprature": 1}, {}, "decoding in the manifest of m holds 'temprature'; expected some of max_new_tokens,"),
        ({"mbr_samples": "16"}, {}, "mbr_samples = '16'; expected a number"),
        ({"mbr_samples": 2.5}, {}, "mbr_samples = 2.5; expected a number"),
        ({"mbr_samples": float("inf")}, {}, "mbr_samples = inf; expected a number"),
        ({"max_new_tokens": True}, {}, "max_new_tokens = True; expected a number"),
        ({"stop": "a"}, {}, "stop = 'a'; expected a list of strings"),
        ("greedy", {}, "decoding in the manifest of m is 'greedy'; expected a table"),
        ({}, {"name": 0.7}, "decoding_by_kind of name in the manifest of m is 0.7; expected a table"),
        ({}, [1], r"decoding_by_kind of name in the manifest of m is \[1\]; expected a table"),
        ({}, {"name": {"tau": 1}}, "decoding_by_kind of name in the manifest of m holds 'tau'"),
    ],
)
def test_a_manifest_that_asks_for_what_is_no_option_is_named(decoding: Any, by_kind: Any, says: str) -> None:
    with pytest.raises(CheckpointError, match=says):
        options_for(ModelStamp("m", decoding=decoding, decoding_by_kind=by_kind), "name")


def test_streaming_gives_the_same_words_in_pieces(host: str) -> None:
    assert list(HostClient(host).stream(MESSAGES)) == ["An ", "alcohol."]


async def test_the_asynchronous_twins_agree(host: str) -> None:
    client = HostClient(host)
    assert (await client.agenerate(MESSAGES)).text == "An alcohol."
    assert [piece async for piece in client.astream(MESSAGES)] == ["An ", "alcohol."]


@pytest.mark.parametrize(
    ("words", "error", "says"), [("fail", Unavailable, "503: out of memory"), ("bad", InvalidInput, "context")]
)
def test_an_error_of_the_host_is_said(host: str, words: str, error: type[Exception], says: str) -> None:
    client = HostClient(host)
    with pytest.raises(error, match=says):
        client.generate([{"role": "user", "content": words}])
    with pytest.raises(error, match=says):
        list(client.stream([{"role": "user", "content": words}]))


def test_a_host_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="BIOMED_AGENT_HOST"):
        HostClient("http://127.0.0.1:9").generate(MESSAGES)


def test_a_remote_host_is_refused_unless_structures_may_leave() -> None:
    with pytest.raises(Refused, match="would reveal a structure"):
        connect("https://models.example.org", egress="names-only")
    assert isinstance(connect("https://models.example.org", egress="public"), HostClient)


def test_connect_names_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="not a URL"):
        connect("models")
    with pytest.raises(InvalidInput, match=r"no manifest\.json"):
        connect(model=tmp_path)
    assert connect(model="none") is None
