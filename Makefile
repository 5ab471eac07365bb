PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BACKEND := $(if $(filter 1,$(GPU)),gpu,$(if $(filter 1,$(JAX)),jax,cpu))
LOCK := locks/$(BACKEND).txt
# One stamp per backend: asking for another one makes .venv anew.
INSTALLED := $(VENV)/.installed-$(BACKEND)
export PATH := $(CURDIR)/$(BIN):$(PATH)
export TF_CPP_MIN_LOG_LEVEL ?= 3
export DVC_NO_ANALYTICS := true

.PHONY: pipeline setup test test-all check bench lock

pipeline: setup ## everything, from an empty checkout to a judged model
	dvc repro
	@train where

setup: $(INSTALLED) ## .venv with the locked, hash-checked dependencies (GPU=1: CUDA; JAX=1: JAX)

$(INSTALLED): $(LOCK) locks/build.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": call make with PYTHON=python3.12, say")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r locks/build.txt
	$(BIN)/pip install --quiet --require-hashes --no-build-isolation -r $(LOCK)
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

check: setup ## style and types
	ruff check .
	ruff format --check .
	mypy

test: check ## the default tests, under five minutes
	pytest

test-all: check ## the slow tests too
	pytest -m ''

bench: setup ## every script in benchmarks/: a table each (see its --help for --json FILE)
	@for script in benchmarks/*.py; do python $$script || exit 1; done

lock: setup ## resolve the dependencies anew (needs a package registry)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade locks/build.in -o locks/build.txt
	for kind in cpu gpu jax; do uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade --extra dev --extra $$kind pyproject.toml -o locks/$$kind.txt || exit 1; done
