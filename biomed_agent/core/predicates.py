"""What a fact can state: one row a predicate, and everything that lists predicates is a view of this table.

A row says what a predicate is of, where its value comes from, by which words a question asks for it, in which section
of a protein's record it stands, and what may be told of it when the thing it is about is the user's own structure.
Two sets are open and have no rows: the measures of bioassays and the headings under which depositors state what they
measured; their facts are of kind ``measured``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from biomed_agent.core.types import EgressPolicy, Fact, FactKind

Of: TypeAlias = Literal["molecule", "protein", "pair", "either"]
"""what a predicate is stated of; of ``either`` also where a question's word for it is said of both (``pathway``)"""
Disclosure: TypeAlias = Literal["shared", "telling", "structural"]
"""what the value of a predicate gives away of a structure: nothing, since many have the same; which structure it is;
the structure or a part of it"""
Table: TypeAlias = Literal["", "computed", "identity", "stored", "measured"]


@dataclass(frozen=True, slots=True)
class Predicate:
    """One row.

    Args:
        name: As it stands in facts.
        kind: Where the value comes from as a rule; live records state some computed ones, too.
        of: What it is stated of.
        disclosure: What its value gives away.
        asked: Patterns of the words of a question that ask for it, tried in the order of the rows.
        table: Kind of question those words make; empty where several predicates are asked for together.
        section: Of a protein's record.
        answers: Kinds of protein questions that it answers.
        label: How a sentence calls it; its name when empty.
    """

    name: str
    kind: FactKind
    of: Of
    disclosure: Disclosure = "telling"
    asked: tuple[str, ...] = ()
    table: Table = ""
    section: str = ""
    answers: tuple[str, ...] = ()
    label: str = ""


STATEMENT, REMARK = "GHS hazard statement", "GHS remark"


def _computed(name: str, *asked: str, of: Of = "molecule", disclosure: Disclosure = "shared") -> Predicate:
    return Predicate(name, "computed", of, disclosure, asked, "computed" if asked else "")


def _identity(
    name: str, *asked: str, of: Of = "molecule", disclosure: Disclosure = "telling", label: str = ""
) -> Predicate:
    kind: FactKind = "computed" if name in ("SMILES", "InChI", "InChIKey") else "stored"
    return Predicate(name, kind, of, disclosure, asked, "identity" if asked else "", label=label)


def _stored(
    name: str, *asked: str, of: Of = "protein", section: str = "", answers: str = "", disclosure: Disclosure = "telling"
) -> Predicate:
    table: Table = "stored" if asked else ""
    return Predicate(name, "stored", of, disclosure, asked, table, section, tuple(answers.split()))


def _measured(name: str, asked: str = "", of: Of = "molecule") -> Predicate:
    return Predicate(name, "measured", of, asked=(asked,) if asked else (), table="measured" if asked else "")


