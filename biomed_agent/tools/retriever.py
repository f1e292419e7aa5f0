"""PubMed as a LangChain retriever, for chains that want documents rather than an answer."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from biomed_agent.answering.resolving.input_files import files_closed
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.types import Article
from biomed_agent.sources.literature.search import usable
from biomed_agent.tools.base import INSTEAD_OF_FILE, agent_of, default_agent

MAX_DOCUMENTS = 500
SPARE_ARTICLES = 5
"""articles asked for beyond ``k``, to take the places of retracted ones and of notices"""


class PubMedRetriever(BaseRetriever):
    """Finds articles for a query in PubMed's syntax, which is sent as it is; Europe PMC answers when PubMed cannot.

    A document's text is title and abstract; its metadata hold title, identifiers, year, journal, publication types,
    url, licence, the service that answered, and whether the article is retracted or a preprint. Retracted articles
    and notices (of a retraction, a concern, an erratum) are left out unless ``retracted`` is set. No hit is an empty
    list; a query of which PubMed would ignore a word, a look-up that the egress policy refuses and a service that
    does not answer raise a :class:`~biomed_agent.core.errors.BiomedAgentError`.
    """

    model_config = ConfigDict(extra="forbid")

    k: int = Field(default=5, ge=1, le=MAX_DOCUMENTS)
    """most documents returned; ``retriever.invoke(query, k=3)`` overrides it"""
    retracted: bool = False
    """whether retracted articles and notices are returned as well, marked in their metadata"""
    agent: Any = Field(default_factory=default_agent, exclude=True, repr=False)
    """a :class:`biomed_agent.BioMedAgent` or :class:`biomed_agent.tools.AgentFactory`"""

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        wanted = self._wanted(k)
        with files_closed(INSTEAD_OF_FILE):
            articles = agent_of(self.agent).articles(query, self._asked(wanted))
        return self._documents(articles, wanted)

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        wanted = self._wanted(k)
        with files_closed(INSTEAD_OF_FILE):
            articles = await agent_of(self.agent).aarticles(query, self._asked(wanted))
        return self._documents(articles, wanted)

    def _wanted(self, k: int | None) -> int:
        """Return how many documents are wanted."""
        wanted = self.k if k is None else k
        if not 1 <= wanted <= MAX_DOCUMENTS:
            raise InvalidInput(f"k {wanted} is out of range.", f"Expected 1 to {MAX_DOCUMENTS}.")
        return wanted

    def _asked(self, wanted: int) -> int:
        return wanted if self.retracted else wanted + SPARE_ARTICLES

    def _documents(self, articles: list[Article], wanted: int) -> list[Document]:
        chosen = articles if self.retracted else usable(articles, [])
        return [as_document(article) for article in chosen][:wanted]


def as_document(article: Article) -> Document:
    """Return an article as a document: title and abstract, and everything else as plain metadata."""
    origin = article.provenance
    return Document(
        id=article.handle,
        page_content="\n\n".join(part for part in (article.title, article.abstract) if part),
        metadata={
            "title": article.title,
            "pmid": article.pmid,
            "pmcid": article.pmcid,
            "doi": article.doi,
            "year": article.year,
            "journal": article.journal,
            "authors": list(article.authors),
            "types": list(article.types),
            "url": origin.url if origin else "",
            "retracted": article.retracted,
            "preprint": article.preprint,
            "notices": list(article.notices),
            "source": origin.source if origin else "",
            "licence": origin.licence if origin else "",
            "retrieved": origin.retrieved if origin else "",
        },
    )
