"""Structures and sequences from files: SDF, SMILES tables, FASTA; when a file may be opened at all."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias, TypeVar

from biomed_agent.answering.resolving.inputs import read_sequence
from biomed_agent.core.errors import Ambiguous, InvalidInput
from biomed_agent.core.fasta import RESIDUES, check_residues
from biomed_agent.core.identifiers import MAX_NAME, MAX_RESIDUES, smiles_shaped, split_prefix
from biomed_agent.core.privacy.disclosure import reads_as_residues
from biomed_agent.core.types import Candidate, Molecule, Protein, Provenance

_T = TypeVar("_T")
Kind: TypeAlias = Literal["molecule", "protein"]
MAX_FILE_BYTES = 5_000_000
MAX_SHOWN = 20
"""records of a file that are listed"""
_SMILES_FILES = (".smi", ".smiles", ".ism", ".can")
"""names of files in which a title may stand after the SMILES"""
_BARE = re.compile(r"\s*(?:\d+\s+)?[A-Za-z]+(?:[ \t]+[A-Za-z]+)*\*?(?:\s+\d+)?\s*")
"""a line of residues without a header, in blocks and with position numbers as in GenBank files"""
_BARE_RESIDUES = frozenset("ACDEFGHIKLMNPQRSTVWYUX")
MIN_BARE_RESIDUES = 10
"""residues a file without a FASTA header must hold at least, or it may as well hold a name"""
_closed: ContextVar[str] = ContextVar("files_closed", default="")


@contextmanager
def files_closed(instead: str = "Pass the structure or sequence itself.") -> Iterator[None]:
    """Let ``file:`` read nothing within the block, in this thread or task and what is started from it.

    A thread of a pool inherits it when its work is started through ``contextvars.copy_context().run``.

    Args:
        instead: What to pass in its place, for the message.
    """
    token = _closed.set(instead)
    try:
        yield
    finally:
        _closed.reset(token)


class FromFile(NamedTuple):
    """What a file holds."""

    entity: Molecule | Protein
    inchi: bool = False
    """whether it was written as an InChI, which leaves open where mobile hydrogens sit"""


def read_entity_file(path: str, kind: Kind | None = None) -> FromFile:
    """Read the structure or sequence behind ``file:``; ``PATH#2`` takes the second of several records.

    A file holds a MOL block, SDF, SMILES, InChI, FASTA, an entry of UniProt or bare residues. Its text is never taken
    for a name, because it would be sent to the databases: a path may be mistyped. No message quotes what it holds.

    Args:
        path: The file.
        kind: What is expected; a structure is tried first when either would do.

    Raises:
        InvalidInput: Files are closed here (:func:`files_closed`), it cannot be read, it holds neither structure nor
            sequence, or there is no such record.
        Ambiguous: It holds several proteins or molecules; every candidate's string names one.
    """
    if instead := _closed.get():
        raise InvalidInput("file: is not allowed here.", instead)
    chosen = re.fullmatch(r"(.+)#(\d+)", path)
    wanted = 0
    if chosen and not _is_there(path):
        path, wanted = chosen[1], int(chosen[2])
    text = read_text_file(Path(path), MAX_FILE_BYTES)
    entity = None
    if kind != "protein":
        entity = _molblock(path, text, wanted) if "M  END" in text else _line(path, text, wanted)
    if entity is None and kind != "molecule":
        entity = _protein(path, text, wanted)
    if entity is None:
        expected = {
            "molecule": "one structure as MOL, SDF, SMILES or InChI",
            "protein": "one protein as FASTA, an entry of UniProt, or residues in one-letter code",
        }
        raise InvalidInput(
            f"{path} holds no {'structure' if kind == 'molecule' else 'sequence' if kind else 'structure or sequence'} "
            "that can be read, and nothing else is taken from a file.",
            f"Expected {' or '.join(expected[name] for name in expected if kind in (None, name))}; "
            "pass a name or an identifier itself.",
        )
    return entity


def _is_there(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # a name no file can have
        return False


def _quietly(read: Callable[[], _T]) -> _T | None:
    """Return what ``read`` makes of a file's text; None when it cannot be read.

    Whatever a reader raises at a text that is something else, the complaint may quote it.
    """
    try:
        return read()
    except Exception:
        return None


def _of_records(path: str, count: int, wanted: int, what: Kind, titles: Sequence[tuple[str, str]]) -> int:
    """Return the place of the record to read, from 0.

    Args:
        path: The file.
        count: How many records it holds.
        wanted: Number of the record that was asked for, from 1; 0 for the only one.
        what: What a record is.
        titles: What the first records are called, and how each is described.
    """
    if wanted > count:
        raise InvalidInput(f"{path} has no record {wanted}; it holds {count:,}.")
    if count > 1 and not wanted:
        raise Ambiguous(
            f"{path} holds {count:,} records; expected one {what}.",
            f"Name one of them, or ask about all with: biomed-agent ask QUESTION --input {Path(path).name}",
            candidates=[
                Candidate(f"file:{path}#{number}", title or "unnamed record", described, what)
                for number, (title, described) in enumerate(titles, 1)
            ],
        )
    return max(wanted, 1) - 1


def _molblock(path: str, text: str, wanted: int) -> FromFile:
    """Return the molecule of an SDF text or a MOL block."""
    from biomed_agent.core.chemistry.molfile import molecule_from_molblock, split_records, title_and_ids, untitled

    def read(record: list[str]) -> Molecule:
        title, ids = title_and_ids(record)
        return molecule_from_molblock(untitled(record), title, ids)

    records = list(split_records(text.splitlines()))
    several = len(records) > 1 and not wanted
    known = [_quietly(partial(read, record)) for record in (records[:MAX_SHOWN] if several else ())]
    titles = [
        (
            record.name if record else "",
            f"record {number} of {len(records):,}{'' if record else ', which cannot be read'}",
        )
        for number, record in enumerate(known, 1)
    ]
    record = records[_of_records(path, len(records), wanted, "molecule", titles)]
    problem = ""
    try:
        return FromFile(read(record))
    except InvalidInput as error:  # without its title nothing in the message is the file's
        problem, hint = error.message, error.hint
    raise InvalidInput(f"{path}: {problem}", hint)


def _line(path: str, text: str, wanted: int) -> FromFile | None:
    """Return the molecule of a SMILES or InChI; None when the text is something else."""
    lines = [line for line in re.split(r"[\r\n]+", text) if line.strip()]
    titled = Path(path).suffix.lower() in _SMILES_FILES
    if len(lines) == 1:
        wanted = _of_records(path, 1, wanted, "molecule", ())
        return _read_line(lines[0], titled)
    records = [_read_line(line, titled) for line in lines[:MAX_SHOWN]]
    if not lines or None in records:
        return None
    titles = [
        (record.entity.name, f"record {number} of {len(lines):,}")
        for number, record in enumerate(records, 1)
        if record is not None
    ]
    return _read_line(lines[_of_records(path, len(lines), wanted, "molecule", titles)], titled)


def _read_line(line: str, titled: bool) -> FromFile | None:
    """Read a SMILES or InChI.

    Args:
        line: The line.
        titled: Whether any title may stand behind it and names it. Elsewhere, what stands behind a word that may be
            one of a sentence is none, and no title is shown.
    """
    from biomed_agent.core.chemistry.structures import molecule_from_inchi, molecule_from_smiles

    notation, title = [*line.split(None, 1), ""][:2]
    prefix, value = split_prefix(notation)
    inchi = prefix == "inchi" or value.startswith("InChI=")
    if (prefix not in ("", "smiles", "inchi")) or title.startswith("|"):  # marks of stereo groups would be lost
        return None
    if title and not titled and not (inchi or smiles_shaped(value)):
        return None
    read = molecule_from_inchi if inchi else molecule_from_smiles
    body = f"InChI={value}" if inchi and not value.startswith("InChI=") else value
    molecule = _quietly(lambda: read(body, " ".join(title.split())[:MAX_NAME] if titled else ""))
    return FromFile(molecule, inchi) if molecule else None


def _protein(path: str, text: str, wanted: int) -> FromFile | None:
    """Return the protein of FASTA, of an entry of UniProt, or of bare residues; None when it is something else."""
    from biomed_agent.sources.uniprot import read_file

    if text.startswith(">"):
        return _fasta(path, re.split(r"^(?=>)", text, flags=re.MULTILINE)[1:], wanted)
    if entries := _quietly(lambda: read_file(text, Provenance(source=path))):
        if not all(_are_residues(entry.sequence) for entry in entries):
            return None
        called = [(f"{entry.entry_name} {entry.name}".strip(), f"{entry.length} residues") for entry in entries]
        place = _of_records(path, len(entries), wanted, "protein", called[:MAX_SHOWN])
        return FromFile(Protein(sequence=entries[place].sequence, name=called[place][0]))
    prefix, residues = split_prefix(text)
    if prefix not in ("", "seq") or not all(_BARE.fullmatch(line) for line in residues.splitlines() if line.strip()):
        return None
    letters = re.sub(r"[^A-Z]", "", residues.upper())
    if len(letters) < MIN_BARE_RESIDUES or not set(letters) <= _BARE_RESIDUES or not reads_as_residues(letters):
        return None
    protein = _quietly(lambda: read_sequence(residues))
    return FromFile(protein) if protein else None


def _are_residues(sequence: str) -> bool:
    """Whether a sequence is one that this package takes."""
    try:
        check_residues(sequence)
    except InvalidInput:
        return False
    return bool(sequence)


def _fasta(path: str, records: Sequence[str], wanted: int) -> FromFile:
    """Return the protein of a FASTA text."""
    known = [_quietly(partial(read_sequence, record)) for record in records[: max(MAX_SHOWN, wanted)]]
    titles = [(entry.name, f"{entry.length} residues") if entry else ("", "cannot be read") for entry in known]
    place = _of_records(path, len(records), wanted, "protein", titles[:MAX_SHOWN])
    entry = known[place]
    if entry is None:
        where = f" record {wanted}" if wanted else ""
        raise InvalidInput(
            f"{path}:{where} {_fasta_problem(records[place])}.",
            "Expected one amino acid sequence in one-letter code, without gaps, a stop at the end only.",
        )
    return FromFile(entry)


def _fasta_problem(record: str) -> str:
    """Say what is wrong with a FASTA record, without a letter of it."""
    residues = re.sub(r"[\s\d]", "", record.partition("\n")[2]).upper().removesuffix("*")
    strange = next((place for place, letter in enumerate(residues, 1) if letter not in RESIDUES), 0)
    if not residues:
        return "holds no residues after its header"
    if strange:
        return f"has at position {strange} what is no amino acid code"
    if len(residues) > MAX_RESIDUES:
        return f"has {len(residues):,} residues; expected at most {MAX_RESIDUES:,}"
    return "holds nucleotides, and a protein was expected"


def read_text_file(path: Path, limit: int) -> str:
    """Read a small UTF-8 text file.

    Raises:
        InvalidInput: Missing, no regular file (a folder, a pipe, a device), unreadable, too large, or not text.
    """
    problem = ""
    body = b""
    try:
        if path.is_dir():
            raise InvalidInput(f"{path} is a folder; expected a text file.")
        _refuse_endless(path, path.stat().st_mode)
        # A pipe that took the file's place meanwhile must not hang either.
        file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(file, "rb") as stream:
            _refuse_endless(path, os.fstat(file).st_mode)
            body = stream.read(limit + 1)
    except OSError as error:
        problem = f"{path} cannot be read: {error.strerror or error}."
    except ValueError:  # a name no file can have
        problem = "the path holds a character that no path has."
    if problem:
        raise InvalidInput(problem, "Check the path.")
    if len(body) > limit:
        raise InvalidInput(f"{path} is larger than {limit:,} bytes.", "Pass one structure or sequence.")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InvalidInput(f"{path} is not a text file.", "Expected SMILES, MOL, SDF or FASTA as UTF-8 text.")
    return text.strip()


def _refuse_endless(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise InvalidInput(f"{path} is a pipe or a device; expected a regular file.", "Save the text in a file first.")
