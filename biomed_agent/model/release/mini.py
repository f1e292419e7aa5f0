"""What the embedded model is trained on: the permitted rows of a folder of pooled texts, and what is left out of them.

Only rows whose stated licence permits redistribution of derived weights are read, no molecule of an
official test split is kept, and every row that is left out is counted under its reason.
"""

import csv
import hashlib
import json
import lzma
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from rdkit import Chem, rdBase

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.data.examples import OTHER, Example
from biomed_agent.model.data.pairs import clean, whole_sentences
from biomed_agent.model.data.splits import structure_group
from biomed_agent.model.network.featurize import featurize_smiles
from biomed_agent.model.release.auxiliary import ASKED, DEFINITION, PROTEIN_WORDS, Admit, auxiliary_examples, read_rows

MOLECULE_ORIGINS = ("chebi20/", "chebi_defs/", "aro/")
"""CC BY 4.0. Left out: PubChem depositors' texts (no stated terms) and DrugCentral (share-alike)."""
DEFINITION_ORIGINS = ("chebi_defs/", "aro/")
"""Their texts are definitions, which say nothing of roles and relatives as ChEBI-20's descriptions do: they are asked
for in other words, and only their first sentence is kept, for what follows is often about a drug's use."""
BENCHMARK_SOURCES = frozenset({"uniprot_deeploc", "pdb_go_deepfri_test", "uniprot_go_fapm"})
UNCLEAR_SOURCES = frozenset({"card"})
PROTEIN_LICENCES = {
    "uniprot_record": "UniProt, CC BY 4.0",
    "uniprot_human_fn": "UniProt, CC BY 4.0",
    "uniprot_candida": "UniProt, CC BY 4.0",
    "uniprot_ecoli": "UniProt, CC BY 4.0",
    "uniprot_insecta": "UniProt, CC BY 4.0",
    "uniprot_prokka": "UniProt, CC BY 4.0",
    "uniprot_enzymes_clean": "UniProt, CC BY 4.0",
    "sgd_yeast": "SGD, CC BY 4.0",
    "phi_base": "PHI-base, CC BY 4.0",
    "ncbi_amr": "NCBI, public domain",
}
OFFICIAL_TESTS = ("chebi20/test_public.txt.xz", "pcdes/test.txt.xz", "pubchem324k/test.txt.xz")
CHEMBL_QA_TEST = "chembl_qa/ChEMBL_QA_test.json.xz"

MAX_HEAVY_ATOMS = 150
MAX_DESCRIPTION_WORDS = 110
MAX_FUNCTION_WORDS = 64
MAX_LOCATION_WORDS = 32
MAX_TERMS, MAX_STATEMENT_WORDS = 12, 120
NAME_MIN_ROWS, NAME_MAX_ROWS = 4, 12
"""A name is kept when at least 4 rows bear it (a small model cannot learn single names), 12 rows of each."""
MOLECULES_HELD_OUT, PROTEINS_HELD_OUT = 33, 25
"""of a thousand groups or clusters"""
IN_A_TEST = "structure in an official test split"
MAX_DEV_CLUSTER = 60
"""Larger clusters stay in training: holding one out would fill the fold with one family."""
group_of = cache(structure_group)
"""Most structures come in several files, and an InChI costs more than all else that is done with one."""


@dataclass(slots=True)
class Corpus:
    """Training examples, the held-out fold, and how many rows came in and went."""

    train: list[Example] = field(default_factory=list)
    dev: list[Example] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """examples by ``origin | kind``"""
    dropped: Counter[str] = field(default_factory=Counter)
    """rows by ``origin | reason``"""


