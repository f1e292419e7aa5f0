"""Facts to sentences: the words a person reads first, each statement with the number of its source.

No language model takes part; every value in a sentence is a fact of the answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from biomed_agent.answering.gaps import Gap
from biomed_agent.core.chemistry import structures
from biomed_agent.core.drug_facts import APPROVAL
from biomed_agent.core.predicates import LABELS
from biomed_agent.core.query import Filter, Query
from biomed_agent.core.types import Entity, Evidence, Fact, ModelStatement, Molecule, Provenance, Resolved
from biomed_agent.core.words import listed, plural, shorten

MAX_LISTED = 6
"""values of one predicate named in a sentence; the rest are counted"""

NO_ANSWER = "The model did not answer"
MAX_UNREAD, MAX_WORD = 10, 60
"""words named that were not read, and letters of each"""
MAX_PARTS = 10
"""rings and groups named in a sentence"""
_GENERAL = {"aromatic ring"} | set(
    "acid acyl alcohol alkyl amino benzoyl carbonyl halogen methyl oxo carboxamide acetyl".split()
)
"""names that a more telling one nearly always stands beside"""


class Sources:
    """Numbers the records an answer uses, in order of first use."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str, str], int] = {}
        self.list: list[Provenance] = []

    def cite(self, provenance: Provenance | None) -> str:
        """Return ``[n]`` for a record; empty for none."""
        return f"[{self.number(provenance)}]" if provenance is not None and provenance.source else ""

    def number(self, provenance: Provenance) -> int:
        """Return the number of a record, a new one at its first use."""
        key = (provenance.source, provenance.identifier, provenance.url)
        if key not in self._numbers:
            self.list.append(provenance)
            self._numbers[key] = len(self.list)
        return self._numbers[key]

    def cite_all(self, provenances: Iterable[Provenance | None]) -> str:
        """Return the numbers of several records, each once."""
        return "".join(dict.fromkeys(number for provenance in provenances if (number := self.cite(provenance))))


def name_of(entity: Entity) -> str:
    """Return how a sentence calls an entity."""
    if isinstance(entity, Molecule):
        return entity.name or ("this molecule" if len(entity.smiles) > 60 else entity.smiles)
    label = entity.name or entity.gene or entity.accession or "this protein"
    if entity.gene and entity.gene != label:
        label = f"{label} ({entity.gene})"
    return f"{label} {entity.variant}".strip()


def number(value: str | int | float) -> str:
    """Write a value as people read it: thousands separated, no trailing zeros."""
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{round(value, 4) + 0.0:,}".removesuffix(".0")


def unread_sentence(unread: Sequence[str], told: str) -> str:
    """Say which words were not read, of those that a text does not quote already; empty where there is none."""
    words = [word for word in unread if f"'{word}'" not in told and f'"{word}"' not in told]
    if not words:
        return ""
    named = [f'"{shorten(word, MAX_WORD)}"' for word in words[:MAX_UNREAD]]
    return f"Not understood here: {listed([*named, 'more'] if len(words) > MAX_UNREAD else named)}."


def without_sentence(unread: Sequence[str], read_as: str) -> str:
    """Say how a question reads without the words that were not read; empty where it reads as nothing."""
    return f"Without {'it' if len(unread) == 1 else 'them'} the question reads: {read_as}." if read_as else ""


def measured_text(fact: Fact) -> str:
    """Return what was measured with its value and unit, such as ``Kd 1.1 nM``; a mean has four digits."""
    replicates = fact.measurement.replicates if fact.measurement else None
    amount = fact.amount
    if not isinstance(amount, str) and (replicates or 1) > 1:
        amount = float(f"{amount:.4g}")
    return f"{fact.predicate} {number(amount)} {fact.unit}".strip()


def label_of(predicate: str) -> str:
    """Return how a sentence calls a predicate."""
    return LABELS.get(predicate.lower(), predicate)


