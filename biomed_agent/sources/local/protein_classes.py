"""Classes of proteins that people list by (kinase, protease, GPCR ...), each decided by a statement on record.

A class follows from an EC number, a family, a GO molecular function, the recommended name, or from having been measured
in a panel that holds nothing else; what decided it is said. The names of receptors and channels that do not say what
they are follow the nomenclature of IUPHAR/BPS (https://www.guidetopharmacology.org).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from biomed_agent.sources.local.files import File


@dataclass(frozen=True, slots=True)
class ProteinClass:
    """How a class is recognised.

    Args:
        name: As it is listed.
        called: What people call it besides, singular, in lower case.
        ec: EC numbers below which all enzymes belong to it.
        family: Matches what a family's name holds.
        function: Matches the whole name of a GO molecular function.
        names: Matches the whole recommended name.
        panel: Key of a source of affinities that measured nothing else.
    """

    name: str
    called: tuple[str, ...] = ()
    ec: tuple[str, ...] = ()
    family: str = ""
    function: str = ""
    names: str = ""
    panel: str = ""


_MARK = r"(?:[A-Z0-9][\w().,/-]*|[a-z]{0,5}-?[A-Z\d][\w()./-]*|alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|wee1|yes|fer|fyn)"
"""what tells the members of a series apart: ``4``, ``JAK2``, ``mTOR``, ``alpha``"""
_PART = r"(?:,? (?:type|subtype|isoform|member|subunit|chain|catalytic subunit|isozyme|form|A|B|and)\b)"
_TAIL = rf"(?:{_PART}|,? (?:type-|subtype-)?{_MARK}|,? (?:mitochondrial|chloroplastic|cytosolic|cytoplasmic|muscle|liver|brain|heart))*"
_GPCRS = (
    r"(?:(?:alpha|beta)-\d\w?|\w+) adrenergic receptor|adrenoceptor|D\(\d\w?\) dopamine receptor|dopamine receptor|"
    r"muscarinic acetylcholine receptor|5-hydroxytryptamine receptor (?!3)\d|histamine H\d receptor|"
    r"(?:mu|delta|kappa)-type opioid receptor|nociceptin receptor|cannabinoid receptor|adenosine receptor|"
    r"(?:C-C|C-X-C|CX3C|XC) chemokine receptor|chemokine XC receptor|P2Y purinoceptor|melanocortin receptor|"
    r"adrenocorticotropic hormone receptor|melanocyte-stimulating hormone receptor|"
    r"somatostatin receptor|prostaglandin (?:D2|E2|F2-alpha) receptor|prostacyclin receptor|thromboxane A2 receptor|"
    r"neuropeptide (?:Y|FF|S) receptor|orexin receptor|hypocretin receptor|orexin/Hypocretin receptor|glucagon receptor|"
    r"glucagon-like peptide \d receptor|gastric inhibitory polypeptide receptor|metabotropic glutamate receptor|"
    r"gamma-aminobutyric acid type B receptor|B[12] bradykinin receptor|type-[12] angiotensin II receptor|"
    r"apelin receptor|endothelin(?:-1)? receptor|vasopressin V\d\w? receptor|oxytocin receptor|thyrotropin receptor|"
    r"follicle-stimulating hormone receptor|lutropin-choriogonadotropic hormone receptor|"
    r"sphingosine 1-phosphate receptor|lysophosphatidic acid receptor|free fatty acid receptor|"
    r"formyl peptide receptor|[NF]-formyl peptide receptor|fMet-Leu-Phe receptor|proteinase-activated receptor|"
    r"melatonin receptor|galanin receptor|neurotensin receptor|neuromedin-[A-Z] receptor|substance-[PK] receptor|"
    r"trace amine-associated receptor|olfactory receptor|taste receptor|frizzled|smoothened homolog|"
    r"protein smoothened|cholecystokinin receptor|gastrin/cholecystokinin type B receptor|"
    r"growth hormone secretagogue receptor|motilin receptor|relaxin receptor|"
    r"parathyroid hormone(?:/parathyroid hormone-related peptide)? receptor|calcitonin(?: gene-related peptide)?(?: type \d)? receptor|"
    r"secretin receptor|vasoactive intestinal polypeptide receptor|pituitary adenylate cyclase-activating polypeptide type I receptor|"
    r"corticotropin-releasing (?:factor|hormone) receptor|growth hormone-releasing hormone receptor|"
    r"extracellular calcium-sensing receptor|platelet-activating factor receptor|"
    r"(?:cysteinyl )?leukotriene(?: B4)? receptor|gonadotropin-releasing hormone receptor|"
    r"thyrotropin-releasing hormone receptor|melanin-concentrating hormone receptor|kiss-1 receptor|"
    r"hydroxycarboxylic acid receptor|succinate receptor|oxoglutarate receptor|prokineticin receptor|"
    r"rhodopsin|(?:probable |adhesion )?G[- ]protein[- ]coupled (?:bile acid |estrogen )?receptor"
)
_CHANNELS = (
    r"gamma-aminobutyric acid(?: type A)? receptor subunit (?!B)|gamma-aminobutyric acid type A receptor|"
    r"glutamate receptor(?: ionotropic)?|glycine receptor subunit|5-hydroxytryptamine receptor 3|"
    r"(?:neuronal )?acetylcholine receptor subunit|P2X purinoceptor|ryanodine receptor|"
    r"inositol 1,4,5-trisphosphate(?:-gated calcium channel| receptor)|cystic fibrosis transmembrane conductance regulator|"
    r"polycystin-2|bestrophin|aquaporin|gap junction \w+ protein|chloride channel protein|polyamine-gated channel"
)
_NUCLEAR = (
    r"(?:androgen|estrogen|glucocorticoid|mineralocorticoid|progesterone|retinoic acid|thyroid hormone|vitamin D3?|"
    r"bile acid|oxysterols|peroxisome proliferator-activated|steroid hormone|estrogen-related) receptor(?: (?:RXR|ERR\d?))?|"
    r"retinoic acid receptor RXR|steroidogenic factor|hepatocyte nuclear factor 4|"
    r"nuclear receptor (?:subfamily \d group \w member|ROR)|COUP transcription factor|photoreceptor-specific nuclear receptor"
)
CLASSES: dict[str, ProteinClass] = {
    row.name: row
    for row in (
        ProteinClass(
            "kinase", (), ("2.7.10", "2.7.11", "2.7.12", "2.7.13", "2.7.14"),
            r"\bprotein kinase\b|\bPI3/PI4-kinase\b|\b\w+ kinase family\b",
            r".*\bkinase activity", rf".*\b\w*kinase{_TAIL}|.*\bkinase receptor{_TAIL}", "DAVIS",
        ),
        ProteinClass(
            "protein kinase", (), ("2.7.10", "2.7.11", "2.7.12", "2.7.13", "2.7.14"), r"\bprotein kinase\b",
            r".*\bprotein (?:\S+ )*kinase activity", rf".*\bprotein kinase{_TAIL}|.*-protein kinase{_TAIL}",
        ),
        ProteinClass(
            "tyrosine kinase", ("protein tyrosine kinase",), ("2.7.10",), r"\bTyr protein kinase\b",
            r".*\bprotein tyrosine kinase activity", rf".*\btyrosine(?:-protein)? kinase{_TAIL}|.*\btyrosine kinase receptor",
        ),
        ProteinClass(
            "serine/threonine kinase", ("serine threonine kinase", "protein serine/threonine kinase"), ("2.7.11",),
            r"\bSer/Thr protein kinase\b", r".*\bprotein serine/threonine(?:/tyrosine)? kinase activity",
            rf".*\bserine/threonine-protein kinase{_TAIL}",
        ),
        ProteinClass(
            "protease", ("proteinase", "peptidase"), ("3.4",), r"^peptidase |\bpeptidase\b",
            r".*(?:peptidase|protease)(?:, .*)? activity",
            rf".*\b\w*(?:protease|proteinase|peptidase|kallikrein|cathepsin|caspase|secretase|plasmin|thrombin|trypsin|"
            rf"chymase|tryptase|elastase|collagenase|furin|renin|calpain)(?:[- ]{_MARK})?{_TAIL}",
        ),
        ProteinClass(
            "GPCR", ("g protein coupled receptor", "gpcr"), (), r"\bG[- ]protein[- ]coupled receptor\b",
            r"G[- ]protein[- ]coupled .*receptor activity", rf"(?:(?:probable|putative) )?(?:{_GPCRS}).{{0,12}}",
        ),
        ProteinClass(
            "ion channel", ("channel",), (), r"\bchannel\b|ligand-gated ion|glutamate-gated",
            r"(?!.*(?:regulator|inhibitor)).*\bchannel activity",
            rf"(?:{_CHANNELS}).{{0,14}}|(?!.*(?:regulat|inhibit|interact|tetrameri|binding)).*\bchannel\b.*",
        ),
        ProteinClass(
            "nuclear receptor", ("nuclear hormone receptor",), (), r"\bnuclear (?:hormone )?receptor\b",
            r"nuclear receptor activity|steroid hormone receptor activity", rf"(?:{_NUCLEAR}).{{0,8}}",
        ),
        ProteinClass(
            "transporter", ("carrier",), ("7",),
            r"\btransporter\b|\bsymporter\b|\bantiporter\b|mitochondrial carrier|\bABC\w* (?:transporter )?(?:super)?family",
            r"(?!.*(?:regulator|inhibitor|binding|channel)).*\b(?:transporter|symporter|antiporter) activity",
            rf"(?!.*(?:regulat|inhibit|associated|binding)).*\b(?:co)?(?:transporter|symporter|antiporter|exchanger|translocase)\b{_TAIL}|"
            rf"solute carrier (?:organic anion transporter )?family.*|ATP-binding cassette sub-family.*|"
            rf"multidrug resistance(?:-associated)? protein{_TAIL}",
        ),
        ProteinClass(
            "phosphatase", (), ("3.1.3",), r"\bphosphatase\b", r".*\bphosphatase activity",
            rf"(?!.*regulatory).*\b\w*phosphatase{_TAIL}",
        ),
        ProteinClass(
            "phosphodiesterase", (), ("3.1.4",), r"\bphosphodiesterase\b", r".*\bphosphodiesterase activity",
            rf".*\bphosphodiesterase{_TAIL}",
        ),
        ProteinClass("GTPase", (), ("3.6.5",), r"\bGTPase\b", r"GTPase activity", rf"(?:.* )?GTPase{_TAIL}"),
        ProteinClass(
            "cytochrome P450", ("cyp", "p450"), (), r"\bcytochrome P450 family\b", "", r"cytochrome P450 .{1,12}",
        ),
        ProteinClass(
            "histone deacetylase", ("hdac",), ("3.5.1.98",), r"\bhistone deacetylase family\b",
            r"histone deacetylase activity.*", rf"histone deacetylase{_TAIL}",
        ),
        ProteinClass("oxidoreductase", (), ("1",)),
        ProteinClass("transferase", (), ("2",)),
        ProteinClass("hydrolase", (), ("3",)),
        ProteinClass("lyase", (), ("4",)),
        ProteinClass("isomerase", (), ("5",)),
        ProteinClass("ligase", (), ("6",)),
        ProteinClass("enzyme", (), ("1", "2", "3", "4", "5", "6", "7")),
    )
}  # fmt: skip
"""the classes by name"""
_BY_CALL = {call: row.name for row in CLASSES.values() for call in (row.name.lower(), *row.called)}
_PARTNERS = re.compile(
    r"\b(?:inhibitors?|anchor(?:ing)?|suppressor|activat(?:or|ing)|binding|interacting|associated|substrate|"
    r"regulator|regulatory|adapter|adaptor|modulator|enhancer|scaffold\w*|-like|homology)\b",
    re.IGNORECASE,
)
"""words after which a name is of something that acts on a member of the class"""


def class_named(asked: str) -> str:
    """Return the class that people call so, singular or plural; empty when there is none."""
    from biomed_agent.sources.local.terms import words_of

    words = " ".join(words_of(asked.replace("-", " ")))
    return next((name for call, name in _BY_CALL.items() if " ".join(words_of(call.replace("-", " "))) == words), "")


def classes_of(predicate: str, value: str) -> Iterator[str]:
    """Yield the classes that one statement decides: of an EC number, a family, a GO function, or a name."""
    for row in CLASSES.values():
        if predicate == "EC number":
            decides = any(f"{value}.".startswith(f"{number}.") for number in row.ec)
        elif predicate == "protein family":
            decides = bool(row.family) and re.search(row.family, value) is not None
        elif predicate == "GO molecular function":
            decides = bool(row.function) and re.fullmatch(row.function, value) is not None
        else:
            decides = _named_so(row, value)
        if decides:
            yield row.name


def _named_so(row: ProteinClass, name: str) -> bool:
    if not row.names or _PARTNERS.search(name):
        return False
    return re.fullmatch(row.names, name, re.IGNORECASE if row.name in ("GPCR", "nuclear receptor") else 0) is not None


def members(file: File) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield (class, accession, predicate, value, source) of what a file's statements decide, the surest first."""
    for predicate in ("EC number", "protein family", "GO molecular function"):
        for term in file.terms.get(predicate, ()):
            if not (names := list(classes_of(predicate, term.value))):
                continue
            rows = file.tuples(
                "SELECT p.accession, f.source FROM term_of o CROSS JOIN fact f ON f.rowid = o.fact "
                "CROSS JOIN protein p ON p.id = o.entity WHERE o.term = ?",
                (term.number,),
            )
            yield from (
                (name, accession, predicate, term.value, source) for name in names for accession, source in rows
            )
    for accession, called, source in file.tuples("SELECT accession, name, source FROM protein"):
        yield from ((name, accession, "name", called, source) for name in classes_of("name", called))
    for row in CLASSES.values():
        if row.panel:
            rows = file.tuples(
                "SELECT p.accession, min(a.source) FROM activity a CROSS JOIN protein p ON p.id = a.protein "
                "WHERE a.source >= ? AND a.source < ? GROUP BY p.accession",
                (f"{row.panel} ", f"{row.panel}!"),
            )
            yield from ((row.name, accession, "panel", row.panel, source) for accession, source in rows)


_SERIES = re.compile(
    r"(?:type|isoform|subunit|chain|member|isozyme)?(?:\d{1,3}[a-z]?\d?|[a-z]\d{0,2}|[ivx]{1,4})", re.IGNORECASE
)
_GREEK = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "lambda", "mu")


def in_series(rest: str) -> bool:
    """Whether what follows a stem in a name's key tells members of a series apart: a number, a letter, both."""
    greek = next((rest[len(letter) :] for letter in _GREEK if rest.startswith(letter)), None)
    return (greek is not None and (not greek or greek.isdigit())) or _SERIES.fullmatch(rest) is not None
