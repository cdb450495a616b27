# Everything is set up by the targets themselves; a fresh machine needs Python >= 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint bench bench-methods bench-rare bench-syllables bench-statistics \
	bench-detector bench-truth clean

$(VENV)/.runtime: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.development: $(VENV)/.runtime
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@

demo: $(VENV)/.runtime
	$(BIN)/chingolo demo

test: $(VENV)/.development
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(VENV)/.development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

bench: $(VENV)/.development
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[bench]"
	$(BIN)/python -m benchmarks

bench-methods: $(VENV)/.development
	$(BIN)/python -m benchmarks.methods

bench-rare: $(VENV)/.development
	$(BIN)/python -m benchmarks.rare_dialect

bench-syllables: $(VENV)/.development
	$(BIN)/python -m benchmarks.syllables

bench-statistics: $(VENV)/.development
	$(BIN)/python -m benchmarks.statistics

bench-detector: $(VENV)/.development
	$(BIN)/python -m benchmarks.detector

bench-truth: $(VENV)/.development
	$(BIN)/python -m benchmarks.truth

clean:
	rm -rf $(VENV) runs
