"""A language model alone becomes a checkpoint: exact, whole, of the kinds literature and text, and of no other."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from biomed_agent.cli import main
from biomed_agent.core.errors import CheckpointError, InvalidInput
from biomed_agent.model.checkpoints.checkpoint import load_checkpoint
from biomed_agent.model.checkpoints.conversion.convert import ConversionRequest, convert_weights
from biomed_agent.model.connect import connect
from biomed_agent.model.contract.generation import options_for
from biomed_agent.model.contract.manifest import verify_manifest
from biomed_agent.model.contract.prompt import user_message
from biomed_agent.model.local import LocalModel
from tests.helpers.dumps import ARTICLES, pubmed
from tests.helpers.language_models import write_llama, write_qwen2
from tests.helpers.places import GOLDEN

IDS = torch.arange(3, 60)[None]
QUESTION = "What do papers say about aspirin and colorectal cancer?"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two language models as Hugging Face has them, and what became of each."""
    root = tmp_path_factory.mktemp("language-models")
    for name, write in (("llama", write_llama), ("qwen2", write_qwen2)):
        source = write(root / name)
        convert_weights(ConversionRequest((), source, None, root / f"my-{name}"))
    return root


@pytest.mark.parametrize("name", ["llama", "qwen2"])
def test_logits_are_those_of_the_original_folder(folders: Path, name: str) -> None:
    theirs = AutoModelForCausalLM.from_pretrained(folders / name, dtype="auto").eval()
    ours, _, _ = load_checkpoint(folders / f"my-{name}", dtype="auto")
    assert ours.num_parameters() == theirs.num_parameters()
    assert ours.dtype == theirs.dtype
    with torch.no_grad():
        assert torch.equal(ours(input_ids=IDS).logits, theirs(IDS).logits)


def test_ids_and_ends_are_those_of_the_original_folder(folders: Path) -> None:
    from transformers import AutoTokenizer

    text = "Please describe it. Does it contain a ring?"
    _, llama, _ = load_checkpoint(folders / "my-llama")
    assert llama.encode_text(text) == llama.tokenizer.pieces.encode(text)
    qwen2_model, qwen2, _ = load_checkpoint(folders / "my-qwen2")
    assert qwen2.encode_text(text) == AutoTokenizer.from_pretrained(folders / "qwen2")(text)["input_ids"]
    stated = json.loads((folders / "qwen2" / "generation_config.json").read_text(encoding="utf-8"))
    assert qwen2_model.generation_config.eos_token_id == stated["eos_token_id"]


def test_the_manifest_lists_literature_and_text_and_the_terms_travel(folders: Path) -> None:
    llama, qwen2 = (verify_manifest(folders / f"my-{name}") for name in ("llama", "qwen2"))
    assert list(llama["kinds"]) == list(qwen2["kinds"]) == ["literature", "text"]
    assert llama["prompt_style"] == "compact"
    assert {"LICENSE.txt", "SOURCE-README.md"} <= llama["files"].keys()
    for words in ("apache-2.0", "LICENSE.txt", "Llama 2 Community License"):
        assert words in llama["licence"]
    assert "no licence file" in qwen2["licence"]
    assert "Llama" not in qwen2["licence"]
    stamp = LocalModel(folders / "my-llama").stamp
    assert options_for(stamp, "literature").stop == ("### Human:", "\nHuman:")


def test_a_model_that_goes_on_as_the_user_is_stopped_there(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = LocalModel(folders / "my-llama")
    engine = model.load()
    said = engine.processor.encode_text("Yes, it does. ### Human: What is this?")
    steps = iter(said)
    monkeypatch.setattr(engine.model.language_model.lm_head, "forward", lambda hidden: _only(next(steps), hidden))
    answer = engine.generate([user_message("Does it?")], options_for(model.stamp, "text"))
    assert (answer.text, answer.finish_reason) == ("Yes, it does.", "stop")


def _only(index: int, hidden: torch.Tensor) -> torch.Tensor:
    logits = torch.zeros(*hidden.shape[:2], 320)
    logits[..., index] = 1.0
    return logits


def test_articles_reach_it_and_its_sentences_come_back_unchecked(
    folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    index = tmp_path / "mine.sqlite"
    assert (
        main(["index", "build", "--output", str(index), "--articles", str(pubmed(tmp_path / "a.xml", *ARTICLES))]) == 0
    )
    capsys.readouterr()
    monkeypatch.setenv("BIOMED_AGENT_MODEL", str(folders / "my-qwen2"))
    assert main(["ask", QUESTION, "--offline", "--index", str(index), "--json", "--model-said"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["model"]["saw"] == "the numbered passages"
    assert answer["model"]["stamp"]["name"] == "my-qwen2"
    assert {claim["verdict"] for claim in answer["model"]["claims"]} == {"unverified"}
    assert all(passage["shown_to_model"] for passage in answer["evidence"])


def test_a_structure_is_refused_as_a_kind_outside_the_manifest(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = ["--model", str(folders / "my-llama"), "--offline", "--model-too", "--json"]
    assert main(["ask", "Describe it.", "--molecule", "aspirin", *model]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["model"] is None
    assert any("answers literature and text" in line for line in answer["not_looked_up"])
    with closing(LocalModel(folders / "my-llama")) as local:
        for message in (user_message("?", smiles=["CCO"]), user_message("?", sequences=["MKV"])):
            with pytest.raises(InvalidInput, match=r"this model reads no (molecule|protein)s"):
                local.generate([message])


def test_a_plain_folder_is_answered_with_the_command(folders: Path) -> None:
    with pytest.raises(InvalidInput, match=r"checkpoint import --lm .*llama --output OUT"):
        connect(None, folders / "llama")


def test_what_cannot_be_imported_is_named_and_leaves_nothing(folders: Path, tmp_path: Path) -> None:
    def convert(lm: Path, sources: tuple[str, ...] = (), esm: Path | None = None) -> None:
        convert_weights(ConversionRequest(sources, lm, esm, tmp_path / "out"))

    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointError, match=r"no file .*config\.json"):
        convert(tmp_path / "empty")
    with pytest.raises(CheckpointError, match="is of model type esm; expected a causal language model"):
        convert(GOLDEN / "esm")
    with pytest.raises(CheckpointError, match="holds no weights"):
        convert(GOLDEN / "llm")
    with pytest.raises(InvalidInput, match="no --esm beside the weights"):
        convert(folders / "llama", ("some.pth",))
    with pytest.raises(InvalidInput, match="no file to import beside --esm"):
        convert(folders / "llama", esm=GOLDEN / "esm")
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_tokens_that_only_tokenizer_json_knows_are_read_there(tmp_path: Path) -> None:
    """A Llama that was tuned on turns of its own has more tokens than its SentencePiece model."""
    from tokenizers import Tokenizer
    from tokenizers.models import BPE

    source = write_llama(tmp_path / "llama")
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    tokenizer = Tokenizer(BPE(vocab={chr(97 + number): number for number in range(26)}, merges=[]))
    saved = json.loads(tokenizer.to_str())
    saved["added_tokens"] = [
        {"id": config["vocab_size"] - 1, "content": "<|turn|>", "special": True}
        | dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    ]
    (source / "tokenizer.json").write_text(json.dumps(saved), encoding="utf-8")
    (source / "tokenizer.model").write_bytes(b"no SentencePiece")
    convert_weights(ConversionRequest((), source, None, tmp_path / "out"))
    _, processor, _ = load_checkpoint(tmp_path / "out")
    assert processor.encode_text("abc") == [0, 1, 2]
