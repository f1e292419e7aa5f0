"""Stage 2 of training: a model learns to answer about molecules and proteins from pairs of question and answer.

Runs the stages of a recipe in order, on transformers' Trainer. Each stage has a folder ``NUMBER-NAME`` with its
checkpoints, log and plots, begins with the model the one before left there, resumes after its last checkpoint when it
was interrupted, and is not run again once it is over.
"""

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers.utils.import_utils import is_flash_attn_2_available

from biomed_agent.core.errors import CheckpointError, InvalidInput
from biomed_agent.core.progress import ReportLine
from biomed_agent.model.checkpoints.adapter import add_lora, merge_lora, read_trained, write_trained
from biomed_agent.model.data.examples import Example
from biomed_agent.model.network.modeling import BioMedGPTForConditionalGeneration
from biomed_agent.model.network.processing import IGNORED, BioMedGPTProcessor
from biomed_agent.model.training.batch import TrainingBatch
from biomed_agent.model.training.batching import (
    Batches,
    Collator,
    Lengths,
    fitting,
    packed,
    padded_batches,
    select,
    select_held_out,
)
from biomed_agent.model.training.export import Trained, export, trained_kinds
from biomed_agent.model.training.intake import Pairs, begun_with, read_pairs, refuse_missing, refuse_other_files
from biomed_agent.model.training.objectives import (
    BagOfTokensLoss,
    LossInputs,
    PromptEndLoss,
    StructureLoss,
    commonness,
    structure_targets,
)
from biomed_agent.model.training.precision import PRECISION, decide, names, precisions
from biomed_agent.model.training.recipe import ANSWERS, GIST, STRUCTURE, Lora, Loss, Recipe, Stage
from biomed_agent.model.training.start import begin, refuse_no_start, vocabulary_texts
from biomed_agent.model.training.trainer import (
    RunSettings,
    RunTrainer,
    attention_layers,
    finished,
    is_first,
    resume_point,
)

MODEL = "model"
"""Folder of a run that holds the finished checkpoint folder."""
OBJECTIVES = "objectives"
"""Part of the model that holds the losses' own weights while a stage trains them; it is thrown away afterwards."""


def freeze(model: BioMedGPTForConditionalGeneration, stage: Stage, seed: int) -> None:
    """Give gradients to exactly what a stage trains, in float32; low-rank matrices are added."""
    model.requires_grad_(False)
    for name in stage.modules:
        getattr(model, name).float().requires_grad_(True)
    if "lora" in stage.trains:
        _add_lora(model, stage, seed)


def _add_lora(model: BioMedGPTForConditionalGeneration, stage: Stage, seed: int) -> None:
    """Put low-rank matrices beside the language model's own, drawn from ``seed``."""
    from peft import LoraConfig

    lora = stage.lora or Lora()
    torch.manual_seed(seed)
    settings = LoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(lora.targets),
        task_type="CAUSAL_LM",
    )
    try:
        add_lora(model, settings)
    except ValueError as error:
        raise InvalidInput(f"stage {stage.name!r}: lora does not fit the language model ({error}).") from error


def compile_layers(model: BioMedGPTForConditionalGeneration, report: ReportLine) -> None:
    """Compile the language model's layers, each by itself, for any length; go on without where that cannot be done.

    On a CPU attention is written out, for the compiler fuses it and the library's kernel is slow backwards.
    """
    try:
        torch.compile(torch.neg)(torch.ones(2))
    except Exception as error:
        report(f"the layers are not compiled, which is slower but the same: {str(error).strip().splitlines()[0]}")
        return
    if not torch.cuda.is_available():
        model.language_model.set_attn_implementation("eager")
    for layer in attention_layers(model.language_model):
        layer.compile(dynamic=True)


