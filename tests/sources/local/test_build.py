"""What an index that is built from dumps holds and finds."""

from __future__ import annotations

import lzma
from pathlib import Path

import pytest

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.types import Reason
from biomed_agent.sources.literature.article_search import ArticleSearch
from biomed_agent.sources.local.articles import read_query
from tests.helpers.dumps import ARTICLES, FLAT, STRUCTURES, article, built, packed, pubchem, pubmed

# -- molecules


def test_the_column_files_of_pubchem_become_one_record_each(tmp_path: Path) -> None:
    index, report = built(tmp_path, molecules=pubchem(tmp_path)[::-1])
    [(aspirin, reason)] = index.molecules_named("acetylsalicylic acid")
    assert reason.words == "exact synonym"
    assert (aspirin.smiles, aspirin.inchikey) == ("CC(=O)Oc1ccccc1C(=O)O", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N")
    assert (aspirin.name, aspirin.formula, aspirin.weight) == ("Aspirin", "C9H8O4", 180.159)
    assert (aspirin.ids["cid"], aspirin.ids["cas"], aspirin.ids["chebi"]) == ("2244", "50-78-2", "15365")
    assert aspirin.handle == "CID:2244"
    assert aspirin.provenance is not None
    assert aspirin.provenance.url == "https://pubchem.ncbi.nlm.nih.gov/compound/2244"
    assert [reason.words for _, reason in index.molecules_named("ASPIRIN")] == ["exact name"]
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
    assert [molecule.ids["cid"] for molecule in index.molecules_by_inchikey("RYYVLZVUVIJVGH-UHFFFAOYSA-N")] == ["2519"]
    assert report.verified == ""


def test_many_names_and_keys_at_once(tmp_path: Path) -> None:
    index, _ = built(tmp_path, molecules=pubchem(tmp_path))
    handles = index.handles(["Caffeine", "caffeine", "LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "nothing"])
    caffeine = ["RYYVLZVUVIJVGH-UHFFFAOYSA-N"]
    assert handles == {
        "Caffeine": caffeine,
        "caffeine": caffeine,
        "LFQSCWFLJHTTHZ-UHFFFAOYSA-N": ["LFQSCWFLJHTTHZ-UHFFFAOYSA-N"],
    }


def test_bad_records_are_counted_and_named(tmp_path: Path) -> None:
    lines = [f"{cid}\t{structure[0]}" for cid, structure in STRUCTURES.items()]
    file = packed(tmp_path / "CID-SMILES.gz", [lines[0], "no tab here", lines[1], "77\tnot a structure", "78\tC1CC"])
    _, report = built(tmp_path, molecules=[file])
    assert report.bad == 3
    assert report.rejected[:2] == [
        ("CID-SMILES.gz", 2, "expected a CID, a tab and a SMILES, got 'no tab here'"),
        ("CID-SMILES.gz", 4, "expected a CID, a tab and a SMILES, got '77\\tnot a structure'"),
    ]
    assert report.rejected[2][:2] == ("CID-SMILES.gz", 5)
    assert report.counts["molecule"] == 2


def test_an_unreadable_structure_is_named_by_its_file_and_line(tmp_path: Path) -> None:
    smiles = packed(tmp_path / "CID-SMILES-1.gz", ["702\tCCO", "5\tCCN", "6\tC1CC"])
    two = packed(tmp_path / "CID-SMILES-2.gz", ["962\tO", "5\tc1cc"])  # the later structure of a CID counts
    table = tmp_path / "mine.csv"
    table.write_text("name,smiles\na,CC\nb,C(C)(C)(C)(C)C\nc,*CC\n")
    index, report = built(tmp_path, molecules=[smiles, two, table])
    assert [(file, line) for file, line, _ in report.rejected] == [
        ("CID-SMILES-1.gz", 3),
        ("CID-SMILES-2.gz", 2),
        ("mine.csv", 3),
        ("mine.csv", 4),
    ]
    assert "'C1CC' cannot be read: ring closure 1 (position 2) is never closed" in report.rejected[0][2]
    assert "atom 1 (C) has valence 5" in report.rejected[2][2]
    assert report.rejected[3][2] == "no InChIKey is defined for '*CC'"
    assert (report.bad, report.counts["molecule"]) == (4, 3)
    [stats] = index.stats()["files"]
    assert stats["built_from"] == "CID-SMILES-1.gz (2 of 3); CID-SMILES-2.gz (1 of 2); mine.csv (1 of 3)"


def test_structures_are_read_by_several_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"{cid}\t{'C' * cid}" for cid in range(1, 21)]
    lines[16] = "17\tC1CC"
    monkeypatch.setattr("biomed_agent.sources.local.structures.CHUNK_SIZE", 6)
    index, report = built(tmp_path, molecules=[packed(tmp_path / "CID-SMILES.gz", lines)])
    assert [(file, line) for file, line, _ in report.rejected] == [("CID-SMILES.gz", 17)]
    assert report.counts["molecule"] == 19
    [methane] = index.molecules_by_inchikey("VNWKTOKETHGBQD-UHFFFAOYSA-N")
    assert (methane.ids["cid"], methane.formula) == ("1", "CH4")


def test_structures_that_do_not_have_their_keys_are_refused(tmp_path: Path) -> None:
    keys = [structure[1] for structure in STRUCTURES.values()]
    files = pubchem(tmp_path, without=["CID-InChI-Key"])
    files.append(
        packed(
            tmp_path / "CID-InChI-Key.gz",
            [f"{cid}\tx\t{key}" for cid, key in zip(STRUCTURES, keys[1:] + keys[:1], strict=True)],
        )
    )
    first = (
        r"4 of 4 structures that were tried do not have the InChIKey stated for them, first that of CID-SMILES\.gz:3"
    )
    with pytest.raises(InvalidInput, match=first):
        built(tmp_path, molecules=files)
    assert not (tmp_path / "out.sqlite").exists()


def test_one_structure_without_its_key_is_left_out_when_it_is_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = pubchem(tmp_path, without=["CID-SMILES"])
    changed = {cid: structure[0] for cid, structure in STRUCTURES.items()} | {702: "CCCCO"}
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
    [(molecule, _)] = index.molecules_named("Compound, one")
    assert (molecule.smiles, molecule.ids) == ("CCCO", {"cas": "71-23-8"})
    assert molecule.inchikey == "BDERNNFJNOPAEC-UHFFFAOYSA-N"
    assert molecule.provenance is not None
    assert (molecule.provenance.source, molecule.provenance.identifier) == ("mine.csv", "line 2")
    assert index.molecules_named("alpha-1")
    assert index.molecule_by_id("cid", "222") is not None
    assert report.bad == 2
    assert ("mine.csv", 4, "expected 4 cells, got 2") in report.rejected


def test_a_table_as_a_spreadsheet_saves_it(tmp_path: Path) -> None:
    table = tmp_path / "sheet.csv"
    table.write_bytes('\ufeffName;SMILES;CID\r\n"propane; pure";CCC;6334\r\nbig;CC;99999999999999999999\r\n'.encode())
    index, report = built(tmp_path, molecules=[table])
    [(propane, _)] = index.molecules_named("propane; pure")
    assert (propane.ids["cid"], propane.formula) == ("6334", "C3H8")
    assert report.rejected == [("sheet.csv", 3, "expected a CID, got '99999999999999999999'")]


def test_a_cell_that_no_reader_takes_is_left_out(tmp_path: Path) -> None:
    table = tmp_path / "x.csv"
    table.write_text(f'name,smiles\nethane,CC\n"{"x" * 200_000}",CCC\n')
    _, report = built(tmp_path, molecules=[table])
    assert report.rejected == [("x.csv", 3, "expected 2 cells, got 1")]


def test_a_file_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.sdf").touch()
    (tmp_path / "folder.sdf").mkdir()
    same = packed(tmp_path / "same.tsv", ["Entry\tSequence\tSMILES", "x\ty\tz"])
    for given, message in (
        ({"molecules": [tmp_path / "empty.sdf"]}, r"empty\.sdf is empty"),
        ({"molecules": [tmp_path / "folder.sdf"]}, r"folder\.sdf is a folder"),
        ({"molecules": [same], "proteins": [same]}, "is given as molecules and as proteins"),
        ({"molecules": [packed(tmp_path / "h.csv", ["name,smiles"])]}, "hold no records"),
        ({"molecules": [packed(tmp_path / "CID-SMILES", ["junk"])]}, "no record can be used; CID-SMILES:1: expected a"),
        ({"molecules": [packed(tmp_path / "what.bin", ["x"])]}, "no dump of molecules that is known by its name"),
        ({"molecules": [packed(tmp_path / "CID-Title.gz", ["1\tx"])]}, "holds no structures"),
        ({"molecules": [packed(tmp_path / "x.tsv", ["a\tb"])]}, "no column of structures"),
        ({"molecules": [tmp_path / "missing.sdf"]}, "does not exist"),
        ({"proteins": [packed(tmp_path / "p.tsv.gz", ["a\tb"])]}, "no table of UniProt's"),
        ({"articles_in": [packed(tmp_path / "p.json", ["{}"])]}, "no dump of articles"),
        ({"articles_in": [packed(tmp_path / "p.xml", ["<html></html>"])]}, "it begins with <html>"),
        ({}, "nothing to build an index from"),
    ):
        with pytest.raises(InvalidInput, match=message):
            built(tmp_path, **given)


# -- proteins


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
        assert index.proteins_named(name) == [(protein, Reason.of(reason))]
    assert index.proteins_named("abl1") == [(protein, Reason.GENE)]
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
        return sorted(article.pmid for article in index.articles(query).articles)

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
    articles = {article.pmid: article for article in index.articles("aspirin").articles}
    assert (articles["13"].retracted, articles["11"].retracted) == (True, False)
    assert (articles["14"].types, articles["14"].year, articles["14"].journal) == (("Review",), "2021", "A journal")
    assert "risk of colorectal cancer" in articles["11"].abstract
    assert articles["11"].provenance is not None
    assert articles["11"].provenance.url == "https://pubmed.ncbi.nlm.nih.gov/11/"


def test_only_the_newest_of_many_matches_are_ranked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biomed_agent.sources.local.articles.MAX_RANKED", 2)
    index, _ = built(tmp_path, articles_in=[pubmed(tmp_path / "a.xml", *ARTICLES)])
    hits = index.articles("aspirin")
    assert ([article.pmid for article in hits.articles], hits.count, hits.more) == (["13", "14"], 2, True)


def test_articles_are_found_by_their_pmids_and_those_that_are_missing_are_named(tmp_path: Path) -> None:
    index, _ = built(tmp_path, articles_in=[pubmed(tmp_path / "a.xml", *ARTICLES)])
    notes: list[str] = []
    articles = ArticleSearch(index, None).search("PMID: 14, 999, 13, 12", 3, notes)
    assert [article.pmid for article in articles] == ["14", "13"]
    assert notes == [
        "The local index was asked for 3 PMIDs.",
        "The local index gave no record that can be read of 1 PMID: 999.",
        "Not read, because the limit is 3: 12.",
    ]


def test_an_article_that_cannot_be_read_is_named_and_stops_no_build(tmp_path: Path) -> None:
    odd = "<PubmedArticle><PubmedData/></PubmedArticle>"
    notice = article(15, "Retraction: Aspirin again", "We retract it.")
    index, report = built(tmp_path, articles_in=[pubmed(tmp_path / "a.xml", odd, *ARTICLES, notice)])
    (rejected,) = report.rejected
    assert rejected[2] == "an article without a PMID (PubmedArticle)"
    articles = {article.pmid: article for article in index.articles("aspirin").articles}
    assert [pmid for pmid, article in articles.items() if article.is_notice] == ["15"], "what tells a notice is kept"


def test_articles_of_a_year_are_found_among_better_matches_of_others(tmp_path: Path) -> None:
    index, _ = built(tmp_path, articles_in=[pubmed(tmp_path / "a.xml", *ARTICLES)])
    for years, expected in (("2021", "14"), ("2001", "11"), ("2019:2019", "13")):
        hits = index.articles(f"aspirin {years}[dp]", limit=1)
        assert ([article.pmid for article in hits.articles], hits.count, hits.more) == ([expected], 1, False)


def test_the_best_match_comes_first_and_the_limit_holds(tmp_path: Path) -> None:
    texts = (
        article(1, "Caffeine and sleep", "Caffeine, caffeine and caffeine again."),
        article(2, "Sleep", f"Nothing much. {'Other words follow. ' * 20} Caffeine."),
        article(3, "Caffeine", "Sleep."),
    )
    index, _ = built(tmp_path, articles_in=[pubmed(tmp_path / "a.xml", *texts)])
    assert [article.pmid for article in index.articles("caffeine sleep").articles][-1] == "2"
    best = [article.pmid for article in index.articles("caffeine sleep", limit=2).articles]
    assert sorted(best) == ["1", "3"]
    assert index.articles("caffeine sleep", limit=2).count == 3


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
