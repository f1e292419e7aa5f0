"""Rules that decide a statement about a molecule: its groups, rings, classes and stored roles.

Words about the whole structure are read in ``whole.py``, figures and identifiers in ``numbers.py``.
*Contradicted* needs an exact rule: the ``need`` pattern of a term (see ``groups.py``) does not match, so the
word cannot apply.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from rdkit import Chem, rdBase
from rdkit.Chem.MolStandardize import rdMolStandardize

from biomed_agent.core.chemistry import structures
from biomed_agent.core.chemistry.vocabulary import MULTIPLIERS, SUBSTITUENTS, VOCABULARY, Term
from biomed_agent.core.types import Fact, Molecule
from biomed_agent.trust.claims.counts import count_finding
from biomed_agent.trust.claims.findings import Finding, amount, article, contradicted, supported, unverified
from biomed_agent.trust.claims.statement import Assertion
from biomed_agent.trust.claims.whole import (
    ADJECTIVES,
    COMPOUNDS,
    INHERITED,
    LOOSE,
    QUALITIES,
    WHOLE,
    Outcome,
    Whole,
    whole_of,
)

_GROUP_WORDS = (
    r" (?:functional )?(?:groups?|moiet(?:y|ies)|rings?|substituents?|functions?|functionalit(?:y|ies)|units?|cores?|"
    r"skeletons?|scaffolds?|systems?|nucle(?:us|i)|residues?|bonds?|linkages?|side[ -]chains?|atoms?|compounds?|"
    r"molecules?|drugs?|antibiotics?|hormones?|natural products?|structures?|framework|fragments?|backbone|class|"
    r"family)$"
)
_BLOCKING = frozenset(
    "masked protected latent pseudo modified potential former reduced oxidized oxidised hydrolysed hydrolyzed non seco "
    "nor homo abeo aza oxa thia ring-opened open-chain ring-expanded ring-contracted artificial fake no not "
    "bioisosteric parent hydrogenated dihydro tetrahydro conjugated activated fused".split()
)
_MAX_PHRASE_CHARS = 120
"""characters of the longest noun phrase read"""
_PREFIX = "|".join(sorted(SUBSTITUENTS, key=len, reverse=True))
_MULTI = "|".join(MULTIPLIERS)
_SYSTEMATIC = re.compile(
    rf"(?P<prefixes>(?:(?:[\d,'a-z]*\d[\d,'a-z]*-)?(?:{_MULTI})?-?(?:{_PREFIX})-?)*)(?:\d[\d,']*-)?"
    r"(?P<parent>[a-z][a-z -]*)"
)
_ONE_PREFIX = re.compile(rf"(?P<locants>[\d,'a-z]*\d[\d,'a-z]*-)?(?P<multiplier>{_MULTI})?-?(?P<name>{_PREFIX})-?")


class Reading(NamedTuple):
    """A noun phrase understood: a term, and the prefixes put before its name."""

    term: Term
    prefixes: tuple[tuple[int, str], ...] = ()
    """(how many at least, substituent)"""
    head: str = ""
    """the words that were understood"""
    exact: bool = False
    """True when the prefixes state how many there are in all, as in ``trihydroxyflavone``"""
    also: tuple[Term, ...] = ()
    """what the modifiers ask for besides, as in ``chlorinated steroid``"""
    placed: bool = False
    """True when positions are part of the words; they are not compared"""
    qualities: tuple[str, ...] = ()
    """modifiers that are decided over the whole structure, as in ``acyclic ether``"""
    unread: bool = False
    """True when another word stands by the head, as in ``strong acid``; it can exclude nothing and show nothing"""


@lru_cache(maxsize=4096)
def understand(words: str) -> Reading | None:
    """Read a noun phrase by its head: the longest end of it that is a known term or systematic name.

    Args:
        words: Lower-case words without article, such as ``prenylated 3-hydroxyflavones``.

    Returns:
        None when the head is unknown, or a modifier makes the term inapplicable.
    """
    if len(words) > _MAX_PHRASE_CHARS:
        return None
    phrase, unread = words, False
    while True:
        tokens = phrase.split(" ")
        for start in range(len(tokens)):
            head = " ".join(tokens[start:])
            reading = next((candidate for form in _singulars(head) if (candidate := _term(form))), None)
            if reading:
                whole = _modified(reading, tokens[:start])
                return whole and whole._replace(unread=whole.unread or unread)
        shorter = re.sub(_GROUP_WORDS, "", phrase)
        if shorter == phrase:
            return None
        unread |= bool(re.search(r" (?:drug|antibiotic|hormone|natural product|residue)s?$", phrase))
        phrase = shorter


def _modified(reading: Reading, modifiers: Sequence[str]) -> Reading | None:
    """Add what the words before the head ask for; None when one of them makes the term inapplicable."""
    if _BLOCKING & set(modifiers):
        return None
    bare = [re.sub(r"^[\d,'a-z]*\d[\d,'a-z]*-", "", word) for word in modifiers]
    also = tuple(VOCABULARY[_REQUIRED[word]] for word in bare if word in _REQUIRED)
    return reading._replace(
        also=also,
        placed=reading.placed or any(re.search(r"\d", word) for word in modifiers),
        qualities=tuple(word for word in bare if word in QUALITIES),
        unread=any(word not in {*_REQUIRED, *QUALITIES, *_SILENT} for word in bare),
    )


_SILENT = frozenset("substituted free functional chemical single".split())
"""modifiers that change nothing"""
_REQUIRED = {
    "chlorinated": "chloro", "brominated": "bromo", "fluorinated": "fluoro", "iodinated": "iodo",
    "halogenated": "halogen", "hydroxylated": "hydroxy", "prenylated": "prenyl", "nitrated": "nitro",
    "acetylated": "acetyl", "organic": "organic compound", "heterocyclic": "heterocyclic compound",
} | {name: name for name in SUBSTITUENTS if name in VOCABULARY}  # fmt: skip
"""modifiers that ask for a part of their own"""


def _singulars(head: str) -> Iterator[str]:
    yield head
    if head.endswith("ies"):
        yield f"{head[:-3]}y"
    if head.endswith("s") and not head.endswith(("ss", "us", "is")):
        yield head[:-1]


def _term(head: str) -> Reading | None:
    if head in VOCABULARY:
        return Reading(VOCABULARY[head], head=head)
    match = _SYSTEMATIC.fullmatch(head)
    if match is None or not match["prefixes"] or match["parent"] not in VOCABULARY:
        return None
    parent = VOCABULARY[match["parent"]]
    if parent.name not in _PARENTS and (parent.kind in ("group", "element") or parent.name in _NO_PARENTS):
        return None
    prefixes, exact = [], True
    for prefix in _ONE_PREFIX.finditer(match["prefixes"]):
        locants = prefix["locants"].count(",") + 1 if prefix["locants"] else 1
        prefixes.append((MULTIPLIERS.get(prefix["multiplier"] or "", locants), prefix["name"]))
        exact &= bool(prefix["multiplier"]) and not prefix["locants"]
    return Reading(parent, tuple(prefixes), head, exact, placed=bool(re.search(r"\d", match["prefixes"])))


_PARENTS = frozenset(
    "phenol catechol resorcinol hydroquinone aniline benzamide acetamide benzyl phenoxy benzoyl anilide".split()
)
"""group words that serve as parents of systematic names"""
_SPANLESS = frozenset(
    ("glycoside", "amino acid", "alpha-amino acid", "peptide", "nucleoside", "nucleotide", "pyranose", "triglyceride")
)
_NO_PARENTS = _SPANLESS | {term.name for term in VOCABULARY.values() if not term.proof or term.proof.startswith("[$(")}
"""classes whose pattern does not span the parent's atoms"""


