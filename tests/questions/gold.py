"""Golds of the questions, worked out from the starter tables, RDKit and Biopython alone.

Each row of ``data/*.jsonl`` says in ``asks`` what is asked: an operation (``op``, a key of :data:`OPERATIONS`) and what
it is about. :func:`gold` returns what a right answer holds; nothing here comes from the reader, the handlers or the
texts under test. Molecules are known by InChIKey and proteins by UniProt accession, so that names decide nothing.

Fields of a gold, those that apply:
    status: ``answered``, ``none`` (nothing on record says it), ``ambiguous``, ``thanks`` or ``help``.
    values: What must be stated: ``subject``, ``predicate``, ``value`` and, where they apply, ``about``, ``relation``,
        ``unit``, ``tolerance`` and ``also`` (other right values).
    extra: What may be stated besides.
    yes_no, winner, order: The verdict; the key of the best; keys from the largest value to the smallest.
    items, total, limit: A list's keys with their values, how many there are, how many were asked for.
    words: Of each group of words one must be said, of ``subject``.  field: Which column they are from.
    keys: What an ambiguous name may mean.
    missing: A measure that is asked for and not on record.
    unit: The unit that is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from Bio.SeqUtils import seq3
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator, rdMolDescriptors
from rdkit.Chem.FilterCatalog import FilterCatalog, FilterCatalogParams
from rdkit.Chem.MolStandardize import rdMolStandardize

from tests.questions.rows import DATA, FILES, read_lines
from tests.questions.subjects import (
    RDKIT,
    RESIDUES,
    Row,
    Tables,
    elements,
    lipinski_violations,
    of_molecule,
    of_protein,
    parsed,
    scaffold,
    stated,
)  # fmt: skip

COMMON_NAMES = {"Homo sapiens": "human", "Mus musculus": "mouse", "Rattus norvegicus": "rat", "Bos taurus": "bovine"}


def both(asks: Row, tables: Tables) -> list[tuple[Row, Callable[[Row, str], Row]]]:
    """Return the rows of the subjects, each with the function that works out its values."""
    if "proteins" in asks:
        return [(tables.protein(asked), of_protein) for asked in asks["proteins"]]
    return [(tables.molecule(asked), of_molecule) for asked in asks["molecules"]]


def key_of(row: Row) -> str:
    return str(row.get("inchikey") or row.get("accession"))


def values(asks: Row, tables: Tables) -> Row:
    """Return values; those of a salt's parent may be stated besides, or of a salt where that is what is named."""
    subjects = both(asks, tables)
    found = [of(row, predicate) for row, of in subjects for predicate in asks["values"]]
    made: Row = {"status": "answered" if all("value" in each for each in found) else "none", "values": found}
    besides = [tables.by_key[row["parent"]] for row, of in subjects if of is of_molecule and row["parent"]]
    besides += [tables.molecule(salt) for salt in asks.get("salts", ())]
    extra = [of_molecule(row, predicate) for row in besides for predicate in asks["values"]]
    extra += [of(row, predicate) for row, of in subjects for predicate in asks.get("besides", ())]
    return {**made, "extra": extra} if extra else made


# ---- comparisons ----------------------------------------------------------------------------------------------------
def fingerprint(row: Row) -> Any:
    return rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048).GetFingerprint(parsed(row["smiles"]))


def similarity(one: Row, other: Row) -> Row:
    value = DataStructs.TanimotoSimilarity(fingerprint(one), fingerprint(other))
    return {**stated(one["inchikey"], "tanimoto", value, "", 0.006), "about": other["inchikey"]}


def ranked(found: list[Row], keys: list[str], asks: Row) -> Row:
    """Return the gold of "which is the most": the winner, or the verdict on "is the first more than the second"."""
    pairs = sorted(zip([each["value"] for each in found], keys, strict=True), key=lambda pair: -pair[0])
    best = pairs[-1 if asks.get("want") == "least" else 0]
    made: Row = {"status": "answered", "values": found, "order": [key for _, key in pairs]}
    if "claim" in asks:
        first, second = (each["value"] for each in found)
        return {**made, "yes_no": first > second if asks["claim"] == "more" else first < second}
    if asks.get("want") != "order":
        made["winner"] = "tie" if [value for value, _ in pairs].count(best[0]) > 1 else best[1]
    return made


def rank(asks: Row, tables: Tables) -> Row:
    subjects = both(asks, tables)
    return ranked([of(row, asks["value"]) for row, of in subjects], [key_of(row) for row, _ in subjects], asks)


