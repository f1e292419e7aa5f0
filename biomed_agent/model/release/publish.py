"""``python -m biomed_agent.model.release.publish RUN --data DIR --output FOLDER``: score a run and write its folder.

Rounds the weights a run left to bfloat16, scores exactly those beside controls and baselines, and writes the
checkpoint folder with its manifest and model card, and the reports in ``FOLDER-scores``. A question kind is offered
only if its held-out score says so (:attr:`~biomed_agent.model.evaluation.results.Scores.why_not_offered`).
"""

import argparse
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import GenerationConfig

from biomed_agent.core.errors import CheckpointError
from biomed_agent.core.types import ModelStamp
from biomed_agent.model.checkpoints.checkpoint import load_checkpoint, save_checkpoint, special_ids
from biomed_agent.model.contract.generation import options_for
from biomed_agent.model.contract.manifest import read_manifest
from biomed_agent.model.evaluation import report, results, tables
from biomed_agent.model.evaluation.evaluate import Evaluation, EvaluationSettings, decoding_words, evaluate
from biomed_agent.model.evaluation.results import Scores
from biomed_agent.model.evaluation.tasks import task_named
from biomed_agent.model.evaluation.workers import loaded
from biomed_agent.model.local import LocalModel
from biomed_agent.model.network.modeling import BioMedGPTForConditionalGeneration
from biomed_agent.model.network.processing import BioMedGPTProcessor
from biomed_agent.model.release import auxiliary
from biomed_agent.model.release.heldout import CHEBI20, MOLECULES, PROTEINS, rows_by_table
from biomed_agent.model.release.mini import IN_A_TEST, PROTEIN_LICENCES, Corpus, build
from biomed_agent.model.training.align import restore, stage_folder
from biomed_agent.model.training.recipe import ANSWERS, Recipe
from biomed_agent.model.training.trainer import finished

MOLECULE_LICENCES = {
    "chebi20/validation": "ChEBI, CC BY 4.0 (texts of ChEBI-20's validation split)",
    "chebi20/train_partial": "ChEBI, CC BY 4.0 (texts of ChEBI-20's training split)",
    "chebi_defs/all": "ChEBI, CC BY 4.0",
    "aro/all": "Antibiotic Resistance Ontology, CC BY 4.0",
    **auxiliary.LICENCES,
}
LICENCE = "CC-BY-4.0; see LICENSE-WEIGHTS for the attributions"
MAX_NEW_TOKENS = 120
DECODING = {"max_new_tokens": MAX_NEW_TOKENS, "mbr_samples": 16, "temperature": 0.5, "seed": 0}
"""Of sixteen samples the one the others agree with; chosen on the held-out rows (``docs/runs.md``)."""
DECODING_BY_KIND = {"description": {"temperature": 0.7}}
"""What differs by kind of question."""
SHOWN_METRICS = frozenset({"ROUGE-L", "BLEU-4 (words)", "class", "exact match", "loss (nats per token)"})
"""Columns of the card's tables; the reports have all."""


@dataclass(frozen=True)
class History:
    """How a model came about, in numbers."""

    tokens: int
    """positions seen: text tokens, atoms and residues"""
    steps: int
    encoder_steps: int
    """of which trained the encoders alone"""
    before: str = ""
    """what the run began with, and what that had seen"""


@dataclass(frozen=True)
class Scored:
    """The evaluations of one model."""

    evaluations: Mapping[str, Evaluation]
    """by table: :data:`.heldout.MOLECULES`, :data:`.heldout.PROTEINS` and :data:`.heldout.CHEBI20`"""

    def kinds(self) -> dict[str, list[tuple[str, Scores]]]:
        """Return the scores of every kind of question, each with its table; the largest table first."""
        by_kind: dict[str, list[tuple[str, Scores]]] = {}
        for table, evaluation in self.evaluations.items():
            for kind, scores in evaluation.scores().items():
                if kind != "all":
                    by_kind.setdefault(kind, []).append((table, scores))
        return {kind: sorted(tables, key=lambda entry: -entry[1].n) for kind, tables in by_kind.items()}

    def cut(self) -> float:
        """Return the share of the official test's answers that reached the limit of tokens."""
        (section,) = self.evaluations[CHEBI20].report["sections"]
        (own,) = [system for system in section["systems"] if system["name"] == results.MODEL]
        return float(own["answers_cut"] / section["examples"])

    def tables(self, name: str) -> str:
        """Return what each system scored in one evaluation; :data:`SHOWN_METRICS` columns only."""
        text = []
        for section in self.evaluations[name].report["sections"]:
            if section["kind"] == "all":
                continue
            header, rows = tables.score_rows(section)
            columns = [0, *(number for number, title in enumerate(header) if title in SHOWN_METRICS)]
            header[0] = f"{section['kind']}, {header[0]}"
            text.append(report.table([header[n] for n in columns], [[row[n] for n in columns] for row in rows]))
        return "\n\n".join(text)


