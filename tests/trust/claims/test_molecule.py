"""Statements about molecules, and what is made of them; any text can be checked."""

from __future__ import annotations

import json
import lzma
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biomed_agent.core.chemistry.structures import molecule_from_smiles
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.types import Claim, Fact, Molecule, Protein, Provenance
from biomed_agent.trust.claims import check_text
from tests.helpers.claims import check_sentence
from tests.helpers.places import SHARED

SHARED = SHARED / "data"

SMILES = {
    "demo": "CC(=CCC1=CC(=CC(=C1O)CC=C(C)C)/C=C/C(=O)C2=C(C=C(C=C2)O)O)C",
    "aspirin": "CC(=O)Oc1ccccc1C(=O)O",
    "caffeine": "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
    "quercetin": "O=c1c(O)c(-c2ccc(O)c(O)c2)oc2cc(O)cc(O)c12",
    "kaempferol": "O=c1c(O)c(-c2ccc(O)cc2)oc2cc(O)cc(O)c12",
    "apigenin": "O=c1cc(-c2ccc(O)cc2)oc2cc(O)cc(O)c12",
    "genistein": "O=c1c(-c2ccc(O)cc2)coc2cc(O)cc(O)c12",
    "naringenin": "O=C1C[C@@H](c2ccc(O)cc2)Oc2cc(O)cc(O)c21",
    "isoliquiritigenin": "O=C(/C=C/c1ccc(O)cc1)c1ccc(O)cc1O",
    "phloretin": "O=C(CCc1ccc(O)cc1)c1c(O)cc(O)cc1O",
    "estradiol": "C[C@]12CC[C@H]3[C@@H](CCc4cc(O)ccc43)[C@@H]1CC[C@@H]2O",
    "testosterone": "C[C@]12CC[C@H]3[C@@H](CCC4=CC(=O)CC[C@@]43C)[C@@H]1CC[C@@H]2O",
    "cholesterol": "C[C@H](CCCC(C)C)[C@H]1CC[C@H]2[C@@H]3CC=C4C[C@@H](O)CC[C@]4(C)[C@H]3CC[C@]12C",
    "penicillin G": "CC1(C)S[C@@H]2[C@H](NC(=O)Cc3ccccc3)C(=O)N2[C@H]1C(=O)O",
    "cephalexin": "CC1=C(C(=O)O)N2C(=O)[C@@H](NC(=O)[C@H](N)c3ccccc3)[C@H]2SC1",
    "glucose": "OC[C@H]1OC(O)[C@H](O)[C@@H](O)[C@@H]1O",
    "morphine": "CN1CC[C@]23c4c5ccc(O)c4O[C@H]2[C@@H](O)C=C[C@H]3[C@H]1C5",
    "dopamine": "NCCc1ccc(O)c(O)c1",
    "serotonin": "NCCc1c[nH]c2ccc(O)cc12",
    "diazepam": "CN1C(=O)CN=C(c2ccccc2)c2cc(Cl)ccc21",
    "chlorpromazine": "CN(C)CCCN1c2ccccc2Sc2ccc(Cl)cc21",
    "ciprofloxacin": "O=C(O)c1cn(C2CC2)c2cc(N3CCNCC3)c(F)cc2c1=O",
    "metformin": "CN(C)C(=N)NC(=N)N",
    "metformin hydrochloride": "CN(C)C(=N)NC(=N)N.Cl",
    "ibuprofen": "CC(C)Cc1ccc(C(C)C(=O)O)cc1",
    "acetaminophen": "CC(=O)Nc1ccc(O)cc1",
    "phenobarbital": "CCC1(c2ccccc2)C(=O)NC(=O)NC1=O",
    "phenytoin": "O=C1NC(=O)C(c2ccccc2)(c2ccccc2)N1",
    "imatinib": "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1",
    "warfarin": "CC(=O)CC(c1ccccc1)c1c(O)c2ccccc2oc1=O",
    "nicotine": "CN1CCC[C@H]1c1cccnc1",
    "adenosine": "Nc1ncnc2c1ncn2[C@@H]1O[C@H](CO)[C@@H](O)[C@H]1O",
    "resveratrol": "Oc1ccc(/C=C/c2cc(O)cc(O)c2)cc1",
    "sulfamethoxazole": "Cc1cc(NS(=O)(=O)c2ccc(N)cc2)no1",
    "choline": "C[N+](C)(C)CCO",
    "bortezomib": "CC(C)C[C@H](NC(=O)[C@H](Cc1ccccc1)NC(=O)c1cnccn1)B(O)O",
    "alanine": "C[C@H](N)C(=O)O",
    "palmitic acid": "CCCCCCCCCCCCCCCC(=O)O",
    "benzene": "c1ccccc1",
    "emodin": "Cc1cc(O)c2c(c1)C(=O)c1cc(O)cc(O)c1C2=O",
    "erythromycin": "CC[C@H]1OC(=O)[C@H](C)[C@@H](O[C@H]2C[C@@](C)(OC)[C@@H](O)[C@H](C)O2)[C@H](C)[C@@H]"
    "(O[C@@H]2O[C@H](C)C[C@@H]([C@H]2O)N(C)C)[C@](C)(O)C[C@@H](C)C(=O)[C@H](C)[C@@H](O)[C@]1(C)O",
    "tetracycline": "CN(C)[C@@H]1C(O)=C(C(N)=O)C(=O)[C@@]2(O)C(O)=C3C(=O)c4c(O)cccc4[C@@](C)(O)[C@H]3C[C@@H]12",
    "propranolol": "CC(C)NCC(O)COc1cccc2ccccc12",
    "codeine": "CN1CC[C@]23c4c5ccc(OC)c4O[C@H]2[C@@H](O)C=C[C@H]3[C@H]1C5",
    "cyclohexane": "C1CCCCC1",
    "hexane": "CCCCCC",
    "aniline": "Nc1ccccc1",
    "naphthalene": "c1ccc2ccccc2c1",
    "tetralin": "c1ccc2CCCCc2c1",
    "pyrrolidine": "C1CCNC1",
    "oleic acid": "CCCCCCCC/C=C\\CCCCCCCC(=O)O",
    "amlodipine besylate": "CCOC(=O)C1=C(COCCN)NC(C)=C(C(=O)OC)C1c1ccccc1Cl.O=S(=O)(O)c1ccccc1",
    "sodium chloride": "[Na+].[Cl-]",
    "water": "O",
    "cyclohexadienone": "O=C1C=CC=CC1",
    "keto phloroglucinol": "O=C1CC(=O)CC(=O)C1",
    "4-nitroanisole": "COc1ccc([N+](=O)[O-])cc1",
    "phthalate": "O=C([O-])c1ccccc1C(=O)[O-]",
    "nitrobenzene": "O=[N+]([O-])c1ccccc1",
    "nitrate": "[O-][N+]([O-])=O",
    "betaine": "C[N+](C)(C)CC(=O)[O-]",
    "thalidomide": "O=C1CCC(N2C(=O)c3ccccc3C2=O)C(=O)N1",
    "R group": "*c1ccccc1",
}


