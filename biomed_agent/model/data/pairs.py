"""The recipe of question-answer pairs: which sentences of a record become the answer to which question.

After BioMedGPT-10B (arXiv 2308.09442): a protein is asked for its function, official names, family and subcellular
locations, a molecule for a description; texts of fewer than 4 words are dropped, longer ones are cropped at 256.
Pure functions from a record, wherever it came from (UniProt's flat file, table or JSON), to answers by kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MIN_WORDS = 4
"""of a description or a function; a name, family or location may be one word"""
MAX_WORDS = 256
TSV_COLUMNS = {
    "entry": "accession",
    "sequence": "sequence",
    "protein names": "names",
    "function [cc]": "function",
    "sequence similarities": "family",
    "protein families": "families",
    "subcellular location [cc]": "location",
}
"""Columns of UniProt's tables that are read, in lower case, by what they hold."""


@dataclass(frozen=True, slots=True)
class ProteinRecord:
    """What the recipe reads of one UniProtKB entry; texts as UniProt writes them, evidence codes included."""

    accession: str
    sequence: str
    name: str = ""
    """the recommended name, of an unreviewed entry the first submitted one"""
    functions: tuple[str, ...] = ()
    similarities: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()


def protein_answers(record: ProteinRecord) -> dict[str, str]:
    """Return the answers a record gives, by kind of question; kinds without are absent.

    The kinds are those of :data:`biomed_agent.model.contract.prompt.QUESTIONS`.

    What is stated about one isoform or one chain ("[Isoform 2]: ...") is not about the protein and left out, and so
    are notes to a location. A family is a statement "Belongs to the ... family".
    """
    functions = [clean(text) for text in record.functions if not _of_a_part(text)]
    families = [clean(text) for text in record.similarities]
    locations = [clean(re.split(r"\bNote=", text)[0]) for text in record.locations if not _of_a_part(text)]
    texts = {
        "function": enough(" ".join(functions)),
        "name": crop(clean(record.name)),
        "family": crop(" ".join(text for text in families if re.search(r"\bbelongs to ", text, re.IGNORECASE))),
        "location": crop(" ".join(locations)),
    }
    return {kind: answer for kind, answer in texts.items() if answer}


def enough(text: str) -> str:
    """Return a running text cropped to :data:`MAX_WORDS`, or "" when it has fewer than :data:`MIN_WORDS` words."""
    text = crop(text)
    return text if len(text.split()) >= MIN_WORDS else ""


def crop(text: str) -> str:
    """Return the leading whole sentences within :data:`MAX_WORDS` words, or that many words of a longer sentence."""
    words = text.split()
    if len(words) <= MAX_WORDS:
        return " ".join(words)
    return whole_sentences(" ".join(words), MAX_WORDS) or " ".join(words[:MAX_WORDS])


def _of_a_part(text: str) -> bool:
    return text.lstrip().startswith("[")


# ---------------------------------------------------------------------------------------------- UniProt's formats


def flat_record(lines: Iterable[str]) -> ProteinRecord:
    """Read one entry of UniProt's flat file (https://web.expasy.org/docs/userman.html), without its ``//``.

    What is missing stays empty: it is for the caller to say what an entry must hold.
    """
    accession = name = ""
    sequence: list[str] = []
    comments: dict[str, list[str]] = {"FUNCTION": [], "SIMILARITY": [], "SUBCELLULAR LOCATION": []}
    open_comment: list[str] | None = None
    in_sequence = False
    for line in lines:
        code, text = line[:2], line[5:].rstrip()
        if in_sequence:
            sequence.append("".join(text.split()))
        elif code == "AC" and not accession:
            accession = text.split(";")[0].strip()
        elif code == "DE" and not name:
            name = _described(text)
        elif code == "CC":
            if text.startswith("---"):  # the licence block of older releases
                open_comment = None
            elif text.startswith("-!- "):
                topic, _, rest = text[4:].partition(": ")
                open_comment = comments.get(topic.rstrip(":"))
                if open_comment is not None:
                    open_comment.append(rest)
            elif open_comment:
                open_comment[-1] += f" {text.strip()}"
        elif code == "SQ":
            in_sequence = True
    return ProteinRecord(accession, "".join(sequence), name, *(tuple(texts) for texts in comments.values()))


