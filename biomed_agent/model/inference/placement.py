"""Whether a model fits a machine, in which precision, and where its parts go: arithmetic, free of torch.

Sizes follow from a configuration, so that a model can be judged before it is fetched. Nothing is measured here;
:mod:`.machine` measures, :mod:`.engine` loads what :func:`choose` says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from biomed_agent.core.errors import CheckpointError, InvalidInput, Unavailable
from biomed_agent.core.privacy.credentials import redact_path
from biomed_agent.core.types import LoadIn
from biomed_agent.model.contract.manifest import read_manifest

GIB = 2**30
PARAMETER_BYTES: Mapping[LoadIn, float] = {"fp32": 4, "bf16": 2, "8bit": 1, "4bit": 0.5 + 1 / 64 + 4 / (64 * 256)}
"""Bytes of one parameter of a linear layer. 4-bit is NF4 with double quantization (Dettmers et al., arXiv
2305.14314): one 8-bit constant for 64 parameters, and one float32 for 256 of those."""
GPU_RESERVE = int(0.75 * GIB)
"""Left free on each GPU for CUDA's context, its libraries and the allocator's gaps; an assumption."""
CPU_RESERVE = int(0.75 * GIB)
"""Left free in RAM for Python, torch and transformers, which take about 0.6 GiB when imported."""
PLANNED_POSITIONS = 2048
"""Positions planned for: prompt, structures and answer of one conversation."""

Device: TypeAlias = int | str
"""A GPU's number, or ``cpu``."""

KNOWN_MODELS: Mapping[str, Mapping[str, Any]] = {
    "biomedgpt-10b": {
        "molecule_config": {
            "num_atom_types": 120,
            "num_chirality": 3,
            "num_bond_types": 6,
            "num_bond_directions": 3,
            "hidden_size": 300,
            "num_hidden_layers": 5,
        },
        "protein_config": {
            "vocab_size": 33,
            "hidden_size": 2560,
            "num_hidden_layers": 36,
            "num_attention_heads": 40,
            "intermediate_size": 10240,
        },
        "text_config": {
            "model_type": "llama",
            "vocab_size": 32001,
            "hidden_size": 4096,
            "num_hidden_layers": 32,
            "num_attention_heads": 32,
            "intermediate_size": 11008,
            "max_position_embeddings": 4096,
        },
    }
}
"""Models known by name: Llama-2-7B with one added token, ESM2-3B and the GIN of Hu et al."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a model, as numbers of parameters."""

    name: str
    matrices: int
    """in linear layers, which 8-bit and 4-bit loading shrink"""
    rest: int = 0
    """embeddings, output matrix, norms and biases, which stay bfloat16 in 8 and 4 bits"""
    fixed: bool = False
    """always float32, whatever is asked for"""

    @property
    def parameters(self) -> int:
        """Parameters in all."""
        return self.matrices + self.rest

    def size(self, load_in: LoadIn) -> int:
        """Return the bytes of its weights."""
        if self.fixed:
            return 4 * self.parameters
        return int(self.matrices * PARAMETER_BYTES[load_in] + self.rest * max(PARAMETER_BYTES[load_in], 2))


@dataclass(frozen=True, slots=True)
class Sizes:
    """What decides how much memory a model takes."""

    name: str
    language_model: Part
    protein_encoder: Part
    molecule_encoder: Part
    projections: Part
    layers: int
    """of the language model"""
    vocabulary: int
    """parameters of one vocabulary matrix"""
    tied: bool
    """whether input and output share that matrix"""
    kv_values: int
    """numbers kept per position: key and value of every layer and head"""
    activation_values: int
    """numbers alive at once per position while a prompt is read"""
    context_length: int

    @property
    def parts(self) -> tuple[Part, ...]:
        """The four parts, or of a language model alone the one."""
        every = (self.language_model, self.protein_encoder, self.molecule_encoder, self.projections)
        return tuple(part for part in every if part.parameters)

    @property
    def parameters(self) -> int:
        """Parameters in all."""
        return sum(part.parameters for part in self.parts)

    def weights(self, load_in: LoadIn) -> int:
        """Return the bytes of all weights."""
        return sum(part.size(load_in) for part in self.parts)

    def kv_cache(self, load_in: LoadIn, tokens: int) -> int:
        """Return the bytes of keys and values; Llama-2-7B takes 2 * 32 * 32 * 128 * 2 = 0.5 MiB a token in bf16."""
        return self.kv_values * _computed(load_in) * tokens

    def activations(self, load_in: LoadIn, tokens: int) -> int:
        """Return the bytes of what is computed and dropped again while ``tokens`` positions are read."""
        return self.activation_values * _computed(load_in) * tokens


