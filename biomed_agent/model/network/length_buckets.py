"""Which rows to pad together: similar lengths, so that little of a batch is padding. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence

MAX_WASTE = 0.05
"""Share of padding above which a bucket is divided."""


def bucket_by_length(lengths: Sequence[int], max_waste: float = MAX_WASTE, max_padding: int = 0) -> list[list[int]]:
    """Divide rows into buckets of similar length.

    Going down the sorted lengths, a row joins the bucket at hand unless padding would then be more than
    ``max_waste`` of that bucket and more than ``max_padding`` positions.

    Args:
        lengths: Of the rows.
        max_waste: Share of padding a bucket may have, from 0 to 1.
        max_padding: Positions of padding that are cheaper than another pass of the model.

    Returns:
        The buckets, longest rows first, each a list of row numbers.
    """
    buckets: list[list[int]] = []
    for row in sorted(range(len(lengths)), key=lambda number: -lengths[number]):
        if buckets:
            together = [*(lengths[number] for number in buckets[-1]), lengths[row]]
            padded = len(together) * together[0]
            padding = padded - sum(together)
            if padding <= max(max_waste * padded, max_padding):
                buckets[-1].append(row)
                continue
        buckets.append([row])
    return buckets


def padding_waste(lengths: Sequence[int], grouped: Sequence[Sequence[int]]) -> float:
    """Return the share of padding when each group of rows is padded to its longest; 0 without rows."""
    padded = sum(len(group) * max(lengths[row] for row in group) for group in grouped if group)
    return 1 - sum(lengths[row] for group in grouped for row in group) / padded if padded else 0.0
