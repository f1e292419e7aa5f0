from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from statistics import fmean

import pytest
import torch

from biomed_agent.core.errors import CheckpointError, InvalidInput
from biomed_agent.model.contract.generation import Options
from biomed_agent.model.contract.prompt import user_message
from biomed_agent.model.contract.rouge import rouge_l
from biomed_agent.model.contract.samples import choose
from biomed_agent.model.inference.engine import LocalEngine, _settled
from biomed_agent.model.network import processing
from biomed_agent.model.network.featurize import featurize_smiles

QUESTION = [user_message("What is this?", smiles=["CCO"])]
OTHERS = [
    [user_message("Does it bind?", smiles=["c1ccccc1"], sequences=["MKVLA"])],
    [user_message("Hello")],
    QUESTION,
]
SHORT = Options(max_new_tokens=12)


@pytest.fixture(scope="module")
def engine(tiny_folder):
    return LocalEngine(tiny_folder, device="cpu")


def test_loading_prints_nothing(tiny_folder, capfd):
    LocalEngine(tiny_folder, device="cpu").generate(QUESTION, Options(max_new_tokens=2, repetition_penalty=1.2))
    assert capfd.readouterr() == ("", "")


def test_answers_are_greedy_and_repeatable(engine):
    answer = engine.generate(QUESTION, SHORT)
    assert answer == engine.generate(QUESTION, SHORT)
    inputs = engine.processor([QUESTION])
    ids = engine.model.generate(**inputs, max_new_tokens=12, do_sample=False)[0].tolist()
    assert answer.text == engine.processor.decode(ids)
    assert answer.prompt_tokens == inputs["input_ids"].shape[1]
    assert answer.text
    assert answer.truncated == ""


def test_an_answer_that_reaches_the_limit_says_so(engine):
    answer = engine.generate(QUESTION, Options(max_new_tokens=3))
    assert (answer.finish_reason, answer.new_tokens) == ("length", 3)


def test_eos_ends_an_answer_and_is_not_shown(engine):
    row = engine.model.generate(**engine.processor([QUESTION]), max_new_tokens=6, do_sample=False)[0].tolist()
    before = engine.model.generation_config.eos_token_id
    engine.model.generation_config.eos_token_id = row[2]
    try:
        answer = engine.generate(QUESTION, SHORT)
    finally:
        engine.model.generation_config.eos_token_id = before
    assert answer.finish_reason == "stop"
    assert answer.new_tokens == row.index(row[2]) + 1


def test_a_batch_answers_each_as_if_alone(engine):
    batch = engine.generate_batch(OTHERS, SHORT)
    assert batch == [engine.generate(conversation, SHORT) for conversation in OTHERS]


def test_of_samples_the_one_the_others_agree_with_is_the_answer(engine):
    options = Options(max_new_tokens=12, temperature=1.0, seed=7, mbr_samples=5)
    answer = engine.generate(QUESTION, options)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        ids = engine.model.generate(
            **engine.processor([QUESTION] * 5), max_new_tokens=12, do_sample=True, top_k=0, temperature=1.0
        )
    texts = [engine.processor.decode(row) for row in ids]
    assert not {2, *engine._eos()} & set(ids.flatten().tolist())  # else the library would draw for rows that have ended
    each = [fmean(rouge_l(text, other) for k, other in enumerate(texts) if k != n) for n, text in enumerate(texts)]
    assert len(set(texts)) > 1
    assert answer.text == texts[each.index(max(each))]
    assert answer.agreement == pytest.approx(max(each))
    assert engine.generate(QUESTION, SHORT).agreement is None


def test_samples_are_those_the_choice_is_among(engine):
    options = Options(max_new_tokens=12, temperature=1.0, seed=7)
    drawn = engine.samples(QUESTION, options, 5)
    assert len({example.text for example in drawn}) > 1
    assert {example.agreement for example in drawn} == {None}
    assert choose(drawn).generation == engine.generate(QUESTION, replace(options, mbr_samples=5))
    assert engine.samples(QUESTION, SHORT, 1) == [engine.generate(QUESTION, SHORT)]
    with pytest.raises(InvalidInput, match="0 samples were asked for"):
        engine.samples(QUESTION, options, 0)
    with pytest.raises(InvalidInput, match="mbr_samples"):
        engine.samples(QUESTION, SHORT, 2)  # greedy: both would be the same


def test_samples_do_not_depend_on_what_else_is_asked(engine):
    options = Options(max_new_tokens=12, temperature=1.0, seed=7, mbr_samples=3)
    assert engine.generate_batch(OTHERS, options) == [engine.generate(conversation, options) for conversation in OTHERS]


