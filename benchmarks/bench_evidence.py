"""How often an article on a shelf of 300 answers a question that it answers, and another that it does not.

Run with: python benchmarks/bench_evidence.py ori_pqal.json[.xz] test_ids.json [every]. The first file is PubMedQA's
labelled set, the second holds the PMIDs of its test questions; both lie in ``pubmedqa/`` of the data collection. The
abstracts have no titles here, since those of PubMedQA are its questions. Each question is asked of three shelves:
(a) its own abstract among 300 others, (b) 300 others alone, (c) 300 others and, of all abstracts, the one that shares
most with it. A fourth row needs no file: the title of each article that ships, its drug exchanged for one of another
article, is asked of the shelf. Goals: (b) at least 95 % and (c) at least 60 % not answered.
"""

from __future__ import annotations

import json
import lzma
import random
import sys
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from biomed_agent.core.settings import Settings
from biomed_agent.core.types import Article
from biomed_agent.sources.literature import coverage
from biomed_agent.sources.literature.coverage import Asked, fitting_sentences, rarity, read_question
from biomed_agent.sources.literature.passages import rank_passages
from biomed_agent.sources.literature.terms import stem, terms
from biomed_agent.sources.local import STARTER, LocalIndex
from biomed_agent.sources.local.schema import read_table

SHELF = 300
SEED = 7


def read(path: Path) -> list[tuple[str, Article]]:
    """Return questions, each with its abstract."""
    text = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
    rows = []
    for pmid, row in json.loads(text).items():
        parts = [*zip(row["LABELS"], row["CONTEXTS"], strict=True), ("CONCLUSIONS", row["LONG_ANSWER"])]
        rows.append((row["QUESTION"], Article("", "\n".join(f"{label}: {part}" for label, part in parts), pmid=pmid)))
    return rows


def names_in(index: LocalIndex, question: str) -> dict[str, list[str]]:
    """Return the known names of a question, each with its other names."""
    names: dict[str, list[str]] = {}
    for _, _, name in index.lexicon_spans(question):
        molecules, proteins = index.molecules_named(name), index.proteins_named(name)
        names[name] = [other for molecule, _ in molecules for other in (molecule.name, *molecule.synonyms)]
        names[name] += [other for one, _ in proteins for other in (one.name, one.gene, *one.synonyms)]
    return names


def ask(index: LocalIndex, question: str) -> Asked:
    """Return what a question asks about; how rare its words are is counted in the articles that ship."""

    def rarities(several: Sequence[Sequence[str]]) -> list[float]:
        total, counts = index.article_counts(several)
        return [rarity(count, total) for count in counts]

    return read_question(question, names_in(index, question), rarities)


def answered(question: str, asked: Asked, shelf: Sequence[Article]) -> str:
    """Return the PMID of the first article whose passages answer; empty where none does."""
    fitting = {article.pmid: fitting_sentences(asked, article) for article in shelf}
    passages = rank_passages(question, shelf, 1, only={f"PMID:{pmid}": kept for pmid, kept in fitting.items()})
    return passages[0].article.pmid if passages else ""


def exchanged(index: LocalIndex) -> list[str]:
    """Return the titles of the articles that ship, the first name in each exchanged for that of a later article."""
    titles = [row["title"] for row in read_table(STARTER, "articles")]
    spans = [(title, next(iter(index.lexicon_spans(title)), None)) for title in titles]
    named = [(title, span) for title, span in spans if span is not None]
    rows = []
    for place, (title, (start, end, _)) in enumerate(named):
        _, (_, _, other) = named[(place + len(named) // 2) % len(named)]
        if other.lower() not in title.lower():
            rows.append(title[:start] + other + title[end:])
    return rows


def main() -> None:
    """Print one row for each kind of shelf."""
    coverage.terms = lru_cache(maxsize=None)(coverage.terms)  # type: ignore[attr-defined]  # each sentence once
    coverage.spaced = lru_cache(maxsize=None)(coverage.spaced)  # type: ignore[attr-defined]
    index = LocalIndex.open(Settings().cache_dir)
    print("| asked of | questions | answered | by the right article |\n|---|---|---|---|")
    if len(sys.argv) > 2:
        rows = read(Path(sys.argv[1]))
        test = set(json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))
        every = int(sys.argv[3]) if len(sys.argv) > 3 else 1
        vocabulary = {article.pmid: set(terms(article.abstract)) for _, article in rows}
        seen = Counter(term for found in vocabulary.values() for term in found)
        draw, counts = random.Random(SEED), Counter[str]()
        chosen = [(question, own) for question, own in rows if own.pmid in test][::every]
        for question, own in chosen:
            asked = ask(index, question)
            others = [article for _, article in rows if article is not own]
            shelf = draw.sample(others, SHELF)
            words = {stem(word) for word in terms(question)}
            near = max(others, key=lambda one: sum(1 / seen[term] for term in words & vocabulary[one.pmid]))
            first = answered(question, asked, [own, *shelf])
            counts.update(a=bool(first), right=first == own.pmid, b=bool(answered(question, asked, shelf)))
            counts["c"] += bool(answered(question, asked, [near, *shelf]))
        size = len(chosen)
        own_one = f"{counts['a'] / size:.1%} | {counts['right'] / size:.1%}"
        print(f"| (a) its own abstract among 300 others | {size} | {own_one} |")
        print(f"| (b) 300 others | {size} | {counts['b'] / size:.1%} | |")
        print(f"| (c) 300 others and the nearest abstract | {size} | {counts['c'] / size:.1%} | |")
    titles = exchanged(index)
    shelf = index.articles_by_pmid([row["pmid"] for row in read_table(STARTER, "articles")])
    wrong = sum(bool(answered(title, ask(index, title), shelf)) for title in titles)
    print(f"| titles of the shelf with another drug | {len(titles)} | {wrong / len(titles):.1%} | |")


if __name__ == "__main__":
    main()
