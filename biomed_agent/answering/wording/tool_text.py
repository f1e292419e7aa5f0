"""An answer for a calling model: few tokens, a fixed order, nothing that could be mistaken for a record."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from biomed_agent.answering.wording.words import (
    UNANSWERED,
    FactRow,
    about,
    article_line,
    articles,
    chosen_because,
    clean,
    decided_and_open,
    fact_rows,
    headline,
    model_line,
    passage_text,
    quoted,
    shorten,
    source_parts,
    text_lines,
)
from biomed_agent.core.types import Answer, Candidate, Claim, Resolved
from biomed_agent.core.words import counted

TOOL_TOKENS = 350
"""Most tokens :func:`to_tool_text` returns, as counted by :func:`estimate_tokens`."""
CUT_ORDER = (
    "further warning", "computed value", "record", "gap", "uncited source", "article", "warning", "passage", "source",
    "model sentence", "entity", "step", "checked statement", "candidate",
)  # fmt: skip
"""What is left out when the text is too long, first to last; the status and the answer's first line are not in it.
A source is uncited when no line that is still shown has its number; a further warning is any but the first. Warnings
give way to passages and cited sources, however many there are."""
WARNING_TOKENS = 60
"""most tokens of one warning; one of 200 characters mostly has fewer"""
VALUES = 6
"""values of one predicate that are shown"""


def estimate_tokens(text: str) -> int:
    """Count tokens cautiously: seven letters of a word, two capitals, three digits or one sign make one.

    Tokenizers of chat models mostly need fewer for such text.
    """
    return len(re.findall(r"[A-Z]?[a-z]{1,6}|[A-Z]{1,2}|\d{1,3}|\S", text))


def to_tool_text(answer: Answer) -> str:
    """Return what a calling model is told, at most :data:`TOOL_TOKENS` tokens.

    When it is too long, all warnings but the first are left out; if that is not enough, sources lose their links
    and lines are left out in :data:`CUT_ORDER`. The status and the answer's first line stay (the end of a line that is
    too long by itself is cut off), and one line counts what was left out. Of a sentence of the model that is
    withheld because it is contradicted the reason is given.
    """
    for links, order in ((True, ("further warning",)), (False, CUT_ORDER)):
        left_out: Counter[str] = Counter()
        parts = _parts(answer, links)
        text = _joined(parts, left_out)
        while estimate_tokens(text) > TOOL_TOKENS and (line_kind := _cut_line(parts, order)):
            left_out[line_kind] += 1
            text = _joined(parts, left_out)
        if estimate_tokens(text) <= TOOL_TOKENS:
            return text
    [(_, words)] = parts[TEXT_PART].lines
    while words and estimate_tokens(text) > TOOL_TOKENS:
        words = words[: len(words) * 9 // 10]
        parts[TEXT_PART].lines = [(1, f"{words.rstrip()}...")]
        text = _joined(parts, left_out)
    return text


TEXT_PART = 1
"""place of the answer's first line among the parts"""


@dataclass(slots=True)
class _Part:
    """Lines under one heading; the last is cut first."""

    head: str
    lines: list[tuple[int, str]]
    """(number, text)"""
    line_kind: str
    """what one line is, of :data:`CUT_ORDER`; empty for a part that is never cut"""
    inline: bool = False
    """whether all stand on the line of the heading"""

    def texts(self) -> list[str]:
        texts = [text for _, text in self.lines]
        if self.inline and texts:
            return [f"{self.head} {' | '.join(texts)}"]
        return [self.head, *texts] if self.head and texts else texts


def _cut_line(parts: Sequence[_Part], order: Sequence[str]) -> str:
    """Remove the least useful line; return what it was, or nothing when all that is left must stay."""
    shown = "\n".join(line for part in parts if part.line_kind != "source" for line in part.texts())
    cited = {int(number) for number in re.findall(r"\[(\d+)\]", shown)}
    for line_kind in order:
        for part in parts:
            if line_kind == "uncited source" and part.line_kind == "source":
                cut = [line for line in part.lines if line[0] not in cited]
            elif line_kind == "further warning" and part.line_kind == "warning":
                cut = part.lines[1:]
            else:
                cut = part.lines if part.line_kind == line_kind else []
            if cut:
                part.lines.remove(cut[-1])
                return part.line_kind
    return ""


def _joined(parts: Sequence[_Part], left_out: Counter[str]) -> str:
    lines = [line for part in parts for line in part.texts()]
    if left_out:
        names = ", ".join(counted(count, line_kind) for line_kind, count in left_out.items())
        lines.append(f"LEFT OUT {names}")
    return "\n".join(lines)


