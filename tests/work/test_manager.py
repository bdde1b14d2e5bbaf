import asyncio
import functools
import threading
from typing import Any

import pytest
from tests.clock import FakeClock, settle
from tests.work.gate import Gate, Waiting

from weighbridge.work import (
    CancelToken,
    Outcome,
    PanicError,
    Priority,
    RetryPolicy,
    Task,
    TaskManager,
    TaskState,
    TaskStatus,
    default_workers,
)

HIGH, MEDIUM, LOW = Priority
QUEUED, RUNNING, RETRYING, DONE, FAILED, CANCELLED = TaskState


def answer(token: CancelToken) -> int:
    return 42


async def answer_later(token: CancelToken) -> int:
    await asyncio.sleep(0)
    return 43


def note(calls: list[int], number: int, token: CancelToken) -> int:
    calls.append(number)
    return number


def held(counts: dict[TaskState, int]) -> dict[TaskState, int]:
    return {state: count for state, count in counts.items() if count}


async def test_a_function_runs_on_a_daemon_thread(manager: TaskManager) -> None:
    thread = await manager.submit("key", lambda _token: threading.current_thread())
    assert (thread.daemon, thread is threading.main_thread()) == (True, False)


async def test_a_coroutine_function_runs_on_the_loop(manager: TaskManager) -> None:
    async def work(token: CancelToken) -> threading.Thread:
        return threading.current_thread()

    assert await manager.submit("key", work) is threading.current_thread()


async def test_whatever_awaits_like_a_coroutine_function_is_one(manager: TaskManager) -> None:
    async def add(one: int, token: CancelToken) -> int:
        return one + 1

    waiting = Waiting("object")
    waiting.release.set()
    assert await manager.submit("partial", functools.partial(add, 1)) == 2
    assert await manager.submit("object", waiting) == "object"


async def test_a_function_that_returns_a_coroutine_is_told_so(manager: TaskManager) -> None:
    def work(token: CancelToken) -> Any:
        return answer_later(token)

    with pytest.raises(TypeError, match="submit the coroutine function itself"):
        await manager.submit("key", work)


async def test_the_life_of_a_task(manager: TaskManager, clock: FakeClock) -> None:
    gate = Gate()
    await clock.advance(1)
    task = manager.submit("key", gate, priority=HIGH, title="Counting")
    assert task.status() == TaskStatus("key", "Counting", HIGH, QUEUED, 0, 1.0, None, None, None)
    await clock.advance(2)
    await gate.entered.wait()
    assert task.status() == TaskStatus("key", "Counting", HIGH, RUNNING, 1, 1.0, 1.0, None, None)
    assert (manager.idle, held(manager.counts())) == (False, {RUNNING: 1})
    gate.release.set()
    assert await task == "through"
    done = TaskStatus("key", "Counting", HIGH, DONE, 1, 1.0, 1.0, 3.0, None)
    assert task.status() == done
    assert (manager.idle, held(manager.counts())) == (True, {DONE: 1})


async def test_a_failure_is_raised_to_everyone_who_asks(manager: TaskManager) -> None:
    error = LookupError("nowhere")

    def work(token: CancelToken) -> None:
        raise error

    task = manager.submit("key", work)
    results = await asyncio.gather(task, task.result(), return_exceptions=True)
    assert list(results) == [error, error]
    assert await task.outcome() == Outcome(error=error)
    depth = []
    for _ in range(3):
        with pytest.raises(LookupError) as raised:
            await task
        depth.append(len(raised.traceback))
    assert depth[0] == depth[1] == depth[2]
    assert (task.state, task.status().error) == (FAILED, "LookupError: nowhere")


class Panic(BaseException):
    """As pyo3's."""


@pytest.mark.parametrize(
    "panic", [Panic("index out of bounds"), SystemExit(3), KeyboardInterrupt(), GeneratorExit()]
)
async def test_a_panic_fails_the_task_and_the_worker_lives_on(
    manager: TaskManager, panic: BaseException
) -> None:
    manager.resize(workers=1)

    def work(token: CancelToken) -> None:
        raise panic

    task = manager.submit("panic", work)
    first = manager.submit("thread", lambda _token: threading.current_thread())
    with pytest.raises(PanicError) as raised:
        await task
    assert raised.value.__cause__ is panic
    assert str(raised.value) == f"{type(panic).__name__}: {panic}"
    assert task.state is FAILED
    assert await manager.submit("again", lambda _token: threading.current_thread()) is await first


