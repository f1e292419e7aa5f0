"""Train a small model of the architecture from scratch, with transformers' Trainer."""

import hashlib
import json
import math
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.utils.data import Dataset
from transformers import EsmTokenizer, Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from biomed_agent.model.configuration import BioMedGPTConfig
from biomed_agent.model.modeling import BioMedGPTForConditionalGeneration
from biomed_agent.model.processing import BioMedGPTProcessor
from biomed_agent.model.tokenizer import SentencePieceTokenizer
from biomed_agent.prompt import user_message

from .data import random_smiles
from .examples import KINDS, Example
from .objectives import WordLoss as WordLoss

EARLIER = "earlier.json"
"""What a run's folder says about the run it started from."""
ESM_TOKENS = ["<cls>", "<pad>", "<eos>", "<unk>", *"LAGVSERTIDPKQNFYMHWCXBUZO.-", "<null_1>", "<mask>"]
"""The alphabet of ESM-2 in id order (Lin et al., 2023)."""
ESM_FORM = {
    "model_type": "esm",
    "vocab_size": len(ESM_TOKENS),
    "pad_token_id": ESM_TOKENS.index("<pad>"),
    "mask_token_id": ESM_TOKENS.index("<mask>"),
    "position_embedding_type": "rotary",
    "emb_layer_norm_before": False,
    "token_dropout": True,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "layer_norm_eps": 1e-5,
}
"""What makes an ESM configuration an ESM-2; a recipe states the sizes."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run; read from a JSON file (``configs/mini.json``)."""

    name: str
    revision: str
    seed: int
    vocabulary: int
    """number of SentencePiece pieces"""
    prompt_style: str
    max_residues: int
    """proteins are cropped to this many residues, from the N-terminus"""
    epochs: dict[str, int]
    """how often an example of each kind is seen"""
    at_most: dict[str, int]
    """training examples kept of a kind; those that come first by hash"""
    random_smiles: float
    """share of repeated molecules that are written from a random atom on"""
    batch_tokens: int
    """estimated padded positions of one batch"""
    learning_rate: float
    warmup_steps: int
    weight_decay: float
    save_steps: int
    word_weight: float
    """weight of the loss that ties the encoders to the answers' words"""
    encoder_steps: int
    """steps at the beginning in which the encoders learn alone, by that loss"""
    text: dict[str, Any]
    molecule: dict[str, Any]
    protein: dict[str, Any]
    max_grad_norm: float = 1.0
    bf16: bool = True

    @classmethod
    def load(cls, file: Path) -> "Recipe":
        """Read a recipe from JSON; unknown and missing keys are errors."""
        return cls(**json.loads(file.read_text(encoding="utf-8")))

    def once(self) -> "Recipe":
        """Return the recipe for held-out examples: each once, at most 150 molecules and 50 of a protein kind."""
        at_most = {kind: 150 if kind == "description" else 50 for kind in self.epochs}
        return replace(self, epochs=dict.fromkeys(self.epochs, 1), at_most=at_most)


def build_processor(recipe: Recipe, tokenizer_file: Path) -> BioMedGPTProcessor:
    """Return the processor of a recipe's prompt style around a trained vocabulary."""
    with tempfile.TemporaryDirectory() as folder:
        vocabulary = Path(folder) / "vocab.txt"
        vocabulary.write_text("\n".join(ESM_TOKENS), encoding="utf-8")
        protein_tokenizer = EsmTokenizer(str(vocabulary))
    return BioMedGPTProcessor(
        SentencePieceTokenizer(str(tokenizer_file)),
        protein_tokenizer,
        prompt_style=recipe.prompt_style,
        max_protein_tokens=recipe.max_residues + 2,
    )


def build_model(recipe: Recipe, processor: BioMedGPTProcessor) -> BioMedGPTForConditionalGeneration:
    """Return a model with random weights drawn from the recipe's seed."""
    torch.manual_seed(recipe.seed)
    config = BioMedGPTConfig(
        text_config={
            "model_type": "llama",
            "vocab_size": len(processor.tokenizer),
            "bos_token_id": processor.tokenizer.bos_token_id,
            "eos_token_id": processor.tokenizer.eos_token_id,
            "pad_token_id": processor.tokenizer.pad_token_id,
            **recipe.text,
        },
        molecule_config=recipe.molecule,
        protein_config={**ESM_FORM, **recipe.protein},
    )
    model = BioMedGPTForConditionalGeneration(config)
    # Residues must outweigh what the first layers add to all alike, or small encoders learn to ignore them: with the
    # usual 0.02 the protein encoder ended up giving every sequence the same vectors.
    residues = model.protein_encoder.embeddings.word_embeddings
    torch.nn.init.normal_(residues.weight)
    residues.weight.data[residues.padding_idx].zero_()
    return model


