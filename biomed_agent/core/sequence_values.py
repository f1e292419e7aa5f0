"""What an amino acid sequence says by itself: residues, masses, charge, and the indices that ProtParam reports.

All values are of the chain as it is written, unmodified and unfolded. A sequence with residues that a scale does not
know (B, J, X, Z; for some scales U and O) has no value, and the reason names them.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from itertools import pairwise

from biomed_agent.core.errors import Inapplicable, InvalidInput
from biomed_agent.core.types import Fact, Protein, Provenance
from biomed_agent.core.version import __version__
from biomed_agent.core.words import counted, listed

OWN_SUM = Provenance(source=f"biomed_agent {__version__}", identifier="sum over the residues of the sequence")
# Average masses of amino acid residues (amino acid less water) in Da, from the standard atomic weights.
RESIDUE_MASS = {
    "A": 71.0779, "R": 156.1857, "N": 114.1026, "D": 115.0874, "C": 103.1429, "E": 129.1140, "Q": 128.1292,
    "G": 57.0513, "H": 137.1393, "I": 113.1576, "L": 113.1576, "K": 128.1723, "M": 131.1961, "F": 147.1739,
    "P": 97.1152, "S": 87.0773, "T": 101.1039, "W": 186.2099, "Y": 163.1733, "V": 99.1311, "U": 150.0379,
    "O": 237.2982,
}  # fmt: skip
WATER_MASS = 18.0153
# Masses of the residues made of the most abundant isotopes in Da, from those of C, H, N, O, S and Se.
MONOISOTOPIC_MASS = {
    "A": 71.037114, "R": 156.101111, "N": 114.042927, "D": 115.026943, "C": 103.009184, "E": 129.042593,
    "Q": 128.058578, "G": 57.021464, "H": 137.058912, "I": 113.084064, "L": 113.084064, "K": 128.094963,
    "M": 131.040485, "F": 147.068414, "P": 97.052764, "S": 87.032028, "T": 101.047678, "W": 186.079313,
    "Y": 163.063329, "V": 99.068414, "U": 150.953636, "O": 237.147727,
}  # fmt: skip
MONOISOTOPIC_WATER = 18.010565
RESIDUES = {
    "A": ("Ala", "alanine"), "R": ("Arg", "arginine"), "N": ("Asn", "asparagine"), "D": ("Asp", "aspartic acid"),
    "C": ("Cys", "cysteine"), "E": ("Glu", "glutamic acid"), "Q": ("Gln", "glutamine"), "G": ("Gly", "glycine"),
    "H": ("His", "histidine"), "I": ("Ile", "isoleucine"), "L": ("Leu", "leucine"), "K": ("Lys", "lysine"),
    "M": ("Met", "methionine"), "F": ("Phe", "phenylalanine"), "P": ("Pro", "proline"), "S": ("Ser", "serine"),
    "T": ("Thr", "threonine"), "W": ("Trp", "tryptophan"), "Y": ("Tyr", "tyrosine"), "V": ("Val", "valine"),
    "U": ("Sec", "selenocysteine"), "O": ("Pyl", "pyrrolysine"),
    "B": ("Asx", "aspartic acid or asparagine"), "Z": ("Glx", "glutamic acid or glutamine"),
    "J": ("Xle", "leucine or isoleucine"), "X": ("Xaa", "any residue"),
}  # fmt: skip
"""three letters and name of each one-letter code; the last four leave open which residue it is"""
AMBIGUOUS = {"B": "DN", "Z": "EQ", "J": "IL", "X": "ACDEFGHIKLMNOPQRSTUVWY"}
"""what the codes that leave it open may stand for"""
# Hydropathy: Kyte and Doolittle, J. Mol. Biol. 1982, 157, 105.
_HYDROPATHY = {
    "A": 1.8, "R": -4.5, "N": -3.5, "D": -3.5, "C": 2.5, "Q": -3.5, "E": -3.5, "G": -0.4, "H": -3.2, "I": 4.5,
    "L": 3.8, "K": -3.9, "M": 1.9, "F": 2.8, "P": -1.6, "S": -0.8, "T": -0.7, "W": -0.9, "Y": -1.3, "V": 4.2,
}  # fmt: skip
# pK: Bjellqvist et al., Electrophoresis 1993, 14, 1023, and 1994, 15, 529; the ends of a chain by their residue.
_POSITIVE_PK = {"K": 10.0, "R": 12.0, "H": 5.98}
_NEGATIVE_PK = {"D": 4.05, "E": 4.45, "C": 9.0, "Y": 10.0}
_N_TERMINUS = {"A": 7.59, "M": 7.0, "S": 6.93, "P": 8.36, "T": 6.82, "V": 7.44, "E": 7.7}
_OTHER_N_TERMINUS = 7.5
_C_TERMINUS = {"D": 4.55, "E": 4.75}
_OTHER_C_TERMINUS = 3.55
# Molar absorption at 280 nm in 1/(M cm): Pace et al., Protein Sci. 1995, 4, 2411, after Gill and von Hippel, Anal.
# Biochem. 1989, 182, 319.
_TRYPTOPHAN_280, _TYROSINE_280, _CYSTINE_280 = 5500, 1490, 125
UNSTABLE = 40.0
"""instability index above which a protein is predicted to be unstable in the test tube"""


@dataclass(frozen=True, slots=True)
class Residue:
    """One residue of a chain."""

    position: int
    """counted from 1"""
    letter: str
    three: str
    name: str


# ---------------------------------------------------------------- residues

_NAMES = {name: letter for letter, (_, name) in RESIDUES.items() if letter not in AMBIGUOUS} | {
    "aspartate": "D", "glutamate": "E",
}  # fmt: skip
_THREE = {three.lower(): letter for letter, (three, _) in RESIDUES.items()}


def residue_of(words: str) -> str | None:
    """Return the one-letter code of a residue's name: ``cysteines``, ``Cys``, ``C``, ``cysteine residues``.

    Codes are read as they are written, ``Cys`` or ``CYS`` and ``C``, since ``his``, ``met`` and ``a`` are words, too;
    ``residue`` or ``amino acid`` after it makes the case of three letters no matter.
    """
    text = " ".join(words.split())
    stem = re.sub(r" (?:residues?|amino acids?)$", "", text)
    if len(stem) == 1:
        return stem if stem in RESIDUES else None
    if len(stem) == 3 and stem.lower() in _THREE and (stem != text or stem[0].isupper()):
        return _THREE[stem.lower()]
    name = stem.lower()
    plural_of_acid = re.sub(r"acids$", "acid", name)
    return next((_NAMES[form] for form in (name, plural_of_acid, name.removesuffix("s")) if form in _NAMES), None)


def residue_at(sequence: str, position: int) -> Residue:
    """Return the residue at a position, counted from 1 as databases do.

    Raises:
        InvalidInput: The sequence has no such position.
    """
    if not 1 <= position <= len(sequence):
        raise InvalidInput(
            f"there is no position {position:,}: the sequence has {counted(len(sequence), 'residue')}.",
            f"Give a position from 1 to {len(sequence):,}." if sequence else "Give a sequence.",
        )
    letter = sequence[position - 1]
    three, name = RESIDUES.get(letter, ("", "unknown"))
    return Residue(position, letter, three, name)


def residue_composition(sequence: str) -> dict[str, int]:
    """Return how many there are of each residue, by one-letter code in the order of the alphabet."""
    return dict(sorted(Counter(sequence).items()))


def residue_count(sequence: str, residue: str) -> tuple[int, int]:
    """Count a residue by its one-letter code.

    Returns:
        How many there are, and how many further positions leave open whether they are one.
    """
    counts = Counter(sequence)
    return counts[residue], sum(counts[code] for code, meant in AMBIGUOUS.items() if residue in meant)


def _counts(sequence: str, known: Collection[str], value: str) -> Counter[str]:
    """Count the residues of a sequence that a scale knows all of."""
    counts = Counter(sequence)
    if not sequence:
        raise Inapplicable(f"an empty sequence has no {value}.", "Give a sequence.")
    if unknown := sorted(set(counts) - set(known)):
        raise Inapplicable(
            f"no {value}: the sequence holds {listed(unknown)}, for which there is no number.",
            "Give the sequence without it.",
        )
    return counts


# ---------------------------------------------------------------- values


def average_mass(sequence: str) -> float:
    """Average mass in Da: residues plus one water."""
    counts = _counts(sequence, RESIDUE_MASS, "mass")
    return math.fsum(RESIDUE_MASS[residue] * number for residue, number in counts.items()) + WATER_MASS


def monoisotopic_mass(sequence: str) -> float:
    """Mass in Da of the molecule made of the most abundant isotopes: residues plus one water."""
    counts = _counts(sequence, MONOISOTOPIC_MASS, "monoisotopic mass")
    return math.fsum(MONOISOTOPIC_MASS[residue] * number for residue, number in counts.items()) + MONOISOTOPIC_WATER


def charge_at(sequence: str, ph: float = 7.0) -> float:
    """Net charge at a pH by the pK of Bjellqvist et al. (1993, 1994), every cysteine reduced."""
    counts = _counts(sequence, (*_HYDROPATHY, "J"), "charge")
    positive = [(_N_TERMINUS.get(sequence[0], _OTHER_N_TERMINUS), 1)]
    positive += [(pk, counts[residue]) for residue, pk in _POSITIVE_PK.items()]
    negative = [(_C_TERMINUS.get(sequence[-1], _OTHER_C_TERMINUS), 1)]
    negative += [(pk, counts[residue]) for residue, pk in _NEGATIVE_PK.items()]
    gained = math.fsum(number / (1 + 10 ** (ph - pk)) for pk, number in positive)
    return gained - math.fsum(number / (1 + 10 ** (pk - ph)) for pk, number in negative)


def isoelectric_point(sequence: str) -> float:
    """Return the pH at which the net charge is zero, to 0.0001, between 0 and 14; see :func:`charge_at`."""
    low, high = 0.0, 14.0
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (middle, high) if charge_at(sequence, middle) > 0 else (low, middle)
    return (low + high) / 2


def gravy(sequence: str) -> float:
    """Grand average of hydropathy: Kyte and Doolittle, J. Mol. Biol. 1982, 157, 105; above 0 is hydrophobic."""
    counts = _counts(sequence, _HYDROPATHY, "GRAVY")
    return math.fsum(_HYDROPATHY[residue] * number for residue, number in counts.items()) / len(sequence)


def aromaticity(sequence: str) -> float:
    """Share of Phe, Trp and Tyr (0 to 1): Lobry and Gautier, Nucleic Acids Res. 1994, 22, 3174."""
    counts = _counts(sequence, set(RESIDUES) - {"X"}, "aromaticity")
    return (counts["F"] + counts["W"] + counts["Y"]) / len(sequence)


def extinction_coefficients(sequence: str) -> tuple[int, int]:
    """Molar absorption at 280 nm in 1/(M cm), of the unfolded chain in water: (cysteines reduced, cystines formed).

    5,500 for each Trp, 1,490 for each Tyr, 125 for each pair of Cys: Pace et al., Protein Sci. 1995, 4, 2411.
    """
    counts = _counts(sequence, set(RESIDUES) - {"X"}, "extinction coefficient")
    reduced = _TRYPTOPHAN_280 * counts["W"] + _TYROSINE_280 * counts["Y"]
    return reduced, reduced + _CYSTINE_280 * (counts["C"] // 2)


@lru_cache(maxsize=1)
def _instability_weights() -> dict[str, float]:
    """Return the weight of every pair of neighbours: Guruprasad et al., Protein Eng. 1990, 4, 155, table III."""
    text = resources.files("biomed_agent").joinpath("data", "proteins", "instability.tsv").read_text(encoding="utf-8")
    head, *rows = (line.split("\t") for line in text.splitlines())
    return {row[0] + second: float(weight) for row in rows for second, weight in zip(head[1:], row[1:], strict=True)}


def instability_index(sequence: str) -> float:
    """Instability index of Guruprasad et al., Protein Eng. 1990, 4, 155; above 40 predicts an unstable protein."""
    _counts(sequence, _HYDROPATHY, "instability index")
    if len(sequence) < 2:
        raise Inapplicable("no instability index: it is of pairs of neighbours.", "Give two residues or more.")
    weights = _instability_weights()
    pairs = Counter(map("".join, pairwise(sequence)))
    return 10 / len(sequence) * math.fsum(weights[pair] * number for pair, number in pairs.items())


# ---------------------------------------------------------------- as facts


def protein_values(protein: Protein) -> list[Fact]:
    """Compute length and average molecular weight of a sequence.

    The weight is the sum of average residue masses plus one water, without modifications; it is left out
    when the sequence holds ambiguous residues (B, J, X, Z).
    """
    length = Fact(protein.handle, "length", protein.length, "residues", "computed", OWN_SUM)
    counts = Counter(protein.sequence)
    if unknown := sorted(set(counts) - set(RESIDUE_MASS)):
        note = f"no mass: the sequence holds {', '.join(unknown)}"
        return [Fact(protein.handle, "length", protein.length, "residues", "computed", OWN_SUM, note)]
    mass = average_mass(protein.sequence) if protein.sequence else WATER_MASS
    note = "unmodified, the whole chain on record"
    return [length, Fact(protein.handle, "molecular weight", round(mass), "Da", "computed", OWN_SUM, note)]


_CHAIN = "the whole chain on record, unmodified"


def _fact(protein: Protein, predicate: str, value: str | float, unit: str = "", note: str = "", by: str = "") -> Fact:
    source = Provenance(
        source=f"biomed_agent {__version__}", identifier=by or "count over the residues of the sequence"
    )
    return Fact(protein.handle, predicate, value, unit, "computed", source, f"{note}; {_CHAIN}" if note else _CHAIN)


def _extinction_facts(protein: Protein) -> list[Fact]:
    reduced, oxidized = extinction_coefficients(protein.sequence)
    by, unit, name = "Pace et al. 1995, Gill and von Hippel 1989", "1/(M cm)", "extinction coefficient"
    without = "" if "W" in protein.sequence else "; without tryptophan it may be off by more than 10 %"
    if reduced == oxidized:
        return [_fact(protein, name, reduced, unit, f"at 280 nm in water{without}", by)]
    return [
        _fact(protein, name, reduced, unit, f"at 280 nm in water, all cysteines reduced{without}", by),
        _fact(protein, name, oxidized, unit, f"at 280 nm in water, all pairs of cysteines form cystines{without}", by),
    ]


def _instability_facts(protein: Protein) -> list[Fact]:
    value = instability_index(protein.sequence)
    note = (
        f"above {UNSTABLE:g} predicts an unstable protein, and this is {'above' if value > UNSTABLE else 'not above'}"
    )
    return [_fact(protein, "instability index", round(value, 2), "", note, "Guruprasad et al. 1990")]


def _composition_facts(protein: Protein) -> list[Fact]:
    counts = residue_composition(protein.sequence)
    shares = [f"{RESIDUES.get(code, (code,))[0]} {number}" for code, number in counts.items()]
    return [_fact(protein, "residue composition", ", ".join(shares), note=f"of {counted(protein.length, 'residue')}")]


_VALUES: dict[str, Callable[[Protein], list[Fact]]] = {
    "isoelectric point": lambda p: [
        _fact(p, "isoelectric point", round(isoelectric_point(p.sequence), 2), note="estimate from the pK of residues",
              by="pK of Bjellqvist et al. 1993, 1994")
    ],
    "charge at pH 7": lambda p: [
        _fact(p, "charge at pH 7", round(charge_at(p.sequence), 2), note="estimate from the pK of residues",
              by="pK of Bjellqvist et al. 1993, 1994")
    ],
    "GRAVY": lambda p: [
        _fact(p, "GRAVY", round(gravy(p.sequence), 3), note="mean hydropathy, above 0 is hydrophobic",
              by="Kyte and Doolittle 1982")
    ],
    "extinction coefficient": _extinction_facts,
    "aromaticity": lambda p: [
        _fact(p, "aromaticity", round(aromaticity(p.sequence), 3), note="share of Phe, Trp and Tyr",
              by="Lobry and Gautier 1994")
    ],
    "instability index": _instability_facts,
    "monoisotopic mass": lambda p: [
        _fact(p, "monoisotopic mass", round(monoisotopic_mass(p.sequence), 4), "Da", by=OWN_SUM.identifier)
    ],
    "residue composition": _composition_facts,
}  # fmt: skip
SEQUENCE_PREDICATES = tuple(_VALUES)
"""predicates that are computed from a sequence beside its length and weight"""


def facts_of_sequence(protein: Protein, predicates: Collection[str] = ()) -> list[Fact]:
    """Compute values of a sequence.

    Args:
        protein: The chain.
        predicates: Of :data:`SEQUENCE_PREDICATES`, whatever their case, in the order wanted; empty means all that the
            sequence allows.

    Raises:
        Inapplicable: One that is asked for has no value for this sequence; the message says why.
    """
    by_name = {name.lower(): compute for name, compute in _VALUES.items()}
    if predicates:
        wanted = [by_name[name.lower()] for name in predicates if name.lower() in by_name]
        return [fact for compute in wanted for fact in compute(protein)]
    facts: list[Fact] = []
    for compute in _VALUES.values():
        try:
            facts += compute(protein)
        except Inapplicable:
            continue
    return facts


def facts_of_residue(protein: Protein, residue: str) -> list[Fact]:
    """Return how many there are of a residue, given by its one-letter code, and its share of the chain."""
    number, perhaps = residue_count(protein.sequence, residue)
    three, name = RESIDUES[residue]
    share = f"{100 * number / protein.length:.1f} % of {counted(protein.length, 'residue')}" if protein.length else ""
    if perhaps:
        share = f"{share}; {counted(perhaps, 'further position')} may be one, the sequence leaves it open"
    fact = _fact(protein, "count", number, f"{name} ({three}, {residue})", share)
    return [replace(fact, relation=">=") if perhaps else fact]


MAX_STRETCH = 200
"""residues that are written out of a chain at once"""


def facts_of_stretch(protein: Protein, first: int, last: int) -> list[Fact]:
    """Return the residues from one position to another, both counted from 1, or from the end where negative.

    Raises:
        InvalidInput: The sequence has no such position, or the stretch is longer than :data:`MAX_STRETCH`.
    """
    low, high = sorted(place if place > 0 else protein.length + 1 + place for place in (first, last))
    for place in (low, high):
        residue_at(protein.sequence, place)
    if high - low >= MAX_STRETCH:
        raise InvalidInput(
            f"positions {low:,} to {high:,} are {high - low + 1:,} residues; at most {MAX_STRETCH} are written out.",
            "Ask for the sequence of the protein.",
        )
    note = f"positions {low} to {high} of {protein.length}"
    return [_fact(protein, "residues", protein.sequence[low - 1 : high], note=note)]


def facts_of_position(protein: Protein, position: int) -> list[Fact]:
    """Return the residue at a position; raises as :func:`residue_at`."""
    residue = residue_at(protein.sequence, position)
    shown = f"{residue.name} ({residue.three}, {residue.letter})" if residue.three else residue.letter
    return [_fact(protein, "residue", shown, note=f"at position {position} of {protein.length}")]
