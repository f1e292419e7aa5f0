"""How identifiers are written: accessions, EC numbers, keys, prefixes; and which text may be a SMILES."""

from __future__ import annotations

import re
import unicodedata

from biomed_agent.core.errors import InvalidInput

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
ORGANIC_SUBSET = r"Br|Cl|[BCNOPSFIbcnops]"
"""Pattern of the atoms that a SMILES writes without brackets."""
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


def split_prefix(text: str) -> tuple[str, str]:
    """Split ``cid:2244`` into ``("cid", "2244")``; the prefix is empty when there is none.

    ``InChIKey=...``, as an InChIKey is written in print, is split as ``inchikey:...`` is, and an InChI without its
    ``InChI=`` as ``inchi:...``.
    """
    if _BARE_INCHI.fullmatch(text):
        return "inchi", text
    if label := _KEY_SAID.match(text):
        return "inchikey", text[label.end() :].strip()
    head, colon, rest = text.partition(":")
    if colon and head.lower() in PREFIXES and rest.strip():
        return head.lower(), rest.strip()
    return "", text


_ATOM = rf"\[[^\[\]\s]+\]|{ORGANIC_SUBSET}"
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


_FILE = re.compile("(?<![A-Za-z\\d])file\\s*[:\u2236\ua789]", re.I)
"""also with the signs that are drawn like a colon and that compatibility leaves alone"""


def names_a_file(text: str) -> bool:
    """Whether a name holds ``file:``, also behind white space, quotes, other prefixes or signs nobody sees.

    What begins with an at sign is one too: the command line takes it for a file, and elsewhere the path would be sent
    as a name.

    A FASTA record or a MOL block is no name: its title may hold anything.
    """
    plain = "".join(letter for letter in unicodedata.normalize("NFKC", text) if unicodedata.category(letter) != "Cf")
    titled = "\n" in plain.strip() and (plain.lstrip().startswith(">") or "M  END" in plain)
    return not titled and (plain.lstrip(" \t\"'").startswith("@") or _FILE.search(plain) is not None)


def refuse_file(text: str, instead: str) -> None:
    """Raise :class:`InvalidInput` when ``text`` names a file, whether or not there is one."""
    if names_a_file(text):
        raise InvalidInput("file: is not allowed here.", instead)