def test_a_sample_that_is_cut_or_ends_says_so(engine):
    options = Options(max_new_tokens=12, temperature=1.0, seed=7, mbr_samples=4)
    whole = engine.generate(QUESTION, options)
    assert (whole.finish_reason, whole.new_tokens) == ("length", 12)
    stops = tuple(whole.text[start] for start in range(1, len(whole.text)))
    cut = engine.generate(QUESTION, replace(options, stop=stops))
    assert cut.finish_reason == "stop"
    assert cut.new_tokens < 12
    assert not any(stop in cut.text for stop in stops)
    message = [user_message("", sequences=["M" * 60])]
    room = engine.context_length - engine.generate(message, Options(max_new_tokens=1)).prompt_tokens
    assert engine.generate(message, replace(options, max_new_tokens=10_000, mbr_samples=2)).new_tokens <= room


def test_nothing_is_sampled_before_every_prompt_and_option_is_read(engine, monkeypatch):
    monkeypatch.setattr("biomed_agent.model.inference.engine.sample", lambda *_args, **_options: pytest.fail("sampled"))
    options = Options(max_new_tokens=12, temperature=1.0, mbr_samples=4)
    with pytest.raises(InvalidInput, match="C1CC"):
        engine.generate_batch([QUESTION, [user_message("", smiles=["C1CC"])]], options)
    with pytest.raises(InvalidInput, match="no message"):
        engine.generate_batch([], options)
    with pytest.raises(InvalidInput, match="mbr_samples"):
        engine.generate_batch([], Options(mbr_samples=1))


def test_stop_strings_cut_the_answer_and_end_it(engine):
    whole = engine.generate(QUESTION, Options(max_new_tokens=20))
    middle = len(whole.text) // 2
    stop = whole.text[middle : middle + 3]
    cut = engine.generate(QUESTION, Options(max_new_tokens=20, stop=(stop, "never said")))
    assert cut.text == whole.text[: whole.text.index(stop)].rstrip()
    assert cut.finish_reason == "stop"
    assert cut.new_tokens < whole.new_tokens


@pytest.mark.parametrize(
    "options",
    [
        SHORT,
        Options(max_new_tokens=40),
        Options(max_new_tokens=12, num_beams=3),
        Options(max_new_tokens=12, temperature=1.0, seed=3),
        Options(max_new_tokens=12, temperature=1.0, seed=3, mbr_samples=3),
    ],
)
def test_a_stream_joins_to_the_whole_answer(engine, options):
    pieces = list(engine.stream(QUESTION, options))
    assert "".join(pieces) == engine.generate(QUESTION, options).text
    assert all(pieces)