# ---------------------------------------------------------------- deciding


def decide(assertion: Assertion, molecule: Molecule, facts: Sequence[Fact]) -> Finding | None:
    """Decide one assertion; None when it is not a chemical one."""
    if assertion.relation == "role":
        return _role(assertion.words, facts)
    names = {name.lower() for name in (molecule.name, *molecule.synonyms)}
    if assertion.relation == "is" and assertion.words in names:
        return (contradicted if assertion.negated else supported)(f"the record has the name {assertion.words}")
    finding = _recorded(assertion, facts) or _computed(assertion, molecule, facts)
    if finding and "*" in molecule.smiles and (assertion.negated or finding.verdict == "contradicted"):
        return unverified(f'"{assertion.words}" may lie in the open positions (R groups) of the structure')
    return finding


def _computed(assertion: Assertion, molecule: Molecule, facts: Sequence[Fact]) -> Finding | None:
    if assertion.relation != "parent":
        whole = count_finding(assertion, molecule, facts) or _whole(assertion, molecule)
        if whole is not None:
            return whole
    reading = understand(assertion.words)
    return _structural(assertion, reading, molecule) if reading else _named_ring(assertion, molecule)


_HETEROCYCLES = {
    "nitrogen": r"azol|pyridin|pyrimidin|pyra?zin|pyridazin|triazin|pyrrol|indol|quinolin|quinazolin|quinoxalin|purin|"
    r"piperidin|piperazin|morpholin|azepin|acridin",
    "oxygen": r"oxazol|oxadiazol|furan|morpholin|oxazin",
    "sulfur": r"thiazol|thiadiazol|thiophen|thiazin",
}
_RING_ATOMS = {"nitrogen": "[#7;R]", "oxygen": "[#8;R]", "sulfur": "[#16;R]"}
"""atoms that the names of rings ask for (Hantzsch-Widman stems and retained names)"""
_RING_NAME = re.compile(r"(?!.*(?:seco|carba|deaza|like|free))[\d,'a-z()\[\].-]*(?:e|es|one|ones|ol|ols|dione|diones)")


