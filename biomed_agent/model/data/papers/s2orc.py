"""Papers out of JSON objects: plain text, titled sections, and every shape of S2ORC."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from biomed_agent.model.data.papers.cleaning import RANGE
from biomed_agent.model.data.papers.paper import Paper, Section, sections_of_text, sound

IDS = ("id", "paper_id", "pmid", "pubmed_id", "pmcid", "pmc_id", "corpusid", "corpus_id", "doi")
TEXTS = ("text", "content", "full_text", "fulltext", "body", "article")
ABSTRACTS = ("abstract", "abstractText", "paperAbstract", "summary")
BODIES = ("body_text", "sections", "body", "paragraphs")
HEADINGS = ("heading", "section", "title", "name", "label")
NOT_PROSE = ("bibliography", "bibentry", "figure", "table", "figurecaption", "author", "authoraffiliation", "publisher")
"""Annotations of S2ORC; a paragraph that lies in one is none."""


def paper_of(record: object, file: str, line: int) -> Paper:
    """Return the paper a JSON object holds.

    Understood are, under the spellings of :data:`IDS`, :data:`TEXTS`, :data:`ABSTRACTS` and :data:`BODIES`:

    - ``{"text": "..."}``, with or without ``title`` and ``id``;
    - ``{"title", "abstract", "sections"}``: abstract a string or a list, sections a list of strings or of objects with
      a heading and text or paragraphs, or an object of headings and texts;
    - S2ORC as parsed from PDF (2019 and 2020 releases, CORD-19, s2orc-doc2json): ``abstract`` and ``body_text`` are
      lists of paragraphs with ``text``, ``section`` and ``cite_spans``, at the top or under ``pdf_parse``;
      ``title`` at the top or under ``metadata``;
    - S2ORC of the Semantic Scholar API: ``content`` (or ``body`` in its second version) with ``text`` and
      ``annotations``, lists of character offsets that may themselves be JSON strings.

    Raises:
        ValueError: It holds none of them; the message says why, for a :class:`~.paper.BadRow`.
    """
    if not isinstance(record, dict):
        raise ValueError(f"expected an object, got {_type(record)}")
    parsed = record.get("pdf_parse") or {}
    parsed = parsed if isinstance(parsed, dict) else {}
    title = _string(record, "title") or _string(record.get("metadata") or {}, "title")
    annotated = next((value for key in ("content", "body") if _is_annotated(value := record.get(key))), None)
    if annotated is not None:
        text, sections = _annotated(annotated)
        title = title or text
    else:
        abstract = _first(parsed, ABSTRACTS) or _first(record.get("metadata") or {}, ABSTRACTS)
        sections = _sections(_first(record, ABSTRACTS) or abstract, "Abstract")
        body = _first(parsed, BODIES) or _first(record, BODIES)
        sections += sections_of_text(body or _text(record)) if isinstance(body or "", str) else _sections(body, "")
    if not title and not sections:
        keys = ", ".join(map(str, list(record)[:8])) or "none"
        raise ValueError(f"no text: expected text, or title, abstract and body; got the keys {keys}")
    name = next((str(record[key]) for key in IDS if record.get(key) not in (None, "")), "")
    return Paper(sound(name), sound(title), tuple(sections), file, line)


def _annotated(content: dict[str, Any]) -> tuple[str, list[Section]]:
    """Return title and sections of a text with character offsets."""
    text = sound(content["text"])
    marks = {str(kind).replace("_", ""): _spans(value, text) for kind, value in content["annotations"].items()}
    citations = marks.get("bibref", [])
    left_out = [span for kind in NOT_PROSE for span in marks.get(kind, [])] + marks.get("abstract", [])

    def cleaned(start: int, end: int) -> str:
        inside = [(s - start, e - start) for s, e in citations if start <= s and e <= end]
        return " ".join(without_spans(text[start:end], inside).split())

    sections = [Section("Abstract", (cleaned(*span),)) for span in marks.get("abstract", [])]
    headings = marks.get("sectionheader", [])
    parts: dict[int, list[str]] = {}
    for start, end in marks.get("paragraph", []):
        if not any(s <= start and end <= e for s, e in left_out):
            above = max((index for index, (_, e) in enumerate(headings) if e <= start), default=-1)
            parts.setdefault(above, []).append(cleaned(start, end))
    for above, paragraphs in parts.items():
        sections.append(Section(text[slice(*headings[above])].strip() if above >= 0 else "", tuple(paragraphs)))
    if not sections:
        raise ValueError("no text: the annotations name neither abstract nor paragraphs")
    title = " ".join(text[slice(*marks["title"][0])].split()) if marks.get("title") else ""
    return title, sections


def _is_annotated(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("text"), str) and isinstance(value.get("annotations"), dict)


def _spans(value: object, text: str) -> list[tuple[int, int]]:
    """Return the offsets of one kind of annotation in order."""
    value = json.loads(value) if isinstance(value, str) and value else value
    if not isinstance(value, list | None):
        raise ValueError(f"expected a list of annotations, got {_type(value)}")
    return sorted(_span(span, text) for span in value or ())


def _span(span: object, text: str) -> tuple[int, int]:
    try:
        start, end = int(span["start"]), int(span["end"])  # type: ignore[index]
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError(f"expected an annotation with start and end, got {span!r:.80}") from error
    if not 0 <= start <= end <= len(text):
        raise ValueError(f"annotation {start} to {end} lies outside the text of {len(text)} characters")
    return start, end


def without_spans(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Cut citations that are marked by offsets out of a text.

    Numbers go with the brackets around them. Names go when they fill their parentheses; names that carry a sentence
    stay, and what stands in mixed parentheses is left for :func:`~.cleaning.clean_paragraph`.

    Args:
        text: The text.
        spans: Start and end of each citation.
    """
    regions: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if regions and re.fullmatch(rf"[\s,;&\])\[(]*(?:and\s)?|\s?{RANGE}\s?", text[regions[-1][1] : start]):
            regions[-1] = (regions[-1][0], max(end, regions[-1][1]))
        else:
            regions.append((start, end))
    for start, end in reversed(regions):
        before = re.search(r"\s*[\[(]\s*$", text[:start])
        after = re.match(r"\s*[\])]", text[end:])
        numeric = re.fullmatch(r"[\s\d,;&\[\]()–—-]*(?:[a-z]\b)?", text[start:end]) is not None
        if before and after:
            start, end = before.start(), end + after.end()
        elif not numeric:
            continue
        else:
            start = len(text[:start].rstrip())
        text = text[:start] + text[end:]
    return text


