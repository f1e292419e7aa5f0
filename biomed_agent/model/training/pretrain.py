"""Stage 1: any causal language model learns on from papers, by transformers' Trainer."""

import hashlib
import json
import math
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import transformers
from pydantic import ConfigDict
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    default_data_collator,
    set_seed,
)

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.progress import ReportLine
from biomed_agent.model.data.papers.shard_writer import write_shards
from biomed_agent.model.data.papers.shards import INDEX, ShardSettings, TokenRows, read_index, tokenizer_digest
from biomed_agent.model.network.configuration import BioMedGPTConfig
from biomed_agent.model.network.modeling import BioMedGPTForConditionalGeneration
from biomed_agent.model.network.tokenizer import SentencePieceTokenizer
from biomed_agent.model.training.intake import begun_with, refuse_missing
from biomed_agent.model.training.precision import AUTO, PRECISION, Bf16, decide, hashed, names, precisions
from biomed_agent.model.training.recipe import STRICT, check_sizes, read_recipe
from biomed_agent.model.training.trainer import (
    LOG,
    RunSettings,
    RunTrainer,
    is_first,
    read_log,
    resume_point,
    write_json,
)

SHARDS, MODEL, NOTE = "shards", "model", "pretraining.json"
MAX_LOSS = 700.0
"""loss in nats beyond which the perplexity is no number"""


