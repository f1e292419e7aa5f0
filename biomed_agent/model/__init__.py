"""The model side: what client and model agree on, the network, checkpoints, inference, training and evaluation.

Importing this package costs nothing; each name loads torch and transformers when it is first used, but for
``EMBEDDED`` and ``user_message``, which need neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomed_agent.core.lazy import lazy_names

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

__getattr__ = lazy_names(
    __name__,
    {
        "EMBEDDED": "connect",
        "user_message": "contract.prompt",
        "BioMedGPTConfig": "network.configuration",
        "GinConfig": "network.configuration",
        "BioMedGPTForConditionalGeneration": "network.modeling",
        "BioMedGPTProcessor": "network.processing",
    },
)