def molecule(name: str) -> Molecule:
    return molecule_from_smiles(SMILES[name], name=name)


SUPPORTED, CONTRADICTED, UNVERIFIED = "supported", "contradicted", "unverified"

CLAIMS = [
    # the answer of the published demonstration about this molecule, and the truth
    ("demo", "it is a 3-hydroxyflavone", CONTRADICTED),
    ("demo", "It is a member of flavonoids, a member of 3-hydroxyflavones and a plant metabolite.", CONTRADICTED),
    ("demo", "It is a chalcone.", SUPPORTED),
    ("demo", "It is a flavonoid.", SUPPORTED),
    ("demo", "3-hydroxy-4-methoxyphenyl", CONTRADICTED),
    ("demo", "It contains a 3-hydroxy-4-methoxyphenyl group.", CONTRADICTED),
    ("demo", "It bears a 2,4-dihydroxyphenyl group at position 1.", UNVERIFIED),
    ("demo", "It is an inhibitor of the enzyme that makes chalcone.", UNVERIFIED),
    ("demo", "It derives from a 3-hydroxyflavone.", UNVERIFIED),
    ("demo", "It is not a flavone.", SUPPORTED),
    ("demo", "It is not a chalcone.", CONTRADICTED),
    # words about other things, hedges and relations
    ("aspirin", "It is an inhibitor of cyclooxygenase, a membrane protein.", UNVERIFIED),
    ("aspirin", "It may be a ketone.", UNVERIFIED),
    ("aspirin", "It is a ketone or an amine.", UNVERIFIED),
    ("aspirin", "It is a flavone analogue.", UNVERIFIED),
    ("aspirin", "It is a derivative of chalcone.", UNVERIFIED),
    ("aspirin", "It is a precursor of steroids.", UNVERIFIED),
    ("aspirin", "It is structurally similar to a steroid.", UNVERIFIED),
    ("aspirin", "It is a steroid receptor antagonist.", UNVERIFIED),
    ("aspirin", "It is a ketone reductase inhibitor that binds an aldehyde.", UNVERIFIED),
    ("aspirin", "It is metabolised to a phenol.", UNVERIFIED),
    ("aspirin", "It is part of a peptide.", UNVERIFIED),
    ("aspirin", "It is a complex with pyridine.", UNVERIFIED),
    ("aspirin", "The parent compound is a flavone.", UNVERIFIED),
    ("aspirin", "The enzyme has a mass of 70 kDa.", UNVERIFIED),
    ("aspirin", "The metabolite is a phenol.", UNVERIFIED),
    ("aspirin", "Quercetin is a flavonol.", UNVERIFIED),
    ("aspirin", "Its metabolite, which is a steroid, has three rings.", UNVERIFIED),
    ("aspirin", "It is a masked aldehyde.", UNVERIFIED),
    ("aspirin", "It is an amine isostere.", UNVERIFIED),
    ("aspirin", "It reacts with an amine.", UNVERIFIED),
    ("aspirin", "It was once thought to be an amine.", UNVERIFIED),
    ("aspirin", "It is an effective painkiller.", UNVERIFIED),
    ("aspirin", "It is usually taken with caffeine, a purine.", UNVERIFIED),
    (
        "aspirin",
        "The molecule is salicylic acid in which the hydroxy group has been replaced by an amino group.",
        UNVERIFIED,
    ),
    # groups
    ("aspirin", "It is a carboxylic ester.", SUPPORTED),
    ("aspirin", "Aspirin is a member of benzoic acids and an acetate ester.", SUPPORTED),
    ("aspirin", "It is a phenol.", CONTRADICTED),
    ("aspirin", "It is an amide.", CONTRADICTED),
    ("aspirin", "It lacks a carboxylic acid.", CONTRADICTED),
    ("aspirin", "It contains no nitrogen.", SUPPORTED),
    ("aspirin", "It does not contain a carboxy group.", CONTRADICTED),
    ("aspirin", "The compound contains a benzene ring, a nitro group at C-4 and an ester.", CONTRADICTED),
    ("aspirin", "It has two carboxylic acid groups.", CONTRADICTED),
    ("aspirin", "It is a dicarboxylic acid.", CONTRADICTED),
    (
        "aspirin",
        "It is a monocarboxylic acid that is benzoic acid substituted by an acetoxy group at position 2.",
        UNVERIFIED,  # the position is not compared
    ),
    ("caffeine", "It is a carboxylic acid.", CONTRADICTED),
    ("caffeine", "It is a purine alkaloid and a trimethylxanthine.", UNVERIFIED),  # alkaloid: from a plant?
    ("caffeine", "It is a member of purines and a trimethylxanthine.", SUPPORTED),
    ("caffeine", "It has an aromatic methoxy group.", CONTRADICTED),
    ("metformin", "It is a biguanide without rings.", SUPPORTED),
    ("diazepam", "It is an organochlorine compound and a benzodiazepine.", SUPPORTED),
    ("diazepam", "It is an organofluorine compound.", CONTRADICTED),
    ("sulfamethoxazole", "It is a sulfonamide antibiotic.", UNVERIFIED),  # a role
    ("sulfamethoxazole", "It is a sulfonamide.", SUPPORTED),
    ("sulfamethoxazole", "It is a beta-lactam antibiotic.", CONTRADICTED),
    ("bortezomib", "It carries a boronic acid group.", SUPPORTED),
    ("quercetin", "It is a pentahydroxyflavone.", SUPPORTED),
    ("apigenin", "It is a flavonol.", CONTRADICTED),
    ("apigenin", "It is a 3-hydroxyflavone.", CONTRADICTED),
    ("naringenin", "It is a flavone.", CONTRADICTED),
    ("genistein", "It is a flavone.", CONTRADICTED),
    ("phloretin", "It is a chalcone.", UNVERIFIED),  # the word is also used for dihydrochalcones
    ("estradiol", "It is a hydrocarbon.", CONTRADICTED),
    ("glucose", "It is an aromatic compound.", CONTRADICTED),
    ("aspirin", "The compound is benzene.", UNVERIFIED),  # it contains one, it is not the compound
    ("aspirin", "The compound is chalcone.", CONTRADICTED),
    ("aspirin", "It is aspirin.", SUPPORTED),
    ("aspirin", "It is not aspirin.", CONTRADICTED),
    # figures
    ("demo", "Its molecular formula is C25H28O4.", SUPPORTED),
    ("demo", "Its molecular formula is C₂₅H₂₈O₄.", SUPPORTED),
    ("demo", "It has the formula C25H28O5.", CONTRADICTED),
    ("aspirin", "Aspirin has a molecular weight of 180.16 g/mol.", SUPPORTED),
    ("aspirin", "Its molecular weight is about 180 Da.", SUPPORTED),
    ("aspirin", "Molecular weight: 180.2", SUPPORTED),
    ("aspirin", "Its monoisotopic mass is 180.0423 Da.", SUPPORTED),
    ("aspirin", "Its molecular weight is 194.2 g/mol.", CONTRADICTED),
    ("aspirin", "Its molecular weight is below 500.", SUPPORTED),
    ("aspirin", "Its molecular weight is over 500 Da.", CONTRADICTED),
    ("aspirin", "A typical dose has a mass of 500 mg.", UNVERIFIED),
    ("metformin hydrochloride", "Its molecular weight is 165.6.", SUPPORTED),
    ("metformin hydrochloride", "Its molecular weight is 129.17.", UNVERIFIED),
    ("metformin hydrochloride", "The free base has a molecular weight of 129.17.", UNVERIFIED),
    ("metformin hydrochloride", "Its molecular weight is 129.17 as the free base.", SUPPORTED),
    ("metformin hydrochloride", "It is a hydrochloride salt.", SUPPORTED),
    ("metformin hydrochloride", "It is a sodium salt.", CONTRADICTED),
    ("metformin", "It is a hydrochloride.", CONTRADICTED),
    ("aspirin", "It contains nine carbon atoms, eight hydrogen atoms and four oxygen atoms.", SUPPORTED),
    ("aspirin", "It contains 10 carbon atoms.", CONTRADICTED),
    ("aspirin", "It has two rings.", CONTRADICTED),
    ("aspirin", "It has one aromatic ring and 13 heavy atoms.", SUPPORTED),
    ("aspirin", "It has 1 hydrogen bond donor and 4 hydrogen bond acceptors.", SUPPORTED),
    ("aspirin", "It has 1 hydrogen bond donor and 3 hydrogen bond acceptors.", SUPPORTED),
    ("aspirin", "It has 5 hydrogen bond donors.", CONTRADICTED),
    ("aspirin", "The number of rotatable bonds is 3.", SUPPORTED),
    ("aspirin", "Its logP is 1.2.", SUPPORTED),
    ("aspirin", "Its logP is 3.5.", UNVERIFIED),  # estimates differ
    ("aspirin", "It satisfies Lipinski's rule of five.", SUPPORTED),
    ("aspirin", "It violates Lipinski's rule of five.", CONTRADICTED),
    ("erythromycin", "It obeys the rule of five.", CONTRADICTED),
    ("diazepam", "It contains a seven-membered ring.", SUPPORTED),
    ("aspirin", "It contains a seven-membered ring.", CONTRADICTED),
    ("aspirin", "It weighs 180 g/mol.", SUPPORTED),
    ("aspirin", "Aspirin's molecular weight is 300.", CONTRADICTED),
    ("aspirin", "The molecule's formula is C9H8O4.", SUPPORTED),
    ("aspirin", "It contains only carbon, hydrogen and oxygen.", SUPPORTED),
    ("caffeine", "It contains only carbon, hydrogen and oxygen.", CONTRADICTED),
    ("aspirin", "Unlike ibuprofen, it is an ester.", UNVERIFIED),  # what is ibuprofen?
    ("quercetin", "It has exactly four hydroxy groups.", CONTRADICTED),
    ("quercetin", "It has four hydroxy groups.", UNVERIFIED),  # at least four, in truth five
    ("quercetin", "It is a glycoside.", CONTRADICTED),
    ("morphine", "It is a secondary amine.", CONTRADICTED),
    ("cholesterol", "It is a sterol.", SUPPORTED),
    ("imatinib", "It violates no Lipinski rules.", SUPPORTED),
    ("erythromycin", "It violates two of Lipinski's rules.", SUPPORTED),
    # charge and stereo
    ("choline", "It is a quaternary ammonium cation.", SUPPORTED),
    ("choline", "It is neutral.", CONTRADICTED),
    ("choline", "It has a net charge of +1.", SUPPORTED),
    ("benzene", "It is an anion.", CONTRADICTED),
    ("palmitic acid", "It is an anion.", CONTRADICTED),  # as drawn
    ("palmitic acid", "It is an anion at physiological pH.", UNVERIFIED),
    ("aspirin", "It is a dianion.", CONTRADICTED),
    ("aspirin", "It is charged.", CONTRADICTED),
    ("aspirin", "It is not charged.", SUPPORTED),
    ("aspirin", "It is negatively charged.", CONTRADICTED),
    ("aspirin", "It is negatively charged at pH 7.4.", UNVERIFIED),
    ("aspirin", "It is neutral.", SUPPORTED),
    ("aspirin", "It is deprotonated.", CONTRADICTED),
    ("aspirin", "It is a zwitterion.", CONTRADICTED),
    ("aspirin", "It forms a dianion in water.", UNVERIFIED),
    ("aspirin", "Its dianion is a strong base.", UNVERIFIED),
    ("aspirin", "It is a conjugate acid of an acetylsalicylate.", UNVERIFIED),
    ("aspirin", "It is the conjugate base of benzoic acid.", CONTRADICTED),
    ("aspirin", "It is a conjugate base of a phthalate(1-).", CONTRADICTED),
    ("aspirin", "It is a phthalate(1-).", CONTRADICTED),
    (
        "aspirin",
        "The molecule is a phthalate that is the dianion obtained by the deprotonation of both carboxy groups of "
        "phthalic acid.",
        CONTRADICTED,
    ),
    ("aspirin", "It is an acid that is the conjugate base of phthalic acid; major species at pH 7.3.", CONTRADICTED),
    ("phthalate", "It is a dianion.", SUPPORTED),
    ("phthalate", "It is an anion.", SUPPORTED),
    ("phthalate", "It is charged.", SUPPORTED),
    ("phthalate", "It is a cation.", CONTRADICTED),
    ("phthalate", "It is the conjugate base of phthalic acid.", UNVERIFIED),  # of which acid is not compared
    # a tautomer, and a parent that lost its hydrogen
    ("cyclohexadienone", "It is a phenol.", UNVERIFIED),
    ("keto phloroglucinol", "It is a phenol.", UNVERIFIED),
    ("testosterone", "It is a phenol.", CONTRADICTED),
    ("cyclohexane", "It is a phenol.", CONTRADICTED),
    ("4-nitroanisole", "The molecule is 4-nitrophenol substituted by a methyl group at the oxygen.", UNVERIFIED),
    ("4-nitroanisole", "The molecule is an ether that is 4-nitrophenol substituted by a methyl group.", UNVERIFIED),
    ("4-nitroanisole", "It is a nitrophenol.", CONTRADICTED),
    ("4-nitroanisole", "It is a phenol.", CONTRADICTED),
    ("hexane", "The molecule is 4-nitrophenol substituted by a methyl group at the oxygen.", CONTRADICTED),
    ("morphine", "It is the conjugate base of morphinium(1+).", UNVERIFIED),
    ("nitrobenzene", "It is a zwitterion.", CONTRADICTED),  # charges of the way nitro groups are written
    ("nitrate", "It is an anion.", SUPPORTED),
    ("betaine", "It is a zwitterion.", SUPPORTED),
    ("betaine", "It is an anion.", UNVERIFIED),
    ("alanine", "It is a zwitterion at physiological pH.", UNVERIFIED),
    ("metformin hydrochloride", "It is a cation.", UNVERIFIED),
    ("testosterone", "It is a 17beta-hydroxy steroid.", UNVERIFIED),  # positions are not compared
    ("testosterone", "It is a chlorinated steroid.", CONTRADICTED),
    ("testosterone", "It is a hydroxy steroid.", SUPPORTED),
    ("apigenin", "It bears a hydroxy group at position 3.", UNVERIFIED),
    ("caffeine", "It bears a hydroxy group at position 3.", UNVERIFIED),  # a lactim would have one
    ("nicotine", "It bears a hydroxy group at position 3.", CONTRADICTED),
    ("aspirin", "It is achiral.", SUPPORTED),
    ("alanine", "It is achiral.", CONTRADICTED),
    ("alanine", "It is the (S)-enantiomer.", SUPPORTED),
    ("alanine", "It is the (R)-enantiomer.", CONTRADICTED),
    ("morphine", "It is the (R)-enantiomer.", UNVERIFIED),  # five centres, one label
    ("resveratrol", "The double bond has E configuration.", SUPPORTED),
    ("resveratrol", "It is the (Z)-isomer.", CONTRADICTED),
    ("morphine", "It has five stereocentres.", SUPPORTED),
    ("resveratrol", "It is used in plants; only the Z isomer is inactive.", UNVERIFIED),
    ("benzene", "It holds isotopes of relative atomic mass 12.01.", UNVERIFIED),
    # identifiers
    ("aspirin", "Its InChIKey is BSYNRYMUTXBXSQ-UHFFFAOYSA-N.", SUPPORTED),
    ("aspirin", "Its InChIKey is RYYVLZVUVIJVGH-UHFFFAOYSA-N.", CONTRADICTED),
    ("aspirin", "Its SMILES is O=C(O)c1ccccc1OC(C)=O.", SUPPORTED),
    ("aspirin", "Its SMILES is O=C(O)c1ccccc1O.", CONTRADICTED),
    # a denial after "but"
    ("aspirin", "It contains an ester but no carboxylic acid.", CONTRADICTED),
    ("aspirin", "It is an ester but not a carboxylic acid.", CONTRADICTED),
    ("aspirin", "It is an ester, but not an acid.", CONTRADICTED),
    ("aspirin", "It is an ester but not a phenol.", SUPPORTED),
    ("aspirin", "It contains an ester but no nitrogen.", SUPPORTED),
    # a class of another thing that is named
    ("aspirin", "It is an acetate ester of cholesterol.", UNVERIFIED),
    ("aspirin", "It is an ester of choline.", UNVERIFIED),
    ("codeine", "It is the methyl ether of cholesterol.", UNVERIFIED),
    # one part that is not read or not decided
    ("aspirin", "It is a carboxylic acid and a strong opioid.", UNVERIFIED),
    ("aspirin", "It is a carboxylic acid used to treat HIV.", UNVERIFIED),
    ("aspirin", "It is a carboxylic acid that kills HIV.", UNVERIFIED),
    ("aspirin", "It is an ester, an amide and a strong opioid.", CONTRADICTED),
    ("aspirin", "Due to its nitrogen, it is an ester.", UNVERIFIED),
    ("aspirin", "It is a strong ester.", UNVERIFIED),
    ("aspirin", "It is an ester antibiotic.", UNVERIFIED),
    ("cholesterol", "It is a steroid hormone.", UNVERIFIED),
    ("aspirin", "It has one hydrogen bond donor and nine acceptors.", CONTRADICTED),
    ("aspirin", "It has one hydrogen bond donor and four acceptors.", SUPPORTED),
    ("cholesterol", "It is a steroid with a ketone at position 3.", UNVERIFIED),
    ("cholesterol", "It is a steroid with a hydroxyl group at position 7.", UNVERIFIED),
    ("cyclohexane", "It has a six-membered aromatic ring.", UNVERIFIED),
    # qualities before a class
    ("cyclohexane", "It is an aromatic hydrocarbon.", CONTRADICTED),
    ("cyclohexane", "It is a saturated hydrocarbon.", SUPPORTED),
    ("cyclohexane", "It is an acyclic hydrocarbon.", CONTRADICTED),
    ("hexane", "It is an unsaturated hydrocarbon.", CONTRADICTED),
    ("hexane", "It is a cyclic hydrocarbon.", CONTRADICTED),
    ("hexane", "It is an acyclic hydrocarbon.", SUPPORTED),
    ("hexane", "It is a volatile hydrocarbon.", UNVERIFIED),
    ("benzene", "It is a polycyclic aromatic hydrocarbon.", CONTRADICTED),
    ("benzene", "It is an aliphatic hydrocarbon.", CONTRADICTED),
    ("naphthalene", "It is a polycyclic aromatic hydrocarbon.", SUPPORTED),
    ("tetralin", "It is a polycyclic aromatic hydrocarbon.", UNVERIFIED),
    ("aniline", "It is an aliphatic amine.", CONTRADICTED),
    ("aniline", "It is a cyclic amine.", CONTRADICTED),
    ("pyrrolidine", "It is a cyclic amine.", SUPPORTED),
    ("pyrrolidine", "It is an aliphatic amine.", SUPPORTED),
    ("palmitic acid", "It is an unsaturated fatty acid.", CONTRADICTED),
    ("oleic acid", "It is an unsaturated fatty acid.", UNVERIFIED),
    # salts and units
    ("amlodipine besylate", "It is a hydrochloride salt.", CONTRADICTED),
    ("sodium chloride", "It is a hydrochloride salt.", CONTRADICTED),
    ("sodium chloride", "It is a chloride salt.", SUPPORTED),
    ("aspirin", "It has a molecular weight of 180.16 kg/mol.", CONTRADICTED),
    ("aspirin", "It has a molecular weight of 180.16 lb/mol.", UNVERIFIED),
    # rings that are no terms of their own
    (
        "aspirin",
        "The molecule is a member of the class of benzoic acids that is 2,3-dihydro-1H-pyrazol-3-one substituted by a "
        "methyl group at position 4.",
        CONTRADICTED,
    ),
    ("aspirin", "It is a member of benzoic acids and a member of 2,3-benzoxazoles.", CONTRADICTED),
    ("caffeine", "It is a member of 1,2-thiazolidines.", CONTRADICTED),
    ("caffeine", "It is a member of imidazopyrimidines.", UNVERIFIED),
    ("aspirin", "It is an imidazoline receptor agonist.", UNVERIFIED),
    # elements, atoms and qualities
    ("aspirin", "It contains oxygen.", SUPPORTED),
    ("water", "It contains oxygen.", SUPPORTED),
    ("water", "It contains carbon.", CONTRADICTED),
    ("aspirin", "It has 21 atoms.", SUPPORTED),
    ("aspirin", "It has 13 atoms.", UNVERIFIED),  # without hydrogen
    ("aspirin", "It has 20 atoms.", CONTRADICTED),
    ("metformin hydrochloride", "It has 20 atoms.", UNVERIFIED),  # the neutral parent has
    ("benzene", "It is aromatic.", SUPPORTED),
    ("hexane", "It is aromatic.", CONTRADICTED),
    ("thalidomide", "It is chiral.", SUPPORTED),
    ("thalidomide", "It is achiral.", UNVERIFIED),
    ("benzene", "It is chiral.", CONTRADICTED),
    # denials, and what they deny
    ("aspirin", "It does not have a molecular weight of 180.16.", UNVERIFIED),
    ("aspirin", "It does not have a molecular weight of 300.", UNVERIFIED),
    ("alanine", "It is not chiral.", CONTRADICTED),
    ("aspirin", "It is not an ester of heroin.", UNVERIFIED),
    ("aspirin", "It is not just an ester.", UNVERIFIED),
    ("aspirin", "It contains an ester but no ester at position 5.", UNVERIFIED),
    ("aspirin", "It is morpholine-free.", UNVERIFIED),
    ("aspirin", "It has 9 atoms of carbon.", SUPPORTED),
    ("aspirin", "It is both a carboxylic acid and an ester.", SUPPORTED),
    ("aspirin", "It is an ester and a protein.", UNVERIFIED),
    ("sodium chloride", "It is an organic salt.", CONTRADICTED),
    ("ibuprofen", "It is an aromatic monocarboxylic acid.", UNVERIFIED),
    # open positions decide nothing by absence
    ("R group", "It is a ketone.", UNVERIFIED),
    ("R group", "It contains no nitrogen.", UNVERIFIED),
    ("R group", "It has a benzene ring.", SUPPORTED),
]


