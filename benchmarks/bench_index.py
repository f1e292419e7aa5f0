"""How fast an index is built from dumps, and how fast it answers.

Run with: python benchmarks/bench_index.py [--rows 1000000] [--articles 1000000] [--folder FOLDER] [--dumps-only]

Structures are genuine: those of the starter set, varied by a chain and a group put in front of each. Their InChIKeys
are not, but for every n-th: they are digests of the SMILES in the form of an InChIKey, all distinct. A build reads the
keys of a dump and computes none, so that its time is the same, while a million genuine ones would take longer to make
than everything that is measured. The n-th are the structures whose keys a build tries (``structures.SAMPLE``); it
would refuse the files if they were not genuine.

Abstracts are 150 words drawn from a vocabulary of 100,000 by Zipf's law. The dumps stay in FOLDER and are not made
again. Goals: 1,000,000 molecules with keys, titles and synonyms in 300 s; 100,000 names or InChIKeys looked up in a CPU
second, beside a plain SELECT for each on the same file; AND queries over 1,000,000 abstracts within 25 ms (95 of 100).
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import itertools
import random
import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TextIO, cast

import numpy as np
from timing import interleaved, machine, table

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.name_matching import name_key
from biomed_agent.sources.local import STARTER, LocalIndex
from biomed_agent.sources.local.articles import read_query, search
from biomed_agent.sources.local.build import build_from_dumps
from biomed_agent.sources.local.files import open_file
from biomed_agent.sources.local.progress import Progress
from biomed_agent.sources.local.schema import FIRST_DUMP_ID, read_table
from biomed_agent.sources.local.structures import SAMPLE_SIZE

ROUNDS = 5
LOOKUPS = 20_000
QUERIES = 400
WORDS = 150
VOCABULARY = 100_000
COMMON_WORDS = 30
"""most frequent words, which play the stop words and are not asked for"""
BATCH_SIZE = 2_000
"""articles whose words are drawn at once"""
LENGTHS = range(1, 16)
LINKS = ("", "O", "N")
GROUPS = ("", "O", "N", "F", "Cl", "Br", "C#C", "C=C", "N#C", "O=C(O)")
LETTERS = bytes(65 + byte % 26 for byte in range(256))
"""a capital letter for each byte"""


def structures() -> Iterator[str]:
    """Yield structures: those of the starter set, then each after every chain, distinct as they are written.

    What takes one atom in front of it takes every chain, because all are bound by one bond.
    """
    listed = (row["smiles"] for row in read_table(STARTER, "molecules"))
    small = [smiles for smiles in listed if len(smiles) <= 45 and "." not in smiles and inchikey(f"C{smiles}")]
    random.Random(0).shuffle(small)
    chains = (f"{group}{'C' * length}{link}" for length, link, group in itertools.product(LENGTHS, LINKS, GROUPS))
    seen: set[str] = set()
    for chain in itertools.chain(("",), chains):
        for part in small:
            if (smiles := chain + part) not in seen:
                seen.add(smiles)
                yield smiles


def inchikey(smiles: str) -> str:
    """Return the InChIKey of a structure, computed; nothing when it is none."""
    from biomed_agent.core.chemistry.structures import molecule_from_smiles

    with suppress(InvalidInput):
        return molecule_from_smiles(smiles).inchikey
    return ""


def key_like(smiles: str) -> str:
    """Return a digest of a structure in the form of an InChIKey."""
    letters = hashlib.blake2b(smiles.encode(), digest_size=25).digest().translate(LETTERS).decode()
    return f"{letters[:14]}-{letters[14:24]}-{letters[24]}"


@contextmanager
def whole(path: Path) -> Iterator[TextIO]:
    """Open ``NAME.partial`` for text that is packed, and rename it when all is written."""
    partial = path.with_name(f"{path.name}.partial")
    with gzip.open(partial, "wt", compresslevel=1) as file:
        yield cast(TextIO, file)
    partial.replace(path)


def make_molecules(folder: Path, rows: int) -> list[Path]:
    """Write column files of PubChem's shapes, unless they are there."""
    names = ("CID-SMILES", "CID-InChI-Key", "CID-Title", "CID-Synonym-filtered")
    paths = [folder / f"{name}-{rows}.gz" for name in names]
    if all(path.exists() for path in paths):
        return paths
    tried, cid = max(1, rows // SAMPLE_SIZE), 0
    with ExitStack() as open_files:
        files = [open_files.enter_context(whole(path)) for path in paths]
        for cid, smiles in enumerate(itertools.islice(structures(), rows), start=1):
            key = key_like(smiles) if (cid - 1) % tried else inchikey(smiles)
            lines = (
                f"{smiles}\n", f"InChI=1S/{smiles}\t{key}\n", f"Compound {cid} of series {cid % 97}\n",
                f"BMA-{cid:07}\n{cid}\ttrade name {cid}\n",
            )  # fmt: skip
            for file, line in zip(files, lines, strict=True):
                file.write(f"{cid}\t{line}")
        if cid < rows:
            raise SystemExit(f"--rows can be {cid:,} at most, which is how many structures can be varied.")
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
    drawn = np.random.default_rng(1)
    words = np.array([word(rank) for rank in range(VOCABULARY)], dtype=object)
    sums = np.cumsum(1 / np.arange(1, VOCABULARY + 1))
    with whole(path) as file:
        file.write('<?xml version="1.0"?>\n<PubmedArticleSet>\n')
        for start in range(0, count, BATCH_SIZE):
            places = drawn.random((min(BATCH_SIZE, count - start), WORDS + 10)) * sums[-1]
            texts = words[np.searchsorted(sums, places, side="right")].tolist()
            file.writelines(
                f"<PubmedArticle><MedlineCitation><PMID>{pmid}</PMID><Article><Journal><JournalIssue><PubDate><Year>"
                f"{1980 + pmid * 40 // count}</Year></PubDate></JournalIssue><Title>J</Title></Journal><ArticleTitle>"
                f"{' '.join(text[:10])}.</ArticleTitle><Abstract><AbstractText>{' '.join(text[10:])}.</AbstractText>"
                "</Abstract></Article></MedlineCitation></PubmedArticle>\n"
                for pmid, text in enumerate(texts, start=start + 1)
            )
        file.write("</PubmedArticleSet>\n")
    return path


def measured(what: str, count: int, build: Callable[[], object]) -> None:
    """Print how long something takes."""
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
    ids = [cid + FIRST_DUMP_ID for cid in picked]
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
    common = {word(rank) for rank in range(COMMON_WORDS)}
    queries = []
    while len(queries) < QUERIES:
        row = connection.execute("SELECT abstract FROM article WHERE id = ?", (random_.randint(1, count),)).fetchone()
        words = sorted(set(row[0].rstrip(".").split()) - common)
        queries.append(" ".join(random_.sample(words, random_.choice((2, 2, 3)))))
    taken, hits = [], []
    for query in queries:
        started = time.process_time()
        result = search(connection, read_query(query), 30)
        taken.append((time.process_time() - started) * 1000)
        hits.append(result.count)
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
    parser.add_argument("--dumps-only", action="store_true", help="make the dumps, and measure nothing else")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    print(machine(), flush=True)
    if given.dumps_only:
        if given.rows:
            measured("Dumps of molecules", given.rows, lambda: make_molecules(given.folder, given.rows))
        if given.articles:
            measured("Dump of articles", given.articles, lambda: make_articles(given.folder, given.articles))
        return
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
