"""A session without an editor: real rooms, a folder of the test's own, nobody shown anything but the test."""

import heapq
import itertools
from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.tokens.watched import WatchedService

from weighbridge.cache import CountStore
from weighbridge.config import Layer
from weighbridge.content.base import Content, ContentRequest, Handler
from weighbridge.content.factory import HandlerFactory
from weighbridge.references.model import Kind
from weighbridge.session.configuration import Configuration
from weighbridge.session.document import Document
from weighbridge.session.overlay import OpenTexts
from weighbridge.session.session import Session
from weighbridge.session.timers import Timers
from weighbridge.text import PositionEncoding
from weighbridge.tokens.service import TokenCountingService
from weighbridge.work import TaskManager

#: The product's retries, without the waiting.
IMPATIENT = Layer("impatient", {"retry": {"delay": 0}}, trusted_source=True)


@dataclass
class Recorder:
    """Remembers what it was told."""

    told: list[tuple[str, str]] = field(default_factory=list)

    def typed(self, document: Document) -> None:
        self.told.append(("typed", document.uri))

    def updated(self, document: Document) -> None:
        self.told.append(("updated", document.uri))

    def closed(self, document: Document) -> None:
        self.told.append(("closed", document.uri))


@dataclass(eq=False)
class Alarm:
    """A moment to come."""

    callback: Callable[..., object]
    arguments: tuple[Any, ...]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


class FakeTimers:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self._now = 0.0
        self._alarms: list[tuple[float, int, Alarm]] = []
        self._numbers = itertools.count()

    def time(self) -> float:
        return self._now

    def call_later(self, delay: float, callback: Callable[..., object], /, *args: Any) -> Alarm:
        alarm = Alarm(callback, args)
        heapq.heappush(self._alarms, (self._now + delay, next(self._numbers), alarm))
        return alarm

    def advance(self, seconds: float) -> None:
        """Let time pass: what is due happens, each at its own moment."""
        end = self._now + seconds
        while self._alarms and self._alarms[0][0] <= end:
            self._now, _, alarm = heapq.heappop(self._alarms)
            if not alarm.cancelled:
                alarm.callback(*alarm.arguments)
        self._now = end

    @property
    def waiting(self) -> list[float]:
        """The moments that something is to happen at, in order."""
        return sorted(moment for moment, _, alarm in self._alarms if not alarm.cancelled)


class Counted:
    """A handler that remembers what it was asked to load."""

    def __init__(self, inner: Handler) -> None:
        self._inner = inner
        self.kind: Kind = inner.kind
        self.loads: list[str] = []

    def key(self, request: ContentRequest) -> Hashable:
        return self._inner.key(request)

    def paths(self, request: ContentRequest) -> tuple[Path, ...]:
        return self._inner.paths(request)

    def load(self, request: ContentRequest) -> Content:
        self.loads.append(request.target)
        return self._inner.load(request)


def counted(factory: HandlerFactory, kind: Kind) -> Counted:
    """Have a factory's handler remember what it loads."""
    handler = Counted(factory.blocking(kind))
    factory._blocking[kind] = handler
    return handler


@asynccontextmanager
async def a_session(
    folder: Path,
    settings: Mapping[str, Any] | None = None,
    *,
    encoding: PositionEncoding = PositionEncoding.UTF16,
    store: CountStore | None = None,
    handlers: HandlerFactory | None = None,
    service: TokenCountingService | None = None,
    environment: Mapping[str, str] | None = None,
    timers: Timers | None = None,
    configured: bool = True,
    open_texts: OpenTexts | None = None,
) -> AsyncIterator[Session]:
    """`configured`: whether the settings are known from the start. Before `handlers` with an overlay, make `open_texts`."""
    tasks = TaskManager(workers=2)
    open_texts = open_texts or OpenTexts()
    made = handlers or HandlerFactory(open_texts, None, environment=environment)
    layers = [IMPATIENT, Layer("test", dict(settings or {}), trusted_source=True)]
    session = Session(
        tasks=tasks,
        handlers=made,
        service=service or WatchedService(store, 1000),
        configuration=Configuration([folder], layers),
        open_texts=open_texts,
        encoding=encoding,
        listener=Recorder(),
        timers=timers,
    )
    if configured:
        session.configured()
    try:
        yield session
    finally:
        await session.aclose()
        await tasks.aclose()
        await made.aclose()


def set_layer(session: Session, settings: Mapping[str, Any]) -> None:
    """Put other settings in force."""
    session.configuration.set_layer(Layer("test", dict(settings), trusted_source=True))
    session.configured()


def paths_of(session: Session, document: Document) -> frozenset[Path]:
    """The files that what a document uses depends on, existing or not."""
    readings = session.readings
    return frozenset(
        Path(path) for key in readings._used.things(document.uri) for path in readings._files.things(key)
    )


def open_file(session: Session, path: Path) -> Document:
    return session.open(path.as_uri(), 1, path.read_bytes().decode("utf-8"))


def typed(
    session: Session,
    document: Document,
    start: tuple[int, int],
    text: str,
    end: tuple[int, int] | None = None,
) -> None:
    """Edit a document as an editor does: replace what stands from `start` to `end`."""
    document.apply(document.buffer.apply(start, end or start, text))
    session.edited(document, (document.version or 0) + 1)


async def weigh(session: Session, path: Path) -> tuple[int, str]:
    """The count of a file as a document, and what it renders to."""
    document = open_file(session, path)
    tokens = await session.queries.count(document)
    text = await session.queries.render(document)
    session.close(document.uri)
    return tokens, text


def sizes(session: Session) -> dict[str, int]:
    """How much of everything that grows a session holds."""
    readings = session.readings
    found = {
        "entries": len(readings._entries),
        "paths": len(readings._files),
        "documents": len(session.documents),
        "reports": len(session._reports._reports),
        "waiting": len(session.waiting),
        "preparing": len(session._preparing._running) + len(session._preparing._anew),
        "counting": len(session._counting._following),
        "timers": len(session._overlay_timers) + len(session._resting),
        "open": len(session.open_texts._texts),
        "tasks": 0 if manager_of(session).idle else 1,
    }
    for document in session.documents.values():
        found["dirty"] = found.get("dirty", 0) + len(document.dirty)
        found["expansions"] = found.get("expansions", 0) + len(document.expansions)
        found["targets"] = found.get("targets", 0) + len(document._keys) + len(document._waiting)
        found["leftover"] = found.get("leftover", 0) + len(document._leftover)
        expander = document.expander
        if expander is not None:
            for name in ("requests", "new_requests", "_nested", "_expansions", "_keys"):
                found[name] = found.get(name, 0) + len(getattr(expander, name))
    return found


def manager_of(session: Session) -> TaskManager:
    """Who does a test session's work."""
    assert isinstance(session.tasks, TaskManager)
    return session.tasks
