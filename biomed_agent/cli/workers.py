"""Rows answered by several processes, and written in their order as one process would write them.

Only what this machine alone answers is spread: of databases all processes together get the same number of requests,
and a model would stand in memory once for each.
"""

from __future__ import annotations

import argparse
import os
import signal
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from biomed_agent.cli.row_formats import Answerer, Prepare, Row, RowFormat
from biomed_agent.cli.terminal import Screen
from biomed_agent.core.errors import InvalidInput

MIN_ROWS = 1_000
"""rows a worker process must get before one is started unasked: it costs the CPU time of some 200 rows"""
MAX_WORKERS = 64
CHUNK_ROWS = 50
"""rows handed to a worker at once; so many at most are answered again by each after an interruption"""


def worker_count(arguments: argparse.Namespace, screen: Screen, answerer: Answerer, rows: int) -> int:
    """Return how many processes answer so many rows: ``--workers``, or what pays; 1 when more would gain nothing.

    Raises:
        InvalidInput: ``--workers`` is no number of processes.
    """
    asked: int | None = getattr(arguments, "workers", None)
    if asked is not None and not 1 <= asked <= MAX_WORKERS:
        raise InvalidInput(f"--workers is {asked}; expected 1 to {MAX_WORKERS}.")
    count = min(rows // MIN_ROWS, _cores()) if asked is None else min(asked, rows)
    if count < 2:
        return 1
    settings = answerer.agent.settings
    alone = settings.offline and not (answerer.asks_model and (settings.host or settings.model != "none"))
    if not alone and asked is not None:
        screen.note("one process answers all rows: more would not make databases or a model faster")
    return count if alone else 1


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


class Batch(NamedTuple):
    """Rows to answer, and how."""

    prepare: Prepare
    """makes the answerer of a worker"""
    answerer: Answerer
    """answers in this process"""
    arguments: argparse.Namespace
    rows: Sequence[Row]
    form: RowFormat


def written_rows(batch: Batch, workers: int, screen: Screen) -> Generator[tuple[str, str], None, None]:
    """Yield what is written for each row and its status, in the order of the rows; see :class:`RowFormat`.

    Close it to end the workers. When one of them dies, this process answers the rows that are left.
    """
    count = 0
    if workers > 1:
        for written in _written_by_workers(batch, workers, screen):
            yield written
            count += 1
    for row, answer, status in batch.answerer.answers(batch.rows[count:]):
        yield batch.form.text(row, answer, status), status


def _written_by_workers(batch: Batch, workers: int, screen: Screen) -> Iterator[tuple[str, str]]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    from biomed_agent.sources.local import LocalIndex

    settings, rows = batch.answerer.agent.settings, batch.rows
    LocalIndex.open(settings.cache_dir, settings.index).close()  # is built once, before several want it
    chunks = [rows[start : start + CHUNK_ROWS] for start in range(0, len(rows), CHUNK_ROWS)]
    context = multiprocessing.get_context("spawn")  # a fork would copy locks that other threads hold
    pool = ProcessPoolExecutor(workers, context, _start_worker, (batch.prepare, batch.arguments, batch.form))
    try:
        with _interruption_held():
            parts = pool.map(_write, chunks)  # starts the workers
        for part in parts:
            yield from part
    except BrokenProcessPool:
        screen.note("a worker process ended early; one process goes on")
    except BaseException:
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interruption_held() -> Iterator[None]:
    """Hold Ctrl-C back for a moment; processes started in it never see one, not even while they load."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Worker(NamedTuple):
    answerer: Answerer
    form: RowFormat


_workers: list[_Worker] = []
"""in a worker process, itself"""


def _start_worker(prepare: Prepare, arguments: argparse.Namespace, form: RowFormat) -> None:
    """Make this process a worker: it leaves Ctrl-C to the one that started it, and ends when that one is gone."""
    import multiprocessing

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    Screen(getattr(arguments, "quiet", False), getattr(arguments, "no_color", False))  # the log looks as there
    _workers.append(_Worker(prepare(arguments), form))


def _end_with(sentinel: int) -> None:
    from multiprocessing import connection

    connection.wait([sentinel])
    os._exit(1)


def _write(rows: Sequence[Row]) -> list[tuple[str, str]]:
    answerer, form = _workers[0]
    return [(form.text(row, answer, status), status) for row, answer, status in answerer.answers(rows)]
