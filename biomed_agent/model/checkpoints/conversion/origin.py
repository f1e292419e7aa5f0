"""Reading what weights belong to: sizes from configurations and tensors, tokenizers from folders."""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from torch import Tensor
from transformers import MODEL_FOR_CAUSAL_LM_MAPPING, AutoConfig, AutoTokenizer, EsmConfig, EsmTokenizer

from biomed_agent.core.errors import CheckpointError
from biomed_agent.model.checkpoints.conversion.files import (
    first_names,
    load_torch,
    read_weights,
    tensors_of,
    weights_in,
)
from biomed_agent.model.checkpoints.conversion.layouts import CAUSAL_LM, ESM_FAIR, ESM_FOLDER, GIN, RELEASED, Layout
from biomed_agent.model.checkpoints.conversion.match import Part
from biomed_agent.model.contract.prompt import COMPACT
from biomed_agent.model.network.configuration import ESM2, BioMedGPTConfig, GinConfig
from biomed_agent.model.network.processing import BioMedGPTProcessor, esm_tokenizer
from biomed_agent.model.network.tokenizer import SentencePieceTokenizer

Sort: TypeAlias = Literal["released", "parts", "language model"]
"""A BioMedGPT with trained projections, separate parts that are not aligned, or a language model alone."""
BOTH = "Give the released file of BioMedGPT, or a graph encoder beside a language model and an ESM-2 with weights."


@dataclass(frozen=True)
class Origin:
    """A model as it was found.

    Args:
        config: Its sizes.
        processor: Its tokenizers, with the prompt style ``reference``, or ``compact`` for a language model alone.
        parts: Its weights.
        files: Where they were.
        sort: What it is.
        lm: Folder of the language model.
    """

    config: BioMedGPTConfig
    processor: BioMedGPTProcessor
    parts: tuple[Part, ...]
    files: tuple[Path, ...]
    sort: Sort
    lm: Path


def find_origin(sources: Sequence[Path], lm: Path, esm: Path) -> Origin:
    """Read a BioMedGPT in one file (or shards of it), or a graph encoder with two folders that hold weights.

    Args:
        sources: The released file, or the graph encoder's.
        lm: Folder of the language model; its weights are read only beside a graph encoder.
        esm: Folder of ESM-2, or the ``.pt`` file of fair-esm; its weights are read only beside a graph encoder.

    Raises:
        CheckpointError: A file cannot be read or is foreign.
    """
    tensors = read_weights(sources)
    if RELEASED.prefix(tensors) is not None:
        return released(sources, tensors, lm, esm)
    if GIN.prefix(tensors) is not None:
        return _separate(sources, tensors, lm, esm)
    raise CheckpointError(
        f"{sources[0]} holds no {RELEASED.anchor} of a BioMedGPT and no {GIN.anchor} of a graph encoder, "
        f"but {first_names(tensors, 3)}.",
        BOTH,
    )


def released(sources: Sequence[Path], tensors: Mapping[str, Tensor], lm: Path, esm: Path) -> Origin:
    """Return the origin of weights in the layout of PharMolix/OpenBioMed v1.

    Raises:
        CheckpointError: They are not in that layout, or a folder cannot be read.
    """
    prefix = RELEASED.prefix(tensors)
    if prefix is None:
        raise CheckpointError(
            f"{sources[0]} holds no {RELEASED.anchor}.", "Expected a state dict of the class BioMedGPTV."
        )
    text_config = _config(lm, "language model")
    text_config.vocab_size = tensors[prefix + RELEASED.anchor].shape[0]  # [PAD] was added
    if text_config.model_type == "llama":  # the vendored Llama ignores grouped heads and rotary settings
        text_config.num_key_value_heads = text_config.num_attention_heads
        text_config.rope_parameters = {"rope_type": "default", "rope_theta": 10000.0}
    esm_config = _fair_config(esm, _load_fair(esm)) if esm.is_file() else _esm_config(esm)
    gin_config = _gin_config(tensors, f"{prefix}mol_structure_encoder.", sources[0])
    parts = (Part("BioMedGPT", tensors, RELEASED),)
    return _origin(gin_config, esm_config, text_config, lm, esm, parts, tuple(sources), "released")


