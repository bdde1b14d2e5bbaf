"""What a first count does not need is not loaded for it: starting is what users feel."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

#: Packages that take long to load, and modules of ours that do.
HEAVY = {
    "httpx",
    "lsprotocol",
    "markdown_it",
    "mcp",
    "pathspec",
    "rapidfuzz",
    "rich",
    "shtab",
    "sqlalchemy",
    "weighbridge.agents.registry",
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
        (
            "import weighbridge.lsp.serve, weighbridge.lsp.wiring",
            "",
            {"lsprotocol", "weighbridge.session.session"},
        ),
    ],
    ids=["a prompt", "one that refers to a file", "one for Claude", "front matter", "the server"],
)
def test_only_what_is_needed_is_loaded(tmp_path: Path, program: str, text: str, needed: set[str]) -> None:
    (tmp_path / "a.prompt.md").write_text(text)
    assert loaded(tmp_path, program) == needed


def test_a_context_needs_nothing_that_weighs_prompts(tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").write_text("words\n")
    assert loaded(tmp_path, CONTEXT, HEAVY | WEIGHING) == {"weighbridge.agents.registry"}
