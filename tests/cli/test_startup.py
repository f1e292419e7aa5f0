"""What the shell loads: a question that records answer needs no HTTP client and no pydantic."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("numpy", "httpx", "ssl", "asyncio", "pydantic", "pydantic_settings", "langchain_core", "pubchempy", "torch")
CODE = """
import sys
from biomed_agent.cli import main
code = main(sys.argv[1:])
print(code, *(name for name in {heavy!r} if name in sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "words",
    [
        ["ask", "What is the molecular weight of aspirin?"],
        ["ask", "What is the ChEBI class of aspirin?", "--json"],
        ["find", "molecule", "aspirin"],
        ["find", "protein", "EGFR"],
    ],
)
def test_an_offline_question_loads_no_client(words: list[str], cache_dir: Path) -> None:
    command = [sys.executable, "-c", CODE.format(heavy=HEAVY), *words]
    environment = os.environ | {"BIOMED_AGENT_CACHE_DIR": str(cache_dir)}
    done = subprocess.run(
        [*command, "--offline", "--model", "none"], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stderr.splitlines()[-1] == "0" and done.stdout  # the first call builds the index, and says so
