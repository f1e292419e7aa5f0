"""Deprecated: its names live in :mod:`biomed_agent.model`."""

from biomed_agent.core.deprecated import moved_names

_MODEL = "biomed_agent.model"
_HOMES = {
    **dict.fromkeys(("Generation", "Generator", "Options", "options_for"), f"{_MODEL}.contract.generation"),
    **dict.fromkeys(("EMBEDDED", "connect", "model_folder"), f"{_MODEL}.connect"),
    "HostClient": f"{_MODEL}.remote",
    "LocalModel": f"{_MODEL}.local",
}
__getattr__ = moved_names(__name__, _HOMES)
