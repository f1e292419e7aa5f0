"""Writing imported weights as a checkpoint folder, one shard after the other."""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import GenerationConfig

from biomed_agent.core.errors import CheckpointError, InvalidInput
from biomed_agent.model.checkpoints.checkpoint import finalize, meta_model, special_ids
from biomed_agent.model.checkpoints.conversion.card import card_of, copy_terms, manifest_of
from biomed_agent.model.checkpoints.conversion.files import (
    are_pieces,
    check_records,
    expand,
    join,
    needs_room,
    sha256,
    silent,
    weights_in,
)
from biomed_agent.model.checkpoints.conversion.match import MatchReport, Taken, match
from biomed_agent.model.checkpoints.conversion.origin import Origin, find_origin, language_model_alone
from biomed_agent.model.contract.manifest import MANIFEST, Progress
from biomed_agent.model.network.modeling import BioMedGPTForConditionalGeneration

DTYPES = {"keep": None, "float16": torch.float16, "bfloat16": torch.bfloat16, "float32": torch.float32}
SHARD_BYTES = 500_000_000
"""Bytes of a shard; as much is held in memory when weights are cast."""
FLOAT32_PARTS = ("molecule_encoder.", "molecule_projection.", "protein_projection.")
"""What stays float32, as in the model."""


@dataclass(frozen=True)
class Conversion:
    """What :func:`convert_weights` made: the folder, its manifest, and what became of every key."""

    folder: Path
    manifest: dict[str, Any]
    report: MatchReport


@dataclass(frozen=True)
class ConversionRequest:
    """What is to be imported, and how.

    Args:
        sources: The released file, its pieces in order, or patterns of them; or a graph encoder's file; or nothing,
            for a language model alone.
        lm: Folder of the language model.
        esm: Folder of ESM-2, or a ``.pt`` file of fair-esm; None for a language model alone.
        output: Checkpoint folder to write.
        dtype: Type of the language model and the protein encoder, a key of :data:`DTYPES`.
        name: Of the model; ``BioMedGPT-10B`` or the folder's name when not given.
        force: Replace a checkpoint folder of that name.
        report: File for what became of every key, as JSON.
    """

    sources: Sequence[str | Path]
    lm: Path
    esm: Path | None
    output: Path
    dtype: str = "keep"
    name: str = ""
    force: bool = False
    report: Path | None = None


def convert_weights(request: ConversionRequest, progress: Progress = silent) -> Conversion:
    """Make a checkpoint folder of weights that others wrote.

    The files are memory-mapped and written in shards of :data:`SHARD_BYTES`, so memory does not grow with the model.
    Everything goes into ``NAME.partial`` first; it stays there when the process is interrupted, and is deleted when
    the weights are refused.

    Raises:
        CheckpointError: A file is truncated, altered or foreign, keys are missing or of another shape, the disk is
            too small, or ``output`` is in the way.
        InvalidInput: Of ``sources`` and ``esm`` only one is given.
    """
    paths = _sources(request)
    partial = request.output.parent / f"{request.output.name}.partial"
    _refuse_collisions(request, paths, partial)
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        return _convert(request, paths, partial, progress)
    except CheckpointError:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise CheckpointError(f"{request.output} cannot be written: {error.strerror or error}.") from error


def _sources(request: ConversionRequest) -> list[Path]:
    """Return the files to read; a folder of shards becomes its files; none for a language model alone."""
    paths = expand(request.sources)
    if not paths and request.esm is None:
        return []
    if not paths or request.esm is None:
        raise InvalidInput(
            "weights to import and a protein encoder belong together: "
            + ("there is no file to import beside --esm." if not paths else "there is no --esm beside the weights."),
            "Give SOURCE, --lm and --esm for a whole model, or --lm and --output for a language model alone.",
        )
    return weights_in(paths[0]) if len(paths) == 1 and paths[0].is_dir() else paths


def _refuse_collisions(request: ConversionRequest, paths: Sequence[Path], partial: Path) -> None:
    """Raise unless the output may be written, and nothing that is read would be deleted by it."""
    output = request.output
    if not output.name:
        raise InvalidInput(f"{output} is no name for a folder.")
    if output.exists():
        if not request.force:
            raise CheckpointError(f"{output} exists already.", "Choose another name, or replace it with --force.")
        if not (output / MANIFEST).is_file():
            raise CheckpointError(f"{output} is no checkpoint folder, so it is not replaced.", "Choose another name.")
    for path in (*paths, request.lm, *([request.esm] if request.esm else [])):
        for folder in (output.resolve(), partial.resolve()):
            if path.resolve().is_relative_to(folder):
                raise CheckpointError(f"{path} lies in {folder}, which would be replaced.", "Choose another output.")


def _convert(request: ConversionRequest, paths: Sequence[Path], partial: Path, progress: Progress) -> Conversion:
    joined = partial / "source.joined"
    name_of: dict[Path, str] = {}
    if are_pieces(paths):
        name_of[joined] = f"{paths[0].name} and {len(paths) - 1} more pieces"
        paths = [join(paths, joined, progress)]
    origin = find_origin(paths, request.lm, request.esm) if request.esm else language_model_alone(request.lm)
    model = meta_model(origin.config)
    report = match(model.state_dict(), origin.parts, tied=origin.config.tie_word_embeddings)
    if request.report is not None:
        report.write(request.report)
    report.refuse_faults()
    tensors = [*report.taken, *_fresh(model, report.fresh)]
    dtype = DTYPES[request.dtype]
    needs_room(partial, sum(entry.tensor.numel() * _target(entry, dtype).itemsize for entry in tensors))
    for path in origin.files:
        check_records(path, progress)
    sources = [
        {"name": name_of.get(path, path.name), "bytes": path.stat().st_size, "sha256": sha256(path, progress)}
        for path in origin.files
    ]
    write_shards(tensors, partial, dtype, progress)
    written = _write_config(origin, report, partial, dtype)
    copy_terms(origin, partial)
    joined.unlink(missing_ok=True)
    name = request.name or ("BioMedGPT-10B" if origin.sort == "released" else request.output.name)
    manifest = manifest_of(origin, name, written, sources)
    manifest["parameters"] = sum(parameter.numel() for parameter in model.parameters())
    manifest = finalize(partial, origin.processor, manifest, card_of(origin, manifest, report), progress)
    _put_in_place(partial, request.output)
    return Conversion(request.output, manifest, report)


