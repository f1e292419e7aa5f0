"""150 questions on affinities, made from the shipped rows by a script that does not use the package to read them."""

from __future__ import annotations

import csv
import hashlib
import lzma
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.sources.local import STARTER

WORDINGS = (
    "What is the {measure} of {molecule} at {gene}?",
    "{measure} of {molecule} for {gene}",
    "How strongly does {molecule} bind {gene}?",
    "Does {molecule} bind {gene}, and with which {measure}?",
    "hi, {molecule} vs {gene} affinity please",
    "What was measured for {molecule} and {gene}?",
)
QUESTIONS, LEAST = 150, 148


class Case(NamedTuple):
    """A question and the rows that answer it."""

    question: str
    accession: str
    rows: list[dict[str, str]]


def table(name: str) -> list[dict[str, str]]:
    with lzma.open(STARTER / f"{name}.tsv.xz", "rt", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def cases() -> Iterator[Case]:
    """Yield questions on pairs that one table has, no molecule or protein more than three times, chosen by a hash."""
    names = {row["inchikey"]: row["name"] for row in table("molecules")}
    genes = {row["accession"]: row["gene"] for row in table("proteins") if row["taxon_id"] == "9606"}
    pairs: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in table("affinities"):
        pairs[row["inchikey"], row["accession"]].append(row)
    asked: dict[str, int] = defaultdict(int)
    chosen = sorted(pairs, key=lambda pair: hashlib.sha256("|".join(pair).encode()).hexdigest())
    number = 0
    for inchikey, accession in chosen:
        rows, gene = pairs[inchikey, accession], genes.get(accession, "")
        if not gene or not all(row["source"].startswith("BindingDB2015") for row in rows):
            continue
        if max(asked[inchikey], asked[accession]) >= 3:
            continue
        asked[inchikey] += 1
        asked[accession] += 1
        words = WORDINGS[number % len(WORDINGS)]
        number += 1
        yield Case(words.format(measure=rows[0]["measure"], molecule=names[inchikey], gene=gene), accession, rows)
        if number == QUESTIONS:
            return


def _shows(text: str, value: str) -> bool:
    """Whether a text states a number in nM, to four significant digits."""
    stated = [float(match[1].replace(",", "")) for match in re.finditer(r"(\d[\d,]*(?:\.\d+)?) nM", text)]
    return any(abs(number - float(value)) <= 6e-4 * float(value) for number in stated)


@pytest.fixture(scope="module")
def judged(agent: BioMedAgent) -> dict[str, tuple[str, str]]:
    """Verdict and text by question: right, left or wrong."""
    verdicts = {}
    for case in cases():
        answer = agent.ask(case.question)
        stated = {(f.predicate, f"{float(f.value):g}", f.unit, f.about) for f in answer.facts if f.kind == "measured"}
        wanted = {
            (row["measure"], f"{float(row['value']):g}", row["unit"], f"UNIPROT:{case.accession}") for row in case.rows
        }
        verdict = "left" if answer.status != "answered" else "right" if stated == wanted else "wrong"
        if verdict == "right" and not all(fact.relation == "not stated" for fact in answer.facts):
            verdict = "wrong"
        if verdict == "right" and not all(_shows(answer.text, row["value"]) for row in case.rows):
            verdict = "wrong"
        verdicts[case.question] = verdict, f"{case.question}: {answer.status}: {answer.text[:300]}"
    return verdicts


def test_so_many_are_asked(judged: dict[str, tuple[str, str]]) -> None:
    assert len(judged) == QUESTIONS


def test_none_is_answered_wrongly(judged: dict[str, tuple[str, str]]) -> None:
    assert [text for verdict, text in judged.values() if verdict == "wrong"] == []


def test_nearly_all_are_answered(judged: dict[str, tuple[str, str]]) -> None:
    left = [text for verdict, text in judged.values() if verdict == "left"]
    assert QUESTIONS - len(left) >= LEAST, left
