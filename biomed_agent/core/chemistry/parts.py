"""The parts of a structure that can be counted, and the noun phrases that name them.

The table is ``data/chemistry/counted.tsv``: each row has one pattern that decides, and the definition that is said with
every number. It stands beside :mod:`biomed_agent.core.chemistry.vocabulary`, whose two patterns leave a gap on purpose
so that a claim is neither shown nor excluded by a matter of definition. A ring or class that only that vocabulary has
is counted by its ``proof``. Elements come from RDKit's periodic table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from typing import Literal, TypeAlias, cast

from rdkit import Chem

from biomed_agent.core.chemistry.vocabulary import TERMS, Term
from biomed_agent.core.words import plural

PartKind: TypeAlias = Literal["element", "group", "ring", "class", "atom", "smarts", "bond"]
MAX_MATCHES = 100_000
"""matches of a pattern that are looked for"""
MAX_WORDS = 80
"""characters of the longest noun phrase read"""


@dataclass(frozen=True, slots=True)
class Part:
    """Something that a structure has a number of.

    Args:
        name: As shown, singular: ``hydroxyl group``, ``pyridine ring``, ``carbon atom``.
        kind: What it is.
        smarts: Pattern whose matches are counted; empty where a measure or an element decides.
        number: Atomic number of an element.
        measure: Name of a count that no pattern makes, with what it needs; see :mod:`~.counts`.
        words: The noun phrase that was read.
        definition: What is counted, in words.
        wider: Pattern of another common use of the word, wider or narrower; empty where there is none.
        wider_definition: What the other use counts, in words that follow its number.
        listed: Whether it is named where all functional groups are.
    """

    name: str
    kind: PartKind
    smarts: str = ""
    number: int = 0
    measure: str = ""
    words: str = ""
    definition: str = ""
    wider: str = ""
    wider_definition: str = ""
    listed: bool = False

    @property
    def plural(self) -> str:
        """Its name for several or none."""
        return plural(self.name)


@dataclass(frozen=True, slots=True)
class _Entry:
    part: Part
    tails: frozenset[str]
    """words that may follow: a for atoms, g for groups, r for rings, b for bonds"""
    bare: bool
    """whether its words may stand without one of them"""


_TAILS = {
    "a": ("atom",),
    "g": (
        "group", "functional group", "moiety", "substituent", "function", "functionality", "functional moiety", "unit",
        "fragment",
    ),
    "r": (
        "ring", "ring system", "core", "scaffold", "skeleton", "nucleus", "moiety", "group", "unit", "heterocycle",
        "system", "substituent", "fragment",
    ),
    "b": ("bond", "linkage", "bridge"),
}  # fmt: skip
_TAIL_KINDS = {
    word: frozenset(kind for kind, nouns in _TAILS.items() if word in nouns)
    for words in _TAILS.values()
    for word in words
}
_IRREGULAR = {"moieties": "moiety", "nuclei": "nucleus", "functionalities": "functionality", "linkages": "linkage"}
_UNCOUNTABLE = frozenset(
    "acid peptide polyphenol diketone glycoside nucleoside nucleotide pyranose alkaloid phospholipid".split()
) | {
    "amino acid",
    "alpha-amino acid",
    "fatty acid",
    "indolyl carboxylic acid",
    "aromatic ring",
    "flavonoid",
    "benzodiazepine",
}
"""terms whose pattern shows that one is there without telling how many"""


def _normal(words: str) -> str:
    """Return words in lower case, every dash a space: the form in which they are looked up."""
    return " ".join(re.sub(r"[-‐‑‒–—−_]", " ", words).lower().split())


def _pattern(text: str) -> tuple[str, str]:
    """Split a cell into a SMARTS and a measure, which an equals sign marks."""
    return ("", text[1:]) if text.startswith("=") else (text, "")


def _read_table() -> Iterator[tuple[str, _Entry]]:
    text = resources.files("biomed_agent").joinpath("data", "chemistry", "counted.tsv").read_text(encoding="utf-8")
    for line in text.splitlines()[1:]:
        kind, name, words, tails, listed, pattern, definition, wider, wider_definition = line.split("\t")
        smarts, measure = _pattern(pattern)
        part = Part(
            name, cast(PartKind, kind), smarts, 0, measure, "", definition, wider, wider_definition, bool(listed)
        )
        entry = _Entry(part, frozenset(tails) - {"!"}, "!" not in tails)
        yield from ((_normal(word), entry) for word in words.split("|"))


def _of_term(term: Term) -> _Entry:
    ringlike = term.kind in ("ring", "class") or "1" in term.proof
    noun = {"ring": "ring", "class": "skeleton"}.get(term.kind, "")
    definition = {
        "ring": f"the ring or ring system of {term.name}, substituted and fused ones counted",
        "class": f"the skeleton of a {term.name}, substituted and fused ones counted",
    }.get(term.kind, f"the pattern {term.proof}")
    part = Part(f"{term.name} {noun}".strip(), cast(PartKind, term.kind), term.proof, definition=definition)
    return _Entry(part, frozenset("gr" if ringlike else "g"), True)


def _read_terms(known: Mapping[str, list[_Entry]]) -> Iterator[tuple[str, _Entry]]:
    """Yield what the vocabulary of claims adds: terms that the table has not, and more words for those that it has."""
    for term in TERMS:
        if not term.proof or term.kind == "element" or "." in term.proof or term.name in _UNCOUNTABLE:
            continue
        words = {_normal(word): word for word in (term.name, *term.words)}
        having = next((known[word][0] for word in words if word in known), None)
        for word in words:
            if word not in known and not (having and word.split(" ")[-1] in _TAIL_KINDS):
                yield word, having or _of_term(term)


def _elements() -> Iterator[tuple[str, _Entry]]:
    table = Chem.GetPeriodicTable()
    also = {"Al": "aluminum", "Cs": "cesium", "S": "sulphur"}
    for number in range(2, 119):
        symbol, name = table.GetElementSymbol(number), table.GetElementName(number).lower()
        part = Part(f"{name} atom", "element", number=number, definition=f"{name} atoms, ions counted")
        tails = frozenset("ag" if symbol in ("F", "Cl", "Br", "I") else "a")
        for word in {name, also.get(symbol, name)}:
            yield word, _Entry(part, tails, True)


@lru_cache(maxsize=1)
def _entries() -> dict[str, list[_Entry]]:
    """Return every entry by its words; where words have several, that of the table comes first."""
    entries: dict[str, list[_Entry]] = {}
    for words, entry in (*_read_table(), *_elements()):
        entries.setdefault(words, []).append(entry)
    for words, entry in list(_read_terms(entries)):
        entries.setdefault(words, []).append(entry)
    return entries


@lru_cache(maxsize=1)
def listed_parts() -> tuple[Part, ...]:
    """Return the functional groups that are named where all of a molecule are, the more special ones later."""
    return tuple(dict.fromkeys(entry.part for group in _entries().values() for entry in group if entry.part.listed))


@lru_cache(maxsize=1)
def ring_parts() -> tuple[Part, ...]:
    """Return the ring systems that have a name and a pattern."""
    parts = (entry.part for group in _entries().values() for entry in group)
    return tuple(dict.fromkeys(part for part in parts if part.kind == "ring" and part.smarts))


# ---------------------------------------------------------------- reading a noun phrase


@lru_cache(maxsize=4096)
def part_of(words: str) -> Part | None:
    """Read a noun phrase that names a part of a structure.

    The whole phrase must be understood: an unknown modifier makes it None, since a count of something else would be
    wrong. Singular and plural, dashes and spaces, and the nouns that usually follow (``atoms``, ``groups``, ``rings``,
    ``moieties``, ``bonds``) make no difference where they fit. Symbols of elements are read in their own case.

    Args:
        words: Without article or number, such as ``-OH groups``, ``C atoms``, ``six-membered aromatic rings``.
    """
    text = " ".join(words.split()).strip(".,;:?! ")
    if not text or len(text) > MAX_WORDS:
        return None
    part = _of_symbol(text) or _named(_normal(text)) or _ring_by_traits(_normal(text)) or _isotope(_normal(text))
    return replace(part, words=words) if part else None


def _singulars(phrase: str) -> Iterator[str]:
    yield phrase
    *head, last = phrase.split(" ")
    forms = [_IRREGULAR[last]] if last in _IRREGULAR else []
    if last.endswith("ies"):
        forms.append(f"{last[:-3]}y")
    if last.endswith("s") and not last.endswith("ss") and len(last) > 2:
        forms.append(last[:-1])
    yield from (" ".join((*head, form)) for form in forms)


def _tailed(phrase: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield what may stand before a closing noun, with the kinds of that noun; the longest noun first."""
    for singular in _singulars(phrase):
        tokens = singular.split(" ")
        for length in (2, 1):
            tail = " ".join(tokens[-length:])
            if len(tokens) > length and tail in _TAIL_KINDS:
                yield " ".join(tokens[:-length]), _TAIL_KINDS[tail]


