"""The language server and the tools in the real OpenCode, set up as its page says."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.real.agents.conftest import PROGRAMS, Workspace, same_count
from tests.real.agents.model_server import OPENAI, Call, ModelServer, serving
from tests.real.page import CHECKOUT, blocks

PAGE = CHECKOUT / "clients" / "opencode" / "README.md"
BROKEN = "# A\n\n@[file:gone.md]\n"
#: Most of its budget is used: a warning.
NEARLY_FULL = (
    "<!-- weighbridge: budget=25 -->\n\nOne two three four five six seven eight nine ten eleven twelve.\n"
)


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with serving(OPENAI) as server:
        yield server


@pytest.fixture
def opencode(workspace: Workspace, model: ModelServer) -> Workspace:
    """The workspace, with what the page has for its settings and the model of ours."""
    settings: dict[str, Any] = {}
    for block in blocks(PAGE):
        if block.section in {"Set up", "The tools"}:
            settings |= json.loads(block.text)
    assert settings.keys() == {"$schema", "lsp", "mcp"}
    provider: Mapping[str, Any] = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "Ours",
        "options": {"baseURL": f"{model.url}/v1", "apiKey": "none"},
        "models": {"m": {"name": "M", "tool_call": True, "limit": {"context": 100_000, "output": 1_000}}},
    }
    settings |= {"provider": {"ours": provider}, "model": "ours/m", "permission": "allow"}
    workspace.write("opencode.json", json.dumps(settings))
    workspace.write("AGENTS.md", "# Rules\n\nTest first, then write.\n")
    return workspace


def ran(opencode: Workspace, *arguments: str) -> str:
    """What OpenCode says."""
    # Of two builds the one that runs on older processors, too.
    program: Path = max(PROGRAMS.glob("opencode-*/bin/opencode"))
    return opencode.run(
        program,
        *arguments,
        OPENCODE_DISABLE_MODELS_FETCH="1",
        OPENCODE_DISABLE_AUTOUPDATE="1",
        OPENCODE_DISABLE_LSP_DOWNLOAD="1",
        OPENCODE_DISABLE_DEFAULT_PLUGINS="1",
    )


def test_diagnostics(opencode: Workspace) -> None:
    opencode.write("a.prompt.md", BROKEN)
    (path, found), *others = json.loads(ran(opencode, "debug", "lsp", "diagnostics", "a.prompt.md")).items()
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
    ran(opencode, "run", "Go.")
    broken, warned, context, rules, missing = model.results()
    assert "ERROR [3:1] gone.md: not found" in broken
    assert ":1: warning: " in opencode.run("weighbridge", "check", "b.prompt.md")
    assert "b.prompt.md" not in warned
    assert json.loads(context) == opencode.context("claude-code")
    same_count(rules, opencode.count("AGENTS.md"))
    assert "gone.md: not found" in missing
