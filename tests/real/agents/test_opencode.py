"""The language server and the tools in the real OpenCode, set up as its page says."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.real.agents.conftest import Workspace, same_count
from tests.real.agents.model_server import Call, ModelServer, serving
from tests.real.agents.programs import PROGRAMS_BY_AGENT
from tests.real.page import CHECKOUT, blocks

OPENCODE = PROGRAMS_BY_AGENT["opencode"]
PAGE = CHECKOUT / "clients" / "opencode" / "README.md"
BROKEN = "# A\n\n@[file:gone.md]\n"
#: Most of its budget is used: a warning.
NEARLY_FULL = (
    "<!-- weighbridge: budget=25 -->\n\nOne two three four five six seven eight nine ten eleven twelve.\n"
)


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with serving(OPENCODE.provider) as server:
        yield server


@pytest.fixture
def opencode(workspace: Workspace) -> Workspace:
    """The workspace, with what the page has for its settings."""
    settings: dict[str, Any] = {}
    for block in blocks(PAGE):
        if block.section in {"Set up", "The tools"}:
            settings |= json.loads(block.text)
    assert settings.keys() == {"$schema", "lsp", "mcp"}
    workspace.write("opencode.json", json.dumps(settings))
    workspace.write("AGENTS.md", "# Rules\n\nTest first, then write.\n")
    return workspace


def test_diagnostics(opencode: Workspace, model: ModelServer) -> None:
    opencode.write("a.prompt.md", BROKEN)
    command = (OPENCODE.executable, "debug", "lsp", "diagnostics", "a.prompt.md")
    said = opencode.run(*command, **OPENCODE.environment(model.url))
    (path, found), *others = json.loads(said).items()
    assert (path, others) == (str(opencode.folder / "a.prompt.md"), [])
    assert [(one["severity"], one["code"], one["message"]) for one in found] == [
        (1, "reference.not-found", "gone.md: not found")
    ]


def test_errors_reach_the_model_and_nothing_else_does_and_the_tools(
    opencode: Workspace, model: ModelServer
) -> None:
    def write(name: str, text: str, until: str = "") -> Call:
        return Call("write", {"filePath": str(opencode.folder / name), "content": text}, until)

    model.calls = (
        write("a.prompt.md", BROKEN, until="gone.md: not found"),
        write("b.prompt.md", NEARLY_FULL),
        Call("weighbridge_context", {"agent": "claude-code"}),
        Call("weighbridge_count", {"path": "AGENTS.md"}),
        Call("weighbridge_count", {"path": "gone.md"}),
    )
    opencode.run(*OPENCODE.command(), **OPENCODE.environment(model.url))
    broken, warned, context, rules, missing = model.results()
    assert "ERROR [3:1] gone.md: not found" in broken
    assert ":1: warning: " in opencode.run("weighbridge", "check", "b.prompt.md")
    assert "b.prompt.md" not in warned
    assert json.loads(context) == opencode.context("claude-code")
    same_count(rules, opencode.count("AGENTS.md"))
    assert "gone.md: not found" in missing
