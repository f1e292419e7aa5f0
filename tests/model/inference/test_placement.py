"""What fits where: sizes against the recorded shapes of the released model, and a table of machines."""

from __future__ import annotations

import json
import math
import re
from collections import Counter

import pytest

from biomed_agent.core.errors import CheckpointError, InvalidInput, Unavailable
from biomed_agent.model.inference.placement import (
    GIB,
    KNOWN_MODELS,
    Machine,
    Option,
    choose,
    named_sizes,
    options,
    sizes_of,
)
from tests.helpers.places import GOLDEN

SHAPES = GOLDEN / "state_dict_real.json"
LARGE = named_sizes("biomedgpt-10b")
# What the reference stores and this package does not: buffers, and ESM tables that take no part in any number.
NO_PARAMETER = re.compile(r"inv_freq|running_|num_batches_tracked|pooler|position_embeddings")


def gpus(*sizes: float) -> tuple[int, ...]:
    """Free bytes of GPUs sold with so many GB: 4 % less than the GiB that the name promises."""
    return tuple(int(size * 0.96 * GIB) for size in sizes)


def machine(ram: float, *cards: float, bf16: bool = False, gpu_bf16: bool = True) -> Machine:
    return Machine(int(ram * 0.85 * GIB), gpus(*cards), bf16, gpu_bf16)


def first(choices: list[Option]) -> Option | None:
    return next((option for option in choices if option.fits), None)


def test_parameters_are_those_of_the_released_model() -> None:
    recorded: Counter[str] = Counter()
    for key, (shape, _) in json.loads(SHAPES.read_text(encoding="utf-8")).items():
        if not NO_PARAMETER.search(key):
            recorded[key.split(".")[0]] += math.prod(shape)
    assert LARGE.language_model.parameters == recorded["llm"] == 6_738_423_808
    assert LARGE.protein_encoder.parameters == recorded["prot_structure_encoder"]
    assert LARGE.molecule_encoder.parameters == recorded["mol_structure_encoder"]
    assert LARGE.projections.parameters == recorded["proj_mol"] + recorded["proj_prot"]


def test_sizes_of_llama_2_7b() -> None:
    assert LARGE.kv_cache("bf16", 1) == 2**19
    assert LARGE.language_model.size("bf16") == 2 * 6_738_423_808
    assert LARGE.projections.size("bf16") == LARGE.projections.size("4bit") == 4 * LARGE.projections.parameters
    assert LARGE.language_model.size("8bit") / GIB == pytest.approx(6.52, abs=0.01)
    assert LARGE.weights("4bit") < LARGE.weights("8bit") < LARGE.weights("bf16") < LARGE.weights("fp32")


@pytest.mark.parametrize(
    ("machine", "load_in", "where"),
    [
        (machine(16), "8bit", "CPU"),
        (machine(8), None, None),
        (machine(10), "4bit", "CPU"),
        (machine(32), "bf16", "CPU"),
        (machine(64), "fp32", "CPU"),
        (machine(64, bf16=True), "bf16", "CPU"),
        (machine(32, 4), "bf16", "CPU"),
        (machine(8, 6), None, None),
        (machine(32, 8), "4bit", "GPU 0"),
        (machine(32, 12), "8bit", "GPU 0"),
        (machine(32, 16), "bf16", "GPU 0, the protein encoder in RAM"),
        (machine(6, 16), "8bit", "GPU 0"),
        (machine(32, 24), "bf16", "GPU 0"),
        (machine(64, 40), "bf16", "GPU 0"),
        (machine(64, 80), "bf16", "GPU 0"),
        (machine(64, 141), "bf16", "GPU 0"),
        (machine(64, 24, 24), "bf16", "GPU 0"),
        (machine(64, 8, 24), "bf16", "GPU 1"),
        (machine(8, 12, 12), "bf16", "GPUs 0, 1 together"),
        (machine(8, 8, 8, 8), "bf16", "GPUs 0, 1, 2 together"),
        (machine(8, 6, 6), "4bit", "GPUs 0, 1 together"),
        (machine(8, 80, gpu_bf16=False), "fp32", "GPU 0"),
        (machine(8, 24, gpu_bf16=False), "bf16", "GPU 0"),
        (machine(8, 24, 24, gpu_bf16=False), "fp32", "GPUs 0, 1 together"),
        (machine(8, 12, gpu_bf16=False), "8bit", "GPU 0"),
    ],
    ids=str,
)
def test_the_released_model_on_a_table_of_machines(machine: Machine, load_in: str | None, where: str | None) -> None:
    best = first(options(LARGE, machine))
    assert (best and best.load_in, best and best.where) == (load_in, where)


def test_a_split_model_uses_no_gpu_beyond_what_it_has() -> None:
    both = machine(8, 12, 12)
    best = first(options(LARGE, both))
    assert best is not None
    assert all(best.needs[number] <= free for number, free in enumerate(both.gpus))
    assert best.device_map["molecule_encoder"] == best.device_map["language_model.model.embed_tokens"] == 0
    assert best.device_map["protein_encoder"] == 1
    layers = [best.device_map[f"language_model.model.layers.{number}"] for number in range(32)]
    assert layers == sorted(layers)
    assert "" not in best.device_map
    # The work space is needed on each, everything else once.
    work = 2 * (LARGE.activations("bf16", 2048) + int(0.75 * GIB))
    once = LARGE.weights("bf16") + LARGE.kv_cache("bf16", 2048)
    assert sum(best.needs.values()) == pytest.approx(once + work, rel=1e-6)


