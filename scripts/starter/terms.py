"""ChEBI classes and roles of molecules: short labels taken from ChEBI's texts, never the texts themselves.

A label counts when it is the name of a ChEBI class or role in the data folder, or when ChEBI's texts give it in their
set phrases ("It has a role as a ...", "It is a ..."); of those the number is not known: they are ``CHEBI: label``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .tables import read_tsv

_ROLE = re.compile(
    r"(inhibitor|agonist|antagonist|modulator|agent|drug|metabolite|hormone|inducer|chelator|scavenger|antioxidant|"
    r"poison|contaminant|xenobiotic|herbicide|insecticide|fungicide|solvent|vitamin|mutagen|carcinogen|blocker|"
    r"analgesic|anaesthetic|antagoniste|sedative|stimulant|hallucinogen|probe|reagent|cofactor|neurotransmitter|"
    r"toxin|epitope|allergen|dye|stain|fluorochrome|antibiotic|pesticide|agrochemical|acaricide|preservative)s?$"
)
_TOO_GENERAL = frozenset({"molecule", "compound", "chemical entity", "ion", "mixture", "substance", "atom", "group"})
_HAS_ROLE = re.compile(r"(?:[Ii]t|The molecule) has (?:a )?roles? as (.*?)\.(?: |$)")
_IS_A = re.compile(r"(?:^|\. )[Ii]t is (an? .*?)\.(?: |$)")
_GENUS = re.compile(r"^(?:The molecule is )?(?:An?|an?|The|the) (?:member of the class of )?(.*)")
_AFTER_GENUS = re.compile(
    r" (?:that|which|in|of|having|comprising|consisting|carrying|obtained|derived|formed|containing|used|resulting|"
    r"composed|bearing|with|where|whose|produced|isolated|found|possessing|arising|and|from|substituted|formally|based)\b|[,.;]"
)
"""What follows the class a definition begins with; a longer noun (``tricarboxylic acid trianion``) is another class."""
_LIST = re.compile(r", (?=an? |the |member of )| and (?=an? |the |member of )")
_ARTICLE = re.compile(r"^(?:(?:an?|the) )?(?:member of (?:the class of )?(?:the )?)?")
_LABEL = re.compile(
    r"(?!its?\b|an |potent |conjugate |tautomer |enantiomer |derivative |member |prodrug for )"
    r"(?!.*(?:\bgroup at|\bsubstituent\b|-it$| hydrochloride$))[^|;:]{3,90}"
)
"""What may be a label that only a text gives; the others are relations between molecules, or cut off."""
_SEEN_OFTEN = 2
"""texts that must give a class before it counts as a label; a role has a phrase of its own"""

Terms = tuple[list[str], list[str]]
"""Classes and roles, each ``CHEBI:25384 monocarboxylic acid``."""


def known_terms(data: Path) -> dict[str, str]:
    """Return ``CHEBI:... label`` of the data folder's classes and roles by lower-case label."""
    terms: dict[str, str] = {}
    for row in read_tsv(data / "chebi_definitions" / "classes_and_roles.tsv"):
        terms.setdefault(row["name"].lower(), f"{row['chebi_id']} {row['name']}")
    for row in read_tsv(data / "chebi_classes" / "classes.tsv"):
        terms.setdefault(row["class_name"].lower(), f"{row['class_id']} {row['class_name']}")
    return {
        label: term
        for label, term in terms.items()
        if label not in _TOO_GENERAL and re.fullmatch(r"CHEBI:\d+ [^|]+", term)
    }


def written_by_chebi(text: str) -> bool:
    """Tell whether a description that PubChem passes on has the set phrases of ChEBI."""
    return _HAS_ROLE.search(text) is not None


@dataclass(frozen=True)
class Vocabulary:
    """The labels that count."""

    terms: dict[str, str]
    """``CHEBI:... label`` by lower-case label"""
    roles: frozenset[str]
    """terms that some text calls a role"""

    def look_up(self, label: str) -> str:
        """Return the term of a label, in the plural where ChEBI writes it so; empty when it is none."""
        return _look_up(label, self.terms)

    def is_role(self, term: str) -> bool:
        """Tell a role from a class."""
        return term in self.roles or _ROLE.search(term) is not None


def vocabulary(texts: Sequence[str], terms: dict[str, str]) -> Vocabulary:
    """Return the known terms and those that only the set phrases of ChEBI's texts give."""
    roles, classes = Counter[str](), Counter[str]()
    for text in texts:
        roles.update(set(_listed(_HAS_ROLE, text)))
        classes.update({label for label in _listed(_IS_A, text) if not _look_up(label, terms)})
    labels = [label for label in roles if _ROLE.search(label) and not _look_up(label, terms)]
    labels += [label for label, count in classes.items() if count >= _SEEN_OFTEN and not _AFTER_GENUS.search(label)]
    more = {label.lower(): f"CHEBI: {label}" for label in sorted(labels, reverse=True) if _LABEL.fullmatch(label)}
    known = {label: term for label, term in more.items() if label not in _TOO_GENERAL} | terms
    return Vocabulary(known, frozenset(term for label in roles if (term := _look_up(label, known))))


def terms_in(text: str, known: Vocabulary) -> Iterator[tuple[str, bool]]:
    """Yield (term, is a role) for the known labels that a ChEBI text states of its molecule."""
    for label in _genera(text):
        if term := known.look_up(label):
            yield term, known.is_role(term)
    for label in _listed(_HAS_ROLE, text):
        if term := known.look_up(label):
            yield term, True
    for label in _listed(_IS_A, text):
        if term := known.look_up(label) or known.look_up(_AFTER_GENUS.split(label, maxsplit=1)[0]):
            yield term, known.is_role(term)


def _genera(text: str) -> Iterator[str]:
    """Yield the classes that sentences of a definition begin with: ``A purine alkaloid that ...``."""
    for sentence in re.split(r"(?<=[a-z)\d])\. (?=An? )", text):
        if genus := _GENUS.match(sentence):
            yield _AFTER_GENUS.split(genus[1], maxsplit=1)[0].strip()


def _listed(phrase: re.Pattern[str], text: str) -> Iterator[str]:
    """Yield the labels that the sentences of a set phrase list."""
    for sentence in phrase.findall(text):
        for part in _LIST.split(sentence):
            yield _ARTICLE.sub("", part.strip()).strip()


def _look_up(label: str, terms: dict[str, str]) -> str:
    label = label.strip().lower()
    return terms.get(label) or terms.get(label + "s", "")