@pytest.mark.parametrize(("name", "sentence", "verdict"), CLAIMS)
def test_verdicts_on_molecules(name: str, sentence: str, verdict: str) -> None:
    claim = check_sentence(sentence, molecule(name))
    assert claim.verdict == verdict, claim.why
    assert claim.text == sentence
    assert claim.why


TRUE_CLASSES = """
aspirin: a member of benzoic acids; a member of salicylates; an acetate ester; a carboxylic ester; a monocarboxylic
    acid
caffeine: a purine alkaloid; a trimethylxanthine; a member of purines; an alkaloid; an organonitrogen compound
quercetin: a flavonol; a flavonoid; a pentahydroxyflavone; a 7-hydroxyflavonol; a polyphenol; a member of flavones
kaempferol: a flavonol; a tetrahydroxyflavone; a 7-hydroxyflavonol; a member of flavonoids; a polyphenol
apigenin: a trihydroxyflavone; a flavone; a member of flavones; a flavonoid; a polyphenol
genistein: a member of 7-hydroxyisoflavones; an isoflavone; a flavonoid; a polyphenol
naringenin: a trihydroxyflavanone; a member of 4'-hydroxyflavanones; a flavanone; a flavonoid
isoliquiritigenin: a member of chalcones; a flavonoid; a member of resorcinols; an enone; a polyphenol
phloretin: a member of dihydrochalcones; a flavonoid; an aromatic ketone; a polyphenol
estradiol: a steroid; a 17beta-hydroxy steroid; a 3-hydroxy steroid; a member of phenols; a steroid hormone
testosterone: an androstanoid; a 17beta-hydroxy steroid; a 3-oxo-delta(4) steroid; a steroid; an enone; a ketone
cholesterol: a sterol; a 3beta-sterol; a steroid; a secondary alcohol; a lipid; an alkene
penicillin G: a penicillin; a beta-lactam antibiotic; a penam; a monocarboxylic acid; a lactam; an amide; a sulfide
cephalexin: a cephalosporin; a beta-lactam antibiotic; a monocarboxylic acid; a lactam; a primary amine
glucose: a monosaccharide; a pyranose; an aldohexose; a polyol; a primary alcohol; a cyclic compound; a carbohydrate
morphine: a morphinane alkaloid; an alkaloid; a phenol; a secondary alcohol; a tertiary amino compound; an ether
dopamine: a catecholamine; a member of catechols; a primary amino compound; a phenethylamine; a polyphenol
serotonin: a member of tryptamines; a member of hydroxyindoles; a primary amino compound; a phenol; an indole
diazepam: a 1,4-benzodiazepinone; a benzodiazepine; an organochlorine compound; a lactam; an imine; an amide
chlorpromazine: a member of phenothiazines; a tertiary amine; an organochlorine compound; a heterocyclic compound
ciprofloxacin: a fluoroquinolone; a quinolone antibiotic; a monocarboxylic acid; a quinoline; an N-arylpiperazine
metformin: a biguanide; a member of guanidines; an amidine; a base; an acyclic compound
ibuprofen: a monocarboxylic acid; an aromatic compound; a propionic acid derivative; a chiral compound
acetaminophen: a member of phenols; a member of acetamides; an amide; an anilide; a secondary carboxamide
phenobarbital: a member of barbiturates; a lactam; an imide; a ureide; a member of pyrimidines
phenytoin: an imidazolidine-2,4-dione; a hydantoin; a lactam; an imide; a heterocyclic compound
imatinib: a member of piperazines; a benzamide; a member of pyridines; a member of pyrimidines; an aromatic amine
warfarin: a hydroxycoumarin; a benzenes; a methyl ketone; a member of coumarins; an enol; a lactone
nicotine: a member of pyridines; a member of pyrrolidines; a pyrrolidine alkaloid; an alkaloid; a tertiary amine
adenosine: a purine nucleoside; a nucleoside; a member of purines; a ribonucleoside; an aminopurine; an N-glycosyl
    compound
resveratrol: a stilbenoid; a stilbene; a polyphenol; a member of resorcinols; a member of phenols
sulfamethoxazole: a sulfonamide; a member of isoxazoles; a substituted aniline; a sulfonamide antibiotic; an oxazole
choline: a quaternary ammonium ion; an organic cation; a primary alcohol; an alcohol; a cation
bortezomib: a boronic acid; an amino acid amide; a member of pyrazines; a peptide; a dipeptide boronic acid; an
    amide
alanine: an alpha-amino acid; an amino acid; a monocarboxylic acid; a zwitterion at physiological pH; a primary
    amine
palmitic acid: a long-chain fatty acid; a straight-chain saturated fatty acid; a fatty acid; a monocarboxylic acid;
    a lipid; a carboxylic acid
benzene: an aromatic hydrocarbon; a hydrocarbon; an arene; a volatile organic compound; an organic compound
emodin: a trihydroxyanthraquinone; an anthraquinone; a member of anthraquinones; a quinone; a polyphenol
erythromycin: a macrolide; a macrolide antibiotic; a cyclic ketone; a lactone; a glycoside; a tertiary alcohol; a
    macrocycle
tetracycline: a tetracycline; a tetracycline antibiotic; a carboxamide; a tertiary alcohol; a tertiary amino
    compound
propranolol: a naphthalenes; a secondary amine; a secondary alcohol; an aromatic ether; a propanolamine
metformin hydrochloride: a hydrochloride; a salt; a hydrochloride salt; an organic salt; a biguanide
"""
"""name: classes that hold, after ChEBI's and textbook usage"""
TRUE = dict(entry.split(": ", 1) for entry in re.sub(r"\n +", " ", TRUE_CLASSES).strip().splitlines())


