"""Outlines: what stands in what, in each editor's way of showing it; and names found in all of the workspace."""

import heapq
import threading
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types
from tests.editors.editor import Editor, editor
from tests.editors.recording import VSCODE, Recording
from tests.patience import HANGS_AFTER

from weighbridge.analysis.report import BudgetReport, Range, ReferenceTotals, Report, SectionReport
from weighbridge.lsp import backend
from weighbridge.lsp.features.symbols import SymbolNames, workspace_symbols
from weighbridge.tokens.base import Exactness
from weighbridge.tokens.service import TokenCountingService
from weighbridge.work import CancelToken, TaskCancelledError

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


def opened(session: Editor, name: str, text: str) -> str:
    """Open a document, and wait for nothing."""
    uri = session.write(name, text)
    item = {"uri": uri, "languageId": "markdown", "version": 1, "text": text}
    session.tell(types.TEXT_DOCUMENT_DID_OPEN, {"textDocument": item})
    return uri


async def test_an_outline_asked_for_at_once_waits_for_its_counts(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        uri = opened(session, "a.prompt.md", "# One\n")
        found = await session.ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, {"textDocument": {"uri": uri}})
        assert names(found) == [("One", "3 tokens")]


async def test_an_outline_does_not_wait_for_what_takes_long(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "SECONDS_TO_LOOK_UP", 0.0)
    answered = threading.Event()
    count_many = TokenCountingService.count_many

    def counted_later(*arguments: Any, **named: Any) -> list[int]:
        assert answered.wait(HANGS_AFTER)
        return count_many(*arguments, **named)

    async with editor(VSCODE, folder) as session:
        uri = await session.open("a.prompt.md", "# One\n")
        monkeypatch.setattr(TokenCountingService, "count_many", counted_later)
        session.edit(uri, 2, "# One\n\n# Two\n\n" + "word " * 10_000)
        found = await session.ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, {"textDocument": {"uri": uri}})
        answered.set()
        assert names(found) == [("One", "…"), ("Two", "…")]


async def test_who_asks_for_the_outline_of_a_document_that_is_closed_is_answered(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        uri = opened(session, "a.prompt.md", "# One\n")
        _, reply = session.begin(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, {"textDocument": {"uri": uri}})
        session.tell(types.TEXT_DOCUMENT_DID_CLOSE, {"textDocument": {"uri": uri}})
        assert (await reply)["result"] == []


def report(number: int, *titles: str) -> Report:
    sections = tuple(
        SectionReport(title, 1, Range(line, 0, line + 1, 0), 1) for line, title in enumerate(titles)
    )
    return Report(
        uri=f"file:///w/{number}.md",
        version=None,
        dialect="markdown",
        model=None,
        encoding="cl100k_base",
        exactness=Exactness.EXACT,
        ready=True,
        tokens=number,
        own_tokens=number,
        budget=BudgetReport(1, 0.0, None),
        input_usd=None,
        sections=sections,
        references=(),
        totals=ReferenceTotals(0, 0, 0, 0),
    )


def test_the_best_of_all_are_told_and_no_more() -> None:
    reports = [report(number, "a b", "ab", "xab") for number in range(3)]
    found = workspace_symbols([(SymbolNames(reports), ())], "ab", most=5)
    assert [(one["name"], one["containerName"]) for one in found] == [
        *(("ab (1 token)", f"{number}.md") for number in range(3)),
        *(("xab (1 token)", f"{number}.md") for number in range(2)),
    ]
    start, end = {"line": 1, "character": 0}, {"line": 2, "character": 0}
    assert found[0]["location"] == {"uri": "file:///w/0.md", "range": {"start": start, "end": end}}


def test_nobody_looks_on_when_nobody_asks_any_more() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(TaskCancelledError):
        workspace_symbols([(SymbolNames([report(1, "a")]), ())], "", token=token)


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


def _distance(query: str, name: str) -> int | None:
    """How far apart the query's letters stand in a name, whatever their case; None if they don't. 0 for a beginning."""
    wanted, text = query.casefold().replace(" ", "").replace("\n", ""), name.casefold()
    if wanted in text:
        return 0 if text.startswith(wanted) else 1
    at, first = -1, None
    for letter in wanted:
        at = text.find(letter, at + 1)
        if at < 0:
            return None
        first = at if first is None else first
    return 2 + at - (first or 0) - len(wanted)


NAMES = st.text("aAbß. \n", max_size=5)


@given(st.lists(st.lists(NAMES, max_size=3), max_size=6), st.text("aBß. ", max_size=3), st.integers(1, 6))
def test_in_all_names_at_once_the_same_is_found_as_in_each(
    titles: list[list[str]], query: str, most: int
) -> None:
    reports = [report(number, *its) for number, its in enumerate(titles)]
    distances = {
        (place, number): distance
        for place, one in enumerate(reports)
        for number, name in enumerate((f"{place}.md", *(section.title for section in one.sections)))
        if (distance := _distance(query, name)) is not None
    }
    found = [
        (reports.index(report), 0 if section is None else 1 + report.sections.index(section))
        for _, report, section in heapq.nsmallest(
            most, SymbolNames(reports).like(query, most, (), None), key=itemgetter(0)
        )
    ]
    # As good as any: of names that fit equally well, whichever come first.
    assert [distances[one] for one in found] == sorted(distances.values())[:most]


def test_what_is_hidden_takes_no_place() -> None:
    reports = [report(number, "ab") for number in range(4)]
    hidden = {reports[0].uri, reports[2].uri}
    found = workspace_symbols([(SymbolNames(reports), hidden)], "ab", most=2)
    assert [one["containerName"] for one in found] == ["1.md", "3.md"]
