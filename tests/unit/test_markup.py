from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from biomed_agent.sources.markup import plain, text_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<i>TP53</i> in  H<sub>2</sub>O", "TP53 in H2O"),
        ("10<sup>6</sup> cells, 10<sup>-3</sup> M", "10^6 cells, 10^-3 M"),
        ("5 <sup>13</sup>C, Ca<sup>2+</sup>, (-)-catechin", "5 13C, Ca2+, (-)-catechin"),
        ("p <0.05 and n>3 & so", "p <0.05 and n>3 & so"),
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
    ],
)
def test_an_element_keeps_its_text_but_not_its_reference_marks(text: str, expected: str) -> None:
    assert text_of(ET.fromstring(f"<x>{text}</x>"), {"fig"}) == expected
    assert text_of(None) == ""
