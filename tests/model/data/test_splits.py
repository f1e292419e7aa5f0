"""What is alike stays on one side, and who is nearest."""

import json
import random
import stat
import sys
from collections import Counter

import pytest

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.data import formats, similarity, splits
from biomed_agent.model.data.examples import Example
from tests.helpers.places import SHARED

ACIDS = "ACDEFGHIKLMNPQRSTVWY"
draw = random.Random(7)


def protein(length):
    return "".join(draw.choice(ACIDS) for _ in range(length))


def mutant(sequence, identity):
    """A copy in which every residue is kept with probability ``identity``."""
    return "".join(
        residue if draw.random() < identity else draw.choice(ACIDS.replace(residue, "")) for residue in sequence
    )


# ---------------------------------------------------------------------------------------------- alignment


def plain_smith_waterman(first, second):
    """The recurrences of Gotoh, cell by cell; the score alone."""
    low = -(10**9)
    row = [0] * (len(second) + 1)
    down = [low] * (len(second) + 1)
    best = 0
    for code in similarity._codes(first):
        above, diagonal, across = row, 0, low
        row = [0]
        for j, two in enumerate(similarity._codes(second), 1):
            down[j] = max(above[j] - similarity.GAP_OPEN, down[j] - similarity.GAP_EXTEND)
            across = max(row[j - 1] - similarity.GAP_OPEN, across - similarity.GAP_EXTEND)
            row.append(max(0, diagonal + similarity._SCORES[code, two], down[j], across))
            diagonal = above[j]
        best = max(best, *row)
    return best


def test_scores_equal_those_of_the_plain_recurrences():
    for _ in range(30):
        first = protein(draw.randint(1, 60))
        cut = draw.randint(0, len(first))
        second = mutant(first[:cut], 0.7) + protein(draw.randint(0, 12)) + mutant(first[cut:], 0.7)
        assert similarity.align(first, second).score == plain_smith_waterman(first, second)


def test_an_alignment_worked_out_by_hand():
    # HEAGAWGHEE and HEAGAWHEE: one residue left out costs 11, ten pairs less one give 58.
    alignment = similarity.align("HEAGAWGHEEHEAGAW", "HEAGAWHEEHEAGAW")
    same = sum({"H": 8, "E": 5, "A": 4, "G": 6, "W": 11}[residue] for residue in "HEAGAWHEEHEAGAW")
    assert (alignment.score, alignment.identical, alignment.columns) == (same - 11, 15, 16)
    assert similarity.identity("HEAGAWGHEEHEAGAW", "HEAGAWHEEHEAGAW") == 1.0
    assert similarity.align("WWW", "PPP") == similarity.Alignment(0, 0, 0)
    assert similarity.identity("", "MKT") == 0.0


def test_identity_is_of_the_shorter_sequence():
    domain = protein(60)
    assert similarity.identity(domain, protein(100) + domain + protein(40)) == 1.0
    half = protein(60) + domain[:30]
    assert 0.3 <= similarity.identity(domain, half) <= 0.75
    assert similarity.align("MUOK", "MCKK").score == similarity.align("MCKK", "MCKK").score


# ---------------------------------------------------------------------------------------------- neighbours


def test_the_nearest_molecule_is_the_most_similar_one():
    references = ["c1ccccc1", "CC(=O)Oc1ccccc1C(=O)O", "CCO", "nonsense", "CCO"]
    neighbours = splits.nearest_molecules(["OCC", "O=C(O)c1ccccc1OC(C)=O", "OC(=O)c1ccccc1O", "C1CC"], references)
    assert [neighbour.index for neighbour in neighbours] == [2, 1, 1, -1]
    assert [neighbour.similarity == 1.0 for neighbour in neighbours] == [True, True, False, False]
    assert 0.3 < neighbours[2].similarity < 0.8
    assert splits.nearest_molecules(["CCO"], []) == [splits.Neighbour(-1, 0.0)]


def test_the_nearest_protein_is_the_one_of_highest_identity():
    families = [protein(200) for _ in range(5)]
    references = (
        [mutant(family, 0.6) for family in families] + [mutant(family, 0.8) for family in families] + [protein(150)]
    )
    for number, neighbour in enumerate(splits.nearest_proteins(families, references)):
        assert neighbour.index == number + 5
        assert neighbour.similarity == pytest.approx(0.8, abs=0.1)
    assert splits.nearest_proteins(["MKT"], references) == [splits.Neighbour(-1, 0.0)]
    assert splits.nearest_proteins([families[0]], []) == [splits.Neighbour(-1, 0.0)]


def test_runs_and_repeats_are_no_evidence_of_kinship():
    assert len(similarity.words("QQQQQQQQQQ")) == len(similarity.words("SRSRSRSRSR")) == 0
    assert len(similarity.words("MKTAXIAKQR")) == 1  # IAKQR
    assert len(similarity.words("MKTAYMKTAY")) == 5  # MKTAY once


# ---------------------------------------------------------------------------------------------- groups


