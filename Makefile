# `make` alone lists the targets. Each makes what it needs, and nothing twice.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON := .venv/bin/python
RUN := default
export TF_CPP_MIN_LOG_LEVEL := 2

.PHONY: help setup test lint train evaluate clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# uv comes from PyPI into the environment itself, at the version of the lock file.
.venv/ready: pyproject.toml uv.lock
	python3 -m venv .venv
	.venv/bin/pip install --quiet "uv==$$(sed -n '/^name = "uv"$$/{n;s/version = "\(.*\)"/\1/p}' uv.lock)"
	.venv/bin/uv sync --frozen --all-groups
	touch $@

setup: .venv/ready ## make the Python environment (.venv)

test: setup lint ## run every test
	$(PYTHON) -m pytest

lint: setup ## check style and types
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

train: setup ## train, calibrate, evaluate and draw: make train DATA=path [RUN=name] [OPTIONS=...]
	$(if $(DATA),,$(error give the data: make train DATA=path/to/fer2013))
	$(PYTHON) -m training.train "$(DATA)" --run "$(RUN)" $(OPTIONS)
	$(PYTHON) -m training.calibrate "$(DATA)" --run "$(RUN)"
	$(MAKE) evaluate

evaluate: setup ## measure models/emoji.h5 into models/report.json: make evaluate DATA=path
	$(if $(DATA),,$(error give the data: make evaluate DATA=path/to/fer2013))
	$(PYTHON) -m training.data "$(DATA)" --report models/report.json
	$(PYTHON) -m training.evaluate "$(DATA)"
	$(PYTHON) -m training.figures
	$(PYTHON) -m convert.report

clean: ## remove environments, caches and builds; runs and models stay
	rm -rf .venv node_modules web/node_modules web/dist .ruff_cache .mypy_cache .pytest_cache
