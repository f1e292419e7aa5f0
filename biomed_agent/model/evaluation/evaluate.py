"""One evaluation: questions to answers to a report."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.version import __version__
from biomed_agent.model.contract.generation import Options, options_for
from biomed_agent.model.data.examples import Example, TextQuestion
from biomed_agent.model.evaluation import baselines, results
from biomed_agent.model.evaluation.metrics import WORDS, Scored, Tokenizer, has_meteor, score_choices, score_texts
from biomed_agent.model.evaluation.models_under_test import (
    UNPARSEABLE,
    AnswerLog,
    Model,
    Progress,
    Prompt,
    RecordedModel,
    Reply,
)
from biomed_agent.model.evaluation.published import published
from biomed_agent.model.evaluation.results import Asked, Scores, Standing, System
from biomed_agent.model.evaluation.tasks import (
    Setting,
    Task,
    as_asked,
    choice_messages,
    exchanged,
    key_of,
    parse_choice,
    questions_exchanged,
    readable,
    sample,
    structure_messages,
    structure_of,
)

SCHEMA = 1
MIN_CONSTANT_ANSWERS = 5
"""Training answers from which on a question has a constant answer of its own."""
LIKELIHOOD, REPLY = "likelihood of the option", "written reply"
"""The two ways to take a choice."""
T = TypeVar("T")


@dataclass(frozen=True)
class EvaluationSettings:
    """What an evaluation does besides asking the model each question once."""

    controls: bool = False
    """ask again with structures exchanged and with projections zeroed, or with the questions exchanged above their
    options; PubMedQA also without the abstract"""
    setting: Setting = "reasoning-required"
    written: bool = False
    """let the model write its choice even where the likelihoods of the options could be compared"""
    both_ways: bool = False
    """let the model write its choice as well, beside the one by likelihood"""
    tokenizer: Tokenizer = WORDS
    limit: int | None = None
    """how many examples are drawn; all when not given"""
    max_new_tokens: int | None = None
    """of an answer; the task's own limit when not given"""
    seed: int = 0


@dataclass(frozen=True)
class Evaluation:
    """What came out."""

    report: dict[str, Any]
    """the tables and how they came about; ``docs/evaluation.md`` has the schema"""
    examples: list[dict[str, Any]]
    """every example with what each system said and scored"""

    def scores(self) -> dict[str, Scores]:
        """Return what the structures are worth by kind of question; empty without controls."""
        scores = {}
        for section in self.report["sections"]:
            if section["structure"]:
                fields = {name: value for name, value in section["structure"].items() if name != "uses_structure"}
                others = {name: Standing(**standing) for name, standing in fields.pop("others").items()}
                scores[section["kind"]] = Scores(**fields, others=others)
        return scores


