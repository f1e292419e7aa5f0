"""The queries of the index reach their rows by an index, and names spelled alike are found as by comparing all."""

from __future__ import annotations

import inspect
import lzma
import random
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biomed_agent.core.name_matching import edit_distance, name_key
from biomed_agent.core.types import Candidate, Molecule, Protein
from biomed_agent.sources.local import LocalIndex
from biomed_agent.sources.local.schema import trigrams
from biomed_agent.sources.local.spelling import distance_within, least_distance
from tests.helpers.dumps import FLAT, article, built, pubchem, pubmed

MOLECULE = Molecule("CC(=O)OC1=CC=CC=C1C(=O)O", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "aspirin")
PROTEIN = Protein("MSRSLLLRF", accession="P00519")
CALLS: dict[str, Callable[[LocalIndex], object]] = {
    "molecules_named": lambda index: index.molecules_named("acetylsalicylic acid"),
    "molecule_by_id": lambda index: index.molecule_by_id("cas", "50-78-2"),
    "molecules_by_inchikey": lambda index: [
        index.molecules_by_inchikey(MOLECULE.inchikey),
        index.molecules_by_inchikey(MOLECULE.inchikey[:14]),
    ],
    "parent_of": lambda index: index.parent_of(MOLECULE),
    "brands_of": lambda index: index.brands_of(MOLECULE),
    "salts_of": lambda index: index.salts_of(MOLECULE),
    "proteins_named": lambda index: index.proteins_named("ABL1"),
    "protein_by_accession": lambda index: index.protein_by_accession("P00519"),
    "protein_by_entry_name": lambda index: index.protein_by_entry_name("ABL1_HUMAN"),
    "protein_by_sequence": lambda index: index.protein_by_sequence("MSRSLLLRF"),
    "proteins_by_ec": lambda index: index.proteins_by_ec("2.7.10.2"),
    "has_articles": lambda index: index.has_articles,
    "has_own_articles": lambda index: [index.has_own_articles, index.has_articles],
    "articles": lambda index: [index.articles("aspirin"), index.articles("aspirin AND 2000:2030[dp]")],
    "articles_by_pmid": lambda index: index.articles_by_pmid(["11", "12"]),
    "handles": lambda index: index.handles(["caffeine", MOLECULE.inchikey]),
    "homonyms": lambda index: index.homonyms("CAT"),
    "lexicon_spans": lambda index: index.lexicon_spans("Does caffeine inhibit ABL1?"),
    "suggest": lambda index: [index.suggest("cafeine"), index.suggest("asp")],
    "facts": lambda index: [index.facts(MOLECULE), index.facts(PROTEIN)],
    "activities": lambda index: index.activities(MOLECULE, PROTEIN),
    "affinity_sources": lambda index: index.affinity_sources(),
    "activities_of": lambda index: [index.activities_of(MOLECULE), index.activities_of(PROTEIN)],
    "partners": lambda index: [index.partners(MOLECULE), index.partners(PROTEIN)],
    "stated": lambda index: index.stated("approval status", [MOLECULE.inchikey, "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"]),
}
"""a call of each public method that reads; a new one must be added"""
COUNTING = {
    "stats", "totals", "terms", "terms_like", "molecules_with", "proteins_with", "protein_classes", "molecules",
    "every_molecule", "every_protein", "proteins_containing", "proteins_near", "article_counts",
}  # fmt: skip
"""methods that read whole tables because they count or list what is in them, some of them once for all"""
HARMLESS = re.compile(
    r"SEARCH \w+ .*\((?!(?:kind|namespace|predicate)=\?\)).+\)"  # by a column of many values
    r"|SCAN \w+ VIRTUAL TABLE INDEX .+|SCAN (?:meta|source|main\.article_text_config)\b.*|SCAN CONSTANT ROW"
    r"|USE TEMP B-TREE FOR .+|COMPOUND QUERY|LEFT-MOST SUBQUERY|UNION ALL|LIST SUBQUERY \d+"
)
FIRST_ROW = "SELECT 1 FROM article LIMIT 1"
"""whether there are any: a scan that ends with the first row"""


def plan(connection: sqlite3.Connection, statement: str) -> list[str]:
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]


def harmful(steps: list[str]) -> list[str]:
    return [step for step in steps if not HARMLESS.fullmatch(step)]


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalIndex]:
    with LocalIndex.open(tmp_path_factory.mktemp("cache")) as opened:
        yield opened


