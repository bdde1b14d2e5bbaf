"""The line buffer against a slow one: any text, any edits, any positions, in all encodings."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.text.reference import applied, lines_of

from weighbridge.rope import STANDARD, Line, Rope, RopeSizes
from weighbridge.text import Edit, Inline, LineBuffer, PositionEncoding, split_lines

UTF8, UTF16, UTF32 = PositionEncoding.UTF8, PositionEncoding.UTF16, PositionEncoding.UTF32

PIECES = (
    *(
        "\r",
        "\n",
        "\r\n",
        "\n\r",
        "a",
        "bc",
        " ",
        "é",
        "e\u0301",
        "漢",
        "😀",
        "👩‍👩‍👧",
        "\U0010ffff",
        "\ufeff",
    ),
    *("\f", "\v", "\x1c", "\x85", "\u2028", "\u2029", "\x00", "\ud83d", "\ude00", "\ude00\ud83d"),
)
texts = st.lists(st.sampled_from(PIECES), max_size=20).map("".join) | st.text(max_size=20)
positions = st.tuples(st.integers(-1, 12), st.integers(-1, 24))
encodings = st.sampled_from(PositionEncoding)
changes = st.tuples(positions, positions, texts)
#: Lines in pieces of a character or two, among others that aren't.
rope_sizes = st.just(STANDARD) | st.builds(
    RopeSizes,
    long=st.sampled_from((0, 2, 5, 12)),
    piece=st.sampled_from((1, 2, 3, 5)),
    block=st.sampled_from((1, 2, 4)),
)

relaxed = settings(max_examples=300)


def check_edit(edit: Edit, before: list[str], after: list[str], new: str) -> None:
    """An edit says what changed: all lines around it are the same, and what `inline` says."""
    behind = edit.start + edit.old_lines
    assert 0 <= edit.start <= behind <= len(before)
    assert before[: edit.start] == after[: edit.start]
    assert before[behind:] == after[edit.start + edit.new_lines :]
    assert len(after) - len(before) == edit.new_lines - edit.old_lines
    if edit.inline is not None:
        inline = edit.inline
        old, made = before[edit.start], after[edit.start]
        assert inline.inserted == len(new)
        assert old[: inline.column] + new + old[inline.column + inline.removed :] == made


@relaxed
@given(text=texts)
def test_only_the_protocol_s_line_ends_end_lines(text: str) -> None:
    assert split_lines(text) == lines_of(text)


@relaxed
@given(text=texts, edits=st.lists(changes, min_size=1, max_size=8), encoding=encodings, sizes=rope_sizes)
def test_any_edits(
    text: str,
    edits: list[tuple[tuple[int, int], tuple[int, int], str]],
    encoding: PositionEncoding,
    sizes: RopeSizes,
) -> None:
    buffer = LineBuffer(text, encoding, sizes)
    first = list(buffer)
    merged: Edit | None = None
    for start, end, new in edits:
        before = list(buffer)
        edit = buffer.apply(start, end, new)
        text = applied(text, start, end, new, encoding)
        assert (
            list(buffer)
            == [str(buffer.stored_line(number)) for number in range(len(buffer))]
            == lines_of(text)
        )
        check_edit(edit, before, list(buffer), new)
        merged = edit if merged is None else merged.then(edit)
        check_edit(Edit(merged.start, merged.old_lines, merged.new_lines), first, list(buffer), "")
    assert buffer.text() == text


@relaxed
@given(text=texts, new=texts, encoding=encodings, sizes=rope_sizes)
def test_replace_all(text: str, new: str, encoding: PositionEncoding, sizes: RopeSizes) -> None:
    buffer = LineBuffer(text, encoding, sizes)
    assert buffer.replace_all(new) == Edit(0, len(lines_of(text)), len(lines_of(new)))
    assert (buffer.text(), len(buffer), buffer.line_count) == (new, len(lines_of(new)), len(lines_of(new)))


@relaxed
@given(
    text=texts,
    change=changes,
    encoding=encodings,
    cut=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    sizes=rope_sizes,
)
def test_snapshots_stay_as_they_were(
    text: str,
    change: tuple[tuple[int, int], tuple[int, int], str],
    encoding: PositionEncoding,
    cut: tuple[int, int],
    sizes: RopeSizes,
) -> None:
    buffer = LineBuffer(text, encoding, sizes)
    snapshot = buffer.snapshot()
    assert buffer.snapshot() is snapshot
    buffer.apply(*change)
    lines = lines_of(text)
    assert (len(snapshot), list(snapshot), snapshot.text()) == (len(lines), lines, text)
    assert [snapshot.line(number) for number in range(len(lines))] == [*snapshot.lines] == lines
    assert snapshot.slice(*cut) == "".join(lines[slice(*cut)])
    after = buffer.snapshot()
    assert (after.text(), after.slice(*cut)) == (buffer.text(), buffer.slice(*cut))


LONG = "an array, 漢字 and 😀; " * 20_000


def cost(buffer: LineBuffer, before: Line, place: tuple[int, int], end: tuple[int, int], text: str) -> int:
    """Characters of pieces that a line did not have before an edit."""
    known = set(map(id, before.pieces())) if isinstance(before, Rope) else set()
    buffer.apply(place, end, text)
    after = [buffer.stored_line(number) for number in range(len(buffer))]
    pieces = [one for line in after for one in (line.pieces() if isinstance(line, Rope) else [line])]
    return sum(len(piece) for piece in pieces if id(piece) not in known)


@pytest.mark.parametrize("encoding", PositionEncoding)
@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        # A key, a key taken back, a line broken, a stretch taken out, the line's very start.
        ((0, 99_999), (0, 99_999), "x"),
        ((0, 99_999), (0, 100_003), ""),
        ((0, 200_000), (0, 200_000), "\n"),
        ((0, 20_000), (0, 300_000), "instead"),
        ((0, 0), (0, 0), "x"),
    ],
)
def test_an_edit_in_a_long_line_copies_what_is_around_it(
    encoding: PositionEncoding, start: tuple[int, int], end: tuple[int, int], text: str
) -> None:
    buffer = LineBuffer(LONG, encoding)
    before = buffer.stored_line(0)
    assert cost(buffer, before, start, end, text) <= 4 * STANDARD.piece
    assert buffer.text() == applied_quickly(LONG, start, end, text, encoding)


def applied_quickly(
    text: str, start: tuple[int, int], end: tuple[int, int], new: str, encoding: PositionEncoding
) -> str:
    """As `applied`, of one line, for positions beside whole characters."""
    plain = LineBuffer(text, encoding, RopeSizes(long=len(text) * 2))
    first, last = plain.clamp(*start)[1], plain.clamp(*end)[1]
    return f"{text[:first]}{new}{text[last:]}"


def test_a_line_broken_and_joined_again_copies_what_is_around_the_break() -> None:
    buffer = LineBuffer(LONG, UTF16)
    buffer.apply((0, 100_000), (0, 100_000), "\n")
    first, second = buffer.stored_line(0), buffer.stored_line(1)
    assert isinstance(first, Rope) and isinstance(second, Rope)  # noqa: PT018
    known = {*map(id, first.pieces()), *map(id, second.pieces())}
    buffer.apply((0, 100_000), (1, 0), "")
    whole = buffer.stored_line(0)
    assert isinstance(whole, Rope)
    assert sum(len(piece) for piece in whole.pieces() if id(piece) not in known) <= 4 * STANDARD.piece
    assert buffer.text() == LONG


def test_what_is_no_longer_long_is_a_string_again() -> None:
    buffer = LineBuffer("x" * STANDARD.long, UTF32)
    assert isinstance(buffer.stored_line(0), Rope)
    buffer.apply((0, 10), (0, STANDARD.long // 2 + 10), "")
    assert isinstance(buffer.stored_line(0), Rope)
    buffer.apply((0, 10), (0, 11), "")
    assert isinstance(buffer.stored_line(0), str)
    buffer.apply((0, 10), (0, 10), "y" * STANDARD.long)
    assert isinstance(buffer.stored_line(0), Rope)


@pytest.mark.parametrize(
    ("text", "start", "end", "new", "lines", "edit"),
    [
        # A key typed in a line is told to the character; elsewhere, to the line.
        ("ab\ncd", (1, 1), (1, 1), "x", ["ab\n", "cxd"], Edit(1, 1, 1, Inline(1, 0, 1))),
        ("ab\ncd", (1, 0), (1, 0), "x", ["ab\n", "xcd"], Edit(1, 1, 1)),
        ("ab\ncd", (0, 2), (1, 0), "", ["abcd"], Edit(0, 2, 1)),
        ("ab\ncd", (0, 1), (0, 1), "\n", ["a\n", "b\n", "cd"], Edit(0, 1, 2)),
        ("a\nb", (1, 0), (1, 0), "\n", ["a\n", "\n", "b"], Edit(1, 1, 2)),
        # `\r` and `\n` meet, and part.
        ("a\rb", (1, 0), (1, 0), "\n", ["a\r\n", "b"], Edit(0, 2, 2)),
        ("a\rb\nc", (1, 0), (1, 1), "", ["a\r\n", "c"], Edit(0, 2, 1)),
        ("a\r\nb", (0, 1), (0, 1), "\r", ["a\r", "\r\n", "b"], Edit(0, 1, 2)),
        ("a\n", (0, 1), (0, 1), "\r", ["a\r\n", ""], Edit(0, 1, 1)),
        ("a\r", (1, 0), (1, 0), "\n", ["a\r\n", ""], Edit(0, 2, 2)),
        # From end to start; past the end; past the line's end, which is before `\r\n`.
        ("abc", (0, 2), (0, 1), "x", ["axc"], Edit(0, 1, 1, Inline(1, 1, 1))),
        ("abc", (7, 0), (9, 9), "x", ["abcx"], Edit(0, 1, 1, Inline(3, 0, 1))),
        ("ab\r\nc", (0, 99), (0, 99), "x", ["abx\r\n", "c"], Edit(0, 1, 1, Inline(2, 0, 1))),
        ("ab\n", (0, 0), (1, 0), "", [""], Edit(0, 2, 1)),
        ("", (0, 0), (0, 0), "a\n", ["a\n", ""], Edit(0, 1, 2)),
    ],
)
def test_an_edit_says_which_lines_it_changed(
    text: str, start: tuple[int, int], end: tuple[int, int], new: str, lines: list[str], edit: Edit
) -> None:
    buffer = LineBuffer(text, UTF16)
    made = buffer.apply(start, end, new)
    assert (list(buffer), made, made.inline) == (lines, edit, edit.inline)


@pytest.mark.parametrize(
    ("encoding", "character", "column"),
    [
        # "é漢😀z": inside a character is before it.
        *((UTF8, 0, 0), (UTF8, 1, 0), (UTF8, 2, 1), (UTF8, 4, 1), (UTF8, 5, 2), (UTF8, 8, 2), (UTF8, 9, 3)),
        *((UTF8, 10, 4), (UTF8, 11, 4), (UTF16, 2, 2), (UTF16, 3, 2), (UTF16, 4, 3), (UTF16, 9, 4)),
        *((UTF32, 3, 3), (UTF32, 4, 4), (UTF32, 5, 4), (UTF32, -1, 0)),
    ],
)
def test_positions_are_clamped_to_characters(encoding: PositionEncoding, character: int, column: int) -> None:
    assert LineBuffer("é漢😀z\r\n", encoding).clamp(0, character) == (0, column)