def most_similar(asks: Row, tables: Tables) -> Row:
    first, *others = [tables.molecule(asked) for asked in asks["molecules"]]
    return ranked([similarity(first, other) for other in others], [key_of(other) for other in others], asks)


def tanimoto(asks: Row, tables: Tables) -> Row:
    one, other = (tables.molecule(asked) for asked in asks["molecules"])
    return {"status": "answered", "values": [similarity(one, other)]}


def difference(asks: Row, tables: Tables) -> Row:
    parts = [of(row, asks["value"]) for row, of in both(asks, tables)]
    apart = abs(parts[0]["value"] - parts[1]["value"])
    unit, tolerance = parts[0].get("unit", ""), 2 * parts[0].get("tolerance", 0)
    return {"status": "answered", "difference": stated("", asks["value"], apart, unit, tolerance), "extra": parts}


def best_of(asks: Row, tables: Tables) -> Row:
    """Return the gold of "which binds more strongly": by Kd, of the pairs whose Kd is on record."""
    pairs: list[tuple[str, str]] = [(molecule, gene) for molecule, gene in asks["pairs"]]
    found = {pair: _kd(_pair(*pair, tables)) for pair in pairs}
    exact = {pair: kd[0]["value"] for pair, kd in found.items() if kd and kd[0]["relation"] == "="}
    column = next(place for place in (0, 1) if len({pair[place] for pair in found}) > 1)
    keys = {pair: (_kd_row(pair, tables))[column] for pair in exact}
    best = min(exact, key=lambda pair: exact[pair])
    made: Row = {"status": "answered", "values": [each for kd in found.values() for each in kd]}
    made["extra"] = [each for pair in found for each in _pair(*pair, tables)]
    if "claim" in asks:
        first, second = (exact[pair] for pair in found)
        return {**made, "yes_no": first < second}
    if asks.get("want") != "order":
        made["winner"] = keys[best]
    return {**made, "order": [keys[pair] for pair in sorted(exact, key=lambda pair: exact[pair])]}


def _kd(found: list[Row]) -> list[Row]:
    return [each for each in found if each["predicate"] == "Kd"]


def _kd_row(pair: tuple[str, str], tables: Tables) -> tuple[str, str]:
    return tables.measured(pair[0])["inchikey"], tables.protein(pair[1])["accession"]


def flat(mol: Chem.Mol) -> str:
    return str(Chem.MolToSmiles(mol, isomericSmiles=False))


def mirror(mol: Chem.Mol) -> str:
    turned = Chem.Mol(mol)
    for atom in turned.GetAtoms():
        atom.InvertChirality()
    return str(Chem.CanonSmiles(Chem.MolToSmiles(turned)))


def relation(asks: Row, tables: Tables) -> Row:
    first, second = (tables.molecule(asked) for asked in asks["molecules"])
    one, other = parsed(first["smiles"]), parsed(second["smiles"])
    formulas = rdMolDescriptors.CalcMolFormula(one) == rdMolDescriptors.CalcMolFormula(other)
    bonds, same = flat(one) == flat(other), Chem.MolToSmiles(one) == Chem.MolToSmiles(other)
    mirrored = not same and mirror(one) == Chem.CanonSmiles(Chem.MolToSmiles(other))
    tautomer = rdMolStandardize.TautomerEnumerator().Canonicalize
    verdict = {
        "same": lambda: Chem.MolToInchiKey(one) == Chem.MolToInchiKey(other),
        "stereoisomers": lambda: bonds and not same, "enantiomers": lambda: mirrored,
        "diastereomers": lambda: bonds and not same and not mirrored,
        "tautomers": lambda: not bonds and formulas and flat(tautomer(one)) == flat(tautomer(other)),
        "constitutional_isomers": lambda: formulas and not bonds, "isomers": lambda: formulas and not same,
        "salt_of": lambda: first["parent"] == second["inchikey"],
        "same_scaffold": lambda: scaffold(one) == scaffold(other),
    }[asks["relation"]]()  # fmt: skip
    return {"status": "answered", "yes_no": verdict, "field": "relation"}


# ---- yes or no ------------------------------------------------------------------------------------------------------
def test(asks: Row, tables: Tables) -> Row:
    """Return whether a molecule has a part, an element, a class or a property."""
    row, want = tables.molecule(asks["molecules"][0]), asks["test"]
    mol = parsed(row["smiles"])
    verdict = {
        "smarts": lambda: any(mol.HasSubstructMatch(Chem.MolFromSmarts(part)) for part in want["smarts"].split("|")),
        "element": lambda: any(elements(mol)[symbol] for symbol in want["elements"]),
        "class": lambda: want["id"] in [name.split(" ")[0] for name in row["classes"].split("|")],
        "aromatic": lambda: any(atom.GetIsAromatic() for atom in mol.GetAtoms()),
        "salt": lambda: bool(row["parent"]),
    }[want["kind"]]()
    return {"status": "answered", "yes_no": verdict}


