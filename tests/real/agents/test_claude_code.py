"""The plugin in the real Claude Code."""

import json
from collections.abc import Iterator

import pytest
from tests.real.agents.conftest import Workspace, same_count
from tests.real.agents.model_server import Call, ModelServer, serving
from tests.real.agents.programs import PROGRAMS_BY_AGENT
from tests.real.page import CHECKOUT

CLAUDE_CODE = PROGRAMS_BY_AGENT["claude-code"]
PLUGIN = CHECKOUT / "clients" / "claude-code"
CONTEXT, COUNT = (f"mcp__plugin_weighbridge_weighbridge__{name}" for name in ("context", "count"))


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with serving(CLAUDE_CODE.provider) as server:
        yield server


def told(workspace: Workspace, model: ModelServer, *calls: Call) -> list[str]:
    """What Claude Code tells its model of each call."""
    model.calls = calls
    said = workspace.run(*CLAUDE_CODE.command("--plugin-dir", PLUGIN), **CLAUDE_CODE.environment(model.url))
    assert said.strip() == "Done."
    return model.results()


def test_the_tools(workspace: Workspace, model: ModelServer) -> None:
    _, context, rules, wrong = told(
        workspace,
        model,
        # Servers of tools are started beside the first request: till then there is no such tool.
        Call("WaitForMcpServers"),
        Call(CONTEXT, {"agent": "claude-code"}, until="contexts"),
        Call(COUNT, {"path": "CLAUDE.md"}),
        Call(COUNT, {"path": "CLAUDE.md", "text": "Rules"}),
    )
    assert json.loads(context) == workspace.context("claude-code")
    same_count(rules, workspace.count("CLAUDE.md"))
    assert wrong.startswith("give either path or text\n")
    # What is counted is what this program sent.
    arrives = workspace.run("weighbridge", "context", "--agent", "claude-code", "--render")
    assert arrives.strip() in model.requests[0]["messages"][0]["content"][0]["text"]


def test_diagnostics_come_after_its_edits_and_the_skill_is_listed(
    workspace: Workspace, model: ModelServer
) -> None:
    prompt = str(workspace.folder / "a.prompt.md")
    hover = {"operation": "hover", "filePath": prompt, "line": 3, "character": 3}
    _, shown, _, _ = told(
        workspace,
        model,
        Call("Write", {"file_path": prompt, "content": "# A\n\n@[file:style.md]\n"}),
        Call("LSP", hover),
        Call("Edit", {"file_path": prompt, "old_string": "style", "new_string": "gone"}),
        Call("LSP", hover, until="new-diagnostics"),
    )
    assert "style.md" in shown
    assert (
        "a.prompt.md:\\n  ✘ [Line 3:1] gone.md: not found [reference.not-found] (weighbridge)"
        in json.dumps(model.requests[-1]["messages"], ensure_ascii=False)
    )
    assert "weighbridge:prompt-tokens" in json.dumps(model.requests[0])
