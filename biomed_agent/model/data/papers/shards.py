"""Papers as rows of tokens on disk: the files, and the data set that maps them into memory.

A folder of shards holds ``train-00000.npy`` and ``held_out-00000.npy`` and so on, arrays ``[rows, context]`` that are
mapped rather than read; ``left_out.jsonl``, which names every row of the input that is in none of them, and why; and
``index.json``, which is written last. :mod:`.shard_writer` makes such a folder.
"""

import hashlib
import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset
from transformers import PreTrainedTokenizerBase

from biomed_agent.core.errors import InvalidInput

INDEX, LEFT_OUT = "index.json", "left_out.jsonl"
SPLITS = ("train", "held_out")
PROBE = "Caffeine (C8H10N4O2) inhibits PDE4 at 13.5 µM;\n\tβ-actin's 2'-OH, «naïve» T-cells  99 %."


@dataclass(frozen=True)
class ShardSettings:
    """How papers become rows; the same words as in a recipe of stage 1."""

    context: int = 2048
    """tokens of a row"""
    held_out: float = 0.001
    """share of papers kept for validation, drawn by the hash of their identifiers"""
    least_characters: int = 200
    """papers that are shorter once cleaned are left out"""
    rows_per_shard: int = 16384

    def __post_init__(self) -> None:
        if min(self.context, self.rows_per_shard) < 1 or not 0 <= self.held_out < 1:
            raise InvalidInput(f"{self} cannot be packed.", "Give a context of at least 1, and held_out from 0 to 1.")


def read_index(folder: Path) -> dict[str, Any]:
    """Return the index of a folder of shards, once its files are there and as long as it says.

    Raises:
        InvalidInput: There is no index, or a shard is missing or of another shape.
    """
    try:
        index: dict[str, Any] = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        context, shards = (
            index["job"]["context"],
            [shard for split in SPLITS for shard in index["splits"][split]["shards"]],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            f"{folder / INDEX} cannot be read ({getattr(error, 'strerror', None) or error}).",
            "Pack the papers first; a killed run goes on when the same command is given again.",
        ) from error
    for shard in shards:
        path = folder / shard["file"]
        try:
            shape = np.load(path, mmap_mode="r").shape
        except (OSError, ValueError) as error:
            raise InvalidInput(f"the shard {path} cannot be read ({error}).", "Pack the papers again.") from error
        if shape != (shard["rows"], context):
            raise InvalidInput(f"the shard {path} is {shape}, expected {(shard['rows'], context)}.", "Pack again.")
    return index


def verify(folder: Path) -> None:
    """Compare every shard of a folder with the SHA-256 its index gives.

    Raises:
        InvalidInput: A shard is altered.
    """
    index = read_index(folder)
    for split in SPLITS:
        for shard in index["splits"][split]["shards"]:
            if digest_of(np.load(folder / shard["file"], mmap_mode="r")) != shard["sha256"]:
                raise InvalidInput(f"the shard {folder / shard['file']} is altered.", "Pack the papers again.")


def summary(index: Mapping[str, Any]) -> str:
    """Return in a line what a folder of shards holds and what was left out."""
    splits, left = index["splits"], index["left_out"]
    papers = sum(split["papers"] for split in splits.values())
    out = ", ".join(f"{count:,} {kind}" for kind, count in left.items() if count) or "none"
    return (
        f"{papers:,} papers: {splits['train']['tokens']:,} tokens to train on, "
        f"{splits['held_out']['tokens']:,} held out; left out: {out} (named in {LEFT_OUT})"
    )


def tokenizer_digest(tokenizer: PreTrainedTokenizerBase) -> str:
    """Return a SHA-256 that tells tokenizers apart by their vocabulary and how they cut a probe."""
    facts = [sorted(tokenizer.get_vocab().items()), tokenizer.eos_token_id, tokens_of(PROBE, tokenizer)]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def tokens_of(text: str, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Return the tokens of one paper: those the tokenizer begins texts with, the text, and end of sequence.

    Special tokens written out in the text are ordinary characters.
    """
    ids: list[int] = list(tokenizer(text, split_special_tokens=True, verbose=False)["input_ids"])
    return ids if ids and ids[-1] == tokenizer.eos_token_id else [*ids, int(tokenizer.eos_token_id)]


class TokenRows(Dataset[dict[str, torch.Tensor]]):
    """The rows of one split, mapped into memory: any row can be had at once, in any process.

    An item has ``input_ids`` and ``labels``, both ``[context]``; labels are -100 where the last row is filled up.

    Args:
        folder: Folder of shards.
        split: ``train`` or ``held_out``.
    """

    def __init__(self, folder: Path, split: str = "train") -> None:
        index = read_index(folder)
        note = index["splits"][split]
        self.files = [folder / shard["file"] for shard in note["shards"]]
        self.ends = list(accumulate(shard["rows"] for shard in note["shards"]))
        self.context, self.tokens = int(index["job"]["context"]), int(note["tokens"])
        self.maps: dict[int, NDArray[Any]] = {}

    def __len__(self) -> int:
        """Number of rows."""
        return self.ends[-1] if self.ends else 0

    def __getitem__(self, row: int) -> dict[str, torch.Tensor]:
        """Return one row."""
        shard = bisect_right(self.ends, row)
        if shard not in self.maps:
            self.maps[shard] = np.load(self.files[shard], mmap_mode="r")
        before = self.ends[shard - 1] if shard else 0
        ids = torch.from_numpy(self.maps[shard][row - before].astype(np.int64))
        labels = ids.clone()
        labels[max(0, self.tokens - row * self.context) :] = -100
        return {"input_ids": ids, "labels": labels}

    def __getstate__(self) -> dict[str, Any]:
        """Leave the maps behind; another process opens its own."""
        return {**self.__dict__, "maps": {}}


def digest_of(values: NDArray[Any]) -> str:
    """Return the SHA-256 of an array's values."""
    return hashlib.sha256(np.ascontiguousarray(values).data).hexdigest()