def evaluate(
    task: Task,
    model: Model,
    rows: Sequence[Example] | Sequence[TextQuestion],
    *,
    train: Sequence[Example] | Sequence[TextQuestion] = (),
    settings: EvaluationSettings = EvaluationSettings(),
    output: Path | None = None,
    resume: bool = False,
    about: Mapping[str, Mapping[str, Any]] | None = None,
    progress: Progress | None = None,
    opened: Callable[[], None] | None = None,
    warn: Callable[[str], None] | None = None,
) -> Evaluation:
    """Ask a model every question of a task and score its answers beside controls and baselines.

    Args:
        task: What is asked.
        model: Who is asked; nothing but structures and the task's own texts reaches it.
        rows: What it is scored on.
        train: What the constant answer and the nearest neighbour are taken from; without it there are neither.
        settings: What is done besides.
        output: Folder for the answers, each of which is filed as soon as it is there.
        resume: Whether to go on with the answers in ``output``.
        about: Further words on ``data`` and ``train`` for the report.
        progress: Told how far the asking is.
        opened: Called once ``output`` is known to hold no other run, before anything is asked.
        warn: Told, before anything is asked, what puts the scores in doubt.

    Raises:
        InvalidInput: There is nothing to score, or the answers in ``output`` are of another run.
        Unavailable: The model gives no answer. Those given before are filed.
    """
    every: list[Example | TextQuestion] = list(rows)
    drawn = sample(every, settings.limit)
    if not drawn:
        raise InvalidInput("there is no example to score.", "Give at least one.")
    stamp, about = model.stamp, about or {}
    limit = settings.max_new_tokens or task.max_new_tokens
    kinds = dict.fromkeys(row.kind if isinstance(row, Example) else "" for row in drawn)
    # But for the limit, as the agent asks.
    options = {kind: replace(options_for(stamp, kind), max_new_tokens=limit) for kind in kinds}
    decoding = decoding_words(options)
    run: dict[str, Any] = {
        "task": task.name,
        "model": {"name": stamp.name, "revision": stamp.revision, "digest": stamp.digest},
        "max_new_tokens": limit,
        "decoding": decoding,
    }
    recorded = RecordedModel(model, options, AnswerLog(output, run, resume), progress)
    if opened is not None:
        opened()
    shared = baselines.overlap(drawn, train) if train else None
    if shared and shared.examples and warn is not None:
        warn(str(shared))
    work: _Texts | _Choices
    if task.answers == "text":
        work = _Texts(task, _only(Example, drawn), _only(Example, train), settings, recorded)
    else:
        work = _Choices(task, _only(TextQuestion, drawn), _only(TextQuestion, train), settings, recorded)
    report = {
        "schema": SCHEMA,
        "version": __version__,
        "task": {"name": task.name, "title": task.title, "structure": task.structure, "headline": task.headline},
        "model": {**run["model"], "parameters": stamp.parameters},
        "data": {**about.get("data", {}), "examples": len(drawn), "of": len(every)},
        "train": {**about.get("train", {}), "examples": len(train), "overlap": asdict(shared)} if shared else None,
        "settings": {
            "retrieval": "off",
            "decoding": decoding,
            "structures": "canonical SMILES, as the agent gives them",
            "max_new_tokens": limit,
            "tokenizer": settings.tokenizer.name,
            "seed": settings.seed,
            **work.remarks,
        },
        "sections": work.sections(),
        "published": [asdict(figure) for figure in published(task.name)],
        "notes": _notes(task, model, settings),
    }
    return Evaluation(report, work.examples())


def decoding_words(options: Mapping[str, Options]) -> str:
    """Return how answers to each kind of question are decoded, in words; the kinds are named where they differ."""
    kinds: dict[str, list[str]] = {}
    for kind, option in options.items():
        kinds.setdefault(_words(option), []).append(kind)
    if len(kinds) == 1:
        return next(iter(kinds))
    return "; ".join(f"{', '.join(each)}: {words}" for words, each in kinds.items())


def _words(options: Options) -> str:
    words = [f"{options.num_beams} beams" if options.num_beams > 1 else "greedy"]
    if options.temperature > 0:
        words = [f"sampling at temperature {options.temperature:g}"]
        if options.mbr_samples:
            words = [
                f"minimum Bayes risk by ROUGE-L, {options.mbr_samples} samples at temperature {options.temperature:g} "
                "without those a check contradicts"
            ]
        words += [f"nucleus {options.top_p:g}"] * (options.top_p < 1)
        words += [f"seed {options.seed}" if options.seed is not None else "no seed"]
    words += [f"repetition penalty {options.repetition_penalty:g}"] * (options.repetition_penalty != 1)
    words += [f"stop at {', '.join(map(repr, options.stop))}"] * bool(options.stop)
    return ", ".join(words)


def _notes(task: Task, model: Model, settings: EvaluationSettings) -> list[str]:
    notes = []
    if task.answers == "text" and not has_meteor():
        notes.append("METEOR is left out: it needs NLTK (pip install 'biomed-agent[eval]').")
    if task.structure and settings.controls and not model.in_process:
        notes.append("The projections of a host cannot be zeroed, so this control is left out.")
    return notes


def _exchanged_key(question: TextQuestion) -> str:
    """Return what the answer to another one's words is filed under, so that another exchange is another answer."""
    return f"{question.id}, {hashlib.sha256(question.text.encode()).hexdigest()[:16]}"


def _only(kind: type[T], rows: Sequence[object]) -> list[T]:
    """Return the rows; raise :class:`InvalidInput` when one is of another kind."""
    matching = [row for row in rows if isinstance(row, kind)]
    if len(matching) < len(rows):
        raise InvalidInput(f"expected rows of kind {kind.__name__} only.", "Give the data of this task.")
    return matching


def _places(rows: Sequence[T], key: Callable[[T], str]) -> dict[str, list[int]]:
    """Return the positions of rows by key, in the order in which the keys come."""
    places: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        places.setdefault(key(row), []).append(number)
    return places