def alerts(asks: Row, tables: Tables) -> Row:
    parameters = FilterCatalogParams()
    parameters.AddCatalog(getattr(FilterCatalogParams.FilterCatalogs, asks["catalog"]))
    mol = parsed(tables.molecule(asks["molecules"][0])["smiles"])
    hits = sorted(entry.GetDescription() for entry in FilterCatalog(parameters).GetMatches(mol))
    made: Row = {"status": "answered", "field": "alerts", "words": [[hit] for hit in hits]}
    return {**made, "yes_no": bool(hits) != asks.get("absence", False)} if "absence" in asks else made


def rule_of_five(asks: Row, tables: Tables) -> Row:
    broken = lipinski_violations(parsed(tables.molecule(asks["molecules"][0])["smiles"]))
    made: Row = {"status": "answered", "field": "rule_of_five", "words": [["pass" if broken <= 1 else "fail"]]}
    return {**made, "yes_no": broken <= 1} if asks["yes_no"] else made


def protein_test(asks: Row, tables: Tables) -> Row:
    row, want = tables.protein(asks["proteins"][0]), asks["test"]
    annotated = "|".join(row[column] for column in ("families", "go", "name", "locations")).lower()
    verdict = any(word in annotated for word in want.get("words", ()))
    verdict = verdict or any(number.startswith(want["ec"]) for number in row["ec"].split("|") if "ec" in want)
    return {"status": "answered", "yes_no": verdict}


def same_protein(asks: Row, tables: Tables) -> Row:
    return {
        "status": "answered",
        "yes_no": len({tables.protein(asked)["accession"] for asked in asks["proteins"]}) == 1,
    }


def residue_is(asks: Row, tables: Tables) -> Row:
    found = tables.protein(asks["proteins"][0])["sequence"][asks["position"] - 1]
    return {"status": "answered", "yes_no": found == asks["residue"], "field": "residue"}


# ---- words of records -----------------------------------------------------------------------------------------------
def said(field: str, *groups: Iterable[str]) -> Row:
    return {"status": "answered", "field": field, "words": [[*dict.fromkeys(filter(None, group))] for group in groups]}


def ingredient(asks: Row, tables: Tables) -> Row:
    name = next(row["name"] for row in tables.brands if row["brand"] == asks["brand"])
    row = tables.molecule(name)
    return said("any", [tables.by_key[row["parent"]]["name"] if row["parent"] else name])


def brands(asks: Row, tables: Tables) -> Row:
    key = tables.molecule(asks["molecules"][0])["inchikey"]
    names = {row["name"] for row in tables.molecules if key in (row["inchikey"], row["parent"])}
    return said("brands", *([row["brand"]] for row in tables.brands if row["name"] in names))


def synonyms(asks: Row, tables: Tables) -> Row:
    row = tables.molecule(asks["molecules"][0])
    names = [row["name"], *row["synonyms"].split("|")]
    return said("synonyms", [name for name in names if name.lower() != asks["asked"].lower()])


def parent(asks: Row, tables: Tables) -> Row:
    return said("parent", [tables.by_key[tables.molecule(asks["molecules"][0])["parent"]]["name"]])


def salts(asks: Row, tables: Tables) -> Row:
    key = tables.molecule(asks["molecules"][0])["inchikey"]
    return said("salts", *([row["name"]] for row in tables.molecules if row["parent"] == key))


def groups(asks: Row, tables: Tables) -> Row:
    """Return the functional groups, each a list of [name, SMARTS]; one name of each must be said."""
    mol = parsed(tables.molecule(asks["molecules"][0])["smiles"])
    assert all(mol.HasSubstructMatch(Chem.MolFromSmarts(part)) for part in asks["smarts"])
    return said("groups", *asks["groups"])


def describe(asks: Row, tables: Tables) -> Row:
    row = tables.molecule(asks["molecules"][0])
    mol = parsed(row["smiles"])
    weight = RDKIT.MolWt(mol)
    names = [row["name"], *row["synonyms"].split("|")]
    return said("any", names, [rdMolDescriptors.CalcMolFormula(mol), f"{weight:.2f}", f"{weight:.1f}"])


