"""The language model alone, losses and gradients against the reference implementation."""

from __future__ import annotations

import torch

from biomed_agent.model.checkpoints.checkpoint import reference_key
from biomed_agent.model.network.featurize import MolecularGraph
from biomed_agent.model.network.processing import IGNORED, pad_rows
from tests.golden.reference import batch_of, rows_of


def test_the_language_model_alone(golden, close):
    arrays = golden.arrays("llm")
    output = golden.model(input_ids=torch.from_numpy(arrays["input_ids"]).long(), output_hidden_states=True)
    assert close(output.logits[0], arrays["logits"])
    assert len(output.hidden_states) == sum(key.startswith("hidden_states_") for key in arrays)
    for number, hidden in enumerate(output.hidden_states):
        assert close(hidden[0], arrays[f"hidden_states_{number}"]), number


def test_a_right_padded_batch(golden, close):
    arrays = golden.arrays("llm")
    mask = torch.from_numpy(arrays["pad_batch/attention_mask"]).long()
    ids = torch.from_numpy(arrays["pad_batch/input_ids"]).long()
    logits = golden.model(input_ids=ids, attention_mask=mask).logits
    assert close(logits[mask.bool()], arrays["pad_batch/logits"][mask.bool().numpy()])


def padded_proteins(golden, record):
    """Whether the proteins of a batch differ in length, so that the reference feeds padding to the language model."""
    return len({len(golden.processor.encode_protein(sequence)) for sequence in record["proteins"]}) > 1


def test_losses(golden):
    # The records without padded proteins, as the product reads them; the test below takes all of them.
    checked = 0
    for record in golden.records("loss")["records"]:
        if padded_proteins(golden, record):
            continue
        prompts = rows_of(golden, record)
        targets = [golden.processor.encode_answer(text) for text in record["text_outputs"]]
        rows = [(row + target, structures) for (row, structures), target in zip(prompts, targets, strict=True)]
        labels = [[IGNORED] * len(row) + target for (row, _), target in zip(prompts, targets, strict=True)]
        batch = batch_of(golden, rows, "right")
        assert pad_rows(labels, IGNORED, "right").tolist() == record["labels"], record["name"]
        assert batch["attention_mask"].tolist() == record["attention_mask"], record["name"]
        loss = golden.model(**batch, labels=pad_rows(labels, IGNORED, "right")).loss.item()
        assert abs(loss - record["loss"]) <= 1e-5 * max(1, record["loss"]), record["name"]
        checked += 1
    assert checked > 0


def as_the_reference_feeds_it(golden, record):
    """Return input vectors, mask and labels of a batch, protein padding included at unmasked positions."""
    model, embed = golden.model, golden.model.get_input_embeddings()
    prompts = rows_of(golden, record)
    batch = batch_of(golden, prompts, "right")
    proteins = iter(())
    if record["proteins"]:
        hidden = model.protein_encoder(batch["protein_input_ids"], attention_mask=batch["protein_attention_mask"])
        proteins = iter(model.protein_projection(hidden.last_hidden_state))
    vectors, labels = [], []
    for (row, structures), text in zip(prompts, record["text_outputs"], strict=True):
        pieces, rest = [], row
        for structure in structures:
            if isinstance(structure, MolecularGraph):
                slot, count = golden.processor.molecule_token_id, len(structure.atoms)
                features = model.get_molecule_features(*(torch.from_numpy(array) for array in structure))
            else:
                slot, count = golden.processor.protein_token_id, len(structure)
                features = next(proteins)
            start = rest.index(slot)
            pieces += [embed(torch.tensor(rest[:start])), features]
            rest = rest[start + count :]
        target = golden.processor.encode_answer(text)
        vectors.append(torch.cat([*pieces, embed(torch.tensor(rest + target))]))
        labels.append([IGNORED] * (len(vectors[-1]) - len(target)) + target)
    # What stands at the padding is masked on both sides and cannot matter.
    embeds = torch.nn.utils.rnn.pad_sequence(vectors, batch_first=True)
    return embeds, pad_rows([[1] * len(row) for row in vectors], 0, "right"), pad_rows(labels, IGNORED, "right")


def test_losses_of_every_batch_as_the_reference_feeds_it(golden, close):
    arrays, compared = golden.arrays("loss"), 0
    for record in golden.records("loss")["records"]:
        name = record["name"]
        embeds, mask, labels = as_the_reference_feeds_it(golden, record)
        assert list(embeds.shape) == record["embeds_shape"], name
        assert labels.tolist() == record["labels"], name
        assert mask.tolist() == record["attention_mask"], name
        loss = golden.model(inputs_embeds=embeds, attention_mask=mask, labels=labels).loss.item()
        assert abs(loss - record["loss"]) <= 1e-5 * max(1, record["loss"]), name
        if f"{name}/inputs_embeds" in arrays:
            stride = record["inputs_embeds_stride"]
            shown = mask[:, ::stride].bool()
            assert close(embeds[:, ::stride][shown], arrays[f"{name}/inputs_embeds"][shown.numpy()]), name
            compared += 1
    assert compared > 0


def test_gradients_of_the_projections(golden, close):
    arrays, model, compared = golden.arrays("loss"), golden.model, 0
    for record in golden.records("loss")["records"]:
        recorded = [key for key in arrays if key.startswith(f"{record['name']}/grad/")]
        if not recorded:
            continue
        model.zero_grad()
        with torch.enable_grad():
            embeds, mask, labels = as_the_reference_feeds_it(golden, record)
            model(inputs_embeds=embeds, attention_mask=mask, labels=labels).loss.backward()
        for key in recorded:
            ours = reference_key(key.split("/grad/")[1])
            assert close(model.get_parameter(ours).grad, arrays[key]), key
            compared += 1
    model.zero_grad()
    assert compared > 0


def test_what_the_reference_trains_can_be_trained(golden):
    for key in golden.records("loss")["trainable_parameters_at_construction"]:
        assert golden.model.get_parameter(reference_key(key)).requires_grad, key


def test_rounding_alone_stays_within_the_tolerance(golden):
    recorded = golden.records("fp32_vs_fp64")
    for quantity in (entry for entry in recorded.values() if entry["max_abs_value"]):
        assert quantity["max_abs_diff_fp32_fp64"] <= 1e-5 * max(1, quantity["max_abs_value"])
