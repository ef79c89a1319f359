# `make up` runs the example, `make test` runs the tests; each prepares all that it needs in .venv first.

PYTHON ?= python3
TESTS ?= -n 2 --dist worksteal

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# An installed project is its own source here; compiled once, so that no command has to do it at its start.
OURSELVES := $(PIP) --no-deps --no-build-isolation --editable . && $(BIN)/python -m compileall -q nexsock
EXAMPLE := $(BIN)/nexsock -f examples/nexsock.yaml
COMPILE_LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-header --no-annotate --no-emit-index-url

VENDOR := nexsock/web/static/vendor/htmx.js

.PHONY: help up down assets test check lint format bench lock clean

help:
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

up: .venv/run ## run the example shop; ends when all of it is ready
	@$(EXAMPLE) up -d
	@$(EXAMPLE) ps
	@echo
	@echo "The shop     $$($(EXAMPLE) url web)"
	@echo "Its API      $$($(EXAMPLE) url api)/products"
	@echo "Its logs     $(EXAMPLE) logs -f"
	@echo "End it       make down"

down: .venv/run ## end the example shop
	@$(EXAMPLE) down

assets: $(VENDOR) ## fetch the browser code that makes the pages of `nexsock web` live; needs npm

test: .venv/dev ## run the tests
	@$(BIN)/python -m compileall -q nexsock
	@$(BIN)/pytest $(TESTS)

check: lint test ## everything that has to be true before a commit

lint: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: .venv/dev ## lay out the code and put its imports in order
	@$(BIN)/ruff check --quiet --select I --fix .
	@$(BIN)/ruff format .

bench: .venv/dev ## measure beside peers and print the ratios (see bench/README.md)
	@$(BIN)/python -m compileall -q nexsock
	@$(BIN)/python -m bench scale --repetitions 1 --calls 5

lock: ## choose the newest versions that fit; needs uv
	$(COMPILE_LOCK) --upgrade --group dev pyproject.toml -o tests/requirements.lock
	printf 'editables\nhatchling\n' | $(COMPILE_LOCK) -c tests/requirements.lock pyproject.toml - -o tests/requirements-run.lock

clean: ## remove everything that can be made again
	rm -rf assets/node_modules $(dir $(VENDOR)) .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis artifacts build dist
	find . -name __pycache__ -prune -exec rm -rf {} +

# Only what assets/package-lock.json names by its digest, and nothing of it is run.
$(VENDOR): assets/package-lock.json assets/build.js
	@echo "Fetching the browser code ..."
	@npm --prefix assets ci --silent
	@node assets/build.js

# The two states of .venv: what running needs, and what working on nexsock needs as well.

.venv/run: tests/requirements-run.lock pyproject.toml | .venv/made
	@echo "Installing what nexsock needs ..."
	@$(PIP) --require-hashes -r tests/requirements-run.lock
	@$(OURSELVES)
	@touch $@

.venv/dev: tests/requirements.lock pyproject.toml | .venv/made
	@echo "Installing what nexsock and its tests need ..."
	@$(PIP) --require-hashes -r tests/requirements.lock
	@$(OURSELVES)
	@touch $@ .venv/run

.venv/made:
	@.ci/venv $(PYTHON)
