"""Score a checkpoint on held-out structures, beside two controls; ``python -m ...evaluate`` repeats the card's scores.

The controls say what the structure is worth: the same questions with the structures exchanged, and the one
training answer that scores best when given to every question.
"""

import argparse
import csv
import json
import lzma
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from biomed_agent.model.checkpoint import load_checkpoint
from biomed_agent.model.modeling import BioMedGPTForConditionalGeneration
from biomed_agent.model.processing import BioMedGPTProcessor
from biomed_agent.prompt import QUESTIONS

from .batching import as_messages, draw, estimated_positions
from .data import OFFICIAL_TESTS, build, canonical
from .examples import Example
from .metrics import best_constant, mean, paired_error, rouge_l

PER_KIND = 150
CHEBI20_ROWS = 200
MAX_NEW_TOKENS = 96
CHEBI20 = "chebi20_test"


@dataclass(frozen=True)
class Scores:
    """Scores of one question kind on held-out examples; ROUGE-L and losses are means over examples."""

    n: int
    rouge_l: float
    shuffled: float
    """ROUGE-L with the structures exchanged among the questions"""
    constant: float
    """ROUGE-L of the best constant answer"""
    loss: float
    """nats per answer token"""
    loss_shuffled: float
    rouge_l_error: float
    """standard error of ``rouge_l - shuffled``, from the differences of single examples"""
    loss_error: float
    """standard error of ``loss_shuffled - loss``, likewise"""

    @property
    def uses_structure(self) -> bool:
        """Whether true structures beat exchanged ones by more than two standard errors, in loss and in words."""
        better_loss = self.loss_shuffled - self.loss > 2 * self.loss_error
        return better_loss and self.rouge_l - self.shuffled > 2 * self.rouge_l_error


@dataclass(frozen=True)
class Reply:
    """One held-out example with what the model said, for reading."""

    kind: str
    structure: str
    expected: str
    said: str
    said_shuffled: str


def exchange(examples: Sequence[Example]) -> list[Example]:
    """Return the examples with each other's structures: half a turn, so none keeps its own."""
    if len(examples) < 2:
        raise ValueError(f"{len(examples)} examples cannot exchange structures; expected at least 2")
    half = len(examples) // 2
    others = [*examples[half:], *examples[:half]]
    return [replace(one, smiles=b.smiles, sequence=b.sequence) for one, b in zip(examples, others, strict=True)]


def batches(examples: Sequence[Example], size: int) -> Iterator[list[int]]:
    """Yield positions of examples, similar lengths together."""
    order = sorted(range(len(examples)), key=lambda i: estimated_positions(examples[i]))
    for start in range(0, len(order), size):
        yield order[start : start + size]


def generate(
    model: BioMedGPTForConditionalGeneration, processor: BioMedGPTProcessor, examples: Sequence[Example]
) -> list[str]:
    """Return the greedy answer to each example's question, at most :data:`MAX_NEW_TOKENS` tokens."""
    answers = [""] * len(examples)
    for where in batches(examples, 32):
        inputs = processor([as_messages(examples[i]) for i in where], padding_side="left").to(model.device)
        ids = model.generate(**inputs, max_new_tokens=MAX_NEW_TOKENS, do_sample=False)
        for i, row in zip(where, ids, strict=True):
            answers[i] = processor.decode(row)
    return answers


@torch.no_grad()
def losses(
    model: BioMedGPTForConditionalGeneration, processor: BioMedGPTProcessor, examples: Sequence[Example]
) -> list[float]:
    """Return each example's mean loss per answer token, in nats."""
    values = [0.0] * len(examples)
    for where in batches(examples, 16):
        inputs = processor(
            [as_messages(examples[i]) for i in where], [examples[i].answer for i in where], padding_side="right"
        ).to(model.device)
        labels = inputs.pop("labels")[:, 1:]
        logits = model(**inputs).logits[:, :-1].float()
        each = torch.nn.functional.cross_entropy(logits.transpose(1, 2), labels, reduction="none", ignore_index=-100)
        per_row = each.sum(1) / labels.ne(-100).sum(1)
        for i, value in zip(where, per_row.tolist(), strict=True):
            values[i] = value
    return values


