"""An answer for a person reading a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from biomed_agent.answering.wording.words import (
    UNANSWERED,
    UNDECIDED,
    FactRow,
    about,
    article_line,
    articles,
    candidates_heading,
    chosen_because,
    clean,
    computed_by,
    decided_and_open,
    egress_line,
    fact_rows,
    model_line,
    passage_text,
    quoted,
    shorten,
    source_parts,
    text_lines,
    withheld_lines,
)
from biomed_agent.core.types import Answer, Claim, ModelStatement, Molecule, Resolved

MARKS = {"supported": "✓", "unverified": "?", "contradicted": "✗"}
VALUES = 12
"""values of one predicate that are shown"""
SHOW_ALL = "--model-said (in Python show_undecided=True)"
_BOLD, _DIM, _YELLOW = "1", "2", "33"
_VERDICT_COLORS = {"supported": "32", "unverified": _YELLOW, "contradicted": "31"}


def to_text(answer: Answer, width: int = 88, color: bool = False) -> str:
    """Return an answer for a person.

    Args:
        answer: Any answer, answered or not.
        width: Columns to wrap at; links, structures and sequences are never broken.
        color: Whether to use ANSI colours; the words say the same without.
    """
    page = _Page(max(width, 40), color)
    label = f"{UNANSWERED[answer.status]}. " if answer.status in UNANSWERED else ""
    for at, line in enumerate(text_lines(answer)):
        page.line(line, first="" if at else label, rest="", style="" if at else _BOLD)
    if answer.candidates:
        page.heading(candidates_heading(answer))
        page.candidates(answer)
    if answer.claims:
        page.heading("Your statement")
        page.claims(answer.claims, answer)
    for resolved in answer.entities:
        page.entity(resolved)
    page.facts("Records say", fact_rows(answer, "stored", "measured"))
    computed = fact_rows(answer, "computed")
    page.facts(f"Computed ({computed_by(computed)})", computed)
    _passages(page, answer)
    _model(page, answer)
    if answer.sources:
        page.heading("Sources")
        page.table((f"[{number}]", ", ".join(source_parts(source))) for number, source in enumerate(answer.sources, 1))
    _footer(page, answer)
    return "\n".join(page.lines).strip("\n")


def to_listing(answer: Answer, width: int = 88, color: bool = False) -> str:
    """Return an answer in a few lines under what was asked: one of several that a person reads one after the other.

    Args:
        answer: Any answer, answered or not.
        width: See :func:`to_text`.
        color: See :func:`to_text`.
    """
    page = _Page(max(width, 40), color)
    page.line(shorten(answer.question, 200) or "(nothing)", style=_BOLD)
    label = f"{UNANSWERED[answer.status]}. " if answer.status in UNANSWERED else ""
    for at, line in enumerate(text_lines(answer)):
        page.line(line, first="  " if at else f"  {label}", rest="  ")
    if answer.model is not None:
        page.line(model_line(answer.model), first="  The model says: ", rest="  ", style=_DIM)
        page.claims(answer.model.claims, answer)
        _withheld(page, answer.model)
    if answer.candidates:
        page.line(f"{candidates_heading(answer)}:", first="  ", rest="  ")
        page.candidates(answer)
    for warning in answer.warnings:
        page.line(clean(warning), first="  Warning: ", rest="    ", style=_YELLOW)
    if answer.status in UNANSWERED:
        for step in answer.next_steps:
            page.line(clean(step), first="  Next: ", rest="    ")
    sources = ((f"[{number}]", ", ".join(source_parts(source)[:2])) for number, source in enumerate(answer.sources, 1))
    page.table(row for row in sources if row[0] in answer.text)
    return "\n".join(page.lines)


def _model(page: _Page, answer: Answer) -> None:
    """Add what the model says: what was decided, then under a heading of its own what was not."""
    if answer.model is None:
        return
    decided, undecided = decided_and_open(answer.model)
    page.heading("The model says", model_line(answer.model))
    page.claims(decided, answer)
    if undecided:
        page.heading(UNDECIDED)
        page.claims(undecided, answer)
    _withheld(page, answer.model)


def _withheld(page: _Page, statement: ModelStatement) -> None:
    """Count what is not shown, with the reasons of what is contradicted."""
    for at, line in enumerate(withheld_lines(statement, SHOW_ALL)):
        page.line(line, first="    " if at else "  ", style=_DIM)


def _passages(page: _Page, answer: Answer) -> None:
    if not answer.evidence:
        return
    page.heading("Passages")
    for number, passages in articles(answer):
        page.line(f"{number} {article_line(passages[0].article)}", first="  ", rest="    ")
        for passage in passages:
            if words := passage_text(passage, 600):
                page.line(words, first="    ", style=_DIM)


def _footer(page: _Page, answer: Answer) -> None:
    page.gap()
    for warning in answer.warnings:
        page.line(clean(warning), first="Warning: ", rest="  ", style=_YELLOW)
    if answer.not_looked_up:
        page.line(", ".join(clean(gap) for gap in answer.not_looked_up), first="Not looked up: ", rest="  ")
    for step in answer.next_steps:
        page.line(clean(step), first="Next: ", rest="  ")
    page.gap()
    answered = answer.status not in UNANSWERED
    if answered and answer.disclaimer:
        page.line(clean(answer.disclaimer), style=_DIM)
    if answered or answer.egress:
        page.line(egress_line(answer), style=_DIM)


class _Page:
    """Lines of wrapped text."""

    def __init__(self, width: int, color: bool) -> None:
        self.width = width
        self.color = color
        self.lines: list[str] = []

    def paint(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.color and style else text

    def gap(self) -> None:
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def line(self, text: str, first: str = "", rest: str | None = None, style: str = "") -> None:
        """Add one wrapped paragraph; ``rest`` indents what follows its first line."""
        wrapped = textwrap.wrap(
            text,
            self.width,
            initial_indent=first,
            subsequent_indent=" " * len(first) if rest is None else rest,
            break_long_words=False,
            break_on_hyphens=False,
        )
        self.lines += [self.paint(line, style) for line in wrapped or [first.rstrip()]]

    def heading(self, title: str, remark: str = "") -> None:
        self.gap()
        self.lines.append(self.paint(title, _BOLD))
        if remark:
            self.line(f"({remark})", first="  ", style=_DIM)

    def table(self, rows: Iterable[tuple[str, str]]) -> None:
        """Add rows of two columns; the first is as wide as its longest entry, up to a third of the page."""
        listed = list(rows)
        max_width = self.width // 3
        column = max((len(left) for left, _ in listed if len(left) <= max_width), default=0)
        for left, right in listed:
            self.line(right, first=f"  {left.ljust(column)}  ", rest=" " * (column + 4))

    def candidates(self, answer: Answer) -> None:
        """Add what a name can mean, each with the string that names it."""
        self.table(
            (
                f'"{clean(candidate.handle)}"' if candidate.handle else "(no record)",
                f"{clean(candidate.label)} ({clean(candidate.why)})",
            )
            for candidate in answer.candidates
        )

    def entity(self, resolved: Resolved) -> None:
        """Add the card of a molecule or protein."""
        entity = resolved.entity
        self.heading(f"{clean(entity.name) or shorten(resolved.asked)}  {shorten(entity.handle)}")
        self.line(" | ".join(about(resolved)), first="  ")
        if isinstance(entity, Molecule):
            self.line(f"SMILES {clean(entity.smiles)}", first="  ")
        self.line(chosen_because(resolved), first="  ", style=_DIM)
        for other in resolved.alternatives:
            self.line(f'not chosen: "{clean(other.handle)}" {clean(other.label)} ({clean(other.why)})', first="  ")

    def facts(self, title: str, rows: list[FactRow]) -> None:
        if not rows:
            return
        self.heading(title)
        self.table((f"{row.subject} {row.predicate}".strip(), _fact(row)) for row in rows)

    def claims(self, claims: Iterable[Claim], answer: Answer) -> None:
        """Add sentences with their verdict and reason."""
        for claim in claims:
            mark = f"{MARKS[claim.verdict]} {claim.verdict}"
            first = f"  {mark.ljust(14)}  "
            start = len(self.lines)
            self.line(quoted(claim.text, answer), first=first)
            self.lines[start] = self.lines[start].replace(mark, self.paint(mark, _VERDICT_COLORS[claim.verdict]), 1)
            if claim.why:
                self.line(clean(claim.why), first=" " * len(first), style=_DIM)


def _fact(row: FactRow) -> str:
    note = f" ({row.note})" if row.note else ""
    return f"{row.value(VALUES)}{note}{f' [{row.number}]' if row.number else ''}"
