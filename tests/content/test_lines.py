"""Lines of a streamed text, cut anywhere, against the lines of the whole."""

from hypothesis import given
from hypothesis import strategies as st

from weighbridge.content.lines import cut_lines, lines_of
from weighbridge.text import split_lines

texts = st.text(alphabet="ab\r\n\u2028\f", max_size=40)


def pieces(text: str, sizes: list[int]) -> list[str]:
    found, start = [], 0
    for size in sizes:
        found.append(text[start : start + size])
        start += size
    return [*found, text[start:]]


@given(text=texts, sizes=st.lists(st.integers(0, 9), max_size=6), longest=st.integers(1, 6))
def test_lines_of_a_stream(text: str, sizes: list[int], longest: int) -> None:
    whole = [line for line in split_lines(text) if line]
    assert list(lines_of(pieces(text, sizes))) == whole
    expected = []
    for line in whole:
        content = line.rstrip("\r\n")
        expected.append((content[: longest + 1] + line[len(content) :], len(line)))
    assert list(cut_lines(pieces(text, sizes), longest)) == expected
