"""Reverse look-ups: which molecules and proteins have a role, a family, a place, a class, and how many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Literal, NamedTuple, TypeAlias, TypeVar

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.identifiers import ORGANISMS
from biomed_agent.core.name_matching import name_key
from biomed_agent.core.types import Entity, Fact, Molecule, Protein
from biomed_agent.sources.local import protein_classes
from biomed_agent.sources.local.files import File
from biomed_agent.sources.local.reading import CHUNK_SIZE, HUMAN, Reader
from biomed_agent.sources.local.schema import TERM_PREDICATES
from biomed_agent.sources.local.terms import Term, holding, meant, words_of

Thing = TypeVar("Thing", bound=Entity)
OF_MOLECULES = ("ChEBI class", "ChEBI role")
"""predicates by which molecules are listed"""
OF_PROTEINS = (*(name for name in TERM_PREDICATES if name not in OF_MOLECULES), "protein class", "organism", "name")
"""predicates by which proteins are listed; by ``name`` those of a numbered series, such as Janus kinase 1"""
MAX_CANDIDATES = 50


@dataclass(frozen=True, slots=True)
class Listed(Generic[Thing]):
    """The things of which something is stated."""

    things: tuple[Thing, ...]
    total: int
    """how many there are, beyond the limit as well"""
    facts: tuple[Fact, ...]
    """for each of the things the statement that puts it on the list"""
    terms: tuple[str, ...] = ()
    """values, as records write them, that the phrase was taken for"""
    candidates: tuple[str, ...] = ()
    """other values that hold the words of the phrase, which may be meant: those that end so first"""
    passed_over: int = 0
    """things of which it is not known, and which may belong to the list"""


class Hit(NamedTuple):
    """A statement that puts a thing on a list."""

    file: File
    predicate: str
    value: str
    source: str
    note: str = ""


_Found: TypeAlias = dict[str, Hit]
"""the first statement by InChIKey or accession"""


class Lists(Reader):
    """Lists molecules and proteins by what is stated of them."""

    def molecules_with(self, predicate: str, value: str | Sequence[str], limit: int = 10) -> Listed[Molecule]:
        """Return the molecules of a ChEBI class or role, drugs first.

        Args:
            predicate: ``ChEBI class`` or ``ChEBI role``; empty for both.
            value: The term, in any spelling, singular or plural; or several, of which one must hold.
            limit: Most molecules returned.

        Raises:
            InvalidInput: Molecules are not listed by that predicate.
        """
        predicates = _known(predicate, OF_MOLECULES)
        found, means, candidates = self._stated("m", predicates, value)
        molecules = [self._molecule(key) for key in list(found)[:limit]]
        return _listed([molecule for molecule in molecules if molecule], found, means, candidates)

    def proteins_with(self, predicate: str, value: str | Sequence[str], limit: int = 10) -> Listed[Protein]:
        """Return the proteins of a family, place, class and so on, human ones first.

        Args:
            predicate: One of :data:`OF_PROTEINS`; empty for family and protein class together.
            value: The term, in any spelling; an EC number stands for all below it; an organism may be named as people
                do (``human``); by ``name`` the stem of a numbered series (``Janus kinase``, ``HDAC``); or several
                values, of which one must hold.
            limit: Most proteins returned.

        Raises:
            InvalidInput: Proteins are not listed by that predicate.
        """
        predicates = _known(predicate, OF_PROTEINS, ("protein family", "protein class"))
        found, means, candidates = self._stated("p", [name for name in predicates if name in TERM_PREDICATES], value)
        for each in _several(value):
            for name, find in (
                ("protein class", self._of_class),
                ("organism", self._of_organism),
                ("name", self._series),
            ):
                if name in predicates and (more := find(each)):
                    found = {**found, **{key: hit for key, hit in more.items() if key not in found}}
                    means |= dict.fromkeys(hit.value for hit in more.values())
        human = self._human(found)
        found = {key: found[key] for key in sorted(found, key=lambda key: key not in human)}
        proteins = [self._proteins(_BY_ACCESSION, (key,)) for key in list(found)[:limit]]
        return _listed([protein for several in proteins for protein in several[:1]], found, means, candidates)

    def terms(self, predicate: str) -> dict[str, int]:
        """Return the values of a predicate as records write them, each with how many things have it, most first.

        For ``protein class`` these are the names of :data:`.protein_classes.CLASSES`.

        Raises:
            InvalidInput: The predicate has no terms.
        """
        if predicate == "protein class":
            counts = {name: len(members) for name, members in self._classes.items()}
        else:
            _known(predicate, TERM_PREDICATES)
            things: dict[str, set[str]] = {}
            for file in self._files:
                table, column = ("molecule", "inchikey") if predicate in OF_MOLECULES else ("protein", "accession")
                rows = file.tuples(
                    f"SELECT t.value, e.{column} FROM term t CROSS JOIN term_of o ON o.term = t.id "
                    f"CROSS JOIN {table} e ON e.id = o.entity WHERE t.predicate = ?",
                    (predicate,),
                )
                for value, key in rows:
                    things.setdefault(value, set()).add(key)
            counts = {value: len(keys) for value, keys in things.items()}
        return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))

    def terms_like(self, predicate: str, words: str) -> list[str]:
        """Return the values of a predicate that hold those words in a row: those that end so, begin so, then others."""
        return holding(words, self._terms(_known(predicate, TERM_PREDICATES)))

    def molecules(
        self,
        limit: int = 10,
        *,
        heavier_than: float | None = None,
        lighter_than: float | None = None,
        formula: str = "",
        heaviest_first: bool = False,
    ) -> Listed[Molecule]:
        """Return molecules by what is stored of their composition, lightest first; all of them without a condition.

        Records of dumps whose weight is only computed when they are read are ``passed_over``.

        Args:
            limit: Most molecules returned.
            heavier_than: Their average molecular weight is larger, in g/mol.
            lighter_than: It is smaller.
            formula: Molecular formula in Hill order.
            heaviest_first: Order them from the heaviest.
        """
        weights, unknown = dict[str, tuple[float, str, File, str]](), set[str]()
        for file in self._files:
            rows = file.tuples("SELECT inchikey, weight, formula, source FROM molecule")
            for key, weight, composition, source in rows:
                if formula and composition != formula:
                    continue
                if weight is None:
                    unknown.add(key)
                elif key not in weights:
                    weights[key] = weight, composition, file, source
        low, high = heavier_than or 0.0, lighter_than or float("inf")
        kept = [key for key, (weight, *_) in weights.items() if low < weight < high]
        kept.sort(key=lambda key: -weights[key][0] if heaviest_first else weights[key][0])
        molecules = [molecule for key in kept[:limit] if (molecule := self._molecule(key))]
        facts = []
        for molecule in molecules:
            weight, _, file, source = weights[molecule.inchikey]
            origin = file.provenance(source)
            facts.append(Fact(molecule.handle, "molecular weight", weight, "g/mol", provenance=origin))
        return Listed(tuple(molecules), len(kept), tuple(facts), passed_over=len(unknown - set(weights)))

    def stated(self, predicate: str, inchikeys: Iterable[str]) -> dict[str, list[Fact]]:
        """Return what is stated of many molecules under one predicate, by InChIKey; those without it are left out.

        The facts have the InChIKey as their subject, since no record is read for them.
        """
        wanted = list(dict.fromkeys(key for key in inchikeys if key))
        found: dict[str, list[Fact]] = {}
        for start in range(0, len(wanted), CHUNK_SIZE):
            chunk = wanted[start : start + CHUNK_SIZE]
            marks = ", ".join("?" * len(chunk))
            # A cross join keeps the order: the molecules first, or each fact of the index would be read.
            sql = (
                "SELECT e.inchikey, f.value, f.source FROM molecule e CROSS JOIN fact f ON f.entity = e.id "
                f"AND f.kind = 'm' WHERE e.inchikey IN ({marks}) AND f.predicate = ? ORDER BY f.rowid"
            )
            for file, row in self._rows(sql, (*chunk, predicate)):
                key = row["inchikey"]
                fact = Fact(key, predicate, row["value"], provenance=file.provenance(row["source"]))
                if fact not in found.setdefault(key, []):
                    found[key].append(fact)
        return found

    def every_molecule(self) -> Iterator[Molecule]:
        """Yield every molecule that has its weight on record, once, as its first file has it."""
        known: set[str] = set()
        for file in self._files:
            for row in file.connection.execute("SELECT * FROM molecule WHERE weight IS NOT NULL ORDER BY id"):
                if row["inchikey"] not in known and (molecule := file.molecule(row)):
                    known.add(row["inchikey"])
                    yield molecule

    def every_protein(self) -> Iterator[Protein]:
        """Yield every protein once, as its first file has it."""
        known: set[str] = set()
        for file in self._files:
            for row in file.connection.execute("SELECT * FROM protein ORDER BY id"):
                if row["accession"] not in known:
                    known.add(row["accession"])
                    yield file.protein(row)

    def protein_classes(self, protein: Protein) -> dict[str, Fact]:
        """Return the classes of a protein, such as ``kinase``, each with the statement that decides it.

        What decides stands in the fact's note: an EC number, a family, a GO term, the name, or a panel of assays.
        """
        accession = "" if protein.variant else protein.accession
        hits = {name: members[accession] for name, members in self._classes.items() if accession in members}
        return {name: _fact(protein, hit) for name, hit in hits.items()}

    def totals(self) -> dict[str, int]:
        """Return how many different molecules, proteins, articles, terms and measured values all files hold.

        Affinities are counted by measure (``Kd``), as they are in the table; ``pairs`` counts molecules and proteins
        of which any was measured.
        """
        counts = {
            "molecules": self._distinct("molecule", "inchikey"),
            "proteins": self._distinct("protein", "accession"),
            "articles": self._distinct("article", "id"),
        }
        measured: dict[str, set[tuple[str, ...]]] = {}
        for file in self._files:
            rows = file.tuples(
                "SELECT a.measure, m.inchikey, p.accession, a.source FROM activity a "
                "JOIN molecule m ON m.id = a.molecule JOIN protein p ON p.id = a.protein"
            )
            for measure, *row in rows:
                measured.setdefault(measure, set()).add(tuple(row))
        counts["affinities"] = sum(map(len, measured.values()))
        counts["pairs"] = len({row[:2] for rows in measured.values() for row in rows})
        counts |= {measure: len(rows) for measure, rows in sorted(measured.items())}
        return counts | {name: len({term.value for term in self._terms([name])}) for name in TERM_PREDICATES}

    def _molecule(self, inchikey: str) -> Molecule | None:
        return next(iter(self._molecules("SELECT * FROM molecule WHERE inchikey = ?", (inchikey,))), None)

    # Reading

    def _terms(self, predicates: Iterable[str]) -> list[Term]:
        return [term for name in predicates for file in self._files for term in file.terms.get(name, ())]

    def _stated(
        self, kind: Literal["m", "p"], predicates: Sequence[str], value: str | Sequence[str]
    ) -> tuple[_Found, dict[str, None], list[str]]:
        """Return what has one of the values, the values as records write them, and others that hold the words."""
        table, column = ("molecule", "inchikey") if kind == "m" else ("protein", "accession")
        found: _Found = {}
        means: dict[str, None] = {}
        for file in self._files:
            known = [term for name in predicates for term in file.terms.get(name, ())]
            wanted = {term.number: term for each in _several(value) for term in meant(each, known)}
            means |= dict.fromkeys(term.value for term in wanted.values())
            numbers = sorted(wanted)
            rows: list[tuple[int, str, int, str]] = []
            for start in range(0, len(numbers), CHUNK_SIZE):
                chunk = numbers[start : start + CHUNK_SIZE]
                rows += file.tuples(
                    f"SELECT e.id, e.{column}, o.term, f.source FROM term_of o CROSS JOIN fact f ON f.rowid = o.fact "
                    f"CROSS JOIN {table} e ON e.id = o.entity WHERE o.term IN ({', '.join('?' * len(chunk))})",
                    chunk,
                )
            for _, key, number, source in sorted(rows):
                found.setdefault(key, Hit(file, wanted[number].predicate, wanted[number].value, source))
        others = [name for each in _several(value) for name in holding(each, self._terms(predicates))]
        return found, means, [name for name in dict.fromkeys(others) if name not in means][:MAX_CANDIDATES]

    @cached_property
    def _classes(self) -> dict[str, _Found]:
        """Members of each class; the files do not change, so they are gathered once."""
        classes: dict[str, _Found] = {name: {} for name in protein_classes.CLASSES}
        for file in self._files:
            for name, accession, predicate, value, source in protein_classes.members(file):
                hit = Hit(file, "protein class", name, source, f"by its {predicate} {value}")
                classes[name].setdefault(accession, hit)
        return classes

    def _of_class(self, asked: str) -> _Found:
        name = protein_classes.class_named(asked)
        return self._classes[name] if name else {}

    def _of_organism(self, asked: str) -> _Found:
        """Return the proteins of an organism, named in Latin or as people do, its strains among them."""
        latin = ORGANISMS.get(asked.strip().lower(), asked.strip())
        sql = "SELECT accession, organism, source FROM protein WHERE organism = ? COLLATE NOCASE OR organism LIKE ?"
        rows = self._rows(sql, (latin, f"{latin} %"))
        return {row["accession"]: Hit(file, "organism", row["organism"], row["source"]) for file, row in rows}

    def _series(self, asked: str) -> _Found:
        """Return the proteins named by a stem and a number or letter."""
        key = "".join(words_of(asked))
        sql = (
            "SELECT p.accession, p.source, n.shown FROM name n CROSS JOIN protein p ON p.id = n.entity "
            "WHERE n.key >= ? AND n.key < ? AND n.kind = 'p' ORDER BY p.id"
        )
        found: _Found = {}
        for file, row in self._rows(sql, (key, f"{key}\U0010ffff")) if key else ():
            if protein_classes.in_series(name_key(row["shown"]).removeprefix(key)):
                found.setdefault(row["accession"], Hit(file, "name", row["shown"], row["source"]))
        return found

    def _human(self, accessions: Iterable[str]) -> set[str]:
        keys, human = list(accessions), set[str]()
        for start in range(0, len(keys), CHUNK_SIZE):
            chunk = keys[start : start + CHUNK_SIZE]
            marks = ", ".join("?" * len(chunk))
            sql = f"SELECT accession FROM protein WHERE accession IN ({marks}) AND taxon_id = {HUMAN}"
            human |= {row["accession"] for _, row in self._rows(sql, chunk)}
        return human

    def _distinct(self, table: str, column: str) -> int:
        if len(self._files) == 1:
            sql = f"SELECT count(DISTINCT {column}) FROM {table}"
            return int(self._files[0].tuples(sql)[0][0])
        return len({key for file in self._files for (key,) in file.tuples(f"SELECT {column} FROM {table}")})


_BY_ACCESSION = "SELECT * FROM protein WHERE accession = ?"


def _several(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value


def _known(predicate: str, known: Sequence[str], usual: Sequence[str] = ()) -> Sequence[str]:
    """Return the predicates that are meant; an empty one means the usual ones, or all."""
    if predicate and predicate not in known:
        raise InvalidInput(f"nothing is listed by {predicate!r}.", f"Expected one of {', '.join(known)}.")
    return [predicate] if predicate else usual or known


def _fact(thing: Entity, hit: Hit) -> Fact:
    return Fact(thing.handle, hit.predicate, hit.value, provenance=hit.file.provenance(hit.source), note=hit.note)


def _listed(things: Sequence[Thing], found: _Found, meant: Iterable[str], candidates: Sequence[str]) -> Listed[Thing]:
    facts = []
    for thing in things:
        key = thing.inchikey if isinstance(thing, Molecule) else thing.accession
        facts.append(_fact(thing, found[key]))
    return Listed(tuple(things), len(found), tuple(facts), tuple(meant), tuple(candidates))
