"""Read one content: find the references in it, count the text between them. A worker's work, in constant memory.

chunks ──▶ scan (where are references?) ──▶ cut there ──▶ summaries and nested references, in order
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from weighbridge.analysis.expand import MOST_REFERENCES, Nested, Reading, State
from weighbridge.analysis.scans import WHOLE, ScannedReferences, Scans
from weighbridge.analysis.whole_text import LONGEST_WHOLE, WholeText, read_whole, watched, with_whole_text
from weighbridge.cache.digest import Digester
from weighbridge.cache.digest import digest as digest_of
from weighbridge.content.base import Content, ContentRequest
from weighbridge.content.lines import cut_lines
from weighbridge.content.policy import shown
from weighbridge.errors import BorderlessError, Code, Problem, ReferenceFault, TransientFault, fault_of_ours
from weighbridge.references.dialect import Dialect
from weighbridge.references.leaves import LONGEST_LINE
from weighbridge.references.model import Reference
from weighbridge.references.templates import is_template, shows_sign, without_defaults
from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.service import Digested, Summarized, TokenCountingService
from weighbridge.tokens.summary import Summarizer, Summary, summarize, total
from weighbridge.work import CancelToken

logger = logging.getLogger(__name__)


def read(
    content: Content,
    dialect: Dialect,
    service: TokenCountingService,
    tokenizer: Tokenizer,
    scans: Scans,
    token: CancelToken,
) -> Reading:
    """Read, scan and count a content.

    Raises:
        ReferenceFault: it can't be read, or is not text.
        TransientFault: it changed while it was read.
        BorderlessError: it can't be counted in bounded memory.
        TaskCancelledError: nobody wants it any more.
    """
    if content.private:
        # Without the service, which would keep a digest.
        text = "".join(watched(content.chunks(), token))
        summary = replace(summarize(text, tokenizer), private=True)
        return resolved(content, (summary,), digest_of(text), total(summary, tokenizer))
    whole = read_whole(content, token)
    if whole is not None:
        content = with_whole_text(content, whole)
    may_refer = content.scannable and _may_refer(content, whole, dialect, token)
    scan = _scan(content, whole, dialect, scans, token) if may_refer else ()
    if scan and _defaults_mean_nothing(content, scan, token):
        scan = tuple((line, without_defaults(references)) for line, references in scan)
    places = list(_places(content, dict(scan), token)) if scan else []
    if places:
        return resolved(content, *_cut(content, places, service, tokenizer, token))
    summarized = _summarized(content, whole, service, tokenizer, token)
    if may_refer and content.lines is None:
        service.note(summarized, tokenizer, dialect.rules)
    return resolved(content, (summarized.summary,), summarized.digest, summarized.tokens)


def failed_reading(request: ContentRequest, error: BaseException) -> Reading:
    """The reading of a content that can't be read. A fault of ours is told in the log."""
    if isinstance(error, ReferenceFault):
        problem = error.problem
    elif isinstance(error, BorderlessError):
        problem = Problem(Code.TOO_LARGE, f"{shown(request.target)}: {error}")
    else:
        logger.error("reading a %s reference failed", request.kind.value, exc_info=error)
        problem = fault_of_ours(error)
    return Reading(State.FAILED, identity="", source="", problem=problem)


def resolved(
    content: Content, segments: tuple[Summary | Nested, ...], digest: bytes, tokens: int | None = None
) -> Reading:
    """The reading of a content whose text was cut at its references. `tokens`: where it has none."""
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
        sampled=content.sampled,
        problem=content.problem,
    )


def _summarized(
    content: Content,
    whole: WholeText | None,
    service: TokenCountingService,
    tokenizer: Tokenizer,
    token: CancelToken,
) -> Summarized:
    if whole is None:
        return service.summarize_stream(lambda: watched(content.chunks(), token), tokenizer)
    if content.lines is None:
        return service.summarize_text(whole.text, tokenizer)
    return service.summarize_text(Digested.of("".join(content.chunks())), tokenizer)


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