async def test_a_panic_of_a_coroutine_fails_the_task(manager: TaskManager) -> None:
    async def work(token: CancelToken) -> None:
        raise Panic("oh")

    with pytest.raises(PanicError, match="Panic: oh"):
        await manager.submit("key", work)


async def test_an_error_that_cannot_be_printed_still_has_a_status(manager: TaskManager) -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    def work(token: CancelToken) -> None:
        raise MuteError

    task = manager.submit("key", work)
    await task.outcome()
    error = task.status().error
    assert error is not None
    assert "MuteError" in error


async def test_stop_iteration_arrives_as_an_error(manager: TaskManager) -> None:
    def work(token: CancelToken) -> int:
        raise StopIteration

    task = manager.submit("key", work)
    assert isinstance((await task.outcome()).error, StopIteration)
    with pytest.raises(RuntimeError, match="StopIteration"):
        await task


async def test_an_error_nobody_asks_for_is_not_complained_about(manager: TaskManager) -> None:
    def work(token: CancelToken) -> None:
        raise LookupError

    async def later(token: CancelToken) -> None:
        raise LookupError

    manager.submit("thread", work)
    manager.submit("loop", later)
    await manager.wait_idle()
    assert held(manager.counts()) == {FAILED: 2}
    # The `complaints` fixture holds the assertion.


async def test_a_thousand_requests_for_one_key_are_one_task(manager: TaskManager) -> None:
    calls: list[int] = []
    tasks = [manager.submit("key", functools.partial(note, calls, number)) for number in range(1000)]
    assert await asyncio.gather(*tasks) == [0] * 1000
    assert (calls, len(set(tasks)), held(manager.counts())) == ([0], 1, {DONE: 1})


async def test_a_thousand_replacements_run_once_with_the_newest(manager: TaskManager) -> None:
    calls: list[int] = []
    tasks = [
        manager.submit("key", functools.partial(note, calls, number), join=False) for number in range(1000)
    ]
    assert await asyncio.gather(*tasks) == [999] * 1000
    assert (calls, len(set(tasks)), held(manager.counts())) == ([999], 1, {DONE: 1})


async def test_a_replaced_run_is_told_to_stop_and_its_result_dropped(manager: TaskManager) -> None:
    old, new = Gate("old"), Gate("new")
    task = manager.submit("key", old, priority=LOW, title="old")
    await old.entered.wait()
    assert manager.submit("key", new, priority=HIGH, title="new", join=False) is task
    assert (old.tokens[0].cancelled, task.state, task.title, task.priority) == (True, QUEUED, "new", HIGH)
    await new.entered.wait()
    old.release.set()
    await old.left.wait()
    await settle()
    assert (task.state, task.attempts) == (RUNNING, 1)
    new.release.set()
    assert await task == "new"
    assert new.tokens[0].cancelled is False


async def test_work_may_be_replaced_by_the_other_kind(manager: TaskManager) -> None:
    task: Task[Any] = manager.submit("key", answer)
    assert manager.submit("key", answer_later, join=False) is task
    assert await task == 43
    assert held(manager.counts()) == {DONE: 1}


async def test_after_the_end_a_key_starts_anew(manager: TaskManager) -> None:
    first = manager.submit("key", answer)
    await first
    second = manager.submit("key", lambda _token: 7)
    assert second is not first
    assert (await first, await second) == (42, 7)


async def started(manager: TaskManager) -> list[object]:
    """Let everything run, and give the keys in the order they began."""
    order: list[object] = []
    stop = manager.on_change(lambda status: order.append(status.key) if status.state is RUNNING else None)
    await manager.wait_idle()
    stop()
    return order


async def test_what_is_submitted_together_starts_by_priority(clock: FakeClock) -> None:
    async with TaskManager(workers=1, clock=clock) as manager:
        for key, priority in [("a", LOW), ("b", MEDIUM), ("c", HIGH), ("d", MEDIUM), ("e", LOW)]:
            manager.submit(key, answer, priority=priority)
        assert await started(manager) == ["c", "b", "d", "a", "e"]


