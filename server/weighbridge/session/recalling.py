"""Files that were read before, looked up many at a time before any of them is read: a warm start's way. A worker's work."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from weighbridge.analysis.expand import Reading
from weighbridge.analysis.recall import recall
from weighbridge.content.base import Content, Handler
from weighbridge.content.policy import roots_stay
from weighbridge.errors import ReferenceFault
from weighbridge.session.entry import Entry
from weighbridge.tokens.service import TokenCountingService
from weighbridge.work import CancelToken

Recalled = tuple[Reading, Content] | None


def recalled(
    entries: Sequence[Entry], handler: Handler, service: TokenCountingService, token: CancelToken
) -> list[Recalled]:
    """What is remembered of files; None of those that are to be read."""
    found: list[Recalled] = [None] * len(entries)
    with roots_stay():
        contents = list(_contents(entries, handler, token))
        for (number, content), reading in zip(contents, _readings(entries, contents, service), strict=True):
            if reading is not None:
                found[number] = reading, content
    return found


def _contents(
    entries: Sequence[Entry], handler: Handler, token: CancelToken
) -> Iterator[tuple[int, Content]]:
    for number, entry in enumerate(entries):
        token.raise_if_cancelled()
        # Whoever reads it will tell of a fault.
        with suppress(ReferenceFault):
            content = handler.load(entry.request)
            if content.fingerprint is not None:
                yield number, content


def changed(entries: Sequence[Entry], handler: Handler, token: CancelToken) -> list[bool]:
    """Whether a look at each file tells that it is another, or was edited."""
    found: list[bool] = []
    with roots_stay():
        for entry in entries:
            token.raise_if_cancelled()
            found.append(entry.content is None or handler.changed(entry.content))
    return found


def _readings(
    entries: Sequence[Entry], contents: Sequence[tuple[int, Content]], service: TokenCountingService
) -> list[Reading | None]:
    """Recall them, all of one tokenizer and dialect together, as nearly always all are."""
    groups: dict[tuple[str, str], list[int]] = {}
    for place, (number, _) in enumerate(contents):
        entry = entries[number]
        groups.setdefault((entry.tokenizer.name, entry.dialect.name), []).append(place)
    found: list[Reading | None] = [None] * len(contents)
    for places in groups.values():
        entry = entries[contents[places[0]][0]]
        readings = recall([contents[place][1] for place in places], entry.dialect, service, entry.tokenizer)
        for place, reading in zip(places, readings, strict=True):
            found[place] = reading
    return found
