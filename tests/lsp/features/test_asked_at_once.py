"""What is asked as soon as a document is opened is answered as it will be: no answer can be taken back."""

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.editors.editor import Editor, editor
from tests.editors.recording import EGLOT, VSCODE

from weighbridge.lsp import backend

TEXT = "---\nvariables:\n  v: 1\n---\n# T 😀\n@[file:docs/a.md#B] {{v}} @[file:docs/nope.md] @docs/\n"
ON_FILE = {"position": {"line": 5, "character": 3}}
ON_VARIABLE = {"position": {"line": 5, "character": 23}}
BROKEN = {"line": 5, "character": 35}
EVERYWHERE = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}

ASKED: list[tuple[str, dict[str, Any]]] = [
    (types.TEXT_DOCUMENT_DEFINITION, ON_FILE),
    (types.TEXT_DOCUMENT_DEFINITION, ON_VARIABLE),
    (types.TEXT_DOCUMENT_HOVER, {"position": {"line": 0, "character": 0}}),
    (types.TEXT_DOCUMENT_HOVER, {"position": {"line": 4, "character": 0}}),
    (types.TEXT_DOCUMENT_HOVER, ON_FILE),
    ("weighbridge/report", {}),
    (types.TEXT_DOCUMENT_DOCUMENT_LINK, {}),
    (types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, {}),
    (types.TEXT_DOCUMENT_REFERENCES, ON_FILE | {"context": {"includeDeclaration": False}}),
    (types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY, ON_FILE),
    (
        types.TEXT_DOCUMENT_CODE_ACTION,
        {"range": {"start": BROKEN, "end": BROKEN}, "context": {"diagnostics": []}},
    ),
    (types.TEXT_DOCUMENT_DIAGNOSTIC, {}),
    (types.TEXT_DOCUMENT_PREPARE_RENAME, ON_VARIABLE),
    (types.TEXT_DOCUMENT_RENAME, ON_VARIABLE | {"newName": "w"}),
    (types.TEXT_DOCUMENT_COMPLETION, {"position": {"line": 5, "character": 53}}),
]
#: Of clients that can't be told that there is more to see.
ASKED_ONCE = [
    (types.TEXT_DOCUMENT_INLAY_HINT, {"range": EVERYWHERE}),
    (types.TEXT_DOCUMENT_CODE_LENS, {}),
]


async def check(session: Editor, method: str, params: dict[str, Any]) -> None:
    session.write("docs/a.md", "# A\n\n## B\n\nx\n@[file:b.md]")
    session.write("docs/b.md", "deep {{v}}")
    session.write("closed.prompt.md", "@[file:docs/a.md]")
    uri = session.uri("a.prompt.md")
    document = {"textDocument": {"uri": uri}}
    item = {"uri": uri, "languageId": "markdown", "version": 1, "text": TEXT}
    session.tell(types.TEXT_DOCUMENT_DID_OPEN, {"textDocument": item})
    found = await session.ask(method, document | params)
    await session.count(uri)
    assert found
    assert found == await session.ask(method, document | params)


@pytest.mark.parametrize(("method", "params"), ASKED)
async def test_it_is_known_what_references_stand_for(
    folder: Path, method: str, params: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "SECONDS_TO_LOOK_UP", 60.0)
    async with editor(VSCODE, folder) as session:
        await check(session, method, params)


@pytest.mark.parametrize(("method", "params"), ASKED_ONCE)
async def test_it_is_counted_where_nobody_asks_again(
    folder: Path, method: str, params: dict[str, Any]
) -> None:
    async with editor(EGLOT, folder, options={"codeLens": True}) as session:
        await check(session, method, params)
