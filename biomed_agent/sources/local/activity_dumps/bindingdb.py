"""BindingDB's table (``BindingDB_All_YYYYMM.tsv``), old headers and new.

A row is one ligand, one target and up to four measures; a target is a chain or several, of twelve columns each, whose
names old headers repeat and new ones number. Cells are not quoted, and rows may be short.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial

from biomed_agent.core.fasta import RESIDUES
from biomed_agent.core.identifiers import ACCESSION, INCHIKEY
from biomed_agent.sources.local.activity_dumps import storing
from biomed_agent.sources.local.activity_dumps.storing import BINDINGDB_ID, Compound, Measured, Record, Target
from biomed_agent.sources.local.activity_dumps.values import NO_VALUE, Value, split_relation, value_of
from biomed_agent.sources.local.dumps import Bad, Dump, Format, Row, Skipped, Source

SEVERAL_CHAINS = "a target of several chains"
NO_ACCESSION = "a target without an accession"
NO_STRUCTURE = "its molecule has no structure"
MAX_NAMES = 30
"""names of a ligand that are kept"""
MEASURES = ("Ki", "IC50", "Kd", "EC50")

_ADDRESS = "https://www.bindingdb.org/rwd/bind/chemsearch/marvin/MolStructure.jsp?monomerid={}"
SOURCE: Source = ("BindingDB", "BindingDB", "CC BY 3.0", _ADDRESS)
CHEMBL_SOURCE: Source = (
    "BindingDB-ChEMBL", "BindingDB", "CC BY-SA 3.0 (Curated from the ChEMBL Database by BindingDB)", _ADDRESS,
)  # fmt: skip

TARGET_SOURCE: Source = ("BindingDB-target", "BindingDB", "CC BY 3.0", "https://www.bindingdb.org/uniprot/{}")

_CHAINS = "number of protein chains in target (>1 implies a multichain complex)"
_CHAIN = {
    "sequence": "bindingdb target chain sequence",
    "name": "uniprot (swissprot) recommended name of target chain",
    "entry": "uniprot (swissprot) entry name of target chain",
    "accession": "uniprot (swissprot) primary id of target chain",
    "submitted": "uniprot (trembl) submitted name of target chain",
    "submitted entry": "uniprot (trembl) entry name of target chain",
    "unreviewed": "uniprot (trembl) primary id of target chain",
}
"""columns of a chain, in lower case with single blanks"""
_COLUMNS = {
    "row": ("bindingdb reactant_set_id",),
    "smiles": ("ligand smiles",),
    "inchikey": ("ligand inchi key",),
    "monomer": ("bindingdb monomerid",),
    "names": ("bindingdb ligand name",),
    "target": ("target name", "target name assigned by curator or datasource"),
    "organism": ("target source organism according to curator or datasource",),
    "curation": ("curation/datasource",),
    "doi": ("article doi",),
    "pmid": ("pmid",),
    "patent": ("patent number",),
    "chains": (_CHAINS,),
    **{measure: (f"{measure.lower()} (nm)",) for measure in MEASURES},
}
_IDS = {
    "pubchem cid": ("cid", re.compile(r"(\d{1,12})")),
    "chebi id of ligand": ("chebi", re.compile(r"(?:CHEBI:)?(\d{1,12})")),
    "chembl id of ligand": ("chembl", re.compile(r"(CHEMBL\d{1,12})")),
    "drugbank id of ligand": ("drugbank", re.compile(r"(DB\d{5})")),
}
"""namespaces of identifiers, and how they are written"""
_SECOND_CHAIN = re.compile(r" [2-9]$| \d\d+$")
_PART = re.compile(r"\[([^\[\]]*)\]")
_SUBSTITUTION = re.compile(r"[A-Z]\d{1,5}[A-Z]")
_RANGE = re.compile(r"\d{1,5}-\d{1,5}")


def is_bindingdb(columns: Sequence[str]) -> bool:
    """Return whether a header is BindingDB's, from its titles in lower case."""
    return "ligand smiles" in columns and any(f"{measure.lower()} (nm)" in columns for measure in MEASURES)


def titles_of(header: str) -> list[str]:
    """Return the titles of a header in lower case with single blanks."""
    return [" ".join(title.lower().split()) for title in header.split("\t")]


class _Places:
    """Where the columns of a header are.

    Args:
        titles: As :func:`titles_of` returns them.
    """

    def __init__(self, titles: Sequence[str]) -> None:
        first: dict[str, int] = {}
        for place, title in enumerate(titles):
            first.setdefault(title.removesuffix(" 1"), place)
        self.of = {
            name: next((first[title] for title in several if title in first), -1) for name, several in _COLUMNS.items()
        }
        self.of |= {name: first.get(title, -1) for name, title in _CHAIN.items()}
        self.ids = [(first[title], *how) for title, how in _IDS.items() if title in first]
        sequences = [place for place, title in enumerate(titles) if _SECOND_CHAIN.sub("", title) == _CHAIN["sequence"]]
        self.second = next((place for place in sequences if place != self.of["sequence"]), -1)

    def cell(self, cells: Sequence[str], name: str) -> str:
        """Return what stands in a column, nothing where the row is short or says ``NULL``."""
        return _stated(cells, self.of[name])


