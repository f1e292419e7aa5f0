"""Entries of UniProt to facts: names and numbers, comments, features, keywords and cross-references."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from biomed_agent.core.types import Fact, Provenance
from biomed_agent.sources.http.malformed import well_formed
from biomed_agent.sources.uniprot.readers import genes_in, inactive, names_in, record_of

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
    "DOMAIN": "about its domains",
    "PTM": "post-translational modification",
    "PHARMACEUTICAL": "pharmaceutical use",
}
_GO = {"F": "molecular function", "P": "biological process", "C": "cellular component"}
FEATURES = {
    "Domain": "domain",
    "Zinc finger": "zinc finger",
    "DNA binding": "DNA-binding region",
    "Repeat": "repeat",
    "Motif": "motif",
    "Coiled coil": "coiled coil",
    "Region": "region",
    "Active site": "active site",
    "Binding site": "binding site",
    "Site": "site",
    "Signal": "signal peptide",
    "Transit peptide": "transit peptide",
    "Propeptide": "propeptide",
    "Chain": "mature chain",
    "Peptide": "mature peptide",
    "Initiator methionine": "initiator methionine",
    "Transmembrane": "transmembrane segment",
    "Intramembrane": "intramembrane segment",
    "Topological domain": "topological domain",
    "Modified residue": "modified residue",
    "Glycosylation": "glycosylation site",
    "Lipidation": "lipidation site",
    "Cross-link": "cross-link",
    "Disulfide bond": "disulfide bond",
    "Natural variant": "natural variant",
    "Mutagenesis": "studied mutation",
}
"""Feature types that become facts, and their predicates; secondary structure and sequence conflicts do not."""
_ISOFORMS = {
    "Displayed": ", canonical",
    "External": ", described in another entry",
    "Not described": ", its sequence is not described",
}
"""What the status of an isoform's sequence tells; ``Described`` is the rule."""
_BONDS = ("Disulfide bond", "Cross-link")
_SUBSTITUTIONS = ("Natural variant", "Mutagenesis")
DRUGBANK_NOTE = "drugs and other ligands that DrugBank links to this protein as target, enzyme, carrier or transporter"
_LINKS = {
    "ChEMBL": "ChEMBL target",
    "BindingDB": "BindingDB target",
    "GuidetoPHARMACOLOGY": "Guide to PHARMACOLOGY target",
    "DrugCentral": "DrugCentral target",
    "AlphaFoldDB": "AlphaFold DB model",
    "KEGG": "KEGG identifier",
    "HGNC": "HGNC identifier",
    "GeneID": "Entrez identifier",
}
"""Databases of which the record's number is stated."""
PREDICATES = frozenset(
    {
        *_TEXTS.values(), *FEATURES.values(), *_LINKS.values(), *(f"GO {aspect}" for aspect in _GO.values()),
        "protein name", "alternative name", "gene", "gene synonym", "organism", "length", "molecular weight",
        "protein existence", "EC number", "catalytic activity", "cofactor", "subcellular location", "protein family",
        "disease", "disease involvement", "isoform", "keyword", "DrugBank entry", "InterPro entry", "Pfam entry",
        "experimental structures",
    }
)  # fmt: skip
"""everything that :func:`read_facts` may state, so that the silence of a record is one only about these"""


@well_formed("UniProt")
def read_facts(entry: Mapping[str, Any], provenance: Provenance, odd: list[str] | None = None) -> list[Fact]:
    """Read what an active entry states, in the order of a reader's interest.

    The note of a fact names the chain or isoform it holds for, and evidence weaker than an experiment.

    Args:
        entry: The entry as parsed JSON.
        provenance: Of the reply.
        odd: Receives what could not be read, such as ``comment FUNCTION``; the rest is read all the same.
    """
    accession = str(entry["primaryAccession"])
    if entry.get("entryType") == "Inactive":
        raise inactive(entry)
    origin = record_of(accession, provenance)
    references = entry.get("uniProtKBCrossReferences") or ()
    parts: tuple[_Part, ...] = (
        ("comment", "commentType", _pieces(entry.get("comments") or ()), _comment),
        ("feature", "type", entry.get("features") or (), _feature),
        ("keyword", "category", entry.get("keywords") or (), _keyword),
        ("cross-reference", "database", references, _reference),
    )
    statements = list(_identity(entry))
    for part in parts:
        statements += _readable(*part, [] if odd is None else odd)
    facts = [
        Fact(f"UNIPROT:{accession}", predicate, value, unit, provenance=origin, note=note)
        for predicate, value, unit, note in (*statements, *_structures(references))
        if value not in ("", None)
    ]
    return list(dict.fromkeys(facts))