def protein_describe(asks: Row, tables: Tables) -> Row:
    row = tables.protein(asks["proteins"][0])
    return said("any", [row["gene"], row["name"]], [row["name"], row["accession"], str(len(row["sequence"]))])


def lookup(asks: Row, tables: Tables) -> Row:
    """Return what a column of the table of proteins says."""
    row, field = tables.protein(asks["proteins"][0]), asks["field"]
    terms = [term.split(" ", 2) for term in row["go"].split("|") if term]
    if field == "go":
        aspects = asks.get("aspect", "FPC")
        return said(field, [part for term in terms if term[1] in aspects for part in (term[0], term[2])])
    if field == "function":
        doing = [term[2] for term in terms if term[1] in "FP"]
        return said(field, [*doing, *row["ec"].split("|"), *row["families"].split("|")])
    if field == "organism":
        return said(field, [row["organism"], COMMON_NAMES.get(row["organism"], "")])
    if field == "aliases":
        names = [*row["alternative_names"].split("|"), *row["gene_synonyms"].split("|"), row["name"], row["gene"]]
        names += [alias["alias"] for alias in tables.aliases if alias["accession"] == row["accession"]]
        return said(field, [name for name in names if name.lower() != asks["asked"].lower()])
    parts = row[field].split("|")
    return said(field, *([part] for part in parts)) if field == "ec" else said(field, parts)


def identify(asks: Row, tables: Tables) -> Row:
    human = [
        row for row in tables.proteins if row["organism"] == "Homo sapiens" and asks["sequence"] in row["sequence"]
    ]
    exact = [row for row in human if row["sequence"] == asks["sequence"]]
    return said("any", [part for row in exact or human for part in (row["gene"], row["accession"])])


def residues(asks: Row, tables: Tables) -> Row:
    """Return a stretch of a sequence, or all of it."""
    sequence = tables.protein(asks["proteins"][0])["sequence"]
    return said("sequence", [sequence[asks.get("first", 1) - 1 : asks.get("last")]])


def residue(asks: Row, tables: Tables) -> Row:
    letter = tables.protein(asks["proteins"][0])["sequence"][asks["position"] - 1]
    return said("residue", [RESIDUES[letter], seq3(letter), f"{letter}{asks['position']}"])


def most_common(asks: Row, tables: Tables) -> Row:
    row = tables.protein(asks["proteins"][0])
    letter = max(RESIDUES, key=row["sequence"].count)
    return {"status": "answered", "values": [of_protein(row, f"count:{letter}")], "winner": RESIDUES[letter]}


def ambiguous(asks: Row, tables: Tables) -> Row:
    """Return the molecules on record that a name may mean, or the proteins."""
    if "genes" in asks:
        return {"status": "ambiguous", "keys": [tables.protein(gene)["accession"] for gene in asks["genes"]]}
    rows = [row for row in tables.homonyms if row["name"] == asks["name"] and row["handle"]]
    return {"status": "ambiguous", "keys": [tables.molecule(row["handle"])["inchikey"] for row in rows]}


def talk(asks: Row, _: Tables) -> Row:
    return {"status": asks["status"]}


# ---- affinities and lists -------------------------------------------------------------------------------------------
def _pair(molecule: str, gene: str, tables: Tables) -> list[Row]:
    """Return what is on record of a pair, Kd first."""
    one, other = tables.measured(molecule)["inchikey"], tables.protein(gene)["accession"]
    rows = [row for row in tables.affinities_of[one] if row["accession"] == other]
    return [
        {
            **stated(one, row["measure"], float(row["value"]), row["unit"]),
            "about": other,
            "relation": row["relation"] or "not stated",
        }
        for row in sorted(rows, key=lambda row: (not row["relation"], row["measure"] != "Kd", float(row["value"])))
    ]


def pair(asks: Row, tables: Tables) -> Row:
    """Return the affinity of a pair; records of the wild type do not speak for a variant."""
    found = [] if asks.get("variant") else _pair(asks["molecule"], asks["gene"], tables)
    if not found:
        return {"status": "none", "values": []}
    measure = asks.get("measure")
    asked = [each for each in found if measure in (None, each["predicate"])]
    made: Row = {"status": "answered", "values": asked or found, "extra": found}
    if measure and not asked:
        made["missing"] = measure
    if asks.get("unit"):
        made["unit"] = asks["unit"]
    if asks.get("yes_no") and (kd := _kd(found)):
        made["yes_no"] = any(each["relation"] == "=" for each in kd)
    return made


