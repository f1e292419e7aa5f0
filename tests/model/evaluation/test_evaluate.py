"""Whole evaluations of ten rows whose every score was worked out by hand, and what interrupts a run."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from math import exp, sqrt
from typing import ClassVar

import pytest

from biomed_agent.core.errors import CheckpointError, InvalidInput, Unavailable
from biomed_agent.core.identifiers import MAX_RESIDUES
from biomed_agent.core.types import ModelStamp
from biomed_agent.model.contract.generation import Generation, Options
from biomed_agent.model.contract.prompt import QUESTIONS, user_message
from biomed_agent.model.contract.rouge import Subsequence, words
from biomed_agent.model.data.examples import Example, TextQuestion
from biomed_agent.model.evaluation import baselines, models_under_test, results, tasks
from biomed_agent.model.evaluation.evaluate import EvaluationSettings, decoding_words, evaluate
from biomed_agent.model.evaluation.models_under_test import InProcess, Prompt, Remote
from biomed_agent.model.evaluation.tasks import TASKS, as_asked, structure_messages
from biomed_agent.model.network.featurize import featurize_smiles

CAPTIONING = TASKS["molecule-captioning"]


def described(smiles, answer):
    return Example("description", answer, "", "hand", smiles=smiles)


TRAIN = [
    described("CCO", "The molecule is an alcohol."),
    described("CC(=O)O", "The molecule is an acid."),
    described("c1ccccc1", "The molecule is a ring."),
    described("CCN", "The molecule is a base."),
    described("CC(C)O", "The molecule is an alcohol."),
    described("CCCO", "The molecule is an alcohol."),
]
ROWS = [
    described("CCO", "The molecule is an alcohol."),
    described("CC(=O)O", "The molecule is an acid."),
    described("OC(C)=O", "The molecule is an acid. It is sour."),
    described("c1ccccc1", "The molecule is a ring."),
    described("CCN", "The molecule is a base."),
    described("NCC", "A base."),
    described("OCC", "The molecule is an alcohol that burns."),
    described("C", "The molecule is a gas."),
    described("not a structure", "The molecule is an acid."),
    described("CC(O)=O", "Vinegar."),
]


class Says:
    """A model that always says the same, and reads structures as ours does."""

    def __init__(self, words, fails_after=None):
        self.words, self.fails_after = words, fails_after
        self.asked = []
        self.stamp = ModelStamp("constant", "1", "00ff", 1)

    def generate(self, messages, options):
        if self.fails_after is not None and len(self.asked) >= self.fails_after:
            raise Unavailable("the host is gone.")
        self.asked.append(messages)
        for part in messages[0]["content"]:
            if part["type"] == "molecule":
                featurize_smiles(part["smiles"])
        return Generation(self.words, "length" if len(self.words) > 100 else "stop")

    def samples(self, messages, options, n):
        return [self.generate(messages, options) for _ in range(n)]


def value(section, system, column):
    (row,) = [entry for entry in section["systems"] if entry["name"] == system]
    return row["scores"][column]["value"]


@pytest.fixture(scope="module")
def section():
    evaluation = evaluate(CAPTIONING, Remote(Says("The molecule is an acid."), 1), ROWS, train=TRAIN)
    (section,) = evaluation.report["sections"]
    return section


def test_a_model_is_decoded_as_its_manifest_says():
    class Beams(Says):
        def generate(self, messages, options):
            assert options == Options(num_beams=3, repetition_penalty=1.2, max_new_tokens=9)
            return super().generate(messages, options)

    model = Beams("The molecule is an acid.")
    model.stamp = replace(model.stamp, decoding={"num_beams": 3, "repetition_penalty": 1.2, "max_new_tokens": 50})
    evaluation = evaluate(CAPTIONING, Remote(model, 1), ROWS, settings=EvaluationSettings(max_new_tokens=9))
    assert evaluation.report["settings"]["decoding"] == "3 beams, repetition penalty 1.2"
    assert value(evaluation.report["sections"][0], "model", "ROUGE-L") > 0


def test_of_samples_those_the_structure_contradicts_are_left_out_and_the_agreement_is_filed(tmp_path):
    class Draws(Says):
        def samples(self, messages, options, n):
            assert (n, options.mbr_samples, options.temperature) == (4, 0, 0.7)
            self.generate(messages, options)
            # Three of four agree on a ring that none of the molecules has.
            wrong = [Generation("The molecule is a sulfonamide.")] * 3
            return [*wrong[:2], Generation("The molecule is small."), wrong[2]]

    model = Draws("")
    model.stamp = replace(model.stamp, decoding={"mbr_samples": 4, "temperature": 0.7, "seed": 0})
    evaluation = evaluate(CAPTIONING, Remote(model, 1), ROWS[:3], output=tmp_path)
    assert evaluation.report["settings"]["decoding"] == (
        "minimum Bayes risk by ROUGE-L, 4 samples at temperature 0.7 without those a check contradicts, seed 0"
    )
    filed = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()[1:]]
    assert [(row["text"], row["agreement"], row["rejected"]) for row in filed if not row["miss"]] == [
        ("The molecule is small.", None, 3)
    ] * 3


def test_the_model_is_asked_with_the_smiles_that_the_agent_gives():
    model = Says("The molecule is an alcohol.")
    evaluation = evaluate(CAPTIONING, Remote(model, 1), [described("OCC", "An alcohol.")])
    assert [part["smiles"] for part in model.asked[0][0]["content"] if part["type"] == "molecule"] == ["CCO"]
    assert evaluation.report["settings"]["structures"] == "canonical SMILES, as the agent gives them"


# "The molecule is an acid." has 5 words, of which that many stand in each of the ten answers, in order.
COMMON, EXPECTED = [4, 5, 5, 3, 3, 0, 4, 3, None, 0], [5, 5, 8, 5, 5, 2, 7, 5, 5, 1]
ROUGE = [0.8, 1, 10 / 13, 0.6, 0.6, 0, 8 / 12, 0.6, 0, 0]


def test_rouge_of_a_constant_answer(section):
    assert [2 * c / (5 + n) if c is not None else 0 for c, n in zip(COMMON, EXPECTED, strict=True)] == ROUGE
    assert value(section, "model", "ROUGE-L") == pytest.approx(sum(ROUGE) / 10, abs=1e-5)
    # Each word that is common once is common in order, too.
    assert value(section, "model", "ROUGE-1") == pytest.approx(sum(ROUGE) / 10, abs=1e-5)
    pairs = [3 / 4, 1, 8 / 11, 2 / 4, 2 / 4, 0, 6 / 10, 2 / 4, 0, 0]
    assert value(section, "model", "ROUGE-2") == pytest.approx(sum(pairs) / 10, abs=1e-5)


def test_bleu_of_a_constant_answer(section):
    # Common words 27 of 9 x 5, pairs 20 of 9 x 4, triples 13 of 9 x 3, fours 6 of 9 x 2; the miss adds 1 to each sum
    # of n-grams, as in NLTK. 45 words were said for 48.
    brevity = exp(1 - 48 / 45)
    two = brevity * sqrt(27 / 46 * 20 / 37)
    four = brevity * (27 / 46 * 20 / 37 * 13 / 28 * 6 / 19) ** 0.25
    assert value(section, "model", "BLEU-2 (words)") == pytest.approx(two, abs=1e-5)
    assert value(section, "model", "BLEU-4 (words)") == pytest.approx(four, abs=1e-5)
    single = [
        sqrt(4 / 5 * 3 / 4),
        1,
        exp(1 - 8 / 5),
        sqrt(3 / 5 * 2 / 4),
        sqrt(3 / 5 * 2 / 4),
        0,
        exp(1 - 7 / 5) * sqrt(4 / 5 * 3 / 4),
        sqrt(3 / 5 * 2 / 4),
        0,
        0,
    ]
    assert value(section, "model", "BLEU-2 (words, mean of sentences)") == pytest.approx(sum(single) / 10, abs=1e-5)


def test_meteor_of_a_constant_answer(section):
    pytest.importorskip("nltk")

    def score(matches, runs, expected):
        precision, recall = matches / 5, matches / expected
        return precision * recall / (0.9 * precision + 0.1 * recall) * (1 - 0.5 * (runs / matches) ** 3)

    # In "... is an acid. It is sour." the matching takes the last "is", which tears the run into three.
    each = [score(4, 1, 5), score(5, 1, 5), score(5, 3, 8), *[score(3, 1, 5)] * 3, score(4, 1, 7)]
    assert value(section, "model", "METEOR (exact+stem, words)") == pytest.approx(sum(each) / 10, abs=1e-5)


def test_classes_of_a_constant_answer(section):
    # Eight answers name a class: alcohol, acid, acid, ring, base, alcohol, gas, acid; the last of them was a miss.
    assert value(section, "model", "class") == 2 / 8


def test_misses_are_charged_and_counted(section):
    by_name = {system["name"]: system for system in section["systems"]}
    assert by_name["model"]["misses"] == {"unreadable input": 1}
    assert section["examples"] == 10


def test_the_best_constant(section):
    # Mean ROUGE-L over the training answers: alcohol 5.0 / 6, acid 4.6 / 6, ring and base 4.2 / 6 at most.
    each = [1, 0.8, 8 / 13, 0.6, 0.6, 0, 10 / 12, 0.6, 0.8, 0]
    assert value(section, "best constant", "ROUGE-L") == pytest.approx(sum(each) / 10, abs=1e-5)
    assert value(section, "best constant, trimmed", "ROUGE-L") == pytest.approx(sum(each) / 10, abs=1e-5)
    # 29 of 50 words in common: 5, 4, 4, 3, 3, 0, 5, 3, 4 and 0 of 5 each; 21 of 40 pairs; 50 words for 48: not brief.
    assert value(section, "best constant", "BLEU-2 (words)") == pytest.approx(sqrt(31 / 50 * 23 / 40), abs=1e-5)


def test_the_nearest_neighbour(section):
    # Structures are the same as in training but for methane, nearest to nothing (the first training answer is taken),
    # and the unreadable one, which gets the best constant.
    each = [1, 1, 10 / 13, 1, 1, 4 / 7, 10 / 12, 0.6, 0.8, 0]
    assert value(section, "nearest neighbour", "ROUGE-L") == pytest.approx(sum(each) / 10, abs=1e-5)
    (row,) = [system for system in section["systems"] if system["name"] == "nearest neighbour"]
    assert row["model_minus_this"]["ROUGE-L"]["value"] == pytest.approx((sum(ROUGE) - sum(each)) / 10, abs=2e-5)
    assert row["note"] == "the best constant where nothing is similar"


def test_buckets_by_similarity(section):
    assert [(bucket["name"], bucket["examples"]) for bucket in section["buckets"]] == [
        ("below 0.3", 1), ("0.3 to 0.5", 0), ("0.5 to 0.7", 0), ("0.7 to 0.9", 0), ("0.9 and above", 8),
        ("not readable", 1),
    ]  # fmt: skip
    low, *_, high, unreadable = (bucket["scores"] for bucket in section["buckets"])
    assert low["model"] == {"value": 0.6, "low": None, "high": None}  # one example has no interval
    assert unreadable["model"]["value"] == 0
    assert unreadable["nearest neighbour"]["value"] == 0.8
    assert high["model"]["low"] < high["model"]["value"] < high["model"]["high"]
    assert high["model"]["value"] == pytest.approx(sum(ROUGE[:7]) / 8, abs=1e-5)


def test_examples_go_from_best_to_worst(section):
    assert section["shown"]["best"][0]["expected"] == "The molecule is an acid."
    assert section["shown"]["best"][0]["scores"]["model"] == 1.0
    assert [row["scores"]["model"] for row in section["shown"]["worst"]] == [0, 0, 0.6, 0.6, 0]
    assert section["shown"]["worst"][-1]["similarity"] is None
    assert section["shown"]["worst"][-1]["answers"]["model"] == ""  # the miss comes after what was really said


def test_no_answer_that_scores_nothing_is_among_the_best():
    (section,) = evaluate(CAPTIONING, Remote(Says("Nothing."), 1), ROWS).report["sections"]
    assert section["shown"]["best"] == []
    assert len(section["shown"]["worst"]) == results.SHOWN_ANSWERS


def test_an_unreadable_structure_is_charged_in_the_control_and_nowhere_else():
    model = Says("The molecule is an acid.")
    (section,) = evaluate(CAPTIONING, Remote(model, 1), ROWS, settings=EvaluationSettings(controls=True)).report[
        "sections"
    ]
    charged = {system["name"]: system["misses"] for system in section["systems"]}
    assert charged == {"model": {"unreadable input": 1}, "structures exchanged": {"unreadable input": 1}}
    # The same is said to whatever can be read, so the two differ in nothing.
    (control,) = [system for system in section["systems"] if system["name"] == "structures exchanged"]
    assert control["model_minus_this"]["ROUGE-L"] == {"value": 0, "low": 0, "high": 0}


def test_the_model_is_asked_what_users_ask_and_nothing_else():
    model = Says("The molecule is an acid.")
    evaluate(CAPTIONING, Remote(model, 1), ROWS[:3], train=TRAIN)
    asked = sorted(map(repr, model.asked))
    question = QUESTIONS["description"]
    assert asked == sorted(repr([user_message(question, smiles=[as_asked(row).smiles])]) for row in ROWS[:3])


# ---------------------------------------------------------------------------------------------- refusals, choices


@pytest.mark.parametrize(("words", "why"), [("", "empty answer"), ("I cannot answer that.", "refusal")])
def test_an_answer_that_is_none_scores_nothing(words, why):
    (section,) = evaluate(CAPTIONING, Remote(Says(words)), ROWS[:2]).report["sections"]
    assert section["systems"][0]["misses"] == {why: 2}
    assert value(section, "model", "ROUGE-L") == value(section, "model", "BLEU-2 (words)") == 0


STUDIES = [
    TextQuestion(
        str(n), f"Does it work in case {n}?", answer, {"yes": "yes", "no": "no", "maybe": "maybe"}, ("We saw it.",)
    )
    for n, answer in enumerate(["yes", "yes", "yes", "yes", "yes", "no", "no", "no", "maybe", "maybe"])
]
EXAM = [
    TextQuestion("a", "Which?", "B", {"A": "one", "B": "the longest of them", "C": "two", "D": "six"}),
    TextQuestion("b", "What?", "A", {"A": "red", "B": "green", "C": "blue", "D": "black"}),
]


def test_a_model_that_says_yes_on_pubmedqa():
    (section,) = evaluate(TASKS["pubmedqa"], Remote(Says("Yes, it does.")), STUDIES).report["sections"]
    assert value(section, "model", "accuracy") == 0.5
    # yes: 5 right and 5 too many, F1 = 10 / 15; the other two are never said.
    assert value(section, "model", "macro-F1") == pytest.approx(2 / 9, abs=1e-5)
    assert value(section, "most frequent answer", "macro-F1") == pytest.approx(2 / 9, abs=1e-5)
    assert value(section, "random choice", "accuracy") == pytest.approx(1 / 3, abs=1e-5)
    assert "longest option" not in {system["name"] for system in section["systems"]}


def test_a_few_studies_are_scored_without_an_interval():
    (section,) = evaluate(TASKS["pubmedqa"], Remote(Says("yes")), STUDIES[:4]).report["sections"]
    score = section["systems"][0]["scores"]["macro-F1"]
    assert score["value"] is not None
    assert (score["low"], score["high"]) == (None, None)


def test_pubmedqa_is_also_asked_without_the_abstract():
    model = Says("no")
    report = evaluate(TASKS["pubmedqa"], Remote(model), STUDIES, settings=EvaluationSettings(controls=True)).report
    assert report["settings"]["setting"] == "reasoning-required"
    assert value(report["sections"][0], "without the abstract", "accuracy") == 0.3
    assert sum("We saw it." in str(messages) for messages in model.asked) == 20  # the second time another one's
    assert len(model.asked) == 30


def test_questions_are_exchanged_above_their_own_options():
    class Reads(Says):
        """Says A where it reads the first question's words and B elsewhere: right where they are exchanged."""

        def samples(self, messages, options, n):
            self.asked.append(messages)
            text = messages[0]["content"][0]["text"]
            return [Generation("A" if EXAM[0].text in text else "B")]

    model = Reads("")
    settings = EvaluationSettings(controls=True)
    (section,) = evaluate(TASKS["medqa"], Remote(model), EXAM, settings=settings).report["sections"]
    assert value(section, "model", "accuracy") == 0.0
    assert value(section, "questions exchanged", "accuracy") == 1.0
    many = [replace(EXAM[0], id=str(number), text=f"Question {number}?") for number in range(7)]
    for seed in range(3):
        others = tasks.questions_exchanged(many, seed)
        assert sorted(row.text for row in others) == sorted(row.text for row in many)
        assert all(mine.text != other.text and mine.id == other.id for mine, other in zip(many, others, strict=True))