async def test_priorities_can_be_raised(clock: FakeClock) -> None:
    async with TaskManager(workers=1, clock=clock) as manager:
        for key in "abcde":
            manager.submit(key, answer)
        assert manager.raise_priority("d", HIGH) is True
        assert manager.raise_priority("d", MEDIUM) is False
        assert manager.raise_priority("nobody", HIGH) is False
        manager.submit("c", answer, priority=HIGH)  # joining raises too
        manager.submit("d", answer, priority=LOW)  # and never lowers
        assert await started(manager) == ["d", "c", "a", "b", "e"]


@pytest.mark.parametrize("running", [True, False])
async def test_who_replaces_work_never_makes_it_less_urgent(clock: FakeClock, *, running: bool) -> None:
    async with TaskManager(workers=1, clock=clock) as manager:
        gate = Gate()
        task = manager.submit("urgent", gate, priority=HIGH)
        if running:
            await gate.entered.wait()
        manager.submit("other", answer, priority=MEDIUM)
        assert manager.submit("urgent", answer, priority=LOW, join=False) is task
        assert task.priority is HIGH
        assert await started(manager) == ["urgent", "other"]
        gate.release.set()


async def test_low_work_gets_its_turn(clock: FakeClock) -> None:
    async with TaskManager(workers=1, patience=2, clock=clock) as manager:
        manager.submit("low", answer, priority=LOW)
        for number in range(6):
            manager.submit(number, answer, priority=HIGH)
        assert await started(manager) == [0, 1, "low", 2, 3, 4, 5]


async def test_low_work_leaves_a_place_for_what_is_urgent(manager: TaskManager) -> None:
    gates = [Gate(), Gate()]
    low = [manager.submit(("low", number), gate, priority=LOW) for number, gate in enumerate(gates)]
    await gates[0].entered.wait()
    assert await manager.submit("urgent", answer, priority=HIGH) == 42
    assert [task.state for task in low] == [RUNNING, QUEUED]
    gates[0].release.set()
    await gates[1].entered.wait()
    gates[1].release.set()
    assert await asyncio.gather(*low) == ["through", "through"]


async def test_waiting_work_holds_up_no_worker(manager: TaskManager) -> None:
    slow = [Waiting() for _ in range(3)]
    tasks = [manager.submit(number, work) for number, work in enumerate(slow)]
    assert await manager.submit("blocking", answer) == 42
    assert [task.state for task in tasks] == [RUNNING, RUNNING, QUEUED]
    for work in slow:
        work.release.set()
    assert await asyncio.gather(*tasks) == ["through"] * 3


async def test_the_number_of_workers_can_change(manager: TaskManager) -> None:
    gates = [Gate() for _ in range(6)]
    tasks = [manager.submit(number, gate) for number, gate in enumerate(gates)]
    await gates[1].entered.wait()
    await settle()
    assert held(manager.counts()) == {RUNNING: 2, QUEUED: 4}
    manager.resize(workers=4, coroutines=1)
    await gates[3].entered.wait()
    assert held(manager.counts()) == {RUNNING: 4, QUEUED: 2}
    manager.resize(workers=1)
    for gate in gates[:3]:
        gate.release.set()
    await asyncio.gather(*tasks[:3])
    await settle()
    assert held(manager.counts()) == {RUNNING: 1, QUEUED: 2, DONE: 3}
    for gate in gates:
        gate.release.set()
    await manager.wait_idle()
    assert held(manager.counts()) == {DONE: 6}


@pytest.mark.parametrize("options", [{"workers": 0}, {"coroutines": 0}, {"patience": 0}])
async def test_limits_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="or more"):
        TaskManager(**options)