class AlignTrainer(RunTrainer):
    """Trains what a stage says by the losses it names; its checkpoints hold only what is trained.

    The loss of one batch is ``w_answers * (P / N) * S + (1 / A) * sum over i of w_i * L_i``. ``S`` is the sum of
    ``-log p(token | all before it, structures)`` over the batch's answer tokens, in nats; ``N`` the number of answer
    tokens in all batches of the optimizer step, on all processes, so that each token weighs the same however batches
    are cut; ``P`` the number of processes, over which gradients are averaged (1 where ``N`` is not known, and is that
    of the batch); ``L_i`` the other losses of the stage, each a mean over the batch (:mod:`.objectives`); ``A`` the
    batches of the optimizer step; ``w`` the stage's weights. In evaluation the loss is that on the answers alone.

    Args:
        stage: The stage.
        auxiliary: Losses beside the one on the answers, by name. Their weights are trained as a part of the model.
        **kwargs: What :class:`.trainer.RunTrainer` takes.
    """

    def __init__(self, stage: Stage, auxiliary: Mapping[Loss, nn.Module], **kwargs: Any) -> None:
        if auxiliary:
            kwargs["model"].add_module(OBJECTIVES, nn.ModuleDict({str(name): loss for name, loss in auxiliary.items()}))
        super().__init__(**kwargs)
        self.stage, self.auxiliary = stage, auxiliary
        kwargs["model"].sync_shards = self.is_fsdp_enabled
        self.loss_is_scaled_for_ga = True  # by compute_loss, over all answers of an optimizer step

    def _prepare_inputs(self, inputs: Any) -> Any:
        """Put a batch on the device; the library knows how for mappings and lists only."""
        return inputs.to(self.args.device)

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Tensor | tuple[Tensor, Any]:
        """Return the loss of a :class:`~.batch.TrainingBatch`; the signature is the library's."""
        batch = cast(TrainingBatch, inputs)
        weights: Mapping[Loss, float] = self.stage.weights if model.training else {ANSWERS: 1.0}
        auxiliary = self.auxiliary if model.training else {}
        model_inputs = batch.model_inputs
        loss = torch.zeros((), device=batch.labels.device)
        with self.compute_loss_context_manager():
            if auxiliary:
                whole = self.accelerator.unwrap_model(model)
                with self.accelerator.autocast():
                    embeds, table = (
                        whole.embed(batch.input_ids, **batch.structures),
                        whole.get_input_embeddings().weight,
                    )
                    given = LossInputs(embeds, batch.input_ids, batch.labels, batch.kinds, table, batch.targets)
                model_inputs = {"inputs_embeds": embeds, **batch.places}
            if ANSWERS in weights:
                own = num_items_in_batch is None
                count = batch.labels[:, 1:].ne(IGNORED).sum() if own else num_items_in_batch
                # Gradients of several processes are averaged, but the count is that of all of them.
                share = 1 if own or not model.training else self.accelerator.num_processes
                value, states = answer_loss_and_states(
                    model, model_inputs, batch.labels, count, states=GIST in auxiliary
                )
                loss = loss + weights[ANSWERS] * value * share
                if auxiliary:
                    given = replace(given, states=states)
            for name, other in auxiliary.items():
                with self.accelerator.autocast():
                    loss = loss + weights[name] * other(given) / self.current_gradient_accumulation_steps
        return (loss, {}) if return_outputs else loss

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """Write what is trained; the library calls this for each checkpoint."""
        if self.args.should_save:
            model = self.accelerator.unwrap_model(self.model)
            write_trained(model, Path(cast(str, output_dir)), [*self.stage.modules, OBJECTIVES], state_dict)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Read what is trained; the library calls this when a run is resumed."""
        if self.is_fsdp_enabled:
            super()._load_from_checkpoint(resume_from_checkpoint, model)
        else:
            read_trained(self.accelerator.unwrap_model(self.model), Path(resume_from_checkpoint))


def answer_loss(model: Any, inputs: Mapping[str, Any], labels: Tensor, count: Tensor | int) -> Tensor:
    """Return the cross-entropy of the answers' tokens, in nats, summed and divided by ``count``."""
    return answer_loss_and_states(model, inputs, labels, count, states=False)[0]


