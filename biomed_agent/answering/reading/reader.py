"""A question in plain words, read: every clause becomes a query, or the words of it that were not read are named.

No language model takes part. Names and structures are found first (:mod:`.mentions`), the words around them are looked
up in one table (:mod:`.words`), and the frames try to fill a query from them. A frame that leaves no word unread is
taken; where none does, the one that leaves fewest says what the nearest question is.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from biomed_agent.answering.reading import comparisons, counting, frames, lists, statements
from biomed_agent.answering.reading.mentions import Mention, find_mentions
from biomed_agent.answering.reading.phrases import Meaning, Role, folded_words, singular_of
from biomed_agent.answering.reading.slots import Given, Slots
from biomed_agent.answering.reading.tagging import SENTENCE_MARKS, Piece, Thing, pieces_of
from biomed_agent.answering.reading.terms import RecordedTerms
from biomed_agent.answering.reading.turning import as_question
from biomed_agent.answering.reading.unread import left_over, of_no_frame, shown
from biomed_agent.answering.reading.words import phrases
from biomed_agent.core.query import EntityKind, Query

if TYPE_CHECKING:
    from biomed_agent.sources.local import LocalIndex

_EITHER: frozenset[EntityKind] = frozenset({"molecule", "protein"})


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing that a question asks.

    Args:
        query: What it was read as; None where no frame fits.
        unread: Words of it that were not read.
        pieces: What it was cut into.
        text: Its words.
        rivals: Other queries that read every word as well.
        meant: What a pronoun for one thing can mean, where one question named several of a kind.
    """

    query: Query | None
    unread: tuple[str, ...] = ()
    pieces: tuple[Piece, ...] = ()
    text: str = ""
    rivals: tuple[Query, ...] = ()
    meant: tuple[Thing, ...] = ()


class Reading:
    """The words of a question as far as they can be read before anything is resolved.

    Args:
        text: The question as asked.
        index: Its names are the lexicon.
        given: What was given beside the question, or named before it.
    """

    def __init__(self, text: str, index: LocalIndex, given: Given | None = None) -> None:
        self.text = text
        self.index = index
        self.mentions = _without_words(find_mentions(text, index), text, index)
        self.things = [Thing(mention, mention.text, _kinds(mention, index)) for mention in self.mentions]
        self.pieces = _without_labels(_with_patterns(text, pieces_of(text, self.things)))
        self.given = given or Given()
        self._terms = RecordedTerms(index)
        self._statement = partial(statements.statement, terms=self._terms)

    def clauses(self) -> list[Clause]:
        """Read the clauses of the question, in order."""
        clauses: list[Clause] = []
        given = self.given
        for part in _split(self.pieces):
            clause = self._read(part, given)
            clauses.append(clause)
            if named := [piece.thing for piece in part if piece.thing is not None]:
                given = Given(given.things, _last(named, given.last), tuple(named))
        return clauses or [Clause(None)]

    def _read(self, pieces: Sequence[Piece], given: Given) -> Clause:
        ends = next((sign for sign in self.text[pieces[-1].end :].lstrip() if sign in SENTENCE_MARKS), "")
        blank = Slots(self.text, as_question(pieces, ends), given)
        best: tuple[int, Query, Slots] | None = None
        two_fold = any(piece.says("measure") and piece.says("value") for piece in pieces)
        rivals: list[Query] = []
        for frame in self._frames():
            slots = blank.fresh()
            query = frame(slots)
            if query is None:
                continue
            left = len(slots.unread())
            if left and best is not None and left == best[0] and frame is self._statement:
                best = (left, query, slots)  # what is supposed may be checked all the same
            if left == 0:
                if best is not None and best[0] == 0:
                    rivals += [query] if query.frame in ("value", "list") else []
                    continue
                best = (0, query, slots)
                if not two_fold:
                    break
                continue
            if best is None or left < best[0]:
                best = (left, query, slots)
        text = self.text[pieces[0].start : pieces[-1].end]
        if best is None:
            return Clause(None, shown(self.text, of_no_frame(blank)), tuple(pieces), text)
        left, query, slots = best
        rivals = [other for other in rivals if other.frame != query.frame] if query.frame in ("value", "list") else []
        unread = shown(self.text, left_over(slots, query.frame)) if left else ()
        return Clause(query, unread, tuple(pieces), text, tuple(rivals), _meant(query, pieces, given))

    def _frames(self) -> Iterator[Callable[[Slots], Query | None]]:
        """Yield the frames, the more particular first."""
        yield from (
            frames.talk, frames.papers, counting.path, counting.count, counting.residue, comparisons.by_affinity,
            frames.pair, comparisons.by_structure, comparisons.by_value, frames.hazards, lists.similar,
            lists.containing, lists.ingredient, lists.partners, lists.known_here, frames.approved, frames.values,
            frames.name_of, frames.described, comparisons.side_by_side, self._statement, frames.identified,
        )  # fmt: skip
        yield partial(lists.by_attribute, terms=self._terms)


