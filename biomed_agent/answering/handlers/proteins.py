"""Look-ups of proteins that are no question: what a name names, and the sections of its record that are wanted.

Each takes an :class:`~biomed_agent.answering.pipeline.Answering`, resolves the protein by its policy and closes its
draft.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from biomed_agent.answering.evidence import matching
from biomed_agent.answering.gaps import Gap, unread_notes
from biomed_agent.answering.handlers import affinities
from biomed_agent.answering.reading.mentions import organism_of
from biomed_agent.answering.reading.question import DRUG_LINKS
from biomed_agent.answering.wording import compose
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.identifiers import MAX_NAME, ORGANISMS
from biomed_agent.core.types import Answer, Entity, Fact

if TYPE_CHECKING:
    from biomed_agent.answering.pipeline import Answering

SECTIONS: dict[str, tuple[str, ...]] = {
    "function": ("function", "catalytic activity", "EC number", "cofactor", "activity regulation"),
    "location": ("subcellular location", "membrane topology", "tissue specificity", "GO cellular component"),
    "family": ("protein family", "InterPro entry", "Pfam entry"),
    "domains": ("domain", "zinc finger", "DNA-binding region", "repeat", "coiled coil", "motif"),
    "sites": ("active site", "binding site", "site"),
    "modifications": (
        "signal peptide", "transit peptide", "propeptide", "modified residue", "glycosylation site", "lipidation site",
        "cross-link", "disulfide bond", "post-translational modification",
    ),
    "membrane": ("transmembrane segment", "intramembrane segment", "topological domain"),
    "pathways": ("pathway", "KEGG identifier"),
    "diseases": ("disease", "disease involvement"),
    "drugs": DRUG_LINKS,
    "structures": ("experimental structures", "AlphaFold DB model"),
    "isoforms": ("isoform",),
    "variants": ("natural variant", "studied mutation"),
}  # fmt: skip
"""What can be read of a record beside who it is, and the predicates of its facts."""
_SIZE = ("length", "molecular weight")


def card(answering: Answering, name: str, organism: str = "", about: Sequence[str] = ()) -> Answer:
    """Say which protein ``name`` names, and what its record states in the sections asked for.

    Args:
        answering: The look-up.
        name: See :meth:`biomed_agent.BioMedAgent.protein`.
        organism: Scientific name, or a word of :data:`biomed_agent.core.identifiers.ORGANISMS`; human by
        default.
        about: Keys of :data:`SECTIONS`; none means that no record is read beyond what the name needs.
    """
    if unknown := [one for one in about if one not in SECTIONS]:
        raise InvalidInput(f"section {unknown[0]!r} is unknown.", f"Expected some of {', '.join(SECTIONS)}.")
    if len(organism) > MAX_NAME:
        raise InvalidInput(f"the organism has {len(organism):,} characters; expected at most {MAX_NAME}.")
    draft, rooms = answering.draft, answering.rooms
    draft.kind = "identity"
    wanted = ORGANISMS.get(organism.strip().lower(), organism.strip()) or organism_of(name)
    resolved = rooms.resolver.resolve(name, "protein", policy=answering.policy, organism=wanted, notes=draft.warnings)
    draft.add(resolved)
    entity = resolved.entity
    identity = [fact for fact in rooms.retriever.identity(resolved) if fact.predicate != "sequence"]
    beside = [*identity, *matching(rooms.retriever.computed(entity), _SIZE)]
    lead = compose.identity_sentence(entity, draft.sources)
    if about:
        return _with_sections(answering, entity, about, lead, beside)
    stated = rooms.index.facts(entity)
    known = compose.facts_sentence(entity, matching(stated, ("protein family", "EC number")), draft.sources)
    draft.facts += [*stated, *beside]
    return draft.close("answered", f"{lead} {known}")


def _with_sections(
    answering: Answering, entity: Entity, about: Sequence[str], lead: str, beside: Sequence[Fact]
) -> Answer:
    """Close with what is stated in the sections asked for, and of each other one whose silence that is."""
    draft = answering.draft
    predicates = tuple(dict.fromkeys(predicate for section in about for predicate in SECTIONS[section]))
    stated = answering.stored(entity, predicates)
    sentences = [lead, compose.facts_sentence(entity, stated, draft.sources)]
    measured: list[Fact] = []
    if "drugs" in about and (found := affinities.partners(answering.rooms.index, entity)).facts:
        measured = found.facts
        sentences.append(affinities.partners_text(entity, found, draft.sources))
    lacking = [
        section
        for section in about
        if not matching(stated, SECTIONS[section]) and not (section == "drugs" and measured)
    ]
    for section in about:
        draft.call_gaps(entity, SECTIONS[section], section if section in lacking else f"{section} (in part)")
    draft.facts += [*stated, *measured, *beside]
    gaps = _of_sources([gap for gap in draft.gaps if gap.asked in lacking])
    text = " ".join(part for part in sentences if part)
    if set(lacking) == set(about):
        return draft.close_empty(after=text, gaps=gaps)
    draft.warnings += unread_notes(gaps)
    return draft.close("answered", " ".join([text, *compose.gap_sentences(gaps, its=True)]))


def _of_sources(gaps: Sequence[Gap]) -> list[Gap]:
    """Leave out what only the local index could state of a section of which a record or a live source tells."""
    told = {gap.asked for gap in gaps if gap.source}
    return [gap for gap in gaps if gap.source or gap.asked not in told]
