"""What the words around names and values do in a question: one row a meaning, other languages beside English.

Politeness and filler are a closed list: a word that stands in no row is unread, and a question with an unread word is
not answered as if it were not there.
"""

from __future__ import annotations

from functools import cache

from biomed_agent.answering.reading.hazards import DEGREES, HAZARD_TOPICS
from biomed_agent.answering.reading.phrases import Meaning, Phrases, Role
from biomed_agent.core.identifiers import ORGANISMS
from biomed_agent.core.predicates import GROUPS, PREDICATES
from biomed_agent.core.protein_variants import LETTERS

# fmt: off
FILLER = (
    # articles, prepositions and particles that change nothing where they stand
    "a|an|the|any|some|its|their|this|that|of|for|in|on|to|at|from|by|with|about|as|into|onto|per|via|regarding"
    "|concerning|within|among|upon|towards|toward|against|through|off",
    "there|here|then|so|well|also|too|as well|both|each|all|every|respectively|again|such|one|ones|own|same time",
    "i'm|i've|i'd|i'll|we're|we've|we'd|{i'm|i am|we're|we are} {looking for|after|trying to find|interested in|searching for}|seen|observed|detected|do you have|on file|have you got|you have|got|me|my|mine|i|im|i am|you|your|we|us|our|ours|someone|somebody|anyone|people like me",
    "be|been|being|get|gets|got|go|do|did|done|let|lets|am",
    # politeness
    "please|pls|plz|thanks|thank you|many thanks|thx|cheers|kindly|hi|hello|hey|dear|ok|okay|hi there|good {morning|day|evening}|sorry|excuse me|if possible"
    "|if you can|if you could|if you would|for me|in advance|thanks in advance|thank you in advance|thanks a lot|best regards|regards|quick question|question|quickly|asap",
    "{can|could|would|will|may|might} you|{can|could|may} i|would you mind|do you know|do you happen to know|any idea|happen to know",
    "i {want|need|wish|would like|d like|am trying|m trying|am looking|was wondering|wonder|am curious}|i d like|i would like|we need|help me|help us"
    "|i am interested in|im interested in|interested in|wondering|to know|know|recognise|recognize|to find out|find out|to learn|to see|to get|curious",
    "{exactly|actually|really|just|simply|currently known|indeed|approximately|roughly|about|precisely|basically|overall|in total|altogether}",
    "{and |}what else|anyway|now|today|still|ever|even|else|yet|already|either|whether|if",
    "can|could|would|will|may|might|shall",
    # what is said of any value
    "value|values|number|figure|amount|quantity|data|info|details|detail|result|record|records|entry|known|reported|recorded|on record|listed"
    "|stored|documented|measured|computed|calculated|calculate|compute|determine|estimated|estimate|predicted|theoretical|according to {rdkit|chebi|uniprot|pubchem|davis|the records|your records}"
    "|{your|the|local} {records|database|data|index|starter set|table|tables}|in {the|your} {database|index|records|starter set|set|data set|dataset|data|tables|table}|from {the |}{records|database}",
    "named|termed|given|following|mentioned|above mentioned|said|specific|certain|particular|different|distinct|various|individual|typical"
    "|standard|official|correct|right|full|complete|whole|entire|total|main|common|usual|ordinary|simple|basic|actual|true|real",
    "write|provide|report|return|print|output|state|supply|send|say|tell|answer|respond|look up|lookup|retrieve|fetch|check|specify|determine|have a look at|display|present|work out|figure out|need|want|use",
    "present|found|located in it|contained|exist|exists|occur|occurs|available|there are|there is|there exist|classified|classified as|classified under|classed as|made of|consist of|consists of|consist|consists|made up of|belong|belongs|assigned|assigned to|annotated|annotated for|annotated to|at 280 nm|280 nm|tell me more|once more",
    "{a|one|each|per} mole of|per mole",
    "what if i {allow|take|say}|what if|so called|i mean|e g|i e|for example|for instance|namely|see|note|fyi|btw|by the way|in other words|that is",
    "to my knowledge|as far as you know|to your knowledge|in general|in short|briefly|in brief|shortly|in one {line|sentence|word}|in words|in a few words|in detail|once more",
    # other languages
    "der|die|das|des|dem|den|ein|eine|einer|eines|von|vom|ist|wie|bitte|gib|mir|zeige|nenne|und|hat|im|fur|zu",
    "le|la|les|l|un|une|du|de|d|est|s il vous plait|svp|merci|donne|donnez|moi|et|pour|dans|au|aux|en|qu",
    "el|los|las|una|unos|del|es|por favor|gracias|dime|dame|y|para|tiene|al|cuanto|cual|cuales",
    "il|lo|gli|di|della|dello|per favore|grazie|dell|e|ha",
    "o|os|da|dos|das|por|um|uma|qual|obrigado|tem|het|een|van|wat|alstublieft|的|是|多少|请|请问|什么|吗|和|是什么",
)
# what opens a request and says nothing of what is wanted
REQUEST = (
    "show|give|list|name|find|get|tell|write|provide|report|return|print|state|display|enumerate|look up|search for|search|select|pick|identify which|compute|calculate|determine|retrieve"
    "|show me|give me|tell me|list me|find me|name me|let me know|i need|i want|send me|look for|looking for|zeige|nenne|gib|donne|dame|dime|muestra|fetch|suggest|recommend me"
)

