"""The words that all three renderings share: what one part of an answer is called and said to be."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby
from urllib.parse import urlsplit

from biomed_agent.core.types import (
    Answer,
    Article,
    Claim,
    Evidence,
    Fact,
    FactKind,
    ModelStamp,
    ModelStatement,
    Molecule,
    Provenance,
    Resolved,
    Verdict,
)
from biomed_agent.core.words import counted

UNDECIDED = "Undecided: nothing at hand decides this"
"""Heading of the sentences of a model that were not decided."""
NO_SENTENCE = "nothing that can be shown"
UNANSWERED = {
    "ambiguous": "Ambiguous",
    "not_found": "Not found",
    "unavailable": "Not available now",
    "refused": "Refused by the settings",
    "inapplicable": "Not answerable here",
    "invalid": "Cannot be read",
}
"""Statuses that mean nothing was answered, in a person's words."""
VERDICTS: tuple[Verdict, ...] = ("supported", "unverified", "contradicted")


def clean(text: object) -> str:
    """Return ``text`` on one line, without control, bidirectional and escape characters.

    Names, titles and model output come from elsewhere; none of them may start a line of its own or move a
    terminal's cursor.
    """
    return " ".join("".join(char if char.isprintable() else " " for char in str(text)).split())


def shorten(text: object, limit: int = 90) -> str:
    """Return ``text`` on one line of at most ``limit`` characters, a cut marked by three dots."""
    line = clean(text)
    return line if len(line) <= limit else f"{line[: limit - 3].rstrip()}..."


def quoted(sentence: str, answer: Answer) -> str:
    """Return a sentence in quotation marks; ``[n]`` stays only where it names an article the model was shown."""
    shown = {article_number(answer, passage) for passage in answer.evidence if passage.shown_to_model}

    def cited(mark: re.Match[str]) -> str:
        return mark[0] if int(mark[1]) in shown else f"({mark[1]})"

    words = re.sub(r"\[(\d{1,4})\]", cited, clean(sentence).replace('"', "'"))
    return f'"{words}"'


def text_lines(answer: Answer) -> list[str]:
    """Return the words a person reads first; the model's own are left to the part that names the model."""
    if answer.status == "model_only":
        return ["No record or computation here answers this; what the model says stands below, checked."]
    return [line for part in answer.text.splitlines() if (line := clean(part))]


def headline(answer: Answer) -> str:
    """Return the status and what it rests on: ``answered from records and computation``."""
    if answer.status in UNANSWERED:
        return f"{answer.status}; nothing was answered"
    if answer.status == "model_only":
        return "model_only; no record or computation answers this"
    if answer.claims:
        counts = Counter(claim.verdict for claim in answer.claims)
        verdicts = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict])
        return f"{answer.status}; statement checked: {verdicts}"
    origins = []
    if any(fact.kind != "computed" for fact in answer.facts):
        origins.append("records")
    if any(fact.kind == "computed" for fact in answer.facts):
        origins.append("computation")
    if answer.evidence:
        origins.append(counted(len(answer.evidence), "passage"))
    return f"{answer.status} from {' and '.join(origins)}" if origins else answer.status


def model_line(statement: ModelStatement) -> str:
    """Return which model spoke, its size, what it saw, how its answer was chosen, and whether it may be cited."""
    stamp = statement.stamp
    parts = [f"{clean(f'{stamp.name} {stamp.revision}')}{_size(stamp)}", f"saw: {clean(statement.saw)}"]
    if statement.samples > 1:
        left_out = f", {statement.rejected} left out as contradicted" if statement.rejected else ""
        parts.append(f"chosen of {statement.samples} samples{left_out}")
    if statement.agreement is not None:
        parts.append(f"self-agreement {statement.agreement:.2f}")
    if statement.not_offered:
        parts.append(f"not offered for this kind of question: {clean(statement.not_offered)}")
    parts.append("demonstration, do not cite" if stamp.demonstration else "the model's words, not a record")
    return "; ".join(parts)