def _named_ring(assertion: Assertion, molecule: Molecule) -> Finding | None:
    """A ring that is no term of its own, by the atoms its name asks for; it can only be excluded."""
    words = re.sub(_GROUP_WORDS, "", assertion.words)
    if not _RING_NAME.fullmatch(words):
        return None
    mol = structures.parsed(molecule.smiles)
    for element, stems in _HETEROCYCLES.items():
        if re.search(stems, words) and not mol.HasSubstructMatch(structures.pattern(_RING_ATOMS[element])):
            missing = f"{words} needs {element} in a ring, and it has none there"
            return _verdict(assertion, False, False, "", missing)
    return None


def _recorded(assertion: Assertion, facts: Sequence[Fact]) -> Finding | None:
    """A class the record names outright."""
    if assertion.relation != "is":
        return None
    for fact in facts:
        if "class" in fact.predicate.lower() and set(_singulars(str(fact.value).lower())) & set(
            _singulars(assertion.words)
        ):
            say = contradicted if assertion.negated else supported
            return say(f"the record lists the class {fact.value}", fact.provenance)
    return None


def _role(words: str, facts: Sequence[Fact]) -> Finding:
    for fact in facts:
        if "role" in fact.predicate.lower() and set(_singulars(str(fact.value).lower())) & set(_singulars(words)):
            return supported(f"the record lists the role {fact.value}", fact.provenance)
    return unverified(f'no record at hand states the role "{words}"')


def _whole(assertion: Assertion, molecule: Molecule) -> Finding | None:
    if assertion.relation != "is":
        return None
    heads = [" ".join(assertion.words.split(" ")[-size:]) for size in (3, 2, 1)]
    form = next((form for head in heads for form in _singulars(head) if form in WHOLE), None)
    if form is None:
        return None
    it = whole_of(structures.parsed(molecule.smiles))
    shown, possible, decides = WHOLE[form](it)
    size = 1 + next(form.count(" ") for head in heads for singular in _singulars(head) if singular == form)
    before = assertion.words.split(" ")[:-size]
    possible |= form in LOOSE and bool(before)
    if before and (reading := understand(" ".join(before))) and not reading.unread:
        proof, able = _matches(reading, it.mol)
        shown, before = shown and proof and not (reading.also or reading.qualities), []
        decides += f", {_has(reading, able)}"
        possible &= able or form in LOOSE
    for word in before:
        holds, able, why = _modifier(word, it, compound=form in COMPOUNDS)
        shown, possible, decides = shown and holds, possible and able, f"{decides}; {why}" if why else decides
    if {"aromatic", "polycyclic"} <= set(before):
        shown &= it.has("c(:c)(:c):c")
    return _verdict(assertion, shown, possible, f"{form}: {decides}", f"not {_article(form)}: {decides}")


def _modifier(word: str, it: Whole, compound: bool) -> Outcome:
    """Decide a modifier of a class; only of a class of whole compounds is it sure what the quality is said of."""
    if word in _SILENT:
        return True, True, ""
    if word in _REQUIRED:
        return *_matches(Reading(VOCABULARY[_REQUIRED[word]]), it.mol), word
    if word not in QUALITIES:
        return False, True, ""
    shown, possible, why = WHOLE[word](it)
    if not compound:
        shown &= word in INHERITED
        possible |= word in {"saturated", "acyclic"}
    return shown, possible, f"{word}: {why}"


