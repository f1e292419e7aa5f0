"""Build the starter set that ships with the package from a folder of public data.

    python scripts/build_starter.py DATA_FOLDER [--out biomed_agent/data/starter] [--no-share-alike]

Writes ``molecules.tsv.xz``, ``proteins.tsv.xz``, ``affinities.tsv.xz``, ``drug_facts.tsv.xz``, ``articles.tsv.xz`` and
the page ``ARTICLES.md`` that names each article with its licence; the same data folder and versions of RDKit and xz
give the same bytes. The hand-written tables beside them (``brands``, ``aliases``, ``homonyms``, ``sources``) are part
of the set and not touched; hand-written inputs of the build lie in ``scripts/starter``. With ``--no-share-alike`` the
affinities that are ChEMBL's, or built on ChEMBL's, are left out (``LICENSE-DATA``).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from starter import affinities, approvals, articles, molecules, proteins
from starter.tables import write_tsv

OUT = Path(__file__).parent.parent / "biomed_agent" / "data" / "starter"


def main() -> None:
    """Build the tables and say how large they are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with chebi_definitions/, targets/, dti_davis/ and so on")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--no-share-alike", action="store_true", help="leave out affinities under CC BY-SA 3.0")
    options = parser.parse_args()
    compounds = molecules.build(options.data)
    targets = proteins.build(options.data)
    measured = affinities.build(options.data, compounds, targets, share_alike=not options.no_share_alike)
    shelf = articles.build(options.data, compounds)
    options.out.mkdir(parents=True, exist_ok=True)
    for name, columns, rows in (
        ("molecules", molecules.COLUMNS, [compound.row() for compound in compounds]),
        ("proteins", proteins.COLUMNS, [target.row() for target in targets]),
        ("affinities", affinities.COLUMNS, measured),
        ("drug_facts", approvals.COLUMNS, approvals.build(options.data, compounds)),
        ("articles", articles.COLUMNS, shelf),
    ):
        path = options.out / f"{name}.tsv.xz"
        write_tsv(path, columns, rows)
        print(f"{path}: {len(rows)} rows, {path.stat().st_size} bytes")
    (options.out / "ARTICLES.md").write_text(articles.page(shelf), encoding="utf-8")


if __name__ == "__main__":
    main()