def _parts(answer: Answer, links: bool = True) -> list[_Part]:
    label = "REASON" if answer.status in UNANSWERED else "ANSWER"
    words = text_lines(answer)
    gaps = f"NOT LOOKED UP {', '.join(shorten(gap) for gap in answer.not_looked_up)}"
    return [
        _part("", [f"STATUS {headline(answer)}"]),
        _part("", [f"{label} {line}" for line in words[:1]]),
        _part("", [f"  {line}" for line in words[1:]], "passage"),
        _part("CANDIDATES", [_candidate(candidate) for candidate in answer.candidates], "candidate"),
        _part("STATEMENT", [_claim(claim, answer) for claim in answer.claims], "checked statement"),
        _part("", [_about(resolved) for resolved in answer.entities], "entity"),
        _part("RECORDS", [f"  {_row(row)}" for row in fact_rows(answer, "stored", "measured")], "record"),
        *_computed(answer),
        _part("PASSAGES", _articles(answer), "article"),
        _part(f"MODEL {model_line(answer.model)}" if answer.model else "", _model_sentences(answer), "model sentence"),
        _sources(answer) if links else _sources_without_links(answer),
        _part("", [f"WARNING {_brief(warning)}" for warning in answer.warnings], "warning"),
        _part("", [gaps] if answer.not_looked_up else [], "gap"),
        _part("", [f"NEXT {shorten(step, 160)}" for step in answer.next_steps], "step"),
    ]


def _brief(warning: str) -> str:
    """Return a warning of at most 200 characters and :data:`WARNING_TOKENS` tokens."""
    text = shorten(warning, 200)
    while estimate_tokens(text) > WARNING_TOKENS:
        text = shorten(text, len(text) * 9 // 10)
    return text


def _part(head: str, lines: Sequence[str], line_kind: str = "") -> _Part:
    return _Part(head, list(enumerate(lines, 1)), line_kind)


def _sources(answer: Answer) -> _Part:
    lines = (f"  [{n}] {shorten(', '.join(source_parts(source)), 160)}" for n, source in enumerate(answer.sources, 1))
    return _part("SOURCES", list(lines), "source")


def _sources_without_links(answer: Answer) -> _Part:
    """Return all sources on one line; neighbouring records of one database share its name."""
    lines = []
    numbered = enumerate(answer.sources, 1)
    for database, group in groupby(numbered, key=lambda pair: clean(pair[1].source)):
        (first, source), *others = group
        last = others[-1][0] if others else first
        numbers = f"[{first}]-[{last}]" if others else f"[{first}]"
        records = f"({len(others) + 1} records)" if others else clean(source.identifier)
        lines.append((first, f"{numbers} {shorten(f'{shorten(database, 50)} {records}', 80)}"))
    return _Part("SOURCES", lines, "source", inline=True)


def _candidate(candidate: Candidate) -> str:
    return f'  "{shorten(candidate.handle)}" {shorten(candidate.label, 80)} ({shorten(candidate.why, 60)})'


def _about(resolved: Resolved) -> str:
    entity = resolved.entity
    name = f' "{shorten(entity.name)}"' if entity.name else ""
    parts = [f"{shorten(entity.handle)}{name}", *about(resolved), shorten(chosen_because(resolved), 160)]
    if resolved.alternatives:
        parts.append(
            f"not chosen: {', '.join(shorten(candidate.handle, 40) for candidate in resolved.alternatives[:3])}"
        )
    return f"ABOUT {' | '.join(parts)}"


def _row(row: FactRow) -> str:
    subject = f"{shorten(row.subject, 40)}: " if row.subject else ""
    number = f" [{row.number}]" if row.number else ""
    note = f" ({shorten(row.note, 100)})" if row.note else ""
    return f"{subject}{row.predicate} {shorten(row.value(VALUES), 200)}{note}{number}"


def _computed(answer: Answer) -> list[_Part]:
    """Return one line per program; what the answer says in the same words is not repeated."""
    by_source: dict[str, list[str]] = {}
    for row in fact_rows(answer, "computed"):
        if re.search(rf"[,:] {re.escape(f'{row.predicate} {row.value(VALUES)}')}(?!\S*\d)", answer.text):
            continue
        by_source.setdefault(row.source, []).append(_row(row))
    return [
        _Part(f"COMPUTED ({source})", list(enumerate(values, 1)), "computed value", inline=True)
        for source, values in by_source.items()
    ]


def _articles(answer: Answer) -> list[str]:
    """Return one line per article; its passages stand on it unless the answer quotes them."""
    lines = []
    for number, passages in articles(answer):
        texts = [words for passage in passages if (words := passage_text(passage, 240))]
        lines.append(f"  {' '.join([number, article_line(passages[0].article, 80), *texts])}")
    return lines


def _model_sentences(answer: Answer) -> list[str]:
    """Return one line a sentence that is shown, and what is withheld: undecided ones by their count alone."""
    statement = answer.model
    if statement is None:
        return []
    decided, undecided = decided_and_open(statement)
    lines = [_claim(claim, answer) for claim in decided]
    lines += [f"  undecided {shorten(quoted(claim.text, answer), 300)}{_why(claim.why)}" for claim in undecided]
    if count := sum(sentence.verdict == "unverified" for sentence in statement.withheld):
        lines.append(f"  undecided {counted(count, 'sentence')} withheld (nothing at hand decides)")
    lines += [
        f"  contradicted 1 sentence withheld{_why(sentence.why)}"
        for sentence in statement.withheld
        if sentence.verdict == "contradicted"
    ]
    return lines


def _claim(claim: Claim, answer: Answer) -> str:
    return f"  {claim.verdict} {shorten(quoted(claim.text, answer), 300)}{_why(claim.why)}"


def _why(why: str) -> str:
    return f" ({shorten(why, 160)})" if why else ""
