"""The look-up tool for papers: the articles of a search."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from biomed_agent.tools.base import BioMedTool, Strict


class SearchLiteratureArguments(Strict):
    """What :class:`SearchLiteratureTool` takes."""

    query: str = Field(
        min_length=1,
        description='Search string in PubMed\'s syntax, such as "metformin AND lifespan[tiab]", or PMIDs ("PMID: '
        '12377809"). It is sent exactly as given; put nothing confidential in it.',
    )
    limit: int = Field(5, ge=1, le=20, description="Most articles returned.")


class SearchLiteratureTool(BioMedTool):
    """Lists the articles of a search, each with a verbatim passage."""

    name: str = "search_literature"
    description: str = (
        "Search PubMed (and Europe PMC, preprints among them, when PubMed has little) and list the articles, most "
        "relevant first: title, journal, year, type, PMID or DOI and one verbatim passage each. Retracted articles are "
        "left out and named, corrections and preprints marked; the query as PubMed read it is shown, and a query of "
        "which PubMed would ignore a key word is refused."
    )
    args_schema: type[BaseModel] = SearchLiteratureArguments

    def _call(self, agent: Any, arguments: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return "search_literature", {"query": arguments["query"], "limit": arguments.get("limit", 5)}
