"""Rules for what a statement about a molecule says in figures and identifiers.

Formula, masses, counts, charge, estimates, rules of thumb and identifiers. Values that
depend on a convention (hydrogen-bond counts, rotatable bonds, estimates of logP) are only contradicted
outside the range of the usual conventions, or not at all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from rdkit import Chem
from rdkit.Chem import rdMolDescriptors as descriptors

from biomed_agent.core.chemistry import structures
from biomed_agent.core.chemistry.descriptors import rule_of_five
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.identifiers import INCHIKEY
from biomed_agent.core.types import Fact, Molecule
from biomed_agent.trust.claims.counts import ONLY_ELEMENTS, count_finding, element_finding, rotatable_range
from biomed_agent.trust.claims.findings import Finding, contradicted, supported, unverified
from biomed_agent.trust.claims.statement import NUMBER_WORDS, Assertion
from biomed_agent.trust.claims.stereo import stereo_findings

_NUMBER = r"(?P<value>[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[-+]?\d+(?:\.\d+)?)(?![\d.]*\d)"
_LINK = (
    r"(?: \([^()]*\))?(?: of (?:the |this )?(?:molecule|compound|drug|substance|structure))?(?: value| count)?"
    r"(?: is| are| equals?| of|:| =| being| at)*(?: given as| calculated as| estimated (?:at|as|to be))? ?"
    r"(?P<sign>about|approximately|approx\.|around|roughly|circa|ca\.|~|nearly|below|less than|lower than|smaller than|"
    r"under|<=?|≤|up to|at most|over|above|more than|greater than|higher than|exceeding|>=?|≥|at least)? ?"
)
_FORMULA = re.compile(
    r"\b(?P<kind>empirical |molecular |chemical )?formula(?: \([^()]*\))?"
    r"(?: of (?:the |this )?(?:molecule|compound|drug|substance))?"
    r"(?: is| of|:| =| being)*:? (?P<formula>(?:[A-Z][a-z]?\d*)+(?:[+-]\d*|\(\d?[+-]\))?)(?![\w(\[*])"
)
_WEIGHT = re.compile(
    r"\b(?P<kind>monoisotopic |exact |average )?(?:mol(?:ecular|ar)? ?(?:weight|mass|wt\.?)|"
    r"(?<!atomic )mass|weighs?|weight|"
    r"m\.?w\.?)"
    rf"{_LINK}{_NUMBER}"
    r" ?(?P<unit>g ?/ ?mol|g mol-1|kda|da\b|daltons?|amu|u\b|[a-z%]+(?:/[a-z]+)?)?",
    re.IGNORECASE,
)
_LOGP = re.compile(rf"\b(?:[xac]|mi|m)?log ?p(?:3|o/w)?(?: value)?{_LINK}{_NUMBER}", re.IGNORECASE)
_TPSA = re.compile(rf"\b(?:t?psa|polar surface area){_LINK}{_NUMBER}", re.IGNORECASE)
_CHARGE = re.compile(
    r"\b(?:net|formal|overall|total) charge(?: of| is|:| =)* ?(?P<value>[-+]?\d[-+]?|zero|none)(?=[\s,.;]|$)",
    re.IGNORECASE,
)
_COUNT_FIRST = re.compile(
    r"\b(?:number of )?(?P<what>[a-z][a-z -]*?)(?: count)?(?:(?: is| of| equals)|:| =) ?(?P<value>\d+)(?=[\s,.;]|$)",
    re.IGNORECASE,
)
_RULE = re.compile(
    r"(?P<fails>\b(?:violates?|breaks?|fails?|does not|doesn't|not|breach\w*) )?(?:to )?"
    r"(?P<count>(?:no|none|zero|one|two|three|four|\d) )?(?:of )?"
    r"(?P<passes>satisf\w+|obeys?|compl(?:y|ies|iant) with|comply|passes|pass|meets?|follows?|adheres? to|fulfil\w*|"
    r"conforms? to)? ?(?:all |any )?(?:of )?(?:the )?"
    r"(?P<rule>lipinski(?:'s)?(?: rules?(?: of (?:five|5))?| criteria)?|rule of (?:five|5)|ro5|"
    r"veber(?:'s)?(?: rules?| criteria)?)"
    r"(?P<after> violations?| compliant)?",
    re.IGNORECASE,
)
_INCHIKEY = re.compile(rf"\b{INCHIKEY.pattern}\b")
_SMILES = re.compile(r"\bSMILES(?: string| notation| code)?(?: is|:| =)* ?[\"'(]*(?P<smiles>[^\s\"']+)")
_IDENTIFIER = re.compile(
    r"\b(?:PubChem )?(?P<space>CID|ChEBI|DrugBank|ChEMBL|CAS|UNII)"
    r"(?: (?:ID|number|registry number|accession|identifier|no\.?))?"
    r"(?: is|:| =|#)* ?(?P<value>(?:CHEBI:|CHEMBL|DB)?\d[\w-]*|[A-Z\d]{10})\b",
    re.IGNORECASE,
)
_OTHER_FORM = re.compile(
    r"\b(?:salts?|hydrochloride|hydrobromide|free (?:base|acid)|anhydrous|anhydrate|\w*hydrate|parent|ions?|cation|"
    r"anion|protonated|deprotonated|conjugate|dimer|monomer|base form|acid form|neutral form)\b",
    re.IGNORECASE,
)
_RELATION = re.compile(
    r"\b(?:which|whose|whereas|while|compared|unlike|versus|metabolite of|derivative of|analog(?:ue)? of|precursor|"
    r"derives? from|derived from|enantiomer of|conjugate (?:acid|base)|tautomer of|fragments?|per)\b"
)
PROPERTY = re.compile(
    r"(?:(?:and|with|its|the|at|a|an|calculated|computed|exact|average|approximate|pubchem|net|formal|total|overall|"
    r"number of|topological|predicted|canonical|isomeric|standard) )*"
    r"(?:molecular (?:formula|weight|mass)|molar mass|mol\.? ?(?:wt|weight)|m\.?w\.?|(?:chemical |empirical )?formula|"
    r"(?:monoisotopic )?mass|weight|[xac]?log ?p|t?psa|polar surface area|charge|heavy atoms?|rotatable bonds?|"
    r"(?:h|hydrogen)[ -]bond (?:donors?|acceptors?)|aromatic rings?|rings?|stereo\w+|inchikey|smiles|cid|cas|drugbank|"
    r"chebi|chembl|unii|(?:c=c |carbon-carbon )?double bond|(?:absolute )?configuration|synonyms?|"
    r"(?:brand|trade|generic|common|other|alternative) names?|k[di]|kiba scores?|ic50|ec50|"
    r"binding affinity|dissociation constant)\b",
    re.IGNORECASE,
)
"""start of a sentence whose subject is a property of the molecule"""


def numeric_findings(sentence: str, molecule: Molecule, facts: Sequence[Fact]) -> Iterator[Finding]:
    """Check the figures and identifiers of one normalised sentence that speaks of the molecule."""
    cut = _RELATION.search(sentence)
    own = sentence[: cut.start()] if cut else sentence
    form = " ".join(_OTHER_FORM.findall(own))
    other_form = bool(form)
    for match in _FORMULA.finditer(own):
        empirical = (match["kind"] or "").lower().startswith("emp")
        yield _formula(match["formula"], empirical, molecule, other_form).for_words(f"{match.group()} {form}")
    for match in _WEIGHT.finditer(own):
        finding = _weight(match, molecule, other_form)
        if finding:
            yield finding.for_words(
                f"{match.group() if _unit(match) in _UNITS else match.group()[: -len(match['unit'])]} {form}"
            )
    for match in _LOGP.finditer(own):
        yield _estimate("logP", float(match["value"].replace(",", "")), 0.5, molecule, facts).for_words(match.group())
    for match in _TPSA.finditer(own):
        yield _estimate("TPSA", float(match["value"].replace(",", "")), 1.0, molecule, facts).for_words(match.group())
    for match in _CHARGE.finditer(own):
        yield _charge(match["value"], molecule).for_words(match.group())
    for match in _COUNT_FIRST.finditer(own):
        what = re.sub(r"^(?:.*\bnumber of |.*\btotal |its |the )", "", match["what"].lower().strip())
        finding = count_finding(Assertion("has", what, number=int(match["value"])), molecule, facts)
        if finding:
            yield finding.for_words(match.group())
    for match in ONLY_ELEMENTS.finditer(own):
        yield element_finding(match["elements"].lower(), molecule).for_words(match.group())
    yield from _rules(own, molecule)
    yield from _identifiers(own, molecule, facts)
    yield from stereo_findings(own, molecule)


# ---------------------------------------------------------------- formula and mass


def _formula(formula: str, empirical: bool, molecule: Molecule, other_form: bool) -> Finding:
    stated = _composition(formula)
    if stated is None or not molecule.formula:
        return unverified(f"formula {formula} cannot be compared")
    whole = _composition(molecule.formula) or Counter()
    if stated == whole or (empirical and _proportional(stated, whole)):
        return supported(f"computed formula {molecule.formula}")
    parent = structures.parent_of_salt(molecule)
    if parent is not None and stated == _composition(parent.formula):
        why = f"{parent.formula} is the neutral parent {parent.smiles}, {molecule.formula} this structure"
        return supported(why) if other_form else unverified(why)
    same_skeleton = {key: n for key, n in stated.items() if key != "H"} == {
        key: n for key, n in whole.items() if key != "H"
    }
    if other_form or (same_skeleton and Chem.GetFormalCharge(structures.parsed(molecule.smiles))):
        return unverified(
            f"formula {formula} may be another salt or charge state; this structure is {molecule.formula}"
        )
    return contradicted(f"computed formula {molecule.formula}, not {formula}")


_SYMBOLS = frozenset(Chem.GetPeriodicTable().GetElementSymbol(number) for number in range(1, 119))


def _composition(formula: str) -> Counter[str] | None:
    counts: Counter[str] = Counter()
    for element, number in re.findall(r"([A-Z][a-z]?)(\d*)", re.sub(r"\(\d?[+-]\)$|[+-]\d*$", "", formula)):
        if element not in _SYMBOLS:
            return None
        counts[element] += int(number or 1)
    return counts or None


def _proportional(stated: Counter[str], whole: Counter[str]) -> bool:
    return stated.keys() == whole.keys() and len({whole[key] / stated[key] for key in stated}) == 1


_UNITS = {
    **dict.fromkeys(("", "g/mol", "gmol-1", "da", "dalton", "daltons", "amu", "u"), 1),
    **dict.fromkeys(("kda", "kg/mol"), 1000),
}
"""grams a mole in each unit of mass"""


def _unit(match: re.Match[str]) -> str:
    return (match["unit"] or "").lower().replace(" ", "")


def _weight(match: re.Match[str], molecule: Molecule, other_form: bool) -> Finding | None:
    unit = _unit(match)
    if unit in {"mg", "kg", "g", "ug", "%", "mm", "nm", "um", "percent"} or molecule.weight is None:
        return None
    if "/" in unit and unit not in _UNITS:
        return unverified(f"the unit {unit} is not read")
    text = match["value"].replace(",", "").lstrip("+")
    value = float(text) * _UNITS.get(unit, 1)
    mol = structures.parsed(molecule.smiles)
    exact = descriptors.CalcExactMolWt(mol)
    truths = {"monoisotopic mass": exact} if (match["kind"] or "").lower().startswith(("mono", "exact")) else {
        "molecular weight": molecule.weight,
        "monoisotopic mass": exact,
    }  # fmt: skip
    for name, truth in truths.items():
        if agrees(value, text, match["sign"] or "", truth, kilo=_UNITS.get(unit) == 1000):
            return supported(f"computed {name} {truth:.2f}")
    parent = structures.parent_of_salt(molecule)
    if parent is not None and parent.weight is not None and agrees(value, text, match["sign"] or "", parent.weight):
        why = f"{parent.weight:.2f} is the weight of the neutral parent, {molecule.weight:.2f} that of this structure"
        return supported(why) if other_form else unverified(why)
    if other_form:
        return unverified(
            f"mass {match['value']} may be that of another salt or form; this structure weighs {molecule.weight:.2f}"
        )
    stated = f"{match['value']} {unit}".rstrip()
    return contradicted(f"computed molecular weight {molecule.weight:.2f} (monoisotopic {exact:.2f}), not {stated}")


def agrees(value: float, text: str, sign: str, truth: float, kilo: bool = False) -> bool:
    """Compare a stated figure with the truth: to the digits stated, rounded or cut, or as the sign says."""
    sign = sign.lower()
    if sign in {"below", "less than", "lower than", "smaller than", "under", "<", "<=", "≤", "up to", "at most"}:
        return truth <= value
    if sign in {"over", "above", "more than", "greater than", "higher than", "exceeding", ">", ">=", "≥", "at least"}:
        return truth >= value
    decimals = len(text.partition(".")[2]) - (3 if kilo else 0)
    unit = 10.0**-decimals
    if sign:
        return abs(value - truth) <= max(0.01 * truth, unit)
    cut = int(truth / unit) * unit
    return abs(value - truth) <= max(unit / 2, 0.02) * 1.0001 or (decimals > 0 and abs(value - cut) < unit / 100)


# ---------------------------------------------------------------- estimates, charge, rules of thumb


def _estimate(name: str, value: float, tolerance: float, molecule: Molecule, facts: Sequence[Fact]) -> Finding:
    mol = structures.parsed(molecule.smiles)
    own = descriptors.CalcCrippenDescriptors(mol)[0] if name == "logP" else descriptors.CalcTPSA(mol)
    known = [
        own,
        *(float(fact.value) for fact in facts if fact.predicate == name and isinstance(fact.value, int | float)),
    ]
    best = min(known, key=lambda estimate: abs(estimate - value))
    if abs(best - value) <= tolerance:
        return supported(f"{name} {best:.2f} (estimate)")
    return unverified(f"{name} {value} against an estimate of {own:.2f}; methods differ")


def _charge(stated: str, molecule: Molecule) -> Finding:
    net = Chem.GetFormalCharge(structures.parsed(molecule.smiles))
    sign = -1 if "-" in stated else 1
    value = 0 if stated.lower() in {"zero", "none"} else sign * int(stated.strip("+-"))
    return (
        supported(f"as drawn its net charge is {net:+d}")
        if value == net
        else contradicted(f"as drawn its net charge is {net:+d}, not {value:+d}")
    )


def _rules(own: str, molecule: Molecule) -> Iterator[Finding]:
    for match in _RULE.finditer(own):
        if match["fails"] is None and match["passes"] is None and match["after"] is None:
            continue
        if match["count"] and not match["rule"].lower().startswith("veber"):
            yield _violations(match, molecule).for_words(f"{match.group()} rules rule")
            continue
        failing = match["fails"] is not None or (match["after"] or "").strip().startswith("violation")
        if match["after"] and "violation" in match["after"]:
            none = re.search(r"\b(?:no|zero|0|without(?: any)?) $", own[: match.start("rule")])
            failing = not none
        if match["rule"].lower().startswith("veber"):
            mol = structures.parsed(molecule.smiles)
            broken, worst = int(rotatable_range(mol)[1] > 10 or descriptors.CalcTPSA(mol) > 140), 2
            why = f"rotatable bonds {rotatable_range(mol)[1]}, TPSA {descriptors.CalcTPSA(mol):.1f}"
            broken *= worst
        else:
            violations, why = rule_of_five(molecule)
            broken = len(violations)
        if broken == 1:
            yield unverified(f"one of four limits is exceeded, which some count as a pass: {why}")
        else:
            finding = supported(why) if (broken > 0) == failing else contradicted(why)
            yield finding.for_words(f"{match.group()} rules rule any zero 0")


def _violations(match: re.Match[str], molecule: Molecule) -> Finding:
    violations, why = rule_of_five(molecule)
    word = match["count"].strip().lower()
    number = int(word) if word.isdecimal() else {**NUMBER_WORDS, "none": 0}[word]
    return supported(why) if len(violations) == number else contradicted(f"{len(violations)} exceeded: {why}")


# ---------------------------------------------------------------- identifiers


def _identifiers(own: str, molecule: Molecule, facts: Sequence[Fact]) -> Iterator[Finding]:
    for key in _INCHIKEY.findall(own):
        if key == molecule.inchikey:
            yield supported(f"computed InChIKey {key}").for_words(f"inchikey {key}")
        elif molecule.inchikey:
            near = " (same skeleton, other stereo, isotopes or charge)" if key[:14] == molecule.inchikey[:14] else ""
            yield contradicted(f"computed InChIKey {molecule.inchikey}, not {key}{near}")
    for match in _SMILES.finditer(own):
        yield _same_structure(match["smiles"].rstrip(".,;)"), molecule).for_words(match.group())
    for match in _IDENTIFIER.finditer(own):
        space, value = match["space"].lower(), re.sub(r"^(?:CHEBI:|CHEMBL|DB)", "", match["value"].upper())
        stored = {molecule.ids[space]} if space in molecule.ids else set()
        stored |= {str(fact.value) for fact in facts if fact.predicate.lower().split(" ")[0] == space}
        plain = {re.sub(r"^(?:CHEBI:|CHEMBL|DB)", "", identifier.upper()) for identifier in stored}
        if value in plain:
            yield supported(f"the record has {match['space']} {value}").for_words(match.group())
        elif plain and space == "cid":
            yield contradicted(f"the record has CID {', '.join(sorted(plain))}, not {value}")
        else:
            yield unverified(f"{match['space']} {value} is not in the record at hand")


def _same_structure(smiles: str, molecule: Molecule) -> Finding:
    try:
        stated = structures.molecule_from_smiles(smiles)
    except InvalidInput as error:
        return contradicted(error.message)
    if stated.smiles == molecule.smiles:
        return supported("the SMILES stated is this structure")
    mols = [structures.parsed(structure.smiles) for structure in (stated, molecule)]
    flat = [Chem.MolToSmiles(mol, isomericSmiles=False) for mol in mols]
    if flat[0] == flat[1] and not re.search(r"[@/\\]", stated.smiles):
        return supported("the SMILES stated is this structure, without its stereo")
    return contradicted(f"the SMILES stated is {stated.formula} {stated.smiles}, not this structure")
