"""Long contents in constant memory, contents that change while they are read, and several workers at once."""

import threading
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.cache.lengths import Lengths, summarized
from tests.cache.stores import kept, url
from tests.patience import HANGS_AFTER
from tests.tokens.watched import Stats, WatchedService

from weighbridge.cache import Counted, digest
from weighbridge.errors import Code, Problem, TransientFault
from weighbridge.tokens import service as service_module
from weighbridge.tokens.service import Summarized, TokenCountingService, UnderWay
from weighbridge.tokens.summary import Summary

LONG = "alpha beta gamma\n" * 40  # 680 characters
OTHER = "delta " * 100


@pytest.fixture(autouse=True)
def _limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_module, "IN_MEMORY", 100)
    monkeypatch.setattr(service_module, "END", 20)


@dataclass
class Readings:
    """A content that may be another at each reading; counts how often it is begun."""

    texts: list[str]
    begun: int = 0

    def __call__(self) -> Iterator[str]:
        text = self.texts[min(self.begun, len(self.texts) - 1)]
        self.begun += 1
        return (text[start : start + 7] for start in range(0, len(text), 7))


def memory_only() -> WatchedService:
    return WatchedService(None, 100)


def test_a_short_content_is_read_once() -> None:
    readings = Readings(["alpha beta gamma"])
    assert memory_only().summarize_stream(readings, Lengths()) == Summarized(
        Summary("alpha", 5, " gamma"), 16, digest("alpha beta gamma")
    )
    assert readings.begun == 1


def test_a_long_content_is_read_twice_and_once_when_it_is_known(tmp_path: Path) -> None:
    expected = summarized(LONG)
    with kept(url(tmp_path / "counts.db")) as it:
        service, readings = WatchedService(it.store, 100), Readings([LONG])
        assert service.summarize_stream(readings, Lengths()) == expected
        assert readings.begun == 2
        assert service.summarize_stream(readings, Lengths()) == expected
        assert readings.begun == 3
        assert service.stats == Stats(tokenized=1, tokenized_chars=680)
    with kept(url(tmp_path / "counts.db")) as it:
        service, readings, lengths = WatchedService(it.store, 100), Readings([LONG]), Lengths()
        assert service.summarize_stream(readings, lengths) == expected
        assert (readings.begun, lengths.counted) == (1, [])
        assert service.stats == Stats(store_hits=1)


def test_a_known_content_with_longer_fragments_than_are_kept_is_read_again() -> None:
    service, text = memory_only(), "x" * 30 + " beta" * 30
    readings = Readings([text])
    for begun in (2, 4):
        assert service.summarize_stream(readings, Lengths()) == summarized(text)
        assert readings.begun == begun
    assert service.stats == Stats(tokenized=1, tokenized_chars=180)


def test_a_content_that_changes_once_is_begun_again() -> None:
    readings = Readings([LONG, OTHER, OTHER])
    service = memory_only()
    assert service.summarize_stream(readings, Lengths()) == summarized(OTHER)
    assert readings.begun == 4
    assert service.stats == Stats(tokenized=1, tokenized_chars=600)


def test_a_known_content_that_changes_is_begun_again() -> None:
    service, text = memory_only(), "x" * 30 + " beta" * 30
    service.summarize_stream(Readings([text]), Lengths())
    readings = Readings([text, OTHER])
    assert service.summarize_stream(readings, Lengths()) == summarized(OTHER)
    assert readings.begun == 4


def test_a_content_that_shrinks_is_read_as_it_is() -> None:
    readings = Readings([LONG, "a b"])
    assert memory_only().summarize_stream(readings, Lengths()) == Summarized(
        Summary("a", 0, " b"), 3, digest("a b")
    )
    assert readings.begun == 3


def test_a_content_that_keeps_changing_is_a_transient_fault() -> None:
    readings = Readings([LONG + str(number) for number in range(9)])
    service = memory_only()
    with pytest.raises(TransientFault) as caught:
        service.summarize_stream(readings, Lengths())
    assert caught.value.problem == Problem(Code.FAILED, "the content changes while it is read")
    assert (readings.begun, service.stats) == (6, Stats())


@pytest.mark.parametrize("reading", [0, 1])
def test_an_error_of_the_content_is_passed_on_and_forgotten(reading: int) -> None:
    class GoneError(Exception):
        pass

    service, begun = memory_only(), 0

    def chunks() -> Iterator[str]:
        nonlocal begun
        begun += 1
        yield LONG
        if begun == reading + 1:
            raise GoneError

    with pytest.raises(GoneError):
        service.summarize_stream(chunks, Lengths())
    assert service.stats == Stats()
    assert service.summarize_stream(chunks, Lengths()) == summarized(LONG)


