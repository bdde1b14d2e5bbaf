"""Hints as each editor gets them: where it asks, with what it can ask for later, and no wider while typing."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from msgspec.structs import replace
from tests.editors.editor import Editor, editor
from tests.editors.recording import HELIX, VSCODE, Recording

from weighbridge.analysis.expand import State
from weighbridge.analysis.report import (
    BudgetReport,
    Range,
    ReferenceReport,
    ReferenceTotals,
    Report,
    SectionReport,
)
from weighbridge.config import InlayHints
from weighbridge.lsp.features.inlay_hints import hints
from weighbridge.references.model import Kind
from weighbridge.tokens.base import Exactness

TEXT = "# 😀 Öne @[file:a.md]\n\n## Two\n\n@[file:absent.md]\n"


async def shown(session: Editor, uri: str, first: int = 0, last: int = 99) -> list[Any]:
    place = {"start": {"line": first, "character": 0}, "end": {"line": last, "character": 0}}
    found: list[Any] = await session.ask(
        types.TEXT_DOCUMENT_INLAY_HINT, {"textDocument": {"uri": uri}, "range": place}
    )
    return found


def label(hint: Any) -> str:
    text: str = hint["label"] if isinstance(hint["label"], str) else hint["label"][0]["value"]
    return text


async def test_hints_and_what_they_say_when_asked(folder: Path, recording: Recording, encoding: str) -> None:
    async with editor(recording, folder, encodings=[encoding]) as session:
        session.write("a.md", "three more words")
        uri = await session.open("a.prompt.md", TEXT)
        report = await session.report(uri)
        _, two = (section["tokens"] for section in report["sections"])
        found = await shown(session, uri)
        end = session.place(TEXT, "a.md]", after=True)
        assert [(hint["position"], label(hint)) for hint in found] == [
            (end, "3"),
            (end, f"{report['tokens']} / 128,000 tokens"),
            ({"line": 2, "character": 6}, f"{two}"),
        ]
        assert [label(hint) for hint in await shown(session, uri, 1, 3)] == [f"{two}"]
        resolvable = recording.declares("textDocument.inlayHint.resolveSupport.properties") or []
        tips = []
        for hint in found:
            assert ("data" in hint) is bool(resolvable)
            if resolvable:
                resolved = await session.ask(types.INLAY_HINT_RESOLVE, hint)
                tips.append(resolved["tooltip"])
                if {"label.location", "location"} & set(resolvable) and hint is found[0]:
                    assert resolved["label"][0]["location"]["uri"] == session.uri("a.md")
        if resolvable:
            assert tips == [
                "a.md: <0.1% of the budget",
                f"<0.1% of the budget, {report['own_tokens']} tokens as typed",
                "section “Two”: <0.1% of the budget",
            ]


async def test_only_what_lies_in_the_asked_range(folder: Path, encoding: str) -> None:
    async with editor(VSCODE, folder, encodings=[encoding]) as session:
        session.write("a.md", "three more words")
        text = "ß😀 @[file:a.md] @[file:a.md]\n@[file:a.md]\n@[file:a.md]"
        uri = await session.open("b.md", text + "<!-- weighbridge: budget=9 -->")
        first = session.place(text, "a.md]", after=True)
        for start, end, expected in (
            ({"line": 0, "character": 0}, first, 1),
            (first, first, 1),
            (first | {"character": first["character"] + 1}, {"line": 1, "character": 0}, 2),
            ({"line": 1, "character": 0}, {"line": 1, "character": 3}, 0),
            # Helix: up to where the last line begins, and that line with it.
            ({"line": 0, "character": 0}, {"line": 2, "character": 0}, 5),
        ):
            asked = {"textDocument": {"uri": uri}, "range": {"start": start, "end": end}}
            assert len(await session.ask(types.TEXT_DOCUMENT_INLAY_HINT, asked)) == expected, (start, end)


async def test_a_hint_leads_to_what_it_is_of(folder: Path) -> None:
    async with editor(VSCODE, folder, settings={"inlayHints": {"variablesFrom": 0}}) as session:
        session.write("a.md", "# One\n\n## Two\n\nwords\n")
        text = "---\nvariables:\n  v: x\n---\n@[file:a.md#Two]\n{{v}}\n@[file:a.md#L5]\n{{w:x}}\n"
        uri = await session.open("a.prompt.md", text)
        found = {}
        for hint in await shown(session, uri, 4, 9):
            resolved = await session.ask(types.INLAY_HINT_RESOLVE, hint)
            location = resolved["label"][0].get("location")
            place = location and (location["uri"], location["range"]["start"])
            found[hint["position"]["line"]] = place
        assert found == {
            4: (session.uri("a.md"), {"line": 2, "character": 0}),
            5: (uri, {"line": 2, "character": 2}),
            6: (session.uri("a.md"), {"line": 4, "character": 0}),
            7: None,
        }


async def test_an_agents_import_shows_what_it_brings(folder: Path, recording: Recording) -> None:
    async with editor(recording, folder) as session:
        session.write("docs/product.md", "What it does, in a few words.\n")
        uri = await session.open("CLAUDE.md", "Rules.\n\nSee @docs/product.md first.\n")
        whole = (await session.report(uri))["tokens"]
        first, brought = await shown(session, uri)
        assert label(first) == f"≈{whole} tokens in Claude Code"
        assert brought["position"] == {"line": 2, "character": 20}
        number = int(label(brought).removeprefix("≈"))
        assert 10 < number < whole
        if "tooltip" in (recording.declares("textDocument.inlayHint.resolveSupport.properties") or []):
            tip = (await session.ask(types.INLAY_HINT_RESOLVE, brought))["tooltip"]
            assert tip == "import of docs/product.md: <0.1% of the budget"


async def test_a_client_that_is_never_told_to_ask_again_gets_no_pending_hints(folder: Path) -> None:
    async with editor(HELIX, folder) as session:
        session.write("a.md", "three more words")
        uri = session.write("a.prompt.md", "@[file:a.md]\n")
        item = {"uri": uri, "languageId": "markdown", "version": 1, "text": "@[file:a.md]\n"}
        session.tell(types.TEXT_DOCUMENT_DID_OPEN, {"textDocument": item})
        # At once: nothing is counted yet.
        assert [label(hint) for hint in await shown(session, uri)] == ["3", "4 / 128,000 tokens"]


async def test_a_document_closed_before_it_is_counted_has_no_hints(folder: Path) -> None:
    async with editor(HELIX, folder) as session:
        session.write("a.md", "three more words")
        uri = session.write("a.prompt.md", "@[file:a.md]\n")
        item = {"uri": uri, "languageId": "markdown", "version": 1, "text": "@[file:a.md]\n"}
        session.tell(types.TEXT_DOCUMENT_DID_OPEN, {"textDocument": item})
        asked = asyncio.ensure_future(shown(session, uri))
        await asyncio.sleep(0)
        session.tell(types.TEXT_DOCUMENT_DID_CLOSE, {"textDocument": {"uri": uri}})
        assert await asked == []


async def test_a_hint_that_is_old_stays_as_it_is(folder: Path) -> None:
    async with editor(VSCODE, folder) as session:
        session.write("a.md", "three more words")
        uri = await session.open("a.prompt.md", TEXT)
        hint = (await shown(session, uri))[0]
        session.edit(uri, 2, "other text")
        assert await session.ask(types.INLAY_HINT_RESOLVE, hint) == hint
        for data in (
            {"uri": uri, "of": "section", "line": "x"},
            {"uri": 5},
            "text",
            {"of": "total", "uri": "no"},
        ):
            odd = hint | {"data": data}
            assert await session.ask(types.INLAY_HINT_RESOLVE, odd) == odd


def report(sections: int, references: int, *, ready: bool = True) -> Report:
    """A report of headings on even lines and references on odd ones."""
    made = tuple(SectionReport(f"s{n}", 1, Range(2 * n, 0, 2 * n + 2, 0), 1000 + n) for n in range(sections))
    placed = tuple(
        ReferenceReport(Kind.FILE, "a", Range(2 * n + 1, 0, 2 * n + 1, 4), State.RESOLVED, n, None, None)
        for n in range(references)
    )
    return Report(
        "uri", 1, "markdown", None, "cl100k_base", Exactness.EXACT, ready, 12_345, 0,
        BudgetReport(128_000, 0.1, None), None, made, placed, ReferenceTotals(references, references, 0, 0),
    )  # fmt: skip


def test_no_more_than_anybody_sees() -> None:
    found = hints(report(1000, 1000), InlayHints(), lambda line: 9, 500, 5000)
    assert len(found) == 200
    assert [(hint.line, hint.text) for hint in found[:2]] == [(500, "1,250"), (501, "250")]
    assert found[-1].line == 699


def test_the_total_is_shown_behind_however_many_references() -> None:
    made = report(0, 1000)
    crowded = tuple(replace(one, range=Range(0, n, 0, n + 1)) for n, one in enumerate(made.references))
    found = hints(replace(made, references=crowded), InlayHints(), lambda line: 1001, 0, 9)
    assert len(found) == 200
    assert [hint.text for hint in found[-2:]] == ["198", "12,345 / 128,000 tokens"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ["12,345 / 128,000 tokens", "0", "1,001", "1"]),
        ({"exactness": Exactness.ESTIMATE}, ["≈12,345 / 128,000 tokens", "≈0", "≈1,001", "≈1"]),
        # The last reference, and so the section it stands in, count by an old answer.
        (
            {"exactness": Exactness.ESTIMATE, "estimated": ((3, 0),)},
            ["≈12,345 / 128,000 tokens", "0", "≈1,001", "≈1"],
        ),
        ({"ready": False, "counted": False}, ["…", "0", "…", "1"]),
    ],
)
def test_a_hint_is_the_number_alone(change: dict[str, Any], expected: list[str]) -> None:
    found = hints(replace(report(2, 2), **change), InlayHints(), lambda line: 9, 0, 9)
    assert [hint.text for hint in found] == expected


@pytest.mark.parametrize(
    ("settings", "tokens", "sections"),
    [
        ({}, [20, 1000], [1000, 200, 13]),
        ({"variables_from": 21, "sections_from": 13}, [1000], [1000, 200, 13]),
        ({"variables_from": 0, "sections_from": "2%"}, [None, 3, 20, 1000], [1000, 200]),
        ({"variables_from": 0, "sections_from": 0}, [None, 3, 20, 1000], [1000, 200, 13, 12, 1]),
    ],
)
def test_what_is_small_has_no_hint(
    settings: dict[str, Any], tokens: list[int | None], sections: list[int]
) -> None:
    """In a document of 1,226 tokens: 1% is 13. A section without tokens is not summed up yet."""
    variables = tuple(
        ReferenceReport(Kind.VARIABLE, "v", Range(0, 4 * n, 0, 4 * n + 3), State.RESOLVED, one, None, None)
        for n, one in enumerate((None, 3, 20, 1000))
    )
    headings = tuple(
        SectionReport("s", 1, Range(n, 0, n + 1, 0), one)
        for n, one in enumerate((1000, 200, 13, 12, 1, 0), start=1)
    )
    made = replace(report(0, 0), tokens=1226, references=variables, sections=headings)
    found = hints(made, InlayHints(total=False, **settings), lambda line: 9, 0, 99)
    about = [hint.about for hint in found]
    assert [one.tokens for one in about if isinstance(one, ReferenceReport)] == tokens
    assert [one.tokens for one in about if isinstance(one, SectionReport)] == sections


def test_a_heading_on_line_1_shows_the_total_only() -> None:
    both = hints(report(1, 0), InlayHints(), lambda line: 9, 0, 9)
    alone = hints(report(1, 0), InlayHints(total=False), lambda line: 9, 0, 9)
    assert [[hint.text for hint in found] for found in (both, alone)] == [
        ["12,345 / 128,000 tokens"],
        ["1,000"],
    ]


def test_pending_is_as_wide_as_what_was_there() -> None:
    before = hints(report(2, 0), InlayHints(), lambda line: 9, 0, 9)
    counting = report(2, 0, ready=False)
    first = hints(replace(counting, counted=False), InlayHints(), lambda line: 9, 0, 9)
    again = hints(counting, InlayHints(), lambda line: 9, 0, 9)
    assert [hint.text for hint in first] == ["…", "…"]
    assert [len(hint.text) for hint in again] == [len(hint.text) for hint in before]
    assert [hint.text.rstrip() for hint in again] == ["…", "…"]
