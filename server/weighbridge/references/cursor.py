"""A place in a line, as block structure counts: in columns, which tabs stretch to multiples of four."""

import re

_BLANKS = re.compile(r"[ \t]*")


class Cursor:
    """`next`: the next character that is neither space nor tab; `indent`: columns up to it; `blank`: there is none.

    A step inside white space costs the same however much of it there is, so a line costs its length and its containers.
    """

    __slots__ = ("_column", "blank", "indent", "next", "text")

    def __init__(self, text: str) -> None:
        """`text`: a line without its line end."""
        self.text = text
        self._column = 0
        self._find_next(0)

    @property
    def indented(self) -> bool:
        """Whether it is far enough in for indented code."""
        return self.indent >= 4

    def peek(self) -> str:
        """The next character that is neither space nor tab; empty at the line's end."""
        return self.text[self.next : self.next + 1]

    def take(self, count: int) -> None:
        """Go behind the next character that is neither space nor tab, and the ones after it: `count`, none of them tabs."""
        self._column += self.indent + count
        self._find_next(self.next + count)

    def skip_columns(self, count: int) -> None:
        """Go on by columns of spaces and tabs, at most `indent`; a tab may be used up in part."""
        self._column += count
        self.indent -= count

    def _find_next(self, start: int) -> None:
        text = self.text
        match = _BLANKS.match(text, start)
        end = start if match is None else match.end()
        self.next = end
        self.blank = end >= len(text)
        if "\t" not in text[start:end]:
            self.indent = end - start
            return
        column = self._column
        for char in text[start:end]:
            column += 4 - column % 4 if char == "\t" else 1
        self.indent = column - self._column
