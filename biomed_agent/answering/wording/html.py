"""An answer for a notebook or a browser.

Styles stand on the elements, because notebooks strip style sheets; colours are the reader's own text colour
and mid-tones, so that light and dark pages both work. Everything is escaped by construction: :func:`_tag`
escapes each child that is not markup it made itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from urllib.parse import urlsplit

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
    headline,
    model_line,
    passage_text,
    quoted,
    shorten,
    source_parts,
    text_lines,
    withheld_lines,
)
from biomed_agent.core.types import Answer, Claim, Evidence, ModelStatement, Molecule, Provenance, Resolved

VALUES = 12
"""values of one predicate that are shown"""
_GREEN, _AMBER, _RED, _GREY = "#1f9d63", "#c27a0e", "#d9484a", "#808792"
_COLORS = {"supported": _GREEN, "unverified": _AMBER, "contradicted": _RED}
_LINE = "1px solid rgba(128,135,146,.35)"
_FAINT = "opacity:.72;font-size:.92em"
_HEADING = "margin:1.1em 0 .3em;font-weight:600;opacity:.8"
_CELL = "padding:.2em 1.2em .2em 0;vertical-align:top;text-align:left;background:none;border:0"
_CODE = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.92em;overflow-wrap:anywhere"


class _Markup(str):
    """Text that is already HTML."""

    __slots__ = ()


def to_html(answer: Answer) -> str:
    """Return the answer as one self-contained HTML element."""
    children = [
        _top(answer),
        _candidates(answer),
        _statement(answer),
        *(_entity(resolved) for resolved in answer.entities),
        _facts("Records say", fact_rows(answer, "stored", "measured")),
        _facts(f"Computed ({computed_by(fact_rows(answer, 'computed'))})", fact_rows(answer, "computed")),
        _passages(answer),
        _model(answer),
        _sources(answer.sources),
        _bottom(answer),
    ]
    style = "font:14px/1.55 system-ui,-apple-system,'Segoe UI',sans-serif;max-width:54rem;text-align:left"
    return _tag("div", *children, style=style, lang="en")


def to_html_page(answer: Answer) -> str:
    """Return the answer as a whole HTML page, readable on light and dark screens."""
    head = _tag(
        "head",
        _Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'),
        _Markup('<meta name="color-scheme" content="light dark">'),
        _tag("title", shorten(answer.question, 80) or "biomed-agent"),
    )
    body = _tag("body", _Markup(to_html(answer)), style="margin:2rem auto;padding:0 1.25rem;max-width:54rem")
    return f"<!doctype html>\n{_tag('html', head, body, lang='en')}\n"


def _tag(name: str, *children: str, style: str = "", **attributes: str) -> _Markup:
    """Return one element; children that are plain text, and all attributes, are escaped."""
    if style:
        attributes["style"] = style
    written = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    inside = "".join(child if isinstance(child, _Markup) else escape(child) for child in children)
    return _Markup(f"<{name}{written}>{inside}</{name}>")


def _section(title: str, *children: str) -> _Markup:
    return _Markup(_tag("div", title, style=_HEADING) + "".join(children))


def _table(rows: Iterable[tuple[str, str]]) -> _Markup:
    written = [
        _tag(
            "tr",
            _tag("td", left, style=f"{_CELL};white-space:nowrap;opacity:.8"),
            _tag("td", right, style=f"{_CELL};overflow-wrap:anywhere"),
            style="background:none",
        )
        for left, right in rows
    ]
    return _tag("table", *written, style="border-collapse:collapse;border:0;margin:0;font-size:1em;color:inherit")


def _chip(text: str, color: str) -> _Markup:
    border = f"border:1px solid {color};border-radius:1em;padding:.05em .6em"
    return _tag("span", text, style=f"color:{color};{border};font-size:.82em;white-space:nowrap")


def _top(answer: Answer) -> _Markup:
    asked = _tag("div", clean(answer.question), style=_FAINT)
    doubtful = answer.status == "model_only" or any(claim.verdict != "supported" for claim in answer.claims)
    color = _RED if answer.status in UNANSWERED else _AMBER if doubtful else _GREEN
    label = UNANSWERED.get(answer.status) or headline(answer).replace("_", " ")
    first, *rest = text_lines(answer) or [""]
    words = _tag("div", first, style="font-size:1.2em;font-weight:500;margin:.25em 0 .4em")
    more = (_tag("div", line, style="margin:.4em 0") for line in rest)
    return _tag("div", asked, words, *more, _chip(label, color))


def _candidates(answer: Answer) -> _Markup:
    if not answer.candidates:
        return _Markup()
    rows = [
        (_tag("code", clean(candidate.handle), style=_CODE), f"{clean(candidate.label)} ({clean(candidate.why)})")
        for candidate in answer.candidates
    ]
    return _section(candidates_heading(answer), _table(rows))


def _entity(resolved: Resolved) -> _Markup:
    entity = resolved.entity
    lines = [
        _tag(
            "div",
            _tag("b", clean(entity.name) or shorten(resolved.asked)),
            " ",
            _tag("code", shorten(entity.handle), style=f"{_CODE};opacity:.8"),
        ),
        _tag("div", " · ".join(about(resolved))),
    ]
    if isinstance(entity, Molecule):
        lines.append(_tag("div", clean(entity.smiles), style=_CODE))
    lines.append(_tag("div", chosen_because(resolved), style=_FAINT))
    others = (
        f'not chosen: "{clean(candidate.handle)}" {clean(candidate.label)} ({clean(candidate.why)})'
        for candidate in resolved.alternatives
    )
    lines += [_tag("div", other, style=_FAINT) for other in others]
    words = _tag("div", *lines, style="flex:1 1 16rem;min-width:0")
    drawing = _drawing(entity) if isinstance(entity, Molecule) else _Markup()
    style = "display:flex;flex-wrap:wrap;gap:1rem;align-items:center;border-radius:8px;padding:.8rem;margin:.9rem 0"
    return _tag("div", drawing, words, style=f"{style};border:{_LINE}")


def _drawing(molecule: Molecule) -> _Markup:
    """Return the structure on white, or nothing: a card without a drawing is still a card."""
    try:
        from biomed_agent.core.chemistry.structures import draw_svg

        drawing = _Markup(draw_svg(molecule, 220, 150))
    except Exception:  # whatever RDKit cannot draw must not hide the answer
        return _Markup()
    return _tag("div", drawing, style="flex:none;background:#fff;border-radius:6px;padding:4px;line-height:0")


def _facts(title: str, rows: list[FactRow]) -> _Markup:
    if not rows:
        return _Markup()
    shown = []
    for row in rows:
        note = _tag("span", f" ({row.note})", style=_FAINT) if row.note else ""
        number = _tag("span", f" [{row.number}]", style=_FAINT) if row.number else ""
        value = _Markup("".join((escape(row.value(VALUES)), note, number)))
        shown.append((f"{row.subject} {row.predicate}".strip(), value))
    return _section(title, _table(shown))


def _passages(answer: Answer) -> _Markup:
    if not answer.evidence:
        return _Markup()
    return _section("Passages", *(_article(number, passages) for number, passages in articles(answer)))


def _article(number: str, passages: list[Evidence]) -> _Markup:
    article = passages[0].article
    color = _RED if article.retracted else _AMBER if article.preprint or article.notices else ""
    rule = "border-left:3px solid rgba(128,135,146,.35);padding-left:.8em"
    texts = [words for passage in passages if (words := passage_text(passage, 1200))]
    return _tag(
        "div",
        _tag("div", f"{number} {article_line(article)}", style=f"font-weight:500{f';color:{color}' if color else ''}"),
        *(_tag("div", words, style=f"{_FAINT};{rule}") for words in texts),
        style="margin:.4em 0",
    )


def _model(answer: Answer) -> _Markup:
    """Return the model's sentences in a dashed box of their own, under its name; undecided ones apart."""
    if answer.model is None:
        return _Markup()
    decided, undecided = decided_and_open(answer.model)
    parts = [_section("The model says", _tag("div", model_line(answer.model), style=_FAINT))]
    parts.append(_claim_rows(decided, answer, strike=True))
    if undecided:
        parts.append(_section(UNDECIDED, _claim_rows(undecided, answer)))
    style = f"border:1px dashed {_GREY};border-radius:8px;padding:.1rem .8rem .7rem;margin:1rem 0"
    return _tag("div", *parts, _withheld(answer.model), style=style)


