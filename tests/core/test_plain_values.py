"""Plain values are what dataclasses.asdict gives."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.core.plain_values import plain_values


@dataclass
class Inner:
    tags: list[Any] = field(default_factory=lambda: ["a", {"b": (1, 2.5)}])


@dataclass(frozen=True, slots=True)
class Outer:
    inner: tuple[Inner, ...] = (Inner(), Inner())
    by_name: dict[str, Any] = field(default_factory=lambda: {"x": Inner(), "y": None, "z": {1, 2}})


def test_as_the_standard_library_and_apart_from_the_original() -> None:
    outer = Outer()
    plain = plain_values(outer)
    assert plain == asdict(outer)
    plain["by_name"]["x"]["tags"].append("changed")
    plain["by_name"]["z"].add(3)
    assert outer == Outer()


@pytest.mark.parametrize(
    "question", ["What is aspirin?", "What is the weight of sildenafil citrate?", "nothing is named", "Ki of imatinib"]
)
def test_answers_as_the_standard_library(agent: BioMedAgent, question: str) -> None:
    answer = agent.ask(question)
    assert plain_values(answer) == asdict(answer)
