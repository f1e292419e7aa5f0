"""Many answers to one prompt: it is read once, and an answer that has ended costs nothing any more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import Tensor
from transformers import (
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopPLogitsWarper,
)

from biomed_agent.core.deadline import current
from biomed_agent.model.contract.generation import Options


@torch.no_grad()
def sample(
    model: Any,
    inputs: Mapping[str, Tensor],
    limit: int,
    options: Options,
    *,
    eos: Collection[int],
    text: Callable[[list[int]], str],
) -> list[list[int]]:
    """Draw ``options.mbr_samples`` answers to one prompt.

    ``generate(num_return_sequences=...)`` draws in the same way, but goes on with every row until the longest has ended
    (``docs/benchmarks.md`` has the ratio). Of the model's generation config nothing but ``eos`` is obeyed here.

    Args:
        model: A :class:`~biomed_agent.model.network.modeling.BioMedGPTForConditionalGeneration`.
        inputs: The processor's output for one conversation.
        limit: Tokens of each at most.
        options: ``temperature``, ``top_p``, ``repetition_penalty`` and ``stop`` are obeyed.
        eos: Ids that end an answer.
        text: Turns ids into the text that may hold a stop string.

    Returns:
        The new ids of each answer, EOS included.

    Raises:
        ValueError: ``inputs`` holds several conversations, or padding, which the steps after the first would read.
        Cancelled: The call was cancelled (:func:`biomed_agent.core.deadline.current`).
        TimedOut: Its time is up.
    """
    if len(inputs["input_ids"]) != 1 or not inputs["attention_mask"].all():
        raise ValueError("expected one conversation without padding")

    def stopped(row: list[int]) -> bool:
        return bool(options.stop) and cut_at(text(row), options.stop)[1]

    deadline = current()
    warpers, count = _warpers(options), options.mbr_samples
    out = model(**inputs, use_cache=True, logits_to_keep=1)
    cache, logits = out.past_key_values, out.logits[:, -1].expand(count, -1)
    cache.batch_repeat_interleave(count)
    rows: list[list[int]] = [[] for _ in range(count)]
    open_rows = rows
    length = inputs["input_ids"].shape[1]
    for position in range(length, length + limit):
        deadline.check()
        decoded = torch.tensor(open_rows, dtype=torch.long, device=logits.device)
        scores = warpers(decoded, logits.float())  # type: ignore[arg-type]
        ids = torch.multinomial(torch.softmax(scores, dim=-1), 1)
        for row, index in zip(open_rows, ids[:, 0].tolist(), strict=True):
            row.append(index)
        going = [number for number, row in enumerate(open_rows) if row[-1] not in eos and not stopped(row)]
        if not going or position == length + limit - 1:
            break
        if len(going) < len(open_rows):
            chosen = torch.tensor(going)  # on the CPU: the layers of the cache may lie on several GPUs
            cache.batch_select_indices(chosen)
            ids, open_rows = ids[chosen], [open_rows[number] for number in going]
        here = torch.full_like(ids, position)
        logits = model(input_ids=ids, past_key_values=cache, position_ids=here, use_cache=True).logits[:, -1]
    return rows


def cut_at(text: str, stop: tuple[str, ...]) -> tuple[str, bool]:
    """Return the text before the first stop string, and whether there is one."""
    places = [place for place in (text.find(string) for string in stop) if place >= 0]
    return (text[: min(places)].rstrip(), True) if places else (text, False)


def _warpers(options: Options) -> LogitsProcessorList:
    """Return what is done to logits before a token is drawn, in the library's order."""
    warpers = LogitsProcessorList()
    if options.repetition_penalty != 1:
        warpers.append(RepetitionPenaltyLogitsProcessor(float(options.repetition_penalty)))
    warpers.append(TemperatureLogitsWarper(float(options.temperature)))
    if options.top_p < 1:
        warpers.append(TopPLogitsWarper(options.top_p))
    return warpers
