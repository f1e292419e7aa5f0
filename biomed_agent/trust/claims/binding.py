"""Rules that decide what binds what, against the measured affinities of the local index.

A measured constant shows that two things bind, and for an enzyme that the molecule stands in its way. A lower bound
such as ``>=10000`` nM says that no binding was seen up to there, which contradicts it. No record of a pair says none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from biomed_agent.core.affinity import KIBA_BINDS, SCORE, WEAK, doubted, read
from biomed_agent.core.types import Entity, Fact, Molecule, Protein
from biomed_agent.trust.claims.findings import Finding, contradicted, supported, unverified
from biomed_agent.trust.claims.numbers import agrees
from biomed_agent.trust.claims.records import Records

_MARK = "\x00"
"""stands for a known name"""
_KIND = r"(?: (?:protein|kinase|tyrosine kinase|receptor|enzyme)s?)?"
_NAMES = rf"(?:the |human )*{_MARK}(?:(?:, and |, | and )(?:the )?{_MARK})*{_KIND}"
_NONE = rf"(?:neither (?:the )?{_MARK} nor (?:the )?{_MARK}|none of {_NAMES}){_KIND}"
_LIST = rf"(?:both )?{_NAMES}(?P<except>,? (?:but|and) not(?: (?:to|by|of|for))? {_NAMES})?"
_EITHER = rf"(?:the |human )*{_MARK}(?:(?:,? (?:or|nor|and) |, )(?:to |by |of |for )?(?:the )?{_MARK})*{_KIND}"
"""names behind a denial, which holds for each of them"""
_QUALITY = r"(?:(?:known|direct|small-molecule|also|an?|the) )*(?P<quality>(?:[\w/-]+,? (?:and )?){0,3})"
_VALUE = (
    r"(?P<sign>about |approximately |around |roughly |~|below |under |less than |above |over |more than )?"
    r"(?P<value>\d+(?:\.\d+)?)(?: ?(?P<unit>pm|nm|um|mm))?"
)
_MEASURE = (
    r"(?P<measure>kd|k_d|ki|ic50|ec50|kiba score|dissociation constant|binding constant|binding affinity|affinity)"
)
_AGENT = r"(?P<agent>inhibitor|ligand|binder|blocker|antagonist|agonist|activator|substrate|modulator|target)"
_FOR = r"(?:for|against|to|towards?|with|at|on)"
_VERB = r"(?P<verb>binds?|inhibits?|blocks?|targets?|interacts?|hits?)"
_HOW = r"(?: (?P<how>directly|strongly|tightly|potently|selectively|weakly))?"
_SHAPES = tuple(
    re.compile(rf"(?:{shape})(?: with (?:an? )?{_MEASURE}(?: value)?(?: of|:|=)? {_VALUE})?")
    for shape in (
        rf"(?P<before>\w+ly )?{_VERB}{_HOW}(?: to| with)? {_LIST}",
        rf"(?P<denied>does not|doesn't|do not|cannot|fails to|does neither)(?P<before> \w+ly)? {_VERB}"
        rf"{_HOW}(?: to| with)? (?:either )?{_EITHER}",
        rf"{_VERB}{_HOW}(?: to| with)? (?P<denied>){_NONE}",
        rf"(?:is|acts as|works as|serves as) {_QUALITY}{_AGENT} (?:of|for) {_LIST}",
        rf"(?:is|acts as|works as|serves as) (?P<denied>not ){_QUALITY}{_AGENT} (?:of|for) {_EITHER}",
        rf"(?:is|acts as|works as|serves as) (?P<denied>not )?{_QUALITY}{_MARK}{_KIND} {_AGENT}",
        rf"(?:is|acts as|works as|serves as) {_QUALITY}{_NAMES} {_AGENT}",
        rf"is (?P<passive>bound|inhibited|blocked|targeted|hit) by {_LIST}",
        rf"is (?P<denied>not )(?P<passive>bound|inhibited|blocked|targeted|hit) by {_EITHER}",
        rf"is (?P<passive>bound|inhibited|blocked|targeted|hit) by (?P<denied>){_NONE}",
        rf"(?P<denied>has no|shows no|lacks)(?: measurable| detectable| binding)* affinity "
        rf"(?:for|to|towards?) {_EITHER}",
    )
) + tuple(
    re.compile(shape)
    for shape in (
        rf"(?:has|shows|exhibits|with) (?:an? |the )?{_MEASURE}(?: value)?(?: of|:|=)? {_VALUE} "
        rf"{_FOR} (?:the )?{_MARK}",
        rf"(?:the |its |an? )?{_MEASURE}(?: value)? {_FOR} (?:the )?{_MARK} is {_VALUE}",
    )
)
_FACTORS = {"pm": 1e-3, "nm": 1.0, "um": 1e3, "mm": 1e6}
"""nM in each unit"""
_CONSTANTS = {"kd": "Kd", "k_d": "Kd", "dissociation constant": "Kd", "binding constant": "Kd", "ki": "Ki"}
_CONSTANTS |= {"ic50": "IC50", "ec50": "EC50", "kiba score": SCORE}
_BINDING = frozenset("bind binds interact interacts target targets hit hits ligand binder bound targeted".split())
"""words that say no more than that the two bind; ``inhibit`` and ``block`` also say what follows of it"""
_INHIBITING = frozenset("inhibit inhibits inhibited block blocks blocked inhibitor blocker".split())

Sight = Literal["seen", "disagree", "not seen", "counted as none", "none"]


class _Pair(NamedTuple):
    """What is on record about a molecule and a protein."""

    sight: Sight
    facts: tuple[Fact, ...]
    label: str


def binding(plain: str, opening: int, entity: Entity, records: Records) -> Iterator[Finding]:
    """Decide what a normalised sentence says of the binding of the thing.

    Args:
        plain: The sentence.
        opening: Where what is said of the thing begins, after its subject.
        entity: The thing.
        records: Measured affinities, and what names mean.
    """
    if not re.search(_WORDS, plain[opening:], re.IGNORECASE):
        return
    predicate = plain[opening:].rstrip(" .!").replace("µ", "u").replace("μ", "u")
    spans = records.spans(predicate)
    marked, last = "", 0
    for start, end in spans:
        marked, last = f"{marked}{predicate[last:start]}{_MARK}", end
    marked += predicate[last:]
    match = next((whole for shape in _SHAPES if (whole := shape.fullmatch(marked.lower()))), None)
    if match is None:
        return
    groups = match.groupdict()
    if not _runs(groups, entity):
        return
    unlike = marked[: match.start("except")].count(_MARK) if groups.get("except") else len(spans)
    for place, (start, end) in enumerate(spans):
        denied = groups.get("denied") is not None or place >= unlike
        decided = _decide(groups, denied, predicate[start:end], entity, records)
        if decided is None and len(spans) > 1:
            decided = unverified(f"{predicate[start:end]} is not known as a {_partner_of(entity)} here")
        if decided is not None:
            quality = " ".join(groups.get(group) or "" for group in ("quality", "how", "before")).split()
            read = [word for word in re.split(r"[\s,]+", predicate) if word.lower() not in quality]
            if quality and decided.verdict == "contradicted":  # weak, indirect: what the record rules out is less
                decided = unverified(decided.why)
            yield decided.for_words(" ".join(read))


_WORDS = (
    r"\b(?:bind|bound|inhibit|block|target|interact|hits?\b|ligand|agonist|antagonist|activator|substrate|modulator|kd\b|"
    r"k_d\b|ki\b|ic50|ec50|kiba|affinity|constant)"
)


def _partner_of(entity: Entity) -> str:
    return "protein" if isinstance(entity, Molecule) else "molecule"


def _runs(groups: dict[str, str | None], entity: Entity) -> bool:
    """Tell whether the sentence runs from molecule to protein, as *inhibits* does; *binds* runs either way."""
    molecule = isinstance(entity, Molecule)
    if groups.get("passive"):
        return groups["passive"] == "bound" or not molecule
    if groups.get("agent"):
        return (groups["agent"] == "target") is not molecule
    return molecule or (groups.get("verb") or "binds").rstrip("s") in ("bind", "interact")


def _decide(groups: dict[str, str | None], denied: bool, name: str, entity: Entity, records: Records) -> Finding | None:
    partners = [
        meaning.entity
        for meaning in records.meanings(name).things
        if isinstance(meaning.entity, Protein) is isinstance(entity, Molecule)
    ]
    if not partners:
        return None
    pair = _best([_pair(partner, name, entity, records) for partner in partners])
    word = groups.get("verb") or groups.get("agent") or groups.get("passive") or "binds"
    if groups.get("value"):
        finding = _measured(groups, pair)
        return unverified(finding.why) if denied else finding
    finding = _bound(pair)
    if word not in _BINDING | {"binds"} and finding.verdict == "supported":
        targets = [entity, *partners]
        enzyme = any(isinstance(target, Protein) and records.is_enzyme(target) for target in targets) or any(
            "kinase" in fact.provenance.source.lower() for fact in pair.facts
        )
        if word not in _INHIBITING or not enzyme:
            return unverified(f"{finding.why}; that the two bind does not show what follows of it ({word})")
    if word not in _BINDING | _INHIBITING | {"binds"} and finding.verdict == "contradicted":
        return unverified(finding.why)
    if _weak(pair) and (denied or word not in _BINDING | {"binds"}):
        return unverified(f"{finding.why}, which is weak")
    if denied and finding.verdict != "unverified":
        return (contradicted if finding.verdict == "supported" else supported)(finding.why, finding.provenance)
    return finding


def _weak(pair: _Pair) -> bool:
    """Tell whether all that is seen is binding so weak that some would deny it."""
    constants = [fact for fact in pair.facts if fact.predicate != SCORE]
    strong = [
        fact
        for fact in constants
        if (reading := read(fact)) is not None and reading.binds and reading.sign in "=?" and reading.value <= WEAK
    ]
    return pair.sight == "seen" and bool(constants) and not strong


def _pair(partner: Entity, name: str, entity: Entity, records: Records) -> _Pair:
    molecule, protein = (entity, partner) if isinstance(entity, Molecule) else (partner, entity)
    if not isinstance(molecule, Molecule) or not isinstance(protein, Protein):
        return _Pair("none", (), name)
    facts = tuple(fact for fact in records.affinities(molecule, protein) if not doubted(fact))
    of = f"{name} (records of the unchanged protein do not speak for {protein.variant})" if protein.variant else name
    return _Pair(_sight(facts), facts, of)


def _sight(facts: Sequence[Fact]) -> Sight:
    """Say what the numbers of a pair show."""
    constants = [fact for fact in facts if fact.predicate != SCORE]
    scores = [fact for fact in facts if fact.predicate == SCORE]
    if {True, False} <= {reading.binds for fact in constants if (reading := read(fact)) is not None}:
        return "disagree"
    if any(_exact(fact) is not None or _binds_though_open(fact) for fact in constants):
        return "seen"
    bound = any((score := _exact(fact)) is not None and score >= KIBA_BINDS for fact in scores)
    unseen = any(_lower_bound(fact) is not None for fact in constants)
    if bound or unseen:
        return "disagree" if bound and unseen else "seen" if bound else "not seen"
    return "counted as none" if scores else "none"


def _best(pairs: Sequence[_Pair]) -> _Pair:
    order: tuple[Sight, ...] = ("seen", "disagree", "not seen", "counted as none", "none")
    return min(pairs, key=lambda pair: order.index(pair.sight))


def _exact(fact: Fact) -> float | None:
    """Return the number that was measured; None for a bound."""
    return float(fact.value) if fact.relation == "=" and not isinstance(fact.value, str) else None


def _binds_though_open(fact: Fact) -> bool:
    """Whether a value means binding although its relation is not stated: it is smaller than bounds are."""
    return fact.relation == "not stated" and (reading := read(fact)) is not None and reading.binds is True


def _lower_bound(fact: Fact) -> float | None:
    """Return the number up to which no binding was seen; None where the fact is no lower bound."""
    return float(fact.value) if fact.relation in (">", ">=") and not isinstance(fact.value, str) else None


def _stated(fact: Fact) -> str:
    amount = fact.amount if isinstance(fact.amount, str) else f"{fact.amount:g}"
    loose = " (relation not stated)" if fact.relation == "not stated" else ""
    return f"{fact.predicate} {amount} {fact.unit}".strip() + loose


def _bound(pair: _Pair) -> Finding:
    listed = ", ".join(_stated(fact) for fact in pair.facts[:3])
    if pair.sight == "none" and pair.facts:
        return unverified(f"the record has {listed} for {pair.label}, which may be no more than a bound")
    if pair.sight == "none":
        return unverified(f"no measured affinity for {pair.label} is on record here")
    source = pair.facts[0].provenance
    if pair.sight == "seen":
        return supported(f"the record has {listed} for {pair.label}", source)
    if pair.sight == "disagree":
        return unverified(f"the records disagree: they have {listed} for {pair.label}")
    if pair.sight == "not seen":
        bound, limit = _unseen(pair)
        unit = bound.unit
        limit, unit = (limit / 1000, "uM") if unit == "nM" and limit >= 1000 else (limit, unit)
        return contradicted(f"the record says that no binding of {pair.label} was seen up to {limit:g} {unit}", source)
    return unverified(f"{listed} for {pair.label}, which is counted as no binding, being below {KIBA_BINDS}")


def _unseen(pair: _Pair) -> tuple[Fact, float]:
    """Return the bound up to which no binding was seen, and its number."""
    return next((fact, bound) for fact in pair.facts if (bound := _lower_bound(fact)) is not None)


def _beyond(groups: dict[str, str | None], pair: _Pair) -> Finding | None:
    """Compare a stated constant with the bound up to which no binding was seen; None where it lies below that."""
    bound, limit = _unseen(pair)
    value = float(groups["value"] or "") * _FACTORS.get(groups["unit"] or "", 1.0)
    sign, why = (groups["sign"] or "").strip(), _bound(pair).why
    if sign in ("over", "above", "more than") and value <= limit:
        return supported(why, bound.provenance)
    return unverified(why) if value >= limit or sign in ("over", "above", "more than") else None


def _measured(groups: dict[str, str | None], pair: _Pair) -> Finding:
    """Compare a stated constant with those on record, which differ from assay to assay."""
    if pair.sight == "not seen" and (finding := _beyond(groups, pair)):
        return finding
    if pair.sight in ("none", "not seen"):
        return _bound(pair)
    measure = _CONSTANTS.get(groups["measure"] or "", "")
    text, unit = groups["value"] or "", groups["unit"] or ""
    factor = _FACTORS.get(unit, 1.0)
    for fact in pair.facts:
        known = _exact(fact) if measure in ("", fact.predicate) and bool(fact.unit) is bool(unit) else None
        if known is not None and agrees(float(text), text, (groups["sign"] or "").strip(), known / factor):
            return supported(f"the record has {_stated(fact)} for {pair.label}", fact.provenance)
    listed = ", ".join(_stated(fact) for fact in pair.facts[:3])
    return unverified(f"the record has {listed} for {pair.label}; measured values differ from assay to assay")
