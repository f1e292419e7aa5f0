"""PubChem with answers fetched in advance: many identifiers with one request, names several at a time."""

from __future__ import annotations

from collections.abc import Sequence

from biomed_agent.core.errors import NotFound
from biomed_agent.core.types import Molecule
from biomed_agent.sources.batch import Batch
from biomed_agent.sources.http.transport import Transport
from biomed_agent.sources.pubchem.client import PubChem


class Ahead(PubChem):
    """Answers as :class:`PubChem` does, from what was fetched when it was made; everything else is asked for.

    Args:
        transport: How to ask.
        cids: CIDs that :meth:`by_cid` will be asked for.
        keys: InChIKeys, in capitals, that :meth:`by_inchikey` will be asked for.
        names: Names that :meth:`by_name` will be asked for.
    """

    def __init__(
        self, transport: Transport, cids: Sequence[int] = (), keys: Sequence[str] = (), names: Sequence[str] = ()
    ) -> None:
        super().__init__(transport)
        self._cids, self._keys = self.by_cids(cids), self.by_inchikeys(keys)
        self._names = self.by_names([_spaced(name) for name in names])

    def by_cid(self, cid: int) -> Molecule:
        """See :meth:`.PubChem.by_cid`."""
        if cid in self._cids.missing:
            raise self._cids.missing[cid]
        return self._cids.records.get(cid) or super().by_cid(cid)

    def by_inchikey(self, key: str) -> list[Molecule]:
        """See :meth:`.PubChem.by_inchikey`."""
        fetched = _fetched(self._keys, key.strip().upper())
        return super().by_inchikey(key) if fetched is None else fetched

    def by_name(self, name: str) -> list[Molecule]:
        """See :meth:`.PubChem.by_name`."""
        fetched = _fetched(self._names, _spaced(name))
        return super().by_name(name) if fetched is None else fetched


def _fetched(batch: Batch[str, list[Molecule]], asked: str) -> list[Molecule] | None:
    """Return what was fetched, nothing for what PubChem does not have, and None for what was not asked for."""
    error = batch.missing.get(asked)
    if isinstance(error, NotFound):
        return []
    if error is not None:
        raise error
    return batch.records.get(asked)


def _spaced(name: str) -> str:
    return " ".join(name.split())