def start_from(model: BioMedGPTForConditionalGeneration, folder: Path, output: Path) -> None:
    """Take over all weights of an earlier run's checkpoint but those of the protein encoder, and note its length."""
    state = json.loads((folder / "trainer_state.json").read_text(encoding="utf-8"))
    note = {"earlier_steps": state["global_step"], "earlier_tokens": state["num_input_tokens_seen"]}
    (output / EARLIER).write_text(json.dumps(note) + "\n", encoding="utf-8")
    earlier = BioMedGPTForConditionalGeneration.from_pretrained(folder)
    for part in ("language_model", "molecule_encoder", "molecule_projection"):
        getattr(model, part).load_state_dict(getattr(earlier, part).state_dict())


def select(examples: Sequence[Example], recipe: Recipe) -> list[Example]:
    """Thin kinds to ``recipe.at_most``, crop proteins and repeat examples for their epochs."""
    chosen: list[Example] = []
    for kind in recipe.epochs:
        pool = sorted((one for one in examples if one.kind == kind), key=draw)[: recipe.at_most.get(kind)]
        for one in pool:
            one = replace(one, sequence=one.sequence[: recipe.max_residues])
            chosen += [one] + [_repeated(one, epoch, recipe) for epoch in range(1, recipe.epochs[kind])]
    return chosen


def draw(example: Example) -> bytes:
    """Return a key that sorts examples in an order of chance that never changes."""
    return hashlib.sha256((example.kind + example.smiles + example.sequence + example.answer).encode()).digest()


def _repeated(example: Example, epoch: int, recipe: Recipe) -> Example:
    if not example.smiles or _chance(f"{recipe.seed} {epoch} {example.smiles}") >= recipe.random_smiles:
        return example
    return replace(example, smiles=random_smiles(example.smiles, seed=recipe.seed * 1000 + epoch))


def _chance(text: str) -> float:
    """Return a number in [0, 1) drawn by the hash of ``text``."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32


def estimated_positions(example: Example) -> int:
    """Return roughly how many positions an example takes: slots, answer and fixed words."""
    slots = len(example.sequence) + 2 if example.sequence else sum(map(str.isalpha, example.smiles))
    return slots + len(example.answer) // 3 + 25


class TokenBatches(Dataset[list[Example]]):
    """Whole batches of examples of similar length, at most ``tokens`` padded positions each.

    One item is one batch, so the Trainer's own shuffling and resuming apply to batches.
    """

    def __init__(self, examples: Sequence[Example], tokens: int, seed: int) -> None:
        shuffled = list(examples)
        random.Random(seed).shuffle(shuffled)  # noqa: S311 (no secret)
        self.batches: list[list[Example]] = []
        for start in range(0, len(shuffled), 2048):
            chunk = sorted(shuffled[start : start + 2048], key=estimated_positions)
            batch: list[Example] = []
            for example in chunk:
                if batch and (len(batch) + 1) * estimated_positions(example) > tokens:
                    self.batches.append(batch)
                    batch = []
                batch.append(example)
            self.batches.append(batch)

    def __len__(self) -> int:
        """Number of batches."""
        return len(self.batches)

    def __getitem__(self, index: int) -> list[Example]:
        """Return one batch of examples."""
        return self.batches[index]


@dataclass(frozen=True)
class Collator:
    """Turn one batch of examples into tensors; the loss is on the answers only."""

    processor: BioMedGPTProcessor

    def __call__(self, features: list[list[Example]]) -> dict[str, torch.Tensor]:
        """Return the model's inputs for ``features`` (one item of :class:`TokenBatches` each)."""
        examples = [example for batch in features for example in batch]
        inputs = self.processor(
            [as_messages(example) for example in examples],
            answers=[example.answer for example in examples],
            padding_side="right",
        )
        return {**inputs, "kinds": torch.tensor([KINDS.index(example.kind) for example in examples])}


def as_messages(example: Example) -> list[dict[str, Any]]:
    """Return the conversation that asks an example's question about its structure."""
    smiles = [example.smiles] if example.smiles else []
    sequences = [example.sequence] if example.sequence else []
    return [user_message(example.question, smiles=smiles, sequences=sequences)]