def _computed(load_in: LoadIn) -> int:
    """Bytes of a number that is computed rather than stored."""
    return 4 if load_in == "fp32" else 2


def sizes_of(config: Mapping[str, Any], name: str, parameters: int | None = None) -> Sizes:
    """Return the sizes of a model from its ``config.json``.

    Args:
        config: With ``text_config``, and ``molecule_config`` and ``protein_config``, which are null where the model has
            no such encoder.
        name: What to call it.
        parameters: How many there are in all, if that is known. What a language model other than Llama has more
            or less than the arithmetic says is then counted among its matrices.

    Raises:
        CheckpointError: The configuration lacks a size.
    """
    try:
        molecule, protein, text = (config[f"{kind}_config"] for kind in ("molecule", "protein", "text"))
        language_model, kv_values = _llama(text)
        width, inner = text["hidden_size"], text["intermediate_size"]
        sizes = Sizes(
            name=name,
            language_model=language_model,
            protein_encoder=_esm(protein),
            molecule_encoder=_gin(molecule),
            projections=_projections([part["hidden_size"] for part in (molecule, protein) if part], width),
            layers=text["num_hidden_layers"],
            vocabulary=text["vocab_size"] * width,
            tied=bool(text.get("tie_word_embeddings", False)),
            kv_values=kv_values,
            # In a decoder layer: residual, norm, queries, keys, values, attention and its output, the sum; then
            # gate, up and their product.
            activation_values=8 * width + 3 * inner,
            context_length=text["max_position_embeddings"],
        )
    except (KeyError, TypeError) as error:
        raise CheckpointError(
            f"the configuration of {name} lacks {error}.", "Expected the config.json of a folder of this package."
        ) from error
    surplus = 0 if parameters is None else parameters - sizes.parameters
    return replace(sizes, language_model=replace(language_model, matrices=language_model.matrices + surplus))


def folder_sizes(folder: str | Path) -> Sizes:
    """Return the sizes of the model in a checkpoint folder.

    Raises:
        CheckpointError: The folder is not one of ours, or lacks a readable ``config.json``.
    """
    manifest = read_manifest(folder)
    path = Path(folder) / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read ({error}).", "Fetch or build the folder again.") from error
    return sizes_of(config, str(manifest["name"]), int(manifest["parameters"]))


def named_sizes(name: str) -> Sizes:
    """Return the sizes of a model that is known by name.

    Raises:
        InvalidInput: It is not.
    """
    config = KNOWN_MODELS.get(name.lower())
    if config is None:
        raise InvalidInput(
            f"{redact_path(name)!r} is neither a model folder nor a known model.",
            f"Give a folder with a manifest.json, or one of: {', '.join(KNOWN_MODELS)}.",
        )
    return sizes_of(config, name.lower())


def _llama(config: Mapping[str, Any]) -> tuple[Part, int]:
    """Return the language model, and how many numbers its cache keeps per position."""
    width, layers, heads = config["hidden_size"], config["num_hidden_layers"], config["num_attention_heads"]
    head = config.get("head_dim") or width // heads
    kv_heads = config.get("num_key_value_heads") or heads
    layer = 2 * width * heads * head + 2 * width * kv_heads * head + 3 * width * config["intermediate_size"]
    vocabulary = config["vocab_size"] * width * (1 if config.get("tie_word_embeddings") else 2)
    part = Part("language model", layers * layer, vocabulary + (2 * layers + 1) * width)
    return part, 2 * layers * kv_heads * head


def _projections(widths: Sequence[int], width: int) -> Part:
    return Part("projections", sum(widths) * width, len(widths) * width, fixed=True)


def _esm(config: Mapping[str, Any] | None) -> Part:
    if not config:
        return Part("protein encoder", 0)
    width, layers, inner = config["hidden_size"], config["num_hidden_layers"], config["intermediate_size"]
    matrices = layers * (4 * width**2 + 2 * width * inner)
    biases_and_norms = layers * (9 * width + inner) + 2 * width
    contacts = layers * config["num_attention_heads"] + 1
    return Part("protein encoder", matrices, config["vocab_size"] * width + biases_and_norms + contacts)


def _gin(config: Mapping[str, Any] | None) -> Part:
    if not config:
        return Part("molecule encoder", 0, fixed=True)
    width, layers = config["hidden_size"], config["num_hidden_layers"]
    tables = config["num_atom_types"] + config["num_chirality"]
    tables += layers * (config["num_bond_types"] + config["num_bond_directions"])
    # Two linear layers with biases, and the scale and shift of a batch norm.
    return Part("molecule encoder", layers * 4 * width**2, tables * width + layers * 5 * width, fixed=True)


