"""Threads that count much get a core of their own, a few of them; the first has one, and short texts make none."""

import gc
import threading
from collections.abc import Callable
from typing import TypeVar

from tests.patience import HANGS_AFTER

from weighbridge.tokens.cores import AFTER, MOST, Cores
from weighbridge.tokens.engine import TiktokenEngine
from weighbridge.tokens.openai import definition

T = TypeVar("T")


class Made:
    """Makes things that are told apart."""

    def __init__(self) -> None:
        self.cores: list[object] = []

    def __call__(self) -> object:
        self.cores.append(object())
        return self.cores[-1]


def in_a_thread(work: Callable[[], T]) -> T:
    found: list[T] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


def cores() -> tuple[Cores, Made]:
    made = Made()
    return Cores(made), made


def test_the_first_thread_has_the_first_core() -> None:
    some, made = cores()
    assert [some.for_long(AFTER), some.for_long(AFTER), some.for_short()] == [made.cores[0]] * 3
    assert len(made.cores) == 1


def test_another_gets_its_own_once_it_counted_much() -> None:
    some, made = cores()
    some.for_short()

    def work() -> list[object]:
        return [
            some.for_short(),
            some.for_long(AFTER - 1),
            some.for_short(),
            some.for_long(1),
            some.for_short(),
            some.for_long(1),
        ]

    found = in_a_thread(work)
    assert [made.cores.index(core) for core in found] == [0, 0, 0, 1, 1, 1]
    assert some.for_long(1) is made.cores[0]


def test_short_texts_make_none_however_many() -> None:
    some, made = cores()
    some.for_short()
    in_a_thread(lambda: [some.for_short() for _ in range(1000)])
    assert len(made.cores) == 1


def test_there_are_few_and_those_of_threads_that_ended_are_given_to_others() -> None:
    some, made = cores()
    some.for_short()
    done = threading.Event()
    ready = threading.Semaphore(0)

    def work() -> None:
        some.for_long(AFTER)
        ready.release()
        done.wait()

    threads = [threading.Thread(target=work) for _ in range(MOST + 2)]
    for thread in threads:
        thread.start()
        assert ready.acquire(timeout=HANGS_AFTER)
    assert len(made.cores) == 1 + MOST
    done.set()
    for thread in threads:
        thread.join()
    gc.collect()
    assert in_a_thread(lambda: some.for_long(AFTER)) is made.cores[-1]
    assert len(made.cores) == 2 + MOST


def test_all_of_them_count_alike() -> None:
    engine = TiktokenEngine(definition("r50k_base"))
    text = "some words, 漢字 and more\n" * 5000
    texts = [text, "short", text]
    expected = engine.count_many(texts)
    many = [text] * (AFTER // len(text) + 1)

    def work() -> tuple[list[int], list[int], list[int]]:
        return engine.count_many(texts), engine.count_many(many), [engine.count(one) for one in texts]

    assert in_a_thread(work) == (expected, [expected[0]] * len(many), expected)
