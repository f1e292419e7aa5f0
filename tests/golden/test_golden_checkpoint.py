"""The key layout of the reference implementation, at the recorded and at the released sizes."""

from __future__ import annotations

import pytest
import torch

from biomed_agent.core.errors import CheckpointError
from biomed_agent.model import BioMedGPTConfig, BioMedGPTForConditionalGeneration
from biomed_agent.model.checkpoints.checkpoint import load_reference, load_reference_state_dict, reference_key


def meta_state(layout):
    return {
        key: torch.empty(shape, dtype=getattr(torch, dtype), device="meta") for key, (shape, dtype) in layout.items()
    }


def config_of(shapes):
    """Return the configuration that has these shapes."""
    esm, llm = "prot_structure_encoder.encoder.layer", "llm.model.layers"
    esm_layers = len({key.split(".")[3] for key in shapes if key.startswith(esm)})
    llm_layers = len({key.split(".")[3] for key in shapes if key.startswith(llm)})
    vocab_size, width = shapes["llm.model.embed_tokens.weight"]
    return BioMedGPTConfig(
        molecule_config={
            "hidden_size": shapes["mol_structure_encoder.x_embedding1.weight"][1],
            "num_hidden_layers": len({key for key in shapes if key.endswith("edge_embedding1.weight")}),
        },
        protein_config={
            "vocab_size": shapes["prot_structure_encoder.embeddings.word_embeddings.weight"][0],
            "hidden_size": shapes[f"{esm}.0.output.dense.bias"][0],
            "intermediate_size": shapes[f"{esm}.0.intermediate.dense.bias"][0],
            "num_hidden_layers": esm_layers,
            "num_attention_heads": shapes["prot_structure_encoder.contact_head.regression.weight"][1] // esm_layers,
        },
        text_config={
            "model_type": "llama",
            "vocab_size": vocab_size,
            "hidden_size": width,
            "intermediate_size": shapes[f"{llm}.0.mlp.gate_proj.weight"][0],
            "num_hidden_layers": llm_layers,
            "num_attention_heads": width // (2 * shapes[f"{llm}.0.self_attn.rotary_emb.inv_freq"][0]),
        },
    )


@pytest.mark.parametrize("size", ["tiny", "real"])
def test_every_key_of_the_reference_has_its_place(golden, size):
    layout = golden.records(f"state_dict_{size}")
    with torch.device("meta"):
        model = BioMedGPTForConditionalGeneration(config_of({key: shape for key, (shape, _) in layout.items()}))
    ours = {reference_key(key) for key in layout} - {None}
    assert ours <= set(model.state_dict())
    load_reference_state_dict(model, meta_state(layout))  # raises on a missing key or another shape


def test_a_foreign_or_missing_file_is_an_error(golden, tmp_path):
    folders = (golden.folder / "llm", golden.folder / "esm")
    with pytest.raises(CheckpointError, match=r"nothing\.pth"):
        load_reference(tmp_path / "nothing.pth", *folders)
    torch.save({"weight": torch.zeros(1)}, tmp_path / "foreign.pth")
    with pytest.raises(CheckpointError, match=r"foreign\.pth holds no llm"):
        load_reference(tmp_path / "foreign.pth", *folders)


def test_a_file_that_would_run_code_is_refused(golden, tmp_path):
    class Trap:
        def __reduce__(self):
            return print, ("code ran",)

    torch.save({"llm.model.embed_tokens.weight": Trap()}, tmp_path / "trap.pth")
    with pytest.raises(CheckpointError, match=r"trap\.pth"):
        load_reference(tmp_path / "trap.pth", golden.folder / "llm", golden.folder / "esm")


def test_in_half_precision_only_the_two_large_models_are(golden):
    model, _ = load_reference(
        golden.folder / "biomedgpt_tiny.pth", golden.folder / "llm", golden.folder / "esm", dtype=torch.bfloat16
    )
    small = ("molecule_encoder.", "molecule_projection.", "protein_projection.")
    for name, parameter in model.named_parameters():
        assert parameter.dtype == (torch.float32 if name.startswith(small) else torch.bfloat16), name
    for name, value in model.state_dict().items():
        if name.startswith(small):
            assert torch.equal(value, golden.model.state_dict()[name]), name
