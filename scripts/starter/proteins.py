"""The proteins of the starter set: drug targets and textbook proteins with names, enzymes classes, families, locations.

Rows come from the data folder's target table and its UniProtKB records. Rows and names whose only source is DrugBank
(CC BY-NC) are left out, unless RefSeq or BindingDB has the identical sequence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .tables import read_jsonl, read_tsv, text_of

COLUMNS = (
    "accession", "entry_name", "name", "gene", "organism", "taxon_id", "alternative_names", "gene_synonyms", "ec",
    "families", "locations", "topologies", "go", "sequence", "name_source", "source",
)  # fmt: skip
MAX_SEQUENCE_LENGTH = 5000
"""Residues; longer proteins (titin) are beyond what the model can read and large in the package."""
GO_TERMS_EACH = 12
MODEL_ORGANISMS = (
    "Homo sapiens", "Mus musculus", "Rattus norvegicus", "Bos taurus", "Danio rerio", "Drosophila melanogaster",
    "Caenorhabditis elegans", "Saccharomyces cerevisiae", "Schizosaccharomyces pombe", "Arabidopsis thaliana",
    "Escherichia coli (strain K12)", "Bacillus subtilis", "Mycobacterium tuberculosis", "Plasmodium falciparum",
)  # fmt: skip
"""Records that are no target are taken from these organisms only."""
_FREE = frozenset(
    "uniprot_record uniprot_human_fn sgd_yeast uniprot_ecoli uniprot_insecta uniprot_prokka uniprot_go_fapm "
    "pdb_go_deepfri_test uniprot_deeploc uniprot_enzymes_clean".split()
)
"""sets of the data folder whose terms are UniProt's, GO's or SGD's and whose licence is theirs"""
_TRUSTED = frozenset("EXP IDA IPI IMP IGI IEP TAS IC HDA HMP HEP IBA".split())
"""Evidence codes of GO terms that a person or a tree of homologues stands behind."""


@dataclass
class Protein:
    """One row of ``proteins.tsv``."""

    accession: str
    sequence: str
    entry_name: str = ""
    name: str = ""
    name_source: str = ""
    gene: str = ""
    organism: str = ""
    taxon_id: str = ""
    source: str = ""
    alternative_names: list[str] = field(default_factory=list)
    gene_synonyms: list[str] = field(default_factory=list)
    ec: list[str] = field(default_factory=list)
    families: list[str] = field(default_factory=list)
    locations: list[str] = field(default_factory=list)
    topologies: list[str] = field(default_factory=list)
    go: list[str] = field(default_factory=list)

    def row(self) -> dict[str, str]:
        """Return the cells of the row."""
        cells = {column: getattr(self, column) for column in COLUMNS}
        return {column: cell if isinstance(cell, str) else self._joined(cell) for column, cell in cells.items()}

    def _joined(self, parts: list[str]) -> str:
        return "|".join(part for part in dict.fromkeys(parts) if part and part != self.name)


def build(data: Path) -> list[Protein]:
    """Return the proteins of the starter set: listed targets, other human ones, then the rest."""
    flat = {entry["accession"]: entry for entry in read_flatfile(data / "uniprot_records" / "flatfile.dat")}
    records = {record["accession"]: record for record in read_jsonl(data / "uniprot_records" / "records.jsonl")}
    texts = {row["id"]: row for row in read_jsonl(data / "protein_text" / "train.jsonl") if set(row["sources"]) & _FREE}
    numbers = go_numbers(flat.values())
    binding = {row["sequence"] for row in read_tsv(data / "dti_bindingdb" / "proteins.tsv")}
    rows: dict[str, Protein] = {}
    for target in read_tsv(data / "targets" / "targets.tsv"):
        free = target["sources"] != "drugbank" or target["refseq"] or target["sequence"] in binding
        if len(target["sequence"]) <= MAX_SEQUENCE_LENGTH and free:
            rows[target["accession"]] = from_target(target)
    for accession, record in sorted(records.items()):
        wanted = record["status"] == "Reviewed" and organism(record["organism"]).startswith(MODEL_ORGANISMS)
        if accession not in rows and wanted and len(record["sequence"]) <= MAX_SEQUENCE_LENGTH:
            rows[accession] = from_record(record)
    for accession, row in rows.items():
        if accession in records and records[accession]["status"] == "Reviewed":
            add_record(row, records[accession])
        if accession in flat:
            add_flat(row, flat[accession])
        if accession in texts:
            add_text(row, texts[accession], numbers)
    listed = [row["accession"] for row in read_tsv(data / "targets" / "targets.tsv") if row["listed_target"]]
    order = {accession: number for number, accession in enumerate(listed)}
    return sorted(
        rows.values(), key=lambda row: (order.get(row.accession, len(order)), row.taxon_id != "9606", row.accession)
    )


def from_target(target: dict[str, str]) -> Protein:
    """Return the row of a target; its name stays empty where only DrugBank gives one."""
    named = target["name_source"] in ("uniprot", "hgnc")
    return Protein(
        accession=target["accession"],
        sequence=target["sequence"],
        entry_name=target["entry_name"],
        name=target["protein_name"] if named else "",
        name_source={"uniprot": "UniProt", "hgnc": "HGNC"}.get(target["name_source"], ""),
        gene=target["gene"],
        organism=organism(target["organism"]),
        taxon_id=target["taxon_id"],
        source=f"UniProt {target['accession']}",
    )


def from_record(record: dict[str, Any]) -> Protein:
    """Return the row of a UniProtKB record that is no target."""
    return Protein(
        accession=record["accession"],
        sequence=record["sequence"],
        entry_name=record["entry"],
        gene=record["gene"],
        organism=organism(record["organism"]),
        source=f"UniProt {record['accession']}",
    )


