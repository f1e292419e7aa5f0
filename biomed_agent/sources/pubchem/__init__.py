"""PubChem: molecules by name, identifier or structure, and what depositors say about them.

:mod:`.client` asks, and :mod:`.prefetched` answers from what was asked for many names at once. :mod:`.readers` read
PUG REST's records, tables and lists, :mod:`.annotations` the hazards and measured values of PUG View, :mod:`.bioassays`
the outcomes of assays; :mod:`.depositor_facts` turns them into facts of an entity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomed_agent.core.lazy import lazy_names

__all__ = ["Ahead", "PubChem"]

if TYPE_CHECKING:
    from biomed_agent.sources.pubchem.client import PubChem
    from biomed_agent.sources.pubchem.prefetched import Ahead

__getattr__ = lazy_names(__name__, {"PubChem": "client", "Ahead": "prefetched"})
"""who is offline needs no client, and reading it in takes time"""
