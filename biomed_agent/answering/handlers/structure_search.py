"""Molecules that are like one, and molecules that hold one as a part: in PubChem, or in the local index."""

from __future__ import annotations

from collections.abc import Callable

from biomed_agent.answering.context import AnswerContext
from biomed_agent.answering.wording import compose
from biomed_agent.core.errors import InvalidInput, Refused, Unavailable
from biomed_agent.core.query import MAX_LISTED, Query
from biomed_agent.core.types import Answer, Fact, Molecule
from biomed_agent.sources.pubchem import PubChem
from biomed_agent.sources.search_hits import Hit, Hits

USUAL_HITS = 10
MAX_NAMED_HITS = 10
"""hits named in the sentence; all of them are facts"""
_PUBCHEM_THRESHOLD, _LOCAL_THRESHOLD = 0.9, 0.4
"""least similarity where the query states none: of PubChem's keys, and of Morgan fingerprints"""


def handle_similar(context: AnswerContext, query: Query) -> Answer:
    """Find molecules like one, most alike first; a filter on ``similarity`` sets the least (0 to 1)."""
    molecule, limit = _molecule(context), query.limit or USUAL_HITS
    threshold = next((condition.value for condition in query.filters if condition.field == "similarity"), None)
    live = _PUBCHEM_THRESHOLD if threshold is None else float(str(threshold))
    local = _LOCAL_THRESHOLD if threshold is None else float(str(threshold))
    hits = _search(
        context,
        lambda pubchem: pubchem.similar(molecule, live, limit),
        lambda: context.components.structures.similar(molecule, local, limit),
    )
    what = f"like {compose.name_of(molecule)}"
    otherwise = "Lower the threshold to find less similar ones."
    return _close(context, molecule, hits, "similar molecule", (what, "most alike first"), otherwise)


def handle_containing(context: AnswerContext, query: Query) -> Answer:
    """Find molecules that hold one as a part, the smallest first."""
    molecule, limit = _molecule(context), query.limit or USUAL_HITS
    hits = _search(
        context,
        lambda pubchem: pubchem.containing(molecule, limit),
        lambda: context.components.structures.containing(molecule, limit),
    )
    what = f"that hold {compose.name_of(molecule)} as a part"
    otherwise = "Give a smaller part as SMILES."
    return _close(context, molecule, hits, "holds it as a part", (what, "the smallest first"), otherwise)


def _molecule(context: AnswerContext) -> Molecule:
    resolved = context.draft.entities[0]
    if not isinstance(resolved.entity, Molecule):
        raise InvalidInput(f"{resolved.asked!r} is no molecule.", "Name a molecule.")
    return resolved.entity


def _search(context: AnswerContext, live: Callable[[PubChem], Hits], local: Callable[[], Hits]) -> Hits:
    """Search PubChem as the context says; a refusal or a failure is told, and the index searched in its place."""
    draft, where, pubchem = context.draft, context.where, context.components.retriever.pubchem
    if where != "local" and pubchem is not None:
        try:
            return live(pubchem)
        except (Refused, Unavailable) as error:
            if where == "pubchem":
                raise
            draft.warnings.append(f"Only the local index was searched: {error.message}")
            draft.not_looked_up.append(f"PubChem ({error.status})")
    elif where == "pubchem":
        raise Refused("PubChem was not searched: look-ups are switched off (offline).", "Search the local index.")
    elif pubchem is None:
        draft.not_looked_up.append("PubChem (look-ups are switched off)")
    return local()


def _close(
    context: AnswerContext, molecule: Molecule, hits: Hits, predicate: str, lead: tuple[str, str], otherwise: str
) -> Answer:
    """Close with the hits.

    Args:
        context: The call.
        molecule: What was searched with.
        hits: What was found.
        predicate: How a hit is related to it.
        lead: What was searched for, and in which order it is listed.
        otherwise: What to try where nothing was found.
    """
    what, order = lead
    draft = context.draft
    where = f"{hits.provenance.source} ({hits.provenance.identifier})"
    draft.sources.cite(hits.provenance)
    if not hits.hits:
        draft.next_steps.append(otherwise)
        return draft.close("not_found", f"No molecules {what} were found in {where}.")
    draft.facts += [
        Fact(molecule.handle, predicate, _hit_name(hit), provenance=hits.provenance, note=_hit_note(hit))
        for hit in hits.hits
    ]
    named = ", ".join(f"{_hit_name(hit)}{_likeness_text(hit)}" for hit in hits.hits[:MAX_NAMED_HITS])
    others = len(hits.hits) - MAX_NAMED_HITS
    listed = f"{named} and {others} more below" if others > 0 else named
    beyond = f"; {hits.beyond}" if hits.beyond else ""
    cited = draft.sources.cite(hits.provenance)
    if hits.beyond:
        draft.next_steps.append(f"Raise the limit (up to {MAX_LISTED}) to see more.")
    return draft.close("answered", f"Molecules {what}, {order}: {listed}{beyond} {cited}.")


def _hit_name(hit: Hit) -> str:
    name = hit.molecule.name or hit.molecule.smiles
    return f"{name} ({hit.molecule.handle})" if hit.molecule.handle not in (name, f"smiles:{name}") else name


def _likeness_text(hit: Hit) -> str:
    return f" {hit.likeness:.2f}" if hit.likeness is not None else ""


def _hit_note(hit: Hit) -> str:
    """Say how alike a hit is, and its structure."""
    alike = f"Tanimoto{_likeness_text(hit)}; " if hit.likeness is not None else ""
    return f"{alike}{hit.molecule.formula or 'open positions'}; {hit.molecule.smiles}"