def history(recipe: Recipe, run: Path) -> History:
    """Return how the model of a run that is over came about, what it began with included."""
    notes = [finished(stage_folder(recipe, run, number)) or {} for number in range(len(recipe.stages))]
    alone = [note["steps"] for note, stage in zip(notes, recipe.stages, strict=True) if ANSWERS not in stage.weights]
    tokens, steps = sum(note["tokens"] for note in notes), sum(note["steps"] for note in notes)
    if recipe.start is None:
        return History(tokens, steps, sum(alone))
    start = read_manifest(recipe.start)
    before = (
        f"Of these, {start['tokens_seen'] / 1e6:.1f} million positions in {start['steps']:,} steps are those of "
        f"{start['revision']}, from which {recipe.revision} continued."
    )
    encoders = start.get("encoder_steps", 0) + sum(alone)
    return History(start["tokens_seen"] + tokens, start["steps"] + steps, encoders, before)


def to_bfloat16(model: nn.Module) -> None:
    """Store weights as bfloat16; batch norm keeps float32, its statistics span orders of magnitude."""
    for module in model.modules():
        if not isinstance(module, nn.BatchNorm1d):
            for parameter in module.parameters(recurse=False):
                parameter.data = parameter.data.to(torch.bfloat16)


def score(folder: Path, corpus: Corpus, data: Path, output: Path, processes: int = 1) -> Scored:
    """Score a checkpoint folder on the held-out fold and the official test; write the reports to ``output``.

    Args:
        folder: The checkpoint folder.
        corpus: Examples trained on and held out.
        data: Folder with the official test files.
        output: A folder for each evaluation; answers that are filed there are not asked for again.
        processes: How many ask the model at a time.
    """
    model = loaded(LocalModel(folder), processes)
    settings = EvaluationSettings(controls=True, max_new_tokens=MAX_NEW_TOKENS)
    evaluations = {}
    for name, questions in rows_by_table(corpus, data).items():
        evaluations[name] = evaluate(
            task_named(questions.task),
            model,
            questions.rows,
            train=questions.train,
            settings=settings,
            output=output / name,
            resume=True,
        )
        report.write(evaluations[name], output / name)
    return Scored(evaluations)


def origin(recipe: Recipe) -> dict[str, str]:
    """Return what the manifest says of where a model comes from."""
    return {
        "name": recipe.name,
        "revision": recipe.revision,
        "source": f"trained with biomed_agent.model.training, recipe {recipe.name} {recipe.revision}",
        "recipe": replace(recipe, start=None).digest,  # wherever the start lay
    }


def manifest(about: Mapping[str, str], scored: Scored | None, seen: History) -> dict[str, Any]:
    """Return what the manifest says beside digests and sizes; without scores all is yet to be measured."""
    kinds = scored.kinds() if scored else {}
    decided = {kind: {"table": tables[0][0], **asdict(tables[0][1])} for kind, tables in kinds.items()}
    reasons = {kind: tables[0][1].why_not_offered for kind, tables in kinds.items()}
    return {
        **about,
        "kinds": {kind: entry for kind, entry in decided.items() if not reasons[kind]},
        "not_offered": {kind: {"why": why, **decided[kind]} for kind, why in reasons.items() if why},
        "other_scores": {
            kind: {table: asdict(scores) for table, scores in tables[1:]}
            for kind, tables in kinds.items()
            if tables[1:]
        },
        "tokens_seen": seen.tokens,
        "steps": seen.steps,
        "encoder_steps": seen.encoder_steps,
        "decoding": DECODING,
        "decoding_by_kind": DECODING_BY_KIND,
        "demonstration": True,
        "licence": LICENCE,
        "dtype": "bfloat16",
    }


