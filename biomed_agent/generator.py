"""Who speaks for the model: a host over HTTP, the engine in this process, or nobody.

The agent sends messages (:mod:`biomed_agent.prompt`) and gets text. Which of the three answers is decided
once, in :func:`connect`; nothing else of the client side knows whether a model is near or far.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeGuard

from .credentials import (
    HUSH,
    Credentials,
    Sieve,
    blotted,
    clean_chain,
    long_enough,
    proxy_secrets,
    redact,
    secrets_of,
    shown,
    shown_place,
    split_credentials,
)
from .egress import AuditLog, Departure, Reveals, is_loopback, permit, record_egress
from .errors import BiomedAgentError, CheckpointError, InvalidInput, Refused, Unavailable
from .prompt import Message
from .routes import Passage, open_async_client, open_client
from .types import EgressPolicy, LoadIn, ModelStamp

if TYPE_CHECKING:
    import httpx

logger = logging.getLogger(__name__)
EMBEDDED = Path(__file__).parent / "data" / "mini"
"""Folder of the model that ships with the package."""
_MANIFEST = "its manifest"
_MEND_MANIFEST = "Correct the manifest, or leave the table out to have answers decoded greedily."
_PROMPT = "a prompt with its structures"
_LONGEST_ERROR = 500
"""characters of a host's error that are shown"""
_LONGEST_READ = 20_000
"""characters of a host's error in which secrets are looked for; what lies beyond is not shown"""


@dataclass(frozen=True, slots=True)
class Options:
    """How to decode; the defaults are greedy and therefore repeatable."""

    max_new_tokens: int = 256
    num_beams: int = 1
    temperature: float = 0.0
    """0 means greedy"""
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    stop: tuple[str, ...] = ()
    seed: int | None = None
    mbr_samples: int = 0
    """sampled answers of which the one that agrees best with the others is given (minimum-Bayes-risk decoding); 0 means
    none. Takes a ``temperature`` above 0, a ``seed`` to be repeatable, and so many times the memory of a prompt."""


def options_for(stamp: ModelStamp, kind: str) -> Options:
    """Return how a model is asked a kind of question, as its manifest says.

    Raises:
        CheckpointError: The manifest's ``decoding`` or ``decoding_by_kind`` holds what is no option, or no value of it.
    """
    by_kind = stamp.decoding_by_kind if isinstance(stamp.decoding_by_kind, Mapping) else {kind: stamp.decoding_by_kind}
    tables = {"decoding": stamp.decoding, f"decoding_by_kind of {kind}": by_kind.get(kind, {})}
    chosen = {}
    for where, table in tables.items():
        if not isinstance(table, Mapping):
            raise CheckpointError(
                f"{where} in the manifest of {stamp.name} is {table!r}; expected a table of options.", _MEND_MANIFEST
            )
        for name, value in table.items():
            chosen[name] = _option(f"{where} in the manifest of {stamp.name}", name, value)
    return Options(**chosen)


def _option(where: str, name: str, value: Any) -> Any:
    """Return the value of an option as :class:`Options` wants it."""
    usual = {one.name: one.default for one in fields(Options)}
    if name not in usual:
        raise CheckpointError(f"{where} holds {name!r}; expected some of {', '.join(usual)}.", _MEND_MANIFEST)
    wanted = "a list of strings" if name == "stop" else "a number"
    if name == "stop":
        if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
            return tuple(value)
    elif name == "seed" and value is None:
        return None
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if isinstance(usual[name], float):
            return float(value)
        if float(value).is_integer():
            return int(value)
    raise CheckpointError(f"{where} has {name} = {value!r}; expected {wanted}.", _MEND_MANIFEST)


@dataclass(frozen=True, slots=True)
class Generation:
    """One answer of the model."""

    text: str
    finish_reason: Literal["stop", "length"] = "stop"
    prompt_tokens: int = 0
    new_tokens: int = 0
    """of this answer, not of the samples that were not chosen"""
    truncated: str = ""
    """what was cut to fit the model, in words; empty when nothing was"""
    agreement: float | None = None
    """mean ROUGE-L of the answer with the other samples it was chosen among, between 0 and 1; None where it was not
    chosen among several"""


