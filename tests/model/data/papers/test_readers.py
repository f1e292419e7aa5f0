"""Papers out of every shape of file, and every bad row named."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import lzma
import re
import tracemalloc
from pathlib import Path

import pytest

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.data.papers import readers
from biomed_agent.model.data.papers.paper import BadRow, Paper, Section, clean, sections_of_text
from biomed_agent.model.data.papers.readers import PaperFile, find_files
from biomed_agent.model.data.papers.s2orc import paper_of
from tests.helpers.places import SHARED

PUBMED = """<?xml version="1.0"?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle//EN" "https://example.org/pubmed.dtd">
<PubmedArticleSet>
<PubmedArticle>
 <MedlineCitation><PMID>11</PMID><Article>
  <ArticleTitle>Role of <i>tst1</i> in 10<sup>6</sup> cells</ArticleTitle>
  <Abstract><AbstractText Label="BACKGROUND">Cells grow.</AbstractText>
   <AbstractText Label="RESULTS">They grew &#x3b2;-fold<sup>3</sup>.</AbstractText>
   <CopyrightInformation>Copyright 2020 by a house.</CopyrightInformation></Abstract>
  <AuthorList><Author><LastName>Doe</LastName></Author></AuthorList>
 </Article></MedlineCitation>
 <PubmedData><ReferenceList><Reference><Citation>Smith A. 1999.</Citation></Reference></ReferenceList></PubmedData>
