"""UniProt (REST): proteins by accession, name, gene or sequence, and the facts of their entries."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from biomed_agent.egress import Reveals
from biomed_agent.errors import BiomedAgentError, InvalidInput, NotFound, Unavailable
from biomed_agent.inputs import ACCESSION_SHAPE, ISOFORM_SHAPE
from biomed_agent.sources.batch import Batch, in_chunks, in_order
from biomed_agent.sources.fasta import parse_fasta
from biomed_agent.transport import Check, Reply, Transport, well_formed
from biomed_agent.types import Candidate, Fact, Protein, Provenance

ACCESSION = re.compile(rf"({ACCESSION_SHAPE})({ISOFORM_SHAPE})?")
"""UniProt's own pattern (https://www.uniprot.org/help/accession_numbers); group 2 is the isoform suffix."""
ENTRY_NAME = re.compile(r"[A-Z0-9]{1,10}_[A-Z0-9]{3,5}")
HEADER = re.compile(r"(sp|tr)\|([^|]+)\|(\S+)\s*(.*?)(?=\s(?:OS|OX|GN|PE|SV)=|$)")
FIELDS = "accession,id,reviewed,protein_name,gene_names,organism_name,organism_id,sequence"
"""Return fields of a search: what a :class:`~biomed_agent.types.Protein` holds."""
MAX_NAME = 500
PAGE = 50
"""entries one search returns at most; the server's limit is 500"""
PART = 500
"""accessions asked for at once: what one page holds, and what fits an address"""

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


def check_reply(reply: Reply) -> None:
    """Raise for anything that is no answer of UniProt.

    Raises:
        NotFound: 404 or 410: well formed, but there is no such entry.
        InvalidInput: 400: UniProt cannot read what it was asked.
        Unavailable: Any other status, or a page that is not from UniProt.
    """
    if reply.text.lstrip()[:1] == "<":
        raise Unavailable(f"UniProt answered an HTML page (status {reply.status}) where a record was expected.")
    if reply.status == 200:
        if "json" in reply.headers.get("content-type", ""):
            reply.json()
        return
    said = " ".join(reply.json().get("messages") or ["no reason given"]) if reply.text[:1] == "{" else reply.text[:200]
    if reply.status in (404, 410):
        raise NotFound(f"UniProt has no such entry ({said.strip()}).", "Check the accession.")
    if reply.status == 400:
        raise InvalidInput(f"UniProt cannot read what it was asked: {said.strip()}.")
    raise Unavailable(f"UniProt answered status {reply.status}: {said.strip()}")


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
        raise _inactive(accession, entry.get("inactiveReason") or {})
    sequence = (entry.get("sequence") or {}).get("value")
    if not sequence:
        raise Unavailable(f"UniProt sent entry {accession} without its sequence.", "Try again later.")
    names, organism = _names(entry), entry.get("organism") or {}
    return Protein(
        sequence=str(sequence),
        accession=accession,
        entry_name=str(entry.get("uniProtkbId", "")),
        name=names[0] if names else "",
        gene=next(iter(_genes(entry)), ""),
        organism=str(organism.get("scientificName", "")),
        taxon_id=organism.get("taxonId"),
        reviewed="unreviewed" not in entry["entryType"],
        synonyms=tuple(dict.fromkeys([*names[1:], *list(_genes(entry))[1:]])),
        provenance=_record(accession, provenance),
    )


@well_formed("UniProt")
def read_search(body: Mapping[str, Any], provenance: Provenance) -> list[Protein]:
    """Read the results of a search, reviewed entries first, otherwise in UniProt's order."""
    proteins = [read_entry(entry, provenance) for entry in body["results"]]
    return sorted(proteins, key=lambda protein: not protein.reviewed)


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
                provenance=_record(accession, provenance),
            )
        )
    return proteins


