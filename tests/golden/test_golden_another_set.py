"""The tests of this folder hold for another recorded set: other names, fewer records, another order."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pytest

HERE = Path(__file__).parent
NAMED = ("chat", "generate", "loss", "molecules", "proteins")


def perturbed(source: Path, target: Path, seed: int) -> None:
    """Write a copy of a set with every third record left out, the others renamed and shuffled."""
    shutil.copytree(source, target)
    rng = random.Random(seed)

    def some(records: list[Any], needed: Collection[str] = ()) -> list[Any]:
        chosen = [record for n, record in enumerate(records) if n % 3 != seed % 3 or record.get("name") in needed]
        rng.shuffle(chosen)
        return chosen

    for stem in ("llm_tokenizer", "prompts"):
        data = json.loads((source / f"{stem}.json").read_text(encoding="utf-8"))
        data = {key: some(value) if key.endswith("records") else value for key, value in data.items()}
        (target / f"{stem}.json").write_text(json.dumps(data), encoding="utf-8")
    for stem in NAMED:
        data = json.loads((source / f"{stem}.json").read_text(encoding="utf-8"))
        arrays = dict(np.load(source / f"{stem}.npz")) if (source / f"{stem}.npz").is_file() else {}
        needed = {*data.get("batch", ()), data.get("trace")}
        if stem == "loss":
            needed |= {key.split("/")[0] for key in arrays}
        data["records"] = some(data["records"], needed)
        names = {record["name"]: f"{stem}-{number}" for number, record in enumerate(data["records"])}
        for record in data["records"]:
            record["name"] = names[record["name"]]
        if "trace" in data:
            data |= {"trace": names[data["trace"]], "batch": [names[name] for name in data["batch"]]}
        (target / f"{stem}.json").write_text(json.dumps(data), encoding="utf-8")
        if arrays:
            renamed = {new: value for key, value in arrays.items() if (new := _renamed(key, names))}
            np.savez(target / f"{stem}.npz", **renamed)


def _renamed(key: str, names: dict[str, str]) -> str:
    """Return the name of an array after its record was renamed; empty when the record is gone."""
    first, _, rest = key.partition("/")
    if first == "batch":
        return key
    if first == "trace":
        return f"trace/{_renamed(rest, names)}"
    return f"{names[first]}/{rest}" if first in names else ""


def outcome(tests: Path, folder: Path) -> tuple[int, str]:
    """Run tests on a set; return pytest's exit status and report."""
    run = subprocess.run(
        [sys.executable, "-m", "pytest", str(tests), "-p", "no:cacheprovider"],
        cwd=HERE.parents[1],
        env={**os.environ, "BIOMED_AGENT_GOLDEN": str(folder)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    return run.returncode, run.stdout[-4000:]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_another_set_passes(tmp_path: Path, seed: int) -> None:
    perturbed(HERE / "data", tmp_path / "set", seed)
    status, report = outcome(HERE, tmp_path / "set")
    assert status == 0, report


@pytest.mark.slow
def test_a_wrong_number_in_a_set_is_found(tmp_path: Path) -> None:
    perturbed(HERE / "data", tmp_path / "set", seed=1)
    file = tmp_path / "set" / "molecules.npz"
    arrays = {key: value + (1e-3 if key.endswith("/proj") else 0) for key, value in dict(np.load(file)).items()}
    np.savez(file, **arrays)
    status, report = outcome(HERE / "test_golden_molecules.py", tmp_path / "set")
    assert status == 1 and "test_node_graph_and_projected_vectors" in report, report
