"""How alike molecules and proteins are: fingerprints, shared 5-mers, alignments, and nearest neighbours.

Numpy and RDKit only. For proteins, *identity* is the number of identical residues in the best local alignment
(Smith-Waterman with affine gaps, BLOSUM62) divided by the length of the shorter sequence, as in CD-HIT.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, DataStructs, rdBase
from rdkit.Chem import rdFingerprintGenerator

IntArray: TypeAlias = NDArray[np.int64]

KMER_LENGTH = 5
"""length of the k-mers"""
MAX_CANDIDATES = 12
"""references that are aligned with a query: those that share most 5-mers with it"""
MAX_OWNERS = 2_000
"""sequences that count a 5-mer; more only cost time"""
GAP_OPEN, GAP_EXTEND = 11, 1
"""cost of the first and of each further residue of a gap, in the half bits of BLOSUM62"""
MAX_ALIGNED = 4_000
"""residues of a sequence that are aligned, from its beginning; an alignment takes one byte for each pair"""

_LETTERS = "ARNDCQEGHILKMFPSTWYVBZX"
_BLOSUM62 = """
4 -1 5 -2 0 6 -2 -2 1 6 0 -3 -3 -3 9 -1 1 0 0 -3 5 -1 0 0 2 -4 2 5 0 -2 0 -1 -3 -2 -2 6 -2 0 1 -1 -3 0 0 -2 8
-1 -3 -3 -3 -1 -3 -3 -4 -3 4 -1 -2 -3 -4 -1 -2 -3 -4 -3 2 4 -1 2 0 -1 -3 1 1 -2 -1 -3 -2 5
-1 -1 -2 -3 -1 0 -2 -3 -2 1 2 -1 5 -2 -3 -3 -3 -2 -3 -3 -3 -1 0 0 -3 0 6
-1 -2 -2 -1 -3 -1 -1 -2 -2 -3 -3 -1 -2 -4 7 1 -1 1 0 -1 0 0 0 -1 -2 -2 0 -1 -2 -1 4
0 -1 0 -1 -1 -1 -1 -2 -2 -1 -1 -1 -1 -2 -1 1 5 -3 -3 -4 -4 -2 -2 -3 -2 -2 -3 -2 -3 -1 1 -4 -3 -2 11
-2 -2 -2 -3 -2 -1 -2 -3 2 -1 -1 -2 -1 3 -3 -2 -2 2 7 0 -3 -3 -3 -1 -2 -2 -3 -3 3 1 -2 1 -1 -2 -2 0 -3 -1 4
-2 -1 3 4 -3 0 1 -1 0 -3 -4 0 -3 -3 -2 0 -1 -4 -3 -3 4 -1 0 0 1 -3 3 4 -2 0 -3 -3 1 -1 -3 -1 0 -1 -3 -2 -2 1 4
0 -1 -1 -1 -2 -1 -1 -1 -1 -1 -1 -1 -1 -1 -2 0 0 -2 -1 -1 -1 -1 -1
"""
"""Lower triangle, row by row in the order of ``_LETTERS`` (Henikoff and Henikoff, PNAS 1992)."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The reference that is most alike to a query."""

    index: int
    """its place in the references; -1 when nothing is alike"""
    similarity: float
    """Tanimoto similarity or identity, 0 to 1"""


# ---------------------------------------------------------------------------------------------- molecules


def nearest_molecules(queries: Sequence[str], references: Sequence[str]) -> list[Neighbour]:
    """Return for each SMILES the reference of highest Tanimoto similarity (Morgan, radius 2, 2,048 bits).

    The first of several equals is taken. What RDKit cannot parse is near nothing.
    """
    known = [(number, bits) for number, bits in enumerate(map(fingerprint, references)) if bits is not None]
    places, prints = [number for number, _ in known], [bits for _, bits in known]
    matches = []
    for query in map(fingerprint, queries):
        if query is None or not prints:
            matches.append(Neighbour(-1, 0.0))
            continue
        alike = np.asarray(DataStructs.BulkTanimotoSimilarity(query, prints))
        best = int(alike.argmax())
        matches.append(Neighbour(places[best], float(alike[best])))
    return matches