def source_table(rows_by_source: Mapping[str, int]) -> str:
    """Return the sources with licence and number of examples as a Markdown table.

    A protein merged from several sources counts for each of them.
    """
    counts: Counter[str] = Counter()
    for key, number in rows_by_source.items():
        for source in key.split(" | ")[0].split(", "):
            counts[source] += number
    licences = MOLECULE_LICENCES | PROTEIN_LICENCES
    rows = [[f"`{source}`", licences[source], f"{number:,}"] for source, number in counts.most_common()]
    return report.table(["source", "terms", "examples"], rows)


def dropped_table(dropped: Mapping[str, int]) -> str:
    """Return why rows were left out, and how many, as a Markdown table."""
    rows = []
    for key, number in sorted(dropped.items(), key=lambda item: -item[1]):
        source, reason = key.split(" | ")
        rows.append([f"`{source}`", reason, f"{number:,}"])
    return report.table(["source", "reason", "rows"], rows)


def card(described: Mapping[str, Any], seen: History, corpus: Corpus, scored: Scored, residues: int) -> str:
    """Return the model card; proteins are read up to ``residues``."""
    template = Path(__file__).with_name("card.md").read_text(encoding="utf-8")
    tested = sum(number for key, number in corpus.dropped.items() if key.endswith(IN_A_TEST))
    values = {
        "name": described["name"],
        "revision": described["revision"],
        "tokens": f"{seen.tokens / 1e6:.1f} million",
        "steps": f"{seen.steps:,}",
        "encoder_steps": f"{seen.encoder_steps:,}",
        "before": seen.before,
        "kinds": standings(described["kinds"]),
        "not_offered": standings(described["not_offered"]),
        "decoding": _decoding_words(described),
        "cut": f"{scored.cut():.0%}",
        "max_new_tokens": str(MAX_NEW_TOKENS),
        "residues": str(residues),
        "molecules": scored.tables(MOLECULES),
        "proteins": scored.tables(PROTEINS),
        "chebi20": scored.tables(CHEBI20),
        "sources": source_table(corpus.counts),
        "dropped": dropped_table(corpus.dropped),
        "tested": f"{tested:,}",
    }
    for key, value in values.items():
        template = template.replace("{{" + key + "}}", value)
    return template


def standings(kinds: Mapping[str, Mapping[str, Any]]) -> str:
    """Return one line of a list for each kind: its score beside the controls, and how the nearest neighbour stands."""
    lines = []
    for kind, entry in kinds.items():
        others = entry["others"]
        controls = ", ".join(f"{name} {others[name]['rouge_l']:.3f}" for name in results.CONTROLS if name in others)
        line = f"  - {kind}: ROUGE-L {entry['rouge_l']:.3f} on {entry['n']:,} rows; {controls}"
        if results.NEIGHBOUR in others:
            line += f"; {beside_neighbour(entry)}"
        lines.append(line + (f". Not offered: {entry['why']}" if entry.get("why") else ""))
    return "\n".join(lines) or "  - none"


def beside_neighbour(entry: Mapping[str, Any]) -> str:
    """Say how a kind's score stands against the answer of the most similar training structure."""
    neighbour = entry["others"][results.NEIGHBOUR]
    difference = entry["rouge_l"] - neighbour["rouge_l"]
    clear = abs(difference) > 2 * neighbour["error"]
    relation = ("above" if difference > 0 else "below") if clear else "about equal to"
    return f"{relation} the nearest neighbour's {neighbour['rouge_l']:.3f}"


def _decoding_words(described: Mapping[str, Any]) -> str:
    """Return how the manifest says that each kind of question is decoded, as lines of a list."""
    stamp = ModelStamp(
        described["name"], decoding=described["decoding"], decoding_by_kind=described["decoding_by_kind"]
    )
    kinds = sorted({*described["kinds"], *described["not_offered"]})
    words = decoding_words({kind: options_for(stamp, kind) for kind in kinds})
    return "\n".join(f"  - {part}" for part in words.split("; "))


