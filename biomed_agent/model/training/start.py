"""The model a recipe begins with: a checkpoint folder, weights drawn at random, or both."""

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from biomed_agent.core.errors import CheckpointError, InvalidInput
from biomed_agent.core.progress import ReportLine
from biomed_agent.model.checkpoints.checkpoint import load_checkpoint, special_ids
from biomed_agent.model.contract.manifest import MANIFEST, read_manifest
from biomed_agent.model.data.examples import KINDS, Example
from biomed_agent.model.network.configuration import MODALITIES, BioMedGPTConfig
from biomed_agent.model.network.modeling import BioMedGPTForConditionalGeneration
from biomed_agent.model.network.processing import BioMedGPTProcessor, esm_tokenizer
from biomed_agent.model.network.tokenizer import SentencePieceTokenizer
from biomed_agent.model.training.recipe import Recipe, Sizes
from biomed_agent.model.training.trainer import is_first
from biomed_agent.model.training.vocabulary import train_vocabulary

TOKENIZER, SAVED = "tokenizer.model", "sentencepiece.model"
"""What the vocabulary is called in a language model's folder, and in a checkpoint folder."""
PARTS = ("language_model", "molecule_encoder", "protein_encoder", "molecule_projection", "protein_projection")


def begin(
    recipe: Recipe, output: Path, texts: Iterable[str], report: ReportLine, dtype: torch.dtype = torch.float32
) -> tuple[BioMedGPTForConditionalGeneration, BioMedGPTProcessor]:
    """Return the model before the first stage, and its processor; the same each time.

    Args:
        recipe: The recipe.
        output: The run's folder; a vocabulary that is trained for the recipe is kept there.
        texts: What such a vocabulary is to spell.
        report: Told what is done.
        dtype: Of language model and protein encoder when they are loaded from ``recipe.start``.

    Raises:
        InvalidInput: The recipe states neither a start nor a model.
        CheckpointError: The start cannot be loaded.
    """
    refuse_no_start(recipe)
    start = Path(recipe.start) if recipe.start else None
    if start is not None and recipe.model is None:
        model, processor, _ = load_checkpoint(start, dtype=dtype)
        if missing := set(MODALITIES).difference(model.config.modalities):
            raise CheckpointError(
                f"{start} has no encoder for {'s and '.join(sorted(missing))}s; {recipe.name!r} trains a whole model.",
                "Import the language model beside a graph encoder and an ESM-2; see docs/weights.md.",
            )
        return model, processor
    assert recipe.model is not None  # noqa: S101 (refuse_no_start)
    theirs = [start / name for name in (TOKENIZER, SAVED) if (start / name).is_file()] if start else []
    vocabulary = theirs[0] if theirs else output / TOKENIZER
    if not vocabulary.exists() and is_first():
        report(f"training a vocabulary of {recipe.model.vocabulary:,} pieces")
        partial = vocabulary.with_name(f"{TOKENIZER}.partial")
        train_vocabulary(texts, recipe.model.vocabulary, partial)
        partial.rename(vocabulary)
    while not vocabulary.exists():  # the first process makes it
        time.sleep(1)
    processor = build_processor(recipe.model, vocabulary)
    model = build_model(recipe.model, processor, recipe.seed)
    if start is not None:
        taken = take_parts(model, start)
        report(f"taken from {start}: {', '.join(taken)}; drawn at random: {', '.join(set(PARTS) - {*taken}) or 'none'}")
    return model, processor


def refuse_no_start(recipe: Recipe) -> None:
    """Find out early that there is nothing to train.

    Raises:
        InvalidInput: The recipe states neither a start nor a model.
        CheckpointError: The start is no checkpoint folder.
    """
    if recipe.model is None:
        if recipe.start is None:
            raise InvalidInput(
                f"the recipe {recipe.name!r} has neither a start nor a model.",
                "Give the checkpoint folder to train with --start, or state sizes in the recipe.",
            )
        read_manifest(recipe.start)


def vocabulary_texts(examples: Iterable[Example]) -> Iterable[str]:
    """Yield the texts a vocabulary is trained on: questions with the words around them, and the answers."""
    asked: set[str] = set()
    for example in examples:
        if example.question not in asked:
            asked.add(example.question)
            prompts = [f"Human: <molecule></molecule> {example.question} ### Assistant:"]
            yield from [*prompts, f"<protein></protein> {example.question}"] * (50 if len(asked) <= len(KINDS) else 1)
        yield example.answer


def build_processor(sizes: Sizes, tokenizer_file: Path) -> BioMedGPTProcessor:
    """Return the processor of a recipe's prompt style around a trained vocabulary."""
    return BioMedGPTProcessor(
        SentencePieceTokenizer(str(tokenizer_file)),
        esm_tokenizer(),
        prompt_style=sizes.prompt_style,
        max_protein_tokens=sizes.max_residues + 2,
    )


def build_model(sizes: Sizes, processor: BioMedGPTProcessor, seed: int) -> BioMedGPTForConditionalGeneration:
    """Return a model with random weights drawn from a seed."""
    torch.manual_seed(seed)
    text = {"model_type": "llama", "vocab_size": len(processor.tokenizer), **special_ids(processor), **sizes.text}
    config = BioMedGPTConfig(text_config=text, molecule_config=sizes.molecule, protein_config=sizes.protein)
    model = BioMedGPTForConditionalGeneration(config)
    # Residues must outweigh what the first layers add to all alike, or small encoders learn to ignore them: with the
    # usual 0.02 the protein encoder ended up giving every sequence the same vectors.
    residues = model.protein_encoder.embeddings.word_embeddings
    torch.nn.init.normal_(residues.weight)
    residues.weight.data[residues.padding_idx].zero_()
    return model


def take_parts(model: BioMedGPTForConditionalGeneration, start: Path) -> list[str]:
    """Take over whole parts of the same sizes from a checkpoint folder, or from a language model's.

    Returns:
        Names of the parts taken over.

    Raises:
        CheckpointError: Nothing fits, or ``start`` is no such folder.
    """
    if (start / MANIFEST).is_file():
        whole, _, _ = load_checkpoint(start)
        parts: dict[str, Any] = {part: module for part in PARTS if (module := getattr(whole, part)) is not None}
    else:
        parts = {"language_model": _language_model(start)}
    taken = []
    for part, module in parts.items():
        own, weights = getattr(model, part).state_dict(), module.state_dict()
        if {name: tensor.shape for name, tensor in own.items()} == {
            name: tensor.shape for name, tensor in weights.items()
        }:
            getattr(model, part).load_state_dict(weights)
            taken.append(part)
    if not taken:
        raise CheckpointError(f"no part of {start} has the sizes the recipe states.", "Leave out start or model.")
    return taken


def _language_model(start: Path) -> torch.nn.Module:
    try:
        json.loads((start / "config.json").read_text(encoding="utf-8"))
        model: torch.nn.Module = AutoModelForCausalLM.from_pretrained(start, dtype=torch.float32)
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{start} is neither a checkpoint folder nor a language model's ({error}).",
            "Give a folder with a manifest.json, or one with a language model's config.json and weights.",
        ) from error
    return model