# Words of other languages are listed where a user is likely to type them. A pattern that matched is taken out before
# the next is tried, so "aromatic rings" is not also "rings"; the order of rows of one table matters for that.
PREDICATES: tuple[Predicate, ...] = (
    # -- computed from a structure or sequence
    _computed("heavy atoms", r"heavy atoms?", of="either"),
    _computed("monoisotopic mass", r"mono-?isotopic", r"exact mass", of="either", disclosure="telling"),
    _computed(
        "molecular weight",
        r"mol(?:ecular|ar)?[ -]?(?:weight|mass|wt)", r"\bm\.?w\.?\b", r"heav(?:y|ier|iest)\b", r"\blight(?:er|est)\b",
        r"\bweighs?\b", r"\bmass\b", r"\bweight\b", r"molmasse", r"molekulargewicht", r"\bmasse\b", r"peso mol",
        r"massa mol", r"molecuul(?:gewicht|massa)", r"poids mol", r"wie schwer", r"\bpesa\b", r"分子量", r"\bpeso\b",
        of="either", disclosure="telling",
    ),
    _computed(
        "molecular formula",
        r"(?:molecular|chemical|empirical) formula", r"formula\b", r"summenformel", r"formule", r"f[óo]rmula",
        r"分子式", of="either", disclosure="telling",
    ),
    _computed("logP", r"\bc?log ?p\b", r"lipophilic", r"partition coefficient", r"hydrophob"),
    _computed("TPSA", r"\bt?psa\b", r"polar surface"),
    _computed("hydrogen-bond donors", r"(?:h(?:ydrogen)?[ -]?bond(?:ing)? )?donors?\b", r"\bhbd\b"),
    _computed("hydrogen-bond acceptors", r"(?:h(?:ydrogen)?[ -]?bond(?:ing)? )?acceptors?\b", r"\bhba\b"),
    _computed("rotatable bonds", r"rotatable"),
    _computed("aromatic rings", r"aromatic rings?"),
    _computed("rings", r"\brings?\b"),
    _computed(
        "atoms", r"how many atoms", r"number of atoms", r"atom count", of="either", disclosure="telling"
    ),
    _computed("formal charge", r"(?:net|formal) charge", r"\bcharged?\b", of="either"),
    _computed("stereocentres", r"stereo ?cent", r"chiral cent", r"stereogenic"),
    _computed("rule of five", r"lipinski", r"rule[ -]of[ -](?:five|5)", r"\bro5\b", r"drug[ -]?like"),
    _computed("Veber rule", r"veber"),
    _computed("QED", r"\bqed\b"),
    _computed("Murcko scaffold", r"scaffold", r"murcko", disclosure="structural"),
    _computed("fraction sp3", r"fraction (?:of )?sp3", r"fsp3"),
    _computed("Ghose filter", r"ghose", disclosure="telling"),
    _computed("Egan rule", r"\began\b", disclosure="telling"),
    _computed("Muegge filter", r"muegge", disclosure="telling"),
    _computed(
        "rule of three", r"rule[ -]of[ -](?:three|3)", r"\bro3\b", r"lead[ -]?like", r"fragment[ -]?like",
        disclosure="telling",
    ),
    _computed(
        "structural alert", r"structural alerts?", r"\bpains\b", r"assay interference", r"\bbrenk\b",
        disclosure="telling",
    ),
    _computed(
        "length", r"how (?:long|big|large)", r"\blength\b", r"(?:how many|number of) (?:amino ?acids?|residues)",
        of="protein",
    ),
    Predicate("similar molecule", "computed", "molecule"),
    Predicate("holds it as a part", "computed", "molecule"),
    # -- what a thing is
    _identity("SMILES", r"\bsmiles\b", r"structure\b", r"struktur", r"estructura", disclosure="structural"),
    _identity("InChIKey", r"inchi[ -]?key"),
    _identity("InChI", r"\binchi\b", disclosure="structural"),
    _identity("IUPAC name", r"\biupac\b", r"systematic name", disclosure="structural"),
    _identity("CAS number", r"\bcas\b", r"registry number"),
    _identity("cid", r"pubchem", r"\bcid\b", label="PubChem CID"),
    _identity("chebi", r"\bchebi (?:id|identifier|number|accession)", label="ChEBI identifier"),
    _identity("drugbank", r"drugbank", of="either", label="DrugBank identifier"),
    _identity("chembl", r"chembl", of="either", label="ChEMBL identifier"),
    _identity("unii", r"\bunii\b", label="UNII"),
    _identity("accession", r"uniprot", r"accession", of="protein", label="UniProt accession"),
    _identity("sequence", r"\bsequence\b", of="either", disclosure="structural"),
    _identity("entry name", of="protein"),
    Predicate("name", "stored", "protein", answers=("name",)),
    # -- what records of molecules and proteins state
    _stored("function", section="function", answers="function"),
    _stored(
        "catalytic activity", r"catalytic activity", r"(?:which|what) reaction", r"cataly[sz]", section="function",
        answers="function",
    ),
    _stored(
        "EC number", r"\bec\b", r"enzyme (?:number|commission)", section="function", answers="function",
        disclosure="shared",
    ),
    _stored("cofactor", section="function"),
    _stored("activity regulation", section="function"),
    _stored(
        "ChEBI class", r"\bclass(?:es|ified|ification)?\b",
        r"what (?:type|kind|sort) of (?:molecule|compound|chemical)", of="molecule",
    ),
    _stored(
        "ChEBI role", r"\broles?\b", r"used (?:for|as)", r"\bindicat", r"mechanism of action",
        r"what (?:type|kind) of drug", of="molecule",
    ),
    Predicate(
        "synonym", "stored", "either", "telling",
        (
            r"synonyms?", r"other names?", r"also (?:called|known)", r"(?:brand|trade) names?", r"\balias(?:es)?\b",
        ),
        "stored", answers=("name",),
    ),
    _stored("organism", r"organism", r"species", r"which animal"),
    _stored("gene", r"\bgene (?:name|symbol)", r"(?:which|what) gene", r"\bgene (?:for|of)\b", r"encod"),
    _stored("parent compound", r"\bparent\b", r"free base", of="molecule"),
    _stored("salt form", r"(?:what|which) salts", r"salt forms?", of="molecule"),
    _stored("description", of="molecule"),
    _stored("keyword", r"\bkeywords?\b", of="either"),
    _stored("subcellular location", section="location", answers="location", disclosure="shared"),
    _stored("membrane topology", section="location", answers="location"),
    _stored("tissue specificity", section="location"),
    _stored("protein family", section="family", answers="family function", disclosure="shared"),
    _stored("InterPro entry", section="family"),
    _stored("Pfam entry", section="family"),
    _stored("pathway", r"pathways?\b", r"reactome", r"\bkegg\b", of="either", section="pathways"),
    _stored("KEGG identifier", section="pathways"),
    _stored("GO molecular function", r"\bgo terms?\b", r"gene ontology", of="either", answers="function"),
    _stored("GO biological process", answers="function"),
    _stored("GO cellular component", section="location", answers="location"),
    _stored("subunit structure", r"subunits?\b", r"quaternary", of="either"),
    *(
        _stored(name, section="domains")
        for name in ("domain", "zinc finger", "DNA-binding region", "repeat", "coiled coil", "motif")
    ),
    *(_stored(name, section="sites") for name in ("active site", "binding site", "site")),
    *(
        _stored(name, section="modifications")
        for name in (
            "signal peptide", "transit peptide", "propeptide", "modified residue", "glycosylation site",
            "lipidation site", "cross-link", "disulfide bond", "post-translational modification",
        )
    ),
    *(
        _stored(name, section="membrane")
        for name in ("transmembrane segment", "intramembrane segment", "topological domain")
    ),
    *(_stored(name, section="diseases") for name in ("disease", "disease involvement")),
    *(
        _stored(name, section="drugs")
        for name in (
            "DrugBank entry", "ChEMBL target", "BindingDB target", "Guide to PHARMACOLOGY target", "DrugCentral target",
        )
    ),
    *(_stored(name, section="structures") for name in ("experimental structures", "AlphaFold DB model")),
    _stored("isoform", section="isoforms"),
    *(_stored(name, section="variants") for name in ("natural variant", "studied mutation")),
    *(
        _stored(name)
        for name in (
            "protein name", "alternative name", "gene synonym", "protein existence", "induction", "about its domains",
            "pharmaceutical use", "region", "mature chain", "mature peptide", "initiator methionine", "HGNC identifier",
            "Entrez identifier",
        )
    ),
    # -- hazards, as depositors state them
    *(
        Predicate(name, "stored", "molecule")
        for name in ("GHS signal word", STATEMENT, "GHS pictogram", "GHS precautionary codes", REMARK)
    ),
    # -- measured by depositors
    _measured("melting point", r"melting (?:point|temperature)s?|schmelzpunkt|point de fusion|punto de fusi[óo]n"),
    _measured(
        "boiling point", r"boiling (?:point|temperature)s?|siedepunkt|point d'[ée]bullition|punto de ebullici[óo]n"
    ),
    _measured("flash point", r"flash ?points?|flammpunkt"),
    _measured("autoignition temperature", r"auto-?ignition"),
    _measured("solubility", r"solubilit(?:y|ies)|\b(?:in)?soluble\b|how (?:well|much) does it dissolve"),
    _measured("density", r"\bdensity\b|specific gravity"),
    _measured("vapor pressure", r"vapou?r pressure"),
    _measured("pKa", r"\bpka'?s?\b|dissociation constants?|acidity constant"),
    _measured("measured logP", r"(?:measured|experimental) c?log ?(?:p|kow)\b|\blog ?kow\b"),
    _measured("refractive index", r"refractive index"),
    _measured("viscosity", r"viscosity"),
    _measured("optical rotation", r"optical rotation|specific rotation"),
    _measured("odor", r"\bod(?:o|ou)r\b|what does it smell like|how does it smell"),
    _measured("colour and form", r"(?:what|which) colou?r\b"),
    _measured(
        "physical description", r"physical (?:description|state|form|appearance)|what does it look like"
    ),
    _measured("stability/shelf life", r"shelf[ -]?life|how stable|\bstability\b"),
    _measured("henry's law constant", r"henry'?s?(?: law)?(?: constant)?"),
    _measured("heat of combustion", r"heat of combustion"),
    _measured("heat of vaporization", r"heat of vapori[sz]ation"),
    _measured("surface tension", r"surface tension"),
    # -- measured of a pair
    *(
        _measured(name, of="pair")
        for name in ("Kd", "Ki", "IC50", "EC50", "pKd", "pKi", "pIC50", "pEC50", "KIBA score", "active results")
    ),
    Predicate("assay results", "measured", "molecule"),
)  # fmt: skip
_ROWS = {row.name.lower(): row for row in PREDICATES}


