"""A place in a line, as block structure counts: code points, and columns, which tabs stretch to multiples of four."""

import re

_BLANKS = re.compile(r"[ \t]*")


class Cursor:
    """`next`: the next character that is neither space nor tab; `indent`: columns up to it.

    A step inside white space costs the same however much of it there is, so a line costs its length and its containers.
    """

    __slots__ = ("_tabs", "blank", "column", "indent", "next", "offset", "text")

    def __init__(self, text: str) -> None:
        """`text`: a line without its line end."""
        self.text = text
        self.offset = 0
        self.column = 0
        self._find_next()

    @property
    def indented(self) -> bool:
        """Whether it is far enough in for indented code."""
        return self.indent >= 4

    @property
    def at_blank(self) -> bool:
        """Whether a space or tab, or what is left of a tab, comes before the next character."""
        return self.offset < self.next

    def peek(self) -> str:
        """The next character that is neither space nor tab; empty at the line's end."""
        return self.text[self.next : self.next + 1]

    def take(self, count: int) -> None:
        """Go behind the next character that is neither space nor tab, and the ones after it: `count`, none of them tabs."""
        self.column += self.indent + count
        self.offset = self.next + count
        self._find_next()

    def skip_columns(self, count: int) -> None:
        """Go on by columns of spaces and tabs, at most `indent`; a tab may be used up in part."""
        self.indent -= count
        if not self._tabs:
            self.offset += count
            self.column += count
            return
        while count > 0:
            width = 4 - self.column % 4 if self.text[self.offset] == "\t" else 1
            if width <= count:
                self.offset += 1
            step = min(count, width)
            self.column += step
            count -= step

    def _find_next(self) -> None:
        text, start = self.text, self.offset
        match = _BLANKS.match(text, start)
        end = start if match is None else match.end()
        self.next = end
        self.blank = end >= len(text)
        self._tabs = start < end and "\t" in text[start:end]
        if not self._tabs:
            self.indent = end - start
            return
        column = self.column
        for char in text[start:end]:
            column += 4 - column % 4 if char == "\t" else 1
        self.indent = column - self.column
