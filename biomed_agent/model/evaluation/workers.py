"""A model in several processes of this machine, one thread each: on a CPU, more threads soon wait for each other."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

from biomed_agent.core.errors import BiomedAgentError, Unavailable
from biomed_agent.core.types import LoadIn, ModelStamp
from biomed_agent.model.contract.generation import Options
from biomed_agent.model.evaluation.models_under_test import InProcess, Prompt, Reply
from biomed_agent.model.local import LocalModel

Method = Literal["write", "losses", "weigh"]


@dataclass(frozen=True, slots=True)
class _Work:
    """What one process is to do with one batch."""

    method: Method
    prompts: Sequence[Prompt]
    options: Options
    blind: bool


def loaded(model: LocalModel, processes: int, batch: int = 16) -> InProcess | WorkerPool:
    """Return a local model to be asked, in this process or in several.

    Args:
        model: The model; it need not be loaded.
        processes: How many.
        batch: Prompts at a time in one process.
    """
    if processes == 1:
        return InProcess(model.load(), batch)
    return WorkerPool(model.folder, model.stamp, processes, batch, model.load_in)


class WorkerPool:
    """A checkpoint folder, loaded by several processes on the CPU; each takes one batch after another.

    The batches are those of :class:`.models_under_test.InProcess`, so the answers are the same, too. The processes end
    with this object.

    Args:
        folder: The checkpoint folder.
        stamp: What its manifest says.
        processes: How many; each holds the whole model.
        batch: Prompts at a time in one process.
        load_in: Precision of the weights; float32 when not given.

    Raises:
        CheckpointError: The folder cannot be loaded.
        Unavailable: A process ended, most likely for want of memory.
    """

    in_process = True

    def __init__(
        self, folder: Path, stamp: ModelStamp, processes: int, batch: int = 16, load_in: LoadIn | None = None
    ) -> None:
        self.stamp = stamp
        self.batch = batch * processes
        self._size, self._blind = batch, False
        context = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork
        self._ends: list[Connection] = []
        for _ in range(processes):
            ours, theirs = context.Pipe()
            with _deaf():
                context.Process(target=_serve, args=(theirs, folder, batch, load_in), daemon=True).start()
            theirs.close()  # so that reading fails when the process is gone
            self._ends.append(ours)
        self._received(self._ends)

    def write(self, prompts: Sequence[Prompt], options: Options) -> Iterator[Reply]:
        """See :class:`.models_under_test.Model`."""
        yield from self._done("write", prompts, options)

    def losses(self, prompts: Sequence[Prompt]) -> list[float | None]:
        """See :class:`.models_under_test.Model`."""
        return self._done("losses", prompts, Options())

    def weigh(self, prompts: Sequence[Prompt]) -> list[Reply]:
        """See :class:`.models_under_test.Model`."""
        return self._done("weigh", prompts, Options())

    @contextlib.contextmanager
    def blind(self) -> Iterator[None]:
        """See :class:`.models_under_test.Model`."""
        self._blind = True
        try:
            yield
        finally:
            self._blind = False

    def _done(self, method: Method, prompts: Sequence[Prompt], options: Options) -> list[Any]:
        """Return what the processes make of the prompts, in their order."""
        results: list[Any] = []
        for first in range(0, len(prompts), self.batch):
            starts = range(first, min(first + self.batch, len(prompts)), self._size)
            busy = list(zip(self._ends, starts, strict=False))
            with self._lost():
                for end, start in busy:
                    end.send(_Work(method, prompts[start : start + self._size], options, self._blind))
            results += self._received([end for end, _ in busy])
        return results

    def _received(self, ends: Sequence[Connection]) -> list[Any]:
        """Return what the processes answer, one after the other; raise an error once all have answered."""
        with self._lost():
            answers: list[list[Any] | BiomedAgentError] = [end.recv() for end in ends]
        results: list[Any] = []
        for answer in answers:
            if isinstance(answer, BiomedAgentError):
                raise answer
            results += answer
        return results

    @contextlib.contextmanager
    def _lost(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, OSError) as error:
            for end in self._ends:  # what the others still say belongs to no question any more
                end.close()
            raise Unavailable(
                "one of the processes that ask the model has ended, most likely for want of memory.",
                "Give fewer --processes or a smaller --batch.",
            ) from error


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Let processes begin that do not hear Ctrl-C, which reaches the whole group: this one hears it and ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield  # no other thread may say what is done with a signal
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _serve(end: Connection, folder: Path, batch: int, load_in: LoadIn | None) -> None:
    """Load the model and work until the other end of the pipe is closed."""
    import torch

    from biomed_agent.model.inference.engine import LocalEngine

    torch.set_num_threads(1)
    try:
        model = InProcess(LocalEngine(folder, load_in, device="cpu"), batch)
    except BiomedAgentError as error:
        end.send(error)
        return
    end.send([])
    with contextlib.suppress(EOFError, OSError):
        while True:
            end.send(_answer(model, end.recv()))


def _answer(model: InProcess, work: _Work) -> list[Any] | BiomedAgentError:
    try:
        with model.blind() if work.blind else contextlib.nullcontext():
            if work.method == "write":
                return list(model.write(work.prompts, work.options))
            return model.losses(work.prompts) if work.method == "losses" else model.weigh(work.prompts)
    except BiomedAgentError as error:
        return error
