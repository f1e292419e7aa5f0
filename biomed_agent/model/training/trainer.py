"""What both training stages share: settings of transformers' Trainer, log, clock, plots, and where to resume."""

import json
import math
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from transformers import (
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from transformers.modeling_layers import GradientCheckpointingLayer

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.progress import ReportLine, StepLine, duration
from biomed_agent.model.training.precision import PRECISION, name_of

LOG = "log.jsonl"
FINISHED = "finished.json"
"""Written into a run's folder when it is over; says how long it was."""
MIN_RATE_SHARE = 0.02
"""Share of the learning rate that is left at the end of the cosine."""
FSDP: Mapping[str, Any] = {
    "version": 2,
    "auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
    "reshard_after_forward": True,
    "state_dict_type": "FULL_STATE_DICT",
    "cpu_ram_efficient_loading": False,
}
"""How the model is sharded unless a recipe says otherwise (FSDP2, ``torch.distributed.fsdp.fully_shard``)."""


@dataclass(frozen=True)
class RunSettings:
    """How one run trains; the same words as in a recipe's stage."""

    steps: int
    """optimizer steps the schedule is made for"""
    learning_rate: float
    seed: int = 0
    minutes: float | None = None
    """the schedule ends after this time when the steps are not over before; None for no limit"""
    warmup_steps: int = 0
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    batch_size: int = 1
    """items of the data set in a batch; 1 where an item is a whole batch"""
    save_steps: int = 500
    logging_steps: int = 20
    eval_steps: int | None = None
    """steps between two evaluations; None for twice ``save_steps``"""
    bf16: bool = False
    """what :mod:`.precision` has decided"""
    gradient_accumulation: int = 1
    gradient_checkpointing: bool = False
    fsdp: Mapping[str, Any] | None = None
    """None not to shard, else what differs from :data:`FSDP` (``{}`` for nothing)"""
    workers: int = 0
    """processes that prepare batches beside the training one"""


def attention_layers(model: nn.Module) -> list[nn.Module]:
    """Return a model's attention layers, wherever they lie in it; low-rank matrices move them."""
    return [module for module in model.modules() if isinstance(module, GradientCheckpointingLayer)]


def layers_of(model: nn.Module) -> list[str]:
    """Return the classes of a model's attention layers, each of which is sharded as one piece.

    Left to itself, accelerate would look for every class that any model of a family may have, and stop.
    """
    return sorted({type(layer).__name__ for layer in attention_layers(model)})


def arguments(
    settings: RunSettings, output: Path, evaluates: bool = True, layers: Sequence[str] = ()
) -> TrainingArguments:
    """Return the Trainer's arguments for a run.

    Args:
        settings: The settings.
        output: The run's folder.
        evaluates: Whether there is held-out data.
        layers: From :func:`layers_of`, needed to shard.
    """
    # accelerate's launcher leaves its own choice here, which would win over a recipe that says float32.
    os.environ.pop("ACCELERATE_MIXED_PRECISION", None)
    sharding = {**FSDP, "transformer_layer_cls_to_wrap": list(layers), **(settings.fsdp or {})}
    return TrainingArguments(
        output_dir=str(output),
        use_cpu=not torch.cuda.is_available(),
        bf16=settings.bf16,
        per_device_train_batch_size=settings.batch_size,
        per_device_eval_batch_size=settings.batch_size,
        gradient_accumulation_steps=settings.gradient_accumulation,
        activation_checkpointing=settings.gradient_checkpointing,
        max_steps=settings.steps,
        learning_rate=settings.learning_rate,
        warmup_steps=settings.warmup_steps,
        weight_decay=settings.weight_decay,
        adam_beta1=0.9,
        adam_beta2=0.95,
        max_grad_norm=settings.max_grad_norm,
        logging_steps=settings.logging_steps,
        logging_nan_inf_filter=False,  # which would hide from the log that a run has diverged
        eval_strategy="steps" if evaluates else "no",
        eval_steps=settings.eval_steps or 2 * settings.save_steps,
        save_steps=settings.save_steps,
        save_total_limit=2,
        prediction_loss_only=True,
        remove_unused_columns=False,
        include_num_input_tokens_seen="non_padding",
        dataloader_num_workers=settings.workers,
        # A batch need not hold both modalities, and then one projection has no gradient.
        ddp_find_unused_parameters=True,
        fsdp=None if settings.fsdp is None else True,  # type: ignore[arg-type]
        fsdp_config=None if settings.fsdp is None else sharding,
        disable_tqdm=True,
        report_to="none",
        seed=settings.seed,
    )


class RunTrainer(Trainer):
    """The library's Trainer with an exact log and a schedule that can end by the clock.

    Args:
        settings: How to train.
        output: The run's folder.
        report: Told the progress.
        **kwargs: What ``Trainer`` takes: ``model``, ``train_dataset``, ``eval_dataset``, ``data_collator`` ...
    """

    def __init__(self, settings: RunSettings, output: Path, report: ReportLine, **kwargs: Any) -> None:
        output.mkdir(parents=True, exist_ok=True)
        evaluates, layers = bool(kwargs.get("eval_dataset")), layers_of(kwargs["model"])
        super().__init__(args=arguments(settings, output, evaluates, layers), **kwargs)
        self.settings, self.output, self.report = settings, output, report
        self.journal = JsonLog(output / LOG, report, settings.minutes)
        self.clock = Clock(self.journal, settings.minutes, evaluates)
        self.remove_callback(PrinterCallback)  # writes to standard output
        self.add_callback(self.clock)
        self.add_callback(self.journal)  # after the clock, which may ask for a save

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """Return warm-up and half a cosine, over the steps or over the minutes, whichever is over first."""
        warmup = self.args.warmup_steps

        def rate(step: int) -> float:
            done = min(1.0, max(step / num_training_steps, self.clock.progress()))
            cosine = 0.5 * (1 + math.cos(math.pi * done))
            return min(1.0, (step + 1) / max(1, warmup)) * (MIN_RATE_SHARE + (1 - MIN_RATE_SHARE) * cosine)

        self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(cast(Optimizer, optimizer or self.optimizer), rate)
        return self.lr_scheduler

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        """Save, unless weights are no numbers any more; the last good checkpoint stays the last one."""
        if bad := not_finite(self.accelerator.unwrap_model(model).state_dict().items()):
            raise diverged(self.state.global_step, f"weights are no finite numbers in {listed(bad)}", self.output)
        super()._save_checkpoint(model, trial)

    def run(self) -> dict[str, Any]:
        """Train from the last complete checkpoint, or from the start; draw the plots and note the end.

        Returns:
            What :func:`finished` returns from then on. A run that is over is not run again.

        Raises:
            InvalidInput: Loss, gradients or weights are no finite numbers any more.
        """
        if over := finished(self.output):
            return over
        begin = resume_point(self.output)
        if begin is not None:
            self.report(f"resuming from {begin}")
        self.train(resume_from_checkpoint=str(begin) if begin else None)
        if self.is_world_process_zero():
            draw_plots(self.output / LOG, self.output)
            note = {
                "steps": self.state.global_step,
                "tokens": int(self.state.num_input_tokens_seen),
                "seconds": round(self.journal.seconds(), 1),
                "held_out": self.journal.held_out,
                PRECISION: name_of(self.settings.bf16),
            }
            write_json(note, self.output / FINISHED)
        self.accelerator.wait_for_everyone()
        return finished(self.output) or {}


class JsonLog(TrainerCallback):
    """Writes what the Trainer logs to a JSON-lines file as it happens, and tells step, loss, pace and time left.

    A line has ``step``, ``seconds`` of training so far, and what was measured: ``loss``, ``learning_rate``,
    ``grad_norm``, ``tokens`` so far and ``tokens_per_second`` since the last line, or ``eval_*``. Lines written after
    the checkpoint that a killed run is resumed from are dropped, for their steps are trained again; a line goes with
    every checkpoint, so averages begin anew there in a resumed run and in one that was never killed.

    Args:
        file: The log.
        report: Told one :class:`~biomed_agent.core.progress.StepLine` for each line on training.
        minutes: Time limit of the run, for the time left.
    """

    def __init__(self, file: Path, report: ReportLine, minutes: float | None = None) -> None:
        self.file, self.report, self.minutes = file, report, minutes
        self.held_out: dict[str, float] = {}
        self.before = 0.0
        """seconds of training before this session"""
        self.started = self.last = time.monotonic()
        self.first_step = self.tokens = 0

    def seconds(self) -> float:
        """Return the seconds trained, earlier sessions included."""
        return self.before + time.monotonic() - self.started

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Drop lines of steps that will be trained again, and start the clock where they end."""
        lines = [line for line in read_log(self.file) if line["step"] <= state.global_step] if state.global_step else []
        for line in lines:
            self.held_out |= held_out_losses(line)
        self.before = lines[-1]["seconds"] if lines else 0.0
        self.started = self.last = time.monotonic()
        self.first_step, self.tokens = state.global_step, int(state.num_input_tokens_seen)
        if state.is_world_process_zero:
            partial = self.file.with_name(f"{self.file.name}.partial")
            partial.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
            partial.replace(self.file)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Ask for a line with every checkpoint."""
        control.should_log = control.should_log or control.should_save

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Leave evaluating and saving out of the pace."""
        self.last = time.monotonic()

    on_evaluate = on_save

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Write one line, or stop a run that has diverged; this comes before anything is saved.

        Raises:
            InvalidInput: Something that was measured is no finite number.
        """
        values = {key: value for key, value in (logs or {}).items() if not key.startswith(("train_", "total_flos"))}
        values = {key: value for key, value in values.items() if "runtime" not in key and "_per_second" not in key}
        if bad := [f"{key} is {value}" for key, value in values.items() if not math.isfinite(value)]:
            raise diverged(state.global_step, ", ".join(bad), self.file.parent)
        tokens = int(values.pop("num_input_tokens_seen", state.num_input_tokens_seen))
        self.held_out |= held_out_losses(values)
        if not state.is_world_process_zero or not values.keys() - {"epoch"}:
            return
        line = {"step": state.global_step, "seconds": round(self.seconds(), 1), **values, "tokens": tokens}
        if "loss" in values:
            now = time.monotonic()
            line["tokens_per_second"] = round((tokens - self.tokens) / max(1e-9, now - self.last), 1)
            self.last, self.tokens = now, tokens
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, allow_nan=False) + "\n")
        self.report(StepLine(self._line_text(line, state.max_steps)))

    def _line_text(self, line: Mapping[str, Any], steps: int) -> str:
        done = int(line["step"])
        if "loss" not in line:
            losses = ", ".join(f"{name} {loss:.3f}" for name, loss in held_out_losses(line).items())
            return f"step {done:,} of {steps:,}, held-out loss: {losses}"
        left = (time.monotonic() - self.started) / max(1, done - self.first_step) * (steps - done)
        if self.minutes is not None:
            left = min(left, 60 * self.minutes - self.seconds())
        pace = f"{line['tokens_per_second']:,.0f} tokens/s"
        return f"step {done:,} of {steps:,}, loss {line['loss']:.3f}, {pace}, {duration(left)} left"


