PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BACKEND := $(if $(filter 1,$(GPU)),gpu,$(if $(filter 1,$(JAX)),jax,cpu))
LOCK := locks/$(BACKEND).txt
# One stamp per backend: asking for another one makes .venv anew.
INSTALLED := $(VENV)/.installed-$(BACKEND)
INTERCHANGE := .venv-interchange
# The folder in which `make similars` shows a day, or so many of them. It is removed to begin anew, so it is no one else's.
override LIVE := live-sample
DAYS ?= 1
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
export PATH := $(CURDIR)/$(BIN):$(PATH)
export TF_CPP_MIN_LOG_LEVEL ?= 3
export DVC_NO_ANALYTICS := true

.PHONY: pipeline similars setup browser postgres spark test test-services test-all test-interchange check bench lock

pipeline: setup ## everything, from an empty checkout to a judged model
	dvc repro
	@train where

similars: setup ## a day of a live catalog, shown on the sample: new rows in, similar products out (docs/daily.md)
	@python tests/databases/beside_postgres.py true
	dvc repro similar
	@$(MAKE) --no-print-directory $(LIVE)
	cd $(LIVE) && python ../tests/databases/beside_postgres.py sh -ec ' \
		triplets publish --to postgres sample_similar_products; \
		curate sample --days $(DAYS); \
		curate day --to postgres sample_similar_products; \
		! command -v psql >/dev/null || psql -Xc "SELECT product_id, rank, similar_id, distance FROM sample_similar_products \
			WHERE product_id = (SELECT max(product_id) FROM sample_similar_products) ORDER BY rank LIMIT 3"'

# What a day starts from, as the pipeline has left it: classifiers, scales, the last lists, and what the caches know.
$(LIVE): dvc.lock
	rm -rf $@ $@.partial
	mkdir $@.partial
	tar chf $@.partial/all params.yaml data/sample $(wildcard data/cache/*.sqlite) data/curated data/features data/triplets/recommended data/triplets/similar
	cd $@.partial && tar xf all && rm all
	mv $@.partial $@
	touch $@

setup: $(INSTALLED) ## .venv with the locked, hash-checked dependencies (GPU=1: CUDA; JAX=1: JAX)

$(INSTALLED): $(LOCK) locks/build.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": call make with PYTHON=python3.12, say")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r locks/build.txt
	$(BIN)/pip install --quiet --require-hashes --no-deps --no-build-isolation -r $(LOCK)
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

browser: ## Chromium, for the tests and the benchmark of the tuning page (Debian, Ubuntu; elsewhere install one yourself)
	command -v chromium || command -v chromium-browser || command -v google-chrome || { $(SUDO) apt-get update && $(SUDO) apt-get install --yes --no-install-recommends chromium; }

postgres: ## PostgreSQL, which the tests start on loopback (Debian, Ubuntu; elsewhere install it yourself)
	ls /usr/lib/postgresql/*/bin/initdb || command -v initdb || { $(SUDO) apt-get update && $(SUDO) apt-get install --yes --no-install-recommends postgresql; }

spark: $(VENV)/.installed-spark ## PySpark and Java, for the tests of --engine spark (Debian, Ubuntu; elsewhere install Java 17 yourself)
	command -v java || { $(SUDO) apt-get update && $(SUDO) apt-get install --yes --no-install-recommends openjdk-17-jre-headless; }

$(VENV)/.installed-spark: $(INSTALLED) locks/spark.txt
	$(BIN)/pip install --quiet --require-hashes --no-deps --no-build-isolation -r locks/spark.txt
	@touch $@

check: setup ## style and types
	ruff check .
	ruff format --check .
	mypy

test: check ## the default tests, under five minutes
	pytest -n auto --dist loadfile --no-loadscope-reorder

test-services: setup postgres spark ## the tests of databases and of clusters, which start their own
	pytest -m service

test-all: check ## the slow tests and those of databases and clusters too
	pytest -n auto --dist loadfile --no-loadscope-reorder -m ''

test-interchange: $(INTERCHANGE)/.installed ## the exports, loaded by the libraries that read them, in an environment of their own
	$(INTERCHANGE)/bin/python -m pytest tests/interchange

# torch stands in no lock: its builds for processors alone, a tenth of the size, come from elsewhere than the others,
# and pip takes one where it is told of one.
$(INTERCHANGE)/.installed: locks/interchange.txt
	$(PYTHON) -m venv --clear $(INTERCHANGE)
	$(INTERCHANGE)/bin/pip install --quiet --require-hashes --no-deps -r $<
	$(INTERCHANGE)/bin/pip install --quiet torch==2.13.0
	$(INTERCHANGE)/bin/pip check
	@touch $@

bench: browser spark $(VENV)/.installed-bench ## every script in benchmarks/: a table each (see its --help for --json FILE)
	@for script in benchmarks/*.py; do python $$script || exit 1; done

# What the project is measured beside. One of them is built, by what the environment already has.
$(VENV)/.installed-bench: $(INSTALLED) locks/bench.txt
	$(BIN)/pip install --quiet --require-hashes --no-deps --no-build-isolation -r locks/bench.txt
	@touch $@

lock: setup ## resolve the dependencies anew (needs a package registry)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade locks/build.in -o locks/build.txt
	for kind in cpu gpu jax; do uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade --override locks/overrides.in --extra dev --extra index --extra export --extra tune --extra database --extra $$kind pyproject.toml -o locks/$$kind.txt || exit 1; done
	for what in bench spark; do uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade locks/$$what.in -o locks/$$what.txt || exit 1; done
	echo torch | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade --excludes - locks/interchange.in -o locks/interchange.txt
