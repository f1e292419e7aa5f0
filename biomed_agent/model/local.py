"""The model in this process: the engine, loaded at the first question."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncGenerator, Iterator, Sequence
from pathlib import Path
from typing import Any

from biomed_agent.core.deadline import Deadline, current, running
from biomed_agent.core.types import LoadIn, ModelStamp
from biomed_agent.model.async_bridge import WorkerThread
from biomed_agent.model.contract.generation import Generation, Options
from biomed_agent.model.contract.prompt import Message

logger = logging.getLogger(__name__)


class LocalModel:
    """The engine in this process, loaded at the first question (torch takes a few seconds to import).

    Args:
        folder: Checkpoint folder with a ``manifest.json``.
        load_in: Precision of the weights; see :func:`~.connect.connect`.
    """

    def __init__(self, folder: Path, load_in: LoadIn | None = None) -> None:
        self.folder = folder
        self.load_in = load_in
        self._engine: Any = None
        self._loading = threading.Lock()
        self._worker = WorkerThread("biomed-agent-model")
        self._stamp: ModelStamp | None = None

    @property
    def stamp(self) -> ModelStamp:
        """Read from the manifest; needs no torch."""
        if self._stamp is None:
            from biomed_agent.model.contract.manifest import read_manifest, stamp_of

            self._stamp = stamp_of(read_manifest(self.folder))
        return self._stamp

    def load(self) -> Any:
        """Load the weights now, if they are not loaded; return the engine."""
        with self._loading:
            if self._engine is None:
                logger.info("loading the model %s ...", self.stamp.name)
                from biomed_agent.model.inference.engine import LocalEngine

                self._engine = LocalEngine(self.folder, self.load_in)
            return self._engine

    def generate(self, messages: Sequence[Message], options: Options = Options()) -> Generation:
        """See :class:`~.generation.Generator`."""
        answer: Generation = self.load().generate(messages, options)
        return answer

    def samples(self, messages: Sequence[Message], options: Options, n: int) -> list[Generation]:
        """See :class:`~.generation.Generator`."""
        drawn: list[Generation] = self.load().samples(messages, options, n)
        return drawn

    def stream(self, messages: Sequence[Message], options: Options = Options()) -> Iterator[str]:
        """See :class:`~.generation.Generator`."""
        return self._pieces(messages, options, current())

    def _pieces(self, messages: Sequence[Message], options: Options, deadline: Deadline) -> Iterator[str]:
        engine = self.load()
        with running(deadline):
            pieces = engine.stream(messages, options)
        yield from pieces

    async def agenerate(self, messages: Sequence[Message], options: Options = Options()) -> Generation:
        """See :class:`~.generation.Generator`; runs in a thread of its own, one call after the other."""
        return await self._worker.run(lambda: self.generate(messages, options))

    async def asamples(self, messages: Sequence[Message], options: Options, n: int) -> list[Generation]:
        """Like :meth:`samples`, in the thread of :meth:`agenerate`."""
        return await self._worker.run(lambda: self.samples(messages, options, n))

    def astream(self, messages: Sequence[Message], options: Options = Options()) -> AsyncGenerator[str, None]:
        """See :class:`~.generation.Generator`; runs in the thread of :meth:`agenerate`."""
        return self._worker.iterate(lambda: self.stream(messages, options))

    def close(self) -> None:
        """Let go of the weights, which are freed after the calls that still run; harmless twice.

        A later call loads them again.
        """
        self._worker.close()
        with self._loading:
            if self._engine is None:
                return
            self._engine.close()
            self._engine = None
        from biomed_agent.model.inference.engine import free_memory

        free_memory()

    async def aclose(self) -> None:
        """See :meth:`close`, which does not block for long."""
        self.close()
