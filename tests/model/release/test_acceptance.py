"""``checkpoint verify --published``: what weights say beside what was printed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from biomed_agent.cli import main
from biomed_agent.core.errors import CheckpointError
from biomed_agent.model.checkpoints.conversion.convert import ConversionRequest, convert_weights
from biomed_agent.model.contract.prompt import REFERENCE, Text, render, user_message
from biomed_agent.model.evaluation.models_under_test import InProcess, Prompt
from biomed_agent.model.inference.engine import LocalEngine
from biomed_agent.model.release.acceptance import accept, compare, published_inputs
from biomed_agent.model.release.acceptance_page import page, verdict_words
from tests.helpers.language_models import write_llama
from tests.helpers.places import GOLDEN
from tests.model.checkpoints.test_conversion import PTH

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint in the layout of the released one, imported."""
    output = tmp_path_factory.mktemp("imported") / "m"
    convert_weights(ConversionRequest([PTH], GOLDEN / "llm", GOLDEN / "esm", output))
    return output


def test_texts_are_compared_word_by_word() -> None:
    assert compare("One.  Two.", "One.  Two.")["verdict"] == "same text"
    assert compare("One.  Two.", "One. Two.")["verdict"] == "same words"
    assert compare("", "Anything.")["verdict"] == "recorded"
    for printed, said, difference in (
        ("a b c", "a x c", {"word": 2, "of": 3, "printed": "b", "said": "x"}),
        ("a b c", "a b", {"word": 3, "of": 3, "printed": "c", "said": ""}),
        ("a b", "a b c", {"word": 3, "of": 2, "printed": "", "said": "c"}),
        ("a b", "", {"word": 1, "of": 2, "printed": "a", "said": ""}),
    ):
        assert compare(printed, said) == {"verdict": "differs", "first_difference": difference}
    words = verdict_words(compare("a b c", "a b"))
    assert words == "differs from word 3 of 3 on: 'c' printed, its end said"


def test_the_prompt_is_that_of_the_released_demo() -> None:
    """One line with these very spaces, whatever style a folder has (``examples/biomedgpt_inference.ipynb``)."""
    inputs, options = published_inputs()
    assert (options.temperature, options.num_beams, options.repetition_penalty) == (0.0, 1, 1.0)
    first, *_, last = render(inputs[0].messages(), replace(REFERENCE, name="other", system=None))
    assert isinstance(first, Text)
    assert isinstance(last, Text)
    assert first.text == (
        "You are working as an excellent assistant in chemistry and molecule discovery. Below a human expert gives "
        "the representation of a molecule or a protein. Answer questions about it. ### Human: <molecule>"
    )
    assert last.text == "</molecule> Please describe this molecule. ### Assistant: "
    assert sum(bool(entry.printed) for entry in inputs) == 2
    assert len({entry.name for entry in inputs}) == len(inputs)


def test_weights_that_say_what_was_printed_are_known_by_it(imported: Path) -> None:
    inputs, _ = published_inputs()
    before = accept(imported)
    said = {answer["name"]: answer["said"] for answer in before["inputs"]}
    assert set(said) == {"chalcone", "IF-1, function", "IF-1, names"}
    assert {answer["verdict"] for answer in before["inputs"]} == {"differs", "recorded"}
    printed = [replace(entry, printed=said.get(entry.name, "")) for entry in inputs]
    printed[1] = replace(printed[1], printed=" ".join([*said["IF-1, function"].split()[:-1], "otherwise"]))
    after = accept(imported, inputs=printed)
    chalcone, function, _ = after["inputs"]
    assert chalcone["verdict"] == "same text"
    assert function["verdict"] == "differs"
    assert function["first_difference"]["printed"] == "otherwise"
    assert function["first_difference"]["word"] == len(said["IF-1, function"].split())
    assert "2 of 3 printed answers are met word for word" in page(after)


