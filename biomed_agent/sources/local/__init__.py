"""The local index: molecules, proteins and articles in SQLite files, read without any network.

The starter set that ships with the package (``biomed_agent/data/starter``) is built into a SQLite file in the cache
folder on first use; ``biomed-agent index build`` makes others of tables of the same layout and of the dumps of
PubChem, UniProt, PubMed, ChEMBL and BindingDB.
"""

from __future__ import annotations

from biomed_agent.sources.local.files import STARTER
from biomed_agent.sources.local.index import LocalIndex

__all__ = ["STARTER", "LocalIndex"]
