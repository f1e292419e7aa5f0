"""Replies in XML, and titles, abstracts and paragraphs of articles without their inline markup."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET
from collections.abc import Container, Iterator

from biomed_agent.core.errors import Unavailable

_SUPERSCRIPT_MARK, _REFERENCE_MARK = "\x00", "\x01"
"""stand before a superscript and for a number of the reference list until :func:`_tidy` removes them"""
_INLINE_TAGS = (
    "i|b|u|em|strong|sub|sup|sc|a|span|italic|bold|underline|monospace|overline|strike|roman|sans-serif|"
    "named-content|styled-content|inline-formula|inline-graphic|ext-link|xref|uri|email|"
    "m(?:ath|i|n|o|row|text|sub|sup|subsup|frac|sqrt|root|over|under|underover|style|space|fenced|padded)"
)
_BLOCK_TAGS = (
    "p|br|break|div|ul|ol|li|title|sec|label|list|list-item|disp-formula|disp-quote|abstract|abstracttext|h[1-6]"
)
_ATTRIBUTES = r"(?:\s+[\w:.-]+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>=]+))*\s*/?"
_INLINE_TAG = re.compile(rf"</?(?:\w+:)?(?:{_INLINE_TAGS}){_ATTRIBUTES}>", re.IGNORECASE)
_BLOCK_TAG = re.compile(rf"</?(?:\w+:)?(?:{_BLOCK_TAGS}){_ATTRIBUTES}>", re.IGNORECASE)
_SUPERSCRIPT = re.compile(rf"<(?:\w+:)?sup{_ATTRIBUTES}>", re.IGNORECASE)
_FORMULA = re.compile(r"<((?:\w+:)?math)\b[^<>]*>.*?</\1\s*>", re.DOTALL)
_TEX = re.compile(r"<(tex-math)\b[^<>]*>.*?</\1\s*>", re.DOTALL)
_CHARACTER = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);")
_BLOCK_NAME = re.compile(_BLOCK_TAGS)


def parse_reply(text: str, service: str, expected: str) -> ET.Element:
    """Return the root of a reply in XML; its DTD is never fetched, and entities are refused.

    Args:
        text: The reply, decoded.
        service: Who sent it.
        expected: What was asked for, such as ``a search``.

    Raises:
        Unavailable: It is broken, or declares entities.
    """
    if "<!ENTITY" in text:
        raise Unavailable(f"{service}'s reply declares XML entities, which no article needs; it was not read.")
    try:
        return ET.fromstring(text)  # noqa: S314 - decoded text without entity declarations
    except ET.ParseError as error:
        what = "an HTML page" if "<html" in text[:500].lower() else f"broken XML ({error})"
        raise Unavailable(f"{service} answered {what} where {expected} was expected.") from error


def plain(text: object) -> str:
    """Remove inline tags from a string and resolve character references.

    Only tags that records hold are removed: any other ``<`` is a sign of the text, as in ``p <0.05``. A power stays
    one: ``10<sup>6</sup>`` becomes ``10^6``. What was escaped twice is resolved twice, so that no tag is left.
    """
    words = str(text)
    while (once := _stripped(words)) != words:
        words = once
    return words


def _stripped(text: str) -> str:
    """Remove one layer of markup; the text becomes shorter, or stays as it is."""
    text = _TEX.sub(" ", text.replace(_SUPERSCRIPT_MARK, "").replace(_REFERENCE_MARK, ""))
    text = _FORMULA.sub(lambda match: _formula(match[0]), text)
    text = _BLOCK_TAG.sub(" ", _SUPERSCRIPT.sub(_SUPERSCRIPT_MARK, text))
    return _tidy(_CHARACTER.sub(lambda match: html.unescape(match[0]), _INLINE_TAG.sub("", text)))


def _formula(text: str) -> str:
    """Return a formula in MathML on one line; the text itself, whose tags are then removed, when it is broken."""
    known = _CHARACTER.sub(lambda match: html.escape(html.unescape(match[0])), text)  # XML knows five names only
    try:
        return html.escape(_mathml(ET.fromstring(re.sub(r"(</?)\w+:", r"\1", known))), quote=False)  # noqa: S314
    except ET.ParseError:
        return text


def text_of(element: ET.Element | None, left_out: Container[str] = ()) -> str:
    """Return all text of an element on one line, without markup that was escaped in it, as :func:`plain` does.

    Numbers that only point at the reference list are left out, so that none can be read as part of a value.

    Args:
        element: An element, or None for no text.
        left_out: Tags whose text is left out.
    """
    return "" if element is None else plain(_tidy("".join(_pieces(element, left_out))))


def _pieces(element: ET.Element, left_out: Container[str]) -> Iterator[str]:
    if element.tag in left_out:
        return
    if _is_reference(element):
        yield _REFERENCE_MARK
        return
    name = _local(element)
    if name == "math":
        yield _mathml(element)
        return
    if name == "sup":
        yield _SUPERSCRIPT_MARK
    yield element.text or ""
    for child in element:
        apart = " " if _BLOCK_NAME.fullmatch(_local(child)) else ""
        yield apart
        yield from _pieces(child, left_out)
        yield f"{apart}{child.tail or ''}"


def _mathml(element: ET.Element) -> str:
    """Return a formula on one line: powers raised, fractions with a stroke; subscripts only follow, as in ``x0``."""
    name = _local(element)
    children = [child for child in element if not _local(child).startswith("annotation")]
    parts = [_mathml(child) for child in children]
    if name == "mfrac" and len(parts) == 2:
        return "/".join(part if re.fullmatch(r"[\w.]*", part) else f"({part})" for part in parts)
    if name in ("msup", "msubsup") and parts:
        parts[-1] = _SUPERSCRIPT_MARK + parts[-1]
    tails = ((child.tail or "").strip() for child in children)
    return (element.text or "").strip() + "".join(f"{part}{tail}" for part, tail in zip(parts, tails, strict=True))


def _local(element: ET.Element) -> str:
    """Return the name of an element without its namespace; nothing for a comment."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _is_reference(element: ET.Element) -> bool:
    marks = element.tag == "xref" and element.get("ref-type") == "bibr"
    return marks and re.fullmatch(r"[\d\s,;\[\]()–-]*", "".join(element.itertext())) is not None


def _tidy(text: str) -> str:
    text = re.sub(rf"(?<=\d){_SUPERSCRIPT_MARK}(?=[−–-]?\d)", "^", text).replace(_SUPERSCRIPT_MARK, "")
    emptied = rf"\s*[\[(][\s,;–-]*{_REFERENCE_MARK}[\s,;–{_REFERENCE_MARK}-]*[\])]"
    return " ".join(re.sub(emptied, "", text).replace(_REFERENCE_MARK, "").split())
