"""What a user typed or a file holds, read before anything is looked up: prefixes, identifiers, sequences, files.

Bad input raises :class:`~biomed_agent.core.errors.InvalidInput` with what was got and expected.
"""

from __future__ import annotations

import re

from biomed_agent.core.errors import Ambiguous, InvalidInput
from biomed_agent.core.fasta import check_residues, parse_fasta
from biomed_agent.core.identifiers import ORGANISMS
from biomed_agent.core.types import Candidate, Protein


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


# ---------------------------------------------------------------- files
