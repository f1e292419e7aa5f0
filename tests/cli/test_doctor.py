"""The doctor: what it reports, what it recommends, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from biomed_agent.cli import main
from biomed_agent.cli.doctor import PACKAGES, _how, _option_text, _placement
from biomed_agent.model.inference.machine import Gpu, Inventory
from biomed_agent.model.inference.placement import GIB, NAMED, Machine, choose, named_sizes, options

INSTALLED: dict[str, str | None] = dict.fromkeys(PACKAGES, "1.0")
LARGE = named_sizes("biomedgpt-10b")
TRADE = "--load-in bf16 halves the memory and is slower for long prompts and several samples"


def inventory(ram: int, *cards: int) -> Inventory:
    return Inventory("x", 2, (), ram * GIB, ram * GIB, tuple(Gpu("card", size * GIB, size * GIB) for size in cards))


def folder_of(path: Path, layers: int) -> Path:
    """A checkpoint folder without its weights, which nobody loads here."""
    config = NAMED["biomedgpt-10b"]
    path.mkdir()
    text = {**config["text_config"], "num_hidden_layers": layers}
    (path / "config.json").write_text(json.dumps({**config, "text_config": text}), encoding="utf-8")
    parameters = LARGE.parameters + (layers - 32) * 202_383_360
    manifest = {
        "name": "large", "revision": "1", "source": "", "kinds": {}, "licence": "MIT",
        "files": {}, "digest": "", "prompt_style": {}, "parameters": parameters,
    }  # fmt: skip
    (path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return path


def test_a_report_for_people(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "small", layers=1)
    assert main(["doctor", str(folder), "--model", "none"]) in (0, 4)  # as this machine has it
    text = capsys.readouterr().out
    for word in ("CPU", "RAM", "disk", "rdkit", "switched off", "the starter set", "KV cache", "Placements"):
        assert word in text
    assert "0.0156 MiB a token in bf16" in text


def test_a_report_for_programs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "huge", layers=32 * 200)
    assert main(["doctor", str(folder), "--model", "none", "--json", "--tokens", "100"]) == 4
    report = json.loads(capsys.readouterr().out)
    assert report["model"]["best"] is None
    assert report["model"]["tokens"] == 100
    assert report["model"]["memory"]["KV cache"]["bf16"] == 200 * 100 * 2**19
    assert report["settings"]["host"] == {"works": None, "says": "not set"}
    assert report["machine"]["cores"] >= 1
    assert report["machine"]["disk_free"] > 0


def test_without_a_model_there_is_nothing_to_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--model", "none"]) == 0
    assert "Placements" not in capsys.readouterr().out


def test_a_setting_that_does_not_work_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["doctor", "biomedgpt-10b", "--model", str(tmp_path), "--host", "http://127.0.0.1:9"]) == 4
    text = capsys.readouterr().out
    assert f"does not work: {tmp_path} is not a model folder" in text
    assert "does not work: the model host http://127.0.0.1:9 gave no answer" in text


def test_a_model_of_the_settings_that_is_broken_leaves_the_rest_of_the_report(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "manifest.json").write_text("{", encoding="utf-8")
    assert main(["doctor", "--model", str(tmp_path)]) == 4
    text = capsys.readouterr().out
    assert "manifest.json cannot be read" in text
    assert "RAM" in text
    assert "Placements" not in text


def test_the_doctor_obeys_the_egress_policy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--model", "none", "--host", "https://models.example.org", "--egress", "nothing"]) == 4
    assert "does not work: the model host https://models.example.org" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [["doctor", "biomedgpt-11b"], ["doctor", "--model", "none", "--tokens", "0"]])
def test_wrong_arguments_are_bad_input(wrong: list[str]) -> None:
    assert main(wrong) == 2


@pytest.mark.parametrize(
    ("found", "command", "setting"),
    [
        (inventory(16), "biomed-agent --model F --load-in 8bit ask ...", "BIOMED_AGENT_LOAD_IN=8bit"),
        (inventory(64), "biomed-agent --model F --load-in fp32 ask ...", "BIOMED_AGENT_LOAD_IN=fp32"),
        (inventory(16, 24), "biomed-agent --model F --load-in bf16 ask ...", "BIOMED_AGENT_LOAD_IN=bf16"),
        (inventory(16, 8), "biomed-agent --model F --load-in 4bit ask ...", "BIOMED_AGENT_LOAD_IN=4bit"),
        (inventory(16, 4), "CUDA_VISIBLE_DEVICES= biomed-agent --model F --load-in 8bit ask ...", ""),
    ],
)  # fmt: skip
def test_the_command_loads_the_model_as_recommended(found: Inventory, command: str, setting: str) -> None:
    best = _placement(LARGE, "F", found, None, INSTALLED)["best"]
    assert best["command"] == command
    assert best["setting"].startswith(setting)
    shown = found.machine()
    visible = Machine(shown.ram, () if command.startswith("CUDA") else shown.gpus, shown.bf16)
    loaded = choose(LARGE, visible, best["load_in"])
    assert (loaded.where, loaded.load_in) == (best["where"], best["load_in"])


@pytest.mark.parametrize(
    ("instructions", "known", "line"),
    [
        (("avx2", "avx512_bf16"), True, "bfloat16 is fastest (this CPU has avx512_bf16)"),
        (
            ("avx2",),
            True,
            f"float32 is fastest (this CPU has no bf16 instructions); {TRADE}",
        ),
        (
            (),
            False,
            f"float32 is fastest (this system does not say which instructions its CPU has); {TRADE}",
        ),
    ],
)
def test_the_doctor_says_which_precision_is_fastest(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    instructions: tuple[str, ...],
    known: bool,
    line: str,
) -> None:
    shown = Inventory("x", 2, instructions, GIB, GIB, (), known)
    monkeypatch.setattr("biomed_agent.model.inference.machine.take_inventory", lambda: shown)
    assert main(["doctor", "--model", "none"]) == 0
    assert f"  precision {line}\n" in capsys.readouterr().out
    assert main(["doctor", "--model", "none", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)["machine"]
    assert report["precision"]["best"] == line.split(" ")[0]
    assert bool(report["precision"]["note"]) == ("halves" in line)
    note = _option_text(next(option for option in _placed(shown) if option["load_in"] == "bf16"))
    assert ("half the memory of fp32, but slower" in note) == ("halves" in line)


def _placed(shown: Inventory) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _placement(LARGE, "", shown, None, INSTALLED)["options"]
    return found


def test_what_is_missing_is_installed_first() -> None:
    small = next(option for option in options(LARGE, Machine(16 * GIB)) if option.fits)
    assert _how(small, "", False, INSTALLED)["install"] == ""
    without = {**INSTALLED, "bitsandbytes": None}
    assert _how(small, "", False, without)["install"] == "pip install 'biomed-agent[quant]'"
    without |= {"torch": None}
    assert _how(small, "", False, without)["install"] == "pip install 'biomed-agent[model,quant]'"


def test_a_placement_says_which_package_it_needs() -> None:
    lacking = "needs bitsandbytes, which is not installed"
    without = _placement(LARGE, "", inventory(16), None, {**INSTALLED, "bitsandbytes": None})["options"]
    for option in without:
        assert (lacking in _option_text(option)) == (option["load_in"] in ("8bit", "4bit"))
    assert {"8bit", "4bit"} & {option["load_in"] for option in without}
    with_it = _placement(LARGE, "", inventory(16), None, INSTALLED)["options"]
    assert not any("bitsandbytes" in option["note"] for option in with_it)


def test_the_length_planned_for_is_at_most_the_context() -> None:
    assert _placement(LARGE, "", inventory(8), 10**6, INSTALLED)["tokens"] == 4096
    assert _placement(LARGE, "", inventory(8), None, INSTALLED)["tokens"] == 2048
