"""The frames of a question about one thing or a pair: values, counts, statements, what was measured, what it is.

Each function fills a query from a clause, or returns None where the clause is none of its frame. It reads every piece
that it uses; :mod:`.reader` takes the frame that leaves no word unread.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from biomed_agent.answering.reading.phrases import Role, singular_of
from biomed_agent.answering.reading.slots import Slots
from biomed_agent.answering.reading.tagging import Piece, Thing
from biomed_agent.answering.reading.terms import Terms
from biomed_agent.core.affinity import IN_NM
from biomed_agent.core.chemistry.parts import part_of
from biomed_agent.core.chemistry.vocabulary import VOCABULARY
from biomed_agent.core.predicates import COMPUTED, GROUPS, HAZARDS, IDENTITY, predicate_row
from biomed_agent.core.query import EntityKind, Filter, Kind, Query, Subject
from biomed_agent.core.sequence_values import residue_of
from biomed_agent.trust.claims.whole import ADJECTIVES, COMPOUNDS, WHOLE

PROTEIN_KINDS: frozenset[Kind] = frozenset({"name", "function", "family", "location"})
_DESCRIBING: tuple[Role, ...] = ("family", "function", "where")
_TOGETHER = {names[0]: names for _, names in GROUPS}
_OF_GROUPS = frozenset(name for _, names in GROUPS for name in names)
_RULES = frozenset({"rule of five", "Veber rule", "Ghose filter", "Egan rule", "Muegge filter", "rule of three",
                    "structural alert"})  # fmt: skip
"""predicates whose value is a verdict"""
_MODALS = ("can", "could", "would", "does", "do", "did")
_IS = ("is", "are", "was", "were", "ist", "sind")
MAX_PARTS = 6
"""parts asked for in one clause"""


def subjects_of(things: Sequence[Thing], kind: EntityKind | None = None) -> tuple[Subject, ...]:
    """Return things as subjects of a query; ``kind`` where the words decide what each is."""
    return tuple(Subject(thing.text, next(iter(thing.kinds)) if len(thing.kinds) == 1 else kind) for thing in things)


def papers(s: Slots) -> Query | None:
    """Passages of articles: every word is a word of the search."""
    if not s.has("papers"):
        return None
    said = [piece.text.lower() for piece in s.open() if piece.says("papers")]
    things = s.read_things()
    if said == ["evidence"] and len({kind for thing in things for kind in thing.kinds}) > 1:
        return None  # evidence that a molecule binds a protein is on record
    s.used.update(range(len(s.pieces)))
    return Query("papers", subjects_of([thing for thing in things if may_be_searched(thing)]), kind="literature")


def may_be_searched(thing: Thing) -> bool:
    """Whether a thing is written as a name, which may be sent: no structure, sequence or systematic name."""
    return thing.mention is not None and thing.mention.how in ("quoted", "identifier", "lexicon")


def talk(s: Slots) -> Query | None:
    """A word of thanks, or a question about what can be asked."""
    if s.named_anywhere:
        return None
    said = s.take("talk")
    if not said or s.unread() or any(piece.says("value", "count") for piece in s.open()):
        return None
    topic = "help" if any(("help",) in piece.values("talk") for piece in said) else "thanks"
    return Query("unknown", object=topic)


# -- a pair ------------------------------------------------------------------------------------


def sides(s: Slots) -> tuple[list[Thing], list[Thing]]:
    """Return the molecules and the proteins that a clause is about, its names marked as read.

    A name that may be either is taken for what is missing.
    """
    things = [*s.given.things, *s.read_things()]
    molecules = [thing for thing in things if thing.kinds == {"molecule"}]
    proteins = [thing for thing in things if thing.kinds == {"protein"}]
    for thing in things:
        if len(thing.kinds) != 1:
            (proteins if molecules and not proteins else molecules if proteins and not molecules else proteins).append(
                thing
            )
    named = bool(molecules or proteins)
    molecules = molecules or s.about("molecule")
    if named or not molecules or s.given.things or s.speaks_of_several or not s.refers_back:
        proteins = proteins or s.about("protein")  # one "it" stands for one thing
    return molecules, proteins


def pair(s: Slots) -> Query | None:
    """What was measured of molecules and proteins, all of them named."""
    molecules, proteins = sides(s)
    if not molecules or not proteins or s.says_gene or not (s.in_one_list(molecules) and s.in_one_list(proteins)):
        return None
    opening = s.opens_with.text.lower() if s.opens_with is not None else ""
    yes_no = s.asks_yes_or_no or opening in ("can", "could", "would", "was", "were")
    conditions = s.filters(affinities=True)
    conditions += [Filter("unit", "=", unit) for unit in s.take_units(*IN_NM)]
    measures = [piece.value("measure")[0] for piece in s.take("measure")]
    bound = s.take_value("bind", "", "inhibitor") or s.take_partners("molecule") or s.take_partners("protein")
    _take_strength(s)
    s.take_value("basis", "measured")
    s.take("imperative", "compare", "contain", "convert", "between", "papers", "known")
    if any(piece.says("unit") for piece in s.pieces):
        s.take("count")
    if not (measures or bound or conditions) and s.unread():
        return None
    asked = tuple(name for name in measures if name != "affinity")
    return Query(
        "relation",
        (*subjects_of(molecules, "molecule"), *subjects_of(proteins, "protein")),
        tuple(dict.fromkeys(asked)),
        filters=tuple(conditions),
        aggregate="yes_no" if yes_no else "",
        kind="activity",
    )


def _take_strength(s: Slots) -> None:
    """Read "how strongly"; a question how something binds that asks for no strength asks for a mechanism."""
    if any(piece.value("wh") == ("how",) for piece in s.pieces) and s.take_value("adjective", "affinity"):
        s.take_value("wh", "how")


# -- values ------------------------------------------------------------------------------------


def values(s: Slots) -> Query | None:
    """Values of what is named: "molecular weight of X", "how heavy is X", "does X pass Lipinski's rule"."""
    things = s.subjects()
    if not things:
        return None
    kinds = {kind for thing in things for kind in thing.kinds}
    conditions = s.filters(affinities=False)
    pieces = _value_pieces(s)
    asked = [name for piece in pieces for name in _predicates(piece, kinds)]
    asked += [condition.field for condition in conditions]
    if "length" in asked and any(piece.says("adjective") for piece in pieces):
        asked = [name for name in asked if name != "sequence"]  # "How long is the sequence of it?"
    most = any("most" in piece.text.lower() for piece in pieces)
    if "elemental composition" in asked:  # "by mass" says how
        asked = [name for name in asked if name != "molecular weight"]
    if kinds == {"molecule"} and not asked and s.take("share"):
        asked.append("elemental composition")
    if "elemental composition" in asked:
        things = [thing for thing in things if not names_a_part(thing)] or things
        for piece in list(s.open()):
            if piece.thing is None and part_of(piece.text) is not None:
                s.read(piece)
    if not asked:
        return None
    count = bool(s.take("count"))
    if _of_another(s, pieces) or (s.says_gene and COMPUTED & set(asked)):
        return None
    if len(things) > 1 and "protein" in kinds and any(residue_named(thing.text) for thing in things):
        return None  # "How many residues of EGFR are lysine?"
    obeys = s.take("obey") if any(name in _RULES for name in asked) else []
    if _OF_GROUPS & set(asked) and any(piece.text.lower() == "do" for piece in s.pieces):
        return None  # "What does the kinase domain of it do?"
    if _OF_GROUPS & set(asked):
        _read_qualifier(s, pieces)
        s.take("where", "function") if asked[0] not in ("disease",) else s.take("function")
    if {"pathway", "disease"} & set(asked):
        s.take("take part", "function")
    computed = all(name in COMPUTED for name in asked)
    s.take_value("basis", "computed" if computed else "measured")
    if "molecular weight" in asked or "monoisotopic mass" in asked:
        s.take_units("g/mol", "Da", *(("kDa",) if kinds == {"protein"} else ()))
    if "TPSA" in asked:
        s.take_units("A2")
    s.take("imperative", "contain", "known")
    s.take_value("wh", "how")
    s.take("convert")
    s.take("name") if all(name in IDENTITY for name in asked) else None
    obeys = s.take("obey") if any(name in _RULES for name in asked) else []
    s.take("identify") if any(name == "synonym" or name in IDENTITY for name in asked) else None
    predicates = tuple(dict.fromkeys(asked))
    opening = s.opens_with.text.lower() if s.opens_with is not None else ""
    if opening in _IS and not conditions and not any(piece.says("adjective") for piece in pieces) and not obeys:
        return None  # "Is it a salt?" asks for a class
    wanted = _kind_of(predicates)
    if wanted and all(wanted not in thing.kinds for thing in things):
        return None
    yes_no = s.asks_yes_or_no
    return Query(
        "value",
        subjects_of(things, wanted),
        predicates,
        object=_catalogue(pieces) or ("most" if most else "") or _obeying(obeys),
        filters=tuple(conditions),
        aggregate="count" if count and _counted(predicates) else "yes_no" if yes_no else "",
        kind=_question_kind(predicates),
    )


def _catalogue(pieces: Sequence[Piece]) -> str:
    """Return which catalogue of alerts is asked about; empty for all of them."""
    said = [piece.text.lower() for piece in pieces]
    return next((name for name in ("PAINS", "Brenk") if any(text.startswith(name.lower()) for text in said)), "")


def _obeying(obeys: Sequence[Piece]) -> str:
    if any(("no",) in piece.values("obey") for piece in obeys):
        return "violates"
    return "obeys" if obeys else ""


def _value_pieces(s: Slots) -> list[Piece]:
    """Read what asks for values."""
    pieces = s.take("value", "use", "express")
    encodes = [number for number, piece in enumerate(s.pieces) if piece.says("encode")]
    if encodes and any(piece.thing is not None for piece in s.pieces[encodes[0] :]):
        pieces += s.take("encode")  # not "What does EGFR encode?"
    how = s.first("wh")
    asks_how = how is not None and how.value("wh") == ("how",)
    if asks_how:
        pieces += s.take("adjective")
    return pieces


def _predicates(piece: Piece, kinds: set[EntityKind]) -> tuple[str, ...]:
    """Return the predicates that a piece asks for of things of these kinds, those that can be stated of them first."""
    said = [*piece.values("value"), *piece.values("encode"), *piece.values("use"), *piece.values("express")]
    said += piece.values("adjective") if not said else []
    own = [names for names in said if _of(names[0]) in kinds and len(kinds) == 1]
    fitting = own + [names for names in said if _of(names[0]) in ("either", *kinds)]
    names = next(iter(fitting or said))
    if len(names) == 1 and names[0] in _TOGETHER and names[0] not in COMPUTED:
        return _TOGETHER[names[0]]
    return names


def _of(name: str) -> str:
    row = predicate_row(name)
    return row.of if row else "either"


def _kind_of(predicates: Sequence[str]) -> EntityKind | None:
    """Return of what alone these predicates are stated; None where they fit both, or differ."""
    of = {_of(name) for name in predicates} - {"either", "pair"}
    return None if len(of) != 1 else "protein" if "protein" in of else "molecule"


def _question_kind(predicates: Sequence[str]) -> Kind:
    """Return the kind of question that the first of some predicates makes."""
    first = predicates[0]
    if first in COMPUTED:
        return "computed"
    return "identity" if first in IDENTITY else "stored"


def _counted(predicates: Sequence[str]) -> bool:
    return all(name in _OF_GROUPS for name in predicates)


_OTHER_THINGS = _OF_GROUPS | {"salt form", "parent compound", "Murcko scaffold", "pathway", "tissue specificity"}
"""predicates whose values are things or parts of their own"""


def _of_another(s: Slots, pieces: Sequence[Piece]) -> bool:
    """Whether a value is asked of a part or a relative of what is named: "the weight of the kinase domain of X"."""
    places = sorted(s.pieces.index(piece) for piece in pieces)
    own = [
        place
        for place in places
        if any(v[0] in _OTHER_THINGS for role in ("value", "express") for v in s.pieces[place].values(role))
    ]
    if not own or len(places) == len(own):
        return False
    return not all(
        any(piece.says("and") or piece.text == "," for piece in s.pieces[first:second])
        for first, second in itertools.pairwise(places)
    )


def _read_qualifier(s: Slots, pieces: Sequence[Piece]) -> None:
    """Read the word for a class before a part: "which kinase domain"."""
    for piece in pieces:
        place = s.pieces.index(piece)
        if place and s.pieces[place - 1].says("class"):
            s.read(s.pieces[place - 1])


def name_of(s: Slots) -> Query | None:
    """How a molecule is called: "Name this molecule: CCO", "What is the name of CID 2244?"."""
    things = s.subjects()
    if len(things) != 1 or not things[0].can_be("molecule") or not s.take("name"):
        return None
    s.take("imperative", "kind", "identify", "convert")
    return Query("value", subjects_of(things, "molecule"), ("name", "IUPAC name"), kind="identity")


def hazards(s: Slots) -> Query | None:
    """What depositors say of hazards: all, or whether a molecule has a certain one."""
    things = s.subjects()
    if not things or any(not thing.can_be("molecule") for thing in things):
        return None
    subjects = subjects_of(things, "molecule")
    if s.take("hazards"):
        s.take("imperative", "kind", "contain", "identify")
        return Query("value", subjects, HAZARDS, kind="stored")
    if not s.asks_yes_or_no:
        return None
    topics = [piece.value("hazard")[0] for piece in s.take("hazard")]
    if len(topics) != 1:
        return None
    s.take("degree of hazard", "kind")
    return Query("value", subjects, HAZARDS, object=topics[0], aggregate="yes_no", kind="stored")


# -- counts ------------------------------------------------------------------------------------


def count(s: Slots) -> Query | None:
    """How many atoms, groups, rings or residues something holds, or whether it holds any."""
    things = _without_parts(s)
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
    words = [" ".join(s.text[run[0].start : run[-1].end].split()) for run in groups]
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
    opening = s.opens_with.text.lower() if s.opens_with is not None else ""
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
    if things[0].mention is None:
        return False
    whole, part = s.place_of(things[0]), s.pieces.index(runs[0][0])
    return part < whole and not any(p.text.lower() in ("in", "of", "to") for p in s.pieces[part:whole])


def _is_computed(piece: Piece) -> bool:
    """Whether a piece names a number that is computed under its own predicate, such as rings."""
    said = piece.value("value")
    return len(said) == 1 and said[0] in COMPUTED


def _is_structure(piece: Piece) -> bool:
    mention = piece.thing.mention if piece.thing is not None else None
    return mention is not None and mention.how == "structure"


def _without_parts(s: Slots) -> list[Thing]:
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
        if taken or piece.mark or piece.says("and", "compare") or _between_phrases(piece):
            runs.append([])
        elif not (not runs[-1] and piece.says("filler", "aux", "contain", "imperative", "pronoun", "wh")):
            runs[-1].append(piece)
    return [_trimmed(run) for run in runs if _trimmed(run)]


def _between_phrases(piece: Piece) -> bool:
    return not piece.thing and bool(piece.meanings) and piece.says("aux", "pronoun", "part", "kind", "organism")


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
    things = [thing for thing in _without_parts(s) if thing.can_be("protein")]
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


# -- what a thing is ---------------------------------------------------------------------------


def described(s: Slots) -> Query | None:
    """A description, or what a protein's record says of its function, family or place."""
    things = s.subjects()
    if not things:
        return None
    called: dict[Role, Kind] = {"where": "location", "function": "function", "family": "family"}
    asked: list[Kind] = [called[role] for role in _DESCRIBING if s.take(role)]
    if not asked and all(thing.can_be("protein") for thing in things) and s.take("name"):
        asked.append("name")
    if not asked and _what_does_it_do(s):
        asked.append("function")
    if not asked and s.take("describe"):
        asked.append("description")
    if len(asked) != 1:
        return None
    if s.asks_yes_or_no or (any(_plural_kind(piece) for piece in s.pieces) and len(things) == 1):
        return None
    s.take("imperative", "contain", "identify", "everything")
    kind = asked[0]
    molecules = all(not thing.can_be("protein") for thing in things)
    if kind == "function" and molecules:
        return Query("value", subjects_of(things), ("ChEBI role",), kind="stored")
    return Query("describe", subjects_of(things, "protein" if kind in PROTEIN_KINDS else None), kind=kind)