def _article(form: str) -> str:
    if form in ADJECTIVES:
        return form
    return f"{'an' if form[0] in 'aeiou' else 'a'} {form}"


def _structural(assertion: Assertion, reading: Reading, molecule: Molecule) -> Finding:
    mol = structures.parsed(molecule.smiles)
    proof, possible = _matches(reading, mol)
    term = reading.term
    if assertion.number is not None and not assertion.negated and not reading.prefixes and possible:
        return _counted(assertion, reading, molecule)
    missing = f"{_has(reading, False)}{'' if possible else _instead(molecule, term)}"
    for part in map(Reading, reading.also):
        shown, able = _matches(part, mol)
        if possible and not able:
            missing = _has(part, False)
        proof, possible = proof and shown, possible and able
    for quality in reading.qualities:
        shown, able, why = _modifier(quality, whole_of(mol), compound=False)
        if possible and not able:
            missing = f"not {why}"
        proof, possible = proof and shown, possible and able
    proof &= not reading.unread
    present = _has(reading, True)
    if proof and assertion.named and not assertion.negated and not assertion.words.endswith("s"):
        return unverified(f"{present}; whether it is {assertion.words} itself is not decided by that")
    if proof and not assertion.negated and (reading.placed or assertion.placed) and assertion.relation != "parent":
        return unverified(f"{present}, but its positions are not compared")
    finding = _verdict(
        assertion, proof, possible, present, missing, f'"{assertion.words}" cannot be decided from the structure alone'
    )
    if possible or assertion.negated:
        return finding
    parent = assertion.relation == "parent" or (assertion.named and not assertion.alone)
    if parent and _matches(reading, mol, loose=True)[1]:
        return unverified(f"{missing}; as a parent compound, {assertion.words} may have lost hydrogen there")
    if (tautomer := _tautomer(molecule.smiles, reading)) is not None:
        return unverified(f"{missing} as drawn, but its tautomer {tautomer} may have")
    return finding


_KETO = "[#8,#7,#16]=[#6;r5,r6]"
_MOVABLE = "[CX4;r5,r6;!H0]"
_DIKETONE = "[#6][CX3](=O)[CX4;!H0][CX3]=O"
"""a ketone beside another carbonyl, which is largely its enol"""
_MAX_TAUTOMERS = 64


@lru_cache(maxsize=512)
def _tautomers(smiles: str) -> tuple[str, ...]:
    """Return tautomers that count beside the structure as drawn.

    They have more aromatic atoms, as the enol of a cyclohexadienone has, or are those of a 1,3-diketone.
    """
    mol = structures.parsed(smiles)
    enolic = mol.HasSubstructMatch(structures.pattern(_DIKETONE))
    if not enolic and not all(mol.HasSubstructMatch(structures.pattern(smarts)) for smarts in (_KETO, _MOVABLE)):
        return ()
    maker = rdMolStandardize.TautomerEnumerator()
    maker.SetMaxTautomers(_MAX_TAUTOMERS)
    maker.SetMaxTransforms(4 * _MAX_TAUTOMERS)
    with rdBase.BlockLogs():
        result = maker.Enumerate(mol)
    own = _aromatic(mol)
    forms = result.smilesTautomerMap.items()
    return tuple(tautomer for tautomer, form in forms if enolic or _aromatic(form.tautomer) > own)


def _aromatic(mol: Chem.Mol) -> int:
    return sum(atom.GetIsAromatic() for atom in mol.GetAtoms())


def _tautomer(smiles: str, reading: Reading) -> str | None:
    """Return the SMILES of a tautomer to which a term may apply; None without one."""
    able = (tautomer for tautomer in _tautomers(smiles) if _matches(reading, structures.parsed(tautomer))[1])
    return next(able, None)


def _verdict(
    assertion: Assertion, proof: bool, possible: bool, present: str, missing: str, undecided: str = ""
) -> Finding:
    if possible and not proof:
        return unverified(undecided or f'"{assertion.words}" is not decided by the structure alone')
    if proof:
        return contradicted(present) if assertion.negated else supported(present)
    return supported(missing) if assertion.negated else contradicted(missing)


