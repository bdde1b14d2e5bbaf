"""Contents short enough to be held: read once, so that their digest, references and count are of one and the same text."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from weighbridge.cache import digest_of_utf8
from weighbridge.content.base import Content
from weighbridge.content.decode import plain_text
from weighbridge.content.lines import select_lines
from weighbridge.references.dialect import Dialect
from weighbridge.tokens.service import Digested
from weighbridge.work import CancelToken

T = TypeVar("T", str, bytes)

LONGEST_WHOLE: Final = 4 * 1024 * 1024
"""Characters of a content, or of a literal stretch of a longer one, that are held: read once, counted at once, and so
remembered by digest."""


@dataclass(frozen=True, slots=True)
class WholeText:
    """A content's whole text, whatever part of it is included; and its bytes in UTF-8, if they were at hand."""

    text: Digested
    utf8: bytes | None

    def may_refer(self, dialect: Dialect) -> bool:
        """Whether the text may hold a reference at all: many times faster to tell than to scan for them."""
        if self.utf8 is not None and not dialect.bytes_may_hold_reference(self.utf8):
            return False
        return dialect.text_may_refer(self.text.text)


def read_whole(content: Content, token: CancelToken) -> WholeText | None:
    """Read a content; None if it is too long to be held, or no digest of it may be. Raises as `read` does."""
    if content.private:
        return None
    if content.raw is not None and content.size is not None and content.size <= LONGEST_WHOLE:
        data = b"".join(watched(content.raw(), token))
        text = plain_text(data)
        if text is not None:
            return WholeText(Digested(text, digest_of_utf8(data), len(data)), data)
    chunks: list[str] = []
    characters = 0
    for chunk in watched(content.chunks() if content.whole is None else content.whole(), token):
        chunks.append(chunk)
        characters += len(chunk)
        if characters > LONGEST_WHOLE:
            return None
    return WholeText(Digested.of("".join(chunks)), None)


def with_whole_text(content: Content, whole_text: WholeText) -> Content:
    """The same content, as it was read."""
    lines, text = content.lines, whole_text.text.text

    def whole() -> Iterator[str]:
        return iter((text,) if text else ())

    if lines is None:
        return replace(content, chunks=whole)
    return replace(content, chunks=lambda: select_lines(whole(), *lines), whole=whole)


def watched(chunks: Iterable[T], token: CancelToken) -> Iterator[T]:
    """The same chunks, as long as somebody wants them."""
    for chunk in chunks:
        token.raise_if_cancelled()
        yield chunk
