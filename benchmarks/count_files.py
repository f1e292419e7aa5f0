"""How many files of the package one question goes through: functions entered, counted by ``sys.setprofile``.

A newcomer who follows one question reads these files. A cold process, the model off, no network. The agent's parts are
open (the first call opens them); what runs when a module is imported is not counted.

Usage:
    python benchmarks/count_files.py [QUESTION]
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

QUESTION = "What is the molecular weight of aspirin?"
MAX_FILES = 14
"""that the question above may go through"""


def count_calls(question: str) -> Counter[str]:
    """Return how many calls enter each file of the package while a question is answered."""
    import biomed_agent
    from biomed_agent import BioMedAgent

    root = str(Path(biomed_agent.__file__).parent)
    calls: Counter[str] = Counter()

    def profile(frame: FrameType, event: str, _argument: Any) -> None:
        name = frame.f_code.co_filename
        if event == "call" and name.startswith(root) and not _imports(frame):
            calls[str(Path(name).relative_to(root))] += 1

    with BioMedAgent(offline=True, model="none") as agent:
        agent.warm_up()
        sys.setprofile(profile)
        answer = agent.ask(question)
        sys.setprofile(None)
    if answer.status != "answered":
        raise SystemExit(f"{answer.status}: {answer.text}")
    return calls


def _imports(frame: FrameType | None) -> bool:
    """Whether a frame runs because a module is imported."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def main() -> None:
    """Print the files and how often each is entered."""
    calls = count_calls(" ".join(sys.argv[1:]) or QUESTION)
    for name, count in sorted(calls.items()):
        print(f"{count:7,}  {name}")
    print(f"{len(calls)} files")


if __name__ == "__main__":
    main()
