"""Rules that decide a statement about a molecule: its groups, rings, classes and stored roles.

Numbers, stereo and identifiers are read in ``check_numbers.py``. *Contradicted* needs an exact rule: the
``need`` pattern of a term (see ``groups.py``) does not match, so the word cannot apply.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from rdkit import Chem

from . import chemistry
from .check_numbers import count_finding
from .findings import Finding, contradicted, supported, unverified
from .groups import MULTIPLIERS, SUBSTITUENTS, VOCABULARY, Term
from .statement import Assertion
from .types import Fact, Molecule

_GROUP_WORDS = (
    r" (?:functional )?(?:groups?|moiet(?:y|ies)|rings?|substituents?|functions?|functionalit(?:y|ies)|units?|cores?|"
    r"skeletons?|scaffolds?|systems?|nucle(?:us|i)|residues?|bonds?|linkages?|side[ -]chains?|atoms?|compounds?|molecules?|"
    r"drugs?|antibiotics?|hormones?|natural products?|derivatized|structures?|framework|fragments?|backbone|class|family)$"
)
_BLOCKING = frozenset(
    "masked protected latent pseudo modified potential former reduced oxidized oxidised hydrolysed hydrolyzed non seco nor "
    "homo abeo aza oxa thia ring-opened open-chain ring-expanded ring-contracted artificial fake no not virtual hidden "
    "bioisosteric parent hydrogenated dihydro tetrahydro saturated conjugated activated fused".split()
)
_PREFIX = "|".join(sorted(SUBSTITUENTS, key=len, reverse=True))
_MULTI = "|".join(MULTIPLIERS)
_SYSTEMATIC = re.compile(
    rf"(?P<prefixes>(?:(?:[\d,'a-z]*\d[\d,'a-z]*-)?(?:{_MULTI})?-?(?:{_PREFIX})-?)*)(?:\d[\d,']*-)?(?P<parent>[a-z][a-z -]*)"
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


@lru_cache(maxsize=4096)
def understand(words: str) -> Reading | None:
    """Read a noun phrase by its head: the longest end of it that is a known term or systematic name.

    Args:
        words: Lower-case words without article, such as ``prenylated 3-hydroxyflavones``.

    Returns:
        None when the head is unknown, or a modifier makes the term inapplicable.
    """
    phrase = words
    while True:
        tokens = phrase.split(" ")
        for start in range(len(tokens)):
            head = " ".join(tokens[start:])
            reading = next((found for form in _singulars(head) if (found := _term(form))), None)
            if reading:
                return None if _BLOCKING & set(tokens[:start]) else reading
        shorter = re.sub(_GROUP_WORDS, "", phrase)
        if shorter == phrase:
            return None
        phrase = shorter


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
    for one in _ONE_PREFIX.finditer(match["prefixes"]):
        locants = one["locants"].count(",") + 1 if one["locants"] else 1
        prefixes.append((MULTIPLIERS.get(one["multiplier"] or "", locants), one["name"]))
        exact &= bool(one["multiplier"]) and not one["locants"]
    return Reading(parent, tuple(prefixes), head, exact)


_PARENTS = frozenset(
    "phenol catechol resorcinol hydroquinone aniline benzamide acetamide benzyl phenoxy benzoyl anilide guaiacol".split()
)
"""group words that serve as parents of systematic names"""
_NO_PARENTS = frozenset(term.name for term in VOCABULARY.values() if term.proof.startswith("[$(") or not term.proof) | {
    "glycoside",
    "amino acid",
    "alpha-amino acid",
    "peptide",
    "nucleoside",
    "nucleotide",
    "pyranose",
    "triglyceride",
}
"""classes whose pattern does not span the parent's atoms"""


# ---------------------------------------------------------------- whole-molecule words


def _charges(mol: Chem.Mol) -> tuple[bool, bool]:
    charges = [atom.GetFormalCharge() for atom in mol.GetAtoms()]
    return any(charge > 0 for charge in charges), any(charge < 0 for charge in charges)


