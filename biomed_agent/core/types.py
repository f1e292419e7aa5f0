"""The nouns: what is looked up, what is said about it, and what an answer is made of.

Plain frozen dataclasses, so that importing them costs nothing; ``answer_schema()`` publishes
their JSON schema.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, TypeAlias

from biomed_agent.core.plain_values import plain_values

Status: TypeAlias = Literal[
    "answered", "model_only", "ambiguous", "not_found", "unavailable", "refused", "inapplicable", "invalid"
]
EXIT_CODES: dict[str, int] = {
    "answered": 0,
    "model_only": 0,
    "invalid": 2,
    "not_found": 3,
    "unavailable": 4,
    "ambiguous": 5,
    "refused": 6,
    "inapplicable": 7,
}
"""Exit code of the command line for each status; 1 is a bug of ours, 130 an interruption."""

Verdict: TypeAlias = Literal["supported", "contradicted", "unverified"]
FactKind: TypeAlias = Literal["stored", "computed", "measured"]
"""a record states it, it was worked out here, or a record states what an experiment found"""
Relation: TypeAlias = Literal["=", "<", "<=", ">", ">=", "~", "not stated"]
"""how the true value lies to the one stated; ``not stated``: the source lost it, so that the value may be a bound"""
EgressPolicy: TypeAlias = Literal["public", "names-only", "nothing"]
LoadIn: TypeAlias = Literal["fp32", "bf16", "8bit", "4bit"]
"""precision of a local model's weights"""
ModelUse: TypeAlias = Literal["auto", "always", "never"]
"""when the model is asked: ``auto`` where it is offered for the kind of question and no record answers; ``always`` also
beside records, and for kinds it was trained for and is not offered for; ``never``"""

DISCLAIMER = "Research output, not medical advice."
SCHEMA_VERSION = 1
"""of an answer as JSON; grows when a field changes its meaning or goes, not when one is added"""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a statement comes from."""

    source: str
    """name of the database, program or data set, such as ``PubChem`` or ``RDKit 2026.09.1``"""
    identifier: str = ""
    """the record within the source, such as ``CID 2244`` or ``P00533``"""
    url: str = ""
    retrieved: str = ""
    """ISO 8601 date and time in UTC at which a live service replied; empty for shipped data"""
    licence: str = ""
    release: str = ""
    """release of the database, where it states one"""
    request: str = ""
    """the request as sent, secrets removed; empty when nothing was sent"""
    digest: str = ""
    """SHA-256 of the reply's body, in hexadecimal"""


@dataclass(frozen=True, slots=True)
class Molecule:
    """One chemical structure."""

    smiles: str
    """canonical isomeric SMILES as RDKit writes it"""
    inchikey: str = ""
    name: str = ""
    formula: str = ""
    """molecular formula in Hill order, charge included"""
    weight: float | None = None
    """average molecular weight in g/mol"""
    ids: dict[str, str] = field(default_factory=dict)
    """identifiers by namespace in lower case: ``cid``, ``chebi``, ``drugbank``, ``cas``, ``chembl``, ``unii``"""
    synonyms: tuple[str, ...] = ()
    provenance: Provenance | None = None
    """the record it came from; None when the user gave the structure"""
    origins: dict[str, Provenance] = field(default_factory=dict)
    """records that hold what ``provenance`` does not, by the identifier's namespace, the field's name, or ``synonym``
    and the name, as in ``cas`` or ``synonym aspirin``"""

    def origin(self, what: str) -> Provenance | None:
        """Return the record that holds an identifier (``cas``), a field (``weight``), a name (``synonym aspirin``)."""
        return self.origins.get(what, self.provenance)

    @property
    def handle(self) -> str:
        """The shortest string that names this molecule again, such as ``CID:2244``."""
        for prefix in ("cid", "chebi", "drugbank", "chembl"):
            if prefix in self.ids:
                return f"{prefix.upper()}:{self.ids[prefix].split(':')[-1]}"
        return self.inchikey or f"smiles:{self.smiles}"