ROWS: tuple[tuple[Role, tuple[str, ...], str], ...] = (
    ("wh", ("what",), "was ist|wie ist|quel est|quelle est|que es|cual es|qual e|cos e|what exactly is|wat is|what|whats|what s|which|which one|which ones|was|welche|welcher|welches|quel|quelle|quels|quelles|que|quoi|qual|quale|quali|quais|wat|welke|in which|of which|to which|with which|by which|on which|for which|from which"),
    ("wh", ("who",), "who|whos|who s|wer|qui|quien"),
    ("wh", ("when",), "when|wann|quand|cuando"),
    ("wh", ("why",), "why|warum|pourquoi|por que|how come"),
    ("wh", ("what",), "wie hoch ist|wie gross ist|wie hoch|wie gross|what would be|what might be|what will be"),
    ("wh", ("how",), "how|how do|how does|how much|wie|comment|como|come"),
    ("where", (), "where|whereabouts|in which {part|compartment|compartments|organelle|organelles} of the cell|in {what|which} {compartment|organelle|part of the cell|cellular compartment|cell compartment}|wo|ou|donde|dove|onde|waar"),
    ("where", (), "{sub cellular|subcellular|cellular|intracellular|cell} {location|localization|localisation|compartment|distribution|localizations|locations}|location|localization|localisation"
                  "|{is|are|be|it is|} {located|localized|localised|situated}|localize|localise|localizes|localises|organelle|compartment|in the cell|inside the cell|in cells|within the cell|reside|resides|secreted|membrane bound|{cellular |}compartment|locate|lie|lies|sit|sits"),
    ("count", (), "how many|number of|how many different|how many distinct|total number of|count of|count|count the|how many of|what number of|how often|how many times|wie viele|combien de|cuantos|cuantas|quanti|quante|quantos|hoeveel|anzahl der"),
    ("aux", (), "is|are|was|were|isn t|aren t|do|does|did|has|have|had|doesn t|don t|is there|are there|does there exist|is it true that|is it correct that|is it so that|ist|sind|hat|haben|sont|a|ont|ist es|tiene|tienen|es"),
    ("pronoun", ("",), "it|its|this|that|he|him|his|she|her|this one|that one|itself|er|sie|elle|lui|lo"),
    ("pronoun", ("", "several"), "they|them|their|theirs|these|those|these two|the two|both of them|both|the two of them|both of these|of the two|of them|of these|of both|which of the two|which of them|which of these|the pair|each of them"),
    ("pronoun", ("molecule",), "{this|that|the|these|the given|the above|said} {molecule|compound|drug|substance|chemical|small molecule|structure|ligand|inhibitor|medicine|medication}"),
    ("pronoun", ("protein",), "{this|that|the|the given|these|the above} {protein|enzyme|kinase|gene|target|receptor|sequence|polypeptide|chain}"),
    ("negation", (), "not|no|never|none|neither|nor|cannot|without|except|excluding|other than|apart from|but not|besides|isn t|aren t|doesn t|don t|didn t|wasn t|can t|non|lack|lacks|lacking|nicht|kein|keine|pas|sans|sin"),
    ("only", (), "only|solely|exclusively|alone"),
    ("kind", ("molecule",), "molecule|compound|chemical|substance|small molecule|drug|medicine|medication|chemical compound|agent|chemical substance|ligand molecule|drug molecule|drug compound|active ingredient molecule|medicament"),
    ("kind", ("protein",), "member|family member|protein|gene|enzyme|polypeptide|gene product|protein target|human protein|human gene|biological target|drug target"),
    ("class", ("kinase",), "kinase|protein kinase|kinome member"),
    ("class", ("receptor",), "receptor"),
    ("class", ("GPCR",), "gpcr|g protein coupled receptor"),
    ("class", ("protease",), "protease|peptidase|proteinase"),
    ("class", ("phosphatase",), "phosphatase"),
    ("class", ("ion channel",), "ion channel|channel"),
    ("class", ("nuclear receptor",), "nuclear receptor"),
    ("class", ("transporter",), "transporter"),
    ("partner", ("molecule", ""), "ligand|binder|hit|hits|binding partner|interactor|interaction partner|modulator|binding molecule|affinity ligand"),
    ("partner", ("molecule", "inhibitor"), "inhibitor|blocker|antagonist|inverse agonist"),
    ("partner", ("molecule", "agonist"), "agonist|activator|substrate"),
    ("partner", ("protein", ""), "target|molecular target|kinase target|protein target|off target|binding target|primary target|main target|known target|target protein|target profile|binding profile|kinase profile|target kinase"),
    ("bind", ("",), "bind|binds|bound|binding|bind to|binds to|bound to|binding to|bind with|interact|interacts|interact with|interacts with|interacting|interaction|hit|hits|target|targets|targeted|targeting|engage|engages|act on|acts on|acting on|attach to|attaches to|affine|dock to|"
                      "bindet|lie|bind at|active against|active on|activity against|activity on|activity at|act against|work on|works on|work against|have affinity for|has affinity for|show affinity for|shows affinity for|affinity for|affinity to|affinity towards|affinity toward|affinity against|affinity at"),
    ("bind", ("inhibitor",), "inhibit|inhibits|inhibited|inhibiting|inhibition|block|blocks|blocked|blocking|suppress|suppresses|antagonize|antagonise|antagonizes|hemmt|inhibiert"),
    ("bind", ("agonist",), "activate|activates|activated|stimulate|stimulates|agonize"),
    ("measure", ("affinity",), "strength of {binding|interaction}|binding strength|strength|interaction strength|affinity|binding affinity|binding constant|binding strength|affinities|binding affinities|potency|potencies|binding data|binding value|affinity value|affinity data|inhibition constant value|measured affinity|activity|activities|bioactivity|bioactivities|selectivity profile|inhibitory {activity|potency}|binding activity|activity data"),
    ("measure", ("Kd",), "kd|k d|kd value|dissociation constant|equilibrium dissociation constant|kds"),
    ("measure", ("Ki",), "ki|k i|ki value|inhibition constant|inhibitory constant"),
    ("measure", ("IC50",), "ic50|ic 50|ic50 value|half maximal inhibitory concentration"),
    ("measure", ("EC50",), "ec50|ec 50|ec50 value|half maximal effective concentration"),
    ("measure", ("pIC50",), "pic50"),
    ("measure", ("pKd",), "pkd"),
    ("measure", ("pKi",), "pki"),
    ("measure", ("pEC50",), "pec50"),
    ("measure", ("KIBA score",), "kiba|kiba score|kiba value|kiba scores"),
    ("measure", ("assay results",), "bioassay|bio assay|assay|bioassay result|assay result|bioassay data|assay data|bioassays"),
    ("adjective", ("affinity",), "strong|strongly|tight|tightly|potent|potently|well|good|weak|weakly|strong binder|effective|affine|high affinity|selective|active"),
    ("strongest", (), "strongest|tightest|most potent|most strongly|most tightly|best|top|most potently|highest affinity|with the highest affinity|most affine|best binding|strongest binding|most active|tightest binding|strongest first|lowest kd|the lowest kd|highest potency|prefer|prefers|preferred|prefer most|most potent first|ranked by affinity|sorted by affinity|ordered by affinity|ranked by kd|sorted by kd|sorted by potency|ranked by potency|by potency|by affinity|by strength|by kd|sorted by strength|ranked by strength|ordered by kd|ordered by strength|in order of {affinity|potency|strength|kd}|strongest to weakest|from strongest to weakest|from the strongest|tightest first|best first|highest kiba|highest kiba score"),
    ("weakest", (), "weakest|least potent|lowest affinity|worst|weakest first|least strongly|weakest binding"),
    ("more", ("affinity",), "stronger|tighter|more strongly|more tightly|more potent|more potently|better|more active|higher affinity|a higher affinity|greater affinity|stronger binder|with higher affinity|preferentially"),
    ("less", ("affinity",), "weaker|less potent|less strongly|worse|less active|lower affinity|less tightly|weaker binder"),
    ("relation", ("<=",), "at most|up to|no more than|not more than|not above|no higher than|or less|or below|maximally|max|maximum|not exceeding|does not exceed|not over|or lower|or better|or stronger"),
    ("relation", ("<",), "below|under|less than|lower than|smaller than|fewer than|beneath|not reaching|is less than|is below"),
    ("relation", (">=",), "at least|no less than|not less than|not below|or more|or above|minimally|minimum|min|or higher|or greater|or over|from|starting at|upwards of"),
    ("relation", (">",), "above|over|more than|greater than|higher than|larger than|exceeding|exceed|exceeds|in excess of|bigger than|beyond|upward of|is above|is more than"),
    ("relation", ("better",), "better than|stronger than|tighter than|more potent than|more strongly than|more tightly than|stronger binding than"),
    ("relation", ("worse",), "weaker than|worse than|less potent than|less strongly than"),
    ("relation", ("=",), "equal to|equals|equal|exactly equal to"),
    ("limit", ("between", "1", "10"), "{single|one} digit {nanomolar|nm}{ range|}"),
    ("limit", ("<", "1"), "{sub |}{subnanomolar|sub nanomolar|picomolar}{ range|}"),
    ("degree", ("most",), "higher|highest|greater|greatest|larger|largest|bigger|biggest|more|most|a higher|the highest|a larger|the larger|the higher|the most|maximum|the largest|the greatest|the biggest|the bigger"),
    ("degree", ("least",), "lower|lowest|smaller|smallest|fewer|fewest|less|least|a lower|the lowest|a smaller|the smaller|the lower|the least|the fewest|minimum|the smallest"),
    ("obey", ("yes",), "pass|passes|obey|obeys|satisfy|satisfies|fulfil|fulfill|fulfils|fulfills|comply with|complies with|follow|follows|meet|meets|respect|respects|conform to|conforms to|compliant with|in line with|within|abide by|adhere to|adheres to|compatible with|free of|clear of|consistent with|in agreement with"),
    ("obey", ("no",), "hit|hits|show|shows|contain|contains|have|has|violate|violates|break|breaks|fail|fails|trigger|triggers|flag|flagged|flagged by|raise|raises|match|matches"),
    ("altered", (), "mutant|mutation|variant|mutated|mutant form|mutant version|point mutation|substitution|bearing the mutation"),
    ("degree of hazard", (), DEGREES),
    ("share", (), "{what |}{percentage|fraction|proportion|share|percent}{ of|}"),
    ("again", (), "what about|how about|and what about|and how about|same for|the same for|and for|and on|and against|ditto for|and with|now for|same question for|same thing for|do the same for|repeat for|and the same for|and in|then for|next|also for|also"),
    ("ordinal", ("1",), "first|the first|the first one|first one|the former|former|option 1|number one|1st"),
    ("ordinal", ("2",), "second|the second|the second one|second one|2nd|the other one|the other"),
    ("ordinal", ("3",), "third|the third|the third one|third one|3rd"),
    ("ordinal", ("4",), "fourth|the fourth|the fourth one|fourth one|4th"),
    ("ordinal", ("-1",), "last|the last|the last one|last one|the latter|latter"),
    ("take part", (), "part of|a part of|involved in|involved|implicated in|associated with|participate in|participates in|take part in|takes part in|linked to|due to|caused by"),
    ("between", (), "between|in the range of|in the range from|ranging from|range|ranging between|in the range"),
    ("unit", ("nM",), "nm|nanomolar|nanomol per liter"),
    ("unit", ("pM",), "pm|picomolar"),
    ("unit", ("uM",), "um|µm|μm|micromolar"),
    ("unit", ("mM",), "millimolar"),
    ("unit", ("g/mol",), "g mol|gram per mole|grams per mole|g per mol|gmol"),
    ("unit", ("Da",), "da|dalton|daltons|amu|u"),
    ("unit", ("kDa",), "kda|kilodalton|kilodaltons|kd a"),
    ("unit", ("A2",), "a2|angstrom squared|square angstrom|square angstroms|a 2"),
    ("unit", ("residues",), "amino acids long|residues long|amino acids in length|residues in length"),
    ("unit", ("%",), "percent|%"),
    ("top", (), "top|first|best|the top|the first"),
    ("rank", (), "rank|ranked|sort|sorted|order|ordered|ranking|rank them|sort them|arrange|ordering|ranks|rank by"),
    ("same", (), "same|identical|the same|one and the same|equal|equivalent|the same molecule|the same compound|the same drug|the same thing|the same substance|identical to|the same as|same as|the same molecule as|same molecule|same compound|the same structure|same structure|identical molecules|identical compounds|the same chemical|one molecule|equivalent to|synonymous with|another name for|a synonym of|a synonym for|another word for|just another name for|same thing as|a different name for|the same drug as|the same compound as|dasselbe|gleich|interchangeable names|mean the same|the same protein|the same protein as|same protein|same thing|same drug"),
    ("structural", ("isomer",), "isomer|isomers of each other|isomeric|constitutional isomer|structural isomer|structural isomers"),
    ("structural", ("stereoisomer",), "{stereo isomer|stereoisomer}|stereoisomers of each other|stereoisomeric"),
    ("structural", ("enantiomer",), "enantiomer|mirror image|mirror images|optical isomer|enantiomeric|mirror images of each other|enantiomers of each other"),
    ("structural", ("diastereomer",), "diastereomer|diastereoisomer|epimer"),
    ("structural", ("tautomer",), "tautomer|tautomeric|tautomers of each other|tautomeric forms"),
    ("structural", ("salt",), "salt of|a salt of|the salt of|salt form of|salt|salts of the same|hydrochloride of"),
    ("structural", ("parent",), "parent of|the parent of|free base of|free acid of|free form of|base of"),
    ("structural", ("related",), "structurally related|structural relation|structural relationship|how related|related|relationship|relation|relate|relates"),
    ("structural", ("scaffold",), "{same|the same|shared|common|identical} {bemis murcko|murcko|ring|core|}{ |}scaffold{ in common|}|share a scaffold|share the same scaffold|same scaffold|same murcko scaffold|the same scaffold|the same murcko scaffold|share a murcko scaffold|common scaffold|shared scaffold"),
    ("structural", ("formula",), "same formula|the same formula|the same molecular formula|same molecular formula|share a molecular formula|share the same molecular formula|share a formula"),
    ("similar", ("tanimoto",), "tanimoto|tanimoto similarity|tanimoto coefficient|tanimoto score|tanimoto index|structural similarity|similarity|fingerprint similarity|morgan similarity|morgan tanimoto|ecfp4 similarity|ecfp similarity|how similar|how alike|chemical similarity|how structurally similar|tanimoto between|morgan fingerprint similarity|similarity score|how close|jaccard similarity|morgan fingerprint|fingerprint|morgan"),
    ("similar", ("find",), "similar|similar to|like|look like|looks like|resemble|resembles|resembling|analogous to|structurally similar|structurally similar to|close to|closest to|most similar to|most similar|alike|related in structure to|similar in structure to|structural analog|structural analogue|structural neighbors|structural neighbours|neighbors|neighbours|nearest neighbors|nearest neighbours|nearest|analog|analogue|chemically similar|similar structure|similar structures|similarly structured|lookalike|closest|structurally related to"),
    ("substructure", (), "as a part|as a substructure|as part|substructure|as substructure|as a fragment|as a motif|as a building block|in their structure|in its structure|in their structures|as a structural element|substructure search|substructure search for|search for the substructure|substructure query"),
    ("contain", (), "contain|contains|contained|containing|include|includes|including|hold|holds|holding|bear|bears|bearing|carry|carries|carrying|possess|possesses|possessing|feature|features|featuring|have|has|having|with|made up of|built from|comprise|comprises|incorporate|incorporates|enthalt|contient|contiene|display|displays|harbor|harbour|harbors|contained in|present in"),
    ("describe", (), "describe|description|tell me about|tell me more about|tell me something about|tell us about|explain|summarize|summarise|what do you know about|what do we know about|what is known about|what is there to know about|information on|information about|info on|info about|overview|overview of|summary of|characterize|characterise|everything about|all about|beschreibe|decris|decrire|describa|facts about|facts on|details about|details on|profile of|tell me everything about|tell me all about|anything about|what can you tell me about|what do you have on|what do you know of|say something about|introduce|give me an overview of|introduction to|data on|brief on|description of|a description of|more about|something about|write about"),
    ("identify", (), "{what|which} {sort|kind|type} of {a |}{molecule|compound|drug|protein|thing|substance|chemical|structure|entity|enzyme}{ exactly|}|identify|identity|identity of|identification|recognize|what exactly is|what kind of thing is|look up|lookup|find|who or what is|what sort of thing is|which drug has|which compound has|which molecule has|which protein has|mean|means|stand for|stands for|refer to|refers to|denote|meant by|correspond to|corresponds to|belong to|belongs to|qu est ce que|c est quoi|que es|cos e|was ist|wer ist|qu est ce que c est|cosa e|o que e|what does it say"),
    ("papers", (), "paper|literature|study|studies|publication|published|pubmed|article|abstract|trial|clinical trial|review|evidence|cite|citation|recent research|recent findings|recent work|reference|research|meta analysis|reported in the literature|scientific literature|europe pmc|manuscript|preprint|findings|pmid"),
    ("convert", (), "convert|translate|turn|transform|conversion|into|converted|express as|written as|write as|expressed as|give as"),
    ("compare", (), "compare|comparison|versus|vs|compared|compared with|compared to|comparing|in comparison|in comparison with|in comparison to|side by side|contrast|as opposed to|or|than|relative to|compares to|compares with"),
    ("difference", (), "difference|differ|differs|how much heavier|how much lighter|how much longer|how much more|how much less|differences|the difference|by how much|differ from|different from|unterschied|diferencia|gap|how much larger|how much bigger|how much stronger|how much|ratio"),
    ("hazards", (), "ghs|hazard|hazards|ghs hazard|hazard statement|hazard class|hazard pictogram|hazard code|hazard classification|hazard information|h statement|h phrase|p statement|signal word|pictogram|ghs classification|ghs statement|ghs pictogram|ghs label|safety hazards|ghs hazard statement"),
    ("family", ("protein family",), "family|protein family|gene family|kinase family|enzyme family|superfamily|subfamily|familie|famille|familia|families|member of which family"),
    ("function", ("function",), "function|biological function|molecular role|purpose|funktion|fonction|funcion|role|biological role|job|physiological function|responsible for|what it does|cellular function|physiological role|do in the cell|functions"),
    ("name", ("name",), "called|known as|official name|recommended name|full name|protein name|name|names|what is the name|complete name|recommended protein name"),
    ("use", ("ChEBI role",), "used for|used as|used|use of|what is it used for|good for|serve as|serves as|act as|acts as|wofur"),
    ("encode", ("gene",), "encode|encodes|encoded|encoding|code for|codes for|coded by|encoded by|kodiert"),
    ("express", ("tissue specificity",), "expressed|express|expresses|expressed in"),
    ("residue", (), "residue|amino acid|aa|amino acid residue|residue number|residue no|amino acid number|amino acid at|residue at|aminoacid|letter"),
    ("position", (), "position|at position|pos|site number|at residue|in position|at the position|sequence position|residue position|location number|spot"),
    ("smarts", (), "smarts|smarts pattern|smarts query|pattern|match|matches|matched|smarts string|smarts match|hit count|occurrence|occur|occurs|occurrences|substructure match|substructure matches"),
    ("path", (), "shortest path|topological distance|path length|shortest path length|bond distance|bonds on the shortest path|bonds in the shortest path|bonds along the shortest path|bonds are on the shortest path|bonds separate|bond path|graph distance|bonds lie on the shortest path|bonds apart|length of the shortest path|bonds between|bonds connect|shortest bond path|minimum number of bonds between|minimal number of bonds between|distance in bonds|number of bonds between|bonds are between|bonds are there between|bonds lie between|bonds from|shortest route"),
    ("dummy", (), "dummy atom|dummy|attachment point|marked atom|dummies|wildcard atom|star atom|marked position|anchor|asterisk|star|marked|two dummy atoms|two marked atoms|both dummy atoms|wildcard|r group|connection point|open position|open valence|labelled atom|labeled atom"),
    ("part", ("hydrogen",), "hydrogens included|including hydrogens|with hydrogens|counting hydrogens|hydrogen included|including hydrogen|incl hydrogens|explicit hydrogens included|hydrogens counted|including all hydrogens|with all hydrogens|hydrogens and all|including implicit hydrogens"),
    ("part", ("heavy",), "hydrogens excluded|excluding hydrogens|not counting hydrogens|without hydrogens|ignoring hydrogens|hydrogens not counted|excluding hydrogen|without hydrogen|hydrogens left out|disregarding hydrogens|apart from hydrogens|other than hydrogen|except hydrogen|hydrogen excluded|not hydrogens"),
    ("everything", (), "all properties|all values|all descriptors|physicochemical properties|physicochemical property|properties|descriptors|property profile|computed properties|molecular properties|physicochemical profile|property|druglikeness profile|chemical properties"),
    ("talk", ("help",), "help|what can you do|what can i ask|what can i ask you|how do you work|what do you do|commands|usage|who are you|what are you|what questions can i ask|what kind of questions can i ask|examples|what do you know|how does this work"),
    ("talk", ("thanks",), "thanks|thank you|thx|cheers|bye|goodbye|great|cool|nice|ok thanks|perfect|awesome|good|ok|quit|exit|hello|hi|hey|good morning|danke|merci|gracias|thanks a lot|many thanks|thank you very much|ok thank you|great thanks"),
    ("and", (), "and|&|as well as|plus|along with|together with|und|y|et|e|ed|en"),
    ("than", (), "than|als|que|che"),
    ("known", ("index",), "do you know|do you have|are known here|in your index|you know|in the index|on file|are in the index|are there in the index|are in your index|are stored|are there in your records|are in the starter set|are known to you|does your index hold|do you hold"),
    ("effect", (), "treat|treats|treating|treatment|cause|causes|causing|prevent|prevents|cure|cures|extend|extends|increase|increases|reduce|reduces|decrease|decreases|improve|improves|affect|affects|induce|induces|help with|alleviate|raise|raises|lower|lowers|worsen|trigger|triggers|promote|promotes|protect|protects|"
                    "mechanism|mechanism of action|how does it work|side effect|side effects|adverse effect|adverse effects|efficacy|effectiveness|effect|effects|risk|risks|benefit|benefits|safety|toxicity|work|works|outcome|mortality|survival|associated with|linked to|contraindicated|indication|indications|indicated|interact clinically"),
)
_NUMBER_WORDS = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
                 "seventeen eighteen nineteen twenty").split()
