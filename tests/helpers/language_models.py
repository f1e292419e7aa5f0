"""Folders of small language models with random weights, as Hugging Face has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.helpers.tiny import QUESTIONS

SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 2048,
    "initializer_range": 0.5,
}
LLAMA_CARD = "---\nlicense: apache-2.0\ntags:\n- medical\n---\n# A small Llama\n"


def write_llama(folder: Path) -> Path:
    """A Llama of 320 pieces in ``tokenizer.model``, in shards, with its licence and card beside it."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from biomed_agent.model.training.vocabulary import train_vocabulary

    folder.mkdir(parents=True)
    train_vocabulary(QUESTIONS.split("\n"), 320, folder / "tokenizer.model")
    torch.manual_seed(2)
    rope = {"rope_type": "default", "rope_theta": 500000.0}
    LlamaForCausalLM(LlamaConfig(vocab_size=320, rope_parameters=rope, use_cache=False, **SIZES)).save_pretrained(
        folder, max_shard_size="40KB"
    )
    (folder / "LICENSE.txt").write_text("Terms of a small Llama.\n", encoding="utf-8")
    (folder / "README.md").write_text(LLAMA_CARD, encoding="utf-8")
    return folder


def write_qwen2(folder: Path) -> Path:
    """A Qwen2 in bfloat16 with tied embeddings, spare rows and a byte-level ``tokenizer.json``; two ids end a turn."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import Qwen2Config, Qwen2ForCausalLM, Qwen2Tokenizer

    folder.mkdir(parents=True)
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    letters = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=330, initial_alphabet=letters, show_progress=False)
    bpe.train_from_iterator(QUESTIONS.split("\n"), trainer)
    trained = json.loads(bpe.to_str())["model"]
    merges: list[Any] = [tuple(merge) for merge in trained["merges"]]
    tokenizer = Qwen2Tokenizer(vocab=trained["vocab"], merges=merges)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.save_pretrained(folder)
    torch.manual_seed(3)
    config = Qwen2Config(vocab_size=384, tie_word_embeddings=True, **SIZES)
    Qwen2ForCausalLM(config).bfloat16().save_pretrained(folder)
    ends = [tokenizer.convert_tokens_to_ids("<|im_end|>"), tokenizer.eos_token_id]
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": ends}), encoding="utf-8")
    return folder
