"""The databases behind HTTP: addresses, limits, licences."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.privacy.credentials import Credentials, redact_address, split_credentials
from biomed_agent.sources.http.rate_limit import SLACK

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Service:
    """One database behind HTTP."""

    name: str
    url: str
    per_second: float
    """requests that may start in one second"""
    licence: str
    ttl: float
    """seconds a reply is kept in the cache unless the caller says otherwise"""
    per_minute: float = math.inf
    credentials: Credentials | None = field(default=None, repr=False)
    """user name and password the service wants; never part of ``url``"""

    @property
    def interval(self) -> float:
        """Seconds between two starts, so that neither limit is passed."""
        return SLACK * max(1 / self.per_second, 60 / self.per_minute)


SERVICES: dict[str, Service] = {
    "pubchem": Service(
        "PubChem",
        "https://pubchem.ncbi.nlm.nih.gov/rest/pug",
        5,
        "public domain; depositors' terms may apply",
        30 * DAY,
        per_minute=400,
    ),
    "uniprot": Service("UniProt", "https://rest.uniprot.org", 5, "CC BY 4.0", 7 * DAY),
    "pubmed": Service(
        "PubMed",
        "https://eutils.ncbi.nlm.nih.gov/entrez/eutils",
        3,
        "bibliographic data free to use; abstracts may be under copyright",
        7 * DAY,
    ),
    "europepmc": Service(
        "Europe PMC",
        "https://www.ebi.ac.uk/europepmc/webservices/rest",
        5,
        "bibliographic data free to use; abstracts may be under copyright",
        7 * DAY,
    ),
    "chembl": Service("ChEMBL", "https://www.ebi.ac.uk/chembl/api/data", 2, "CC BY-SA 3.0", 90 * DAY),
}
"""Rates: PubChem and NCBI publish theirs (NCBI: 10 with a key); UniProt and Europe PMC publish none, 5 is polite.
ChEMBL publishes none and computes longer: 2. Its replies are kept by release, so long as one lasts."""


def placed(service: Service, given: str | Service | None) -> Service:
    """Return the service as given, or at the address given; what the address holds of credentials is put aside.

    Raises:
        InvalidInput: The address is none to which a path can be added.
    """
    service = given if isinstance(given, Service) else replace(service, url=given or service.url)
    try:
        url, credentials = split_credentials(service.url)
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        fine = False
    if not fine or parts.query or parts.fragment or "@" in url:
        raise InvalidInput(
            f"the address of {service.name}, {redact_address(service.url)!r}, cannot be used; "
            "expected something like https://host/path.",
            "Percent-encode what a user name or password has of / ? # @ :, and leave out query and fragment.",
        )
    return replace(service, url=url.rstrip("/"), credentials=credentials or service.credentials)
