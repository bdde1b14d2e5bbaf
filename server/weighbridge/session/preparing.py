"""Documents, prepared by workers: when they are opened, when settings change, when their own settings are edited.

One run at a time for each document. Edits made meanwhile are applied to what was prepared, and if what it found out
no longer fits then, it is prepared again: so that typing on does not keep a long document from ever being counted.
"""

import asyncio
import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from weighbridge.analysis.expand import Expander, Reading
from weighbridge.budget.directive import Overrides
from weighbridge.config import Settings
from weighbridge.content.base import ContentRequest, Scope
from weighbridge.errors import FATAL
from weighbridge.references.dialect import Dialect
from weighbridge.session.configuration import Configuration
from weighbridge.session.document import Document
from weighbridge.session.prepare import prepare
from weighbridge.session.prepared import Prepared, PreparedBefore
from weighbridge.tokens.registry import learn_aside
from weighbridge.work import Priority, TaskCancelledError, TaskManager

if TYPE_CHECKING:
    from weighbridge.content.factory import HandlerFactory

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the configuration says of a document. `folders`: those its references may read; `flags`: what beats its directives."""

    settings: Settings
    dialect: Dialect
    folders: tuple[Path, ...]
    flags: Overrides


def terms_of(configuration: Configuration, path: Path | None) -> Terms:
    """What the configuration says of the document at a path."""
    settings, dialect = configuration.settings_of(path), configuration.dialect_of(path)
    return Terms(settings, dialect, configuration.folders_for(path), configuration.flags)


def expander_of(
    path: Path | None,
    prepared: Prepared,
    terms: Terms,
    handlers: "HandlerFactory",
    lookup: Callable[[Hashable], Reading | None],
) -> Expander:
    """The expander of a document at a path. `lookup`: what is known of a content by its key."""
    tokenizer, dialect = prepared.tokenizer, prepared.dialect

    def key_of(request: ContentRequest) -> Hashable:
        content_key = handlers.of(request.kind).key(request)
        return request.kind.value, content_key, tokenizer.name, tokenizer.version, dialect.name

    return Expander(
        tokenizer=tokenizer,
        scope=Scope(path, terms.folders, terms.settings, prepared.front_matter.variables),
        max_depth=terms.settings.max_depth,
        key_of=key_of,
        lookup=lookup,
        document_identity=prepared.identity,
    )


class Preparing:
    """Who is being prepared."""

    def __init__(
        self,
        tasks: TaskManager,
        configuration: Configuration,
        prepared: Callable[[Document, Prepared, Terms], None],
        failed: Callable[[Document, BaseException], bool],
    ) -> None:
        """`prepared` lets the document adopt it; `failed` is told when that can't be had, and says whether to try again."""
        self._tasks = tasks
        self._configuration = configuration
        self._prepared = prepared
        self._failed = failed
        self._configured = False
        self._changed = asyncio.Event()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._anew: set[str] = set()

    def configured(self) -> None:
        """The settings are known: what waited for them goes on."""
        self._configured = True
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def knows_settings(self, path: Path | None) -> bool:
        """Whether the settings of a document are known by now."""
        return self._configured and self._configuration.knows(path)

    def fits(self, document: Document) -> bool:
        """Whether a document was prepared under the settings in force."""
        prepared, expander = document.prepared, document.expander
        if prepared is None or expander is None or document.outdated:
            return False
        under = replace(
            self._terms(document),
            settings=prepared.settings,
            dialect=prepared.dialect,
            folders=expander.scope.folders,
        )
        return under == self._terms(document)

    def start(self, document: Document, *, anew: bool = False) -> None:
        """Prepare a document, or go on preparing it. `anew`: as if nothing were known of it."""
        document.outdated = True
        document.revision += 1
        if anew:
            self._anew.add(document.uri)
        if document.uri not in self._running:
            task = asyncio.get_running_loop().create_task(self._run(document))
            self._running[document.uri] = task

    def stop(self, uri: str) -> None:
        """The document is closed: what is found out about it now is dropped."""
        self._anew.discard(uri)
        running = self._running.pop(uri, None)
        if running is not None:
            running.cancel()
            self._tasks.cancel(("prepare", uri))

    def _terms(self, document: Document) -> Terms:
        return terms_of(self._configuration, document.path)

    async def _run(self, document: Document) -> None:
        try:
            while document.outdated or document.uri in self._anew:
                if not self.knows_settings(document.path):
                    await self._changed.wait()
                    continue
                try:
                    await self._once(document)
                except (TaskCancelledError, *FATAL):
                    raise
                except BaseException as error:  # whatever it is, who waits for the document must hear of it
                    logger.exception("a document could not be prepared")
                    if not self._failed(document, error):
                        break
        except TaskCancelledError:
            pass
        finally:
            # A document closed meanwhile may have been opened anew under its name.
            if self._running.get(document.uri) is asyncio.current_task():
                del self._running[document.uri]

    async def _once(self, document: Document) -> None:
        terms = self._terms(document)
        before = (
            PreparedBefore(None, None, (), {}) if document.uri in self._anew else document.prepared_before()
        )
        self._anew.discard(document.uri)
        snapshot = document.snapshot()
        prepared = await self._tasks.submit(
            ("prepare", document.uri),
            lambda token: prepare(
                snapshot, document.path, terms.settings, terms.dialect, before, terms.flags
            ),
            priority=Priority.HIGH,
            title=document.uri,
            join=False,
        )
        # Nothing is read, let alone fetched, under settings that are no longer in force.
        if terms == self._terms(document):
            self._prepared(document, prepared, terms)
        learn_aside()
