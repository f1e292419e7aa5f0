"""What several index files hold of one thing is one record, each part of it with its origin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from biomed_agent.answering.evidence import Retriever
from biomed_agent.core.types import Protein, Resolved
from biomed_agent.sources.local import LocalIndex
from biomed_agent.sources.local.build import build_from_dumps
from biomed_agent.sources.local.files import open_file
from biomed_agent.sources.local.schema import build_index
from tests.helpers.dumps import packed
from tests.sources.local.test_index import ASPIRIN, TABLES, write_tables


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalIndex]:
    """A dump of structures and titles as README's recipe takes them, and tables such as the starter set's."""
    folder = tmp_path_factory.mktemp("merged")
    dumps = [
        packed(folder / "CID-SMILES.gz", ["2244\tCC(=O)OC1=CC=CC=C1C(=O)O", "702\tCCO"]),
        packed(folder / "CID-Title.gz", ["2244\tAspirin", "702\tEthanol"]),
    ]
    mine = build_from_dumps(folder / "mine.sqlite", molecules=dumps).path
    rows = [TABLES["molecules"][0], TABLES["molecules"][1].replace(" 2244 ", " - "), *TABLES["molecules"][2:]]
    tables = write_tables(folder / "tables", molecules=rows)
    with LocalIndex([open_file(mine), open_file(build_index(tables, folder / "starter.sqlite"))]) as index:
        yield index


@pytest.mark.parametrize("name", ["Aspirin", "acetylsalicylic acid", "ASA", "2-acetoxybenzoic acid"])
def test_a_name_of_any_file_finds_the_whole_record(both: LocalIndex, name: str) -> None:
    [(aspirin, _)] = both.molecules_named(name)
    assert (aspirin.inchikey, aspirin.name) == (ASPIRIN, "Aspirin")
    assert aspirin.ids == {
        "cid": "2244", "chebi": "CHEBI:15365", "drugbank": "DB00945", "cas": "50-78-2", "unii": "R16CO5Y76E"
    }  # fmt: skip
    assert aspirin.synonyms == ("acetylsalicylic acid", "2-acetoxybenzoic acid", "ASA")
    assert aspirin == both.molecule_by_id("cas", "50-78-2") == both.molecule_by_id("cid", "2244")


def test_each_part_cites_the_record_that_holds_it(both: LocalIndex) -> None:
    [(aspirin, _)] = both.molecules_named("aspirin")
    retriever = Retriever(both, None, None, None)
    facts = {
        (fact.predicate, fact.value): fact.provenance.identifier
        for fact in retriever.identity(Resolved(aspirin, "aspirin", ""), ["cid", "CAS number", "synonym"])
    }
    assert facts == {
        ("cid", "2244"): "CID 2244",
        ("CAS number", "50-78-2"): "CHEBI:15365",
        ("synonym", "acetylsalicylic acid"): "CHEBI:15365",
        ("synonym", "2-acetoxybenzoic acid"): "CHEBI:15365",
        ("synonym", "ASA"): "CHEBI:15365",
    }
    roles = [fact.value for fact in both.facts(aspirin) if fact.predicate == "ChEBI role"]
    assert roles == ["NSAID"]


def test_a_field_that_the_first_record_lacks_is_the_second_ones(tmp_path: Path) -> None:
    first = (
        TABLES["proteins"][2]
        .replace("Tyrosine-protein~kinase~ABL1", "-")
        .replace("Proto-oncogene~c-Abl", "Abelson~kinase")
    )
    first = first.replace("ABL1_HUMAN", "-").replace("MLEICLKLVGCKSK", "MLEICLKLVG").replace("UniProt~P00519", "Mine~1")
    mine = write_tables(tmp_path / "a", proteins=[TABLES["proteins"][0], first], affinities=TABLES["affinities"][:1],
                        aliases=["alias accession"], homonyms=TABLES["homonyms"][:1])  # fmt: skip
    theirs = write_tables(tmp_path / "b")
    paths = [build_index(folder, folder / "index.sqlite") for folder in (mine, theirs)]
    with LocalIndex([open_file(path) for path in paths]) as index:
        abl1 = index.protein_by_accession("P00519")
        assert isinstance(abl1, Protein)
        assert (abl1.name, abl1.entry_name, abl1.sequence) == (
            "Tyrosine-protein kinase ABL1",
            "ABL1_HUMAN",
            "MLEICLKLVG",
        )
        assert abl1.synonyms == ("Abelson kinase", "ABL", "JTK7", "Proto-oncogene c-Abl", "c-Abl")
        origins = {what: abl1.origin(what) for what in ("name", "gene", "synonym ABL", "synonym c-Abl")}
        assert {what: origin.identifier for what, origin in origins.items() if origin} == {
            "name": "P00519", "gene": "1", "synonym ABL": "1", "synonym c-Abl": "P00519"
        }  # fmt: skip
        assert hash(abl1)
        longer = index.protein_by_sequence("MLEICLKLVGCKSK")
        assert longer is not None
        assert longer.sequence == "MLEICLKLVGCKSK"


def test_one_thing_is_counted_once(both: LocalIndex) -> None:
    totals = both.totals()
    assert (totals["molecules"], totals["proteins"]) == (8, 7)  # ethanol is the dump's alone, aspirin of both
    assert {name: totals[name] for name in ("affinities", "pairs", "Kd", "KIBA score", "ChEBI role")} == {
        "affinities": 4, "pairs": 3, "Kd": 3, "KIBA score": 1, "ChEBI role": 1
    }  # fmt: skip


def test_partners_are_called_by_the_handle_of_the_whole_record(both: LocalIndex) -> None:
    abl1 = both.protein_by_accession("P00519")
    assert abl1 is not None
    assert both.activities_of(abl1, 1)[0].about == "CID:2244"
