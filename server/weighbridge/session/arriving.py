"""What arrives at agents because of open documents, found out by workers: one run at a time for each document.

text or a file of the chain changed ──▶ due ──(quiet, or somebody asks)──▶ worker ──▶ Arrived, if the text is still that
"""

import asyncio
import itertools
import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from weighbridge.agents.registry import agent_named
from weighbridge.analysis.arriving import Arrived, Setting, arrived
from weighbridge.analysis.loads import Loads
from weighbridge.content.agent_files import Awaited, any_concerned
from weighbridge.content.base import Scope
from weighbridge.content.policy import roots_of
from weighbridge.errors import FATAL
from weighbridge.session.configuration import Configuration
from weighbridge.session.document import Document
from weighbridge.session.overlay import OpenTexts
from weighbridge.session.prepared import Prepared
from weighbridge.text import PositionEncoding, Snapshot
from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.recount import CountedText, recount
from weighbridge.tokens.service import TokenCountingService
from weighbridge.work import CancelToken, Priority, TaskCancelledError, TaskManager

logger = logging.getLogger(__name__)

#: Characters from which on a text is counted by what differs from the one counted before.
_LONG = 16 * 1024


class _CountedTexts:
    """The texts that are counted in one run, long ones compared each with the one that the run before counted in its place."""

    def __init__(self, service: TokenCountingService, earlier_counts: Sequence[CountedText] = ()) -> None:
        self._service = service
        self._earlier_counts = iter(earlier_counts)
        self.counts: list[CountedText] = []

    def count(self, text: str, tokenizer: Tokenizer) -> int:
        """The tokens of a text. One that is met first may be in the cache, and is kept there."""
        if len(text) < _LONG:
            return self._service.count(text, tokenizer)
        earlier = next(self._earlier_counts, None)
        tokens = (
            self._service.count(text, tokenizer) if earlier is None else recount(earlier, text, tokenizer)
        )
        self.counts.append(CountedText(text, tokens))
        return tokens


def setting_of(configuration: Configuration, path: Path | None, *, hints: bool = True) -> Setting:
    """Where agents are started for a document at a path, and what may be read for them. `hints`: as in `Setting`."""
    scope = Scope(path, configuration.folders_for(path), configuration.settings_of(path), {})
    folder = None if path is None else configuration.folder_of(path)
    readers, chosen = configuration.readers_of(path), scope.settings.agents is not None
    return Setting(folder, roots_of(scope), Path.home(), readers, chosen=chosen, hints=hints)


