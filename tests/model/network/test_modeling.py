from __future__ import annotations

import pytest
import torch

from biomed_agent.model import BioMedGPTForConditionalGeneration
from biomed_agent.model.contract.prompt import user_message
from tests.helpers.tiny import tiny_config

CONVERSATIONS = [
    [user_message("What is this?", smiles=["CCO"])],
    [user_message("Does it bind?", smiles=["c1ccccc1", "[Na+]"], sequences=["MKVLA", "GA"])],
    [user_message("Hello")],
    [user_message("", sequences=["M" * 30])],
]


def generate(model, inputs, **options):
    return model.generate(**inputs, max_new_tokens=8, min_new_tokens=8, do_sample=False, **options)


def test_every_row_of_a_left_padded_batch_equals_its_single_run(tiny_model, tiny_processor):
    batch = generate(tiny_model, tiny_processor(CONVERSATIONS))
    for row, conversation in zip(batch, CONVERSATIONS, strict=True):
        assert row.tolist() == generate(tiny_model, tiny_processor([conversation]))[0].tolist()


def test_left_padding_changes_no_logit(tiny_model, tiny_processor):
    with torch.no_grad():
        batch = tiny_model(**tiny_processor(CONVERSATIONS)).logits[:, -1]
        for row, conversation in zip(batch, CONVERSATIONS, strict=True):
            single = tiny_model(**tiny_processor([conversation])).logits[0, -1]
            assert torch.allclose(row, single, atol=1e-4)


def test_absolute_positions_are_counted_from_the_first_real_token(tiny_processor):
    torch.manual_seed(0)
    sizes = {"model_type": "gpt2", "n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 256}
    model = BioMedGPTForConditionalGeneration(tiny_config(tiny_processor, **sizes)).eval()
    batch = generate(model, tiny_processor(CONVERSATIONS))
    for row, conversation in zip(batch, CONVERSATIONS, strict=True):
        assert row.tolist() == generate(model, tiny_processor([conversation]))[0].tolist()


def test_cached_decoding_equals_full_passes(tiny_model, tiny_processor):
    inputs = tiny_processor(CONVERSATIONS[:1])
    new = generate(tiny_model, inputs)[0]
    with torch.no_grad():
        for count in range(len(new)):
            ids = torch.cat([inputs["input_ids"], new[None, :count]], dim=1)
            structures = {key: inputs[key] for key in ("atoms", "edge_index", "edge_attr")}
            logits = tiny_model(input_ids=ids, **structures, logits_to_keep=1).logits[0, -1]
            logits[tiny_processor.tokenizer.eos_token_id] = -torch.inf  # min_new_tokens
            assert int(logits.argmax()) == int(new[count])


def test_beams_sampling_and_several_answers_work_with_structures(tiny_model, tiny_processor):
    inputs = tiny_processor(CONVERSATIONS[:2])
    assert generate(tiny_model, inputs, num_beams=3).shape == (2, 8)
    torch.manual_seed(0)
    sampled = tiny_model.generate(**inputs, max_new_tokens=4, min_new_tokens=4, do_sample=True, num_return_sequences=2)
    assert sampled.shape == (4, 4)


def test_another_structure_gives_other_logits(tiny_model, tiny_processor):
    def logits(smiles, sequence):
        message = user_message("Does it bind?", smiles=[smiles], sequences=[sequence])
        with torch.no_grad():
            return tiny_model(**tiny_processor([[message]]), logits_to_keep=1).logits

    first = logits("CCO", "MKV")
    assert not torch.allclose(first, logits("CCN", "MKV"), atol=1e-4)
    assert not torch.allclose(first, logits("CCO", "MKL"), atol=1e-4)


@pytest.mark.parametrize("missing", ["molecule", "protein"])
def test_placeholders_without_features_are_an_error(tiny_model, tiny_processor, missing):
    inputs = tiny_processor(CONVERSATIONS[1:2])
    dropped = "atoms" if missing == "molecule" else "protein_input_ids"
    inputs.pop(dropped)
    with pytest.raises(ValueError, match=f"{missing} placeholders, but there are 0"):
        tiny_model(**inputs)


def test_features_without_placeholders_are_an_error(tiny_model, tiny_processor):
    inputs = tiny_processor(CONVERSATIONS[:1])
    inputs["input_ids"] = inputs["input_ids"][:, :-20]
    inputs["attention_mask"] = inputs["attention_mask"][:, :-20]
    del inputs["atoms"], inputs["edge_index"], inputs["edge_attr"]
    extra = tiny_processor([[user_message("", smiles=["C" * 9])]])
    with pytest.raises(ValueError, match="there are 9 atom features"):
        tiny_model(**inputs, **{key: extra[key] for key in ("atoms", "edge_index", "edge_attr")})


def test_an_assistant_model_is_refused(tiny_model, tiny_processor):
    with pytest.raises(ValueError, match="assistant_model"):
        tiny_model.generate(**tiny_processor(CONVERSATIONS[:1]), assistant_model=tiny_model)


def test_the_loss_of_a_batch_is_the_mean_over_its_answer_tokens(tiny_model, tiny_processor):
    answers = ["It is an alcohol.", "Yes, it does.", "No.", "It binds."]
    with torch.no_grad():
        batch = tiny_model(**tiny_processor(CONVERSATIONS, answers, padding_side="right")).loss
        left = tiny_model(**tiny_processor(CONVERSATIONS, answers, padding_side="left")).loss
        singles = [
            tiny_model(**tiny_processor([conversation], [answer])).loss
            for conversation, answer in zip(CONVERSATIONS, answers, strict=True)
        ]
    counts = torch.tensor([len(tiny_processor.encode_answer(answer)) for answer in answers])
    expected = (torch.stack(singles) * counts).sum() / counts.sum()
    assert torch.allclose(batch, expected, rtol=1e-4)
    assert torch.allclose(left, expected, rtol=1e-4)


def test_save_and_load_keep_every_bit(tiny_model, tiny_processor, tmp_path):
    tiny_model.save_pretrained(tmp_path)
    loaded = BioMedGPTForConditionalGeneration.from_pretrained(tmp_path)
    before, after = tiny_model.state_dict(), loaded.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)
    inputs = tiny_processor(CONVERSATIONS)
    with torch.no_grad():
        assert torch.equal(tiny_model(**inputs).logits, loaded(**inputs).logits)