def score(
    model: BioMedGPTForConditionalGeneration,
    processor: BioMedGPTProcessor,
    examples: Sequence[Example],
    constant: str,
) -> tuple[Scores, list[Reply]]:
    """Score examples of one kind with true and with exchanged structures, and a constant answer."""
    exchanged = exchange(examples)
    said, said_shuffled = generate(model, processor, examples), generate(model, processor, exchanged)
    expected = [one.answer for one in examples]
    true = Answers(rouges(expected, said), losses(model, processor, examples))
    other = Answers(rouges(expected, said_shuffled), losses(model, processor, exchanged))
    scores = summary(true, other, rouges(expected, [constant] * len(examples)))
    replies = [
        Reply(one.kind, one.smiles or one.sequence, one.answer, a, b)
        for one, a, b in zip(examples, said, said_shuffled, strict=True)
    ]
    return scores, replies


@dataclass(frozen=True)
class Answers:
    """ROUGE-L and loss of each example."""

    rouge_l: list[float]
    loss: list[float]


def summary(true: Answers, other: Answers, constant: Sequence[float]) -> Scores:
    """Return means and errors of per-example values with true and with exchanged structures."""
    return Scores(
        n=len(true.loss),
        rouge_l=round(mean(true.rouge_l), 4),
        shuffled=round(mean(other.rouge_l), 4),
        constant=round(mean(constant), 4),
        loss=round(mean(true.loss), 4),
        loss_shuffled=round(mean(other.loss), 4),
        rouge_l_error=round(paired_error(true.rouge_l, other.rouge_l), 4),
        loss_error=round(paired_error(true.loss, other.loss), 4),
    )


def rouges(expected: Sequence[str], said: Sequence[str]) -> list[float]:
    """Return the ROUGE-L of each answer."""
    return [rouge_l(a, b) for a, b in zip(expected, said, strict=True)]


def chebi20_sample(data: Path, rows: int = CHEBI20_ROWS) -> list[Example]:
    """Return a fixed sample of the public half of ChEBI-20's test split, drawn by hash."""
    examples = []
    with lzma.open(data / OFFICIAL_TESTS[0], "rt", encoding="utf-8", newline="\n") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            smiles, reason = canonical(row["SMILES"].replace("\\\\", "\\"))
            if not reason:
                examples.append(Example("description", row["description"], "", "chebi20/test", smiles=smiles))
    return sorted(examples, key=draw)[:rows]


def score_all(
    model: BioMedGPTForConditionalGeneration, processor: BioMedGPTProcessor, data: Path, per_kind: int = PER_KIND
) -> tuple[dict[str, Scores], list[Reply]]:
    """Score every kind on the held-out fold, and descriptions on ChEBI-20's test sample.

    Returns:
        Scores by question kind (and :data:`CHEBI20`), and every reply.
    """
    corpus = build(data)
    scores: dict[str, Scores] = {}
    replies: list[Reply] = []
    for kind in [*QUESTIONS, CHEBI20]:
        asked = QUESTIONS.keys() & {kind} or {"description"}
        trained = [one.answer for one in corpus.train if one.kind in asked]
        held_out = sorted((one for one in corpus.dev if one.kind == kind), key=draw)[:per_kind]
        examples = chebi20_sample(data) if kind == CHEBI20 else held_out
        scores[kind], said = score(model, processor, examples, best_constant(trained))
        replies += said
        print(kind, json.dumps(asdict(scores[kind])), flush=True)
    return scores, replies


def table(scores: Mapping[str, Scores]) -> str:
    """Return the scores as a Markdown table."""
    lines = [
        "| kind | n | ROUGE-L | exchanged | difference | best constant | loss | exchanged | difference |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for kind, one in scores.items():
        lines.append(
            f"| {kind} | {one.n} | {one.rouge_l:.3f} | {one.shuffled:.3f} "
            f"| {one.rouge_l - one.shuffled:.3f} ± {one.rouge_l_error:.3f} | {one.constant:.3f} "
            f"| {one.loss:.3f} | {one.loss_shuffled:.3f} "
            f"| {one.loss_shuffled - one.loss:.3f} ± {one.loss_error:.3f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the table of scores of a checkpoint folder."""
    parser = argparse.ArgumentParser(prog="python -m biomed_agent.model.training.evaluate", description=__doc__)
    parser.add_argument("folder", type=Path, help="checkpoint folder, such as biomed_agent/data/mini")
    parser.add_argument("--data", type=Path, required=True, help="folder with mol_text/ and protein_text/")
    parser.add_argument("--replies", type=Path, help="write every reply to this JSON-lines file")
    options = parser.parse_args()
    model, processor, _ = load_checkpoint(options.folder)
    scores, replies = score_all(model, processor, options.data)
    print(table(scores))
    if options.replies:
        write_replies(replies, options.replies)


def write_replies(replies: Sequence[Reply], file: Path) -> None:
    """Write replies as JSON lines."""
    lines: list[dict[str, Any]] = [asdict(reply) for reply in replies]
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
