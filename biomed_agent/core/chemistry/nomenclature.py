"""Systematic names both ways: structure to name by openclatura, name to structure by OPSIN; both on this machine.

A name is proved by the way back: OPSIN reads what openclatura wrote, and the InChIKey must be that of the structure.
Both come with the extra ``names``. Nothing of either is imported until a name is asked for.

openclatura (MIT) names by the rules of the IUPAC recommendations of 2013 (H. A. Favre and W. H. Powell, Nomenclature of
Organic Chemistry, RSC 2014). It is young: of 289 names that it wrote for public structures 10 are read as another one,
which only the way back shows. So a name that is not proved says so.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import NamedTuple

from rdkit import Chem, rdBase

from biomed_agent.core.chemistry import opsin, structures
from biomed_agent.core.chemistry.name_shapes import name_spans
from biomed_agent.core.errors import InvalidInput, Unavailable
from biomed_agent.core.types import Molecule, Provenance

MAX_SYSTEMATIC_NAME = 3_000
"""characters of the longest name that is read; PubChem's longest have 2,000"""
MAX_NAMED_ATOMS, MAX_NAMED_RINGS = 200, 24
"""heavy atoms and rings of the largest structure that is named, which takes about 2 s; fullerenes take longer"""
KEPT = 4_096
"""names and structures remembered"""
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-") | dict.fromkeys("′’ʹ＇", "'"))
_FOLLOWING = re.compile(
    r"(?:hemi|sesqui|mono|di|tri|tetra|penta|hexa|hepta|octa|nona|deca)?"
    r"(?:hydrate|hydro(?:chloride|bromide|iodide|fluoride))",
    re.I,
)
"""parts of a mixture that are no names by themselves; behind another name with a space they are read"""
_CATIONS = {
    "lithium": "[Li+]", "sodium": "[Na+]", "potassium": "[K+]", "rubidium": "[Rb+]", "cesium": "[Cs+]",
    "caesium": "[Cs+]", "silver": "[Ag+]", "magnesium": "[Mg+2]", "calcium": "[Ca+2]", "strontium": "[Sr+2]",
    "barium": "[Ba+2]", "zinc": "[Zn+2]", "aluminum": "[Al+3]", "aluminium": "[Al+3]",
    "disodium": "[Na+].[Na+]", "dipotassium": "[K+].[K+]", "dilithium": "[Li+].[Li+]",
    "trisodium": "[Na+].[Na+].[Na+]", "tripotassium": "[K+].[K+].[K+]", "tetrasodium": "[Na+].[Na+].[Na+].[Na+]",
}  # fmt: skip
"""metals of one usual charge, which alone OPSIN reads as the element and within a salt are ions"""
_BARE_ATOM = re.compile(r"\[[A-Z][a-z]?\]")
_OPEN_POSITION = re.compile(r"\*|\[R\d*\]")
_TWO_NITROGENS = re.compile(r"\d-N'")
"""PubChem's locants of two nitrogen atoms on one carbon (``1-N'``), which OPSIN reads as one and the same atom"""


@dataclass(frozen=True, slots=True)
class SystematicName:
    """The systematic name of a structure."""

    name: str
    proved: bool
    """whether OPSIN read it back to the same InChIKey; False where OPSIN is not installed"""
    version: str
    """of the program that made it, such as ``openclatura 0.4.3``"""

    @property
    def provenance(self) -> Provenance:
        """What made the name."""
        return Provenance(source=self.version, licence="MIT")

    @property
    def note(self) -> str:
        """How far the name is proved, for a reader."""
        if self.proved:
            return "read back by OPSIN to the same structure"
        return "not read back: OPSIN is not installed"


def can_read() -> bool:
    """Whether OPSIN is at hand, so that :func:`structures_of` reads names."""
    return opsin.installation() is not None


def can_name() -> bool:
    """Whether openclatura is at hand, so that :func:`systematic_name` names structures."""
    return find_spec("openclatura") is not None


def opsin_provenance() -> Provenance:
    """Return what reads names, with its version; the source is ``OPSIN`` alone where it is not installed."""
    where = opsin.installation()
    return Provenance(source=f"OPSIN {where.version}" if where else "OPSIN", licence="MIT")


# ---------------------------------------------------------------- structure to name


