"""Diagnostics as each editor gets them: pushed or pulled, never both, with what it can show and no more."""

from pathlib import Path
from typing import Any

from lsprotocol import types
from tests.editors.editor import Editor, editor
from tests.editors.recording import Recording

TEXT = "# 😀 title\n\nß😀 @[file:absent.md] {{nobody}}\n"


async def told(session: Editor, uri: str) -> list[Any]:
    """What the editor shows, however it comes by it."""
    published = "textDocument/publishDiagnostics"
    if session.recording.pulls:
        report = await session.ask(types.TEXT_DOCUMENT_DIAGNOSTIC, {"textDocument": {"uri": uri}})
        assert not [params for method, params in session.sent if method == published]
        items: list[Any] = report["items"]
        return items
    sent = await session.until(
        lambda: [
            params["diagnostics"]
            for method, params in session.sent
            if method == published and params["uri"] == uri and params["diagnostics"]
        ]
    )
    last: list[Any] = sent[-1]
    return last


async def test_broken_references_are_told_where_they_stand(
    folder: Path, recording: Recording, encoding: str
) -> None:
    async with editor(recording, folder, encodings=[encoding]) as session:
        uri = await session.open("a.prompt.md", TEXT)
        found = await told(session, uri)
        assert session.encoding == encoding
        assert [(one["code"], one["severity"], one["range"]) for one in found] == [
            ("reference.not-found", 1, session.range(TEXT, "@[file:absent.md]")),
            ("variable.undefined", 4, session.range(TEXT, "{{nobody}}")),
        ]
