"""Stage 2 end to end at a tiny size: what learns, what stays, what is written, and that a kill changes nothing."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import TrainerCallback

from biomed_agent.cli import main
from biomed_agent.core.errors import CheckpointError, InvalidInput
from biomed_agent.model.checkpoints.checkpoint import load_checkpoint, merge_adapter, save_checkpoint
from biomed_agent.model.data.examples import Example
from biomed_agent.model.training import align
from biomed_agent.model.training import trainer as run
from biomed_agent.model.training.batching import Collator
from biomed_agent.model.training.export import Trained, export
from biomed_agent.model.training.intake import Pairs
from biomed_agent.model.training.recipe import Lora, Recipe, Stage
from biomed_agent.model.training.start import begin
from tests.helpers.pairs import ALL, SIZES, checkpoint, pairs, recipe, stage, table, vocabulary
from tests.helpers.places import ROOT

ENCODERS = ("projections", "molecule_encoder", "protein_encoder")


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    """A checkpoint folder with random weights, to train on."""
    return checkpoint(tmp_path_factory.mktemp("base"))


def states(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return a copy of all weights and statistics."""
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def losses(model: Any, processor: Any, examples: list[Example]) -> list[float]:
    """Return the mean loss per answer token of each example."""
    values = []
    for example in examples:
        batch = Collator(processor)([[example]])
        with torch.no_grad():
            values.append(model(**batch.model_inputs, labels=batch.labels).loss.item())
    return values


def greedy_answer(model: Any, processor: Any, example: Example) -> str:
    """Return the greedy answer to one example."""
    from biomed_agent.model.training.batching import as_messages

    ids = model.generate(**processor([as_messages(example)]), max_new_tokens=24, do_sample=False)
    return str(processor.decode(ids[0]))


def test_a_tiny_model_memorizes_both_modalities_and_needs_the_structure(tmp_path, capsys):
    encoders = stage("encoders", trains=ENCODERS, losses={"words": 1.0}, steps=15, save_steps=100)
    both = stage("both", losses={"answers": 1.0, "words": 0.5}, steps=240, save_steps=200, learning_rate=3e-3)
    (tmp_path / "recipe.json").write_text(json.dumps(asdict(recipe(encoders, both))), encoding="utf-8")
    data, output = str(table(tmp_path)), tmp_path / "run"
    arguments = ["train", "align", str(tmp_path / "recipe.json"), "--data", data, "--output", str(output)]

    assert main([*arguments, "--held-out", data]) == 0

    screen = capsys.readouterr()
    assert screen.out == f"{output / 'model'}\n"
    model, processor, manifest = load_checkpoint(output / "model")
    examples = pairs()
    assert max(losses(model, processor, examples)) < 0.1
    for example in (*examples[:4], *examples[16:20]):
        assert greedy_answer(model, processor, example) == example.answer
    exchanged = [
        replace(example, smiles=other.smiles) for example, other in zip(examples[:4], examples[8:12], strict=True)
    ]
    assert min(losses(model, processor, exchanged)) > 0.3

    assert manifest["kinds"].keys() == {"description", "location"}
    assert all(entry["examples"] == entry["trained_on"] == 16 for entry in manifest["kinds"].values())
    assert max(entry["loss"] for entry in manifest["kinds"].values()) < 0.1
    assert manifest["not_measured"] == []
    assert manifest["steps"] == 255
    assert manifest["tokens_seen"] > 100_000
    assert manifest["recipe"] == Recipe.load(tmp_path / "recipe.json").digest
    assert [(source["file"], source["used_for"]) for source in manifest["data"]] == [
        ("pairs.tsv", "training"),
        ("pairs.tsv", "held out"),
    ]
    assert (output / "2-both" / "loss.png").is_file()
    assert "warning: 32 of 32 held-out pairs are about structures that are trained on" in screen.err
    assert main([*arguments, "--held-out", data]) == 0, "a run that is over is not run again"
    assert main([*arguments, "--held-out", data, "--data", "nothere.tsv"]) == 2
    assert "there is no nothere.tsv" in capsys.readouterr().err
    assert main(arguments) == 2
    assert "is over, and was begun with other data" in capsys.readouterr().err


