"""Indexes built from small dumps of the shapes that PubChem, UniProt and PubMed give out."""

from __future__ import annotations

import gzip
import json
import lzma
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from biomed_agent.cli import main
from biomed_agent.errors import InvalidInput
from biomed_agent.sources.local import LocalIndex
from biomed_agent.sources.local.articles import read_query
from biomed_agent.sources.local.build import Progress, Report, build_from_dumps
from biomed_agent.sources.local.files import open_file

STRUCTURES = {
    2244: ("CC(=O)OC1=CC=CC=C1C(=O)O", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "Aspirin", "C9H8O4"),
    2519: ("CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "RYYVLZVUVIJVGH-UHFFFAOYSA-N", "Caffeine", "C8H10N4O2"),
    702: ("CCO", "LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "Ethanol", "C2H6O"),
    962: ("O", "XLYOFNOQVPJJNP-UHFFFAOYSA-N", "Water", "H2O"),
}
SYNONYMS = [
    "2244\taspirin",
    "2244\tAcetylsalicylic acid",
    "2244\t50-78-2",
    "2244\tCHEBI:15365",
    "702\tStorm",
    "99\tnobody",
]


def packed(path: Path, lines: Sequence[str]) -> Path:
    path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))
    return path


def pubchem(folder: Path, without: Sequence[str] = ()) -> list[Path]:
    """Write the column files of a small PubChem."""
    columns = {
        "CID-SMILES": [f"{cid}\t{one[0]}" for cid, one in STRUCTURES.items()],
        "CID-InChI-Key": [f"{cid}\tInChI=1S/x\t{one[1]}" for cid, one in STRUCTURES.items()],
        "CID-Mass": [f"{cid}\t{one[3]}\t1.0\t1.0" for cid, one in STRUCTURES.items()],
        "CID-Title": [f"{cid}\t{one[2]}" for cid, one in STRUCTURES.items()],
        "CID-Synonym-filtered": SYNONYMS,
    }
    return [packed(folder / f"{name}.gz", lines) for name, lines in columns.items() if name not in without]


def built(folder: Path, **given: Any) -> tuple[LocalIndex, Report]:
    report = build_from_dumps(folder / "out.sqlite", **given)
    return LocalIndex([open_file(report.path)]), report


# -- molecules


