"""``python -m biomed_agent.model.training.publish RUN --data DIR --output FOLDER``: score a run and write its folder.

Rounds the last checkpoint's weights to bfloat16, scores exactly those, and writes the checkpoint folder with its
manifest and model card. A question kind is listed as trained only if the model uses the structure for it.
"""

import argparse
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import GenerationConfig

from biomed_agent.model.checkpoint import save_checkpoint
from biomed_agent.model.modeling import BioMedGPTForConditionalGeneration
from biomed_agent.model.processing import BioMedGPTProcessor

from .align import restore, stage_folder
from .data import PROTEIN_LICENCES, build
from .evaluate import CHEBI20, CHEBI20_ROWS, MAX_NEW_TOKENS, Scores, score_all, table, write_replies
from .recipe import ANSWERS, Recipe
from .run import finished

MOLECULE_LICENCES = {
    "chebi20/validation": "ChEBI, CC BY 4.0 (texts of ChEBI-20's validation split)",
    "chebi20/train_partial": "ChEBI, CC BY 4.0 (texts of ChEBI-20's training split)",
    "chebi_defs/all": "ChEBI, CC BY 4.0",
    "aro/all": "Antibiotic Resistance Ontology, CC BY 4.0",
}
LICENCE = "CC-BY-4.0; see LICENSE-WEIGHTS for the attributions"
MINI_KEYS = {"demonstration": True, "licence": LICENCE, "dtype": "bfloat16"}


def load_run(recipe: Recipe, run: Path) -> tuple[BioMedGPTForConditionalGeneration, BioMedGPTProcessor, dict[str, Any]]:
    """Return model (weights rounded to bfloat16), processor, and steps and tokens of a run that is over."""
    model, processor = restore(recipe, run)
    model.eval()
    for name, parameter in model.named_parameters():
        if "batch_norm" not in name:
            parameter.data = parameter.data.bfloat16().float()
    tokenizer = processor.tokenizer
    model.generation_config = GenerationConfig(
        max_new_tokens=MAX_NEW_TOKENS,
        do_sample=False,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    notes = [finished(stage_folder(recipe, run, number)) or {} for number in range(len(recipe.stages))]
    state = {
        "tokens": sum(note["tokens"] for note in notes),
        "steps": sum(note["steps"] for note in notes),
        "encoder_steps": sum(
            note["steps"] for note, stage in zip(notes, recipe.stages, strict=True) if ANSWERS not in stage.weights
        ),
    }
    return model, processor, state


def to_bfloat16(model: nn.Module) -> None:
    """Store weights as bfloat16; batch norm keeps float32, its statistics span orders of magnitude."""
    for module in model.modules():
        if not isinstance(module, nn.BatchNorm1d):
            for parameter in module.parameters(recurse=False):
                parameter.data = parameter.data.to(torch.bfloat16)


def manifest(recipe: Recipe, scores: Mapping[str, Scores], state: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the manifest says beside digests and sizes."""
    kinds = {kind: asdict(one) for kind, one in scores.items() if kind != CHEBI20 and one.uses_structure}
    return {
        "name": recipe.name,
        "revision": recipe.revision,
        "source": "trained from scratch with biomed_agent.model.training, recipe configs/mini.json",
        "kinds": kinds,
        "not_trained": sorted(kind for kind, one in scores.items() if kind != CHEBI20 and not one.uses_structure),
        "other_scores": {CHEBI20: asdict(scores[CHEBI20])} if CHEBI20 in scores else {},
        "tokens_seen": int(state["tokens"]),
        "steps": int(state["steps"]),
        "encoder_steps": int(state["encoder_steps"]),
        **MINI_KEYS,
    }


def source_table(kept: Mapping[str, int]) -> str:
    """Return the sources with licence and number of examples as a Markdown table.

    A protein merged from several sources counts for each of them.
    """
    counts: Counter[str] = Counter()
    for key, number in kept.items():
        for source in key.split(" | ")[0].split(", "):
            counts[source] += number
    licences = MOLECULE_LICENCES | PROTEIN_LICENCES
    lines = ["| source | terms | examples |", "| --- | --- | --- |"]
    return "\n".join(lines + [f"| `{source}` | {licences[source]} | {n:,} |" for source, n in counts.most_common()])


def dropped_table(dropped: Mapping[str, int]) -> str:
    """Return why rows were left out, and how many, as a Markdown table."""
    lines = ["| source | reason | rows |", "| --- | --- | --- |"]
    rows = sorted(dropped.items(), key=lambda item: -item[1])
    return "\n".join(lines + [f"| `{key.split(' | ')[0]}` | {key.split(' | ')[1]} | {n:,} |" for key, n in rows])


def card(recipe: Recipe, described: Mapping[str, Any], counts: Mapping[str, Any], scores: Mapping[str, Scores]) -> str:
    """Return the model card."""
    template = Path(__file__).with_name("card.md").read_text(encoding="utf-8")
    values = {
        "name": recipe.name,
        "revision": recipe.revision,
        "tokens": f"{described['tokens_seen'] / 1e6:.1f} million",
        "steps": f"{described['steps']:,}",
        "encoder_steps": f"{described['encoder_steps']:,}",
        "kinds": ", ".join(described["kinds"]) or "none",
        "not_trained": ", ".join(described["not_trained"]) or "none",
        "scores": table(scores),
        "chebi20_rows": str(CHEBI20_ROWS),
        "sources": source_table(counts["kept"]),
        "dropped": dropped_table(counts["dropped"]),
        "residues": str(recipe.model.max_residues if recipe.model else ""),
    }
    for key, value in values.items():
        template = template.replace("{{" + key + "}}", value)
    return template


def main() -> None:
    """Score the run's last checkpoint and write the folder."""
    parser = argparse.ArgumentParser(prog="python -m biomed_agent.model.training.publish", description=__doc__)
    parser.add_argument("run", type=Path, help="folder the training wrote")
    parser.add_argument("--config", type=Path, default=Path(__file__).parent / "configs/mini.json")
    parser.add_argument("--data", type=Path, required=True, help="folder with mol_text/ and protein_text/")
    parser.add_argument("--output", type=Path, required=True, help="checkpoint folder to write; must not exist")
    options = parser.parse_args()
    recipe = Recipe.load(options.config)
    model, processor, state = load_run(recipe, options.run)
    scores, replies = score_all(model, processor, options.data)
    write_replies(replies, options.run / "replies.jsonl")
    described = manifest(recipe, scores, state)
    corpus = build(options.data)
    counts = {"kept": corpus.kept, "dropped": corpus.dropped}
    to_bfloat16(model)
    save_checkpoint(model, processor, options.output, described, card(recipe, described, counts, scores))


if __name__ == "__main__":
    main()
