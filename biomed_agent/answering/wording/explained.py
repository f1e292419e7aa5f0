"""How a question was read, in plain words: what each piece was taken for, and what kind of question that makes."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from biomed_agent.answering.wording.compose import label_of
from biomed_agent.core.query import Frame
from biomed_agent.core.words import listed

FRAMES: Mapping[Frame, tuple[str, str]] = {
    "value": ("a value", "Values of a molecule or protein: computed, on record, or measured."),
    "describe": (
        "a description",
        "What a thing is, or what its record says of its function, its family or its place in the cell.",
    ),
    "count": ("a count", "How many atoms, groups, rings or residues something holds, or whether it holds any."),
    "is_a": ("a statement", "Whether a statement holds: a class, a role, a part."),
    "relation": ("a measured pair", "What was measured of a molecule and a protein."),
    "list": ("a list", "What was measured to bind, or what has a class, a role, a family, a place or a value."),
    "compare": ("a comparison", "Several things beside each other: which has more, whether two are one, how alike."),
    "similar": ("similar molecules", "Molecules that are like one."),
    "contains": ("a search by part", "Molecules that hold a structure as a part."),
    "papers": ("articles", "Passages of articles."),
    "locate": ("a look-up", "Which record a name names, with sections of a protein's record."),
    "convert": ("a conversion", "Another notation of an identifier."),
    "unknown": ("no question", "Help and thanks: no question about a molecule, a protein or articles."),
}  # fmt: skip
"""what each frame is called, and what it asks in one line"""
NOT_READ = "NOT READ"
_FILLER = "filler"
_SHOWN_VALUES = 3
_ROLES: Mapping[str, str] = {
    "thing": "names {}",
    "passed over": "names something; what was given beside the question was taken",
    "unread": NOT_READ,
    "unused": "read, but no kind of question here takes it so",
    "condition": "limit: {}",
    "counted": "what is counted",
    "statement": "part of the statement that is checked",
    "search word": "word of the search",
    "yes or no": "asks yes or no",
    "stands for": "stands for {}",
    "filler": _FILLER,
    "of": _FILLER,
    "and": "joins",
    "aux": _FILLER,
    "verb to be": _FILLER,
    "pronoun": _FILLER,
    "other": "pattern",
    "only": "restricts",
    "basis": "says that it is {}",
    "place": "a place in or outside the cell",
    "like": "alike",
    "abroad": _FILLER,
    "negation": "negates",
    "tag": "asks whether it holds",
    "wh": "question word",
    "count": "asks how many",
    "imperative": "opens a request",
    "value": "asks for {}",
    "adjective": "asks for {}",
    "more": "compares by {}: more",
    "less": "compares by {}: less",
    "measure": "asks for {}, measured of a pair",
    "bind": "asks what was measured to bind",
    "partner": "asks for {} measured to bind",
    "kind": "says what is meant: a {}",
    "class": "class of proteins: {}",
    "contain": "has, holds",
    "relation": "limit: {}",
    "between": "limit: between",
    "limit": "limit",
    "number": "number",
    "cardinal": "number {}",
    "limited": "how many are listed",
    "unit": "unit {}",
    "top": "the first of a list",
    "strongest": "strongest first",
    "weakest": "weakest first",
    "rank": "asks for an order",
    "degree": "compares: {}",
    "same": "asks whether they are the same",
    "structural": "asks how structures are related: {}",
    "similar": "asks for likeness of structures",
    "substructure": "as a part",
    "describe": "asks for a description",
    "identify": "asks which one it is",
    "papers": "asks for articles",
    "convert": "asks for another notation",
    "compare": "compares",
    "difference": "asks for the difference",
    "than": "compares",
    "hazard": "hazard: {}",
    "hazards": "asks for hazard statements",
    "degree of hazard": "degree of a hazard",
    "organism": "organism: {}",
    "effect": "effect or use in the body",
    "where": "asks where in the cell",
    "family": "asks for the family",
    "function": "asks for the function",
    "name": "asks for the name",
    "use": "asks for {}",
    "encode": "asks for {}",
    "express": "asks for {}",
    "residue": "amino acid",
    "term": "amino acid",
    "position": "position in the sequence",
    "smarts": "asks for a SMARTS pattern",
    "dummy": "marked atom",
    "path": "asks for the shortest path",
    "part": "how hydrogens are counted: {}",
    "variant": "changed residue: {}",
    "approved": "asks for what is approved",
    "altered": "says that the protein is changed",
    "obey": "asks for the verdict",
    "take part": "says that it takes part",
    "share": "asks for a share",
    "again": "asks the same of something else",
    "ordinal": "place in a list",
    "known": "asks what is on record here",
    "talk": "no question",
    "everything": "all that is computed",
}
"""what a piece was taken for, by its role; ``{}`` stands for what the role says"""
_VALUES: Mapping[str, Mapping[str, str]] = {
    "measure": {"affinity": "affinity"},
    "adjective": {"affinity": "strength of binding"},
    "more": {"affinity": "strength of binding"},
    "less": {"affinity": "strength of binding"},
    "partner": {"molecule": "molecules", "protein": "proteins"},
    "relation": {"better": "stronger than", "worse": "weaker than"},
    "part": {"hydrogen": "included", "heavy": "left out"},
}
"""how a value is called where its name would not do"""
_LABELLED = ("value", "adjective", "more", "less", "use", "encode", "express")
"""roles whose values are predicates"""
_OF_ONE = ("partner", "cardinal", "unit", "structural")
"""roles of whose values the first says all"""


@dataclass(frozen=True, slots=True)
class ClauseWords:
    """A clause as it is shown.

    Args:
        text: Its words.
        rows: Pieces of it, each with what it was taken for.
        read_as: What it asks, in one line; empty where no kind of question fits.
        frame: What kind of question that is.
        unread: Words of it that were not read.
    """

    text: str
    rows: Sequence[tuple[str, str]]
    read_as: str
    frame: Frame | None
    unread: Sequence[str] = ()


def taken_for(role: str, value: Sequence[str] = ()) -> str:
    """Say in plain words what a piece of a question was taken for.

    >>> taken_for("value", ("molecular weight",))
    'asks for molecular weight'

    Args:
        role: Of a phrase in a sentence (:data:`biomed_agent.answering.reading.phrases.Role`), or one that only an
            explanation knows, such as ``unread``.
        value: What it says in this role.
    """
    words = _ROLES.get(role, role)
    if "{}" not in words:
        return words
    names = list(value[:1] if role in _OF_ONE else value)
    known = _VALUES.get(role, {})
    shown = [known.get(name, label_of(name) if role in _LABELLED else name) for name in names]
    more = len(shown) - _SHOWN_VALUES
    said = listed([*shown[:_SHOWN_VALUES], *([f"{more} more"] if more > 0 else [])])
    return words.format(said or "it")


def reading_text(clauses: Sequence[ClauseWords], width: int = 88, color: bool = False) -> str:
    """Return how a question was read for a person.

    Args:
        clauses: In the order of the question.
        width: Columns to wrap at.
        color: Whether to use ANSI colours; the words say the same without.
    """
    lines = [_painted("How the question was read", "1", color)]
    for number, clause in enumerate(clauses, 1):
        if len(clauses) > 1:
            title = f'  {number} of {len(clauses)}: "{" ".join(clause.text.split())}"'
            lines += textwrap.wrap(title, width, subsequent_indent="    ")
        lines += _rows(_joined(clause.rows), width, color)
        lines += textwrap.wrap(
            _read_as(clause), width, initial_indent="  ", subsequent_indent="    ",
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
    return "\n".join(lines)


def _read_as(clause: ClauseWords) -> str:
    quoted = listed([f'"{word}"' for word in clause.unread])
    lead = f"Without {quoted}, read as" if quoted else "Read as"
    if not clause.read_as or clause.frame is None:
        return f"{lead} no kind of question that is known here."
    kind, _ = FRAMES[clause.frame]
    return f"{lead} {kind}: {clause.read_as}."


def _joined(rows: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Join neighbouring pieces that were taken for the same filler or limit."""
    joined: list[tuple[str, str]] = []
    for text, taken in rows:
        shown = " ".join(text.split())
        if joined and joined[-1][1] == taken and (taken in _RUNS or taken.startswith("limit: ")):
            joined[-1] = f"{joined[-1][0]} {shown}", taken
        else:
            joined.append((shown, taken))
    return joined


_RUNS = frozenset({_FILLER, *(_ROLES[role] for role in ("counted", "statement", "search word"))})


def _rows(rows: Sequence[tuple[str, str]], width: int, color: bool) -> list[str]:
    """Return two columns; a piece that is too long for the first stands on a line of its own."""
    widest = width // 3
    column = max((len(text) for text, _ in rows if len(text) <= widest), default=0)
    lines = []
    for text, taken in rows:
        style = "31" if taken == NOT_READ else "2" if taken == _FILLER else ""
        if len(text) > widest:
            whole = textwrap.wrap(text, width - 4, break_on_hyphens=False)
            lines += [f"    {line}" for line in whole]
            text = ""
        said = textwrap.wrap(taken, max(width - column - 6, 20)) or [""]
        lines.append(f"    {text.ljust(column)}  {_painted(said[0], style, color)}")
        lines += [f"    {' ' * column}  {_painted(line, style, color)}" for line in said[1:]]
    return lines


def _painted(text: str, style: str, color: bool) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if color and style else text