@pytest.mark.parametrize("name", TRUE)
def test_true_classes_are_never_contradicted(name: str) -> None:
    about = molecule(name)
    classes = TRUE[name].split("; ")
    claims = [check_sentence(f"The molecule is {noun}.", about) for noun in classes]
    claims.append(check_sentence(f"It is {', '.join(classes[:-1])} and {classes[-1]}.", about))
    assert [claim for claim in claims if claim.verdict == "contradicted"] == []
    assert sum(claim.verdict == "supported" for claim in claims) >= 2, claims


@pytest.mark.parametrize("name", TRUE)
def test_denied_true_classes_are_never_supported(name: str) -> None:
    about = molecule(name)
    claims = [check_sentence(f"The molecule is not {noun}.", about) for noun in TRUE[name].split("; ")]
    assert [claim for claim in claims if claim.verdict == "supported"] == []


def test_contradiction_names_the_rule_and_what_is_there_instead() -> None:
    claim = check_sentence("It is a 3-hydroxyflavone.", molecule("demo"))
    assert claim.why == "it has no 3-hydroxyflavone core; it has a chalcone core"
    assert claim.provenance is not None
    assert claim.provenance.source.startswith("RDKit")


@pytest.mark.parametrize(
    ("name", "sentence", "why"),
    [
        ("aspirin", "It contains nitrogen.", "it has no nitrogen atoms"),
        ("aspirin", "It contains 10 carbon atoms.", "it has 9 carbon atoms, not 10"),
        ("aspirin", "It contains a furan ring.", "it has no furan ring"),
        ("aspirin", "It is an amide.", "it has no amide group"),
        ("aspirin", "It is a carboxylic ester.", "it has a carboxylic ester group"),
        ("aspirin", "It has two rings.", "it has 1 ring, not 2"),
        ("aspirin", "It has two carboxylic acid groups.", "it has at most 1 carboxylic acid group, not 2"),
        ("aspirin", "It is a glycoside.", "it is no glycoside; it has a benzoic acid core"),
        ("aspirin", "It is an organonitrogen compound.", "it is no organonitrogen compound"),
        ("hexane", "It is aromatic.", "not aromatic: it has no aromatic rings"),
        ("hexane", "It is cyclic.", "not cyclic: it has no rings"),
        ("aspirin", "It contains a seven-membered ring.", "it has no 7-membered ring; its rings have 6 atoms"),
        ("aspirin", "It contains only carbon and hydrogen.", "it is made of C, H, O"),
        ("aspirin", "It is a dianion.", "not a dianion: as drawn it is neutral"),
    ],
)
def test_reasons_are_words_a_person_uses(name: str, sentence: str, why: str) -> None:
    assert check_sentence(sentence, molecule(name)).why == why


