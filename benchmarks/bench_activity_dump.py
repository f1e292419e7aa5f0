"""How fast measured activities are read from a database of ChEMBL's shape, and in how much memory.

Run with: python benchmarks/bench_activity_dump.py [--rows 200000 2000000] [--folder FOLDER]

The database is generated, in ChEMBL's tables with the columns and keys of its SQLite release: 8 rows a molecule, 40 an
assay, 5,000 targets with sequences of 450 residues, of which 4 in 5 are single proteins; one row in three has a measure
that is kept (in ChEMBL 36 it is fewer), the others are counted and passed over. Structures are those of
``bench_index.py``. Each molecule has a value that is kept. The build runs in a process of its own, whose peak of
resident memory is printed. The named baseline reads the rows with what belongs to them by one SELECT and counts them.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bench_index import inchikey, key_like, structures
from timing import machine

from biomed_agent.sources.local.build import build_from_dumps
from biomed_agent.sources.local.structures import SAMPLE_SIZE

ROWS_A_MOLECULE, ROWS_AN_ASSAY, TARGETS, RESIDUES = 8, 40, 5_000, 450
KEPT, OTHERS = ("IC50", "Ki", "Kd", "EC50"), ("Inhibition", "MIC", "Activity", "CL", "GI50", "T1/2", "Potency2", "AUC")
SCHEMA = """
CREATE TABLE version (name VARCHAR(50) PRIMARY KEY);
CREATE TABLE molecule_dictionary (molregno BIGINT NOT NULL, pref_name VARCHAR(255), chembl_id VARCHAR(20),
    max_phase NUMERIC(2, 1), CONSTRAINT pk_moldict PRIMARY KEY (molregno));
CREATE TABLE compound_structures (molregno BIGINT NOT NULL, molfile TEXT, standard_inchi VARCHAR(4000),
    standard_inchi_key VARCHAR(27), canonical_smiles VARCHAR(4000), CONSTRAINT pk_structs PRIMARY KEY (molregno));
CREATE TABLE molecule_hierarchy (molregno BIGINT NOT NULL, parent_molregno BIGINT,
    CONSTRAINT pk_hierarchy PRIMARY KEY (molregno));
CREATE TABLE docs (doc_id BIGINT NOT NULL, pubmed_id BIGINT, doi VARCHAR(100), CONSTRAINT pk_docs PRIMARY KEY (doc_id));
CREATE TABLE target_dictionary (tid BIGINT NOT NULL, target_type VARCHAR(30), pref_name VARCHAR(200), tax_id BIGINT,
    organism VARCHAR(150), chembl_id VARCHAR(20), CONSTRAINT pk_targets PRIMARY KEY (tid));
CREATE TABLE target_components (tid BIGINT, component_id BIGINT, targcomp_id BIGINT,
    CONSTRAINT pk_components PRIMARY KEY (targcomp_id));
CREATE TABLE component_sequences (component_id BIGINT NOT NULL, accession VARCHAR(25), sequence TEXT,
    db_source VARCHAR(25), CONSTRAINT pk_sequences PRIMARY KEY (component_id));
CREATE TABLE assays (assay_id BIGINT NOT NULL, doc_id BIGINT, tid BIGINT, assay_type VARCHAR(1),
    assay_organism VARCHAR(250), variant_id BIGINT, CONSTRAINT pk_assays PRIMARY KEY (assay_id));
CREATE TABLE activities (activity_id BIGINT NOT NULL, assay_id BIGINT, doc_id BIGINT, record_id BIGINT,
    molregno BIGINT, standard_relation VARCHAR(50), standard_value NUMERIC, standard_units VARCHAR(100),
    standard_type VARCHAR(250), activity_comment VARCHAR(4000), data_validity_comment VARCHAR(30),
    potential_duplicate SMALLINT, pchembl_value NUMERIC(4, 2), CONSTRAINT pk_activities PRIMARY KEY (activity_id));