def _fresh(model: BioMedGPTForConditionalGeneration, names: Sequence[str]) -> Iterator[Taken]:
    """Draw what no file brings, the same numbers every time: normal weights, zero biases."""
    generator = torch.Generator().manual_seed(0)
    own, std = model.state_dict(), getattr(model.config.text_config, "initializer_range", 0.02)
    for name in names:
        shape = own[name].shape
        weight = torch.zeros(shape) if name.endswith(".bias") else torch.randn(shape, generator=generator) * std
        yield Taken("", name, weight)


def _target(entry: Taken, dtype: torch.dtype | None) -> torch.dtype:
    """Return the type a tensor is written in."""
    if not entry.tensor.is_floating_point():
        return entry.tensor.dtype
    return torch.float32 if entry.name.startswith(FLOAT32_PARTS) else dtype or entry.tensor.dtype


def write_shards(tensors: Sequence[Taken], folder: Path, dtype: torch.dtype | None, progress: Progress) -> None:
    """Write tensors as ``model.safetensors``, or in shards with an index, holding one shard at a time.

    Raises:
        CheckpointError: A value is too large for float16.
    """
    sizes = [entry.tensor.numel() * _target(entry, dtype).itemsize for entry in tensors]
    shards: list[list[Taken]] = [[]]
    filled = 0
    for entry, size in zip(tensors, sizes, strict=True):
        if shards[-1] and filled + size > SHARD_BYTES:
            shards.append([])
            filled = 0
        shards[-1].append(entry)
        filled += size
    done, total = 0, sum(sizes)
    index: dict[str, str] = {}
    for number, shard in enumerate(shards, start=1):
        many = len(shards) > 1
        file = f"model-{number:05}-of-{len(shards):05}.safetensors" if many else "model.safetensors"
        progress(f"writing {file}", done, total)
        save_file(_cast(shard, dtype), folder / file, metadata={"format": "pt"})  # unnamed, so freed before the next
        done += (folder / file).stat().st_size
        index |= {entry.name: file for entry in shard}
    if len(shards) > 1:
        text = json.dumps({"metadata": {"total_size": total}, "weight_map": index}, indent=2, sort_keys=True)
        (folder / "model.safetensors.index.json").write_text(text + "\n", encoding="utf-8")


def _cast(shard: Sequence[Taken], dtype: torch.dtype | None) -> dict[str, Tensor]:
    """Return the values of one shard as they are to be written; what needs no cast stays in its file."""
    values: dict[str, Tensor] = {}
    seen = set()
    for entry in shard:
        target = _target(entry, dtype)
        value = entry.tensor.to(target).contiguous()
        if target == torch.float16 != entry.tensor.dtype and not value.isfinite().all():
            raise CheckpointError(
                f"{entry.key} holds values too large for float16.", "Use --dtype bfloat16 or --dtype float32."
            )
        if value.data_ptr() in seen:  # two names of one tensor, which safetensors refuses
            value = value.clone()
        seen.add(value.data_ptr())
        values[entry.name] = value
    return values


def _write_config(origin: Origin, report: MatchReport, folder: Path, dtype: torch.dtype | None) -> str:
    """Write the configurations; return the type of the large weights in words."""
    config = origin.config
    for section, sub in (("protein_encoder.", config.protein_config), ("language_model.", config.text_config)):
        if sub is None:
            continue
        first = next(
            entry for entry in report.taken if entry.name.startswith(section) and entry.tensor.is_floating_point()
        )
        sub.dtype = config.dtype = _target(first, dtype)
    config.architectures = [BioMedGPTForConditionalGeneration.__name__]
    config.save_pretrained(folder)
    GenerationConfig(**{**special_ids(origin.processor), **_own_ends(origin)}).save_pretrained(folder)
    return str(config.dtype).removeprefix("torch.")


def _own_ends(origin: Origin) -> dict[str, Any]:
    """Return the ids that end an answer as a language model alone states them, such as the ends of two sorts of turn.

    Of the one beside released weights nothing is read, as in the reference.
    """
    path = origin.lm / "generation_config.json"
    if origin.sort != "language model" or not path.is_file():
        return {}
    try:
        ends = json.loads(path.read_text(encoding="utf-8")).get("eos_token_id")
    except (OSError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{path} cannot be read ({type(error).__name__}).", "Fetch it again.") from error
    return {} if ends is None else {"eos_token_id": ends}


def _put_in_place(partial: Path, output: Path) -> None:
    """Rename a finished folder; one that stood there before is deleted last."""
    old = output.with_name(f"{output.name}.replaced")
    if output.exists():
        shutil.rmtree(old, ignore_errors=True)
        output.rename(old)
    partial.rename(output)
    shutil.rmtree(old, ignore_errors=True)