def decided_and_open(statement: ModelStatement) -> tuple[list[Claim], list[Claim]]:
    """Return the sentences that are shown: those that were decided, and those that nothing decides."""
    claims = statement.claims
    decided = [claim for claim in claims if claim.verdict != "unverified"]
    return decided, [claim for claim in claims if claim.verdict == "unverified"]


def withheld_lines(statement: ModelStatement, how: str) -> list[str]:
    """Return how many sentences are not shown and why, and under it the reason of each that is contradicted.

    Args:
        statement: What the model said.
        how: What a reader of this rendering does to see them.
    """
    if not statement.withheld:
        return []
    lead = "withheld" if statement.claims else NO_SENTENCE
    reasons = [clean(sentence.why) for sentence in statement.withheld if sentence.verdict == "contradicted"]
    counts = f"{lead}: {statement.withheld_summary}; {how} shows them"
    return [counts, *(f"contradicted: {reason}" for reason in reasons if reason)]


def source_parts(source: Provenance) -> list[str]:
    """Return name and record, link, release, date and licence of one source; empty ones left out."""
    parts = (
        f"{source.source} {source.identifier}",
        source.url,
        f"release {source.release}" if source.release else "",
        source.retrieved[:10],
        source.licence,
    )
    return [clean(part) for part in parts if part]


def egress_line(answer: Answer) -> str:
    """Return what left this machine and how long the answer took."""
    seconds = f"{answer.seconds:.2f} s" if answer.seconds < 10 else f"{answer.seconds:.0f} s"
    if not answer.egress:
        return f"Nothing left this machine. {seconds}"
    if len(answer.egress) <= 2:
        return f"Left this machine: {'; '.join(clean(entry) for entry in answer.egress)}. {seconds}"
    hosts = Counter(_host(entry) for entry in answer.egress)
    named = ", ".join(f"{count} to {host}" for host, count in hosts.items())
    return f"Left this machine: {len(answer.egress)} requests ({named}; the JSON answer lists them). {seconds}"


def source_number(answer: Answer, source: Provenance | None) -> int | None:
    """Return the place of a record in the answer's sources; one record may have been read twice."""
    records = [(record.source, record.identifier, record.url) for record in answer.sources]
    key = (source.source, source.identifier, source.url) if source else None
    return records.index(key) + 1 if key in records else None


def candidates_heading(answer: Answer) -> str:
    """Return what the candidates are: meanings of an ambiguous name, or names spelled alike."""
    if answer.status == "ambiguous":
        return "It can mean, each named by the string in front"
    return "Known names that are close, each named by the string in front"


def article_number(answer: Answer, passage: Evidence) -> int:
    """Return the number a passage's article has in the text, among the sources and here."""
    return source_number(answer, passage.article.provenance) or passage.number


def articles(answer: Answer) -> list[tuple[str, list[Evidence]]]:
    """Return the passages article by article, each article with its ``[n]``."""
    by_article = groupby(answer.evidence, key=lambda passage: passage.article)
    groups = [list(passages) for _, passages in by_article]
    return [(f"[{article_number(answer, group[0])}]", group) for group in groups]


def passage_text(passage: Evidence, limit: int) -> str:
    """Return the words of a passage in quotation marks; empty when the answer's text quotes them already."""
    if passage.quoted:
        return ""
    label = f"{clean(passage.label)}: " if passage.label else ""
    return f'{label}"{shorten(passage.text, limit)}"'


def article_line(article: Article, title: int = 400) -> str:
    """Return the bibliographic line of an article: a warning first, a title of at most ``title`` characters."""
    warned = "RETRACTED. " if article.retracted else ""
    warned += "Preprint, not peer reviewed. " if article.preprint else ""
    notices = "".join(f" {clean(notice).rstrip('.')}." for notice in article.notices)
    where = clean(article.where)
    handle = "" if article.handle == article.title else f" {clean(article.handle)}."
    return f"{warned}{shorten(article.title, title).rstrip('.')}.{f' {where}.' if where else ''}{handle}{notices}"


