"""Dumps of proteins from UniProt: flat file, table (TSV) and FASTA.

One row is ``(line, accession, entry name, name, gene, organism, taxon, reviewed, other names, gene synonyms, facts,
sequence)``; other names, synonyms and facts are lists, a fact is a predicate and a value.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.fasta import RESIDUES
from biomed_agent.core.identifiers import ACCESSION
from biomed_agent.core.name_matching import name_key
from biomed_agent.sources.local.dumps import Bad, Dump, Format, Origin, Row, cells_of
from biomed_agent.sources.local.schema import sequence_checksum

UNIPROT = ("UniProt", "UniProt", "CC BY 4.0", "https://www.uniprot.org/uniprotkb/{}")
_EVIDENCE = re.compile(r"\s*\{[^{}]*\}")
_REFERENCES = re.compile(r"\s*\((?:PubMed:\d+(?:, )?|By similarity|Probable|Potential)+\)")
_GO = {"F": "GO molecular function", "P": "GO biological process", "C": "GO cellular component"}


def _checked(line: int, row: Row) -> Row | Bad:
    """Return the row after its line, or what is wrong with it."""
    accession, sequence = row[0], row[-1]
    if not ACCESSION.fullmatch(accession):
        return Bad(line, f"expected a UniProt accession, got {accession[:40]!r}")
    if not sequence:
        return Bad(line, f"{accession} has no sequence")
    if strange := set(sequence) - RESIDUES:
        return Bad(line, f"the sequence of {accession} holds {', '.join(map(repr, sorted(strange)[:3]))}")
    return line, *row


# -- FASTA

_HEADER = re.compile(r">?(sp|tr)\|([^|]+)\|(\S+)\s*(.*)")
_TAGS = re.compile(r"\s(OS|OX|GN|PE|SV)=")


def _read_fasta(dump: Dump) -> Iterator[Row | Bad]:
    header, start, residues = "", 0, list[str]()
    for number, line in dump.lines():
        if line.startswith(">"):
            if start:
                yield _of_fasta(start, header, residues)
            header, start, residues = line, number, []
        elif line.strip():
            start = start or number
            residues.append(line.strip().upper())
    if start:
        yield _of_fasta(start, header, residues)


def _of_fasta(line: int, header: str, residues: Sequence[str]) -> Row | Bad:
    match = _HEADER.match(header)
    if match is None:
        return Bad(line, f"expected a header as UniProt writes it (>sp|P00533|EGFR_HUMAN ...), got {header[:60]!r}")
    name, *tagged = _TAGS.split(match[4])
    tags = dict(zip(tagged[::2], tagged[1::2], strict=True))
    row: Row = (match[2], match[3], name.strip(), tags.get("GN", ""), tags.get("OS", ""), _number(tags.get("OX", "")),
           match[1] == "sp", [], [], [], "".join(residues).removesuffix("*"))  # fmt: skip
    return _checked(line, row)


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch("[0-9]{1,12}", text) else None


# -- table

_COLUMNS = {
    "ec number": "EC number",
    "protein families": "protein family",
    "subcellular location [cc]": "subcellular location",
    "function [cc]": "function",
    "gene ontology (molecular function)": _GO["F"],
    "gene ontology (biological process)": _GO["P"],
    "gene ontology (cellular component)": _GO["C"],
}


def _read_table(dump: Dump) -> Iterator[Row | Bad]:
    lines = dump.lines()
    _, first = next(lines, (0, ""))
    header = [cell.strip().lower() for cell in first.split("\t")]
    if not {"entry", "sequence"} <= set(header):
        raise InvalidInput(
            f"{dump.path} is no table of UniProt's with sequences; its header is {first[:80]!r}.",
            "Expected tab-separated columns with at least Entry and Sequence.",
        )
    for number, line in lines:
        cells = cells_of(line, "\t")
        if len(cells) != len(header):
            yield Bad(number, f"expected {len(header)} cells, got {len(cells)}")
            continue
        cell = dict(zip(header, (text.strip() for text in cells), strict=True))
        names = _names(cell.get("protein names", ""))
        genes = cell.get("gene names", "").split()
        facts = [
            (predicate, value) for name, predicate in _COLUMNS.items() for value in _values(name, cell.get(name, ""))
        ]
        reviewed = {"reviewed": True, "unreviewed": False}.get(cell.get("reviewed", ""))
        taxon = _number(cell.get("organism (id)", ""))
        row: Row = (cell["entry"], cell.get("entry name", ""), names[0], genes[0] if genes else "",
               cell.get("organism", ""), taxon, reviewed, names[1:], genes[1:], facts,
               cell["sequence"].upper())  # fmt: skip
        yield _checked(number, row)


def _names(text: str) -> list[str]:
    """Return the names of ``Recommended name (EC 1.1.1.1) (Other name)``; brackets within a name stay."""
    names, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        if letter == "(":
            if not depth and place and text[place - 1] == " ":
                names.append(text[start:place].strip())
                start = place + 1
            depth += 1
        elif letter == ")":
            depth -= 1
            if not depth and start and text[place + 1 : place + 2] in ("", " "):
                names.append(text[start:place].strip())
                start = place + 1
    names.append(text[start:].strip())
    return [name for name in names if name and not name.startswith("EC ")] or [""]


def _values(column: str, text: str) -> list[str]:
    if not text:
        return []
    text = _EVIDENCE.sub("", text)
    if column == "subcellular location [cc]":
        return _locations(text.removeprefix("SUBCELLULAR LOCATION:"))
    if column == "function [cc]":
        return [_REFERENCES.sub("", text.removeprefix("FUNCTION:")).strip()]
    if column == "protein families":
        return [text]
    return [re.sub(r" \[GO:\d+\]", "", part).strip() for part in text.split(";") if part.strip()]


def _locations(text: str) -> list[str]:
    """Return the places of a comment such as ``[Isoform 1]: Cell membrane; Single-pass membrane protein. Nucleus``."""
    text = re.sub(r"\[[^\]]*\]:", "", text.partition("Note=")[0])
    places = (part.partition(";")[0].strip() for part in re.split(r"\.\s*", text))
    return list(dict.fromkeys(place for place in places if place))


# -- flat file


def _read_flat(dump: Dump) -> Iterator[Row | Bad]:
    lines: list[tuple[str, str]] = []
    start = 1
    for number, line in dump.lines():
        if line == "//":
            yield _of_flat(start, lines)
            lines, start = [], number + 1
        elif line.strip():
            lines.append((line[:2], line[5:].rstrip()))
    if lines:
        yield Bad(start, "the entry has no end (//)")


def _of_flat(line: int, lines: Sequence[tuple[str, str]]) -> Row | Bad:
    parts: dict[str, list[str]] = {}
    for code, text in lines:
        parts.setdefault(code, []).append(text)
    first = " ".join(parts.get("ID", [""]))
    accession = " ".join(parts.get("AC", [""])).partition(";")[0].strip()
    main, others, numbers = _flat_names(parts.get("DE", []))
    genes, synonyms = _flat_genes(_EVIDENCE.sub("", " ".join(parts.get("GN", []))))
    taxon = re.search(r"NCBI_TaxID=([0-9]{1,12})\b", " ".join(parts.get("OX", [])))
    facts = [("EC number", number) for number in dict.fromkeys(numbers)] + _flat_comments(parts.get("CC", []))
    facts += [
        (_GO[match[1]], match[2])
        for text in parts.get("DR", [])
        if (match := re.match(r"GO; GO:\d+; ([FPC]):([^;]+);", text))
    ]
    organism = " ".join(parts.get("OS", [])).strip().removesuffix(".")
    row: Row = (accession, first.split(" ")[0], main, genes, organism, int(taxon[1]) if taxon else None,
           "Reviewed;" in first, others, synonyms, facts, "".join(parts.get("  ", [])).replace(" ", ""))  # fmt: skip
    return _checked(line, row)


def _flat_names(lines: Sequence[str]) -> tuple[str, list[str], list[str]]:
    """Return the recommended (or submitted) name, the others, and the EC numbers of the whole chain."""
    main, others, numbers = "", list[str](), list[str]()
    for line in lines:
        if re.match(r"(?:Contains|Includes|Flags):", line):
            break  # names of parts
        for kind, value in re.findall(r"(Full|Short|EC)=([^;]+?)\s*(?:\{[^{}]*\})?;", line):
            if kind == "EC":
                numbers.append(value)
            elif not main:
                main = value
            else:
                others.append(value)
    return main, list(dict.fromkeys(others)), numbers


def _flat_genes(text: str) -> tuple[str, list[str]]:
    names = re.findall(r"\bName=([^;]+);", text)
    listed = re.findall(r"(?:Synonyms|OrderedLocusNames|ORFNames)=([^;]+);", text)
    others = [part.strip() for several in listed for part in several.split(",")]
    known = [name.strip() for name in names] + others
    return (known[0], list(dict.fromkeys(known[1:]))) if known else ("", [])


def _flat_comments(lines: Sequence[str]) -> list[tuple[str, str]]:
    facts: list[tuple[str, str]] = []
    text = " ".join(line.strip() if not line.startswith("-!-") else f"\n{line}" for line in lines)
    for comment in text.split("\n"):
        topic, _, statement = comment.removeprefix("-!- ").partition(":")
        statement = re.sub(r"\.\s*\.$", ".", _REFERENCES.sub("", _EVIDENCE.sub("", statement)).strip())
        if topic == "FUNCTION":
            facts.append(("function", statement))
        elif topic == "SUBCELLULAR LOCATION":
            facts += [("subcellular location", place) for place in _locations(statement)]
        elif topic == "SIMILARITY" and (family := re.match(r"Belongs to the (.+?)\.*$", statement)):
            facts.append(("protein family", family[1]))
        elif topic == "CATALYTIC ACTIVITY" and (reaction := re.search(r"Reaction=([^;]+);", statement)):
            facts.append(("catalytic activity", " ".join(reaction[1].split())))
    return facts


# -- storing


def _store(db: sqlite3.Connection, rows: Sequence[Row], origin: Origin) -> None:
    insert_proteins(db, rows, [f"UniProt {row[1]}" for row in rows])


def insert_proteins(db: sqlite3.Connection, rows: Sequence[Row], sources: Sequence[str]) -> None:
    """Store proteins; one whose accession is there already stays as it is.

    Args:
        db: The index under construction.
        rows: As readers yield them.
        sources: Key and identifier of the record of each.
    """
    names: list[Row] = []
    facts: list[Row] = []
    for row, source in zip(rows, sources, strict=True):
        _line, accession, entry, name, gene, organism, taxon, reviewed, others, genes, stated, sequence = row
        done = db.execute(
            "INSERT OR IGNORE INTO protein VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (accession, entry, name, gene, organism, taxon, "|".join([*others, *genes]), sequence,
             sequence_checksum(sequence), source, reviewed),
        )  # fmt: skip
        number = done.lastrowid
        if not done.rowcount:
            continue
        numbers = [f"EC {value}" for predicate, value in stated if predicate == "EC number"]
        called = [(gene, "gene"), (name, "recommended name"), *((synonym, "gene synonym") for synonym in genes)]
        called += [*((text, "alternative name") for text in others), *((text, "EC number") for text in numbers)]
        names += [
            (key, "p", number, rank, shown, reason)
            for rank, (shown, reason) in enumerate(called)
            if (key := name_key(shown))
        ]
        facts += [("p", number, predicate, value, source) for predicate, value in stated]
    db.executemany("INSERT INTO raw_name VALUES (?, ?, ?, ?, ?, ?)", names)
    db.executemany("INSERT INTO fact VALUES (?, ?, ?, ?, ?)", facts)


def format_of(path: Path) -> Format:
    """Return how a dump of proteins is read, by its name.

    Raises:
        InvalidInput: The name tells nothing.
    """
    kinds = (
        (r"\.(dat|txt|swiss)\b", Format("UniProt flat file", 0, _read_flat, _store, UNIPROT)),
        (r"\.(tsv|tab)\b", Format("UniProt table", 1, _read_table, _store, UNIPROT)),
        (r"\.(fasta|fa|faa)\b", Format("UniProt FASTA", 2, _read_fasta, _store, UNIPROT)),
    )
    for pattern, kind in kinds:
        if re.search(pattern, path.name.lower()):
            return kind
    raise InvalidInput(
        f"{path.name} is no dump of proteins that is known by its name.",
        "Expected .dat (flat file), .tsv or .fasta, each also as .gz or .xz.",
    )
