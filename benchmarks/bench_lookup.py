"""How fast the starter set answers for one entity, beside the queries that came before.

Run with: python benchmarks/bench_lookup.py. Facts: a join that starts at the entity, against one that leaves the order
to SQLite, which read each fact of the kind. Suggestions: misspelled names, against the edit distance to every name that
shares trigrams. Both sides return the same.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from timing import interleaved, machine, table

from biomed_agent.core.name_matching import edit_distance, name_key
from biomed_agent.core.types import Molecule
from biomed_agent.sources.local import LocalIndex
from biomed_agent.sources.local.schema import trigrams

ROUNDS = 5
ENTITIES = 300
FORMER_FACTS = (
    "SELECT f.* FROM molecule e JOIN fact f ON f.entity = e.id AND f.kind = 'm' WHERE e.inchikey = ? ORDER BY f.rowid"
)


def former_near(index: LocalIndex, name: str) -> list[str]:
    """Return the keys that are spelled like a name, compared with each that shares trigrams."""
    key = name_key(name)
    grams = sorted(trigrams(key))
    sql = (
        f"SELECT key, count(*) AS shared FROM trigram WHERE gram IN ({', '.join('?' * len(grams))}) "
        "GROUP BY key HAVING shared >= ? ORDER BY shared DESC, abs(length(key) - ?) LIMIT 200"
    )
    rows = index.files[0].connection.execute(sql, (*grams, len(grams) // 3, len(key))).fetchall()
    return [other for other, _ in rows if edit_distance(key, other) <= max(1, len(key) // 4)]


def misspelled(index: LocalIndex) -> Iterator[str]:
    """Yield names of the index with one letter replaced."""
    rows = index.files[0].connection.execute("SELECT shown, key FROM name WHERE length(key) BETWEEN 7 AND 39")
    drawn = random.Random(1)
    for shown, _ in drawn.sample(sorted(map(tuple, rows)), ENTITIES):
        place = drawn.randrange(len(shown))
        yield shown[:place] + drawn.choice("aeinrst") + shown[place + 1 :]


def main() -> None:
    """Print both comparisons."""
    print(machine())
    with tempfile.TemporaryDirectory() as folder, LocalIndex.open(Path(folder)) as index:
        connection = index.files[0].connection
        listed = connection.execute("SELECT smiles, inchikey FROM molecule WHERE parent = '' ORDER BY id").fetchall()
        molecules = [Molecule(*row) for row in random.Random(1).sample(listed, ENTITIES)]
        facts = interleaved(
            {
                "former query": lambda: [
                    connection.execute(FORMER_FACTS, (molecule.inchikey,)).fetchall() for molecule in molecules
                ],
                "LocalIndex.facts": lambda: [index.facts(molecule) for molecule in molecules],
            },
            ROUNDS,
        )
        print(f"\nFacts of {ENTITIES} molecules (salts of them looked up as well, which the former query leaves out)")
        print(table(facts, "former query", ENTITIES, "molecules", ROUNDS))
        names = [name for name in misspelled(index) if len(name_key(name)) > 5]
        suggestions = interleaved(
            {
                "every name compared": lambda: [former_near(index, name) for name in names],
                "LocalIndex.suggest": lambda: [index.suggest(name) for name in names],
            },
            ROUNDS,
        )
        print(
            f"\nSuggestions for {len(names)} misspelled names (and read as candidates, which the former way leaves out)"
        )
        print(table(suggestions, "every name compared", len(names), "names", ROUNDS))


if __name__ == "__main__":
    main()
