"""Coding agents as clients: what reaches their models, though they hear little and answer less."""

import json
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.editors.editor import Editor, editor
from tests.editors.recording import CLAUDE_CODE, OPENCODE
from tests.real.page import CHECKOUT, blocks

from weighbridge.arguments import parser
from weighbridge.config import Layer, resolve

#: Of files that may be prompts or context files.
FILES = [".md", ".mdc", ".txt"]
#: What Claude Code answers with -32601.
UNHANDLED = {types.CLIENT_REGISTER_CAPABILITY, types.WINDOW_WORK_DONE_PROGRESS_CREATE}


#: Certainly wrong, so that something is told of every text.
WRONG = "\n\n@[file:wrong.md]\n"


async def told(session: Editor, uri: str, *codes: str) -> list[Any]:
    """Wait for diagnostics of these kinds to be pushed; returns them."""

    def last() -> list[Any] | None:
        pushed = [one for one in session.sent_as("textDocument/publishDiagnostics") if one["uri"] == uri]
        return pushed[-1]["diagnostics"] if pushed else None

    await session.until(lambda: (found := last()) is not None and [one["code"] for one in found] == [*codes])
    return last() or []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@[file:gone.md]", ["reference.not-found"]),
        ("@[file:../outside.md]", ["reference.denied"]),
        ("@[file:a.prompt.md]", ["reference.cycle"]),
        ("<!-- weighbridge: budget=2 -->\none two three four five", ["budget"]),
        ("<!-- weighbridge: budget=30 -->\none two three four five six seven", []),
        ("@docs/gone.md, mail@example.org and {{nobody}}", []),
        ("@[var:nobody]", []),
        ("@[File:gone.md] @file:gone.md", []),
        ("nothing at all", []),
    ],
)
async def test_opencode_passes_on_what_is_certainly_wrong_and_nothing_else(
    folder: Path, text: str, expected: list[str]
) -> None:
    async with editor(OPENCODE, folder) as session:
        uri = await session.open("a.prompt.md", text + WRONG)
        (pushed, *_) = await session.until(lambda: session.sent_as("textDocument/publishDiagnostics"))
    assert pushed["uri"] == uri
    errors = [one["code"] for one in pushed["diagnostics"] if one["severity"] == 1]
    assert errors == [*expected, "reference.not-found"]


async def test_opencode_has_its_settings_from_its_own_file(folder: Path) -> None:
    """It sends them with `initialize`, and tells of them again without our section; of that section it knows nothing."""
    settings = {"variables": {"name": "Ann"}}
    async with editor(OPENCODE, folder, options=settings) as session:
        session.answers[types.WORKSPACE_CONFIGURATION] = lambda params: [None for _ in params["items"]]
        session.tell(types.WORKSPACE_DID_CHANGE_CONFIGURATION, {"settings": settings})
        uri = await session.open("a.prompt.md", "{{name}}")
        assert (await session.ask("weighbridge/render", {"textDocument": {"uri": uri}}))["text"] == "Ann"


async def test_claude_code_is_asked_nothing_that_it_cannot_answer(folder: Path) -> None:
    text = "Rules. See @docs/gone.md\n\n# Style\n\n@docs/style.md\n"
    async with editor(CLAUDE_CODE, folder) as session:
        session.refused |= UNHANDLED
        session.write("docs/style.md", "Short words.\n")
        uri = await session.open("CLAUDE.md", text)
        (gone,) = await told(session, uri, "import.ignored")
        assert gone["range"] == session.range(text, "@docs/gone.md")
        place = session.at(uri, session.place(text, "style.md"))
        hover = await session.ask(types.TEXT_DOCUMENT_HOVER, session.at(uri, session.place(text, "Rules")))
        assert "tokens" in hover["contents"]["value"]
        (definition,) = await session.ask(types.TEXT_DOCUMENT_DEFINITION, place)
        assert session.uri("docs/style.md") in (definition.get("uri"), definition.get("targetUri"))
        symbols = await session.ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, {"textDocument": {"uri": uri}})
        assert [one["name"] for one in symbols] == ["Style"]
        session.edit(uri, 2, text.replace("gone", "style"))
        await told(session, uri)
        assert session.asked == []


async def test_who_declares_more_than_it_answers_is_served(folder: Path) -> None:
    async with editor(OPENCODE, folder) as session:
        session.refused |= UNHANDLED
        uri = await session.open("a.prompt.md", "@[file:gone.md]")
        await told(session, uri, "reference.not-found")
        session.edit(uri, 2, "mended")
        await told(session, uri)
        assert UNHANDLED & {method for method, _ in session.asked}


def configured(agent: str) -> list[dict[str, Any]]:
    """The servers of ours in the JSON blocks of an agent's page."""
    page = CHECKOUT / "clients" / agent / "README.md"
    found = [json.loads(block.text) for block in blocks(page) if block.language == "json"]
    kinds = ("lsp", "lspServers", "mcp")
    return [one[kind]["weighbridge"] for one in found for kind in kinds if kind in one]


@pytest.mark.parametrize("agent", ["opencode", "copilot-cli"])
def test_what_the_pages_say_is_what_the_command_line_and_the_settings_take(agent: str) -> None:
    servers = configured(agent)
    assert len(servers) >= 2
    for server in servers:
        command = server["command"]
        name, *arguments = [command, *server["args"]] if isinstance(command, str) else command
        assert (name, parser().parse_args(arguments).command) == ("weighbridge", *arguments)
        assert set(server.get("extensions", server.get("fileExtensions", FILES))) == set(FILES)
        options = server.get("initialization", server.get("initializationOptions", {}))
        assert resolve([Layer("editor", options, trusted_source=True)]).warnings == ()
