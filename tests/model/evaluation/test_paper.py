"""``evaluate paper``: which data are found, what is left out and why, and the tables side by side."""

from __future__ import annotations

import json
import lzma
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from biomed_agent.cli import main
from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.types import ModelStamp
from biomed_agent.model.checkpoints.conversion.convert import ConversionRequest, convert_weights
from biomed_agent.model.contract.generation import Generation, Options
from biomed_agent.model.contract.prompt import Message
from biomed_agent.model.data.formats import FORMATS
from biomed_agent.model.evaluation import paper, paper_report
from biomed_agent.model.evaluation.evaluate import EvaluationSettings
from biomed_agent.model.evaluation.models_under_test import ANSWERS, Remote
from biomed_agent.model.evaluation.paper_data import TABLES, search
from biomed_agent.model.evaluation.published import published
from biomed_agent.model.evaluation.tasks import TASKS
from tests.helpers.language_models import write_llama

SMILES = ("CCO", "CCCO", "c1ccccc1", "CC(=O)O", "CCN", "C1CC1")
SEQUENCES = ("MKVLAAGTRE", "MSTNPKPQRK", "GAVLIMCFYW", "HKRDESTNQP", "MAMAPRTEIN", "WYFHKRDEST")
NAMED, FUNCTION = "What are the official names of this protein?", "What is the function of this protein?"


