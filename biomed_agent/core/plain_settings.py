"""The settings of a plain call, read without pydantic, which takes longer to load than a look-up to answer.

:class:`~biomed_agent.core.settings.Settings` says what a setting is. Here only values that need no judgement are read;
for all others, and to say what is wrong with them, it is asked.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self, get_args

from biomed_agent.core.types import EgressPolicy, LoadIn

PREFIX = "BIOMED_AGENT_"
"""of a setting's environment variable"""


def config_file() -> Path:
    """The optional settings file: ``$BIOMED_AGENT_CONFIG`` or ``~/.config/biomed-agent/config.toml``."""
    named = os.environ.get("BIOMED_AGENT_CONFIG")
    base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return Path(named) if named else base / "biomed-agent" / "config.toml"


def default_cache_dir() -> Path:
    """The folder for cached replies and built indexes when no setting names one."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "biomed-agent"


class Secret:
    """A text that shows in no ``repr``, as pydantic's ``SecretStr``."""

    def __init__(self, value: str = "") -> None:
        self._value = value

    def get_secret_value(self) -> str:
        """Return the text."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({'**********' if self._value else ''!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


@dataclass(frozen=True, slots=True, repr=False)  # an address may hold a password
class PlainSettings:
    """What an agent reads of :class:`~biomed_agent.core.settings.Settings`, under the same names."""

    host: str | None = None
    model: str | None = None
    load_in: LoadIn | None = None
    index: list[Path] = field(default_factory=list)
    offline: bool = False
    egress: EgressPolicy = "names-only"
    api_key: Secret = field(default_factory=Secret)
    cache_dir: Path = field(default_factory=default_cache_dir)
    audit_log: Path | None = None
    email: str = ""
    timeout: float = 30.0
    ncbi_api_key: Secret = field(default_factory=Secret)

    @property
    def audit_path(self) -> Path:
        """The file in which every request that leaves and every refused one is noted."""
        return self.audit_log or self.cache_dir / "egress.jsonl"

    def model_copy(self, *, update: Mapping[str, Any] | None = None) -> Self:
        """Return a copy with some values changed."""
        return replace(self, **(update or {}))


def read_plain_settings(**flags: Any) -> PlainSettings | None:
    """Read the settings as :func:`~biomed_agent.core.settings.read_settings` does, flag before environment before file.

    Args:
        flags: Settings of the call; None stands for one that is not given.

    Returns:
        The settings, or None when one of them needs the whole reading, as every wrong one does.
    """
    try:
        file = config_file()
        given = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        given |= _of_environment() | {name: value for name, value in flags.items() if value is not None}
        return PlainSettings(**{name: _READERS[name](value) for name, value in given.items()})
    except (_Unsure, KeyError, ValueError, OSError):
        return None


class _Unsure(Exception):
    """A value that is not of the plainest form, which Settings has to judge."""


def _of_environment() -> dict[str, str]:
    variables = {_VARIABLES.get(name, f"{PREFIX}{name}".upper()): name for name in _READERS}
    values: dict[str, str] = {}
    unusual = {f"{PREFIX}{name}".upper() for name in _VARIABLES}
    for key, value in os.environ.items():
        name = variables.get(key.upper())
        if key.upper() in unusual or (name and key != key.upper()):  # which spelling wins is for Settings to say
            raise _Unsure
        if name is None or not value:
            continue
        values[name] = value
    return values


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _Unsure
    return value


def _one_of(words: tuple[str, ...]) -> Callable[[Any], Any]:
    def read(value: Any) -> str:
        if _text(value) not in words:
            raise _Unsure
        return str(value)

    return read


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    truths = {"1": True, "true": True, "0": False, "false": False}
    if _text(value) not in truths:
        raise _Unsure
    return truths[value]


def _seconds(value: Any) -> float:
    text = value if isinstance(value, str) else str(value)
    if isinstance(value, bool) or not re.fullmatch(r"\d+(?:\.\d+)?", text, re.ASCII) or not float(text) > 0:
        raise _Unsure
    return float(text)


def _path(value: Any) -> Path:
    return value if isinstance(value, Path) else Path(_text(value))


def _paths(value: Any) -> list[Path]:
    if isinstance(value, str):
        value = [part for part in value.split(os.pathsep) if part]
    if not isinstance(value, list):
        raise _Unsure
    return [_path(part) for part in value]


def _secret(value: Any) -> Secret:
    return Secret(_text(value))


_VARIABLES = {"ncbi_api_key": "NCBI_API_KEY"}
"""environment variables that are not called :data:`PREFIX` and the setting"""
_READERS: dict[str, Callable[[Any], Any]] = {
    "host": _text,
    "model": _text,
    "load_in": _one_of(get_args(LoadIn)),
    "index": _paths,
    "offline": _truth,
    "egress": _one_of(get_args(EgressPolicy)),
    "api_key": _secret,
    "cache_dir": _path,
    "audit_log": _path,
    "email": _text,
    "timeout": _seconds,
    "ncbi_api_key": _secret,
}
