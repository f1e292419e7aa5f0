"""How many of a part a structure has, against hand-drawn answers and RDKit's own fragment counts."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem
from rdkit.Chem import Fragments, rdMolDescriptors

from biomed_agent.core.chemistry import counts
from biomed_agent.core.chemistry.counts import Part, part_of
from biomed_agent.core.chemistry.structures import molecule_from_smiles, parsed, pattern
from biomed_agent.core.chemistry.vocabulary import VOCABULARY
from biomed_agent.core.types import Molecule

DRUGS = {
    "aspirin": "CC(=O)Oc1ccccc1C(=O)O",
    "caffeine": "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
    "imatinib": "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1",
    "morphine": "CN1CC[C@]23c4c5ccc(O)c4O[C@H]2[C@@H](O)C=C[C@H]3[C@H]1C5",
    "quercetin": "O=c1c(O)c(-c2ccc(O)c(O)c2)oc2cc(O)cc(O)c12",
    "furosemide": "NS(=O)(=O)c1cc(C(=O)O)c(NCc2ccco2)cc1Cl",
    "penicillin G": "CC1(C)SC2C(NC(=O)Cc3ccccc3)C(=O)N2C1C(=O)O",
    "thalidomide": "O=C1CCC(N2C(=O)c3ccccc3C2=O)C(=O)N1",
    "sucrose": "OC[C@H]1O[C@@](CO)(O[C@H]2O[C@H](CO)[C@@H](O)[C@H](O)[C@H]2O)[C@@H](O)[C@@H]1O",
    "vorinostat": "ONC(=O)CCCCCCC(=O)Nc1ccccc1",
    "metformin": "CN(C)C(=N)NC(=N)N",
    "chloramphenicol": "O=C(NC(CO)C(O)c1ccc([N+](=O)[O-])cc1)C(Cl)Cl",
    "glibenclamide": "COc1ccc(Cl)cc1C(=O)NCCc1ccc(S(=O)(=O)NC(=O)NC2CCCCC2)cc1",
    "ATP": "Nc1ncnc2c1ncn2C1OC(COP(=O)(O)OP(=O)(O)OP(=O)(O)O)C(O)C1O",
    "sitagliptin": "NC(CC(=O)N1CCn2c(C(F)(F)F)nnc2C1)Cc1cc(F)c(F)cc1F",
    "zidovudine": "Cc1cn(C2CC(N=[N+]=[N-])C(CO)O2)c(=O)[nH]c1=O",
    "anastrozole": "CC(C)(C#N)c1cc(Cn2cncn2)cc(C(C)(C)C#N)c1",
    "lovastatin": "CCC(C)C(=O)OC1CC(C)C=C2C=CC(C)C(CCC3CC(O)CC(=O)O3)C21",
    "disulfiram": "CCN(CC)C(=S)SSC(=S)N(CC)CC",
    "glutathione": "NC(CCC(=O)NC(CS)C(=O)NCC(=O)O)C(=O)O",
    "omeprazole": "COc1ccc2[nH]c(S(=O)Cc3ncc(C)c(OC)c3C)nc2c1",
    "dapsone": "Nc1ccc(S(=O)(=O)c2ccc(N)cc2)cc1",
    "ciprofloxacin": "O=C(O)c1cn(C2CC2)c2cc(N3CCNCC3)c(F)cc2c1=O",
    "bortezomib": "CC(C)CC(NC(=O)C(Cc1ccccc1)NC(=O)c1cnccn1)B(O)O",
}
BY_HAND = {
    "aspirin": "0 hydroxyl, 1 ester, 1 carboxylic acid, 1 benzene ring, 9 carbons, 8 hydrogens, 4 oxygens, 21 atoms, "
    "13 heavy atoms, 2 double bonds, 6 aromatic bonds, 0 ethers, 0 ketones, 2 carbonyls, 1 methyl, 5 pi bonds, "
    "21 sigma bonds, 7 C-H bonds, 1 O-H bond, 1 acetyl group, 0 methyl esters, 1 acetate ester",
    "caffeine": "0 hydroxyl, 3 methyls, 4 nitrogens, 1 purine, 2 aromatic rings, 1 urea, 1 amide, 2 carbonyls, "
    "0 amines, 2 fused rings, 1 imidazole, 6 heteroatoms, 1 xanthine skeleton",
    "imatinib": "1 amide, 1 secondary amide, 2 tertiary amines, 1 secondary amine, 0 primary amines, 3 amines, "
    "1 pyrimidine, 1 pyridine, 1 piperazine, 2 benzene rings, 5 rings, 7 nitrogens, 4 aromatic rings, "
    "1 aliphatic ring, "
    "3 heterocycles, 2 aromatic heterocycles, 5 six-membered rings, 0 five-membered rings, 0 halogens, 2 methyl groups",
    "morphine": "2 hydroxyls, 1 phenol, 1 alcohol, 1 secondary alcohol, 1 ether, 1 tertiary amine, 1 alkene, 5 rings, "
    "1 benzene, 1 piperidine, 1 morphinan",
    "quercetin": "5 hydroxyls, 4 phenols, 1 ketone, 0 ethers, 2 benzene rings, 1 catechol, 1 flavonol, 7 oxygens",
    "furosemide": "1 sulfonamide, 1 primary sulfonamide, 1 furan, 1 chloro group, 1 carboxyl, 1 secondary amine, "
    "0 primary amines, 0 amides",
    "penicillin G": "2 amides, 1 lactam, 1 beta-lactam, 1 carboxylic acid, 1 sulfide, 1 penicillin skeleton, "
    "1 secondary amide, 1 tertiary amide",
    "thalidomide": "2 imides, 4 amides, 0 lactams",
    "sucrose": "8 hydroxyls, 8 alcohols, 3 primary alcohols, 5 secondary alcohols, 3 ethers, 2 acetals, 0 phenols",
    "vorinostat": "1 hydroxamic acid, 2 amides, 1 hydroxyl, 1 benzene ring, 0 carboxylic acids",
    "metformin": "2 guanidines, 1 biguanide, 0 amidines, 0 amines, 1 dimethylamino group",
    "chloramphenicol": "1 nitro, 2 hydroxyls, 1 primary alcohol, 1 secondary alcohol, 2 chloro groups, 2 chlorines, "
    "1 amide",
    "glibenclamide": "1 sulfonylurea, 1 sulfonamide, 1 urea, 1 amide, 1 methoxy, 1 chloro group, 1 cyclohexane ring",
    "ATP": "3 phosphates, 1 purine, 2 hydroxyls, 1 amino group, 3 phosphorus atoms, 5 N atoms, 1 oxolane, 1 ether",
    "sitagliptin": "6 fluorines, 6 fluoro groups, 1 CF3 group, 1 primary amine, 1 triazole, 1 1,2,4-triazole, 1 amide",
    "zidovudine": "1 azide, 1 hydroxymethyl, 1 hydroxyl, 1 ether, 1 pyrimidine",
    "anastrozole": "2 nitriles, 2 triple bonds, 1 1,2,4-triazole, 0 1,2,3-triazoles, 4 methyls, 0 alkynes, "
    "2 C#N groups",
    "lovastatin": "2 esters, 1 lactone, 1 delta-lactone, 1 hydroxyl, 2 alkenes, 3 rings",
    "disulfiram": "1 disulfide, 2 thiocarbonyls, 4 sulfurs, 4 ethyl groups, 0 sulfides, 0 thiols",
    "glutathione": "1 thiol, 2 carboxylic acids, 2 amides, 1 primary amine, 1 amino group, 1 peptide bond",
    "omeprazole": "1 sulfoxide, 2 methoxy groups, 1 benzimidazole, 1 pyridine, 0 sulfones, 1 imidazole",
    "dapsone": "1 sulfone, 2 anilines, 2 primary amines, 2 aromatic amines, 0 sulfonamides, 2 benzene rings",
    "ciprofloxacin": "1 cyclopropane, 1 piperazine, 1 ketone, 1 fluoroquinolone, 2 amines",
    "bortezomib": "1 boronic acid, 0 hydroxyls, 2 amides, 1 pyrazine, 1 boron atom, 1 isopropyl, 1 benzyl",
}


def count(smiles: str, words: str) -> int:
    part = part_of(words)
    assert part is not None, words
    found = counts.count_part(molecule_from_smiles(smiles), part)
    assert found is not None
    return found.number


@pytest.mark.parametrize(
    ("name", "number", "words"),
    [
        (name, int(number), words)
        for name, row in BY_HAND.items()
        for number, _, words in (item.partition(" ") for item in row.split(", "))
    ],
)
def test_counts_by_hand(name: str, number: int, words: str) -> None:
    assert count(DRUGS[name], words) == number


@pytest.mark.parametrize(
    ("smiles", "words", "number", "wider"),
    [
        ("CC(=O)O", "hydroxyl groups", 0, 1),
        ("OCC(=O)O", "hydroxyl groups", 1, 2),
        ("CCO", "hydroxyl groups", 1, None),
        ("COC(=O)c1ccccc1OC", "methoxy groups", 1, 2),
        ("NC(=O)N", "amides", 0, 2),
        ("CNC", "amino groups", 0, 1),
        ("c1ccccc1C=C", "double bonds", 1, 4),
        ("O=c1cc[nH]c2ccccc12", "ketones", 1, 0),
        ("CCO", "bonds", 2, 8),
        ("Oc1cccnc1", "phenols", 0, 1),
    ],
)
def test_another_use_of_the_word_is_counted_beside(smiles: str, words: str, number: int, wider: int | None) -> None:
    part = part_of(words)
    assert part is not None
    found = counts.count_part(molecule_from_smiles(smiles), part)
    assert found is not None
    assert (found.number, found.wider) == (number, wider)
    assert (str(wider) in found.note.split()) is (wider is not None)


AGREEING = {
    "nitrile": "fr_nitrile", "nitro": "fr_nitro", "phenol": "fr_phenol", "thiol": "fr_SH", "sulfone": "fr_sulfone",
    "sulfonamide": "fr_sulfonamd", "azide": "fr_azide", "azo": "fr_azo", "oxime": "fr_oxime",
    "hydrazone": "fr_hdrzone", "epoxide": "fr_epoxide", "halogen": "fr_halogen", "isocyanate": "fr_isocyan",
    "guanidine": "fr_guanido", "terminal alkyne": "fr_term_acetylene", "benzene": "fr_benzene",
    "imidazole": "fr_imidazole", "pyridine": "fr_pyridine", "furan": "fr_furan", "thiophene": "fr_thiophene",
    "thiazole": "fr_thiazole", "oxazole": "fr_oxazole", "tetrazole": "fr_tetrazole", "barbiturate": "fr_barbitur",
    "aromatic nitrogens": "fr_Ar_N", "carboxylic acids": "fr_COO",
}  # fmt: skip
"""parts that RDKit's fragment counts define as the table does"""
MORE = (
    "CC(=O)C=NO CCN=[N+]=[N-] c1ccc(N=Nc2ccccc2)cc1 C1CO1 CN=C=O C#CCO c1cscn1 c1cocn1 c1nnn[nH]1 c1ccsc1 CC=NNC "
    "CCC1(CC)C(=O)NC(=O)NC1=O C[N+](C)(C)CC(=O)[O-] NC(N)=[NH2+] OC(=O)C(F)(F)Cl FC(Br)I c1ccc2[nH]c3ccccc3c2c1 [Cl-]"
).split()


