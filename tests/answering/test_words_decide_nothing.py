"""No decision hangs on a word that this package wrote: with every note, reason and warning reversed, answers stay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, SupportsIndex

import pytest

from biomed_agent import Answer, BioMedAgent
from biomed_agent.answering.context import Draft
from biomed_agent.answering.resolving.ranking import Match
from biomed_agent.core.errors import BiomedAgentError, Note
from biomed_agent.core.types import Candidate, Claim, Fact, Resolved
from biomed_agent.tools import BioMedToolkit
from tests.answering.test_ask import ROWS

MARK = "~"
OWN = "CC(=O)Oc1ccc(CCl)cc1C(=O)O"
MOLECULES = """
imatinib erlotinib gefitinib caffeine metformin sunitinib dasatinib losartan ibuprofen glucose Gleevec sorafenib
lapatinib bosutinib
""".split()
OF_MOLECULE = ("What does {} bind?", "Does {} bind EGFR?", "What are the logP and hazards of {}?", "Is {} safe?")
OF_PROTEIN = ("What binds {} below 10 nM?", "What is the function of {}?", "Which diseases involve {}?")
PROTEINS = "EGFR BRAF insulin ABL1 TP53".split()
OWN_SEQUENCE = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQWWWNNNCCCHHH"


def reverse(text: str) -> str:
    """Return the words of a text in reverse, once: what was reversed before stays."""
    return text if not text or MARK in text else f"{MARK} {' '.join(reversed(text.split()))}"


class Reversed(list[str]):
    """A list of sentences that are reversed as they come in."""

    def append(self, text: str) -> None:
        super().append(Note(reverse(text), getattr(text, "error", None)))

    def extend(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.append(text)

    def __iadd__(self, texts: Iterable[str]) -> Reversed:  # type: ignore[override,misc]
        self.extend(texts)
        return self

    def insert(self, at: SupportsIndex, text: str) -> None:
        super().insert(at, reverse(text))


def with_reversed(names: Iterable[str], make: Callable[..., None]) -> Callable[..., None]:
    """Return a constructor that reverses the words of some fields once they are set."""

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **kwargs)
        for name in names:
            value = getattr(self, name)
            object.__setattr__(self, name, Reversed(value) if isinstance(value, list) else reverse(value))

    return init


@pytest.fixture
def reversed_words(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Reverse every note, reason, warning and message as soon as it is composed."""
    fields: dict[Any, tuple[str, ...]] = {
        Fact: ("note",),
        Resolved: ("why",),
        Candidate: ("why",),
        Claim: ("why",),
        Match: ("words",),
        Draft: ("warnings", "not_looked_up", "next_steps"),
        BiomedAgentError: ("message", "hint"),
    }
    for kind, names in fields.items():
        monkeypatch.setattr(kind, "__init__", with_reversed(names, kind.__init__))
    yield


def decided(answer: Answer) -> dict[str, Any]:
    """Return what an answer decided, without a word that was written for a reader."""
    return {
        "status": answer.status,
        "kind": answer.kind,
        "entities": [
            (one.entity.handle, one.given, [other.handle for other in one.alternatives]) for one in answer.entities
        ],
        "candidates": [candidate.handle for candidate in answer.candidates],
        "facts": [
            (fact.subject, fact.predicate, fact.value, fact.unit, fact.kind, fact.relation, fact.about, fact.limits)
            for fact in answer.facts
        ],
        "verdicts": [claim.verdict for claim in answer.claims],
        "sources": [(source.source, source.identifier) for source in answer.sources],
        "warnings": len(answer.warnings),
        "not looked up": len(answer.not_looked_up),
        "egress": answer.egress,
    }


def answers(agent: BioMedAgent) -> Iterator[tuple[str, Answer]]:
    """Yield what is asked, and what comes back."""
    for row in ROWS:
        yield row.question, agent.ask(row.question, row.molecule, row.protein)
    for molecule in MOLECULES:
        for question in OF_MOLECULE:
            yield question.format(molecule), agent.ask(question.format(molecule))
    for protein in PROTEINS:
        for question in OF_PROTEIN:
            yield question.format(protein), agent.ask(question.format(protein))
    for name in ("aspirin", "imatinib mesylate", "cAMP", "asprin", f"smiles:{OWN}", "metformin hydrochloride"):
        yield f"find {name}", agent.find_molecule(name)
        yield f"properties of {name}", agent.molecule_properties(name)
        yield f"like {name}", agent.similar_molecules(name, limit=3)
    for name in ("EGFR", "mouse EGFR", "BRAF V600E", "CAT", f"seq:{OWN_SEQUENCE}", "ec:3.4.21.5"):
        yield f"card of {name}", agent.protein_card(name, about=["function", "drugs", "diseases"])
        yield f"check {name}", agent.check("It is a kinase with 1210 residues. It is not an enzyme.", protein=name)


def test_reversed_words_change_no_decision(agent: BioMedAgent, request: pytest.FixtureRequest) -> None:
    before = {asked: decided(answer) for asked, answer in answers(agent)}
    assert len(before) >= 200
    request.getfixturevalue("reversed_words")
    after = dict(answers(agent))
    assert any(MARK in fact.note for answer in after.values() for fact in answer.facts), "nothing was reversed"
    assert any(MARK in warning for answer in after.values() for warning in answer.warnings)
    changed = {asked for asked, answer in after.items() if decided(answer) != before[asked]}
    assert changed == set()


@pytest.mark.parametrize("egress", ["names-only", "nothing"])
@pytest.mark.parametrize(
    ("tool", "field", "own"),
    [("molecule_qa", "molecule", OWN), ("protein_qa", "protein", OWN_SEQUENCE), ("find_molecule", "name", OWN)],
)
@pytest.mark.usefixtures("reversed_words")
def test_a_structure_stays_confidential_whatever_the_words(egress: Any, tool: str, field: str, own: str) -> None:
    tools = {one.name: one for one in BioMedToolkit(offline=True, model="none", egress=egress).get_tools()}
    arguments = {field: own} | ({"question": "What is it?"} if tool.endswith("qa") else {})
    message = tools[tool].invoke({"name": tool, "args": arguments, "id": "1", "type": "tool_call"})
    assert message.artifact["entities"][0]["given"] is True
    assert own not in message.content
    assert "[withheld]" in message.content or f"{'molecule' if own == OWN else 'protein'}:" in message.content
