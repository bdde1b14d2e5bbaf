"""The resolved text itself: what the model receives, and what the counts are held against."""

from bisect import bisect_right
from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Protocol

from weighbridge.analysis.expand import Expansion
from weighbridge.analysis.wording import tokens_text
from weighbridge.cache.digest import Digester
from weighbridge.content.base import Content
from weighbridge.errors import Code, TransientFault
from weighbridge.text import PositionEncoding, split_lines, units
from weighbridge.uris import uri_of


class Cancellable(Protocol):
    """Something that can be told to stop."""

    def raise_if_cancelled(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Source:
    """A stretch of the resolved text and what it came from. `start`, `end`: code points; `depth`: from 1."""

    start: int
    end: int
    depth: int
    expansion: Expansion


@dataclass(frozen=True, slots=True)
class _Enter:
    """From here on the text is an expansion's, until it is left."""

    expansion: Expansion


class _Leave:
    """The expansion entered last ends."""


_LEAVE = _Leave()


def render(
    pieces: Iterator[str | Expansion], contents: Mapping[Hashable, Content], token: Cancellable
) -> Iterator[str]:
    """Write a text with each of its references' content in its place. Reads files: a worker's work.

    `pieces`: literal text, and expansions of the references that stand for content.

    Raises:
        TransientFault: a file is no longer what was counted.
    """
    return (part for part in _render(pieces, contents, token) if isinstance(part, str))


def render_marked(
    pieces: Iterator[str | Expansion], contents: Mapping[Hashable, Content], token: Cancellable
) -> tuple[str, list[Source]]:
    """The resolved text with what each stretch of it came from, in order, outer ones first. Otherwise as `render`."""
    parts: list[str] = []
    begun: list[tuple[int, int, Expansion]] = []
    sources: list[tuple[int, Source]] = []
    offset = number = 0
    for part in _render(pieces, contents, token):
        if isinstance(part, str):
            parts.append(part)
            offset += len(part)
        elif isinstance(part, _Enter):
            begun.append((number, offset, part.expansion))
            number += 1
        else:
            order, start, expansion = begun.pop()
            sources.append((order, Source(start, offset, len(begun) + 1, expansion)))
    sources.sort(key=lambda numbered: numbered[0])
    return "".join(parts), [source for _, source in sources]


def sources_json(
    text: str, sources: Iterable[Source], encoding: PositionEncoding, *, exact: bool
) -> list[dict[str, Any]]:
    """Sources as clients get them: where in the resolved text, in the encoding's units, and where from.

    `exact`: whether the document is counted by the model's own tokenizer.
    """
    lines = split_lines(text)
    starts = list(accumulate((len(line) for line in lines), initial=0))

    def position(offset: int) -> dict[str, int]:
        line = min(bisect_right(starts, offset), len(lines)) - 1
        return {"line": line, "character": units(lines[line][: offset - starts[line]], encoding)}

    return [
        {
            "range": {"start": position(source.start), "end": position(source.end)},
            "name": source.expansion.reading.source,
            "uri": None if source.expansion.reading.path is None else uri_of(source.expansion.reading.path),
            "tokens": source.expansion.tokens,
            "text": _words(source.expansion, exact=exact),
            "depth": source.depth,
        }
        for source in sources
    ]


def _words(expansion: Expansion, *, exact: bool) -> str | None:
    """How its tokens are written: they are an estimate where it counts by a sample or an old answer."""
    today = not (expansion.sampled or expansion.stale)
    return None if expansion.tokens is None else tokens_text(expansion.tokens, exact=exact and today)


def _render(
    pieces: Iterator[str | Expansion], contents: Mapping[Hashable, Content], token: Cancellable
) -> Iterator[str | _Enter | _Leave]:
    for piece in pieces:
        token.raise_if_cancelled()
        if isinstance(piece, str):
            yield piece
        else:
            yield from _render_expansion(piece, contents, token)


def _render_expansion(
    expansion: Expansion, contents: Mapping[Hashable, Content], token: Cancellable
) -> Iterator[str | _Enter | _Leave]:
    yield _Enter(expansion)
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
    if expansion.reading.digest != digester.digest():
        raise TransientFault(Code.FAILED, f"{expansion.reading.source}: changed while it was rendered")
    yield _LEAVE


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
