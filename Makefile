# Two commands matter: `make run` and `make test`. Each works from a fresh clone with Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python

.PHONY: run test prepare lint check corpus bench fuzz clean

run: prepare
	@exec $(PY) manage.py up --with-parent

# Everything that `up` needs, made once and again when its sources change.
prepare: $(VENV)/run.stamp
	@$(PY) scripts/prepare.py

$(VENV)/python.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Unhang needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Set PYTHON=python3.12 or the like.")'
	@$(PYTHON) -m venv $(VENV) || { echo "The virtual environment could not be made; on Debian and Ubuntu install python3-venv."; exit 1; }
	@touch $@

$(VENV)/run.stamp: requirements.txt $(VENV)/python.stamp
	@echo "unhang: installing what it needs (once)"
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements.txt requirements-dev.txt $(VENV)/python.stamp
	@echo "unhang: installing what the tests need (once)"
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $(VENV)/run.stamp $@

test: $(VENV)/dev.stamp
	@$(PY) scripts/prepare.py
	@$(PY) scripts/chromium.py
	$(MAKE) --no-print-directory lint check
	UNHANG_CHROMIUM="$$($(PY) scripts/chromium.py --print)" $(PY) -m pytest $(PYTEST)

lint: $(VENV)/dev.stamp
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

check: $(VENV)/dev.stamp
	$(PY) manage.py check_content
	$(PY) manage.py makemigrations --check --dry-run

corpus: $(VENV)/dev.stamp
	@test -n "$$UNHANG_CORPUS" || { echo "set UNHANG_CORPUS to the folder that holds score.py, incidents/, topo/ and pci/"; exit 1; }
	$(PY) "$$UNHANG_CORPUS/score.py"
	$(PY) -m tests.guides.corpus "$$UNHANG_CORPUS/incidents"

bench: $(VENV)/dev.stamp
	$(PY) -m benchmarks.run

fuzz: $(VENV)/dev.stamp
	$(PY) -m pip install --quiet --disable-pip-version-check -r fuzz/requirements.txt
	$(PY) -m fuzz

clean:
	rm -rf $(VENV) var
