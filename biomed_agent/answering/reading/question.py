"""What a question asks for: its kind, and which values of a record or structure it names.

A table of patterns read from top to bottom, so that a reader can see why a question went where it went.
No language model takes part.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property

from biomed_agent.answering.reading.hazard_questions import ASKED, ONE_HAZARD
from biomed_agent.answering.reading.limits import limit_in
from biomed_agent.core.predicates import DRUG_LINKS, HAZARDS, MEASURED, PREDICATES, asked_patterns
from biomed_agent.core.query import EntityKind, Frame, Kind, Query

PROTEIN_KINDS = frozenset({"name", "function", "family", "location"})
_TABLES: dict[Kind, dict[str, tuple[str, ...]]] = {
    "computed": asked_patterns("computed"),
    "identity": asked_patterns("identity"),
    "stored": asked_patterns("stored"),
}
COMPUTED, IDENTITY = frozenset(_TABLES["computed"]), frozenset(_TABLES["identity"])
"""predicates that the structure or sequence gives, and that say what a thing is"""
VALUES = frozenset(row.name for row in PREDICATES if row.table)
"""predicates that a question asks for one by one"""
_OF_PROTEINS_ONLY = frozenset(row.name for row in PREDICATES if row.table and row.of == "protein")
_OF_EITHER = frozenset(row.name for row in PREDICATES if row.table and row.of == "either")
_MEASURED = "|".join(pattern for patterns in MEASURED.values() for pattern in patterns)
# What only a protein's record states; each pattern gives one or more predicates.
_OF_RECORD: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"drugs?\b|ligands?\b|drugbank|chembl|bindingdb|pharmacology", DRUG_LINKS),
    (r"diseases?\b|disorders?\b|syndromes?\b|\bomim\b|\bmim\b", ("disease", "disease involvement")),
    (r"(?:crystal |experimental |3d )?structures? .*(?:pdb|solved|known)|\bpdb\b", ("experimental structures",)),
    (r"tissues?\b|\bexpressed\b|expression", ("tissue specificity",)),
    (r"cofactors?\b", ("cofactor",)),
)
# Parts of a chain: what a question must call them, and their predicates.
_PARTS: dict[str, tuple[str, ...]] = {
    r"(?:protein )?domains?": ("domain", "zinc finger", "DNA-binding region", "repeat", "coiled coil", "Pfam entry"),
    r"zinc fingers?": ("zinc finger",),
    r"active[ -]sites?|catalytic (?:residues?|sites?)": ("active site",),
    r"binding (?:sites?|residues?)": ("binding site",),
    r"motifs?": ("motif",),
    r"signal (?:peptides?|sequences?)": ("signal peptide",),
    r"transit peptides?": ("transit peptide",),
    r"pro-?peptides?": ("propeptide",),
    r"transmembrane (?:segments?|helices|helix|domains?|regions?)": ("transmembrane segment",),
    r"disul(?:f|ph)ide (?:bonds?|bridges?)": ("disulfide bond",),
    r"glycosylation sites?|glycosylated residues?": ("glycosylation site",),
    r"phosphorylation sites?|phosphosites?|phosphorylated residues?|modified residues?": ("modified residue",),
    r"post-?translational modifications?|ptms?": (
        "post-translational modification", "modified residue", "glycosylation site", "lipidation site", "cross-link",
        "disulfide bond",
    ),
    r"isoforms?|splice (?:forms?|variants?)": ("isoform",),
    r"(?:natural |disease )?variants?|(?:missense )?mutations?|polymorphisms?": ("natural variant",),
    r"residues? (?:is|are) (?:phosphorylated|modified)": ("modified residue",),
    r"residues? (?:is|are) glycosylated": ("glycosylation site",),
    r"features?": (
        "domain", "zinc finger", "DNA-binding region", "active site", "binding site", "signal peptide",
        "transit peptide", "transmembrane segment", "modified residue", "glycosylation site", "disulfide bond",
    ),
}  # fmt: skip
_PART_WORDS = frozenset(
    """
    what which where is are does do did has have had it its the a an of in on there list name show tell me give how many
    number contain contains possess with known found located present annotated please all any protein sequence uniprot
    and at residues positions positioned situated lie lies kind kinds type types this that these for
    """.split()
)
"""words a question that asks for the parts themselves may hold besides one qualifier in front of them"""
_ASKING = frozenset("what which where list name show tell give how does has is are".split())


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_LITERATURE = _any(
    r"\bpapers?\b", r"literature", r"\bstud(?:y|ies)\b", r"publication", r"published", r"pubmed", r"\barticles?\b",
    r"\babstracts?\b", r"\btrials?\b", r"\breviews?\b", r"evidence (?:for|that|of|on)",
    r"recent (?:research|findings|work)", r"\bcite", r"citation",
)  # fmt: skip
_ACTIVITY = _any(
    r"\bbinds?\b", r"\bbinding\b", r"affinit", r"\binhibit", r"\bk[di]\b", r"ic50", r"ec50", r"\bpoten(?:t|cy)",
    r"\bactiv(?:e|ity)\b", r"\btarget", r"selectiv", r"\bblocks?\b", r"\bagonist", r"\bantagonist", r"\binteract",
    r"\bhits?\b", r"kiba",
    r"\bligands?\b", r"\bbinders?\b", r"\bmodulators?\b",
)  # fmt: skip
_OF_PROTEIN: dict[Kind, re.Pattern[str]] = {
    "name": _any(
        r"official names?", r"(?:recommended|full) name", r"\bnames? of (?:this|the|that|it\b)",
        r"what is (?:it|this protein) called", r"what(?:'s| is) the name",
    ),
    "family": _any(r"famil(?:y|ies)\b", r"\bfamilie\b"),
    "location": _any(
        r"locat", r"locali[sz]", r"subcellular", r"compartment", r"organelle", r"\bwhere\b", r"secreted",
        r"membrane-bound", r"\bwo\b.*\bzelle",
    ),
    "function": _any(
        r"functions?\b", r"what do(?:es)?\b.*\bdo\b", r"purpose", r"funktion", r"fonction", r"funci[óo]n",
        r"\brole of\b", r"responsible for",
    ),
}  # fmt: skip
_DESCRIBE = _any(
    r"describe", r"description", r"tell me (?:more )?about", r"explain", r"summari[sz]e", r"what (?:is|do we) know",
    r"beschreib", r"d[ée]cri[st]", r"information (?:on|about)", r"overview", r"characteri[sz]e",
)  # fmt: skip
# "What is it?", and not "What is the LD50 of it?": a card would pass for an answer.
_THING = (
    r"(?:(?:the|this|that|an?)\s+)?(?:(?!of\b)[\w-]+\s+)?"
    r"(?:it|this|that|molecule|compound|drug|protein|sequence|structure)"
)
_TRAILING_WORDS = r"(?:\s+(?:and|or|called|exactly|really|actually|please)\b.*)?"
_IDENTIFY = _any(
    rf"^\W*(?:what|who)(?:'s| is| are| was| were)\s+{_THING}{_TRAILING_WORDS}\W*$",
    r"\bidentif", r"\bidentity\b", r"which \w+ (?:is|has)\s+(?:the )?(?:inchikey |name |smiles )?it\b",
    rf"^\W*(?:was|wer) ist\s+{_THING}\W*$", rf"^\W*(?:qu'est-ce que|c'est quoi|qu[ée] es|cos'è)\s+{_THING}\W*$",
    r"look ?up", r"^\W*find\b", r"difference between it\b", r"\bcompare it\b",
)  # fmt: skip
# What neither records nor structures here can answer, although it mentions a known thing.
_ELSEWHERE = _any(
    r"\bsafe", r"side[ -]?effects?", r"\bdos(?:e|age|ing)\b", r"should (?:i|we)", r"can i take", r"pregnan", r"toxic",
    r"overdose", r"\btreat", r"\bcure", r"prescri", r"synthesi[sz]e", r"\bprice", r"\bcost", r"\bbuy\b", r"\bbest\b",
    r"\bwhy\b", r"\bhow (?:do|does|can|should|is|are)\b", r"\bwhen\b", r"better\b", r"invent", r"discover", r"melting",
    r"boiling", r"solub", r"half[ -]?life", r"bioavailab", r"patent", r"density", r"\bpka\b", r"colou?r\b", r"smell",
    r"taste",
)  # fmt: skip


class Words:
    """The words of one question, read: each table of patterns is tried once, when it is first needed.

    What they ask for depends on what is named beside them, which is resolved later: :meth:`query` decides.

    Args:
        text: The question with ``it`` for every name, so that a name such as "Weight Loss Factor 1" cannot decide.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def literature(self) -> bool:
        """Whether papers are asked for."""
        return _LITERATURE.search(self.text) is not None

    @cached_property
    def activity(self) -> bool:
        """Whether a word speaks of binding."""
        return _ACTIVITY.search(self.text) is not None

    @cached_property
    def elsewhere(self) -> bool:
        """Whether neither records nor structures here can answer, whatever is named."""
        return _ELSEWHERE.search(self.text) is not None

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """Predicates of the parts of a chain that are asked for; see :func:`parts_asked`."""
        return parts_asked(self.text)

    @cached_property
    def of_protein(self) -> tuple[Kind, ...]:
        """Kinds of questions about a protein that the words may ask, the likeliest first."""
        return tuple(kind for kind, pattern in _OF_PROTEIN.items() if pattern.search(self.text))

    @cached_property
    def deposited(self) -> tuple[str, ...]:
        """Predicates of measured values or of hazards of a molecule."""
        if re.match(r"\W*why\b", self.text, re.IGNORECASE):  # a record states a value, and no reason
            return ()
        if ASKED.search(self.text) or ONE_HAZARD.fullmatch(self.text):
            return HAZARDS
        return tuple(
            predicate
            for predicate, patterns in MEASURED.items()
            if any(re.search(pattern, self.text, re.IGNORECASE) for pattern in patterns)
        )

    @cached_property
    def values(self) -> tuple[Kind | None, tuple[str, ...]]:
        """Predicates that are named, in the order of the table, and the kind of the first."""
        return _values_named(self.text)

    @property
    def computed(self) -> tuple[str, ...]:
        """Those of them that are computed."""
        return tuple(predicate for predicate in self.values[1] if predicate in COMPUTED)

    @property
    def kind_named(self) -> EntityKind | None:
        """Of what alone the values are: a SMILES of molecules, a length of proteins."""
        named = set(self.values[1]) - _OF_EITHER
        if not named or (named & _OF_PROTEINS_ONLY and named - _OF_PROTEINS_ONLY):
            return None
        return "protein" if named & _OF_PROTEINS_ONLY else "molecule"

    def kind(self, *, molecule: bool, protein: bool) -> tuple[Kind, tuple[str, ...]]:
        """Return what is asked for, and the predicates that are named.

        Args:
            molecule: Whether a molecule was found or given.
            protein: Whether a protein was found or given.
        """
        if self.literature:
            return "literature", ()
        if protein and not molecule and self.parts:
            return "stored", self.parts
        if self.activity and ((molecule and protein) or ((molecule or protein) and not self.elsewhere)):
            return "activity", ()
        if protein:
            if self.of_protein:
                return self.of_protein[0], ()
            if not molecule and not self.elsewhere and (stated := _stated_of_protein(self.text)):
                return "stored", stated
        if molecule and not protein and self.deposited:
            without_measured = re.sub(_MEASURED, " ", self.text, flags=re.IGNORECASE)
            return "stored", (*_values_named(without_measured)[1], *self.deposited)
        kind, named = self.values
        if kind:
            return kind, named
        return self._described(molecule=molecule, protein=protein)

    def _described(self, *, molecule: bool, protein: bool) -> tuple[Kind, tuple[str, ...]]:
        """Return what is asked for where no value is named."""
        if _DESCRIBE.search(self.text):
            return "description", ()
        if molecule and "function" in self.of_protein:
            return "stored", ("ChEBI role",)
        if not protein and "location" in self.of_protein:
            return "location", ()
        if self.elsewhere:
            return "other", ()
        if molecule and protein:
            return "activity", ()
        if _IDENTIFY.search(" ".join(self.text.split())) or len(re.findall(r"\w+", self.text)) <= 1:
            return "identity", ()
        return "other", ()

    def query(self, *, molecule: bool, protein: bool, names: int = 1) -> Query:
        """Return what is asked, as far as the words tell.

        Args:
            molecule: See :meth:`kind`.
            protein: See :meth:`kind`.
            names: How many names the question holds.
        """
        kind, predicates = self.kind(molecule=molecule, protein=protein)
        query = Query("unknown", predicates=predicates, text=self.text, kind=kind)
        if kind in ("description", *PROTEIN_KINDS) or (kind == "identity" and not predicates):
            return replace(query, frame="describe")
        if kind in ("computed", "stored", "identity"):
            return replace(query, frame="value")
        if kind == "literature":
            return replace(query, frame="papers")
        if kind == "activity":
            limit = limit_in(self.text)
            filters = () if limit is None else (limit.filter,)
            frame: Frame = "relation" if molecule and protein else "list"
            return replace(query, frame=frame, predicates=self.computed, filters=filters)
        if _SAME.search(self.text) and names > 1:
            return replace(query, frame="compare", aggregate="compare")
        if statement := statement_of(self.text):
            return replace(query, frame="is_a", object=statement, aggregate="yes_no")
        return query


