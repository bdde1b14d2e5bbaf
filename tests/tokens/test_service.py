"""Counts are made once, wherever they are kept, and are those of the tokenizer."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cache.lengths import Lengths, summarized
from tests.cache.stores import execute, kept, query, url
from tests.tokens import hostile
from tests.tokens.watched import Stats, WatchedService

from weighbridge.cache import digest
from weighbridge.errors import BorderlessError
from weighbridge.tokens import service as service_module
from weighbridge.tokens.base import Borders, Tokenizer
from weighbridge.tokens.borders import ALL_RULES, NO_BORDERS
from weighbridge.tokens.registry import tokenizer
from weighbridge.tokens.service import Digested, Summarized
from weighbridge.tokens.summary import EMPTY, Summary, summarize

WORDS = "alpha beta " * 50  # 550 characters
SHORT = "alpha beta"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "counts.db"


def memory_only(entries: int = 100) -> WatchedService:
    return WatchedService(None, entries)


def test_a_text_is_tokenized_once() -> None:
    service, lengths = memory_only(), Lengths()
    assert [service.count(WORDS, lengths) for _ in range(3)] == [550, 550, 550]
    assert sum(map(len, lengths.counted)) == 550
    assert service.stats == Stats(tokenized=1, tokenized_chars=550)


def test_texts_in_one_call_are_counted_in_their_order_and_once_each() -> None:
    service, lengths = memory_only(), Lengths()
    assert service.count_many(["b c", "", "a", "b c", "", "d" * 300], lengths) == [3, 0, 1, 3, 0, 300]
    assert service.stats == Stats(tokenized=4, tokenized_chars=304)
    assert service.count_many([], lengths) == []


def test_a_count_and_a_summary_are_one_entry() -> None:
    service, lengths = memory_only(), Lengths()
    assert service.summarize(WORDS, lengths) == Summary("alpha", 544, " ") == summarize(WORDS, Lengths())
    assert service.count(WORDS, lengths) == 550
    assert service.stats == Stats(tokenized=1, tokenized_chars=550)


@pytest.mark.parametrize("text", ["", SHORT, WORDS, WORDS * 3])
def test_a_second_start_tokenizes_nothing(path: Path, text: str) -> None:
    first, second = Lengths(), Lengths()
    with kept(url(path)) as it:
        summary = WatchedService(it.store, 100).summarize(text, first)
    with kept(url(path)) as it:
        service = WatchedService(it.store, 100)
        assert service.summarize(text, second) == summary == summarize(text, Lengths())
        assert service.count(text, second) == len(text)
        assert (service.stats, second.counted) == (Stats(store_hits=1), [])


def test_chunks_survive_a_restart_and_are_looked_up_at_once(path: Path) -> None:
    texts = [f"{number} {WORDS}" for number in range(20)]
    with kept(url(path)) as it:
        counts = WatchedService(it.store, 100).count_many(texts, Lengths())
    with kept(url(path)) as it:
        service, lengths = WatchedService(it.store, 100), Lengths()
        assert service.count_many([*texts, "new " * 100], lengths) == [*counts, 400]
        assert service.stats == Stats(store_hits=20, tokenized=1, tokenized_chars=400)


def test_short_texts_survive_too(path: Path) -> None:
    with kept(url(path)) as it:
        service = WatchedService(it.store, 100)
        assert service.count_many([SHORT, "x", SHORT], Lengths()) == [10, 1, 10]
    found = query(path, "SELECT chars, hits FROM weighbridge_token_counts ORDER BY chars")
    assert found == [(1, 0), (10, 0)]


def test_tokenizers_and_their_versions_are_kept_apart(path: Path) -> None:
    with kept(url(path)) as it:
        service = WatchedService(it.store, 100)
        for lengths in (Lengths(), Lengths(name="other"), Lengths(version="2")):
            assert service.count(WORDS, lengths) == 550
        assert service.stats.tokenized == 3


def test_memory_holds_what_was_used_last() -> None:
    service, lengths = memory_only(entries=2), Lengths()
    service.count_many(["a", "b"], lengths)
    service.count("a", lengths)
    service.count("c", lengths)
    lengths.counted.clear()
    service.count_many(["a", "c"], lengths)
    assert lengths.counted == []
    service.count("b", lengths)
    assert lengths.counted == ["b"]


def test_memory_can_be_resized() -> None:
    service, lengths = memory_only(entries=3), Lengths()
    service.count_many(["a", "b", "c"], lengths)
    service.count("a", lengths)
    service.resize(2)
    lengths.counted.clear()
    service.count_many(["a", "c"], lengths)
    assert lengths.counted == []
    service.resize(4)
    service.count_many(["b", "d"], lengths)
    lengths.counted.clear()
    service.count_many(["a", "b", "c", "d"], lengths)
    assert lengths.counted == []


def test_memory_of_no_entries_still_counts() -> None:
    service = memory_only(entries=0)
    service.resize(-1)
    assert service.count_many(["a", "bc"], Lengths()) == [1, 2]


def test_clear_forgets_everything(path: Path) -> None:
    with kept(url(path)) as it:
        service = WatchedService(it.store, 100)
        service.count(WORDS, Lengths())
        service.clear()
        assert service.count(WORDS, Lengths()) == 550
        assert service.stats == Stats(tokenized=2, tokenized_chars=1100)


def test_a_store_that_does_not_work_is_no_hindrance(tmp_path: Path) -> None:
    with kept(url(tmp_path)) as it:
        service = WatchedService(it.store, 100)
        assert (service.count(WORDS, Lengths()), service.summarize(SHORT, Lengths())) == (
            550,
            Summary("alpha", 0, " beta"),
        )


@pytest.mark.parametrize("values", ["chars = 551", "tokens = tokens - 545", "head_chars = 0", "chars = NULL"])
def test_what_was_tampered_with_is_counted_anew(path: Path, values: str) -> None:
    with kept(url(path)) as it:
        expected = WatchedService(it.store, 100).summarize(WORDS, Lengths())
    table = "weighbridge_token_counts"
    execute(
        path,
        "PRAGMA writable_schema = ON",
        f"UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '') WHERE name = '{table}'",
    )
    execute(path, f"UPDATE {table} SET {values}")
    for store_hits in (0, 1):
        with kept(url(path)) as it:
            service = WatchedService(it.store, 100)
            assert service.summarize(WORDS, Lengths()) == expected
            assert service.stats.store_hits == store_hits


def test_a_text_without_a_border_for_too_long(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weighbridge.tokens.summary.FRAGMENT_LIMIT", 300)
    monkeypatch.setattr(service_module, "FRAGMENT_LIMIT", 300)
    text = "x" * 301
    with kept(url(path)) as it:
        service = WatchedService(it.store, 100)
        with pytest.raises(BorderlessError):
            service.summarize(text, Lengths())
        # It has no summary, but it has a count; and having one gives it no summary.
        assert (service.count(text, Lengths()), service.stats.tokenized) == (301, 1)
        with pytest.raises(BorderlessError):
            service.summarize(text, Lengths())
        with pytest.raises(BorderlessError):
            service.summarize_stream(lambda: iter([text]), Lengths())


def cut(text: str, places: list[int]) -> list[str]:
    """Cut a text into chunks."""
    ends = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[start:end] for start, end in pairwise(ends)] or [text]


@contextmanager
def small_limits() -> Iterator[None]:
    """Short texts are long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service_module, "IN_MEMORY", 12)
        patch.setattr(service_module, "END", 5)
        yield


