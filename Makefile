# Two commands: `make demo` and `make test`. Both begin with `make setup`, which needs only python3 and make.

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
PYTEST := $(BIN)/pytest -n auto --maxprocesses 8 --dist loadscope --no-loadscope-reorder

.PHONY: help setup demo test check format bench soak docs lock clean

help:
	@echo "make demo     the demo company, served on http://127.0.0.1:8080 (ARGS=\"--port 9000\" passes arguments on)"
	@echo "make test     every test; what CI runs (ARGS=\"tests/unit\" runs some)"
	@echo "make check    format, lint, types, import rules, house rules"
	@echo "make bench    what is measured, as ratios"
	@echo "make soak     the long runs of simulation, faults and calls made up"
	@echo "make docs     the generated pages of docs/reference"
	@echo "make setup    ./.venv, without running anything"
	@echo "make format   writes the format that make check asks for"
	@echo "make lock     requirements.lock anew, after a change of pyproject.toml"
	@echo "make clean    removes what these commands made"

setup:
	@$(PYTHON) tools/setup.py

demo: setup
	@$(BIN)/acquit demo $(ARGS)

test: setup
	@$(PYTHON) tools/setup.py --system
	@$(PYTEST) $(ARGS)

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/tidy

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup
	@for name in bill-run api documents matching; do \
		[ ! -f benchmarks/$$(echo $$name | tr - _).py ] || $(BIN)/acquit bench $$name $(ARGS) || exit 1; done

soak: setup
	@$(PYTEST) --soak tests/simulation tests/fault tests/collector tests/property/test_gate_laws.py \
		tests/contract/test_generated.py tests/contract/test_fuzz.py tests/contract/test_isolation_property.py \
		tests/unit/test_electronic_bills.py tests/e2e/test_lighthouse.py tests/e2e/test_pages.py \
		tests/e2e/test_office_money.py $(ARGS)

docs: setup
	@$(BIN)/python tools/reference.py

lock:
	@$(PYTHON) tools/setup.py --lock

clean:
	rm -rf .venv .uv .focus-validator .lighthouse .setup.lock .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage dist build
