"""Whether an article answers a question, as far as its words tell: it must speak of everything that is asked about.

What is asked about are the names in the question and its other words of content. Words that say how one thing bears on
another (``cause``, ``prevent``, ``effective``) are written in many ways and count only where nothing else is asked. The
limits below were chosen on half of PubMedQA's training questions (``benchmarks/bench_evidence.py``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from biomed_agent.core.types import Article
from biomed_agent.sources.literature.passages import labelled, tells_a_finding
from biomed_agent.sources.literature.terms import alike, spaced, stem, terms, words

FEW = 4
"""things asked about up to which an article must speak of all"""
LEAST_OF_ARTICLE = 0.75
"""share of what is asked about, by rarity, that an article of more must speak of"""
LEAST_OF_PASSAGE = 0.4
"""share that a sentence and the title of its article must speak of"""
LEAST_OF_SENTENCE = 0.2
"""share that the sentence itself must speak of"""
SHORTEST_OTHER_NAME = 4
"""letters of another name of a thing that is looked for in articles"""

_NO_CONTENT = frozenset(
    """
    a about above after again against all also among an and any are as at available be because been before being between
    both but by can could currently did do does doing done due during each either ever evidence find finding findings
    for found from further had has have having here how i if in indeed into is it its itself just know known less
    literature me more most much must my no nor not now of off often on once one only or other our out over own paper
    papers per please published publication publications really recent regarding report reported reports research
    review reviews said say says scientific shall should show showed shown shows since so some still studies study such
    summarise summarize tell than that the their them then there therefore these they thing things this those through
    to too towards trial trials truly under until up upon us use used uses using versus very via vs was we were what
    when where whether which while who whom why will with within without would yet you your abstract abstracts article
    articles clinical data meta analysis analyses humans human people person persons patient patients subject subjects
    individual individuals new
    """.split()
)
_RELATIONS = frozenset(
    """
    affect affected affecting affects alleviate alter altered alters approach assess assessment associate associated
    association associations avoid become beneficial benefit benefits best better case cases cause caused causes causing
    change changed changes compare compared compares comparing comparison consequence contribute correlate correlated
    correlates correlation correlations decrease decreased decreases decreasing determinant determinants determine
    determines differ difference differences different differs effect effective effectively effectiveness effects
    efficacious efficacy enhance enhances equal equivalent evaluate evaluation experience extend extends factor factors
    feasibility feasible give given gives group groups happen help helpful helping helps impact impacts importance
    important improve improved improvement improvements improves improving increase increased increases increasing
    indicated induce induces influence influenced influences influencing interact interaction interactions interacts
    involve involved justified lead leading leads level levels link linked lower lowers make makes matter mechanism
    method methods necessary need needed needs outcome outcomes play plays possible predict predicted predicting
    prediction predictive predictor predictors predicts prevent prevented preventing prevention prevents promote
    promotes protect protective protects prove raise raises rate rates reduce reduced reduces reducing reduction
    reductions relate related relation relations relationship relationships relevance relevant relieve relieves require
    required requires result resulting results risk risks role roles safe safety same significance significant similar
    superior therapeutic therapies therapy tolerated treat treated treating treatment treatments treats trigger triggers
    useful usefulness value valuable work works worse worsen worsens worth
    """.split()
)
_CONCLUDING = ("CONCLUSION", "INTERPRETATION")
"""labels of the parts in which an abstract says what was found, in the end"""
_PASSED_OVER = frozenset(map(stem, _NO_CONTENT))
_OF_RELATION = frozenset(map(stem, _RELATIONS))


Rarity = Callable[[Sequence[Sequence[str]]], Sequence[float]]
"""returns how much each of some words tells; of a word, all that say the same are given"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks about."""

    names: Mapping[str, frozenset[str]]
    """of each name, as it is written, the spellings it may have in an article (:func:`.terms.spaced`)"""
    words: Mapping[str, str]
    """the other words of content by their terms, each as it is written"""
    weights: Mapping[str, float]
    """how much each of those terms tells: the rarer, the more"""
    name_weight: float
    """of a name"""

    @property
    def things(self) -> list[str]:
        """All that is asked about, as it is written."""
        return [*self.names, *self.words.values()]

    def share(self, found: Collection[str], names: int) -> float:
        """Return the share of what is asked about that ``found`` terms and a number of names make up, by rarity."""
        total = self.name_weight * len(self.names) + sum(self.weights.values())
        met = self.name_weight * names + sum(weight for term, weight in self.weights.items() if term in found)
        return met / total if total else 0.0

    def names_in(self, text: str) -> set[str]:
        """Return the names that a text has, in any of their spellings."""
        words_of_text = spaced(text)
        return {name for name, spellings in self.names.items() if any(each in words_of_text for each in spellings)}