@dataclass(frozen=True, slots=True)
class Machine:
    """What a machine has free, in bytes."""

    ram: int
    """0 when it is not known"""
    gpus: tuple[int, ...] = ()
    bf16: bool = False
    """whether the CPU multiplies bfloat16 itself (AVX512-BF16, AMX, or ARM's)"""
    gpu_bf16: bool = True
    """whether every GPU does (compute capability 8.0 or higher)"""


@dataclass(frozen=True, slots=True)
class Option:
    """One way to load a model on a machine."""

    load_in: LoadIn
    where: str
    """in words"""
    needs: Mapping[Device, int]
    """bytes by device, reserve included"""
    free: Mapping[Device, int]
    device_map: Mapping[str, Device]
    """transformers' ``device_map``; where it names several devices it has no entry for the whole, because
    accelerate would move everything there first"""
    note: str = ""

    @property
    def on_gpu(self) -> bool:
        """Whether a GPU does the work."""
        return set(self.device_map.values()) != {"cpu"}

    @property
    def fits(self) -> bool:
        """Whether every device has what it needs."""
        return all(need <= self.free.get(device, 0) for device, need in self.needs.items())


def options(sizes: Sizes, machine: Machine, tokens: int = PLANNED_POSITIONS) -> list[Option]:
    """Return the ways to load a model, best first: exact before small, and nothing that crosses the bus per token.

    Args:
        sizes: The model.
        machine: What is free.
        tokens: Positions of prompt, structures and answer together.
    """
    candidates: list[Option] = []
    best = max(range(len(machine.gpus)), key=lambda number: machine.gpus[number], default=0)
    for load_in in _ON_GPU[machine.gpu_bf16] if machine.gpus else ():
        candidates.append(_on_gpus(sizes, machine, load_in, [best], tokens))
        if len(machine.gpus) > 1 and not candidates[-1].fits:
            candidates.append(_on_gpus(sizes, machine, load_in, range(len(machine.gpus)), tokens))
        if load_in == "bf16" and sizes.protein_encoder.parameters and not candidates[-1].fits:
            candidates.append(_encoder_in_ram(sizes, machine, best, tokens))
    return candidates + [_on_cpu(sizes, machine, load_in, tokens) for load_in in _ON_CPU[machine.bf16]]


_ON_GPU: Mapping[bool, tuple[LoadIn, ...]] = {
    True: ("bf16", "8bit", "4bit"),
    False: ("fp32", "bf16", "8bit", "4bit"),
}
_ON_CPU: Mapping[bool, tuple[LoadIn, ...]] = {
    True: ("bf16", "fp32", "8bit", "4bit"),
    False: ("fp32", "bf16", "8bit", "4bit"),
}
"""Best first, by whether the processor multiplies bfloat16."""


def choose(sizes: Sizes, machine: Machine, load_in: LoadIn | None = None, tokens: int = PLANNED_POSITIONS) -> Option:
    """Return how to load a model: bfloat16 on GPUs and float32 on a CPU, unless ``load_in`` says otherwise.

    GPUs that only emulate bfloat16 take float32, too, and bfloat16 where that is too big. A machine with GPUs is not
    given a CPU's pace silently. On a CPU only the weights have to fit, for the system can make room for the rest.

    Raises:
        Unavailable: It does not fit; says what is needed and what is free.
    """
    tries: tuple[LoadIn, ...] = (load_in,) if load_in else _default(machine)
    wanted = [option for precision in tries for option in _ways(sizes, machine, precision, tokens)]
    for option in wanted:
        if option.fits or (not option.on_gpu and (sizes.weights(option.load_in) <= machine.ram or not machine.ram)):
            return option
    short = wanted[-1]
    device, need = max(short.needs.items(), key=lambda item: item[1] - short.free.get(item[0], 0))
    raise Unavailable(
        f"{sizes.name} in {short.load_in} needs {need / GIB:.1f} GiB on {_called(device)}, which has "
        f"{short.free.get(device, 0) / GIB:.1f} GiB free.",
        "Run `biomed-agent doctor` to see what fits, or choose another --load-in (8bit, 4bit).",
    )


def _default(machine: Machine) -> tuple[LoadIn, ...]:
    """Return the precisions to try when none is asked for."""
    if not machine.gpus:
        return ("fp32",)
    return ("bf16",) if machine.gpu_bf16 else ("fp32", "bf16")


def _ways(sizes: Sizes, machine: Machine, load_in: LoadIn, tokens: int) -> list[Option]:
    """Return the options of one precision, on GPUs only where there are any."""
    every = [option for option in options(sizes, machine, tokens) if option.load_in == load_in]
    if on_gpu := [option for option in every if option.on_gpu]:
        return on_gpu
    if not machine.gpus:
        return every
    best = max(range(len(machine.gpus)), key=lambda number: machine.gpus[number])
    return [_on_gpus(sizes, machine, load_in, [best], tokens)]


