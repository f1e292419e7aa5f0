"""The sentences of abstracts and full texts that fit a question best, verbatim."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from biomed_agent.core.types import Article, Evidence
from biomed_agent.core.words import split_sentences

if TYPE_CHECKING:
    from biomed_agent.sources.literature.europepmc import FullText

MAX_PASSAGES = 6
MAX_PER_ARTICLE = 2
"""passages taken from one article at most"""
TITLE_WEIGHT = 0.5
"""share of its title's score that a sentence is given, so that a fitting sentence of a fitting article wins"""
FINDING_WEIGHT = 1.15
"""for a sentence that tells what was found rather than what was done"""
REVIEW_WEIGHT = 1.10
"""for a review as new as the newest article; falls to 1 for one that is :data:`REVIEW_YEARS` older"""
REVIEW_YEARS = 10
MAX_SENTENCE_LENGTH = 600
"""characters of a sentence of a full text; what is longer is a list or a table in disguise"""


_WORD = re.compile(r"[A-Za-z0-9][\w-]*")
_STOP = frozenset(
    "a an and are as at be by can could did do does for from had has have how in into is it its of on or should that "
    "the their them there these this those to was were what when where which who why will with would about evidence "
    "study studies paper papers literature article articles show shows".split()
)


def words_of(text: str) -> list[str]:
    """Return the content words of ``text`` in lower case."""
    return [word for word in (match.lower() for match in _WORD.findall(text)) if word not in _STOP]


def rank_passages(
    question: str,
    articles: Sequence[Article],
    limit: int = MAX_PASSAGES,
    full_texts: Mapping[str, FullText] = {},
    only: Mapping[str, Mapping[str, float]] | None = None,
) -> list[Evidence]:
    """Return the sentences of abstracts and full texts that fit the question best, verbatim, article by article.

    A sentence's score is its BM25 (k1 1.2, b 0.75; Robertson and Zaragoza 2009) against the question plus
    :data:`TITLE_WEIGHT` of its title's, times :data:`FINDING_WEIGHT` where it tells a finding, times a factor of at
    most :data:`REVIEW_WEIGHT` for newer reviews. A sentence that shares no word with the question is never taken.

    Args:
        question: Its words rank the sentences.
        articles: In the order of the search; among equals the earlier one wins.
        limit: Most passages.
        full_texts: By the handle of their article; such an article's passages come from its full text, which holds
            the abstract, and carry the provenance and licence of that.
        only: By the handle of their article the sentences that may be taken, each with how well it fits, which ranks
            them in place of BM25; None lets all be.

    Returns:
        Passages numbered by their article, the best first: the article of the best passage is 1, and the passages of
        one article stand together.
    """
    passages = [passage for article in articles for passage in _passages(article, full_texts.get(article.handle))]
    if only is not None:
        passages = [passage for passage in passages if passage[2] in only.get(passage[0].handle, ())]
    terms = set(words_of(question))
    texts = [Counter(words_of(sentence)) for _, _, sentence in passages]
    if not passages or not terms:
        return []
    titles = {article.handle: Counter(words_of(article.title)) for article in articles}
    newest = max((int(article.year) for article in articles if article.year.isdigit()), default=0)
    mean = sum(text.total() for text in texts) / len(texts) or 1.0
    rarity = {term: _rarity(sum(term in text for text in texts), len(texts)) for term in terms}

    def bm25(text: Counter[str]) -> float:
        norm = 1.2 * (0.25 + 0.75 * text.total() / mean)
        return sum(rarity[term] * text[term] * 2.2 / (text[term] + norm) for term in terms if text[term])

    scored = []
    for place, ((article, label, sentence), text) in enumerate(zip(passages, texts, strict=True)):
        own = bm25(text) if only is None else only[article.handle][sentence]
        if own > 0:
            score = own + (TITLE_WEIGHT * bm25(titles[article.handle]) if only is None else 0.0)
            score *= FINDING_WEIGHT if tells_a_finding(label, sentence) else 1.0
            scored.append((-score * _review_weight(article, newest), place))
    chosen: dict[str, list[int]] = {}
    for _, place in sorted(scored):
        places = chosen.setdefault(passages[place][0].handle, [])
        if len(places) < MAX_PER_ARTICLE and sum(map(len, chosen.values())) < limit:
            places.append(place)
    numbered = enumerate((places for places in chosen.values() if places), 1)
    rows = [(number, *passages[place]) for number, places in numbered for place in places]
    return [Evidence(number, sentence, article, label=label) for number, article, label, sentence in rows]


