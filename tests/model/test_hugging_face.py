"""The habits of Hugging Face's libraries on a tiny model: what works for any model there works here."""

from __future__ import annotations

import itertools

import pytest
import torch
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMultimodalLM,
    AutoProcessor,
    AutoTokenizer,
    BitsAndBytesConfig,
    TextIteratorStreamer,
)

from biomed_agent.model import BioMedGPTConfig, BioMedGPTForConditionalGeneration, BioMedGPTProcessor, GinConfig
from biomed_agent.model.contract.prompt import user_message
from biomed_agent.model.network.modeling import GinEncoder
from biomed_agent.model.network.tokenizer import SentencePieceTokenizer
from tests.helpers.tiny import tiny_config

pytestmark = pytest.mark.filterwarnings(
    "ignore:`torch.jit.script_method` is deprecated",
    "ignore:`is_gradient_checkpointing` is deprecated",
)
CONVERSATIONS = [
    [user_message("What is this?", smiles=["CCO"])],
    [user_message("Does it bind?", smiles=["c1ccccc1", "[Na+]"], sequences=["MKVLA"])],
    [user_message("Hello")],
]
GREEDY = {"max_new_tokens": 8, "min_new_tokens": 8, "do_sample": False}
WHOLE = {"": "cpu"}
IN_PARTS = {
    "language_model": "cpu",
    "molecule_encoder": "disk",
    "molecule_projection": "cpu",
    "protein_encoder": "disk",
    "protein_projection": "disk",
}


@pytest.fixture(autouse=True)
def _no_gradients():
    with torch.no_grad():
        yield


@pytest.fixture
def inputs(tiny_processor):
    return tiny_processor(CONVERSATIONS)


def load(folder, **options):
    return BioMedGPTForConditionalGeneration.from_pretrained(folder, **options)


def answers_alike(model, other, inputs, atol=0.0):
    """Whether two models give one batch the same logits (at real positions) and the same greedy tokens."""
    real = inputs["attention_mask"].bool()
    near = torch.allclose(model(**inputs).logits[real], other(**inputs).logits[real], rtol=0, atol=atol)
    return near and torch.equal(model.generate(**inputs, **GREEDY), other.generate(**inputs, **GREEDY))


def test_the_auto_classes_find_every_part(tiny_folder):
    assert isinstance(AutoConfig.from_pretrained(tiny_folder), BioMedGPTConfig)
    for auto in (AutoModelForCausalLM, AutoModelForMultimodalLM):
        assert isinstance(auto.from_pretrained(tiny_folder), BioMedGPTForConditionalGeneration)
    assert isinstance(AutoProcessor.from_pretrained(tiny_folder), BioMedGPTProcessor)
    assert isinstance(AutoTokenizer.from_pretrained(tiny_folder), SentencePieceTokenizer)


def test_the_graph_encoder_is_a_model_of_its_own(tiny_model, tmp_path):
    tiny_model.molecule_encoder.save_pretrained(tmp_path)
    assert isinstance(AutoConfig.from_pretrained(tmp_path), GinConfig)
    encoder = AutoModel.from_pretrained(tmp_path)
    assert isinstance(encoder, GinEncoder)
    for name, value in encoder.state_dict().items():
        assert torch.equal(value, tiny_model.molecule_encoder.state_dict()[name]), name


def test_a_model_in_several_files_keeps_every_bit(tiny_model, tmp_path):
    tiny_model.save_pretrained(tmp_path, max_shard_size="50KB")
    assert len(list(tmp_path.glob("*.safetensors"))) > 1
    loaded = load(tmp_path).state_dict()
    assert loaded.keys() == tiny_model.state_dict().keys()
    assert all(torch.equal(value, tiny_model.state_dict()[name]) for name, value in loaded.items())


@pytest.mark.parametrize("device_map", ["auto", "cpu", WHOLE, IN_PARTS], ids=["auto", "cpu", "whole", "in parts"])
def test_a_device_map_changes_no_number(tiny_model, tiny_folder, inputs, device_map, tmp_path):
    model = load(tiny_folder, device_map=device_map, offload_folder=tmp_path)
    assert answers_alike(tiny_model, model, inputs)