@pytest.mark.parametrize("words", AGREEING)
def test_counts_agree_with_the_fragment_counts_of_rdkit(words: str) -> None:
    fragments = getattr(Fragments, AGREEING[words])
    expected = {smiles: fragments(parsed(molecule_from_smiles(smiles).smiles)) for smiles in (*DRUGS.values(), *MORE)}
    assert {smiles: count(smiles, words) for smiles in expected} == expected
    assert any(expected.values()), words


RINGS = {
    "pyrrole": "c1cc[nH]c1", "furan": "c1ccoc1", "thiophene": "c1ccsc1", "imidazole": "c1c[nH]cn1",
    "pyrazole": "c1cn[nH]c1",
    "thiazole": "c1cscn1", "oxazole": "c1cocn1", "isoxazole": "c1conc1", "isothiazole": "c1cnsc1",
    "tetrazole": "c1nnn[nH]1",
    "triazole": "c1nc[nH]n1", "1,2,3-triazole": "c1c[nH]nn1", "1,2,4-triazole": "c1nc[nH]n1", "oxadiazole": "c1nnco1",
    "thiadiazole": "c1nncs1", "pyridine": "c1ccncc1", "pyrimidine": "c1cncnc1", "pyrazine": "c1cnccn1",
    "pyridazine": "c1ccnnc1", "triazine": "c1ncncn1", "benzene": "c1ccccc1", "naphthalene": "c1ccc2ccccc2c1",
    "anthracene": "c1ccc2cc3ccccc3cc2c1", "indole": "c1ccc2[nH]ccc2c1", "indazole": "c1ccc2[nH]ncc2c1",
    "benzimidazole": "c1ccc2[nH]cnc2c1", "benzothiazole": "c1ccc2scnc2c1", "benzoxazole": "c1ccc2ocnc2c1",
    "benzofuran": "c1ccc2occc2c1", "benzothiophene": "c1ccc2sccc2c1", "quinoline": "c1ccc2ncccc2c1",
    "isoquinoline": "c1ccc2cnccc2c1", "quinazoline": "c1ccc2ncncc2c1", "quinoxaline": "c1ccc2nccnc2c1",
    "purine": "c1ncc2[nH]cnc2n1", "pteridine": "c1cnc2ncncc2n1", "carbazole": "c1ccc2c(c1)[nH]c1ccccc12",
    "acridine": "c1ccc2nc3ccccc3cc2c1", "phenothiazine": "c1ccc2c(c1)Nc1ccccc1S2", "piperidine": "C1CCNCC1",
    "piperazine": "C1CNCCN1", "morpholine": "C1COCCN1", "thiomorpholine": "C1CSCCN1", "pyrrolidine": "C1CCNC1",
    "azetidine": "C1CNC1", "aziridine": "C1CN1", "azepane": "C1CCCNCC1", "oxolane": "C1CCOC1", "oxane": "C1CCOCC1",
    "oxetane": "C1COC1", "epoxide": "C1CO1", "dioxane": "C1COCCO1", "benzodioxole": "c1ccc2c(c1)OCO2",
    "cyclopropane": "C1CC1", "cyclobutane": "C1CCC1", "cyclopentane": "C1CCCC1", "cyclohexane": "C1CCCCC1",
    "cycloheptane": "C1CCCCCC1", "cyclohexene": "C1=CCCCC1", "adamantane": "C1C2CC3CC1CC(C2)C3",
    "quinuclidine": "C1CN2CCC1CC2", "tropane": "CN1C2CCCC1CC2", "indoline": "c1ccc2c(c1)CCN2",
    "oxindole": "O=C1Cc2ccccc2N1",
    "tetrahydroisoquinoline": "c1ccc2c(c1)CCNC2", "1,4-dihydropyridine": "C1C=CNC=C1",
    "biphenyl": "c1ccc(-c2ccccc2)cc1",
    "beta-carboline": "c1ccc2c(c1)[nH]c1cnccc12", "phenazine": "c1ccc2nc3ccccc3nc2c1",
}  # fmt: skip