"""
BASELINE = (
    "SELECT a.*, s.*, d.*, m.*, c.canonical_smiles, c.standard_inchi_key FROM activities a "
    "JOIN assays s ON s.assay_id = a.assay_id JOIN docs d ON d.doc_id = a.doc_id "
    "JOIN molecule_dictionary m ON m.molregno = a.molregno JOIN compound_structures c ON c.molregno = a.molregno"
)


def make(folder: Path, rows: int) -> Path:
    """Write a database of so many activities, unless it is there."""
    path = folder / f"chembl-{rows}.db"
    if path.exists():
        return path
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)
    drawn = random.Random(0)
    molecules, assays = max(1, rows // ROWS_A_MOLECULE), max(1, rows // ROWS_AN_ASSAY)
    with closing(sqlite3.connect(partial)) as db:
        db.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {SCHEMA}")
        db.execute("INSERT INTO version VALUES ('ChEMBL_36')")
        tried = max(1, molecules // SAMPLE_SIZE)
        for number, smiles in enumerate(itertools.islice(structures(), molecules), start=1):
            key = key_like(smiles) if (number - 1) % tried else inchikey(smiles)
            db.execute("INSERT INTO compound_structures VALUES (?, ?, NULL, ?, ?)", (number, "M" * 2000, key, smiles))
            db.execute("INSERT INTO molecule_dictionary VALUES (?, NULL, ?, NULL)", (number, f"CHEMBL{number}"))
            db.execute("INSERT INTO molecule_hierarchy VALUES (?, ?)", (number, number))
        for number in range(1, TARGETS + 1):
            kind = "PROTEIN FAMILY" if number % 5 == 0 else "SINGLE PROTEIN"
            sequence = "M" + "".join(drawn.choices("ACDEFGHIKLMNPQRSTVWY", k=RESIDUES))
            target = (number, kind, f"Protein {number}", 9606, "Homo sapiens", f"CHEMBL{10_000_000 + number}")
            db.execute("INSERT INTO target_dictionary VALUES (?, ?, ?, ?, ?, ?)", target)
            db.execute("INSERT INTO target_components VALUES (?, ?, ?)", (number, number, number))
            accession = f"P{number // 1000 % 10}{'ABCDEFGHIJ'[number // 100 % 10]}A{number % 100 // 10}{number % 10}"
            db.execute("INSERT INTO component_sequences VALUES (?, ?, ?, 'SWISS-PROT')", (number, accession, sequence))
        db.executemany("INSERT INTO docs VALUES (?, ?, ?)", ((n, n, f"10.1000/{n}") for n in range(1, assays // 5 + 2)))
        db.executemany(
            "INSERT INTO assays VALUES (?, ?, ?, 'B', NULL, NULL)",
            ((n, n // 5 + 1, drawn.randrange(1, TARGETS + 1)) for n in range(1, assays + 1)),
        )
        single = [n for (n,) in db.execute("SELECT assay_id FROM assays WHERE tid % 5 <> 0")]
        marks = ", ".join("?" * 13)
        db.executemany(f"INSERT INTO activities VALUES ({marks})", activities(drawn, rows, molecules, assays, single))
        db.commit()
    partial.replace(path)
    return path


def activities(
    drawn: random.Random, rows: int, molecules: int, assays: int, single: list[int]
) -> Iterator[tuple[object, ...]]:
    """Yield rows; the first of each molecule is one that is kept."""
    for number in range(1, rows + 1):
        first = number <= molecules
        molecule = number if first else drawn.randrange(1, molecules + 1)
        kept = first or drawn.random() < 0.24
        assay = drawn.choice(single) if first else drawn.randrange(1, assays + 1)
        value = round(10 ** drawn.uniform(0, 5), 2)
        yield (
            number, assay, assay // 25 + 1, number, molecule, ">" if drawn.random() < 0.15 else "=", value,
            "nM" if kept else "%", drawn.choice(KEPT if kept else OTHERS), None, None, 0, None,
        )  # fmt: skip


def build(path: Path, out: Path) -> None:
    """Build an index and print how long it took and in how much memory, as JSON."""
    began, cpu = time.monotonic(), time.process_time()
    report = build_from_dumps(out, activities=[path], restart=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds, cpu = time.monotonic() - began, time.process_time() - cpu
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak": peak, "counts": report.counts}))


def measure(path: Path, rows: int) -> None:
    """Print one row of the table."""
    with closing(sqlite3.connect(path)) as db:
        began = time.process_time()
        read = sum(1 for _ in db.execute(BASELINE))
        plain = time.process_time() - began
    out = path.with_name(f"index-{rows}.sqlite")
    command = [sys.executable, __file__, "--build", str(path), str(out)]
    done = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(
        f"| {rows:,} | {path.stat().st_size / 1e6:,.0f} MB | {done['counts']['activity']:,} | "
        f"{done['counts']['molecule']:,} | {done['seconds']:.1f} s | {rows / done['cpu']:,.0f} | "
        f"{read / plain:,.0f} | {done['cpu'] / plain:.1f} | {done['peak']:,.0f} MiB | "
        f"{out.stat().st_size / 1e6:,.0f} MB |",
        flush=True,
    )


def main() -> None:
    """Make the databases, build indexes of them, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[200_000], help="activities (default 200,000)")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "bench_activity_dump")
    parser.add_argument("--build", type=Path, nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.build:
        build(*given.build)
        return
    given.folder.mkdir(parents=True, exist_ok=True)
    print(machine(), flush=True)
    print("\n| rows | database | kept | molecules | wall | rows/CPU-s | one SELECT | ratio | peak | index |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for rows in given.rows:
        measure(make(given.folder, rows), rows)


if __name__ == "__main__":
    main()
