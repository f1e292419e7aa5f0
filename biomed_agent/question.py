"""What a question asks for: its kind, and which values of a record or structure it names.

A table of patterns read from top to bottom, so that a reader can see why a question went where it went.
No language model takes part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

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
    "other",
]
KINDS: tuple[str, ...] = (
    "identity", "computed", "stored", "description", "name", "function", "family", "location",
    "activity", "literature", "claim", "other",
)  # fmt: skip
"""``name`` to ``location`` are a protein's, ``activity`` is a pair's, ``claim`` checks a statement."""

PROTEIN_KINDS = frozenset({"name", "function", "family", "location"})

# Words of the question -> predicate of a computed fact (chemistry.computed_facts). Common words of other
# languages are listed where a user is likely to type them.
_COMPUTED: tuple[tuple[str, str], ...] = (
    (r"mono-?isotopic|exact mass", "monoisotopic mass"),
    (r"mol(?:ecular|ar)?[ -]?(?:weight|mass|wt)|\bm\.?w\.?\b|how heavy|\bweigh|molmasse|molekulargewicht"
     r"|masse mol[ae]|masse mol[ée]culaire|peso mol|massa mol|\bmass\b|\bweight\b|\bmasse\b|\bpeso\b", "molecular weight"),
    (r"molecular formula|chemical formula|empirical formula|\bformula\b|summenformel|formule|f[óo]rmula", "molecular formula"),
    (r"\bc?log ?[pd]\b|lipophilic|partition coefficient|hydrophob", "logP"),
    (r"\bt?psa\b|polar surface", "TPSA"),
    (r"(?:h(?:ydrogen)?[ -]?bond(?:ing)? )?donors?\b|\bhbd\b", "hydrogen-bond donors"),
    (r"(?:h(?:ydrogen)?[ -]?bond(?:ing)? )?acceptors?\b|\bhba\b", "hydrogen-bond acceptors"),
    (r"rotatable", "rotatable bonds"),
    (r"aromatic rings?", "aromatic rings"),
    (r"\brings?\b", "rings"),
    (r"heavy atoms?|how many atoms|number of atoms|atom count", "heavy atoms"),
    (r"net charge|formal charge|\bcharged?\b", "formal charge"),
    (r"stereo ?cent|chiral cent|stereogenic", "stereocentres"),
    (r"lipinski|rule[ -]of[ -](?:five|5)|\bro5\b|drug[ -]?like", "rule of five"),
    (r"veber", "Veber rule"),
    (r"\bqed\b", "QED"),
    (r"scaffold|murcko", "Murcko scaffold"),
    (r"fraction (?:of )?sp3|fsp3", "fraction sp3"),
    (r"how (?:long|big|large)|\blength\b|residues|(?:how many|number of) amino ?acids", "length"),
)  # fmt: skip

_STORED: tuple[tuple[str, str], ...] = (
    (r"\bec (?:number|code|class)|\benzyme (?:number|commission)|\bec\b", "EC number"),
    (r"chemical class|class(?:es|ified|ification)?\b.*(?:belong|chebi)?|what (?:type|kind|sort) of (?:molecule|compound|chemical)",
     "chebi class"),
    (r"\broles?\b|used (?:for|as)|\bindicat|mechanism of action|what (?:type|kind) of drug", "chebi role"),
    (r"synonyms?|other names?|also (?:called|known)|brand names?|trade names?|aliases|\balias\b", "synonym"),
    (r"organism|species|which animal", "organism"),
    (r"\bgene (?:name|symbol)|which gene|what gene|encod", "gene"),
    (r"parent (?:compound|molecule|drug)|free base|\bsalts?\b", "parent"),
    (r"\bkeywords?\b", "keyword"),
    (r"catalytic activity|which reaction|what reaction|catalys|catalyz", "catalytic activity"),
    (r"pathways?\b", "pathway"),
    (r"subunits?\b|quaternary", "subunit"),
)  # fmt: skip

_IDENTITY: tuple[tuple[str, str], ...] = (
    (r"\bsmiles\b", "SMILES"),
    (r"inchi[ -]?key", "InChIKey"),
    (r"\binchi\b", "InChI"),
    (r"\bcas\b|registry number", "CAS number"),
    (r"pubchem|\bcid\b", "cid"),
    (r"\bchebi\b", "chebi"),
    (r"drugbank", "drugbank"),
    (r"chembl", "chembl"),
    (r"\bunii\b", "unii"),
    (r"uniprot|accession", "accession"),
    (r"\bsequence\b", "sequence"),
    (r"structure\b|struktur|estructura", "SMILES"),
)

# Read in this order; the first that matches decides the kind.
_LITERATURE = re.compile(
    r"\bpapers?\b|literature|\bstudies\b|\bstudy\b|publication|published|pubmed|\barticles?\b|\babstracts?\b"
    r"|clinical trials?|\btrials?\b|\breviews?\b|evidence (?:for|that|of|on)|recent (?:research|findings|work)|\bcite|citation",
    re.I,
)
_ACTIVITY = re.compile(
    r"\bbinds?\b|\bbinding\b|affinit|\binhibit|\bk[di]\b|ic50|ec50|\bpotent|potency|\bactiv(?:e|ity)\b|\btargets?\b|\btargeted\b"
    r"|selectiv|\bblocks?\b|\bagonist|\bantagonist|\binteract|\bhit\b|\bhits\b|kiba",
    re.I,
)
_LOCATION = re.compile(
    r"where\b.*(?:cell|locat|found|resid|express)|locat|locali[sz]|subcellular|compartment|organelle|\bwhere (?:is|are|does)\b"
    r"|secreted|membrane-bound|\bwo\b.*\bzelle",
    re.I,
)
_FAMILY = re.compile(r"\bfamil(?:y|ies)\b|superfamil|\bfamilie\b", re.I)
_NAME = re.compile(
    r"official names?|recommended name|full name|\bnames? of (?:this|the|that) protein|what is (?:it|this protein) called"
    r"|what(?:'s| is) the name", re.I)  # fmt: skip
_FUNCTION = re.compile(
    r"functions?\b|what does\b.*\bdo\b|what do\b.*\bdo\b|purpose|funktion|fonction|funci[óo]n|\brole of\b|responsible for",
    re.I,
)
_DESCRIBE = re.compile(
    r"describe|description|tell me (?:more )?about|explain|summari[sz]e|what (?:is|do we) know|beschreib|d[ée]cri[st]"
    r"|descri(?:be|ba|ve)|information (?:on|about)|overview|characteri[sz]e",
    re.I,
)
_IDENTIFY = re.compile(
    r"^\W*(?:what|who)(?:'s| is| are| was)\b|\bidentify\b|which (?:molecule|compound|protein|drug) is|^\W*(?:was|wer) ist\b"
    r"|qu'est-ce|qu[ée] es\b|cos'è|what(?:'s| is) th(?:is|e) (?:molecule|compound|protein)|\bidentity\b|look ?up|\bfind\b",
    re.I,
)
_CAUTION = re.compile(
    r"\bsafe\b|side[ -]?effects?|dos(?:e|age|ing)\b|should (?:i|we)|can i take|pregnan|toxic|overdose|treat(?:ment|s)?\b"
    r"|cure|prescri|synthesi[sz]e|price|cost|\bbuy\b|\bbest\b|\bwhy\b|\bhow (?:do|does|can|should)\b|\bwhen\b|better\b|invent"
    r"|discover|melting|boiling|solub|half[ -]?life|bioavailab|patent|soluble|density|\bpka\b|colou?r\b|smell|taste",
    re.I,
)


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
    pair = molecule and protein
    if _LITERATURE.search(text):
        return Question(text, "literature")
    if _ACTIVITY.search(text) and (pair or (molecule or protein) and not _CAUTION.search(text)):
        return Question(text, "activity")
    if protein:
        for kind, pattern in _PROTEIN_TABLE:
            if pattern.search(text):
                return Question(text, kind)
    if found := _named(text, _COMPUTED):
        return Question(text, "computed", found)
    if found := _named(text, _IDENTITY):
        return Question(text, "identity", found)
    if found := _named(text, _STORED):
        return Question(text, "stored", found)
    if _DESCRIBE.search(text):
        return Question(text, "description")
    if not protein and molecule and _FUNCTION.search(text):
        return Question(text, "stored", ("chebi role",))
    if _CAUTION.search(text):
        return Question(text, "other")
    if pair:
        return Question(text, "activity")
    if _IDENTIFY.search(text) or len(re.findall(r"\w+", text)) <= 2:
        return Question(text, "identity")
    return Question(text, "other")


_PROTEIN_TABLE: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("name", _NAME),
    ("family", _FAMILY),
    ("location", _LOCATION),
    ("function", _FUNCTION),
)


def _named(text: str, table: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """Return the predicates whose pattern occurs; a longer pattern's words are not read twice."""
    found: dict[str, None] = {}
    for pattern, predicate in table:
        text, count = re.subn(pattern, " ", text, flags=re.I)
        if count:
            found[predicate] = None
    return tuple(found)
