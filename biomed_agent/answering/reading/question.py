"""What a question asks for: its kind, and which values of a record or structure it names.

A table of patterns read from top to bottom, so that a reader can see why a question went where it went.
No language model takes part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from biomed_agent.answering.reading.hazard_questions import asked_of_molecule, without_measured
from biomed_agent.core.predicates import MEASURED

Kind: TypeAlias = Literal[
    "identity",
    "computed",
    "stored",
    "description",
    "name",
    "function",
    "family",
    "location",
    "activity",
    "literature",
    "claim",
    "search",
    "other",
]
KINDS: tuple[str, ...] = get_args(Kind)
"""``name`` to ``location`` are a protein's, ``activity`` is a pair's, ``claim`` checks a statement,
``search`` looks for molecules by structure."""

PROTEIN_KINDS = frozenset({"name", "function", "family", "location"})

# Patterns of the question's words -> predicate of a fact. Words of other languages are listed where a user is
# likely to type them. A pattern that matched is taken out before the next is tried, so "aromatic rings" is not
# also "rings"; the order matters for that.
_COMPUTED: dict[str, tuple[str, ...]] = {
    "heavy atoms": (r"heavy atoms?",),
    "monoisotopic mass": (r"mono-?isotopic", r"exact mass"),
    "molecular weight": (
        r"mol(?:ecular|ar)?[ -]?(?:weight|mass|wt)", r"\bm\.?w\.?\b", r"heav(?:y|ier|iest)\b", r"\blight(?:er|est)\b",
        r"\bweighs?\b", r"\bmass\b", r"\bweight\b", r"molmasse", r"molekulargewicht", r"\bmasse\b", r"peso mol",
        r"massa mol", r"molecuul(?:gewicht|massa)", r"poids mol", r"wie schwer", r"\bpesa\b", r"分子量", r"\bpeso\b",
    ),
    "molecular formula": (
        r"(?:molecular|chemical|empirical) formula", r"formula\b", r"summenformel", r"formule",
        r"f[óo]rmula", r"分子式",
    ),
    "logP": (r"\bc?log ?p\b", r"lipophilic", r"partition coefficient", r"hydrophob"),
    "TPSA": (r"\bt?psa\b", r"polar surface"),
    "hydrogen-bond donors": (r"(?:h(?:ydrogen)?[ -]?bond(?:ing)? )?donors?\b", r"\bhbd\b"),
    "hydrogen-bond acceptors": (r"(?:h(?:ydrogen)?[ -]?bond(?:ing)? )?acceptors?\b", r"\bhba\b"),
    "rotatable bonds": (r"rotatable",),
    "aromatic rings": (r"aromatic rings?",),
    "rings": (r"\brings?\b",),
    "atoms": (r"how many atoms", r"number of atoms", r"atom count"),
    "formal charge": (r"(?:net|formal) charge", r"\bcharged?\b"),
    "stereocentres": (r"stereo ?cent", r"chiral cent", r"stereogenic"),
    "rule of five": (r"lipinski", r"rule[ -]of[ -](?:five|5)", r"\bro5\b", r"drug[ -]?like"),
    "Veber rule": (r"veber",),
    "QED": (r"\bqed\b",),
    "Murcko scaffold": (r"scaffold", r"murcko"),
    "fraction sp3": (r"fraction (?:of )?sp3", r"fsp3"),
    "Ghose filter": (r"ghose",),
    "Egan rule": (r"\began\b",),
    "Muegge filter": (r"muegge",),
    "rule of three": (r"rule[ -]of[ -](?:three|3)", r"\bro3\b", r"lead[ -]?like", r"fragment[ -]?like"),
    "structural alert": (r"structural alerts?", r"\bpains\b", r"assay interference", r"\bbrenk\b"),
    "length": (r"how (?:long|big|large)", r"\blength\b", r"(?:how many|number of) (?:amino ?acids?|residues)"),
}  # fmt: skip
_IDENTITY: dict[str, tuple[str, ...]] = {
    "SMILES": (r"\bsmiles\b", r"structure\b", r"struktur", r"estructura"),
    "InChIKey": (r"inchi[ -]?key",),
    "InChI": (r"\binchi\b",),
    "IUPAC name": (r"\biupac\b", r"systematic name"),
    "CAS number": (r"\bcas\b", r"registry number"),
    "cid": (r"pubchem", r"\bcid\b"),
    "chebi": (r"\bchebi (?:id|identifier|number|accession)",),
    "drugbank": (r"drugbank",),
    "chembl": (r"chembl",),
    "unii": (r"\bunii\b",),
    "accession": (r"uniprot", r"accession"),
    "sequence": (r"\bsequence\b",),
}
_STORED: dict[str, tuple[str, ...]] = {
    "EC number": (r"\bec\b", r"enzyme (?:number|commission)"),
    "ChEBI class": (r"\bclass(?:es|ified|ification)?\b", r"what (?:type|kind|sort) of (?:molecule|compound|chemical)"),
    "ChEBI role": (
        r"\broles?\b",
        r"used (?:for|as)",
        r"\bindicat",
        r"mechanism of action",
        r"what (?:type|kind) of drug",
    ),
    "synonym": (
        r"synonyms?",
        r"other names?",
        r"also (?:called|known)",
        r"(?:brand|trade) names?",
        r"\balias(?:es)?\b",
    ),
    "organism": (r"organism", r"species", r"which animal"),
    "gene": (r"\bgene (?:name|symbol)", r"(?:which|what) gene", r"\bgene (?:for|of)\b", r"encod"),
    "parent compound": (r"\bparent\b", r"free base"),
    "salt form": (r"(?:what|which) salts", r"salt forms?"),
    "keyword": (r"\bkeywords?\b",),
    "catalytic activity": (r"catalytic activity", r"(?:which|what) reaction", r"cataly[sz]"),
    "pathway": (r"pathways?\b", r"reactome", r"\bkegg\b"),
    "GO molecular function": (r"\bgo terms?\b", r"gene ontology"),
    "subunit structure": (r"subunits?\b", r"quaternary"),
}
COMPUTED, IDENTITY = frozenset(_COMPUTED), frozenset(_IDENTITY)
"""predicates that the structure or sequence gives, and that say what a thing is"""
VALUES = COMPUTED | IDENTITY | frozenset(_STORED) | frozenset(MEASURED)
"""predicates that a question asks for one by one"""
_OF_PROTEINS_ONLY = frozenset({"length", "accession", "gene", "organism", "EC number", "catalytic activity"})
_OF_EITHER = frozenset(
    {"molecular weight", "molecular formula", "monoisotopic mass", "heavy atoms", "atoms", "formal charge", "drugbank",
     "chembl", "sequence", "synonym", "keyword", "pathway", "GO molecular function", "subunit structure"}
)  # fmt: skip
DRUG_LINKS = (
    "DrugBank entry", "ChEMBL target", "BindingDB target", "Guide to PHARMACOLOGY target", "DrugCentral target",
)  # fmt: skip
"""what a protein's record says of drugs and other ligands"""
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
_MORE = r"(?:\s+(?:and|or|called|exactly|really|actually|please)\b.*)?"
_IDENTIFY = _any(
    rf"^\W*(?:what|who)(?:'s| is| are| was| were)\s+{_THING}{_MORE}\W*$",
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


@dataclass(frozen=True, slots=True)
class Question:
    """A question, read.

    Args:
        text: The words as asked.
        kind: What it asks for.
        predicates: The values it names, as predicates of facts; empty when it names none.
    """

    text: str
    kind: Kind
    predicates: tuple[str, ...] = ()


def classify(text: str, *, molecule: bool = False, protein: bool = False) -> Question:
    """Read what ``text`` asks for.

    Args:
        text: The question, without the names of the entities (so that a name such as "Weight Loss
            Factor 1" cannot decide).
        molecule: Whether a molecule was found or given.
        protein: Whether a protein was found or given.
    """
    if _LITERATURE.search(text):
        return Question(text, "literature")
    if protein and not molecule and (parts := parts_asked(text)):
        return Question(text, "stored", parts)
    if _ACTIVITY.search(text) and ((molecule and protein) or ((molecule or protein) and not _ELSEWHERE.search(text))):
        return Question(text, "activity")
    if protein:
        for kind, pattern in _OF_PROTEIN.items():
            if pattern.search(text):
                return Question(text, kind)
        if not molecule and not _ELSEWHERE.search(text) and (stated := _stated_of_protein(text)):
            return Question(text, "stored", stated)
    deposited = asked_of_molecule(text) if molecule and not protein else ()
    of_values, named = _values_named(without_measured(text) if deposited else text)
    if deposited:
        return Question(text, "stored", (*named, *deposited))
    if of_values:
        return Question(text, of_values, named)
    if _DESCRIBE.search(text):
        return Question(text, "description")
    if molecule and _OF_PROTEIN["function"].search(text):
        return Question(text, "stored", ("ChEBI role",))
    if not protein and _OF_PROTEIN["location"].search(text):
        return Question(text, "location")
    if _ELSEWHERE.search(text):
        return Question(text, "other")
    if molecule and protein:
        return Question(text, "activity")
    if _IDENTIFY.search(" ".join(text.split())) or len(re.findall(r"\w+", text)) <= 1:
        return Question(text, "identity")
    return Question(text, "other")


def parts_asked(text: str) -> tuple[str, ...]:
    """Return the predicates of the parts of a chain that ``text`` asks for; empty when it asks something about a part.

    "What domains does it have?" and "Where is its active site?" ask for the parts themselves; "What does the kinase
    domain of it do?" asks about one, which a record of the whole protein does not answer.
    """
    for words, predicates in reversed(_PARTS.items()):
        found = re.search(rf"\b(?:{words})(?![\w-])", text, re.IGNORECASE)
        if found is None:
            continue
        before = re.findall(r"[\w-]+", text[: found.start()].lower())
        after = re.findall(r"[\w-]+", text[found.end() :].lower())
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


def computed_named(text: str) -> tuple[str, ...]:
    """Return the computed values that ``text`` names."""
    return tuple(predicate for predicate in _values_named(text)[1] if predicate in COMPUTED)


def kind_asked(text: str) -> Literal["molecule", "protein"] | None:
    """Return of what alone the values that ``text`` names are: a SMILES of molecules, a length of proteins."""
    named = set(_values_named(text)[1]) - _OF_EITHER
    if not named or (named & _OF_PROTEINS_ONLY and named - _OF_PROTEINS_ONLY):
        return None
    return "protein" if named & _OF_PROTEINS_ONLY else "molecule"


def _values_named(text: str) -> tuple[Kind | None, tuple[str, ...]]:
    """Return the predicates that ``text`` names, in the order of the tables, and the kind of the first."""
    tables: dict[Kind, dict[str, tuple[str, ...]]] = {"computed": _COMPUTED, "identity": _IDENTITY, "stored": _STORED}
    kinds: list[Kind] = []
    found = []
    for kind, table in tables.items():
        for predicate, patterns in table.items():
            text, count = re.subn("|".join(patterns), " ", text, flags=re.IGNORECASE)
            if count:
                kinds.append(kind)
                found.append(predicate)
    return (kinds[0] if kinds else None), tuple(found)


_YES_NO = re.compile(
    r"^\W*(?P<verb>is|was|has|have|does|do|can) (?:it|this|that)(?: (?:molecule|compound|protein|drug|sequence))? "
    r"(?P<rest>.+?)(?: it)?\W*$",
    re.IGNORECASE,
)
_THIRD_PERSON = {"contain": "contains", "have": "has", "belong": "belongs", "bear": "bears", "carry": "carries"}


def statement_of(text: str) -> str:
    """Return what a yes-or-no question supposes ("Is it an ester?" gives "It is an ester."); empty for others.

    Args:
        text: The question with ``it`` for every name, as :func:`classify` takes it.
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
