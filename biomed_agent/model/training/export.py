"""Writes the checkpoint folder of a run that is over, with what it was trained for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from biomed_agent.core.errors import CheckpointError
from biomed_agent.core.version import __version__
from biomed_agent.model.checkpoints.adapter import merge_lora
from biomed_agent.model.checkpoints.checkpoint import save_adapter, save_checkpoint, special_ids
from biomed_agent.model.contract.manifest import read_manifest
from biomed_agent.model.network.modeling import BioMedGPTForConditionalGeneration
from biomed_agent.model.network.processing import BioMedGPTProcessor
from biomed_agent.model.training.batching import select_held_out
from biomed_agent.model.training.intake import Pairs
from biomed_agent.model.training.precision import PRECISION
from biomed_agent.model.training.recipe import ANSWERS, Recipe, Stage
from biomed_agent.model.training.trainer import listed, not_finite

CARD = """# {name} {revision}

Trained with `biomed-agent train align`, version {version}, {from_where}.

- Kinds it may be asked, with the loss on n held-out pairs in nats per answer token: {kinds}{unmeasured}
- Seen in training: {tokens:,} positions (text tokens, atoms and residues) in {steps:,} steps
- Recipe: SHA-256 {recipe}
- Terms: {licence}

| data | used for | examples | bad rows | SHA-256 |
| --- | --- | --- | --- | --- |
{files}

The held-out loss says that the answers have become likely, not that they are true: see `docs/training.md` for the
evaluation, which also says what the structure is worth.
"""


@dataclass(frozen=True)
class Trained:
    """A run that is over."""

    recipe: Recipe
    notes: Sequence[Mapping[str, Any]]
    """what each stage says of itself (:func:`.trainer.finished`)"""
    pairs: Pairs
    licence: str = ""

    @property
    def parts(self) -> list[str]:
        """Names of the modules that any stage trained as a whole."""
        return list(dict.fromkeys(name for stage in self.recipe.stages for name in stage.modules))

    @property
    def on_top(self) -> bool:
        """Whether the language model is that of the start, but for low-rank matrices of the last stage."""
        earlier = self.recipe.stages[:-1]
        changed = "language_model" in self.parts or any("lora" in stage.trains for stage in earlier)
        return self.recipe.start is not None and self.recipe.model is None and not changed

    def kinds(self) -> dict[str, dict[str, float]]:
        """Return the kinds that were trained and measured: held-out ``examples``, their ``loss``, pairs ``trained_on``.

        The loss is that of the last stage.
        """
        counts, recipe = self.pairs.counts(), self.recipe
        losses: Mapping[str, float] = self.notes[-1]["held_out"]
        measured = select_held_out(self.pairs.held_out, recipe.stages[-1], recipe.seed)
        return {
            kind: {"examples": len(some), "loss": round(losses[kind], 4), "trained_on": counts[kind]}
            for kind, some in measured.items()
            if kind in losses and kind in trained_kinds(recipe, self.pairs)
        }

    def manifest(self) -> dict[str, Any]:
        """Return what the manifest says beside digests and sizes."""
        kinds = self.kinds()
        base = read_manifest(self.recipe.start) if self.recipe.start and self.recipe.model is None else {}
        terms = [self.licence or "the terms of the training data apply", str(base.get("licence", ""))]
        return {
            "name": self.recipe.name,
            "revision": self.recipe.revision,
            "source": f"trained with biomed_agent.model.training.align {self.from_where}",
            "kinds": kinds,
            "not_measured": [kind for kind in trained_kinds(self.recipe, self.pairs) if kind not in kinds],
            "aligned": True,
            "licence": "; base: ".join(term for term in terms if term),
            "recipe": self.recipe.digest,
            "data": self.pairs.files,
            "tokens_seen": sum(int(note["tokens"]) for note in self.notes),
            "steps": sum(int(note["steps"]) for note in self.notes),
            PRECISION: {
                stage.name: note[PRECISION]
                for stage, note in zip(self.recipe.stages, self.notes, strict=True)
                if PRECISION in note  # older runs do not state it
            },
            **({"demonstration": True} if base.get("demonstration") else {}),
        }

    @property
    def from_where(self) -> str:
        """What training began with, in words."""
        if self.recipe.start is None:
            return "from scratch"
        folder = Path(self.recipe.start)
        try:
            base = read_manifest(folder)
        except CheckpointError:  # a language model's folder
            return f"from {folder.name}"
        return f"from {base['name']} ({base['revision']}), digest {base['digest'][:12]}"


def trained_kinds(recipe: Recipe, pairs: Pairs) -> list[str]:
    """Return the kinds whose answers a stage is trained on."""
    answered = [stage for stage in recipe.stages if ANSWERS in stage.weights]
    return [kind for kind in pairs.counts() if any(_trains_on(stage, kind) for stage in answered)]


def _trains_on(stage: Stage, kind: str) -> bool:
    return stage.repeats.get(kind, 0) > 0 if stage.repeats else True


def export(
    model: BioMedGPTForConditionalGeneration, processor: BioMedGPTProcessor, trained: Trained, folder: Path
) -> Path:
    """Write the checkpoint folder: only what was trained when that lies on top of another one, else everything.

    Args:
        model: The model after the last stage, low-rank matrices of that stage not merged.
        processor: Its processor.
        trained: What to state in manifest and card.
        folder: Where to write; must not exist yet.

    Raises:
        CheckpointError: Weights are no finite numbers; nothing is written.
    """
    if bad := not_finite(model.state_dict().items()):
        raise CheckpointError(
            f"weights of the trained model are no finite numbers in {listed(bad)}; {folder} is not written.",
            "Train again with a lower learning_rate or more warmup_steps.",
        )
    manifest = trained.manifest()
    card = card_of(trained, manifest)
    for name, index in special_ids(processor).items():
        setattr(model.generation_config, name, index)
    if trained.on_top and trained.recipe.start:
        return save_adapter(model, processor, folder, trained.parts, Path(trained.recipe.start), manifest, card)
    merge_lora(model)
    return save_checkpoint(model, processor, folder, manifest, card)


def card_of(trained: Trained, manifest: Mapping[str, Any]) -> str:
    """Return the model card."""
    kinds = [f"{kind} {scores['loss']} (n = {scores['examples']:,})" for kind, scores in manifest["kinds"].items()]
    unmeasured = ", ".join(manifest["not_measured"])
    rows = [
        f"| `{source['file']}` | {source['used_for']} | {source['examples']:,} | {source['bad']:,} "
        f"| `{source['sha256'][:16]}` |"
        for source in manifest["data"]
    ]
    return CARD.format(
        name=manifest["name"],
        revision=manifest["revision"],
        version=__version__,
        from_where=trained.from_where,
        kinds=", ".join(kinds) or "none",
        unmeasured=f"; trained on, but not measured and so not asked: {unmeasured}" if unmeasured else "",
        tokens=manifest["tokens_seen"],
        steps=manifest["steps"],
        recipe=manifest["recipe"],
        licence=manifest["licence"],
        files="\n".join(rows),
    )
