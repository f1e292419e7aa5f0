"""A model with random weights, small enough for a test, a checkpoint folder that holds it, and services played here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from biomed_agent.sources.http.transport import Transport
from tests.unit.server import FakeClock, LocalServer, Said, script

QUESTIONS = """
What is this molecule? It is an alcohol. The protein binds to the receptor. Human: <molecule></molecule>
Assistant: <protein></protein> ### Please describe it. Does it contain a ring? Yes, it does. No, it does not.
"""


@pytest.fixture
def server() -> Iterator[LocalServer]:
    """A server that answers nothing until a test gives it something to play."""
    with LocalServer(script(Said())) as server:
        yield server


@pytest.fixture
def transport(server: LocalServer) -> Iterator[Transport]:
    """A transport to that server under the name of every database, without a cache."""
    places = {"pubchem": f"{server.url}/rest/pug"} | dict.fromkeys(("pubmed", "europepmc", "uniprot"), server.url)
    with Transport(clock=FakeClock(), services=places) as transport:
        yield transport


@pytest.fixture(scope="session")
def tiny_processor(tmp_path_factory):
    """A processor with 300 text pieces and the ESM-2 alphabet."""
    from transformers import EsmTokenizer
    from transformers.models.esm.configuration_esm import get_default_vocab_list

    from biomed_agent.model.network.processing import BioMedGPTProcessor
    from biomed_agent.model.network.tokenizer import SentencePieceTokenizer
    from biomed_agent.model.training.vocabulary import train_vocabulary

    folder = tmp_path_factory.mktemp("vocabulary")
    train_vocabulary(QUESTIONS.split("\n"), 320, folder / "text.model")
    (folder / "vocab.txt").write_text("\n".join(get_default_vocab_list()), encoding="utf-8")
    return BioMedGPTProcessor(SentencePieceTokenizer(str(folder / "text.model")), EsmTokenizer(folder / "vocab.txt"))


def tiny_config(processor, **text):
    """A configuration around a processor's vocabulary: a Llama with 256 positions unless ``text`` says otherwise."""
    from biomed_agent.model import BioMedGPTConfig

    tokenizer = processor.tokenizer
    text = {
        "model_type": "llama",
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 256,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "initializer_range": 0.5,
        **text,
    }
    return BioMedGPTConfig(
        molecule_config={"hidden_size": 16, "num_hidden_layers": 2, "initializer_range": 0.5},
        protein_config={
            "hidden_size": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 24,
            "initializer_range": 0.5,
        },
        text_config=text,
    )


@pytest.fixture(scope="session")
def tiny_model(tiny_processor):
    """A model with random weights, in evaluation mode; tests leave it as it is."""
    import torch

    from biomed_agent.model import BioMedGPTForConditionalGeneration

    torch.manual_seed(0)
    return BioMedGPTForConditionalGeneration(tiny_config(tiny_processor)).eval()


@pytest.fixture(scope="session")
def tiny_folder(tiny_model, tiny_processor, tmp_path_factory):
    """A checkpoint folder that holds the tiny model."""
    from biomed_agent.model.checkpoints.checkpoint import save_checkpoint

    manifest = {
        "name": "tiny",
        "revision": "1",
        "source": "random numbers",
        "kinds": {"description": {"rouge_l": 0.0}},
        "licence": "MIT",
        "demonstration": True,
    }
    return save_checkpoint(tiny_model, tiny_processor, tmp_path_factory.mktemp("model") / "tiny", manifest, "# Tiny\n")
