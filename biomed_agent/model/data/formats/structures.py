"""The formats that hold structures with questions and answers."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.data import pairs
from biomed_agent.model.data.examples import Example
from biomed_agent.model.data.formats.rows import Defect, Format, Found, first_of, strings
from biomed_agent.model.data.formats.streams import (
    Element,
    TableRow,
    json_elements,
    json_rows,
    open_text,
    paragraphs,
    plain_rows,
    quoted_rows,
)

SEQUENCES = ("sequences.json", "sequences.json.gz", "sequences.json.xz")
"""the file beside OpenBioMed's protein pairs that tells the sequence of each accession"""
COLUMNS = {
    "smiles": ("smiles", "canonical_smiles", "isomeric_smiles", "molecule", "structure"),
    "sequence": ("sequence", "protein_sequence", "protein", "seq"),
    "question": ("question", "query", "prompt", "instruction"),
    "answer": ("answer", "response", "output", "reference"),
}
"""Names a column of a user's table may have, in any case, with spaces for underscores."""
DELIMITERS = ",;\t"


def hub(path: Path) -> Iterator[Found | Defect]:
    """``{id: {"sequence" or "SMILES": ..., "data" or "text": [[question, answer], ...]}}``."""
    with open_text(path) as stream:
        for element in json_elements(stream):
            value = element.value
            if element.problem:
                yield Defect(element.line, element.problem, element.key)
            elif not isinstance(value, dict) or not ({"data", "text"} & value.keys()):
                yield Defect(element.line, "the entry has no list of pairs under data", element.key, repr(value))
            else:
                smiles, sequence = first_of(value, "SMILES", "smiles"), first_of(value, "sequence", "Sequence")
                yield from _pairs(element, first_of(value, "data", "text"), smiles, sequence)


def drugchat(path: Path) -> Iterator[Found | Defect]:
    """``{"SMILES": [[question, answer], ...]}``."""
    with open_text(path) as stream:
        for element in json_elements(stream):
            if element.problem:
                yield Defect(element.line, element.problem, element.key)
            else:
                yield from _pairs(element, element.value, element.key)


def _pairs(element: Element, value: Any, smiles: Any, sequence: Any = "") -> Iterator[Found | Defect]:
    if not isinstance(value, list) or not value:
        yield Defect(element.line, "the entry has no list of pairs", element.key, repr(value))
        return
    for number, pair in enumerate(value, 1):
        where = f"{element.key}, pair {number}"
        if isinstance(pair, list) and len(pair) == 2:
            yield Found(element.line, pair[1], pair[0], smiles, sequence, where)
        else:
            yield Defect(element.line, "a pair is not [question, answer]", where, repr(pair))


def openbiomed(path: Path) -> Iterator[Found | Defect]:
    """A list of ``{"smiles" or "protein_accession": [one], "question": ..., "answer": ...}``."""
    sequences: Mapping[str, Any] | None = None
    for element in json_rows(path):
        row = element.value
        if element.problem:
            yield Defect(element.line, element.problem)
        elif not isinstance(row, dict) or not ({"smiles", "protein_accession"} & row.keys()):
            yield Defect(element.line, "the sample has neither smiles nor protein_accession", "", repr(row))
        else:
            names = [name for key in ("smiles", "protein_accession") for name in strings(row.get(key))]
            if len(names) != 1:
                yield Defect(element.line, "the sample is not about one structure", "", f"{len(names)} structures")
                continue
            smiles, sequence = names[0], ""
            if "protein_accession" in row:
                sequences = _sequences(path) if sequences is None else sequences
                smiles, sequence = "", sequences.get(names[0], "")
                if not sequence:
                    yield Defect(element.line, "sequences.json does not have the accession", "", names[0])
                    continue
            yield Found(element.line, row.get("answer"), row.get("question"), smiles, sequence, where=names[0])


