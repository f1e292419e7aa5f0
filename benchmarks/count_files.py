"""How many files of the package one question goes through: functions entered, counted by ``sys.setprofile``.

A newcomer who follows one question reads these files. A cold process, the model off, no network; code that runs when a
module or a class body is loaded is not counted, functions that it calls are.

Usage:
    python benchmarks/count_files.py [QUESTION]
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

QUESTION = "What is the molecular weight of aspirin?"
CO_NEWLOCALS = 2
"""flag of code that makes local variables: of functions, and of neither modules nor class bodies"""
CO_OPTIMIZED = 1


def count_calls(question: str, cache_dir: str) -> Counter[str]:
    """Return how many calls enter each file of the package while a question is answered."""
    import biomed_agent
    from biomed_agent.core.settings import Settings

    root = str(Path(biomed_agent.__file__).parent)
    settings = Settings(cache_dir=Path(cache_dir), offline=True, model="none")
    biomed_agent.BioMedAgent(settings=settings).find_molecule("caffeine")  # builds the index, which is done once
    for name in [name for name in sys.modules if name.startswith("biomed_agent.") or name == "biomed_agent"]:
        del sys.modules[name]
    calls: Counter[str] = Counter()

    def profile(frame: FrameType, event: str, _argument: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(root) and code.co_flags & CO_OPTIMIZED:
            calls[str(Path(code.co_filename).relative_to(root))] += 1

    sys.setprofile(profile)
    from biomed_agent import BioMedAgent
    from biomed_agent.core.settings import Settings

    answer = BioMedAgent(settings=Settings(cache_dir=Path(cache_dir), offline=True, model="none")).ask(question)
    sys.setprofile(None)
    assert answer.status == "answered", answer.text
    return calls


def main() -> None:
    """Print the files and how often each is entered."""
    question = " ".join(sys.argv[1:]) or QUESTION
    with tempfile.TemporaryDirectory() as folder:
        calls = count_calls(question, folder)
    for name, count in sorted(calls.items()):
        print(f"{count:7,}  {name}")
    print(f"{len(calls)} files")


if __name__ == "__main__":
    main()
