"""Texts that take too long to count between two keystrokes: what workers are to count of one document."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice


@dataclass(frozen=True, slots=True)
class Job:
    """A text that takes too long to count between two keystrokes. `id` is unique within one buffer.

    `private`: it may hold a secret's text, of which no digest may be kept.
    """

    id: int
    text: str
    private: bool = False


class Jobs:
    """The jobs that are not handed out yet, oldest first."""

    def __init__(self) -> None:
        self._next = 0
        self._texts: dict[int, Callable[[], str]] = {}

    def add(self, text: Callable[[], str]) -> int:
        """Have a text counted by a worker; returns the job's id. `text`: reads it when the job is handed out."""
        job = self._next
        self._next += 1
        self._texts[job] = text
        return job

    def hand_out(self, limit: int | None, *, private: bool) -> list[Job]:
        """Hand out jobs, at most `limit`, each once. `private`: as `Job` has it."""
        jobs = list(islice(self._texts, limit))
        return [Job(job, self._texts.pop(job)(), private) for job in jobs]

    def drop(self, job: int) -> None:
        """Nobody wants this one any more."""
        self._texts.pop(job, None)

    def clear(self) -> None:
        """Nobody wants any of them."""
        self._texts.clear()
