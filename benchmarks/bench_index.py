"""How fast an index is built from dumps, and how fast it answers.

Run with: python benchmarks/bench_index.py [--rows 1000000] [--articles 1000000] [--folder FOLDER]

Molecules are varied from the structures of the starter set: a chain, with or without a hetero atom, is put in front of
each, and its InChIKey is computed, so that every row is a genuine structure with its own key. Abstracts are 150 words
drawn from a vocabulary of 100,000 by Zipf's law. The dumps stay in FOLDER and are not made again. Goals: 1,000,000
molecules with keys, titles and synonyms in 300 s; 100,000 names or InChIKeys looked up in a CPU second, beside a plain
SELECT for each on the same file; AND queries over 1,000,000 abstracts within 25 ms (95 of 100).
"""

from __future__ import annotations

import argparse
import bisect
import gzip
import itertools
import random
import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from timing import interleaved, machine, table

from biomed_agent.sources.local import STARTER, LocalIndex
from biomed_agent.sources.local.articles import read_query, search
from biomed_agent.sources.local.build import Progress, build_from_dumps
from biomed_agent.sources.local.files import open_file
from biomed_agent.sources.names import name_key
from biomed_agent.sources.schema import DUMPED, read_table

ROUNDS = 5
LOOKUPS = 20_000
QUERIES = 400
WORDS = 150
VOCABULARY = 100_000
COMMON = 30
"""most frequent words, which play the stop words and are not asked for"""


def varied(smiles: str) -> Iterator[str]:
    """Yield structures that hold ``smiles`` after a chain."""
    yield smiles
    for length, link in itertools.product(range(1, 90), ("", "O", "N")):
        yield f"{'C' * length}{link}{smiles}"


def keyed(smiles: str) -> list[tuple[str, str]]:
    """Return those of the varied structures that exist, with their InChIKeys."""
    from rdkit import Chem, RDLogger

    RDLogger.DisableLog("rdApp.*")
    read = ((one, Chem.MolFromSmiles(one)) for one in itertools.islice(varied(smiles), 240))
    return [(one, key) for one, molecule in read if molecule is not None and (key := Chem.MolToInchiKey(molecule))]


def make_molecules(folder: Path, rows: int) -> list[Path]:
    """Write column files of PubChem's shapes, unless they are there."""
    names = ("CID-SMILES", "CID-InChI-Key", "CID-Title", "CID-Synonym-filtered")
    paths = [folder / f"{name}-{rows}.gz" for name in names]
    if all(path.exists() for path in paths):
        return paths
    small = [
        row["smiles"]
        for row in read_table(STARTER, "molecules")
        if len(row["smiles"]) <= 45 and "." not in row["smiles"]
    ]
    random.Random(0).shuffle(small)
    seen: set[str] = set()
    with ExitStack() as open_files, ProcessPoolExecutor() as pool:
        files = [open_files.enter_context(gzip.open(path, "wt", compresslevel=1)) for path in paths]
        for several in pool.map(keyed, small, chunksize=4):
            for smiles, key in several:
                if key in seen or len(seen) >= rows:
                    continue
                seen.add(key)
                cid = len(seen)
                lines = (
                    f"{smiles}\n", f"InChI=1S/{smiles}\t{key}\n", f"Compound {cid} of series {cid % 97}\n",
                    f"BMA-{cid:07}\n{cid}\ttrade name {cid}\n",
                )  # fmt: skip
                for file, line in zip(files, lines, strict=True):
                    file.write(f"{cid}\t{line}")
            if len(seen) >= rows:
                pool.shutdown(cancel_futures=True)
                break
    return paths