def read_as(query: Query, names: Sequence[str]) -> str:
    """Say in one line what a query asks of the things of these names.

    >>> read_as(Query("value", predicates=("molecular weight",)), ["aspirin"])
    'molecular weight of aspirin'
    """
    things = " and ".join(names)
    frame = query.frame
    if frame == "value":
        wanted = [label_of(name) for name in query.predicates]
        what = ", ".join(wanted if len(wanted) <= MAX_LISTED else [*wanted[:MAX_LISTED], "more"])
        limits = listed([str(condition) for condition in query.filters if condition.field not in ("organism", "unit")])
        held = "" if not limits else f", {limits} or not" if query.aggregate == "yes_no" else f" with {limits}"
        what = f"number of {what}" if query.aggregate == "count" else what
        return f"{what or 'all that is computed'} of {things}{held}"
    if frame == "describe":
        return f"{'what it is' if query.kind == 'identity' else query.kind} of {things}".replace(
            "what it is of", "identity of"
        )
    if frame == "papers":
        about = query.object or listed([subject.text for subject in query.subjects]) or "the question's words"
        return f"articles on {about}" if query.aggregate == "list" else f"passages of articles on {about}"
    if frame == "count":
        counted = listed([str(condition.value) for condition in query.filters]) or query.object
        return f"{'whether any' if query.aggregate == 'yes_no' else 'number of'} {counted} in {things or 'the records'}"
    if frame == "compare":
        return _compared_as(query, names)
    if frame == "list":
        return _listed_as(query, things)
    if frame == "unknown" and query.object:
        return "what can be asked" if query.object == "help" else "no question"
    conditions = dict.fromkeys(str(condition) for condition in query.filters if condition.field != "unit")
    limits = f" with {listed(list(conditions))}" if conditions else ""
    leads = {
        "relation": "whether they bind, and how strongly:" if query.aggregate == "yes_no" else "measured affinity of",
        "locate": "identity of",
        "similar": "molecules similar to",
        "contains": "molecules that hold",
        "is_a": f"whether this holds: {query.object} Of",
    }
    return f"{leads.get(frame, 'a question not understood, about')} {things}{limits}"


def _compared_as(query: Query, names: Sequence[str]) -> str:
    """Say in one line what a comparison asks."""
    things = listed(list(names))
    wanted = listed([label_of(name) for name in query.predicates])
    if query.object == "same":
        return f"whether {things} are the same"
    if query.object and query.object not in ("difference", "related"):
        return f"whether {things} are related as {query.object}"
    if query.order:
        return f"which has {'less' if query.order == 'least' else 'more'} {wanted}: {things}"
    lead = "difference" if query.object == "difference" else "comparison"
    return f"{lead} of {things}{f' by {wanted}' if wanted else ''}"


def _listed_as(query: Query, things: str) -> str:
    """Say in one line what a list holds: ``list proteins with Kd below 10 nM on imatinib, strongest first``."""
    lead = {"count": "number of", "yes_no": "whether there are"}.get(query.aggregate, "list")
    some = f" {query.limit}" if query.limit else ""
    status = [_status(condition) for condition in query.filters if condition.field == APPROVAL]
    noun = " ".join([*status, f"{query.object or 'partner'}s"])
    conditions = list(dict.fromkeys(str(condition) for condition in query.filters if condition.field != APPROVAL))
    limits = f" with {listed(conditions)}" if conditions else ""
    if not things:
        return f"{lead}{some} {noun}{limits}"
    measured = listed(list(query.predicates)) if query.predicates else ""
    order = {"weakest": ", weakest first"}.get(query.order, ", strongest first" if query.aggregate != "count" else "")
    return f"{lead}{some} {noun} measured to bind {things}{f' by {measured}' if measured else ''}{limits}{order}"


def _status(condition: Filter) -> str:
    return "approved" if condition.value == "approved" else f"{condition.value}-approved"


