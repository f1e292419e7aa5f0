"""Rules that decide a statement about a protein, against its sequence and its record.

*Contradicted* only where the record is exact and excludes the statement: length of the sequence, organism,
main class of the EC number, a place that excludes all those on record (``places.py``), or the denial of something
the record states. A family, gene or accession that the record does not hold is unverified: absence is no evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from biomed_agent.core.identifiers import ACCESSION_SHAPE
from biomed_agent.core.types import Fact, Protein, Provenance
from biomed_agent.trust.claims import places, statement
from biomed_agent.trust.claims.findings import (
    Finding,
    contradicted,
    facts_of,
    plain_name,
    supported,
    undenied,
    unverified,
)
from biomed_agent.trust.claims.statement import Assertion

SEQUENCE = Provenance(source="the sequence")

_APPROXIMATE = r"about|approximately|approx\.|around|roughly|circa|ca\.|~|nearly|almost|some"
_SIGN = rf"(?P<sign>{_APPROXIMATE}|more than|over|at least|less than|fewer than|under|up to|>|<)? ?"
_LENGTH = re.compile(
    r"(?:\bis|\bhas|\bhave|contains?|comprises?|consists? of|composed of|length(?: is| of|:)?|made (?:up )?of|with|"
    r"protein of|polypeptide of|sequence of|:)"
    rf"(?: an?| total(?: of)?| a total of| a length of| a sequence of)? ?{_SIGN}"
    r"(?P<value>\d{1,3}(?:,\d{3})+|\d+)[ -](?:amino[ -]acids?|aa\b|residues?)(?! \d)|"
    rf"\blength(?: of the (?:protein|sequence))?(?: is| of|:| =) ?{_SIGN.replace('sign', 'sign2')}"
    r"(?P<value2>\d{1,3}(?:,\d{3})+|\d+)(?![\d,]*\d|\.\d| ?(?:nm|kb|bp|nucleotides))",
    re.IGNORECASE,
)
_PART = re.compile(
    r"\b(?:domains?|regions?|motifs?|signal|propeptide|transit|mature|processed|isoforms?|fragments?|loops?|heli\w+|tail|"
    r"first|last|terminal|terminus|deletion|insertion|identi\w+|precursor|linker|repeats?|truncated|variants?|cleav\w+|"
    r"subunits?|extracellular|intracellular|heavy|light|alpha|beta)\b"
)
_MASS = re.compile(
    rf"{_SIGN}(?P<value>\d+(?:\.\d+)?|\d{{1,3}}(?:,\d{{3}})+)[ -]?(?P<unit>kda|kd\b|da\b|daltons?|kilodaltons?)",
    re.IGNORECASE,
)
_GENE = re.compile(
    r"(?:encoded by (?:the )?(?:human |mouse |yeast )?(?:gene )?|product of (?:the )?(?:gene )?|"
    r"(?i:gene)(?: name| symbol)?(?: is|:| =) ?)"
    r"(?P<gene>[A-Za-z][\w.-]*\d[\w-]*|[A-Z][A-Z\d-]+|[a-z]{3}[A-Z]\b|[\w-]+(?= gene\b))"
)
_EC = re.compile(r"\bEC(?: numbers?)?(?: is|:)? ?(?P<number>[1-7](?:\.(?:\d+|-)){0,3})\b(?P<after>[^.;]{0,60})")
_ACCESSION = re.compile(
    r"\b(?:UniProt(?:KB)?(?:/(?:Swiss-Prot|TrEMBL))?|accession)(?: accession| ID| entry| identifier)?(?: number)?"
    r"(?: is|:| =)* ?"
    rf"(?P<accession>{ACCESSION_SHAPE})\b"
)
_ORGANISMS = {
    "human": "homo sapiens", "mouse": "mus musculus", "murine": "mus musculus", "rat": "rattus norvegicus",
    "bovine": "bos taurus", "cow": "bos taurus", "pig": "sus scrofa",
    "porcine": "sus scrofa", "chicken": "gallus gallus",
    "zebrafish": "danio rerio", "e. coli": "escherichia coli", "s. cerevisiae": "saccharomyces cerevisiae",
    "baker's yeast": "saccharomyces cerevisiae", "budding yeast": "saccharomyces cerevisiae",
    "fission yeast": "schizosaccharomyces pombe", "drosophila": "drosophila melanogaster",
    "fruit fly": "drosophila melanogaster", "arabidopsis": "arabidopsis thaliana",
    "c. elegans": "caenorhabditis elegans",
}  # fmt: skip
_COMMON = "|".join(re.escape(name) for name in _ORGANISMS)
_KIND = r"(?:protein|enzyme|polypeptide|gene product|kinase|receptor|protease|hormone|antibody|transporter|channel)"
_WHOLE = (
    r"(?=$|[.,;:)]| \(| (?:that|which|whose|with|involved|encoded|of \d+|consisting|composed|located|locali[sz]ed|"
    r"found|containing|belonging|expressed|in|and (?:is|has|binds|belongs|contains))\b)"
)
"""what may follow an organism; *a mouse antibody target* and *enzyme of mouse metabolism* say something else"""
_ORGANISM = re.compile(
    rf"\b(?:is|are) (?P<denied>not )?(?:an?|the) (?P<adjective>(?i:{_COMMON})) (?:[\w-]+ ){{0,2}}?{_KIND}s?\b{_WHOLE}|"
    r"(?:\b(?:organism|species)(?: is|:| =)(?P<none> not)?|"
    r"(?:is|are|derives|originates|comes|protein|enzyme) (?P<not>not )?"
    r"(?:derived |originating )?(?:from|of)) "
    r"(?:the |an? )?(?:organism |species |bacterium |plant |yeast )?"
    rf"(?P<binomial>[A-Z][a-z]{{2,}} [a-z]{{3,}}|(?i:{_COMMON}|humans?|mice))(?: origin)?\b{_WHOLE}",
)
_OWN_ORGANISM = re.compile(
    rf"\b(?:is|are) (?P<denied>not )?(?:the )?(?P<adjective>(?i:{_COMMON})) (?P<name>[^,;]+?)[.!]?$"
)
"""an organism before a name of the protein, as in *is mouse EGFR*"""
_LIKE = re.compile(
    r"\b(?:homolog\w*|ortholog\w*|similar|\w*virus(?:es)?|viral|related|like|infect\w*|pathogen\w*|"
    r"expressed in|recombinant)\b",
    re.IGNORECASE,
)

_ENZYMES: dict[str, tuple[str, str]] = {
    # head word: (EC prefix that shows it, main classes it may have; empty when usage is too loose)
    "oxidoreductase": ("1.", "17"), "transferase": ("2.", "2"), "kinase": ("2.7.", "2"), "hydrolase": ("3.", "357"),
    "protease": ("3.4.", "3"), "peptidase": ("3.4.", "3"), "proteinase": ("3.4.", "3"), "phosphatase": ("3.1.3.", "3"),
    "esterase": ("3.1.", "3"), "lyase": ("4.", "4"), "isomerase": ("5.", "5"), "ligase": ("6.", ""),
    "methyltransferase": ("2.1.1.", "2"), "dehydrogenase": ("1.", ""), "reductase": ("1.", ""), "oxidase": ("1.", ""),
    "nuclease": ("3.1.", ""), "glycosidase": ("3.2.", "3"), "atpase": ("", ""), "enzyme": ("", ""),
}  # fmt: skip
PROPERTY = re.compile(
    r"(?:(?:its|the|protein|sequence|primary) )*"
    r"(?:length|gene(?: name| symbol)?|organism|species|ec(?: number)?|accession|uniprot\w*|"
    r"(?:molecular )?(?:mass|weight)|subcellular locations?|location|family|synonyms?|"
    r"(?:other|alternative|recommended|short|full) names?|k[di]|kiba scores?|ic50|ec50|"
    r"binding affinity|dissociation constant)\b",
    re.IGNORECASE,
)
"""start of a sentence whose subject is a property of the protein"""


def protein_findings(
    plain: str, predicate: str | None, about: bool, protein: Protein, facts: Sequence[Fact], names: Iterable[str]
) -> list[Finding]:
    """Check one normalised sentence about a protein.

    Args:
        plain: The sentence.
        predicate: What it says of the protein (:meth:`.statement.Subject.predicate`), None when that is not read.
        about: Whether it speaks of the protein at all.
        protein: The protein.
        facts: Facts of its record.
        names: All names it goes by.
    """
    known = {plain_name(name) for name in names}
    body = plain.rstrip(" .")
    if plain_name(body) in known:
        return [supported(f"the record has the name {body}", protein.provenance).for_words(body)]
    findings = [finding.for_words(body) for finding in _fragment(body, facts, protein)]
    if not about or statement.HEDGES.search(plain.lower()):
        return findings
    findings += places.location(_without_name(plain.lower(), names), facts, protein)
    findings += undenied(plain, _organism(plain, protein, known))
    if predicate is None and not PROPERTY.match(plain):
        return findings
    figures = [
        *_length(plain, protein),
        *_mass(plain, facts),
        *_gene(plain, protein, facts),
        *_ec(plain, facts),
        *_accession(plain, protein),
    ]
    findings += undenied(plain, figures)
    for assertion in statement.assertions(predicate) if predicate else ():
        if assertion.relation == "is":
            findings += [
                finding.for_words(assertion.accounts_for) for finding in _class(assertion, protein, facts, known)
            ]
    return findings


def _without_name(lowered: str, names: Iterable[str]) -> str:
    """Write *it* for the name that a sentence in lower case begins with."""
    by_length = sorted(names, key=len, reverse=True)
    name = next((known for known in by_length if lowered.startswith(f"{known.lower()} ")), "")
    return f"it{lowered[len(name) :]}" if name else lowered


def _length(plain: str, protein: Protein) -> Iterator[Finding]:
    for match in _LENGTH.finditer(plain):
        value = int((match["value"] or match["value2"]).replace(",", ""))
        sign = (match["sign"] or match["sign2"] or "").lower()
        length = protein.length
        if sign in {"more than", "over", "at least", ">"}:
            holds = length >= value
        elif sign in {"less than", "fewer than", "under", "up to", "<"}:
            holds = length <= value
        else:
            holds = abs(value - length) <= (0.05 * length if sign else 0)
        if holds:
            yield supported(f"the sequence has {length:,} residues", SEQUENCE).for_words(f"{match.group()} long length")
        elif _PART.search(plain.lower()):
            yield unverified(f"{value:,} residues may count a part or form of the sequence of {length:,}")
        else:
            yield contradicted(f"the sequence has {length:,} residues, not {value:,}", SEQUENCE)


def _mass(plain: str, facts: Sequence[Fact]) -> Iterator[Finding]:
    known = [
        float(fact.value) for fact in facts_of(facts, "molecular weight", "mass") if isinstance(fact.value, int | float)
    ]
    for match in _MASS.finditer(plain):
        value = float(match["value"].replace(",", "")) * (1000 if match["unit"].lower().startswith("k") else 1)
        near = [mass for mass in known if abs(mass - value) <= 0.03 * mass]
        if near:
            why = f"the unmodified chain weighs {near[0]:,.0f} Da"
            yield supported(why).for_words(f"{match.group()} molecular mass weight weighs")
        elif known:
            yield unverified(
                f"{value:,.0f} Da; the unmodified chain weighs {known[0]:,.0f} Da, processing and sugars change that"
            )


def _gene(plain: str, protein: Protein, facts: Sequence[Fact]) -> Iterator[Finding]:
    stored = {protein.gene, *protein.synonyms, *(str(fact.value) for fact in facts_of(facts, "gene"))} - {""}
    for match in _GENE.finditer(plain):
        gene = match["gene"]
        if gene.lower() in {symbol.lower() for symbol in stored}:
            why = f"the record has the gene {gene}"
            yield supported(why, protein.provenance).for_words(f"{match.group()} gene encoded by {protein.organism}")
        else:
            yield unverified(f"gene {gene}; the record has {protein.gene or 'none'}")


def _ec(plain: str, facts: Sequence[Fact]) -> Iterator[Finding]:
    recorded = facts_of(facts, "ec number")
    for match in _EC.finditer(plain):
        if re.search(r"inhibit|substrate|activator", match["after"]):
            continue
        stated = match["number"].rstrip(".-")
        listed = ", ".join(str(fact.value) for fact in recorded)
        same = [fact for fact in recorded if f"{fact.value}.".startswith(f"{stated}.")]
        if same:
            why = f"the record has EC {same[0].value}"
            yield supported(why, same[0].provenance).for_words(f"EC number {match['number']}")
        elif recorded and all(str(fact.value)[0] != stated[0] for fact in recorded):
            yield contradicted(f"the record has EC {listed}, not EC {stated}", recorded[0].provenance)
        else:
            yield unverified(f"EC {stated}; the record has {f'EC {listed}' if listed else 'no EC number'}")


def _accession(plain: str, protein: Protein) -> Iterator[Finding]:
    for match in _ACCESSION.finditer(plain):
        if match["accession"] == protein.accession:
            yield supported(f"the record is {protein.accession}", protein.provenance).for_words(match.group())
        else:
            yield unverified(f"accession {match['accession']}; the record is {protein.accession or 'not known'}")


def _organism(plain: str, protein: Protein, names: set[str]) -> Iterator[Finding]:
    match = _ORGANISM.search(plain) or _OWN_ORGANISM.search(plain)
    if match is None or not protein.organism or _LIKE.search(plain):
        return
    groups = match.groupdict()
    if "name" in groups and plain_name(match["name"]) not in names:
        return
    stated = (match["adjective"] or match["binomial"]).lower()
    stated = _ORGANISMS.get({"humans": "human", "mice": "mouse"}.get(stated, stated), stated)
    record = protein.organism.lower()
    denied = any(groups.get(group) for group in ("denied", "not", "none"))
    if " ".join(record.split()[:2]) == stated or stated in record:
        say = contradicted if denied else supported
        yield say(f"the record is of {protein.organism}", protein.provenance).for_words(match.group())
    elif stated in _ORGANISMS.values() and " " in record:
        say = supported if denied else contradicted
        yield say(f"the record is of {protein.organism}", protein.provenance).for_words(match.group())
    else:
        yield unverified(f"organism {stated}; the record is of {protein.organism}")


def _fragment(body: str, facts: Sequence[Fact], protein: Protein) -> Iterator[Finding]:
    """A sentence that is nothing but a place or a family, as UniProt writes them."""
    if re.search(r" (?:sub|super)?family$", body) and not re.search(r"\b(?:is|are|has|of|belongs)\b", body):
        yield from _family(Assertion("is", body.lower()), facts)
    else:
        yield from places.fragment(body, facts, protein)


def _class(assertion: Assertion, protein: Protein, facts: Sequence[Fact], known: set[str]) -> Iterator[Finding]:
    words = assertion.words
    if plain_name(words) in known:
        yield (contradicted if assertion.negated else supported)(f"the record has the name {words}", protein.provenance)
        return
    if re.search(r"\b(?:sub|super)?famil(?:y|ies)$", words):
        yield from _family(assertion, facts)
        return
    head = re.sub(r"s$", "", words.split(" ")[-1])
    if re.search(r"\b(?:inactive|pseudo|non|dead|deficient|defective)\b", words):
        return
    singular = re.sub(r"s$", "", words)
    of_class = [fact for fact in facts_of(facts, "protein class") if str(fact.value).lower() == singular]
    if of_class:
        say = contradicted if assertion.negated else supported
        yield say(f"the record makes it one, {of_class[0].note}", of_class[0].provenance)
    elif head in _ENZYMES:
        yield _enzyme(head, assertion, protein, facts)
    elif len(words) > 3 and not assertion.negated:
        keywords = [str(fact.value).lower() for fact in facts_of(facts, "keyword")]
        topologies = [str(fact.value).lower() for fact in facts_of(facts, "topology")]
        if any(f" {keyword}".endswith(f" {singular}") for keyword in keywords) or any(
            re.search(rf"\b{re.escape(words)}\b", topology) for topology in topologies
        ):
            yield supported(f'"{words}" stands in its recorded keywords or topology', protein.provenance)


def _family(assertion: Assertion, facts: Sequence[Fact]) -> Iterator[Finding]:
    def core(text: str) -> str:
        return plain_name(re.sub(r"\bbelongs to the |\b(?:sub|super)?famil(?:y|ies)\b", " ", text.lower()))

    recorded = facts_of(facts, "famil")
    same = [fact for fact in recorded for part in str(fact.value).split(". ") if core(part) == core(assertion.words)]
    listed = "; ".join(str(fact.value) for fact in recorded)
    if same:
        yield (contradicted if assertion.negated else supported)(
            f"the record has the family {same[0].value}", same[0].provenance
        )
    else:
        yield unverified(f"{assertion.words}; the record {f'has {listed}' if listed else 'states no family'}")


def _enzyme(head: str, assertion: Assertion, protein: Protein, facts: Sequence[Fact]) -> Finding:
    prefix, mains = _ENZYMES[head]
    prefix, unread = _modified(head, prefix, assertion.words.split(" ")[:-1])
    recorded = facts_of(facts, "ec number")
    numbers = [str(fact.value) for fact in recorded]
    listed = f"EC {', '.join(numbers)}" if numbers else "no EC number"
    if numbers and mains and not assertion.negated and not any(number[0] in mains for number in numbers):
        return contradicted(f"the record has {listed}, which is no {head}", recorded[0].provenance)
    if unread:
        return unverified(f"{head}; the record has {listed}; {unread} is not compared")
    if any(re.match(prefix, number) for number in numbers) and (prefix or head == "enzyme"):
        return (contradicted if assertion.negated else supported)(f"the record has {listed}", recorded[0].provenance)
    return unverified(f"{head}; the record has {listed}")


def _modified(head: str, prefix: str, modifiers: Sequence[str]) -> tuple[str, str]:
    """Return the EC pattern that the words before an enzyme's class ask for, and the word that is not read."""
    if head == "kinase":
        for residue, pattern in _KINASES.items():
            if any(residue in word for word in modifiers):
                return pattern, ""
    return prefix.replace(".", r"\."), next((word for word in modifiers if word not in _NEUTRAL), "")


_KINASES = {
    "tyrosine": r"2\.7\.1[02]\.", "serine": r"2\.7\.1[12]\.", "threonine": r"2\.7\.1[12]\.", "histidine": r"2\.7\.13\.",
    "protein": r"2\.7\.1[0-3]\.",
}  # fmt: skip
"""classes of protein kinases: tyrosine 2.7.10, serine/threonine 2.7.11, dual 2.7.12, histidine 2.7.13"""
_NEUTRAL = frozenset("protein key important essential known well-known large small receptor".split())
