"""UniProt asked: proteins by accession, name, gene, EC number or sequence, and the facts that their records state."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

from biomed_agent.core.errors import BiomedAgentError, InvalidInput, NotFound, Unavailable
from biomed_agent.core.fasta import parse_fasta
from biomed_agent.core.identifiers import ACCESSION_SHAPE, EC_NUMBER, ENTRY_NAME, ISOFORM_SHAPE
from biomed_agent.core.privacy.egress import Discloses
from biomed_agent.core.types import Fact, Protein, Provenance
from biomed_agent.sources.batch import Batch, in_chunks, in_order
from biomed_agent.sources.http.malformed import well_formed
from biomed_agent.sources.http.reply import Check, Reply
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.uniprot.facts import read_facts
from biomed_agent.sources.uniprot.readers import (
    candidate,
    names_of_parts,
    read_entry,
    read_fasta,
    read_search,
    read_uniparc,
)

_MAIN_AND_ISOFORM = re.compile(rf"({ACCESSION_SHAPE})({ISOFORM_SHAPE})?")
"""an accession in two groups, of which the second is the isoform's suffix"""
FIELDS = "accession,id,reviewed,protein_name,gene_names,organism_name,organism_id,sequence"
"""Return fields of a search: what a :class:`~biomed_agent.core.types.Protein` holds."""
MAX_ASKED_NAME = 500
"""characters of a name that is sent"""
PAGE_SIZE = 50
"""entries one search returns at most; the server's limit is 500"""
BATCH_SIZE = 500
"""accessions asked for at once: what one page holds, and what fits an address"""
_BATCH_PATH, _BATCH_FIELDS = "uniprotkb/accessions", {"fields": FIELDS, "size": str(BATCH_SIZE), "format": "json"}


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
    message = _reasons(reply.json()) if reply.text[:1] == "{" else reply.text[:200]
    if reply.status in (404, 410):
        raise NotFound(f"UniProt has no such entry ({message.strip()}).", "Check the accession.")
    if reply.status == 400:
        raise InvalidInput(f"UniProt cannot read what it was asked: {message.strip()}.")
    raise Unavailable(f"UniProt answered status {reply.status}: {message.strip()}")


def _reasons(body: Mapping[str, Any]) -> str:
    """Return what an error says: its messages, one text or several."""
    messages = body.get("messages")
    several = messages if isinstance(messages, list) else [messages]
    return " ".join(str(message) for message in several if message) or "no reason given"


def check_search(reply: Reply) -> None:
    """Raise for anything that is no list of entries that can be read; see :func:`check_reply`."""
    check_reply(reply)
    if reply.status == 200:
        read_search(reply.json(), reply.provenance)


def check_entry(reply: Reply) -> None:
    """Raise for anything that is no entry that can be read, active or not; see :func:`check_reply`."""
    check_reply(reply)
    with suppress(NotFound):
        read_entry(reply.json(), reply.provenance)