def _sequences(path: Path) -> Mapping[str, Any]:
    """Return the sequences by accession that lie beside OpenBioMed's protein pairs (the whole file, about 250 MB)."""
    for name in SEQUENCES:
        if (beside := path.with_name(name)).is_file():
            with open_text(beside) as stream:
                return {element.key: element.value for element in json_elements(stream) if not element.problem}
    raise InvalidInput(
        f"{path} names proteins by accession, and {SEQUENCES[0]} is not beside it.",
        "Put the release's sequences.json into the same folder.",
    )


def examples(path: Path) -> Iterator[Found | Defect]:
    """JSON lines of what :class:`Example` holds, as the split of a file is written."""
    for element in json_rows(path):
        row = element.value
        if element.problem:
            yield Defect(element.line, element.problem)
        elif not isinstance(row, dict):
            yield Defect(element.line, "the line is no object", "", repr(row))
        else:
            kind, group, origin = (str(row.get(key) or "") for key in ("kind", "group", "origin"))
            smiles, sequence = row.get("smiles"), row.get("sequence")
            answer, question = row.get("answer"), row.get("question", "")
            yield Found(element.line, answer, question, smiles, sequence, kind=kind, group=group, origin=origin)


def write_line(example: Example) -> str:
    """Return an example as a line :func:`examples` reads; what is empty is left out."""
    row = {
        "smiles": example.smiles,
        "sequence": example.sequence,
        "question": example.question,
        "answer": example.answer,
        "kind": example.kind,
        "group": example.group,
        "origin": example.origin,
    }
    return json.dumps({key: value for key, value in row.items() if value}, ensure_ascii=False) + "\n"


def chebi20(path: Path) -> Iterator[Found | Defect]:
    """Tab separated with a header of CID, SMILES and description, without quoting."""
    with open_text(path) as stream:
        rows = plain_rows(stream)
        header = _header(path, rows, "smiles", "description")
        smiles, description = header.index("smiles"), header.index("description")
        for row in rows:
            if problem := _wrong_length(row, header):
                yield problem
            else:
                where = f"CID {row.fields[header.index('cid')]}" if "cid" in header else ""
                yield Found(row.line, row.fields[description], "", row.fields[smiles], where=where, kind="description")


def _header(path: Path, rows: Iterator[TableRow], *needed: str) -> list[str]:
    """Return the names of a tab-separated table's columns in lower case."""
    fields = next(rows, TableRow(1, [])).fields
    names = [name.strip().lower() for name in fields]
    if not set(needed) <= set(names):
        raise _no_header(path, "\t".join(fields), ", ".join(needed))
    for column in needed:
        _one_column(path, column, [field for field, name in zip(fields, names, strict=True) if name == column])
    return names


def _no_header(path: Path, first: str, needed: str) -> InvalidInput:
    return InvalidInput(
        f"{path}: the first line is {first.strip()[:80]!r}; expected a header with the columns {needed}.",
        "Leave out --format to have the format told from the content.",
    )


def _wrong_length(row: TableRow, header: Sequence[str]) -> Defect | None:
    if row.problem:
        return Defect(row.line, row.problem)
    if len(row.fields) != len(header):
        return Defect(row.line, "the row has not as many fields as the header", "", f"{len(row.fields)}")
    return None


def delimiter_of(header: str) -> str:
    """Return the delimiter with which a table's header names a structure, a question and an answer; else ""."""
    for delimiter in DELIMITERS:
        columns = _columns([name.strip().strip('"') for name in header.strip().split(delimiter)])
        if {"question", "answer"} <= columns.keys() and ("smiles" in columns or "sequence" in columns):
            return delimiter
    return ""


def _columns(header: Sequence[str]) -> dict[str, list[int]]:
    """Return the positions of the columns that may be meant by each one that is read."""
    names = [name.strip().lower().replace(" ", "_").replace("-", "_") for name in header]
    positions = {column: [n for n, name in enumerate(names) if name in known] for column, known in COLUMNS.items()}
    return {column: places for column, places in positions.items() if places}


