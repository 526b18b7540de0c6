# Two commands: `make repro` runs the whole pipeline, `make test` the tests.
# Each first builds .venv from the pinned, hashed lock; BUILD=gpu picks TensorFlow's GPU build.

BUILD ?= cpu
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
LOCK := requirements/$(BUILD).lock
STAMP := .venv/.installed-$(BUILD)
DOCS := .venv-docs/.installed
BIN := $(CURDIR)/.venv/bin

export PATH := $(BIN):$(PATH)
export DVC_NO_ANALYTICS := 1

.PHONY: setup repro test quick coverage style docs release lock clean

setup: $(STAMP)

repro: $(STAMP)
	[ -e .git ] || dvc config --local core.no_scm true  # an archive without history
	avef corpora || { avef doctor; exit 1; }
	dvc repro || { avef doctor; exit 1; }
	@echo "The report is at reports/index.html"

test: $(STAMP)
	python -m pytest -n 2 --dist loadscope --no-loadscope-reorder

# All but what trains networks or runs the pipeline.
quick: $(STAMP)
	python -m pytest -n 2 --dist loadscope --no-loadscope-reorder \
	  --ignore tests/test_pipeline.py --ignore tests/learning --ignore avef/learning

# As test, but of every line of avef/ it is told whether some test runs it; takes twice as long.
coverage: $(STAMP)
	python benchmarks/covered.py --least 90

style: $(STAMP)
	ruff check .
	ruff format --check .
	mypy
	lint-imports --no-cache

# The documentation, from an environment of its own; the report is part of the site, and what the
# report links.
docs: $(STAMP) $(DOCS)
	rm -rf site
	.venv-docs/bin/python -m sphinx --quiet --fail-on-warning --jobs auto \
	  -d .venv-docs/doctrees docs site
	test -e reports/index.html || avef report
	cp -r reports site/reports
	cp --parents REPLICATION.md avef/preparation/weights/README.md benchmarks/results/*.json site
	python docs/check_links.py site
	@echo "The documentation is at site/index.html"

# One zip of the results and all that they come from, ready for an archive with a DOI.
release: $(STAMP)
	avef release

$(STAMP): $(LOCK) pyproject.toml
	rm -rf .venv
	$(PYTHON) -m venv .venv
	.venv/bin/python tools/install.py $(LOCK)
	touch $@

$(DOCS): requirements/docs.lock
	rm -rf .venv-docs
	$(PYTHON) -m venv .venv-docs
	.venv-docs/bin/python -m pip install --quiet --no-deps --require-hashes --requirement $<
	touch $@

COMPILE := uv pip compile --quiet --generate-hashes --python-version 3.11 \
  --python-platform x86_64-manylinux_2_28 \
  --no-header --no-annotate --no-emit-index-url --no-emit-find-links

# For maintainers: resolve the locks anew (with the environment's uv, or the one on PATH).
lock:
	for build in cpu gpu; do \
	  $(COMPILE) pyproject.toml --extra $$build --extra demo --extra silero --extra cluster \
	    --extra test --output-file requirements/$$build.lock; \
	done
	printf 'setuptools\nuv\n' | $(COMPILE) - --constraint requirements/cpu.lock \
	  --output-file requirements/build.lock
	$(COMPILE) --group docs --constraint requirements/cpu.lock --output-file requirements/docs.lock

clean:
	rm -rf .venv .venv-docs site $(filter-out data/raw data/demo data/clips,$(wildcard data/*)) $(wildcard data/demo/*/ data/clips/*/)
