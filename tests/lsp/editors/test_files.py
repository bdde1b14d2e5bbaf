"""Files as each recorded editor has them: changed on disk, open and unsaved, in several folders, and out of bounds."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.editors.editor import Editor, editor
from tests.editors.recording import EGLOT, HELIX, RECORDINGS, VSCODE, Recording
from tests.lsp.editors.conftest import Api

from weighbridge.steps import ITEMS
from weighbridge.tokens.registry import tokenizer

count = tokenizer("cl100k_base").count
TOLD = {"debounce": 0, "status": True}
MANY_FOLDERS = [one for one in RECORDINGS if one.declares("workspace.workspaceFolders")]


async def counted(session: Editor, uri: str, tokens: int) -> None:
    """Wait until the editor is told that a document has so many tokens."""

    def told() -> bool:
        found = [one for one in session.sent_as("weighbridge/status") if one["uri"] == uri]
        return bool(found) and (found[-1]["tokens"], found[-1]["state"]) == (tokens, "ready")

    await session.until(told)


def registered(session: Editor) -> list[str]:
    asked = session.asked_as(types.CLIENT_REGISTER_CAPABILITY)
    return sorted(one["method"] for params in asked for one in params["registrations"])


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda one: one.name)
async def test_a_file_that_appears_or_changes_counts_though_nobody_tells(
    folder: Path, recording: Recording
) -> None:
    async with editor(recording, folder, options=TOLD) as session:
        session.write("docs/b.md", "@[file:c.md]")
        session.write("docs/c.md", "one")
        uri = await session.open("a.prompt.md", "@[file:docs/b.md] @[file:late.md]")
        failed = await session.count(uri)
        session.write("late.md", "two words")
        await counted(session, uri, failed - tokens_of_missing() + 2)
        session.write("docs/c.md", "one two three four")
        await counted(session, uri, failed - tokens_of_missing() + 2 + 3)


@pytest.mark.parametrize("recording", [VSCODE, HELIX, EGLOT], ids=lambda one: one.name)
@pytest.mark.parametrize("linked", [False, True])
async def test_a_folder_is_moved_away_and_back_and_made_anew(
    tmp_path: Path, folder: Path, recording: Recording, *, linked: bool
) -> None:
    opened = tmp_path / "way" if linked else folder
    if linked:
        await asyncio.to_thread(opened.symlink_to, folder)
    async with editor(recording, opened, options=TOLD) as session:
        await session.until(lambda: len(registered(session)) >= recording.watches_files)

        def told(name: str) -> None:
            if recording.watches_files:
                session.changed(name, type_=types.FileChangeType.Deleted)

        session.write("docs/in/b.md", "@[file:c.md]")
        session.write("docs/in/c.md", "one two")
        uri = await session.open("a.prompt.md", "@[file:docs/in/b.md] @[file:docs/in/c.md]")
        assert await session.count(uri) == 4
        (folder / "docs").rename(folder / "papers")
        told("docs")
        missing = count("@[file:docs/in/b.md] @[file:docs/in/c.md]")
        await counted(session, uri, missing)
        (folder / "papers").rename(folder / "docs")
        told("docs")
        await counted(session, uri, 4)
        # The same folder in name only: who watched the old one would see nothing any more.
        await asyncio.to_thread(shutil.rmtree, folder / "docs")
        told("docs")
        await counted(session, uri, missing)
        session.write("docs/in/b.md", "@[file:c.md]")
        session.write("docs/in/c.md", "one")
        told("docs")
        await counted(session, uri, 2)
        session.write("docs/in/c.md", "one two three")
        told("docs/in/c.md")
        await counted(session, uri, 6)


def tokens_of_missing() -> int:
    """What stands for a reference that is not there, after the text before it."""
    return count("one @[file:late.md]") - count("one")


async def test_what_can_be_registered_is(folder: Path, recording: Recording) -> None:
    async with editor(recording, folder) as session:
        expected = [
            method
            for method, path in (
                (types.WORKSPACE_DID_CHANGE_CONFIGURATION, "workspace.didChangeConfiguration"),
                (types.WORKSPACE_DID_CHANGE_WATCHED_FILES, "workspace.didChangeWatchedFiles"),
            )
            if recording.declares(f"{path}.dynamicRegistration")
        ]
        await session.until(lambda: len(registered(session)) >= len(expected))
        await session.open("a.prompt.md", "two words")
        assert registered(session) == expected


@pytest.mark.parametrize("recording", MANY_FOLDERS, ids=lambda one: one.name, indirect=False)
async def test_each_folder_has_its_own_settings(tmp_path: Path, folder: Path, recording: Recording) -> None:
    second, third = tmp_path / "second", tmp_path / "third"
    for number, one in enumerate((folder, second, third)):
        one.mkdir(exist_ok=True)
        (one / "weighbridge.toml").write_text(
            f"budget = {1000 + number}\n[variables]\nname = '{'x ' * number}'\n"
        )
        (one / "a.prompt.md").write_text("{{name}}")

    async def limits(session: Editor) -> list[Any]:
        uris = [(one / "a.prompt.md").as_uri() for one in (folder, second, third)]
        return [(await session.report(uri))["budget"]["limit"] for uri in uris]

    async with editor(recording, folder, others=[second]) as session:
        for one in (folder, second, third):
            await session.open(str(one / "a.prompt.md"))
        await session.idle()
        assert await limits(session) == [1000, 1001, 128_000]
        event = {
            "added": [{"uri": third.as_uri(), "name": "third"}],
            "removed": [{"uri": second.as_uri(), "name": "second"}],
        }
        session.tell(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, {"event": event})
        await session.idle()
        assert await limits(session) == [1000, 128_000, 1002]


@pytest.mark.parametrize("recording", [EGLOT, HELIX], ids=lambda one: one.name)
async def test_open_and_unsaved_documents_count_as_they_are(folder: Path, recording: Recording) -> None:
    async with editor(recording, folder, options=TOLD) as session:
        session.write("b.md", "@[file:c.md]")
        session.write("c.md", "one")
        uri = await session.open("a.prompt.md", "@[file:b.md]")
        assert await session.count(uri) == 1
        other = await session.open("c.md")
        session.edit(other, 2, "one two three")
        await counted(session, uri, 3)
        middle = await session.open("b.md")
        session.edit(middle, 2, "@[file:c.md] @[file:c.md]")
        await counted(session, uri, 6)
        session.tell(types.TEXT_DOCUMENT_DID_CLOSE, {"textDocument": {"uri": other}})
        await counted(session, uri, 2)
        session.tell(types.TEXT_DOCUMENT_DID_CLOSE, {"textDocument": {"uri": middle}})
        await counted(session, uri, 1)


@pytest.mark.parametrize("recording", [VSCODE], ids=lambda one: one.name)
async def test_a_workspace_that_is_not_trusted_gets_nothing_from_outside(
    tmp_path: Path, folder: Path, recording: Recording, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIGHBRIDGE_SECRET", "secret")
    api.may.set()
    (tmp_path / "roots").mkdir()
    (tmp_path / "roots" / "outside.md").write_text("outside")
    text = f"@[api:{api.url}] {{{{env.WEIGHBRIDGE_SECRET}}}} @[file:../roots/outside.md] @[file:inside.md]"
    settings = {"apiAllow": [api.host], "env": ["WEIGHBRIDGE_SECRET"], "fileRoots": [str(tmp_path / "roots")]}

    async def states(*, trusted: bool) -> list[str]:
        async with editor(recording, folder, settings={**settings, "trusted": trusted}) as session:
            session.write("inside.md", "inside")
            uri = await session.open("a.prompt.md", text)
            await session.idle()
            await session.count(uri)
            return [one["state"] for one in (await session.report(uri))["references"]]

    assert (await states(trusted=False), api.asked) == (["failed", "failed", "failed", "resolved"], 0)
    assert await states(trusted=True) == ["resolved"] * 4


async def test_many_files_are_looked_at_some_at_a_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with editor(VSCODE, folder) as session:
        await session.open("a.prompt.md", "two words")
        wiring = session.server.wiring
        looked: list[int] = []
        seen: list[Path] = []
        again = asyncio.Event()

        def look(paths: Sequence[Path]) -> Sequence[Path]:
            looked.append(len(paths))
            return paths

        def look_again(paths: Sequence[Path]) -> None:
            if paths:
                seen.extend(paths)
                again.set()

        paths = [folder / f"{number}.md" for number in range(3 * ITEMS)]
        with monkeypatch.context() as patched:
            patched.setattr(wiring.session, "look_again", look)
            patched.setattr(wiring.workspace, "look_again", look_again)
            wiring._look_again(paths)
            await again.wait()
        assert (seen, looked) == (paths, [ITEMS] * 3)
