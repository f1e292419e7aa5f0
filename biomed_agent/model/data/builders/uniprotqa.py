"""UniProtQA: four questions about each protein of UniProtKB, in the nesting of the release."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.contract.prompt import QUESTIONS
from biomed_agent.model.data.builders.writer import BuildReport, Draft, Found, Page, Tell, read_pages
from biomed_agent.model.data.pairs import (
    TSV_COLUMNS,
    ProteinRecord,
    flat_record,
    json_record,
    protein_answers,
    table_record,
)
from biomed_agent.sources.http.malformed import well_formed
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.local.dumps import Dump
from biomed_agent.sources.uniprot.client import check_results

FIELDS = "accession,protein_name,sequence,cc_function,cc_similarity,cc_subcellular_location"
PAGE_ENTRIES = 500
"""entries asked for at once: the most UniProt gives"""
DUMP_PAGE_ENTRIES = 2_000
"""entries of a dump stored at once"""
REVIEWED = "reviewed:true"
"""Swiss-Prot, in UniProt's query language"""


def build_uniprotqa(
    output: Path,
    transport: Transport | None = None,
    *,
    query: str = REVIEWED,
    dumps: Sequence[Path] = (),
    limit: int | None = None,
    restart: bool = False,
    tell: Tell = lambda words: None,
) -> BuildReport:
    """Write ``{accession: {"sequence": ..., "data": [[question, answer], ...]}}``.

    Args:
        output: JSON file to write.
        transport: Asks UniProt; not needed for dumps.
        query: Which entries, in UniProt's query language.
        dumps: Files to read instead of asking: UniProt's flat file or table, plain or packed.
        limit: Most proteins to write.
        restart: Begin anew rather than go on where a build of that output stopped.
        tell: Is told how far it is.

    Raises:
        InvalidInput: A dump cannot be read, or a build of other options was begun.
        Refused: The egress policy forbids to ask.
        Unavailable: UniProt gives no answer; what was found is kept, and the same call goes on.
    """
    files = [str(path.resolve()) for path in dumps]
    what = {"pairs": "uniprotqa", "from": files or query, "limit": limit}
    if dumps:
        ask = _from_dumps(dumps)
    elif transport is not None:
        ask = _from_uniprot(transport, query)
    else:
        raise InvalidInput("neither a connection nor a dump was given.", "Give one of them.")
    with Draft(output, what, restart) as draft:
        read_pages(draft, ask, limit, lambda draft, page: tell(_progress(draft, page)))
        tell("writing")
        return draft.finish(_entries)


def _progress(draft: Draft, page: Page) -> str:
    return f"{draft.entities:,}{f' of {page.of:,}' if page.of else ''} proteins"


def _entries(draft: Draft) -> Iterator[tuple[str, Any]]:
    for accession, sequence, pairs in draft.by_key():
        yield accession, {"sequence": sequence, "data": pairs}


def _page(records: Iterable[ProteinRecord], mark: str, of: int | None = None, release: str = "") -> Page:
    entries: list[Found] = []
    skipped: Counter[str] = Counter()
    for record in records:
        answers = protein_answers(record)
        if not record.sequence:
            skipped["the entry has no sequence"] += 1
        elif not answers:
            skipped["the entry states no function, name, family or location"] += 1
        else:
            pairs = tuple((QUESTIONS[kind], answer) for kind, answer in answers.items())
            entries.append(Found(record.accession, pairs, record.sequence))
    return Page(entries, mark, skipped, of, release)


def _from_uniprot(transport: Transport, query: str) -> Callable[[str], Page]:
    """Return what asks UniProt for a page: a search, and then the address each page gives of the next."""
    params = {"query": query, "fields": FIELDS, "format": "json", "size": str(PAGE_ENTRIES)}

    def ask(mark: str) -> Page:
        reply = transport.get(
            "uniprot",
            mark or "uniprotkb/search",
            params=None if mark else params,
            discloses="query",
            log_line=f"pairs of {query}" + (", next page" if mark else ""),
            ttl=0,
            check=check_results,
        )
        following = re.search(r'<([^>]+)>;\s*rel="next"', reply.headers.get("link", ""))
        total = reply.headers.get("x-total-results", "")
        with well_formed("UniProt"):
            records = [json_record(entry) for entry in reply.json()["results"]]
        return _page(
            records,
            following[1] if following else "",
            int(total) if total.isdigit() else None,
            reply.headers.get("x-uniprot-release", ""),
        )

    return ask


def _from_dumps(dumps: Sequence[Path]) -> Callable[[str], Page]:
    """Return what reads a page of dumps; a mark is the number of records read, those before it are passed over."""
    opened: Iterator[ProteinRecord] | None = None
    at = 0

    def ask(mark: str) -> Page:
        nonlocal opened, at
        if opened is None:
            opened = (record for path in dumps for record in _records(path))
            at = sum(1 for _ in islice(opened, int(mark or 0)))
        records = list(islice(opened, DUMP_PAGE_ENTRIES))
        at += len(records)
        return _page(records, str(at) if len(records) == DUMP_PAGE_ENTRIES else "")

    return ask


def _records(path: Path) -> Iterator[ProteinRecord]:
    with Dump(path) as dump:
        lines = (line for _, line in dump.lines())
        first = next(lines, "")
        columns = first.lower().split("\t")
        if first.startswith("ID   "):
            yield from _flat(path, first, lines)
        elif {"entry", "sequence"} <= set(columns):
            for line in lines:
                cells = zip(columns, line.split("\t"), strict=False)
                yield table_record({TSV_COLUMNS[name]: cell for name, cell in cells if name in TSV_COLUMNS})
        else:
            raise InvalidInput(
                f"{path} is neither UniProt's flat file nor a table with the columns Entry and Sequence.",
                "Download uniprot_sprot.dat.gz, or a table with Function [CC] and the like.",
            )


def _flat(path: Path, first: str, lines: Iterable[str]) -> Iterator[ProteinRecord]:
    entry = [first]
    for line in lines:
        if line.startswith("//"):
            yield flat_record(entry)
            entry = []
        else:
            entry.append(line)
    if any(line.strip() for line in entry):
        raise InvalidInput(f"{path} ends inside an entry.", "Fetch it again.")
