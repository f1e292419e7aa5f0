"""The molecules of the starter set: structures, each proved by a second source, with names and ChEBI terms.

A structure is taken when the InChIKey that RDKit computes from its SMILES is in DrugBank's open vocabulary
(CC0), or when it is a row of ChEBI with name and identifier. Names come from ChEBI, the vocabulary and the
hand-written ``names.tsv``; a hand-written structure (``molecules.tsv``) whose key differs stops the build.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rdkit import Chem, RDLogger
from rdkit.Chem import Descriptors, rdMolDescriptors
from rdkit.Chem.MolStandardize import rdMolStandardize

from biomed_agent.core.common_words import SYMBOL_WORDS
from biomed_agent.core.name_matching import name_key

from .tables import HAND_WRITTEN, read_csv, read_tsv, text_of
from .terms import Vocabulary, known_terms, terms_in, vocabulary, written_by_chebi

RDLogger.DisableLog("rdApp.*")  # it reports every unreadable SMILES

BRANDS = Path(__file__).parents[2] / "biomed_agent" / "data" / "starter" / "brands.tsv"
"""Brand names mean the marketed form, so they are no synonyms of anything else."""
COLUMNS = (
    "inchikey", "name", "smiles", "formula", "weight", "cid", "chebi", "drugbank", "cas", "unii", "chembl", "parent",
    "salt", "synonyms", "classes", "roles", "source",
)  # fmt: skip
MAX_NAME_LENGTH = 60
SYNONYMS_EACH = 25
_NO_COMPOUND = re.compile(r"\b(atom|isotope|steroid|compound|anion|cation|group|polymer|sulfonate)$")
"""ChEBI entries whose name says that they are a class or an element."""
SHORT_NAMES = frozenset(
    "2c-b 2-cda 2-me2 2-pam 4-ap 4-oht 5-ala 5-asa 5-fc 5-fu 5-ht 5-htp 6-mp 6-tg 8-mop actd adma adp amp apap "
    "asa atp atra azt bcnu bpa camp cbd cdca cddp cgmp ddt ddvp deet dfdc dfmo dgla dha dhap dhea dmf dmpc dmps "
    "dmso dmt doca dopa dops dtic dtdp dttp dctp dump eaca edta egcg epa etoh fad fiac gaba gdp ghb gssg gtp h2o "
    "hctz hedp iptg isdn ismn laam l-asp l-cys l-lys l-pam lsd l-t3 l-t4 ltb4 ltc4 ltd4 m-cpp mdma meoh mibg mops "
    "nacl nad nad+ nadh naoh paps pcmx pcp pgd2 pge1 pge2 pgi2 phip prpp saha sam same sdma t3 t4 tbhq teta tham "
    "thc thip tnt tris udca udpg".split()
)
"""Synonyms of up to four letters and digits that mean one compound to everybody; other such codes are dropped."""
_SALT_WORDS = re.compile(
    r"\b(hydrochloride|hcl|hydrobromide|mesylate|mesilate|tosylate|besylate|maleate|fumarate|tartrate|citrate|sodium|"
    r"potassium|calcium|sulfate|sulphate|phosphate|acetate|succinate|hydrate|dihydrate|monohydrate|chloride|bromide)\b",
    re.IGNORECASE,
)


MEASURED_ONLY = 4
"""preference of structures that make a molecule only where BindingDB measured it"""


@dataclass
class Molecule:
    """One row of ``molecules.tsv``."""

    inchikey: str
    name: str
    smiles: str
    source: str
    ids: dict[str, str] = field(default_factory=dict)
    synonyms: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    parent: str = ""
    salt: str = ""

    def row(self) -> dict[str, str]:
        """Return the cells of the row."""
        mol = Chem.MolFromSmiles(self.smiles)
        return {
            "inchikey": self.inchikey,
            "name": self.name,
            "smiles": self.smiles,
            "formula": rdMolDescriptors.CalcMolFormula(mol),
            "weight": f"{Descriptors.MolWt(mol):.3f}",
            **{space: self.ids.get(space, "") for space in ("cid", "chebi", "drugbank", "cas", "unii", "chembl")},
            "parent": self.parent,
            "salt": self.salt,
            "synonyms": "|".join(self.synonyms),
            "classes": "|".join(self.classes),
            "roles": "|".join(self.roles),
            "source": self.source,
        }


@dataclass(frozen=True, order=True)
class Structure:
    """One SMILES as a source gives it; sorts by how much it is preferred."""

    preference: int
    """0 hand-written, 1 PubChem, 2 ChEBI, 3 a data set without identifiers, 4 one for measured drugs only"""
    charges: int
    """charged atoms, so that the neutral form comes before the zwitterion"""
    number: int
    """of the CID or ChEBI identifier: the oldest record comes first"""
    smiles: str
    inchikey: str = ""
    identifier: str = ""
    name: str = ""


def canonical(smiles: str) -> tuple[str, str, int] | None:
    """Return canonical SMILES, InChIKey and number of charged atoms, or None when RDKit cannot read it.

    Charges are removed where the InChIKey stays the same (zwitterions of amino acids).
    """
    mol = Chem.MolFromSmiles(smiles)
    if mol is None or "*" in smiles:
        return None
    key = Chem.MolToInchiKey(mol)
    charged = sum(atom.GetFormalCharge() != 0 for atom in mol.GetAtoms())
    if charged and key:
        neutral = rdMolStandardize.Uncharger().uncharge(Chem.Mol(mol))
        if Chem.MolToInchiKey(neutral) == key:
            mol, charged = neutral, sum(atom.GetFormalCharge() != 0 for atom in neutral.GetAtoms())
    return (Chem.MolToSmiles(mol), key, charged) if key else None


def neutralised(smiles: str) -> str:
    """Return the SMILES with as many charges removed as possible."""
    mol = Chem.MolFromSmiles(smiles)
    return Chem.MolToSmiles(rdMolStandardize.Uncharger().uncharge(mol)) if mol is not None else ""


def given(data: Path) -> Iterator[tuple[int, str, str, str]]:
    """Yield (preference, identifier, name, SMILES) of every structure in the data folder."""
    for row in read_tsv(HAND_WRITTEN / "molecules.tsv"):
        yield 0, row["drugbank"], "", row["smiles"]
    tables = [data / "chebi20" / "cid_to_smiles.tsv"]
    tables += [data / "chebi20" / f"{part}.txt" for part in ("validation", "test_public", "train_partial")]
    tables += [data / "pubchem_iupac" / f"{part}.tsv" for part in ("train", "validation", "test")]
    tables += [data / "gitmol" / f"{part}.txt" for part in ("train", "valid", "test")]
    tables += [data / "pubchem324k" / f"{part}.txt" for part in ("valid", "test")]
    for table in tables:
        for row in read_tsv(table):
            yield 1, f"CID {row['CID']}", "", row["SMILES"].replace("\\\\", "\\")
    for row in read_tsv(data / "dti_davis" / "ligands.tsv"):
        yield 1, f"CID {row['drug_id']}", "", row["smiles"]
    for row in read_tsv(data / "chebi_definitions" / "molecules.tsv"):
        yield 2, row["chebi_id"], row["name"], row["smiles"]
    for row in read_tsv(data / "dti_kiba" / "ligands.tsv"):
        yield 3, row["drug_id"], "", row["smiles"]
    for row in read_csv(data / "moleculenet" / "Lipophilicity.csv"):
        yield 3, row["CMPD_CHEMBLID"], "", row["smiles"]
    for row in read_tsv(data / "chebi_classes" / "membership.tsv"):
        yield 3, "", "", row["smiles"]
    for part in ("BBBP", "ESOL_delaney-processed", "clintox", "tox21", "FreeSolv_SAMPL"):
        for row in read_csv(data / "moleculenet" / f"{part}.csv"):
            yield 3, "", "", row["smiles"]
    for row in read_csv(data / "drugs" / "sweetlead_fda_approved.csv"):
        yield 3, "", "", row["smiles"]
    for part in ("validation", "test"):
        for row in read_tsv(data / "pcdes" / f"{part}.txt"):
            yield 3, "", "", row["SMILES"]
    for smiles in json.loads(text_of(data / "chembl_qa" / "ChEMBL_QA_test.json")):
        yield 3, "", "", smiles
    for row in read_tsv(data / "dti_bindingdb" / "pairs.tsv"):
        yield MEASURED_ONLY, "", "", row["smiles"]


def structures(data: Path) -> dict[str, list[Structure]]:
    """Return the structures of the data folder by InChIKey, best first."""
    by_key: dict[str, set[Structure]] = defaultdict(set)
    read: dict[str, tuple[str, str, int] | None] = {}
    for preference, identifier, name, smiles in given(data):
        smiles = smiles.strip()
        number = int(re.sub(r"\D", "", identifier) or 0)
        forms = [smiles] if preference < 3 or not re.search(r"[+-]\d?\]", smiles) else [smiles, neutralised(smiles)]
        for form in forms:
            if form not in read:
                read[form] = canonical(form)
            known = read[form]
            if known is not None:
                own = identifier if form == smiles else ""
                by_key[known[1]].add(Structure(preference, known[2], number, known[0], known[1], own, name))
    return {key: sorted(choices) for key, choices in by_key.items()}


def build(data: Path) -> list[Molecule]:
    """Return the molecules of the starter set, drugs first."""
    by_key = structures(data)
    vocabulary = drugbank(data)
    refuse_unproved(by_key, vocabulary)
    common = {name_key(row["Common name"]): key for key, row in reversed(vocabulary.items())}
    left_out = {row["drugbank"] for row in read_tsv(HAND_WRITTEN / "left_out.tsv")}
    measured = {row["drugbank_id"] for row in read_tsv(data / "dti_bindingdb_drugs" / "affinities.tsv")}
    rows = [
        from_drugbank(row, by_key[key], common)
        for key, row in vocabulary.items()
        if key in by_key
        and row["DrugBank ID"] not in left_out
        and (by_key[key][0].preference < MEASURED_ONLY or row["DrugBank ID"] in measured)
    ]
    rows = [row for row in rows if len(row.name) <= MAX_NAME_LENGTH and re.search("[A-Za-z]{3}", row.name)]
    known, taken = {row.inchikey for row in rows}, {name_key(row.name) for row in rows}
    others = (from_chebi(choices) for key, choices in sorted(by_key.items()) if key not in known)
    rows += [row for row in others if row is not None and name_key(row.name) not in taken]
    add_extra_names(rows)
    rows = without_doubles(rows)
    rows += compose_salts(rows, by_key)
    add_terms(data, rows)
    settle_names(rows)
    return rows


def without_doubles(rows: list[Molecule]) -> list[Molecule]:
    """Leave out ChEBI rows whose name a DrugBank row of the same skeleton and charge already has.

    These are racemates and forms without stereochemistry (``resveratrol`` beside trans-resveratrol).
    """
    claimed: dict[tuple[str, str, str], Molecule] = {}
    main: dict[str, Molecule] = {}
    for row in rows:
        for name in (row.name, *row.synonyms) if "drugbank" in row.ids else ():
            claimed.setdefault((name_key(name), row.inchikey[:14], row.inchikey[-1]), row)
        main.setdefault(name_key(row.name), row)
    return [
        row
        for row in rows
        if "drugbank" in row.ids
        or (
            main[name_key(row.name)] is row and (name_key(row.name), row.inchikey[:14], row.inchikey[-1]) not in claimed
        )
    ]


def drugbank(data: Path) -> dict[str, dict[str, str]]:
    """Return the rows of DrugBank's open vocabulary by InChIKey, lowest identifier first."""
    rows: dict[str, dict[str, str]] = {}
    for row in read_csv(data / "drugs" / "drugbank_vocabulary.csv"):
        if row["Standard InChI Key"]:
            rows.setdefault(row["Standard InChI Key"], row)
    return rows


