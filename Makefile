# The two commands a newcomer needs are `make demo` and `make test`; each sets up what it uses.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
# Apart from what it audits.
PIP_AUDIT := $(VENV)/audit/bin/pip-audit
# Each test process computes on one thread; the processes share the cores.
PYTEST := OMP_NUM_THREADS=1 $(RUN) -m pytest -n auto --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help demo quick test test-slow lint format check audit examples evidence screenshots bench wheel clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

demo: $(VENV)/demo.done ## set up and open the demo in a browser
	$(RUN) app.py --open

test: $(VENV)/dev.done lint ## set up and run all tests, the browser ones included
	@tools/need_packages.sh chromium firefox-esr
	$(PYTEST) -m "not real_time and not exhaustive"
	$(RUN) -m pytest -m "real_time and not exhaustive" tests/browser

quick: $(VENV)/dev.done ## run the tests of a developer's loop: no browser, nothing that takes long
	$(PYTEST) -m "not real_time and not browser and not slow and not exhaustive"

test-slow: $(VENV)/dev.done ## run what takes long, also what `make test` leaves out
	@tools/need_packages.sh chromium firefox-esr
	$(PYTEST) -m "slow or exhaustive"

lint: $(VENV)/dev.done ## check style, types and requirements
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/oxlint bpdemo/demo/browser
	$(RUN) tools/requirements.py --check

format: $(VENV)/dev.done ## correct style, and make the requirements files again
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .
	$(RUN) tools/requirements.py

check: $(VENV)/demo.done ## see whether this installation reads a synthetic face
	$(RUN) -m bpdemo check

audit: $(VENV)/dev.done ## does what is installed fit together, and are faults of it known?
	@test -x $(PIP_AUDIT) || { $(PYTHON) -m venv $(VENV)/audit && \
		$(VENV)/audit/bin/pip install --quiet --disable-pip-version-check pip-audit==2.10.1; } || true
	$(RUN) tools/audit.py $(PIP_AUDIT)

examples: $(VENV)/dev.done ## render the page's example clips again
	$(RUN) -m bpdemo.synthesis.examples examples

evidence: $(VENV)/dev.done ## model cards, their pictures and docs/evaluation.md again from saved results
	$(RUN) -m bpdemo.reporting.report weights --docs docs/evaluation.md

screenshots: $(VENV)/dev.done ## the pictures of the page again
	@tools/need_packages.sh chromium
	$(RUN) tools/screenshots.py

bench: $(VENV)/dev.done ## how fast, on this machine
	$(RUN) -m benchmarks.speed

wheel: $(VENV)/dev.done ## build sdist and wheel into dist/
	$(RUN) -m build --no-isolation

clean: ## remove the environment and what tools leave behind
	rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/pip.done:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "bpdemo needs Python 3.11 or newer" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/demo.done: $(VENV)/pip.done requirements.txt packages.txt
	@tools/need_packages.sh $$(cat packages.txt)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/dev.done: $(VENV)/demo.done requirements-dev.txt pyproject.toml
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
