"""Shards: every token in its row, every row left out named, and the same bytes after a kill."""

from __future__ import annotations

import json
import pickle
import sqlite3
import sys
import tracemalloc
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from biomed_agent.core.errors import InvalidInput, Unavailable
from biomed_agent.model.data.papers import shard_writer as packing
from biomed_agent.model.data.papers.shard_writer import pack
from biomed_agent.model.data.papers.shards import PackedRows, Packing, read_index, tokens_of, verify
from tests.helpers.killed_runs import kill_when

SMALL = Packing(context=16, held_out=0.25, least_characters=20, rows_per_shard=8)


def silent(line: str) -> None:
    pass


def text(number: int) -> str:
    return f"Protein {number} binds to receptor {number * 7} in the human cell and contains no ring."


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """Sixty papers in two files, among them a duplicate, a short one and two bad rows."""
    folder = tmp_path / "papers"
    folder.mkdir()
    lines = [json.dumps({"id": f"p{number}", "text": text(number)}) for number in range(60)]
    lines[10] = json.dumps({"id": "again", "text": text(3).upper()})
    lines[20] = json.dumps({"id": "short", "text": "Protein."})
    lines[30] = '{"text": '
    (folder / "a.jsonl").write_text("\n".join(lines[:40]) + "\n")
    (folder / "b.jsonl").write_text("\n".join([*lines[40:], "[]"]) + "\n")
    return folder


@pytest.fixture
def tokenizer(tiny_processor):
    return tiny_processor.tokenizer


def shards_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_every_token_is_in_its_place(papers: Path, tokenizer, tmp_path: Path) -> None:
    index = pack([papers], tokenizer, tmp_path / "out", SMALL, silent)
    kept = [number for number in range(60) if number not in (10, 20, 30)]
    wanted: dict[str, list[int]] = {"train": [], "held_out": []}
    for number in kept:
        held_out = packing._chance(f"p{number}".encode()) < 0.25
        wanted["held_out" if held_out else "train"] += tokens_of(text(number), tokenizer)
    for split, tokens in wanted.items():
        rows = PackedRows(tmp_path / "out", split)
        labels = np.concatenate([rows[row]["labels"].numpy() for row in range(len(rows))])
        inputs = np.concatenate([rows[row]["input_ids"].numpy() for row in range(len(rows))])
        assert labels[labels >= 0].tolist() == tokens == inputs[: len(tokens)].tolist()
        assert len(labels) - len(tokens) == (labels < 0).sum() < 16
        assert index["splits"][split]["tokens"] == len(tokens)
    assert index["splits"]["train"]["papers"] + index["splits"]["held_out"]["papers"] == 57
    assert len(index["splits"]["train"]["shards"]) > 3
    assert np.load(tmp_path / "out" / "train-00000.npy").dtype == np.uint16
    verify(tmp_path / "out")


def test_papers_begin_and_end_and_special_tokens_in_texts_are_inert(tokenizer) -> None:
    ids = tokens_of("a </s> b", tokenizer)
    assert ids[0] == tokenizer.bos_token_id
    assert ids[-1] == tokenizer.eos_token_id
    assert tokenizer.eos_token_id not in ids[:-1]


def test_every_row_left_out_is_named(papers: Path, tokenizer, tmp_path: Path) -> None:
    index = pack([papers], tokenizer, tmp_path / "out", SMALL, silent)
    named = [json.loads(line) for line in (tmp_path / "out" / "left_out.jsonl").read_text().splitlines()]
    assert [(Path(one["file"]).name, one["line"], one["id"], one["reason"][:18]) for one in named] == [
        ("a.jsonl", 11, "again", "the text of an ear"),
        ("a.jsonl", 21, "short", "8 characters once "),
        ("a.jsonl", 31, "", "no JSON: Expecting"),
        ("b.jsonl", 21, "", "expected an object"),
    ]
    assert index["left_out"] == {"bad rows": 2, "short": 1, "duplicates": 1}
    assert [(Path(one["file"]).name, one["rows"]) for one in index["sources"]] == [("a.jsonl", 40), ("b.jsonl", 21)]
    assert not (tmp_path / "out" / "packing.sqlite").exists()


def test_what_is_packed_is_not_packed_again(papers: Path, tokenizer, tmp_path: Path) -> None:
    first = pack([papers], tokenizer, tmp_path / "out", SMALL, silent)
    told: list[str] = []
    assert pack([papers], tokenizer, tmp_path / "out", SMALL, told.append) == first
    assert told == []


@pytest.mark.slow
def test_the_same_bytes_in_other_processes(papers: Path, tokenizer, tmp_path: Path) -> None:
    pack([papers], tokenizer, tmp_path / "one", SMALL, silent)
    pack([papers], tokenizer, tmp_path / "two", SMALL, silent, workers=2)
    assert shards_of(tmp_path / "one") == shards_of(tmp_path / "two")


def test_a_folder_of_other_shards_is_refused(papers: Path, tokenizer, tmp_path: Path) -> None:
    pack([papers / "a.jsonl"], tokenizer, tmp_path / "out", SMALL, silent)
    with pytest.raises(InvalidInput, match="made otherwise: context differ"):
        pack([papers / "a.jsonl"], tokenizer, tmp_path / "out", Packing(8, 0.25, 20, 8), silent)
    with pytest.raises(InvalidInput, match="is finished; 1 of the files given"):
        pack([papers], tokenizer, tmp_path / "out", SMALL, silent)
    with pytest.raises(InvalidInput, match=r"now .*b\.jsonl"):
        pack([papers / "b.jsonl"], tokenizer, tmp_path / "out", SMALL, silent)


