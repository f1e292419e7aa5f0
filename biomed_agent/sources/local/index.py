"""The local index: molecules, proteins, their names and facts in SQLite files, read without any network.

The starter set that ships with the package (``biomed_agent/data/starter``) is built into a SQLite file in the
cache folder on first use; other indexes are built from tables of the same layout (:mod:`.schema`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from biomed_agent.core import name_matching
from biomed_agent.core.types import Article, Candidate, Entity, Fact, Molecule, Protein, Provenance, Reason
from biomed_agent.sources.local.affinities import Affinities
from biomed_agent.sources.local.articles import PUBMED, Hits, by_numbers, read_query, search
from biomed_agent.sources.local.files import open_file, open_starter
from biomed_agent.sources.local.lists import Lists
from biomed_agent.sources.local.reading import CHUNK_SIZE, HUMAN, key_of
from biomed_agent.sources.local.schema import FIRST_DUMP_ID, MAX_SUGGESTED_LENGTH, sequence_checksum, trigrams
from biomed_agent.sources.local.sequence_search import Sequences
from biomed_agent.sources.local.spelling import distance_within, least_distance

MAX_EDITED_LENGTH = 5
"""Letters of a name up to which all spellings one edit away are looked up."""


class LocalIndex(Lists, Affinities, Sequences):
    """One or several index files, searched in order; safe to share between threads.

    What several files hold of one molecule (by its InChIKey) or protein (by its accession) is one record: the first
    file's fields, completed by the others', each with its origin.
    """

    @classmethod
    def open(cls, cache_dir: Path, extra: Sequence[Path] = ()) -> LocalIndex:
        """Open the user's own indexes, then the starter set (built into ``cache_dir`` on first use).

        Args:
            cache_dir: Folder for the starter set's SQLite file; when it cannot be written, the set is built in
                memory for this process.
            extra: SQLite files made by :func:`.schema.build_index`, most trusted first.

        Raises:
            InvalidInput: A file of ``extra`` is missing or is no index of this schema version.
        """
        return cls([*(open_file(path) for path in extra), open_starter(cache_dir)])

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            file.connection.close()

    def __enter__(self) -> LocalIndex:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Molecules

    def molecules_named(self, name: str) -> list[tuple[Molecule, Reason]]:
        """Return the molecules called ``name`` and why.

        Spelling is compared by :func:`.name_matching.name_key`; the best reason comes first.
        """
        return [(molecule, reason) for molecule, reason in self._named(name, "m") if isinstance(molecule, Molecule)]

    def molecule_by_id(self, namespace: str, value: str) -> Molecule | None:
        """Return the molecule with that ``cid``, ``chebi``, ``drugbank``, ``cas``, ``chembl`` or ``unii``."""
        asked = (namespace.lower(), value.strip().split(":")[-1].upper())
        sql = "SELECT m.* FROM molecule m JOIN molecule_id i ON i.molecule = m.id WHERE i.namespace = ? AND i.value = ?"
        return next(iter(self._molecules(sql, asked)), None)

    def molecules_by_inchikey(self, key: str) -> list[Molecule]:
        """Return the molecules with that InChIKey, or all of that connectivity for a first block (14 letters)."""
        key = key.strip().upper()
        if len(key) == 14:
            block = "SELECT * FROM molecule WHERE inchikey >= ? AND inchikey < ?"
            return self._molecules(block, (f"{key}-", f"{key}."))
        return self._molecules("SELECT * FROM molecule WHERE inchikey = ?", (key,))

    def parent_of(self, molecule: Molecule) -> Molecule | None:
        """Return what a salt or hydrate is made of; None when the index knows no parent."""
        sql = "SELECT p.* FROM molecule m JOIN molecule p ON p.inchikey = m.parent WHERE m.inchikey = ?"
        return next(iter(self._molecules(sql, (molecule.inchikey,))), None)

    def brands_of(self, molecule: Molecule) -> list[tuple[str, Molecule]]:
        """Return the brand names of a molecule and of its salts, each with the form that is marketed under it."""
        sql = (
            "SELECT n.shown FROM molecule m CROSS JOIN name n ON n.entity = m.id AND n.kind = 'm' "
            "WHERE m.inchikey = ? AND n.reason = 'brand name' ORDER BY n.rank"
        )
        forms = [molecule, *self.salts_of(molecule)]
        found = {row["shown"]: form for form in forms for _, row in self._rows(sql, (form.inchikey,))}
        return list(found.items())

    def salts_of(self, molecule: Molecule) -> list[Molecule]:
        """Return the salts and hydrates of a parent molecule that the index holds."""
        return self._molecules("SELECT * FROM molecule WHERE parent = ? ORDER BY id", (molecule.inchikey,))

    # Proteins

    def proteins_named(self, name: str) -> list[tuple[Protein, Reason]]:
        """Return the proteins called ``name`` and why, human ones first."""
        proteins = [(protein, reason) for protein, reason in self._named(name, "p") if isinstance(protein, Protein)]
        return sorted(proteins, key=lambda pair: pair[0].taxon_id != HUMAN)

    def protein_by_accession(self, accession: str) -> Protein | None:
        """Return the protein with that UniProt accession."""
        asked = (accession.strip().upper(),)
        return next(iter(self._proteins("SELECT * FROM protein WHERE accession = ?", asked)), None)

    def protein_by_entry_name(self, entry_name: str) -> Protein | None:
        """Return the protein with that UniProt entry name, such as ``EGFR_HUMAN``."""
        asked = (entry_name.strip().upper(),)
        return next(iter(self._proteins("SELECT * FROM protein WHERE entry_name = ?", asked)), None)

    def protein_by_sequence(self, sequence: str) -> Protein | None:
        """Return the protein with exactly that sequence, even where another file has another version of it."""
        residues = "".join(sequence.split()).upper()
        sql = "SELECT * FROM protein WHERE checksum = ?"
        protein = next(iter(self._proteins(sql, (sequence_checksum(residues),))), None)
        return protein and replace(protein, sequence=residues)

    def proteins_by_ec(self, number: str) -> list[Protein]:
        """Return the proteins with an EC number such as ``2.7.10.2``, human first."""
        sql = (
            "SELECT p.* FROM fact f JOIN protein p ON p.id = f.entity "
            "WHERE f.value = ? AND f.predicate = 'EC number' AND f.kind = 'p' ORDER BY p.id"
        )
        proteins = self._proteins(sql, (number.strip().upper().removeprefix("EC").strip(" :"),))
        return sorted(proteins, key=lambda protein: protein.taxon_id != HUMAN)

    # Articles

    @property
    def has_articles(self) -> bool:
        """Whether some file holds articles."""
        return any(file.connection.execute("SELECT 1 FROM article LIMIT 1").fetchone() for file in self._files)

    @property
    def has_own_articles(self) -> bool:
        """Whether some file holds articles of its user, beside those that ship with the package."""
        return any(PUBMED[0] in file.sources for file in self._files) and self.has_articles

    def article_counts(self, several: Sequence[Sequence[str]]) -> tuple[int, list[int]]:
        """Return how many articles the starter set holds, and how many of them hold any of some words.

        Args:
            several: Words or phrases that say the same; none are held by none.
        """
        connection = self._files[-1].connection
        (total,) = connection.execute("SELECT count(*) FROM article").fetchone()
        sql = "SELECT count(*) FROM article_text WHERE article_text MATCH ?"
        asked = (" OR ".join('"' + word.replace('"', "") + '"' for word in words) for words in several)
        return total, [connection.execute(sql, (match,)).fetchone()[0] if match else 0 for match in asked]

    def articles(self, query: str, limit: int = 20) -> Hits:
        """Return the articles of a query in PubMed's syntax, ranked by BM25, retracted ones among them and marked.

        Raises:
            InvalidInput: The query holds no word, or a field that the index does not have.
        """
        asked = read_query(query)
        results = [search(file.connection, asked, limit) for file in self._files]
        merged = {article.handle: article for hits in reversed(results) for article in reversed(hits.articles)}
        several = [hits.articles for hits in results if hits.articles]
        articles = several[0] if len(several) == 1 else list(merged.values())[::-1]
        return Hits(articles[:limit], sum(hits.count for hits in results), any(hits.more for hits in results))

    def articles_by_pmid(self, pmids: Sequence[str]) -> list[Article]:
        """Return the articles with those PMIDs, in that order; those that no file has are left out."""
        numbers = [int(pmid) for pmid in pmids]
        articles = {
            article.pmid: article for file in reversed(self._files) for article in by_numbers(file.connection, numbers)
        }
        return [articles[pmid] for pmid in pmids if pmid in articles]

    # Many at once

    def handles(self, texts: Iterable[str]) -> dict[str, list[str]]:
        """Return what names or InChIKeys name, as InChIKeys; for many texts at once, without reading a structure.

        Args:
            texts: InChIKeys, or names of molecules by the rules of :meth:`molecules_named`.

        Returns:
            The known texts, each with its InChIKeys, the best reason first. Texts that are not known are left out.
        """
        keys, called = dict[str, str](), dict[str, list[str]]()
        for text in texts:
            if len(text) == 27 and text[14] == "-" and text[25] == "-":
                keys[text] = text
            else:
                called.setdefault(name_matching.name_key(text), []).append(text)
        handles: dict[str, list[str]] = {}
        by_key = "SELECT inchikey, inchikey FROM molecule WHERE inchikey IN ({})"
        by_name = (
            "SELECT n.key, m.inchikey FROM name n JOIN molecule m ON m.id = n.entity "
            "WHERE n.key IN ({}) AND n.kind = 'm' ORDER BY n.rank, n.entity"
        )
        for sql, wanted in ((by_key, list(keys)), (by_name, list(called))):
            for start in range(0, len(wanted), CHUNK_SIZE):
                chunk = wanted[start : start + CHUNK_SIZE]
                asked = sql.format(",".join("?" * len(chunk)))
                for file in self._files:
                    for key, inchikey in file.plain.execute(asked, chunk):
                        for text in called.get(key, (key,)):
                            known = handles.setdefault(text, [])
                            if inchikey not in known:
                                known.append(inchikey)
        return handles

    # Names

    def homonyms(self, name: str) -> list[Candidate]:
        """Return what an ambiguous name can mean; empty when the list of homonyms does not hold it.

        A name that is stored with just that hyphen is not ambiguous: ``COX-1`` is an enzyme, ``COX1`` is one of two.
        """
        key, spaced = name_matching.name_key(name), name_matching.spaced_key(name)
        rows = list(self._rows("SELECT * FROM homonym WHERE key = ? ORDER BY position", (key,)))
        spellings = (name_matching.spaced_key(shown) for _, shown in self._spellings([key]).get(key, ()) if rows)
        if rows and all(name_matching.spaced_key(row["shown"]) != spaced for _, row in rows) and spaced in spellings:
            return []
        candidates = [
            Candidate(row["handle"], row["label"], f"homonym of {row['shown']!r}", _candidate_kind(row["kind"]))
            for _, row in rows
        ]
        return list(dict.fromkeys(candidates))

    def lexicon_spans(self, text: str) -> list[tuple[int, int, str]]:
        """Return the spans ``(start, end, name)`` of a free text that are known names, left to right.

        Longer spans win over shorter ones and no two overlap; see :func:`.name_matching.windows` for what can be a span
        and :func:`.name_matching.fits` for when it counts. A plural or possessive ``s`` is not part of ``name``.
        """
        windows = {span: text[slice(*span)] for span in name_matching.windows(text)}
        forms = {span: dict.fromkeys((word, name_matching.singular(word))) for span, word in windows.items()}
        keys = {form: name_matching.name_key(form) for form in {form for several in forms.values() for form in several}}
        known = self._spellings(dict.fromkeys(keys.values()))
        spans = []
        for span, several in forms.items():
            for form in several:
                kinds = {kind for kind, shown in known.get(keys[form], ()) if name_matching.fits(form, shown)}
                if not kinds or (kinds == {"m"} and name_matching.names_a_protein(text[span[1] :])):
                    continue
                if form.lower() not in name_matching.WEAK_WORDS or name_matching.asked_about(text, *span):
                    spans.append((*span, form))
                    break
        taken: list[tuple[int, int, str]] = []
        for start, end, name in sorted(spans, key=lambda span: (span[0] - span[1], span[0])):
            if all(end <= other[0] or start >= other[1] for other in taken):
                taken.append((start, end, name))
        return sorted(taken)

    def suggest(self, name: str, limit: int = 5) -> list[Candidate]:
        """Return entities whose names are spelled like ``name``, nearest first; nothing when none is close."""
        key = name_matching.name_key(name)
        if not 3 <= len(key) <= MAX_SUGGESTED_LENGTH:
            return []
        max_distance, letters = max(1, len(key) // 4), Counter(key)
        near: dict[str, float] = {}
        for other in self._alike(key, max_distance):
            if least_distance(letters, other) > max_distance:  # most of them, which need no table of distances
                continue
            distance = distance_within(key, other, max_distance)
            if distance is not None:
                swapped = sorted(key) == sorted(other)  # the commonest slip of a short symbol
                near[other] = distance - swapped / 2 - len(trigrams(key) & trigrams(other)) / 100
        candidates: dict[str, Candidate] = {}
        for spelled in sorted(near, key=lambda spelling: (near[spelling], spelling)):
            if len(candidates) >= limit:
                break
            for candidate in self._called(spelled):
                candidates.setdefault(candidate.handle, candidate)
        return list(candidates.values())[:limit]

    # Facts

    def facts(self, entity: Entity) -> list[Fact]:
        """Return what the index states about an entity beyond its own fields, each fact with its source.

        Predicates: ``ChEBI class``, ``ChEBI role``, ``parent compound``, ``salt form`` of a molecule; ``EC number``,
        ``protein family``, ``subcellular location``, ``membrane topology``, ``GO molecular function``, ``GO biological
        process``, ``GO cellular component`` of a protein.
        """
        table, column, kind, value = key_of(entity)
        # A cross join keeps the order: the entity first, or each fact of its kind would be read.
        sql = (
            f"SELECT f.* FROM {table} e CROSS JOIN fact f ON f.entity = e.id AND f.kind = ? "
            f"WHERE e.{column} = ? ORDER BY f.rowid"
        )
        by_value: dict[tuple[str, str], Fact] = {}
        for file, row in self._rows(sql, (kind, value)):
            fact = Fact(entity.handle, row["predicate"], row["value"], provenance=file.provenance(row["source"]))
            by_value.setdefault((row["predicate"], row["value"].lower()), fact)
        facts = list(by_value.values())
        if isinstance(entity, Molecule):
            facts += self._salt_facts(entity)
        return facts

    def _salt_facts(self, molecule: Molecule) -> list[Fact]:
        """Return which parent a molecule is a salt of, or which salts it has."""
        facts = []
        for file, row in self._rows("SELECT * FROM molecule WHERE inchikey = ? AND parent <> ''", (molecule.inchikey,)):
            source = file.provenance(row["source"])
            if parent := self.parent_of(molecule):
                value = f"{parent.name} ({parent.handle})"
                facts.append(Fact(molecule.handle, "parent compound", value, provenance=source, note=row["salt"]))
        for salt in self.salts_of(molecule):
            value = f"{salt.name} ({salt.handle})"
            facts.append(Fact(molecule.handle, "salt form", value, provenance=salt.provenance or Provenance(source="")))
        return facts

    def stats(self) -> dict[str, Any]:
        """Return counts and origin of each file, in search order, and under ``totals`` what all of them know."""
        tables = ("molecule", "protein", "name", "fact", "activity", "homonym", "article", "rejected")
        return {
            "files": [
                {
                    **dict(file.connection.execute("SELECT key, value FROM meta").fetchall()),
                    **{t: file.connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables},
                }
                for file in self._files
            ],
            "totals": self.totals(),
        }

    # Reading

    def _spellings(self, keys: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
        """Return (kind, name as stored) of each known key; a homonym has kind ``h``."""
        wanted = [key for key in keys if len(key) > 1]
        names: dict[str, list[tuple[str, str]]] = {}
        for start in range(0, len(wanted), 400):
            chunk = wanted[start : start + 400]
            marks = ", ".join("?" * len(chunk))
            sql = (
                f"SELECT key, kind, shown, entity, reason FROM name WHERE key IN ({marks}) "
                f"UNION ALL SELECT key, 'h', shown, 0, '' FROM homonym WHERE key IN ({marks})"
            )
            for _, row in self._rows(sql, (*chunk, *chunk)):
                deposited = row["kind"] == "m" and row["entity"] >= FIRST_DUMP_ID and row["reason"] == "exact synonym"
                if deposited and not name_matching.looks_chemical(row["shown"]):
                    continue  # a trade name that may be a word
                names.setdefault(row["key"], []).append((row["kind"], row["shown"]))
        return names

    def _alike(self, key: str, max_distance: int) -> set[str]:
        """Return stored keys that may be a misspelling of ``key``: one edit off if short, else sharing trigrams.

        Each letter by which the lengths differ is an edit, so keys whose lengths differ by more than ``max_distance``
        are left out.
        """
        if len(key) <= MAX_EDITED_LENGTH:
            return set(self._spellings(name_matching.one_edit_away(key)))
        grams, lengths = sorted(trigrams(key)), (len(key) - max_distance, len(key) + max_distance)
        sql = (
            f"SELECT key, count(*) AS shared FROM trigram WHERE gram IN ({', '.join('?' * len(grams))}) "
            "AND length(key) BETWEEN ? AND ? GROUP BY key HAVING shared >= ? "
            "ORDER BY shared DESC, abs(length(key) - ?) LIMIT 200"
        )
        return {row["key"] for _, row in self._rows(sql, (*grams, *lengths, len(grams) // 3, len(key)))}

    def _called(self, key: str) -> list[Candidate]:
        """Return the entities that have a name with that key, as candidates."""
        candidates = []
        for _, row in self._rows("SELECT shown FROM name WHERE key = ? LIMIT 1", (key,)):
            why = f"spelled like {row['shown']!r}"
            for molecule, _ in self.molecules_named(row["shown"]):
                candidates.append(Candidate(molecule.handle, molecule.name, why, "molecule"))
            for protein, _ in self.proteins_named(row["shown"])[:1]:
                label = f"{protein.name or protein.entry_name} ({protein.organism})"
                candidates.append(Candidate(protein.handle, label, why, "protein"))
        return [candidate for candidate in candidates if candidate.handle]

    def _named(self, name: str, kind: str) -> list[tuple[Entity, Reason]]:
        key = name_matching.name_key(name)
        table, label = ("molecule", "inchikey") if kind == "m" else ("protein", "accession")
        sql = (
            f"SELECT e.*, n.reason FROM name n JOIN {table} e ON e.id = n.entity "
            "WHERE n.key = ? AND n.kind = ? ORDER BY n.rank, n.entity"
        )
        entities: dict[str, tuple[Entity, Reason]] = {}
        for file, row in self._rows(sql, (key, kind)):
            entity, reason = file.molecule(row) if kind == "m" else file.protein(row), Reason.of(row["reason"])
            known = entities.get(row[label])
            if entity is not None and (known is None or _ORDER[reason] < _ORDER[known[1]]):
                entities[row[label]] = known[0] if known else entity, reason
        named = sorted(entities.values(), key=lambda pair: _ORDER[pair[1]])
        return [
            (self._whole_molecule(entity) if isinstance(entity, Molecule) else self._whole_protein(entity), reason)
            for entity, reason in named
        ]


_ORDER = {reason: number for number, reason in enumerate(Reason)}


def _candidate_kind(text: str) -> Literal["molecule", "protein", "other"]:
    return "molecule" if text == "molecule" else "protein" if text == "protein" else "other"
