"""Many answers to one prompt, of which some end before the others."""

from __future__ import annotations

import pytest
import torch

from biomed_agent.model.contract.generation import Options
from biomed_agent.model.contract.prompt import user_message
from biomed_agent.model.inference.sampling import sample

MESSAGES = [user_message("What is this?", smiles=["CCO"], sequences=["MKVLA"])]
LIMIT = 10


@pytest.fixture
def inputs(tiny_processor):
    return tiny_processor([MESSAGES])


@pytest.fixture
def seen(monkeypatch):
    """Rows each step drew for. The first tokens are 20, 21 ..., later ones greedy; cleared, it starts anew."""
    steps: list[int] = []

    def first_apart_then_greedy(probabilities, _count):
        steps.append(len(probabilities))
        return (torch.arange(6) + 20)[:, None] if len(steps) == 1 else probabilities.argmax(dim=1, keepdim=True)

    monkeypatch.setattr(torch, "multinomial", first_apart_then_greedy)
    return steps


def draw(model, processor, inputs, eos=(), **options):
    chosen = Options(**{"mbr_samples": 6, "temperature": 1.0, **options})
    return sample(model, inputs, LIMIT, chosen, eos=eos, text=processor.decode)


def greedy_after(model, inputs, first):
    """Greedy tokens after ``first``, each by a full pass without a cache."""
    embeds = model.embed(**{name: value for name, value in inputs.items() if name != "attention_mask"})
    row = [first]
    while len(row) < LIMIT:
        embedded = model.get_input_embeddings()(torch.tensor([row]))
        with torch.no_grad():
            row.append(int(model(inputs_embeds=torch.cat([embeds, embedded], dim=1)).logits[0, -1].argmax()))
    return row


def test_each_answer_goes_on_from_its_own_words_when_others_have_ended(tiny_model, tiny_processor, inputs, seen):
    whole = [greedy_after(tiny_model, inputs, first) for first in range(20, 26)]
    assert draw(tiny_model, tiny_processor, inputs) == whole
    assert seen == [6] * LIMIT
    seen.clear()
    eos = {whole[1][2], whole[4][5], whole[0][8]}
    ends = [next((n for n, index in enumerate(row, start=1) if index in eos), LIMIT) for row in whole]
    assert len(set(ends)) > 1
    assert draw(tiny_model, tiny_processor, inputs, eos) == [row[:end] for row, end in zip(whole, ends, strict=True)]
    assert seen == [sum(end > step for end in ends) for step in range(max(ends))]


def test_first_tokens_come_as_often_as_the_model_says(tiny_model, tiny_processor, inputs):
    with torch.no_grad():
        want = torch.softmax(tiny_model(**inputs).logits[0, -1] / 0.5, dim=0)
    torch.manual_seed(0)
    rows = sample(tiny_model, inputs, 1, Options(mbr_samples=4000, temperature=0.5), eos=(), text=tiny_processor.decode)
    shares = torch.bincount(torch.tensor(rows)[:, 0], minlength=len(want)) / 4000
    error = (want * (1 - want) / 4000).sqrt()
    assert ((shares - want).abs() <= 5 * error + 1e-3).all()


def test_nearly_no_temperature_and_a_tiny_nucleus_are_greedy(tiny_model, tiny_processor, inputs):
    greedy = tiny_model.generate(**inputs, max_new_tokens=LIMIT, do_sample=False, eos_token_id=-1)[0].tolist()
    for options in ({"temperature": 1e-4}, {"top_p": 1e-6}):
        assert draw(tiny_model, tiny_processor, inputs, **options) == [greedy] * 6
    penalized = tiny_model.generate(
        **inputs, max_new_tokens=LIMIT, do_sample=False, repetition_penalty=1.5, eos_token_id=-1
    )[0].tolist()
    assert penalized != greedy
    assert draw(tiny_model, tiny_processor, inputs, temperature=1e-4, repetition_penalty=1.5) == [penalized] * 6


def test_whole_numbers_are_numbers_too(tiny_model, tiny_processor, inputs):
    torch.manual_seed(0)
    floats = draw(tiny_model, tiny_processor, inputs, temperature=1.0, repetition_penalty=2.0)
    torch.manual_seed(0)
    assert draw(tiny_model, tiny_processor, inputs, temperature=1, repetition_penalty=2) == floats


def test_a_nucleus_holds_the_likeliest_tokens(tiny_model, tiny_processor, inputs):
    with torch.no_grad():
        order = torch.softmax(tiny_model(**inputs).logits[0, -1] / 2, dim=0).sort(descending=True)
    inside = order.indices[: int((order.values.cumsum(0) < 0.8).sum()) + 1].tolist()
    assert 5 < len(inside) < len(order.indices) / 2
    options = Options(mbr_samples=4000, temperature=2.0, top_p=0.8)
    torch.manual_seed(0)
    rows = sample(tiny_model, inputs, 1, options, eos=(), text=tiny_processor.decode)
    drawn = {row[0] for row in rows}
    assert drawn <= set(inside)
    assert set(inside[:5]) <= drawn


def test_a_penalty_goes_by_the_words_of_the_own_row_when_others_have_ended(tiny_model, tiny_processor, inputs, seen):
    whole = draw(tiny_model, tiny_processor, inputs, repetition_penalty=1.8)
    seen.clear()
    eos = {whole[0][2], whole[3][4]}
    ended = draw(tiny_model, tiny_processor, inputs, eos, repetition_penalty=1.8)
    assert len({len(row) for row in ended}) > 1
    assert ended == [row[: len(short)] for row, short in zip(whole, ended, strict=True)]


def test_several_conversations_or_padding_are_refused(tiny_model, tiny_processor, inputs):
    for wrong in (tiny_processor([MESSAGES, MESSAGES]), {**inputs, "attention_mask": inputs["attention_mask"] * 0}):
        with pytest.raises(ValueError, match="one conversation without padding"):
            draw(tiny_model, tiny_processor, wrong)


def test_a_stop_string_ends_an_answer(tiny_model, tiny_processor, inputs):
    torch.manual_seed(0)
    rows = draw(tiny_model, tiny_processor, inputs)
    texts = [tiny_processor.decode(row) for row in rows]
    stop = texts[2][:3]
    torch.manual_seed(0)
    drawn = draw(tiny_model, tiny_processor, inputs, stop=(stop,))
    assert len(drawn[2]) < len(rows[2])
    assert stop in tiny_processor.decode(drawn[2])
    assert stop not in tiny_processor.decode(drawn[2][:-1])
