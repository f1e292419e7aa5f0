"""What was measured between molecules and proteins: of a pair, and of all partners of one entity."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from biomed_agent.answering import model_step
from biomed_agent.answering.context import AnswerContext
from biomed_agent.answering.handlers import affinities
from biomed_agent.answering.handlers.bioassays import bioassay_sentences
from biomed_agent.answering.reading.limits import MEASURES, Limit
from biomed_agent.answering.reading.mentions import unknown_words
from biomed_agent.answering.reading.question import COMPUTED
from biomed_agent.answering.reading.scope import check_partners_asked
from biomed_agent.answering.wording import compose
from biomed_agent.core.affinity import read
from biomed_agent.core.errors import NotFound
from biomed_agent.core.predicates import DRUG_LINKS
from biomed_agent.core.query import Query
from biomed_agent.core.types import Answer, Fact, Molecule, Protein
from biomed_agent.core.words import listed
from biomed_agent.model.contract.prompt import PAIR_QUESTION, user_message

MAX_PAIRS = 12
"""molecule-protein pairs answered in one question"""


def handle_pair(context: AnswerContext, query: Query) -> Answer:
    """State what was measured of the molecules and the proteins, pair by pair."""
    draft = context.draft
    ligands = [resolved.entity for resolved in draft.molecules if isinstance(resolved.entity, Molecule)]
    targets = [resolved.entity for resolved in draft.proteins if isinstance(resolved.entity, Protein)]
    if not ligands or not targets:
        return handle_partners(context, query)
    # "How large is the affinity" asks for no length.
    context.leave_out([name for name in query.predicates if name in COMPUTED and name != "length"])
    stated, missing = [], []
    for molecule, protein in list(itertools.product(ligands, targets))[:MAX_PAIRS]:
        facts, measured = _pair_affinities(context, molecule, protein)
        draft.facts += facts
        if facts:
            other = _other_measure(f"{draft.question} {' '.join(query.predicates)}", facts)
            stated.append(other + compose.activity_sentence(measured, protein, facts, draft.sources))
            stated += _explanations(context, facts)
            stated += _outside(Limit.of(query.filters), facts)
        else:
            missing.append(_unmeasured(molecule, protein))
    if stated:
        return draft.close("answered", " ".join([*stated, *missing]))
    draft.not_looked_up.append("literature about the pair")
    message = user_message(PAIR_QUESTION, smiles=[ligands[0].smiles], sequences=[targets[0].sequence])
    model_step.ask_model(context, "activity", ligands[0], message, recorded=False)
    return context.close("", " ".join(missing))


def handle_partners(context: AnswerContext, query: Query) -> Answer:
    """List the measured partners of one entity, unless the question names a partner nobody knows."""
    draft, index = context.draft, context.components.index
    entity, name = draft.entities[0].entity, compose.name_of(draft.entities[0].entity)
    check_partners_asked(query.text, name, [name for name in query.predicates if name in COMPUTED])
    _refuse_unknown(context, query.text, name)
    limit = Limit.of([condition for condition in query.filters if condition.field != "organism"])
    partners = affinities.partners(index, entity, limit if limit is not None and limit.stronger else None, query.limit)
    if limit is not None and not limit.stronger:
        draft.warnings.append(f"The limit {limit.words!r} was not applied: only the strongest are listed.")
    measured = partners.facts or partners.beyond
    linked = _linked_drugs(context, entity) if isinstance(entity, Protein) else []
    draft.facts += [*measured, *linked]
    sentences = [affinities.partners_text(entity, partners, draft.sources)] if measured else []
    if isinstance(entity, Protein) and re.search(r"\bapproved\b", query.text):
        draft.warnings.append("Which of them are approved is not recorded here.")
    if isinstance(entity, Molecule):
        sentences += bioassay_sentences(context, entity, known=bool(measured))
    if sentences or linked:
        sentences.append(compose.facts_sentence(entity, linked, draft.sources))
        return draft.close("answered", " ".join(sentences))
    return draft.close_empty(f"No measured binding of {name} is in the local index.")


def _refuse_unknown(context: AnswerContext, text: str, name: str) -> None:
    """Raise :class:`NotFound` when the question names a partner that is not known here."""
    unknown = [word for word in unknown_words(text) if word.lower() not in MEASURES]
    if names := [word for word in unknown if sum(letter.isupper() for letter in word) > 1]:
        raise NotFound(
            f"{' and '.join(map(repr, names))} is not known here, so its binding to {name} cannot be looked up.",
            'Name it by gene, accession or structure, or put the name in "quotes".',
            candidates=[candidate for word in names for candidate in context.components.index.suggest(word, 3)],
        )


def _linked_drugs(context: AnswerContext, protein: Protein) -> list[Fact]:
    """Return the drugs and ligands that a protein's record links to; a variant has none of its own."""
    if protein.variant:
        return []
    linked = context.stored(protein, DRUG_LINKS)
    if not linked:
        context.draft.call_gaps(protein, DRUG_LINKS, "drugs")
    return linked


def _pair_affinities(context: AnswerContext, molecule: Molecule, protein: Protein) -> tuple[list[Fact], str]:
    """Return the affinities of a pair and how to call the molecule that was measured."""
    retriever, name = context.components.retriever, compose.name_of(molecule)
    if facts := retriever.activities(molecule, protein):
        return facts, name
    for parent in retriever.parents(molecule):
        if facts := retriever.activities(parent, protein):
            return facts, f"{compose.name_of(parent)} (the parent of {name})"
    return [], name


def _other_measure(question: str, facts: Sequence[Fact]) -> str:
    """Say so when the quantity asked for is not the one on record."""
    named = re.findall(r"\b(?:IC50|EC50|Ki|pIC50|Kd|KIBA)\b", question, re.IGNORECASE)
    asked = ["Kd", "Ki", "IC50", *named] if affinities.only_scores(facts) else named
    stated = {word.removeprefix("p") for fact in facts for word in fact.predicate.lower().split()}
    lacking = {name.lower(): name for name in reversed(asked) if name.lower().removeprefix("p") not in stated}
    names = listed(list(reversed(lacking.values())), "or")
    return f"No {names} of this pair is on record here. " if names else ""


def _explanations(context: AnswerContext, facts: Sequence[Fact]) -> list[str]:
    """Say which records of a pair disagree, which is a warning as well, and what a score is that stands alone."""
    disagreeing = affinities.conflict_sentence(facts, context.draft.sources)
    context.draft.warnings += [disagreeing] if disagreeing else []
    scores = affinities.WHAT_A_SCORE_IS if affinities.only_scores(facts) else ""
    return [sentence for sentence in (disagreeing, scores) if sentence]


def _outside(limit: Limit | None, facts: Sequence[Fact]) -> list[str]:
    """Say that no value of a pair lies within the limit that the question puts on it; nothing where one does."""
    if limit is None:
        return []
    readings = [reading for fact in facts if (reading := read(fact)) is not None]
    if any(reading.sign != ">" and limit.holds(reading.fact.predicate, reading.value) for reading in readings):
        return []
    return [f"None of these is within the limit {limit.words}."]


def _unmeasured(molecule: Molecule, protein: Protein) -> str:
    wild = f" Records of the unchanged protein do not speak for {protein.variant}." if protein.variant else ""
    pair = f"{compose.name_of(molecule)} and {compose.name_of(protein)}"
    return f"No measured affinity of {pair} is on record here.{wild}"
