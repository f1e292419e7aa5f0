"""``config show`` and ``cache clear``: where every setting comes from, and which files go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from biomed_agent.cli import main
from biomed_agent.core.settings import Settings


def shown(capsys: pytest.CaptureFixture[str], *flags: str) -> dict[str, tuple[str, str]]:
    """Return value and origin of every setting."""
    assert main(["config", "show", "--json", *flags]) == 0
    settings = json.loads(capsys.readouterr().out)
    assert list(settings) == list(Settings.model_fields)
    return {name: (setting["value"], setting["from"]) for name, setting in settings.items()}


def test_what_nobody_set_is_a_default(capsys: pytest.CaptureFixture[str]) -> None:
    settings = shown(capsys)
    assert settings["model"] == ("(not set)", "default")
    assert settings["api_key"] == ("(not set)", "default")
    assert settings["email"] == ("(not set)", "default")
    assert settings["index"] == ("(none)", "default")
    assert settings["offline"] == ("False", "default")


def test_every_origin_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    file.write_text('email = "a@b.test"\nNCBI_API_KEY = "hush"\nload_in = "bf16"\n', encoding="utf-8")
    monkeypatch.setenv("BIOMED_AGENT_CONFIG", str(file))
    monkeypatch.setenv("BIOMED_AGENT_LOAD_IN", "")
    monkeypatch.setenv("biomed_agent_egress", "public")
    settings = shown(capsys, "--load-in", "8bit", "--offline")
    assert settings["load_in"] == ("8bit", "flag --load-in")
    assert settings["offline"] == ("True", "flag --offline")
    assert settings["egress"] == ("public", "environment BIOMED_AGENT_EGRESS")
    assert settings["email"] == ("a@b.test", f"file {file}")
    assert settings["ncbi_api_key"] == ("********", f"file {file}")
    assert shown(capsys)["load_in"] == ("bf16", f"file {file}"), "an empty variable says nothing"


def test_indexes_are_shown_as_they_are_written_and_an_address_among_them_without_its_password(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIOMED_AGENT_INDEX", "a.sqlite:b.sqlite")
    assert shown(capsys)["index"] == ("a.sqlite:b.sqlite", "environment BIOMED_AGENT_INDEX")
    monkeypatch.setenv("BIOMED_AGENT_INDEX", "http://me:c4nary@far.test")
    assert "c4nary" not in shown(capsys)["index"][0]


def test_a_person_gets_a_table_and_the_place_of_the_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    monkeypatch.setenv("BIOMED_AGENT_CONFIG", str(file))
    assert main(["config", "show"]) == 0
    out, err = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines()] == list(Settings.model_fields)
    assert len({line.rindex("  default") for line in out.splitlines() if line.endswith("  default")}) == 1
    assert err == f"settings file: {file} (not there)\n"
    file.write_text("", encoding="utf-8")
    assert main(["config", "show"]) == 0
    assert capsys.readouterr().err == f"settings file: {file} (read)\n"


def test_pauses_that_services_asked_for_outlive_the_cache(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    stays = {"pace.sqlite", "egress.jsonl", "mine.sqlite"}
    for name in (*stays, "replies.sqlite", "replies.sqlite-shm", "starter-v1-0.sqlite", "fingerprints-0.npz"):
        (tmp_path / name).write_bytes(b"0" * 25_000)
    assert main(["cache", "clear", "--cache-dir", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == stays
    assert capsys.readouterr().out == f"Freed 0.1 MB (4 files) in {tmp_path}.\n"
    assert main(["cache", "clear", "--cache-dir", str(tmp_path / "none")]) == 0
    assert capsys.readouterr().out == f"Freed 0.0 MB (0 files) in {tmp_path / 'none'}.\n"


def test_a_file_that_cannot_be_deleted_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "replies.sqlite").mkdir()
    assert main(["cache", "clear", "--cache-dir", str(tmp_path)]) == 2
    assert f"{tmp_path / 'replies.sqlite'} cannot be deleted: " in capsys.readouterr().err
