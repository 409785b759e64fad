# Every target sets up what it needs. `make demo` and `make test` are the two commands of the README.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2

.PHONY: install demo test soak lint format envtest bench completions clean help

help: ## show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

install: $(STAMP) ## make .venv with kubefedctl and everything that developing it needs

$(STAMP): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: install ## the main job on two embedded clusters
	$(BIN)/kubefedctl demo

test: install ## all tests; those on real control planes skip where `make envtest` was not run
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

soak: install ## the long tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m soak

lint: install ## style, types and layers
	$(BIN)/ruff check kubefedctl tests
	$(BIN)/ruff format --check kubefedctl tests
	$(BIN)/mypy

format: install ## rewrite the code in the one style
	$(BIN)/ruff check --fix kubefedctl tests
	$(BIN)/ruff format kubefedctl tests

envtest: ## build etcd, kube-apiserver and kube-controller-manager for the tests, once
	$(PYTHON) tests/controlplanes/build.py

bench: install envtest ## first sync and no-op beside kubectl on three real control planes
	$(BIN)/python -m tests.bench

completions: install ## write completions/ anew
	$(BIN)/python -m tests.completions

clean: ## remove what the other targets made in this folder
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