@dataclass(frozen=True)
class Pretraining:
    """A recipe of stage 1: everything that decides a run but the papers."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    name: str
    revision: str
    learning_rate: float
    batch_rows: int
    """rows of one optimizer step, over all devices"""
    start: str | None = None
    """folder or name on the Hugging Face Hub of a causal language model, or a checkpoint folder of ours, whose language
    model is taken"""
    model: dict[str, Any] | None = None
    """instead of ``start``: sizes of a model to be drawn at random, a Llama unless ``model_type`` says otherwise"""
    tokenizer: str | None = None
    """folder or name of the tokenizer; null for that of ``start``"""
    context: int = 2048
    held_out: float = 0.001
    least_characters: int = 200
    rows_per_shard: int = 16384
    rows_per_device: int = 1
    """rows that go through the model at once on each device; gradients of the others are accumulated"""
    epochs: int = 1
    steps: int | None = None
    """optimizer steps; null for ``epochs``"""
    minutes: float | None = None
    warmup_steps: int = 0
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    save_steps: int = 500
    logging_steps: int = 10
    seed: int = 0
    bf16: Bf16 = AUTO
    """compute in bfloat16; "auto" for what the processor computes best"""
    gradient_checkpointing: bool = False
    fsdp: dict[str, Any] | None = None
    """null not to shard, else what differs from :data:`.trainer.FSDP`"""
    workers: int = 0
    """processes that clean and tokenize papers, and then prepare batches"""

    def __post_init__(self) -> None:
        numbers = (
            "batch_rows",
            "rows_per_device",
            "epochs",
            "context",
            "save_steps",
            "logging_steps",
            "rows_per_shard",
        )
        small = [name for name in numbers if getattr(self, name) < 1]
        faults = {
            "give either start or model": (self.start is None) == (self.model is None),
            "a model drawn at random needs a tokenizer": self.model is not None and self.tokenizer is None,
            "learning_rate must be above 0": self.learning_rate <= 0,
            "held_out is a share below 1": not 0 <= self.held_out < 1,
            f"at least 1: {', '.join(small)}": bool(small),
            "steps must be at least 1": self.steps is not None and self.steps < 1,
        }
        for fault, present in faults.items():
            if present:
                raise ValueError(fault)
        if self.model is not None:
            check_sizes("model", self.model, "llama")

    @classmethod
    def load(cls, file: Path) -> "Pretraining":
        """Read a recipe.

        Raises:
            InvalidInput: The file cannot be read, or a key is unknown, missing or wrong; the message names it.
        """
        return read_recipe(cls, file)

    @property
    def digest(self) -> str:
        """SHA-256 of what the recipe says, but for the number of helping processes; ``bf16`` as :func:`.hashed`."""
        values = {key: value for key, value in asdict(self).items() if key != "workers"} | {"bf16": hashed(self.bf16)}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()

    @property
    def shard_settings(self) -> ShardSettings:
        """How papers become rows."""
        return ShardSettings(self.context, self.held_out, self.least_characters, self.rows_per_shard)


class PaperTrainer(RunTrainer):
    """The shared Trainer, which also says the perplexity wherever it says the held-out loss."""

    def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
        """Log, with ``eval_perplexity`` beside ``eval_loss``."""
        if "eval_loss" in logs:
            loss = logs["eval_loss"]
            logs = {**logs, "eval_perplexity": math.inf if loss > MAX_LOSS else math.exp(loss)}
        super().log(logs, *args, **kwargs)


def pretrain(recipe_file: Path, inputs: Sequence[Path], output: Path, *, report: ReportLine) -> None:
    """Train a language model on papers and leave a Hugging Face folder in ``output/model``.

    A run that was killed goes on when the call is repeated: packing where it was, training from its last checkpoint
    with the same losses as if it had never stopped. A finished run is left as it is.

    Args:
        recipe_file: A recipe, such as ``configs/pretrain.json``.
        inputs: Papers (see :class:`~.readers.PaperFile`), or one folder of shards that is packed already.
        output: Folder of the run: ``shards/``, ``checkpoint-*``, ``log.jsonl``, plots and ``model/``.
        report: Told the progress.

    Raises:
        InvalidInput: The recipe, the papers or the model do not fit together, or the run was begun with others; the
            message says which.
    """
    recipe = Pretraining.load(recipe_file)
    refuse_missing(inputs)
    if (output / MODEL / NOTE).is_file():
        begun_with(output, {"recipe": recipe.digest})
        report(f"{output / MODEL} is finished; nothing to do")
        return
    if not is_first():
        report = _silent
    tokenizer = load_tokenizer(recipe.tokenizer or str(recipe.start))
    shards = shards_for(recipe, inputs, output, tokenizer, report)
    rows, held_out = TokenRows(shards), TokenRows(shards, "held_out")
    set_seed(recipe.seed)
    model, how = load_model(recipe, tokenizer), settings(recipe, len(rows))
    output.mkdir(parents=True, exist_ok=True)  # noted below once all fits together: a wrong recipe can be mended
    now = {"recipe": recipe.digest, "data": read_index(shards)["digest"]}
    begun = begun_with(output, now, {PRECISION: names([recipe.bf16])})
    bf16, message = precisions(begun, {recipe.name: recipe.bf16})[recipe.name]
    report(message)
    how = replace(how, bf16=bf16)
    trainer = PaperTrainer(
        how,
        output,
        report,
        model=model,
        train_dataset=rows,
        eval_dataset=held_out if len(held_out) else None,
        data_collator=default_data_collator,
        processing_class=tokenizer,
    )
    trainer.args.eval_on_start = bool(len(held_out)) and resume_point(output) is None
    note = trainer.run()
    if trainer.is_world_process_zero():
        _publish(recipe, read_index(shards), note, tokenizer, output)
        report(f"{output / MODEL} holds the model; {_held_out_words(output)}")


def settings(recipe: Pretraining, rows: int) -> RunSettings:
    """Return how the shared Trainer is to train on so many rows.

    Raises:
        InvalidInput: The rows of a step do not divide among the devices.
    """
    devices = int(os.environ.get("WORLD_SIZE", "0")) or _devices()
    at_once = recipe.rows_per_device * devices
    if recipe.batch_rows % at_once:
        raise InvalidInput(
            f"batch_rows {recipe.batch_rows} is no multiple of {at_once} (rows_per_device x {devices} devices).",
            "Change rows_per_device in the recipe, or the number of devices.",
        )
    accumulation = recipe.batch_rows // at_once
    steps_an_epoch = math.ceil(math.ceil(rows / at_once) / accumulation)
    return RunSettings(
        steps=recipe.steps or recipe.epochs * steps_an_epoch,
        learning_rate=recipe.learning_rate,
        seed=recipe.seed,
        minutes=recipe.minutes,
        warmup_steps=recipe.warmup_steps,
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_grad_norm,
        batch_size=recipe.rows_per_device,
        save_steps=recipe.save_steps,
        logging_steps=recipe.logging_steps,
        eval_steps=recipe.save_steps,
        bf16=decide(recipe.bf16),
        gradient_accumulation=accumulation,
        gradient_checkpointing=recipe.gradient_checkpointing,
        fsdp=recipe.fsdp,
        workers=recipe.workers,
    )


def shards_for(
    recipe: Pretraining, inputs: Sequence[Path], output: Path, tokenizer: PreTrainedTokenizerBase, report: ReportLine
) -> Path:
    """Return a folder of shards that fits the recipe: the one given, or one made of the papers given.

    Raises:
        InvalidInput: The shards are of another tokenizer or context, or several processes would pack at once.
    """
    if len(inputs) == 1 and (inputs[0] / INDEX).is_file():
        job = read_index(inputs[0])["job"]
        wanted = {"context": recipe.context, "tokenizer": tokenizer_digest(tokenizer)}
        differing = [key for key, value in wanted.items() if job.get(key) != value]
        if differing:
            raise InvalidInput(
                f"the shards of {inputs[0]} were made with another {' and '.join(differing)} than the recipe's.",
                "Pack the papers again for this recipe.",
            )
        return inputs[0]
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not (output / SHARDS / INDEX).is_file():
        raise InvalidInput(
            "several processes would pack the papers at once.",
            "Pack them first with `biomed-agent data pack`, and give the folder of shards.",
        )
    write_shards(inputs, tokenizer, output / SHARDS, recipe.shard_settings, report, recipe.workers)
    return output / SHARDS


def write_shards_for(recipe_file: Path, inputs: Sequence[Path], folder: Path, *, report: ReportLine) -> None:
    """Pack papers as :func:`pretrain` would with this recipe, without training.

    Args:
        recipe_file: A recipe of stage 1; its tokenizer and row length are used.
        inputs: Files and folders of papers.
        folder: Where the shards go.
        report: Told the progress.
    """
    recipe = Pretraining.load(recipe_file)
    write_shards(
        inputs,
        load_tokenizer(recipe.tokenizer or str(recipe.start)),
        folder,
        recipe.shard_settings,
        report,
        recipe.workers,
    )


def load_tokenizer(source: str) -> PreTrainedTokenizerBase:
    """Return the tokenizer of a Hugging Face folder or name, or of a checkpoint folder of ours.

    Raises:
        InvalidInput: There is none.
    """
    try:
        if (Path(source) / SentencePieceTokenizer.vocab_files_names["vocab_file"]).is_file():
            tokenizer: PreTrainedTokenizerBase = SentencePieceTokenizer.from_pretrained(source)
        else:
            tokenizer = AutoTokenizer.from_pretrained(source)
    except (OSError, ValueError) as error:
        raise InvalidInput(
            f"there is no tokenizer at {source} ({_line(error)}).", "Give a folder or a name."
        ) from error
    return tokenizer


def load_model(recipe: Pretraining, tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    """Return the language model a recipe starts from, in float32 (the optimizer's precision).

    Raises:
        InvalidInput: There is none, or it is too small for the tokenizer or the context.
    """
    if recipe.model is not None:
        sizes: dict[str, Any] = {"vocab_size": len(tokenizer), "max_position_embeddings": recipe.context}
        sizes |= {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("bos", "eos", "pad")}
        config = AutoConfig.for_model(**{"model_type": "llama", **sizes, **recipe.model})
        model: PreTrainedModel = AutoModelForCausalLM.from_config(config)
    else:
        model = _started(str(recipe.start))
    embeddings: Any = model.get_input_embeddings()
    table, positions = embeddings.num_embeddings, getattr(model.config, "max_position_embeddings", None)
    if table < len(tokenizer):
        raise InvalidInput(f"the model knows {table} tokens, its tokenizer writes {len(tokenizer)}.")
    if positions is not None and positions < recipe.context:
        raise InvalidInput(f"the model has {positions} positions; context {recipe.context} does not fit.")
    model.config.use_cache = False
    return model


def _started(start: str) -> PreTrainedModel:
    try:
        if AutoConfig.from_pretrained(start).model_type == BioMedGPTConfig.model_type:
            whole = BioMedGPTForConditionalGeneration.from_pretrained(start, dtype="float32")
            language_model: PreTrainedModel = whole.language_model
            return language_model
        model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(start, dtype="float32")
    except (OSError, ValueError) as error:
        raise InvalidInput(f"there is no causal language model at {start} ({_line(error)}).") from error
    return model


def _publish(
    recipe: Pretraining, index: dict[str, Any], note: dict[str, Any], tokenizer: PreTrainedTokenizerBase, output: Path
) -> None:
    """Make ``output/model`` of the last checkpoint, with the tokenizer and a note on what it learned from."""
    checkpoint = resume_point(output)
    if checkpoint is None:
        raise InvalidInput(f"{output} holds no complete checkpoint.", "Train again; the run goes on where it was.")
    partial = output / f"{MODEL}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    for file in checkpoint.iterdir():
        if file.name in ("config.json", "generation_config.json") or file.name.startswith("model"):
            shutil.copy(file, partial / file.name)
    config = json.loads((partial / "config.json").read_text(encoding="utf-8"))
    write_json({**config, "use_cache": True}, partial / "config.json")
    tokenizer.save_pretrained(partial)
    if isinstance(tokenizer, SentencePieceTokenizer):
        # Under this name transformers' own Llama tokenizer and `biomed-agent checkpoint import --lm` find it.
        (partial / "tokenizer.model").write_bytes(tokenizer.pieces.serialized_model_proto())
    measured = [line["eval_perplexity"] for line in _measured(output)]
    summary = {
        "recipe": asdict(recipe),
        "steps": note["steps"],
        "tokens_seen": note["tokens"],
        "seconds": note["seconds"],
        PRECISION: note.get(PRECISION),
        "perplexity_before": measured[0] if measured else None,
        "perplexity": measured[-1] if measured else None,
        "data": {key: index[key] for key in ("digest", "sources", "left_out", "removed")}
        | {name: {key: split[key] for key in ("papers", "tokens", "rows")} for name, split in index["splits"].items()},
        "transformers": transformers.__version__,
    }
    write_json(summary, partial / NOTE)
    partial.rename(output / MODEL)


def _measured(output: Path) -> list[dict[str, Any]]:
    """Return the lines of the log on the held-out papers."""
    return [line for line in read_log(output / LOG) if "eval_perplexity" in line]


def _held_out_words(output: Path) -> str:
    """Say what the loss on held-out papers is at the end, and was at the beginning."""
    lines = _measured(output)
    if not lines:
        return "no paper was held out, so no held-out loss was measured"
    first, last = lines[0], lines[-1]
    before = "" if first["step"] else f", {first['eval_loss']:.3f} before training"
    return f"held-out loss {last['eval_loss']:.3f} nats a token (perplexity {last['eval_perplexity']:.4g}){before}"


def _devices() -> int:
    import torch

    return max(1, torch.cuda.device_count())


def _line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]


def _silent(line: str) -> None:
    """Say nothing; one process of several reports."""
