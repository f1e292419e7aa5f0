"""Which model answers: a host, a folder on this machine, the embedded model, or none."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

from biomed_agent.core.errors import InvalidInput, Unavailable
from biomed_agent.core.privacy.credentials import redact_path
from biomed_agent.core.types import EgressPolicy, LoadIn
from biomed_agent.model.contract.generation import Generator
from biomed_agent.model.local import LocalModel
from biomed_agent.model.remote import HostClient

EMBEDDED = Path(__file__).parents[1] / "data" / "mini"
"""Folder of the model that ships with the package."""


def connect(
    host: str | None = None,
    model: str | Path | None = None,
    *,
    egress: EgressPolicy = "names-only",
    api_key: str = "",
    load_in: LoadIn | None = None,
    audit: Path | None = None,
) -> Generator | None:
    """Return what answers for the model: ``host`` if given, else a local folder, else the embedded model.

    Args:
        host: Base URL of an OpenAI-compatible host of this model, such as ``http://127.0.0.1:8000``.
        model: Checkpoint folder; ``"embedded"`` names the one that ships with the package, ``"none"`` switches the
            model off.
        egress: Policy the host client obeys; a host on this machine is exempt.
        api_key: Bearer token for the host.
        load_in: Precision of a local model's weights; bfloat16 on a GPU that multiplies it and float32
            elsewhere when not given.
        audit: File in which what leaves for a host elsewhere is noted; see
        :class:`biomed_agent.core.privacy.egress.AuditLog`.

    Returns:
        A generator that loads nothing until it is asked, or None when the ``[model]`` extra is not
        installed or the model is switched off.
    """
    if host:
        return HostClient(host, egress=egress, api_key=api_key, audit=audit)
    if model is not None and str(model).lower() == "none":
        return None
    folder = model_folder(model)
    if model is not None and is_hugging_face(folder):
        raise InvalidInput(
            f"{redact_path(str(model))} is a language model's own folder, as Hugging Face has it, and no checkpoint of "
            "this package.",
            f"Make one: biomed-agent checkpoint import --lm {redact_path(str(model))} --output OUT; then give OUT.",
        )
    if model is not None and not (folder / "manifest.json").is_file():
        raise InvalidInput(
            f"{redact_path(str(model))} is not a model folder: it holds no manifest.json.",
            "Give a folder written by this package, or leave the setting out to use the embedded model.",
        )
    if not (folder / "manifest.json").is_file():
        return None
    if not all(importlib.util.find_spec(name) for name in ("torch", "transformers", "sentencepiece")):
        if model is not None:
            raise Unavailable(
                f"the model in {folder} needs torch and transformers, which are not installed.",
                "Run: pip install 'biomed-agent[model]'.",
            )
        return None
    return LocalModel(folder, load_in)


def is_hugging_face(folder: Path) -> bool:
    """Whether a folder holds the configuration of a Hugging Face model and no manifest of ours."""
    if (folder / "manifest.json").is_file():
        return False
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and "model_type" in config


def model_folder(model: str | Path | None) -> Path:
    """Return the folder that a setting names; the embedded model's for ``"embedded"`` and for nothing."""
    return EMBEDDED if model is None or str(model).lower() == "embedded" else Path(model)
