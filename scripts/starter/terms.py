"""ChEBI classes and roles of molecules: short labels taken from ChEBI's texts, never the texts themselves.

A label counts only when it is the name of a ChEBI class or role in the data folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
_ARTICLE = re.compile(r"^(?:an?|the) |^(?:an? )?member of (?:the class of )?")

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


def terms_in(text: str, terms: dict[str, str]) -> Iterator[tuple[str, bool]]:
    """Yield (term, is a role) for the known labels that a ChEBI text states of its molecule."""
    genus = _GENUS.match(text)
    if genus:
        label = re.split(_AFTER_GENUS, genus[1], maxsplit=1)[0]
        if term := _look_up(label, terms):
            yield term, _ROLE.search(term) is not None
    for sentence in _HAS_ROLE.findall(text):
        for part in _LIST.split(sentence):
            if term := _look_up(_ARTICLE.sub("", part), terms):
                yield term, True
    for sentence in _IS_A.findall(text):
        for part in _LIST.split(sentence):
            if term := _look_up(_ARTICLE.sub("", part), terms):
                yield term, _ROLE.search(term) is not None


def _look_up(label: str, terms: dict[str, str]) -> str:
    label = label.strip().lower()
    return terms.get(label) or terms.get(label + "s", "")
