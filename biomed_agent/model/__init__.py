"""The model side: what client and model agree on, the network, checkpoints, inference, training and evaluation.

Importing this package costs nothing; each name loads torch and transformers when it is first used, but for
``EMBEDDED`` and ``user_message``, which need neither.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from biomed_agent.model.connect import EMBEDDED
    from biomed_agent.model.contract.prompt import user_message
    from biomed_agent.model.network.configuration import BioMedGPTConfig, GinConfig
    from biomed_agent.model.network.modeling import BioMedGPTForConditionalGeneration
    from biomed_agent.model.network.processing import BioMedGPTProcessor

__all__ = [
    "EMBEDDED",
    "BioMedGPTConfig",
    "BioMedGPTForConditionalGeneration",
    "BioMedGPTProcessor",
    "GinConfig",
    "user_message",
]

_HOME = {
    "EMBEDDED": "connect",
    "user_message": "contract.prompt",
    "BioMedGPTConfig": "network.configuration",
    "GinConfig": "network.configuration",
    "BioMedGPTForConditionalGeneration": "network.modeling",
    "BioMedGPTProcessor": "network.processing",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
