# Every command of the house. Nothing has to be set up or activated first: each target sets up what it needs.

VENV := .venv
BIN := $(VENV)/bin
PORT ?= 3000
DATA_DIR ?= .data
PYTEST_ARGS ?=
DAYS ?= 365
PYTHON ?= $(firstword $(foreach python,python3.11 python3 python3.12 python3.13 python3.14,$(shell \
	$(python) -c 'import sys; print("$(python)") if sys.version_info >= (3, 11) else None' 2>/dev/null)))

export P2P_DATA_DIR = $(DATA_DIR)
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --strip-extras \
	--allow-unsafe --build-deps-for=editable --no-emit-index-url --no-emit-trusted-host --no-emit-find-links

.DEFAULT_GOAL := help
.PHONY: help run dev test lint check bench soak tour pictures demo-reset lock

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp ## set up and serve the app on one port (PORT=3000, DATA_DIR=.data)
	@echo "Building the pages; the app will answer at http://127.0.0.1:$(PORT) in about a minute (stop with Ctrl+C)."
	@# The demo is built beside the pages, where there is to be one; whoever comes second finds it there.
	@{ $(BIN)/p2p demo >/dev/null 2>&1 || true; } & exec $(BIN)/reflex run --env prod --frontend-port $(PORT)

dev: $(VENV)/run.stamp ## serve the app and reload it on every change
	@exec $(BIN)/reflex run --frontend-port $(PORT)

test: $(VENV)/dev.stamp ## set up and run every test (PYTEST_ARGS="-k wallet" for some)
	@# The journeys share one app and one browser, so they walk alone. Choosing tests may leave one part empty (5).
	@$(BIN)/python -m pytest -n 2 -m "not journey" $(PYTEST_ARGS) || [ $$? -eq 5 ]
	@$(BIN)/python -m pytest -m journey $(PYTEST_ARGS) || [ $$? -eq 5 ]

lint: $(VENV)/dev.stamp ## style, types, the floors of the house, migrations against tables
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@rm -rf .build/lint && mkdir -p .build/lint
	@P2P_DATA_DIR=.build/lint P2P_DATABASE_URL= $(BIN)/alembic upgrade head
	@P2P_DATA_DIR=.build/lint P2P_DATABASE_URL= $(BIN)/alembic check

check: lint test ## everything the continuous integration runs

bench: $(VENV)/dev.stamp ## measure speed side by side and print a table
	@$(BIN)/python -m benchmarks

soak: $(VENV)/dev.stamp ## live through a year of a market in every way, killed and out too (DAYS=365)
	@$(BIN)/python -m tests.soak $(DAYS)

tour: $(VENV)/dev.stamp ## photograph every screen as each kind of person, wide and phone, light and dark
	@$(BIN)/python -m tests.journeys.tour

pictures: $(VENV)/dev.stamp ## take the tour and renew the pictures of the documents
	@$(BIN)/python -m tests.journeys.tour --keep

demo-reset: $(VENV)/run.stamp ## throw the demo away and make it anew (stop the app first)
	@$(BIN)/p2p demo --reset

lock: $(VENV)/dev.stamp ## write the lock files anew after a change in pyproject.toml
	@$(COMPILE) --output-file=requirements.lock pyproject.toml
	@$(COMPILE) --extra=dev --extra=bench --constraint=requirements.lock \
		--output-file=requirements-dev.lock pyproject.toml

# --- setting up: once, and again when a lock file changes ---------------------------------------

$(BIN)/python:
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed, and none was found on the PATH."; exit 1; }
	@echo "Setting up the environment in $(VENV); the first time takes a minute or two."
	@$(PYTHON) -m venv --clear $(VENV)

$(VENV)/run.stamp: requirements.lock pyproject.toml | $(BIN)/python
	@$(PIP_INSTALL) --require-hashes -r requirements.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock pyproject.toml | $(BIN)/python
	@$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $(VENV)/run.stamp $@
