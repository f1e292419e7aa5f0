"""Words about a whole structure, such as *salt*, *anion*, *macrocycle*, *hydrocarbon* or *aromatic*."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from rdkit import Chem

from biomed_agent.core.chemistry import structures
from biomed_agent.trust.claims.findings import amount


class Whole(NamedTuple):
    """What words such as *salt*, *anion* or *macrocycle* are decided from."""

    mol: Chem.Mol
    net: int
    positive: bool
    """whether an atom has a positive charge that no neighbour balances, as in a nitro group"""
    negative: bool
    parts: int
    elements: frozenset[int]
    rings: int
    largest: int

    @property
    def metal(self) -> bool:
        """Whether a metal is there."""
        return bool(self.elements & METALS)

    def has(self, smarts: str) -> bool:
        """Tell whether a pattern matches."""
        return bool(self.mol.HasSubstructMatch(structures.pattern(smarts)))

    def number(self, smarts: str) -> int:
        """Count the matches of a pattern."""
        return len(self.mol.GetSubstructMatches(structures.pattern(smarts)))


Outcome: TypeAlias = tuple[bool, bool, str]
"""(shown, possible, what decides it)"""

METALS = frozenset({3, 4, 11, 12, 13, 19, 20, *range(21, 32), 37, 38, *range(39, 53), 55, 56, *range(57, 84)})


def whole_of(mol: Chem.Mol) -> Whole:
    """Return what the rules of this module look at."""
    charges = [atom.GetFormalCharge() for atom in mol.GetAtoms()]
    free = [charges[atom.GetIdx()] for atom in mol.GetAtoms() if not _paired(atom)]
    rings = mol.GetRingInfo().AtomRings()
    return Whole(
        mol,
        sum(charges),
        sum(charges) > 0 or any(charge > 0 for charge in free),
        sum(charges) < 0 or any(charge < 0 for charge in free),
        len(Chem.GetMolFrags(mol)),
        frozenset(atom.GetAtomicNum() for atom in mol.GetAtoms()),
        len(rings),
        max((len(ring) for ring in rings), default=0),
    )


def _paired(atom: Chem.Atom) -> bool:
    """Tell whether a charge belongs to a way of writing a neutral group: nitro, N-oxide, azide, isocyanide."""
    charge = atom.GetFormalCharge()
    return any(charge * neighbour.GetFormalCharge() < 0 for neighbour in atom.GetNeighbors())


def drawn_charge(it: Whole) -> str:
    """Say what charge the drawing has."""
    if it.net:
        return f"as drawn it has a net charge of {it.net:+d}"
    split = it.positive and it.negative
    return "as drawn it is neutral, with separate charges" if split else "as drawn it is neutral"


def _ion(charges: range) -> Callable[[Whole], Outcome]:
    """An ion of one of these net charges; excluded where the drawing has no charge of that sign."""

    def rule(it: Whole) -> Outcome:
        shown = it.parts == 1 and it.net in charges
        charged = it.positive if charges.start > 0 else it.negative
        return shown, charged or it.metal or it.parts > 1, drawn_charge(it)

    return rule


def _quality(shown: str, possible: str, what: str, absent: bool = False) -> Callable[[Whole], Outcome]:
    """A quality shown by a pattern (or by the absence of one), and possible with another."""

    def rule(it: Whole) -> Outcome:
        holds = it.has("[#6]") and it.has(shown) != absent
        return holds, holds or it.has(possible), f"it has {'' if it.has(shown) else 'no '}{what}"

    return rule


def _polycyclic(it: Whole) -> Outcome:
    return it.has("[R2]"), it.rings > 1, f"it has {amount(it.rings, 'rings')}"


def _saturated(it: Whole) -> Outcome:
    none = it.has("[#6]") and not it.has("[#6]=,#,:[#6]")
    return none, none, f"it has {'no ' if none else ''}multiple bonds between carbons"


def _halide(element: int, name: str, acid: bool) -> Callable[[Whole], Outcome]:
    """A salt with lone halide ions; of the acid, when an organic base stands beside."""

    def rule(it: Whole) -> Outcome:
        lone, base = it.has(f"[#{element};D0]"), it.has("[#6]") or not acid
        shown = lone and base and (not acid or it.has("[#7;+;!H0]") or it.has(f"[#{element};D0;+0].[#7]"))
        held = "it holds" if lone else "it holds no"
        beside = "" if base else ", but no organic base"
        return shown, (lone and base) or (it.parts == 1 and it.net != 0), f"{held} separate {name}{beside}"

    return rule


def _salt_of(element: int, name: str) -> Callable[[Whole], Outcome]:
    def rule(it: Whole) -> Outcome:
        held = element in it.elements
        return (
            it.parts > 1 and held,
            held or (it.parts == 1 and it.net != 0),
            f"it holds {'' if held else 'no '}{name}",
        )

    return rule


def _at_least(smarts: str, sure: str, number: int, what: str) -> Callable[[Whole], Outcome]:
    def rule(it: Whole) -> Outcome:
        least, most = it.number(sure), it.number(smarts)
        return (
            least == number,
            most >= number,
            (f"it has {amount(most, what)}" if least == most else f"it has {least} to {amount(most, what)}"),
        )

    return rule


def _salt(it: Whole) -> Outcome:
    possible = it.parts > 1 or it.positive or it.negative or it.metal
    shown = it.parts > 1 and it.positive and it.negative
    return shown, possible, f"it has {amount(it.parts, 'parts')}; {drawn_charge(it)}"


_BASE = "[$([NX3;!$(N[#6]=[!#6]);!$(N[!#6;!#1])]),$([NX2]=[#6][NX3]),$([nX2])]"
_ACID = "[$([OX2H][CX3]=O),$([OX2H][SX4]=O),$([OX2H][PX4]=O)]"


def _zwitterion(it: Whole) -> Outcome:
    """An amino acid drawn without charges is the same compound, and is a zwitterion as a solid and in water."""
    shown = it.parts == 1 and it.net == 0 and it.positive and it.negative
    acid_and_base = it.has(_ACID) and it.has(_BASE)
    return shown, shown or it.metal or (it.positive and it.negative) or acid_and_base, drawn_charge(it)


def _neutral(it: Whole) -> Outcome:
    """Ions that balance each other make a neutral whole, of which one would not say that it is uncharged."""
    return it.net == 0 and not (it.positive or it.negative), it.net == 0, drawn_charge(it)


def _balanced(it: Whole) -> Outcome:
    return it.net == 0, it.net == 0, drawn_charge(it)


def _cyclic(smallest: int, smarts: str, sure: int = 12) -> Callable[[Whole], Outcome]:
    def rule(it: Whole) -> Outcome:
        held = it.has(smarts)
        return (
            held and it.largest >= sure,
            held and it.largest >= smallest,
            f"its largest ring has {it.largest} atoms" if it.rings else "it has no rings",
        )

    return rule


def _acyclic(it: Whole) -> Outcome:
    return it.rings == 0, it.rings == 0, f"it has {amount(it.rings, 'rings')}"


def _hydrocarbon(it: Whole) -> Outcome:
    only = it.elements <= {1, 6} and not (it.positive or it.negative)
    return (
        only,
        only,
        "it holds carbon and hydrogen only" if only else "it holds other elements than carbon and hydrogen",
    )


def _alkane(it: Whole) -> Outcome:
    only = _hydrocarbon(it)[0] and not it.has("[#6]=,#,:[#6]")
    return only and it.rings == 0, only, "it is a saturated hydrocarbon" if only else "it is no saturated hydrocarbon"


IONS = frozenset(
    "cation anion oxoanion dication dianion trianion zwitterion monocation monoanion neutral uncharged".split()
) | {"organic cation", "organic anion"}
"""words that may be said of what a neutral drawing becomes"""
_CARBOXYLS = ("[CX3](=O)[OX2H,OX1-]", "[CX3](=O)[OX2H]")
_HYDROXYLS = ("[OX2H,OX1]", "[OX2H][#6;!$(C=O)]")
_LACTONE = "[#6;R](=O)@[#8;R]"
WHOLE: dict[str, Callable[[Whole], Outcome]] = {
    **dict.fromkeys(("cation", "organic cation"), _ion(range(1, 10))),
    **dict.fromkeys(("anion", "organic anion", "oxoanion"), _ion(range(-1, -20, -1))),
    "dication": _ion(range(2, 3)), "dianion": _ion(range(-2, -3, -1)), "trianion": _ion(range(-3, -4, -1)),
    "zwitterion": _zwitterion, "salt": _salt,
    **dict.fromkeys(("hydrochloride", "hydrochloride salt"), _halide(17, "chloride", acid=True)),
    **dict.fromkeys(("hydrobromide", "hydrobromide salt"), _halide(35, "bromide", acid=True)),
    "chloride salt": _halide(17, "chloride", acid=False), "bromide salt": _halide(35, "bromide", acid=False),
    "sodium salt": _salt_of(11, "sodium"), "potassium salt": _salt_of(19, "potassium"),
    "calcium salt": _salt_of(20, "calcium"), "magnesium salt": _salt_of(12, "magnesium"),
    "lithium salt": _salt_of(3, "lithium"),
    **dict.fromkeys(("neutral", "uncharged"), _neutral), "electrically neutral": _balanced,
    **dict.fromkeys(("neutral species", "neutral molecule", "neutral compound", "uncharged molecule"), _neutral),
    "monocation": _ion(range(1, 2)), "monoanion": _ion(range(-1, -2, -1)),
    **dict.fromkeys(("acyclic", "acyclic compound", "acyclic molecule"), _acyclic),
    **dict.fromkeys(("cyclic", "cyclic compound", "cyclic molecule"), _cyclic(3, "[R]", 3)),
    **dict.fromkeys(("macrocycle", "macrocyclic compound"), _cyclic(9, "[R]")), "azamacrocycle": _cyclic(9, "[#7;R]"),
    **dict.fromkeys(("macrocyclic lactone", "macrolactone"), _cyclic(9, _LACTONE)),
    "macrolide": _cyclic(9, _LACTONE, 99),
    "hydrocarbon": _hydrocarbon, "alkane": _alkane,
    "aromatic": _quality("a", "a", "aromatic rings"),
    "aliphatic": _quality("a", "[#6;!a]", "aromatic rings", absent=True), "saturated": _saturated,
    "unsaturated": _quality("[C]=,#[C]", "[#6]=,#,:[#6,#7]", "multiple bonds between carbons"),
    "polycyclic": _polycyclic,
    "monocarboxylic acid": _at_least(*_CARBOXYLS, 1, "carboxy groups"),
    "dicarboxylic acid": _at_least(*_CARBOXYLS, 2, "carboxy groups"),
    "tricarboxylic acid": _at_least(*_CARBOXYLS, 3, "carboxy groups"),
    "diol": _at_least(*_HYDROXYLS, 2, "hydroxy groups"), "triol": _at_least(*_HYDROXYLS, 3, "hydroxy groups"),
    "tetrol": _at_least(*_HYDROXYLS, 4, "hydroxy groups"),
}  # fmt: skip
QUALITIES = frozenset("aromatic aliphatic saturated unsaturated polycyclic cyclic acyclic neutral".split())
"""modifiers that are words about the whole structure, too"""
INHERITED = frozenset("aliphatic saturated acyclic".split())
"""those that hold for each part when they hold for the whole"""
ADJECTIVES = QUALITIES | {"uncharged", "electrically neutral"}
COMPOUNDS = frozenset({"hydrocarbon", "alkane"})
"""classes that name all of a structure, so that each quality is surely said of all of it"""
LOOSE = frozenset({"hydrocarbon", "alkane", "salt"})
"""words that a modifier stretches (``chlorinated hydrocarbon``): excluded only when they stand alone"""
