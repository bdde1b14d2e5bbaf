"""The retry policy: when to try again, and after how many seconds; one for tasks and for plain functions, by tenacity."""

import inspect
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

if TYPE_CHECKING:
    import tenacity

P = ParamSpec("P")
R = TypeVar("R")

ExceptionFilter = tuple[type[Exception], ...] | Callable[[Exception], bool]
Sleep = Callable[[float], None] | Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, after how long, and after which errors.

    `attempts`: tries in all, the first included (1 or more). `delay`: seconds before the second try. `backoff`: what
    the delay is multiplied by after each further one (1 or more). `max_delay`: seconds, no delay is longer.
    `retry_on`: error types, or a predicate; any other error is final.

    An error with a number of seconds in `retry_after` is never tried again sooner than that. If that is longer than
    `max_delay` the error is final: trying sooner would be rude, and waiting as long as a stranger says would be unwise.
    """

    attempts: int = 3
    delay: float = 0.5
    backoff: float = 2.0
    max_delay: float = 30.0
    retry_on: ExceptionFilter = (ConnectionError, TimeoutError)

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError(f"attempts must be 1 or more, not {self.attempts}")
        if not 1 <= self.backoff < math.inf:
            raise ValueError(f"backoff must be 1 or more, not {self.backoff}")
        for name, seconds in (("delay", self.delay), ("max_delay", self.max_delay)):
            if not 0 <= seconds < math.inf:
                raise ValueError(f"{name} must be 0 seconds or more, not {seconds}")

    def accepts(self, error: BaseException) -> bool:
        """Whether this error is one that may pass."""
        if not isinstance(error, Exception):
            return False
        if isinstance(self.retry_on, tuple):
            return isinstance(error, self.retry_on)
        return self.retry_on(error)

    def delay_after(self, attempt: int, error: BaseException) -> float | None:
        """Seconds to wait after try number `attempt` (from 1) failed with `error`; None if that was the last."""
        asked = _retry_after(error)
        if not self.accepts(error) or attempt >= self.attempts or asked > self.max_delay:
            return None
        return max(self._backoff(attempt), asked)

    def wrap(self, function: Callable[P, R], *, sleep: Sleep | None = None) -> Callable[P, R]:
        """Give a function that tries again as the policy says, and at last raises the last error as it was.

        `sleep` takes seconds: a plain function for a function, a coroutine function for a coroutine function; by
        default the real ones.
        """
        import tenacity  # noqa: PLC0415  what needs it is not a first count

        options: dict[str, Any] = {} if sleep is None else {"sleep": sleep}
        retrying = tenacity.AsyncRetrying if inspect.iscoroutinefunction(function) else tenacity.Retrying
        wrapped = retrying(
            stop=lambda state: self._after(state) is None,
            wait=lambda state: self._after(state) or 0.0,
            retry=tenacity.retry_if_exception(self.accepts),
            reraise=True,
            **options,
        ).wraps(function)
        return cast("Callable[P, R]", wrapped)

    def _after(self, state: "tenacity.RetryCallState") -> float | None:
        error = None if state.outcome is None else state.outcome.exception()
        return None if error is None else self.delay_after(state.attempt_number, error)

    def _backoff(self, attempt: int) -> float:
        try:
            return min(self.delay * self.backoff ** (attempt - 1), self.max_delay)
        except OverflowError:
            return self.max_delay


def _retry_after(error: BaseException) -> float:
    """Seconds the other side asked for, 0 if it did not."""
    seconds = getattr(error, "retry_after", None)
    # The comparison also refuses NaN.
    return float(seconds) if isinstance(seconds, int | float) and seconds > 0 else 0.0


def retry(policy: RetryPolicy, *, sleep: Sleep | None = None) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function or coroutine function with `RetryPolicy.wrap`."""
    return partial(policy.wrap, sleep=sleep)
