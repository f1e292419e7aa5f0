"""The recipe of question-answer pairs: which sentences of a record become the answer to which question."""

from __future__ import annotations

import re


def clean(text: str) -> str:
    """Remove citations and evidence codes, mend hyphens split by line breaks, and end with one full stop."""
    text = re.sub(r"\s*\((?:PubMed:\d+(?:, )?|Ref\.\d+(?:, )?|By similarity|Probable|Potential)+\)", "", text)
    text = re.sub(r"\s*\{ECO:[^}]*\}", "", text)
    text = re.sub(r"(?<=\w)- (?!and\b|or\b|to\b)(?=\w)", "-", " ".join(text.split()))
    text = re.sub(r"\s+([.,;])", r"\1", text).rstrip(" .;")
    return f"{text}." if text else ""


def whole_sentences(text: str, max_words: int) -> str:
    """Return the leading whole sentences of ``text`` within ``max_words``; "" when the first is longer."""
    kept: list[str] = []
    words = 0
    for sentence in re.split(r"(?<=[.!?])\s+(?=[A-Z(\[])", text.strip()):
        words += len(sentence.split())
        if words > max_words:
            break
        kept.append(sentence)
    return " ".join(kept)