class Generator(Protocol):
    """What asks a model. Every method raises :class:`~biomed_agent.errors.BiomedAgentError` only."""

    @property
    def stamp(self) -> ModelStamp:
        """Name, revision, digest and offered question kinds of the model that answers."""

    def generate(self, messages: Sequence[Message], options: Options = ...) -> Generation:
        """Answer ``messages``; of ``mbr_samples`` the one that agrees best with the others, whatever it says."""

    def samples(self, messages: Sequence[Message], options: Options, n: int) -> list[Generation]:
        """Return ``n`` answers to ``messages``, to be chosen among by :func:`biomed_agent.samples.choose`.

        Several need a temperature above 0 and one beam. A host may give fewer.
        """

    def stream(self, messages: Sequence[Message], options: Options = ...) -> Iterator[str]:
        """Yield the answer in pieces as they are decoded."""

    async def agenerate(self, messages: Sequence[Message], options: Options = ...) -> Generation:
        """Like :meth:`generate`, without blocking the event loop."""

    def astream(self, messages: Sequence[Message], options: Options = ...) -> AsyncIterator[str]:
        """Like :meth:`stream`, asynchronously."""


def connect(
    host: str | None = None,
    model: str | Path | None = None,
    *,
    egress: EgressPolicy = "names-only",
    api_key: str = "",
    load_in: LoadIn | None = None,
    audit: Path | None = None,
) -> Generator | None:
    """Return what answers for the model: ``host`` if given, else a local folder, else the embedded model.

    Args:
        host: Base URL of an OpenAI-compatible host of this model, such as ``http://127.0.0.1:8000``.
        model: Checkpoint folder; ``"embedded"`` names the one that ships with the package, ``"none"`` switches the
            model off.
        egress: Policy the host client obeys; a host on this machine is exempt.
        api_key: Bearer token for the host.
        load_in: Precision of a local model's weights; bfloat16 on a GPU that multiplies it and float32
            elsewhere when not given.
        audit: File in which what leaves for a host elsewhere is noted; see :class:`biomed_agent.egress.AuditLog`.

    Returns:
        A generator that loads nothing until it is asked, or None when the ``[model]`` extra is not
        installed or the model is switched off.
    """
    if host:
        return HostClient(host, egress=egress, api_key=api_key, audit=audit)
    if model is not None and str(model).lower() == "none":
        return None
    folder = model_folder(model)
    if model is not None and not (folder / "manifest.json").is_file():
        raise InvalidInput(
            f"{shown_place(str(model))} is not a model folder: it holds no manifest.json.",
            "Give a folder written by this package, or leave the setting out to use the embedded model.",
        )
    if not (folder / "manifest.json").is_file():
        return None
    if not all(importlib.util.find_spec(name) for name in ("torch", "transformers", "sentencepiece")):
        if model is not None:
            raise Unavailable(
                f"the model in {folder} needs torch and transformers, which are not installed.",
                "Run: pip install 'biomed-agent[model]'.",
            )
        return None
    return LocalModel(folder, load_in)


def model_folder(model: str | Path | None) -> Path:
    """Return the folder that a setting names; the embedded model's for ``"embedded"`` and for nothing."""
    return EMBEDDED if model is None or str(model).lower() == "embedded" else Path(model)


class LocalModel:
    """The engine in this process, loaded at the first question (torch takes a few seconds to import).

    Args:
        folder: Checkpoint folder with a ``manifest.json``.
        load_in: Precision of the weights; see :func:`connect`.
    """

    def __init__(self, folder: Path, load_in: LoadIn | None = None) -> None:
        self.folder = folder
        self.load_in = load_in
        self._engine: Any = None
        self._loading = threading.Lock()
        self._stamp: ModelStamp | None = None

    @property
    def stamp(self) -> ModelStamp:
        """Read from the manifest; needs no torch."""
        if self._stamp is None:
            from .model.manifest import read_manifest, stamp_of

            self._stamp = stamp_of(read_manifest(self.folder))
        return self._stamp

    def load(self) -> Any:
        """Load the weights now, if they are not loaded; return the engine."""
        with self._loading:
            if self._engine is None:
                logger.info("loading the model %s ...", self.stamp.name)
                from .model.engine import LocalEngine

                self._engine = LocalEngine(self.folder, self.load_in)
            return self._engine

    def generate(self, messages: Sequence[Message], options: Options = Options()) -> Generation:
        """See :class:`Generator`."""
        answer: Generation = self.load().generate(messages, options)
        return answer

    def samples(self, messages: Sequence[Message], options: Options, n: int) -> list[Generation]:
        """See :class:`Generator`."""
        drawn: list[Generation] = self.load().samples(messages, options, n)
        return drawn

    def stream(self, messages: Sequence[Message], options: Options = Options()) -> Iterator[str]:
        """See :class:`Generator`."""
        yield from self.load().stream(messages, options)

    async def agenerate(self, messages: Sequence[Message], options: Options = Options()) -> Generation:
        """See :class:`Generator`; runs in a worker thread."""
        import asyncio

        return await asyncio.to_thread(self.generate, messages, options)

    async def astream(self, messages: Sequence[Message], options: Options = Options()) -> AsyncIterator[str]:
        """See :class:`Generator`; each piece is awaited in a worker thread."""
        import asyncio

        pieces = self.stream(messages, options)
        end = object()
        while (piece := await asyncio.to_thread(next, pieces, end)) is not end:
            yield str(piece)


