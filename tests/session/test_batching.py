"""Contents looked at many by one task: one group at a time, and none is held up by one that takes long."""

import asyncio
import threading
from collections.abc import AsyncIterator, Hashable, Sequence

import pytest
import pytest_asyncio
from tests.clock import settle
from tests.patience import HANGS_AFTER

from weighbridge.config import Settings
from weighbridge.content.base import ContentRequest, Scope
from weighbridge.references.dialect import MARKDOWN
from weighbridge.references.model import Kind
from weighbridge.session.batching import _IN_A_GROUP, Batching
from weighbridge.session.entry import ContentEntry
from weighbridge.tokens.registry import tokenizer
from weighbridge.work import CancelToken, Priority, TaskManager

Look = Sequence[ContentEntry]


@pytest_asyncio.fixture
async def tasks() -> AsyncIterator[TaskManager]:
    manager = TaskManager(workers=4)
    yield manager
    await manager.aclose()


def entry(target: str) -> ContentEntry:
    request = ContentRequest(Kind.FILE, target, None, None, None, Scope(None, (), Settings()))
    return ContentEntry(request, tokenizer("cl100k_base"), MARKDOWN)


class Looking:
    """A way to look at contents that can be held up; notes which groups were looked at, and how many at a time at most."""

    def __init__(self, tasks: TaskManager, log: list[str]) -> None:
        self.batching: Batching[int] = Batching(tasks, "look", self._look, self._landed, -1)
        self.landed: dict[Hashable, int] = {}
        self.let_go = threading.Event()
        self.let_go.set()
        self.held = asyncio.Event()
        self._news = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._log = log

    def want(self, *keys: int) -> None:
        for key in keys:
            self.batching.want(key, entry(str(key)), Priority.MEDIUM)

    async def all_landed(self, count: int) -> None:
        while len(self.landed) < count:
            self._news.clear()
            await self._news.wait()

    def _look(self, entries: Look, _: CancelToken) -> list[int]:
        self._log.append(f"look {len(entries)}")
        if not self.let_go.is_set():
            self._loop.call_soon_threadsafe(self.held.set)
            self.let_go.wait(HANGS_AFTER)
        self._log.append("look done")
        return [int(entry.request.target) for entry in entries]

    def _landed(self, key: Hashable, _entry: ContentEntry, _priority: Priority, found: int) -> None:
        self.landed[key] = found
        self._news.set()


async def test_what_is_wanted_in_one_turn_is_looked_at_in_groups_one_after_the_other(
    tasks: TaskManager,
) -> None:
    log: list[str] = []
    looking = Looking(tasks, log)
    looking.want(*range(2 * _IN_A_GROUP + 3))
    await looking.all_landed(2 * _IN_A_GROUP + 3)
    assert log == [f"look {_IN_A_GROUP}", "look done"] * 2 + ["look 3", "look done"]
    assert all(key == found for key, found in looking.landed.items())


async def test_what_comes_meanwhile_waits_and_goes_together(tasks: TaskManager) -> None:
    log: list[str] = []
    looking = Looking(tasks, log)
    looking.want(1)
    await asyncio.sleep(0)
    looking.want(2)
    await asyncio.sleep(0)
    looking.want(3)
    await looking.all_landed(3)
    assert log == ["look 1", "look done", "look 2", "look done"]


async def test_what_takes_long_holds_up_nobody(tasks: TaskManager) -> None:
    log: list[str] = []
    looking = Looking(tasks, log)
    looking.let_go.clear()
    looking.want(1)
    await looking.held.wait()
    looking.held.clear()
    looking.want(2)
    # The second group is looked at though the first one never ends.
    await looking.held.wait()
    looking.let_go.set()
    await looking.all_landed(2)
    assert log[:2] == ["look 1", "look 1"]


async def test_a_fault_of_ours_is_the_answer_that_asks_for_more(
    tasks: TaskManager, caplog: pytest.LogCaptureFixture
) -> None:
    def look(_entries: Look, _token: CancelToken) -> list[int]:
        raise ZeroDivisionError

    landed = asyncio.Queue[int]()
    gathering = Batching[int](
        tasks, "look", look, lambda _key, _entry, _priority, found: landed.put_nowait(found), -1
    )
    for key in range(2):
        gathering.want(key, entry("x"), Priority.MEDIUM)
    assert [await landed.get(), await landed.get()] == [-1, -1]
    assert "could not be looked at" in caplog.text
    # And it goes on.
    gathering.want(2, entry("x"), Priority.MEDIUM)
    assert await landed.get() == -1


async def test_what_is_wanted_still_when_all_is_closed_is_no_fault(
    tasks: TaskManager, caplog: pytest.LogCaptureFixture
) -> None:
    looking = Looking(tasks, [])
    looking.want(1)
    await tasks.aclose()
    await settle()
    assert caplog.text == ""
    assert looking.landed == {}
