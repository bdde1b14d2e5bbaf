r"""A document's text as lines, edited in place, and its positions in the three encodings of the protocol.

Lines end after `\r\n`, `\n` and `\r`, and nothing else: what Python calls line ends besides (form feeds, U+0085,
U+2028) are characters of a line, as they are for every editor that speaks the protocol.

A long line is kept in pieces (`rope`), and an edit in it costs what is around it. `line` joins them, `stored_line` doesn't.

Positions from outside are clamped as the specification says: a character past the line's end is the line's end, a line
past the last is the document's end; inside a character (a surrogate pair, a UTF-8 sequence) is before it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Final, cast

from weighbridge.rope import STANDARD, Line, Rope, RopeSizes, cut, plus

_LINE_END = re.compile(r"\r\n|\n|\r")
#: Characters of the longest line end.
_LONGEST_END: Final = 2
#: Line ends to Python, and to nobody else.
_PYTHONS_OWN = ("\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")


class PositionEncoding(StrEnum):
    """What a position's `character` counts: bytes of UTF-8, 16-bit units of UTF-16, or code points."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


@dataclass(frozen=True, slots=True)
class Inline:
    """What changed within one line: from `column` on (code points) `removed` characters became `inserted` ones."""

    column: int
    removed: int
    inserted: int


@dataclass(frozen=True, slots=True)
class Edit:
    """Lines [start, start + old_lines) became `new_lines` lines. `inline`: where, if one line only changed inside."""

    start: int
    old_lines: int
    new_lines: int
    inline: Inline | None = field(default=None, compare=False)

    def then(self, later: "Edit") -> "Edit":
        """Both as one: this edit, then one made in what it left."""
        start = min(self.start, later.start)
        between = max(self.start + self.new_lines, later.start + later.old_lines)
        return Edit(
            start,
            between - (self.new_lines - self.old_lines) - start,
            between + (later.new_lines - later.old_lines) - start,
        )


class _LineSequence:
    """Lines, each with its line end. `ropes`: whether any of them may be a rope."""

    __slots__ = ("_lines", "_ropes")

    _lines: Sequence[Line]
    _ropes: bool

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[str]:
        return iter(_whole(self._lines, ropes=self._ropes))

    def line(self, index: int) -> str:
        """The line with its line end; a long one is joined anew at each call."""
        return str(self._lines[index])

    def stored_line(self, index: int) -> Line:
        """The line as it is stored: a long one in pieces, not joined."""
        return self._lines[index]

    def slice(self, start: int, stop: int) -> str:
        """Lines [start, stop) joined."""
        return "".join(_whole(self._lines[start:stop], ropes=self._ropes))

    def text(self) -> str:
        """All of it, joined anew at each call."""
        return "".join(_whole(self._lines, ropes=self._ropes))


class Snapshot(_LineSequence):
    """The lines of a text as they were; for any thread."""

    __slots__ = ()

    def __init__(self, lines: tuple[Line, ...], *, ropes: bool = False) -> None:
        """`ropes`: whether any of them may be a rope."""
        self._lines = lines
        self._ropes = ropes

    @property
    def lines(self) -> tuple[str, ...]:
        """All lines as strings."""
        return tuple(_whole(self._lines, ropes=self._ropes))


