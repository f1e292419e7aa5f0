"""Scores against values worked out by hand, and against the libraries the field uses where they are installed."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.contract.rouge import Subsequence, rouge_l, words
from biomed_agent.model.evaluation import metrics
from biomed_agent.model.evaluation.metrics import Bootstrap, head_class, score_texts

REFERENCE = "The cat sat on the mat.".split()
CANDIDATE = "the cat under the mat".split()
TEXTS = [
    ("The molecule is a steroid ester that is sour.", "The molecule is a steroid ester."),
    ("It has a role as a metabolite. It is an acid.", "It has roles as metabolites; an acid it is."),
    ("Belongs to the kinase family.", "Nothing in common"),
    ("beta-D-glucose 6-phosphate, EC 2.7.1.1", "2.7.1.1 alpha-D-glucose 6-phosphate phosphate"),
    ("A long answer that nobody gave at all", ""),
    ("one", "one two three"),
]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [("abcde", "ace", 3), ("abc", "abc", 3), ("abc", "cba", 1), ("", "abc", 0), ("xaxbx", "ab", 2), ("aab", "ba", 1)],
)
def test_longest_common_subsequence(first, second, expected):
    assert Subsequence(list(first)).common(list(second)) == expected
    assert Subsequence(list(second)).common(list(first)) == expected


def test_the_bits_count_what_the_table_of_the_textbook_counts():
    draw = random.Random(7)
    for _ in range(200):
        first, second = ([draw.choice("abcde") for _ in range(draw.randrange(90))] for _ in range(2))
        table = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
        for i, a in enumerate(first, 1):
            for j, b in enumerate(second, 1):
                table[i][j] = table[i - 1][j - 1] + 1 if a == b else max(table[i - 1][j], table[i][j - 1])
        assert Subsequence(first).common(second) == table[-1][-1]


def test_rouge_by_hand():
    # "the cat the mat" is common in order, 4 of 6 and of 5 words; the pairs "the cat" and "the mat" are common.
    assert rouge_l("The cat sat on the mat.", "the cat under the mat") == pytest.approx(2 * 4 / (6 + 5))
    first, second = words("The cat sat on the mat."), words("the cat under the mat")
    assert metrics.rouge_n(first, second, 1) == pytest.approx(2 * 4 / (6 + 5))
    assert metrics.rouge_n(first, second, 2) == pytest.approx(2 * 2 / (5 + 4))
    assert rouge_l("A beta-lactam.", "a BETA lactam") == 1.0
    assert rouge_l("one", "two") == rouge_l("", "") == 0.0


def test_bleu_by_hand():
    # Of "the cat under the mat": 4 of 5 words and 2 of 4 pairs, no triple; 5 tokens for 6.
    counts = metrics.bleu_counts(words("the cat sat on the mat"), CANDIDATE)
    assert counts.tolist() == [4, 2, 0, 0, 5, 4, 3, 2, 5, 6]
    brevity = math.exp(1 - 6 / 5)
    assert metrics.corpus_bleu(counts, 2) == pytest.approx(brevity * math.sqrt(4 / 5 * 2 / 4))
    assert metrics.corpus_bleu(counts, 4) == 0.0
    smoothed = brevity * (4 / 5 * 2 / 4 * 0.1 / 3 * 0.1 / 2) ** 0.25
    assert metrics.sentence_bleu(counts, 4) == pytest.approx(smoothed)
    nothing = metrics.bleu_counts(words("the cat"), [])
    assert metrics.sentence_bleu(nothing, 2) == metrics.corpus_bleu(nothing, 2) == 0.0


def test_the_bleu_of_a_corpus_is_not_the_mean_over_sentences():
    scored = score_texts(["a b c d e f g h", "x y"], ["a b c d e f g h", "y x"])
    assert scored.counts.sum(axis=0).tolist()[:2] == [10, 7]
    interval = Bootstrap(2).interval(scored, "BLEU-2 (words)")
    assert interval.value == pytest.approx(math.sqrt(10 / 10 * 7 / 8))
    mean = Bootstrap(2).interval(scored, "BLEU-2 (words, mean of sentences)").value
    assert mean == pytest.approx((1 + math.sqrt(1 * 0.1 / 1)) / 2)


def test_meteor_by_hand():
    pytest.importorskip("nltk")
    # 4 words match in 2 runs; "roles" and "role" share a stem. P = 4/5, R = 4/6.
    f = 0.8 * (4 / 6) / (0.9 * 0.8 + 0.1 * 4 / 6)
    assert metrics.meteor(words("it has a role as acid"), words("it has roles the acid")) == pytest.approx(
        f * (1 - 0.5 * (3 / 4) ** 3)
    )
    assert metrics.meteor(["a"], ["b"]) == metrics.meteor(["a"], []) == 0.0


def test_bleu_and_meteor_equal_nltk():
    bleu = pytest.importorskip("nltk.translate.bleu_score")
    scored = score_texts([a for a, _ in TEXTS], [b for _, b in TEXTS])
    references = [[words(a)] for a, _ in TEXTS]
    candidates = [words(b) for _, b in TEXTS]
    smooth = bleu.SmoothingFunction().method1
    bootstrap = Bootstrap(len(TEXTS))
    for n, weights in ((2, (0.5, 0.5)), (4, (0.25,) * 4)):
        expected = bleu.corpus_bleu(references, candidates, weights)
        assert bootstrap.interval(scored, f"BLEU-{n} (words)").value == pytest.approx(expected)
        pairs = zip(references, candidates, strict=True)
        mean = np.mean([bleu.sentence_bleu(a, b, weights, smoothing_function=smooth) for a, b in pairs])
        assert bootstrap.interval(scored, f"BLEU-{n} (words, mean of sentences)").value == pytest.approx(mean)


def test_rouge_equals_rouge_score():
    scorer = pytest.importorskip("rouge_score.rouge_scorer").RougeScorer(["rouge1", "rouge2", "rougeL"])
    scored = score_texts([a for a, _ in TEXTS], [b for _, b in TEXTS])
    for number, (reference, answer) in enumerate(TEXTS):
        expected = scorer.score(reference, answer)
        for ours, theirs in (("ROUGE-1", "rouge1"), ("ROUGE-2", "rouge2"), ("ROUGE-L", "rougeL")):
            assert scored.means[ours][number] == pytest.approx(expected[theirs].fmeasure)


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("The molecule is a steroid ester that is methyl X substituted by oxo groups.", "steroid ester"),
        ("The molecule is an N-acyl-1,2-diol having a long chain. It is a lipid.", "n-acyl-1,2-diol"),
        ("The molecule is the (R)-enantiomer of carvone.", "(r)-enantiomer of carvone"),
        ("The molecule is a peptide, obtained by hydrolysis.", "peptide"),
        ("The molecule is an anion obtained by deprotonation of it.", "anion"),
        ("The molecule is a sugar in which one hydroxy group is missing.", "sugar"),
        ("The molecule is a member of the class of pyridines that is 2-chloropyridine.", "pyridines"),
        ("The molecule is a glycol.", "glycol"),
        ("A steroid ester that occurs in plants.", ""),
        ("", ""),
    ],
)
def test_head_class(description, expected):
    assert head_class(description) == expected


def test_class_matches_count_only_where_a_class_is_expected():
    expected = ["The molecule is an acid.", "The molecule is an acid.", "Vinegar."]
    scored = score_texts(expected, ["It is an acid that is sour.", "Sour.", "It is an acid."], captions=True)
    assert scored.means["class"].tolist()[:2] == [1.0, 0.0]
    assert math.isnan(scored.means["class"][2])
    assert Bootstrap(3).interval(scored, "class").value == 0.5


def test_macro_f1_by_hand():
    # yes: 2 right, 1 too many, 1 missed: 4/6. no: 1 right, 1 missed, 1 too many: 2/4. maybe: never right.
    expected = ["yes", "yes", "yes", "no", "no", "maybe"]
    predicted = ["yes", "yes", "no", "no", "yes", ""]
    scored = metrics.score_choices(expected, predicted, ("yes", "no", "maybe"))
    bootstrap = Bootstrap(6)
    assert bootstrap.interval(scored, "accuracy").value == 0.5
    assert bootstrap.interval(scored, "macro-F1").value == pytest.approx((4 / 6 + 2 / 4 + 0) / 3)


def test_intervals_are_seeded_and_hold_the_value():
    values = np.random.default_rng(1).uniform(size=400)
    scored = metrics.Scored({"x": values}, np.zeros((400, 0)), {})
    interval = Bootstrap(400, seed=3).interval(scored, "x")
    assert interval == Bootstrap(400, seed=3).interval(scored, "x")
    assert interval.low < interval.value < interval.high
    # The interval of a mean is about 1.96 standard errors to both sides.
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)


def test_differences_are_paired():
    values = np.random.default_rng(1).uniform(size=300)
    shifted, other = (metrics.Scored({"x": values + shift}, np.zeros((300, 0)), {}) for shift in (0.1, 0.0))
    difference = Bootstrap(300).difference(shifted, other, "x")
    assert difference == pytest.approx((0.1, 0.1, 0.1))


def test_a_difference_is_over_the_examples_that_both_have():
    losses = [1.0, math.nan, *[3.0] * 6, 50.0], [2.0, 0.0, *[4.0] * 6, math.nan]
    first, second = (metrics.Scored({"loss": np.array(loss)}, np.zeros((9, 0)), {}) for loss in losses)
    difference = metrics.Bootstrap(9).difference(first, second, "loss")
    # 1 - 2 and 3 - 4; the means alone would differ by 69 / 8 - 26 / 8.
    assert tuple(difference) == (-1.0, -1.0, -1.0)


def test_few_examples_get_no_interval():
    for examples in (1, metrics.MIN_INTERVAL_EXAMPLES - 1, metrics.MIN_INTERVAL_EXAMPLES):
        scored = score_texts(["an acid"] * examples, ["an acid"] * examples)
        for column in ("ROUGE-L", "BLEU-2 (words)"):
            interval = Bootstrap(examples).interval(scored, column)
            assert interval.value == 1
            assert math.isnan(interval.low) == math.isnan(interval.high) == (examples < metrics.MIN_INTERVAL_EXAMPLES)
        other = score_texts(["an acid"] * examples, ["a base"] * examples)
        difference = Bootstrap(examples).difference(scored, other, "BLEU-2 (words)")
        assert math.isnan(difference.low) == (examples < metrics.MIN_INTERVAL_EXAMPLES)
    # A score that applies to a few of many examples gets none either.
    scored = metrics.Scored({"class": np.array([1.0] * 3 + [math.nan] * 20)}, np.zeros((23, 0)), {})
    assert math.isnan(Bootstrap(23).interval(scored, "class").high)


def test_a_miss_matches_no_reference_not_even_one_of_signs():
    scored = metrics.score_texts(["\N{EM DASH}", "Yes."], ["", "yes"])
    assert scored.means["exact match"].tolist() == [0.0, 1.0]


def test_scibert_pieces_come_from_its_vocabulary(tmp_path):
    file = tmp_path / "vocab.txt"
    file.write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe\nmol\n##ecule\n-\nacid\n", encoding="utf-8")
    scibert = metrics.scibert(file)
    assert scibert.cut("The Molecule-acid zzz") == ["the", "mol", "##ecule", "-", "acid", "[UNK]"]
    assert len(scibert.cut("acid " * 600)) == 510
    columns = score_texts(["the acid"], ["the acid"], scibert).columns
    assert "BLEU-2 (SciBERT)" in columns
    assert not any("(words" in column for column in columns)


@pytest.mark.parametrize("content", [None, "the\nacid\n"])
def test_a_file_that_is_no_vocabulary_is_refused(tmp_path, content):
    file = tmp_path / "vocab.txt"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"vocab\.txt"):
        metrics.scibert(file)