def refuse_unproved(by_key: dict[str, list[Structure]], vocabulary: dict[str, dict[str, str]]) -> None:
    """Stop when a hand-written structure does not have the InChIKey of the DrugBank entry it claims to be."""
    for key, choices in by_key.items():
        for choice in choices:
            if choice.preference == 0 and vocabulary.get(key, {}).get("DrugBank ID") != choice.identifier:
                raise SystemExit(f"hand-written {choice.identifier} {choice.smiles} has {key}: not DrugBank's key.")


def identifiers(choices: list[Structure]) -> dict[str, str]:
    """Return the identifiers that genuine rows of this structure give."""
    ids: dict[str, str] = {}
    for choice in choices:
        for space, prefix in (("cid", "CID "), ("chebi", "CHEBI:"), ("chembl", "CHEMBL")):
            if choice.identifier.startswith(prefix):
                ids.setdefault(space, choice.identifier.removeprefix("CID "))
    return ids


def from_drugbank(row: dict[str, str], choices: list[Structure], common_names: dict[str, str]) -> Molecule:
    """Return the molecule of an entry of the vocabulary, called as there; ChEBI's name is a synonym.

    Only ChEBI's mark of the configuration is taken over (``L-leucine`` for ``Leucine``).
    """
    best = choices[0]
    common = row["Common name"].strip()
    chebi = next((choice.name for choice in choices if choice.name), "")
    if common_names.get(name_key(chebi), best.inchikey) != best.inchikey:
        chebi = ""
    name = chebi if re.fullmatch(f"[LD]-{re.escape(common)}", chebi, re.IGNORECASE) else uncapitalised(common)
    ids = identifiers(choices) | {"drugbank": row["DrugBank ID"]}
    ids |= {space: row[column] for space, column in (("cas", "CAS"), ("unii", "UNII")) if row[column]}
    source = f"DrugBank {row['DrugBank ID']}"
    if best.preference in (1, 2):
        source = ("PubChem " if best.preference == 1 else "ChEBI ") + best.identifier
    synonyms = [uncapitalised(common), chebi, *(part.strip() for part in row["Synonyms"].split(" | "))]
    return Molecule(best.inchikey, name, best.smiles, source, ids, synonyms)


