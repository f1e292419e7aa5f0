"""Padding together what is of similar length."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biomed_agent.model.contract.prompt import user_message
from biomed_agent.model.network.length_buckets import MAX_WASTE, bucket_by_length, padding_waste

lengths = st.lists(st.integers(1, 1024), max_size=60)


def test_similar_lengths_come_together() -> None:
    assert bucket_by_length([100, 400, 98, 396, 20]) == [[1, 3], [0, 2], [4]]
    assert bucket_by_length([5, 5, 5]) == [[0, 1, 2]]
    assert bucket_by_length([]) == []


def test_a_little_padding_may_be_cheaper_than_another_pass() -> None:
    assert bucket_by_length([10, 4], max_padding=5) == [[0], [1]]
    assert bucket_by_length([10, 4], max_padding=6) == [[0, 1]]


def test_waste_is_the_share_of_padding() -> None:
    assert padding_waste([10, 5], [[0, 1]]) == pytest.approx(0.25)
    assert padding_waste([10, 5], [[0], [1]]) == 0
    assert padding_waste([], []) == 0


@given(lengths)
def test_every_row_is_in_one_bucket_and_little_is_padding(rows: list[int]) -> None:
    buckets = bucket_by_length(rows)
    assert sorted(row for bucket in buckets for row in bucket) == list(range(len(rows)))
    assert padding_waste(rows, buckets) <= MAX_WASTE
    for before, after in itertools.pairwise(buckets):
        assert rows[before[-1]] >= rows[after[0]]
        # The next row would have been one too many.
        assert padding_waste(rows, [[*before, after[0]]]) > MAX_WASTE


def test_proteins_of_a_batch_are_encoded_in_packs(tiny_model: Any, tiny_processor: Any) -> None:
    import torch

    sequences = ["MKV" * 40, "GAW", "MKVLA" * 23, "MKVL"]
    batch = tiny_processor([[user_message("Does it bind?", sequences=[sequence])] for sequence in sequences])
    passes: list[int] = []
    hook = tiny_model.protein_encoder.register_forward_pre_hook(lambda _, given: passes.append(len(given[0])))
    with torch.no_grad():
        together = tiny_model.get_protein_features(batch["protein_input_ids"], batch["protein_attention_mask"])
        hook.remove()
        alone = [
            tiny_model.get_protein_features(torch.tensor([tiny_processor.encode_protein(sequence)]))
            for sequence in sequences
        ]
    assert passes == [2, 2]
    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-4, atol=1e-4)