class UniProt:
    """The questions put to UniProt.

    Each method raises :class:`~biomed_agent.core.errors.Refused` when the egress policy forbids the request and
    :class:`~biomed_agent.core.errors.Unavailable` when UniProt gives no answer.
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
            if (entry := self._cached([main]).get(main)) and _is_of(entry, main):  # by_accessions() was here
                new = _merged_into(entry)
                return self.by_accession(new) if new else read_entry(*entry)
            reply = self._entry(main)
            return read_entry(reply.json(), reply.provenance)
        reply = self._get(f"uniprotkb/{main}{isoform}.fasta", "identifier", f"isoform {main}{isoform}")
        for protein in read_fasta(reply.text, reply.provenance):
            return protein
        reply = self._entry(main)  # an empty FASTA means obsolete; the entry says why
        current = read_entry(reply.json(), reply.provenance)
        raise NotFound(
            f"UniProt has no isoform {main}{isoform}; its entry is {current.accession}.",
            candidates=[candidate(current.accession, "the entry itself")],
        )

    def by_accessions(self, accessions: Sequence[str]) -> Batch[str, Protein]:
        """Look up many accessions, one request for :data:`BATCH_SIZE` of them, and one more for all that were merged.

        What the cache holds is not asked for again. A merged accession yields the entry that took it over; isoforms
        are asked for one by one, as :meth:`by_accession` does.
        """
        asked = [match[1] for accession in accessions if (match := _match(accession)) and not match[2]]
        entries = self._entries(asked)
        entries |= self._entries([new for entry in entries.values() if (new := _merged_into(entry))])

        def outcome(accession: str) -> Protein:
            main, isoform = _split(accession)
            if isoform:
                return self.by_accession(accession)
            entry = entries.get(main)
            new = _merged_into(entry) if entry is not None else ""
            if new in entries:
                entry = entries[new]
            if entry is None:
                raise NotFound(f"UniProt has no entry with accession {main}.", "Check the accession.")
            if isinstance(entry, BiomedAgentError):
                raise entry
            if not _is_of(entry, main) and not new:  # a former accession: merged into this entry, or split into several
                return self.by_accession(main)
            return read_entry(*entry)

        return in_order(accessions, outcome)

    def by_entry_name(self, name: str) -> Protein:
        """Return the protein with this entry name, such as ``P53_HUMAN``."""
        name = name.strip().upper()
        if not ENTRY_NAME.fullmatch(name):
            raise InvalidInput(f"{name!r} is no UniProt entry name.", "Expected something like P53_HUMAN.")
        proteins = self._search(f"id:{name}", "identifier", f"entry name {name}")
        for protein in proteins:
            if protein.entry_name == name:
                return protein
        raise NotFound(f"UniProt has no entry named {name}.", "Entry names change; try the accession or the gene.")

    def by_gene(self, gene: str, organism_id: int | None = 9606, organism: str = "") -> list[Protein]:
        """Return the proteins of a gene symbol: those that bear it as their first name, then as a synonym.

        Unreviewed entries (fragments and predictions, often dozens) are returned only when no reviewed one has it.

        Args:
            gene: Gene symbol or ordered locus name, in any case.
            organism_id: NCBI taxonomy number; human by default, None for every organism.
            organism: Scientific name, instead of the number; strains count as well.
        """
        gene = _name(gene)
        where = _of_organism(organism_id, organism)
        reply = self._reviewed_else_all(f"gene_exact:{quote(gene)}{where}", f"gene {gene}")
        proteins = read_search(reply.json(), reply.provenance)
        return sorted(proteins, key=lambda protein: protein.gene.casefold() != gene.casefold())

    def by_ec(self, number: str, organism_id: int | None = 9606, organism: str = "") -> list[Protein]:
        """Return the reviewed proteins of exactly this EC number, such as ``3.4.21.5``.

        Args:
            number: All four parts.
            organism_id: NCBI taxonomy number; human by default, None for every organism.
            organism: Scientific name, instead of the number.
        """
        number = number.strip()
        if not EC_NUMBER.fullmatch(number):
            raise InvalidInput(f"{number!r} is no whole EC number.", "Expected four parts, such as 3.4.21.5.")
        where = _of_organism(organism_id, organism)
        return self._search(f"ec:{number}{where} AND reviewed:true", "identifier", f"EC number {number}")

    def by_name(self, name: str, organism_id: int | None = None, organism: str = "") -> list[Protein]:
        """Return the proteins of exactly this name (recommended, alternative, short or submitted), reviewed first.

        Then come those of which a part has the name: ``3C-like proteinase nsp5`` is cut from a polyprotein. Proteins
        whose name merely contains the words are left out: insulin is not the insulin receptor.

        Args:
            name: Protein name, in any case.
            organism_id: NCBI taxonomy number; every organism by default.
            organism: Scientific name, instead of the number.
        """
        name = _name(name)
        where = _of_organism(organism_id, organism)
        reply = self._reviewed_else_all(f"protein_name:{quote(name)}{where}", f"protein name {name}")
        proteins, parts = read_search(reply.json(), reply.provenance), names_of_parts(reply.json())
        asked = name.casefold()
        own = [protein for protein in proteins if asked in map(str.casefold, (protein.name, *protein.synonyms))]
        of_part = [protein for protein in proteins if asked in map(str.casefold, parts.get(protein.accession, ()))]
        return [*own, *(protein for protein in of_part if protein not in own)]

    def by_sequence(self, sequence: str) -> list[Protein]:
        """Return the entries or isoforms whose sequence is exactly ``sequence``; only its MD5 checksum is sent.

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
            {"query": f"checksum:{checksum}", "fields": "upi,accession", "format": "json"},
        )
        proteins: list[Protein] = []
        for archived, accessions in read_uniparc(reply.json())[:1]:
            proteins += self._search(f"uniparc:{quote(archived)}", "identifier", f"entries of {archived}")
            if all(protein.sequence != residues for protein in proteins):
                proteins += [self.by_accession(accession) for accession in accessions if "-" in accession][:1]
        return [protein for protein in proteins if protein.sequence == residues]

    def facts(self, accession: str, odd: list[str] | None = None) -> list[Fact]:
        """Return what the entry of ``accession`` states; of an isoform, what its entry states.

        What could not be read is named in ``odd``; see :func:`.facts.read_facts`.
        """
        reply = self._entry(_split(accession)[0])
        return read_facts(reply.json(), reply.provenance, odd)

    def _entries(self, accessions: Sequence[str]) -> dict[str, _Entry | BiomedAgentError]:
        """Return entries by accession, primary or secondary: from the cache, or from UniProt, which are then kept."""
        accessions = list(dict.fromkeys(accessions))
        entries: dict[str, _Entry | BiomedAgentError] = {**self._cached(accessions)}

        def fetch(part: Sequence[str]) -> dict[str, _Entry]:
            log_line = f"{len(part)} accessions from {part[0]} to {part[-1]}"
            reply = self._get(
                _BATCH_PATH, "identifier", log_line, {"accessions": ",".join(part), **_BATCH_FIELDS}, check_results
            )
            fetched: dict[str, _Entry] = {}
            for entry in _results(reply):
                with well_formed("UniProt"):
                    for accession in (str(entry["primaryAccession"]), *(entry.get("secondaryAccessions") or ())):
                        if accession in part and (accession not in fetched or accession == entry["primaryAccession"]):
                            fetched[accession] = entry, reply.provenance
            parts = [
                ({"accessions": accession, **_BATCH_FIELDS}, json.dumps({"results": [entry]}).encode())
                for accession, (entry, _) in fetched.items()
            ]
            self.transport.store_parts(reply, "uniprot", _BATCH_PATH, parts)
            return fetched

        return entries | in_chunks(
            [accession for accession in accessions if accession not in entries], BATCH_SIZE, fetch
        )

    def _cached(self, accessions: Sequence[str]) -> dict[str, _Entry]:
        """Return the entries that the cache holds of earlier batches."""
        asked = {accession: {"accessions": accession, **_BATCH_FIELDS} for accession in accessions}
        cached = self.transport.cached("uniprot", _BATCH_PATH, asked)
        return {
            accession: (entry, reply.provenance) for accession, reply in cached.items() for entry in _results(reply)
        }

    def _entry(self, accession: str) -> Reply:
        return self._get(f"uniprotkb/{accession}.json", "identifier", f"accession {accession}", check=check_entry)

    def _reviewed_else_all(self, query: str, log_line: str) -> Reply:
        reply = self._fetch_page(f"{query} AND reviewed:true", "name", log_line)
        return reply if read_search(reply.json(), reply.provenance) else self._fetch_page(query, "name", log_line)

    def _search(self, query: str, discloses: Discloses, log_line: str) -> list[Protein]:
        reply = self._fetch_page(query, discloses, log_line)
        return read_search(reply.json(), reply.provenance)

    def _fetch_page(self, query: str, discloses: Discloses, log_line: str) -> Reply:
        params = {"query": query, "fields": FIELDS, "format": "json", "size": str(PAGE_SIZE)}
        return self._get("uniprotkb/search", discloses, log_line, params, check_search)

    def _get(
        self,
        path: str,
        discloses: Discloses,
        log_line: str,
        params: Mapping[str, str] | None = None,
        check: Check = check_reply,
    ) -> Reply:
        return self.transport.get("uniprot", path, discloses=discloses, log_line=log_line, params=params, check=check)


