"""The document as resolved rows: what each line stands for, and where borders are in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from weighbridge.rope import Line
from weighbridge.tokens.base import Borders
from weighbridge.tokens.summary import Summary

#: A piece of a line: literal text, or what a resolved reference in it stands for.
Part = str | Summary

#: Characters of a rope that are looked at first for a border: there is one in nearly any of so many.
_WINDOW: Final = 256


class Lines(Protocol):
    """The text of a document by line, each with its line end, so that all lines joined are the text."""

    def __len__(self) -> int: ...

    def line(self, index: int, /) -> str: ...

    def slice(self, start: int, stop: int, /) -> str:
        """Lines [start, stop) joined."""
        ...

    def kept(self, index: int, /) -> Line:
        """As `line`, a long one in pieces."""
        ...

    def joined(self, start: int, stop: int, /) -> Line:
        """As `slice`, in pieces if it is long."""
        ...


@dataclass(frozen=True, slots=True)
class Resolved:
    """A row's resolved text where it is not what is typed: texts[0], gaps[0], texts[1], … texts[-1].

    A gap is text known by its tokens alone, between two borders; so no text beside a gap is empty. `private`: see `Summary`.
    """

    texts: tuple[str, ...]
    gaps: tuple[int, ...] = ()
    private: bool = False


def resolve(parts: Iterable[Part]) -> Resolved:
    """Put a row's parts together."""
    texts: list[str] = []
    gaps: list[int] = []
    current: list[str] = []
    private = False
    for part in parts:
        if isinstance(part, str):
            current.append(part)
            continue
        private = private or part.private
        current.append(part.head)
        if part.inner is not None:
            texts.append("".join(current))
            gaps.append(part.inner)
            current = [part.tail]
    texts.append("".join(current))
    return Resolved(tuple(texts), tuple(gaps), private)


def first_border(borders: Borders, before: str, row: Resolved) -> int:
    """Where the first border is in a row that follows the character `before` ("": it starts the document); -1: nowhere."""
    text = row.texts[0]
    found = first_border_typed(borders, before, text)
    return len(text) if found < 0 and row.gaps else found


def first_border_typed(borders: Borders, before: str, text: Line) -> int:
    """As `first_border`, of a row that stands for itself."""
    if not text:
        return -1
    if not before or borders.between(before, text[:1]):
        return 0
    return borders.first(text) if isinstance(text, str) else border_within(borders, text, 0, len(text))


def border_within(borders: Borders, text: Line, start: int, stop: int) -> int:
    """Where the first border is between two characters in [start, stop); -1: nowhere. Looks no further than it must."""
    if isinstance(text, str):
        return borders.first(text, start, stop)
    size = _WINDOW
    while start < stop:
        found = borders.first(text[start : min(start + size, stop)])
        if found >= 0:
            return start + found
        # The last character may be a border's first.
        start += size - 1
        size *= 2
    return -1
