"""The parts an agent is made of, opened once and shared by all its calls."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from biomed_agent.answering.evidence import Retriever
    from biomed_agent.answering.resolving.resolver import Resolver
    from biomed_agent.core.settings import Settings
    from biomed_agent.model.contract.generation import Generator
    from biomed_agent.sources.http.transport import Transport
    from biomed_agent.sources.local import LocalIndex
    from biomed_agent.sources.local.structure_search import StructureSearch


@dataclass(frozen=True, slots=True)
class Components:
    """What answers are made with."""

    index: LocalIndex
    resolver: Resolver
    retriever: Retriever
    structures: StructureSearch
    generator: Generator | None = None
    transport: Transport | None = None
    """None where look-ups are switched off"""
    model_off: bool = False
    """whether there is no generator because the settings say so"""

    def close(self) -> None:
        """Give back connections, files and the model; harmless when done twice."""
        for part in (self.generator, self.transport, self.index):
            with suppress(AttributeError):
                part.close()  # type: ignore[union-attr]


def open_components(settings: Settings, *, files: bool = True) -> Components:
    """Open the parts that the settings ask for; nothing is asked of anybody, and no model is loaded.

    Args:
        settings: What to open.
        files: Whether ``file:`` in a name may read a local file.
    """
    from biomed_agent.answering.evidence import Retriever
    from biomed_agent.answering.resolving.resolver import Resolver
    from biomed_agent.sources.literature.article_search import ArticleSearch
    from biomed_agent.sources.local import LocalIndex
    from biomed_agent.sources.local.structure_search import StructureSearch

    index = LocalIndex.open(settings.cache_dir, settings.index)
    transport = pubchem = uniprot = articles = chembl = None
    if not settings.offline:
        from biomed_agent.sources.chembl import ChEMBL
        from biomed_agent.sources.http.transport import Transport
        from biomed_agent.sources.literature.europepmc import EuropePMC
        from biomed_agent.sources.literature.pubmed import PubMed
        from biomed_agent.sources.literature.search import Literature
        from biomed_agent.sources.pubchem import PubChem
        from biomed_agent.sources.uniprot import UniProt

        transport = Transport.of(settings)
        pubchem, uniprot, chembl = PubChem(transport), UniProt(transport), ChEMBL(transport)
        articles = Literature(PubMed(transport), EuropePMC(transport))
    searched = ArticleSearch(index, articles, settings.egress == "nothing")
    return Components(
        index=index,
        resolver=Resolver(index, pubchem, uniprot, files=files),
        retriever=Retriever(index, pubchem, uniprot, searched, chembl),
        structures=StructureSearch(index, settings.cache_dir),
        generator=_generator(settings),
        transport=transport,
        model_off=_switched_off(settings),
    )


def _switched_off(settings: Settings) -> bool:
    return not settings.host and (settings.model or "").lower() == "none"


def _generator(settings: Settings) -> Generator | None:
    if _switched_off(settings):
        return None
    from biomed_agent.model.connect import connect

    return connect(
        settings.host,
        settings.model,
        egress=settings.egress,
        api_key=settings.api_key.get_secret_value(),
        load_in=settings.load_in,
        audit=settings.audit_path,
    )
