"""What becomes a training example, and what never does."""

import json
import lzma
import re
import zlib
from collections import Counter

import numpy as np
import pytest
from rdkit import Chem

from biomed_agent.core.chemistry.vocabulary import TERMS
from biomed_agent.model.data import pairs, splits
from biomed_agent.model.data.examples import Example
from biomed_agent.model.release import auxiliary, mini
from tests.helpers.places import SHARED

SHARED = SHARED / "data"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="needs the data beside the checkout")
NO_TESTS = mini.OfficialTests(frozenset(), frozenset())


def molecule(**changes):
    row = {
        "origin": "chebi_defs/all",
        "smiles": "OC(C)=O",
        "group": "QTBSBXVTEAMEQO",
        "name": "acetic acid",
        "description": "A simple monocarboxylic acid containing two carbons.",
    }
    return row | changes


def protein(**changes):
    row = {"sequence": "MKTAYIAKQR", "cluster": 7, "sources": ["uniprot_record"], "name": "Test protein"}
    return row | changes


def molecules(*rows, tests=NO_TESTS):
    dropped: Counter[str] = Counter()
    return list(mini.molecule_examples(rows, tests, dropped)), dropped


def proteins(*rows):
    dropped: Counter[str] = Counter()
    return list(mini.protein_examples(mini.permitted_proteins(rows, dropped), dropped)), dropped


def test_a_molecule_is_kept_in_canonical_form_and_in_one_style():
    text = "The molecule is a simple monocarboxylic acid. It has a role as a solvent."
    (example,), dropped = molecules(molecule(origin="chebi20/validation", description=text))
    assert example.smiles == "CC(=O)O"
    assert example.answer == text
    assert example.question == "Please describe this molecule."
    assert not dropped


def test_a_definition_is_asked_for_in_words_of_its_own_and_ends_with_its_first_sentence():
    (example,), _ = molecules(molecule(description="A simple acid containing two carbons. Used in the kitchen."))
    assert example.answer == "The molecule is a simple acid containing two carbons."
    assert (example.kind, example.question) == ("other", "What is the definition of this molecule?")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"origin": "gitmol/train"}, "licence"),
        ({"origin": "pcdes/validation"}, "licence"),
        ({"origin": "pubchem324k/valid"}, "licence"),
        ({"origin": "drugcentral/all"}, "share-alike"),
        ({"smiles": "OC(*)=O"}, "open structure"),
        ({"smiles": "C" * 151}, "heavy atoms"),
        ({"smiles": "C1CC"}, "does not parse"),
        ({"smiles": "[NH3]->[Fe]"}, "no vector"),
        ({"description": "Any acid with two carbons and nothing else."}, "not a description"),
        ({"description": "Used as vinegar."}, "not a description"),
    ],
)
def test_a_molecule_is_left_out_and_counted(changes, reason):
    examples, dropped = molecules(molecule(**changes))
    assert examples == []
    assert dropped.total() == 1
    assert reason in next(iter(dropped))


def test_a_tested_structure_is_left_out_by_its_stated_and_by_its_computed_group():
    stated = mini.OfficialTests(frozenset({"STATED"}), frozenset())
    assert molecules(molecule(group="STATED"), tests=stated)[0] == []
    computed = mini.OfficialTests(frozenset({splits.structure_group("CC(=O)[O-].[Na+]")}), frozenset())
    assert molecules(molecule(group="OTHER"), tests=computed)[0] == []


def test_a_tested_text_is_left_out_whatever_its_opening():
    tests = mini.OfficialTests(
        frozenset(), frozenset({mini.plain("The molecule is a simple monocarboxylic acid containing two carbons.")})
    )
    assert molecules(molecule(), tests=tests)[0] == []


def test_the_same_pair_is_kept_once():
    examples, dropped = molecules(molecule(), molecule(smiles="CC(O)=O"))
    assert len(examples) == 1
    assert dropped == {"chebi_defs/all | duplicate": 1}