def _passages(article: Article, full: FullText | None) -> list[tuple[Article, str, str]]:
    """Return the sentences of an article with the label of the part they stand in."""
    if full is None:
        return [(article, label, sentence) for label, sentence in labelled(article.abstract)]
    if full.retracted:
        return []
    origin = replace(full.provenance, licence=full.licence or full.provenance.licence)
    read = replace(article, provenance=origin)
    return [
        (read, f"full text, {section.title}" if section.title else "full text", sentence)
        for section in full.sections
        if not _NO_EVIDENCE.search(section.title)
        for sentence in sentences(section.text)
        if len(sentence) <= MAX_SENTENCE_LENGTH and len(words_of(sentence)) > 3
    ]


_NO_EVIDENCE = re.compile(
    r"acknowledg|funding|contribution|competing|conflict|disclosure|ethic|consent|availability|supplement|abbreviation|"
    r"reference|appendix|keyword|publisher|declaration",
    re.IGNORECASE,
)
"""Headings of sections that hold no findings."""


def _rarity(seen: int, total: int) -> float:
    return math.log(1 + (total - seen + 0.5) / (seen + 0.5))


def _review_weight(article: Article, newest: int) -> float:
    kinds = {kind.lower() for kind in article.types}
    if not article.year.isdigit() or not kinds & {"review", "systematic review", "meta-analysis", "review-article"}:
        return 1.0
    freshness = max(0.0, 1 - (newest - int(article.year)) / REVIEW_YEARS)
    return 1 + (REVIEW_WEIGHT - 1) * freshness


_FINDING_LABEL = re.compile(r"RESULT|FINDING|CONCLUSION|INTERPRETATION|KEY MESSAGE")
_CONCLUDES = re.compile(
    r"(?:in (?:conclusion|summary)|(?:taken )?together|overall|we (?:conclude|found|show)|"
    r"(?:these|our) (?:data|findings|results))\b",
    re.IGNORECASE,
)


def tells_a_finding(label: str, sentence: str) -> bool:
    """Whether a sentence tells what was found: by its label, or without one by the words it begins with."""
    return bool(_FINDING_LABEL.search(label.upper()) if label else _CONCLUDES.match(sentence))


_LABEL = re.compile(r"([^\W\d_a-z][^a-z\n:]{1,80}): (?=\S)")
_SECTION = re.compile(
    r"BACKGROUND|INTRODUCTION|CONTEXT|IMPORTANCE|RATIONALE|AIM|OBJECTIVE|PURPOSE|HYPOTHESIS|METHOD|DESIGN|SETTING|"
    r"PATIENT|PARTICIPANT|INTERVENTION|MEASURE|OUTCOME|RESULT|FINDING|CONCLUSION|DISCUSSION|INTERPRETATION|SIGNIFICANCE"
)


def labelled(abstract: str) -> list[tuple[str, str]]:
    """Return the sentences of an abstract, each with the label of its part of a structured abstract or ``""``.

    A line's first words are a label when they stand in capitals before a colon, and other lines have some as well or
    they name a part of an abstract: ``DNA: a history`` alone stays a sentence.
    """
    lines = [(_LABEL.match(line), line) for line in abstract.splitlines()]
    structured = sum(match is not None for match, _ in lines) > 1
    labelled_sentences = []
    for match, line in lines:
        label = match[1] if match and (structured or _SECTION.search(match[1])) else ""
        text = line[match.end() :] if match and label else line
        labelled_sentences += [(label, sentence) for sentence in sentences(text)]
    return labelled_sentences


_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\[(])")
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|et al|vs|approx|Fig|No|ca|Dr|spp|sp|cf|resp|incl)\.|\b[A-Z]\.)$")


def sentences(text: str) -> list[str]:
    """Split prose into sentences, keeping every character of each."""
    return split_sentences(text, _SENTENCE_END, _ABBREVIATION)
