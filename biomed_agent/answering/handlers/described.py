"""What a thing is: its card, a description, and what a protein's record says of its function, family or place."""

from __future__ import annotations

from biomed_agent.answering import model_step
from biomed_agent.answering.context import AnswerContext
from biomed_agent.answering.evidence import matching
from biomed_agent.answering.handlers.properties import parent_sentence
from biomed_agent.answering.reading.frames import PROTEIN_KINDS
from biomed_agent.answering.wording import compose
from biomed_agent.core.predicates import answering
from biomed_agent.core.query import Kind, Query
from biomed_agent.core.types import Answer, Entity, Protein
from biomed_agent.core.words import counted, listed
from biomed_agent.model.contract.prompt import QUESTIONS, user_message

MIN_PART = 10
"""residues of the shortest sequence that is looked for within others"""
MAX_HOLDING = 4
"""proteins named that hold a sequence"""
_SIZE = ("molecular formula", "molecular weight", "length")
_SHAPE = ("molecular formula", "molecular weight", "rings", "aromatic rings", "stereocentres", "logP")
_LEAD = ("ChEBI class", "ChEBI role", "protein family", "EC number")
_DESCRIBING = ("ChEBI class", "ChEBI role", "description")


def handle(context: AnswerContext, query: Query) -> Answer:
    """Say what the entities are, or describe the first; a model may add to what records say of it."""
    if query.kind == "identity":
        return identify(context, query)
    first = context.draft.entities[0].entity
    if query.kind in PROTEIN_KINDS:
        return _of_protein(context, query, query.kind)
    if isinstance(first, Protein):
        return _of_protein(context, query, "function")
    draft = context.draft
    stored = context.stored(first, _DESCRIBING)
    draft.facts += stored + context.components.retriever.computed(first, _SHAPE)
    message = user_message(QUESTIONS["description"], smiles=[first.smiles])
    model_step.ask_model(context, "description", first, message, recorded=bool(stored))
    stated = compose.facts_sentence(first, stored, draft.sources)
    lead = "" if stated else compose.identity_sentence(first, draft.sources)
    return context.close_stated(query, [lead, stated, compose.structure_sentence(first, draft.sources)])


def identify(context: AnswerContext, query: Query) -> Answer:
    """Say which entities are meant: identifiers, size, and what the local index states of them."""
    draft, components = context.draft, context.components
    sentences = []
    for resolved in draft.entities:
        entity = resolved.entity
        facts = components.retriever.identity(resolved)
        sentences.append(compose.identity_sentence(entity, draft.sources))
        sentences.append(parent_sentence(components.retriever, entity))
        sentences.append(_within(context, entity))
        stored = components.index.facts(entity)
        size = components.retriever.computed(entity, _SIZE)
        draft.facts += [fact for fact in facts if fact.predicate != "sequence"] + size + stored
        sentences.append(compose.facts_sentence(entity, matching(stored, _LEAD), draft.sources))
    return context.close_stated(query, sentences)


def _within(context: AnswerContext, entity: Entity) -> str:
    """Say in which known sequences one without a record lies, or from which it differs in one residue."""
    if not isinstance(entity, Protein) or entity.accession or entity.length < MIN_PART:
        return ""
    index, draft = context.components.index, context.draft
    held = index.proteins_containing(entity.sequence)
    if held:
        named = [
            f"{compose.name_of(protein)} ({protein.accession}; "
            f"{counted(len(places), 'time')}, from residue {listed([str(place) for place in places])}) "
            f"{draft.sources.cite(protein.provenance)}".rstrip()
            for protein, places in held[:MAX_HOLDING]
        ]
        return f"It is a part of {listed(named)}{_more(len(held))}."
    near = index.proteins_near(entity.sequence)
    named = [
        f"{compose.name_of(protein)} ({protein.accession}; {places[0].variant}) "
        f"{draft.sources.cite(protein.provenance)}"
        for protein, places in near[:MAX_HOLDING]
    ]
    return f"It differs in one residue from {listed(named)}{_more(len(near))}." if named else ""


def _more(count: int) -> str:
    return f" and {count - MAX_HOLDING} more" if count > MAX_HOLDING else ""


def _of_protein(context: AnswerContext, query: Query, kind: Kind) -> Answer:
    """State what records say of a protein, and ask the model where they say nothing."""
    first = context.draft.proteins[0]
    entity, wanted = first.entity, answering(kind)
    retriever = context.components.retriever
    facts = retriever.identity(first, wanted) if kind == "name" else context.stored(entity, wanted)
    context.draft.facts += facts
    if isinstance(entity, Protein):
        message = user_message(QUESTIONS[kind], sequences=[entity.sequence])
        model_step.ask_model(context, kind, entity, message, recorded=bool(facts))
    return context.close_stated(query, [compose.facts_sentence(entity, facts, context.draft.sources)])