_Entry: TypeAlias = tuple[Mapping[str, Any], Provenance]


def check_results(reply: Reply) -> None:
    """Raise for anything that is no list of entries; see :func:`check_reply`."""
    check_reply(reply)
    _results(reply)


@well_formed("UniProt")
def _results(reply: Reply) -> list[Mapping[str, Any]]:
    results: list[Mapping[str, Any]] = reply.json()["results"]
    return results


def _is_of(entry: _Entry, accession: str) -> bool:
    """Whether an accession is the entry's own, not one that it had or took over."""
    return entry[0].get("primaryAccession") == accession


def _merged_into(entry: _Entry | BiomedAgentError) -> str:
    """The accession that took over an inactive entry; empty if it is active, or was deleted or split."""
    reason = {} if isinstance(entry, BiomedAgentError) else entry[0].get("inactiveReason") or {}
    successors = reason.get("mergeDemergeTo") or [""]
    return str(successors[0]) if str(reason.get("inactiveReasonType", "")).upper() == "MERGED" else ""


def quote(term: str) -> str:
    """Return ``term`` as a phrase of UniProt's (Lucene's) query language, where only these two need an escape."""
    escaped = term.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _of_organism(number: int | None, name: str) -> str:
    """Narrow a search to an organism, by its name or else by its number."""
    if name:
        return f" AND organism_name:{quote(name)}"
    return "" if number is None else f" AND organism_id:{int(number)}"


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > MAX_ASKED_NAME:
        raise InvalidInput(
            f"a name of {len(name):,} characters cannot be looked up.", f"Expected 1 to {MAX_ASKED_NAME} characters."
        )
    return name


def _match(accession: str) -> re.Match[str] | None:
    return _MAIN_AND_ISOFORM.fullmatch(accession.strip().upper())


def _split(accession: str) -> tuple[str, str]:
    match = _match(accession)
    if match is None:
        raise InvalidInput(
            f"{accession!r} is no UniProt accession.", "Expected something like P00533, A0A024R161 or P04637-2."
        )
    return match[1], match[2] or ""
