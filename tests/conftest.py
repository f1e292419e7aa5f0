"""Fixtures that several tests share."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.core.settings import Settings
from biomed_agent.sources.http.transport import Transport
from tests.helpers.server import FakeClock, LocalServer, Said, script
from tests.helpers.starter import link_starter
from tests.helpers.tiny import QUESTIONS, tiny_config


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache folder a process, so that the starter index is built once; several processes share the built file."""
    folder = tmp_path_factory.mktemp("cache")
    if "PYTEST_XDIST_WORKER" in os.environ:
        link_starter(tmp_path_factory.getbasetemp().parent / "starter", folder)
    return folder


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cache_dir: Path) -> None:
    """Keep the caller's settings, cache and network out of the tests."""
    for name in ("HOST", "MODEL", "INDEX", "OFFLINE", "EGRESS", "API_KEY"):
        monkeypatch.delenv(f"BIOMED_AGENT_{name}", raising=False)
    monkeypatch.setenv("BIOMED_AGENT_CONFIG", str(tmp_path / "no-config.toml"))
    monkeypatch.setenv("BIOMED_AGENT_CACHE_DIR", str(cache_dir))


@contextmanager
def logger_as_it_was() -> Iterator[None]:
    """Give loggers back as they were: the command line takes the package's, and loading in few bits silences others."""
    loggers = [logging.getLogger("biomed_agent"), logging.getLogger("bitsandbytes")]
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and name.startswith(("biomed_agent.", "bitsandbytes.")):
            loggers.append(logger)
    before = [(list(logger.handlers), list(logger.filters), logger.propagate, logger.level) for logger in loggers]
    yield
    for logger, (handlers, filters, propagate, level) in zip(loggers, before, strict=True):
        logger.handlers[:], logger.filters[:], logger.propagate = handlers, filters, propagate
        logger.setLevel(level)


@pytest.fixture(autouse=True)
def _own_logger() -> Iterator[None]:
    """Keep the logger of one test out of the next."""
    with logger_as_it_was():
        yield


@pytest.fixture(scope="session")
def agent(cache_dir: Path) -> BioMedAgent:
    """The client side alone: shipped records and computation, no network, no model."""
    return BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model="none"))


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
