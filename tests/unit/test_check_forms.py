"""Statements in forms that records do not use: two clauses, denials of several things, circumstances, voices, names."""

from __future__ import annotations

import pytest

from biomed_agent import BioMedAgent

from .test_check_agent import CONTRADICTED, SUPPORTED, UNVERIFIED, verdict


@pytest.mark.parametrize(
    ("molecule", "statement", "expected"),
    [
        ("gefitinib", "Gefitinib inhibits both EGFR and KIT.", CONTRADICTED),
        ("gefitinib", "It binds EGFR but not KIT.", SUPPORTED),
        ("gefitinib", "It binds KIT but not EGFR.", CONTRADICTED),
        ("gefitinib", "It does not bind to KIT or BRAF.", SUPPORTED),
        ("gefitinib", "It does not bind to EGFR or BRAF.", CONTRADICTED),
        ("gefitinib", "It binds to neither KIT nor EGFR.", CONTRADICTED),
        ("gefitinib", "It binds to neither KIT nor BRAF.", SUPPORTED),
        ("gefitinib", "It no longer binds EGFR T790M.", UNVERIFIED),
        ("gefitinib", "It fails to bind EGFR.", CONTRADICTED),
        ("gefitinib", "It has no affinity for EGFR.", CONTRADICTED),
        ("gefitinib", "It has no affinity for KIT.", SUPPORTED),
        ("gefitinib", "EGFR is inhibited by it.", SUPPORTED),
        ("gefitinib", "EGFR is inhibited by gefitinib.", SUPPORTED),
        ("gefitinib", "EGFR is not inhibited by it.", CONTRADICTED),
        ("gefitinib", "KIT is not bound by gefitinib.", SUPPORTED),
        ("gefitinib", "Mouse EGFR is inhibited by it.", UNVERIFIED),
        ("gefitinib", "It inhibits the EGFR gene.", UNVERIFIED),
        ("gefitinib", "It binds the KIT gene.", UNVERIFIED),
        ("gefitinib", "It has a Kd of 10000 nM for KIT.", UNVERIFIED),
        ("gefitinib", "It has a Kd of more than 5000 nM for KIT.", SUPPORTED),
        ("gefitinib", "It has a Kd of more than 50000 nM for KIT.", UNVERIFIED),
        ("gefitinib", "It has a Kd of 20 uM for KIT.", UNVERIFIED),
        ("gefitinib", "It binds KIT with a Kd of 20 uM.", UNVERIFIED),
        ("gefitinib", "It binds KIT with a Kd of 20 nM.", CONTRADICTED),
        ("gefitinib", "It does not bind EGFR with a Kd of 500 nM.", UNVERIFIED),
        ("gefitinib", "It is an inhibitor of both EGFR and ABL1.", UNVERIFIED),
        ("gefitinib", "It is a ligand of EGFR but not of ABL1.", UNVERIFIED),
        ("gefitinib", "It is a ligand of EGFR but not of KIT.", SUPPORTED),
        ("tofacitinib", "It binds KDR.", UNVERIFIED),
        ("tofacitinib", "It does not bind KDR.", UNVERIFIED),
        ("sunitinib", "It binds KIT.", SUPPORTED),
        ("imatinib", "It is a KIT and PDGFRB ligand.", SUPPORTED),
        ("imatinib", "It targets none of ABL1 and KIT.", CONTRADICTED),
        ("imatinib", "It targets ABL1, KIT and EGFR.", CONTRADICTED),
        ("gefitinib", "It is an ABL1 inhibitor.", UNVERIFIED),
        ("gefitinib", "It binds ABL1.", SUPPORTED),
        ("gefitinib", "It does not bind ABL1.", UNVERIFIED),
        ("dasatinib", "It does not inhibit AURKA.", UNVERIFIED),
        ("erlotinib", "It does not bind ABL1.", CONTRADICTED),
    ],
)
def test_partners_named_in_one_sentence_are_decided_one_by_one_of_a_molecule(
    agent: BioMedAgent, molecule: str, statement: str, expected: str
) -> None:
    found, why = verdict(agent, statement, molecule=molecule)
    assert found == expected, why


