"""Sharding over two processes on CPUs: which layers are wrapped, and that a step is that of one process."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from biomed_agent.model.training import align, trainer
from biomed_agent.model.training.batching import Collator
from biomed_agent.model.training.start import begin
from tests.helpers.pairs import pairs, recipe, stage, vocabulary
from tests.helpers.places import ROOT

STAGE = stage(trains=("projections", "language_model"), fsdp={}, warmup_steps=0)
SHARDED = """
import json, sys
from pathlib import Path
from tests.model.training.test_sharding import sharded_step
print(json.dumps(sharded_step(Path(sys.argv[1]))))
"""


def prepared(folder: Path) -> tuple[Any, dict[str, torch.Tensor], torch.Tensor]:
    """Return a model that learns as the stage says, and one batch of all pairs."""
    model, processor = begin(recipe(STAGE), folder, [], lambda _: None)
    align.freeze(model, STAGE, seed=1)
    batch = Collator(processor)([pairs()])
    return model.train(), batch.model_inputs, batch.labels


def step(model: Any, inputs: dict[str, torch.Tensor], labels: torch.Tensor, count: int) -> float:
    """Make one step of plain gradient descent and return the loss."""
    loss = align.answer_loss(model, inputs, labels, count)
    loss.backward()
    torch.optim.SGD([parameter for parameter in model.parameters() if parameter.requires_grad], lr=0.1).step()
    return loss.item()


def sharded_step(folder: Path) -> dict[str, Any]:
    """Shard the model as the recipe's settings say and make one step; each process has half of the rows."""
    from accelerate import FullyShardedDataParallelPlugin
    from accelerate.utils.fsdp_utils import fsdp2_prepare_auto_wrap_policy
    from accelerate.utils.other import get_module_children_bottom_up
    from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import FSDPModule, fully_shard

    torch.set_num_threads(1)
    model, inputs, labels = prepared(folder)
    model.sync_shards = True  # the first process gets molecules only, the second proteins only
    settings = trainer.arguments(align.settings_of(STAGE, 0, 1), folder, False, trainer.layers_of(model))
    _ = settings.device  # begins the process group, gloo on CPUs
    plugin = FullyShardedDataParallelPlugin(**settings.fsdp_plugin_args)
    plugin.set_auto_wrap_policy(model)
    wraps = fsdp2_prepare_auto_wrap_policy(plugin, model)
    ranks, rank = torch.distributed.get_world_size(), torch.distributed.get_rank()
    how = {"mesh": init_device_mesh("cpu", (ranks,)), "reshard_after_forward": plugin.reshard_after_forward}
    for module in get_module_children_bottom_up(model)[:-1]:
        if wraps(module):
            fully_shard(module, **how)
    fully_shard(model, **how)
    wrapped = sorted(
        type(module).__name__.removeprefix("FSDP") for module in model.modules() if isinstance(module, FSDPModule)
    )
    count = int(labels[:, 1:].ne(-100).sum())
    half = slice(16 * rank, 16 * rank + 16)  # molecules, proteins
    other = ("protein_input_ids", "protein_attention_mask") if rank == 0 else ("atoms", "edge_index", "edge_attr")
    mine = {
        name: tensor if tensor.shape[0] != 32 else tensor[half] for name, tensor in inputs.items() if name not in other
    }
    loss = step(model, mine, labels[half], count) if ranks == 2 else 0.0
    whole = get_model_state_dict(model, options=StateDictOptions(full_state_dict=True))
    if rank == 0:
        torch.save(whole, folder / "sharded.pt")
    torch.distributed.destroy_process_group()
    return {"wrapped": wrapped, "loss": loss, "rank": rank}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.slow
def test_layers_are_sharded_and_a_step_is_that_of_one_process(tmp_path):
    vocabulary(tmp_path)
    root = str(ROOT)
    common = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": "2", "PYTHONPATH": root}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SHARDED, str(tmp_path)],
            env={**os.environ, **common, "RANK": rank, "LOCAL_RANK": rank, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in "01"
    ]
    replies = []
    for process in processes:
        out, err = process.communicate(timeout=900)
        assert process.returncode == 0, err[-2000:]
        replies.append(json.loads(out.splitlines()[-1]))

    layers = ["EsmLayer", "EsmLayer", "LlamaDecoderLayer", "LlamaDecoderLayer"]
    assert replies[0]["wrapped"] == sorted([*layers, "BioMedGPTForConditionalGeneration"])
    model, inputs, labels = prepared(tmp_path)
    alone = step(model, inputs, labels, int(labels[:, 1:].ne(-100).sum()))
    assert sum(reply["loss"] for reply in replies) == pytest.approx(alone, rel=1e-5)
    # The gradients of processes are averaged, so two that share a loss step half as far as one.
    start = prepared(tmp_path)[0].state_dict()
    sharded = torch.load(tmp_path / "sharded.pt", weights_only=True)
    for name, tensor in model.named_parameters():
        assert torch.allclose(start[name] + (tensor - start[name]) / 2, sharded[name], atol=1e-5), name
