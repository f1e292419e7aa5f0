"""Entity and question to facts and numbered evidence.

Stored values come from the local index and, where it has none, from the live record; computed values come
from RDKit. A service that gives no answer costs a note, not the answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from biomed_agent.answering import chembl_records
from biomed_agent.answering.gaps import Gap
from biomed_agent.core.chemistry import descriptors, nomenclature, relations, structures
from biomed_agent.core.drug_facts import DRUG_FACTS
from biomed_agent.core.errors import BiomedAgentError, Cancelled, InvalidInput, NotFound, Refused, TimedOut, Unavailable
from biomed_agent.core.privacy.egress import switched_off
from biomed_agent.core.sequence_values import protein_values
from biomed_agent.core.types import Article, Entity, Evidence, Fact, Molecule, Protein, Provenance, Resolved
from biomed_agent.sources.literature.article_search import ArticleSearch, local_query
from biomed_agent.sources.literature.coverage import Asked, fitting_sentences, rarity, read_question
from biomed_agent.sources.literature.passages import MAX_PASSAGES, rank_passages
from biomed_agent.sources.literature.search import usable
from biomed_agent.sources.local.articles import ships
from biomed_agent.sources.pubchem.depositor_facts import Readings, deposited_facts, note_unread
from biomed_agent.sources.uniprot.facts import PREDICATES

if TYPE_CHECKING:
    from biomed_agent.sources.chembl import ChEMBL
    from biomed_agent.sources.literature.search import Literature
    from biomed_agent.sources.local import LocalIndex
    from biomed_agent.sources.pubchem import PubChem
    from biomed_agent.sources.uniprot import UniProt

IUPAC_NAME = "IUPAC name"
MAX_JUDGED = 30
"""articles of a search on this machine that are held against the question"""
_OF_UNIPROT = frozenset(predicate.lower() for predicate in PREDICATES)


class Retriever:
    """Collects what records and computation say.

    Args:
        index: The local index.
        pubchem: Live molecule records, or None.
        uniprot: Live protein records, or None.
        article_search: Where articles are searched, or None.
        chembl: Live records of measured affinities and drugs, or None.
    """

    def __init__(
        self,
        index: LocalIndex,
        pubchem: PubChem | None,
        uniprot: UniProt | None,
        article_search: Literature | ArticleSearch | None,
        chembl: ChEMBL | None = None,
    ) -> None:
        self.index, self.pubchem, self.uniprot, self.article_search = index, pubchem, uniprot, article_search
        self.chembl = chembl

    def identity(self, resolved: Resolved, predicates: Sequence[str] = ()) -> list[Fact]:
        """Return identifiers and structure of an entity as facts; with ``predicates`` those, in the order asked for."""
        entity = resolved.entity
        if isinstance(entity, Molecule):
            return matching(_molecule_identity(entity, not predicates or "InChI" in predicates), predicates)
        return matching(_protein_identity(entity), predicates)

    def computed(self, entity: Entity, predicates: Sequence[str] = ()) -> list[Fact]:
        """Return computed values: RDKit descriptors of a molecule, length and mass of a protein.

        Args:
            entity: What they are of.
            predicates: Predicates wanted, in the order in which they come; empty means all.
        """
        if isinstance(entity, Protein):
            return matching(protein_values(entity), predicates)
        facts = matching(descriptors.computed_facts(entity, predicates), predicates)
        return self.name_parents(entity, facts) if any(fact.about for fact in facts) else facts

    def name_parents(self, molecule: Molecule, facts: Sequence[Fact]) -> list[Fact]:
        """Return computed facts of a salt, those of its parent under the name that a record has for it."""
        named = {parent.smiles: parent.name for parent in self.parents(molecule)}
        return [
            replace(fact, note=f"of the parent {name}", about_name=name)
            if (name := named.get(fact.about_name))
            else fact
            for fact in facts
        ]

    def stored(
        self,
        entity: Entity,
        predicates: Sequence[str],
        notes: list[str],
        gaps: list[Gap] | None = None,
    ) -> list[Fact]:
        """Return stored facts; the live record is asked only for predicates the index does not have.

        Args:
            entity: What the facts are about.
            predicates: Predicates wanted; empty means everything.
            notes: Receives what a source could not answer.
            gaps: Receives the predicates that nothing states, each with the record that was read, or the source that
                was not and why.
        """
        asked, of_variant = predicates, _about_variant(entity, notes)
        predicates = (*predicates, *of_variant) if predicates else ()
        known_facts = matching(self._of_entity_or_parent(entity), predicates)
        wanted = {predicate.lower() for predicate in predicates} - {fact.predicate.lower() for fact in known_facts}
        if known_facts and not wanted:
            return known_facts
        live, readings = self._live(entity, wanted, notes)
        known = {(fact.predicate.lower(), str(fact.value).lower()) for fact in known_facts}
        facts = known_facts + [
            fact
            for fact in matching(live, predicates)
            if (fact.predicate.lower(), str(fact.value).lower()) not in known
        ]
        facts = [fact for fact in facts if _fits_variant(entity, fact)]
        if isinstance(entity, Molecule) and IUPAC_NAME in asked and all(one.predicate != IUPAC_NAME for one in facts):
            facts += named_by_rules(entity, notes)
        if gaps is not None:
            stated = {fact.predicate.lower() for fact in facts}
            gaps += [
                Gap(entity, predicate, *readings.get(predicate.lower(), ("", None)))
                for predicate in asked
                if predicate.lower() not in stated
            ]
        return facts

    def _of_entity_or_parent(self, entity: Entity) -> list[Fact]:
        """Return the index's facts; those of a salt's parent, marked so, for the predicates the salt lacks."""
        facts = self.index.facts(entity)
        stated = {fact.predicate for fact in facts}
        for parent in self.parents(entity) if isinstance(entity, Molecule) else []:
            inherited = [fact for fact in self.index.facts(parent) if fact.predicate in _OF_PARENTS]
            inherited = [fact for fact in inherited if fact.predicate not in stated]
            facts += [_inherited(fact, entity, parent) for fact in inherited]
        stated = {fact.predicate for fact in facts}
        for salt in self.index.salts_of(entity) if isinstance(entity, Molecule) else []:
            facts += [
                replace(fact, subject=entity.handle, note="; ".join(filter(None, (f"of {salt.name}", fact.note))))
                for fact in self.index.facts(salt)
                if fact.predicate in DRUG_FACTS and fact.predicate not in stated
            ]
        return facts

    def _live(self, entity: Entity, wanted: Collection[str], notes: list[str]) -> tuple[list[Fact], Readings]:
        """Return what the live record states, and how far each wanted predicate that it may state was read."""
        if isinstance(entity, Molecule):
            facts, readings = deposited_facts(self.pubchem, entity, wanted, notes)
            of_drug, read = chembl_records.drug_facts(self.chembl, self._offline, entity, wanted, notes)
            return facts + of_drug, {**readings, **read}
        may_state = [predicate for predicate in wanted if predicate in _OF_UNIPROT]
        if not entity.accession or (wanted and not may_state):
            return [], {}
        if self.uniprot is None:
            return [], dict.fromkeys(may_state, ("UniProt", switched_off("UniProt")))
        record = f"UniProt's record {entity.accession.partition('-')[0]}"
        odd: list[str] = []
        try:
            facts = self.uniprot.facts(entity.accession, odd)
        except (NotFound, Unavailable, Refused) as error:
            note_unread(error, notes)
            return [], dict.fromkeys(may_state, ("UniProt", error))
        if not odd:
            return facts, dict.fromkeys(may_state, (record, None))
        notes.append(f"Of UniProt's record {entity.accession} some could not be read: {', '.join(odd[:6])}.")
        unreadable = Unavailable(notes[-1], "Look for a newer version of this package.")
        return facts, dict.fromkeys(may_state, (record, unreadable))

    def parents(self, molecule: Molecule) -> list[Molecule]:
        """Return the parent of a salt or solvate with its name where a record has one; empty for a parent itself."""
        if structures.part_count(molecule) == 1:
            return []
        parent = next(iter(relations.parents(molecule, self.index)), None)
        if parent is None:
            return []
        known = self.index.molecules_by_inchikey(parent.inchikey) if parent.inchikey and not parent.name else []
        return [*(record for record in known if record.inchikey == parent.inchikey), parent][:1]

    def activities(self, molecule: Molecule, protein: Protein) -> list[Fact]:
        """Return measured affinities of a pair; a variant has its own alone, whatever the wild type shows."""
        return self.index.activities(molecule, protein)

    @property
    def _offline(self) -> bool:
        """Whether look-ups are switched off; an agent may also be made of live sources without ChEMBL."""
        return self.chembl is None and self.pubchem is None and self.uniprot is None

    def live_activities(self, molecule: Molecule, protein: Protein, notes: list[str], gaps: list[Gap]) -> list[Fact]:
        """Return what ChEMBL has measured of a pair of which the local index has nothing.

        Args:
            molecule: What was measured; its salts count.
            protein: Also a variant, of which only its own values count.
            notes: Receives what was left out, and why ChEMBL gave no answer.
            gaps: Receives the gap where nothing was found, or ChEMBL was not asked.
        """
        facts, gap = chembl_records.affinities(self.chembl, self._offline, molecule, protein, notes)
        gaps += [gap] if gap else []
        return facts

    def live_partners(self, entity: Entity, notes: list[str], gaps: list[Gap], *, weakest: bool = False) -> list[Fact]:
        """Return the strongest affinities in ChEMBL of an entity of which the local index has none.

        Args are as for :meth:`live_activities`; ``weakest`` asks from the other end.
        """
        facts, gap = chembl_records.partners(self.chembl, self._offline, self.index, entity, notes, weakest=weakest)
        gaps += [gap] if gap else []
        return facts

    def approvals(
        self, handles: Iterable[str], notes: list[str]
    ) -> tuple[dict[str, list[Fact]], BiomedAgentError | None]:
        """Return what is on record of the approval of many molecules; see :func:`.chembl_records.approvals`."""
        return chembl_records.approvals(self.chembl, self._offline, self.index, handles, self.parents, notes)

    @property
    def stays_here(self) -> bool:
        """Whether literature is searched on this machine alone, so that every word of a question may be used."""
        return isinstance(self.article_search, ArticleSearch) and self.article_search.stays_here

    @property
    def asks_services(self) -> bool:
        """Whether a search may leave this machine at all."""
        search = self.article_search
        return search is not None and not (isinstance(search, ArticleSearch) and (search.live is None or search.closed))

    def articles(self, query: str, limit: int, notes: list[str]) -> list[Article]:
        """Return the articles of a literature query.

        See :meth:`biomed_agent.sources.literature.search.Literature.search`.

        Raises:
            Refused: Look-ups are switched off.
        """
        if self.article_search is None:
            raise Refused(
                "looking in the literature needs PubMed, and look-ups are switched off (offline).",
                "Run without offline to search PubMed.",
            )
        return self.article_search.search(query, limit, notes)

    def literature(
        self, query: str, question: str, notes: list[str], limit: int = MAX_PASSAGES, full_text: bool = False
    ) -> list[Evidence]:
        """Return the sentences of abstracts that fit the question best, verbatim and numbered by their article.

        Args:
            query: The search string that is sent.
            question: Its words rank the sentences; it stays here.
            notes: Receives how the query was read and retracted articles that were passed over.
            limit: Most passages.
            full_text: Read open-access full texts as well; without it only when no abstract fits the question.

        Raises:
            NotFound: Nothing was found, or PubMed ignored a word of the query.
            BiomedAgentError: The look-up was refused or failed.
        """
        articles = self.usable_articles(query, 30, notes)
        passages = rank_passages(question, articles, limit)
        if self.article_search is not None and (full_text or not passages):
            texts = self.article_search.full_texts(articles, notes)
            passages = rank_passages(question, articles, limit, texts) if texts else passages
        return passages

    def asked(self, question: str, names: Sequence[str]) -> Asked:
        """Return what a question asks about; ``names`` are the known names in it."""
        return read_question(question, {name: self._spellings(name) for name in names}, self._rarities)

    def literature_here(
        self, question: str, asked: Asked, notes: list[str], limit: int = MAX_PASSAGES, query: str = ""
    ) -> list[Evidence]:
        """Return the passages of articles on this machine that answer a question; none where they do not.

        An article must speak of all that is asked about (:mod:`biomed_agent.sources.literature.coverage`). Of the
        user's own articles what a search string found is taken as it is.

        Args:
            question: Its words rank the sentences.
            asked: What it asks about.
            notes: Receives which articles were passed over because they are retracted.
            limit: Most passages.
            query: The user's search string; without one it is made of what is asked about.
        """
        if not query and not asked.things:
            return []
        articles = usable(self.index.articles(query or local_query(asked), MAX_JUDGED).articles, notes)
        if query and (own := [article for article in articles if not ships(article)]):
            return rank_passages(question, own, limit)
        fitting = {article.handle: fitting_sentences(asked, article) for article in articles}
        return rank_passages(question, articles, limit, only=fitting)

    def _spellings(self, name: str) -> list[str]:
        """Return the other names that an article may give a thing; those of all things of that name."""
        molecules = [molecule for molecule, _ in self.index.molecules_named(name)]
        proteins = [protein for protein, _ in self.index.proteins_named(name)]
        return [
            *(other for molecule in molecules for other in (molecule.name, *molecule.synonyms)),
            *(other for protein in proteins for other in (protein.name, protein.gene, *protein.synonyms)),
        ]

    def _rarities(self, several: Sequence[Sequence[str]]) -> list[float]:
        total, counts = self.index.article_counts(several)
        return [rarity(count, total) for count in counts]

    def usable_articles(self, query: str, limit: int, notes: list[str]) -> list[Article]:
        """Return the articles of a query that may be evidence; retracted ones and notices are named in ``notes``.

        Raises:
            NotFound: Nothing was found that may be evidence, or PubMed ignored a word of the query.
            BiomedAgentError: The look-up was refused or failed.
        """
        articles = self.articles(query, limit, notes)
        if not articles:
            raise NotFound(f"No article was found for {query!r}.", "Use fewer or more common words.")
        if not (left := usable(articles, notes)):
            raise NotFound(
                f"What was found for {query!r} is retracted, or only tells of another article.",
                "The warnings name it; use other words, or PMIDs.",
            )
        return left


_OF_VARIANTS = ("natural variant", "studied mutation")
_OF_PARENTS = ("ChEBI class", "ChEBI role", *DRUG_FACTS)
"""what is stated of a parent and holds for its salts"""


def _about_variant(entity: Entity, notes: list[str]) -> tuple[str, ...]:
    """Say what a record of an isoform or of the unchanged protein is about; return what it may state of a variant."""
    if not isinstance(entity, Protein):
        return ()
    if "-" in entity.accession:
        main = entity.accession.partition("-")[0]
        notes.append(f"The record is that of {main}; residue numbers in it count on the canonical sequence.")
    if not entity.variant:
        return ()
    notes.append(
        f"Records describe the unchanged protein; of {entity.variant} only what stands under that name is stated."
    )
    return _OF_VARIANTS


def _fits_variant(entity: Entity, fact: Fact) -> bool:
    """Whether a fact may stand in an answer about ``entity``: of the variants of a protein, only its own."""
    if not isinstance(entity, Protein) or not entity.variant or fact.predicate not in _OF_VARIANTS:
        return True
    return bool(set(entity.variant.split("/")) & set(str(fact.value).split("/")))


def _inherited(fact: Fact, entity: Entity, parent: Molecule) -> Fact:
    """Return what is stated of the parent of a salt as a fact of the salt that says so."""
    note = f"of the parent {parent.name}"
    return replace(fact, subject=entity.handle, note=note, about=parent.handle, about_name=parent.name)


def named_by_rules(molecule: Molecule, notes: list[str]) -> list[Fact]:
    """Compute the systematic name of a molecule; none where there is none that holds, which ``notes`` receives.

    Raises:
        TimedOut: The deadline of the call is over.
        Cancelled: The call was cancelled.
    """
    try:
        named = nomenclature.systematic_name(molecule.smiles)
    except (TimedOut, Cancelled):
        raise
    except (Unavailable, InvalidInput) as error:
        notes.append(f"Not computed: {error}")
        return []
    if named is None:
        notes.append(f"No systematic name was found that holds for {molecule.name or 'this structure'}.")
        return []
    return [
        Fact(molecule.handle, IUPAC_NAME, named.name, kind="computed", provenance=named.provenance, note=named.note)
    ]


def matching(facts: Iterable[Fact], predicates: Sequence[str]) -> list[Fact]:
    """Return the facts with one of ``predicates`` (all when empty), in the order asked for."""
    if not predicates:
        return list(facts)
    order = {predicate.lower(): number for number, predicate in enumerate(predicates)}
    chosen = [fact for fact in facts if fact.predicate.lower() in order]
    return sorted(chosen, key=lambda fact: order[fact.predicate.lower()])


def _molecule_identity(molecule: Molecule, with_inchi: bool = True) -> list[Fact]:
    """Return what identifies a molecule; its InChI costs more to compute than all the rest."""
    inchi = structures.inchi(molecule) if with_inchi else ""
    facts = [
        Fact(molecule.handle, "SMILES", molecule.smiles, kind="computed", provenance=structures.RDKIT),
        Fact(molecule.handle, "InChIKey", molecule.inchikey, kind="computed", provenance=structures.RDKIT),
        Fact(molecule.handle, "InChI", inchi, kind="computed", provenance=structures.RDKIT),
    ]
    labels = {"cas": "CAS number"}
    facts += [
        Fact(molecule.handle, labels.get(space, space), value, provenance=molecule.origin(space) or structures.RDKIT)
        for space, value in molecule.ids.items()
    ]
    facts += [
        Fact(molecule.handle, "synonym", name, provenance=molecule.origin(f"synonym {name}") or structures.RDKIT)
        for name in molecule.synonyms
    ]
    return [fact for fact in facts if fact.value]


def _protein_identity(protein: Protein) -> list[Fact]:
    given = Provenance(source="the sequence as given")
    values = {
        "accession": protein.accession,
        "entry name": protein.entry_name,
        "name": protein.name,
        "gene": protein.gene,
        "organism": protein.organism,
        "sequence": protein.sequence,
    }
    origins = {"entry name": "entry_name"}
    facts = [
        Fact(protein.handle, name, value, provenance=protein.origin(origins.get(name, name)) or given)
        for name, value in values.items()
        if value
    ]
    return facts + [
        Fact(protein.handle, "synonym", name, provenance=protein.origin(f"synonym {name}") or given)
        for name in protein.synonyms
    ]
