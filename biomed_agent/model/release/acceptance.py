"""An acceptance report for whoever holds weights that were published: do they say what was printed, and how fast?

``published_answers.json`` beside this module holds the inputs of the released demo, the answers it printed and the
decoding it used. A printed answer is compared in two ways: with what the weights write, and token by token with what
they rank first after each beginning of it, which a single rounding error cannot derail.
"""

from __future__ import annotations

import json
import platform
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from biomed_agent.core.errors import InvalidInput
from biomed_agent.core.types import LoadIn
from biomed_agent.core.version import __version__
from biomed_agent.model.contract.generation import Generation, Options
from biomed_agent.model.contract.manifest import Progress, file_sizes, verify_manifest
from biomed_agent.model.contract.prompt import REFERENCE, Message, user_message
from biomed_agent.model.inference.engine import LocalEngine
from biomed_agent.model.inference.machine import take_inventory
from biomed_agent.model.network.processing import IGNORED

SCHEMA = 1
FILE = Path(__file__).with_name("published_answers.json")
MIN_TIMED_TOKENS = 8
"""new tokens from which on a pace of decoding is stated; the time of fewer is that of the clock's noise"""
TOP = 5
"""candidates for the first token that are recorded"""


@dataclass(frozen=True, slots=True)
class PublishedInput:
    """One input whose answer was published, or is to be recorded."""

    name: str
    question: str
    source: str
    note: str
    printed: str = ""
    """the published answer; empty where none is known"""
    smiles: str = ""
    sequence: str = ""

    @property
    def reads(self) -> str:
        """Which modality a model must read to be asked."""
        return "molecule" if self.smiles else "protein" if self.sequence else ""

    def messages(self) -> list[Message]:
        """Return the prompt of the released demo, whatever style the folder states; text alone is asked in its style.

        The SMILES is given as it was published: the graph encoder reads atoms in its order.
        """
        asked = user_message(
            self.question,
            smiles=[self.smiles] if self.smiles else [],
            sequences=[self.sequence] if self.sequence else [],
        )
        return [{"role": "system", "content": REFERENCE.system}, asked] if self.reads else [asked]


def published_inputs() -> tuple[list[PublishedInput], Options]:
    """Return the inputs, and how the released demo decoded."""
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    return [PublishedInput(**entry) for entry in stored["inputs"]], Options(**stored["decoding"])


def accept(
    folder: Path,
    load_in: LoadIn | None = None,
    progress: Progress | None = None,
    tell: Callable[[str], None] = lambda _words: None,
    inputs: Sequence[PublishedInput] | None = None,
) -> dict[str, Any]:
    """Check, load and ask a checkpoint folder; return the report, which is plain JSON.

    Args:
        folder: The checkpoint folder.
        load_in: Precision of the weights; see :class:`~biomed_agent.model.inference.engine.LocalEngine`.
        progress: Told how many bytes of the files are read.
        tell: Told what is done after that.
        inputs: What is asked; what the released demo was asked when not given.

    Raises:
        CheckpointError: A file differs from the manifest, or the folder cannot be loaded.
        Unavailable: The model does not fit, or the device runs out of memory.
    """
    manifest = verify_manifest(folder, progress)
    tell(f"loading {manifest['name']} ...")
    begun = time.perf_counter()
    engine = LocalEngine(folder, load_in)
    seconds = time.perf_counter() - begun
    published, options = published_inputs()
    modalities = engine.model.config.modalities
    answers, left_out = [], []
    for number, entry in enumerate(inputs or published, start=1):
        if why := _unfit(modalities, entry):
            left_out.append({"name": entry.name, "why": why})
            continue
        tell(f"asking {number} of {len(inputs or published)}: {entry.name} ...")
        try:
            answers.append(_asked(engine, entry, options))
        except InvalidInput as error:
            left_out.append({"name": entry.name, "why": error.message.rstrip(".")})
    return {
        "schema": SCHEMA,
        "version": __version__,
        "checkpoint": {
            **{key: manifest[key] for key in ("name", "revision", "digest", "parameters", "prompt_style")},
            "files": manifest["files"],
            "bytes": sum(file_sizes(folder).values()),
            "source_files": manifest.get("source_files", []),
        },
        "machine": _machine(),
        "load": {"seconds": round(seconds, 2), "load_in": engine.load_in, **_weights(engine)},
        "memory": _memory(engine),
        "decoding": {**asdict(options), "prompt": "that of the released demo" if modalities else "the folder's style"},
        "inputs": answers,
        "left_out": left_out,
    }


def _unfit(modalities: Sequence[str], entry: PublishedInput) -> str:
    """Return why an input is not asked of a model that reads these modalities; empty when it is."""
    if entry.reads:
        return "" if entry.reads in modalities else f"this model reads no {entry.reads}s"
    return "asked of a language model alone" if modalities else ""


