"""Protein tokens and their vectors against the reference implementation."""

from __future__ import annotations

import pytest
import torch

from biomed_agent.core.errors import InvalidInput
from biomed_agent.model.network.processing import pad_rows


def encode(golden, sequence):
    ids = torch.tensor([golden.processor.encode_protein(sequence)])
    return golden.model.protein_encoder(ids, attention_mask=torch.ones_like(ids)).last_hidden_state[0]


def records(golden):
    """All records but the empty sequence, which is an error here and ``<cls><eos>`` in the reference."""
    recorded = golden.records("proteins")["records"]
    return [record for record in recorded if record["sequence"].strip() and not record["error"]]


def test_token_ids(golden):
    for record in records(golden):
        ids = golden.processor.encode_protein(record["sequence"])
        assert ids == record["input_ids"] and len(ids) == record["n_tokens"], record["name"]


def test_an_empty_sequence_is_invalid(golden):
    with pytest.raises(InvalidInput, match="0 residues"):
        golden.processor.encode_protein("")


def test_a_truncated_protein_is_reported(golden):
    for record in records(golden):
        note = golden.processor.truncation_note(record["sequence"])
        residues = len("".join(record["sequence"].split()))
        assert bool(note) == (residues > 1022), record["name"]


def test_hidden_and_projected_vectors(golden, close):
    arrays, project = golden.arrays("proteins"), golden.model.protein_projection
    for record in records(golden):
        name = record["name"]
        hidden = encode(golden, record["sequence"])
        projected = project(hidden)
        if f"{name}/hidden" in arrays:
            assert close(hidden, arrays[f"{name}/hidden"]), name
            assert close(projected, arrays[f"{name}/proj"]), name
        else:
            rows = record["rows"] if "rows" in record else arrays[f"{name}/rows"]
            assert close(hidden[rows], arrays[f"{name}/hidden_rows"]), name
            assert close(projected[rows], arrays[f"{name}/proj_rows"]), name
            assert close(hidden.mean(dim=0), arrays[f"{name}/hidden_mean"]), name
            assert close(projected.mean(dim=0), arrays[f"{name}/proj_mean"]), name


def test_every_layer(golden, close):
    recorded, arrays = golden.records("proteins"), golden.arrays("proteins")
    name = recorded["trace"]
    sequence = next(record["sequence"] for record in recorded["records"] if record["name"] == name)
    ids = torch.tensor([golden.processor.encode_protein(sequence)])
    output = golden.model.protein_encoder(ids, attention_mask=torch.ones_like(ids), output_hidden_states=True)
    seen = [*output.hidden_states[:-1], output.last_hidden_state]  # the last one after the final norm
    assert len(seen) == sum(key.startswith(f"trace/{name}/") for key in arrays)
    for number, hidden in enumerate(seen):
        assert close(hidden[0], arrays[f"trace/{name}/hidden_states_{number}"]), number


def test_a_padded_batch(golden, close):
    recorded, arrays = golden.records("proteins"), golden.arrays("proteins")
    by_name = {record["name"]: record for record in recorded["records"]}
    rows = [golden.processor.encode_protein(by_name[name]["sequence"]) for name in recorded["batch"]]
    ids = pad_rows(rows, golden.processor.protein_tokenizer.pad_token_id, "right")
    mask = pad_rows([[1] * len(row) for row in rows], 0, "right")
    assert ids.tolist() == arrays["batch/input_ids"].tolist()
    assert mask.tolist() == arrays["batch/attention_mask"].tolist()
    hidden = golden.model.protein_encoder(ids, attention_mask=mask).last_hidden_state
    assert close(hidden[mask.bool()], arrays["batch/hidden"][mask.bool().numpy()])