def add_record(row: Protein, record: dict[str, Any]) -> None:
    """Add names, enzyme classes, families and locations of a UniProtKB record."""
    if row.name and row.name != record["name"]:
        row.alternative_names.append(row.name)
    row.name, row.name_source = clean(record["name"]), "UniProt"
    row.alternative_names += [clean(name) for name in record["alt_names"]]
    row.ec += [number for number in map(clean, record["ec"]) if re.fullmatch(r"\d+\.[\d-]+\.[\d-]+\.[n\d-]+", number)]
    for text in record["family"]:
        row.families += families(clean(text))
    for text in record["location"]:
        for place, topology in locations(clean(text)):
            row.locations.append(place)
            row.topologies += [topology] if topology else []


def add_flat(row: Protein, entry: dict[str, Any]) -> None:
    """Add short names, gene synonyms, taxon and GO terms of a UniProtKB flat-file entry."""
    row.alternative_names += entry["short_names"]
    row.gene_synonyms += entry["gene_synonyms"]
    row.taxon_id = row.taxon_id or entry["taxon_id"]
    row.go += entry["go"]


def add_text(row: Protein, text: dict[str, Any], numbers: dict[tuple[str, str], str]) -> None:
    """Add what a row lacks of EC numbers, experimental locations and GO terms, from the sets of terms by accession.

    Of GO terms those count whose number is known from an entry; the sets give names only.
    """
    if not row.ec and text.get("ec"):
        row.ec = re.findall(r"\d+\.[\d-]+\.[\d-]+\.[n\d-]+", str(text["ec"]))
    if not row.locations and text.get("location_exp"):
        row.locations += text["location_exp"]
    if not row.go:
        for aspect, key in (("F", "go_mf"), ("P", "go_bp"), ("C", "go_cc")):
            known = [
                f"{numbers[aspect, name]} {aspect} {name}" for name in text.get(key, ()) if (aspect, name) in numbers
            ]
            row.go += known[:GO_TERMS_EACH]


def go_numbers(entries: Iterable[dict[str, Any]]) -> dict[tuple[str, str], str]:
    """Return the numbers of GO terms by aspect and name, as the entries state them."""
    numbers = {}
    for entry in entries:
        for number, aspect, name in entry["go_all"]:
            numbers[aspect, name] = number
    return numbers


def clean(text: str) -> str:
    """Return UniProt text without evidence tags and with single spaces."""
    text = " ".join(re.sub(r"\s*\{(ECO|PubMed)[^}]*\}", "", text).split()).strip(" .;")
    return re.sub(r"(?<=\w)- (?!and |or )(?=\w)", "-", text)  # a line broke after the hyphen


def organism(text: str) -> str:
    """Return the scientific name with its strain, without the common name: ``Homo sapiens``."""
    text = clean(text).replace("Escherichia coli K-12", "Escherichia coli (strain K12)")
    return re.sub(r"( \((?!strain|isolate|sub|serotype|type)[^()]*\))+$", "", text)


def families(text: str) -> list[str]:
    """Return the family names of a similarity line, widest first."""
    if not text.startswith("Belongs to the "):
        return []
    parts = text.removeprefix("Belongs to the ").split(". ")
    return [part for part in parts if re.search(r"family$", part) and len(part) <= 80]


def locations(text: str) -> Iterator[tuple[str, str]]:
    """Yield (location, membrane topology) of a subcellular location line; isoforms and notes are left out."""
    if text.startswith("[") or re.match(r"Isoform [^:]*:", text):
        return
    for part in text.split("Note=")[0].split(". "):
        place, _, topology = part.strip(" .").partition("; ")
        if place and len(place) <= 70 and re.match("[A-Z]", place):
            yield place, topology if re.fullmatch(r"[A-Za-z -]*(protein|anchor|side)", topology) else ""


def read_flatfile(path: Path) -> Iterator[dict[str, Any]]:
    """Yield accession, taxon, short names, gene synonyms and GO terms of each entry of a UniProt flat file."""
    for text in text_of(path).split("\n//"):
        lines = text.strip("\n").split("\n")
        accession = re.search(r"^AC   (\w+);", text, re.MULTILINE)
        if accession is None:
            continue
        description = clean(" ".join(line[5:] for line in lines if line.startswith("DE   ")).split("Contains:")[0])
        genes = clean(" ".join(line[5:] for line in lines if line.startswith("GN   ")))
        taxon = re.search(r"^OX   NCBI_TaxID=(\d+)", text, re.MULTILINE)
        synonyms = re.search(r"Synonyms=([^;]*)", genes)
        yield {
            "accession": accession[1],
            "taxon_id": taxon[1] if taxon else "",
            "short_names": re.findall(r"Short=([^; ][^;]+)", description),
            "gene_synonyms": [name.strip() for name in synonyms[1].split(",")] if synonyms else [],
            "go": list(go_terms(lines)),
            "go_all": re.findall(r"^DR   GO; (GO:\d+); ([FPC]):(.*); \w+:", text, re.MULTILINE),
        }


def go_terms(lines: list[str]) -> Iterator[str]:
    """Yield ``GO:0005524 F ATP binding`` for the trusted GO terms of an entry, a few per aspect."""
    counts = {"F": 0, "P": 0, "C": 0}
    for line in lines:
        match = re.match(r"DR   GO; (GO:\d+); ([FPC]):(.*); (\w+):", line)
        if match and match[4] in _TRUSTED and counts[match[2]] < GO_TERMS_EACH:
            counts[match[2]] += 1
            yield f"{match[1]} {match[2]} {match[3]}"