def _meant(query: Query, pieces: Sequence[Piece], given: Given) -> tuple[Thing, ...]:
    """Return what "it" may mean where a query took one of several things of a kind that one question named."""
    spoken = [piece.value("pronoun") for piece in pieces if piece.says("pronoun")]
    if not spoken or given.things or any(value[1:] == ("several",) for value in spoken):
        return ()
    named = {piece.thing.text for piece in pieces if piece.thing is not None}
    asked = [subject.text for subject in query.subjects if subject.text not in named]
    for thing in given.together:
        alike = {other.text: other for other in given.together if other.kinds & thing.kinds}
        if thing.text in asked and len(alike) > 1 and not set(alike) <= set(asked):
            return tuple(alike.values())
    return ()


def _last(named: Sequence[Thing], before: Sequence[Thing]) -> tuple[Thing, ...]:
    """Return what a pronoun may mean after things were named: they, and of the other kind what was named before."""
    kinds = {kind for thing in named for kind in thing.kinds}
    return (*named, *(thing for thing in before if not thing.kinds & kinds))


def _kinds(mention: Mention, index: LocalIndex) -> frozenset[EntityKind]:
    """Return what a mention can be, as far as its shape or the index tells."""
    if mention.how in ("structure", "systematic"):
        return frozenset({"molecule"})
    if mention.how == "sequence":
        return frozenset({"protein"})
    text = mention.text
    if mention.how == "identifier":
        head = text.partition(":")[0].lower()
        if head in ("uniprot", "gene", "seq", "ec") or not _molecular(text):
            return frozenset({"protein"})
        return frozenset({"molecule"}) if head != "name" else _EITHER
    kinds: set[EntityKind] = set()
    if index.molecules_named(text):
        kinds.add("molecule")
    if index.proteins_named(text):
        kinds.add("protein")
    for candidate in index.homonyms(text):
        if candidate.kind not in ("molecule", "protein"):
            return _EITHER  # one meaning has no record here: what the name is must be asked
        kinds.add(candidate.kind)
    if not kinds and " " in text:  # a variant: BRAF V600E
        kinds = {"protein"} if index.proteins_named(text.rpartition(" ")[0]) else set()
    if not kinds and mention.how == "lexicon":
        return frozenset({"protein"})  # a gene that only UniProt has
    return frozenset(kinds) or _EITHER


def _molecular(text: str) -> bool:
    """Whether an identifier is that of a molecule."""
    from biomed_agent.core.identifiers import ACCESSION, ENTRY_NAME

    return not (ACCESSION.fullmatch(text) or ENTRY_NAME.fullmatch(text))


def _without_words(mentions: Sequence[Mention], text: str, index: LocalIndex) -> list[Mention]:
    """Drop what is a word of the table before it is a name: "rank", "rest", and "ring", but not "RANK"."""
    return [mention for mention in mentions if not _is_word(mention) and not _is_class(mention, text, index)]


def _is_class(mention: Mention, text: str, index: LocalIndex) -> bool:
    """Whether a name stands for a class of things: "penicillins", "the sirtuin family"."""
    if mention.how != "lexicon":
        return False
    lowered = text[mention.start : mention.end].lower()
    plural = lowered.endswith("s") and singular_of(lowered.split()[-1]) != lowered.split()[-1]
    if plural and index.molecules_with("", lowered, 0).total > 1:
        return True
    family = folded_words(text[mention.end : mention.end + 12])[:1] in (("family",), ("families",))
    return family and index.proteins_with("", mention.text, 0).total > 1


def _is_word(mention: Mention) -> bool:
    if mention.how != "lexicon" or " " in mention.text:
        return False
    if sum(letter.isupper() for letter in mention.text) > 1:
        return False
    words = folded_words(mention.text)
    meanings = phrases().meanings(words)
    foreign = any(meaning.role == "abroad" for meaning in meanings)
    return any(
        meaning.role not in ("term", "part", "abroad")
        or (foreign and meaning.role == "term" and meaning.value[:1] != (mention.text.lower(),))
        for meaning in meanings
    )


def _with_patterns(text: str, pieces: Sequence[Piece]) -> list[Piece]:
    """Join the signs after "SMARTS" to the pattern they write."""
    said = next((n for n, piece in enumerate(pieces) if piece.text.lower().startswith("smarts")), None)
    if said is None:
        return list(pieces)
    for number in range(said + 1, len(pieces)):
        piece = pieces[number]
        if piece.says("filler", "aux", "wh", "smarts", "contain") and piece.thing is None:
            continue
        start, end = piece.start, text.find(" ", piece.start)
        end = len(text) if end == -1 else end
        pattern = text[start:end].rstrip("?!,;:\"'")
        whole = Piece(pattern, start, start + len(pattern), (Meaning("other"),))
        return [*pieces[:number], whole, *(other for other in pieces[number:] if other.start >= start + len(pattern))]
    return list(pieces)