def _special(name: str, mol: Chem.Mol, bare: bool) -> tuple[bool, bool] | None:
    """Decide words that no SMARTS can: (shown, possible); None when the word is not one of them."""
    positive, negative = _charges(mol)
    protic = mol.HasSubstructMatch(chemistry.pattern("[O,S,N,n;!H0]"))
    basic = mol.HasSubstructMatch(chemistry.pattern("[#7]"))
    net = Chem.GetFormalCharge(mol)
    elements = {atom.GetAtomicNum() for atom in mol.GetAtoms()}
    fragments = len(Chem.GetMolFrags(mol))
    largest = max((len(ring) for ring in mol.GetRingInfo().AtomRings()), default=0)
    rings = mol.GetRingInfo().NumRings()
    if name in {"cation", "organic cation"}:
        return fragments == 1 and net > 0, positive or basic or bool(elements & _METALS)
    if name in {"anion", "organic anion", "oxoanion"}:
        return fragments == 1 and net < 0, negative or protic or bool(elements & _METALS)
    if name in {"dication", "trication"}:
        return fragments == 1 and net == 2 + (name == "trication"), True
    if name in {"dianion", "trianion"}:
        return fragments == 1 and net == -2 - (name == "trianion"), True
    if name == "zwitterion":
        return fragments == 1 and net == 0 and positive and negative, (positive or basic) and (negative or protic)
    if name in {"salt", "organic salt"}:
        return fragments > 1 and positive and negative, fragments > 1 or positive or negative or not bare
    if name in _COUNTER_IONS:
        element, charge = _COUNTER_IONS[name]
        return fragments > 1 and element in elements, element in elements or (fragments == 1 and (positive or negative))
    if name in {"neutral", "uncharged", "electrically neutral"}:
        return net == 0, net == 0
    if name in {"acyclic", "acyclic compound"}:
        return rings == 0, rings == 0
    if name in {"cyclic", "cyclic compound", "macrocycle", "macrocyclic"}:
        large = name.startswith("macro")
        return (largest >= 12 if large else rings > 0), (largest >= 9 if large else rings > 0)
    if name in {"azamacrocycle", "macrolide", "macrocyclic lactone", "macrolactone"}:
        key = "[#7;R]" if name == "azamacrocycle" else "[#6;R](=O)@[#8;R]"
        has = mol.HasSubstructMatch(chemistry.pattern(key))
        return (has and largest >= 12 and name != "macrolide"), has and largest >= 9
    if name in _CARBOXYLS:
        acids = len(mol.GetSubstructMatches(chemistry.pattern("[CX3](=O)[OX2H]")))
        ions = len(mol.GetSubstructMatches(chemistry.pattern("[CX3](=O)[OX1-]")))
        return acids == _CARBOXYLS[name], acids + ions >= _CARBOXYLS[name]
    if name in _HYDROXYLS:
        sure = len(mol.GetSubstructMatches(chemistry.pattern("[OX2H][#6;!$(C=O)]")))
        most = len(mol.GetSubstructMatches(chemistry.pattern("[OX2H,OX1]")))
        return sure == _HYDROXYLS[name], most >= _HYDROXYLS[name]
    if name in {"hydrocarbon", "alkane", "cycloalkane"}:
        only = elements <= {1, 6, 0} and not positive and not negative
        saturated = not mol.HasSubstructMatch(chemistry.pattern("[#6]=,#,:[#6]"))
        if name == "hydrocarbon":
            return only and 0 not in elements, only or not bare
        return only and saturated and (rings > 0) == (name == "cycloalkane"), only and saturated
    return None


_CARBOXYLS = {"monocarboxylic acid": 1, "dicarboxylic acid": 2, "tricarboxylic acid": 3, "tetracarboxylic acid": 4}
_HYDROXYLS = {"diol": 2, "triol": 3, "tetrol": 4, "pentol": 5, "hexol": 6}
_METALS = frozenset({3, 4, 11, 12, 13, 19, 20, *range(21, 32), 37, 38, *range(39, 53), 55, 56, *range(57, 84)})
_COUNTER_IONS = {
    "hydrochloride": (17, -1), "hydrochloride salt": (17, -1), "chloride salt": (17, -1), "hydrobromide": (35, -1),
    "bromide salt": (35, -1), "sodium salt": (11, 1), "potassium salt": (19, 1), "calcium salt": (20, 2),
    "organic sodium salt": (11, 1), "magnesium salt": (12, 2), "lithium salt": (3, 1),
}  # fmt: skip


# ---------------------------------------------------------------- deciding


def decide(assertion: Assertion, molecule: Molecule, facts: Sequence[Fact]) -> Finding | None:
    """Decide one assertion; None when it is not a chemical one."""
    if assertion.relation == "role":
        return _role(assertion.words, facts)
    record = _recorded(assertion, facts)
    if record is not None:
        return record
    if assertion.relation != "parent":
        whole = count_finding(assertion, molecule, facts) or _whole(assertion, molecule)
        if whole is not None:
            return whole
    reading = understand(assertion.words)
    if reading is None:
        return None
    return _structural(assertion, reading, molecule)


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
    mol = chemistry.parsed(molecule.smiles)
    if assertion.relation != "is":
        return None
    heads = [" ".join(assertion.words.split(" ")[-size:]) for size in (3, 2, 1)]
    for form in (form for head in heads for form in _singulars(head)):
        shown = _special(form, mol, bare=form in _singulars(assertion.words))
        if shown is not None:
            break
    else:
        return None
    proof, possible = shown
    return _verdict(
        assertion, proof, possible, f"{form}: decided from the atoms, charges and rings of the structure", ""
    )


