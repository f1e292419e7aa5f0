"""Recipes: what is refused, and what the shipped ones say."""

import json
from pathlib import Path
from typing import Any

import pytest

from biomed_agent.errors import InvalidInput
from biomed_agent.model.training import recipe
from biomed_agent.model.training.recipe import Recipe

CONFIGS = Path(recipe.__file__).parent / "configs"
STAGE: dict[str, Any] = {"name": "one", "trains": ["projections"], "learning_rate": 1e-4, "batch_tokens": 4096}


def write(folder: Path, stage: dict[str, Any] | None = None, **changes: Any) -> Path:
    """Write a recipe of one stage with changes."""
    whole = {"name": "tiny", "revision": "1", "stages": [{**STAGE, **(stage or {})}], **changes}
    (folder / "recipe.json").write_text(json.dumps(whole), encoding="utf-8")
    return folder / "recipe.json"


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ({"learning_rat": 1.0}, "stages.0.learning_rat"),
        ({"learning_rate": "fast"}, "stages.0.learning_rate"),
        ({"trains": ["projection"]}, "stages.0.trains.0"),
        ({"trains": []}, "names no part"),
        ({"trains": ["lora", "language_model"]}, "choose one"),
        ({"lora": {"r": 4}}, "trains does not hold it"),
        ({"lora": {"rank": 4}}, "stages.0.lora.rank"),
        ({"losses": {"answers": 0.0}}, "no weight above 0"),
        ({"trains": ["lora"], "losses": {"words": 1.0}}, "losses lacks answers"),
        ({"packing": True, "losses": {"answers": 1.0, "words": 0.5}}, "packing"),
        ({"fsdp": {}, "losses": {"answers": 1.0, "words": 0.5}}, "sharding"),
        ({"batch_tokens": 0}, "too small: batch_tokens"),
        ({"minutes": 0.0}, "minutes"),
        ({"random_smiles": 2.0}, "random_smiles"),
        ({"repeats": {"description": -1}}, "repeats"),
    ],
)
def test_a_wrong_key_of_a_stage_is_named(tmp_path, stage, said):
    with pytest.raises(InvalidInput, match=said):
        Recipe.load(write(tmp_path, stage))


def test_a_wrong_recipe_says_what_is_wrong(tmp_path):
    with pytest.raises(InvalidInput, match="stages: Field required"):
        (tmp_path / "recipe.json").write_text('{"name": "a", "revision": "1"}', encoding="utf-8")
        Recipe.load(tmp_path / "recipe.json")
    with pytest.raises(InvalidInput, match="each its own"):
        Recipe.load(write(tmp_path, stages=[STAGE, STAGE]))
    with pytest.raises(InvalidInput, match="Invalid JSON"):
        (tmp_path / "recipe.json").write_text("{", encoding="utf-8")
        Recipe.load(tmp_path / "recipe.json")
    with pytest.raises(InvalidInput, match="cannot be read"):
        Recipe.load(tmp_path / "missing.json")


def test_the_digest_is_of_what_is_said_not_of_how(tmp_path):
    plain = Recipe.load(write(tmp_path))
    spelled = Recipe.load(write(tmp_path, {"losses": {"answers": 1.0}, "steps": None, "workers": 0}))
    assert plain.digest == spelled.digest
    assert plain.digest != Recipe.load(write(tmp_path, {"learning_rate": 2e-4})).digest


@pytest.mark.parametrize("name", ["align.json", "align-lora.json", "align-full.json"])
def test_the_released_recipe_trains_projections_and_never_the_encoders(name):
    shipped = Recipe.load(CONFIGS / name)
    modules = {one for stage in shipped.stages for one in stage.modules}
    assert {"molecule_projection", "protein_projection"} <= modules
    assert "protein_encoder" not in modules
    assert shipped.model is None, "sizes come from the checkpoint folder that is trained"
    assert all(set(stage.weights) == {"answers"} for stage in shipped.stages)
