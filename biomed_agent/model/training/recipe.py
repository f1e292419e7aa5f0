"""Recipes of stage 2: what is trained, on how much of which data, in which order, and how; read from JSON."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeAlias, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.contract.prompt import STYLES
from biomed_agent.model.training.precision import AUTO, Bf16, hashed

Part: TypeAlias = Literal["projections", "molecule_encoder", "protein_encoder", "language_model", "lora"]
"""What a stage may train; ``lora`` stands for low-rank matrices beside those of the language model."""
MODULES: dict[Part, tuple[str, ...]] = {
    "projections": ("molecule_projection", "protein_projection"),
    "molecule_encoder": ("molecule_encoder",),
    "protein_encoder": ("protein_encoder",),
    "language_model": ("language_model",),
    "lora": (),
}
"""Modules of the model that each part stands for."""
Loss: TypeAlias = Literal["answers", "words", "structure", "gist"]
"""The language model's loss on the answers; the losses of :mod:`.objectives` on what the encoders give it (words,
structure) and on what it has read before it answers (gist)."""
ANSWERS: Loss = "answers"
STRUCTURE: Loss = "structure"
GIST: Loss = "gist"
TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
MIN_VOCABULARY = 260
"""256 bytes, three special tokens, and a letter"""
ROTARY = ("rope_theta", "rope_scaling")
"""keys that transformers takes as parts of ``rope_parameters``"""
MIN_TEXT_POSITIONS = 64
"""positions beside the longest protein that a context must have, for words and an answer"""


@dataclass(frozen=True)
class Lora:
    """Low-rank adaptation of the language model (Hu et al., arXiv 2106.09685)."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    r: int = 16
    """rank of the added matrices"""
    alpha: int = 32
    """what they give is scaled by ``alpha / r``"""
    dropout: float = 0.0
    targets: tuple[str, ...] = TARGETS
    """the language model's linear layers that get them"""


@dataclass(frozen=True)
class Stage:
    """One run of training; every part that is not named in ``trains`` is frozen, batch norm statistics too."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    name: str
    trains: tuple[Part, ...]
    learning_rate: float
    batch_tokens: int
    """positions of one batch: padded and estimated ones, with packing exact ones of its one row"""
    losses: dict[Loss, float] = field(default_factory=lambda: {"answers": 1.0})
    """weights; the language model is not even run when ``answers`` is missing or 0"""
    lora: Lora | None = None
    """with ``trains: ["lora"]`` what differs from the defaults of :class:`Lora`"""
    repeats: dict[str, int] = field(default_factory=dict)
    """how often an example of each kind, or from each origin, is seen; when empty, all kinds once"""
    at_most: dict[str, int] = field(default_factory=dict)
    """examples kept of a kind or origin; those that come first by hash"""
    random_smiles: float = 0.0
    """share of repeated molecules that are written from a random atom on"""
    packing: bool | None = False
    """several examples in one row, none sees another; null for where there is a GPU (on a CPU it is slower)"""
    warmup_steps: int = 0
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    steps: int | None = None
    """optimizer steps; null for one pass over the repeated examples"""
    minutes: float | None = None
    """training ends and the learning rate has decayed after this time, when the steps are not over before"""
    save_steps: int = 500
    bf16: Bf16 = AUTO
    """compute in bfloat16; "auto" for what the processor computes best"""
    gradient_accumulation: int = 1
    gradient_checkpointing: bool = False
    fsdp: dict[str, Any] | None = None
    """null not to shard, else what differs from :data:`.trainer.FSDP`"""
    workers: int = 0
    """processes that prepare batches beside the training one"""
    compile: bool = False
    """compile the language model's layers (torch.compile), which takes its first minute and pays off on a CPU"""

    def __post_init__(self) -> None:
        weights = {name: weight for name, weight in self.losses.items() if weight}
        least = {"batch_tokens": 1, "save_steps": 1, "gradient_accumulation": 1, "steps": 1, "workers": 0}
        small = [name for name, limit in least.items() if (value := getattr(self, name)) is not None and value < limit]
        faults = {
            "the name becomes that of a folder; use letters, digits, space, dot, hyphen and underscore": (
                not re.fullmatch(r"\w[\w .-]*", self.name)
            ),
            "trains names no part, or one twice": not self.trains or len(set(self.trains)) < len(self.trains),
            "trains holds both lora and language_model; choose one": {"lora", "language_model"} <= set(self.trains),
            "lora is set, but trains does not hold it": self.lora is not None and "lora" not in self.trains,
            "losses has no weight above 0": not weights or min(weights.values()) < 0,
            "nothing teaches the language model: losses lacks answers": (
                ANSWERS not in weights and bool({"lora", "language_model"} & set(self.trains))
            ),
            "gist asks the language model, which runs with answers only": GIST in weights and ANSWERS not in weights,
            "packing serves the loss on the answers alone; leave the others out": (
                bool(self.packing) and set(weights) != {ANSWERS}
            ),
            "sharding serves the loss on the answers alone; leave the others out": (
                self.fsdp is not None and set(weights) != {ANSWERS}
            ),
            "random_smiles is a share from 0 to 1": not 0 <= self.random_smiles <= 1,
            "learning_rate must be above 0": self.learning_rate <= 0,
            "minutes must be above 0": self.minutes is not None and self.minutes <= 0,
            f"too small: {', '.join(small)}": bool(small),
            "repeats and at_most are numbers from 0 on": min([0, *self.repeats.values(), *self.at_most.values()]) < 0,
        }
        for fault, present in faults.items():
            if present:
                raise ValueError(f"stage {self.name!r}: {fault}")

    @property
    def modules(self) -> list[str]:
        """Names of the model's modules that are trained as a whole."""
        return [name for part in self.trains for name in MODULES[part]]

    @property
    def weights(self) -> dict[Loss, float]:
        """Weights of the losses that are computed."""
        return {name: weight for name, weight in self.losses.items() if weight}


