"""Losses beside the one on the answers: they teach the encoders before the language model listens to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from rdkit import Chem, rdBase
from rdkit.Chem import rdFingerprintGenerator
from torch import Tensor, nn

from biomed_agent.core.chemistry.vocabulary import TERMS
from biomed_agent.model.data.examples import KINDS, Example
from biomed_agent.model.network.processing import BioMedGPTProcessor

FINGERPRINT_BITS = 2048
"""of the fingerprint to be told (Morgan, radius 2)"""
_MORGAN = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=FINGERPRINT_BITS)
_PROOFS = [(number, Chem.MolFromSmarts(term.proof)) for number, term in enumerate(TERMS) if term.proof]
_WHOLE = [term.kind == "class" for term in TERMS]
"""whether a term is said of a whole molecule rather than of some of its atoms"""
ATOM_LABELS = (10, 4, 9, 2, 5, 6, 5)
"""Values of each label of an atom: smallest ring, rings, hybridization, aromaticity, hydrogens, neighbours, charge."""
HIDDEN_WIDTH = 512
"""Width of the hidden layer between a structure and what it is asked for."""


@dataclass(frozen=True)
class LossInputs:
    """What a loss is given of one batch."""

    embeds: Tensor
    """[batch, length, width] input vectors of the language model"""
    input_ids: Tensor
    """[batch, length], with placeholders"""
    labels: Tensor
    """[batch, length], -100 outside the answers"""
    kinds: Tensor
    """[batch] positions in :data:`.examples.KINDS`"""
    table: Tensor
    """[vocabulary, width] token table"""
    targets: Mapping[str, Tensor] = field(default_factory=dict)
    """of :func:`structure_targets`, when a loss asks for them"""
    states: Sequence[Tensor] = ()
    """[batch, length, width] the input of the language model's first layer and the output of each, the last
    normalised; when the language model was run"""


class BagOfTokensLoss(nn.Module):
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
        super().__init__()
        self.register_buffer("structure_ids", torch.tensor([processor.molecule_token_id, processor.protein_token_id]))
        self.register_buffer("commonness", commonness(processor, examples, vocabulary))

    def forward(self, inputs: LossInputs) -> Tensor:
        """Return the mean cross-entropy, in nats, of the set of tokens in each row's answer."""
        slots = torch.isin(inputs.input_ids, self.get_buffer("structure_ids")).to(inputs.embeds.dtype)
        mean = (inputs.embeds * slots.unsqueeze(-1)).sum(1) / slots.sum(1, keepdim=True)
        table = inputs.table.detach() / inputs.table.detach().norm(dim=-1).mean()
        scores = mean.float() @ table.float().T + self.get_buffer("commonness")[inputs.kinds]
        return token_set_loss(scores, inputs.labels)


def commonness(processor: BioMedGPTProcessor, examples: Sequence[Example], vocabulary: int) -> Tensor:
    """Return the logarithm of each token's share in the answers of each kind, [kinds, vocabulary]."""
    counts = torch.full((len(KINDS), vocabulary), 0.1)
    for kind, answer in sorted({(example.kind, example.answer) for example in examples}):
        ids = list(set(processor.encode_answer(answer)))
        counts[KINDS.index(kind), ids] += 1 / len(ids)
    return (counts / counts.sum(1, keepdim=True)).log()


