import asyncio
import subprocess
import sys
import threading
import weakref
from typing import Any

import pytest
from tests.clock import FakeClock, settle
from tests.patience import HANGS_AFTER
from tests.work.gate import Gate, Waiting

from weighbridge.work import (
    CancelToken,
    ClosedError,
    Priority,
    RetryPolicy,
    Task,
    TaskCancelledError,
    TaskManager,
    TaskState,
)

QUEUED, RUNNING, RETRYING, DONE, FAILED, CANCELLED = TaskState


def answer(token: CancelToken) -> int:
    return 42


def fail(token: CancelToken) -> None:
    raise ConnectionError


def test_a_token_stays_up() -> None:
    token = CancelToken()
    token.raise_if_cancelled()
    assert token.cancelled is False
    token.cancel()
    token.cancel()
    assert token.cancelled is True
    with pytest.raises(TaskCancelledError):
        token.raise_if_cancelled()


async def assert_cancelled(task: Task[Any]) -> None:
    with pytest.raises(TaskCancelledError):
        await task
    assert task.state is CANCELLED


async def test_queued_work_never_starts(manager: TaskManager) -> None:
    calls: list[CancelToken] = []
    task = manager.submit("key", calls.append)
    assert manager.cancel("key") is True
    assert manager.cancel("key") is False
    await assert_cancelled(task)
    await settle()
    assert (calls, manager.idle) == ([], True)


async def test_running_work_is_told_and_its_result_dropped(manager: TaskManager) -> None:
    gate = Gate()
    task = manager.submit("key", gate)
    await gate.entered.wait()
    assert manager.cancel("key") is True
    await assert_cancelled(task)
    assert gate.tokens[0].cancelled is True
    gate.release.set()
    await gate.left.wait()
    await settle()
    assert (task.state, manager.counts()[DONE]) == (CANCELLED, 0)


async def test_a_running_coroutine_is_cancelled(manager: TaskManager) -> None:
    waiting = Waiting()
    task = manager.submit("key", waiting)
    await waiting.entered.wait()
    manager.cancel("key")
    await assert_cancelled(task)
    await settle()
    assert (waiting.cancelled, waiting.tokens[0].cancelled) == (1, True)


async def test_work_that_waits_to_be_tried_again_is_not(manager: TaskManager, clock: FakeClock) -> None:
    task = manager.submit("key", fail, retry=RetryPolicy(delay=1))
    await clock.until_sleeping()
    manager.cancel("key")
    await assert_cancelled(task)
    await clock.advance(10)
    assert (task.attempts, clock.sleeping) == (1, 0)


async def test_work_that_stops_by_itself_is_cancelled(manager: TaskManager) -> None:
    def stop(token: CancelToken) -> None:
        token.cancel()
        token.raise_if_cancelled()

    async def stop_later(token: CancelToken) -> None:
        raise asyncio.CancelledError

    await assert_cancelled(manager.submit("thread", stop, retry=RetryPolicy(retry_on=lambda _error: True)))
    await assert_cancelled(manager.submit("loop", stop_later))
    # Neither may have upset the count of free places.
    gates = [Gate(), Gate()]
    for number, gate in enumerate(gates):
        manager.submit(number, gate)
    third = manager.submit("third", answer)
    await gates[1].entered.wait()
    await settle()
    assert third.state is QUEUED
    for gate in gates:
        gate.release.set()
    assert await third == 42


async def test_cancel_where(manager: TaskManager) -> None:
    tasks = [manager.submit((name, number), answer, title=name) for name in "ab" for number in range(3)]
    assert manager.cancel_where(lambda task: task.title == "a") == 3
    await manager.wait_idle()
    assert [task.state for task in tasks] == [CANCELLED] * 3 + [DONE] * 3


async def test_cancelling_one_who_waits_cancels_nothing_else(manager: TaskManager) -> None:
    gate = Gate()
    task = manager.submit("key", gate)
    first, second = asyncio.ensure_future(task.result()), asyncio.ensure_future(task.result())
    await gate.entered.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (task.state, gate.tokens[0].cancelled) == (RUNNING, False)
    gate.release.set()
    assert await second == "through"


