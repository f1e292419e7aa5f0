"""Entries in UniProt's other formats: XML and the text format, as people download them."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

from biomed_agent.core.errors import InvalidInput, Unavailable
from biomed_agent.core.types import Protein, Provenance
from biomed_agent.sources.http.malformed import well_formed
from biomed_agent.sources.uniprot.readers import HEADER, read_entry, read_fasta, record_of

_WHERE = "{*}"
"""any namespace: UniProt changed the address of its own in 2022"""


def read_file(text: str, provenance: Provenance) -> list[Protein] | None:
    """Read a file as UniProt hands it out, in any of its formats.

    Args:
        text: The whole file.
        provenance: Of the file.

    Returns:
        Its proteins in order; None when it is in none of UniProt's formats.

    Raises:
        InvalidInput: It begins like one of them and goes on otherwise.
        NotFound: It holds an obsolete entry.
    """
    start = text.lstrip("\ufeff").lstrip()
    try:
        if start.startswith("{") and '"primaryAccession"' in start:
            body = json.loads(start)
            return [read_entry(entry, provenance) for entry in body.get("results", [body])]
        if start.startswith("<") and "<uniprot" in start[:1000]:
            return read_xml(start, provenance)
        if re.match(r"ID   \S+ +(?:Reviewed|Unreviewed|STANDARD|PRELIMINARY);", start):
            return read_flat(start, provenance)
        if start.startswith(">") and all(HEADER.match(line) for line in re.findall(r"^>(.*)", start, re.M)):
            return read_fasta(start, provenance)
    except (ValueError, Unavailable) as error:
        raise InvalidInput(f"the file begins like a UniProt entry and cannot be read: {error}") from error
    return None


@well_formed("UniProt")
def read_xml(text: str, provenance: Provenance) -> list[Protein]:
    """Read entries in UniProt's XML.

    Raises:
        InvalidInput: It is broken, or declares entities, which no entry needs.
    """
    if "<!ENTITY" in text:
        raise InvalidInput("the XML declares entities, which no UniProt entry needs; it was not read.")
    try:
        root = ET.fromstring(text)  # noqa: S314 - decoded text without entity declarations
    except ET.ParseError as error:
        raise InvalidInput(f"the XML is broken ({error}).", "Download the entry again.") from error
    return [_xml_entry(entry, provenance) for entry in root.iterfind(f"{_WHERE}entry")]


def _xml_entry(entry: ET.Element, provenance: Provenance) -> Protein:
    def texts(path: str) -> list[str]:
        steps = "/".join(f"{_WHERE}{step}" for step in path.split("/"))
        return [(passage.text or "").strip() for passage in entry.iterfind(steps)]

    kinds = ("recommendedName", "submittedName", "alternativeName")
    names = [name for kind in kinds for part in ("fullName", "shortName") for name in texts(f"protein/{kind}/{part}")]
    called = sorted(entry.iterfind(f"{_WHERE}gene/{_WHERE}name"), key=lambda element: element.get("type") != "primary")
    organism = entry.find(f"{_WHERE}organism")
    scientific = [
        passage.text or "" for passage in entry.iterfind(f"{_WHERE}organism/{_WHERE}name[@type='scientific']")
    ]
    taxon = organism.find(f"{_WHERE}dbReference[@type='NCBI Taxonomy']") if organism is not None else None
    return _protein(
        accession=texts("accession")[0],
        entry_name=(texts("name") or [""])[0],
        names=names,
        genes=[(passage.text or "").strip() for passage in called],
        organism=next(iter(scientific), ""),
        taxon=taxon.get("id", "") if taxon is not None else "",
        reviewed=entry.get("dataset") == "Swiss-Prot",
        sequence="".join(texts("sequence")[0].split()),
        provenance=provenance,
    )


@well_formed("UniProt")
def read_flat(text: str, provenance: Provenance) -> list[Protein]:
    """Read entries in UniProt's text format (https://web.expasy.org/docs/userman.html)."""
    return [_flat_entry(part, provenance) for part in re.split(r"^//\s*$", text, flags=re.M) if part.strip()]


def _flat_entry(text: str, provenance: Provenance) -> Protein:
    lines: dict[str, list[str]] = {}
    for line in text.strip().splitlines():
        lines.setdefault(line[:2], []).append(line[5:])
    head, names, genes = lines["ID"][0].split(), " ".join(lines.get("DE", ())), " ".join(lines.get("GN", ()))
    taxon = re.search(r"NCBI_TaxID=(\d+)", " ".join(lines.get("OX", ())))
    organism = " ".join(lines.get("OS", ())).rstrip(".").partition(" (")[0]
    return _protein(
        accession=lines["AC"][0].split(";")[0].strip(),
        entry_name=head[0],
        names=[_plain(match) for match in re.findall(r"(?:Full|Short)=([^;]+);", names.partition("Contains:")[0])],
        genes=[
            _plain(name)
            for group in re.findall(r"(?:Name|Synonyms|OrderedLocusNames|ORFNames)=([^;]+);", genes)
            for name in group.split(", ")
        ],
        organism=organism,
        taxon=taxon[1] if taxon else "",
        reviewed=head[1].rstrip(";") in ("Reviewed", "STANDARD"),
        sequence="".join("".join(lines["  "]).split()),
        provenance=provenance,
    )


def _plain(text: str) -> str:
    """Return a name without the evidence tags in braces."""
    return re.sub(r"\s*\{[^{}]*\}", "", text).strip()


def _protein(
    *,
    accession: str,
    entry_name: str,
    names: list[str],
    genes: list[str],
    organism: str,
    taxon: str,
    reviewed: bool,
    sequence: str,
    provenance: Provenance,
) -> Protein:
    return Protein(
        sequence=sequence,
        accession=accession,
        entry_name=entry_name,
        name=next(iter(names), ""),
        gene=next(iter(genes), ""),
        organism=organism,
        taxon_id=int(taxon) if taxon.isdigit() else None,
        reviewed=reviewed,
        synonyms=tuple(dict.fromkeys([*names[1:], *genes[1:]])),
        provenance=record_of(accession, provenance),
    )