def from_chebi(choices: list[Structure]) -> Molecule | None:
    """Return the molecule of a ChEBI row; None when the structure is no ChEBI row or not worth a name."""
    row = next((choice for choice in choices if choice.preference == 2), None)
    if row is None or len(row.name) > MAX_NAME_LENGTH or not re.search("[A-Za-z]{3}", row.name):
        return None
    if re.search(r"\[\d", row.smiles) or _NO_COMPOUND.search(row.name):
        return None
    others = [choice.name for choice in choices if choice.preference == 2]
    return Molecule(row.inchikey, row.name, choices[0].smiles, f"ChEBI {row.identifier}", identifiers(choices), others)


def uncapitalised(name: str) -> str:
    """Return a name without the capitals that only mark the beginning of its words."""
    name = re.sub(r"(?<![A-Za-z0-9])[A-Z][a-z]{2,}(?![A-Za-z0-9])", lambda word: word[0].lower(), name)
    return re.sub(r"\b[OMP]-(?=[a-z]{3})", lambda mark: mark[0].lower(), name)


def add_extra_names(rows: list[Molecule]) -> None:
    """Add the hand-written everyday names of ``names.tsv`` (``vitamin C``), and better main names (``called``)."""
    by_name = {name_key(molecule.name): molecule for molecule in reversed(rows)}
    for row in read_tsv(HAND_WRITTEN / "names.tsv"):
        molecule = by_name.get(name_key(row["name"]))
        if molecule is None:
            raise SystemExit(f"names.tsv: no molecule is called {row['name']!r}.")
        molecule.name = row["called"] or molecule.name
        molecule.synonyms[:0] = [name for name in [*row["synonyms"].split("|"), row["name"]] if name]


