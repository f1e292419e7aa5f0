"""Batches of examples: nothing lost, little padding, proteins together, and packed rows that equal padded ones."""

import random
from collections import Counter
from dataclasses import replace

import pytest
import torch

from biomed_agent.model import BioMedGPTForConditionalGeneration
from biomed_agent.model.contract.prompt import QUESTIONS
from biomed_agent.model.data.examples import Example
from biomed_agent.model.training import align
from biomed_agent.model.training.batch import STRUCTURES, TrainingBatch
from biomed_agent.model.training.batching import (
    Collator,
    Lengths,
    draw,
    estimated_positions,
    packed,
    padded_batches,
    random_smiles,
    select,
    units,
)
from biomed_agent.model.training.objectives import structure_targets
from tests.helpers.pairs import MOLECULES, pairs, stage
from tests.helpers.tiny import tiny_config


def drawn_like_the_data(count: int, seed: int = 3) -> list[Example]:
    """Return examples of the lengths that pairs of question and answer have.

    Half are molecules: of ChEBI-20's 26,407 the mean is 121 positions, 95 % are below 209 and all below 576. The
    others are proteins with one to four questions each: log-normal lengths around 300 residues, at most 1,022.
    """
    chance = random.Random(seed)
    examples: list[Example] = []
    while len(examples) < count // 2:
        size = min(540, round(chance.lognormvariate(4.5, 0.45)))
        smiles = "C" * max(1, size // 3)
        answer = " ".join(["alcohol"] * max(1, size // 6))
        examples.append(Example("description", answer, f"m{len(examples)}", "drawn", smiles=smiles))
    while len(examples) < count:
        residues = min(1022, max(30, round(chance.lognormvariate(5.7, 0.6))))
        sequence = "".join(chance.choices("ACDEFGHIKLMNPQRSTVWY", k=residues))
        for kind in chance.sample(("function", "location", "family", "name"), chance.randint(1, 4)):
            answer = " ".join(["membrane"] * chance.randint(1, 40))
            examples.append(Example(kind, answer, f"p{len(examples)}", "drawn", sequence=sequence))
    return examples


def length(example: Example) -> int:
    """Return positions without a processor: an atom or residue each, a word of the answer two, and 20 others."""
    return len(example.smiles) + len(example.sequence) + 2 * len(example.answer.split()) + 20


def test_padded_batches_hold_every_example_once_and_stay_within_the_budget():
    examples = pairs() * 7
    batches = padded_batches(examples, tokens=300, seed=1)
    assert sorted(map(draw, examples)) == sorted(draw(example) for batch in batches.batches for example in batch)
    for batch in batches.batches:
        assert len(batch) * max(map(estimated_positions, batch)) <= 300
    assert batches.batches == padded_batches(examples, tokens=300, seed=1).batches
    assert batches.batches != padded_batches(examples, tokens=300, seed=2).batches


def test_similar_lengths_leave_little_padding():
    examples = drawn_like_the_data(3000)
    assert padded_batches(examples, tokens=8192, seed=1).waste < 0.1
    shuffled = [examples[start::100] for start in range(100)]
    padded = sum(len(batch) * max(map(estimated_positions, batch)) for batch in shuffled)
    assert 1 - sum(map(estimated_positions, examples)) / padded > 0.5, "what random batches would waste"


def test_packed_rows_waste_at_most_one_position_in_forty():
    examples = drawn_like_the_data(8000)
    rows = packed(examples, length, tokens=4096, seed=1)
    assert sorted(map(draw, examples)) == sorted(draw(example) for row in rows.batches for example in row)
    room = 4096 * len(rows)
    assert max(sum(map(length, row)) for row in rows.batches) <= 4096
    assert rows.waste == pytest.approx(1 - sum(map(length, examples)) / room)
    assert rows.waste <= 0.025


def test_an_example_longer_than_a_batch_gets_one_of_its_own():
    long = Example("description", "A chain.", "", "hand", smiles="C" * 500)
    for batches in (padded_batches([long, *pairs()], 200, 1), packed([long, *pairs()], length, 200, 1)):
        assert [batch for batch in batches.batches if long in batch] == [[long]]


@pytest.mark.parametrize("grouped", [padded_batches, lambda some, tokens, seed: packed(some, length, tokens, seed)])
def test_the_pairs_of_a_protein_share_a_batch_in_each_pass(grouped):
    examples = [example for example in drawn_like_the_data(600) if example.sequence]
    batches = grouped(examples * 2, 8192, 1).batches
    times = Counter(sequence for batch in batches for sequence in {example.sequence for example in batch})
    assert set(times.values()) <= {1, 2}, "once in each of two passes, unless both fell into one batch"
    assert len(times) == len({example.sequence for example in examples})


def test_pairs_of_a_protein_that_fill_more_than_a_batch_are_divided():
    sequence = "MKVLA" * 40
    examples = [Example(kind, "Cytoplasm.", "", "hand", sequence=sequence) for kind in ("function", "location", "name")]
    assert [len(unit) for unit in units([*examples, *examples])] == [3, 3]
    batches = padded_batches(examples, tokens=500, seed=1).batches
    assert sorted(map(len, batches)) == [1, 2]


def test_selection_thins_crops_and_repeats():
    chosen = select(
        pairs(), stage(repeats={"description": 3, "location": 1}, at_most={"location": 4}), seed=17, max_residues=6
    )
    assert len([example for example in chosen if example.smiles]) == 3 * 16
    locations = [example for example in chosen if example.sequence]
    assert len(locations) == 4
    assert all(len(example.sequence) == 6 for example in locations)
    assert {example.answer for example in chosen if example.smiles} == set(MOLECULES.values())
    assert len(select(pairs(), stage(), seed=17)) == 32, "all kinds once, when a stage names none"


def test_some_repeats_are_written_from_another_atom_on():
    chosen = select(pairs(), stage(repeats={"description": 9}, random_smiles=0.5), seed=17)
    written = Counter(example.smiles in MOLECULES for example in chosen)
    assert 0.15 * len(chosen) < written[False] < 0.5 * len(chosen)
    assert random_smiles("CC(N)=O", seed=1) == random_smiles("CC(N)=O", seed=1)


def examples_of_all_forms() -> list[Example]:
    """Return molecules, proteins, both together, and a question of one's own."""
    both = Example("other", "It is.", "", "hand", smiles="CCO", sequence="MKVLA", question="Does it bind to it?")
    hydrogens = replace(pairs()[0], smiles="[H]C([H])([H])CO.[Na+]")
    return [*pairs()[:5], *pairs()[16:20], hydrogens, both]


def test_lengths_are_exact(tiny_processor):
    lengths = Lengths(tiny_processor)
    cropped = Example("function", "It binds.", "", "hand", sequence="MKVLAGSTRE" * 120)
    examples = [*examples_of_all_forms(), cropped]
    encoded = Collator(tiny_processor)([examples])
    assert [lengths(example) for example in examples] == encoded["attention_mask"].sum(1).tolist()


def model(processor, attention: str = "sdpa") -> BioMedGPTForConditionalGeneration:
    """Return a model with room for the longest of the examples."""
    torch.manual_seed(5)
    config = tiny_config(processor, max_position_embeddings=2048)
    made = BioMedGPTForConditionalGeneration(config)
    made.eval()
    made.set_attn_implementation(attention)
    return made


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_a_packed_row_gives_the_loss_and_the_gradients_of_padded_ones(tiny_processor, attention):
    tiny = model(tiny_processor, attention)
    examples = examples_of_all_forms()
    losses, gradients = [], []
    for packing in (False, True):
        batch = Collator(tiny_processor, packing)([examples])
        assert len(batch.kinds) == len(examples)
        if packing:
            assert batch.input_ids.shape == (1, int(batch.attention_mask.sum()))
            assert "attention_mask" not in batch.model_inputs
        count = int(batch.labels[:, 1:].ne(-100).sum())
        tiny.zero_grad()
        loss = align.answer_loss(tiny, batch.model_inputs, batch.labels, count)
        loss.backward()
        losses.append(loss.item())
        gradients.append(
            torch.cat([parameter.grad.flatten() for parameter in tiny.parameters() if parameter.grad is not None])
        )
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    assert torch.allclose(gradients[1], gradients[0], rtol=1e-3, atol=1e-5)


def test_the_loss_on_answers_is_the_librarys(tiny_processor):
    tiny = model(tiny_processor)
    batch = Collator(tiny_processor)([examples_of_all_forms()])
    with torch.no_grad():
        theirs = tiny(**batch.model_inputs, labels=batch.labels).loss
        ours = align.answer_loss(tiny, batch.model_inputs, batch.labels, batch.labels[:, 1:].ne(-100).sum())
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)


def test_no_example_of_a_packed_row_sees_another(tiny_processor):
    tiny = model(tiny_processor)
    first, second = pairs()[:2]
    changed = replace(first, answer="The molecule is something else altogether.")
    tails = []
    for example in (first, changed):
        batch = Collator(tiny_processor, packed=True)([[example, second]])
        with torch.no_grad():
            tails.append(tiny(**batch.model_inputs, use_cache=False).logits[0, -10:])
    assert torch.allclose(tails[0], tails[1], atol=1e-5)


def test_a_row_begins_anew_with_each_example():
    batch = TrainingBatch(
        input_ids=torch.tensor([[5, 6, 7], [8, 9, 0]]),
        attention_mask=torch.tensor([[1, 1, 1], [1, 1, 0]]),
        labels=torch.tensor([[-100, 6, 7], [8, 9, -100]]),
        kinds=torch.tensor([0, 1]),
    )
    row = batch.packed()
    assert row.input_ids.tolist() == [[5, 6, 7, 8, 9]]
    assert row["position_ids"].tolist() == [[0, 1, 2, 0, 1]]
    assert row.labels.tolist() == [[-100, 6, 7, -100, 9]]
    assert row.kinds is batch.kinds


def test_a_batch_moves_whole_and_shows_the_library_its_tensors_by_name(tiny_processor):
    examples = examples_of_all_forms()
    batch = Collator(tiny_processor, targets=structure_targets)([examples])
    assert set(batch.model_inputs) == {"input_ids", "attention_mask", *STRUCTURES}
    moved = batch.to("meta")
    for name in ("labels", "kinds", *batch.model_inputs):
        assert moved[name].device.type == "meta", name
        assert moved[name].shape == batch[name].shape, name
    assert {tensor.device.type for tensor in moved.targets.values()} == {"meta"}
    assert moved.targets.keys() == batch.targets.keys() == {"bits", "terms", "sizes", "atoms", "atom_terms"}
    text = replace(examples[0], smiles="")
    alone = Collator(tiny_processor)([[text]])
    assert (alone.structures, alone.targets) == ({}, {})
    assert "atoms" not in alone
    assert alone.get("atoms") is None
    assert "targets" not in alone
    assert "shift_labels" not in alone
    with pytest.raises(KeyError, match="position_ids"):
        alone["position_ids"]


def test_accelerate_and_the_loader_know_a_batch(tiny_processor):
    from accelerate.utils import send_to_device
    from torch.utils.data import DataLoader

    examples = examples_of_all_forms()
    (batch,) = DataLoader(padded_batches(examples, 10_000, 1), collate_fn=Collator(tiny_processor), num_workers=1)
    assert isinstance(batch, TrainingBatch)
    moved = send_to_device(batch, "meta", non_blocking=True)
    assert isinstance(moved, TrainingBatch)
    assert moved.labels.device.type == "meta"


def test_questions_of_ones_own_are_asked(tiny_processor):
    asked = Example("other", "Yes.", "", "hand", smiles="CCO", question="Is it soluble in water?")
    ids = Collator(tiny_processor)([[asked]])["input_ids"][0]
    assert "Is it soluble in water?" in tiny_processor.decode(ids[ids < len(tiny_processor.tokenizer)])
    assert QUESTIONS["description"] not in tiny_processor.decode(ids[ids < len(tiny_processor.tokenizer)])
