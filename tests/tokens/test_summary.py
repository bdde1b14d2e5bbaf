"""Summaries join to the summary of the whole, for all texts and however they are cut."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tokens import hostile
from tests.tokens.reference import NAMES, tokens

from weighbridge.errors import BorderlessError
from weighbridge.tokens import summary
from weighbridge.tokens.base import Borders, Exactness
from weighbridge.tokens.borders import ALL_RULES, NO_BORDERS
from weighbridge.tokens.registry import tokenizer
from weighbridge.tokens.summary import EMPTY, Summarizer, Summary, join, join_all, summarize, total

CL100K = "cl100k_base"


@dataclass
class Lengths:
    """A tokenizer whose tokens are characters; remembers what it was given."""

    borders: Borders = ALL_RULES
    name: str = "lengths"
    version: str = "1"
    exactness: Exactness = Exactness.EXACT
    counted: list[str] = field(default_factory=list)

    def count(self, text: str) -> int:
        self.counted.append(text)
        return len(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", EMPTY),
        ("word", Summary("word", None, "")),
        ("two words", Summary("two", 0, " words")),
        ("and three words", Summary("and", 1, " words")),
        ("a\nb", Summary("a", 1, "b")),
        ("see(x);", Summary("see", 1, ");")),
    ],
)
def test_what_a_summary_keeps(text: str, expected: Summary) -> None:
    assert summarize(text, tokenizer(CL100K)) == expected


@given(st.sampled_from(NAMES), hostile.texts(), hostile.texts(), hostile.texts())
@settings(max_examples=500)
def test_joining_is_associative_and_gives_the_summary_of_the_whole(name: str, a: str, b: str, c: str) -> None:
    used = tokenizer(name)
    first, second, third = (summarize(text, used) for text in (a, b, c))
    whole = summarize(a + b + c, used)
    assert join(join(first, second, used), third, used) == whole
    assert join(first, join(second, third, used), used) == whole
    assert join_all([first, second, third], used) == whole
    assert total(whole, used) == len(tokens(name, a + b + c))


@given(st.sampled_from(NAMES), hostile.texts())
@settings(max_examples=150)
def test_a_text_summed_up_character_by_character(name: str, text: str) -> None:
    used = tokenizer(name)
    assert join_all((summarize(character, used) for character in text), used) == summarize(text, used)


@given(st.sampled_from(NAMES), st.lists(hostile.texts(6), max_size=8), st.integers(1, 12))
@settings(max_examples=200)
def test_chunks_may_end_anywhere(name: str, chunks: list[str], block: int) -> None:
    used = tokenizer(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(summary, "BLOCK", block)
        summarizer = Summarizer(used)
        for chunk in chunks:
            summarizer.feed(chunk)
        found = summarizer.finish()
    assert found == summarize("".join(chunks), used)
    assert total(found, used) == len(tokens(name, "".join(chunks)))


@given(hostile.texts())
@settings(max_examples=100)
def test_empty_is_neutral(text: str) -> None:
    used = tokenizer(CL100K)
    found = summarize(text, used)
    assert join(EMPTY, found, used) == found == join(found, EMPTY, used)
    assert join_all([], used) == EMPTY == summarize("", used)
    assert total(EMPTY, used) == 0


@given(hostile.texts())
@settings(max_examples=100)
def test_the_lengths_and_the_text_are_enough_to_make_a_summary_again(text: str) -> None:
    found = summarize(text, tokenizer(CL100K))
    tail = text[len(text) - len(found.tail) :]
    assert Summary(text[: len(found.head)], found.inner, tail) == found


def test_a_summary_may_be_asked_for_before_the_end() -> None:
    used = Lengths()
    summarizer = Summarizer(used)
    summarizer.feed("one two ")
    assert summarizer.finish() == Summary("one", 4, " ")
    summarizer.feed("three")
    assert summarizer.finish() == Summary("one", 4, " three")


def test_fragments_end_at_the_border_between_two_summaries() -> None:
    used = Lengths()
    assert join(summarize("one", used), summarize(" two", used), used) == Summary("one", 0, " two")
    assert join(summarize("a b", used), summarize(" c", used), used) == Summary("a", 2, " c")


def test_without_borders_a_text_is_one_fragment() -> None:
    used = Lengths(borders=NO_BORDERS)
    found = join_all([summarize(text, used) for text in ("one two", "\n", "three")], used)
    assert found == Summary("one two\nthree", None, "")
    assert total(found, used) == 13


def test_a_large_text_is_never_held_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "BLOCK", 1000)
    used = Lengths()
    summarizer = Summarizer(used)
    line = "some text that goes on and on\n"
    summarizer.feed(line * 2000)
    for _ in range(2000):
        summarizer.feed(line)
    found = summarizer.finish()
    assert total(found, used) == 4000 * len(line)
    assert max(map(len, used.counted)) <= 1000
    assert max(len(found.head), len(found.tail)) <= len(line)


@pytest.mark.parametrize("text", ["a" * 131, "a" * 131 + " b", "b " + "a" * 131])
def test_a_fragment_without_end_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "FRAGMENT_LIMIT", 100)
    monkeypatch.setattr(summary, "BLOCK", 10)
    used = Lengths()
    assert summarize("a" * 100, used) == Summary("a" * 100, None, "")
    message = r"no place to cut the text for \d+ characters \(at most 100\)"
    with pytest.raises(BorderlessError, match=message):
        summarize(text, used)
    summarizer = Summarizer(used)
    with pytest.raises(BorderlessError, match=message):
        summarizer.feed(text)
    with pytest.raises(BorderlessError, match=message):
        join_all([summarize(character, used) for character in text], used)


@pytest.mark.parametrize("secret", [0, 1])
@pytest.mark.parametrize(
    "texts", [("a b c", " d e f"), ("a", "b c d"), ("a b c", "d"), ("a", "b"), ("", "a b"), ("a b", "")]
)
def test_what_is_joined_to_a_secret_is_private(texts: tuple[str, str], secret: int) -> None:
    name = tokenizer("cl100k_base")
    parts = [replace(summarize(text, name), private=number == secret) for number, text in enumerate(texts)]
    assert join(parts[0], parts[1], name).private
    assert join_all(parts, name).private
