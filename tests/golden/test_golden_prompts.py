"""Text tokens, prompt strings and prompt segments against the reference implementation."""

from __future__ import annotations

import re
from typing import Any

import pytest

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.contract.prompt import PromptStyle, Text, render
from tests.golden.reference import CLOSED, PLACEHOLDER, asked, given, written

TURN = re.compile(r"<(molecule|protein)><(?:molecule|protein)Here></(?:molecule|protein)>(?: (.*))?", re.DOTALL)


def test_text_tokens(golden):
    tokenizer = golden.processor.tokenizer
    for record in golden.records("llm_tokenizer")["records"]:
        text = record["text"]
        assert tokenizer(text)["input_ids"] == record["ids_with_bos"], repr(text)
        assert tokenizer(text, add_special_tokens=False)["input_ids"] == record["ids_plain"], repr(text)


def test_text_tokens_are_those_of_the_legacy_tokenizer(golden):
    # transformers' later tokenizer gives other ids after a special token; the reference was trained with these.
    tokenizer = golden.processor.tokenizer
    later = [
        record
        for record in golden.records("llm_tokenizer")["records"]
        if isinstance(record.get("ids_plain_legacy_false"), list)
    ]
    for record in later:
        ids = tokenizer(record["text"], add_special_tokens=False)["input_ids"]
        assert ids != record["ids_plain_legacy_false"], repr(record["text"])


def test_special_ids_and_pieces(golden):
    recorded, tokenizer = golden.records("llm_tokenizer"), golden.processor.tokenizer
    assert len(tokenizer) == recorded["len_tokenizer"]
    assert tokenizer.vocab_size == recorded["vocab_size"]
    assert tokenizer.convert_ids_to_tokens(list(range(len(tokenizer)))) == recorded["pieces"]
    ids = {name: getattr(tokenizer, f"{name}_token_id") for name in ("bos", "eos", "unk", "pad")}
    assert ids == {name: recorded[name] for name in ids}


def test_decoded_text(golden):
    tokenizer = golden.processor.tokenizer
    for record in golden.records("llm_tokenizer")["decode_records"]:
        assert tokenizer.decode(record["ids"]) == record["decode"], record["ids"]
        assert tokenizer.decode(record["ids"], skip_special_tokens=True) == record["decode_skip_special"], record["ids"]
        assert tokenizer.decode(record["ids"]) != record.get("decode_legacy_false"), record["ids"]


def test_special_tokens_typed_by_a_user_are_ordinary_text(golden):
    # The reference turns them into their ids, so that a user could end the prompt.
    tokenizer = golden.processor.tokenizer
    special = set(tokenizer.all_special_ids)
    for record in golden.records("llm_tokenizer")["records"]:
        ids = golden.processor.encode_text(record["text"])
        assert not special & set(ids), repr(record["text"])
        if not special & set(record["ids_plain"]):
            assert ids == record["ids_plain"], repr(record["text"])


def to_messages(turns):
    """Return our messages of the reference's ``[role, text]`` list, or None where one turn holds several structures."""
    messages = []
    for role, text in turns:
        if role == 1:
            messages.append({"role": "assistant", "content": text or ""})
        elif not PLACEHOLDER.search(text or ""):
            messages.append({"role": "user", "content": text or ""})
        else:
            match = TURN.fullmatch(text)
            if match is None or PLACEHOLDER.search(match[2] or ""):
                return None
            part = (
                {"type": "protein", "sequence": "M"} if match[1] == "protein" else {"type": "molecule", "smiles": "C"}
            )
            question = [] if match[2] is None else [{"type": "text", "text": match[2]}]
            messages.append({"role": "user", "content": [part, *question]})
    return messages


def style_of(record):
    human, assistant = record["roles"]
    return PromptStyle("recorded", record["system"], record["sep"], human, assistant)