@dataclass(frozen=True)
class Sizes:
    """A model to be drawn at random."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    vocabulary: int
    """number of SentencePiece pieces"""
    prompt_style: str
    max_residues: int
    """proteins are cropped to this many residues, from the N-terminus"""
    text: dict[str, Any]
    """sizes of the language model, a Llama unless ``model_type`` says otherwise"""
    molecule: dict[str, Any]
    protein: dict[str, Any]

    def __post_init__(self) -> None:
        text = check_sizes("text", self.text, "llama")
        check_sizes("molecule", self.molecule, "biomed_gin")
        protein = check_sizes("protein", self.protein, "esm")
        context, positions = getattr(text, "max_position_embeddings", None), protein.max_position_embeddings
        # ESM-2 numbers positions from its padding index + 1 = 2 on, and its two special tokens take two.
        most = positions - 4
        faults = {
            f"vocabulary is {self.vocabulary}; expected {MIN_VOCABULARY} or more": self.vocabulary < MIN_VOCABULARY,
            f"prompt_style {self.prompt_style!r} is unknown; expected one of {', '.join(STYLES)}": (
                self.prompt_style not in STYLES
            ),
            f"max_residues is {self.max_residues}; expected 1 to {most}, 4 less than protein.max_position_embeddings": (
                not 1 <= self.max_residues <= most
            ),
            f"text.max_position_embeddings is {context}; expected at least max_residues + {MIN_TEXT_POSITIONS + 2}": (
                context is not None and context < self.max_residues + MIN_TEXT_POSITIONS + 2
            ),
        }
        for fault, present in faults.items():
            if present:
                raise ValueError(fault)


def check_sizes(name: str, sizes: Mapping[str, Any], model_type: str) -> Any:
    """Return the configuration of one part of a model to be drawn.

    Args:
        name: What the part is called in the recipe.
        sizes: What the recipe says of it.
        model_type: Its architecture for transformers, unless ``sizes`` says another.

    Raises:
        ValueError: A key is unknown, or a value cannot be; the message names it.
    """
    from huggingface_hub.errors import StrictDataclassError
    from transformers import CONFIG_MAPPING

    from biomed_agent.model.network import configuration  # noqa: F401 (registers the graph encoder)

    model_type = sizes.get("model_type", model_type)
    if model_type not in CONFIG_MAPPING:
        raise ValueError(f"{name}.model_type {model_type!r} is unknown to transformers")
    kind: Any = CONFIG_MAPPING[model_type]
    known = {"model_type", *(field.name for field in fields(kind)), *kind.attribute_map, *ROTARY}
    if unknown := [f"{name}.{key}" for key in sizes if key not in known]:
        raise ValueError(f"{', '.join(unknown)}: unknown to a {model_type} model")
    for key, value in sizes.items():
        counts = re.match(r"num_|(hidden|intermediate)_size|max_position", key) and isinstance(value, int)
        if (counts and value < 1) or (isinstance(value, float) and not math.isfinite(value)):
            raise ValueError(f"{name}.{key} is {value}; expected {'1 or more' if counts else 'a finite number'}")
    if fault := heads_fault({field.name: field.default for field in fields(kind)} | dict(sizes)):
        raise ValueError(f"{name}.{fault}")
    try:
        return kind(**{key: value for key, value in sizes.items() if key != "model_type"})
    except (StrictDataclassError, ValueError, TypeError) as error:
        raise ValueError(f"{name}: {' '.join(str(error.__cause__ or error).split()).rstrip('.')}") from error


def heads_fault(sizes: Mapping[str, Any]) -> str:
    """Say which numbers of attention heads do not divide; "" where all do."""
    size, heads, groups = (sizes.get(key) for key in ("hidden_size", "num_attention_heads", "num_key_value_heads"))
    if not isinstance(size, int) or not isinstance(heads, int):
        return ""
    if isinstance(groups, int) and heads % groups:
        return f"num_attention_heads {heads} is no multiple of num_key_value_heads {groups}"
    # Rotary positions turn pairs of numbers, so each head needs an even number of them.
    if not sizes.get("head_dim") and size % (2 * heads):
        return f"hidden_size {size} is no multiple of 2 x num_attention_heads {heads}"
    return ""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides stage 2 but the data; the stages run in order, each from what the last one left."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    name: str
    revision: str
    stages: tuple[Stage, ...]
    seed: int = 0
    start: str | None = None
    """checkpoint folder to continue from"""
    model: Sizes | None = None
    """null for the model of ``start``; with both, whole parts of the same sizes are taken from ``start``"""

    def __post_init__(self) -> None:
        names = [stage.name for stage in self.stages]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"stages are called {', '.join(names) or 'nothing'}; expected at least one, each its own")

    @classmethod
    def load(cls, file: Path) -> "Recipe":
        """Read a recipe.

        Raises:
            InvalidInput: The file cannot be read, or a key is unknown, missing or wrong; the message names it.
        """
        return read_recipe(cls, file)

    @property
    def digest(self) -> str:
        """SHA-256 of what the recipe says, however it was written down; ``bf16`` as :func:`.precision.hashed`."""
        values = asdict(replace(self, stages=tuple(replace(stage, bf16=hashed(stage.bf16)) for stage in self.stages)))
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


Read = TypeVar("Read")


def read_recipe(kind: type[Read], file: Path) -> Read:
    """Read a recipe of either stage.

    Raises:
        InvalidInput: The file cannot be read, is a recipe of the other stage, or a key is unknown, missing or wrong;
            the message names it.
    """
    try:
        text = file.read_text(encoding="utf-8")
        return TypeAdapter(kind).validate_json(text)
    except OSError as error:
        raise InvalidInput(f"the recipe {file} cannot be read: {error.strerror or error}.") from error
    except ValidationError as error:
        if (other := ('"stages"' in text)) != (kind is Recipe) and ('"context"' in text or other):
            stage, command = ("2", "align") if other else ("1", "pretrain")
            raise InvalidInput(
                f"the recipe {file} is one of stage {stage}.", f"Use biomed-agent train {command}."
            ) from error
        faults = [
            f"{'.'.join(map(str, error['loc'])) or 'the file'}: {error['msg'].removeprefix('Value error, ')}"
            for error in error.errors()
        ]
        raise InvalidInput(
            f"the recipe {file} is wrong: {'; '.join(faults)}.", "See docs/training.md for the keys of a recipe."
        ) from error
