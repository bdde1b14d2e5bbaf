import asyncio
from typing import Any

import pytest
from tests.clock import FakeClock

from weighbridge.work import PanicError, RetryPolicy, retry


class BusyError(ConnectionError):
    def __init__(self, retry_after: object = None) -> None:
        super().__init__("busy")
        self.retry_after = retry_after


class Flaky:
    """Fails with these errors, one a call, then succeeds."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self, word: str = "well") -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return word


POLICY = RetryPolicy(attempts=4, delay=1.0, backoff=3.0, max_delay=5.0)


@pytest.mark.parametrize(
    ("policy", "attempt", "error", "delay"),
    [
        (POLICY, 1, ConnectionError(), 1.0),
        (POLICY, 2, ConnectionError(), 3.0),
        (POLICY, 3, ConnectionError(), 5.0),  # 9 is more than the longest
        (POLICY, 4, ConnectionError(), None),
        (POLICY, 1, TimeoutError(), 1.0),
        (POLICY, 1, ValueError(), None),
        (POLICY, 1, PanicError(), None),
        (POLICY, 1, BusyError(4), 4.0),  # later than the backoff
        (POLICY, 2, BusyError(2.5), 3.0),  # sooner than the backoff
        (POLICY, 1, BusyError(5.0), 5.0),
        (POLICY, 1, BusyError(5.1), None),  # longer than anybody may make us wait
        (POLICY, 1, BusyError(float("inf")), None),
        (POLICY, 1, BusyError(float("nan")), 1.0),
        (POLICY, 1, BusyError(-3), 1.0),
        (POLICY, 1, BusyError("4"), 1.0),
        (RetryPolicy(attempts=1), 1, ConnectionError(), None),
        (RetryPolicy(retry_on=(ValueError,)), 1, ValueError(), 0.5),
        (RetryPolicy(retry_on=(ValueError,)), 1, ConnectionError(), None),
        (RetryPolicy(retry_on=lambda error: "again" in str(error)), 1, OSError("again"), 0.5),
        (RetryPolicy(retry_on=lambda error: "again" in str(error)), 1, OSError("never"), None),
        (RetryPolicy(attempts=5000, delay=1), 4000, ConnectionError(), 30.0),  # 2 ** 3999 overflows a float
        (RetryPolicy(delay=0), 2, ConnectionError(), 0.0),
    ],
)
def test_delay_after(policy: RetryPolicy, attempt: int, error: Exception, delay: float | None) -> None:
    assert policy.delay_after(attempt, error) == delay


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"attempts": 0}, "attempts"),
        ({"delay": -1}, "delay"),
        ({"delay": float("nan")}, "delay"),
        ({"backoff": 0.5}, "backoff"),
        ({"backoff": float("inf")}, "backoff"),
        ({"max_delay": -0.1}, "max_delay"),
        ({"max_delay": float("inf")}, "max_delay"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(options: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        RetryPolicy(**options)


def test_a_function_is_tried_again() -> None:
    slept: list[float] = []
    flaky = Flaky(ConnectionError("one"), TimeoutError("two"))

    @retry(POLICY, sleep=slept.append)
    def work(word: str) -> str:
        return flaky(word)

    assert work("done") == "done"
    assert (flaky.calls, slept) == (3, [1.0, 3.0])
    assert work.__name__ == "work"


def test_the_last_error_is_raised_as_it_was() -> None:
    slept: list[float] = []
    last = ConnectionError("four")
    flaky = Flaky(ConnectionError("one"), ConnectionError("two"), ConnectionError("three"), last)
    with pytest.raises(ConnectionError) as raised:
        POLICY.wrap(flaky, sleep=slept.append)()
    assert raised.value is last
    assert (flaky.calls, slept) == (4, [1.0, 3.0, 5.0])


@pytest.mark.parametrize("error", [ValueError("no use"), KeyboardInterrupt(), BusyError(3600)])
def test_a_final_error_is_raised_at_once(error: BaseException) -> None:
    slept: list[float] = []
    flaky = Flaky(error)
    with pytest.raises(type(error)) as raised:
        POLICY.wrap(flaky, sleep=slept.append)()
    assert raised.value is error
    assert (flaky.calls, slept) == (1, [])


async def test_a_coroutine_function_is_tried_again() -> None:
    clock = FakeClock()
    flaky = Flaky(BusyError(2), ConnectionError())
    moments: list[float] = []

    @retry(POLICY, sleep=clock.sleep)
    async def work() -> str:
        moments.append(clock.now())
        return flaky()

    running = asyncio.ensure_future(work())
    await clock.advance(10)
    assert await running == "well"
    assert moments == [0.0, 2.0, 5.0]


async def test_a_cancelled_coroutine_is_not_tried_again() -> None:
    clock = FakeClock()
    flaky = Flaky(asyncio.CancelledError())

    @retry(RetryPolicy(retry_on=lambda _error: True), sleep=clock.sleep)
    async def work() -> str:
        return flaky()

    with pytest.raises(asyncio.CancelledError):
        await work()
    assert (flaky.calls, clock.sleeping) == (1, 0)
