"""An answer that stands in the model's own row also stands for the same prompt with structures exchanged."""

from __future__ import annotations

import pytest

from biomed_agent.model.contract.generation import Options
from biomed_agent.model.data.examples import Example
from biomed_agent.model.evaluation import evaluate as evaluate_module
from biomed_agent.model.evaluation import models_under_test
from biomed_agent.model.evaluation.evaluate import EvaluationSettings, evaluate
from biomed_agent.model.evaluation.models_under_test import InProcess
from biomed_agent.model.evaluation.tasks import TASKS
from biomed_agent.model.inference.engine import LocalEngine

CAPTIONING = TASKS["molecule-captioning"]


def described(smiles, answer):
    return Example("description", answer, "", "hand", smiles=smiles)


@pytest.mark.parametrize(
    ("decoding", "shared"),
    [
        ({}, True),
        ({"temperature": 1.0, "seed": 3, "mbr_samples": 2}, True),
        ({"temperature": 1.0, "seed": 3}, False),
        ({"temperature": 1.0, "mbr_samples": 2}, False),
    ],
)
def test_exchanged_prompts_that_were_answered_are_not_asked_again(tiny_folder, monkeypatch, tmp_path, decoding, shared):
    assert models_under_test.repeatable(Options(**decoding)) == shared
    rows = [described(smiles, answer) for smiles, answer in (("CCO", "An alcohol."), ("CCN", "An amine."))]
    rows.append(described("CCCO", "A longer alcohol."))
    model = InProcess(LocalEngine(tiny_folder, device="cpu"), 4)
    written = []
    write = model.write

    def counted(prompts, options):
        written.extend(prompts)
        return write(prompts, options)

    monkeypatch.setattr(model, "write", counted)
    monkeypatch.setattr(evaluate_module, "options_for", lambda *_: Options(**decoding))
    settings = EvaluationSettings(controls=True, max_new_tokens=3)
    evaluation = evaluate(CAPTIONING, model, rows, settings=settings, output=tmp_path / "shared")
    assert len(written) == (6 if shared else 9), "the model, exchanged unless shared, and without projections"
    if shared:
        monkeypatch.setattr(models_under_test, "repeatable", lambda _: False)
        assert evaluate(CAPTIONING, model, rows, settings=settings).report == evaluation.report
        assert len(written) == 6 + 9
    resumed = evaluate(CAPTIONING, model, rows, settings=settings, output=tmp_path / "shared", resume=True)
    assert resumed.report == evaluation.report
