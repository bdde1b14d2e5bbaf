"""Many files read by one task: counts in the database are taken at once, other files are scanned and counted one by one."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from weighbridge.analysis.expand import Reading
from weighbridge.analysis.recalled import recalled_readings
from weighbridge.analysis.scans import Scans
from weighbridge.content.base import Content, Handler
from weighbridge.content.policy import roots_stay
from weighbridge.errors import ReferenceFault
from weighbridge.session.entry import ContentEntry
from weighbridge.tokens.service import TokenCountingService
from weighbridge.work import CancelToken

Recalled = tuple[Reading, Content] | None


def recalled_entries(
    entries: Sequence[ContentEntry],
    handler: Handler,
    service: TokenCountingService,
    scans: Scans,
    token: CancelToken,
) -> list[Recalled]:
    """The readings of whole files that are known, see `recalled_readings`; None of the others."""
    recalled: list[Recalled] = [None] * len(entries)
    # Nearly always all are of one tokenizer and dialect.
    groups: dict[tuple[str, str], list[int]] = {}
    for number, entry in enumerate(entries):
        groups.setdefault((entry.tokenizer.name, entry.dialect.name), []).append(number)
    with roots_stay():
        for numbers in groups.values():
            first = entries[numbers[0]]
            contents: dict[int, Content] = {}
            readings = recalled_readings(
                _loaded(entries, numbers, handler, contents, token),
                first.dialect,
                service,
                first.tokenizer,
                scans,
                token,
            )
            for number, reading in readings.items():
                recalled[number] = reading, contents[number]
    return recalled


def _loaded(
    entries: Sequence[ContentEntry],
    numbers: Sequence[int],
    handler: Handler,
    contents: dict[int, Content],
    token: CancelToken,
) -> Iterator[tuple[int, Content]]:
    for number in numbers:
        token.raise_if_cancelled()
        # Whoever reads it by itself tells of a fault.
        with suppress(ReferenceFault):
            contents[number] = handler.load(entries[number].request)
            yield number, contents[number]
