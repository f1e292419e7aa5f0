"""The settings of a plain call are those of Settings, read without pydantic, or are left to Settings."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from biomed_agent.core.errors import BiomedAgentError
from biomed_agent.core.plain_settings import PlainSettings, Secret, read_plain_settings
from biomed_agent.core.settings import Settings, read_settings

TEXTS = {
    "host": ["http://localhost:1", "", " x "],
    "model": ["none", "Folder/of it", ""],
    "load_in": ["bf16", "BF16", "8bit", "", " 4bit"],
    "index": ["a.sqlite", f"a.sqlite{os.pathsep}b/c.sqlite", "", os.pathsep, "[1]"],
    "offline": ["1", "0", "true", "False", "yes", "on", "2", "", "t"],
    "egress": ["public", "nothing", "all", "", "Public"],
    "api_key": ["secret", ""],
    "cache_dir": ["/tmp/x", "~/x", "", "."],
    "audit_log": ["/tmp/y.jsonl", ""],
    "email": ["a@b.c", ""],
    "timeout": ["5", "0.5", "0", "-1", "1e3", "inf", "nan", "", " 5", "1_0", "٣"],
    "ncbi_api_key": ["key", ""],
}
VALUES: dict[str, list[Any]] = {
    "index": [["a", "b"], [], [Path("a")], [1]],
    "offline": [True, False, 1, 0],
    "timeout": [5, 2.5, 0, -1, True, float("inf")],
    "cache_dir": [Path("/tmp/z"), 3],
    "host": [1],
}
IN_FILES = ['host = "h"', "offline = true", "offline = 1", "timeout = 3", 'index = ["a"]', "index = 'a'", "unknown = 1",
            "host = 1", "ncbi_api_key = 'k'", "NCBI_API_KEY = 'k'", "[host]", "not toml", "egress = 'nothing'",
            "api_key = 's'", "timeout = 1e-9", "email = ''"]  # fmt: skip


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for key in list(os.environ):
        if key.upper().startswith("BIOMED_AGENT_") or key.upper() == "NCBI_API_KEY":
            monkeypatch.delenv(key)
    file = tmp_path / "config.toml"
    monkeypatch.setenv("BIOMED_AGENT_CONFIG", str(file))
    return file


def same(**flags: Any) -> bool:
    """Compare both readings; return whether the plain one was sure."""
    plain = read_plain_settings(**flags)
    if plain is None:
        return False
    whole = read_settings(**flags)
    for name in Settings.model_fields:
        expected, value = getattr(whole, name), getattr(plain, name)
        if isinstance(expected, SecretStr):
            expected, value = expected.get_secret_value(), value.get_secret_value()
        assert value == expected and type(value) is type(expected), name
    assert plain.audit_path == whole.audit_path
    return True


def test_it_has_every_setting() -> None:
    assert set(Settings.model_fields) == set(PlainSettings.__dataclass_fields__)
    assert same()


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in TEXTS.items() for text in texts])
def test_environment_flag_and_both_are_read_alike(name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    same(**{name: text})
    monkeypatch.setenv("NCBI_API_KEY" if name == "ncbi_api_key" else f"BIOMED_AGENT_{name.upper()}", text)
    same()
    for other in TEXTS[name]:
        same(**{name: other})


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in VALUES.items() for value in values])
def test_values_of_a_call_are_read_alike(name: str, value: Any) -> None:
    same(**{name: value})


@pytest.mark.parametrize("line", IN_FILES)
def test_a_settings_file_is_read_alike(line: str, no_settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_settings.write_text(line, encoding="utf-8")
    same()
    for name, text in (("HOST", "other"), ("TIMEOUT", "7"), ("INDEX", "b")):
        monkeypatch.setenv(f"BIOMED_AGENT_{name}", text)
        same()
    monkeypatch.setenv("NCBI_API_KEY", "other")
    same()


def test_usual_settings_need_no_pydantic(no_settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_settings.write_text('email = "a@b.c"\ntimeout = 20\n', encoding="utf-8")
    monkeypatch.setenv("BIOMED_AGENT_INDEX", "a.sqlite")
    monkeypatch.setenv("BIOMED_AGENT_OFFLINE", "1")
    assert same(model="none", egress="nothing", index=["b.sqlite"], cache_dir="/tmp/x", host="http://localhost:1")


@pytest.mark.parametrize("key", ["biomed_agent_host", "BIOMED_AGENT_NCBI_API_KEY", "ncbi_api_key"])
def test_unusual_spellings_are_left_to_settings(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(key, "x")
    assert read_plain_settings() is None


def test_what_is_wrong_is_left_to_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for flags in ({"egress": "all"}, {"timeout": 0}, {"unknown": 1}, {"offline": "perhaps"}):
        assert read_plain_settings(**flags) is None
        with pytest.raises(BiomedAgentError):
            read_settings(**flags)


def test_a_copy_has_the_changes_and_no_secret_shows() -> None:
    pairs = itertools.product(("host", "model", "api_key"), ["http://me:secret@host"])
    plain = read_plain_settings(**dict(pairs))
    assert plain is not None and "secret" not in repr(plain) + repr(plain.api_key)
    copy = plain.model_copy(update={"offline": True})
    assert copy.offline and copy.host == plain.host and copy.api_key == Secret("http://me:secret@host")
    assert hash(copy.api_key) == hash(plain.api_key)
