"""What a user typed or a file holds, read before anything is looked up: prefixes, identifiers, sequences, files.

Pure functions; bad input raises :class:`~biomed_agent.errors.InvalidInput` with what was got and expected.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from .disclosure import are_nucleotides
from .errors import Ambiguous, InvalidInput
from .sources.fasta import RESIDUES, parse_fasta
from .types import Candidate, Protein, Provenance

PREFIXES = (
    "name", "cid", "smiles", "inchi", "inchikey", "cas", "chebi", "drugbank", "chembl", "unii",
    "gene", "uniprot", "ec", "seq", "file",
)  # fmt: skip
ACCESSION_SHAPE = r"(?:[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9](?:[A-Z][A-Z0-9]{2}[0-9]){1,2})"
ISOFORM_SHAPE = r"-[0-9]{1,3}"
ACCESSION = re.compile(rf"{ACCESSION_SHAPE}(?:{ISOFORM_SHAPE})?")
"""UniProt's own pattern (https://www.uniprot.org/help/accession_numbers), with an isoform suffix."""
ENTRY_NAME = re.compile(r"[A-Z0-9]{1,10}_[A-Z0-9]{3,5}")
EC_NUMBER = re.compile(r"[1-7](?:\.[1-9][0-9]{0,2}){2}\.n?[1-9][0-9]{0,3}")
"""A whole Enzyme Commission number; ``n1`` is a preliminary one of UniProt's."""
INCHIKEY = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
_KEY_SAID = re.compile(r"(?:inchi\s?key\s*[=:]\s*)+(?=\w)", re.I)
"""How an InChIKey is introduced in print: ``InChIKey=BSYNRYMUTXBXSQ-UHFFFAOYSA-N``."""
_BARE_INCHI = re.compile(r"1S?/[A-Z][A-Za-z\d.]*/[chqp]\S+")
"""An InChI without its ``InChI=``, as some tables hold it."""
PLAIN_IDS = (
    (re.compile(r"CID[:\s]*(\d+)", re.I), "cid"),
    (re.compile(r"CHEBI[:\s]*(\d+)", re.I), "chebi"),
    (re.compile(r"(?:DRUGBANK[:\s]*)?(DB\d{5})", re.I), "drugbank"),
    (re.compile(r"(?:CHEMBL:)?(CHEMBL\d+)", re.I), "chembl"),
    (re.compile(r"(?:CAS[:\s]*)?(\d{2,7}-\d{2}-\d)", re.I), "cas"),
)
# Words of a question -> organism as UniProt writes it; human is the default and said.
ORGANISMS = {
    "human": "Homo sapiens", "mouse": "Mus musculus", "murine": "Mus musculus", "rat": "Rattus norvegicus",
    "bovine": "Bos taurus", "cow": "Bos taurus", "pig": "Sus scrofa", "porcine": "Sus scrofa", "yeast": "Saccharomyces",
    "zebrafish": "Danio rerio", "fly": "Drosophila melanogaster", "worm": "Caenorhabditis elegans",
    "chicken": "Gallus gallus", "rabbit": "Oryctolagus cuniculus", "e. coli": "Escherichia coli", "dog": "Canis lupus",
}  # fmt: skip
MAX_RESIDUES = 10_000
MAX_NAME = 300
MAX_FILE_BYTES = 5_000_000
MAX_SHOWN = 20
"""records of a file that are listed"""


