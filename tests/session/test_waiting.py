"""Who waits for a count gets it, or is told why not: whatever is closed, opened anew or breaks meanwhile."""

import asyncio
import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.session.harness import a_session, manager_of, set_layer, sizes, typed
from tests.session.test_exactness import check

from weighbridge.analysis.expand import Expander
from weighbridge.errors import UnknownEncodingError
from weighbridge.session import preparing
from weighbridge.session.prepare import prepare
from weighbridge.session.prepared import Prepared
from weighbridge.session.session import Session
from weighbridge.session.waiting import CountingError, DocumentClosedError
from weighbridge.tokens.base import Exactness, Tokenizer
from weighbridge.tokens.service import TokenCountingService


async def begun(waiter: "asyncio.Task[Any]") -> None:
    """Let a task that waits come to where it waits."""
    for _ in range(3):
        await asyncio.sleep(0)
    assert not waiter.done()


async def test_a_closed_document_keeps_nobody_waiting(tmp_path: Path) -> None:
    async with a_session(tmp_path, configured=False) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, "words")
        waiters = [
            asyncio.create_task(work)
            for work in (
                session.queries.ready(document),
                session.queries.count(document),
                session.queries.render(document),
            )
        ]
        await begun(waiters[0])
        session.close(document.uri)
        for waiter in waiters:
            with pytest.raises(DocumentClosedError, match=r"doc\.md: closed"):
                await waiter
        with pytest.raises(DocumentClosedError):
            await session.queries.count(document)
        assert set(sizes(session).values()) == {0}


async def test_a_document_opened_anew_is_another(tmp_path: Path) -> None:
    async with a_session(tmp_path, configured=False) as session:
        uri = (tmp_path / "doc.md").as_uri()
        first = session.open(uri, 1, "words")
        waiter = asyncio.create_task(session.queries.count(first))
        await begun(waiter)
        second = session.open(uri, 1, "two words")
        other = asyncio.create_task(session.queries.count(second))
        with pytest.raises(DocumentClosedError):
            await waiter
        session.configured()
        assert await other == 2
        assert await check(session, second) == "two words"


async def test_who_stops_waiting_is_forgotten(tmp_path: Path) -> None:
    async with a_session(tmp_path, configured=False) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, "words")
        for _ in range(100):
            waiter = asyncio.create_task(session.queries.count(document))
            await begun(waiter)
            waiter.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiter
        assert len(session.waiting) == 0
        session.configured()
        assert await session.queries.count(document) == 1


async def test_a_document_closed_while_it_is_prepared_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, go_on = threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Any:
        started.set()
        go_on.wait()
        return prepare(*arguments)

    monkeypatch.setattr(preparing, "prepare", slow)
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, "@[file:a.md] words")
        await session.tasks.submit(("wait",), lambda token: started.wait())
        session.close(document.uri)
        go_on.set()
        await manager_of(session).wait_idle()
        await asyncio.sleep(0)
        assert (document.prepared, set(sizes(session).values())) == (None, {0})


async def failing_document(
    session: Session, tmp_path: Path, caplog: pytest.LogCaptureFixture, said: str
) -> None:
    """A document that can't be counted says so to everybody, in its report too."""
    document = session.open((tmp_path / "doc.md").as_uri(), 1, "word @[var:x:1]\n")
    with caplog.at_level(logging.CRITICAL), pytest.raises(CountingError, match=said):
        await session.queries.count(document)
    with pytest.raises(CountingError, match=said):
        await session.queries.render(document)
    report = session.report(document)
    # It is no use to wait on: what is shown is an estimate, and why.
    assert (report.state, report.exactness, report.tokens) == ("ready", Exactness.ESTIMATE, 4)
    ((_, problem),) = report.problems
    assert said in problem.message
    assert ("updated", document.uri) in session._listener.told  # type: ignore[attr-defined]


async def recovers(session: Session, *, by_edit: bool) -> None:
    (document,) = session.documents.values()
    if by_edit:
        typed(session, document, (0, 0), "a ")
    else:
        session.refresh(document)
    # The fault is there until it is known to be gone.
    while document.fault is not None:
        await session.waiting.change(document.uri)
    await check(session, document)
    assert session.report(document).problems == ()


@pytest.mark.parametrize("by_edit", [True, False])
@pytest.mark.parametrize("error", [RuntimeError("broken"), UnknownEncodingError("none such")])
async def test_preparing_that_fails(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    by_edit: bool,
) -> None:
    def fail(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(preparing, "prepare", fail)
    async with a_session(tmp_path) as session:
        await failing_document(session, tmp_path, caplog, type(error).__name__)
        monkeypatch.undo()
        await recovers(session, by_edit=by_edit)


class FailingService(TokenCountingService):
    """Can't count for a while."""

    fails = True

    def count_many(self, texts: Sequence[str], tokenizer: Tokenizer, *, private: bool = False) -> list[int]:
        if self.fails:
            raise MemoryError
        return super().count_many(texts, tokenizer, private=private)


@pytest.mark.parametrize("by_edit", [True, False])
async def test_counting_that_fails(tmp_path: Path, caplog: pytest.LogCaptureFixture, by_edit: bool) -> None:
    service = FailingService(None, 10)
    async with a_session(tmp_path, service=service) as session:
        await failing_document(session, tmp_path, caplog, "MemoryError")
        service.fails = False
        await recovers(session, by_edit=by_edit)


async def test_resolving_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> Any:
        raise RecursionError

    monkeypatch.setattr(Expander, "expanding", fail)
    async with a_session(tmp_path) as session:
        await failing_document(session, tmp_path, caplog, "RecursionError")
        monkeypatch.undo()
        await recovers(session, by_edit=False)


async def test_a_tokenizer_that_is_changed_while_counting(tmp_path: Path) -> None:
    text = "Internationalization, they say. @[var:x:words] " * 2000
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, text)
        for name in ("o200k_base", "r50k_base", "cl100k_base", "p50k_base"):
            set_layer(session, {"encoding": name})
            await session.waiting.change(document.uri)
        await check(session, document)
        assert session.report(document).encoding == "p50k_base"


async def test_settings_that_change_nothing_prepare_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_session(tmp_path, {"variables": {"x": "1"}}) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, "{{x}}")
        assert await check(session, document) == "1"
        prepared = document.prepared
        set_layer(session, {"variables": {"x": "1"}})
        assert (document.ready, document.prepared is prepared) == (True, True)
        set_layer(session, {"variables": {"x": "2"}, "budget": 5})
        assert await check(session, document) == "2"
        assert session.report(document).budget.limit == 5


async def test_settings_withdrawn_while_preparing_are_not_acted_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workspace that is no longer trusted is not read as if it were, however late that is known."""
    started, go_on = threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Any:
        started.set()
        go_on.wait()
        return prepare(*arguments)

    monkeypatch.setattr(preparing, "prepare", slow)
    async with a_session(tmp_path, {"env": ["SECRET"]}, environment={"SECRET": "s3cret"}) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, "@[var:env.SECRET]")
        await session.tasks.submit(("wait",), lambda token: started.wait())
        set_layer(session, {"env": ["SECRET"], "trusted": False})
        adopted: list[bool] = []
        adopt = document.adopt

        def noted(prepared: Prepared, expander: Expander) -> None:
            adopted.append(prepared.settings.trusted)
            adopt(prepared, expander)

        monkeypatch.setattr(document, "adopt", noted)
        go_on.set()
        assert await check(session, document) == "@[var:env.SECRET]"
        assert adopted == [False]
