"""What the embedded model is scored on, and that one command prints the tables of its card again."""

from __future__ import annotations

import json
import lzma
import random
import re
import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from biomed_agent.cli import main
from biomed_agent.core.errors import CheckpointError
from biomed_agent.model.contract.manifest import stamp_of
from biomed_agent.model.data import formats
from biomed_agent.model.data.examples import OTHER, Example
from biomed_agent.model.release import heldout, mini, publish
from tests.helpers.pairs import recipe, stage

ALCOHOL, ACID = "The molecule is an alcohol.", "The molecule is an acid that is sour."
_DRAW = random.Random(7)
KNOWN, CLOSE, FAR, OTHERS = ("".join(_DRAW.choices("ACDEFGHIKLMNPQRSTVWY", k=60)) for _ in range(4))
CLOSE = KNOWN[:40] + CLOSE[:20]


def described(smiles, answer):
    return Example("description", answer, "", "hand", smiles=smiles)


def named(sequence, answer, kind="name"):
    return Example(kind, answer, "", "hand", sequence=sequence)


CORPUS = mini.Corpus(
    train=[
        *(described("C" * n + "O", ALCOHOL) for n in range(2, 8)),
        *(described("C" * n + "C(=O)O", ACID) for n in range(1, 6)),
        Example(OTHER, "Red.", "", "hand", smiles="CCN", question="Which colour is it?"),
        named(KNOWN, "Kinase."),
        named(KNOWN, "Nucleus.", "location"),
        Example(OTHER, "Everything.", "", "hand", sequence=FAR[::-1], question="What is said of it?"),
    ],
    dev=[
        described("OC1CCCC1", f"{ALCOHOL} It burns."),
        described("OC(=O)C1CCCC1", ACID),
        described("CC1CC1", "The molecule is a ring."),
        named(FAR, "Protease."),
        named(FAR, "Nucleus.", "location"),
        named(FAR[::-1], "Nucleus, membrane.", "location"),
        named(OTHERS, "Kinase."),
        named(OTHERS[30:], "Membrane.", "location"),
        named(CLOSE, "Kinase."),
    ],
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    path = folder / mini.OFFICIAL_TESTS[0]
    path.parent.mkdir()
    rows = [f"{n}\t{'C' * n}C(O)CN\t{ALCOHOL}" for n in range(1, 5)]
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.write("\n".join(["CID\tSMILES\tdescription", *rows]) + "\n")
    return folder


def test_proteins_near_to_what_was_trained_on_are_not_asked_for(data):
    tables = heldout.rows_by_table(CORPUS, data)
    assert {row.sequence for row in tables[heldout.PROTEINS].rows} == {FAR, OTHERS, OTHERS[30:]}
    assert {row.kind for row in tables[heldout.MOLECULES].rows} == {"description"}
    assert [len(tables[name].train) for name in (heldout.MOLECULES, heldout.PROTEINS, heldout.CHEBI20)] == [11, 2, 11]


def test_the_files_hold_the_very_examples(data, tmp_path):
    tables = heldout.rows_by_table(CORPUS, data)
    paths = heldout.write(tables, tmp_path / "rows")
    read = {path.stem: list(formats.read(path)) for path in paths}
    for name in (heldout.MOLECULES, heldout.PROTEINS):
        assert read[name] == tables[name].rows
        assert read[f"{name}-train"] == tables[name].train


def test_one_command_prints_every_number_of_a_table_of_the_card(tiny_folder, data, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(publish, "MAX_NEW_TOKENS", 6)
    scored = publish.score(tiny_folder, CORPUS, data, tmp_path / "scores")
    rows = tmp_path / "rows"
    heldout.write(heldout.rows_by_table(CORPUS, data), rows)
    for name, task, file, train in (
        (heldout.CHEBI20, "molecule-captioning", data / mini.OFFICIAL_TESTS[0], rows / "molecules-train.jsonl"),
        (heldout.MOLECULES, "molecule-captioning", rows / "molecules.jsonl", rows / "molecules-train.jsonl"),
        (heldout.PROTEINS, "protein-qa", rows / "proteins.jsonl", rows / "proteins-train.jsonl"),
    ):
        output = tmp_path / name
        options = ["--model", tiny_folder, "--train", train, "--controls", "--max-new-tokens", 6, "--output", output]
        assert main(["evaluate", task, "--data", str(file), *map(str, options)]) == 0
        printed = capsys.readouterr().out
        report = json.loads((output / "report.json").read_text("utf-8"))
        assert report["sections"] == json.loads(json.dumps(scored.evaluations[name].report["sections"]))
        cells = [cell.strip() for cell in scored.tables(name).replace("\n", "").split("|")]
        cells = [cell for cell in cells if re.match(r"\d\.\d{3}", cell)]
        assert len(cells) >= 12
        assert [cell for cell in cells if f" {cell} " not in printed] == []


def test_a_release_that_continues_another_counts_what_that_had_seen(tiny_folder, tmp_path):
    start = json.loads((tiny_folder / "manifest.json").read_text("utf-8"))
    start |= {"revision": "0.8", "tokens_seen": 2_000_000, "steps": 70, "encoder_steps": 20}
    (tmp_path / "start").mkdir()
    (tmp_path / "start" / "manifest.json").write_text(json.dumps(start), "utf-8")
    whole = recipe(stage("alone", trains=("molecule_encoder",), losses={"words": 1.0}), stage("both"), revision="0.9")
    for number, folder in enumerate(("1-alone", "2-both"), start=1):
        (tmp_path / folder).mkdir()
        note = {"steps": 10 * number, "tokens": 1000 * number, "seconds": 1.0, "held_out": {}}
        (tmp_path / folder / "finished.json").write_text(json.dumps(note), "utf-8")

    anew = publish.history(whole, tmp_path)
    assert (anew.tokens, anew.steps, anew.encoder_steps, anew.before) == (3000, 30, 10, "")
    on = publish.history(replace(whole, start=str(tmp_path / "start")), tmp_path)
    assert (on.tokens, on.steps, on.encoder_steps) == (2_003_000, 100, 30)
    assert on.before == "Of these, 2.0 million positions in 70 steps are those of 0.8, from which 0.9 continued."


def test_weights_are_published_once_more_when_they_are_asked_in_another_way(tiny_folder, data, tmp_path, monkeypatch):
    seen = {"tokens_seen": 2_000_000, "steps": 70, "encoder_steps": 20, "decoding": {}, "revision": "0.8"}
    old = tmp_path / "old"
    shutil.copytree(tiny_folder, old)
    before = json.loads((old / "manifest.json").read_text("utf-8")) | seen
    (old / "manifest.json").write_text(json.dumps(before), "utf-8")
    monkeypatch.setattr(publish, "MAX_NEW_TOKENS", 6)
    monkeypatch.setattr(publish, "DECODING", {"max_new_tokens": 6, "mbr_samples": 3, "temperature": 0.5, "seed": 0})
    monkeypatch.setattr(publish, "build", lambda _data: CORPUS)
    new = publish.rescore(old, "0.9", data, tmp_path / "new")

    after = json.loads((new / "manifest.json").read_text("utf-8"))
    assert (after["name"], after["revision"], after["tokens_seen"]) == (before["name"], "0.9", 2_000_000)
    assert after["decoding"] == publish.DECODING
    assert after["decoding_by_kind"] == publish.DECODING_BY_KIND
    assert after["kinds"] == {}
    assert set(after["not_offered"]) == {"description", "location", "name"}
    for entry in after["not_offered"].values():
        assert entry["why"].startswith(f"{entry['n']} held-out rows are fewer than 150; ROUGE-L ")
    assert stamp_of(after).not_offered["name"] == after["not_offered"]["name"]["why"]
    original, written = (load_file(folder / "model.safetensors") for folder in (old, new))
    assert [key for key, tensor in written.items() if not torch.equal(original[key].to(tensor.dtype), tensor)] == []
    assert original.keys() == written.keys()
    card = (new / "README.md").read_text("utf-8")
    mbr, left_out = "minimum Bayes risk by ROUGE-L, 3 samples at temperature", "without those a check contradicts"
    assert (
        f"\n  - description: {mbr} 0.7 {left_out}, seed 0\n  - location, name: {mbr} 0.5 {left_out}, seed 0\n" in card
    )
    assert "The weights are those of 0.8; what has changed since is how they are asked." in card
    assert "{{" not in card
    assert not list(tmp_path.glob("*unscored*"))


def test_a_folder_that_states_no_history_is_not_published_again(tiny_folder, data, tmp_path):
    with pytest.raises(CheckpointError, match="does not state 'tokens_seen'"):
        publish.rescore(tiny_folder, "0.9", data, tmp_path / "new")