async def test_listeners_hear_every_change_in_order(
    manager: TaskManager, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[tuple[object, TaskState]] = []

    def meddle(status: TaskStatus) -> None:
        if (status.key, status.state) == ("a", RUNNING):
            manager.cancel("a")
            manager.submit("b", answer)

    def fail(status: TaskStatus) -> None:
        raise LookupError

    manager.on_change(meddle)
    stop_failing = manager.on_change(fail)
    manager.on_change(lambda status: heard.append((status.key, status.state)))
    manager.submit("a", answer)
    await manager.wait_idle()
    assert heard == [
        ("a", QUEUED),
        ("a", RUNNING),
        ("a", CANCELLED),
        ("b", QUEUED),
        ("b", RUNNING),
        ("b", DONE),
    ]
    assert [record.getMessage() for record in caplog.records] == [
        f"A listener failed on task {key!r}" for key in "aaabbb"
    ]
    stop_failing()
    stop_failing()
    await manager.submit("c", answer)
    assert len(caplog.records) == 6


async def test_batches(manager: TaskManager) -> None:
    error = LookupError("b")

    def fail(token: CancelToken) -> int:
        raise error

    tasks = manager.submit_batch(
        [("a", answer), ("b", fail), ("c", answer_later), ("a", answer)], title="Files"
    )
    assert tasks[0] is tasks[3]
    assert {(task.title, task.priority) for task in tasks} == {("Files", LOW)}
    outcomes = await manager.await_batch(tasks)
    assert outcomes == [Outcome(42), Outcome(error=error), Outcome(43), Outcome(42)]


async def test_wait_idle_with_nothing_to_do(manager: TaskManager) -> None:
    await manager.wait_idle()
    assert (manager.idle, held(manager.counts())) == (True, {})


async def test_other_threads_are_kept_out(manager: TaskManager) -> None:
    def submit_from_a_worker(token: CancelToken) -> None:
        manager.submit("inner", answer)

    with pytest.raises(RuntimeError, match="its loop's thread only"):
        await manager.submit("outer", submit_from_a_worker)


@pytest.mark.parametrize(("cores", "workers"), [(None, 2), (1, 2), (2, 2), (8, 8)])
def test_default_workers(cores: int | None, workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    assert default_workers() == workers


class Flaky:
    def __init__(self, failures: int) -> None:
        self.failures = failures

    def __call__(self, token: CancelToken) -> str:
        self.failures -= 1
        if self.failures >= 0:
            raise ConnectionError(f"{self.failures} to go")
        return "well"


POLICY = RetryPolicy(attempts=3, delay=1, backoff=2)


async def test_failed_work_is_tried_again_without_holding_a_worker(
    manager: TaskManager, clock: FakeClock
) -> None:
    manager.resize(workers=1)
    states: list[tuple[TaskState, int, str | None]] = []
    manager.on_change(
        lambda status: (
            states.append((status.state, status.attempts, status.error)) if status.key == "key" else None
        )
    )
    task = manager.submit("key", Flaky(2), retry=POLICY)
    await clock.until_sleeping()
    assert (task.state, clock.now()) == (RETRYING, 0.0)
    assert await manager.submit("other", answer) == 42
    await clock.advance(0.9)
    assert task.state is RETRYING
    await clock.advance(0.1)
    await clock.until_sleeping()
    await clock.advance(2)
    assert await task == "well"
    assert task.finished == 3.0
    one, two = "ConnectionError: 1 to go", "ConnectionError: 0 to go"
    assert states == [
        (QUEUED, 0, None),
        (RUNNING, 1, None),
        (RETRYING, 1, one),
        (QUEUED, 1, one),
        (RUNNING, 2, one),
        (RETRYING, 2, two),
        (QUEUED, 2, two),
        (RUNNING, 3, two),
        (DONE, 3, None),
    ]


async def test_tries_are_used_up(manager: TaskManager, clock: FakeClock) -> None:
    task = manager.submit("key", Flaky(9), retry=POLICY)
    for seconds in (1, 2):
        await clock.until_sleeping()
        await clock.advance(seconds)
    with pytest.raises(ConnectionError, match="6 to go"):
        await task
    assert (task.state, task.attempts) == (FAILED, 3)


async def test_a_faulty_filter_fails_the_task(manager: TaskManager) -> None:
    def faulty(error: Exception) -> bool:
        raise ZeroDivisionError

    task = manager.submit("key", Flaky(9), retry=RetryPolicy(retry_on=faulty))
    with pytest.raises(ZeroDivisionError):
        await task
    assert (task.state, manager.idle) == (FAILED, True)


async def test_replacing_work_that_waits_to_be_tried_again(manager: TaskManager, clock: FakeClock) -> None:
    task: Task[Any] = manager.submit("key", Flaky(9), retry=POLICY)
    await clock.until_sleeping()
    assert manager.submit("key", answer, join=False) is task
    assert await task == 42
    assert (task.attempts, task.error, clock.sleeping) == (1, None, 0)