@dataclass(frozen=True, slots=True)
class Protein:
    """One amino acid sequence."""

    sequence: str
    """one-letter residues, upper case"""
    accession: str = ""
    entry_name: str = ""
    name: str = ""
    gene: str = ""
    organism: str = ""
    taxon_id: int | None = None
    reviewed: bool | None = None
    """True for Swiss-Prot, False for TrEMBL, None when not stated"""
    synonyms: tuple[str, ...] = ()
    variant: str = ""
    """the substitution applied to the record's sequence, such as ``V600E``; empty for the record itself"""
    provenance: Provenance | None = None
    origins: dict[str, Provenance] = field(default_factory=dict, hash=False)
    """records that hold what ``provenance`` does not, by the field's name, or ``synonym`` and the name"""

    def origin(self, what: str) -> Provenance | None:
        """Return the record that holds a field (``gene``) or a name (``synonym c-Abl``)."""
        return self.origins.get(what, self.provenance)

    @property
    def length(self) -> int:
        """Number of residues."""
        return len(self.sequence)

    @property
    def handle(self) -> str:
        """The shortest string that names this protein again, such as ``UNIPROT:P00533``."""
        return f"UNIPROT:{self.accession}" if self.accession else f"seq:{self.sequence}"


Entity: TypeAlias = Molecule | Protein


_TELLING = (
    "retraction of publication", "retraction notice", "published erratum", "expression of concern", "meta-analysis",
    "systematic review", "practice guideline", "guideline", "randomized controlled trial", "clinical trial",
    "observational study", "case reports", "review", "review-article", "editorial", "letter", "comment", "news",
    "preprint",
)  # fmt: skip
"""publication types, those that tell a reader most first"""
_NOTICES = frozenset(_TELLING[:4])
"""those of records that only tell of another article"""


@dataclass(frozen=True, slots=True)
class Article:
    """One bibliographic record."""

    title: str
    abstract: str = ""
    pmid: str = ""
    pmcid: str = ""
    doi: str = ""
    journal: str = ""
    year: str = ""
    date: str = ""
    authors: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    """publication types as the source writes them, such as ``Review``"""
    mesh: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    """the authors' own"""
    retracted: bool = False
    preprint: bool = False
    """True for a manuscript that was not peer reviewed"""
    open_access: bool | None = None
    """whether the full text is open access; None when not stated"""
    notices: tuple[str, ...] = ()
    """retraction, correction and concern notices that point at this article"""
    provenance: Provenance | None = None

    @property
    def handle(self) -> str:
        """The string that names this article, such as ``PMID:12377809``."""
        return f"PMID:{self.pmid}" if self.pmid else (f"DOI:{self.doi}" if self.doi else self.title)

    @property
    def kind(self) -> str:
        """The publication type that tells most, such as ``Meta-Analysis``; empty when none is stated."""
        known = {name.lower(): name for name in self.types}
        return next((known[name] for name in _TELLING if name in known), next(iter(self.types), ""))

    @property
    def is_notice(self) -> bool:
        """Whether it only tells of another article (a retraction, a concern, an erratum), and so is no evidence."""
        kinds = {name.lower() for name in self.types}
        return not _NOTICES.isdisjoint(kinds) and "corrected and republished article" not in kinds

    @property
    def where(self) -> str:
        """Journal, without the subtitle that catalogues add after a colon, and year."""
        return f"{self.journal.partition(' : ')[0]} {self.year}".strip()


@dataclass(frozen=True, slots=True)
class Measurement:
    """How an affinity was measured, as far as its source says."""

    references: tuple[str, ...] = ()
    """publications: ``PMID:15084136``, ``DOI:10.1021/...``"""
    replicates: int | None = 1
    """measurements that the value stands for; None where that is not stated"""
    low: float | None = None
    """least of the replicates, in the fact's unit; None where they are one or not at hand"""
    high: float | None = None
    """largest of the replicates"""
    assay_type: str = ""
    """``binding``, ``functional``, ``ADMET`` ...; empty where not stated"""
    organism: str = ""
    """of the assay's target, where it is stated"""
    validity: str = ""
    """what the source doubts of the value, such as ``Outside typical range``"""
    comment: str = ""
    """the source's own words on the outcome, such as ``Not Active``"""
    pchembl: float | None = None
    """-log10 of the molar value, where the source gives it; ChEMBL does for exact values without doubts only"""
    variant: str = ""
    """substitutions of the protein that was measured, such as ``T790M``; empty for the wild type or not stated"""
    records: tuple[Provenance, ...] = ()
    """where the replicates are recorded, if the value is the mean of several records"""


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement of a record, or one computed value."""

    subject: str
    """handle or name of the entity it is about"""
    predicate: str
    """what is stated, in lower case: ``molecular weight``, ``EC number``, ``subcellular location``, ``Kd`` ..."""
    value: str | int | float
    unit: str = ""
    kind: FactKind = "stored"
    provenance: Provenance = Provenance(source="")
    note: str = ""
    """a qualification the reader must see, such as ``free base`` or ``no binding seen up to 10 uM``; for readers only,
    nothing here decides by its words"""
    relation: Relation = "="
    """how the true value lies to ``value``: ``>`` where a measurement only found a lower bound"""
    about: str = ""
    """handle of the second entity: the protein of an affinity, the parent of a salt that a value is taken from; a name
    as its source writes it where there is no handle"""
    about_name: str = ""
    """how a reader calls the second entity"""
    limits: tuple[LimitCheck, ...] = ()
    """of a rule's verdict: each value it looks at, and whether it lies within"""
    construct: str = ""
    """the part of a protein that was measured, such as ``JH1 domain``, where the source says so; values of different
    constructs do not contradict each other"""
    measurement: Measurement | None = None
    """of an affinity: how it was measured, where its source says more than the value"""

    @property
    def amount(self) -> str | int | float:
        """The value with its relation before it, as in ``>10000``; the bare value where it is exact."""
        if self.relation in ("=", "not stated"):
            return self.value
        return f"{self.relation}{self.value:g}" if isinstance(self.value, float) else f"{self.relation}{self.value}"