def test_the_column_files_of_pubchem_become_one_record_each(tmp_path: Path) -> None:
    index, report = built(tmp_path, molecules=pubchem(tmp_path)[::-1])
    [(aspirin, reason)] = index.molecules_named("acetylsalicylic acid")
    assert reason == "exact synonym"
    assert (aspirin.smiles, aspirin.inchikey) == ("CC(=O)Oc1ccccc1C(=O)O", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N")
    assert (aspirin.name, aspirin.formula, aspirin.weight) == ("Aspirin", "C9H8O4", 180.159)
    assert (aspirin.ids["cid"], aspirin.ids["cas"], aspirin.ids["chebi"]) == ("2244", "50-78-2", "15365")
    assert aspirin.handle == "CID:2244"
    assert aspirin.provenance is not None
    assert aspirin.provenance.url == "https://pubchem.ncbi.nlm.nih.gov/compound/2244"
    assert [reason for _, reason in index.molecules_named("ASPIRIN")] == ["exact name"]
    assert index.molecule_by_id("cas", "50-78-2") == aspirin
    assert index.molecules_by_inchikey("BSYNRYMUTXBXSQ") == [aspirin]
    assert index.molecules_named("nobody") == []  # a name without a structure
    assert report.counts["molecule"] == 4
    assert report.verified.startswith("4 of 4 structures with a stated InChIKey were read: 4 have that key")
    assert [path.name for path in tmp_path.glob("out*")] == ["out.sqlite"]


def test_trade_names_of_depositors_are_words_in_a_free_text(tmp_path: Path) -> None:
    index, _ = built(tmp_path, molecules=pubchem(tmp_path))
    spans = index.lexicon_spans("Does a storm of caffeine or acetylsalicylic acid help?")
    assert [name for _, _, name in spans] == ["caffeine", "acetylsalicylic acid"]
    assert index.molecules_named("Storm")  # asked for by its name it is found


def test_missing_keys_are_computed(tmp_path: Path) -> None:
    index, report = built(tmp_path, molecules=pubchem(tmp_path, without=["CID-InChI-Key"]))
    assert [one.ids["cid"] for one in index.molecules_by_inchikey("RYYVLZVUVIJVGH-UHFFFAOYSA-N")] == ["2519"]
    assert report.verified == ""


def test_many_names_and_keys_at_once(tmp_path: Path) -> None:
    index, _ = built(tmp_path, molecules=pubchem(tmp_path))
    found = index.handles(["Caffeine", "caffeine", "LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "nothing"])
    caffeine = ["RYYVLZVUVIJVGH-UHFFFAOYSA-N"]
    assert found == {
        "Caffeine": caffeine,
        "caffeine": caffeine,
        "LFQSCWFLJHTTHZ-UHFFFAOYSA-N": ["LFQSCWFLJHTTHZ-UHFFFAOYSA-N"],
    }


def test_bad_records_are_counted_and_named(tmp_path: Path) -> None:
    lines = [f"{cid}\t{one[0]}" for cid, one in STRUCTURES.items()]
    file = packed(tmp_path / "CID-SMILES.gz", [lines[0], "no tab here", lines[1], "77\tnot a structure", "78\tC1CC"])
    _, report = built(tmp_path, molecules=[file])
    assert report.bad == 3
    assert report.rejected[:2] == [
        ("CID-SMILES.gz", 2, "expected a CID, a tab and a SMILES, got 'no tab here'"),
        ("CID-SMILES.gz", 4, "expected a CID, a tab and a SMILES, got '77\\tnot a structure'"),
    ]
    assert report.rejected[2][:2] == ("structures", 78)
    assert report.counts["molecule"] == 2


def test_structures_that_do_not_have_their_keys_are_refused(tmp_path: Path) -> None:
    keys = [one[1] for one in STRUCTURES.values()]
    files = pubchem(tmp_path, without=["CID-InChI-Key"])
    files.append(
        packed(
            tmp_path / "CID-InChI-Key.gz",
            [f"{cid}\tx\t{key}" for cid, key in zip(STRUCTURES, keys[1:] + keys[:1], strict=True)],
        )
    )
    with pytest.raises(InvalidInput, match="4 of 4 structures that were tried do not have the InChIKey"):
        built(tmp_path, molecules=files)
    assert not (tmp_path / "out.sqlite").exists()


def test_one_structure_without_its_key_is_left_out_when_it_is_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = pubchem(tmp_path, without=["CID-SMILES"])
    changed = {cid: one[0] for cid, one in STRUCTURES.items()} | {702: "CCCCO"}
    files.append(packed(tmp_path / "CID-SMILES.gz", [f"{cid}\t{smiles}" for cid, smiles in changed.items()]))
    index, report = built(tmp_path, molecules=files)
    assert "1 another or none" in report.verified
    assert index.molecules_named("ethanol") == []
    assert "LFQSCWFLJHTTHZ-UHFFFAOYSA-N of the index is left out" in caplog.text


def test_tables_and_sdf(tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text(
        'Name,SMILES,Synonyms,CAS\n"Compound, one",CCCO,alpha-1 | "beta",71-23-8\nCompound two,CC(C)O,,\nshort,row\n'
    )
    sdf = tmp_path / "few.sdf"
    block = "7\n  test\n\n  1  0  0  0  0  0  0  0  0  0999 V2000\n    0.0 0.0 0.0 N   0  0\nM  END\n"
    tags = "> <PUBCHEM_COMPOUND_CID>\n222\n\n> <PUBCHEM_SMILES>\nN\n\n> <PUBCHEM_IUPAC_NAME>\nazane\n\n"
    sdf.write_text(f"{block}{tags}$$$$\n{block}> <NAME>\nbroken\n\n> <SMILES>\nC1CC\n\n$$$$\n")
    index, report = built(tmp_path, molecules=[table, sdf])
    [(one, _)] = index.molecules_named("Compound, one")
    assert (one.smiles, one.ids, one.inchikey) == ("CCCO", {"cas": "71-23-8"}, "BDERNNFJNOPAEC-UHFFFAOYSA-N")
    assert one.provenance is not None
    assert (one.provenance.source, one.provenance.identifier) == ("mine.csv", "line 2")
    assert index.molecules_named("alpha-1")
    assert index.molecule_by_id("cid", "222") is not None
    assert report.bad == 2
    assert ("mine.csv", 4, "expected 4 cells, got 2") in report.rejected


def test_a_file_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    for given, message in (
        ({"molecules": [packed(tmp_path / "what.bin", ["x"])]}, "no dump of molecules that is known by its name"),
        ({"molecules": [packed(tmp_path / "CID-Title.gz", ["1\tx"])]}, "holds no structures"),
        ({"molecules": [packed(tmp_path / "x.tsv", ["a\tb"])]}, "no column of structures"),
        ({"molecules": [tmp_path / "missing.sdf"]}, "does not exist"),
        ({"proteins": [packed(tmp_path / "p.tsv.gz", ["a\tb"])]}, "no table of UniProt's"),
        ({"articles_in": [packed(tmp_path / "p.json", ["{}"])]}, "no dump of articles"),
        ({"articles_in": [packed(tmp_path / "p.xml", ["<html></html>"])]}, "holds no PubmedArticleSet"),
        ({}, "nothing to build an index from"),
    ):
        with pytest.raises(InvalidInput, match=message):
            built(tmp_path, **given)


# -- proteins

FLAT = """ID   ABL1_HUMAN              Reviewed;          12 AA.
AC   P00519; A0A1;
DE   RecName: Full=Tyrosine-protein kinase ABL1 {ECO:0000305};
DE            EC=2.7.10.2 {ECO:0000269|PubMed:1};
DE   AltName: Full=Abelson kinase 1;
DE   Contains:
DE     RecName: Full=A part;
DE              EC=1.1.1.1;
GN   Name=ABL1; Synonyms=ABL, JTK7;
OS   Homo sapiens (Human).
OX   NCBI_TaxID=9606;
CC   -!- FUNCTION: Takes part in
CC       a process (PubMed:12). {ECO:0000269|PubMed:12}.
CC   -!- SUBCELLULAR LOCATION: Cytoplasm {ECO:0000269}. [Isoform 2]: Nucleus
CC       membrane {ECO:0000269}; Lipid-anchor. Note=Not a place.
CC   -!- SIMILARITY: Belongs to the protein kinase superfamily. ABL
CC       subfamily. {ECO:0000255}.
DR   GO; GO:0005524; F:ATP binding; IDA:UniProtKB.
SQ   SEQUENCE   12 AA;  1 MW;  0 CRC64;
     MLEICLKLVG CK
//
ID   BROKEN_HUMAN            Unreviewed;         3 AA.
AC   nonsense;
SQ   SEQUENCE   3 AA;  1 MW;  0 CRC64;
     MLE
//
"""


def test_a_flat_file_gives_names_facts_and_sequence(tmp_path: Path) -> None:
    (tmp_path / "sprot.dat.xz").write_bytes(lzma.compress(FLAT.encode()))
    index, report = built(tmp_path, proteins=[tmp_path / "sprot.dat.xz"])
    protein = index.protein_by_accession("P00519")
    assert protein is not None
    assert (protein.name, protein.gene, protein.organism) == (
        "Tyrosine-protein kinase ABL1",
        "ABL1",
        "Homo sapiens (Human)",
    )
    assert (protein.sequence, protein.taxon_id, protein.reviewed) == ("MLEICLKLVGCK", 9606, True)
    facts = [(fact.predicate, fact.value) for fact in index.facts(protein)]
    assert facts == [
        ("EC number", "2.7.10.2"),
        ("function", "Takes part in a process."),
        ("subcellular location", "Cytoplasm"),
        ("subcellular location", "Nucleus membrane"),
        ("protein family", "protein kinase superfamily. ABL subfamily"),
        ("GO molecular function", "ATP binding"),
    ]
    assert index.proteins_by_ec("2.7.10.2") == [protein]
    for name, reason in (
        ("jtk7", "gene synonym"),
        ("Abelson kinase 1", "alternative name"),
        ("EC 2.7.10.2", "EC number"),
    ):
        assert index.proteins_named(name) == [(protein, reason)]
    assert index.proteins_by_gene("abl1") == [protein]
    assert index.protein_by_entry_name("ABL1_HUMAN") == protein
    assert index.protein_by_sequence("MLEICLKLVGCK") == protein
    assert report.rejected == [("sprot.dat.xz", 22, "expected a UniProt accession, got 'nonsense'")]


def test_fasta_and_table(tmp_path: Path) -> None:
    fasta = tmp_path / "some.fasta"
    fasta.write_text(
        ">tr|Q9XYZ1|Q9XYZ1_MOUSE Some protein (Fragment) OS=Mus musculus OX=10090 GN=Abc PE=1 SV=2\nMLEIC\nLKL\n"
        ">mine\nMLE\n>sp|P11111|BAD_HUMAN Bad OS=Homo sapiens OX=9606 PE=1 SV=1\nML7E\n"
    )
    table = tmp_path / "some.tsv"
    table.write_text(
        "Entry\tReviewed\tEntry Name\tProtein names\tGene Names\tOrganism\tSequence\tEC number\t"
        "Subcellular location [CC]\n"
        "P04040\treviewed\tCATA_HUMAN\tCatalase (EC 1.11.1.6) (Cat (I))\tCAT CTA\tHomo sapiens (Human)\tMADSR\t"
        "1.11.1.6\tSUBCELLULAR LOCATION: Peroxisome {ECO:0000269}.\n"
    )
    index, report = built(tmp_path, proteins=[fasta, table])
    mouse, catalase = index.protein_by_accession("Q9XYZ1"), index.protein_by_accession("P04040")
    assert mouse is not None
    assert (mouse.sequence, mouse.gene, mouse.taxon_id, mouse.reviewed) == ("MLEICLKL", "Abc", 10090, False)
    assert mouse.name == "Some protein (Fragment)"
    assert catalase is not None
    assert (catalase.name, catalase.gene, catalase.synonyms) == ("Catalase", "CAT", ("Cat (I)", "CTA"))
    assert [(fact.predicate, fact.value) for fact in index.facts(catalase)] == [
        ("EC number", "1.11.1.6"),
        ("subcellular location", "Peroxisome"),
    ]
    assert [(file, line) for file, line, _ in report.rejected] == [("some.fasta", 4), ("some.fasta", 6)]


# -- articles


def article(pmid: int, title: str, abstract: str, year: int = 2020, kind: str = "Journal Article") -> str:
    return (
        f"<PubmedArticle><MedlineCitation><PMID>{pmid}</PMID><Article><Journal><JournalIssue><PubDate><Year>{year}</Year>"
        f"</PubDate></JournalIssue><Title>A journal</Title></Journal><ArticleTitle>{title}</ArticleTitle><Abstract>"
        f"<AbstractText>{abstract}</AbstractText></Abstract><PublicationTypeList><PublicationType>{kind}</PublicationType>"
        "</PublicationTypeList></Article></MedlineCitation></PubmedArticle>"
    )


def pubmed(path: Path, *records: str) -> Path:
    head = '<?xml version="1.0"?>\n<!DOCTYPE PubmedArticleSet SYSTEM "x.dtd">\n<PubmedArticleSet>\n'
    path.write_bytes(gzip.compress("\n".join((head, *records, "</PubmedArticleSet>\n")).encode()))
    return path


ARTICLES = (
    article(11, "Aspirin and tumours", "Aspirin lowered the risk of <i>colorectal</i> cancer in 100 patients.", 2001),
    article(12, "Zebra stripes", "Stripes of zebras. Nothing of drugs here.", 2015),
    article(
        13, "Aspirin again", "The study of aspirin and colorectal cancer was wrong.", 2019, "Retracted Publication"
    ),
    article(14, "Tumor necrosis factor", "TNF-alpha is a factor, and aspirin lowers it.", 2021, "Review"),
)


def test_articles_are_found_by_their_words(tmp_path: Path) -> None:
    first = pubmed(tmp_path / "pubmed20n0001.xml.gz", *ARTICLES, article(15, "Old title", "Gone tomorrow."))
    update = pubmed(
        tmp_path / "pubmed20n0002.xml.gz",
        article(12, "Zebra stripes", "Stripes, corrected."),
        "<DeleteCitation><PMID Version='1'>15</PMID></DeleteCitation>",
    )
    index, report = built(tmp_path, articles_in=[first, update])
    assert report.counts["article"] == 4

    def pmids(query: str) -> list[str]:
        return sorted(one.pmid for one in index.articles(query).articles)

    assert pmids("aspirin colorectal") == ["11", "13"]
    assert pmids("aspirin AND tumour") == ["11"]  # by stem: tumours
    assert pmids("(tumour OR tumor) aspirin") == ["11", "14"]
    assert pmids('"colorectal cancer" NOT retract*') == ["11", "13"]
    assert pmids('"cancer colorectal"') == []
    assert pmids("aspirin[ti]") == ["11", "13"]
    assert pmids("aspirin 2019:2021[dp]") == ["13", "14"]
    assert pmids("corrected") == ["12"]
    assert pmids("drugs") == pmids("tomorrow") == []
    [first_hit, *_] = index.articles("aspirin").articles
    assert first_hit.pmid in ("11", "13")  # the title counts more
    found = {one.pmid: one for one in index.articles("aspirin").articles}
    assert (found["13"].retracted, found["11"].retracted) == (True, False)
    assert (found["14"].types, found["14"].year, found["14"].journal) == (("Review",), "2021", "A journal")
    assert "risk of colorectal cancer" in found["11"].abstract
    assert found["11"].provenance is not None
    assert found["11"].provenance.url == "https://pubmed.ncbi.nlm.nih.gov/11/"


def test_only_the_newest_of_many_matches_are_ranked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biomed_agent.sources.local.articles.SHORTLIST", 2)
    index, _ = built(tmp_path, articles_in=[pubmed(tmp_path / "a.xml", *ARTICLES)])
    hits = index.articles("aspirin")
    assert ([one.pmid for one in hits.articles], hits.count, hits.more) == (["13", "14"], 2, True)


@pytest.mark.parametrize(
    ("query", "match"),
    [
        ("aspirin cancer", '("aspirin" AND "cancer")'),
        ("x OR y AND z", '(("x" OR "y") AND "z")'),
        ("x NOT (y z)", '("x" NOT ("y" AND "z"))'),
        ('"TNF-alpha"[tiab] AND inhib*', '("TNF-alpha" AND "inhib" *)'),
        ("the risk of AND", '"risk"'),
        ("((x)", '"x"'),
    ],
)
def test_queries(query: str, match: str) -> None:
    assert read_query(query).match == match


@pytest.mark.parametrize("query", ['say "this', "x[au]", "of the", "", "x 2019a[dp] y[dp]"])
def test_queries_that_cannot_be_read(query: str) -> None:
    with pytest.raises(InvalidInput):
        read_query(query)


def test_broken_xml_and_cut_files_are_named(tmp_path: Path) -> None:
    cut = tmp_path / "cut.xml.gz"
    cut.write_bytes(pubmed(tmp_path / "a.xml.gz", *ARTICLES).read_bytes()[:-200])
    with pytest.raises(InvalidInput, match=r"cut\.xml\.gz is cut off or damaged"):
        built(tmp_path, articles_in=[cut])
    broken = pubmed(tmp_path / "b.xml.gz", ARTICLES[0], "<PubmedArticle></wrong>")
    with pytest.raises(InvalidInput, match=r"b\.xml\.gz is cut off or damaged at line"):
        built(tmp_path, articles_in=[broken])
    bomb = tmp_path / "c.xml"
    bomb.write_text('<!DOCTYPE x [<!ENTITY a "aaaa">]><PubmedArticleSet>&a;</PubmedArticleSet>')
    with pytest.raises(InvalidInput, match="declares XML entities"):
        built(tmp_path, articles_in=[bomb])


# -- going on


class Killed(Exception):
    pass


def test_a_build_goes_on_where_it_was_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biomed_agent.sources.local.build.BATCH", 2)
    monkeypatch.setattr("biomed_agent.sources.local.build.ARTICLE_BATCH", 1)
    (tmp_path / "p.dat").write_text(FLAT)
    given: dict[str, Any] = {
        "molecules": pubchem(tmp_path),
        "proteins": [tmp_path / "p.dat"],
        "articles_in": [pubmed(tmp_path / "a.xml", *ARTICLES)],
    }
    whole = built(tmp_path / "whole", **given)[0]
    told: list[Progress] = []
    kills = 0
    for stop in range(1, 60):

        def tell(progress: Progress, stop: int = stop) -> None:
            told.append(progress)
            if len(told) % stop == 0:
                raise Killed

        told.clear()
        try:
            report = build_from_dumps(tmp_path / "out.sqlite", tell=tell, **given)
            break
        except Killed:
            kills += 1
    assert kills > 5
    assert report.resumed
    index = LocalIndex([open_file(report.path)])
    skipped = ("built", "seconds")
    [mine], [theirs] = index.stats()["files"], whole.stats()["files"]
    assert {key: value for key, value in mine.items() if key not in skipped} == {
        key: value for key, value in theirs.items() if key not in skipped
    }
    assert [one.handle for one, _ in index.molecules_named("aspirin")] == ["CID:2244"]
    assert len(index.articles("aspirin").articles) == 3


def test_other_files_begin_anew(tmp_path: Path) -> None:
    files = pubchem(tmp_path)
    (tmp_path / "out.sqlite.partial").write_bytes(b"of something else")
    _, report = built(tmp_path, molecules=files)
    assert not report.resumed


# -- at the command line


def test_build_info_and_find(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "mine.sqlite"
    files = [str(path) for path in pubchem(tmp_path)]
    bad = packed(tmp_path / "CID-Synonym-unfiltered.gz", ["no tab"])
    command = ["index", "build", "--output", str(out), "--molecules", *files, str(bad)]
    assert main([*command, "--articles", str(pubmed(tmp_path / "a.xml", *ARTICLES))]) == 0
    said = capsys.readouterr()
    assert "4 molecules" in said.out
    assert "CID-Synonym-unfiltered.gz:1" in said.err
    monkeypatch.setenv("BIOMED_AGENT_INDEX", str(out))
    assert main(["index", "info", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)["files"][0]
    assert (first["molecule"], first["article"], first["rejected"]) == (4, 4, 1)
    asked = ["ask", "What do papers say about aspirin and colorectal cancer?", "--offline", "--model", "none", "--json"]
    assert main(asked) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["kind"] == "literature"
    assert "Aspirin lowered the risk of colorectal cancer in 100 patients." in [
        one["text"] for one in answer["evidence"]
    ]
    assert all(one["article"]["pmid"] != "13" for one in answer["evidence"])  # retracted
    assert answer["egress"] == []


def test_build_without_anything_is_bad_input(tmp_path: Path) -> None:
    assert main(["index", "build", "--output", str(tmp_path / "x.sqlite")]) == 2


def test_an_interrupted_command_says_how_to_go_on(tmp_path: Path) -> None:
    lines = [f"{number}\t{'C' * (number % 30 + 1)}" for number in range(1, 300_000)]
    file = packed(tmp_path / "CID-SMILES.gz", lines)
    command = [sys.executable, "-m", "biomed_agent", "index", "build", "--output", str(tmp_path / "x.sqlite")]
    with subprocess.Popen([*command, "--molecules", str(file)], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        process.stderr.readline()
        process.send_signal(2)
        said = process.stderr.read()
        assert process.wait(30) == 130
    assert "same command" in said
