"""Splits by structure: what is alike stays on one side.

Molecules are grouped by structure or by scaffold, proteins by sequence cluster. A group goes to a fold as a whole, by
the hash of its name: the same file gives the same split on every machine, and a row that is added moves no other.
"""

import hashlib
import json
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
from rdkit import Chem, rdBase
from rdkit.Chem.MolStandardize import rdMolStandardize
from rdkit.Chem.Scaffolds import MurckoScaffold

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.data.examples import Example
from biomed_agent.model.data.formats import Reading, write_line
from biomed_agent.model.data.similarity import Neighbour, WordIndex, nearest_molecules, nearest_proteins

__all__ = ["Neighbour", "nearest_molecules", "nearest_proteins"]

MANIFEST = "split.json"
"""file of a split that says how it was made; written last"""
SHARED_WORDS, SHARED_PART = 6, 0.06
"""5-mers two proteins must share to be linked: at least this many, and this part of the shorter one's"""
MOLECULE_METHODS = {
    "structure": "first InChIKey block of the largest fragment, neutralised: salts, charge states and stereoisomers "
    "are one group",
    "scaffold": "Bemis-Murcko scaffold of the largest fragment, neutralised; a molecule without rings is grouped by "
    "structure",
}
PROTEIN_METHODS = {
    "mmseqs": "MMseqs2 easy-cluster: identical residues in at least {identity:.0%} of the aligned ones over at least "
    "{coverage:.0%} of both sequences",
    "words": f"single linkage of proteins that share at least {SHARED_WORDS} distinct 5-mers and {SHARED_PART:.0%} of "
    "the shorter one's: 99 % of the pairs at 70 % identity, 70 % at 60 %, 7 % at 50 % when the "
    "differences are spread evenly, more when a part is conserved",
}


# ---------------------------------------------------------------------------------------------- groups


def structure_group(smiles: str) -> str:
    """Return the first InChIKey block of the largest fragment, neutralised.

    Salts, charge states and stereoisomers share a group. A structure without InChI is ``S:`` and its flat
    SMILES, one that does not parse ``S:`` and its own text.
    """
    with rdBase.BlockLogs():
        parent = _parent(smiles)
        if parent is None:
            return f"S:{smiles}"
        key = str(Chem.MolToInchiKey(parent))
        return key.split("-")[0] if key else f"S:{Chem.MolToSmiles(parent, isomericSmiles=False)}"


def scaffold_group(smiles: str) -> str:
    """Return the flat SMILES of the Bemis-Murcko scaffold; of a molecule without rings its structure group."""
    with rdBase.BlockLogs():
        parent = _parent(smiles)
        if parent is None:
            return f"S:{smiles}"
        scaffold = str(Chem.MolToSmiles(MurckoScaffold.GetScaffoldForMol(parent), isomericSmiles=False))
    return f"scaffold {scaffold}" if scaffold else structure_group(smiles)


def _parent(smiles: str) -> Chem.Mol | None:
    molecule = Chem.MolFromSmiles(smiles)
    if molecule is None:
        return None
    return _UNCHARGER.uncharge(_LARGEST.choose(molecule))


_LARGEST, _UNCHARGER = rdMolStandardize.LargestFragmentChooser(), rdMolStandardize.Uncharger()


def word_clusters(sequences: Sequence[str]) -> list[str]:
    """Return the cluster of each sequence by shared 5-mers; see :data:`PROTEIN_METHODS`.

    A cluster is named by the checksum of its first sequence in alphabetical order.
    """
    index = WordIndex(sequences)

    def links() -> Iterator[tuple[int, int]]:
        for number, sequence in enumerate(sequences):
            shared = index.shared(sequence)[:number]
            fewer = np.minimum(index.distinct[:number], index.distinct[number])
            for other in np.flatnonzero(shared >= np.maximum(SHARED_WORDS, SHARED_PART * fewer)):
                yield int(other), number

    roots = _joined(len(sequences), links())
    first: dict[int, str] = {}
    for root, sequence in zip(roots, sequences, strict=True):
        first[root] = min(first.get(root, sequence), sequence)
    return [_named(first[root]) for root in roots]


def _joined(size: int, links: Iterable[tuple[int, int]]) -> list[int]:
    """Return for each of ``size`` things the smallest one it is linked with, directly or by others."""
    root = list(range(size))

    def find(item: int) -> int:
        while root[item] != item:
            root[item] = item = root[root[item]]
        return item

    for first, other in links:
        first, other = sorted((find(first), find(other)))
        root[other] = first
    return [find(item) for item in range(size)]


def _named(sequence: str) -> str:
    return f"cluster {hashlib.sha256(sequence.encode()).hexdigest()[:12]}"