class HostClient:
    """A host of this model that speaks OpenAI's chat-completions schema.

    Structures travel as content parts ``{"type": "molecule", "smiles": ...}`` and
    ``{"type": "protein", "sequence": ...}``; ``GET /v1/models`` carries the manifest under ``biomed_agent``.

    Args:
        url: Base URL, with or without ``/v1``; a user name and password in it are sent as basic authentication, in
            place of the key, and never shown.
        egress: Policy for a host that is not on this machine; a prompt holds structures or free text, so only
            ``public`` lets it go.
        api_key: Bearer token; never shown.
        timeout: Seconds to wait for an answer.
        audit: File in which what leaves for a host elsewhere is noted.
    """

    def __init__(
        self,
        url: str,
        *,
        egress: EgressPolicy = "names-only",
        api_key: str = "",
        timeout: float = 120.0,
        audit: Path | None = None,
    ) -> None:
        url, self._credentials = _address(url)
        self.url = url.rstrip("/").removesuffix("/v1")
        self.remote = not is_loopback(self.url)
        self._egress, self._audit = egress, AuditLog(audit)
        if self.remote:
            self._permit()
        self.timeout = timeout
        key = api_key.strip()
        if not (key.isascii() and key.isprintable()):  # the HTTP library would quote it where it refuses it
            raise InvalidInput(
                "the key of the model host holds a character that no header can have.", "Check BIOMED_AGENT_API_KEY."
            )
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._secrets = tuple(filter(None, (key, *secrets_of(self._credentials))))
        HUSH.add(*self._secrets)
        self._repeated = long_enough(self._secrets)
        self._stamp: ModelStamp | None = None

    @property
    def stamp(self) -> ModelStamp:
        """The manifest the host publishes; asked for once."""
        if self._stamp is None:
            noting = {"trace": self._noting(_MANIFEST)}
            with self._errors(), self._client() as client:
                reply = self._read(client.get(f"{self.url}/v1/models", extensions=noting))
                self._stamp = _stamp((reply.get("data") or [{}])[0])
        return self._stamp

    def generate(self, messages: Sequence[Message], options: Options = Options()) -> Generation:
        """See :class:`Generator`."""
        return self.samples(messages, options, 1)[0]

    def samples(self, messages: Sequence[Message], options: Options, n: int) -> list[Generation]:
        """See :class:`Generator`; asks for ``n`` choices in one request."""
        if n < 1:
            raise InvalidInput(f"{n} samples were asked for; expected 1 or more.")
        body = self._body(messages, options) | ({"n": n} if n > 1 else {})
        noting = {"trace": self._noting(_PROMPT, body)}
        with self._errors(), self._client() as client:
            reply = client.post(f"{self.url}/v1/chat/completions", json=body, extensions=noting)
            return _generations(self._read(reply))[:n]

    async def agenerate(self, messages: Sequence[Message], options: Options = Options()) -> Generation:
        """See :class:`Generator`."""
        import asyncio

        body = await asyncio.to_thread(self._body, messages, options)  # may ask the host for its manifest
        noting = {"trace": self._noting(_PROMPT, body).awaited}
        with self._errors():
            async with self._async_client() as client:
                reply = await client.post(f"{self.url}/v1/chat/completions", json=body, extensions=noting)
                return _generations(self._read(reply))[0]

    def stream(self, messages: Sequence[Message], options: Options = Options()) -> Iterator[str]:
        """See :class:`Generator`; reads server-sent events."""
        body = self._body(messages, options) | {"stream": True}
        noting = {"trace": self._noting(_PROMPT, body)}
        with (
            self._errors(),
            self._client() as client,
            client.stream("POST", f"{self.url}/v1/chat/completions", json=body, extensions=noting) as reply,
        ):
            if reply.is_error:
                reply.read()
            sieve = Sieve(*self._repeated)
            for line in _checked(reply).iter_lines():
                if piece := sieve.put(_delta(line)):
                    yield piece
            if piece := sieve.rest():
                yield piece

    async def astream(self, messages: Sequence[Message], options: Options = Options()) -> AsyncIterator[str]:
        """See :class:`Generator`; reads server-sent events."""
        import asyncio

        body = await asyncio.to_thread(self._body, messages, options) | {"stream": True}
        noting = {"trace": self._noting(_PROMPT, body).awaited}
        with self._errors():
            async with (
                self._async_client() as client,
                client.stream("POST", f"{self.url}/v1/chat/completions", json=body, extensions=noting) as reply,
            ):
                if reply.is_error:
                    await reply.aread()
                sieve = Sieve(*self._repeated)
                async for line in _checked(reply).aiter_lines():
                    if piece := sieve.put(_delta(line)):
                        yield piece
                if piece := sieve.rest():
                    yield piece

    def _departure(self, what: str, request: str = "") -> Departure:
        reveals: Reveals = "identifier" if what == _MANIFEST else "structure"
        return Departure(
            f"model host {self.url}", "GET" if what == _MANIFEST else "POST", reveals, what, request, self._egress
        )

    def _permit(self, peer: str = "") -> None:
        """Return when a prompt may leave, to a ``peer`` that should have been this machine; note it when it may not."""
        where = f" (at {peer}, which is not this machine)" if peer else ""
        try:
            permit(f"the model host {self.url}{where}", self._egress, "structure")
        except Refused:
            self._audit.note(self._departure(_PROMPT), "blocked")
            raise

    def _noting(self, what: str, body: Mapping[str, Any] = {}) -> Passage:
        """Return the trace of a request that notes it when it leaves; one that never connected did not."""

        def go(passage: Passage) -> None:
            if passage.outside:
                record_egress(f"model host {self.url}: {what}")
                request = json.dumps(body["messages"]) if body else ""
                self._audit.note(self._departure(what, request), "sent", **passage.route)

        return Passage(self.url, self._permit, go)

    def _client(self) -> httpx.Client:
        return open_client(self.url, timeout=self.timeout, headers=self._headers, auth=self._credentials)

    def _async_client(self) -> httpx.AsyncClient:
        return open_async_client(self.url, timeout=self.timeout, headers=self._headers, auth=self._credentials)

    def _body(self, messages: Sequence[Message], options: Options) -> dict[str, Any]:
        model = self.stamp.name
        chosen = asdict(options)
        chosen["max_tokens"] = chosen.pop("max_new_tokens")
        chosen["mbr_samples"] = chosen["mbr_samples"] or None  # none are asked for by leaving it out
        chosen = {key: value for key, value in chosen.items() if value not in (None, ())}
        return {"model": model, "messages": [dict(message) for message in messages], **chosen}

    def _read(self, reply: httpx.Response) -> Any:
        """Return the JSON of a reply without what a host repeats of our secrets."""
        body = _checked(reply).json()
        return blotted(body, *self._repeated) if self._repeated else body

    def _errors(self) -> _HostErrors:
        return _HostErrors(self.url, self._secrets)