def test_prompt_strings_and_segments(golden):
    rendered = 0
    for record in golden.records("prompts")["records"]:
        texts = [segment["text"] for segment in record["segments"]]
        assert PLACEHOLDER.split(record["prompt"]) == texts
        assert PLACEHOLDER.findall(record["prompt"]) == record["placeholders"]
        for number, segment in enumerate(record["segments"]):
            assert golden.processor.encode_text(segment["text"], first=number == 0) == segment["ids"]
        # The reference may also write a prompt nobody is to continue, and several structures into one turn.
        turns = record["messages"]
        messages = to_messages(turns[:-1]) if turns and turns[-1] == [1, None] else None
        if messages is None:
            continue
        segments = render(messages, style_of(record))
        assert written(segments) == record["prompt"]
        assert [segment.text for segment in segments if isinstance(segment, Text)] == texts
        rendered += 1
    assert rendered > 0


def test_the_system_text_may_come_as_a_message(golden):
    for record in golden.records("prompts")["records"]:
        turns = record["messages"]
        messages = to_messages(turns[:-1]) if turns and turns[-1] == [1, None] else None
        if messages is not None:
            with_system = [{"role": "system", "content": record["system"]}, *messages]
            style = PromptStyle("other", "Some other text. ", record["sep"], *record["roles"])
            assert written(render(with_system, style)) == record["prompt"]


PLAIN = PromptStyle("plain", None)
TWO_QUESTIONS = re.compile(
    "(?P<system>.*?)### Human: (?P<first>.*?) ### Assistant: (?P<answer>.*)Human: (?P<second>.*?) ### Assistant: ",
    re.DOTALL,
)


def test_asking_opens_and_joins_turns_as_the_reference_does(golden):
    # There a question joins whatever ends in "</molecule>", even if a person typed that; here it joins structures.
    for record in golden.records("prompts")["ask_records"]:
        prompt = "".join(f"{('Human', 'Assistant')[role]}: {text} ### " for role, text in record["messages"])
        messages: list[dict[str, Any]] = []
        for number, (action, value) in enumerate(record["calls"]):
            if action == "ask":
                asked(messages, value)
                before, typed = record["calls"][number - 1] if number else ("", "")
                if before == "ask" and typed.endswith(CLOSED):
                    prompt = prompt.replace(f"{typed} {value}", f"{typed} ### Human: {value}")
            elif action.startswith("append_"):
                messages.append(given(action, value))
            else:
                messages.append({"role": "assistant", "content": value})
        assert written(render(messages, PLAIN)) == f"{prompt}Assistant: ", record["calls"]


def test_answers_are_decoded_whole(golden):
    # The reference drops the last token whether or not it is EOS, keeps special tokens, and forgets what
    # stands before a last "Assistant:" in the answer; here an answer is all that was generated up to EOS.
    decode, tokenizer = golden.processor.decode, golden.processor.tokenizer
    compared = 0
    for record in golden.records("prompts")["postprocess_records"]:
        ids = record["answer_ids"]
        text = decode([*ids, tokenizer.eos_token_id])
        assert text == decode(ids)
        assert not any(token in text for token in tokenizer.all_special_tokens), record
        if not set(tokenizer.all_special_ids) & set(ids):
            assert text.endswith(record["answer_text"]), record
            assert text == record["answer_text"] or "Assistant:" in text, record
            compared += 1
    assert compared > 0


def test_the_prompt_after_an_answer(golden):
    # Also after an empty one, which leaves no separator.
    for record in golden.records("prompts")["postprocess_records"]:
        match = TWO_QUESTIONS.fullmatch(record["next_prompt"])
        assert match, record["next_prompt"]
        answer = record["answer_text"]
        assert match["answer"] == (f"{answer} ### " if answer else "")
        messages = [
            {"role": "system", "content": match["system"]},
            {"role": "user", "content": match["first"]},
            {"role": "assistant", "content": answer},
            {"role": "user", "content": match["second"]},
        ]
        assert written(render(messages)) == record["next_prompt"]


def test_an_unknown_role_is_refused():
    with pytest.raises(InvalidInput, match="role"):
        render([{"role": "tool", "content": "x"}])
