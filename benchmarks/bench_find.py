"""``find molecule --input`` of many names, against a bare loop over SQLite and RDKit that does the same.

Run with: python benchmarks/bench_find.py [names] [rounds]. CPU seconds of whole processes, start-up included, and the
seconds beyond one name, which is what the rows cost; the ratios are what to read.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
from pathlib import Path

from timing import children_seconds, machine, medians_of_processes

PYTHON = sys.executable
FIND = [PYTHON, "-m", "biomed_agent", "find", "molecule"]
RECORDS_ONLY = ["--offline", "--model", "none", "--quiet"]
BARE = """
import json, sqlite3, sys

from rdkit import Chem, rdBase
from rdkit.Chem import rdinchi, rdMolDescriptors

path, names, out = sys.argv[1:]
rdBase.DisableLog("rdApp.*")
index = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
weigher = rdMolDescriptors.Properties(["amw"])
NAMED = (
    "SELECT m.* FROM name n JOIN molecule m ON m.id = n.entity WHERE n.key = ? AND n.kind = 'm' "
    "ORDER BY n.rank, n.entity"
)
with open(names) as rows, open(out, "w") as stream:
    for number, row in enumerate(rows, 1):
        name = row.strip()
        key = "".join(letter for letter in name.lower() if letter.isalnum())
        homonyms = index.execute("SELECT * FROM homonym WHERE key = ? ORDER BY position", (key,)).fetchall()
        hits = index.execute(NAMED, (key,)).fetchall()
        answer = {"row": number, "input": name, "homonyms": homonyms}
        if hits:
            identifier, inchikey, title, smiles = hits[0][:4]
            mol = Chem.MolFromSmiles(smiles)
            parts = Chem.GetMolFrags(mol, asMols=True)
            answer |= {
                "name": title, "record": hits[0][5:], "smiles": Chem.MolToSmiles(mol), "recorded": inchikey,
                "others": [hit[1] for hit in hits[1:]], "inchikey": rdinchi.MolToInchiKey(mol),
                "inchi": rdinchi.MolToInchi(mol)[0], "formula": rdMolDescriptors.CalcMolFormula(mol),
                "weight": round(weigher.ComputeProperties(mol)[0], 2), "parts": len(parts),
                "facts": index.execute("SELECT * FROM fact WHERE kind = 'm' AND entity = ?", (identifier,)).fetchall(),
                "salts": index.execute("SELECT name FROM molecule WHERE parent = ?", (inchikey,)).fetchall(),
            }
        stream.write(json.dumps(answer) + "\\n")
"""
ENDS = ("jsonl", "csv", "parquet")


def main() -> None:
    """Print a table of CPU seconds and ratios."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        environment = os.environ | {"BIOMED_AGENT_CACHE_DIR": folder, "OMP_NUM_THREADS": "1"}
        children_seconds([*FIND, "aspirin", *RECORDS_ONLY], environment)  # builds the index
        index = next(work.glob("starter-*.sqlite"))
        names = _names(index, count)
        files = {size: work / f"{size}.txt" for size in (1, count)}
        for size, path in files.items():
            path.write_text("\n".join(names[:size]) + "\n", encoding="utf-8")
        commands = {}
        for size, path in files.items():
            commands[f"bare loop, {size:,}"] = [PYTHON, "-c", BARE, str(index), str(path), str(work / "bare.jsonl")]
            for end in ENDS:
                output = ["--input", str(path), "--output", str(work / f"found.{end}")]
                more = ["--json"] if end == "jsonl" else []  # whole answers; the others are tables of values
                commands[f"find to .{end}, {size:,}"] = [*FIND, *output, *more, *RECORDS_ONLY]
        medians = medians_of_processes(commands, environment, rounds)
    print(f"{machine()}, median of {rounds} rounds, CPU seconds")
    print(f"| what | {count:,} names | ratio | beyond one name | ratio |\n|---|---|---|---|---|")
    whole, each = (medians[f"bare loop, {count:,}"], medians[f"bare loop, {count:,}"] - medians["bare loop, 1"])
    for what in ("bare loop", *(f"find to .{end}" for end in ENDS)):
        seconds = medians[f"{what}, {count:,}"]
        rows = seconds - medians[f"{what}, 1"]
        print(f"| {what} | {seconds:.2f} | {seconds / whole:.1f} | {rows:.2f} | {rows / each:.1f} |")


def _names(index: Path, count: int) -> list[str]:
    """Return names of molecules, spread evenly over the starter set."""
    with sqlite3.connect(index) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM molecule WHERE name <> '' ORDER BY id")]
    return [names[place * len(names) // count] for place in range(count)]


if __name__ == "__main__":
    main()
