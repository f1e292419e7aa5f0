"""One batch of examples as tensors: what the model reads, and what the losses ask of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import torch
from torch import Tensor

from biomed_agent.model.network.processing import IGNORED

STRUCTURES = ("atoms", "edge_index", "edge_attr", "protein_input_ids", "protein_attention_mask")
"""Fields that describe the structures of a batch; each is None when no such structure occurs."""


@dataclass(frozen=True)
class TrainingBatch:
    """The tensors of one batch of examples.

    A batch is padded, one example a row, or packed: all examples in one row, none of which sees another.
    transformers' Trainer looks single fields up by name (``batch["labels"]``, ``"labels" in batch``), moves a batch
    with :meth:`to` and pins it with :meth:`pin_memory`.
    """

    input_ids: Tensor
    """[rows, length] tokens, and a placeholder for each atom and protein token"""
    attention_mask: Tensor
    """[rows, length] 1 at tokens, 0 at padding on the right; all ones, and not given to the model, in a packed row"""
    labels: Tensor
    """[rows, length] the token at each position of an answer, -100 elsewhere"""
    kinds: Tensor
    """[examples] positions in :data:`biomed_agent.model.data.examples.KINDS`"""
    position_ids: Tensor | None = None
    """[1, length] of a packed row, from 0 in each example; None for a padded batch"""
    atoms: Tensor | None = None
    """[atoms, 2] of all molecules, in the order of their placeholders: atom type, chirality"""
    edge_index: Tensor | None = None
    """[2, edges] source and target atom of each directed bond"""
    edge_attr: Tensor | None = None
    """[edges, 2] bond type, bond direction"""
    protein_input_ids: Tensor | None = None
    """[proteins, length] ESM tokens, right-padded, in the order of their placeholders"""
    protein_attention_mask: Tensor | None = None
    """[proteins, length] 1 at tokens, 0 at padding"""
    targets: Mapping[str, Tensor] = field(default_factory=dict)
    """what a loss asks for beside the answers, by name; see :func:`.objectives.structure_targets`"""

    @property
    def structures(self) -> dict[str, Tensor]:
        """What ``embed`` of the model takes beside ``input_ids``."""
        return {name: self[name] for name in STRUCTURES if name in self}

    @property
    def places(self) -> dict[str, Tensor]:
        """What tells the language model which positions belong together: a mask, or the positions of a packed row.

        Given positions and no mask, transformers lets each example of a row attend to itself alone: by a
        block-diagonal mask (eager, sdpa, flex) or by the boundaries themselves (flash attention).
        """
        if self.position_ids is not None:
            return {"position_ids": self.position_ids}
        return {"attention_mask": self.attention_mask}

    @property
    def model_inputs(self) -> dict[str, Tensor]:
        """What ``forward`` of the model takes, without labels."""
        return {"input_ids": self.input_ids, **self.places, **self.structures}

    def packed(self) -> TrainingBatch:
        """Return the rows of a right-padded batch joined into one row without padding."""
        real = self.attention_mask.bool()
        positions = torch.arange(real.shape[1], device=real.device).expand_as(real)[real].unsqueeze(0)
        # A first token is never predicted from the example before.
        labels = self.labels[real].unsqueeze(0).masked_fill(positions == 0, IGNORED)
        return replace(
            self,
            input_ids=self.input_ids[real].unsqueeze(0),
            attention_mask=self.attention_mask[real].unsqueeze(0),
            labels=labels,
            position_ids=positions,
        )

    def to(self, device: torch.device | str, non_blocking: bool = False) -> TrainingBatch:
        """Return the batch on a device."""
        return self._map(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> TrainingBatch:
        """Return the batch in memory that a GPU copies from without waiting."""
        return self._map(Tensor.pin_memory)

    def _map(self, change: Callable[[Tensor], Tensor]) -> TrainingBatch:
        tensors: dict[str, Any] = {part.name: change(self[part.name]) for part in fields(self) if part.name in self}
        targets = {name: change(tensor) for name, tensor in self.targets.items()}
        return replace(self, **tensors, targets=targets)

    def __contains__(self, name: object) -> bool:
        """Whether there is a tensor of that name."""
        return isinstance(self.get(name), Tensor)

    def __getitem__(self, name: str) -> Tensor:
        """Return the tensor of that name.

        Raises:
            KeyError: There is none.
        """
        tensor = self.get(name)
        if not isinstance(tensor, Tensor):
            raise KeyError(name)
        return tensor

    def get(self, name: object) -> Tensor | None:
        """Return the tensor of that name, or None."""
        tensor = getattr(self, name, None) if isinstance(name, str) else None
        return tensor if isinstance(tensor, Tensor) else None
