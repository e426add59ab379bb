# Two commands: `make demo` to see the workbench on real music, `make test` to check it.
#   make demo           build the demo workspace and open it (Ctrl-C ends it)
#   make demo SERVE=0   build it only
#   make demo DIR=path  put it elsewhere
#   make test           install what the tests need, Chromium included, and run them
#   make nightly        the tests that take minutes each: many crashes, many files, real load
#   make docs           the reference, built from the docstrings, in build/reference/
#   make bench          measure, side by side with what others would use

PYTHON ?= python3
DIR ?= demo-workspace
SERVE ?= 1
ENV := .venv
BIN := $(ENV)/bin

.PHONY: demo test lint nightly docs bench clean
.DEFAULT_GOAL := demo

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(ENV)

$(ENV)/.demo: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet -e ".[demo]"
	@touch $@

$(ENV)/.test: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet -e ".[demo,test]"
	@touch $@ $(ENV)/.demo

demo: $(ENV)/.demo
	@$(BIN)/workbench demo "$(DIR)" $(if $(filter 0,$(SERVE)),,--serve)

lint: $(ENV)/.test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

test: lint
	@$(BIN)/python tests/browser/chromium.py
	@$(BIN)/python -m pytest -n auto --maxprocesses 2 --dist loadgroup && echo "All tests passed; screenshots are in test-output/."

nightly: $(ENV)/.test
	@$(BIN)/python tests/browser/chromium.py
	@$(BIN)/python -m pytest -m nightly
	@$(BIN)/python -m pytest -n auto --maxprocesses 2 --dist loadgroup --backend postgres

docs: $(ENV)/.test
	@$(BIN)/python docs/build.py

bench: $(ENV)/.test
	@test -n "$$WORKBENCH_WORKSPACE" || test -f "$(DIR)/workbench.toml" || $(BIN)/workbench demo "$(DIR)"
	@$(BIN)/python -m tests.benchmarks

clean:
	rm -rf $(ENV) build test-output .mypy_cache .ruff_cache .pytest_cache
