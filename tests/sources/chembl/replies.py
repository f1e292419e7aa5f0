"""Replies in ChEMBL's shape, with our numbers, and a server that filters as ChEMBL does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.helpers.server import Asked, Said

RELEASE = "ChEMBL_99"
ETHANOL, SALT, WATER = "LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "CHEMBL12", "XLYOFNOQVPJJNP-UHFFFAOYSA-N"
KEYS = {
    "molecule": "molecules", "target": "targets", "activity": "activities", "mechanism": "mechanisms",
    "drug_indication": "drug_indications", "drug_warning": "drug_warnings", "document": "documents",
}  # fmt: skip


def molecule(number: int = 11, key: str = ETHANOL, smiles: str = "CCO", parent: int | None = None, **more: Any) -> Any:
    chembl_id = f"CHEMBL{number}"
    return {
        "molecule_chembl_id": chembl_id,
        "pref_name": "FLURBNITROL",
        "max_phase": "4.0",
        "first_approval": 2012,
        "withdrawn_flag": False,
        "black_box_warning": -1,
        "molecule_hierarchy": {"parent_chembl_id": f"CHEMBL{parent or number}", "molecule_chembl_id": chembl_id},
        "molecule_structures": {"canonical_smiles": smiles, "standard_inchi_key": key},
        "molecule_synonyms": [
            {"molecule_synonym": "Flurbnitrol", "syn_type": "INN", "synonyms": "FLURBNITROL"},
            {"molecule_synonym": "FB-1", "syn_type": "RESEARCH_CODE", "synonyms": "FB-1"},
        ],
        **more,
    }


def target(number: int = 51, accession: str = "P00533", kind: str = "SINGLE PROTEIN", **more: Any) -> Any:
    synonyms = [{"component_synonym": "EGFR", "syn_type": "GENE_SYMBOL"}]
    return {
        "target_chembl_id": f"CHEMBL{number}",
        "pref_name": "Epidermal growth factor receptor",
        "target_type": kind,
        "target_components": [{"accession": accession, "target_component_synonyms": synonyms}],
        **more,
    }


def activity(number: int = 1, value: str | None = "12.5", **more: Any) -> Any:
    return {
        "activity_id": number,
        "molecule_chembl_id": "CHEMBL11",
        "parent_molecule_chembl_id": "CHEMBL11",
        "molecule_pref_name": "FLURBNITROL",
        "target_chembl_id": "CHEMBL51",
        "target_pref_name": "Epidermal growth factor receptor",
        "target_organism": "Homo sapiens",
        "assay_type": "B",
        "document_chembl_id": "CHEMBL71",
        "standard_type": "IC50",
        "standard_relation": "=",
        "standard_value": value,
        "standard_units": "nM",
        "pchembl_value": "7.9",
        "data_validity_comment": None,
        "activity_comment": None,
        "potential_duplicate": 0,
        **more,
    }


def document(number: int = 71, **more: Any) -> Any:
    return {"document_chembl_id": f"CHEMBL{number}", "pubmed_id": 15084136, "doi": "10.1021/x", **more}


def page(resource: str, rows: Sequence[Any], total: int | None = None, next: str | None = None) -> dict[str, Any]:
    meta = {"limit": 1000, "offset": 0, "next": next, "previous": None, "total_count": total or len(rows)}
    return {KEYS[resource]: list(rows), "page_meta": meta}


@dataclass
class Played:
    """Plays ChEMBL: filters lists by the fields it knows, and pages through them.

    Args:
        tables: Rows by resource.
        ignores: Filters that it passes over, as the real one does with those it does not know.
        page_size: Rows of a page, whatever was asked for.
        instead: What to answer in place of a list, by resource.
    """

    tables: dict[str, list[Any]]
    ignores: set[str] = field(default_factory=set)
    page_size: int = 1000
    release: str = RELEASE
    instead: dict[str, Said] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Said:
        resource, _, one = asked.path.strip("/").removesuffix(".json").partition("/")
        if resource in self.instead:
            return self.instead[resource]
        if resource == "status":
            return Said.json({"chembl_db_version": self.release, "disinct_compounds": 1, "status": "UP"})
        if one:
            rows = [row for row in self.tables.get(resource, []) if one in row.values()]
            return Said.json(rows[0]) if rows else Said(b"", 404)
        rows = [row for row in self.tables.get(resource, []) if self._meets(row, asked.query)]
        offset = int(asked.query.get("offset", 0))
        shown = rows[offset : offset + self.page_size]
        more = offset + self.page_size < len(rows)
        query = "&".join(f"{name}={value}" for name, value in asked.query.items() if name != "offset")
        following = f"/chembl/api/data/{resource}.json?{query}&offset={offset + self.page_size}" if more else None
        return Said.json(page(resource, shown, len(rows), following))

    def _meets(self, row: Mapping[str, Any], query: Mapping[str, str]) -> bool:
        for name, value in query.items():
            if name in ("limit", "offset", "order_by", "only") or name in self.ignores:
                continue
            path, _, way = name.rpartition("__")
            if way not in ("in", "iexact", "isnull"):
                path, way = name, "exact"
            found = list(_values(row, path.split("__")))
            wanted = value.split(",") if way == "in" else [value]
            if way == "isnull":
                if (not found or found == [None]) != (value == "true"):
                    return False
            elif not {str(each).lower() for each in found} & {each.lower() for each in wanted}:
                return False
        return True


def _values(row: Any, path: Sequence[str]) -> Iterable[Any]:
    if not path:
        yield row
    elif isinstance(row, list):
        for each in row:
            yield from _values(each, path)
    elif isinstance(row, Mapping) and path[0] in row:
        yield from _values(row[path[0]], path[1:])
