"""Measured affinities beyond kinases: BindingDB of March 2015, as dhimmel/bindingdb collapsed it for DrugBank's drugs.

That table lost what a relation such as ``>`` said, kept one measure for each compound and protein, averaged its values,
and took compounds for drugs by their atoms and bonds alone, counter-ions and mixtures among them. So a row is taken
only where both sides are proved: the drug's name is one of the molecule that ships under its DrugBank identifier, the
compound was taken for no drug of other atoms and bonds (but a mixture of ``mixtures.tsv`` that holds it), and among
stereoisomers only for the one that leaves the configuration open. Rows that average the mutants of a kinase panel, and
those that repeat a DAVIS measurement of the same publication without its bound, are left out; so are constants by way
of PubChem, of which 247 of 249 that DAVIS has too are a thousand times its value.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from biomed_agent.core.name_matching import name_key

from .molecules import Molecule
from .proteins import Protein
from .tables import HAND_WRITTEN, read_csv, read_tsv

SHARE_ALIKE = frozenset({"BindingDB2015-ChEMBL", "KIBA"})
"""sources of affinities that are, or are built on, ChEMBL's (CC BY-SA 3.0)"""
DAVIS_PAPER = "22037378"
PANELS = frozenset({DAVIS_PAPER, "18183025", "15711537"})
"""PubMed numbers of kinase panels that measured mutants beside the wild type (Davis 2011, Karaman 2008, Fabian 2005)"""
LOWEST, HIGHEST = 1e-3, 1e9
"""nM; what is said to bind below one pM or above one mole a litre was misread"""
_FLAT = "UHFFFAOYSA"
"""second block of the InChIKey of a structure without stereochemistry"""


def drugs(data: Path) -> list[dict[str, str]]:
    """Return the rows of the table, those of several genes of one protein once."""
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for row in read_tsv(data / "dti_bindingdb_drugs" / "affinities.tsv"):
        rows.setdefault((row["drugbank_id"], row["bindingdb_id"], row["uniprot"], row["measure"]), row)
    return list(rows.values())


def bindingdb(
    data: Path,
    molecules: Sequence[Molecule],
    proteins: Sequence[Protein],
    davis: Collection[tuple[str, str]],
    mutated: Collection[str],
) -> Iterator[dict[str, str]]:
    """Yield the rows whose molecule and protein are proved, without a relation.

    Args:
        data: The data folder.
        molecules: Of the set.
        proteins: Of the set.
        davis: InChIKey and accession of the pairs that DAVIS holds.
        mutated: Accessions of which kinase panels measured mutants.
    """
    rows = drugs(data)
    meant = compounds(data, rows, molecules)
    known = {protein.accession for protein in proteins}
    for row in rows:
        molecule = meant.get((row["drugbank_id"], row["bindingdb_id"]))
        value, papers = float(row["affinity_nM"]), set(filter(None, row["pubmeds"].split(",")))
        if molecule is None or row["uniprot"] not in known or not LOWEST <= value <= HIGHEST:
            continue
        if row["measure"] != "IC50" and "PubChem" in row["sources"]:
            continue
        repeated = DAVIS_PAPER in papers and (molecule.inchikey, row["uniprot"]) in davis
        if repeated or (papers & PANELS and row["uniprot"] in mutated):
            continue
        yield {
            "inchikey": molecule.inchikey,
            "accession": row["uniprot"],
            "measure": row["measure"],
            "relation": "",
            "value": f"{value:.7g}",
            "unit": "nM",
            "source": f"{source_of(row['sources'])} {row['uniprot']} x monomer {row['bindingdb_id']}",
            "construct": "",
            "refs": "|".join(f"PMID:{number}" for number in sorted(papers, key=int)),
            "replicates": row["n_measures"],
        }


def source_of(databases: str) -> str:
    """Return the key of the source, and so the licence, of a row that averages values of these databases.

    >>> source_of("PDSP Ki,ChEMBL"), source_of("BindingDB,US Patent"), source_of("PDSP Ki"), source_of("PubChem")
    ('BindingDB2015-ChEMBL', 'BindingDB2015', 'BindingDB2015-PDSP', 'BindingDB2015-PubChem')
    """
    names = set(databases.split(","))
    if "ChEMBL" in names:
        return "BindingDB2015-ChEMBL"
    return {"PDSP Ki": "BindingDB2015-PDSP", "PubChem": "BindingDB2015-PubChem"}.get(databases, "BindingDB2015")


def compounds(
    data: Path, rows: Sequence[Mapping[str, str]], molecules: Sequence[Molecule]
) -> dict[tuple[str, str], Molecule]:
    """Return the molecule of each DrugBank and BindingDB identifier that surely name one."""
    vocabulary = {row["DrugBank ID"]: row for row in read_csv(data / "drugs" / "drugbank_vocabulary.csv")}
    proved = {(row["drugbank"], name_key(row["name"])) for row in read_tsv(HAND_WRITTEN / "measured_names.tsv")}
    mixtures = {row["drugbank"]: row["holds"].split("|") for row in read_tsv(HAND_WRITTEN / "mixtures.tsv")}
    shipped = {molecule.ids["drugbank"]: molecule for molecule in molecules if "drugbank" in molecule.ids}
    taken_for: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        taken_for[row["bindingdb_id"]].add(row["drugbank_id"])
    found: dict[tuple[str, str], Molecule] = {}
    for row in rows:
        pair, molecule = (row["drugbank_id"], row["bindingdb_id"]), shipped.get(row["drugbank_id"])
        if molecule is None or pair in found or "." in molecule.smiles:
            continue
        entry = vocabulary[row["drugbank_id"]]
        names = [molecule.name, *molecule.synonyms, entry["Common name"], *entry["Synonyms"].split(" | ")]
        called = name_key(row["name"])
        if called not in map(name_key, names) and (row["drugbank_id"], called) not in proved:
            continue
        others = {drug for drug in taken_for[row["bindingdb_id"]] if row["drugbank_id"] not in mixtures.get(drug, ())}
        keys = {vocabulary[drug]["Standard InChI Key"] for drug in others if drug in vocabulary}
        if is_told_apart(molecule.inchikey, keys - {""}):
            found[pair] = molecule
    return found


def is_told_apart(inchikey: str, keys: Collection[str]) -> bool:
    """Whether a compound that was taken for the drugs of these InChIKeys can only be the one of them.

    >>> is_told_apart("AAAAAAAAAAAAAA-UHFFFAOYSA-N", {"AAAAAAAAAAAAAA-UHFFFAOYSA-N", "AAAAAAAAAAAAAA-ABCDEFGHSA-N"})
    True
    >>> is_told_apart("AAAAAAAAAAAAAA-UHFFFAOYSA-N", {"AAAAAAAAAAAAAA-UHFFFAOYSA-N", "BBBBBBBBBBBBBB-UHFFFAOYSA-N"})
    False
    """
    others = set(keys) - {inchikey}
    return not others or (inchikey[15:25] == _FLAT and all(key[:14] == inchikey[:14] for key in others))


def mutated_targets(names: Mapping[str, str], constructs: Collection[str]) -> set[str]:
    """Return the accessions of the wild types of which DAVIS measured mutants.

    Args:
        names: Accession by the name of each wild-type construct.
        constructs: Names of those that are none.
    """
    genes = {re.sub(r"\(.*", "", name) for name in constructs}
    return {accession for name, accession in names.items() if re.sub(r"\(.*|-.*", "", name) in genes}
