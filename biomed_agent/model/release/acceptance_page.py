"""The acceptance report as one page of text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

WIDTH = 100
GIB = 2**30
_INDENT = " " * 12


def page(report: Mapping[str, Any]) -> str:
    """Return the report of :func:`.acceptance.accept` for a person to read."""
    checkpoint = report["checkpoint"]
    title = (
        f"Acceptance report: {checkpoint['name']} ({checkpoint['revision']}), {checkpoint['parameters']:,} parameters"
    )
    lines = [title, *_facts(report), ""]
    for number, answer in enumerate(report["inputs"], start=1):
        lines += [*_input(number, answer), ""]
    lines += [f"Not asked: {left['name']} ({left['why']})" for left in report["left_out"] if left["name"] != "text"]
    lines += [*_verdict(report)]
    return "\n".join(lines)


def _facts(report: Mapping[str, Any]) -> Iterator[str]:
    checkpoint, load, memory, machine = (report[part] for part in ("checkpoint", "load", "memory", "machine"))
    sources = ", ".join(source["name"] for source in checkpoint["source_files"])
    yield from _row(
        "weights",
        f"{len(checkpoint['files'])} files, {checkpoint['bytes'] / 1e6:,.1f} MB, all as the manifest says; digest "
        f"{checkpoint['digest']}{f'; imported from {sources}' if sources else ''}",
    )
    types = ", ".join(f"{count:,} {name}" for name, count in load["parameters_by_type"].items())
    devices = ", ".join(load["parameters_by_device"])
    yield from _row("loaded", f"as {load['load_in']} on {devices} in {load['seconds']:.1f} s; parameters: {types}")
    gpus = "".join(f", {size / GIB:.2f} GiB on {name}" for name, size in memory["peak_gpu"].items())
    yield from _row("memory", f"at most {memory['peak_ram'] / GIB:.2f} GiB of RAM{gpus}")
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    gpu_names = f", {', '.join(machine['gpus'])}" if machine["gpus"] else ""
    yield from _row("machine", f"{machine['cpu']}, {machine['cores']} cores{gpu_names}; {packages}")
    decoding = report["decoding"]
    words = f"greedy, one beam, at most {decoding['max_new_tokens']} new tokens; the prompt is {decoding['prompt']}"
    yield from _row("asked", words)


def _input(number: int, answer: Mapping[str, Any]) -> Iterator[str]:
    yield f"{number}. {answer['name']}: {answer['question']}"
    yield from _row("verdict", verdict_words(answer))
    if answer["note"] and answer["printed"]:
        yield from _row("note", answer["note"])
    if forced := answer["token_by_token"]:
        yield from _row("by token", _forced_words(forced))
    decode = (
        f"decode {answer['new_tokens']:,} tokens, {answer['decode_per_second']:,.1f} a second"
        if answer["decode_per_second"]
        else f"decode {answer['new_tokens']:,} token{'' if answer['new_tokens'] == 1 else 's'}, too few to time"
    )
    yield from _row(
        "speed",
        f"prefill {answer['prompt_positions']:,} positions, {answer['prefill_per_second']:,.1f} a second; {decode}",
    )
    yield from _row("said", answer["said"] or "(nothing)")
    if answer["printed"] and answer["verdict"] != "same text":
        yield from _row("printed", answer["printed"])
    yield from _row("source", answer["source"])


def verdict_words(answer: Mapping[str, Any]) -> str:
    """Return the verdict on one input in words."""
    if answer["verdict"] == "recorded":
        return "recorded, to send back: no printed answer is known"
    difference = answer["first_difference"]
    if difference is None:
        same = answer["verdict"] == "same text"
        return "the same text as printed" if same else "the same words as printed, with other white space"
    printed, said = (f"{difference[side]!r}" if difference[side] else "its end" for side in ("printed", "said"))
    return f"differs from word {difference['word']} of {difference['of']} on: {printed} printed, {said} said"


def _forced_words(forced: Mapping[str, Any]) -> str:
    words = f"the printed token ranks first at {forced['first_choice']} of {forced['tokens']} places, its end included"
    words += f"; {forced['nats_per_token']:.3f} nats a token"
    if other := forced["first_other"]:
        words += (
            f"; the first other is place {other['place']}: {other['printed']!r} printed, {other['first']!r} ranked "
            f"first, {other['nats_apart']:.3f} nats apart"
        )
    return words


def _verdict(report: Mapping[str, Any]) -> Iterator[str]:
    compared = [answer for answer in report["inputs"] if answer["printed"]]
    same = sum(answer["verdict"] in ("same text", "same words") for answer in compared)
    if not compared:
        yield "Nothing that was printed could be compared."
        return
    yield f"{same} of {len(compared)} printed answers are met word for word."
    if same < len(compared):
        yield from textwrap.wrap(
            "The printed ones came from float16 on a GPU. In another precision rounding may tip a choice between two "
            "tokens that are almost equal; then all tokens but a few still rank first. Weights that are not the "
            "released ones differ from the first words on.",
            WIDTH,
        )


def _row(name: str, words: str) -> list[str]:
    """Return a name and what is to be said of it, wrapped."""
    text = " ".join(words.split())
    return textwrap.wrap(text, WIDTH, initial_indent=f"  {name:10}", subsequent_indent=_INDENT, break_on_hyphens=False)
