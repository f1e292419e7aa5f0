"""The starter index, which takes seconds to build, built once for several cache folders."""

from __future__ import annotations

import fcntl
from pathlib import Path

from biomed_agent.sources.local import LocalIndex


def link_starter(built: Path, folder: Path) -> Path:
    """Give another cache folder the starter index of ``built``, building it there when it is missing.

    Processes that ask at the same time wait for the first of them to build it.
    """
    built.mkdir(exist_ok=True)
    folder.mkdir(exist_ok=True)
    with (built / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        LocalIndex.open(built).close()
    for index in built.glob("starter-*.sqlite"):
        (folder / index.name).hardlink_to(index)
    return folder