class LineBuffer(_LineSequence):
    """A text that is edited. There is always a last line without a line end, if only an empty one.

    For one thread. A key typed costs its line, of a long one a piece; a new line also moves the lines' pointers; nothing
    else is touched.
    """

    __slots__ = ("_measure", "_sizes", "_snapshot", "encoding")

    _lines: list[Line]

    def __init__(self, text: str, encoding: PositionEncoding, sizes: RopeSizes = STANDARD) -> None:
        self.encoding = encoding
        self._sizes = sizes
        self._measure: Callable[[str], int] | None = (
            None if encoding is PositionEncoding.UTF32 else partial(units, encoding=encoding)
        )
        self._snapshot: Snapshot | None = None
        self._set(text)

    def _set(self, text: str) -> None:
        self._ropes = False
        self._lines = cast("list[Line]", split_lines(text))
        if _may_hold(text, self._sizes.long):
            self._lines = [self._keep(line) for line in self._lines]

    @property
    def line_count(self) -> int:
        """How many lines there are, 1 or more."""
        return len(self._lines)

    def snapshot(self) -> Snapshot:
        """The text as it is now; the same object until the next edit."""
        if self._snapshot is None:
            self._snapshot = Snapshot(tuple(self._lines), ropes=self._ropes)
        return self._snapshot

    def _keep(self, line: Line) -> Line:
        """A line as it is to be kept."""
        if isinstance(line, str):
            if len(line) < self._sizes.long:
                return line
            self._ropes = True
            return Rope.of(line, self._measure, self._sizes)
        return line if len(line) >= self._sizes.long // 2 else str(line)

    # Edits

    def apply(self, start: tuple[int, int], end: tuple[int, int], text: str) -> Edit:
        """Replace what stands between two positions (line, character in `encoding`'s units; clamped) by a text.

        Positions in the wrong order are taken in the right one.
        """
        first, column = self.clamp(*start)
        last, end_column = self.clamp(*end)
        if (first, column) > (last, end_column):
            (first, column), (last, end_column) = (last, end_column), (first, column)
        self._snapshot = None
        lines = self._lines
        line = lines[first]
        if first == last and column and "\n" not in text and "\r" not in text:
            # A key typed inside a line. (At its start, it may part a `\r` from a `\n`, or join them.)
            if isinstance(line, Rope):
                lines[first] = self._keep(line.replaced(column, end_column, text))
            else:
                lines[first] = edited = f"{line[:column]}{text}{line[end_column:]}"
                if len(edited) >= self._sizes.long:
                    lines[first] = self._keep(edited)
            return Edit(first, 1, 1, Inline(column, end_column - column, len(text)))
        head, tail = cut(line, 0, column), cut(lines[last], end_column, len(lines[last]))
        if first and not column and (text or tail[:1]).startswith("\n") and lines[first - 1][-1:] == "\r":
            first -= 1
            head = lines[first]
        new = self._cut_lines(head, text, tail, ends=last < len(lines) - 1)
        edit = Edit(first, last + 1 - first, len(new))
        lines[first : last + 1] = new
        return edit

    def _cut_lines(self, head: Line, text: str, tail: Line, *, ends: bool) -> list[Line]:
        """The lines of three texts joined; `ends`: the tail ends with a line end, and what comes after is the next line."""
        whole = isinstance(head, str) and isinstance(tail, str)
        if len(tail) <= _LONGEST_END:
            # What is typed may end with a part of the line end.
            text, tail = f"{text}{tail}", ""
        if whole:
            text, head, tail = f"{head}{text}{tail}", "", ""
        new: list[Line] = [*split_lines(text)]
        if not whole:
            new[0] = plus(head, new[0])
            new[-1] = plus(new[-1], tail)
        if ends and not new[-1]:
            new.pop()
        return [self._keep(line) for line in new]

    def replace_all(self, text: str) -> Edit:
        """Replace the whole text."""
        old = len(self._lines)
        self._set(text)
        self._snapshot = None
        return Edit(0, old, len(self._lines))

    # Positions

    def clamp(self, line: int, character: int) -> tuple[int, int]:
        """Where a position is: its line, and its column in code points; inside the document, whatever was given."""
        if line < 0:
            return 0, 0
        if line >= len(self._lines):
            last = len(self._lines) - 1
            return last, len(self._lines[last])
        text = self._lines[line]
        if character <= 0:
            return line, 0
        if self.encoding is PositionEncoding.UTF32 or (isinstance(text, str) and text.isascii()):
            return line, min(character, content_length(text))
        return line, min(_column(text, character, self.encoding), content_length(text))

    def to_units(self, line: int, column: int) -> int:
        """The character of a column in code points, in `encoding`'s units."""
        text = self._lines[line]
        if isinstance(text, Rope):
            return text.units_before(column)
        if self.encoding is PositionEncoding.UTF32 or text.isascii():
            return min(column, len(text))
        return units(text[:column], self.encoding)

    def line_end(self, line: int) -> int:
        """The character where a line ends, before its line end, in `encoding`'s units."""
        return self.to_units(line, content_length(self._lines[line]))


def split_lines(text: str) -> list[str]:
    """Cut a text into lines, each with its end; the last one has none and may be empty."""
    if not any(end in text for end in _PYTHONS_OWN):
        # Ten times quicker: a document of 10 MB is cut on the loop.
        lines = text.splitlines(keepends=True)
        if not lines or lines[-1].endswith(("\n", "\r")):
            lines.append("")
        return lines
    lines = []
    start = 0
    for match in _LINE_END.finditer(text):
        end = match.end()
        lines.append(text[start:end])
        start = end
    lines.append(text[start:])
    return lines


def _may_hold(text: str, length: int) -> bool:
    """Whether a text may hold a line of `length` characters or more; never False if it does.

    In steps of nearly `length`, not line by line: 0.1 ms for 500,000 lines that are short, where their lengths take 8.
    """
    start = 0
    while len(text) - start >= length:
        end = text.rfind("\n", start, start + length - 1)
        if end < 0:
            return True
        start = end + 1
    return False


def content_length(line: Line) -> int:
    """Code points of a line without its line end."""
    end = line[-_LONGEST_END:]
    if end.endswith("\n"):
        return len(line) - (2 if end == "\r\n" else 1)
    return len(line) - 1 if end.endswith("\r") else len(line)


def units(text: str, encoding: PositionEncoding) -> int:
    """The length of a text in an encoding's units."""
    if encoding is PositionEncoding.UTF32 or text.isascii():
        return len(text)
    if encoding is PositionEncoding.UTF16:
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
    return len(text.encode("utf-8", "surrogatepass"))


def _whole(lines: Sequence[Line], *, ropes: bool) -> Iterable[str]:
    # Asking each of a hundred thousand lines what it is takes longer than joining them.
    return map(str, lines) if ropes else cast("Sequence[str]", lines)


def _column(text: Line, character: int, encoding: PositionEncoding) -> int:
    """The code points before a position in a line that is not ASCII; past its end, the line's length."""
    if isinstance(text, Rope):
        column, before, piece = text.piece_at(character)
        return column + _column(piece, character - before, encoding)
    try:
        if encoding is PositionEncoding.UTF16:
            # A low surrogate at the cut is the second half of a pair: the cut goes before the pair.
            head = text.encode("utf-16-le")[: 2 * character]
            return len(head.decode("utf-16-le", "ignore"))
        return len(text.encode("utf-8")[:character].decode("utf-8", "ignore"))
    except UnicodeEncodeError:
        # Lone surrogates: two of them would be taken for a pair.
        column = 0
        for char in text:
            character -= units(char, encoding)
            if character < 0:
                break
            column += 1
        return column