# Classes and roles


def add_terms(data: Path, rows: list[Molecule]) -> None:
    """Add ChEBI classes and roles: stated memberships, and labels in ChEBI's texts about a molecule."""
    texts = list(chebi_texts(data))
    known = vocabulary([text for _, _, text in texts], known_terms(data))
    by_id = {value: row for row in rows for value in (row.ids.get("chebi"), row.ids.get("cid")) if value}
    by_key = {row.inchikey: row for row in rows}
    for identifier, smiles, text in texts:
        row = by_id.get(identifier)
        if row is None and (structure := canonical(smiles)):
            row = by_key.get(structure[1])
            if row is not None and "." not in smiles and _drawn_charged(smiles) != _drawn_charged(row.smiles):
                row = None  # ChEBI has entries of its own for the zwitterion, which has the same key
        _add_from_text(row, text, known)
    for entry in read_tsv(data / "chebi_classes" / "membership.tsv"):
        term = known.terms.get(entry["class_name"].lower())
        structure = canonical(entry["smiles"]) if entry["is_member"] == "1" and term else None
        if structure and term and structure[1] in by_key:
            row = by_key[structure[1]]
            (row.roles if known.is_role(term) else row.classes).append(term)
    for row in rows:
        row.classes, row.roles = sorted(set(row.classes)), sorted(set(row.roles))


