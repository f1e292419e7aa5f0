"""Start-up of the command line and of the first answers, against named baselines measured in the same run.

Run with: python benchmarks/bench_startup.py [rounds]. Medians of interleaved rounds; the ratio is what to read.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

from timing import machine

PYTHON = sys.executable
CLI = [PYTHON, "-m", "biomed_agent"]
QUESTION = "What is the molecular weight of imatinib?"
UNKNOWN = "CC1CC(=O)N(C1)c1ccc(cc1)C(=O)NCc1cccnc1F"
# name -> (command, name of its baseline)
CASES: dict[str, tuple[list[str], str]] = {
    "python -c pass": ([PYTHON, "-c", "pass"], ""),
    "biomed-agent --help": ([*CLI, "--help"], "python -c pass"),
    "import langchain_core BaseTool": ([PYTHON, "-c", "from langchain_core.tools import BaseTool"], ""),
    "import biomed_agent.tools": ([PYTHON, "-c", "import biomed_agent.tools"], "import langchain_core BaseTool"),
    "import rdkit.Chem": ([PYTHON, "-c", "from rdkit import Chem"], ""),
    "ask a computed value": ([*CLI, "--offline", "--model", "none", "ask", QUESTION], "import rdkit.Chem"),
    "import torch, Llama, Esm": (
        [PYTHON, "-c", "import torch; from transformers import LlamaForCausalLM, EsmModel"],
        "",
    ),
    "ask the embedded model": (
        [*CLI, "--offline", "ask", "Describe this molecule.", "--molecule", UNKNOWN],
        "import torch, Llama, Esm",
    ),
}


def measure(command: list[str], environment: dict[str, str]) -> float:
    """Return the wall time of a command in seconds."""
    started = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def main() -> None:
    """Print a table of medians and ratios."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"BIOMED_AGENT_CACHE_DIR": cache, "OMP_NUM_THREADS": "1"}
        for command, _ in CASES.values():  # fill page cache, byte code and the index
            measure(command, environment)
        times: dict[str, list[float]] = {name: [] for name in CASES}
        for _ in range(rounds):
            for name, (command, _) in CASES.items():
                times[name].append(measure(command, environment))
    medians = {name: statistics.median(values) for name, values in times.items()}
    print(f"{machine()}, median of {rounds} rounds")
    print("| what | seconds | baseline | over the baseline | ratio |\n|---|---|---|---|---|")
    for name, (_, baseline) in CASES.items():
        if baseline:
            extra, ratio = medians[name] - medians[baseline], medians[name] / medians[baseline]
            print(f"| {name} | {medians[name]:.3f} | {baseline} | +{extra:.3f} s | {ratio:.2f} |")
        else:
            print(f"| {name} | {medians[name]:.3f} | | | |")


if __name__ == "__main__":
    main()
