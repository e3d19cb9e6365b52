# `make` alone lists the targets. Each makes what it needs, and nothing twice.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON := .venv/bin/python
RUN := default
NOTE :=
export TF_CPP_MIN_LOG_LEVEL := 2

.PHONY: help setup test lint train evaluate convert verify bench faces photos exams consistency serve site api-docs manual release clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# uv comes from PyPI into the environment itself, at the version of the lock file.
.venv/ready: pyproject.toml uv.lock
	python3 -m venv .venv
	.venv/bin/pip install --quiet "uv==$$(sed -n '/^name = "uv"$$/{n;s/version = "\(.*\)"/\1/p}' uv.lock)"
	.venv/bin/uv sync --frozen --all-groups --all-extras
	touch $@

setup: .venv/ready ## make the Python environment (.venv)

# Each worker has a core, so TensorFlow's own threads would only stand in each other's way.
test: setup lint site ## run every test, on every core
	TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 $(PYTHON) -m pytest --numprocesses=auto --dist=loadfile
	cd web && npm run --silent test

lint: setup web/node_modules ## check style and types
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/zizmor --offline --quiet .github
	.venv/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	.venv/bin/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	.venv/bin/check-jsonschema --quiet --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/[!c]*.yml
	cd web && npm run --silent lint

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
	$(PYTHON) -m training.crops "$(DATA)"
	$(PYTHON) -m training.peers
	$(PYTHON) -m training.figures
	$(PYTHON) -m models.documents

convert: setup ## turn the .h5 into every artifact: make convert [DATA=path] [MODEL=path] [OUT=folder]
	$(PYTHON) -m convert $(if $(MODEL),"$(MODEL)") $(if $(DATA),--data "$(DATA)") $(if $(OUT),--out "$(OUT)")

verify: setup web/node_modules ## run every artifact against Keras's answers; DATA=path measures anew, GOLDENS=1 the goldens alone
	$(PYTHON) -m convert.verify $(if $(DATA),"$(DATA)") $(if $(FULL),--full) $(if $(GOLDENS),--goldens)
	$(if $(DATA)$(GOLDENS),$(PYTHON) -m models.documents)

bench: setup site ## time the command, the page and the server; PEERS=1 also times other packages
	$(PYTHON) -m edge.bench.command $(if $(PEERS),--peers)
	$(PYTHON) -m web.bench.page $(if $(PEERS),--peers)
	$(PYTHON) -m web.bench.server
	node web/bench/dashboard.js

faces: setup ## measure which faces are found: make faces DATA=portraits [TURNED=labelled photos] [PEERS=1]
	$(if $(DATA),,$(error give the portraits: make faces DATA=path/to/london))
	$(PYTHON) -m edge.bench.faces "$(DATA)" $(if $(TURNED),--turned "$(TURNED)") $(if $(PEERS),--peers)
	$(PYTHON) -m models.documents

photos: setup site ## hold the page's answers against the command's: make photos PHOTOS=folder
	$(if $(PHOTOS),,$(error give the photos: make photos PHOTOS=folder))
	$(PYTHON) -m web.bench.compare_photos "$(PHOTOS)"

exams: setup ## hold the exams on outside photos: make exams [DATA=folder of the sets] [PEERS=1]
	$(PYTHON) -m edge.bench.exams "$(or $(DATA),../shared/data)" $(if $(PEERS),--peers)
	$(PYTHON) -m models.documents

consistency: setup site ## ask every front end about the same photos, into the report
	$(PYTHON) -m tests.consistency --report

serve: setup site ## serve the page and the API on this computer: make serve [PORT=8000] [OPTIONS=...]
	$(PYTHON) -m web.server $(if $(PORT),--port "$(PORT)") $(OPTIONS)

site: web/dist/index.html ## build the page and the dashboard into web/dist

SITE := $(shell find web/page web/pipeline models/golden models/tfjs models/face edge/emoji_edge/emoji -type f -not -path "web/pipeline/dist/*" 2>/dev/null)
web/dist/index.html: web/node_modules \
		models/contract.json $(wildcard models/report.json) $(SITE)
	cd web && npm run --silent build
	touch $@

# The library's public modules; the commands and the cluster have documents of their own.
API_DOCS := web/dist/reference
API_MODULES := annotate classify contract errors exam face image network result same_answer selftest timeline track video
api-docs: setup ## write the library's reference from its docstrings into web/dist/reference
	.venv/bin/pdoc --docformat google --output-directory "$(API_DOCS)" \
		emoji_edge $(addprefix emoji_edge.,$(API_MODULES))

manual: setup ## write the command's page of the manual and its completions into edge/share
	$(PYTHON) -m edge.manual

# The archives hold no time and no owner: the same source gives the same bytes.
DIST := dist
NO_TIME := import json, sys; parts = json.load(sys.stdin); del parts['serialNumber']; \
	del parts['metadata']['timestamp']; print(json.dumps(parts, indent=1))
release: setup site ## wheel, sdist, the npm package, the page as an archive, parts lists and checksums, into dist/
	rm -rf "$(DIST)" && mkdir -p "$(DIST)"
	$(PYTHON) -m hatchling build -d "$(DIST)"
	tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=a+rX,u+w,go-w \
		-C web/dist -c . | gzip -9n > "$(DIST)/emoji-web-$$(.venv/bin/hatchling version).tar.gz"
	cd web/pipeline && npm pack --silent --pack-destination "$(abspath $(DIST))" > /dev/null
	.venv/bin/uv export --quiet --frozen --no-dev --all-extras --format cyclonedx1.5 \
		| $(PYTHON) -c "$(NO_TIME)" > "$(DIST)/sbom.cdx.json"
	cd web && npm sbom --workspace emoji-edge --omit dev --package-lock-only --sbom-format cyclonedx \
		| ../$(PYTHON) -c "$(NO_TIME)" > "$(abspath $(DIST))/sbom-npm.cdx.json"
	cd "$(DIST)" && sha256sum * > SHA256SUMS

web/node_modules: web/package.json web/pipeline/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	touch $@

clean: ## remove environments, caches and builds; runs and models stay
	rm -rf .venv .venv-tflite .venv-peers .venv-peers-web web/node_modules web/dist web/pipeline/dist .ruff_cache .mypy_cache .pytest_cache