@dataclass
class JsonLog(TrainerCallback):
    """Append what the Trainer logs to a JSON-lines file, with the time of day."""

    file: Path
    started: float = field(default_factory=time.time)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Write one line."""
        line = {"step": state.global_step, "seconds": round(time.time() - self.started, 1), **(logs or {})}
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


class StructureTrainer(Trainer):
    """The library's Trainer with :class:`WordLoss` added in training, and a schedule that can end by the clock.

    Args:
        recipe: Says for how many steps the encoders learn alone, and the weight of the word loss after that.
        word_loss: The added loss.
        minutes: The learning rate has decayed and training stops after this time; None for no limit.
        **kwargs: Everything ``Trainer`` takes.
    """

    def __init__(self, *, recipe: Recipe, word_loss: WordLoss, minutes: float | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.recipe, self.word_loss = recipe, word_loss
        self.clock = Clock(minutes)
        self.add_callback(self.clock)

    def compute_loss(
        self, model: Any, inputs: dict[str, Tensor | Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Tensor | tuple[Tensor, Any]:
        """Return the loss on the answers, in training with the weighted word loss; at first the word loss alone."""
        inputs = dict(inputs)
        kinds, labels, mask = inputs.pop("kinds"), inputs.pop("labels"), inputs.pop("attention_mask")
        with self.compute_loss_context_manager(), self.accelerator.autocast():
            embeds = model.embed(**inputs)
            table = model.get_input_embeddings().weight
            words = self.word_loss(embeds, inputs["input_ids"], labels, kinds, table) if model.training else 0.0
            if model.training and self.state.global_step < self.recipe.encoder_steps:
                return cast(Tensor, words)
            outputs = model(inputs_embeds=embeds, attention_mask=mask, labels=labels)
            loss = cast(Tensor, outputs.loss + self.recipe.word_weight * words)
        return (loss, outputs) if return_outputs else loss

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """Return warm-up and half a cosine, over the steps or over the minutes, whichever is over first."""
        warmup, least = self.args.warmup_steps, 0.02

        def rate(step: int) -> float:
            done = max(step / num_training_steps, self.clock.progress(step / num_training_steps))
            return min(1.0, (step + 1) / warmup) * (
                least + (1 - least) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
            )

        self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(cast(Optimizer, optimizer or self.optimizer), rate)
        return self.lr_scheduler


class Clock(TrainerCallback):
    """Progress of a run by the clock, from where it was resumed to its last minute."""

    def __init__(self, minutes: float | None) -> None:
        self.minutes = minutes
        self.started = time.monotonic()
        self.first = 0.0

    def progress(self, steps_done: float) -> float:
        """Return the share of the run that is over by the clock (0 without a time limit)."""
        if self.minutes is None:
            return 0.0
        share = (time.monotonic() - self.started) / (60 * self.minutes)
        return self.first + (1 - self.first) * share

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Start the clock at the step that was resumed."""
        self.started, self.first = time.monotonic(), state.global_step / state.max_steps

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Save and stop when the time is over."""
        if self.minutes is not None and time.monotonic() - self.started > 60 * self.minutes:
            control.should_save = control.should_training_stop = True


def arguments(recipe: Recipe, output: Path, max_steps: int) -> TrainingArguments:
    """Return the Trainer's settings for a recipe and a number of steps."""
    return TrainingArguments(
        output_dir=str(output),
        use_cpu=not torch.cuda.is_available(),
        bf16=recipe.bf16,
        per_device_train_batch_size=1,
        per_device_eval_batch_size=1,
        max_steps=max_steps,
        learning_rate=recipe.learning_rate,
        warmup_steps=recipe.warmup_steps,
        weight_decay=recipe.weight_decay,
        adam_beta1=0.9,
        adam_beta2=0.95,
        max_grad_norm=recipe.max_grad_norm,
        logging_steps=20,
        eval_strategy="steps",
        eval_steps=2 * recipe.save_steps,
        save_steps=recipe.save_steps,
        save_total_limit=2,
        prediction_loss_only=True,
        remove_unused_columns=False,
        include_num_input_tokens_seen="non_padding",
        dataloader_num_workers=0,
        disable_tqdm=True,
        report_to="none",
        seed=recipe.seed,
    )


def train(
    recipe: Recipe,
    model: BioMedGPTForConditionalGeneration,
    processor: BioMedGPTProcessor,
    examples: Sequence[Example],
    dev: Sequence[Example],
    output: Path,
    max_steps: int = -1,
    minutes: float | None = None,
) -> Trainer:
    """Train, resuming from the last checkpoint under ``output`` if there is one.

    Args:
        recipe: The settings.
        model: The model to train, changed in place.
        processor: Renders and featurizes the examples.
        examples: Training examples, already selected and repeated.
        dev: Held-out examples; their loss is logged by modality.
        output: Folder for checkpoints and ``log.jsonl``.
        max_steps: Stop after this many steps, with the schedule fitted to them; -1 for the encoders' steps and one
            pass over the batches.
        minutes: Stop after this time, with the schedule fitted to it.

    Returns:
        The Trainer after training.
    """
    output.mkdir(parents=True, exist_ok=True)
    held_out = {
        "molecule": TokenBatches([one for one in dev if one.smiles], recipe.batch_tokens, recipe.seed),
        "protein": TokenBatches([one for one in dev if one.sequence], recipe.batch_tokens, recipe.seed),
    }
    batches = TokenBatches(examples, recipe.batch_tokens, recipe.seed)
    steps = max_steps if max_steps > 0 else recipe.encoder_steps + len(batches)
    trainer = StructureTrainer(
        recipe=recipe,
        word_loss=WordLoss(processor, examples, model.config.text_config.vocab_size),
        minutes=minutes,
        model=model,
        args=arguments(recipe, output, steps),
        train_dataset=batches,
        eval_dataset=held_out,
        data_collator=Collator(processor),
        callbacks=[JsonLog(output / "log.jsonl")],
    )
    trainer.train(resume_from_checkpoint=any(output.glob("checkpoint-*")) or None)
    return trainer