def answer_loss_and_states(
    model: Any, inputs: Mapping[str, Any], labels: Tensor, count: Tensor | int, states: bool
) -> tuple[Tensor, Sequence[Tensor]]:
    """Return the loss on the answers, and the hidden states of the language model.

    The output matrix is multiplied only where a token of an answer is to be predicted, which is a fifth of the
    positions; for a vocabulary of 32,000 that saves most of the memory a batch takes.

    Args:
        model: The model, wrapped or not.
        inputs: Of its ``forward``, without labels.
        labels: [batch, length], -100 outside the answers.
        count: Answer tokens of all batches whose losses are added up.
        states: Whether to return hidden states; if not, there are none.
    """
    targets = labels[:, 1:]
    columns = targets.ne(IGNORED).any(dim=0).nonzero().squeeze(1)
    output = model(**inputs, logits_to_keep=columns, use_cache=False, output_hidden_states=states)
    summed = nn.functional.cross_entropy(
        output.logits.float().flatten(0, 1), targets[:, columns].flatten(), ignore_index=IGNORED, reduction="sum"
    )
    return summed / count, output.hidden_states or ()


def auxiliary_losses(
    stage: Stage,
    model: BioMedGPTForConditionalGeneration,
    processor: BioMedGPTProcessor,
    examples: Sequence[Example],
    seed: int,
) -> dict[Loss, nn.Module]:
    """Return the losses of a stage beside the one on the answers, their own weights drawn from ``seed``."""
    torch.manual_seed(seed)
    text = model.config.text_config
    table = cast(Tensor, model.get_input_embeddings().weight).detach()
    made: dict[Loss, Callable[[], nn.Module]] = {
        "words": lambda: BagOfTokensLoss(processor, examples, text.vocab_size),
        "structure": lambda: StructureLoss(processor, text.hidden_size, text.vocab_size),
        "gist": lambda: PromptEndLoss(table, commonness(processor, examples, text.vocab_size)),
    }
    return {name: made[name]() for name in stage.weights if name != ANSWERS}


# ---------------------------------------------------------------------------------------------- stages


def stage_folder(recipe: Recipe, output: Path, number: int) -> Path:
    """Return the folder of a stage; ``number`` counts from 0."""
    return output / f"{number + 1}-{recipe.stages[number].name}"


def restore(
    recipe: Recipe, output: Path, stages: int | None = None, texts: Iterable[str] = (), report: ReportLine = print
) -> tuple[BioMedGPTForConditionalGeneration, BioMedGPTProcessor]:
    """Return the model as the first ``stages`` stages of a run left it (all when not given), on the CPU.

    Low-rank matrices of the last of them stay apart; those of earlier ones are merged.

    Raises:
        CheckpointError: One of the stages has not run to its end.
    """
    stages = len(recipe.stages) if stages is None else stages
    on_gpu = torch.cuda.is_available() and all(decide(stage.bf16) for stage in recipe.stages)
    model, processor = begin(recipe, output, texts, report, torch.bfloat16 if on_gpu else torch.float32)
    for number in range(stages):
        folder = stage_folder(recipe, output, number)
        last = resume_point(folder)
        if last is None or not finished(folder):
            raise CheckpointError(f"{folder} is not finished.", "Run the same command again: it resumes.")
        merge_lora(model)
        for name in recipe.stages[number].modules:
            getattr(model, name).float()
        read_trained(model, last, ignored=OBJECTIVES)
    return model, processor


def run_stages(
    recipe: Recipe, examples: Sequence[Example], held_out: Sequence[Example], output: Path, report: ReportLine
) -> list[dict[str, Any]]:
    """Run the stages that are not over yet; return what each says of itself (:func:`.trainer.finished`).

    Args:
        recipe: The recipe.
        examples: Training examples.
        held_out: Others, whose loss is logged by kind.
        output: The run's folder.
        report: Told what is done and how far it is.
    """
    notes = []
    for number, stage in enumerate(recipe.stages):
        folder = stage_folder(recipe, output, number)
        note = finished(folder)
        if note is None:
            report(f"stage {number + 1} of {len(recipe.stages)}, {stage.name}: trains {', '.join(stage.trains)}")
            model, processor = restore(recipe, output, number, vocabulary_texts(examples), report)
            merge_lora(model)
            freeze(model, stage, recipe.seed + number)
            note = stage_trainer(recipe, stage, model, processor, examples, held_out, folder, report).run()
        notes.append(note)
    return notes