async def test_one_who_waits_may_leave_at_the_moment_it_ends(manager: TaskManager) -> None:
    task = manager.submit("key", answer)
    first, second = asyncio.ensure_future(task.result()), asyncio.ensure_future(task.result())
    await asyncio.sleep(0)
    first.cancel()
    manager.cancel("key")
    ended = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(error) for error in ended] == [asyncio.CancelledError, TaskCancelledError]


async def test_those_who_left_are_forgotten(manager: TaskManager) -> None:
    gate = Gate()
    task = manager.submit("key", gate)
    waiting = [asyncio.ensure_future(task.result()) for _ in range(10)]
    await settle()
    for one in waiting:
        one.cancel()
    await settle()
    assert len(task._waiters) == 0
    gate.release.set()
    await task


async def test_work_goes_on_when_nobody_waits_any_more(manager: TaskManager) -> None:
    gate = Gate()
    task = manager.submit("key", gate)
    only = asyncio.ensure_future(task.result())
    await gate.entered.wait()
    only.cancel()
    await settle()
    gate.release.set()
    assert await task == "through"


async def test_stuck_work_gives_its_place_up_when_cancelled(manager: TaskManager) -> None:
    """Up to as many places as there are: never more than twice the threads."""
    stuck = [Gate() for _ in range(6)]
    for number, gate in enumerate(stuck):
        manager.submit(number, gate)
    await stuck[1].entered.wait()
    manager.cancel(0)
    manager.cancel(1)
    await stuck[3].entered.wait()
    manager.cancel(2)
    manager.cancel(3)
    await settle()
    assert [gate.entered.is_set() for gate in stuck] == [True] * 4 + [False] * 2
    assert manager.counts() == {QUEUED: 2, RUNNING: 0, RETRYING: 0, DONE: 0, FAILED: 0, CANCELLED: 4}
    stuck[0].release.set()
    await stuck[4].entered.wait()
    for gate in stuck:
        gate.release.set()
    await manager.wait_idle()
    assert manager.counts()[DONE] == 2


async def test_stuck_low_work_gives_its_place_up_to_low_work(manager: TaskManager) -> None:
    gate = Gate()
    manager.submit("stuck", gate, priority=Priority.LOW)
    await gate.entered.wait()
    manager.cancel("stuck")
    assert await manager.submit("next", answer, priority=Priority.LOW) == 42
    gate.release.set()


async def test_surplus_threads_go_home(clock: FakeClock) -> None:
    async with TaskManager(workers=1, clock=clock) as manager:
        seen: list[threading.Thread] = []
        gate = Gate()

        def stuck(token: CancelToken) -> object:
            seen.append(threading.current_thread())
            return gate(token)

        manager.submit("stuck", stuck)
        await gate.entered.wait()
        manager.cancel("stuck")
        seen.append(await manager.submit("next", lambda _token: threading.current_thread()))
        gate.release.set()
        await gate.left.wait()
        await settle()
        await asyncio.to_thread(_until_at_most, seen, 1)
        assert sum(thread.is_alive() for thread in seen) == 1
    await asyncio.to_thread(_until_at_most, seen, 0)
    assert [thread.is_alive() for thread in seen] == [False, False]


def _until_at_most(threads: list[threading.Thread], alive: int) -> None:
    """Wait, for a while, until no more than so many are left."""
    for _ in range(200):
        left = [thread for thread in threads if thread.is_alive()]
        if len(left) <= alive:
            return
        left[0].join(0.02)
        left[-1].join(0.02)