def test_one_open_part_leaves_the_sentence_open() -> None:
    claim = check_sentence("It is a carboxylic ester and has a role as an analgesic.", molecule("aspirin"))
    assert claim.verdict == "unverified"
    decided, _, left = claim.why.partition("; not decided: ")
    assert decided.startswith("decided: ")
    assert "carboxylic ester" in decided
    assert "analgesic" in left


def test_roles_and_classes_are_compared_with_the_record() -> None:
    chebi = Provenance("ChEBI", "CHEBI:15365")
    facts = [
        Fact("aspirin", "ChEBI role", "non-narcotic analgesic", provenance=chebi),
        Fact("aspirin", "ChEBI class", "salicylates", provenance=chebi),
    ]
    about = molecule("aspirin")
    known = check_sentence("It has a role as a non-narcotic analgesic.", about, facts)
    assert (known.verdict, known.provenance) == ("supported", chebi)
    half = check_sentence("It has a role as a non-narcotic analgesic and a geroprotector.", about, facts)
    assert half.verdict == "unverified"
    assert "geroprotector" in half.why
    assert check_sentence("It has a role as a hypnotic.", about, facts).verdict == "unverified"
    listed = check_sentence("It is a member of salicylates.", about, facts)
    assert (listed.verdict, listed.provenance) == ("supported", chebi)


