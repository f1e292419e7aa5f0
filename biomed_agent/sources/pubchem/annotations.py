"""Readers of PUG View: what depositors say about hazards, and the values they measured.

A record of PUG View is a tree of headed sections whose leaves are texts, numbers or, in records saved before 2019,
small HTML pages. Each statement keeps the name and link of the depositor it came from.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from biomed_agent.core.types import Fact, Provenance
from biomed_agent.sources.http.malformed import well_formed

HAZARDS, MEASURED = "GHS Classification", "Experimental Properties"
"""headings that :func:`read_hazards` and :func:`read_measurements` look for"""
_RENAMED = {"logp": "measured logP", "dissociation constants": "pKa", "color/form": "colour and form"}
_CODE = r"(?:EU|AU)?H\d{3}[A-Za-z]{0,3}"
_CLASS = r"(?:\[(?P<{}>[^\]]*)\]?)?"
_STATEMENT = re.compile(
    rf"(?P<code>{_CODE}(?:\s?\+\s?{_CODE})*)(?P<beside>(?:\s*(?:\*{{1,4}}|\([^()]*\)))*)\s*{_CLASS.format('before')}"
    rf"\s*:\s*(?P<text>[^\[]+?)\s*{_CLASS.format('after')}\s*$"
)
_STARS = {
    1: "minimum classification",
    2: "route of exposure not specified",
    3: "translated from Directive 67/548/EEC",
    4: "to be confirmed by testing",
}
"""What asterisks behind a code mean: Regulation (EC) No 1272/2008, annex VI, 1.2."""
_NO_HAZARD = re.compile(r"\bnot (?:classified|meet(?:ing)?|an? hazard|hazardous)|\bno (?:GHS )?hazard", re.IGNORECASE)
_PRECAUTION = re.compile(r"P\d{3}(?:\s?\+\s?P\d{3})*")

_NUMBER = (
    r"[-−+]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?<=\d)(?:\s?[xX×*]\s?10\s?\^?[-−+⁻⁺]?[\d⁰¹²³⁴-⁹]+|[eE][-−+]?\d+)?"
)
# Letters of units count as they are written: mPa, MPa and Pa are three things, and so are mM and mm.
_PART = (
    r"(?:[°º˚]\s?[CFKR]?|℃|℉|(?i:deg(?:rees?)?)\.?\s?(?:[CFK]|Celsius|Fahrenheit|Kelvin)|K(?:-1)?|%"
    r"|(?i:mm\s?Hg)|(?:cm|in\.?)\s?Hg|[cm]m\s?H2O|cu\.?\s?(?:m|cm|dm|ft|in)|mcg|cc|lb|gal|ft|psi[ag]?|[Tt]orr|atm|dynes?"
    r"|dyn|(?:[cC]enti)?[pP]oises?|[cC]entistokes?|Btu|BTU|ppm|ppb|ppt|Å|h|hr|min|sec|days?"
    r"|[fpnuµμmcdhkMG]?(?:g|M|Pa|bar|J|N|cal|eV|V|S|St|P|Hz|W|D|(?:m|[lL]|s|mol(?:es?)?)(?:\^?[-−]?[1-4](?!\d)|⁻?[¹²³⁴])?))"
)
_PRODUCT = rf"{_PART}(?:(?:\s?[·⋅∙•.*×-]\s?|\s){_PART}){{0,3}}"
_UNIT = rf"{_PRODUCT}(?:\s?(?:/|\bper\b)\s?(?:\d+(?:\.\d+)?\s?)?(?:{_PRODUCT}|\({_PRODUCT}\))){{0,2}}(?![\w/^°])"
_BOUND = (
    r"[<>≤≥~]=?|[<>] or =|(?:less|greater|more|lower|higher) than(?: or equal to)?|at least|about|ca\.?|circa"
    r"|approx(?:\.|imately)?"
)
_VALUE = re.compile(
    rf"(?:(?P<medium>[iI]n [a-z][a-z ]{{2,30}}),\s*)?(?:(?P<lead>[A-Za-z][\w ().,/-]{{0,30}}?)\s*[=:]\s*)?"
    rf"(?P<bound>(?i:{_BOUND}))?\s*"
    rf"(?P<low>{_NUMBER})(?:(?:\s*(?P<same>{_UNIT})(?![-−][1-4](?![\d.])))?\s*(?P<dash>-|–|—|\bto\b)\s*(?P<high>{_NUMBER}))?"
    rf"(?:\s*(?:(?P<unit>{_UNIT})|\[(?P<boxed>{_UNIT})\]))?"
    r"(?P<of>\s(?:(?:of )?water|[wv]/[wv]|by (?:weight|mass|volume)))?\s*"
    rf"(?P<condition>(?:[,;]?\s*in\s[a-z -]{{3,30}}?)?(?:[,;]?\s*(?i:at|@)\s(?:(?!\bat\b|@)[^;()]){{1,60}}?)?"
    rf"(?:[,;]?\s*(?i:(?:with )?decomp[a-z]*|dec\b)\.?)?(?:\s*(?:\([^()]*\)|/[^/]{{1,40}}/))*)\s*\.?",
)
_OF_COURSE = re.compile(
    r"log ?(?:p|kow)|pka|mp|bp|(?:melting|boiling|flash) point|density|vapou?r pressure", re.IGNORECASE
)
"""names of the value in front of it that the heading says as well"""
_BOUNDS = {"less": "<", "lower": "<", "greater": ">", "more": ">", "higher": ">", "at": "≥", "<": "<", ">": ">"}
"""first word of a bound in words -> its sign; the others stand in the value as they are"""
_PLAIN_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺−", "0123456789-+-")


@dataclass(frozen=True, slots=True)
class Entry:
    """One statement of a depositor."""

    heading: str
    """of the section it stands in"""
    name: str
    lines: tuple[str, ...]
    """its text without markup"""
    numbers: tuple[int | float, ...]
    unit: str
    icons: tuple[str, ...]
    """what its pictures show"""
    provenance: Provenance


@well_formed("PubChem")
def read_hazards(body: Mapping[str, Any], provenance: Provenance) -> list[Fact]:
    """Read GHS classes: pictograms, signal word, hazard statements, precautionary codes.

    A statement's note says its signal word and class, and what share of the notifications holds it. A text that is no
    statement, such as that the criteria are not met, is kept as ``GHS remark``.

    Args:
        body: A record of PUG View, whole or of the heading :data:`HAZARDS` only.
        provenance: Of the reply; each fact names its depositor instead.
    """
    subject = f"CID:{int(body['Record']['RecordNumber'])}"
    facts: list[Fact] = []
    for entry in _entries(body, HAZARDS, provenance):
        facts += [Fact(subject, "GHS pictogram", icon, provenance=entry.provenance) for icon in entry.icons]
        for line in entry.lines:
            facts += _hazard(subject, entry, line)
    return list(dict.fromkeys(facts))


def _hazard(subject: str, entry: Entry, line: str) -> Iterator[Fact]:
    """Yield what one line of a GHS entry states."""
    signal = re.fullmatch(r"(?:Signal(?: word)?:\s*)?(Danger|Warning)", line)
    if signal:
        yield Fact(subject, "GHS signal word", signal[1], provenance=entry.provenance)
    elif statement := _STATEMENT.match(line):
        value = f"{statement['code']}: {statement['text']}"
        yield Fact(subject, "GHS hazard statement", value, provenance=entry.provenance, note=_qualified(statement))
    elif _PRECAUTION.match(line):
        codes = _PRECAUTION.findall(line)
        yield Fact(subject, "GHS precautionary codes", ", ".join(codes), provenance=entry.provenance)
    elif _NO_HAZARD.search(line) or re.match(rf"\W*{_CODE}\b", line):
        yield Fact(subject, "GHS remark", line, provenance=entry.provenance)


def _qualified(statement: re.Match[str]) -> str:
    """Return what stands beside the text of a statement: signal word and class, share or range, asterisks in words."""
    shares = [part.strip() for part in re.findall(r"\(([^()]*)\)", statement["beside"])]
    parts = [
        (statement["before"] or statement["after"] or "").strip(),
        *(f"in {share} of the notifications" if "%" in share else share for share in shares),
        _STARS.get(statement["beside"].count("*"), ""),
    ]
    return "; ".join(part for part in parts if part)


@well_formed("PubChem")
def read_measurements(body: Mapping[str, Any], provenance: Provenance) -> list[Fact]:
    """Read measured values: melting point, solubility, ``measured logP``, ``pKa`` and whatever else was measured.

    A value that can be read becomes a number, or a text such as ``138 to 140`` or ``<1``, with its unit; its
    conditions stand in the note. What cannot be read is kept word for word, without a unit.

    Args:
        body: A record of PUG View, whole or of the heading :data:`MEASURED` only.
        provenance: Of the reply; each fact names its depositor instead.
    """
    subject = f"CID:{int(body['Record']['RecordNumber'])}"
    facts: list[Fact] = []
    for entry in _entries(body, MEASURED, provenance):
        predicate = _RENAMED.get(entry.heading.lower(), entry.heading.lower())
        if entry.numbers:
            only = entry.numbers[0] if len(entry.numbers) == 1 else ", ".join(map(str, entry.numbers))
            facts.append(Fact(subject, predicate, only, entry.unit, "measured", entry.provenance))
        for line in entry.lines:
            value, unit, note = read_value(line)
            facts.append(Fact(subject, predicate, value, unit or entry.unit, "measured", entry.provenance, note))
    return list(dict.fromkeys(facts))


def read_value(text: str) -> tuple[str | float, str, str]:
    """Read value, unit and conditions of a measurement; the text itself, without a unit, when it is no plain one.

    >>> read_value("275 °F at 760 mmHg (NTP, 1992)")
    (275.0, '°F', 'at 760 mmHg (NTP, 1992)')
    >>> read_value("Decomposes")
    ('Decomposes', '', '')
    """
    text = " ".join(text.split())
    match = _VALUE.fullmatch(text)
    if match is None:
        return text, "", ""
    low, high = _number(match["low"]), _number(match["high"]) if match["high"] else None
    same, unit = _unit(match["same"]), _unit(match["unit"] or match["boxed"])
    # 1225-30, 10-5 and a range between two units are written, but what they say is not certain.
    unsure = high is not None and ((match["dash"] != "to" and high < (low or 0)) or (same and unit and same != unit))
    if low is None or (match["high"] and high is None) or unsure:
        return text, "", ""
    value: str | float = low
    if high is not None or match["bound"]:
        value = _bound(match["bound"] or "") + f"{low:.12g}" + (f" to {high:.12g}" if high is not None else "")
    lead = match["lead"] if match["lead"] and not _OF_COURSE.fullmatch(match["lead"]) else ""
    about = " ".join(part.strip() for part in (match["medium"], lead, match["of"]) if part)
    return value, unit or same, f"{about} {match['condition'] or ''}".replace(" ,", "").strip(" ,;")


def _bound(text: str) -> str:
    """Return a bound as it stands before a number: a sign, or a word and a space."""
    text = text.lower()
    sign = _BOUNDS.get(text.partition(" ")[0], "")
    if " " in text and re.search("equal|=", text):
        sign = {"<": "≤", ">": "≥"}[sign]
    return sign or (f"{text} " if text[-1:].isalpha() or text.endswith(".") else text)


def _unit(text: str | None) -> str:
    """Return a unit with one spelling for degrees; its other letters as they are written."""
    text = re.sub(r"(?i:deg(?:rees?)?)\.?\s?(?=[CFK])", "°", text or "").replace("℃", "°C").replace("℉", "°F")
    return re.sub(r"[°º˚]\s?([CFKR])?[a-z]*", lambda match: f"°{match[1] or ''}", text)


def _number(text: str) -> float | None:
    """Return the number of a text such as ``1,000`` or ``2.5X10-5``; None when it is none."""
    text = re.sub(r"\s?[xX×*]\s?10\s?\^?(?=[-+\d])", "e", text.translate(_PLAIN_DIGITS).replace(",", ""))
    try:
        return float(text)
    except ValueError:
        return None


def _entries(body: Mapping[str, Any], heading: str, provenance: Provenance) -> Iterator[Entry]:
    """Yield the statements below every section of that heading, with their depositors."""
    record = body["Record"]
    references = {reference["ReferenceNumber"]: reference for reference in record.get("Reference") or ()}
    for section in _below(record.get("Section") or (), heading):
        for stated in section.get("Information") or ():
            value = stated.get("Value") or stated  # before 2019 the values stood in the entry itself
            texts, icons = _texts(value)
            yield Entry(
                heading=str(section["TOCHeading"]),
                name=str(stated.get("Name") or ""),
                lines=texts,
                numbers=_numbers(value),
                unit=str(value.get("Unit") or value.get("ValueUnit") or ""),
                icons=icons,
                provenance=_depositor(references.get(stated.get("ReferenceNumber")), record, provenance),
            )


def _below(sections: Any, heading: str, inside: bool = False) -> Iterator[Mapping[str, Any]]:
    for section in sections:
        here = inside or section["TOCHeading"] == heading
        if here:
            yield section
        yield from _below(section.get("Section") or (), heading, here)


def _texts(value: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the lines of a value, and what its icons show."""
    lines: list[str] = []
    icons: list[str] = []
    for piece in value.get("StringWithMarkup") or ():
        marks = piece.get("Markup") or ()
        lines.append(_with_powers(str(piece.get("String") or ""), marks))
        # Colours ("GHSDanger" over a signal word) and links ("CID-2244") have an Extra as well.
        icons += [str(mark["Extra"]) for mark in marks if mark.get("Type") == "Icon" and mark.get("Extra")]
    page = str(value.get("StringValue") or "")
    icons += [html.unescape(title) for title in re.findall(r'<img[^>]*\stitle="([^"]*)"', page)]
    lines += re.split(r"<br\s*/?>|</?div[^>]*>", page)
    lines += [str(text) for text in value.get("StringValueList") or ()]
    plain = (" ".join(html.unescape(re.sub(r"<[^<>]*>", "", line)).split()) for line in lines)
    return tuple(line for line in plain if line), tuple(icons)


