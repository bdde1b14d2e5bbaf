"""From a reference to what it stands for, and back to all who refer to it."""

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.editors.editor import Editor, editor
from tests.editors.recording import EGLOT, VSCODE, Recording

from weighbridge.content.defining import key_in, key_in_table

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


async def graph(session: Editor) -> str:
    """Prompts, open and closed, that include each other: top → middle → leaf, and in a circle."""
    session.write("prompts/top.md", "@[file:../docs/middle.md]\n\n{{name:x}}\n")
    session.write("prompts/direct.md", "words\n@[file:../docs/leaf.md] @[file:../docs/leaf.md#Part]\n")
    session.write("docs/middle.md", "ß😀 @[file:leaf.md] {{name:y}}\n")
    session.write("docs/leaf.md", "# Part\n\nleaf\n")
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
        asked = session.at(leaf, {"line": 0, "character": 3}) | {"context": {"includeDeclaration": True}}
        assert places(session, await session.ask(types.TEXT_DOCUMENT_REFERENCES, asked)) == {
            ("prompts/direct.md", 1, 24)
        }


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
        assert {(one["from"]["name"], one["from"]["detail"], len(one["fromRanges"])) for one in callers} == {
            ("open.prompt.md", item["detail"], 1),
            ("direct.md", item["detail"], 2),
            ("middle.md", item["detail"], 1),
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
    ("text", "name", "expected"),
    [
        ("a = 1\nb = 2", "b", (1, 0, 1)),
        ("a: 1\n  'b': 2", "b", (1, 3, 4)),
        ('{"a": 1, "b": 2}', "b", (0, 10, 11)),
        ("ab: 1\nb : 2", "b", (1, 0, 1)),
        ("x = 'b'", "b", None),
    ],
)
def test_where_a_key_is_set(text: str, name: str, expected: tuple[int, int, int] | None) -> None:
    assert key_in(text.split("\n"), name) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1\n[variables]\na = 2", (2, 0, 1)),
        ("[tool.weighbridge.variables]\na = 2", (1, 0, 1)),
        ("[variables.a]\nb = 2", (0, 11, 12)),
        ("variables.a = 2", (0, 10, 11)),
        ("variables = { b = 1, a = 2 }", (0, 21, 22)),
        ("[other]\na = 1", None),
    ],
)
def test_where_a_table_sets_a_key(text: str, expected: tuple[int, int, int] | None) -> None:
    assert key_in_table(text.split("\n"), "variables", "a") == expected