def visible(text: str) -> str:
    """Return ``text`` without white space around it and without characters that cannot be seen.

    Zero-width spaces, soft hyphens and marks of writing direction come along when a name is copied from a page.

    Raises:
        InvalidInput: It holds control characters or halves of characters, so it is no text.
    """
    strange = [letter for letter in text if unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\t\n\r"]
    if strange:
        raise InvalidInput(
            f"the name holds the character U+{ord(strange[0]):04X}, which is not text.",
            "Type it again, without copying.",
        )
    return "".join(letter for letter in text if unicodedata.category(letter) != "Cf").strip()


def split_prefix(text: str) -> tuple[str, str]:
    """Split ``cid:2244`` into ``("cid", "2244")``; the prefix is empty when there is none.

    ``InChIKey=...``, as an InChIKey is written in print, is split as ``inchikey:...`` is, and an InChI without its
    ``InChI=`` as ``inchi:...``.
    """
    if _BARE_INCHI.fullmatch(text):
        return "inchi", text
    if said := _KEY_SAID.match(text):
        return "inchikey", text[said.end() :].strip()
    head, colon, rest = text.partition(":")
    if colon and head.lower() in PREFIXES and rest.strip():
        return head.lower(), rest.strip()
    return "", text


def split_organism(name: str) -> tuple[str, str]:
    """Split ``mouse EGFR``, ``EGFR (mouse)`` or ``EGFR of Mus musculus`` into the name and the scientific name.

    The organism is empty when the name tells none of :data:`ORGANISMS`.
    """
    known = ORGANISMS | {scientific.lower(): scientific for scientific in ORGANISMS.values()}
    words = "|".join(re.escape(word) for word in sorted(known, key=len, reverse=True))
    before = re.fullmatch(rf"({words})\s+(.+)", name, re.IGNORECASE)
    after = re.fullmatch(rf"(.+?)(?:\s+(?:of|from|in))?[\s,]+[(\[]?({words})[)\]]?", name, re.IGNORECASE)
    if before:
        return before[2].strip(), known[before[1].lower()]
    return (after[1].strip(), known[after[2].lower()]) if after else (name, "")


_ATOM = r"\[[^\[\]\s]+\]|Br|Cl|[BCNOPSFIbcnops]"
_SMILES = re.compile(rf"(?:{_ATOM}|[=#$/\\.~:()-]|%\d{{2}}|\d)+")


def smiles_shaped(text: str) -> bool:
    """Whether ``text`` is written like a SMILES (atoms, bonds, brackets, ring marks), parsing or not.

    Digits alone are not enough: B12, p53, CB1 and NOS2 are names.
    """
    if (
        not _SMILES.fullmatch(text)
        or not re.match(r"[A-Za-z\[]", text)
        or re.fullmatch(r"[A-Z]{2,}-?\d{1,2}[A-Z]?", text)
    ):
        return False
    return bool(re.search(r"[=#\[\]()@/\\]", text)) or (
        any(letter.isdigit() for letter in text) and len(re.findall(_ATOM, text)) >= 3
    )


def read_sequence(text: str) -> Protein:
    """Read residues or one FASTA record.

    Raises:
        InvalidInput: Empty, too long, letters that are no residues, or nucleotides.
        Ambiguous: More than one FASTA record.
    """
    records = parse_fasta(text)
    if len(records) > 1:
        raise Ambiguous(
            f"the FASTA text holds {len(records)} records; expected one protein.",
            "Pass one record; every record can be asked about in turn.",
            candidates=[
                Candidate(
                    f"seq:{sequence}" if len(sequence) <= 60 else "",
                    header or "unnamed record",
                    f"record {number}, {len(sequence)} residues",
                    "protein",
                )
                for number, (header, sequence) in enumerate(records, 1)
            ],
        )
    if not records or not records[0][1]:
        raise InvalidInput("the sequence is empty.", "Give one-letter residues or one FASTA record.")
    header, sequence = records[0]
    check_residues(sequence)
    return Protein(sequence=sequence, name=header)


def check_residues(sequence: str) -> None:
    """Raise :class:`InvalidInput` unless ``sequence`` is an amino acid sequence this package takes."""
    for position, letter in enumerate(sequence, 1):
        if letter not in RESIDUES:
            raise InvalidInput(
                f"the sequence has {letter!r} at position {position}, which is no amino acid code.",
                "Use one-letter codes, X for an unknown residue.",
            )
    if len(sequence) > MAX_RESIDUES:
        raise InvalidInput(
            f"the sequence has {len(sequence):,} residues; expected at most {MAX_RESIDUES:,}.",
            "Pass the domain or chain the question is about.",
        )
    if are_nucleotides(sequence):
        raise InvalidInput(
            f"the sequence holds only {', '.join(sorted(set(sequence)))} in {len(sequence)} letters: this is DNA or "
            "RNA, and a protein was expected.",
            "Translate it first, or look the protein up by gene or accession.",
        )


def read_entity_file(path: str) -> str:
    """Read the file behind ``file:``; ``PATH#2`` takes the second record of a FASTA or SDF file.

    Entries in UniProt's JSON, XML and text formats become FASTA.

    Raises:
        InvalidInput: See :func:`read_text_file`; or there is no such record.
        Ambiguous: It holds several proteins or molecules; every candidate's string names one.
    """
    from .sources.uniprot import read_file

    chosen = re.fullmatch(r"(.+)#(\d+)", path)
    if chosen and not Path(path).exists():
        path, wanted = chosen[1], int(chosen[2])
    else:
        wanted = 0
    text = read_text_file(Path(path), MAX_FILE_BYTES)
    if "M  END" in text:
        return _structure_of(path, text, wanted)
    if not text.startswith(">"):
        entries = read_file(text, Provenance(source=path)) or ()
        text = "\n".join(f">{one.entry_name} {one.name}\n{one.sequence}" for one in entries) or text
    if not text.startswith(">"):
        return text
    records = re.split(r"^(?=>)", text, flags=re.MULTILINE)[1:]
    if wanted:
        if wanted > len(records):
            raise InvalidInput(f"{path} has no record {wanted}; it holds {len(records)}.")
        records = [records[wanted - 1]]
    if len(records) > 1:
        raise Ambiguous(
            f"{path} holds {len(records)} records; expected one protein.",
            "Name one of them; every record can be asked about in turn.",
            candidates=[
                Candidate(
                    f"file:{path}#{number}",
                    record[1:].partition("\n")[0].strip() or "unnamed record",
                    _residues_in(record),
                    "protein",
                )
                for number, record in enumerate(records, 1)
            ],
        )
    return records[0]


def _residues_in(record: str) -> str:
    """Say how long a FASTA record is; a broken one costs the others nothing."""
    try:
        return f"{len(parse_fasta(record)[0][1])} residues"
    except InvalidInput:
        return "cannot be read"


def _structure_of(path: str, text: str, wanted: int) -> str:
    """Return the record ``wanted`` (from 1) of an SDF text; 0 takes the only one."""
    from .sdf import split_records, title_and_ids

    records = list(split_records(text.splitlines()))
    if wanted > len(records):
        raise InvalidInput(f"{path} has no record {wanted}; it holds {len(records)}.")
    if len(records) > 1 and not wanted:
        titles = [title_and_ids(record)[0] or "unnamed record" for record in records[:MAX_SHOWN]]
        raise Ambiguous(
            f"{path} holds {len(records):,} records; expected one molecule.",
            "Name one of them, or ask about all with: biomed-agent ask QUESTION --input FILE.sdf",
            candidates=[
                Candidate(f"file:{path}#{number}", title, f"record {number} of {len(records):,}", "molecule")
                for number, title in enumerate(titles, 1)
            ],
        )
    return "\n".join(records[max(wanted, 1) - 1])


def read_text_file(path: Path, limit: int) -> str:
    """Read a small UTF-8 text file.

    Raises:
        InvalidInput: Missing, a folder, unreadable, too large, or not text.
    """
    try:
        if path.is_dir():
            raise InvalidInput(f"{path} is a folder; expected a text file.")
        with path.open("rb") as stream:
            body = stream.read(limit + 1)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror or error}.", "Check the path.") from error
    if len(body) > limit:
        raise InvalidInput(f"{path} is larger than {limit:,} bytes.", "Pass one structure or sequence.")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InvalidInput(f"{path} is not a text file.", "Expected SMILES, MOL, SDF or FASTA as UTF-8 text.")
    return text.strip()
