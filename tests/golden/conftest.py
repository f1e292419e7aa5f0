"""Recorded inputs and outputs of the reference implementation, and the model and processor they belong to.

Set BIOMED_AGENT_GOLDEN to the folder of another recorded set of the same layout.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from biomed_agent.model.checkpoints.checkpoint import load_reference


class Golden:
    """One recorded set."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.model, self.processor = load_reference(folder / "biomedgpt_tiny.pth", folder / "llm", folder / "esm")

    def records(self, name: str) -> Any:
        return json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))

    def arrays(self, name: str) -> Any:
        return np.load(self.folder / f"{name}.npz")


@pytest.fixture(scope="session")
def golden() -> Golden:
    default = Path(__file__).parent / "data"
    return Golden(Path(os.environ.get("BIOMED_AGENT_GOLDEN", default)))


@pytest.fixture(autouse=True)
def _as_recorded() -> Iterator[None]:
    """One thread and no gradients, as when the set was recorded."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.no_grad():
        yield
    torch.set_num_threads(threads)


def is_close(got: Any, want: Any) -> bool:
    """Return whether ``|got - want| <= 1e-5 * max(1, max|want|)`` everywhere, shapes equal.

    That is what rounding in float32 alone can give, with some room.
    """
    got, want = np.asarray(got), np.asarray(want)
    return got.shape == want.shape and bool(np.abs(got - want).max() <= 1e-5 * max(1.0, np.abs(want).max()))


@pytest.fixture(scope="session")
def close() -> Callable[[Any, Any], bool]:
    return is_close
