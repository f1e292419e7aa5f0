"""Which examples are seen how often, in which batches, and as which tensors.

Examples of one protein stay together, so that its encoder runs once for all of them. Batches are either of similar
length and padded, or packed: several examples in one row, without padding, none of which sees another.
"""

import hashlib
import random
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeAlias

import torch
from rdkit import Chem, rdBase
from torch import Tensor
from torch.utils.data import Dataset

from biomed_agent.model.contract.prompt import Text, user_message
from biomed_agent.model.data.examples import KINDS, OTHER, Example
from biomed_agent.model.network.processing import BioMedGPTProcessor
from biomed_agent.model.training.batch import TrainingBatch
from biomed_agent.model.training.recipe import Stage

MAX_HELD_OUT_EXAMPLES = 100
"""held-out examples of each kind, or from each origin, whose loss is logged while training"""
WINDOW_EXAMPLES = 4096
"""Examples among which similar lengths are looked for; the order within an epoch is random beyond it."""
MAX_FIXED_POSITIONS = 128
"""positions that the words around a question never exceed"""
Unit: TypeAlias = list[Example]
"""Examples that stay together."""


# ---------------------------------------------------------------------------------------------- which examples


def select(examples: Sequence[Example], stage: Stage, seed: int, max_residues: int | None = None) -> list[Example]:
    """Thin kinds to ``stage.at_most``, crop proteins and repeat examples as often as the stage says.

    What a stage calls a kind may also be the origin of examples, which then does not count for their kind.

    Args:
        examples: All there are.
        stage: Says which kinds, how many and how often.
        seed: Decides which repeats are written from another atom on.
        max_residues: Longest protein; None for no limit.
    """
    pools: dict[str, list[Example]] = {}
    for example in examples:
        pools.setdefault(example.origin if example.origin in stage.repeats else example.kind, []).append(example)
    chosen: list[Example] = []
    for name in stage.repeats or KINDS:
        for example in sorted(pools.get(name, ()), key=draw)[: stage.at_most.get(name)]:
            example = replace(example, sequence=example.sequence[:max_residues])
            passes = range(stage.repeats.get(name, 1))
            chosen += [_repeated(example, number, stage, seed) for number in passes]
    return chosen


def select_held_out(
    examples: Sequence[Example], stage: Stage, seed: int, max_residues: int | None = None
) -> dict[str, list[Example]]:
    """Return the held-out examples whose loss a stage logs, by kind: each once.

    Of a pool there are at most :data:`MAX_HELD_OUT_EXAMPLES`.
    """
    few = dict.fromkeys((*KINDS, *stage.repeats), MAX_HELD_OUT_EXAMPLES)
    once = replace(stage, repeats=dict.fromkeys(stage.repeats, 1), at_most=few)
    chosen = select(examples, once, seed, max_residues)
    by_kind = {kind: [example for example in chosen if example.kind == kind] for kind in KINDS}
    return {kind: some for kind, some in by_kind.items() if some}


def draw(example: Example) -> bytes:
    """Return a key that sorts examples in an order of chance that never changes."""
    asked = example.question if example.kind == OTHER else ""
    return hashlib.sha256((example.kind + example.smiles + example.sequence + asked + example.answer).encode()).digest()


def _repeated(example: Example, number: int, stage: Stage, seed: int) -> Example:
    if not number or not example.smiles or _chance(f"{seed} {number} {example.smiles}") >= stage.random_smiles:
        return example
    return replace(example, smiles=random_smiles(example.smiles, seed=seed * 1000 + number))


