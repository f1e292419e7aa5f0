"""What a fact can state: one row a predicate, and everything that lists predicates is a view of this table.

A row says what a predicate is of, where its value comes from, by which phrases a question asks for it, in which section
of a protein's record it stands, and what may be told of it when the thing it is about is the user's own structure.
Two sets are open and have no rows: the measures of bioassays and the headings under which depositors state what they
measured; their facts are of kind ``measured``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
        asked: Phrases of a question that ask for it, singular; ``{a|b|}`` stands for any of the alternatives.
        abroad: The same in other languages, by their ISO 639-1 codes, alternatives parted by ``|``.
        adjective: What ``how ...`` asks for it with, as in "how heavy".
        more: Comparatives and superlatives of a larger value.
        less: Those of a smaller one.
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
    abroad: Mapping[str, str] = field(default_factory=dict)
    adjective: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    less: tuple[str, ...] = ()


IN_DALTONS: Mapping[str, float] = {"g/mol": 1.0, "Da": 1.0, "kDa": 1e3}
"""units that masses are given in"""
STATEMENT, REMARK = "GHS hazard statement", "GHS remark"
_NO_WORDS: Mapping[str, str] = {}


def _computed(
    name: str,
    *asked: str,
    of: Of = "molecule",
    disclosure: Disclosure = "shared",
    abroad: Mapping[str, str] = _NO_WORDS,
    adjective: str = "",
    more: str = "",
    less: str = "",
) -> Predicate:
    words = (tuple(each.split("|")) if each else () for each in (adjective, more, less))
    return Predicate(name, "computed", of, disclosure, asked, "computed" if asked else "", "", (), "", abroad, *words)


def _identity(
    name: str,
    *asked: str,
    of: Of = "molecule",
    disclosure: Disclosure = "telling",
    label: str = "",
    abroad: Mapping[str, str] = _NO_WORDS,
) -> Predicate:
    kind: FactKind = "computed" if name in ("SMILES", "InChI", "InChIKey") else "stored"
    return Predicate(name, kind, of, disclosure, asked, "identity" if asked else "", label=label, abroad=abroad)


def _stored(
    name: str,
    *asked: str,
    of: Of = "protein",
    section: str = "",
    answers: str = "",
    disclosure: Disclosure = "telling",
    abroad: Mapping[str, str] = _NO_WORDS,
) -> Predicate:
    table: Table = "stored" if asked else ""
    return Predicate(name, "stored", of, disclosure, asked, table, section, tuple(answers.split()), abroad=abroad)


def _measured(
    name: str, *asked: str, of: Of = "molecule", abroad: Mapping[str, str] = _NO_WORDS, adjective: str = ""
) -> Predicate:
    table: Table = "measured" if asked else ""
    words = tuple(adjective.split("|")) if adjective else ()
    return Predicate(name, "measured", of, asked=asked, table=table, abroad=abroad, adjective=words)


_RESIDUES = "{amino acid|amino acid residue|residue|aa}"
PREDICATES: tuple[Predicate, ...] = (
    # -- computed from a structure or sequence
    _computed("heavy atoms", "{number of |}heavy atom{ count|}", "{number of |}non hydrogen atom", of="either"),
    _computed(
        "monoisotopic mass", "{mono isotopic|monoisotopic} {mass|weight|molecular mass|molecular weight}",
        "exact {mass|molecular mass}",
        of="either", disclosure="telling", abroad={"de": "monoisotopische masse|exakte masse"},
    ),
    _computed(
        "molecular weight",
        "{molecular|molar|mol|average molecular|relative molecular|formula} {weight|mass|wt}", "mw", "m w", "mwt",
        "weight", "mass", "average mass", "mol weight", "mol wt", "mol mass", "mr", "weigh", "weighs", "weighing",
        "{da|kda|dalton|kilodalton|g mol|gram per mole}",
        "{how many|number of} {dalton|kilodalton|da|kda|amu|gram per mole|g per mol|g mol}",
        of="either", disclosure="telling", adjective="heavy|big|large|massive",
        more="heavier|heaviest|more massive|most massive|{weigh|weighs} {more|most}|{weigh|weighs} the most",
        less="lighter|lightest|{weigh|weighs} {less|least}|{weigh|weighs} the least",
        abroad={
            "de": "molmasse|molekulargewicht|molekulare masse|molare masse|masse|gewicht",
            "fr": "poids moleculaire|masse molaire|masse moleculaire|masse",
            "es": "peso molecular|masa molecular|masa molar|peso|masa", "it": "peso molecolare|massa molare",
            "pt": "massa molecular|massa molar|peso molecular", "nl": "molecuulgewicht|molecuulmassa|molmassa",
            "zh": "分子量|分子质量",
        },
    ),
    _computed("empirical formula", "empirical formula",
            "{simplest|simplest whole number|lowest whole number|minimal} {formula|ratio}", disclosure="telling"),
    _computed(
        "molecular formula", "{molecular|chemical|sum|brutto|} formula", "elemental formula", of="either",
        disclosure="telling",
        abroad={
            "de": "summenformel|molekulformel", "fr": "formule {chimique|moleculaire|brute|}",
            "es": "formula {quimica|molecular}", "nl": "molecuulformule", "zh": "分子式",
        },
    ),
    _computed("elemental composition", "{elemental|element} {composition|analysis}{ by mass| by weight|}",
              "percent composition",
              "{mass|weight} {percent|percentage|fraction|share}{ of each element| of the elements|}",
              "{percent|percentage|fraction} by {mass|weight}", "{percent|percentage} composition",
              disclosure="telling"),
    _computed(
        "logP", "{c|x|a|calculated |computed |predicted |crippen |wildman crippen |}logp",
        "{calculated |computed |predicted |crippen |clog |c log |}log p",
        "clogp", "lipophilicity", "hydrophobicity", "partition coefficient", "octanol water partition coefficient",
        adjective="lipophilic|hydrophobic|greasy", more="more lipophilic|most lipophilic|more hydrophobic|"
        "most hydrophobic|less hydrophilic",
        less="less lipophilic|least lipophilic|less hydrophobic|more hydrophilic|"
        "most hydrophilic|least hydrophobic",
    ),
    _computed(
        "TPSA", "{tpsa|psa|t psa}", "{topological |}polar surface{ area|}", adjective="polar",
        more="more polar|most polar", less="less polar|least polar",
    ),
    _computed(
        "hydrogen-bond donors", "{h|hydrogen} {bond|bonding} donor{ count|}", "{hbd|hbds}",
        "{number of |}donor{ count|}",
        "{hbond|hydrogenbond} donor",
    ),
    _computed(
        "hydrogen-bond acceptors", "{h|hydrogen} {bond|bonding} acceptor{ count|}", "{hba|hbas}", "acceptor{ count|}",
        "{hbond|hydrogenbond} acceptor",
    ),
    _computed("rotatable bonds", "rotatable bond{ count|}", "rotor", "{freely |}rotatable single bond",
              adjective="flexible", more="more flexible|most flexible",
              less="less flexible|least flexible|more rigid|"
              "most rigid"),
    _computed("aromatic rings", "aromatic ring{ count|}"),
    _computed("rings", "ring{ count|}", "sssr ring"),
    _computed(
        "atoms", "{total |}atom{ count|}", "{number of|count of} atom", of="either", disclosure="telling"
    ),
    _computed("formal charge", "{net|formal|overall|total|ionic|} charge", "{net|overall|total} formal charge",
              of="either", adjective="charged",
              abroad={"de": "ladung"}),
    _computed("stereocentres", "{stereo center|stereo centre|stereocenter|stereocentre|stereogenic center|"
              "stereogenic centre|chiral center|chiral centre|chirality center|chirality centre|chiral carbon|"
              "asymmetric carbon}{ count|}"),
    _computed("rule of five", "{lipinski|lipinskis}{ rule| rules|}{ of five| of 5|}", "rule of {five|5}", "ro 5",
            "ro5",
              "{lipinski|lipinskis} {rule of five|rule of 5} {violation|rule}", "drug likeness", "druglikeness",
              "{lipinski|lipinskis|rule of five|rule of 5|ro5} {violation|limit|criteria|check|criterion|filter}",
              "{lipinski|lipinskis|rule of five|rule of 5|ro5} {guideline|test|cutoff|requirement}",
              adjective="drug like|druglike"),
    _computed("Veber rule", "{veber|vebers}{ rule| rules| criteria|}"),
    _computed("molar refractivity", "{molar |mole |}{refractivity|refraction}{ index|}"),
    _computed("QED", "qed{ score| value|}", "quantitative estimate of {drug likeness|druglikeness}"),
    _computed("Murcko scaffold", "{bemis murcko|murcko|} scaffold", "murcko framework", "{core|molecular} scaffold",
              disclosure="structural"),
    _computed("fraction sp3", "fraction {of |}{sp 3|sp3|csp3}{ carbon|}", "fsp3", "fsp 3", "{sp3|sp 3} fraction",
              "fraction csp 3"),
    _computed("Ghose filter", "ghose{ filter| rule| rules|}", disclosure="telling"),
    _computed("Egan rule", "egan{ rule| filter| egg|}", disclosure="telling"),
    _computed("Muegge filter", "muegge{ filter| rule|}", disclosure="telling"),
    _computed("rule of three", "rule of {three|3}", "ro 3", "ro3", "lead likeness", "fragment likeness",
              adjective="lead like|leadlike|fragment like", disclosure="telling"),
    _computed("structural alert", "{structural |}alert", "assay interference",
              "{pains|brenk}{ alert| filter| pattern| match| substructure| hit| flag|}",
              "brenk{ alert| filter|}", "{pan assay interference |}{toxicophore}", disclosure="telling"),
    _computed("functional groups", "functional group", "chemical group", disclosure="telling"),
    _computed("ring systems", "ring system", "fused ring system"),
    _computed("degree of unsaturation", "{degree|degrees} of unsaturation", "unsaturation{ number| index| degree|}",
              "double bond {equivalent|equivalents|equivalence}", "dbe", "index of hydrogen deficiency", "ihd",
              "hydrogen deficiency{ index|}", "rings plus {pi|double} bond", adjective="unsaturated"),
    _computed(
        "length", "{length|sequence length|protein length|chain length}", f"{{how many|number of}} {_RESIDUES}",
        f"{_RESIDUES} count", f"{_RESIDUES} length",
        of="protein", adjective="long|big|large", more="longer|longest",
        less="shorter|shortest", abroad={"de": "lange", "fr": "longueur"},
    ),
    _computed("isoelectric point", "isoelectric {point|ph}", "{theoretical |}pi", "iso electric point", "iep",
              of="protein"),
    _computed("residues", of="protein", disclosure="structural"),
    _computed("GRAVY", "gravy{ score| index| value|}", "grand average of {hydropathy|hydropathicity}",
              "{mean |average |}{hydropathy|hydropathicity}{ index| score|}", of="protein"),
    _computed("extinction coefficient", "{molar |}extinction coefficient{ at 280 nm| at 280nm|}",
              "molar {absorptivity|absorption coefficient}{ at 280 nm|}", "{e280|epsilon 280|a280 coefficient}",
              "absorption coefficient", of="protein"),
    _computed("charge at pH 7", "{net |}charge at {neutral ph|ph 7|ph 7 0|physiological ph 7}", of="protein"),
    _computed("aromaticity", "aromaticity", of="protein"),
    _computed("instability index", "instability{ index|}", of="protein", adjective="unstable"),
    _computed("residue composition", "{amino acid|residue|aa} {composition|content|frequencies|makeup}",
            "most {frequent|common|abundant|frequently occurring} {amino acid|residue|aa}",
            "{amino acid|residue|aa} {is|are|occurs} {the |}most {frequent|common|abundant|often|frequently}",
              "composition", of="protein"),
    _computed("residue", of="protein", disclosure="telling"),
    _computed("count", of="either", disclosure="telling"),
    _computed("shortest path", of="molecule"),
    _computed("structural relation", of="molecule", disclosure="telling"),
    _computed("Tanimoto similarity", of="molecule", disclosure="telling"),
    Predicate("similar molecule", "computed", "molecule"),
    Predicate("holds it as a part", "computed", "molecule"),
    # -- what a thing is
    _identity("SMILES", "{canonical |isomeric |}smiles{ string| code| notation|}",
            "{chemical |molecular |2d |}structure",
              "structural formula",
              disclosure="structural", abroad={"de": "struktur|strukturformel", "es": "estructura",
              "fr": "structure"}),
    _identity("InChIKey", "{inchikey|inchi key|standard inchikey|standard inchi key}"),
    _identity("InChI", "{standard |}inchi{ string|}", disclosure="structural"),
    _identity("IUPAC name", "iupac{ name|}", "{systematic|chemical} name", "systematic iupac name",
            "iupac nomenclature",
              disclosure="structural"),
    _identity("CAS number", "cas{ number| no| rn| registry number| id| nr|}", "{chemical abstracts|} registry number",
              abroad={"de": "cas nummer", "fr": "numero cas", "es": "numero cas"}),
    _identity("cid", "{pubchem |}{cid|compound id|compound identifier}",
            "pubchem{ id| identifier| number| entry| record|}",
              label="PubChem CID"),
    _identity("chebi", "chebi{ id| identifier| number| accession| entry|}", label="ChEBI identifier"),
    _identity("drugbank", "drugbank{ id| identifier| number| accession| entry|}", of="either",
              label="DrugBank identifier"),
    _identity("chembl", "chembl{ id| identifier| number| entry|}", of="either", label="ChEMBL identifier"),
    _identity("unii", "unii{ code|}", label="UNII"),
    _identity("accession",
            "{uniprot|uniprotkb|swissprot|swiss prot}{ accession| id| identifier| entry| entry code| code| number|"
              " accession number| ac|}", "{accession|accession number|accession code}", of="protein",
              label="UniProt accession"),
    _identity("sequence", "{amino acid|protein|aa|primary|full|} sequence", "primary structure", "fasta{ sequence|}",
              of="either", disclosure="structural", abroad={"de": "sequenz|aminosauresequenz", "es": "secuencia"}),
    _identity("entry name", "{uniprot |}entry name", of="protein"),
    Predicate("name", "stored", "protein", answers=("name",)),
    # -- what records of molecules and proteins state
    _stored("function", section="function", answers="function"),
    _stored(
        "catalytic activity", "catalytic activity", "{enzymatic|enzyme|} {activity|reaction}", "reaction",
        section="function",
        answers="function",
    ),
    _stored("EC number", "ec{ number| class| no| code| classification|}", "enzyme {number|class|classification}",
            "{the |}enzyme commission{ number| class| code|}",
            section="function", answers="function", disclosure="shared"),
    _stored("cofactor", "{co factor|cofactor}", section="function"),
    _stored("activity regulation", section="function"),
    _stored("ChEBI class", "{chebi |chemical |structural |compound |drug |}class{ification|}",
            "chemical {family|type|taxonomy}",
            "compound {type|family}", of="molecule"),
    _stored("ChEBI role", "{chebi |biological |chemical |}role", "{main |}use", "application", of="molecule"),
    Predicate(
        "synonym", "stored", "either", "telling",
        ("{synonym|synonyms|alias|aliases}", "what else", "also {called|known as|named}", "{go|goes} by",
            "{development|research|company} code{ name|}", "code name",
            "{other|another|alternative|alternate|common|trivial|generic|known} name",
         "alternative {symbol|gene symbol}",
         "gene {alias|synonym}"),
        "stored", answers=("name",),
    ),
    _stored("brand name", "{brand|trade|proprietary|marketed|commercial} name", "brand", "{marketed|sold} {as|under}",
            of="molecule"),
    _stored("organism", "{source |}organism", "species", "animal"),
    _stored("gene", "{encoding |hgnc |official |}gene{ name| symbol|}", "hgnc symbol"),
    _stored("parent compound", "{the |}{parent|free base|free acid|free form} of",
            "parent{ compound| molecule| structure| drug| form|}", "free {base|acid|form}",
            "{neutral|unsalted} form", "{base|acid} form",
            "active {ingredient|substance|moiety|compound|component|pharmaceutical ingredient}",
            "ingredient", "generic {compound|drug|ingredient|medicine}", of="molecule"),
    _stored("mechanism of action", "{mechanism|mode} of action", "moa", of="molecule"),
    _stored("indication", "{approved |therapeutic |clinical |licensed |}indication",
            "{indicated|approved|licensed} for", of="molecule"),
    _stored("approval status", "{approval|regulatory|marketing} status", "{drug |marketing |regulatory |}approval",
            of="molecule"),
    _stored("salt form", "{salt|salt form|hydrate|pharmaceutical salt}", "{the |a |}salt{ form|} of", of="molecule"),
    _stored("description", of="molecule"),
    _stored("keyword", "{uniprot |}keyword", of="either"),
    _stored("subcellular location", section="location", answers="location", disclosure="shared"),
    _stored("membrane topology", "{membrane |}topology", section="location", answers="location"),
    _stored("tissue specificity", "tissue{ specificity| distribution| expression|}", "expression{ pattern| profile|}",
            section="location"),
    _stored("protein family", section="family", answers="family function", disclosure="shared"),
    _stored("InterPro entry", "interpro{ entry| id| domain|}", section="family"),
    _stored("Pfam entry", "pfam{ entry| id| domain|}", section="family"),
    _stored("pathway", "{signaling |signalling |biological |metabolic |}pathway", "reactome{ pathway|}",
            "kegg{ pathway|}", of="either",
            section="pathways"),
    _stored("KEGG identifier", "kegg {id|identifier}", section="pathways"),
    _stored("GO molecular function", "go {term|annotation|molecular function}", "gene ontology{ term| annotation|}",
            "molecular function", of="either", answers="function"),
    _stored("GO biological process", "{go |}biological process", answers="function"),
    _stored("GO cellular component", "{go |}cellular component", section="location", answers="location"),
    _stored("subunit structure", "{subunit|subunit structure|quaternary structure|oligomeric state}", of="either"),
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
            "DrugBank entry", "ChEMBL target", "BindingDB target", "Guide to PHARMACOLOGY target",
            "DrugCentral target",
        )
    ),
    *(_stored(name, section="structures") for name in ("experimental structures", "AlphaFold DB model")),
    _stored("isoform", section="isoforms"),
    *(_stored(name, section="variants") for name in ("natural variant", "studied mutation")),
    *(
        _stored(name)
        for name in (
            "protein name", "alternative name", "gene synonym", "protein existence", "induction", "about its domains",
            "pharmaceutical use", "region", "mature chain", "mature peptide", "initiator methionine",
            "HGNC identifier",
            "Entrez identifier",
        )
    ),
    # -- hazards, as depositors state them
    *(
        Predicate(name, "stored", "molecule")
        for name in ("GHS signal word", STATEMENT, "GHS pictogram", "GHS precautionary codes", REMARK)
    ),
    # -- measured by depositors
    _measured("melting point", "melting {point|temperature}", "m p", "mp", "fusion point",
            "boiling and melting point",
              abroad={"de": "schmelzpunkt", "fr": "point de fusion", "es": "punto de fusion"}),
    _measured("boiling point", "boiling {point|temperature}", "b p", "bp", "boiling and melting point",
              abroad={"de": "siedepunkt", "fr": "point d ebullition", "es": "punto de ebullicion"}),
    _measured("flash point", "{flash point|flashpoint}", abroad={"de": "flammpunkt"}),
    _measured("autoignition temperature", "{auto ignition|autoignition}{ temperature| point|}"),
    _measured("solubility", "{aqueous |water |}{solubility|solubilities}{ in water|}", "insoluble{ in water|}",
              "how {well|much} does {it|this} dissolve", adjective="soluble|soluble in water",
              abroad={"de": "loslichkeit", "fr": "solubilite", "es": "solubilidad"}),
    _measured("density", "density", "specific gravity", adjective="dense"),
    _measured("vapor pressure", "{vapor|vapour} pressure", adjective="volatile"),
    _measured("pKa", "{pka|pkas|pk a|p ka}", "{acid |}dissociation constant", "acidity constant", adjective="acidic"),
    _measured("measured logP", "{measured|experimental} {logp|log p|clogp|log kow|logkow}", "log kow", "logkow",
            "kow"),
    _measured("refractive index", "refractive index"),
    _measured("viscosity", "viscosity", adjective="viscous"),
    _measured("optical rotation", "{optical|specific} rotation"),
    _measured("odor", "{odor|odour|smell}"),
    _measured("colour and form", "{color|colour}"),
    _measured("physical description", "physical {description|state|form|appearance}", "appearance"),
    _measured("stability/shelf life", "shelf life", "stability", adjective="stable"),
    _measured("henry's law constant", "{henry|henrys}{ law| laws|}{ constant|}"),
    _measured("heat of combustion", "heat of combustion"),
    _measured("heat of vaporization", "heat of {vaporization|vaporisation}"),
    _measured("surface tension", "surface tension"),
    # -- measured of a pair
    *(
        _measured(name, of="pair")
        for name in ("Kd", "Ki", "IC50", "EC50", "pKd", "pKi", "pIC50", "pEC50", "KIBA score", "active results")
    ),
    Predicate("assay results", "measured", "molecule"),
)  # fmt: skip
# What one phrase asks of a protein's record, in which it is stated under several predicates.
GROUPS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("{protein |}domain", "domain {architecture|structure|organization}"),
     ("domain", "zinc finger", "DNA-binding region", "repeat", "coiled coil", "Pfam entry")),
    (("zinc finger",), ("zinc finger",)),
    (("active site", "catalytic {residue|site}"), ("active site",)),
    (("binding {site|residue}",), ("binding site",)),
    (("{sequence |}motif",), ("motif",)),
    (("signal {peptide|sequence}",), ("signal peptide",)),
    (("transit peptide",), ("transit peptide",)),
    (("{pro peptide|propeptide}",), ("propeptide",)),
    (("{transmembrane|membrane spanning|tm} {segment|helix|helices|domain|region|span}",),
            ("transmembrane segment",)),
    (("{disulfide|disulphide} {bond|bridge|linkage}",), ("disulfide bond",)),
    (("glycosylation site", "glycosylated residue", "{n|o} glycosylation site"), ("glycosylation site",)),
    (("phosphorylation site", "{phosphosite|phospho site}", "phosphorylated residue", "modified residue",
      "residue {is|are} {phosphorylated|modified}"), ("modified residue",)),
    (("residue {is|are} glycosylated",), ("glycosylation site",)),
    (("{post translational|posttranslational} modification", "ptm", "ptms"),
     ("post-translational modification", "modified residue", "glycosylation site", "lipidation site", "cross-link",
      "disulfide bond")),
    (("isoform", "splice {form|variant|isoform}"), ("isoform",)),
    (("{natural |disease |known |missense |}{variant|mutation}", "polymorphism"), ("natural variant",)),
    (("{sequence |protein |}feature",),
     ("domain", "zinc finger", "DNA-binding region", "active site", "binding site", "signal peptide",
      "transit peptide", "transmembrane segment", "modified residue", "glycosylation site", "disulfide bond")),
    (("{disease|disorder|syndrome}", "{omim|mim}{ entry| disease|}"), ("disease", "disease involvement")),
    (("{crystal|experimental|3d|pdb|three dimensional|solved} structure", "pdb{ entry| entries| id| ids| code|}",
            "structure",
      "structure in {the |}pdb"),
     ("experimental structures",)),
    (("{alphafold|alpha fold}{ model| db model| structure|}",), ("AlphaFold DB model",)),
)  # fmt: skip
_ROWS = {row.name.lower(): row for row in PREDICATES}


def predicate_row(name: str) -> Predicate | None:
    """Return the row of a predicate, whatever the case of its letters; None for one of an open set."""
    return _ROWS.get(name.lower())


def asked_phrases(table: Table) -> dict[str, tuple[str, ...]]:
    """Return of one kind of question the predicates that it may ask for, each with its phrases."""
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
MEASURED = tuple(asked_phrases("measured"))
"""what depositors measure"""
COMPUTED = frozenset(asked_phrases("computed")) | {
    "residue",
    "count",
    "structural relation",
    "Tanimoto similarity",
    "shortest path",
}
"""what the structure or the sequence gives"""
IDENTITY = frozenset(asked_phrases("identity"))
"""what says which thing it is"""
VALUES = frozenset(row.name for row in PREDICATES if row.table) | COMPUTED
"""predicates that a question asks for one by one"""


def distinct(facts: Sequence[Fact]) -> list[Fact]:
    """Return the facts without those that repeat what another depositor says: one for each code or value."""
    distinct_facts: dict[tuple[str, str], Fact] = {}
    for fact in facts:
        key = str(fact.value).partition(":")[0] if fact.predicate == STATEMENT else f"{fact.value} {fact.unit}"
        distinct_facts.setdefault((fact.predicate, key.lower()), fact)
    return list(distinct_facts.values())
