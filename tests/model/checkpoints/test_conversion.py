"""Weights that others wrote: read, compared key by key, and written as a checkpoint folder."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from biomed_agent import BioMedAgent
from biomed_agent.core.errors import CheckpointError
from biomed_agent.core.settings import Settings
from biomed_agent.model.checkpoints.checkpoint import load_checkpoint, load_reference
from biomed_agent.model.checkpoints.conversion import convert
from biomed_agent.model.checkpoints.conversion.convert import FLOAT32_PARTS, ConversionRequest, convert_weights
from biomed_agent.model.contract.generation import Options
from biomed_agent.model.contract.manifest import read_manifest, verify_manifest
from biomed_agent.model.contract.prompt import QUESTIONS, user_message
from biomed_agent.model.local import LocalModel
from tests.helpers.places import GOLDEN

RECORDED = Path(os.environ.get("BIOMED_AGENT_GOLDEN", GOLDEN))
PTH = GOLDEN / "biomedgpt_tiny.pth"


def request_for(output, *sources, **more):
    return ConversionRequest(sources or (PTH,), GOLDEN / "llm", GOLDEN / "esm", output, **more)


def state():
    return torch.load(PTH, weights_only=True)


def saved(tensors, file):
    torch.save(tensors, file)
    return file


def stored(folder):
    """Return every tensor of a folder's weight files."""
    tensors: dict[str, torch.Tensor] = {}
    for file in folder.glob("*.safetensors"):
        with safe_open(file, framework="pt") as opened:
            tensors |= {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118
    return tensors


def refused(output, *sources, **more):
    """Return what the refusal says, and see that it leaves nothing."""
    with pytest.raises(CheckpointError) as caught:
        convert_weights(request_for(output, *sources, **more))
    assert not output.exists()
    assert not output.with_name(f"{output.name}.partial").exists()
    return str(caught.value)


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """The reference's file, imported."""
    return convert_weights(request_for(tmp_path_factory.mktemp("imported") / "tiny"))


# -- the released layout -----------------------------------------------------------------------


def test_an_imported_file_is_the_model_that_loads_from_it(released):
    want, processor = load_reference(PTH, GOLDEN / "llm", GOLDEN / "esm")
    model, ours, manifest = load_checkpoint(released.folder)
    values = model.state_dict()
    assert all(torch.equal(value, values[name]) for name, value in want.state_dict().items())
    assert model.config.architectures == [type(model).__name__]
    changed = {"architectures": model.config.architectures, "_name_or_path": str(released.folder)}
    assert model.config.to_dict() == want.config.to_dict() | changed
    assert ours.encode_text("What is it?", first=True) == processor.encode_text("What is it?", first=True)
    assert ours.encode_protein("MKV") == processor.encode_protein("MKV")
    assert verify_manifest(released.folder) == manifest == released.manifest
    assert manifest["parameters"] == model.num_parameters()


def test_the_manifest_says_what_was_imported_and_on_which_terms(released):
    manifest = released.manifest
    assert (manifest["name"], manifest["prompt_style"], manifest["dtype"]) == ("BioMedGPT-10B", "reference", "float32")
    assert manifest["kinds"].keys() == QUESTIONS.keys()
    assert all(
        scores == {"scores": None, "note": "published, not measured here"} for scores in manifest["kinds"].values()
    )
    assert "PharMolix" in manifest["licence"]
    assert "internal use by registered users" in manifest["licence"]
    digest = subprocess.run(["sha256sum", str(PTH)], capture_output=True, check=True, text=True).stdout.split()[0]
    assert digest in manifest["source"]
    assert manifest["source_files"] == [{"name": PTH.name, "bytes": PTH.stat().st_size, "sha256": digest}]
    assert "internal use by registered users" in (released.folder / "README.md").read_text(encoding="utf-8")


def test_every_key_has_an_outcome(released):
    report = released.report
    keys = {entry.key for entry in report.taken} | {key for key, _ in report.ignored}
    assert keys == state().keys()
    assert len(report.taken) + len(report.ignored) == len(keys)
    assert {why for _, why in report.ignored} == {"no number depends on it", "computed in float32, not read"}


def test_the_recorded_answers_are_given_through_the_agents_engine(tmp_path):
    source = ConversionRequest((RECORDED / PTH.name,), RECORDED / "llm", RECORDED / "esm", tmp_path / "m")
    generator = LocalModel(convert_weights(source).folder)
    asked = 0
    for record in json.loads((RECORDED / "chat.json").read_text(encoding="utf-8"))["records"]:
        actions, turn = record["actions"], record["turns"][0]
        single = [action[0] for action in actions[:-1]] in (["append_molecule", "ask"], ["append_protein", "ask"])
        if not single or turn["error"] or len(turn["placeholders"]) != 1 or turn["generate_kwargs"]["num_beams"] > 1:
            continue
        given = {"smiles" if actions[0][0] == "append_molecule" else "sequences": [actions[0][1]]}
        options = Options(
            max_new_tokens=turn["generate_kwargs"]["max_length"] - 1,  # the reference counts a BOS
            repetition_penalty=turn["generate_kwargs"]["repetition_penalty"],
        )
        messages = [{"role": "system", "content": record["system"]}, user_message(actions[1][1], **given)]
        answer = generator.generate(messages, options)
        ids = turn["generate_output_ids"][1:]
        assert answer.new_tokens == len(ids)
        assert answer.text == generator.load().processor.decode(ids)
        assert answer.finish_reason == ("stop" if turn["ends_with_eos"] else "length")
        asked += 1
    assert asked


def test_the_agent_asks_an_imported_model(released, cache_dir, monkeypatch):
    monkeypatch.setenv("BIOMED_AGENT_MODEL", str(released.folder))
    answer = BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True)).ask(
        "Please describe this molecule.", molecule="smiles:CCO"
    )
    assert answer.model is not None
    assert answer.model.text
    assert answer.model.stamp.name == "BioMedGPT-10B"
    assert answer.model.stamp.digest == released.manifest["digest"]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_the_large_parts_are_cast_and_the_small_ones_stay_float32(dtype, released, tmp_path):
    folder = convert_weights(request_for(tmp_path / "m", dtype=dtype)).folder
    before = stored(released.folder)
    for name, value in stored(folder).items():
        small = name.startswith(FLOAT32_PARTS) or not value.is_floating_point()
        assert value.dtype == (before[name].dtype if small else getattr(torch, dtype)), name
        assert torch.equal(value, before[name].to(value.dtype)), name
    assert read_manifest(folder)["dtype"] == json.loads((folder / "config.json").read_text())["dtype"] == dtype
    load_checkpoint(folder)


