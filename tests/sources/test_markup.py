from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biomed_agent.core.errors import Unavailable
from biomed_agent.sources.markup import parse_reply, plain, text_of

SETTINGS = settings(max_examples=50, deadline=None)
TAGS = [
    "i",
    "b",
    "u",
    "sub",
    "sup",
    "sc",
    "italic",
    "bold",
    "span",
    "p",
    "title",
    "list-item",
    "jats:p",
    "math",
    "mml:mi",
]
WORDS = st.lists(st.text("abcxyz", min_size=1, max_size=6), min_size=1, max_size=5).map(" ".join)
PIECES = st.sampled_from(
    [*(f"<{tag}>" for tag in TAGS), *(f"</{tag}>" for tag in TAGS), "<i class='x'", "<br/>", '<xref rid="1">', "math>",
     "<", ">", "</", "/>", "&", ";", "&lt;", "&amp;", "&#60;", "&#x3c;", "&gt;", "&nbsp;", "&alpha;", "&amp;lt;",
     "amp;", "lt;i", "10", "6", " ", "p <0.05", "\x00", "\x01", "é", "µ"]
)  # fmt: skip
"""What a text is put together of so that its markup is balanced by chance only."""


@st.composite
def marked_up(draw: st.DrawFn, depth: int = 4) -> str:
    """Well-formed markup around words that stand apart by spaces."""
    if depth == 0 or draw(st.booleans()):
        return draw(WORDS)
    parts = draw(st.lists(marked_up(depth - 1), min_size=1, max_size=3))
    tag = draw(st.sampled_from(["i", "sub", "sup", "bold", "p", "list", "span", "named-content"]))
    return f"<{tag}>{' '.join(parts)}</{tag}>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<i>TP53</i> in  H<sub>2</sub>O", "TP53 in H2O"),
        ("10<sup>6</sup> cells, 10<sup>-3</sup> M", "10^6 cells, 10^-3 M"),
        ("5 <sup>13</sup>C, Ca<sup>2+</sup>, (-)-catechin", "5 13C, Ca2+, (-)-catechin"),
        ("p <0.05 and n>3 & so", "p <0.05 and n>3 & so"),
        ("if a <b and c> d, AT&T", "if a <b and c> d, AT&T"),
        ("<p>One.</p><p>Two:<br/>three</p>", "One. Two: three"),
        ("&lt;i&gt;E. coli&lt;/i&gt; at p &amp;lt; 0.05", "E. coli at p < 0.05"),
        ("10<sup><i>6</i></sup> <jats:italic>H</jats:italic><sub>2", "10^6 H2"),
        ("<math><msup><mn>10</mn> <mrow><mo>&minus;</mo><mn>6</mn></mrow></msup></math> M", "10^−6 M"),
        ("<mml:math><mml:mfrac><mml:mn>1</mml:mn><mml:mn>2</mml:mn></mml:mfrac></mml:math> a day", "1/2 a day"),
        ("<math><mi>x</mi><mo>&lt;</mo><mn>3</mn></math><tex-math>$x$</tex-math>", "x<3"),
        ("<math><mn>10</mn><mo>", "10"),
        ("p &lt; 0.05, &#945; &amp; &beta;", "p < 0.05, α & β"),
        ("", ""),
    ],
)
def test_a_string_loses_its_tags_and_nothing_else(text: str, expected: str) -> None:
    assert plain(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Role of <i>tst1</i> in\n 10<sup>6</sup> cells", "Role of tst1 in 10^6 cells"),
        ("<p>one</p><p>two</p>", "one two"),
        ("10 mg<sup><xref ref-type='bibr'>3</xref></sup> a day", "10 mg a day"),
        ("10 mg [<xref ref-type='bibr'>3</xref>, <xref ref-type='bibr'>4</xref>].", "10 mg."),
        ("(-)-catechin [] <sup>13</sup>C", "(-)-catechin [] 13C"),
        ("as <xref ref-type='bibr'>Doe (2020)</xref> found", "as Doe (2020) found"),
        ("see <xref ref-type='fig'>1</xref><fig>A picture</fig>", "see 1"),
        ("&lt;i&gt;E. coli&lt;/i&gt; &amp;amp; p &lt;0.05", "E. coli & p <0.05"),
        ("either<list><list-item>one</list-item></list>or two", "either one or two"),
        ("<math><mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mi>c</mi></mfrac></math>", "(a+b)/c"),
        ("<math><semantics><msup><mn>2</mn><mn>8</mn></msup><annotation>TeX</annotation></semantics></math>", "2^8"),
        ("one<!-- a remark --> word", "one word"),
    ],
)
def test_an_element_keeps_its_text_but_not_its_reference_marks(text: str, expected: str) -> None:
    assert text_of(ET.fromstring(f"<x>{text}</x>"), {"fig"}) == expected
    assert text_of(None) == ""


@SETTINGS
@given(marked_up())
def test_words_are_kept_in_their_order(text: str) -> None:
    words = re.sub(r"<[^<>]*>", " ", text).split()
    assert plain(text).split() == words
    assert text_of(ET.fromstring(f"<x>{text}</x>")).split() == words
    assert plain(html.escape(html.escape(text))).split() == words


@SETTINGS
@given(st.lists(PIECES, max_size=25).map("".join))
def test_whatever_is_sent_nothing_of_its_markup_is_left(text: str) -> None:
    words = plain(text)
    assert not re.search(rf"</?(?:{'|'.join(TAGS)}|br|xref)\s*/?>|&(?:lt|gt|amp|nbsp|alpha|#60|#x3c);", words)
    assert plain(words) == words
    assert words == " ".join(words.split())
    assert "\x00" not in words
    assert text_of(ET.fromstring(f"<x>{html.escape(text.translate({0: None, 1: None}))}</x>")) == words
    numbers = re.findall(r"\d", re.sub(r"&#x?\w+;|rid=\"1\"", "", text))
    assert set(re.findall(r"\d", words)) <= set(numbers)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "Somebody's reply declares XML entities"),
        ("<x>", r"broken XML \(.*\) where a search was expected"),
        ("<html><p>Sorry</html>", "Somebody answered an HTML page where a search was expected"),
    ],
)
def test_a_reply_that_is_no_xml_is_told(reply: str, message: str) -> None:
    assert parse_reply("<x>1</x>", "Somebody", "a search").text == "1"
    with pytest.raises(Unavailable, match=message):
        parse_reply(reply, "Somebody", "a search")
