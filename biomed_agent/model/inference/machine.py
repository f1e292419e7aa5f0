"""What this machine has, and which precision it computes well. Looks at torch only when it is installed."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from biomed_agent.model.inference.placement import Machine

CPUINFO = Path("/proc/cpuinfo")
MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")
INSTRUCTIONS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16")
"""Flags worth telling; ``asimd`` and ``bf16`` are those of ARM."""
BF16_INSTRUCTIONS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})


@dataclass(frozen=True, slots=True)
class Precision:
    """The precision in which a processor computes best, and why, in a line."""

    bf16: bool
    """whether that is bfloat16; float32 otherwise"""
    reason: str
    processor: Literal["CPU", "GPU"]

    @property
    def name(self) -> Literal["bfloat16", "float32"]:
        """What torch calls it."""
        return "bfloat16" if self.bf16 else "float32"


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU as torch sees it; memory in bytes."""

    name: str
    total: int
    free: int
    bf16: bool = True
    """whether it multiplies bfloat16 itself; older ones emulate it"""


@dataclass(frozen=True, slots=True)
class Inventory:
    """What was measured; memory in bytes."""

    cpu: str
    cores: int
    """those this process may use"""
    instructions: tuple[str, ...]
    """of :data:`INSTRUCTIONS`; empty where the system does not tell"""
    ram: int
    """in all; 0 where the system does not tell"""
    ram_free: int
    """what could be taken now without swapping, within the limit of a container"""
    gpus: tuple[Gpu, ...]
    instructions_known: bool = True
    """whether the system tells which instructions the CPU has"""

    def machine(self) -> Machine:
        """Return what a placement needs to know."""
        return Machine(
            self.ram_free,
            tuple(gpu.free for gpu in self.gpus),
            cpu_precision(self.instructions, self.instructions_known).bf16,
            all(gpu.bf16 for gpu in self.gpus),
        )

    def precision(self) -> Precision:
        """Return what the GPUs compute best, and without any what the CPU does."""
        if self.gpus:
            return gpu_precision((gpu.name, gpu.bf16) for gpu in self.gpus)
        return cpu_precision(self.instructions, self.instructions_known)


def cpu_precision(instructions: Iterable[str], known: bool = True) -> Precision:
    """Return the precision that a CPU with these instructions computes best.

    Without instructions for bfloat16 each product is widened to float32 and rounded back, which is slower than float32.
    """
    fast = sorted(BF16_INSTRUCTIONS.intersection(instructions))
    if fast:
        return Precision(True, f"this CPU has {', '.join(fast)}", "CPU")
    if known:
        return Precision(False, "this CPU has no bf16 instructions", "CPU")
    return Precision(False, "this system does not say which instructions its CPU has", "CPU")


def gpu_precision(gpus: Iterable[tuple[str, bool]]) -> Precision:
    """Return the precision that all of these GPUs compute best; each has a name and whether it multiplies bfloat16."""
    gpus_here = list(gpus)
    if lacking := dict.fromkeys(name for name, bf16 in gpus_here if not bf16):
        return Precision(False, f"{', '.join(lacking)}: no bf16 units", "GPU")
    return Precision(True, f"{', '.join(dict.fromkeys(name for name, _ in gpus_here))}: has bf16 units", "GPU")


def best_precision(device: str | None = None) -> Precision:
    """Return the precision in which this machine computes best; takes no memory on a GPU.

    Args:
        device: As torch writes it, such as ``cpu`` or ``cuda:1``; if not given, the GPUs when there are any. Of a
            device of another kind, such as Apple's, nothing is known, and float32 works on all of them.
    """
    kind = (device or "").partition(":")[0]
    if kind in ("", "cuda") and (gpus := _gpu_units(device or "cuda")):
        return gpu_precision(gpus)
    if kind in ("", "cpu", "cuda"):
        return cpu_precision(*_instructions(_read(CPUINFO)))
    return Precision(False, f"whether {kind} has bf16 units is not known", "GPU")


def _gpu_units(device: str) -> list[tuple[str, bool]]:
    """Return name and whether it multiplies bfloat16 of one GPU (``cuda:1``), or of all of them (``cuda``)."""
    if not importlib.util.find_spec("torch"):
        return []
    import torch

    if not torch.cuda.is_available():
        return []
    number = device.partition(":")[2]
    numbers = [int(number)] if number else range(torch.cuda.device_count())
    return [(torch.cuda.get_device_name(number), _multiplies_bf16(number)) for number in numbers]


def _multiplies_bf16(number: int) -> bool:
    """Return whether a GPU has units for bfloat16: NVIDIA's from compute capability 8.0 on, and AMD's.

    ``torch.cuda.is_bf16_supported`` says yes of older ones, too, which emulate it; told not to, it looks at the current
    GPU only, and making another one current takes memory there.
    """
    import torch

    return torch.version.hip is not None or torch.cuda.get_device_capability(number) >= (8, 0)


def take_inventory() -> Inventory:
    """Measure this machine; with torch installed it is imported, which takes a second."""
    cpu = _read(CPUINFO)
    instructions, known = _instructions(cpu)
    total, free = _memory()
    return Inventory(
        cpu=_field(cpu, "model name") or platform.processor() or platform.machine(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        instructions=instructions,
        ram=total,
        ram_free=free,
        gpus=_gpus(),
        instructions_known=known,
    )


def _instructions(cpuinfo: str) -> tuple[tuple[str, ...], bool]:
    """Return those of :data:`INSTRUCTIONS` that ``/proc/cpuinfo`` lists, and whether it lists any at all."""
    lines = [line for line in cpuinfo.splitlines() if line.partition(":")[0].strip() in ("flags", "Features")]
    flags = {word for line in lines for word in line.partition(":")[2].split()}
    return tuple(name for name in INSTRUCTIONS if name in flags), bool(flags)


def _memory() -> tuple[int, int]:
    """Return total and free bytes of RAM, or of the container when it is allowed less."""
    total = 0
    with contextlib.suppress(AttributeError, ValueError, OSError):  # Windows has no sysconf
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    available = _field(_read(MEMINFO), "MemAvailable").removesuffix("kB").strip()
    free = int(available) * 1024 if available else total
    limit, used = (_read(CGROUP / f"memory.{what}").strip() for what in ("max", "current"))
    if limit.isdigit() and used.isdigit():
        # Cached files count as used, and are given up when memory is asked for.
        cached = next((int(line.split()[1]) for line in _read(CGROUP / "memory.stat").splitlines()
                       if line.startswith("inactive_file ")), 0)  # fmt: skip
        total, free = min(total, int(limit)), min(free, int(limit) - int(used) + cached)
    return total, free


def _gpus() -> tuple[Gpu, ...]:
    if not importlib.util.find_spec("torch"):
        return ()
    import torch

    if not torch.cuda.is_available():
        return ()
    limits = []
    for number in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(number)
        limits.append(Gpu(torch.cuda.get_device_name(number), total, free, _multiplies_bf16(number)))
    return tuple(limits)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _field(text: str, name: str) -> str:
    """Return the value of the first line ``name : value``; empty when there is none."""
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""
