"""Asking the model, and the file of answers that makes a run resumable."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from biomed_agent.core.chemistry.descriptors import computed_facts
from biomed_agent.core.chemistry.structures import molecule_from_smiles
from biomed_agent.core.errors import CheckpointError, InvalidInput, Unavailable
from biomed_agent.core.types import Entity, ModelStamp, Protein
from biomed_agent.model.contract.generation import Generation, Options
from biomed_agent.model.contract.prompt import Message
from biomed_agent.model.contract.samples import Samples, ask_and_choose
from biomed_agent.model.evaluation.tasks import is_refusal
from biomed_agent.trust.claims import check_text, contradicts

if TYPE_CHECKING:
    from biomed_agent.model.inference.engine import LocalEngine

ANSWERS = "answers.jsonl"
UNREADABLE, EMPTY, REFUSED, UNPARSEABLE = "unreadable input", "empty answer", "refusal", "unparseable reply"
MISSES = (UNREADABLE, EMPTY, REFUSED, UNPARSEABLE)
"""Why an example scores 0 whatever was expected."""
Progress = Callable[[str, int, int], None]
"""Told what is asked, and how many of how many are done."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question as the model gets it, and what its answer is filed under."""

    key: str
    messages: Sequence[Message]
    expected: str = ""
    """the right answer, for the loss; never shown to the model"""
    options: tuple[str, ...] = ()
    """the replies to compare by likelihood; empty when the model is to write"""
    kind: str = ""
    """kind of question, on which the decoding may depend"""
    smiles: str = ""
    sequence: str = ""
    """what the question is about; of several samples those that it contradicts are left out"""

    @property
    def size(self) -> int:
        """Characters of the prompt, for batches of similar length."""
        return len(json.dumps(list(self.messages)))


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model answered to one prompt."""

    text: str = ""
    miss: str = ""
    """one of :data:`MISSES`, or empty"""
    note: str = ""
    """what was cut of the input, or why it could not be read"""
    cut: bool = False
    """whether the answer reached the limit of tokens"""
    loss: float | None = None
    """nats per token of the expected answer, its end included"""
    likelihoods: Mapping[str, float] = field(default_factory=dict)
    """log-likelihood of each option's tokens in nats, without the end"""
    agreement: float | None = None
    """mean ROUGE-L with the other samples the answer was chosen among; None where one answer was written"""
    rejected: int = 0
    """samples that were left out before the choice, because the structure contradicts them"""


class Model(Protocol):
    """What can be evaluated."""

    batch: int
    """prompts that are handed over at a time"""
    inside: bool
    """whether likelihoods and a version without structures are at hand"""

    @property
    def stamp(self) -> ModelStamp:
        """Who answers."""

    def write(self, prompts: Sequence[Prompt], options: Options) -> Iterator[Reply]:
        """Let the model write an answer to each prompt; each is given as soon as it and those before it are there."""

    def losses(self, prompts: Sequence[Prompt]) -> list[float | None]:
        """Return nats per token of each expected answer; None without logits or where the input is unreadable."""

    def weigh(self, prompts: Sequence[Prompt]) -> list[Reply]:
        """Return the likelihood of each prompt's options."""

    def blind(self) -> contextlib.AbstractContextManager[None]:
        """Zero the projections of structures while the context lasts."""


class Writer(Samples, Protocol):
    """What :class:`Hosted` needs of a generator."""

    @property
    def stamp(self) -> ModelStamp:
        """Who answers."""


class Hosted:
    """A model that only writes: a host over HTTP, or anything else that generates.

    Args:
        generator: Asked for one prompt at a time, from several threads.
        workers: How many at once.
    """

    inside = False

    def __init__(self, generator: Writer, workers: int = 8) -> None:
        self.generator = generator
        self.workers = workers
        self.batch = 4 * workers

    @property
    def stamp(self) -> ModelStamp:
        """See :class:`Model`."""
        return self.generator.stamp

    def write(self, prompts: Sequence[Prompt], options: Options) -> Iterator[Reply]:
        """See :class:`Model`."""
        with ThreadPoolExecutor(self.workers) as pool:
            yield from pool.map(lambda prompt: _chosen(self.generator, prompt, options), prompts)

    def losses(self, prompts: Sequence[Prompt]) -> list[float | None]:
        """See :class:`Model`."""
        return [None] * len(prompts)

    def weigh(self, prompts: Sequence[Prompt]) -> list[Reply]:
        """See :class:`Model`."""
        raise InvalidInput("a host tells no likelihoods.", "Compare what it writes.")

    def blind(self) -> contextlib.AbstractContextManager[None]:
        """See :class:`Model`."""
        raise InvalidInput("the projections of a host cannot be zeroed.", "Leave this control out.")


