"""Readings of files from what is remembered of them, without reading more than their ends.

    Content ──fingerprint──▶ mark ──▶ count, made from the same bytes ──▶ Reading
                └─▶ ends of the file ──▶ the fragments that its neighbours may change ─┘

A mark is a digest of the file's place and of all that changes when anybody writes to it. It is remembered with a count
only where the file was long unchanged and its text holds no reference (`reading.read`).
"""

import codecs
from collections.abc import Sequence
from typing import Final

from weighbridge import __version__
from weighbridge.analysis.expand import Reading, State
from weighbridge.cache import Counted, mark
from weighbridge.content.base import Content
from weighbridge.errors import ReferenceFault
from weighbridge.references.dialect import Dialect
from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.service import TokenCountingService
from weighbridge.tokens.summary import Summary

#: Characters of the longest fragment at a file's end that is read again.
MOST_READ: Final = 16 * 1024
#: Bytes of the longest character in UTF-8.
_LONGEST: Final = 4


def mark_of(content: Content, dialect: Dialect) -> bytes | None:
    """What the count of a file that refers to nothing is remembered by; None where that can't be relied on."""
    if content.fingerprint is None or content.secret or content.lines is not None:
        return None
    rules = f"{__version__}/{dialect.name}/{dialect.rules()}" if content.scannable else ""
    return mark(content.fingerprint, rules.encode())


def recall(
    contents: Sequence[Content], dialect: Dialect, service: TokenCountingService, tokenizer: Tokenizer
) -> list[Reading | None]:
    """The reading of each content, as `read` would give it but for the digest; None where nothing is remembered. Blocks."""
    marks = [mark_of(content, dialect) for content in contents]
    known = service.recall([one for one in marks if one is not None], tokenizer)
    return [
        None if one is None or one not in known else _reading(content, known[one])
        for content, one in zip(contents, marks, strict=True)
    ]


def _reading(content: Content, counted: Counted) -> Reading | None:
    size = content.size or 0
    # Whoever can write to the database may have put anything there.
    if content.ends is None or not counted.sound or not counted.chars <= size <= _LONGEST * counted.chars:
        return None
    if max(counted.head_chars, counted.tail_chars) > MOST_READ:
        return None
    try:
        first, last = content.ends(_LONGEST * counted.head_chars, _LONGEST * counted.tail_chars)
    except ReferenceFault:
        return None
    head, tail = _beginning(first, counted.head_chars), _end(last, counted.tail_chars)
    if head is None or tail is None:
        return None
    inner = counted.tokens - counted.head_tokens - counted.tail_tokens if tail else None
    return Reading(
        state=State.RESOLVED,
        identity=content.identity,
        source=content.source,
        segments=(Summary(head, inner, tail),),
        tokens=counted.tokens,
        path=content.path,
        base=None if content.path is None else content.path.parent,
        size=content.size,
    )


def _beginning(data: bytes, characters: int) -> str | None:
    """The first characters of a text that begins so in UTF-8; None if there aren't as many."""
    text = data.decode("utf-8", "ignore")[:characters]
    return text if len(text) == characters and not data.startswith(codecs.BOM_UTF8) else None


def _end(data: bytes, characters: int) -> str | None:
    """The last characters of a text that ends so in UTF-8."""
    if not characters:
        return ""
    text = data.decode("utf-8", "ignore")[-characters:]
    return text if len(text) == characters else None
