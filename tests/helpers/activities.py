"""Small dumps of activities of the shapes that ChEMBL and BindingDB give out; their values are invented."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from biomed_agent.core.types import Fact, Molecule, Protein
from biomed_agent.sources.local import LocalIndex, affinities

IMATINIB = "KTUFNOKKBVMGRW-UHFFFAOYSA-N"
IMATINIB_SMILES = "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1"
MESYLATE = "YLMAHDNUQAMNNX-UHFFFAOYSA-N"
ASPIRIN = "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"
ABL1_SEQUENCE = "MLEICLKLVGCKSKKGLSSSSSCYLEEALQRPVASDFEPQGLSEAARWNSKENLLAGPSENDPNLF"
KIT_SEQUENCE = "MRGARGAWDFLCVLLLLLRVQTGSSQPSVSPGEPSPPSIHPGKSDLIVRVGDEIRLLCTDPGFVK"

CHEMBL_SCHEMA = """
CREATE TABLE version (name VARCHAR(50) NOT NULL, creation_date DATETIME, comments VARCHAR(2000), PRIMARY KEY (name));
CREATE TABLE molecule_dictionary (molregno BIGINT NOT NULL, pref_name VARCHAR(255), chembl_id VARCHAR(20) NOT NULL,
    max_phase NUMERIC(2, 1), structure_type VARCHAR(10), first_approval INTEGER, black_box_warning SMALLINT,
    withdrawn_flag SMALLINT, PRIMARY KEY (molregno));
CREATE TABLE compound_structures (molregno BIGINT NOT NULL, molfile TEXT, standard_inchi VARCHAR(4000),
    standard_inchi_key VARCHAR(27), canonical_smiles VARCHAR(4000), PRIMARY KEY (molregno));
CREATE TABLE molecule_hierarchy (molregno BIGINT NOT NULL, parent_molregno BIGINT, active_molregno BIGINT,
    PRIMARY KEY (molregno));
CREATE TABLE molecule_synonyms (molregno BIGINT NOT NULL, syn_type VARCHAR(50), molsyn_id BIGINT,
    synonyms VARCHAR(250), PRIMARY KEY (molsyn_id));
CREATE TABLE compound_records (record_id BIGINT NOT NULL, molregno BIGINT, doc_id BIGINT, compound_name VARCHAR(4000),
    PRIMARY KEY (record_id));
CREATE TABLE docs (doc_id BIGINT NOT NULL, pubmed_id BIGINT, doi VARCHAR(100), year INTEGER, PRIMARY KEY (doc_id));
CREATE TABLE target_dictionary (tid BIGINT NOT NULL, target_type VARCHAR(30), pref_name VARCHAR(200), tax_id BIGINT,
    organism VARCHAR(150), chembl_id VARCHAR(20), PRIMARY KEY (tid));
CREATE TABLE target_components (tid BIGINT, component_id BIGINT, targcomp_id BIGINT, PRIMARY KEY (targcomp_id));
CREATE TABLE component_sequences (component_id BIGINT NOT NULL, component_type VARCHAR(50), accession VARCHAR(25),
    sequence TEXT, description VARCHAR(200), tax_id BIGINT, organism VARCHAR(150), db_source VARCHAR(25),
    PRIMARY KEY (component_id));
CREATE TABLE component_synonyms (compsyn_id BIGINT NOT NULL, component_id BIGINT, component_synonym VARCHAR(800),
    syn_type VARCHAR(20), PRIMARY KEY (compsyn_id));
CREATE TABLE variant_sequences (variant_id BIGINT NOT NULL, mutation VARCHAR(2000), accession VARCHAR(25),
    PRIMARY KEY (variant_id));
CREATE TABLE assays (assay_id BIGINT NOT NULL, doc_id BIGINT, tid BIGINT, assay_type VARCHAR(1),
    assay_organism VARCHAR(250), confidence_score SMALLINT, variant_id BIGINT, chembl_id VARCHAR(20),
    PRIMARY KEY (assay_id));
CREATE TABLE activities (activity_id BIGINT NOT NULL, assay_id BIGINT, doc_id BIGINT, record_id BIGINT,
    molregno BIGINT, standard_relation VARCHAR(50), standard_value NUMERIC, standard_units VARCHAR(100),
    standard_flag SMALLINT, standard_type VARCHAR(250), activity_comment VARCHAR(4000),
    data_validity_comment VARCHAR(30), potential_duplicate SMALLINT, pchembl_value NUMERIC(4, 2),
    standard_upper_value NUMERIC, standard_text_value VARCHAR(1000), PRIMARY KEY (activity_id));
