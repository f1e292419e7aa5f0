"""Requests to ChEMBL: the release that replies are kept under, and lists page after page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from biomed_agent.core.errors import Unavailable
from biomed_agent.core.privacy.egress import Discloses
from biomed_agent.core.types import Provenance
from biomed_agent.sources.chembl.readers import check_list, read_page, read_release, text_in
from biomed_agent.sources.http.reply import Check, Reply
from biomed_agent.sources.http.services import DAY
from biomed_agent.sources.http.transport import Transport

PAGE_SIZE = 1_000
"""rows of a page; the server cuts more without a word"""
MAX_PAGES = 20
"""pages of one list that are read; no pair and no drug fills one"""
RELEASE_TTL = DAY
"""seconds for which the release is not asked for again; all other replies are kept under it"""
_KEYS = {
    "molecule": "molecules", "target": "targets", "activity": "activities", "mechanism": "mechanisms",
    "drug_indication": "drug_indications", "drug_warning": "drug_warnings", "document": "documents",
}  # fmt: skip
"""where the rows of a list stand, by its resource"""
_IDS = {
    "molecule": "molecule_chembl_id", "target": "target_chembl_id", "activity": "activity_id", "mechanism": "mec_id",
    "drug_indication": "drugind_id", "drug_warning": "warning_id", "document": "document_chembl_id",
}  # fmt: skip
"""what a row is told apart by, and what lists are ordered by, so that pages do not overlap"""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a list, each once, with the provenance of its page."""

    rows: list[tuple[Mapping[str, Any], Provenance]]
    total: int
    """how many there are, beyond what was read as well"""


class Requests:
    """Asks ChEMBL, every time of the release that it serves now."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def release(self) -> str:
        """Return the release that ChEMBL serves now, such as ``ChEMBL_36``."""
        reply = self.transport.get(
            "chembl", "status.json", discloses="identifier", log_line="release", ttl=RELEASE_TTL, check=_check_status
        )
        return read_release(reply.json())

    def rows(
        self, resource: str, discloses: Discloses, log_line: str, params: Mapping[str, str], pages: int = MAX_PAGES
    ) -> Rows:
        """Return the rows of a list, page after page, each once.

        Raises:
            Unavailable: It has fewer rows than it says, without a page that follows.
        """
        asked = {"order_by": _IDS[resource], **params, "limit": str(PAGE_SIZE)}
        rows: dict[str, tuple[Mapping[str, Any], Provenance]] = {}
        received = total = 0
        for number in range(1, pages + 1):
            page_line = log_line if number == 1 else f"{log_line}, page {number}"
            reply = self.get(f"{resource}.json", discloses, page_line, asked, _check_page(resource))
            page = read_page(reply.json(), _KEYS[resource])
            before = len(rows)
            for row in page.rows:
                rows.setdefault(text_in(row, _IDS[resource]) or f"row {received}", (row, reply.provenance))
                received += 1
            total = max(total, page.total or 0, len(rows))
            if not page.next:
                if received < total:
                    raise Unavailable(
                        f"ChEMBL said {total:,} rows of {log_line} and sent {received:,}.", "Try again later."
                    )
                break
            if len(rows) == before:
                raise Unavailable(f"ChEMBL sent the same page of {log_line} twice.", "Try again later.")
            asked = dict(parse_qsl(urlsplit(page.next).query)) or asked
        return Rows(list(rows.values()), total)

    def get(self, path: str, discloses: Discloses, log_line: str, params: Mapping[str, str], check: Check) -> Reply:
        """Ask for something of the present release, and keep the reply under it."""
        release = self.release()
        reply = self.transport.get(
            "chembl", path, discloses=discloses, log_line=log_line, params=params, check=check, edition=release
        )
        return replace(reply, provenance=replace(reply.provenance, release=release))


def _check_status(reply: Reply) -> None:
    check_list(reply)
    read_release(reply.json())


def _check_page(resource: str) -> Check:
    """Return a check that reads the page as well, so that what cannot be read is asked for again and not kept."""

    def check(reply: Reply) -> None:
        check_list(reply)
        read_page(reply.json(), _KEYS[resource])

    return check
