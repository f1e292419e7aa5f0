"""Loading in fewer bits: what is shrunk, what stays, and that the answers stay close."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest
import torch
from torch import nn

from biomed_agent.core.errors import Unavailable
from biomed_agent.model.checkpoints.checkpoint import load_checkpoint, save_checkpoint
from biomed_agent.model.connect import EMBEDDED
from biomed_agent.model.contract.generation import Options
from biomed_agent.model.contract.prompt import user_message
from biomed_agent.model.inference.engine import LocalEngine
from biomed_agent.model.inference.placement import Machine, folder_sizes, options, sizes_of
from biomed_agent.model.inference.quantize import loading_options
from tests.helpers.tiny import tiny_config

QUESTION = [user_message("Does it bind?", smiles=["c1ccccc1O"], sequences=["MKVLAGHW"])]
SHORT = Options(max_new_tokens=4)
needs_bitsandbytes = pytest.mark.skipif(
    not importlib.util.find_spec("bitsandbytes"), reason="bitsandbytes is not installed"
)


@pytest.fixture(scope="module")
def folder(tiny_processor, tmp_path_factory):
    """A tiny model whose language model is wide enough for blocks of 64, unlike its protein encoder."""
    from biomed_agent.model import BioMedGPTForConditionalGeneration

    torch.manual_seed(1)
    config = tiny_config(
        tiny_processor, hidden_size=128, intermediate_size=192, num_key_value_heads=4, initializer_range=0.05
    )
    model = BioMedGPTForConditionalGeneration(config).eval()
    manifest = {"name": "wide", "revision": "1", "source": "random", "kinds": {}, "licence": "MIT"}
    return save_checkpoint(model, tiny_processor, tmp_path_factory.mktemp("wide") / "wide", manifest, "# Wide\n")


@pytest.fixture(scope="module")
def exact(folder):
    return LocalEngine(folder, "fp32", device="cpu")


def logits(engine):
    with torch.no_grad():
        return engine.model(**engine.processor([QUESTION])).logits.float().flatten()


@needs_bitsandbytes
@pytest.mark.parametrize(("load_in", "closeness"), [("bf16", 0.999), ("8bit", 0.999), ("4bit", 0.9)])
def test_logits_stay_close(folder, exact, load_in, closeness):
    engine = LocalEngine(folder, load_in, device="cpu")
    assert torch.cosine_similarity(logits(engine), logits(exact), dim=0) > closeness
    assert engine.generate(QUESTION, SHORT).new_tokens > 0
    assert engine.load_in == load_in


@needs_bitsandbytes
@pytest.mark.parametrize("load_in", ["8bit", "4bit"])
def test_only_the_large_linear_layers_are_shrunk(folder, load_in):
    import bitsandbytes

    model = LocalEngine(folder, load_in, device="cpu").model
    kind = getattr(bitsandbytes.nn, {"8bit": "Linear8bitLt", "4bit": "Linear4bit"}[load_in])
    shrunk = {name for name, layer in model.named_modules() if isinstance(layer, kind)}
    linear = {name for name, layer in model.named_modules() if isinstance(layer, nn.Linear)}
    assert {name for name in shrunk if "layers" not in name and "layer" not in name} == set()
    assert {name.split(".")[0] for name in shrunk} == {"language_model", "protein_encoder"}
    assert len(shrunk) == 2 * 7 + 2 * 6
    assert {name.split(".")[-1] for name in linear - shrunk} == {
        "0", "2", "molecule_projection", "protein_projection", "lm_head", "regression"
    }  # fmt: skip
    parameters = dict(model.named_parameters())
    assert parameters["molecule_projection.weight"].dtype == parameters["molecule_encoder.layers.0.mlp.0.weight"].dtype
    assert parameters["molecule_projection.weight"].dtype == torch.float32
    assert parameters["language_model.lm_head.weight"].dtype == torch.bfloat16


@needs_bitsandbytes
@pytest.mark.parametrize("load_in", ["fp32", "bf16", "8bit", "4bit"])
def test_weights_take_the_bytes_that_placement_counts(folder, load_in):
    model, _, _ = load_checkpoint(folder, device_map={"": "cpu"}, **loading_options(load_in))
    # In 8 and 4 bits scales and constants come on top, which are not parameters; they are counted for 4 bits.
    held = sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
    assert held == pytest.approx(folder_sizes(folder).weights(load_in), rel=0.02)


def test_parameters_of_a_configuration_are_those_of_the_model(folder, tiny_folder, tiny_processor):
    from biomed_agent.model import BioMedGPTForConditionalGeneration

    for path in (folder, tiny_folder):
        sizes = folder_sizes(path)
        model, _, manifest = load_checkpoint(path)
        assert sizes.parameters == manifest["parameters"]
        assert sizes_of(model.config.to_dict(), "x").parameters == manifest["parameters"]
        encoder = sum(parameter.numel() for parameter in model.protein_encoder.parameters())
        assert sizes.protein_encoder.parameters == encoder
    tied = BioMedGPTForConditionalGeneration(tiny_config(tiny_processor, tie_word_embeddings=True))
    assert sizes_of(tied.config.to_dict(), "x").parameters == tied.num_parameters()


def test_a_split_names_every_parameter_once(tiny_folder, tiny_model):
    split = options(folder_sizes(tiny_folder), Machine(2**40, (2**20, 2**20)))[1].device_map
    for name, _ in (*tiny_model.named_parameters(), *tiny_model.named_buffers()):
        assert sum(name.startswith(f"{module}.") for module in split) == 1, name


@pytest.mark.parametrize("what", ["the encoder in RAM", "layers on two GPUs"])
def test_a_model_in_several_places_gives_the_same_answer(folder, exact, what, tmp_path):
    sizes = folder_sizes(folder)
    if what == "the encoder in RAM":
        device_map = next(
            option.device_map for option in options(sizes, Machine(2**40, (2**20,))) if len(option.needs) == 2
        )
        places = {0: "cpu", "cpu": "disk"}
    else:
        # Full after the first layer: the second, the output matrix and the protein encoder go on.
        first = options(sizes, Machine(2**40, (2**20,)))[0].needs[0] - sizes.language_model.size("bf16") // 2
        device_map = options(sizes, Machine(2**40, (first, first)))[1].device_map
        places = {0: "cpu", 1: "disk"}
    assert set(device_map.values()) == set(places)
    # What a CPU has for a second device is a file that is read when it is needed.
    placed = {module: places[device] for module, device in device_map.items()}
    model, processor, _ = load_checkpoint(folder, device_map=placed, offload_folder=str(tmp_path))
    assert next(model.protein_encoder.parameters()).device.type == "meta"
    with torch.no_grad():
        assert torch.equal(model(**processor([QUESTION])).logits.flatten(), logits(exact))
    ids = model.generate(**processor([QUESTION]), max_new_tokens=4, do_sample=False)
    assert processor.decode(ids[0]) == exact.generate(QUESTION, SHORT).text


LOADS_AND_ANSWERS = """
import sys
from biomed_agent.model.contract.generation import Options
from biomed_agent.model.contract.prompt import user_message
from biomed_agent.model.local import LocalModel

