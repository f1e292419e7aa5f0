"""Rules that decide where in the cell a statement places a protein, against the locations of its record.

A record is seldom complete and proteins have several places, so another place is no contradiction by itself. A few
pairs exclude each other (:func:`_excluded`): a protein fixed in a membrane is not secreted, one that is only secreted
has no work in the nucleus, and an animal has no chloroplasts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from biomed_agent.core.types import Fact, Protein
from biomed_agent.trust.claims.findings import Finding, contradicted, facts_of, plain_name, supported, unverified

_PLACES: dict[str, str] = {
    # canonical: pattern in the statement; the same pattern is sought in the record, unless _BROADER says more
    "nucleolus": r"nucleol\w+", "nucleus": r"nucle(?:us|i|ar|oplasm\w*)\b(?! (?:envelope|membrane|pore))",
    "cytosol": r"cytosol\w*", "cytoplasm": r"cytoplasm\w*", "cell membrane": r"(?:plasma|cell) membrane|cell surface",
    "mitochondrion": r"mitochondri\w+", "endoplasmic reticulum": r"endoplasmic reticulum", "golgi": r"golgi",
    "secreted": r"secreted|extracellular (?:space|region|milieu|matrix)", "lysosome": r"lysosom\w+",
    "peroxisome": r"peroxisom\w+", "chloroplast": r"chloroplast\w*|plastid\w*", "vacuole": r"vacuol\w+",
    "endosome": r"endosom\w+", "cytoskeleton": r"cytoskelet\w+", "periplasm": r"periplasm\w*",
    "cell wall": r"cell wall",
    "synapse": r"synap\w+", "cilium": r"cili\w+", "centrosome": r"centrosom\w+", "membrane": r"membrane",
}  # fmt: skip
_BROADER = {
    "cytoplasm": r"cytoplasm|cytosol",
    "nucleus": r"nucle(?:us|oplasm|ol)",
    "membrane": r"membrane",
    "secreted": r"secreted|extracellular (?:space|region|milieu|matrix|exosome|vesicle)",
}
_PLACED = re.compile(
    r"\b(?:(?:is|are) in the|"
    r"locat\w+|locali[sz]\w+|found|present|resid\w+|situated|anchored|distributed|concentrated|accumulates?|secreted|"
    r"absent from|subcellular|translocates?|"
    r"(?:is|are) (?:an?|the) (?:[\w-]+ ){0,3}(?:protein|enzyme|receptor|kinase))\b"
)
_PLACE_WORDS = frozenset(
    "single-pass multi-pass type peripheral matrix lumen inner outer protein space side host of and the in i ii iii "
    "iv".split()
)
"""words beside a place in a location as UniProt writes it"""


def fragment(body: str, facts: Sequence[Fact], protein: Protein) -> Iterator[Finding]:
    """Decide a sentence that is nothing but a place and a kind of membrane protein, as UniProt writes them."""
    body = re.sub(r"^\[[^\]]*\]: ", "", body)
    lowered = body.lower()
    topologies, bare = _topologies(lowered)
    places, rest = _places(bare)
    if not (places or topologies) or not set(re.split(r"[\s,;:]+", rest.strip(" ,;:"))) <= _PLACE_WORDS | {""}:
        yield from _as_recorded(body, facts)
        return
    yield from _compare_topologies(topologies, facts)
    same = list(_as_recorded(re.sub(r"; ?[^;]*membrane protein", "", body), facts))
    yield from same or _compare_places(places, False, facts, protein)


def location(lowered: str, facts: Sequence[Fact], protein: Protein) -> Iterator[Finding]:
    """Decide what a sentence in lower case says of where the protein is."""
    if not _PLACED.search(lowered):
        return
    clause, *after = re.split(
        r"\b(where|which|when|upon|after|during|but|and (?:is|has|regulates|binds))\b", lowered, maxsplit=1
    )
    if re.search(
        r"\b(?:neither|or|except|not (?:only|just|always|solely)|transport\w* (?:from|to|of)|shuttl\w+)\b", clause
    ):
        return
    topologies, bare = _topologies(clause)
    places, rest = _places(bare)
    others = re.split(r"[\s,.]+", rest)
    words = [word for word in re.split(r"[\s,.]+", clause) if word not in others or _PLACED.fullmatch(word)]
    denial = re.search(r"\b(?:not|never|absent|excluded|no)\b", clause)
    negated = denial is not None
    limited = bool(after and after[0] in _CONDITIONS) or any(
        not _PLACED.fullmatch(word) and word not in _PLAIN_WORDS and not _KIND_OF_PROTEIN.fullmatch(word)
        for word in re.findall(r"[\w-]+", _PLACED.sub(" ", re.split(r"\bcells?$", rest.rstrip(" ."))[0]))
    )
    if denial:
        words.append(denial.group())
    else:
        for finding in _compare_topologies(topologies, facts):
            yield finding.for_words(" ".join(words))
    for finding in _compare_places(places, negated, facts, protein):
        if limited and finding.verdict == "contradicted":  # of some cells, forms or conditions a record says nothing
            finding = unverified(finding.why)
        yield finding.for_words(" ".join(words))


_CONDITIONS = frozenset("where when upon after during".split())
_PLAIN_WORDS = frozenset(
    "it its this that the a an is are has have been and also in into to at on of from by as within inside mainly "
    "mostly primarily predominantly exclusively only usually normally generally typically actively not never no absent "
    "excluded protein proteins location locations subcellular human".split()
)
"""words of a statement about a place that do not limit it to some cells, forms or conditions"""
_KIND_OF_PROTEIN = re.compile(r"enzyme|receptor|kinase|hormone")


def _places(text: str) -> tuple[list[str], str]:
    """Return the places named, and the text without them; a *plasma membrane* is not also a *membrane*."""
    places = []
    for place, pattern in _PLACES.items():
        text, hits = re.subn(rf"\b(?:{pattern})", " ", text)
        if hits:
            places.append(place)
    return places, text


def _as_recorded(body: str, facts: Sequence[Fact]) -> Iterator[Finding]:
    """Say so when the record has just these words as a location."""
    stated = {plain_name(part) for part in (body, *body.split(";"))}
    same = [fact for fact in facts_of(facts, "location") if plain_name(str(fact.value)) in stated]
    if same:
        yield supported(f"the record places it in: {same[0].value}", same[0].provenance)


def _compare_places(places: Sequence[str], negated: bool, facts: Sequence[Fact], protein: Protein) -> Iterator[Finding]:
    recorded = facts_of(facts, "location", "cellular component")
    listed = ", ".join(dict.fromkeys(str(fact.value) for fact in recorded))
    for place in places:
        pattern = _BROADER.get(place, _PLACES[place])
        same = [fact for fact in recorded if re.search(pattern, str(fact.value).lower())]
        if same:
            say = contradicted if negated else supported
            yield say(f"the record places it in: {same[0].value}", same[0].provenance)
        elif why := _excluded(place, _record(facts), protein):
            say = supported if negated else contradicted
            source = recorded[0].provenance if recorded else protein.provenance
            yield say(f"it is not in the {place}: {why}" if place != "secreted" else f"not secreted: {why}", source)
        else:
            yield unverified(f"{place}; the record {f'lists {listed}' if listed else 'states no location'}")


# ---------------------------------------------------------------- kinds of membrane proteins


class Topology(NamedTuple):
    """A kind of membrane protein."""

    words: str
    """pattern of a statement"""
    recorded: str
    """pattern that a recorded topology must match"""
    name: str
    """for a person"""
    integral: bool = False
    """whether it spans the membrane, so that a record of other spans excludes it"""
    single_pass_type: bool = False
    """whether it tells the type of a single span, which records do not always state"""


_TOPOLOGIES: tuple[Topology, ...] = (
    Topology(
        r"multi-?pass (?:trans)?membrane protein|multi-?pass protein",
        r"^multi-pass", "multi-pass membrane protein", integral=True,
    ),
    *(
        Topology(
            rf"single-?pass type[ -]{number} (?:trans)?membrane protein|type[ -]{number} (?:single-?pass )?(?:trans)?"
            r"membrane protein",
            rf"^single-pass type {number} ", f"single-pass type {number.upper()} membrane protein",
            integral=True, single_pass_type=True,
        )
        for number in ("iii", "ii", "iv", "i")
    ),
    Topology(
        r"single-?pass (?:trans)?membrane protein", r"^single-pass", "single-pass membrane protein", integral=True
    ),
    Topology(
        r"(?:integral|transmembrane) (?:membrane )?protein",
        r"^(?:single|multi)-pass", "integral membrane protein", integral=True,
    ),
    Topology(r"peripheral membrane protein", r"^peripheral", "peripheral membrane protein"),
    Topology(
        r"(?:lipid-anchor(?:ed)?|gpi-anchor(?:ed)?)(?: (?:membrane )?protein)?", r"^lipid-anchor", "lipid anchor"
    ),
)  # fmt: skip
_INTEGRAL = re.compile(r"^(?:single|multi)-pass", re.IGNORECASE)


def _topologies(lowered: str) -> tuple[list[Topology], str]:
    """Return the kinds of membrane protein that are named, and the rest of the text."""
    topologies = []
    for topology in _TOPOLOGIES:
        lowered, hits = re.subn(rf"\b(?:{topology.words})\b", " ", lowered)
        if hits:
            topologies.append(topology)
    return topologies, lowered


def _compare_topologies(topologies: Sequence[Topology], facts: Sequence[Fact]) -> Iterator[Finding]:
    record = _record(facts)
    stated = facts_of(facts, "topology")
    for topology in topologies:
        name = topology.name
        same = [fact for fact in stated if re.search(topology.recorded, str(fact.value), re.IGNORECASE)]
        if same:
            yield supported(f"the record has: {same[0].value}", same[0].provenance).for_words(name)
        elif topology.integral and (why := _no_such_passes(topology, record)):
            source = facts_of(facts, "topology", "location")[0].provenance
            yield contradicted(f"it is no {name}: {why}", source).for_words(name)
        else:
            listed = ", ".join(record.topology)
            yield unverified(f"{name}; the record {f'has {listed}' if listed else 'states no membrane topology'}")


def _no_such_passes(topology: Topology, record: Record) -> str:
    """Say why a protein cannot span a membrane as often as stated; empty when the record does not exclude it."""
    if record.topology:
        passes = {kind.split(" membrane")[0].lower() for kind in record.topology}
        typed = not topology.single_pass_type or all("type" in kind for kind in passes)
        if typed and all(_INTEGRAL.match(kind) for kind in passes):
            return f"the record has {', '.join(record.topology)}"
        return ""
    soluble = record.compartments and record.compartments <= {"outside", "nucleus", "cytosol", "mitochondrion matrix"}
    if soluble and not any("membrane" in component for component in record.components):
        return f"the record lists {', '.join(record.locations)}, and no membrane"
    return ""


# ---------------------------------------------------------------- places that exclude each other


class Record(NamedTuple):
    """What a record says of the places of a protein."""

    locations: tuple[str, ...]
    compartments: frozenset[str]
    """the kinds of place its locations are; ``open`` for those that tell nothing of inside and outside"""
    topology: tuple[str, ...]
    components: tuple[str, ...]
    """cellular components of the Gene Ontology, in lower case"""


_COMPARTMENTS: tuple[tuple[str, str], ...] = (
    (r"^(?:secreted|extracellular)", "outside"),
    (r"^(?:host|virion|cell surface|microsome|membrane\b|cytoplasmic (?:vesicle|granule))", "open"),  # a microsome is
    # a preparation; a bare "membrane" is any
    (r"cell membrane|cell (?:inner|outer) membrane|sarcolemma", "cell membrane"),
    (r"^mitochondrion matrix", "mitochondrion matrix"),
    (r"^mitochondrion inner membrane", "mitochondrion inner membrane"),
    (r"^mitochondri", "mitochondrion"),
    (r"^(?:nucleus|chromosome)", "nucleus"),
    (r"^peroxisome", "peroxisome"),
    (r"^plastid", "plastid"),
    (r"^endoplasmic reticulum(?: lumen)?$|^sarcoplasmic reticulum(?: lumen)?$", "on the way out"),
    (r"^(?:smooth |rough )?endoplasmic reticulum\b.*membrane", "endoplasmic reticulum membrane"),
    (r"^golgi", "golgi"),
    (r"^(?:early |late |recycling )?endosome", "endosome"),
    (r"^lysosome membrane", "lysosome membrane"),
    (r"^cytoplasm\b", "cytosol"),
)
"""beginnings of UniProt's locations in lower case, and the kind of place each is; anything else is ``open``"""
_OUT = re.compile(r"extracellular|cell wall|collagen|secretory")
_ANIMALS = (
    "Homo ",
    "Mus ",
    "Rattus ",
    "Bos ",
    "Sus ",
    "Gallus ",
    "Danio ",
    "Drosophila ",
    "Caenorhabditis ",
    "Xenopus ",
)
_BACTERIA = ("Escherichia ", "Bacillus ", "Salmonella ", "Pseudomonas ", "Staphylococcus ", "Mycobacterium ")
_MIN_PLACES = 3
"""kinds of place from which a record is detailed enough to exclude that a protein of the cytosol is also secreted"""