def fingerprint(smiles: str) -> DataStructs.ExplicitBitVect | None:
    """Return the Morgan fingerprint (radius 2, 2,048 bits) of a SMILES, None when it does not parse."""
    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
    bits: DataStructs.ExplicitBitVect | None = None if molecule is None else _MORGAN.GetFingerprint(molecule)
    return bits


_MORGAN = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)


# ---------------------------------------------------------------------------------------------- proteins


def nearest_proteins(queries: Sequence[str], references: Sequence[str]) -> list[Neighbour]:
    """Return for each sequence the reference of highest identity among the few that share most 5-mers with it.

    A reference that shares no 5-mer is never found; below about 35 % identity that becomes likely.
    """
    index = WordIndex(references)
    matches = []
    for query in queries:
        alike = [(identity(query, references[place]), -place) for place in index.candidates(query)]
        best, place = max(alike, default=(0.0, 1))
        matches.append(Neighbour(-place, best))
    return matches


class WordIndex:
    """Tells which sequences share 5-mers with one; takes 8 bytes for each residue, and 0.1 GB."""

    def __init__(self, sequences: Sequence[str]) -> None:
        kmers = [words(sequence) for sequence in sequences]
        self.distinct = np.array([len(own) for own in kmers], np.int64)
        """number of 5-mers of each sequence"""
        codes = np.concatenate([*kmers, np.empty(0, np.int32)])
        owners = np.repeat(np.arange(len(kmers), dtype=np.int32), self.distinct)
        order = np.argsort(codes, kind="stable")
        self._owners = owners[order]
        self._ends = np.cumsum(np.bincount(codes, minlength=26**KMER_LENGTH))

    def shared(self, query: str) -> IntArray:
        """Return how many 5-mers each sequence shares with ``query``.

        Of the sequences that have a very common 5-mer only the first :data:`MAX_OWNERS` count it.
        """
        codes = words(query)
        ends = self._ends[codes]
        starts = np.where(codes > 0, self._ends[codes - 1], 0)
        ends = np.minimum(ends, starts + MAX_OWNERS)
        parts = [self._owners[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        return np.bincount(np.concatenate([*parts, np.empty(0, np.int32)]), minlength=len(self.distinct))

    def candidates(self, query: str, limit: int = MAX_CANDIDATES) -> list[int]:
        """Return the places of the sequences that share most 5-mers with ``query``, best first."""
        shared = self.shared(query)
        places = np.flatnonzero(shared)
        return [int(place) for place in places[np.argsort(-shared[places], kind="stable")][:limit]]


def words(sequence: str) -> NDArray[np.int32]:
    """Return the codes, below 26**5, of the distinct 5-mers of a sequence, sorted.

    Left out are those of one or two different letters (runs and tandem repeats) and those with an X.
    """
    letters = np.frombuffer(sequence.upper().encode("ascii", "replace"), np.uint8).astype(np.int32) - ord("A")
    if len(letters) < KMER_LENGTH:
        return np.empty(0, np.int32)
    windows = np.lib.stride_tricks.sliding_window_view(letters, KMER_LENGTH)
    windows = windows[((windows >= 0) & (windows < 26) & (windows != ord("X") - ord("A"))).all(1)]
    ordered = np.sort(windows, axis=1)
    windows = windows[(ordered[:, 1:] != ordered[:, :-1]).sum(1) >= 2]
    return np.unique(windows @ (26 ** np.arange(KMER_LENGTH, dtype=np.int32)))


def identity(first: str, second: str) -> float:
    """Return the identity of two sequences, 0 to 1; see the module."""
    shorter = min(len(first), len(second), MAX_ALIGNED)
    return align(first, second).identical / shorter if shorter else 0.0


@dataclass(frozen=True, slots=True)
class Alignment:
    """The best local alignment of two sequences."""

    score: int
    identical: int
    """pairs of the same residue"""
    columns: int
    """length, gaps included"""


def align(first: str, second: str) -> Alignment:
    """Align two sequences by Smith and Waterman's method with affine gaps (Gotoh 1982), scored with BLOSUM62.

    The dynamic programming goes row by row. A gap within a row follows from a running maximum, because a gap that
    opens where another has just closed is never better than one gap.
    """
    first_codes, two = _codes(first[:MAX_ALIGNED]), _codes(second[:MAX_ALIGNED])
    height, width = len(first_codes), len(two)
    steps = np.zeros((height + 1, width + 1), np.uint8)
    row = np.zeros(width + 1, np.int64)
    down = np.full(width + 1, -(10**6), np.int64)
    slope = np.arange(width + 1) * GAP_EXTEND
    best, at = 0, (0, 0)
    for i in range(1, height + 1):
        opened, extended = row - GAP_OPEN, down - GAP_EXTEND
        down = np.maximum(opened, extended)
        pair = np.full(width + 1, -1, np.int64)
        pair[1:] = row[:-1] + _SCORES[first_codes[i - 1], two]
        left_out = np.maximum(np.maximum(pair, down), 0)
        left_out[0] = 0
        across = np.full(width + 1, -(10**6), np.int64)
        across[1:] = np.maximum.accumulate(left_out + slope)[:-1] - GAP_OPEN - slope[:-1]
        row = np.maximum(left_out, across)
        step = np.where(row == 0, _STOP, np.where(row == pair, _PAIR, np.where(row == down, _DOWN, _ACROSS)))
        step[extended > opened] |= _DOWN_GOES_ON
        step[1:][across[1:] == across[:-1] - GAP_EXTEND] |= _ACROSS_GOES_ON
        steps[i] = step
        peak = int(row.argmax())
        if row[peak] > best:
            best, at = int(row[peak]), (i, peak)
    return Alignment(best, *_walk(steps, first_codes, two, *at))


_STOP, _PAIR, _DOWN, _ACROSS, _DOWN_GOES_ON, _ACROSS_GOES_ON = 0, 1, 2, 3, 4, 8


def _walk(steps: NDArray[np.uint8], first: IntArray, two: IntArray, i: int, j: int) -> tuple[int, int]:
    """Follow the steps back from the end of an alignment; return its identical pairs and its columns."""
    identical = columns = 0
    while (step := int(steps[i, j]) & 3) != _STOP:
        if step == _PAIR:
            identical += int(first[i - 1] == two[j - 1])
            columns, i, j = columns + 1, i - 1, j - 1
        elif step == _DOWN:
            goes_on = True
            while goes_on:
                goes_on = bool(steps[i, j] & _DOWN_GOES_ON)
                columns, i = columns + 1, i - 1
        else:
            goes_on = True
            while goes_on:
                goes_on = bool(steps[i, j] & _ACROSS_GOES_ON)
                columns, j = columns + 1, j - 1
    return identical, columns


def _scores() -> IntArray:
    scores = np.zeros((len(_LETTERS), len(_LETTERS)), np.int64)
    scores[np.tril_indices(len(_LETTERS))] = [int(score) for score in _BLOSUM62.split()]
    return scores + np.tril(scores, -1).T


_SCORES = _scores()
_PLACE = np.full(256, _LETTERS.index("X"))
_PLACE[np.frombuffer(_LETTERS.encode(), np.uint8)] = np.arange(len(_LETTERS))
_PLACE[ord("U")] = _LETTERS.index("C")  # selenocysteine
_PLACE[ord("O")] = _LETTERS.index("K")  # pyrrolysine


def _codes(sequence: str) -> IntArray:
    return np.asarray(_PLACE[np.frombuffer(sequence.upper().encode("ascii", "replace"), np.uint8)], np.int64)
