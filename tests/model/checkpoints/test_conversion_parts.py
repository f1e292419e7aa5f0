"""A model put together from separate parts, and the memory a conversion takes."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from biomed_agent import BioMedAgent
from biomed_agent.core.errors import CheckpointError
from biomed_agent.core.settings import Settings
from biomed_agent.model.checkpoints.checkpoint import load_checkpoint, load_reference
from biomed_agent.model.checkpoints.conversion.convert import ConversionRequest, convert_weights
from biomed_agent.model.contract.generation import Options
from biomed_agent.model.contract.manifest import read_manifest
from biomed_agent.model.contract.prompt import user_message
from biomed_agent.model.local import LocalModel
from tests.helpers.places import GOLDEN, ROOT
from tests.model.checkpoints.test_conversion import PTH, saved, state


def small_gin(prefix=""):
    tensors = {
        f"{prefix}{key.removeprefix('mol_structure_encoder.')}": value
        for key, value in state().items()
        if key.startswith("mol_structure_encoder.")
    }
    return tensors | {"graph_pred_linear.weight": torch.zeros(1, 32)}


@pytest.fixture(scope="module")
def esm_folder(tmp_path_factory):
    from transformers import EsmConfig, EsmForMaskedLM

    folder = tmp_path_factory.mktemp("esm")
    torch.manual_seed(1)
    model = EsmForMaskedLM(EsmConfig.from_pretrained(GOLDEN / "esm"))
    model.save_pretrained(folder)
    shutil.copy(GOLDEN / "esm" / "vocab.txt", folder)
    return folder, model.eval()


@pytest.fixture(scope="module")
def llama_folder(tmp_path_factory):
    """A Llama in shards, with as many rows as its vocabulary has pieces, and none for padding."""
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("llama")
    torch.manual_seed(2)
    config = LlamaConfig(
        vocab_size=500,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        rope_parameters={"rope_type": "default", "rope_theta": 500000.0},
    )
    model = LlamaForCausalLM(config)
    model.save_pretrained(folder, max_shard_size="40KB")
    assert len(list(folder.glob("*.safetensors"))) > 1
    shutil.copy(GOLDEN / "llm" / "tokenizer.model", folder)
    return folder, model


@pytest.fixture(scope="module")
def qwen_folder(tmp_path_factory):
    """A Qwen2 with tied embeddings in half precision, as one .bin file."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    folder = tmp_path_factory.mktemp("qwen")
    torch.manual_seed(3)
    sizes: dict[str, Any] = {
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
    }
    config = Qwen2Config(vocab_size=300, num_key_value_heads=2, tie_word_embeddings=True, **sizes)
    config.save_pretrained(folder)
    model = Qwen2ForCausalLM(config).half()
    torch.save(dict(model.state_dict()), folder / "pytorch_model.bin")
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={letter: number for number, letter in enumerate(letters)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    ).save_pretrained(folder)
    return folder, model


@pytest.fixture(scope="module")
def fair_esm(tmp_path_factory):
    """A file of fair-esm as it was published, and the model that fair-esm makes of it."""
    from esm.data import Alphabet
    from esm.model.esm2 import ESM2
    from esm.pretrained import load_model_and_alphabet_local

    folder = tmp_path_factory.mktemp("fair")
    torch.manual_seed(4)
    alphabet = Alphabet.from_architecture("ESM-1b")
    model = ESM2(num_layers=2, embed_dim=32, attention_heads=4, alphabet=alphabet, token_dropout=True)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    keys = {
        f"encoder.{'' if key.startswith('lm_head.') else 'sentence_encoder.'}{key}": value
        for key, value in model.state_dict().items()
        if not key.startswith("contact_head.")
    }
    settings = argparse.Namespace(encoder_layers=2, encoder_embed_dim=32, encoder_attention_heads=4, token_dropout=True)
    file = saved({"cfg": {"model": settings}, "model": keys}, folder / "esm2_t2_tiny.pt")
    head = {key: value for key, value in model.state_dict().items() if key.startswith("contact_head.")}
    saved({"model": head}, folder / "esm2_t2_tiny-contact-regression.pt")
    with torch.serialization.safe_globals([argparse.Namespace]):
        return file, load_model_and_alphabet_local(file)


