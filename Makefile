# `make help` lists what there is. Without make (Windows): see README.md.

# The first of these that is Python 3.11 or newer makes .venv; choose with `make PYTHON=...`.
PYTHON ?= python3 python3.13 python3.12 python3.11 python
BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check
# Further options for pytest, such as `make test PYTEST_FLAGS="-k outputs -x"`.
PYTEST_FLAGS ?=
# Neither a setting nor an index of this machine may find its way into the lock files.
UV := env -u UV_INDEX -u UV_INDEX_URL -u UV_DEFAULT_INDEX -u UV_EXTRA_INDEX_URL \
	-u UV_FIND_LINKS $(BIN)/uv --no-config
EXPORT := $(UV) export --quiet --frozen --no-emit-project --no-header

.DEFAULT_GOAL := help
.PHONY: help demo test lint fix lock weights research-weights clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /	/' | expand -t 20

demo: .venv/.runtime ## Install into .venv and run the simulated case
	$(BIN)/sertoli demo

test: .venv/.dev ## Install into .venv and run the tests
	$(BIN)/python -m pytest $(PYTEST_FLAGS)

lint: .venv/.dev ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fix: .venv/.dev ## Mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/.python ## Resolve pyproject.toml anew into the lock files
	$(PIP_INSTALL) --quiet uv
	rm -f uv.lock
	$(UV) lock --quiet
	$(EXPORT) --output-file requirements.lock
	$(EXPORT) --extra dev --output-file requirements-dev.lock

weights: .venv/.train ## Train the detector anew (hours; needs ../shared/data)
	$(BIN)/python -m training.sperm.train --resume --data ../shared/data --out runs/sperm \
		--steps 38000 --fields 7000 --seed 2 --bfloat16
	$(BIN)/python -m training.sperm.export --run runs/sperm --data ../shared/data
	$(BIN)/python -m training.sperm.quantise --data ../shared/data
	$(BIN)/python -m training.sperm.card --data ../shared/data

research-weights: .venv/.train ## Train the research weights (needs runs/sperm and ../shared/data)
	for video in S_0001 S_0002 S_0003 none; do \
		$(BIN)/python -m training.sperm.research --resume --base runs/sperm \
			--data ../shared/data --leave-out $$video --out runs/research/$$video && \
		$(BIN)/python -m training.sperm.export --run runs/research/$$video \
			--data ../shared/data || exit 1; \
	done
	$(BIN)/python -m training.sperm.left_out --data ../shared/data
	$(BIN)/python -m training.sperm.card --weights research --data ../shared/data

clean: ## Remove .venv and the caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis

# A stamp is touched when its step is whole, so that nothing is installed twice.

.venv/.python:
	@for python in $(PYTHON); do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Making .venv with $$python ($$($$python --version))"; \
			$$python -m venv .venv && touch $@; exit; \
		fi; \
	done; \
	echo "Sertoli needs Python 3.11 or newer; none of these is: $(PYTHON)."; \
	echo "Install one, or name it: make PYTHON=/path/to/python3.11 demo"; \
	exit 1

.venv/.runtime: requirements.lock pyproject.toml | .venv/.python
	$(PIP_INSTALL) --require-hashes -r requirements.lock
	$(PIP_INSTALL) --no-deps --editable .
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml | .venv/.python
	$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	$(PIP_INSTALL) --no-deps --editable .
	@touch .venv/.runtime $@

# Torch is outside the locks: its wheels differ from machine to machine (CPU, CUDA).
.venv/.train: pyproject.toml | .venv/.dev
	$(PIP_INSTALL) --editable ".[train]"
	@touch $@
