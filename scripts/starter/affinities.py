"""Measured affinities of the starter set: DAVIS constants, KIBA scores and (:mod:`.measured`) values of BindingDB.

DAVIS gives every mutant, phosphorylated or truncated construct the wild-type sequence, so names with a mutation in a
bracket or a trailing ``p`` are left out. A domain or a cyclin in the name is the row's construct. What remains is
matched to an accession by its exact sequence, by its gene when the sequences share a stretch, or by the one human
protein that holds nearly all of the sequence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from .measured import SHARE_ALIKE, bindingdb, mutated_targets
from .molecules import Molecule, canonical
from .proteins import Protein
from .tables import read_tsv

COLUMNS = (
    "inchikey", "accession", "measure", "relation", "value", "unit", "source", "construct", "refs", "replicates",
)  # fmt: skip
DAVIS_LIMIT = 10000.0
"""nM; the highest concentration tested, written where no binding was seen"""
STRETCH = 40
"""Residues that must be found in a protein matched by gene."""
WORD = 12
"""Residues of the words by which whole sequences are compared."""
SAME, APART = 0.95, 0.1
"""Part of a construct's words that its protein must hold, and by how much the next protein must hold less."""
SPECIES = frozenset({"Pfalciparum", "Mtuberculosis"})
"""what a bracket of DAVIS names besides parts and mutations"""


def build(
    data: Path, molecules: Sequence[Molecule], proteins: Sequence[Protein], *, share_alike: bool = True
) -> list[dict[str, str]]:
    """Return the affinities of molecules and proteins of the set.

    Args:
        data: The data folder.
        molecules: Of the set.
        proteins: Of the set.
        share_alike: Whether rows come along that are ChEMBL's or built on them (CC BY-SA 3.0).
    """
    shipped = {molecule.inchikey for molecule in molecules}
    named = {molecule.ids["drugbank"]: molecule.inchikey for molecule in molecules if "drugbank" in molecule.ids}
    by_sequence = {protein.sequence: protein.accession for protein in reversed(proteins)}
    human = {protein.gene: protein for protein in proteins if protein.gene and protein.taxon_id == "9606"}
    accessions = {protein.accession for protein in proteins}
    targets = davis_targets(data / "dti_davis", by_sequence, human)
    constants = list(davis(data / "dti_davis", ligands(data / "dti_davis", shipped, named), targets))
    pairs = {(row["inchikey"], row["accession"]) for row in constants}
    mutants = {name for name in davis_names(data / "dti_davis") if construct(name) is None}
    rows = [
        *constants,
        *kiba(data / "dti_kiba", ligands(data / "dti_kiba", shipped, named), by_sequence, accessions),
        *bindingdb(data, molecules, proteins, pairs, mutated_targets(targets, mutants)),
    ]
    return [row for row in rows if share_alike or row["source"].split(" ")[0] not in SHARE_ALIKE]


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


def construct(name: str) -> str | None:
    """Return which part or complex a DAVIS name says was measured, empty for the usual one; None for a mutant.

    >>> construct("JAK1(JH1domain-catalytic)"), construct("CDK4-cyclinD1"), construct("KIT"), construct("KIT(D816V)")
    ('JH1 domain, catalytic', 'complex with cyclin D1', '', None)
    """
    if cyclin := re.search(r"-cyclin(\w+)$", name):
        return f"complex with cyclin {cyclin[1]}"
    bracket = re.search(r"\((.*)\)", name)
    if bracket is None or bracket[1] in SPECIES:
        return ""
    if domain := re.fullmatch(r"(JH\d)domain-(\w+)", bracket[1]):
        return f"{domain[1]} domain, {domain[2]}"
    if domain := re.fullmatch(r"KinDom\.(\d)-([NC])-terminal", bracket[1]):
        return f"kinase domain {domain[1]}, {domain[2]}-terminal"
    return None


def nearest(sequence: str, proteins: Mapping[str, Protein]) -> str:
    """Return the accession of the one protein that holds nearly all words of a sequence; empty when none does."""
    words = {sequence[start : start + WORD] for start in range(len(sequence) - WORD + 1)}
    shares = sorted(
        (
            (sum(word in protein.sequence for word in words) / len(words), protein.accession)
            for protein in proteins.values()
        ),
        reverse=True,
    )
    (best, accession), (second, _) = shares[:2]
    return accession if best >= SAME and best - second >= APART else ""


def davis_names(folder: Path) -> set[str]:
    """Return how DAVIS calls what it measured, mutants among them."""
    return {row["protein_id"] for row in read_tsv(folder / "proteins.tsv")}


def davis_targets(folder: Path, by_sequence: dict[str, str], human: dict[str, Protein]) -> dict[str, str]:
    """Return the accessions of wild-type constructs by their name."""
    names = davis_names(folder)
    targets: dict[str, str] = {}
    for row in read_tsv(folder / "proteins.tsv"):
        name, sequence = row["protein_id"], row["sequence"]
        if construct(name) is None or (name.endswith("p") and name[:-1] in names):
            continue
        known = human.get(name)
        middle = sequence[len(sequence) // 2 :][:STRETCH]
        if sequence in by_sequence:
            targets[name] = by_sequence[sequence]
        elif known and middle in known.sequence:
            targets[name] = known.accession
        elif accession := nearest(sequence, human):
            targets[name] = accession
    return targets


def davis(folder: Path, keys: dict[str, str], targets: dict[str, str]) -> Iterator[dict[str, str]]:
    """Yield dissociation constants in nM; at the highest concentration tested the relation is ``>=``."""
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
                "construct": construct(row["protein_id"]) or "",
                "refs": "",
                "replicates": "",
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
                "construct": "",
                "refs": "",
                "replicates": "",
            }
