"""Settings: which place wins, what is read from each, and what is said of a value that cannot be used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.plain_settings import config_file
from biomed_agent.core.settings import Settings, read_settings


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings file, which is not there yet; no setting comes from the caller's environment."""
    for name in list(os.environ):
        if name.startswith("BIOMED_AGENT_") or name in ("NCBI_API_KEY", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
            monkeypatch.delenv(name)
    path = tmp_path / "config.toml"
    monkeypatch.setenv("BIOMED_AGENT_CONFIG", str(path))
    monkeypatch.setenv("HOME", str(tmp_path))
    return path


def test_defaults(file: Path, tmp_path: Path) -> None:
    settings = read_settings()
    assert (settings.egress, settings.offline, settings.timeout) == ("names-only", False, 30)
    assert (settings.host, settings.model, settings.load_in, settings.index) == (None, None, None, [])
    assert settings.cache_dir == tmp_path / ".cache" / "biomed-agent"
    assert settings.audit_path == settings.cache_dir / "egress.jsonl"


def test_a_flag_beats_the_environment_and_that_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("timeout = 7", encoding="utf-8")
    assert read_settings(timeout=None).timeout == 7
    monkeypatch.setenv("BIOMED_AGENT_TIMEOUT", "8")
    assert read_settings(timeout=None).timeout == 8
    assert read_settings(timeout=9).timeout == 9


def test_an_empty_variable_says_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('egress = "nothing"', encoding="utf-8")
    monkeypatch.setenv("BIOMED_AGENT_EGRESS", "")
    assert read_settings().egress == "nothing"


def test_indexes_are_separated_as_paths_are(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOMED_AGENT_INDEX", os.pathsep.join(["a.sqlite", "", "b c.sqlite"]))
    assert read_settings().index == [Path("a.sqlite"), Path("b c.sqlite")]
    assert read_settings(index=[Path("d.sqlite")]).index == [Path("d.sqlite")]


def test_folders_follow_the_desktop_s_variables(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert read_settings().cache_dir == Path("/cache/biomed-agent")
    assert config_file() == file
    monkeypatch.delenv("BIOMED_AGENT_CONFIG")
    assert config_file() == tmp_path / ".config" / "biomed-agent" / "config.toml"
    monkeypatch.setenv("XDG_CONFIG_HOME", "/config")
    assert config_file() == Path("/config/biomed-agent/config.toml")


def test_the_log_of_what_left_may_lie_elsewhere(file: Path) -> None:
    assert read_settings(audit_log="/log/egress.jsonl").audit_path == Path("/log/egress.jsonl")


def test_the_key_for_pubmed_has_the_name_that_ncbi_gave_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NCBI_API_KEY", "k3y")
    assert read_settings().ncbi_api_key.get_secret_value() == "k3y"
    assert "k3y" not in repr(read_settings())


def test_an_address_is_shown_without_its_password(file: Path) -> None:
    settings = Settings(host="https://me:c4nary@host.test/v1", email="a@b.test")
    assert "c4nary" not in repr(settings)
    assert "host.test" in repr(settings)


@pytest.mark.parametrize(
    ("flags", "message", "place"),
    [
        ({"timeout": 0}, r"^setting timeout is 0: ", "--timeout, BIOMED_AGENT_TIMEOUT and "),
        ({"egress": "all"}, r"^setting egress is 'all': ", "BIOMED_AGENT_EGRESS"),
        ({"load_in": "2bit"}, r"^setting load_in is '2bit': ", "--load-in, BIOMED_AGENT_LOAD_IN"),
        ({"colour": "c4nary"}, r"^setting colour is \*+: ", "--colour"),
        ({"api_key": {"a": "c4nary"}}, r"^setting api_key is \*+: ", "--api-key"),
        ({"timeout": {"a": 1, "b": 2}}, "^setting timeout is a table of a, b: ", "--timeout"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_its_places(
    file: Path, flags: dict[str, object], message: str, place: str
) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        read_settings(**flags)
    assert place in caught.value.hint
    assert str(file) in caught.value.hint
    assert "c4nary" not in str(caught.value)


def test_a_file_that_is_no_toml_is_told(file: Path) -> None:
    file.write_text("timeout 7", encoding="utf-8")
    with pytest.raises(InvalidInput, match="settings cannot be read"):
        read_settings()