def _described(text: str) -> str:
    """Return the name in a DE line, with or without the labels of releases since 2008; "" when it holds none."""
    if match := re.match(r"(?:RecName|SubName): Full=(.+?)(?:\s*\{[^}]*\})?;\s*$", text):
        return match[1]
    return "" if "=" in text or re.match(r"(RecName|SubName|AltName|Flags|Contains|Includes):", text) else _first(text)


def _first(names: str) -> str:
    """Return the first of names that are followed by others in parentheses."""
    return re.split(r" \(| \[(?:Cleaved|Includes|Contains)", names)[0].rstrip(" .")


def table_record(row: Mapping[str, str]) -> ProteinRecord:
    """Read one row of a table downloaded from UniProt, by the keys that :data:`TSV_COLUMNS` gives its columns."""
    families = [f"Belongs to the {family.strip()}." for family in row.get("families", "").split(";") if family.strip()]
    return ProteinRecord(
        row.get("accession", "").strip(),
        row.get("sequence", ""),
        _first(row.get("names", "")),
        _comments(row.get("function", ""), "FUNCTION"),
        _comments(row.get("family", ""), "SIMILARITY") or tuple(families),
        _comments(row.get("location", ""), "SUBCELLULAR LOCATION"),
    )


def _comments(text: str, topic: str) -> tuple[str, ...]:
    """Split what a cell holds of one topic: each text begins with the topic's name."""
    texts = re.split(rf"(?:^|(?<=[.;}}])\s*){topic}:\s+", text.strip())
    return tuple(text.strip().rstrip(";") for text in texts if text.strip())


def json_record(entry: Mapping[str, Any]) -> ProteinRecord:
    """Read one entry of UniProt's REST interface.

    Raises:
        LookupError, TypeError, AttributeError, ValueError: It is malformed.
    """
    description = entry.get("proteinDescription") or {}
    names = [description.get("recommendedName") or {}, *(description.get("submissionNames") or ())]
    comments: Sequence[Mapping[str, Any]] = entry.get("comments") or ()

    def texts(kind: str) -> tuple[str, ...]:
        return tuple(
            f"[{comment['molecule']}]: {text['value']}" if comment.get("molecule") else str(text["value"])
            for comment in comments
            if comment.get("commentType") == kind
            for text in comment.get("texts") or ()
        )

    return ProteinRecord(
        str(entry["primaryAccession"]),
        str((entry.get("sequence") or {}).get("value", "")),
        next((str(name["fullName"]["value"]) for name in names if name.get("fullName")), ""),
        texts("FUNCTION"),
        texts("SIMILARITY"),
        tuple(_places(comment) for comment in comments if comment.get("commentType") == "SUBCELLULAR LOCATION"),
    )


def _places(comment: Mapping[str, Any]) -> str:
    """Write the locations of one comment as the flat file does, such as ``Membrane; Single-pass membrane protein``."""
    places = [
        "; ".join(str(place[part]["value"]) for part in ("location", "topology", "orientation") if place.get(part))
        for place in comment.get("subcellularLocations") or ()
    ]
    about = f"[{comment['molecule']}]: " if comment.get("molecule") else ""
    return about + " ".join(f"{place}." for place in places if place)


# ---------------------------------------------------------------------------------------------- text


def clean(text: str) -> str:
    """Remove citations and evidence codes, mend hyphens split by line breaks, and end with one full stop."""
    text = re.sub(r"\s*\((?:PubMed:\d+(?:, )?|Ref\.\d+(?:, )?|By similarity|Probable|Potential)+\)", "", text)
    text = re.sub(r"\s*\{ECO:[^}]*\}", "", text)
    text = re.sub(r"(?<=\w)- (?!and\b|or\b|to\b)(?=\w)", "-", " ".join(text.split()))
    text = re.sub(r"\s+([.,;])", r"\1", text).rstrip(" .;")
    return f"{text}." if text else ""


def whole_sentences(text: str, max_words: int) -> str:
    """Return the leading whole sentences of ``text`` within ``max_words``; "" when the first is longer."""
    sentences: list[str] = []
    words = 0
    for sentence in re.split(r"(?<=[.!?])\s+(?=[A-Z(\[])", text.strip()):
        words += len(sentence.split())
        if words > max_words:
            break
        sentences.append(sentence)
    return " ".join(sentences)