def _withheld(statement: ModelStatement) -> _Markup:
    """Count what is not shown, with the reasons of what is contradicted."""
    lines = withheld_lines(statement, "show_undecided=True (--model-said)")
    return _Markup("".join(_tag("div", line, style=f"{_FAINT};margin-top:.4em") for line in lines))


def _statement(answer: Answer) -> _Markup:
    return _section("Your statement", _claim_rows(answer.claims, answer)) if answer.claims else _Markup()


def _claim_rows(claims: Iterable[Claim], answer: Answer, strike: bool = False) -> _Markup:
    """Return sentences with verdict and reason; ``strike`` strikes contradicted ones through."""
    rows = []
    for claim in claims:
        struck = strike and claim.verdict == "contradicted"
        shown = _tag("s" if struck else "span", quoted(claim.text, answer), style="opacity:.6" if struck else "")
        why = _tag("div", clean(claim.why), style=_FAINT) if claim.why else ""
        verdict = _tag("div", _chip(claim.verdict, _COLORS[claim.verdict]), style="flex:none;width:6.6em")
        cells = (verdict, _tag("div", shown, why, style="flex:1 1 0;min-width:0"))
        rows.append(_tag("div", *cells, style="display:flex;gap:.8em;align-items:baseline;margin:.35em 0"))
    return _Markup("".join(rows))


def _sources(sources: tuple[Provenance, ...]) -> _Markup:
    if not sources:
        return _Markup()
    rows = []
    for number, source in enumerate(sources, 1):
        name, *rest = source_parts(source)
        rest = [part for part in rest if part != clean(source.url)]
        rows.append((f"[{number}]", _Markup(_link(name, source.url) + escape("".join(f", {part}" for part in rest)))))
    return _section("Sources", _table(rows))


def _link(text: str, url: str) -> _Markup:
    """Return a link, or the bare text where the address is no web address."""
    if urlsplit(url).scheme not in ("http", "https"):
        return _Markup(escape(text))
    return _tag("a", text, href=url, rel="noopener noreferrer", target="_blank")


def _bottom(answer: Answer) -> _Markup:
    lines = [_tag("div", f"Warning: {clean(warning)}", style=f"color:{_AMBER}") for warning in answer.warnings]
    if answer.not_looked_up:
        lines.append(_tag("div", f"Not looked up: {', '.join(clean(gap) for gap in answer.not_looked_up)}"))
    lines += [_tag("div", f"Next: {clean(step)}") for step in answer.next_steps]
    last = f"{clean(answer.disclaimer)} {egress_line(answer)}".strip()
    lines.append(_tag("div", last, style=f"{_FAINT};border-top:{_LINE};margin-top:.8em;padding-top:.4em"))
    return _tag("div", *lines, style="margin-top:.9em")
