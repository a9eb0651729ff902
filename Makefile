# Needs python3.11 or later, git and make; everything else is installed into .venv.

PORT ?= 8000
PYTHON ?=
VENV := .venv
RUN := $(VENV)/bin/python
# No server is needed to look at the code.
STATIC := BOTSITE_LOCAL=1 $(RUN)
COMPILE := $(RUN) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header $(if $(UPGRADE),--upgrade)

# Else each of the many processes that start here would compile everything anew, for seconds.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo test lint bench lock

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/  make \1\t\2/p' Makefile | expand -t 20

setup:  ## virtual environment with the runtime's pinned packages, in .venv
	@PYTHON="$(PYTHON)" .ci/install $(VENV) base embedded

setup-dev:  ## the same, and what tests and checks need
	@PYTHON="$(PYTHON)" .ci/install $(VENV) base embedded dev

demo: setup  ## the whole site with sample data at http://127.0.0.1:8000 (PORT=…); Ctrl-C stops it
	@exec $(RUN) manage.py up --demo --port $(PORT)

test: setup-dev  ## the whole suite (ARGS="tests/botsite -k name" for a part)
	@exec $(RUN) -m pytest -n auto --maxprocesses=8 --dist=loadfile --no-loadscope-reorder $(ARGS)

lint: setup-dev  ## style, types, import directions, migrations, templates
	@$(RUN) -m ruff check --quiet .
	@$(RUN) -m ruff format --quiet --check .
	@$(STATIC) -m mypy .
	@$(VENV)/bin/lint-imports
	@$(STATIC) manage.py check
	@$(STATIC) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@$(RUN) -m djlint --quiet --lint templates

bench: setup-dev  ## all benchmarks, or NAME=… for one
	@exec $(RUN) -m benchmarks $(NAME)

lock: setup-dev  ## renew requirements/*.txt from *.in (UPGRADE=1: to the newest versions)
	@$(COMPILE) requirements/base.in --output-file requirements/base.txt
	@$(COMPILE) requirements/embedded.in --constraint requirements/base.txt --output-file requirements/embedded.txt
	@$(COMPILE) requirements/litellm.in --output-file requirements/litellm.txt
	@$(COMPILE) requirements/dev.in --constraint requirements/base.txt --output-file requirements/dev.txt