def test_proteins_of_a_family_are_one_cluster_and_strangers_are_not():
    families = [protein(300) for _ in range(20)]
    sequences = [mutant(family, share) for family in families for share in (1.0, 0.85, 0.75)]
    strangers = [protein(300) for _ in range(200)]
    clusters = splits.word_clusters(sequences + strangers)
    by_family = [clusters[3 * n : 3 * n + 3] for n in range(20)]
    assert all(len(set(groups)) == 1 for groups in by_family)
    assert len(set(clusters)) == 220


def test_a_cluster_keeps_its_name_whatever_the_order():
    family = protein(200)
    sequences = [mutant(family, 0.9) for _ in range(6)] + [protein(80) for _ in range(10)] + ["MK", "MK"]
    named = dict(zip(sequences, splits.word_clusters(sequences), strict=True))
    draw.shuffle(sequences)
    assert dict(zip(sequences, splits.word_clusters(sequences), strict=True)) == named
    assert splits.word_clusters([]) == []


def test_a_scaffold_is_what_is_left_without_side_chains():
    assert (
        splits.scaffold_group("Cc1ccccc1C(=O)[O-].[Na+]") == splits.scaffold_group("CCc1ccccc1") == "scaffold c1ccccc1"
    )
    assert splits.scaffold_group("OC1CCCCC1") != splits.scaffold_group("Oc1ccccc1")
    assert splits.scaffold_group("CCO") == splits.structure_group("CCO")
    assert splits.scaffold_group("C1CC") == "S:C1CC"


def examples():
    molecules = [Example("description", f"A chain of {n}.", "", "m", smiles="C" * n + "O") for n in range(1, 60)]
    salts = [Example("description", "A salt.", "", "m", smiles="C" * n + "[O-].[Na+]") for n in range(1, 60)]
    return molecules + salts


def test_groups_of_a_molecule_and_a_protein_that_occur_together_are_one():
    first, second, third = protein(100), protein(100), protein(100)
    asked = [
        Example("other", "a", "", "x", "CCO", first, "Binds?"),
        Example("other", "a", "", "x", "CCO", second, "Binds?"),
        Example("function", "a", "", "x", sequence=second),
        Example("function", "a", "", "x", sequence=third),
        Example("description", "a", "", "x", smiles="CC[O-]"),
    ]
    groups = splits.Grouping(proteins="words").groups(asked)
    names = [groups.group(example) for example in asked]
    assert len({*names[:3], names[4]}) == 1
    assert names[3] not in names[:3]


def test_a_molecule_and_a_peptide_written_alike_are_not_the_same():
    asked = [Example("description", "a", "", "x", smiles="CCCCN"), Example("name", "a", "", "x", sequence="CCCCN")]
    groups = splits.Grouping(proteins="words").groups(asked)
    assert groups.group(asked[0]) == splits.structure_group("CCCCN")
    assert groups.group(asked[1]).startswith("cluster ")


def test_methods_that_do_not_exist_are_named():
    with pytest.raises(InvalidInput, match="structure, scaffold"):
        splits.Grouping(molecules="colour")
    with pytest.raises(InvalidInput, match="mmseqs, words"):
        splits.Grouping(proteins="colour")


# ---------------------------------------------------------------------------------------------- MMseqs2

FAKE = """#!{python}
import sys
from pathlib import Path
command, fasta, found, work, *options = sys.argv[1:]
assert command == "easy-cluster" and options == ["--min-seq-id", "0.4", "-c", "0.8", "-v", "1"], sys.argv
records = Path(fasta).read_text().split(">")[1:]
sequences = dict(record.split() for record in records)
if "FAIL" in sequences.values():
    sys.exit("Error: clustering died")
first = {{}}
lines = []
for name, sequence in sequences.items():
    lines.append(f"{{first.setdefault(sequence[:3], name)}}\\t{{name}}\\n")
Path(found + "_cluster.tsv").write_text("".join(lines[: None if "SHORT" not in sequences.values() else 1]))
"""


@pytest.fixture
def mmseqs(tmp_path, monkeypatch):
    """A program called mmseqs that puts together what begins with the same three residues."""
    program = tmp_path / "bin" / "mmseqs"
    program.parent.mkdir()
    program.write_text(FAKE.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(program.parent))
    return program


def test_mmseqs_is_used_when_it_is_installed(mmseqs):
    grouping = splits.Grouping(identity=0.4)
    assert grouping.protein_method == "mmseqs"
    asked = [Example("name", "a", "", "x", sequence=sequence) for sequence in ("MKTA", "AAAA", "MKTC", "MKTA")]
    groups = grouping.groups(asked)
    names = [groups.group(example) for example in asked]
    assert names[0] == names[2] == names[3] != names[1]
    assert "40%" in grouping.criteria()["proteins"]


def test_what_goes_wrong_with_mmseqs_is_told(mmseqs):
    with pytest.raises(InvalidInput, match="clustering died"):
        splits.mmseqs_clusters(["FAIL", "MKT"], 0.4, 0.8)
    with pytest.raises(InvalidInput, match="1 of 2"):
        splits.mmseqs_clusters(["SHORT", "MKT"], 0.4, 0.8)
    with pytest.raises(InvalidInput, match="cannot be started"):
        splits.mmseqs_clusters(["MKT"], 0.4, 0.8, program="mmseqs-of-nobody")