def _stated(cells: Sequence[str], place: int) -> str:
    text = cells[place].strip() if 0 <= place < len(cells) else ""
    return "" if text in ('""', "NULL", "null") else text


def read(dump: Dump) -> Iterator[Row | Bad | Skipped]:
    """Yield one record for each row of the table."""
    lines = dump.lines()
    _, header = next(lines, (0, ""))
    places = _Places(titles_of(header))
    for number, line in lines:
        if line:
            yield _record(number, places, line.split("\t"))


def _record(line: int, places: _Places, cells: Sequence[str]) -> Record | Bad | Skipped:
    cell = partial(places.cell, cells)
    values = [value for measure in MEASURES if (text := cell(measure)) for value in [_value(measure, text)]]
    good = [value for value in values if isinstance(value, Value)]
    if not good:
        return next((value for value in values if isinstance(value, Skipped)), Skipped(NO_VALUE))
    chains = cell("chains")
    if (chains.isdecimal() and int(chains) > 1) or _stated(cells, places.second):
        return Skipped(SEVERAL_CHAINS)
    if not cell("smiles"):
        return Skipped(NO_STRUCTURE)
    monomer, row = cell("monomer"), cell("row") or f"line {line}"
    if not monomer.isdecimal():
        return Bad(line, f"expected the number of a monomer, got {monomer[:40]!r}")
    source = CHEMBL_SOURCE[0] if "chembl" in cell("curation").lower() else SOURCE[0]
    target, mutant, construct = _target(cell)
    if not target.accession:
        return Skipped(NO_ACCESSION)
    more = storing.more(
        construct=construct,
        refs=storing.references(cell("pmid"), cell("doi"), cell("patent")),
        replicates=1,
        organism=cell("organism"),
        variant=mutant,
    )
    measured = tuple(
        Measured(BINDINGDB_ID + int(monomer), target.accession, value.measure, value.relation, value.nanomolar,
                 f"{source} reactant set {row} monomer {monomer}", more)
        for value in good
    )  # fmt: skip
    return Record(line, (_compound(cells, places, monomer),), (target,), measured)


def _value(measure: str, text: str) -> Value | Skipped:
    """Return a cell such as ``>10,000`` as a value; a bare number is exact, as BindingDB writes it."""
    relation, amount = split_relation(text)
    return value_of(measure, relation or "=", amount, "nM")


def _compound(cells: Sequence[str], places: _Places, monomer: str) -> Compound:
    key = places.cell(cells, "inchikey")
    ids = [
        (space, match[1]) for place, space, written in places.ids if (match := written.fullmatch(_stated(cells, place)))
    ]
    listed = [name.strip() for name in places.cell(cells, "names").split("::")]
    known = {value for _, value in ids}
    names = list(dict.fromkeys(name for name in listed if name and name not in known))[:MAX_NAMES]
    return Compound(
        BINDINGDB_ID + int(monomer), places.cell(cells, "smiles"), key if INCHIKEY.fullmatch(key) else "",
        f"{SOURCE[0]} monomer {monomer}", names[0] if names else "",
        tuple((name, "exact synonym") for name in names[1:]), tuple(ids),
    )  # fmt: skip


def _target(cell: partial[str]) -> tuple[Target, str, str]:
    """Return the protein, its substitutions and the part of it that was measured.

    Substitutions and parts stand in brackets behind the target's name. The sequence beside such a name is not that of
    the whole protein, so that it is not taken.
    """
    name = cell("target")
    parts = [part.strip() for text in _PART.findall(name) for part in text.split(",") if part.strip()]
    variants = [part for part in parts if _SUBSTITUTION.fullmatch(part)]
    pieces = [f"residues {part}" if _RANGE.fullmatch(part) else part for part in parts if part not in variants]
    reviewed = cell("accession").split(",")[0].strip()
    accession = reviewed or cell("unreviewed").split(",")[0].strip()
    sequence = re.sub(r"\s+", "", cell("sequence")).upper()
    whole = not parts and sequence and not set(sequence) - RESIDUES
    plain = " ".join(_PART.sub(" ", name).split())
    called = cell("name") or cell("submitted") or plain
    accession = accession if ACCESSION.fullmatch(accession) else ""
    target = Target(
        accession, sequence if whole else "", f"{TARGET_SOURCE[0]} {accession}", called, "", cell("organism"), None,
        bool(reviewed), (plain,) if plain and plain != called else (), cell("entry") or cell("submitted entry"),
    )  # fmt: skip
    return target, ",".join(variants), ", ".join(pieces)


FORMAT = Format("BindingDB table", 0, read, storing.store, SOURCE, keyed=False, sources=(CHEMBL_SOURCE, TARGET_SOURCE))