def predicate_row(name: str) -> Predicate | None:
    """Return the row of a predicate, whatever the case of its letters; None for one of an open set."""
    return _ROWS.get(name.lower())


def asked_patterns(table: Table) -> dict[str, tuple[str, ...]]:
    """Return of one kind of question the predicates that it may ask for, each with its patterns."""
    return {row.name: row.asked for row in PREDICATES if row.table == table}


def of_section(section: str) -> tuple[str, ...]:
    """Return the predicates of a section of a protein's record."""
    return tuple(row.name for row in PREDICATES if row.section == section)


def answering(kind: str) -> tuple[str, ...]:
    """Return the predicates that answer a kind of protein question."""
    return tuple(row.name for row in PREDICATES if kind in row.answers)


def may_be_told(fact: Fact, policy: EgressPolicy) -> bool:
    """Whether a fact about a user's own structure may be told to whoever runs elsewhere.

    What has no row is told under ``public`` only, unless it was measured, which a record states of a name.
    """
    if policy == "public":
        return True
    row = predicate_row(fact.predicate)
    if policy == "nothing":
        return row is not None and row.disclosure == "shared"
    return fact.kind == "measured" if row is None else row.disclosure != "structural"


LABELS = {row.name.lower(): row.label or row.name for row in PREDICATES}
"""how a sentence calls a predicate, by its name in lower case"""
SECTIONS: dict[str, tuple[str, ...]] = {
    name: of_section(name)
    for name in (
        "function", "location", "family", "domains", "sites", "modifications", "membrane", "pathways", "diseases",
        "drugs", "structures", "isoforms", "variants",
    )
}  # fmt: skip
"""What can be read of a protein's record beside who it is, and the predicates of its facts."""
DRUG_LINKS = SECTIONS["drugs"]
"""what a protein's record says of drugs and other ligands"""
HAZARDS = ("GHS signal word", STATEMENT, "GHS pictogram", "GHS precautionary codes", REMARK)
"""what depositors say about hazards"""
MEASURED = asked_patterns("measured")
"""what depositors measure, and how it is asked for"""


def distinct(facts: Sequence[Fact]) -> list[Fact]:
    """Return the facts without those that repeat what another depositor says: one for each code or value."""
    distinct_facts: dict[tuple[str, str], Fact] = {}
    for fact in facts:
        key = str(fact.value).partition(":")[0] if fact.predicate == STATEMENT else f"{fact.value} {fact.unit}"
        distinct_facts.setdefault((fact.predicate, key.lower()), fact)
    return list(distinct_facts.values())
