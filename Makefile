# Everything that people and CI run. Paths are relative throughout, since make splits a checkout's path at its spaces.

MAKEFLAGS += --no-print-directory
# Where Python may keep no bytecode, each of the many processes of the tests compiles all libraries anew for seconds.
unexport PYTHONDONTWRITEBYTECODE
PYTHON := .venv/bin/python
BOOTSTRAP := sh .ci/bootstrap
COMPILE := $(BOOTSTRAP) uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--custom-compile-command 'make lock' $(ARGS) pyproject.toml

.PHONY: help run test chaos check lint formatting types imports openapi-drift docs-drift bench lock openapi docs format environment

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

run: environment ## everything in one terminal, with a demo (ARGS: options of `ulak up`)
	@$(PYTHON) -m app.cli up $(ARGS)

test: check ## what CI runs: the checks, then every test (ARGS: options of pytest)
	@$(PYTHON) -m pytest -n auto --dist worksteal $(ARGS)

chaos: environment ## kills API, workers and PostgreSQL under load, and counts what became of each message (ARGS)
	@$(PYTHON) -m tests.chaos $(ARGS)

check: environment ## the checks alone
	@$(MAKE) --jobs=2 lint formatting types imports openapi-drift docs-drift

lint: environment
	@$(PYTHON) -m ruff check --quiet .

formatting: environment
	@$(PYTHON) -m ruff format --quiet --check .

types: environment
	@$(PYTHON) -m mypy --no-error-summary

imports: environment
	@.venv/bin/lint-imports --no-logo

openapi-drift: environment
	@$(PYTHON) -m app.cli openapi --check

docs-drift: environment
	@$(PYTHON) -m app.cli docs --check

bench: environment ## the benchmarks (ARGS: their options)
	@$(PYTHON) -m benchmarks $(ARGS)

lock: ## resolve the dependencies anew (ARGS=--upgrade: to the newest)
	@$(COMPILE) --all-extras -o requirements-dev.lock
	@$(COMPILE) -c requirements-dev.lock -o requirements.lock

openapi: environment ## write the OpenAPI document from the code
	@$(PYTHON) -m app.cli openapi

docs: environment ## write the page of event types from the code
	@$(PYTHON) -m app.cli docs

format: environment ## format, and mend what ruff can mend
	@$(PYTHON) -m ruff format --quiet .
	@$(PYTHON) -m ruff check --quiet --fix .

environment:
	@$(BOOTSTRAP)
