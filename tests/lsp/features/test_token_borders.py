"""Tokens made visible: off by default, one colour and the other in turn, and a hover that names each."""

from pathlib import Path
from typing import Any

from lsprotocol import types
from tests.editors.editor import Editor, editor
from tests.editors.recording import VSCODE, Recording
from tests.tokens.reference import encoding as reference

TEXT = "ß😀 words and\r\nmore 𐐀 tokenization\n\n  indented\nlast"


def coloured(session: Editor, text: str, data: list[int]) -> list[tuple[str, int]]:
    """The texts that are coloured, each with its kind."""
    units = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
    name, width = units[session.encoding]
    lines = text.replace("\r\n", "\n").split("\n")
    found, line, start = [], 0, 0
    for step, begin, length, kind, _ in zip(*(iter(data),) * 5, strict=True):
        line, start = line + step, begin if step else start + begin
        encoded = lines[line].encode(name)
        found.append((encoded[start * width : (start + length) * width].decode(name), kind))
    return found


async def tokens(session: Editor, uri: str, **more: Any) -> list[int]:
    method = types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE if more else types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL
    found: list[int] = (await session.ask(method, {"textDocument": {"uri": uri}, **more}))["data"]
    return found


async def toggle(session: Editor) -> bool:
    shown: bool = await session.ask(
        types.WORKSPACE_EXECUTE_COMMAND, {"command": "weighbridge.toggleTokens", "arguments": []}
    )
    return shown


async def test_tokens_are_coloured_in_turn_once_that_is_wanted(
    folder: Path, recording: Recording, encoding: str
) -> None:
    async with editor(recording, folder, encodings=[encoding]) as session:
        uri = await session.open("a.prompt.md", TEXT)
        assert await tokens(session, uri) == []
        assert await toggle(session)
        refreshed = [method for method, _ in session.asked if "semanticTokens" in method]
        assert len(refreshed) == bool(recording.declares("workspace.semanticTokens.refreshSupport"))
        found = coloured(session, TEXT, await tokens(session, uri))
        # 𐐀 is several tokens, and one colour; line ends have none.
        assert [text for text, _ in found][:4] == ["ß", "😀", " words", " and"]
        assert "".join(text for text, _ in found) == TEXT.replace("\r\n", "").replace("\n", "")
        assert {kind for _, kind in found} == {0, 1}
        lines = {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 3}}
        second = coloured(session, TEXT, await tokens(session, uri, range=lines))
        assert "".join(text for text, _ in second) == "more 𐐀 tokenization"
        assert not await toggle(session)
        assert await tokens(session, uri) == []


async def test_a_hover_names_the_token(folder: Path, encoding: str) -> None:
    async with editor(VSCODE, folder, encodings=[encoding]) as session:
        uri = await session.open("a.prompt.md", TEXT)
        place = session.at(uri, session.place(TEXT, "words", 2))
        before = (await session.ask(types.TEXT_DOCUMENT_HOVER, place))["contents"]["value"]
        assert await toggle(session)
        hover = await session.ask(types.TEXT_DOCUMENT_HOVER, place)
        (number,) = reference("cl100k_base").encode_ordinary(" words")
        assert hover["contents"]["value"] == f"**token {number}**  \n20 77 6f 72 64 73 “ words”"
        assert hover["range"] == session.range(TEXT, " words")
        assert before.startswith("**")
        await toggle(session)
        assert (await session.ask(types.TEXT_DOCUMENT_HOVER, place))["contents"]["value"] == before
