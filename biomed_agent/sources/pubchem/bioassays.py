"""Reader of PubChem's assay summary: what a compound was tested on, and how strongly it acted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from biomed_agent.core.identifiers import ACCESSION
from biomed_agent.core.types import Fact, Provenance
from biomed_agent.sources.http.malformed import well_formed

SUMMARY = "assay results"
"""predicate of the fact that counts all results"""
_OUTCOME = ("Activity Outcome", "Bioactivity Outcome")
_VALUE = ("Activity Value [uM]",)
"""the column names its unit; a value of another column would be stated in micromolar without a reason"""
_TARGET, _GENE = ("Target Accession", "Protein Accession"), ("Target GeneID", "Gene ID")


@dataclass(slots=True)
class Target:
    """The results on one target."""

    name: str
    """``UNIPROT:P23219``, ``GeneID:5742``, or another accession as PubChem writes it"""
    results: int = 0
    active: int = 0
    best: tuple[float, str, str] | None = None
    """smallest value in micromolar among the active results, what was measured, and the assay's AID"""
    aids: set[str] = field(default_factory=set)

    def add(self, row: Mapping[str, str]) -> None:
        """Count one result."""
        self.results += 1
        self.aids.add(row.get("AID", ""))
        if _first(row, _OUTCOME).lower() != "active":
            return
        self.active += 1
        value = _positive(_first(row, _VALUE))
        if value is not None and (self.best is None or value < self.best[0]):
            self.best = value, row.get("Activity Name", "") or "value", row.get("AID", "")

    def rank(self) -> tuple[bool, tuple[float, str, str], int, str]:
        """Return what targets are sorted by: those with a value first, from the smallest, then by active results."""
        return self.best is None, self.best or (0.0, "", ""), -self.active, self.name


@well_formed("PubChem")
def read_bioactivity(body: Mapping[str, Any], cid: int, provenance: Provenance) -> list[Fact]:
    """Read an assay summary: one fact that counts all results, then one for each target with active results.

    Targets with a measured value come first, from the smallest; their fact is the best value in uM with its assay.
    The others' fact is ``active results``, their number. Each is ``about`` its target, by ``UNIPROT:`` and an accession
    where that is known; notes count its results.

    Args:
        body: The reply as parsed JSON; its cells are texts, empty where nothing is stated.
        cid: The compound.
        provenance: Of the reply.
    """
    outcomes: Counter[str] = Counter()
    targets: dict[str, Target] = {}
    aids = set()
    for row in _rows(body):
        outcomes[_first(row, _OUTCOME).lower() or "unspecified"] += 1
        aids.add(row.get("AID", ""))
        if name := _target(row):
            targets.setdefault(name, Target(name)).add(row)
    counts = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    origin = replace(provenance, identifier=f"bioassays of CID {cid}", url=_page(f"compound/{cid}#section=Bioassays"))
    note = f"{counts or 'none'}; {len(aids)} assays"
    facts = [Fact(f"CID:{cid}", SUMMARY, sum(outcomes.values()), kind="measured", provenance=origin, note=note)]
    hit = [target for target in targets.values() if target.active]
    for target in sorted(hit, key=Target.rank):
        note = f"active in {target.active} of {target.results} results"
        fact = Fact(f"CID:{cid}", "active results", target.active, "", "measured", origin, note, about=target.name)
        if target.best is not None:
            value, measure, aid = target.best
            assay = replace(provenance, identifier=f"AID {aid}", url=_page(f"bioassay/{aid}"))
            fact = replace(fact, predicate=measure, value=value, unit="uM", provenance=assay)
        facts.append(fact)
    return facts


def _rows(body: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    table = body["Table"]
    columns = [str(name) for name in table["Columns"]["Column"]]
    for row in table.get("Row") or ():
        cells = row["Cell"]
        if len(cells) != len(columns):
            raise ValueError(f"a row of {len(cells)} cells under {len(columns)} columns")
        yield {name: str(cell or "").strip() for name, cell in zip(columns, cells, strict=True)}


def _first(row: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((row[name] for name in names if row.get(name)), "")


def _target(row: Mapping[str, str]) -> str:
    """Return how a result's target is called; accessions of UniProt are told by their shape."""
    if accession := _first(row, _TARGET):
        return f"UNIPROT:{accession}" if ACCESSION.fullmatch(accession) else accession
    gene = _first(row, _GENE)
    return f"GeneID:{gene}" if gene else ""


def _positive(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value > 0 else None


def _page(path: str) -> str:
    return f"https://pubchem.ncbi.nlm.nih.gov/{path}"