@well_formed("UniProt")
def read_facts(entry: Mapping[str, Any], provenance: Provenance) -> list[Fact]:
    """Read what an active entry states, in the order of a reader's interest.

    The note of a fact names the chain or isoform it holds for, and evidence weaker than an experiment.
    """
    accession = str(entry["primaryAccession"])
    if entry.get("entryType") == "Inactive":
        raise _inactive(accession, entry.get("inactiveReason") or {})
    origin = _record(accession, provenance)
    facts = [
        Fact(f"UNIPROT:{accession}", predicate, value, unit, provenance=origin, note=note)
        for predicate, value, unit, note in (*_identity(entry), *_comments(entry), *_terms(entry))
        if value not in ("", None)
    ]
    return list(dict.fromkeys(facts))


class UniProt:
    """The questions put to UniProt.

    Each method raises :class:`~biomed_agent.errors.Refused` when the egress policy forbids the request and
    :class:`~biomed_agent.errors.Unavailable` when UniProt gives no answer.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def by_accession(self, accession: str) -> Protein:
        """Return the protein with this accession, or one isoform (``P04637-2``).

        A merged accession yields the entry that took it over: compare ``accession`` with what was asked.

        Raises:
            InvalidInput: It is no accession.
            NotFound: There is no such entry, or it was deleted or split; ``candidates`` are its successors.
        """
        main, isoform = _split(accession)
        if not isoform:
            reply = self._entry(main)
            return read_entry(reply.json(), reply.provenance)
        reply = self._get(f"uniprotkb/{main}{isoform}.fasta", "identifier", f"isoform {main}{isoform}")
        for protein in read_fasta(reply.text, reply.provenance):
            return protein
        reply = self._entry(main)  # an empty FASTA means obsolete; the entry says why
        current = read_entry(reply.json(), reply.provenance)
        raise NotFound(
            f"UniProt has no isoform {main}{isoform}; its entry is {current.accession}.",
            candidates=[_candidate(current.accession, "the entry itself")],
        )

    def by_accessions(self, accessions: Sequence[str]) -> Batch[str, Protein]:
        """Look up many accessions with one request for :data:`PART` of them, and one more for all that were merged.

        What the cache holds is not asked for again. A merged accession yields the entry that took it over; isoforms
        are asked for one by one, as :meth:`by_accession` does.
        """
        asked = [match[1] for one in accessions if (match := _match(one)) and not match[2]]
        entries = self._entries(asked)
        entries |= self._entries([new for entry in entries.values() if (new := _merged_into(entry))])

        def outcome(accession: str) -> Protein:
            main, isoform = _split(accession)
            if isoform:
                return self.by_accession(accession)
            entry = entries.get(main)
            if entry is not None and (new := _merged_into(entry)) in entries:
                entry = entries[new]
            if entry is None:
                raise NotFound(f"UniProt has no entry with accession {main}.", "Check the accession.")
            if isinstance(entry, BiomedAgentError):
                raise entry
            return read_entry(*entry)

        return in_order(accessions, outcome)

    def by_entry_name(self, name: str) -> Protein:
        """Return the protein with this entry name, such as ``P53_HUMAN``."""
        name = name.strip().upper()
        if not ENTRY_NAME.fullmatch(name):
            raise InvalidInput(f"{name!r} is no UniProt entry name.", "Expected something like P53_HUMAN.")
        found = self._search(f"id:{name}", "identifier", f"entry name {name}")
        for protein in found:
            if protein.entry_name == name:
                return protein
        raise NotFound(f"UniProt has no entry named {name}.", "Entry names change; try the accession or the gene.")

    def by_gene(self, gene: str, organism_id: int | None = 9606) -> list[Protein]:
        """Return the proteins of a gene symbol: those that bear it as their first name, then as a synonym.

        Unreviewed entries (fragments and predictions, often dozens) are returned only when no reviewed one has it.

        Args:
            gene: Gene symbol or ordered locus name, in any case.
            organism_id: NCBI taxonomy number; human by default, None for every organism.
        """
        gene = _name(gene)
        where = "" if organism_id is None else f" AND organism_id:{int(organism_id)}"
        found = self._reviewed_else_all(f"gene_exact:{quote(gene)}{where}", f"gene {gene}")
        return sorted(found, key=lambda protein: protein.gene.casefold() != gene.casefold())

    def by_name(self, name: str, organism_id: int | None = None) -> list[Protein]:
        """Return the proteins of exactly this name (recommended, alternative, short or submitted), reviewed first.

        Proteins whose name merely contains the words are left out: insulin is not the insulin receptor.

        Args:
            name: Protein name, in any case.
            organism_id: NCBI taxonomy number; every organism by default.
        """
        name = _name(name)
        where = "" if organism_id is None else f" AND organism_id:{int(organism_id)}"
        found = self._reviewed_else_all(f"protein_name:{quote(name)}{where}", f"protein name {name}")
        asked = name.casefold()
        return [one for one in found if asked in {known.casefold() for known in (one.name, *one.synonyms)}]

    def by_sequence(self, sequence: str) -> list[Protein]:
        """Return the entries whose canonical sequence is exactly ``sequence``; only its MD5 checksum is sent.

        UniProtKB cannot be searched by checksum, UniParc (every sequence ever seen, once) can.
        """
        records = parse_fasta(sequence)
        if len(records) != 1:
            raise InvalidInput(f"{len(records)} sequences were given.", "Expected one.")
        residues = records[0][1]
        checksum = hashlib.md5(residues.encode(), usedforsecurity=False).hexdigest().upper()
        reply = self._get(
            "uniparc/search",
            "identifier",
            f"sequence checksum {checksum}",
            {"query": f"checksum:{checksum}", "fields": "upi", "format": "json"},
        )
        with well_formed("UniProt"):
            archived = [str(one["uniParcId"]) for one in reply.json()["results"]]
        found = [
            protein
            for upi in archived[:1]
            for protein in self._search(f"uniparc:{quote(upi)}", "identifier", f"entries of {upi}")
        ]
        return [protein for protein in found if protein.sequence == residues]

    def facts(self, accession: str) -> list[Fact]:
        """Return what the entry of ``accession`` states; of an isoform, what its entry states."""
        reply = self._entry(_split(accession)[0])
        return read_facts(reply.json(), reply.provenance)

    def _entries(self, accessions: Sequence[str]) -> dict[str, _Entry | BiomedAgentError]:
        """Return entries by accession, primary or secondary: from the cache, or from UniProt, which are then kept."""
        accessions, fixed = list(dict.fromkeys(accessions)), {"fields": FIELDS, "size": str(PART), "format": "json"}
        path = "uniprotkb/accessions"
        kept = self.transport.kept("uniprot", path, {one: {"accessions": one, **fixed} for one in accessions})
        entries: dict[str, _Entry | BiomedAgentError] = {
            one: (entry, reply.provenance) for one, reply in kept.items() for entry in _results(reply)
        }

        def fetch(part: Sequence[str]) -> dict[str, _Entry]:
            what = f"{len(part)} accessions from {part[0]} to {part[-1]}"
            reply = self._get(path, "identifier", what, {"accessions": ",".join(part), **fixed}, check_results)
            found: dict[str, _Entry] = {}
            for entry in _results(reply):
                with well_formed("UniProt"):
                    for one in (str(entry["primaryAccession"]), *(entry.get("secondaryAccessions") or ())):
                        if one in part and (one not in found or one == entry["primaryAccession"]):
                            found[one] = entry, reply.provenance
            parts = [
                ({"accessions": one, **fixed}, json.dumps({"results": [entry]}).encode())
                for one, (entry, _) in found.items()
            ]
            self.transport.keep_parts(reply, "uniprot", path, parts)
            return found

        return entries | in_chunks([one for one in accessions if one not in entries], PART, fetch)

    def _entry(self, accession: str) -> Reply:
        return self._get(f"uniprotkb/{accession}.json", "identifier", f"accession {accession}")

    def _reviewed_else_all(self, query: str, what: str) -> list[Protein]:
        return self._search(f"{query} AND reviewed:true", "name", what) or self._search(query, "name", what)

    def _search(self, query: str, reveals: Reveals, what: str) -> list[Protein]:
        params = {"query": query, "fields": FIELDS, "format": "json", "size": str(PAGE)}
        reply = self._get("uniprotkb/search", reveals, what, params)
        return read_search(reply.json(), reply.provenance)

    def _get(
        self,
        path: str,
        reveals: Reveals,
        what: str,
        params: Mapping[str, str] | None = None,
        check: Check = check_reply,
    ) -> Reply:
        if reveals == "name" and _holds_sequence(what):
            reveals = "structure"
        return self.transport.get("uniprot", path, reveals=reveals, what=what, params=params, check=check)


_Entry: TypeAlias = tuple[Mapping[str, Any], Provenance]


def check_results(reply: Reply) -> None:
    """Raise for anything that is no list of entries; see :func:`check_reply`."""
    check_reply(reply)
    _results(reply)


@well_formed("UniProt")
def _results(reply: Reply) -> list[Mapping[str, Any]]:
    results: list[Mapping[str, Any]] = reply.json()["results"]
    return results


def _merged_into(entry: _Entry | BiomedAgentError) -> str:
    """The accession that took over an inactive entry; empty if it is active, or was deleted or split."""
    reason = {} if isinstance(entry, BiomedAgentError) else entry[0].get("inactiveReason") or {}
    successors = reason.get("mergeDemergeTo") or [""]
    return str(successors[0]) if str(reason.get("inactiveReasonType", "")).upper() == "MERGED" else ""


def quote(term: str) -> str:
    """Return ``term`` as a phrase of UniProt's (Lucene's) query language, where only these two need an escape."""
    escaped = term.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _holds_sequence(words: str) -> bool:
    """Whether a run of 30 capitals stands in ``words``: residues rather than a name."""
    return re.search(r"[A-Z]{30}", words) is not None


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME:
        raise InvalidInput(
            f"a name of {len(name):,} characters cannot be looked up.", f"Expected 1 to {MAX_NAME} characters."
        )
    return name


def _match(accession: str) -> re.Match[str] | None:
    return ACCESSION.fullmatch(accession.strip().upper())


def _split(accession: str) -> tuple[str, str]:
    match = _match(accession)
    if match is None:
        raise InvalidInput(
            f"{accession!r} is no UniProt accession.", "Expected something like P00533, A0A024R161 or P04637-2."
        )
    return match[1], match[2] or ""


def _inactive(accession: str, reason: Mapping[str, Any]) -> NotFound:
    kind = str(reason.get("inactiveReasonType", "inactive")).lower()
    successors = [str(one) for one in reason.get("mergeDemergeTo") or ()]
    why = f": {reason['deletedReason']}" if reason.get("deletedReason") else ""
    hint = f"Ask for {' or '.join(successors)}." if successors else "UniParc keeps the sequence."
    return NotFound(
        f"UniProt entry {accession} is obsolete ({kind}{why}).",
        hint,
        candidates=[_candidate(one, "replaces it") for one in successors],
    )


def _candidate(accession: str, why: str) -> Candidate:
    return Candidate(f"UNIPROT:{accession}", accession, why, "protein")


def _record(accession: str, provenance: Provenance) -> Provenance:
    url = f"https://www.uniprot.org/uniprotkb/{accession.split('-')[0]}/entry"
    return replace(provenance, source="UniProtKB", identifier=accession, url=url)


def _names(entry: Mapping[str, Any]) -> list[str]:
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


def _genes(entry: Mapping[str, Any]) -> Iterator[str]:
    """Gene names, then synonyms, ordered loci and open reading frames."""
    genes: Sequence[Mapping[str, Any]] = entry.get("genes") or ()
    yield from (str(gene["geneName"]["value"]) for gene in genes if gene.get("geneName"))
    for kind in ("synonyms", "orderedLocusNames", "orfNames"):
        yield from (str(name["value"]) for gene in genes for name in gene.get(kind) or ())


_Statement = tuple[str, str | int, str, str]
"""predicate, value, unit, note"""


def _identity(entry: Mapping[str, Any]) -> Iterator[_Statement]:
    names = _names(entry)
    description = entry.get("proteinDescription") or {}
    flag = str(description.get("flag", "")).lower()
    for position, name in enumerate(names):
        yield ("protein name", name, "", flag) if position == 0 else ("alternative name", name, "", "")
    for position, gene in enumerate(_genes(entry)):
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