def _separate(sources: Sequence[Path], tensors: Mapping[str, Tensor], lm: Path, esm: Path) -> Origin:
    text_config, lm_files, lm_part = _language_model(lm)
    esm_files, esm_config, esm_tensors, esm_layout = _esm_part(esm)
    parts = (
        Part("graph encoder", tensors, GIN, ("molecule_encoder.",)),
        Part("protein encoder", esm_tensors, esm_layout, ("protein_encoder.",)),
        lm_part,
    )
    gin_config = _gin_config(tensors, GIN.prefix(tensors) or "", sources[0])
    files = (*sources, *esm_files, *lm_files)
    return _origin(gin_config, esm_config, text_config, lm, esm, parts, files, "parts")


def language_model_alone(lm: Path) -> Origin:
    """Return the origin of a language model's own folder, which reads text and no structure.

    Raises:
        CheckpointError: The folder lacks a file, or holds another sort of model.
    """
    text_config, files, part = _language_model(lm)
    text_config.use_cache = True
    config = BioMedGPTConfig(text_config=text_config, modalities=())
    processor = BioMedGPTProcessor(
        _tokenizer(lm, config.text_config.vocab_size),
        esm_tokenizer(),
        prompt_style=COMPACT.name,
        molecule_token_id=config.molecule_token_id,
        protein_token_id=config.protein_token_id,
        modalities=(),
    )
    return Origin(config, processor, (part,), tuple(files), "language model", lm)


def _language_model(lm: Path) -> tuple[Any, list[Path], Part]:
    """Return configuration, files and weights of a language model's own folder."""
    config = _config(lm, "language model")
    if getattr(config, "quantization_config", None):
        raise CheckpointError(f"{lm} is quantized.", "Give the folder of the weights it was made from.")
    if type(config) not in MODEL_FOR_CAUSAL_LM_MAPPING:
        raise CheckpointError(
            f"{lm} is of model type {config.model_type}; expected a causal language model, such as llama or qwen2.",
            "Give the folder of the language model.",
        )
    files = weights_in(lm)
    return config, files, Part("language model", read_weights(files), CAUSAL_LM, ("language_model.",))


def _origin(
    gin: GinConfig, esm: Any, text: Any, lm_dir: Path, esm_dir: Path, parts: Any, files: Any, sort: Sort
) -> Origin:
    text.use_cache = True  # the released config says false, which only slows decoding
    config = BioMedGPTConfig(molecule_config=gin, protein_config=esm, text_config=text)
    tokenizer = _tokenizer(lm_dir, config.text_config.vocab_size)
    processor = BioMedGPTProcessor(
        tokenizer,
        _esm_tokenizer(esm_dir),
        molecule_token_id=config.molecule_token_id,
        protein_token_id=config.protein_token_id,
    )
    return Origin(config, processor, parts, files, sort, lm_dir)


def _esm_part(esm: Path) -> tuple[list[Path], EsmConfig, Mapping[str, Tensor], Layout]:
    """Return files, configuration, weights and names of an ESM-2."""
    if esm.is_file():
        loaded = _load_fair(esm)
        return [esm], _fair_config(esm, loaded), tensors_of(loaded, esm), ESM_FAIR
    files = weights_in(esm)
    return files, _esm_config(esm), read_weights(files), ESM_FOLDER


def _config(folder: Path, what: str) -> Any:
    """Return the configuration in a folder; nothing is ever fetched."""
    path = folder / "config.json"
    if not path.is_file():
        raise CheckpointError(f"no file {path}.", f"Give the folder of the {what}, with its config.json and tokenizer.")
    try:
        return AutoConfig.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{path} cannot be read ({_first_line(error)}).", f"Expected the configuration of the {what}."
        ) from error


def _esm_config(folder: Path) -> EsmConfig:
    config = _config(folder, "protein encoder")
    if config.model_type != "esm" or getattr(config, "position_embedding_type", "") != "rotary":
        raise CheckpointError(
            f"{folder} is of model type {config.model_type}; expected an ESM-2.",
            "Its config.json says model_type esm and position_embedding_type rotary.",
        )
    return config  # type: ignore[no-any-return]


