"""The entities a free question mentions, found without guessing.

Only quoted spans, identifiers, structures, sequences and names of the local lexicon count. A word that is
none of these stays a word: it is never sent anywhere, and a name that is only partly known ("ibuprofin
sodium", "the methyl ester of aspirin") is reported rather than answered about its known part.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from biomed_agent.core.errors import Inapplicable, NotFound
from biomed_agent.core.types import Candidate

if TYPE_CHECKING:
    from biomed_agent.sources.local import LocalIndex

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from biomed_agent.answering.reading.phrases import fold
from biomed_agent.core.chemistry import structures
from biomed_agent.core.common_words import QUESTION_WORDS, SYMBOL_WORDS
from biomed_agent.core.identifiers import (
    ACCESSION,
    ACCESSION_SHAPE,
    EC_NUMBER,
    ENTRY_NAME,
    INCHIKEY,
    ORGANISMS,
    smiles_shaped,
)
from biomed_agent.core.protein_variants import SUBSTITUTION, substitutions

if TYPE_CHECKING:
    from biomed_agent.answering.resolving.ranking import EntityKind
    from biomed_agent.sources.local import LocalIndex


@dataclass(frozen=True, slots=True)
class Mention:
    """One place of a question that names something.

    Args:
        text: The string to resolve.
        start: First character of it in the question.
        end: One past the last.
        how: ``quoted``, ``identifier``, ``structure``, ``sequence``, ``lexicon``, or ``systematic`` for a name that is
            read by the rules of chemical nomenclature.
    """

    text: str
    start: int
    end: int
    how: Literal["quoted", "identifier", "structure", "sequence", "lexicon", "systematic"]


_QUOTED = re.compile(
    r"\"([^\"\n]{1,300})\"|“([^”\n]{1,300})”|«([^»\n]{1,300})»|„([^“”\n]{1,300})[“”]"
    r"|(?<!\w)'([^'\n]{2,300})'(?!\w)"  # not the apostrophes of "Lipinski's" or "5'-phosphate"
)
# An identifier stands alone: letters, brackets and bonds on either side make it a piece of a structure or a word.
_ALONE_BEFORE, _ALONE_AFTER = r"(?<![\w=#@\[\]/\\-])(?<!\)\()", r"(?![\w\[=#@/\\-])(?!\([A-Za-z=#\[])"
_IDENTIFIER = re.compile(
    r"InChI=1S?/\S+"
    rf"|\b{INCHIKEY.pattern}\b"
    r"|\b(?:cid|chebi|drugbank|chembl|cas|unii|uniprot(?:kb)?|gene|name|smiles|inchi|inchikey|seq):\s?[^\s,;?\"]+"
    rf"|\b(?:sp|tr)\|{ACCESSION_SHAPE}\|[A-Z0-9]{{1,10}}_[A-Z0-9]{{3,5}}\b"
    r"|\b(?:PubChem )?(?:CID|compound ID)[ :#]*\d+\b|\bCHEBI[ :]\s?\d+\b|\bDB\d{5}\b|\bCHEMBL\d+\b"
    rf"|{_ALONE_BEFORE}(?:{ENTRY_NAME.pattern}|{ACCESSION.pattern}){_ALONE_AFTER}",
    re.I,
)
_WORDLIKE = (ENTRY_NAME,)  # counts only in capitals
_FORMULA = re.compile(r"C\d+H\d+(?:[A-Z][a-z]?\d*)*")
_CAS = re.compile(r"(?<![\w\-‐‑‒–—−])\d{2,7}[-‐‑‒–—−]\d{2}[-‐‑‒–—−]\d(?![\w\-‐‑‒–—−])")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
_SWISS_PROT = re.compile(r"(?:sp|tr)\|([A-Z0-9]+)\|\w+", re.I)
_PUBCHEM = re.compile(r"(?:PubChem )?(?:CID|compound ID)[ :#]*(\d+)", re.I)
_CHEBI = re.compile(r"CHEBI[ :]\s?(\d+)", re.I)
_SEQUENCE = re.compile(r"(?<![A-Za-z])[ACDEFGHIKLMNPQRSTVWYBZXUO]{25,}\*?(?![A-Za-z])")
_FASTA = re.compile(r"^>.*(?:\n[A-Za-z*\s-]+)+", re.M)
_VARIANT_AFTER = re.compile(rf"[\s(-]+({SUBSTITUTION}(?:[/+]{SUBSTITUTION})*)(?!\w)\)?")
_ASKING = re.compile(r"\b(?:THE|OF|IN|IS|ARE|WAS|DO|DOES|WHAT|WHICH|HOW)\b")
_EC = re.compile(rf"\bEC[ :]?\s?({EC_NUMBER.pattern})(?![\d.]*\d)", re.I)


def _once(mentions: Sequence[Mention], question: str, index: LocalIndex) -> list[Mention]:
    """Return mentions without an identifier that stands in brackets behind the name it belongs to."""
    kept: list[Mention] = []
    for mention in mentions:
        before = kept[-1] if kept else None
        bracketed = before is not None and before.how == "lexicon" and mention.how == "identifier" and (
            question[before.end : mention.start].strip() == "("
        )  # fmt: skip
        if bracketed and before is not None and _names_the_same(before.text, mention.text, index):
            closed = question.find(")", mention.end)
            kept[-1] = Mention(before.text, before.start, closed + 1 if closed != -1 else mention.end, before.how)
            continue
        kept.append(mention)
    return kept


def _names_the_same(name: str, identifier: str, index: LocalIndex) -> bool:
    """Whether an accession is that of a protein of this name."""
    return any(protein.accession == identifier for protein, _ in index.proteins_named(name))


def find_mentions(question: str, index: LocalIndex) -> list[Mention]:
    """Return what ``question`` mentions, in order of appearance and without overlaps.

    Args:
        question: The question as asked.
        index: Its names are the lexicon.
    """
    whole = question.strip().rstrip("?!.").strip()
    if 1 < len(whole) <= 100 and (index.homonyms(whole) or index.molecules_named(whole) or index.proteins_named(whole)):
        start = question.index(whole)
        return [Mention(whole, start, start + len(whole), "lexicon")]
    mentions: list[Mention] = []
    for mention in _candidates(question, index):
        if all(mention.end <= other.start or mention.start >= other.end for other in mentions):
            mentions.append(mention)
    if not mentions and (number := _EC.search(question)):  # beside a name it is what is asked about the name
        mentions = [Mention(f"ec:{number[1]}", number.start(), number.end(), "identifier")]
    return _once(sorted(mentions, key=lambda mention: mention.start), question, index)


def _candidates(question: str, index: LocalIndex) -> Iterator[Mention]:
    """Yield possible mentions, the surest kind first."""
    for match in _FASTA.finditer(question):
        yield Mention(match[0], match.start(), match.end(), "sequence")
    for match in _QUOTED.finditer(question):
        inner = next(group for group in match.groups() if group is not None)
        yield Mention(inner.strip(), match.start(), match.end(), "quoted")
    structures_named = list(_structures(question))
    yield from (mention for mention in structures_named if mention.text.count("(") or "=" in mention.text)
    for match in _IDENTIFIER.finditer(question):
        if mention := _identified(match, index):
            yield mention
    for match in _CAS.finditer(question):
        number = match[0].translate(_DASHES)
        if structures.looks_like_cas(number):
            yield Mention(number, match.start(), match.end(), "identifier")
    for match in _SEQUENCE.finditer(question):
        yield Mention(match[0], match.start(), match.end(), "sequence")
    yield from _peptides(question, index)
    shouted = question.isupper() and _ASKING.search(question)  # then capitals tell no gene from a word
    spans = [span for span in index.lexicon_spans(question) if not (shouted and span[2].lower() in SYMBOL_WORDS)]
    named = {question[start:end] for start, end, _ in spans}
    yield from (mention for mention in structures_named if question[mention.start : mention.end] not in named)
    yield from _systematic(question, spans)
    for start, end, name in spans:
        variant = _VARIANT_AFTER.match(question, end)
        text = f"{name} {'/'.join(substitutions(variant[1]))}" if variant else name
        yield Mention(text, start, variant.end() if variant else end, "lexicon")
    yield from _spelled_abroad(question, index)
    for match in re.finditer(r"(?<![\w-])[A-Z][A-Za-z\d-]+(?![\w-])", question):
        if match[0] in gene_symbols():
            yield Mention(match[0], match.start(), match.end(), "lexicon")


_PEPTIDE = re.compile(
    r"(?<![\w-])(?:(?<=\bpeptide )|(?<=\bpeptide: )|(?<=\bsequence )|(?<=\bsequence: ))"
    r"([ACDEFGHIKLMNPQRSTVWY]{2,24})(?![\w-])"
    r"|(?<![\w-])([ACDEFGHIKLMNPQRSTVWY]{8,24})(?![\w-])"
)


def _peptides(question: str, index: LocalIndex) -> Iterator[Mention]:
    """Yield short sequences: those called a peptide, and capitals that are all residues and no name or word."""
    shouts = sum(letter.islower() for letter in question) < 3
    for match in _PEPTIDE.finditer(question):
        text = match[1] or match[2]
        word = not match[1] and (shouts or text.lower() in QUESTION_WORDS or text.lower() in SYMBOL_WORDS)
        if word or (not match[1] and (index.proteins_named(text) or index.molecules_named(text))):
            continue
        yield Mention(f"seq:{text}", match.start(), match.end(), "sequence")


_ABROAD = (
    (re.compile(r"(?<!\w)([A-Z][a-zäöü]{3,}in)(?!\w)"), r"\1e"),  # Atropin
    (re.compile(r"(?<!\w)acide ([a-zéè]{3,})ique(?!\w)", re.I), r"\1ic acid"),
    (re.compile(r"(?<!\w)[aá]cido ([a-zóíáé]{2,})ico(?!\w)", re.I), r"\1ic acid"),
    (re.compile(r"(?<!\w)([A-Z][a-zäöü]{2,})säure(?!\w)"), r"\1ic acid"),
)
"""how names end in German, French and Spanish, and how in English"""


def _spelled_abroad(question: str, index: LocalIndex) -> Iterator[Mention]:
    """Yield names whose English spelling is known and their own is not."""
    for pattern, english in _ABROAD:
        for match in pattern.finditer(question):
            names = (match[0], fold(match.expand(english)))
            name = next((name for name in names if index.molecules_named(name)), "")
            if name:
                yield Mention(name, match.start(), match.end(), "lexicon")


def _systematic(question: str, known: Sequence[tuple[int, int, str]]) -> Iterator[Mention]:
    """Yield systematic names that no record has as they stand; nothing where no reader of names is installed."""
    from biomed_agent.core.chemistry.name_shapes import name_spans

    spans = [span for span in name_spans(question) if not any(a <= span[0] and span[1] <= b for a, b, _ in known)]
    if not spans:
        return
    from biomed_agent.core.chemistry import nomenclature

    if nomenclature.can_read():
        for read in nomenclature.names_in(question):
            yield Mention(read.name, read.start, read.end, "systematic")


def _structures(question: str) -> Iterator[Mention]:
    """Yield what is written like a SMILES, parsing or not."""
    labelled = False
    for match in re.finditer(r"\S+", question):
        token = _bare(match[0])
        listed = labelled and token.lower() in ("and", "or", "with", "vs", "is", "of", "string", "strings", "the")
        plain = labelled and _ORGANIC.fullmatch(token) is not None
        labelled = token.lower() == "smiles" or listed or plain
        if plain or structures.looks_like_smiles(token) or _broken_smiles(token):
            start = match.start() + match[0].index(token)
            yield Mention(f"smiles:{token}", start, start + len(token), "structure")


_ORGANIC = re.compile(r"(?:Cl|Br|[CNOSPFIBcnosp])+")
"""letters that are atoms of a SMILES string: a structure where the word SMILES stands before them"""


def _identified(match: re.Match[str], index: LocalIndex) -> Mention | None:
    """Return the identifier that stands at a place, in the spelling that is looked up; None for what only looks so."""
    text = _bare(match[0])
    start, end = match.start(), match.start() + len(text)
    if ENTRY_NAME.fullmatch(text.upper()) and text != text.upper():
        return None
    if ACCESSION.fullmatch(text.upper()):
        if index.proteins_named(text) or _FORMULA.fullmatch(text.upper()):
            return None  # a gene or a molecular formula that is shaped like an accession
        if text != text.upper() and index.protein_by_accession(text) is None:
            return None  # any word with digits, such as b12345, unless a record has it
        return Mention(text.upper(), start, end, "identifier")
    if swiss := _SWISS_PROT.fullmatch(text):
        return Mention(swiss[1].upper(), start, end, "identifier")
    if pubchem := _PUBCHEM.fullmatch(text):
        return Mention(text if text.upper().startswith("CID") else f"CID {pubchem[1]}", start, end, "identifier")
    if chebi := _CHEBI.fullmatch(text):
        return Mention(text if ":" in text else f"CHEBI:{chebi[1]}", start, end, "identifier")
    if text.lower().startswith("uniprotkb:"):
        text = f"uniprot:{text[10:].strip()}"
    return Mention(text, start, end, "identifier")


_KIND_WORDS: dict[EntityKind, str] = {
    "molecule": r"(?:small[ -])?molecule|(?:chemical )?compound|drug|metabolite",
    "protein": r"(?:human )?protein|gene|enzyme",
}


def kind_in_words(question: str, mention: Mention) -> EntityKind | None:
    """Return what a question calls what it mentions: "the molecule cAMP" and "the CAMP gene" name different things."""
    before, after = question[: mention.start], question[mention.end :]
    for kind, words in _KIND_WORDS.items():
        if re.search(rf"\b(?:{words})[\s\"'(]+$", before, re.I) or re.match(
            rf"[\s\"'(]+(?:{words})\b(?!-)", after, re.I
        ):
            return kind
    return None


@cache
def gene_symbols() -> frozenset[str]:
    """Return symbols of well-known human genes that the starter set has no protein of, but UniProt has."""
    from biomed_agent.sources.local import STARTER  # opens the room of SQLite, which its users have open anyway

    return frozenset((STARTER / "genes.txt").read_text(encoding="ascii").split())


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


def unknown_words(question: str) -> list[str]:
    """Return the words of ``question`` that are no ordinary words: names that are not known here, or typos."""
    words = dict.fromkeys(re.findall(r"[A-Za-z][\w-]*", question))
    return [
        word
        for word in words
        if word.lower() not in QUESTION_WORDS and (len(word) > 3 or sum(letter.isupper() for letter in word) > 1)
    ]


MAX_COMPARED_WORDS = 40
"""unknown words of a question that are compared with all names; each takes about 0.2 ms"""


def misspelled(question: str, index: LocalIndex) -> list[tuple[str, list[Candidate]]]:
    """Return the words of ``question`` that are spelled almost like known names, with those names.

    A word that is a known name, but stands where it does not count (``(S)-ibuprofen``), is not misspelled. Of a text
    with more than :data:`MAX_COMPARED_WORDS` unknown words the first are compared: it is no question.
    """
    words = [
        word
        for word in unknown_words(question)[:MAX_COMPARED_WORDS]
        if not index.molecules_named(word) and not index.proteins_named(word)
    ]
    return [(word, alike) for word in words if (alike := index.suggest(word, 3))]


def refers_back(question: str) -> bool:
    """Whether ``question`` speaks of something named before: it, its, this, that, they ..."""
    return bool(re.search(r"\b(?:it|its|this|that|these|they|their|them|he|his|the same)\b", question, re.I))


def organism_of(question: str) -> str:
    """Return the organism the question names, as UniProt writes it; empty when it names none."""
    lowered = question.lower()
    for word, organism in ORGANISMS.items():
        if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", lowered):
            return organism
    return ""


_RELATIVES = (
    r"derivatives?|analog(?:ue)?s?|metabolites?|(?:methyl |ethyl )?esters?|ethers?|prodrugs?|dimers?|trimers?"
    r"|(?:stereo)?isomers?|enantiomers?|diastereomers?|tautomers?|homolog(?:ue)?s?|ortholog(?:ue)?s?"
    r"|paralog(?:ue)?s?|precursors?|fragments?|conjugates?|polymers?|hydrates?|receptors?|antibod(?:y|ies)"
    r"|(?:mono|di)?oxides?|n-oxides?|sulfoxides?|glucuronides?|glucosides?|glycosides?|anhydrides?|amides?|lactones?"
    r"|nitriles?|hydrazides?|anions?|cations?|radicals?|isotopologues?|adducts?|complex(?:es)?"
    r"|(?<!what )(?<!which )salts?(?! forms?)"  # "Which salts of it are known?" asks for them
)
_PARTNERS = r"inhibitors?|antagonists?|agonists?|ligands?|substrates?|binders?|blockers?|modulators?|activators?"
# A salt word after a name, or before "of" it, makes another molecule of it.
_SALT_WORDS = frozenset(
    """
    sodium potassium calcium magnesium lithium zinc ammonium hydrochloride dihydrochloride hydrobromide sulfate
    sulphate phosphate mesylate mesilate tosylate besylate maleate fumarate tartrate citrate acetate succinate nitrate
    bromide chloride iodide oxalate malate lactate gluconate benzoate salicylate stearate palmitate pamoate
    monohydrate dihydrate trihydrate hemihydrate sesquihydrate anhydrous
    """.split()
)
# A word in front that makes another molecule of the next: "ethyl ibuprofen", "deuterated aspirin".
_PREFIX = re.compile(
    r"(?:^|\W)((?:[\dNOSRE,'()-]*-)?(?:(?:mono|di|tri|tetra|per|des|nor|de|iso|cyclo)?-?"
    r"(?:methyl|ethyl|propyl|isopropyl|butyl|phenyl|benzyl|acetyl|benzoyl|hydroxy|methoxy|ethoxy|amino|nitro|cyano|chloro"
    r"|bromo|fluoro|iodo|oxo|thio|carboxy|hydro|dehydro|deoxy|sulfo|nitroso|allyl|vinyl|desmethyl|demethyl)(?:ated)?"
    r"|(?:methyl|acetyl|bromin|chlorin|fluorin|iodin|deuter|triti|proton|deproton|hydrogen|halogen|glycosyl|pegyl|nitr"
    r"|biotinyl|phosphoryl|hydroxyl|carboxyl|sulfon|oxygen|radioiodin)ated|(?:radio)?labell?ed|hydroly[sz]ed|oxidi[sz]ed"
    r"|ioni[sz]ed|reduced|esterified|conjugated|polymeric|dimeric|racemic))\s$",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"\b(\d[\d.,]*|two|three|half an?)\s*(moles?|mol|m?g|grams?|kg|milligrams?|molecules)\s+of\s+$", re.I
)


NEIGHBOUR_CHARS = 300
"""letters on either side of a name in which its neighbours are looked for; a long text has many names"""


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
    before = question[max(0, mention.start - NEIGHBOUR_CHARS) : mention.start]
    after = question[mention.end : mention.end + NEIGHBOUR_CHARS]
    words = f"{_RELATIVES}|{'|'.join(sorted(_SALT_WORDS))}" + ("" if partners else f"|{_PARTNERS}")
    relative = re.search(rf"\b({words})\s+(?:of|to|for)\s+(?:the\s+|an?\s+)?$", before, re.I) or re.match(
        rf"(?:'s)?[\s-]+({_RELATIVES if partners else f'{_RELATIVES}|{_PARTNERS}'})\b(?! inhibitor)", after, re.I
    )
    if relative:
        raise _another(f"{relative[1].lower()} of {mention.text}", mention)
    if prefix := _PREFIX.search(before):
        raise _another(f"{prefix[1]} {mention.text}", mention)
    if amount := _AMOUNT.search(before):
        raise _another(f"{amount[0].strip()} {mention.text}", mention)
    if sum_of := re.match(r"\s(minus|plus|without)\b", after):
        raise _another(f"{mention.text} {sum_of[1]} something", mention)
    next_word = re.match(r"[ ]([A-Za-z-]+)", after)
    if next_word and next_word[1].lower() in _SALT_WORDS and not mention.text.lower().endswith(next_word[1].lower()):
        raise _partly(f"{mention.text} {next_word[1]}", mention, index)
    product = re.match(r"[ ]([A-Z][A-Za-z]{1,8})\b", after)  # Tylenol PM is not Tylenol
    if product and product[1] in unknown_words(question) and not index.lexicon_spans(product[1]):
        raise _partly(f"{mention.text} {product[1]}", mention, index)
    last_word = re.search(r"([A-Za-z][\w-]{4,})[ ]$", before)
    if last_word and mention.text.lower() in _SALT_WORDS | {"acid"} and index.suggest(last_word[1], 1):
        raise _partly(f"{last_word[1]} {mention.text}", mention, index)


def listed_unknown(rest: str) -> list[str]:
    """Return unknown words that stand in a list with a name ("ibuprofen and asprin"), in the question without names."""
    listed = re.findall(r"\bit\s+(?:and|or|versus|vs\.?)\s+(?:of\s+)?([A-Za-z][\w-]{3,})", rest)
    unknown = unknown_words(rest)
    return [word for word in listed if word in unknown]


def _another(what: str, mention: Mention) -> Inapplicable:
    return Inapplicable(
        f"the question asks about {what}, not about {mention.text} itself.",
        "Name that molecule or protein itself, by name, identifier or SMILES.",
    )


def _partly(whole: str, mention: Mention, index: LocalIndex) -> NotFound:
    known = [Candidate(f"name:{mention.text}", mention.text, "the part of it that is known", "molecule")]
    return NotFound(
        f"{whole!r} is not known here, only {mention.text!r} is.",
        "Put the whole name in quotes to have it looked up, or ask about the known part.",
        candidates=[*index.suggest(whole, 3), *known],
    )
