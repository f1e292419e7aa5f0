"""Search by structure in the local index: likeness by Morgan fingerprints, substructures screened by patterns.

Fingerprints are computed once for each index file (some 2,000 molecules a second) and kept in the cache folder.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rdkit import Chem, rdBase

from biomed_agent.core.chemistry.structures import RDKIT, parsed
from biomed_agent.core.types import Molecule, Provenance
from biomed_agent.sources.search_hits import Hit, Hits

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rdkit import DataStructs

    from biomed_agent.sources.local import LocalIndex
    from biomed_agent.sources.local.files import File

FINGERPRINT_BITS = 2048
MAX_SEARCHED = 300_000
"""molecules of an index file beyond which it is not searched: their fingerprints would take minutes"""
MAX_COUNTED = 1_000
"""molecules that hold a substructure after which the search stops counting"""
_VERSION = 1
"""raised whenever the fingerprints below change"""

_log = logging.getLogger(__name__)


class Prints(NamedTuple):
    """The fingerprints of one index file, a row for each molecule; bits packed into bytes."""

    ids: NDArray[np.int64]
    morgan: NDArray[np.uint8]
    """radius 2, of shape ``n x BITS / 8``"""
    pattern: NDArray[np.uint8]
    """RDKit's pattern fingerprint, same shape: all bits of a substructure are set in what holds it"""
    atoms: NDArray[np.int32]
    """heavy atoms"""


class StructureSearch:
    """Searches the molecules of a local index by structure; safe to share between threads.

    Args:
        index: Its files are searched in order; one with more than :data:`MAX_SEARCHED` molecules is passed over.
        cache_dir: Folder for the fingerprints; None keeps them for this process only.
    """

    def __init__(self, index: LocalIndex, cache_dir: Path | None) -> None:
        self.index, self.cache_dir = index, cache_dir
        self._prints: dict[int, Prints] = {}
        self._lock = threading.Lock()

    def similar(self, molecule: Molecule, threshold: float = 0.4, limit: int = 10) -> Hits:
        """Find the molecules most like ``molecule``, best first; itself is no hit.

        Args:
            molecule: What is asked about.
            threshold: Least Tanimoto similarity, 0 to 1. Of drugs that differ by one substituent 0.6 is usual,
                of unrelated ones 0.1 to 0.2.
            limit: Most hits returned.
        """
        import numpy as np

        asked = _bits(_morgan(parsed(molecule.smiles)))
        scored: list[tuple[float, File, int]] = []
        searched = 0
        for file, prints in self._files():
            searched += len(prints.ids)
            common = np.bitwise_count(prints.morgan & asked).sum(axis=1, dtype=np.int64)
            either = np.bitwise_count(prints.morgan | asked).sum(axis=1, dtype=np.int64)
            likeness = common / np.maximum(either, 1)
            scored += [
                (float(likeness[row]), file, int(prints.ids[row])) for row in np.flatnonzero(likeness >= threshold)
            ]
        scored.sort(key=lambda pair: -pair[0])
        how = (
            f"Tanimoto >= {threshold:g} of Morgan fingerprints (radius 2, {FINGERPRINT_BITS} bits) "
            f"among {searched:,} molecules"
        )
        hits: dict[str, Hit] = {}
        for score, file, number in scored:
            candidate = _molecule(file, number)
            if candidate is not None and (not candidate.inchikey or candidate.inchikey != molecule.inchikey):
                hits.setdefault(candidate.inchikey or candidate.smiles, Hit(candidate, round(score, 3)))
            if len(hits) > limit + MAX_COUNTED:
                break
        return Hits(tuple(hits.values())[:limit], len(hits), len(hits) > limit + MAX_COUNTED, self._origin(how))

    def containing(self, molecule: Molecule, limit: int = 10) -> Hits:
        """Find the molecules that hold ``molecule`` as a part, the smallest first; stereo is not compared.

        Args:
            molecule: The part; its open positions (``*``) stand for any atom.
            limit: Most hits returned.
        """
        import numpy as np

        query = _query(molecule)
        asked = _bits(Chem.PatternFingerprint(query, FINGERPRINT_BITS))
        hits: dict[str, Hit] = {}
        searched, stopped = 0, False
        for file, prints in self._files():
            searched += len(prints.ids)
            rows = np.flatnonzero(((prints.pattern & asked) == asked).all(axis=1))
            for row in rows[np.argsort(prints.atoms[rows], kind="stable")]:
                candidate = _molecule(file, int(prints.ids[row]))
                if candidate is None or candidate.smiles == molecule.smiles:
                    continue
                if parsed(candidate.smiles).HasSubstructMatch(query):
                    hits.setdefault(candidate.inchikey or candidate.smiles, Hit(candidate))
                if stopped := len(hits) >= MAX_COUNTED:
                    break
        how = f"substructure search by RDKit among {searched:,} molecules"
        return Hits(tuple(hits.values())[:limit], len(hits), stopped, self._origin(how))

    def _origin(self, how: str) -> Provenance:
        passed_over = sum(_count(file) > MAX_SEARCHED for file in self.index.files)
        note = f"; {passed_over} larger index files were not searched" if passed_over else ""
        return Provenance("local index", f"{how}{note}", licence=RDKIT.licence)

    def _files(self) -> Iterator[tuple[File, Prints]]:
        for number, file in enumerate(self.index.files):
            if _count(file) > MAX_SEARCHED:
                continue
            with self._lock:
                if number not in self._prints:
                    self._prints[number] = self._read(file)
            yield file, self._prints[number]

    def _read(self, file: File) -> Prints:
        """Return the fingerprints of a file from the cache folder, or compute and keep them."""
        import numpy as np

        meta = [tuple(row) for row in file.connection.execute("SELECT key, value FROM meta ORDER BY key")]
        made = [_VERSION, rdBase.rdkitVersion, meta, _count(file)]
        name = f"fingerprints-{hashlib.sha256(json.dumps(made).encode()).hexdigest()[:16]}.npz"
        path = self.cache_dir / name if self.cache_dir else None
        if path is not None and path.is_file():
            try:
                with np.load(path) as stored:
                    return Prints(*(stored[field] for field in Prints._fields))
            except (OSError, ValueError, KeyError) as error:
                _log.warning("computing fingerprints again: %s (%s)", path, error)
        _log.info("computing the fingerprints of %s molecules (once) ...", f"{_count(file):,}")
        prints = _compute(file)
        if path is not None:
            try:
                partial = path.with_name(f"{path.name}.partial")
                with partial.open("wb") as stream:
                    np.savez(stream, **prints._asdict())
                partial.replace(path)
            except OSError as error:
                _log.warning("cannot write %s: %s", path, error)
        return prints


