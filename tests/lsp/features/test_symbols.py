"""Outlines: what stands in what, in each editor's way of showing it; and names found in all of the workspace."""

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.editors.editor import editor
from tests.editors.recording import VSCODE, Recording

from weighbridge.lsp.features.symbols import _distance

TEXT = """before 😀 {{name:x}}
# Öne {{name:x}}

@[file:a.md]
## Two

@[file:absent.md]
# Three
"""


def names(symbols: list[Any]) -> list[Any]:
    return [
        (symbol["name"], symbol["detail"], names(symbol["children"]))
        if "children" in symbol
        else (symbol["name"], symbol["detail"])
        for symbol in symbols
    ]


def enclosed(symbols: list[Any], outer: Any = None) -> bool:
    """Whether each range holds its selection and its children, as the specification says."""

    def place(position: Any) -> tuple[int, int]:
        return position["line"], position["character"]

    def holds(one: Any, other: Any) -> bool:
        return place(one["start"]) <= place(other["start"]) and place(other["end"]) <= place(one["end"])

    return all(
        holds(symbol["range"], symbol["selectionRange"])
        and (outer is None or holds(outer, symbol["range"]))
        and enclosed(symbol.get("children", []), symbol["range"])
        for symbol in symbols
    )


async def test_the_outline_of_a_document(folder: Path, recording: Recording, encoding: str) -> None:
    async with editor(recording, folder, encodings=[encoding]) as session:
        session.write("a.md", "three more words")
        uri = await session.open("a.prompt.md", TEXT)
        found = await session.ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, {"textDocument": {"uri": uri}})
        sections = {one["title"]: one["tokens"] for one in (await session.report(uri))["sections"]}
        one, two = (f"{sections[title]} tokens" for title in ("Öne {{name:x}}", "Two"))
        three = f"{sections['Three']} tokens"
        if recording.declares("textDocument.documentSymbol.hierarchicalDocumentSymbolSupport"):
            assert names(found) == [
                ("name", "1 token"),
                (
                    "Öne {{name:x}}",
                    one,
                    [
                        ("name", "1 token"),
                        ("a.md", "3 tokens"),
                        ("Two", two, [("absent.md", "failed")]),
                    ],
                ),
                ("Three", three),
            ]
            assert enclosed(found)
            assert found[0]["range"] == session.range(TEXT, "{{name:x}}")
        else:
            assert [(symbol["name"], symbol.get("containerName")) for symbol in found] == [
                ("name (1 token)", None),
                (f"Öne {{{{name:x}}}} ({one})", None),
                ("name (1 token)", "Öne {{name:x}}"),
                ("a.md (3 tokens)", "Öne {{name:x}}"),
                (f"Two ({two})", "Öne {{name:x}}"),
                ("absent.md (failed)", "Two"),
                (f"Three ({three})", None),
            ]


async def test_symbols_of_open_and_closed_prompts(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        session.write("prompts/closed.md", "# Style guide\n\nwords\n")
        session.write("notes.md", "# Style of notes\n")
        await session.open("open.prompt.md", "# House style\n\n## Other\n")
        found = await session.ask(types.WORKSPACE_SYMBOL, {"query": "style"})
        assert [(one["name"], one["containerName"]) for one in found] == [
            ("Style guide (6 tokens)", "closed.md"),
            ("House style (7 tokens)", "open.prompt.md"),
        ]
        every = await session.ask(types.WORKSPACE_SYMBOL, {"query": ""})
        assert [one["name"].partition(" (")[0] for one in every] == [
            "open.prompt.md",
            "House style",
            "Other",
            "closed.md",
            "Style guide",
        ]


async def test_a_document_that_is_not_open_has_no_outline(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        uri = session.uri("none.md")
        assert await session.ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, {"textDocument": {"uri": uri}}) == []


@pytest.mark.parametrize(
    ("query", "name", "expected"),
    [
        ("", "anything", 0),
        ("sty", "Style", 0),
        ("tyl", "Style", 1),
        ("sg", "Style guide", 2 + 6 - 2),
        ("STYLE guide", "styleguide", 0),
        ("x", "Style", None),
        ("yts", "Style", None),
    ],
)
def test_how_well_a_name_fits(query: str, name: str, expected: int | None) -> None:
    assert _distance(query, name) == expected
