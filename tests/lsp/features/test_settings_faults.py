"""What is wrong with a settings file is told in the file, at its place; till it is mended the last good settings go on."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.editors.editor import Editor, editor
from tests.editors.recording import EGLOT, NEOVIM, VSCODE, Recording
from tests.patience import HANGS_AFTER

PUBLISHED = types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS
FILE = "weighbridge.toml"


def told(session: Editor, name: str = FILE) -> Any:
    """The diagnostics of a file as they were published last."""
    published = [one for one in session.sent_as(PUBLISHED) if one["uri"] == session.uri(name)]
    return published[-1]["diagnostics"] if published else None


def save(session: Editor, text: str) -> None:
    session.write(FILE, text)
    change = {"uri": session.uri(FILE), "type": types.FileChangeType.Changed}
    session.tell(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, {"changes": [change]})


@pytest.mark.parametrize("recording", [VSCODE, NEOVIM, EGLOT], ids=lambda one: one.name)
async def test_a_fault_comes_and_goes_while_the_last_settings_hold(
    folder: Path, recording: Recording
) -> None:
    (folder / FILE).write_text('budget = 1234\n[variables]\ntone = "kind"\n')
    async with editor(recording, folder, settings={"debounce": 0}) as session:
        uri = await session.open("a.prompt.md", "{{tone}} words")
        counted = await session.count(uri)
        assert (await session.report(uri))["budget"]["limit"] == 1234
        save(session, 'budget = 1234\n[variables\ntone = "kind"\n')
        (fault,) = await session.until(lambda: told(session))
        assert (fault["range"]["start"]["line"], fault["severity"], fault["code"]) == (
            1,
            1,
            "settings.invalid",
        )
        assert fault["message"].startswith("not TOML: ")
        report = await session.report(uri)
        assert (report["budget"]["limit"], await session.count(uri)) == (1234, counted)
        save(session, 'budget = 99\nbudgte = 1\n[variables]\ntone = "kind"\n')
        await session.until(lambda: (told(session) or [{}])[0].get("severity") == 2)
        (fault,) = told(session)
        assert (fault["range"]["start"]["line"], "did you mean weighbridge.budget" in fault["message"]) == (
            1,
            True,
        )
        async with asyncio.timeout(HANGS_AFTER):
            while (await session.report(uri))["budget"]["limit"] != 99:
                await session.count(uri)
        save(session, "budget = 99\n")
        await session.until(lambda: told(session) == [])
        # Nothing interrupts.
        assert session.sent_as(types.WINDOW_SHOW_MESSAGE) == []


async def test_a_fault_that_is_there_from_the_start(folder: Path) -> None:
    (folder / FILE).write_text("budgte = 1\n")
    async with editor(NEOVIM, folder) as session:
        await session.until(lambda: told(session))
        (fault,) = told(session)
        assert (fault["source"], fault["range"]["start"]["line"]) == ("weighbridge", 0)


async def test_what_the_editor_sets_is_still_shown(folder: Path) -> None:
    (folder / FILE).write_text("budgte = 1\n")
    async with editor(NEOVIM, folder, settings={"budgte": 1}) as session:
        await session.until(lambda: session.sent_as(types.WINDOW_SHOW_MESSAGE))
        (shown,) = session.sent_as(types.WINDOW_SHOW_MESSAGE)
        assert "ignored in editor" in shown["message"]