def test_pronoun_after_another_subject_is_left_alone() -> None:
    text = "COX-1 converts arachidonic acid. It is a protein with a steroid."
    assert [claim.verdict for claim in check_text(text, molecule("aspirin"))] == ["unverified", "unverified"]
    text = "Aspirin is an ester. It is a steroid."
    assert [claim.verdict for claim in check_text(text, molecule("aspirin"))] == ["supported", "contradicted"]


# ---------------------------------------------------------------- reading


INSULIN = Protein("GIVEQCCTSICSLYQLENYCN", name="Insulin A chain", organism="Homo sapiens")
FACTS = [Fact("insulin", "subcellular location", "Secreted"), Fact("insulin", "EC number", "2.7.10.1")]


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_can_be_checked_and_nothing_is_lost(text: str) -> None:
    for entity in (molecule("aspirin"), INSULIN):
        claims = check_text(text, entity, FACTS)
        assert squeezed("".join(claim.text for claim in claims)) == squeezed(text)


WORDS = """it is the molecule a an not no and or with that which has contains lacks ketone flavone 3-hydroxyflavone ring
groups at position 3 two ( ) , . ; of members class substituted by hydroxy nucleus kinase EC 2.7.1.1 formula C9H8O4
weight 180.16 g/mol R configuration SMILES CCO amino acids logP Lipinski violates 5 residues trihydroxy""".split()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=40))
def test_any_words_of_the_field_can_be_checked(words: list[str]) -> None:
    text = " ".join(words)
    for entity in (molecule("quercetin"), INSULIN):
        claims = check_text(text, entity, FACTS)
        assert squeezed("".join(claim.text for claim in claims)) == squeezed(text)