@pytest.mark.parametrize("words", RINGS)
def test_a_ring_is_found_once_in_itself_and_twice_in_two(words: str) -> None:
    assert count(RINGS[words], words) == 1
    assert count(f"{RINGS[words]}.{RINGS[words]}", f"{words} rings") == 2
    assert count("CCO", words) == 0


@pytest.mark.parametrize("name", DRUGS)
def test_what_is_counted_is_possible_for_the_check_of_claims(name: str) -> None:
    """Where a count finds one, no check of a claim may say that there is none."""
    molecule = molecule_from_smiles(DRUGS[name])
    mol = parsed(molecule.smiles)
    for words, term in VOCABULARY.items():
        part = part_of(words)
        if part is None or not term.need or term.kind == "element":
            continue
        found = counts.count_part(molecule, part)
        assert found is not None
        assert not found.number or mol.HasSubstructMatch(pattern(term.need)), (words, part.name)


# ---------------------------------------------------------------- all groups, all rings


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("aspirin", "1 carboxylic acid group, 1 ester"),
        ("caffeine", "1 amide, 1 urea group"),
        ("metformin", "1 biguanide group"),
        ("thalidomide", "2 imides"),
        ("vorinostat", "1 amide, 1 hydroxamic acid group"),
        ("sucrose", "8 alcohols, 2 acetals"),
        ("lovastatin", "1 alcohol, 1 ester, 1 lactone, 2 alkenes"),
        ("glibenclamide", "1 ether, 1 amide, 1 sulfonylurea, 1 chloro group"),
        ("chloramphenicol", "2 alcohols, 1 amide, 1 nitro group, 2 chloro groups"),
        ("dapsone", "2 primary amines, 1 sulfone"),
        ("bortezomib", "2 amides, 1 boronic acid group"),
        ("zidovudine", "1 alcohol, 1 ether, 1 amide, 1 urea group, 1 azide"),
    ],
)
def test_all_groups_without_those_inside_larger_ones(name: str, groups: str) -> None:
    assert ", ".join(group.counted for group in counts.all_parts(molecule_from_smiles(DRUGS[name]))) == groups


