"""Losses beside the one on the answers: they teach the encoders before the language model listens to them."""

from collections.abc import Sequence

import torch
from torch import Tensor

from biomed_agent.model.processing import BioMedGPTProcessor

from .examples import KINDS, Example


class WordLoss:
    """Asks a structure's vectors, averaged, for the words of the answer.

    Each vector the language model receives lies in the space of its token table. Here their mean is compared
    with that table and must say which tokens occur in the answer, beyond how common they are in answers of the
    kind. The gradient reaches the encoders directly, long before the language model has learned to look at
    them; the table itself takes no part in it.

    Args:
        processor: Encodes the answers.
        examples: Training examples, for the frequency of each token in each kind.
        vocabulary: Rows of the token table.
    """

    def __init__(self, processor: BioMedGPTProcessor, examples: Sequence[Example], vocabulary: int) -> None:
        self.structure_ids = torch.tensor([processor.molecule_token_id, processor.protein_token_id])
        counts = torch.full((len(KINDS), vocabulary), 0.1)
        for kind, answer in {(example.kind, example.answer) for example in examples}:
            ids = list(set(processor.encode_answer(answer)))
            counts[KINDS.index(kind), ids] += 1 / len(ids)
        self.commonness = (counts / counts.sum(1, keepdim=True)).log()

    def __call__(self, embeds: Tensor, input_ids: Tensor, labels: Tensor, kinds: Tensor, table: Tensor) -> Tensor:
        """Return the mean cross-entropy, in nats, of the set of tokens in each row's answer.

        Args:
            embeds: [batch, length, width] input vectors of the language model.
            input_ids: [batch, length], with placeholders.
            labels: [batch, length], -100 outside the answers.
            kinds: [batch] positions in :data:`KINDS`.
            table: [vocabulary, width] token table.
        """
        slots = torch.isin(input_ids, self.structure_ids.to(input_ids.device)).to(embeds.dtype)
        pooled = (embeds * slots.unsqueeze(-1)).sum(1) / slots.sum(1, keepdim=True)
        table = table.detach() / table.detach().norm(dim=-1).mean()
        wanted = torch.zeros(len(kinds), len(table) + 1, device=embeds.device)
        wanted.scatter_(1, labels.masked_fill(labels < 0, len(table)), 1.0)
        wanted = wanted[:, :-1] / wanted[:, :-1].sum(1, keepdim=True)
        scores = pooled.float() @ table.float().T + self.commonness.to(embeds.device)[kinds]
        return torch.nn.functional.cross_entropy(scores, wanted)