def _with_powers(line: str, marks: Iterable[Mapping[str, Any]]) -> str:
    """Return a text with ``^`` before its powers, which only their markup tells: ``10`` and a raised ``3``."""
    starts = {int(mark.get("Start") or 0) for mark in marks if mark.get("Type") == "Superscript"}
    for start in sorted(starts, reverse=True):
        if re.search(r"\d$", line[:start]) and re.match(r"[-−–+]?\d", line[start:]):
            line = f"{line[:start]}^{line[start:]}"
    return line


def _numbers(value: Mapping[str, Any]) -> tuple[int | float, ...]:
    numbers = value.get("Number", value.get("NumValue"))
    listed = numbers if isinstance(numbers, list) else [numbers]
    return tuple(
        number if isinstance(number, int | float) else float(number)
        for number in listed
        if not isinstance(number, bool | None)
    )


def _depositor(reference: Mapping[str, Any] | None, record: Mapping[str, Any], provenance: Provenance) -> Provenance:
    """Return the provenance of a statement: its depositor, by way of PubChem."""
    number = int(record["RecordNumber"])
    reference = reference or {}
    return replace(
        provenance,
        source=str(reference.get("SourceName") or provenance.source),
        identifier=f"CID {number} in PubChem",
        url=str(reference.get("URL") or f"https://pubchem.ncbi.nlm.nih.gov/compound/{number}"),
        licence=str(reference.get("LicenseURL") or "the depositor's terms apply"),
    )
