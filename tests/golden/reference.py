"""What the reference does, retraced where a test needs it: its records as inputs, its penalty, its beam search."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import LogitsProcessor, LogitsProcessorList, RepetitionPenaltyLogitsProcessor

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.contract.prompt import MoleculeSlot, ProteinSlot, Segment, Text
from biomed_agent.model.network.featurize import MolecularGraph, collate_graphs, featurize_smiles
from biomed_agent.model.network.processing import pad_rows
from tests.golden.conftest import Golden

PLACEHOLDER = re.compile("<moleculeHere>|<proteinHere>|<cellHere>")
CLOSED = ("</molecule>", "</protein>")
"""A Human turn whose text ends so is joined by the next question, whoever typed it."""
Structure = MolecularGraph | list[int]
Row = tuple[list[int], list[Structure]]


def written(segments: Sequence[Segment]) -> str:
    """Return segments as the reference writes them."""
    words = {MoleculeSlot: "<moleculeHere>", ProteinSlot: "<proteinHere>"}
    return "".join(segment.text if isinstance(segment, Text) else words[type(segment)] for segment in segments)


def row_of(golden: Golden, texts: Sequence[list[int]], structures: Sequence[Structure]) -> Row:
    """Return one row of ids: the pieces of text with the slots of the structures between them."""
    row = list(texts[0])
    for structure, ids in zip(structures, texts[1:], strict=True):
        if isinstance(structure, MolecularGraph):
            row += [golden.processor.molecule_token_id] * len(structure.atoms)
        else:
            row += [golden.processor.protein_token_id] * len(structure)
        row += ids
    return row, list(structures)


def batch_of(golden: Golden, rows: Sequence[Row], side: str) -> dict[str, Tensor]:
    """Return model inputs of rows of ids with their structures, padded on one side."""
    graphs = [structure for _, structures in rows for structure in structures if isinstance(structure, MolecularGraph)]
    proteins = [structure for _, structures in rows for structure in structures if isinstance(structure, list)]
    ids = [row for row, _ in rows]
    batch = {"input_ids": pad_rows(ids, 0, side), "attention_mask": pad_rows([[1] * len(row) for row in ids], 0, side)}
    if graphs:
        batch |= {name: torch.from_numpy(array) for name, array in collate_graphs(graphs)._asdict().items()}
    if proteins:
        pad = golden.processor.protein_tokenizer.pad_token_id
        batch["protein_input_ids"] = pad_rows(proteins, pad, "right")
        batch["protein_attention_mask"] = pad_rows([[1] * len(row) for row in proteins], 0, "right")
    return batch


def rows_of(golden: Golden, record: Any) -> list[Row]:
    """Return the prompt rows of a loss or generate record: BOS, then pieces tokenized alone."""
    queues: dict[str, Iterator[Structure]] = {
        "<moleculeHere>": iter([featurize_smiles(smiles) for smiles in record["molecules"]]),
        "<proteinHere>": iter([golden.processor.encode_protein(sequence) for sequence in record["proteins"]]),
    }
    rows = []
    for prompt, text in zip(record["prompts"], record["text_inputs"], strict=True):
        full = prompt.replace("{text_input}", text)
        texts = [golden.processor.encode_text(piece) for piece in PLACEHOLDER.split(full)]
        texts[0] = [golden.processor.tokenizer.bos_token_id, *texts[0]]
        rows.append(row_of(golden, texts, [next(queues[kind]) for kind in PLACEHOLDER.findall(full)]))
    return rows


@dataclass
class Turn:
    """One answer of a recorded conversation."""

    name: str
    recorded: Any
    limit: int
    """positions the conversation may take"""
    messages: list[dict[str, Any]]
    """ours, rebuilt from what the user did"""
    structures: list[Structure]
    """what the reference accepted, in prompt order"""

    @property
    def skipped(self) -> bool:
        """Whether the reference left out a structure that it could not read."""
        parts = [part for message in self.messages if message["role"] == "user" for part in message["content"]]
        return sum(bool(part["type"] != "text") for part in parts) > len(self.structures)

    @property
    def can_be_retraced(self) -> bool:
        """Whether every slot of the recorded prompt has a structure that can be read here."""
        return len(self.structures) == len(self.recorded["placeholders"])

    def is_read_otherwise(self, golden: Golden) -> bool:
        """Whether a deliberate difference (docs/reference-differences.md) changes this prompt."""
        texts: list[str] = [text or "" for _, text in self.recorded["messages_before"]]
        special = any(token in text for text in texts for token in golden.processor.tokenizer.all_special_tokens)
        typed: list[str] = [
            part["text"]
            for message in self.messages
            if message["role"] == "user"
            for part in message["content"]
            if part["type"] == "text"
        ]
        marks = any(PLACEHOLDER.search(text) is not None or text.endswith(CLOSED) for text in typed)
        return bool(self.skipped or special or marks)

    def row(self, golden: Golden) -> Row:
        """Return the recorded ids of the prompt around the slots."""
        return row_of(golden, [segment["ids"] for segment in self.recorded["segments"]], self.structures)


def every_turn(golden: Golden) -> Iterator[Turn]:
    """Yield every turn of every conversation, up to the one in which the reference raised."""
    for record in golden.records("chat")["records"]:
        for number, recorded in enumerate(record["turns"]):
            messages, structures = _replayed(golden, record, number)
            yield Turn(f"{record['name']}/{number}", recorded, record["max_length"], messages, structures)
            if recorded["error"]:
                break  # what the reference makes of a conversation it broke is nobody's measure


def _replayed(golden: Golden, record: Any, turn: int) -> tuple[list[dict[str, Any]], list[Structure]]:
    """Return our messages before an answer, and the structures the reference took."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": record["system"]}]
    structures: list[Structure] = []
    answered = 0
    for action, *arguments in record["actions"]:
        if action == "answer":
            if answered == turn:
                break
            messages.append({"role": "assistant", "content": record["turns"][answered]["answer_text"]})
            answered += 1
        elif action == "ask":
            asked(messages, arguments[0])
        else:
            messages.append(given(action, arguments[0]))
            try:
                read = featurize_smiles if action == "append_molecule" else golden.processor.encode_protein
                structures.append(read(arguments[0]))
            except InvalidInput:
                pass
    return messages, structures