def about(resolved: Resolved) -> list[str]:
    """Return what an entity is, part by part; the parts after the handle and the name."""
    entity = resolved.entity
    if isinstance(entity, Molecule):
        parts = [entity.formula, f"{entity.weight:.2f} g/mol" if entity.weight else "", entity.inchikey]
    else:
        reviewed = {True: "reviewed", False: "unreviewed", None: ""}[entity.reviewed]
        variant = f"variant {entity.variant}" if entity.variant else ""
        parts = [variant, entity.gene, entity.organism, counted(entity.length, "residue"), reviewed]
    return [clean(part) for part in parts if part]


def chosen_because(resolved: Resolved) -> str:
    """Return the words an entity came from and why it was chosen."""
    why = f": {clean(resolved.why)}" if resolved.why else ""
    title, _, block = resolved.asked.strip().partition("\n")
    asked = f"MOL block {title}" if "M  END" in block else resolved.asked
    return f'from "{shorten(asked, 60)}"{why}'


@dataclass(slots=True)
class FactRow:
    """Facts that differ in their value, or in the record that states it, only."""

    subject: str
    """empty when all facts of the answer are about the same thing"""
    predicate: str
    """with the second entity, where nothing else of the row names it"""
    unit: str
    note: str
    source: str
    """name of the database or program"""
    values: list[tuple[str, int | None]] = field(default_factory=list)
    """each with the number of its source"""

    def value(self, limit: int) -> str:
        """Return the first ``limit`` values with their unit, and how many more there are."""
        one_source = self.number is not None
        texts = [text if one_source or number is None else f"{text} [{number}]" for text, number in self.values[:limit]]
        more = f" (+{len(self.values) - limit} more)" if len(self.values) > limit else ""
        unit = f" {self.unit}" if self.unit else ""
        return f"{'; '.join(texts)}{unit}{more}"

    @property
    def number(self) -> int | None:
        """Number of the source that all values share; None when they do not."""
        numbers = {number for _, number in self.values}
        return numbers.pop() if len(numbers) == 1 else None


def fact_rows(answer: Answer, *kinds: FactKind) -> list[FactRow]:
    """Return the facts of some kinds, those that say the same of the same thing gathered in one row."""
    rows: dict[tuple[str, ...], FactRow] = {}
    several = len({fact.subject for fact in answer.facts}) > 1
    # No value may lose whose it is: neither beside several proteins, nor where nothing else tells two rows apart.
    several_proteins = sum(resolved.kind == "protein" for resolved in answer.entities) > 1
    targets: dict[tuple[str, ...], set[str]] = {}
    for fact in answer.facts:
        targets.setdefault(_same_but_target(fact), set()).add(fact.about)
    for fact in answer.facts:
        if fact.kind not in kinds:
            continue
        same = _same_but_target(fact)
        predicate, unit, note, source = (clean(part) for part in same[1:])
        named = fact.about and (several_proteins or len(targets[same]) > 1)
        target = f"({clean(fact.about_name or fact.about)})" if named else ""
        row = rows.setdefault(
            (*same, fact.about),
            FactRow(clean(fact.subject) if several else "", f"{predicate} {target}".strip(), unit, note, source),
        )
        value = f"{fact.amount:.8g}" if isinstance(fact.amount, float) else clean(fact.amount)
        row.values.append((value, source_number(answer, fact.provenance)))
    return list(rows.values())


def _same_but_target(fact: Fact) -> tuple[str, ...]:
    return fact.subject, fact.predicate, fact.unit, fact.note, fact.provenance.source


def computed_by(rows: list[FactRow]) -> str:
    """Return the programs that computed ``rows``, each once."""
    return ", ".join(dict.fromkeys(row.source for row in rows))


def _size(stamp: ModelStamp) -> str:
    if not stamp.parameters:
        return ""
    millions = stamp.parameters / 1e6
    if millions < 1:
        return f", {stamp.parameters:,} parameters"
    return f", {millions / 1000:.3g}B parameters" if millions >= 1000 else f", {millions:.3g}M parameters"


def _host(entry: str) -> str:
    """Return whom a request went to: the host of its address, or the service named in front."""
    address = re.search(r"https?://[^\s/]+", entry)
    return clean((urlsplit(address[0]).hostname if address else None) or entry.partition(":")[0])
