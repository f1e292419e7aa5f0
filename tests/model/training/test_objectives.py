"""The losses beside the answers': what each asks for, that it can be learned, and only from the structure."""

import pytest
import torch
from rdkit import Chem

from biomed_agent.core.chemistry.vocabulary import TERMS
from biomed_agent.model.data.examples import Example
from biomed_agent.model.training import objectives
from biomed_agent.model.training.batching import Collator
from biomed_agent.model.training.start import build_model, build_processor
from tests.helpers.pairs import SIZES, pairs, vocabulary


@pytest.fixture(scope="module")
def processor(tmp_path_factory):
    return build_processor(SIZES, vocabulary(tmp_path_factory.mktemp("vocabulary")))


def seen(model, processor, examples):
    """Return what a loss is given of a batch."""
    batch = Collator(processor, targets=objectives.structure_targets)([examples])
    embeds, table = model.embed(batch.input_ids, **batch.structures), model.get_input_embeddings().weight
    states = model(inputs_embeds=embeds, **batch.places, output_hidden_states=True).hidden_states
    return objectives.LossInputs(embeds, batch.input_ids, batch.labels, batch.kinds, table, batch.targets, states)


def loss_of(name, model, processor, examples):
    table = model.get_input_embeddings().weight.detach()
    common = objectives.commonness(processor, examples, len(table))
    torch.manual_seed(1)
    return {
        "words": lambda: objectives.BagOfTokensLoss(processor, examples, len(table)),
        "structure": lambda: objectives.StructureLoss(processor, table.shape[1], len(table)),
        "gist": lambda: objectives.PromptEndLoss(table, common),
    }[name]()


@pytest.mark.parametrize("name", ["words", "structure", "gist"])
@pytest.mark.parametrize("modality", ["smiles", "sequence"])
def test_a_loss_is_learned_from_the_structure(processor, name, modality):
    examples = [example for example in pairs() if getattr(example, modality)][:8]
    exchanged = [
        Example(
            example.kind, example.answer, example.group, example.origin, smiles=other.smiles, sequence=other.sequence
        )
        for example, other in zip(examples, [*examples[1:], examples[0]], strict=True)
    ]
    model = build_model(SIZES, processor, seed=3).train()
    loss = loss_of(name, model, processor, examples)
    optimizer = torch.optim.AdamW([*model.parameters(), *loss.parameters()], lr=3e-3)
    first = loss(seen(model, processor, examples)).item()
    for _ in range(60):
        optimizer.zero_grad()
        value = loss(seen(model, processor, examples))
        value.backward()
        optimizer.step()
    last = loss(seen(model, processor, examples)).item()
    assert last < 0.8 * first
    with torch.no_grad():
        assert loss(seen(model, processor, exchanged)).item() > last + 0.2


def test_the_gradient_of_the_gist_reaches_the_encoder_before_any_word_is_said(processor):
    model = build_model(SIZES, processor, seed=3)
    examples = pairs()[:2]
    loss = loss_of("gist", model, processor, examples)
    given = seen(model, processor, examples)
    loss(given).backward()
    assert all(parameter.grad is not None for parameter in model.molecule_projection.parameters())
    asked = given.labels.ge(0).int().argmax(1) - 1
    answered = torch.zeros_like(given.labels, dtype=torch.bool)
    for row, end in enumerate(asked.tolist()):
        answered[row, end + 1 :] = True
    changed = [state.detach().masked_fill(answered.unsqueeze(-1), 7.0) for state in given.states]
    blind = objectives.LossInputs(
        given.embeds, given.input_ids, given.labels, given.kinds, given.table, given.targets, changed
    )
    torch.testing.assert_close(loss(blind), loss(given))


def test_targets_say_what_the_structure_is():
    examples = [pairs()[4], pairs()[1], pairs()[20]]  # benzene, acetic acid, a protein
    targets = objectives.structure_targets(examples)
    names = [term.name for term in TERMS]
    assert targets.keys() == {"bits", "terms", "sizes", "atoms", "atom_terms"}
    assert targets["bits"].shape == (2, objectives.FINGERPRINT_BITS)
    assert targets["terms"][1, names.index("carboxylic acid")]
    assert not targets["terms"][0, names.index("carboxylic acid")]
    assert targets["atoms"].shape == (6 + 4, len(objectives.ATOM_LABELS))
    assert targets["atoms"][:6, 0].tolist() == [6] * 6, "atoms of a ring of six"
    assert targets["atoms"][6:, 0].tolist() == [0] * 4
    assert targets["atom_terms"].shape == (10, len(TERMS))
    assert targets["sizes"][0].tolist() == pytest.approx([torch.tensor(6.0).log().item(), 0.25])
    assert objectives.structure_targets([pairs()[20]]) == {}


def test_labels_of_odd_atoms_stay_in_range():
    odd = ["[Fe+3]", "[O-2]", "C1CCCCCCCCCCC1", "[H][H]", "F[P-](F)(F)(F)(F)F"]
    targets = objectives.structure_targets([Example("description", "x", "", "hand", smiles=smiles) for smiles in odd])
    assert len(targets["atoms"]) == sum(Chem.MolFromSmiles(smiles).GetNumAtoms() for smiles in odd)
    for number, many in enumerate(objectives.ATOM_LABELS):
        assert targets["atoms"][:, number].min() >= 0
        assert targets["atoms"][:, number].max() < many