@pytest.mark.parametrize(
    ("smiles", "number", "independent", "systems", "fused", "spiro", "named"),
    [
        (
            DRUGS["imatinib"],
            5,
            5,
            5,
            0,
            0,
            {"benzene ring": 2, "pyridine ring": 1, "pyrimidine ring": 1, "piperazine ring": 1},
        ),
        (DRUGS["caffeine"], 2, 2, 1, 2, 0, {"purine ring": 1}),
        (DRUGS["morphine"], 5, 5, 1, 5, 1, {"benzene ring": 1, "piperidine ring": 1, "cyclohexene ring": 1}),
        ("C12C3C4C1C5C2C3C45", 6, 5, 1, 6, 0, {"cyclobutane ring": 6}),
        ("C1CCC2(CC1)CCCC2", 2, 2, 1, 0, 1, {"cyclohexane ring": 1, "cyclopentane ring": 1}),
        ("c1ccc2[nH]c3ccccc3c2c1", 3, 3, 1, 3, 0, {"carbazole ring": 1}),
        ("C1CC2CCC1C2", 2, 2, 1, 2, 0, {"cyclopentane ring": 2}),
        ("CCO", 0, 0, 0, 0, 0, {}),
    ],
)
def test_rings(
    smiles: str, number: int, independent: int, systems: int, fused: int, spiro: int, named: dict[str, int]
) -> None:
    rings = counts.ring_systems(molecule_from_smiles(smiles))
    assert (rings.number, rings.independent, len(rings.systems)) == (number, independent, systems)
    assert (rings.fused, rings.spiro, rings.named) == (fused, spiro, named)
    mol = Chem.MolFromSmiles(smiles)
    assert (rings.aromatic, rings.aliphatic, rings.saturated) == (
        rdMolDescriptors.CalcNumAromaticRings(mol),
        rdMolDescriptors.CalcNumAliphaticRings(mol),
        rdMolDescriptors.CalcNumSaturatedRings(mol),
    )
    assert rings.hetero == rdMolDescriptors.CalcNumHeterocycles(mol)
    assert sum(rings.sizes.values()) == number


