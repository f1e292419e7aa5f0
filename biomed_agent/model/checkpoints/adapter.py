"""What training changed of a checkpoint folder, kept in a small folder of its own that names the large one.

Such a folder holds whole parts (``trained.safetensors``, under the model's own names) and, when the language model got
low-rank matrices, ``adapter_model.safetensors`` and ``adapter_config.json``, as peft writes them for that language
model alone. The Trainer's checkpoints have the same files.
"""

import logging
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from biomed_agent.core.errors import CheckpointError
from biomed_agent.model.contract.manifest import read_manifest
from biomed_agent.model.network.modeling import BioMedGPTForConditionalGeneration

BASE = "base"
"""Key of the manifest of such a folder: ``folder``, ``name``, ``revision`` and ``digest`` of what it was trained on."""
TRAINED = "trained.safetensors"
ADAPTER = "adapter_config.json"
LANGUAGE_MODEL = "language_model"


def base_of(folder: str | Path, manifest: Mapping[str, Any], base: str | Path | None = None) -> Path:
    """Return the folder with the large weights: the base that is given or that the manifest names, else ``folder``.

    Raises:
        CheckpointError: The base is missing, or not the one that was trained on.
    """
    if BASE not in manifest:
        return Path(folder)
    base = Path(base or manifest[BASE]["folder"])
    wanted = f"{manifest[BASE]['name']} ({manifest[BASE]['revision']})"
    if not base.is_dir():
        raise CheckpointError(
            f"{folder} was trained on {wanted}, which is not in {base}.",
            "Put it there, or merge the two with `biomed-agent train merge FOLDER --base FOLDER --output FOLDER`.",
        )
    if read_manifest(base)["digest"] != manifest[BASE]["digest"]:
        raise CheckpointError(
            f"{folder} was trained on {wanted}, but the weights in {base} are others.",
            f"Expected weights with the digest {manifest[BASE]['digest']}.",
        )
    return base


def has_lora(model: BioMedGPTForConditionalGeneration) -> bool:
    """Return whether the language model has low-rank matrices beside its own."""
    return hasattr(model.language_model, "peft_config")


def write_trained(
    model: BioMedGPTForConditionalGeneration,
    folder: Path,
    parts: Iterable[str],
    state: Mapping[str, Tensor] | None = None,
) -> None:
    """Write whole parts of a model, and its low-rank matrices when it has some.

    Args:
        model: The model.
        folder: Where to; made when missing.
        parts: Names of its modules, such as ``molecule_projection``.
        state: All its weights where the model itself holds only shards of them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = model.state_dict() if state is None else state
    chosen: dict[str, Tensor] = {}
    seen: set[int] = set()
    for name, tensor in state.items():
        if name.startswith(tuple(f"{part}." for part in parts)):
            address = tensor.data_ptr()
            if address not in seen or not tensor.numel():  # tied weights are written once
                chosen[name] = tensor.detach().cpu().contiguous()
            seen.add(address)
    save_file(chosen, folder / TRAINED, metadata={"format": "pt"})
    if has_lora(model):
        prefix = f"{LANGUAGE_MODEL}."
        own = {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
        model.language_model.save_pretrained(folder, state_dict=own)


def read_trained(model: BioMedGPTForConditionalGeneration, folder: Path, ignored: str | None = None) -> None:
    """Load what :func:`write_trained` wrote; low-rank matrices are added when the model has none yet.

    Args:
        model: The model.
        folder: Where from.
        ignored: Name of a module that the model need not have any more.

    Raises:
        CheckpointError: The files are missing, or do not fit the model.
    """
    try:
        state = load_file(folder / TRAINED)
        wanted = {name: tensor for name, tensor in state.items() if not ignored or not name.startswith(f"{ignored}.")}
        unknown = model.load_state_dict(wanted, strict=False).unexpected_keys
        if (folder / ADAPTER).is_file():
            _read_lora(model, folder)
    except (OSError, RuntimeError, ValueError) as error:
        raise CheckpointError(f"{folder} does not fit the model it was trained on ({error}).") from error
    if unknown:
        raise CheckpointError(f"{folder} has weights the model has no place for: {', '.join(unknown[:3])}.")


def add_lora(model: BioMedGPTForConditionalGeneration, settings: Any) -> None:
    """Put low-rank matrices beside the language model's own.

    Args:
        model: The model.
        settings: A ``peft.LoraConfig``.

    Raises:
        ValueError: The language model has no layer of the names the settings give.
    """
    with _silent():
        from peft import get_peft_model

        model.language_model = get_peft_model(model.language_model, settings)


def _read_lora(model: BioMedGPTForConditionalGeneration, folder: Path) -> None:
    with _silent():
        from peft import PeftModel
        from peft.utils import load_peft_weights, set_peft_model_state_dict

        if has_lora(model):
            set_peft_model_state_dict(model.language_model, load_peft_weights(str(folder), device="cpu"))
        else:
            model.language_model = PeftModel.from_pretrained(model.language_model, str(folder))


@contextmanager
def _silent() -> Iterator[None]:
    """Keep two remarks off a caller's screen: one of transformers on peft, one of bitsandbytes on itself.

    peft calls something of transformers by an old name. And it imports bitsandbytes wherever that is installed, which
    then misses a faster kernel for 4-bit weights on a CPU, whether or not there are such weights; where there are,
    :mod:`.quantize` has imported it before, and the remark has been made.
    """
    bitsandbytes = logging.getLogger("bitsandbytes.backends.cpu.ops")
    bitsandbytes.addFilter(_is_no_missing_kernel)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        bitsandbytes.removeFilter(_is_no_missing_kernel)


def _is_no_missing_kernel(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith("Failed to load CPU gemm_4bit_forward")


def merge_lora(model: BioMedGPTForConditionalGeneration) -> None:
    """Add low-rank matrices into the language model's own, which are as many as before; without any nothing happens."""
    if has_lora(model):
        with torch.no_grad():
            model.language_model = model.language_model.merge_and_unload()
