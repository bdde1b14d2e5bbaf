from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from weighbridge.work import Priority, PriorityQueue

HIGH, MEDIUM, LOW = Priority
KEYS = st.integers(0, 7)
PRIORITIES = st.sampled_from(Priority)


def drain(queue: PriorityQueue[str, int]) -> list[tuple[str, int]]:
    return [item for _ in range(len(queue)) if (item := queue.pop()) is not None]


@dataclass
class SlowQueue:
    """One list in order of arrival, searched from the start each time."""

    patience: int
    line: list[tuple[int, int, Priority]] = field(default_factory=list)
    passed: Counter[Priority] = field(default_factory=Counter)

    def find(self, key: int) -> int | None:
        return next((place for place, item in enumerate(self.line) if item[0] == key), None)

    def put(self, key: int, value: int, priority: Priority) -> None:
        place = self.find(key)
        if place is None:
            self.line.append((key, value, priority))
            return
        self.line[place] = (key, value, self.line[place][2])
        if priority < self.line[place][2]:
            self.move(key, priority)

    def move(self, key: int, priority: Priority) -> bool:
        place = self.find(key)
        if place is None or self.line[place][2] == priority:
            return False
        _, value, _ = self.line.pop(place)
        self.line.append((key, value, priority))
        self.calm()
        return True

    def remove(self, key: int) -> int | None:
        place = self.find(key)
        if place is None:
            return None
        value = self.line.pop(place)[1]
        self.calm()
        return value

    def pop(self, least: Priority) -> tuple[int, int] | None:
        waiting = sorted({priority for _, _, priority in self.line if priority <= least})
        if not waiting:
            return None
        longest = max((self.passed[band] for band in waiting), default=0)
        chosen = waiting[0]
        if longest >= self.patience:
            chosen = next(band for band in waiting if self.passed[band] == longest)
        for band in waiting:
            self.passed[band] += band > chosen
        self.passed[chosen] = 0
        place = next(place for place, item in enumerate(self.line) if item[2] == chosen)
        key, value, _ = self.line.pop(place)
        self.calm()
        return key, value

    def calm(self) -> None:
        waiting = {priority for _, _, priority in self.line}
        for band in Priority:
            if band not in waiting:
                self.passed[band] = 0


class QueueMachine(RuleBasedStateMachine):
    @initialize(patience=st.integers(1, 4))
    def begin(self, patience: int) -> None:
        self.queue: PriorityQueue[int, int] = PriorityQueue(patience)
        self.slow = SlowQueue(patience)
        self.values = 0

    @rule(key=KEYS, priority=PRIORITIES)
    def put(self, key: int, priority: Priority) -> None:
        self.values += 1
        self.queue.put(key, self.values, priority)
        self.slow.put(key, self.values, priority)

    @rule(key=KEYS, priority=PRIORITIES)
    def move(self, key: int, priority: Priority) -> None:
        assert self.queue.move(key, priority) == self.slow.move(key, priority)

    @rule(key=KEYS)
    def remove(self, key: int) -> None:
        assert self.queue.remove(key) == self.slow.remove(key)

    @rule(least=PRIORITIES)
    def pop(self, least: Priority) -> None:
        assert self.queue.pop(least) == self.slow.pop(least)

    @invariant()
    def same_keys(self) -> None:
        assert len(self.queue) == len(self.slow.line)
        assert [key in self.queue for key in range(8)] == [
            self.slow.find(key) is not None for key in range(8)
        ]

    def teardown(self) -> None:
        while self.queue:
            assert self.queue.pop() == self.slow.pop(LOW)
        assert self.slow.line == []


TestQueueAgainstList = QueueMachine.TestCase
TestQueueAgainstList.settings = settings(max_examples=150, stateful_step_count=40)


def test_order_is_by_priority_then_arrival() -> None:
    queue: PriorityQueue[str, int] = PriorityQueue()
    for number, (key, priority) in enumerate(
        [("a", LOW), ("b", MEDIUM), ("c", HIGH), ("d", MEDIUM), ("e", HIGH)]
    ):
        queue.put(key, number, priority)
    assert drain(queue) == [("c", 2), ("e", 4), ("b", 1), ("d", 3), ("a", 0)]
    assert queue.pop() is None


def test_a_newer_value_takes_the_place_of_the_older() -> None:
    queue: PriorityQueue[str, int] = PriorityQueue()
    queue.put("a", 1, MEDIUM)
    queue.put("b", 2, MEDIUM)
    queue.put("a", 3, LOW)
    assert drain(queue) == [("a", 3), ("b", 2)]


def test_a_newer_value_may_be_more_urgent() -> None:
    queue: PriorityQueue[str, int] = PriorityQueue()
    queue.put("a", 1, MEDIUM)
    queue.put("b", 2, LOW)
    queue.put("b", 3, HIGH)
    assert drain(queue) == [("b", 3), ("a", 1)]


def test_pop_leaves_bands_below_the_least() -> None:
    queue: PriorityQueue[str, int] = PriorityQueue()
    queue.put("a", 1, LOW)
    assert queue.pop(MEDIUM) is None
    assert queue.pop(LOW) == ("a", 1)


@given(
    patience=st.integers(1, 6),
    arrivals=st.lists(PRIORITIES, min_size=1, max_size=120),
    band=st.sampled_from([MEDIUM, LOW]),
)
@settings(max_examples=100)
def test_nobody_starves(patience: int, arrivals: list[Priority], band: Priority) -> None:
    """Whatever else waits, the first of a band is taken before patience + 2 others are."""
    queue: PriorityQueue[int, None] = PriorityQueue(patience)
    queue.put(-1, None, band)
    for number, priority in enumerate(arrivals):
        queue.put(number, None, priority)
        queue.put(1000 + number, None, HIGH)
    picks = 0
    while (picked := queue.pop()) is not None and picked[0] != -1:
        picks += 1
    assert picked == (-1, None)
    assert picks <= patience + 1


def test_a_band_never_empty_gets_its_share() -> None:
    queue: PriorityQueue[int, Priority] = PriorityQueue(patience=3)
    for number in range(300):
        queue.put(number, Priority(number % 3), Priority(number % 3))
    picked = [item[1] for _ in range(20) if (item := queue.pop()) is not None]
    names = "".join(priority.name[0] for priority in picked)
    assert names == "HHHMLHHHMLHHHMLHHHML"


def test_whoever_comes_to_an_emptied_band_has_not_been_passed_over() -> None:
    queue: PriorityQueue[str, int] = PriorityQueue(patience=1)
    queue.put("a", 1, HIGH)
    queue.put("b", 2, LOW)
    assert queue.pop() == ("a", 1)
    queue.remove("b")
    queue.put("c", 3, LOW)
    queue.put("d", 4, HIGH)
    assert drain(queue) == [("d", 4), ("c", 3)]


def test_nothing_is_kept_of_what_has_left() -> None:
    queue: PriorityQueue[int, object] = PriorityQueue()
    for number in range(10_000):
        queue.put(number % 3, object(), Priority(number % 3))
        queue.move(number % 3, Priority((number + 1) % 3))
        queue.remove((number + 1) % 3)
    assert len(queue) == sum(key in queue for key in range(3)) == 2


@pytest.mark.parametrize("patience", [0, -1])
def test_patience_is_at_least_one(patience: int) -> None:
    with pytest.raises(ValueError, match="patience"):
        PriorityQueue[str, int](patience)
