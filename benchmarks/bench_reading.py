"""How long 1,000 varied questions take to read, beside the bare look-up of the names in them.

Run with: python benchmarks/bench_reading.py [questions] [--profile]. The baseline is
:meth:`biomed_agent.sources.local.LocalIndex.lexicon_spans`, which finds the known names of a text and does nothing
else; `find_mentions` adds identifiers, structures, sequences and systematic names, and the reading adds the words
around them and the frames. CPU seconds of this process, medians of interleaved rounds. Then the kinds of questions, the
slowest first, and with ``--profile`` the functions that take the time.
"""

from __future__ import annotations

import cProfile
import pstats
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from timing import interleaved, machine

from biomed_agent.answering.reading.mentions import find_mentions
from biomed_agent.answering.reading.reader import Reading
from biomed_agent.sources.local import STARTER, LocalIndex
from biomed_agent.sources.local.schema import read_table

COUNT, ROUNDS, GOAL = 1_000, 3, 3.0
"""questions, rounds that count, CPU seconds for the reading of all"""
PROFILED, SHOWN = 25, 6
"""functions of a profile, and kinds of questions, that are shown"""
TEMPLATES = (
    "What is {m}?", "{m}", "Describe {m}, please.", "How heavy is {m}?", "What is the molecular weight of {m}?",
    "What are the logP and the TPSA of {m}?", "How heavy is {m} and what is its logP?",
    "Could you please tell me how many rotatable bonds {m} has?", "Does {m} pass Lipinski's rule of five?",
    "What is the InChIKey of {m}?", "What is the boiling point of {m}?", "Wie hoch ist die Molmasse von {m}?",
    "Quelle est la masse molaire de {m} ?", "How many nitrogen atoms and rings does {m} have?",
    "Does {m} contain a pyrimidine ring?", "Is {m} an ester?", "Which is heavier, {m} or {n}?",
    "Compare {m}, {n} and {o} by logP.", "Are {m} and {n} the same molecule?",
    "What is the Tanimoto similarity of {m} and {n}?", "Find molecules similar to {m}",
    "Which molecules contain {m} as a substructure?", "What is the Kd of {m} and {g}?",
    "Does {m} bind {g} below 10 nM?",
    "Which of {m} and {n} binds {g} more strongly?", "What binds {g} with a Kd below 10 nM?",
    "Which kinases does {m} bind, strongest first?", "List the top 5 targets of {m}", "How many molecules bind {g}?",
    "What is the function of {g}?", "Where is {g} located?", "How long is {a}?", "Which family does {g} belong to?",
    "Which residue is at position 42 of {g}?", "How many cysteine residues does {g} have?",
    "What is the SMILES of {s}?",
    "How many rings does {s} have?", "Is mouse {g} a kinase?", "What do papers say about {m} and {g}?",
    "Does {m} cause weight gain in children?", "Which approved drugs inhibit {g}?", "How does {m} work?",
    "Which proteins are located in the mitochondrial matrix and bind {m}?", "Molecules with a logP below {i}",
    "How many proteins are protein kinases with more than {i} residues?",
)  # fmt: skip
"""``{m}``, ``{n}`` and ``{o}`` stand for molecules, ``{s}`` for a structure, ``{g}`` for a gene, ``{a}`` for an
accession, ``{i}`` for a number"""


def questions(count: int) -> list[str]:
    """Return questions, the same at every call; those of one template are apart by the number of templates."""
    drawn = random.Random(3)
    molecules = [row for row in read_table(STARTER, "molecules") if row["name"]]
    proteins = [row for row in read_table(STARTER, "proteins") if row["gene"]]

    def one(number: int) -> str:
        first, second, third = drawn.sample(molecules, 3)
        protein = drawn.choice(proteins)
        return TEMPLATES[number % len(TEMPLATES)].format(
            m=first["name"], n=second["name"], o=third["name"], s=first["smiles"], g=protein["gene"],
            a=protein["accession"], i=number,
        )  # fmt: skip

    return [one(number) for number in range(count)]


def by_template(asked: Sequence[str], index: LocalIndex) -> list[tuple[float, str]]:
    """Return the mean milliseconds that the reading of each template's questions takes, the slowest first."""
    means = []
    for place, template in enumerate(TEMPLATES):
        several = asked[place :: len(TEMPLATES)]
        started = time.process_time()
        for question in several:
            Reading(question, index).clauses()
        means.append((1_000 * (time.process_time() - started) / max(1, len(several)), template))
    return sorted(means, reverse=True)


def main() -> None:
    """Print the medians, their ratios to the baseline, and the slowest kinds of questions."""
    numbers = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    asked = questions(numbers[0] if numbers else COUNT)
    with tempfile.TemporaryDirectory() as folder, LocalIndex.open(Path(folder)) as index:
        cases = {
            "lexicon_spans, the baseline": lambda: [index.lexicon_spans(question) for question in asked],
            "find_mentions": lambda: [find_mentions(question, index) for question in asked],
            "the whole reading": lambda: [Reading(question, index).clauses() for question in asked],
        }
        started = time.process_time()
        cases["the whole reading"]()
        first = time.process_time() - started
        medians = interleaved(cases, ROUNDS)
        print(machine())
        print(f"{len(asked):,} questions of {len(TEMPLATES)} templates, CPU time, medians of {ROUNDS} rounds")
        print("| what | CPU s | ratio to the baseline |\n|---|---|---|")
        baseline = next(iter(medians.values()))
        for name, seconds in medians.items():
            print(f"| {name} | {seconds:.2f} | {seconds / baseline:.1f} |")
        print(f"| the whole reading, the first time in a process | {first:.2f} | {first / baseline:.1f} |")
        whole = first * COUNT / len(asked)
        print(f"goal: {COUNT:,} questions in under {GOAL:g} CPU s; {'met' if whole < GOAL else 'MISSED'}: {whole:.2f}")
        print("slowest, ms a question:")
        for mean, words in by_template(asked, index)[:SHOWN]:
            print(f"  {mean:4.1f}  {words}")
        if "--profile" in sys.argv:
            profile = cProfile.Profile()
            profile.runcall(cases["the whole reading"])
            pstats.Stats(profile).sort_stats("cumulative").print_stats(PROFILED)


if __name__ == "__main__":
    main()
