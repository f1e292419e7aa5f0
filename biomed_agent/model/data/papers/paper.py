"""Papers: what a reader yields, and the text that is left of them."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import TypeAlias

from biomed_agent.model.data.papers.cleaning import KNOWN_HEADING, clean_paragraph, heading_of, is_dropped, style_of


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a paper: its heading (may be empty) and its paragraphs."""

    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper as its file tells it, not yet cleaned."""

    id: str
    """what the file calls it; empty when it does not say"""
    title: str
    sections: tuple[Section, ...]
    """abstract first"""
    file: str
    line: int
    """line on which it begins"""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that could not be read."""

    file: str
    line: int
    reason: str


Row: TypeAlias = Paper | BadRow


def clean(paper: Paper, removed: Counter[str] | None = None) -> str:
    """Return the text of a paper: title, headings and paragraphs, one a line.

    Left out are the sections, paragraphs and parts of sentences
    :mod:`cleaning <biomed_agent.model.data.papers.cleaning>` names, repetitions of the title, and headings that
    nothing follows.

    Args:
        paper: The paper.
        removed: Counts what was taken out, by kind.
    """
    removed = Counter() if removed is None else removed
    style = style_of(paragraph for section in paper.sections for paragraph in section.paragraphs)
    title = clean_paragraph(paper.title, style)
    lines = [title] if title else []
    above = ""
    for section in paper.sections:
        heading = heading_of(section.heading)
        if is_dropped(heading):
            removed["section"] += 1
            continue
        cleaned = [clean_paragraph(paragraph, style, removed) for paragraph in section.paragraphs]
        cleaned = [paragraph for paragraph in cleaned if paragraph and paragraph != title]
        if cleaned:
            lines += [part for part in (above, heading) if part] + cleaned
            above = ""
        else:
            # "Methods" right before "Mice": both are kept once there is text; cells of a table are not.
            above = heading if KNOWN_HEADING.fullmatch(heading) and not section.paragraphs else ""
    return "\n".join(lines)


def sections_of_text(text: str) -> list[Section]:
    """Split a text into sections at the lines that look like headings; every other line is a paragraph.

    Lines that were broken to one width are put together again first.
    """
    sections: list[tuple[str, list[str]]] = []
    for line in (line for block in re.split(r"\n\s*\n", sound(text)) for line in _lines(block)):
        if line and is_heading(line):
            sections.append((line.rstrip(": "), []))
        elif line:
            if not sections:
                sections.append(("", []))
            sections[-1][1].append(line)
    return [Section(heading, tuple(paragraphs)) for heading, paragraphs in sections]


def _lines(block: str) -> list[str]:
    """Return the lines of a block; as one, when only the width of the page parts them."""
    lines = [line.strip() for line in block.splitlines() if line.strip()]
    inner, width = lines[:-1], max(map(len, lines), default=0)
    full = sum(len(line) >= 0.6 * width for line in inner)
    ended = sum(line[-1] in ".!?:;" for line in inner)
    if len(lines) >= 3 and 30 <= width <= 200 and full >= 0.7 * len(inner) and ended <= len(inner) / 3:
        return [re.sub(r"(?<=[a-z]{2})-\n(?=[a-z]{2})", "", "\n".join(lines)).replace("\n", " ")]
    return lines


def is_heading(line: str) -> bool:
    """Say whether a line of a text is a heading: a known one, or a few words that end without punctuation."""
    words = line.split()
    if KNOWN_HEADING.fullmatch(line.strip(" :.")):
        return True
    return len(words) <= 10 and len(line) <= 90 and line[-1] not in ".,;?!)%" and not line.startswith(("-", "•", "*"))


def sound(text: str) -> str:
    """Return a text that can be encoded; half a character (a lone surrogate) is no text."""
    if match := re.search(r"[\ud800-\udfff]", text):
        raise ValueError(f"half a character (\\u{ord(match[0]):04x}) at position {match.start()}")
    return text
