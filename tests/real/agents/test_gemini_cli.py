"""The tools in the real Gemini CLI."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.process import serving as language_server
from tests.real.agents.conftest import Workspace, same_count
from tests.real.agents.model_server import Call, ModelServer, serving
from tests.real.agents.programs import PROGRAMS_BY_AGENT

from weighbridge.tokens.registry import tokenizer

GEMINI = PROGRAMS_BY_AGENT["gemini-cli"]
CONTEXT, COUNT = "mcp_weighbridge_context", "mcp_weighbridge_count"


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with serving(GEMINI.provider) as server:
        yield server


@pytest.fixture
def gemini(workspace: Workspace, home: Path, model: ModelServer) -> Workspace:
    """The workspace, trusted, with our tools among Gemini CLI's."""
    settings = home / ".gemini"
    settings.mkdir()
    (settings / "settings.json").write_text(
        json.dumps(
            {
                "security": {"auth": {"selectedType": "gemini-api-key"}},
                "privacy": {"usageStatisticsEnabled": False},
                "mcpServers": {"weighbridge": {"command": "weighbridge", "args": ["mcp"]}},
            }
        )
    )
    (settings / "trustedFolders.json").write_text(json.dumps({str(workspace.folder): "TRUST_FOLDER"}))
    return workspace


def told(gemini: Workspace, model: ModelServer, *calls: Call) -> list[str]:
    """What Gemini CLI tells its model of each call."""
    model.calls = calls
    said = gemini.run(*GEMINI.command(), **GEMINI.environment(model.url))
    assert said.strip() == "Done."
    # It marks what comes from tools of others.
    return [
        result.removeprefix("<untrusted_context>\n").removesuffix("\n</untrusted_context>")
        for result in model.results()
    ]


def test_the_model_is_told_what_the_command_line_says(gemini: Workspace, model: ModelServer) -> None:
    context, rules, prompt, wrong, outside = told(
        gemini,
        model,
        Call(CONTEXT, {"agent": "gemini-cli"}),
        Call(COUNT, {"path": "GEMINI.md"}),
        Call(COUNT, {"path": "review.prompt.md", "model": "gpt-5"}),
        Call(CONTEXT, {"agent": "hal"}),
        Call(COUNT, {"path": "../secret.md"}),
    )
    assert json.loads(context) == gemini.context("gemini-cli")
    same_count(rules, gemini.count("GEMINI.md"))
    rendered = gemini.run("weighbridge", "render", "review.prompt.md")
    assert json.loads(prompt)["tokens"] == tokenizer("o200k_base").count(rendered)
    assert "agent: hal: unknown; there are " in wrong
    assert "../secret.md: outside " in outside
    # What is counted is what this program sent.
    arrives = gemini.run("weighbridge", "context", "--agent", "gemini-cli", "--render")
    assert arrives.strip() in model.requests[0]["contents"][0]["parts"][0]["text"]


async def test_what_is_typed_and_not_saved_counts(gemini: Workspace, model: ModelServer, home: Path) -> None:
    typed = "# Rules\n\nTest first, then write; and then test again.\n"
    command = (sys.executable, "-m", "weighbridge", "serve", "--mcp")
    environment = {"HOME": str(home), "XDG_CACHE_HOME": os.fspath(home / ".cache")}
    async with language_server(home, command=command, environment=environment) as server:
        await server.initialize(gemini.folder)
        uri = server.open(gemini.folder / "GEMINI.md")
        saved = await server.count(uri)
        server.tell(
            "textDocument/didChange",
            {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": typed}]},
        )
        shown = await server.count(uri)
        (result,) = told(gemini, model, Call(COUNT, {"path": "GEMINI.md"}))
    assert json.loads(result)["tokens"] == shown != saved
    gemini.write("GEMINI.md", typed)
    same_count(result, gemini.count("GEMINI.md"))
