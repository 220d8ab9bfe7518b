# `make demo` and `make test` make what they need; nothing outside this folder and the user's cache is touched.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test test-slow lint types build clean

demo: $(VENV)/demo.stamp
	$(BIN)/loracheck demo

# Two tests at once, each on one thread.
test: $(VENV)/test.stamp
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile

test-slow: $(VENV)/test.stamp
	OMP_NUM_THREADS=1 $(BIN)/pytest -m slow -n 2 --dist loadfile

lint: $(VENV)/test.stamp
	$(BIN)/ruff check --no-cache .

types: $(VENV)/test.stamp
	$(BIN)/mypy

build: $(VENV)/test.stamp
	rm -rf build dist
	$(BIN)/python -m build

clean:
	rm -rf $(VENV) build dist *.egg-info

$(VENV)/demo.stamp: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo]'
	touch $@

$(VENV)/test.stamp: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo,test]'
	touch $@

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
