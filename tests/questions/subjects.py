"""The starter tables, and what one molecule or protein of them has by RDKit and Biopython."""

from __future__ import annotations

import csv
import lzma
import math
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import cache, cached_property
from importlib import import_module
from importlib.resources import files
from typing import Any

from Bio.SeqUtils.ProtParam import ProteinAnalysis
from rdkit import Chem
from rdkit.Chem import QED, rdMolDescriptors
from rdkit.Chem.Scaffolds import MurckoScaffold

Row = dict[str, Any]
RDKIT: Any = import_module("rdkit.Chem.Descriptors")
"""the module, whose stub names none of its functions"""
RESIDUES = {
    "A": "alanine", "R": "arginine", "N": "asparagine", "D": "aspartate", "C": "cysteine", "Q": "glutamine",
    "E": "glutamate", "G": "glycine", "H": "histidine", "I": "isoleucine", "L": "leucine", "K": "lysine",
    "M": "methionine", "F": "phenylalanine", "P": "proline", "S": "serine", "T": "threonine", "W": "tryptophan",
    "Y": "tyrosine", "V": "valine",
}  # fmt: skip


class Tables:
    """The starter tables, with the indexes that golds need."""

    def __init__(self) -> None:
        folder = files("biomed_agent") / "data" / "starter"
        usual = csv.field_size_limit(10**9)

        def read(name: str) -> list[Row]:
            packed = folder / f"{name}.tsv.xz"
            content = (
                lzma.decompress(packed.read_bytes()) if packed.is_file() else (folder / f"{name}.tsv").read_bytes()
            )
            return [*csv.DictReader(content.decode().splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)]

        self.molecules, self.proteins, self.brands = read("molecules"), read("proteins"), read("brands")
        self.affinities, self.aliases, self.homonyms = read("affinities"), read("aliases"), read("homonyms")
        csv.field_size_limit(usual)
        self.by_key = {row["inchikey"]: row for row in self.molecules}
        self.by_accession = {row["accession"]: row for row in self.proteins}
        self.by_gene = {
            row["gene"]: row for row in reversed(self.proteins) if row["organism"] == "Homo sapiens" and row["gene"]
        }

    @cached_property
    def by_name(self) -> dict[str, Row]:
        """Molecules by name, brand, synonym and identifier in lower case; the first three in this order."""
        found: dict[str, Row] = {}
        for row in self.molecules:
            found.setdefault(row["name"].lower(), row)
        for brand in self.brands:
            found.setdefault(brand["brand"].lower(), found[brand["name"].lower()])
        for row in self.molecules:
            for name in filter(None, row["synonyms"].split("|")):
                found.setdefault(name.lower(), row)
            for space in ("cid", "drugbank", "chebi", "chembl", "cas"):
                if row[space]:
                    found.setdefault(f"{space}:{row[space].split(':')[-1]}".lower(), row)
        return found

    @cached_property
    def affinities_of(self) -> dict[str, list[Row]]:
        """Rows of the table of affinities by InChIKey and by accession."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.affinities:
            found[row["inchikey"]].append(row)
            found[row["accession"]].append(row)
        return found

    def molecule(self, asked: str) -> Row:
        """Return the row that a key, name, brand, identifier or SMILES names; of a new structure key and SMILES."""
        row = self.by_key.get(asked) or self.by_name.get(asked.lower())
        if row:
            return row
        parsed = Chem.MolFromSmiles(asked)
        assert parsed is not None, asked
        key = Chem.MolToInchiKey(parsed)
        unknown: Row = defaultdict(str, inchikey=key, smiles=asked)
        return self.by_key.get(key, unknown)

    def measured(self, asked: str) -> Row:
        """Return the molecule whose affinities are meant: the one named, or its parent where it has none itself."""
        row = self.molecule(asked)
        return row if row["inchikey"] in self.affinities_of else self.by_key.get(row["parent"], row)

    def protein(self, asked: str) -> Row:
        """Return the row of an accession or human gene; of a sequence, that sequence."""
        return self.by_accession.get(asked) or self.by_gene.get(asked) or {"accession": asked, "sequence": asked}


# ---- values of one structure or sequence ----------------------------------------------------------------------------
@cache
def parsed(smiles: str) -> Chem.Mol:
    return Chem.MolFromSmiles(smiles)


def elements(mol: Chem.Mol) -> Counter[str]:
    return Counter(atom.GetSymbol() for atom in Chem.AddHs(mol).GetAtoms())


def unsaturation(mol: Chem.Mol) -> float:
    count = elements(mol)
    halogens = sum(count[symbol] for symbol in ("F", "Cl", "Br", "I"))
    return (2 * count["C"] + 2 + count["N"] + count["P"] - count["H"] - halogens) / 2


def empirical(mol: Chem.Mol) -> str:
    count = elements(mol)
    divisor = math.gcd(*count.values())
    order = sorted(count, key=lambda symbol: ("CH".find(symbol) % 3, symbol))
    return "".join(symbol + (str(count[symbol] // divisor) if count[symbol] > divisor else "") for symbol in order)


def lipinski_violations(mol: Chem.Mol) -> int:
    limits = ((RDKIT.MolWt, 500), (RDKIT.MolLogP, 5), (RDKIT.NumHDonors, 5), (RDKIT.NumHAcceptors, 10))
    return sum(function(mol) > limit for function, limit in limits)


def scaffold(mol: Chem.Mol) -> str:
    return Chem.MolToSmiles(MurckoScaffold.GetScaffoldForMol(mol))


OF_MOLECULE: dict[str, tuple[Callable[[Chem.Mol], Any], str, float]] = {
    "molecular_weight": (RDKIT.MolWt, "g/mol", 0.06), "exact_mass": (RDKIT.ExactMolWt, "Da", 0.001),
    "logp": (RDKIT.MolLogP, "", 0.02), "tpsa": (rdMolDescriptors.CalcTPSA, "A^2", 0.1),
    "h_bond_donors": (RDKIT.NumHDonors, "", 0), "h_bond_acceptors": (RDKIT.NumHAcceptors, "", 0),
    "rotatable_bonds": (rdMolDescriptors.CalcNumRotatableBonds, "", 0), "rings": (rdMolDescriptors.CalcNumRings, "", 0),
    "aromatic_rings": (rdMolDescriptors.CalcNumAromaticRings, "", 0), "atoms": (lambda m: elements(m).total(), "", 0),
    "stereocentres": (rdMolDescriptors.CalcNumAtomStereoCenters, "", 0), "qed": (QED.qed, "", 0.01),
    "fraction_sp3": (rdMolDescriptors.CalcFractionCSP3, "", 0.01), "molar_refractivity": (RDKIT.MolMR, "", 0.1),
    "formal_charge": (Chem.GetFormalCharge, "", 0), "unsaturation": (unsaturation, "", 0),
    "ro5_violations": (lipinski_violations, "", 0), "formula": (rdMolDescriptors.CalcMolFormula, "", 0),
    "empirical_formula": (empirical, "", 0), "inchikey": (Chem.MolToInchiKey, "", 0),
    "inchi": (Chem.MolToInchi, "", 0), "smiles": (Chem.MolToSmiles, "", 0),
}  # fmt: skip
"""function, unit, tolerance"""
COLUMNS = ("cas", "cid", "chebi", "drugbank", "chembl", "name")


def of_molecule(row: Row, predicate: str) -> Row:
    """Return one value of a molecule; ``count:N``, ``smarts:C#N`` and ``percent:Cl`` count atoms, matches and mass."""
    mol, unit, tolerance = parsed(row["smiles"]), "", 0.0
    kind, _, what = predicate.partition(":")
    if predicate in COLUMNS:
        value: Any = row[predicate]
    elif kind == "count":
        value = elements(mol)[what]
    elif kind == "smarts":
        value = len(mol.GetSubstructMatches(Chem.MolFromSmarts(what)))
    elif kind == "percent":
        weight = Chem.GetPeriodicTable().GetAtomicWeight(what) * elements(mol)[what]
        value, unit, tolerance = 100 * weight / RDKIT.MolWt(mol), "%", 0.1
    else:
        function, unit, tolerance = OF_MOLECULE[predicate]
        value = function(mol)
    return stated(row["inchikey"], predicate, value, unit, tolerance)