def _readable(
    what: str, kind: str, elements: Iterable[Any], read: Callable[[Any], Iterator[_Statement]], odd: list[str]
) -> Iterator[_Statement]:
    """Yield what the elements state; one that cannot be read costs the others nothing, and is named in ``odd``."""
    for element in elements:
        try:
            stated = list(read(element))
        except (LookupError, TypeError, AttributeError, ValueError):
            odd.append(f"{what} {element.get(kind) or ''}".strip() if isinstance(element, Mapping) else what)
            continue
        yield from stated


_Statement = tuple[str, str | int, str, str]
"""predicate, value, unit, note"""
_Part = tuple[str, str, Iterable[Any], Callable[[Any], Iterator[_Statement]]]
"""what an element is, the key of its kind, the elements, and their reader"""
_LISTS = {
    "COFACTOR": "cofactors",
    "SUBCELLULAR LOCATION": "subcellularLocations",
    "ALTERNATIVE PRODUCTS": "isoforms",
}
"""what a comment lists, by its type; the others list texts"""


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
    for note, block in _names_and_parts(description):
        for number in block.get("ecNumbers") or ():
            yield "EC number", str(number["value"]), "", _note(note, _evidence(number))


def _names_and_parts(description: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the blocks of names of a protein and of the enzymes it is cut into or is made of, with the part's name."""
    wholes = [description.get("recommendedName") or {}, *(description.get("submissionNames") or ())]
    yield from (("", block) for block in (*wholes, *(description.get("alternativeNames") or ())))
    for part in (*(description.get("contains") or ()), *(description.get("includes") or ())):
        name = str(((part.get("recommendedName") or {}).get("fullName") or {}).get("value") or "a part")
        for block in (part, part.get("recommendedName") or {}, *(part.get("alternativeNames") or ())):
            yield name, block


def _pieces(comments: Iterable[Any]) -> Iterator[Any]:
    """Yield comments, those that list several things as one for each."""
    for comment in comments:
        key = _LISTS.get(str(comment.get("commentType")), "texts") if isinstance(comment, Mapping) else ""
        listed = comment.get(key) if key else None
        yield from ({**comment, key: [item]} for item in listed) if isinstance(listed, list) else [comment]


def _comment(comment: Mapping[str, Any]) -> Iterator[_Statement]:
    kind, about = comment.get("commentType"), str(comment.get("molecule", ""))
    if kind in _TEXTS:
        for text in comment.get("texts") or ():
            yield _TEXTS[kind], str(text["value"]), "", _note(about, _evidence(text))
    elif kind == "CATALYTIC ACTIVITY":
        reaction = comment["reaction"]
        number = f"EC {reaction['ecNumber']}" if reaction.get("ecNumber") else ""
        yield "catalytic activity", str(reaction["name"]), "", _note(about, number, _evidence(reaction))
    elif kind == "COFACTOR":
        for cofactor in comment.get("cofactors") or ():
            yield "cofactor", str(cofactor["name"]), "", _note(about, _evidence(cofactor))
    elif kind == "SUBCELLULAR LOCATION":
        for location in comment.get("subcellularLocations") or ():
            place = location["location"]
            topology = str((location.get("topology") or {}).get("value", ""))
            yield "subcellular location", str(place["value"]), "", _note(about, topology, _evidence(place))
    elif kind == "SIMILARITY":
        for text in comment.get("texts") or ():
            stated = re.sub(r"^(In the \S+ section; )?belongs to the ", "", str(text["value"]), flags=re.IGNORECASE)
            for family in stated.rstrip(".").split(". "):  # superfamily, family, subfamily
                yield "protein family", family, "", ""
    elif kind == "DISEASE":
        yield from _disease(comment, about)
    elif kind == "ALTERNATIVE PRODUCTS":
        for isoform in comment.get("isoforms") or ():
            named = f"isoform {isoform['name']['value']}{_ISOFORMS.get(isoform.get('isoformSequenceStatus'), '')}"
            yield "isoform", f"{isoform['isoformIds'][0]} ({named})", "", ""


def _disease(comment: Mapping[str, Any], about: str) -> Iterator[_Statement]:
    """State a disease with its acronym and MIM number; the note says how the protein is involved."""
    texts = (comment.get("note") or {}).get("texts") or ()
    if disease := comment.get("disease"):
        link = disease.get("diseaseCrossReference") or {}
        number = f"{link['database']} {link['id']}" if link.get("id") else ""
        known = ", ".join(part for part in (str(disease.get("acronym", "")), number) if part)
        involved = [str(text["value"]).split(". ")[0].rstrip(".") for text in texts]
        value = f"{disease['diseaseId']} ({known})" if known else str(disease["diseaseId"])
        yield "disease", value, "", _note(about, *involved, _evidence(disease))
    else:
        for text in texts:
            yield "disease involvement", str(text["value"]).rstrip("."), "", _note(about, _evidence(text))


def _feature(feature: Mapping[str, Any]) -> Iterator[_Statement]:
    """State a feature of :data:`FEATURES`; residues count on the canonical sequence or on the one the note names."""
    kind = str(feature.get("type", ""))
    if kind not in FEATURES:
        return
    place = _place(feature["location"], between=kind in _BONDS)
    described = str(feature.get("description", "")).rstrip(".")
    note = _note(str(feature["location"].get("sequence") or ""), _evidence(feature))
    if kind in _SUBSTITUTIONS:
        change = _change(feature)
        value = change or (f"{described or 'changed'}, {place}")
        yield FEATURES[kind], value, "", _note(described if change else "", note)
        return
    ligand = feature.get("ligand") or {}
    label = str(ligand.get("label") or "")
    bound = " ".join(part for part in (str(ligand.get("name") or ""), label) if part)
    what = ", ".join(part for part in (bound, described) if part)
    yield FEATURES[kind], f"{what}, {place}" if what else place, "", note


def _place(location: Mapping[str, Any], *, between: bool = False) -> str:
    """Residue numbers of a feature; ``?`` for an end that is not known, ``<`` and ``>`` for one outside."""
    ends = []
    for end, outside in (("start", "<"), ("end", ">")):
        given = location.get(end) or {}
        value = given.get("value")
        sign = {"OUTSIDE": outside, "UNSURE": "?"}.get(str(given.get("modifier", "")), "")
        ends.append("?" if value is None else f"{sign}{value}")
    if ends[0] == ends[1]:
        return f"residue {ends[0]}"
    if between:
        return f"between residues {ends[0]} and {ends[1]}"
    return f"residues {('-' if ''.join(ends).isdigit() else ' to ').join(ends)}"


def _change(feature: Mapping[str, Any]) -> str:
    """The substitution of one residue as people write it, such as ``V600E``; empty for other changes."""
    altered = feature.get("alternativeSequence") or {}
    old, new = str(altered.get("originalSequence") or ""), list(altered.get("alternativeSequences") or ())
    start = (feature["location"].get("start") or {}).get("value")
    if len(old) != 1 or start is None or not new or any(len(str(residue)) != 1 for residue in new):
        return ""
    return "/".join(f"{old}{start}{residue}" for residue in new)


def _keyword(keyword: Mapping[str, Any]) -> Iterator[_Statement]:
    if keyword.get("category") != "Technical term":
        yield "keyword", str(keyword["name"]), "", ""


def _reference(reference: Mapping[str, Any]) -> Iterator[_Statement]:
    """State a cross-reference to a database that tells something; structures are counted by :func:`_structures`."""
    database, number = str(reference.get("database", "")), str(reference["id"])
    details = {detail["key"]: str(detail["value"]) for detail in reference.get("properties") or ()}
    if database == "GO":
        aspect, _, term = details.get("GoTerm", "").partition(":")
        if term:
            automatic = "automatic annotation" if details.get("GoEvidenceType", "").startswith("IEA") else ""
            yield f"GO {_GO.get(aspect, 'term')}", term, "", _note(number, automatic)
    elif database == "Reactome":
        yield "pathway", f"{details.get('PathwayName') or 'pathway'} ({number})", "", "Reactome"
    elif database == "DrugBank":
        yield "DrugBank entry", f"{details.get('GenericName') or 'drug'} ({number})", "", DRUGBANK_NOTE
    elif database in ("InterPro", "Pfam"):
        yield f"{database} entry", f"{details.get('EntryName') or 'entry'} ({number})", "", ""
    elif database in _LINKS:
        yield _LINKS[database], number, "", ""


def _structures(references: Iterable[Any]) -> Iterator[_Statement]:
    """State how many structures of the Protein Data Bank an entry names, and how they were found."""
    methods: Counter[str] = Counter()
    for reference in references:
        if isinstance(reference, Mapping) and reference.get("database") == "PDB":
            details = {detail.get("key"): detail.get("value") for detail in reference.get("properties") or ()}
            methods[str(details.get("Method") or "")] += 1
    if methods:
        how = ", ".join(f"{count} by {method or 'other means'}" for method, count in methods.most_common())
        yield "experimental structures", methods.total(), "in PDB", how


def _note(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _evidence(statement: Mapping[str, Any]) -> str:
    """Say how weak the evidence is; empty when any of it is an experiment, an import, or not stated."""
    codes = [str(evidence.get("evidenceCode", "")) for evidence in statement.get("evidences") or ()]
    weak = [WEAK_EVIDENCE[code] for code in codes if code in WEAK_EVIDENCE]
    return weak[0] if codes and len(weak) == len(codes) else ""
