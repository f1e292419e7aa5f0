"""What RDKit does for the client side: read structures, take them apart, compare, draw.

A :class:`~biomed_agent.core.types.Molecule` holds RDKit's canonical isomeric SMILES, so every function here
starts from the same atom order whatever the user wrote. Nothing is guessed: what does not parse raises
:class:`~biomed_agent.core.errors.InvalidInput` with the reason and the place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from rdkit import Chem, rdBase
from rdkit.Chem import rdinchi, rdMolDescriptors

from biomed_agent.core.chemistry.vocabulary import TERMS
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.identifiers import INCHIKEY, ORGANIC_SUBSET
from biomed_agent.core.types import Molecule, Provenance
from biomed_agent.core.words import shorten

MAX_SMILES = 5_000
"""longest SMILES read, in characters"""
MAX_ATOMS = 1_000
"""largest molecule read, in atoms as written"""
MAX_QUOTED = 60
"""characters of a structure that a message quotes"""
RDKIT = Provenance(source=f"RDKit {rdBase.rdkitVersion}", licence="BSD-3-Clause")
"""provenance of every computed value"""

_SMILES_TOKEN = re.compile(
    rf"(?P<atom>{ORGANIC_SUBSET}|\*)|(?P<bracket>\[[^\[\]]*\])|(?P<ring>%\(\d+\)|%\d\d|\d)"
    r"|(?P<bond>[-=#$:/\\])|(?P<open>\()|(?P<close>\))|(?P<dot>\.)"
)
_SMARTS_ONLY = re.compile(r"[~!&,;?<]|\[\*\]~|\[[^\]]*[!&,;$][^\]]*\]")
_COUNTER_IONS = frozenset(
    "Cl Br I O N O=S(=O)(O)O O=P(O)(O)O O=[N+]([O-])O [O-][Cl+3]([O-])([O-])O CS(=O)(=O)O CCS(=O)(=O)O "
    "O=S(=O)(O)c1ccccc1 Cc1ccc(S(=O)(=O)O)cc1 O=S(=O)(O)CCS(=O)(=O)O CC(=O)O O=CO O=C(O)C(F)(F)F O=C(O)C(=O)O "
    "O=C(O)CC(=O)O O=C(O)CCC(=O)O O=C(O)C=CC(=O)O O=C(O)C(O)C(O)C(=O)O O=C(O)CC(O)C(=O)O O=C(O)CC(O)(CC(=O)O)C(=O)O "
    "CC(O)C(=O)O O=C(O)C(O)C(O)C(O)C(O)CO O=C(O)c1ccccc1 NC(CO)(CO)CO CNCC(O)C(O)C(O)C(O)CO CCNCC NCCO OCCNCCO "
    "C[N+](C)(C)CCO CO CCO CC(C)=O CC(C)O CC#N CS(C)=O CN(C)C=O".split()
)
"""usual counter-ions and solvents of drugs, neutral, canonical, without stereo"""
_NAME_HINT = "If it is a name, write it with the prefix name:, for example name:aspirin."


# ---------------------------------------------------------------- reading


def molecule_from_smiles(
    smiles: str, name: str = "", ids: Mapping[str, str] | None = None, provenance: Provenance | None = None
) -> Molecule:
    """Read a SMILES.

    Dummy atoms (``*``, R groups) are allowed; formula, weight and InChIKey are then left empty.

    Args:
        smiles: One structure, white space around it ignored.
        name: Name to carry along.
        ids: Identifiers by lower-case namespace to carry along.
        provenance: The record it came from; None for a structure the user gave.

    Raises:
        InvalidInput: It is empty, too large, a reaction, a SMARTS pattern, or no valid structure; the
            message says why and where.
    """
    text = smiles.strip()
    shown = shorten(text, MAX_QUOTED)
    if not text:
        raise InvalidInput("the SMILES is empty.", "Give one structure, for example CC(=O)Oc1ccccc1C(=O)O.")
    if len(text) > MAX_SMILES:
        raise InvalidInput(
            f"the SMILES {shown!r} has {len(text):,} characters; at most {MAX_SMILES:,} are read.",
            "For a protein give its sequence with the prefix seq:.",
        )
    if ">" in text:
        raise InvalidInput(
            f"{shown!r} is a reaction, not one structure.", "Give its reactants or products one at a time."
        )
    with rdBase.BlockLogs():
        problem = _syntax_problem(text)
        raw = None if problem else Chem.MolFromSmiles(text, sanitize=False)
        if raw is None:
            raise InvalidInput(f"the SMILES {shown!r} cannot be read: {problem or 'its syntax is wrong'}.", _NAME_HINT)
        refuse_invalid(raw, f"the SMILES {shown!r}")
        return describe(Chem.MolFromSmiles(text), name, ids, provenance)


def molecule_from_inchi(
    inchi: str, name: str = "", ids: Mapping[str, str] | None = None, provenance: Provenance | None = None
) -> Molecule:
    """Read a standard InChI; arguments and errors as :func:`molecule_from_smiles`."""
    text = inchi.strip()
    shown = shorten(text, MAX_QUOTED)
    if not looks_like_inchi(text):
        raise InvalidInput(f"{shown!r} is no InChI; expected a text that starts with 'InChI=1'.")
    if len(text) > MAX_SMILES:
        raise InvalidInput(f"the InChI {shown!r} has {len(text):,} characters; at most {MAX_SMILES:,} are read.")
    with rdBase.BlockLogs():
        raw = rdinchi.InchiToMol(text, False, False)[0]
        if raw is None or not raw.GetNumAtoms():
            raise InvalidInput(f"the InChI {shown!r} cannot be read.", "Was it copied whole? A SMILES will do, too.")
        refuse_invalid(raw, f"the InChI {shown!r}")
        return describe(rdinchi.InchiToMol(text, True, True)[0], name, ids, provenance)


def refuse_invalid(raw: Chem.Mol, shown: str) -> None:
    """Raise InvalidInput when an unsanitized molecule is too large or chemically impossible."""
    if raw.GetNumAtoms() > MAX_ATOMS:
        raise InvalidInput(
            f"{shown} has {raw.GetNumAtoms():,} atoms; at most {MAX_ATOMS:,} are read.",
            "For a protein give its sequence with the prefix seq:.",
        )
    problems = Chem.DetectChemistryProblems(raw)
    if problems:
        raise InvalidInput(
            f"{shown} is no valid structure: {_chemistry_problem(problems[0])}.",
            "Correct the structure, or name the compound instead.",
        )


def describe(
    mol: Chem.Mol, name: str = "", ids: Mapping[str, str] | None = None, provenance: Provenance | None = None
) -> Molecule:
    """Return our molecule for RDKit's; one with open positions has no formula, weight or InChIKey."""
    whole = not any(atom.GetAtomicNum() == 0 for atom in mol.GetAtoms())
    return Molecule(
        smiles=Chem.MolToSmiles(mol),
        inchikey=rdinchi.MolToInchiKey(mol) if whole else "",
        name=name,
        formula=rdMolDescriptors.CalcMolFormula(mol) if whole else "",
        weight=average_weight(mol) if whole else None,
        ids=dict(ids or {}),
        provenance=provenance,
    )


