"""A model in several processes answers as it does in one, and says so when one of them is gone."""

from __future__ import annotations

import json
import math
import multiprocessing

import pytest

from biomed_agent.cli import main
from biomed_agent.core.errors import CheckpointError, Unavailable
from biomed_agent.model.contract.manifest import read_manifest, stamp_of
from biomed_agent.model.data.examples import Example
from biomed_agent.model.evaluation.models_under_test import ANSWERS, Prompt
from biomed_agent.model.evaluation.tasks import structure_messages
from biomed_agent.model.evaluation.workers import WorkerPool


def test_the_answers_and_their_order_are_those_of_one_process(tiny_folder, tmp_path, capsys):
    rows = [f"{n}\t{'C' * n}O\tThe molecule is an alcohol." for n in range(1, 8)]
    data = tmp_path / "test.txt"
    data.write_text("\n".join(["CID\tSMILES\tdescription", *rows, "8\tC1CC\tA ring."]) + "\n", encoding="utf-8")
    words = ["evaluate", "molecule-captioning", "--data", str(data), "--model", str(tiny_folder), "--controls"]
    words += ["--max-new-tokens", "4", "--batch", "2"]
    first, two = tmp_path / "one", tmp_path / "two"
    assert main([*words, "--output", str(first)]) == 0
    words += ["--output", str(two), "--processes", "2"]
    assert main(words) == 0
    expected, losses = filed(first)
    own, theirs = filed(two)
    assert own == expected
    # Sums in several threads differ in the last digits.
    assert theirs == pytest.approx(losses, rel=1e-5, nan_ok=True)

    lines = (two / ANSWERS).read_bytes().splitlines(keepends=True)
    (two / ANSWERS).write_bytes(b"".join(lines[:7]) + lines[7][:9])
    assert main([*words, "--resume"]) == 0
    assert sorted(filed(two)[0]) == sorted(expected)
    assert "warning" not in capsys.readouterr().err


def filed(folder):
    """Return the answers of a run in their order, without and with their losses only."""
    rows = [json.loads(line) for line in (folder / ANSWERS).read_text("utf-8").splitlines()[1:]]
    losses = [math.nan if (loss := row.pop("loss")) is None else loss for row in rows]
    return [json.dumps(row) for row in rows], losses


def test_a_process_that_ends_is_no_endless_wait(tiny_folder):
    before = set(multiprocessing.active_children())
    model = WorkerPool(tiny_folder, stamp_of(read_manifest(tiny_folder)), 1, 2)
    example = Example("description", "It is an alcohol.", "", "hand", smiles="CCO")
    prompt = Prompt("a", structure_messages(example), example.answer)
    assert len(model.losses([prompt])) == 1
    (process,) = set(multiprocessing.active_children()) - before
    process.kill()
    process.join()
    for _ in range(2):
        with pytest.raises(Unavailable, match="has ended"):
            model.losses([prompt])


def test_a_folder_that_cannot_be_loaded_is_said_as_by_one_process(tiny_folder, tmp_path):
    with pytest.raises(CheckpointError, match=r"manifest\.json"):
        WorkerPool(tmp_path, stamp_of(read_manifest(tiny_folder)), 1)