@pytest.mark.parametrize(
    ("molecule", "statement", "expected"),
    [
        ("acetate", "It carries a negative charge.", SUPPORTED),
        ("acetate", "It carries no charge.", CONTRADICTED),
        ("acetate", "It has a charge of -1.", SUPPORTED),
        ("acetate", "It has a net charge of -1.", SUPPORTED),
        ("acetate", "It bears a charge of +1.", CONTRADICTED),
        ("acetate", "It bears no net charge.", CONTRADICTED),
        ("acetate", "It does not carry a charge.", CONTRADICTED),
        ("acetate", "It does not carry a negative charge.", CONTRADICTED),
        ("acetate", "It does not carry a positive charge.", SUPPORTED),
        ("aspirin", "It carries no charge.", SUPPORTED),
        ("aspirin", "It has a positive charge.", CONTRADICTED),
        ("aspirin", "It carries a negative charge in blood.", UNVERIFIED),
        ("aspirin", "It carries a negative charge at pH 7.4.", UNVERIFIED),
        ("aspirin", "It is neutral in the stomach.", UNVERIFIED),
        ("acetate", "It is neutral in the stomach.", UNVERIFIED),
        ("acetate", "It is uncharged at low pH.", UNVERIFIED),
        ("acetic acid", "It is the monoanion.", CONTRADICTED),
        ("acetic acid", "It is ionised.", CONTRADICTED),
        ("acetic acid", "It is partly ionised.", UNVERIFIED),
        ("acetic acid", "It is ionised in water.", UNVERIFIED),
        ("choline", "It is a monocation.", SUPPORTED),
        ("choline", "It is anionic.", CONTRADICTED),
        ("choline", "It is cationic.", SUPPORTED),
        ("choline", "It is a cationic surfactant.", UNVERIFIED),
        ("caffeine", "The molecule is a neutral species.", SUPPORTED),
        ("sodium chloride", "It is a neutral molecule.", UNVERIFIED),
        ("glycine", "It is a zwitterion.", UNVERIFIED),
        ("glycine", "It is not a zwitterion.", UNVERIFIED),
        ("metformin hydrochloride", "It is protonated.", UNVERIFIED),
        ("metformin hydrochloride", "It is positively charged.", UNVERIFIED),
        ("metformin hydrochloride", "It is charged.", UNVERIFIED),
        ("metformin hydrochloride", "It is a cation.", UNVERIFIED),
        ("diclofenac sodium", "It is neutral.", UNVERIFIED),
        ("diclofenac sodium", "It is uncharged.", UNVERIFIED),
        ("diclofenac sodium", "It is electrically neutral.", SUPPORTED),
        ("citric acid", "Citric acid is fully deprotonated.", CONTRADICTED),
        ("citric acid", "It is deprotonated in the cell.", UNVERIFIED),
        ("citric acid", "It is negatively charged in the body.", UNVERIFIED),
        ("citric acid", "It is an anion in blood.", UNVERIFIED),
        ("aspirin", "It is an anion in the small intestine.", UNVERIFIED),
        ("dopamine", "It is positively charged inside vesicles.", UNVERIFIED),
        ("aspirin", "It is a zwitterion.", CONTRADICTED),
        ("smiles:CC(=O)NCC(=O)O", "It is a zwitterion.", CONTRADICTED),
        ("smiles:c1ccccc1[N+](=O)[O-]", "It is neutral.", SUPPORTED),
        ("betaine", "It is a zwitterion.", SUPPORTED),
        ("betaine", "It is neutral.", UNVERIFIED),
        ("acetate", "It is an anion that has a negative charge.", SUPPORTED),
        ("acetate", "It is a monoanion.", SUPPORTED),
        ("histamine", "It is a zwitterion.", CONTRADICTED),
        ("histidine", "It is a zwitterion.", UNVERIFIED),
        ("arginine", "It is a zwitterion.", UNVERIFIED),
        ("caffeine", "It is a zwitterion.", CONTRADICTED),
        ("4-aminobenzoic acid", "It is a zwitterion.", UNVERIFIED),
        ("ciprofloxacin", "It is a zwitterion.", UNVERIFIED),
        ("taurine", "It is a zwitterion.", UNVERIFIED),
        ("niacin", "It is a zwitterion.", UNVERIFIED),
    ],
)
def test_a_charge_is_that_of_the_structure_as_drawn_and_not_of_a_place_or_a_salt_of_a_molecule(
    agent: BioMedAgent, molecule: str, statement: str, expected: str
) -> None:
    found, why = verdict(agent, statement, molecule=molecule)
    assert found == expected, why


