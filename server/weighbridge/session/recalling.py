"""Files that were read before, looked up many at a time before any of them is read: a warm start's way.

want ──▶ end of the turn ──▶ groups ──▶ worker: find, look up, read the ends ──▶ recalled, a group in each turn
"""

import asyncio
import itertools
import logging
from collections.abc import Callable, Hashable, Sequence

from weighbridge.analysis.expand import Reading
from weighbridge.analysis.recall import recall
from weighbridge.content.base import Content
from weighbridge.content.factory import HandlerFactory
from weighbridge.errors import ReferenceFault
from weighbridge.references.model import Kind
from weighbridge.session.entry import Entry
from weighbridge.tokens.service import TokenCountingService
from weighbridge.work import CancelToken, Priority, TaskCancelledError, Tasks

logger = logging.getLogger(__name__)

#: Files looked up by one task: their answers are taken in one turn of the loop.
_IN_A_GROUP = 32

Recalled = tuple[Reading, Content] | None
_Wanted = tuple[Hashable, Entry, Priority]


class Recalling:
    """Looks up what is remembered of files. For the loop's thread."""

    def __init__(
        self,
        tasks: Tasks,
        handlers: HandlerFactory,
        service: TokenCountingService,
        recalled: Callable[[Hashable, Entry, Priority, Recalled], None],
    ) -> None:
        """`recalled` is told what was found of each entry; None: it is to be read."""
        self._tasks = tasks
        self._handlers = handlers
        self._service = service
        self._recalled = recalled
        self._wanted: list[_Wanted] = []
        self._numbers = itertools.count()
        self._running: set[asyncio.Task[None]] = set()

    def want(self, key: Hashable, entry: Entry, priority: Priority) -> None:
        """Look up a file, together with all that are wanted in this turn of the loop."""
        loop = asyncio.get_running_loop()
        # Nothing of its own runs for it; who lets it go cancels this and no other.
        entry.running = loop.create_future()
        if not self._wanted:
            loop.call_soon(self._start)
        self._wanted.append((key, entry, priority))

    def _start(self) -> None:
        wanted, self._wanted = self._wanted, []
        for start in range(0, len(wanted), _IN_A_GROUP):
            task = asyncio.get_running_loop().create_task(self._run(wanted[start : start + _IN_A_GROUP]))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _run(self, group: Sequence[_Wanted]) -> None:
        found: list[Recalled] = [None] * len(group)
        entries = [entry for _, entry, _ in group]
        waiting = [entry.running for entry in entries]
        try:
            found = await self._tasks.submit(
                ("recall", next(self._numbers)),
                lambda token: self._look_up(entries, token),
                priority=min(priority for _, _, priority in group),
                title="recall",
            )
        except TaskCancelledError:
            for future in waiting:
                if future is not None:
                    future.cancel()
            return
        except Exception:  # a fault of ours: they are read as if nothing were remembered
            logger.exception("files could not be looked up")
        for (key, entry, priority), future, one in zip(group, waiting, found, strict=True):
            if future is None or future.cancelled():
                continue
            entry.running = None
            future.set_result(None)
            self._recalled(key, entry, priority, one)

    def _look_up(self, entries: Sequence[Entry], token: CancelToken) -> list[Recalled]:
        """Find the files, and what is remembered of them. A worker's work."""
        handler = self._handlers.blocking(Kind.FILE)
        contents: list[tuple[int, Content]] = []
        for number, entry in enumerate(entries):
            token.raise_if_cancelled()
            try:
                content = handler.load(entry.request)
            except ReferenceFault:
                continue
            if content.fingerprint is not None:
                contents.append((number, content))
        found: list[Recalled] = [None] * len(entries)
        for (number, content), reading in zip(contents, self._readings(entries, contents), strict=True):
            if reading is not None:
                found[number] = reading, content
        return found

    def _readings(
        self, entries: Sequence[Entry], contents: Sequence[tuple[int, Content]]
    ) -> list[Reading | None]:
        """Recall them, all of one tokenizer and dialect together, as nearly always all are."""
        groups: dict[tuple[str, str], list[int]] = {}
        for place, (number, _) in enumerate(contents):
            entry = entries[number]
            groups.setdefault((entry.tokenizer.name, entry.dialect.name), []).append(place)
        found: list[Reading | None] = [None] * len(contents)
        for places in groups.values():
            entry = entries[contents[places[0]][0]]
            some = [contents[place][1] for place in places]
            readings = recall(some, entry.dialect, self._service, entry.tokenizer)
            for place, reading in zip(places, readings, strict=True):
                found[place] = reading
        return found
