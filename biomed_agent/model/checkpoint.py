"""Reading the reference implementation's checkpoints, and reading and writing our own folders."""

import json
import pickle
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoConfig, AutoTokenizer, EsmTokenizer

from biomed_agent.errors import CheckpointError

from .configuration import BioMedGPTConfig, GinConfig
from .manifest import GIVEN, MANIFEST, file_digests, read_manifest, weights_digest
from .modeling import BioMedGPTForConditionalGeneration
from .processing import BioMedGPTProcessor
from .tokenizer import SentencePieceTokenizer

_RENAMINGS = (
    (r"^mol_structure_encoder\.x_embedding1\.", "molecule_encoder.atom_embedding."),
    (r"^mol_structure_encoder\.x_embedding2\.", "molecule_encoder.chirality_embedding."),
    (r"^mol_structure_encoder\.gnns\.(\d+)\.edge_embedding1\.", r"molecule_encoder.layers.\1.bond_embedding."),
    (r"^mol_structure_encoder\.gnns\.(\d+)\.edge_embedding2\.", r"molecule_encoder.layers.\1.direction_embedding."),
    (r"^mol_structure_encoder\.gnns\.(\d+)\.mlp\.", r"molecule_encoder.layers.\1.mlp."),
    (r"^mol_structure_encoder\.batch_norms\.(\d+)\.", r"molecule_encoder.layers.\1.batch_norm."),
    (r"^prot_structure_encoder\.", "protein_encoder."),
    (r"^llm\.", "language_model."),
    (r"^proj_mol\.", "molecule_projection."),
    (r"^proj_prot\.", "protein_projection."),
)
_UNUSED = re.compile(r"inv_freq$|position_ids$|^prot_structure_encoder\.(pooler|embeddings\.position_embeddings)\.")
"""Keys of the reference that take no part in any number and have no place here."""
_OPTIONAL = ("protein_encoder.contact_head.", "protein_encoder.rotary_embeddings.inv_freq")
"""What ESM-2 always has and no checkpoint needs to bring: an unused head, and a table computed in float32."""


def reference_key(key: str) -> str | None:
    """Return our name of a key of the reference implementation; None for a key that is not needed."""
    if _UNUSED.search(key):
        return None
    for pattern, replacement in _RENAMINGS:
        key, count = re.subn(pattern, replacement, key)
        if count:
            break
    return key


def load_reference_state_dict(model: BioMedGPTForConditionalGeneration, state_dict: Mapping[str, Tensor]) -> None:
    """Load weights in the key layout of PharMolix/OpenBioMed v1 (``BioMedGPTV``) into a model.

    Values are cast to the model's dtypes.

    Raises:
        CheckpointError: Keys are missing or unknown, or a shape differs.
    """
    model.load_state_dict(_fitting(model, state_dict), strict=False)


