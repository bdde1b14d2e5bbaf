"""Diagnostics of prompts that nobody opened, for who wants them: held until there are any, sent in parts, gone with their cause."""

import asyncio
import itertools
import threading
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.editors.editor import Editor, ResponseError, editor
from tests.editors.recording import NEOVIM, VSCODE, Recording
from tests.patience import HANGS_AFTER

from weighbridge.references.index import ScanIndex
from weighbridge.session import closed, prepare, prompt_files

ABSENT = "@[file:absent.md]"
#: Context files here refer as prompts do.
NATIVE: dict[str, Any] = {"dialects": {"**": "markdown"}}
EVERYWHERE = {"workspaceDiagnostics": True, **NATIVE}


def request(previous: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    had = [{"uri": uri, "value": value} for uri, value in (previous or {}).items()]
    return {"previousResultIds": had, **more}


async def pull(session: Editor, previous: dict[str, str] | None = None, **more: Any) -> list[Any]:
    found: list[Any] = (await session.ask(types.WORKSPACE_DIAGNOSTIC, request(previous, **more)))["items"]
    return found


def codes(items: list[Any]) -> dict[str, list[str]]:
    return {item["uri"].rpartition("/")[2]: [one["code"] for one in item["items"]] for item in items}


def names(items: list[Any]) -> dict[str, str]:
    return {item["uri"]: item["resultId"] for item in items if item.get("resultId") is not None}


def set_everywhere(session: Editor, *, value: bool) -> None:
    session.settings["workspaceDiagnostics"] = value
    session.tell(types.WORKSPACE_DID_CHANGE_CONFIGURATION, {"settings": None})


def partial(session: Editor) -> list[Any]:
    """What came under the token `part`."""
    return [
        item
        for method, params in session.sent
        if method == types.PROGRESS and params["token"] == "part"
        for item in params["value"]["items"]
    ]


async def test_context_files_that_are_no_utf8_are_as_their_agents_read_them(folder: Path) -> None:
    (folder / "CLAUDE.md").write_bytes("# Règles\n".encode("latin-1"))
    (folder / "AGENTS.md").write_bytes(b"a\0b\n")
    (folder / "prompts").mkdir()
    (folder / "prompts" / "a.md").write_bytes(b"\xe9")
    async with editor(VSCODE, folder, settings={"workspaceDiagnostics": True}) as session:
        items = await pull(session)
        found = {
            item["uri"].rpartition("/")[2]: [
                (one["code"], one["severity"]) for one in item["items"] if one["severity"] < 4
            ]
            for item in items
        }
        assert found == {
            "CLAUDE.md": [("reference.not-text", 2)],
            "AGENTS.md": [("reference.not-text", 2)],
            "a.md": [("reference.not-text", 1)],
        }


async def test_every_prompt_is_looked_at_and_ignored_ones_are_not(folder: Path, encoding: str) -> None:
    async with editor(VSCODE, folder, settings=EVERYWHERE, encodings=[encoding]) as session:
        text = f"ß😀 {ABSENT}\n"
        session.write("prompts/a.md", text)
        session.write("prompts/fine.md", "words")
        session.write("notes.md", ABSENT)
        session.write("build/b.prompt.md", ABSENT)
        session.write(".gitignore", "build/\n")
        items = await pull(session)
        assert codes(items) == {"a.md": ["reference.not-found"]}
        assert [items[0]["items"][0]["range"], items[0]["version"]] == [session.range(text, ABSENT), None]


async def test_thresholds_are_looked_at_as_well(folder: Path) -> None:
    async with editor(VSCODE, folder, settings={**EVERYWHERE, "budget": 2}) as session:
        session.write("CLAUDE.md", "one two three four\nmore\n")
        (item,) = await pull(session)
        (found,) = item["items"]
        assert (found["code"], found["range"]["end"]) == ("budget", {"line": 0, "character": 18})


async def test_what_can_not_be_counted_is_told_and_the_rest_is_counted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scanned(*arguments: Any, **more: Any) -> Any:
        if "FAULT" in arguments[0].text():
            raise RecursionError
        return ScanIndex(*arguments, **more)

    monkeypatch.setattr(prepare, "ScanIndex", scanned)
    async with editor(VSCODE, folder, settings={**EVERYWHERE, "maxFileBytes": 1000}) as session:
        session.write("prompts/aliases.md", "---\ntitle: !!timestamp x\n---\nwords\n")
        session.write("prompts/fault.md", "---\ntitle: x\n---\nFAULT {{x}}")
        session.write("prompts/large.md", "x" * 1001)
        (folder / "prompts" / "binary.md").write_bytes(b"\0\1")
        session.write("prompts/nested.md", "{{nobody}}")
        session.write("prompts/refers.md", "{{nobody}} @[file:nested.md]")
        items = await pull(session)
        assert codes(items) == {
            "aliases.md": ["settings.invalid"],
            "binary.md": ["reference.not-text"],
            "fault.md": ["reference.failed"],
            "large.md": ["reference.too-large"],
            "nested.md": ["variable.undefined"],
            "refers.md": ["variable.undefined", "variable.undefined"],
        }
        severities = {one["code"]: one["severity"] for item in items for one in item["items"]}
        assert severities == {
            "settings.invalid": 2,
            "variable.undefined": 4,
            "reference.not-text": 1,
            "reference.failed": 1,
            "reference.too-large": 1,
        }
        (said,) = (one["message"] for item in items for one in item["items"] if "fault.md" in item["uri"])
        assert said == "could not be read: a fault of Weighbridge's own (RecursionError), see the log"
        # Open, it is no use to wait for either.
        with pytest.raises(ResponseError, match="could not be read"):
            await session.open("prompts/fault.md", "FAULT {{x}}")
        uri = session.uri("prompts/fault.md")
        report = await session.ask("weighbridge/report", {"textDocument": {"uri": uri}})
        assert (report["state"], report["exactness"]) == ("ready", "estimate")


async def test_a_request_is_held_until_something_changes(folder: Path) -> None:
    async with editor(VSCODE, folder, settings=EVERYWHERE) as session:
        session.write("CLAUDE.md", f"{ABSENT}\n")
        first = await pull(session)
        _, held = session.begin(types.WORKSPACE_DIAGNOSTIC, request(names(first)))
        session.write("AGENTS.md", "{{nobody}} words\n")
        session.changed("AGENTS.md", type_=types.FileChangeType.Created)
        async with asyncio.timeout(HANGS_AFTER):
            second = (await held)["result"]["items"]
        assert codes(second) == {"AGENTS.md": ["variable.undefined"]}
        _, held = session.begin(types.WORKSPACE_DIAGNOSTIC, request(names(first) | names(second)))
        session.write("absent.md", "here now")
        session.changed("absent.md", type_=types.FileChangeType.Created)
        async with asyncio.timeout(HANGS_AFTER):
            third = (await held)["result"]["items"]
        assert codes(third) == {"CLAUDE.md": []}


async def test_a_held_request_can_be_cancelled(folder: Path) -> None:
    async with editor(VSCODE, folder, settings=EVERYWHERE) as session:
        number, held = session.begin(types.WORKSPACE_DIAGNOSTIC, request())
        session.tell(types.CANCEL_REQUEST, {"id": number})
        async with asyncio.timeout(HANGS_AFTER):
            assert (await held)["error"]["code"] == -32800


async def test_what_is_found_is_sent_as_it_is_found(folder: Path) -> None:
    async with editor(VSCODE, folder, settings=EVERYWHERE) as session:
        for number in range(12):
            session.write(f"prompts/{number}.md", ABSENT)
        rest = await pull(session, partialResultToken="part")
        found = partial(session)
        assert sorted(codes(found)) == sorted(f"{number}.md" for number in range(12))
        assert rest == []
        assert len(names(found)) == 12


async def test_what_is_no_prompt_any_more_has_no_diagnostics_any_more(folder: Path) -> None:
    async with editor(VSCODE, folder, settings=EVERYWHERE) as session:
        uri = session.uri("gone.md")
        assert await pull(session, {uri: "old"}) == [
            {"kind": "full", "uri": uri, "version": None, "items": []},
        ]


async def test_open_documents_are_among_them_as_they_are_in_the_editor(folder: Path) -> None:
    async with editor(VSCODE, folder, settings={**EVERYWHERE, "debounce": 0}) as session:
        session.write("AGENTS.md", ABSENT)
        uri = await session.open("CLAUDE.md", "words")
        session.edit(uri, 2, f"{ABSENT} words")
        await session.count(uri)
        items = await pull(session)
        assert codes(items) == {"AGENTS.md": ["reference.not-found"], "CLAUDE.md": ["reference.not-found"]}
        versions = {item["uri"].rpartition("/")[2]: item["version"] for item in items}
        assert versions == {"AGENTS.md": None, "CLAUDE.md": 2}
        # Neither is told again; and what is typed is told to whoever waits.
        _, held = session.begin(types.WORKSPACE_DIAGNOSTIC, request(names(items)))
        session.edit(uri, 3, f"{ABSENT} {{{{nobody}}}}")
        async with asyncio.timeout(HANGS_AFTER):
            found = (await held)["result"]["items"]
        assert codes(found) == {"CLAUDE.md": ["reference.not-found", "variable.undefined"]}
        assert found[0]["version"] == 3


async def test_a_document_is_one_however_its_uri_is_written(folder: Path) -> None:
    async with editor(VSCODE, folder, settings=EVERYWHERE) as session:
        session.write("ß (1).prompt.md", ABSENT)
        # As Neovim writes it.
        uri = f"{folder.as_uri()}/%c3%9f%20(1).prompt.md"
        item = {"uri": uri, "languageId": "markdown", "version": 1, "text": "fine"}
        session.tell(types.TEXT_DOCUMENT_DID_OPEN, {"textDocument": item})
        await session.count(uri)
        session.write("AGENTS.md", ABSENT)
        assert codes(await pull(session)) == {"AGENTS.md": ["reference.not-found"]}


async def test_what_is_known_of_closed_documents(folder: Path) -> None:
    async with editor(VSCODE, folder, settings=EVERYWHERE) as session:
        uri = await session.open("CLAUDE.md", f"{ABSENT} {{{{nobody}}}}")
        session.tell(types.TEXT_DOCUMENT_DID_CLOSE, {"textDocument": {"uri": uri}})
        closed = await pull(session)
        assert codes(closed) == {"CLAUDE.md": ["reference.not-found", "variable.undefined"]}
        document = await session.ask(types.TEXT_DOCUMENT_DIAGNOSTIC, {"textDocument": {"uri": uri}})
        assert (document["resultId"], document["items"]) == (closed[0]["resultId"], closed[0]["items"])


async def test_nobody_is_told_of_files_that_nobody_opened_unless_asked(folder: Path) -> None:
    async with editor(VSCODE, folder, settings={"debounce": 0, **NATIVE}) as session:
        session.write("AGENTS.md", f"{ABSENT} {{{{nobody}}}}")
        uri = await session.open("CLAUDE.md", ABSENT)
        await session.count(uri)
        first = await pull(session)
        assert codes(first) == {"CLAUDE.md": ["reference.not-found"]}
        _, held = session.begin(types.WORKSPACE_DIAGNOSTIC, request(names(first)))
        found = await session.ask(types.WORKSPACE_EXECUTE_COMMAND, {"command": "weighbridge.checkWorkspace"})
        # Lists of problems leave hints out, such as that of `{{nobody}}`.
        assert found == {"documents": 2, "findings": 2}
        async with asyncio.timeout(HANGS_AFTER):
            second = (await held)["result"]["items"]
        assert codes(second) == {"AGENTS.md": ["reference.not-found", "variable.undefined"]}


async def test_the_setting_takes_effect_at_once_and_so_does_its_end(folder: Path) -> None:
    async with editor(VSCODE, folder, settings=dict(NATIVE)) as session:
        session.write("AGENTS.md", ABSENT)
        _, held = session.begin(types.WORKSPACE_DIAGNOSTIC, request(partialResultToken="part"))
        set_everywhere(session, value=True)
        async with asyncio.timeout(HANGS_AFTER):
            await held
        first = partial(session)
        assert codes(first) == {"AGENTS.md": ["reference.not-found"]}
        _, held = session.begin(types.WORKSPACE_DIAGNOSTIC, request(names(first)))
        set_everywhere(session, value=False)
        async with asyncio.timeout(HANGS_AFTER):
            assert codes((await held)["result"]["items"]) == {"AGENTS.md": []}


async def test_who_closes_a_file_is_told_of_it_no_longer(folder: Path) -> None:
    async with editor(VSCODE, folder, settings=dict(NATIVE)) as session:
        uri = await session.open("CLAUDE.md", ABSENT)
        session.write("CLAUDE.md", ABSENT)
        # Symbols have all prompts weighed, whoever wants their diagnostics.
        await session.ask(types.WORKSPACE_SYMBOL, {"query": "x"})
        session.tell(types.TEXT_DOCUMENT_DID_CLOSE, {"textDocument": {"uri": uri}})
        document = await session.ask(types.TEXT_DOCUMENT_DIAGNOSTIC, {"textDocument": {"uri": uri}})
        assert document["items"] == []


async def test_those_who_get_diagnostics_pushed_are_not_told_of_pulling_and_may(folder: Path) -> None:
    async with editor(NEOVIM, folder, settings=EVERYWHERE) as session:
        assert "diagnosticProvider" not in session.server_capabilities
        session.write("CLAUDE.md", ABSENT)
        assert codes(await pull(session)) == {"CLAUDE.md": ["reference.not-found"]}
        assert [method for method, _ in session.sent if "iagnostic" in method] == []


@pytest.mark.parametrize("everywhere", [False, True])
async def test_that_there_is_nothing_is_an_answer(folder: Path, *, everywhere: bool) -> None:
    async with editor(VSCODE, folder, settings={"workspaceDiagnostics": everywhere}) as session:
        session.write("CLAUDE.md", "words")
        assert await pull(session) == []


async def test_what_is_being_counted_is_waited_for(folder: Path) -> None:
    async with editor(VSCODE, folder, settings=dict(NATIVE)) as session:
        uri = session.write("CLAUDE.md", ABSENT)
        item = {"uri": uri, "languageId": "markdown", "version": 1, "text": ABSENT}
        session.tell(types.TEXT_DOCUMENT_DID_OPEN, {"textDocument": item})
        assert codes(await pull(session)) == {"CLAUDE.md": ["reference.not-found"]}


async def test_weighing_shows_its_progress_and_can_be_stopped(
    folder: Path, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups, stopped, really = itertools.count(), threading.Event(), closed.weigh

    def weigh(*arguments: Any) -> Any:
        """The first groups at once, the others not before the user stops it."""
        if next(groups) >= 4:
            stopped.wait(HANGS_AFTER)
        return really(*arguments)

    monkeypatch.setattr(prompt_files, "weigh", weigh)
    if not recording.declares("window.workDoneProgress"):
        recording = recording.with_("window.workDoneProgress", value=True)
    if not recording.pulls:
        recording = recording.with_("textDocument.diagnostic", {}).with_(
            "workspace.diagnostics", {"refreshSupport": True}
        )
    async with editor(recording, folder, settings=EVERYWHERE) as session:
        for number in range(300):
            session.write(f"prompts/{number}.md", f"{ABSENT}\n" * 20)
        _, held = session.begin(types.WORKSPACE_DIAGNOSTIC, request())

        def values() -> list[Any]:
            return [
                params["value"]
                for method, params in session.sent
                if method == types.PROGRESS and "workspace" in str(params["token"])
            ]

        await session.until(lambda: len(values()) > 1)
        begin, report = values()[:2]
        assert begin == {
            "kind": "begin",
            "title": "Weighbridge: weighing the workspace",
            "cancellable": True,
            "percentage": 0,
        }
        assert report["message"].endswith(" of 300 prompts")
        token = next(
            params["token"] for method, params in session.asked if method.endswith("Progress/create")
        )
        session.tell(types.WINDOW_WORK_DONE_PROGRESS_CANCEL, {"token": token})
        stopped.set()
        await session.until(lambda: values()[-1]["kind"] == "end")
        async with asyncio.timeout(HANGS_AFTER):
            found = (await held)["result"]["items"]
        assert 0 < len(found) < 300


async def test_what_is_only_faded_is_told_of_open_files(folder: Path) -> None:
    async with editor(VSCODE, folder, settings={"workspaceDiagnostics": True}) as session:
        session.write("CLAUDE.md", "<!-- removed -->\n\ntext\n")
        session.write("prompts/a.md", ABSENT)
        assert codes(await pull(session)) == {"a.md": ["reference.not-found"]}
        uri = await session.open("CLAUDE.md")
        await session.report(uri)
        asked = {"textDocument": {"uri": uri}}
        found = await session.ask(types.TEXT_DOCUMENT_DIAGNOSTIC, asked)
        assert [one["code"] for one in found["items"]] == ["context.removed"]
