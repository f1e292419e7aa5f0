"""The frames of a question about one thing or a pair: values, counts, statements, what was measured, what it is.

Each function fills a query from a clause, or returns None where the clause is none of its frame. It reads every piece
that it uses; :mod:`.reader` takes the frame that leaves no word unread.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from biomed_agent.answering.reading.counting import names_a_part, residue_named
from biomed_agent.answering.reading.pairing import paired
from biomed_agent.answering.reading.phrases import Role, folded_words
from biomed_agent.answering.reading.slots import Slots, names_several
from biomed_agent.answering.reading.tagging import Piece, Thing, subjects_of
from biomed_agent.answering.reading.words import phrases
from biomed_agent.core.affinity import IN_NM
from biomed_agent.core.chemistry.parts import part_of
from biomed_agent.core.predicates import COMPUTED, GROUPS, HAZARDS, IDENTITY, IN_DALTONS, predicate_row
from biomed_agent.core.query import EntityKind, Filter, Kind, Query

PROTEIN_KINDS: frozenset[Kind] = frozenset({"name", "function", "family", "location"})
_DESCRIBING: tuple[Role, ...] = ("family", "function", "where")
_TOGETHER = {names[0]: names for _, names in GROUPS}
_OF_GROUPS = frozenset(name for _, names in GROUPS for name in names)
_RULES = frozenset({"rule of five", "Veber rule", "Ghose filter", "Egan rule", "Muegge filter", "rule of three",
                    "structural alert"})  # fmt: skip
"""predicates whose value is a verdict"""
_IS = ("is", "are", "was", "were", "ist", "sind")


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
    noun = next((n for n, piece in enumerate(s.pieces) if piece.says("partner")), None)
    molecules, proteins = sides(s)
    if noun is not None and s.asks_yes_or_no and not _stands_right(s, noun):
        return None
    if any(one.text.lower() == "do" and two.text.lower() == "to" for one, two in itertools.pairwise(s.pieces)):
        return None  # "What does it do to EGFR?" asks for an effect
    if not molecules or not proteins or s.says_gene or not (s.in_one_list(molecules) and s.in_one_list(proteins)):
        return None
    subjects = paired(s, molecules, proteins)
    if subjects is None:
        return None
    opening = s.opening
    yes_no = s.asks_yes_or_no or opening in ("can", "could", "would", "was", "were")
    conditions = s.filters(affinities=True)
    conditions += [Filter("unit", "=", unit) for unit in s.take_units(*IN_NM)]
    measures = [piece.value("measure")[0] for piece in s.take("measure")]
    bound = s.take_value("bind", "", "inhibitor") or s.take_partners("molecule") or s.take_partners("protein")
    _take_strength(s)
    s.take_value("basis", "measured")
    s.take("imperative", "compare", "contain", "convert", "between", "papers", "known")
    if measures or bound:
        s.take("describe")
    if measures:
        s.take("again")  # "and with which Kd?"
    if any(piece.says("unit") for piece in s.pieces):
        s.take("count")
    if not (measures or bound or conditions) and s.unread():
        return None
    asked = tuple(name for name in measures if name != "affinity")
    return Query(
        "relation",
        subjects,
        tuple(dict.fromkeys(asked)),
        filters=tuple(conditions),
        aggregate="yes_no" if yes_no else "",
        kind="activity",
    )


def _stands_right(s: Slots, noun: int) -> bool:
    """Whether what is called a target is no molecule, and a ligand no protein: "Is imatinib a target of ABL1?"."""
    before = [piece.thing for piece in s.pieces[:noun] if piece.thing is not None]
    kind = s.pieces[noun].value("partner")[:1]
    return not before or any(thing.can_be(one) for thing in before for one in ("molecule", "protein") if (one,) == kind)


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
    sold = [
        piece for piece in pieces if piece.text.lower() in ("sold as", "marketed as", "sold under", "marketed under")
    ]
    if sold and any(piece.thing is not None for piece in s.pieces[s.pieces.index(sold[0]) :]):
        return None  # "Which drug is sold as Gleevec?" asks what it is
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
    of_gene = s.says_gene or ("gene" in asked and any(piece.says("encode") for piece in pieces))
    if _of_another(s, pieces) or (of_gene and COMPUTED & set(asked)):
        return None
    if conditions and len(things) == 1 and not s.asks_yes_or_no:
        return None  # "How heavy is it below 200 Da?"
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
        s.take_units(*IN_DALTONS)
    if "TPSA" in asked:
        s.take_units("A2")
    if count and all(name in IDENTITY for name in asked):
        return None  # "How many synonyms does it have?"
    s.take("imperative", "contain", "known")
    s.take_value("wh", "how")
    s.take("convert")
    s.take("name") if all(name in IDENTITY or name == "gene" for name in asked) else None
    if "brand name" in asked:  # "Under which names is it sold?"
        for piece in list(s.open()):
            if piece.text.lower() in _SOLD:
                s.read(piece)
    s.take("identify") if any(name in ("synonym", "parent compound") or name in IDENTITY for name in asked) else None
    predicates = tuple(dict.fromkeys(asked))
    opening = s.opening
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
        object=_catalogue(pieces, obeys) or ("most" if most else "") or _obeying(obeys),
        filters=tuple(conditions) or _mass_unit(s, predicates),
        aggregate="count" if count and not computed else "yes_no" if yes_no else "",
        kind=_question_kind(predicates),
    )


def _mass_unit(s: Slots, predicates: Sequence[str]) -> tuple[Filter, ...]:
    """Return the unit in which a mass is asked for: "in kDa"; nothing where none is said, or no mass asked for."""
    if not {"molecular weight", "monoisotopic mass"} & set(predicates):
        return ()
    words = [word for piece in s.pieces if piece.thing is None for word in folded_words(piece.text)]
    meanings = [meaning for word in words for meaning in phrases().meanings((word,))]
    said = [one.value[0] for one in meanings if one.role == "unit" and one.value[0] in IN_DALTONS]
    return (Filter("unit", "=", said[0], words=f"in {said[0]}"),) if said else ()


_SOLD = frozenset({"sold", "marketed", "dispensed"})


def _catalogue(pieces: Sequence[Piece], obeys: Sequence[Piece]) -> str:
    """Return which catalogue of alerts is asked about, and whether for none of its hits; empty for all of them."""
    said = [piece.text.lower() for piece in pieces]
    name = next((name for name in ("PAINS", "Brenk") if any(text.startswith(name.lower()) for text in said)), "")
    return f"free of {name}" if name and _obeying(obeys) == "obeys" else name


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


def approved(s: Slots) -> Query | None:
    """Whether a molecule is approved: "Is tofacitinib approved?", "Has it been approved by the FDA?"."""
    things = s.subjects()
    if not s.asks_yes_or_no or not things or any(not thing.can_be("molecule") for thing in things):
        return None
    said = s.take("approved")
    if not said:
        return None
    s.take_value("kind", "molecule")
    agencies = [piece.value("approved")[0] for piece in said if piece.value("approved") != ("approved",)]
    return Query(
        "value", subjects_of(things, "molecule"), ("approval status",), object=next(iter(agencies), ""),
        aggregate="yes_no", kind="stored",
    )  # fmt: skip


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


# -- what a thing is ---------------------------------------------------------------------------


def described(s: Slots) -> Query | None:
    """A description, or what a protein's record says of its function, family or place."""
    things = s.subjects()
    if not things:
        return None
    called: dict[Role, Kind] = {"where": "location", "function": "function", "family": "family"}
    if not s.named_anywhere and not s.has_any("wh", "imperative", "pronoun") and s.opening.startswith("in "):
        return None  # "In cells, I mean." asks no place
    asked: list[Kind] = [called[role] for role in _DESCRIBING if s.take(role)]
    if not asked and all(thing.can_be("protein") for thing in things) and s.take("name"):
        asked.append("name")
    if not asked and _what_does_it_do(s):
        asked.append("function")
    if not asked and s.take("describe"):
        asked.append("description")
    if len(asked) != 1:
        return None
    if s.asks_yes_or_no or (any(names_several(piece) for piece in s.pieces) and len(things) == 1):
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


