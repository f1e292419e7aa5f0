"""The model on a host, asked over HTTP in OpenAI's chat-completions schema."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biomed_agent.core.deadline import Deadline, current, running
from biomed_agent.core.errors import BiomedAgentError, InvalidInput, Refused, Unavailable
from biomed_agent.core.privacy.credentials import (
    SECRET_FILTER,
    Credentials,
    StreamRedactor,
    clean_chain,
    long_enough,
    proxy_secrets,
    redact,
    redact_address,
    redact_values,
    secrets_of,
    split_credentials,
)
from biomed_agent.core.privacy.egress import AuditLog, Departure, Discloses, is_loopback, permit, record_egress
from biomed_agent.core.privacy.routes import RouteTrace, open_async_client
from biomed_agent.core.types import EgressPolicy, ModelStamp
from biomed_agent.model.async_bridge import EventLoopThread, until_over
from biomed_agent.model.contract.generation import Generation, Options
from biomed_agent.model.contract.manifest import is_number, stamp_of
from biomed_agent.model.contract.prompt import Message

if TYPE_CHECKING:
    import httpx


_MANIFEST = "its manifest"
_PROMPT = "a prompt with its structures"
_MAX_SHOWN_CHARACTERS = 500
"""characters of a host's error that are shown"""
_MAX_READ_CHARACTERS = 20_000
"""characters of a host's error in which secrets are looked for; what lies beyond is not shown"""


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
        SECRET_FILTER.add(*self._secrets)
        self._repeated = long_enough(self._secrets)
        self._stamp: ModelStamp | None = None
        self._thread = EventLoopThread("biomed-agent-host")

    @property
    def stamp(self) -> ModelStamp:
        """The manifest the host publishes; asked for once."""
        return self._stamp or self._thread.run(self._fetch_stamp())

    def generate(self, messages: Sequence[Message], options: Options = Options()) -> Generation:
        """See :class:`~.generation.Generator`."""
        return self.samples(messages, options, 1)[0]

    def samples(self, messages: Sequence[Message], options: Options, n: int) -> list[Generation]:
        """See :class:`~.generation.Generator`; asks for ``n`` choices in one request."""
        return self._thread.run(self.asamples(messages, options, n))

    def stream(self, messages: Sequence[Message], options: Options = Options()) -> Iterator[str]:
        """See :class:`~.generation.Generator`; reads server-sent events."""
        return self._thread.iterate(self.astream(messages, options))

    async def agenerate(self, messages: Sequence[Message], options: Options = Options()) -> Generation:
        """See :class:`~.generation.Generator`."""
        return (await self.asamples(messages, options, 1))[0]

    async def asamples(self, messages: Sequence[Message], options: Options, n: int) -> list[Generation]:
        """Like :meth:`samples`, asynchronously."""
        if n < 1:
            raise InvalidInput(f"{n} samples were asked for; expected 1 or more.")
        deadline = current()
        body = await self._body(messages, options) | ({"n": n} if n > 1 else {})
        noting = {"trace": self._noting(_PROMPT, body).handle_async}
        with self._errors(deadline):
            async with until_over(deadline), self._client(deadline) as client:
                reply = await client.post(f"{self.url}/v1/chat/completions", json=body, extensions=noting)
                return _generations(self._read(reply))[:n]

    def astream(self, messages: Sequence[Message], options: Options = Options()) -> AsyncGenerator[str, None]:
        """See :class:`~.generation.Generator`; reads server-sent events."""
        return self._pieces(messages, options, current())

    async def _pieces(
        self, messages: Sequence[Message], options: Options, deadline: Deadline
    ) -> AsyncGenerator[str, None]:
        with running(deadline):
            body = await self._body(messages, options) | {"stream": True}
        noting = {"trace": self._noting(_PROMPT, body).handle_async}
        with self._errors(deadline):
            async with AsyncExitStack() as connection:
                async with until_over(deadline):
                    client = await connection.enter_async_context(self._client(deadline))
                    asking = client.stream("POST", f"{self.url}/v1/chat/completions", json=body, extensions=noting)
                    reply = await connection.enter_async_context(asking)
                    if reply.is_error:
                        await reply.aread()
                redactor = StreamRedactor(*self._repeated)
                lines = _checked(reply).aiter_lines()
                while (line := await _next_line(lines, deadline)) is not None:
                    if piece := redactor.feed(_delta(line)):
                        yield piece
                if piece := redactor.flush():
                    yield piece

    def close(self) -> None:
        """End the thread that blocking calls wait for, and those that still run; harmless twice.

        A later call starts it again.
        """
        self._thread.close()

    async def aclose(self) -> None:
        """Like :meth:`close`, without blocking the event loop."""
        await self._thread.aclose()

    async def _fetch_stamp(self) -> ModelStamp:
        if self._stamp is None:
            deadline = current()
            noting = {"trace": self._noting(_MANIFEST).handle_async}
            with self._errors(deadline):
                async with until_over(deadline), self._client(deadline) as client:
                    reply = self._read(await client.get(f"{self.url}/v1/models", extensions=noting))
                    self._stamp = _stamp((reply.get("data") or [{}])[0])
        return self._stamp

    def _departure(self, what: str, request: str = "") -> Departure:
        discloses: Discloses = "identifier" if what == _MANIFEST else "structure"
        return Departure(
            f"model host {self.url}", "GET" if what == _MANIFEST else "POST", discloses, what, request, self._egress
        )

    def _permit(self, peer: str = "") -> None:
        """Return when a prompt may leave, to a ``peer`` that should have been this machine; note it when it may not."""
        where = f" (at {peer}, which is not this machine)" if peer else ""
        try:
            permit(f"the model host {self.url}{where}", self._egress, "structure")
        except Refused:
            self._audit.note(self._departure(_PROMPT), "blocked")
            raise

    def _noting(self, what: str, body: Mapping[str, Any] = {}) -> RouteTrace:
        """Return the trace of a request that notes it when it leaves; one that never connected did not."""

        def on_send(passage: RouteTrace) -> None:
            if passage.outside:
                record_egress(f"model host {self.url}: {what}")
                request = json.dumps(body["messages"]) if body else ""
                self._audit.note(self._departure(what, request), "sent", **passage.route)

        return RouteTrace(self.url, self._permit, on_send)

    def _client(self, deadline: Deadline) -> httpx.AsyncClient:
        return open_async_client(
            self.url, timeout=deadline.at_most(self.timeout), headers=self._headers, auth=self._credentials
        )

    async def _body(self, messages: Sequence[Message], options: Options) -> dict[str, Any]:
        model = (await self._fetch_stamp()).name
        chosen = asdict(options)
        chosen["max_tokens"] = chosen.pop("max_new_tokens")
        chosen["mbr_samples"] = chosen["mbr_samples"] or None  # none are asked for by leaving it out
        chosen = {key: value for key, value in chosen.items() if value not in (None, ())}
        return {"model": model, "messages": [dict(message) for message in messages], **chosen}

    def _read(self, reply: httpx.Response) -> Any:
        """Return the JSON of a reply without what a host repeats of our secrets."""
        body = _checked(reply).json()
        return redact_values(body, *self._repeated) if self._repeated else body

    def _errors(self, deadline: Deadline) -> _HostErrors:
        return _HostErrors(self.url, self._secrets, deadline)


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
            f"host {redact_address(url)!r} is not a URL; expected something like http://127.0.0.1:8000.",
            "Set BIOMED_AGENT_HOST or --host to the base URL of the host.",
        )
    if read.query or read.fragment or "@" in address:  # most likely a password that is not encoded
        raise InvalidInput(
            f"host {redact_address(url)!r} is no base URL: it holds a query, a fragment or a stray @.",
            "Percent-encode what a user name or password has of / ? # @ :, and leave out query and fragment.",
        )
    return address, credentials


_UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError)
"""what a reply that is none of a model host's provokes in its reader"""


class _HostErrors:
    """Maps httpx and JSON errors to ours at one seam; secrets, which a host may repeat, show in none of them."""

    def __init__(self, url: str, secrets: Sequence[str], deadline: Deadline) -> None:
        self.url, self.secrets, self.deadline = url, secrets, deadline

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, _trace: Any) -> None:
        import httpx

        clean_chain(error, self._scrub)
        if isinstance(error, BiomedAgentError):
            error.message, error.hint = self._scrub(error.message), self._scrub(error.hint)
        if isinstance(error, httpx.TimeoutException):
            self.deadline.check()  # what remained of the call was the timeout
        if isinstance(error, (*_UNREADABLE, httpx.HTTPError)):
            reason = self._scrub(str(error))
            raise Unavailable(
                f"the model host {self.url} gave no answer ({type(error).__name__}: {reason}).",
                "Check that it runs and that BIOMED_AGENT_HOST names it.",
            ) from error

    def _scrub(self, text: str) -> str:
        """Blot out secrets, then cut, so that no half of one is left."""
        clean = redact(text, *self.secrets, *proxy_secrets())
        return clean if len(clean) <= _MAX_SHOWN_CHARACTERS else f"{clean[:_MAX_SHOWN_CHARACTERS]} ..."


async def _next_line(lines: AsyncIterator[str], deadline: Deadline) -> str | None:
    """Return the next line; None after the last."""
    async with until_over(deadline):
        return await anext(lines, None)


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
    raise kind(f"the model host answered {reply.status_code}: {message[:_MAX_READ_CHARACTERS]}")


def _stamp(model: Mapping[str, Any]) -> ModelStamp:
    """Return the stamp of a model that a host lists."""
    manifest = model.get("biomed_agent") or {}
    return stamp_of(manifest, name=str(model.get("id") or "unnamed model"))


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
            agreement=float(alike) if is_number(alike) and 0 <= alike <= 1 else None,
        )
        for choice in choices
    ]


def _delta(line: str) -> str:
    """Return the text of one server-sent event line; empty for the others."""
    if not line.startswith("data:") or line.strip() == "data: [DONE]":
        return ""
    choices = json.loads(line[5:]).get("choices") or [{}]
    return str((choices[0].get("delta") or {}).get("content") or "")
