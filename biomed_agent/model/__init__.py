"""The model side: configuration, encoders, processing, checkpoints and the engine.

Importing this package costs nothing; each name loads torch and transformers when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .configuration import BioMedGPTConfig, GinConfig
    from .modeling import BioMedGPTForConditionalGeneration
    from .processing import BioMedGPTProcessor

__all__ = ["BioMedGPTConfig", "BioMedGPTForConditionalGeneration", "BioMedGPTProcessor", "GinConfig"]

_HOME = {
    "BioMedGPTConfig": "configuration",
    "GinConfig": "configuration",
    "BioMedGPTForConditionalGeneration": "modeling",
    "BioMedGPTProcessor": "processing",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
