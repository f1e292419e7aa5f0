"""Checks what was said against the structure, the sequence and the records.

Each sentence becomes one :class:`~biomed_agent.core.types.Claim`. It is *contradicted* when an exact rule or an
exclusive record excludes one of its assertions, *supported* when each is shown and no word of it was left
unread, and *unverified* otherwise. Absence from a record never contradicts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from biomed_agent.core.chemistry.vocabulary import VOCABULARY
from biomed_agent.core.types import Claim, Entity, Fact, Molecule, Provenance
from biomed_agent.trust.claims import statement
from biomed_agent.trust.claims.findings import Finding, undenied, unverified
from biomed_agent.trust.claims.voice import turned

if TYPE_CHECKING:
    from biomed_agent.trust.claims.records import Records

MAX_SENTENCE = 2_000
"""longest sentence read, in characters"""
_ALSO = (
    r"(?:also|otherwise|commonly|better) (?:known as|called|named) |"
    r"(?:located|locali[sz]ed|found|secreted) (?:in|to|into) (?:the )?"
)
"""start of a fragment without a subject"""
_UNREAD = "nothing in it can be compared with a structure or record"
_OTHER = "it speaks of something else, or in a form that is not read"


def check_text(
    text: str, entity: Entity, facts: Sequence[Fact] = (), records: Records | None = None
) -> tuple[Claim, ...]:
    """Check every sentence of a text about one molecule or protein.

    Args:
        text: Any text; each of its sentences appears in exactly one claim.
        entity: What the text is about.
        facts: Facts of records about it, for stored statements (roles, classes, locations, EC numbers ...).
        records: What other names mean and what was measured of pairs; None leaves statements of those undecided.

    Returns:
        One claim a sentence, in order.
    """
    claims: list[Claim] = []
    subject = subject_of(entity, facts)
    elsewhere = False  # the sentence before spoke of something else, so "it" may, too
    for sentence in statement.sentences(text):
        plain = subject.possessive(statement.normalise(sentence))
        pronoun = subject.is_pronoun(plain)
        if pronoun and elsewhere:
            claims.append(Claim(sentence, "unverified", 'what "it" stands for is not certain here'))
            continue
        elsewhere = not pronoun and not _about(plain, entity, subject)
        claims.append(_judge(sentence, entity, subject, facts, records))
    return tuple(claims)


def contradicts(claims: Iterable[Claim]) -> bool:
    """Whether a checked text says something that is known to be wrong."""
    return any(claim.verdict == "contradicted" for claim in claims)


def subject_of(entity: Entity, facts: Sequence[Fact] = ()) -> statement.Subject:
    """Return the entity as the subject of sentences, with the names its record gives."""
    names: Iterable[str]
    if isinstance(entity, Molecule):
        names = (entity.name, *entity.synonyms, entity.handle)
    else:
        names = (entity.name, entity.gene, entity.entry_name, entity.accession, *entity.synonyms)
    stored = (str(fact.value) for fact in facts if fact.predicate in {"synonym", "name", "gene"})
    known = tuple(name for name in dict.fromkeys((*names, *stored)) if 1 < len(name) <= 200)
    return statement.Subject(known, "molecule" if isinstance(entity, Molecule) else "protein")


def _about(plain: str, entity: Entity, subject: statement.Subject) -> bool:
    """Tell whether a normalised sentence speaks of the entity, or of one of its properties."""
    if subject.speaks(plain) or subject.predicate(plain) is not None or re.match(_ALSO, plain, re.IGNORECASE):
        return True
    if isinstance(entity, Molecule):
        from biomed_agent.trust.claims.numbers import PROPERTY
    else:
        from biomed_agent.trust.claims.protein import PROPERTY
    return PROPERTY.match(plain) is not None


def _judge(
    sentence: str, entity: Entity, subject: statement.Subject, facts: Sequence[Fact], records: Records | None
) -> Claim:
    if len(sentence) > MAX_SENTENCE:
        return Claim(sentence, "unverified", f"longer than {MAX_SENTENCE:,} characters, so it is not read")
    plain = subject.possessive(statement.normalise(sentence))
    plain = turned(plain, subject.pattern(plain))
    if plain.rstrip("\"')").endswith("?"):
        return Claim(sentence, "unverified", "it asks, and states nothing")
    predicate = subject.predicate(plain)
    about = _about(plain, entity, subject)
    own: Provenance | None = entity.provenance
    if isinstance(entity, Molecule):
        from biomed_agent.core.chemistry.structures import RDKIT as own

        findings = _molecule_findings(plain, predicate, about, entity, facts)
    else:
        from biomed_agent.trust.claims.protein import protein_findings

        findings = protein_findings(plain, predicate, about, entity, facts, subject.names)
    if (
        records is not None
        and about
        and not statement.HEDGES.search(re.sub(r" (?:n?or|n?either) ", " ", plain.lower()))
    ):
        findings = _named_findings(plain, predicate, entity, subject, records, findings)
    if not findings:
        return Claim(sentence, "unverified", _UNREAD if about else _OTHER)
    return _claim(sentence, findings, subject.unread(plain, [finding.words for finding in findings]), own)


def _named_findings(
    plain: str,
    predicate: str | None,
    entity: Entity,
    subject: statement.Subject,
    records: Records,
    findings: Sequence[Finding],
) -> list[Finding]:
    """Add what names of other things and measured pairs decide, in place of what the same words gave before."""
    from biomed_agent.trust.claims.binding import binding
    from biomed_agent.trust.claims.identity import identity, other_names
    from biomed_agent.trust.claims.whole import WHOLE

    classes = VOCABULARY.keys() | WHOLE.keys()  # words that may be a name as well, such as phenol
    added = list(other_names(plain, subject.opening(plain), entity, subject.names, records))
    added += binding(plain, subject.opening(plain), entity, records)
    read = statement.assertions(predicate) if predicate is not None and not added else []
    for assertion in (assertion for assertion in read if assertion.relation == "is"):
        finding = identity(assertion, plain, entity, subject.names, records, classes)
        if finding is not None:
            added.append(finding.for_words(assertion.accounts_for))
    words = {finding.words for finding in added}
    return [*(finding for finding in findings if finding.words not in words), *added]


def _molecule_findings(
    plain: str, predicate: str | None, about: bool, molecule: Molecule, facts: Sequence[Fact]
) -> list[Finding]:
    from biomed_agent.trust.claims.charge import charge_findings, conditional
    from biomed_agent.trust.claims.molecule import decide
    from biomed_agent.trust.claims.numbers import numeric_findings
    from biomed_agent.trust.claims.whole import IONS

    read = statement.assertions(predicate) if predicate is not None else []
    if predicate is not None and conditional(predicate):  # "an anion at physiological pH" may be drawn neutral
        read = [assertion for assertion in read if assertion.words.split(" ")[-1] not in IONS]
    decided = ((assertion, decide(assertion, molecule, facts)) for assertion in read)
    findings = [finding.for_words(assertion.accounts_for) for assertion, finding in decided if finding is not None]
    if predicate is not None and not statement.HEDGES.search(predicate):
        findings += charge_findings(predicate, molecule)
    if about and not statement.HEDGES.search(plain.lower()):
        figures = undenied(plain, numeric_findings(plain, molecule, facts))
        whole = "*" not in molecule.smiles  # with open positions no figure excludes another
        findings += [
            finding if whole or finding.verdict == "supported" else unverified(finding.why).for_words(finding.words)
            for finding in figures
        ]
    return findings


def _claim(sentence: str, findings: Sequence[Finding], unread: Sequence[str], own: Provenance | None) -> Claim:
    contradicting, supporting, undecided = (
        [finding for finding in findings if finding.verdict == verdict]
        for verdict in ("contradicted", "supported", "unverified")
    )
    if contradicting:
        return Claim(sentence, "contradicted", _reasons(contradicting), contradicting[0].provenance or own)
    missing = _reasons(undecided) if undecided else f'"{" ".join(unread[:12])}"' if unread else ""
    if supporting and not missing:
        return Claim(sentence, "supported", _reasons(supporting), supporting[0].provenance or own)
    why = f"decided: {_reasons(supporting)}; not decided: {missing}" if supporting else missing
    return Claim(sentence, "unverified", why)


def _reasons(findings: Sequence[Finding]) -> str:
    return "; ".join(dict.fromkeys(finding.why for finding in findings[:4]))
