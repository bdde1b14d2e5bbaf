"""Imports in context files: who imports what is known, and they follow what is moved, each as its agent writes it."""

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.editors.editor import Editor, editor
from tests.editors.recording import EGLOT, VSCODE
from tests.lsp.features.test_navigation import places
from tests.lsp.features.test_rename import changed, write
from tests.patience import HANGS_AFTER
from tests.session.test_arriving import home

from weighbridge.analysis.wording import share_text
from weighbridge.lsp.backend import Backend

__all__ = ["home"]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """All is known before anything is answered, however slow the machine is."""
    monkeypatch.setattr(Backend.weighed, "__defaults__", (HANGS_AFTER,))
    monkeypatch.setattr(Backend.reports, "__defaults__", (HANGS_AFTER, None))


IMPORTING = {
    ".git/HEAD": "",
    "CLAUDE.md": "# Rules\n\nß😀 @docs/a.md and `@docs/deep/b.md`\n",
    "GEMINI.md": "see @docs/deep/b.md\n",
    "docs/a.md": "ß😀 @deep/b.md\n",
    "docs/deep/b.md": "leaf\n",
    "open.prompt.md": "@docs/deep/b.md\n",
}


async def asked(session: Editor, uri: str, line: int, character: int) -> set[tuple[str, int, int]]:
    await session.report(uri)
    params = session.at(uri, {"line": line, "character": character}) | {
        "context": {"includeDeclaration": False}
    }
    return places(session, await session.ask(types.TEXT_DOCUMENT_REFERENCES, params))


async def test_who_imports_a_file_directly_and_through_others(folder: Path, encoding: str) -> None:
    async with editor(EGLOT, folder, encodings=[encoding]) as session:
        write(session, IMPORTING)
        at = {"utf-8": 7, "utf-16": 4, "utf-32": 3}[encoding]
        expected = {("CLAUDE.md", 2, at), ("docs/a.md", 0, at), ("GEMINI.md", 0, 4), ("open.prompt.md", 0, 0)}
        leaf = await session.open("docs/deep/b.md")
        assert await asked(session, leaf, 0, 0) == expected
        gemini = await session.open("GEMINI.md")
        assert await asked(session, gemini, 0, 6) == expected
        claude = await session.open("CLAUDE.md")
        assert await asked(session, claude, 2, at + 1) == {("CLAUDE.md", 2, at)}


