"""Ropes against strings: any edits, parts and places, in pieces of a few characters; and how even the pieces stay."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.text.reference import size
from tests.text.test_line_buffer import PIECES

from weighbridge.rope import STANDARD, Rope, RopeSizes, cut, plus
from weighbridge.text import PositionEncoding, units

UTF16 = PositionEncoding.UTF16
relaxed = settings(max_examples=300)

rope_sizes = st.builds(
    RopeSizes, piece=st.sampled_from((1, 2, 3, 6)), block=st.sampled_from((1, 2, 3, 5))
) | st.just(STANDARD)
texts = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
changes = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 30), texts), max_size=10)


def measured(text: str) -> int:
    return units(text, UTF16)


def made(text: str, sizes: RopeSizes) -> Rope:
    return Rope.of(text, measured, sizes)


def check(rope: Rope, text: str, sizes: RopeSizes) -> None:
    """It is the text, its places are the text's, and neither pieces nor blocks are too small or large."""
    assert (str(rope), len(rope), bool(rope)) == (text, len(text), bool(text))
    pieces = rope.pieces()
    assert all(1 <= len(piece) <= 2 * sizes.piece for piece in pieces)
    assert len(pieces) == 1 or all(len(piece) >= sizes.piece // 2 for piece in pieces)
    for column in range(len(text) + 1):
        unit = size(text[:column], UTF16)
        assert rope.units_before(column) == unit
        first, before, piece = rope.piece_at(unit)
        assert (text[first : first + len(piece)], before) == (piece, size(text[:first], UTF16))
        assert first <= column <= first + len(piece)


@relaxed
@given(text=texts, edits=changes, sizes=rope_sizes)
def test_any_edits(text: str, edits: list[tuple[float, int, str]], sizes: RopeSizes) -> None:
    rope = made(text, sizes)
    check(rope, text, sizes)
    before = []
    for share, removed, new in edits:
        before.append((rope, text))
        start = int(share * len(text))
        stop = min(len(text), start + removed)
        rope = rope.replaced(start, stop, new)
        text = f"{text[:start]}{new}{text[stop:]}"
        check(rope, text, sizes)
    for old, was in before:
        assert str(old) == was


@relaxed
@given(
    text=texts,
    sizes=rope_sizes,
    start=st.none() | st.integers(-50, 50),
    stop=st.none() | st.integers(-50, 50),
)
def test_any_part(text: str, sizes: RopeSizes, start: int | None, stop: int | None) -> None:
    rope = made(text, sizes)
    assert rope[start:stop] == text[start:stop]
    low, high, _ = slice(start, stop).indices(len(text))
    assert str(cut(rope, low, max(low, high))) == cut(text, low, max(low, high)) == text[low:high]


def test_a_part_has_no_gaps() -> None:
    with pytest.raises(ValueError, match="no gaps"):
        made("abcd", STANDARD)[::2]


@relaxed
@given(texts=st.lists(st.tuples(texts, st.booleans()), min_size=2, max_size=2), sizes=rope_sizes)
def test_two_texts_joined(texts: list[tuple[str, bool]], sizes: RopeSizes) -> None:
    one, other = (made(text, sizes) if rope else text for text, rope in texts)
    joined = plus(one, other)
    assert str(joined) == f"{one}{other}"
    if isinstance(joined, Rope):
        check(joined, f"{one}{other}", sizes)


def test_typing_all_over_a_long_text_leaves_pieces_of_their_size() -> None:
    sizes = RopeSizes(piece=8, block=4)
    text = "0123456789" * 30
    rope = made(text, sizes)
    for key in range(4000):
        start = key * 7919 % (len(text) + 1)
        stop = min(len(text), start + key % 5)
        new = "ab" * (key % 2 + (len(text) < 200))
        rope = rope.replaced(start, stop, new)
        text = f"{text[:start]}{new}{text[stop:]}"
    check(rope, text, sizes)
    assert len(rope._blocks) <= 2 * len(rope.pieces()) // sizes.block


def test_an_edit_measures_the_piece_it_is_in() -> None:
    seen: list[str] = []

    def watched(text: str) -> int:
        seen.append(text)
        return units(text, UTF16)

    rope = Rope.of("a long text with 😀 in it, " * 10_000, watched)
    seen.clear()
    rope = rope.replaced(100_000, 100_001, "漢字")
    assert len(seen) == 1
    assert len(seen[0]) <= 2 * STANDARD.piece
    assert rope.units_before(200_000) == measured(str(rope)[:200_000])
