"""The questions put to PubChem, each with its request; what comes back is read by the readers beside.

Requests go through our transport, as a form wherever the input may hold a character that a path cannot.
"""

from __future__ import annotations

import contextvars
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeAlias

from biomed_agent.core.chemistry.structures import (
    looks_like_inchikey,
    molecule_from_inchi,
    molecule_from_smiles,
    similar,
)
from biomed_agent.core.errors import BiomedAgentError, InvalidInput, NotFound, Unavailable
from biomed_agent.core.privacy.egress import Discloses
from biomed_agent.core.types import Fact, Molecule, Provenance
from biomed_agent.sources.batch import Batch, in_chunks, in_order
from biomed_agent.sources.http.reply import PollPath, Reply
from biomed_agent.sources.http.services import DAY
from biomed_agent.sources.http.transport import ABSENT_TTL, Transport
from biomed_agent.sources.pubchem.annotations import HAZARDS, MEASURED, read_hazards, read_measurements
from biomed_agent.sources.pubchem.bioassays import read_bioactivity
from biomed_agent.sources.pubchem.readers import (
    TABLE,
    read_cids,
    read_compounds,
    read_descriptions,
    read_list_key,
    read_properties,
    read_record_cids,
    read_registry_numbers,
    read_row,
    read_rows,
    read_synonyms,
    read_titles,
    reads,
)
from biomed_agent.sources.search_hits import Hit, Hits

MAX_ASKED_NAME = 1_000
"""characters; PubChem's longest systematic names are shorter"""
BATCH_SIZE = 200
"""identifiers asked for at once; PubChem sets no number, but a request must be done in 30 s"""
MAX_RANKED = 200
"""hits of a search that are fetched and ranked: one table of :data:`BATCH_SIZE` compounds"""
SEARCH_TTL = 7 * DAY
"""seconds that searches and assay summaries are kept: both grow with every deposition"""
MAX_CONCURRENT = 4
"""names looked up at the same time: within the 300 s of computing that PubChem allows in a minute"""


