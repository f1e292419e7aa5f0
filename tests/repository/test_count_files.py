"""One question leads through few files."""

from __future__ import annotations

import subprocess
import sys

from tests.helpers.places import ROOT


def test_a_simple_question_goes_through_thirty_two_files_at_most() -> None:
    script = ROOT / "benchmarks" / "count_files.py"
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, cwd=ROOT)
    *files, total = done.stdout.splitlines()
    assert total == f"{len(files)} files"
    assert any("answering/pipeline.py" in line for line in files)
    assert len(files) <= 32, done.stdout
