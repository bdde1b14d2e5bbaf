"""Every setting takes effect while the editor runs, whether the editor or a settings file changes it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.editors.editor import Editor, editor
from tests.editors.recording import EGLOT, HELIX, VSCODE
from tests.patience import HANGS_AFTER

from weighbridge.config.layers import NEVER_FROM_REPOSITORY
from weighbridge.config.settings import Settings

TEXT = "# Öne 日本語\n{{v:x}} @a.md @b.md @../roots/r.md {{env.WEIGHBRIDGE_LIVE}} @[api:i] @[api:http://127.0.0.1:9/x]\n"

Effect = Callable[[Editor, str], Awaitable[Any]]


def of_report(*path: str | int) -> Effect:
    async def look(session: Editor, uri: str) -> Any:
        found: Any = await session.report(uri)
        for step in path:
            found = found[step]
        return found

    return look


def reason(number: int) -> Effect:
    async def look(session: Editor, uri: str) -> Any:
        one = (await session.report(uri))["references"][number]
        return one["state"], str(one["reason"])

    return look


def inside(look: Callable[[Editor, str], Any]) -> Effect:
    """What nobody outside can see at once: how much is kept, how long is waited."""

    async def looked(session: Editor, uri: str) -> Any:
        return look(session, uri)

    return looked


def setting(name: str) -> Effect:
    def look(session: Editor, uri: str) -> Any:
        own = session.server.wiring.session
        return getattr(own.settings_of(own.documents[uri]), name)

    return inside(look)


async def hints(session: Editor, uri: str) -> int:
    place = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
    asked = {"textDocument": {"uri": uri}, "range": place}
    return len(await session.ask(types.TEXT_DOCUMENT_INLAY_HINT, asked))


async def lenses(session: Editor, uri: str) -> int:
    return len(await session.ask(types.TEXT_DOCUMENT_CODE_LENS, {"textDocument": {"uri": uri}}))


async def severity(session: Editor, uri: str) -> Any:
    return (await session.report(uri))["budget"]["severity"]


@dataclass(frozen=True)
class Row:
    value: Any
    effect: Effect


ROWS = {
    "encoding": Row("o200k_base", of_report("encoding")),
    "model": Row("gpt-4o", of_report("model")),
    "models": Row({"mine": "gpt-4o"}, setting("models")),
    "budget": Row(7, of_report("budget", "limit")),
    "thresholds": Row([{"at": 1, "severity": "information"}], severity),
    "debounce": Row(5, setting("debounce")),
    "workers": Row(3, inside(lambda session, uri: session.server.wiring._services.tasks._blocking.pool.limit)),
    "retry": Row({"attempts": 7}, setting("retry")),
    "variables": Row({"v": "some longer value"}, of_report("references", 0, "tokens")),
    "env": Row(["WEIGHBRIDGE_LIVE"], reason(4)),
    "apis": Row({"i": {"url": "https://h.example", "sample": "a sample"}}, reason(5)),
    "apiAllow": Row(["127.0.0.1:9"], reason(6)),
    "fileRoots": Row(["../roots"], reason(3)),
    "trusted": Row(False, setting("trusted")),
    "apiCache": Row([{"pattern": "*", "ttl": 5}], setting("api_cache")),
    "maxFileBytes": Row(3, reason(1)),
    "maxDepth": Row(0, reason(1)),
    "cacheUrl": Row("sqlite:///PLACE/other.sqlite3", inside(lambda session, uri: session.server.wiring._services.cache_url)),
    "cacheEntries": Row(77, inside(lambda session, uri: session.server.wiring._services.service._memory.maxsize)),
    "inlayHints": Row({"references": False}, hints),
    "codeLens": Row(True, lenses),
    "workspaceDiagnostics": Row(True, setting("workspace_diagnostics")),
    "include": Row([], hints),
    "agents": Row(["codex"], setting("agents")),
    "budgets": Row({"**/*.md": 7}, of_report("budget", "limit")),
    "dialects": Row({"**/*.md": "markdown"}, setting("dialects")),
}  # fmt: skip


def test_every_setting_has_a_row() -> None:
    assert set(ROWS) == {field.alias for field in Settings.model_fields.values()}


def fill(folder: Path) -> None:
    (folder / "a.md").write_text("included @b.md\n")
    (folder / "b.md").write_text("nested\n")
    (folder.parent / "roots").mkdir()
    (folder.parent / "roots" / "r.md").write_text("root")


async def until_another(session: Editor, uri: str, effect: Effect, before: Any) -> Any:
    async with asyncio.timeout(HANGS_AFTER):
        while (now := await effect(session, uri)) == before:
            await asyncio.to_thread(int)  # lets workers have their turn
    return now


@pytest.mark.parametrize("name", sorted(ROWS))
async def test_changed_in_the_editor(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("WEIGHBRIDGE_LIVE", "value of the environment")
    fill(folder)
    row = ROWS[name]
    value = row.value.replace("PLACE", str(folder.parent)) if name == "cacheUrl" else row.value
    async with editor(VSCODE, folder, settings={"retry": {"attempts": 1}}) as session:
        uri = await session.open("a.prompt.md", TEXT)
        before = await row.effect(session, uri)
        session.settings = {"retry": {"attempts": 1}, name: value}
        session.tell(types.WORKSPACE_DID_CHANGE_CONFIGURATION, {"settings": None})
        await until_another(session, uri, row.effect, before)
        session.settings = {"retry": {"attempts": 1}}
        session.tell(types.WORKSPACE_DID_CHANGE_CONFIGURATION, {"settings": None})
        async with asyncio.timeout(HANGS_AFTER):
            while await row.effect(session, uri) != before:
                await asyncio.to_thread(int)  # lets workers have their turn


@pytest.mark.parametrize("name", sorted(set(ROWS) - NEVER_FROM_REPOSITORY - {"apis"}))
async def test_changed_in_a_settings_file(folder: Path, name: str) -> None:
    fill(folder)
    row = ROWS[name]
    async with editor(EGLOT, folder) as session:
        uri = await session.open("a.prompt.md", TEXT)
        before = await row.effect(session, uri)
        session.write("weighbridge.toml", f"{name} = {toml(row.value)}\n")
        session.changed("weighbridge.toml", type_=types.FileChangeType.Created)
        await until_another(session, uri, row.effect, before)
        (folder / "weighbridge.toml").unlink()
        session.changed("weighbridge.toml", type_=types.FileChangeType.Deleted)
        async with asyncio.timeout(HANGS_AFTER):
            while await row.effect(session, uri) != before:
                await asyncio.to_thread(int)  # lets workers have their turn


def toml(value: Any) -> str:
    """A value as TOML writes it in one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}" = {toml(one)}' for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


