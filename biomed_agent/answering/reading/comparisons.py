"""The frames of a question about several things: which is heavier, whether two are one, how they are related."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from biomed_agent.answering.reading.counting import noun_phrases, residue_named
from biomed_agent.answering.reading.frames import sides
from biomed_agent.answering.reading.pairing import paired
from biomed_agent.answering.reading.phrases import Meaning
from biomed_agent.answering.reading.slots import Slots
from biomed_agent.answering.reading.tagging import Piece, Thing, subjects_of
from biomed_agent.core.affinity import IN_NM
from biomed_agent.core.chemistry.parts import part_of
from biomed_agent.core.predicates import COMPUTED
from biomed_agent.core.query import Aggregate, EntityKind, Filter, Query

SIZE: dict[EntityKind, str] = {"molecule": "molecular weight", "protein": "length"}
"""what "larger" compares where nothing else is said"""


def _compared(s: Slots) -> list[Thing]:
    """Return the things that a clause compares, its names marked as read; a single one is compared with the last."""
    lists = [group for group in s.groups() if len(group) > 1]
    if len(lists) == 1 and len(lists[0]) < len(s.named) and not s.has("than", "similar", "structural"):
        for piece in list(s.open()):  # "more cysteines: F2 or IL2?"
            if piece.thing in lists[0]:
                s.read(piece)
        return list({thing.text: thing for thing in lists[0]}.values())
    things = [*s.given.things, *s.read_things(covered=True)]
    if len(things) > 1:
        return list({thing.text: thing for thing in things}.values())
    last = [*s.given.last]
    if not things:
        return last if len(last) > 1 else []
    kind = next(iter(things[0].kinds), None)
    before = [thing for thing in s.about() or last[:1] if kind is None or thing.can_be(kind)]
    return [*before[:1], *things]


def _one_kind(things: Sequence[Thing]) -> EntityKind | None:
    """Return the kind that all of them can be; the molecule where both would do."""
    kinds: tuple[EntityKind, ...] = ("molecule", "protein")
    return next((kind for kind in kinds if all(thing.can_be(kind) for thing in things)), None)


def by_value(s: Slots) -> Query | None:
    """Which of several has more of a value: "Which is heavier, A or B?", "Compare A and B by logP"."""
    things = _compared(s)
    kind = _one_kind(things) if len(things) > 1 else None
    if kind is None:
        return None
    larger, smaller = s.take("more"), s.take("less")
    more = [*larger, *smaller]
    if larger and smaller and not all(piece.says("more") and piece.says("less") for piece in more):
        return None  # "heavier or lighter"
    degrees = s.take("degree")
    differs = s.take("difference")
    values = s.take("value", *(("adjective",) if s.take_value("wh", "how") or degrees else ()))
    if kind == "protein" and degrees and not values and s.take("residue"):
        values = [Piece("length", 0, 0, (Meaning("value", ("length",)),))]
    compares = [*s.take("compare"), *s.take("than"), *s.take("rank")]
    if not (more or degrees or differs or compares):
        return None
    s.take_value("kind", kind)
    s.take("imperative", "contain", *(("class",) if kind == "protein" else ()))
    filters = _parts(s, kind) if degrees and not more else ()
    how_many = any(piece.text.lower().startswith("how many") for piece in values) and bool(more)
    asked = ("count",) if filters else _asked([*more, *values], kind, with_size=bool(degrees or differs) and not more)
    if (more and not asked) or "affinity" in asked:
        return None
    s.take_value("wh", "how", "who")
    s.take_units("g/mol", "Da", "A2")
    s.take_value("basis", "computed")
    s.take("imperative", "contain", "between")
    _read_number_of(s, things)
    order, most = _order(more, degrees)
    compared = any(piece.says("than") for piece in [*compares, *degrees])
    yes_no = s.asks_yes_or_no and bool(more or degrees) and compared
    named = {piece.thing.text for piece in s.pieces if piece.thing is not None}
    if s.asks_yes_or_no and more and len(things) == 2 and len(named) == 1 and not s.refers_back:
        things, yes_no = things[::-1], True  # "Is tadalafil lighter?" than the one before
    elif s.asks_yes_or_no and not compared and not any(piece.text.lower() == "or" for piece in compares):
        return None
    aggregate: Aggregate = "yes_no" if yes_no else "compare"
    how = "difference" if differs or how_many else ""
    return Query(
        "compare", subjects_of(things, kind), asked, object=how, filters=filters,
        order=f"{order} {most}".strip() if more or degrees else "", aggregate=aggregate, kind="computed",
    )  # fmt: skip


def _parts(s: Slots, kind: EntityKind) -> tuple[Filter, ...]:
    """Read the part that is counted in each: "Which has more nitrogen atoms, A or B?"."""
    for run in noun_phrases(s):
        words = " ".join(s.text[run[0].start : run[-1].end].split())
        known = part_of(words) is not None if kind == "molecule" else residue_named(words) != ""
        if known:
            for piece in run:
                s.read(piece)
            return (Filter("structure", "has", words, words=words),)
    return ()


def _asked(pieces: Sequence[Piece], kind: EntityKind, *, with_size: bool) -> tuple[str, ...]:
    """Return the values that are compared."""
    names: list[str] = []
    for piece in pieces:
        said = [value for role in ("more", "less", "value", "adjective") for value in piece.values(role)]
        names += [next((value[0] for value in said if value[0] in COMPUTED), said[0][0])] if said else []
    if not names and with_size:
        names = [SIZE[kind]]
    if kind == "protein":
        names = ["length" if name == "size" else name for name in names]
    return tuple(dict.fromkeys(names))


def _order(more: Sequence[Piece], degrees: Sequence[Piece]) -> tuple[str, str]:
    """Return whether the largest or the smallest is asked for."""
    said = [piece.value("degree") for piece in degrees][:1]  # "from lowest to highest" orders by the first
    least = any(piece.says("less") and not piece.says("more") for piece in more) or ("least",) in said
    return "least" if least else "most", ""


def by_affinity(s: Slots) -> Query | None:
    """Which of several binds more strongly: several molecules of one protein, or several proteins of one molecule."""
    molecules, proteins = sides(s)
    if not (molecules and proteins and max(len(molecules), len(proteins)) > 1):
        return None
    stronger = [*s.take_value("more", "affinity"), *s.take("strongest")]
    weaker = [*s.take_value("less", "affinity"), *s.take("weakest")]
    compares = s.take("compare", "rank", "than")
    subjects = paired(s, molecules, proteins)
    if not (stronger or weaker or compares) or subjects is None:
        return None
    measures = [piece.value("measure")[0] for piece in s.take("measure")]
    s.take_value("bind", "", "inhibitor")
    s.take_partners("molecule")
    s.take_partners("protein")
    s.take_units(*IN_NM)
    s.take_value("basis", "measured")
    s.take("kind", "class", "imperative", "contain")
    _read_number_of(s, molecules if len(molecules) > 1 else proteins)
    s.take_value("wh", "who")
    order = "least" if weaker else "most"
    return Query(
        "compare",
        subjects,
        tuple(dict.fromkeys(measures)) or ("affinity",),
        order=order if stronger or weaker else "",
        aggregate="yes_no"
        if s.asks_yes_or_no and (stronger or weaker) and any(p.says("than") for p in compares)
        else "compare",
        kind="activity",
    )


def by_structure(s: Slots) -> Query | None:
    """Whether two molecules are one, or isomers, or a salt and its parent; how similar they are."""
    things = _compared(s)
    kind = _one_kind(things) if len(things) > 1 else None
    if kind is None:
        return None
    same, related = s.take("same"), s.take("structural")
    shared = _shared(s) if same or related else ""
    if related or shared:
        s.take("share")
    reference = _reference(s)
    alike = s.take("similar")
    degrees = s.take("degree") if alike else []
    degrees += [piece for piece in alike if len(things) > 2 and _is_superlative(piece)]
    if degrees and reference is None and len(things) > 2:
        return None  # "Which two of them are most similar?"
    differs = s.take("difference")
    if not (same or related or alike or differs):
        return None
    s.take_value("wh", "how")
    s.take_value("kind", kind)
    s.take("imperative", "class", "identify", "name", "compare", "contain", "between", *(("than",) if degrees else ()))
    _read_number_of(s, things)
    expected = shared or (related[0].value("structural")[0] if related else "same" if same else "")
    if kind == "protein" and (related or alike):
        return None
    if alike and not related:
        predicates: tuple[str, ...] = ("Tanimoto similarity",)
    else:
        predicates = ("structural relation", *(("Tanimoto similarity",) if alike else ()))
    opening = s.opening
    chooses = any(piece.text.lower() == "or" for piece in s.pieces)
    yes_no = (s.asks_yes_or_no or opening in ("can", "could", "would")) and bool(expected or degrees) and not chooses
    told = next((piece.start for piece in related if piece.text.lower() not in ("salts of the same",)), None)
    first = next((piece.start for piece in s.pieces if piece.thing is not None), 0)
    if told is not None and told < first and expected in ("parent", "salt") and len(things) == 2 and yes_no:
        things = things[::-1]  # "Is the parent of A B?" is "Is B the parent of A?"
    if degrees and reference is not None and reference in things:
        things = [reference, *(thing for thing in things if thing != reference)]
    return Query(
        "compare", subjects_of(things, kind), predicates if kind == "molecule" else (), object=expected or "related",
        order=_order([], degrees)[0] if degrees else "",
        aggregate="yes_no" if yes_no else "compare", kind="identity" if same else "computed",
    )  # fmt: skip


def _is_superlative(piece: Piece) -> bool:
    """Whether a phrase asks which is the most alike: "most similar to", "closest to"."""
    return piece.text.lower().startswith(("most", "closest", "nearest"))


def _shared(s: Slots) -> str:
    """Read what two molecules are said to have in common: the scaffold, or the formula."""
    for name, called in (("Murcko scaffold", "scaffold"), ("molecular formula", "formula")):
        if s.take_value("value", name):
            return called
    return ""


def _reference(s: Slots) -> Thing | None:
    """Return what others are alike to: the one name before "similar to", else the first after it."""
    place = next((number for number, piece in enumerate(s.pieces) if piece.says("similar")), None)
    if place is None:
        return None
    before = [piece.thing for piece in s.pieces[:place] if piece.thing is not None]
    after = [piece.thing for piece in s.pieces[place:] if piece.thing is not None]
    return before[0] if len(before) == 1 and len(after) > 1 else next(iter(after), None)


def _read_number_of(s: Slots, things: Sequence[Thing]) -> None:
    """Read the number of the things that are compared, as in "which of the three"."""
    for before, piece in itertools.pairwise(s.pieces):
        if piece.number == len(things) and not before.thing and not before.says("aux") and piece in list(s.open()):
            s.read(piece)


def side_by_side(s: Slots) -> Query | None:
    """Several things beside each other, where no value is named: "Compare A and B"."""
    things = _compared(s)
    kind = _one_kind(things) if len(things) > 1 else None
    if kind is None or not s.take("compare", "difference"):
        return None
    s.take("imperative", "kind", "class", "everything")
    s.take_value("wh", "how")
    return Query("compare", subjects_of(things, kind), aggregate="compare", kind="computed")
