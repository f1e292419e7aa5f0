"""The frames of questions that count: atoms, groups and residues, the residue at a position, a path of bonds."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from biomed_agent.answering.reading.phrases import singular_of
from biomed_agent.answering.reading.slots import Slots
from biomed_agent.answering.reading.tagging import Piece, Thing, subjects_of
from biomed_agent.core.chemistry.parts import part_of
from biomed_agent.core.predicates import COMPUTED
from biomed_agent.core.query import EntityKind, Filter, Query
from biomed_agent.core.sequence_values import residue_of

MAX_PARTS = 6
"""parts asked for in one clause"""


def count(s: Slots) -> Query | None:
    """How many atoms, groups, rings or residues something holds, or whether it holds any."""
    things = without_parts(s)
    if len(things) != 1:
        return None
    shares = not things[0].can_be("molecule") and bool(s.take("share"))
    asks = bool(s.take("count")) or shares
    yes_no = not asks and s.asks_yes_or_no
    bare = not asks and not yes_no and not s.has("wh", "describe", "similar")
    if not (asks or yes_no or bare or s.has("smarts")):
        return None
    molecule = things[0].can_be("molecule")
    if molecule and not yes_no and (found := _smarts(s, things)):
        return found
    groups = noun_phrases(s)
    if groups and all(len(run) == 1 and _is_computed(run[0]) for run in groups) and not s.has("part"):
        return None  # the value of a predicate
    words = [_in_english(s, run) for run in groups]
    kind: EntityKind = "molecule" if molecule and words and all(part_of(each) for each in words) else "protein"
    if not words or len(words) > MAX_PARTS or not things[0].can_be(kind):
        return None
    if kind == "protein" and (asks is False or not all(residue_named(each) for each in words)):
        return None
    if not _joined(s, groups) or (yes_no and _turned_round(s, things, groups)):
        return None
    for run in groups:
        for piece in run:
            s.read(piece)
    if s.take_value("part", "hydrogen"):
        words = [f"{each} with hydrogens" if "hydrogen" not in each else each for each in words]
    elif s.take_value("part", "heavy"):
        words = ["heavy atoms" if singular_of(each) == "atom" else each for each in words]
    opening = s.opening
    contains = bool(s.take("contain")) or opening in ("is there", "are there", "has", "does there exist")
    s.take("imperative", "kind", "unit")
    if (yes_no and not contains) or (bare and not things[0].can_be("molecule")):
        return None
    asks = asks or bare
    filters = tuple(Filter("structure", "has", each, words=each) for each in words)
    return Query(
        "count", subjects_of(things, kind), filters=filters, aggregate="count" if asks else "yes_no", kind="computed"
    )


def _smarts(s: Slots, things: Sequence[Thing]) -> Query | None:
    """How often a SMARTS pattern matches."""
    if not s.has("smarts"):
        return None
    pattern = next((piece for piece in s.open() if piece.meanings and piece.meanings[0].role == "other"), None)
    if pattern is None:  # a structure in its place
        pattern = next((piece for piece in s.open() if _is_structure(piece)), None)
    if pattern is None:
        return None
    s.read(pattern)
    s.take("smarts", "contain", "imperative", "kind", "count")
    condition = Filter("SMARTS", "has", pattern.text, words=f"SMARTS {pattern.text}")
    return Query("count", subjects_of(things, "molecule"), filters=(condition,), aggregate="count", kind="computed")


def _joined(s: Slots, runs: Sequence[Sequence[Piece]]) -> bool:
    """Whether the parts stand in a list, and none is on another: "hydrogens on the ring"."""
    places = [(s.pieces.index(run[0]), s.pieces.index(run[-1])) for run in runs]
    return all(
        any(piece.says("and") or piece.text == "," for piece in s.pieces[end:start])
        for (_, end), (start, _) in itertools.pairwise(places)
    )


def _turned_round(s: Slots, things: Sequence[Thing], runs: Sequence[Sequence[Piece]]) -> bool:
    """Whether the part would hold the whole: "Does pyrimidine contain imatinib?"."""
    if not any(piece.thing is not None and piece.thing.text == things[0].text for piece in s.pieces):
        return False  # given, or named in the clause before
    whole, part = s.place_of(things[0]), s.pieces.index(runs[0][0])
    return part < whole and not any(p.text.lower() in ("in", "of", "to") for p in s.pieces[part:whole])


def _is_computed(piece: Piece) -> bool:
    """Whether a piece names a number that is computed under its own predicate, such as rings."""
    said = piece.value("value")
    return len(said) == 1 and said[0] in COMPUTED


def _is_structure(piece: Piece) -> bool:
    mention = piece.thing.mention if piece.thing is not None else None
    return mention is not None and mention.how == "structure"


def without_parts(s: Slots) -> list[Thing]:
    """Read the names of a clause but those that can be a part of another one named, such as phenol and cysteine."""
    things = s.named
    if s.has("smarts") and len(things) > 1:  # "How many matches of c1ccccc1 in tamoxifen?"
        things = things[-1:]
    whole = [thing for thing in things if not names_a_part(thing)]
    if not whole and len(things) > 1:  # "How many carbons are in phenol?": the last is the whole
        whole = things[-1:]
    if not whole and len(things) == 1 and not s.about():
        whole = things
    if not whole:
        return s.about()
    for piece in list(s.open()):
        if piece.thing in whole:
            s.read(piece)
    whole = [*s.given.things, *(s.narrowed(thing) for thing in whole if not s.is_covered(thing))]
    return whole or s.about()


def names_a_part(thing: Thing) -> bool:
    """Whether a name can also be that of a part: phenol, cysteine."""
    if thing.mention is None or thing.mention.how not in ("lexicon", "systematic"):
        return False
    return part_of(thing.text) is not None or residue_named(thing.text) != ""


def noun_phrases(s: Slots) -> list[list[Piece]]:
    """Return the runs of unread pieces that stand where a part is named, parted by "and" and commas."""
    runs: list[list[Piece]] = [[]]
    for piece in s.pieces:
        taken = piece not in list(s.open())
        if piece.is_foreign_filler:
            continue
        if taken or piece.mark or piece.says("and", "compare") or _between_phrases(piece):
            runs.append([])
        elif not (not runs[-1] and piece.says("filler", "aux", "contain", "imperative", "pronoun", "wh")):
            runs[-1].append(piece)
    return [_trimmed(run) for run in runs if _trimmed(run)]


def _between_phrases(piece: Piece) -> bool:
    return not piece.thing and bool(piece.meanings) and piece.says("aux", "pronoun", "part", "kind", "organism")


def _in_english(s: Slots, run: Sequence[Piece]) -> str:
    """Return the words of a run as they stand, those of another language in English."""
    if any(piece.says("abroad") for piece in run):
        return " ".join(piece.english for piece in run if not piece.is_foreign_filler)
    return " ".join(s.text[run[0].start : run[-1].end].split())


def _trimmed(run: list[Piece]) -> list[Piece]:
    """Drop particles and verbs at the end of a run, as in "carbons does it have"."""
    while run and not run[-1].thing and run[-1].says("filler", "contain", "aux"):
        run = run[:-1]
    return run


def residue_named(words: str) -> str:
    """Return the letter of the amino acid that words name, whatever their case; empty for none.

    >>> residue_named("cysteine residues"), residue_named("Lys")
    ('C', 'K')
    """
    return residue_of(words) or (residue_of(f"{words} residue") or "" if len(words) == 3 else "")


def residue(s: Slots) -> Query | None:
    """Which residue stands at a position of a protein, or whether a certain one does."""
    things = [thing for thing in without_parts(s) if thing.can_be("protein")]
    if len(things) == 1 and (stretch := _stretch(s, things)) is not None:
        return stretch
    if len(things) != 1 or not s.has("residue", "position", "term"):
        return None
    number = next((piece for piece in s.open() if piece.number is not None), None)
    if number is None:
        return None
    place = number.number or 0.0
    at = s.pieces.index(number)
    if not any(piece.says("residue", "position", "term") or piece.thing for piece in s.pieces[:at]) or any(
        piece.says("residue") for piece in s.pieces[at + 1 : at + 2]
    ):
        return None  # "Does it have 1210 residues?"
    s.read(number)
    named = [piece for piece in s.open() if residue_named(piece.text)]
    for piece in named:
        s.read(piece)
    s.take("residue", "position", "imperative", "contain", "kind", "where")
    filters = (Filter("position", "=", place),)
    expected = residue_named(named[0].text) if len(named) == 1 else ""
    if len(named) > 1 or (named and not s.asks_yes_or_no):
        return None
    return Query(
        "value", subjects_of(things, "protein"), ("residue",), object=expected, filters=filters,
        aggregate="yes_no" if expected else "", kind="computed",
    )  # fmt: skip


def _stretch(s: Slots, things: Sequence[Thing]) -> Query | None:
    """The residues from one position to another: "residues 1-20 of X", "the first ten amino acids of X"."""
    nouns = [n for n, piece in enumerate(s.pieces) if piece.says("residue") and singular_of(piece.text.lower()) != (
        piece.text.lower())]  # fmt: skip
    numbers = [n for n, piece in enumerate(s.pieces) if piece.number is not None and piece in list(s.open())]
    if not nouns or not 1 <= len(numbers) <= 2 or s.asks_yes_or_no or s.has("count", "share"):
        return None
    values = [s.pieces[n].number or 0.0 for n in numbers]
    if any(value != int(value) or value < 1 for value in values):
        return None
    if len(numbers) == 2:
        between = s.pieces[numbers[0] + 1 : numbers[1]]
        if not all(piece.mark or piece.text.lower() in ("to", "through", "and", "until", "till") for piece in between):
            return None
        ends = (values[0], values[1])
    else:
        before = s.pieces[numbers[0] - 1].text.lower().split()[-1] if numbers[0] else ""
        if before not in ("first", "last") or nouns[0] < numbers[0]:
            return None
        s.read(s.pieces[numbers[0] - 1])
        ends = (1.0, values[0]) if before == "first" else (-values[0], -1.0)
    for number in numbers:
        s.read(s.pieces[number])
    for piece in list(s.open()):
        if piece.text.lower() in ("through", "until", "till"):
            s.read(piece)
    s.take("residue", "position", "imperative", "kind", "between")
    s.take_value("value", "sequence")
    filters = (Filter("position", "between", ends),)
    return Query("value", subjects_of(things, "protein"), ("residue",), filters=filters, kind="computed")


def path(s: Slots) -> Query | None:
    """How many bonds lie between the two open positions of a structure."""
    things = s.read_things()
    if len(things) != 1 or not s.has("path") or not (s.take("path") and "*" in things[0].text):
        return None
    s.take("dummy", "count", "imperative", "cardinal", "between", "kind")
    for piece in list(s.open()):
        if piece.text == "*":
            s.read(piece)
    return Query("value", subjects_of(things, "molecule"), ("shortest path",), kind="computed")