def question_of(query: Query, names: Sequence[str]) -> str:
    """Return a question that asks just what a query asks; empty for frames that need no such offer."""
    things = listed(list(names))
    if query.frame == "value" and query.predicates:
        return f"What is the {listed([label_of(name) for name in query.predicates[:MAX_LISTED]])} of {things}?"
    if query.frame == "describe" and query.kind == "identity":
        return f"What is {things}?"
    if query.frame == "relation":
        return f"What is the measured affinity of {listed(list(names[:-1]))} and {names[-1]}?"
    if query.frame == "list" and names:
        return f"What was measured to bind {things}?"
    return ""


def facts_sentence(entity: Entity, facts: Sequence[Fact], sources: Sources) -> str:
    """State facts about one entity, grouped by predicate."""
    clauses = []
    grouped: dict[tuple[str, str], list[Fact]] = {}
    for fact in facts:
        grouped.setdefault((fact.predicate, fact.note), []).append(fact)
    shown, hidden = Counter[str](), Counter[str]()
    for (predicate, note), group in grouped.items():
        shown[predicate] += 1
        if shown[predicate] > MAX_LISTED:  # each with a note of its own, as variants have
            hidden[label_of(predicate)] += len(group)
            continue
        values = list(dict.fromkeys(f"{number(fact.amount)} {fact.unit}".strip() for fact in group))
        values_text = ", ".join(values[:MAX_LISTED]) + (
            f" and {len(values) - MAX_LISTED} more" if values[MAX_LISTED:] else ""
        )
        noun = label_of(predicate)
        clauses.append(
            f"{plural(noun) if len(values) > 1 else noun} {values_text}"
            + (f" ({note})" if note else "")
            + f" {sources.cite_all(fact.provenance for fact in group)}".rstrip()
        )
    clauses += [f"{count} more {plural(noun) if count > 1 else noun}" for noun, count in hidden.items()]
    return f"{capital(name_of(entity))}: {'; '.join(clauses)}." if clauses else ""


def gap_sentences(gaps: Sequence[Gap], *, its: bool = False) -> list[str]:
    """Say what nothing states, one sentence for each entity and each record or source whose silence it is.

    Args:
        gaps: What was asked.
        its: Write "its" for the entity, which the sentence before has named.
    """
    grouped: dict[tuple[str, str, str], list[Gap]] = {}
    for gap in gaps:
        key = gap.entity.handle, gap.source, gap.error.message if gap.error else ""
        grouped.setdefault(key, []).append(gap)
    return [_gap_sentence(group, its) for group in grouped.values()]


def _gap_sentence(group: Sequence[Gap], its: bool) -> str:
    """Say what is not stated of one entity, for one reason."""
    first, asked = group[0], list(dict.fromkeys(label_of(gap.asked) for gap in group))
    of, whose = ("", "its") if its else (f" of {name_of(first.entity)}", "the")
    if first.error is None:
        lacking = listed(asked, "or")
        if first.source:
            return f"{first.source} states no {lacking}{of}."
        return f"The local index holds no {lacking}{of}, and no other source is asked for that here."
    if not first.unread:
        return f"No {listed(asked, 'or')}{of or ' of it'} is on record: {first.error.message}"
    subject = capital(f"{whose} {listed(asked)}{of}")
    if first.error.status == "refused" and first.why != first.error.status:
        return f"{subject} {_was(asked)} not looked up: {first.why}, so {first.source} was not asked."
    return f"{subject} could not be looked up. {first.error.message}"


