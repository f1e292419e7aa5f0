"""Reading, describing, comparing and drawing structures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biomed_agent.core.chemistry import descriptors, druglikeness, structures
from biomed_agent.core.chemistry.structures import molecule_from_inchi, molecule_from_smiles
from biomed_agent.core.chemistry.vocabulary import SUBSTITUENTS, TERMS, VOCABULARY
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.types import Molecule, Provenance

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
METFORMIN_HYDROCHLORIDE = "CN(C)C(=N)N=C(N)N.Cl"


def facts(smiles: str) -> dict[str, object]:
    """Computed values by predicate; the whole structure's where the parent's stands beside it."""
    table: dict[str, object] = {}
    for fact in descriptors.computed_facts(molecule_from_smiles(smiles)):
        table.setdefault(fact.predicate, fact.value)
    return table


def test_spellings_of_one_structure_give_one_molecule() -> None:
    spellings = ["CC(=O)OC1=CC=CC=C1C(=O)O", "O=C(O)c1ccccc1OC(C)=O", f"  {ASPIRIN}\n"]
    molecules = [molecule_from_smiles(spelling) for spelling in spellings]
    assert all(molecule == molecules[0] for molecule in molecules)
    assert molecules[0].smiles == ASPIRIN
    assert molecules[0].inchikey == "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"
    assert molecules[0].formula == "C9H8O4"
    assert molecules[0].weight == pytest.approx(180.159, abs=2e-3)


def test_a_weight_on_the_edge_is_shown_as_one_number_everywhere() -> None:
    """668.765 with rounding errors: 668.77 when it is rounded once, 668.76 when the record's three decimals are."""
    morphine = "CN1CC[C@]23c4c5ccc(O)c4O[C@H]2[C@@H](O)C=C[C@H]3[C@H]1C5"
    salt = molecule_from_smiles(f"{morphine}.{morphine}.OS(O)(=O)=O")
    shown = f"{salt.weight:.2f}"
    computed = descriptors.computed_facts(salt)
    assert {f"{fact.value:.8g}" for fact in computed if fact.predicate == "molecular weight"} == {shown, "285.34"}
    assert f"weight {shown} (" in next(fact.note for fact in computed if fact.predicate == "rule of five")
    assert f"weight {shown} (" in next(
        fact.note for fact in druglikeness.rules(salt) if fact.predicate == "Ghose filter"
    )


def test_name_identifiers_and_provenance_are_carried() -> None:
    origin = Provenance("PubChem", "CID 2244")
    molecule = molecule_from_smiles(ASPIRIN, name="aspirin", ids={"cid": "2244"}, provenance=origin)
    assert (molecule.name, molecule.handle, molecule.provenance) == ("aspirin", "CID:2244", origin)


def test_stereo_is_kept() -> None:
    left, right = molecule_from_smiles("C[C@H](N)C(=O)O"), molecule_from_smiles("C[C@@H](N)C(=O)O")
    assert left.smiles != right.smiles
    assert left.inchikey[:14] == right.inchikey[:14]
    assert left.inchikey != right.inchikey


def test_dummy_atoms_leave_formula_weight_and_key_empty() -> None:
    molecule = molecule_from_smiles("*c1ccccc1")
    assert (molecule.formula, molecule.weight, molecule.inchikey) == ("", None, "")
    assert structures.inchi(molecule) == ""
    assert "molecular weight" not in facts("*c1ccccc1")


def test_ions_carry_their_charge_in_the_formula() -> None:
    assert molecule_from_smiles("CC(=O)[O-]").formula == "C2H3O2-"