def test_longer_conversations_need_more() -> None:
    card = machine(8, 24)
    assert first(options(LARGE, card, tokens=2048)).where == "GPU 0"  # type: ignore[union-attr]
    assert first(options(LARGE, card, tokens=4096)).load_in == "bf16"  # type: ignore[union-attr]
    assert options(LARGE, card, tokens=4096)[0].needs[0] - options(LARGE, card, tokens=2048)[0].needs[0] == (
        LARGE.kv_cache("bf16", 2048) + LARGE.activations("bf16", 2048)
    )


def test_a_gpu_is_chosen_in_bfloat16_unless_told_otherwise() -> None:
    assert choose(LARGE, machine(8, 24)).device_map == {"": 0}
    assert choose(LARGE, machine(8, 24)).load_in == "bf16"
    assert choose(LARGE, machine(8, 12), "8bit").device_map == {"": 0}
    assert choose(LARGE, machine(32, 48), "fp32").device_map == {"": 0}
    assert choose(LARGE, machine(32, 16)).device_map["protein_encoder"] == "cpu"


def test_bfloat16_comes_first_only_where_the_processor_multiplies_it() -> None:
    def order(machine: Machine, where: str) -> list[str]:
        return [option.load_in for option in options(LARGE, machine) if option.where == where]

    assert order(machine(64, bf16=True), "CPU") == ["bf16", "fp32", "8bit", "4bit"]
    assert order(machine(64), "CPU") == ["fp32", "bf16", "8bit", "4bit"]
    assert order(machine(64, 80), "GPU 0") == ["bf16", "8bit", "4bit"]
    assert order(machine(64, 80, gpu_bf16=False), "GPU 0") == ["fp32", "bf16", "8bit", "4bit"]


def test_a_placement_says_what_bfloat16_costs() -> None:
    def notes(machine: Machine, where: str) -> dict[str, str]:
        return {option.load_in: option.note for option in options(LARGE, machine) if option.where == where}

    lacking = "this CPU is not known to have bf16 instructions"
    assert notes(machine(64), "CPU") == {
        "fp32": "",
        "bf16": f"half the memory of fp32, but slower for long prompts and several samples: {lacking}",
        "8bit": f"computes in bf16: {lacking}",
        "4bit": f"computes in bf16: {lacking}",
    }
    assert set(notes(machine(64, bf16=True), "CPU").values()) == {""}
    assert set(notes(machine(64, 80), "GPU 0").values()) == {""}
    emulated = notes(machine(64, 80, gpu_bf16=False), "GPU 0")
    assert emulated["fp32"] == ""
    assert emulated["bf16"].startswith("half the memory of fp32, but slower")
    assert emulated["bf16"].endswith("a GPU here has no bf16 units and emulates them")
    split = notes(machine(32, 16, gpu_bf16=False), "GPU 0, the protein encoder in RAM")["bf16"]
    assert split.startswith("each protein question copies the encoder over the bus once; half the memory of fp32")


def test_a_gpu_that_emulates_bfloat16_takes_it_where_float32_is_too_big() -> None:
    assert choose(LARGE, machine(8, 80, gpu_bf16=False)).load_in == "fp32"
    assert choose(LARGE, machine(8, 24, gpu_bf16=False)).load_in == "bf16"
    assert choose(LARGE, machine(8, 24, 24, gpu_bf16=False)).where == "GPUs 0, 1 together"
    assert choose(LARGE, machine(8, 80, gpu_bf16=False), "bf16").load_in == "bf16"
    with pytest.raises(Unavailable, match="biomedgpt-10b in bf16 needs"):
        choose(LARGE, machine(64, 12, gpu_bf16=False))


@pytest.mark.parametrize("bf16", [True, False])
def test_a_cpu_answers_in_float32_unless_asked_otherwise(bf16: bool) -> None:
    assert choose(LARGE, machine(64, bf16=bf16)).load_in == "fp32"
    assert choose(LARGE, machine(32, bf16=bf16), "bf16").load_in == "bf16"


def test_what_does_not_fit_is_refused_with_numbers() -> None:
    with pytest.raises(Unavailable, match=r"biomedgpt-10b in bf16 needs 1\d\.\d GiB on GPU 0, which has 11\.5 GiB"):
        choose(LARGE, machine(32, 12))
    with pytest.raises(Unavailable, match="on the CPU"):
        choose(LARGE, machine(32))


def test_a_cpu_may_be_tight_and_may_be_unknown() -> None:
    weights = LARGE.weights("fp32")
    assert choose(LARGE, Machine(weights)).device_map == {"": "cpu"}
    assert choose(LARGE, Machine(0)).device_map == {"": "cpu"}
    with pytest.raises(Unavailable):
        choose(LARGE, Machine(weights - 1))


def test_known_totals_correct_the_arithmetic_for_other_language_models() -> None:
    config = KNOWN_MODELS["biomedgpt-10b"]
    assert sizes_of(config, "x", LARGE.parameters) == sizes_of(config, "x")
    assert sizes_of(config, "x", LARGE.parameters + 7).language_model.matrices == LARGE.language_model.matrices + 7


def test_unknown_models_and_configurations_are_named() -> None:
    with pytest.raises(InvalidInput, match="biomedgpt-10b"):
        named_sizes("biomedgpt-11b")
    with pytest.raises(CheckpointError, match="text_config"):
        sizes_of({"molecule_config": {}, "protein_config": {}}, "x")