def gaps_listed(gaps: Iterable[Gap]) -> list[str]:
    """Name what sources that were not read might state, one entry for each entity, source and reason."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for gap in gaps:
        if gap.unread:
            where = f"of {name_of(gap.entity)} in {gap.source}", gap.why
            grouped.setdefault(where, []).append(label_of(gap.asked))
    return [f"{listed(list(dict.fromkeys(asked)))} {where} ({why})" for (where, why), asked in grouped.items()]


def _was(asked: Sequence[str]) -> str:
    plural = len(asked) > 1 or (asked[0].endswith("s") and not asked[0].endswith(("ss", "us", "is")))
    return "were" if plural else "was"


def _id_label(space: str) -> str:
    """Return how a sentence calls the identifiers of a database."""
    return LABELS[space] if LABELS.get(space, space) != space else space.upper()


def identity_sentence(entity: Entity, sources: Sources) -> str:
    """Say what an entity is, from its record."""
    cited = sources.cite(entity.provenance)
    if isinstance(entity, Molecule):
        named = f"{entity.name} is" if entity.name else "The structure is"
        weight = f", {entity.weight:.2f} g/mol" if entity.weight is not None else ""
        ids = ", ".join(f"{_id_label(space)} {value}" for space, value in list(entity.ids.items())[:3])
        body = f"{named} {entity.formula or 'a structure with open positions'}{weight}, SMILES {entity.smiles}"
        key = f", InChIKey {entity.inchikey}" if entity.inchikey else ""
        return f"{capital(body)}{key}{f' ({ids})' if ids else ''} {cited}".rstrip() + "."
    named = name_of(entity) if (entity.name or entity.gene) else "The sequence"
    where = f" of {entity.organism}" if entity.organism else ""
    record = f", UniProt {entity.accession}" if entity.accession else ", a sequence without a record here"
    return f"{capital(named)} is a protein{where} with {entity.length:,} residues{record} {cited}".rstrip() + "."


def structure_sentence(molecule: Molecule, sources: Sources) -> str:
    """Say which rings and groups a structure holds, as RDKit finds them."""
    names = [*sorted(structures.skeletons(molecule)), *sorted(structures.functional_groups(molecule))]
    parts = [part for part in names if part not in _GENERAL]
    holds = f"; contains {', '.join(parts[:MAX_PARTS])}" if parts else ""
    formula = molecule.formula or "open positions"
    return f"Its structure: {formula}{holds} {sources.cite(structures.RDKIT)}."


def sameness_sentence(entities: Sequence[Resolved], sources: Sources) -> str:
    """Say whether the names of a question name one thing."""
    cited = sources.cite_all(resolved.entity.provenance for resolved in entities)
    if len(entities) == 1:
        return f"Both names mean {name_of(entities[0].entity)} ({entities[0].entity.handle}) {cited}".rstrip() + "."
    shown = " and ".join(f"{name_of(resolved.entity)} ({resolved.entity.handle})" for resolved in entities)
    return f"Different records: {shown} {cited}".rstrip() + "."


def evidence_text(
    evidence: Sequence[Evidence], sources: Sources, lead: str = "Passages that fit the question best, verbatim:"
) -> str:
    """Quote the passages, best article first, each with its part of the abstract and what warns of its article."""
    lines = []
    for passage in evidence:
        article = passage.article
        preprint = "preprint, not peer reviewed" if article.preprint else ""
        named = (article.where, article.handle, article.kind.lower())
        parts = [", ".join(part for part in named if part), preprint, *article.notices]
        label = f"{passage.label}: " if passage.label else ""
        about = "; ".join(part.rstrip(".") for part in parts if part)
        lines.append(f'{label}"{passage.text}" ({about}) {sources.cite(article.provenance)}'.rstrip())
    return "\n".join([lead, *lines])


def model_sentence(statement: ModelStatement) -> str:
    """Say what the model said, labelled so that nobody takes it for a record."""
    label = f"The model {statement.stamp.name}" + (
        " (a demonstration, not to be cited)" if statement.stamp.demonstration else ""
    )
    if not statement.claims:
        return f"{label} was asked, and none of what it said is shown: {statement.withheld_summary}."
    return f"{label} says: {statement.text}"


def capital(text: str) -> str:
    """Capitalize a sentence's first word unless it is written with a capital further on, like mTOR."""
    word = text.split(" ", 1)[0]
    return text[:1].upper() + text[1:] if word.islower() and word.isalpha() else text