async def test_the_hierarchy_goes_through_imports(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        write(session, IMPORTING)
        uri = await session.open("CLAUDE.md")
        await session.report(uri)
        (item,) = await session.ask(
            types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY, session.at(uri, {"line": 2, "character": 6})
        )
        assert (item["name"], item["uri"]) == ("a.md", session.uri("docs/a.md"))
        below = await session.ask(types.CALL_HIERARCHY_OUTGOING_CALLS, {"item": item})
        assert [one["to"]["name"] for one in below] == ["b.md"]
        above = await session.ask(types.CALL_HIERARCHY_INCOMING_CALLS, {"item": below[0]["to"]})
        assert {one["from"]["name"] for one in above} == {"a.md", "GEMINI.md", "open.prompt.md"}


#: The workspace's files, what is moved where, and the texts that follow.
MOVES: dict[str, tuple[dict[str, str], dict[str, str], dict[str, str]]] = {
    "a file that is imported": (
        {"CLAUDE.md": "(@docs/a.md) @docs/a.md. @docs/a.md#part ß😀 @./docs/a.md\n"},
        {"docs/a.md": "docs/b c.md"},
        {"CLAUDE.md": "(@docs/a.md) @docs/a.md. @docs/b\\ c.md#part ß😀 @./docs/b\\ c.md\n"},
    ),
    "one with a space": (
        {"CLAUDE.md": "see @b\\ c.md now\n", "b c.md": ""}, {"b c.md": "docs/d.md"}, {"CLAUDE.md": "see @docs/d.md now\n"}
    ),
    "code and what is no import stay": ({"CLAUDE.md": "`@docs/a.md` x@docs/a.md @[file:docs/a.md]\n"}, {"docs": "papers"}, {}),
    "a context file": (
        {".claude/rules/r.md": "@../../docs/a.md\n"},
        {".claude/rules/r.md": ".claude/rules/deep/r.md"},
        {".claude/rules/r.md": "@../../../docs/a.md\n"},
    ),
    "what must begin with a letter": (
        {"GEMINI.md": "see @docs/a.md\n"}, {"docs/a.md": "1.md"}, {"GEMINI.md": "see @./1.md\n"}
    ),
    "what can't be written stays": ({"GEMINI.md": "see @docs/a.md\n"}, {"docs/a.md": "docs/b c.md"}, {}),
    "a full stop behind": (
        {".github/copilot-instructions.md": "(see @../docs/a.md).\n"},
        {"docs": "papers"},
        {".github/copilot-instructions.md": "(see @../papers/a.md).\n"},
    ),
    "a file that some of its agents import": ({"AGENTS.md": "@docs/a.md\n"}, {"docs": "papers"}, {"AGENTS.md": "@papers/a.md\n"}),
    "imports of what is imported": (
        {"CLAUDE.md": "@notes.md\n", "notes.md": "see @b\\ c.md\n", "b c.md": ""},
        {"b c.md": "c d.md"},
        {"notes.md": "see @c\\ d.md\n"},
    ),
    "what a command names, from the folder that it is run in": (
        {".claude/commands/c.md": 'see @docs/a.md, (@docs/a.md) `@docs/a.md` @"docs/a.md" @docs/a.md#L2-3\n'},
        {"docs/a.md": "docs/b c.md"},
        {".claude/commands/c.md": 'see @"docs/b c.md", (@docs/a.md) `@docs/a.md` @"docs/b c.md" @docs/a.md#L2-3\n'},
    ),
    "a command that is moved names the same": (
        {".claude/commands/c.md": "see @docs/a.md\n"}, {".claude/commands/c.md": ".claude/commands/ns/c.md"}, {}
    ),
    "what a skill names": (
        {".claude/skills/s/SKILL.md": "---\nname: s\ndescription: d\n---\nsee @docs/a.md\n"},
        {"docs": "papers"},
        {".claude/skills/s/SKILL.md": "---\nname: s\ndescription: d\n---\nsee @papers/a.md\n"},
    ),
    "what a command of Gemini CLI's pastes": (
        {".gemini/commands/c.toml": 'description = "@{docs/x.md}"\nprompt = """\nsee @{docs/a.md} @docs/a.md\n"""\n'},
        {"docs/a.md": "docs/b c.md"},
        {".gemini/commands/c.toml": 'description = "@{docs/x.md}"\nprompt = """\nsee @{docs/b c.md} @docs/a.md\n"""\n'},
    ),
    "what a command of Qwen Code's pastes": (
        {".qwen/commands/c.md": "see @{docs/a.md}\n"}, {"docs": "papers"}, {".qwen/commands/c.md": "see @{papers/a.md}\n"}
    ),
    "an agent whose rules are not known": ({".cursorrules": "@docs/a.md\n"}, {"docs": "papers"}, {}),
}  # fmt: skip


@pytest.mark.parametrize("opened", [True, False], ids=["open", "closed"])
@pytest.mark.parametrize("case", MOVES)
async def test_imports_follow_what_is_moved(folder: Path, case: str, *, opened: bool) -> None:
    files, moves, expected = MOVES[case]
    texts = {".git/HEAD": "", "docs/a.md": "A\n", **files}
    async with editor(VSCODE, folder) as session:
        write(session, texts)
        if opened:
            for name in files:
                await session.report(await session.open(name))
        moved = [{"oldUri": session.uri(old), "newUri": session.uri(new)} for old, new in moves.items()]
        edit: Any = await session.ask(types.WORKSPACE_WILL_RENAME_FILES, {"files": moved})
        assert await changed(session, edit or {}, texts) == expected


async def test_a_file_of_the_users_is_followed_by_its_home(folder: Path, home: Path) -> None:
    mine = home / ".claude" / "mine.md"
    mine.parent.mkdir()
    mine.write_text("mine")
    texts = {"CLAUDE.md": "@~/.claude/mine.md\n"}
    async with editor(VSCODE, folder, settings={"fileRoots": [str(mine.parent)]}) as session:
        write(session, texts)
        moved = [{"oldUri": mine.as_uri(), "newUri": mine.with_name("ours.md").as_uri()}]
        edit = await session.ask(types.WORKSPACE_WILL_RENAME_FILES, {"files": moved})
        assert await changed(session, edit or {}, texts) == {"CLAUDE.md": "@~/.claude/ours.md\n"}


#: A command or skill, its text, and where in its line 1 it names `docs/a.md`: by these all else is found.
NAMING = [
    (".claude/commands/c.md", "x @docs/a.md, y\n", 2, 12),
    (".claude/skills/s/SKILL.md", "@docs/a.md\n\nmore\n", 0, 10),
    (".gemini/commands/c.toml", "prompt = 'x @{docs/a.md} y'\n", 12, 24),
    (".qwen/commands/c.toml", "prompt = 'x @{docs/a.md} y'\n", 12, 24),
]


@pytest.mark.parametrize(("name", "text", "start", "end"), NAMING)
async def test_a_command_leads_to_the_files_that_come_when_it_is_run(
    folder: Path, name: str, text: str, start: int, end: int
) -> None:
    async with editor(VSCODE, folder) as session:
        write(session, {".git/HEAD": "", "docs/a.md": "A\n", name: text})
        uri, leaf = await session.open(name), session.uri("docs/a.md")
        await session.report(uri)
        asked_for = {"textDocument": {"uri": uri}}
        (link,) = await session.ask(types.TEXT_DOCUMENT_DOCUMENT_LINK, asked_for)
        place = link["range"]["start"]["character"], link["range"]["end"]["character"]
        assert (link["target"], place) == (leaf, (start, end))
        at = session.at(uri, {"line": 0, "character": start + 3})
        found = await session.ask(types.TEXT_DOCUMENT_DEFINITION, at)
        assert (found if isinstance(found, dict) else found[0]).get("targetUri", leaf) == leaf
        await session.open("docs/a.md")
        assert await asked(session, leaf, 0, 0) == {(name, 0, start)}


async def hovered(session: Editor, uri: str, line: int, character: int) -> str | None:
    found = await session.ask(
        types.TEXT_DOCUMENT_HOVER, session.at(uri, {"line": line, "character": character})
    )
    return None if found is None else str(found["contents"]["value"])


async def test_an_import_says_what_it_brings(folder: Path, tmp_path: Path, encoding: str) -> None:
    (tmp_path / "secret.md").write_text("secret\n")
    async with editor(EGLOT, folder, encodings=[encoding]) as session:
        write(session, IMPORTING)
        uri = await session.open("CLAUDE.md")
        await session.report(uri)
        sessions = session.server.wiring.session
        report = sessions.report(sessions.documents[uri])
        (imported,) = report.imports
        share = share_text(imported.tokens / report.budget.limit)
        said = (
            f"docs/a.md\n≈{imported.tokens} tokens with what it imports itself, {share} of the budget\n"
            "Claude Code imports docs/a.md"
        )
        at = {"utf-8": 7, "utf-16": 4, "utf-32": 3}[encoding]
        for character in (at, at + 9):
            assert await hovered(session, uri, 2, character) == f"{said}\n18 bytes\n\nß😀 @deep/b.md"
        for character in (at - 1, at + 10):
            assert await hovered(session, uri, 2, character) is None
        # What is open is shown as it is in the editor; what leads outside by now is not read.
        await session.open("docs/a.md", "typed")
        (folder / "docs" / "a.md").write_text("saved")
        assert str(await hovered(session, uri, 2, at)).endswith("\n5 bytes\n\ntyped")
        session.tell(types.TEXT_DOCUMENT_DID_CLOSE, {"textDocument": {"uri": session.uri("docs/a.md")}})
        (folder / "docs" / "a.md").unlink()
        (folder / "docs" / "a.md").symlink_to(tmp_path / "secret.md")
        assert "secret" not in str(await hovered(session, uri, 2, at))
