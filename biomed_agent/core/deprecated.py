"""Old spellings that still work for one release, each with a warning that names the new one."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Mapping
from typing import Any

REMOVED_IN = "0.5"
"""version in which what is deprecated now goes"""


def warn_deprecated(old: str, new: str, stacklevel: int = 3) -> None:
    """Warn that ``old`` is written ``new`` now."""
    warnings.warn(
        f"{old} is deprecated and goes in {REMOVED_IN}; use {new}.", DeprecationWarning, stacklevel=stacklevel
    )


def moved_names(module: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a module whose names live elsewhere.

    Args:
        module: The old module.
        homes: New module by name.
    """

    def read(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        warn_deprecated(f"{module}.{name}", f"{homes[name]}.{name}")
        return getattr(importlib.import_module(homes[name]), name)

    return read
