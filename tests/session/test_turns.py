"""What one turn of the loop may cost, in lines scanned, references looked at and items reported: whatever is typed or opened."""

import asyncio
import gc
import itertools
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import splintr
from lsprotocol import types
from tests.patience import HANGS_AFTER
from tests.session.harness import a_session, open_file, paths_of, typed
from tests.session.test_exactness import check

from weighbridge import steps
from weighbridge.analysis.expand import IN_A_STEP, Expander
from weighbridge.lsp.abilities import ClientAbilities
from weighbridge.lsp.features.diagnostics import diagnostics
from weighbridge.lsp.sync import TextSync
from weighbridge.references.index import LINE_COST, ScanIndex, TooFarError
from weighbridge.references.leaves import Leaves
from weighbridge.session import freeing
from weighbridge.session.document import MOST_COST
from weighbridge.session.session import Session
from weighbridge.text import LineBuffer, PositionEncoding
from weighbridge.tokens import registry
from weighbridge.tokens.fast import SplintrEngine
from weighbridge.tokens.openai import definition

#: Lines scanned anew on the loop for one message, at most.
MOST_LINES = MOST_COST // LINE_COST


class Work:
    """Counts calls on the loop: in a test, its thread is the only one that edits."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> None:
        self.calls = 0
        inner: Callable[..., Any] = getattr(owner, name)

        def counted(*arguments: Any, **named: Any) -> Any:
            self.calls += 1
            return inner(*arguments, **named)

        monkeypatch.setattr(owner, name, counted)

    def during(self, do: Callable[[], object]) -> int:
        before = self.calls
        do()
        return self.calls - before


TEXTS = {
    "prose": "Some words of a sentence.\n\n" * 5000,
    "one paragraph": "Some words of a sentence.\n" * 5000,
    "references": "See {{name:value}} here.\n" * 5000,
    "headings": "a\n=\n" * 5000,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
async def test_a_fence_typed_at_the_top_is_followed_no_further_than_some_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, text)
        await check(session, document)
        with monkeypatch.context() as patch:
            lines = Work(patch, Leaves, "feed")
            for column, key in enumerate("```\n"):
                assert lines.during(lambda: typed(session, document, (0, column), key)) <= MOST_LINES  # noqa: B023
        assert not document.ready
        await check(session, document)
        typed(session, document, (0, 0), "", (1, 0))
        await check(session, document)


async def test_many_changes_of_one_message_are_taken_into_the_text_and_followed_by_a_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(text: str, line: int) -> types.TextDocumentContentChangePartial:
        place = types.Position(line, 0)
        return types.TextDocumentContentChangePartial(types.Range(place, place), text)

    async with a_session(tmp_path) as session:
        uri = (tmp_path / "doc.md").as_uri()
        document = session.open(uri, 1, "some words\n" * 1000)
        await check(session, document)
        sync = TextSync(session)
        followed, scanned = Work(monkeypatch, ScanIndex, "update"), Work(monkeypatch, Leaves, "feed")
        versions = itertools.count(2)

        def send(changes: list[Any]) -> None:
            about = types.VersionedTextDocumentIdentifier(next(versions), uri)
            sync.did_change(types.DidChangeTextDocumentParams(about, changes))

        cursors: list[Any] = [change("x", line) for line in range(0, 800, 8)]
        assert followed.during(lambda: send(cursors)) == len(cursors)
        assert document.prepared is not None
        await check(session, document)
        # Each of these alone would be followed.
        fences: list[Any] = [change("```\n", 500)] * 64
        assert scanned.during(lambda: send(fences)) <= MOST_LINES
        assert not document.ready
        await check(session, document)
        many = [change("# Title\n", 0)] * 1000
        assert followed.during(lambda: send(many)) < len(many) // 2
        await check(session, document)
        wholes: list[Any] = [types.TextDocumentContentChangeWholeDocument(f"text {n}\n") for n in range(100)]
        assert followed.during(lambda: send(wholes)) <= 1
        assert await check(session, document) == "text 99\n"


async def test_references_of_one_file_are_looked_at_some_in_a_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fan.md").write_text("@[file:a.md]\n" * 3000)
    (tmp_path / "a.md").write_text("included")
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, "")
        await check(session, document)
        looked_at = Work(monkeypatch, Expander, "_expand")
        turns: list[int] = []
        inner = Session._resolve

        def resolve(*arguments: Any) -> None:
            turns.append(looked_at.during(lambda: inner(*arguments)))

        monkeypatch.setattr(Session, "_resolve", resolve)
        typed(session, document, (0, 0), "@[file:fan.md] @[file:fan.md]")
        await check(session, document)
        assert sum(turns) > 3000
        assert max(turns) <= 2 * IN_A_STEP + 1


async def test_a_document_of_many_references_and_headings_is_reported_some_in_a_turn(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("included")
    text = "@[file:a.md]\n# Title\n" * (10 * steps.ITEMS)
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, text)
        await session.queries.ready(document)
        first = session.report(document)
        assert not first.ready
        report = await session.queries.whole_report(document)
        assert (len(report.references), len(report.sections)) == (10 * steps.ITEMS, 10 * steps.ITEMS)
        assert report.tokens == document.tokens
        # What is edited meanwhile is in it.
        typed(session, document, (0, 0), "\n")
        assert not session.report(document).ready
        typed(session, document, (0, 0), "one more\n")
        report = await session.queries.whole_report(document)
        assert report.references[0].range.start_line == 2
        await check(session, document)


async def test_references_put_in_by_one_edit_are_looked_at_up_to_a_number(tmp_path: Path) -> None:
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, "\n")
        await check(session, document)
        for many in (100, 200):
            typed(session, document, (0, 0), "{{name:value}}\n" * many)
            assert (document.prepared is None) == (many == 200)
            await check(session, document)


DENSE = {
    "file references": "@[file:a.md] " * 8 + "\n",
    "short references": "@a.md {{b}} " * 8 + "\n",
    "code": "`a` " * 20 + "\n",
    "HTML": "<b> " * 20 + "\n",
}


@pytest.mark.parametrize("line", DENSE.values(), ids=list(DENSE))
def test_what_takes_long_to_scan_weighs_more_in_an_edit(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = LineBuffer(line * 600, PositionEncoding.UTF16)
    index = ScanIndex(text)
    lines = Work(monkeypatch, Leaves, "feed")

    def type_key() -> None:
        with pytest.raises(TooFarError):
            index.update(text.apply((0, 0), (0, 0), "``"), text, MOST_COST)

    # A paragraph's window of prose is some hundred lines.
    assert lines.during(type_key) <= MOST_LINES // 5


async def test_what_a_document_lets_go_of_is_freed_some_in_a_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    freed: list[int] = []
    inner = freeing._free

    def free(lists: list[list[Any]]) -> None:
        before = sum(map(len, lists))
        inner(lists)
        freed.append(before - sum(map(len, lists)))

    monkeypatch.setattr(freeing, "_free", free)
    (tmp_path / "a.md").write_text("included")
    many = 3 * freeing._FREED_A_TURN
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, "@[file:a.md]\n\n" * (many // 2))
        await check(session, document)
        assert document.prepared is not None
        held = weakref.ref(document.prepared.index)
        counted = [weakref.ref(buffer) for buffer in document.buffers()]
        gc.disable()
        try:
            typed(session, document, (0, 0), "```\n")
            await check(session, document)
            session.close(document.uri)
            for _ in range(10):
                await asyncio.sleep(0)
            del document
            assert held() is None
            # Nothing holds itself in a circle: of large things the collector is not needed.
            assert [buffer() for buffer in counted] == [None] * len(counted)
        finally:
            gc.enable()
    # Lines and places of before the fence, lines of behind it.
    assert sum(freed) > many + many // 2
    assert max(freed) <= freeing._FREED_A_TURN


async def test_who_asks_about_a_document_looks_at_what_that_uses(tmp_path: Path) -> None:
    class Unlooked(dict[Any, Any]):
        """Contents that are asked for by name."""

        def items(self) -> Any:
            raise AssertionError("all contents were looked at")

        __iter__ = keys = values = items

    (tmp_path / "a.md").write_text("included")
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, "@[file:a.md]\n")
        await check(session, document)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(session.readings, "_entries", Unlooked(session.readings._entries))
            assert await session.queries.count(document) == document.tokens
            await session.queries.render(document)
            session.refresh(document)
            await session.queries.ready(document)
            assert paths_of(session, document)
            session.close(document.uri)
        assert not session.readings._used
        assert not session.readings._files


async def test_of_broken_references_beyond_counting_it_is_told_how_many_there_are(tmp_path: Path) -> None:
    async with a_session(tmp_path) as session:
        text = "@[file:none.md]\n" * 3000
        document = session.open((tmp_path / "doc.md").as_uri(), 1, text)
        report = await session.queries.whole_report(document)
        found = diagnostics(report, 0, ClientAbilities.of(types.ClientCapabilities(), None))
        assert [one.range.start.line for one in found] == [*range(1001)]
        assert found[-1].message.startswith("2,000 more references from here on have problems")
        assert {one.severity for one in found[:-1]} == {types.DiagnosticSeverity.Error}


async def test_a_key_waits_for_nothing_that_the_fast_engine_learns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned: list[str] = []
    event = threading.Event()

    def learn(engine: SplintrEngine) -> None:
        learned.append(threading.current_thread().name)
        engine.learned = True
        event.set()

    monkeypatch.setattr(SplintrEngine, "learn", learn)
    unlearned = SplintrEngine("1", splintr.Tokenizer.from_pretrained("cl100k_base"))
    monkeypatch.setattr(registry, "_engines", {definition("o200k_base"): unlearned})
    monkeypatch.setattr(registry, "_tokenizers", {})
    async with a_session(tmp_path, {"encoding": "o200k_base"}) as session:
        (tmp_path / "a.md").write_text("words")
        document = open_file(session, tmp_path / "a.md")
        assert await session.queries.count(document) == 1
        assert await asyncio.to_thread(event.wait, HANGS_AFTER)
    assert learned == ["weighbridge-learning"]
