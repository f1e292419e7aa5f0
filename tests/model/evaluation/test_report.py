"""Reading what is scored, published rows, and the files a report is written to."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.types import ModelStamp
from biomed_agent.model.contract.generation import Generation
from biomed_agent.model.data.formats import BadRow
from biomed_agent.model.evaluation import plots, published, report, tables
from biomed_agent.model.evaluation.evaluate import EvaluationSettings, evaluate
from biomed_agent.model.evaluation.models_under_test import Remote
from biomed_agent.model.evaluation.page import page
from biomed_agent.model.evaluation.reading import read_rows, write_bad
from biomed_agent.model.evaluation.tasks import TASKS
from biomed_agent.model.network.featurize import featurize_smiles
from tests.helpers.places import SHARED

CHEBI20 = """CID\tSMILES\tdescription
1\tCCO\tThe molecule is an alcohol <b>that</b> burns & smells.
2\tCC(=O)O\tThe molecule is an acid.
3\tC1CC\tThe molecule is a ring.
4\tCCN\t
5\tCCC\tThe molecule is an alkane.
"""


class Guesses:
    """Says something of each structure it can read."""

    stamp = ModelStamp("guesser", "2", "abcdef0123456789", 1_000)

    def generate(self, messages, options):
        smiles = messages[0]["content"][0]["smiles"]
        featurize_smiles(smiles)
        return Generation(f"The molecule is an {'alcohol' if 'O' in smiles else 'alkane'} | of {len(smiles)} letters.")

    def samples(self, messages, options, n):
        return [self.generate(messages, options) for _ in range(n)]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "test.txt"
    path.write_text(CHEBI20, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def evaluation(file):
    rows = read_rows(TASKS["molecule-captioning"], [file])
    return evaluate(
        TASKS["molecule-captioning"],
        Remote(Guesses()),
        rows.all,
        train=rows.all,
        settings=EvaluationSettings(controls=True),
        about={"data": rows.about(), "train": rows.about()},
    )


def test_what_cannot_be_read_stays_in_and_what_cannot_be_scored_is_counted(file):
    rows = read_rows(TASKS["molecule-captioning"], [file])
    assert [row.smiles for row in rows.examples] == ["CCO", "CC(=O)O", "C1CC", "CCC"]
    (empty,), (unreadable,) = rows.left_out, rows.doubtful
    assert str(empty) == f"{file}:5: CID 4: the answer is empty"
    assert str(unreadable).startswith(f"{file}:4: CID 3: the SMILES cannot be used; stays in, to be charged")
    assert "C1CC" in unreadable.got
    about = rows.about()
    assert about["left_out"] == {"the answer is empty": 1}
    assert [(row["file"], row["line"]) for row in about["bad_rows"]] == [("test.txt", 5), ("test.txt", 4)]
    assert rows.files[0]["name"] == "test.txt"
    assert len(rows.files[0]["sha256"]) == 64


def test_rows_about_proteins_are_left_out_of_molecules(tmp_path):
    path = tmp_path / "both.jsonl"
    lines = [
        {"smiles": "CCO", "question": "What is it?", "answer": "Alcohol."},
        {"sequence": "MKV", "question": "What is it?", "answer": "A peptide."},
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert [row.answer for row in read_rows(TASKS["molecule-qa"], [path]).examples] == ["Alcohol."]
    proteins = read_rows(TASKS["protein-qa"], [path])
    assert [row.answer for row in proteins.examples] == ["A peptide."]
    assert [str(row) for row in proteins.left_out] == [f"{path}:1: a molecule; the task is about a protein"]
    with pytest.raises(InvalidInput, match="questions in text"):
        read_rows(TASKS["pubmedqa"], [path])


def test_the_official_test_questions_are_chosen_by_their_ids(tmp_path):
    entry = {"QUESTION": "Does it?", "CONTEXTS": ["It may."], "final_decision": "yes", "LONG_ANSWER": "It does."}
    data, ids = tmp_path / "ori_pqal.json", tmp_path / "test_ground_truth.json"
    data.write_text(json.dumps({"11": entry, "12": entry, "13": entry}), encoding="utf-8")
    ids.write_text(json.dumps({"13": "yes", "11": "yes"}), encoding="utf-8")
    rows = read_rows(TASKS["pubmedqa"], [data])
    rows.choose(ids)
    assert [question.id for question in rows.questions] == ["11", "13"]
    ids.write_text("13\n99\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="lacks 1, such as 99"):
        rows.choose(ids)


def test_every_published_row_says_how_it_came_here():
    for task in TASKS:
        rows = published.published(task)
        assert rows
        for row in rows:
            assert row.mark in published.MARKS
            assert row.model
            assert row.data
            assert row.source
            assert row.scores
            assert all(0 < score <= 1 for score in row.scores.values())
            assert not any(re.fullmatch(r"(BLEU-\d|METEOR)", column) for column in row.scores), "name the tokenizer"
    tuned = {row.model: row.scores["accuracy"] for row in published.published("medmcqa") if row.setting == "fine-tuned"}
    assert tuned["BioMedGPT-LM-7B"] == 0.514


def test_published_scores_share_a_column_only_where_the_tokens_are_the_same(evaluation):
    header, rows = tables.published_rows(said_to_be(evaluation, "ChEBI-20"))
    ours, large = rows[0], next(row for row in rows if row[0].startswith("MolT5-large"))
    assert ours[:2] == ["this model", "ChEBI-20 test, 3,300 rows: 4 examples"]
    assert (ours[header.index("BLEU-4 (SciBERT)")], large[header.index("BLEU-4 (SciBERT)")]) == ("", "0.508")
    assert large[header.index("BLEU-4 (words)")] == ""
    assert ours[header.index("ROUGE-L")]
    assert large[header.index("ROUGE-L")] == "0.594"
    assert large[2] == "read"
    header, rows = tables.published_rows(evaluation.report)
    assert "this model" not in {row[0] for row in rows}
    assert {row[header.index("data")] for row in rows} > {"ChEBI-20 test, 3,300 rows"}


def said_to_be(evaluation, name):
    benchmark = published.benchmark_named("molecule-captioning", name)
    return {**evaluation.report, "data": {**evaluation.report["data"], "benchmark": benchmark}}


def test_published_scores_are_plotted_only_beside_examples_of_the_same_data(evaluation):
    assert 'class="theirs"' not in page(evaluation.report)
    assert "not to be compared" in page(evaluation.report)
    text = page(said_to_be(evaluation, "chebi"))
    assert text.count('class="theirs"') == 17  # ROUGE-L of all 18 but one, which tells none
    # That row stands in a table of ChEBI-20, and its scores are most likely another data set's.
    assert ">BioMedGPT-10B</text>" not in text
    with pytest.raises(InvalidInput, match="expected one of ChEBI-20 test"):
        published.benchmark_named("molecule-captioning", "mine")
    with pytest.raises(InvalidInput, match="none of the data sets"):
        published.benchmark_named("molecule-captioning", "")


def test_tokens_are_named_only_where_a_scoring_code_was_read():
    rows = {row.model: row for row in published.published("molecule-captioning")}
    recurrent = rows["RNN (GRU)"]
    assert (recurrent.mark, recurrent.scores["ROUGE-L"]) == ("recalled", 0.394)
    for row in rows.values():
        assert ("BLEU-4 (SciBERT)" in row.scores) == ("SciBERT by" in row.note)


def test_what_was_trained_on_is_said_on_every_page(evaluation):
    warning = "4 of these examples (4 different structure groups) also occur in the training data"
    assert warning in report.markdown(evaluation.report)
    assert warning in page(evaluation.report)


def test_markdown_tables_are_whole(evaluation):
    text = report.markdown(evaluation.report)
    assert text.startswith("# Molecule captioning: guesser 2\n")
    assert "test.txt (SHA-256 " in text
    assert "1 unreadable input" in text
    tables = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    assert len(tables) == 7
    assert tables[0].startswith("| 4 examples | ROUGE-L | BLEU-4 (words) | ")
    assert max(len(table.splitlines()[0].split("|")) for table in tables[:-1]) <= 9
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


class _Checker(HTMLParser):
    """Checks that every element is closed in its turn, and keeps what is loaded from elsewhere."""

    def __init__(self):
        super().__init__()
        self.open, self.loaded, self.tags = [], [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.loaded += [value for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_and_loads_nothing(evaluation):
    text = page(evaluation.report)
    checker = _Checker()
    checker.feed(text)
    assert checker.open == []
    assert checker.loaded == []
    assert "script" not in checker.tags
    assert "against the nearest training neighbour" in text
    assert "-0.000" not in text
    assert "&lt;b&gt;that&lt;/b&gt; burns &amp; smells" in text
    assert "<b>that</b>" not in text
    assert text.count("<svg") >= 3 + 3  # plots, and drawings of what RDKit can read
    assert "prefers-color-scheme: dark" in text


def test_the_files(evaluation, tmp_path):
    written = report.write(evaluation, tmp_path / "out")
    assert [path.name for path in written] == list(report.FILES)
    assert json.loads(written[0].read_text("utf-8")) == evaluation.report
    examples = [json.loads(line) for line in written[3].read_text("utf-8").splitlines()]
    assert [example["structure"] for example in examples] == ["CCO", "CC(=O)O", "C1CC", "CCC"]
    assert examples[2]["answers"]["model"] == ""
    assert not list((tmp_path / "out").glob("*.partial"))
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="cannot be written"):
        report.write(evaluation, tmp_path / "file")


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="data that lies beside the checkout")
@pytest.mark.parametrize(
    ("task", "name", "rows"),
    [
        ("molecule-captioning", "chebi20/test_public.txt.xz", 1654),
        ("protein-qa", "format_samples/UniProtQA_hub/test.json", None),
        ("molecule-qa", "chembl_qa/ChEMBL_QA_test.json.xz", 12164),
        ("pubmedqa", "pubmedqa/ori_pqal_shared.json.xz", 750),
        ("medmcqa", "medmcqa/dev.json.xz", 4183),
        ("medqa", "medqa/US_4_options_test.jsonl.xz", 1273),
    ],
)
def test_genuine_files(task, name, rows):
    reading = read_rows(TASKS[task], [SHARED / "data" / name])
    assert len(reading.all) + len(reading.left_out) == rows or (rows is None and reading.all)


def test_the_last_number_below_the_lengths_has_room():
    svg = plots.lengths_plot({"words_per_bin": 1, "expected": [1] * 12, "said": [1] * 12})
    place, width = re.search(r'<text x="([\d.]+)"[^>]*>12</text>', svg), re.search(r'viewBox="0 0 (\d+)', svg)
    assert place is not None and width is not None
    assert float(place[1]) + 12 <= float(width[1])


def test_bad_rows_are_written_by_file(tmp_path):
    bad = [BadRow("a/x.csv", 2, "empty", "column answer"), BadRow("b/x.csv", 7, "odd", "", "a\tb")]
    written = write_bad([*bad, BadRow("a/x.csv", 3, "empty")], tmp_path)
    assert [path.name for path in written] == ["bad-rows-x.csv.tsv", "bad-rows-2-x.csv.tsv"]
    assert written[0].read_text("utf-8") == "a/x.csv\t2\tcolumn answer\tempty\t\na/x.csv\t3\t\tempty\t\n"
    assert written[1].read_text("utf-8") == "b/x.csv\t7\t\todd\ta b\n"


def test_nothing_is_below_nothing():
    assert tables.number({"value": -0.0001, "low": -0.0004, "high": -0.0}) == "0.000 [0.000, 0.000]"
    assert tables.number({"value": -0.0001, "low": None, "high": None}, signed=True) == "0.000"
    assert tables.number({"value": -0.0016, "low": None, "high": None}, signed=True) == "-0.002"


def test_facts_are_sentences(evaluation):
    drawn = {**evaluation.report, "data": {**evaluation.report["data"], "examples": 3, "of": 10}}
    text = "\n".join(tables.facts(drawn))
    assert ", 3 examples, drawn by hash from 10." in text
    assert "(1: the answer is empty, test.txt:5)" in text


def test_a_plot_is_as_wide_as_a_telephone_and_its_text_stays_readable(evaluation):
    assert "to use the structure" not in page(evaluation.report)  # nor is a verdict given on four examples
    drawn = [width for width in re.findall(r'<svg viewBox="0 0 (\d+) ', page(evaluation.report)) if width != "200"]
    assert drawn
    assert {int(width) for width in drawn} == {plots.WIDTH}
    assert plots.WIDTH <= 380
