"""The main job on the embedded model: no key, no GPU, no network. Run by ``make demo``."""

from __future__ import annotations

import shlex
import sys
import time

from biomed_agent import BioMedAgent
from biomed_agent.render import to_text

CHALCONE = "CC(=CCC1=CC(=CC(=C1O)CC=C(C)C)/C=C/C(=O)C2=C(C=C(C=C2)O)O)C"
UNKNOWN = "CC1CC(=O)N(C1)c1ccc(cc1)C(=O)NCc1cccnc1F"

# title, command, question or statement, molecule
STEPS = [
    ("a molecule by name", "ask", "Describe aspirin.", ""),
    ("a molecule that is in no database, by SMILES", "ask", "Describe this molecule.", UNKNOWN),
    ("a protein by gene", "ask", "Where in the cell is EGFR?", ""),
    ("a name that means several things", "ask", "What is the molecular weight of PCP?", ""),
    ("a claim, checked against the structure", "check", "it is a 3-hydroxyflavone", CHALCONE),
]


def main() -> None:
    """Ask five questions and print what a person sees in a terminal."""
    started = time.monotonic()
    agent = BioMedAgent(offline=True)
    print("Loading the embedded model biomed-agent-mini (torch takes a few seconds) ...", file=sys.stderr, flush=True)
    agent.warm_up()
    print(f"Ready after {time.monotonic() - started:.1f} s.", file=sys.stderr, flush=True)
    for number, (title, command, words, molecule) in enumerate(STEPS, 1):
        flags = ["--molecule", molecule] if molecule else []
        shown = shlex.join(["biomed-agent", command, words, *flags])
        print(f"\n{'=' * 78}\n{number}. {title}\n$ {shown}\n", flush=True)
        answer = (agent.ask if command == "ask" else agent.check)(words, molecule or None)
        print(to_text(answer, color=sys.stdout.isatty()), flush=True)
    print(f"\n{'=' * 78}\nA question about the literature needs the network; try:")
    print('$ .venv/bin/biomed-agent ask "Does metformin extend lifespan?" --query "metformin lifespan"')


if __name__ == "__main__":
    main()
