"""Statements that are checked, names that are compared, and what nothing here answers."""

from __future__ import annotations

from dataclasses import replace

from biomed_agent.answering import model_step
from biomed_agent.answering.context import AnswerContext
from biomed_agent.answering.wording import compose
from biomed_agent.core.query import Query
from biomed_agent.core.types import Answer


def handle(context: AnswerContext, query: Query) -> Answer:
    """Check the statement that a yes-or-no question supposes, or that the caller made (kind ``claim``)."""
    if query.kind == "claim":
        return check(context, query.object)
    if len(context.draft.entities) != 1:
        return handle_unknown(context, query)
    context.draft.kind = "claim"
    checked = check(context, query.object)
    if checked.status != "inapplicable":
        return checked
    return replace(checked, text=f"{checked.text} {model_step.why_unasked(context)}")


def check(context: AnswerContext, statement: str) -> Answer:
    """Check a statement about the first entity against its structure and records."""
    draft = context.draft
    draft.claims = list(context.checker(draft.entities[0].entity)(statement))
    for claim in draft.claims:
        draft.sources.cite(claim.provenance)
    for verdict, lead in (("contradicted", "Contradicted"), ("supported", "Supported")):
        if decided := [claim for claim in draft.claims if claim.verdict == verdict]:
            return draft.close("answered", f'{lead}: "{decided[0].text}" ({decided[0].why}).')
    return draft.close("inapplicable", f'No rule or record here decides "{statement}".')


def handle_comparison(context: AnswerContext, _query: Query) -> Answer:
    """Say whether the names of a question name one thing."""
    draft = context.draft
    return draft.close("answered", compose.sameness_sentence(draft.entities, draft.sources))


def handle_unknown(context: AnswerContext, _query: Query) -> Answer:
    """Say that nothing here answers the question, and what can be asked."""
    names = " and ".join(compose.name_of(resolved.entity) for resolved in context.draft.entities)
    context.draft.next_steps.append(
        "Ask what it is, for a computed property, its class or role, a description, or what papers say."
    )
    unanswered = f"{names}: no record or computation here answers this question."
    return context.draft.close("inapplicable", f"{unanswered} {model_step.why_unasked(context)}")