def _chance(text: str) -> float:
    """Return a number in [0, 1) drawn by the hash of ``text``."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32


def random_smiles(smiles: str, seed: int) -> str:
    """Return the same structure written from another atom on (one of many, drawn by ``seed``)."""
    with rdBase.BlockLogs():
        return str(Chem.MolToRandomSmilesVect(Chem.MolFromSmiles(smiles), 1, randomSeed=seed)[0])


# ---------------------------------------------------------------------------------------------- which batches


def units(examples: Iterable[Example]) -> list[Unit]:
    """Put the examples of one protein together, each pass over them apart; the others stand alone."""
    passes: Counter[Example] = Counter()
    groups: dict[tuple[str, int], Unit] = {}
    for number, example in enumerate(examples):
        key = (example.sequence, passes[example]) if example.sequence else ("", number)
        passes[example] += 1
        groups.setdefault(key, []).append(example)
    return list(groups.values())


def estimated_positions(example: Example) -> int:
    """Return roughly how many positions an example takes: slots, answer and fixed words."""
    slots = sum(map(str.isalpha, example.smiles)) + (len(example.sequence) + 2 if example.sequence else 0)
    return slots + len(example.answer) // 3 + 25


class Lengths:
    """Counts exactly how many positions an example takes, without encoding its structure.

    Args:
        processor: Renders and encodes.
    """

    def __init__(self, processor: BioMedGPTProcessor) -> None:
        self.processor = processor
        self._words = lru_cache(maxsize=4096)(self._count_words)
        self._residues = lru_cache(maxsize=4096)(lambda sequence: len(processor.encode_protein(sequence)))

    def __call__(self, example: Example) -> int:
        """Return the positions of question, structures and answer."""
        atoms = _atoms(example.smiles) if example.smiles else 0
        residues = self._residues(example.sequence) if example.sequence else 0
        words = self._words(example.question, bool(example.smiles), bool(example.sequence))
        return words + atoms + residues + len(self.processor.encode_answer(example.answer))

    def _count_words(self, question: str, molecule: bool, protein: bool) -> int:
        message = user_message(question, smiles=["C"] * molecule, sequences=["M"] * protein)
        return sum(len(ids) for part, ids in self.processor.encode_prompt([message]) if isinstance(part, Text))


def fitting(examples: Sequence[Example], length: Lengths, positions: int) -> list[Example]:
    """Return the examples that fit into a context of so many positions; only long ones are counted exactly."""

    def max_positions(example: Example) -> int:  # no tokenizer makes more tokens than there are bytes
        return (
            len((example.smiles + example.sequence + example.question + example.answer).encode()) + MAX_FIXED_POSITIONS
        )

    return [example for example in examples if max_positions(example) <= positions or length(example) <= positions]


def _atoms(smiles: str) -> int:
    with rdBase.BlockLogs():
        return int(Chem.MolFromSmiles(smiles).GetNumAtoms())


class Batches(Dataset[Unit]):
    """Whole batches of examples; one item is one batch, so the Trainer's shuffling and resuming apply to batches.

    Args:
        batches: The batches.
        lengths: Positions of the examples of each.
        room: Positions each takes in memory, padding included.
    """

    def __init__(self, batches: list[Unit], lengths: list[list[int]], room: list[int]) -> None:
        self.batches = batches
        self.waste = 1 - sum(map(sum, lengths)) / max(1, sum(room))
        """share of the room that no example fills"""

    def __len__(self) -> int:
        """Number of batches."""
        return len(self.batches)

    def __getitem__(self, index: int) -> Unit:
        """Return one batch of examples."""
        return self.batches[index]


Grouping: TypeAlias = Callable[[list[tuple[list[int], Unit]], int], Iterator[list[tuple[list[int], Unit]]]]


def padded_batches(examples: Sequence[Example], tokens: int, seed: int) -> Batches:
    """Return padded batches of examples of similar length, of at most ``tokens`` estimated positions each."""
    batches = _batches(examples, estimated_positions, tokens, seed, _alike)
    return Batches(*batches, [len(lengths) * max(lengths) for lengths in batches[1]])


def packed(examples: Sequence[Example], length: Callable[[Example], int], tokens: int, seed: int) -> Batches:
    """Return batches to be packed into one row each, of at most ``tokens`` positions by ``length``.

    ``waste`` counts what is left of a row as room, although nothing is computed there.
    """
    batches = _batches(examples, length, tokens, seed, _filled)
    return Batches(*batches, [max(tokens, sum(lengths)) for lengths in batches[1]])


def _batches(
    examples: Sequence[Example], length: Callable[[Example], int], tokens: int, seed: int, group: Grouping
) -> tuple[list[Unit], list[list[int]]]:
    """Return batches and the lengths of their examples; windows of units drawn by ``seed`` are grouped apart."""
    shuffled = units(examples)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 (no secret)
    batches: list[Unit] = []
    lengths: list[list[int]] = []
    for start in range(0, len(shuffled), WINDOW_EXAMPLES):
        window = [([length(example) for example in unit], unit) for unit in shuffled[start : start + WINDOW_EXAMPLES]]
        for members in group(window, tokens):
            batches.append([example for _, unit in members for example in unit])
            lengths.append([number for numbers, _ in members for number in numbers])
    return batches, lengths


def _alike(window: list[tuple[list[int], Unit]], tokens: int) -> Iterator[list[tuple[list[int], Unit]]]:
    """Yield batches that fit when padded to their longest example, going up the lengths."""
    batch: list[tuple[list[int], Unit]] = []
    count = longest = 0
    for lengths, unit in sorted(
        _divided(window, lambda sizes: len(sizes) * max(sizes), tokens), key=lambda item: max(item[0])
    ):
        longest = max(longest, *lengths)
        if batch and (count + len(unit)) * longest > tokens:
            yield batch
            batch, count, longest = [], 0, max(lengths)
        batch.append((lengths, unit))
        count += len(unit)
    if batch:
        yield batch


def _filled(window: list[tuple[list[int], Unit]], tokens: int) -> Iterator[list[tuple[list[int], Unit]]]:
    """Yield rows filled by best fit, going down the lengths (Johnson, 1973: within 22 % of the fewest rows)."""
    rows: list[list[tuple[list[int], Unit]]] = []
    free: list[tuple[int, int]] = []  # positions left and number of each row, sorted
    for lengths, unit in sorted(_divided(window, sum, tokens), key=lambda item: -sum(item[0])):
        place = bisect_left(free, (sum(lengths), 0))
        if place == len(free):
            rows.append([])
            left, row = max(tokens, sum(lengths)), len(rows) - 1
        else:
            left, row = free.pop(place)
        rows[row].append((lengths, unit))
        insort(free, (left - sum(lengths), row))
    yield from rows


def _divided(
    window: list[tuple[list[int], Unit]], size: Callable[[list[int]], int], tokens: int
) -> Iterator[tuple[list[int], Unit]]:
    """Yield the units, one that is larger than a batch in pieces that are not (unless a single example is)."""
    for lengths, unit in window:
        begin = 0
        for end in range(1, len(unit) + 1):
            if end == len(unit) or size(lengths[begin : end + 1]) > tokens:
                yield lengths[begin:end], unit[begin:end]
                begin = end


# ---------------------------------------------------------------------------------------------- which tensors


def as_messages(example: Example) -> list[dict[str, Any]]:
    """Return the conversation that asks an example's question about its structure."""
    smiles = [example.smiles] if example.smiles else []
    sequences = [example.sequence] if example.sequence else []
    return [user_message(example.question, smiles=smiles, sequences=sequences)]


@dataclass(frozen=True)
class Collator:
    """Turns one batch of examples into tensors; labels are on the answers only."""

    processor: BioMedGPTProcessor
    packed: bool = False
    """one row for all examples instead of one each"""
    targets: Callable[[Sequence[Example]], dict[str, Tensor]] | None = None
    """computes what a loss asks for beside the answers"""

    def __call__(self, features: list[Unit]) -> TrainingBatch:
        """Return the tensors of ``features`` (one item of :class:`Batches` each)."""
        examples = [example for batch in features for example in batch]
        inputs = self.processor(
            [as_messages(example) for example in examples],
            answers=[example.answer for example in examples],
            padding_side="right",
        )
        kinds = torch.tensor([KINDS.index(example.kind) for example in examples])
        targets = self.targets(examples) if self.targets else {}
        batch = TrainingBatch(**inputs, kinds=kinds, targets=targets)
        return batch.packed() if self.packed else batch
