"""Completion behind `@` in a context file: what its agent would import, written as it writes it, with what each costs."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.editors.editor import Editor, editor
from tests.editors.recording import NEOVIM, VSCODE, Recording
from tests.lsp.features.test_completion import chosen
from tests.session.test_arriving import home

from weighbridge.agents import registry
from weighbridge.agents.claude_code import CLAUDE_CODE
from weighbridge.agents.encodings import CLAUDE_ENCODING
from weighbridge.tokens.registry import tokenizer

__all__ = ["home"]

FILES = {
    "docs/a.md": "one two\n",
    "docs/b c.md": "spaced\n",
    "docs/picture.png": "",
    "docs/übung.md": "ü\n",
    "docs/deep/leaf.md": "leaf\n",
    "Makefile": "all:\n",
    "日本.md": "J\n",
    ".git/HEAD": "",
}
FOLDERS = {"Makefile", "docs/"}
ELSEWHERE = {"docs/a.md", "docs/deep/leaf.md", "docs/übung.md"}


async def offered(session: Editor, name: str, text: str) -> tuple[str, dict[str, Any]]:
    """What is offered at `^` in a context file, by label; and the text without that."""
    plain = text.replace("^", "", 1)
    uri = await session.open(name, plain)
    before = text.partition("^")[0]
    line = before.rpartition("\n")[2].encode("utf-16-le")
    place = session.at(uri, {"line": before.count("\n"), "character": len(line) // 2})
    found = await session.ask(types.TEXT_DOCUMENT_COMPLETION, place)
    session.tell(types.TEXT_DOCUMENT_DID_CLOSE, {"textDocument": {"uri": uri}})
    return plain, {item["label"]: item for item in (found or {"items": []})["items"]}


#: A context file, its text with the place to ask at, the labels of what is offered, and what one of them makes of the text.
OFFERED: list[tuple[str, str, set[str], tuple[str, str] | None]] = [
    ("CLAUDE.md", "ß😀 @^", {"日本.md"} | FOLDERS | ELSEWHERE | {"docs/b c.md"}, ("日本.md", "ß😀 @./日本.md")),
    ("CLAUDE.md", "see @docs/^ x", {"deep/", "a.md", "b c.md", "übung.md"}, ("b c.md", "see @docs/b\\ c.md x")),
    ("CLAUDE.md", "see @docs/b\\ ^c.md x", {"b c.md"}, ("b c.md", "see @docs/b\\ c.md x")),
    ("CLAUDE.md", "@do^cs/deep/leaf.md, x", {"docs/", "docs/a.md", "docs/b c.md", "docs/deep/leaf.md", "docs/übung.md"},
     ("docs/a.md", "@docs/a.md, x")),
    (".claude/rules/r.md", "@../../docs/dee^", {"deep/"}, ("deep/", "@../../docs/deep/")),
    # The user's own: nothing but the agent's folders is looked at.
    ("CLAUDE.md", "@~/^", {".claude/"}, (".claude/", "@~/.claude/")),
    ("CLAUDE.md", "@~/.claude/^", set(), None),
    ("CLAUDE.md", "@~/Documents/^", set(), None),
    ("CLAUDE.md", "@/etc/^", set(), None),
    # Where it would be none.
    ("CLAUDE.md", "`@docs/^`", set(), None),
    ("CLAUDE.md", "```\n@docs/^\n```", set(), None),
    ("CLAUDE.md", "me@docs/^", set(), None),
    # Nothing of our own is offered.
    ("CLAUDE.md", "@[^", set(), None),
    ("CLAUDE.md", "@[file:docs/^", set(), None),
    ("CLAUDE.md", "{{^", set(), None),
    ("GEMINI.md", "@docs/^", {"deep/", "a.md", "picture.png", "übung.md"}, ("übung.md", "@docs/übung.md")),
    ("GEMINI.md", "~~~\n@docs/dee^\n~~~", {"deep/"}, ("deep/", "~~~\n@docs/deep/\n~~~")),
    ("QWEN.md", "@docs/dee^", {"deep/"}, None),
    (".github/copilot-instructions.md", "(see @../Mak^).", {"Makefile"}, ("Makefile", "(see @../Makefile).")),
    (".goosehints", "@docs/^", {"deep/", "a.md", "picture.png"}, None),
    # Files that come when a command or skill is run: from the folder that the agent is started in.
    (".claude/commands/c.md", "see @docs/^, x", {"deep/", "a.md", "picture.png", "übung.md"}, ("a.md", "see @docs/a.md, x")),
    (".claude/commands/ns/c.md", "```\n@docs/dee^\n```", {"deep/"}, ("deep/", "```\n@docs/deep/\n```")),
    (".claude/skills/s/SKILL.md", "---\nname: s\ndescription: d\n---\n@Mak^", {"Makefile"}, ("Makefile", "---\nname: s\ndescription: d\n---\n@Makefile")),
    (".claude/commands/c.md", "`@docs/^`", set(), None),
    (".claude/commands/c.md", "(@docs/^)", set(), None),
    (".gemini/commands/c.toml", 'prompt = """see @{docs/^} x"""', {"deep/", "a.md", "b c.md", "picture.png", "übung.md"},
     ("b c.md", 'prompt = """see @{docs/b c.md} x"""')),
    (".gemini/commands/c.toml", 'prompt = """see @{docs/a^"""', {"a.md"}, ("a.md", 'prompt = """see @{docs/a.md}"""')),
    (".gemini/commands/c.toml", 'prompt = """see @docs/^"""', set(), None),
    (".qwen/commands/c.md", "@{Mak^}", {"Makefile"}, ("Makefile", "@{Makefile}")),
    # Codex imports nothing.
    ("AGENTS.md", "@docs/^", set(), None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "labels", "first"), OFFERED)
async def test_what_the_agent_would_import_is_offered(
    folder: Path, name: str, text: str, labels: set[str], first: tuple[str, str] | None
) -> None:
    async with editor(VSCODE, folder) as session:
        for path, content in FILES.items():
            session.write(path, content)
        plain, items = await offered(session, name, text)
        assert set(items) == labels
        if first is not None:
            assert chosen(session, plain, items[first[0]]) == first[1]


async def test_files_of_the_user_are_imported_too(folder: Path, home: Path) -> None:
    (home / ".claude").mkdir()
    (home / ".claude" / "mine.md").write_text("mine")
    async with editor(VSCODE, folder) as session:
        plain, items = await offered(session, "CLAUDE.md", "@~/.claude/m^")
        # Outside of the folder that the agent is started in.
        assert set(items) == set()
        (home / ".claude.json").write_text(
            f'{{"projects": {{"{folder}": {{"hasClaudeMdExternalIncludesApproved": true}}}}}}'
        )
        plain, items = await offered(session, "CLAUDE.md", "@~/.claude/m^")
        assert chosen(session, plain, items["mine.md"]) == "@~/.claude/mine.md"


@pytest.mark.parametrize("recording", [VSCODE, NEOVIM], ids=lambda one: one.name)
async def test_each_costs_what_would_arrive(folder: Path, recording: Recording) -> None:
    label = f"\n\nContents of {folder}/{{}} (project instructions, checked into the codebase):\n\n"
    count = tokenizer(CLAUDE_ENCODING).count
    async with editor(recording, folder) as session:
        session.write("a.md", "see @b.md\n")
        session.write("b.md", "words\n")
        uri = await session.open("CLAUDE.md", "@\n")
        place = session.at(uri, {"line": 0, "character": 1})
        items = (await session.ask(types.TEXT_DOCUMENT_COMPLETION, place))["items"]
        resolved = [await session.ask(types.COMPLETION_ITEM_RESOLVE, item) for item in items]
        costs = {"a.md": count(f"{label}see @b.md{label}words".format("a.md", "b.md"))}
        costs["b.md"] = count(f"{label}words".format("b.md"))
        assert {one["label"]: one["detail"] for one in resolved} == {
            name: f"≈{cost} tokens" for name, cost in costs.items()
        }


async def test_of_very_many_files_each_is_tried(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        session.write(".git/HEAD", "")
        for number in range(150):
            session.write(f"many/{number:03}.md", "x" * 4000)
        _, items = await offered(session, ".github/copilot-instructions.md", "@../many/^")
        assert len(items) == 150


async def test_nothing_is_parsed_that_says_nothing_of_the_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[int] = []
    imports = CLAUDE_CODE.imports
    assert imports is not None

    def find(text: str) -> Iterable[tuple[int, int, str]]:
        parsed.append(len(text))
        return imports.find(text)

    watched = replace(CLAUDE_CODE, imports=replace(imports, find=find))
    monkeypatch.setattr(registry, "AGENTS", {**registry.AGENTS, "claude-code": watched})
    async with editor(VSCODE, folder) as session:
        session.write("docs/a.md", "A\n")
        _, items = await offered(session, "CLAUDE.md", "# Title\n\nsome text\n\n" * 5_000 + "see @docs/^")
        assert set(items) == {"a.md"}
    assert max(parsed) < 1_000