def test_a_stream_never_shows_what_a_stop_string_cuts(engine):
    whole = engine.generate(QUESTION, Options(max_new_tokens=20)).text
    options = Options(max_new_tokens=20, stop=(whole[len(whole) // 2 :][:3],))
    assert "".join(engine.stream(QUESTION, options)) == engine.generate(QUESTION, options).text


@pytest.mark.parametrize(
    ("text", "stop", "settled"),
    [
        ("Yes. Hum", ("Human:",), "Yes."),
        ("Yes. Human: more", ("Human:",), "Yes."),
        ("Yes.  ", (), "Yes."),
        ("caf\N{REPLACEMENT CHARACTER}", (), "caf"),
        ("H", ("Human:", "H?"), ""),
        ("Yes", ("\n",), "Yes"),
    ],
)
def test_what_may_still_change_is_held_back(text, stop, settled):
    assert _settled(text, stop) == settled


def test_a_reader_who_leaves_stops_the_model(engine):
    stream = engine.stream(QUESTION, Options(max_new_tokens=200))
    next(stream)
    stream.close()
    assert not any(thread.name == "biomed-agent-stream" for thread in threading.enumerate())
    assert engine.generate(QUESTION, SHORT).text


def test_sampling_repeats_with_a_seed_and_leaves_other_random_numbers_alone(engine):
    options = Options(max_new_tokens=12, temperature=1.0, seed=7)
    torch.manual_seed(1)
    want = torch.rand(1)
    torch.manual_seed(1)
    first = engine.generate(QUESTION, options)
    assert torch.equal(torch.rand(1), want)
    assert engine.generate(QUESTION, options) == first
    assert {engine.generate(QUESTION, Options(max_new_tokens=12, temperature=1.0, seed=n)).text for n in range(4)} != {
        first.text
    }


def test_several_threads_get_their_own_answers(engine):
    want = [engine.generate(conversation, SHORT) for conversation in OTHERS]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda conversation: engine.generate(conversation, SHORT), OTHERS * 2)) == want * 2


def test_a_truncated_protein_is_noted(tiny_folder):
    engine = LocalEngine(tiny_folder, device="cpu")
    engine.processor.max_protein_tokens = 12
    answer = engine.generate([user_message("What is it?", sequences=["M" * 30])], SHORT)
    assert answer.truncated == "the model read only the first 10 of the protein's 30 residues"


def test_a_prompt_without_room_for_an_answer_is_refused(engine):
    with pytest.raises(InvalidInput, match="the model has 256"):
        engine.generate([user_message("word " * 300)], SHORT)


def talk(*turns):
    """Return a conversation of (message, answer) turns that ends in a question."""
    messages = []
    for message, answer in turns:
        messages += [message, {"role": "assistant", "content": answer}]
    return [*messages, user_message("And this?", smiles=["CCN"])]


FIRST = (user_message("What is this?", smiles=["CCO"]), "Yes.")
SECOND = (user_message("Does it bind?", sequences=["MKV"]), "No.")


def test_a_conversation_that_fits_is_kept_whole(engine):
    answer = engine.generate(talk(SECOND), SHORT)
    assert answer.truncated == ""
    assert answer.prompt_tokens == engine.processor([talk(SECOND)])["input_ids"].shape[1]


@pytest.mark.parametrize(
    ("turns", "note"),
    [
        ([SECOND], "1 earlier turn was dropped to fit the context of 256, with 1 structure"),
        ([], "2 earlier turns were dropped to fit the context of 256, with 2 structures"),
    ],
)
def test_the_oldest_turns_make_room_for_the_answer(engine, turns, note):
    prompt = engine.processor([talk(*turns)])["input_ids"].shape[1]
    options = Options(max_new_tokens=engine.context_length - prompt)  # not one position more would fit
    answer = engine.generate(talk(FIRST, SECOND), options)
    assert answer.truncated == note
    assert answer.prompt_tokens == prompt
    assert answer.text == engine.generate(talk(*turns), options).text
    assert "".join(engine.stream(talk(FIRST, SECOND), options)) == answer.text


def test_each_structure_of_a_conversation_is_read_once(engine, monkeypatch):
    calls = []

    def counted(smiles):
        calls.append(smiles)
        return featurize_smiles(smiles)

    monkeypatch.setattr(processing, "featurize_smiles", counted)
    engine.generate(talk(FIRST), SHORT)
    assert calls == ["CCO", "CCN"]
    calls.clear()
    prompt = engine.processor([talk()])["input_ids"].shape[1]
    calls.clear()
    shortened = engine.generate(talk(FIRST, SECOND), Options(max_new_tokens=engine.context_length - prompt))
    assert shortened.truncated.startswith("2 earlier turns were dropped")
    assert calls == ["CCO", "CCN"]


def test_turns_without_structures_are_dropped_and_only_counted(engine):
    conversation = talk(*[(user_message("word " * 60), "Yes.")] * 3)
    answer = engine.generate(conversation, Options(max_new_tokens=4))
    assert answer.truncated == "3 earlier turns were dropped to fit the context of 256"


def test_each_conversation_of_a_batch_is_fitted_by_itself(engine):
    long = [(user_message("word " * 60), "Yes.")]
    batch = [talk(*long, *long), talk(FIRST), QUESTION]
    answers = engine.generate_batch(batch, SHORT)
    assert answers == [engine.generate(example, SHORT) for example in batch]
    assert [bool(answer.truncated) for answer in answers] == [True, False, False]


def test_a_newest_turn_that_does_not_fit_alone_is_refused(engine):
    newest = user_message("word " * 300, smiles=["CCN"])
    with pytest.raises(InvalidInput, match="the model has 256"):
        engine.generate([*talk(FIRST)[:2], newest], SHORT)


def test_an_answer_is_limited_to_the_room_left(engine):
    message = [user_message("", sequences=["M" * 60])]
    room = engine.context_length - engine.generate(message, Options(max_new_tokens=1)).prompt_tokens
    answer = engine.generate(message, Options(max_new_tokens=10_000))
    assert answer.new_tokens <= room


@pytest.mark.parametrize(
    "bad",
    [
        {"max_new_tokens": 0},
        {"num_beams": 0},
        {"temperature": -1.0},
        {"top_p": 0.0},
        {"repetition_penalty": 0.0},
        {"stop": ("",)},
        {"mbr_samples": -1, "temperature": 1.0},
        {"mbr_samples": 1, "temperature": 1.0},
        {"mbr_samples": 4},
        {"mbr_samples": 4, "temperature": 1.0, "num_beams": 2},
    ],
)
def test_options_out_of_range_are_named(engine, bad):
    with pytest.raises(InvalidInput, match=next(iter(bad))):
        engine.generate(QUESTION, Options(**bad))


def test_errors_reach_the_reader_of_a_stream(engine):
    with pytest.raises(InvalidInput, match="no message"):
        list(engine.stream([], SHORT))
    with pytest.raises(InvalidInput, match="C1CC"):
        list(engine.stream([user_message("", smiles=["C1CC"])], SHORT))


async def test_async_answers_equal_the_others(engine):
    assert await engine.agenerate(QUESTION, SHORT) == engine.generate(QUESTION, SHORT)
    pieces = [piece async for piece in engine.astream(QUESTION, SHORT)]
    assert "".join(pieces) == engine.generate(QUESTION, SHORT).text


def test_the_stamp_and_a_folder_that_is_no_model(engine, tmp_path):
    assert engine.stamp.name == "tiny"
    with pytest.raises(CheckpointError):
        LocalEngine(tmp_path)