def test_without_mmseqs_shared_words_decide(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert splits.Grouping().protein_method == "words"


# ---------------------------------------------------------------------------------------------- folds


def test_folds_have_their_shares_and_a_group_never_moves():
    folds = splits.Folds({"train": 0.8, "valid": 0.1, "test": 0.1})
    drawn = Counter(folds.of(f"group {n}") for n in range(5000))
    assert drawn["train"] == pytest.approx(4000, abs=120)
    assert drawn["valid"] == pytest.approx(500, abs=80)
    assert [folds.of(f"group {n}") for n in (0, 6, 11, 29)] == ["train", "valid", "test", "valid"]  # for ever
    other = splits.Folds(folds.shares, seed=1)
    assert [other.of(f"group {n}") for n in range(50)] != [folds.of(f"group {n}") for n in range(50)]


@pytest.mark.parametrize("shares", [{}, {"train": 0.5}, {"train": 1.5, "test": -0.5}])
def test_shares_that_are_none(shares):
    with pytest.raises(InvalidInput, match="add up to 1"):
        splits.Folds(shares)


def test_another_split_in_the_folder_leaves_no_old_fold_beside_the_new_ones(tmp_path):
    source, folder = tmp_path / "pairs.jsonl", tmp_path / "split"
    source.write_text("".join(map(formats.write_line, examples())))
    words = [formats.read(source)], folder, splits.Grouping()
    splits.write_split(*words, splits.Folds({"train": 0.4, "valid": 0.3, "test": 0.3}))
    (folder / "mine.jsonl").write_text("kept")
    splits.write_split(*words, splits.Folds({"train": 0.7, "test": 0.3}))
    names = ["mine.jsonl", "split.json", "test.jsonl", "train.jsonl"]
    assert sorted(path.name for path in folder.iterdir()) == names


def test_a_split_is_written_whole_and_says_how_it_was_made(tmp_path):
    source = tmp_path / "pairs.jsonl"
    family = protein(150)
    proteins = [Example("name", f"Protein {n}", "", "p", sequence=mutant(family, 0.9)) for n in range(10)]
    lines = [formats.write_line(example) for example in examples() + proteins]
    source.write_text("".join(lines) + '{"smiles": "C1CC", "question": "q", "answer": "a"}\n')
    reading = formats.read(source)
    grouping, folds = splits.Grouping(proteins="words"), splits.Folds({"train": 0.7, "test": 0.3})
    described = splits.write_split([reading], tmp_path / "split", grouping, folds)
    assert json.loads((tmp_path / "split" / "split.json").read_text()) == described
    assert sorted(path.name for path in (tmp_path / "split").iterdir()) == ["split.json", "test.jsonl", "train.jsonl"]
    train, test = (list(formats.read(tmp_path / "split" / f"{name}.jsonl")) for name in ("train", "test"))
    assert len(train) + len(test) == 59 * 2 + 10
    assert not {example.group for example in train} & {example.group for example in test}
    for example in train + test:
        assert example.group == (splits.structure_group(example.smiles) if example.smiles else example.group)
    assert described["folds"]["train"]["examples"] == len(train)
    assert described["folds"]["test"]["groups"] == len({example.group for example in test})
    assert described["largest_group"]["examples"] == 10
    assert described["files"] == [{"name": "pairs.jsonl", "format": "examples", "read": 128, "bad": 1}]
    again = splits.write_split([reading], tmp_path / "again", grouping, folds)
    assert again == described
    for name in ("train.jsonl", "test.jsonl"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "split" / name).read_bytes()


def test_a_group_on_both_sides_would_be_found():
    torn = {"train": Counter("ab"), "test": Counter("bc")}
    assert splits.shared_groups(torn) == {"b"}


def test_a_split_of_nothing_is_an_error(tmp_path):
    (tmp_path / "none.csv").write_text("smiles,question,answer\nC1CC,q,a\n")
    with pytest.raises(InvalidInput, match="no example"):
        splits.write_split(
            [formats.read(tmp_path / "none.csv")], tmp_path / "out", splits.Grouping(), splits.Folds({"a": 1})
        )


SHARED = SHARED / "data"


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="needs the data beside the checkout")
def test_the_genuine_samples_are_split_without_a_group_on_both_sides(tmp_path):
    names = ("UniProtQA_hub/train.json", "PubChemQA_openbiomed/train.json", "PubChemQA_drugchat/PubChem_QA_sample.json")
    readings = [formats.read(SHARED / "format_samples" / name) for name in names]
    folds = splits.Folds({"train": 0.8, "valid": 0.1, "test": 0.1})
    described = splits.write_split(readings, tmp_path, splits.Grouping("scaffold", "words"), folds)
    assert sum(fold["examples"] for fold in described["folds"].values()) == 1000 + 200 + 300
    sides = [{example.group for example in formats.read(tmp_path / f"{name}.jsonl")} for name in folds.shares]
    assert sum(map(len, sides)) == len(set().union(*sides))