@given(
    text=hostile.texts(),
    places=st.lists(st.integers(0, 200), max_size=5),
    borders=st.sampled_from([ALL_RULES, NO_BORDERS]),
    small=st.booleans(),
)
@settings(max_examples=60)
def test_a_summary_made_again_is_the_summary(
    text: str, places: list[int], borders: Borders, small: bool
) -> None:
    chunks = cut(text, places)
    lengths = Lengths(borders)
    expected = summarize(text, lengths)
    with (
        TemporaryDirectory() as folder,
        kept(url(Path(folder, "counts.db"))) as it,
        small_limits() if small else nullcontext(),
    ):
        for number in range(2):
            service = WatchedService(it.store, 100)
            streamed = service.summarize_stream(lambda: iter(chunks), lengths)
            assert streamed == Summarized(expected, len(text), digest(text))
            assert service.summarize_text(Digested.of(text), lengths) == streamed
            assert service.summarize(text, lengths) == expected
            assert service.count(text, lengths) == len(text)
            assert service.stats.store_hits == number
            assert it.store.flush(30)


@pytest.fixture(scope="module")
def cl100k() -> Tokenizer:
    return tokenizer("cl100k_base")


@given(texts=st.lists(hostile.texts(), max_size=4), places=st.lists(st.integers(0, 200), max_size=4))
@settings(max_examples=60)
def test_counts_are_the_tokenizers(cl100k: Tokenizer, texts: list[str], places: list[int]) -> None:
    service = memory_only()
    expected = [cl100k.count(text) for text in texts]
    whole = "".join(texts)
    chunks = cut(whole, places)
    for _ in range(2):
        assert service.count_many(texts, cl100k) == expected
        with small_limits():
            streamed = service.summarize_stream(lambda: iter(chunks), cl100k)
        assert streamed == summarized(whole, cl100k)


def test_an_empty_stream() -> None:
    def nothing() -> Iterator[str]:
        return iter(())

    assert memory_only().summarize_stream(nothing, Lengths()) == Summarized(EMPTY, 0, digest(""))
