from __future__ import annotations

import json
import logging
import subprocess
import sys

import pytest
import torch

from biomed_agent.core.errors import CheckpointError
from biomed_agent.model.checkpoints import adapter
from biomed_agent.model.checkpoints.checkpoint import (
    load_checkpoint,
    load_reference_state_dict,
    reference_key,
    save_checkpoint,
)
from biomed_agent.model.contract.manifest import read_manifest, stamp_of, verify_manifest

GIVEN = {"name": "m", "revision": "1", "source": "s", "kinds": {}, "licence": "MIT"}


def to_reference(name):
    """Return the reference implementation's name of one of our parameters (the inverse, written out)."""
    parts = name.split(".")
    if name.startswith("molecule_encoder.layers.") and parts[3] == "batch_norm":
        return f"mol_structure_encoder.batch_norms.{parts[2]}.{parts[4]}"
    for ours, theirs in (
        ("molecule_encoder.layers.", "mol_structure_encoder.gnns."),
        ("molecule_encoder.atom_embedding", "mol_structure_encoder.x_embedding1"),
        ("molecule_encoder.chirality_embedding", "mol_structure_encoder.x_embedding2"),
        (".bond_embedding", ".edge_embedding1"),
        (".direction_embedding", ".edge_embedding2"),
        ("protein_encoder.", "prot_structure_encoder."),
        ("language_model.", "llm."),
        ("molecule_projection", "proj_mol"),
        ("protein_projection", "proj_prot"),
    ):
        name = name.replace(ours, theirs)
    return name


@pytest.fixture
def reference_state(tiny_model):
    return {to_reference(name): value.clone() for name, value in tiny_model.state_dict().items()}


def fresh(tiny_model):
    from biomed_agent.model import BioMedGPTForConditionalGeneration

    return BioMedGPTForConditionalGeneration(tiny_model.config)


def test_the_reference_layout_loads(tiny_model, reference_state):
    unused = torch.zeros(1)
    reference_state |= {
        "prot_structure_encoder.pooler.dense.weight": unused,
        "prot_structure_encoder.embeddings.position_ids": unused,
        "prot_structure_encoder.embeddings.position_embeddings.weight": unused,
        "prot_structure_encoder.encoder.layer.0.attention.self.rotary_embeddings.inv_freq": unused,
        "llm.model.layers.0.self_attn.rotary_emb.inv_freq": unused,
    }
    model = fresh(tiny_model)
    load_reference_state_dict(model, reference_state)
    want = tiny_model.state_dict()
    for name, value in model.state_dict().items():
        assert torch.equal(value, want[name]), name


def test_the_unused_contact_head_may_be_missing(tiny_model, reference_state):
    without = {key: value for key, value in reference_state.items() if "contact_head" not in key}
    assert len(without) < len(reference_state)
    load_reference_state_dict(fresh(tiny_model), without)


def test_half_precision_weights_are_accepted(tiny_model, reference_state):
    model = fresh(tiny_model)
    half = {name: value.half() if value.is_floating_point() else value for name, value in reference_state.items()}
    load_reference_state_dict(model, half)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    want = tiny_model.get_input_embeddings().weight
    assert torch.equal(model.get_input_embeddings().weight, want.half().float())


def test_missing_unexpected_and_misshapen_keys_are_named(tiny_model, reference_state):
    del reference_state["proj_mol.bias"]
    reference_state["llm.model.extra"] = torch.zeros(1)
    reference_state["proj_prot.bias"] = torch.zeros(3)
    with pytest.raises(CheckpointError) as caught:
        load_reference_state_dict(tiny_model, reference_state)
    for message in (
        "missing: proj_mol.bias",
        "unexpected: llm.model.extra",
        "proj_prot.bias (3,) instead of (32,)",
    ):
        assert message in str(caught.value)


def test_keys_that_no_number_depends_on_are_left_out():
    assert reference_key("prot_structure_encoder.pooler.dense.weight") is None
    assert reference_key("proj_mol.weight") == "molecule_projection.weight"
    assert reference_key("optimizer.step") == "optimizer.step"


def test_a_folder_holds_everything_and_loads_again(tiny_folder, tiny_model):
    assert not tiny_folder.with_name("tiny.partial").exists()
    model, processor, manifest = load_checkpoint(tiny_folder)
    assert not model.training
    before, after = tiny_model.state_dict(), model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert processor.molecule_token_id == model.config.molecule_token_id
    assert manifest == verify_manifest(tiny_folder)
    assert {"config.json", "generation_config.json", "model.safetensors", "README.md"} <= set(manifest["files"])
    assert manifest["parameters"] == model.num_parameters()
    assert manifest["prompt_style"] == "reference"
    assert manifest["digest"] == manifest["files"]["model.safetensors"]


def test_the_stamp_says_which_model_it_is(tiny_folder):
    stamp = stamp_of(read_manifest(tiny_folder))
    assert (stamp.name, stamp.revision, stamp.kinds, stamp.demonstration) == ("tiny", "1", ("description",), True)
    assert len(stamp.digest) == 64


def test_an_existing_folder_is_not_overwritten(tiny_folder, tiny_model, tiny_processor):
    with pytest.raises(CheckpointError, match="exists already"):
        save_checkpoint(tiny_model, tiny_processor, tiny_folder, GIVEN, "")


def test_an_incomplete_manifest_is_refused_before_anything_is_written(tiny_model, tiny_processor, tmp_path):
    with pytest.raises(CheckpointError, match="lacks kinds, licence"):
        save_checkpoint(tiny_model, tiny_processor, tmp_path / "m", dict(list(GIVEN.items())[:3]), "")
    assert list(tmp_path.iterdir()) == []


def test_alteration_loss_and_addition_are_found(tiny_model, tiny_processor, tmp_path):
    folder = save_checkpoint(tiny_model, tiny_processor, tmp_path / "m", GIVEN, "card")
    (folder / "README.md").write_text("other", encoding="utf-8")
    (folder / "generation_config.json").unlink()
    (folder / "extra.txt").write_text("x", encoding="utf-8")
    with pytest.raises(CheckpointError) as caught:
        verify_manifest(folder)
    for message in ("README.md is altered", "generation_config.json is missing", "extra.txt is not listed"):
        assert message in str(caught.value)
    with pytest.raises(CheckpointError, match=r"lacks generation_config\.json"):
        load_checkpoint(folder)


def test_what_is_no_checkpoint_is_an_error(tmp_path):
    with pytest.raises(CheckpointError, match=r"manifest\.json"):
        load_checkpoint(tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps({"name": "x"}), encoding="utf-8")
    with pytest.raises(CheckpointError, match="lacks revision"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text("[]", encoding="utf-8")
    with pytest.raises(CheckpointError):
        read_manifest(tmp_path)


def test_reading_a_manifest_needs_no_torch(tiny_folder):
    code = (
        "import sys; import biomed_agent.model; from biomed_agent.model.contract.manifest import verify_manifest; "
        f"verify_manifest({str(tiny_folder)!r}); assert not {{'torch', 'transformers'}} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_peft_is_imported_without_a_remark_on_a_kernel_that_nothing_here_needs(caplog):
    bitsandbytes = logging.getLogger("bitsandbytes.backends.cpu.ops")
    with adapter._silent():
        bitsandbytes.warning("Failed to load CPU gemm_4bit_forward from kernels-community: %s.", "none")
        bitsandbytes.warning("Something else.")
    bitsandbytes.warning("Failed to load CPU gemm_4bit_forward later.")
    assert caplog.messages == ["Something else.", "Failed to load CPU gemm_4bit_forward later."]