async def test_another_cache_keeps_what_is_counted_from_then_on(folder: Path) -> None:
    other = folder.parent / "other.sqlite3"
    async with editor(VSCODE, folder) as session:
        uri = await session.open("a.prompt.md", "some words\n")
        session.settings = {"cacheUrl": f"sqlite:///{other}"}
        session.tell(types.WORKSPACE_DID_CHANGE_CONFIGURATION, {"settings": None})
        services = session.server.wiring._services
        async with asyncio.timeout(HANGS_AFTER):
            while services.cache_url is None:
                await asyncio.to_thread(int)  # lets workers have their turn
        session.edit(uri, 2, "other words that were never counted before\n" * 2000)
        await session.count(uri)
    assert other.stat().st_size > 0


async def test_settings_pushed_whole(folder: Path) -> None:
    async with editor(HELIX, folder) as session:
        uri = await session.open("a.prompt.md", TEXT)
        session.tell(types.WORKSPACE_DID_CHANGE_CONFIGURATION, {"settings": {"weighbridge": {"budget": 9}}})
        await until_another(session, uri, of_report("budget", "limit"), 128_000)


async def test_folders_come_and_go_each_with_its_own_settings(folder: Path) -> None:
    second = folder.parent / "second"
    second.mkdir()
    (folder / "weighbridge.toml").write_text("budget = 1\n")
    (second / "weighbridge.toml").write_text("budget = 2\n")
    limit = of_report("budget", "limit")
    async with editor(EGLOT, folder) as session:
        first = await session.open("a.prompt.md", "words\n")
        item = {
            "uri": (second / "b.prompt.md").as_uri(),
            "languageId": "markdown",
            "version": 1,
            "text": "words\n",
        }
        session.tell(types.TEXT_DOCUMENT_DID_OPEN, {"textDocument": item})
        other = item["uri"]
        assert await limit(session, first) == 1
        outside = await limit(session, str(other))
        change = {"uri": second.as_uri(), "name": "second"}
        session.tell(
            types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, {"event": {"added": [change], "removed": []}}
        )
        assert await until_another(session, str(other), limit, outside) == 2
        assert await limit(session, first) == 1
        session.tell(
            types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, {"event": {"added": [], "removed": [change]}}
        )
        assert await until_another(session, str(other), limit, 2) == outside


async def test_the_editor_has_values_of_its_own_for_each_folder(folder: Path) -> None:
    second = folder.parent / "second"
    second.mkdir()
    (second / "weighbridge.toml").write_text("budget = 2\n")
    values = {None: {"budget": 10}, folder.as_uri(): {"budget": 11}, second.as_uri(): {"budget": 12}}
    limit = of_report("budget", "limit")
    async with editor(VSCODE, folder, others=[second]) as session:
        first = await session.open("a.prompt.md", "words\n")
        item = {"uri": (second / "b.prompt.md").as_uri(), "languageId": "markdown", "version": 1, "text": "x"}
        session.tell(types.TEXT_DOCUMENT_DID_OPEN, {"textDocument": item})
        await until_another(session, str(item["uri"]), limit, 128_000)
        session.answers[types.WORKSPACE_CONFIGURATION] = lambda params: [
            values[one.get("scopeUri")] for one in params["items"]
        ]
        session.tell(types.WORKSPACE_DID_CHANGE_CONFIGURATION, {"settings": None})
        assert await until_another(session, first, limit, 128_000) == 11
        assert await until_another(session, str(item["uri"]), limit, 2) == 12
        # An editor that knows nothing of folders answers once.
        session.answers[types.WORKSPACE_CONFIGURATION] = lambda params: [values[None]]
        session.tell(types.WORKSPACE_DID_CHANGE_CONFIGURATION, {"settings": None})
        assert await until_another(session, first, limit, 11) == 10
        assert await until_another(session, str(item["uri"]), limit, 12) == 10