def parts_asked(text: str) -> tuple[str, ...]:
    """Return the predicates of the parts of a chain that ``text`` asks for; empty when it asks something about a part.

    "What domains does it have?" and "Where is its active site?" ask for the parts themselves; "What does the kinase
    domain of it do?" asks about one, which a record of the whole protein does not answer.
    """
    for words, predicates in reversed(_PARTS.items()):
        match = re.search(rf"\b(?:{words})(?![\w-])", text, re.IGNORECASE)
        if match is None:
            continue
        before = re.findall(r"[\w-]+", text[: match.start()].lower())
        after = re.findall(r"[\w-]+", text[match.end() :].lower())
        qualifier = before[-1:] if before and before[-1] not in _PART_WORDS else []
        rest = [*before[: len(before) - len(qualifier)], *after]
        asks = len(before) == len(qualifier) or before[0] in _ASKING
        if asks and all(word in _PART_WORDS for word in rest) and not _acts(rest):
            return predicates
    return ()


def _acts(words: list[str]) -> bool:
    """Whether the words ask what a part does: "what does the domain of it do"."""
    return "do" in words and "does" in words


def _stated_of_protein(text: str) -> tuple[str, ...]:
    """Return the predicates of :data:`_OF_RECORD` that a question about a protein names."""
    return next((wanted for pattern, wanted in _OF_RECORD if re.search(pattern, text, re.IGNORECASE)), ())


def _values_named(text: str) -> tuple[Kind | None, tuple[str, ...]]:
    """Return the predicates that ``text`` names, in the order of the table, and the kind of the first."""
    kinds: list[Kind] = []
    named = []
    for kind, table in _TABLES.items():
        for predicate, patterns in table.items():
            text, count = re.subn("|".join(patterns), " ", text, flags=re.IGNORECASE)
            if count:
                kinds.append(kind)
                named.append(predicate)
    return (kinds[0] if kinds else None), tuple(named)


_SAME = re.compile(r"\b(?:same|identical|synonym)\b")
_YES_NO = re.compile(
    r"^\W*(?P<verb>is|was|has|have|does|do|can) (?:it|this|that)(?: (?:molecule|compound|protein|drug|sequence))? "
    r"(?P<rest>.+?)(?: it)?\W*$",
    re.IGNORECASE,
)
_THIRD_PERSON = {"contain": "contains", "have": "has", "belong": "belongs", "bear": "bears", "carry": "carries"}


def statement_of(text: str) -> str:
    """Return what a yes-or-no question supposes ("Is it an ester?" gives "It is an ester."); empty for others.

    Args:
        text: The question with ``it`` for every name, as :class:`Words` takes it.
    """
    match = _YES_NO.match(" ".join(text.split()))
    if match is None:
        return ""
    verb, rest = match["verb"].lower(), match["rest"].rstrip("?!. ")
    if verb in ("is", "was"):
        return f"It is {rest}."
    if verb == "has":
        return f"It has {rest}."
    first, _, more = rest.partition(" ")
    return f"It {_THIRD_PERSON[first.lower()]} {more}." if first.lower() in _THIRD_PERSON and more else ""
