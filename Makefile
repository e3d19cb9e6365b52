# `make` alone lists the targets. Each makes what it needs, and nothing twice.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON := .venv/bin/python
RUN := default
NOTE :=
export TF_CPP_MIN_LOG_LEVEL := 2

.PHONY: help setup test lint train evaluate convert verify bench photos consistency serve site release clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# uv comes from PyPI into the environment itself, at the version of the lock file.
.venv/ready: pyproject.toml uv.lock
	python3 -m venv .venv
	.venv/bin/pip install --quiet "uv==$$(sed -n '/^name = "uv"$$/{n;s/version = "\(.*\)"/\1/p}' uv.lock)"
	.venv/bin/uv sync --frozen --all-groups --all-extras
	touch $@

setup: .venv/ready ## make the Python environment (.venv)

test: setup lint web/node_modules ## run every test
	$(PYTHON) -m pytest
	cd web && npm run --silent lint && npm run --silent test

lint: setup ## check style and types
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

train: setup ## train, calibrate, evaluate and draw: make train DATA=path [RUN=name] [OPTIONS=...]
	$(if $(DATA),,$(error give the data: make train DATA=path/to/fer2013))
	$(PYTHON) -m training.train "$(DATA)" --run "$(RUN)" $(OPTIONS)
	$(PYTHON) -m training.calibrate "$(DATA)" --run "$(RUN)"
	$(PYTHON) -m training.runs "$(DATA)" --run "$(RUN)" --note "$(NOTE)"
	$(MAKE) evaluate

evaluate: setup ## measure models/emoji.h5 into models/report.json: make evaluate DATA=path
	$(if $(DATA),,$(error give the data: make evaluate DATA=path/to/fer2013))
	$(PYTHON) -m training.data "$(DATA)" --report models/report.json
	$(PYTHON) -m training.evaluate "$(DATA)"
	$(PYTHON) -m training.peers
	$(PYTHON) -m training.figures
	$(PYTHON) -m convert.documents

convert: setup ## turn the .h5 into every artifact: make convert [DATA=path] [MODEL=path] [OUT=folder]
	$(PYTHON) -m convert $(if $(MODEL),"$(MODEL)") $(if $(DATA),--data "$(DATA)") $(if $(OUT),--out "$(OUT)")

verify: setup web/node_modules ## run every artifact against Keras's answers; DATA=path measures anew
	$(PYTHON) -m convert.verify $(if $(DATA),"$(DATA)") $(if $(FULL),--full)
	$(if $(DATA),$(PYTHON) -m convert.documents)

bench: setup site ## time the command, the page and the server; PEERS=1 also times other packages
	$(PYTHON) -m edge.bench $(if $(PEERS),--peers)
	$(PYTHON) -m web.bench_page $(if $(PEERS),--peers)
	$(PYTHON) -m web.bench_server
	node web/bench_dashboard.js

photos: setup site ## hold the page's answers against the command's: make photos PHOTOS=folder
	$(if $(PHOTOS),,$(error give the photos: make photos PHOTOS=folder))
	$(PYTHON) -m web.compare_photos "$(PHOTOS)"

consistency: setup site ## ask every front end about the same photos, into the report
	$(PYTHON) -m tests.consistency --report

serve: setup site ## serve the page and the API on this computer: make serve [PORT=8000] [OPTIONS=...]
	$(PYTHON) -m web.server $(if $(PORT),--port "$(PORT)") $(OPTIONS)

site: web/dist/index.html ## build the page and the dashboard into web/dist

SITE := $(shell find web/src web/plugins web/partials web/public models/golden models/tfjs models/face edge/emoji_edge/emoji -type f 2>/dev/null)
web/dist/index.html: web/node_modules web/index.html web/dashboard.html web/vite.config.js web/headers.json \
		models/contract.json $(wildcard models/report.json) $(SITE)
	cd web && npm run --silent build
	touch $@

# The archives hold no time and no owner: the same source gives the same bytes.
DIST := dist
release: setup site ## wheel, sdist, the built page as an archive, and their checksums, into dist/
	rm -rf "$(DIST)" && mkdir -p "$(DIST)"
	$(PYTHON) -m hatchling build -d "$(DIST)"
	tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=a+rX,u+w,go-w \
		-C web/dist -c . | gzip -9n > "$(DIST)/emoji-web-$$(.venv/bin/hatchling version).tar.gz"
	cd "$(DIST)" && sha256sum *.whl *.tar.gz > SHA256SUMS

web/node_modules: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	touch $@

clean: ## remove environments, caches and builds; runs and models stay
	rm -rf .venv .venv-tflite .venv-peers .venv-peers-web web/node_modules web/dist .ruff_cache .mypy_cache .pytest_cache