def test_half_precision_is_kept_unless_told_otherwise(tmp_path):
    half = {key: value.half() if value.is_floating_point() else value for key, value in state().items()}
    folder = convert_weights(request_for(tmp_path / "m", saved(half, tmp_path / "half.pth"))).folder
    for name, value in stored(folder).items():
        small = name.startswith(FLOAT32_PARTS)
        assert not value.is_floating_point() or value.dtype == (torch.float32 if small else torch.float16), name


def test_a_value_beyond_float16_is_not_written_as_infinity(tmp_path):
    tensors = state()
    tensors["llm.model.norm.weight"][0] = 1e6
    file = saved(tensors, tmp_path / "large.pth")
    message = refused(tmp_path / "m", file, dtype="float16")
    assert "llm.model.norm.weight holds values too large for float16" in message
    convert_weights(request_for(tmp_path / "m", file, dtype="bfloat16"))


def test_large_weights_become_shards_with_an_index(released, tmp_path, monkeypatch):
    monkeypatch.setattr(convert, "SHARD_BYTES", 200_000)
    folder = convert_weights(request_for(tmp_path / "m")).folder
    shards = sorted(folder.glob("*.safetensors"))
    assert len(shards) >= 4
    assert shards[0].name == f"model-00001-of-{len(shards):05}.safetensors"
    assert all(shard.stat().st_size < 220_000 for shard in shards)
    index = json.loads((folder / "model.safetensors.index.json").read_text(encoding="utf-8"))["weight_map"]
    assert set(index.values()) == {shard.name for shard in shards}
    before, after = load_checkpoint(released.folder)[0].state_dict(), load_checkpoint(folder)[0].state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    verify_manifest(folder)


def test_one_tensor_under_two_names_is_written_twice(tmp_path):
    tensors = state()
    tensors["llm.lm_head.weight"] = tensors["llm.model.embed_tokens.weight"]
    written = stored(convert_weights(request_for(tmp_path / "m", saved(tensors, tmp_path / "tied.pth"))).folder)
    table = written["language_model.model.embed_tokens.weight"]
    assert torch.equal(written["language_model.lm_head.weight"], table)


def test_a_wrapped_or_prefixed_state_dict_and_the_old_format_are_read(released, tmp_path):
    wrapped = {"state_dict": {f"module.{key}": value for key, value in state().items()}, "epoch": 3}
    old = tmp_path / "old.pth"
    torch.save(state(), old, _use_new_zipfile_serialization=False)
    for number, file in enumerate((saved(wrapped, tmp_path / "wrapped.pth"), old)):
        done = convert_weights(request_for(tmp_path / f"m{number}", file))
        assert done.manifest["digest"] == released.manifest["digest"]


