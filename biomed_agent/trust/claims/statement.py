"""Reads plain English statements about one thing: sentences, what they speak of, what they assert.

Only sentence shapes that are understood for certain give assertions: *X is a ...*, *X has / contains ...*,
*X lacks ...*, with the relative clauses and participles that go with them. Whatever is hedged, relational or
otherwise out of reach gives none, so that a reader of assertions is never misled. The grammar is that of
database descriptions (ChEBI, UniProt) and of what language models make of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from biomed_agent.core.words import split_sentences

Relation = Literal["is", "has", "role", "parent"]


@dataclass(frozen=True, slots=True)
class Assertion:
    """One thing a sentence says of its subject."""

    relation: Relation
    """``is`` a class, ``has`` a part, ``role`` it plays, ``parent``: a substitution product of"""
    words: str
    """the noun phrase in lower case, without article"""
    negated: bool = False
    number: int | None = None
    """how many, where a number is stated"""
    source: str = ""
    """the words of the sentence it was read from, without those that deny it"""
    total: bool = False
    """True when ``number`` is said to be all there are"""
    least: bool = False
    """True when there may be more than ``number``, as when positions are given"""
    placed: bool = False
    """True when positions are stated, which are not compared"""
    named: bool = False
    """True for *is* without an article, as in ``is chalcone``: the compound itself rather than its class"""
    alone: bool = False
    """True when no relative clause or participle goes with the noun, as in ``is chalcone substituted by``"""

    @property
    def accounts_for(self) -> str:
        """The words of the sentence that are read with it; words that deny, wherever they stand, when it is negated."""
        return f"{self.source} {_DENIALS}" if self.negated else self.source


NUMBER_WORDS = {
    word: number
    for number, word in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())
} | {"no": 0, "a": 1, "an": 1, "single": 1, "several": 2, "multiple": 2, "both": 2}

_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|vs|approx|ca|cf|sp|spp|subsp|var|str|Dr|Fig|No|al|St|Inc|resp)\.$")
_BREAK = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]*[A-Z0-9]|it\b)|\s*\n+\s*")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋⁺⁻′’‘“”–—−‐‑\u00a0", "0123456789+-+-'''\"\"-----\x20")

HEDGES = re.compile(
    r"\b(?:may|might|could|would|possibly|probably|perhaps|likely|unlikely|potentially|presumably|apparently|seems?|"
    r"appears? to|suggest\w*|predicted|putative(?:ly)?|hypothe\w+|thought to|believed to|assumed|reported(?:ly)?|"
    r"similar to|resembl\w+|reminiscent|comparable|if|unless|whether|can|should|formerly|used to be|almost|nearly|"
    r"was|were|neither|nor|either|or)\b"
)
"""words after which a clause asserts nothing for certain"""

_THINGS = {
    "molecule": r"(?:molecule|compound|substance|drug|structure|chemical|agent|entity|natural product|query)",
    "protein": r"(?:protein|enzyme|polypeptide|sequence|gene product|receptor|kinase|entity|query)",
}
_OPENING = (
    r"(?:(?:in addition|chemically|structurally|overall|moreover|furthermore|also|thus|hence|therefore|however|"
    r"specifically|in summary|notably|additionally|yes|no|here|in fact|indeed)[,:]? |"
    r"(?:unlike|like|due to|because of|owing to|given|based on|compared (?:with|to)|in contrast to) [^,]{1,60}, )?"
)
_APPOSITION = (
    r"(?:,? (?:also|otherwise|commonly)?(?: known| called| named| referred to)? ?as [^,]+,|,? \([^()]*\)|, or [^,]+,)?"
)
_ADVERB = r"(?: (?:also|itself|clearly|indeed|certainly|definitely|therefore|thus|structurally|chemically|formally))*"

_IS = (
    r"(?:is|are)(?: (?:classified|classed|categori[sz]ed|described|characteri[sz]ed|defined|known|recogni[sz]ed|"
    r"regarded) as)?|belongs to|falls (?:in|into|under|within)|represents|constitutes"
)
_HAS = (
    r"has|have|contains?|bears?|carries|possess(?:es)?|features?|includes?|comprises?|incorporates?|"
    r"(?:is|are) (?:substituted|decorated|functionali[sz]ed) (?:by|with)|displays?|exhibits?"
)
_LACKS = r"lacks?|(?:is|are) (?:devoid|free) of|(?:is|are) (?:lacking|without|missing)"
_VERB = re.compile(
    rf"(?:(?P<unread>consists? of|(?:is|are) (?:composed|made)(?: up)? of|weighs)|(?P<lacks>{_LACKS})|"
    r"(?P<hasnot>(?:does not|doesn't|do not|don't) (?:have|contain|bear|carry|possess|feature|include|comprise))"
    rf"|(?P<isnot>(?:is|are) not|isn't|aren't|(?:does not|doesn't) belong to)|(?P<has>{_HAS})|(?P<is>{_IS}))"
    rf"(?P<adverb>{_ADVERB})\b ?"
)
_TAIL = re.compile(
    r"(?:^|,? )(?P<word>that|which|who|whose|where|in which|with|having|bearing|carrying|containing|lacking|without|"
    r"consisting|composed|substituted|comprising|featuring|possessing|of|for|from|by|as|to|on|in|at|via|but|while|"
    r"although|though|because|since|when|than|rather|instead|except|attached|linked|fused|connected|bonded|joined|"
    r"located|present|replaced|obtained|derived|formed|resulting|arising|isolated|produced|found|used|developed|"
    r"named|called|made|acting|targeting|conjugated|bound|between|through|within|so|per|respectively|is|are|has|"
    r"(?:\w+ly )?\w+(?:ed|en|wn)(?= (?:with|by|to|from|in|as|for|at|on|of)\b)|"
    r"inhibits?|binds?|acts?|causes?|plays?|exhibits?|shows?|does|due|plus)\b(?!-)|[;:]| - "
)
_HAS_TAIL = re.compile(
    r"(?:with|having|bearing|carrying|containing|comprising|featuring|possessing|substituted (?:by|with)|"
    r"(?:that|which) (?:has|have|contains?|bears?|carries|possesses|features|comprises|is substituted (?:by|with)))\b ?"
)
_LACKS_TAIL = re.compile(
    r"(?:lacking|without|(?:that|which) (?:lacks?|is devoid of|does not (?:have|contain|bear|possess|carry)))\b ?"
)
_GONE = re.compile(
    r"\b(?:replac|remov|reduc|oxidi|methylat|esterif|convert|missing|absent|mask|protect|acylat|alkylat|deproton|proton|"
    r"cleav|lost|loss|hydroly|formally|condens|glycosylat|derivati|instead)"
)
_LOCANT = (
    r"(?:[nosc]-?\d[\w']*|n[\d']*|\d+[a-z]*'*(?:\([a-z\d]+\))?(?:,\d+[a-z]*'*)*|ortho|meta|para|alpha|beta|gamma|"
    r"omega|[a-z]-\d+)"
    r"(?: position)?(?=[\s,;.]|$)"
)
_POSITION = re.compile(
    rf" (?:located |attached )?(?:at|in|on|to) (?:both |the )?(?:(?:ring |carbon )?positions? )?"
    rf"(?P<first>{_LOCANT})(?P<more>(?:(?:, and |, | and | or ){_LOCANT})*)(?:[ -]positions?)?(?=[\s,;.]|$)"
)
_MEMBER = re.compile(
    r"\b(?:an? |one of the |the )?(?:members?|types?|kinds?|examples?|sub-?classe?s?|representatives?|instances?|one)"
    r" of "
    r"(?:the |an? )?(?:(?:chemical |structural |compound )?(?:class|famil(?:y|ies)|group|series|classes) of )?"
    r"(?:(?:organic )?compounds (?:known as|called) )?"
)
_CLASS_OF = re.compile(
    r"\bthe (?:chemical |structural |compound )?(?:class|family|group) of "
    r"(?:(?:organic )?compounds (?:known as|called) )?"
)
_DETERMINER = re.compile(
    r"^(?:(?:and|also|both|another|the|an?|one|its|any|some|further|additional|unusual|distinct|simple|further|or) )+"
)


_NEUTRAL = frozenset(
    "a an the but it its itself this that these which is are be being and also both as of in on at to by with from "
    "has have having contains contain bears bear carries possesses features includes comprises carrying bearing "
    "containing possessing featuring comprising does do belongs falls under into represents chemical structure group "
    "groups class classes family member members type kind example one classified described defined known called "
    "addition chemically structurally overall moreover furthermore thus hence therefore however specifically summary "
    "notably additionally yes here fact indeed clearly certainly definitely formally role total there".split()
)
"""words that say nothing by themselves"""
_KINDS = {
    "molecule": frozenset("molecule molecules compound compounds substance".split()),
    "protein": frozenset({"protein", "proteins"}),
}
"""words that say no more than what kind of thing is spoken of"""
_DENIALS = "no not none isn't aren't doesn't don't without lacks lack lacking devoid free missing"
"""words that an assertion read as denied accounts for"""


def _tokens(text: str) -> list[str]:
    words = (word.strip(".,;:!?\"'()[]") for word in re.split(r"\s+|; ?", text.lower()))
    return [word for word in words if re.search(r"\w", word)]


def normalise(text: str) -> str:
    """Replace typographic digits, quotes and dashes, drop markup, and squeeze white space."""
    plain = re.sub(
        r"[*_`$]|</?(?:[biup]|em|strong|sub|sup|br|span|small|code)(?: ?/)?>", "", text.translate(_SUBSCRIPTS)
    )
    return re.sub(r"\s+", " ", plain).strip()


def sentences(text: str) -> list[str]:
    """Split text into sentences; joined again they are the text, but for white space between them."""
    return split_sentences(text, _BREAK, _ABBREVIATION)


@dataclass(frozen=True, slots=True)
class Subject:
    """The thing a text is about, and the words it may be called by."""

    names: tuple[str, ...]
    kind: Literal["molecule", "protein"]

    def pattern(self, sentence: str) -> str:
        """Return a regular expression (lower case) of a subject: a pronoun, *this molecule*, or one of the names.

        Only the names that stand in the sentence are in it: to compile some hundred synonyms takes longer than all
        that is then done with them.
        """
        thing, lowered = _THINGS[self.kind], sentence.lower()
        named = (name.lower() for name in sorted(self.names, key=len, reverse=True) if len(name) > 1)
        known = "|".join(re.escape(name) for name in named if name in lowered or not sentence.isascii())
        called = rf"|(?:the )?(?:{thing} )?(?:{known})" if known else ""
        which = r"(?: (?:given|shown|query|input|small|title|full-length|mature|human))?"
        return rf"(?:it|this|(?:the|this|that|our|your){which} {thing}{called})"

    def _start(self, sentence: str) -> re.Match[str] | None:
        """Match the subject of a normalised sentence, whatever the verb, where it is this thing."""
        who = rf"(?P<opening>{_OPENING}){self.pattern(sentence)}(?P<also>{_APPOSITION})(?= )"
        return re.match(who, sentence.lower())

    def speaks(self, sentence: str) -> bool:
        """Tell whether the subject of a normalised sentence is this thing, whatever the verb."""
        return self._start(sentence) is not None

    def opening(self, sentence: str) -> int:
        """Return where what a normalised sentence says of this thing begins, after its subject; 0 without one."""
        who = self._start(sentence)
        verb = who and re.compile(f"{_ADVERB} ").match(sentence.lower(), who.end())
        return verb.end() if verb else 0

    def possessive(self, sentence: str) -> str:
        """Write *its* for *the molecule's* and *aspirin's* at the start of a normalised sentence."""
        match = re.match(rf"{self.pattern(sentence)}'s? ", sentence, re.IGNORECASE)
        return f"Its {sentence[match.end() :]}" if match else sentence

    def unread(self, sentence: str, reads: Iterable[str]) -> list[str]:
        """Return the words of a normalised sentence that say something and stand in nothing that was read."""
        lowered = sentence.lower()
        if who := self._start(sentence):
            also = who["also"]
            for name in self.names:
                also = also.replace(name.lower(), " ")
            lowered = f"{who['opening']} {also} {lowered[who.end() :]}"
        known = _NEUTRAL.union(_KINDS[self.kind], *(_tokens(words) for words in reads))
        return [word for word in _tokens(lowered) if word not in known]

    def is_pronoun(self, sentence: str) -> bool:
        """Tell whether the subject of a normalised sentence is a bare pronoun."""
        pattern = rf"{_OPENING}(?:it|its|this|these|they)\b(?! (?:\w+ )?{_THINGS[self.kind]})"
        return re.match(pattern, sentence.lower()) is not None

    def predicate(self, sentence: str) -> str | None:
        """Return what a normalised sentence says of this thing, from its verb on, in lower case.

        A fragment without a subject (``A chalcone that ...``, ``Contains a ...``) is taken to be about it.
        None means that the sentence speaks of something else or has another shape.
        """
        lowered = sentence.rstrip(" .!?").strip("\"'").strip().lower()
        match = re.match(rf"{_OPENING}(?:{self.pattern(lowered)}{_APPOSITION}{_ADVERB} )?(?={_VERB.pattern})", lowered)
        if match:
            return lowered[match.end() :]
        if re.match(r"an? [^.]+$", lowered) and not re.search(r"\b(?:was|were|it|this|these)\b", lowered):
            head = _TAIL.search(_CLASS_OF.sub("", _MEMBER.sub("", lowered)))
            if head is None or head["word"] in _FRAGMENT_TAILS:
                return f"is {lowered}"
        if re.fullmatch(r"[\w,'()\[\]-]+(?: (?:group|ring|moiety|substituent|core|skeleton))?", lowered):
            return f"is {lowered}"
        return None


_FRAGMENT_TAILS = frozenset(
    "that which where in which with having bearing carrying containing lacking without consisting composed substituted "
    "comprising featuring possessing obtained derived formed resulting arising".split()
) | {"in which"}


def assertions(predicate: str) -> list[Assertion]:
    """Return what a predicate asserts; empty when nothing is certain.

    Args:
        predicate: Lower-case text that starts with a verb, as :meth:`Subject.predicate` returns it.
    """
    results: list[Assertion] = []
    for clause in _clauses(predicate):
        verb = _VERB.match(clause)
        if verb is None or verb["unread"]:
            continue
        rest = clause[verb.end() :]
        hedge = HEDGES.search(clause)
        if hedge:  # what stands before the hedge is still said for certain
            if hedge.start() <= verb.end() + 2:
                continue
            before = rest[: max(0, hedge.start() - verb.end())]
            rest = before[: max([before.rfind(","), *(tail.start() for tail in _TAIL.finditer(before)), 0])]
        results += _read(rest, verb)
    return results


def _clauses(predicate: str) -> Iterator[str]:
    """Split at a semicolon, and at *and* plus a new verb while no relative clause stands in between."""
    for part in re.split(r"; (?:it |and )?", predicate):
        start = 0
        for joint in re.finditer(rf",? (?:and|but) (?:it )?(?={_VERB.pattern})", part):
            if (
                re.search(r"\b(?:that|which|whose|where|who)\b", part[start : joint.start()])
                and " it " not in joint.group()
            ):
                break
            yield part[start : joint.start()]
            start = joint.end()
        yield part[start:]


def _read(rest: str, verb: re.Match[str]) -> Iterator[Assertion]:
    if verb["lacks"] or verb["hasnot"]:
        yield from _parts(rest, "has", negated=True)
    elif verb["has"]:
        if role := re.match(r"(?:an? )?roles? as ", rest):
            yield from _roles(rest[role.end() :])
        elif nothing := re.match(r"(?:no|neither) ", rest):
            yield from _parts(rest[nothing.end() :], "has", negated=True)
        else:
            yield from _parts(rest, "has")
    else:
        yield from _parts(rest, "is", negated=bool(verb["isnot"]))


def _roles(text: str) -> Iterator[Assertion]:
    articles = re.search(r", an? | and an? ", text)
    for item in re.split(r"(?:,? and |, )(?=an? )" if articles else r",? and |, ", text):
        words = _DETERMINER.sub("", f"{item.strip()} ").strip()
        if words:
            yield Assertion("role", words, source=f"role {words}")


def _parts(text: str, relation: Relation, negated: bool = False) -> Iterator[Assertion]:
    """Read a list of noun phrases and the relative clause or participle that follows it."""
    text = re.sub(r" (?:as well as|along with|together with|plus) |,? but (?=not? )", " and ", f" {text}")
    text = _POSITION.sub(lambda match: f" @{1 + len(re.findall(_LOCANT, match['more']))}", text).strip()
    text = re.sub(r"\batoms? of (\w+)", r"\1 atoms", _CLASS_OF.sub("a ", _MEMBER.sub("a ", text)))
    text = re.sub(r" \((?:[^()]|\([^()]*\))*\)(?=[ ,;.]|$)", "", text)
    if re.match(r"(?:not|only|solely|exclusively|neither) (?!\d|\w+ \w+s\b)", text):
        return
    tail = _TAIL.search(text)
    head, rest = (text[: tail.start()], text[tail.start() :].strip(" ,")) if tail else (text, "")
    if rest.startswith("of which") or (relation == "has" and _GONE.search(rest.split(",")[0])):
        return
    cut = bool(rest) and tail is not None and tail["word"] not in _ASIDE
    if negated and (cut or "@" in head or re.match(r"(?:the|just|merely|simply|necessarily|purely) ", head)):
        return  # "lacks the methyl group at position 5", "is not an ester of ...": others may be there
    shared = "respectively" in text
    for chunk in re.split(r"(?<=@\d)(?:,? and |, )", head):
        items = [item for item in re.split(r",? and |, ", chunk) if item.strip()]
        for item, following in zip(items, [*items[1:], ""][: len(items)], strict=True):
            if relation == "is" and re.search(r"\b(?:derivatives|analog(?:ue)?s|related compounds)$", following):
                continue  # "benzoic acids and derivatives" holds more than benzoic acids
            if re.match(r" ?not? ", item) and ("@" in item or (cut and not following)):
                continue
            for assertion in _item(item, relation, negated, positional=len(items) == 1 and not shared):
                yield replace(assertion, alone=not cut or bool(following))
    if rest and not negated and not re.search(r"\b(?:salts?|complex|mixture|adduct|co-?crystal|combination)$", head):
        yield from _tail(rest, relation)


_ASIDE = frozenset({None, "but", "because", "since", "so", "although", "though", "while", "instead", "rather"})
"""words after which a clause begins that takes nothing from the noun before"""


def _item(item: str, relation: Relation, negated: bool, positional: bool) -> Iterator[Assertion]:
    positions = re.search(r"@(\d)", item)
    words = re.sub(r" ?@\d", "", item).strip()
    total = bool(re.match(r"(?:only|exactly|a total of|just) ", words))
    words = re.sub(r"^(?:only|exactly|a total of|just|at least) ", "", words)
    first, _, others = words.partition(" ")
    number, least = None, False
    if first.isdecimal() or (first in NUMBER_WORDS and first not in {"a", "an", "no", "both"}):
        number = int(first) if first.isdecimal() else NUMBER_WORDS[first]
        words = others
        least = bool(positions) or first in {"several", "multiple"} or item.startswith("at least ")
    elif positions and positional and re.search(r"s(?: |$)", words):
        number, least = int(positions[1]), True
    named = relation == "is" and _DETERMINER.match(f"{words} ") is None
    words = _DETERMINER.sub("", f"{words} ").strip()
    if denied := re.match(r"not? |none$", words):
        negated, words = True, _DETERMINER.sub("", f"{words[denied.end() :]} ").strip()
    if words and words not in {"no", "not"}:
        source = re.sub(r"@\d", "", item)
        yield Assertion(relation, words, negated, number, source, total, least, placed=bool(positions), named=named)


def _tail(rest: str, relation: Relation) -> Iterator[Assertion]:
    if match := _LACKS_TAIL.match(rest):
        yield from _parts(rest[match.end() :], "has", negated=True)
    elif match := _HAS_TAIL.match(rest):
        if not re.match(r"(?:the|its) ", rest[match.end() :]):
            yield from _parts(rest[match.end() :], "has")
    elif match := re.match(r"(?:that|which) is (?:also )?(?=an? )", rest):
        yield from _parts(rest[match.end() :], "is")
    elif match := re.match(
        r"(?:that|which) is (?P<name>[^ ]+(?: acid| alcohol)?) (?=(?:substituted(?! on )|bearing|carrying|having)\b)",
        rest,
    ):
        yield Assertion("parent", match["name"], source=match["name"])
        yield from _tail(rest[match.end() :], relation)
