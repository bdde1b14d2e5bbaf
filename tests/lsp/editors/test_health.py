"""How busy and how well the server is, said to each recorded editor as it can hear it."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.clock import settle
from tests.editors.editor import editor
from tests.editors.recording import NEOVIM, Recording
from tests.lsp.editors.conftest import Api

from weighbridge.lsp import health
from weighbridge.tokens import families, registry

CREATED = types.WINDOW_WORK_DONE_PROGRESS_CREATE
SHOWN = types.WINDOW_SHOW_MESSAGE
STATUS = "weighbridge/status"
SERVER_STATUS = "experimental/serverStatus"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_SHOW_AFTER", 0)
    monkeypatch.setattr(health, "_REPORT_EVERY", 0.001)


async def test_long_work_is_shown_where_it_can_be(folder: Path, recording: Recording, api: Api) -> None:
    settings = {"apiAllow": [api.host]}
    shows = bool(recording.declares("window.workDoneProgress"))
    async with editor(recording, folder, settings=settings) as session:
        # An open session that has nothing to do: what is counted from here on is one piece of work.
        await session.open("a.prompt.md", "two words")
        await session.idle()
        before = len(session.asked_as(CREATED))
        text = f"@[api:{api.url}]"
        session.write("b.prompt.md", text)
        item = {"uri": session.uri("b.prompt.md"), "languageId": "markdown", "version": 1, "text": text}
        session.tell(types.TEXT_DOCUMENT_DID_OPEN, {"textDocument": item})
        if shows:

            def values(token: str) -> list[Any]:
                return [one["value"] for one in session.sent_as(types.PROGRESS) if one["token"] == token]

            def long() -> str | None:
                # Reading what there is to fetch may be shown, and be over, before it is fetched.
                tokens = [params["token"] for params in session.asked_as(CREATED)[before:]]
                return next((token for token in tokens if len(values(token)) > 3), None)

            created = await session.until(long)
            api.may.set()
            await session.until(lambda: values(created)[-1]["kind"] == "end")
            kinds = [value["kind"] for value in values(created)]
            percentages = [value["percentage"] for value in values(created)[:-1]]
            assert (kinds[0], set(kinds[1:-1]), kinds[-1]) == ("begin", {"report"}, "end")
            assert (percentages, percentages[0]) == (sorted(percentages), 0)
            assert (values(created)[0]["title"], values(created)[0]["cancellable"]) == (
                "Weighbridge: counting",
                False,
            )
            # Helix prints it.
            assert created.startswith("Weighbridge: counting")
        else:
            api.may.set()
        assert await session.count(session.uri("b.prompt.md")) == 1
        tokens = [params["token"] for params in session.asked_as(CREATED)]
        assert (bool(tokens), len(set(tokens))) == (shows, len(tokens))
        await session.idle()


async def test_a_client_that_refuses_progress_goes_without(folder: Path, api: Api) -> None:
    async with editor(NEOVIM, folder, settings={"apiAllow": [api.host]}) as session:
        api.may.set()
        session.refused.add(CREATED)
        uri = await session.open("a.prompt.md", f"@[api:{api.url}]")
        await session.until(lambda: session.asked_as(CREATED))
        assert await session.count(uri) == 1
        await settle(20)
        assert session.sent_as(types.PROGRESS) == []


async def test_how_the_server_is(folder: Path, recording: Recording, api: Api) -> None:
    asks = recording.with_("experimental.serverStatusNotification", True)
    settings = {"apiAllow": [api.host], "budgte": 7}
    async with editor(asks, folder, settings=settings) as session:
        text = f"@[api:{api.url}]"
        item = {"uri": session.uri("a.prompt.md"), "languageId": "markdown", "version": 1, "text": text}
        session.tell(types.TEXT_DOCUMENT_DID_OPEN, {"textDocument": item})
        busy = await session.until(
            lambda: [
                one for one in session.sent_as(SERVER_STATUS) if not one["quiescent"] and "message" in one
            ]
        )
        await api.came.wait()
        assert session.sent_as(SERVER_STATUS)[-1]["quiescent"] is False
        api.may.set()
        await session.until(lambda: session.sent_as(SERVER_STATUS)[-1]["quiescent"])
        told = session.sent_as(SERVER_STATUS)
        assert busy[-1]["health"] == told[-1]["health"] == "warning"
        assert "weighbridge.budgte" in told[-1]["message"]
        assert [one for one, following in pairwise(told) if one == following] == []


async def test_faults_of_settings_reach_the_user_once(folder: Path, recording: Recording) -> None:
    faulty = {"budgte": 7, "debounce": "soon", "budget": 1000}
    async with editor(recording, folder, settings=faulty) as session:
        uri = await session.open("a.prompt.md", "two words")
        messages = await session.until(lambda: len(session.sent_as(SHOWN)) == 2 and session.sent_as(SHOWN))
        assert {one["type"] for one in messages} == {types.MessageType.Warning.value}
        assert sorted(one["message"].partition(":")[0] for one in messages) == [
            "weighbridge.budgte",
            "weighbridge.debounce",
        ]
        assert (await session.report(uri))["budget"]["limit"] == 1000
        # The same once more is no news; another is.
        for values in (faulty, faulty, {**faulty, "workers": -1}):
            session.settings = dict(values)
            session.tell(types.WORKSPACE_DID_CHANGE_CONFIGURATION, {"settings": {"weighbridge": values}})
        await session.until(lambda: len(session.sent_as(SHOWN)) > 2)
        assert await session.count(uri) == 2
        news = [one["message"].partition(":")[0] for one in session.sent_as(SHOWN)[2:]]
        assert news == ["weighbridge.workers"]


async def test_a_warning_goes_away_when_it_is_over(folder: Path) -> None:
    """A cache that can't be used: the user names another."""
    asks = NEOVIM.with_("experimental.serverStatusNotification", True)
    async with editor(asks, folder, settings={"cacheUrl": f"sqlite:///{folder}"}) as session:
        await session.open("a.prompt.md", "two words")
        await session.until(
            lambda: "it is a folder" in str((session.sent_as(SERVER_STATUS) or [{}])[-1].get("message"))
        )
        session.settings = {"cacheUrl": f"sqlite:///{folder.parent}/counts.sqlite3"}
        session.tell(types.WORKSPACE_DID_CHANGE_CONFIGURATION, {"settings": None})
        await session.until(lambda: "message" not in session.sent_as(SERVER_STATUS)[-1])
        assert session.sent_as(SERVER_STATUS)[-1]["health"] == "ok"