def of_protein(row: Row, predicate: str) -> Row:
    """Return one value of a protein, as ProtParam computes it; ``count:C`` and ``percent:L`` of residues."""
    sequence, key = row["sequence"], row["accession"]
    analysis = ProteinAnalysis(sequence)
    kind, _, residue = predicate.partition(":")
    if kind == "length":
        return stated(key, predicate, len(sequence), "residues")
    if kind == "mass":
        mass = analysis.molecular_weight()
        return stated(key, predicate, mass, "Da", max(1.0, 3e-4 * mass))
    if kind == "extinction":
        reduced, oxidised = analysis.molar_extinction_coefficient()
        return {**stated(key, predicate, reduced), "also": [oxidised]}
    if kind == "count":
        return stated(key, predicate, sequence.count(residue))
    if kind == "percent":
        return stated(key, predicate, 100 * sequence.count(residue) / len(sequence), "%", 0.1)
    function, tolerance = {
        "pi": (analysis.isoelectric_point, 0.3), "gravy": (analysis.gravy, 0.005),
        "instability": (analysis.instability_index, 0.1),
    }[kind]  # fmt: skip
    return stated(key, predicate, function(), "", tolerance)


def stated(subject: str, predicate: str, value: Any, unit: str = "", tolerance: float = 0) -> Row:
    shown = round(value, 5) if isinstance(value, float) else value
    made = {"subject": subject, "predicate": predicate, "value": shown, "unit": unit, "tolerance": round(tolerance, 3)}
    return {name: part for name, part in made.items() if part != "" and (name != "tolerance" or part)}
