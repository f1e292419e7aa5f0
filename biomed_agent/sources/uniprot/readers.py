"""Replies of UniProt to proteins: entries, searches, FASTA."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from biomed_agent.core.errors import InvalidInput, NotFound, Unavailable
from biomed_agent.core.fasta import parse_fasta
from biomed_agent.core.types import Candidate, Protein, Provenance
from biomed_agent.sources.http.malformed import well_formed

HEADER = re.compile(r"(sp|tr)\|([^|]+)\|(\S+)\s*(.*?)(?=\s(?:OS|OX|GN|PE|SV)=|$)")


@well_formed("UniProt")
def read_entry(entry: Mapping[str, Any], provenance: Provenance) -> Protein:
    """Read one entry of UniProtKB.

    Args:
        entry: The entry as parsed JSON.
        provenance: Of the reply.

    Raises:
        NotFound: The entry is inactive; the message says why, ``candidates`` are what replaced it.
        Unavailable: It came without its sequence, or malformed.
    """
    accession = str(entry["primaryAccession"])
    if entry.get("entryType") == "Inactive":
        raise inactive(entry)
    sequence = (entry.get("sequence") or {}).get("value")
    if not sequence:
        raise Unavailable(f"UniProt sent entry {accession} without its sequence.", "Try again later.")
    names, organism = names_in(entry), entry.get("organism") or {}
    return Protein(
        sequence=str(sequence),
        accession=accession,
        entry_name=str(entry.get("uniProtkbId", "")),
        name=names[0] if names else "",
        gene=next(iter(genes_in(entry)), ""),
        organism=str(organism.get("scientificName", "")),
        taxon_id=organism.get("taxonId"),
        reviewed="unreviewed" not in entry["entryType"],
        synonyms=tuple(dict.fromkeys([*names[1:], *list(genes_in(entry))[1:]])),
        provenance=record_of(accession, provenance),
    )


@well_formed("UniProt")
def read_search(body: Mapping[str, Any], provenance: Provenance) -> list[Protein]:
    """Read the results of a search, reviewed entries first, otherwise in UniProt's order.

    Entries that are inactive or cannot be read are left out.

    Raises:
        Unavailable: It is no list, or none of its active entries can be read.
    """
    proteins: list[Protein] = []
    failure: Unavailable | None = None
    for entry in body["results"]:
        try:
            proteins.append(read_entry(entry, provenance))
        except NotFound:  # inactive
            continue
        except Unavailable as error:
            failure = error
    if failure is not None and not proteins:
        raise failure
    return sorted(proteins, key=lambda protein: not protein.reviewed)


@well_formed("UniProt")
def names_of_parts(body: Mapping[str, Any]) -> dict[str, list[str]]:
    """Read of a search what the parts of its proteins are called, by accession.

    Parts are the chains that a polyprotein is cut into, and the domains of an enzyme that does several things.
    """
    named: dict[str, list[str]] = {}
    for entry in body["results"]:
        description = (entry.get("proteinDescription") or {}) if isinstance(entry, Mapping) else {}
        parts = [*(description.get("contains") or ()), *(description.get("includes") or ())]
        if parts and entry.get("primaryAccession"):
            named[str(entry["primaryAccession"])] = [
                name for part in parts for name in names_in({"proteinDescription": part})
            ]
    return named


@well_formed("UniProt")
def read_uniparc(body: Mapping[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    """Read a search of UniParc: each sequence's identifier and the UniProtKB accessions that hold it now.

    Accessions of isoforms keep their suffix; former ones (``B2R5V1.1``) are left out.
    """
    archived = []
    for result in body["results"]:
        accessions = [str(accession) for accession in result.get("uniProtKBAccessions") or ()]
        current = tuple(accession for accession in accessions if "." not in accession)
        archived.append((str(result["uniParcId"]), current))
    return archived


@well_formed("UniProt", InvalidInput)
def read_fasta(text: str, provenance: Provenance) -> list[Protein]:
    """Read FASTA with UniProt's headers; an isoform keeps its suffix in the accession."""
    proteins = []
    for header, sequence in parse_fasta(text) if text.strip() else ():
        if (match := HEADER.match(header)) is None:
            raise Unavailable(f"UniProt sent a FASTA header of unknown form: {header[:60]!r}.")
        database, accession, entry_name, name = match.groups()
        fields = dict(re.findall(r"\b(OS|OX|GN)=(.*?)(?=\s(?:OS|OX|GN|PE|SV)=|$)", header))
        proteins.append(
            Protein(
                sequence=sequence,
                accession=accession,
                entry_name=entry_name,
                name=name,
                gene=fields.get("GN", ""),
                organism=fields.get("OS", ""),
                taxon_id=int(fields["OX"]) if fields.get("OX", "").isdigit() else None,
                reviewed=database == "sp",
                provenance=record_of(accession, provenance),
            )
        )
    return proteins


def inactive(entry: Mapping[str, Any]) -> NotFound:
    """Return the error that says why an entry is obsolete and what replaced it."""
    accession, reason = str(entry["primaryAccession"]), entry.get("inactiveReason") or {}
    kind = str(reason.get("inactiveReasonType") or "inactive").lower()
    successors = [str(accession) for accession in reason.get("mergeDemergeTo") or ()]
    why = f": {reason['deletedReason']}" if reason.get("deletedReason") else ""
    meaning = {
        "merged": f"it was merged into {successors[0]}" if successors else "it was merged into another",
        "demerged": f"it was split into {len(successors)} entries",
        "deleted": f"it was deleted{why}",
    }.get(kind, f"{kind}{why}")
    archive = str((entry.get("extraAttributes") or {}).get("uniParcId") or "")
    hint = f"UniParc keeps the sequence{f' as {archive}' if archive else ''}; pass it with seq: to ask about it."
    return NotFound(
        f"UniProt entry {accession} is obsolete: {meaning}.",
        f"Ask for {' or '.join(successors)}." if successors else hint,
        candidates=[candidate(successor, "replaces it") for successor in successors],
    )


def candidate(accession: str, why: str) -> Candidate:
    """Return an accession as something to ask for instead."""
    return Candidate(f"UNIPROT:{accession}", accession, why, "protein")


def record_of(accession: str, provenance: Provenance) -> Provenance:
    """Return the provenance of one entry, from that of its reply."""
    url = f"https://www.uniprot.org/uniprotkb/{accession.split('-')[0]}/entry"
    return replace(provenance, source="UniProtKB", identifier=accession, url=url)


def names_in(entry: Mapping[str, Any]) -> list[str]:
    """Every name of the protein, the best first, without repetition; EC numbers are not among them."""
    description = entry.get("proteinDescription") or {}
    blocks: list[Mapping[str, Any]] = [description.get("recommendedName") or {}]
    blocks += [*(description.get("submissionNames") or ()), *(description.get("alternativeNames") or ())]
    values = [
        value
        for block in blocks
        for value in ((block.get("fullName") or {}), *(block.get("shortNames") or ()))
        if value.get("value")
    ]
    values += [*(description.get("cdAntigenNames") or ()), *(description.get("innNames") or ())]
    return list(dict.fromkeys(str(value["value"]) for value in values))


def genes_in(entry: Mapping[str, Any]) -> Iterator[str]:
    """Gene names, then synonyms, ordered loci and open reading frames."""
    genes: Sequence[Mapping[str, Any]] = entry.get("genes") or ()
    yield from (str(gene["geneName"]["value"]) for gene in genes if gene.get("geneName"))
    for kind in ("synonyms", "orderedLocusNames", "orfNames"):
        yield from (str(name["value"]) for gene in genes for name in gene.get(kind) or ())
