"""Entries of UniProt to facts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from biomed_agent.transport import well_formed
from biomed_agent.types import Fact, Provenance

from .readers import genes_in, inactive, names_in, record_of

WEAK_EVIDENCE = {
    "ECO:0000250": "by similarity",
    "ECO:0000255": "predicted",
    "ECO:0000256": "predicted",
    "ECO:0000259": "predicted",
    "ECO:0000303": "stated without experiment",
    "ECO:0000305": "inferred by a curator",
}
"""Evidence codes a reader must know of (https://www.uniprot.org/help/evidences); others are experiments or imports."""
_TEXTS = {
    "FUNCTION": "function",
    "ACTIVITY REGULATION": "activity regulation",
    "SUBUNIT": "subunit structure",
    "PATHWAY": "pathway",
    "TISSUE SPECIFICITY": "tissue specificity",
    "INDUCTION": "induction",
    "DOMAIN": "domain",
    "PTM": "post-translational modification",
    "PHARMACEUTICAL": "pharmaceutical use",
}
_GO = {"F": "molecular function", "P": "biological process", "C": "cellular component"}


@well_formed("UniProt")
def read_facts(entry: Mapping[str, Any], provenance: Provenance) -> list[Fact]:
    """Read what an active entry states, in the order of a reader's interest.

    The note of a fact names the chain or isoform it holds for, and evidence weaker than an experiment.
    """
    accession = str(entry["primaryAccession"])
    if entry.get("entryType") == "Inactive":
        raise inactive(accession, entry.get("inactiveReason") or {})
    origin = record_of(accession, provenance)
    facts = [
        Fact(f"UNIPROT:{accession}", predicate, value, unit, provenance=origin, note=note)
        for predicate, value, unit, note in (*_identity(entry), *_comments(entry), *_terms(entry))
        if value not in ("", None)
    ]
    return list(dict.fromkeys(facts))


_Statement = tuple[str, str | int, str, str]
"""predicate, value, unit, note"""


def _identity(entry: Mapping[str, Any]) -> Iterator[_Statement]:
    names = names_in(entry)
    description = entry.get("proteinDescription") or {}
    flag = str(description.get("flag", "")).lower()
    for position, name in enumerate(names):
        yield ("protein name", name, "", flag) if position == 0 else ("alternative name", name, "", "")
    for position, gene in enumerate(genes_in(entry)):
        yield ("gene" if position == 0 else "gene synonym", gene, "", "")
    organism = entry.get("organism") or {}
    yield "organism", str(organism.get("scientificName", "")), "", str(organism.get("commonName", ""))
    sequence = entry.get("sequence") or {}
    yield "length", sequence.get("length", ""), "residues", flag
    yield "molecular weight", sequence.get("molWeight", ""), "Da", "unprocessed chain"
    yield "protein existence", str(entry.get("proteinExistence", "")).partition(": ")[2], "", ""
    blocks = [description.get("recommendedName") or {}, *(description.get("submissionNames") or ())]
    blocks += [*(description.get("alternativeNames") or ()), *(description.get("contains") or ())]
    blocks += [part.get("recommendedName") or {} for part in description.get("contains") or ()]
    for block in blocks:
        for number in block.get("ecNumbers") or ():
            yield "EC number", str(number["value"]), "", _evidence(number)


def _comments(entry: Mapping[str, Any]) -> Iterator[_Statement]:
    for comment in entry.get("comments") or ():
        kind, about = comment.get("commentType"), str(comment.get("molecule", ""))
        if kind in _TEXTS:
            for text in comment.get("texts") or ():
                yield _TEXTS[kind], str(text["value"]), "", _note(about, _evidence(text))
        elif kind == "CATALYTIC ACTIVITY":
            reaction = comment["reaction"]
            number = f"EC {reaction['ecNumber']}" if reaction.get("ecNumber") else ""
            yield "catalytic activity", str(reaction["name"]), "", _note(about, number, _evidence(reaction))
        elif kind == "COFACTOR":
            for one in comment.get("cofactors") or ():
                yield "cofactor", str(one["name"]), "", _note(about, _evidence(one))
        elif kind == "SUBCELLULAR LOCATION":
            for one in comment.get("subcellularLocations") or ():
                place = one["location"]
                topology = str((one.get("topology") or {}).get("value", ""))
                yield "subcellular location", str(place["value"]), "", _note(about, topology, _evidence(place))
        elif kind == "SIMILARITY":
            for text in comment.get("texts") or ():
                stated = re.sub(r"^(In the \S+ section; )?belongs to the ", "", str(text["value"]), flags=re.IGNORECASE)
                for family in stated.rstrip(".").split(". "):  # superfamily, family, subfamily
                    yield "protein family", family, "", ""
        elif kind == "DISEASE" and comment.get("disease"):
            disease = comment["disease"]
            yield "disease", str(disease["diseaseId"]), "", str(disease.get("acronym", ""))


def _terms(entry: Mapping[str, Any]) -> Iterator[_Statement]:
    for keyword in entry.get("keywords") or ():
        if keyword.get("category") != "Technical term":
            yield "keyword", str(keyword["name"]), "", ""
    for reference in entry.get("uniProtKBCrossReferences") or ():
        if reference.get("database") == "GO":
            details = {one["key"]: str(one["value"]) for one in reference.get("properties") or ()}
            aspect, _, term = details.get("GoTerm", "").partition(":")
            if term:
                automatic = "automatic annotation" if details.get("GoEvidenceType", "").startswith("IEA") else ""
                yield f"GO {_GO.get(aspect, 'term')}", term, "", _note(str(reference["id"]), automatic)


def _note(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _evidence(statement: Mapping[str, Any]) -> str:
    """Say how weak the evidence is; empty when any of it is an experiment, an import, or not stated."""
    codes = [str(one.get("evidenceCode", "")) for one in statement.get("evidences") or ()]
    weak = [WEAK_EVIDENCE[code] for code in codes if code in WEAK_EVIDENCE]
    return weak[0] if codes and len(weak) == len(codes) else ""