def word(rank: int) -> str:
    """Return the word of a rank: syllables, so that stemming has as much to do as with English."""
    letters = ""
    number = rank + 40
    while number:
        number, rest = divmod(number, 40)
        letters += "bdfglmnrst"[rest // 4] + "aeio"[rest % 4]
    return letters


def make_articles(folder: Path, count: int) -> Path:
    """Write articles as PubMed's XML, unless they are there."""
    path = folder / f"pubmed-{count}.xml.gz"
    if path.exists():
        return path
    random_ = random.Random(1)
    words = [word(rank) for rank in range(VOCABULARY)]
    sums = list(itertools.accumulate(1 / (rank + 1) for rank in range(VOCABULARY)))
    with gzip.open(path, "wt", compresslevel=1) as file:
        file.write('<?xml version="1.0"?>\n<PubmedArticleSet>\n')
        for pmid in range(1, count + 1):
            text = [words[bisect.bisect(sums, random_.random() * sums[-1])] for _ in range(WORDS + 10)]
            file.write(
                f"<PubmedArticle><MedlineCitation><PMID>{pmid}</PMID><Article><Journal><JournalIssue><PubDate><Year>"
                f"{1980 + pmid * 40 // count}</Year></PubDate></JournalIssue><Title>J</Title></Journal><ArticleTitle>"
                f"{' '.join(text[:10])}.</ArticleTitle><Abstract><AbstractText>{' '.join(text[10:])}.</AbstractText>"
                "</Abstract></Article></MedlineCitation></PubmedArticle>\n"
            )
        file.write("</PubmedArticleSet>\n")
    return path


def measured(what: str, count: int, build: Callable[[], object]) -> None:
    """Print how long a build takes."""
    started = time.monotonic()
    before = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    build()
    wall = time.monotonic() - started
    after = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(one.ru_utime + one.ru_stime - two.ru_utime - two.ru_stime for one, two in zip(after, before, strict=True))
    million = 1_000_000 / count
    print(f"\n{what}: {count:,} in {wall:.1f} s wall, {cpu:.1f} CPU-s; at that rate 1,000,000 in "
          f"{wall * million:.0f} s wall, {cpu * million:.0f} CPU-s", flush=True)  # fmt: skip


def step(progress: Progress) -> None:
    """Print where a build is."""
    print(
        f"\r\x1b[K{progress.doing} {progress.fraction:.0%} {progress.records:,} {progress.rate:,.0f}/s",
        end="",
        flush=True,
    )


def look_ups(path: Path, rows: int) -> None:
    """Print look-ups per CPU second."""
    picked = random.Random(2).sample(range(1, rows + 1), min(LOOKUPS, rows))
    index = LocalIndex([open_file(path)])
    plain = sqlite3.connect(path)
    names = [f"BMA-{cid:07}" for cid in picked]
    marks = ", ".join("?" * 500)
    keys: list[str] = []
    ids = [cid + DUMPED for cid in picked]
    for start in range(0, len(ids) - len(ids) % 500, 500):
        keys += [
            key
            for (key,) in plain.execute(
                f"SELECT inchikey FROM molecule WHERE id IN ({marks})", ids[start : start + 500]
            )
        ]
    by_name = "SELECT m.inchikey FROM name n JOIN molecule m ON m.id = n.entity WHERE n.key = ? AND n.kind = 'm'"

    def each(sql: str, values: Iterable[str]) -> int:
        return sum(len(plain.execute(sql, (value,)).fetchall()) for value in values)

    assert len(index.handles(names)) == len(names)
    assert len(index.handles(keys)) == len(keys) == each("SELECT inchikey FROM molecule WHERE inchikey = ?", keys)
    for what, asked, sql, cases in (
        ("names", names, by_name, (name_key(name) for name in names)),
        ("InChIKeys", keys, "SELECT inchikey FROM molecule WHERE inchikey = ?", keys),
    ):
        values = list(cases)
        medians = interleaved(
            {
                "plain SELECT": lambda sql=sql, values=values: each(sql, values),
                "LocalIndex.handles": lambda asked=asked: index.handles(asked),
            },
            ROUNDS,
        )
        print(f"\nExact {what}, {rows:,} molecules, {len(asked):,} asked for")
        print(table(medians, "plain SELECT", len(asked), what, ROUNDS))


def searches(path: Path, count: int) -> None:
    """Print how long AND queries take."""
    connection = open_file(path)
    connection.row_factory = sqlite3.Row
    random_ = random.Random(3)
    common = {word(rank) for rank in range(COMMON)}
    queries = []
    while len(queries) < QUERIES:
        row = connection.execute("SELECT abstract FROM article WHERE id = ?", (random_.randint(1, count),)).fetchone()
        words = sorted(set(row[0].rstrip(".").split()) - common)
        queries.append(" ".join(random_.sample(words, random_.choice((2, 2, 3)))))
    taken, hits = [], []
    for query in queries:
        started = time.process_time()
        found = search(connection, read_query(query), 30)
        taken.append((time.process_time() - started) * 1000)
        hits.append(found.count)
    taken.sort()
    print(f"\nAND queries of 2 or 3 words over {count:,} abstracts of {WORDS} words, 30 articles returned, CPU time:\n"
          f"p50 {statistics.median(taken):.1f} ms, p95 {taken[int(0.95 * len(taken))]:.1f} ms, "
          f"worst {taken[-1]:.1f} ms; median of {statistics.median(hits):,.0f} matches")  # fmt: skip


def main() -> None:
    """Make the dumps, build the indexes, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000, help="molecules (default 50,000)")
    parser.add_argument("--articles", type=int, default=20_000, help="articles (default 20,000)")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "bench_index")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    print(machine(), flush=True)
    if given.rows:
        dumps, out = make_molecules(given.folder, given.rows), given.folder / "molecules.sqlite"
        measured("Molecules", given.rows, lambda: build_from_dumps(out, molecules=dumps, restart=True, tell=step))
        look_ups(out, given.rows)
    if given.articles:
        dump, out = make_articles(given.folder, given.articles), given.folder / "articles.sqlite"
        measured("Articles", given.articles, lambda: build_from_dumps(out, articles_in=[dump], restart=True, tell=step))
        searches(out, given.articles)


if __name__ == "__main__":
    main()