class StructureLoss(nn.Module):
    """Asks a structure's vectors for what can be computed from the structure, and for the words of the answer.

    Of molecules: the bits of a Morgan fingerprint (so that molecules a chemist calls alike have vectors alike), the
    groups, rings and classes of :mod:`biomed_agent.core.chemistry.vocabulary`, sizes, and for each atom its
    surroundings and the groups it belongs to, after Hu et al. (arXiv 1905.12265). Of molecules and proteins: the
    tokens of the answer. Mean and maximum over the vectors go through layers of the loss's own, which are trained with
    the encoders and then thrown away; so the vectors need not spell words, as for :class:`BagOfTokensLoss`, but must
    hold what words depend on.

    Args:
        processor: Knows the placeholders.
        width: Of the vectors.
        vocabulary: Number of tokens.
    """

    def __init__(self, processor: BioMedGPTProcessor, width: int, vocabulary: int) -> None:
        super().__init__()
        self.molecule_id, self.protein_id = processor.molecule_token_id, processor.protein_token_id
        self.trunks = nn.ModuleDict(
            {
                name: nn.Sequential(nn.LayerNorm(2 * width), nn.Linear(2 * width, HIDDEN_WIDTH), nn.GELU())
                for name in ("molecule", "protein")
            }
        )
        self.tokens = nn.ModuleList(nn.Linear(HIDDEN_WIDTH, vocabulary) for _ in KINDS)
        self.bits = nn.Linear(HIDDEN_WIDTH, FINGERPRINT_BITS)
        self.terms = nn.Linear(HIDDEN_WIDTH, len(TERMS))
        self.sizes = nn.Linear(HIDDEN_WIDTH, 2)
        self.atoms = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, sum(ATOM_LABELS) + len(TERMS)))

    def forward(self, inputs: LossInputs) -> Tensor:
        """Return the weighted sum of all that is asked for, each a mean over the rows it is asked of."""
        input_ids, embeds = inputs.input_ids, inputs.embeds
        total = embeds.new_zeros(())
        for name, slot in (("molecule", self.molecule_id), ("protein", self.protein_id)):
            rows = input_ids.eq(slot).any(dim=1).nonzero().squeeze(1)
            if not len(rows):
                continue
            slots = input_ids[rows].eq(slot)
            hidden = self.trunks[name](pooled(embeds[rows], slots))
            total = total + self._tokens(hidden, inputs.labels[rows], inputs.kinds[rows])
            if name == "molecule":
                total = total + self._molecules(hidden, embeds[rows][slots], inputs.targets)
        return total

    def _tokens(self, hidden: Tensor, labels: Tensor, kinds: Tensor) -> Tensor:
        losses = [
            token_set_loss(self.tokens[kind](hidden[kinds == kind]), labels[kinds == kind]) * int((kinds == kind).sum())
            for kind in kinds.unique().tolist()
        ]
        return torch.stack(losses).sum() / len(kinds)

    def _molecules(self, hidden: Tensor, atoms: Tensor, targets: Mapping[str, Tensor]) -> Tensor:
        """Return the losses on what is computed, weighted so that none outweighs the tokens."""
        predictions = self.atoms(atoms)
        labels = predictions[:, : sum(ATOM_LABELS)].split(ATOM_LABELS, dim=1)
        surroundings = sum(
            nn.functional.cross_entropy(scores.float(), targets["atoms"][:, number])
            for number, scores in enumerate(labels)
        )
        return (
            0.02 * _each_bit(self.bits(hidden), targets["bits"])
            + 0.1 * _each_bit(self.terms(hidden), targets["terms"])
            + 0.3 * _each_bit(predictions[:, sum(ATOM_LABELS) :], targets["atom_terms"])
            + 0.2 * surroundings
            + nn.functional.mse_loss(self.sizes(hidden).float(), targets["sizes"])
        )


def _each_bit(scores: Tensor, wanted: Tensor) -> Tensor:
    """Return the binary cross-entropy in nats, summed over the bits of a row and averaged over rows."""
    summed = nn.functional.binary_cross_entropy_with_logits(scores.float(), wanted.float(), reduction="sum")
    return summed / len(wanted)


def pooled(vectors: Tensor, slots: Tensor) -> Tensor:
    """Return mean and maximum over the slots of each row, side by side: [rows, 2 * width]."""
    inside = slots.unsqueeze(-1)
    mean = (vectors * inside).sum(1) / inside.sum(1)
    return torch.cat([mean, vectors.masked_fill(~inside, torch.finfo(vectors.dtype).min).amax(1)], dim=1)


def token_set_loss(scores: Tensor, labels: Tensor) -> Tensor:
    """Return the mean cross-entropy, in nats, of scores over the vocabulary with the set of tokens in each answer."""
    wanted = torch.zeros(len(labels), scores.shape[1] + 1, device=scores.device)
    wanted.scatter_(1, labels.masked_fill(labels < 0, scores.shape[1]), 1.0)
    wanted = wanted[:, :-1] / wanted[:, :-1].sum(1, keepdim=True)
    return nn.functional.cross_entropy(scores.float(), wanted)