def _what_does_it_do(s: Slots) -> bool:
    """Whether nothing but a form of "do" asks: "What does EGFR do?"."""
    said = [piece.text.lower() for piece in s.pieces if not piece.thing and not piece.mark]
    return "do" in said and any(word in said for word in ("does", "do")) and bool(said) and said[0].startswith("what")


def identified(s: Slots) -> Query | None:
    """What a thing is: "What is aspirin?", "aspirin", "Which drug is CID 2244?"."""
    things = s.subjects()
    if not things:
        return None
    s.take("identify", "imperative", "name")
    _read_kinds(s, things)
    s.take_value("wh", "who")
    opens = s.opens_with
    if s.asks_yes_or_no and not (opens is not None and opens.says("pronoun")):
        return None
    if any(_plural_kind(piece) for piece in s.pieces) and len(things) == 1:
        return None  # "the enzymes of EC 1.15.1.1" and "Which molecules are boronic acids?" are lists
    return Query("describe", subjects_of(things), kind="identity")


def _read_kinds(s: Slots, things: Sequence[Thing]) -> None:
    """Read nouns for what the things are: "Which drug is CID 2244?", and not "the EGFR drug"."""
    for kind in ("molecule", "protein"):
        if all(thing.can_be(kind) for thing in things):  # type: ignore[arg-type]
            s.take_value("kind", kind)
            if kind == "protein":
                s.take("class")


