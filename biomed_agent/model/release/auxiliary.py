"""Questions asked in training alone, so that few descriptions go further: names, classes, facts and neighbours.

Structures without a description are many. What can be said of them nevertheless - the name PubChem computes, the class
ChEBI puts them in, the groups, rings and formula that anyone can read off, and what is said of the molecules most like
them - teaches the graph encoder to tell structures apart and the language model to read it. The answers carry their
question with them, so nobody can ask for them by kind. Structures of official test splits and of the held-out fold
are left out here too.
"""

import csv
import lzma
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, DataStructs, rdBase
from rdkit.Chem import rdMolDescriptors

from biomed_agent.core.chemistry.vocabulary import TERMS, Term
from biomed_agent.model.contract.prompt import QUESTIONS
from biomed_agent.model.contract.rouge import Subsequence, words
from biomed_agent.model.data.examples import OTHER, Example
from biomed_agent.model.data.similarity import fingerprint

IUPAC, CLASS, NAME, DEFINITION = "pubchem_iupac", "chebi_classes", "chebi_names", "chebi_definitions"
FACTS, MORE_FACTS, NEIGHBOURS = "facts", "facts/moleculenet", "neighbours"
PROTEIN_WORDS = "protein_words"
"""Origins of the examples; recipes repeat examples by them."""
ASKED = {
    IUPAC: "What is the IUPAC name of this molecule?",
    CLASS: "To which class does this molecule belong?",
    NAME: "What is the name of this molecule?",
    DEFINITION: "What is the definition of this molecule?",
    FACTS: "Which groups does this molecule contain?",
    MORE_FACTS: "Which groups does this molecule contain?",
    NEIGHBOURS: QUESTIONS["description"],
    PROTEIN_WORDS: "What is known of this protein?",
}
LICENCES = {
    IUPAC: "PubChem, computed names and structures, free of rights",
    CLASS: "ChEBI, CC BY 4.0",
    NAME: "ChEBI, CC BY 4.0",
    DEFINITION: "ChEBI, CC BY 4.0",
    FACTS: "computed here from structures of PubChem and ChEBI",
    MORE_FACTS: "computed here from structures of MoleculeNet (MIT)",
    NEIGHBOURS: "ChEBI, CC BY 4.0 (descriptions of other molecules)",
    PROTEIN_WORDS: "UniProt, SGD and PHI-base, CC BY 4.0; NCBI, public domain",
}
MOLECULENET = ("tox21", "Lipophilicity", "BBBP", "clintox", "HIV")
EVERY_HIV = 3
"""one in so many structures of MoleculeNet's HIV set is read; they are many and alike"""
MAX_NAME_CHARACTERS, MAX_IUPAC_CHARACTERS = 160, 220
"""characters; longer names are lists of locants nobody could learn"""
MIN_SIMILARITY = 0.36
"""Tanimoto similarity below which a neighbour's description says little"""
MAX_NEIGHBOURS = 12
"""neighbours whose descriptions are compared"""
MAX_CLASSES, MAX_GROUPS = 8, 10
"""told of one structure"""


@dataclass(frozen=True, slots=True)
class Row:
    """A structure as some file states it, with what the file says of it."""

    smiles: str
    origin: str
    text: str = ""


Admit: TypeAlias = Callable[[str], tuple[str, str, str]]
"""SMILES to (canonical SMILES, group, why it is not used)."""


# ---------------------------------------------------------------------------------------------- what the files hold


def read_rows(data: Path) -> Iterator[Row]:
    """Yield what the folder's structures without descriptions hold: names, classes, definitions, bare structures."""
    for name in ("train", "validation"):
        for row in _table(data / f"pubchem_iupac/{name}.tsv.xz"):
            yield Row(row["SMILES"], IUPAC, row["iupac_name"] if len(row["iupac_name"]) < MAX_IUPAC_CHARACTERS else "")
    for row in _table(data / "chebi_classes/membership.tsv.xz"):
        if row["is_member"] == "1":
            yield Row(row["smiles"], CLASS, row["class_name"])
        yield Row(row["smiles"], NAME, row["name"] if len(row["name"]) < MAX_NAME_CHARACTERS else "")
    for row in _table(data / "chebi_definitions/molecules.tsv.xz"):
        yield Row(row["smiles"], NAME, row["name"] if len(row["name"]) < MAX_NAME_CHARACTERS else "")
    for row in _table(data / "chebi20/cid_to_smiles.tsv.xz"):
        yield Row(row["SMILES"].replace("\\\\", "\\"), FACTS)
    for name in MOLECULENET:
        rows = list(_table(data / f"moleculenet/{name}.csv.xz", ","))
        for row in rows[:: EVERY_HIV if name == "HIV" else 1]:
            yield Row(row["smiles"], MORE_FACTS)


def _table(path: Path, delimiter: str = "\t") -> Iterator[dict[str, str]]:
    with lzma.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        if delimiter == ",":
            yield from csv.DictReader(lines)
        else:
            yield from csv.DictReader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)


# ---------------------------------------------------------------------------------------------- examples


