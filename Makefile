# Two commands do everything on a machine with Python, pip and make: `make demo` and `make test`.
.DEFAULT_GOAL := help
.PHONY: help setup demo test check coverage clustering calibration verdicts bench fingerprints lock

# The first Python that this project runs on; `make PYTHON=/path/to/python setup` names another.
PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,$(if $(shell \
	$(name) -c 'import sys, venv, ensurepip; print((3, 11) <= sys.version_info < (3, 14) or "")' 2>/dev/null),$(name))))
BIN := .venv/bin
INSTALLED := .venv/.installed
PYTEST_FLAGS ?= -n auto --dist loadfile

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */make \1|/' | awk -F'|' '{printf "  %-12s %s\n", $$1, $$2}'

setup: $(INSTALLED)  ## install into .venv what requirements.lock pins, and the project itself

$(INSTALLED): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "plumbline: no Python 3.11 to 3.13 with venv found; install one (Debian: python3-venv) or name it: make PYTHON=/path/to/python setup" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@# As pip does with what it installs: where Python is told to write no bytecode, each process would compile all it imports.
	$(BIN)/python -m compileall -q dashboard metrics pipelines sample_data schemas
	@touch $(INSTALLED)

demo: $(INSTALLED)  ## the sample organisation, built, its dashboard at a printed address
	$(BIN)/plumbline demo

test: $(INSTALLED)  ## the whole test suite; PYTEST_FLAGS="-k facts" for a part of it
	$(BIN)/python -m pytest $(PYTEST_FLAGS)

check: $(INSTALLED)  ## linters, layers, types
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

coverage: $(INSTALLED)  ## simulate how often intervals hold, and write docs/coverage.md (minutes)
	$(BIN)/python -m tests.calibration.coverage

clustering: $(INSTALLED)  ## what clustering and censoring do to the sample's last quarter: docs/clustering-and-censoring.md
	$(BIN)/python -m tests.calibration.clustering_and_censoring

calibration: $(INSTALLED)  ## simulate how often verdicts err and find, and write docs/calibration.md (minutes)
	$(BIN)/python -m tests.calibration.constraints

verdicts: $(INSTALLED)  ## every verdict, failure mode and gate of the sample, and what was planted: docs/sample-verdicts.md
	$(BIN)/python -m tests.calibration.sample_verdicts

bench: $(INSTALLED)  ## time and memory at 8.1 million changes; BENCH_FLAGS="--changes 810000" for a tenth
	$(BIN)/python -m tests.bench.run $(BENCH_FLAGS)

fingerprints: $(INSTALLED)  ## record new versions of metric definitions and their results; refuses a changed one
	$(BIN)/python -m metrics.definitions.fingerprints
	$(BIN)/python -m tests.golden.results

UV ?= uv
lock:  ## pin every dependency anew, with hashes and without an index (needs uv)
	$(UV) pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header --no-strip-extras --upgrade --output-file requirements.lock