def test_multiple_choice_beside_its_baselines():
    (section,) = evaluate(TASKS["medqa"], Remote(Says("B.")), EXAM).report["sections"]
    assert value(section, "model", "accuracy") == 0.5
    assert value(section, "longest option", "accuracy") == 0.5  # "black" has five letters, as "green", which is first
    assert value(section, "random choice", "accuracy") == 0.25
    (section,) = evaluate(TASKS["medqa"], Remote(Says("Both.")), EXAM).report["sections"]
    assert section["systems"][0]["misses"] == {"unparseable reply": 2}


def test_only_answers_about_an_abstract_are_filed_under_what_was_shown_of_it(tmp_path):
    reports = []

    def filed(task, rows, settings):
        folder = tmp_path / task
        say = Remote(Says("B."))
        evaluate(
            TASKS[task], say, rows, settings=settings, output=folder, progress=lambda what, *_: reports.append(what)
        )
        lines = (folder / models_under_test.ANSWERS).read_text("utf-8").splitlines()[1:]
        return {json.loads(line)["condition"] for line in lines}

    exchanged = "questions exchanged, model, written reply"
    assert filed("medqa", EXAM, EvaluationSettings(controls=True)) == {"model, written reply", exchanged}
    assert set(reports) == {"model, written reply", exchanged}
    shown = {"reasoning-required, written reply", "question-only, written reply"}
    shown.add("questions exchanged, reasoning-required, written reply")
    assert filed("pubmedqa", STUDIES, EvaluationSettings(controls=True)) == shown


