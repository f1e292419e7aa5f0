"""Values that a question names: computed from the structure, of the identity, and stored in records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from biomed_agent.answering.context import AnswerContext
from biomed_agent.answering.handlers import approved, hazards, properties
from biomed_agent.answering.wording import compose
from biomed_agent.core.chemistry.counts import facts_of_functional_groups, facts_of_path, facts_of_ring_systems
from biomed_agent.core.chemistry.descriptors import computed_facts
from biomed_agent.core.chemistry.formulas import facts_of_formula
from biomed_agent.core.chemistry.structures import RDKIT
from biomed_agent.core.drug_facts import APPROVAL
from biomed_agent.core.errors import Inapplicable, InvalidInput
from biomed_agent.core.predicates import COMPUTED, IDENTITY, IN_DALTONS, STATEMENT, VALUES
from biomed_agent.core.query import Filter, Query
from biomed_agent.core.sequence_values import (
    RESIDUES,
    SEQUENCE_PREDICATES,
    facts_of_position,
    facts_of_sequence,
    facts_of_stretch,
    residue_at,
    residue_composition,
)
from biomed_agent.core.types import Answer, Entity, Fact, Molecule, Protein, Resolved
from biomed_agent.core.words import counted, listed

_FORMULAS = frozenset({"degree of unsaturation", "empirical formula", "elemental composition"})
_OTHER_COMPUTED = {
    "functional groups": facts_of_functional_groups,
    "ring systems": facts_of_ring_systems,
    "shortest path": facts_of_path,
}
_COUNTS = frozenset({"rings", "aromatic rings", "rotatable bonds", "stereocentres", "hydrogen-bond donors",
                     "hydrogen-bond acceptors", "heavy atoms", "atoms"})  # fmt: skip
"""predicates whose values count parts, so that zero answers whether there is one"""
_VERDICTS = {"pass": True, "fail": False, "none": True}
"""what a rule says, and whether it is obeyed; of alerts, that there are none"""


def handle(context: AnswerContext, query: Query) -> Answer:
    """State the values that a query names; without any, all that is computed from the structure of a molecule."""
    if not query.predicates:
        return properties.handle(context, query)
    computed = [name for name in query.predicates if name in COMPUTED]
    if STATEMENT in query.predicates:
        context.leave_out(computed)
        return hazards.handle(context, query)
    if "residue" in query.predicates:
        return _residues(context, query)
    draft, sentences = context.draft, []
    for resolved in draft.entities:
        facts = computed_of(context, resolved.entity, computed) + _recorded(context, resolved, query.predicates)
        facts = [_in_unit(fact, query) for fact in facts]
        draft.facts += facts
        stated = compose.facts_sentence(resolved.entity, facts, draft.sources)
        lead = (
            _total(query, facts)
            if query.aggregate == "count"
            else _most_frequent(resolved.entity)
            if query.object == "most"
            else _verdict(query, facts)
        )
        after = approved.qualified(facts) if APPROVAL in query.predicates else ""
        sentences.append(f"{lead}{stated}{after}" if stated else "")
    if any(sentences):
        _tell_gaps(context, query, sentences)
    return context.close_stated(query, sentences)


def computed_of(context: AnswerContext, entity: Entity, wanted: Sequence[str]) -> list[Fact]:
    """Return the computed values that are wanted, judgements of drug-likeness when one of them is."""
    if not wanted:
        return []
    retriever = context.components.retriever
    if isinstance(entity, Protein):
        own = [name for name in wanted if name.lower() in {known.lower() for known in SEQUENCE_PREDICATES}]
        facts = [*retriever.computed(entity, wanted), *(facts_of_sequence(entity, own) if own else [])]
        return [fact for name in wanted for fact in facts if fact.predicate == name]
    facts = computed_facts(entity, wanted)
    for name in wanted:
        if name in _FORMULAS:
            facts += facts_of_formula(entity, name)
        elif name in _OTHER_COMPUTED:
            facts += _OTHER_COMPUTED[name](entity)
    if any(fact.about for fact in facts):
        facts = retriever.name_parents(entity, facts)
    known = {fact.predicate for fact in facts}
    if (properties.JUDGED & set(wanted)) - known:
        facts += [fact for fact in properties.judgements(retriever, entity) if fact.predicate not in known]
    own_names = {"shortest path": "count"}
    return [fact for name in wanted for fact in facts if fact.predicate == own_names.get(name, name)]


def _recorded(context: AnswerContext, resolved: Resolved, predicates: Sequence[str]) -> list[Fact]:
    """Return what records state of the wanted values; of the identity without asking anybody."""
    wanted = [name for name in predicates if name not in COMPUTED]
    if not wanted:
        return []
    facts = context.components.retriever.identity(resolved, wanted)
    facts += _itself(context, resolved.entity) if "parent compound" in wanted else []
    facts += _brands(context, resolved.entity) if "brand name" in wanted else []
    facts += _own_name(resolved.entity) if "name" in wanted and isinstance(resolved.entity, Molecule) else []
    stated = {fact.predicate for fact in facts}
    named = {"name"} if isinstance(resolved.entity, Molecule) else set()
    known = stated & (IDENTITY | {"parent compound", "brand name"})
    if asked := [name for name in wanted if name not in known and name not in named]:
        facts += context.stored(resolved.entity, asked)
    for predicate in stated:  # such as synonyms, of which a source has more
        context.draft.call_gaps(resolved.entity, (predicate,), f"{predicate} (in part)")
    if "name" in stated:  # a systematic one was asked for beside it
        context.draft.gaps = [gap for gap in context.draft.gaps if gap.asked != "IUPAC name"]
    return facts


def _itself(context: AnswerContext, entity: Entity) -> list[Fact]:
    """Return a molecule as its own parent compound where it is no salt."""
    if not isinstance(entity, Molecule) or entity.provenance is None or not entity.name:
        return []
    if context.components.retriever.parents(entity):
        return []
    shown = f"{entity.name} ({entity.handle})" if entity.ids else entity.name
    return [Fact(entity.handle, "parent compound", shown, provenance=entity.provenance, note="itself; it is no salt")]


def _brands(context: AnswerContext, entity: Entity) -> list[Fact]:
    """Return the brand names of a molecule, and of its salts, which the notes say then."""
    if not isinstance(entity, Molecule):
        return []
    return [
        Fact(
            entity.handle, "brand name", brand, provenance=form.provenance or RDKIT,
            note="" if form.inchikey == entity.inchikey else f"of {form.name}",
        )
        for brand, form in context.components.index.brands_of(entity)
    ]  # fmt: skip


def _own_name(entity: Molecule) -> list[Fact]:
    """Return the name that a record has for a molecule."""
    if not entity.name or entity.provenance is None:
        return []
    return [Fact(entity.handle, "name", entity.name, provenance=entity.provenance)]


def _verdict(query: Query, facts: Sequence[Fact]) -> str:
    """Answer a question with yes or no where its values decide it; nothing where it asks for no verdict."""
    if query.aggregate != "yes_no":
        return ""
    if APPROVAL in query.predicates:
        return approved.verdict(facts, query.object)
    catalogue = query.object.removeprefix("free of ")
    if catalogue in ("PAINS", "Brenk"):
        hit = any(str(fact.value).startswith(catalogue) for fact in facts)
        return "Yes. " if hit == (catalogue == query.object) else "No. "
    if limits := [condition for condition in query.filters if condition.field != "unit"]:
        own = [fact for fact in facts if not fact.about]
        decided = [_holds(condition, own) for condition in limits]
        return "" if None in decided else "Yes. " if all(decided) else "No. "
    counts = [fact.value for fact in facts if fact.predicate in _COUNTS and not fact.about]
    if counts and len(counts) == len(query.predicates):
        return "Yes. " if all(isinstance(count, int) and count > 0 for count in counts) else "No. "
    values = [str(fact.value) for fact in facts if fact.predicate in properties.JUDGED]
    if not values or query.object not in ("", "obeys", "violates"):
        return ""
    obeyed = all(_VERDICTS.get(value, False) for value in values)
    return "Yes. " if obeyed == (query.object != "violates") else "No. "


def _in_unit(fact: Fact, query: Query) -> Fact:
    """Return a mass in the unit that is asked for, the usual one beside it; any other fact as it is."""
    unit = next((str(condition.value) for condition in query.filters if condition.field == "unit"), fact.unit)
    if unit == fact.unit or fact.unit not in IN_DALTONS or isinstance(fact.value, str):
        return fact
    factor = IN_DALTONS[fact.unit] / IN_DALTONS[unit]
    usual = "" if factor == 1 else f"{compose.number(fact.value)} {fact.unit}"
    note = "; ".join(part for part in (usual, fact.note) if part)
    return replace(fact, value=float(f"{fact.value * factor:.6g}") if usual else fact.value, unit=unit, note=note)


def _total(query: Query, facts: Sequence[Fact]) -> str:
    """Say how many values are on record of each predicate that is counted; nothing where none is."""
    counts = {name: len({(fact.value, fact.note) for fact in facts if fact.predicate == name})
              for name in query.predicates if name not in COMPUTED}  # fmt: skip
    told = [counted(count, compose.label_of(name)) for name, count in counts.items() if count]
    return f"On record here: {listed(told)}. " if told else ""


def _most_frequent(entity: Entity) -> str:
    """Say which residue of a protein is the most frequent."""
    if not isinstance(entity, Protein):
        return ""
    counts = residue_composition(entity.sequence)
    letter = max(counts, key=lambda each: counts[each])
    three, name = RESIDUES[letter]
    return f"The most frequent residue is {name} ({three}, {letter}), {counts[letter]} times. "


def _holds(condition: Filter, facts: Sequence[Fact]) -> bool | None:
    """Whether a value lies as a filter says; None where it is not stated as a number."""
    value = next((fact.value for fact in facts if fact.predicate == condition.field), None)
    if not isinstance(value, int | float):
        return None
    return compared(float(value), condition)


def compared(value: float, condition: Filter) -> bool:
    """Whether a number lies as a filter says.

    Raises:
        InvalidInput: The filter holds no number to compare with.
    """
    numbers = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    if not all(isinstance(number, int | float) for number in numbers):
        raise InvalidInput(f"the filter {condition} cannot be applied.", "Expected a number.")
    scale = 1000.0 if condition.unit == "kDa" else 1.0
    low = float(numbers[0]) * scale
    high = float(numbers[-1]) * scale
    decided = {
        "<": value < low, "<=": value <= low, ">": value > low, ">=": value >= low, "=": value == low,
        "!=": value != low, "between": min(low, high) <= value <= max(low, high),
    }  # fmt: skip
    if condition.relation not in decided:
        raise InvalidInput(f"the filter {condition} cannot be applied.", f"Expected one of {', '.join(decided)}.")
    return decided[condition.relation]


def _residues(context: AnswerContext, query: Query) -> Answer:
    """Say which residue stands at a position, or whether the one that is asked for does."""
    draft = context.draft
    place = next((condition.value for condition in query.filters if condition.field == "position"), None)
    if isinstance(place, tuple):
        return _stretch(context, place)
    if not isinstance(place, int | float) or place != int(place):
        raise InvalidInput("the query names no position.", "Give one as a filter on position, such as 12.")
    sentences = []
    for resolved in draft.proteins:
        protein = resolved.entity
        if not isinstance(protein, Protein):
            continue
        facts = facts_of_position(protein, int(place))
        draft.facts += facts
        lead = ""
        if query.object:
            lead = "Yes. " if residue_at(protein.sequence, int(place)).letter == query.object else "No. "
        sentences.append(lead + compose.facts_sentence(protein, facts, draft.sources))
    if not sentences:
        raise Inapplicable("a residue is of a protein, and the question names only a molecule.", "Name the protein.")
    return draft.close("answered", " ".join(sentences))


def _stretch(context: AnswerContext, ends: Sequence[float | str]) -> Answer:
    """Write out the residues between two positions."""
    draft = context.draft
    places = [int(end) for end in ends if isinstance(end, int | float) and end == int(end)]
    if len(places) != 2:
        raise InvalidInput("the filter on the position cannot be applied.", "Expected two positions, such as 1 and 20.")
    sentences = []
    for protein in [resolved.entity for resolved in draft.proteins if isinstance(resolved.entity, Protein)]:
        facts = facts_of_stretch(protein, places[0], places[1])
        draft.facts += facts
        sentences.append(compose.facts_sentence(protein, facts, draft.sources))
    if not sentences:
        raise Inapplicable("residues are of a protein, and the question names only a molecule.", "Name the protein.")
    return draft.close("answered", " ".join(sentences))


def _tell_gaps(context: AnswerContext, query: Query, sentences: Sequence[str]) -> None:
    """Warn of the values that nothing states beside those that are stated."""
    draft = context.draft
    for resolved, sentence in zip(draft.entities, sentences, strict=True):
        gaps = [gap for gap in draft.gaps if gap.entity is resolved.entity]
        # Each value was asked for; of the predicates that answer one question together, one is enough.
        missing = [gap for gap in gaps if not sentence or gap.asked in VALUES]
        draft.drop_notes(missing)
        draft.warnings += compose.gap_sentences(missing)
    stated = {fact.predicate.lower() for fact in draft.facts} | {gap.asked.lower() for gap in draft.gaps}
    if lacking := [name for name in query.predicates if name in VALUES - COMPUTED and name.lower() not in stated]:
        draft.warnings.append(f"Nothing here states the {listed(lacking, 'or')}.")