def _one_column(path: Path, what: str, named: Sequence[str]) -> None:
    """Refuse a table of which nobody can tell which column is meant.

    Raises:
        InvalidInput: Several columns may be meant.
    """
    if len(named) > 1:
        raise InvalidInput(
            f"{path}: the columns {' and '.join(named)} may each be the {what}; expected one.",
            "Rename or remove the others.",
        )


def table(path: Path) -> Iterator[Found | Defect]:
    """A user's table: smiles or sequence (or both), question and answer, separated by comma, semicolon or tab."""
    with open_text(path) as stream:
        first = next((line for line in stream if line.strip()), "")
    if not (delimiter := delimiter_of(first)):
        raise _no_header(path, first, "smiles or sequence, question, answer")
    with open_text(path) as stream:
        rows = quoted_rows(stream, delimiter)
        header = next(rows).fields
        indices = _columns(header)
        for column, places in indices.items():
            _one_column(path, column, [header[place] for place in places])
        columns = {column: places[0] for column, places in indices.items()}
        named = {column.replace("smiles", "SMILES"): header[place] for column, place in columns.items()}
        for row in rows:
            if problem := _wrong_length(row, header):
                yield problem
                continue
            cells = {column: row.fields[place].strip() for column, place in columns.items()}
            smiles, sequence = cells.get("smiles", ""), cells.get("sequence", "")
            yield Found(row.line, cells["answer"], cells["question"], smiles, sequence, columns=named)


def swissprot(path: Path) -> Iterator[Found | Defect]:
    """UniProt's flat file: entries that end with ``//``, made into pairs by :mod:`biomed_agent.model.data.pairs`."""
    with open_text(path) as stream:
        for line, lines in paragraphs(stream):
            if not lines or not lines[0].startswith("ID   "):
                yield Defect(line, "the entry does not begin with an ID line", "", lines[0] if lines else "")
            else:
                yield from _protein(line, pairs.flat_record(lines))


def uniprot_table(path: Path) -> Iterator[Found | Defect]:
    """UniProt's table download: Entry, Sequence, and Protein names, Function [CC] and the like."""
    with open_text(path) as stream:
        rows = plain_rows(stream)
        header = _header(path, rows, "entry", "sequence")
        for row in rows:
            if problem := _wrong_length(row, header):
                yield problem
            else:
                named = zip(header, row.fields, strict=True)
                cells = {pairs.TSV_COLUMNS[name]: cell for name, cell in named if name in pairs.TSV_COLUMNS}
                yield from _protein(row.line, pairs.table_record(cells))


def _protein(line: int, record: pairs.ProteinRecord) -> Iterator[Found | Defect]:
    answers = pairs.protein_answers(record)
    if not record.sequence:
        yield Defect(line, "the entry has no sequence", record.accession)
    elif not answers:
        yield Defect(line, "the entry states no function, name, family or location", record.accession)
    else:
        for kind, answer in answers.items():
            where = f"{record.accession}, {kind}"
            yield Found(line, answer, "", "", record.sequence, where, kind)


_format = partial(Format[Example], holds="examples")
STRUCTURES = (
    _format(name="uniprotqa", shape='{id: {"sequence": ..., "data": [[question, answer], ...]}}', reader=hub),
    _format(name="pubchemqa", shape='{"SMILES": [[question, answer], ...]}, also ChEMBL-QA', reader=drugchat),
    _format(name="openbiomed", shape='[{"smiles" or "protein_accession": [one], "question", ...}]', reader=openbiomed),
    _format(name="chebi20", shape="tab separated CID, SMILES, description", reader=chebi20),
    _format(name="swissprot", shape="UniProt's flat file", reader=swissprot),
    _format(name="uniprot-table", shape="tab separated Entry, Sequence, Function [CC] ...", reader=uniprot_table),
    _format(name="table", shape="CSV of smiles or sequence, question, answer", reader=table),
    _format(name="examples", shape='JSON lines of {"smiles" or "sequence", "question", "answer"}', reader=examples),
)
