"""Read one content: find the references in it, count the text between them. A worker's work, in constant memory.

chunks ──▶ scan (where are references?) ──▶ cut there ──▶ summaries and nested references, in order
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

from weighbridge.analysis.expand import Nested, Reading, State
from weighbridge.analysis.recall import mark_of
from weighbridge.cache.digest import Digester
from weighbridge.cache.digest import digest as digest_of
from weighbridge.content.base import Content
from weighbridge.content.decode import plain_text
from weighbridge.content.lines import cut_lines
from weighbridge.errors import Code, TransientFault
from weighbridge.references.dialect import Dialect
from weighbridge.references.leaves import LONGEST_LINE
from weighbridge.references.model import Reference
from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.service import TokenCountingService
from weighbridge.tokens.summary import Summarizer, Summary, summarize, total
from weighbridge.work import CancelToken

T = TypeVar("T", str, bytes)

#: Characters of a content, or of a literal stretch of a longer one, that are held: read once, counted at once, and so
#: remembered by digest.
_MOST_HELD = 4 * 1024 * 1024


def read(
    content: Content,
    dialect: Dialect,
    service: TokenCountingService,
    tokenizer: Tokenizer,
    token: CancelToken,
) -> Reading:
    """Read, scan and count a content.

    Raises:
        ReferenceFault: it can't be read, or is not text.
        TransientFault: it changed while it was read.
        BorderlessError: it can't be counted in bounded memory.
        TaskCancelledError: nobody wants it any more.
    """
    held = _held(content, token)
    if held is not None:
        content = replace(content, chunks=lambda: iter((held.text,) if held.text else ()))
    scanned = content.scannable and _may_refer(content, held, dialect, token)
    places = list(_places(content, dialect, token)) if scanned else []
    segments: tuple[Summary | Nested, ...]
    tokens: int | None = None
    if places:
        segments, digest = _cut(content, places, service, tokenizer, token)
    elif content.secret:
        # Counted anew each time: the cache would keep a digest of it, and a digest of a short secret can be guessed.
        text = "".join(content.chunks())
        summary = summarize(text, tokenizer)
        segments, digest, tokens = (summary,), digest_of(text), total(summary, tokenizer)
    else:
        if held is not None:
            known_by = mark_of(content, dialect) if held.utf8 is not None else None
            found = service.summarize_text(held.text, tokenizer, held.utf8, known_by)
        else:
            found = service.summarize_stream(lambda: _watched(content.chunks(), token), tokenizer)
        segments, digest, tokens = (found.summary,), found.digest, found.tokens
    return Reading(
        state=State.STALE if content.stale else State.RESOLVED,
        identity=content.identity,
        source=content.source,
        segments=segments,
        digest=digest,
        tokens=tokens,
        path=content.path,
        base=None if content.path is None else content.path.parent,
        size=content.size,
        secret=content.secret,
        problem=content.problem,
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """A short content's text, read once; and its bytes in UTF-8, if they were at hand."""

    text: str
    utf8: bytes | None


def _held(content: Content, token: CancelToken) -> _Held | None:
    """Hold a content if it is short enough: a look for references, and the count, are made from the same text."""
    if content.raw is not None and content.size is not None and content.size <= _MOST_HELD:
        data = b"".join(_watched(content.raw(), token))
        text = plain_text(data)
        if text is not None:
            return _Held(text, data)
    held: list[str] = []
    characters = 0
    for chunk in _watched(content.chunks(), token):
        held.append(chunk)
        characters += len(chunk)
        if characters > _MOST_HELD:
            return None
    return _Held("".join(held), None)


@dataclass(frozen=True, slots=True)
class _Place:
    """A reference in a text: `offset` of its line's start, code points from the text's start; its line in the file."""

    offset: int
    line: int
    reference: Reference

    @property
    def start(self) -> int:
        return self.offset + self.reference.start

    @property
    def end(self) -> int:
        return self.offset + self.reference.end


def _may_refer(content: Content, held: _Held | None, dialect: Dialect, token: CancelToken) -> bool:
    """Whether the text may hold a reference at all: many times faster to tell than to scan for them."""
    if held is not None:
        if held.utf8 is not None and not dialect.bytes_may_hold_reference(held.utf8):
            return False
        return dialect.text_may_refer(held.text)
    before = ""
    for chunk in _watched(content.chunks(), token):
        # What marks a reference may be cut by a chunk's end.
        if dialect.may_hold_reference(chunk) or dialect.may_hold_reference(before + chunk[:1]):
            return True
        before = chunk[-1:]
    return False