def test_a_run_is_resumed_with_what_it_was_begun_with_only(tmp_path):
    (tmp_path / "recipe.json").write_text(json.dumps(asdict(recipe(stage()))), encoding="utf-8")
    (tmp_path / "begun.json").write_text('{"recipe": "other", "data": []}', encoding="utf-8")
    with pytest.raises(InvalidInput, match="begun with another recipe and other data"):
        align.align(tmp_path / "recipe.json", [table(tmp_path)], tmp_path, report=lambda _: None)


# ---------------------------------------------------------------------------------------------- what learns


def trainer_of(plan: Stage, folder: Path, base: Path, examples: list[Example]) -> align.AlignTrainer:
    """Return the Trainer of a stage on the random checkpoint folder."""
    whole = recipe(plan, start=str(base), model=None)
    model, processor = begin(whole, folder, [], lambda _: None)
    align.freeze(model, plan, seed=1)
    return align.stage_trainer(whole, plan, model, processor, examples, [], folder / plan.name, lambda _: None)


@pytest.mark.parametrize(
    ("trains", "learns"),
    [
        (("projections",), {"molecule_projection", "protein_projection"}),
        (("projections", "language_model"), {"molecule_projection", "protein_projection", "language_model"}),
        (("molecule_encoder",), {"molecule_encoder"}),
        (("projections", "lora"), {"molecule_projection", "protein_projection", "lora"}),
    ],
)
def test_exactly_what_a_stage_trains_changes(tmp_path, base, trains, learns):
    plan = stage("one", trains=trains, steps=2, warmup_steps=0, gradient_checkpointing=True)
    trainer = trainer_of(plan, tmp_path, base, pairs())
    model: Any = trainer.model
    before = states(model)
    trainer.run()
    after = model.state_dict()
    changed = {name for name, tensor in before.items() if not torch.equal(tensor, after[name])}
    parts = {"lora" if ".lora_" in name else name.split(".")[0] for name in changed}
    assert parts == learns
    if "molecule_encoder" in learns:
        assert any("running_mean" in name for name in changed)


def test_frozen_encoders_build_no_graph_and_read_each_protein_once(tmp_path, base):
    kinds = ("function", "location", "family", "name")
    examples = [replace(example, kind=kind, question="") for example in pairs()[16:] for kind in kinds]
    plan = stage("one", trains=("projections",), batch_tokens=400, gradient_checkpointing=True)
    trainer = trainer_of(plan, tmp_path, base, examples)
    model: Any = trainer.model
    seen: Counter[tuple[int, ...]] = Counter()
    graphs = []

    def note(module: Any, given: Any, result: Any) -> None:
        seen.update(tuple(row.tolist()) for row in given[0])
        graphs.append((module.training, result.last_hidden_state.requires_grad))

    with model.protein_encoder.register_forward_hook(note):
        trainer.run()
    assert trainer.state.global_step > 3, "several batches"
    assert sorted(seen.values()) == [1] * 16, "64 pairs of 16 proteins"
    assert set(graphs) == {(False, False)}


def test_batch_norm_counts_a_batch_once_with_checkpointing_too(tmp_path, base):
    statistics = []
    for checkpointing in (False, True):
        plan = stage(f"{checkpointing}", trains=("molecule_encoder",), steps=2, gradient_checkpointing=checkpointing)
        trainer = trainer_of(plan, tmp_path, base, pairs()[:16])
        model: Any = trainer.model
        trainer.run()
        norm = model.molecule_encoder.layers[0].batch_norm
        statistics.append((int(norm.num_batches_tracked), norm.running_mean.clone()))
    assert statistics[0][0] == statistics[1][0] == 2
    assert torch.equal(statistics[0][1], statistics[1][1])


def test_one_step_is_the_same_in_one_batch_in_several_and_packed(tmp_path, base):
    ways = {
        "whole": {"batch_tokens": 10_000},
        "accumulated": {"batch_tokens": 200, "gradient_accumulation": 100},
        "packed": {"batch_tokens": 10_000, "packing": True},
    }
    trained = {}
    for name, changes in ways.items():
        plan = stage(name, trains=("projections",), steps=1, warmup_steps=0, **changes)
        trainer = trainer_of(plan, tmp_path, base, pairs())
        model: Any = trainer.model
        trainer.run()
        loss = run.read_log(tmp_path / name / "log.jsonl")[0]["loss"]
        steps = len(trainer.get_train_dataloader())
        trained[name] = (steps, loss, model.molecule_projection.weight)
    assert trained["accumulated"][0] > 4
    for name in ("accumulated", "packed"):
        assert trained[name][1] == pytest.approx(trained["whole"][1], rel=1e-5)
        assert torch.allclose(trained[name][2], trained["whole"][2], atol=1e-5)