def test_a_ring_system_says_what_it_is_made_of() -> None:
    (system,) = counts.ring_systems(molecule_from_smiles(DRUGS["caffeine"])).systems
    assert (system.sizes, system.atoms, system.aromatic, system.hetero) == ((5, 6), 9, True, True)
    systems = counts.ring_systems(molecule_from_smiles("c1ccc2c(c1)CCC2.C1CCCCC1")).systems
    assert [(system.sizes, system.aromatic, system.hetero) for system in systems] == [
        ((5, 6), False, False),
        ((6,), False, False),
    ]


# ---------------------------------------------------------------- unusual structures


@pytest.mark.parametrize(
    ("smiles", "words", "number"),
    [
        ("[2H]C([2H])([2H])O", "hydrogens", 4),
        ("[2H]C([2H])([2H])O", "deuterium atoms", 3),
        ("[2H]C([2H])([2H])O", "methyl groups", 1),
        ("[2H]C([2H])([2H])O", "heavy atoms", 2),
        ("[2H]OC", "hydroxyl groups", 1),
        ("[13CH3]C", "carbons", 2),
        ("[13CH3]C", "carbon-13 atoms", 1),
        ("[H][H]", "hydrogens", 2),
        ("[H][H]", "atoms", 2),
        ("[Na+].[Cl-]", "halogens", 1),
        ("[Na+].[Cl-]", "chloro groups", 0),
        ("[Na+].CC(=O)[O-]", "carboxylic acids", 1),
        ("[Na+].CC(=O)[O-]", "carboxylate groups", 1),
        ("[Na+].CC(=O)[O-]", "hydroxyl groups", 0),
        ("C[NH3+]", "primary amines", 1),
        ("C[NH+](C)C", "tertiary amines", 1),
        ("C[N+](C)(C)C", "tertiary amines", 0),
        ("C[N+](C)(C)C", "quaternary ammonium groups", 1),
        ("N.N.Cl[Pt]Cl", "platinum atoms", 1),
        ("N.N.Cl[Pt]Cl", "chlorines", 2),
        ("C[Si](C)(C)O", "hydroxyl groups", 0),
        ("*CCO", "carbons", 2),
        ("*CCO", "heavy atoms", 3),
        ("*CCO", "atoms", 8),
        ("*OC", "methoxy groups", 0),
        ("O", "hydroxyl groups", 0),
        ("O", "O-H bonds", 2),
        ("OO", "hydroxyl groups", 0),
        ("CC(=O)OC(C)=O", "esters", 0),
        ("CC(=O)OC(C)=O", "anhydrides", 1),
        ("CC(=O)SC", "sulfides", 0),
        ("COC(=O)OC", "esters", 0),
        ("CNC(=O)OC", "amides", 0),
        ("CC=C=C", "alkenes", 2),
        ("CC(C)C", "isopropyl groups", 0),
        ("CCC", "ethyl groups", 0),
        ("CCOCC", "ethyl groups", 2),
        ("CCCOC", "ethyl groups", 0),
        ("C[N+](=O)[O-]", "nitro groups", 1),
        ("CO[N+](=O)[O-]", "nitro groups", 0),
        ("CO[N+](=O)[O-]", "nitrate esters", 1),
        ("C[N-][N+]#N", "azides", 1),
        ("C1CCCCCCCCCCC1", "macrocycles", 1),
        ("C1CCCCCCCCCC1", "macrocycles", 0),
        ("CC1(C)CCC1", "quaternary carbons", 1),
        ("CC(C)(C)C", "quaternary carbons", 1),
        ("CC(C)(C)C", "primary carbons", 4),
    ],
)
def test_unusual_structures(smiles: str, words: str, number: int) -> None:
    assert count(smiles, words) == number


