"""The language server and the tools in the real Copilot CLI, set up as its page says."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.real.agents.conftest import Workspace, same_count
from tests.real.agents.model_server import Call, ModelServer, serving
from tests.real.agents.programs import PROGRAMS_BY_AGENT
from tests.real.page import CHECKOUT, blocks

COPILOT = PROGRAMS_BY_AGENT["copilot-cli"]
PAGE = CHECKOUT / "clients" / "copilot-cli" / "README.md"
#: The files in `~/.copilot` that the page's sections fill.
FILES = {"Set up": "lsp-config.json", "The tools": "mcp-config.json"}


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with serving(COPILOT.provider) as server:
        yield server


def test_it_asks_the_server_and_the_tools(workspace: Workspace, model: ModelServer) -> None:
    settings = Path(workspace.environment["HOME"]) / ".copilot"
    settings.mkdir()
    for block in blocks(PAGE):
        if block.section in FILES:
            (settings / FILES[block.section]).write_text(block.text)
    assert sorted(path.name for path in settings.iterdir()) == sorted(FILES.values())
    workspace.write("AGENTS.md", "# Rules\n\nTest first, then write.\n")
    prompt = str(workspace.folder / "review.prompt.md")
    model.calls = (
        Call("weighbridge-context", {"agent": "copilot-cli"}),
        Call("weighbridge-count", {"path": "review.prompt.md"}),
        Call("weighbridge-count", {"path": "gone.md"}),
        Call("lsp", {"operation": "hover", "file": prompt, "line": 3, "character": 3}),
        Call("lsp", {"operation": "goToDefinition", "file": prompt, "line": 3, "character": 3}),
    )
    said = workspace.run(*COPILOT.command(), **COPILOT.environment(model.url))
    assert said.rstrip().endswith("Done.")
    context, count, missing, hover, definition = model.results()
    assert json.loads(context) == workspace.context("copilot-cli")
    same_count(count, workspace.count("review.prompt.md"))
    assert "gone.md: not found" in missing
    assert "**style.md**" in hover
    assert "style.md" in definition
    # What is counted is what this program sent.
    arrives = workspace.run("weighbridge", "context", "--agent", "copilot-cli", "--render")
    assert arrives.strip() in model.requests[0]["messages"][0]["content"]