def _counted(assertion: Assertion, reading: Reading, molecule: Molecule) -> Finding:
    term = reading.term
    bare = not (reading.also or reading.qualities or reading.unread)
    least = structures.count(molecule, term.proof) if term.proof else 0
    most = structures.count(molecule, term.need) if term.need else None
    number = assertion.number or 0
    stated = f"{number} {assertion.words}"
    nouns = f"{_core(reading)}s"
    if bare and term.proof and (least == number or (assertion.least and least >= number)):
        return supported(f"it has {amount(least, nouns)}")
    if most is not None and most < number:
        return contradicted(f"it has {'at most ' if most else ''}{amount(most, nouns)}, not {number}")
    if bare and assertion.total and term.proof and least > number:
        return contradicted(f"it has {amount(least, nouns)}, not {number}")
    return unverified(f"{stated}: it has {amount(least, nouns)} for certain")


_NO_CORE = _SPANLESS | frozenset(("fatty acid", "phospholipid", "alkaloid", "flavonoid"))
"""classes that a structure is rather than has"""


def _core(reading: Reading) -> str:
    """Name the part of a structure that a term speaks of."""
    kind = {"group": "group", "ring": "ring", "class": "core", "element": ""}[reading.term.kind]
    head = reading.head or reading.term.name
    return head if head.endswith((kind, "ring", "compound", "compounds")) else f"{head} {kind}"


def _has(reading: Reading, present: bool) -> str:
    """Say that a structure has, or has not, what a term speaks of."""
    head = reading.head or reading.term.name
    if reading.term.name in _NO_CORE or head.endswith(("compound", "molecule")):
        return f"it is {article(head) if present else f'no {head}'}"
    if reading.term.kind == "element" and not head.endswith("cycle"):
        return f"it has {'' if present else 'no '}{head}"
    return f"it has {article(_core(reading)) if present else f'no {_core(reading)}'}"


def _instead(molecule: Molecule, term: Term) -> str:
    """Name what the structure has in place of a class it lacks."""
    terms = sorted(structures.skeletons(molecule) - _UMBRELLAS - {term.name})
    same = [name for name in terms if VOCABULARY[name].kind == term.kind][:3] if term.kind != "group" else []
    if not same:
        return ""
    return "; " + " and ".join(_has(Reading(VOCABULARY[name]), True) for name in same)


_UMBRELLAS = frozenset({"benzene", "aromatic ring", "toluene", "flavonoid", "chromone", "peptide"})


def _loosened(smarts: str) -> str:
    """Drop the hydrogens that a pattern asks for on oxygen, nitrogen and sulfur, where a substituent may sit."""
    return re.sub(r"(?<=[ONS]X[23])H[1-3]?|(?<=[ONS])H[1-3]?(?=[,;\]])|(?<=n)H(?=\])", "", smarts)


def _matches(reading: Reading, mol: Chem.Mol, loose: bool = False) -> tuple[bool, bool]:
    """Tell whether the reading is shown and whether it is possible; ``loose`` for a parent that is substituted."""
    term = reading.term
    if loose and term.need:
        whole = term.proof if reading.prefixes and term.proof else term.need  # prefixes hang on the whole parent
        term = term._replace(proof="", need=_loosened(whole))
    if not reading.prefixes:
        proof = bool(term.proof) and mol.HasSubstructMatch(structures.pattern(term.proof))
        return proof, proof or not term.need or mol.HasSubstructMatch(structures.pattern(term.need))
    shown = bool(term.proof) and any(
        all(
            (_attached(mol, core, SUBSTITUENTS[name].proof) == number)
            if reading.exact
            else (_attached(mol, core, SUBSTITUENTS[name].proof) >= number)
            for number, name in reading.prefixes
        )
        for core in mol.GetSubstructMatches(structures.pattern(term.proof), maxMatches=200)
    )
    if shown or not term.need:
        return shown, True
    possible = any(
        all(
            _attached(mol, core, _loosened(SUBSTITUENTS[name].need) if loose else SUBSTITUENTS[name].need) >= number
            for number, name in reading.prefixes
        )
        for core in mol.GetSubstructMatches(structures.pattern(term.need), uniquify=False, maxMatches=2000)
    )
    return False, possible


def _attached(mol: Chem.Mol, core: Sequence[int], smarts: str) -> int:
    """Count substituents whose first atom hangs on, or belongs to, a core match."""
    inside = set(core)
    anchors = {
        match[0] for match in mol.GetSubstructMatches(structures.pattern(smarts), uniquify=False, maxMatches=10_000)
    }
    return sum(
        any(neighbour.GetIdx() in inside for neighbour in mol.GetAtomWithIdx(anchor).GetNeighbors())
        for anchor in anchors
    )