def test_damage_is_found(papers: Path, tokenizer, tmp_path: Path) -> None:
    pack([papers], tokenizer, tmp_path / "out", SMALL, silent)
    shard = tmp_path / "out" / "train-00001.npy"
    values = np.load(shard)
    np.save(shard, values + 1)
    read_index(tmp_path / "out")
    with pytest.raises(InvalidInput, match=r"train-00001\.npy is altered"):
        verify(tmp_path / "out")
    np.save(shard, values[:-1])
    with pytest.raises(InvalidInput, match=r"train-00001\.npy is \(7, 16\), expected \(8, 16\)"):
        PackedRows(tmp_path / "out")
    shard.unlink()
    with pytest.raises(InvalidInput, match=r"train-00001\.npy cannot be read"):
        PackedRows(tmp_path / "out")
    with pytest.raises(InvalidInput, match="Pack the papers first"):
        PackedRows(tmp_path)


def test_a_file_mended_after_it_stopped_the_run(papers: Path, tokenizer, tmp_path: Path) -> None:
    whole = pack([papers], tokenizer, tmp_path / "whole", SMALL, silent)
    good = (papers / "b.jsonl").read_bytes()
    (papers / "b.jsonl").unlink()
    (papers / "b.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(InvalidInput, match=r"b\.jsonl\.gz cannot be read"):
        pack([papers], tokenizer, tmp_path / "out", SMALL, silent)
    (papers / "b.jsonl.gz").unlink()
    (papers / "b.jsonl").write_bytes(good)
    told: list[str] = []
    assert pack([papers], tokenizer, tmp_path / "out", SMALL, told.append) == whole
    assert told[0] == "packing goes on at file 2, row 1"


def test_one_process_packs_into_a_folder(papers: Path, tokenizer, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    other = sqlite3.connect(tmp_path / "out" / packing.STATE, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Unavailable, match=r"packing\.sqlite cannot be used \(database is locked\)"):
        pack([papers], tokenizer, tmp_path / "out", SMALL, silent)
    other.close()
    assert pack([papers], tokenizer, tmp_path / "out", SMALL, silent)


def test_nothing_to_train_on_is_an_error(tokenizer, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "short"}\n[]\n')
    with pytest.raises(InvalidInput, match="no paper is left to train on"):
        pack([tmp_path / "a.jsonl"], tokenizer, tmp_path / "out", SMALL, silent)
    assert len((tmp_path / "out" / "left_out.jsonl").read_text().splitlines()) == 2


def test_rows_travel_to_other_processes(papers: Path, tokenizer, tmp_path: Path) -> None:
    pack([papers], tokenizer, tmp_path / "out", SMALL, silent)
    rows = PackedRows(tmp_path / "out")
    assert rows[5]["input_ids"].tolist() == pickle.loads(pickle.dumps(rows))[5]["input_ids"].tolist()


def generated(path: Path, count: int) -> None:
    with path.open("w") as file:
        for number in range(count):
            file.write(json.dumps({"id": number, "text": f"Number {number}. {text(number)} " * 4}) + "\n")


KILLED = """
import sys
from pathlib import Path
from biomed_agent.model.network.tokenizer import SentencePieceTokenizer
from biomed_agent.model.data.papers import shard_writer
from biomed_agent.model.data.papers.shards import Packing
shard_writer.SAVE_SECONDS = 0.05
settings = Packing(context=16, held_out=0.25, least_characters=20, rows_per_shard=64)
tokenizer = SentencePieceTokenizer.from_pretrained(sys.argv[1])
shard_writer.pack([Path(sys.argv[2])], tokenizer, Path(sys.argv[3]), settings, print)
"""


def test_killed_again_and_again_it_gives_the_same_bytes(tokenizer, tmp_path: Path) -> None:
    tokenizer.save_pretrained(tmp_path / "tokenizer")
    generated(tmp_path / "papers.jsonl", 600)
    command = [sys.executable, "-c", KILLED, str(tmp_path / "tokenizer"), str(tmp_path / "papers.jsonl")]
    out = tmp_path / "out"

    def enough(shards: int) -> bool:
        return len(list(out.glob("train-*.npy"))) >= shards

    for shards in (2, 9):
        kill_when(partial(enough, shards), [*command, str(out)])
        assert not (out / "index.json").exists()
    settings = Packing(context=16, held_out=0.25, least_characters=20, rows_per_shard=64)
    told: list[str] = []
    pack([tmp_path / "papers.jsonl"], tokenizer, out, settings, told.append)
    assert told[0].startswith("packing goes on at file 1, row ")
    pack([tmp_path / "papers.jsonl"], tokenizer, tmp_path / "whole", settings, silent)
    assert shards_of(out) == shards_of(tmp_path / "whole")


def peak_of_packing(tokenizer, folder: Path, count: int, rows_per_shard: int = 64) -> int:
    generated(folder / f"{count}.jsonl", count)
    tracemalloc.start()
    pack([folder / f"{count}.jsonl"], tokenizer, folder / str(count), Packing(32, 0.01, 20, rows_per_shard), silent)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_input(tokenizer, tmp_path: Path) -> None:
    pack_once = peak_of_packing(tokenizer, tmp_path, 50)  # whatever is loaded once
    assert pack_once
    small, large = peak_of_packing(tokenizer, tmp_path, 60), peak_of_packing(tokenizer, tmp_path, 600)
    assert large < small + 300_000


@pytest.mark.slow
def test_memory_does_not_grow_with_a_large_input(tokenizer, tmp_path: Path) -> None:
    # Shards of a useful size: the interpreter keeps the name of every file, so thousands of tiny ones would be counted.
    small, large = (peak_of_packing(tokenizer, tmp_path, count, rows_per_shard=4_096) for count in (1000, 40_000))
    assert large < small + 2_000_000
