# Two commands: `make repro` runs the whole pipeline, `make test` the tests.
# Each first builds .venv from the pinned, hashed lock; BUILD=gpu picks TensorFlow's GPU build.

BUILD ?= cpu
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
LOCK := requirements/$(BUILD).lock
STAMP := .venv/.installed-$(BUILD)
BIN := $(CURDIR)/.venv/bin

export PATH := $(BIN):$(PATH)
export DVC_NO_ANALYTICS := 1

.PHONY: repro test quick style lock clean

repro: $(STAMP)
	avef corpora
	dvc repro
	@echo "The report is at reports/index.html"

test: $(STAMP)
	python -m pytest -n 2 --dist loadscope --no-loadscope-reorder

# All but what trains networks or runs the pipeline.
quick: $(STAMP)
	python -m pytest -n 2 --dist loadscope --no-loadscope-reorder \
	  --ignore tests/test_pipeline.py --ignore tests/learning --ignore avef/learning

style: $(STAMP)
	ruff check .
	ruff format --check .
	mypy
	lint-imports --no-cache

$(STAMP): $(LOCK) pyproject.toml
	rm -rf .venv
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --require-hashes --no-deps -r requirements/build.lock
	.venv/bin/python -m pip install --quiet --require-hashes --no-deps --no-build-isolation -r $(LOCK)
	.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# For maintainers: resolve the locks anew (needs uv on PATH).
lock:
	for build in cpu gpu; do \
	  uv pip compile pyproject.toml --extra $$build --extra demo --extra silero --extra cluster --extra test --quiet \
	    --generate-hashes --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
	    --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	    --output-file requirements/$$build.lock; \
	done
	sed -n '/^setuptools==/,/^[^ ]/{/^setuptools==/p;/^ /p}' requirements/cpu.lock > requirements/build.lock

clean:
	rm -rf .venv $(filter-out data/raw data/demo data/clips,$(wildcard data/*)) $(wildcard data/demo/*/ data/clips/*/)
