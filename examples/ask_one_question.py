"""Ask one question in plain Python: python examples/ask_one_question.py."""

from __future__ import annotations

from biomed_agent import BioMedAgent

# offline=True asks no database: the records that ship with the package and computation answer.
with BioMedAgent(offline=True) as agent:
    answer = agent.ask("What is the molecular weight of aspirin?")

print(answer)  # the same page the command line shows
print(answer.status)  # answered, or why not: ambiguous, not_found, invalid, ...
for fact in answer.facts:
    print(fact.predicate, fact.value, fact.unit, "from", fact.provenance.source)