class Inside:
    """A model in this process, asked in batches.

    Args:
        engine: The loaded model.
        batch: Prompts at a time; halved where they do not fit into memory.
    """

    inside = True

    def __init__(self, engine: LocalEngine, batch: int = 16) -> None:
        self.engine = engine
        self.batch = batch

    @property
    def stamp(self) -> ModelStamp:
        """See :class:`Model`."""
        return self.engine.stamp

    def write(self, prompts: Sequence[Prompt], options: Options) -> Iterator[Reply]:
        """See :class:`Model`."""
        if options.mbr_samples:  # one prompt at a time makes a batch of its own
            yield from (_chosen(self.engine, prompt, options) for prompt in prompts)
            return

        def several(part: Sequence[Prompt]) -> list[Reply]:
            return [_reply(one) for one in self.engine.generate_batch([prompt.messages for prompt in part], options)]

        yield from _halving(several, prompts, _unreadable)

    def losses(self, prompts: Sequence[Prompt]) -> list[float | None]:
        """See :class:`Model`."""

        def several(part: Sequence[Prompt]) -> list[float | None]:
            rows = self._token_losses(part, [prompt.expected for prompt in part])
            return [math.fsum(row) / len(row) for row in rows]

        return _halving(several, prompts, lambda _error: None)

    def weigh(self, prompts: Sequence[Prompt]) -> list[Reply]:
        """See :class:`Model`."""

        def several(part: Sequence[Prompt]) -> list[Reply]:
            pairs = [(prompt, option) for prompt in part for option in prompt.options]
            rows = iter(self._token_losses([prompt for prompt, _ in pairs], [option for _, option in pairs]))
            found = [{option: -math.fsum(next(rows)[:-1]) for option in prompt.options} for prompt in part]
            return [Reply(text=max(one, key=one.__getitem__), likelihoods=one) for one in found]

        return _halving(several, prompts, _unreadable)

    @contextlib.contextmanager
    def blind(self) -> Iterator[None]:
        """See :class:`Model`."""
        import torch

        projections = [self.engine.model.molecule_projection, self.engine.model.protein_projection]
        parameters = [parameter for one in projections for parameter in one.parameters()]
        kept = [parameter.detach().clone() for parameter in parameters]
        try:
            with torch.no_grad():
                for parameter in parameters:
                    parameter.zero_()
            yield
        finally:
            with torch.no_grad():
                for parameter, values in zip(parameters, kept, strict=True):
                    parameter.copy_(values)

    def _token_losses(self, prompts: Sequence[Prompt], answers: Sequence[str]) -> list[list[float]]:
        """Return nats of each token of each answer, the end included."""
        import torch

        from biomed_agent.model.network.processing import IGNORED

        engine = self.engine
        inputs = engine.processor([prompt.messages for prompt in prompts], list(answers), padding_side="left")
        if inputs["input_ids"].shape[1] > engine.context_length:
            raise InvalidInput(
                f"prompt and answer take {inputs['input_ids'].shape[1]:,} positions, and the model has "
                f"{engine.context_length:,}.",
            )
        inputs = inputs.to(engine.device)
        labels = inputs.pop("labels")
        longest = int(labels.ne(IGNORED).sum(1).max())
        labels = labels[:, -longest:]
        try:
            with torch.inference_mode():  # logits of a whole prompt would fill the memory
                logits = engine.model(**inputs, logits_to_keep=longest + 1).logits[:, :-1].float()
        except torch.OutOfMemoryError as error:
            raise Unavailable(f"{engine.device} ran out of memory.", "Give a smaller --batch.") from error
        each = torch.nn.functional.cross_entropy(logits.transpose(1, 2), labels, reduction="none", ignore_index=IGNORED)
        if not torch.isfinite(each).all():
            raise _no_numbers(engine)
        return [row[mask].tolist() for row, mask in zip(each.cpu(), labels.ne(IGNORED).cpu(), strict=True)]