def systematic_name(smiles: str) -> SystematicName | None:
    """Return the systematic name of a structure.

    A name that OPSIN reads back to another structure, or does not read, is never returned.

    Args:
        smiles: One structure.

    Returns:
        The name; None where none is found that holds: metals and other elements that openclatura lacks, open
        positions, more than :data:`MAX_NAMED_ATOMS` heavy atoms, stereochemistry that the name does not keep.

    Raises:
        InvalidInput: The SMILES cannot be read.
        Unavailable: openclatura is not installed.
        TimedOut: The deadline of the call is over.
    """
    if not can_name():
        raise Unavailable(
            "a systematic name can only be made by openclatura, which is not installed.",
            f"Add it: {opsin.HOW_TO_INSTALL}",
        )
    return _named(structures.molecule_from_smiles(smiles), can_read())


def _named(molecule: Molecule, provable: bool) -> SystematicName | None:
    if not _within_reach(molecule.smiles):
        return None
    for name in dict.fromkeys((_whole_name(molecule.smiles), _name_by_parts(molecule.smiles))):
        if not name:
            continue
        if not provable:
            return None if _holds_what_is_lost(molecule.smiles) else SystematicName(name, False, _openclatura())
        if (read := structures_of([name])[0]) and _key(read) == molecule.inchikey:
            return SystematicName(name, True, _openclatura())
    return None


@lru_cache(maxsize=1)
def _openclatura() -> str:
    try:
        return f"openclatura {version('openclatura')}"
    except PackageNotFoundError:  # copied beside the package rather than installed
        return "openclatura"


@lru_cache(maxsize=KEPT)
def _whole_name(smiles: str) -> str:
    """Return openclatura's name; empty where it has none."""
    import openclatura

    with rdBase.BlockLogs():
        result = openclatura.name(smiles)
    name = (result.name or "").strip() if result.ok else ""
    return "" if any(unicodedata.category(letter).startswith("C") for letter in name) else name


def _name_by_parts(smiles: str) -> str:
    """Return the names of the parts of a mixture or salt, joined as PubChem joins them; empty for a single part."""
    parts = smiles.split(".")
    names = [_whole_name(part) for part in parts] if 1 < len(parts) <= 12 else []
    return ";".join(sorted(names, key=len, reverse=True)) if all(names) else ""


def _within_reach(smiles: str) -> bool:
    mol = Chem.MolFromSmiles(smiles)
    return (
        mol is not None
        and 0 < mol.GetNumHeavyAtoms() <= MAX_NAMED_ATOMS
        and mol.GetRingInfo().NumRings() <= MAX_NAMED_RINGS
        and all(atom.GetAtomicNum() for atom in mol.GetAtoms())
    )


def _holds_what_is_lost(smiles: str) -> bool:
    """Whether a structure has isotopes or open shells, which openclatura passes over without a word."""
    return any(
        atom.GetIsotope() or atom.GetNumRadicalElectrons() for atom in structures.parse_smiles(smiles).GetAtoms()
    )


@lru_cache(maxsize=KEPT)
def _key(smiles: str) -> str:
    try:
        return structures.molecule_from_smiles(smiles).inchikey
    except InvalidInput:
        return ""


# ---------------------------------------------------------------- name to structure


def structures_of(names: Sequence[str]) -> list[str | None]:
    """Read systematic names.

    Several names joined by ``;`` without a space, as PubChem joins the parts of a mixture, are read as all of them.
    What names several structures (``dichlorobenzene``) or a stereocentre that is none is not read. Read names are
    remembered.

    Args:
        names: Each at most :data:`MAX_SYSTEMATIC_NAME` characters.

    Returns:
        Canonical isomeric SMILES in the order of the names; None for a name that is not read.

    Raises:
        Unavailable: OPSIN is not installed, or does not start.
        TimedOut: The deadline of the call is over.
    """
    if not names:
        return []
    reader = opsin.shared()
    return [_structure_of(reader, readable) if (readable := _readable(name)) else None for name in names]


def molecule_named(name: str) -> Molecule | None:
    """Return the molecule of a systematic name, with OPSIN as its provenance; None when it is not read.

    Raises:
        Unavailable: See :func:`structures_of`.
        TimedOut: See :func:`structures_of`.
    """
    smiles = structures_of([name])[0]
    return structures.molecule_from_smiles(smiles, provenance=opsin_provenance()) if smiles else None