def given(action: str, value: str) -> dict[str, Any]:
    """Return the message of ``append_molecule`` or ``append_protein``."""
    kind = action.removeprefix("append_")
    return {"role": "user", "content": [{"type": kind, "smiles" if kind == "molecule" else "sequence": value}]}


def asked(messages: list[dict[str, Any]], question: str) -> None:
    """Add a question as ``ask`` does: to the structure before it, or as a message of its own."""
    text = {"type": "text", "text": question}
    if messages and messages[-1]["role"] == "user" and messages[-1]["content"][-1]["type"] != "text":
        messages[-1]["content"].append(text)
    else:
        messages.append({"role": "user", "content": [text]})


class PenaltyWithBos(LogitsProcessor):
    """The repetition penalty as the reference applies it: BOS counts as generated, the prompt does not."""

    def __init__(self, penalty: float, bos: int) -> None:
        self.bos = bos
        self.apply = RepetitionPenaltyLogitsProcessor(float(penalty))

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        penalized: Tensor = self.apply(torch.nn.functional.pad(input_ids, (1, 0), value=self.bos), scores)
        return penalized


def penalties(golden: Golden, options: Any) -> LogitsProcessorList:
    """Return the reference's penalty for ``generate``, or nothing when there is none."""
    penalty = options["repetition_penalty"]
    bos = golden.processor.tokenizer.bos_token_id
    return LogitsProcessorList([] if penalty == 1 else [PenaltyWithBos(penalty, bos)])


def beam_search(golden: Golden, embeds: Tensor, options: Any) -> tuple[list[tuple[float, list[int]]], int]:
    """Search as the reference's transformers 4.32 did, without a cache.

    An open beam's score is divided by a length that counts BOS; a finished one's by its tokens, EOS included.

    Args:
        golden: The recorded set, whose model is asked.
        embeds: [1, length, width] input vectors of one prompt.
        options: Recorded ``generate_kwargs``.

    Returns:
        Score and ids (BOS first, EOS left out) of every sequence, the best first, and the number of steps.
    """
    model, width, alpha = golden.model, options["num_beams"], options["length_penalty"]
    bos, eos = golden.processor.tokenizer.bos_token_id, golden.processor.tokenizer.eos_token_id
    beams = [(0.0, [bos])] + [(-1e9, [bos])] * (width - 1)
    finished: list[tuple[float, list[int]]] = []
    steps, done = 0, False
    while not done and len(beams[0][1]) < options["max_length"]:
        ids = torch.tensor([row for _, row in beams])
        embedded = model.get_input_embeddings()(ids[:, 1:])
        logits = model(inputs_embeds=torch.cat([embeds.expand(width, -1, -1), embedded], dim=1)).logits[:, -1]
        chances = logits.log_softmax(dim=-1)
        for penalize in penalties(golden, options):
            chances = penalize(ids[:, 1:], chances)
        totals = chances + torch.tensor([score for score, _ in beams])[:, None]
        best, places = totals.flatten().topk(2 * width)
        candidates = []
        for rank, (score, place) in enumerate(zip(best.tolist(), places.tolist(), strict=True)):
            row, token = beams[place // totals.shape[1]][1], place % totals.shape[1]
            if token != eos:
                candidates.append((score, [*row, token]))
            elif rank < width:
                finished = sorted([(score / len(row) ** alpha, row), *finished], key=lambda scored: -scored[0])[:width]
        beams, steps = candidates[:width], steps + 1
        attainable = best[0].item() / len(beams[0][1]) ** alpha
        done = len(finished) == width and finished[-1][0] >= attainable
    if not done:
        finished += [(score / len(row) ** alpha, row) for score, row in beams]
    return sorted(finished, key=lambda scored: -scored[0])[: options.get("num_return_sequences", 1)], steps
