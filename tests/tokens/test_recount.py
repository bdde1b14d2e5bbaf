"""Counts by what differs from a text that was counted before: equal to counting all of it, for all texts."""

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tokens import hostile
from tests.tokens.test_summary import Lengths

from weighbridge.tokens import recount as module
from weighbridge.tokens.borders import NO_BORDERS
from weighbridge.tokens.recount import NOTHING, CountedText, recount
from weighbridge.tokens.registry import encodings, tokenizer


@given(
    st.sampled_from(encodings()),
    hostile.texts(),
    st.lists(hostile.texts(), min_size=1, max_size=4),
    hostile.texts(),
)
def test_one_text_after_another_is_counted_as_if_alone(
    name: str, start: str, middles: list[str], end: str
) -> None:
    used = tokenizer(name)
    counted_text = NOTHING
    for middle in middles:
        text = start + middle + end
        counted_text = CountedText(text, recount(counted_text, text, used))
        assert counted_text.tokens == used.count(text)


@given(
    st.sampled_from(encodings()),
    st.lists(
        st.sampled_from(["word ", "\n\n", "Some words of it.\n", "ß", "'s", "    x = 1\n", "日本語"]),
        max_size=40,
    ),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 30), hostile.texts(2)), max_size=4),
)
def test_texts_that_differ_in_several_places(
    name: str, pieces: list[str], changes: list[tuple[int, int, str]]
) -> None:
    used, before = tokenizer(name), "".join(pieces)
    after = before
    for at, length, new in changes:
        after = after[:at] + new + after[at + length :]
    with patch.object(module, "_WORTH_LOOKING", 8), patch.object(module, "_STRETCH", 6):
        assert recount(CountedText(before, used.count(before)), after, used) == used.count(after)


@given(st.text("ab ", max_size=12), st.text("ab ", max_size=12))
def test_what_is_counted_joins_whatever_repeats(before: str, after: str) -> None:
    used = Lengths()
    assert recount(CountedText(before, len(before)), after, used) == len(after)


@pytest.mark.parametrize(
    ("before", "after", "counted"),
    [
        ("one two three four", "one two tree four", [" tree", " three"]),
        ("one two", "one two", []),
        ("one two", "one two two", [" two two", " two"]),
        ("one two two", "one two", [" two", " two two"]),
        ("one", "two", ["two", "one"]),
        ("a a a", "a a a a a a", [" a a a a", " a"]),
    ],
)
def test_no_more_is_counted_than_differs(before: str, after: str, counted: list[str]) -> None:
    used = Lengths()
    assert recount(CountedText(before, len(before)), after, used) == len(after)
    assert used.counted == counted


@pytest.mark.parametrize(
    "unit", ["Some words of it.\n\n", "- item {} of a list\n", "第{}条，内容如下。", '{{"a":{},"b":"text"}},']
)
def test_between_changes_far_apart_nothing_is_counted(unit: str) -> None:
    before = "".join(unit.format(number) for number in range(10_000))
    third = len(before) // 3
    after = f"x{before[1:third]}some more{before[third : 2 * third]}{before[2 * third + 10 : -1]}"
    used = Lengths()
    assert recount(CountedText(before, len(before)), after, used) == len(after)
    assert sum(map(len, used.counted)) < 20_000


def test_a_text_without_borders_is_counted_once() -> None:
    used = Lengths(NO_BORDERS)
    assert recount(CountedText("one two", 7), "one too", used) == 7
    assert used.counted == ["one too"]
