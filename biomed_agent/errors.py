"""Deprecated: its names live in :mod:`biomed_agent.core.errors`."""

from biomed_agent.core import errors
from biomed_agent.core.deprecated import moved_names

_NAMES = (name for name in vars(errors) if name[0].isupper())
__getattr__ = moved_names(__name__, dict.fromkeys(_NAMES, "biomed_agent.core.errors"))
