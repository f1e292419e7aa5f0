"""Train the embedded model's SentencePiece vocabulary, with the options of Llama-2's."""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from biomed_agent.core.errors import InvalidInput


def train_vocabulary(texts: Iterable[str], size: int, file: Path) -> None:
    """Train a byte-fallback BPE vocabulary and write it as ``tokenizer.model``.

    As in Llama-2: ids 0, 1 and 2 are ``<unk>``, ``<s>`` and ``</s>``, there is no padding piece, digits
    stand alone, a dummy space goes in front, text is neither normalised nor stripped of spaces.

    Args:
        texts: What the vocabulary is to spell.
        size: Number of pieces, the 256 bytes included.
        file: Where the model goes.

    Raises:
        InvalidInput: The texts have more letters, or fewer words, than so many pieces need.
    """
    import sentencepiece

    model = io.BytesIO()
    options: dict[str, Any] = {
        "sentence_iterator": iter(texts),
        "model_writer": model,
        "model_type": "bpe",
        "vocab_size": size,
        "byte_fallback": True,
        "character_coverage": 0.9999,
        "unk_id": 0,
        "bos_id": 1,
        "eos_id": 2,
        "pad_id": -1,
        "split_digits": True,
        "add_dummy_prefix": True,
        "remove_extra_whitespaces": False,
        "normalization_rule_name": "identity",
        "allow_whitespace_only_pieces": True,
        "max_sentence_length": 16384,
        "num_threads": 1,
        "minloglevel": 1,
    }
    try:
        sentencepiece.SentencePieceTrainer.train(**options)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1].rpartition("] ")[2]
        raise InvalidInput(
            f"a vocabulary of {size:,} pieces does not suit the texts: {reason.rstrip('.')}.",
            "Change model.vocabulary.",
        ) from error
    file.write_bytes(model.getvalue())
