"""The commands about model folders: ``checkpoint import``, ``checkpoint inspect`` and ``checkpoint verify``."""

from __future__ import annotations

import argparse
import importlib.util
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from biomed_agent.cli.arguments import settings_of
from biomed_agent.cli.terminal import Screen
from biomed_agent.core.errors import CheckpointError, InvalidInput, Unavailable

NEEDED = ("torch", "transformers", "safetensors", "sentencepiece")
NOT_READ = "not read: a language model alone"
PROGRESS_SECONDS = 10.0
"""between two lines of progress where nobody watches"""


class Progress:
    """Shows how far a long piece of work is: on a terminal in one line, elsewhere now and then a line.

    Args:
        screen: Where.
    """

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.last = time.monotonic()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Tell that ``done`` of ``total`` bytes of something are done."""
        now = time.monotonic()
        if now - self.last >= (0.1 if self.screen.live else PROGRESS_SECONDS):
            self.last = now
            text = f"{what}: {done / 1e9:.1f} of {total / 1e9:.1f} GB"
            (self.screen.progress if self.screen.live else self.screen.note)(text)


def import_weights(arguments: argparse.Namespace, screen: Screen) -> int:
    """Make a checkpoint folder of weights that others wrote."""
    require_model("importing weights")
    from biomed_agent.model.checkpoints.conversion import convert

    output = Path(arguments.output).resolve()
    request = convert.ConversionRequest(
        sources=arguments.source,
        lm=Path(arguments.lm),
        esm=Path(arguments.esm) if arguments.esm else None,
        output=output,
        dtype=arguments.dtype,
        name=arguments.name or "",
        force=arguments.force,
        report=Path(arguments.report) if arguments.report else None,
    )
    try:
        done = convert.convert_weights(request, Progress(screen))
    except KeyboardInterrupt:
        screen.progress("")
        if output.with_name(f"{output.name}.partial").exists():
            screen.note(f"{output} was not written; {output.name}.partial beside it is unfinished and may be deleted")
        raise
    finally:
        screen.progress("")
    for line in done.report.lines():
        screen.show(line)
    screen.show(f"{_title(done.manifest)} is in {done.folder}")
    screen.show(f"terms: {done.manifest['licence']}")
    if not done.manifest["kinds"]:
        screen.note("The projections are random numbers until they are trained; see docs/weights.md.")
    return 0


def inspect(arguments: argparse.Namespace, screen: Screen) -> int:
    """Say in a few lines what a checkpoint folder holds."""
    from biomed_agent.model.contract.manifest import file_sizes, read_manifest

    folder = Path(arguments.folder)
    manifest = read_manifest(folder)
    sizes, architecture = file_sizes(folder), _architecture(folder)
    if arguments.json:
        screen.show(
            json.dumps({**manifest, "architecture": architecture, "sizes": sizes}, indent=2, ensure_ascii=False)
        )
        return 0
    screen.show(_title(manifest))
    rows = {
        "molecules": architecture["molecule"],
        "proteins": architecture["protein"],
        "text": architecture["text"],
        "prompts": f"style {manifest['prompt_style']}",
        "asked for": _kinds(manifest["kinds"]),
        "terms": manifest["licence"],
        "source": manifest["source"],
        "files": f"{len(sizes)} files, {_bytes(sum(sizes.values()))}",
    }
    for name, value in rows.items():
        screen.show(f"  {name:10} {value}")
    wide = max(map(len, sizes), default=0)
    for name, size in sizes.items():
        screen.show(f"    {name.ljust(wide)}  {_bytes(size)}")
    return 0


def verify(arguments: argparse.Namespace, screen: Screen) -> int:
    """Compare every file of a checkpoint folder with the digests of its manifest, or write an acceptance report."""
    if arguments.published:
        return _accept(arguments, screen)
    if arguments.output or arguments.json:
        raise InvalidInput("--output and --json belong to --published.", "Add --published, or leave them out.")
    from biomed_agent.model.contract.manifest import file_sizes, verify_manifest

    folder = Path(arguments.folder)
    try:
        manifest = verify_manifest(folder, Progress(screen))
    finally:
        screen.progress("")
    sizes = file_sizes(folder)
    screen.show(f"{_title(manifest)}: {len(sizes)} files, {_bytes(sum(sizes.values()))}, all as its manifest says")
    return 0


def _accept(arguments: argparse.Namespace, screen: Screen) -> int:
    """Ask a checkpoint folder what the released demo was asked, and show how its answers compare."""
    require_model("comparing with published answers")
    from biomed_agent.model.release import acceptance
    from biomed_agent.model.release.acceptance_page import page

    output = Path(arguments.output) if arguments.output else None
    if output is not None and not output.resolve().parent.is_dir():
        raise InvalidInput(f"{output} cannot be written: its folder does not exist.", "Give another --output.")
    try:
        report = acceptance.accept(
            Path(arguments.folder), settings_of(arguments).load_in, Progress(screen), screen.note
        )
    finally:
        screen.progress("")
    if output is not None:
        acceptance.write(report, output)
    screen.show(json.dumps(report, indent=2, ensure_ascii=False) if arguments.json else page(report))
    if output is not None:
        screen.note(f"written: {output}; send it back to whoever compares")
    return 0


def require_model(what: str) -> None:
    """Raise :class:`Unavailable` unless what a model needs is installed; ``what`` is being done, in words."""
    if not all(importlib.util.find_spec(name) for name in NEEDED):
        raise Unavailable(
            f"{what} needs torch and transformers, which are not installed.",
            "Run: pip install 'biomed-agent[model]'.",
        )


def _title(manifest: Mapping[str, Any]) -> str:
    kind = f", {manifest['dtype']}" if manifest.get("dtype") else ""
    return f"{manifest['name']} ({manifest['revision']}), {manifest['parameters']:,} parameters{kind}"


def _architecture(folder: Path) -> dict[str, str]:
    """Return the three parts and their sizes in words, read from ``config.json`` alone."""
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        molecule, protein, text = (config[f"{part}_config"] for part in ("molecule", "protein", "text"))
        return {
            "molecule": f"GIN, {_layers(molecule)}" if molecule else NOT_READ,
            "protein": f"ESM-2, {_layers(protein)}" if protein else NOT_READ,
            "text": f"{text['model_type']}, {_layers(text)}, {text['vocab_size']:,} tokens, "
            f"{text['max_position_embeddings']:,} positions",
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path} cannot be read ({type(error).__name__}: {error}).", "Fetch or build the folder again."
        ) from error


def _layers(config: Mapping[str, Any]) -> str:
    return f"{config['num_hidden_layers']} layers of width {config['hidden_size']:,}"


def _kinds(kinds: Mapping[str, Any]) -> str:
    """Return the question kinds in words, those with the same scores together."""
    kinds_by_scores: dict[str, list[str]] = {}
    for kind, scores in kinds.items():
        kinds_by_scores.setdefault(_scores(scores), []).append(kind)
    return "; ".join(f"{', '.join(names)} ({scores})" for scores, names in kinds_by_scores.items()) or "nothing"


def _scores(scores: Any) -> str:
    """Return what a manifest says of one question kind."""
    if not isinstance(scores, Mapping) or not scores:
        return "no scores"
    if scores.get("note"):
        return str(scores["note"])
    return ", ".join(f"{key} {value}" for key, value in scores.items())


def _bytes(size: int) -> str:
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} bytes"