_DANGLING = frozenset({"in", "with", "on", "against", "from", "to", "by", "at", "for", "as", "than"})
_NOT_OF_IDENTITY = frozenset({"has", "have", "had", "will", "would", "can", "could", "may", "might", "found", "did",
                              "done", "in", "use", "used", "need", "in cells"})  # fmt: skip
"""what asks of a thing more than what it is: "What has aspirin?", "What is in aspirin?" are no descriptions"""


def identified(s: Slots) -> Query | None:
    """What a thing is: "What is aspirin?", "aspirin", "Which drug is CID 2244?"."""
    things = s.subjects()
    if not things:
        return None
    said = [piece.text.lower() for piece in s.pieces if not piece.mark]
    if s.says_gene and not s.has_any("wh", "identify", "imperative"):
        return None  # "and the EGFR gene?"
    if said[-1] in _DANGLING or any(word in _NOT_OF_IDENTITY for word in said):
        return None
    s.take("identify", "imperative", "name")
    _read_kinds(s, things)
    s.take_value("wh", "who")
    opens = s.opens_with
    if s.asks_yes_or_no and not (opens is not None and opens.says("pronoun")):
        return None
    if any(names_several(piece) for piece in s.pieces) and len(things) == 1:
        return None  # "the enzymes of EC 1.15.1.1" and "Which molecules are boronic acids?" are lists
    return Query("describe", subjects_of(things), kind="identity")


def _read_kinds(s: Slots, things: Sequence[Thing]) -> None:
    """Read nouns for what the things are: "Which drug is CID 2244?", and not "the EGFR drug"."""
    for kind in ("molecule", "protein"):
        if len(things) > 1 and any(piece.text.lower() in ("of which", "which of") for piece in s.pieces):
            return  # "Which of A and B is a drug?"
        if all(thing.can_be(kind) for thing in things):
            s.take_value("kind", kind)
            if kind == "protein":
                for before, piece in itertools.pairwise(s.pieces):
                    if piece.says("class") and before.says("wh", "identify") and piece in list(s.open()):
                        s.read(piece)


FrameReader = Callable[[Slots], Query | None]
