"""UniProt (REST): proteins by accession, name, gene, EC number or sequence, and the facts of their entries.

``client.py`` asks, ``readers.py`` and ``facts.py`` read: pure functions from a parsed reply to our types.
"""

from __future__ import annotations

from .client import ACCESSION, UniProt, quote
from .facts import read_facts
from .readers import read_entry, read_fasta, read_search

__all__ = ["ACCESSION", "UniProt", "quote", "read_entry", "read_facts", "read_fasta", "read_search"]