def _asked(engine: LocalEngine, entry: PublishedInput, options: Options) -> dict[str, Any]:
    """Return what the weights say to one input, how fast, and how that compares with what was printed."""
    messages = entry.messages()
    one = Options(max_new_tokens=1)
    engine.generate(messages, one)  # warm: buffers, kernels
    read, read_seconds = _timed(engine, messages, one)
    said, seconds = _timed(engine, messages, options)
    decoding = seconds - read_seconds
    timed = said.new_tokens >= MIN_TIMED_TOKENS and decoding > 0
    return {
        **{name: value for name, value in asdict(entry).items() if value or name not in ("smiles", "sequence")},
        "said": said.text,
        "finish_reason": said.finish_reason,
        "truncated": said.truncated,
        "prompt_positions": said.prompt_tokens,
        "new_tokens": said.new_tokens,
        "prefill_seconds": round(read_seconds, 4),
        "prefill_per_second": round(read.prompt_tokens / read_seconds, 1),
        "decode_seconds": round(decoding, 4) if timed else None,
        "decode_per_second": round((said.new_tokens - 1) / decoding, 1) if timed else None,
        "first_tokens": _first_tokens(engine, messages),
        **compare(entry.printed, said.text),
        "token_by_token": _token_by_token(engine, messages, entry.printed) if entry.printed else None,
    }


def _timed(engine: LocalEngine, messages: list[Message], options: Options) -> tuple[Generation, float]:
    begun = time.perf_counter()
    said = engine.generate(messages, options)
    return said, time.perf_counter() - begun


def compare(printed: str, said: str) -> dict[str, Any]:
    """Return whether two texts are the same, the same but for white space, or where their first differing words stand.

    Args:
        printed: The published answer; empty where none is known.
        said: What the weights write.

    Returns:
        ``verdict`` (``same text``, ``same words``, ``differs``, or ``recorded`` where nothing was printed), and
        ``first_difference`` with the number of the word, counted from 1, and both words; "" for an end.
    """
    theirs, ours = printed.split(), said.split()
    if not printed:
        return {"verdict": "recorded", "first_difference": None}
    if theirs == ours:
        return {"verdict": "same text" if printed == said else "same words", "first_difference": None}
    same = 0
    while same < min(len(theirs), len(ours)) and theirs[same] == ours[same]:
        same += 1
    words = {"printed": theirs[same] if same < len(theirs) else "", "said": ours[same] if same < len(ours) else ""}
    return {"verdict": "differs", "first_difference": {"word": same + 1, "of": len(theirs), **words}}


def _first_tokens(engine: LocalEngine, messages: list[Message]) -> list[dict[str, Any]]:
    """Return the candidates for the first token with their logits, to be compared between machines."""
    with torch.inference_mode():
        logits = engine.model(**engine.processor([messages]).to(engine.device), logits_to_keep=1).logits[0, -1].float()
    values, ids = logits.topk(TOP)
    return [
        {"id": index, "token": engine.processor.tokenizer.convert_ids_to_tokens(index), "logit": round(value, 4)}
        for value, index in zip(values.tolist(), ids.tolist(), strict=True)
    ]


def _token_by_token(engine: LocalEngine, messages: list[Message], printed: str) -> dict[str, Any] | None:
    """Return at how many tokens of the printed answer, its end included, the model would have written the same.

    None where prompt and answer do not fit into the context.
    """
    inputs = engine.processor([messages], [printed])
    if inputs["input_ids"].shape[1] > engine.context_length:
        return None
    inputs = inputs.to(engine.device)
    labels = inputs.pop("labels")[0]
    wanted = labels[labels.ne(IGNORED)]
    with torch.inference_mode():
        logits = engine.model(**inputs, logits_to_keep=len(wanted) + 1).logits[0, :-1].float()
    scores = logits.log_softmax(-1)
    best, first = scores.max(-1)
    own = scores.gather(-1, wanted[:, None])[:, 0]
    other = first.ne(wanted).nonzero()[:, 0].tolist()
    tokens = engine.processor.tokenizer.convert_ids_to_tokens
    at = other[0] if other else None
    return {
        "tokens": len(wanted),
        "first_choice": len(wanted) - len(other),
        "nats_per_token": round(float(-own.mean()), 4),
        "first_other": None
        if at is None
        else {
            "place": at + 1,
            "printed": tokens(int(wanted[at])),
            "first": tokens(int(first[at])),
            "nats_apart": round(float(best[at] - own[at]), 4),
        },
    }


def _weights(engine: LocalEngine) -> dict[str, Any]:
    """Return how many parameters lie in which type, and on which devices."""
    types: Counter[str] = Counter()
    devices: Counter[str] = Counter()
    for parameter in engine.model.parameters():
        types[str(parameter.dtype).removeprefix("torch.")] += parameter.numel()
        devices[str(parameter.device)] += parameter.numel()
    return {"parameters_by_type": dict(types), "parameters_by_device": dict(devices)}


def _memory(engine: LocalEngine) -> dict[str, Any]:
    """Return the most memory this process has taken so far, in bytes: in RAM, and by torch on each GPU."""
    unit = 1 if sys.platform == "darwin" else 1024  # what getrusage counts in
    gpus = range(torch.cuda.device_count()) if engine.device.type == "cuda" else ()
    return {
        "peak_ram": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit,
        "peak_gpu": {f"cuda:{number}": torch.cuda.max_memory_allocated(number) for number in gpus},
    }


def _machine() -> dict[str, Any]:
    inventory = take_inventory()
    return {
        "cpu": inventory.cpu,
        "cores": inventory.cores,
        "gpus": [gpu.name for gpu in inventory.gpus],
        "python": platform.python_version(),
        "packages": {name: version(name) for name in ("torch", "transformers", "rdkit")},
    }


def write(report: Mapping[str, Any], file: Path) -> None:
    """Write the report as JSON, whole or not at all.

    Raises:
        InvalidInput: The file cannot be written.
    """
    partial = file.with_name(f"{file.name}.partial")
    try:
        partial.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.replace(file)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror or error}.", "Give another --output.") from error
