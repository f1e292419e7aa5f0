"""What a text discloses that should be a name or a query: a structure or a sequence written in it, in any notation.

It errs on the safe side: what reads as a structure counts as one unless it is a known name
(:data:`GENES_READ_AS_SMILES`) or a few capitals without a bond, as genes and abbreviations are (``SPOP``, ``CNO``). A
systematic name (``2-(acetyloxy)benzoic acid``) is a name, and so is a formula (``C9H8O4``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

from biomed_agent.core.identifiers import INCHIKEY, ORGANIC_SUBSET
from biomed_agent.core.protein_variants import LETTERS

GENES_READ_AS_SMILES = frozenset({"BCCIP"})
"""Genes of five letters and more that RDKit reads as a SMILES and that look like one; of the starter set no other."""
MIN_ATOMS = 5
"""of a SMILES within a longer text; less than that is also an abbreviation, unless it has chlorine or bromine"""
MAX_MOTIF_RESIDUES = 3
"""residues in three-letter code that a query may hold: Arg-Gly-Asp is what integrins are asked about by"""
MIN_SEQUENCE_RESIDUES = 12
"""residues from which a word that is no English counts as a sequence"""

_BRACKET_ATOM = r"\[\d*[A-Za-z][a-z]?@{0,2}(?:H\d*)?[+-]{0,4}\d*(?::\d+)?\]"
_SMILES_PART = rf"(?:{_BRACKET_ATOM}|{ORGANIC_SUBSET}|[-=#$/\\.~:()@+*]|%\d\d|\d)"
_SMILES = re.compile(rf"{_SMILES_PART}+")
_SMILES_RUN = re.compile(rf"(?<![A-Za-z]){_SMILES_PART}{{8,}}(?![A-Za-z])")
_ATOM = re.compile(rf"{_BRACKET_ATOM}|{ORGANIC_SUBSET}")
_BONDS = re.compile(r"[=#()\[\]@\\]|[bcnops]\d")
"""marks that names and lists of names do not have"""
_UNLIKE_WORDS = re.compile(r"CCCC|Cl|Br|^(?=.*CC).{5}|.{7}")

_INCHIKEY = re.compile(rf"\b{INCHIKEY.pattern}\b")
_RESIDUE = rf"(?:{'|'.join(LETTERS)}|Aib|Orn|Nle|Hyp|Sar|Cit|Xaa)"
_RESIDUES = re.compile(_RESIDUE, re.I)
_NOTATIONS = (
    ("InChI", re.compile(r"InChI\s*=|(?<![\w.])1S?/[A-Z][A-Za-z0-9.]*/[chqpbtmsir]|/[ch]\d+[-(,]\d", re.I)),
    ("InChI", re.compile(r"(?<![\w.,-])(?=(?:\S*?\d-\d){3})c?\d+(?:[-(),]+\d+){5,}")),
    ("MOL block", re.compile(r"M  END|V[23]000|\$\$\$\$")),
    ("HELM", re.compile(r"\b(?:PEPTIDE|RNA|DNA|CHEM|BLOB)\d+\s*\{|\{\w(?:\.\w){2,}\}", re.I)),
    ("peptide", re.compile(rf"\b{_RESIDUE}(?:\([^()]*\))?(?:[-\s]+(?:[DL]-)?{_RESIDUE}(?:\([^()]*\))?){{2,}}\b", re.I)),
    ("peptide", re.compile(rf"(?<![a-z]){_RESIDUE}{{3,}}(?![a-z])")),
    ("condensed formula", re.compile(r"(?<![\w-])(?=\S*(?:CH[23]|C6H[45]))(?=\S*C(?!l)\S*C(?!l))"
                                     r"(?:Cl|Br|Na|Li|[CHNOSPFI]|\d|[-=#≡()])+(?![\w-])")),
)  # fmt: skip
_WORD = re.compile(r"(?<![A-Za-z])[A-Za-z]{9,}(?![A-Za-z])")
_STEMS = re.compile(r"(?:mab|nib|vir|stim|cept|tide|parin)$", re.I)
"""endings of international nonproprietary names"""
_BLOCKS = re.compile(r"(?<![A-Za-z])(?:[A-Z]{5,10}[\s-]+)+[A-Z]{1,10}(?![A-Za-z])|(?:[a-z]{10}\s+){2,}[a-z]{1,10}\b")
_LETTERS = re.compile(r"(?<![A-Za-z])(?:[A-Z][\s.-]+){7,}[A-Z](?![A-Za-z])")

# Twice the natural logarithm of how much more frequent a pair of neighbouring letters is in sequences (the proteins of
# the starter set) than in words (its names and 44,000 words of open biomedical articles), a row for each first letter:
# 0 is none, A to I are 1 to 9, a to i are -1 to -9. X, the unknown residue, says nothing.
_PAIRS = """
Hic0CBBCBiDacci0Gb0ciCB0Bi iiiiiigiiieiiiiiciiiihf0ie dh0FcHIdcc0aGEiIHaCbiII0bh 0iFEbHFDbiIFEEiHI0CHiGD0Bh
AicaDABBBiGAaci0DcbbiCB0Ci AgGI0BIH0cIAFIiIIBGDiII0De BiII0IFBAgIBDCiIIBFHiIH0Dh biFGcGIGbeHBBDiHIADAiIC0de
aieb00ABEiE0bei0D0abiAF0Gi ieeeiccfieheheieceeeiec0cc CiGICHIEBfIGHFiIIGEIiIE0Ee 0iBC0BFFbfFBBFiCIIDBiFG0ai
biCHcDIFdeIGaDiaIGCFiIH0af cibbdBbCbiCFCAiEGDaciDD0ai iiiiiiiiiiiiiiiiiiiiiii0ii 0hGH0GIcaeIBFFiDIaCAiIG00e
IeIIIIIIIcIIIIeIIIIIiII0Ic bi0BbCBBcfDEaBiBIBA0iDD00i Ai0HaDI0afEEAFiAGHBaiHC0Bh biCIcGHdcfIEDFiGIbBBiID0ai
iiiiiiiiiiiiiiiihiiiiih0ii BeII0IIIAeIIIIiIIIIIiII0Ic 0hFFAHIA0eGFFCiGIDDFhIF0Fc 00000000000000000000000000
BibaCFDEDcGb0Ai0G0AAiGF0Ii iggfigeiicfiggiefeehieg0ii
""".split()
_VALUES = {letter: place - 9 for place, letter in enumerate("ihgfedcba0ABCDEFGHI")}


def structure_in(text: str, *, name: bool = False) -> str:
    """Return what of a text is a structure or a sequence, in words, such as ``'CCCCCC' (SMILES)``; empty if nothing.

    Args:
        text: A name or a query, also one in quotes within a search expression.
        name: Whether the text, and what stands in it in quotes, is one name; of a query, short words that also read as
            a SMILES and motifs of three residues are let pass.
    """
    text = _plain(text)
    for notation, pattern in _NOTATIONS:
        for match in pattern.finditer(text):
            if notation == "peptide" and not name and len(_RESIDUES.findall(match[0])) <= MAX_MOTIF_RESIDUES:
                continue
            before, after = re.search(r'[^\s"]*$', text[: match.start()]), re.match(r'[^\s"]*', text[match.end() :])
            return _shown(f"{before and before[0]}{match[0]}{after and after[0]}", notation)
    if residues := next(_sequences(text), ""):
        return _shown(residues, "sequence")
    wholes = (text.strip(), *re.findall(r'"([^"]+)"', text)) if name else ()
    for whole in wholes:
        if _is_smiles(whole, short=True):
            return _shown(whole, "SMILES")
    for token in _tokens(text):
        if _is_smiles(token):
            return _shown(token, "SMILES")
    for run in _SMILES_RUN.finditer(text):  # broken ones, which RDKit does not read, are as confidential
        if len(_ATOM.findall(run[0])) >= MIN_ATOMS and re.search(rf"{_BONDS.pattern}|CCC|Cl|Br", run[0]):
            return _shown(run[0], "SMILES")
    return ""


def are_nucleotides(sequence: str) -> bool:
    """Return whether a sequence is DNA or RNA rather than a protein: twelve letters or more, all of them bases."""
    return len(sequence) >= 12 and set(sequence) <= set("ACGTUN")


def reads_as_residues(word: str) -> bool:
    """Whether a run of letters is a sequence of residues or nucleotides rather than a word, by its pairs of letters.

    Of pieces of human proteins 99 % count from 12 residues on, and 97 % from 9 in capitals; of the words of articles
    and names of that length 0.3 %, and in capitals 0.7 %.
    """
    letters = word.upper()
    if are_nucleotides(letters):
        return True
    if _STEMS.search(word):
        return False
    score = sum(_VALUES[_PAIRS[ord(first) - 65][ord(second) - 65]] for first, second in pairwise(letters))
    return score > (2 if len(word) >= MIN_SEQUENCE_RESIDUES else 4)  # a short one has fewer letters that can tell


def _plain(text: str) -> str:
    """Return a text without what hides a notation: signs that cannot be seen, special dashes, escapes of a query."""
    text = "".join(letter for letter in unicodedata.normalize("NFKC", text) if unicodedata.category(letter) != "Cf")
    return _INCHIKEY.sub(" ", re.sub("[‐‑‒–—−]", "-", text).replace("\\\\", "\\").replace('\\"', '"'))


def _shown(piece: str, notation: str) -> str:
    piece = " ".join(piece.split())
    return f"{piece[:40] + '...' if len(piece) > 40 else piece!r} ({notation})"


def _sequences(text: str) -> Iterator[str]:
    """Yield the sequences in a text: one word, blocks of equal length, or letters one by one."""
    for match in _WORD.finditer(text):
        if (len(match[0]) >= MIN_SEQUENCE_RESIDUES or match[0].isupper()) and reads_as_residues(match[0]):
            yield match[0]
    for match in _BLOCKS.finditer(text):
        blocks = re.split(r"[\s-]+", match[0])
        joined = "".join(blocks)
        equal = len(blocks[0]) >= len(blocks[-1]) and len({len(block) for block in blocks[:-1]}) == 1
        if equal and len(joined) >= MIN_SEQUENCE_RESIDUES and reads_as_residues(joined):
            yield match[0]
    yield from (match[0] for match in _LETTERS.finditer(text))


def _tokens(text: str) -> Iterator[str]:
    """Yield what can be a SMILES in a text: its words, without a field in front, a tag behind and loose brackets."""
    for word in re.split(r"[\s\"'|;,<>]+", text):
        bare = re.sub(r"\[[A-Za-z]{2,}\]?$", "", re.sub(r"^\w+:", "", word)).strip(".:!?")
        while bare.startswith("("):  # no SMILES starts with a branch
            bare = bare[1:]
        while bare.endswith(")") and bare.count(")") > bare.count("("):
            bare = bare[:-1]
        yield bare


def _is_smiles(text: str, *, short: bool = False) -> bool:
    """Whether RDKit reads a word as a SMILES, and it is no known name.

    Args:
        text: One word.
        short: Whether two atoms are enough if it has marks that words do not have. Letters alone that fit a word are
            one: SPOP, CCNO and CNO are names, and a chain of four atoms is nobody's secret.
    """
    if not _SMILES.fullmatch(text) or text.upper() in GENES_READ_AS_SMILES:
        return False
    marked = _BONDS.search(text)
    if "/" in text and not marked:  # POPC/POPS: in a SMILES a double bond would stand between
        return any(_is_smiles(part, short=short) for part in text.split("/"))
    atoms = _atoms(text)
    if marked or (short and re.search(r"\d", text)):  # RDKit reads a digit only where a ring is closed: not NOS1
        return atoms >= (2 if short else MIN_ATOMS - 1)
    return atoms >= 3 and bool(_UNLIKE_WORDS.search(text))


def _atoms(smiles: str) -> int:
    """Return how many atoms RDKit reads; 0 if it is no SMILES."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
    return 0 if mol is None else int(mol.GetNumAtoms())
