"""Questions of 20,000 characters against one of fifty: a long text may cost what its length costs, not its square."""

from __future__ import annotations

import random
import statistics
import string
import time

from biomed_agent import BioMedAgent

SHORT = "What is the molecular weight of aspirin?"
MAX_CHARS = 19_900
ROUNDS = 3


def texts() -> dict[str, str]:
    """Return long texts of four kinds."""
    letters = random.Random(1)
    unknown = " ".join("".join(letters.choices(string.ascii_lowercase, k=7)) for _ in range(2_500))
    prose = (
        "The patients were given the drug in the morning and the effect was measured after two hours in all groups. "
    )
    return {
        "a question again and again": f"{SHORT} " * 500,
        "prose without a name": prose * 200,
        "words that nobody knows": unknown,
        "one letter and a space": "x " * 10_000,
    }


def cost(agent: BioMedAgent, question: str) -> float:
    """Return the median CPU seconds of a question."""
    seconds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        agent.ask(question)
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)


def main() -> None:
    """Print the seconds of each text, and the ratio to the short question."""
    with BioMedAgent(offline=True, model="none") as agent:
        agent.ask(SHORT)
        base = cost(agent, SHORT)
        print(f"{len(SHORT):6,} characters, one question: {1000 * base:.1f} ms")
        for name, text in texts().items():
            seconds = cost(agent, text[:MAX_CHARS])
            print(f"{MAX_CHARS:6,} characters, {name}: {1000 * seconds:.0f} ms, {seconds / base:.0f} times")


if __name__ == "__main__":
    main()
