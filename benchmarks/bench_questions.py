"""What a question costs beside the bare look-up of its molecule, offline and without a model.

Run with: python benchmarks/bench_questions.py [molecules per question]. Every question is asked once about every
molecule, in an agent that has read nothing of it before. The baseline is what cannot be left out: one SELECT of the
name, RDKit's reading of the SMILES, and its formula, weight and InChIKey. Medians of CPU time a question; the ratio is
what to read.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rdkit import Chem
from rdkit.Chem import rdinchi, rdMolDescriptors
from timing import machine

from biomed_agent import BioMedAgent
from biomed_agent.core.name_matching import name_key
from biomed_agent.core.settings import Settings
from biomed_agent.sources.local import STARTER
from biomed_agent.sources.local.schema import read_table

BASELINE = "bare look-up"
QUESTIONS = {
    "name alone": "{name}",
    "identity": "What is {name}?",
    "weight": "What is the molecular weight of {name}?",
    "InChI": "What is the InChI of {name}?",
    "rule of five": "Does {name} pass the rule of five?",
    "roles": "What roles does {name} have?",
    "statement": "Is {name} an ester?",
}
SELECT = "SELECT m.smiles FROM name n JOIN molecule m ON m.id = n.entity WHERE n.key = ? AND n.kind = 'm' LIMIT 1"
MAX_MOLECULES = 60
"""of each question, unless the command line says otherwise"""


def names(limit: int) -> list[str]:
    """Return names of shipped molecules, salts and parents alike, that read as one plain word or two."""
    listed = [row["name"] for row in read_table(STARTER, "molecules")]
    plain = [name for name in listed if name.replace(" ", "").isalpha() and len(name) > 5]
    return random.Random(0).sample(plain, min(limit, len(plain)))


def cpu_seconds(case: Callable[[], object]) -> float:
    """Return the CPU time of one call."""
    started = time.process_time()
    case()
    return time.process_time() - started


def look_up(connection: sqlite3.Connection, name: str) -> str:
    """Find a molecule by name and describe it, with nothing around it."""
    row = connection.execute(SELECT, (name_key(name),)).fetchone()
    mol = Chem.MolFromSmiles(row[0])
    rdMolDescriptors.CalcMolFormula(mol)
    rdMolDescriptors.Properties(["amw"]).ComputeProperties(mol)
    return str(rdinchi.MolToInchiKey(mol))


def measure(cache: Path, limit: int) -> dict[str, list[float]]:
    """Return the CPU seconds of every question of each kind, and of the baseline."""
    agent = BioMedAgent(settings=Settings(cache_dir=cache, offline=True, model="none"))
    agent.ask("What is the InChI of ethanol?")  # opens the index
    agent.ask("Is ethanol an ester?")  # compiles the patterns
    connection = sqlite3.connect(next(cache.rglob("*.sqlite")))
    picked = names(limit * len(QUESTIONS))
    times: dict[str, list[float]] = {BASELINE: [], **{kind: [] for kind in QUESTIONS}}
    for number, name in enumerate(picked):
        kind = list(QUESTIONS)[number % len(QUESTIONS)]
        question = QUESTIONS[kind].format(name=name)
        times[kind].append(cpu_seconds(lambda question=question: agent.ask(question)))
        times[BASELINE].append(cpu_seconds(lambda name=name: look_up(connection, name)))
    return times


def main() -> None:
    """Print a table of medians and ratios."""
    limit = int(sys.argv[1]) if len(sys.argv) > 1 else MAX_MOLECULES
    with tempfile.TemporaryDirectory() as cache:
        times = measure(Path(cache), limit)
    baseline = statistics.median(times[BASELINE])
    asked = [seconds for kind in QUESTIONS for seconds in times[kind]]
    print(f"{machine()}; {len(asked)} questions, each about another molecule; {BASELINE} {baseline * 1000:.2f} ms")
    print(f"| question | ms CPU | ratio to {BASELINE} |\n|---|---|---|")
    for kind, seconds in {"all": asked, **{kind: times[kind] for kind in QUESTIONS}}.items():
        median = statistics.median(seconds)
        print(f"| {kind} | {median * 1000:.1f} | {median / baseline:.1f} |")


if __name__ == "__main__":
    main()
