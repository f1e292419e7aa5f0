"""Batches, and that the Trainer run can teach a tiny model to read structures."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from biomed_agent.model.training import evaluate, publish, train, vocabulary
from biomed_agent.model.training.examples import Example

CONFIG = Path(train.__file__).parent / "configs/mini.json"

MOLECULES = {
    "CCO": "The molecule is an alcohol.",
    "CC(=O)O": "The molecule is an acid.",
    "CC(=O)C": "The molecule is a ketone.",
    "CCN": "The molecule is a primary amine.",
    "c1ccccc1": "The molecule is an arene.",
    "CC#N": "The molecule is a nitrile.",
    "CCS": "The molecule is a thiol.",
    "C=C": "The molecule is an alkene.",
    "CCCl": "The molecule is a chloride.",
    "CC(N)=O": "The molecule is an amide.",
    "O=C=O": "The molecule is an oxide.",
    "CCCCCC": "The molecule is an alkane.",
    "C1CC1": "The molecule is a small ring.",
    "CCF": "The molecule is a fluoride.",
    "CP": "The molecule is a phosphine.",
    "CCBr": "The molecule is a bromide.",
}
PLACES = [
    "Cytoplasm.",
    "Nucleus.",
    "Secreted.",
    "Membrane.",
    "Vacuole.",
    "Golgi apparatus.",
    "Chloroplast.",
    "Lysosome.",
]


def pairs() -> list[Example]:
    """Sixteen molecules and sixteen proteins, each with an answer its structure decides."""
    molecules = [Example("description", answer, smiles, "hand", smiles=smiles) for smiles, answer in MOLECULES.items()]
    letters = "ACDEFGHIKLMNPQRS"
    sequences = [f"M{letter * 5}{letters[(n * 3) % 16] * 4}" for n, letter in enumerate(letters)]
    proteins = [
        Example("location", PLACES[n % 8], sequence, "hand", sequence=sequence) for n, sequence in enumerate(sequences)
    ]
    return molecules + proteins


@pytest.fixture
def recipe() -> train.Recipe:
    """The embedded model's recipe at a tiny size."""
    return replace(
        train.Recipe.load(CONFIG),
        vocabulary=360,
        batch_tokens=1000,
        learning_rate=3e-3,
        warmup_steps=10,
        weight_decay=0.0,
        save_steps=100,
        encoder_steps=20,
        bf16=False,
        text={
            **train.Recipe.load(CONFIG).text,
            "hidden_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "intermediate_size": 128,
        },
        molecule={"hidden_size": 32, "num_hidden_layers": 3},
        protein={
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 64,
            "max_position_embeddings": 64,
        },
    )


def test_a_tiny_model_memorizes_both_modalities_and_needs_the_structure(recipe, tmp_path):
    examples = pairs()
    tokenizer_file = tmp_path / "tokenizer.model"
    texts = [one.answer for one in examples] + [one.question for one in examples]
    vocabulary.train_vocabulary(texts * 5, recipe.vocabulary, tokenizer_file)
    processor = train.build_processor(recipe, tokenizer_file)
    model = train.build_model(recipe, processor)
    run = tmp_path / "run"

    train.train(recipe, model, processor, examples, examples, run, max_steps=320)

    model.eval()
    assert max(evaluate.losses(model, processor, examples)) < 0.1
    assert evaluate.generate(model, processor, examples) == [one.answer for one in examples]
    exchanged = evaluate.exchange(examples[:16])
    assert min(evaluate.losses(model, processor, exchanged)) > 0.3
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert [line["eval_molecule_loss"] for line in log if "eval_molecule_loss" in line][-1] < 0.1
    assert publish.last_checkpoint(run).is_dir()