@dataclass(frozen=True, slots=True)
class LimitCheck:
    """One value that a rule looks at, beside its limit."""

    name: str
    """what is limited, such as ``weight``"""
    value: float
    low: float | None = None
    """least value allowed; None where there is none"""
    high: float | None = None
    """largest value allowed; None where there is none"""

    @property
    def broken(self) -> bool:
        """Whether the value lies outside."""
        return (self.low is not None and self.value < self.low) or (self.high is not None and self.value > self.high)

    def __str__(self) -> str:
        """Say the value and what it is compared with, as in ``logP 1.31 (-0.4 to 5.6)``."""
        if self.low is None:
            limit = f"<= {self.high:g}"
        else:
            limit = f">= {self.low:g}" if self.high is None else f"{self.low:g} to {self.high:g}"
        return f"{self.name} {round(self.value, 2):.8g} ({limit})"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One verbatim passage."""

    number: int
    """of the article: ``[n]`` in the answer's text and the n-th of its sources; passages of one article share it"""
    text: str
    article: Article
    shown_to_model: bool = False
    label: str = ""
    """the part of a structured abstract it stands in, such as ``RESULTS``"""
    quoted: bool = False
    """whether the answer's text quotes it, so that a reader need not be shown it again"""


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence and what the records and the structure say about it."""

    text: str
    verdict: Verdict
    why: str
    """the rule or record that decides, in words; for ``unverified`` why nothing decides"""
    provenance: Provenance | None = None


@dataclass(frozen=True, slots=True)
class ModelStamp:
    """Which model said it, and how."""

    name: str
    revision: str = ""
    digest: str = ""
    """SHA-256 of the weights"""
    parameters: int | None = None
    demonstration: bool = False
    """True for the embedded model: it shows the path, its sentences are not to be cited"""
    decoding: dict[str, Any] = field(default_factory=dict)
    """the options it is asked with (:class:`biomed_agent.model.contract.generation.Options`); empty means the
    defaults"""
    kinds: tuple[str, ...] = ()
    """question kinds it is offered for"""
    not_offered: dict[str, str] = field(default_factory=dict)
    """kinds it was trained for and is not offered for, each with the reason"""
    decoding_by_kind: dict[str, dict[str, Any]] = field(default_factory=dict)
    """what differs from ``decoding`` for a kind of question;
    :func:`biomed_agent.model.contract.generation.options_for` reads both"""


@dataclass(frozen=True, slots=True)
class Withheld:
    """A sentence of the model that is not shown."""

    verdict: Verdict
    """``unverified``, of a demonstration model, or ``contradicted``"""
    why: str
    """the rule or record that contradicts; the same words for all that is undecided, as a reason quotes the sentence"""


@dataclass(frozen=True, slots=True)
class ModelStatement:
    """What the model said, kept apart from what records say, as far as it is shown.

    Contradicted sentences are withheld, and of a demonstration model undecided ones as well; a caller may ask for all
    (``show_undecided`` of :meth:`biomed_agent.BioMedAgent.ask`).
    """

    text: str
    """the sentences that are shown"""
    stamp: ModelStamp
    claims: tuple[Claim, ...] = ()
    """the same sentences, each with its verdict"""
    withheld: tuple[Withheld, ...] = ()
    """why each of the other sentences is not shown"""
    saw: str = "structure only"
    """what the prompt held besides the question"""
    truncated: str = ""
    """what was cut to fit the model, in words; empty when nothing was"""
    agreement: float | None = None
    """self-agreement: mean ROUGE-L with the other answers the choice was among, between 0 (each says something else)
    and 1; says how alike they were, not whether they are right. None where there was one answer only"""
    samples: int = 1
    """how many answers were drawn"""
    rejected: int = 0
    """how many of them were left out before the choice, because a check contradicts them"""
    not_offered: str = ""
    """why the model is not offered for this kind of question, where it was asked all the same; else empty"""

    @property
    def withheld_summary(self) -> str:
        """How many sentences are withheld, and why: ``3 sentences undecided, 1 contradicted``; empty when none is."""
        undecided = sum(sentence.verdict == "unverified" for sentence in self.withheld)
        contradicted = len(self.withheld) - undecided
        counts = [(undecided, "undecided"), (contradicted, "contradicted")]
        parts: list[str] = []
        for count, why in counts:
            noun = "" if parts else " sentence" if count == 1 else " sentences"
            parts += [f"{count}{noun} {why}"] if count else []
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing a name can mean."""

    handle: str
    """the string that names it without ambiguity, to be passed back"""
    label: str
    """what it is, for a person: name, formula or organism"""
    why: str
    """why it is a candidate: ``exact synonym``, ``gene of human EGFR``, ``homonym`` ..."""
    kind: Literal["molecule", "protein", "article", "other"] = "other"


class Reason(Enum):
    """Why a name names a thing, in the order in which one and the same thing is said to be found."""

    NAME = "exact name", 0
    BRAND = "brand name", 1
    SYNONYM = "exact synonym", 1
    GENE = "gene", 0
    RECOMMENDED = "recommended name", 0
    ALIAS = "alias", 2
    GENE_SYNONYM = "gene synonym", 2
    ALTERNATIVE = "alternative name", 2
    EC_NUMBER = "EC number", 2
    IDENTIFIER = "identifier", 0
    PUBCHEM_NAME = "PubChem name", 1
    UNIPROT_NAME = "name in UniProt", 2
    UNIPROT_PART = "name of a part in UniProt", 3

    def __init__(self, words: str, rank: int) -> None:
        self.words, self.rank = words, rank
        """how a reader is told, and how sure it is: a smaller number is a better reason"""

    @classmethod
    def of(cls, words: str) -> Reason:
        """Return the reason that an index writes so."""
        return _REASONS.get(words, cls.ALIAS)