</PubmedArticle>
<PubmedArticle><MedlineCitation><PMID>12</PMID><Article><ArticleTitle/></Article></MedlineCitation></PubmedArticle>
<PubmedBookArticle><BookDocument><PMID>13</PMID>
<ArticleTitle>A chapter</ArticleTitle></BookDocument></PubmedBookArticle>
</PubmedArticleSet>
"""

S2ORC_2020 = {
    "paper_id": "77",
    "abstract": [{"section": "Abstract", "text": "Dogs are kind.", "cite_spans": [], "ref_spans": []}],
    "body_text": [
        {
            "section": "Introduction",
            "text": "Dogs are kinder than cats [13, 15]. Jones (2010) agrees. See Figure 3 for a drawing.",
            "cite_spans": [
                {"start": 26, "end": 29, "text": "[13", "ref_id": "BIBREF1"},
                {"start": 31, "end": 34, "text": "15]", "ref_id": "BIBREF2"},
                {"start": 36, "end": 48, "text": "Jones (2010)", "ref_id": "BIBREF3"},
            ],
            "ref_spans": [{"start": 61, "end": 69, "text": "Figure 3", "ref_id": "FIGREF0"}],
        },
        {"section": "Introduction", "text": "They also bark 12 and bite.", "cite_spans": [{"start": 15, "end": 17}]},
        {"section": "Results", "text": "Dogs won (Odd Name-Here, 2011).", "cite_spans": [{"start": 10, "end": 29}]},
    ],
    "bib_entries": {"BIBREF1": {"title": "Cats"}},
    "ref_entries": {"FIGREF0": {"text": "A drawing.", "type": "figure"}},
}


def annotated() -> dict[str, object]:
    """A paper as the Semantic Scholar API gives it: offsets into one text, some of them as JSON strings."""
    text = "\nA title\nJane Doe\nSome University\nShort abstract.\n1 Intro\nDogs bark [1].\n"
    text += "Fig. 1. A dog.\nReferences\nCats."
    at = {piece: (text.index(piece), text.index(piece) + len(piece)) for piece in text.split("\n") if piece}
    cite = text.index("[1]")

    def spans(*pieces: str) -> list[dict[str, int]]:
        return [{"start": at[piece][0], "end": at[piece][1]} for piece in pieces]

    return {
        "corpusid": 5,
        "content": {
            "text": text,
            "annotations": {
                "title": json.dumps(spans("A title")),
                "abstract": spans("Short abstract."),
                "author": json.dumps(spans("Jane Doe", "Some University")),
                "sectionheader": json.dumps(spans("1 Intro", "References")),
                "paragraph": json.dumps(spans("Short abstract.", "Dogs bark [1].", "Fig. 1. A dog.", "Cats.")),
                "bibref": json.dumps([{"start": str(cite), "end": str(cite + 3), "attributes": {"ref_id": "b0"}}]),
                "figure": spans("Fig. 1. A dog."),
                "table": None,
            },
        },
    }


@pytest.mark.parametrize(
    ("record", "title", "sections"),
    [
        ({"text": "Dogs bark."}, "", [("", ("Dogs bark.",))]),
        ({"title": "On dogs", "abstract": "Dogs bark."}, "On dogs", [("Abstract", ("Dogs bark.",))]),
        ({"title": "T", "abstract": "AIM ::: Dogs.", "id": 4}, "T", [("Abstract", ("AIM", "Dogs."))]),
        ({"title": "T", "abstract": {"AIM": "Dogs.", "END": "Cats."}}, "T", [("AIM", ("Dogs.",)), ("END", ("Cats.",))]),
        ({"title": "T", "body": "Intro\nDogs bark loudly."}, "T", [("Intro", ("Dogs bark loudly.",))]),
        ({"title": "T", "sections": {"Methods": "We bark."}}, "T", [("Methods", ("We bark.",))]),
        (
            {"metadata": {"title": "T"}, "sections": [{"heading": "Methods", "paragraphs": ["We bark.", "We bite."]}]},
            "T",
            [("Methods", ("We bark.", "We bite."))],
        ),
        ({"text": "Dogs bark.", "paragraphs": ["One.", "Two."]}, "", [("", ("One.", "Two."))]),
        (
            S2ORC_2020,
            "",
            [
                ("Abstract", ("Dogs are kind.",)),
                (
                    "Introduction",
                    (
                        "Dogs are kinder than cats. Jones (2010) agrees. See Figure 3 for a drawing.",
                        "They also bark and bite.",
                    ),
                ),
                ("Results", ("Dogs won.",)),
            ],
        ),
        (
            {"paper_id": "9", "title": "T", "pdf_parse": {"body_text": [{"section": "Intro", "text": "Dogs."}]}},
            "T",
            [("Intro", ("Dogs.",))],
        ),
        (
            annotated(),
            "A title",
            [("Abstract", ("Short abstract.",)), ("1 Intro", ("Dogs bark.",)), ("References", ("Cats.",))],
        ),
        (
            {"corpusid": 6, "title": "T", "body": annotated()["content"]},
            "T",
            [("Abstract", ("Short abstract.",)), ("1 Intro", ("Dogs bark.",)), ("References", ("Cats.",))],
        ),
    ],
)  # fmt: skip
def test_the_shapes_of_papers_in_json(record, title, sections) -> None:
    paper = paper_of(record, "a.jsonl", 3)
    assert (paper.title, [(section.heading, section.paragraphs) for section in paper.sections]) == (title, sections)
    assert (paper.file, paper.line) == ("a.jsonl", 3)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"text": "cut sh', "no JSON: Invalid control character"),
        (b'["text"]', "expected an object, got a list"),
        (b'{"text": 12}', "expected text, got a number"),
        (
            b'{"title": "  ", "url": "x"}',
            "no text: expected text, or title, abstract and body; got the keys title, url",
        ),
        (b'{"title": ["T"]}', "title: expected a string, got a list"),
        (b'{"text": "caf\xe9"}', "no UTF-8: byte 0xe9 at position 13"),
        (b'{"text": "half \\ud800"}', "half a character (\\ud800) at position 5"),
        (b'{"body_text": [{"text": "x", "cite_spans": [{"start": 0, "end": 9}]}]}', "annotation 0 to 9 lies outside"),
        (b'{"body_text": [{"text": "x", "cite_spans": [{"start": 0}]}]}', "expected an annotation with start and end"),
        (b'{"body_text": [3]}', "expected a paragraph or a section, got a number"),
        (b'{"content": {"text": "x", "annotations": {"paragraph": null}}}', "name neither abstract nor paragraphs"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_bad_row_is_named_and_the_next_one_read(tmp_path: Path, line: bytes, reason: str) -> None:
    file = tmp_path / "papers.jsonl"
    file.write_bytes(b'{"text": "Before."}\n\n' + line + b'\n{"text": "After."}\n')
    before, bad, after = PaperFile(file)
    assert isinstance(bad, BadRow)
    assert (bad.file, bad.line) == (str(file), 3)
    assert reason in bad.reason
    assert isinstance(before, Paper)
    assert isinstance(after, Paper)
    assert (before.line, after.line) == (1, 4)


@pytest.mark.parametrize(
    ("suffix", "opener"), [("", open), (".gz", gzip.open), (".xz", lzma.open), (".bz2", bz2.open), (".GZ", gzip.open)]
)
def test_packed_files_are_read_alike_and_digested_as_they_lie(tmp_path: Path, suffix: str, opener) -> None:
    path = tmp_path / f"papers.jsonl{suffix}"
    with opener(path, "wb") as file:
        file.write(b'\xef\xbb\xbf{"text": "One."}\n{"text": "Two."}\n')
    papers = PaperFile(path)
    assert [row.sections[0].paragraphs for row in papers if isinstance(row, Paper)] == [("One.",), ("Two.",)]
    assert papers.sha256() == hashlib.sha256(path.read_bytes()).hexdigest()
    assert papers.position == path.stat().st_size


def test_a_packed_file_that_is_cut_short_is_an_error(tmp_path: Path) -> None:
    for name, packed in (("a.jsonl.gz", gzip.compress(b"{}\n" * 9000)), ("b.jsonl.xz", lzma.compress(b"{}\n" * 9000))):
        (tmp_path / name).write_bytes(packed[: len(packed) // 2])
        with pytest.raises(InvalidInput, match=rf"{name} cannot be read to its end"):
            list(PaperFile(tmp_path / name))


def test_pubmed_xml(tmp_path: Path) -> None:
    file = tmp_path / "pubmed.xml"
    file.write_text(PUBMED, encoding="utf-8")
    first, bad, book = PaperFile(file)
    assert isinstance(first, Paper)
    assert (first.id, first.line, [section.heading for section in first.sections]) == (
        "PMID11",
        4,
        ["BACKGROUND", "RESULTS"],
    )
    assert clean(first) == "Role of tst1 in 10^6 cells\nBACKGROUND\nCells grow.\nRESULTS\nThey grew β-fold."
    assert bad == BadRow(str(file), 14, "PMID 12: neither title nor abstract")
    assert isinstance(book, Paper)
    assert (book.id, book.title) == ("PMID13", "A chapter")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (PUBMED[:-60], "ends too early"),
        (PUBMED.replace("<Article>", "<Artikel>", 1), r"pubmed.xml:\d+ is broken XML"),
        ("<!DOCTYPE x [<!ENTITY a 'aaaa'>]><PubmedArticleSet/>", "declares entities"),
        ("<html><body>Sorry</body></html>", "holds <html>"),
        ("", "ends too early"),
        (PUBMED.encode("utf-16").decode("latin-1"), "no plain XML in UTF-8"),
    ],
)
def test_xml_that_is_none_of_pubmeds_is_an_error(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "pubmed.xml").write_bytes(text.encode("latin-1") if text.startswith("ÿ") else text.encode())
    with pytest.raises(InvalidInput, match=fault):
        list(PaperFile(tmp_path / "pubmed.xml"))


def test_a_text_file_is_one_paper(tmp_path: Path) -> None:
    file = tmp_path / "dogs.txt"
    file.write_text(
        "On dogs\nJane Doe and John Q. Smith\n\nIntroduction\nDogs bark [1].\n\nReferences\n1. Cats. 1999.\n"
    )
    (paper,) = PaperFile(file)
    assert isinstance(paper, Paper)
    assert paper.id == "dogs"
    assert clean(paper) == "Introduction\nDogs bark."
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9")
    assert list(PaperFile(tmp_path / "empty.txt")) == [BadRow(str(tmp_path / "empty.txt"), 1, "empty")]
    assert "no UTF-8" in next(iter(PaperFile(tmp_path / "latin.txt"))).reason  # type: ignore[union-attr]


def test_a_json_file_is_one_object_or_lines_under_the_wrong_name(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(json.dumps(S2ORC_2020, indent=1))
    (tmp_path / "lines.json").write_text('{"text": "One."}\n{"text": }\n')
    assert [row.id for row in PaperFile(tmp_path / "one.json") if isinstance(row, Paper)] == ["77"]
    first, bad = PaperFile(tmp_path / "lines.json")
    assert isinstance(first, Paper)
    assert (bad.line, bad.reason[:7]) == (2, "no JSON")  # type: ignore[union-attr]


def test_a_line_too_long_to_hold_is_a_bad_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "MAX_TEXT_BYTES", 100)
    (tmp_path / "a.jsonl").write_text('{"text": "' + "x" * 950 + '"}\n{"text": "Next."}\n')
    (tmp_path / "a.txt").write_text("x" * 101)
    bad, good = PaperFile(tmp_path / "a.jsonl")
    assert (bad.line, good.line) == (1, 2)
    assert isinstance(bad, BadRow)
    assert isinstance(good, Paper)
    assert isinstance(next(iter(PaperFile(tmp_path / "a.txt"))), BadRow)


def test_headings_title_and_dropped_sections() -> None:
    sections = sections_of_text(
        "Abstract\nDogs bark, as we know.\nMethods\nMice\nWe kept mice [1].\nTable cell\n0.5\nFunding\nBy all.\n"
        "End notes"
    )
    assert sections[0] == Section("Abstract", ("Dogs bark, as we know.",))
    paper = Paper("1", "Dogs bark, as we know.", tuple(sections), "f", 1)
    assert clean(paper) == "Dogs bark, as we know.\nMethods\nMice\nWe kept mice."


def test_lines_broken_to_one_width_are_put_together() -> None:
    wrapped = "Introduction\n\nDogs bark at cats that sit on trees, and\nthey do so for long, as is often re-\n"
    wrapped += "ported in the literature.\n\n"
    cells = "Baseline\nSD\nPlacebo group\n12.5"
    sections = sections_of_text(wrapped + cells)
    paragraph = "Dogs bark at cats that sit on trees, and they do so for long, as is often reported in the literature."
    assert sections[0] == Section("Introduction", (paragraph,))
    assert [section.heading for section in sections[1:]] == ["Baseline", "SD", "Placebo group", "12.5"]


def test_folders_are_walked_and_strangers_named(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.txt", "sub/c.xml.gz", "LICENSE", "sub/x.pdf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    files, passed = find_files([tmp_path, tmp_path / "a.txt"])
    assert [path.name for path in files] == ["a.txt", "b.jsonl", "c.xml.gz"]
    assert [path.name for path in passed] == ["LICENSE", "x.pdf"]
    with pytest.raises(InvalidInput, match="no reader knows"):
        find_files([tmp_path / "LICENSE"])
    with pytest.raises(InvalidInput, match="there is no"):
        find_files([tmp_path / "nothing"])
    (tmp_path / "void").mkdir()
    with pytest.raises(InvalidInput, match="holds no papers"):
        find_files([tmp_path / "void"])


def test_a_large_file_is_streamed(tmp_path: Path) -> None:
    record = PUBMED[PUBMED.index("<PubmedArticle>") : PUBMED.index("</PubmedArticle>") + 16] + "\n"
    with gzip.open(tmp_path / "large.xml.gz", "wt", compresslevel=1) as file:
        file.write("<PubmedArticleSet>\n")
        for _ in range(3000):
            file.write(record.replace("Cells grow.", "Cells grow. " * 40))
        file.write("</PubmedArticleSet>\n")
    with gzip.open(tmp_path / "large.jsonl.gz", "wt", compresslevel=1) as file:
        for number in range(3000):
            file.write(json.dumps({"id": number, "text": "Cells grow. " * 100}) + "\n")
    for path in tmp_path.iterdir():
        tracemalloc.start()
        assert sum(1 for _ in PaperFile(path)) == 3000
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 1_500_000  # the files hold 3.6 and 3.4 MB


@pytest.mark.shared
def test_recorded_replies_of_pubmed_are_read() -> None:
    folder = SHARED / "recorded" / "pubmed"
    if not folder.is_dir():
        pytest.skip("no recorded replies beside the checkout")
    rows = [row for file in sorted(folder.glob("efetch_*.xml")) for row in PaperFile(file)]
    papers = [row for row in rows if isinstance(row, Paper)]
    assert len(papers) >= 10
    assert all(paper.id.startswith("PMID") for paper in papers)
    for text in map(clean, papers):
        assert not re.search(r"©|</?(?:i|b|sub|sup)>", text)