def test_a_run_resumes_where_it_stopped(recipe, tmp_path):
    examples = pairs()[:16]
    recipe = replace(recipe, save_steps=4, warmup_steps=2, encoder_steps=2)
    tokenizer_file = tmp_path / "tokenizer.model"
    vocabulary.train_vocabulary([one.answer for one in examples] * 5, 320, tokenizer_file)
    processor = train.build_processor(recipe, tokenizer_file)

    whole = train.build_model(recipe, processor)
    train.train(recipe, whole, processor, examples * 4, pairs(), tmp_path / "whole", max_steps=8)
    for leftover in (tmp_path / "whole" / "checkpoint-8").iterdir():
        leftover.unlink()
    (tmp_path / "whole" / "checkpoint-8").rmdir()
    resumed = train.build_model(recipe, processor)
    train.train(recipe, resumed, processor, examples * 4, pairs(), tmp_path / "whole", max_steps=8)

    for (name, first), second in zip(whole.state_dict().items(), resumed.state_dict().values(), strict=True):
        assert (first.float() - second.float()).abs().max() < 1e-6, name


def test_the_word_loss_asks_the_structure_and_spares_the_token_table(recipe, tmp_path):
    examples = pairs()
    tokenizer_file = tmp_path / "tokenizer.model"
    vocabulary.train_vocabulary([one.answer for one in examples] * 5, 320, tokenizer_file)
    processor = train.build_processor(recipe, tokenizer_file)
    rows = len(processor.tokenizer)
    word_loss = train.WordLoss(processor, examples, rows)
    table = torch.eye(rows, requires_grad=True)
    answer, other = 300, 310
    ids = torch.tensor([[1, processor.molecule_token_id, processor.molecule_token_id, answer]])
    labels = torch.tensor([[-100, -100, -100, answer]])

    def loss_when_atoms_say(token: int) -> torch.Tensor:
        embeds = torch.zeros(1, 4, rows)
        embeds[0, 1:3, token] = 8.0
        embeds[0, 0, other] = 99.0  # a text position: it must not count
        return word_loss(embeds, ids, labels, torch.tensor([0]), table)

    right, wrong = loss_when_atoms_say(answer), loss_when_atoms_say(other)
    assert wrong - right == pytest.approx(8.0, abs=2.0)
    assert not right.requires_grad


def test_the_clock_starts_where_a_run_was_resumed():
    assert train.Clock(None).progress(0.4) == 0.0
    clock = train.Clock(minutes=10)
    clock.first, clock.started = 0.5, clock.started - 300
    assert clock.progress(0.5) == pytest.approx(0.75, abs=0.01)


def test_batches_hold_every_example_once_and_stay_within_the_budget():
    examples = pairs() * 7
    dataset = train.TokenBatches(examples, tokens=300, seed=1)
    batches = [dataset[i] for i in range(len(dataset))]
    assert sorted(map(train.draw, examples)) == sorted(train.draw(one) for batch in batches for one in batch)
    for batch in batches:
        assert len(batch) * max(map(train.estimated_positions, batch)) <= 300
    assert batches == train.TokenBatches(examples, tokens=300, seed=1).batches


def test_selection_thins_crops_and_repeats(recipe):
    recipe = replace(recipe, max_residues=6, epochs={"description": 3, "location": 1}, at_most={"location": 4})
    chosen = train.select(pairs(), recipe)
    assert len([one for one in chosen if one.smiles]) == 3 * 16
    locations = [one for one in chosen if one.sequence]
    assert len(locations) == 4
    assert all(len(one.sequence) == 6 for one in locations)
    assert {one.answer for one in chosen if one.smiles} == set(MOLECULES.values())


def test_exchanged_structures_are_never_ones_own():
    examples = pairs()[:5]
    for one, other in zip(examples, evaluate.exchange(examples), strict=True):
        assert one.answer == other.answer
        assert one.smiles != other.smiles
    with pytest.raises(ValueError, match="at least 2"):
        evaluate.exchange(examples[:1])


def test_a_kind_that_ignores_the_structure_is_not_listed(recipe):
    good = evaluate.Scores(10, 0.5, 0.3, 0.4, 1.0, 1.5, 0.05, 0.1)
    bad = evaluate.Scores(10, 0.31, 0.3, 0.4, 1.0, 1.5, 0.05, 0.1)
    state = {"num_input_tokens_seen": 5, "global_step": 1}
    described = publish.manifest(recipe, {"description": good, "family": bad}, state)
    assert list(described["kinds"]) == ["description"]
    assert described["not_trained"] == ["family"]
