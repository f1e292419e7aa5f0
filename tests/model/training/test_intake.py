"""What is trained on and what is kept apart, and what is said of the files."""

import json
from dataclasses import replace

import pytest

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.training.intake import read_pairs, split
from tests.helpers.pairs import pairs, table


def test_bad_rows_of_files_of_one_name_are_all_kept(tmp_path):
    files = []
    for number, folder in enumerate(("UniProtQA", "PubChemQA", "Mine")):
        (tmp_path / folder).mkdir()
        files.append(tmp_path / folder / "train.json")
        rows = {"CCO": [["q", "a"]], "CCN": [["q", "a"]], **{f"C1CC{'C' * n}": [["q", "a"]] for n in range(number)}}
        files[-1].write_text(json.dumps(rows), encoding="utf-8")
    read_pairs(files[::-1], files[:1], tmp_path, lambda _: None)
    written = {file.name: len(file.read_text(encoding="utf-8").splitlines()) for file in tmp_path.glob("bad-rows-*")}
    assert written == {"bad-rows-train.json.tsv": 2, "bad-rows-2-train.json.tsv": 1}


def test_a_file_without_a_pair_is_an_error(tmp_path):
    (tmp_path / "empty.csv").write_text("smiles,question,answer\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"empty.csv holds no pair \(held out\): it has no row"):
        read_pairs([table(tmp_path)], [tmp_path / "empty.csv"], tmp_path, lambda _: None)
    (tmp_path / "bad.csv").write_text("smiles,question,answer\nC1CC,q,a\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"its 1 rows are bad.*bad-rows-bad.csv.tsv"):
        read_pairs([tmp_path / "bad.csv"], [], tmp_path, lambda _: None)


def test_something_of_each_kind_is_kept_apart_and_nothing_shares_a_group(tmp_path):
    both = [*pairs(), *(replace(example, kind="family", question="") for example in pairs()[16:18])]
    train, apart = split(both)
    assert (
        {example.kind for example in apart}
        == {"description", "location", "family"}
        == {example.kind for example in train}
    )
    assert len(train) + len(apart) == len(both)
    assert not {row.group for row in train} & {example.group for example in apart}
    alone = [replace(pairs()[0], answer=str(n)) for n in range(3)]
    assert [len(side) for side in split(alone)] == [3, 0], "the last group of a kind stays"


def test_what_is_kept_apart_and_what_is_shared_is_counted(tmp_path):
    messages: list[str] = []
    read_pairs([table(tmp_path)], [], tmp_path, messages.append)
    assert messages[-1] == "2 examples are kept apart: 1 in 50 groups of alike structures, one of each kind at least"
    (tmp_path / "other.csv").write_text("smiles,question,answer\nCCO,new?,a\nCCCCCCCCO,new?,a\n", encoding="utf-8")
    read_pairs([table(tmp_path)], [tmp_path / "other.csv"], tmp_path, messages.append)
    assert messages[-1].startswith("warning: 1 of 2 held-out pairs are about structures that are trained on")