def write_json(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def lines_of(rows: list[Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every data set of the paper in its public format, among files that are none of them."""
    root = tmp_path_factory.mktemp("data")
    molecules = [
        {"source": "x", "smiles": [s], "question": "Please describe this molecule.", "answer": f"It is number {n}."}
        for n, s in enumerate(SMILES)
    ]
    for split in ("train", "val", "test"):
        write_json(root / "PubChemQA" / f"{split}.json", molecules)
    write_json(root / "ChEMBL-QA" / "test.json", molecules)  # the same format, another data set
    proteins = {
        f"P{n}": {"sequence": s, "data": [[FUNCTION, f"It does {n}."], [NAMED, f"Protein {n}."]]}
        for n, s in enumerate(SEQUENCES)
    }
    for split in ("train", "test", "test_0"):
        write_json(root / "hub" / "UniProtQA" / f"{split}.json", proteins)
    studies = {
        str(n): {"QUESTION": f"Does it {n}?", "CONTEXTS": ["We looked."], "final_decision": "no" if n % 3 else "yes"}
        for n in range(8)
    }
    write_json(root / "pubmedqa" / "ori_pqal.json", studies)
    write_json(root / "pubmedqa" / "ori_pqaa.json", studies)
    write_json(root / "pubmedqa" / "test_ground_truth.json", {str(n): "no" for n in range(5)})
    question = {f"op{letter}": f"option {letter}" for letter in "abcd"}
    rows = [{"id": str(n), "question": f"Which {n}?", "cop": n % 4 + 1, **question} for n in range(6)]
    write_json(root / "MedMCQA" / "train.json", {}).write_text(lines_of(rows), encoding="utf-8")
    (root / "MedMCQA" / "dev.json.xz").write_bytes(lzma.compress(lines_of(rows).encode()))
    options = {"A": "one", "B": "two", "C": "three", "D": "four"}
    exam = [{"question": f"What {n}?", "options": options, "answer_idx": "ABCD"[n % 4]} for n in range(6)]
    for folder in ("US", "US/4_options", "Mainland"):
        path = root / "questions" / folder / "test.jsonl"
        write_json(path, {}).write_text(lines_of(exam), encoding="utf-8")
    write_json(root / "notes.json", {"of": "something else"})
    (root / ".hidden").mkdir()
    write_json(root / ".hidden" / "test.json", proteins)
    return root


@pytest.fixture(scope="module")
def language_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("lm")
    convert_weights(ConversionRequest((), write_llama(root / "llama"), None, root / "my-llama"))
    return root / "my-llama"


class Says:
    """A host's model that says the same words to everything."""

    def __init__(self, words: str, *kinds: str) -> None:
        self.words, self.asked = words, 0
        self.stamp = ModelStamp("host", "1", "00ff", kinds=kinds)

    def samples(self, messages: Sequence[Message], options: Options, n: int) -> list[Generation]:
        self.asked += 1
        return [Generation(self.words)]


def test_a_table_names_a_task_published_rows_and_formats_that_exist() -> None:
    for table in TABLES:
        assert table.task in TASKS
        assert table.published in {figure.data for figure in published(table.task)}
        assert set(table.formats) <= FORMATS.keys()


def test_data_are_found_by_what_files_hold_and_told_apart_by_their_names(data: Path) -> None:
    found = search([data])
    chosen = {each.table.name: each for each in found.found}
    assert found.missing == []
    assert found.vocabulary is None
    below = {name: str(each.scored.relative_to(data)) for name, each in chosen.items()}
    assert below == {
        "PubChemQA": "PubChemQA/test.json",
        "UniProtQA": "hub/UniProtQA/test.json",
        "PubMedQA": "pubmedqa/ori_pqal.json",
        "MedMCQA": "MedMCQA/dev.json.xz",
        "MedQA (USMLE)": "questions/US/4_options/test.jsonl",
    }
    trains = {name: each.train.name for name, each in chosen.items() if each.train}
    assert trains == {"PubChemQA": "train.json", "UniProtQA": "train.json", "MedMCQA": "train.json"}
    assert chosen["PubMedQA"].ids == data / "pubmedqa" / "test_ground_truth.json"
    assert chosen["UniProtQA"].unused == [data / "hub" / "UniProtQA" / "test_0.json"]


def test_what_is_not_there_is_missing(data: Path, tmp_path: Path) -> None:
    only = search([data / "pubmedqa"])
    assert [each.table.name for each in only.found] == ["PubMedQA"]
    assert len(only.missing) == len(TABLES) - 1
    with pytest.raises(InvalidInput, match="is no folder"):
        search([tmp_path / "nowhere"])


def test_kinds_that_the_manifest_does_not_offer_are_left_out_row_by_row(data: Path, tmp_path: Path) -> None:
    model = Says("It does 1.", "function")
    settings = EvaluationSettings(controls=True, both_ways=True)
    report = paper.run(Remote(model), search([data]), tmp_path / "out", settings=settings)
    (table,) = report["tables"]
    assert (table["name"], table["kinds"], table["kinds_left_out"]) == ("UniProtQA", ["function"], ["name"])
    assert table["report"]["data"]["examples"] == len(SEQUENCES)
    why = {left["table"]: left["why"] for left in report["left_out"]}
    assert why["PubChemQA"] == "the manifest of host offers function, not description"
    assert why["MedQA (USMLE)"] == "the manifest of host offers function, not text"
    text = paper_report.markdown(report)
    assert "Rows of kinds that the manifest does not offer are left out: name." in text
    assert "PubChemQA: the manifest of host offers function, not description." in text
    every = paper.run(Remote(model), search([data]), tmp_path / "all", settings=settings, every_kind=True)
    assert [table["name"] for table in every["tables"]] == [table.name for table in TABLES]
    asked = {table["name"]: table["kinds_not_offered"] for table in every["tables"]}
    assert asked["UniProtQA"] == ["name"]
    assert "Asked although the manifest does not offer it: name." in paper_report.markdown(every)


def test_one_command_makes_the_tables_of_a_language_model_and_goes_on(
    data: Path, language_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    command = ["evaluate", "paper", "--model", str(language_model), "--data", str(data), "--output", str(output)]
    assert main([*command, "--limit", "4"]) == 0
    shown = capsys.readouterr()
    report = json.loads((output / "paper.json").read_text(encoding="utf-8"))
    assert [table["name"] for table in report["tables"]] == ["PubMedQA", "MedMCQA", "MedQA (USMLE)"]
    for table in report["tables"]:
        (section,) = table["report"]["sections"]
        names = [system["name"] for system in section["systems"]]
        assert names[:2] == ["model", "model, choice written"]
        assert {"questions exchanged", "most frequent answer", "random choice"} <= set(names)
        assert (output / table["folder"] / "report.html").is_file()
    pubmedqa = report["tables"][0]["report"]
    assert (pubmedqa["data"]["of"], pubmedqa["train"]["examples"]) == (5, 3)  # the test set, and what is left of it
    assert shown.out == (output / "paper.md").read_text(encoding="utf-8") + "\n"
    for said in (
        "| MedMCQA | 4 | accuracy |",
        "0.514 (BioMedGPT-LM-7B, read; see its caution)",
        "it is a part",
        "PubChemQA: my-llama has no encoder for molecules.",
        "UniProtQA: my-llama has no encoder for proteins.",
    ):
        assert said in shown.out
    page = (output / "paper.html").read_text(encoding="utf-8")
    assert 'href="medqa/report.html"' in page
    assert "<script" not in page
    answers = output / "medqa" / ANSWERS
    whole = answers.read_text(encoding="utf-8")
    answers.write_text("".join(whole.splitlines(keepends=True)[:4]), encoding="utf-8")
    assert main([*command, "--limit", "4"]) == 2
    assert "--resume" in capsys.readouterr().err
    assert main([*command, "--limit", "4", "--resume", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == report
    assert sorted(answers.read_text(encoding="utf-8").splitlines()) == sorted(whole.splitlines())


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--train", "x"], "--train is of a single task"),
        (["--written"], "--written is of a single task"),
        (["--data", "nowhere"], "nowhere is no folder"),
        ([], "none of the paper's data sets is there"),
    ],
)
def test_bad_input_is_said_in_one_line(
    more: list[str], says: str, language_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = [] if "--data" in more else ["--data", str(tmp_path)]
    assert main(["evaluate", "paper", "--model", str(language_model), *data, *more]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


def test_a_task_about_structures_is_none_for_a_language_model(
    data: Path, language_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["evaluate", "molecule-qa", "--data", str(data / "PubChemQA" / "test.json"), "--output", str(tmp_path)]
    assert main([*command, "--model", str(language_model)]) == 7
    assert "has no encoder for molecules" in capsys.readouterr().err
    assert main(["evaluate", "medqa", "--model", str(language_model)]) == 2
    assert "there is no --data" in capsys.readouterr().err
    assert main([*command, "--every-kind"]) == 2
    assert "--every-kind belongs to paper" in capsys.readouterr().err