def test_a_structure_without_atoms_has_none_of_anything() -> None:
    empty = Molecule("")
    for words in ("carbons", "atoms", "rings", "hydroxyl groups", "double bonds", "hydrogens"):
        part = part_of(words)
        assert part is not None
        found = counts.count_part(empty, part)
        assert found is not None and found.number == 0
    assert counts.all_parts(empty) == []
    assert counts.ring_systems(empty).number == 0


def test_a_part_without_anything_to_count_by_has_no_count() -> None:
    assert counts.count_part(molecule_from_smiles("CCO"), Part("nothing", "group")) is None


def test_counting_is_quick() -> None:
    """A part of a drug in under a millisecond beyond reading it; of two thousand atoms in a moment."""
    drug, chain = molecule_from_smiles(DRUGS["imatinib"]), Molecule("C" * 2_000)
    parts = [
        part for words in ("carbons", "amides", "tertiary amines", "rings", "double bonds") if (part := part_of(words))
    ]
    for molecule, seconds in ((drug, 0.001), (chain, 0.1)):
        for part in parts:
            counts.count_part(molecule, part)
            took = []
            for _ in range(5):
                start = time.perf_counter()
                counts.count_part(molecule, part)
                took.append(time.perf_counter() - start)
            assert min(took) < seconds, part.name
    start = time.perf_counter()
    assert counts.all_parts(chain) == []
    assert counts.ring_systems(chain).systems == ()
    assert time.perf_counter() - start < 2