@pytest.mark.slow
def test_compiled_layers_change_the_speed_only(tmp_path, base):
    logs = {}
    for way in (False, True):
        plan = stage("compiled" if way else "plain", steps=6, save_steps=2, compile=way)
        trainer = trainer_of(plan, tmp_path, base, pairs())
        model: Any = trainer.model
        layer = model.language_model.base_model.layers[0]
        assert (layer._compiled_call_impl is not None) == way
        trainer.run()
        logs[way] = [line["loss"] for line in run.read_log(tmp_path / plan.name / run.LOG) if "loss" in line]
        assert not any("_orig_mod" in name for name in model.state_dict())
    assert logs[True] == pytest.approx(logs[False], rel=1e-4)


def test_layers_with_low_rank_matrices_are_compiled_too(tmp_path, base, monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda function, **_: function)
    model: Any = trainer_of(stage("lora", trains=("lora",), compile=True), tmp_path, base, pairs()).model
    layers = run.attention_layers(model.language_model)
    assert len(layers) == SIZES.text["num_hidden_layers"]
    assert all(layer._compiled_call_impl is not None for layer in layers)


def test_without_a_compiler_the_layers_stay_as_they_are(tmp_path, base, monkeypatch):
    def broken(function: Any) -> Any:
        raise RuntimeError("no compiler found\nlong story")

    monkeypatch.setattr(torch, "compile", broken)
    model, _, _ = load_checkpoint(base)
    messages: list[str] = []
    align.compile_layers(model, messages.append)
    assert messages == ["the layers are not compiled, which is slower but the same: no compiler found"]
    assert model.language_model.base_model.layers[0]._compiled_call_impl is None


def test_a_loss_that_does_not_exist_is_refused(tmp_path, base):
    with pytest.raises(InvalidInput, match="no example of function"):
        trainer_of(stage("one", repeats={"function": 1}), tmp_path, base, pairs())


# ---------------------------------------------------------------------------------------------- what is written


def test_low_rank_matrices_are_kept_apart_from_their_base(tmp_path, base):
    first = stage("projections", trains=("projections",), steps=1, warmup_steps=0)
    low_rank = stage("low-rank", trains=("projections", "lora"), lora=Lora(r=4), steps=2, warmup_steps=0)
    whole = recipe(first, low_rank, start=str(base), model=None)
    notes = align.run_stages(whole, pairs(), pairs(), tmp_path, lambda _: None)
    saved = {path.name for path in (tmp_path / "2-low-rank" / "checkpoint-2").glob("*.safetensors")}
    assert saved == {"adapter_model.safetensors", "trained.safetensors"}

    model, processor = align.restore(whole, tmp_path, report=lambda _: None)
    examples = pairs()[:2]
    wanted = losses(model.eval(), processor, examples)
    folder = export(model, processor, Trained(whole, notes, Pairs(pairs(), pairs())), tmp_path / "model")
    files = {path.name: path.stat().st_size for path in folder.glob("*.safetensors")}
    assert sum(files.values()) < 0.5 * (base / "model.safetensors").stat().st_size
    loaded, _, manifest = load_checkpoint(folder)
    assert losses(loaded, processor, examples) == pytest.approx(wanted, rel=1e-4)
    assert losses(load_checkpoint(base)[0], processor, examples) != pytest.approx(wanted, rel=1e-4)
    assert manifest["base"]["name"] == "base"
    assert manifest["kinds"].keys() == {"description", "location"}

    merged, _, whole_manifest = load_checkpoint(merge_adapter(folder, tmp_path / "merged"))
    assert losses(merged, processor, examples) == pytest.approx(wanted, rel=1e-4)
    assert "base" not in whole_manifest
    assert whole_manifest["parameters"] == manifest["parameters"]
    with pytest.raises(CheckpointError, match="whole checkpoint folder already"):
        merge_adapter(tmp_path / "merged", tmp_path / "again")