def _record(facts: Sequence[Fact]) -> Record:
    locations = tuple(dict.fromkeys(str(fact.value) for fact in facts_of(facts, "location")))
    kinds = set()
    for location in locations:
        place = re.sub(r"^(?:\[[^\]]*\]|isoform [^:]*): ", "", location.lower())
        kinds.add(next((kind for pattern, kind in _COMPARTMENTS if re.search(pattern, place)), "open"))
    topology = tuple(dict.fromkeys(str(fact.value) for fact in facts_of(facts, "topology")))
    components = tuple(str(fact.value).lower() for fact in facts_of(facts, "cellular component"))
    return Record(locations, frozenset(kinds), topology, components)


def _excluded(place: str, record: Record, protein: Protein) -> str:
    """Say why a protein cannot be in a place that its record does not name; empty where it could be."""
    if not any(location.lower().startswith("host") for location in record.locations):
        if place in {"chloroplast", "periplasm", "cell wall"} and protein.organism.startswith(_ANIMALS):
            return f"{protein.organism} has none"
        if place in _ORGANELLES and protein.organism.startswith(_BACTERIA):
            return f"{protein.organism} is a bacterium"
    if not record.locations:
        return ""
    listed = f"the record lists {', '.join(record.locations)}"
    if place == "secreted":
        return _held_inside(record, listed)
    if place in _NOT_OUTSIDE and record.compartments == {"outside"}:
        return listed
    if place in {"cell membrane", "chloroplast"} and record.compartments <= _INNERMOST:
        return listed
    return ""