def _may_refer(content: Content, whole: WholeText | None, dialect: Dialect, token: CancelToken) -> bool:
    """Whether the text may hold a reference at all: many times faster to tell than to scan for them."""
    if whole is not None:
        return whole.may_refer(dialect)
    last_character = ""
    for chunk in watched(content.chunks(), token):
        # What marks a reference may be cut by a chunk's end.
        if dialect.may_hold_reference(chunk) or dialect.may_hold_reference(last_character + chunk[:1]):
            return True
        last_character = chunk[-1:]
    return False


def _scan(
    content: Content, whole: WholeText | None, dialect: Dialect, scans: Scans, token: CancelToken
) -> ScannedReferences:
    """The references of the text; scanned for where that is not remembered.

    Those of the whole file, whatever part of it is included, unless they are more than may be in any expansion: then those
    of the part alone, and of these no more than make each expansion fail.
    """
    part = WHOLE if content.lines is None else content.lines
    scanned = None if whole is None else scans.get(whole.text.digest, dialect, part)
    if scanned is not None:
        return scanned
    in_file: list[tuple[int, tuple[Reference, ...]]] = []
    inside: list[tuple[int, tuple[Reference, ...]]] = []
    number, room = 0, MOST_REFERENCES + 1
    for line, references in _referring(
        content.chunks if content.whole is None else content.whole, dialect, token
    ):
        number += len(references)
        if part[0] <= line < part[1]:
            inside.append((line, references[:room]))
            room -= len(references)
        if number <= MOST_REFERENCES:
            in_file.append((line, references))
        elif room <= 0 or line >= part[1]:
            break
    of = None if number <= MOST_REFERENCES else part
    references_of = tuple(inside if of else in_file)
    if whole is not None:
        scans.put(whole.text.digest, dialect, references_of, of)
    return references_of


def _defaults_mean_nothing(content: Content, scan: ScannedReferences, token: CancelToken) -> bool:
    """Whether the file is a template, by its name or any of its lines: looked at where that changes anything."""
    if all(without_defaults(references) is references for _, references in scan):
        return False
    chunks = content.chunks if content.whole is None else content.whole
    return is_template(content.path) or any(
        shows_sign(line) for line, _ in cut_lines(watched(chunks(), token), LONGEST_LINE)
    )


def _referring(
    chunks: Callable[[], Iterator[str]], dialect: Dialect, token: CancelToken
) -> Iterator[tuple[int, tuple[Reference, ...]]]:
    """The lines of a text that hold references, with those."""
    scanner = dialect.stream_scanner()
    for line, _ in cut_lines(watched(chunks(), token), LONGEST_LINE):
        yield from ((at, scanned.references) for at, scanned in scanner.feed(line) if scanned.references)
    yield from ((at, scanned.references) for at, scanned in scanner.close() if scanned.references)


def _places(
    content: Content, references: Mapping[int, Sequence[Reference]], token: CancelToken
) -> Iterator[_Place]:
    """Find the places of references, which are given by their lines in the whole file, in the text, in order."""
    first = 0 if content.lines is None else content.lines[0]
    offset = 0
    for number, (_, length) in enumerate(cut_lines(watched(content.chunks(), token), LONGEST_LINE), first):
        for reference in references.get(number, ()):
            yield _Place(offset, number, reference)
        offset += length


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
    cuts = sorted({cut for spot in places for cut in (spot.offset, spot.start, spot.end)})
    offset = 0
    for piece in _pieces(watched(content.chunks(), token), cuts):
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
            last_place, place = place, next(remaining, None)
            if place is not None and place.offset != last_place.offset:
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
        self._texts: list[str] = []
        self._characters = 0
        self._stream: Summarizer | None = None

    def add(self, text: str) -> None:
        self._texts.append(text)
        self._characters += len(text)
        if self._characters > LONGEST_WHOLE:
            if self._stream is None:
                self._stream = Summarizer(self._tokenizer)
            for piece in self._texts:
                self._stream.feed(piece)
            self._texts.clear()
            self._characters = 0

    def take(self) -> Summary | None:
        """The stretch so far, None if there is none; begin a new one."""
        stream, text = self._stream, "".join(self._texts)
        self._stream = None
        self._texts.clear()
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
