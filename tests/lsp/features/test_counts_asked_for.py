"""Counts that somebody asks for: of a document that is no prompt, and of a text that no document holds."""

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.editors.editor import Editor, ResponseError, editor
from tests.editors.recording import VSCODE
from tests.tokens.reference import tokens

COUNT = "weighbridge/count"
TEXT = "# Größe 🎉\n\n{{name}} @a.md\n"
ALL = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}


async def show(session: Editor, uri: str) -> None:
    await session.ask(
        types.WORKSPACE_EXECUTE_COMMAND, {"command": "weighbridge.showCounts", "arguments": [uri]}
    )


async def hints(session: Editor, uri: str) -> list[Any]:
    found: list[Any] = await session.ask(
        types.TEXT_DOCUMENT_INLAY_HINT, {"textDocument": {"uri": uri}, "range": ALL}
    )
    return found


async def test_a_document_that_is_no_prompt_shows_itself_once_asked(folder: Path) -> None:
    async with editor(VSCODE, folder, settings={"debounce": 0}, options={"status": True}) as session:
        uri = await session.open("README.md", "# Notes\n\nwords\n")
        await session.count(uri)
        assert await hints(session, uri) == []
        assert session.sent_as("weighbridge/status") == []
        await show(session, uri)
        await session.until(
            lambda: [one for one in session.sent_as("weighbridge/status") if one["uri"] == uri]
        )
        assert await hints(session, uri) != []
        # Closed and opened again it is as before.
        session.tell(types.TEXT_DOCUMENT_DID_CLOSE, {"textDocument": {"uri": uri}})
        await session.open("README.md", "# Notes\n")
        await session.count(uri)
        assert await hints(session, uri) == []


async def test_a_count_waits_for_no_report(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To sum up all sections takes longer than a key does."""
    async with editor(VSCODE, folder, settings={"debounce": 60_000}) as session:
        uri = await session.open("a.prompt.md", "# One\n\nwords\n")
        await session.count(uri)

        def no_report(*_: Any) -> Any:
            raise AssertionError("a report was made")

        monkeypatch.setattr("weighbridge.session.reports.report_steps", no_report)
        for version in range(2, 5):
            session.edit(
                uri,
                version,
                "more ",
                {"start": {"line": 2, "character": 0}, "end": {"line": 2, "character": 0}},
            )
            text = f"# One\n\n{'more ' * (version - 1)}words\n"
            found = await session.ask(COUNT, {"textDocument": {"uri": uri}})
            assert found["tokens"] == len(tokens("cl100k_base", text))


async def test_what_is_not_open_cannot_be_shown(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        with pytest.raises(ResponseError, match="not an open document"):
            await show(session, session.uri("gone.md"))


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        # As the settings say; as the open document of that name says of itself; as no document at all.
        ("code.py", "o200k_base"),
        ("own.md", "p50k_base"),
        (None, "o200k_base"),
    ],
)
async def test_a_text_is_counted_as_it_is(folder: Path, name: str | None, encoding: str) -> None:
    async with editor(VSCODE, folder, settings={"model": "gpt-4o", "variables": {"name": "Ada"}}) as session:
        uri = await session.open("own.md", "<!-- weighbridge: encoding=p50k_base -->\nwords\n")
        await session.count(uri)
        named = {} if name is None else {"textDocument": {"uri": session.uri(name)}}
        number = len(tokens(encoding, TEXT))
        found = await session.ask(COUNT, {**named, "text": TEXT})
        assert found == {"tokens": number, "exactness": "exact", "text": f"{number} tokens"}
        # Several selections of one file: each by itself.
        assert await session.ask(COUNT, {**named, "text": [TEXT, TEXT]}) == {
            "tokens": 2 * number,
            "exactness": "exact",
            "text": f"{2 * number} tokens",
        }
