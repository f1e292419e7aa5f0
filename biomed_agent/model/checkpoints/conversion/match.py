"""Comparing the keys of foreign weights with our parameters, one by one."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from biomed_agent.core.errors import CheckpointError, InvalidInput
from biomed_agent.model.checkpoints.conversion.files import first_names
from biomed_agent.model.checkpoints.conversion.layouts import Layout

_OPTIONAL = ("protein_encoder.contact_head.", "protein_encoder.rotary_embeddings.inv_freq")
"""What ESM-2 always has and no checkpoint needs to bring: an unused head, and a table computed in float32."""
_TIED = "language_model.lm_head.weight"
"""In a language model with tied embeddings a second name of the token table."""


@dataclass(frozen=True)
class Part:
    """Weights of one origin.

    Args:
        what: Which part of the model they are, in words.
        tensors: By the names of their files.
        layout: What those names mean.
        fills: The beginnings of our names that these weights must bring.
    """

    what: str
    tensors: Mapping[str, Tensor]
    layout: Layout
    fills: tuple[str, ...] = ("",)


@dataclass(frozen=True)
class Taken:
    """One tensor that is taken: its key in the file, our name, and the values."""

    key: str
    name: str
    tensor: Tensor


@dataclass
class MatchReport:
    """What became of every key."""

    taken: list[Taken] = field(default_factory=list)
    fresh: list[str] = field(default_factory=list)
    """our names of what no file brings and is drawn anew"""
    ignored: list[tuple[str, str]] = field(default_factory=list)
    """keys and why"""
    missing: list[str] = field(default_factory=list)
    """what the files would have called it"""
    unexpected: list[str] = field(default_factory=list)
    wrong_shape: list[str] = field(default_factory=list)
    """keys with both shapes or types, in words"""

    def lines(self) -> Iterator[str]:
        """Yield one line for each outcome: how many keys, and the first few."""
        for what, words in self._words().items():
            if what != "ignored":
                yield f"{what:11} {len(words):6,}  {first_names(words, 3)}".rstrip()
        for why in dict.fromkeys(why for _, why in self.ignored):
            keys = [key for key, reason in self.ignored if reason == why]
            yield f"{'ignored':11} {len(keys):6,}  {why}: {first_names(keys, 3)}"

    def refuse_faults(self) -> None:
        """Raise :class:`CheckpointError` when something is missing, unexpected or of another shape."""
        words = self._words()
        summary = "; ".join(
            f"{what}: {first_names(words[what])}" for what in ("missing", "unexpected", "wrong shape") if words[what]
        )
        if summary:
            raise CheckpointError(
                f"the checkpoint does not fit the model ({summary}).",
                "Check that it is a BioMedGPT checkpoint and that the language model and ESM folders belong to it.",
            )

    def write(self, file: Path) -> None:
        """Write every key and what became of it as JSON."""
        whole: dict[str, Any] = {
            "taken": [
                {
                    "key": entry.key,
                    "name": entry.name,
                    "shape": list(entry.tensor.shape),
                    "stored": _dtype(entry.tensor),
                }
                for entry in self.taken
            ],
            "fresh": self.fresh,
            "ignored": [{"key": key, "why": why} for key, why in self.ignored],
            "missing": self.missing,
            "unexpected": self.unexpected,
            "wrong_shape": self.wrong_shape,
        }
        try:
            file.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        except OSError as error:
            raise InvalidInput(f"{file} cannot be written: {error.strerror or error}.") from error

    def _words(self) -> dict[str, list[str]]:
        return {
            "taken": [entry.key for entry in self.taken],
            "fresh": self.fresh,
            "ignored": [f"{key} ({why})" for key, why in self.ignored],
            "missing": self.missing,
            "unexpected": self.unexpected,
            "wrong shape": self.wrong_shape,
        }


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def match(own: Mapping[str, Tensor], parts: Sequence[Part], tied: bool = False) -> MatchReport:
    """Find the place of every key.

    Args:
        own: The model's state dict; only names and shapes are read, so it may lie on the meta device.
        parts: The weights.
        tied: Whether the language model's output matrix is its token table.
    """
    report = MatchReport()
    for part in parts:
        prefix = part.layout.prefix(part.tensors) or ""
        names = set()
        for key, tensor in part.tensors.items():
            name, why = part.layout.place(key.removeprefix(prefix))
            if not key.startswith(prefix):
                name, why = "", f"outside {prefix}"
            if tied and name == _TIED:
                name, why = "", "the token table once more"
            names.add(name)
            if not name:
                report.ignored.append((key, why))
            elif name not in own:
                report.unexpected.append(key)
            elif own[name].is_floating_point() != tensor.is_floating_point():
                report.wrong_shape.append(f"{key} of {_dtype(tensor)} instead of floating point numbers")
            elif own[name].shape != tensor.shape:
                report.wrong_shape.append(f"{key} {tuple(tensor.shape)} instead of {tuple(own[name].shape)}")
            else:
                report.taken.append(Taken(key, name, tensor))
        needed = (name for name in own if name.startswith(part.fills) and not name.startswith(_OPTIONAL))
        absent = [name for name in needed if name not in names and not (tied and name == _TIED)]
        report.missing += [prefix + part.layout.theirs(name) for name in absent]
    filled = tuple(start for part in parts for start in part.fills)
    report.fresh = [name for name in own if not name.startswith(filled)]
    return report
