"""In which precision a run trains: as its recipe says, as the processor does it well, and as it was begun."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.checkpoints.checkpoint import load_checkpoint
from biomed_agent.model.inference import machine
from biomed_agent.model.training import trainer
from biomed_agent.model.training.align import align
from biomed_agent.model.training.precision import decide, names, precisions
from biomed_agent.model.training.pretrain import pretrain
from tests.helpers.pairs import checkpoint, recipe, stage, table
from tests.model.training.test_pretrain import write_papers, write_recipe

WITH, WITHOUT = "flags : avx2 avx512_bf16\n", "flags : avx2\n"
SLOW = (
    "; warning: this CPU has no bf16 instructions; without any for bf16 a training step takes 2 to 10 times as long in "
    "bfloat16 as in float32"
)

pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU decides where there is one")


class Cpu:
    """Stands for ``/proc/cpuinfo``.

    Args:
        file: Where it is written.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def become(self, cpuinfo: str) -> None:
        """Make this machine another one."""
        self.file.write_text(cpuinfo, encoding="utf-8")


@pytest.fixture
def cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cpu:
    """A CPU that can be exchanged, and is not known at first."""
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "cpuinfo")
    return Cpu(tmp_path / "cpuinfo")


def test_what_is_left_open_is_what_the_processor_does_well(cpu: Cpu) -> None:
    assert names(["auto", True, False]) == ["float32", "bfloat16", "float32"], "an unknown CPU"
    cpu.become(WITHOUT)
    assert [decide(wish) for wish in ("auto", True, False)] == [False, True, False]
    cpu.become(WITH)
    assert [decide(wish) for wish in ("auto", True, False)] == [True, True, False]


@pytest.mark.parametrize(
    ("noted", "wish", "here", "bf16", "message"),
    [
        ("float32", "auto", WITHOUT, False, "precision: float32 (this CPU has no bf16 instructions)"),
        ("bfloat16", "auto", WITH, True, "precision: bfloat16 (this CPU has avx512_bf16)"),
        ("float32", "auto", WITH, False, "precision: float32 (the run was begun in it; here bfloat16 is faster)"),
        (
            "bfloat16",
            "auto",
            WITHOUT,
            True,
            f"precision: bfloat16 (the run was begun in it; here float32 is faster){SLOW}",
        ),
        ("bfloat16", True, WITHOUT, True, f"precision: bfloat16 (as the recipe says){SLOW}"),
        ("bfloat16", True, WITH, True, "precision: bfloat16 (as the recipe says)"),
        ("float32", False, WITH, False, "precision: float32 (as the recipe says)"),
        (None, "auto", WITH, True, "precision: bfloat16 (this CPU has avx512_bf16)"),
        (
            None,
            "auto",
            WITHOUT,
            True,
            f"precision: bfloat16 (the run was begun in it; here float32 is faster){SLOW}",
        ),
        (None, False, WITH, False, "precision: float32 (as the recipe says)"),
    ],
)
def test_a_run_goes_on_in_the_precision_it_was_begun_in(
    cpu: Cpu, noted: str | None, wish: Any, here: str, bf16: bool, message: str
) -> None:
    cpu.become(here)
    begun = {"recipe": "x"} | ({"precision": [noted]} if noted else {})
    assert precisions(begun, {"one": wish}) == {"one": (bf16, message)}


def test_a_recipe_that_has_come_to_ask_for_another_precision_is_refused(cpu: Cpu) -> None:
    with pytest.raises(InvalidInput, match="one was begun in float32, and the recipe now says bf16: true"):
        precisions({"precision": ["float32"]}, {"one": True})
    with pytest.raises(InvalidInput, match="two was begun in bfloat16, and the recipe now says bf16: false"):
        precisions({"precision": ["float32", "bfloat16"]}, {"one": "auto", "two": False})


def test_stage_2_begun_on_one_machine_and_resumed_on_another(cpu: Cpu, tmp_path: Path) -> None:
    base = checkpoint(tmp_path / "base")
    brief = {"trains": ("projections",), "steps": 1, "warmup_steps": 0}
    stages = (stage("first", **brief, bf16="auto"), stage("second", **brief, bf16="auto"))
    file, output = tmp_path / "recipe.json", tmp_path / "run"
    messages: list[str] = []
    file.write_text(json.dumps(asdict(recipe(*stages, model=None))), encoding="utf-8")

    def interrupted(line: str) -> None:
        messages.append(line)
        if line.startswith("stage 2 of 2"):
            raise KeyboardInterrupt

    cpu.become(WITHOUT)
    with pytest.raises(KeyboardInterrupt):
        align(file, [table(tmp_path)], output, start=base, report=interrupted)
    assert messages.count("precision: float32 (this CPU has no bf16 instructions)") == 1
    assert json.loads((output / "begun.json").read_text("utf-8"))["precision"] == ["float32", "float32"]

    cpu.become(WITH)
    folder = align(file, [table(tmp_path)], output, start=base, report=messages.append)
    assert "precision: float32 (the run was begun in it; here bfloat16 is faster)" in messages
    manifest = load_checkpoint(folder)[2]
    assert manifest["precision"] == {"first": "float32", "second": "float32"}


def test_stages_of_different_precisions_are_told_apart(cpu: Cpu, tmp_path: Path) -> None:
    cpu.become(WITH)
    base = checkpoint(tmp_path / "base")
    brief = {"trains": ("projections",), "steps": 1, "warmup_steps": 0}
    stages = (stage("first", **brief, bf16="auto"), stage("second", **brief, bf16=False))
    file = tmp_path / "recipe.json"
    messages: list[str] = []
    file.write_text(json.dumps(asdict(recipe(*stages, model=None))), encoding="utf-8")
    folder = align(file, [table(tmp_path)], tmp_path / "run", start=base, report=messages.append)
    assert "stage first: precision: bfloat16 (this CPU has avx512_bf16)" in messages
    assert "stage second: precision: float32 (as the recipe says)" in messages
    assert load_checkpoint(folder)[2]["precision"] == {"first": "bfloat16", "second": "float32"}


def test_stage_1_keeps_the_precision_it_was_begun_in(cpu: Cpu, tmp_path: Path, tiny_folder: Path) -> None:
    settings = {"start": str(tiny_folder), "steps": 2, "save_steps": 1, "bf16": "auto"}
    file, papers = write_recipe(tmp_path / "recipe.json", **settings), write_papers(tmp_path / "papers.jsonl")
    output = tmp_path / "run"
    messages: list[str] = []

    def interrupted(line: str) -> None:
        messages.append(line)
        if line.startswith("step 1 of 2, loss"):
            raise KeyboardInterrupt

    cpu.become(WITH)
    with pytest.raises(KeyboardInterrupt):
        pretrain(file, [papers], output, report=interrupted)
    assert "precision: bfloat16 (this CPU has avx512_bf16)" in messages

    cpu.become(WITHOUT)
    write_recipe(file, **{**settings, "bf16": False})
    with pytest.raises(InvalidInput, match="begun with another recipe"):
        pretrain(file, [papers], output, report=messages.append)
    write_recipe(file, **settings)
    pretrain(file, [papers], output, report=messages.append)
    assert f"precision: bfloat16 (the run was begun in it; here float32 is faster){SLOW}" in messages
    assert trainer.finished(output)["precision"] == "bfloat16"  # type: ignore[index]
    assert json.loads((output / "model" / "pretraining.json").read_text("utf-8"))["precision"] == "bfloat16"
