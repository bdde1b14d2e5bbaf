"""Readings of contents whose texts were counted before, many at a time: each is read, none is scanned or tokenized.

Content ──read──▶ text ──digest──▶ count, and that it refers to nothing ──▶ Reading
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from weighbridge.analysis.expand import Reading
from weighbridge.analysis.reading import resolved
from weighbridge.analysis.scans import Scans
from weighbridge.analysis.whole_text import LONGEST_WHOLE, read_whole
from weighbridge.content.base import Content
from weighbridge.errors import ReferenceFault
from weighbridge.references.dialect import Dialect
from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.service import Digested, TokenCountingService
from weighbridge.work import CancelToken


@dataclass(frozen=True, slots=True)
class _ReadContent:
    """A content that was read, and the text that its count is known by."""

    number: int
    content: Content
    text: Digested


def recalled_readings(
    contents: Iterable[tuple[int, Content]],
    dialect: Dialect,
    service: TokenCountingService,
    tokenizer: Tokenizer,
    scans: Scans,
    token: CancelToken,
) -> dict[int, Reading]:
    """The readings of whole files, as `read` would give them, by the numbers that go with them; of those that are known.

    No text is scanned or tokenized, and as much text is held as `read` may hold. Blocks.
    """
    readings: dict[int, Reading] = {}
    batch: list[_ReadContent] = []
    characters = 0
    for number, content in contents:
        # Whoever reads it by itself tells of a fault.
        with suppress(ReferenceFault):
            text = _text_of(content, dialect, scans, token)
            if text is None:
                continue
            batch.append(_ReadContent(number, content, text))
            characters += len(text.text)
        if characters > LONGEST_WHOLE:
            readings.update(_look_up(batch, service, tokenizer))
            batch.clear()
            characters = 0
    readings.update(_look_up(batch, service, tokenizer))
    return readings


def _text_of(content: Content, dialect: Dialect, scans: Scans, token: CancelToken) -> Digested | None:
    """Read a content; None if it is too long, or known to refer to something."""
    whole = read_whole(content, token)
    if whole is None:
        return None
    if not content.scannable or not whole.may_refer(dialect):
        return whole.text
    scan = scans.get(whole.text.digest, dialect)
    return None if scan else whole.text._replace(rules=dialect.rules if scan is None else "")


def _look_up(
    batch: list[_ReadContent], service: TokenCountingService, tokenizer: Tokenizer
) -> Iterator[tuple[int, Reading]]:
    summaries = service.counted_before([file.text for file in batch], tokenizer)
    for file, summarized in zip(batch, summaries, strict=True):
        if summarized is not None:
            yield (
                file.number,
                resolved(file.content, (summarized.summary,), summarized.digest, summarized.tokens),
            )
