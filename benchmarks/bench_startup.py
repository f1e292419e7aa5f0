"""Start-up of the command line and of the first answers, against named baselines measured in the same run.

Run with: python benchmarks/bench_startup.py [rounds]. Medians of interleaved rounds, CPU seconds of whole processes;
the ratio is what to read.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from timing import children_seconds, machine, medians_of_processes

PYTHON = sys.executable
CLI = [PYTHON, "-m", "biomed_agent"]
QUESTION = "What is the molecular weight of aspirin?"
UNKNOWN = "CC1CC(=O)N(C1)c1ccc(cc1)C(=O)NCc1cccnc1F"
BARE = """
import sqlite3, sys

from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

index = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro&immutable=1", uri=True)
sql = "SELECT m.smiles FROM name n JOIN molecule m ON m.id = n.entity WHERE n.key = ? AND n.kind = 'm' ORDER BY n.rank"
mol = Chem.MolFromSmiles(index.execute(sql, ("aspirin",)).fetchone()[0])
print(round(rdMolDescriptors.Properties(["amw"]).ComputeProperties(mol)[0], 2), rdMolDescriptors.CalcMolFormula(mol))
"""
BARE_NAME, EMPTY = "bare script, RDKit and SQLite", "python -c pass"
LANGCHAIN, TORCH = "import langchain_core BaseTool", "import torch, Llama, Esm"


def cases(index: Path) -> dict[str, tuple[list[str], str]]:
    """Return what is measured: its command and the name of its baseline, empty for a baseline."""
    loading = "import torch; from transformers import LlamaForCausalLM, EsmModel"
    return {
        EMPTY: ([PYTHON, "-c", "pass"], ""),
        "biomed-agent --version": ([*CLI, "--version"], EMPTY),
        "biomed-agent --help": ([*CLI, "--help"], EMPTY),
        BARE_NAME: ([PYTHON, "-c", BARE, str(index)], ""),
        "ask a computed value": ([*CLI, "ask", QUESTION, "--offline", "--model", "none"], BARE_NAME),
        "find one molecule": ([*CLI, "find", "molecule", "aspirin", "--offline", "--model", "none"], BARE_NAME),
        LANGCHAIN: ([PYTHON, "-c", "from langchain_core.tools import BaseTool"], ""),
        "import biomed_agent.tools": ([PYTHON, "-c", "import biomed_agent.tools"], LANGCHAIN),
        TORCH: ([PYTHON, "-c", loading], ""),
        "ask the embedded model": (
            [*CLI, "--offline", "ask", "Describe this molecule.", "--molecule", UNKNOWN],
            TORCH,
        ),
    }


def main() -> None:
    """Print a table of medians and ratios."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"BIOMED_AGENT_CACHE_DIR": cache, "OMP_NUM_THREADS": "1"}
        children_seconds([*CLI, "ask", QUESTION, "--offline", "--model", "none"], environment)  # builds the index
        measured = cases(next(Path(cache).glob("starter-*.sqlite")))
        medians = medians_of_processes({name: command for name, (command, _) in measured.items()}, environment, rounds)
    print(f"{machine()}, median of {rounds} rounds, CPU seconds")
    print("| what | CPU s | baseline | over the baseline | ratio |\n|---|---|---|---|---|")
    for name, (_, baseline) in measured.items():
        if baseline:
            extra, ratio = medians[name] - medians[baseline], medians[name] / medians[baseline]
            print(f"| {name} | {medians[name]:.3f} | {baseline} | +{extra:.3f} s | {ratio:.2f} |")
        else:
            print(f"| {name} | {medians[name]:.3f} | | | |")


if __name__ == "__main__":
    main()
