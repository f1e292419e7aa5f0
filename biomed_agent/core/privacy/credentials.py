"""Credentials in addresses: taken out of what is held, and redacted in what is shown.

An address of a host, a service or a proxy may carry a user name and a password. :func:`split_credentials` parts the
two where a client is made, so that no address that is held, logged or cited has any; :func:`redact` cleans the texts
that others write (an HTTP library, a host that echoes a header), and :func:`redact_address` an address that cannot be
read.
"""

from __future__ import annotations

import base64
import html
import json
import logging
import os
import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import PurePath
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit, urlunsplit

REDACTED = "***"
Credentials: TypeAlias = tuple[str, str]
"""user name and password, decoded; either may be empty"""

_ENDINGS = r"key|token|secret|passwd|password|passphrase|credentials?|signature|authorization"
_WHOLE = r"sig|sas|auth|pass|pwd|pw"
_PARAMETER = re.compile(rf"([?&;#](?:[\w.%-]*(?:{_ENDINGS})|{_WHOLE})=)[^&#\s]*", re.IGNORECASE)
_SECRET_NAME = re.compile(rf"(?:{_ENDINGS}|(?:^|[_.-])(?:{_WHOLE}))$", re.IGNORECASE)
_PACKED = re.compile(r"(?:[A-Za-z0-9+/_-]|%2[BbFf]){4,}(?:=|%3[Dd]){0,2}")
_AT = re.compile("@|%40|\uff20|\ufe6b")
"""the at sign, also as input methods write it"""
MIN_SECRET_CHARS = 6
"""characters of a secret that is looked for in whole answers and logs: a stand-in for one (EMPTY, x) is also a word"""
_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy", "httpcore.socks")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def split_credentials(url: str) -> tuple[str, Credentials | None]:
    """Return ``url`` without its user information, and what that was, percent-decoded.

    Raises:
        ValueError: It cannot be read as an address; the message may quote it.
    """
    parts = urlsplit(url)
    user, at, place = parts.netloc.rpartition("@")
    if not at:
        return url, None
    name, _, password = user.partition(":")
    credentials = unquote(name), unquote(password)
    return urlunsplit(parts._replace(netloc=place)), credentials if any(credentials) else None


def redact(text: str, *secrets: str) -> str:
    """Return ``text`` without the user information and the secret parameters of its URLs, and without ``secrets``.

    Of a URL with an at sign in its path more is redacted than would be needed.
    """
    text = re.sub(r"\S+", lambda word: _without_user(word.group()), redact_secrets(text, *secrets))
    return _PARAMETER.sub(rf"\g<1>{REDACTED}", text)


def redact_secrets(text: str, *secrets: str) -> str:
    """Return ``text`` without ``secrets``: as they are, percent-encoded in part or whole, escaped, or within base64."""
    hidden = sorted(filter(None, map(str.strip, secrets)), key=len, reverse=True)
    if not hidden:
        return text
    raw = [secret.encode(errors="surrogatepass") for secret in hidden]
    text = _PACKED.sub(lambda packed: REDACTED if _hides(packed.group(), raw) else packed.group(), text)
    return re.sub("|".join("".join(map(_encoded, secret)) for secret in hidden), REDACTED, text)


def redact_address(address: str) -> str:
    """Return an address from outside, whole and perhaps malformed, as it may be shown.

    All before an at sign is redacted.
    """
    scheme = re.match(r"\s*[a-z][a-z0-9+.-]*:/+", address, re.IGNORECASE)
    lead = scheme.group() if scheme else ""
    *before, place = _AT.split(address[len(lead) :])
    return redact(f"{lead}{REDACTED}@{place}" if before else address)


def redact_path(place: str | PurePath) -> str:
    """Return what should be a file or folder as it may be shown: it may be an address that was put in its place."""
    text = str(place)
    return (
        redact_address(text)
        if re.search(r"//|[a-z][a-z0-9+.-]+:.*@|^[a-z][a-z0-9+.-]+:/", text, re.IGNORECASE)
        else text
    )


def secret_words(words: Sequence[str]) -> list[str]:
    """Return the values that a command line gives to flags that are called like a secret, known or not."""
    values = []
    for word, following in pairwise([*words, ""]):
        flag, assigned, value = word.partition("=")
        if word.startswith("--") and names_secret(flag):
            values.append(value if assigned else following)
    return values


def names_secret(name: str) -> bool:
    """Whether something of this name is a secret, such as ``api_key`` or a misspelling that ends alike."""
    return _SECRET_NAME.search(name) is not None


def secrets_of(credentials: Credentials | None) -> tuple[str, ...]:
    """Return what of credentials is to be hidden from a text: not the user name, where there is a password."""
    if credentials is None:
        return ()
    name, password = credentials
    return (password, f"{name}:{password}") if password else (name,)