class PubChem:
    """The questions put to PubChem.

    Each method raises :class:`~biomed_agent.core.errors.Refused` when the egress policy forbids the request and
    :class:`~biomed_agent.core.errors.Unavailable` when PubChem gives no answer.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def by_name(self, name: str) -> list[Molecule]:
        """Return the compounds PubChem knows by exactly this name or synonym, best first; may be several or none.

        What reads as a structure counts as one (:mod:`biomed_agent.core.privacy.disclosure`): under ``names-only`` it
        is refused.
        """
        name = _name(name)
        return self._look_up("name", name, "name", f"name {name}")

    def by_cid(self, cid: int) -> Molecule:
        """Return the compound with this CID; raise :class:`~biomed_agent.core.errors.NotFound` if there is none."""
        reply = self._get(_cid(cid), "", f"CID {cid}", _compounds)
        molecules = read_compounds(reply.json(), reply.provenance, self._titles([cid]))
        if not molecules:
            raise NotFound(f"PubChem has no compound with CID {cid}.", "Check the number.")
        return molecules[0]

    def by_inchikey(self, key: str) -> list[Molecule]:
        """Return the compounds with this InChIKey; water's has two."""
        key = _inchikey(key)
        return self._look_up("inchikey", key, "identifier", f"InChIKey {key}")

    def by_smiles(self, smiles: str) -> list[Molecule]:
        """Return PubChem's record of a structure; none if PubChem does not hold it."""
        return self._look_up("smiles", molecule_from_smiles(smiles).smiles, "structure", "structure (SMILES)")

    def by_inchi(self, inchi: str) -> list[Molecule]:
        """Return PubChem's record of a structure; none if PubChem does not hold it."""
        molecule_from_inchi(inchi)
        return self._look_up("inchi", inchi.strip(), "structure", "structure (InChI)")

    def synonyms(self, cid: int) -> tuple[str, ...]:
        """Return all names of a compound, best known first."""
        try:
            return read_synonyms(self._get(_cid(cid), "/synonyms", f"synonyms of CID {cid}", read_synonyms).json())
        except NotFound:
            return ()

    def descriptions(self, cid: int) -> list[Fact]:
        """Return what depositors say about a compound, each with its source and link."""
        try:
            reply = self._get(_cid(cid), "/description", f"descriptions of CID {cid}", _descriptions)
        except NotFound:
            return []
        return read_descriptions(reply.json(), reply.provenance)

    def properties(self, cid: int) -> list[Fact]:
        """Return the values PubChem stores for a compound (weight, XLogP3, TPSA, counts ...)."""
        reply = self._get(_cid(cid), "", f"CID {cid}", _properties)
        return read_properties(reply.json(), reply.provenance)

    def registry_numbers(self, cid: int) -> tuple[str, ...]:
        """Return the CAS registry numbers depositors give for a compound, in PubChem's order; often several."""
        try:
            reply = self._get(_cid(cid), "/xrefs/RN", f"registry numbers of CID {cid}", read_registry_numbers)
        except NotFound:
            return ()
        return read_registry_numbers(reply.json()).get(cid, ())

    def hazards(self, cid: int) -> list[Fact]:
        """Return the GHS hazards depositors state; see :func:`.annotations.read_hazards`."""
        reply = self._view(_cid(cid), HAZARDS, read_hazards)
        return [] if reply is None else read_hazards(reply.json(), reply.provenance)

    def measurements(self, cid: int) -> list[Fact]:
        """Return the measured values depositors state; see :func:`.annotations.read_measurements`."""
        reply = self._view(_cid(cid), MEASURED, read_measurements)
        return [] if reply is None else read_measurements(reply.json(), reply.provenance)

    def bioactivity(self, cid: int) -> list[Fact]:
        """Return what a compound was tested on, best results first; see :func:`.bioassays.read_bioactivity`."""
        try:
            reply = self._get(_cid(cid), "/assaysummary", f"bioassays of CID {cid}", _bioactivity, SEARCH_TTL)
        except NotFound:
            return []
        return read_bioactivity(reply.json(), cid, reply.provenance)

    def similar(self, molecule: Molecule, threshold: float = 0.9, limit: int = 10) -> Hits:
        """Find compounds like a molecule, most alike first.

        PubChem compares its own 881 substructure keys; of what passes ``threshold`` by those, the first
        :data:`MAX_RANKED` are ranked here by Morgan fingerprints.

        Args:
            molecule: Asked about by its CID where it has one, which reveals no structure; else by its SMILES.
            threshold: Least similarity by PubChem's keys, 0 to 1.
            limit: Most hits returned.
        """
        params = {"Threshold": str(round(100 * threshold))}
        how = f"2D similarity >= {threshold:g} by PubChem's substructure keys"
        hits = self._search("fastsimilarity_2d", molecule, params, how, "compounds like")
        ranked = sorted(hits.hits, key=lambda hit: (-(hit.likeness or 0), int(hit.molecule.ids["cid"])))
        return replace(hits, hits=tuple(ranked[:limit]))

    def containing(self, molecule: Molecule, limit: int = 10) -> Hits:
        """Find compounds that hold a structure, the smallest of the first :data:`MAX_RANKED` of PubChem's first.

        Args:
            molecule: Asked about by its CID where it has one, which reveals no structure; else by its SMILES.
            limit: Most hits returned.
        """
        hits = self._search("fastsubstructure", molecule, {}, "substructure search of PubChem", "compounds that hold")
        ranked = sorted(hits.hits, key=lambda hit: (hit.molecule.weight or 0, int(hit.molecule.ids["cid"])))
        return replace(hits, hits=tuple(Hit(hit.molecule) for hit in ranked[:limit]))

    def _search(self, kind: str, molecule: Molecule, params: Mapping[str, str], how: str, log_line: str) -> Hits:
        """Ask for one more than is ranked, so as to know whether there are more; the molecule itself is no hit."""
        params = {**params, "MaxRecords": str(MAX_RANKED + 2)}
        cid = molecule.ids.get("cid", "")
        try:
            if cid:
                log_line = f"{log_line} CID {cid}"
                reply = self._get(int(cid), "/cids", log_line, read_cids, SEARCH_TTL, f"compound/{kind}/cid", params)
            else:
                log_line = f"{log_line} a structure (SMILES)"
                reply = self._post(f"{kind}/smiles", "/cids", molecule.smiles, "structure", log_line, read_cids, params)
        except NotFound:  # PubChem's way of saying that there are none
            return Hits((), 0, False, Provenance("PubChem", how, licence=self.transport.services["pubchem"].licence))
        cids = [hit for hit in read_cids(reply.json()) if str(hit) != cid]
        batch = self.by_cids(cids[:MAX_RANKED])
        if cids and not batch.records:
            raise next(iter(batch.missing.values()))
        same = [hit for hit, compound in batch.records.items() if compound.inchikey == molecule.inchikey != ""]
        others = [compound for compound in batch.records.values() if int(compound.ids["cid"]) not in same]
        hits = [Hit(compound, similar(molecule, compound)) for compound in others]
        origin = replace(reply.provenance, identifier=how)
        return Hits(tuple(hits), min(len(cids), MAX_RANKED) - len(same), len(cids) > MAX_RANKED, origin)

    def by_cids(self, cids: Sequence[int]) -> Batch[int, Molecule]:
        """Look up many CIDs, one request for :data:`BATCH_SIZE` of them; what the cache holds is not asked for."""
        rows = self._rows("cid", [str(cid) for cid in cids if _is_cid(cid)])
        return in_order(cids, lambda cid: _outcome(rows, str(_cid(cid)), f"compound with CID {cid}")[0])

    def by_inchikeys(self, keys: Sequence[str]) -> Batch[str, list[Molecule]]:
        """Look up many InChIKeys, one request for :data:`BATCH_SIZE` of them; a key may have several compounds."""
        rows = self._rows("inchikey", [key.strip().upper() for key in keys if looks_like_inchikey(key.strip().upper())])
        return in_order(keys, lambda key: _outcome(rows, _inchikey(key), f"compound with InChIKey {key}"))

    def by_names(self, names: Sequence[str]) -> Batch[str, list[Molecule]]:
        """Look up many names, one request each, :data:`MAX_CONCURRENT` at a time; a name may have several compounds.

        A thousand take about 206 s when none is in the cache: PubChem allows five requests a second.
        """

        def look_up(name: str) -> list[Molecule]:
            name = _name(name)
            reply = self._table("name", name, "name", f"name {name}")
            molecules = _molecules((row, reply.provenance) for row in read_rows(reply.json()))
            if not molecules:
                raise NotFound(f"PubChem has no compound named {name}.")
            return molecules

        pool = ThreadPoolExecutor(MAX_CONCURRENT, thread_name_prefix="look-up")
        # Each runs in a copy of this context, so that what leaves is recorded here.
        asked = {name: pool.submit(contextvars.copy_context().run, look_up, name) for name in dict.fromkeys(names)}
        pool.shutdown(wait=False)  # its threads end when nothing is left to do
        try:
            return in_order(names, lambda name: asked[name].result())
        except BaseException:  # who interrupts does not want to wait for the other names
            for future in asked.values():
                future.cancel()
            raise

    def _rows(self, namespace: str, values: Sequence[str]) -> dict[str, list[_Row] | BiomedAgentError]:
        """Return the rows of identifiers, by identifier: from the cache, or from PubChem, which are then kept."""
        path, column = f"compound/{namespace}/{TABLE}/JSON", {"cid": "CID", "inchikey": "InChIKey"}[namespace]
        values = list(dict.fromkeys(values))
        cached = self.transport.cached("pubchem", path, {value: {namespace: value} for value in values})
        rows: dict[str, list[_Row] | BiomedAgentError] = {
            value: [(row, reply.provenance) for row in read_rows(reply.json())] for value, reply in cached.items()
        }

        def fetch(part: Sequence[str]) -> dict[str, list[_Row]]:
            log_line = f"{len(part)} {column}s from {part[0]} to {part[-1]}"
            reply = self._table(namespace, ",".join(part), "identifier", log_line)
            by_value: dict[str, list[_Row]] = {}
            for row in read_rows(reply.json()):
                by_value.setdefault(str(row.get(column)), []).append((row, reply.provenance))
            by_value = {value: by_value[value] for value in part if value in by_value}
            tables = [
                ({namespace: value}, {"PropertyTable": {"Properties": [row for row, _ in its]}})
                for value, its in by_value.items()
            ]
            parts = [(params, json.dumps(table).encode()) for params, table in tables]
            self.transport.store_parts(reply, "pubchem", path, parts)
            empty = json.dumps({"PropertyTable": {"Properties": []}}).encode()
            unknown = [({namespace: value}, empty) for value in part if value not in by_value]
            self.transport.store_parts(reply, "pubchem", path, unknown, ABSENT_TTL)
            return by_value

        return rows | in_chunks([value for value in values if value not in rows], BATCH_SIZE, fetch)

    def _get(
        self,
        cid: int,
        operation: str,
        log_line: str,
        read: Callable[[Any], object],
        ttl: float | None = None,
        namespace: str = "compound/cid",
        params: Mapping[str, str] | None = None,
    ) -> Reply:
        return self.transport.get(
            "pubchem",
            f"{namespace}/{cid}{operation}/JSON",
            discloses="identifier",
            log_line=log_line,
            params=params,
            ttl=ttl,
            check=reads(read),
            poll_path=_poll_path(operation),
        )

    def _view(self, cid: int, heading: str, read: Callable[[Mapping[str, Any], Provenance], object]) -> Reply | None:
        """Ask PUG View, which lies beside PUG REST, for one heading of a record; None when it has none."""
        import httpx

        base = httpx.URL(self.transport.services["pubchem"].url)
        try:
            return self.transport.get(
                "pubchem",
                str(base.join(f"pug_view/data/compound/{cid}/JSON")),
                discloses="identifier",
                log_line=f"{heading} of CID {cid}",
                params={"heading": heading},
                check=reads(lambda body: read(body, _UNKNOWN)),
            )
        except (NotFound, InvalidInput):  # a record without the heading is a bad request to PUG View
            return None

    def _table(self, namespace: str, value: str, discloses: Discloses, log_line: str) -> Reply:
        return self._post(namespace, "/" + TABLE, value, discloses, log_line, read_rows)

    def _post(
        self,
        namespace: str,
        operation: str,
        value: str,
        discloses: Discloses,
        log_line: str,
        read: Callable[[Any], object],
        params: Mapping[str, str] | None = None,
    ) -> Reply:
        return self.transport.post(
            "pubchem",
            f"compound/{namespace}{operation}/JSON",
            form={namespace.rpartition("/")[2]: value},
            params=params,
            ttl=SEARCH_TTL if operation == "/cids" else None,
            discloses=discloses,
            log_line=log_line,
            check=reads(read),
            poll_path=_poll_path(operation),
        )

    def _look_up(self, namespace: str, value: str, discloses: Discloses, log_line: str) -> list[Molecule]:
        try:
            reply = self._post(namespace, "", value, discloses, log_line, _compounds)
        except NotFound:
            return []
        cids = read_record_cids(reply.json())
        return read_compounds(reply.json(), reply.provenance, self._titles(cids)) if cids else []

    def _titles(self, cids: Sequence[int]) -> dict[int, str]:
        """Ask for the compounds' titles, which records do not hold; without them the IUPAC name stands in."""
        numbers = ",".join(str(cid) for cid in cids)
        try:
            log_line = f"title of CID {numbers}"
            reply = self._post("cid", "/property/Title", numbers, "identifier", log_line, read_titles)
            return read_titles(reply.json())
        except (NotFound, Unavailable):
            return {}


