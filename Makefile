# `make` alone lists the targets. Every target makes the environment first (seconds when up to date).
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
UV_VERSION := 0.13.9
STAMP := $(VENV)/.synced

# For commands that only want settings that load.
NOWHERE := ENVIRONMENT=test SECRET_KEY=none DATABASE_URL=postgres://none@//nowhere/none REDIS_URL=unix:///nowhere/none

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-reset services smoke test test-extra test-elsewhere test-browser screenshots drills drills-bite bench lint format lock migrations tables schema messages

help: ## list the targets
	@grep -hE '^[a-z-]+:.*?## ' $(MAKEFILE_LIST) | awk -F ':.*?## ' '{printf "  make %-13s %s\n", $$1, $$2}'

setup: $(STAMP) ## make .venv from the lock

$(STAMP): requirements-dev.lock
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/uv --version 2>/dev/null | grep -q '^uv $(UV_VERSION)' || $(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(VENV)/bin/uv pip sync --quiet --system-certs --python $(PY) --require-hashes requirements-dev.lock
	@touch $@

demo: setup ## the whole system in one command, until Ctrl-C
	@$(PY) -m backend.stack demo

demo-reset: setup ## drop the demo's data
	@$(PY) -m backend.stack reset

services: setup ## the embedded PostgreSQL and Valkey alone, for `manage.py runserver` and an IDE
	@$(PY) -m backend.stack services

smoke: setup ## drive lessons through their life over HTTP on a throw-away stack
	@$(PY) -m backend.stack smoke

test: setup ## the test suite, on real PostgreSQL and Valkey, with real workers
	@$(PY) -m pytest -n 2 --dist worksteal $(PYTEST)

test-extra: setup ## what needs nginx, promtool, gettext: production rehearsed, Sentry, alerts, a restored backup; schemathesis
	@$(PY) -m pytest $$(find backend/tests lessons/tests -type d -name extra) $(PYTEST)

test-elsewhere: setup ## the suite and the drills on a PostgreSQL, Redis and RabbitMQ that are not our own
	@$(PY) -m lessons.tests.elsewhere $(PLACES)

test-browser: setup ## the pages in a real browser (needs Chromium; CHROMIUM names another), photographed into build/screenshots
	@$(PY) -m pytest -p playwright lessons/tests/browser $(PYTEST)

screenshots: setup ## photograph the running demo (DEMO_PORT) for the README and the docs
	@$(PY) -m lessons.tests.browser.screenshots

messages: setup ## gather what is to be translated, and compile what has been (needs GNU gettext)
	@$(PY) -m backend.stack messages

drills: setup ## kill, freeze and cut off its parts: everybody is told once all the same (DRILLS="F1 F6", SCALE=full)
	@$(PY) -m lessons.tests.drills $(DRILLS) --scale $(or $(SCALE),quick)

drills-bite: setup ## take the safeguards out, one at a time: a drill fails without each
	@$(PY) -m pytest lessons/tests/drills/they_bite.py $(PYTEST)

# In full: make bench SCALE=full REPORT=docs/performance.md PICTURE=docs/performance-load.svg
bench: setup ## each promise about speed against its yardstick (BENCH="P1 P7", SCALE=full)
	@$(PY) -m benchmarks $(BENCH) --scale $(or $(SCALE),quick) $(and $(REPORT),--report $(REPORT)) $(and $(PICTURE),--picture $(PICTURE))

lint: setup ## ruff, mypy, import contracts, migrations, check --deploy, bandit
	@$(PY) -m backend.stack lint

format: setup ## let ruff put the code in order
	@$(VENV)/bin/ruff format . && $(VENV)/bin/ruff check --fix .

migrations: setup ## write what has changed in the models into a migration
	@$(NOWHERE) $(PY) -W ignore::RuntimeWarning manage.py makemigrations lessons

tables: setup ## write the tables of docs/architecture.md anew, from the code
	@$(NOWHERE) $(PY) manage.py describe --write docs/architecture.md

schema: setup ## write the API's description anew, where it has changed
	@$(NOWHERE) $(PY) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

lock: $(VENV)/bin/uv ## resolve the dependencies again, as new as pyproject.toml allows
	@$(VENV)/bin/uv pip compile -q --system-certs --upgrade --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml -o requirements.lock
	@$(VENV)/bin/uv pip compile -q --system-certs --upgrade --universal --generate-hashes --no-header --python-version 3.11 --group dev pyproject.toml -o requirements-dev.lock

$(VENV)/bin/uv:
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
