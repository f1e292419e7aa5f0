"""The log, the clock and the resume point that both training stages share."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, TrainerControl, TrainingArguments

from biomed_agent.core.progress import StepLine
from biomed_agent.model.training import trainer


def line(step: int, seconds: float, **values: float) -> str:
    return json.dumps({"step": step, "seconds": seconds, **values}) + "\n"


def begin(log: trainer.JsonLog, step: int, tokens: int = 0) -> Any:
    """Tell a log that training begins at ``step``; return the Trainer's state for what follows."""
    state = SimpleNamespace(global_step=step, num_input_tokens_seen=tokens, is_world_process_zero=True, max_steps=40)
    log.on_train_begin(TrainingArguments(use_cpu=True, report_to="none"), state, TrainerControl())  # type: ignore[arg-type]
    return state


def test_the_log_drops_what_will_be_trained_again_and_keeps_the_time(tmp_path):
    file = tmp_path / "log.jsonl"
    history = [line(5, 10.0, loss=3.0), line(10, 21.0, loss=2.5), line(10, 22.0, eval_protein_loss=2.75)]
    file.write_text("".join([*history, line(15, 30.0, loss=2.0), '{"step": 2']), encoding="utf-8")
    messages: list[str] = []
    log = trainer.JsonLog(file, messages.append)
    state = begin(log, step=10, tokens=100)
    assert file.read_text(encoding="utf-8") == "".join(history)
    assert 22 <= log.seconds() < 25
    assert log.held_out == {"protein": 2.75}

    state.global_step = 20
    logs = {"loss": 1.5, "num_input_tokens_seen": 300, "train_runtime": 9.0, "eval_runtime": 1.0}
    log.on_log(TrainingArguments(use_cpu=True, report_to="none"), state, TrainerControl(), logs)
    last = trainer.read_log(file)[-1]
    assert last.keys() == {"step", "seconds", "loss", "tokens", "tokens_per_second"}
    assert (last["step"], last["loss"], last["tokens"]) == (20, 1.5, 300)
    assert isinstance(messages[-1], StepLine)
    assert messages[-1].startswith("step 20 of 40, loss 1.500, ")
    assert messages[-1].endswith(" left")

    begin(trainer.JsonLog(file, messages.append), step=0)
    assert file.read_text(encoding="utf-8") == "", "a run that begins anew begins its log anew"


def test_the_clock_counts_all_sessions(tmp_path):
    log = trainer.JsonLog(tmp_path / "log.jsonl", print)
    assert trainer.Clock(log, None).progress() == 0.0
    log.before = 300.0
    clock = trainer.Clock(log, minutes=10)
    assert clock.progress() == pytest.approx(0.5, abs=0.01)
    control = TrainerControl()
    clock.on_step_end(None, None, control)  # type: ignore[arg-type]
    assert not control.should_training_stop
    log.before = 601.0
    clock.on_step_end(None, None, control)  # type: ignore[arg-type]
    assert control.should_training_stop
    assert control.should_save


def test_a_checkpoint_that_a_kill_left_incomplete_is_passed_over(tmp_path):
    assert trainer.resume_point(tmp_path) is None
    for step, state in ((90, "{}"), (100, "{}"), (110, '{"epoch"'), (120, None)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if state is not None:
            (folder / "trainer_state.json").write_text(state)
    assert trainer.resume_point(tmp_path) == tmp_path / "checkpoint-100"


def small_trainer(folder: Path, **settings: Any) -> trainer.RunTrainer:
    """Return a Trainer of a tiny language model on random tokens."""
    torch.manual_seed(1)
    sizes: dict[str, Any] = {"hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=50, num_hidden_layers=1, **sizes))
    rows = [{"input_ids": row} for row in torch.randint(0, 50, (24, 12))]

    def collate(features: list[dict[str, Any]]) -> dict[str, Any]:
        ids = torch.stack([feature["input_ids"] for feature in features])
        return {"input_ids": ids, "labels": ids, "attention_mask": torch.ones_like(ids)}

    chosen = trainer.RunSettings(learning_rate=1e-2, bf16=False, batch_size=4, **settings)
    held_out = {"held": rows[:4]}
    return trainer.RunTrainer(
        chosen, folder, lambda _: None, model=model, train_dataset=rows, eval_dataset=held_out, data_collator=collate
    )


def test_a_run_leaves_log_plots_and_a_note_and_is_not_run_again(tmp_path):
    note = small_trainer(tmp_path, steps=7, save_steps=3, logging_steps=2, warmup_steps=2).run()
    assert note["steps"] == 7
    assert note["precision"] == "float32"
    assert note["tokens"] == (6 * 4 + 4) * 12
    lines = trainer.read_log(tmp_path / "log.jsonl")
    assert [line["step"] for line in lines if "loss" in line] == [2, 3, 4, 6, 7], "a line goes with every checkpoint"
    assert note["held_out"] == {"held": [line for line in lines if "eval_held_loss" in line][-1]["eval_held_loss"]}
    rates = [line["learning_rate"] for line in lines if "loss" in line]
    assert rates[0] == pytest.approx(1e-2, rel=0.2)
    assert rates == sorted(rates, reverse=True)
    for name in ("loss.png", "learning_rate.png", "tokens_per_second.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    assert small_trainer(tmp_path, steps=7, save_steps=3).run() == note


def test_a_run_ends_by_the_clock_and_measures_what_it_left(tmp_path):
    note = small_trainer(tmp_path, steps=100_000, save_steps=100_000, minutes=0.01).run()
    assert note["steps"] < 100_000
    assert trainer.resume_point(tmp_path) == tmp_path / f"checkpoint-{note['steps']}"
    measured = [entry for entry in trainer.read_log(tmp_path / "log.jsonl") if "eval_held_loss" in entry]
    assert measured[-1]["step"] == note["steps"]
    assert note["held_out"] == {"held": measured[-1]["eval_held_loss"]}


@pytest.mark.parametrize("bf16", [True, False])
def test_the_precision_is_the_runs_whatever_the_launcher_says(tmp_path, monkeypatch, bf16):
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "no" if bf16 else "bf16")
    arguments = trainer.arguments(trainer.RunSettings(steps=1, learning_rate=1.0, bf16=bf16), tmp_path)
    assert arguments.mixed_precision == ("bf16" if bf16 else "no")


def test_sharding_takes_the_recipes_word_over_ours(tmp_path):
    plain = trainer.RunSettings(steps=1, learning_rate=1.0)
    assert not trainer.arguments(plain, tmp_path).fsdp
    wished = trainer.RunSettings(steps=1, learning_rate=1.0, fsdp={"reshard_after_forward": False})
    sharded = trainer.arguments(wished, tmp_path)
    assert sharded.fsdp_plugin_args["fsdp_version"] == 2
    assert sharded.fsdp_plugin_args["reshard_after_forward"] is False
