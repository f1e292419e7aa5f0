# Every target starts from nothing: it makes .venv, installs what it needs, and runs.
#   make demo        the main job on the embedded model: no key, no GPU, no network
#   make test        all quick tests
#   make lint        ruff and mypy
#   make check-slow  long proofs, by hand before a release
#   make bench       benchmarks; print ratios, record them in docs/benchmarks.md
#   make dist        builds the wheel and the source archive into dist/ and proves them outside the checkout

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# More threads make small matrices slower, and two cores are often all there is.
export OMP_NUM_THREADS ?= 1
export TOKENIZERS_PARALLELISM := false
# Processes that share the tests: more than four load the libraries more often than they save time. A file stays in one
# process, for the sake of what it makes once, and files start in the order of the folders: the long ones lie in the
# middle, so that none is left over at the end.
WORKERS ?= $(shell $(PYTHON) -c "import os; print(min(4, os.cpu_count() or 1))")
PARALLEL := -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: demo test lint check-slow bench dist clean

$(VENV)/.made:
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'biomed_agent needs Python 3.11 or newer; run make PYTHON=/path/to/python3.11')"
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.model: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing biomed_agent with its model side (about a minute)..."
	$(PIP) -e ".[model]"
	@touch $@

$(VENV)/.dev: $(VENV)/.model
	@echo "Installing the tools of development..."
	$(PIP) -e ".[dev]"
	@touch $@

demo: $(VENV)/.model
	@$(BIN)/python examples/demo.py

test: $(VENV)/.dev
	$(BIN)/python -m pytest $(PARALLEL)

lint: $(VENV)/.dev
	$(BIN)/ruff check biomed_agent tests examples scripts benchmarks
	$(BIN)/ruff format --check biomed_agent tests examples scripts benchmarks
	$(BIN)/mypy

check-slow: $(VENV)/.dev
	$(BIN)/python -m pytest -m slow

bench: $(VENV)/.dev
	@for script in benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

dist: $(VENV)/.dev
	@$(PIP) build 2>/dev/null || echo "build cannot be installed here; setuptools makes the source archive"
	@$(BIN)/python scripts/dist.py

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
