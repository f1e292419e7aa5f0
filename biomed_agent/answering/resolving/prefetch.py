"""Many names at once: what OPSIN or PubChem will be asked for is read together before each is resolved alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from biomed_agent.answering.resolving import systematic
from biomed_agent.answering.resolving.resolver import Resolver
from biomed_agent.core.chemistry import structures
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.identifiers import INCHIKEY, MAX_NAME, PLAIN_IDS, names_a_file, smiles_shaped, split_prefix

if TYPE_CHECKING:
    from biomed_agent.answering.components import Components

BATCH_SIZE = {"molecule": 200, "protein": 1_000, "literature": 1}
"""names fetched together, and then answered one by one"""


def prefetch(components: Components, texts: Sequence[str]) -> Components:
    """Return the components with a resolver that has asked PubChem for what these names of molecules need.

    A name that the local index knows, or that can be read without any record, needs nothing. Systematic names are read
    here, and of those PubChem is asked for the InChIKey.
    """
    systematic.read_ahead(components.index, texts)
    pubchem = components.retriever.pubchem
    if pubchem is None:
        return components
    from biomed_agent.sources.pubchem import Ahead

    wanted: dict[str, dict[str, None]] = {"cid": {}, "inchikey": {}, "name": {}}
    for text in texts:
        namespace, value = _needed(components, text.strip())
        if namespace:
            wanted[namespace][value] = None
    ahead = Ahead(pubchem.transport, [int(cid) for cid in wanted["cid"]], [*wanted["inchikey"]], [*wanted["name"]])
    resolver = components.resolver
    return replace(components, resolver=Resolver(resolver.index, ahead, resolver.uniprot, files=resolver.files))


def _needed(components: Components, text: str) -> tuple[str, str]:
    """Return what PubChem will be asked for: ``cid``, ``inchikey`` or ``name`` and a value; empty for nothing."""
    index = components.index
    prefix, value = split_prefix(text)
    if not prefix:
        for shape, namespace in PLAIN_IDS:
            if match := shape.fullmatch(value):
                prefix, value = namespace, match[1]
                break
    if prefix == "inchikey" or (not prefix and INCHIKEY.fullmatch(value)):
        key = value.upper()
        return ("", "") if index.molecules_by_inchikey(key) or len(key) != 27 else ("inchikey", key)
    if prefix in ("cid", "cas", "chebi", "drugbank", "chembl", "unii"):
        if index.molecule_by_id(prefix, value):
            return "", ""
        if prefix == "cid":
            return ("cid", value) if value.isdigit() and int(value) else ("", "")
        return "name", f"CHEBI:{value}" if prefix == "chebi" else value
    if prefix in ("smiles", "inchi") or (not prefix and _is_structure(value)):
        return _key_needed(components, prefix, value)
    if names_a_file(text):
        return "", ""
    known = index.homonyms(value) or index.molecules_named(value)
    if prefix not in ("", "name") or known or not value or "\n" in value:
        return "", ""
    if molecule := systematic.read_systematic(value):
        return _unknown_key(components, molecule.inchikey)
    return ("name", value) if len(value) <= MAX_NAME else ("", "")


def _is_structure(value: str) -> bool:
    return structures.looks_like_inchi(value) or structures.looks_like_smiles(value) or smiles_shaped(value)


def _key_needed(components: Components, prefix: str, value: str) -> tuple[str, str]:
    """Return the InChIKey of a structure that the index does not hold; nothing for one that cannot be read."""
    try:
        if prefix == "inchi" or structures.looks_like_inchi(value):
            key = structures.molecule_from_inchi(value if value.startswith("InChI=") else f"InChI={value}").inchikey
        else:
            key = structures.molecule_from_smiles(value).inchikey
    except InvalidInput:
        return "", ""
    return _unknown_key(components, key)


def _unknown_key(components: Components, key: str) -> tuple[str, str]:
    return ("", "") if not key or components.index.molecules_by_inchikey(key) else ("inchikey", key)
