"""Conversations of several turns against the reference implementation: prompts, vectors, logits and answers."""

from __future__ import annotations

import os

import pytest
import torch

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.contract.prompt import Text, drop_oldest_turns, render, user_message
from tests.golden.reference import PLACEHOLDER, Turn, batch_of, beam_search, every_turn, penalties, written


@pytest.fixture(scope="module")
def turns(golden):
    """Every answered turn with the model inputs that its recorded ids make."""
    answered = [turn for turn in every_turn(golden) if not turn.recorded["error"] and turn.can_be_retraced]
    assert answered
    return [(turn, batch_of(golden, [turn.row(golden)], "left")) for turn in answered]


def with_options(turns, greedy: bool):
    """Yield turns that were answered greedily, or else with beams, and how."""
    for turn, inputs in turns:
        options = turn.recorded["generate_kwargs"]
        if (options["num_beams"] == 1) == greedy:
            yield turn, inputs, options


@pytest.mark.skipif("BIOMED_AGENT_GOLDEN" in os.environ, reason="another set may lack some")
def test_the_set_that_is_kept_here_holds_a_case_for_every_test(golden, turns):
    assert any(turn.skipped for turn in every_turn(golden))
    assert failed(golden, "AssertionError") and failed(golden, "ValueError")
    assert list(with_options(turns, greedy=True)) and list(with_options(turns, greedy=False))
    assert {record["generate_kwargs"]["num_beams"] for record in golden.records("generate")["records"]} == {1, 5}
    for name, records in [("llm_tokenizer", "records"), ("llm_tokenizer", "decode_records"), ("prompts", "records"),
                          ("prompts", "ask_records"), ("prompts", "postprocess_records"), ("proteins", "records"),
                          ("loss", "trainable_parameters_at_construction")]:  # fmt: skip
        assert golden.records(name)[records], name


def test_conversations_become_the_same_prompt(golden, turns):
    compared = 0
    for turn, inputs in turns:
        assert inputs["input_ids"].shape == (1, turn.recorded["n_context"]), turn.name
        if turn.is_read_otherwise(golden):
            continue
        encoded = golden.processor.encode_prompt(turn.messages)
        assert written([segment for segment, _ in encoded]) == turn.recorded["prompt"], turn.name
        texts = [{"text": segment.text, "ids": ids} for segment, ids in encoded if isinstance(segment, Text)]
        assert texts == turn.recorded["segments"], turn.name
        assert PLACEHOLDER.findall(turn.recorded["prompt"]) == turn.recorded["placeholders"], turn.name
        ours = golden.processor([turn.messages])
        assert ours.keys() == inputs.keys(), turn.name
        assert all(torch.equal(ours[key], inputs[key]) for key in inputs), turn.name
        compared += 1
    assert compared > 0


def test_conversations_become_the_same_vectors_and_first_logits(golden, close, turns):
    arrays = golden.arrays("chat")
    for turn, inputs in turns:
        embeds = golden.model.embed(**{key: value for key, value in inputs.items() if key != "attention_mask"})[0]
        if f"{turn.name}/mixed_embs" in arrays:
            assert close(embeds, arrays[f"{turn.name}/mixed_embs"]), turn.name
        if f"{turn.name}/mixed_embs_rows" in arrays:
            assert close(embeds[::29], arrays[f"{turn.name}/mixed_embs_rows"]), turn.name
        logits = golden.model(**inputs, logits_to_keep=1).logits[0, -1]
        assert close(logits, arrays[f"{turn.name}/first_logits"]), turn.name
        ids, values = turn.recorded["first_step_top5"]
        assert logits.topk(len(ids)).indices.tolist() == ids and close(logits[ids], values), turn.name


def test_greedy_answers_have_the_same_tokens_and_logits(golden, close, turns):
    # The reference's limit counts one BOS that is never fed to the model; its repetition penalty sees that BOS.
    compared = 0
    for turn, inputs, options in with_options(turns, greedy=True):
        output = golden.model.generate(
            **inputs,
            max_new_tokens=options["max_length"] - 1,
            do_sample=False,
            logits_processor=penalties(golden, options),
            output_scores=True,
            return_dict_in_generate=True,
        )
        assert output.sequences[0].tolist() == turn.recorded["generate_output_ids"][1:], turn.name
        assert len(output.scores) == turn.recorded["n_forward_calls"], turn.name
        assert close([step.max() for step in output.scores], turn.recorded["step_top1_logits"]), turn.name
        compared += 1
    assert compared > 0


def test_the_products_own_penalty_differs_only_where_bos_is_said(golden, turns):
    bos = golden.processor.tokenizer.bos_token_id
    for turn, inputs, options in with_options(turns, greedy=True):
        if options["repetition_penalty"] == 1:
            continue
        ids = golden.model.generate(
            **inputs,
            max_new_tokens=options["max_length"] - 1,
            do_sample=False,
            repetition_penalty=options["repetition_penalty"],
        )[0].tolist()
        assert ids == turn.recorded["generate_output_ids"][1:] or bos in ids, turn.name


def test_beam_search_scored_as_the_reference_does_has_the_same_tokens(golden, turns):
    compared = 0
    for turn, inputs, options in with_options(turns, greedy=False):
        embeds = golden.model.embed(**{key: value for key, value in inputs.items() if key != "attention_mask"})
        ((score, ids), *_), steps = beam_search(golden, embeds, options)
        recorded = turn.recorded["generate_output_ids"]
        assert ids == recorded[: len(recorded) - turn.recorded["ends_with_eos"]], turn.name
        assert abs(score - turn.recorded["sequence_score"]) <= 1e-5 * max(1, abs(score)), turn.name
        assert steps == turn.recorded["n_forward_calls"], turn.name
        compared += 1
    assert compared > 0


