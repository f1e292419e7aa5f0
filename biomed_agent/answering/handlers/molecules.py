"""Look-ups that are no question: molecules like one, molecules that hold one, and what its structure says of it.

Each takes an :class:`~biomed_agent.answering.pipeline.Answering`, resolves the molecule by its policy and closes its
draft.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from biomed_agent.answering.evidence import matching
from biomed_agent.answering.gaps import Gap, unread_notes
from biomed_agent.answering.reading.hazard_questions import bearing_on, topic_of
from biomed_agent.answering.wording import compose
from biomed_agent.core.chemistry import druglikeness
from biomed_agent.core.errors import Inapplicable, InvalidInput, NotFound, Refused, Unavailable
from biomed_agent.core.predicates import HAZARDS, STATEMENT
from biomed_agent.core.privacy.egress import switched_off
from biomed_agent.core.types import Answer, Entity, Fact, Molecule
from biomed_agent.sources.pubchem.depositor_facts import cid_of, note_unread

if TYPE_CHECKING:
    from biomed_agent.answering.evidence import Retriever
    from biomed_agent.answering.pipeline import Answering
    from biomed_agent.answering.reading.question import Question
    from biomed_agent.sources.local import LocalIndex
    from biomed_agent.sources.pubchem import PubChem
    from biomed_agent.sources.search_hits import Hit, Hits

Where: TypeAlias = Literal["auto", "pubchem", "local"]
"""Where a structure is searched for: in PubChem, in the local index, or in PubChem with the index in its place."""
HAZARD = STATEMENT
"""predicate by which a question about hazards is told"""
JUDGED = frozenset(druglikeness.PREDICATES)
MOST_TARGETS = 10
"""targets of bioassays that become facts; the rest are counted"""
MOST = 100
"""hits returned at most"""
_VALUES = (
    "logP", "TPSA", "hydrogen-bond donors", "hydrogen-bond acceptors",
    "rotatable bonds", "rings", "aromatic rings", "fraction sp3", "formal charge", "stereocentres", "heavy atoms",
    "QED",
)  # fmt: skip
_LED_BY = ("GHS signal word", "GHS remark")
_NAMED = 10
"""hits named in the sentence; all of them are facts"""


def similar(answering: Answering, text: str, threshold: float | None, limit: int, where: Where) -> Answer:
    """Find molecules like the one that ``text`` names; see :meth:`biomed_agent.BioMedAgent.similar`."""
    _check(limit, threshold)
    molecule = _resolve(answering, text)
    hits = _search(
        answering,
        where,
        lambda pubchem: pubchem.similar(molecule, 0.9 if threshold is None else threshold, limit),
        lambda: answering.rooms.structures.similar(molecule, 0.4 if threshold is None else threshold, limit),
    )
    lead = f"like {compose.name_of(molecule)}, most alike first"
    return _close(answering, molecule, hits, "similar molecule", lead, "Lower the threshold to find less similar ones.")


def containing(answering: Answering, text: str, limit: int, where: Where) -> Answer:
    """Find molecules that hold the one that ``text`` names; see :meth:`biomed_agent.BioMedAgent.containing`."""
    _check(limit)
    molecule = _resolve(answering, text)
    hits = _search(
        answering,
        where,
        lambda pubchem: pubchem.containing(molecule, limit),
        lambda: answering.rooms.structures.containing(molecule, limit),
    )
    lead = f"that hold {compose.name_of(molecule)} as a part, the smallest first"
    return _close(answering, molecule, hits, "holds it as a part", lead, "Give a smaller part as SMILES.")


def properties(answering: Answering, text: str) -> Answer:
    """Compute what the structure says of a molecule; see :meth:`biomed_agent.BioMedAgent.properties`."""
    draft, retriever = answering.draft, answering.rooms.retriever
    molecule = _resolve(answering, text)
    draft.kind = "computed"
    if not molecule.formula:
        raise Inapplicable(
            f"{compose.name_of(molecule)} has open positions (*), so no value can be computed for it.",
            "Give the whole structure.",
        )
    masses = matching(retriever.computed(molecule), ("molecular formula", "molecular weight"))
    judged = next(iter(retriever.parents(molecule)), molecule)
    values = matching(retriever.computed(judged), _VALUES)
    if judged is not molecule:
        values = [_of_parent(fact, molecule, judged) for fact in values]
    verdicts = judgements(retriever, molecule)
    draft.facts += [*masses, *values, *verdicts]
    return draft.close("answered", _said(answering, molecule, judged, values, verdicts))


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
    return replace(fact, subject=molecule.handle, note=note)


def _said(answering: Answering, molecule: Molecule, judged: Molecule, values: list[Fact], verdicts: list[Fact]) -> str:
    """Say masses and values, then which rules are passed and which patterns are found."""
    cited = answering.draft.sources.cite(verdicts[0].provenance)
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
    decided = "; ".join(f"{said}: {', '.join(names)}" for said, names in rules.items() if names)
    whole = f"{_mass(molecule)}, counter-ions and solvent included. Its parent " if judged is not molecule else ""
    return f"{whole}{_mass(judged)}: {listed} {cited}. Rules {decided}. Structural alerts: {', '.join(alerts)} {cited}."


def _mass(molecule: Molecule, handle: str = "") -> str:
    weight = f", {molecule.weight:.2f} g/mol" if molecule.weight is not None else ""
    return f"{compose.name_of(molecule)}{handle} is {molecule.formula}{weight}"


def _check(limit: int, threshold: float | None = None) -> None:
    if not 1 <= limit <= MOST:
        raise InvalidInput(f"the limit is {limit}; expected 1 to {MOST}.")
    if threshold is not None and not 0 < threshold <= 1:
        raise InvalidInput(f"the threshold is {threshold:g}; expected a similarity above 0 and up to 1, such as 0.8.")


def _resolve(answering: Answering, text: str) -> Molecule:
    draft = answering.draft
    draft.kind = "search"
    resolved = answering.rooms.resolver.resolve(text, "molecule", policy=answering.policy, notes=draft.warnings)
    draft.add(resolved)
    if not isinstance(resolved.entity, Molecule):
        raise InvalidInput(f"{text!r} is no molecule.", "Name a molecule.")
    return resolved.entity


def _search(answering: Answering, where: Where, live: Callable[[PubChem], Hits], local: Callable[[], Hits]) -> Hits:
    """Search PubChem as ``where`` says; a refusal or a failure is told, and the index searched in its place."""
    draft, pubchem = answering.draft, answering.rooms.retriever.pubchem
    if where != "local" and pubchem is not None:
        try:
            return live(pubchem)
        except (Refused, Unavailable) as error:
            if where == "pubchem":
                raise
            draft.warnings.append(f"Only the local index was searched: {error.message}")
            draft.not_looked_up.append(f"PubChem ({error.status})")
    elif where == "pubchem":
        raise Refused("PubChem was not searched: look-ups are switched off (offline).", "Search the local index.")
    elif pubchem is None:
        draft.not_looked_up.append("PubChem (look-ups are switched off)")
    return local()


def _close(answering: Answering, molecule: Molecule, hits: Hits, predicate: str, lead: str, otherwise: str) -> Answer:
    draft = answering.draft
    where = f"{hits.provenance.source} ({hits.provenance.identifier})"
    draft.sources.cite(hits.provenance)
    if not hits.found:
        draft.next_steps.append(otherwise)
        return draft.close("not_found", f"No molecules {lead.partition(',')[0]} were found in {where}.")
    draft.facts += [
        Fact(molecule.handle, predicate, _shown(hit), provenance=hits.provenance, note=_note(hit)) for hit in hits.found
    ]
    named = ", ".join(f"{_shown(hit)}{_likeness(hit)}" for hit in hits.found[:_NAMED])
    others = len(hits.found) - _NAMED
    listed = f"{named} and {others} more below" if others > 0 else named
    beyond = f"; {hits.beyond}" if hits.beyond else ""
    cited = draft.sources.cite(hits.provenance)
    if hits.beyond:
        draft.next_steps.append(f"Raise the limit (up to {MOST}) to see more.")
    return draft.close("answered", f"Molecules {lead}: {listed}{beyond} {cited}.")


def _shown(hit: Hit) -> str:
    name = hit.molecule.name or hit.molecule.smiles
    return f"{name} ({hit.molecule.handle})" if hit.molecule.handle not in (name, f"smiles:{name}") else name


def _likeness(hit: Hit) -> str:
    return f" {hit.likeness:.2f}" if hit.likeness is not None else ""


def _note(hit: Hit) -> str:
    """Say how alike a hit is, and its structure."""
    alike = f"Tanimoto{_likeness(hit)}; " if hit.likeness is not None else ""
    return f"{alike}{hit.molecule.formula or 'open positions'}; {hit.molecule.smiles}"


def hazards(answering: Answering, question: Question) -> Answer:
    """Answer what the hazards of molecules are, or whether one has a certain hazard."""
    draft = answering.draft
    topic, said = topic_of(question.text), []
    lacking: list[Gap] = []
    for molecule in [one.entity for one in draft.molecules if isinstance(one.entity, Molecule)]:
        facts = answering.stored(molecule, question.predicates)
        draft.facts += facts
        if facts:
            said.append(_hazards_of(molecule, facts, topic, draft.sources))
        else:
            draft.call_gaps(molecule, HAZARDS, "hazards")
            lacking += [gap for gap in draft.gaps if gap.entity is molecule]
    silence = "That does not mean that it is safe."
    if not said:
        return draft.close_empty(after=silence)
    if lacking:
        said += [*compose.gap_sentences(lacking), silence]
        draft.warnings += unread_notes(lacking)
    return draft.close("answered", " ".join(said))


def _hazards_of(molecule: Molecule, facts: list[Fact], topic: str, sources: compose.Sources) -> str:
    name = compose.name_of(molecule)
    statements = [fact for fact in facts if fact.predicate == STATEMENT]
    chosen = bearing_on(topic, facts) if topic else statements
    if topic and not chosen:
        count = len(bearing_on("hazardous", facts))
        other = "its 1 statement speaks" if count == 1 else f"its {count} statements speak"
        listed = f"{other} of other hazards" if count else "none was classified"
        return (
            f"No depositor classifies {name} as {topic}: {listed}, which does not prove that it is not "
            f"{sources.cite_all(fact.provenance for fact in facts)}."
        )
    first = [fact for fact in facts if fact.predicate != STATEMENT and fact.predicate in _LED_BY] if not topic else []
    lead = f"Yes: depositors classify {name} as {topic}. " if topic and topic != "hazardous" else ""
    return f"{lead}{compose.facts_sentence(molecule, [*first, *_without_shares(chosen)], sources)}"


def _without_shares(facts: list[Fact]) -> list[Fact]:
    """Return the statements as one group for a sentence; classes and shares stay in the facts."""
    return [replace(fact, note="") for fact in facts]


def bioactivity(answering: Answering, molecule: Molecule, known: bool) -> list[str]:
    """Return the sentence on PubChem's bioassays of a molecule, and add its facts; nothing when there is none to say.

    Args:
        answering: The question.
        molecule: What was tested.
        known: Whether the local records state affinities already; then assays are looked up only when asked for.
    """
    draft, retriever = answering.draft, answering.rooms.retriever
    asked = re.search(r"bio-?assay|bio-?activit|assay results", draft.question, re.IGNORECASE)
    if known and not asked and retriever.pubchem is not None:
        draft.not_looked_up.append("bioassays in PubChem (ask for its bioassays)")
        return []
    facts: list[Fact] = []
    gap = Gap(molecule, "bioassay results", "PubChem", switched_off("PubChem"))
    if retriever.pubchem is not None:
        try:
            cid = cid_of(retriever.pubchem, molecule)
            facts, gap = (
                retriever.pubchem.bioactivity(cid),
                replace(gap, source=f"PubChem's record CID {cid}", error=None),
            )
        except (NotFound, Refused, Unavailable) as error:
            gap = replace(gap, error=error)
            note_unread(error, draft.warnings)
    if not facts or not facts[0].value:
        draft.gaps.append(gap)
        return compose.gap_sentences([gap]) if known and asked else []
    counts, targets = facts[0], facts[1:]
    shown = [_with_name(fact, answering.rooms.index) for fact in targets[:MOST_TARGETS]]
    draft.facts += [counts, *shown]
    strongest = "; ".join(f"{fact.note.partition(';')[0]} {_measured(fact)}" for fact in shown[:5])
    beyond = f"; {len(targets) - 5} more targets with active results" if len(targets) > 5 else ""
    cited = draft.sources.cite_all(fact.provenance for fact in (counts, *shown[:5]))
    said = f"PubChem's bioassays of {compose.name_of(molecule)}: {counts.value:,} results ({counts.note})"
    return [f"{said}{f'; strongest: {strongest}{beyond}' if shown else ''} {cited}."]


def _measured(fact: Fact) -> str:
    return f"{fact.predicate} {compose.number(fact.value)} {fact.unit}".strip()


def _with_name(fact: Fact, index: LocalIndex) -> Fact:
    """Put the gene in front of an accession that the local index knows."""
    target, semicolon, rest = fact.note.partition(";")
    protein = index.protein_by_accession(target.removeprefix("UNIPROT:")) if target.startswith("UNIPROT:") else None
    name = protein and (protein.gene or protein.name)
    return replace(fact, note=f"{name} ({target}){semicolon}{rest}") if name else fact
