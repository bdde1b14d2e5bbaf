"""The state of one content that open documents refer to. For the loop's thread."""

import asyncio
from dataclasses import dataclass

from weighbridge.analysis.expand import Reading
from weighbridge.content.base import Content, ContentRequest
from weighbridge.references.dialect import Dialect
from weighbridge.session.timers import Timer
from weighbridge.tokens.base import Tokenizer


@dataclass(slots=True)
class ContentEntry:
    """One content: what is asked for, and what is known of it."""

    request: ContentRequest
    tokenizer: Tokenizer
    dialect: Dialect
    reading: Reading | None = None
    content: Content | None = None
    running: asyncio.Future[None] | None = None
    #: When it was read last, by the timers' clock.
    read_at: float = 0.0
    again: bool = False
    force: bool = False
    timer: Timer | None = None
    #: When it is to be looked at again, by the timers' clock; None: only when told of a change.
    due: float | None = None
