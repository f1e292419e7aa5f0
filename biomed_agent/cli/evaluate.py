"""``evaluate``: score a model on a task, beside controls, baselines and published numbers."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biomed_agent.cli.arguments import settings_of
from biomed_agent.cli.terminal import Screen
from biomed_agent.core.errors import Inapplicable, InvalidInput, Unavailable

if TYPE_CHECKING:
    from biomed_agent.model.data.formats import BadRow
    from biomed_agent.model.evaluation.evaluate import Evaluation, EvaluationSettings
    from biomed_agent.model.evaluation.models_under_test import Model
    from biomed_agent.model.evaluation.reading import Rows

TASKS = ("molecule-captioning", "molecule-qa", "protein-qa", "pubmedqa", "medmcqa", "medqa")
PAPER = "paper"
"""no task but all tables of the BioMedGPT paper"""
NOT_OF_PAPER = ("train", "ids", "benchmark", "setting", "written")
"""options of a single task, which the paper's tables settle themselves"""
SETTINGS = ("reasoning-required", "question-only", "reasoning-free")
MODALITIES = ("molecule", "protein")
MAX_BAD_ROWS = 5
PROGRESS_SECONDS = 10.0
"""between two lines of progress where nobody watches"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    words = f"{', '.join(TASKS)}; or {PAPER}: every table of the BioMedGPT paper whose data are found"
    parser.add_argument("task", choices=(*TASKS, PAPER), metavar="TASK", help=words)
    words = f"examples in any format of docs/data.md; with {PAPER} the folders below which the data sets lie"
    parser.add_argument("--data", nargs="+", default=[], metavar="FILE", help=words)
    words = f"with {PAPER}: also ask for kinds of questions that the model's manifest does not offer"
    parser.add_argument("--every-kind", action="store_true", help=words)
    parser.add_argument(
        "--train", nargs="+", default=[], metavar="FILE", help="training examples, for constant answer and neighbours"
    )
    parser.add_argument(
        "--controls",
        action="store_true",
        help="also ask with exchanged structures and zeroed projections; PubMedQA without the abstract",
    )
    parser.add_argument("--limit", type=int, metavar="N", help="score N examples, drawn by hash")
    parser.add_argument("--ids", metavar="FILE", help="ids of the questions to score, such as PubMedQA's test set")
    parser.add_argument(
        "--benchmark",
        metavar="NAME",
        help="say that the examples are of a published data set, such as ChEBI-20: only then are its scores compared",
    )
    parser.add_argument("--setting", choices=SETTINGS, help=f"what PubMedQA shows (default {SETTINGS[0]})")
    parser.add_argument("--written", action="store_true", help="let a local model write its choice as a host does")
    parser.add_argument("--scibert-vocab", metavar="FILE", help="SciBERT's vocab.txt, for BLEU and METEOR as published")
    parser.add_argument("--max-new-tokens", type=int, metavar="N", help="longest answer (default 256, choices 32)")
    parser.add_argument(
        "--batch", type=int, metavar="N", help="prompts at a time (default 16) or asked of a host at once"
    )
    parser.add_argument(
        "--processes", type=int, default=1, metavar="N", help="load a local model so often, on the CPU (default 1)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of exchanging and resampling (default 0)")
    parser.add_argument("--output", metavar="FOLDER", help="write answers and report there (default TASK-MODEL)")
    parser.add_argument("--resume", action="store_true", help="go on with the answers in the output folder")
    parser.add_argument("--json", action="store_true", help="write the report as JSON instead of Markdown")


def evaluate(arguments: argparse.Namespace, screen: Screen) -> int:
    """Ask every question, write the report and show its tables."""
    _check(arguments)
    if arguments.task == PAPER:
        return _paper(arguments, screen)
    from biomed_agent.model.evaluation import report
    from biomed_agent.model.evaluation.published import benchmark_named
    from biomed_agent.model.evaluation.reading import read_rows
    from biomed_agent.model.evaluation.tasks import task_named

    task = task_named(arguments.task)
    benchmark = benchmark_named(task.name, arguments.benchmark) if arguments.benchmark is not None else ""
    rows = read_rows(task, map(Path, arguments.data))
    rows.benchmark = benchmark
    train = read_rows(task, map(Path, arguments.train)) if arguments.train else None
    if arguments.ids:
        rows.choose(Path(arguments.ids))
    model, reads = _model(arguments)
    if task.structure and task.structure not in reads:
        raise Inapplicable(
            f"{model.stamp.name} has no encoder for {task.structure}s, which {task.name} asks about.",
            "Give another --model, or a task in text: pubmedqa, medmcqa, medqa.",
        )
    output = Path(arguments.output or f"{task.name}-{model.stamp.name}")
    screen.note(f"{len(rows.all):,} examples; {model.stamp.name} {model.stamp.revision} answers; report in {output}")
    evaluation = _run(arguments, screen, model, rows, train, output)
    written = report.write(evaluation, output)
    screen.show(written[0].read_text("utf-8") if arguments.json else report.markdown(evaluation.report))
    screen.note(f"written: {', '.join(map(str, written))}")
    return 0


def _check(arguments: argparse.Namespace) -> None:
    missing = [name for name in ("torch", "transformers") if not importlib.util.find_spec(name)]
    if missing:
        raise Unavailable(
            f"evaluating needs {' and '.join(missing)}, which are not installed.",
            "Run: pip install 'biomed-agent[model,eval]'.",
        )
    for name, lowest in (("limit", 1), ("max_new_tokens", 1), ("batch", 1), ("processes", 1), ("seed", 0)):
        value = getattr(arguments, name)
        if value is not None and value < lowest:
            raise InvalidInput(f"--{name.replace('_', '-')} is {value}; expected {lowest} or more.")
    if arguments.task == PAPER:
        if given := [f"--{name}" for name in NOT_OF_PAPER if getattr(arguments, name)]:
            raise InvalidInput(f"{given[0]} is of a single task; {PAPER} settles it for each table.", "Leave it out.")
        return
    if arguments.every_kind:
        raise InvalidInput(f"--every-kind belongs to {PAPER}.", "A single task asks whatever its data ask.")
    if not arguments.data:
        raise InvalidInput("there is no --data to score.", "Give the files of the task; docs/data.md names formats.")
    if arguments.ids and arguments.task not in ("pubmedqa", "medmcqa", "medqa"):
        raise InvalidInput(f"--ids chooses questions by their ids, which {arguments.task} has none of.")
    if arguments.setting and arguments.task != "pubmedqa":
        raise InvalidInput(f"--setting says what PubMedQA shows of an abstract; {arguments.task} has none.")


def _paper(arguments: argparse.Namespace, screen: Screen) -> int:
    """Make every table of the paper, write them side by side and show them."""
    from biomed_agent.model.evaluation import paper, paper_report
    from biomed_agent.model.evaluation.metrics import WORDS, scibert
    from biomed_agent.model.evaluation.paper_data import TABLES, search

    found = search(map(Path, arguments.data))
    if not found.found:
        lines = "; ".join(f"{table.name} ({table.files}, from {table.where})" for table in TABLES)
        where = ", ".join(arguments.data) or "no --data FOLDER"
        raise InvalidInput(f"{where}: none of the paper's data sets is there.", f"Expected some of {lines}.")
    model, reads = _model(arguments)
    output = Path(arguments.output or f"{PAPER}-{model.stamp.name}")
    names = ", ".join(f"{data.table.name} ({data.scored.name})" for data in found.found)
    screen.note(f"found: {names}; {model.stamp.name} {model.stamp.revision} answers; report in {output}")
    vocabulary = arguments.scibert_vocab or found.vocabulary
    settings = replace(
        _settings(arguments), controls=True, both_ways=True, tokenizer=scibert(vocabulary) if vocabulary else WORDS
    )
    watch = paper.Watch(
        _Progress(screen),
        lambda _table, bad, folder: _tell_bad(bad, folder, screen),
        lambda words: screen.note(f"warning: {words}"),
    )
    with _kept(output, screen):
        report = paper.run(
            model,
            found,
            output,
            settings=settings,
            every_kind=arguments.every_kind,
            reads=reads,
            resume=arguments.resume,
            watch=watch,
        )
    written = paper_report.write(report, output)
    screen.show(written[0].read_text("utf-8") if arguments.json else paper_report.markdown(report))
    screen.note(f"written: {', '.join(map(str, written))}")
    return 0


@contextlib.contextmanager
def _kept(output: Path, screen: Screen) -> Iterator[None]:
    """Say of what is interrupted that it can go on."""
    try:
        yield
    except (KeyboardInterrupt, Unavailable):
        screen.progress("")
        screen.note(f"what was answered so far is in {output}; the same command with --resume goes on")
        raise
    finally:
        screen.progress("")


def _model(arguments: argparse.Namespace) -> tuple[Model, tuple[str, ...]]:
    """Return who is asked, and what it reads besides text; of a host nothing is known, so it may read all."""
    from biomed_agent.model.connect import connect
    from biomed_agent.model.evaluation.models_under_test import Remote
    from biomed_agent.model.local import LocalModel
    from biomed_agent.model.remote import HostClient

    settings = settings_of(arguments)
    named = str(settings.model or "")
    if named.startswith(("http://", "https://")):  # --model with a URL says the same as --host
        host: str | None = named
    else:
        host = None if getattr(arguments, "model", None) else settings.host
    key = settings.api_key.get_secret_value()
    if host:
        if arguments.processes > 1:
            raise InvalidInput("--processes loads a local model several times; a host is asked.", "Leave it out.")
        timeout, audit = max(settings.timeout, 300.0), settings.audit_path
        client = HostClient(host, egress=settings.egress, api_key=key, timeout=timeout, audit=audit)
        return Remote(client, arguments.batch or 8), MODALITIES
    generator = connect(None, settings.model, load_in=settings.load_in)
    if not isinstance(generator, LocalModel):
        raise Inapplicable("there is no model to evaluate.", "Give --model FOLDER, or --host URL.")
    from biomed_agent.model.contract.manifest import modalities_of
    from biomed_agent.model.evaluation.workers import loaded

    model = loaded(generator, arguments.processes, arguments.batch or 16)
    return model, modalities_of(generator.folder)


def _settings(arguments: argparse.Namespace) -> EvaluationSettings:
    from biomed_agent.model.evaluation.evaluate import EvaluationSettings
    from biomed_agent.model.evaluation.metrics import WORDS, scibert

    return EvaluationSettings(
        controls=arguments.controls,
        setting=arguments.setting or EvaluationSettings.setting,
        written=arguments.written,
        tokenizer=scibert(arguments.scibert_vocab) if arguments.scibert_vocab else WORDS,
        limit=arguments.limit,
        max_new_tokens=arguments.max_new_tokens,
        seed=arguments.seed,
    )


def _run(
    arguments: argparse.Namespace, screen: Screen, model: Model, rows: Rows, train: Rows | None, output: Path
) -> Evaluation:
    from biomed_agent.model.evaluation.evaluate import evaluate as score
    from biomed_agent.model.evaluation.tasks import task_named

    about: dict[str, dict[str, Any]] = {"data": rows.about()}
    bad = list(rows.bad)
    if train is not None:
        about["train"] = train.about()
        bad += train.left_out
    with _kept(output, screen):
        return score(
            task_named(arguments.task),
            model,
            rows.all,
            train=train.all if train is not None else (),
            settings=_settings(arguments),
            output=output,
            resume=arguments.resume,
            about=about,
            progress=_Progress(screen),
            opened=lambda: _tell_bad(bad, output, screen),
            warn=lambda words: screen.note(f"warning: {words}"),
        )


def _tell_bad(bad: Sequence[BadRow], output: Path, screen: Screen) -> None:
    """Name the first bad rows on the screen, and all in the output folder."""
    from biomed_agent.model.evaluation.reading import write_bad

    files = write_bad(bad, output)
    for row in bad[:MAX_BAD_ROWS]:
        screen.note(f"bad row: {row if row.line else f'{row.file}: {row.where}: {row.reason}'}")
    if len(bad) > MAX_BAD_ROWS:
        screen.note(f"and {len(bad) - MAX_BAD_ROWS:,} more")
    if bad:
        screen.note(f"all bad rows are in {', '.join(map(str, files))}")


class _Progress:
    """Shows how far the asking is and how long it will take: in one line, or now and then where nobody watches."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.reported_at = 0.0
        self.what, self.since, self.before = "", 0.0, 0

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if what != self.what:
            self.what, self.since, self.before, self.reported_at = what, now, done, 0.0
        if now - self.reported_at < (0.1 if self.screen.live else PROGRESS_SECONDS) and done < total:
            return
        self.reported_at = now
        text = f"{what}: {done:,} of {total:,}"
        if self.before < done < total:
            left = (now - self.since) / (done - self.before) * (total - done)
            text += f", about {_time(left)} left"
        (self.screen.progress if self.screen.live else self.screen.note)(text)


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