def _drawn_charged(smiles: str) -> bool:
    """Tell whether a SMILES is drawn with charges on its atoms."""
    mol = Chem.MolFromSmiles(smiles)
    return mol is not None and any(
        atom.GetFormalCharge() and not any(near.GetFormalCharge() for near in atom.GetNeighbors())
        for atom in mol.GetAtoms()
    )


def chebi_texts(data: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (identifier, SMILES, text) of each molecule that a text of ChEBI is about."""
    for entry in read_tsv(data / "chebi_definitions" / "molecules.tsv"):
        yield entry["chebi_id"], entry["smiles"], entry["definition"]
    for part in ("validation", "test_public", "train_partial"):
        for entry in read_tsv(data / "chebi20" / f"{part}.txt"):
            yield entry["CID"], entry["SMILES"], entry["description"]
    for entry in chebi_texts_in_pubchem(data):
        yield "", entry["SMILES"], entry["description"]


def chebi_texts_in_pubchem(data: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of PubChem description sets whose text is ChEBI's."""
    for folder, parts in (
        ("pcdes", ("validation", "test")),
        ("pubchem324k", ("valid", "test")),
        ("gitmol", ("train", "valid", "test")),
    ):
        for part in parts:
            rows = read_tsv(data / folder / f"{part}.txt")
            yield from (row for row in rows if written_by_chebi(row["description"]))


def _add_from_text(row: Molecule | None, text: str, known: Vocabulary) -> None:
    for term, is_role in terms_in(text, known) if row is not None else ():
        own = term.split(" ", 1)[1].lower()
        if row is not None and own not in (row.name.lower(), row.name.lower() + "s"):
            (row.roles if is_role else row.classes).append(term)


# Salts

_ACIDIC = [
    Chem.MolFromSmarts(pattern)
    for pattern in (
        "[OX2H1:1][SX4](=O)=O",
        "[OX2H1:1][PX4]=O",
        "[OX2H1:1]C=O",
        "[nH1]1nnnc1",
        "[nH1]1nncn1",
        "[OX2H1][#6]=,:[#6]~[#6]=O",
        "[OX2H1]c:c=O",
        "[NX3H1](C=O)C=O",
        "[nH1]",
        "[NX3H1]S(=O)=O",
    )
]
"""Groups that give up their proton, most acidic first; the proton sits on the first atom."""


def deprotonated(smiles: str, charge: int) -> str:
    """Return the SMILES with ``-charge`` protons removed from its most acidic groups."""
    mol = Chem.RWMol(Chem.MolFromSmiles(smiles))
    for _ in range(-charge):
        for pattern in _ACIDIC:
            match = mol.GetSubstructMatch(pattern)
            if match:
                atom = mol.GetAtomWithIdx(match[0])
                atom.SetFormalCharge(-1)
                atom.SetNumExplicitHs(0)
                atom.SetNoImplicit(True)
                mol.UpdatePropertyCache()
                break
        else:
            raise SystemExit(f"{smiles} has no acidic group left to deprotonate.")
    Chem.SanitizeMol(mol)
    return Chem.MolToSmiles(mol)


def compose_salts(rows: list[Molecule], by_key: dict[str, list[Structure]]) -> list[Molecule]:
    """Return the salts and hydrates of ``salts.tsv``, composed from molecules of the set.

    ``parts`` reads ``2 atorvastatin(-1) + 1 calcium cation + 3 water``: counts, names of molecules of the set (or the
    CID of a PubChem row), and the charge an acid takes. The first part is the parent. A salt that is itself a row of
    PubChem is taken from there; for the others the source says what they are composed of.
    """
    by_name = {name_key(pick.identifier): as_molecule(choices) for choices in by_key.values() for pick in choices[:1]}
    by_name |= {name_key(name): row for row in reversed(rows) for name in row.synonyms}
    by_name |= {name_key(row.name): row for row in reversed(rows)}
    known = {row.inchikey: row for row in rows}
    salts: list[Molecule] = []
    for entry in read_tsv(HAND_WRITTEN / "salts.tsv"):
        pieces: list[str] = []
        parts: list[Molecule] = []
        for part in entry["parts"].split(" + "):
            count, name, charge = re.fullmatch(r"(\d+) (.*?)(?:\((-\d)\))?", part).groups()  # type: ignore[union-attr]
            if name_key(name) not in by_name:
                raise SystemExit(f"salts.tsv: {entry['name']} is made of {name!r}, which is not in the set.")
            parts.append(by_name[name_key(name)])
            smiles = deprotonated(parts[-1].smiles, int(charge)) if charge else parts[-1].smiles
            pieces += [smiles] * int(count)
        mol = Chem.MolFromSmiles(".".join(pieces))
        if Chem.GetFormalCharge(mol):
            raise SystemExit(f"salts.tsv: {entry['name']} has a net charge of {Chem.GetFormalCharge(mol)}.")
        key, synonyms = Chem.MolToInchiKey(mol), [part for part in entry["synonyms"].split("|") if part]
        if key in known:
            known[key].parent, known[key].salt = parts[0].inchikey, entry["parts"]
            known[key].synonyms[:0] = [entry["name"], *synonyms]
            continue
        salt = Molecule(key, entry["name"], Chem.MolToSmiles(mol), f"Composed {entry['parts']}", {}, synonyms)
        if key in by_key and by_key[key][0].preference == 1:
            salt = as_molecule(by_key[key], entry["name"], synonyms)
        salt.parent, salt.salt = parts[0].inchikey, entry["parts"]
        salts.append(salt)
    return salts


def as_molecule(choices: list[Structure], name: str = "", synonyms: Sequence[str] = ()) -> Molecule:
    """Return the best structure of a PubChem or ChEBI row as a molecule."""
    best = choices[0]
    source = f"PubChem {best.identifier}" if best.preference == 1 else f"ChEBI {best.identifier}"
    return Molecule(best.inchikey, name or best.name, best.smiles, source, identifiers(choices), list(synonyms))


# Names


def usable(name: str) -> bool:
    """Tell whether a synonym is worth keeping: no number, no common word, neither very short nor very long."""
    if not 3 <= len(name) <= 120 or "|" in name or name.lower() in SYMBOL_WORDS:
        return False
    if len(re.sub(r"[^A-Za-zÀ-ž\u0370-\u03ff]", "", name)) < 2:
        return False
    short = len(re.sub(r"[\W_]", "", name)) <= 4
    return not short or name_key(name) in {name_key(known) for known in SHORT_NAMES}


def names_a_salt(name: str, row: Molecule) -> bool:
    """Tell whether a synonym of a parent names one of its salts."""
    single = not row.parent and "." not in row.smiles
    return single and _SALT_WORDS.search(name) is not None and _SALT_WORDS.search(row.name) is None


def settle_names(rows: list[Molecule]) -> None:
    """Clean synonyms, and let a name that several molecules claim stay where it is a main name, or nowhere."""
    main = defaultdict(list)
    for row in rows:
        main[name_key(row.name)].append(row)
    everyday = {
        (name_key(entry["called"] or entry["name"]), name_key(name))
        for entry in read_tsv(HAND_WRITTEN / "names.tsv")
        for name in entry["synonyms"].split("|")
    }
    brands = {name_key(entry["brand"]) for entry in read_tsv(BRANDS)}
    owners: dict[str, list[Molecule]] = defaultdict(list)
    for row in rows:
        cleaned: dict[str, str] = {}
        for synonym in (" ".join(name.split()) for name in row.synonyms):
            key = name_key(synonym)
            chosen = (name_key(row.name), key) in everyday
            foreign = key in brands or (key in main and row not in main[key])
            good = usable(synonym) and not foreign and not names_a_salt(synonym, row)
            if (chosen or good) and key != name_key(row.name):
                cleaned.setdefault(key, synonym)
        row.synonyms = list(cleaned.values())[:SYNONYMS_EACH]
        for key in cleaned:
            owners[key].append(row)
    for key, claimants in owners.items():
        if len(claimants) > 1:
            chosen = [row for row in claimants if (name_key(row.name), key) in everyday]
            same = len({row.inchikey[:14] for row in claimants}) == 1
            keep = chosen[0] if chosen else claimants[0] if same else None
            for row in claimants:
                if row is not keep:
                    row.synonyms = [synonym for synonym in row.synonyms if name_key(synonym) != key]
