"""``doctor``: what this machine has, whether the settings work, and how a model would fit."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import platform
import shutil
import textwrap
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biomed_agent.cli.arguments import settings_of
from biomed_agent.cli.terminal import PROGRAM, Screen
from biomed_agent.core.errors import BiomedAgentError, CheckpointError, InvalidInput
from biomed_agent.core.privacy.egress import AuditLog
from biomed_agent.core.types import EXIT_CODES

if TYPE_CHECKING:
    from biomed_agent.core.settings import Settings
    from biomed_agent.model.inference.machine import Inventory
    from biomed_agent.model.inference.placement import Option, Sizes

PACKAGES = (
    "biomed-agent", "rdkit", "numpy", "httpx", "pydantic", "langchain-core", "langchain",
    "torch", "transformers", "accelerate", "safetensors", "sentencepiece", "bitsandbytes",
)  # fmt: skip
NEEDED = {"torch": "model", "transformers": "model", "sentencepiece": "model"}
"""packages without which no local model runs, and the extra that brings them"""
GIB = 2**30


def doctor(arguments: argparse.Namespace, screen: Screen) -> int:
    """Report on machine, settings and model; 0 when the settings work and the model fits, else 4."""
    if arguments.live:
        from biomed_agent.cli.live_doctor import check_live

        if getattr(arguments, "egress", None) is True:
            raise InvalidInput(
                "--live asks the services, and --egress without a policy proves that nothing leaves.", "Give one."
            )
        return check_live(arguments, screen)
    if arguments.yes:
        raise InvalidInput("--yes belongs to --live.", "Leave it out.")
    if getattr(arguments, "egress", None) is True:  # --egress without a policy
        from biomed_agent.cli.egress_proof import prove

        return prove(arguments, screen)
    from biomed_agent.model.inference.machine import take_inventory

    settings = settings_of(arguments)
    sizes, folder = _model(arguments.of, settings)
    if arguments.tokens is not None and arguments.tokens < 1:
        raise InvalidInput(f"--tokens is {arguments.tokens}; expected 1 or more.")
    inventory = take_inventory()
    report: dict[str, Any] = {
        "machine": {**asdict(inventory), **_disk(settings.cache_dir), "precision": _precision(inventory)},
        "python": platform.python_version(),
        "packages": _packages(),
        "settings": _settings(settings),
        "egress": {"policy": settings.egress, "offline": settings.offline, **AuditLog(settings.audit_path).summary()},
    }
    if sizes is not None:
        report["model"] = _placement(sizes, folder, inventory, arguments.tokens, report["packages"])
    screen.show(json.dumps(report, indent=2, ensure_ascii=False) if arguments.json else _text(report))
    fine = all(entry["works"] is not False for entry in report["settings"].values())
    return 0 if fine and (sizes is None or report["model"]["best"]) else EXIT_CODES["unavailable"]


def _model(named: str | None, settings: Settings) -> tuple[Sizes | None, str]:
    """Return the model to judge and its folder: the one named, else that of the settings, else the embedded one.

    A folder that need not be named is empty, one that is not known is ``FOLDER``.
    """
    from biomed_agent.model.connect import model_folder
    from biomed_agent.model.inference.placement import folder_sizes, named_sizes

    if named is not None:
        return (folder_sizes(named), named) if Path(named).is_dir() else (named_sizes(named), "FOLDER")
    try:
        return folder_sizes(model_folder(settings.model)), settings.model or ""
    except CheckpointError:  # there is none, or the report on the settings says what is wrong with it
        return None, ""


def _precision(inventory: Inventory) -> dict[str, str]:
    """Return the precision that is computed best here, why, and what that means for ``--load-in bf16``."""
    best = inventory.precision()
    note = "" if best.bf16 else "--load-in bf16 halves the memory and is slower for long prompts and several samples"
    return {"best": best.name, "reason": best.reason, "note": note}


def _disk(cache_dir: Path) -> dict[str, Any]:
    folder = cache_dir.expanduser().absolute()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return {"cache_dir": str(folder), "disk_free": shutil.disk_usage(there).free}


def _packages() -> dict[str, str | None]:
    versions: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    return versions


def _settings(settings: Settings) -> dict[str, dict[str, Any]]:
    """Try what the settings name; ``works`` is None for what is switched off or not installed."""
    return {
        "model": _tried(lambda: _try_model(settings)),
        "index": _tried(lambda: _try_index(settings)),
        "host": _tried(lambda: _try_host(settings)) if settings.host else {"works": None, "says": "not set"},
    }


def _tried(attempt: Callable[[], tuple[bool | None, str]]) -> dict[str, Any]:
    try:
        works, says = attempt()
    except BiomedAgentError as error:
        works, says = False, str(error)
    return {"works": works, "says": says}


def _try_model(settings: Settings) -> tuple[bool | None, str]:
    from biomed_agent.model.connect import EMBEDDED, connect, model_folder

    if (settings.model or "").lower() == "none":
        return None, "switched off"
    local = connect(None, settings.model)
    if local is None:
        there = (EMBEDDED / "manifest.json").is_file()
        missing = "torch is not installed: pip install 'biomed-agent[model]'"
        return None, missing if there else "no model ships with this installation"
    return True, f"{local.stamp.name} {local.stamp.revision} in {model_folder(settings.model)}"


def _try_index(settings: Settings) -> tuple[bool, str]:
    from biomed_agent.sources.local import LocalIndex

    with LocalIndex.open(settings.cache_dir, settings.index) as index:
        names = [*(str(path) for path in settings.index), "the starter set"]
        index.stats()
    return True, ", ".join(names)


def _try_host(settings: Settings) -> tuple[bool, str]:
    from biomed_agent.model.remote import HostClient

    key = settings.api_key.get_secret_value()
    timeout, audit = settings.timeout, settings.audit_path
    stamp = HostClient(str(settings.host), egress=settings.egress, api_key=key, timeout=timeout, audit=audit).stamp
    return True, f"{stamp.name} {stamp.revision}".strip()


def _placement(
    sizes: Sizes, folder: str, inventory: Inventory, tokens: int | None, packages: dict[str, str | None]
) -> dict[str, Any]:
    """Return the memory of a model by part and precision, every placement, and the best that fits."""
    from biomed_agent.model.inference.placement import PARAMETER_BYTES, PLANNED_POSITIONS, options

    tokens = min(tokens or PLANNED_POSITIONS, sizes.context_length)
    memory: dict[str, dict[str, Any]] = {
        part.name: {"parameters": part.parameters} | {load_in: part.size(load_in) for load_in in PARAMETER_BYTES}
        for part in sizes.parts
    }
    memory["KV cache"] = {load_in: sizes.kv_cache(load_in, tokens) for load_in in PARAMETER_BYTES}
    memory["activations"] = {load_in: sizes.activations(load_in, tokens) for load_in in PARAMETER_BYTES}
    memory["together"] = {load_in: sum(row[load_in] for row in memory.values()) for load_in in PARAMETER_BYTES}
    every = options(sizes, inventory.machine(), tokens)
    best = next((option for option in every if option.fits), None)
    return {
        "name": sizes.name,
        "parameters": sizes.parameters,
        "tokens": tokens,
        "memory": memory,
        "options": [_shown(option, packages) for option in every],
        "best": None
        if best is None
        else {**_shown(best, packages), **_how(best, folder, bool(inventory.gpus), packages)},
    }


def _lacks_quantizer(option: Option, packages: dict[str, str | None]) -> bool:
    return option.load_in in ("8bit", "4bit") and packages["bitsandbytes"] is None


def _shown(option: Option, packages: dict[str, str | None]) -> dict[str, Any]:
    lacking = "needs bitsandbytes, which is not installed" if _lacks_quantizer(option, packages) else ""
    return {
        "load_in": option.load_in,
        "where": option.where,
        "needs": {str(device): need for device, need in option.needs.items()},
        "free": {str(device): free for device, free in option.free.items()},
        "fits": option.fits,
        "note": "; ".join(part for part in (option.note, lacking) if part),
    }


def _how(option: Option, folder: str, gpus: bool, packages: dict[str, str | None]) -> dict[str, Any]:
    """Return the command that loads a model this way, the same as a setting, and what to install first."""
    extras = {extra for name, extra in NEEDED.items() if packages[name] is None}
    if _lacks_quantizer(option, packages):
        extras.add("quant")
    hide = "CUDA_VISIBLE_DEVICES= " if gpus and not option.on_gpu else ""
    model = f" --model {folder}" if folder else ""
    return {
        "command": f"{hide}{PROGRAM}{model} --load-in {option.load_in} ask ...",
        "setting": f"BIOMED_AGENT_LOAD_IN={option.load_in}",
        "install": f"pip install 'biomed-agent[{','.join(sorted(extras))}]'" if extras else "",
    }


def _text(report: dict[str, Any]) -> str:
    machine, packages = report["machine"], report["packages"]
    gpus = [f"{gpu['name']}, {_gib(gpu['total'])}, {_gib(gpu['free'])} free" for gpu in machine["gpus"]]
    without = "none that torch can use" if packages["torch"] else "not looked for: torch is not installed"
    lines = [
        "Machine",
        f"  CPU       {machine['cpu']}, {machine['cores']} cores, {' '.join(machine['instructions'])}".rstrip(", "),
        f"  RAM       {_gib(machine['ram'])}, {_gib(machine['ram_free'])} free",
        *(f"  GPU {number}     {gpu}" for number, gpu in enumerate(gpus)),
        *([] if gpus else [f"  GPU       {without}"]),
        f"  precision {_precision_text(machine['precision'])}",
        f"  disk      {_gib(machine['disk_free'])} free at {machine['cache_dir']}",
        f"  Python    {report['python']}",
        *textwrap.wrap(
            ", ".join(f"{name} {version}" for name, version in packages.items() if version),
            88,
            initial_indent="  packages  ",
            subsequent_indent=" " * 12,
            break_on_hyphens=False,
        ),
    ]
    if absent := [name for name, text in packages.items() if not text]:
        lines.append(f"            not installed: {', '.join(absent)}")
    lines.append("Settings")
    verdicts = {True: "works: ", False: "does not work: ", None: ""}
    lines += [f"  {name:8}  {verdicts[entry['works']]}{entry['says']}" for name, entry in report["settings"].items()]
    lines += _egress_text(report["egress"])
    return "\n".join(lines + (_model_text(report["model"]) if "model" in report else []))


def _precision_text(precision: dict[str, str]) -> str:
    note = f"; {precision['note']}" if precision["note"] else ""
    return f"{precision['best']} is fastest ({precision['reason']}){note}"


def _egress_text(egress: dict[str, Any]) -> list[str]:
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in egress["kinds"].items())
    when = f", the last at {egress['last']}" if egress["last"] else ""
    offline = " (offline)" if egress["offline"] else ""
    return [
        "Egress",
        f"  policy    {egress['policy']}{offline}; `{PROGRAM} doctor --egress` proves what leaves",
        f"  log       {egress['sent']:,} requests sent{kinds and f' ({kinds})'}, {egress['blocked']:,} refused{when}",
        f"            in {egress['path']}",
    ]


def _model_text(model: dict[str, Any]) -> list[str]:
    precisions = ("fp32", "bf16", "8bit", "4bit")
    unit, name = (GIB, "GiB") if model["memory"]["together"]["bf16"] >= GIB else (2**20, "MiB")
    lines = [
        f"Memory of {model['name']} for {model['tokens']:,} tokens, in {name} (arithmetic, not a measurement)",
        f"  {'':18}{'parameters':>14}{''.join(f'{name:>8}' for name in precisions)}",
    ]
    for name, row in model["memory"].items():
        count = f"{row['parameters']:,}" if "parameters" in row else ""
        lines.append(f"  {name:18}{count:>14}{''.join(f'{row[precision] / unit:8.2f}' for precision in precisions)}")
    per_token = model["memory"]["KV cache"]["bf16"] / model["tokens"] / 2**20
    lines += [
        f"  The KV cache takes {per_token:.3g} MiB a token in bf16; each device needs 0.75 GiB besides.",
        "Placements, best first",
    ]
    lines += [_option_text(option) for option in model["options"]]
    best = model["best"]
    if best is None:
        return [*lines, f"Nothing fits. {model['name']} needs more memory, or a host: set BIOMED_AGENT_HOST."]
    lines.append(f"Use {best['load_in']} on {best['where']}:")
    lines += [f"  {best[key]}" for key in ("install", "command") if best[key]]
    return [*lines, f"  or set {best['setting']}"]


def _option_text(option: dict[str, Any]) -> str:
    needs = ", ".join(
        f"{need / GIB:.1f} of {option['free'][device] / GIB:.1f} GiB {'RAM' if device == 'cpu' else f'on GPU {device}'}"
        for device, need in option["needs"].items()
    )
    note = f" ({option['note']})" if option["note"] else ""
    return f"  {'fits' if option['fits'] else 'too big':7}  {option['load_in']:4}  {option['where']}: {needs}{note}"


def _gib(count: int) -> str:
    return f"{count / GIB:.1f} GiB" if count else "unknown"