def test_another_base_than_the_one_trained_on_is_refused(tmp_path, base):
    plan = stage("projections", trains=("projections",), steps=1, warmup_steps=0)
    whole = recipe(plan, start=str(base), model=None)
    notes = align.run_stages(whole, pairs(), [], tmp_path, lambda _: None)
    model, processor = align.restore(whole, tmp_path, report=lambda _: None)
    folder = export(model, processor, Trained(whole, notes, Pairs(pairs(), [])), tmp_path / "model")
    model.protein_projection.weight.data += 1
    given = {"name": "other", "revision": "1", "source": "random", "kinds": {}, "licence": "none"}
    other = save_checkpoint(model, processor, tmp_path / "other", given, "# other\n")
    with pytest.raises(CheckpointError, match=r"weights in .*other are others"):
        load_checkpoint(folder, base=other)
    with pytest.raises(CheckpointError, match=r"which is not in .*gone"):
        load_checkpoint(folder, base=tmp_path / "gone")


def test_parts_of_the_same_sizes_are_taken_from_a_start(tmp_path, base):
    wider = replace(SIZES, molecule={**SIZES.molecule, "hidden_size": 48})
    messages: list[str] = []
    model, _ = begin(recipe(stage(), start=str(base), model=wider), tmp_path, [], messages.append)
    source = load_checkpoint(base)[0].state_dict()
    ours = model.state_dict()
    assert torch.equal(ours["language_model.lm_head.weight"], source["language_model.lm_head.weight"])
    assert ours["molecule_projection.weight"].shape != source["molecule_projection.weight"].shape
    assert "drawn at random: " in messages[-1]
    with pytest.raises(InvalidInput, match="neither a start nor a model"):
        begin(recipe(stage(), model=None), tmp_path, [], messages.append)


def test_only_kinds_that_were_measured_are_listed(tmp_path, base):
    plan = stage("one", trains=("projections",), steps=1, warmup_steps=0)
    whole = recipe(plan, start=str(base), model=None)
    given = Pairs(pairs(), pairs()[16:20])
    messages: list[str] = []
    align.check_kinds(whole, given, messages.append)
    assert messages[-1].startswith("no held-out pair of description: the manifest will not list what was not measured")
    trained = Trained(whole, align.run_stages(whole, given.train, given.held_out, tmp_path, messages.append), given)
    manifest = trained.manifest()
    assert {kind: (entry["examples"], entry["trained_on"]) for kind, entry in manifest["kinds"].items()} == {
        "location": (4, 16)
    }
    assert manifest["not_measured"] == ["description"]
    assert manifest["kinds"]["location"]["loss"] > 1


# ---------------------------------------------------------------------------------------------- what is said


def test_what_is_cropped_or_does_not_fit_is_told(tmp_path, base):
    long = [replace(pairs()[16], sequence="MKV" * 60), replace(pairs()[0], answer="word " * 1500)]
    plan = stage("one", trains=("projections",), steps=1)
    whole = recipe(plan, start=str(base), model=None)
    model, processor = begin(whole, tmp_path, [], lambda _: None)
    align.freeze(model, plan, seed=1)
    messages: list[str] = []
    trainer = align.stage_trainer(
        whole, plan, model, processor, [*pairs(), *long], [], tmp_path / "one", messages.append
    )
    assert messages[0] == "1 of 17 proteins are cropped to their first 128 residues"
    assert messages[1].startswith(
        "1 of 34 examples are left out: they are longer than the language model's context of 2,0"
    )
    assert messages[2].startswith("33 examples in ")
    batches: Any = trainer.train_dataset
    seen = [example for batch in batches for example in batch]
    assert max(len(example.sequence) for example in seen) == 128
    with pytest.raises(InvalidInput, match="no example fits into the language model's context"):
        align.stage_trainer(whole, plan, model, processor, long[1:], [], tmp_path / "none", messages.append)


# ---------------------------------------------------------------------------------------------- divergence


