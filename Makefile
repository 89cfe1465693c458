# `make run` starts the product, `make test` runs every check and test. Both make .venv first.
# Neither writes outside this directory, apart from Chromium's package where root may install it.

PYTHON ?= python3
PY := .venv/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-cache-dir install --quiet --require-hashes
LOCK := $(PY) -m uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--no-header --no-emit-index-url --no-cache
# pip asks `rustc` for its version, whose launcher would make a directory in the home.
export RUSTUP_HOME := $(CURDIR)/.venv/rustup
CODE := app.py bench config notifier tests

.PHONY: run test test-model test-sources test-faults test-mutants check fmt lock bench clean
.DEFAULT_GOAL := run

run: .venv/runtime-installed
	@exec $(PY) -m flask --app app serve

test: .venv/tests-installed
	@sh tests/run-all.sh

# The engine as a state machine, ten times as often as `make test` does; `make test-model SEED=7`
# breaks new ground, RUNS=20000 more of it, SHARDS=visit-0 only a part.
RUNS ?= 2000
SEED ?= 3
test-model: .venv/tests-installed
	@MODEL_RUNS=$(RUNS) MODEL_SEED=$(SEED) $(PY) -m pytest -q -n 2 --timeout=0 \
		-p no:cacheprovider tests/model $(if $(SHARDS),-k "$(SHARDS)")

# What the intake promises, tried as often as it promises: orders of the news of each parcel,
# bodies that no vendor would send, and servers killed on each database. `make test` tries less of
# it; `SEED=7` breaks new ground. It took 15 minutes on two cores that did nothing else.
ORDERS ?= 2000
BODIES ?= 10000
KILLS ?= 50
test-sources: .venv/tests-installed
	@SOURCES_ORDERS=$(ORDERS) SOURCES_BODIES=$(BODIES) SOURCES_KILLS=$(KILLS) SOURCES_SEED=$(SEED) \
		$(PY) -m pytest -q -n 2 --timeout=0 -p no:cacheprovider \
		tests/webhooks/test_any_order.py tests/webhooks/test_any_order_in_memory.py \
		tests/webhooks/test_any_body.py tests/webhooks/test_killed.py

# Everything that can break is broken; `make test-faults SHARD=2/60` runs a part. Each call ends
# within nine minutes on a machine that has little else to do: no case is begun that would not end
# within BUDGET seconds. What ran is kept in var/faults.jsonl; it can be stopped, too, and only the
# rest runs the next time, for as long as the commit is the same.
SHARD ?= 1/1
BUDGET ?= 500
test-faults: .venv/tests-installed
	@$(PY) -m tests.faults --shard $(SHARD) --budget $(BUDGET)

# What the tests of the send path notice when it is changed here and there. It takes more than an
# hour, can be stopped, and goes on the next time; `.venv/bin/mutmut results` lists what nobody
# noticed, docs/reliability-mutants.md why.
test-mutants: .venv/tests-installed
	@nice $(PY) -m mutmut run --max-children 2

check: .venv/tests-installed
	@sh tests/run-all.sh --only-checks

fmt: .venv/tests-installed
	$(PY) -m ruff check --fix $(wildcard $(CODE))
	$(PY) -m ruff format $(wildcard $(CODE))

# Compiles the pinned dependencies; `make lock UPGRADE=--upgrade` moves what is not pinned.
lock: .venv/tests-installed
	$(LOCK) $(UPGRADE) requirements.in -o requirements.txt
	$(LOCK) $(UPGRADE) requirements-dev.in -o requirements-dev.txt

bench: .venv/tests-installed
	$(PY) -m bench

clean:
	rm -rf .venv mutants .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

.venv/made:
	@command -v "$(PYTHON)" >/dev/null || { \
		echo "Python 3.11 or newer is needed, and $(PYTHON) was not found." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, and $(PYTHON) is $$("$(PYTHON)" -V 2>&1)." \
			"Name another: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Making .venv..."
	@"$(PYTHON)" -m venv .venv || { rm -rf .venv; \
		echo "The virtual environment could not be made (on Debian: apt-get install" \
			"python3-venv)." >&2; exit 1; }
	@touch .venv/made

.venv/runtime-installed: requirements.txt | .venv/made
	@echo "Installing what requirements.txt pins..."
	@$(PIP) -r requirements.txt
	@touch $@

.venv/tests-installed: requirements-dev.txt | .venv/made
	@echo "Installing what requirements-dev.txt pins..."
	@$(PIP) -r requirements-dev.txt
	@touch $@ .venv/runtime-installed
