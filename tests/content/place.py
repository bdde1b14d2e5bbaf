"""What the tests of content share: a scope over a folder, and requests in it."""

from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any

from weighbridge.config import Settings
from weighbridge.content.base import AsyncHandler, Content, ContentRequest, Handler, Scope
from weighbridge.errors import Code, Problem, ReferenceFault
from weighbridge.references.model import Kind


def scope(folder: Path, document: str | None = "doc.md", **settings: Any) -> Scope:
    return Scope(None if document is None else folder / document, (folder,), settings_of(**settings))


def settings_of(**settings: Any) -> Settings:
    return Settings.model_validate(settings)


def request(
    kind: Kind, target: str, scope: Scope, fragment: str | None = None, default: str | None = None
) -> ContentRequest:
    base = None if scope.document is None else scope.document.parent
    return ContentRequest(kind, target, fragment, default, base, scope)


def text_of(content: Content) -> str:
    return "".join(content.chunks())


def outcome(handler: Handler, asked: ContentRequest) -> str | Problem:
    """The text a request stands for, or why not."""
    try:
        return text_of(handler.load(asked))
    except ReferenceFault as fault:
        return fault.problem


async def outcome_async(
    handler: AsyncHandler, asked: ContentRequest, *, force: bool = False
) -> str | Problem:
    try:
        return text_of(await handler.load(asked, force=force))
    except ReferenceFault as fault:
        return fault.problem


def code_of(result: str | Problem) -> Code | str:
    return result.code if isinstance(result, Problem) else result


class OpenDocuments:
    """An overlay over a mapping from real paths to (version, pieces)."""

    def __init__(self, documents: Mapping[Path, tuple[int, list[str]]]) -> None:
        self.documents = dict(documents)

    def text_of(self, path: Path) -> tuple[Hashable, Iterable[str]] | None:
        return self.documents.get(path)