def test_tied_vocabulary_matrices_stay_tied(tiny_processor, tmp_path):
    torch.manual_seed(0)
    config = tiny_config(tiny_processor, tie_word_embeddings=True)
    BioMedGPTForConditionalGeneration(config).save_pretrained(tmp_path)
    loaded = BioMedGPTForConditionalGeneration.from_pretrained(tmp_path)
    assert loaded.config.tie_word_embeddings
    assert loaded.get_input_embeddings().weight is loaded.get_output_embeddings().weight


def test_in_bfloat16_the_graph_encoder_and_projections_stay_float32(tiny_folder, tiny_processor):
    model = BioMedGPTForConditionalGeneration.from_pretrained(tiny_folder, dtype=torch.bfloat16)
    assert model.dtype == torch.bfloat16
    assert model.get_input_embeddings().weight.dtype == torch.bfloat16
    assert model.state_dict()["protein_encoder.rotary_embeddings.inv_freq"].dtype == torch.float32
    for part in (model.molecule_encoder, model.molecule_projection, model.protein_projection):
        assert {parameter.dtype for parameter in part.parameters()} == {torch.float32}
    assert model(**tiny_processor(CONVERSATIONS)).logits.isfinite().all()


def test_a_frozen_encoder_stays_in_evaluation_mode(tiny_processor):
    model = BioMedGPTForConditionalGeneration(tiny_config(tiny_processor))
    assert model.train().molecule_encoder.training
    model.molecule_encoder.requires_grad_(False)
    model.train()
    assert model.training and model.protein_encoder.training
    mean = model.state_dict()["molecule_encoder.layers.0.batch_norm.running_mean"]
    before = mean.clone()
    model(**tiny_processor(CONVERSATIONS))
    assert not model.molecule_encoder.training
    assert torch.equal(before, mean)


def test_gradients_reach_every_part_with_and_without_checkpointing(tiny_processor):
    torch.manual_seed(0)
    model = BioMedGPTForConditionalGeneration(tiny_config(tiny_processor)).train()
    inputs = tiny_processor(CONVERSATIONS[:2], ["It is.", "Yes."], padding_side="right")
    gradients = []
    for checkpointing in (False, True):
        if checkpointing:
            model.activation_checkpointing_enable()
        model.zero_grad()
        model(**inputs).loss.backward()
        gradients.append(
            {name: parameter.grad.clone() for name, parameter in model.named_parameters() if parameter.grad is not None}
        )
    assert gradients[0].keys() == gradients[1].keys()
    unused = {name for name, _ in model.named_parameters()} - gradients[0].keys()
    assert all("contact_head" in name for name in unused)
    for name, gradient in gradients[0].items():
        assert torch.allclose(gradient, gradients[1][name], atol=1e-4), name


def test_the_placeholders_lie_outside_the_vocabulary(tiny_model, tiny_processor):
    config = tiny_model.config
    assert config.molecule_token_id == config.text_config.vocab_size == tiny_processor.molecule_token_id
    assert config.protein_token_id == config.molecule_token_id + 1 == tiny_processor.protein_token_id
    assert len(tiny_model.get_input_embeddings().weight) == config.text_config.vocab_size
