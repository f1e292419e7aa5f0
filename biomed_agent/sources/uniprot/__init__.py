"""UniProt (REST): proteins by accession, name, gene, EC number or sequence, and the facts of their entries.

``client.py`` asks, ``readers.py`` and ``facts.py`` read its replies, and ``files.py`` what people download: pure
functions from a parsed body to our types.
"""

from __future__ import annotations

from biomed_agent.sources.uniprot.client import UniProt, quote
from biomed_agent.sources.uniprot.facts import read_facts
from biomed_agent.sources.uniprot.files import read_file, read_flat, read_xml
from biomed_agent.sources.uniprot.readers import read_entry, read_fasta, read_search, read_uniparc

__all__ = [
    "UniProt",
    "quote",
    "read_entry",
    "read_facts",
    "read_fasta",
    "read_file",
    "read_flat",
    "read_search",
    "read_uniparc",
    "read_xml",
]