def auxiliary_examples(
    rows: Iterable[Row], described: Sequence[Example], admit: Admit, dropped: Counter[str]
) -> Iterator[Example]:
    """Yield the examples of :data:`ASKED`; count rows that are left out in ``dropped``.

    Args:
        rows: From :func:`read_rows`.
        described: Training examples with a description in one style; neighbours are looked for among them.
        admit: Tells what may be used, and in which form.
        dropped: Counts by ``origin | reason``.
    """
    known: dict[str, tuple[str, str]] = {}  # canonical SMILES to group and origin of its facts
    seen: set[tuple[str, str, str]] = set()
    for row in rows:
        smiles, group, reason = admit(row.smiles)
        if not reason and row.text and (smiles, row.origin, row.text) in seen:
            reason = "duplicate"
        if reason:
            dropped[f"{row.origin} | {reason}"] += 1
            continue
        known.setdefault(smiles, (group, MORE_FACTS if row.origin == MORE_FACTS else FACTS))
        if row.text:
            seen.add((smiles, row.origin, row.text))
            yield _asked(row.origin, row.text, group, smiles)
    for smiles, (group, origin) in known.items():
        yield _asked(origin, facts(smiles), group, smiles)
    described_groups = {example.group for example in described}
    without = {
        smiles: group for smiles, (group, origin) in known.items() if origin == FACTS and group not in described_groups
    }
    for smiles, text in borrowed(list(without), described):
        yield _asked(NEIGHBOURS, text, without[smiles], smiles)


def _asked(origin: str, answer: str, group: str, smiles: str) -> Example:
    return Example(OTHER, answer, group, origin, smiles=smiles, question=ASKED[origin])


def facts(smiles: str) -> str:
    """Return what can be read off a structure: classes; groups and rings with their number; rings; formula."""
    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
    atoms = Counter(atom.GetAtomicNum() for atom in molecule.GetAtoms())
    rings = molecule.GetRingInfo().NumRings()
    classes: list[str] = []
    groups: list[str] = []
    for proof in _PROOFS:
        if len(classes if proof.is_class else groups) == (MAX_CLASSES if proof.is_class else MAX_GROUPS):
            continue
        if rings < proof.rings or any(atoms[number] < least for number, least in proof.atoms):
            continue
        if proof.is_class:
            classes += [proof.name] * molecule.HasSubstructMatch(proof.pattern)
        elif number := len(molecule.GetSubstructMatches(proof.pattern, maxMatches=20)):
            groups.append(proof.name if number == 1 else f"{number} {proof.name}")
    formula = rdMolDescriptors.CalcMolFormula(molecule)
    return f"{', '.join(classes)}; {', '.join(groups)}; {rings} rings; {formula}."


@dataclass(frozen=True, slots=True)
class _Proof:
    """A class, group or ring as a pattern, with what a structure must have at least for it to fit."""

    name: str
    is_class: bool
    pattern: Chem.Mol
    atoms: tuple[tuple[int, int], ...]
    """atomic number and how many; atoms of the pattern that fit several elements have no number"""
    rings: int

    @classmethod
    def of(cls, term: Term) -> Self:
        pattern = Chem.MolFromSmarts(term.proof)
        atoms = Counter(atom.GetAtomicNum() for atom in pattern.GetAtoms() if atom.GetAtomicNum())
        rings = pattern.GetNumBonds() - pattern.GetNumAtoms() + len(Chem.GetMolFrags(pattern))
        return cls(term.name, term.kind == "class", pattern, tuple(atoms.items()), rings)


_PROOFS = [_Proof.of(term) for term in TERMS if term.proof and term.kind in ("class", "group", "ring")]


def borrowed(structures: Sequence[str], described: Sequence[Example]) -> Iterator[tuple[str, str]]:
    """Yield (SMILES, description) of structures that have none, taken from similar molecules.

    The most similar molecule's description, and the one on which the neighbourhood agrees most: among the
    neighbours that with the highest mean ROUGE-L with the others, weighted by the fourth power of their Tanimoto
    similarity. So the model learns what a search for neighbours would have answered, and can go beyond it.

    Args:
        structures: SMILES.
        described: Where neighbours are looked for.
    """
    prints = [fingerprint(example.smiles) for example in described]
    usable = [number for number, bits in enumerate(prints) if bits is not None]
    known = [prints[number] for number in usable]
    texts = [words(example.answer) for example in described]
    sequences = [Subsequence(text) for text in texts]
    agreement: dict[tuple[int, int], float] = {}

    def agree(first: int, two: int) -> float:
        pair = (min(first, two), max(first, two))
        if pair not in agreement:
            agreement[pair] = sequences[first].rouge_l(texts[two])
        return agreement[pair]

    for smiles in structures:
        own = fingerprint(smiles)
        if own is None:
            continue
        similar = np.array(DataStructs.BulkTanimotoSimilarity(own, known))
        nearest = _highest(similar, MAX_NEIGHBOURS)
        if not len(nearest) or similar[nearest[0]] < MIN_SIMILARITY:
            continue
        near = [usable[int(number)] for number in nearest]
        weights = similar[nearest] ** 4
        votes = [sum(weight * agree(first, two) for two, weight in zip(near, weights, strict=True)) for first in near]
        for text in dict.fromkeys((described[near[0]].answer, described[near[int(np.argmax(votes))]].answer)):
            yield smiles, text


def _highest(values: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Return the places of the highest values, highest first, the first of equals first."""
    if len(values) > count:
        places = np.flatnonzero(values >= np.partition(values, -count)[-count])
    else:
        places = np.arange(len(values))
    return places[np.argsort(-values[places], kind="stable")[:count]]
