# The README's commands. Everything they need is installed by them; only Debian packages for tests come from .ci/run.
UV := .uv/bin/uv
# Without bytecode a start takes three times as long; some machines forbid to write it by this variable.
RUN := env -u PYTHONDONTWRITEBYTECODE $(UV) run --no-sync

.PHONY: run setup test check format

setup: .venv/.synced

$(UV):
	@echo "Setting up uv in .uv/ ..."
	@python3 -m venv .uv
	@.uv/bin/pip install -q --disable-pip-version-check 'uv>=0.9,<1'

.venv/.synced: pyproject.toml uv.lock | $(UV)
	@echo "Installing the environment (the first time takes a minute) ..."
	@$(UV) sync --frozen --quiet
	@touch .venv/.synced

run: setup
	@$(RUN) rapport serve

test: setup
	$(RUN) pytest

format: setup
	$(RUN) ruff check --fix --quiet . || true
	$(RUN) ruff format --quiet .

check: setup
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(RUN) rapport check
	$(RUN) pytest
