r"""What a link hides from the inline scanner: link reference definitions, and the `(destination "title")` of a link.

Links in the text are found only where they matter: a backtick or `<` in a destination or title begins nothing.
"""

import re
from typing import Final

#: A label has at most 999 characters.
_LABEL = re.compile(r"\[((?:[^\\\[\]]|\\.){1,999}+)(\]?)", re.DOTALL)
_GAP = re.compile(r"[ \t]*+(?:\r\n|\r|\n)?[ \t]*+")
_BRACKETED = re.compile(r"<(?:[^<>\r\n\\]|\\.)*+>")
_TITLE = re.compile(r"\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\)", re.DOTALL)
#: As much of a title as there is, whether or not it ends.
_TITLE_SO_FAR = re.compile(r"\"(?:[^\"\\]|\\.)*+|'(?:[^'\\]|\\.)*+|\((?:[^()\\]|\\.)*+", re.DOTALL)
_BRACKETED_SO_FAR = re.compile(r"<(?:[^<>\r\n\\]|\\.)*+")
_END_OF_LINE = re.compile(r"[ \t]*+(?:\r\n|\r|\n|\Z)")
#: In a destination that is not in angle brackets: escapes mean nothing, parentheses pair, the rest ends it.
_IN_DESTINATION = re.compile(r"\\[!-/:-@\[-`{-~]|[()]|[\x00-\x20\x7f]")

#: Characters that a paragraph's beginning is remembered for, while it may yet turn out to be definitions only.
MOST_PENDING: Final = 4000


class Destinations:
    """Where the destinations in one text end. Linear in the text, however often it is asked."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends: dict[int, int] = {}
        # For those that have no end: where that was seen.
        self._stops: dict[int, int] = {}

    def end(self, start: int) -> int:
        """Where the destination that begins at `start` ends: at `start` itself if it is empty; -1 if there is none.

        One without angle brackets ends at a space, or at a `)` that it did not open.
        """
        text = self._text
        if text.startswith("<", start):
            match = _BRACKETED.match(text, start)
            return -1 if match is None else match.end()
        if start not in self._ends:
            self._look(start)
        return self._ends[start]

    def seen(self, start: int) -> int:
        """Behind the last character that `end` looks at."""
        if self._text.startswith("<", start):
            match = _BRACKETED_SO_FAR.match(self._text, start)
            return start if match is None else match.end() + 2
        end = self.end(start)
        return (end if end >= 0 else self._stops[start]) + 1

    def _look(self, start: int) -> None:
        """Find where the destination ends, and with it those that begin at the parentheses inside."""
        begun = [start]
        for match in _IN_DESTINATION.finditer(self._text, start):
            char = match[0]
            if char == "(":
                begun.append(match.end())
            elif char == ")":
                self._ends[begun.pop()] = match.start()
                if not begun:
                    return
            elif char[0] != "\\":
                self._stop(begun, match.start())
                return
        self._stop(begun, len(self._text))

    def _stop(self, begun: list[int], at: int) -> None:
        """At a space or the text's end, the innermost is a destination; those around it have a `(` that nothing closes."""
        self._ends[begun.pop()] = at
        for start in begun:
            self._ends[start] = -1
            self._stops[start] = at


#: Characters in which a link label ends, or is none.
LABEL_DECIDED: Final = 2010


def may_define(text: str) -> bool:
    """Whether a paragraph may begin with a link reference definition: with what is, or may become, its label."""
    label = _LABEL.match(text)
    if label is None:
        return False
    return text.startswith(":", label.end()) if label[2] else label.end() == len(text)


def skip_definitions(text: str) -> int:
    """Where a paragraph's text begins behind the link reference definitions at its start. Linear."""
    at = 0
    while text.startswith("[", at):
        end = _definition(text, at)
        if end < 0:
            break
        at = end
    return at


def pending_after(pending: str, line: str) -> str:
    """A paragraph's text that may yet turn out to be definitions only, `line` added; empty once it can't.

    `pending`: the text before the line. Both begin with `[` or are empty.
    """
    text = f"{pending}{line}\n"
    if len(text) > MOST_PENDING:
        return ""
    return text if may_define(text) else ""


def _definition(text: str, at: int) -> int:
    """Where a link reference definition ends; -1 if there is none."""
    label = _LABEL.match(text, at)
    if (
        label is None
        or not label[2]
        or not label[1].strip(" \t\r\n")
        or not text.startswith(":", label.end())
    ):
        return -1
    start = _gap(text, label.end() + 1)
    place = Destinations(text).end(start)
    if place < 0 or place == start:
        return -1
    without_title = _END_OF_LINE.match(text, place)
    gap = _gap(text, place)
    if gap > place and (title := _TITLE.match(text, gap)) is not None:
        ended = _END_OF_LINE.match(text, title.end())
        if ended is not None:
            return ended.end()
    return -1 if without_title is None else without_title.end()


def link_tail(text: str, at: int, destinations: Destinations) -> int:
    """Where an inline link's `(destination "title")` ends; -1 if there is none at `at`."""
    if not text.startswith("(", at):
        return -1
    end = destinations.end(_gap(text, at + 1))
    if end < 0:
        return -1
    gap = _gap(text, end)
    if gap > end and (title := _TITLE.match(text, gap)) is not None:
        gap = _gap(text, title.end())
    return gap + 1 if text.startswith(")", gap) else -1


def tail_seen(text: str, at: int, destinations: Destinations) -> int:
    """Behind the last character that `link_tail` looks at; a little more may be said, never less."""
    start = _gap(text, at + 1)
    end = destinations.end(start)
    if end < 0:
        return destinations.seen(start)
    gap = _gap(text, end)
    title = _TITLE_SO_FAR.match(text, gap)
    return 2 + (gap if title is None else _gap(text, title.end() + 1))


def _gap(text: str, at: int) -> int:
    """Behind spaces, tabs, and up to one line end."""
    match = _GAP.match(text, at)
    return at if match is None else match.end()