CREATE TABLE drug_mechanism (mec_id BIGINT NOT NULL, molregno BIGINT, mechanism_of_action VARCHAR(250), tid BIGINT,
    action_type VARCHAR(50), PRIMARY KEY (mec_id));
CREATE TABLE drug_indication (drugind_id BIGINT NOT NULL, molregno BIGINT, max_phase_for_ind NUMERIC(2, 1),
    mesh_heading VARCHAR(200), efo_term VARCHAR(200), PRIMARY KEY (drugind_id));
CREATE TABLE drug_warning (warning_id BIGINT NOT NULL, record_id BIGINT, molregno BIGINT, warning_type VARCHAR(20),
    warning_class VARCHAR(100), warning_country VARCHAR(1000), warning_year INTEGER, PRIMARY KEY (warning_id));
"""

ROWS: dict[str, list[tuple[object, ...]]] = {
    "version": [("ChEMBL_36", "2025-07-01", ""), ("InChI v1.06", "", "")],
    "molecule_dictionary": [
        (1, "IMATINIB", "CHEMBL941", 4.0, "MOL", 2001, 0, 0),
        (2, "IMATINIB MESYLATE", "CHEMBL1642", 4, "MOL", 2001, 0, 0),
        (3, "TRASTUZUMAB", "CHEMBL1201585", 4, "SEQ", 1998, 1, 0),
        (4, None, "CHEMBL77", None, "MOL", None, -1, 0),
        (5, "ASPIRIN", "CHEMBL25", 4, "MOL", 1950, 0, 1),
    ],
    "compound_structures": [
        (1, None, None, IMATINIB, IMATINIB_SMILES),
        (2, None, None, MESYLATE, f"{IMATINIB_SMILES}.CS(=O)(=O)O"),
        (4, None, None, "LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "CCO"),
        (5, None, None, ASPIRIN, "CC(=O)Oc1ccccc1C(=O)O"),
    ],
    "molecule_hierarchy": [(1, 1, 1), (2, 1, 1), (3, 3, 3), (4, 4, 4), (5, 5, 5)],
    "molecule_synonyms": [
        (1, "INN", 1, "Imatinib"), (1, "RESEARCH_CODE", 2, "STI-571"), (1, "ATC", 3, "L01EA01"),
        (2, "TRADE_NAME", 4, "Gleevec"),
    ],
    "compound_records": [(1, 1, 1, "compound 7b")],
    "docs": [(1, 15084136, "10.1000/one", 2004), (2, None, None, 2020)],
    "target_dictionary": [
        (10, "SINGLE PROTEIN", "Tyrosine-protein kinase ABL1", 9606, "Homo sapiens", "CHEMBL1862"),
        (11, "SINGLE PROTEIN", "Mast/stem cell growth factor receptor Kit", 9606, "Homo sapiens", "CHEMBL1936"),
        (12, "PROTEIN COMPLEX", "ABL1 with KIT", 9606, "Homo sapiens", "CHEMBL99"),
        (13, "CELL-LINE", "K562", 9606, "Homo sapiens", "CHEMBL98"),
    ],
    "target_components": [(10, 100, 1), (11, 101, 2), (12, 100, 3), (12, 101, 4)],
    "component_sequences": [
        (100, "PROTEIN", "P00519", ABL1_SEQUENCE, "ABL1", 9606, "Homo sapiens", "SWISS-PROT"),
        (101, "PROTEIN", "P10721", KIT_SEQUENCE, "KIT", 9606, "Homo sapiens", "SWISS-PROT"),
    ],
    "component_synonyms": [
        (1, 100, "ABL1", "GENE_SYMBOL"), (2, 100, "JTK7", "GENE_SYMBOL_OTHER"),
        (3, 100, "Proto-oncogene c-Abl", "UNIPROT"), (4, 100, "2.7.10.2", "EC_NUMBER"),
    ],
    "variant_sequences": [(7, "T315I", "P00519")],
    "assays": [
        (20, 1, 10, "B", "Homo sapiens", 9, None, "CHEMBL700"), (21, 1, 10, "B", None, 9, 7, "CHEMBL701"),
        (22, 2, 11, "F", None, 9, None, "CHEMBL702"), (23, 2, 12, "B", None, 7, None, "CHEMBL703"),
        (24, 2, 13, "F", None, 1, None, "CHEMBL704"),
    ],
    # activity, assay, doc, record, molecule, relation, value, unit, flag, type, comment, validity, duplicate, pChEMBL,
    # upper value, text value
    "activities": [
        (1, 20, 1, 1, 1, "=", 21, "nM", 1, "Kd", None, None, 0, 7.68, None, None),
        (2, 21, 1, 1, 1, ">", 10000, "nM", 1, "Kd", "12345", None, 0, None, None, None),
        (3, 22, 2, 1, 2, "<<", 0.05, "uM", 1, "IC50", None, "Outside typical range", 0, None, None, None),
        (4, 22, 2, 1, 4, None, 500, "nM", 1, "Potency", "inconclusive", None, 0, None, None, None),
        (5, 20, 1, 1, 1, "=", 20, "nM", 1, "Kd", None, None, 1, 7.7, None, None),
        (6, 20, 1, 1, 4, None, None, None, 0, "IC50", "Not Active", None, 0, None, None, None),
        (7, 20, 1, 1, 4, "=", 4, "ug.mL-1", 0, "IC50", None, None, 0, None, None, None),
        (8, 20, 1, 1, 4, "=", 50, "%", 0, "Inhibition", None, None, 0, None, None, None),
        (9, 23, 2, 1, 1, "=", 1, "nM", 1, "Ki", None, None, 0, 9, None, None),
        (10, 24, 2, 1, 1, "=", 1, "nM", 1, "EC50", None, None, 0, 9, None, None),
        (11, 20, 1, 1, 3, "=", 1, "nM", 1, "Kd", None, None, 0, 9, None, None),
        (12, 22, 2, 1, 1, "~", 3, "nM", 1, "EC50", None, None, 0, None, 5, None),
    ],
    "drug_mechanism": [
        (1, 2, "Tyrosine-protein kinase ABL1 inhibitor", 10, "INHIBITOR"), (2, 3, "HER2 inhibitor", None, "INHIBITOR"),
    ],
    "drug_warning": [(1, 1, 2, "Black Box Warning", "Cardiotoxicity", "United States", None)],
    "drug_indication": [(1, 2, 4, "Leukemia", "leukemia"), (2, 5, 0.5, None, "pain"), (3, 5, -1, "Fever", None)],
}  # fmt: skip


def chembl(path: Path, leave_out: Sequence[str] = (), **replaced: list[tuple[object, ...]]) -> Path:
    """Write a small database of ChEMBL's shape.

    Args:
        path: The file to write.
        leave_out: Tables, or columns as ``assays.variant_id``, that it lacks.
        replaced: Other rows of tables.
    """
    with closing(sqlite3.connect(path)) as db:
        db.executescript(CHEMBL_SCHEMA)
        for table, rows in (ROWS | replaced).items():
            db.executemany(
                f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})" if rows else "SELECT 1", rows
            )
        for name in leave_out:
            table, _, column = name.partition(".")
            db.execute(f"ALTER TABLE {table} DROP COLUMN {column}" if column else f"DROP TABLE {table}")
        db.commit()
    return path


MAPPING = (
    "# chembl_36 target list, 01/07/2025\n"
    "P00519\tCHEMBL1862\tTyrosine-protein kinase ABL1\tSINGLE PROTEIN\n"
    "P00519\tCHEMBL99\tABL1 with KIT\tPROTEIN COMPLEX\n"
    "P10721\tCHEMBL99\tABL1 with KIT\tPROTEIN COMPLEX\n"
    "P10721\tCHEMBL1936\tKit\tSINGLE PROTEIN\n"
)

WEB_COLUMNS = (
    "Molecule ChEMBL ID", "Molecule Name", "Smiles", "Standard Type", "Standard Relation", "Standard Value",
    "Standard Units", "pChEMBL Value", "Data Validity Comment", "Comment", "Potential Duplicate", "Assay Type",
    "Assay Variant Mutation", "Target ChEMBL ID", "Target Organism",
)  # fmt: skip
WEB_ROWS = (
    ("CHEMBL941", "IMATINIB", IMATINIB_SMILES, "Kd", "'='", "21", "nM", "7.68", "None", "None", "0", "B", "None",
     "CHEMBL1862", "Homo sapiens"),
    ("CHEMBL941", "IMATINIB", IMATINIB_SMILES, "IC50", "'>'", "10", "uM", "None", "None", "weak; very weak", "0", "B",
     "T315I", "CHEMBL1862", "Homo sapiens"),
    ("CHEMBL941", "IMATINIB", IMATINIB_SMILES, "IC50", "None", "None", "None", "None", "None", "Not Active", "0", "B",
     "None", "CHEMBL1862", "Homo sapiens"),
    ("CHEMBL941", "IMATINIB", IMATINIB_SMILES, "Ki", "'='", "5", "nM", "8.3", "None", "None", "1", "B", "None",
     "CHEMBL1862", "Homo sapiens"),
    ("CHEMBL941", "IMATINIB", IMATINIB_SMILES, "Ki", "'='", "5", "nM", "8.3", "None", "None", "0", "B", "None",
     "CHEMBL99", "Homo sapiens"),
)  # fmt: skip


def web_csv(path: Path) -> Path:
    """Write activities as ChEMBL's web site does: semicolons, every cell quoted, relations in single quotes."""
    lines = [";".join(f'"{cell}"' for cell in row) for row in (WEB_COLUMNS, *WEB_ROWS)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


_BASE = (
    "BindingDB Reactant_set_id", "Ligand SMILES", "Ligand InChI", "Ligand InChI Key", "BindingDB MonomerID",
    "BindingDB Ligand Name", "Target Name", "Target Source Organism According to Curator or DataSource", "Ki (nM)",
    "IC50 (nM)", "Kd (nM)", "EC50 (nM)", "kon (M-1-s-1)", "Curation/DataSource", "Article DOI", "PMID", "Patent Number",
    "PubChem CID", "ChEMBL ID of Ligand", "Number of Protein Chains in Target (>1 implies a multichain complex)",
)  # fmt: skip
_CHAIN = (
    "BindingDB Target Chain Sequence", "UniProt (SwissProt) Recommended Name of Target Chain",
    "UniProt (SwissProt) Entry Name of Target Chain", "UniProt (SwissProt) Primary ID of Target Chain",
    "UniProt (TrEMBL) Primary ID of Target Chain",
)  # fmt: skip
_LIGAND = (IMATINIB_SMILES, "InChI=1S/x", IMATINIB, "13530", "Gleevec::imatinib::CHEMBL941")
_ABL1 = (ABL1_SEQUENCE, "Tyrosine-protein kinase ABL1", "ABL1_HUMAN", "P00519", "")
_NO_CHAIN = ("", "", "", "", "")
BINDINGDB_ROWS = (
    # a variant first: its sequence is not the protein's
    ("1", *_LIGAND, "Tyrosine-protein kinase ABL1 [T315I]", "Homo sapiens", "", "", ">10,000", "", "", "PDSP", "",
     "15084136", "", "5291", "CHEMBL941", "1", "I" * 20, *_ABL1[1:], *_NO_CHAIN),
    ("2", *_LIGAND, "Tyrosine-protein kinase ABL1", "Homo sapiens", "", "25", " 21 ", "NULL", "", "US Patent", "", '""',
     "US9000000", "5291", "CHEMBL941", "1", *_ABL1, *_NO_CHAIN),
    ("3", *_LIGAND, "Tyrosine-protein kinase ABL1 [229-512]", "Homo sapiens", "<0.5", "", "", "", "",
     "Curated from ChEMBL", "10.1000/two", "", "", "5291", "CHEMBL941", "1", "M" * 30, *_ABL1[1:], *_NO_CHAIN),
    ("4", *_LIGAND, "ABL1 with KIT", "Homo sapiens", "3", "", "", "", "", "PDSP", "", "", "", "", "", "2", *_ABL1,
     KIT_SEQUENCE, "Kit", "KIT_HUMAN", "P10721", ""),
    ("5", *_LIGAND, "A receptor", "Homo sapiens", "3", "", "", "", "", "PDSP", "", "", "", "", "", "1", KIT_SEQUENCE,
     "", "", "", "", *_NO_CHAIN),
    ("6", *_LIGAND, "Tyrosine-protein kinase ABL1", "Homo sapiens", "", "", "", "", "1e5", "PDSP", "", "", "", "", "",
     "1", *_ABL1, *_NO_CHAIN),
    ("7", *_LIGAND, "Kit [V559D]", "Homo sapiens", "", "7", "", "", "", "PDSP", "", "", "", "", "", "1", "M" * 30,
     "Kit", "KIT_HUMAN", "P10721", ""),
)  # fmt: skip


def bindingdb(path: Path, *, numbered: bool) -> Path:
    """Write a small BindingDB; chains are numbered as since 2025, or their columns repeated as before."""
    if numbered:
        header = [*_BASE, *(f"{name} {chain}" for chain in (1, 2) for name in _CHAIN)]
    else:
        header = [name.replace("Target Name", "Target Name Assigned by Curator or DataSource") for name in _BASE]
        header += [name.replace("Chain Sequence", "Chain  Sequence") for name in (*_CHAIN, *_CHAIN)]
    lines = ["\t".join(header), *("\t".join(row).rstrip("\t") for row in BINDINGDB_ROWS)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def published(index: LocalIndex, molecule: Molecule, protein: Protein) -> list[Fact]:
    """Return the affinities of a pair as they stand in the tables, variants among them, before they are curated."""
    sql = f"{affinities._ACTIVITY} WHERE m.inchikey = ? AND p.accession = ? ORDER BY {affinities._STRONGEST}"
    partner = protein.handle, protein.gene
    rows = index._rows(sql, (molecule.inchikey, protein.accession))
    return [affinities._activity(molecule.handle, file, row, partner) for file, row in rows]