async def test_closing_cancels_everything_and_takes_no_more(clock: FakeClock) -> None:
    manager = TaskManager(workers=1, coroutines=1, clock=clock)
    retrying = manager.submit("retrying", fail, retry=RetryPolicy(delay=1))
    await clock.until_sleeping()
    gate, waiting = Gate(), Waiting()
    tasks: list[Task[Any]] = [
        retrying,
        manager.submit("thread", gate),
        manager.submit("loop", waiting),
        manager.submit("queued", answer),
    ]
    await gate.entered.wait()
    assert [task.state for task in tasks] == [RETRYING, RUNNING, RUNNING, QUEUED]
    closing = asyncio.ensure_future(manager.aclose(5))
    await settle()
    assert (closing.done(), gate.tokens[0].cancelled, waiting.cancelled) == (False, True, 1)
    gate.release.set()
    assert await closing == 0
    assert [task.state for task in tasks] == [CANCELLED] * 4
    assert (manager.idle, clock.sleeping, clock.now()) == (True, 0, 0.0)
    with pytest.raises(ClosedError, match="'late'"):
        manager.submit("late", answer)
    assert await manager.aclose() == 0


async def test_closing_waits_so_long_and_leaves_stuck_threads_behind(clock: FakeClock) -> None:
    manager = TaskManager(workers=2, clock=clock)
    gate = Gate()
    task = manager.submit("stuck", gate)
    await gate.entered.wait()
    closing = asyncio.ensure_future(manager.aclose(5))
    await clock.advance(4.9)
    assert closing.done() is False
    await clock.advance(0.1)
    assert await closing == 1
    await assert_cancelled(task)
    gate.release.set()
    await gate.left.wait()
    await settle()
    assert task.state is CANCELLED


def test_a_result_after_the_loop_has_closed_is_dropped() -> None:
    release = threading.Event()
    threads: list[threading.Thread] = []
    faults: list[object] = []

    async def run() -> None:
        entered = asyncio.Event()
        loop = asyncio.get_running_loop()

        def stuck(token: CancelToken) -> None:
            threads.append(threading.current_thread())
            loop.call_soon_threadsafe(entered.set)
            release.wait(HANGS_AFTER)

        manager = TaskManager(workers=1)
        manager.submit("stuck", stuck)
        await entered.wait()
        assert await manager.aclose(0) == 1

    before, threading.excepthook = threading.excepthook, faults.append
    try:
        asyncio.run(run())
        release.set()
        threads[0].join(HANGS_AFTER)
    finally:
        threading.excepthook = before
    assert (threads[0].is_alive(), faults) == (False, [])


def test_a_stuck_thread_does_not_keep_the_interpreter_from_leaving() -> None:
    program = """
import asyncio, threading
from weighbridge.work import TaskManager

async def main():
    entered, loop = asyncio.Event(), asyncio.get_running_loop()
    def stuck(token):
        loop.call_soon_threadsafe(entered.set)
        threading.Event().wait()
    async with asyncio.timeout(600):
        manager = TaskManager(workers=1)
        manager.submit("stuck", stuck)
        await entered.wait()
        print("left behind:", await manager.aclose(0))

asyncio.run(main())
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=HANGS_AFTER, check=True
    )
    assert (ended.stdout, ended.stderr) == ("left behind: 1\n", "")


async def test_an_idle_worker_keeps_no_result_alive(manager: TaskManager) -> None:
    class Result:
        pass

    task = manager.submit("key", lambda _token: Result())
    result = weakref.ref(await task)
    assert result() is not None
    del task
    await manager.submit("other", answer, priority=Priority.LOW)
    await manager.submit("another", answer, priority=Priority.LOW)
    await settle()
    assert result() is None


async def test_no_thread_to_be_had(manager: TaskManager, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            await manager.submit("first", answer)
    assert await manager.submit("second", answer) == 42
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        tasks = [manager.submit(number, answer) for number in range(4)]
        assert await asyncio.gather(*tasks) == [42] * 4


async def test_work_cancelled_before_a_thread_took_it_never_starts(
    manager: TaskManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    gate = Gate()
    calls: list[CancelToken] = []
    first = manager.submit("first", gate)
    await gate.entered.wait()
    monkeypatch.setattr(threading.Thread, "start", refuse)
    second = manager.submit("second", calls.append)
    await settle()
    assert second.state is RUNNING
    manager.cancel("second")
    gate.release.set()
    assert await first == "through"
    assert await manager.submit("third", answer) == 42
    assert calls == []
