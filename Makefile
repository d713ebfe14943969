# Two commands: `make demo` shows one year of the treatment, `make test` proves it. Both make what they need.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test lint docs bench clean

demo: $(VENV)/ready
	$(BIN)/digital-painschool demo

test: lint docs
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 2 -p no:cacheprovider
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

docs: $(VENV)/ready
	$(BIN)/sphinx-build --fail-on-warning --quiet -b html docs docs/_build/html

bench: $(VENV)/ready
	$(BIN)/python -m benchmarks

# A virtual environment of our own; made anew when what it is made from has changed.
$(VENV)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis
