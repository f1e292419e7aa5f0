"""The model in this process: the engine, loaded at the first question."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

from biomed_agent.core.types import LoadIn, ModelStamp
from biomed_agent.model.contract.generation import Generation, Options
from biomed_agent.model.contract.prompt import Message

logger = logging.getLogger(__name__)


class LocalModel:
    """The engine in this process, loaded at the first question (torch takes a few seconds to import).

    Args:
        folder: Checkpoint folder with a ``manifest.json``.
        load_in: Precision of the weights; see :func:`connect`.
    """

    def __init__(self, folder: Path, load_in: LoadIn | None = None) -> None:
        self.folder = folder
        self.load_in = load_in
        self._engine: Any = None
        self._loading = threading.Lock()
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
        """See :class:`Generator`."""
        answer: Generation = self.load().generate(messages, options)
        return answer

    def samples(self, messages: Sequence[Message], options: Options, n: int) -> list[Generation]:
        """See :class:`Generator`."""
        drawn: list[Generation] = self.load().samples(messages, options, n)
        return drawn

    def stream(self, messages: Sequence[Message], options: Options = Options()) -> Iterator[str]:
        """See :class:`Generator`."""
        yield from self.load().stream(messages, options)

    async def agenerate(self, messages: Sequence[Message], options: Options = Options()) -> Generation:
        """See :class:`Generator`; runs in a worker thread."""
        import asyncio

        return await asyncio.to_thread(self.generate, messages, options)

    async def astream(self, messages: Sequence[Message], options: Options = Options()) -> AsyncIterator[str]:
        """See :class:`Generator`; each piece is awaited in a worker thread."""
        import asyncio

        pieces = self.stream(messages, options)
        end = object()
        while (piece := await asyncio.to_thread(next, pieces, end)) is not end:
            yield str(piece)