question = [user_message("Does it bind?", smiles=["c1ccccc1O"], sequences=["MKVLAGHW"])]
for load_in in ("8bit", "4bit"):
    assert LocalModel(sys.argv[1], load_in).generate(question, Options(max_new_tokens=4)).new_tokens
"""


@needs_bitsandbytes
def test_nothing_is_printed(tiny_folder):
    # In a process of its own: there the libraries are imported for the first time, and nothing else may speak up.
    command = [sys.executable, "-c", LOADS_AND_ANSWERS, str(tiny_folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_bitsandbytes
@pytest.mark.skipif(not (EMBEDDED / "manifest.json").is_file(), reason="the embedded model is not built")
@pytest.mark.parametrize("load_in", ["bf16", "8bit", "4bit"])
def test_the_embedded_model_says_something_in_fewer_bits(load_in):
    engine = LocalEngine(EMBEDDED, load_in, device="cpu")
    answer = engine.generate([user_message("What is this?", smiles=["CCO"], sequences=["MKVLAGHW"])], SHORT)
    assert 0 < answer.new_tokens <= 4


def test_a_missing_library_is_named(tiny_folder, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: name != "bitsandbytes" and find(name, *more))
    with pytest.raises(Unavailable, match=r"8bit needs bitsandbytes.*biomed-agent\[quant\]"):
        LocalEngine(tiny_folder, "8bit", device="cpu")


def test_no_kernel_is_fetched_while_bitsandbytes_is_imported(tmp_path, monkeypatch):
    (tmp_path / "bitsandbytes.py").write_text("import kernels\n", encoding="utf-8")
    (tmp_path / "kernels.py").write_text("raise AssertionError('it would fetch code')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "bitsandbytes", raising=False)
    with pytest.raises(Unavailable, match="import of kernels halted"):
        loading_options("4bit")
    assert "kernels" not in sys.modules