# -- what does not fit -------------------------------------------------------------------------


def test_missing_unexpected_and_misshapen_keys_stop_the_import_and_are_reported(tmp_path):
    tensors = state()
    del tensors["proj_mol.bias"]
    tensors["llm.model.layers.9.extra"] = torch.zeros(1)
    tensors["proj_prot.bias"] = torch.zeros(3)
    tensors["llm.model.norm.weight"] = tensors["llm.model.norm.weight"].to(torch.int8)
    report = tmp_path / "report.json"
    message = refused(tmp_path / "m", saved(tensors, tmp_path / "x.pth"), report=report)
    for part in ("missing: proj_mol.bias", "unexpected: llm.model.layers.9.extra", "proj_prot.bias (3,) instead of ("):
        assert part in message
    assert "llm.model.norm.weight of int8 instead of floating point" in message
    written = json.loads(report.read_text(encoding="utf-8"))
    assert written["missing"] == ["proj_mol.bias"]
    assert written["unexpected"] == ["llm.model.layers.9.extra"]
    assert len(written["wrong_shape"]) == 2
    assert len(written["taken"]) + len(written["ignored"]) + 3 == len(tensors)


def test_folders_of_another_model_are_noticed(tmp_path):
    llm = tmp_path / "llm"
    shutil.copytree(GOLDEN / "llm", llm)
    config = json.loads((llm / "config.json").read_text(encoding="utf-8"))
    (llm / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 1}), encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"unexpected: llm\.model\.layers\.1\."):
        convert_weights(replace(request_for(tmp_path / "m"), lm=llm))
    (llm / "config.json").write_text(json.dumps({**config, "intermediate_size": 96}), encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"mlp\.gate_proj\.weight .* instead of \(96, "):
        convert_weights(replace(request_for(tmp_path / "m"), lm=llm))
    with pytest.raises(CheckpointError, match="expected an ESM-2"):
        convert_weights(replace(request_for(tmp_path / "m"), esm=GOLDEN / "llm"))


class Trap:
    """Runs code when it is unpickled."""

    def __reduce__(self):
        return print, ("code ran",)


def _damage(name, folder):
    """Write a damaged or foreign file."""
    whole, file = PTH.read_bytes(), folder / f"{name}.pth"
    middle = len(whole) // 2
    if name == "trap":
        saved({"llm.model.embed_tokens.weight": Trap()}, file)
    elif name == "numbers":
        saved({"epoch": 3, "loss": 0.5}, file)
    elif name == "foreign":
        saved({"encoder.weight": torch.zeros(2)}, file)
    elif name == "script":  # what torch.jit.save writes
        with zipfile.ZipFile(file, "w") as archive:
            for record in ("data.pkl", "constants.pkl", "code/__torch__/torch/nn/modules/linear.py"):
                archive.writestr(f"script/{record}", b"")
    elif name == "archive":
        with zipfile.ZipFile(file, "w") as archive:
            archive.write(PTH, "biomedgpt_10b.pth")
    elif name in ("another model", "short"):
        save_file({"encoder.weight": torch.zeros(200)}, file)
        file.write_bytes(file.read_bytes()[: -100 if name == "short" else None])
    else:
        flipped = bytearray(whole)
        flipped[middle] ^= 1
        file.write_bytes(
            {
                "half": whole[:middle],
                "hole": whole[: middle // 2] + whole[middle:],
                "flipped": bytes(flipped),
                "pickle": pickle.dumps({"a": 1}),
                "page": b"\n<!DOCTYPE html><html><title>404</title></html>",
                "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 20\n",
                "message": b'{"error": "Repository not found"}',
                "empty": b"",
                "gzip": gzip.compress(whole),
                "noise": bytes(range(256)) * 9,
            }[name]
        )
    return file


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("half", "ends early"),
        ("hole", "is altered or lacks a part"),
        ("flipped", r"is altered: its record \S+/data/\d+ is damaged"),
        ("trap", "holds print beside tensors"),
        ("pickle", "is a pickle, but not of torch"),
        ("numbers", "holds a dict with epoch, loss; expected named tensors"),
        ("foreign", r"holds no llm\.model\.embed_tokens\.weight .* but encoder\.weight"),
        ("another model", r"holds no llm\.model\.embed_tokens\.weight .* but encoder\.weight"),
        ("short", "is truncated or altered"),
        ("script", "is a TorchScript program"),
        ("archive", r"is an archive that holds biomedgpt_10b\.pth"),
        ("gzip", "is a gzip archive"),
        ("page", "is a web page"),
        ("pointer", "is a Git LFS pointer"),
        ("message", "is text that begins .*Repository not found"),
        ("empty", "is empty"),
        ("noise", "is no weight file"),
    ],
)
def test_a_damaged_or_foreign_file_is_named_as_what_it_is(name, expected, tmp_path, capsys):
    file = _damage(name, tmp_path)
    message = refused(tmp_path / "m", file)
    assert re.search(f"{name}\\.pth {expected}", message), message
    assert "\n" not in message
    assert capsys.readouterr().out == ""