def _load_fair(path: Path) -> Any:
    loaded = load_torch(path, allowed=[argparse.Namespace])
    if not isinstance(loaded, Mapping) or not {"cfg", "model"} <= loaded.keys():
        raise CheckpointError(
            f"{path} is no ESM-2 of fair-esm: it has no cfg and model.", "Expected a file such as esm2_t36_3B_UR50D.pt."
        )
    return loaded


def _fair_config(path: Path, loaded: Any) -> EsmConfig:
    """Return the configuration of a fair-esm file, which states some sizes and leaves the others to its code."""
    settings: Any = loaded["cfg"].get("model") if isinstance(loaded["cfg"], Mapping) else None
    try:
        sizes: dict[str, Any] = ESM2 | {
            "hidden_size": settings.encoder_embed_dim,
            "num_hidden_layers": settings.encoder_layers,
            "num_attention_heads": settings.encoder_attention_heads,
            "intermediate_size": 4 * settings.encoder_embed_dim,
            "max_position_embeddings": 1026,
            "token_dropout": settings.token_dropout,
        }
    except AttributeError as error:
        raise CheckpointError(
            f"{path} is no ESM-2 of fair-esm ({error}).", "Expected one of the esm2_t* files."
        ) from error
    return EsmConfig(**sizes)


def _gin_config(tensors: Mapping[str, Tensor], prefix: str, path: Path) -> GinConfig:
    start = f"{prefix}gnns."
    layers = {key.removeprefix(start).split(".")[0] for key in tensors if key.startswith(start)}
    names = ("x_embedding1", "x_embedding2", "gnns.0.edge_embedding1", "gnns.0.edge_embedding2")
    try:
        atoms, chirality, bonds, directions = (tensors[f"{prefix}{name}.weight"].shape for name in names)
    except KeyError as error:
        raise CheckpointError(
            f"{path} lacks {error}.", "Expected the graph encoder of BioMedGPT or GraphMVP."
        ) from error
    return GinConfig(
        num_atom_types=atoms[0],
        num_chirality=chirality[0],
        num_bond_types=bonds[0],
        num_bond_directions=directions[0],
        hidden_size=atoms[1],
        num_hidden_layers=len(layers),
    )


def _tokenizer(folder: Path, rows: int) -> Any:
    """Return a language model's tokenizer; every id it gives has a row in the token table."""
    model_file = folder / "tokenizer.model"
    if model_file.is_file() and not _adds_tokens(folder, model_file, rows):
        tokenizer: Any = SentencePieceTokenizer(str(model_file))
        if len(tokenizer) > rows:  # a row for [PAD] exists only where one was added
            tokenizer = SentencePieceTokenizer(str(model_file), pad_token=tokenizer.eos_token)
    else:
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError) as error:
            raise CheckpointError(
                f"{folder} has no tokenizer that can be read ({_first_line(error)}).",
                "Put tokenizer.model or tokenizer.json of the language model there.",
            ) from error
    if len(tokenizer) > rows:
        raise CheckpointError(
            f"the tokenizer in {folder} has {len(tokenizer):,} tokens, and the language model {rows:,} rows.",
            "Give the tokenizer that belongs to these weights.",
        )
    return tokenizer


def _adds_tokens(folder: Path, model_file: Path, rows: int) -> bool:
    """Whether ``tokenizer.json`` must be read, because ``tokenizer.model`` is not of SentencePiece or knows less."""
    try:
        known = SentencePieceTokenizer(str(model_file)).vocab_size
    except RuntimeError:
        return (folder / "tokenizer.json").is_file()
    try:
        added = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["added_tokens"]
        return any(known <= token["id"] < rows for token in added)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _esm_tokenizer(esm: Path) -> Any:
    """Return the tokenizer of an ESM folder; a fair-esm file has the alphabet of every ESM-2."""
    vocabulary = esm / "vocab.txt"
    if vocabulary.is_file():
        return EsmTokenizer.from_pretrained(esm)
    if esm.is_dir():
        raise CheckpointError(f"no file {vocabulary}.", "Fetch it with the config.json of the protein encoder.")
    return esm_tokenizer()


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"
