"""Answers to many questions: an iterator of them, all of them as a sequence, and both as records and data frame."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, overload

from biomed_agent.core.types import Answer
from biomed_agent.core.value_records import ValueRecord, frame_of, value_records

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Item:
    """One answer of many."""

    row: int
    """number of the question, counted from 1"""
    id: str
    answer: Answer

    def records(self) -> list[ValueRecord]:
        """Return its values; see :func:`~biomed_agent.core.value_records.value_records`."""
        return value_records(self.answer, self.row, self.id)


class AnswerTable(Sequence[Answer]):
    """Answers to many questions, all of them held.

    Args:
        items: The answers, with the numbers and names of their questions.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        self.items = tuple(items)

    @overload
    def __getitem__(self, index: int) -> Answer: ...
    @overload
    def __getitem__(self, index: slice) -> AnswerTable: ...
    def __getitem__(self, index: int | slice) -> Answer | AnswerTable:
        if isinstance(index, slice):
            return AnswerTable(self.items[index])
        return self.items[index].answer

    def __len__(self) -> int:
        return len(self.items)

    def records(self) -> list[ValueRecord]:
        """Return one record for each value of each answer, and one with the reason where an answer has none."""
        return [record for item in self.items for record in item.records()]

    def to_frame(self) -> pd.DataFrame:
        """Return the records as a pandas frame; see :func:`~biomed_agent.core.value_records.frame_of`.

        Raises:
            InvalidInput: pandas is not installed.
        """
        return frame_of(record.cells() for record in self.records())


class Answers(Iterator[Answer]):
    """Answers to many questions, each made when it is asked for, in the order of the questions.

    ::

        for answer in agent.ask_many(questions): ...   # one after the other; none is kept
        frame = agent.ask_many(questions).to_frame()   # pandas, one row for each value
        table = agent.ask_many(questions).table()      # all of them, as a sequence

    Each gives what was not yet taken.

    Args:
        items: Makes them, with the numbers and names of their questions.
    """

    def __init__(self, items: Generator[Item, None, None]) -> None:
        self.items = items

    def __next__(self) -> Answer:
        return next(self.items).answer

    def __iter__(self) -> Self:
        return self

    def close(self) -> None:
        """Ask no further question; those under way are cancelled."""
        self.items.close()

    def records(self) -> Iterator[ValueRecord]:
        """Yield one record for each value as each answer is made; see :meth:`AnswerTable.records`."""
        for item in self.items:
            yield from item.records()

    def table(self) -> AnswerTable:
        """Return all answers."""
        return AnswerTable(self.items)

    def to_frame(self) -> pd.DataFrame:
        """Return the records of all answers as a pandas frame; answers are not kept meanwhile.

        Raises:
            InvalidInput: pandas is not installed; said before anything is asked.
        """
        frame_of(())
        return frame_of(record.cells() for record in self.records())


class AsyncAnswers(AsyncIterator[Answer]):
    """The twin of :class:`Answers` for event loops; what gives all is awaited.

    Args:
        items: Awaits them.
    """

    def __init__(self, items: AsyncIterator[Item]) -> None:
        self._items = items

    async def __anext__(self) -> Answer:
        return (await anext(self._items)).answer

    async def records(self) -> AsyncIterator[ValueRecord]:
        """Yield one record for each value; see :meth:`Answers.records`."""
        async for item in self._items:
            for record in item.records():
                yield record

    async def table(self) -> AnswerTable:
        """Return all answers."""
        return AnswerTable([item async for item in self._items])

    async def to_frame(self) -> pd.DataFrame:
        """Return the records of all answers as a pandas frame; see :meth:`Answers.to_frame`."""
        frame_of(())
        return frame_of([record.cells() async for record in self.records()])


def numbered(answers: Iterable[Answer]) -> Generator[Item, None, None]:
    """Yield answers with the numbers of their questions."""
    for row, answer in enumerate(answers, 1):
        yield Item(row, "", answer)