_Row: TypeAlias = tuple[Mapping[str, Any], Provenance]
_UNKNOWN = Provenance("PubChem")
"""of what is read only to see whether it can be"""


def _compounds(body: Any) -> object:
    return read_record_cids(body), read_compounds(body, _UNKNOWN)


def _properties(body: Any) -> object:
    return read_properties(body, _UNKNOWN)


def _descriptions(body: Any) -> object:
    return read_descriptions(body, _UNKNOWN)


def _bioactivity(body: Any) -> object:
    return read_bioactivity(body, 0, _UNKNOWN)


def _poll_path(operation: str) -> PollPath:
    """Where the answer of a queued request lies: the same operation on the list PubChem made of what was asked."""

    def path(reply: Reply) -> str | None:
        key = read_list_key(reply.json())
        return None if key is None else f"compound/listkey/{key}{operation}/JSON"

    return path


def _outcome(rows: Mapping[str, list[_Row] | BiomedAgentError], value: str, thing: str) -> list[Molecule]:
    its = rows.get(value, [])
    if isinstance(its, BiomedAgentError) and not isinstance(its, NotFound):
        raise its
    if isinstance(its, NotFound) or not its:
        raise NotFound(f"PubChem has no {thing}.")
    return _molecules(its)


def _molecules(rows: Iterable[_Row]) -> list[Molecule]:
    """Read rows; one that cannot be read matters only when no other can be."""
    molecules: list[Molecule] = []
    problem: InvalidInput | None = None
    for row, provenance in rows:
        try:
            molecules.append(read_row(row, provenance))
        except InvalidInput as error:
            problem = error
    if problem is not None and not molecules:
        raise problem
    return molecules


def _name(name: str) -> str:
    """Return a name as it is sent."""
    name = " ".join(name.split())
    if not name or len(name) > MAX_ASKED_NAME:
        raise InvalidInput(
            f"a name of {len(name):,} characters cannot be looked up.", f"Expected 1 to {MAX_ASKED_NAME:,} characters."
        )
    return name


def _inchikey(key: str) -> str:
    key = key.strip().upper()
    if not looks_like_inchikey(key):
        raise InvalidInput(
            f"{key!r} is no InChIKey.", "Expected 14, 10 and 1 capital letters, as in BSYNRYMUTXBXSQ-UHFFFAOYSA-N."
        )
    return key


def _is_cid(cid: Any) -> bool:
    return isinstance(cid, int) and not isinstance(cid, bool) and cid > 0


def _cid(cid: int) -> int:
    if not _is_cid(cid):
        raise InvalidInput(f"CID {cid!r} cannot be looked up.", "Expected a whole number from 1, such as 2244.")
    return cid
