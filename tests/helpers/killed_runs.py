"""Runs that are killed on the way, as a power cut would."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence

PATIENCE = 1200.0
"""seconds to wait for the moment; a busy machine may take minutes to import the libraries"""


def kill_when(ready: Callable[[], bool], command: Sequence[str]) -> None:
    """Start a command and kill it (SIGKILL) as soon as ``ready`` says so; it must not be over before."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE
        while not ready():
            assert process.poll() is None, "the run was over before it could be killed"
            assert time.monotonic() < deadline, "the run did not get far enough in time"
            time.sleep(0.005)
        assert process.poll() is None, "the run was over before it could be killed"
    finally:
        process.kill()
        process.wait()