def _no_numbers(engine: LocalEngine) -> CheckpointError:
    """Return the error of a model whose losses are no numbers: what it writes then means nothing and would score 0."""
    weights = [(name, one) for name, one in engine.model.named_parameters() if one.is_floating_point()]
    bad = [name for name, one in weights if not one.isfinite().all()]
    if bad:
        return CheckpointError(
            f"{engine.stamp.name} cannot be scored: {len(bad):,} of its {len(weights):,} tensors of weights hold NaN "
            f"or infinite values, such as {bad[0]}.",
            "Give another checkpoint; the training of this one has failed, or the file was damaged.",
        )
    return CheckpointError(
        f"{engine.stamp.name} cannot be scored: its likelihoods in {engine.load_in} are NaN or infinite, though its "
        "weights are not.",
        "Give --load-in bf16 or fp32, which hold larger numbers.",
    )


def _halving(
    work: Callable[[Sequence[Prompt]], list[Any]], prompts: Sequence[Prompt], failed: Callable[[InvalidInput], Any]
) -> list[Any]:
    """Do the work; where one input cannot be read or memory runs out, in halves."""
    try:
        return work(prompts)
    except InvalidInput as error:
        if len(prompts) == 1:
            return [failed(error)]
    except Unavailable:
        if len(prompts) == 1:
            raise
    half = len(prompts) // 2
    return _halving(work, prompts[:half], failed) + _halving(work, prompts[half:], failed)


def _chosen(model: Samples, prompt: Prompt, options: Options) -> Reply:
    """Ask as the agent asks: of several samples those that the structure contradicts are left out.

    No record takes part, here or in the check: the scores are the model's.
    """
    try:
        choice = ask_and_choose(model, prompt.messages, options, _contradicted(prompt))
    except InvalidInput as error:
        return _unreadable(error)
    return replace(_reply(choice.generation), rejected=choice.rejected)


def _contradicted(prompt: Prompt) -> Callable[[str], bool] | None:
    """Return whether the structure of a prompt contradicts a text; None where there is none to be read."""
    entity: Entity
    if prompt.smiles:
        try:
            entity = molecule_from_smiles(prompt.smiles)
        except InvalidInput:
            return None
        facts = computed_facts(entity)
    elif prompt.sequence:
        entity, facts = Protein(prompt.sequence), []
    else:
        return None
    return lambda text: contradicts(check_text(text, entity, facts))


def _reply(generation: Generation) -> Reply:
    text = generation.text.strip()
    miss = EMPTY if not text else REFUSED if is_refusal(text) else ""
    cut = generation.finish_reason == "length"
    return Reply(text, miss, generation.truncated, cut, agreement=generation.agreement)


def _unreadable(error: InvalidInput) -> Reply:
    return Reply(miss=UNREADABLE, note=str(error))


# ---------------------------------------------------------------------------------------------- the file of answers


