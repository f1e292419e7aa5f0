"""Tells the format of a file from what it holds; names and endings are not asked."""

from itertools import islice
from pathlib import Path
from typing import Any

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.data.formats.streams import Element, json_elements, json_lines, json_rows, open_text
from biomed_agent.model.data.formats.structures import delimiter_of

SAMPLE_ROWS = 50
"""rows that are looked at"""
MEDMCQA = "medmcqa"


def detect(path: Path) -> str:
    """Return the name of a file's format.

    Raises:
        InvalidInput: It cannot be told; the message says what was found.
    """
    with open_text(path) as stream:
        head = stream.read(1)
        while head and head.isspace():
            head = stream.read(1)
    if not head:
        raise InvalidInput(f"{path} is empty.", "Expected a file of questions and answers.")
    return _json(path, head) if head in "[{" else _text(path)


def _text(path: Path) -> str:
    with open_text(path) as stream:
        first = next(line for line in stream if line.strip())
    if first.startswith("ID   "):
        return "swissprot"
    columns = {name.strip().lower() for name in first.split("\t")}
    if {"smiles", "description"} <= columns:
        return "chebi20"
    if {"entry", "sequence"} <= columns:
        return "uniprot-table"
    if delimiter_of(first):
        return "table"
    raise InvalidInput(
        f"{path}: the first line is {first[:80].strip()!r}, which is the header of no format that is known.",
        "A table needs a column smiles or sequence, and the columns question and answer; ChEBI-20 needs SMILES and "
        "description. See docs/data.md.",
    )


def _json(path: Path, head: str) -> str:
    rows = _rows(path, head)
    names = [_of_row(element) for element in rows if not element.problem]
    known = [name for name in names if name]
    if known:
        return _medmcqa(path) if known[0] == MEDMCQA else known[0]
    if rows and all(isinstance(row.value, str) for row in rows if not row.problem) and head == "{":
        raise InvalidInput(
            f"{path} gives one text for each key: a file that belongs to another one.",
            "Read PubMedQA's ori_pqal.json instead of its answers alone, and OpenBioMed's train.json instead of "
            "sequences.json.",
        )
    sample = next((repr(row.value)[:80] for row in rows if not row.problem), "nothing that is JSON")
    raise InvalidInput(
        f"{path} is JSON, but not in a nesting that is known; its first row is {sample}.",
        "See docs/data.md for the formats, or state one (--format).",
    )


def _rows(path: Path, head: str) -> list[Element]:
    """Return the first elements of the document, or the first of its lines when it is JSON lines."""
    with open_text(path) as stream:
        rows = list(islice(json_elements(stream), SAMPLE_ROWS))
    # The first line of JSON lines is a document of its own, behind which more follows.
    if head == "{" and (any(row.key == "question" for row in rows) or rows[-1].problem.startswith("more text")):
        with open_text(path) as stream:
            rows = list(islice(json_lines(stream), SAMPLE_ROWS))
    return rows


def _of_row(element: Element) -> str:
    value: Any = element.value
    if isinstance(value, list):
        return "pubchemqa" if element.key and value and isinstance(value[0], list) else ""
    if not isinstance(value, dict):
        return ""
    keys = value.keys()
    if "QUESTION" in keys:
        return "pubmedqa"
    if {"data", "text"} & keys and {"sequence", "SMILES", "smiles"} & keys:
        return "uniprotqa"
    if {"opa", "opb"} <= keys:
        return MEDMCQA
    if "question" not in keys:
        return ""
    if "options" in keys:
        return "medqa"
    if "protein_accession" in keys or isinstance(value.get("smiles"), list):
        return "openbiomed"
    return "examples" if {"smiles", "sequence"} & keys else ""


def _medmcqa(path: Path) -> str:
    """Return which of its two countings a file of MedMCQA uses; a wrong one would shift every answer.

    The release counts options from 1, exports of the Hugging Face copy from 0, with -1 for an answer that is not told.
    Rows are read until one decides. A file that says neither 0 nor 4 is taken for the release; its summary says so.

    Raises:
        InvalidInput: The first rows count in both ways.
    """
    seen: dict[int, int] = {}
    for number, element in enumerate(json_rows(path)):
        if number >= SAMPLE_ROWS and seen.keys() & {0, 4}:
            break
        cop = element.value.get("cop") if isinstance(element.value, dict) else None
        if isinstance(cop, int) and not isinstance(cop, bool):
            seen.setdefault(cop, element.line)
    from_zero = seen.keys() & {0, -1}
    if 4 in seen and from_zero:
        odd = min(from_zero)
        raise InvalidInput(
            f"{path} has cop {odd} in line {seen[odd]} and cop 4 in line {seen[4]}; the release counts options from 1 "
            "to 4, its Hugging Face copy from 0 to 3.",
            "Mend the wrong rows, or state the format: --format medmcqa (1 to 4) or --format medmcqa-hf (0 to 3).",
        )
    return "medmcqa-hf" if from_zero else MEDMCQA
