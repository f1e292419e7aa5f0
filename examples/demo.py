"""The main job on the embedded model: no key, no GPU, no network. Run by ``make demo``."""

from __future__ import annotations

import shlex
import sys
import textwrap

from biomed_agent import Answer, BioMedAgent
from biomed_agent.answering.wording import to_text

CHALCONE = "CC(=CCC1=CC(=CC(=C1O)CC=C(C)C)/C=C/C(=O)C2=C(C=C(C=C2)O)O)C"
UNKNOWN = "CC(Nc1nc(-c2ccccc2)nc2ccccc12)C1CC1"
WIDTH = 88
BOX = (
    "A demonstration. The structure goes atom by atom through the molecule encoder into biomed-agent-mini, a small "
    "language model that was trained for a few hours. Its sentences are often wrong: --model-said shows them all, each "
    "with what a check says of it. Without the flag only supported ones are shown."
)

# title, command, question or statement, molecule, whether all that the model says is shown
STEPS = [
    ("a molecule by name", "ask", "Describe aspirin.", "", False),
    ("a protein by gene", "ask", "Where in the cell is EGFR?", "", False),
    ("a molecule and a protein", "ask", "Does Gleevec bind ABL1?", "", False),
    ("a name that means several things", "ask", "What is the molecular weight of PCP?", "", False),
    ("a claim, checked against the structure", "check", "it is a 3-hydroxyflavone", CHALCONE, False),
    (
        "the literature, from abstracts that ship",
        "ask",
        "Does clopidogrel prevent fistula failure in hemodialysis?",
        "",
        False,
    ),
    (
        "the literature, where no abstract here answers",
        "ask",
        "What do trials say about ketamine and depression?",
        "",
        False,
    ),
    ("a molecule that no record here describes, put to the model", "ask", "Describe this molecule.", UNKNOWN, True),
]


def main() -> None:
    """Ask eight questions and print what a person sees in a terminal."""
    agent = BioMedAgent(offline=True)
    for number, (title, command, words, molecule, everything) in enumerate(STEPS, 1):
        flags = [*(["--molecule", molecule] if molecule else []), *(["--model-said"] if everything else [])]
        shown = shlex.join(["biomed-agent", command, words, *flags])
        print(f"\n{'=' * WIDTH}\n{number}. {title}\n$ {shown}\n", flush=True)
        print(_boxed(agent, words, molecule) if everything else _text(_asked(agent, command, words, molecule)))
    print(f"\n{'=' * WIDTH}\nAll of PubMed needs the network; try:")
    print('$ .venv/bin/biomed-agent ask "Does metformin extend lifespan?" --query "metformin lifespan"')


def _asked(agent: BioMedAgent, command: str, words: str, molecule: str) -> Answer:
    return (agent.ask if command == "ask" else agent.check)(words, molecule or None)


def _text(answer: Answer) -> str:
    return to_text(answer, WIDTH, sys.stdout.isatty())


def _boxed(agent: BioMedAgent, question: str, molecule: str) -> str:
    """Let the model say all it has to say, in a frame that says what speaks."""
    print("Loading the embedded model (torch takes a few seconds) ...", file=sys.stderr, flush=True)
    answer = agent.ask(question, molecule, model="always", show_undecided=True)
    inner = WIDTH - 4
    lines = [*textwrap.wrap(BOX, inner), "-" * inner, *to_text(answer, inner).splitlines()]
    edge = f"+{'-' * (WIDTH - 2)}+"
    return "\n".join([edge, *(f"| {line.ljust(inner)} |" for line in lines), edge])


if __name__ == "__main__":
    main()
