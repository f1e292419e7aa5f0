"""Deprecated: its names live in :mod:`biomed_agent.model.contract.prompt`."""

from biomed_agent.core.deprecated import moved_names

_NAMES = (
    "COMPACT",
    "PAIR_QUESTION",
    "QUESTIONS",
    "REFERENCE",
    "STYLES",
    "Message",
    "PromptStyle",
    "render",
    "user_message",
)
__getattr__ = moved_names(__name__, dict.fromkeys(_NAMES, "biomed_agent.model.contract.prompt"))