def _compute(file: File) -> Prints:
    import numpy as np

    rows = file.connection.execute("SELECT id, smiles FROM molecule ORDER BY id").fetchall()
    ids, morgan, pattern, atoms = [], [], [], []
    with rdBase.BlockLogs():
        for number, smiles in rows:
            mol = Chem.MolFromSmiles(smiles)
            if mol is not None:
                ids.append(number)
                morgan.append(_bits(_morgan(mol)))
                pattern.append(_bits(Chem.PatternFingerprint(mol, FINGERPRINT_BITS)))
                atoms.append(mol.GetNumHeavyAtoms())
    empty = np.zeros((0, FINGERPRINT_BITS // 8), np.uint8)
    return Prints(
        np.array(ids, np.int64),
        np.stack(morgan) if ids else empty,
        np.stack(pattern) if ids else empty,
        np.array(atoms, np.int32),
    )


def _morgan(mol: Chem.Mol) -> DataStructs.ExplicitBitVect:
    from rdkit.Chem import rdFingerprintGenerator

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=FINGERPRINT_BITS)
    fingerprint: DataStructs.ExplicitBitVect = generator.GetFingerprint(mol)
    return fingerprint


def _bits(fingerprint: DataStructs.ExplicitBitVect) -> NDArray[np.uint8]:
    import numpy as np
    from rdkit import DataStructs

    return np.frombuffer(DataStructs.BitVectToBinaryText(fingerprint), np.uint8)


def _query(molecule: Molecule) -> Chem.Mol:
    """Return the structure as a query whose open positions match any atom."""
    rules = Chem.AdjustQueryParameters()
    rules.adjustDegree = False  # type: ignore[assignment]
    rules.adjustRingCount = False  # type: ignore[assignment]
    rules.makeDummiesQueries = True  # type: ignore[assignment]
    return Chem.AdjustQueryProperties(parsed(molecule.smiles), rules)


def _count(file: File) -> int:
    """Count the molecules of a file, up to one more than :data:`MAX_SEARCHED`."""
    few = f"SELECT count(*) FROM (SELECT 1 FROM molecule LIMIT {MAX_SEARCHED + 1})"
    return int(file.connection.execute(few).fetchone()[0])


def _molecule(file: File, number: int) -> Molecule | None:
    return file.molecule(file.connection.execute("SELECT * FROM molecule WHERE id = ?", (number,)).fetchone())
