"""Names and files that change: whatever refers to them follows, in open and in closed documents."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.clock import settle
from tests.editors.editor import Editor, ResponseError, editor
from tests.editors.recording import EGLOT, NEOVIM, VSCODE, Recording
from tests.lsp.features.test_code_actions import applied


async def changed(session: Editor, edit: Any, texts: dict[str, str]) -> dict[str, str]:
    """The texts of files after an edit, by their names in the workspace; only those that change."""
    root = session.folder.as_uri() + "/"
    changes = [*edit.get("changes", {}).items()]
    changes += [(one["textDocument"]["uri"], one["edits"]) for one in edit.get("documentChanges", [])]
    return {
        uri.removeprefix(root): applied(session, texts[uri.removeprefix(root)], edits)
        for uri, edits in changes
    }


def write(session: Editor, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        session.write(name, text)


MOVED = {
    "open.prompt.md": "ß😀 @docs/a.md and @[file:docs/a.md#Part] and @other.md\n",
    "prompts/closed.md": "@[file:../docs/a.md] @included.md\n",
    "prompts/included.md": "nested 😀 @../docs/deep/b.md\n",
    "docs/a.md": "# Part\n@deep/b.md @../other.md\n",
    "docs/deep/b.md": "leaf\n",
    "other.md": "other\n",
}


async def test_a_folder_is_moved(folder: Path, encoding: str) -> None:
    async with editor(VSCODE, folder, encodings=[encoding]) as session:
        write(session, MOVED)
        await session.open("open.prompt.md")
        files = [{"oldUri": session.uri("docs"), "newUri": session.uri("papers/old")}]
        edit = await session.ask(types.WORKSPACE_WILL_RENAME_FILES, {"files": files})
        assert await changed(session, edit, MOVED) == {
            "open.prompt.md": "ß😀 @papers/old/a.md and @[file:papers/old/a.md#Part] and @other.md\n",
            "prompts/closed.md": "@[file:../papers/old/a.md] @included.md\n",
            "prompts/included.md": "nested 😀 @../papers/old/deep/b.md\n",
            "docs/a.md": "# Part\n@deep/b.md @../../other.md\n",
        }
        versions = {
            one["textDocument"]["uri"].rpartition("/")[2]: one["textDocument"]["version"]
            for one in edit["documentChanges"]
        }
        assert versions == {"open.prompt.md": 1, "closed.md": None, "included.md": None, "a.md": None}


async def test_a_move_that_touches_nothing(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        write(session, MOVED)
        files = [{"oldUri": session.uri("elsewhere.md"), "newUri": session.uri("x.md")}]
        assert await session.ask(types.WORKSPACE_WILL_RENAME_FILES, {"files": files}) is None


async def test_what_was_moved_counts_at_once(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        session.write("a.md", "some words here and more of them")
        uri = await session.open("open.prompt.md", "@b.md")
        before = await session.count(uri)
        (folder / "a.md").rename(folder / "b.md")
        files = [{"oldUri": session.uri("a.md"), "newUri": session.uri("b.md")}]
        session.tell(types.WORKSPACE_DID_RENAME_FILES, {"files": files})
        # Until the file is looked at, what was known counts.
        async with asyncio.timeout(30):
            while await session.count(uri) == before:
                await settle(1)


async def test_only_clients_that_ask_are_told_of_it(folder: Path) -> None:
    for recording in (VSCODE, NEOVIM):
        async with editor(recording, folder) as session:
            operations = session.server_capabilities["workspace"]["fileOperations"]
            wanted = bool(recording.declares("workspace.fileOperations.willRename"))
            assert (operations.get("willRename") is not None) is wanted


NAMES = {
    "a.prompt.md": "---\nvariables:\n  front: 1\n---\n# Öne two\n{{front}} 😀 {{ front : x }} {{set}}\n",
    "b.prompt.md": "{{front:mine}} {{set}} @[file:a.prompt.md#Öne two] @a.prompt.md#%C3%B6ne-two\n",
    "weighbridge.toml": '[variables]\nset = "value"\n',
}


async def renamed(session: Editor, uri: str, needle: str, new: str) -> dict[str, str]:
    place = session.at(uri, session.place(NAMES["a.prompt.md"], needle, 3))
    edit = await session.ask(types.TEXT_DOCUMENT_RENAME, place | {"newName": new})
    return await changed(session, edit, NAMES)


async def test_names_are_changed_where_they_are_meant(
    folder: Path, recording: Recording, encoding: str
) -> None:
    async with editor(recording, folder, encodings=[encoding]) as session:
        write(session, NAMES)
        uri = await session.open("a.prompt.md")
        place = session.at(uri, session.place(NAMES["a.prompt.md"], "{{front}}", 4))
        prepared = await session.ask(types.TEXT_DOCUMENT_PREPARE_RENAME, place)
        assert prepared == {
            "range": {
                "start": session.place(NAMES["a.prompt.md"], "{{front}}", 2),
                "end": session.place(NAMES["a.prompt.md"], "{{front}}", 7),
            },
            "placeholder": "front",
        }
        # One document's own name is nobody else's.
        assert await renamed(session, uri, "{{front}}", "first") == {
            "a.prompt.md": "---\nvariables:\n  first: 1\n---\n# Öne two\n{{first}} 😀 {{ first : x }} {{set}}\n"
        }
        assert await renamed(session, uri, "{{set}}", "other") == {
            "a.prompt.md": NAMES["a.prompt.md"].replace("{{set}}", "{{other}}"),
            "b.prompt.md": NAMES["b.prompt.md"].replace("{{set}}", "{{other}}"),
            "weighbridge.toml": '[variables]\nother = "value"\n',
        }
        assert await renamed(session, uri, "# Öne", "Three") == {
            "a.prompt.md": NAMES["a.prompt.md"].replace("Öne two", "Three"),
            "b.prompt.md": NAMES["b.prompt.md"].replace("#Öne two", "#Three"),
        }


@pytest.mark.parametrize("name", ["two words", "", "9", "env.HOME", "a:b"])
async def test_names_that_can_not_be(folder: Path, name: str) -> None:
    async with editor(EGLOT, folder) as session:
        write(session, NAMES)
        uri = await session.open("a.prompt.md")
        with pytest.raises(ResponseError) as caught:
            await renamed(session, uri, "{{front}}", name)
        assert caught.value.code == -32602


async def test_what_has_no_name(folder: Path) -> None:
    async with editor(EGLOT, folder) as session:
        session.write("a.md", "x")
        uri = await session.open("b.prompt.md", "@a.md {{env.HOME}} words\n")
        for character in (2, 9, 22):
            place = session.at(uri, {"line": 0, "character": character})
            assert await session.ask(types.TEXT_DOCUMENT_PREPARE_RENAME, place) is None
            with pytest.raises(ResponseError, match="only variables and headings"):
                await session.ask(types.TEXT_DOCUMENT_RENAME, place | {"newName": "x"})
