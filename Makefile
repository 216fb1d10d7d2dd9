# The README's promise: `make run` and `make test` do everything on a machine with
# python3 >= 3.11, pip, make and git.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.synced

# The certificates that this machine trusts, as pip does.
export UV_SYSTEM_CERTS := 1

.PHONY: help setup run test test-long bench check messages lock reset

help: ## show the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## prepare .venv, start nothing

# uv installs the locked packages some three times faster than pip; where it cannot reach the
# registry that pip is configured for, pip does the same from the same hashes.
$(STAMP): requirements-dev.lock requirements-uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one with PYTHON=python3.12 make ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv --without-pip .venv
	@echo "Installing the locked packages into .venv ..."
	@$(PYTHON) -m pip --python $(BIN)/python install -q --require-hashes -r requirements-uv.lock
	@$(BIN)/uv pip sync -q --python $(BIN)/python --require-hashes requirements-uv.lock requirements-dev.lock \
		|| { echo "uv could not; pip does the same now, it takes a little longer ..."; \
			$(PYTHON) -m pip --python $(BIN)/python install -q --require-hashes -r requirements-dev.lock; }
	@touch $@

run: $(STAMP) ## serve the demo on http://127.0.0.1:8000 (PORT and SANDBOX_PORT move the ports)
	@exec $(BIN)/python -m tests.demo

test: $(STAMP) ## run the whole suite
	@$(BIN)/python -m tests.suite

test-long: $(STAMP) ## run the suite and what takes longer
	@MEITHEAL_LIVES=$${MEITHEAL_LIVES:-5000} $(BIN)/python -m tests.suite --long

bench: $(STAMP) ## time every report on a million made-up members (MEMBERS=20000 for fewer, SEED=2 for others)
	@$(BIN)/python -m tests.bench --members $${MEMBERS:-1000000} --seed $${SEED:-1}

check: $(STAMP) ## lint, types, import rules, migrations
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@ENV_FILE=tests/test.env $(BIN)/mypy .
	@$(BIN)/lint-imports
	@ENV_FILE=tests/test.env DATABASE_URL=sqlite://:memory: $(BIN)/python manage.py makemigrations --check --dry-run
	@ENV_FILE=tests/deploy.env $(BIN)/python manage.py check --deploy --fail-level WARNING

messages: $(STAMP) ## bring the sentences of pages and letters into the catalogues of other languages
	@$(BIN)/python -m tests.messages

lock: ## renew the lock files
	@test -x $(BIN)/uv || $(MAKE) setup
	@$(BIN)/uv pip compile -q --upgrade --universal --generate-hashes --no-header pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --upgrade --universal --generate-hashes --no-header --no-annotate --group dev pyproject.toml -o requirements-dev.lock
	@echo uv | $(BIN)/uv pip compile -q --upgrade --universal --generate-hashes --no-header --no-annotate - -o requirements-uv.lock

reset: ## forget the demo's data
	@if [ -e .env ] && ! grep -qs '^# Written by make run' .env; then \
		echo "There is a .env of your own here, and var/ may hold its data: remove them by hand."; exit 2; fi
	@rm -rf var .env
	@echo "The demo's data is gone; make run starts over."
