"""What the server says by itself, to each recorded editor and agent: what it declared, when something changed, once.

Everything sent is held against the editor's capabilities by the editor itself (`tests/editors/recording.py`).
"""

import asyncio
import gc
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.editors.editor import Editor, editor
from tests.editors.recording import HELIX, RECORDINGS, Recording
from tests.patience import HANGS_AFTER

from weighbridge.tokens.registry import tokenizer

count = tokenizer("cl100k_base").count
PUBLISH = types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS
TEXT = "# 😀 One\n\n@[file:a.md] {{nobody}}\n"
REFRESHES = {
    types.WORKSPACE_INLAY_HINT_REFRESH: "workspace.inlayHint.refreshSupport",
    types.WORKSPACE_DIAGNOSTIC_REFRESH: "workspace.diagnostics.refreshSupport",
}


@pytest.fixture
def folder(folder: Path) -> Path:
    (folder / "a.md").write_text("included words\n")
    return folder


@pytest.fixture(params=RECORDINGS, ids=lambda recording: recording.name)
def recording(request: pytest.FixtureRequest) -> Recording:
    found: Recording = request.param
    return found


def told(session: Editor, method: str) -> list[Any]:
    return [params for sent, params in session.sent if sent == method]


def asked(session: Editor, method: str) -> list[Any]:
    return [params for sent, params in session.asked if sent == method]


async def shown(session: Editor, uri: str) -> None:
    """Wait until what the server would show of a document is shown: all that was due is sent."""
    publisher = session.server.wiring._publisher
    document = session.server.wiring.session.documents[uri]
    display = session.server.wiring._display
    async with asyncio.timeout(HANGS_AFTER):
        while (
            publisher._refreshing is not None
            or display._flush is not None
            or display._true_flush is not None
            or display._typing
            or uri not in publisher._shown
            or not document.ready
        ):
            await asyncio.to_thread(int)


async def test_the_collector_rests_while_a_server_starts_and_no_longer(folder: Path) -> None:
    gc.disable()
    try:
        async with editor(HELIX, folder) as session:
            await shown(session, await session.open("a.prompt.md", TEXT))
            assert gc.isenabled()
    finally:
        gc.enable()


async def test_diagnostics_are_pushed_or_pulled_and_never_both(folder: Path, recording: Recording) -> None:
    async with editor(recording, folder, settings={"debounce": 0}) as session:
        uri = await session.open("a.prompt.md", TEXT)
        await shown(session, uri)
        pushed = [one for params in told(session, PUBLISH) for one in params["diagnostics"]]
        pulled = (await session.ask(types.TEXT_DOCUMENT_DIAGNOSTIC, {"textDocument": {"uri": uri}}))["items"]
        # Who gets them pushed is not told to ask. Who asks all the same is told the truth.
        assert ("diagnosticProvider" in session.server_capabilities) == recording.pulls
        assert [one["code"] for one in pushed] == ["variable.undefined"] * (not recording.pulls)
        assert [one["code"] for one in pulled] == ["variable.undefined"]
        session.tell(types.TEXT_DOCUMENT_DID_CLOSE, {"textDocument": {"uri": uri}})
        await session.ask(types.WORKSPACE_SYMBOL, {"query": "none"})
        if not recording.pulls:
            assert told(session, PUBLISH)[-1] == {"uri": uri, "diagnostics": []}


@pytest.mark.parametrize("wanted", [True, False])
async def test_statuses_go_to_those_who_ask(folder: Path, recording: Recording, *, wanted: bool) -> None:
    options = {"status": True} if wanted else None
    async with editor(recording, folder, options=options) as session:
        uri = await session.open("a.prompt.md", TEXT)
        await shown(session, uri)
        statuses = told(session, "weighbridge/status")
        assert bool(statuses) is wanted
        if wanted:
            assert statuses[-1]["tokens"] == count(TEXT.replace("@[file:a.md]", "included words\n"))
            assert [one["state"] for one in statuses][-1] == "ready"
            assert all(one != other for one, other in itertools.pairwise(statuses))