def publish(
    about: Mapping[str, str],
    model: BioMedGPTForConditionalGeneration,
    processor: BioMedGPTProcessor,
    seen: History,
    data: Path,
    output: Path,
    processes: int = 1,
) -> Path:
    """Score a model and write its checkpoint folder.

    Args:
        about: Where it comes from, for the manifest.
        model: The model; its weights are rounded.
        processor: Its processor.
        seen: How it came about.
        data: Folder of the pooled texts and the official tests.
        output: The checkpoint folder; must not exist yet.
        processes: How many ask the model at a time.

    Returns:
        The folder.
    """
    ids = special_ids(processor)
    model.generation_config = GenerationConfig(max_new_tokens=MAX_NEW_TOKENS, do_sample=False, **ids)
    to_bfloat16(model.eval())
    scores, unscored = output.with_name(f"{output.name}-scores"), output.with_name(f"{output.name}-unscored")
    shutil.rmtree(unscored, ignore_errors=True)
    save_checkpoint(model, processor, unscored, manifest(about, None, seen), "")
    corpus = build(data)
    scored = score(unscored, corpus, data, scores, processes)
    described = manifest(about, scored, seen)
    residues = processor.max_protein_tokens - 2  # two are the marks of its ends
    save_checkpoint(model, processor, output, described, card(described, seen, corpus, scored, residues))
    shutil.rmtree(unscored)
    return output


def rescore(folder: Path, revision: str, data: Path, output: Path, processes: int = 1) -> Path:
    """Publish the weights of a checkpoint folder once more, asked as :data:`DECODING` says now.

    Args:
        folder: The checkpoint folder; it is only read.
        revision: What to call it from now on.
        data: As in :func:`publish`.
        output: As in :func:`publish`.
        processes: As in :func:`publish`.

    Returns:
        The folder.

    Raises:
        CheckpointError: It was not published by this module.
    """
    model, processor, before = load_checkpoint(folder)
    about = {key: before[key] for key in ("name", "source", "recipe") if key in before} | {"revision": revision}
    note = f"The weights are those of {before['revision']}; what has changed since is how they are asked."
    try:
        seen = History(before["tokens_seen"], before["steps"], before.get("encoder_steps", 0), note)
    except KeyError as error:
        raise CheckpointError(
            f"the manifest of {folder} does not state {error}, which the card of a release needs.",
            "Give a folder that this command published.",
        ) from error
    return publish(about, model, processor, seen, data, output, processes)


def main() -> None:
    """Publish what a run left, or once more what was published."""
    parser = argparse.ArgumentParser(prog="python -m biomed_agent.model.release.publish", description=__doc__)
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("run", type=Path, nargs="?", help="folder the training wrote")
    given.add_argument("--model", type=Path, help="checkpoint folder to score anew, because its decoding has changed")
    parser.add_argument("--revision", help="revision to publish --model as")
    parser.add_argument("--config", type=Path, help="recipe of the run (default: mini)")
    parser.add_argument("--start", type=Path, help="checkpoint folder the training was given to start from")
    parser.add_argument("--data", type=Path, required=True, help="folder with mol_text/ and protein_text/")
    parser.add_argument("--output", type=Path, required=True, help="checkpoint folder to write; must not exist")
    parser.add_argument("--processes", type=int, default=1, help="load the model so often to ask it (default 1)")
    options = parser.parse_args()
    if options.model:
        if not options.revision or options.config or options.start:
            parser.error("--model takes --revision, what to call it from now on, and neither --config nor --start")
        rescore(options.model, options.revision, options.data, options.output, options.processes)
        return
    if options.revision:
        parser.error("--revision goes with --model; that of a run stands in its recipe")
    recipe = Recipe.load(options.config or Path(__file__).parents[1] / "training/configs/mini.json")
    if options.start:
        recipe = replace(recipe, start=str(options.start.resolve()))
    model, processor = restore(recipe, options.run)
    seen = history(recipe, options.run)
    publish(origin(recipe), model, processor, seen, options.data, options.output, options.processes)


if __name__ == "__main__":
    main()
