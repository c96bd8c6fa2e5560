# Everything a fresh machine with python3 (3.11 or later) and make needs: each target installs what it uses.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PEERS  := .venv-bench
APT    := apt-get install -y -qq fonts-noto-color-emoji
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: run test test-llm lint cover soak bench browser clean

run: $(VENV)/.app                ## store, candles, a first evolution, the app; DATA=file and PAIR=BTC/USD for candles of yours
	$(BIN)/evotrade up $(if $(DATA),--data "$(DATA)") $(if $(PAIR),--pair "$(PAIR)")

test: $(VENV)/.dev browser lint  ## all that CI checks
	$(BIN)/evotrade warm           # once, and not by each of the processes that want compiled kernels
	$(BIN)/python -m pytest -n 2 --dist loadgroup

test-llm: $(VENV)/.llm            ## asks the offline model; shows its terms of use, and running this accepts them
	$(BIN)/evotrade llm terms --accept-licence
	$(BIN)/python -m pytest -m llm tests/llm

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

cover: $(VENV)/.dev browser      ## the lines that tests reach; counting them makes tests more than twice as slow
	$(BIN)/python -m pytest -n 2 --dist loadgroup --cov --cov-report=term:skip-covered

soak: $(VENV)/.dev browser       ## the long forms: many kills, long mixes, many examples
	HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest -m ''

bench: $(VENV)/.dev $(PEERS)/.ready  ## prints what README and docs may quote
	$(PEERS)/bin/python benchmarks/engine.py
	$(BIN)/python benchmarks/loop.py
	$(BIN)/python benchmarks/store_mix.py
	$(BIN)/python benchmarks/lab.py
	$(BIN)/python benchmarks/pages.py

# Chromium without a window, which is quicker, where there is such a package.
browser:                         ## Chromium for the browser tests, where this user may install it
	@command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq \
	  && { $(APT) chromium-headless-shell >/dev/null || $(APT) chromium >/dev/null; }; } \
	  || echo "Chromium is not installed and cannot be installed by this user: browser tests will be skipped."

clean:
	rm -rf $(VENV) $(PEERS) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.app: requirements.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) -r requirements.txt
	$(PIP) --no-deps --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.app
	$(PIP) --editable ".[dev]" -c requirements.txt
	@touch $@

# llama.cpp is compiled, ten minutes on two cores: for any processor of the kind, since some virtual machines
# name instructions that they cannot do, and without what sees images.
$(VENV)/.llm: $(VENV)/.dev
	CMAKE_ARGS="-DGGML_NATIVE=OFF -DLLAVA_BUILD=OFF -DMTMD_BUILD=OFF" $(PIP) --editable ".[local-llm]" -c requirements.txt
	@touch $@

$(PEERS)/.ready: requirements.txt pyproject.toml
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[bench]" -c requirements.txt
	@touch $@