@pytest.mark.parametrize(
    ("learning_rate", "warmup_steps", "save_steps", "is_gradual"),
    [(1e9, 0, 2, False), (1e9, 0, 40, False), (300, 60, 2, True)],
)
def test_a_run_that_diverges_stops_and_leaves_no_bad_weights(
    tmp_path, capsys, learning_rate, warmup_steps, save_steps, is_gradual
):
    rates = {"learning_rate": learning_rate, "warmup_steps": warmup_steps}
    wild = stage("wild", weight_decay=0.1, steps=60, save_steps=save_steps, **rates)
    (tmp_path / "recipe.json").write_text(json.dumps(asdict(recipe(wild))), encoding="utf-8")
    output = tmp_path / "run"
    arguments = ["--data", str(table(tmp_path)), "--output", str(output)]
    assert main(["train", "align", str(tmp_path / "recipe.json"), *arguments]) == 2
    errors = capsys.readouterr().err
    assert "has diverged by step" in errors
    assert "Lower learning_rate" in errors
    assert not (output / "model").exists()
    lines = (output / "1-wild" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    for line in lines:
        json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    # A run that diverges at once has nothing to log or save yet.
    assert bool(lines) == bool(list(output.rglob("*.safetensors"))) == is_gradual
    for weights in output.rglob("*.safetensors"):
        assert run.not_finite(load_file(weights).items()) == []


def test_weights_that_are_no_numbers_are_neither_saved_nor_exported(tmp_path, base):
    plan = stage("one", trains=("projections",), steps=4, save_steps=2, warmup_steps=0)
    trainer = trainer_of(plan, tmp_path, base, pairs())

    class Spoil(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
            if state.global_step == 4:
                model.molecule_projection.bias.data[0] = float("inf")

    trainer.add_callback(Spoil())
    with pytest.raises(InvalidInput, match=r"diverged by step 4: weights .*molecule_projection.bias; .*checkpoint-2"):
        trainer.run()
    assert run.resume_point(tmp_path / "one") == tmp_path / "one" / "checkpoint-2"
    model, processor, _ = load_checkpoint(base)
    model.protein_projection.weight.data[0, 0] = float("nan")
    trained = Trained(recipe(plan), [{"held_out": {}, "tokens": 1, "steps": 1}], Pairs(pairs(), []))
    with pytest.raises(CheckpointError, match=r"in protein_projection\.weight"):
        export(model, processor, trained, tmp_path / "model")
    assert not (tmp_path / "model").exists()


# ---------------------------------------------------------------------------------------------- kill and resume

KILLED = """
import os, signal, sys
from pathlib import Path
import torch
from biomed_agent.model.training import align
from biomed_agent.model.training import trainer as run
from tests.helpers.pairs import pairs
from tests.model.training.test_align import two_stages

class Deadly(run.JsonLog):
    def on_step_end(self, args, state, control, **kwargs):
        super().on_step_end(args, state, control, **kwargs)
        if self.file.parent.name == "2-low-rank" and state.global_step == 5:
            os.kill(os.getpid(), signal.SIGKILL)

torch.set_num_threads(1)
run.JsonLog = Deadly
align.run_stages(two_stages(), pairs(), pairs()[:2], Path(sys.argv[1]), lambda _: None)
"""


def two_stages() -> Recipe:
    """Return a recipe with all that a resumed run must bring back: dropout, epochs, a loss with weights of its own."""
    changes: dict[str, Any] = {"batch_tokens": 400, "gradient_accumulation": 2, "repeats": {}, "random_smiles": 0.5}
    first = stage("all", trains=ALL, steps=2, **changes)
    lora = Lora(r=4, dropout=0.2)
    losses = {"answers": 1.0, "structure": 0.1}
    second = stage("low-rank", trains=("projections", "molecule_encoder", "lora"), lora=lora, losses=losses, **changes)
    return recipe(first, replace(second, steps=7, save_steps=2))


def test_a_killed_run_ends_with_the_same_bits(tmp_path):
    logs, weights = {}, {}
    for name in ("whole", "killed"):
        folder = tmp_path / name
        vocabulary(folder)
        if name == "killed":
            root = ROOT
            environment = {**os.environ, "PYTHONPATH": str(root)}
            child = subprocess.run([sys.executable, "-c", KILLED, str(folder)], env=environment, capture_output=True)
            assert child.returncode == -signal.SIGKILL, child.stderr.decode()[-2000:]
            assert run.resume_point(folder / "2-low-rank") == folder / "2-low-rank" / "checkpoint-4"
        notes = align.run_stages(two_stages(), pairs(), pairs()[:2], folder, lambda _: None)
        assert [note["steps"] for note in notes] == [2, 7]
        lines = [run.read_log(folder / part / "log.jsonl") for part in ("1-all", "2-low-rank")]
        logs[name] = [{key: line[key] for key in line if "second" not in key} for part in lines for line in part]
        weights[name] = align.restore(two_stages(), folder, report=lambda _: None)[0].state_dict()
    assert len(logs["whole"]) >= 6
    assert logs["killed"] == logs["whole"]
    assert all(torch.equal(tensor, weights["killed"][name]) for name, tensor in weights["whole"].items())