def _sections(value: object, heading: str) -> list[Section]:
    """Return sections of any of the shapes an abstract or a body has."""
    if value in (None, "", [], {}):
        return []
    if isinstance(value, str):
        # S2ORC's metadata writes the breaks of structured abstracts as colons.
        lines = [part.strip() for part in sound(value).replace(":::", "\n").splitlines()]
        return [Section(heading, tuple(part for part in lines if part))] if any(lines) else []
    if isinstance(value, dict):
        return [section for key, text in value.items() for section in _sections(text, str(key))]
    if not isinstance(value, list):
        raise ValueError(f"expected text or a list of paragraphs, got {_type(value)}")
    parts: list[tuple[str, list[str]]] = []
    for item in value:
        own, paragraphs = (heading, [sound(item)]) if isinstance(item, str) else _paragraphs(item, heading)
        if parts and parts[-1][0] == own:
            parts[-1][1].extend(paragraphs)
        else:
            parts.append((own, paragraphs))
    return [Section(own, tuple(paragraphs)) for own, paragraphs in parts if paragraphs]


def _paragraphs(part: object, heading: str) -> tuple[str, list[str]]:
    """Return heading and paragraphs of one element of a list of sections or paragraphs."""
    if not isinstance(part, dict):
        raise ValueError(f"expected a paragraph or a section, got {_type(part)}")
    own = next((part[key] for key in HEADINGS if isinstance(part.get(key), str) and part[key]), heading)
    value = _first(part, ("text", "paragraphs", "content"))
    if isinstance(value, list):
        return sound(own), [
            text for item in value for text in _paragraphs({"text": item} if isinstance(item, str) else item, own)[1]
        ]
    if value is not None and not isinstance(value, str):
        raise ValueError(f"expected the text of a paragraph, got {_type(value)}")
    text = sound(value or "")
    spans = [_span(span, text) for span in part.get("cite_spans") or ()]
    return sound(own), [line for line in without_spans(text, spans).splitlines() if line.strip()]


def _text(record: Mapping[str, Any]) -> str:
    value = _first(record, TEXTS)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"expected text, got {_type(value)}")
    return value or ""


def _string(record: object, key: str) -> str:
    value = record.get(key) if isinstance(record, dict) else None
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{key}: expected a string, got {_type(value)}")
    return " ".join((value or "").split())


def _first(record: object, keys: Sequence[str]) -> Any:
    return next((record[key] for key in keys if record.get(key)), None) if isinstance(record, dict) else None


def _type(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
