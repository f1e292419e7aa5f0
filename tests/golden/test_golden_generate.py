"""``BioMedGPTV.generate`` against the reference implementation: greedy and beam search, alone and in batches."""

from __future__ import annotations

import pytest

from tests.golden.reference import batch_of, beam_search, penalties, rows_of


@pytest.fixture(scope="module")
def records(golden):
    records = golden.records("generate")["records"]
    assert records
    return records


def alone(records, greedy: bool):
    """Return the records of one prompt, found greedily or else with beams."""
    chosen = [
        record
        for record in records
        if len(record["prompts"]) == 1 and (record["generate_kwargs"]["num_beams"] == 1) == greedy
    ]
    assert chosen
    return chosen


def ours(golden, rows, options, **more):
    """Generate as the product does, to the reference's limit, which counts one BOS."""
    return golden.model.generate(
        **batch_of(golden, rows, "left"),
        max_new_tokens=options["max_length"] - 1,
        do_sample=False,
        num_beams=options["num_beams"],
        num_return_sequences=options["num_return_sequences"],
        length_penalty=float(options["length_penalty"]),
        **more,
    )


def until_end(golden, row):
    """Return ids without EOS and what follows it."""
    eos = golden.processor.tokenizer.eos_token_id
    return row[: row.index(eos)] if eos in row else row


def test_prompts_have_the_same_length(golden, records):
    for record in records:
        if len(record["prompts"]) == 1:
            (row, _), *_ = rows_of(golden, record)
            assert [1, len(row)] == record["embeds_shape"][:2], record["name"]
            assert record["attention_mask_sums"] == [len(row)], record["name"]


def test_greedy_search(golden, records):
    for record in alone(records, greedy=True):
        options = record["generate_kwargs"]
        ids = ours(golden, rows_of(golden, record), options, logits_processor=penalties(golden, options)).tolist()
        assert ids == [row[1:] for row in record["raw_output_ids"]], record["name"]


def test_beam_search_scored_as_the_reference_does(golden, close, records):
    for record in alone(records, greedy=False):
        inputs = batch_of(golden, rows_of(golden, record), "left")
        embeds = golden.model.embed(**{key: value for key, value in inputs.items() if key != "attention_mask"})
        finished, _ = beam_search(golden, embeds, record["generate_kwargs"])
        wanted = [until_end(golden, row) for row in record["raw_output_ids"]]
        assert [ids for _, ids in finished] == wanted, record["name"]
        assert close([score for score, _ in finished], record["sequences_scores"]), record["name"]


def test_beam_search_finds_the_same_sequences_or_a_better_first(golden, records):
    # As in the conversations: an open beam's score is divided by one token less than in the reference.
    bos, eos = golden.processor.tokenizer.bos_token_id, golden.processor.tokenizer.eos_token_id
    for record in alone(records, greedy=False):
        options = record["generate_kwargs"]
        output = ours(
            golden,
            rows_of(golden, record),
            options,
            repetition_penalty=options["repetition_penalty"],
            output_scores=True,
            return_dict_in_generate=True,
        )
        rows = [until_end(golden, row) for row in output.sequences.tolist()]
        first = record["raw_output_ids"][0]
        new = len(until_end(golden, first)) - 1 + (eos in first)
        length = len(until_end(golden, first))
        score = record["sequences_scores"][0] * (length / new) ** options["length_penalty"]
        same = rows == [until_end(golden, row)[1:] for row in record["raw_output_ids"]]
        better = output.sequences_scores[0].item() > score - 1e-5
        assert same or better or any(bos in ids for ids in rows), record["name"]


def test_texts(golden, records):
    # The reference reads id 0 as EOS and leaves special tokens out, as is done here with every answer.
    for record in records:
        texts = [golden.processor.decode(row[1:]) for row in record["raw_output_ids"]]
        assert texts == [text.strip() for text in record["texts"]], record["name"]


def test_every_row_of_a_batch_equals_its_single_run(golden, records):
    # The reference pads on the right and goes on from a padded position, so there only the longest row does.
    compared = 0
    for record in records:
        if len(record["prompts"]) == 1:
            continue
        rows, options = rows_of(golden, record), record["generate_kwargs"]
        penalty = {"repetition_penalty": options["repetition_penalty"]}
        together = ours(golden, rows, options, **penalty).tolist()
        for number, row in enumerate(rows):
            single = ours(golden, [row], options, **penalty)[0].tolist()
            assert until_end(golden, together[number]) == until_end(golden, single), (record["name"], number)
            compared += 1
    assert compared > 0


def test_rows_of_a_greedy_batch_equal_the_recorded_single_runs(golden, records):
    compared = 0
    for record in records:
        options = record["generate_kwargs"]
        if len(record["prompts"]) == 1 or options["num_beams"] > 1 or options["repetition_penalty"] != 1:
            continue
        rows = rows_of(golden, record)
        together = ours(golden, rows, options).tolist()
        for row, ids in zip(rows, together, strict=True):
            for other in alone(records, greedy=True):
                if other["generate_kwargs"] == options and rows_of(golden, other)[0][0] == row[0]:
                    same = batch_of(golden, rows_of(golden, other), "left"), batch_of(golden, [row], "left")
                    if all(same[0][key].equal(same[1][key]) for key in same[0]):
                        wanted = other["raw_output_ids"][0][1:]
                        assert until_end(golden, ids) == until_end(golden, wanted), (record["name"], other["name"])
                        compared += 1
    if not compared:
        pytest.skip("the set holds no single run of a batch's row")