def _named(phrase: str) -> Part | None:
    entries = _entries()
    for form in _singulars(phrase):
        for entry in entries.get(form, ()):
            if entry.bare:
                return entry.part
    for head, kinds in _tailed(phrase):
        for form in _singulars(head):
            for entry in entries.get(form, ()):
                if kinds & entry.tails:
                    return entry.part
    return None


_SYMBOL = re.compile(r"(\d{0,3})([A-Z][a-z]?)( atoms?)?")
_BARE_SYMBOLS = frozenset("C N O S P F Cl Br H".split())
"""symbols that are read without ``atoms``; the others are words or parts of names as well"""


def _of_symbol(text: str) -> Part | None:
    match = _SYMBOL.fullmatch(text)
    if match is None or not (match[3] or match[2] in _BARE_SYMBOLS or match[1]):
        return None
    table = Chem.GetPeriodicTable()
    number = next((z for z in range(1, 119) if table.GetElementSymbol(z) == match[2]), 0)
    if not number:
        return None
    if match[1]:
        return _labelled(number, int(match[1]))
    return _named("hydrogen" if number == 1 else table.GetElementName(number).lower())


def _isotope(phrase: str) -> Part | None:
    match = re.fullmatch(r"([a-z]+) (\d{1,3})(?: atoms?)?", phrase)
    element = _named(match[1]) if match else None
    return _labelled(element.number, int(match[2])) if match and element and element.number else None