def test_beam_search_finds_the_same_answer_or_a_better_one(golden, turns):
    # An open beam's score is divided by its new tokens here, by one more in the reference: where that changes
    # the winner, it must be better by the measure used here. (A finished beam has the same score in both.)
    bos = golden.processor.tokenizer.bos_token_id
    for turn, inputs, options in with_options(turns, greedy=False):
        output = golden.model.generate(
            **inputs,
            max_new_tokens=options["max_length"] - 1,
            do_sample=False,
            num_beams=options["num_beams"],
            repetition_penalty=options["repetition_penalty"],
            length_penalty=float(options["length_penalty"]),
            output_scores=True,
            return_dict_in_generate=True,
        )
        ids, recorded = output.sequences[0].tolist(), turn.recorded["generate_output_ids"]
        length = len(recorded) - turn.recorded["ends_with_eos"]
        score = turn.recorded["sequence_score"] * (length / (len(recorded) - 1)) ** options["length_penalty"]
        better = output.sequences_scores.item() > score - 1e-5
        assert ids == recorded[1:] or better or bos in ids, turn.name
        if ids == recorded[1:]:
            assert abs(output.sequences_scores.item() - score) <= 1e-5 * max(1, abs(score)), turn.name


def test_answers_are_shown_whole(golden, turns):
    # The reference drops the last token even when it is no EOS, shows special tokens, and forgets what stands
    # before a last "Assistant:".
    tokenizer, decode = golden.processor.tokenizer, golden.processor.decode
    compared = 0
    for turn, _ in turns:
        ids, answer = turn.recorded["generate_output_ids"][1:], turn.recorded["answer_text"]
        assert turn.recorded["answer_ids"] == ids[:-1], turn.name
        if set(tokenizer.all_special_ids) & set(ids[:-1]) or "Assistant:" in decode(ids):
            continue
        assert decode(ids[:-1]) == answer, turn.name
        if turn.recorded["ends_with_eos"]:
            assert decode(ids) == answer, turn.name
        compared += 1
    assert compared > 0


def test_a_molecule_the_reference_skips_is_invalid_input(golden):
    # The reference logs an invalid SMILES and answers without the molecule.
    for turn in every_turn(golden):
        if turn.skipped:
            with pytest.raises(InvalidInput, match=r"SMILES|residues"):
                golden.processor([turn.messages])


def test_a_placeholder_typed_in_a_text_is_only_text(golden):
    # The reference splits the prompt there and fails, for it has no molecule to put in.
    for turn in failed(golden, "AssertionError"):
        inputs = golden.processor([turn.messages])
        atoms = int((inputs["input_ids"] == golden.processor.molecule_token_id).sum())
        assert atoms == len(inputs.get("atoms", ())), turn.name
        assert written(render(turn.messages)).count("<moleculeHere>") > len(turn.structures), turn.name
        assert golden.model(**inputs).logits.isfinite().all(), turn.name


def test_special_tokens_of_an_answer_are_ordinary_text_in_the_next_prompt(golden, turns):
    # No recorded answer holds any, so each conversation is continued after one that does.
    tokenizer = golden.processor.tokenizer
    answer = f"It is {' or '.join(sorted(tokenizer.all_special_tokens))} here."
    for turn in (turn for turn, _ in turns if not turn.skipped):
        messages = [*turn.messages, {"role": "assistant", "content": answer}, user_message("Why?")]
        encoded = golden.processor.encode_prompt(messages)
        assert answer in written([segment for segment, _ in encoded]), turn.name
        ids = [index for segment, ids in encoded if isinstance(segment, Text) for index in ids]
        assert not set(tokenizer.all_special_ids) & set(ids[1:]), turn.name


def failed(golden, error: str) -> list[Turn]:
    """Return the turns in which the reference raised an error of this type."""
    return [turn for turn in every_turn(golden) if (turn.recorded["error"] or {}).get("type") == error]


def test_a_context_that_is_too_long_loses_old_turns_and_never_the_structure(golden):
    # The reference cuts the beginning off, structure and all, by an expression that raises ValueError.
    for turn in failed(golden, "ValueError"):
        wanted = turn.recorded["call"].get("max_new_tokens", 256)

        def size(messages):
            return golden.processor([messages])["input_ids"].shape[1]

        assert size(turn.messages) + wanted > turn.limit, turn.name
        left, _ = drop_oldest_turns(turn.messages, turn.limit - wanted, size)
        assert left[-1] == turn.messages[-1], turn.name
        if sum(message["role"] == "user" for message in turn.messages) == 1:
            assert left == turn.messages, turn.name
        # What the reference would have said, had its expression worked, comes from these vectors:
        repaired = turn.recorded.get("repaired_slice")
        if repaired:
            embeds = golden.model.embed(
                **{key: value for key, value in golden.processor([turn.messages]).items() if key != "attention_mask"}
            )
            assert embeds.shape[1] == repaired["n_context"], turn.name
            ids = golden.model.generate(
                inputs_embeds=embeds[:, repaired["begin_idx"] :], max_new_tokens=wanted - 1, do_sample=False
            )
            assert ids[0].tolist() == repaired["generate_output_ids"][1:], turn.name
