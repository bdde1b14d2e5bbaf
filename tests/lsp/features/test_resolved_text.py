"""What the model receives as a document of the editor's own, kept up to date while one types."""

from pathlib import Path
from urllib.parse import quote

import pytest
from lsprotocol import types
from tests.editors.editor import editor
from tests.editors.recording import NEOVIM

from weighbridge.lsp.features.resolved_text import resolved_uri

ABLE = NEOVIM.with_("workspace.textDocumentContent", {"dynamicRegistration": False})
CONTENT, REFRESH = types.WORKSPACE_TEXT_DOCUMENT_CONTENT, types.WORKSPACE_TEXT_DOCUMENT_CONTENT_REFRESH


async def test_a_resolved_text_follows_its_document(folder: Path) -> None:
    async with editor(ABLE, folder, settings={"debounce": 0}) as session:
        session.write("part one.md", "included")
        uri = await session.open("a b.prompt.md", "@[file:part one.md] words")
        own = resolved_uri(uri)
        assert own.startswith("weighbridge:///resolved/a%20b.prompt.md?file%3A%2F%2F")
        assert await session.ask(CONTENT, {"uri": own}) == {"text": "included words"}
        session.edit(uri, 2, "@[file:part one.md] other words")
        await session.until(lambda: {"uri": own} in session.asked_as(REFRESH))
        assert await session.ask(CONTENT, {"uri": own}) == {"text": "included other words"}
        # Editors differ in how they write it.
        assert await session.ask(CONTENT, {"uri": own.replace("///", "/")}) == {
            "text": "included other words"
        }
        # What it includes changes on disk.
        asked = len(session.asked_as(REFRESH))
        session.write("part one.md", "changed")
        change = {"uri": session.uri("part one.md"), "type": types.FileChangeType.Changed}
        session.tell(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, {"changes": [change]})
        await session.until(lambda: len(session.asked_as(REFRESH)) > asked)
        assert await session.ask(CONTENT, {"uri": own}) == {"text": "changed other words"}


async def test_the_text_of_a_document_that_shows_nothing_by_itself_follows(folder: Path) -> None:
    async with editor(ABLE, folder, settings={"debounce": 0}) as session:
        uri = await session.open("notes.txt", "words")
        own = resolved_uri(uri)
        assert await session.ask(CONTENT, {"uri": own}) == {"text": "words"}
        session.edit(uri, 2, "other words")
        await session.until(lambda: {"uri": own} in session.asked_as(REFRESH))


async def test_a_text_that_is_not_there_yet_is_asked_for_again_once_it_is(folder: Path) -> None:
    async with editor(ABLE, folder, settings={"debounce": 0}) as session:
        own = resolved_uri(session.uri("a.prompt.md"))
        _, reply = session.begin(CONTENT, {"uri": own})
        assert (await reply)["error"]["code"] == -32602
        await session.open("a.prompt.md", "words")
        await session.until(lambda: {"uri": own} in session.asked_as(REFRESH))
        assert await session.ask(CONTENT, {"uri": own}) == {"text": "words"}


async def test_an_agents_context_follows_what_is_typed(folder: Path) -> None:
    async with editor(ABLE, folder, settings={"debounce": 0}) as session:
        uri = await session.open("AGENTS.md", "rules of the house\n")
        own = f"weighbridge:///context/codex?{quote(folder.as_uri(), safe='')}"
        text = (await session.ask(CONTENT, {"uri": own}))["text"]
        assert "rules of the house" in text
        session.edit(uri, 2, "rules of the garden\n")
        await session.until(lambda: {"uri": own} in session.asked_as(REFRESH))
        assert "rules of the garden" in (await session.ask(CONTENT, {"uri": own}))["text"]


async def test_it_is_advertised_to_those_who_show_such_documents_only(folder: Path) -> None:
    for recording, expected in ((ABLE, {"schemes": ["weighbridge"]}), (NEOVIM, None)):
        async with editor(recording, folder) as session:
            assert session.server_capabilities.get("workspace", {}).get("textDocumentContent") == expected


async def test_others_are_not_asked_to_refresh(folder: Path) -> None:
    async with editor(NEOVIM, folder, settings={"debounce": 0}) as session:
        uri = await session.open("a.prompt.md", "words")
        assert await session.ask(CONTENT, {"uri": resolved_uri(uri)}) == {"text": "words"}
        session.edit(uri, 2, "other words")
        assert await session.count(uri) == 2
        assert session.asked_as(REFRESH) == []


@pytest.mark.parametrize(
    "uri",
    [
        "weighbridge:/resolved/a.md?file%3A%2F%2F%2Fnot-open.md",
        "weighbridge:///resolved/a.md?file%3A%2F%2F%2Fnot-open.md",
        "weighbridge:/resolved/a.md",
        "weighbridge://host/resolved/a.md?file%3A%2F%2F%2Fnot-open.md",
        "weighbridge:/context/nobody?file%3A%2F%2F%2Ftmp",
        "weighbridge:/context/codex?http%3A%2F%2Fx",
        "weighbridge:/other",
        "file:///etc/passwd",
        "",
    ],
)
async def test_what_has_no_text(folder: Path, uri: str) -> None:
    async with editor(ABLE, folder) as session:
        _, reply = session.begin(CONTENT, {"uri": uri})
        assert (await reply)["error"]["code"] == -32602


@pytest.mark.parametrize("shows", [True, False])
async def test_a_command_opens_it(folder: Path, *, shows: bool) -> None:
    recording = ABLE.with_("window.showDocument", {"support": shows})
    async with editor(recording, folder) as session:
        uri = await session.open("a.prompt.md", "words")
        session.answers[types.WINDOW_SHOW_DOCUMENT] = lambda _: {"success": True}
        command = {"command": "weighbridge.showResolved", "arguments": [uri]}
        own = resolved_uri(uri)
        assert await session.ask(types.WORKSPACE_EXECUTE_COMMAND, command) == {"uri": own}
        shown = [one["uri"] for one in session.asked_as(types.WINDOW_SHOW_DOCUMENT)]
        assert shown == ([own] if shows else [])
        assert await session.ask(CONTENT, {"uri": own}) == {"text": "words"}
