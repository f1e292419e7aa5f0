"""Rules for what a statement says of charge: *is charged*, *that is the dianion*, *conjugate base of phthalic acid*.

They speak of the structure as drawn. An acid and its ion are often called by one name, so only a statement that the
thing itself is the ion is compared, and none that gives conditions (``an anion at physiological pH``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from biomed_agent.core.chemistry import structures
from biomed_agent.core.types import Molecule
from biomed_agent.trust.claims.findings import Finding, contradicted, supported, unverified
from biomed_agent.trust.claims.whole import Whole, drawn_charge, whole_of

_CONDITION = re.compile(
    r"\b(?:physiological|neutral|acidic|basic|alkaline|low|high)(?: [\w-]+)? "
    r"(?:ph|conditions?|solutions?|medium|media)\b|"
    r"(?<!major species )(?<!major microspecies )\bat (?:a )?ph\b|\bin (?:aqueous|water|solution|plasma|vivo|vitro)\b|"
    r"\bwhen (?:dissolved|ionised|ionized|deprotonated|protonated)\b|\b(?:forms?|exists?|becomes?|occurs?) |"
    r"\b(?:\w*charged|\w*protonated|ioni[sz]ed|\w*(?:an|cat|zwitter)ion(?:ic)?|neutral) "
    r"(?:in(?! which\b)|inside|within|under|during|upon|on|when|while|after|before|"
    r"at (?:low|high|any|all|every|the|most)) "
)
_IS = r"(?:^|(?:that|which|it) )(?:is|are) (?P<denied>not )?(?:also |formally |(?:fully|completely) (?=\w*protonated))?"
_CHARGED = re.compile(
    rf"{_IS}(?:an? (?=(?:\w+ly )?\w+ (?:compound|molecule|species|ion)\b))?"
    r"(?:(?P<sign>negatively|positively|doubly|singly) )?"
    r"(?P<word>charged|deprotonated|protonated|ioni[sz]ed|anionic|cationic)\b"
    r"(?! [a-z-]*(?:agent|detergent|surfactant|dye))"
)
_HAS_CHARGE = re.compile(
    r"(?:^|(?:that|which|it|and|but) )(?P<denied>(?:does not|doesn't) )?"
    r"(?:has|have|bears?|carr(?:y|ies)|possess(?:es)?) "
    r"(?:(?P<none>no)|an?|one)? ?(?:(?:net|formal|overall|total|electric(?:al)?|single) )*"
    r"(?:(?P<sign>negative|positive) )?(?P<word>charge)(?: of (?P<value>[-+]?\d[-+]?|zero))?(?=$|[,;])"
)
_THE_ION = re.compile(
    rf"{_IS}(?:the|an?) (?:[\w-]+ ){{0,4}}?(?P<much>mono|di|tri|tetra|poly)?(?P<ion>anion|cation)\b"
    r"(?![ -](?:exchange|channel|transport|radical))"
)
_CONJUGATE = re.compile(
    rf"{_IS}(?:the |an? )?conjugate (?P<side>base|acid) of (?:the |an? )?(?P<partner>[^;]+?)"
    r"(?=$|, |;| (?:arising|obtained|formed|resulting|in which|that|which|and)\b)"
)
_LOST = re.compile(
    r"\b(?:obtained|arising|formed|resulting) (?:by|from|via|through) (?:the |selective )*deprotonation of "
    r"(?P<of>[^,;]*)"
)
_NAMED_ION = re.compile(rf"{_IS}an? [^ ;]*[a-z\d]\((?P<size>\d)(?P<sign>[+-])\)(?=$|[,;])")
_MULTIPLIERS = {"mono": 1, "di": 2, "tri": 3, "tetra": 4}


def charge_findings(lowered: str, molecule: Molecule) -> Iterator[Finding]:
    """Check what one sentence in lower case, from its verb on, says of the charge of the molecule."""
    if not re.search(r"charge|proton|ioni|anion\b|cation\b|conjugate|\(\d[+-]\)", lowered) or conditional(lowered):
        return
    it = whole_of(structures.parsed(molecule.smiles))
    for match in _CHARGED.finditer(lowered):
        yield _verdict_on(match, _charged(match, it), it)
    for match in _HAS_CHARGE.finditer(lowered):
        if not (match["value"] and (match["none"] or match["sign"])):
            yield _verdict_on(match, _carried(match, it), it, denied=bool(match["none"] or match["denied"]))
    for match in _THE_ION.finditer(lowered):
        if not re.match(rf"{_IS}an? ", match.group()) or match.start():  # "is an anion" is read as a class
            yield _verdict_on(match, _ion(match, it), it)
    for match in _CONJUGATE.finditer(lowered):
        if not match["denied"]:
            yield _conjugate(match, it).for_words(match.group())
    for match in _LOST.finditer(lowered):
        acids = re.search(r"carbox|phosph|sulf|hydrox|\bacid|thiol", match["of"])
        if acids and not (it.negative or it.metal or it.parts > 1):
            yield contradicted(f"{drawn_charge(it)}; nothing in it is deprotonated").for_words(match.group())
    for match in _NAMED_ION.finditer(lowered):
        expected = int(f"{match['sign']}{match['size']}")
        if it.parts == 1 and it.net == 0 != expected and not match["denied"]:
            yield contradicted(f"{drawn_charge(it)}, not {expected:+d}").for_words(match.group())


def conditional(lowered: str) -> bool:
    """Tell whether a sentence in lower case says under which conditions something is an ion.

    "Major species at pH 7.3" says so of a zwitterion only, which is drawn as its neutral tautomer as often.
    """
    return _CONDITION.search(lowered) is not None or ("zwitterion" in lowered and " ph " in lowered)


def _verdict_on(match: re.Match[str], outcome: tuple[bool, bool], it: Whole, denied: bool | None = None) -> Finding:
    shown, possible = outcome
    denied = bool(match["denied"]) if denied is None else denied
    if possible and not shown:
        finding = unverified(drawn_charge(it))
    else:
        finding = (supported if shown is not denied else contradicted)(drawn_charge(it))
    return finding.for_words(match.group() + " not" * denied)


def _charged(match: re.Match[str], it: Whole) -> tuple[bool, bool]:
    """Return whether it is shown and whether it is possible."""
    word, sign = match["word"], match["sign"] or ""
    drawn_otherwise = it.metal or it.parts > 1  # a salt may be drawn as its acid and its base
    if sign in ("doubly", "singly"):
        return False, it.net != 0 or it.parts > 1
    if sign == "positively" or word in ("protonated", "cationic"):
        return it.net > 0 and word != "protonated", it.positive or drawn_otherwise
    if sign == "negatively" or word in ("deprotonated", "anionic"):
        return it.net < 0, it.negative or drawn_otherwise
    return it.net != 0, it.positive or it.negative or drawn_otherwise


def _carried(match: re.Match[str], it: Whole) -> tuple[bool, bool]:
    """Return whether a charge of the sign or value stated is shown, and whether it is possible."""
    if match["value"]:
        digits = match["value"].strip("+-")
        value = 0 if digits == "zero" else int(digits) * (-1 if "-" in match["value"] else 1)
        return it.net == value, it.net == value
    if re.search(r"\b(?:net|overall|total) ", match.group()) and not match["sign"]:
        return it.net != 0, it.net != 0
    several = it.metal or it.parts > 1
    if match["sign"]:
        negative = match["sign"] == "negative"
        return it.net * (-1 if negative else 1) > 0, (it.negative if negative else it.positive) or several
    return it.net != 0, it.positive or it.negative or several


def _ion(match: re.Match[str], it: Whole) -> tuple[bool, bool]:
    sign = -1 if match["ion"] == "anion" else 1
    wanted = _MULTIPLIERS.get(match["much"] or "")
    holds = it.parts == 1 and it.net * sign > 0 and (wanted is None or it.net == wanted * sign)
    possible = it.negative if sign < 0 else it.positive
    return holds and match["much"] != "poly", possible or it.metal or it.parts > 1


def _conjugate(match: re.Match[str], it: Whole) -> Finding:
    """Compare the charge with that of the partner, where its name tells: a base has less.

    A conjugate acid is not compared: records call it that of its anion with four charges and of its cation as well.
    """
    partner, base = match["partner"].strip(), match["side"] == "base"
    size = re.search(r"\((\d)([+-])\)$", partner)
    if size:
        its = int(f"{size[2]}{size[1]}")
    elif re.search(r"\bacid$", partner) and not re.search(r"\b(?:amino|aspartic|glutamic)\b", partner):
        its = 0
    else:
        return unverified(f"{drawn_charge(it)}; the charge of {partner} is not compared")
    plain = it.parts == 1 and it.net == 0 and not (it.positive or it.negative or it.metal)
    if plain and base and its <= 0:
        return contradicted(f"{drawn_charge(it)}, and a conjugate base of {partner} has a negative charge")
    return unverified(f"{drawn_charge(it)}; {partner} itself is not compared")
