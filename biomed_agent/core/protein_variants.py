"""Substitutions of single residues: read as people write them, and applied at their position.

``BRAF V600E``, ``BRAF p.Val600Glu``, ``EGFR L858R/T790M``. A residue that is not where the name says it is an
error, never a guess: numbers count from 1 on the sequence of the record.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.types import Protein

_AMINO = "Ala Arg Asn Asp Cys Gln Glu Gly His Ile Leu Lys Met Phe Pro Ser Thr Trp Tyr Val"
LETTERS = dict(zip(_AMINO.split(), "ARNDCQEGHILKMFPSTWYV", strict=True))
"""three-letter codes of the amino acids and their letters"""
_ONE, _THREE = "[ACDEFGHIKLMNPQRSTVWY]", "|".join(LETTERS)
SUBSTITUTION = rf"(?:p\.)?\(?(?:{_ONE}\d{{1,5}}{_ONE}|(?:{_THREE})\d{{1,5}}(?:{_THREE}))\)?"
"""One substitution in either code, with or without ``p.``; no groups, so that it can be part of a pattern."""
SEVERAL = rf"{SUBSTITUTION}(?:(?:\s?[/+,;]\s?|\s+and\s+|\s+){SUBSTITUTION})*"
_PARTS = re.compile(rf"({_THREE}|{_ONE})(\d{{1,5}})({_THREE}|{_ONE})")
_NAMED = re.compile(rf"(?P<base>.+?)[\s(_-]+(?P<changes>{SEVERAL})\)?")
_ANYWHERE = re.compile(rf"(?<![\w-])(?:{_ONE}\d{{2,5}}{_ONE}|(?:{_THREE})\d{{1,5}}(?:{_THREE}))(?!\w)")
_RESIDUE = rf"(?:{_THREE}|{_ONE})"
_OTHER = (
    rf"(?:p\.)?\(?(?:(?:delta|del|Δ)[\s-]?{_RESIDUE}?\d{{1,5}}|ex(?:on)?\s?\d{{1,2}}\s?(?:del|ins|skip)\w*|"
    rf"{_RESIDUE}\d{{1,5}}(?:[_-]{_RESIDUE}?\d{{1,5}})?(?:(?:del|dup|ins|fs|ext)[\w*]*|Ter|X|\*))\)?"
)
_OTHER_NAMED = re.compile(rf"(?P<base>.+?)[\s(_-]+(?P<form>{_OTHER})\)?", re.IGNORECASE)


def substitutions(text: str) -> tuple[str, ...]:
    """Return the substitutions written in ``text`` in one-letter code, each once: ``p.Val600Glu`` is ``V600E``."""
    changes = (f"{LETTERS.get(old, old)}{place}{LETTERS.get(new, new)}" for old, place, new in _PARTS.findall(text))
    return tuple(dict.fromkeys(changes))


def split_variant(name: str) -> tuple[str, tuple[str, ...]]:
    """Split ``BRAF V600E`` into ``("BRAF", ("V600E",))``; without a substitution at the end the tuple is empty."""
    match = _NAMED.fullmatch(name)
    return (match["base"], substitutions(match["changes"])) if match else (name, ())


def split_other_variant(name: str) -> tuple[str, str]:
    """Split ``CFTR F508del`` into ``("CFTR", "F508del")``: deletions, insertions, stops and open positions (``V600X``).

    They cannot be applied here. The second text is empty when the name ends in none.
    """
    match = _OTHER_NAMED.fullmatch(name)
    return (match["base"], match["form"]) if match else (name, "")


def substitutions_in(question: str) -> tuple[str, ...]:
    """Return the substitutions a question names anywhere, each once; one-letter codes need two digits or more."""
    return substitutions(" ".join(_ANYWHERE.findall(question)))


def substitution_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return where a stretch of a question names substitutions."""
    return [match.span() for match in _ANYWHERE.finditer(text, start, end)]


def apply_substitutions(protein: Protein, changes: Sequence[str]) -> Protein:
    """Return the protein with its residues changed.

    Args:
        protein: The record as it is.
        changes: Substitutions in one-letter code, such as ``V600E``.

    Raises:
        InvalidInput: A position is beyond the chain, holds another residue, or is changed twice.
    """
    sequence = list(protein.sequence)
    called = protein.accession or protein.name or "the sequence"
    places = [int(change[1:-1]) for change in changes]
    if len(set(places)) < len(places):
        raise InvalidInput(f"{'/'.join(changes)} changes one position of {called} twice.", "Name one change of it.")
    for change, place in zip(changes, places, strict=True):
        there = sequence[place - 1] if 0 < place <= len(sequence) else ""
        if there != change[0]:
            raise InvalidInput(
                f"{change} does not fit {called}: position {place} "
                + (f"holds {there}, not {change[0]}." if there else f"is beyond its {len(sequence)} residues."),
                "Check the numbering: it counts from 1 on the canonical sequence.",
            )
        sequence[place - 1] = change[-1]
    return replace(protein, sequence="".join(sequence), variant="/".join(changes))
