"""Measured affinities of the starter set: DAVIS dissociation constants and KIBA scores of wild-type kinases.

DAVIS gives every mutant, phosphorylated or truncated construct the wild-type sequence, so names with a bracket, a
trailing ``p`` or a cyclin partner are left out; what remains is matched to an accession by its exact sequence, or by
its gene when the sequences share a stretch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from .molecules import Molecule, canonical
from .proteins import Protein
from .tables import read_tsv

COLUMNS = ("inchikey", "accession", "measure", "relation", "value", "unit", "source")
DAVIS_LIMIT = 10000.0
"""nM; the highest concentration tested, written where no binding was seen"""
STRETCH = 40
"""Residues that must be found in a protein matched by gene."""


def build(data: Path, molecules: Sequence[Molecule], proteins: Sequence[Protein]) -> list[dict[str, str]]:
    """Return the affinities of molecules and proteins of the set."""
    shipped = {molecule.inchikey for molecule in molecules}
    named = {molecule.ids["drugbank"]: molecule.inchikey for molecule in molecules if "drugbank" in molecule.ids}
    by_sequence = {protein.sequence: protein.accession for protein in reversed(proteins)}
    human = {protein.gene: protein for protein in proteins if protein.gene and protein.taxon_id == "9606"}
    accessions = {protein.accession for protein in proteins}
    return [
        *davis(data / "dti_davis", ligands(data / "dti_davis", shipped, named), by_sequence, human),
        *kiba(data / "dti_kiba", ligands(data / "dti_kiba", shipped, named), by_sequence, accessions),
    ]


def ligands(folder: Path, shipped: set[str], named: dict[str, str]) -> dict[str, str]:
    """Return InChIKeys by ligand name, for ligands that ship.

    Some structures are drawn without stereochemistry (sunitinib, crizotinib); those are taken for the drug whose
    DrugBank identifier stands beside them when the atoms and bonds agree.
    """
    keys: dict[str, str] = {}
    for row in read_tsv(folder / "ligands.tsv"):
        known = canonical(row["smiles"])
        if known and known[1] in shipped:
            keys[row["drug_id"]] = known[1]
        elif known and known[1][:14] == named.get(row["drugbank_id"], "")[:14]:
            keys[row["drug_id"]] = named[row["drugbank_id"]]
    return keys


def davis(
    folder: Path, keys: dict[str, str], by_sequence: dict[str, str], human: dict[str, Protein]
) -> Iterator[dict[str, str]]:
    """Yield dissociation constants in nM; at the highest concentration tested the relation is ``>=``."""
    names = {row["protein_id"] for row in read_tsv(folder / "proteins.tsv")}
    targets: dict[str, str] = {}
    for row in read_tsv(folder / "proteins.tsv"):
        name, sequence = row["protein_id"], row["sequence"]
        if "(" in name or "cyclin" in name or (name.endswith("p") and name[:-1] in names):
            continue
        known = human.get(name)
        middle = sequence[len(sequence) // 2 :][:STRETCH]
        if sequence in by_sequence:
            targets[name] = by_sequence[sequence]
        elif known and middle in known.sequence:
            targets[name] = known.accession
    for row in read_tsv(folder / "affinity.tsv"):
        if row["drug_id"] in keys and row["protein_id"] in targets:
            value = float(row["kd_nM"])
            yield {
                "inchikey": keys[row["drug_id"]],
                "accession": targets[row["protein_id"]],
                "measure": "Kd",
                "relation": ">=" if value >= DAVIS_LIMIT else "=",
                "value": f"{value:g}",
                "unit": "nM",
                "source": f"DAVIS {row['protein_id']} x CID {row['drug_id']}",
            }


def kiba(
    folder: Path, keys: dict[str, str], by_sequence: dict[str, str], accessions: set[str]
) -> Iterator[dict[str, str]]:
    """Yield KIBA scores as DeepDTA transformed them (no unit, higher binds better)."""
    targets: dict[str, str] = {}
    for row in read_tsv(folder / "proteins.tsv"):
        known = row["protein_id"] in accessions
        targets[row["protein_id"]] = row["protein_id"] if known else by_sequence.get(row["sequence"], "")
    for row in read_tsv(folder / "affinity.tsv"):
        if row["drug_id"] in keys and targets.get(row["protein_id"]):
            yield {
                "inchikey": keys[row["drug_id"]],
                "accession": targets[row["protein_id"]],
                "measure": "KIBA score",
                "relation": "=",
                "value": f"{float(row['kiba_score']):g}",
                "unit": "",
                "source": f"KIBA {row['drug_id']} x {row['protein_id']}",
            }