def rarity(count: int, total: int) -> float:
    """Return how much a word tells that occurs in so many of ``total`` articles (BM25's inverse document frequency)."""
    seen = min(count, total)
    return math.log(1 + (total - seen + 0.5) / (seen + 0.5))


def read_question(question: str, names: Mapping[str, Iterable[str]], rarities: Rarity) -> Asked:
    """Return what a question asks about.

    Args:
        question: Its words.
        names: The known names in it as they are written, each with its other names.
        rarities: See :data:`Rarity`.
    """
    spellings: dict[str, frozenset[str]] = {}
    left = spaced(question)
    for name in sorted(names, key=len, reverse=True):
        others = (spaced(other) for other in names[name] if len(other) >= SHORTEST_OTHER_NAME)
        spellings[name] = frozenset({spaced(name), *others})
        left = left.replace(spaced(name), "  ")
    content = _content(left, _PASSED_OVER | _OF_RELATION) or ({} if names else _content(left, _PASSED_OVER))
    of_name, *told = rarities([(), *(alike(word) for word in content.values())])
    written = {term: alike(word)[0] for term, word in content.items()}
    return Asked(spellings, written, dict(zip(content, told, strict=True)), of_name)


def _content(text: str, passed_over: Collection[str]) -> dict[str, str]:
    """Return the terms of a text but those passed over, each with its word."""
    content: dict[str, str] = {}
    for word in words(text):
        term = stem(word)
        if term not in passed_over and (len(word) > 1 or word.isdigit()):
            content.setdefault(term, word)
    return content


def fitting_sentences(asked: Asked, article: Article) -> dict[str, float]:
    """Return the sentences of an abstract that answer a question, each with the share of it that it speaks of.

    Where some of them tell a finding, only those, and 1 more for the best of what it concludes, which comes first; none
    where the article does not answer.
    """
    parts = labelled(article.abstract)
    whole = " ".join((article.title, *(sentence for _, sentence in parts)))
    found, names = set(terms(whole)), asked.names_in(whole)
    lacking = bool(asked.words.keys() - found)
    few = len(asked.things) <= FEW
    if not asked.things or len(names) < len(asked.names):
        return {}
    if lacking and (few or asked.share(found, len(names)) < LEAST_OF_ARTICLE):
        return {}
    of_title, in_title = set(terms(article.title)), asked.names_in(article.title)
    if article.title and asked.names and not in_title:
        return {}  # it speaks of the thing by the way
    fitting = {sentence: _share(asked, sentence, of_title, in_title) for _, sentence in parts}
    if not any(fitting.values()) and asked.share(of_title, len(in_title)) < LEAST_OF_ARTICLE:
        return {}
    last = parts[-1][1] if parts and not parts[-1][0] else ""
    concluding = [sentence for label, sentence in parts if label.upper().startswith(_CONCLUDING) or sentence == last]
    if concluding:  # what an article concludes need not say again all that it is about
        best = max(concluding, key=lambda sentence: asked.share(terms(sentence), len(asked.names_in(sentence))))
        fitting[best] += 1.0
    telling = {sentence for label, sentence in parts if tells_a_finding(label, sentence)} | {*concluding}
    kept = {sentence: share for sentence, share in fitting.items() if share and sentence in telling}
    return kept or {sentence: share for sentence, share in fitting.items() if share}


def _share(asked: Asked, sentence: str, of_title: set[str], in_title: set[str]) -> float:
    """Return the share that a sentence speaks of; 0 where it and its title do not name all, or speak of too little."""
    own, names = set(terms(sentence)), asked.names_in(sentence)
    share = asked.share(own, len(names))
    together = asked.share(own | of_title, len(names | in_title))
    if (names | in_title) != set(asked.names) or together < LEAST_OF_PASSAGE or share < LEAST_OF_SENTENCE:
        return 0.0
    return share
