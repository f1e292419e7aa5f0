"""How identifiers are written: accessions, EC numbers, keys, prefixes; and which text may be a SMILES."""

from __future__ import annotations

import re

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
    if said := _KEY_SAID.match(text):
        return "inchikey", text[said.end() :].strip()
    head, colon, rest = text.partition(":")
    if colon and head.lower() in PREFIXES and rest.strip():
        return head.lower(), rest.strip()
    return "", text


_ATOM = r"\[[^\[\]\s]+\]|Br|Cl|[BCNOPSFIbcnops]"
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
