"""Fixtures that several tests share."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from biomed_agent import BioMedAgent
from biomed_agent.core.settings import Settings


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache folder a session, so that the starter index is built once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cache_dir: Path) -> None:
    """Keep the caller's settings, cache and network out of the tests."""
    for name in ("HOST", "MODEL", "INDEX", "OFFLINE", "EGRESS", "API_KEY"):
        monkeypatch.delenv(f"BIOMED_AGENT_{name}", raising=False)
    monkeypatch.setenv("BIOMED_AGENT_CONFIG", str(tmp_path / "no-config.toml"))
    monkeypatch.setenv("BIOMED_AGENT_CACHE_DIR", str(cache_dir))


@contextmanager
def logger_as_it_was() -> Iterator[None]:
    """Give the package's logger back as it was: the command line takes it for itself."""
    logger = logging.getLogger("biomed_agent")
    before = list(logger.handlers), logger.propagate, logger.level
    yield
    logger.handlers[:], logger.propagate, logger.level = before


@pytest.fixture(autouse=True)
def _own_logger() -> Iterator[None]:
    """Keep the logger of one test out of the next."""
    with logger_as_it_was():
        yield


@pytest.fixture(scope="session")
def agent(cache_dir: Path) -> BioMedAgent:
    """The client side alone: shipped records and computation, no network, no model."""
    return BioMedAgent(settings=Settings(cache_dir=cache_dir, offline=True, model="none"))
