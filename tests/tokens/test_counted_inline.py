"""Edits inside long lines, told with their place: the count stays the tokenizer's own."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.rope import STANDARD, RopeSizes
from weighbridge.text import LineBuffer, PositionEncoding
from weighbridge.tokens.counted import STANDARD as COUNTED
from weighbridge.tokens.counted import CountedBuffer, Sizes
from weighbridge.tokens.registry import tokenizer

PIECES = (
    '{"id":1,',
    "word ",
    "x" * 90,
    "漢字",
    "1234567",
    " ",
    "  ",
    "-",
    "'s",
    "é",
    "😀",
    "\t",
    '"],[',
    "/",
    "İ",
)

lines = st.lists(st.sampled_from(PIECES), min_size=30, max_size=400).map("".join)
edits = st.lists(
    st.tuples(
        st.floats(0, 1), st.integers(0, 12), st.lists(st.sampled_from(PIECES), max_size=2).map("".join)
    ),
    min_size=1,
    max_size=8,
)


rope_sizes = st.sampled_from(
    (STANDARD, RopeSizes(long=40, piece=7, block=3), RopeSizes(long=0, piece=1, block=2))
)


@pytest.mark.parametrize("name", ["cl100k_base", "r50k_base"])
@settings(max_examples=60)
@given(
    before=st.sampled_from(["", "first line\n", "  indented\n\n"]),
    line=lines,
    after=lines,
    changes=edits,
    rope_sizes=rope_sizes,
    encoding=st.sampled_from(PositionEncoding),
)
def test_counts_follow_edits_inside_long_lines(
    name: str,
    before: str,
    line: str,
    after: str,
    changes: list[tuple[float, int, str]],
    rope_sizes: RopeSizes,
    encoding: PositionEncoding,
) -> None:
    count = tokenizer(name).count
    buffer = LineBuffer(f"{before}{line}\n{after}", encoding, rope_sizes)
    counted = CountedBuffer(tokenizer(name), buffer)
    number = before.count("\n")
    for share, removed, text in changes:
        column = int(share * (len(buffer.line(number)) - 1))
        edit = buffer.apply((number, column), (number, column + removed), text)
        counted.splice(edit.start, edit.old_lines, edit.new_lines, inline=edit.inline)
        answer(counted, count)
        assert counted.tokens == count(buffer.text())


def answer(counted: CountedBuffer, count: Callable[[str], int]) -> None:
    while jobs := counted.pending():
        for job in jobs:
            counted.answer(job, count(job.text))


#: Keys at one place: the line is broken and joined again, its end torn apart, what was typed undone.
SCRIPTS = (
    ((0, 0, "\n"), (0, 1, "")),
    ((0, 0, "\r"), (1, 0, "\n"), (0, 2, "")),
    ((0, 0, "one\ntwo\r\nthree"), (0, 15, "")),
    ((0, 30, ""), (0, 0, "word " * 6)),
    ((0, 0, "\n\n"), (1, 0, "  "), (1, 2, ""), (0, 2, "")),
)


@pytest.mark.parametrize("name", ["cl100k_base", "o200k_base"])
@settings(max_examples=60)
@given(
    texts=st.lists(lines, min_size=1, max_size=3),
    end=st.sampled_from(("\n", "\r\n", "\n\n", "\r\n\r\n  ")),
    script=st.lists(st.tuples(st.floats(0, 1), st.sampled_from(SCRIPTS)), min_size=1, max_size=4),
    rope_sizes=rope_sizes,
    sizes=st.sampled_from((COUNTED, Sizes(at_once=300, fine=5, coarse=50, block=4))),
)
def test_counts_follow_lines_broken_and_joined(
    name: str,
    texts: list[str],
    end: str,
    script: list[tuple[float, tuple[tuple[int, int, str], ...]]],
    rope_sizes: RopeSizes,
    sizes: Sizes,
) -> None:
    """Places are told by characters from the text's start: what is typed there may part lines, or join them."""
    count = tokenizer(name).count
    text = end.join(texts)
    buffer = LineBuffer(text, PositionEncoding.UTF32, rope_sizes)
    counted = CountedBuffer(tokenizer(name), buffer, sizes=sizes)
    for share, keys in script:
        place = int(share * len(text))
        for shift, removed, new in keys:
            start, stop = place + shift, min(place + shift + removed, len(text))
            edit = buffer.apply(position(buffer, start), position(buffer, stop), new)
            text = buffer.text()
            counted.splice(edit.start, edit.old_lines, edit.new_lines, inline=edit.inline)
            answer(counted, count)
            assert counted.tokens == count(text)


@pytest.mark.parametrize("name", ["cl100k_base", "r50k_base"])
@settings(max_examples=60)
@given(
    text=st.lists(st.sampled_from((*PIECES, "work", "ing", "\n", ".\n")), min_size=5, max_size=30).map(
        "".join
    ),
    keys=st.lists(
        st.tuples(st.integers(0, 200), st.integers(0, 2), st.sampled_from(("", "ing", "1", " ", "x"))),
        min_size=10,
        max_size=40,
    ),
    fine=st.sampled_from((4, 8, 56)),
)
def test_counts_follow_keys_here_and_there(
    name: str, text: str, keys: list[tuple[int, int, str]], fine: int
) -> None:
    """The next key is in the piece at hand, at one of its ends, or in another line of it."""
    count = tokenizer(name).count
    buffer = LineBuffer(text, PositionEncoding.UTF32)
    counted = CountedBuffer(tokenizer(name), buffer, sizes=Sizes(fine=fine, coarse=fine))
    for place, removed, new in keys:
        line, column = position(buffer, place % (len(buffer.text()) + 1))
        edit = buffer.apply((line, column), (line, column + removed), new)
        counted.splice(edit.start, edit.old_lines, edit.new_lines, inline=edit.inline)
        answer(counted, count)
        assert counted.tokens == count(buffer.text())


def position(buffer: LineBuffer, offset: int) -> tuple[int, int]:
    """The line and column of a place in the text."""
    line = 0
    while line < len(buffer) - 1 and offset >= len(buffer.line(line)):
        offset -= len(buffer.line(line))
        line += 1
    return line, offset
