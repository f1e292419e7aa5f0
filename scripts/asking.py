"""Print what can be asked: the page docs/asking.md, from the tables and from what the agent answers offline.

Usage:
    python scripts/asking.py
    python scripts/asking.py --write
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from biomed_agent import BioMedAgent
from biomed_agent.answering.reading.explain import explain
from biomed_agent.answering.reading.words import word_rows
from biomed_agent.answering.wording.explained import FRAMES
from biomed_agent.core.predicates import GROUPS, HAZARDS, PREDICATES, Predicate, predicate_row
from biomed_agent.core.query import Frame
from biomed_agent.core.settings import Settings
from biomed_agent.core.words import listed, shorten, split_sentences
from biomed_agent.sources.local import STARTER
from biomed_agent.sources.local.schema import read_table
from biomed_agent.sources.online import only_online

if TYPE_CHECKING:
    from biomed_agent.core.types import Answer

PAGE = Path(__file__).resolve().parents[1] / "docs" / "asking.md"
EXAMPLES: Mapping[Frame, tuple[str, ...]] = {
    "value": (
        "How heavy is caffeine?", "Does caffeine pass the rule of five?", "Which residue is at position 790 of EGFR?",
    ),
    "describe": ("What is P00533?", "What family does ABL1 belong to?", "Where is TP53 located?"),
    "count": ("How many nitrogen atoms does imatinib have?", "Does imatinib contain a pyrimidine ring?"),
    "is_a": ("Is aspirin an ester?", "Is EGFR a kinase?"),
    "relation": ("What is the Kd of imatinib and ABL1?", "Does gefitinib bind EGFR?"),
    "list": (
        "What binds ABL1 with a Kd below 1 nM?", "Which kinases does dasatinib bind with a Kd below 0.1 nM?",
        "Which proteins are in the mitochondrial matrix?",
    ),
    "compare": (
        "Which is heavier, ibuprofen or naproxen?", "Which binds ABL1 more strongly, imatinib or dasatinib?",
        "What is the Tanimoto similarity of caffeine and theophylline?",
    ),
    "similar": ("Find molecules similar to caffeine",),
    "contains": ("Which molecules contain caffeine as a substructure?",),
    "papers": ("Which papers are about metformin and lifespan?",),
    "unknown": ("What can you do?",),
}  # fmt: skip
"""asked when the page is made"""
NOT_IN_WORDS: Mapping[Frame, str] = {
    "locate": "Use `biomed-agent find`, `find_molecule`, `find_protein` or `protein_card`; words ask what it is.",
    "convert": '"Convert CID 2244 to InChIKey" asks for a value, the InChIKey.',
}
"""frames that no words fill, and what is asked in their place"""
TWO_PARTS = "How heavy is nilotinib, and does it bind KIT?"
REFUSED = ("Does metformin cause weight gain?", "Which withdrawn drugs inhibit JAK2?")
IN_PYTHON = """```python
from biomed_agent import BioMedAgent
from biomed_agent.answering.reading.explain import explain

with BioMedAgent(offline=True, model="none") as agent:
    print(explain(agent, "How heavy is caffeine?"))
```"""
LANGUAGES = {"de": "German", "es": "Spanish", "fr": "French", "it": "Italian", "nl": "Dutch", "pt": "Portuguese",
             "zh": "Chinese"}  # fmt: skip
WIDTH = 120
MOST_PHRASES, MOST_ABROAD, MOST_CHARACTERS = 5, 2, 260
_ROLE_OF: Mapping[str, str] = {
    "family": "protein family", "function": "function", "where": "subcellular location", "hazards": HAZARDS[1],
}  # fmt: skip
"""predicates for which the table of words has a role of its own"""
_OF_VALUES = ("measure", "use", "encode", "express")
"""roles whose value is a predicate"""
BRACES = r"\{([^{}]*)\}"


def page(agent: BioMedAgent) -> str:
    """Return the page; the same text for the same tables and records.

    Args:
        agent: Is asked the examples; offline and without a model.
    """
    parts = [
        "# What can be asked",
        _wrapped(
            "Made by `python scripts/asking.py --write` from the tables that questions are read with; every answer is "
            "what the agent said offline, without a model, when the page was made (its first sentence, without the "
            "numbers of sources)."
        ),
        _wrapped(
            "A question is cut into names and phrases, and one of a few kinds of question is filled from them. Every "
            "word must be read: a word that nobody listed ends in `inapplicable`, which names it. "
            '`biomed-agent ask --explain "..."` shows word by word how a question was read, and so does Python:'
        ),
        IN_PYTHON,
        "## Kinds of questions",
        *(part for frame in EXAMPLES for part in _kind(agent, frame)),
        _wrapped(
            f'Several questions in one are answered one by one: "{TWO_PARTS}" is read as '
            f"*{agent.ask(TWO_PARTS).read_as}*. A word such as *it* stands for what was named before."
        ),
        "### Not asked in words",
        "\n".join(
            _wrapped(f"- `{frame}`: {FRAMES[frame][1]} {words}", rest="  ") for frame, words in NOT_IN_WORDS.items()
        ),
        "## Values",
        _wrapped(
            "Phrases are examples: plurals, other spellings and the order of a sentence do not matter, and accents may "
            "be left out. A live source is named where nothing that ships holds the value: it is asked unless "
            "`--offline` or the egress policy forbids it. Where none is named, computation or the records on this "
            "machine answer, as far as a record holds it."
        ),
        values_table(),
        "## What is not read",
        _wrapped(
            "A word that restricts or changes a question and stands in no table is not passed over. The answer names "
            "it, says how the question reads without it, and answers nothing (exit code 7):"
        ),
        *(_example(agent, question, whole=True) for question in REFUSED),
    ]
    return "\n\n".join(parts) + "\n"


def _kind(agent: BioMedAgent, frame: Frame) -> Iterator[str]:
    """Yield the section of a frame."""
    title, what = FRAMES[frame]
    yield f"### {title[0].upper()}{title[1:]} (`{frame}`)"
    yield what
    for question in EXAMPLES[frame]:
        (clause,) = explain(agent, question).clauses
        read = clause.query.frame if clause.query is not None else None
        if read != frame:
            raise ValueError(f"{question!r} is read as {read}; expected {frame}.")
        yield _example(agent, question)


def _example(agent: BioMedAgent, question: str, *, whole: bool = False) -> str:
    """Return a question with how it was read and the first sentence of its answer."""
    answer = agent.ask(question)
    status = "" if answer.status == "answered" else f"`{answer.status}`: "
    said = answer.text if whole else first_sentence(answer)
    read, said = f"**{question}** Read as *{answer.read_as}*.", f"{status}{_uncited(said)}"
    return "\n>\n".join(_wrapped(f"> {text}", rest="> ") for text in (read, said))


def first_sentence(answer: Answer) -> str:
    """Return the first sentence of an answer that is more than "Yes.", cut where it is long."""
    sentences = split_sentences(answer.text, re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"])"))
    said = sentences[0] if len(sentences[0].split()) > 1 else " ".join(sentences[:2])
    return said if len(said) <= MOST_CHARACTERS else f"{shorten(said, MOST_CHARACTERS)[:-3].rsplit(' ', 1)[0]} ..."


def _uncited(text: str) -> str:
    return re.sub(r"\s?\[\d+\]", "", text).replace("*", r"\*")


def _wrapped(text: str, rest: str = "") -> str:
    """Return a paragraph; ``rest`` begins every line but the first."""
    return textwrap.fill(
        " ".join(text.split()), WIDTH, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


# -- values ------------------------------------------------------------------------------------


def values_table() -> str:
    """Return the values that words ask for, each with phrases, other languages, and the live source it needs."""
    rows = ["| value | of | asked by | other languages | live source |", "|---|---|---|---|---|"]
    for row in PREDICATES:
        phrases = [*map(shortest, row.asked), *_from_rows(row.name)]
        phrases += [f"how {word}" for word in row.adjective] + [*row.more[:1], *row.less[:1]]
        if phrases or row.abroad:
            rows.append(_row(row.label or row.name, row.of, phrases, _abroad(row), _live(row)))
    for asked, names in GROUPS:
        first = predicate_row(names[0])
        if first is not None:
            several = f"{', '.join(names[:3])} and more" if len(names) > 3 else listed(names)
            rows.append(_row(several, first.of, [*map(shortest, asked)], "", _live(first)))
    return "\n".join(rows)


def _row(name: str, of: str, phrases: Sequence[str], abroad: str, live: str) -> str:
    shown = ", ".join([*dict.fromkeys(phrases)][:MOST_PHRASES])
    return f"| {name} | {'both' if of == 'either' else of} | {shown} | {abroad} | {live} |"


def shortest(phrase: str) -> str:
    """Return the spelling of a phrase that has the fewest words.

    >>> shortest("{number of |}heavy atom{ count|}")
    'heavy atom'
    """
    return re.sub(BRACES, lambda choice: min(choice[1].split("|"), key=lambda word: len(word.split())), phrase).strip()


def _from_rows(name: str) -> list[str]:
    """Return the phrases by which the table of words asks for a predicate."""
    found = []
    for role, value, english, _ in word_rows():
        if _ROLE_OF.get(role) == name or (role in _OF_VALUES and value[:1] == (name,)):
            found += [shortest(phrase) for phrase in english]
    return found


def _abroad(row: Predicate) -> str:
    return "; ".join(
        f"{LANGUAGES[code]}: {', '.join(shortest(phrase) for phrase in _alternatives(words)[:MOST_ABROAD])}"
        for code, words in row.abroad.items()
    )


def _alternatives(words: str) -> list[str]:
    """Return the phrases of a cell, parted at the bars outside braces."""
    return re.split(r"\|(?![^{}]*\})", words)


def _live(row: Predicate) -> str:
    """Return the live source that a value needs; empty where computation or shipped records may answer."""
    if row.of == "pair":
        return "" if row.name in _shipped_measures() else "no record here"
    if row.of == "either":
        sources = {kind: only_online(row.name, kind) for kind in ("molecule", "protein")}
        return "; ".join(f"{source} (of a {kind})" for kind, source in sources.items() if source)
    return only_online(row.name, row.of)


def _shipped_measures() -> set[str]:
    return {row["measure"] for row in read_table(STARTER, "affinities")}


def check_frames() -> None:
    """Raise :class:`ValueError` where a frame has neither an example nor a reason why it has none."""
    if missing := set(get_args(Frame)) - set(EXAMPLES) - set(NOT_IN_WORDS):
        raise ValueError(f"no example of {listed(sorted(missing))}.")


if __name__ == "__main__":
    check_frames()
    with BioMedAgent(settings=Settings(offline=True, model="none")) as asked:
        made = page(asked)
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(made, encoding="utf-8")
        print(PAGE)
    else:
        print(made, end="")
