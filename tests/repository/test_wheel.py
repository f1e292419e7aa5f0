"""The wheel, installed outside the checkout, answers a question; the source archive builds the same wheel."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.places import ROOT

DIST: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "dist.py"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    wheel, archive = DIST["build"](tmp_path_factory.mktemp("dist"))
    return wheel, archive


def test_the_wheel_claims_one_name_and_carries_its_data(built: tuple[Path, Path]) -> None:
    names = set(DIST["contents"](built[0]))
    DIST["check_names"](names)
    with pytest.raises(AssertionError, match=r"py\.typed"):
        DIST["check_names"](names - {"biomed_agent/py.typed"})
    with pytest.raises(AssertionError, match="tools"):
        DIST["check_names"](names | {"tools/__init__.py"})


def test_the_source_archive_builds_the_same_wheel(built: tuple[Path, Path], tmp_path: Path) -> None:
    wheel, archive = built
    assert "builds the same" in DIST["prove_archive"](archive, wheel, tmp_path)


def test_installed_elsewhere_it_answers(built: tuple[Path, Path], tmp_path: Path) -> None:
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(site)]
    subprocess.run([*install, str(built[0])], check=True)
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
    printed = json.loads(done.stdout)
    assert printed["file"].startswith(str(site))
    assert printed["status"] == "answered"
    assert "493.6" in printed["text"]
