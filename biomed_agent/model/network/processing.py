"""Conversations to tensors: text tokens, placeholders, molecular graphs and protein tokens."""

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import torch
from transformers import AutoProcessor, BatchFeature, EsmTokenizer, ProcessorMixin

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.identifiers import MAX_RESIDUES
from biomed_agent.model.contract.prompt import Message, MoleculeSlot, ProteinSlot, Segment, Text, render, style_named
from biomed_agent.model.network.configuration import ESM_TOKENS, MODALITIES, BioMedGPTConfig, known_modalities
from biomed_agent.model.network.featurize import MolecularGraph, collate_graphs, featurize_smiles

# Importing the tokenizer registers it, so that a saved processor finds its class again.

IGNORED = -100
"""Label of a position that is not to be predicted."""

Structures: TypeAlias = dict[MoleculeSlot | ProteinSlot, MolecularGraph | list[int]]
"""What was read of each structure: the graph of a molecule, the ESM ids of a protein."""


class BioMedGPTProcessor(ProcessorMixin):
    """Turns conversations (and, for training, answers) into what the model's ``forward`` takes.

    Args:
        tokenizer: The language model's tokenizer.
        protein_tokenizer: The ESM tokenizer.
        prompt_style: Name of the words around messages (:data:`biomed_agent.model.contract.prompt.STYLES`).
        max_protein_tokens: ESM tokens kept of one protein, ``<cls>`` and ``<eos>`` included.
        molecule_token_id: Placeholder of one atom; ``len(tokenizer)`` when not given. It must equal the
            model's ``config.molecule_token_id``.
        protein_token_id: Placeholder of one protein token; one more when not given.
        modalities: What the model reads besides text (:data:`.configuration.MODALITIES`); a structure of another
            sort is refused.
    """

    def __init__(
        self,
        tokenizer: Any,
        protein_tokenizer: Any,
        prompt_style: str = "reference",
        max_protein_tokens: int = 1024,
        molecule_token_id: int | None = None,
        protein_token_id: int | None = None,
        modalities: Sequence[str] = MODALITIES,
    ) -> None:
        self.tokenizer: Any
        self.protein_tokenizer: Any
        self.style = style_named(prompt_style)
        self.prompt_style = prompt_style
        self.max_protein_tokens = max_protein_tokens
        self.molecule_token_id = len(tokenizer) if molecule_token_id is None else molecule_token_id
        self.protein_token_id = self.molecule_token_id + 1 if protein_token_id is None else protein_token_id
        self.modalities = list(known_modalities(modalities))
        super().__init__(tokenizer, protein_tokenizer)

    def __call__(
        self,
        conversations: Sequence[Sequence[Message]],
        answers: Sequence[str] | None = None,
        padding_side: str = "left",
        return_tensors: str = "pt",
        structures: Structures | None = None,
    ) -> BatchFeature:
        """Encode a batch of conversations.

        Args:
            conversations: Message lists (:mod:`biomed_agent.model.contract.prompt`), each ending in a user message.
            answers: What the assistant should say, one per conversation; adds ``labels``.
            padding_side: ``left`` to generate, ``right`` to train.
            return_tensors: Only ``pt``.
            structures: Structures read before, which are not read again; those of this call are added.

        Returns:
            ``input_ids``, ``attention_mask``, ``labels`` (with answers) [batch, length]; ``atoms``,
            ``edge_index``, ``edge_attr`` when a molecule occurs; ``protein_input_ids`` (right-padded) and
            ``protein_attention_mask`` when a protein occurs. Structures are in prompt order, row by row.

        Raises:
            InvalidInput: A message, SMILES or sequence cannot be read, or the numbers of conversations and
                answers differ.
        """
        if return_tensors != "pt" or padding_side not in ("left", "right"):
            raise InvalidInput(
                f"got return_tensors={return_tensors!r}, padding_side={padding_side!r}; "
                "expected 'pt', and 'left' or 'right'."
            )
        if isinstance(conversations, str | Mapping) or not all(
            isinstance(conversation, list | tuple) for conversation in conversations
        ):
            raise InvalidInput(
                "expected a list of conversations, each a list of messages.",
                "For one question: processor([[biomed_agent.model.user_message(question, smiles=[...])]]).",
            )
        if answers is not None and len(answers) != len(conversations):
            raise InvalidInput(f"{len(conversations)} conversations with {len(answers)} answers; expected one each.")
        rows: list[list[int]] = []
        graphs: list[MolecularGraph] = []
        proteins: list[list[int]] = []
        structures = {} if structures is None else structures
        for messages in conversations:
            rows.append([])
            for _, ids, structure in self._encode(messages, structures):
                rows[-1] += ids
                if isinstance(structure, MolecularGraph):
                    graphs.append(structure)
                elif structure is not None:
                    proteins.append(structure)
        prompt_lengths = [len(row) for row in rows]
        if answers is not None:
            rows = [row + self.encode_answer(answer) for row, answer in zip(rows, answers, strict=True)]
        data = self._pad(rows, None if answers is None else prompt_lengths, padding_side)
        if graphs:
            union = collate_graphs(graphs)
            data |= {name: torch.from_numpy(array) for name, array in union._asdict().items()}
        if proteins:
            pad = self.protein_tokenizer.pad_token_id
            data["protein_input_ids"] = pad_rows(proteins, pad, "right")
            data["protein_attention_mask"] = pad_rows([[1] * len(row) for row in proteins], 0, "right")
        return BatchFeature(data)

    def follow(self, config: BioMedGPTConfig) -> None:
        """Take over a model's placeholder ids, after its vocabulary was resized or for a foreign tokenizer."""
        self.molecule_token_id = config.molecule_token_id
        self.protein_token_id = config.protein_token_id

    def encode_prompt(
        self, messages: Sequence[Message], structures: Structures | None = None
    ) -> list[tuple[Segment, list[int]]]:
        """Return each segment of the prompt with its ids, in order.

        A structure's ids are its placeholders, one per atom or protein token.

        Args:
            messages: The conversation.
            structures: Structures read before, which are not read again; those of this call are added.
        """
        encoded = self._encode(messages, {} if structures is None else structures)
        return [(segment, ids) for segment, ids, _ in encoded]

    def encode_text(self, text: str, first: bool = False) -> list[int]:
        """Return the ids of one segment of text, with BOS in front when it is the ``first``.

        Special tokens in it are ordinary characters: people type texts.
        """
        ids = self.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        bos = self.tokenizer.bos_token_id
        return [bos, *ids] if first and bos is not None else list(ids)

    def encode_answer(self, answer: str) -> list[int]:
        """Return the ids of a training target: the answer as a segment of its own, then EOS."""
        return [*self.encode_text(answer), self.tokenizer.eos_token_id]

    def encode_protein(self, sequence: str) -> list[int]:
        """Return the ESM ids of a protein: ``<cls>``, residues, ``<eos>``, cut to ``max_protein_tokens``.

        White space is dropped. What is no ESM token is one ``<unk>`` per run, as in the reference.

        Raises:
            InvalidInput: The sequence is empty or longer than 10,000 residues.
        """
        residues = self._clean(sequence)
        tokenizer = self.protein_tokenizer
        ids = tokenizer(residues, add_special_tokens=False)["input_ids"][: self.max_protein_tokens - 2]
        return [tokenizer.cls_token_id, *ids, tokenizer.eos_token_id]

    def truncation_note(self, sequence: str) -> str:
        """Say in words what of a protein the model does not see; empty when it sees all."""
        residues, limit = len(self._clean(sequence)), self.max_protein_tokens - 2
        if residues <= limit:
            return ""
        return f"the model read only the first {limit:,} of the protein's {residues:,} residues"

    def decode(self, ids: Any, skip_special_tokens: bool = True) -> str:
        """Return the text of generated ids, without special tokens and outer white space."""
        return str(self.tokenizer.decode(ids, skip_special_tokens=skip_special_tokens)).strip()

    @property
    def model_input_names(self) -> list[str]:
        """Keys that may occur in the output."""
        structures = ["atoms", "edge_index", "edge_attr", "protein_input_ids", "protein_attention_mask"]
        return ["input_ids", "attention_mask", "labels", *structures]

    def _clean(self, sequence: str) -> str:
        residues = re.sub(r"\s+", "", sequence)
        if not residues or len(residues) > MAX_RESIDUES:
            raise InvalidInput(
                f"the protein has {len(residues):,} residues; expected 1 to {MAX_RESIDUES:,}.",
                "Give the domain you ask about.",
            )
        return residues

    def _encode(
        self, messages: Sequence[Message], structures: Structures
    ) -> list[tuple[Segment, list[int], MolecularGraph | list[int] | None]]:
        """Return each segment with its ids and, for a structure, its graph or its ESM ids."""
        encoded: list[tuple[Segment, list[int], MolecularGraph | list[int] | None]] = []
        for number, segment in enumerate(render(messages, self.style)):
            if isinstance(segment, Text):
                encoded.append((segment, self.encode_text(segment.text, first=number == 0), None))
                continue
            if segment not in structures:
                structures[segment] = self._read(segment)
            structure = structures[segment]
            if isinstance(structure, MolecularGraph):
                encoded.append((segment, [self.molecule_token_id] * len(structure.atoms), structure))
            else:
                encoded.append((segment, [self.protein_token_id] * len(structure), structure))
        return encoded

    def _read(self, slot: MoleculeSlot | ProteinSlot) -> MolecularGraph | list[int]:
        """Return the graph of a molecule, or the ESM ids of a protein."""
        modality = "molecule" if isinstance(slot, MoleculeSlot) else "protein"
        if modality not in self.modalities:
            reads = " and ".join(["text", *(f"{name}s" for name in self.modalities)])
            raise InvalidInput(
                f"this model reads no {modality}s: it has no encoder for them, and reads {reads}.",
                "Ask it in text, or choose a model with the encoder, such as the embedded one.",
            )
        return featurize_smiles(slot.smiles) if isinstance(slot, MoleculeSlot) else self.encode_protein(slot.sequence)

    def _pad(self, rows: list[list[int]], prompt_lengths: list[int] | None, side: str) -> dict[str, torch.Tensor]:
        pad = self.tokenizer.pad_token_id
        data = {
            "input_ids": pad_rows(rows, self.tokenizer.eos_token_id if pad is None else pad, side),
            "attention_mask": pad_rows([[1] * len(row) for row in rows], 0, side),
        }
        if prompt_lengths is not None:
            labels = [[IGNORED] * n + row[n:] for row, n in zip(rows, prompt_lengths, strict=True)]
            data["labels"] = pad_rows(labels, IGNORED, side)
        return data


def esm_tokenizer() -> EsmTokenizer:
    """Return a tokenizer of ESM-2's own alphabet, which needs no file."""
    with tempfile.TemporaryDirectory() as folder:
        vocabulary = Path(folder) / "vocab.txt"
        vocabulary.write_text("\n".join(ESM_TOKENS), encoding="utf-8")
        return EsmTokenizer(str(vocabulary))


def pad_rows(rows: Sequence[Sequence[int]], value: int, side: str) -> torch.Tensor:
    """Return rows of ids as one tensor [rows, longest], filled with ``value`` on the given side."""
    padded = torch.full((len(rows), max(map(len, rows), default=0)), value, dtype=torch.long)
    for i, row in enumerate(rows):
        if row:
            where = slice(-len(row), None) if side == "left" else slice(len(row))
            padded[i, where] = torch.tensor(row)
    return padded


AutoProcessor.register(BioMedGPTConfig, BioMedGPTProcessor)
