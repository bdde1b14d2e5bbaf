"""What each recorded editor is shown by itself: in its way, what it declared, and only when it changed."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.editors.editor import Editor, editor
from tests.editors.recording import RECORDINGS, VSCODE, Recording
from tests.session.harness import FakeTimers

from weighbridge.lsp import wiring
from weighbridge.session.display import Display

PUBLISHED = types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS
HINTS = types.WORKSPACE_INLAY_HINT_REFRESH
DIAGNOSTICS = types.WORKSPACE_DIAGNOSTIC_REFRESH
STATUS = "weighbridge/status"
#: Shown at once, so that no test waits; when is `Display`'s, and tested there.
AT_ONCE = {"debounce": 0}
TOLD = {**AT_ONCE, "status": True}


def statuses(session: Editor, uri: str) -> list[Any]:
    return [params for params in session.sent_as(STATUS) if params["uri"] == uri]


async def shown(session: Editor, uri: str, version: int, tokens: int) -> Any:
    """Wait until the editor was told of a version's true count."""

    def last() -> Any:
        told = statuses(session, uri)[-1:]
        wanted = (version, tokens, "ready")
        return [one for one in told if (one["version"], one["tokens"], one["state"]) == wanted]

    return (await session.until(last))[0]


def refreshes(session: Editor) -> tuple[int, int]:
    return len(session.asked_as(HINTS)), len(session.asked_as(DIAGNOSTICS))


@pytest.fixture
def timers(monkeypatch: pytest.MonkeyPatch) -> FakeTimers:
    """A clock that stands still: what is to be shown waits for `show_now`, however long the machine takes."""
    found = FakeTimers()
    monkeypatch.setattr(wiring, "Display", partial(Display, timers=found))
    return found


async def show_now(session: Editor, timers: FakeTimers) -> None:
    """Let all be shown that is to be shown."""
    await session.idle()
    timers.advance(60)
    session.server.wiring._display._last_flush = timers.time()
    publisher = session.server.wiring._publisher
    if publisher._refreshing is not None:
        publisher._refreshing.cancel()
        publisher._refresh_hints()


@pytest.mark.parametrize("value", [None, False, 1, "true", {}])
async def test_what_asks_for_no_statuses(folder: Path, value: Any) -> None:
    asks = VSCODE.with_("experimental.weighbridge", {"status": value})
    async with editor(asks, folder, options={**AT_ONCE, "status": value}) as session:
        await session.open("a.prompt.md", "two words")
        await session.idle()
        assert session.sent_as(STATUS) == []


async def test_a_capability_asks_for_statuses_too(folder: Path, recording: Recording) -> None:
    asks = recording.with_("experimental.weighbridge.status", True)
    async with editor(asks, folder, options=AT_ONCE) as session:
        await shown(session, await session.open("a.prompt.md", "two words"), 1, 2)


async def test_refreshes_are_asked_for_once_and_only_when_something_shown_changed(
    folder: Path, recording: Recording, timers: FakeTimers
) -> None:
    hints = 1 if recording.declares("workspace.inlayHint.refreshSupport") else 0
    pulled = 1 if recording.pulls else 0
    names = [f"part{number}.md" for number in range(40)]
    text = " ".join(f"@[file:{name}]" for name in names)
    for name in names:
        (folder / name).write_text("one")
    async with editor(recording, folder, options=TOLD) as session:
        first = await session.open("a.prompt.md", text)
        second = await session.open("b.prompt.md", "@[file:a.prompt.md] {{nobody}}")
        await session.idle()

        async def asked_for() -> tuple[int, int]:
            before = refreshes(session)
            await show_now(session, timers)
            return refreshes(session)[0] - before[0], refreshes(session)[1] - before[1]

        await asked_for()
        # Nothing changed: saved, touched, written again as it was.
        session.tell(types.TEXT_DOCUMENT_DID_SAVE, {"textDocument": {"uri": first}})
        (folder / names[0]).touch()
        (folder / names[1]).write_text("one")
        session.changed(*names)
        assert await asked_for() == (0, 0)
        # Forty contents in two documents: one refresh, and none of diagnostics, which are as they were.
        for name in names:
            (folder / name).write_text("one two")
        before = await session.count(first)
        session.changed(*names)
        assert await asked_for() == (hints, 0)
        assert await session.count(first) == before + 40
        assert await asked_for() == (0, 0)
        # A diagnostic that goes is one more.
        session.edit(second, 2, "@[file:a.prompt.md]")
        assert await session.count(second) == before + 40
        assert await asked_for() == (hints, pulled)


@pytest.mark.parametrize("recording", [one for one in RECORDINGS if one.pulls], ids=lambda one: one.name)
async def test_who_has_it_already_is_not_told_to_pull_again(
    folder: Path, recording: Recording, timers: FakeTimers
) -> None:
    async with editor(recording, folder, options=TOLD) as session:
        uri = await session.open("a.prompt.md", "two words")
        pull = {"textDocument": {"uri": uri}}
        await show_now(session, timers)
        before = refreshes(session)[1]
        # The editor asks by itself while the user types, before anything is shown.
        session.edit(uri, 2, "{{nobody}}")
        await session.count(uri)
        assert len((await session.ask(types.TEXT_DOCUMENT_DIAGNOSTIC, pull))["items"]) == 1
        await show_now(session, timers)
        assert statuses(session, uri)[-1]["version"] == 2
        assert refreshes(session)[1] == before
        # What it pulled before a reference changed is old news.
        session.edit(uri, 3, "@[file:late.md]")
        await session.count(uri)
        assert len((await session.ask(types.TEXT_DOCUMENT_DIAGNOSTIC, pull))["items"]) == 1
        session.write("late.md", "one")
        session.changed("late.md", type_=types.FileChangeType.Created)
        await show_now(session, timers)
        assert (statuses(session, uri)[-1]["version"], statuses(session, uri)[-1]["tokens"]) == (3, 1)
        assert refreshes(session)[1] == before + 1


async def test_what_shows_itself_no_longer_is_taken_away(
    folder: Path, recording: Recording, timers: FakeTimers
) -> None:
    async with editor(recording, folder, options=TOLD) as session:
        text = "<!-- weighbridge: budget=100 -->\n{{nobody}}\n"
        uri = await session.open("notes.md", text)
        await session.count(uri)
        await show_now(session, timers)
        before = refreshes(session)
        session.edit(uri, 2, "{{nobody}}\n")
        await session.count(uri)
        await show_now(session, timers)
        hints = 1 if recording.declares("workspace.inlayHint.refreshSupport") else 0
        after = refreshes(session)
        assert (after[0] - before[0], after[1] - before[1]) == (hints, 1 if recording.pulls else 0)
        pushed = [len(params["diagnostics"]) for params in session.sent_as(PUBLISHED)]
        assert pushed == ([] if recording.pulls else [1, 0])