def test_salts_charges_and_stereoisomers_share_a_group():
    groups = {
        splits.structure_group(smiles) for smiles in ("C[C@H](N)C(=O)O", "C[C@@H]([NH3+])C(=O)[O-]", "CC(N)C(=O)O.Cl")
    }
    assert len(groups) == 1
    assert splits.structure_group("CCO") not in groups
    assert splits.structure_group("*C(=O)O").startswith("S:")


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("An amino acid found in milk.", "", "The molecule is an amino acid found in milk."),
        ("The conjugate base of acetic acid.", "", "The molecule is the conjugate base of acetic acid."),
        ("Zwitterionic form of L-alanine; major.", "", "The molecule is the zwitterionic form of L-alanine; major."),
        ("Penicillin X is a beta-lactam antibiotic.", "penicillin X", "The molecule is a beta-lactam antibiotic."),
        ("The molecule is a tripeptide of glycine.", "", "The molecule is a tripeptide of glycine."),
        ("Penicillins are beta-lactam antibiotics.", "penicillin", ""),
    ],
)
def test_definitions_are_rewritten(text, name, expected):
    assert mini.describe(text, name) == expected


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sources": ["uniprot_record", "uniprot_deeploc"]}, "benchmark"),
        ({"sources": ["pdb_go_deepfri_test"]}, "benchmark"),
        ({"sources": ["uniprot_go_fapm"]}, "benchmark"),
        ({"deeploc_split": "val"}, "benchmark"),
        ({"sources": ["ncbi_amr", "card"]}, "terms unclear"),
        ({"sources": ["somewhere_else"]}, "terms unclear"),
        ({"curator_note": "A note nobody licensed.", "phenotype": ["lethal"]}, "no usable text"),
    ],
)
def test_a_protein_is_left_out_and_counted(changes, reason):
    full = {"function": "Binds calcium and signals to kinases.", "family": "Belongs to the calmodulin family."}
    base = {} if "curator_note" in changes else full
    examples, dropped = proteins(protein(**base, **changes))
    assert examples == []
    assert reason in next(iter(dropped))


def test_each_stated_field_of_a_protein_is_a_question():
    examples, _ = proteins(
        protein(
            function="Binds calcium (PubMed:123). Signals to kinases {ECO:0000269}.",
            family="Belongs to the calmodulin family.",
            location="Cytoplasm. Note=Sometimes elsewhere.",
            location_exp=["Nucleus"],
        )
    )
    assert {example.kind: example.answer for example in examples} == {
        "function": "Binds calcium. Signals to kinases.",
        "family": "Belongs to the calmodulin family.",
        "location": "Cytoplasm.",
    }
    assert {example.group for example in examples} == {"cluster 7"}


def test_experimental_locations_stand_in_and_isoforms_are_no_answer():
    (example,), _ = proteins(protein(location_exp=["Nucleus", "Cytoplasm"]))
    assert example.answer == "Nucleus. Cytoplasm."
    assert proteins(protein(location="[Isoform 2]: Nucleus."))[0] == []


def test_only_names_borne_by_several_rows_are_asked_for():
    rows = [protein(sequence="M" * n, name="Cytochrome b (Fragment)") for n in range(1, 21)]
    examples, _ = proteins(*rows, protein(name="Lonely protein"))
    assert {example.answer for example in examples} == {"Cytochrome b"}
    assert len(examples) == mini.NAME_MAX_ROWS
    assert mini.protein_name(protein(name="Atp-dependent rna helicase", sources=["uniprot_ecoli"])) == ""
    assert mini.protein_name(protein(name="Ctf5p")) == ""
    assert mini.protein_name(protein(name="Putative kinase")) == ""


def test_all_that_is_said_of_a_protein_is_one_answer_for_its_encoder():
    full = protein(function="Binds calcium.", organism="Homo sapiens", go_mf=["ion binding"], location="Nucleus.")
    example = mini.everything_said(full)
    assert example is not None
    assert example.answer == "Test protein Nucleus. Homo sapiens ion binding", "a function of two words is too short"
    assert (example.kind, example.group, example.origin) == ("other", "cluster 7", "protein_words")
    assert mini.everything_said(protein(name="")) is None


def test_notes_of_the_yeast_database_are_thinned():
    note = "DNA helicase; unwinds DNA; Abc1p-GFP seen in nucleus; ABC1 has a paralog, ABC2; needed for repair; more"
    assert mini.protein_function({"function": note, "sources": ["sgd_yeast"]}) == (
        "DNA helicase; unwinds DNA; needed for repair."
    )
    dubious = {"function": "Dubious open reading frame; unlikely to encode a protein", "sources": ["sgd_yeast"]}
    assert mini.protein_function(dubious) == ""


def test_long_texts_end_with_a_whole_sentence():
    assert pairs.whole_sentences("One two three. Four five. Six seven eight nine.", 5) == "One two three. Four five."
    assert pairs.whole_sentences("One two three four five six.", 5) == ""