def _pace(load_in: LoadIn, bf16: bool, lack: str) -> str:
    """Say what computing in bfloat16 costs on a processor without it; "" where it costs nothing."""
    if bf16 or load_in == "fp32":
        return ""
    if load_in == "bf16":
        return f"half the memory of fp32, but slower for long prompts and several samples: {lack}"
    return f"computes in bf16: {lack}"


_CPU_LACKS = "this CPU is not known to have bf16 instructions"
_GPU_LACKS = "a GPU here has no bf16 units and emulates them"


def _on_gpus(sizes: Sizes, machine: Machine, load_in: LoadIn, gpus: Sequence[int], tokens: int) -> Option:
    """Fill GPUs one after the other with the units of the model."""
    work = GPU_RESERVE + sizes.activations(load_in, tokens)
    needs: dict[Device, int] = dict.fromkeys(gpus, work)
    device_map: dict[str, Device] = {}
    queue = list(gpus)
    for unit, size in _units(sizes, load_in, tokens):
        # What fits nowhere goes to the last GPU, whose need then says how much is missing.
        while len(queue) > 1 and needs[queue[0]] + size > machine.gpus[queue[0]]:
            queue.pop(0)
        needs[queue[0]] += size
        device_map |= dict.fromkeys(unit, queue[0])
    where = f"GPU {gpus[0]}" if len(gpus) == 1 else f"GPUs {', '.join(map(str, gpus))} together"
    free: dict[Device, int] = {gpu: machine.gpus[gpu] for gpu in gpus}
    note = _pace(load_in, machine.gpu_bf16, _GPU_LACKS)
    return Option(load_in, where, needs, free, {"": gpus[0]} if len(gpus) == 1 else device_map, note)


def _encoder_in_ram(sizes: Sizes, machine: Machine, gpu: int, tokens: int) -> Option:
    """Keep the protein encoder in RAM; its weights pass the bus once per protein question."""
    encoder = sizes.protein_encoder.size("bf16")
    gpu_need = sizes.weights("bf16") - encoder + sizes.kv_cache("bf16", tokens)
    gpu_need += sizes.activations("bf16", tokens) + GPU_RESERVE
    notes = ["each protein question copies the encoder over the bus once", _pace("bf16", machine.gpu_bf16, _GPU_LACKS)]
    return Option(
        "bf16",
        f"GPU {gpu}, the protein encoder in RAM",
        {gpu: gpu_need, "cpu": encoder + CPU_RESERVE},
        {gpu: machine.gpus[gpu], "cpu": machine.ram},
        {**dict.fromkeys(_beside_text(sizes), gpu), "language_model": gpu, "protein_encoder": "cpu"},
        "; ".join(note for note in notes if note),
    )


def _on_cpu(sizes: Sizes, machine: Machine, load_in: LoadIn, tokens: int) -> Option:
    need = sizes.weights(load_in) + sizes.kv_cache(load_in, tokens) + sizes.activations(load_in, tokens)
    note = _pace(load_in, machine.bf16, _CPU_LACKS)
    return Option(load_in, "CPU", {"cpu": need + CPU_RESERVE}, {"cpu": machine.ram}, {"": "cpu"}, note)


def _units(sizes: Sizes, load_in: LoadIn, tokens: int) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield what stays together on one device, in the order of use: module names and bytes."""
    model, kv_cache = sizes.language_model, sizes.kv_cache(load_in, tokens)
    row = max(PARAMETER_BYTES[load_in], 2)
    table = int(sizes.vocabulary * row)
    first = (*_beside_text(sizes), "language_model.model.embed_tokens")
    last = ("language_model.model.norm", "language_model.model.rotary_emb")
    head = ("language_model.lm_head",)
    outer = sizes.molecule_encoder.size(load_in) + sizes.projections.size(load_in) + table
    yield (*first, *head) if sizes.tied else first, outer
    layers = model.size(load_in) - table * (1 if sizes.tied else 2)
    for number in range(sizes.layers):
        yield (f"language_model.model.layers.{number}",), (layers + kv_cache) // sizes.layers
    yield (last, 0) if sizes.tied else ((*last, *head), table)
    if sizes.protein_encoder.parameters:
        yield ("protein_encoder",), sizes.protein_encoder.size(load_in)


def _beside_text(sizes: Sizes) -> tuple[str, ...]:
    """Return the small modules that stay on the first GPU; the graph encoder reads rows of its tables past any hook."""
    molecule = ("molecule_encoder", "molecule_projection") if sizes.molecule_encoder.parameters else ()
    return (*molecule, "protein_projection") if sizes.protein_encoder.parameters else molecule


def _called(device: Device) -> str:
    return "the CPU" if device == "cpu" else f"GPU {device}"