def check_kinds(recipe: Recipe, pairs: Pairs, report: ReportLine) -> None:
    """Tell which kinds and origins of a recipe have no example; refuse a stage that would have none at all.

    Before the first stage, so that a slip in the last one does not cost the others' hours. Kinds that nothing is held
    out of are told too, for the manifest will not list them.
    """
    there = {row.kind for row in pairs.train} | {row.origin for row in pairs.train}
    for stage in recipe.stages:
        missing = [name for name in stage.repeats if name not in there]
        if stage.repeats and len(missing) == len(stage.repeats):
            raise InvalidInput(f"stage {stage.name!r}: there is no example of {', '.join(missing)}.")
        if missing:
            report(f"stage {stage.name}: no examples of {', '.join(missing)}")
    measured = select_held_out(pairs.held_out, recipe.stages[-1], recipe.seed)
    if unmeasured := [kind for kind in trained_kinds(recipe, pairs) if kind not in measured]:
        report(
            f"no held-out pair of {', '.join(unmeasured)}: the manifest will not list what was not measured, so the "
            "model will not be asked for it; give some with --held-out"
        )


def stage_trainer(
    recipe: Recipe,
    stage: Stage,
    model: BioMedGPTForConditionalGeneration,
    processor: BioMedGPTProcessor,
    examples: Sequence[Example],
    held_out: Sequence[Example],
    folder: Path,
    report: ReportLine,
) -> AlignTrainer:
    """Return the Trainer of one stage of a model that :func:`freeze` has prepared."""
    packing = torch.cuda.is_available() if stage.packing is None else stage.packing
    # Flash attention takes 16-bit numbers only.
    if packing and torch.cuda.is_available() and is_flash_attn_2_available() and decide(stage.bf16):
        model.language_model.set_attn_implementation("flash_attention_2")
    if stage.compile:
        compile_layers(model, report)
    longest, lengths = processor.max_protein_tokens - 2, Lengths(processor)
    chosen = select(examples, stage, recipe.seed, longest)
    if not chosen:
        raise InvalidInput(f"stage {stage.name!r}: there is no example of {', '.join(stage.repeats) or 'any kind'}.")
    tell_cropped(examples, longest, report)
    chosen = in_context(chosen, lengths, model, stage, report)

    def grouped(subset: Sequence[Example]) -> Batches:
        if packing:
            return packed(subset, lengths, stage.batch_tokens, recipe.seed)
        return padded_batches(subset, stage.batch_tokens, recipe.seed)

    batches = grouped(chosen)
    apart = select_held_out(held_out, stage, recipe.seed, longest)
    together = int(os.environ.get("WORLD_SIZE", "1")) * stage.gradient_accumulation
    settings = settings_of(stage, recipe.seed, stage.steps or math.ceil(len(batches) / together))
    report(
        f"{len(chosen):,} examples in {len(batches):,} {'packed rows' if packing else 'batches'}, "
        f"{batches.waste:.1%} padding; {settings.steps:,} steps"
    )
    auxiliary = auxiliary_losses(stage, model, processor, chosen, recipe.seed)
    if auxiliary and int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise InvalidInput(f"stage {stage.name!r}: the losses {', '.join(auxiliary)} are computed by one process only.")
    return AlignTrainer(
        stage=stage,
        auxiliary=auxiliary,
        settings=settings,
        output=folder,
        report=report,
        model=model,
        train_dataset=batches,
        eval_dataset={kind: grouped(some) for kind, some in apart.items()},
        data_collator=Collator(processor, packing, structure_targets if STRUCTURE in stage.weights else None),
    )


def tell_cropped(examples: Iterable[Example], longest: int, report: ReportLine) -> None:
    """Tell how many proteins are longer than what is read of one."""
    proteins = {example.sequence for example in examples if example.sequence}
    if cropped := sum(len(sequence) > longest for sequence in proteins):
        report(f"{cropped:,} of {len(proteins):,} proteins are cropped to their first {longest:,} residues")


