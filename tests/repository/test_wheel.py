"""The wheel, installed outside the checkout, answers a question."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.helpers.places import ROOT

NOT_SOURCE = shutil.ignore_patterns(".*", "build", "dist", "runs", "*.egg-info", "__pycache__", "tests", "docs")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "source", symlinks=True, ignore=NOT_SOURCE)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", ".", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder)],
        cwd=folder / "source",
        check=True,
    )
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_claims_one_name_and_carries_its_data(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {"biomed_agent", next(top for top in tops if top.endswith(".dist-info"))}
    for needed in ("biomed_agent/py.typed", "biomed_agent/data/starter/", "biomed_agent/data/mini/manifest.json"):
        assert any(name.startswith(needed) for name in names), needed
    for licence in ("LICENSE", "LICENSE-WEIGHTS"):
        assert any(name.endswith(f"licenses/{licence}") for name in names), licence


def test_installed_elsewhere_it_answers(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        "--target",
        str(site),
        str(wheel),
    ]
    subprocess.run(install, check=True)
    code = (
        "import json, biomed_agent\n"
        "from biomed_agent import BioMedAgent\n"
        "answer = BioMedAgent(offline=True, model='none').ask('What is the molecular weight of imatinib?')\n"
        "print(json.dumps({'file': biomed_agent.__file__, 'status': answer.status, 'text': answer.text}))"
    )
    environment = os.environ | {"PYTHONPATH": str(site), "BIOMED_AGENT_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    said = json.loads(done.stdout)
    assert said["file"].startswith(str(site))
    assert said["status"] == "answered"
    assert "493.6" in said["text"]