def test_a_model_that_does_not_fit_into_memory_is_offloaded_layer_by_layer(tiny_model, tiny_folder, inputs, tmp_path):
    model = load(tiny_folder, device_map="auto", max_memory={"cpu": "100KB"}, offload_folder=tmp_path)
    assert set(model.hf_device_map.values()) == {"cpu", "disk"}
    assert answers_alike(tiny_model, model, inputs)
    assert model._no_split_modules >= {"GinLayer", "LlamaDecoderLayer", "EsmLayer"}


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_a_dtype_is_kept_by_saving_and_loading(tiny_folder, tmp_path, dtype):
    model = load(tiny_folder, dtype=dtype)
    model.save_pretrained(tmp_path)
    again = load(tmp_path, dtype="auto")
    assert str(model.dtype) == str(again.dtype) == f"torch.{dtype}"
    for name, value in again.state_dict().items():
        assert value.dtype == model.state_dict()[name].dtype and torch.equal(value, model.state_dict()[name]), name


@pytest.mark.filterwarnings("ignore:MatMul8bitLt")
def test_quantizing_leaves_the_graph_encoder_and_the_projections_alone(tiny_folder, inputs):
    pytest.importorskip("bitsandbytes")
    model = load(tiny_folder, quantization_config=BitsAndBytesConfig(load_in_8bit=True), device_map="cpu")
    kinds = {name: type(module).__name__ for name, module in model.named_modules() if hasattr(module, "in_features")}
    assert kinds["language_model.model.layers.0.mlp.up_proj"] == "Linear8bitLt"
    small = ("molecule_encoder.", "molecule_projection", "protein_projection")
    assert {kind for name, kind in kinds.items() if name.startswith(small)} == {"Linear"}
    assert model(**inputs).logits.isfinite().all()


def test_eager_and_sdpa_attention_agree(tiny_folder, inputs):
    eager, sdpa = (load(tiny_folder, attn_implementation=kind) for kind in ("eager", "sdpa"))
    for part in ("language_model", "protein_encoder"):
        assert getattr(eager, part).config._attn_implementation == "eager"
        assert getattr(sdpa, part).config._attn_implementation == "sdpa"
    assert answers_alike(eager, sdpa, inputs, atol=1e-3)
    sdpa.set_attn_implementation("eager")
    assert answers_alike(eager, sdpa, inputs)


def test_a_static_cache_and_no_cache_give_the_same_tokens(tiny_model, inputs):
    want = tiny_model.generate(**inputs, **GREEDY)
    assert torch.equal(tiny_model.generate(**inputs, **GREEDY, cache_implementation="static"), want)
    assert torch.equal(tiny_model.generate(**inputs, **GREEDY, use_cache=False), want)


@pytest.mark.parametrize("options", [{}, {"num_beams": 3, "num_return_sequences": 2}], ids=["greedy", "beams"])
def test_every_row_of_a_batch_equals_its_single_run_with_a_penalty(tiny_model, tiny_processor, inputs, options):
    # Alone, transformers' own option would spare the first new tokens of every padded row.
    options = {**GREEDY, "repetition_penalty": 3.0, **options}
    batch = tiny_model.generate(**inputs, **options).view(len(CONVERSATIONS), -1, 8)
    for row, conversation in zip(batch, CONVERSATIONS, strict=True):
        assert torch.equal(row, tiny_model.generate(**tiny_processor([conversation]), **options))


def test_sampling_repeats_with_a_seed(tiny_model, inputs):
    def sample(seed):
        torch.manual_seed(seed)
        return tiny_model.generate(**inputs, max_new_tokens=8, do_sample=True, top_p=0.9, temperature=0.8).tolist()

    assert sample(1) == sample(1)
    assert len({str(sample(seed)) for seed in range(3)}) > 1


def test_the_repetition_penalty_sees_new_tokens_only(tiny_model, inputs):
    output = tiny_model.generate(
        **inputs, **GREEDY, repetition_penalty=3, output_scores=True, output_logits=True, return_dict_in_generate=True
    )
    eos = tiny_model.generation_config.eos_token_id
    for step, (scores, logits) in enumerate(zip(output.scores, output.logits, strict=True)):
        expected = logits.clone()
        for row, tokens in enumerate(output.sequences[:, :step].tolist()):
            chosen = logits[row, list(set(tokens))]
            expected[row, list(set(tokens))] = torch.where(chosen > 0, chosen / 3, chosen * 3)
        expected[:, eos] = -torch.inf  # min_new_tokens
        assert torch.allclose(scores, expected, rtol=1e-6), step