class Clock(TrainerCallback):
    """Progress of a run by the clock, all its sessions taken together.

    Args:
        log: Knows how long the run has trained.
        minutes: Time limit; None for none.
        evaluates: Whether there is held-out data, whose loss is then measured at the end.
    """

    def __init__(self, log: JsonLog, minutes: float | None, evaluates: bool = False) -> None:
        self.log, self.minutes, self.evaluates = log, minutes, evaluates

    def progress(self) -> float:
        """Return the share of the time that is over (0 without a limit)."""
        return 0.0 if self.minutes is None else self.log.seconds() / (60 * self.minutes)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Save and stop when the time is over."""
        if self.progress() >= 1:
            control.should_save = control.should_training_stop = True
            control.should_evaluate = self.evaluates


def not_finite(tensors: Iterable[tuple[str, Tensor]]) -> list[str]:
    """Return the names of the tensors that hold what is no finite number; each process looks at its own shards."""
    local = ((name, getattr(tensor, "to_local", lambda tensor=tensor: tensor)()) for name, tensor in tensors)
    return [name for name, tensor in local if tensor.is_floating_point() and not bool(tensor.isfinite().all())]


def listed(names: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are."""
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def diverged(step: int, what: str, output: Path) -> InvalidInput:
    """Return the error of a run whose numbers are no numbers any more.

    Args:
        step: The optimizer step after which that was seen.
        what: Which number, in words.
        output: The folder of the run, or of its stage.
    """
    good = resume_point(output)
    return InvalidInput(
        f"training in {output} has diverged by step {step:,}: {what}; the last good checkpoint: {good or 'none yet'}.",
        "Lower learning_rate in the recipe, or raise warmup_steps, and begin anew in another folder.",
    )


