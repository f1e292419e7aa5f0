from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rdkit import Chem

from biomed_agent.core.chemistry import structures
from biomed_agent.core.chemistry.structures import molecule_from_smiles
from biomed_agent.core.types import Molecule
from biomed_agent.sources.local import LocalIndex, structure_search
from biomed_agent.sources.local.files import open_file
from biomed_agent.sources.local.schema import build_index
from biomed_agent.sources.local.structure_search import StructureSearch
from biomed_agent.sources.search_hits import Hits

CHAINS = {f"chain {count}": "C" * count + "O" for count in range(1, 9)}
OTHERS = {"benzene": "c1ccccc1", "phenol": "Oc1ccccc1", "aniline": "Nc1ccccc1", "salicylic acid": "OC(=O)c1ccccc1O"}


def build(folder: Path, named: dict[str, str]) -> LocalIndex:
    folder.mkdir(exist_ok=True)
    head = "inchikey name smiles formula weight cid chebi drugbank cas unii chembl parent salt synonyms classes roles"
    head += " source"
    rows = []
    for number, (name, smiles) in enumerate(named.items(), 1):
        molecule = molecule_from_smiles(smiles)
        cells = {"inchikey": molecule.inchikey, "name": name, "smiles": molecule.smiles, "formula": molecule.formula}
        cells |= {"weight": str(molecule.weight), "cid": str(number), "source": f"Own {number}"}
        rows.append("\t".join(cells.get(column, "") for column in head.split()))
    (folder / "molecules.tsv").write_text("\n".join(["\t".join(head.split()), *rows]) + "\n")
    (folder / "sources.tsv").write_text("key\tname\tlicence\turl\nOwn\tOwn table\tCC0\t\n")
    return LocalIndex([open_file(build_index(folder, folder / "index.sqlite"))])  # without the starter set


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalIndex]:
    with build(tmp_path_factory.mktemp("own"), CHAINS | OTHERS) as index:
        yield index


def names(hits: Hits) -> list[str]:
    return [hit.molecule.name for hit in hits.hits]


def test_likeness_is_that_of_two_molecules_compared_alone(index: LocalIndex) -> None:
    phenol = molecule_from_smiles("Oc1ccccc1")
    hits = StructureSearch(index, None).similar(phenol, threshold=0.1, limit=50)
    assert "phenol" not in names(hits), "itself is no hit"
    assert names(hits)[:2] == ["salicylic acid", "aniline"]
    for hit in hits.hits:
        assert hit.likeness == pytest.approx(structures.similar(phenol, hit.molecule), abs=5e-4)
    assert [hit.likeness for hit in hits.hits] == sorted((hit.likeness or 0 for hit in hits.hits), reverse=True)
    few = StructureSearch(index, None).similar(phenol, threshold=0.1, limit=1)
    assert (len(few.hits), few.total, few.more) == (1, hits.total, False)
    assert few.beyond == f"{hits.total - 1} more exist"
    assert StructureSearch(index, None).similar(phenol, threshold=1.0).hits == ()


def test_every_molecule_that_holds_the_part_is_found_and_no_other(index: LocalIndex) -> None:
    search = StructureSearch(index, None)
    for smiles in ("CCO", "c1ccccc1", "OC(=O)c1ccccc1", "CCCCCCC", "*c1ccccc1O"):
        part = molecule_from_smiles(smiles)
        query = Chem.MolFromSmarts(smiles) if "*" in smiles else Chem.MolFromSmiles(smiles)
        hits = search.containing(part, limit=50)
        holders = [
            name
            for name, whole in (CHAINS | OTHERS).items()
            if molecule_from_smiles(whole).smiles != part.smiles and Chem.MolFromSmiles(whole).HasSubstructMatch(query)
        ]
        assert sorted(names(hits)) == sorted(holders)
    assert names(search.containing(molecule_from_smiles("CCO"), 2)) == ["chain 3", "chain 4"], "the smallest first"
    assert search.containing(molecule_from_smiles("CCO"), 2).beyond == "5 more exist"


def test_counting_stops_and_says_so(index: LocalIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure_search, "MAX_COUNTED", 3)
    hits = StructureSearch(index, None).containing(molecule_from_smiles("CO"), 2)
    assert (hits.total, hits.more, hits.beyond) == (3, True, "at least 1 more exist")


def test_fingerprints_are_kept_and_a_damaged_file_is_made_again(index: LocalIndex, tmp_path: Path) -> None:
    ethanol = molecule_from_smiles("CCO")
    first = StructureSearch(index, tmp_path).similar(ethanol)
    (path,) = tmp_path.glob("fingerprints-*.npz")
    written = path.stat().st_mtime_ns
    assert StructureSearch(index, tmp_path).similar(ethanol) == first
    assert path.stat().st_mtime_ns == written
    path.write_bytes(b"PK damaged")
    assert StructureSearch(index, tmp_path).similar(ethanol) == first
    assert path.read_bytes() != b"PK damaged"
    assert StructureSearch(index, tmp_path / "no such folder").similar(ethanol) == first


def test_an_index_that_is_too_large_is_passed_over_and_named(
    index: LocalIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(structure_search, "MAX_SEARCHED", 3)
    hits = StructureSearch(index, None).similar(Molecule("CCO"))
    assert hits.hits == ()
    assert "1 larger index files were not searched" in hits.provenance.identifier
