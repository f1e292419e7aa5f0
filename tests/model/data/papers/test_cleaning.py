"""What is taken out of the text of papers, and what must stay."""

from __future__ import annotations

from collections import Counter

import pytest

from biomed_agent.model.data.papers.cleaning import Style, clean_paragraph, heading_of, is_dropped, style_of

TAKEN_OUT = [
    # Numbers in square brackets.
    ("Statins lower LDL cholesterol [12].", "Statins lower LDL cholesterol."),
    ("Statins lower LDL [12, 13] and raise HDL [4-7].", "Statins lower LDL and raise HDL."),
    ("This was seen in mice[3,8–11], rats [ 5 ] and dogs [2]–[4].", "This was seen in mice, rats and dogs."),
    ("Scully et al. [9] saw foci.", "Scully et al. saw foci."),
    ("The dose was lethal. [5-7] We therefore lowered it.", "The dose was lethal. We therefore lowered it."),
    ("It binds interleukin-2 [3] and IL-6 [4,5].", "It binds interleukin-2 and IL-6."),
    ("As Haake reported [23]and others confirmed.", "As Haake reported and others confirmed."),
    # Raised numbers.
    ("Tumours shrank<sup>12,13</sup> in all mice.", "Tumours shrank in all mice."),
    ("Tumours shrank.<sup>4</sup> Mice survived.", "Tumours shrank. Mice survived."),
    ("Tumours shrank³,⁴ in all mice.", "Tumours shrank in all mice."),
    # Authors and years.
    ("Kinases regulate growth (Smith et al., 2010).", "Kinases regulate growth."),
    ("Kinases regulate growth (Smith, 2010; Jones & Brown, 2011a,b).", "Kinases regulate growth."),
    ("Kinases regulate growth (Nargund et al. 2012, Nargund et al. 2015).", "Kinases regulate growth."),
    ("Kinases regulate growth (see van der Berg and O'Neil 1998 for review).", "Kinases regulate growth."),
    ("Kinases regulate growth (reviewed in García-López et al., 1997, 2000).", "Kinases regulate growth."),
    ("Kinases regulate growth [Müller et al., 2004].", "Kinases regulate growth."),
    ("Obesity is rising (WHO, 2016) everywhere.", "Obesity is rising everywhere."),
    ("Most cases heal (80% in a year; Smith et al., 2010).", "Most cases heal (80% in a year)."),
    ("Smith et al. (2010) showed an effect.", "Smith et al. showed an effect."),
    # Pointers to figures, tables and files.
    ("Uptake doubled (Fig. 2A).", "Uptake doubled."),
    ("Uptake doubled (Figures 1 and 2B–D) in vitro (Table S1).", "Uptake doubled in vitro."),
    ("Uptake doubled (see Supplementary Figure 3, left panel).", "Uptake doubled."),
    ("Uptake doubled (p < 0.05, Fig. 2).", "Uptake doubled (p < 0.05)."),
    ("Uptake doubled (Table 1; p = 0.03).", "Uptake doubled (p = 0.03)."),
    ("Primers are listed (Additional file 1: Table S2).", "Primers are listed."),
    ("Uptake doubled (Table 4 [see Additional file 2]).", "Uptake doubled."),
    ("Uptake doubled (as shown in Fig. 1; Smith et al., 2010).", "Uptake doubled."),
    # Addresses, rights.
    ("Write to Jane Doe, e-mail: jane.doe@example.org.", "Write to Jane Doe."),
    ("Code is freely available at https://example.org/code.", "Code is freely."),
    ("We used BLAST (http://example.org/blast) as a filter.", "We used BLAST as a filter."),
    ("The article (doi: 10.1000/xyz123) was withdrawn.", "The article was withdrawn."),
    ("Mice survived. © 2010 The Authors. Published by a house.", "Mice survived."),
    ("Mice survived. All rights reserved.", "Mice survived."),
    # Inline tags.
    ("The <i>TP53</i> gene in H<sub>2</sub>O", "The TP53 gene in H2O"),
    ("10<sup>6</sup> cells in 10<sup>-3</sup> M", "10^6 cells in 10^-3 M"),
]

LEFT_ALONE = [
    "Incorporation of [3H]thymidine and [14C]glucose was measured.",
    "The (2R,3S)-isomer of bicyclo[2.2.1]heptane-2,5-diene reacts.",
    "Zolpidem is an imidazo[1,2-a]pyridine, the other a [1,2,4]triazolo[1,5-a]pyrimidine.",
    "[60]fullerene and calix[4]arene form a [2+2] adduct.",
    "The C(10) atom of the steroid is bound to IL-2 [rs1234].",
    "Free [Ca2+] rose to 150 nM and [Na+] fell.",
    "Age was 62 [55-70] years and the score 12.5 [10, 15].",
    "The odds ratio was 1.8 (95% CI [1, 3]).",
    "Values lie in the interval [0, 1] by design.",
    "The main effect was significant (F[1,11] = 8.99).",
    "We recruited patients from one clinic (April 2004).",
    "Data were analysed with software (SPSS Inc., Chicago, IL).",
    "Two groups (n = 2010) were compared (mean 5.2, SD 1.1).",
    "The volume was 5 cm² at 10⁶ cells per m³ and Ca²⁺ rose.",
    "Figure 2 shows that uptake doubled in treated mice.",
    "Table 3 lists mean scores at baseline.",
    "Between May 2002 and June 2004, 41 infants were enrolled; 3 (7%) left: 12 h later.",
    "Follow-up had three parts: (1) a census, (2) screening and (3) enrolment.",
    "α-D-glucopyranosyl-(1→4)-D-glucose was hydrolysed at pH 4.5 (37 °C).",
    "Ratios of 1:10 and p <0.05 & >0.01 were used.",
    "Email or computer problems (including lost passwords)",
    "Published evidence on the effects of exercise",
    "The AUC reflects exposure. In 2016 the mean was lower, 3 groups: 12, 14 and 16.",
    "Department heads were asked, by letter, for consent, which most gave.",
]