def mmseqs_clusters(sequences: Sequence[str], identity: float, coverage: float, program: str = "mmseqs") -> list[str]:
    """Return the cluster of each sequence by MMseqs2 (Steinegger and Soeding 2017), ``easy-cluster``.

    Args:
        sequences: Distinct sequences.
        identity: Least sequence identity within a cluster (``--min-seq-id``).
        coverage: Least part of both sequences that is aligned (``-c``).
        program: Name or path of MMseqs2.

    Raises:
        InvalidInput: MMseqs2 fails, or says nothing of a sequence.
    """
    with tempfile.TemporaryDirectory(prefix="biomed-agent-") as folder:
        fasta = Path(folder) / "sequences.fasta"
        with fasta.open("w", encoding="ascii") as stream:
            stream.writelines(f">{number}\n{sequence}\n" for number, sequence in enumerate(sequences))
        wanted = ["--min-seq-id", str(identity), "-c", str(coverage), "-v", "1"]
        command = [program, "easy-cluster", str(fasta), f"{folder}/found", f"{folder}/work", *wanted]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            raise InvalidInput(f"{program} cannot be started: {error.strerror}.", "Install MMseqs2.") from error
        if done.returncode:
            output = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            raise InvalidInput(f"MMseqs2 failed with status {done.returncode}: {' '.join(output)}")
        centres: dict[int, int] = {}
        for line in (Path(folder) / "found_cluster.tsv").read_text(encoding="ascii").splitlines():
            centre, member = line.split("\t")
            centres[int(member)] = int(centre)
    if len(centres) != len(sequences):
        raise InvalidInput(f"MMseqs2 put {len(centres):,} of {len(sequences):,} sequences into clusters.")
    return [_named(sequences[centres[number]]) for number in range(len(sequences))]


@dataclass(frozen=True, slots=True)
class Grouping:
    """How examples are grouped.

    Args:
        molecules: Key of :data:`MOLECULE_METHODS`.
        proteins: Key of :data:`PROTEIN_METHODS`; "" for MMseqs2 when it is installed, else shared 5-mers.
    """

    molecules: str = "structure"
    proteins: str = ""
    identity: float = 0.3
    coverage: float = 0.8

    def __post_init__(self) -> None:
        for given, known in ((self.molecules, MOLECULE_METHODS), (self.protein_method, PROTEIN_METHODS)):
            if given not in known:
                raise InvalidInput(f"split method {given!r} is unknown.", f"Expected one of {', '.join(known)}.")
        for name, part in (("identity", self.identity), ("coverage", self.coverage)):
            if not 0 < part <= 1:
                raise InvalidInput(f"{name} is {part:g}; expected a part above 0, up to 1.", "Example: 0.3.")

    @property
    def protein_method(self) -> str:
        """The method that will be used."""
        return self.proteins or ("mmseqs" if shutil.which("mmseqs") else "words")

    def criteria(self) -> dict[str, str]:
        """Return what identity means here, in words, for molecules and proteins."""
        words = PROTEIN_METHODS[self.protein_method].format(identity=self.identity, coverage=self.coverage)
        return {"molecules": MOLECULE_METHODS[self.molecules], "proteins": words}

    def groups(self, examples: Iterable[Example]) -> "Groups":
        """Group what examples are about; only the distinct structures are held in memory."""
        smiles: dict[str, None] = {}
        sequences: dict[str, None] = {}
        together: dict[tuple[str, str], None] = {}
        for example in examples:
            smiles.setdefault(example.smiles)
            sequences.setdefault(example.sequence)
            if example.smiles and example.sequence:
                together.setdefault((example.smiles, example.sequence))
        by_structure = structure_group if self.molecules == "structure" else scaffold_group
        molecules = {structure: by_structure(structure) for structure in smiles if structure}
        distinct = [sequence for sequence in sequences if sequence]
        if self.protein_method == "mmseqs" and distinct:
            clusters = mmseqs_clusters(distinct, self.identity, self.coverage)
        else:
            clusters = word_clusters(distinct)
        proteins = dict(zip(distinct, clusters, strict=True))
        return Groups(
            molecules, proteins, _joint((molecules[molecule], proteins[other]) for molecule, other in together)
        )


@dataclass(frozen=True, slots=True)
class Groups:
    """The group of each structure."""

    molecules: dict[str, str]
    """by SMILES as written"""
    proteins: dict[str, str]
    """by sequence"""
    joint: dict[str, str] = field(default_factory=dict)
    """groups of molecules and proteins that occur together, each with the one that stands for all of them"""

    def group(self, example: Example) -> str:
        """Return the group of an example; of a molecule with a protein, that of all linked with either."""
        name = self.proteins[example.sequence] if example.sequence else self.molecules[example.smiles]
        return self.joint.get(name, name)


