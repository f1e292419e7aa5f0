"""Reading the reference implementation's checkpoints, and reading and writing our own folders."""

import json
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from biomed_agent.core.errors import CheckpointError, Unavailable
from biomed_agent.model.checkpoints.adapter import BASE, base_of, merge_lora, read_trained, write_trained
from biomed_agent.model.checkpoints.conversion.files import first_names, read_weights
from biomed_agent.model.checkpoints.conversion.layouts import RELEASED
from biomed_agent.model.checkpoints.conversion.match import MatchReport, Part, match
from biomed_agent.model.checkpoints.conversion.origin import released
from biomed_agent.model.contract.manifest import (
    DERIVED,
    GIVEN,
    MANIFEST,
    Progress,
    file_digests,
    read_manifest,
    weights_digest,
)
from biomed_agent.model.network.configuration import BioMedGPTConfig
from biomed_agent.model.network.modeling import BioMedGPTForConditionalGeneration
from biomed_agent.model.network.processing import BioMedGPTProcessor


def reference_key(key: str) -> str | None:
    """Return our name of a key of the reference implementation; None for a key that is not needed."""
    return RELEASED.place(key)[0] or None


def load_reference_state_dict(model: BioMedGPTForConditionalGeneration, state_dict: Mapping[str, Tensor]) -> None:
    """Load weights in the key layout of PharMolix/OpenBioMed v1 (``BioMedGPTV``) into a model.

    Values are cast to the model's dtypes.

    Raises:
        CheckpointError: Keys are missing or unknown, or a shape differs.
    """
    report = match(model.state_dict(), [Part("BioMedGPT", state_dict, RELEASED)])
    model.load_state_dict(_weights(report), strict=False)


def _weights(report: MatchReport) -> dict[str, Tensor]:
    """Return the weights under our names, once they are sure to fit."""
    report.refuse_faults()
    return {entry.name: entry.tensor for entry in report.taken}


def meta_model(config: BioMedGPTConfig) -> BioMedGPTForConditionalGeneration:
    """Return a model with shapes and no numbers."""
    with torch.device("meta"):
        return BioMedGPTForConditionalGeneration(config)


def load_reference(
    pth: str | Path, llm_dir: str | Path, esm_dir: str | Path, dtype: torch.dtype = torch.float32
) -> tuple[BioMedGPTForConditionalGeneration, BioMedGPTProcessor]:
    """Load a checkpoint of the reference implementation into memory.

    Sizes are taken from the weights and the two folders. The file is read with ``weights_only=True``, so it
    cannot run code. To make a checkpoint folder of it without holding it in memory, use
    :func:`biomed_agent.model.checkpoints.conversion.convert.convert_weights`.

    Args:
        pth: The ``torch.save``d state dict.
        llm_dir: Folder with the language model's ``config.json`` and ``tokenizer.model``.
        esm_dir: Folder with the protein encoder's ``config.json`` and ``vocab.txt``.
        dtype: Of the language model and the protein encoder; the graph encoder and projections stay float32.

    Raises:
        CheckpointError: A file is missing, or the parts do not fit together.
    """
    files = [Path(pth)]
    origin = released(files, read_weights(files), Path(llm_dir), Path(esm_dir))
    weights = _weights(match(meta_model(origin.config).state_dict(), origin.parts))
    model = BioMedGPTForConditionalGeneration.from_pretrained(
        None, config=origin.config, state_dict=weights, dtype=dtype
    )
    for name, index in special_ids(origin.processor).items():
        setattr(model.generation_config, name, index)
    return model.eval(), origin.processor


def special_ids(processor: BioMedGPTProcessor) -> dict[str, int | None]:
    """Return the ids that begin, end and fill up an answer, as a generation configuration calls them."""
    return {f"{name}_token_id": getattr(processor.tokenizer, f"{name}_token_id") for name in ("bos", "eos", "pad")}


def save_checkpoint(
    model: BioMedGPTForConditionalGeneration,
    processor: BioMedGPTProcessor,
    folder: str | Path,
    manifest: Mapping[str, Any],
    card: str,
) -> Path:
    """Write a checkpoint folder: weights, processor, manifest and card, complete or not at all.

    Everything goes into ``NAME.partial`` first, which is then renamed.

    Args:
        model: The model.
        processor: Its processor.
        folder: Where to write; must not exist yet.
        manifest: ``name``, ``revision``, ``source``, ``kinds`` (question kind to held-out scores) and
            ``licence``, and whatever else is to be kept (such as ``demonstration``); digests, prompt style
            and the number of parameters are added here.
        card: Markdown text of the model card, written as ``README.md``.

    Returns:
        The folder.

    Raises:
        CheckpointError: The folder exists, or the manifest lacks a key.
    """
    with _complete(Path(folder), manifest) as partial:
        model.save_pretrained(partial)
        finalize(
            partial,
            processor,
            {**manifest, "parameters": sum(parameter.numel() for parameter in model.parameters())},
            card,
        )
    return Path(folder)


