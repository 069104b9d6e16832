# The commands of this repository. `make serve` and `make test` are all that a newcomer needs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NODE := tests/clients/node_modules/.package-lock.json

.PHONY: help setup serve test check lint format types shapes docs bench clean node lock

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  \1\t/' | expand -t 12

setup: $(VENV)/ready ## Make the virtual environment with everything in it

$(VENV)/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Cenote needs Python 3.11 or newer; $$($(PYTHON) --version 2>&1) is $(PYTHON). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV) (a minute, once)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable . --group dev
	@touch $@

serve: setup ## Start Cenote on http://localhost:9400 with an example pool, client and user
	@exec $(BIN)/cenote serve --example

node: setup ## Install the JavaScript clients that the tests drive, where Node.js is
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(NODE); \
	 else echo "Node.js 20 or newer is not installed: the tests of JavaScript clients will be left out."; fi

$(NODE): tests/clients/package.json tests/clients/package-lock.json
	@cd tests/clients && npm ci --silent --no-audit --no-fund --ignore-scripts
	@tools/compile_ric.sh
	@touch $@

test: setup node ## Run all tests, with a real PostgreSQL and the real clients
	@$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadscope

check: setup node lint types ## Everything that has to hold: lint, types, layers, generated files, tests
	@$(BIN)/lint-imports
	@$(BIN)/python tools/make_shapes.py --check
	@$(BIN)/python tools/make_docs.py --check
	@$(MAKE) --no-print-directory test

lint: setup
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: setup
	@$(BIN)/mypy

format: setup ## Format the code
	@$(BIN)/ruff check --fix --exit-zero
	@$(BIN)/ruff format

shapes: setup ## Generate src/cenote/shapes from the newest botocore
	@$(BIN)/python tools/make_shapes.py

docs: setup ## Generate docs/operations.md and docs/settings.md
	@$(BIN)/python tools/make_docs.py

bench: setup ## Measure Cenote beside its peers and the bare cryptography (half an hour)
	@$(BIN)/python -m bench
	@$(BIN)/python -m bench --experiments ways,oauth

lock: setup ## Write constraints.txt anew from the newest releases
	@$(BIN)/python -m pip install --quiet --upgrade --upgrade-strategy eager --editable . --group dev
	@$(BIN)/python -m pip freeze --exclude-editable > constraints.txt

clean: ## Remove the virtual environment and caches; data stays
	@rm -rf $(VENV) tests/clients/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
