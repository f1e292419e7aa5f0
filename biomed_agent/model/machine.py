"""What this machine has: cores, memory, GPUs. Looks at torch only when it is installed, and never needs it."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import platform
from dataclasses import dataclass
from pathlib import Path

from .placement import Machine

CPUINFO = Path("/proc/cpuinfo")
MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")
INSTRUCTIONS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16")
"""Flags worth telling; ``asimd`` and ``bf16`` are those of ARM."""
BF16_INSTRUCTIONS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU as torch sees it; memory in bytes."""

    name: str
    total: int
    free: int


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

    def machine(self) -> Machine:
        """Return what a placement needs to know."""
        bf16 = not BF16_INSTRUCTIONS.isdisjoint(self.instructions)
        return Machine(self.ram_free, tuple(gpu.free for gpu in self.gpus), bf16)


def take_inventory() -> Inventory:
    """Measure this machine; with torch installed it is imported, which takes a second."""
    cpu = _read(CPUINFO)
    flags = {word for line in cpu.splitlines() if line.startswith(("flags", "Features")) for word in line.split()}
    total, free = _memory()
    return Inventory(
        cpu=_field(cpu, "model name") or platform.processor() or platform.machine(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        instructions=tuple(name for name in INSTRUCTIONS if name in flags),
        ram=total,
        ram_free=free,
        gpus=_gpus(),
    )


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
    found = []
    for number in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(number)
        found.append(Gpu(torch.cuda.get_device_name(number), total, free))
    return tuple(found)


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