def test_an_explanation_is_shown_only_where_there_is_an_abstract():
    model = Says("B.")
    explained = [replace(question, explanation="It is the first.") for question in EXAM]
    evaluate(TASKS["medmcqa"], Remote(model), explained, settings=EvaluationSettings(setting="reasoning-free"))
    assert "It is the first." not in str(model.asked)


def test_what_was_trained_on_is_counted_and_told_before_anything_is_asked(tmp_path):
    warned: list[str] = []

    class Late(Says):
        def generate(self, messages, options):
            assert warned
            return super().generate(messages, options)

    rows = [*ROWS[:3], described("[Na+].CC(=O)[O-]", "A salt."), described("CF", "A gas.")]
    model = Remote(Late("The molecule is an acid."), 1)
    report = evaluate(CAPTIONING, model, rows, train=TRAIN, warn=warned.append).report
    # Ethanol once; acetic acid written in two ways, and its sodium salt.
    assert report["train"]["overlap"] == {"by": "structure group", "examples": 4, "distinct": 2}
    assert [words for words in warned if words.startswith("4 of these examples (2 different structure groups) ")]
    assert evaluate(CAPTIONING, model, rows[4:], train=TRAIN).report["train"]["overlap"]["examples"] == 0

    proteins = [Example("name", "It.", "", "hand", sequence=sequence) for sequence in ("MKV", "MKVA", "MKV")]
    assert baselines.overlap(proteins, proteins[:1]) == baselines.Overlap("sequence", 2, 1)
    again = replace(EXAM[0], id="z", text="which")
    assert baselines.overlap(EXAM, [again]) == baselines.Overlap("question", 1, 1)


