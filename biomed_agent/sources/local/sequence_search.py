"""Search by sequence in the local index: proteins that hold a sequence, exactly or but for one residue."""

from __future__ import annotations

from dataclasses import dataclass, replace

from biomed_agent.core.types import Protein
from biomed_agent.sources.local.reading import HUMAN, Reader

MIN_NEAR = 12
"""residues from which one substitution still tells a sequence from chance"""


@dataclass(frozen=True, slots=True)
class Near:
    """A stretch of a protein that differs from the sequence asked for by one residue."""

    start: int
    """residue of the protein at which the stretch begins, from 1"""
    position: int
    """residue of the protein that differs, from 1"""
    stored: str
    """its letter in the record"""
    asked: str
    """the letter asked for"""

    @property
    def variant(self) -> str:
        """The difference as a substitution of the record, such as ``L858R``."""
        return f"{self.stored}{self.position}{self.asked}"


class Sequences(Reader):
    """Finds proteins by parts of their sequences."""

    def proteins_containing(self, sequence: str) -> list[tuple[Protein, tuple[int, ...]]]:
        """Return the proteins that hold a sequence, each with the residues (from 1) at which it begins.

        Proteins that are that sequence come first, then human ones, then those that hold it most often.

        Args:
            sequence: One-letter residues; case and white space do not count.
        """
        asked = "".join(sequence.split()).upper()
        found = [
            (protein, tuple(place + 1 for place in _places(protein.sequence, asked)))
            for protein in self._holding([asked] if asked else [])
        ]
        return sorted(found, key=lambda hit: (hit[0].sequence != asked, hit[0].taxon_id != HUMAN, -len(hit[1])))

    def proteins_near(self, sequence: str) -> list[tuple[Protein, tuple[Near, ...]]]:
        """Return the proteins that hold a sequence but for one residue, and where; those that hold it are left out.

        Args:
            sequence: One-letter residues, at least :data:`MIN_NEAR`; of a shorter one nothing is near.
        """
        asked = "".join(sequence.split()).upper()
        if len(asked) < MIN_NEAR:
            return []
        middle = len(asked) // 2
        found = []
        for protein in self._holding([asked[:middle], asked[middle:]]):  # a substitution leaves one half as it is
            if asked in protein.sequence:
                continue
            starts = set(_places(protein.sequence, asked[:middle]))
            starts |= {place - middle for place in _places(protein.sequence, asked[middle:])}
            near = [hit for start in sorted(starts) if (hit := _compared(protein.sequence, asked, start))]
            if near:
                found.append((protein, tuple(near)))
        return sorted(found, key=lambda hit: (hit[0].length != len(asked), hit[0].taxon_id != HUMAN, -len(hit[1])))

    def _holding(self, parts: list[str]) -> list[Protein]:
        """Return the proteins whose sequence, in some file, holds one of the parts."""
        if not parts:
            return []
        proteins: dict[str, Protein] = {}
        where = " OR ".join(["instr(sequence, ?)"] * len(parts))
        for file, row in self._rows(f"SELECT * FROM protein WHERE {where} ORDER BY id", parts):
            proteins.setdefault(row["accession"], file.protein(row))
        return [replace(self._whole_protein(protein), sequence=protein.sequence) for protein in proteins.values()]


def _places(sequence: str, part: str) -> list[int]:
    """Return where a part begins, from 0; occurrences may overlap."""
    places, place = [], sequence.find(part)
    while place >= 0:
        places.append(place)
        place = sequence.find(part, place + 1)
    return places


def _compared(sequence: str, asked: str, start: int) -> Near | None:
    """Return the one difference of a stretch that begins at ``start``; None when it has more, or does not fit."""
    if start < 0 or start + len(asked) > len(sequence):
        return None
    differing = [place for place, letter in enumerate(asked) if sequence[start + place] != letter]
    if len(differing) != 1:
        return None
    place = differing[0]
    return Near(start + 1, start + place + 1, sequence[start + place], asked[place])
