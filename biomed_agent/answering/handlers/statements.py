"""Statements that are checked, names that are compared, and what nothing here answers."""

from __future__ import annotations

import itertools
from dataclasses import replace

from biomed_agent.answering import model_step
from biomed_agent.answering.context import AnswerContext
from biomed_agent.answering.wording import compose
from biomed_agent.core.query import Query
from biomed_agent.core.types import Answer, Molecule, Protein


def handle(context: AnswerContext, query: Query) -> Answer:
    """Check the statement that a yes-or-no question supposes, or that the caller made (kind ``claim``)."""
    if not query.text:  # a statement of the caller, and no question
        return check(context, query.object)
    context.draft.kind = "claim"
    entity = context.draft.entities[0].entity
    if isinstance(entity, Protein) and (phrase := _class_asked(query.object)):
        return _belongs(context, entity, phrase)
    checked = check(context, query.object, asked=True)
    if checked.status == "inapplicable" and isinstance(entity, Molecule):
        phrase = _class_asked(query.object)
        told = _listed_under(context, entity, phrase) if phrase else None
        if told is not None:
            return told
    if checked.status != "inapplicable":
        return checked
    return replace(checked, text=f"{checked.text} {model_step.why_unasked(context)}")


def _class_asked(statement: str) -> str:
    """Return the class that a statement puts a protein into: "It is a tyrosine kinase." gives "tyrosine kinase"."""
    words = statement.rstrip(".").split()
    return " ".join(words[3:]) if words[:2] == ["It", "is"] and words[2:3] and words[2] in ("a", "an") else ""


def _belongs(context: AnswerContext, protein: Protein, phrase: str) -> Answer:
    """Say whether a record puts a protein into a class, a family, or among those with a term; names decide nothing."""
    draft, index = context.draft, context.components.index
    looked_for = itertools.product(
        ("", "GO molecular function", "subcellular location"), dict.fromkeys((phrase, phrase.removesuffix(" protein")))
    )
    for predicate, name in looked_for:
        found = index.proteins_with(predicate, name, 1_000_000)
        own = [fact for fact in found.facts if fact.subject == protein.handle]
        if own:
            draft.facts += own[:1]
            stated = compose.facts_sentence(protein, own[:1], draft.sources)
            return draft.close("answered", f"Yes. {stated}")
    name = compose.name_of(protein)
    unstated = f"No family, enzyme class or term on record here makes {name} a {phrase}; that does not exclude it."
    return draft.close("inapplicable", f"{unstated} {model_step.why_unasked(context)}")


def _listed_under(context: AnswerContext, molecule: Molecule, phrase: str) -> Answer | None:
    """Say that a record lists a molecule under a class or role; None where none does."""
    found = context.components.index.molecules_with("", phrase, 1_000_000)
    own = [fact for fact in found.facts if fact.subject == molecule.handle][:1]
    if not own:
        return None
    context.draft.facts += own
    return context.draft.close("answered", f"Yes. {compose.facts_sentence(molecule, own, context.draft.sources)}")


def check(context: AnswerContext, statement: str, *, asked: bool = False) -> Answer:
    """Check a statement about the first entity against its structure and records; ``asked`` says yes or no first."""
    draft = context.draft
    draft.claims = list(context.checker(draft.entities[0].entity)(statement))
    for claim in draft.claims:
        draft.sources.cite(claim.provenance)
    for verdict, lead in (("contradicted", "Contradicted"), ("supported", "Supported")):
        if decided := [claim for claim in draft.claims if claim.verdict == verdict]:
            answered = {"Contradicted": "No", "Supported": "Yes"}[lead]
            lead = f"{answered}. {lead}" if asked else lead
            return draft.close("answered", f'{lead}: "{decided[0].text}" ({decided[0].why}).')
    return draft.close("inapplicable", f'No rule or record here decides "{statement}".')


HELP = (
    "Ask about a molecule or a protein by name, identifier or structure: values (How heavy is caffeine?), parts (How "
    "many nitrogen atoms does imatinib have?), measured affinities (Does gefitinib bind EGFR?), lists (What binds ABL1 "
    "below 10 nM?), comparisons (Which is longer, JAK1 or JAK2?), descriptions (Tell me about EGFR) and articles (What "
    "do papers say about metformin?)."
)


def handle_unknown(context: AnswerContext, query: Query) -> Answer:
    """Say that nothing here answers the question, and what can be asked; a word of thanks asks for nothing."""
    if query.object == "help":
        return context.draft.close("answered", HELP)
    if query.object == "thanks":
        return context.draft.close("inapplicable", "Nothing was asked. Write help to see what can be asked.")
    names = " and ".join(compose.name_of(resolved.entity) for resolved in context.draft.entities)
    context.draft.next_steps.append(
        "Ask what it is, for a computed property, its class or role, a description, or what papers say."
    )
    unanswered = f"{names}: no record or computation here answers this question."
    return context.draft.close("inapplicable", f"{unanswered} {model_step.why_unasked(context)}")
