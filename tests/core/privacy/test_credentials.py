"""Credentials in addresses: they authenticate, and no message, record, log or file shows them."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.cli import main
from biomed_agent.core.errors import BiomedAgentError, InvalidInput, Refused, Unavailable
from biomed_agent.core.privacy.credentials import (
    StreamRedactor,
    names_secret,
    redact,
    redact_address,
    redact_path,
    secret_words,
    secrets_of,
    split_credentials,
)
from biomed_agent.core.privacy.egress import recording
from biomed_agent.core.settings import Settings, read_settings
from biomed_agent.core.types import EgressPolicy
from biomed_agent.model.connect import connect
from biomed_agent.model.contract.prompt import user_message
from biomed_agent.model.remote import HostClient
from biomed_agent.sources.http.services import SERVICES, Service
from biomed_agent.sources.http.transport import Transport
from biomed_agent.tools import BioMedToolkit, MoleculeQATool
from tests.helpers.server import Asked, LocalServer, Said, script

CANARY = "c4n/ary@9 z"
"""what must not show; with what has to be percent-encoded in an address"""
ENCODED = quote(CANARY, safe="")
BASIC = base64.b64encode(f"user:{CANARY}".encode()).decode()
MESSAGES = [user_message("What is it?", smiles=["CCO"])]
MANIFEST = {"id": "m", "biomed_agent": {"name": "m", "revision": "1", "kinds": ["description", "function"]}}


def leaks(text: str) -> bool:
    return "c4n" in text or "ary@9" in text or BASIC in text or "YzRuL2FyeUA5" in text


def chain(error: BaseException | None) -> str:
    """Return all words of an error and of what it came from, shown in a traceback or not."""
    return "" if error is None else f"{error!r} {error} {chain(error.__cause__)} {chain(error.__context__)}"


def play(asked: Asked) -> Said:
    return Said.json({"data": [MANIFEST], "choices": [{"message": {"content": "An alcohol."}}]})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with LocalServer(play) as server:
        yield server


def held(url: str, user: str = f"user:{ENCODED}") -> str:
    """Return an address with credentials in it."""
    return url.replace("//", f"//{user}@")


# -- the functions


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://host:1/v1", ("http://host:1/v1", None)),
        ("http://user:secret@host:1/v1", ("http://host:1/v1", ("user", "secret"))),
        ("http://:secret@host", ("http://host", ("", "secret"))),
        ("http://token@[::1]:1", ("http://[::1]:1", ("token", ""))),
        ("https://u%40x:p%2Fw%3A@host/a?b=c", ("https://host/a?b=c", ("u@x", "p/w:"))),
        ("http://u:p@w@host", ("http://host", ("u", "p@w"))),
        ("http://@host", ("http://host", None)),
        ("http://host/a@b", ("http://host/a@b", None)),
    ],
)
def test_credentials_are_parted_from_an_address(url: str, expected: object) -> None:
    assert split_credentials(url) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("URL('htp://me:pw@h:1').", "URL('htp://***@h:1')."),
        ("at http://token@h, then HTTPS://:pw@h/x", "at http://***@h, then HTTPS://***@h/x"),
        ("http://u:p/w@x@h is no URL", "http://***@h is no URL"),
        ("//u:p@h", "//***@h"),
        ("http://u:p%40h", "http://***@h"),
        ("see https://h/x?api_key=a%20b&page=2&sig=x#access_token=y", "see https://h/x?api_key=***&page=2&sig=***#access_token=***"),
        ("https://h?X-Amz-Signature=1&clientSecret=2&subscription-key=3&q=4", "https://h?X-Amz-Signature=***&clientSecret=***&subscription-key=***&q=4"),
        ("nothing in https://h/x?q=1 or in C[C@@H](N)C or in me@example.org", None),
    ],
)  # fmt: skip
def test_a_text_is_rid_of_what_its_urls_hold(text: str, expected: str | None) -> None:
    assert redact(text) == (text if expected is None else expected)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("user:pw@host:8000", "***@host:8000"),
        ("http:/user:pw@host", "http:/***@host"),
        ("http:user:p w@host", "***@host"),
        ("http://user:p w/x@y@host/v1", "http://***@host/v1"),
        ("http://[user:pw@host", "http://***@host"),
        ("http://user:pw%40host", "http://***@host"),
        ("http://host:8000/v1", "http://host:8000/v1"),
        ("models", "models"),
        ("http://user:pw\uff20host", "http://***@host"),
    ],
)
def test_a_malformed_address_is_shown_without_what_may_be_a_password(address: str, expected: str) -> None:
    assert redact_address(address) == expected


@pytest.mark.parametrize("secret", ["s3cret", 'a/b c%d&"e', "pä$$wörd", "tok+en==", "new\nline"])
def test_a_secret_is_found_in_every_form(secret: str) -> None:
    def packed(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    forms = [
        secret,
        quote(secret, safe=""),
        quote(secret).lower() if secret.islower() else quote(secret),
        json.dumps(secret, ensure_ascii=False)[1:-1],
        json.dumps(secret)[1:-1],
        repr(secret.encode())[2:-1],
        *(packed(text) for text in (secret, f":{secret}", f"{secret}:", f"user:{secret}")),
        quote(packed(f"user:{secret}"), safe=""),
    ]
    for form in forms:
        assert redact(f"no such key: {form}.", *secrets_of(("user", secret))) == "no such key: ***."
    behind_letters = redact(f"q=Basic%20{quote(packed(f'user:{secret}'), safe='')}", *secrets_of(("user", secret)))
    assert behind_letters == "q=Basic%***"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("api_key", True), ("apikey", True), ("ncbi.password", True), ("sig", True), ("host", False), ("design", False)],
)
def test_what_a_secret_is_called(name: str, expected: bool) -> None:
    assert names_secret(name) is expected


# -- the model host


async def test_a_host_is_told_the_credentials_and_nobody_else(
    server: LocalServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for user, expected in (
        (f"user:{ENCODED}", f"user:{CANARY}"),
        (f":{ENCODED}", f":{CANARY}"),
        (ENCODED, f"{CANARY}:"),
    ):
        server.asked.clear()
        client = HostClient(held(f"{server.url}/v1/", user))
        assert client.generate(MESSAGES).text == "An alcohol."
        assert (await client.agenerate(MESSAGES)).text == "An alcohol."
        basic = f"Basic {base64.b64encode(expected.encode()).decode()}"
        assert [asked.headers["authorization"] for asked in server.asked] == [basic] * 3
        assert client.url == server.url
        assert not leaks(f"{vars(client)['url']} {client!r}")
    assert "HTTP Request: POST" in caplog.text
    assert not leaks(caplog.text)


def test_a_key_that_cannot_be_sent_is_not_shown(server: LocalServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for key in ("c4n\nary", "c4näry", "c4nary\r\nX: y", "c4nary\0"):
        with pytest.raises(InvalidInput, match="key of the model host") as caught:
            HostClient(server.url, api_key=key).generate(MESSAGES)
        assert not leaks(chain(caught.value) + caplog.text)


def test_white_space_around_a_key_is_left_out(server: LocalServer) -> None:
    HostClient(server.url, api_key=" c4nary\r\n").generate(MESSAGES)
    assert {asked.headers["authorization"] for asked in server.asked} == {"Bearer c4nary"}


@pytest.mark.parametrize("manifest", [b"<html>c4nary", b"[]", b'{"data": {"c4nary": 1}}', b'{"data": [3]}'])
def test_a_manifest_that_is_none_is_told(server: LocalServer, manifest: bytes) -> None:
    server.play = script(Said(manifest))
    with pytest.raises(Unavailable, match="gave no answer"):
        HostClient(server.url, api_key="c4nary").generate(MESSAGES)


ECHOES = [CANARY, ENCODED, ENCODED.lower(), BASIC, base64.b64encode(CANARY.encode()).decode(), json.dumps(CANARY)]


@pytest.mark.parametrize("status", [400, 401, 500])
@pytest.mark.parametrize("echo", ECHOES)
def test_a_host_that_repeats_a_secret_is_not_repeated(server: LocalServer, echo: str, status: int) -> None:
    padded = f"{'x' * 490} {echo} {'x' * 200}"  # where the message is cut
    for body in (json.dumps({"error": {"message": f"no: {echo}"}}), f"<p>{echo}</p>", echo, padded):
        server.play = script(play(Asked("", "", {}, {}, {})), Said(body.encode(), status))
        for client in (HostClient(held(server.url)), HostClient(server.url, api_key=CANARY)):
            server.play = script(play(Asked("", "", {}, {}, {})), Said(body.encode(), status))
            with pytest.raises(BiomedAgentError, match=f"answered {status}") as caught:
                client.generate(MESSAGES)
            assert not leaks(str(caught.value) + chain(caught.value))
            assert "***" in str(caught.value) or body is padded
            assert len(str(caught.value)) < 700


@pytest.mark.parametrize("echo", ECHOES)
async def test_an_answer_that_repeats_a_secret_is_told_without_it(server: LocalServer, echo: str) -> None:
    manifest = {"id": echo, "biomed_agent": {"name": f"m {echo}", "not_offered": {"name": {"why": echo}}}}
    completion = {"message": {"content": f"It is {echo}."}}

    def answer(asked: Asked) -> Said:
        if b'"stream":true' in asked.body:
            pieces = [*f"It is {echo}.", ""]
            lines = [f"data: {json.dumps({'choices': [{'delta': {'content': piece}}]})}" for piece in pieces]
            return Said("\n\n".join(lines).encode())
        return Said.json({"data": [manifest], "choices": [completion], "biomed_agent": {"truncated": echo}})

    server.play = answer
    for client in (HostClient(held(server.url)), HostClient(server.url, api_key=CANARY)):
        given = client.generate(MESSAGES), await client.agenerate(MESSAGES), client.stamp
        assert not leaks(repr(given))
        assert given[0].text == "It is ***." or echo == json.dumps(CANARY)
        if echo == CANARY:
            assert "".join(client.stream(MESSAGES)) == "It is ***."
            assert "".join([piece async for piece in client.astream(MESSAGES)]) == "It is ***."


@pytest.mark.parametrize("key", ["a", "name", "EMPTY"])
def test_a_stand_in_for_a_key_spoils_no_answer(server: LocalServer, key: str) -> None:
    client = HostClient(server.url, api_key=key)
    assert (client.stamp.kinds, client.generate(MESSAGES).text) == (("description", "function"), "An alcohol.")


def test_a_sieve_holds_back_no_more_than_it_must() -> None:
    redactor = StreamRedactor("secret")
    assert [redactor.feed(piece) for piece in ("a se", "c", "ond sec", "ret!")] == ["a ", "", "second ", "***!"]
    assert redactor.feed("the sec") + redactor.flush() == "the sec"


def test_what_a_host_sends_back_of_a_secret_is_not_logged(
    server: LocalServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.play = lambda asked: Said(b"{}", 307, {"x-echo": asked.headers["authorization"], "location": f"/{ENCODED}"})
    with pytest.raises(Unavailable, match="pointed to another address"):
        HostClient(held(server.url)).generate(MESSAGES)
    with pytest.raises(Unavailable, match="redirected more than"):
        Transport(services={"uniprot": held(server.url)}).get("uniprot", "x", discloses="name", log_line="x", ttl=0)
    assert "receive_response_headers" in caplog.text
    assert "HTTP Request: GET" in caplog.text
    assert not leaks(caplog.text)


@pytest.mark.parametrize(
    "place", ["http://user:c4nary@h", "http:/user:c4nary@h", "user:c4nary@h", "http://h/?token=c4nary"]
)
def test_an_address_in_place_of_a_file_shows_no_password(
    place: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BIOMED_AGENT_OFFLINE", "1")
    for words in (["--model", place, "ask", "What is aspirin?", "--model-too"], ["doctor", place],
                  ["--index", place, "ask", "What is aspirin?"], ["--model", place, "config", "show"]):  # fmt: skip
        main(words)
    said = "".join(capsys.readouterr())
    assert "is not a model folder" in said
    assert not leaks(said)


def test_folders_are_shown_as_they_are() -> None:
    for place in ("/models/me@v1", "C:\\Users\\me@work", "models/a", "biomedgpt-10b"):
        assert redact_path(place) == place


@pytest.mark.parametrize(
    "words",
    [["--api-key", "c4nary", "ask", "x"], ["--api_key=c4nary", "ask", "x"], ["ask", "x", "--password", "c4nary"]],
)
def test_a_flag_that_is_none_does_not_show_the_secret_it_was_given(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert not leaks("".join(capsys.readouterr()))
    assert secret_words(words) == ["c4nary"]


def test_a_host_elsewhere_shows_no_credentials_in_any_account(
    server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("http_proxy", held(server.url, f"proxy:{ENCODED}"))
    audit = tmp_path / "egress.jsonl"
    with recording() as left:
        HostClient(held("http://far.test"), egress="public", audit=audit).generate(MESSAGES)
        with pytest.raises(Refused) as caught:
            HostClient(held("http://far.test"), audit=audit)
    assert left == [
        "model host http://far.test: its manifest",
        "model host http://far.test: a prompt with its structures",
    ]
    assert server.asked[0].headers["authorization"] == f"Basic {BASIC}"
    assert "proxy-authorization" in server.asked[0].headers
    server.play = script(Said(server.asked[0].headers["proxy-authorization"].encode(), 407))
    with pytest.raises(Unavailable, match="407") as echoed:
        HostClient("http://far.test", egress="public").generate(MESSAGES)
    texts = [*left, audit.read_text(encoding="utf-8"), str(caught.value), caplog.text, str(echoed.value)]
    assert not [text for text in texts if leaks(text)]
    assert "Basic ***" in str(echoed.value)


MALFORMED = [
    f"http://user:{CANARY}@127.0.0.1:9",
    f"user:{CANARY}@127.0.0.1:9",
    f"http:/user:{CANARY}@127.0.0.1:9",
    f"http:user:{CANARY}@127.0.0.1:9",
    f"ftp://user:{ENCODED}@127.0.0.1:9",
    f"http://[user:{ENCODED}@127.0.0.1:9",
    "http://user:c4n?ary@127.0.0.1:9",
    "http://user:c4n#ary@127.0.0.1:9",
    "http://user:12/c4n@127.0.0.1:9",
    "http://user:c4n%40127.0.0.1:9",
    "http://c4n/9@127.0.0.1:9",
    f"http://user:{ENCODED}@127.0.0.1:x",
    f"http://user:{ENCODED}@",
    "http://127.0.0.1:9/v1?api_key=c4nary",
    f"http://user:{ENCODED}@127.0.0.1:9\x01/v1",
    f"http://user:{ENCODED}@\udcff:9",
]


@pytest.mark.parametrize("host", MALFORMED)
def test_a_malformed_host_is_named_without_its_password(
    host: str, cache_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InvalidInput, match=r"host '.*BIOMED_AGENT_HOST|host '.*Percent-encode") as caught:
        connect(host)
    settings = read_settings(host=host, cache_dir=cache_dir)
    answer = BioMedAgent(settings=settings).ask("What is its function?", molecule="smiles:CCO")
    tool = MoleculeQATool(agent=BioMedAgent(settings=settings)).invoke(
        {"question": "What is its function?", "molecule": "smiles:CCO"}
    )
    assert answer.status == "invalid"
    monkeypatch.setenv("BIOMED_AGENT_HOST", host)
    assert main(["doctor", "--model", "none"]) == 4
    assert main(["config", "show"]) == 0
    assert main(["config", "show", "--json"]) == 0
    printed = "".join(capsys.readouterr())
    assert "is not a URL" in printed or "is no base URL" in printed
    texts = [str(caught.value), str(answer), answer.to_json(), str(tool), printed, repr(settings), str(settings)]
    assert not [text for text in texts if leaks(text)]


@pytest.mark.parametrize(
    ("far", "policy"), [(True, "public"), (True, "names-only"), (False, "nothing")], ids=["sent", "refused", "near"]
)
def test_an_answer_shows_no_credentials(
    server: LocalServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    far: bool,
    policy: EgressPolicy,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("BIOMED_AGENT_AUDIT_LOG", str(tmp_path / "egress.jsonl"))
    host, texts = held("http://far.test" if far else server.url), []
    question, molecule = "Please describe this molecule.", "smiles:CCCCCCCCCCCCC(=O)OC1CC1F"
    failing = script(play(Asked("", "", {}, {}, {})), Said(BASIC.encode(), 500))
    for server.play in (play, failing):
        settings = read_settings(host=host, egress=policy, offline=True, api_key="unused")
        answer = BioMedAgent(settings=settings).ask(question, molecule)
        told = MoleculeQATool(agent=BioMedAgent(settings=settings)).invoke({"question": question, "molecule": molecule})
        texts += [str(answer), repr(answer), answer.to_json(), str(told), repr(settings)]
        main(["doctor", "--model", "none", "--host", host, "--egress", policy])
        main(["config", "show", "--host", host])
    printed = "".join(capsys.readouterr())
    assert f"http://***@{'far.test' if far else '127.0.0.1'}" in printed
    assert ("works: m 1" in printed) == (policy != "names-only") == bool(server.asked)
    assert ("http://far.test" in texts[2]) == far
    log = tmp_path / "egress.jsonl"
    texts += [printed, log.read_text(encoding="utf-8") if far else ""]
    assert not [text for text in texts if leaks(text)]


def test_a_toolkit_shows_no_credentials() -> None:
    assert not leaks(repr(BioMedToolkit(host=held("http://127.0.0.1:9"))))
    with pytest.raises(ValueError, match="hosst") as caught:
        BioMedToolkit(hosst=held("http://127.0.0.1:9"))  # type: ignore[call-arg]
    assert not leaks(str(caught.value))


# -- settings


@pytest.mark.parametrize(
    "line",
    [
        f'hosst = "http://user:{ENCODED}@h"',
        f'hosst = "user:{CANARY}@h"',
        f'api_keyy = "{CANARY}"\nmy_api_key = "{CANARY}"',
        f'my_password = "{CANARY}"',
        f'host = ["http://user:{ENCODED}@h"]',
        f'api_key = ["{CANARY}"]',
        f'[server]\npassword = "{CANARY}"',
        f'bearer = "{CANARY}"',
        f'host = "http://user:{ENCODED}@h',
    ],
)
def test_a_setting_that_cannot_be_used_is_named_without_its_secret(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BIOMED_AGENT_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text(line, encoding="utf-8")
    with pytest.raises(InvalidInput, match="setting") as caught:
        read_settings()
    with pytest.raises(ValueError) as raw:
        Settings()
    assert main(["config", "show"]) == 2
    texts = [str(caught.value), str(raw.value), *capsys.readouterr()]
    assert not [text for text in texts if leaks(text)]


# -- services


def test_a_service_is_told_the_credentials_and_nobody_else(
    server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("http_proxy", server.url)
    whole = Service("UniProt", held("http://further.test"), 5, "", 60)
    services: dict[str, str | Service] = {"pubchem": held("http://far.test/pug"), "uniprot": whole}
    server.play = script(
        Said(b"", 302, {"Location": held("http://far.test/pug/there", "other:user")}),
        Said(f"you said {CANARY}".encode()),
        Said(f"{BASIC} is wrong".encode(), 401),
    )
    with Transport(tmp_path, services=services, audit=tmp_path / "egress.jsonl") as transport:
        replies = [
            transport.get(service, "x", discloses="name", log_line="name x") for service in ("pubchem", "uniprot")
        ]
        texts = [str(transport.services), *transport.log]
    assert [asked.headers["authorization"] for asked in server.asked] == [f"Basic {BASIC}"] * 3
    assert replies[0].provenance.url == "http://far.test/pug/there"
    texts += [repr(replies), caplog.text]
    texts += [file.read_bytes().decode("latin-1") for file in tmp_path.rglob("*") if file.is_file()]
    assert len(texts) > 5
    assert not [text for text in texts if leaks(text)]


def test_a_redirect_does_not_name_the_key_in_a_record(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.play = script(Said(b"", 302, {"Location": "/there?api_key=c4nary&id=1"}), Said.json({}))
    with Transport(None, services={"pubmed": server.url}, api_key="c4nary") as transport:
        reply = transport.get("pubmed", "x", discloses="name", log_line="name x")
    assert reply.provenance.url == f"{server.url}/there?api_key=***&id=1"


@pytest.mark.parametrize(
    "url",
    [*MALFORMED[:13], "http://127.0.0.1:9/x?api_key=c4nary"],
)
def test_a_malformed_address_of_a_service_is_named_without_its_password(url: str) -> None:
    with pytest.raises(InvalidInput, match="the address of PubChem, ") as caught:
        Transport(None, services={"pubchem": url})
    assert not leaks(str(caught.value))
    with pytest.raises(InvalidInput):
        Transport(None, services={"uniprot": Service("UniProt", url, 5, "", 60)})


def test_services_hold_no_credentials_of_their_own() -> None:
    assert all(service.credentials is None for service in SERVICES.values())


@pytest.mark.parametrize("name", ["host", "model", "email", "index", "cache_dir", "audit_log"])
def test_settings_that_are_dumped_hold_no_password(name: str) -> None:
    address = "https://me:c4nary-7q@far.test/v1"
    flags: dict[str, Any] = {name: [address] if name == "index" else address}
    settings = read_settings(**flags, api_key="k3y-9xxz", ncbi_api_key="k3y-9xxz")
    for text in (str(settings.model_dump()), settings.model_dump_json(), repr(settings), str(settings)):
        assert "c4nary" not in text
        assert "k3y" not in text
        assert "far.test" in text
    value = getattr(settings, name)
    assert "c4nary-7q" in str(value), "what is sent needs it"
    assert settings.model_copy(update={"offline": True}).__dict__[name] == value