class Journal:
    """The answers of a run, each written as soon as it is there; a line that was cut off is asked for again.

    The first line says what was asked of whom; an answer is filed under the condition it was given in and the key of
    its example.

    Args:
        folder: Where ``answers.jsonl`` is or will be; kept in memory when None.
        run: What the answers depend on.
        resume: Whether to go on with answers that are there.

    Raises:
        InvalidInput: There are answers already and ``resume`` is not given, they belong to another run, or the folder
            cannot be written.
    """

    def __init__(self, folder: Path | None, run: Mapping[str, Any], resume: bool = False) -> None:
        self.path = None if folder is None else folder / ANSWERS
        self._replies: dict[tuple[str, str], Reply] = {}
        self._header = {"run": dict(run)}
        if self.path is None:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.exists() and self.path.stat().st_size:
                self._read(resume)
            else:
                self.path.write_text(_line(self._header), encoding="utf-8")
        except OSError as error:
            raise InvalidInput(
                f"{self.path} cannot be written: {error.strerror or error}.", "Give another --output."
            ) from error

    def __contains__(self, filed: tuple[str, str]) -> bool:
        return filed in self._replies

    def __getitem__(self, filed: tuple[str, str]) -> Reply:
        return self._replies[filed]

    def add(self, condition: str, key: str, reply: Reply) -> None:
        """File an answer."""
        self._replies[condition, key] = reply
        if self.path is not None:
            with self.path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(_line({"condition": condition, "key": key, **asdict(reply)}))

    def _is_begun(self) -> bool:
        """Whether the file has its first line and no answer: the run failed before any was given."""
        assert self.path is not None  # noqa: S101
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except ValueError:  # several lines, or none of ours
            return False
        return isinstance(found, dict) and found.keys() == {"run"}

    def _read(self, resume: bool) -> None:
        assert self.path is not None  # noqa: S101
        if not resume and self._is_begun():
            self.path.write_text(_line(self._header), encoding="utf-8")
            return
        if not resume:
            raise InvalidInput(
                f"{self.path} holds answers of an earlier run.", "Go on with --resume, or give another --output."
            )
        whole = self.path.read_bytes()
        complete = whole[: whole.rfind(b"\n") + 1]
        lines = complete.decode("utf-8").split("\n")[:-1]
        try:
            header, *rows = [json.loads(line) for line in lines] or [{}]
            before = header["run"]
            for row in rows:
                filed = (row.pop("condition"), row.pop("key"))
                self._replies[filed] = Reply(**row)
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInput(
                f"{self.path} is no file of answers ({type(error).__name__}: {error}).", "Give another --output."
            ) from error
        now = self._header["run"]
        if before != json.loads(json.dumps(now)):
            differ = [name for name in {**before, **now} if before.get(name) != now.get(name)]
            raise InvalidInput(
                f"{self.path} belongs to another run: {', '.join(differ)} differ.", "Give another --output."
            )
        if len(complete) < len(whole):
            with self.path.open("r+b") as file:
                file.truncate(len(complete))


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Interview:
    """A model, how it is asked, and where its answers are filed."""

    model: Model
    options: Mapping[str, Options]
    """how each kind of question is decoded"""
    journal: Journal
    progress: Progress | None = None

    def ask(self, condition: str, prompts: Sequence[Prompt]) -> list[Reply]:
        """Return the model's reply to each prompt, asking only those whose answer is not filed yet.

        Args:
            condition: What the answers are filed under, such as "structures exchanged".
            prompts: A prompt with ``options`` is weighed, another one answered in words; equal keys are asked once.

        Raises:
            Unavailable: The host gives no answer, or the device has too little memory for one prompt. What was
                answered before is filed.
        """
        missing = {prompt.key: prompt for prompt in prompts if (condition, prompt.key) not in self.journal}
        waiting = sorted(missing.values(), key=lambda prompt: -prompt.size)  # too little memory shows at once
        alike: dict[Options, list[Prompt]] = {}
        for prompt in waiting:
            alike.setdefault(self.options[prompt.kind], []).append(prompt)
        done = len(prompts) - len(waiting)
        self.tell(condition, done, len(prompts))
        for options, group in alike.items():
            for start in range(0, len(group), self.model.batch):
                part = group[start : start + self.model.batch]
                for prompt, reply in zip(part, self._answers(part, options), strict=True):
                    self.journal.add(condition, prompt.key, reply)
                done += len(part)
                self.tell(condition, done, len(prompts))
        return [self.journal[condition, prompt.key] for prompt in prompts]

    def tell(self, what: str, done: int, total: int) -> None:
        """Say how far the work is."""
        if self.progress is not None:
            self.progress(what, done, total)

    def _answers(self, prompts: Sequence[Prompt], options: Options) -> Iterator[Reply]:
        if prompts[0].options:
            yield from self.model.weigh(prompts)
            return
        losses = self.model.losses(prompts) if prompts[0].expected else [None] * len(prompts)
        for reply, loss in zip(self.model.write(prompts, options), losses, strict=True):
            yield replace(reply, loss=loss)
