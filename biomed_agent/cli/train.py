"""The commands about training: ``train pretrain``, ``train align`` and ``train merge``."""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from biomed_agent.cli.terminal import Screen
from biomed_agent.core.errors import InvalidInput, Unavailable
from biomed_agent.core.progress import StepLine

NEEDED = ("torch", "transformers", "accelerate", "safetensors", "sentencepiece")
CONFIGS = Path(__file__).resolve().parents[1] / "model" / "training" / "configs"
PROGRESS_SECONDS = 10.0
"""between two lines of progress where nobody watches"""


def add_commands(actions: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the words of these commands."""
    words = "stage 1: let a language model learn on from papers"
    first = add(actions, "pretrain", "train.pretrain", words, "RECIPE --data FILE... --output FOLDER")
    _run_arguments(first, "papers, or one folder of packed ones", "pretrain")
    words = "stage 2: teach a model to answer about molecules and proteins"
    second = add(actions, "align", "train.align", words, "RECIPE --data FILE... --output FOLDER")
    _run_arguments(second, "pairs in any format of docs/data.md, or the folder of pooled texts", "align")
    second.add_argument(
        "--held-out",
        nargs="+",
        default=[],
        metavar="FILE",
        help="pairs whose loss is logged (default: some groups of alike structures are kept apart)",
    )
    second.add_argument("--start", metavar="FOLDER", help="checkpoint folder to train, instead of the recipe's")
    second.add_argument("--licence", default="", metavar="TEXT", help="terms of the weights, for the manifest")
    words = "make a whole checkpoint folder of what was trained and its base"
    merged = add(actions, "merge", "train.merge", words, "FOLDER --output FOLDER")
    merged.add_argument("folder", help="what train align left in OUTPUT/model")
    merged.add_argument("--base", metavar="FOLDER", help="its base, if it is not where it was in training")
    merged.add_argument("--output", required=True, metavar="FOLDER", help="checkpoint folder to write")


def _run_arguments(parser: argparse.ArgumentParser, data: str, shipped: str) -> None:
    parser.add_argument("recipe", help=f"JSON file, or the name of a recipe that comes along, such as {shipped}")
    parser.add_argument("--data", nargs="+", required=True, metavar="FILE", help=data)
    parser.add_argument(
        "--output", required=True, metavar="FOLDER", help="folder of the run; the same command again resumes it"
    )


def pretrain(arguments: argparse.Namespace, screen: Screen) -> int:
    """Run stage 1."""
    _ready()
    from biomed_agent.model.training.pretrain import pretrain

    report = Report(screen)
    data, output = [Path(path) for path in arguments.data], Path(arguments.output)
    _interruptible(lambda: pretrain(_recipe(arguments.recipe), data, output, report=report), output, report)
    return 0


def pack(arguments: argparse.Namespace, screen: Screen) -> int:
    """Pack papers for stage 1."""
    _ready()
    from biomed_agent.model.training.pretrain import write_shards_for

    report = Report(screen)
    files, output = [Path(path) for path in arguments.file], Path(arguments.output)
    _interruptible(lambda: write_shards_for(_recipe(arguments.recipe), files, output, report=report), output, report)
    return 0


def align(arguments: argparse.Namespace, screen: Screen) -> int:
    """Run stage 2 and say where the checkpoint folder is."""
    _ready()
    from biomed_agent.model.training.align import align

    report = Report(screen)
    output = Path(arguments.output)

    def run() -> Path:
        return align(
            _recipe(arguments.recipe),
            [Path(path) for path in arguments.data],
            output,
            held_out=[Path(path) for path in arguments.held_out],
            start=Path(arguments.start) if arguments.start else None,
            licence=arguments.licence,
            report=report,
        )

    folder = _interruptible(run, output, report)
    if report.speaks:
        screen.show(str(folder))
    return 0


def merge(arguments: argparse.Namespace, screen: Screen) -> int:
    """Put what was trained and its base into one folder."""
    _ready()
    from biomed_agent.model.checkpoints.checkpoint import merge_adapter

    screen.show(str(merge_adapter(arguments.folder, arguments.output, arguments.base)))
    return 0


class Report:
    """Shows how training goes: on a terminal in one line, elsewhere now and then a line. Only the first process speaks.

    Args:
        screen: Where.
    """

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.speaks = os.environ.get("RANK", "0") == "0"
        self.last = float("-inf")

    def __call__(self, text: str) -> None:
        """Tell one line."""
        step = isinstance(text, StepLine)
        if not self.speaks or (step and not self.screen.live and time.monotonic() - self.last < PROGRESS_SECONDS):
            return
        if step:
            self.last = time.monotonic()
            (self.screen.progress if self.screen.live else self.screen.note)(text)
        else:
            self.end()
            self.screen.note(text)

    def end(self) -> None:
        """Clear the line of progress."""
        self.screen.progress("")


def _ready() -> None:
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise Unavailable(
            f"training needs {', '.join(missing)}, not installed here.", "Run: pip install 'biomed-agent[train]'."
        )
    from transformers.utils import logging as transformers_log

    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    transformers_log.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_log.disable_progress_bar()  # type: ignore[no-untyped-call]


def _recipe(given: str) -> Path:
    """Return the file of a recipe that is given by path or by the name of a shipped one."""
    shipped = {file.stem: file for file in sorted(CONFIGS.glob("*.json"))}
    if Path(given).is_file():
        return Path(given)
    if given not in shipped:
        raise InvalidInput(f"there is no recipe {given}.", f"Give a JSON file, or one of: {', '.join(shipped)}.")
    return shipped[given]


def _interruptible(work: Callable[[], Any], output: Path, report: Report) -> Any:
    """Do long work; say how it goes on when it is interrupted."""
    try:
        return work()
    except KeyboardInterrupt:
        report.end()
        report(f"stopped; the same command resumes after the last checkpoint in {output}")
        raise
    finally:
        report.end()