def _syntax_problem(smiles: str) -> str:
    """Say what is wrong with the letters of a SMILES, with 1-based positions; empty when nothing is seen."""
    if any(ord(char) < 33 or ord(char) > 126 for char in smiles):
        return "it holds white space or characters that no SMILES has; give the structure alone"
    if _SMARTS_ONLY.search(smiles):
        return "it is a SMARTS pattern, not one structure"
    position, opened, rings, dangling = 0, [], dict[str, int](), ""
    while position < len(smiles):
        token = _SMILES_TOKEN.match(smiles, position)
        if token is None:
            if smiles[position] in "[]":
                return f"the bracket {smiles[position]!r} at position {position + 1} has no partner"
            return f"{smiles[position]!r} at position {position + 1} is no atom or bond"
        if dangling and (token["bond"] or token["open"] or token["close"] or token["dot"]):
            return f"the bond {dangling!r} at position {position} leads to no atom"
        dangling = token["bond"] or ""
        if token["bracket"] and not _is_atom(token["bracket"]):
            return f"{token['bracket']!r} at position {position + 1} is no atom"
        if token["open"]:
            opened.append(position)
        elif token["close"]:
            if not opened:
                return f"the ')' at position {position + 1} was never opened"
            opened.pop()
        elif token["ring"]:
            label = token["ring"].strip("%()")
            if rings.pop(label, None) is None:
                rings[label] = position
        position = token.end()
    if dangling:
        return f"the bond {dangling!r} at position {position} leads to no atom"
    if opened:
        return f"the '(' at position {opened[-1] + 1} is never closed"
    if rings:
        label, start = next(iter(rings.items()))
        return f"ring closure {label} (position {start + 1}) is never closed"
    return ""