def _places(content: Content, dialect: Dialect, token: CancelToken) -> Iterator[_Place]:
    """Find the references of the text, in order. Scans the whole file even where only a part of it is included."""
    first, end = content.lines if content.lines is not None else (0, None)
    scanner = dialect.stream_scanner()
    # Only lines that may hold a reference are remembered until the scanner has made up its mind.
    starts: dict[int, int] = {}
    offset = 0
    whole = content.chunks if content.whole is None else content.whole
    for number, (line, length) in enumerate(cut_lines(_watched(whole(), token), LONGEST_LINE)):
        selected = number >= first and (end is None or number < end)
        if selected:
            if dialect.may_hold_reference(line):
                starts[number] = offset
            offset += length
        for at, found in scanner.feed(line):
            yield from _selected(starts, at, found.references)
    for at, found in scanner.close():
        yield from _selected(starts, at, found.references)


def _selected(starts: dict[int, int], line: int, references: Sequence[Reference]) -> Iterator[_Place]:
    while starts and (earliest := next(iter(starts))) < line:
        del starts[earliest]
    if line in starts:
        for reference in references:
            yield _Place(starts[line], line, reference)


def _cut(
    content: Content,
    places: Sequence[_Place],
    service: TokenCountingService,
    tokenizer: Tokenizer,
    token: CancelToken,
) -> tuple[tuple[Summary | Nested, ...], bytes]:
    """Cut the text at its references: summaries and nested references in order, and the whole text's digest."""
    digester = Digester()
    segments: list[Summary | Nested] = []
    literal = _Literal(service, tokenizer)
    remaining = iter(places)
    place = next(remaining, None)
    written: list[str] = []
    more8 = more16 = 0
    cuts = sorted({cut for one in places for cut in (one.offset, one.start, one.end)})
    offset = 0
    for piece in _pieces(_watched(content.chunks(), token), cuts):
        digester.update(piece)
        if place is not None and offset == place.offset:
            more8 = more16 = 0
        if place is not None and offset >= place.start:
            written.append(piece)
        else:
            literal.add(piece)
        if place is not None and offset >= place.offset and not piece.isascii():
            more8 += len(piece.encode("utf-8", "surrogatepass")) - len(piece)
            more16 += len(piece.encode("utf-16-le", "surrogatepass")) // 2 - len(piece)
        offset += len(piece)
        if place is not None and offset == place.end:
            if (summary := literal.take()) is not None:
                segments.append(summary)
            text = "".join(written)
            segments.append(
                Nested(place.start, place.line, place.reference, text, _before(text, more8, more16))
            )
            written.clear()
            before, place = place, next(remaining, None)
            if place is not None and place.offset != before.offset:
                more8 = more16 = 0
    if place is not None:
        raise TransientFault(Code.FAILED, f"{content.source}: changed while it was read")
    if (summary := literal.take()) is not None:
        segments.append(summary)
    return tuple(segments), digester.digest()


def _before(text: str, more8: int, more16: int) -> tuple[int, int]:
    """What the line's text before a reference is longer in UTF-8 and UTF-16, from what it is longer with it."""
    return (
        more8 - (len(text.encode("utf-8", "surrogatepass")) - len(text)),
        more16 - (len(text.encode("utf-16-le", "surrogatepass")) // 2 - len(text)),
    )


class _Literal:
    """A stretch of literal text: counted at once and remembered if it is short, streamed if it is not."""

    def __init__(self, service: TokenCountingService, tokenizer: Tokenizer) -> None:
        self._service = service
        self._tokenizer = tokenizer
        self._held: list[str] = []
        self._characters = 0
        self._stream: Summarizer | None = None

    def add(self, text: str) -> None:
        self._held.append(text)
        self._characters += len(text)
        if self._characters > _MOST_HELD:
            if self._stream is None:
                self._stream = Summarizer(self._tokenizer)
            for held in self._held:
                self._stream.feed(held)
            self._held.clear()
            self._characters = 0

    def take(self) -> Summary | None:
        """The stretch so far, None if there is none; begin a new one."""
        stream, text = self._stream, "".join(self._held)
        self._stream = None
        self._held.clear()
        self._characters = 0
        if stream is None:
            return self._service.summarize(text, self._tokenizer) if text else None
        stream.feed(text)
        return stream.finish()


def _pieces(chunks: Iterable[str], cuts: Sequence[int]) -> Iterator[str]:
    """Cut a text in chunks anew, so that every offset in `cuts` is between two pieces. No piece is empty."""
    offset, waiting = 0, iter(cuts)
    cut = next(waiting, None)
    for chunk in chunks:
        inside = [0]
        while cut is not None and cut < offset + len(chunk):
            if cut > offset:
                inside.append(cut - offset)
            cut = next(waiting, None)
        inside.append(len(chunk))
        for start, end in pairwise(inside):
            if end > start:
                yield chunk[start:end]
        offset += len(chunk)
        if cut is not None and cut == offset:
            cut = next(waiting, None)


def _watched(chunks: Iterable[T], token: CancelToken) -> Iterator[T]:
    """The same chunks, as long as somebody wants them."""
    for chunk in chunks:
        token.raise_if_cancelled()
        yield chunk
