r"""A document's text as lines, edited in place, and its positions in the three encodings of the protocol.

Lines end after `\r\n`, `\n` and `\r`, and nothing else: what Python calls line ends besides (form feeds, U+0085,
U+2028) are characters of a line, as they are for every editor that speaks the protocol.

Positions from outside are clamped as the specification says: a character past the line's end is the line's end, a line
past the last is the document's end; inside a character (a surrogate pair, a UTF-8 sequence) is before it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

_LINE_END = re.compile(r"\r\n|\n|\r")
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


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The lines of a text as they were, each with its line end; for any thread."""

    lines: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.lines)

    def __iter__(self) -> Iterator[str]:
        return iter(self.lines)

    def line(self, index: int) -> str:
        """The line with its line end."""
        return self.lines[index]

    def slice(self, start: int, stop: int) -> str:
        """Lines [start, stop) joined."""
        return "".join(self.lines[start:stop])

    def text(self) -> str:
        """All of it."""
        return "".join(self.lines)


class LineBuffer:
    """A text that is edited. There is always a last line without a line end, if only an empty one.

    For one thread. A key typed costs its line, a new line also moves the lines' pointers; nothing else is touched.
    """

    __slots__ = ("_lines", "_snapshot", "encoding")

    def __init__(self, text: str, encoding: PositionEncoding) -> None:
        self._lines = split_lines(text)
        self._snapshot: Snapshot | None = None
        self.encoding = encoding

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    @property
    def line_count(self) -> int:
        """How many lines there are, 1 or more."""
        return len(self._lines)

    def line(self, index: int) -> str:
        """The line with its line end."""
        return self._lines[index]

    def slice(self, start: int, stop: int) -> str:
        """Lines [start, stop) joined."""
        return "".join(self._lines[start:stop])

    def text(self) -> str:
        """All of it, joined anew at each call."""
        return "".join(self._lines)

    def snapshot(self) -> Snapshot:
        """The text as it is now; the same object until the next edit."""
        if self._snapshot is None:
            self._snapshot = Snapshot(tuple(self._lines))
        return self._snapshot

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
        if first == last and column and "\n" not in text and "\r" not in text:
            # A key typed inside a line. (At its start, it may part a `\r` from a `\n`, or join them.)
            line = lines[first]
            lines[first] = f"{line[:column]}{text}{line[end_column:]}"
            return Edit(first, 1, 1, Inline(column, end_column - column, len(text)))
        whole = f"{lines[first][:column]}{text}{lines[last][end_column:]}"
        if first and not column and whole.startswith("\n") and lines[first - 1].endswith("\r"):
            first -= 1
            whole = lines[first] + whole
        new = split_lines(whole)
        if last < len(lines) - 1:
            # The rest of the last line ends with its line end: what comes after that is the next line.
            new.pop()
        edit = Edit(first, last + 1 - first, len(new))
        lines[first : last + 1] = new
        return edit

    def replace_all(self, text: str) -> Edit:
        """Replace the whole text."""
        old = len(self._lines)
        self._lines = split_lines(text)
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
        if self.encoding is PositionEncoding.UTF32 or text.isascii():
            return line, min(character, content_length(text))
        return line, min(_column(text, character, self.encoding), content_length(text))

    def to_units(self, line: int, column: int) -> int:
        """The character of a column in code points, in `encoding`'s units."""
        text = self._lines[line]
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


def content_length(line: str) -> int:
    """Code points of a line without its line end."""
    if line.endswith("\n"):
        return len(line) - (2 if line.endswith("\r\n") else 1)
    return len(line) - 1 if line.endswith("\r") else len(line)


def units(text: str, encoding: PositionEncoding) -> int:
    """The length of a text in an encoding's units."""
    if encoding is PositionEncoding.UTF32 or text.isascii():
        return len(text)
    if encoding is PositionEncoding.UTF16:
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
    return len(text.encode("utf-8", "surrogatepass"))


def _column(text: str, character: int, encoding: PositionEncoding) -> int:
    """The code points before a position in a line that is not ASCII; past its end, the line's length."""
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
