"""The model in this process: messages in, text out, one request or batch at a time."""

import gc
import queue
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import StoppingCriteria, StoppingCriteriaList
from transformers.generation.streamers import BaseStreamer
from transformers.utils import logging

from biomed_agent.core.deadline import ChildDeadline, Deadline, current, running
from biomed_agent.core.errors import InvalidInput, Unavailable
from biomed_agent.core.types import LoadIn, ModelStamp
from biomed_agent.model.async_bridge import WorkerThread
from biomed_agent.model.checkpoints.checkpoint import load_checkpoint
from biomed_agent.model.contract.generation import Generation, Options
from biomed_agent.model.contract.manifest import stamp_of
from biomed_agent.model.contract.prompt import Message, ProteinSlot, Text, drop_oldest_turns, render
from biomed_agent.model.contract.samples import choose
from biomed_agent.model.inference.machine import best_precision, take_inventory
from biomed_agent.model.inference.placement import choose as choose_placement
from biomed_agent.model.inference.placement import folder_sizes
from biomed_agent.model.inference.quantize import loading_options, prepare_quantized
from biomed_agent.model.inference.sampling import cut_at, sample
from biomed_agent.model.network.processing import Structures

SINGLE_THREAD_PARAMETERS = 100_000_000
"""Parameters below which one CPU thread is used: more of them only wait for each other."""


LOCK_SECONDS = 0.05
"""seconds after which whoever waits for the model looks at the deadline again"""


