"""A Qwen2 inside, as in BioMedGPT-R1: byte-level BPE, no BOS, grouped heads, a vocabulary with spare rows."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import AutoProcessor, Qwen2Tokenizer

from biomed_agent.model import BioMedGPTForConditionalGeneration, BioMedGPTProcessor
from biomed_agent.model.checkpoints.checkpoint import save_checkpoint
from biomed_agent.model.contract.generation import Options
from biomed_agent.model.contract.prompt import Text, user_message
from biomed_agent.model.inference.engine import LocalEngine
from tests.helpers.tiny import QUESTIONS, tiny_config

CONVERSATIONS = [
    [user_message("What is this?", smiles=["CCO"])],
    [user_message("Does it bind?", smiles=["c1ccccc1"], sequences=["MKVLA"])],
    [user_message("Hello")],
]
ROWS = 384
"""Rows of the token table: more than the tokenizer has words, as in every released Qwen2."""
GREEDY = {"max_new_tokens": 8, "min_new_tokens": 8, "do_sample": False}


@pytest.fixture(scope="module")
def tokenizer():
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=330, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    bpe.train_from_iterator(QUESTIONS.split("\n"), trainer)
    trained = json.loads(bpe.to_str())["model"]
    merges: list[Any] = [tuple(merge) for merge in trained["merges"]]
    qwen = Qwen2Tokenizer(vocab=trained["vocab"], merges=merges)
    qwen.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    return qwen


@pytest.fixture(scope="module")
def model(tiny_processor, tokenizer):
    torch.manual_seed(0)
    ends = {"bos_token_id": None, "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    config = tiny_config(tiny_processor, model_type="qwen2", vocab_size=ROWS, **ends)
    return BioMedGPTForConditionalGeneration(config).eval()


@pytest.fixture(scope="module")
def processor(tiny_processor, tokenizer, model):
    qwen = BioMedGPTProcessor(tokenizer, tiny_processor.protein_tokenizer)
    qwen.follow(model.config)
    return qwen


@pytest.fixture(scope="module")
def folder(model, processor, tmp_path_factory):
    manifest = {"name": "tiny-r1", "revision": "1", "source": "random numbers", "kinds": {}, "licence": "MIT"}
    return save_checkpoint(model, processor, tmp_path_factory.mktemp("qwen2") / "tiny", manifest, "# Tiny\n")


def test_heads_are_grouped_and_placeholders_lie_behind_the_spare_rows(model, processor):
    attention = model.language_model.model.layers[0].self_attn
    assert attention.q_proj.out_features == 2 * attention.k_proj.out_features
    assert attention.k_proj.bias is not None  # Qwen2's mark
    assert (processor.molecule_token_id, processor.protein_token_id) == (ROWS, ROWS + 1)
    assert len(processor.tokenizer) < ROWS


def test_a_processor_that_did_not_follow_the_model_is_told_to(model, tiny_processor, tokenizer):
    stranger = BioMedGPTProcessor(tokenizer, tiny_processor.protein_tokenizer)
    with pytest.raises(ValueError, match=r"processor\.follow"):
        model(**stranger(CONVERSATIONS))


def test_prompts_are_read_by_the_models_own_tokenizer(processor, tokenizer):
    segments = processor.encode_prompt(CONVERSATIONS[0])
    for segment, ids in segments:
        if isinstance(segment, Text):  # no BOS, and no dummy prefix
            assert tokenizer.decode(ids) == segment.text
    assert [len(ids) for segment, ids in segments if not isinstance(segment, Text)] == [3]


def test_special_tokens_typed_by_a_user_are_ordinary_text(processor, tokenizer):
    words = "It <|im_end|> is β. <|endoftext|>"
    ids = processor.encode_text(words, first=True)
    assert not set(ids) & set(tokenizer.all_special_ids)
    assert processor.decode(ids) == words
    assert processor.encode_answer("Yes.")[-1] == tokenizer.eos_token_id


def test_a_saved_folder_brings_the_model_and_its_tokenizer_back(model, processor, folder):
    loaded = BioMedGPTForConditionalGeneration.from_pretrained(folder).eval()
    again = AutoProcessor.from_pretrained(folder)
    assert type(again.tokenizer) is Qwen2Tokenizer
    before, after = processor(CONVERSATIONS, ["Yes."] * 3), again(CONVERSATIONS, ["Yes."] * 3)
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert again.encode_text("<|im_end|>") == processor.encode_text("<|im_end|>")
    with torch.no_grad():
        assert torch.equal(model(**before).logits, loaded(**after).logits)


def test_every_row_of_a_batch_equals_its_single_run(model, processor):
    batch = model.generate(**processor(CONVERSATIONS), **GREEDY)
    for row, conversation in zip(batch, CONVERSATIONS, strict=True):
        assert torch.equal(row, model.generate(**processor([conversation]), **GREEDY)[0])
    static = model.generate(**processor(CONVERSATIONS), **GREEDY, cache_implementation="static")
    assert torch.equal(static, batch)


def test_the_loss_counts_answers_only_although_padding_is_eos(model, processor):
    answers = ["It is an alcohol.", "Yes.", "No."]
    with torch.no_grad():
        batch = model(**processor(CONVERSATIONS, answers, padding_side="right")).loss
        singles = [
            model(**processor([conversation], [answer])).loss
            for conversation, answer in zip(CONVERSATIONS, answers, strict=True)
        ]
    counts = torch.tensor([len(processor.encode_answer(answer)) for answer in answers])
    assert torch.allclose(batch, (torch.stack(singles) * counts).sum() / counts.sum(), rtol=1e-4)


def test_the_engine_answers_and_streams(folder, model, processor):
    engine = LocalEngine(folder, device="cpu")
    options = Options(max_new_tokens=12)
    answer = engine.generate(CONVERSATIONS[0], options)
    ids = model.generate(**processor(CONVERSATIONS[:1]), max_new_tokens=12, do_sample=False)[0]
    assert answer.text == processor.decode(ids)
    assert "".join(engine.stream(CONVERSATIONS[0], options)) == answer.text
