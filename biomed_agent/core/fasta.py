"""Read FASTA text, or a bare sequence, into headers and sequences."""

from __future__ import annotations

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.identifiers import MAX_RESIDUES
from biomed_agent.core.privacy.disclosure import are_nucleotides

RESIDUES = frozenset("ACDEFGHIKLMNPQRSTVWYBJOUXZ")
"""The 20 amino acids, U and O (selenocysteine, pyrrolysine) and the IUPAC ambiguity codes B, J, X, Z."""


def parse_fasta(text: str) -> list[tuple[str, str]]:
    """Return every record of ``text`` as (header, sequence).

    Layout is forgiven (CRLF, blank lines, lower case, spaces and position numbers as in GenBank files, ``;``
    comments, one ``*`` at the end for a stop codon); residues are not.

    Args:
        text: FASTA with ``>`` headers, or a bare sequence.

    Returns:
        Records in file order. The header has no ``>`` and is empty for a bare sequence; the sequence is in
        upper case.

    Raises:
        InvalidInput: There is no sequence, a header without one, or a character that is no residue.
    """
    records: list[tuple[str, list[str]]] = []
    for line in text.lstrip("\ufeff").splitlines():
        line = line.strip()
        if line.startswith(">"):
            records.append((line[1:].strip(), []))
        elif line and not line.startswith(";"):
            if not records:
                records.append(("", []))
            records[-1][1].append(line)
    if not records:
        raise InvalidInput("no protein sequence was given.", "Expected FASTA text or one-letter residues.")
    return [(header, _sequence(header, "".join(lines))) for header, lines in records]


def _sequence(header: str, raw: str) -> str:
    where = f"FASTA record {header!r}" if header else "the sequence"
    residues = "".join(character for character in raw.upper() if not (character.isspace() or character.isdigit()))
    residues = residues.removesuffix("*")
    if not residues:
        raise InvalidInput(f"{where} holds no residues.", "Expected one-letter residues after the header line.")
    for position, residue in enumerate(residues, start=1):
        if residue not in RESIDUES:
            hint = {
                "-": "Remove the gaps: an alignment is not a sequence.",
                ".": "Remove the gaps: an alignment is not a sequence.",
                "*": "A stop is allowed at the end only: translate one reading frame and cut it there.",
            }.get(residue, "Expected the letters of the 20 amino acids, U, O, B, J, X or Z.")
            raise InvalidInput(f"{where} has {residue!r} at position {position}, which is no amino acid.", hint)
    return residues


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