@pytest.fixture(scope="module")
def dumped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalIndex]:
    """An index built from dumps and the starter set: with statistics, and records that take more queries."""
    folder = tmp_path_factory.mktemp("dumps")
    (folder / "sprot.dat.xz").write_bytes(lzma.compress(FLAT.encode()))
    records = [article(number, "Aspirin", f"Aspirin lowered it by {number} %.") for number in range(1, 500)]
    articles = pubmed(folder / "articles.xml", *records)  # of a few, a scan would be the best plan
    index, _ = built(
        folder, molecules=pubchem(folder), proteins=[folder / "sprot.dat.xz"], articles_in=[articles], starter=True
    )
    with index:
        yield index


def test_every_public_method_is_called() -> None:
    public = {name for name, _ in inspect.getmembers(LocalIndex) if not name.startswith("_")}
    assert public - {"open", "close", "files"} == set(CALLS) | COUNTING


@pytest.mark.parametrize("method", CALLS)
def test_no_query_reads_a_whole_table(starter: LocalIndex, dumped: LocalIndex, method: str) -> None:
    for index in (starter, dumped):
        statements: list[str] = []
        connections = [file.connection for file in index.files]
        for connection in connections:
            connection.set_trace_callback(statements.append)
        try:
            CALLS[method](index)
        finally:
            for connection in connections:
                connection.set_trace_callback(None)
        assert statements
        for statement in statements:
            if statement != FIRST_ROW and not statement.startswith("--"):  # so begin those that FTS5 makes itself
                assert harmful(plan(connections[0], statement)) == [], statement


def test_a_plan_that_reads_a_whole_table_is_refused(starter: LocalIndex) -> None:
    connection = starter.files[0].connection
    former = (
        "SELECT f.* FROM molecule e JOIN fact f ON f.entity = e.id AND f.kind = 'm' "
        f"WHERE e.inchikey = '{MOLECULE.inchikey}' ORDER BY f.rowid"
    )
    assert harmful(plan(connection, former)) == ["SEARCH f USING INDEX fact_entity (kind=?)"]
    assert harmful(plan(connection, "SELECT * FROM fact WHERE source = 'x'")) == ["SCAN fact"]
    assert harmful(plan(connection, "SELECT * FROM fact WHERE kind = 'm' AND entity = 1")) == []


# -- names spelled alike


def plain_suggestions(index: LocalIndex, name: str, limit: int = 5) -> list[Candidate]:
    """Return what :meth:`LocalIndex.suggest` returns, by the edit distance to every name that shares trigrams."""
    key = name_key(name)
    grams = sorted(trigrams(key))
    near: dict[str, float] = {}
    for file in index.files:
        sql = (
            f"SELECT key, count(*) AS shared FROM trigram WHERE gram IN ({', '.join('?' * len(grams))}) "
            "GROUP BY key HAVING shared >= ? ORDER BY shared DESC, abs(length(key) - ?) LIMIT 200"
        )
        for other, _ in file.connection.execute(sql, (*grams, len(grams) // 3, len(key))):
            distance = edit_distance(key, other)
            if distance <= max(1, len(key) // 4):
                near[other] = distance - (sorted(key) == sorted(other)) / 2 - len(trigrams(key) & trigrams(other)) / 100
    candidates: dict[str, Candidate] = {}
    for other in sorted(near, key=lambda other: (near[other], other)):
        for candidate in index._called(other):
            candidates.setdefault(candidate.handle, candidate)
    return list(candidates.values())[:limit]


def misspelled(index: LocalIndex, count: int) -> Iterator[str]:
    """Yield names of the index with a letter dropped, doubled, replaced or swapped."""
    rows = index.files[-1].connection.execute("SELECT shown, key FROM name WHERE length(key) BETWEEN 7 AND 39")
    drawn = random.Random(1)
    for shown, _ in drawn.sample(sorted(map(tuple, rows)), count):
        place = drawn.randrange(len(shown) - 1)
        middles = ("", shown[place] * 2, drawn.choice("aeinrst"), shown[place + 1] + shown[place])
        middle = drawn.choice(middles)
        yield shown[:place] + middle + shown[place + (2 if middle == middles[3] else 1) :]


def test_suggestions_are_those_of_comparing_each_name(starter: LocalIndex) -> None:
    names = [name for name in misspelled(starter, 320) if 6 <= len(name_key(name)) <= 40]
    assert len(names) > 300
    suggested = {name: starter.suggest(name) for name in names}
    assert suggested == {name: plain_suggestions(starter, name) for name in names}
    assert sum(map(bool, suggested.values())) > 250


@given(word=st.text("abc", max_size=9), other=st.text("abc", max_size=9), max_distance=st.integers(1, 6))
def test_a_bounded_distance_is_the_distance(word: str, other: str, max_distance: int) -> None:
    distance = edit_distance(word, other)
    assert distance_within(word, other, max_distance) == (distance if distance <= max_distance else None)
    assert least_distance(Counter(word), other) <= distance