# ---------------------------------------------------------------------------------------------- answers in words


class _Texts:
    """Questions about structures, answered in words."""

    def __init__(
        self,
        task: Task,
        rows: Sequence[Example],
        train: Sequence[Example],
        settings: EvaluationSettings,
        recorded: RecordedModel,
    ) -> None:
        self.task, self.rows, self.train, self.settings = task, rows, train, settings
        self.recorded = recorded
        self.remarks: dict[str, Any] = {}
        self.similarity = [math.nan] * len(rows)
        self.systems = [self._asked(results.MODEL, rows, shared=True)]
        if settings.controls:
            self.systems.append(self._asked(results.EXCHANGED, exchanged(rows, settings.seed), shared=True))
        if settings.controls and recorded.model.in_process:
            with recorded.model.blind():
                self.systems.append(self._asked(results.BLIND, rows))
        if train:
            recorded.tell("baselines", 0, 2)
            constants = self._constants()
            recorded.tell("baselines", 1, 2)
            self.systems += [self._neighbours(constants[0]), *constants]

    def sections(self) -> list[dict[str, Any]]:
        """Return one table for each kind of question, and one for all where there are several kinds."""
        parts = list(_places(self.rows, lambda row: row.kind).items())
        if len(parts) > 1:
            parts.append(("all", list(range(len(self.rows)))))
        edges: tuple[float, ...] = ()
        if self.train:
            edges = results.MOLECULE_EDGES if self.task.structure == "molecule" else results.PROTEIN_EDGES
        return [
            results.section(
                kind,
                [self._shown(number) for number in where],
                [system.part(where) for system in self.systems],
                self.task.headline,
                edges,
                self.settings.seed,
            )
            for kind, where in parts
        ]

    def examples(self) -> list[dict[str, Any]]:
        """Return every example."""
        asked = [self._shown(number) for number in range(len(self.rows))]
        return [results.example_of(row, self.systems, number, self.task.headline) for number, row in enumerate(asked)]

    def _shown(self, number: int) -> Asked:
        row = self.rows[number]
        return Asked(key_of(row), structure_of(row), row.question, row.answer, self.similarity[number])

    def _asked(self, name: str, rows: Sequence[Example], shared: bool = False) -> System:
        prompts = [
            Prompt(
                key_of(row),
                structure_messages(asked),
                expected=row.answer,
                kind=row.kind,
                smiles=asked.smiles,
                sequence=asked.sequence,
            )
            for row, asked in zip(rows, map(as_asked, rows), strict=True)
        ]
        replies = self.recorded.ask(name, prompts, shared)
        texts = ["" if reply.miss else reply.text for reply in replies]
        scored = results.with_losses(self._score(texts), replies)
        return System(name, texts, scored, [reply.miss for reply in replies], [reply.cut for reply in replies])

    def _score(self, answers: Sequence[str]) -> Scored:
        references = [row.answer for row in self.rows]
        return score_texts(references, answers, self.settings.tokenizer, self.task.captions)

    def _neighbours(self, constant: System) -> System:
        nearest = baselines.nearest(self.rows, self.train, self.task.structure)
        self.similarity = [
            neighbour.similarity if readable(row) else math.nan
            for row, neighbour in zip(self.rows, nearest, strict=True)
        ]
        pairs = zip(nearest, constant.answers, strict=True)
        answers = [self.train[neighbour.index].answer if neighbour.index >= 0 else stock for neighbour, stock in pairs]
        note = "the best constant where nothing is similar" if any(neighbour.index < 0 for neighbour in nearest) else ""
        return System(results.NEIGHBOUR, answers, self._score(answers), note=note)

    def _constants(self) -> list[System]:
        trained = _places(self.train, lambda row: row.question)
        by_question: dict[str, baselines.Constant] = {}
        for question in dict.fromkeys(row.question for row in self.rows):
            own = trained.get(question, [])
            if len(own) >= MIN_CONSTANT_ANSWERS:
                by_question[question] = baselines.best_constant([self.train[number].answer for number in own])
        if any(row.question not in by_question for row in self.rows):
            by_question[""] = baselines.best_constant([row.answer for row in self.train])
        constants = [by_question[row.question if row.question in by_question else ""] for row in self.rows]
        self.remarks["constants"] = {question: asdict(constant) for question, constant in by_question.items()}
        answers = {
            results.CONSTANT: [constant.answer for constant in constants],
            results.TRIMMED: [constant.trimmed for constant in constants],
        }
        return [System(name, texts, self._score(texts)) for name, texts in answers.items()]


