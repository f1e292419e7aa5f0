"""A question cut into pieces: names and structures that were found in it, phrases of the table, words nobody listed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from biomed_agent.answering.reading.mentions import Mention
from biomed_agent.answering.reading.phrases import Meaning, Role, fold
from biomed_agent.answering.reading.words import phrases
from biomed_agent.core.protein_variants import substitution_spans
from biomed_agent.core.query import EntityKind, Subject

_TOKEN = re.compile(
    r"(?P<number>(?:(?<![^\s(])[-−])?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?(?![^\W\d_]{3}))|(?P<word>[^\W\d_]+(?:['’][^\W\d_]+)?|\d+)"
    r"|(?P<mark>-+>|→|=(?=\s*\?)|[,;:?!.()\[\]\"“”\n])|(?P<sign>[<>≤≥=]+|[%&*])"
)
_SIGNS = {"<": "<", "<=": "<=", "≤": "<=", "=<": "<=", ">": ">", ">=": ">=", "≥": ">=", "=>": ">=", "=": "="}
_CJK = re.compile(r"[\u3400-\u9fff]+")
SENTENCE_MARKS, LIST_MARKS = "?;!.\n", ",:"


@dataclass(frozen=True, slots=True)
class Thing:
    """What a question is about: a name in it, or what was given beside it.

    Args:
        mention: Where it stands; None for what was given or named before.
        text: The string that names it.
        kinds: What it can be.
    """

    mention: Mention | None
    text: str
    kinds: frozenset[EntityKind]

    def can_be(self, kind: EntityKind) -> bool:
        """Whether it can be a molecule, or a protein."""
        return kind in self.kinds


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a question that is read as one.

    Args:
        text: As it stands in the question.
        start: Its first character.
        end: One past its last.
        meanings: What it may say; none for a word nobody listed.
        thing: What it names.
        mark: Whether it is punctuation.
    """

    text: str
    start: int
    end: int
    meanings: tuple[Meaning, ...] = ()
    thing: Thing | None = None
    mark: bool = False

    def says(self, *roles: Role) -> bool:
        """Whether it may do one of these things in a sentence."""
        return any(meaning.role in roles for meaning in self.meanings)

    def value(self, role: Role) -> tuple[str, ...]:
        """Return what it says in a role; empty where it does not have it."""
        return next((meaning.value for meaning in self.meanings if meaning.role == role), ())

    def values(self, role: Role) -> list[tuple[str, ...]]:
        """Return all that it may say in a role."""
        return [meaning.value for meaning in self.meanings if meaning.role == role]

    @property
    def is_foreign_filler(self) -> bool:
        """Whether it is filler of another language, which counts as such beside other words of it only."""
        return self.value("abroad") == ("filler",)

    @property
    def english(self) -> str:
        """Its words, those of another language for a part or a class in English."""
        return next(iter(self.value("term")), self.text) if self.says("abroad") else self.text

    @property
    def number(self) -> float | None:
        """The number it writes, in digits or as a word."""
        text = next(iter(self.value("number") or self.value("cardinal")), "")
        return float(text) if text else None


@dataclass(slots=True)
class _Token:
    text: str
    start: int
    end: int
    word: str
    mark: bool = False
    number: str = ""
    meanings: list[Meaning] = field(default_factory=list)


def pieces_of(text: str, things: Sequence[Thing]) -> list[Piece]:
    """Cut a question into pieces, left to right.

    Args:
        text: The question.
        things: What it names, each at the place of its mention.
    """
    pieces: list[Piece] = []
    start = 0

    def read(start: int, end: int) -> list[Piece]:
        words: list[Piece] = []
        for left, right in substitution_spans(text, start, end):
            words += _read(text, start, left)
            words.append(Piece(text[left:right], left, right, (Meaning("variant", (text[left:right],)),)))
            start = right
        return words + _read(text, start, end)

    named = [thing for thing in things if thing.mention is not None]
    for thing in sorted(named, key=lambda each: each.mention.start if each.mention else 0):
        mention = thing.mention
        if mention is None or mention.start < start:
            continue
        pieces += read(start, mention.start)
        pieces.append(Piece(text[mention.start : mention.end], mention.start, mention.end, thing=thing))
        start = mention.end
        if text[start : start + 2] in ("'s", "’s"):
            start += 2
    return pieces + read(start, len(text))