def proxy_secrets() -> tuple[str, ...]:
    """Return the passwords of the proxies that the environment names, encoded or not."""
    secrets: list[str] = []
    for address in proxy_settings().values():
        user, at, _ = address.rpartition("@")
        if at:
            name, _, password = user.rpartition("//")[2].partition(":")
            secrets += [*secrets_of((name, password)), *secrets_of((unquote(name), unquote(password)))]
    return tuple(secrets)


def proxy_settings() -> dict[str, str]:
    """Return the variables of the environment that name a proxy, with their values as they are."""
    return {name: value for name, value in os.environ.items() if name.lower() in _PROXIES and value}


def long_enough(secrets: Sequence[str]) -> list[str]:
    """Return those of some secrets that are looked for in whole answers and logs, see :data:`MIN_SECRET_CHARS`."""
    return [secret for secret in secrets if len(secret.strip()) >= MIN_SECRET_CHARS]


class SecretFilter(logging.Filter):
    """Keeps secrets out of what the HTTP library logs: addresses it was redirected to, headers that came back."""

    def __init__(self) -> None:
        super().__init__()
        self._secrets: frozenset[str] = frozenset()

    def add(self, *secrets: str) -> None:
        """Hide further secrets, as long as this process lives."""
        if new := set(long_enough(secrets)) - self._secrets:
            self._secrets |= new
            for name in _LOGGERS:
                logging.getLogger(name).addFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, without secrets."""
        message = record.getMessage()
        if (clean := redact_secrets(message, *self._secrets)) != message:
            record.msg, record.args = clean, None
        return True


SECRET_FILTER = SecretFilter()
"""the one filter of this process; whoever makes an HTTP client adds what that client must not tell"""


def clean_chain(error: BaseException | None, clean: Callable[[str], str]) -> None:
    """Clean, in place, the words of an error and of all that it came from: whoever walks the chain reads them."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        if not isinstance(link := waiting.pop(), BaseException) or id(link) in seen:
            continue
        seen.add(id(link))
        waiting += [link.__cause__, link.__context__, *link.args]
        link.args = tuple(clean(part) if isinstance(part, str) else part for part in link.args)


class StreamRedactor:
    """Takes secrets out of a text that comes in pieces; what may be the start of one waits for the next piece."""

    def __init__(self, *secrets: str) -> None:
        self._secrets = [secret for secret in secrets if secret]
        self._waiting = ""

    def feed(self, piece: str) -> str:
        """Return what can be told now."""
        text = redact_secrets(self._waiting + piece, *self._secrets)
        starts = (
            length for secret in self._secrets for length in range(1, len(secret)) if text.endswith(secret[:length])
        )
        safe = len(text) - max(starts, default=0)
        self._waiting = text[safe:]
        return text[:safe]

    def flush(self) -> str:
        """Return what waited when no piece is left."""
        text, self._waiting = self._waiting, ""
        return text


def redact_values(value: Any, *secrets: str) -> Any:
    """Return plain JSON values without secrets, wherever they stand in a text."""
    if isinstance(value, str):
        return redact_secrets(value, *secrets)
    if isinstance(value, dict):
        return {redact_secrets(str(name), *secrets): redact_values(part, *secrets) for name, part in value.items()}
    return [redact_values(part, *secrets) for part in value] if isinstance(value, list) else value


def _hides(packed: str, secrets: Sequence[bytes]) -> bool:
    """Whether what may hold base64, also behind letters that belong to something else, holds one of some secrets."""
    body = unquote(packed).rstrip("=")
    altchars = b"-_" if set("-_") & set(body) else None
    for start in range(min(4, len(body))):
        piece = body[start:]
        piece = piece[:-1] if len(piece) % 4 == 1 else piece
        try:
            content = base64.b64decode(piece + "=" * (-len(piece) % 4), altchars=altchars)
        except ValueError:
            continue
        if any(secret in content for secret in secrets):
            return True
    return False


def _encoded(letter: str) -> str:
    """Return a pattern of a letter as it is, percent-encoded, or escaped for HTML, JSON or Python."""
    raw = letter.encode(errors="surrogatepass")
    forms = {letter, html.escape(letter), json.dumps(letter)[1:-1], repr(letter)[1:-1], repr(raw)[2:-1]}
    forms |= {"\\/"} if letter == "/" else {"+"} if letter == " " else set()
    percent = "".join(f"%{byte:02x}" for byte in raw)
    return f"(?:{'|'.join(map(re.escape, sorted(forms, key=len, reverse=True)))}|(?i:{percent}))"


def _without_user(word: str) -> str:
    """Return a word without what lies between two slashes and its last at sign.

    A password may hold a slash or an at sign that should have been encoded.
    """
    lead, slashes, rest = word.partition("//")
    *before, place = _AT.split(rest)
    return f"{lead}{slashes}{REDACTED}@{place}" if before else word