class LocalEngine:
    """A checkpoint folder, loaded; several threads may call it, and it serves one call after the other.

    Args:
        folder: Checkpoint folder (:func:`biomed_agent.model.checkpoints.checkpoint.save_checkpoint`).
        load_in: Precision of the weights; bfloat16 on a GPU that multiplies it and float32 elsewhere when not given.
            8 and 4 bits need bitsandbytes.
        device: Where to run; if not given, the GPUs when there are any, as :mod:`.placement` lays them out.

    Raises:
        CheckpointError: The folder is not one of ours, incomplete or damaged.
        Unavailable: The model does not fit, or bitsandbytes is missing.
    """

    def __init__(
        self, folder: str | Path, load_in: LoadIn | None = None, device: str | torch.device | None = None
    ) -> None:
        if device is None:
            chosen = choose_placement(folder_sizes(folder), take_inventory().machine(), load_in)
            load_in, device_map = chosen.load_in, dict(chosen.device_map)
        else:
            # On a CPU answers are those of float32 unless asked otherwise, even where bfloat16 is faster.
            fast = torch.device(device).type != "cpu" and best_precision(str(device)).bf16
            load_in = load_in or ("bf16" if fast else "fp32")
            device_map = {"": str(device)}
        self.load_in: LoadIn = load_in
        """precision of the weights"""
        self.model: Any
        with _quiet():
            self.model, self.processor, self.manifest = load_checkpoint(
                folder, device_map=device_map, **loading_options(load_in)
            )
        prepare_quantized(self.model)
        self.device: torch.device = self.model.device
        self.stamp: ModelStamp = stamp_of(self.manifest)
        self._lock = threading.Lock()
        self._worker = WorkerThread("biomed-agent-engine")
        small = self.device.type == "cpu" and self.model.num_parameters() < SINGLE_THREAD_PARAMETERS
        self._threads = 1 if small else torch.get_num_threads()

    @property
    def context_length(self) -> int:
        """Positions the language model has, for prompt and answer together."""
        return int(self.model.config.text_config.max_position_embeddings)

    def generate(self, messages: Sequence[Message], options: Options = Options()) -> Generation:
        """Answer one conversation.

        When prompt and ``max_new_tokens`` together exceed the context, the oldest turns are left out, each with its
        structures, and ``truncated`` says so.

        Raises:
            InvalidInput: A message or structure cannot be read, an option is out of range, or the newest turn
                leaves no room for an answer.
            Unavailable: The device ran out of memory.
            Cancelled: The call's deadline (:func:`biomed_agent.core.deadline.current`) was cancelled: seen before each
                token, and while another call holds the model.
            TimedOut: Its time is up; seen as often.
        """
        return self.generate_batch([messages], options)[0]

    def generate_batch(
        self, conversations: Sequence[Sequence[Message]], options: Options = Options()
    ) -> list[Generation]:
        """Answer several conversations at once, each as if it were alone.

        Raises:
            InvalidInput: As :meth:`generate`, for any of them.
            Unavailable: As :meth:`generate`.
        """
        if options.mbr_samples and conversations:
            ready = [self._prepare([messages], options) for messages in conversations]  # all, before any is sampled
            return [choose(self._sample(*prepared, options)).generation for prepared in ready]
        inputs, limits, notes = self._prepare(conversations, options)
        with self._running(options):
            rows = self._decode(inputs, limits, options, None)
        prompt_tokens = inputs["attention_mask"].sum(dim=1).tolist()
        return [
            self._generation(ids, count, note, options)
            for ids, count, note in zip(rows, prompt_tokens, notes, strict=True)
        ]

    def samples(self, messages: Sequence[Message], options: Options, n: int) -> list[Generation]:
        """Return ``n`` answers to one conversation, which is read once.

        See :class:`biomed_agent.model.contract.generation.Generator`.

        Raises:
            InvalidInput: As :meth:`generate`; or several are asked for at temperature 0 or with beams, where all would
                be the same.
            Unavailable: As :meth:`generate`.
        """
        if n < 1:
            raise InvalidInput(f"{n} samples were asked for; expected 1 or more.")
        if n == 1:
            return self.generate_batch([messages], replace(options, mbr_samples=0))
        options = replace(options, mbr_samples=n)
        return self._sample(*self._prepare([messages], options), options)

    def _sample(self, inputs: Any, limits: list[int], notes: list[str], options: Options) -> list[Generation]:
        """Sample answers to one conversation, whatever others are asked with it."""
        (limit,), (note,) = limits, notes
        with self._running(options):
            rows = sample(self.model, inputs, limit, options, eos=self._eos(), text=self._text)
        prompt_tokens = int(inputs["attention_mask"].sum())
        return [self._generation(ids, prompt_tokens, note, options) for ids in rows]

    def stream(self, messages: Sequence[Message], options: Options = Options()) -> Iterator[str]:
        """Yield the answer in pieces that join to :meth:`generate`'s text.

        A caller who stops reading stops the model. With beams, or samples to be compared, the answer is known at the
        end only: it comes whole.

        Raises:
            InvalidInput: As :meth:`generate`.
            Unavailable: As :meth:`generate`.
        """
        return self._pieces(messages, options, ChildDeadline(current()))

    def _pieces(self, messages: Sequence[Message], options: Options, deadline: ChildDeadline) -> Iterator[str]:
        if options.num_beams > 1 or options.mbr_samples:
            with running(deadline):
                text = self.generate(messages, options).text
            yield text
            return
        inputs, limits, _ = self._prepare([messages], options)
        tokens = _TokenQueue()

        def run() -> None:
            try:
                with running(deadline), self._running(options):
                    self._decode(inputs, limits, options, tokens)
                tokens.end()
            except BaseException as error:  # handed to the reader, who raises it
                tokens.fail(error)

        worker = threading.Thread(target=run, name="biomed-agent-stream", daemon=True)
        worker.start()
        ids: list[int] = []
        sent = 0
        try:
            for token in tokens:
                ids.append(token)
                safe = _settled(self._text(ids), options.stop)
                if len(safe) > sent:
                    yield safe[sent:]
                    sent = len(safe)
            final = cut_at(self._text(ids), options.stop)[0]
            if len(final) > sent:
                yield final[sent:]
        finally:
            deadline.cancel()
            worker.join()

    async def agenerate(self, messages: Sequence[Message], options: Options = Options()) -> Generation:
        """Like :meth:`generate`, in a worker thread."""
        return await self._worker.run(lambda: self.generate(messages, options))

    def astream(self, messages: Sequence[Message], options: Options = Options()) -> AsyncIterator[str]:
        """Like :meth:`stream`, in a worker thread."""
        return self._worker.iterate(lambda: self.stream(messages, options))

    def close(self) -> None:
        """End the worker thread; harmless twice. The weights are freed with the engine, see :func:`free_memory`."""
        self._worker.close()

    def _prepare(
        self, conversations: Sequence[Sequence[Message]], options: Options
    ) -> tuple[Any, list[int], list[str]]:
        """Return the model's inputs, how many tokens each row may get, and what was cut of each, in words."""
        _check(options)
        if not conversations or not all(conversations):
            raise InvalidInput("there is no message to answer.", "Give at least one user message.")
        structures: Structures = {}
        fitted = [self._fit(messages, options, structures) for messages in conversations]
        inputs = self.processor([messages for messages, _ in fitted], structures=structures)
        limits = []
        for count in inputs["attention_mask"].sum(dim=1).tolist():
            room = self.context_length - count
            if room < 1:
                raise InvalidInput(
                    f"the prompt takes {count:,} positions, and the model has {self.context_length:,} for prompt and "
                    "answer together.",
                    "Give fewer or smaller structures, or a shorter question.",
                )
            limits.append(min(options.max_new_tokens, room))
        return inputs.to(self.device), limits, [note for _, note in fitted]

    def _fit(self, messages: Sequence[Message], options: Options, structures: Structures) -> tuple[list[Message], str]:
        """Drop the oldest turns of a conversation that is too long; say in words what the model will not see."""

        def size(part: Sequence[Message]) -> int:
            return sum(len(ids) for _, ids in self.processor.encode_prompt(part, structures))

        remaining, dropped = drop_oldest_turns(messages, self.context_length - options.max_new_tokens, size)
        slots = [part for part in render(remaining, self.processor.style) if not isinstance(part, Text)]
        notes = [self.processor.truncation_note(part.sequence) for part in slots if isinstance(part, ProteinSlot)]
        if dropped:
            before = sum(not isinstance(part, Text) for part in render(messages, self.processor.style))
            lost = before - len(slots)
            notes.append(
                f"{_count(dropped, 'earlier turn')} {'was' if dropped == 1 else 'were'} dropped to fit the context of "
                f"{self.context_length:,}" + (f", with {_count(lost, 'structure')}" if lost else "")
            )
        return remaining, "; ".join(note for note in notes if note)

    def _decode(
        self, inputs: Any, limits: list[int], options: Options, tokens: "_TokenQueue | None"
    ) -> list[list[int]]:
        """Run the model and return each row's new ids, EOS included and padding left out."""
        eos = self._eos()
        pad = self.processor.tokenizer.pad_token_id
        sampling = {"temperature": options.temperature, "top_p": options.top_p, "top_k": 0}
        ids: Tensor = self.model.generate(
            **inputs,
            max_new_tokens=max(limits),
            do_sample=options.temperature > 0,
            num_beams=options.num_beams,
            repetition_penalty=options.repetition_penalty,
            eos_token_id=eos,
            pad_token_id=eos[0] if pad is None else pad,
            streamer=tokens,
            stopping_criteria=StoppingCriteriaList([_StopWhen(self._text, options.stop, current())]),
            **(sampling if options.temperature > 0 else {}),
        )
        rows = []
        for row, limit in zip(ids.tolist(), limits, strict=True):
            end = next((number for number, index in enumerate(row, start=1) if index in eos), len(row))
            rows.append(row[: min(end, limit)])
        return rows

    def _eos(self) -> list[int]:
        eos = self.model.generation_config.eos_token_id
        eos = self.processor.tokenizer.eos_token_id if eos is None else eos
        return list(eos) if isinstance(eos, list | tuple) else [eos]

    def _text(self, ids: list[int]) -> str:
        return self.processor.decode(ids)

    def _generation(self, ids: list[int], prompt_tokens: int, note: str, options: Options) -> Generation:
        text, stopped = cut_at(self._text(ids), options.stop)
        ended = stopped or ids[-1] in self._eos()
        return Generation(
            text=text,
            finish_reason="stop" if ended else "length",
            prompt_tokens=prompt_tokens,
            new_tokens=len(ids),
            truncated=note,
        )

    @contextmanager
    def _running(self, options: Options) -> Iterator[None]:
        """Hold the model: one caller, few threads, its own random numbers, quiet, no gradients."""
        devices = [self.device] if self.device.type == "cuda" else []
        with self._hold(), _quiet(), torch.random.fork_rng(devices=devices, enabled=options.seed is not None):
            threads = torch.get_num_threads()
            torch.set_num_threads(self._threads)
            if options.seed is not None:
                torch.manual_seed(options.seed)
            try:
                yield
            except torch.OutOfMemoryError as error:
                raise Unavailable(
                    f"{self.device} ran out of memory.",
                    "Ask for fewer beams, samples or tokens, or give a smaller structure.",
                ) from error
            finally:
                torch.set_num_threads(threads)

    @contextmanager
    def _hold(self) -> Iterator[None]:
        """Wait until no other call holds the model, or the deadline is over."""
        deadline = current()
        deadline.check()
        while not self._lock.acquire(timeout=deadline.at_most(LOCK_SECONDS)):
            deadline.check()
        try:
            yield
        finally:
            self._lock.release()


def free_memory() -> None:
    """Give back, of a GPU too, what engines that nobody refers to any more took."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


class _TokenQueue(BaseStreamer):
    """New ids of one row, from the thread that decodes to the one that reads."""

    def __init__(self) -> None:
        self._items: queue.Queue[int | BaseException | None] = queue.Queue()

    def put(self, value: Tensor) -> None:
        """Take the next ids; transformers also hands over the prompt's, which are none here."""
        for index in value.flatten().tolist():
            self._items.put(index)

    def end(self) -> None:
        """Say that there are no more."""
        self._items.put(None)

    def fail(self, error: BaseException) -> None:
        """Make the reader raise ``error``."""
        self._items.put(error)

    def __iter__(self) -> Iterator[int]:
        while (item := self._items.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item


class _StopWhen(StoppingCriteria):
    """Ends a row whose text holds a stop string; and the whole call, with an error, when its deadline is over."""

    def __init__(self, text: Callable[[list[int]], str], stop: tuple[str, ...], deadline: Deadline) -> None:
        self.text, self.stop, self.deadline = text, stop, deadline

    def __call__(self, input_ids: Tensor, scores: Any, **kwargs: Any) -> Tensor:
        """Return which rows are done, [batch]."""
        self.deadline.check()
        done = [bool(self.stop) and cut_at(self.text(row), self.stop)[1] for row in input_ids.tolist()]
        return torch.tensor(done, dtype=torch.bool, device=input_ids.device)


def _check(options: Options) -> None:
    sampling = options.temperature > 0 and options.num_beams == 1
    comparable = options.mbr_samples == 0 or (options.mbr_samples > 1 and sampling)
    ranges = {
        "max_new_tokens": (options.max_new_tokens, options.max_new_tokens >= 1, "1 or more"),
        "num_beams": (options.num_beams, options.num_beams >= 1, "1 or more"),
        "temperature": (options.temperature, options.temperature >= 0, "0 (greedy) or more"),
        "top_p": (options.top_p, 0 < options.top_p <= 1, "above 0, at most 1"),
        "repetition_penalty": (options.repetition_penalty, options.repetition_penalty > 0, "above 0"),
        "stop": (options.stop, all(options.stop), "no empty string"),
        "mbr_samples": (
            options.mbr_samples,
            comparable,
            "0 (none), or 2 or more with a temperature above 0 and one beam",
        ),
    }
    for name, (value, fine, expected) in ranges.items():
        if not fine:
            raise InvalidInput(f"option {name} is {value!r}; expected {expected}.")


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def _settled(text: str, stop: tuple[str, ...]) -> str:
    """Return the part of a growing text that no further token can change or cut.

    Held back: what follows a stop string or may become one, unfinished characters (shown as U+FFFD) and
    trailing white space.
    """
    text, stopped = cut_at(text, stop)
    if not stopped:
        text = text.rstrip("\N{REPLACEMENT CHARACTER}")
        starts = (string[:length] for string in stop for length in range(1, len(string)))
        text = text[: len(text) - max((len(start) for start in starts if text.endswith(start)), default=0)]
    return text.rstrip()


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence transformers: errors are raised, and nothing else belongs on a caller's screen."""
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