def save_adapter(
    model: BioMedGPTForConditionalGeneration,
    processor: BioMedGPTProcessor,
    folder: str | Path,
    parts: Collection[str],
    base: Path,
    manifest: Mapping[str, Any],
    card: str,
) -> Path:
    """Write only what was trained on top of another checkpoint folder; :func:`load_checkpoint` puts them together.

    Args:
        model: The model, its low-rank matrices not merged.
        processor: Its processor.
        folder: Where to write; must not exist yet.
        parts: Names of the modules that are not the base's any more.
        base: The checkpoint folder that was trained on.
        manifest: As in :func:`save_checkpoint`.
        card: As in :func:`save_checkpoint`.

    Returns:
        The folder.

    Raises:
        CheckpointError: The folder exists, the manifest lacks a key, or the base is no checkpoint folder.
    """
    below = read_manifest(base)
    where = {"folder": str(base.resolve()), **{key: below[key] for key in ("name", "revision", "digest")}}
    with _complete(Path(folder), manifest) as partial:
        write_trained(model, partial, parts)
        model.config.save_pretrained(partial)
        finalize(partial, processor, {**manifest, BASE: where, "parameters": below["parameters"]}, card)
    return Path(folder)


def merge_adapter(folder: str | Path, output: str | Path, base: str | Path | None = None) -> Path:
    """Write a whole checkpoint folder from one of :func:`save_adapter` and its base.

    Args:
        folder: What was trained.
        output: Where to write; must not exist yet.
        base: The base, if it is not where it was in training.

    Returns:
        ``output``.

    Raises:
        CheckpointError: ``folder`` is whole already, or the two do not fit.
        Unavailable: Too little memory.
    """
    if BASE not in read_manifest(folder):
        raise CheckpointError(f"{folder} is a whole checkpoint folder already.", "There is nothing to merge.")
    model, processor, manifest = load_checkpoint(folder, dtype="auto", base=base)
    carried = {key: value for key, value in manifest.items() if key not in (*DERIVED, BASE)}
    return save_checkpoint(model, processor, output, carried, Path(folder, "README.md").read_text(encoding="utf-8"))


@contextmanager
def _complete(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the folder to write into, which becomes ``folder`` in the end or never."""
    if folder.exists():
        raise CheckpointError(f"{folder} exists already.", "Choose another name, or remove it first.")
    missing = [key for key in GIVEN if key not in manifest]
    if missing:
        raise CheckpointError(f"the manifest of {folder} lacks {', '.join(missing)}.", "Add them and save again.")
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    yield partial
    for file in partial.glob("*.safetensors"):  # safetensors keeps them from everybody else
        file.chmod((partial / MANIFEST).stat().st_mode)
    partial.rename(folder)


def finalize(
    folder: Path,
    processor: BioMedGPTProcessor,
    manifest: Mapping[str, Any],
    card: str,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Add processor, card and manifest to a folder that holds weights and configuration; return the manifest."""
    processor.save_pretrained(folder)
    (folder / "README.md").write_text(card, encoding="utf-8")
    files = file_digests(folder, progress)
    complete = {**manifest, "prompt_style": processor.prompt_style, "digest": weights_digest(files), "files": files}
    text = json.dumps(complete, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    return complete


def load_checkpoint(
    folder: str | Path,
    dtype: torch.dtype | Literal["auto"] = torch.float32,
    base: str | Path | None = None,
    **kwargs: Any,
) -> tuple[BioMedGPTForConditionalGeneration, BioMedGPTProcessor, dict[str, Any]]:
    """Load a folder written by :func:`save_checkpoint`, in evaluation mode.

    A folder of :mod:`.adapter` is loaded onto the one it was trained on; low-rank matrices are added into the language
    model's own unless those are quantized.

    Args:
        folder: The checkpoint folder.
        dtype: Of the language model and the protein encoder; ``auto`` for that of the files.
        base: For a folder of :func:`save_adapter` its base, if it is not where it was in training.
        **kwargs: Passed to ``from_pretrained``, such as ``device_map`` or ``quantization_config``.

    Returns:
        The model, its processor and its manifest.

    Raises:
        CheckpointError: The folder is not one of ours, incomplete or damaged.
        Unavailable: The device has too little memory.
    """
    manifest = read_manifest(folder)
    absent = [name for name in manifest["files"] if not (Path(folder) / name).is_file()]
    if absent:
        raise CheckpointError(f"{folder} lacks {first_names(absent)}.", "Fetch or build it again.")
    try:
        model = BioMedGPTForConditionalGeneration.from_pretrained(
            base_of(folder, manifest, base), dtype=dtype, **kwargs
        )
        if BASE in manifest:
            read_trained(model, Path(folder))
            if not getattr(model, "is_quantized", False):
                merge_lora(model)
        processor = BioMedGPTProcessor.from_pretrained(folder)
    except torch.OutOfMemoryError as error:
        raise Unavailable(
            f"{folder} does not fit into the memory that is free ({error}).",
            "Run `biomed-agent doctor` to see what fits, or choose --load-in 8bit or 4bit.",
        ) from error
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise CheckpointError(
            f"{folder} cannot be loaded ({error}).", "Run `biomed-agent checkpoint verify`."
        ) from error
    return model.eval(), processor, manifest