def _address(url: str) -> tuple[str, Credentials | None]:
    """Return the base URL of a host without its credentials, and these.

    Raises:
        InvalidInput: It is none; what may be a password does not show.
    """
    import httpx

    try:
        address, credentials = split_credentials(url.strip())
        read = httpx.URL(address)
    except (ValueError, httpx.InvalidURL):
        address, read, credentials = "", httpx.URL(), None
    if read.scheme not in ("http", "https") or not read.host:
        raise InvalidInput(
            f"host {shown(url)!r} is not a URL; expected something like http://127.0.0.1:8000.",
            "Set BIOMED_AGENT_HOST or --host to the base URL of the host.",
        )
    if read.query or read.fragment or "@" in address:  # most likely a password that is not encoded
        raise InvalidInput(
            f"host {shown(url)!r} is no base URL: it holds a query, a fragment or a stray @.",
            "Percent-encode what a user name or password has of / ? # @ :, and leave out query and fragment.",
        )
    return address, credentials


_UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError)
"""what a reply that is none of a model host's provokes in its reader"""


class _HostErrors:
    """Maps httpx and JSON errors to ours at one seam; secrets, which a host may repeat, show in none of them."""

    def __init__(self, url: str, secrets: Sequence[str]) -> None:
        self.url, self.secrets = url, secrets

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, _trace: Any) -> None:
        import httpx

        clean_chain(error, self._scrub)
        if isinstance(error, BiomedAgentError):
            error.message, error.hint = self._scrub(error.message), self._scrub(error.hint)
        if isinstance(error, (*_UNREADABLE, httpx.HTTPError)):
            reason = self._scrub(str(error))
            raise Unavailable(
                f"the model host {self.url} gave no answer ({type(error).__name__}: {reason}).",
                "Check that it runs and that BIOMED_AGENT_HOST names it.",
            ) from error

    def _scrub(self, text: str) -> str:
        """Blot out secrets, then cut, so that no half of one is left."""
        clean = redact(text, *self.secrets, *proxy_secrets())
        return clean if len(clean) <= _LONGEST_ERROR else f"{clean[:_LONGEST_ERROR]} ..."


