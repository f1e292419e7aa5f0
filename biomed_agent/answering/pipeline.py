"""One question from its words to its answer: read the entities, choose by kind, collect, ask the model, check.

A :class:`~biomed_agent.answering.draft.Draft` is filled step by step and closed into an
:class:`~biomed_agent.core.types.Answer`. The methods raise only :class:`~biomed_agent.core.errors.BiomedAgentError`;
:mod:`biomed_agent.answering.agent` turns that into an answer.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from biomed_agent.answering import model_step
from biomed_agent.answering.draft import Draft, Rooms
from biomed_agent.answering.evidence import matching
from biomed_agent.answering.handlers import affinities, literature, molecules, proteins
from biomed_agent.answering.handlers.limits import MEASURES, limit_in
from biomed_agent.answering.reading.hazard_questions import also_asked
from biomed_agent.answering.reading.mentions import (
    Mention,
    find_mentions,
    kind_said,
    misspelled,
    organism_of,
    unknown_words,
)
from biomed_agent.answering.reading.question import (
    COMPUTED,
    DRUG_LINKS,
    IDENTITY,
    PROTEIN_KINDS,
    VALUES,
    Kind,
    Question,
    classify,
    computed_named,
    kind_asked,
    parts_asked,
    statement_of,
)
from biomed_agent.answering.reading.scope import check_partners_asked, check_unaltered, check_whole, listed_unknown
from biomed_agent.answering.resolving.input_files import files_closed
from biomed_agent.answering.wording import compose
from biomed_agent.core.errors import Inapplicable, InvalidInput, NotFound
from biomed_agent.core.protein_variants import substitutions_in
from biomed_agent.core.types import Answer, Claim, EgressPolicy, Fact, ModelUse, Molecule, Protein, Resolved
from biomed_agent.model.contract.prompt import PAIR_QUESTION, QUESTIONS, user_message
from biomed_agent.trust.claims import check_text
from biomed_agent.trust.claims.records import Records

if TYPE_CHECKING:
    from biomed_agent.answering.resolving.ranking import EntityKind, Policy

_RECORDS_OF_PROTEIN = {
    "name": ("name", "synonym"),
    "family": ("protein family",),
    "location": ("subcellular location", "membrane topology", "GO cellular component"),
    "function": (
        "function",
        "catalytic activity",
        "EC number",
        "protein family",
        "GO molecular function",
        "GO biological process",
    ),
}
MOST_NAMED = 3
"""values a question asks for that are named when nobody states them"""
MAX_PAIRS = 12
"""molecule-protein pairs answered in one question"""
_SIZE = ("molecular formula", "molecular weight", "length")
_SHAPE = ("molecular formula", "molecular weight", "rings", "aromatic rings", "stereocentres", "logP")


class Answering:
    """Answers one question; made for it and thrown away.

    Args:
        rooms: The parts the path is made of.
        draft: What is filled.
        policy: What to do when a name means several things.
        egress: Decides which words of a literature question may be sent.
        model: When the model is asked.
        show_undecided: Whether what the model said is shown whatever the checks say of it.
    """

    def __init__(
        self,
        rooms: Rooms,
        draft: Draft,
        policy: Policy = "ask",
        egress: EgressPolicy = "names-only",
        *,
        model: ModelUse = "auto",
        show_undecided: bool = False,
    ) -> None:
        self.rooms, self.draft, self.policy, self.egress = rooms, draft, policy, egress
        self.model, self.show_undecided = model_step.check_use(model), model_step.check_shown(show_undecided)
        self.mentions = find_mentions(draft.question, rooms.index)

    # -- from words to a kind ------------------------------------------------------------------

    def ask(self, molecule: str | None, protein: str | None, query: str | None, full_text: bool = False) -> Answer:
        """Answer the question; see :meth:`biomed_agent.BioMedAgent.ask`."""
        rest = self._without_names()
        if query is not None or literature.pmids_in(self.draft.question) or classify(rest).kind == "literature":
            return literature.answer(self, query, full_text=full_text)
        self._read_entities(rest, molecule, protein)
        draft = self.draft
        self._read_form(rest)
        question = classify(rest, molecule=bool(draft.molecules), protein=bool(draft.proteins))
        draft.kind = question.kind
        if not draft.entities:
            raise self._nothing_named()
        for word in listed_unknown(rest):
            draft.warnings.append(f"{word!r} is not known here and was left out.")
        if question.kind in PROTEIN_KINDS and not draft.proteins:
            raise Inapplicable(
                f"{question.kind} is asked of a protein, and the question names only a molecule.",
                "Name the protein by gene, accession or sequence.",
            )
        paths: dict[Kind, Callable[[Question], Answer]] = {
            "identity": self._values if question.predicates else self._identity,
            "computed": self._values,
            "stored": self._values,
            "description": self._description,
            "activity": self._activity,
            **dict.fromkeys(("name", "function", "family", "location"), self._protein_words),
        }
        return paths.get(question.kind, self._other)(question)

    def _without_names(self) -> str:
        """Return the question with ``it`` for every name, so that a name cannot decide the kind."""
        rest = self.draft.question
        for mention in reversed(self.mentions):
            rest = f"{rest[: mention.start]} it {rest[mention.end :]}"
        return " ".join(rest.split())

    def _read_entities(self, rest: str, molecule: str | None, protein: str | None) -> None:
        """Resolve what is given, then what the question names and the given does not cover."""
        if molecule is not None:
            self._resolve(molecule, "molecule")
        if protein is not None:
            self._resolve(protein, "protein")
        given = self.draft.entities
        self._note_conflicts(given)
        kind = classify(rest, molecule=bool(given or self.mentions), protein=bool(self.draft.proteins)).kind
        if len(given) == 2 or (given and kind != "activity"):
            return  # a name in the question is about what is given
        missing: EntityKind | None = None
        if given:
            missing = "protein" if given[0].kind == "molecule" else "molecule"
        elif classify(rest, protein=True).kind in PROTEIN_KINDS and self._names_a_protein():
            missing = "protein"
        for mention in self.mentions:
            check_whole(self.draft.question, mention, self.rooms.index, partners=kind == "activity")
            self._read_mention(mention, missing or self._kind_meant(mention, rest))

    def _read_form(self, rest: str) -> None:
        """Apply a substitution named anywhere in the question; refuse other changed forms and parts."""
        proteins = [one.entity for one in self.draft.proteins if isinstance(one.entity, Protein)]
        if not proteins:
            return
        whole = [protein for protein in proteins if not protein.variant]
        applied = {change for protein in proteins for change in protein.variant.split("/")}
        named = [change for change in substitutions_in(self.draft.question) if change not in applied]
        if len(named) > 1 or (named and not whole):
            raise Inapplicable(
                f"the question names {' and '.join(named)} apart from each other, and only one change can be applied.",
                f"Write one protein with all its changes, as in {compose.name_of(proteins[0])} L858R/T790M.",
            )
        if whole and not named:
            if self.draft.molecules or not parts_asked(rest):  # a record lists the parts, and says no more of them
                check_unaltered(rest, compose.name_of(whole[0]))
        elif len(whole) == 1 and whole[0].accession:
            self.draft.proteins = [one for one in self.draft.proteins if one.entity is not whole[0]]
            self._resolve(f"{whole[0].accession} {named[0]}", "protein")

    def _kind_meant(self, mention: Mention, rest: str) -> EntityKind | None:
        """Return the kind that the question's words decide, for a name that is known here as both or as neither."""
        molecule, protein = (bool(self._records_named(mention.text, kind)) for kind in ("molecule", "protein"))
        if molecule != protein:
            return None
        return kind_said(self.draft.question, mention) or (kind_asked(rest) if molecule else None)

    def _names_a_protein(self) -> bool:
        """Whether some mention can be a protein, so that a protein question is about it."""
        index = self.rooms.index
        return any(
            mention.how in ("identifier", "sequence")
            or index.proteins_named(mention.text)
            or any(one.kind == "protein" for one in index.homonyms(mention.text))
            for mention in self.mentions
        )

    def _note_conflicts(self, given: Sequence[Resolved]) -> None:
        """Say when the question names another thing of the kind that was given beside it."""
        for one in given:
            for mention in self.mentions:
                named = self._records_named(mention.text, one.kind)
                if named and all(found.handle != one.entity.handle for found, _ in named):
                    self.draft.warnings.append(
                        f"The question names {mention.text}, but the {one.kind} given is "
                        f"{compose.name_of(one.entity)}; the answer is about the given one."
                    )

    def _records_named(self, name: str, kind: EntityKind) -> Sequence[tuple[Molecule | Protein, str]]:
        """Return the shipped records of one kind with a name."""
        index = self.rooms.index
        return index.molecules_named(name) if kind == "molecule" else index.proteins_named(name)

    def _read_mention(self, mention: Mention, kind: EntityKind | None) -> None:
        try:
            with files_closed("Words of a question open no file; pass it as --molecule @FILE or --protein @FILE."):
                self._resolve(mention.text, kind)
        except (InvalidInput, NotFound):
            known = mention.how in ("lexicon", "identifier")
            if kind is None or not known or self._records_named(mention.text, kind):
                raise  # else it is a known thing of the other kind, and not what is asked about

    def _resolve(self, text: str, kind: EntityKind | None) -> None:
        organism = organism_of(self.draft.question) if kind != "molecule" else ""
        self.draft.add(
            self.rooms.resolver.resolve(text, kind, policy=self.policy, organism=organism, notes=self.draft.warnings)
        )

    def _nothing_named(self) -> NotFound:
        hits = misspelled(self.draft.question, self.rooms.index)
        if hits:
            words = " and ".join(repr(word) for word, _ in hits)
            return NotFound(
                f"No name in this question is known here; {words} {'is' if len(hits) == 1 else 'are'} spelled almost "
                "like one.",
                "Did you mean one of the names listed? Nothing was corrected.",
                candidates=[candidate for _, alike in hits for candidate in alike][:6],
            )
        letters = next((word for word in re.findall(r"\b[BCNOPSFIbcnops]{3,}\b", self.draft.question)), "")
        return NotFound(
            "No molecule or protein that is known here is named in this question.",
            'Put a name in "quotes" to have it looked up, or pass it as the molecule or the protein.'
            + (f" If {letters} is a structure, write smiles:{letters}." if letters else ""),
        )

    # -- from records and computation ----------------------------------------------------------

    def _identity(self, question: Question) -> Answer:
        said = []
        for resolved in self.draft.entities:
            entity = resolved.entity
            facts = self.rooms.retriever.identity(resolved)
            said.append(compose.identity_sentence(entity, self.draft.sources))
            said.append(molecules.parent_sentence(self.rooms.retriever, entity))
            stored = self.rooms.index.facts(entity)
            size = matching(self.rooms.retriever.computed(entity), _SIZE)
            self.draft.facts += [fact for fact in facts if fact.predicate != "sequence"] + size + stored
            lead = matching(stored, ("ChEBI class", "ChEBI role", "protein family", "EC number"))
            said.append(compose.facts_sentence(entity, lead, self.draft.sources))
        return self._stated(question, said)

    def _values(self, question: Question) -> Answer:
        """State the values that the question names: computed, of the identity, and stored."""
        retriever, wanted = self.rooms.retriever, question.predicates
        computed = [one for one in wanted if one in COMPUTED]
        if molecules.HAZARD in wanted:
            self._left_out(computed)
            return molecules.hazards(self, question)
        if also_asked(question.text):
            self._left_out(["hazards"])
        if {"formal charge", "logP"} & set(computed) and re.search(r"\bpH\b", question.text):
            raise Inapplicable(
                f"{' and '.join(computed)} at a pH is not computed here, only that of the structure as drawn.",
                "Ask without the pH, or give the SMILES of the form that is present at it.",
            )

        def values(one: Resolved) -> list[Fact]:
            facts = matching(self._computed_of(one, computed), computed) if computed else []
            if others := [predicate for predicate in wanted if predicate not in computed]:
                identity = matching(retriever.identity(one), others)
                known = IDENTITY & {fact.predicate for fact in identity}
                facts += identity
                if asked := [predicate for predicate in others if predicate not in known]:
                    facts += self.stored(one.entity, asked)
                for predicate in {fact.predicate for fact in identity}:  # such as synonyms, of which a source has more
                    self.draft.call_gaps(one.entity, (predicate,), f"{predicate} (in part)")
            return facts

        return self._each(question, values)

    def stored(self, entity: Molecule | Protein, predicates: Sequence[str]) -> list[Fact]:
        """Return stored facts of an entity; what nothing states becomes a gap of the draft."""
        return self.rooms.retriever.stored(entity, predicates, self.draft.warnings, self.draft.gaps)

    def _computed_of(self, one: Resolved, wanted: Sequence[str]) -> list[Fact]:
        """Return the computed values of an entity, judgements of drug-likeness when one is wanted."""
        facts = self.rooms.retriever.computed(one.entity)
        if isinstance(one.entity, Molecule) and molecules.JUDGED & set(wanted):
            known = {fact.predicate for fact in facts}
            judged = molecules.judgements(self.rooms.retriever, one.entity)
            facts += [fact for fact in judged if fact.predicate not in known]
        return facts

    def _left_out(self, predicates: Sequence[str]) -> None:
        if predicates:
            self.draft.warnings.append(f"Left unanswered: {', '.join(predicates)}. Ask for that on its own.")

    def _each(self, question: Question, facts_of: Callable[[Resolved], list[Fact]]) -> Answer:
        """State the facts of every entity, one after the other, and what nothing states of it."""
        draft, sentences = self.draft, []
        for resolved in draft.entities:
            facts = facts_of(resolved)
            draft.facts += facts
            sentences.append(compose.facts_sentence(resolved.entity, facts, draft.sources))
        if any(sentences):
            for resolved, sentence in zip(draft.entities, sentences, strict=True):
                gaps = [gap for gap in draft.gaps if gap.entity is resolved.entity]
                # Each value was asked for; of the predicates that answer one question together, one is enough.
                told = [gap for gap in gaps if not sentence or gap.asked in VALUES]
                draft.drop_notes(told)
                draft.warnings += compose.gap_sentences(told)
            stated = {fact.predicate.lower() for fact in draft.facts} | {gap.asked.lower() for gap in draft.gaps}
            if lacking := [one for one in question.predicates if one in VALUES and one.lower() not in stated]:
                draft.warnings.append(f"Nothing here states the {compose.listed(lacking, 'or')}.")
        return self._stated(question, sentences)

    def _activity(self, question: Question) -> Answer:
        draft = self.draft
        ligands = [one.entity for one in draft.molecules if isinstance(one.entity, Molecule)]
        targets = [one.entity for one in draft.proteins if isinstance(one.entity, Protein)]
        if not ligands or not targets:
            return self._partners()
        self._left_out([one for one in computed_named(question.text) if one != "length"])  # "How large is the affinity"
        said, missing = [], []
        for molecule, protein in list(itertools.product(ligands, targets))[:MAX_PAIRS]:
            facts, measured = self._measured(molecule, protein)
            draft.facts += facts
            if facts:
                asked = self._other_measure(facts)
                said.append(asked + compose.activity_sentence(measured, protein, facts, draft.sources))
                said += self._explained(facts)
            else:
                missing.append(self._unmeasured(molecule, protein))
        if said:
            return draft.close("answered", " ".join([*said, *missing]))
        draft.not_looked_up.append("literature about the pair")
        message = user_message(PAIR_QUESTION, smiles=[ligands[0].smiles], sequences=[targets[0].sequence])
        model_step.ask_model(self, "activity", ligands[0], message, recorded=False)
        return self._closed("", " ".join(missing))

    def _partners(self) -> Answer:
        """List the measured partners of one entity, unless the question names a partner nobody knows."""
        draft = self.draft
        entity = draft.entities[0].entity
        rest = self._without_names()
        check_partners_asked(rest, compose.name_of(entity), computed_named(rest))
        unknown = [word for word in unknown_words(rest) if word.lower() not in MEASURES]
        names = [word for word in unknown if sum(letter.isupper() for letter in word) > 1]
        if names:
            raise NotFound(
                f"{' and '.join(map(repr, names))} is not known here, so its binding to {compose.name_of(entity)} "
                "cannot be looked up.",
                'Name it by gene, accession or structure, or put the name in "quotes".',
                candidates=[one for name in names for one in self.rooms.index.suggest(name, 3)],
            )
        limit = limit_in(rest)
        found = affinities.partners(self.rooms.index, entity, limit if limit is not None and limit.stronger else None)
        if limit is not None and not limit.stronger:
            draft.warnings.append(f"The limit {limit.words!r} was not applied: only the strongest are listed.")
        measured = found.facts or found.beyond
        linked = self._linked_drugs(entity) if isinstance(entity, Protein) else []
        draft.facts += [*measured, *linked]
        said = [affinities.partners_text(entity, found, draft.sources)] if measured else []
        if isinstance(entity, Protein) and re.search(r"\bapproved\b", rest):
            draft.warnings.append("Which of them are approved is not recorded here.")
        if isinstance(entity, Molecule):
            said += molecules.bioactivity(self, entity, known=bool(measured))
        if said or linked:
            return draft.close("answered", " ".join([*said, compose.facts_sentence(entity, linked, draft.sources)]))
        return draft.close_empty(f"No measured binding of {compose.name_of(entity)} is in the local index.")

    def _linked_drugs(self, protein: Protein) -> list[Fact]:
        """Return the drugs and ligands that a protein's record links to; a variant has none of its own."""
        if protein.variant:
            return []
        linked = self.stored(protein, DRUG_LINKS)
        if not linked:
            self.draft.call_gaps(protein, DRUG_LINKS, "drugs")
        return linked

    def _measured(self, molecule: Molecule, protein: Protein) -> tuple[list[Fact], str]:
        """Return the affinities of a pair and how to call the molecule that was measured."""
        name = compose.name_of(molecule)
        if facts := self.rooms.retriever.activities(molecule, protein):
            return facts, name
        for parent in self.rooms.retriever.parents(molecule):
            if facts := self.rooms.retriever.activities(parent, protein):
                return facts, f"{compose.name_of(parent)} (the parent of {name})"
        return [], name

    def _other_measure(self, facts: Sequence[Fact]) -> str:
        """Say so when the quantity asked for is not the one on record."""
        named = re.findall(r"\b(?:IC50|EC50|Ki|pIC50|Kd|KIBA)\b", self.draft.question, re.IGNORECASE)
        asked = ["Kd", "Ki", "IC50", *named] if affinities.only_scores(facts) else named
        stated = {word.removeprefix("p") for fact in facts for word in fact.predicate.lower().split()}
        lacking = {one.lower(): one for one in reversed(asked) if one.lower().removeprefix("p") not in stated}
        listed = compose.listed(list(reversed(lacking.values())), "or")
        return f"No {listed} of this pair is on record here. " if listed else ""

    def _explained(self, facts: Sequence[Fact]) -> list[str]:
        """Say which records of a pair disagree, which is a warning as well, and what a score is that stands alone."""
        disagreeing = affinities.conflict_sentence(facts, self.draft.sources)
        self.draft.warnings += [disagreeing] if disagreeing else []
        scores = affinities.WHAT_A_SCORE_IS if affinities.only_scores(facts) else ""
        return [sentence for sentence in (disagreeing, scores) if sentence]

    def _unmeasured(self, molecule: Molecule, protein: Protein) -> str:
        wild = f" Records of the unchanged protein do not speak for {protein.variant}." if protein.variant else ""
        pair = f"{compose.name_of(molecule)} and {compose.name_of(protein)}"
        return f"No measured affinity of {pair} is on record here.{wild}"

    def _other(self, question: Question) -> Answer:
        """Compare two names, or read a yes-or-no question as a statement to be checked; else give up."""
        if re.search(r"\b(?:same|identical|synonym)\b", question.text) and len(self.mentions) > 1:
            return self.draft.close("answered", compose.sameness_sentence(self.draft.entities, self.draft.sources))
        statement = statement_of(question.text)
        if statement and len(self.draft.entities) == 1:
            self.draft.kind = "claim"
            checked = self._checked(statement)
            undecided = checked.status == "inapplicable"
            return replace(checked, text=f"{checked.text} {model_step.why_unasked(self)}") if undecided else checked
        names = " and ".join(compose.name_of(one.entity) for one in self.draft.entities)
        self.draft.next_steps.append(
            "Ask what it is, for a computed property, its class or role, a description, or what papers say."
        )
        unanswered = f"{names}: no record or computation here answers this question."
        return self.draft.close("inapplicable", f"{unanswered} {model_step.why_unasked(self)}")

    # -- with the model beside -----------------------------------------------------------------

    def _description(self, question: Question) -> Answer:
        first = self.draft.entities[0]
        entity = first.entity
        if isinstance(entity, Protein):
            return self._protein_words(replace(question, kind="function"))
        wanted = ("ChEBI class", "ChEBI role", "description")
        stored = self.stored(entity, wanted)
        self.draft.facts += stored + matching(self.rooms.retriever.computed(entity), _SHAPE)
        message = user_message(QUESTIONS["description"], smiles=[entity.smiles])
        model_step.ask_model(self, "description", entity, message, recorded=bool(stored))
        said = compose.facts_sentence(entity, stored, self.draft.sources)
        return self._stated(question, [said, compose.structure_sentence(entity, self.draft.sources)])

    def _protein_words(self, question: Question) -> Answer:
        first = self.draft.proteins[0]
        entity = first.entity
        wanted = _RECORDS_OF_PROTEIN[question.kind]
        if question.kind == "name":
            facts = matching(self.rooms.retriever.identity(first), wanted)
        else:
            facts = self.stored(entity, wanted)
        self.draft.facts += facts
        if isinstance(entity, Protein):
            message = user_message(QUESTIONS[question.kind], sequences=[entity.sequence])
            model_step.ask_model(self, question.kind, entity, message, recorded=bool(facts))
        return self._stated(question, [compose.facts_sentence(entity, facts, self.draft.sources)])

    def checker(self, entity: Molecule | Protein) -> Callable[[str], tuple[Claim, ...]]:
        """Return what checks the sentences of a text about ``entity``: structure, facts at hand and the local index."""
        facts = [*self.rooms.index.facts(entity), *self.rooms.retriever.computed(entity), *self.draft.facts]
        return partial(check_text, entity=entity, facts=facts, records=Records(self.rooms.index))

    # -- literature, look-ups, statements ------------------------------------------------------

    def find(self, kind: Literal["molecule", "protein", "literature"], limit: int) -> Answer:
        """Look one name up; see :meth:`biomed_agent.BioMedAgent.find`."""
        if kind == "literature":
            return literature.search(self, self.draft.question, limit)
        if kind == "protein":
            return proteins.card(self, self.draft.question)
        self.draft.kind = "identity"
        self._resolve(self.draft.question, kind)
        return self._identity(Question(self.draft.question, "identity"))

    def check(self, molecule: str | None, protein: str | None) -> Answer:
        """Check a statement; see :meth:`biomed_agent.BioMedAgent.check`."""
        draft = self.draft
        draft.kind = "claim"
        if (molecule is None) == (protein is None):
            raise InvalidInput(
                "a statement is checked against one molecule or one protein"
                + (", and both were given." if molecule is not None else ", and none was given."),
                "Pass the molecule or the protein it is about.",
            )
        kind: EntityKind = "molecule" if molecule is not None else "protein"
        given = molecule or protein or ""  # an organism that the statement names is part of what it claims
        draft.add(self.rooms.resolver.resolve(given, kind, policy=self.policy, notes=draft.warnings))
        return self._checked(draft.question)

    def _checked(self, statement: str) -> Answer:
        draft = self.draft
        entity = draft.entities[0].entity
        draft.claims = list(self.checker(entity)(statement))
        for claim in draft.claims:
            draft.sources.cite(claim.provenance)
        for verdict, lead in (("contradicted", "Contradicted"), ("supported", "Supported")):
            if decided := [claim for claim in draft.claims if claim.verdict == verdict]:
                return draft.close("answered", f'{lead}: "{decided[0].text}" ({decided[0].why}).')
        return draft.close("inapplicable", f'No rule or record here decides "{statement}".')

    # -- endings -------------------------------------------------------------------------------

    def _stated(self, question: Question, said: Sequence[str]) -> Answer:
        subject = compose.name_of(self.draft.entities[0].entity)
        wanted = [compose.said(one) for one in question.predicates] or [question.kind]
        what = " or ".join(wanted if len(wanted) <= MOST_NAMED else [*wanted[:MOST_NAMED], "the like"])
        unstated = "" if self.draft.gaps else f"Nothing here states the {what} of {subject}."
        return self._closed(" ".join(part for part in said if part), unstated)

    def _closed(self, said: str, unstated: str) -> Answer:
        """Close with what records say, else with what the model says, else as :meth:`Draft.close_empty`."""
        draft, error = self.draft, self.draft.model_error
        if error is not None and not said and error.status == "unavailable":  # it is down now and may answer later
            empty = draft.close_empty(unstated)
            return replace(
                empty,
                status=error.status,
                text=f"{empty.text} {model_step.NO_ANSWER}: {error.message}",
                next_steps=tuple(dict.fromkeys([*empty.next_steps, error.hint] if error.hint else empty.next_steps)),
            )
        if error is not None:
            draft.warnings.append(f"{model_step.NO_ANSWER}: {error}")
        if said:
            return draft.close("answered", said)
        empty = draft.close_empty(unstated)
        statement = draft.model
        if statement is None:
            return empty
        words = f"{empty.text} {compose.model_sentence(statement)}"
        if statement.claims:
            return replace(empty, status="model_only", text=words)
        # What a service could not tell now it may tell later; else only the model could have answered.
        return empty if empty.status == "unavailable" else replace(empty, status="inapplicable", text=words)
