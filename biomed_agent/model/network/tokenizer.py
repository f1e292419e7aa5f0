"""A SentencePiece tokenizer as transformers wants one, with the ids of the original Llama tokenizer.

transformers' own LlamaTokenizer differs from what BioMedGPT was trained with (leading spaces, a lone dummy
prefix, special tokens inside texts), so this one lets SentencePiece do all the work: every run of text
between special tokens gets its dummy prefix, as transformers 4.32 did in legacy mode.
"""

import re
from pathlib import Path
from typing import Any

import sentencepiece
from transformers import AutoTokenizer, PreTrainedTokenizer

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.network.configuration import BioMedGPTConfig

DUMMY_PREFIX = "\u2581"
"""What SentencePiece writes for a space, and puts in front of every text."""


class SentencePieceTokenizer(PreTrainedTokenizer):
    """SentencePiece pieces plus added tokens; a text begins with BOS unless told otherwise.

    Special tokens written in a text become their ids and take the spaces around them along, unless
    ``split_special_tokens=True`` asks to read them as ordinary characters (what users type is read that way).

    Args:
        vocab_file: A ``tokenizer.model`` of SentencePiece.
        pad_token: The padding token; it gets the id after the last piece unless it is a piece.
        **kwargs: Everything ``PreTrainedTokenizer`` takes.
    """

    # Not "tokenizer.model": beside a file of that name transformers cannot load a second tokenizer of a processor.
    vocab_files_names = {"vocab_file": "sentencepiece.model"}
    model_input_names = ["input_ids", "attention_mask"]

    def __init__(self, vocab_file: str, pad_token: Any = "[PAD]", **kwargs: Any) -> None:  # noqa: S107 (no password)
        if not Path(vocab_file).is_file():
            raise InvalidInput(f"no SentencePiece model at {vocab_file!r}; expected a tokenizer.model file.")
        self.pieces = sentencepiece.SentencePieceProcessor(model_file=str(vocab_file))
        for name in ("bos", "eos", "unk"):
            kwargs.pop(f"{name}_token", None)  # the model file itself says which pieces these are
            index = getattr(self.pieces, f"{name}_id")()
            kwargs[f"{name}_token"] = self.pieces.id_to_piece(index) if index >= 0 else None
        super().__init__(pad_token=pad_token, **kwargs)

    @property
    def vocab_size(self) -> int:
        """Number of SentencePiece pieces, added tokens not counted."""
        return int(self.pieces.get_piece_size())

    def get_vocab(self) -> dict[str, int]:
        """Return every piece and added token with its id."""
        return {self.pieces.id_to_piece(i): i for i in range(self.vocab_size)} | self.added_tokens_encoder

    def tokenize(self, text: str, *args: Any, **kwargs: Any) -> list[str]:
        """Split a text into pieces.

        Args:
            text: Any text.
            *args: Ignored; part of the library's signature.
            **kwargs: ``split_special_tokens=True`` reads special tokens in the text as ordinary characters.
        """
        special = {*self.all_special_tokens, *self.added_tokens_encoder}
        if not special or kwargs.get("split_special_tokens", self.split_special_tokens):
            return self._tokenize(text)
        pattern = "|".join(re.escape(token) for token in sorted(special, key=len, reverse=True))
        tokens: list[str] = []
        parts = re.split(f"({pattern})", text)
        for number, part in enumerate(parts):
            if number % 2:
                tokens.append(part)
            else:
                part = part.lstrip() if number else part
                part = part.rstrip() if number < len(parts) - 1 else part
                tokens += self._tokenize(part)
        return tokens

    def build_inputs_with_special_tokens(
        self, token_ids_0: list[int], token_ids_1: list[int] | None = None
    ) -> list[int]:
        """Return the ids with BOS in front (when the model has one); nothing is put at the end."""
        start = [] if self.bos_token_id is None else [self.bos_token_id]
        return start + token_ids_0 + (token_ids_1 or [])

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Join pieces; added tokens stand between single spaces, as transformers 4.32 wrote them."""
        added = {token for token, index in self.added_tokens_encoder.items() if index >= self.vocab_size}
        runs: list[list[str]] = [[]]
        for token in tokens:
            if token in added:
                runs += [[token], []]
            else:
                runs[-1].append(token)
        texts = [run[0] if run and run[0] in added else self._join(run) for run in runs if run]
        return " ".join(text for text in texts if text)

    def save_vocabulary(self, save_directory: str, filename_prefix: str | None = None) -> tuple[str]:
        """Write the SentencePiece model into a folder and return its path."""
        path = Path(save_directory) / f"{filename_prefix + '-' if filename_prefix else ''}sentencepiece.model"
        path.write_bytes(self.pieces.serialized_model_proto())
        return (str(path),)

    def _join(self, tokens: list[str]) -> str:
        """Decode pieces; BOS, EOS and unknown keep their names, with a space before the run they end."""
        tokens = [tokens[0].removeprefix(DUMMY_PREFIX), *tokens[1:]]
        text, after_special = "", False
        run: list[str] = []
        for number, token in enumerate(tokens):
            if token in self.all_special_tokens:
                if number and not after_special:
                    text += " "
                text += self.pieces.decode_pieces(run) + token
                run, after_special = [], True
            else:
                run += [token] if token else []
                after_special = False
        return text + str(self.pieces.decode_pieces(run))

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        return list(self.pieces.encode(text, out_type=str))

    def _convert_token_to_id(self, token: str) -> int:
        return int(self.pieces.piece_to_id(token))

    def _convert_id_to_token(self, index: int) -> str:
        return str(self.pieces.id_to_piece(index))


AutoTokenizer.register(BioMedGPTConfig, slow_tokenizer_class=SentencePieceTokenizer)
