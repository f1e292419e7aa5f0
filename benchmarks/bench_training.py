"""Stage 2 of training: bfloat16 against float32, compiled layers against plain ones, lengths grouped against random.

Run with: python benchmarks/bench_training.py [examples] [rounds]. On a CPU the embedded model is trained on made-up
answers to structures of the starter set, one thread. Goals: bfloat16 1.5 times float32 where the processor has
instructions for it, as a line of each table says (elsewhere it is slower than float32, and recipes that leave the
precision open take float32); batches of similar length 2 times random ones. What ``"compile": true`` of a recipe does
is compared in bfloat16, the first pass over the batches, in which layers are compiled, left out.

On a GPU the model has the shapes of BioMedGPT-10B and random weights, and its projections are trained: packed rows
against padded batches. What bounds that is arithmetic: 4 x 6.607e9 operations per position (forward, and backward to
the inputs; Llama-2-7B without its token table) at the rate of a large matrix product of the same run. Goal: 55 %.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Sequence
from typing import Any

import torch
from bench_featurize import molecules
from timing import interleaved, machine, table

from biomed_agent.model import BioMedGPTConfig, BioMedGPTForConditionalGeneration, BioMedGPTProcessor
from biomed_agent.model.checkpoints.checkpoint import load_checkpoint
from biomed_agent.model.connect import EMBEDDED
from biomed_agent.model.data.examples import Example
from biomed_agent.model.inference.placement import NAMED
from biomed_agent.model.training.align import answer_loss, compile_layers
from biomed_agent.model.training.batching import Collator, Lengths, estimated_positions, packed, similar

TOKENS = 3072
"""positions of a batch on a CPU"""
GPU_TOKENS = 8192
PER_POSITION = 4 * 6.607e9
"""operations of a training step per position while the language model is frozen"""
WORDS = "The molecule is a primary alcohol and role as human metabolite it derives from hydride conjugate acid".split()


def examples(count: int, seed: int = 5) -> list[Example]:
    """Return molecules and proteins of the lengths that pairs of question and answer have, with made-up answers.

    Answers are log-normal around 32 words as ChEBI-20's descriptions are; proteins, a quarter, around 300 residues and
    cropped to 1,022.
    """
    chance = random.Random(seed)

    def answer() -> str:
        return " ".join(chance.choices(WORDS, k=min(150, round(chance.lognormvariate(3.5, 0.5)))))

    drawn = [Example("description", answer(), "", "starter", smiles=smiles) for smiles in molecules(3 * count // 4)]
    while len(drawn) < count:
        residues = min(1022, round(chance.lognormvariate(5.7, 0.6)))
        sequence = "".join(chance.choices("LAGVSERTIDPKQNFYMHWC", k=residues))
        drawn.append(Example("function", answer(), "", "drawn", sequence=sequence))
    return drawn


def random_batches(chosen: Sequence[Example], tokens: int) -> list[list[Example]]:
    """Return batches as they come, filled until they would take more than ``tokens`` positions when padded."""
    batches: list[list[Example]] = [[]]
    longest = 0
    for example in random.Random(7).sample(list(chosen), len(chosen)):
        longest = max(longest, estimated_positions(example))
        if batches[-1] and (len(batches[-1]) + 1) * longest > tokens:
            batches.append([])
            longest = estimated_positions(example)
        batches[-1].append(example)
    return batches


class Trained:
    """A model with an optimizer, trained batch by batch as :mod:`biomed_agent.model.training.align` does.

    Args:
        model: The model, in training mode.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(learning, lr=1e-5, fused=True)

    def train(self, batches: Sequence[dict[str, torch.Tensor]], bf16: bool) -> None:
        """Make one step for each batch."""
        for batch in batches:
            inputs = {name: tensor.to(self.model.device) for name, tensor in batch.items() if name != "kinds"}
            labels = inputs.pop("labels")
            if "position_ids" in inputs:
                del inputs["attention_mask"]
            with torch.autocast(self.model.device.type, torch.bfloat16, enabled=bf16):
                loss = answer_loss(self.model, inputs, labels, labels.ne(-100).sum())
            loss.backward()
            self.optimizer.step()
            self.optimizer.zero_grad()