_LABELS = {"SMILES": "structure", "sequence": "sequence", "InChIKey": "identifier", "InChI": "identifier",
           "CAS number": "identifier", "cid": "identifier", "chebi": "identifier", "drugbank": "identifier",
           "chembl": "identifier", "accession": "identifier"}  # fmt: skip
"""what a word before a structure or an identifier says of it, as in "the SMILES CCO", and how that was found"""


def _without_labels(pieces: Sequence[Piece]) -> list[Piece]:
    """Read words that only say how the next thing is written as filler."""
    read = list(pieces)
    for number, (piece, following) in enumerate(itertools.pairwise(pieces)):
        thing = following.thing
        named = [value[0] for value in piece.values("value")]
        if thing is None or thing.mention is None or piece.thing is not None:
            continue
        if any(_LABELS.get(name) == thing.mention.how for name in named):
            read[number] = Piece(piece.text, piece.start, piece.end, (Meaning("filler"),))
    return read


_CONTENT: tuple[Role, ...] = (
    "pronoun", "value", "adjective", "bind", "measure", "partner", "more", "less", "similar", "hazard", "hazards",
    "describe", "papers", "family", "function", "where", "name", "residue", "effect", "encode", "use",
)  # fmt: skip
"""what a question must hold that "and" or a comma parts from the one before"""
_OPENERS = ("wh", "count", "aux", "imperative", "describe", "compare")


def _split(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Part a question into clauses: at the end of sentences, and where "and" opens another question."""
    parts: list[list[Piece]] = [[]]
    for number, piece in enumerate(pieces):
        if piece.mark and piece.text in SENTENCE_MARKS and not _abbreviates(pieces, number):
            parts.append([])
            continue
        joins = piece.says("and") or piece.text in (",", "but") or piece.text.lower() == "but"
        if joins and _asks(parts[-1]) and _opens(pieces, number + 1):
            parts.append([])
            continue
        parts[-1].append(piece)
    kept = [part for part in parts if any(not piece.mark and not _idle(piece) for piece in part)]
    telling = [part for part in kept if any(_tells(piece) for piece in part)]
    return telling if telling and len(kept) > 1 else kept


def _tells(piece: Piece) -> bool:
    """Whether a piece asks or names something by itself; "Do you have it?" and "Could you help?" do not."""
    if piece.mark:
        return False
    if piece.thing is not None or not piece.meanings:
        return True
    if piece.says("organism"):
        return piece.text.lower() != "human"  # "(human)" says what every name means
    return not piece.says("filler", "aux", "pronoun", "and", "talk", "wh", "imperative", "abroad")


def _abbreviates(pieces: Sequence[Piece], place: int) -> bool:
    """Whether a full stop belongs to an abbreviation such as "e.g."."""
    if pieces[place].text != "." or not place:
        return False
    before = pieces[place - 1]
    return (
        (len(before.text) == 1 or before.text.lower() in ("vs", "cf", "approx", "resp"))
        and before.thing is None
        and before.number is None
        and before.end == pieces[place].start
    )


def _idle(piece: Piece) -> bool:
    return piece.thing is None and bool(piece.meanings) and all(meaning.role == "filler" for meaning in piece.meanings)


def _asks(pieces: Sequence[Piece]) -> bool:
    """Whether a clause so far asks something of something."""
    about = any(piece.thing is not None or piece.says("pronoun") for piece in pieces)
    asking = (piece for piece in pieces if piece.thing is None and piece.text.lower() not in ("or", "vs", "versus"))
    return about and any(piece.says(*_ASKING) for piece in asking)


_ASKING: tuple[Role, ...] = ("wh", "aux", "value", "count", "imperative", "describe", "compare", "bind", "measure",
                             "identify", "similar", "name", "hazards", "partner")  # fmt: skip


def _opens(pieces: Sequence[Piece], place: int) -> bool:
    """Whether another question begins at a place: "and how heavy is it", "and does it bind EGFR"."""
    following = list(pieces[place:])
    while following and following[0].mark:
        following = following[1:]
    while following and (following[0].says("and") or _idle(following[0])):
        following = following[1:]
    if not following:
        return False
    first = following[0]
    if first.thing is not None or not first.meanings:
        return False
    opens = first.meanings[0].role in _OPENERS or first.says("wh", "count")
    end = next((n for n, piece in enumerate(following) if piece.mark), len(following))
    content = any(piece.thing is not None or not piece.meanings or piece.says(*_CONTENT) for piece in following[1:end])
    return opens and (content or first.says("describe", "compare"))
