"""A session without an editor: real rooms, a folder of the test's own, nobody shown anything but the test."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from weighbridge.cache import CountStore
from weighbridge.config import Layer
from weighbridge.content.factory import HandlerFactory
from weighbridge.session.configuration import Configuration
from weighbridge.session.document import Document
from weighbridge.session.overlay import OpenTexts
from weighbridge.session.session import Session
from weighbridge.text import PositionEncoding
from weighbridge.tokens.service import TokenCountingService
from weighbridge.work import RetryPolicy, TaskManager


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
) -> AsyncIterator[Session]:
    tasks = TaskManager(workers=2)
    open_texts = OpenTexts()
    made = handlers or HandlerFactory(open_texts, None, environment=environment)
    session = Session(
        tasks=tasks,
        handlers=made,
        service=service or TokenCountingService(store, 1000),
        configuration=Configuration([folder], [Layer("test", dict(settings or {}), trusted_source=True)]),
        open_texts=open_texts,
        encoding=encoding,
        listener=Recorder(),
        retry=RetryPolicy(attempts=3, delay=0, max_delay=0),
    )
    session.configured()
    try:
        yield session
    finally:
        await session.aclose()
        await tasks.aclose()
        await made.aclose()


def open_file(session: Session, path: Path) -> Document:
    return session.open(path.as_uri(), 1, "markdown", path.read_bytes().decode("utf-8"))


async def weigh(session: Session, path: Path) -> tuple[int, str]:
    """The count of a file as a document, and what it renders to."""
    document = open_file(session, path)
    tokens = await session.count(document)
    text = await session.render(document)
    session.close(document.uri)
    return tokens, text
