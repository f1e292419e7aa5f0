"""Reading what the system says about itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomed_agent.model.inference import machine
from biomed_agent.model.inference.machine import Gpu, Inventory, best_precision, gpu_precision, take_inventory

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
    inventory = take_inventory()
    assert inventory.cpu == "Some CPU 9000"
    assert inventory.instructions == ("avx2", "avx512f", "avx512_bf16")
    assert inventory.ram_free == 8_000_000 * 1024
    assert inventory.cores >= 1
    assert inventory.machine().bf16


def test_a_container_may_have_less(system: Path) -> None:
    (system / "memory.max").write_text("2000000000\n", encoding="utf-8")
    (system / "memory.current").write_text("1500000000\n", encoding="utf-8")
    (system / "memory.stat").write_text("anon 1\ninactive_file 300000000\n", encoding="utf-8")
    inventory = take_inventory()
    assert (inventory.ram, inventory.ram_free) == (2_000_000_000, 800_000_000)
    (system / "memory.max").write_text("max\n", encoding="utf-8")
    assert take_inventory().ram_free == 8_000_000 * 1024


def test_a_system_that_tells_nothing_is_no_failure(system: Path) -> None:
    for name in ("CPUINFO", "MEMINFO"):
        (system / name).unlink()
    inventory = take_inventory()
    assert inventory.cpu
    assert inventory.instructions == ()
    assert inventory.ram_free == inventory.ram
    assert not inventory.machine().bf16


def test_a_placement_counts_what_is_free() -> None:
    inventory = Inventory("x", 2, ("amx_bf16",), 10, 5, (Gpu("a", 80, 70), Gpu("b", 80, 60)))
    assert (inventory.machine().ram, inventory.machine().gpus, inventory.machine().bf16) == (5, (70, 60), True)


ARM = "processor\t: 0\nBogoMIPS\t: 2000.00\nFeatures\t: fp asimd evtstrm {}\nCPU implementer\t: 0x41\n"
X86 = "processor\t: 0\nmodel name\t: Some CPU\nbugs\t\t: avx512_bf16\nflags\t\t: fpu avx2 {}\n"
NONE = "this CPU has no bf16 instructions"


@pytest.mark.parametrize(
    ("cpuinfo", "bf16", "reason"),
    [
        (X86.format("avx512f avx512_bf16"), True, "this CPU has avx512_bf16"),
        (X86.format("amx_bf16 amx_tile"), True, "this CPU has amx_bf16"),
        (X86.format("avx512f avx512_bf16 amx_bf16"), True, "this CPU has amx_bf16, avx512_bf16"),
        (X86.format("avx512f avx512_vnni amx_int8"), False, NONE),
        (X86.format("avx512_bf16x"), False, NONE),
        ("flags : fpu sse2\n", False, NONE),
        (ARM.format("bf16 i8mm"), True, "this CPU has bf16"),
        (ARM.format("svebf16x"), False, NONE),
        (
            "processor : 0\nhart : 1\nisa : rv64imafdc\n",
            False,
            "this system does not say which instructions its CPU has",
        ),
        (None, False, "this system does not say which instructions its CPU has"),
    ],
)
def test_bfloat16_is_best_where_the_cpu_has_instructions_for_it(
    system: Path, cpuinfo: str | None, bf16: bool, reason: str
) -> None:
    (system / "CPUINFO").unlink()
    if cpuinfo is not None:
        (system / "CPUINFO").write_text(cpuinfo, encoding="utf-8")
    best = best_precision("cpu")
    assert (best.bf16, best.reason, best.processor) == (bf16, reason, "CPU")
    assert best.name == ("bfloat16" if bf16 else "float32")
    inventory = take_inventory()
    assert inventory.machine().bf16 == bf16
    if not inventory.gpus:
        assert inventory.precision() == best_precision() == best


def test_a_gpu_decides_where_there_is_one() -> None:
    new, old = Gpu("H200", 80, 70), Gpu("T4", 16, 15, bf16=False)
    fast = Inventory("x", 2, (), 10, 5, (new, new))
    assert (fast.precision().bf16, fast.precision().reason) == (True, "H200: has bf16 units")
    assert fast.machine().gpu_bf16
    assert not fast.machine().bf16
    mixed = Inventory("x", 2, ("amx_bf16",), 10, 5, (new, old))
    assert (mixed.precision().name, mixed.precision().reason) == ("float32", "T4: no bf16 units")
    assert not mixed.machine().gpu_bf16
    assert mixed.machine().bf16
    assert gpu_precision([("T4", False)]).processor == "GPU"


def test_of_other_devices_nothing_is_known() -> None:
    best = best_precision("mps")
    assert (best.name, best.reason) == ("float32", "whether mps has bf16 units is not known")


def test_gpus_multiply_bfloat16_from_compute_capability_8_on(monkeypatch: pytest.MonkeyPatch) -> None:
    cards = [("H200", (9, 0)), ("T4", (7, 5))]  # torch.cuda.is_bf16_supported() says yes of both
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: len(cards))
    monkeypatch.setattr("torch.cuda.get_device_name", lambda number: cards[number][0])
    monkeypatch.setattr("torch.cuda.get_device_capability", lambda number: cards[number][1])
    assert (best_precision("cuda:0").name, best_precision("cuda:1").name) == ("bfloat16", "float32")
    assert best_precision().reason == best_precision("cuda").reason == "T4: no bf16 units"
    assert best_precision("cpu").processor == "CPU"
    cards.pop()
    assert best_precision().reason == "H200: has bf16 units"