NO_PROSE = [
    ("Figure 3. Survival of treated mice.", "caption"),
    ("Table 1 Characteristics of the patients", "caption"),
    ("Supplementary Figure S2: Gels.", "caption"),
    ("Jane Doe1,*, John Q. Smith2 and Ann-Marie O'Neil1,2", "authors"),
    ("1 Department of Physiology, University of Somewhere, Some Town, Some Land", "affiliation"),
    ("12. Doe J, Smith AB. Effects of things on mice. J Things 2004;12:345-9.", "reference"),
    ("Received 3 May 2010; accepted 7 June 2010", "history"),
    ("Click here for additional data file.", "history"),
    ("1.2 3.4 5.6 7.8 9.1 2.3 4.5 6.7 8.9 mg", "table"),
    ("| drug | dose | effect |", "table"),
    ("12 (3.4)", "fragment"),
]


@pytest.mark.parametrize(("before", "after"), TAKEN_OUT)
def test_citations_pointers_and_addresses_are_taken_out(before: str, after: str) -> None:
    removed: Counter[str] = Counter()
    assert clean_paragraph(before, removed=removed) == after
    assert sum(removed.values()) or "<" in before


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_chemistry_numbers_and_sentences_stay(text: str) -> None:
    assert clean_paragraph(text) == text
    assert clean_paragraph(text, Style(brackets=True)) == text


@pytest.mark.parametrize(("text", "kind"), NO_PROSE)
def test_what_is_no_prose_goes_whole(text: str, kind: str) -> None:
    removed: Counter[str] = Counter()
    assert clean_paragraph(text, removed=removed) == ""
    assert removed == {kind: 1}


def test_a_number_after_a_number_cites_only_in_papers_that_cite_by_number() -> None:
    text = "About 30% [2,3] of type 2 [4] cases relapse; age was 62 [55-70]."
    assert clean_paragraph(text) == text
    assert clean_paragraph(text, Style(brackets=True)) == "About 30% of type 2 cases relapse; age was 62 [55-70]."


def test_how_a_paper_cites_is_read_from_all_of_it() -> None:
    cites = ["Mice [1] and rats [2,3].", "Dogs [4-6].", "Cats [8]."]
    assert style_of(cites) == Style(brackets=True)
    assert style_of(["Age 62 [55-70].", "Weight 81 [60-99].", "Height 170 [151-180]."]) == Style()
    numbered = [f"Fact {chr(97 + n)} is known ({n})." for n in range(1, 21)]
    assert style_of(numbered) == Style(parentheses=True)
    assert clean_paragraph(numbered[4], style_of(numbered)) == "Fact f is known."
    assert style_of(["It is (1) small, (2) round and (3) red."] * 9) == Style()
    assert style_of(numbered + cites).parentheses is False


@pytest.mark.parametrize(
    ("heading", "bare", "dropped"),
    [
        ("2.1. Cell culture", "Cell culture", False),
        ("BODY.AUTHORS' CONTRIBUTIONS", "AUTHORS' CONTRIBUTIONS", True),
        ("Methods > Statistical analysis", "Statistical analysis", False),
        ("5 Acknowledgements", "Acknowledgements", True),
        ("References", "References", True),
        ("Conflict of Interest Statement", "Conflict of Interest Statement", True),
        ("Supplementary Material", "Supplementary Material", True),
        ("Pre-publication history", "Pre-publication history", True),
        ("Reference genome and mapping", "Reference genome and mapping", False),
        ("Funding", "Funding", True),
        ("Abbreviations", "Abbreviations", False),
    ],
)
def test_headings_lose_their_numbers_and_some_lose_their_section(heading: str, bare: str, dropped: bool) -> None:
    assert heading_of(heading) == bare
    assert is_dropped(heading_of(heading)) is dropped


def test_nasty_input_takes_no_long_time() -> None:
    for text in (
        "(" * 20_000,
        "[1," * 10_000,
        "(Smith " * 5_000,
        "a" * 100_000 + "@",
        "Doe J, " * 300,
        "<sup>" * 9_000,
    ):
        clean_paragraph(text)
    assert clean_paragraph("\x00\u200bZero\ufeff width") == "Zero width"