async def test_refreshes_go_to_those_who_know_them_when_something_changed(
    folder: Path, recording: Recording
) -> None:
    async with editor(recording, folder, settings={"debounce": 0}) as session:
        uri = await session.open("a.prompt.md", TEXT)
        await shown(session, uri)
        before = {method: len(asked(session, method)) for method in REFRESHES}
        # Touched, and not changed.
        (folder / "a.md").write_text("included words\n")
        session.changed("a.md")
        await session.count(uri)
        await shown(session, uri)
        assert {method: len(asked(session, method)) for method in REFRESHES} == before
        session.edit(uri, 2, TEXT + "more words {{another}}\n")
        await session.count(uri)
        await shown(session, uri)
        for method, capability in REFRESHES.items():
            again = len(asked(session, method)) > before[method]
            assert again == bool(recording.declares(capability))


async def test_a_changed_file_is_noticed_whoever_watches(folder: Path, recording: Recording) -> None:
    async with editor(recording, folder, settings={"debounce": 0}) as session:
        uri = await session.open("a.prompt.md", TEXT)
        registered = [
            one["method"]
            for params in asked(session, types.CLIENT_REGISTER_CAPABILITY)
            for one in params["registrations"]
        ]
        watches = types.WORKSPACE_DID_CHANGE_WATCHED_FILES in registered
        assert watches is recording.watches_files
        before = await session.count(uri)
        (folder / "a.md").write_text("other words, and more of them than before\n")
        if watches:
            session.changed("a.md")
        # Those who can't be asked to tell are not told to: the server looks for itself.
        await until(lambda: session.count(uri), lambda tokens: tokens != before)


async def until(ask: Callable[[], Any], condition: Callable[[Any], bool]) -> Any:
    async with asyncio.timeout(HANGS_AFTER):
        while not condition(found := await ask()):
            await asyncio.to_thread(int)
    return found


async def test_what_is_open_counts_as_it_is_in_the_editor_for_all_who_include_it(
    folder: Path, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "middle.md").write_text("@a.md\n")
    async with editor(recording, folder, settings={"debounce": 0}) as session:
        top = await session.open("top.prompt.md", "@middle.md\n")
        leaf = await session.open("a.md")
        session.edit(leaf, 2, "not saved yet, and longer\n")
        expected = count("not saved yet, and longer\n\n\n")
        await until(lambda: session.count(top), lambda tokens: tokens == expected)
        session.tell(types.TEXT_DOCUMENT_DID_CLOSE, {"textDocument": {"uri": leaf}})
        expected = count("included words\n\n\n")
        await until(lambda: session.count(top), lambda tokens: tokens == expected)


async def test_an_untrusted_workspace_reads_no_environment_and_fetches_nothing(
    folder: Path, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIGHBRIDGE_CANARY", "canary")
    (folder.parent / "outside.md").write_text("outside")
    visits = 0

    def visit(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal visits
        visits += 1
        writer.close()

    server = await asyncio.start_server(visit, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = {
        "trusted": False,
        "env": ["WEIGHBRIDGE_CANARY"],
        "apiAllow": [f"127.0.0.1:{port}"],
        "fileRoots": [str(folder.parent)],
    }
    text = f"{{{{env.WEIGHBRIDGE_CANARY}}}} @[api:http://127.0.0.1:{port}/x] @../outside.md @a.md\n"
    async with editor(recording, folder, settings=settings) as session:
        uri = await session.open("a.prompt.md", text)
        states = [one["state"] for one in (await session.report(uri))["references"]]
        assert states == ["failed", "failed", "failed", "resolved"]
    server.close()
    await server.wait_closed()
    assert visits == 0


async def test_bursts_of_helix_in_the_wrong_order_end_with_the_right_text(folder: Path) -> None:
    async with editor(HELIX, folder) as session:
        uri = await session.open("a.prompt.md", "")
        for version, (column, text) in (
            (2, (0, "a")),
            (4, (2, "c")),
            (3, (1, "b")),
            (6, (4, "e")),
            (5, (3, "d")),
        ):
            place = {"line": 0, "character": column}
            session.edit(uri, version, text, {"start": place, "end": place})
        rendered = await session.ask("weighbridge/render", {"textDocument": {"uri": uri}})
        assert rendered == {"text": "abcde"}