@pytest.mark.parametrize(
    ("smiles", "reason"),
    [
        ("", "is empty"),
        ("C1CC", "ring closure 1 (position 2) is never closed"),
        ("CC(C", "'(' at position 3 is never closed"),
        ("CC)C", "')' at position 3 was never opened"),
        ("C[N", "bracket '[' at position 2 has no partner"),
        ("C[Xx]C", "'[Xx]' at position 2 is no atom"),
        ("C==C", "bond '=' at position 2 leads to no atom"),
        ("CC=", "bond '=' at position 3 leads to no atom"),
        ("xyz", "'x' at position 1 is no atom or bond"),
        ("C(C)(C)(C)(C)C", "atom 1 (C) has valence 5"),
        ("CCN(C)(C)(C)C", "atom 3 (N) has valence 5"),
        ("c1cccc1", "aromatic atoms 1, 2, 3, 4, 5"),
        ("cc", "atom 1 is written as aromatic but is in no ring"),
        ("CC>>CO", "is a reaction"),
        ("C~C", "is a SMARTS pattern"),
        ("[C,N]", "is a SMARTS pattern"),
        ("CCO aspirin", "white space"),
        ("C\x00C", "white space or characters"),
        ("C" * 6000, "6,000 characters; at most 5,000"),
        ("C" * 1200, "1,200 atoms; at most 1,000"),
        ("C1C1", "syntax"),
    ],
)
def test_what_is_wrong_with_a_smiles_is_said(smiles: str, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        molecule_from_smiles(smiles)
    assert reason in caught.value.message
    assert len(caught.value.message) < 250
    assert caught.value.hint


@given(st.text(max_size=40))
def test_reading_any_text_gives_a_molecule_or_invalid_input(text: str) -> None:
    try:
        molecule = molecule_from_smiles(text)
    except InvalidInput:
        return
    assert molecule_from_smiles(molecule.smiles).smiles == molecule.smiles


@given(st.text(alphabet="CNOcn1()[]=#+-@H/\\.%*", max_size=25))
def test_reading_smiles_like_text_gives_a_molecule_or_invalid_input(text: str) -> None:
    try:
        molecule = molecule_from_smiles(text)
    except InvalidInput:
        return
    descriptors.computed_facts(molecule)
    structures.parent_of_salt(molecule)


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    for text in ("C1CC", "C(C)(C)(C)(C)C", "[2H][2H]", "C/C=C/C", "[secret]"):
        structures.looks_like_smiles(text)
        try:
            molecule = molecule_from_smiles(text)
        except InvalidInput:
            continue
        descriptors.computed_facts(molecule)
        structures.inchi(molecule)
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


def test_inchi_round_trip_and_errors() -> None:
    molecule = molecule_from_smiles("C[C@H](N)C(=O)O")
    assert molecule_from_inchi(structures.inchi(molecule)) == molecule
    with pytest.raises(InvalidInput, match="is no InChI"):
        molecule_from_inchi("aspirin")
    with pytest.raises(InvalidInput, match="cannot be read"):
        molecule_from_inchi("InChI=1S/nonsense")


NAMES = """
IL-6 p53 CYP3A4 B12 5-HT C60 C3 N2 CO2 (R) (S) CCN2 PCP PCB CBC INN NSC BSO SCN CPC COS NCS Con Co In Os cocoon
I-BOP S-O P/O S/N C/N I/O B/C [125I] [3H] [14C] [125I]BOP [S] NO(S) P(O) CO HIV-1 S1P S1P1 C1INH CB1/CB2 n-3 N-C
F-18 C-14 C.I. N.O. PC12 CN-1 IC50 OC43 NOC-18 C5b-9 C1s C1q PC(O) PI3K PIP2 C1-C2 SN38 FC PBS+ BCNU CCNU B.1.1.7 F2
N1N1 Fe2+ Ca2+ NO- H+ [1] N=1 p=0.05 C=1 C# COX-2 SOS1 C2C12 S9 F1 CNN1 PON1 PNP COPS2 SNCB CP55940 C75 FK506 B2 BIO
IPP SNP CCO CCCP FCCP CC10 CC-1065 NF-kB SP1 COPII CNS PNS O2 ClO2 H2O2 InChI=1S/CH4/h1H4 CNC-OS BrdU NiCl2 CoA
CoQ10
""".split()
STRUCTURES = r"""
CC(=O)O c1ccccc1 C1CC1 C=O CC(C)O O=O N#N [Na+].[Cl-] [OH-] [Na+] C#C C[C@H](N)C(=O)O CCN(CC)CC OCC(O)CO F/C=C/F
*c1ccccc1 CC(C)(C)O ClC(Cl)Cl [18F]C1CC1 CN1C=NC2=C1C(=O)N(C(=O)N2C)C c1ccc2[nH]ccc2c1 C%10CCCC%10
""".split()


@pytest.mark.parametrize("token", NAMES)
def test_words_are_not_taken_for_structures(token: str) -> None:
    assert not structures.looks_like_smiles(token)


@pytest.mark.parametrize("token", STRUCTURES)
def test_structures_are_recognised(token: str) -> None:
    assert structures.looks_like_smiles(token)


def test_identifier_shapes() -> None:
    assert structures.looks_like_cas("50-78-2")
    assert not structures.looks_like_cas("50-78-3")  # wrong check digit
    assert not structures.looks_like_cas("1-2-3")
    assert structures.looks_like_inchikey("BSYNRYMUTXBXSQ-UHFFFAOYSA-N")
    assert not structures.looks_like_inchikey("BSYNRYMUTXBXSQ")
    assert structures.looks_like_inchi("InChI=1S/CH4/h1H4")
    assert not structures.looks_like_inchi("inchi")


def test_computed_facts_of_aspirin() -> None:
    table = facts(ASPIRIN)
    assert table["molecular formula"] == "C9H8O4"
    assert table["molecular weight"] == 180.16
    assert table["monoisotopic mass"] == 180.0423
    assert (table["heavy atoms"], table["formal charge"], table["rings"], table["aromatic rings"]) == (13, 0, 1, 1)
    assert (table["hydrogen-bond donors"], table["hydrogen-bond acceptors"], table["rotatable bonds"]) == (1, 3, 2)
    assert (table["logP"], table["TPSA"], table["fraction sp3"]) == (1.31, 63.6, 0.11)
    assert (table["rule of five"], table["Veber rule"], table["Murcko scaffold"]) == ("pass", "pass", "c1ccccc1")


def test_computed_facts_state_their_source() -> None:
    for fact in descriptors.computed_facts(molecule_from_smiles(ASPIRIN, ids={"cid": "2244"})):
        assert (fact.kind, fact.subject) == ("computed", "CID:2244")
        assert fact.provenance.source.startswith("RDKit 20")


def test_rule_of_five_names_what_is_exceeded() -> None:
    long_ether = "O" + "CCOCCO" * 12
    violations, values = descriptors.rule_of_five(molecule_from_smiles(long_ether))
    assert violations == ["molecular weight", "acceptors"]
    assert "N+O 25 (<= 10)" in values
    assert facts(long_ether)["rule of five"] == "fail"


def test_stereocentres_are_counted_defined_and_undefined() -> None:
    assert structures.stereocentres(molecule_from_smiles("C[C@H](N)C(O)C(=O)O")) == (1, 1)
    assert structures.stereocentres(molecule_from_smiles(ASPIRIN)) == (0, 0)


def test_masses_of_salt_and_base_are_both_told() -> None:
    rows = [
        (fact.value, fact.note)
        for fact in descriptors.computed_facts(molecule_from_smiles(METFORMIN_HYDROCHLORIDE))
        if fact.predicate == "molecular weight"
    ]
    assert rows == [
        (165.63, "whole structure, counter-ions and solvent included"),
        (129.17, "of the neutral parent CN(C)C(=N)N=C(N)N"),
    ]


@pytest.mark.parametrize(
    ("smiles", "parent"),
    [
        (METFORMIN_HYDROCHLORIDE, "CN(C)C(=N)N=C(N)N"),
        ("CC(=O)[O-].[Na+]", "CC(=O)O"),
        ("CC(=O)[O-]", "CC(=O)O"),
        ("O.O.CCCCO", "CCCCO"),
        ("C[N+](C)(C)CCC.[Cl-]", "CCC[N+](C)(C)C"),
        ("OC(=O)/C=C/C(=O)O.CCN", "CCN"),  # the counter-acid is larger than the drug
        ("[NH3+]CC(=O)[O-]", "NCC(=O)O"),
        ("[Na+].[Cl-]", None),
        ("CCO", None),
        ("O", None),
    ],
)
def test_parent_of_salt(smiles: str, parent: str | None) -> None:
    neutral = structures.parent_of_salt(molecule_from_smiles(smiles))
    assert (neutral.smiles if neutral else None) == parent


def test_components_come_largest_first() -> None:
    parts = structures.components(molecule_from_smiles("Cl.CCO.CCCCN"))
    assert [part.smiles for part in parts] == ["CCCCN", "CCO", "Cl"]


def test_similarity() -> None:
    aspirin, salicylic, hexane = (molecule_from_smiles(smiles) for smiles in (ASPIRIN, "O=C(O)c1ccccc1O", "CCCCCC"))
    assert structures.similar(aspirin, aspirin) == 1.0
    assert structures.similar(aspirin, salicylic) > structures.similar(aspirin, hexane) >= 0.0


def test_drawing_is_one_svg_element_of_the_size_asked() -> None:
    drawing = structures.draw_svg(molecule_from_smiles(ASPIRIN), 200, 150)
    assert drawing.startswith("<svg")
    assert drawing.endswith("</svg>")
    assert "width='200px' height='150px'" in drawing
    assert "<!--" not in drawing
    assert structures.parsed(ASPIRIN).GetNumConformers() == 0  # the shared molecule stays untouched


@pytest.mark.parametrize(
    ("smiles", "present", "absent"),
    [
        (ASPIRIN, {"carboxylic acid": 1, "acetate ester": 1}, {"phenol", "ketone", "amine", "hydroxy"}),
        ("CC(=O)Nc1ccc(O)cc1", {"phenol": 1, "secondary amide": 1, "acetamide": 1}, {"amine", "ketone", "aniline"}),
        ("NCCc1ccc(O)c(O)c1", {"primary amine": 1, "catechol": 1}, {"amide", "secondary amine"}),
        ("CN(C)C(=N)NC(=N)N", {"biguanide": 1, "dimethylamino": 1}, {"amide", "nitrile"}),
        ("Cc1cc(NS(=O)(=O)c2ccc(N)cc2)no1", {"sulfonamide": 1, "aniline": 1}, {"sulfone", "amide"}),
        ("CC(C)C[C@H](NC(=O)C)B(O)O", {"boronic acid": 1}, {"carboxylic acid", "alcohol"}),
        ("C[N+](C)(C)CCO", {"quaternary ammonium": 1, "primary alcohol": 1}, {"tertiary amine"}),
        ("O=[N+]([O-])c1ccc(F)cc1C#N", {"nitro": 1, "nitrile": 1, "fluoro": 1}, {"amine", "amine oxide"}),
    ],
)
def test_functional_groups(smiles: str, present: dict[str, int], absent: set[str]) -> None:
    groups = structures.functional_groups(molecule_from_smiles(smiles))
    assert present.items() <= groups.items()
    assert not absent & groups.keys()


@pytest.mark.parametrize(
    ("smiles", "present", "absent"),
    [
        (
            "O=c1c(O)c(-c2ccc(O)c(O)c2)oc2cc(O)cc(O)c12",
            {"flavone", "flavonol", "flavonoid"},
            {"chalcone", "isoflavone"},
        ),
        ("O=C(/C=C/c1ccc(O)cc1)c1ccc(O)cc1O", {"chalcone", "flavonoid"}, {"flavone", "flavanone", "dihydrochalcone"}),
        ("O=C1CC(c2ccc(O)cc2)Oc2cc(O)cc(O)c21", {"flavanone"}, {"flavone", "chalcone", "dihydrochalcone"}),
        ("O=c1c(-c2ccc(O)cc2)coc2cc(O)cc(O)c12", {"isoflavone"}, {"flavone"}),
        ("Cn1c(=O)c2c(ncn2C)n(C)c1=O", {"xanthine", "purine"}, {"nucleoside"}),
        ("C[C@]12CC[C@H]3[C@@H](CCc4cc(O)ccc43)[C@@H]1CC[C@@H]2O", {"steroid"}, {"anthracene"}),
        ("CC1(C)SC2C(NC(=O)Cc3ccccc3)C(=O)N2C1C(=O)O", {"penicillin"}, {"cephalosporin", "peptide"}),
        ("CN1C(=O)CN=C(c2ccccc2)c2cc(Cl)ccc21", {"1,4-benzodiazepine"}, {"quinazoline"}),
        ("Cc1cc(NS(=O)(=O)c2ccc(N)cc2)no1", {"isoxazole"}, {"oxazole", "furan"}),
        ("CCC1(c2ccccc2)C(=O)NC(=O)NC1=O", {"barbiturate"}, {"hydantoin", "phenethylamine"}),
    ],
)
def test_skeletons(smiles: str, present: set[str], absent: set[str]) -> None:
    names = structures.skeletons(molecule_from_smiles(smiles))
    assert present <= names
    assert not absent & names


def test_vocabulary_is_sound() -> None:
    words = [word for term in TERMS for word in (term.name, *term.words)]
    assert len(words) == len(set(words)) == len(VOCABULARY)
    assert all(word == word.lower() for word in words)
    for smarts in [pattern for term in TERMS for pattern in (term.proof, term.need) if pattern]:
        structures.pattern(smarts)
    for substituent in SUBSTITUENTS.values():
        structures.pattern(substituent.proof)
        structures.pattern(substituent.need)


def test_what_is_shown_is_possible() -> None:
    """A term's ``need`` must hold wherever its ``proof`` does, or true statements would be contradicted."""
    smiles = """CC(=O)Oc1ccccc1C(=O)O Cn1c(=O)c2c(ncn2C)n(C)c1=O O=c1c(O)c(-c2ccc(O)c(O)c2)oc2cc(O)cc(O)c12
    CN1CC[C@]23c4c5ccc(O)c4O[C@H]2[C@@H](O)C=C[C@H]3[C@H]1C5 CC1(C)SC2C(NC(=O)Cc3ccccc3)C(=O)N2C1C(=O)O
    O=C(O)c1cn(C2CC2)c2cc(N3CCNCC3)c(F)cc2c1=O Nc1ncnc2c1ncn2C1OC(COP(=O)(O)O)C(O)C1O CN(C)CCCN1c2ccccc2Sc2ccc(Cl)cc21
    CC1=C(C(=O)O)N2C(=O)C(NC(=O)C(N)c3ccccc3)C2SC1 C[N+](C)(C)CC([O-])=O O=C1CN=C(c2ccccc2)c2ccccc2N1
    CN=[N+]=[N-] CON=C(C)C O=S(=O)(c1ccccc1)C CS(C)=O CC(=O)OC(C)=O O=C1c2ccccc2C(=O)c2ccccc12 c1ccc(N=Nc2ccccc2)cc1
    O=C1C=CC(=O)C=C1 CC(=S)N NC(=S)N CCOP(=O)(OCC)OCC OB(O)c1ccccc1 C1CO1
    NC(CS)C(=O)NCC(=O)O C#CC N#CC O=CC=O CC(O)=CC(C)=O""".split()
    for text in smiles:
        mol = structures.parsed(molecule_from_smiles(text).smiles)
        for term in TERMS:
            if term.proof and term.need and mol.HasSubstructMatch(structures.pattern(term.proof)):
                assert mol.HasSubstructMatch(structures.pattern(term.need)), (text, term.name)


def test_a_molecule_is_a_value() -> None:
    assert molecule_from_smiles("CCO") == Molecule("CCO", "LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "", "C2H6O", 46.069)