def _structural(assertion: Assertion, reading: Reading, molecule: Molecule) -> Finding:
    mol = chemistry.parsed(molecule.smiles)
    proof, possible = _matches(reading, mol)
    name = assertion.words
    term = reading.term
    if assertion.number is not None and not assertion.negated and not reading.prefixes and possible:
        return _counted(assertion, term, molecule)
    also = _instead(molecule, term) if not possible else ""
    missing = f"SMARTS of the {_core(reading)} does not match{also}"
    present = f"SMARTS of the {_core(reading)} matches"
    if assertion.relation == "parent" and proof:
        return supported(present)
    return _verdict(assertion, proof, possible, present, missing, f'the pattern of "{name}" is not exact enough here')


def _verdict(
    assertion: Assertion, proof: bool, possible: bool, present: str, missing: str, undecided: str = ""
) -> Finding:
    if possible and not proof:
        return unverified(undecided or f'"{assertion.words}" is not decided by the structure alone')
    if proof:
        return contradicted(present) if assertion.negated else supported(present)
    return supported(missing or present) if assertion.negated else contradicted(missing or f"not so: {present}")


def _counted(assertion: Assertion, term: Term, molecule: Molecule) -> Finding:
    least = chemistry.count(molecule, term.proof) if term.proof else 0
    most = chemistry.count(molecule, term.need) if term.need else None
    number = assertion.number or 0
    said = f"{number} {assertion.words}"
    if term.proof and (least == number or (assertion.least and least >= number)):
        return supported(f"SMARTS of {term.name} matches {least} times")
    if most is not None and most < number:
        return contradicted(f"{said}: SMARTS of {term.name} matches {most} times at most")
    if assertion.total and term.proof and least > number:
        return contradicted(f"{said}: SMARTS of {term.name} matches {least} times")
    return unverified(f"{said}: the structure has {least}, counted by SMARTS")


def _core(reading: Reading) -> str:
    kind = {"group": "group", "ring": "ring", "class": "core", "element": "pattern"}[reading.term.kind]
    return reading.head if reading.head.endswith((kind, "ring")) else f"{reading.head} {kind}"


def _instead(molecule: Molecule, term: Term) -> str:
    """Name what the structure has in place of a class it lacks."""
    found = sorted(chemistry.skeletons(molecule) - _UMBRELLAS)
    same = [name for name in found if VOCABULARY[name].kind == term.kind][:3] if term.kind != "group" else []
    if not same:
        return ""
    return f"; the {same[0]} core does" if len(same) == 1 else f"; the {' and '.join(same)} cores do"


_UMBRELLAS = frozenset({"benzene", "aromatic ring", "toluene", "flavonoid", "chromone", "peptide"})


def _matches(reading: Reading, mol: Chem.Mol) -> tuple[bool, bool]:
    """Tell whether the reading is shown and whether it is possible."""
    term = reading.term
    if not reading.prefixes:
        proof = bool(term.proof) and mol.HasSubstructMatch(chemistry.pattern(term.proof))
        return proof, proof or not term.need or mol.HasSubstructMatch(chemistry.pattern(term.need))
    shown = bool(term.proof) and any(
        all(
            (_attached(mol, core, SUBSTITUENTS[name].proof) == number)
            if reading.exact
            else (_attached(mol, core, SUBSTITUENTS[name].proof) >= number)
            for number, name in reading.prefixes
        )
        for core in mol.GetSubstructMatches(chemistry.pattern(term.proof), maxMatches=200)
    )
    if shown or not term.need:
        return shown, True
    possible = any(
        all(_attached(mol, core, SUBSTITUENTS[name].need) >= number for number, name in reading.prefixes)
        for core in mol.GetSubstructMatches(chemistry.pattern(term.need), uniquify=False, maxMatches=2000)
    )
    return False, possible


def _attached(mol: Chem.Mol, core: Sequence[int], smarts: str) -> int:
    """Count substituents whose first atom hangs on, or belongs to, a core match."""
    inside = set(core)
    anchors = {
        match[0] for match in mol.GetSubstructMatches(chemistry.pattern(smarts), uniquify=False, maxMatches=10_000)
    }
    return sum(
        any(neighbour.GetIdx() in inside for neighbour in mol.GetAtomWithIdx(anchor).GetNeighbors())
        for anchor in anchors
    )
