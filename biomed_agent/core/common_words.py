"""Ordinary English words that a name must not be mistaken for."""

from __future__ import annotations

SYMBOL_WORDS = frozenset(
    "a ache acts aim all amid an and ank ant any apex app aqua arch arms as asp at atm auto axis bad bag balance "
    "bar base bat be beam bear beta bid big bind bore but by cab cad calm camp can cap caps car card cars cascade "
    "case cast cat chain chalk char chat chip clock cop cope cord core crest damage dame dark dim dimension do "
    "egg else end era far fat fate fed few fit flame folk for form fox from fuse gap gas gene go grid had has hat "
    "he hen her hid hip his hit hot hub ice ide if impact in ink inspire into is it jack key kid kit lab lamb "
    "large last leap let lie like lime link lot low mad mail mal man many map mars mass mat may men merlin met "
    "mice mild milestone min mind mix mob model monitor most my net nine no not now nut oat of off old on one or "
    "orange our out pack pad pan part pass past pat patrol paw pen per pig pin plan pole pore prep press proc "
    "prune ran rap rat raw red rest rho rim ring rod role same sand sap sea sequel set she ship shot side sign "
    "sin sit six sky slam son soon spike spring star step stop such sun tan tap tar task ten that the then they "
    "this tip to top track trap trim tub two type up us van vinegar wars was we wet what who why wish with you "
    "zip".split()
)
"""English words that are also gene symbols or names; in a text only the exact capitals of the symbol count."""
QUESTION_WORDS = frozenset(
    """
    about above acceptor acceptors accession acid acids action active activity affect affinity after again against
    alcohol alias alkaloid allowed almost already also alternatively always amino among analog animal another answer
    antibody anyone anything approved area aromatic around article articles atom atoms average away back bacteria
    banned based became because become been before begin behind being belong belongs below beside best better
    between beyond bigger bind binding binds biological biology body boiling bond bonds both brand breastfeeding
    burn calculate called came cancer cannot cas cause causes cell cells central certain change charge chebi chembl
    chemical chemistry children chiral cid class classification clear clinical close code color colour come common
    compare complex compound compounds compute computed contain contains could count course cytoplasm dangerous days
    deal delete describe description difference different discovered disease doctor does doing done donor donors
    down drop drug drugbank drugs during each early easy ec ec50 effect effects either element else ema encode
    encoded encodes enough enzyme even ever every everyone everything evidence exact example explain express
    expressed fact family fast fda feel felt field find fine first five following force form former formula found
    four free friend from full function functions gave gene general genes give given goes going gone good great
    group groups grow half hand happens hard have hba hbd hcl health healthy hear heart heavier heavy held hello
    help here high hold home hope hormone hour house however human hundred hydrogen ic50 idea identify important
    inchi inchikey inhibit inhibitor inhibitors inhibits inn insert inside interact interaction interacts into
    invented isomer itself iupac joke just kd keep kept ki kinase kind kindly knew know known large larger last late
    later learn least leave left legal length less life light lighter like line lipid lipinski list literature
    little live lived located location logp long longer look looked made main make makes making manufactured many
    mass matter maybe mean meaning means measured mechanism medical medicine melting membrane metal might mind
    mineral minute mitochondria mol molar molecular molecule molecules moment money monoisotopic month more morning
    most mouse move much must mutant mw name names natural near need needs never next nice night nothing nucleotide
    nucleus number official often once only open order organism other others outside over paper papers parent part
    pathway pathways patient patients people peptide perhaps person place plant play please point poison poisonous
    polar potent power pregnancy present price problem produced product products properties property protein
    proteins psa pubchem qed quite rather reach read ready real really reason recent receptor registry related
    remember residues responsible right ring rings ro5 role roles room rotatable rule safe said salt same saying
    says scaffold science second seem seen select selective sense sent sequence several shall shorter should show
    side similar simple since small smaller smell smiles solubility soluble some something sometimes soon sort sound
    speak species stand start state stereocenters stereocentres steroid still stop story strong structure structures
    studies study subcellular substance such sugar summarize sure surface symbol symptoms syndrome synonym synonyms
    table take taken talk target targets taste tell temperature than thank thanks that their them then there these
    they thing think this those thought three through time tissue today together told tomorrow took toward tpsa
    treat treatment tried true truth trying turn turned twice type types under understand uniprot until upon used
    users uses usp usually vaccine value variant versus very virus vitamin want wanted wants watch water week weigh
    weighing weight well went were what when where whether which while whole whom whose will with within woman word
    words work world worth would write wt year years young your yourself
    """.split()
)
"""Ordinary words of questions in this field; they are never taken for names."""
