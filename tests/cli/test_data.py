"""The commands ``data build``, ``data check`` and ``data split``."""

import json

import pytest

from biomed_agent.cli import main
from biomed_agent.model.contract.prompt import QUESTIONS
from tests.helpers.server import LocalServer, Said
from tests.model.data.test_builders import FakeUniProt, entry, flat


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path):
    """No settings of this machine, and a cache of its own."""
    for name in ("EGRESS", "OFFLINE", "INDEX", "HOST", "MODEL"):
        monkeypatch.delenv(f"BIOMED_AGENT_{name}", raising=False)
    monkeypatch.setenv("BIOMED_AGENT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))


def run(capsys, *words):
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("smiles,question,answer\nCCO,Wet?,yes\nC1CC,Wet?,no\nCC,,x\n" + "CCN,Wet?\n" * 20)
    return path


def test_check_counts_and_names_bad_rows(capsys, table, tmp_path):
    code, out, _ = run(capsys, "data", "check", table)
    assert code == 2
    lines = out.splitlines()
    assert lines[0] == f"{table} (table): 1 read (1 other), 22 bad"
    assert lines[1] == "  20 x the row has not as many fields as the header"
    assert f"  {table}:3: column smiles: the SMILES cannot be used: SMILES 'C1CC' cannot be read." in lines
    assert lines[-1] == "  ... 12 more; --report FILE writes all"
    code, out, _ = run(capsys, "data", "check", table, "--json", "--report", tmp_path / "bad.tsv")
    (told,) = json.loads(out)["files"]
    assert (told["read"], told["bad"], told["format"], len(told["first_bad"])) == (1, 22, "table", 10)
    assert len((tmp_path / "bad.tsv").read_text().splitlines()) == 22


def test_check_of_several_good_files(capsys, tmp_path):
    good, questions = tmp_path / "a.json", tmp_path / "b.jsonl"
    good.write_text('{"CCO": [["Please describe this drug.", "An alcohol."]]}')
    questions.write_text(json.dumps({"question": "Which?", "options": {"A": "1", "B": "2"}, "answer_idx": "B"}))
    code, out, _ = run(capsys, "data", "check", good, questions, "--report", tmp_path / "bad.tsv")
    assert code == 0
    assert out.splitlines() == [
        f"{good} (pubchemqa): 1 read (1 description), 0 bad",
        f"{questions} (medqa): 1 read (1 B), 0 bad",
    ]
    assert [(tmp_path / f"bad-{n}.tsv").read_text() for n in (1, 2)] == ["", ""]


def test_what_cannot_be_read_is_bad_input(capsys, tmp_path):
    (tmp_path / "a.pkl").write_bytes(b"\x80\x04x")
    code, _, err = run(capsys, "data", "check", tmp_path / "a.pkl")
    assert code == 2
    assert "never read" in err
    assert run(capsys, "data", "check", tmp_path / "none.json")[0] == 2


def test_split_writes_folds_and_says_what_identity_means(capsys, tmp_path):
    source = tmp_path / "pairs.json"
    source.write_text(json.dumps({"C" * n + "O": [["q", "a"]] for n in range(1, 101)} | {"C1CC": [["q", "a"]]}))
    words = ("data", "split", source, "--output", tmp_path / "out", "--train", "0.7", "--valid", "0", "--test", "0.3")
    code, out, err = run(capsys, *words, "--molecules", "scaffold")
    assert code == 0
    assert out.startswith("train")
    assert "No group is in two folds" in out
    assert "Bemis-Murcko" in out
    assert "left out" in err and ":1: C1CC, pair 1" in err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["split.json", "test.jsonl", "train.jsonl"]
    code, out, _ = run(capsys, *words, "--json")
    assert json.loads(out)["folds"]["train"]["examples"] + json.loads(out)["folds"]["test"]["examples"] == 100
    code, _, err = run(capsys, "data", "split", source, "--output", tmp_path / "x", "--train", "0.5")
    assert code == 2
    assert "add up to 1" in err


def test_an_empty_fold_and_an_empty_table_are_said(capsys, tmp_path):
    source = tmp_path / "pairs.csv"
    source.write_text("smiles,question,answer\n")
    code, out, _ = run(capsys, "data", "check", source)
    assert code == 2
    assert out == f"{source} (table): 0 read, 0 bad\n  there is no row in it but a header\n"
    source.write_text("smiles,question,answer\nCCO,q,a\n")
    code, _, err = run(capsys, "data", "split", source, "--output", tmp_path / "out")
    assert code == 0
    assert err.count("is empty: too few groups for its share") == 2


def test_split_takes_the_options_of_mmseqs_for_mmseqs_only(capsys, tmp_path, monkeypatch):
    source = tmp_path / "pairs.csv"
    source.write_text("smiles,question,answer\n" + "".join(f"{'C' * n}O,q,a\n" for n in range(1, 40)))
    words = ("data", "split", source, "--output", tmp_path / "out")
    monkeypatch.setenv("PATH", str(tmp_path))
    code, _, err = run(capsys, *words, "--identity", "0.4")
    assert code == 2
    assert "--identity is for MMseqs2, which is not installed" in err
    for part in ("7", "0", "nan"):
        code, _, err = run(capsys, *words, "--proteins", "mmseqs", "--identity", part)
        assert code == 2
        assert f"identity is {part}; expected a part above 0, up to 1" in err
    code, out, _ = run(capsys, *words)
    assert code == 0
    assert "proteins" not in out
    assert json.loads((tmp_path / "out" / "split.json").read_text())["same_group_means"].keys() == {"molecules"}


def test_build_from_a_dump_and_check_it(capsys, tmp_path):
    (tmp_path / "sprot.dat").write_text("".join(map(flat, range(3))))
    output = tmp_path / "train.json"
    code, out, _ = run(capsys, "data", "build", "uniprotqa", "--from", tmp_path / "sprot.dat", "--output", output)
    assert code == 0
    assert out.splitlines()[0] == f"{output}: 12 pairs about 3 proteins."
    assert json.loads(output.read_text())["P00001"]["data"][0] == [QUESTIONS["function"], "Binds molecule number 1."]
    assert run(capsys, "data", "check", output)[0] == 0
    words = (
        "data",
        "build",
        "uniprotqa",
        "--from",
        tmp_path / "sprot.dat",
        "--output",
        output,
        "--limit",
        "2",
        "--json",
    )
    code, out, _ = run(capsys, *words)
    assert json.loads(out)["entities"] == 2


@pytest.mark.parametrize("what", ["uniprotqa", "pubchemqa"])
@pytest.mark.parametrize("how", [("--egress", "nothing"), ("--offline",)])
def test_a_build_that_the_policy_forbids_is_refused(capsys, tmp_path, what, how):
    code, _, err = run(capsys, *how, "data", "build", what, "--output", tmp_path / "a.json")
    assert code == 6
    assert "--from" in err
    assert not list(tmp_path.glob("a.json*"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("uniprotqa", "--source", "ChEBI"), "--source belongs to pubchemqa"),
        (("pubchemqa", "--query", "x"), "--query belongs to uniprotqa"),
        (("uniprotqa", "--query", "x", "--from", "y"), "--from reads files"),
        (("uniprotqa", "--limit", "0"), "expected 1 or more"),
    ],
)
def test_options_that_do_not_belong_together(capsys, tmp_path, words, said):
    code, _, err = run(capsys, "data", "build", *words, "--output", tmp_path / "a.json")
    assert code == 2
    assert said in err


def test_a_live_build_asks_the_database_and_says_that_it_can_go_on(capsys, tmp_path, monkeypatch):
    from biomed_agent.sources.http import services

    fake = FakeUniProt([entry(n) for n in range(4)], {2: Said(b"", 503, {"Retry-After": "600"})})
    with LocalServer(fake) as server:
        moved = services.placed(services.SERVICES["uniprot"], server.url)
        monkeypatch.setitem(services.SERVICES, "uniprot", moved)
        words = ("data", "build", "uniprotqa", "--output", tmp_path / "a.json", "--timeout", "5")
        code, _, err = run(capsys, *words)
        assert code == 4
        assert "the same command goes on from there" in err
        # The pause the service asked for is kept between processes; a new cache folder knows nothing of it.
        monkeypatch.setenv("BIOMED_AGENT_CACHE_DIR", str(tmp_path / "other"))
        code, out, _ = run(capsys, *words)
    assert code == 0
    assert "16 pairs about 4 proteins of release 2026_01" in out
