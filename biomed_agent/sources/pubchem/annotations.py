"""Readers of PUG View: what depositors say about hazards, and the values they measured.

A record of PUG View is a tree of headed sections whose leaves are texts, numbers or, in records saved before 2019,
small HTML pages. Each statement keeps the name and link of the depositor it came from.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from biomed_agent.transport import well_formed
from biomed_agent.types import Fact, Provenance

HAZARDS, MEASURED = "GHS Classification", "Experimental Properties"
"""headings that :func:`read_hazards` and :func:`read_measurements` look for"""
_RENAMED = {"logp": "measured logP", "dissociation constants": "pKa", "color/form": "colour and form"}
_STATEMENT = re.compile(
    r"(?P<code>H\d{3}[A-Za-z]{0,3}(?:\s?\+\s?H\d{3}[A-Za-z]{0,3})*)\s*(?:\((?P<share>[^()]*%[^()]*)\))?\s*:\s*"
    r"(?P<text>[^\[]+?)\s*(?:\[(?P<hazard>[^\]]*)\]?)?\s*$"
)
_PRECAUTION = re.compile(r"P\d{3}(?:\s?\+\s?P\d{3})*")

_NUMBER = r"[-−+]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?<=\d)(?:\s?[xX×*]\s?10\s?\^?[-−+]?\d+|[eE][-−+]?\d+)?"
_UNIT = (
    r"°\s?[CFK]|deg(?:rees?)?\.?\s?[CF]|K|%|(?:[mµμun]|k)?g/(?:100\s?m?L|m?L|dL|cm3|cm\^3|cu\.?\s?cm|cu\.?\s?m|m3|kg|g)"
    r"|(?:[mµμ])?mol/(?:L|kg)|[mµμn]?M|mm\s?Hg|[kmhMG]?Pa(?:[·.*-]?s)?|atm[-·\s]?(?:cu\s?m|m3)/mol(?:e)?|atm|torr|m?bar"
    r"|cP|cSt|centipoise|dynes?/cm|[mN]?N/m|k?J/(?:mol|kg)|k?cal/(?:mol|g)|eV|ppm|ppb|cu\s?m/mol|nm|cm/s"
)
_VALUE = re.compile(
    rf"(?:(?P<lead>[A-Za-z][\w ().,/-]{{0,30}}?)\s*[=:]\s*)?(?P<bound>[<>≤≥~]=?|(?:less|greater|more) than|about|ca\.?"
    rf"|approx(?:\.|imately)?)?\s*(?P<low>{_NUMBER})(?:\s*(?P<same>{_UNIT}))?(?:\s*(?:-|–|—|to)\s*(?P<high>{_NUMBER}))?"
    rf"(?:\s*(?P<unit>{_UNIT})(?![\w/]))?\s*(?P<condition>(?:[,;]?\s*(?:at|@)\s[^;()]{{1,60}})?(?:\s*\([^()]*\))*)\s*\.?",
    re.IGNORECASE,
)
_OF_COURSE = re.compile(
    r"log ?(?:p|kow)|pka|mp|bp|(?:melting|boiling|flash) point|density|vapou?r pressure", re.IGNORECASE
)
"""names of the value in front of it that the heading says as well"""
_BOUNDS = {"less than": "<", "greater than": ">", "more than": ">"}


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
    signal = re.fullmatch(r"(?:Signal:\s*)?(Danger|Warning)", line)
    if signal:
        yield Fact(subject, "GHS signal word", signal[1], provenance=entry.provenance)
    elif statement := _STATEMENT.match(line):
        share = statement["share"] and f"in {statement['share']} of the notifications"
        note = "; ".join(part for part in ((statement["hazard"] or "").strip(), share) if part)
        value = f"{statement['code']}: {statement['text']}"
        yield Fact(subject, "GHS hazard statement", value, provenance=entry.provenance, note=note)
    elif _PRECAUTION.match(line):
        codes = _PRECAUTION.findall(line)
        yield Fact(subject, "GHS precautionary codes", ", ".join(codes), provenance=entry.provenance)
    elif re.match(r"(?:Reported as )?not (?:classified|meeting)", line, re.IGNORECASE):
        yield Fact(subject, "GHS remark", line, provenance=entry.provenance)


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
            facts.append(Fact(subject, predicate, only, entry.unit, provenance=entry.provenance))
        for line in entry.lines:
            value, unit, note = read_value(line)
            facts.append(Fact(subject, predicate, value, unit or entry.unit, provenance=entry.provenance, note=note))
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
    low, high = _number(match["low"]), match["high"] and _number(match["high"])
    if low is None or (match["high"] and high is None):
        return text, "", ""
    bound = (match["bound"] or "").lower()
    value: str | float = low
    if high is not None:
        value = f"{low:g} to {high:g}"
    if bound:
        value = f"{_BOUNDS.get(bound, bound)}{' ' if bound[-1:].isalpha() or bound.endswith('.') else ''}{low:g}"
        value = value.replace("< ", "<").replace("> ", ">")
        value += f" to {high:g}" if high is not None else ""
    unit = re.sub(r"^deg(?:rees?)?\.?\s?", "°", match["unit"] or match["same"] or "", flags=re.IGNORECASE)
    lead = match["lead"] if match["lead"] and not _OF_COURSE.fullmatch(match["lead"]) else ""
    note = f"{lead} {match['condition'] or ''}".replace(" ,", "").strip(" ,;")
    return value, unit.replace("° ", "°"), note


def _number(text: str) -> float | None:
    """Return the number of a text such as ``1,000`` or ``2.5X10-5``; None when it is none."""
    text = text.replace("−", "-").replace(",", "")
    text = re.sub(r"\s?[xX×*]\s?10\s?\^?(?=[-+]?\d)", "e", text)
    try:
        return float(text)
    except ValueError:
        return None


def _entries(body: Mapping[str, Any], heading: str, provenance: Provenance) -> Iterator[Entry]:
    """Yield the statements below every section of that heading, with their depositors."""
    record = body["Record"]
    references = {one["ReferenceNumber"]: one for one in record.get("Reference") or ()}
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
        lines.append(str(piece.get("String") or ""))
        icons += [str(mark["Extra"]) for mark in piece.get("Markup") or () if mark.get("Extra")]
    page = str(value.get("StringValue") or "")
    icons += [html.unescape(title) for title in re.findall(r'<img[^>]*\stitle="([^"]*)"', page)]
    lines += re.split(r"<br\s*/?>|</?div[^>]*>", page)
    lines += [str(text) for text in value.get("StringValueList") or ()]
    plain = (" ".join(html.unescape(re.sub(r"<[^<>]*>", "", line)).split()) for line in lines)
    return tuple(line for line in plain if line), tuple(icons)


def _numbers(value: Mapping[str, Any]) -> tuple[int | float, ...]:
    found = value.get("Number") or ([value["NumValue"]] if "NumValue" in value else ())
    return tuple(one if isinstance(one, int | float) else float(one) for one in found)


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
