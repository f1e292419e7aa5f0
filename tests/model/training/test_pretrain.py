"""Stage 1 from papers to a language model, killed on the way or not."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from biomed_agent.cli import main
from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.inference.machine import best_precision
from biomed_agent.model.training import pretrain as stage
from biomed_agent.model.training.pretrain import Pretraining, load_tokenizer, pretrain, write_shards_for
from biomed_agent.model.training.trainer import read_log
from tests.helpers.killed_runs import kill_when

CONFIG = Path(stage.__file__).parent / "configs" / "pretrain.json"
MINI = Path(stage.__file__).parents[2] / "data" / "mini"
TINY = {
    "name": "tiny",
    "revision": "0",
    "learning_rate": 0.01,
    "batch_rows": 4,
    "rows_per_device": 2,
    "context": 16,
    "held_out": 0.2,
    "least_characters": 20,
    "epochs": 1,
    "steps": 12,
    "save_steps": 4,
    "logging_steps": 1,
    "bf16": False,
}


def silent(line: str) -> None:
    pass


def write_papers(file: Path, count: int = 40) -> Path:
    words = ("alcohol", "ring", "receptor", "human protein", "molecule")
    with file.open("w") as lines:
        for number in range(count):
            text = f"The {words[number % 5]} binds to the {words[number * 3 % 5]} number {number}. Yes, it does [1]."
            lines.write(json.dumps({"id": number, "text": text}) + "\n")
    return file


def write_recipe(file: Path, **changes: Any) -> Path:
    file.write_text(json.dumps({**TINY, **changes}))
    return file


def losses(output: Path) -> list[tuple[int, float]]:
    return [(line["step"], line["loss"]) for line in read_log(output / "log.jsonl") if "loss" in line]


def test_the_shipped_recipe_has_the_published_settings() -> None:
    recipe = Pretraining.load(CONFIG)
    assert (recipe.context, recipe.batch_rows, recipe.learning_rate, recipe.epochs) == (2048, 192, 2e-5, 5)
    settings = stage.settings(recipe, rows=1920 * 8)
    assert settings.steps == 5 * 80
    assert settings.batch_size * settings.gradient_accumulation * stage._devices() == 192
    assert recipe.bf16 == "auto"
    assert settings.bf16 == best_precision().bf16
    assert settings.gradient_checkpointing
    assert settings.fsdp == {}
    assert recipe.digest == "774805378d26620899db4b3c96548034d5b754b92195bb9f2ad8a5ec059f21af", "that of version 0.3"


def test_stage_1_end_to_end_from_the_shipped_recipe_at_tiny_size(tiny_folder: Path, tmp_path: Path) -> None:
    shipped = json.loads(CONFIG.read_text())
    small = {"start": str(tiny_folder), "fsdp": None, "workers": 0, "gradient_checkpointing": False}
    recipe = write_recipe(tmp_path / "recipe.json", **{**shipped, **TINY, **small, "warmup_steps": 1})
    messages: list[str] = []
    pretrain(recipe, [write_papers(tmp_path / "papers.jsonl")], tmp_path / "out", report=messages.append)

    note = json.loads((tmp_path / "out" / "model" / "pretraining.json").read_text())
    assert note["perplexity"] < 0.5 * note["perplexity_before"]
    assert note["steps"] == 12
    assert note["tokens_seen"] == 12 * 4 * 16
    assert note["data"]["train"]["papers"] + note["data"]["held_out"]["papers"] == 40
    assert note["data"]["removed"]["citation"] == 40
    held_out = [line for line in read_log(tmp_path / "out" / "log.jsonl") if "eval_loss" in line]
    assert [line["step"] for line in held_out] == [0, 4, 8, 12]
    assert all(math.isclose(line["eval_perplexity"], math.exp(line["eval_loss"])) for line in held_out)
    assert any("left" in line and "loss" in line for line in messages)
    assert "precision: float32 (as the recipe says)" in messages
    assert note["precision"] == "float32"
    first, last = held_out[0], held_out[-1]
    assert messages[-1] == (
        f"{tmp_path / 'out' / 'model'} holds the model; held-out loss {last['eval_loss']:.3f} nats a token (perplexity "
        f"{last['eval_perplexity']:.4g}), {first['eval_loss']:.3f} before training"
    )

    model = AutoModelForCausalLM.from_pretrained(tmp_path / "out" / "model")
    tokenizer = load_tokenizer(str(tmp_path / "out" / "model"))
    ids = torch.tensor([tokenizer("The receptor binds").input_ids])
    assert model(input_ids=ids).logits.shape == (1, ids.shape[1], len(tokenizer))
    assert model.config.use_cache
    own = AutoTokenizer.from_pretrained(tmp_path / "out" / "model")
    assert own.decode(ids[0]) == tokenizer.decode(ids[0])

    pretrain(recipe, [tmp_path / "papers.jsonl"], tmp_path / "out", report=messages.append)
    assert messages[-1].endswith("is finished; nothing to do")
    other = write_recipe(tmp_path / "other.json", **{**json.loads(recipe.read_text()), "seed": 99})
    with pytest.raises(InvalidInput, match="begun with another recipe"):
        pretrain(other, [tmp_path / "papers.jsonl"], tmp_path / "out", report=messages.append)


def test_a_model_drawn_at_random_learns_from_packed_shards(tiny_folder: Path, tmp_path: Path) -> None:
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    changes = {"model": sizes, "tokenizer": str(tiny_folder), "steps": 2, "held_out": 0.0}
    recipe = write_recipe(tmp_path / "recipe.json", **changes)
    write_shards_for(recipe, [write_papers(tmp_path / "papers.jsonl")], tmp_path / "shards", report=silent)
    messages: list[str] = []
    pretrain(recipe, [tmp_path / "shards"], tmp_path / "out", report=messages.append)
    assert messages[-1].endswith("holds the model; no paper was held out, so no held-out loss was measured")
    note = json.loads((tmp_path / "out" / "model" / "pretraining.json").read_text())
    assert note["perplexity"] is None
    assert note["data"]["digest"] == json.loads((tmp_path / "shards" / "index.json").read_text())["digest"]
    (tmp_path / "out" / "model").rename(tmp_path / "model")
    other = write_recipe(tmp_path / "other.json", **{**changes, "learning_rate": 0.02})
    with pytest.raises(InvalidInput, match="begun with another recipe"):
        pretrain(other, [tmp_path / "shards"], tmp_path / "out", report=silent)
    other = write_recipe(tmp_path / "other.json", **{**changes, "context": 8})
    with pytest.raises(InvalidInput, match="another context than the recipe's"):
        pretrain(other, [tmp_path / "shards"], tmp_path / "new", report=silent)


def test_the_embedded_model_learns_on(tmp_path: Path) -> None:
    changes = {"start": str(MINI), "learning_rate": 3e-4, "steps": 2, "save_steps": 2, "batch_rows": 2, "context": 32}
    recipe = write_recipe(tmp_path / "recipe.json", **changes)
    pretrain(recipe, [write_papers(tmp_path / "papers.jsonl", 12)], tmp_path / "out", report=silent)
    note = json.loads((tmp_path / "out" / "model" / "pretraining.json").read_text())
    assert note["perplexity"] < note["perplexity_before"]


RUN = """
import sys
from pathlib import Path
from biomed_agent.model.training.pretrain import pretrain
pretrain(Path(sys.argv[1]), [Path(sys.argv[2])], Path(sys.argv[3]), report=lambda line: None)
"""


def test_killed_and_resumed_it_has_the_same_losses(tiny_folder: Path, tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers.jsonl")
    recipe = write_recipe(tmp_path / "recipe.json", start=str(tiny_folder), steps=40, save_steps=7)
    killed = tmp_path / "killed"
    command = [sys.executable, "-c", RUN, str(recipe), str(papers), str(killed)]
    kill_when(lambda: len(losses(killed)) >= 12, command)
    assert not (killed / "model").exists()
    messages: list[str] = []
    pretrain(recipe, [papers], killed, report=messages.append)
    assert any(line.startswith("resuming from ") for line in messages)

    pretrain(recipe, [papers], tmp_path / "whole", report=silent)
    assert losses(killed) == losses(tmp_path / "whole")
    assert len(losses(killed)) == 40
    weights = [(folder / "model" / "model.safetensors").read_bytes() for folder in (killed, tmp_path / "whole")]
    assert weights[0] == weights[1]
    notes = [json.loads((folder / "model" / "pretraining.json").read_text()) for folder in (killed, tmp_path / "whole")]
    same = ("perplexity_before", "perplexity", "tokens_seen", "data")
    assert [notes[0][key] for key in same] == [notes[1][key] for key in same]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"start": "x", "learning": 1}, "learning: "),
        ({"start": "x", "learning_rate": "fast"}, "learning_rate: "),
        ({}, "give either start or model"),
        ({"start": "x", "model": {}}, "give either start or model"),
        ({"model": {}}, "a model drawn at random needs a tokenizer"),
        ({"start": "x", "batch_rows": 0}, "at least 1: batch_rows"),
        ({"start": "x", "bf16": "yes"}, "bf16: got 'yes'; expected true, false or \"auto\""),
        ({"start": "x", "held_out": 1.0}, "held_out is a share below 1"),
        ({"start": "x", "steps": 0}, "steps must be at least 1"),
        ({"start": "x", "learning_rate": float("nan")}, "learning_rate: "),
        ({"model": {"hiden_size": 32}, "tokenizer": "x"}, r"model\.hiden_size: unknown to a llama model"),
        ({"model": {"hidden_size": 30, "num_attention_heads": 4}, "tokenizer": "x"}, "num_attention_heads"),
    ],
)
def test_wrong_recipes_are_refused_by_the_key(tmp_path: Path, changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(InvalidInput, match=fault):
        Pretraining.load(write_recipe(tmp_path / "recipe.json", **changes))


def test_the_command_packs_papers(tiny_folder: Path, tmp_path: Path, capsys) -> None:
    recipe = write_recipe(tmp_path / "recipe.json", start=str(tiny_folder))
    papers = write_papers(tmp_path / "papers.jsonl")
    assert main(["data", "pack", str(recipe), str(papers), "--output", str(tmp_path / "shards")]) == 0
    assert "40 papers: " in capsys.readouterr().err
    assert (tmp_path / "shards" / "index.json").is_file()


def test_what_does_not_fit_together_is_refused(tiny_folder: Path, tmp_path: Path, monkeypatch) -> None:
    papers = write_papers(tmp_path / "papers.jsonl")

    def fails(match: str, **changes: Any) -> None:
        recipe = write_recipe(tmp_path / "recipe.json", **{"start": str(tiny_folder), **changes})
        with pytest.raises(InvalidInput, match=match):
            pretrain(recipe, [papers], tmp_path / "out", report=silent)

    fails("there is no tokenizer at", start=str(tmp_path / "nothing"))
    fails("the model has 256 positions; context 300 does not fit", context=300)
    (tmp_path / "out" / "shards" / "index.json").unlink()
    fails("batch_rows 4 is no multiple of 3", rows_per_device=3)
    (tmp_path / "out" / "shards" / "index.json").unlink()
    monkeypatch.setenv("WORLD_SIZE", "2")
    fails("several processes would pack the papers at once")
    with pytest.raises(InvalidInput, match="cannot be read"):
        Pretraining.load(tmp_path / "nothing.json")