_AMINO_ACIDS = ("alanine arginine asparagine aspartate cysteine glutamine glutamate glycine histidine isoleucine leucine "
                "lysine methionine phenylalanine proline serine threonine tryptophan tyrosine valine").split()
# fmt: on


@cache
def phrases() -> Phrases:
    """Return the table of all phrases: predicates, groups of them, and the rows above."""
    table = Phrases()

    def add(role: Role, value: tuple[str, ...], words: str) -> None:
        for phrase in _split(words):
            table.add(phrase, Meaning(role, value))

    for words in FILLER:
        add("filler", (), words)
    add("imperative", (), REQUEST)
    for predicate in PREDICATES:
        if predicate.of != "pair":
            for phrase in predicate.asked:
                table.add(phrase, Meaning("value", (predicate.name,)))
            for alternatives in predicate.abroad.values():
                add("value", (predicate.name,), alternatives)
        for role, several in (("adjective", predicate.adjective), ("more", predicate.more), ("less", predicate.less)):
            for phrase in several:
                table.add(phrase, Meaning(role, (predicate.name,)))
    for asked, names in GROUPS:
        for phrase in asked:
            table.add(phrase, Meaning("value", names))
    for role, value, words in ROWS:
        add(role, value, words)
    for topic, words in HAZARD_TOPICS.items():
        add("hazard", (topic,), words)
    for word in ORGANISMS:
        table.add(word, Meaning("organism", (word,)))
    for number, word in enumerate(_NUMBER_WORDS):
        table.add(word, Meaning("cardinal", (str(number),)))
    for name in (*_AMINO_ACIDS, *(code.lower() for code in LETTERS)):
        table.add(name, Meaning("term", (name,)))
    return table


def _split(words: str) -> list[str]:
    """Split alternatives at the bars that stand outside braces."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(words):
        depth += (letter == "{") - (letter == "}")
        if letter == "|" and not depth:
            parts.append(words[start:place])
            start = place + 1
    return [*parts, words[start:]]