def held_out_losses(line: Mapping[str, Any]) -> dict[str, float]:
    """Return the held-out losses of a line of the log, by name of the data set."""
    losses = {key: value for key, value in line.items() if key.startswith("eval_") and key.endswith("loss")}
    return {key.removeprefix("eval_").removesuffix("loss").rstrip("_") or "all": loss for key, loss in losses.items()}


def read_log(file: Path) -> list[dict[str, Any]]:
    """Return the lines of a log; one that a kill cut short ends it."""
    lines: list[dict[str, Any]] = []
    if file.is_file():
        for text in file.read_text(encoding="utf-8").splitlines():
            try:
                lines.append(json.loads(text))
            except ValueError:
                break
    return lines


def resume_point(output: Path) -> Path | None:
    """Return the last complete checkpoint of a run; None to begin at the start.

    The Trainer writes a checkpoint's ``trainer_state.json`` last, so one that a kill left incomplete has none.
    """
    folders = sorted(output.glob("checkpoint-*"), key=lambda folder: int(folder.name.rpartition("-")[2]))
    for folder in reversed(folders):
        try:
            json.loads((folder / "trainer_state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        return folder
    return None


def finished(output: Path) -> dict[str, Any] | None:
    """Return what a run that is over says of itself, else None.

    ``steps``, ``tokens``, ``seconds``, ``held_out`` and ``precision``, which older runs do not state.
    """
    file = output / FINISHED
    if not file.is_file():
        return None
    note: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return note


def is_first() -> bool:
    """Return whether this is the only process, or the first of several, which alone writes files."""
    return os.environ.get("RANK", "0") == "0"


def write_json(value: Any, file: Path) -> None:
    """Write a JSON file, whole or not at all."""
    partial = file.with_name(f"{file.name}.partial")
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    partial.write_text(text + "\n", encoding="utf-8")
    partial.replace(file)


def draw_plots(log: Path, folder: Path) -> list[Path]:
    """Draw loss, learning rate and throughput of a log as PNG files; without matplotlib none.

    Returns:
        The files written.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return []
    lines = read_log(log)
    wanted = {
        "loss": {"training": "loss"} | {f"held out, {name}": key for name, key in _held_out_keys(lines).items()},
        "learning rate": {"": "learning_rate"},
        "tokens per second": {"": "tokens_per_second"},
    }
    written = []
    for title, curves in wanted.items():
        figure = Figure(figsize=(7, 4), layout="constrained")
        axes = figure.add_subplot(xlabel="step", ylabel=title)
        for label, key in curves.items():
            points = [(line["step"], line[key]) for line in lines if key in line]
            if points:
                axes.plot(*zip(*points, strict=True), label=label, marker="o" if len(points) < 30 else "", markersize=3)
        if len(curves) > 1:
            axes.legend()
        axes.grid(alpha=0.3)
        written.append(folder / f"{title.replace(' ', '_')}.png")
        figure.savefig(written[-1], dpi=120)
    return written


def _held_out_keys(lines: list[dict[str, Any]]) -> dict[str, str]:
    """Return the names of the held-out sets and where a line has their loss."""
    keys = {key for line in lines for key in line if key.startswith("eval_") and key.endswith("loss")}
    return {next(iter(held_out_losses({key: 0.0}))): key for key in sorted(keys)}