def test_a_long_content_takes_constant_memory() -> None:
    def chunks() -> Iterator[str]:
        return ("lorem ipsum dolor\n" * 3_000 for _ in range(150))

    @dataclass
    class Forgetful(Lengths):
        def count(self, text: str) -> int:
            return len(text)

    service = memory_only()
    tracemalloc.start()
    try:
        summary = service.summarize_stream(chunks, Forgetful()).summary
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert summary == Summary("lorem", 8_100_000 - 6, "\n")
    assert most < 1_500_000


# Several workers


@dataclass
class Watched:
    """Tells when somebody waits for another's count."""

    waiting: threading.Event = field(default_factory=threading.Event)

    def under_way(self) -> UnderWay:
        waiting = self.waiting

        class Telling(UnderWay):
            def result(self) -> Counted | None:
                waiting.set()
                return super().result()

        return Telling()


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    watched = Watched()
    monkeypatch.setattr(service_module, "UnderWay", watched.under_way)
    return watched.waiting


@dataclass
class Slow(Lengths):
    """Counts only once somebody waits for the count."""

    go_on: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)

    def count(self, text: str) -> int:
        self.begun.set()
        assert self.go_on.wait(HANGS_AFTER)
        return super().count(text)


ASK: list[tuple[str, Callable[[TokenCountingService, Lengths], Any]]] = [
    ("count", lambda service, lengths: service.count(LONG, lengths)),
    ("summarize", lambda service, lengths: service.summarize(LONG, lengths)),
    ("stream", lambda service, lengths: service.summarize_stream(Readings([LONG]), lengths)),
]


@pytest.mark.parametrize("ask", [ask for _, ask in ASK], ids=[name for name, _ in ASK])
def test_a_text_two_workers_ask_for_at_once_is_tokenized_once(
    waiting: threading.Event, ask: Callable[[TokenCountingService, Lengths], Any]
) -> None:
    service, slow = memory_only(), Slow(go_on=waiting)
    with ThreadPoolExecutor(2) as workers:
        first = workers.submit(ask, service, slow)
        assert slow.begun.wait(HANGS_AFTER)
        second = workers.submit(ask, service, slow)
        assert first.result(30) == second.result(30) == ask(memory_only(), Lengths())
    assert sum(map(len, slow.counted)) == len(LONG)
    assert service.stats == Stats(tokenized=1, tokenized_chars=680)


def test_workers_that_wait_for_each_other_go_on(waiting: threading.Event) -> None:
    service, slow = memory_only(), Slow(go_on=waiting)
    with ThreadPoolExecutor(2) as workers:
        first = workers.submit(service.count_many, ["a", "bb"], slow)
        assert slow.begun.wait(HANGS_AFTER)
        second = workers.submit(service.count_many, ["ccc", "bb", "a"], Lengths())
        assert (first.result(30), second.result(30)) == ([1, 2], [3, 2, 1])
    assert service.stats == Stats(tokenized=3, tokenized_chars=6)


def test_one_who_waits_for_a_failure_tries_it_themselves(waiting: threading.Event) -> None:
    class CancelledError(Exception):
        pass

    begun, readings = threading.Event(), 0

    def cancelled() -> Iterator[str]:
        yield LONG
        if begun.is_set():
            assert waiting.wait(HANGS_AFTER)
            raise CancelledError

    def first_reading() -> Iterator[str]:
        nonlocal readings
        readings += 1
        if readings == 2:
            begun.set()
        return cancelled()

    service = memory_only()
    with ThreadPoolExecutor(2) as workers:
        first = workers.submit(service.summarize_stream, first_reading, Lengths())
        assert begun.wait(HANGS_AFTER)
        second = workers.submit(service.summarize_stream, Readings([LONG]), Lengths())
        assert second.result(30) == summarized(LONG)
        assert isinstance(first.exception(30), CancelledError)
    assert service.stats == Stats(tokenized=1, tokenized_chars=680)


def test_many_workers_agree(tmp_path: Path) -> None:
    texts = [f"{number} {LONG}" for number in range(30)]
    expected = [len(text) for text in texts]
    with kept(url(tmp_path / "counts.db"), flush_rows=7) as it:
        service = WatchedService(it.store, 5)
        with ThreadPoolExecutor(8) as workers:
            orders = [texts if number % 2 else texts[::-1] for number in range(8)]
            answers = list(workers.map(lambda order: service.count_many(order, Lengths()), orders))
        assert answers == [expected if number % 2 else expected[::-1] for number in range(8)]
        assert (service.stats.tokenized, it.warnings) == (30, [])
