"""What was measured between molecules and proteins that are all named, pair by pair."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from biomed_agent.answering import model_step
from biomed_agent.answering.context import AnswerContext
from biomed_agent.answering.gaps import Gap
from biomed_agent.answering.handlers import affinities, partners
from biomed_agent.answering.reading.limits import affinity_filters, holds, limits_text
from biomed_agent.answering.wording import compose
from biomed_agent.core.affinity import IN_NM, SCORE, conflict, doubted, is_open, read
from biomed_agent.core.query import Filter, Query, pairs_of
from biomed_agent.core.types import Answer, Fact, Molecule, Protein
from biomed_agent.core.words import listed
from biomed_agent.model.contract.prompt import PAIR_QUESTION, user_message

MAX_PAIRS = 12
"""molecule-protein pairs answered in one question"""


def handle(context: AnswerContext, query: Query) -> Answer:
    """State what was measured of the molecules and the proteins, pair by pair."""
    draft = context.draft
    ligands = [resolved.entity for resolved in draft.molecules if isinstance(resolved.entity, Molecule)]
    targets = [resolved.entity for resolved in draft.proteins if isinstance(resolved.entity, Protein)]
    if not ligands or not targets:
        return partners.handle(context, query)
    stated, missing = [], []
    for molecule, protein in _pairs(context, query, ligands, targets)[:MAX_PAIRS]:
        facts, measured = pair_affinities(context, molecule, protein)
        facts = [_in_unit(fact, query) for fact in facts]
        draft.facts += facts
        if facts:
            lead = other_measure(query.predicates, facts)
            lead += _verdict(query, facts) if query.aggregate == "yes_no" and not lead else ""
            stated.append(lead + affinities.pair_sentences(measured, protein, facts, draft.sources))
            stated += _explanations(context, facts)
            stated += _outside(query.filters, facts)
        else:
            missing.append(unmeasured(context, molecule, protein))
    if stated:
        return draft.close("answered", " ".join([*stated, *missing]))
    draft.not_looked_up.append("literature about the pair")
    message = user_message(PAIR_QUESTION, smiles=[ligands[0].smiles], sequences=[targets[0].sequence])
    model_step.ask_model(context, "activity", ligands[0], message, recorded=False)
    return context.close("", " ".join(missing))


def _pairs(
    context: AnswerContext, query: Query, ligands: Sequence[Molecule], targets: Sequence[Protein]
) -> list[tuple[Molecule, Protein]]:
    """Return the pairs that a query asks about, as the order of its subjects says; else all of them."""
    every = list(itertools.product(ligands, targets))
    known = {text: id(resolved.entity) for text, resolved in context.draft.named.items()}
    wanted = {tuple(known.get(subject.text, 0) for subject in pair) for pair in pairs_of(query.subjects)}
    chosen = [(ligand, target) for ligand, target in every if (id(ligand), id(target)) in wanted]
    return chosen if chosen and len(chosen) == len(wanted) else every  # subjects of no stated kind form no pairs


def _in_unit(fact: Fact, query: Query) -> Fact:
    """Return a concentration in the unit that is asked for."""
    unit = next((str(condition.value) for condition in query.filters if condition.field == "unit"), fact.unit)
    if unit == fact.unit or fact.unit not in IN_NM or unit not in IN_NM or isinstance(fact.value, str):
        return fact
    return replace(fact, value=float(f"{fact.value * IN_NM[fact.unit] / IN_NM[unit]:.6g}"), unit=unit)


def pair_affinities(context: AnswerContext, molecule: Molecule, protein: Protein) -> tuple[list[Fact], str]:
    """Return the affinities of a pair and how to call the molecule that was measured."""
    retriever, name = context.components.retriever, compose.name_of(molecule)
    if facts := retriever.activities(molecule, protein):
        return facts, name
    for parent in retriever.parents(molecule):
        if facts := retriever.activities(parent, protein):
            return facts, f"{compose.name_of(parent)} (the parent of {name})"
    gaps: list[Gap] = []
    facts = retriever.live_activities(molecule, protein, context.draft.warnings, gaps)
    for gap in gaps:
        # What was not asked for is told beside the answer; one that failed may answer later, which decides the status.
        if gap.error is not None and gap.error.status == "refused":
            context.draft.not_looked_up += compose.gaps_listed([gap])
            context.draft.next_steps += [gap.error.hint] if gap.error.hint else []
        else:
            context.draft.gaps.append(gap)
    return facts, name


def other_measure(asked: Sequence[str], facts: Sequence[Fact]) -> str:
    """Say so when the quantity asked for is not the one on record."""
    named = [name for name in asked if name != "affinity"]
    wanted = named or (["Kd", "Ki", "IC50"] if affinities.only_scores(facts) else [])
    stated = {word.removeprefix("p") for fact in facts for word in fact.predicate.lower().split()}
    lacking = {name.lower(): name for name in reversed(wanted) if name.lower().split()[0] not in stated}
    names = listed(list(reversed(lacking.values())), "or")
    return f"No {names} of this pair is on record here. " if names else ""


def _verdict(query: Query, facts: Sequence[Fact]) -> str:
    """Answer whether a pair binds, within the limits asked for; nothing where records disagree or decide nothing.

    Values whose relation is not stated decide only where no others are on record, and no limit is held against them.
    """
    limits = affinity_filters(query.filters)
    if limits:
        undecided = all(is_open(fact) for fact in facts)
        return "Yes. " if any(holds(limits, fact) for fact in facts) else "" if undecided else "No. "
    readings = [reading for fact in facts if (reading := read(fact)) is not None]
    known = [reading for reading in readings if reading.sign != "?"]
    verdicts = {reading.binds for reading in known if reading.fact.predicate != SCORE}
    verdicts = verdicts or {reading.binds for reading in known}
    if not verdicts:
        verdicts = {True} if any(reading.binds for reading in readings) else {None}
    if conflict(facts) is not None or len(verdicts) != 1:
        return ""
    (binds,) = verdicts
    return {True: "Yes. ", False: "No binding was seen. ", None: "Weakly at most. "}[binds]


def _explanations(context: AnswerContext, facts: Sequence[Fact]) -> list[str]:
    """Say which records of a pair disagree, which is a warning as well, and what a score is that stands alone."""
    disagreeing = affinities.conflict_sentence(facts, context.draft.sources)
    context.draft.warnings += [disagreeing] if disagreeing else []
    scores = affinities.WHAT_A_SCORE_IS if affinities.only_scores([f for f in facts if not is_open(f)]) else ""
    return [sentence for sentence in (disagreeing, scores) if sentence]


def _outside(filters: Sequence[Filter], facts: Sequence[Fact]) -> list[str]:
    """Say that no value of a pair lies within the limits that the question puts on it; nothing where one does.

    A value whose relation is not stated lies neither within nor outside; what it would be as stated is said.
    """
    limits = affinity_filters(filters)
    if not limits or any(holds(limits, fact) for fact in facts):
        return []
    if any(not is_open(fact) for fact in facts):
        return [f"None of these is {'surely ' if any(map(is_open, facts)) else ''}within the limit "
                f"{limits_text(filters)}."]  # fmt: skip
    within = any(holds(limits, replace(fact, relation="=")) for fact in facts if not doubted(fact))
    stated = "a value lies" if within else "no value lies"
    return [f"As stated {stated} within the limit {limits_text(filters)}; a bound would decide nothing."]


def unmeasured(context: AnswerContext, molecule: Molecule, protein: Protein) -> str:
    """Say that nothing is on record of a pair, and which tables were searched."""
    wild = f" Records of the unchanged protein do not speak for {protein.variant}." if protein.variant else ""
    pair = f"{compose.name_of(molecule)} and {compose.name_of(protein)}"
    searched = affinities.searched_text(context.components.index.affinity_sources())
    where = f" Searched: {searched}." if searched else " No table of affinities is at hand."
    return f"No measured affinity of {pair} is on record here.{wild}{where}"
