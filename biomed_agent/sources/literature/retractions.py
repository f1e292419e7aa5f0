"""What became of an article, read from the links, publication types and words of PubMed's and Europe PMC's records.

Both services link an article and what was published of it later under the same names: ``RetractionIn`` of PubMed is
``Retraction in`` of Europe PMC (NLM, "Errata, Retractions, and Other Linked Citations in PubMed", and PubMed's DTD).
What each leads to:

- retracted, withdrawn or removed, republished or not: ``retracted``, and never evidence;
- a notice about another article (of retraction in whole or part, of concern, of an erratum): the type NLM has for it
  is among the types, so that :attr:`~biomed_agent.core.types.Article.is_notice` holds, and never evidence either;
- retracted in part, under concern, corrected, updated: evidence, and its notice stands beside every passage;
- the corrected version of a retracted article: evidence, and a notice says that it replaces one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

INCOMING = {
    "retractionin": "Retracted",
    "retractedandrepublishedin": "Retracted and republished",
    "partialretractionin": "Partially retracted",
    "expressionofconcernin": "Expression of concern",
    "erratumin": "Erratum",
    "correctedandrepublishedin": "Corrected and republished",
    "updatein": "Updated",
    "preprintof": "Published since",
    "retractedandrepublishedfrom": "Replaces a retracted article",
}
"""Links that a reader of the article must know of, in words."""
_RETRACTING = {"retractionin", "retractedandrepublishedin"}
_NOTICE_OF = {
    "retractionof": "Retraction of Publication",
    "partialretractionof": "Retraction of Publication",
    "expressionofconcernfor": "Expression of Concern",
    "erratumfor": "Published Erratum",
}
"""Links of a notice to its article, and NLM's publication type of such notices."""
_NOTICE_TYPES = {
    "retraction": "Retraction of Publication",
    "partial-retraction": "Retraction of Publication",
    "expression-of-concern": "Expression of Concern",
    "correction": "Published Erratum",
}
"""JATS's types of notices (https://jats.nlm.nih.gov/archiving/tag-library/1.3/attribute/article-type.html), which
Europe PMC lists among its own"""

_WHAT = "article|chapter|paper|manuscript|preprint|publication|review|protocol|as\\ duplicate"
_RETRACTED_TITLE = re.compile(
    rf"""\W* (?: temporary\ removal | (?:retracted|withdrawn|removed) (?:\s+(?:{_WHAT}))? )
             \s* (?: [:\])] | \.\s | [-–—]\s )
       | \W* (?-i:RETRACTED\b .* [a-z])
       | .* (?: \[\s*retracted\s*\] | \(retracted\ (?:article|paper|publication)\b[^)]*\) | (?-i:\(RETRACTED\)) ) \W* $
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
"""Marks that publishers set before a title or behind it; ``Retracted tendons: a cohort`` has none."""
_RETRACTED_ABSTRACT = re.compile(
    rf"\W*(?:withdrawal statement\b|(?:this|the above) (?:{_WHAT}) (?:has been|was|is) (?:temporarily )?"
    r"(?:retracted|withdrawn|removed)\b|the authors? (?:have|has) (?:retracted|withdrawn)\b)",
    re.IGNORECASE,
)
_RETRACTION_NOTICE_TITLE = re.compile(
    r"""\W* (?: (?:partial\ )?retraction \s* (?: [:\])] | [-–—]\s | \W*$ )
              | (?:partial\ )?retraction\ (?: (?:notice|note|statement)\b | (?:to|of)\s*: | for\b )
              | (?:notice|statement)\ of\ (?:partial\ )?(?:retraction|withdrawal|removal)\b
              | (?:withdrawal|removal)\ (?:notice|statement)\b )
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""``Retraction of axons in culture`` is none, nor is ``Withdrawal: a key construct``."""
_CONCERN_TITLE = re.compile(r"\W*(?:editorial )?(?:expression|note|notice) of (?:editorial )?concern\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Link:
    """What a record says of another one."""

    kind: str
    """``RetractionIn`` or ``Retraction in``"""
    where: str = ""
    pmid: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of an article; see :class:`biomed_agent.core.types.Article`."""

    retracted: bool
    types: tuple[str, ...]
    notices: tuple[str, ...]


def read_standing(title: str, abstract: str, types: Sequence[str], links: Sequence[Link]) -> Standing:
    """Return what became of an article, whichever part of its record tells it.

    Publishers mark titles months before NLM sets types and links, and of a withdrawn preprint nothing else tells.

    Args:
        title: Without markup.
        abstract: Without markup.
        types: Publication types as the record has them.
        links: All links of the record; those that say nothing of its standing are passed over.
    """
    kinds = {re.sub(r"\W", "", link.kind).lower() for link in links}
    known = {kind.lower() for kind in types}
    added = [_NOTICE_TYPES[kind] for kind in _NOTICE_TYPES if kind in known]
    if not any(kind.endswith("republishedfrom") for kind in kinds):
        added += [_NOTICE_OF[kind] for kind in _NOTICE_OF if kind in kinds]
    if _RETRACTION_NOTICE_TITLE.match(title):
        added.append("Retraction of Publication")
    if _CONCERN_TITLE.match(title):
        added.append("Expression of Concern")
    notice = bool(added or known & {"retraction of publication", "retraction notice"})
    marked = bool(_RETRACTED_TITLE.match(title) or _RETRACTED_ABSTRACT.match(abstract))
    return Standing(
        retracted=bool("retracted publication" in known or kinds & _RETRACTING or (marked and not notice)),
        types=(*types, *(name for name in dict.fromkeys(added) if name.lower() not in known)),
        notices=tuple(words for link in links if (words := _in_words(link))),
    )


def _in_words(link: Link) -> str:
    words = INCOMING.get(re.sub(r"\W", "", link.kind).lower(), "")
    where = f": {link.where}" if link.where else ""
    numbered = f" (PMID {link.pmid})" if link.pmid else ""
    return f"{words}{where}{numbered}" if words else ""