async def test_a_vocabulary_that_is_missing_is_told_of_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line in the log, whatever is opened and typed, and no message that interrupts; the status has it as well."""
    monkeypatch.setattr(families, "_lacking", lambda: "pip install 'weighbridge[fast]' counts exactly")
    monkeypatch.setattr(registry, "_tokenizers", {})
    asks = NEOVIM.with_("experimental.serverStatusNotification", True)
    options = {"debounce": 0, "status": True}
    async with editor(asks, folder, options=options, settings={"model": "gemini-2.5-pro"}) as session:
        uri = await session.open("a.prompt.md", "two words")
        await session.open("b.prompt.md", "two more words")
        session.edit(uri, 2, "other words")
        await session.until(
            lambda: (
                {(one["uri"], one["version"], one["state"]) for one in session.sent_as(STATUS)}
                >= {(uri, 2, "ready"), (session.uri("b.prompt.md"), 1, "ready")}
            )
        )
        said = [one["message"] for one in session.sent_as(types.WINDOW_LOG_MESSAGE)]
        (line,) = [one for one in said if "pip install" in one]
        assert line.startswith("gemma4: o200k_base ")
        assert line.endswith("; pip install 'weighbridge[fast]' counts exactly")
        assert session.sent_as(SHOWN) == []
        assert "pip install" in session.sent_as(SERVER_STATUS)[-1]["message"]
