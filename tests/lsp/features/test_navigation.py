"""From a reference to what it stands for, and back to all who refer to it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from lsprotocol import types
from tests.editors.editor import Editor, editor
from tests.editors.recording import EGLOT, VSCODE, Recording

from weighbridge.content.defining import key_in
from weighbridge.content.values import read_json, read_toml, read_yaml
from weighbridge.tokens.registry import tokenizer

count = tokenizer("cl100k_base").count
TEXT = """---
variables:
  front: one
---
ß😀 @[file:docs/a.md#Zwei] {{front}} {{side}} {{settings}} {{env.HOME}} @[api:issues]
@[file:docs/a.md#L2-L3] @[file:../out.md] @[file:docs/absent.md] @[api:https://h.example/x]
"""


def fill(session: Editor) -> None:
    session.write("docs/a.md", "# Eins\n\n## Zwei\n\nmore\n\n# Drei\n")
    session.write("a.prompt.md.vars.yaml", "other: 1\nside: two\n")
    session.write(
        "weighbridge.toml",
        '[apis.issues]\nurl = "https://h.example/i"\nsample = "s"\n\n[variables]\nsettings = "three"\n',
    )


def span(line: int, start: int, end_line: int, end: int) -> dict[str, Any]:
    return {"start": {"line": line, "character": start}, "end": {"line": end_line, "character": end}}


async def test_definitions(folder: Path, recording: Recording, encoding: str) -> None:
    (folder.parent / "out.md").write_text("outside")
    async with editor(recording, folder, encodings=[encoding]) as session:
        fill(session)
        uri = await session.open("a.prompt.md", TEXT)
        expected = {
            "docs/a.md#Zwei": ("docs/a.md", span(2, 0, 5, 0)),
            "docs/a.md#L2": ("docs/a.md", span(1, 0, 2, 0)),
            "{{front}}": ("a.prompt.md", span(2, 2, 2, 7)),
            "{{side}}": ("a.prompt.md.vars.yaml", span(1, 0, 1, 4)),
            "{{settings}}": ("weighbridge.toml", span(5, 0, 5, 8)),
            "@[api:issues]": ("weighbridge.toml", span(0, 6, 0, 12)),
            "{{env": None,
            "../out.md": None,
            "absent": None,
        }
        found = {}
        for needle in expected:
            answer = await session.ask(
                types.TEXT_DOCUMENT_DEFINITION, session.at(uri, session.place(TEXT, needle, 1))
            )
            if answer is not None and recording.declares("textDocument.definition.linkSupport"):
                (answer,) = answer
                if needle == "{{front}}":
                    assert answer["originSelectionRange"] == session.range(TEXT, needle)
                answer = {"uri": answer["targetUri"], "range": answer["targetSelectionRange"]}
            found[needle] = None if answer is None else (answer["uri"], answer["range"])
        assert found == {
            needle: None if place is None else (session.uri(place[0]), place[1])
            for needle, place in expected.items()
        }
        nowhere = session.at(uri, {"line": 0, "character": 0})
        assert await session.ask(types.TEXT_DOCUMENT_DEFINITION, nowhere) is None


async def test_links_lead_to_files_that_may_be_read(folder: Path, recording: Recording) -> None:
    (folder.parent / "out.md").write_text("outside")
    async with editor(recording, folder) as session:
        fill(session)
        uri = await session.open("a.prompt.md", TEXT)
        found = await session.ask(types.TEXT_DOCUMENT_DOCUMENT_LINK, {"textDocument": {"uri": uri}})
        assert [(link["target"], link["range"]) for link in found] == [
            (session.uri("docs/a.md") + "#L3", session.range(TEXT, "@[file:docs/a.md#Zwei]")),
            (session.uri("docs/a.md") + "#L2", session.range(TEXT, "@[file:docs/a.md#L2-L3]")),
            ("https://h.example/x", session.range(TEXT, "@[api:https://h.example/x]")),
        ]
        tooltips = bool(recording.declares("textDocument.documentLink.tooltipSupport"))
        assert all(("tooltip" in link) is tooltips for link in found)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CLAUDE.md", "ß😀 see @docs/a.md and @docs/none.md\n"),
        ("GEMINI.md", "ß😀 see @docs/a.md and @docs/none.md\n"),
        (".github/copilot-instructions.md", "ß😀 see (@../docs/a.md) and @docs/none.md\n"),
    ],
)
async def test_imports_of_an_agent_lead_to_their_files(
    folder: Path, recording: Recording, name: str, text: str
) -> None:
    async with editor(recording, folder) as session:
        session.write(".git/HEAD", "")
        session.write("docs/a.md", "# A\n")
        uri = await session.open(name, text)
        written = "@../docs/a.md" if "../" in text else "@docs/a.md"
        (link,) = await session.ask(types.TEXT_DOCUMENT_DOCUMENT_LINK, {"textDocument": {"uri": uri}})
        assert (link["target"], link["range"]) == (session.uri("docs/a.md"), session.range(text, written))
        for needle, leads in ((written, True), ("@docs/none", False), ("see", False)):
            place = session.at(uri, session.place(text, needle, 1))
            answer = await session.ask(types.TEXT_DOCUMENT_DEFINITION, place)
            found = answer[0] if isinstance(answer, list) and answer else answer
            target = found and (found.get("targetUri") or found["uri"])
            assert target == (session.uri("docs/a.md") if leads else None)


LEAF = "# Part\n\nleaf\n"


async def graph(session: Editor) -> str:
    """Prompts, open and closed, that include each other: top → middle → leaf, and in a circle."""
    session.write("prompts/top.md", "@[file:../docs/middle.md]\n\n{{name:x}}\n")
    session.write("prompts/direct.md", "words\n@[file:../docs/leaf.md] @[file:../docs/leaf.md#Part]\n")
    session.write("docs/middle.md", "ß😀 @[file:leaf.md] {{name:y}}\n")
    session.write("docs/leaf.md", LEAF)
    return await session.open("open.prompt.md", "@[file:docs/leaf.md]\n")


def places(session: Editor, locations: list[Any]) -> set[tuple[str, int, int]]:
    root = session.folder.as_uri() + "/"
    return {
        (one["uri"].removeprefix(root), one["range"]["start"]["line"], one["range"]["start"]["character"])
        for one in locations
    }


async def test_references_to_a_file_direct_and_through_others(folder: Path, encoding: str) -> None:
    async with editor(EGLOT, folder, encodings=[encoding]) as session:
        uri = await graph(session)
        units = {"utf-8": 7, "utf-16": 4, "utf-32": 3}[encoding]
        asked = session.at(uri, {"line": 0, "character": 5}) | {"context": {"includeDeclaration": True}}
        expected = {
            ("open.prompt.md", 0, 0),
            ("prompts/direct.md", 1, 0),
            ("prompts/direct.md", 1, 24),
            ("prompts/top.md", 0, 0),
            ("docs/middle.md", 0, units),
        }
        assert places(session, await session.ask(types.TEXT_DOCUMENT_REFERENCES, asked)) == expected
        leaf = await session.open("docs/leaf.md")
        asked = session.at(leaf, {"line": 2, "character": 0}) | {"context": {"includeDeclaration": True}}
        assert places(session, await session.ask(types.TEXT_DOCUMENT_REFERENCES, asked)) == expected
        # On line 1 of a file it is asked about the file, whatever stands there.
        asked = session.at(leaf, {"line": 0, "character": 3}) | {"context": {"includeDeclaration": True}}
        assert places(session, await session.ask(types.TEXT_DOCUMENT_REFERENCES, asked)) == expected


async def test_references_to_a_variable(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        await graph(session)
        uri = await session.open("b.prompt.md", "{{name:z}} {{other:x}}\n")
        asked = session.at(uri, {"line": 0, "character": 3}) | {"context": {"includeDeclaration": False}}
        assert places(session, await session.ask(types.TEXT_DOCUMENT_REFERENCES, asked)) == {
            ("b.prompt.md", 0, 0),
            ("prompts/top.md", 2, 0),
            ("docs/middle.md", 0, 20),
        }


async def test_the_call_hierarchy_is_who_includes_whom(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        uri = await graph(session)
        (item,) = await session.ask(
            types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY, session.at(uri, {"line": 0, "character": 5})
        )
        assert (item["name"], item["uri"]) == ("leaf.md", session.uri("docs/leaf.md"))
        callers = await session.ask(types.CALL_HIERARCHY_INCOMING_CALLS, {"item": item})
        texts = {
            name: (folder / name).read_text().replace("@[file:docs/leaf.md]", LEAF)
            for name in ("open.prompt.md", "prompts/direct.md", "docs/middle.md")
        }
        direct = texts["prompts/direct.md"].replace("@[file:../docs/leaf.md#Part]", LEAF)
        texts["prompts/direct.md"] = direct.replace("@[file:../docs/leaf.md]", LEAF)
        middle = texts["docs/middle.md"].replace("@[file:leaf.md]", LEAF).replace("{{name:y}}", "y")
        texts["docs/middle.md"] = middle
        # Each weighs what it weighs, not what it includes.
        weights = {name: f"{count(text):,} tokens" for name, text in texts.items()}
        assert item["detail"] == f"{count(LEAF)} tokens · docs"
        assert {(one["from"]["name"], one["from"]["detail"], len(one["fromRanges"])) for one in callers} == {
            ("open.prompt.md", weights["open.prompt.md"], 1),
            ("direct.md", weights["prompts/direct.md"] + " · prompts", 2),
            ("middle.md", weights["docs/middle.md"] + " · docs", 1),
        }
        middle = next(one["from"] for one in callers if one["from"]["name"] == "middle.md")
        above = await session.ask(types.CALL_HIERARCHY_INCOMING_CALLS, {"item": middle})
        assert [one["from"]["name"] for one in above] == ["top.md"]
        below = await session.ask(types.CALL_HIERARCHY_OUTGOING_CALLS, {"item": above[0]["from"]})
        assert [(one["to"]["name"], one["to"]["uri"]) for one in below] == [
            ("middle.md", session.uri("docs/middle.md"))
        ]
        (document,) = await session.ask(
            types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY, session.at(uri, {"line": 1, "character": 0})
        )
        assert document["uri"] == uri


@pytest.mark.parametrize(
    ("read", "text", "name", "expected"),
    [
        (read_toml, "a = 1\nb = 2", "b", (1, 0, 1)),
        (read_yaml, "a: 1\n'b': 2", "b", (1, 1, 2)),
        (read_json, '{"a": 1, "b": 2}', "b", (0, 10, 11)),
        (read_yaml, "ab: 1\nb : 2", "b", (1, 0, 1)),
        (read_yaml, "a: b\nb: b", "b", (1, 0, 1)),
        (read_yaml, "a:\n  b: 1\n# b: 2\nb: 3", "b", (3, 0, 1)),
        (read_toml, "# b = 1\nx = 'b'\nb.c = 2", "b", (2, 0, 1)),
        (read_toml, "x = 'b'", "b", None),
        (read_json, '{"b": ', "b", None),
        (read_yaml, "a: &b 1\nc: *b\nb: 3", "b", (2, 0, 1)),
        (read_yaml, "a: '" + "b: " * 500 + "'\nb: 3", "b", (1, 0, 1)),
    ],
)
def test_where_a_key_is_set(
    read: Callable[[str], object], text: str, name: str, expected: tuple[int, int, int] | None
) -> None:
    assert key_in(text.split("\n"), name, read) == expected


def test_a_file_is_read_once_to_find_a_key_in_it() -> None:
    read: list[str] = []

    def counted(text: str) -> object:
        read.append(text)
        return read_json(text)

    lines = ['{"x": ["v", "v:", "v"],', *(f'"k{n}": {{"v": "v: v"}},' for n in range(100)), '"v": 1}']
    assert key_in(lines, "v", counted) == (101, 1, 2)
    assert len(read) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1\n[variables]\na = 2", (2, 0, 1)),
        ("[variables.a]\nb = 2", (0, 11, 12)),
        ("variables.a = 2", (0, 10, 11)),
        ("variables = { b = 1, a = 2 }", (0, 21, 22)),
        ("[variables]\n'a' = 2", (1, 1, 2)),
        ("[variables]\nb = 1\n[apis.a]\nurl = 'a'\n", None),
        ("[other]\na = 1", None),
    ],
)
def test_where_a_table_sets_a_key(text: str, expected: tuple[int, int, int] | None) -> None:
    assert key_in(text.split("\n"), "a", read_toml, ("variables",)) == expected


#: What clients leave as it is in a URI, besides what Python does.
SPELLINGS = {"Neovim": "!$&'()*+,;=:@", "bare": "[]{}!$&'()*+,;=:@ö語"}


def spelled(path: Path, spelling: str) -> str:
    return "file://" + quote(str(path), safe=f"/~{SPELLINGS[spelling]}")


async def open_as(session: Editor, name: str, uri: str) -> str:
    text = (session.folder / name).read_text(encoding="utf-8")
    item = {"uri": uri, "languageId": "markdown", "version": 1, "text": text}
    session.tell(types.TEXT_DOCUMENT_DID_OPEN, {"textDocument": item})
    await session.count(uri)
    return uri


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_uris_are_told_apart_by_the_files_they_name(folder: Path, spelling: str) -> None:
    inside = folder / "wörk (1) & [x]"
    async with editor(VSCODE, inside) as session:
        session.write("docs/語 & (ö)!.md", "# One\n\n## Two\n\nwords\n")
        session.write("a (1)'s.prompt.md", "@[file:docs/語 & (ö)!.md] @[file:docs/語 & (ö)!.md#two]\n")
        prompt = await open_as(session, "a (1)'s.prompt.md", spelled(inside / "a (1)'s.prompt.md", spelling))
        target = await open_as(session, "docs/語 & (ö)!.md", spelled(inside / "docs/語 & (ö)!.md", spelling))
        context = {"context": {"includeDeclaration": False}}
        for line, expected in ((4, [0, 25]), (2, [25])):
            asked = session.at(target, {"line": line, "character": 0}) | context
            found = await session.ask(types.TEXT_DOCUMENT_REFERENCES, asked)
            assert [(one["uri"], one["range"]["start"]["character"]) for one in found] == [
                (prompt, at) for at in expected
            ]
        (item,) = await session.ask(
            types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY, session.at(target, {"line": 4, "character": 0})
        )
        callers = await session.ask(types.CALL_HIERARCHY_INCOMING_CALLS, {"item": item})
        assert [(one["from"]["uri"], len(one["fromRanges"])) for one in callers] == [(prompt, 2)]
        found = await session.ask(types.WORKSPACE_SYMBOL, {"query": "prompt"})
        assert [one["location"]["uri"] for one in found] == [prompt]
        (link,) = await session.ask(
            types.TEXT_DOCUMENT_DEFINITION, session.at(prompt, {"line": 0, "character": 3})
        )
        assert link["targetUri"] == target


async def test_a_workspace_that_is_a_link(folder: Path, tmp_path: Path) -> None:
    await asyncio.to_thread((tmp_path / "way").symlink_to, folder)
    async with editor(VSCODE, tmp_path / "way") as session:
        session.write("docs/a.md", "@[file:b.md]\n")
        session.write("docs/b.md", "# B\n\nwords\n")
        session.write("closed.prompt.md", "@[file:docs/b.md]\n")
        uri = await session.open("open.prompt.md", "@[file:docs/a.md]\n")
        (link,) = await session.ask(
            types.TEXT_DOCUMENT_DEFINITION, session.at(uri, {"line": 0, "character": 3})
        )
        assert link["targetUri"] == session.uri("docs/a.md")
        target = await session.open("docs/b.md")
        asked = session.at(target, {"line": 2, "character": 0}) | {"context": {"includeDeclaration": False}}
        assert places(session, await session.ask(types.TEXT_DOCUMENT_REFERENCES, asked)) == {
            ("open.prompt.md", 0, 0),
            ("closed.prompt.md", 0, 0),
            ("docs/a.md", 0, 0),
        }
        # All three must follow, nested ones too.
        files = [{"oldUri": session.uri("docs/b.md"), "newUri": session.uri("docs/c.md")}]
        edit = await session.ask(types.WORKSPACE_WILL_RENAME_FILES, {"files": files})
        assert sorted(one["textDocument"]["uri"] for one in edit["documentChanges"]) == [
            session.uri("closed.prompt.md"),
            session.uri("docs/a.md"),
        ]


async def test_of_two_headings_of_one_name_the_meant_one(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        text = "# Top\n\n## Notes\n\none\n\n## Notes\n\ntwo\n"
        session.write("b.prompt.md", "@[file:a.md#Notes] @a.md#notes @a.md#notes-1 @[file:a.md#L3]\n")
        uri = await session.open("a.md", text)
        for line, expected in ((2, [0, 19]), (6, [31])):
            asked = session.at(uri, {"line": line, "character": 4})
            found = await session.ask(
                types.TEXT_DOCUMENT_REFERENCES, asked | {"context": {"includeDeclaration": False}}
            )
            assert [one["range"]["start"]["character"] for one in found] == expected
            found = await session.ask(
                types.TEXT_DOCUMENT_REFERENCES, asked | {"context": {"includeDeclaration": True}}
            )
            assert (found[0]["uri"], found[0]["range"]) == (uri, span(line, 0, line, 8))


async def test_each_folder_of_the_workspace_has_its_own_settings(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "weighbridge.toml").write_text("[variables]\nset = 2\n")
    (other / "b.prompt.md").write_text("{{set}}\n")
    async with editor(VSCODE, folder, others=[other]) as session:
        session.write("weighbridge.toml", "\n\n[variables]\nset = 1\n")
        first = await session.open("a.prompt.md", "{{set}}\n")
        second = await open_as(session, str(other / "b.prompt.md"), (other / "b.prompt.md").as_uri())
        for uri, name in ((first, "workspace"), (second, "other")):
            (item,) = await session.ask(
                types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY, session.at(uri, {"line": 1, "character": 0})
            )
            assert item["detail"].endswith(f" · {name}")
        for uri, place, line in ((first, folder, 3), (second, other, 1)):
            (link,) = await session.ask(
                types.TEXT_DOCUMENT_DEFINITION, session.at(uri, {"line": 0, "character": 3})
            )
            assert (link["targetUri"], link["targetRange"]["start"]["line"]) == (
                (place / "weighbridge.toml").as_uri(),
                line,
            )
            renaming = session.at(uri, {"line": 0, "character": 3}) | {"newName": "other"}
            edit = await session.ask(types.TEXT_DOCUMENT_RENAME, renaming)
            assert sorted(one["textDocument"]["uri"] for one in edit["documentChanges"]) == sorted(
                [uri, (place / "weighbridge.toml").as_uri()]
            )
