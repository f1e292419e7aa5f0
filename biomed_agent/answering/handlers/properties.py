"""What a structure says of a molecule: masses, descriptors, rules of drug-likeness and structural alerts."""

from __future__ import annotations

from dataclasses import replace

from biomed_agent.answering.context import AnswerContext
from biomed_agent.answering.evidence import Retriever
from biomed_agent.answering.wording import compose
from biomed_agent.core.chemistry import druglikeness
from biomed_agent.core.errors import Inapplicable
from biomed_agent.core.query import Query
from biomed_agent.core.types import Answer, Entity, Fact, Molecule

JUDGED = frozenset(druglikeness.PREDICATES)
_VALUES = (
    "logP", "TPSA", "hydrogen-bond donors", "hydrogen-bond acceptors",
    "rotatable bonds", "rings", "aromatic rings", "fraction sp3", "formal charge", "stereocentres", "heavy atoms",
    "QED",
)  # fmt: skip


def handle(context: AnswerContext, _query: Query) -> Answer:
    """State all that is computed from the structure of a molecule, of a salt also for its parent."""
    draft, retriever = context.draft, context.components.retriever
    molecule = draft.entities[0].entity
    if not isinstance(molecule, Molecule):
        raise Inapplicable(f"{compose.name_of(molecule)} is no molecule.", "Name a molecule, or the values wanted.")
    if not molecule.formula:
        raise Inapplicable(
            f"{compose.name_of(molecule)} has open positions (*), so no value can be computed for it.",
            "Give the whole structure.",
        )
    masses = retriever.computed(molecule, ("molecular formula", "molecular weight"))
    judged = next(iter(retriever.parents(molecule)), molecule)
    values = retriever.computed(judged, _VALUES)
    if judged is not molecule:
        values = [_of_parent(fact, molecule, judged) for fact in values]
    verdicts = judgements(retriever, molecule)
    draft.facts += [*masses, *values, *verdicts]
    return draft.close("answered", _sentence(context, molecule, judged, values, verdicts))


def parent_sentence(retriever: Retriever, entity: Entity) -> str:
    """Say what a salt or solvate is made of, so that nobody takes its mass for the drug's; empty for anything else."""
    parent = next(iter(retriever.parents(entity)), None) if isinstance(entity, Molecule) else None
    if parent is None or parent.weight is None:
        return ""
    handle = f" ({parent.handle})" if parent.ids else ""
    return f"That includes counter-ions and solvent: its parent {_mass(parent, handle)}."


def judgements(retriever: Retriever, molecule: Molecule) -> list[Fact]:
    """Return what rules and alerts say of a molecule, or of its parent if it is a salt, which the notes say then."""
    parent = next(iter(retriever.parents(molecule)), None)
    facts = [*druglikeness.rules(parent or molecule), *druglikeness.alerts(parent or molecule)]
    return [_of_parent(fact, molecule, parent) for fact in facts] if parent else facts


def _of_parent(fact: Fact, molecule: Molecule, parent: Molecule) -> Fact:
    note = "; ".join(part for part in (f"of the parent {compose.name_of(parent)}", fact.note) if part)
    return replace(fact, subject=molecule.handle, note=note, about=parent.handle, about_name=compose.name_of(parent))


def _sentence(
    context: AnswerContext, molecule: Molecule, judged: Molecule, values: list[Fact], verdicts: list[Fact]
) -> str:
    """Say masses and values, then which rules are passed and which patterns are found."""
    cited = context.draft.sources.cite(verdicts[0].provenance)
    listed = ", ".join(f"{fact.predicate} {compose.number(fact.value)} {fact.unit}".strip() for fact in values)
    alerts = [str(fact.value) for fact in verdicts if fact.predicate == "structural alert"]
    by_rule = [fact for fact in verdicts if fact.predicate != "structural alert"]
    rules = {
        "passed": [fact.predicate for fact in by_rule if fact.value == "pass"],
        "failed": [
            f"{fact.predicate} by {' and '.join(str(check) for check in fact.limits if check.broken)}"
            for fact in by_rule
            if fact.value == "fail"
        ],
    }
    decided = "; ".join(f"{verdict}: {', '.join(names)}" for verdict, names in rules.items() if names)
    whole = f"{_mass(molecule)}, counter-ions and solvent included. Its parent " if judged is not molecule else ""
    return f"{whole}{_mass(judged)}: {listed} {cited}. Rules {decided}. Structural alerts: {', '.join(alerts)} {cited}."


def _mass(molecule: Molecule, handle: str = "") -> str:
    weight = f", {molecule.weight:.2f} g/mol" if molecule.weight is not None else ""
    return f"{compose.name_of(molecule)}{handle} is {molecule.formula}{weight}"
