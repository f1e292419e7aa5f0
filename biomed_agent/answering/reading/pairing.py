"""Which molecule of a clause goes with which protein, where it names several of both.

"Imatinib on ABL1 and gefitinib on EGFR" are two pairs, "imatinib and gefitinib on ABL1 and EGFR" four, and with
"respectively" two. The subjects of a query stand in the order that says so: each run of molecules goes with the run of
proteins beside it (:func:`biomed_agent.core.query.pairs_of`).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from biomed_agent.answering.reading.slots import Slots
from biomed_agent.answering.reading.tagging import Thing, subjects_of
from biomed_agent.core.query import Subject

_RESPECTIVELY = frozenset({"respectively", "resp", "in that order", "in this order"})


def paired(s: Slots, molecules: Sequence[Thing], proteins: Sequence[Thing]) -> tuple[Subject, ...] | None:
    """Return molecules and proteins as subjects whose order says which go together; None where that is not clear.

    A clause that parts its names in a way that makes no pairs is left: its "respectively" stays unread.
    """
    usual = (*subjects_of(molecules, "molecule"), *subjects_of(proteins, "protein"))
    if len(molecules) < 2 or len(proteins) < 2:
        return usual
    runs = _runs(s, molecules)
    in_order = [place for place, piece in enumerate(s.pieces) if piece.text.lower() in _RESPECTIVELY]
    if in_order and len(runs) == 2:
        if len(molecules) != len(proteins):
            s.misfits.update(in_order)
            return usual
        return tuple(itertools.chain.from_iterable(zip(usual[: len(molecules)], usual[len(molecules) :], strict=True)))
    if len(runs) < 3:
        return usual
    if len(runs) % 2:
        return None
    subjects: list[Subject] = []
    for first, second in zip(runs[::2], runs[1::2], strict=True):
        both = (first, second) if first[0] in molecules else (second, first)
        subjects += [*subjects_of(both[0], "molecule"), *subjects_of(both[1], "protein")]
    return tuple(subjects)


def _runs(s: Slots, molecules: Sequence[Thing]) -> list[list[Thing]]:
    """Return the names of a clause in order, molecules that follow each other in one run, and proteins in one."""
    named = [s.narrowed(piece.thing) for piece in s.pieces if piece.thing is not None]
    return [list(run) for _, run in itertools.groupby(named, key=lambda thing: thing in molecules)]
