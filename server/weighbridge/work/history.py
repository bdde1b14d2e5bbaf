"""What is remembered of finished tasks: the last status of the last so many keys."""

from collections import Counter, OrderedDict
from collections.abc import Hashable, Iterator

from weighbridge.work.task import TaskState, TaskStatus


class History:
    """Bounded: at most `limit` statuses, one per key, the one that finished longest ago leaves first."""

    def __init__(self, limit: int) -> None:
        if limit < 0:
            raise ValueError(f"a history's limit is 0 or more, not {limit}")
        self._limit = limit
        self._statuses: OrderedDict[Hashable, TaskStatus] = OrderedDict()

    def __iter__(self) -> Iterator[TaskStatus]:
        """Oldest first."""
        return iter(self._statuses.values())

    def __len__(self) -> int:
        return len(self._statuses)

    def get(self, key: Hashable) -> TaskStatus | None:
        return self._statuses.get(key)

    def add(self, status: TaskStatus) -> None:
        self._statuses.pop(status.key, None)
        self._statuses[status.key] = status
        if len(self._statuses) > self._limit:
            self._statuses.popitem(last=False)


class Census:
    """How many tasks are in each state: now, for those that are not finished; ever, for those that are."""

    def __init__(self) -> None:
        self._counts: Counter[TaskState] = Counter()

    def move(self, old: TaskState | None, new: TaskState) -> None:
        if old is not None:
            self._counts[old] -= 1
        self._counts[new] += 1

    def counts(self) -> dict[TaskState, int]:
        return {state: self._counts[state] for state in TaskState}