def _plural_kind(piece: Piece) -> bool:
    called = piece.says("kind", "class") or piece.value("pronoun")[:1] in (("molecule",), ("protein",))
    return called and singular_of(piece.text.lower().split()[-1]) != piece.text.lower().split()[-1]


def statement(s: Slots, terms: Terms) -> Query | None:
    """Whether something holds of one thing: "Is X an ester?", "Does X contain a sulfonamide?"."""
    opens = s.opens_with
    if opens is None or not (s.asks_yes_or_no or opens.text.lower() in _MODALS):
        return None
    things = _without_parts(s)
    if not things or (len(things) > 1 and not s.named_anywhere):
        return None
    things = things[:1]
    opening = s.opens_with
    place = s.pieces.index(opening) if opening is not None else 0
    rest = [piece for piece in s.pieces[place + 1 :] if piece.thing not in things and not _stands_for_it(piece)]
    if any(piece.says("relation", "between", "compare", "than") and not piece.says("filler") for piece in rest):
        return None  # what is compared is no statement about one thing
    if any(piece.number is not None for piece in rest) and any(piece.says("value") for piece in rest):
        return None
    words = _text_of(s, place, rest)
    verb = opening.text.lower() if opening is not None else "is"
    said = _stated(verb, words)
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


def _text_of(s: Slots, place: int, rest: Sequence[Piece]) -> str:
    """Return what a clause says after its verb as it is written, without the name of what it is about."""
    words: list[str] = []
    for before, piece in itertools.pairwise((s.pieces[place], *rest)):
        glued = before.end == piece.start or not s.text[before.end : piece.start].strip(" ") == "" and (
            " " not in s.text[before.end : piece.start] and before in rest
        )  # fmt: skip
        between = (
            s.text[before.end : piece.start] if before in rest and " " not in s.text[before.end : piece.start] else ""
        )
        if piece.mark:
            continue
        if glued and words:
            words[-1] += between + piece.text
        else:
            words.append(piece.text)
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
    return f"It {_THIRD_PERSON[first.lower()]} {more}." if first.lower() in _THIRD_PERSON and more else ""


FrameReader = Callable[[Slots], Query | None]
