# `make demo` shows one year of the treatment, `make portal` opens a portal, `make test` proves it. Each makes what it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# Many tests start Python again: without bytecode on disk each would compile everything anew.
export PYTHONDONTWRITEBYTECODE :=

# Tests make thousands of small files and databases: in memory, where two gigabytes of it are free for that.
IN_MEMORY := $(shell test "$$(df --output=avail /dev/shm 2>/dev/null | tail -n 1)" -gt 2000000 2>/dev/null && ! grep -q " /dev/shm .*noexec" /proc/mounts && echo /dev/shm)
# Three processes on two cores: many tests wait for another process.
PYTEST := -m pytest -n 3 --dist worksteal -p no:cacheprovider

.PHONY: demo portal test lint docs bench mutants chaos clean

demo: $(VENV)/ready
	$(BIN)/digital-painschool demo

portal: $(VENV)/ready
	$(BIN)/python -m examples.portal

test: export TMPDIR := $(or $(TMPDIR),$(IN_MEMORY),/tmp)
test: $(VENV)/ready
	$(MAKE) --jobs=2 --output-sync lint docs
	$(BIN)/coverage erase
	$(BIN)/coverage run $(PYTEST) -m "not search and not unmeasured" tests proofs
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
	$(BIN)/python $(PYTEST) -m "(search or unmeasured) and not nightly" tests proofs
	$(BIN)/python $(PYTEST) examples

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

docs: $(VENV)/ready
	$(BIN)/sphinx-build --fail-on-warning --quiet -b html docs docs/_build/html

nightly: $(VENV)/ready
	$(BIN)/python $(PYTEST) -m nightly tests proofs

bench: $(VENV)/ready
	$(BIN)/python -m benchmarks

mutants: $(VENV)/ready
	$(BIN)/python -m proofs.mutation

# A virtual environment of our own; made anew when what it is made from has changed.
$(VENV)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --upgrade pip # the one that comes with Python may not know dependency groups
	$(INSTALL) --editable '.[all]' --group dev
	touch $@

chaos: $(VENV)/ready
	$(BIN)/python -m proofs.chaos --minutes 10

clean:
	rm -rf $(VENV) docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis
