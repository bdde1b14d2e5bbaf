"""The resolved text itself: what the model receives, and what the counts are held against."""

from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from weighbridge.analysis.expand import Expansion
from weighbridge.cache.digest import Digester
from weighbridge.content.base import Content
from weighbridge.errors import Code, TransientFault


class Cancellable(Protocol):
    """Something that can be told to stop."""

    def raise_if_cancelled(self) -> None: ...


def render(
    pieces: Iterator[str | Expansion], contents: Mapping[Hashable, Content], token: Cancellable
) -> Iterator[str]:
    """Write a text with each of its references' content in its place. Reads files: a worker's work.

    `pieces`: literal text, and expansions of the references that stand for content.

    Raises:
        TransientFault: a file is no longer what was counted.
    """
    for piece in pieces:
        token.raise_if_cancelled()
        if isinstance(piece, str):
            yield piece
        else:
            yield from _render_expansion(piece, contents, token)


def _render_expansion(
    expansion: Expansion, contents: Mapping[Hashable, Content], token: Cancellable
) -> Iterator[str]:
    content = contents.get(expansion.key)
    if content is None:
        raise TransientFault(Code.FAILED, f"{expansion.reading.source}: let go while it was rendered")
    nested = deque(place for place in expansion.nested if place.expansion.summary is not None)
    digester = Digester()
    offset, skip = 0, 0
    for chunk in content.chunks():
        token.raise_if_cancelled()
        digester.update(chunk)
        start = 0
        while nested and nested[0].nested.offset < offset + len(chunk):
            place = nested.popleft()
            begin = place.nested.offset - offset
            yield chunk[max(start, skip) : begin]
            yield from _render_expansion(place.expansion, contents, token)
            skip = begin + len(place.nested.literal)
            start = skip
        yield chunk[max(start, skip) :]
        skip = max(0, skip - len(chunk))
        offset += len(chunk)
    if digester.digest() != expansion.reading.digest:
        raise TransientFault(Code.FAILED, f"{expansion.reading.source}: changed while it was rendered")


def pieces_of(
    text: Iterable[str], places: Sequence[tuple[int, int, int, Expansion]]
) -> Iterator[str | Expansion]:
    """Cut a document's lines at its references: (line, start column, end column, expansion), in order."""
    waiting = list(reversed(places))
    for number, line in enumerate(text):
        column = 0
        while waiting and waiting[-1][0] == number:
            _, start, end, expansion = waiting.pop()
            if expansion.summary is None or start < column:
                continue
            yield line[column:start]
            yield expansion
            column = end
        yield line[column:]