def test_the_constant_is_searched_among_all_answers_and_cut_where_that_helps():
    stock = [
        "The molecule is an ester. It is red.",
        "The molecule is an amide. It is red.",
        "The molecule is an ether.",
    ]
    constant = baselines.best_constant(stock)
    assert constant.answer == stock[0]
    # "The molecule is an" + "It is red.": 7 words against 8, 8 and 5, of which 7, 7 and 4 are common; whole: 8 words.
    assert constant.trimmed == "The molecule is an It is red."
    references = [Subsequence(words(text)) for text in stock]
    assert baselines.mean_rouge_l(constant.trimmed, references) == pytest.approx((14 / 15 + 14 / 15 + 8 / 12) / 3)


# ---------------------------------------------------------------------------------------------- the journal


def test_a_run_that_broke_off_goes_on(tmp_path):
    broken = Says("The molecule is an acid.", fails_after=6)
    with pytest.raises(Unavailable):
        evaluate(CAPTIONING, Remote(broken, 1), ROWS, output=tmp_path)
    filed = (tmp_path / models_under_test.ANSWERS).read_text("utf-8").splitlines()
    assert len(filed) == 1 + 6  # the second batch of four broke off in its middle
    with (tmp_path / models_under_test.ANSWERS).open("a", encoding="utf-8") as file:
        file.write('{"condition": "model", "key": "cut o')
    model = Says("The molecule is an acid.")
    went_on = evaluate(CAPTIONING, Remote(model, 1), ROWS, output=tmp_path, resume=True)
    assert len(model.asked) == 4
    assert went_on.report == evaluate(CAPTIONING, Remote(Says("The molecule is an acid.")), ROWS).report
    again = Says("something else")
    again.stamp = model.stamp
    assert evaluate(CAPTIONING, Remote(again), ROWS, output=tmp_path, resume=True).report == went_on.report
    assert again.asked == []


