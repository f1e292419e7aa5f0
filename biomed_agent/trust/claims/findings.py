"""What a single rule finds about a single assertion, before a sentence gets its verdict."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from biomed_agent.core.types import Fact, Provenance, Verdict


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one rule."""

    verdict: Verdict
    why: str
    provenance: Provenance | None = None
    words: str = ""
    """the words of the sentence that it decides"""

    def for_words(self, words: str) -> Finding:
        """Return it with the words it decides."""
        return replace(self, words=words)


def supported(why: str, provenance: Provenance | None = None) -> Finding:
    """The assertion holds."""
    return Finding("supported", why, provenance)


def contradicted(why: str, provenance: Provenance | None = None) -> Finding:
    """An exact rule excludes the assertion."""
    return Finding("contradicted", why, provenance)


def unverified(why: str) -> Finding:
    """Nothing decides the assertion."""
    return Finding("unverified", why)


def plain_name(name: str) -> str:
    """Return the words of a name as they are compared: ASCII letters and digits, in lower case."""
    return re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()


def facts_of(facts: Iterable[Fact], *words: str) -> list[Fact]:
    """Return the facts whose predicate holds one of some words in lower case."""
    return [fact for fact in facts if any(word in fact.predicate.lower() for word in words)]


def article(noun: str) -> str:
    """Return a noun with its indefinite article."""
    return f"{'an' if noun[0] in 'aeiou' or noun.startswith(('n-', 'o-', 's-')) else 'a'} {noun}"


def amount(number: int, nouns: str) -> str:
    """Write how many there are, such as ``no rings``, ``1 ring``, ``2 rings``; ``nouns`` is a plural."""
    if number == 1:
        return f"1 {nouns[:-1] if nouns.endswith('s') else nouns}"
    return f"{number or 'no'} {nouns}"


def undenied(sentence: str, findings: Iterable[Finding]) -> list[Finding]:
    """Leave open what was found by a phrase, where the sentence denies something outside that phrase."""
    denied = bool(_DENIAL.search(sentence.lower()))
    return [
        finding
        if not denied or _DENIAL.search(finding.words.lower())
        else unverified(f"{finding.why}; what is denied is not certain")
        for finding in findings
    ]


_DENIAL = re.compile(r"\b(?:not|never|lacks?)\b|n't\b")