def _read(text: str, start: int, end: int) -> list[Piece]:
    """Read the words between two names."""
    tokens = _tokens(text, start, end)
    table = phrases()
    words = [token.word for token in tokens]
    pieces: list[Piece] = []
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if token.mark:
            pieces.append(Piece(token.text, token.start, token.end, mark=True))
            place += 1
            continue
        run = next((i for i in range(place, len(tokens)) if tokens[i].mark), len(tokens))
        count, meanings = table.longest(words[:run], place)
        if count > 1 and token.word in ("the", "this", "these") and place + 1 < run:
            beyond, _ = table.longest(words[:run], place + 1)
            if beyond >= count:  # "the kinase inhibitors" are no kinase
                count, meanings = 1, table.meanings((token.word,))
        if token.text in _SIGNS:
            count, meanings = 1, (Meaning("relation", (_SIGNS[token.text],)),)
        elif count == 0 or (count == 1 and token.number):
            meanings = (Meaning("number", (token.number,)),) if token.number else meanings
            count = 1
        last = tokens[place + count - 1]
        pieces.append(Piece(text[token.start : last.end], token.start, last.end, meanings))
        place += count
    return pieces


def _tokens(text: str, start: int, end: int) -> list[_Token]:
    tokens = []
    for match in _TOKEN.finditer(text, start, end):
        shown = match[0]
        if match["mark"]:
            tokens.append(_Token(shown, match.start(), match.end(), "", mark=True))
        elif match["number"]:
            number = shown.replace(",", "") if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", shown) else shown
            number = number.replace(",", ".") if number.count(",") == 1 and "." not in number else number
            number = number.replace("−", "-")
            plain = number if re.fullmatch(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", number) else ""
            tokens.append(_Token(shown, match.start(), match.end(), shown, number=plain))
        elif _CJK.fullmatch(shown):
            tokens += _cjk(shown, match.start())
        else:
            tokens += _elided(shown, match.start())
    return tokens


_ELISION = re.compile(r"(?:d|l|qu|n|s|j|c)['’](?=[^\W\d_]{3})", re.I)


def _elided(word: str, start: int) -> list[_Token]:
    """Cut an article that is written with its noun from it: "d'azote"."""
    cut = _ELISION.match(word)
    parts = [word[: cut.end()], word[cut.end() :]] if cut else [word]
    ends = itertools.accumulate((len(part) for part in parts), initial=start)
    return [_Token(part, at, at + len(part), fold(part.rstrip("'’"))) for part, at in zip(parts, ends, strict=False)]


def _cjk(run: str, offset: int) -> list[_Token]:
    """Cut a run of Chinese signs at the longest known phrases; signs that are none stand alone."""
    table = phrases()
    tokens, place = [], 0
    while place < len(run):
        end = next((end for end in range(len(run), place + 1, -1) if table.meanings((run[place:end],))), place + 1)
        tokens.append(_Token(run[place:end], offset + place, offset + end, run[place:end]))
        place = end
    return tokens


def whole_word(text: str, start: int, end: int) -> str:
    """Return the word of a text that a piece belongs to, up to the white space around it, without its punctuation."""
    left = max(text.rfind(" ", 0, start), text.rfind("\n", 0, start)) + 1
    right = min((place for sign in " \n" if (place := text.find(sign, end)) != -1), default=len(text))
    return text[left:right].strip("?!.,;:\"'“”()")


def subjects_of(things: Sequence[Thing], kind: EntityKind | None = None) -> tuple[Subject, ...]:
    """Return things as subjects of a query; ``kind`` where the words decide what each is."""
    return tuple(Subject(thing.text, next(iter(thing.kinds)) if len(thing.kinds) == 1 else kind) for thing in things)