def _chemistry_problem(problem: Chem.MolSanitizeException) -> str:
    """Put one of RDKit's sanitization problems in plain words; atoms are counted from 1 as written."""
    message: str = problem.Message()  # type: ignore[attr-defined]
    valence = re.search(r"atom # (\d+) (\w+), (\d+), is greater", message)
    if valence:
        return f"atom {int(valence[1]) + 1} ({valence[2]}) has valence {valence[3]}, more than it can have"
    if "kekulize" in message:
        atoms = [str(int(index) + 1) for index in re.findall(r"\d+", message)]
        return (
            f"no single and double bonds can be drawn for the aromatic atoms {', '.join(atoms)} "
            "(is a hydrogen missing, as in [nH]?)"
        )
    aromatic = re.search(r"non-ring atom (\d+) marked aromatic", message)
    if aromatic:
        return f"atom {int(aromatic[1]) + 1} is written as aromatic but is in no ring"
    return message.strip().rstrip(".")


def inchi(molecule: Molecule) -> str:
    """Return the standard InChI; empty when the structure has none (R groups, polymers)."""
    mol = parsed(molecule.smiles)
    if any(atom.GetAtomicNum() == 0 for atom in mol.GetAtoms()):
        return ""
    with rdBase.BlockLogs():
        return str(rdinchi.MolToInchi(mol)[0])


def average_weight(mol: Chem.Mol) -> float:
    """Average molecular weight in g/mol, to the three decimals that records keep.

    Every weight that is shown is this number written with two decimals. To write the unrounded one in some places and
    this one in others would show two weights for one structure, 668.77 and 668.76.
    """
    return round(float(rdMolDescriptors.Properties(["amw"]).ComputeProperties(mol)[0]), 3)


# ---------------------------------------------------------------- what a token looks like


def _is_atom(bracket: str) -> bool:
    with rdBase.BlockLogs():  # whatever is in brackets would be printed
        return Chem.MolFromSmiles(bracket, sanitize=False) is not None


