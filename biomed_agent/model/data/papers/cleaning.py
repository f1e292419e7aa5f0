"""The text of a paper without authors, citations, figures, tables and what surrounds it in print.

The papers BioMedGPT-LM learned from were cleaned of these; how is not published, so the rules are ours. They are
cautious: what may be chemistry or a number stays. ``[3H]thymidine``, ``bicyclo[2.2.1]heptane``, ``62 [55-70] years``
and ``(2R,3S)-`` are left alone, and a citation that carries a sentence (``Smith et al. showed``) keeps its names.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

VERSION = 1
"""Raised with every change of the rules, so that shards tell by which they were made."""
RANGE = "[-–—‐‑−]"
NUMBERS = rf"\d{{1,3}}[a-z]?(?:\s*(?:[,;]|{RANGE}|,?\s*and)\s*\d{{1,3}}[a-z]?)*"

_DROPPED = """
references? bibliography literature-cited works-cited notes-and-references
acknowledge?ments? acknowledge?ments?-and-.+ funding funding-.+ financial-support.* grant-support
authors?['’]?-(contributions?|details?|information|affiliations?|disclosures?) contributions? contributors?
.*conflicts?-of-interests?.* .*competing-(financial-)?interests?.* declarations?(-of-interests?)? disclosures?
disclaimer publisher['’]?s['’]?-note pre-?publication-history footnotes? copyright.* open-access.*
(electronic-)?supplement(ary|al)-(materials?|information|data|files?|figures?|tables?)(-.*)? supporting-information
additional-files?(-\\d+)? figures?-and-tables? (list-of-)?(figure|table)s?(-(legend|caption)s?)?
(data|code)-(availability|accessibility).* availability-of-(supporting-)?data.* consent-for-publication
ethics?-(statement|approval).* ethical-(approval|considerations|standards).* keywords? key-words? accession-numbers?
(trial-)?registration-(number|details) corresponding-author correspondence
"""
DROPPED_SECTION = re.compile(
    "|".join(
        f"(?:{name})" for name in _DROPPED.replace("pre-?", "pre@?").replace("-", r"[\s-]").replace("@", "-").split()
    ),
    re.IGNORECASE,
)
"""Headings under which nothing is kept. Abbreviations stay: they teach what short names mean."""
KNOWN_HEADING = re.compile(
    r"abstract|(?:author )?summary|background|introduction|objectives?|aims?"
    r"|(?:(?:materials?|patients|subjects) and )?methods?"
    rf"|results?(?: and discussion)?|discussions?|conclusions?|abbreviations|{DROPPED_SECTION.pattern}",
    re.IGNORECASE,
)

_TAG = re.compile(r"</?(?:i|b|u|em|strong|sub|sc|p|br|span|italic|bold|underline)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_POWER = re.compile(r"(?<=\d)<sup>\s*([−–-]?\d+)\s*</sup>", re.IGNORECASE)
_AFTER_WORD = r"(?:(?<=[a-z]{4})|(?<=[.,;:]))"
_RAISED = re.compile(
    rf"{_AFTER_WORD}(?:<sup>\s*\[?{NUMBERS}\]?\s*</sup>|[¹²³⁰⁴-⁹]+(?:[,–-][¹²³⁰⁴-⁹]+)*(?![⁺⁻¹²³⁰⁴-⁹]))", re.IGNORECASE
)
_SUP = re.compile(r"</?sup>", re.IGNORECASE)

_NUMBERED = re.compile(
    rf"(\s*)\[\s*({NUMBERS})\s*\](?:(?![\w\[]|{RANGE}\w)|(?=(?:and|or|but|in|for|were|was|have|has|which|that)\b))"
)
_JOINED = re.compile(rf"(?<=\d)\]\s?{RANGE}\s?\[(?=\d)")
_NUMBER_BEFORE = re.compile(r"(?:^|[\s(<>≤≥=~±:])[+–−-]?(\d[\d.,]*)\s?(?:%|±\s?[\d.,]+)?$")
_INTERVAL_BEFORE = re.compile(r"(?:\b(?:CI|CrI|IQR|SD|SE|SEM|range|interval|between)(?: of)?|[=:±≈∈])$")
_PLACE_BEFORE = re.compile(r"\b(?:scale|scores?|residues?|positions?)$")
_PARENTHESISED = re.compile(rf"(?<=[\w,.;)])\s\(\s*({NUMBERS})\s*\)(?=[\s.,;:]|$)")

_INNER = re.compile(r"(\s*)\(([^()]{0,1000})\)")
_NESTED = re.compile(r"(\s*)\(((?:[^()]{0,300}\([^()]{0,300}\)){1,6}[^()]{0,300})\)")
_SQUARE = re.compile(r"(\s*)\[([^\[\]]{0,1000})\]")
_YEAR = r"(?:(?:18|19|20)\d\d(?:\s?[a-z])?|in press|in preparation|submitted)"
_YEARS = rf"\(?{_YEAR}(?:(?:,| and| &|{RANGE})\s?(?:{_YEAR}|[a-z]\b))*\)?"
_DATED = re.compile(rf"(.*?\w\.?),?\s{_YEARS}(?:[,:]\s?(?:pp?\.\s?)?\d+(?:{RANGE}\d+)?)?")
_NEXT_AUTHORS = re.compile(r"(?<=\d\d[\da-z])\)?(?:,|,? and| &)\s(?=[A-ZÀ-Þ])")
_LEAD = re.compile(
    r"^(?:(?:but|and|also|as|see|e\.?g\.?|i\.?e\.?|cf\.?|for|an?|recent|reviews?:?|examples?|details?|extensively|recently"
    r"|reviewed|according to|following|data from|in|by|from),?\s)+",
    re.IGNORECASE,
)
_TRAIL = re.compile(r",?\sfor (?:an? )?(?:recent )?(?:reviews?|overviews?|details|examples?)$")
_NAME = re.compile(r"(?:[A-ZÀ-ÞŁŚŠŽČĆİ][\w'’.-]*[a-zà-ÿ.](?:-[\w'’-]+)?|[A-Z]{1,3}\.?|[dlO]['’][A-Z]\w+)")
_BODIES = frozenset("WHO FAO FDA CDC EMA NIH AOAC USDA OECD EFSA IARC ICH NCBI UNICEF UNAIDS".split())
_LINKS_NAMES = frozenset(
    ", and & et al al. van von de der den del della di da dos du la le el ten ter bin colleagues".split()
)
_NO_NAMES = frozenset(
    "January February March April May June July August September October November December Spring Summer Autumn Fall "
    "Winter Version Release Inc Inc. Ltd Ltd. Corp Corp. Since Until During Before After Year Microsoft Excel Windows "
    "Office Figure Table Grant No No. Type Class".split()
)
_NARRATIVE = re.compile(rf"(?<=\bet al)(\.?,?)\s?(?:\({_YEARS}\)|\[{_YEARS}\])")

_PICTURE = re.compile(
    r"(?:figures?|figs?|tables?|tabs?|schemes?|plates?|charts?|videos?|movies?|files?|datasets?|text|box(?:es)?|appendix"
    r"|panels?|supplement\w*|suppl?|additional|extended|online|web|data|materials?|methods|information|esm)\.?",
    re.IGNORECASE,
)
_PICTURED = re.compile(
    r"(?:supplement\w*|suppl?\.|additional files?|extended data|fig|tab|scheme|video|movie|plate|appendix)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"(?:e?S|A|ESM_?)?\d+(?:\.\d+)?[A-Za-z]{0,4}['′]?|[A-Za-z]|[IVX]+")
_NOT_A_LABEL = frozenset(
    "and & + in to or left right top bottom upper lower middle inset column columns row rows lane lanes arrow arrows "
    "black white red blue green open filled solid dashed bar bars circle circles line lines square squares".split()
)
_SEE = re.compile(
    r"^(?:(?:see|also|as|shown|cf\.?|compare|listed|summari[sz]ed|illustrated|given|presented|described|provided|detailed|cited"
    r"|refer|reported|data|and|in|to)\s)+",
    re.IGNORECASE,
)

_MAIL = r"(?:e-?mails?(?:\saddress)?\s?[:.]?\s*)?(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+"
_WEB = r"(?:(?:(?:https?|ftp)://|www\.)|\b(?:doi\s?[:.]?\s?)?10\.\d{4,9}/)[^\s<>\")\]]*[\w/=#]"
_LINK = re.compile(
    rf"\s*[(\[][^()\[\]]{{0,40}}(?:{_MAIL}|{_WEB})[^()\[\]]{{0,40}}[)\]]"
    rf"|(?:(?:(?:^|\s)(?:available|accessible))?\s(?:at|from|via|see|on|under)\s?:?)?\s*(?:{_MAIL}|{_WEB})",
    re.IGNORECASE,
)
_ADDRESSED = re.compile(r"@|://|www\.|WWW\.|10\.\d{4}")
"""What every match of :data:`_LINK` holds; looked for first, because it is found much faster."""
_RIGHTS = re.compile(r"©|\([cC]\)|opyright|COPYRIGHT|eserved|pen[- ]access|icensed|istributed")
_COPYRIGHT = re.compile(
    r"\s*(?:(?:(?:^|(?<=[.;)] ))(?:copyright\s?)?©|\bcopyright\s(?:©\s?|\(c\)\s?)?\d{4}|(?:©|\(c\))\s?\d{4}).{0,200}$"
    r"|\ball rights reserved\.?"
    r"|\bthis (?:is an open[- ]access article|article is (?:distributed|licensed) under)\b.*$)",
    re.IGNORECASE,
)

_CAPTION = re.compile(
    r"(?:(?:supplement(?:ary|al)|additional|extended\sdata)\s)?(?:fig(?:ure|\.)?|table|scheme|plate|chart|video|movie|file)s?"
    r"\.?\s?S?\d+[A-Za-z]?\s*(?:[.:|–—-]|$|(?=\s(?-i:[A-Z][a-z]+)\s))",
    re.IGNORECASE,
)
_HISTORY = re.compile(
    r"(?:received|accepted|published|revised)\b.{0,40}\d{4}|(?:e-?mail|tel|fax|key ?words?|pmid|doi|citation)\s?[:.]"
    r"|(?:edited by|reviewed by|academic editor|to whom|correspond(?:ence|ing author)|these authors contributed"
    r"|click here for|cite this|how to cite|running (?:head|title))\b",
    re.IGNORECASE,
)
_BOILERPLATE = re.compile(
    r"the pre-?publication history for this|the online version of this article .{0,80}supplementary", re.IGNORECASE
)
_ENTRY = re.compile(
    r"\W?(?:\d{1,3}[.\])]?\s+)?(?:[A-ZÀ-Þ][\w'’-]+,?\s(?:[A-Z]\.?\s?-?){1,3}(?![A-Za-z])[,;.:]*\s?(?:and\s|&\s)?)+.*"
    r"\b(?:19|20)\d\d\b.*\d[:;,]\s?\w?\d+"
)
_AFFILIATION = re.compile(
    r"\W?[\da-z]?\W?\s?(?:[\w-]+\s){0,4}(?:Department|Division|School|Faculty|Institut\w*|Laborator\w+|Universit\w+|College"
    r"|Hospital|Cent(?:er|re))\b"
)
_WORD = re.compile(r"[^\W\d_]{3,}")
_VERB = re.compile(r"\b(?:is|are|was|were|has|have|had|we|that|which|can|may|showed|found)\b")
_FULL_NAME = (
    r"(?:[A-ZÀ-Þ]\.?[ -]?){0,2}[A-ZÀ-Þ][a-zà-ÿ'’]+(?:[ -](?:[A-Z]\.?(?![\w])|[A-ZÀ-Þ][\w'’]*[a-zà-ÿ])){1,3}"
    r"(?:\s?[\d,*†‡§¶]+)?"
)
_PEOPLE = re.compile(rf"{_FULL_NAME}(?:(?:\s?[,;]\s?(?:and\s)?|\s(?:and|&)\s){_FULL_NAME})+[.,*]?")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\ufeff]")
_NUMBER_OF_SECTION = re.compile(r"^(?:\d+(?:\.\d+)*\.?|[IVX]+\.)\s+(?=\S)")
_OUTER_PARTS = re.compile(r"^(?:ABSTRACT|BODY)\.(?=\w)|^.*\s>\s")


@dataclass(frozen=True, slots=True)
class Style:
    """How a paper cites, as far as its text tells."""

    brackets: bool = False
    """numbers in square brackets, from 1 on"""
    parentheses: bool = False
    """numbers in parentheses, from 1 on, and nothing else"""


def style_of(paragraphs: Iterable[str]) -> Style:
    """Read from a whole paper how it cites.

    Numbers cite when nearly all of them from 1 to the highest occur; intervals and listed items do not do that. In
    parentheses more is asked for, because compounds and enumerations are numbered in that way too.
    """
    square: list[str] = []
    round_: list[str] = []
    named = 0
    for text in paragraphs:
        square += [match[2] for match in _NUMBERED.finditer(text)]
        round_ += [match[1] for match in _PARENTHESISED.finditer(text)]
        named += text.count(" et al")
    brackets = len(square) >= 3 and _coverage(square) >= 0.5
    alone = not brackets and named < 5 and len(round_) >= 15
    return Style(
        brackets, alone and _coverage(round_) >= 0.8 and max(n for group in round_ for n in _numbers(group)) >= 15
    )


def _coverage(groups: Iterable[str]) -> float:
    """Share of the numbers from 1 to the highest that occur in groups such as ``3, 5-8``."""
    cited = {number for group in groups for number in _numbers(group)}
    return len(cited - {0}) / max(1, *cited) if cited else 0.0


def _numbers(group: str) -> list[int]:
    """Return the numbers of a group in order, ranges spelled out."""
    numbers: list[int] = []
    for first, last in re.findall(rf"(\d+)[a-z]?(?:\s*{RANGE}\s*(\d+))?", group):
        numbers += range(int(first), int(last or first) + 1) or [int(first), int(last)]
    return numbers


def heading_of(text: str) -> str:
    """Return a heading without its number, its outer parts and tags."""
    return _OUTER_PARTS.sub("", _NUMBER_OF_SECTION.sub("", _SUP.sub("", _TAG.sub("", text)).strip())).strip(" .:")


def is_dropped(heading: str) -> bool:
    """Say whether a section under this heading is left out."""
    return DROPPED_SECTION.fullmatch(heading) is not None


def clean_paragraph(text: str, style: Style = Style(), removed: Counter[str] | None = None) -> str:
    """Return one paragraph cleaned; empty when it is none of the paper's prose.

    Args:
        text: The paragraph; superscripts may be marked by ``<sup>``.
        style: How its paper cites, from :func:`style_of`.
        removed: Counts what was taken out, by kind.
    """
    removed = Counter() if removed is None else removed
    text = " ".join(_CONTROL.sub("", _TAG.sub("", unicodedata.normalize("NFC", text))).split())
    if kind := _not_prose(text):
        removed[kind] += 1
        return ""
    text = _SUP.sub("", _sub(_RAISED, "", _POWER.sub(r"^\1", text), removed, "citation"))
    if _RIGHTS.search(text):
        text = _sub(_COPYRIGHT, "", text, removed, "copyright")
    if _ADDRESSED.search(text):
        text = _sub(_LINK, "", text, removed, "address")
    text = _JOINED.sub("-", text)
    text = _NUMBERED.sub(partial(_numbered, style=style, removed=removed), text)
    if style.parentheses:
        text = _sub(_PARENTHESISED, "", text, removed, "citation")
    for pattern, shape in ((_SQUARE, "[{}]"), (_INNER, "({})"), (_NESTED, "({})")):
        text = pattern.sub(partial(_group, shape=shape, removed=removed), text)
    text = _sub(_NARRATIVE, r"\1", text, removed, "citation")
    return _tidy(text)


def _not_prose(text: str) -> str:
    """Name what a paragraph is when it is no prose."""
    if not re.search(r"[^\W\d_]{2}", text):
        return "fragment"
    if _CAPTION.match(text):
        return "caption"
    if _is_table(text):
        return "table"
    if len(text) < 1500 and _ENTRY.match(text) and not re.search(r"\b(?:was|were|we)\b", text):
        return "reference"
    if len(text) < 400 and not _VERB.search(text):
        if _PEOPLE.fullmatch(text):
            return "authors"
        if text.count(",") >= 2 and _AFFILIATION.match(text):
            return "affiliation"
        if _HISTORY.match(text):
            return "history"
    if _BOILERPLATE.match(text):
        return "history"
    return ""


def _is_table(text: str) -> bool:
    """Say whether a line is made of numbers rather than words."""
    words, pipes = len(text.split()), text.count("|")
    numbers = words >= 10 and len(_WORD.findall(text)) < 0.2 * words
    return (numbers or (pipes >= 3 and words < 6 * pipes)) and not _VERB.search(text)


def _numbered(match: re.Match[str], style: Style, removed: Counter[str]) -> str:
    """Decide on numbers in square brackets: they cite, unless they are an interval, a spread or an argument."""
    before = match.string[: match.start()]
    numbers = _numbers(match[2])
    span = len(re.findall(r"\d+", match[2])) == 2
    if 0 in numbers or (numbers != sorted(numbers) and re.search(RANGE, match[2])):
        return match[0]
    if style.brackets:
        # "62 [55-70]" is a median and its quartiles; "30% [2,3]" is not, where numbers cite.
        value = _NUMBER_BEFORE.search(before)
        spread = value and numbers[0] <= float(re.sub(r"[.,]+$|,", "", value[1]) or 0) <= numbers[-1]
        argument = not match[1] and re.search(r"\b[A-Z]$", before)
        cites = not (span and (spread or argument or _INTERVAL_BEFORE.search(before)))
    else:
        doubts = (_NUMBER_BEFORE, _INTERVAL_BEFORE, _PLACE_BEFORE, re.compile(r"\b[A-Z]$"))
        cites = not any(doubt.search(before) for doubt in doubts)
    if not cites:
        return match[0]
    removed["citation"] += 1
    return " " if match.string[match.end() : match.end() + 1].isalpha() else ""


def _group(match: re.Match[str], shape: str, removed: Counter[str]) -> str:
    """Take citations and pointers to pictures out of one pair of brackets, and the brackets when nothing is left."""
    pieces = match[2].split(";")
    lines = []
    for piece in pieces:
        rest = _without_pointers(piece.strip(" ,."), removed)
        if rest:
            lines.append(rest)
    if len(lines) == len(pieces) and all(rest == piece.strip(" ,.") for rest, piece in zip(lines, pieces, strict=True)):
        return match[0]
    return match[1] + shape.format("; ".join(lines)) if lines else ""


def _without_pointers(piece: str, removed: Counter[str]) -> str:
    """Return what is left of a piece of a bracket; empty when all of it points elsewhere."""
    if not piece or _is_citation(piece):
        removed["citation"] += bool(piece)
        return ""
    parts = piece.split(", ")
    for keep in range(len(parts)):
        if _is_pointer(", ".join(parts[keep:])):
            removed["pointer"] += 1
            return ", ".join(parts[:keep])
    for drop in range(len(parts) - 1, 0, -1):
        if _is_pointer(", ".join(parts[:drop])):
            removed["pointer"] += 1
            return ", ".join(parts[drop:])
        if _is_citation(", ".join(parts[drop:])):
            removed["citation"] += 1
            return ", ".join(parts[:drop])
    return piece


def _is_citation(piece: str) -> bool:
    """Say whether a text is authors and years and nothing else."""
    if piece.lower() in ("reviewed in", "see", "e.g.", "e.g.,", "see also", "reviewed by"):
        return True
    return all(_is_dated_name(part) for part in _NEXT_AUTHORS.split(piece))


def _is_dated_name(piece: str) -> bool:
    match = _DATED.fullmatch(_TRAIL.sub("", _LEAD.sub("", piece)))
    if match is None:
        return False
    words = match[1].replace(",", " , ").split()
    names = [word for word in words if word not in _LINKS_NAMES]
    if not names or any(name in _NO_NAMES for name in names) or len(words) > 24:
        return False
    sure = "al" in words or "al." in words or "&" in words or "and" in words
    if len(names) == 1 and names[0].isupper() and not sure:
        return names[0] in _BODIES
    return all(_NAME.fullmatch(name) or name in _BODIES for name in names)


def _is_pointer(piece: str) -> bool:
    """Say whether a text names figures, tables or further files and nothing else."""
    seen = _SEE.match(piece)
    piece = re.sub(r"\sfor\s.*", "", piece[seen.end() :]) if seen else piece
    if not _PICTURED.match(piece):
        return False
    piece = re.sub(r"^(figs?|tables?)\.(?=\w)", r"\1. ", piece, flags=re.IGNORECASE)
    words = re.findall(r"[A-Za-z]+\.?(?=\s?e?S?\d)|&|[^\s,;:()/&–-]+", piece)
    return all(_PICTURE.fullmatch(word) or _LABEL.fullmatch(word) or word.lower() in _NOT_A_LABEL for word in words)


def _sub(pattern: re.Pattern[str], by: str, text: str, removed: Counter[str], kind: str) -> str:
    text, count = pattern.subn(by, text)
    removed[kind] += count
    return text


def _tidy(text: str) -> str:
    """Mend what a removal has left: empty brackets, spaces before and doubled signs of punctuation."""
    text = re.sub(r"\s*(?:\(\s*[;,]*\s*\)|\[\s*[;,]*\s*\])(?=[\s.,;:]|$)", "", text)
    text = re.sub(r"\s+(?=[,;.](?:\s|$))", "", text)
    text = re.sub(r"[,;]+(?=[.;])|,(?=,)", "", text)
    return " ".join(text.split()).lstrip(",;. ")
