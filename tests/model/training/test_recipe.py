"""Recipes: what is refused, and what the shipped ones say."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.training import recipe
from biomed_agent.model.training.align import align
from biomed_agent.model.training.recipe import Recipe
from biomed_agent.model.training.vocabulary import train_vocabulary
from tests.helpers.pairs import SIZES

CONFIGS = Path(recipe.__file__).parent / "configs"
STAGE: dict[str, Any] = {"name": "one", "trains": ["projections"], "learning_rate": 1e-4, "batch_tokens": 4096}

MINI_DIGEST = "9d57c912cdba470089e0a471ffb2a94bf5f09b16d0363d13c9ae7160fe582680"
"""of ``configs/mini.json`` as version 0.3 computed it"""


def write(folder: Path, stage: dict[str, Any] | None = None, **changes: Any) -> Path:
    """Write a recipe of one stage with changes."""
    whole = {"name": "tiny", "revision": "1", "stages": [{**STAGE, **(stage or {})}], **changes}
    (folder / "recipe.json").write_text(json.dumps(whole), encoding="utf-8")
    return folder / "recipe.json"


@pytest.mark.parametrize(
    ("stage", "message"),
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
        ({"learning_rate": float("nan")}, "stages.0.learning_rate: Input should be a finite number"),
        ({"losses": {"answers": float("inf")}}, "stages.0.losses.answers: Input should be a finite number"),
        ({"name": "../x"}, "becomes that of a folder"),
        ({"name": "a/b"}, "becomes that of a folder"),
        ({"bf16": "fp16"}, "stages.0.bf16: got 'fp16'; expected true, false or \"auto\""),
        ({"bf16": 1}, 'stages.0.bf16: got 1; expected true, false or "auto"'),
        ({"bf16": None}, 'stages.0.bf16: got None; expected true, false or "auto"'),
    ],
)
def test_a_wrong_key_of_a_stage_is_named(tmp_path, stage, message):
    with pytest.raises(InvalidInput, match=message):
        Recipe.load(write(tmp_path, stage))


@pytest.mark.parametrize(
    ("part", "changes", "message"),
    [
        ("text", {"hiden": 3}, r"text\.hiden: unknown to a llama model"),
        ("molecule", {"layers": 3}, r"molecule\.layers: unknown"),
        ("protein", {"hidden": 3}, r"protein\.hidden: unknown"),
        ("text", {"model_type": "lama"}, r"text\.model_type 'lama' is unknown"),
        ("text", {"hidden_size": "64"}, "text: .*'hidden_size' expected int"),
        ("text", {"num_attention_heads": 5}, r"text\.num_attention_heads 5 .*num_key_value_heads 2"),
        ("text", {"num_attention_heads": 4, "num_key_value_heads": 3}, "num_key_value_heads 3"),
        ("protein", {"num_attention_heads": 5}, r"protein\.hidden_size 32 .*num_attention_heads 5"),
        ("molecule", {"num_hidden_layers": 0}, r"molecule\.num_hidden_layers is 0"),
        ("text", {"rms_norm_eps": float("nan")}, r"text\.rms_norm_eps is nan"),
        ("text", {"max_position_embeddings": 16}, r"text\.max_position_embeddings is 16; expected at least max_resid"),
        ("protein", {"max_position_embeddings": 131}, "max_residues is 128; expected 1 to 127"),
        ("", {"max_residues": 0}, "max_residues is 0"),
        ("", {"vocabulary": 3}, "vocabulary is 3; expected 260 or more"),
        ("", {"prompt_style": "x"}, "prompt_style 'x' is unknown; expected one of reference, compact"),
    ],
)
def test_a_wrong_size_of_a_model_is_named_before_data_are_read(tmp_path, part, changes, message):
    model = asdict(SIZES)
    model = {**model, part: {**model[part], **changes}} if part else {**model, **changes}
    with pytest.raises(InvalidInput, match=f"model: .*{message}"):
        align(write(tmp_path, model=model), [tmp_path / "missing.tsv"], tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_vocabulary_larger_than_the_texts_is_told(tmp_path):
    with pytest.raises(InvalidInput, match=r"a vocabulary of 32,000 pieces does not suit the texts: .*too high"):
        train_vocabulary(["few words"] * 20, 32000, tmp_path / "tokenizer.model")


def test_a_wrong_recipe_says_what_is_wrong(tmp_path):
    (tmp_path / "recipe.json").write_text('{"name": "a", "revision": "1"}', encoding="utf-8")
    with pytest.raises(InvalidInput, match="stages: Field required"):
        Recipe.load(tmp_path / "recipe.json")
    with pytest.raises(InvalidInput, match="each its own"):
        Recipe.load(write(tmp_path, stages=[STAGE, STAGE]))
    (tmp_path / "recipe.json").write_text("{", encoding="utf-8")
    with pytest.raises(InvalidInput, match="Invalid JSON"):
        Recipe.load(tmp_path / "recipe.json")
    with pytest.raises(InvalidInput, match="cannot be read"):
        Recipe.load(tmp_path / "missing.json")


def test_the_digest_is_of_what_is_said_not_of_how(tmp_path):
    plain = Recipe.load(write(tmp_path))
    spelled = Recipe.load(write(tmp_path, {"losses": {"answers": 1.0}, "steps": None, "workers": 0}))
    assert plain.digest == spelled.digest
    assert plain.digest != Recipe.load(write(tmp_path, {"learning_rate": 2e-4})).digest


def test_the_precision_is_the_machines_to_choose_unless_a_recipe_says_it(tmp_path):
    assert Recipe.load(write(tmp_path)).stages[0].bf16 == "auto"
    for bf16 in (True, False, "auto"):
        assert Recipe.load(write(tmp_path, {"bf16": bf16})).stages[0].bf16 == bf16
    for file in sorted(CONFIGS.glob("*.json")):
        if file.stem != "pretrain":
            assert {stage.bf16 for stage in Recipe.load(file).stages} == {"auto"}, file.stem


def test_a_recipe_that_leaves_the_precision_open_keeps_the_digest_it_had_when_that_meant_bfloat16(tmp_path):
    digests = {bf16: Recipe.load(write(tmp_path, {"bf16": bf16})).digest for bf16 in (True, False, "auto")}
    assert digests["auto"] == digests[True] == Recipe.load(write(tmp_path)).digest
    assert digests[False] != digests[True]
    assert Recipe.load(CONFIGS / "mini.json").digest == MINI_DIGEST


@pytest.mark.parametrize("name", ["align.json", "align-lora.json", "align-full.json"])
def test_the_released_recipe_trains_projections_and_never_the_encoders(name):
    shipped = Recipe.load(CONFIGS / name)
    modules = {module for stage in shipped.stages for module in stage.modules}
    assert {"molecule_projection", "protein_projection"} <= modules
    assert "protein_encoder" not in modules
    assert shipped.model is None, "sizes come from the checkpoint folder that is trained"
    assert all(set(stage.weights) == {"answers"} for stage in shipped.stages)