@pytest.mark.parametrize(
    "text", ["i" * 1900 + "!", "(" * 1900, "1-" * 900, "It is " + "3-hydroxy" * 200, "a, " * 600, "membrane" * 200]
)
def test_awkward_text_is_read_in_time(text: str) -> None:
    for entity in (molecule("aspirin"), INSULIN):
        assert all(isinstance(claim, Claim) for claim in check_text(text, entity, FACTS))


@pytest.mark.shared
@pytest.mark.skipif(not (SHARED / "mol_text").is_dir(), reason="no data beside the checkout")
def test_descriptions_by_curators_are_hardly_ever_contradicted() -> None:
    """The few that are hold errors of the record (a thioether called a sulfone, an isoflavanone a flavanone)."""
    with lzma.open(SHARED / "mol_text" / "train_clean.jsonl.xz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines][::20]
    verdicts: list[str] = []
    for row in rows:
        try:
            about = molecule_from_smiles(row["smiles"], name=row["name"] or "")
        except InvalidInput:  # some structures of the set have a four-valent nitrogen
            continue
        verdicts += [claim.verdict for claim in check_text(row["description"], about)]
    assert verdicts.count("supported") > 50  # most sentences hold a part that is not decided
    assert verdicts.count("contradicted") <= 0.003 * len(verdicts)