class Arriving:
    """The way of documents that agents load through the workers."""

    def __init__(
        self,
        tasks: TaskManager,
        service: TokenCountingService,
        configuration: Configuration,
        open_texts: OpenTexts,
        encoding: PositionEncoding,
        answered: Callable[[Document], None],
        failed: Callable[[Document, BaseException], bool],
    ) -> None:
        """`answered` is told when it is known what arrives, or that the text is another by now; `failed` of faults of ours.

        `on_watched`, an attribute, is told when other files matter than before.
        """
        self.on_watched: Callable[[], None] = lambda: None
        self._tasks = tasks
        self._service = service
        self._configuration = configuration
        self._open_texts = open_texts
        self._encoding = encoding
        self._answered = answered
        self._failed = failed
        self._numbers = itertools.count()
        self._running: dict[str, asyncio.Task[None]] = {}
        #: What agents load, for all documents that are looked at while nothing changes.
        self._loads: Loads | None = None
        #: The long texts that were counted for a document in its last run, in order, and by what.
        self._counted: dict[str, tuple[Tokenizer, list[CountedText]]] = {}
        self._watched: dict[str, tuple[frozenset[Path], ...]] = {}
        self._awaited: dict[str, tuple[Awaited, ...]] = {}

    def start(self, document: Document) -> None:
        """Find out what arrives because of a document, if that is not known."""
        if document.arrival_due and document.prepared is not None and document.uri not in self._running:
            self._running[document.uri] = asyncio.get_running_loop().create_task(self._run(document))

    def stop(self, uri: str) -> None:
        """The document is closed."""
        self._counted.pop(uri, None)
        self._watched.pop(uri, None)
        self._awaited.pop(uri, None)
        running = self._running.pop(uri, None)
        if running is not None:
            running.cancel()
            self._tasks.cancel(("arrive", uri))

    def affected(self, paths: Iterable[Path]) -> list[str]:
        """The documents for which files matter that changed, by their URIs."""
        self._loads = None
        if not self._watched:
            return []
        paths = [*paths]
        changed = {place for path in paths for place in (path, path.parent)}
        return [
            uri
            for uri, watched in self._watched.items()
            if not all(map(changed.isdisjoint, watched)) or any_concerned(self._awaited[uri], paths)
        ]

    def watched(self) -> frozenset[Path]:
        """The files and folders that matter."""
        awaited = (
            path for patterns in self._awaited.values() for pattern in patterns for path in pattern.watched()
        )
        return frozenset(awaited).union(*{files for several in self._watched.values() for files in several})

    async def costs(self, document: Document, written: Sequence[str], seconds: float) -> list[int | None]:
        """What each of some imports would bring, in tokens, if it stood in a document by itself; as far as that is soon known."""
        prepared, path = document.prepared, document.path
        assert prepared is not None and prepared.dialect.agent is not None  # noqa: S101, PT018  the caller saw to it
        agent, setting = prepared.dialect.agent, setting_of(self._configuration, path)
        costs: list[int | None] = [None] * len(written)
        rules = agent_named(agent)
        imports = None if rules is None or path is None else rules.imports_of(path)

        def find(token: CancelToken) -> None:
            for number, text in enumerate(written):
                whole = text if imports is None else imports.framed(text)
                brought = self._arrived(
                    agent, path, Snapshot((whole,)), setting, prepared, token, _CountedTexts(self._service)
                )
                costs[number] = next((import_.tokens for import_ in brought.imports), None)

        key = ("costs of imports", next(self._numbers))
        try:
            await asyncio.wait_for(
                self._tasks.submit(key, find, priority=Priority.HIGH, title=document.uri, join=False), seconds
            )
        except TimeoutError:
            self._tasks.cancel(key)
        return costs

    async def _run(self, document: Document) -> None:
        try:
            await self._once(document)
        except TaskCancelledError:
            pass
        except FATAL:
            raise
        except BaseException as error:  # whatever it is, who waits for the count must hear of it
            logger.exception("what arrives of a document could not be found out")
            self._forget(document)
            self._failed(document, error)
        else:
            self._forget(document)
            self._answered(document)
        finally:
            self._forget(document)

    def _forget(self, document: Document) -> None:
        # A document closed meanwhile may have been opened anew under its name.
        if self._running.get(document.uri) is asyncio.current_task():
            del self._running[document.uri]
        if not self._running:
            # Later, files may be others though nobody told.
            self._loads = None

    async def _once(self, document: Document) -> None:
        prepared, path = document.prepared, document.path
        assert prepared is not None and prepared.dialect.agent is not None  # noqa: S101, PT018  it is due
        document.arrival_begins()
        if len(self._running) > 1:
            self._loads = self._loads or Loads(self._open_texts.whole_text_of)
        tokenizer, earlier_counts = self._counted.get(document.uri, (None, []))
        counted = _CountedTexts(self._service, earlier_counts if tokenizer is prepared.tokenizer else ())
        arrival = await self._tasks.submit(
            ("arrive", document.uri),
            partial(
                self._arrived,
                prepared.dialect.agent,
                path,
                document.buffer.snapshot(),
                setting_of(self._configuration, path),
                prepared,
                counted=counted,
                loads=self._loads,
            ),
            priority=Priority.HIGH,
            title=document.uri,
            join=False,
        )
        if self._running.get(document.uri) is asyncio.current_task():
            self._counted[document.uri] = prepared.tokenizer, counted.counts
            self._watched[document.uri], self._awaited[document.uri] = arrival.watched, arrival.awaited
            self.on_watched()
            document.arrives(arrival)

    def _arrived(
        self,
        agent: str,
        path: Path | None,
        text: Snapshot,
        setting: Setting,
        prepared: Prepared,
        token: CancelToken,
        counted: _CountedTexts,
        loads: Loads | None = None,
    ) -> Arrived:
        def count(text: str) -> int:
            token.raise_if_cancelled()
            return counted.count(text, prepared.tokenizer)

        assert path is not None  # noqa: S101  a document's dialect is an agent's by its path
        open_text = self._open_texts.whole_text_of
        return arrived(
            agent,
            path,
            "".join(text.lines),
            setting,
            open_text,
            count,
            self._encoding,
            exact=prepared.exact,
            loads=loads,
        )
