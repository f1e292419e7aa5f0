"""A configuration of a model that is small enough for a test."""

from __future__ import annotations

QUESTIONS = """
What is this molecule? It is an alcohol. The protein binds to the receptor. Human: <molecule></molecule>
Assistant: <protein></protein> ### Please describe it. Does it contain a ring? Yes, it does. No, it does not.
"""
"""text that a vocabulary is trained on"""


def tiny_config(processor, **text):
    """A configuration around a processor's vocabulary: a Llama with 256 positions unless ``text`` says otherwise."""
    from biomed_agent.model import BioMedGPTConfig

    tokenizer = processor.tokenizer
    text = {
        "model_type": "llama",
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 256,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "initializer_range": 0.5,
        **text,
    }
    return BioMedGPTConfig(
        molecule_config={"hidden_size": 16, "num_hidden_layers": 2, "initializer_range": 0.5},
        protein_config={
            "hidden_size": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 24,
            "initializer_range": 0.5,
        },
        text_config=text,
    )
