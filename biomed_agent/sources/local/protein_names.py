"""What the recommended name of a protein says of its class, where it says it.

Names come from UniProt and HGNC, which write them differently (``Beta-2 adrenergic receptor`` and ``adrenoceptor beta
2``). Receptors and channels whose names do not say what they are follow the nomenclature of IUPHAR/BPS
(https://www.guidetopharmacology.org). A class word counts where the name ends with it, or with what tells members of a
series apart after it; ``protein kinase inhibitor`` is no kinase.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_MARK = r"(?:[A-Z0-9][\w().,'-]*|[a-z]{0,5}-?[A-Z\d][\w().'-]*|[a-z]+\d\w*|mos|greatwall|erbB-\d)"
_GREEK = r"(?:alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|sigma|omega)'?"
_SORT = r"(?:type|subtype|isoform|member|catalytic subunit|subunit|chain|isozyme|form|receptor|and|family)"
_TAIL = rf"(?:-\d\w*|,? (?:type-|subtype-)?(?:{_MARK}|{_GREEK}(?:-\d)?|{_SORT})|, [a-z]+(?: [a-z]+)?)*"
"""what tells the members of a series apart: ``4``, ``JAK2``, ``mTOR``, ``subunit alpha``, ``, mitochondrial``"""
_KINASE = r"(?!.*(?:[Ii]nactive|[Cc]asein kinase II subunit beta|[Pp]seudokinase)).*"

_ENZYMES = {
    "kinase": rf"{_KINASE}\b(?!(?:uro|strepto|staphylo|entero)kinase)\w*kinase(?: transmembrane receptor|"
    rf" C2 domain-containing|/endoribonuclease"
    rf"|/fructose-2,6-biphosphatase)?{_TAIL}",
    "protein kinase": rf"{_KINASE}[ -]protein kinase{_TAIL}|{_KINASE}\bprotein kinase{_TAIL}",
    "tyrosine kinase": rf"{_KINASE}\btyrosine(?:-protein)? kinase(?: transmembrane receptor)?{_TAIL}",
    "serine/threonine kinase": rf"{_KINASE}\bserine/threonine(?:-protein)? kinase{_TAIL}",
    "protease": rf"(?!.*(?:inhibitor|anti\w*trypsin)).*\b(?:\w*(?<!trans)(?:protease|proteinase|peptidase)|"
    rf"kallikrein|cathepsin|"
    rf"caspase|beta-secretase|plasmin|prothrombin|thrombin|trypsin|chymotrypsin|chymase|tryptase|\w*elastase|"
    rf"collagenase|"
    rf"furin|renin|calpain|"
    rf"plasminogen activator|coagulation factor (?:II|VII|IX|X|XI|XII))(?: domain|"
    rf" with thrombospondin type \d motif)?{_TAIL}",
    "phosphatase": rf"(?!.*(?:regulatory|regulator)).*\b\w*(?<!tri)(?<!di)(?<!acyl)(?<!pyro)phosphatase"
    rf"(?: (?:non-)?receptor type)?{_TAIL}",
    "phosphodiesterase": rf".*\bphosphodiesterase{_TAIL}",
    "GTPase": rf"(?:.* )?GTPase{_TAIL}",
    "cytochrome P450": r"cytochrome P450 .{1,40}",
    "histone deacetylase": rf"(?:NAD-dependent )?histone deacetylase{_TAIL}",
    "transporter": rf"(?!.*(?:inhibit|[Ff]c fragment|disulfide|translocase subunit)).*\b(?:co)?(?:transporter|"
    rf"symporter|antiporter|"
    rf"exchanger|translocase)(?:/phage receptor)?{_TAIL}|solute carrier (?:organic anion transporter )?family.*|"
    rf"ATP[- ]binding cassette sub-?family.*|multidrug resistance(?:-associated)? protein{_TAIL}",
}
_GPCRS = (
    r"(?:alpha|beta) \d\w? adrenergic receptor|adrenoceptor|d\(\d\w?\) dopamine receptor|dopamine receptor|"
    r"muscarinic acetylcholine receptor|cholinergic receptor muscarinic|5 hydroxytryptamine receptor (?!3)\d\w?|"
    r"histamine (?:h\d receptor|receptor h\d)|(?:mu|delta|kappa) type opioid receptor|opioid receptor|"
    r"nociceptin receptor|"
    r"opioid related nociceptin receptor|cannabinoid receptor|adenosine (?:a\d\w? )?receptor|chemokine xc receptor|"
    r"(?:c c|c x c|cx3c|xc)(?: motif)? chemokine receptor|p2y purinoceptor|p2y receptor family|"
    r"(?:purinergic|pyrimidinergic) receptor p2y\d*|melanocortin(?: \d)? receptor|adrenocorticotropic hormone receptor|"
    r"melanocyte stimulating hormone receptor|somatostatin receptor|prostaglandin (?:d2|e2?|f2 alpha|f|i2) receptor|"
    r"prostacyclin receptor|thromboxane a2 receptor|neuropeptide (?:y|ff|s) receptor|orexin(?: hypocretin)? receptor|"
    r"hypocretin(?: orexin)? receptor|glucagon(?: like peptide \d)? receptor|gastric inhibitory polypeptide receptor|"
    r"metabotropic glutamate receptor|glutamate metabotropic receptor|gamma aminobutyric acid type b receptor|"
    r"b[12] bradykinin receptor|bradykinin receptor|type [12]\w? angiotensin ii receptor|angiotensin ii receptor|"
    r"apelin receptor|endothelin(?: 1)? receptor|vasopressin v\d\w? receptor|arginine vasopressin receptor|"
    r"oxytocin receptor|"
    r"thyrotropin receptor|thyroid stimulating hormone receptor|follicle stimulating hormone receptor|"
    r"lutropin choriogonadotropic hormone receptor|luteinizing hormone choriogonadotropin receptor|"
    r"sphingosine 1 phosphate receptor|lysophosphatidic acid receptor|free fatty acid receptor|formyl peptide receptor|"
    r"fmet leu phe receptor|proteinase activated receptor|f2r like|melatonin receptor|galanin receptor|"
    r"neurotensin receptor|"
    r"neuromedin \w receptor|substance [pk] receptor|tachykinin receptor|trace amine associated receptor|"
    r"olfactory receptor|taste(?: \d)? receptor|frizzled|smoothened|protein smoothened|cholecystokinin \w? ?receptor|"
    r"gastrin cholecystokinin type b receptor|growth hormone secretagogue receptor|motilin receptor|relaxin|"
    r"parathyroid hormone(?: \d| parathyroid hormone related peptide)? receptor|"
    r"calcitonin(?: gene related peptide type \d)? receptor|"
    r"secretin receptor|vasoactive intestinal (?:poly)?peptide receptor|adcyap receptor|complement c5a receptor|"
    r"c3a receptor|"
    r"pituitary adenylate cyclase activating polypeptide type i receptor|corticotropin releasing (?:factor|"
    r"hormone) receptor|"
    r"(?:growth|gonadotropin|thyrotropin) (?:hormone )?releasing hormone receptor|"
    r"(?:extracellular )?calcium sensing receptor|"
    r"platelet activating factor receptor|(?:cysteinyl )?leukotriene(?: b4?)? receptor|"
    r"melanin concentrating hormone receptor|"
    r"kiss 1 receptor|hydroxycarboxylic acid receptor|succinate receptor|oxoglutarate receptor|prokineticin receptor|"
    r"urotensin 2 receptor|n arachidonyl glycine receptor|uracil nucleotide cysteinyl leukotriene receptor|rhodopsin|"
    r"(?:probable |adhesion )?g protein coupled (?:bile acid |estrogen )?receptor"
)
_CHANNELS = (
    r"gamma aminobutyric acid (?:type a )?receptor subunit|glutamate receptor|glutamate ionotropic receptor|"
    r"glycine receptor|5 hydroxytryptamine receptor 3\w?|(?:neuronal )?acetylcholine receptor subunit|"
    r"cholinergic receptor nicotinic|p2x purinoceptor|purinergic receptor p2x|ryanodine receptor|"
    r"inositol 1,4,5 trisphosphate(?: gated calcium channel| receptor)|"
    r"cystic fibrosis transmembrane conductance regulator|polycystin 2|bestrophin|gap junction|"
    r"(?!.*(?:regulator|inhibit|interact|tetrameri|binding|auxiliary)).*\bchannel\b"
)
_NUCLEAR = (
    r"(?:androgen|estrogen|glucocorticoid|mineralocorticoid|progesterone|retinoic acid|thyroid hormone|vitamin d3?|"
    r"bile acid|"
    r"oxysterols|peroxisome proliferator activated|steroid hormone|estrogen related) receptor|steroidogenic factor|"
    r"rar related orphan receptor|retinoid x receptor|hepatocyte nuclear factor 4|nuclear receptor (?:subfamily|ror)|"
    r"coup transcription factor|photoreceptor specific nuclear receptor"
)
_RECEPTORS = {
    "GPCR": rf"(?!.*\b(?:kinase|tyrosine|transporter)\b)(?:(?:probable|putative) )?(?:{_GPCRS})\b.*",
    "ion channel": rf"(?:{_CHANNELS})\b.*",
    "nuclear receptor": rf"(?!.*\b(?:responder|interacting|coactivator|corepressor|binding)\b)(?:{_NUCLEAR})\b.*",
}
_ENZYME_NAMES = {name: re.compile(pattern) for name, pattern in _ENZYMES.items()}
_RECEPTOR_NAMES = {name: re.compile(pattern) for name, pattern in _RECEPTORS.items()}


def classes_named_by(name: str) -> Iterator[str]:
    """Yield the classes that a recommended name states."""
    written = name.removesuffix(" (Fragment)")
    forms = {written, f"{written[:1].lower()}{written[1:]}"}
    folded = re.sub(r"[-/]", " ", written.lower())
    yield from (name for name, known in _ENZYME_NAMES.items() if any(known.fullmatch(form) for form in forms))
    yield from (name for name, known in _RECEPTOR_NAMES.items() if known.fullmatch(folded))
