"""Edits inside long lines, told with their place: the count stays the tokenizer's own."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.text import LineBuffer, PositionEncoding
from weighbridge.tokens.counted import CountedBuffer
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


@pytest.mark.parametrize("name", ["cl100k_base", "r50k_base"])
@settings(deadline=None, max_examples=60)
@given(before=st.sampled_from(["", "first line\n", "  indented\n\n"]), line=lines, after=lines, changes=edits)
def test_counts_follow_edits_inside_long_lines(
    name: str, before: str, line: str, after: str, changes: list[tuple[float, int, str]]
) -> None:
    count = tokenizer(name).count
    buffer = LineBuffer(f"{before}{line}\n{after}", PositionEncoding.UTF32)
    counted = CountedBuffer(tokenizer(name), buffer)
    number = before.count("\n")
    for share, removed, text in changes:
        column = int(share * (len(buffer.line(number)) - 1))
        edit = buffer.apply((number, column), (number, column + removed), text)
        counted.splice(edit.start, edit.old_lines, edit.new_lines, inline=edit.inline)
        while jobs := counted.pending():
            for job in jobs:
                counted.answer(job, count(job.text))
        assert counted.tokens == count(buffer.text())
