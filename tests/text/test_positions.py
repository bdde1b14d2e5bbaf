"""Positions and units against a slow count, both ways."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.text.reference import clamped, lines_of, size
from tests.text.test_line_buffer import encodings, rope_sizes, texts

from weighbridge.rope import RopeSizes
from weighbridge.text import LineBuffer, PositionEncoding, content_length, units

relaxed = settings(max_examples=300)


@relaxed
@given(
    text=texts, line=st.integers(-2, 12), character=st.integers(-2, 40), encoding=encodings, sizes=rope_sizes
)
def test_any_position_is_somewhere(
    text: str, line: int, character: int, encoding: PositionEncoding, sizes: RopeSizes
) -> None:
    assert LineBuffer(text, encoding, sizes).clamp(line, character) == clamped(
        text, line, character, encoding
    )


@relaxed
@given(text=texts, encoding=encodings, sizes=rope_sizes)
def test_there_and_back(text: str, encoding: PositionEncoding, sizes: RopeSizes) -> None:
    buffer = LineBuffer(text, encoding, sizes)
    for number, line in enumerate(lines_of(text)):
        content = line.rstrip("\r\n")
        assert content_length(line) == content_length(buffer.stored_line(number)) == len(content)
        assert buffer.line_end(number) == size(content, encoding)
        for column in range(len(line) + 2):
            character = buffer.to_units(number, column)
            assert character == size(line[:column], encoding)
            assert buffer.clamp(number, character) == (number, min(column, len(content)))


@relaxed
@given(text=texts, encoding=encodings)
def test_units(text: str, encoding: PositionEncoding) -> None:
    assert units(text, encoding) == size(text, encoding)
