"""The contents that open documents refer to: each is read once, shared, and read again when it changed.

    want ──▶ load (handler) ──▶ read (scan, count) ──▶ changed(key)

**A reading on show stays until its successor is there**, so nothing flickers. A result that arrives late, for a key
nobody wants any more, has filled the count cache and is dropped.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import Path

from weighbridge.analysis.expand import Reading
from weighbridge.analysis.reading import failed_reading, read
from weighbridge.analysis.scans import Scans
from weighbridge.content.base import Content, ContentRequest, retry_policy
from weighbridge.content.factory import HandlerFactory
from weighbridge.dependencies import Dependencies
from weighbridge.errors import (
    FATAL,
    ReferenceFault,
    TransientFault,
)
from weighbridge.references.dialect import Dialect
from weighbridge.references.model import Kind
from weighbridge.session.batching import Batching
from weighbridge.session.entry import ContentEntry
from weighbridge.session.folder_index import FolderIndex
from weighbridge.session.recalled_entries import Recalled, recalled_entries
from weighbridge.session.timers import Timers
from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.service import TokenCountingService
from weighbridge.work import CancelToken, Priority, TaskCancelledError, TaskManager

logger = logging.getLogger(__name__)

#: Seconds until what failed, and may do better, is tried again; and the fewest between two looks at anything.
_TRY_AGAIN = 60.0
_SOONEST = 1.0
#: Contents from which on nobody waits for them.
_MANY = 8


class Readings:
    """All contents in use. Everything here runs on the loop's thread; reading itself runs on workers."""

    def __init__(
        self,
        tasks: TaskManager,
        handlers: HandlerFactory,
        service: TokenCountingService,
        on_changed: Callable[[Hashable, frozenset[Hashable]], None],
        timers: Timers | None = None,
    ) -> None:
        """`on_changed` is told the key and its users whenever a reading is new or another.

        `on_watched`, an attribute, is told when other files matter than before.
        """
        self.on_watched: Callable[[], None] = lambda: None
        self._tasks = tasks
        self._handlers = handlers
        self._service = service
        self._on_changed = on_changed
        self._timers: Timers = asyncio.get_running_loop() if timers is None else timers
        self._entries: dict[Hashable, ContentEntry] = {}
        #: The users and the keys that they use: who asks about a document must not look at what all others use.
        self._used = Dependencies[Hashable, Hashable]()
        #: The keys and the files that their contents depend on, by the paths written out: a `Path` is slow to hash.
        self._files = Dependencies[Hashable, str]()
        self._below = FolderIndex(lambda: self._files)
        #: The same paths, each made once: all are asked for whenever there is another.
        self._paths: dict[str, Path] = {}
        self.scans = Scans()
        self._batching = Batching[Recalled](tasks, "read together", self._look, self._looked_up, None)

    def lookup(self, key: Hashable) -> Reading | None:
        """What is known of a key; None while nothing is."""
        entry = self._entries.get(key)
        return None if entry is None else entry.reading

    def content(self, key: Hashable) -> Content | None:
        """The content that a key's reading was made of; None while there is none."""
        entry = self._entries.get(key)
        return None if entry is None else entry.content

    def want(
        self,
        key: Hashable,
        request: ContentRequest,
        user: Hashable,
        tokenizer: Tokenizer,
        dialect: Dialect,
    ) -> None:
        """Note that `user` uses the content, and read it unless that is done or under way."""
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = ContentEntry(request, tokenizer, dialect)
            self._depend(key, entry)
        # What the key does not tell, as how often it is tried again, is as the newest settings say.
        entry.request = request
        self._used.add(user, key)
        if entry.running is None and (entry.reading is None or self._may_be_old(entry)):
            self._start(key, entry, Priority.MEDIUM)

    def release(self, user: Hashable, keys: Iterable[Hashable]) -> None:
        """Forget that `user` uses these contents, and the contents nobody uses."""
        for key in keys:
            if self._used.remove(user, key):
                entry = self._entries.pop(key)
                self._depend_on(key, {})
                if entry.timer is not None:
                    entry.timer.cancel()
                if entry.running is not None:
                    entry.running.cancel()
                    for step in ("fetch", "read"):
                        self._tasks.cancel((step, key))

    def recheck(self, keys: Iterable[Hashable], *, force: bool = False) -> None:
        """Read contents again, for somebody says that they changed; `force`: ask APIs again, too."""
        keys = list(keys)
        # Somebody waits for a few; many are looked at to be sure.
        priority = Priority.HIGH if len(keys) <= _MANY else Priority.LOW
        for key in keys:
            entry = self._entries.get(key)
            if entry is None:
                continue
            entry.force = entry.force or force
            if entry.running is not None:
                entry.again = True
            else:
                self._start(key, entry, priority)

    def recheck_all(self, user: Hashable | None = None) -> None:
        """Read all contents again, or all that `user` uses, and ask APIs again."""
        self.recheck([*(self._entries if user is None else self._used.things(user))], force=True)

    def recheck_files(self, user: Hashable) -> None:
        """Read the files again that `user` uses; what holds its text is not asked for."""
        self.recheck([key for key, entry in self._entries_of(user) if entry.request.kind is Kind.FILE])

    def recheck_old(self, user: Hashable) -> None:
        """Read what `user` uses again where that is not done and was not in the last second; what APIs said keeps its time."""
        self.recheck(
            [
                key
                for key, entry in self._entries_of(user)
                if entry.running is None and self._may_be_old(entry)
            ]
        )

    def keys_of_path(self, path: Path) -> list[Hashable]:
        """The keys whose content depends on this file, existing or not."""
        written = os.fspath(path)
        return [key for name in (written, *self._below.of(written)) for key in self._files.users(name)]

    def watched(self) -> frozenset[Path]:
        """All files that contents in use depend on, existing or not."""
        return frozenset(self._paths.values())

    def contents(self, user: Hashable) -> dict[Hashable, Content]:
        """The contents that `user` uses, for rendering."""
        return {key: entry.content for key, entry in self._entries_of(user) if entry.content is not None}

    async def settled(self, user: Hashable) -> None:
        """Wait until nothing that `user` uses is being read."""
        while await self._read_of(user, frozenset(Kind)):
            pass

    async def reread(self, user: Hashable) -> bool:
        """Wait for the files and variables that `user` uses and that are being read; tell whether there were any.

        APIs take their time, and what they said before is shown until then.
        """
        return await self._read_of(user, frozenset((Kind.FILE, Kind.VARIABLE)))

    async def _read_of(self, user: Hashable, kinds: frozenset[Kind]) -> bool:
        running = [
            entry.running
            for _, entry in self._entries_of(user)
            if entry.running is not None and not entry.running.done() and entry.request.kind in kinds
        ]
        if running:
            await asyncio.wait(running)
        return bool(running)

    def close(self) -> None:
        """Stop everything that is under way."""
        for entry in self._entries.values():
            if entry.timer is not None:
                entry.timer.cancel()
            if entry.running is not None:
                entry.running.cancel()
        self._entries.clear()
        self._used.clear()
        self._files.clear()
        self._paths.clear()
        self._below.changed()

    def _entries_of(self, user: Hashable) -> list[tuple[Hashable, ContentEntry]]:
        return [(key, self._entries[key]) for key in self._used.things(user)]

    def _may_be_old(self, entry: ContentEntry) -> bool:
        """Whether a content is read again when somebody begins to use it, or asks: not every system tells of every change."""
        return entry.request.kind is not Kind.API and self._timers.time() - entry.read_at > _SOONEST

    def _depend(self, key: Hashable, entry: ContentEntry, more: Iterable[Path] = ()) -> None:
        """Note the files that a content depends on: those it is named by, and `more`, in place of what there was before."""
        paths = {
            os.fspath(path): path
            for path in (*self._handlers.of(entry.request.kind).paths(entry.request), *more)
        }
        self._depend_on(key, paths)

    def _depend_on(self, key: Hashable, paths: Mapping[str, Path]) -> None:
        added, removed = self._files.replace(key, paths)
        self._paths.update((path, paths[path]) for path in added)
        for path in removed:
            del self._paths[path]
        if added or removed:
            self._below.changed()
            self.on_watched()

    def _start(self, key: Hashable, entry: ContentEntry, priority: Priority) -> None:
        """Read a content: together with others if it is a whole file whose text may be known."""
        whole_file = entry.request.kind is Kind.FILE and entry.request.fragment is None
        if whole_file and (self._service.remembers or entry.reading is not None):
            entry.again = False
            self._batching.want(key, entry, priority)
        else:
            self._start_alone(key, entry, priority)

    def _start_alone(self, key: Hashable, entry: ContentEntry, priority: Priority) -> None:
        entry.again = False
        entry.running = asyncio.get_running_loop().create_task(self._run(key, entry, priority))
        entry.running.add_done_callback(_log_fault)

    async def _run(self, key: Hashable, entry: ContentEntry, priority: Priority) -> None:
        try:
            force, entry.force = entry.force, False
            reading, content, fault = await self._read(key, entry, priority, force=force)
        except TaskCancelledError:
            return
        finally:
            entry.running = None
        if self._entries.get(key) is not entry:
            return
        if entry.again:
            self._start(key, entry, Priority.HIGH)
        self._adopt(key, entry, reading, content, fault)

    def _adopt(
        self,
        key: Hashable,
        entry: ContentEntry,
        reading: Reading | None,
        content: Content | None,
        fault: Exception | None = None,
    ) -> None:
        """Take what was read; a fault of ours in taking it is the content's. No reading: it is the same as before."""
        try:
            self._take(key, entry, reading, content, fault)
        except FATAL:
            raise
        except BaseException as error:  # noqa: BLE001  shown at the reference
            entry.reading = failed_reading(entry.request, error)
            self._on_changed(key, frozenset(self._used.users(key)))

    def _take(
        self,
        key: Hashable,
        entry: ContentEntry,
        reading: Reading | None,
        content: Content | None,
        fault: Exception | None,
    ) -> None:
        entry.read_at = self._timers.time()
        if content is None or content is not entry.content:
            seconds = _TRY_AGAIN if isinstance(fault, TransientFault) else None
            if content is not None:
                seconds = content.expires_in
            entry.due = None if seconds is None else self._timers.time() + seconds
        entry.content = content
        if content is not None:
            self._depend(key, entry, (*content.links, *(() if content.path is None else (content.path,))))
        elif isinstance(fault, ReferenceFault):
            self._depend(key, entry, fault.links)
        self._set_timer(key, entry)
        if reading is not None and reading != entry.reading:
            entry.reading = reading
            self._on_changed(key, frozenset(self._used.users(key)))

    async def _read(
        self, key: Hashable, entry: ContentEntry, priority: Priority, *, force: bool
    ) -> tuple[Reading | None, Content | None, Exception | None]:
        """Read a content: its reading and itself; no reading if it is the same as before; why, if it can't be read."""
        request = entry.request
        try:
            if request.kind is Kind.API:
                return *await self._fetch(key, entry, priority, force=force), None
            reading = await self._tasks.submit(
                ("read", key),
                lambda token: self._read_blocking(entry, token),
                priority=priority,
                title=request.target,
                retry=retry_policy(request.scope.settings),
                join=False,
            )
        except TaskCancelledError:
            raise
        except Exception as error:  # noqa: BLE001  shown at the reference
            # Where it was raised leads back to the task: held, it would stay until the collector comes.
            return failed_reading(request, error), None, error.with_traceback(None)
        return *reading, None

    def _read_blocking(self, entry: ContentEntry, token: CancelToken) -> tuple[Reading, Content]:
        """Load and read on a worker."""
        content = self._handlers.blocking(entry.request.kind).load(entry.request)
        return read(content, entry.dialect, self._service, entry.tokenizer, self.scans, token), content

    async def _fetch(
        self, key: Hashable, entry: ContentEntry, priority: Priority, *, force: bool
    ) -> tuple[Reading | None, Content]:
        """Fetch on the loop, read on a worker."""
        handler, request, old_content = self._handlers.api, entry.request, entry.content
        if old_content is not None and not force and not handler.changed(old_content):
            return None, old_content

        async def fetch(_: CancelToken) -> Content:
            return await handler.load(request, force=force)

        content = await self._tasks.submit(
            ("fetch", key),
            fetch,
            priority=priority,
            title=request.target,
            join=False,
        )
        reading = await self._tasks.submit(
            ("read", key),
            lambda token: read(content, entry.dialect, self._service, entry.tokenizer, self.scans, token),
            priority=priority,
            title=request.target,
            join=False,
        )
        return reading, content

    def _look(self, entries: Sequence[ContentEntry], token: CancelToken) -> list[Recalled]:
        return recalled_entries(entries, self._handlers.blocking(Kind.FILE), self._service, self.scans, token)

    def _looked_up(self, key: Hashable, entry: ContentEntry, priority: Priority, recalled: Recalled) -> None:
        """Take what is known of a content; what isn't is scanned and counted by itself."""
        if self._entries.get(key) is not entry:
            return
        if recalled is None:
            self._start_alone(key, entry, priority)
            return
        if entry.again:
            # Somebody says that it may have changed since it was read.
            self._start(key, entry, Priority.HIGH)
        self._adopt(key, entry, *recalled)

    def _set_timer(self, key: Hashable, entry: ContentEntry) -> None:
        """Look again when an API's time to live is over, or a fault may have passed."""
        if entry.timer is not None:
            entry.timer.cancel()
            entry.timer = None
        if entry.due is not None:
            seconds = max(_SOONEST, entry.due - self._timers.time())
            entry.timer = self._timers.call_later(seconds, self.recheck, (key,))


def _log_fault(task: asyncio.Task[None]) -> None:
    """Let no fault of ours be lost: nobody waits for a reading but those who are told of it."""
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("a reading could not be shown", exc_info=error)
