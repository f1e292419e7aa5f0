"""Reading what the system says about itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomed_agent.model import machine
from biomed_agent.model.machine import Gpu, Inventory, take_inventory

CPUINFO = "processor\t: 0\nmodel name\t: Some CPU 9000\nflags\t\t: fpu avx2 avx512f avx512_bf16 amx_tile\n"
MEMINFO = "MemTotal:       16384000 kB\nMemFree:         1000000 kB\nMemAvailable:    8000000 kB\n"


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what Linux would tell; nothing about a container yet."""
    for name in ("CPUINFO", "MEMINFO"):
        monkeypatch.setattr(machine, name, tmp_path / name)
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    (tmp_path / "CPUINFO").write_text(CPUINFO, encoding="utf-8")
    (tmp_path / "MEMINFO").write_text(MEMINFO, encoding="utf-8")
    return tmp_path


def test_cpu_and_memory_are_read(system: Path) -> None:
    found = take_inventory()
    assert found.cpu == "Some CPU 9000"
    assert found.instructions == ("avx2", "avx512f", "avx512_bf16")
    assert found.ram_free == 8_000_000 * 1024
    assert found.cores >= 1
    assert found.machine().bf16


def test_a_container_may_have_less(system: Path) -> None:
    (system / "memory.max").write_text("2000000000\n", encoding="utf-8")
    (system / "memory.current").write_text("1500000000\n", encoding="utf-8")
    (system / "memory.stat").write_text("anon 1\ninactive_file 300000000\n", encoding="utf-8")
    found = take_inventory()
    assert (found.ram, found.ram_free) == (2_000_000_000, 800_000_000)
    (system / "memory.max").write_text("max\n", encoding="utf-8")
    assert take_inventory().ram_free == 8_000_000 * 1024


def test_a_system_that_tells_nothing_is_no_failure(system: Path) -> None:
    for name in ("CPUINFO", "MEMINFO"):
        (system / name).unlink()
    found = take_inventory()
    assert found.cpu
    assert found.instructions == ()
    assert found.ram_free == found.ram
    assert not found.machine().bf16


def test_a_placement_counts_what_is_free() -> None:
    found = Inventory("x", 2, ("amx_bf16",), 10, 5, (Gpu("a", 80, 70), Gpu("b", 80, 60)))
    assert (found.machine().ram, found.machine().gpus, found.machine().bf16) == (5, (70, 60), True)
