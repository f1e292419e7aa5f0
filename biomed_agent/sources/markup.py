"""Titles, abstracts and paragraphs of articles without their inline markup."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET
from collections.abc import Container, Iterator

_RAISED, _REFERENCE = "\x00", "\x01"
"""stand before a superscript and for a number of the reference list until :func:`_tidy` removes them"""
_TAG = re.compile(
    r"</?(?:i|b|u|em|strong|sub|sup|sc|p|br|span|div|ul|ol|li|title|sec|italic|bold|underline|h[1-6])(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_SUPERSCRIPT = re.compile(r"<sup(?:\s[^<>]*)?>", re.IGNORECASE)
_APART = frozenset({"p", "list-item", "title", "break"})


def plain(text: object) -> str:
    """Remove inline tags from a string and resolve character references.

    Only tags that records hold are removed: any other ``<`` is a sign of the text, as in ``p <0.05``. A power stays
    one: ``10<sup>6</sup>`` becomes ``10^6``.
    """
    return _tidy(html.unescape(_TAG.sub("", _SUPERSCRIPT.sub(_RAISED, str(text)))))


def text_of(element: ET.Element | None, left_out: Container[str] = ()) -> str:
    """Return all text of an element on one line; a power stays one, as in :func:`plain`.

    Numbers that only point at the reference list are left out, so that none can be read as part of a value.

    Args:
        element: An element, or None for no text.
        left_out: Tags whose text is left out.
    """
    return "" if element is None else _tidy("".join(_pieces(element, left_out)))


def _pieces(element: ET.Element, left_out: Container[str]) -> Iterator[str]:
    if element.tag in left_out:
        return
    if _is_reference(element):
        yield _REFERENCE
        return
    if element.tag == "sup":
        yield _RAISED
    yield element.text or ""
    for child in element:
        yield from _pieces(child, left_out)
        yield f" {child.tail or ''}" if child.tag in _APART else child.tail or ""


def _is_reference(element: ET.Element) -> bool:
    marks = element.tag == "xref" and element.get("ref-type") == "bibr"
    return marks and re.fullmatch(r"[\d\s,;\[\]()–-]*", "".join(element.itertext())) is not None


def _tidy(text: str) -> str:
    text = re.sub(rf"(?<=\d){_RAISED}(?=[−–-]?\d)", "^", text).replace(_RAISED, "")
    emptied = rf"\s*[\[(][\s,;–-]*{_REFERENCE}[\s,;–{_REFERENCE}-]*[\])]"
    return " ".join(re.sub(emptied, "", text).replace(_REFERENCE, "").split())
