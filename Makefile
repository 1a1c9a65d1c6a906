# The two commands a newcomer needs: `make demo` and `make test`. The rest is for those who work on it.
PYTHON ?= python3
BIN := .venv/bin
DEMO := demo
NEWSLETTER := $(BIN)/newsletter --folder $(DEMO)

.PHONY: demo test lint bench serve rehearse docs messages site parts lock clean

demo: .venv/.runtime
	@rm -rf $(DEMO)
	$(BIN)/newsletter init $(DEMO) --example
	$(NEWSLETTER) content import examples/sample-week --ours
	$(NEWSLETTER) readers import examples/sample-week/readers.csv
	$(NEWSLETTER) draft
	$(NEWSLETTER) check latest
	$(NEWSLETTER) approve latest --acknowledge
	$(NEWSLETTER) send latest
	$(NEWSLETTER) preview latest --format html -o $(DEMO)/issue.html

test: .venv/.development parts
	$(BIN)/python -m pytest -n auto --dist worksteal -q --durations 15

lint: .venv/.development
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy newsletter jobs tests
	$(BIN)/python docs/generate.py --check

bench: .venv/.development parts
	$(BIN)/python -m benchmarks

serve: .venv/.runtime
	$(NEWSLETTER) serve

rehearse: .venv/.development parts
	$(BIN)/python -m pytest -q -m rehearsal --timeout 3600

docs: .venv/.development
	$(BIN)/python docs/generate.py

# The messages of code and templates, into messages.pot and every catalogue; what is new there waits for its translation.
messages: .venv/.development
	$(BIN)/pybabel -q extract -F pyproject.toml --omit-header --add-location=file --no-wrap -o templates/locales/messages.pot .
	$(BIN)/pybabel -q update -i templates/locales/messages.pot -d templates/locales --no-wrap --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date

# The documents as a site, in site/: nothing is fetched, neither while it is built nor when it is read.
site: docs
	$(BIN)/mkdocs build -q

parts:
	@tests/parts.sh

# pip-compile's job, done by uv: one lock for every platform, with hashes and without index addresses.
lock: .venv/.development
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --generate-hashes --no-header \
	  --all-extras --group dev pyproject.toml -o requirements-dev.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --generate-hashes --no-header \
	  -c requirements-dev.lock pyproject.toml -o requirements.lock

.venv/.runtime: requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

.venv/.development: .venv/.runtime requirements-dev.lock
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

clean:
	rm -rf .venv $(DEMO) dist site