def _checked(reply: httpx.Response) -> httpx.Response:
    """Return ``reply``, or raise what its error body says; a redirect is not followed, since it could lead anywhere."""
    if "location" in reply.headers and reply.is_redirect:
        raise Unavailable(
            f"the model host pointed to another address, {reply.headers['location']}; it was not followed.",
            "Set BIOMED_AGENT_HOST to the address that answers, if it is yours.",
        )
    if not reply.is_error:
        return reply
    try:
        detail = reply.json()
        message = str(detail.get("error", {}).get("message") or detail.get("detail") or detail)
    except (ValueError, AttributeError):
        message = reply.text
    kind: type[BiomedAgentError] = InvalidInput if reply.status_code in (400, 413, 422) else Unavailable
    raise kind(f"the model host answered {reply.status_code}: {message[:_LONGEST_READ]}")


def _stamp(model: Mapping[str, Any]) -> ModelStamp:
    """Return the stamp of a model that a host lists; whatever its manifest holds that is no such thing says nothing."""
    from .model.manifest import reasons

    manifest = model.get("biomed_agent") or {}
    size, kinds = manifest.get("parameters"), manifest.get("kinds")
    return ModelStamp(
        name=str(manifest.get("name") or model.get("id") or "unnamed model"),
        revision=str(manifest.get("revision", "")),
        digest=str(manifest.get("digest", "")),
        parameters=int(size) if _is_number(size) and 0 < size < 1e15 else None,
        demonstration=bool(manifest.get("demonstration", False)),
        decoding=manifest.get("decoding") or {},
        decoding_by_kind=manifest.get("decoding_by_kind") or {},
        kinds=tuple(kind for kind in kinds if isinstance(kind, str)) if isinstance(kinds, list | dict) else (),
        not_offered=reasons(manifest.get("not_offered")),
    )


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _generations(body: Mapping[str, Any]) -> list[Generation]:
    """Return the choices of a completion, at least one; its usage counts the tokens of all of them."""
    usage = body.get("usage") or {}
    ours = body.get("biomed_agent") or {}
    choices = body["choices"]
    if not choices:
        raise IndexError("no choices")
    new_tokens = int(usage.get("completion_tokens", 0)) // len(choices)
    alike = ours.get("agreement")
    return [
        Generation(
            text=str(choice["message"]["content"] or ""),
            finish_reason="length" if choice.get("finish_reason") == "length" else "stop",
            prompt_tokens=int(usage.get("prompt_tokens", 0)),
            new_tokens=new_tokens,
            truncated=str(ours.get("truncated", "")),
            agreement=float(alike) if _is_number(alike) and 0 <= alike <= 1 else None,
        )
        for choice in choices
    ]


def _delta(line: str) -> str:
    """Return the text of one server-sent event line; empty for the others."""
    if not line.startswith("data:") or line.strip() == "data: [DONE]":
        return ""
    choices = json.loads(line[5:]).get("choices") or [{}]
    return str((choices[0].get("delta") or {}).get("content") or "")