@lru_cache(maxsize=4096)
def looks_like_smiles(token: str) -> bool:
    """Tell whether a word is surely meant as a SMILES rather than as a name.

    Biomedical words such as ``PCP``, ``CO2``, ``B12``, ``S-O``, ``P/O`` or ``[125I]`` parse as SMILES by
    accident, so it must parse and show a mark no name has: a double or triple bond, a closed ring, a
    bracket atom, or a branch inside a chain of four atoms or more. ``smiles:`` forces the reading.
    """
    if len(token) > MAX_SMILES or looks_like_inchi(token) or _syntax_problem(token):
        return False
    kinds = [(match.lastgroup, match.group()) for match in _SMILES_TOKEN.finditer(token)]
    atoms = sum(kind in ("atom", "bracket") for kind, _ in kinds)
    labels = r"\[\d+[A-Z][a-z]?\]" if atoms > 1 else r"\[\d*[A-Z][a-z]?\]"  # [125I]-, [3H], [S]: labels of names
    brackets = [text for kind, text in kinds if kind == "bracket" and not re.fullmatch(labels, text)]
    ring = any(kind == "ring" for kind, _ in kinds) and atoms >= 3
    bond = any(kind == "bond" and text in "=#$" for kind, text in kinds) and atoms >= 2
    branch = ")" in token[1:-1] and not token.startswith("(") and not token.endswith(")") and atoms >= 4
    if not (brackets or ring or bond or branch):
        return False
    with rdBase.BlockLogs():
        return Chem.MolFromSmiles(token) is not None


def looks_like_inchi(token: str) -> bool:
    """Tell whether a word starts as an InChI does."""
    return bool(re.match(r"InChI=1S?/", token))


def looks_like_inchikey(token: str) -> bool:
    """Tell whether a word has the shape of an InChIKey (14-10-1 capital letters)."""
    return INCHIKEY.fullmatch(token) is not None


def looks_like_cas(token: str) -> bool:
    """Tell whether a word is a CAS registry number with the right check digit."""
    if not re.fullmatch(r"[1-9]\d{1,6}-\d{2}-\d", token):
        return False
    *digits, check = (int(char) for char in token if char.isdigit())
    return sum(place * digit for place, digit in enumerate(reversed(digits), 1)) % 10 == check


# ---------------------------------------------------------------- shared molecules, stereo


@lru_cache(maxsize=1024)
def parsed(smiles: str) -> Chem.Mol:
    """Return the RDKit molecule of a canonical SMILES; shared, so never change it (copy it first).

    RDKit keeps some results on a molecule (Crippen's values, the order of a SMILES). Threads may share it all the same,
    because the calls of this package that do so hold Python's lock from beginning to end.
    """
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
    if mol is None:
        raise InvalidInput(
            f"the SMILES {shorten(smiles, MAX_QUOTED)!r} cannot be read.", "Read it with molecule_from_smiles first."
        )
    return mol


def stereocentres(molecule: Molecule) -> tuple[int, int]:
    """Count the tetrahedral stereocentres: (defined, undefined)."""
    elements = Chem.FindPotentialStereo(Chem.Mol(parsed(molecule.smiles)))
    centres = [element for element in elements if element.type == Chem.StereoType.Atom_Tetrahedral]
    defined = sum(element.specified == Chem.StereoSpecified.Specified for element in centres)
    return defined, len(centres) - defined


def stereo_stated(molecule: Molecule) -> tuple[int, int]:
    """Count stereocentres and double bonds that have a configuration: (stated, not stated)."""
    kinds = (Chem.StereoType.Atom_Tetrahedral, Chem.StereoType.Bond_Double)
    mol = Chem.Mol(parsed(molecule.smiles))
    elements = [element for element in Chem.FindPotentialStereo(mol) if element.type in kinds]
    stated = sum(element.specified == Chem.StereoSpecified.Specified for element in elements)
    return stated, len(elements) - stated


# ---------------------------------------------------------------- parts, salts, likeness, drawings


def components(molecule: Molecule) -> list[Molecule]:
    """Return the covalently connected parts, largest first; a salt has several."""
    return list(_parts(molecule.smiles))


@lru_cache(maxsize=1024)
def _parts(smiles: str) -> tuple[Molecule, ...]:
    parts = Chem.GetMolFrags(parsed(smiles), asMols=True)
    return tuple(describe(part) for part in sorted(parts, key=lambda part: -part.GetNumHeavyAtoms()))


def part_count(molecule: Molecule) -> int:
    """Count the covalently connected parts, which describes none of them."""
    return len(Chem.GetMolFrags(parsed(molecule.smiles)))


