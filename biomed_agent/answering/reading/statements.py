"""The frame of statements that a yes-or-no question supposes: "Is it an ester?", "Does it contain a sulfonamide?"."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from biomed_agent.answering.reading.counting import without_parts
from biomed_agent.answering.reading.phrases import fold
from biomed_agent.answering.reading.slots import Slots
from biomed_agent.answering.reading.tagging import Piece, Thing, subjects_of
from biomed_agent.answering.reading.terms import Terms
from biomed_agent.core.chemistry.parts import part_of
from biomed_agent.core.chemistry.vocabulary import VOCABULARY
from biomed_agent.core.query import EntityKind, Query
from biomed_agent.trust.claims.whole import ADJECTIVES, COMPOUNDS, WHOLE

_MODALS = ("can", "could", "would", "does", "do", "did")
_IS = ("is", "are", "was", "were", "ist", "sind")


def statement(s: Slots, terms: Terms) -> Query | None:
    """Whether something holds of one thing: "Is X an ester?", "Does X contain a sulfonamide?"."""
    opens = s.opens_with
    if opens is None or not (s.asks_yes_or_no or opens.text.lower() in _MODALS):
        return None
    calls = opens.value("aux") == ("call",)
    things = without_parts(s)
    if not things or (len(things) > 1 and not s.named_anywhere):
        return None
    things = things[:1]
    if any(piece.thing is not None and piece.thing.text == things[0].text for piece in s.pieces) and any(
        one.thing is not None and two.says("and", "compare")
        for one, two in itertools.pairwise(s.pieces[: s.place_of(things[0])])
    ):
        return None  # "Are benzene and hexane aromatic?"
    place = s.pieces.index(opens)
    rest = [piece for piece in s.pieces[place + 1 :] if piece.thing not in things and not _stands_for_it(piece)]
    rest = [piece for piece in rest if not piece.text.lower().startswith("according to")]
    if any(piece.says("relation", "between", "compare", "than") and not piece.says("filler") for piece in rest):
        return None  # what is compared is no statement about one thing
    if (valued := _valued(s, things[0])) is not None:
        return valued
    if any(piece.number is not None for piece in rest) and any(piece.says("value") for piece in rest):
        return None
    if any(piece.thing is not None and things[0].text.startswith(f"{piece.thing.text} ") for piece in rest):
        return None  # "Is BRAF V600E BRAF?"
    words = _text_of(s, place, rest)
    said = _stated("is" if calls else opens.text.lower(), words.removeprefix("as ") if calls else words)
    if not said:
        return None
    leads = {word for lead in _CLASSED for word in lead.split()} | {"classed", "classified"}
    phrase = _noun_phrase(said)
    kinds: tuple[EntityKind, ...] = ("molecule", "protein")
    known = phrase in _CHECKED or part_of(phrase) is not None or any(
        terms.term(kind, phrase) for kind in kinds if things[0].can_be(kind)
    )  # fmt: skip
    for number, piece in enumerate(s.pieces):
        named = (piece.thing is not None or piece.says("organism")) and not known
        if piece in rest and not named and (known or piece.meanings or piece.text.lower() in (*leads, *_CHECKED)):
            s.used.add(number)
    return Query("is_a", subjects_of(things), object=said, aggregate="yes_no", kind="claim")


def _valued(s: Slots, thing: Thing) -> Query | None:
    """Whether a value is what the question says: "Is the TPSA of aspirin 63.6?", "Is its formula C9H8O4?"."""
    opens = s.opens_with
    if opens is None or opens.text.lower() not in ("is", "was"):
        return None
    place = s.pieces.index(opens)
    value = next((n for n in range(place + 1, len(s.pieces)) if s.pieces[n].says("value")), None)
    if value is None or not all(piece.says("filler", "pronoun") for piece in s.pieces[place + 1 : value]):
        return None
    tail = [piece for piece in s.pieces[value + 1 :] if not piece.mark]
    while tail and (tail[0].says("filler") or (tail[0].thing is not None and tail[0].thing.text == thing.text)):
        tail = tail[1:]
    bare = [piece for piece in tail if piece.number is None and not piece.says("unit")]
    what = " ".join(s.text[tail[0].start : tail[-1].end].split()) if tail else ""
    formula = len(tail) > 1 and " " not in what  # C9H8O4 is cut at its figures
    if not tail or not (formula or (len(bare) <= 1 and all(one.thing or not one.meanings for one in bare))):
        return None
    for piece in (s.pieces[value], *tail):
        s.read(piece)
    said = f"Its {s.pieces[value].text} is {what}."
    return Query("is_a", subjects_of([thing]), object=said, aggregate="yes_no", kind="claim")


_INDEFINITE = frozenset({"ein", "eine", "einen", "un", "une", "una", "um", "uma", "een"})


def _text_of(s: Slots, place: int, rest: Sequence[Piece]) -> str:
    """Return what a clause says after its verb as it is written, without the name of what it is about."""
    words: list[str] = []
    for before, piece in itertools.pairwise((s.pieces[place], *rest)):
        glued = before.end == piece.start or (s.text[before.end : piece.start].strip(" ") != "" and (
            " " not in s.text[before.end : piece.start] and before in rest
        ))  # fmt: skip
        between = (
            s.text[before.end : piece.start] if before in rest and " " not in s.text[before.end : piece.start] else ""
        )
        if piece.mark or piece.is_foreign_filler:
            words += ["a"] if fold(piece.text) in _INDEFINITE else []
            continue
        if glued and words:
            words[-1] += between + piece.text
        else:
            words.append(piece.english)
    for place, (word, following) in enumerate(itertools.pairwise(words)):
        if word == "a" and following[:1].lower() in "aeiou":
            words[place] = "an"
    return " ".join(words).strip()


def _stands_for_it(piece: Piece) -> bool:
    return (piece.says("pronoun") and piece.text.lower() in ("it", "this", "that")) or piece.value("pronoun") in (
        ("molecule",), ("protein",),
    )  # fmt: skip


_CHECKED = frozenset({*VOCABULARY, *WHOLE, *ADJECTIVES, *COMPOUNDS, "chiral", "achiral"})
"""words that the check of statements about a molecule knows"""


def _noun_phrase(statement: str) -> str:
    """Return what a statement says a thing is or has: "It is an ester." gives "ester"."""
    words = statement.rstrip(".").split()[2:]
    while words and words[0].lower() in ("a", "an", "the", "any", "some", "in", "to", "as", "of"):
        words = words[1:]
    return " ".join(words)


_THIRD_PERSON = {"contain": "contains", "have": "has", "belong": "belongs", "bear": "bears", "carry": "carries",
                 "include": "includes", "possess": "possesses", "hold": "holds", "violate": "violates"}  # fmt: skip


_CLASSED = ("count as", "be classed as", "be classified as", "be considered", "be considered as", "qualify as",
            "be described as", "be called", "classify as", "be regarded as", "fall under", "be", "act as")  # fmt: skip


def _stated(verb: str, words: str) -> str:
    """Return what a yes-or-no question supposes; empty where its verb makes no statement that is checked."""
    if not words:
        return ""
    if verb in _IS or verb in ("is it true that", "is there", "are there"):
        return f"It is {words}."
    if verb in ("has", "have"):
        return f"It has {words}."
    for lead in sorted(_CLASSED, key=len, reverse=True):
        if words.lower().startswith(f"{lead} "):
            return f"It is {words[len(lead) + 1 :]}."
    first, _, more = words.partition(" ")
    verb = _THIRD_PERSON.get(first.lower(), first.lower() if first.lower() in _THIRD_PERSON.values() else "")
    return f"It {verb} {more}." if verb and more else ""