# ---------------------------------------------------------------------------------------------- choices


class _Choices:
    """Questions in text with options to choose from."""

    def __init__(
        self,
        task: Task,
        rows: Sequence[TextQuestion],
        train: Sequence[TextQuestion],
        settings: EvaluationSettings,
        recorded: RecordedModel,
    ) -> None:
        self.task, self.rows, self.settings, self.recorded = task, rows, settings, recorded
        self.weighed = recorded.model.in_process and not settings.written
        alike = all(dict(row.options) == dict(rows[0].options) for row in rows)
        self.classes = tuple(rows[0].options) if alike else ()
        self.remarks: dict[str, Any] = {"choice": LIKELIHOOD if self.weighed else REPLY}
        self.shown = any(row.context for row in rows)
        asked: dict[str, Setting] = {results.MODEL: settings.setting if self.shown else "question-only"}
        if self.shown:
            self.remarks["setting"] = settings.setting
            if settings.controls and settings.setting != "question-only":
                asked[results.WITHOUT_CONTEXT] = "question-only"
        self.systems = [self._asked(name, setting) for name, setting in asked.items()]
        if settings.both_ways and self.weighed:
            self.remarks["choice"] += f", and in the row '{results.WRITTEN}' the {REPLY}"
            self.systems.insert(1, self._asked(results.WRITTEN, asked[results.MODEL], weighed=False))
        if settings.controls and len(rows) > 1:
            others = questions_exchanged(rows, settings.seed)
            self.systems.append(self._asked(results.QUESTIONS_EXCHANGED, asked[results.MODEL], others))
        self.systems += self._baselines([row.answer for row in train])

    def sections(self) -> list[dict[str, Any]]:
        """Return the one table."""
        asked = [Asked(row.id, "", row.text, row.answer) for row in self.rows]
        return [results.section("all", asked, self.systems, self.task.headline, seed=self.settings.seed)]

    def examples(self) -> list[dict[str, Any]]:
        """Return every question."""
        asked = [Asked(row.id, "", row.text, row.answer) for row in self.rows]
        return [results.example_of(row, self.systems, number, self.task.headline) for number, row in enumerate(asked)]

    def _asked(
        self, name: str, setting: Setting, rows: Sequence[TextQuestion] | None = None, weighed: bool | None = None
    ) -> System:
        """Ask every question, or ``rows`` in their place, by likelihood or in words."""
        weighed = self.weighed if weighed is None else weighed
        prompts = [
            Prompt(
                _exchanged_key(row) if rows else row.id,
                choice_messages(row, setting),
                options=tuple(row.options) if weighed else (),
            )
            for row in rows or self.rows
        ]
        # Answers to the same question in another setting, or found another way, are other answers.
        condition = f"{setting if self.shown else results.MODEL}, {LIKELIHOOD if weighed else REPLY}"
        replies = self.recorded.ask(f"{name}, {condition}" if rows else condition, prompts)
        keys = [self._key(row, reply) for row, reply in zip(self.rows, replies, strict=True)]
        misses = [reply.miss or ("" if key else UNPARSEABLE) for key, reply in zip(keys, replies, strict=True)]
        return System(name, keys, self._score(keys), misses, [reply.cut for reply in replies])

    @staticmethod
    def _key(question: TextQuestion, reply: Reply) -> str:
        return "" if reply.miss else parse_choice(reply.text, question.options)

    def _score(self, keys: Sequence[str]) -> Scored:
        return score_choices([row.answer for row in self.rows], keys, self.classes)

    def _baselines(self, trained: Sequence[str]) -> list[System]:
        frequent = [baselines.most_frequent(trained or [row.answer for row in self.rows])] * len(self.rows)
        note = "" if trained else "counted on these very questions, for want of training data"
        systems = [System(results.FREQUENT, frequent, self._score(frequent), note=note)]
        if not self.classes:
            longest = [baselines.longest_option(row) for row in self.rows]
            systems.append(System(results.LONGEST_OPTION, longest, self._score(longest)))
        return [*systems, System(results.RANDOM, [""] * len(self.rows), baselines.random_choice(self.rows))]
