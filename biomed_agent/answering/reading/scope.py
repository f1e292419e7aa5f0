"""Questions about something near the named thing: a derivative, a salt, a product, a mutant or a part of it.

Answering those with the record of the named thing would read well and be wrong, so they are refused with the
reason. The words are tables; a variant that fits the sequence is applied instead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from biomed_agent.answering.reading.mentions import Mention, unknown_words
from biomed_agent.core.errors import Inapplicable, NotFound
from biomed_agent.core.types import Candidate

if TYPE_CHECKING:
    from biomed_agent.sources.local import LocalIndex

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

_ALTERED = re.compile(
    r"\b(mutants?|mutations?|mutated|variants?|deletions?|insertions?|del\d+|exon \d+|fusions?|truncat\w+"
    r"|isoforms? ?\d*|splice \w+|(?:\w+ )?domains?|[AB] chain"
    r"|(?:heavy|light|alpha|beta) chain|mature|pro-?peptide|signal peptide"
    r"|(?:un|de|auto)?phosphorylated|pegylated|glycosylated|unmodified|glargine|lispro|aspart|detemir|degludec"
    r"|amplified|amplification|knock-?outs?|epitopes?|binding site|active site)\b",
    re.IGNORECASE,
)


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


def check_unaltered(rest: str, name: str) -> None:
    """Refuse a question about a changed form or a part of a protein.

    Args:
        rest: The question without its names.
        name: How the protein is called.

    Raises:
        Inapplicable: A word says so, and no single substitution was named that could be applied.
    """
    if altered := _ALTERED.search(rest):
        raise Inapplicable(
            f"the question is about a changed form or a part of {name} ({altered[1]}), and the records here describe "
            "the whole, unchanged protein.",
            f"Name one substitution, as in {name} T315I, or give the sequence itself.",
        )


def check_partners_asked(rest: str, name: str, values: Sequence[str]) -> None:
    """Refuse what a list of measured partners does not answer.

    Args:
        rest: The question without its names.
        name: How the molecule or protein whose partners are asked for is called.
        values: The computed values that the question names.

    Raises:
        Inapplicable: It asks what does not bind, or for a value of a partner or of a part.
    """
    if re.search(r"\b(?:not|never|except|cannot|other than)\b|n't\b", rest, re.IGNORECASE):
        raise Inapplicable(
            f"the question asks what does not bind {name}, or makes an exception; only what binds is listed.",
            "Ask without the exception, or about one pair.",
        )
    if values:
        raise Inapplicable(
            f"the question names {' and '.join(values)} beside the binding of {name}; that of a partner or a part is "
            f"not that of {name}.",
            "Ask one thing at a time, and name the molecule or protein itself.",
        )


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