def test_token_by_token_agrees_with_the_likelihood_of_the_printed_answer(imported: Path) -> None:
    answer = accept(imported)["inputs"][0]
    forced = answer["token_by_token"]
    entry = published_inputs()[0][0]
    (loss,) = InProcess(LocalEngine(imported)).losses([Prompt("", entry.messages(), entry.printed)])
    assert forced["nats_per_token"] == pytest.approx(loss, abs=1e-3)
    assert 0 <= forced["first_choice"] < forced["tokens"]
    assert forced["first_other"]["nats_apart"] > 0
    assert forced["first_other"]["first"] == answer["first_tokens"][0]["token"]


def test_a_report_says_what_was_loaded_and_how_fast(imported: Path) -> None:
    report = accept(imported)
    assert sum(report["load"]["parameters_by_type"].values()) == report["checkpoint"]["parameters"]
    assert list(report["load"]["parameters_by_device"]) == ["cpu"]
    assert report["memory"]["peak_ram"] > 1e8
    assert report["checkpoint"]["source_files"][0]["name"] == PTH.name
    timed = [answer for answer in report["inputs"] if answer["decode_per_second"]]
    assert timed
    for answer in timed:
        assert answer["decode_per_second"] == pytest.approx(
            (answer["new_tokens"] - 1) / answer["decode_seconds"], rel=0.05
        )


def test_one_command_prints_a_page_and_writes_what_is_sent_back(
    imported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "report.json"
    assert main(["checkpoint", "verify", "--published", str(imported), "--output", str(file)]) == 0
    shown = capsys.readouterr()
    report = json.loads(file.read_text(encoding="utf-8"))
    assert shown.out.startswith("Acceptance report: BioMedGPT-10B (sha256:")
    assert len(shown.out.splitlines()) < 70
    assert max(map(len, shown.out.splitlines())) <= 120
    assert report["checkpoint"]["digest"] in shown.out
    assert str(file) in shown.err
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
    assert main(["checkpoint", "verify", str(imported), "--output", str(file)]) == 2
    assert "belong to --published" in capsys.readouterr().err
    assert main(["checkpoint", "verify", "--published", str(imported), "--output", str(tmp_path / "no" / "x")]) == 2
    assert "its folder does not exist" in capsys.readouterr().err


def test_altered_weights_are_not_asked(imported: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in imported.rglob("*"):
        if file.is_file():
            (copy / file.relative_to(imported)).parent.mkdir(parents=True, exist_ok=True)
            (copy / file.relative_to(imported)).write_bytes(file.read_bytes())
    weights = copy / "model.safetensors"
    whole = bytearray(weights.read_bytes())
    whole[-1] ^= 1
    weights.write_bytes(bytes(whole))
    with pytest.raises(CheckpointError, match="altered"):
        accept(copy)


def test_what_a_model_cannot_read_is_left_out_by_name(tmp_path: Path, tiny_folder: Path) -> None:
    convert_weights(ConversionRequest((), write_llama(tmp_path / "llama"), None, tmp_path / "lm"))
    report = accept(tmp_path / "lm")
    assert [answer["name"] for answer in report["inputs"]] == ["text"]
    assert {left["why"] for left in report["left_out"]} == {
        "this model reads no molecules",
        "this model reads no proteins",
    }
    assert "Nothing that was printed could be compared." in page(report)
    short = accept(tiny_folder)  # 256 positions: the prompt with the molecule fits, not with an answer or the protein
    assert [(answer["name"], answer["token_by_token"]) for answer in short["inputs"]] == [("chalcone", None)]
    why = {left["name"]: left["why"] for left in short["left_out"]}
    assert "positions" in why["IF-1, function"]
    assert why["text"] == "asked of a language model alone"
    assert "the printed answer" not in page(short)


def test_text_alone_is_asked_in_the_style_of_the_folder() -> None:
    text = next(entry for entry in published_inputs()[0] if not entry.reads)
    assert text.messages() == [user_message(text.question)]