def test_parts_are_put_together_and_marked_as_not_aligned(esm_folder, llama_folder, tmp_path, cache_dir):
    gin = saved(small_gin("molecule_model."), tmp_path / "pretraining_model.pth")
    done = convert_weights(ConversionRequest((gin,), llama_folder[0], esm_folder[0], tmp_path / "mine"))
    model, processor, manifest = load_checkpoint(done.folder)
    own = model.state_dict()
    for name, value in llama_folder[1].state_dict().items():
        assert torch.equal(own[f"language_model.{name}"], value), name
    for name, value in esm_folder[1].esm.state_dict().items():
        assert torch.equal(own[f"protein_encoder.{name}"], value), name
    reference = load_reference(PTH, GOLDEN / "llm", GOLDEN / "esm")[0]
    for name, value in reference.molecule_encoder.state_dict().items():
        assert torch.equal(own[f"molecule_encoder.{name}"], value), name
    assert done.report.fresh == [name for name in own if name.endswith(("projection.weight", "projection.bias"))]
    assert 0.01 < own["molecule_projection.weight"].std() < 0.03
    assert not own["molecule_projection.bias"].any()
    assert (manifest["name"], manifest["kinds"], manifest["aligned"]) == ("mine", {}, False)
    assert "not aligned" in (done.folder / "README.md").read_text(encoding="utf-8")
    assert model.config.text_config.num_key_value_heads == 2
    assert model.config.text_config.rope_parameters["rope_theta"] == 500000.0
    answer = BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model=str(done.folder))).ask(
        "Please describe this molecule.", molecule="smiles:CCO"
    )
    assert answer.model is None
    reply = LocalModel(done.folder).generate([user_message("Hm?", smiles=["CCO"])], Options(max_new_tokens=3))
    assert reply.new_tokens >= 1
    both = processor([[user_message("a", smiles=["C"])], [user_message("longer than that", sequences=["MK"])]])
    assert int(both["input_ids"].max()) == processor.protein_token_id == 501
    model(**both)


def test_a_fair_esm_file_and_a_tied_half_precision_qwen(fair_esm, qwen_folder, tmp_path):
    file, (oracle, alphabet) = fair_esm
    gin = saved(small_gin(), tmp_path / "gin.pth")
    done = convert_weights(ConversionRequest((gin,), qwen_folder[0], file, tmp_path / "mine"))
    assert done.manifest["dtype"] == "float16"
    assert ("lm_head.weight", "the token table once more") in done.report.ignored
    model, processor, _ = load_checkpoint(done.folder)
    own = model.state_dict()
    assert model.config.text_config.model_type == "qwen2"
    assert torch.equal(own["language_model.lm_head.weight"], own["language_model.model.embed_tokens.weight"])
    for name, value in qwen_folder[1].state_dict().items():
        assert torch.equal(own[f"language_model.{name}"], value.float()), name
    sequence = "MKTVRQERLKSIVRILERSKEPVSGAQ"
    _, _, tokens = alphabet.get_batch_converter()([("", sequence)])
    assert processor.encode_protein(sequence) == tokens[0].tolist()
    with torch.no_grad():
        want = oracle(tokens, repr_layers=[2])["representations"][2]
        got = model.protein_encoder(tokens, attention_mask=torch.ones_like(tokens)).last_hidden_state
    assert torch.allclose(got, want, atol=1e-4, rtol=1e-4)
    answer = LocalModel(done.folder).generate(
        [user_message("What is it?", sequences=[sequence])], Options(max_new_tokens=3)
    )
    assert answer.new_tokens >= 1


def test_parts_that_cannot_be_used_are_named(esm_folder, llama_folder, tmp_path):
    gin = saved(small_gin(), tmp_path / "gin.pth")
    good = ConversionRequest((gin,), llama_folder[0], esm_folder[0], tmp_path / "m")

    def lm(**changes):
        folder = tmp_path / f"lm{len(list(tmp_path.iterdir()))}"
        shutil.copytree(llama_folder[0], folder)
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        (folder / "config.json").write_text(json.dumps(config | changes), encoding="utf-8")
        return folder

    no_tokenizer, no_shard, small = lm(), lm(), lm()
    (no_tokenizer / "tokenizer.model").unlink()
    sorted(no_shard.glob("*.safetensors"))[0].unlink()
    shutil.copy(GOLDEN / "llm" / "config.json", small)
    no_vocabulary = tmp_path / "esm"
    shutil.copytree(esm_folder[0], no_vocabulary)
    (no_vocabulary / "vocab.txt").unlink()
    cases = {
        "is quantized": replace(good, lm=lm(quantization_config={"quant_method": "gptq", "bits": 4})),
        "no file .*config.json": replace(good, lm=tmp_path / "nowhere"),
        "has no tokenizer": replace(good, lm=no_tokenizer),
        "lacks model-00001-of": replace(good, lm=no_shard),
        "holds no weights": replace(good, lm=GOLDEN / "llm"),
        "instead of": replace(good, lm=small),
        "config.json cannot be read": replace(good, lm=lm(model_type="unheard_of")),
        "no file .*vocab.txt": replace(good, esm=no_vocabulary),
        "has no cfg and model": replace(good, esm=gin),
        "has 500 tokens, and the language model 400 rows": replace(good, lm=lm(vocab_size=400)),
    }
    for message, request in cases.items():
        with pytest.raises(CheckpointError, match=message):
            convert_weights(request)
        assert not (tmp_path / "m.partial").exists()


