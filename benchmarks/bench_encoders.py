"""Molecules and proteins through their encoders: one by one, batched, and packed by length.

Run with: python benchmarks/bench_encoders.py [proteins] [rounds]. Encoders of the embedded model's shapes, one
thread. Goal: packing by length leaves less than 5 % padding.
"""

from __future__ import annotations

import csv
import json
import lzma
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from bench_featurize import STARTER, molecules
from timing import interleaved, machine, table

import biomed_agent
from biomed_agent.model import BioMedGPTConfig, BioMedGPTForConditionalGeneration
from biomed_agent.model.network.featurize import MolecularGraph, collate_graphs, featurize_smiles
from biomed_agent.model.network.length_buckets import packs, padding_waste

PACKAGE = Path(biomed_agent.__file__).parent
ALPHABET = "LAGVSERTIDPKQNFYMHWC"
"""Residues in the order of the ids of ESM-2, which begin at 4."""
MAX_RESIDUES = 256
"""Protein tokens the embedded model reads."""
BATCH_SIZE = 16


def model() -> BioMedGPTForConditionalGeneration:
    """Return a model of the embedded one's encoders, with random weights and a language model of two layers."""
    sizes = json.loads((PACKAGE / "model/training/configs/mini.json").read_text(encoding="utf-8"))["model"]
    text = {**sizes["text"], "model_type": "llama", "vocab_size": 300, "num_hidden_layers": 2}
    config = BioMedGPTConfig(molecule_config=sizes["molecule"], protein_config=sizes["protein"], text_config=text)
    return BioMedGPTForConditionalGeneration(config).eval()


def proteins(count: int) -> list[list[int]]:
    """Return ids of proteins of the starter set, spread over all of it, cut to 40 to 256 tokens.

    Cut, because domains and peptides are asked about too, and most whole proteins would be cut to 256 alike.
    """
    with lzma.open(STARTER.with_name("proteins.tsv.xz"), "rt", encoding="utf-8") as file:
        rows = [row["sequence"] for row in csv.DictReader(file, delimiter="\t")]
    known = [row for row in rows if row and set(row) <= set(ALPHABET)]
    chosen = known[:: max(1, len(known) // count)][:count]
    cut = [min(len(protein), 40 + 37 * number % (MAX_RESIDUES - 40)) for number, protein in enumerate(chosen)]
    return [
        [0, *(4 + ALPHABET.index(residue) for residue in row[: length - 2]), 2]
        for row, length in zip(chosen, cut, strict=True)
    ]


def encode(encoder: Callable[..., object], rows: list[list[int]], groups: list[list[int]]) -> None:
    """Encode groups of rows, each padded to its longest."""
    for group in groups:
        longest = max(len(rows[number]) for number in group)
        ids = torch.tensor([rows[number] + [1] * (longest - len(rows[number])) for number in group])
        encoder(ids, attention_mask=ids.ne(1).long())


def protein_table(encoder: Callable[..., object], count: int, rounds: int) -> str:
    """Return the table of proteins, with the share of padding of each grouping."""
    rows = proteins(count)
    lengths = [len(row) for row in rows]
    batches = [list(range(start, min(start + BATCH_SIZE, count))) for start in range(0, count, BATCH_SIZE)]
    groupings = {
        f"in batches of {BATCH_SIZE} as they come": batches,
        f"packed by length within batches of {BATCH_SIZE}": [
            [batch[place] for place in pack] for batch in batches for pack in packs([lengths[place] for place in batch])
        ],
        "packed by length over all": packs(lengths),
        "one by one": [[number] for number in range(count)],
    }
    with torch.no_grad():
        medians = interleaved(
            {name: lambda groups=groups: encode(encoder, rows, groups) for name, groups in groupings.items()}, rounds
        )
    waste = [
        f"{name}: {len(groups)} passes, {100 * padding_waste(lengths, groups):.1f} % padding"
        for name, groups in groupings.items()
    ]
    headline = f"{count} proteins of {min(lengths)} to {max(lengths)} tokens, {sum(lengths):,} in all"
    return "\n".join([headline, *waste, table(medians, next(iter(groupings)), sum(lengths), "tokens", rounds)])


def molecule_table(encoder: Callable[..., object], count: int, rounds: int) -> str:
    """Return the table of molecules; the union of graphs has no padding."""
    graphs = [featurize_smiles(smiles) for smiles in molecules(count)]

    def run(size: int) -> None:
        for start in range(0, count, size):
            union: MolecularGraph = collate_graphs(graphs[start : start + size])
            encoder(*map(torch.from_numpy, union))

    with torch.no_grad():
        medians = interleaved(
            {"one by one": lambda: run(1), "unions of 16": lambda: run(16), "unions of 64": lambda: run(64)}, rounds
        )
    return f"{count} molecules, no padding\n" + table(medians, "one by one", count, "molecules", rounds)


def main() -> None:
    """Print both tables."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 64
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    torch.set_num_threads(1)
    torch.manual_seed(0)
    encoders = model()
    print(f"{machine()}, torch {torch.__version__}, 1 thread")
    print(protein_table(encoders.protein_encoder, count, rounds))
    print(molecule_table(encoders.molecule_encoder, 4 * count, rounds))


if __name__ == "__main__":
    main()
