"""What a first count does not need is not loaded for it: starting is what users feel."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bench.client import Server
from tests.cli import command
from tests.cli.test_diff import git
from tests.e2e.connection import patched
from tests.patience import HANGS_AFTER

#: Packages that take long to load, and modules of ours that do.
HEAVY = {
    "httpx",
    "jmespath",
    "lsprotocol",
    "markdown_it",
    "mcp",
    "pathspec",
    "rapidfuzz",
    "rich",
    "shtab",
    "sqlalchemy",
    "tenacity",
    "weighbridge.agents.claude_code",
    "weighbridge.agents.codex",
    "weighbridge.session.session",
    "weighbridge.tokens.claude.tokenizer",
    "yaml",
}
COUNT = "from weighbridge.cli import main; main(['count', 'a.prompt.md'])"


CONTEXT = "from weighbridge.cli import main; main(['context', '.', '--agent', 'codex'])"
#: What weighs prompts, besides.
WEIGHING = {"weighbridge.batch", "weighbridge.cache", "weighbridge.groups", "weighbridge.session.prepare"}


def loaded(folder: Path, program: str, heavy: set[str] = HEAVY) -> set[str]:
    """What of it a program has loaded at its end."""
    ran = subprocess.run(
        [sys.executable, "-c", f"import sys\n{program}\nprint(*sys.modules, sep='\\n')"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "XDG_CACHE_HOME": str(folder / "cache")},
    )
    return heavy & set(ran.stdout.splitlines())


@pytest.mark.parametrize(
    ("program", "text", "needed"),
    [
        (COUNT, "# Some words\n", set()),
        (COUNT, "What @[file:more.md] says\n", set()),
        (COUNT.replace("]", ", '--model', 'opus']"), "words\n", {"weighbridge.tokens.claude.tokenizer"}),
        (COUNT, "---\nvariables:\n  a: b\n---\n", {"yaml"}),
    ],
    ids=["a prompt", "one that refers to a file", "one for Claude", "front matter"],
)
def test_only_what_is_needed_is_loaded(tmp_path: Path, program: str, text: str, needed: set[str]) -> None:
    (tmp_path / "a.prompt.md").write_text(text)
    assert loaded(tmp_path, program) == needed


def test_a_context_needs_nothing_that_weighs_prompts(tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").write_text("words\n")
    assert loaded(tmp_path, CONTEXT, HEAVY | WEIGHING) == {"weighbridge.agents.codex"}


#: Has the server write down what it has when it answers with a count: modules, lsprotocol's classes that are made, methods of our
#: dataclasses that are compiled.
TELLS = """
import json, pathlib
from weighbridge import lean_dataclasses
from weighbridge.lsp.conversation import Conversation
from lsprotocol import types
send, compile, compiled = Conversation._send_text, lean_dataclasses._compile, []
def compile_and_note(name, *rest, **named):
    if named["globals"]["__name__"].startswith(lean_dataclasses.OWN):
        compiled.append(name)
    return compile(name, *rest, **named)
def note_and_send(self, body):
    if '"exactness"' in body:
        made = [name for name, cls in vars(types).items() if "__attrs_props__" in getattr(cls, "__dict__", ())]
        pathlib.Path("told.json").write_text(json.dumps([[*sys.modules], made, compiled]))
    send(self, body)
lean_dataclasses._compile, Conversation._send_text = compile_and_note, note_and_send
"""


def told_at_first_count(folder: Path, name: str) -> Any:
    """What a server has when it answers with its first count."""
    text = "# Rules\n\nWords of some kind.\n"
    (folder / name).write_text(text)
    server = Server.spawn(folder, folder / "cache", command=patched(*TELLS.splitlines()))
    try:
        server.start(folder)
        server.open((folder / name).as_uri(), text)
        server.count((folder / name).as_uri())
    finally:
        server.stop()
    return json.loads((folder / "told.json").read_text())


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("a.prompt.md", set()),
        ("CLAUDE.md", {"weighbridge.agents.claude_code", "weighbridge.tokens.claude.tokenizer"}),
    ],
)
def test_a_server_has_only_what_its_first_count_needs(tmp_path: Path, name: str, needed: set[str]) -> None:
    modules, made, compiled = told_at_first_count(tmp_path, name)
    assert HEAVY & set(modules) == {"lsprotocol", "weighbridge.session.session", *needed}
    # Of 554 classes and 1,000 methods.
    assert 10 < len(made) < 100
    assert len(compiled) < 150
    assert bool(compiled) == hasattr(dataclasses, "_create_fn")


@pytest.mark.parametrize(
    "arguments",
    [
        "count . --format json",
        "check .",
        "check . --budget 1 --diff HEAD",
        "render a.prompt.md",
        "context --agent codex",
        "report . --html page.html",
        "models opus",
        "doctor",
        "schema",
        "completion bash",
        "verify a.prompt.md --model opus",
        "count . --nonsense",
    ],
)
def test_a_command_by_itself_says_what_it_says_where_all_is_loaded(tmp_path: Path, arguments: str) -> None:
    """What the other tests of commands rest on (`command.py`)."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.prompt.md").write_text("# Words\n\nof @[file:b.md] and @[file:gone.md]\n")
    (folder / "b.md").write_text("more\n")
    (folder / "AGENTS.md").write_text("rules\n")
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    path = os.pathsep.join(sys.path)
    environment = {"XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    alone = subprocess.run(
        [sys.executable, "-P", "-m", "weighbridge.cli", *arguments.split()],
        cwd=folder,
        env={**environment, "PYTHONPATH": path},
        capture_output=True,
        timeout=HANGS_AFTER,
        check=False,
    )
    shared = command.run(*arguments.split(), cwd=folder, env=environment)
    assert (alone.returncode, alone.stdout, alone.stderr) == (shared.returncode, shared.stdout, shared.stderr)