def build(data: Path) -> Corpus:
    """Read the shared data folder and return the examples of the embedded model.

    Args:
        data: Folder that holds ``mol_text/``, ``protein_text/`` and the official test files.
    """
    corpus = Corpus()
    tests = official_tests(data)
    molecules = list(molecule_examples(read_jsonl(data / "mol_text/train_clean.jsonl.xz"), tests, corpus.dropped))
    rows = permitted_proteins(read_jsonl(data / "protein_text/train.jsonl.xz"), corpus.dropped)
    proteins = list(protein_examples(rows, corpus.dropped))
    sizes = Counter(example.group for example in proteins)
    for example in molecules + proteins:
        held_out = in_dev_fold(example.group, permille=MOLECULES_HELD_OUT if example.smiles else PROTEINS_HELD_OUT)
        held_out = held_out and (bool(example.smiles) or sizes[example.group] <= MAX_DEV_CLUSTER)
        (corpus.dev if held_out else corpus.train).append(example)
    apart = {example.group for example in corpus.dev}
    corpus.train += (example for example in map(everything_said, rows) if example and example.group not in apart)
    described = [example for example in corpus.train if example.kind == "description"]
    corpus.train += auxiliary_examples(read_rows(data), described, admission(tests), corpus.dropped)
    corpus.counts.update(f"{example.origin} | {example.kind}" for example in corpus.train + corpus.dev)
    return corpus


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of an xz-packed JSON-lines file, split on newline alone."""
    with lzma.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        for line in lines:
            yield json.loads(line)


def in_dev_fold(group: str, permille: int) -> bool:
    """Draw a group for the held-out fold by the hash of its name, so that it never changes."""
    return int.from_bytes(hashlib.sha256(group.encode()).digest()[:4], "big") % 1000 < permille


# ---------------------------------------------------------------------------------------------- molecules


@dataclass(frozen=True, slots=True)
class OfficialTests:
    """What the official molecule test splits hold: structures by group, and texts."""

    groups: frozenset[str]
    texts: frozenset[str]


def official_tests(data: Path) -> OfficialTests:
    """Return groups and normalised descriptions of the four official molecule test files."""
    groups, texts = set(), set()
    for name in OFFICIAL_TESTS:
        with lzma.open(data / name, "rt", encoding="utf-8", newline="\n") as lines:
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
                groups.add(group_of(row["SMILES"].replace("\\\\", "\\")))
                texts.add(plain(row["description"]))
    with lzma.open(data / CHEMBL_QA_TEST, "rt", encoding="utf-8") as file:
        groups.update(group_of(smiles) for smiles in json.load(file))
    return OfficialTests(frozenset(groups), frozenset(texts))


def admission(tests: OfficialTests) -> Admit:
    """Return what tells whether a structure without a description may be seen in training.

    It takes a SMILES and returns its canonical form, its group and "", or "", "" and why it is left out.
    """

    @cache
    def admit(smiles: str) -> tuple[str, str, str]:
        form, reason = canonical(smiles)
        group = "" if reason else structure_group(form)
        if group in tests.groups:
            reason = IN_A_TEST
        elif group and in_dev_fold(group, MOLECULES_HELD_OUT):
            reason = "held out"
        return ("", "", reason) if reason else (form, group, "")

    return admit


def plain(text: str) -> str:
    """Return lower-case words without the opening phrase, for comparing descriptions."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    return " ".join(words).removeprefix("the molecule is ").removeprefix("it is ").strip()


def molecule_examples(
    rows: Iterable[Mapping[str, Any]], tests: OfficialTests, dropped: Counter[str]
) -> Iterator[Example]:
    """Yield one description example per usable row; count the others in ``dropped``."""
    seen: set[tuple[str, str]] = set()
    for row in rows:
        origin, group = row["origin"], row["group"]
        answer, smiles, reason = "", "", ""
        if not origin.startswith(MOLECULE_ORIGINS):
            reason = "licence unclear or share-alike"
        elif group in tests.groups or group_of(row["smiles"]) in tests.groups:
            reason = IN_A_TEST
        elif plain(row["description"]) in tests.texts:
            reason = "text equals a test description"
        else:
            smiles, reason = canonical(row["smiles"])
        if not reason:
            answer = describe(row["description"], row.get("name") or "")
            reason = "" if answer else "not a description of one structure"
        if not reason and (smiles, answer) in seen:
            reason = "duplicate"
        if reason:
            dropped[f"{origin} | {reason}"] += 1
            continue
        seen.add((smiles, answer))
        if origin.startswith(DEFINITION_ORIGINS):
            sentence = first_sentence(answer)
            yield Example(OTHER, sentence, group, origin, smiles=smiles, question=ASKED[DEFINITION])
        else:
            yield Example("description", answer, group, origin, smiles=smiles)


def first_sentence(text: str) -> str:
    """Return the text up to its first full stop that a capital letter follows."""
    return re.split(r"(?<=[.!?])\s+(?=[A-Z(\[])", text, maxsplit=1)[0]


@cache
def canonical(smiles: str) -> tuple[str, str]:
    """Return (RDKit's canonical isomeric SMILES, "") or ("", why it is not used)."""
    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
    if molecule is None:
        return "", "structure does not parse"
    if any(atom.GetAtomicNum() == 0 for atom in molecule.GetAtoms()):
        return "", "open structure (* atoms)"
    if not 0 < molecule.GetNumHeavyAtoms() <= MAX_HEAVY_ATOMS:
        return "", f"more than {MAX_HEAVY_ATOMS} heavy atoms"
    smiles = str(Chem.MolToSmiles(molecule))
    try:
        featurize_smiles(smiles)
    except InvalidInput:
        return "", "bond or stereo type the encoder has no vector for"
    return smiles, ""


def describe(text: str, name: str) -> str:
    """Rewrite a ChEBI or ARO definition in ChEBI-20's style; return "" when it is no such sentence.

    "A fatty acid ..." becomes "The molecule is a fatty acid ...", and so does "NAME is a fatty acid ...".
    Definitions of classes ("Any ...") describe no single structure.
    """
    text = " ".join(text.split())
    if name and text.lower().startswith(f"{name.lower()} is "):
        text = f"The molecule is {text[len(name) + 4 :]}"
    if not text.startswith("The molecule is "):
        if not re.match(r"(An?|The|Zwitterionic form of) [\w(\[]", text) or re.match(r"The (class|group)\b", text):
            return ""
        article = "The zwitterionic" if text.startswith("Zwitterionic") else text.split(" ", 1)[0]
        text = f"The molecule is {article.lower()} {text.split(' ', 1)[1]}"
    text = whole_sentences(text, MAX_DESCRIPTION_WORDS)
    return text if len(text.split()) >= 5 else ""


