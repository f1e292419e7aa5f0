"""The shelf of the starter set: abstracts of drug trials whose own licence is CC BY or CC0, title and abstract alone.

An article is taken when its licence is one of :data:`LICENCES`, its abstract is whole and of sensible length (with
results and conclusions, if it has sections), its title names a drug of the set, and it reports a trial: it is no
protocol, correction or retraction, and no article of PubMedQA.
Of those the drugs take turns, in the order of their names, each with its newest article (largest PMCID) first, until
:data:`SHELF` articles are taken; no drug has more than :data:`MOST_OF_A_DRUG`.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from biomed_agent.core.common_words import QUESTION_WORDS, SYMBOL_WORDS
from biomed_agent.core.name_matching import WEAK_WORDS, name_key, windows

from .molecules import Molecule
from .tables import read_jsonl, text_of

COLUMNS = ("pmcid", "pmid", "title", "abstract", "licence")
LICENCES = {
    "CC BY 2.0": "https://creativecommons.org/licenses/by/2.0/",
    "CC BY 2.5": "https://creativecommons.org/licenses/by/2.5/",
    "CC BY 3.0": "https://creativecommons.org/licenses/by/3.0/",
    "CC BY 4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC0 1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
}
"""Licences with a version, each with its address. ``CC BY 3`` and ``CC BY (stated in words)`` name none, and are left
out."""
SHELF = 300
MOST_OF_A_DRUG = 5
SHORTEST, LONGEST = 800, 2_800
"""characters of an abstract"""
SHORTEST_NAME = 5
"""letters of a name of a drug that is looked for in titles"""
MEASURED = frozenset(
    "aldosterone|atp|carbon dioxide|cholesterol|d-serine|l-glutamic acid|lysine|serotonin|uracil|"
    "testosterone|hydrocortisone|cocaine|ethanol|d-glucose|oxygen|triolein|l-lactic acid|urea|creatinine".split("|")
)
"""Substances with a DrugBank identifier that titles of trials name as what was measured, or as what is abused."""

_SECTION = re.compile(r"(?m)^[ ]*((?:TITLE|ABSTRACT|BODY)[^\n]*?):+[ ]*\n")
_LEFT_OUT = re.compile(
    r"REGIST|SUPPLEMENT|FUNDING|EDITOR|AUTHOR SUMMARY|WHY WAS|WHAT D|CLINICALTRIALS|KEYWORD|EVIDENCE"
)
_FOUND = re.compile(r"RESULT|FINDING")
_CONCLUDED = re.compile(r"CONCLUSION|INTERPRETATION|DISCUSSION")
_NO_TRIAL_REPORT = re.compile(
    r"protocol|rationale|design of|design and|correction|erratum|corrigendum|retract|withdrawn|expression of concern|"
    r"baseline|psychometric|validation|measurement properties|\b(?:rats?|mice|mouse|murine|rabbits?|dogs?|pigs?|cows?|"
    r"horses?|macaques?|hamsters?|ducks?|in vitro|case-control|survey)\b",
    re.IGNORECASE,
)
_TRIAL = re.compile(r"random|placebo|double-blind|crossover|cross-over|open-label", re.IGNORECASE)
_NOTE_MARKS = re.compile(r"(?:(?<=[a-z])\d(?:,\d)*|[.*†‡§ ])+$")
_REGISTERED = re.compile(
    r"(?<=\.) [^.]*(?:registered|registration|trial number)[^.]*(?:\.gov[^.]*)?\.?$", re.IGNORECASE
)
"""the last sentence of an abstract without sections, where it tells a registration number"""
_ENDS_WHOLE = re.compile(r"[.!?)\]]$")


def build(data: Path, molecules: Sequence[Molecule]) -> list[dict[str, str]]:
    """Return the rows of the shelf, in the order of their PMCIDs."""
    names = _drug_names(molecules)
    asked = set(json.loads(text_of(data / "pubmedqa" / "ori_pqal_shared.json")))
    by_drug: dict[str, list[dict[str, str]]] = {}
    seen: set[str] = set()
    for row in sorted(_articles(data), key=lambda row: -int(row["pmcid"][3:])):
        drug = _drug_of(row["title"], names)
        if drug and row["pmid"] not in asked and row["pmid"] not in seen:
            seen.add(row["pmid"])
            by_drug.setdefault(drug, []).append(row)
    turns = zip_longest(*(by_drug[drug][:MOST_OF_A_DRUG] for drug in sorted(by_drug)))
    taken = [row for turn in turns for row in turn if row is not None][:SHELF]
    return sorted(taken, key=lambda row: int(row["pmcid"][3:]))


def page(rows: Sequence[dict[str, str]]) -> str:
    """Return the page that names every article of the shelf with its licence (Markdown)."""
    lines = [
        "# The shelf: articles whose abstracts ship",
        "",
        f"Title and abstract of {len(rows)} trials, each under the licence that the article itself states. Left out",
        "of abstracts: registration numbers, notes on supplements and funding; labels of sections are written alike;",
        "nothing else was changed. The collection they come from holds no authors, journals or years: the link of each",
        "article names its authors. Nobody of them endorses this package. Made by `scripts/build_starter.py`.",
        "",
        *(f"- {licence}: {address}" for licence, address in LICENCES.items()),
        "",
        "| article | PubMed | title | licence |",
        "| --- | --- | --- | --- |",
    ]
    for row in rows:
        link = f"[{row['pmcid']}](https://pmc.ncbi.nlm.nih.gov/articles/{row['pmcid']}/)"
        pubmed = f"[{row['pmid']}](https://pubmed.ncbi.nlm.nih.gov/{row['pmid']}/)"
        lines.append(f"| {link} | {pubmed} | {row['title'].replace('*', chr(92) + '*')} | {row['licence']} |")
    return "\n".join(lines) + "\n"


def _articles(data: Path) -> Iterator[dict[str, str]]:
    """Yield the articles that are reports of trials with a whole abstract under a clear licence."""
    for row in read_jsonl(data / "text" / "evidence_inference_ccby.jsonl"):
        title = _NOTE_MARKS.sub("", _plain(row["title"]))
        if row["license"] not in LICENCES or not row["pmid"] or _NO_TRIAL_REPORT.search(title):
            continue
        parts = _abstract(row["text"])
        labels = " ".join(label for label, _ in parts).strip()
        abstract = "|".join(f"{label}: {text}" if label else text for label, text in parts)
        whole = parts and all(_ENDS_WHOLE.search(text) for _, text in parts) and abstract.count("|") == len(parts) - 1
        if not whole or (labels and not (_FOUND.search(labels) and _CONCLUDED.search(labels))):
            continue
        if not SHORTEST <= len(abstract) <= LONGEST or re.search("retract", abstract, re.IGNORECASE):
            continue
        if _TRIAL.search(f"{title} {abstract}"):
            yield {
                "pmcid": row["id"], "pmid": row["pmid"], "title": title, "abstract": abstract,
                "licence": row["license"],
            }  # fmt: skip


def _abstract(text: str) -> list[tuple[str, str]]:
    """Return the parts of the abstract of a full text, each with its label in capitals."""
    pieces = _SECTION.split(text)
    parts: list[tuple[str, str]] = []
    for head, body in zip(pieces[1::2], pieces[2::2], strict=True):
        if not head.startswith("ABSTRACT"):
            continue
        label = (
            re.sub(r"^(?:ABSTRACT|SUMMARY)\b[. ]*", "", head.removeprefix("ABSTRACT").strip(". ")).strip(" .:").upper()
        )
        words = _plain(body) if label else _REGISTERED.sub("", _plain(body))
        if words and not _LEFT_OUT.search(label):
            parts.append((label, words))
    return parts


def _plain(text: str) -> str:
    """Return a text on one line, with signs in place of entities."""
    return " ".join(html.unescape(text).split())


def _drug_names(molecules: Sequence[Molecule]) -> dict[str, str]:
    """Return the names of drugs by their keys: molecules with a DrugBank identifier, under any name."""
    common = SYMBOL_WORDS | QUESTION_WORDS | WEAK_WORDS
    names: dict[str, str] = {}
    for molecule in molecules:
        if "drugbank" in molecule.ids and molecule.name.lower() not in MEASURED:
            for name in (molecule.name, *molecule.synonyms):
                if len(name) >= SHORTEST_NAME and name.lower() not in common and re.search("[a-z]{4}", name):
                    names.setdefault(name_key(name), molecule.name)
    return names


def _drug_of(title: str, names: dict[str, str]) -> str:
    """Return the drug of the set that a title names first; empty when it names none."""
    found = [(start, -end) for start, end in windows(title) if name_key(title[start:end]) in names]
    return names[name_key(title[found[0][0] : -found[0][1]])] if (found := sorted(found)) else ""
