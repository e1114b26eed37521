PY ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help install demo test nightly check bench format lock

help:            ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /\1\t/' | expand -t 12

.venv/installed: requirements.lock pyproject.toml
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Kogda needs Python 3.11 or newer; $(PY) is $$($(PY) --version)"; exit 1; }
	$(PY) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

install: .venv/installed  ## everything into .venv, so that .venv/bin/kogda runs

demo: install    ## a shop's day of events becomes mails on a page
	$(BIN)/kogda demo

test: install    ## all tests, on an embedded PostgreSQL and Redis
	$(BIN)/pytest -n auto --dist worksteal

nightly: install ## the drills as big as a night makes them, one report; DRILLS="2 8" for some; KOGDA_DRILLS=release
	@$(BIN)/python scripts/nightly.py $(DRILLS)

check: install   ## format, lint, types, import rules, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python scripts/generate.py --check

bench: install   ## measured against the peers, ratios in one run
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check "durable_rules>=2.0.28"  # where there is a compiler
	$(BIN)/python -m benchmarks

format: install  ## rewrite the code in the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: install    ## pin every dependency, with hashes
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --extra dev --extra bench pyproject.toml -o requirements.lock