# ---------------------------------------------------------------------------------------------- proteins


def permitted_proteins(rows: Iterable[Mapping[str, Any]], dropped: Counter[str]) -> list[Mapping[str, Any]]:
    """Return the rows that terms and benchmarks leave; count the others in ``dropped``."""
    usable = []
    for row in rows:
        sources = set(row["sources"])
        origin = row["sources"][0]
        if sources & BENCHMARK_SOURCES or row.get("deeploc_split"):
            dropped[f"{origin} | in a benchmark"] += 1
        elif sources & UNCLEAR_SOURCES or not sources <= PROTEIN_LICENCES.keys():
            dropped[f"{origin} | terms unclear"] += 1
        else:
            usable.append(row)
    return usable


def protein_examples(usable: Sequence[Mapping[str, Any]], dropped: Counter[str]) -> Iterator[Example]:
    """Yield function, location, family and (thinned) name examples; count unused rows in ``dropped``."""
    borne = Counter(protein_name(row).lower() for row in usable)
    taken: Counter[str] = Counter()
    for row in usable:
        name = protein_name(row)
        frequent = bool(name) and borne[name.lower()] >= NAME_MIN_ROWS and taken[name.lower()] < NAME_MAX_ROWS
        taken[name.lower()] += frequent
        answers = {
            "function": protein_function(row),
            "location": protein_location(row),
            "family": protein_family(row),
            "name": name if frequent else "",
        }
        origin = ", ".join(row["sources"])
        for kind, answer in answers.items():
            if answer:
                yield Example(kind, answer, f"cluster {row['cluster']}", origin, sequence=row["sequence"])
        if not any(answers.values()):
            dropped[f"{row['sources'][0]} | no usable text or name thinned out"] += 1


def everything_said(row: Mapping[str, Any]) -> Example | None:
    """Return all that a row says of a protein as one answer, whose words teach the encoder; None if it says nothing."""
    terms = [str(term) for name in ("go_mf", "go_bp", "go_cc") for term in row.get(name) or ()]
    texts = [protein_name(row), protein_function(row), protein_location(row), protein_family(row)]
    texts += [str(row.get(name) or "") for name in ("ec_name", "kingdom", "organism")]
    texts += ["; ".join(terms[:MAX_TERMS])]
    answer = " ".join(" ".join(part for part in texts if part).split()[:MAX_STATEMENT_WORDS])
    if not answer:
        return None
    group = f"cluster {row['cluster']}"
    return Example(OTHER, answer, group, PROTEIN_WORDS, sequence=row["sequence"], question=ASKED[PROTEIN_WORDS])


def protein_name(row: Mapping[str, Any]) -> str:
    """Return the recommended name without synonyms and fragment marks, or ""."""
    if row["sources"] == ["uniprot_ecoli"]:  # the source lost the case of acronyms
        return ""
    name = re.sub(r"\s*[(\[](Fragments?|EC [\d.n-]+)[)\]]", "", str(row.get("name") or "")).strip()
    name = name.split(" (")[0]
    systematic = re.search(r"\d{3,}|^\w+p$|uncharacterized|hypothetical|putative", name, re.IGNORECASE)
    return "" if systematic or not 3 <= len(name) <= 120 else name


def protein_function(row: Mapping[str, Any]) -> str:
    """Return the function text of UniProt or SGD, cleaned and cut to whole sentences, or ""."""
    text = clean(str(row.get("function") or ""))
    if re.match(r"(Dubious|Putative protein|(Protein|Mitochondrial protein) of unknown|Hypothetical|\[)", text):
        return ""
    if "sgd_yeast" in row["sources"]:  # notes joined by semicolons; the first ones say what it does
        notes = [note for note in text.rstrip(".").split("; ") if not re.search(SGD_ASIDES, note)]
        text = "; ".join(notes[:3]) + "." if notes else ""
    text = whole_sentences(text, MAX_FUNCTION_WORDS)
    return text if len(text.split()) >= 4 else ""


SGD_ASIDES = r"paralog|protein abundance|GFP|null mutant|overexpress|relative distribution|high-throughput|detected in"
"""Notes about experiments, which the sequence cannot tell."""


def protein_location(row: Mapping[str, Any]) -> str:
    """Return UniProt's location text, else the experimental terms joined, or ""."""
    text = clean(str(row.get("location") or "")).split("Note=")[0].strip()
    if text and "[" not in text:
        return whole_sentences(text, MAX_LOCATION_WORDS)
    if text:  # one location per isoform or chain: not one answer
        return ""
    return " ".join(f"{term.strip().rstrip('.')}." for term in row.get("location_exp") or ())


def protein_family(row: Mapping[str, Any]) -> str:
    """Return the sentences "Belongs to the ... family.", or ""."""
    text = clean(str(row.get("family") or ""))
    return whole_sentences(text, MAX_LOCATION_WORDS) if text.startswith("Belongs to ") else ""
