"""What bfloat16, 8 and 4 bits cost in quality, memory and time, against float32 of the same model.

Run with: python benchmarks/bench_quantize.py [--model FOLDER] [--data FOLDER] [--rows N]. The embedded model when no
folder is given. With the training data's folder the questions and reference answers are descriptions training never
saw; without, the questions are structures of the starter set, and answers are compared with those of float32.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import torch
from bench_featurize import molecules
from timing import machine

from biomed_agent.core.types import LoadIn
from biomed_agent.model.connect import EMBEDDED
from biomed_agent.model.contract.generation import Options
from biomed_agent.model.contract.rouge import rouge_l
from biomed_agent.model.data.examples import Example
from biomed_agent.model.inference.engine import LocalEngine
from biomed_agent.model.inference.placement import folder_sizes
from biomed_agent.model.release.mini import OfficialTests, build, molecule_examples, read_jsonl
from biomed_agent.model.training.batching import as_messages, draw, estimated_positions

PRECISIONS: tuple[LoadIn, ...] = ("fp32", "bf16", "8bit", "4bit")


def examples(data: Path | None, rows: int) -> list[Example]:
    """Return questions; without data their answers are empty."""
    if data is None:
        return [Example("description", "", "", "starter", smiles=smiles) for smiles in molecules(rows)]
    corpus = build(data)
    held_out = sorted((example for example in corpus.dev if example.kind == "description"), key=draw)
    # The fold is small; rows that training never reads, because their structures stand in other test splits, fill it.
    trained = {example.group for example in corpus.train}
    extra = molecule_examples(
        read_jsonl(data / "mol_text/train_extra.jsonl.xz"), OfficialTests(frozenset(), frozenset()), Counter()
    )
    unseen = sorted(
        (example for example in extra if example.kind == "description" and example.group not in trained), key=draw
    )
    return [*held_out, *unseen][:rows]


@torch.no_grad()
def answer_logits(engine: LocalEngine, asked: list[Example]) -> list[torch.Tensor]:
    """Return the logits [answer tokens, vocabulary] that predict each example's answer, less their mean.

    A constant added to all logits changes no probability, and would make any two look alike.
    """
    centred = [torch.empty(0)] * len(asked)
    order = sorted(range(len(asked)), key=lambda number: estimated_positions(asked[number]))
    for start in range(0, len(order), 16):
        where = order[start : start + 16]
        inputs = engine.processor(
            [as_messages(asked[i]) for i in where], [asked[i].answer for i in where], padding_side="right"
        )
        labels = inputs.pop("labels")[:, 1:]
        logits = engine.model(**inputs).logits[:, :-1].float()
        for i, row, label in zip(where, logits, labels, strict=True):
            answered = row[label.ne(-100)]
            centred[i] = answered - answered.mean(dim=-1, keepdim=True)
    return centred


def main() -> None:
    """Print one row for each precision."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=EMBEDDED)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--rows", type=int, default=100)
    options = parser.parse_args()
    torch.set_num_threads(1)
    asked = examples(options.data, options.rows)
    sizes = folder_sizes(options.model)
    compared = "the references" if options.data else "the answers of fp32"
    print(f"{machine()}, torch {torch.__version__}, 1 thread; {sizes.name}, {len(asked)} descriptions")
    print(f"| weights | MB | cosine of logits | same top token | ROUGE-L with {compared} | CPU-s | ratio to fp32 |")
    print("|---|---|---|---|---|---|---|")
    exact: list[torch.Tensor] = []
    seconds = 0.0
    for load_in in PRECISIONS:
        engine = LocalEngine(options.model, load_in, device="cpu")
        started = time.process_time()
        replies = engine.generate_batch([as_messages(example) for example in asked], Options(max_new_tokens=96))
        texts = [reply.text for reply in replies]
        spent = time.process_time() - started
        if not exact:
            seconds = spent
            if options.data is None:
                asked = [replace(example, answer=text) for example, text in zip(asked, texts, strict=True)]
        logits = answer_logits(engine, asked)
        exact = exact or logits
        cosine = torch.cat([torch.cosine_similarity(a, b, dim=-1) for a, b in zip(logits, exact, strict=True)]).mean()
        same = torch.cat([a.argmax(-1) == b.argmax(-1) for a, b in zip(logits, exact, strict=True)]).float().mean()
        rouge = fmean([rouge_l(example.answer, text) for example, text in zip(asked, texts, strict=True)])
        held = sum(weights.numel() * weights.element_size() for weights in engine.model.parameters()) / 1e6
        print(
            f"| {load_in} | {held:.1f} | {cosine:.4f} | {100 * same:.1f} % | {rouge:.3f} | {spent:.1f} "
            f"| {seconds / spent:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
