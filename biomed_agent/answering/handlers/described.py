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
from biomed_agent.core.types import Answer, Protein
from biomed_agent.model.contract.prompt import QUESTIONS, user_message

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
    return context.close_stated(query, [stated, compose.structure_sentence(first, draft.sources)])


def identify(context: AnswerContext, query: Query) -> Answer:
    """Say which entities are meant: identifiers, size, and what the local index states of them."""
    draft, components = context.draft, context.components
    sentences = []
    for resolved in draft.entities:
        entity = resolved.entity
        facts = components.retriever.identity(resolved)
        sentences.append(compose.identity_sentence(entity, draft.sources))
        sentences.append(parent_sentence(components.retriever, entity))
        stored = components.index.facts(entity)
        size = components.retriever.computed(entity, _SIZE)
        draft.facts += [fact for fact in facts if fact.predicate != "sequence"] + size + stored
        sentences.append(compose.facts_sentence(entity, matching(stored, _LEAD), draft.sources))
    return context.close_stated(query, sentences)


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