def _joint(links: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return for each linked group the first, in alphabetical order, of all it is linked with."""
    links = list(links)
    names = sorted({name for link in links for name in link})
    place = {name: number for number, name in enumerate(names)}
    roots = _joined(len(names), ((place[first], place[other]) for first, other in links))
    return {name: names[root] for name, root in zip(names, roots, strict=True)}


# ---------------------------------------------------------------------------------------------- folds


@dataclass(frozen=True, slots=True)
class Folds:
    """Draws the fold of a group by the hash of its name.

    Args:
        shares: Share of the groups for each fold, by its name; they add up to 1.
        seed: Another one gives another split.

    Raises:
        InvalidInput: The shares are no shares.
    """

    shares: Mapping[str, float]
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.shares or min(self.shares.values()) < 0 or abs(sum(self.shares.values()) - 1) > 1e-6:
            stated = ", ".join(f"{name} {share:g}" for name, share in self.shares.items())
            raise InvalidInput(f"the shares {stated or '(none)'} do not add up to 1.", "Example: 0.8 0.1 0.1.")

    def of(self, group: str) -> str:
        """Return the name of the fold ``group`` belongs to."""
        digest = hashlib.sha256(f"{self.seed} {group}".encode()).digest()
        drawn = int.from_bytes(digest[:8], "big") / 2**64
        passed = 0.0
        for name, share in self.shares.items():
            passed += share
            if drawn < passed:
                return name
        return name


def shared_groups(folds: Mapping[str, Counter[str]]) -> set[str]:
    """Return the groups that lie in more than one fold; ``folds`` counts examples by fold and group."""
    seen: Counter[str] = Counter(group for groups in folds.values() for group in groups)
    return {group for group, times in seen.items() if times > 1}


def write_split(
    readings: Sequence[Reading[Example]],
    folder: Path,
    grouping: Grouping,
    folds: Folds,
    progress: Callable[[str], None] = lambda words: None,
) -> dict[str, Any]:
    """Write one file of JSON lines for each fold, and ``split.json``, which says how and what came of it.

    The files are read twice: once for what the examples are about, once to write them.

    Args:
        readings: Files of examples.
        folder: Where the folds go; what it holds of an earlier split is replaced.
        grouping: What must stay together.
        folds: Who goes where.
        progress: Is told what is being done.

    Returns:
        What ``split.json`` holds: methods in words, and for each fold its examples by kind and its groups.

    Raises:
        InvalidInput: No example was found, or the folder cannot be written.
    """
    progress("reading the structures")
    groups = grouping.groups(chain.from_iterable(readings))
    if not (groups.molecules or groups.proteins):
        raise InvalidInput(f"no example in {', '.join(str(reading.path) for reading in readings)}.", "Run: data check.")
    counted: dict[str, Counter[str]] = {name: Counter() for name in folds.shares}
    kinds: dict[str, Counter[str]] = {name: Counter() for name in folds.shares}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as opened:
            streams = {
                name: opened.enter_context((folder / f"{name}.jsonl.partial").open("w", encoding="utf-8"))
                for name in folds.shares
            }
            for number, example in enumerate(chain.from_iterable(readings), 1):
                group = groups.group(example)
                name = folds.of(group)
                streams[name].write(write_line(replace(example, group=group)))
                counted[name][group] += 1
                kinds[name][example.kind] += 1
                if number % 10_000 == 0:
                    progress(f"{number:,} examples")
        if torn := shared_groups(counted):
            raise RuntimeError(f"{len(torn)} groups lie in several folds, such as {min(torn)}")
        described = _described(readings, grouping, groups, folds, counted, kinds)
        for name in _folds_of(folder / MANIFEST):  # an old fold beside new ones would share groups with them
            (folder / f"{name}.jsonl").unlink(missing_ok=True)
        (folder / MANIFEST).unlink(missing_ok=True)
        for name in folds.shares:
            (folder / f"{name}.jsonl.partial").replace(folder / f"{name}.jsonl")
        (folder / MANIFEST).write_text(json.dumps(described, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{folder} cannot be written: {error.strerror or error}.", "Give another folder.") from error
    return described


def _folds_of(manifest: Path) -> list[str]:
    """Return the names of the folds of an earlier split; none where there is no such split."""
    try:
        return [Path(name).name for name in json.loads(manifest.read_text("utf-8"))["folds"]]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return []


def _described(
    readings: Sequence[Reading[Example]],
    grouping: Grouping,
    groups: Groups,
    folds: Folds,
    counted: Mapping[str, Counter[str]],
    kinds: Mapping[str, Counter[str]],
) -> dict[str, Any]:
    total = sum(groups.total() for groups in counted.values())
    largest, size = max(((group, n) for groups in counted.values() for group, n in groups.items()), key=itemgetter(1))
    return {
        "same_group_means": {what: words for what, words in grouping.criteria().items() if getattr(groups, what)},
        "seed": folds.seed,
        "folds": {
            name: {
                "share_of_groups": share,
                "examples": counted[name].total(),
                "share_of_examples": round(counted[name].total() / total, 4),
                "groups": len(counted[name]),
                "kinds": dict(sorted(kinds[name].items())),
            }
            for name, share in folds.shares.items()
        },
        "groups_in_several_folds": 0,
        "largest_group": {"name": largest, "examples": size},
        "files": [
            {
                "name": reading.path.name,
                "format": reading.format.name,
                "read": reading.counts.total(),
                "bad": reading.bad.total,
            }
            for reading in readings
        ],
    }
