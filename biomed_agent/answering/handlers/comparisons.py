"""Several things beside each other: which has more of a value, which binds more strongly, what one is to the other."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from biomed_agent.answering.context import AnswerContext
from biomed_agent.answering.handlers import affinities
from biomed_agent.answering.handlers.activity import pair_affinities, unmeasured
from biomed_agent.answering.handlers.counts import count_of
from biomed_agent.answering.handlers.values import computed_of
from biomed_agent.answering.wording import compose
from biomed_agent.core.affinity import SCORE, doubted, is_open, read
from biomed_agent.core.chemistry.comparison import compare, facts_of_comparison
from biomed_agent.core.errors import Inapplicable, InvalidInput
from biomed_agent.core.predicates import COMPUTED
from biomed_agent.core.query import Query
from biomed_agent.core.types import Answer, Entity, Fact, Molecule, Protein, Resolved
from biomed_agent.core.words import listed

_MOLECULES = ("molecular formula", "molecular weight", "logP", "TPSA", "hydrogen-bond donors",
              "hydrogen-bond acceptors")  # fmt: skip
_PROTEINS = ("length", "molecular weight")
_ADJECTIVES = {"molecular weight": ("heavier", "lighter"), "logP": ("more lipophilic", "less lipophilic"),
               "TPSA": ("more polar", "less polar"), "length": ("longer", "shorter"),
               "rotatable bonds": ("more flexible", "less flexible")}  # fmt: skip
_AFFIRMED: dict[str, frozenset[str]] = {
    "same": frozenset({"same molecule", "same molecule, another tautomer", "same molecule, drawn differently"}),
    "isomer": frozenset({"constitutional isomers", "stereoisomers", "enantiomers", "diastereomers"}),
    "constitutional": frozenset({"constitutional isomers"}),
    "stereoisomer": frozenset({"stereoisomers", "enantiomers", "diastereomers"}),
    "enantiomer": frozenset({"enantiomers"}),
    "diastereomer": frozenset({"diastereomers"}),
    "tautomer": frozenset({"tautomers", "same molecule, another tautomer"}),
    "salt": frozenset({"salt of"}),
    "parent": frozenset({"parent of"}),
    "related": frozenset(),
}
"""relations of two structures for which a question about one is answered with yes"""
_NOT_THE_SAME = {
    "less stereo stated": "the first states less stereochemistry", "labelled": "the first has isotope labels",
    "more stereo stated": "the first states more stereochemistry", "unlabelled": "the second has isotope labels",
    "salt of": "the first is a salt of the second", "parent of": "the second is a salt of the first",
    "salts of one parent": "they are salts of one parent", "contains": "the first is a mixture that holds the second",
    "contained in": "the second is a mixture that holds the first", "ions of one": "they are ions of one molecule",
    "enantiomers": "they are enantiomers", "diastereomers": "they are diastereomers",
    "stereoisomers": "they are stereoisomers", "constitutional isomers": "they are constitutional isomers",
}  # fmt: skip
_SENTENCES = {
    **dict.fromkeys(_AFFIRMED["same"], "are the same molecule"),
    **{name: f"are not the same: {why}" for name, why in _NOT_THE_SAME.items()},
    "tautomers": "are tautomers", "unrelated": "are different molecules",
    "undecided": "cannot be compared as structures",
}  # fmt: skip


def handle(context: AnswerContext, query: Query) -> Answer:
    """Compare the subjects of a query by its predicates; without any by what they are."""
    draft = context.draft
    molecules, proteins = draft.molecules, draft.proteins
    if molecules and proteins and len(draft.entities) == 2 and not query.predicates:
        return draft.close("answered", compose.sameness_sentence(draft.entities, draft.sources))
    if molecules and proteins:
        return _by_affinity(context, query)
    entities = [resolved.entity for resolved in draft.entities]
    if len(entities) < 2:
        return _one_thing(context, query)
    if query.object and query.object != "difference" and molecules:
        return _by_structure(context, query)
    if query.object == "same" and proteins:
        return draft.close("answered", compose.sameness_sentence(draft.entities, draft.sources))
    return _by_value(context, query, entities)


def _one_thing(context: AnswerContext, query: Query) -> Answer:
    """Answer where all the names mean one thing."""
    draft = context.draft
    lead = "Yes. " if query.object in ("same", "tautomer") else "No. " if query.aggregate == "yes_no" else ""
    return draft.close("answered", lead + compose.sameness_sentence(draft.entities, draft.sources))


# -- by value ----------------------------------------------------------------------------------


def _by_value(context: AnswerContext, query: Query, entities: Sequence[Entity]) -> Answer:
    draft = context.draft
    usual = _MOLECULES if isinstance(entities[0], Molecule) else _PROTEINS
    wanted = query.predicates or usual
    if other := [name for name in wanted if name not in COMPUTED]:
        raise Inapplicable(f"{listed(other)} is not compared here.", "Ask for it of each alone.")
    sentences = []
    for name in wanted:
        rows = [(entity, _value(context, entity, name, query)) for entity in entities]
        draft.facts += [fact for _, fact in rows]
        sentences.append(_ranked(context, query, name, rows))
    return draft.close("answered", " ".join(sentences))


def _value(context: AnswerContext, entity: Entity, name: str, query: Query) -> Fact:
    if name == "count" and query.filters:
        return count_of(entity, query.filters[0])[0]
    found = next((fact for fact in computed_of(context, entity, (name,)) if not fact.about), None)
    if found is None:
        raise Inapplicable(f"the {compose.label_of(name)} of {compose.name_of(entity)} is not computed here.",
                           "Ask for it of each alone.")  # fmt: skip
    return found


def _ranked(context: AnswerContext, query: Query, name: str, rows: Sequence[tuple[Entity, Fact]]) -> str:
    """Say the values, the largest first, and what the question wants to know of them."""
    numeric = all(isinstance(fact.value, int | float) for _, fact in rows)
    ordered = sorted(rows, key=lambda row: -float(row[1].value)) if numeric else list(rows)
    if query.order == "least":
        ordered.reverse()
    shown = listed([f"{compose.name_of(entity)} {_amount(fact)}" for entity, fact in ordered])
    cited = context.draft.sources.cite_all(fact.provenance for _, fact in rows)
    values = f"{compose.capital(compose.label_of(name))}: {shown} {cited}."
    if not numeric:
        return values
    if query.aggregate == "yes_no":
        return f"{_verdict(query, name, rows)} {values}"
    if query.order and query.object != "difference":
        return f"{_winner(name, query.order, ordered)} {values}"
    if query.object == "difference" and len(rows) == 2:
        return f"{_difference(name, ordered)} {values}"
    return values


def _amount(fact: Fact) -> str:
    return f"{compose.number(fact.value)} {fact.unit}".strip()


def _winner(name: str, order: str, ordered: Sequence[tuple[Entity, Fact]]) -> str:
    first, second = ordered[0], ordered[1]
    if first[1].value == second[1].value:
        tied = [compose.name_of(entity) for entity, fact in ordered if fact.value == first[1].value]
        return f"{compose.capital(listed(tied))} have the same {compose.label_of(name)}."
    least = order == "least"
    more, less = _ADJECTIVES.get(name, (f"the one with more {compose.label_of(name)}", f"the one with less "
                                        f"{compose.label_of(name)}"))  # fmt: skip
    if len(ordered) == 2 or name not in _ADJECTIVES:
        what = f"is {less if least else more}" if len(ordered) == 2 and name in _ADJECTIVES else (
            f"has the {'lowest' if least else 'highest'} {compose.label_of(name)}"
        )  # fmt: skip
        return f"{compose.capital(compose.name_of(first[0]))} {what}."
    return f"{compose.capital(compose.name_of(first[0]))} has the {'lowest' if least else 'highest'} " \
           f"{compose.label_of(name)}."  # fmt: skip


def _verdict(query: Query, name: str, rows: Sequence[tuple[Entity, Fact]]) -> str:
    """Answer whether the first is more, or less, than all others."""
    first, others = float(rows[0][1].value), [float(fact.value) for _, fact in rows[1:]]
    holds = all(first < other for other in others) if query.order == "least" else all(first > o for o in others)
    return "Yes." if holds else "No, they are equal." if all(first == other for other in others) else "No."


def _difference(name: str, ordered: Sequence[tuple[Entity, Fact]]) -> str:
    larger, smaller = sorted((row for row in ordered), key=lambda row: -float(row[1].value))[:2]
    gap = float(larger[1].value) - float(smaller[1].value)
    digits = 0 if all(isinstance(fact.value, int) for _, fact in ordered) else 2
    shown = f"{gap:,.{digits}f} {larger[1].unit}".strip()
    if not gap:
        return f"They have the same {compose.label_of(name)}."
    return f"The difference is {shown}: {compose.name_of(larger[0])} has more."


# -- by structure ------------------------------------------------------------------------------


def _by_structure(context: AnswerContext, query: Query) -> Answer:
    """Say what two molecules are to each other, or how alike they are."""
    draft = context.draft
    molecules = [resolved.entity for resolved in draft.molecules if isinstance(resolved.entity, Molecule)]
    sentences = []
    if query.order and query.predicates == ("Tanimoto similarity",):
        return _most_alike(context, query, molecules)
    for first, second in itertools.combinations(molecules, 2):
        facts = facts_of_comparison(first, second)
        wanted = [fact for fact in facts if fact.predicate in (*query.predicates, *_beside(query))]
        draft.facts += wanted
        sentences.append(_related(context, query, first, second))
    return draft.close("answered", " ".join(sentences))


def _most_alike(context: AnswerContext, query: Query, molecules: Sequence[Molecule]) -> Answer:
    """Say which of several is most like the first."""
    draft, first = context.draft, molecules[0]
    rows = [(compare(first, other).tanimoto, other) for other in molecules[1:]]
    rows.sort(key=lambda row: row[0], reverse=query.order != "least")
    for _, other in rows:
        draft.facts += [fact for fact in facts_of_comparison(first, other) if fact.predicate in query.predicates]
    shown = listed([f"{compose.name_of(other)} {alike:.3f}" for alike, other in rows])
    how = "least" if query.order == "least" else "most"
    name = compose.name_of(first)
    ahead = [compose.name_of(other) for alike, other in rows if alike == rows[0][0]]
    won = (
        f"{listed(ahead)} are equally similar to {name}" if len(ahead) > 1 else f"{ahead[0]} is {how} similar to {name}"
    )
    lead = ""
    if query.aggregate == "yes_no":
        lead = "Yes. " if rows[0][1] is molecules[1] and len(ahead) == 1 else "No. "
    cited = draft.sources.cite(draft.facts[-1].provenance)
    return draft.close(
        "answered",
        f"{lead}{compose.capital(won)}. Tanimoto similarity: {shown} (Morgan fingerprints, radius 2, 2048 bits, "
        f"without stereochemistry) {cited}.",
    )


def _beside(query: Query) -> tuple[str, ...]:
    return ("Murcko scaffold",) if query.object == "scaffold" else ()


def _related(context: AnswerContext, query: Query, first: Molecule, second: Molecule) -> str:
    found = compare(first, second)
    names = f"{compose.name_of(first)} and {compose.name_of(second)}"
    if first.name == second.name or not (first.name and second.name):
        names = "the first structure and the second"
    cited = context.draft.sources.cite(facts_of_comparison(first, second)[0].provenance)
    if query.predicates == ("Tanimoto similarity",):
        return (
            f"Tanimoto similarity of {names}: {found.tanimoto:.3f} (Morgan fingerprints, radius 2, 2048 bits, without "
            f"stereochemistry) {cited}."
        )
    if query.object == "scaffold":
        shared = f"Yes: {names} share the Murcko scaffold {found.scaffold}" if found.scaffold else (
            f"No: {names} have different Murcko scaffolds"
        )  # fmt: skip
        return f"{shared} {cited}."
    if query.object == "formula":
        same = bool(found.formulas[0]) and found.formulas[0] == found.formulas[1]
        return (
            f"{'Yes' if same else 'No'}: {names} have the formulas {found.formulas[0]} and {found.formulas[1]} {cited}."
        )
    said = f"{names} {_SENTENCES[found.relation]} ({found.reason})"
    alike = f"; Tanimoto similarity {found.tanimoto:.3f}" if "Tanimoto similarity" in query.predicates else ""
    if query.object in _AFFIRMED and query.object != "related":
        if found.relation == "stereoisomers" and query.object in ("enantiomer", "diastereomer"):
            raise Inapplicable(
                f"{names} are stereoisomers, but not every stereocentre is stated, so that no more can be told.",
                "Give structures with all their stereochemistry.",
            )
        yes = found.relation in _AFFIRMED[query.object]
        lead = "Yes: " if yes else "No: "
        return f"{lead}{said}{alike} {cited}."
    return f"{compose.capital(said)}{alike} {cited}."


# -- by affinity -------------------------------------------------------------------------------


def _by_affinity(context: AnswerContext, query: Query) -> Answer:
    """Rank measured affinities of one protein, or of one molecule, each measure by itself."""
    draft = context.draft
    molecules, proteins = list(draft.molecules), list(draft.proteins)
    if len(molecules) > 1 and len(proteins) > 1:
        return _table(context, query)
    rows: list[tuple[str, Fact]] = []
    lacking: list[str] = []
    for molecule, protein in itertools.product(molecules, proteins):
        facts, shown = _measured(context, query, molecule, protein)
        label = shown if len(molecules) > 1 else compose.name_of(protein.entity)
        rows += [(label, fact) for fact in facts]
        lacking += [] if facts else [_lacking(context, molecule, protein)]
    if not rows:
        return context.close("", " ".join(lacking))
    draft.facts += [fact for _, fact in rows]
    ranked = [row for row in rows if not is_open(row[1])]
    measures = sorted({fact.predicate for _, fact in ranked}, key=lambda name: name == SCORE)
    sentences = [_ranking(context, query, measure, ranked) for measure in measures]
    sentences += _unranked(context, [row for row in rows if is_open(row[1])], [label for label, _ in ranked])
    if len(measures) > 1:
        sentences.append("Values of different measures cannot be compared with each other.")
    return draft.close("answered", " ".join([*sentences, *lacking]))


def _measured(context: AnswerContext, query: Query, molecule: Resolved, protein: Resolved) -> tuple[list[Fact], str]:
    if not isinstance(molecule.entity, Molecule) or not isinstance(protein.entity, Protein):
        raise InvalidInput("an affinity is between a molecule and a protein.", "Name one of each.")
    facts, shown = pair_affinities(context, molecule.entity, protein.entity)
    wanted = {name for name in query.predicates if name != "affinity"}
    of_measure = [fact for fact in facts if fact.predicate in wanted]
    return of_measure or facts, shown


def _lacking(context: AnswerContext, molecule: Resolved, protein: Resolved) -> str:
    if isinstance(molecule.entity, Molecule) and isinstance(protein.entity, Protein):
        return unmeasured(context, molecule.entity, protein.entity)
    return ""


def _ranking(context: AnswerContext, query: Query, measure: str, rows: Sequence[tuple[str, Fact]]) -> str:
    """Rank what was measured by one measure, bounds behind exact values."""
    group = [(label, fact) for label, fact in rows if fact.predicate == measure]
    order = sorted(group, key=lambda row: _strength(row[1]))
    if query.order == "least":
        order.reverse()
    shown = "; ".join(f"{label} {compose.measured_text(fact)}{_noted(fact)}" for label, fact in order)
    cited = context.draft.sources.cite_all(fact.provenance for _, fact in group)
    labels = list(dict.fromkeys(label for label, _ in order))
    lead = ""
    if len(labels) > 1 and query.order:
        ahead = _strength(order[0][1]) != _strength(next(f for label, f in order if label != labels[0]))
        how = "weakest" if query.order == "least" else "strongest"
        lead = f"By {measure} {labels[0]} is the {how}: " if ahead else f"By {measure} they are equal: "
        if query.aggregate == "yes_no":
            first = rows[0][0]
            lead = f"{'Yes' if labels[0] == first and ahead else 'No'}: "
    return f"{lead or f'By {measure}: '}{shown} {cited}."


def _unranked(context: AnswerContext, rows: Sequence[tuple[str, Fact]], ranked: Sequence[str]) -> list[str]:
    """Say what is on record and cannot be ranked, as its relation is not stated or it is doubted."""
    sentences = []
    loose = [row for row in rows if not doubted(row[1])]
    if loose:
        shown = "; ".join(
            f"{label} {affinities.one_text(fact, context.draft.sources)}"
            for label, fact in sorted(loose, key=lambda row: (row[1].predicate, _strength(row[1])))
        )
        tables = listed(list(dict.fromkeys(affinities.table_of(fact) for _, fact in loose)))
        lead = "Not ranked" if ranked else "No value on record can be ranked"
        sentences.append(f"{lead}: {tables} states, {affinities.NOT_STATED}: {shown}.")
    if doubts := [row for row in rows if doubted(row[1])]:
        shown = "; ".join(f"{label} {affinities.one_text(fact, context.draft.sources)}" for label, fact in doubts)
        sentences.append(f"Left out, as the source itself doubts them: {shown}.")
    return sentences


def _strength(fact: Fact) -> tuple[bool, float]:
    reading = read(fact)
    if reading is None:
        return True, 0.0
    return reading.sign == ">", -reading.value if fact.predicate == SCORE else reading.value


def _noted(fact: Fact) -> str:
    return f" ({fact.note})" if fact.note else ""


def _table(context: AnswerContext, query: Query) -> Answer:
    """State what was measured of several molecules and several proteins, pair by pair."""
    from biomed_agent.answering.handlers import activity

    return activity.handle(context, Query("relation", query.subjects, kind="activity"))