def _fitting(model: BioMedGPTForConditionalGeneration, state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights under our names, once they are sure to fit the model."""
    ours = {name: value for key, value in state_dict.items() if (name := reference_key(key)) is not None}
    own = model.state_dict()
    faults = {
        "missing": [name for name in own if name not in ours and not name.startswith(_OPTIONAL)],
        "unexpected": [name for name in ours if name not in own],
        "wrong shape": [
            f"{name} {tuple(value.shape)} instead of {tuple(own[name].shape)}"
            for name, value in ours.items()
            if name in own and value.shape != own[name].shape
        ],
    }
    said = "; ".join(f"{what}: {_some(names)}" for what, names in faults.items() if names)
    if said:
        raise CheckpointError(
            f"the checkpoint does not fit the model ({said}).",
            "Check that it is a BioMedGPT checkpoint and that the language model and ESM folders belong to it.",
        )
    return ours


def load_reference(
    pth: str | Path, llm_dir: str | Path, esm_dir: str | Path, dtype: torch.dtype = torch.float32
) -> tuple[BioMedGPTForConditionalGeneration, BioMedGPTProcessor]:
    """Load a checkpoint of the reference implementation.

    Sizes are taken from the weights and the two folders. The file is read with ``weights_only=True``, so it
    cannot run code.

    Args:
        pth: The ``torch.save``d state dict.
        llm_dir: Folder with the language model's ``config.json`` and ``tokenizer.model``.
        esm_dir: Folder with the protein encoder's ``config.json`` and ``vocab.txt``.
        dtype: Of the language model and the protein encoder; the graph encoder and projections stay float32.

    Raises:
        CheckpointError: A file is missing, or the parts do not fit together.
    """
    for path in (Path(pth), Path(llm_dir) / "config.json", Path(esm_dir) / "config.json"):
        if not path.is_file():
            raise CheckpointError(f"no file {path}.", "Give the .pth file and the two folders of the reference.")
    try:
        state_dict = torch.load(pth, map_location="cpu", weights_only=True, mmap=True)
    except (OSError, RuntimeError, pickle.UnpicklingError) as error:
        raise CheckpointError(
            f"{pth} cannot be read ({type(error).__name__}).",
            "Expected a plain state dict written by torch.save; a file that could run code is not opened.",
        ) from error
    if not isinstance(state_dict, dict) or "llm.model.embed_tokens.weight" not in state_dict:
        raise CheckpointError(
            f"{pth} holds no llm.model.embed_tokens.weight.", "Expected a state dict of the class BioMedGPTV."
        )
    text_config = AutoConfig.from_pretrained(llm_dir)
    text_config.vocab_size = state_dict["llm.model.embed_tokens.weight"].shape[0]  # [PAD] was added
    text_config.use_cache = True  # the released config says false, which only slows decoding
    _drop_ignored_settings(text_config)
    config = BioMedGPTConfig(
        molecule_config=_gin_config(state_dict),
        protein_config=AutoConfig.from_pretrained(esm_dir),
        text_config=text_config,
    )
    with torch.device("meta"):
        sketch = BioMedGPTForConditionalGeneration(config)
    weights = _fitting(sketch, state_dict)
    model = BioMedGPTForConditionalGeneration.from_pretrained(None, config=config, state_dict=weights, dtype=dtype)
    tokenizer = _reference_tokenizer(Path(llm_dir))
    processor = BioMedGPTProcessor(
        tokenizer,
        EsmTokenizer.from_pretrained(esm_dir),
        molecule_token_id=config.molecule_token_id,
        protein_token_id=config.protein_token_id,
    )
    model.generation_config.bos_token_id = tokenizer.bos_token_id
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    return model.eval(), processor


def _gin_config(state_dict: Mapping[str, Tensor]) -> GinConfig:
    prefix = "mol_structure_encoder."
    layers = {key.split(".")[2] for key in state_dict if key.startswith(f"{prefix}gnns.")}
    try:
        atoms, chirality, bonds, directions = (
            state_dict[prefix + name].shape
            for name in (
                "x_embedding1.weight",
                "x_embedding2.weight",
                "gnns.0.edge_embedding1.weight",
                "gnns.0.edge_embedding2.weight",
            )
        )
    except KeyError as error:
        raise CheckpointError(
            f"the checkpoint lacks {error}.", "Expected a state dict of the class BioMedGPTV."
        ) from error
    return GinConfig(
        num_atom_types=atoms[0],
        num_chirality=chirality[0],
        num_bond_types=bonds[0],
        num_bond_directions=directions[0],
        hidden_size=atoms[1],
        num_hidden_layers=len(layers),
    )


def _drop_ignored_settings(text_config: Any) -> None:
    """Undo what the reference's vendored Llama ignores: grouped heads and rotary settings."""
    if text_config.model_type == "llama":
        text_config.num_key_value_heads = text_config.num_attention_heads
        text_config.rope_parameters = {"rope_type": "default", "rope_theta": 10000.0}


def _reference_tokenizer(folder: Path) -> Any:
    model_file = folder / "tokenizer.model"
    if model_file.is_file():
        return SentencePieceTokenizer(str(model_file))
    return AutoTokenizer.from_pretrained(folder)


def _some(names: list[str], limit: int = 5) -> str:
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


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
    folder = Path(folder)
    if folder.exists():
        raise CheckpointError(f"{folder} exists already.", "Choose another name, or remove it first.")
    missing = [key for key in GIVEN if key not in manifest]
    if missing:
        raise CheckpointError(f"the manifest of {folder} lacks {', '.join(missing)}.", "Add them and save again.")
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    model.save_pretrained(partial)
    processor.save_pretrained(partial)
    (partial / "README.md").write_text(card, encoding="utf-8")
    files = file_digests(partial)
    complete = {
        **manifest,
        "prompt_style": processor.prompt_style,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "digest": weights_digest(files),
        "files": files,
    }
    text = json.dumps(complete, indent=2, ensure_ascii=False) + "\n"
    (partial / MANIFEST).write_text(text, encoding="utf-8")
    partial.rename(folder)
    return folder


def load_checkpoint(
    folder: str | Path, dtype: torch.dtype = torch.float32, **kwargs: Any
) -> tuple[BioMedGPTForConditionalGeneration, BioMedGPTProcessor, dict[str, Any]]:
    """Load a folder written by :func:`save_checkpoint`, in evaluation mode.

    Args:
        folder: The checkpoint folder.
        dtype: Of the language model and the protein encoder.
        **kwargs: Passed to ``from_pretrained``, such as ``device_map`` or ``quantization_config``.

    Returns:
        The model, its processor and its manifest.

    Raises:
        CheckpointError: The folder is not one of ours, incomplete or damaged.
    """
    manifest = read_manifest(folder)
    absent = [name for name in manifest["files"] if not (Path(folder) / name).is_file()]
    if absent:
        raise CheckpointError(f"{folder} lacks {_some(absent)}.", "Fetch or build it again.")
    try:
        model = BioMedGPTForConditionalGeneration.from_pretrained(folder, dtype=dtype, **kwargs)
        processor = BioMedGPTProcessor.from_pretrained(folder)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise CheckpointError(
            f"{folder} cannot be loaded ({error}).", "Run `biomed-agent checkpoint verify`."
        ) from error
    return model.eval(), processor, manifest