class NameRead(NamedTuple):
    """A systematic name within a text."""

    start: int
    end: int
    """place of the first character behind it"""
    name: str
    smiles: str


def names_in(text: str) -> list[NameRead]:
    """Return the systematic names that OPSIN reads in a text, in its order, none within another; asks OPSIN once.

    Raises:
        Unavailable: Something looks like a name (:func:`.name_shapes.name_spans`), and OPSIN is not installed.
        TimedOut: The deadline of the call is over.
    """
    spans = sorted(name_spans(text), key=lambda span: (span[0] - span[1], span[0]))
    found: list[NameRead] = []
    for (start, end), smiles in zip(spans, structures_of([text[start:end] for start, end in spans]), strict=True):
        if smiles and not any(start < other.end and other.start < end for other in found):
            found.append(NameRead(start, end, text[start:end], smiles))
    return sorted(found)


class _Kept:
    """What was read, the least recently asked of it dropped first. Safe to share between threads."""

    def __init__(self, size: int) -> None:
        self._size, self._lock = size, threading.Lock()
        self._read: OrderedDict[str, str | None] = OrderedDict()

    def get(self, name: str) -> tuple[bool, str | None]:
        """Return whether a name was read before, and as what."""
        with self._lock:
            if name not in self._read:
                return False, None
            self._read.move_to_end(name)
            return True, self._read[name]

    def put(self, name: str, smiles: str | None) -> None:
        """Remember what a name was read as."""
        with self._lock:
            self._read[name] = smiles
            self._read.move_to_end(name)
            while len(self._read) > self._size:
                self._read.popitem(last=False)

    def clear(self) -> None:
        """Forget all names."""
        with self._lock:
            self._read.clear()


KEPT_NAMES = _Kept(KEPT)
"""what names were read as in this program"""


def _readable(name: str) -> str:
    """Return a name as one plain line for OPSIN's process; empty for what must not reach it."""
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_SYSTEMATIC_NAME:
        return ""
    plain = unicodedata.normalize("NFC", name).translate(_DASHES)
    plain = "".join(letter for letter in plain if unicodedata.category(letter) != "Cf")
    if any(unicodedata.category(letter).startswith(("C", "Zl", "Zp")) for letter in plain):
        return ""
    return "" if _TWO_NITROGENS.search(plain) else " ".join(plain.split())


def _structure_of(reader: opsin.Opsin, name: str) -> str | None:
    known, smiles = KEPT_NAMES.get(name)
    if not known:
        smiles = _canonical(_read(reader, name))
        KEPT_NAMES.put(name, smiles)
    return smiles


def _read(reader: opsin.Opsin, name: str) -> str:
    """Return OPSIN's SMILES of a name, or of all parts of a mixture; empty if any is not read."""
    parts = [part.strip() for part in name.split(";")]
    if len(parts) == 1:
        return reader.read(name)
    following = [part for part in parts if _FOLLOWING.fullmatch(part)]
    rest = [part for part in parts if not _FOLLOWING.fullmatch(part)]
    if not rest or not all(parts):
        return ""
    wholes = [" ".join((rest[0], *following)), *rest[1:]]
    read = [_CATIONS.get(whole.lower(), "") or reader.read(whole) for whole in wholes]
    if not all(read) and rest[0].lower() in _CATIONS:  # 'calcium;diacetate'
        return reader.read(" ".join(parts))
    return ".".join(read) if all(read) and _adds_up(read) else ""


def _adds_up(parts: Sequence[str]) -> bool:
    """Whether the parts of a mixture are all that its name says.

    Where their charges do not cancel it does not say how many of each there are, and of a bare metal not its charge.
    """
    with rdBase.BlockLogs():
        mols = [Chem.MolFromSmiles(part) for part in parts]
    if any(mol is None for mol in mols) or any(_BARE_ATOM.fullmatch(part) for part in parts):
        return False
    return not sum(Chem.GetFormalCharge(mol) for mol in mols)


def _canonical(smiles: str) -> str | None:
    """Return RDKit's SMILES of OPSIN's; None for an open position (a polymer) or what RDKit does not read."""
    if not smiles or _OPEN_POSITION.search(smiles):
        return None
    try:
        return structures.molecule_from_smiles(smiles).smiles
    except InvalidInput:
        return None