@pytest.mark.parametrize(
    ("molecule", "statement", "expected"),
    [
        ("tretinoin", "It is vitamin A.", UNVERIFIED),
        ("retinol", "It is vitamin A.", SUPPORTED),
        ("tretinoin", "It is also known as vitamin A.", SUPPORTED),
        ("aspirin", "It is ibuprofen, isn't it?", UNVERIFIED),
        ("aspirin", "It is marketed as aspirin and caffeine.", UNVERIFIED),
        ("aspirin", "It is also known as aspirin and caffeine.", CONTRADICTED),
        ("methotrexate", "It is called amethopterin, not folic acid.", SUPPORTED),
        ("methotrexate", "It is called folic acid, not amethopterin.", CONTRADICTED),
        ("acetaminophen", "Also called APAP.", SUPPORTED),
        ("acetaminophen", "Also known as paracetamol.", SUPPORTED),
        ("acetaminophen", "Also known as ibuprofen.", CONTRADICTED),
        ("simvastatin", "The drug is known by the brand name Lipitor.", CONTRADICTED),
        ("smiles:CC(=O)CC(C)=O", "It is an enol.", UNVERIFIED),
        ("smiles:CC(=O)CC(C)=O", "It contains a pyridine ring.", CONTRADICTED),
        ("smiles:CC(C)=O", "It is an enol.", CONTRADICTED),
    ],
)
def test_names_that_several_things_share_and_names_that_are_denied_of_a_molecule(
    agent: BioMedAgent, molecule: str, statement: str, expected: str
) -> None:
    found, why = verdict(agent, statement, molecule=molecule)
    assert found == expected, why


@pytest.mark.parametrize(
    ("protein", "statement", "expected"),
    [
        ("EGFR", "It is blocked by gefitinib but not by imatinib.", SUPPORTED),
        ("EGFR", "Erlotinib binds it.", SUPPORTED),
        ("EGFR", "Iressa inhibits it.", SUPPORTED),
        ("EGFR", "Erlotinib inhibits EGFR.", SUPPORTED),
        ("EGFR", "Imatinib inhibits this protein.", CONTRADICTED),
        ("EGFR", "Imatinib does not bind EGFR.", SUPPORTED),
        ("EGFR", "It is not inhibited by gefitinib or imatinib.", CONTRADICTED),
        ("EGFR", "Erlotinib and its metabolites inhibit it.", UNVERIFIED),
        ("EGFR", "Nothing inhibits it.", UNVERIFIED),
        ("EGFR", "Phosphorylation targets it.", UNVERIFIED),
        ("EGFR", "It targets itself.", UNVERIFIED),
        ("ABL1", "It is inhibited by imatinib and nilotinib but not by gefitinib.", UNVERIFIED),
        ("BRAF", "It binds sorafenib, dasatinib and nilotinib.", SUPPORTED),
        ("EGFR", "It binds neither gefitinib nor imatinib.", CONTRADICTED),
    ],
)
def test_partners_named_in_one_sentence_are_decided_one_by_one_of_a_protein(
    agent: BioMedAgent, protein: str, statement: str, expected: str
) -> None:
    found, why = verdict(agent, statement, protein=protein)
    assert found == expected, why


@pytest.mark.parametrize(
    ("protein", "statement", "expected"),
    [
        ("HBB", "It is haemoglobin.", UNVERIFIED),
        ("MAPK1", "It is p38.", UNVERIFIED),
        ("MAPK1", "It is also known as p38.", UNVERIFIED),
        ("MAPK1", "It is also known as p40.", UNVERIFIED),
        ("MAPK1", "It is p21.", UNVERIFIED),
        ("MAPK1", "It is ERK1.", CONTRADICTED),
        ("EGFR", "It goes by the name of ERBB.", SUPPORTED),
        ("EGFR", "Also known as HER1.", SUPPORTED),
    ],
)
def test_names_that_several_things_share_and_names_that_are_denied_of_a_protein(
    agent: BioMedAgent, protein: str, statement: str, expected: str
) -> None:
    found, why = verdict(agent, statement, protein=protein)
    assert found == expected, why