def parent_of_salt(molecule: Molecule) -> Molecule | None:
    """Return the neutral parent of a salt, solvate or ion; None when there is nothing to take away.

    Usual counter-ions and solvents are left aside, unless nothing else is there; of the rest the largest
    organic part is taken and its charges are neutralised where hydrogens allow it.
    """
    return _parent(molecule.smiles)


@lru_cache(maxsize=1024)
def _parent(smiles: str) -> Molecule | None:
    with rdBase.BlockLogs():
        parts = [_uncharged(part) for part in Chem.GetMolFrags(parsed(smiles), asMols=True)]
        organic = [part for part in parts if any(atom.GetAtomicNum() == 6 for atom in part.GetAtoms())]
        if not organic:
            return None
        drug = organic
        if len(organic) > 1:
            drug = [part for part in organic if Chem.MolToSmiles(part, isomericSmiles=False) not in _COUNTER_IONS]
        parent = max(drug or organic, key=lambda part: int(part.GetNumHeavyAtoms()))
        return describe(parent) if Chem.MolToSmiles(parent) != smiles else None


def _uncharged(part: Chem.Mol) -> Chem.Mol:
    from rdkit.Chem.MolStandardize import rdMolStandardize

    charged = any(atom.GetFormalCharge() for atom in part.GetAtoms())
    return rdMolStandardize.Uncharger().uncharge(part) if charged else part


def similar(a: Molecule, b: Molecule) -> float:
    """Return the Tanimoto similarity (0 to 1) of the Morgan fingerprints (radius 2, 2048 bits)."""
    from rdkit import DataStructs
    from rdkit.Chem import rdFingerprintGenerator

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    first, second = (generator.GetFingerprint(parsed(molecule.smiles)) for molecule in (a, b))
    return float(DataStructs.TanimotoSimilarity(first, second))


def draw_svg(molecule: Molecule, width: int = 320, height: int = 240) -> str:
    """Draw the structure on white; returns one ``<svg>`` element, without the XML declaration."""
    from rdkit.Chem.Draw import rdMolDraw2D

    drawer = rdMolDraw2D.MolDraw2DSVG(width, height)
    rdMolDraw2D.PrepareAndDrawMolecule(drawer, Chem.Mol(parsed(molecule.smiles)))
    drawer.FinishDrawing()
    drawing: str = drawer.GetDrawingText()
    return re.sub(r"<!--.*?-->\n?", "", drawing[drawing.index("<svg") :], flags=re.DOTALL).strip()


# ---------------------------------------------------------------- groups and skeletons


@lru_cache(maxsize=4096)
def pattern(smarts: str) -> Chem.Mol:
    """Return the compiled SMARTS; a wrong one is a bug of ours and raises ValueError."""
    query = Chem.MolFromSmarts(smarts)
    if query is None:
        raise ValueError(f"SMARTS {smarts!r} does not parse")
    return query


def count(molecule: Molecule, smarts: str) -> int:
    """Count the matches of a SMARTS pattern that differ in their atoms."""
    return len(parsed(molecule.smiles).GetSubstructMatches(pattern(smarts), uniquify=True, maxMatches=10_000))


def functional_groups(molecule: Molecule) -> dict[str, int]:
    """Count the functional groups present, by the names the field uses (table in ``groups.py``)."""
    counts = {term.name: count(molecule, term.proof) for term in TERMS if term.kind == "group" and term.proof}
    return {name: number for name, number in counts.items() if number}


def skeletons(molecule: Molecule) -> set[str]:
    """Name the ring systems and compound classes whose defining pattern matches (table in ``groups.py``)."""
    mol = parsed(molecule.smiles)
    return {
        term.name
        for term in TERMS
        if term.kind in ("ring", "class") and term.proof and mol.HasSubstructMatch(pattern(term.proof))
    }
