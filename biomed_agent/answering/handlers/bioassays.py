"""What PubChem's bioassays found of a molecule."""

from __future__ import annotations

from dataclasses import replace

from biomed_agent.answering.context import AnswerContext
from biomed_agent.answering.gaps import Gap
from biomed_agent.answering.wording import compose
from biomed_agent.core.errors import NotFound, Refused, Unavailable
from biomed_agent.core.privacy.egress import switched_off
from biomed_agent.core.types import Fact, Molecule
from biomed_agent.sources.local import LocalIndex
from biomed_agent.sources.pubchem.depositor_facts import cid_of, note_unread

MAX_TARGETS = 10
"""targets of bioassays that become facts; the rest are counted"""


def bioassay_sentences(context: AnswerContext, molecule: Molecule, *, known: bool, asked: bool) -> list[str]:
    """Return the sentence on PubChem's bioassays of a molecule, and add its facts; nothing when there is none to say.

    Args:
        context: The call.
        molecule: What was tested.
        known: Whether the local records state affinities already; then assays are looked up only when asked for.
        asked: Whether the question asks for them.
    """
    draft, retriever = context.draft, context.components.retriever
    if known and not asked and retriever.pubchem is not None:
        draft.not_looked_up.append("bioassays in PubChem (ask for its bioassays)")
        return []
    facts: list[Fact] = []
    gap = Gap(molecule, "bioassay results", "PubChem", switched_off("PubChem"))
    if retriever.pubchem is not None:
        try:
            cid = cid_of(retriever.pubchem, molecule)
            facts, gap = (
                retriever.pubchem.bioactivity(cid),
                replace(gap, source=f"PubChem's record CID {cid}", error=None),
            )
        except (NotFound, Refused, Unavailable) as error:
            gap = replace(gap, error=error)
            note_unread(error, draft.warnings)
    if not facts or not facts[0].value:
        draft.gaps.append(gap)
        return compose.gap_sentences([gap]) if known and asked else []
    counts, targets = facts[0], facts[1:]
    shown = [_with_name(fact, context.components.index) for fact in targets[:MAX_TARGETS]]
    draft.facts += [counts, *shown]
    strongest = "; ".join(f"{_target(fact)} {compose.measured_text(fact)}" for fact in shown[:5])
    beyond = f"; {len(targets) - 5} more targets with active results" if len(targets) > 5 else ""
    cited = draft.sources.cite_all(fact.provenance for fact in (counts, *shown[:5]))
    lead = f"PubChem's bioassays of {compose.name_of(molecule)}: {counts.value:,} results ({counts.note})"
    return [f"{lead}{f'; strongest: {strongest}{beyond}' if shown else ''} {cited}."]


def _target(fact: Fact) -> str:
    return f"{fact.about_name} ({fact.about})" if fact.about_name else fact.about


def _with_name(fact: Fact, index: LocalIndex) -> Fact:
    """Name the target by the gene that the local index knows under its accession, and put it into the note."""
    accession = fact.about.removeprefix("UNIPROT:")
    protein = index.protein_by_accession(accession) if accession != fact.about else None
    named = replace(fact, about_name=(protein and (protein.gene or protein.name)) or "")
    return replace(named, note=f"{_target(named)}; {fact.note}")