def test_the_fold_is_drawn_by_group_and_never_changes():
    drawn = [n for n in range(1000) if mini.in_dev_fold(f"cluster {n}", permille=30)]
    assert 15 <= len(drawn) <= 50
    assert drawn == [n for n in range(1000) if mini.in_dev_fold(f"cluster {n}", permille=30)]


# ---------------------------------------------------------------------------------------------- structures without text


def row(smiles="CC(=O)O", origin=auxiliary.NAME, text="acetic acid"):
    return auxiliary.Row(smiles, origin, text)


def extra(*rows, described=(), tests=NO_TESTS):
    dropped: Counter[str] = Counter()
    return list(auxiliary.auxiliary_examples(rows, described, mini.admission(tests), dropped)), dropped


def described(smiles, answer):
    return Example("description", answer, splits.structure_group(smiles), "chebi20/validation", smiles=smiles)


def test_a_row_without_a_description_teaches_what_it_holds_and_what_anyone_can_read_off():
    examples, dropped = extra(row(), row(origin=auxiliary.CLASS, text="monocarboxylic acid"))
    asked = {example.question: example.answer for example in examples}
    assert asked["What is the name of this molecule?"] == "acetic acid"
    assert asked["To which class does this molecule belong?"] == "monocarboxylic acid"
    assert "carboxylic acid" in asked["Which groups does this molecule contain?"]
    assert asked["Which groups does this molecule contain?"].endswith("; 0 rings; C2H4O2.")
    assert len(examples) == 3, "the facts of a structure are asked for once"
    assert {example.kind for example in examples} == {"other"}
    assert not dropped


@pytest.mark.parametrize(
    "smiles",
    [
        "CC(=O)Oc1ccccc1C(=O)O", "C[N+](C)(C)CC(=O)[O-]", "OC[C@H]1OC(O)[C@H](O)[C@@H](O)[C@@H]1O", "[Na+].[Cl-]",
        "CC1(C)S[C@@H]2[C@H](NC(=O)Cc3ccccc3)C(=O)N2[C@H]1C(=O)O", "Fc1ccc(Br)cc1Cl", "O=P(O)(O)OCC#N", "[H][H]", "O",
        "CC12CCC3c4ccc(O)cc4CCC3C1CCC2O", "Cn1cnc2c1c(=O)n(C)c(=O)n2C", "NS(=O)(=O)c1ccc(N=Nc2ccccc2)cc1", "C[Se]C",
    ],
)  # fmt: skip
def test_what_cannot_fit_is_passed_over_and_nothing_else(smiles):
    molecule = Chem.MolFromSmiles(smiles)
    matches = [
        (term, len(molecule.GetSubstructMatches(Chem.MolFromSmarts(term.proof), maxMatches=20)))
        for term in TERMS
        if term.proof
    ]
    classes = [term.name for term, number in matches if number and term.kind == "class"]
    groups = [
        term.name if number == 1 else f"{number} {term.name}"
        for term, number in matches
        if number and term.kind in ("group", "ring")
    ]
    assert auxiliary.facts(smiles).split("; ")[:2] == [", ".join(classes[:8]), ", ".join(groups[:10])]


@pytest.mark.parametrize("size", [0, 3, 12, 40])
def test_the_highest_come_first_and_the_first_of_equals(size):
    values = np.random.default_rng(size).integers(0, 9, size) / 8
    assert auxiliary._highest(values, 12).tolist() == np.argsort(-values, kind="stable")[:12].tolist()


def test_structures_of_tests_and_of_the_held_out_fold_teach_nothing():
    tests = mini.OfficialTests(frozenset({splits.structure_group("CC(=O)[O-].[Na+]")}), frozenset())
    assert extra(row(), tests=tests) == ([], {"chebi_names | structure in an official test split": 1})
    held_out = next("C" * n + "O" for n in range(1, 200) if mini.in_dev_fold(splits.structure_group("C" * n + "O"), 33))
    assert extra(row(smiles=held_out))[0] == []


def test_a_structure_without_a_description_borrows_that_of_similar_ones():
    acids = [described("C" * n + "C(=O)O", f"The molecule is a fatty acid of {n} carbons.") for n in (9, 11, 13)]
    rest = [described("c1ccccc1N", "The molecule is an aniline."), described("C" * 10 + "C(=O)O", "Its own.")]
    examples, _ = extra(row("C" * 12 + "C(=O)O", auxiliary.FACTS, ""), described=[*acids, *rest])
    borrowed = [example.answer for example in examples if example.origin == auxiliary.NEIGHBOURS]
    assert borrowed
    assert all("fatty acid" in text for text in borrowed)
    assert all(
        example.question == "Please describe this molecule." for example in examples if example.answer in borrowed
    )
    far, _ = extra(row("[O-][Cl+3]([O-])([O-])[O-]", auxiliary.FACTS, ""), described=[*acids, *rest])
    assert not [example for example in far if example.origin == auxiliary.NEIGHBOURS], "nothing is similar"
    described_rows, _ = extra(row("C" * 11 + "C(=O)O", auxiliary.FACTS, ""), described=acids)
    assert not [example for example in described_rows if example.origin == auxiliary.NEIGHBOURS], "it has a description"


