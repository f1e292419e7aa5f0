"""UniProt (REST): proteins by accession, name, gene, EC number or sequence, and the facts of their entries.

``client.py`` asks, ``readers.py`` and ``facts.py`` read its replies, and ``files.py`` what people download: pure
functions from a parsed body to our types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomed_agent.core.lazy import lazy_names

if TYPE_CHECKING:
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

__getattr__ = lazy_names(
    __name__,
    {
        **dict.fromkeys(("UniProt", "quote"), "client"),
        "read_facts": "facts",
        **dict.fromkeys(("read_file", "read_flat", "read_xml"), "files"),
        **dict.fromkeys(("read_entry", "read_fasta", "read_search", "read_uniparc"), "readers"),
    },
)
"""who is offline needs no client, and reading it in takes time"""