def structure_targets(examples: Sequence[Example]) -> dict[str, Tensor]:
    """Return what :class:`StructureLoss` asks of the molecules among examples; nothing when there is none.

    Returns:
        ``bits`` [molecules, 2048], ``terms`` [molecules, terms] and ``sizes`` [molecules, 2] (logarithm of the atoms,
        quarter of the rings); ``atoms`` [atoms, 7] (:data:`ATOM_LABELS`) and ``atom_terms`` [atoms, terms].
    """
    with rdBase.BlockLogs():
        molecules = [Chem.MolFromSmiles(example.smiles) for example in examples if example.smiles]
    if not molecules:
        return {}
    terms = [_terms(molecule) for molecule in molecules]
    sizes = [[np.log(molecule.GetNumAtoms()), molecule.GetRingInfo().NumRings() / 4] for molecule in molecules]
    return {
        "bits": torch.from_numpy(np.stack([_MORGAN.GetFingerprintAsNumPy(molecule) for molecule in molecules])),
        "terms": torch.from_numpy(np.stack([whole for whole, _ in terms])),
        "sizes": torch.tensor(sizes, dtype=torch.float32),
        "atoms": torch.tensor([_labels(atom) for molecule in molecules for atom in molecule.GetAtoms()]),
        "atom_terms": torch.from_numpy(np.concatenate([each for _, each in terms])),
    }


def _terms(molecule: Chem.Mol) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    whole = np.zeros(len(TERMS), dtype=bool)
    each = np.zeros((molecule.GetNumAtoms(), len(TERMS)), dtype=bool)
    for number, proof in _PROOFS:
        for match in molecule.GetSubstructMatches(proof, maxMatches=20):
            whole[number] = True
            if not _WHOLE[number]:
                each[list(match), number] = True
    return whole, each


def _labels(atom: Chem.Atom) -> list[int]:
    rings = atom.GetOwningMol().GetRingInfo()
    values = (
        rings.MinAtomRingSize(atom.GetIdx()),
        rings.NumAtomRings(atom.GetIdx()),
        int(atom.GetHybridization()),
        int(atom.GetIsAromatic()),
        atom.GetTotalNumHs(),
        atom.GetDegree(),
        atom.GetFormalCharge() + 2,
    )
    return [min(max(value, 0), many - 1) for value, many in zip(values, ATOM_LABELS, strict=True)]


class PromptEndLoss(nn.Module):
    """Asks the language model, before it says a word, for all the words of its answer.

    When an answer is learned word by word, its beginning tells the rest, and a language model that has learned the
    texts by heart lowers its loss without looking at the structure. At the last position of the question there is
    no beginning yet: here it must have read. Asked are the state after half of the layers, so that the layers above
    it can look it up at every later position, and the last state; each by a matrix of the loss's own, which begins
    as the token table and is thrown away in the end.

    Args:
        table: [vocabulary, width] token table.
        commonness: [kinds, vocabulary] logarithms of how common tokens are in answers of a kind.
    """

    def __init__(self, table: Tensor, commonness: Tensor) -> None:
        super().__init__()
        self.middle = nn.Linear(table.shape[1], table.shape[0], bias=False)
        self.last = nn.Linear(table.shape[1], table.shape[0], bias=False)
        self.commonness = nn.Embedding.from_pretrained(commonness, freeze=False)
        with torch.no_grad():
            self.middle.weight.copy_(0.3 * table)
            self.last.weight.copy_(0.1 * table)

    def forward(self, inputs: LossInputs) -> Tensor:
        """Return the sum of both losses, each the mean over the rows in nats."""
        states, labels = inputs.states, inputs.labels
        rows, asked = torch.arange(len(labels)), labels.ge(0).int().argmax(1) - 1
        middle = states[(len(states) + 1) // 2][rows, asked].float()
        middle = middle * torch.rsqrt(middle.pow(2).mean(-1, keepdim=True) + 1e-6)
        common = self.commonness(inputs.kinds)
        total = token_set_loss(self.middle(middle) + common, labels)
        return total + token_set_loss(self.last(states[-1][rows, asked].float()) + common, labels)