@pytest.mark.filterwarnings("ignore:.*pin_memory.*")
def test_the_alignment_shown_in_the_documentation_runs(esm_folder, llama_folder, tmp_path, monkeypatch):
    page = (ROOT / "docs" / "weights.md").read_text(encoding="utf-8")
    blocks = [block.split("```")[0] for block in page.split("```python\n")[1:]]
    (code,) = (block for block in blocks if "my-parts" in block)
    gin = saved(small_gin(), tmp_path / "gin.pth")
    convert_weights(ConversionRequest((gin,), llama_folder[0], esm_folder[0], tmp_path / "my-parts"))
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "weights.md", "exec"), {})
    before, after = (load_checkpoint(tmp_path / name)[0].state_dict() for name in ("my-parts", "mine"))
    changed = {name for name in before if not torch.equal(before[name].bfloat16(), after[name].bfloat16())}
    assert changed == {"molecule_projection.weight", "molecule_projection.bias"}
    assert read_manifest(tmp_path / "mine")["kinds"] == {"description": {}}


# -- memory ------------------------------------------------------------------------------------


def write_large(file, folder):
    """Write 4 GB in the released layout and the folder of its language model, itself using little memory."""
    width, inner, layers, vocabulary = 4096, 11008, 9, 32001
    config = json.loads((GOLDEN / "llm" / "config.json").read_text(encoding="utf-8"))
    config |= {"hidden_size": width, "intermediate_size": inner, "num_hidden_layers": layers}
    shutil.copytree(GOLDEN / "llm", folder)
    config |= {"num_attention_heads": 32, "torch_dtype": "float16"}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    block = file.with_suffix(".block")
    block.write_bytes(os.urandom(1 << 20) * (2 * vocabulary * width // (1 << 20) + 1))

    def half(*shape):  # every value is a view of one mapped file, and bits that are no number are no matter
        return torch.from_file(
            str(block), False, shape[0] * shape[-1] if shape[1:] else shape[0], dtype=torch.half
        ).view(*shape)

    tensors = {key: value for key, value in state().items() if not key.startswith("llm.")}
    tensors["proj_mol.weight"] = torch.zeros(width, tensors["proj_mol.weight"].shape[1])
    tensors["proj_prot.weight"] = torch.zeros(width, tensors["proj_prot.weight"].shape[1])
    tensors |= {"proj_mol.bias": torch.zeros(width), "proj_prot.bias": torch.zeros(width)}
    for name in ("model.embed_tokens", "lm_head"):
        tensors[f"llm.{name}.weight"] = half(vocabulary, width)
    tensors["llm.model.norm.weight"] = half(width)
    for number in range(layers):
        start = f"llm.model.layers.{number}."
        tensors |= {f"{start}self_attn.{letter}_proj.weight": half(width, width) for letter in "qkvo"}
        tensors |= {f"{start}mlp.{part}_proj.weight": half(inner, width) for part in ("gate", "up")}
        tensors[f"{start}mlp.down_proj.weight"] = half(width, inner)
        tensors |= {f"{start}{part}_layernorm.weight": half(width) for part in ("input", "post_attention")}
    torch.save(tensors, file)
    block.unlink()


def anonymous_peak(command):
    """Run a command and return its exit code and the most anonymous memory it held, in bytes."""
    process, peak = subprocess.Popen(command), 0
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
        except OSError:
            break
        peak = max([peak, *(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("RssAnon"))])
        time.sleep(0.02)
    return process.wait(), peak


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
def test_four_gigabytes_are_converted_in_little_memory(tmp_path):
    if shutil.disk_usage(tmp_path).free < 14e9:
        pytest.skip("needs 14 GB of disk")
    file, folder = tmp_path / "large.pth", tmp_path / "llm"
    write_large(file, folder)
    assert file.stat().st_size > 4e9
    for dtype in ("keep", "bfloat16"):
        output = tmp_path / "m"
        command = [sys.executable, "-m", "biomed_agent", "checkpoint", "import", str(file), "--lm", str(folder)]
        command += ["--esm", str(GOLDEN / "esm"), "--output", str(output), "--dtype", dtype, "--force"]
        code, peak = anonymous_peak(command)
        print(f"{dtype}: at most {peak / 1e9:.2f} GB of anonymous memory")
        assert code == 0
        assert peak < 1.5e9
        assert sum(path.stat().st_size for path in output.glob("*.safetensors")) > 4e9
    shutil.rmtree(tmp_path)