def in_context(
    chosen: Sequence[Example],
    lengths: Lengths,
    model: BioMedGPTForConditionalGeneration,
    stage: Stage,
    report: ReportLine,
) -> list[Example]:
    """Return the examples that fit into the language model's context, and tell how many are left out.

    Raises:
        InvalidInput: None fits.
    """
    positions: int | None = getattr(model.config.text_config, "max_position_embeddings", None)
    if positions is None:
        return list(chosen)
    fit = fitting(chosen, lengths, positions)
    if not fit:
        raise InvalidInput(
            f"stage {stage.name!r}: no example fits into the language model's context of {positions:,} positions.",
            "Shorten the answers, or state a longer context (max_position_embeddings).",
        )
    if left_out := len(set(chosen)) - len(set(fit)):
        report(
            f"{left_out:,} of {len(set(chosen)):,} examples are left out: they are longer than the language model's "
            f"context of {positions:,} positions"
        )
    return fit


def settings_of(stage: Stage, seed: int, steps: int) -> RunSettings:
    """Return a stage's settings of the Trainer."""
    return RunSettings(
        steps=steps,
        learning_rate=stage.learning_rate,
        seed=seed,
        minutes=stage.minutes,
        warmup_steps=stage.warmup_steps,
        weight_decay=stage.weight_decay,
        max_grad_norm=stage.max_grad_norm,
        save_steps=stage.save_steps,
        bf16=decide(stage.bf16),
        gradient_accumulation=stage.gradient_accumulation,
        gradient_checkpointing=stage.gradient_checkpointing,
        fsdp=stage.fsdp,
        workers=stage.workers,
    )


# ---------------------------------------------------------------------------------------------- from files to a folder


def in_precision(recipe: Recipe, begun: Mapping[str, Any], report: ReportLine) -> Recipe:
    """Return a recipe whose stages are trained in the precision the run was begun in, and tell which that is."""
    decided = precisions(begun, {stage.name: stage.bf16 for stage in recipe.stages})
    messages = {text for _, text in decided.values()}
    for text in messages if len(messages) == 1 else [f"stage {name}: {text}" for name, (_, text) in decided.items()]:
        report(text)
    return replace(recipe, stages=tuple(replace(stage, bf16=decided[stage.name][0]) for stage in recipe.stages))


def align(
    recipe_file: Path,
    data: Sequence[Path],
    output: Path,
    *,
    held_out: Sequence[Path] = (),
    start: Path | None = None,
    licence: str = "",
    report: ReportLine = print,
) -> Path:
    """Train by a recipe on files of pairs and write the checkpoint folder; interrupted, the same call resumes.

    Args:
        recipe_file: The recipe.
        data: Files that :mod:`.formats` reads.
        output: The run's folder; the checkpoint folder is ``model`` in it.
        held_out: Such files whose loss is logged; if not given, one in fifty groups of alike structures is kept apart.
        start: Checkpoint folder to train, instead of the recipe's.
        licence: Terms of the weights, for manifest and card.
        report: Told what is done and how far it is.

    Returns:
        The checkpoint folder.

    Raises:
        InvalidInput: Recipe or data cannot be used, or ``output`` was begun with others.
        CheckpointError: The start cannot be loaded.
    """
    recipe = Recipe.load(recipe_file)
    if start is not None:
        recipe = replace(recipe, start=str(start.resolve()))
    refuse_no_start(recipe)
    refuse_missing([*data, *held_out])
    folder = output / MODEL
    if folder.exists():
        begun_with(output, {"recipe": recipe.digest})
        refuse_other_files(output, data, held_out)
        report(f"{folder} is there already: this run is over; to train on other data, give another folder")
        return folder
    output.mkdir(parents=True, exist_ok=True)
    pairs = read_pairs(data, held_out, output, report)
    check_kinds(recipe, pairs, report)
    chosen = {PRECISION: names([stage.bf16 for stage in recipe.stages])}
    begun = begun_with(output, {"recipe": recipe.digest, "data": pairs.files}, chosen)
    decided = in_precision(recipe, begun, report)
    notes = run_stages(decided, pairs.train, pairs.held_out, output, report)
    if is_first():
        model, processor = restore(decided, output, report=report)
        export(model, processor, Trained(recipe, notes, pairs, licence), folder)
        report(f"the checkpoint folder is {folder}")
    return folder
