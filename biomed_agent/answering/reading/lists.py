"""The frames of a question that asks for a list: what binds, what is alike, what holds a part, what has a property."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from biomed_agent.answering.reading.counting import names_a_part
from biomed_agent.answering.reading.phrases import singular_of
from biomed_agent.answering.reading.slots import KINDS, Slots, names_several
from biomed_agent.answering.reading.tagging import Piece, Thing, subjects_of
from biomed_agent.answering.reading.terms import Terms
from biomed_agent.core.affinity import IN_NM, SCORE
from biomed_agent.core.chemistry.parts import part_of
from biomed_agent.core.predicates import predicate_row
from biomed_agent.core.query import MAX_LISTED, Aggregate, EntityKind, Filter, Query

_HIGHER_IS_STRONGER = ("affinity", SCORE, "pKd", "pKi", "pIC50", "pEC50")
_DRUGS = frozenset({"drug", "drugs", "medicine", "medicines", "medication", "medications"})
"""nouns that ask for the ligands of a protein where nothing else does: "What drugs are known for BRAF?"."""
MIN_TERM = 4
"""letters of the shortest class, role or family that is looked for"""
_OTHER: dict[EntityKind, EntityKind] = {"molecule": "protein", "protein": "molecule"}


def partners(s: Slots) -> Query | None:
    """What was measured to bind one thing: "What binds ABL1 below 10 nM?", "top 5 targets of sunitinib"."""
    subject, kind = _one_side(s)
    if subject is None:
        return None
    listing = _OTHER[kind]
    yes_no = s.asks_yes_or_no
    conditions = s.filters(affinities=True)
    approved = _approved(s) if listing == "molecule" else []
    measured = s.take("measure")
    measures = [piece.value("measure")[0] for piece in measured]
    if s.says_gene or _acts_the_other_way(s, subject, kind):
        return None
    bound = s.take_value("bind", "", "inhibitor")
    related = s.take_partners(listing)
    opening = s.opening
    if related and opening in ("is", "are", "was", "were") and s.place_of_first() < s.pieces.index(related[0]):
        return None  # "Is ABL1 a kinase inhibitor?" asks what it is
    drugs = [piece for piece in s.open() if listing == "molecule" and piece.text.lower() in _DRUGS]
    ranked = s.has("strongest", "weakest") and _noun_kind(s) == listing
    if not (measures or bound or related or conditions or ranked or (drugs and not yes_no)):
        return None
    if drugs and any(piece.text.lower() == "best" for piece in s.pieces):
        return None  # the best drug is not the strongest binder
    strongest = [*s.take("strongest"), *(piece for piece in measured if piece.says("strongest"))]
    weakest = s.take("weakest")
    if measures and (degrees := s.take("degree")):
        high = degrees[0].value("degree") == ("most",)
        (strongest if high == (measures[0] in _HIGHER_IS_STRONGER) else weakest).extend(degrees)
    strongest = strongest or (s.take_value("adjective", "affinity") if not yes_no else [])
    s.take_units(*IN_NM)
    s.take_value("basis", "measured")
    counted = bool(s.take("count"))
    if counted and (strongest or (drugs and not approved) or any(piece.says("unit") for piece in s.open())):
        return None  # how many of them are potent, or drugs, is not counted
    top = s.take("top")
    limit = limit_of(s)
    if yes_no and limit is not None:
        return None
    listed = _listed_classes(s, listing)
    s.take("imperative", "contain", "use", "rank", "everything")
    if limit is None and not counted and (strongest or weakest or top) and not _plural(related, s):
        limit = 1
    named = tuple(dict.fromkeys(name for name in measures if name not in ("affinity",)))
    filters = [*conditions, *approved, *(Filter("protein class", "has", name, words=name) for name in listed)]
    aggregate: Aggregate = "count" if counted else "yes_no" if yes_no else "list"
    return Query(
        "list", subjects_of([subject], kind), named, object=listing, filters=tuple(filters),
        order="weakest" if weakest else "strongest" if strongest or top else "", limit=limit, aggregate=aggregate,
        kind="activity",
    )  # fmt: skip


def _approved(s: Slots) -> list[Filter]:
    """Read the adjective that leaves only approved molecules on a list: "approved", "FDA-approved"."""
    return [
        Filter("approval status", "has", piece.value("approved")[0], words=piece.text) for piece in s.take("approved")
    ][:1]


def _acts_the_other_way(s: Slots, subject: Thing, kind: EntityKind) -> bool:
    """Whether a protein is said to inhibit, or a molecule to be inhibited: "Which drugs does EGFR inhibit?"."""
    verbs = [n for n, piece in enumerate(s.pieces) if ("inhibitor",) in piece.values("bind")]
    if not verbs or subject.mention is None:
        return False
    passive = s.pieces[verbs[0]].text.lower().endswith("ed")
    before = s.place_of(subject) < verbs[0]
    return (before != passive) if kind == "protein" else (before == passive)


def _one_side(s: Slots) -> tuple[Thing | None, EntityKind]:
    """Return the one thing whose partners are asked for, and which of the two it is."""
    things = [*s.given.things, *s.read_things()]
    listing = _noun_kind(s)
    if not things:
        order: tuple[EntityKind, EntityKind] = (
            ("protein", "molecule") if listing == "molecule" else ("molecule", "protein")
        )
        found = ((about[0], kind) for kind in order if (about := s.about(kind)))
        return next(found, (None, "molecule"))
    if len(things) != 1 or (s.refers_back and any(not other.kinds & things[0].kinds for other in s.given.last)):
        return None, "molecule"  # a pair
    thing = things[0]
    if len(thing.kinds) == 1:
        return thing, next(iter(thing.kinds))
    return thing, _OTHER[listing] if listing else "protein"


def _noun_kind(s: Slots) -> EntityKind | None:
    """Return what the nouns that are not read yet ask for."""
    for piece in s.open():
        if piece.value("pronoun")[:1] in KINDS and names_several(piece):
            return "molecule" if piece.value("pronoun")[0] == "molecule" else "protein"
        if piece.says("class") or piece.value("kind") == ("protein",) or piece.value("partner")[:1] == ("protein",):
            return "protein"
        if piece.value("kind") == ("molecule",) or piece.value("partner")[:1] == ("molecule",):
            return "molecule"
    return None


def _listed_classes(s: Slots, listing: EntityKind) -> list[str]:
    """Read the nouns for what is listed; return the classes that restrict it."""
    if listing == "molecule":
        s.take_value("kind", "molecule")
        return []
    s.take_value("kind", "protein")
    return [piece.value("class")[0] for piece in s.take("class")]


def limit_of(s: Slots) -> int | None:
    """Read how many are asked for: "top 5", "three targets", "name 10"; None where no number says so."""
    for place, piece in enumerate(s.pieces):
        value = piece.number
        if place in s.used or value is None or value != int(value) or not 1 <= value <= MAX_LISTED:
            continue
        before = s.pieces[place - 1] if place else None
        after = next((p for p in s.pieces[place + 1 :] if not p.says("filler", "strongest", "weakest")), None)
        ranked = s.pieces[place + 1 : place + 2]
        led = any(piece.says("strongest", "weakest") for piece in ranked) or (
            before is not None and before.says("top", "imperative", "strongest", "weakest", "wh", "only")
        )
        counted = after is not None and after.says("kind", "class", "partner", "pronoun")
        if after is not None and after.says("unit"):
            continue
        if led or counted or (before is None and after is None):
            s.read(piece)
            return int(value)
    return None


def _plural(related: Sequence[Piece], s: Slots) -> bool:
    """Whether several are asked for: "strongest binders" and "the strongest binder"."""
    kinds = [piece for piece in s.pieces if piece.says("kind", "class") or piece.value("pronoun")[:1] in KINDS]
    nouns = [*related, *kinds]
    words = [piece.text.lower().split()[-1] for piece in nouns]
    return any(singular_of(word) != word for word in words)


# -- by structure ------------------------------------------------------------------------------


def similar(s: Slots) -> Query | None:
    """Molecules that are like one: "Find molecules similar to caffeine", "drugs like sildenafil"."""
    things = s.subjects()
    if len(things) != 1 or not things[0].can_be("molecule"):
        return None
    asks = s.take_value("similar", "find")
    nouns = [place for place, piece in enumerate(s.pieces) if piece.says("kind")]
    if nouns and any(piece.says("like") for piece in s.pieces[nouns[0] :]):
        asks += s.take("like")  # "drugs like sildenafil", and not "Do you like aspirin?"
    alike = s.take_value("similar", "tanimoto")
    if not asks:
        return None
    filters = _least_similarity(s) if alike else ()
    s.take("imperative", "identify", "contain", "top", "strongest", "structural")
    s.take_value("kind", "molecule")
    s.take_value("degree", "most")
    return Query("similar", subjects_of(things, "molecule"), filters=filters, limit=limit_of(s), kind="search")


def _least_similarity(s: Slots) -> tuple[Filter, ...]:
    relation = s.first("relation")
    number = next((piece for piece in s.open() if piece.number is not None), None)
    if relation is None or number is None or relation.value("relation") not in ((">",), (">=",)):
        return ()
    s.read(relation)
    s.read(number)
    return (Filter("similarity", ">=", number.number or 0.0),)


def containing(s: Slots) -> Query | None:
    """Molecules that hold one as a part: "Which molecules contain caffeine as a substructure?"."""
    things = s.read_things()
    if len(things) != 1 or not things[0].can_be("molecule") or s.asks_yes_or_no:
        return None
    if names_a_part(things[0]) and not s.has("substructure"):
        return None  # a group is counted by its definition
    place = s.place_of(things[0])
    holds = any(piece.says("contain") and not piece.text.lower().endswith("ed") for piece in s.pieces[:place])
    searches = s.has("substructure")
    if not (searches or (holds and s.take("contain") and _molecule_nouns(s))):
        return None
    if any(piece.text.lower() in _DRUGS for piece in s.pieces):
        return None  # what a medicine contains is no part of a structure
    _molecule_nouns(s)
    s.take("contain")
    s.take("substructure", "imperative", "similar")
    return Query("contains", subjects_of(things, "molecule"), limit=limit_of(s), kind="search")


def ingredient(s: Slots) -> Query | None:
    """What a product holds: "Which substance does Xarelto contain?"."""
    things = s.read_things()
    inside = [
        n
        for n, piece in enumerate(s.pieces)
        if piece.text.lower() == "in" and (s.pieces[n - 1].says("aux") or s.pieces[n - 1].text.lower().endswith("'s"))
    ]
    if inside and len(things) == 1 and things[0].can_be("molecule") and s.place_of(things[0]) == inside[0] + 1:
        return Query("value", subjects_of(things, "molecule"), ("parent compound",), kind="stored")  # "What is in X?"
    if len(things) != 1 or not things[0].can_be("molecule") or not _molecule_nouns(s):
        return None
    place = s.place_of(things[0])
    if not any(piece.says("contain") for piece in s.pieces[place:]) or not s.take("contain"):
        return None
    return Query("value", subjects_of(things, "molecule"), ("parent compound",), kind="stored")


def _molecule_nouns(s: Slots) -> list[Piece]:
    return s.take_value("kind", "molecule")


# -- by what they are --------------------------------------------------------------------------


def by_attribute(s: Slots, terms: Terms) -> Query | None:
    """Things that have a class, a role, a family, a place, a part or a value: "drugs with a logP below 0"."""
    listing = named = _noun_kind(s)
    if listing is None and s.has("everything", "known") and s.has("contain"):
        listing = named = "molecule"  # "everything that has an azide group"
    if s.asks_yes_or_no or (s.has("aux") and listing is None and not s.has("count")):
        return None
    numbers = _enzyme_numbers(s)
    if any(not names_a_part(thing) for thing in s.named):
        return None
    asks = s.has("imperative", "count", "known")
    classes = _listed_classes(s, listing) if listing else []
    conditions = s.filters(affinities=False)
    for condition in conditions:
        s.take_value("value", condition.field)
    conditions += _approved(s) if listing == "molecule" else []
    counted = bool(s.take("count"))
    s.take("contain", "imperative", "identify", "use", "top", "where", "substructure", "known", "name", "everything")
    conditions += [Filter("EC number", "has", number, words=f"EC {number}") for number in numbers]
    s.take_value("value", "EC number")
    if listing == "protein":
        conditions += [
            Filter("organism", "has", piece.value("organism")[0], words=piece.text) for piece in s.take("organism")
        ]
    limit = limit_of(s)
    s.take_value("value", "ChEBI class", "ChEBI role")  # "the class of cephalosporins"
    for run in _runs(s):
        told = _condition(s, run, listing, terms)
        if told is None:
            continue
        listing = listing or _kind_of_field(told.field)
        conditions.append(told)
        for piece in run:
            s.read(piece)
    conditions += [Filter("protein class", "has", name, words=name) for name in classes]
    if any(condition.field == "EC number" for condition in conditions):
        listing = listing or "protein"
    s.take("family", *(("take part",) if s.has("family") else ()))
    if listing is None or not conditions or not (asks or classes or named):
        return None
    plural = any(names_several(piece) for piece in s.pieces)
    if not asks and not plural and not s.has_any("wh") and all(one.field == "organism" for one in conditions):
        return None  # "and the mouse protein?"
    if listing == "protein" and not any(one.field == "EC number" for one in conditions):
        s.leave(*(piece for piece in s.pieces if singular_of(piece.text.lower()) == "enzyme"))
    return Query(
        "list", object=listing, filters=tuple(conditions), limit=limit, aggregate="count" if counted else "list",
        kind="search",
    )  # fmt: skip


def _enzyme_numbers(s: Slots) -> list[str]:
    """Read the EC numbers that things are listed by."""
    found = []
    for piece in list(s.open()):
        text = piece.thing.text.removeprefix("ec:") if piece.thing is not None else piece.text
        if EC_CLASS.fullmatch(text) and (piece.thing is not None or "." in text) and piece.number is None:
            found.append(text)
            s.read(piece)
    return found


EC_CLASS = re.compile(r"[1-7](?:\.\d{1,3}){1,3}(?:\.-)*")
"""an EC number, or the beginning of one"""


def _kind_of_field(name: str) -> EntityKind:
    row = predicate_row(name)
    return "protein" if row is not None and row.of == "protein" else "molecule"


def _runs(s: Slots) -> list[list[Piece]]:
    """Return the runs of unread pieces, particles at both ends dropped, parted by "and" and marks."""
    runs: list[list[Piece]] = [[]]
    unread = list(s.open())
    for piece in s.pieces:
        if piece.mark or piece not in unread or piece.says("and"):
            runs.append([])
        else:
            runs[-1].append(piece)
    trimmed = []
    for run in runs:
        while run and _edge(run[0]):
            run = run[1:]
        while run and _edge(run[-1]):
            run = run[:-1]
        trimmed += [run] if run else []
    return trimmed


def _edge(piece: Piece) -> bool:
    return piece.thing is None and bool(piece.meanings) and piece.says("filler", "aux", "wh", "pronoun")


def _condition(s: Slots, run: Sequence[Piece], listing: EntityKind | None, terms: Terms) -> Filter | None:
    """Return the condition that the words of a run put on what is listed."""
    words = " ".join(s.text[run[0].start : run[-1].end].split())
    if len(words) < MIN_TERM:
        return None
    kinds: tuple[EntityKind, ...] = (listing,) if listing else ("molecule", "protein")
    literal = any(piece.text.lower().startswith("chebi") for piece in s.pieces)
    if not literal and "molecule" in kinds and part_of(words) is not None and (listing or len(run) == 1):
        return Filter("structure", "has", words, words=words)
    following = s.pieces[s.pieces.index(run[-1]) + 1 :][:1]
    noun = [f"{words} {singular_of(piece.text.lower())}" for piece in following if piece.says("kind")]
    for kind, term in itertools.product(kinds, (words, *noun)):  # "antihypertensive agents"
        if found := terms.term(kind, term):
            return Filter(found[0], "has", found[1], words=term)
    return None


def known_here(s: Slots) -> Query | None:
    """How much is in the records at hand: "How many molecules do you know?"."""
    if s.named_anywhere or not s.take("known"):
        return None
    listing = _noun_kind(s)
    counted = s.take("count")
    for piece in list(s.open()):
        if piece.says("kind") and piece.text.lower() not in _DRUGS:
            s.read(piece)
    s.take("imperative", "measure")
    if listing is None or not counted:
        return None
    return Query("count", object=f"{listing}s", aggregate="count", kind="search")