def test_answers_of_another_run_are_not_mixed_in(tmp_path):
    evaluate(CAPTIONING, Remote(Says("An acid.")), ROWS[:2], output=tmp_path)
    with pytest.raises(InvalidInput, match="--resume"):
        evaluate(CAPTIONING, Remote(Says("An acid.")), ROWS[:2], output=tmp_path)
    other = Says("An acid.")
    other.stamp = ModelStamp("another", "1", "aa", 1)
    with pytest.raises(InvalidInput, match="model differ"):
        evaluate(CAPTIONING, Remote(other), ROWS[:2], output=tmp_path, resume=True)
    (tmp_path / models_under_test.ANSWERS).write_text("[1, 2]\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="no file of answers"):
        evaluate(CAPTIONING, Remote(Says("An acid.")), ROWS[:2], output=tmp_path, resume=True)


def test_there_must_be_something_to_score():
    with pytest.raises(InvalidInput, match="no example"):
        evaluate(CAPTIONING, Remote(Says("")), [])
    with pytest.raises(InvalidInput, match="Question"):
        evaluate(TASKS["medqa"], Remote(Says("")), ROWS)


def test_a_run_that_failed_before_its_first_answer_begins_anew(tmp_path):
    with pytest.raises(Unavailable):
        evaluate(CAPTIONING, Remote(Says("", fails_after=0)), ROWS[:2], output=tmp_path)
    other = Says("The molecule is an acid.")
    other.stamp = ModelStamp("mended", "2", "aa", 1)
    assert evaluate(CAPTIONING, Remote(other), ROWS[:2], output=tmp_path).report["model"]["name"] == "mended"


# ---------------------------------------------------------------------------------------------- a model in this process


@pytest.fixture(scope="module")
def in_process(tiny_folder):
    from biomed_agent.model.inference.engine import LocalEngine

    return InProcess(LocalEngine(tiny_folder, device="cpu"), 4)


def prompts(*smiles, options=()):
    rows = [described(structure, "It is an alcohol.") for structure in smiles]
    return [Prompt(row.smiles, structure_messages(row), row.answer, options) for row in rows]


def test_losses_and_likelihoods_are_those_of_the_tokens(in_process):
    import torch

    (prompt,) = prompts("CCO", options=("Yes", "It does not."))
    (loss,) = in_process.losses([prompt])
    (weighed,) = in_process.weigh([prompt])
    engine = in_process.engine
    for answer, expected in (("It is an alcohol.", loss), ("Yes", None), ("It does not.", None)):
        inputs = engine.processor([prompt.messages], [answer], padding_side="right")
        ids = engine.processor.encode_answer(answer)
        with torch.inference_mode():
            logits = engine.model(**{k: v for k, v in inputs.items() if k != "labels"}).logits[0, -len(ids) - 1 : -1]
        chosen = logits.log_softmax(-1)[range(len(ids)), ids]
        if expected is not None:
            assert expected == pytest.approx(-float(chosen.mean()), rel=1e-4)
        else:
            assert weighed.likelihoods[answer] == pytest.approx(float(chosen[:-1].sum()), rel=1e-4)
    assert weighed.text == max(weighed.likelihoods, key=weighed.likelihoods.get)
    assert in_process.losses(prompts("CCCCCCO", "CCO"))[1] == pytest.approx(loss, rel=1e-4)


def test_an_unreadable_structure_spoils_no_batch(in_process):
    options = Options(max_new_tokens=4)
    replies = list(in_process.write(prompts("CCO", "not a structure", "CCN"), options))
    assert [reply.miss == models_under_test.UNREADABLE for reply in replies] == [False, True, False]
    assert replies[0] == next(in_process.write(prompts("CCO"), options))
    assert [loss is None for loss in in_process.losses(prompts("CCO", "not a structure"))] == [False, True]


def test_without_projections_all_structures_of_a_size_are_one(in_process):
    pair = prompts("CCO", "NCF")
    seeing = in_process.losses(pair)
    with in_process.blind():
        blind = in_process.losses(pair)
    assert blind[0] == pytest.approx(blind[1], rel=1e-5)
    assert abs(seeing[0] - seeing[1]) > 1e-4
    assert in_process.losses(pair) == seeing


def test_a_model_whose_weights_are_no_numbers_is_not_scored(tiny_folder, tmp_path):
    from biomed_agent.model.inference.engine import LocalEngine

    model = InProcess(LocalEngine(tiny_folder, device="cpu"), 4)
    name, weights = next(
        (name, parameter) for name, parameter in model.engine.model.named_parameters() if "lm_head" in name
    )
    weights.data[3, 2] = math.nan
    with pytest.raises(CheckpointError, match=rf"tiny cannot be scored: 1 of its \d+ tensors .* such as {name}"):
        evaluate(CAPTIONING, model, ROWS, output=tmp_path)
    exam = [replace(question, context=()) for question in EXAM]
    with pytest.raises(CheckpointError, match="NaN or infinite"):
        evaluate(TASKS["medqa"], model, exam)


def test_the_longest_protein_is_that_of_the_processor():
    protein = Example("name", "It.", "", "hand", sequence="M" * MAX_RESIDUES)
    assert tasks.readable(protein)
    assert not tasks.readable(replace(protein, sequence="M" * (MAX_RESIDUES + 1)))


def test_a_small_model_with_all_controls(in_process):
    rows = [described(smiles, "It is an alcohol.") for smiles in ("CCO", "CCCO", "CCCCO", "c1ccccc1", "bad one")]
    settings = EvaluationSettings(controls=True, max_new_tokens=3)
    evaluation = evaluate(CAPTIONING, in_process, rows, train=TRAIN, settings=settings)
    (section,) = evaluation.report["sections"]
    names = [system["name"] for system in section["systems"]]
    assert names == [
        "model",
        "structures exchanged",
        "projections zeroed",
        "nearest neighbour",
        "best constant",
        results.TRIMMED,
    ]
    assert results.LOSS in section["columns"]
    assert set(evaluation.scores()) == {"description"}
    assert evaluation.scores()["description"].n == 5
    assert math.isfinite(section["structure"]["loss_error"])
    assert json.loads(json.dumps(evaluation.report)) == evaluation.report


def test_a_kind_needs_words_and_loss_beyond_two_errors():
    clear = results.Scores(100, 0.35, 0.30, 0.2, 1.0, 1.2, 0.02, 0.05)
    assert clear.uses_structure
    assert not replace(clear, rouge_l=0.33).uses_structure
    assert not replace(clear, loss_error=0.1).uses_structure
    assert replace(clear, loss=None, loss_shuffled=None, loss_error=None).uses_structure


def test_a_kind_is_offered_only_above_every_control_on_enough_rows():
    others = {name: results.Standing(0.30, 0.02) for name in results.CONTROLS}
    scores = results.Scores(150, 0.35, 0.30, 0.3, None, None, 0.02, None, others)
    assert scores.why_not_offered == ""
    assert replace(scores, n=149).why_not_offered == "149 held-out rows are fewer than 150"
    assert replace(scores, rouge_l=0.339).why_not_offered == (
        "ROUGE-L 0.339 is not clearly above structures exchanged 0.300 and projections zeroed 0.300 and best constant "
        "0.300 and best constant, trimmed 0.300"
    )
    for name in results.CONTROLS:
        equal = replace(scores, others=others | {name: results.Standing(0.33, 0.02)})
        assert equal.why_not_offered == f"ROUGE-L 0.350 is not clearly above {name} 0.330"
        missing = replace(scores, others={other: others[other] for other in others if other != name})
        assert missing.why_not_offered == f"no score of {name}"
    better = replace(scores, others=others | {results.NEIGHBOUR: results.Standing(0.5, 0.01)})
    assert better.why_not_offered == "", "a neighbour's description does see the structure"


def test_standings_are_those_of_single_examples():
    evaluation = evaluate(
        CAPTIONING,
        Remote(Says("The molecule is an acid."), 1),
        ROWS,
        train=TRAIN,
        settings=EvaluationSettings(controls=True),
    )
    scores = evaluation.scores()["description"]
    assert set(scores.others) == {results.EXCHANGED, results.CONSTANT, results.TRIMMED, results.NEIGHBOUR}
    (section,) = evaluation.report["sections"]
    for name, standing in scores.others.items():
        assert standing.rouge_l == pytest.approx(value(section, name, "ROUGE-L"), abs=1e-4)
    assert scores.others[results.EXCHANGED].error == scores.rouge_l_error


def test_each_kind_of_question_is_decoded_as_the_manifest_says_of_it():
    class Kinds(Says):
        temperatures: ClassVar[dict[str, float]] = {}

        def generate(self, messages, options):
            (question,) = [part["text"] for part in messages[0]["content"] if part["type"] == "text"]
            self.temperatures[question.strip()] = options.temperature
            return super().generate(messages, options)

    asked = [("name", "MKV", "Kinase"), ("location", "MKV", "Nucleus."), ("name", "MKL", "Kinase")]
    rows = [Example(kind, answer, "", "hand", sequence=sequence) for kind, sequence, answer in asked]
    model = Kinds("Kinase")
    model.stamp = replace(model.stamp, decoding={"temperature": 0.5}, decoding_by_kind={"name": {"temperature": 0.25}})
    evaluation = evaluate(TASKS["protein-qa"], Remote(model, 1), rows)
    assert model.temperatures == {QUESTIONS["name"]: 0.25, QUESTIONS["location"]: 0.5}
    want = "name: sampling at temperature 0.25, no seed; location: sampling at temperature 0.5, no seed"
    assert evaluation.report["settings"]["decoding"] == want
    assert [value(section, "model", "ROUGE-L") for section in evaluation.report["sections"]] == [1, 0, 0.66667]


def test_decoding_is_told_in_words_that_name_all_it_depends_on():
    mbr = Options(mbr_samples=8, temperature=1.0, top_p=0.9, seed=3)
    words = "minimum Bayes risk by ROUGE-L, 8 samples at temperature 1 without those a check contradicts"
    words += ", nucleus 0.9, seed 3"
    assert decoding_words({"name": mbr, "family": mbr}) == words
    assert decoding_words({"": Options(repetition_penalty=1.2, stop=("a", "b"))}) == (
        "greedy, repetition penalty 1.2, stop at 'a', 'b'"
    )
    options = {"name": Options(num_beams=4), "location": mbr, "function": Options(num_beams=4)}
    assert decoding_words(options) == f"name, function: 4 beams; location: {words}"


def test_stop_strings_of_a_manifest_reach_the_model():
    class Stops(Says):
        def generate(self, messages, options):
            assert options.stop == ("Human:",)
            return super().generate(messages, options)

    model = Stops("The molecule is an acid.")
    model.stamp = replace(model.stamp, decoding={"stop": ["Human:"]})
    assert evaluate(CAPTIONING, Remote(model, 1), ROWS).report["settings"]["decoding"] == "greedy, stop at 'Human:'"
