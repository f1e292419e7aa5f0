"""What the weight of findings does to the passages that answer a literature question.

Run with: python benchmarks/bench_passages.py ori_pqal.json[.xz] [every]. The file is PubMedQA's labelled set in its
original nesting: questions, labelled parts of an abstract, and its conclusion. Each question is ranked against its own
abstract and the 29 that share most words with it, without titles. Goal: conclusions shown more often than by BM25
alone, at no more than half a percent of own abstracts that no longer come first.
"""

from __future__ import annotations

import json
import lzma
import sys
from pathlib import Path

from biomed_agent.core.types import Article
from biomed_agent.sources.literature import passages as ranking

POOL = 30
WEIGHTS = (1.0, 1.1, 1.15, 1.2, 1.25, 1.5, 2.0)


def read(path: Path) -> list[tuple[str, Article]]:
    """Return questions, each with its abstract."""
    text = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
    questions = []
    for pmid, row in json.loads(text).items():
        parts = [*zip(row["LABELS"], row["CONTEXTS"], strict=True), ("CONCLUSIONS", row["LONG_ANSWER"])]
        questions.append(
            (row["QUESTION"], Article("", "\n".join(f"{label}: {part}" for label, part in parts), pmid=pmid))
        )
    return questions


def main() -> None:
    """Print one row per weight."""
    if len(sys.argv) < 2:
        print(f"{sys.argv[0]} needs a file and is left out.\n{__doc__}")
        return
    rows = read(Path(sys.argv[1]))
    chosen = rows[:: int(sys.argv[2]) if len(sys.argv) > 2 else 3]
    words = {article.pmid: set(ranking.words_of(article.abstract)) for _, article in rows}
    pools = {}
    for question, own in chosen:
        asked = set(ranking.words_of(question))
        others = [article for _, article in rows if article is not own]
        others.sort(key=lambda article: -len(asked & words[article.pmid]))
        pools[own.pmid] = sorted([own, *others[: POOL - 1]], key=lambda article: article.pmid)
    print(f"{len(chosen)} questions\n| weight | own abstract first | its conclusion shown |\n|---|---|---|")
    for weight in WEIGHTS:
        ranking.FINDING_WEIGHT = weight
        first = concluding = 0
        for question, own in chosen:
            passages = ranking.rank_passages(question, pools[own.pmid])
            first += bool(passages) and passages[0].article is own
            concluding += any(passage.article is own and passage.label == "CONCLUSIONS" for passage in passages)
        print(f"| {weight} | {first / len(chosen):.1%} | {concluding / len(chosen):.1%} |")


if __name__ == "__main__":
    main()