def on_cpu(count: int, rounds: int) -> str:
    """Return the tables of the CPU."""
    torch.set_num_threads(1)
    model, processor, _ = load_checkpoint(EMBEDDED)
    processor.max_protein_tokens = 1024
    trained = Trained(model.train())
    chosen = examples(count)
    collate = Collator(processor)
    alike = similar(chosen, TOKENS, seed=1)
    batches = {
        "random batches": [collate([batch]) for batch in random_batches(chosen, TOKENS)],
        "batches of similar length": [collate([batch]) for batch in alike.batches],
    }
    real = sum(int(batch["attention_mask"].sum()) for batch in batches["random batches"])
    waste = [
        f"{name}: {len(some)} batches, {1 - real / sum(batch['input_ids'].numel() for batch in some):.1%} padding"
        for name, some in batches.items()
    ]
    grouping = interleaved(
        {name: lambda some=some: trained.train(some, bf16=False) for name, some in batches.items()}, rounds
    )
    few = batches["batches of similar length"][:: max(1, len(alike) // 4)]
    positions = sum(int(batch["attention_mask"].sum()) for batch in few)
    precision = interleaved(
        {"float32": lambda: trained.train(few, bf16=False), "bfloat16": lambda: trained.train(few, bf16=True)}, rounds
    )
    compiled = Trained(load_checkpoint(EMBEDDED)[0].train())
    compile_layers(compiled.model, print)
    layers = interleaved(
        {
            "plain layers": lambda: trained.train(few, bf16=True),
            "compiled layers": lambda: compiled.train(few, bf16=True),
        },
        rounds,
    )
    headline = f"{count} examples, {real:,} positions without padding, batches of at most {TOKENS:,}"
    return "\n".join(
        [
            headline,
            *waste,
            table(grouping, "random batches", real, "positions", rounds),
            table(precision, "float32", positions, "positions", rounds),
            table(layers, "plain layers", positions, "positions", rounds),
        ]
    )


# ---------------------------------------------------------------------------------------------- on a GPU


def large_model() -> BioMedGPTForConditionalGeneration:
    """Return a model of BioMedGPT-10B's shapes on the GPU, with random weights and only its projections learning."""
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("cuda"):
        model = BioMedGPTForConditionalGeneration(BioMedGPTConfig(**NAMED["biomedgpt-10b"]))
    torch.set_default_dtype(torch.float32)
    model.requires_grad_(False)
    model.molecule_encoder.float()
    for projection in (model.molecule_projection, model.protein_projection):
        projection.float().requires_grad_(True)
    model.train()
    return model


def matrix_rate(size: int = 8192, times: int = 20) -> float:
    """Return the operations per second of a large bfloat16 matrix product."""
    first, other = (torch.randn(size, size, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    for number in range(times + 3):
        if number == 3:
            torch.cuda.synchronize()
            started = time.perf_counter()
        first @ other
    torch.cuda.synchronize()
    return 2 * size**3 * times / (time.perf_counter() - started)


def seconds(trained: Trained, batches: Sequence[dict[str, torch.Tensor]]) -> float:
    """Return the time of one pass over batches."""
    torch.cuda.synchronize()
    started = time.perf_counter()
    trained.train(batches, bf16=True)
    torch.cuda.synchronize()
    return time.perf_counter() - started


def on_gpu(count: int, rounds: int) -> str:
    """Return positions per second, packed and padded, and the share of the limit."""
    model = large_model()
    processor: BioMedGPTProcessor = load_checkpoint(EMBEDDED)[1]
    processor.follow(model.config)
    processor.max_protein_tokens = 1024
    chosen = examples(count)
    rows = packed(chosen, Lengths(processor), GPU_TOKENS, seed=1)
    batches = {
        "padded, random": [Collator(processor)([batch]) for batch in random_batches(chosen, GPU_TOKENS)],
        "padded, similar lengths": [Collator(processor)([batch]) for batch in similar(chosen, GPU_TOKENS, 1).batches],
        "packed": [Collator(processor, packed=True)([batch]) for batch in rows.batches],
    }
    real = sum(int(batch["attention_mask"].sum()) for batch in batches["packed"])
    limit = matrix_rate() / PER_POSITION
    trained = Trained(model)
    lines = [
        f"{torch.cuda.get_device_name()}; {count} examples, {real:,} positions, rows of {GPU_TOKENS:,} with "
        f"{rows.waste:.1%} left over; limit {limit:,.0f} positions/s",
        f"median of {rounds} rounds, wall time",
        "| what | positions/s | ratio to padded, random | share of the limit | peak memory |",
        "|---|---|---|---|---|",
    ]
    samples: dict[str, list[float]] = {name: [] for name in batches}
    peak = dict.fromkeys(batches, 0)
    for number in range(rounds + 1):
        for name, some in batches.items():
            torch.cuda.reset_peak_memory_stats()
            taken = seconds(trained, some)
            peak[name] = torch.cuda.max_memory_allocated()
            if number:
                samples[name].append(taken)
    medians = {name: sorted(times)[len(times) // 2] for name, times in samples.items()}
    for name, taken in medians.items():
        ratio, rate = medians["padded, random"] / taken, real / taken
        lines.append(f"| {name} | {rate:,.0f} | {ratio:.2f} | {rate / limit:.0%} | {peak[name] / 2**30:.0f} GiB |")
    return "\n".join(lines)


def main() -> None:
    """Print the tables."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 256
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    print(f"{machine()}, torch {torch.__version__}")
    if torch.cuda.is_available():
        print(on_gpu(max(count, 512), rounds))
    else:
        print(f"on one thread:\n{on_cpu(count, rounds)}")
        print("no GPU: packed rows at the shapes of BioMedGPT-10B were not measured")


if __name__ == "__main__":
    main()
