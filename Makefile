# The two commands a newcomer needs are `make demo` and `make test`; each sets up what it uses.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
# Apart from what it audits.
PIP_AUDIT := $(VENV)/audit/bin/pip-audit

.DEFAULT_GOAL := help
.PHONY: help demo test lint format check audit examples evidence screenshots bench clean

help: ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

demo: $(VENV)/demo.done ## set up and open the demo in a browser
	$(RUN) app.py --open

test: $(VENV)/dev.done lint ## set up and run all tests, the browser ones included
	@tools/need_packages.sh chromium
	OMP_NUM_THREADS=1 $(RUN) -m pytest -n auto --dist worksteal -m "not real_time"
	$(RUN) -m pytest -m real_time

lint: $(VENV)/dev.done ## check style
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

format: $(VENV)/dev.done ## mend style
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

check: $(VENV)/demo.done ## see whether this installation reads a made-up face
	$(RUN) -m bpdemo check

audit: $(VENV)/dev.done ## are dependencies named, pinned, fitting together, and free of known faults?
	@test -x $(PIP_AUDIT) || { $(PYTHON) -m venv $(VENV)/audit && \
		$(VENV)/audit/bin/pip install --quiet --disable-pip-version-check pip-audit==2.10.1; } || true
	$(RUN) tools/audit.py $(PIP_AUDIT)

examples: $(VENV)/dev.done ## render the page's example clips again
	$(RUN) -m bpdemo.synthesis.examples examples

evidence: $(VENV)/dev.done ## tables and figures again from saved results
	$(RUN) -m bpdemo.reporting.report weights --readme README.md

screenshots: $(VENV)/dev.done ## picture the page for the README
	@tools/need_packages.sh chromium
	$(RUN) tools/screenshots.py

bench: $(VENV)/dev.done ## how fast, on this machine
	$(RUN) -m benchmarks.speed

clean: ## remove the environment and what tools leave behind
	rm -rf $(VENV) .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/pip.done:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "bpdemo needs Python 3.11 or newer" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/demo.done: $(VENV)/pip.done requirements.txt packages.txt
	@tools/need_packages.sh $$(cat packages.txt)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/dev.done: $(VENV)/demo.done requirements-dev.txt
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
