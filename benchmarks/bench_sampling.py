"""What sixteen sampled answers cost: rows that end leave the batch, against the library's that go on to the longest.

Run with: python benchmarks/bench_sampling.py [--model FOLDER] [--rows N] [--rounds N]. On one thread; structures of the
starter set, and the embedded model when no folder is given.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import torch
from bench_featurize import molecules
from timing import interleaved, machine

from biomed_agent.model.connect import EMBEDDED
from biomed_agent.model.contract.generation import Options
from biomed_agent.model.contract.prompt import QUESTIONS, Message, user_message
from biomed_agent.model.inference.engine import LocalEngine
from biomed_agent.model.inference.sampling import sample

SAMPLED = Options(max_new_tokens=120, mbr_samples=16, temperature=0.7, seed=0)
PROTEIN = (
    "MVLSPADKTNVKAAWGKVGAHAGEYGAEALERMFLSFPTTKTYFPHFDLSHGSAQVKGHGKKVADALTNAVAHVD"
    "DMPNALSALSDLHAHKLRVDPVNFKLLSHCLLVTLAAHLPAEFTPAVHASLDKFLASVSTVLTSKYR"
)
"""Human haemoglobin subunit alpha (UniProt P69905)."""


def by_the_library(engine: LocalEngine, asked: list[list[Message]]) -> None:
    """Draw with ``generate(num_return_sequences=...)``."""
    torch.manual_seed(0)
    for messages in asked:
        engine.model.generate(
            **engine.processor([messages]),
            max_new_tokens=SAMPLED.max_new_tokens,
            do_sample=True,
            top_k=0,
            temperature=SAMPLED.temperature,
            num_return_sequences=SAMPLED.mbr_samples,
        )


def by_ours(engine: LocalEngine, asked: list[list[Message]]) -> None:
    """Draw with :func:`biomed_agent.model.inference.sampling.sample`."""
    torch.manual_seed(0)
    eos = {int(engine.model.generation_config.eos_token_id)}
    for messages in asked:
        inputs = engine.processor([messages])
        sample(engine.model, inputs, SAMPLED.max_new_tokens, SAMPLED, eos=eos, text=engine.processor.decode)


def answer(engine: LocalEngine, asked: list[list[Message]], options: Options) -> None:
    """Answer one question after the other."""
    for messages in asked:
        engine.generate(messages, options)


def main() -> None:
    """Print two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=EMBEDDED)
    parser.add_argument("--rows", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    engine = LocalEngine(options.model, device="cpu")
    print(f"{machine()}, torch {torch.__version__}, 1 thread; {engine.stamp.name}, 16 samples of at most 120 tokens")
    groups = {
        "descriptions": [
            [user_message(QUESTIONS["description"], smiles=[smiles])] for smiles in molecules(options.rows)
        ],
        "locations of a protein": [[user_message(QUESTIONS["location"], sequences=[PROTEIN])]] * 3,
    }
    greedy = Options(max_new_tokens=SAMPLED.max_new_tokens)
    for name, asked in groups.items():
        cases = {
            "library": partial(by_the_library, engine, asked),
            "ours": partial(by_ours, engine, asked),
            "ours, with the choice": partial(answer, engine, asked, SAMPLED),
            "one greedy answer": partial(answer, engine, asked, greedy),
        }
        medians = interleaved(cases, options.rounds)
        print(f"\n{name}, median of {options.rounds} rounds")
        print("| what | CPU-s a question | ratio to library |\n|---|---|---|")
        for case, seconds in medians.items():
            print(f"| {case} | {seconds / len(asked):.2f} | {medians['library'] / seconds:.2f} |")


if __name__ == "__main__":
    main()