def _held_inside(record: Record, listed: str) -> str:
    """Say what keeps a protein from being secreted.

    A span of a known kind fixes it in a membrane. Without one, all its places must lie inside. Proteins of the
    cytosol can leave without a signal (thioredoxin, HMGB1), so for them a record must list several kinds of place.
    """
    if "outside" in record.compartments or any(_OUT.search(component) for component in record.components):
        return ""
    fixed = [kind for kind in record.topology if re.match(r"multi-pass|single-pass type", kind.lower())]
    if record.topology and len(fixed) == len(record.topology):
        return f"the record has {', '.join(fixed)}, and lists {', '.join(record.locations)}"
    loose = "open" in record.compartments or "cell surface" in record.components
    anchored = any(re.match(r"peripheral|lipid", kind.lower()) for kind in record.topology)
    if loose or (anchored and "cell membrane" in record.compartments):
        return ""
    inside = record.compartments - {"on the way out"}
    detailed = len(inside) >= _MIN_PLACES
    return listed if detailed or ("cytosol" not in inside and inside == record.compartments) else ""


_INNERMOST = frozenset({"mitochondrion matrix", "mitochondrion inner membrane"})
_ORGANELLES = frozenset(
    "nucleus nucleolus mitochondrion golgi lysosome peroxisome endosome chloroplast centrosome".split()
) | {"endoplasmic reticulum"}
_NOT_OUTSIDE = frozenset("nucleus nucleolus mitochondrion peroxisome chloroplast centrosome".split())
"""places where a protein that is only secreted has nothing to do; interleukins are found in the cytoplasm, too"""
