"""Which units a limit on a computed value may have.

A noun behind a number that is none of them makes another question: "heavier than 1000 atoms".
"""

from __future__ import annotations

from collections.abc import Mapping

from biomed_agent.answering.reading.phrases import Role
from biomed_agent.answering.reading.tagging import Piece
from biomed_agent.core.predicates import IN_DALTONS

_UNITS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("molecular weight", "monoisotopic mass", "size"), frozenset(IN_DALTONS)),
    "TPSA": frozenset({"A2"}), "length": frozenset({"residues"}), "sequence": frozenset({"residues"}),
}  # fmt: skip
_COUNTED: tuple[Role, ...] = ("value", "term", "part")
"""roles of nouns that are counted: no unit of anything"""


def fits(field: str, piece: Piece) -> bool:
    """Whether what stands right behind the number of a limit may stand there: its unit, or no noun at all."""
    units = _UNITS.get(field, frozenset())
    if piece.thing is not None or piece.mark:
        return True
    if piece.says("unit"):
        return any(value[0] in units for value in piece.values("unit"))
    return "residues" in units if piece.says("residue") else not piece.says(*_COUNTED)