SPELLED = st.sampled_from([*DRUGS.values(), *MORE])


@settings(deadline=None, max_examples=50)
@given(SPELLED, st.integers(0, 2**31 - 1))
def test_the_order_of_atoms_makes_no_difference(smiles: str, seed: int) -> None:
    mol = Chem.MolFromSmiles(smiles)
    other = Molecule(Chem.MolToRandomSmilesVect(mol, 1, randomSeed=seed)[0])
    molecule = molecule_from_smiles(smiles)
    assert [(c.part.name, c.number) for c in counts.all_parts(other)] == [
        (c.part.name, c.number) for c in counts.all_parts(molecule)
    ]
    assert counts.ring_systems(other).named == counts.ring_systems(molecule).named


@settings(deadline=None, max_examples=30)
@given(SPELLED, SPELLED)
def test_counts_of_a_mixture_are_the_sums_of_its_parts(first: str, second: str) -> None:
    for words in ("carbons", "hydrogens", "atoms", "rings", "hydroxyl groups", "amides", "double bonds", "sigma bonds"):
        assert count(f"{first}.{second}", words) == count(first, words) + count(second, words)


# ---------------------------------------------------------------- as facts


def test_facts_of_a_salt_are_of_the_whole_and_of_its_parent() -> None:
    salt = molecule_from_smiles("CC(N)c1ccccc1.OC(=O)CC(=O)O")
    part = part_of("carbons")
    assert part is not None
    whole, parent = counts.facts_of_count(salt, part)
    assert (whole.predicate, whole.value, whole.unit, whole.kind) == ("count", 11, "carbon atoms", "computed")
    assert (parent.value, parent.about_name) == (8, "CC(N)c1ccccc1")
    part = part_of("benzene rings")
    assert part is not None
    (only,) = counts.facts_of_count(salt, part)
    assert (only.value, only.unit) == (1, "benzene ring")


def test_facts_name_what_was_counted() -> None:
    aspirin = molecule_from_smiles(DRUGS["aspirin"])
    (groups,) = counts.facts_of_functional_groups(aspirin)
    assert (groups.predicate, groups.value) == ("functional groups", "1 carboxylic acid group and 1 ester")
    (none,) = counts.facts_of_functional_groups(molecule_from_smiles("CCC"))
    assert none.value == "none"
    (rings,) = counts.facts_of_ring_systems(aspirin)
    assert (rings.predicate, rings.value, rings.unit) == ("ring systems", 1, "ring system")
    assert "1 benzene ring" in rings.note
    (cage,) = counts.facts_of_ring_systems(molecule_from_smiles("C12C3C4C1C5C2C3C45"))
    assert "5 rings when only independent ones are counted" in cage.note
    (acyclic,) = counts.facts_of_ring_systems(molecule_from_smiles("CCO"))
    assert (acyclic.value, acyclic.note) == (0, "acyclic")
    (matches,) = counts.facts_of_smarts(aspirin, "C(=O)O")
    assert (matches.value, matches.unit) == (2, "matches")
    (bonds,) = counts.facts_of_path(molecule_from_smiles("*CC*"))
    assert (bonds.value, bonds.unit) == (3, "bonds")
