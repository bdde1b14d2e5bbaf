"""Before a document's settings are known nothing is said of it; before it is counted no number is."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.editors.editor import Editor, editor
from tests.editors.recording import NEOVIM, VSCODE, Recording
from tests.lsp.editors.conftest import Api

from weighbridge.lsp import backend
from weighbridge.session.configuration import Configuration

SAID = {"weighbridge/status", types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS}
TEXT = "{{greeting}} @[api:issues] @[file:a.md]\n"


class Held:
    """Reading settings files, which takes as long as a test wants."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.may = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        read: Callable[..., Any] = Configuration.read_files

        def slow(configuration: Configuration, folders: Any) -> Any:
            asyncio.run_coroutine_threadsafe(self.may.wait(), self._loop).result(30)
            return read(configuration, folders)

        monkeypatch.setattr(Configuration, "read_files", slow)


def opened(session: Editor, uri: str, text: str) -> None:
    item = {"uri": uri, "languageId": "markdown", "version": 1, "text": text}
    session.tell(types.TEXT_DOCUMENT_DID_OPEN, {"textDocument": item})


async def quiet(session: Editor) -> None:
    """Wait until all is done that can be done while a worker is held."""
    for _ in range(500):
        await asyncio.to_thread(int)


@pytest.mark.parametrize("later", [False, True])
async def test_nothing_is_said_before_settings_are_known(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, later: bool
) -> None:
    """Neovim sends its settings right after `initialized`; a folder may come at any time."""
    other = tmp_path / "other"
    other.mkdir()
    where = other if later else folder
    (where / "weighbridge.toml").write_text(
        '[variables]\ngreeting = "hello"\n[apis.issues]\nurl = "http://127.0.0.1:9/"\nsample = "x"\n'
    )
    (where / "a.md").write_text("words")
    uri = (where / "a.prompt.md").as_uri()
    held = Held(monkeypatch)
    async with editor(NEOVIM, folder, options={"status": True}) as session:
        if later:
            held.may.set()
            await session.open("first.prompt.md", "words")
            held.may.clear()
            added = {"added": [{"uri": other.as_uri(), "name": "other"}], "removed": []}
            session.tell(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, {"event": added})
        else:
            settings = {"weighbridge": {"debounce": 10}}
            session.tell(types.WORKSPACE_DID_CHANGE_CONFIGURATION, {"settings": settings})
        opened(session, uri, TEXT)
        session.tell(types.WORKSPACE_DID_CHANGE_CONFIGURATION, {"settings": {"weighbridge": {"debounce": 9}}})
        await quiet(session)
        assert [params for method, params in session.sent if method in SAID and params["uri"] == uri] == []
        held.may.set()
        await session.count(uri)
        await session.until(lambda: [one for one in statuses(session, uri) if one["state"] == "ready"])
        for params in session.sent_as(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS):
            assert "variable.undefined" not in json.dumps(params)
            assert "no such API" not in json.dumps(params)


def statuses(session: Editor, uri: str) -> list[Any]:
    return [one for one in session.sent_as("weighbridge/status") if one["uri"] == uri]


@pytest.mark.parametrize("recording", [VSCODE, NEOVIM], ids=lambda recording: recording.name)
async def test_no_number_is_told_before_there_is_one(
    folder: Path, recording: Recording, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "SECONDS_TO_LOOK_UP", 0.05)
    monkeypatch.setattr("weighbridge.lsp.features.inlay_hints.SECONDS_FOR_COUNTS", 0.05)
    text = f"# T\n\n## Two\n\n@[api:{api.url}]\n"
    settings = {"apiAllow": [api.host], "codeLens": True}
    async with editor(recording, folder, settings=settings, options={"status": True}) as session:
        uri = session.write("a.prompt.md", text)
        opened(session, uri, text)
        await session.until(lambda: statuses(session, uri))
        await api.came.wait()
        document = {"textDocument": {"uri": uri}}
        told = [
            (
                await session.ask(
                    types.TEXT_DOCUMENT_HOVER, document | {"position": {"line": line, "character": 0}}
                )
            )["contents"]["value"]
            for line in (0, 2)
        ]
        everywhere = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
        hints = await session.ask(types.TEXT_DOCUMENT_INLAY_HINT, document | {"range": everywhere})
        told += [
            hint["label"] if isinstance(hint["label"], str) else hint["label"][0]["value"] for hint in hints
        ]
        told += [
            one["command"]["title"] for one in await session.ask(types.TEXT_DOCUMENT_CODE_LENS, document)
        ]
        told += [one["text"] for one in statuses(session, uri)]
        assert [one for one in told if any(char.isdigit() for char in one)] == []
        assert {one["text"] for one in statuses(session, uri)} == {"…"}
        report = await session.report(uri)
        for one in (*statuses(session, uri), report):
            assert (one["tokens"], one["own_tokens"], one["budget"]["used"], one["cost"]) == (None,) * 4
            assert one["budget"]["limit"] == 128_000
        assert report["sections"] == []
        api.may.set()
        tokens = await session.count(uri)
        status = await session.until(lambda: [one for one in statuses(session, uri) if one["tokens"]])
        assert status[-1]["text"].startswith(f"{tokens} tokens · ")