# -- pieces ------------------------------------------------------------------------------------


def cut(folder, count):
    """Cut the reference's file into pieces called ``.part0`` and so on."""
    whole = PTH.read_bytes()
    size = len(whole) // count + 1
    pieces = [folder / f"b.pth.part{number}" for number in range(count)]
    for number, piece in enumerate(pieces):
        piece.write_bytes(whole[number * size : (number + 1) * size])
    return pieces


def test_pieces_given_in_order_or_by_pattern_are_one_file(released, tmp_path):
    cut(tmp_path, 12)  # .part10 sorts before .part2 by letters
    done = convert_weights(request_for(tmp_path / "m", str(tmp_path / "b.pth.part*")))
    assert done.manifest["digest"] == released.manifest["digest"]
    assert done.manifest["source_files"][0]["sha256"] == released.manifest["source_files"][0]["sha256"]
    assert done.manifest["source_files"][0]["name"] == "b.pth.part0 and 11 more pieces"
    assert not [path for path in done.folder.iterdir() if "joined" in path.name]


def test_pieces_out_of_order_missing_or_no_pieces_are_named(tmp_path):
    first, second, third = cut(tmp_path, 3)
    assert "part1 is not the first piece; b.pth.part0 begins the file" in refused(tmp_path / "m", second, first, third)
    assert "lacks a part" in refused(tmp_path / "m", first, third)
    assert "part0 ends early" in refused(tmp_path / "m", first)
    assert "part1 is no weight file" in refused(tmp_path / "m", second)
    second.write_bytes(b"<html>please log in</html>")
    assert "part1 is a web page" in refused(tmp_path / "m", first, second, third)
    second.unlink()
    assert "no file" in refused(tmp_path / "m", first, second, third)
    assert "no file fits" in refused(tmp_path / "m", str(tmp_path / "*.001"))


def test_shards_that_are_whole_files_are_read_side_by_side(released, tmp_path):
    shards = tmp_path / "shards"
    shards.mkdir()
    tensors = list(state().items())
    for number in range(3):
        saved(dict(tensors[number::3]), shards / f"pytorch_model-0000{number + 1}-of-00003.bin")
    given = sorted(shards.iterdir())
    for number, sources in enumerate((given, [shards])):
        done = convert_weights(request_for(tmp_path / f"m{number}", *sources))
        assert {entry.name for entry in done.report.taken} == {entry.name for entry in released.report.taken}
        assert len(done.manifest["source_files"]) == 3
    assert "a second time" in refused(tmp_path / "m", given[0], given[0])


# -- the folder that is written ----------------------------------------------------------------


def test_an_existing_folder_is_replaced_only_when_told_so_and_ours(released, tmp_path):
    folder = tmp_path / "m"
    convert_weights(request_for(folder))
    (folder / "old.txt").write_text("old", encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"m exists already\. .*--force"):
        convert_weights(request_for(folder))
    assert (folder / "old.txt").exists()
    assert convert_weights(request_for(folder, force=True)).manifest == released.manifest
    verify_manifest(folder)
    assert list(tmp_path.iterdir()) == [folder]
    (tmp_path / "photos").mkdir()
    with pytest.raises(CheckpointError, match="photos is no checkpoint folder, so it is not replaced"):
        convert_weights(request_for(tmp_path / "photos", force=True))
    inside = shutil.copy(PTH, folder)
    with pytest.raises(CheckpointError, match="which would be replaced"):
        convert_weights(request_for(folder, inside, force=True))
    assert Path(inside).exists()


def test_a_refused_import_leaves_the_folder_it_would_have_replaced(tmp_path):
    folder = convert_weights(request_for(tmp_path / "m")).folder
    with pytest.raises(CheckpointError, match="ends early"):
        convert_weights(request_for(folder, _damage("half", tmp_path), force=True))
    verify_manifest(folder)


def test_an_interrupted_import_leaves_the_unfinished_folder_only(tmp_path):
    def interrupt(what, done, total):
        if what.startswith("writing"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert_weights(request_for(tmp_path / "m"), interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ["m.partial"]
    convert_weights(request_for(tmp_path / "m"))
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