# ---------------------------------------------------------------------------------------------- the folder itself


def assert_nothing_is_shared(data, least):
    """Build the corpus of a data folder and compare it with its held-out fold and the official tests.

    Args:
        data: The folder.
        least: Examples that each of the large origins gives at least.
    """
    corpus = mini.build(data)
    tests = mini.official_tests(data)
    molecules_trained = [example for example in corpus.train if example.smiles]
    origins = Counter(example.origin for example in corpus.train)
    assert origins.keys() >= auxiliary.ASKED.keys() - {auxiliary.DEFINITION}
    assert min(origins["chebi20/validation"], origins["chebi_defs/all"], origins[auxiliary.NEIGHBOURS]) > least
    molecules = molecules_trained + [example for example in corpus.dev if example.smiles]
    assert not {molecule.group for molecule in molecules} & tests.groups
    assert not {mini.plain(answer) for answer in {molecule.answer for molecule in molecules}} & tests.texts
    structures = {molecule.smiles for molecule in molecules_trained}
    assert not {mini.group_of(smiles) for smiles in structures} & tests.groups
    assert not {example.group for example in corpus.train} & {example.group for example in corpus.dev}
    assert not any(word in example.origin for example in corpus.train for word in ("card", "deeploc", "fapm"))
    left_out = Counter(reason.partition(" | ")[2] for reason in corpus.dropped.elements())
    assert left_out[mini.IN_A_TEST] > least, "there was something to leave out"


def draw(data, folder, parts):
    """Copy the tables that the corpus is built of, with one in ``parts`` of the molecules and protein families.

    A molecule is drawn by its heavy atoms, so that all its spellings come along, from every table that holds it.
    """

    def is_drawn(key):
        return zlib.crc32(key.encode()) % parts == 0

    def is_drawn_smiles(smiles):
        return is_drawn(repr(sorted(Counter(re.findall("Cl|Br|[BCNOPSFI]", smiles.upper(), re.I)).items())))

    def is_drawn_line(line):
        row = json.loads(line)
        return is_drawn_smiles(row["smiles"]) if "smiles" in row else is_drawn(str(row["cluster"]))

    tables = [*mini.OFFICIAL_TESTS, "chebi_classes/membership.tsv.xz", "chebi_definitions/molecules.tsv.xz"]
    tables += ["chebi20/cid_to_smiles.tsv.xz", "pubchem_iupac/train.tsv.xz", "pubchem_iupac/validation.tsv.xz"]
    tables += [f"moleculenet/{name}.csv.xz" for name in auxiliary.MOLECULENET]
    for name in [*tables, "mol_text/train_clean.jsonl.xz", "protein_text/train.jsonl.xz", mini.CHEMBL_QA_TEST]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with (
            lzma.open(data / name, "rt", encoding="utf-8", newline="\n") as lines,
            lzma.open(folder / name, "wt", encoding="utf-8", newline="\n", preset=0) as kept,
        ):
            if name == mini.CHEMBL_QA_TEST:
                kept.write(
                    json.dumps({smiles: row for smiles, row in json.load(lines).items() if is_drawn_smiles(smiles)})
                )
            elif ".jsonl" in name:
                kept.writelines(filter(is_drawn_line, lines))
            else:
                comma = "," if ".csv" in name else "\t"
                header = next(lines)
                column = [cell.strip().lower() for cell in header.split(comma)].index("smiles")
                kept.write(header)
                kept.writelines(line for line in lines if is_drawn_smiles(line.split(comma)[column]))
    return folder


@pytest.mark.shared
@needs_shared
def test_of_one_molecule_in_fifty_training_and_held_out_share_nothing_with_each_other_or_the_tests(tmp_path):
    assert_nothing_is_shared(draw(SHARED, tmp_path, 50), least=10)


@pytest.mark.shared
@needs_shared
@pytest.mark.slow
def test_training_and_held_out_share_nothing_with_each_other_or_the_official_tests():
    assert_nothing_is_shared(SHARED, least=1000)
