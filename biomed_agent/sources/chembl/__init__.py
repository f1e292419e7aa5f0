"""ChEMBL's web services: measured activities of molecules and proteins, and what is on record of a drug.

:mod:`.client` asks, through :mod:`.requests`; :mod:`.readers` read statuses, pages, molecules, targets and documents,
:mod:`.activities` the rows of measured activities, and :mod:`.drugs` mechanisms, indications, warnings and approval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomed_agent.core.lazy import lazy_names

__all__ = ["ChEMBL"]

if TYPE_CHECKING:
    from biomed_agent.sources.chembl.client import ChEMBL

__getattr__ = lazy_names(__name__, {"ChEMBL": "client"})
"""who is offline needs no client, and reading it in takes time"""
