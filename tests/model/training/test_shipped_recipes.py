"""The shipped recipes of stage 2 run whole, on a tiny model; only sizes and numbers of steps are others."""

import json
from pathlib import Path
from typing import Any

import pytest

from biomed_agent.model.checkpoints.checkpoint import load_checkpoint
from biomed_agent.model.training import recipe, trainer
from biomed_agent.model.training.align import align
from biomed_agent.model.training.recipe import Recipe
from tests.helpers.pairs import SIZES, checkpoint, table

CONFIGS = Path(recipe.__file__).parent / "configs"
TINY: dict[str, Any] = {"steps": 2, "minutes": None, "batch_tokens": 400, "gradient_accumulation": 2, "workers": 0}
"""Sizes of a stage for a test."""
LEFT_OUT: dict[str, Any] = {"compile": False, "fsdp": None}
"""What takes a minute, and what takes several processes (``test_training_sharding`` has them)."""


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    """A checkpoint folder with random weights, to train on."""
    return checkpoint(tmp_path_factory.mktemp("base"))


def tiny(name: str, folder: Path) -> Path:
    """Write a shipped recipe with other sizes."""
    whole = json.loads((CONFIGS / f"{name}.json").read_text(encoding="utf-8"))
    whole["stages"] = [{**stage, **TINY, **LEFT_OUT} for stage in whole["stages"]]
    if whole["model"]:
        sizes = {"text": SIZES.text, "molecule": SIZES.molecule, "protein": SIZES.protein}
        whole["model"] |= {"vocabulary": SIZES.vocabulary, "max_residues": SIZES.max_residues, **sizes}
    (folder / f"{name}.json").write_text(json.dumps(whole), encoding="utf-8")
    return folder / f"{name}.json"


@pytest.mark.parametrize("name", ["align", "align-lora", "align-full", "mini", "mini-continued"])
def test_a_shipped_recipe_runs_whole(name, base, tmp_path):
    file = tiny(name, tmp_path)
    messages: list[str] = []
    stages = Recipe.load(file).stages
    start = None if Recipe.load(file).model else base
    folder = align(file, [table(tmp_path)], tmp_path / "run", start=start, report=messages.append)

    model, _, manifest = load_checkpoint(folder)
    assert manifest["steps"] == 2 * len(stages)
    assert manifest["kinds"].keys() | set(manifest["not_measured"]) == {"description", "location"}
    assert manifest["kinds"].keys() == {"description", "location"}, "one group of each is kept apart"
    assert trainer.not_finite(model.state_dict().items()) == []
    for number, stage in enumerate(stages, 1):
        log = trainer.read_log(tmp_path / "run" / f"{number}-{stage.name}" / trainer.LOG)
        assert [line["step"] for line in log if "loss" in line] == [2]
        missing = set(stage.repeats) - {"description", "location"}
        assert not missing or any(line.startswith(f"stage {stage.name}: no examples of") for line in messages)