@pytest.mark.parametrize(
    ("protein", "statement", "expected"),
    [
        ("EGFR", "It is not a human protein.", CONTRADICTED),
        ("EGFR", "It is not a mouse protein.", SUPPORTED),
        ("EGFR", "It is of human origin.", SUPPORTED),
        ("EGFR", "It is of mouse origin.", CONTRADICTED),
        ("TP53", "It is from a human.", SUPPORTED),
        ("TP53", "It is the protein of mouse models.", UNVERIFIED),
        ("EGFR", "It is an enzyme of mouse metabolism.", UNVERIFIED),
        ("EGFR", "It is a mouse antibody target.", UNVERIFIED),
        ("EGFR", "It is a rat protein kinase substrate.", UNVERIFIED),
        ("EGFR", "It comes from mice and humans.", UNVERIFIED),
        ("EGFR", "It is from humans and mice.", UNVERIFIED),
        ("EGFR", "It is not from mice.", SUPPORTED),
        ("EGFR", "It is not from humans.", CONTRADICTED),
        ("EGFR", "It is a mouse tyrosine-protein kinase.", CONTRADICTED),
        ("EGFR", "It is a mouse protein kinase that is found in the nucleus.", CONTRADICTED),
        ("EGFR", "It is a mouse protein of 1210 amino acids.", CONTRADICTED),
        ("TP53", "It is from Mus musculus.", CONTRADICTED),
        ("TP53", "It is a protein from cow.", CONTRADICTED),
        ("TP53", "It is a protein of the mouse.", CONTRADICTED),
        ("EGFR", "It is a bovine protein.", CONTRADICTED),
        ("EGFR", "It is a chicken receptor.", CONTRADICTED),
        ("EGFR", "It is a mouse receptor tyrosine kinase.", CONTRADICTED),
        ("EGFR", "It is the mouse protein's ligand.", UNVERIFIED),
        ("EGFR", "It is a human papillomavirus protein.", UNVERIFIED),
    ],
)
def test_an_organism_is_that_of_the_protein_and_of_nothing_else_in_the_sentence_of_a_protein(
    agent: BioMedAgent, protein: str, statement: str, expected: str
) -> None:
    found, why = verdict(agent, statement, protein=protein)
    assert found == expected, why


@pytest.mark.parametrize(
    ("protein", "statement", "expected"),
    [
        ("EGFR", "It is secreted.", CONTRADICTED),
        ("EGFR", "EGFR is secreted.", CONTRADICTED),
        ("EGFR", "The human EGFR is a secreted protein.", UNVERIFIED),
        ("EGFR", "It is a secreted enzyme.", CONTRADICTED),
        ("EGFR", "It is secreted into the extracellular space.", CONTRADICTED),
        ("EGFR", "It is a protein that is secreted.", CONTRADICTED),
        ("INS", "It is a protein that is secreted.", SUPPORTED),
        ("EGFR", "It is secreted as a soluble isoform.", UNVERIFIED),
        ("EGFR", "It is secreted in exosomes.", UNVERIFIED),
        ("EGFR", "It is shed and secreted.", UNVERIFIED),
        ("EGFR", "It is a receptor for secreted ligands.", UNVERIFIED),
        ("EGFR", "It is activated by secreted ligands.", UNVERIFIED),
        ("EGFR", "It is not only found in the nucleus.", UNVERIFIED),
        ("EGFR", "It is found not only in the nucleus.", UNVERIFIED),
        ("EGFR", "It is not found in the nucleus of resting cells.", UNVERIFIED),
        ("EGFR", "It is not present in the nucleus until activated.", UNVERIFIED),
        ("TP53", "It is secreted by tumour cells.", UNVERIFIED),
        ("TP53", "It is secreted by the cell.", CONTRADICTED),
        ("TP53", "It is not located in the cytoplasm of normal cells.", UNVERIFIED),
        ("INS", "It is not secreted by liver cells.", UNVERIFIED),
        ("INS", "It is not secreted in type 1 diabetes.", UNVERIFIED),
        ("INS", "It is not secreted.", CONTRADICTED),
        ("INS", "It is found in the nucleus of beta cells.", UNVERIFIED),
        ("INS", "It is present in the mitochondria when stressed.", UNVERIFIED),
        ("INS", "It is found in the nucleus.", CONTRADICTED),
        ("INS", "It is a nuclear protein.", CONTRADICTED),
        ("INS", "It is located in the nucleus and binds DNA.", CONTRADICTED),
        ("EGFR", "It is localised in chloroplasts.", CONTRADICTED),
        ("EGFR", "It is not localised in chloroplasts.", SUPPORTED),
        ("EGFR", "It is not found in the membrane.", CONTRADICTED),
        ("EGFR", "It is not found in the nucleus.", CONTRADICTED),
        ("TP53", "It is mainly secreted.", CONTRADICTED),
        ("EGFR", "It is secreted, not membrane-bound.", UNVERIFIED),
    ],
)
def test_a_place_with_a_circumstance_is_not_excluded_of_a_protein(
    agent: BioMedAgent, protein: str, statement: str, expected: str
) -> None:
    found, why = verdict(agent, statement, protein=protein)
    assert found == expected, why
