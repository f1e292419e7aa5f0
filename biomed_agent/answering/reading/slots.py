"""One clause of a question while a frame is filled from it: which of its pieces were read, and which are left."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from biomed_agent.answering.reading.phrases import Meaning, Role, singular_of
from biomed_agent.answering.reading.tagging import Piece, Thing
from biomed_agent.answering.reading.units import fits
from biomed_agent.core.affinity import IN_NM, SCORE
from biomed_agent.core.query import EntityKind, Filter, FilterRelation

_RELATING = frozenset({"in", "with", "on", "against", "from", "to", "by", "at", "per", "via", "into", "within"})
"""prepositions that relate a name to the one before it"""
NEUTRAL: tuple[Role, ...] = ("filler", "aux", "pronoun", "and")
"""roles that change nothing in whatever frame"""
_HUMAN = "human"
_NOT_ENGLISH = frozenset({"von", "vom", "dem", "einen", "eine", "du", "une", "pour", "della", "dello", "por", "welche",
                          "el", "los"})  # fmt: skip
"""filler of other languages that is no English word"""
_ALL = frozenset({"all", "every", "each", "all the", "all of the"})
_CLASSES: tuple[Role, ...] = ("kind", "class", "partner", "bind")
KINDS = (("molecule",), ("protein",))
"""what a pronoun says that stands for a thing of one kind: "the compound", "this enzyme\""""
_SUMS = frozenset({"average", "mean", "total", "combined", "sum", "plus", "together", "sum of"})
_SEVERAL = frozenset({"they", "them", "these", "those", "of these", "of them", "which of these", "which of them"})
ANY_CONCENTRATION = "affinity"
"""field of a filter that is put on whatever concentration was measured"""
_RELATIONS: dict[str, FilterRelation] = {"<=": "<=", "<": "<", ">=": ">=", ">": ">", "=": "="}
_AFTER = frozenset({"or less", "or below", "or lower", "or better", "or stronger", "or more", "or above", "or higher",
                    "or greater", "or over"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Given:
    """What a clause may be about without naming it.

    Args:
        things: What was given beside the question.
        last: What was last named, meant by a pronoun or where nothing is named.
        together: What of it one question named.
    """

    things: tuple[Thing, ...] = ()
    last: tuple[Thing, ...] = ()
    together: tuple[Thing, ...] = ()


@dataclass(slots=True)
class Slots:
    """The pieces of a clause and which of them a frame has read.

    Args:
        text: The question as a whole.
        pieces: Those of the clause.
        given: What it may be about without naming it.
    """

    text: str
    pieces: Sequence[Piece]
    given: Given = Given()
    used: set[int] = field(default_factory=set)
    misfits: set[int] = field(default_factory=set)
    """places of words that a frame read around, and that no frame may read"""
    pending: Filter | None = None
    """the second half of a limit that is two"""
    usual_unit: str = ""
    """unit of a limit without one"""
    usual: str = ""
    """measure that a limit without one is put on"""

    def fresh(self) -> Slots:
        """Return the same clause with nothing read."""
        return Slots(self.text, self.pieces, self.given)

    def has(self, *roles: Role) -> bool:
        """Whether some piece that is not read yet may do one of these things."""
        return any(piece.says(*roles) for piece in self.open())

    def open(self) -> Iterator[Piece]:
        """Yield the pieces that are not read yet."""
        return (piece for number, piece in enumerate(self.pieces) if number not in self.used)

    def take(self, *roles: Role) -> list[Piece]:
        """Read all pieces that may do one of these things."""
        taken = [number for number, piece in enumerate(self.pieces) if number not in self.used and piece.says(*roles)]
        self.used.update(taken)
        return [self.pieces[number] for number in taken]

    def take_value(self, role: Role, *values: str) -> list[Piece]:
        """Read the pieces that say one of ``values`` in a role."""
        taken = [
            number
            for number, piece in enumerate(self.pieces)
            if number not in self.used and any(value[:1] and value[0] in values for value in piece.values(role))
        ]
        self.used.update(taken)
        return [self.pieces[number] for number in taken]

    def read(self, piece: Piece) -> None:
        """Mark a piece as read."""
        self.used.add(self.pieces.index(piece))

    def take_partners(self, kind: EntityKind) -> list[Piece]:
        """Read the nouns for what binds, as far as a measured affinity tells: inhibitors, but no agonists."""
        taken = [
            number
            for number, piece in enumerate(self.pieces)
            if number not in self.used
            and (kind in piece.value("partner")[:1])
            and "agonist" not in piece.value("partner")
        ]
        self.used.update(taken)
        return [self.pieces[number] for number in taken]

    def leave(self, *pieces: Piece) -> None:
        """Take pieces back that were read."""
        self.used -= {self.pieces.index(piece) for piece in pieces}

    def has_any(self, *roles: Role) -> bool:
        """Whether some piece may do one of these things, read or not."""
        return any(piece.says(*roles) for piece in self.pieces)

    def first(self, *roles: Role) -> Piece | None:
        """Return the first unread piece that may do one of these things."""
        return next((piece for piece in self.open() if piece.says(*roles)), None)

    @property
    def opens_with(self) -> Piece | None:
        """The first piece that is no mark, and no filler alone."""
        return next((piece for piece in self.pieces if not piece.mark and not _opens_nothing(piece)), None)

    @property
    def opening(self) -> str:
        """The word that opens it, in small letters; empty where none does."""
        first = self.opens_with
        return first.text.lower() if first is not None else ""

    @property
    def asks_yes_or_no(self) -> bool:
        """Whether the clause begins with a verb, as "Is it" and "Does it" do."""
        first = self.opens_with
        return first is not None and first.says("aux") and not first.says("wh")

    # -- what it is about ----------------------------------------------------------------------

    @property
    def named(self) -> list[Thing]:
        """What the clause names, in order, each once."""
        things = [piece.thing for piece in self.open() if piece.thing is not None]
        return list({thing.text: thing for thing in things}.values())

    @property
    def refers_back(self) -> bool:
        """Whether a pronoun stands in it."""
        return any(piece.says("pronoun") for piece in self.pieces)

    def about(self, kind: EntityKind | None = None) -> list[Thing]:
        """Return what the clause is about without naming it: what was given, else what was last named.

        What was last named counts where a pronoun stands for it, or where nothing is named; a singular one means the
        first of a kind.
        """
        things = [thing for thing in self.given.things if kind is None or thing.can_be(kind)]
        if things:
            return things
        spoken = [piece.value("pronoun") for piece in self.pieces if piece.says("pronoun")]
        wanted = {value[0] for value in spoken if value[0]}
        if not spoken and self.named_anywhere:
            return []
        last = [thing for thing in self.given.last if kind is None or thing.can_be(kind)]
        if wanted and kind is not None and kind not in wanted and all(value[0] for value in spoken):
            return []
        if kind is None and wanted:
            last = [thing for thing in last if thing.kinds & wanted]
        if any(value[1:] == ("several",) for value in spoken):
            return last
        together = [thing for thing in self.given.together if last and thing.kinds == last[0].kinds]
        return last[:1] if spoken or len(together) < 2 or last[0] not in together else together

    @property
    def named_anywhere(self) -> bool:
        """Whether the clause names anything, read or not."""
        return any(piece.thing is not None for piece in self.pieces)

    def kind_beside(self, thing: Thing) -> EntityKind | None:
        """Return what the words beside a name call it: "the molecule cAMP", "the CAMP gene"."""
        place = next((number for number, piece in enumerate(self.pieces) if piece.thing is thing), None)
        if place is None:
            return None
        for beside in self._beside(place):
            piece = self.pieces[beside]
            if piece.says("kind", "class") or piece.value("pronoun")[:1] in KINDS:
                named = piece.value("kind") or piece.value("pronoun") or ("protein",)
                return "molecule" if named[0] == "molecule" else "protein"
        return None

    def _beside(self, place: int) -> Iterator[int]:
        """Yield the places right before and right after one, articles left out."""
        for step in (-1, 1):
            beside = place + step
            while 0 <= beside < len(self.pieces) and self._bridges(beside, step):
                beside += step
            if 0 <= beside < len(self.pieces) and not self.pieces[beside].mark:
                yield beside

    def _bridges(self, place: int, step: int) -> bool:
        """Whether a piece may stand between a name and the noun that says what it is: "a molecule of X"."""
        piece = self.pieces[place]
        text = piece.text.lower()
        if text in ("the", "human") or (piece.mark and text in "()"):
            return True
        noun = self.pieces[place - 1].text.lower() if place else ""
        labels = piece.meanings == (Meaning("filler"),) and piece.text.isupper()  # "drug with CAS 58-08-2"
        return step < 0 and ((text == "of" and noun == "molecule") or text in ("with", "number") or labels)

    def read_things(self, *, covered: bool = False) -> list[Thing]:
        """Read every name of the clause, with the words beside it that call it a molecule or a protein.

        Args:
            covered: Whether names count that are of a kind that was given beside the question; else they are taken
                for what was given.
        """
        things = []
        for number, piece in enumerate(self.pieces):
            if piece.thing is None or number in self.used:
                continue
            self.used.add(number)
            thing = self.narrowed(piece.thing)
            for beside in self._beside(number):
                other = self.pieces[beside]
                owned = other.says("class") and self.text[piece.end : piece.end + 2] in ("'s", "’s")
                if singular_of(other.text.lower()) in ("member", "family member"):
                    continue  # "EGFR family members" are others
                if other.says("kind", "class") and not other.says("partner") and not owned:
                    named = other.value("kind") or ("protein",)
                    if named[0] in thing.kinds:
                        self.used.add(beside)
            if covered or not self.is_covered(thing):
                things.append(thing)
        return list({thing.text: thing for thing in things}.values())

    def is_covered(self, thing: Thing) -> bool:
        """Whether all that a name can be was given beside the question."""
        given = {kind for one in self.given.things for kind in one.kinds}
        return bool(given) and thing.kinds <= given

    def subjects(self) -> list[Thing]:
        """Read what the clause is about: what was given and what it names, else what it refers back to."""
        things = [*self.given.things, *self.read_things()]
        self._leave_uncoordinated()
        things = [thing for thing in things if thing.mention is None or not self._is_open(thing)]
        if self.spoken_of and not self.given.things:
            things = [*(thing for thing in self.about() if thing not in things), *things]
        return things or self.about()

    def _is_open(self, thing: Thing) -> bool:
        """Whether no place of a name is read."""
        return all(piece.thing is None or piece.thing.text != thing.text for n, piece in enumerate(self.pieces)
                   if n in self.used)  # fmt: skip

    def _leave_uncoordinated(self) -> None:
        """Take names back that stand in no list with the first: the solvent in "solubility of A in B"."""
        places = [number for number, piece in enumerate(self.pieces) if piece.thing is not None]
        for first, second in itertools.pairwise(places):
            between = self.pieces[first + 1 : second]
            if any(piece.text.lower() in _RELATING for piece in between) and not any(
                piece.says("and", "compare") or piece.text in (",", ";") for piece in between
            ):
                self.used.discard(second)

    @property
    def spoken_of(self) -> bool:
        """Whether a word stands for something named before, beside a name: "it and imatinib"."""
        return not self.named_anywhere

    def narrowed(self, thing: Thing) -> Thing:
        """Return a thing as what the words beside it call it."""
        if len(thing.kinds) > 1 and (kind := self.kind_beside(thing)) is not None:
            return Thing(thing.mention, thing.text, frozenset({kind}))
        return thing

    @property
    def speaks_of_several(self) -> bool:
        """Whether a pronoun stands for several things, or two pronouns stand in it."""
        spoken = [piece.value("pronoun") for piece in self.pieces if piece.says("pronoun")]
        return len(spoken) > 1 or any(value[1:] == ("several",) for value in spoken)

    @property
    def says_gene(self) -> bool:
        """Whether a name is called a gene, of which no record here states a length or a ligand."""
        return any(
            piece.text.lower() in ("gene", "genes") and any(self.pieces[n].thing for n in self._beside(place))
            for place, piece in enumerate(self.pieces)
        )

    def in_one_list(self, things: Sequence[Thing]) -> bool:
        """Whether things stand in one list, none of them related to another by a preposition."""
        places = [n for n, piece in enumerate(self.pieces) if piece.thing is not None and piece.thing in things]
        return all(
            not any(piece.text.lower() in _RELATING for piece in self.pieces[first:second])
            or any(piece.says("and", "compare") or piece.text == "," for piece in self.pieces[first:second])
            for first, second in itertools.pairwise(places)
        )

    def place_of(self, thing: Thing) -> int:
        """Return where a thing is named first."""
        return next(
            n for n, piece in enumerate(self.pieces) if piece.thing is not None and piece.thing.text == thing.text
        )

    def place_of_first(self) -> int:
        """Return where the first name stands; behind all pieces where none is named."""
        return next((n for n, piece in enumerate(self.pieces) if piece.thing is not None), len(self.pieces))

    def groups(self) -> list[list[Thing]]:
        """Return the names that are not read yet, those together that stand in one list."""
        places = [n for n, piece in enumerate(self.pieces) if piece.thing is not None and n not in self.used]
        groups: list[list[Thing]] = []
        for number, place in enumerate(places):
            thing = self.pieces[place].thing
            between = self.pieces[places[number - 1] + 1 : place] if number else ()
            listed = number and all(_joins(piece) for piece in between)
            if thing is not None and listed:
                groups[-1].append(thing)
            elif thing is not None:
                groups.append([thing])
        return groups

    # -- what is left --------------------------------------------------------------------------

    def unread(self) -> list[Piece]:
        """Return the pieces that were not read and may change what is asked."""
        abroad = any(
            piece.says("abroad") and (not piece.is_foreign_filler or piece.text.lower() in _NOT_ENGLISH)
            for piece in self.pieces
        )
        left = [piece for piece in self.open() if not _neutral(piece) and not (abroad and piece.is_foreign_filler)]
        organisms = [piece for piece in left if piece.says("organism")]
        things = [*(piece.thing for piece in self.pieces if piece.thing is not None), *self.given.things]
        fitting = any(thing.can_be("protein") for thing in things)
        spoken = {piece.value("organism") for piece in organisms}
        if (len(organisms) == 1 and fitting) or spoken == {(_HUMAN,)}:
            left = [piece for piece in left if piece not in organisms]
        if fitting and any(piece.says("variant") for piece in left):
            left = [piece for piece in left if not piece.says("variant", "altered")]
        left += [self.pieces[place] for place in self.misfits]
        return sorted({*left, *self._said_of_all(), *self._of_nothing()}, key=lambda piece: piece.start)

    def _said_of_all(self) -> list[Piece]:
        """Return the words that make a question one about all of a class, or about a sum, which no frame answers."""
        several = len({piece.thing.text for piece in self.pieces if piece.thing is not None}) > 1
        return [
            piece
            for piece, following in itertools.pairwise(self.pieces)
            if (several and not _SUMS.isdisjoint(piece.text.lower().split()))
            or (self.asks_yes_or_no and piece.text.lower() in _ALL and following.says(*_CLASSES))
        ]

    def _of_nothing(self) -> list[Piece]:
        """Return the words for several things named before, where not so many were."""
        if len({*self.given.things, *self.given.last}) != 1:
            return []
        return [piece for piece in self.pieces if piece.text.lower() in _SEVERAL and piece.says("pronoun")]

    def take_units(self, *units: str) -> list[str]:
        """Read units that say in which a value is wanted: "in nM", "(g/mol)", "how many kDa"."""
        found = []
        for place, piece in enumerate(self.pieces):
            if place in self.used or not any(value[0] in units for value in piece.values("unit")):
                continue
            before = self.pieces[place - 1] if place else None
            if any(after.says("measure") for after in self.pieces[place + 1 : place + 2]):
                continue  # "in micromolar affinity" limits
            if before is None or before.text.lower() in ("in", "(", "as") or before.says("count"):
                self.used.add(place)
                found += [piece.value("unit")[0]]
        return found

    # -- conditions ----------------------------------------------------------------------------

    def filters(self, *, affinities: bool, usual: str = "", usual_unit: str = "") -> list[Filter]:
        """Read the limits that are put on measured affinities, or on computed values.

        Args:
            affinities: Which of the two.
            usual: Measure that a limit without one is put on.
            usual_unit: Unit of a limit without one.
        """
        self.usual, self.usual_unit = usual, usual_unit
        found: list[Filter] = []
        while (one := self._filter(affinities)) is not None:
            found.append(one)
        return found if affinities else [*found, *self._comparatives()]

    def _comparatives(self) -> list[Filter]:
        """Read "heavier than 800 g/mol" and "longer than 1,000 residues"."""
        found = []
        for place, piece in enumerate(self.pieces):
            role: Role = "more" if piece.says("more") else "less"
            said = piece.value(role)[:1]
            number = next((n for n in (place + 2, place + 3) if n < len(self.pieces) and self.pieces[n].number), None)
            if not said or said == ("affinity",) or number is None or not self.pieces[place + 1].says("than"):
                continue
            places = [place, *range(place + 1, number + 1)]
            unit = self.pieces[number + 1] if number + 1 < len(self.pieces) else None
            if unit is not None and unit.says("unit", "residue") and fits(said[0], unit):
                places.append(number + 1)
            shown = (
                (next(iter(unit.value("unit")), "residues") if unit else "") if len(places) > number - place + 1 else ""
            )
            self.used.update(places)
            self._bars_misfit(said[0], number + 1)
            value, relation = self.pieces[number].number or 0.0, _RELATIONS[">" if role == "more" else "<"]
            found.append(Filter(said[0], relation, value, shown, self._words(places)))
        return found

    def _filter(self, affinities: bool) -> Filter | None:
        """Read the next limit; None where none is left."""
        for place, piece in enumerate(self.pieces):
            if place in self.used or not piece.says("relation", "between"):
                continue
            numbers, places = self._numbers(place, piece)
            numbers, own_units = self._in_one_unit(numbers, places)
            if not numbers:
                continue
            unit, unit_place = self._unit(max(number for number in places if self.pieces[number].number is not None))
            unit = unit or self.usual_unit
            if unit and affinities != (unit in IN_NM):
                continue
            field_name, field_place = self._field(place, affinities)
            counts = not affinities and any(p.says("residue") for p in self.pieces[max(places) + 1 : max(places) + 2])
            if (field_name == "" and not counts) or (affinities and (field_name == SCORE) == bool(unit)):
                continue
            if counts:
                field_name, field_place, unit, unit_place = "length", None, "residues", max(places) + 1
            if not affinities and field_place != max(places) + 1 and self._bars_misfit(field_name, max(places) + 1):
                unit, unit_place = "", None
            relation = self._relation(piece, field_name, len(numbers))
            used = {place, *places, *own_units, *([unit_place] if unit_place is not None else [])}
            self.used |= used
            said = sorted(used)
            if field_place is not None and affinities:
                self.used.add(field_place)
                said = [field_place, *said]
            words = self._words(said)
            value = tuple(numbers) if len(numbers) > 1 else numbers[0]
            return Filter(field_name, relation, value, unit, words)
        return self._words_for_limits() if affinities else None

    def _bars_misfit(self, field_name: str, place: int) -> bool:
        """Keep what stands right behind the number of a limit unread where it is no unit of what is limited."""
        if place >= len(self.pieces) or fits(field_name, self.pieces[place]):
            return False
        self.used.add(place)
        self.misfits.add(place)
        return True

    def _words(self, places: Sequence[int]) -> str:
        """Return what stands at places, "and" between two numbers."""
        words: list[str] = []
        for number, place in enumerate(places):
            piece = self.pieces[place]
            if piece.number is not None and any(self.pieces[other].number is not None for other in places[:number]):
                words.append("and" if "between" in " ".join(words).lower() else "to")
            words.append(" ".join(piece.text.split()))
        return " ".join(words)

    def _numbers(self, place: int, piece: Piece) -> tuple[list[float], list[int]]:
        """Return the numbers that belong to a relation and where they stand."""
        if piece.text.lower() in _AFTER:
            before = [number for number in range(place - 1, -1, -1) if not _skipped(self.pieces[number])]
            for number in before[:2]:
                value = self.pieces[number].number
                if value is not None:
                    return [value], [number, *before[: before.index(number)]]
            return [], []
        wanted = 2 if piece.says("between") or self._ends_with_another(place) else 1
        numbers: list[float] = []
        places: list[int] = []
        for number in range(place + 1, len(self.pieces)):
            other = self.pieces[number]
            if other.number is not None:
                numbers.append(other.number)
                places.append(number)
                if len(numbers) == wanted:
                    return numbers, places
            elif not (_skipped(other) or other.says("and", "unit", "than") or other.text == "-"):
                break
        return [], []

    def _ends_with_another(self, place: int) -> bool:
        """Whether "from" opens a range: "from 10 nM to 100 nM"."""
        if self.pieces[place].text.lower() != "from":
            return False
        after = [piece for piece in self.pieces[place + 1 :] if not piece.says("unit")]
        return len(after) > 2 and after[0].number is not None and after[1].text.lower() == "to" and (
            after[2].number is not None
        )  # fmt: skip

    def _in_one_unit(self, numbers: list[float], places: list[int]) -> tuple[list[float], list[int]]:
        """Return the ends of a range in the unit of the last, and where the first has one of its own."""
        if len(numbers) != 2 or places[0] + 1 >= len(self.pieces):
            return numbers, []
        own, (last, _) = self.pieces[places[0] + 1].value("unit"), self._unit(places[1])
        if not own or own[0] not in IN_NM or last not in IN_NM:
            return numbers, []
        return [numbers[0] * IN_NM[own[0]] / IN_NM[last], numbers[1]], [places[0] + 1]

    def _unit(self, place: int) -> tuple[str, int | None]:
        after = place + 1
        if after < len(self.pieces) and self.pieces[after].says("unit"):
            return self.pieces[after].value("unit")[0], after
        return "", None

    def _field(self, place: int, affinities: bool) -> tuple[str, int | None]:
        """Return what a limit is put on, and where that stands: the nearest before it, else the nearest after."""
        role: tuple[Role, ...] = ("measure",) if affinities else ("value",)
        order = [*range(place - 1, -1, -1), *range(place + 1, len(self.pieces))]
        for number in order:
            for one in role:
                if (value := self.pieces[number].value(one)) and value[0] not in ("assay results",):
                    return value[0], number
        return (self.usual or ANY_CONCENTRATION, None) if affinities else ("", None)

    def _relation(self, piece: Piece, field_name: str, count: int) -> FilterRelation:
        if count > 1:
            return "between"
        said = piece.value("relation")[0]
        if said in ("better", "worse"):
            return ">" if (said == "better") == (field_name == SCORE) else "<"
        return _RELATIONS[said]

    def _words_for_limits(self) -> Filter | None:
        """Read limits that are words: single-digit nanomolar (from 1 to below 10), subnanomolar."""
        if self.pending is not None:
            other, self.pending = self.pending, None
            return other
        for place, piece in enumerate(self.pieces):
            if place in self.used or not piece.says("limit"):
                continue
            self.used.add(place)
            relation, *values = piece.value("limit")
            words = f"{piece.text} ({'below' if relation != 'between' else f'{values[0]} to below'} {values[-1]} nM)"
            if relation == "between":
                self.pending = Filter(self._field(place, affinities=True)[0], "<", float(values[1]), "nM", words)
                relation, values = ">=", values[:1]
            number = float(values[0])
            field_name, field_place = self._field(place, affinities=True)
            if field_place is not None:
                self.used.add(field_place)
            return Filter(field_name, _RELATIONS[relation], number, "nM", words)
        return None


def names_several(piece: Piece) -> bool:
    """Whether a piece is a plural noun for molecules, proteins or a class of them."""
    called = piece.says("kind", "class") or piece.value("pronoun")[:1] in KINDS
    last = piece.text.lower().split()[-1]
    return called and singular_of(last) != last


def _joins(piece: Piece) -> bool:
    """Whether a piece may stand between the names of one list."""
    if piece.mark:
        return piece.text in (",", ";")
    return piece.thing is None and bool(piece.meanings) and piece.says("and", "compare", "filler", "kind", "class")


def _opens_nothing(piece: Piece) -> bool:
    """Whether a clause may begin with a piece without being opened by it: "please", "and", but not "can"."""
    if piece.thing is not None or not piece.meanings or piece.text.lower() in ("can", "could", "would"):
        return False
    return all(meaning.role in ("filler", "and") for meaning in piece.meanings)


def _skipped(piece: Piece) -> bool:
    return not piece.thing and (piece.mark or piece.says("filler", "aux"))


def _neutral(piece: Piece) -> bool:
    """Whether a piece changes nothing wherever it stands."""
    if piece.thing is not None or not piece.meanings:
        return piece.mark
    if piece.says("negation", "only"):
        return False
    return piece.mark or piece.says(*NEUTRAL) or piece.value("wh") in (("what",), ("which",))
