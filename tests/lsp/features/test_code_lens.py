"""Lenses: off by default; on, they say what hints say, and are asked for again when that changes."""

from pathlib import Path

from lsprotocol import types
from tests.editors.editor import editor
from tests.editors.recording import VSCODE, Recording

TEXT = "before\n# Öne\n\nwords\n## Two\n"


async def test_lenses_where_they_are_wanted(folder: Path, recording: Recording, encoding: str) -> None:
    async with editor(recording, folder, encodings=[encoding], settings={"codeLens": True}) as session:
        uri = await session.open("a.prompt.md", TEXT)
        report = await session.report(uri)
        found = await session.ask(types.TEXT_DOCUMENT_CODE_LENS, {"textDocument": {"uri": uri}})
        assert [(lens["range"]["start"]["line"], lens["command"]["title"]) for lens in found] == [
            (0, f"{report['tokens']} / 128,000 tokens (<0.1%)"),
            *((one["range"]["start"]["line"], f"{one['tokens']} tokens") for one in report["sections"]),
        ]
        assert found[1]["range"] == session.range(TEXT, "# Öne")


async def test_imports_of_a_context_file(folder: Path) -> None:
    names = [f"docs/{name}.md" for name in "abcd"]
    async with editor(VSCODE, folder, settings={"codeLens": True}) as session:
        for name in names:
            session.write(name, "words\n")
        uri = await session.open("CLAUDE.md", "\n".join(f"@{name}" for name in names))
        report = await session.report(uri)
        assert (report["agent"], report["folder"]) == ("claude-code", folder.as_uri())
        held = session.server.wiring.session
        tokens = [one.tokens for one in held.report(held.documents[uri]).imports]
        found = await session.ask(types.TEXT_DOCUMENT_CODE_LENS, {"textDocument": {"uri": uri}})
        named = ", ".join(f"{name} ≈{count}" for name, count in zip(names[:3], tokens, strict=False))
        assert [lens["command"]["title"] for lens in found][1:] == [f"imports {named} and 1 more"]


async def test_none_by_default(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        uri = await session.open("a.prompt.md", TEXT)
        assert await session.ask(types.TEXT_DOCUMENT_CODE_LENS, {"textDocument": {"uri": uri}}) == []


async def test_they_are_asked_for_again_when_a_count_changes(folder: Path) -> None:
    async with editor(VSCODE, folder, settings={"codeLens": True, "debounce": 0}) as session:
        uri = await session.open("a.prompt.md", TEXT)
        refresh = types.WORKSPACE_CODE_LENS_REFRESH
        await session.until(lambda: [method for method, _ in session.asked if method == refresh])
        before = len(session.asked)
        session.edit(uri, 2, TEXT + "more words\n")
        await session.until(lambda: [method for method, _ in session.asked[before:] if method == refresh])