_REASONS = {reason.words: reason for reason in Reason}


@dataclass(frozen=True, slots=True)
class Resolved:
    """An entity, the words it came from and what was not chosen."""

    entity: Entity
    asked: str
    """the words that were resolved"""
    why: str
    """reason of the choice: ``exact synonym, only match``"""
    alternatives: tuple[Candidate, ...] = ()
    given: bool = False
    """whether the structure or sequence is the user's own: given as such, not found under a name"""

    @property
    def kind(self) -> Literal["molecule", "protein"]:
        """Which of the two it is."""
        return "molecule" if isinstance(self.entity, Molecule) else "protein"


@dataclass(frozen=True, slots=True)
class Answer:
    """What :meth:`biomed_agent.BioMedAgent.ask` returns, whatever happened."""

    question: str
    status: Status
    text: str
    """the words a person reads first"""
    kind: str = "other"
    """what was asked for: one of :data:`biomed_agent.core.query.KINDS`"""
    entities: tuple[Resolved, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    """what an ambiguous name can mean, or what a misspelled one may have meant"""
    facts: tuple[Fact, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    claims: tuple[Claim, ...] = ()
    """the caller's own statements, checked; what the model said is checked in ``model.claims``"""
    model: ModelStatement | None = None
    sources: tuple[Provenance, ...] = ()
    """one per record used; ``[n]`` in ``text`` is the n-th"""
    warnings: tuple[str, ...] = ()
    egress: tuple[str, ...] = ()
    """the requests that left this machine, secrets removed; empty when nothing did"""
    not_looked_up: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    seconds: float = 0.0
    disclaimer: str = DISCLAIMER
    read_as: str = ""
    """what the question was understood to ask, in one line; empty where it was not read"""
    unread: tuple[str, ...] = ()
    """words of the question that were not understood"""
    schema_version: int = SCHEMA_VERSION

    @property
    def exit_code(self) -> int:
        """Exit code of the command line for this answer."""
        return EXIT_CODES[self.status]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain JSON values."""
        plain: dict[str, Any] = plain_values(self)
        for entry, resolved in zip(plain["entities"], self.entities, strict=True):
            entry["kind"] = resolved.kind
            entry["entity"]["handle"] = resolved.entity.handle
        return plain

    def to_json(self, indent: int | None = 2) -> str:
        """Return the answer as JSON text (UTF-8 characters kept)."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False)

    def _repr_html_(self) -> str:
        """Draw the answer for a notebook, once an agent was imported (:func:`set_renderers`)."""
        draw = _RENDERERS.get("html")
        return f"<pre>{html.escape(str(self))}</pre>" if draw is None else draw(self)

    def __str__(self) -> str:
        write = _RENDERERS.get("text")
        return f"{self.status}: {self.text}" if write is None else write(self)


_RENDERERS: dict[str, Callable[[Answer], str]] = {}


def set_renderers(*, text: Callable[[Answer], str], html: Callable[[Answer], str]) -> None:
    """Say how an answer is written by ``str()`` and drawn in a notebook.

    The room that words answers stands above this one and names itself here; until then an answer shows its status and
    its text.
    """
    _RENDERERS.update(text=text, html=html)


def answer_schema() -> dict[str, Any]:
    """Return the JSON schema of :meth:`Answer.to_json`."""
    from pydantic import TypeAdapter

    schema = TypeAdapter(Answer).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "version": SCHEMA_VERSION, **schema}
