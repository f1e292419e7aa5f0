"""Classes of proteins that people list by (kinase, protease, GPCR ...), each decided by a statement on record.

A class follows from an EC number, a family, a GO molecular function, the recommended name, or from having been measured
in a panel that holds nothing else; what decided it is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from biomed_agent.sources.local.protein_names import classes_named_by
from biomed_agent.sources.local.terms import words_of

if TYPE_CHECKING:
    from biomed_agent.core.types import Fact
    from biomed_agent.sources.local.files import File


@dataclass(frozen=True, slots=True)
class ProteinClass:
    """How a class is recognised.

    Args:
        name: As it is listed.
        called: What people call it besides, singular, in lower case.
        ec: EC numbers below which all enzymes belong to it.
        family: Matches what a family's name holds.
        function: Matches the whole name of a GO molecular function.
        panel: Key of a source of affinities that measured nothing else.
    """

    name: str
    called: tuple[str, ...] = ()
    ec: tuple[str, ...] = ()
    family: str = ""
    function: str = ""
    panel: str = ""


_PROTEIN_KINASES = ("2.7.10", "2.7.11", "2.7.12", "2.7.13", "2.7.14")
CLASSES: dict[str, ProteinClass] = {
    row.name: row
    for row in (
        ProteinClass(
            "kinase", (), _PROTEIN_KINASES, r"\bprotein kinase\b|\bPI3/PI4-kinase\b|\b\w+ kinase family\b",
            r".*\bkinase activity", "DAVIS",
        ),
        ProteinClass("protein kinase", (), _PROTEIN_KINASES, r"\bprotein kinase\b",
                     r".*\bprotein (?:\S+ )*kinase activity"),
        ProteinClass("tyrosine kinase", ("protein tyrosine kinase",), ("2.7.10",), r"\bTyr protein kinase\b",
                     r".*\bprotein tyrosine kinase activity"),
        ProteinClass(
            "serine/threonine kinase", ("protein serine/threonine kinase",), ("2.7.11",), r"\bSer/Thr protein kinase\b",
            r".*\bprotein serine/threonine(?:/tyrosine)? kinase activity",
        ),
        ProteinClass("protease", ("proteinase", "peptidase"), ("3.4",), r"^peptidase |\bpeptidase\b",
                     r".*(?:peptidase|protease)(?:, .*)? activity"),
        ProteinClass("GPCR", ("G protein-coupled receptor",), (), r"\bG[- ]protein[- ]coupled receptor\b",
                     r"G[- ]protein[- ]coupled .*receptor activity"),
        ProteinClass("ion channel", ("channel",), (), r"\bchannel\b|ligand-gated ion|glutamate-gated",
                     r"(?!.*(?:regulator|inhibitor)).*\bchannel activity"),
        ProteinClass("nuclear receptor", ("nuclear hormone receptor",), (), r"\bnuclear (?:hormone )?receptor\b",
                     r"nuclear receptor activity|steroid hormone receptor activity"),
        ProteinClass(
            "transporter", (), ("7",),
            r"\btransporter\b|\bsymporter\b|\bantiporter\b|mitochondrial carrier|\bABC\w* (?:super)?family",
            r"(?!.*(?:regulator|inhibitor|binding|channel)).*\b(?:transporter|symporter|antiporter) activity",
        ),
        ProteinClass("phosphatase", (), ("3.1.3",), r"\bphosphatase\b", r".*\bphosphatase activity"),
        ProteinClass("phosphodiesterase", (), ("3.1.4",), r"\bphosphodiesterase\b", r".*\bphosphodiesterase activity"),
        ProteinClass("GTPase", (), ("3.6.5",), r"\bGTPase\b", r"GTPase activity"),
        ProteinClass("cytochrome P450", ("CYP", "P450"), (), r"\bcytochrome P450 family\b"),
        ProteinClass("histone deacetylase", ("HDAC",), ("3.5.1.98",), r"\bhistone deacetylase family\b",
                     r"histone deacetylase activity.*"),
        ProteinClass("oxidoreductase", (), ("1",)),
        ProteinClass("transferase", (), ("2",)),
        ProteinClass("hydrolase", (), ("3",)),
        ProteinClass("lyase", (), ("4",)),
        ProteinClass("isomerase", (), ("5",)),
        ProteinClass("ligase", (), ("6",)),
        ProteinClass("enzyme", (), ("1", "2", "3", "4", "5", "6", "7")),
    )
}  # fmt: skip
"""the classes by name"""


def _folded(text: str) -> str:
    return " ".join(words_of(text.replace("-", " ")))


_BY_CALL = {_folded(call): row.name for row in CLASSES.values() for call in (row.name, *row.called)}


def class_named(asked: str) -> str:
    """Return the class that people call so, singular or plural; empty when there is none."""
    return _BY_CALL.get(_folded(asked), "")


def classes_of(predicate: str, value: str) -> Iterator[str]:
    """Yield the classes that one statement decides: an EC number, a family, a GO molecular function, or a name."""
    if predicate == "name":
        yield from classes_named_by(value)
        return
    for row in CLASSES.values():
        if predicate == "EC number":
            decides = any(f"{value}.".startswith(f"{number}.") for number in row.ec)
        elif predicate == "protein family":
            decides = bool(row.family) and re.search(row.family, value) is not None
        else:
            decides = bool(row.function) and re.fullmatch(row.function, value) is not None
        if decides:
            yield row.name


def class_facts(facts: Iterable[Fact]) -> list[Fact]:
    """Return the classes that statements about a protein decide, a fact for each thing that people call one.

    Its name decides nothing here: a kinase inhibitor and a subunit of a kinase have the word in theirs.
    """
    found: dict[str, Fact] = {}
    for fact in facts:
        if fact.predicate in ("EC number", "protein family", "GO molecular function"):
            for row in map(CLASSES.__getitem__, classes_of(fact.predicate, str(fact.value))):
                for call in (row.name, *row.called):
                    why = f"by its {fact.predicate} {fact.value}"
                    found.setdefault(call, replace(fact, predicate="protein class", value=call, note=why))
    return list(found.values())


def members(file: File) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield (class, accession, predicate, value, source) of what a file's statements decide, the surest first."""
    for predicate in ("EC number", "protein family", "GO molecular function"):
        for term in file.terms.get(predicate, ()):
            if not (names := list(classes_of(predicate, term.value))):
                continue
            rows = file.tuples(
                "SELECT p.accession, f.source FROM term_of o CROSS JOIN fact f ON f.rowid = o.fact "
                "CROSS JOIN protein p ON p.id = o.entity WHERE o.term = ?",
                (term.number,),
            )
            yield from (
                (name, accession, predicate, term.value, source) for name in names for accession, source in rows
            )
    for accession, called, source in file.tuples("SELECT accession, name, source FROM protein"):
        yield from ((name, accession, "name", called, source) for name in classes_of("name", called))
    for row in CLASSES.values():
        if row.panel:
            rows = file.tuples(
                "SELECT p.accession, min(a.source) FROM activity a CROSS JOIN protein p ON p.id = a.protein "
                "WHERE a.source >= ? AND a.source < ? GROUP BY p.accession",
                (f"{row.panel} ", f"{row.panel}!"),
            )
            yield from ((row.name, accession, "panel", row.panel, source) for accession, source in rows)


_SERIES = re.compile(
    r"(?:type|isoform|subunit|chain|member|isozyme)?(?:\d{1,3}[a-z]?\d?|[a-z]\d{0,2}|[ivx]{1,4})", re.IGNORECASE
)
_GREEK = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "lambda", "mu")


def in_series(rest: str) -> bool:
    """Whether what follows a stem in a name's key tells members of a series apart: a number, a letter, both."""
    greek = next((rest[len(letter) :] for letter in _GREEK if rest.startswith(letter)), None)
    return (greek is not None and (not greek or greek.isdigit())) or _SERIES.fullmatch(rest) is not None