def test_a_stop_string_ends_an_answer(tiny_model, tiny_processor):
    single = tiny_processor(CONVERSATIONS[:1])
    whole = tiny_processor.decode(tiny_model.generate(**single, max_new_tokens=20, do_sample=False)[0])
    stop = whole[len(whole) // 2 :][:3]
    options = {"do_sample": False, "stop_strings": [stop], "tokenizer": tiny_processor.tokenizer}
    cut = tiny_processor.decode(tiny_model.generate(**single, max_new_tokens=20, **options)[0])
    assert whole.startswith(cut) and stop in cut and cut != whole


def test_a_streamer_gets_the_answer_and_nothing_of_the_prompt(tiny_model, tiny_processor):
    single = tiny_processor(CONVERSATIONS[:1])
    streamer = TextIteratorStreamer(tiny_processor.tokenizer, skip_special_tokens=True)
    ids = tiny_model.generate(**single, max_new_tokens=12, do_sample=False, streamer=streamer)
    assert "".join(streamer).strip() == tiny_processor.decode(ids[0])


def test_lora_wraps_trains_saves_and_merges(tiny_folder, tiny_processor, tmp_path):
    from peft import LoraConfig, PeftModel, get_peft_model

    adapter = LoraConfig(
        r=2,
        target_modules=r"language_model\..*(q_proj|v_proj)",
        modules_to_save=["molecule_projection", "protein_projection"],
        task_type="CAUSAL_LM",
    )
    tuned = get_peft_model(load(tiny_folder), adapter).train()
    trained = {name for name, parameter in tuned.named_parameters() if parameter.requires_grad}
    assert trained and all("lora" in name or "projection" in name for name in trained)
    batch = tiny_processor(CONVERSATIONS, ["It is.", "Yes.", "Hello."], padding_side="right")
    optimizer = torch.optim.SGD([parameter for parameter in tuned.parameters() if parameter.requires_grad], lr=0.01)
    losses = []
    with torch.enable_grad():
        for _ in range(4):
            optimizer.zero_grad()
            losses.append(tuned(**batch).loss)
            losses[-1].backward()
            optimizer.step()
    assert losses[-1] < losses[0]
    tuned.eval().save_pretrained(tmp_path)
    inputs = tiny_processor(CONVERSATIONS)
    again = PeftModel.from_pretrained(load(tiny_folder), tmp_path)
    assert answers_alike(tuned, again, inputs)
    merged = again.merge_and_unload()
    assert isinstance(merged, BioMedGPTForConditionalGeneration)
    assert answers_alike(tuned, merged, inputs, atol=1e-3)


@pytest.mark.parametrize("tied", [False, True])
def test_a_resized_vocabulary_keeps_clear_of_the_placeholders(tiny_processor, tmp_path, tied):
    torch.manual_seed(0)
    model = BioMedGPTForConditionalGeneration(tiny_config(tiny_processor, tie_word_embeddings=tied)).eval()
    processor = BioMedGPTProcessor(tiny_processor.tokenizer, tiny_processor.protein_tokenizer)
    inputs = processor(CONVERSATIONS)
    before, rows = model(**inputs).logits, model.config.text_config.vocab_size
    model.resize_token_embeddings(rows + 3)
    config = model.config
    assert (config.molecule_token_id, config.protein_token_id) == (rows + 3, rows + 4)
    assert config.text_config.vocab_size == model.language_model.vocab_size == rows + 3
    assert (model.get_input_embeddings().weight is model.get_output_embeddings().weight) == tied
    with pytest.raises(ValueError, match=r"holds 0 molecule placeholders.*processor\.follow"):
        model(**inputs)
    processor.follow(config)
    inputs = processor(CONVERSATIONS)
    real = inputs["attention_mask"].bool()
    assert torch.equal(model(**inputs).logits[real][:, :rows], before[real])
    model.save_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)
    loaded, follower = load(tmp_path), BioMedGPTProcessor.from_pretrained(tmp_path)
    assert torch.equal(loaded(**follower(CONVERSATIONS)).logits, model(**inputs).logits)


def test_a_vocabulary_that_shrinks_below_the_placeholders_leaves_them(tiny_processor):
    model = BioMedGPTForConditionalGeneration(tiny_config(tiny_processor, vocab_size=400))
    model.resize_token_embeddings(len(tiny_processor.tokenizer))
    assert (model.config.molecule_token_id, model.config.protein_token_id) == (400, 401)


def test_placeholders_inside_the_vocabulary_are_refused():
    for ids in itertools.permutations((7, 300)):
        with pytest.raises(ValueError, match="words of a vocabulary of 100"):
            BioMedGPTConfig(text_config={"vocab_size": 100}, molecule_token_id=ids[0], protein_token_id=ids[1])