WITHIN: dict[str, Callable[[float, float], bool]] = {
    "lt": lambda value, limit: value < limit, "le": lambda value, limit: value <= limit,
    "gt": lambda value, limit: value > limit, "ge": lambda value, limit: value >= limit,
}  # fmt: skip


def binders(asks: Row, tables: Tables) -> Row:
    """Return what binds, the strongest first; a row that only bounds a value is no binding."""
    measure = asks.get("measure", "Kd")
    key = (
        tables.measured(asks["molecule"])["inchikey"]
        if "molecule" in asks
        else tables.protein(asks["gene"])["accession"]
    )
    other = "accession" if "molecule" in asks else "inchikey"
    rows = [row for row in tables.affinities_of[key] if row["measure"] == measure]
    strongest: dict[str, float] = {}
    sign = 1 if measure == "Kd" else -1
    for row in sorted(rows, key=lambda row: sign * float(row["value"])):
        if row["relation"] == "=":
            strongest.setdefault(row[other], float(row["value"]))
    limits = [(WITHIN[name], asks[name]) for name in WITHIN if name in asks]
    kept = [[item, value] for item, value in strongest.items() if all(test(value, limit) for test, limit in limits)]
    made = listed(sorted(kept, key=lambda item: (sign * item[1], item[0])), asks)
    made["field"] = measure
    if not rows:
        made["missing"] = measure
    return made


def listed(items: list[Any], asks: Row) -> Row:
    made: Row = {"status": "answered" if items else "none", "items": items, "total": len(items)}
    return {**made, **{name: asks[name] for name in ("limit", "count") if name in asks}}


def annotated(asks: Row, tables: Tables) -> Row:
    """Return the molecules of a role or class, or the proteins of a family, EC number or location."""
    column, label = asks["column"], asks["label"].lower()
    of_molecules = column in ("roles", "classes")

    def labels(row: Row) -> list[str]:
        names = [*map(str.lower, row[column].split("|"))]
        return [name.partition(" ")[2] for name in names] if of_molecules else names

    rows = tables.molecules if of_molecules else tables.proteins
    found = [row for row in rows if label in labels(row)]
    if asks.get("human"):
        found = [row for row in found if row["organism"] == "Homo sapiens"]
    return {**listed(sorted([key_of(row), None] for row in found), asks), "field": column}


def substructure(asks: Row, tables: Tables) -> Row:
    part = Chem.MolFromSmarts(asks["smarts"]) if "smarts" in asks else Chem.MolFromSmiles(asks["smiles"])
    matches = [row["inchikey"] for row in tables.molecules if parsed(row["smiles"]).HasSubstructMatch(part)]
    found = [key for key in matches if "smarts" in asks or key != tables.molecule(asks["smiles"])["inchikey"]]
    return {**listed([[key, None] for key in sorted(found)], asks), "field": "part"}


def similar(asks: Row, tables: Tables) -> Row:
    """Return the molecules most alike; ``Tanimoto`` falls along the list."""
    row = tables.molecule(asks["molecules"][0])
    found = [(similarity(row, other)["value"], other["inchikey"]) for other in tables.molecules if other is not row]
    return {
        "status": "answered",
        "items": [[key, value] for value, key in sorted(found, reverse=True)[:20]],
        "field": "similar",
    }


OPERATIONS: dict[str, Callable[[Row, Tables], Row]] = {
    function.__name__: function
    for function in (
        values, rank, most_similar, tanimoto, difference, best_of, relation, test, alerts, rule_of_five, protein_test,
        same_protein, residue_is, ingredient, brands, synonyms, parent, salts, groups, describe, protein_describe,
        lookup, identify, residues, residue, most_common, ambiguous, talk, pair, binders, annotated, substructure,
        similar,
    )
}  # fmt: skip


def gold(asks: Row, tables: Tables) -> Row:
    """Return the gold of what a row, or one turn of a conversation, asks."""
    made = OPERATIONS[asks["op"]](asks, tables)
    if made.get("field", "any") != "any" and "words" in made:
        made["subject"] = key_of(both(asks, tables)[0][0])
    return made


def rewrite() -> None:
    """Write the golds of all files anew, after the tables have changed: read the difference before it is committed."""
    tables = Tables()
    for file in FILES:
        rows = [*read_lines(file)]
        for row in rows:
            for turn in row.get("turns", [row]):
                turn["gold"] = gold(turn["asks"], tables)
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (DATA / f"{file}.jsonl").write_text(lines, encoding="utf-8")


if __name__ == "__main__":
    rewrite()
