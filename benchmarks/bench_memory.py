"""Memory of a local model in each precision, against what `biomed-agent doctor` counts.

Run with: python benchmarks/bench_memory.py [--tokenizers FOLDER]. A model of 311 million random parameters, stored in
bfloat16, with the tokenizers of a checkpoint folder (the embedded one). Each precision runs in a process of its own,
which loads the model, answers a question in words, then one about a protein. Resident memory above that of a process
that has only imported the engine: the process's own, and pages of the weights' file, which the system takes back when
it needs them. Linux only.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from timing import machine

from biomed_agent.core.types import LoadIn
from biomed_agent.model.connect import EMBEDDED
from biomed_agent.model.contract.generation import Options
from biomed_agent.model.inference.placement import BYTES, folder_sizes

SIZES = {
    "molecule_config": {"hidden_size": 300, "num_hidden_layers": 5},
    "protein_config": {
        "hidden_size": 640, "num_hidden_layers": 30, "num_attention_heads": 20, "intermediate_size": 2560
    },
    "text_config": {
        "model_type": "llama", "hidden_size": 1024, "num_hidden_layers": 12, "num_attention_heads": 16,
        "intermediate_size": 2752, "max_position_embeddings": 2048,
    },
}  # fmt: skip
TOKENS = 256
"""Positions of the questions here, about."""


def build(tokenizers: Path, folder: Path) -> None:
    """Write a checkpoint folder with random weights in bfloat16."""
    import torch

    from biomed_agent.model import BioMedGPTConfig, BioMedGPTForConditionalGeneration, BioMedGPTProcessor
    from biomed_agent.model.checkpoints.checkpoint import save_checkpoint

    processor = BioMedGPTProcessor.from_pretrained(tokenizers)
    text = SIZES["text_config"] | {
        "vocab_size": len(processor.tokenizer),
        "bos_token_id": processor.tokenizer.bos_token_id,
        "eos_token_id": processor.tokenizer.eos_token_id,
        "pad_token_id": processor.tokenizer.pad_token_id,
    }
    model = BioMedGPTForConditionalGeneration(BioMedGPTConfig(**{**SIZES, "text_config": text})).to(torch.bfloat16)
    manifest = {"name": "random", "revision": "0", "source": "random numbers", "kinds": {}, "licence": "none"}
    save_checkpoint(model, processor, folder, manifest, "# Random\n")


def measure(folder: Path, load_in: LoadIn) -> dict[str, float]:
    """Return MiB above an engine's imports: own memory and mapped file after loading, a text and a protein."""
    import torch

    from biomed_agent.model.contract.prompt import user_message
    from biomed_agent.model.inference.engine import LocalEngine
    from biomed_agent.model.inference.quantize import loading_options

    torch.set_num_threads(1)
    loading_options(load_in)
    torch.ones(64, 64) @ torch.ones(64, 64)
    before = _status()
    growth: dict[str, float] = {}

    def note(when: str) -> None:
        for name, now in _status().items():
            growth[f"{when} {name}"] = now - before[name]

    engine = LocalEngine(folder, load_in, device="cpu")
    note("loaded")
    engine.generate([user_message("What does aspirin do? " * 20)], Options(max_new_tokens=4))
    note("text")
    engine.generate([user_message("What does it do?", sequences=["MKVLAGHWTR" * 20])], Options(max_new_tokens=4))
    note("protein")
    return growth


def _status() -> dict[str, float]:
    """Return this process's own memory, pages of mapped files and the peak of both, in MiB."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    fields = {line.split(":")[0]: line.split()[1] for line in lines if line.endswith("kB")}
    return {name: int(fields[key]) / 1024 for name, key in (("own", "RssAnon"), ("file", "RssFile"), ("peak", "VmHWM"))}


def main() -> None:
    """Print one row for each precision."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokenizers", type=Path, default=EMBEDDED)
    parser.add_argument("--measure", nargs=2, metavar=("FOLDER", "PRECISION"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(Path(options.measure[0]), options.measure[1])))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "random"
        build(options.tokenizers, folder)
        sizes = folder_sizes(folder)
        print(f"{machine()}; {sizes.parameters / 1e6:.0f} M parameters, stored in bfloat16; MiB")
        print("| weights | counted | loaded: own + file | text: own + file | protein: own + file | peak |")
        print("|---|---|---|---|---|---|")
        for load_in in BYTES:
            command = [sys.executable, __file__, "--measure", str(folder), load_in]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            growth = json.loads(done.stdout)
            counted = sizes.weights(load_in) + sizes.kv_cache(load_in, TOKENS) + sizes.activations(load_in, TOKENS)
            cells = [
                f"{growth[f'{when} own']:.0f} + {growth[f'{when} file']:.0f}" for when in ("loaded", "text", "protein")
            ]
            print(
                f"| {load_in} | {counted / 2**20:.0f} | {' | '.join(cells)} | {growth['protein peak']:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