def _labelled(number: int, mass: int) -> Part | None:
    table = Chem.GetPeriodicTable()
    if table.GetMassForIsotope(number, mass) == 0:
        return None
    name = f"{table.GetElementName(number).lower()}-{mass}"
    return Part(f"{name} atom", "atom", f"[{mass}#{number}]", definition=f"atoms labelled as {name}")


# ---------------------------------------------------------------- rings by what they are like

_RING_NOUNS = {
    "ring": (), "cycle": (), "heterocycle": ("hetero",), "carbocycle": ("carbo",), "macrocycle": ("macro",),
    "arene": ("aromatic",), "heteroarene": ("aromatic", "hetero"), "ring structure": (),
}  # fmt: skip
_RING_TRAITS = {
    "aromatic": ("aromatic",), "heteroaromatic": ("aromatic", "hetero"), "aliphatic": ("aliphatic",),
    "alicyclic": ("aliphatic", "carbo"), "nonaromatic": ("aliphatic",), "saturated": ("saturated",),
    "heterocyclic": ("hetero",), "hetero": ("hetero",), "carbocyclic": ("carbo",), "fused": ("fused",),
    "macrocyclic": ("macro",),
}  # fmt: skip
_TRAIT_WORDS = {
    "fused": "that share a bond with another ring", "saturated": "of single bonds only", "aliphatic": "not aromatic",
    "aromatic": "aromatic as RDKit finds them", "hetero": "with an atom other than carbon", "carbo": "of carbon only",
    "macro": "of twelve or more atoms",
}  # fmt: skip
"""in the order in which they are said"""
_SIZES = {
    word: size
    for size, word in enumerate("three four five six seven eight nine ten eleven twelve".split(), 3)
} | {str(size): size for size in range(3, 61)}  # fmt: skip


def _ring_by_traits(phrase: str) -> Part | None:
    """Read ``five-membered aromatic heterocycles`` and the like; every word must be known."""
    for singular in _singulars(phrase.replace("non aromatic", "nonaromatic").replace("member ", "membered ")):
        noun = next((noun for noun in _RING_NOUNS if singular == noun or singular.endswith(f" {noun}")), None)
        if noun is None:
            continue
        traits, size = list(_RING_NOUNS[noun]), 0
        tokens = singular[: -len(noun)].split()
        while tokens:
            token = tokens.pop(0)
            if token in _SIZES and tokens[:1] == ["membered"] and not size:
                size = _SIZES[token]
                tokens.pop(0)
            elif token in _RING_TRAITS:
                traits += _RING_TRAITS[token]
            else:
                return None
        return _ring_part(tuple(traits), size)
    return None


def _ring_part(traits: tuple[str, ...], size: int) -> Part:
    adjectives = {"hetero": "heterocyclic", "carbo": "carbocyclic", "macro": "macrocyclic"}
    traits = tuple(trait for trait in _TRAIT_WORDS if trait in traits)
    words = [f"{size}-membered"] if size else []
    name = " ".join([*words, *(adjectives.get(trait, trait) for trait in traits), "ring"])
    described = [f"of {size} atoms"] if size else []
    described += [_TRAIT_WORDS[trait] for trait in traits]
    definition = ", ".join(["the smallest rings", *described])
    measure = " ".join(["rings", *traits, *([str(size)] if size else [])])
    return Part(name, "ring", number=0, measure=measure, definition=definition)
