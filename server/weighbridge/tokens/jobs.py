"""Texts that take too long to count between two keystrokes, to be counted by a worker."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Job:
    """Count `text`. `id` is unique within one buffer. `private`: it may hold a secret's text, of which no digest may be kept."""

    id: int
    text: str
    private: bool = False


class Owner(Protocol):
    """Who waits for a job's answer."""

    def answered(self, job: int, tokens: int, /) -> None: ...


class Jobs:
    """The jobs of one buffer: posted, handed out once, then answered or withdrawn.

    `private`: the buffer was told of a secret's text at some time, and any job's text may hold some of it from then on.
    """

    __slots__ = ("_fresh", "_next", "_open", "private")

    def __init__(self) -> None:
        self.private = False
        self._next = 0
        self._open: dict[int, Owner] = {}
        self._fresh: dict[int, Callable[[], str]] = {}

    def post(self, owner: Owner, text: Callable[[], str]) -> int:
        """Ask for a count; `text` is called when the job is handed out, or never. Returns the job's id."""
        job = self._next
        self._next += 1
        self._open[job] = owner
        self._fresh[job] = text
        return job

    def withdraw(self, job: int) -> None:
        """Forget a job: its answer, if it comes, is obsolete."""
        self._open.pop(job, None)
        self._fresh.pop(job, None)

    def withdraw_all(self) -> None:
        """Forget all jobs."""
        self._open.clear()
        self._fresh.clear()

    def take(self, limit: int | None) -> list[Job]:
        """Hand out at most `limit` jobs, oldest first, none twice."""
        ids = list(islice(self._fresh, limit))
        return [Job(job, self._fresh.pop(job)(), self.private) for job in ids]

    def answer(self, job: int, tokens: int) -> bool:
        """Tell the owner; False if the job is withdrawn or answered."""
        owner = self._open.pop(job, None)
        if owner is None:
            return False
        self._fresh.pop(job, None)
        owner.answered(job, tokens)
        return True
