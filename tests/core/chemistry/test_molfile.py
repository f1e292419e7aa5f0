from __future__ import annotations

from pathlib import Path

import pytest
from rdkit import Chem
from rdkit.Chem import rdDepictor, rdDistGeom

from biomed_agent.answering.resolving.input_files import read_entity_file
from biomed_agent.core.chemistry.molfile import molecule_from_molblock, read_records
from biomed_agent.core.chemistry.structures import molecule_from_smiles
from biomed_agent.core.errors import Ambiguous, InvalidInput
from biomed_agent.core.types import Molecule

POLYMER = "M  STY  1   1 SRU\nM  SAL   1  2   1   2\nM  SMT   1 n\nM  END"


def mol_block(smiles: str, three_dimensional: bool = False, v3000: bool = False, title: str = "") -> str:
    mol = Chem.MolFromSmiles(smiles)
    if three_dimensional:
        mol = Chem.AddHs(mol)
        rdDistGeom.EmbedMolecule(mol, randomSeed=1)
    else:
        rdDepictor.Compute2DCoords(mol)
    return title + str(Chem.MolToMolBlock(mol, forceV3000=v3000))


@pytest.mark.parametrize("v3000", [False, True])
@pytest.mark.parametrize("three_dimensional", [False, True])
def test_mol_blocks_keep_stereo(three_dimensional: bool, v3000: bool) -> None:
    smiles = molecule_from_smiles("C[C@H](N)/C=C/C(=O)O").smiles
    assert molecule_from_molblock(mol_block(smiles, three_dimensional, v3000)).smiles == smiles


def test_one_record_of_an_sdf_is_read_and_several_are_refused() -> None:
    block = mol_block("CCO", title="ethanol")
    assert molecule_from_molblock(f"{block}$$$$\n").name == "ethanol"
    with pytest.raises(InvalidInput, match=r"holds 2 records; expected exactly one\. .*--input FILE\.sdf"):
        molecule_from_molblock(f"{block}$$$$\n{block}$$$$\n")
    with pytest.raises(InvalidInput, match="malformed"):
        molecule_from_molblock("not a block")
    with pytest.raises(InvalidInput, match="0 records"):
        molecule_from_molblock("")


@pytest.mark.parametrize("damage", [str.strip, lambda text: text.replace("\n", "\r\n"), lambda text: text.lstrip("\n")])
@pytest.mark.parametrize("v3000", [False, True])
def test_a_block_survives_trimmed_headers_and_foreign_line_ends(damage: object, v3000: bool) -> None:
    assert callable(damage)
    assert molecule_from_molblock(damage(mol_block("CCO", v3000=v3000))).smiles == "CCO"
    assert molecule_from_molblock(damage(mol_block("CCO", v3000=v3000, title="ethanol"))).name == "ethanol"


def test_records_are_read_one_by_one_and_a_bad_one_stops_none() -> None:
    tags = "> <PUBCHEM_COMPOUND_CID>\n702\n\n> 25 <GENERIC_NAME> (702)\nspirit\n\n$$$$\n"
    text = (
        f"{mol_block('CCO', title='702')}{tags}"
        f"{mol_block('C', title='five').replace(' C ', ' Xq')}$$$$\n"
        f"{mol_block('c1ccccc1')}$$$$\n\n"
    )
    first, second, third = read_records(text.splitlines(keepends=True))
    assert first.molecule is not None
    assert (first.number, first.title, first.molecule.ids) == (1, "spirit", {"cid": "702"})
    assert second.molecule is None
    assert second.problem.startswith("record 2 'five'")
    assert third.molecule is not None
    assert (third.number, third.title, third.molecule.smiles) == (3, "", "c1ccccc1")
    assert list(read_records([])) == []


def test_what_is_drawn_like_a_molecule_and_is_none_is_told() -> None:
    with pytest.raises(InvalidInput, match="holds no atoms"):
        molecule_from_molblock("\n\n\n  0  0  0  0  0  0  0  0  0  0999 V2000\nM  END\n")
    with pytest.raises(InvalidInput, match=r"is a polymer \(substance group SRU\)"):
        molecule_from_molblock(mol_block("CCO").replace("M  END", POLYMER))
    with pytest.raises(InvalidInput, match="its atom 2 stands for several elements"):
        molecule_from_molblock(mol_block("CCO").replace("M  END", "M  ALS   2  2 F N   O   \nM  END"))
    with pytest.raises(InvalidInput, match="has valence 5"):
        molecule_from_molblock(mol_block("CC(C)C").replace("  2  3  1", "  2  3  3"))


def test_r_groups_are_open_positions() -> None:
    molecule = molecule_from_molblock(mol_block("CC*"))
    assert ("*" in molecule.smiles, molecule.formula, molecule.weight, molecule.inchikey) == (True, "", None, "")


def smiles_in(path: str) -> str:
    molecule = read_entity_file(path).entity
    assert isinstance(molecule, Molecule)
    return molecule.smiles


def test_a_file_of_several_records_lists_them_and_one_can_be_taken(tmp_path: Path) -> None:
    path = tmp_path / "three.sdf"
    path.write_text("$$$$\n".join([mol_block("CCO", title="spirit"), mol_block("C"), mol_block("CC(C)O")]) + "$$$$\n")
    with pytest.raises(Ambiguous, match=r"three\.sdf holds 3 records; expected one molecule") as caught:
        read_entity_file(str(path))
    assert [(candidate.handle, candidate.label) for candidate in caught.value.candidates] == [
        (f"file:{path}#1", "spirit"),
        (f"file:{path}#2", "unnamed record"),
        (f"file:{path}#3", "unnamed record"),
    ]
    assert smiles_in(f"{path}#3") == "CC(C)O"
    with pytest.raises(InvalidInput, match="has no record 4; it holds 3"):
        read_entity_file(f"{path}#4")
    path.write_text(mol_block("CCO"))
    assert smiles_in(str(path)) == "CCO"
