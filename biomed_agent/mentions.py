"""The entities a free question mentions, found without guessing.

Only quoted spans, identifiers, structures, sequences and names of the local lexicon count. A word that is
none of these stays a word: it is never sent anywhere, and a name that is only partly known ("ibuprofin
sodium", "the methyl ester of aspirin") is reported rather than answered about its known part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from . import chemistry
from .errors import Inapplicable, NotFound
from .inputs import ACCESSION, ENTRY_NAME, INCHIKEY, smiles_shaped
from .resolve import ORGANISMS
from .types import Candidate

if TYPE_CHECKING:
    from .sources.local import LocalIndex


@dataclass(frozen=True, slots=True)
class Mention:
    """One place of a question that names something.

    Args:
        text: The string to resolve.
        start: First character of it in the question.
        end: One past the last.
        how: ``quoted``, ``identifier``, ``structure``, ``sequence`` or ``lexicon``.
    """

    text: str
    start: int
    end: int
    how: Literal["quoted", "identifier", "structure", "sequence", "lexicon"]


_QUOTED = re.compile(
    r"\"([^\"\n]{1,300})\"|“([^”\n]{1,300})”|«([^»\n]{1,300})»|„([^“”\n]{1,300})[“”]"
    r"|(?<!\w)'([^'\n]{2,300})'(?!\w)"  # not the apostrophes of "Lipinski's" or "5'-phosphate"
)
_IDENTIFIER = re.compile(
    r"InChI=1S?/\S+"
    rf"|\b{INCHIKEY.pattern}\b"
    r"|\b(?:cid|chebi|drugbank|chembl|cas|unii|uniprot|gene|name|smiles|inchi|inchikey|seq):\s?[^\s,;?\"]+"
    r"|\bCID \d+\b|\bDB\d{5}\b|\bCHEMBL\d+\b"
    rf"|\b{ENTRY_NAME.pattern}\b|\b{ACCESSION.pattern}(?![\w-])",
    re.I,
)
_CASED = (ENTRY_NAME, ACCESSION)  # these count only in capitals, or every word with a digit would do
_CAS = re.compile(r"(?<![\w-])\d{2,7}-\d{2}-\d(?![\w-])")
_SEQUENCE = re.compile(r"(?<![A-Za-z])[ACDEFGHIKLMNPQRSTVWYBZXUO]{25,}\*?(?![A-Za-z])")
_FASTA = re.compile(r"^>.*(?:\n[A-Za-z*\s-]+)+", re.M)
_VARIANT_AFTER = re.compile(r"[\s(-]+(?:p\.)?([ACDEFGHIKLMNPQRSTVWY]\d{1,5}[ACDEFGHIKLMNPQRSTVWY])\b\)?")

# "the methyl ester of aspirin", "aspirin analogues": another thing than the one named.
_RELATIVES = (
    r"derivatives?|analog(?:ue)?s?|metabolites?|(?:methyl |ethyl )?esters?|prodrugs?|dimers?|trimers?"
    r"|(?:stereo)?isomers?|enantiomers?|diastereomers?|tautomers?|homolog(?:ue)?s?|ortholog(?:ue)?s?"
    r"|paralog(?:ue)?s?|precursors?|fragments?|conjugates?|polymers?|hydrates?|receptors?|antibod(?:y|ies)"
)
_PARTNERS = r"inhibitors?|antagonists?|agonists?|ligands?|substrates?|binders?|blockers?|modulators?|activators?"
# A salt word after a name makes another molecule of it.
_SALT_WORDS = frozenset(
    """
    sodium potassium calcium magnesium lithium zinc ammonium hydrochloride dihydrochloride hydrobromide sulfate
    sulphate phosphate mesylate mesilate tosylate besylate maleate fumarate tartrate citrate acetate succinate nitrate
    bromide chloride iodide oxalate malate lactate gluconate benzoate salicylate stearate palmitate pamoate
    monohydrate dihydrate trihydrate hemihydrate sesquihydrate anhydrous
    """.split()
)


def find_mentions(question: str, index: LocalIndex) -> list[Mention]:
    """Return what ``question`` mentions, in order of appearance and without overlaps.

    Args:
        question: The question as asked.
        index: Its names are the lexicon.
    """
    found: list[Mention] = []
    for mention in _candidates(question, index):
        if all(mention.end <= other.start or mention.start >= other.end for other in found):
            found.append(mention)
    return sorted(found, key=lambda mention: mention.start)


def _candidates(question: str, index: LocalIndex) -> Iterator[Mention]:
    """Yield possible mentions, the surest kind first."""
    for match in _FASTA.finditer(question):
        yield Mention(match[0], match.start(), match.end(), "sequence")
    for match in _QUOTED.finditer(question):
        inner = next(group for group in match.groups() if group is not None)
        yield Mention(inner.strip(), match.start(), match.end(), "quoted")
    for match in _IDENTIFIER.finditer(question):
        text = _bare(match[0])
        if any(shape.fullmatch(text.upper()) for shape in _CASED) and text != text.upper():
            continue
        if ACCESSION.fullmatch(text) and index.proteins_named(text):
            continue  # a gene that is shaped like an accession
        yield Mention(text, match.start(), match.start() + len(text), "identifier")
    for match in _CAS.finditer(question):
        if chemistry.looks_like_cas(match[0]):
            yield Mention(match[0], match.start(), match.end(), "identifier")
    for match in _SEQUENCE.finditer(question):
        yield Mention(match[0], match.start(), match.end(), "sequence")
    spans = index.lexicon_spans(question)
    named = {question[start:end] for start, end, _ in spans}
    for match in re.finditer(r"\S+", question):
        token = _bare(match[0])
        if token not in named and (chemistry.looks_like_smiles(token) or _broken_smiles(token)):
            start = match.start() + match[0].index(token)
            yield Mention(f"smiles:{token}", start, start + len(token), "structure")
    for start, end, name in spans:
        variant = _VARIANT_AFTER.match(question, end)
        text = f"{name} {variant[1]}" if variant else name
        yield Mention(text, start, variant.end() if variant else end, "lexicon")


def _bare(token: str) -> str:
    """Strip the punctuation of a sentence from a token; brackets that have their partner inside stay."""
    while token:
        first, last = token[0], token[-1]
        if first == "(" and last == ")":  # no SMILES starts with a branch
            token = token[1:-1]
        elif last in "?!,;:.\"'”’" or (last in ")]" and token.count(last) > token.count("(["[")]".index(last)])):
            token = token[:-1]
        elif first in "\"'“„«" or (first in "([" and token.count(first) > token.count(")]"["([".index(first)])):
            token = token[1:]
        else:
            break
    return token


def _broken_smiles(token: str) -> bool:
    """Whether ``token`` is surely meant as SMILES although it does not parse."""
    sure = re.search(r"[a-z]1|\([=A-Z]|[A-Za-z]=[A-Z]|C#|\[[A-Z][a-z]?@|[CN]\d[CNO]", token)
    return len(token) >= 4 and bool(sure) and smiles_shaped(token)


def check_whole(question: str, mention: Mention, index: LocalIndex, *, partners: bool = False) -> None:
    """Refuse a lexicon name that is only a part of what the question names.

    Args:
        question: The question as asked.
        mention: One of its mentions.
        index: Where names are looked up.
        partners: Whether the question is about binding, so that "inhibitors of EGFR" is about EGFR.

    Raises:
        NotFound: The neighbouring word belongs to the name and the whole is unknown.
        Inapplicable: The question is about a relative of the named thing ("an ester of ...").
    """
    if mention.how != "lexicon":
        return
    before, after = question[: mention.start], question[mention.end :]
    words = _RELATIVES if partners else f"{_RELATIVES}|{_PARTNERS}"
    relative = re.search(rf"\b({words})\s+(?:of|to|for)\s+(?:the\s+|an?\s+)?$", before, re.I) or re.match(
        rf"[\s-]+({words})\b", after, re.I
    )
    if relative:
        raise Inapplicable(
            f"the question asks about {relative[1].lower()} of {mention.text}, not about {mention.text} itself.",
            "Name that molecule or protein itself, by name, identifier or SMILES.",
        )
    next_word = re.match(r"[ ]([A-Za-z-]+)", after)
    if next_word and next_word[1].lower() in _SALT_WORDS and not mention.text.lower().endswith(next_word[1].lower()):
        raise _partly(f"{mention.text} {next_word[1]}", mention, index)
    last_word = re.search(r"([A-Za-z][\w-]{4,})[ ]$", before)
    if last_word and mention.text.lower() in _SALT_WORDS | {"acid"} and index.suggest(last_word[1], 1):
        raise _partly(f"{last_word[1]} {mention.text}", mention, index)


def _partly(whole: str, mention: Mention, index: LocalIndex) -> NotFound:
    known = [Candidate(f"name:{mention.text}", mention.text, "the part of it that is known", "molecule")]
    return NotFound(
        f"{whole!r} is not known here, only {mention.text!r} is.",
        "Put the whole name in quotes to have it looked up, or ask about the known part.",
        candidates=[*index.suggest(whole, 3), *known],
    )


def misspelled(question: str, index: LocalIndex) -> list[tuple[str, list[Candidate]]]:
    """Return the words of ``question`` that are spelled almost like known names, with those names."""
    words = dict.fromkeys(re.findall(r"[A-Za-z][\w-]{3,}", question))
    unknown = [word for word in words if word.lower() not in COMMON_WORDS]
    return [(word, alike) for word in unknown if (alike := index.suggest(word, 3))]


def organism_of(question: str) -> str:
    """Return the organism the question names, as UniProt writes it; empty when it names none."""
    lowered = question.lower()
    for word, organism in ORGANISMS.items():
        if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", lowered):
            return organism
    return ""


COMMON_WORDS = frozenset(
    """
    about above acceptor acceptors accession acid acids action active activity affect affinity after against
    alias also amino analog animal another answer area aromatic article articles atom atoms average bacteria
    based because belong belongs better between bind binding binds biological biology body boiling bond bonds
    both brand called cancer cause causes cell cells central charge chebi chembl chemical chemistry chiral class
    classification clinical code color colour common compare complex compound compounds contain contains could
    count cytoplasm describe description different discovered disease doctor does donor donors drug drugbank
    drugs each effect effects encode encoded encodes enzyme evidence exact example explain express expressed
    family find first five following formula found from function functions gene genes give good group groups
    happens have health heavy help high human hydrogen identify inchi inchikey inhibit inhibitor inhibitors
    inhibits inside interact interaction interacts into invented isomer kinase know known large length like
    lipinski list literature located location logp long many mass mean means measured mechanism medical medicine
    melting membrane mitochondria molar molecular molecule molecules monoisotopic more most mouse much mutant
    name names natural nucleus number official organism other outside paper papers parent part pathway pathways
    patient patients plant please point polar potent price product products properties property protein proteins
    pubchem recent receptor registry related residues responsible ring rings role roles rotatable rule safe salt
    same scaffold science selective sequence should show similar smiles solubility soluble some species
    stereocenters stereocentres story structure structures studies study subcellular substance such summarize
    surface symbol synonym synonyms target targets tell temperature than that their them then there these they
    thing this those tissue tpsa treat treatment type types under uniprot used uses value variant very virus
    water weigh weight well what when where whether which while whose will with work would write your
    """.split()
)
"""Ordinary words of questions in this field; they are never taken for misspelled names."""
