"""Texts that nobody edits, each weighed in one go on a worker: by the functions that keep an open document's counts true.

    text ──▶ refers to nothing ──(plain_reports: many at once)──▶ report
      └────▶ prepare ──▶ Document ──▶ its references, expanded, contents read on the way ──▶ counts ──▶ report

The command line, the workspace's prompts and completion's costs are weighed so. A worker can't ask APIs: a text that needs an answer
says so (`Weighed.wanted`), and is weighed again once it is there.
"""

import itertools
import logging
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from weighbridge.analysis.arriving import Setting, arrived
from weighbridge.analysis.expand import Expander, Reading
from weighbridge.analysis.reading import failed_reading, read
from weighbridge.analysis.render import Source, pieces_of, render_marked
from weighbridge.analysis.report import Report
from weighbridge.analysis.scans import Scans
from weighbridge.content.base import Content, Request, retry_policy
from weighbridge.content.factory import HandlerFactory
from weighbridge.content.policy import roots_stay
from weighbridge.errors import FATAL, ReferenceFault, TransientFault
from weighbridge.references.model import Kind
from weighbridge.session.arriving import setting_of
from weighbridge.session.beside import with_models
from weighbridge.session.configuration import Configuration
from weighbridge.session.document import Document
from weighbridge.session.outline import Filled
from weighbridge.session.plain_reports import PlainReport, plain_reports
from weighbridge.session.prepare import prepare
from weighbridge.session.prepared import Known, Prepared
from weighbridge.session.preparing import Terms, expander_of, terms_of
from weighbridge.session.reporting import report_steps
from weighbridge.steps import finish
from weighbridge.text import LineBuffer, PositionEncoding
from weighbridge.tokens.service import TokenCountingService
from weighbridge.work import CancelToken, Outcome, Priority, Task, TaskCancelledError, TaskManager

logger = logging.getLogger(__name__)

#: References expanded, pieces counted and seconds for which sections are summed up between two looks at the token.
_REFERENCES: Final = 1000
_PIECES: Final = 64
_SECONDS: Final = 0.1
#: Contents that are remembered for the texts that are weighed after those that referred to them.
_MOST_CONTENTS: Final = 2000
#: Times that a text is weighed anew because files changed between counting and rendering.
_RENDERINGS: Final = 3


@dataclass(frozen=True, slots=True)
class ClosedText:
    """A text, and what the configuration says of it. `path`: its file's, if it has one; `setting`: gives where an agent would load it."""

    uri: str
    path: Path | None
    terms: Terms
    setting: Callable[[], Setting]
    text: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """A text's report, and what it was made of.

    `first_line_end`: where line 1 ends, in the client's units. `depends`: files that its references and its agent depend on,
    existing or not. `wanted`: API references that it waits for: the report says `counting`. `rendered`: the resolved text, if it was needed,
    with its `sources`.
    """

    report: Report
    first_line_end: int
    depends: frozenset[Path] = frozenset()
    wanted: Mapping[Hashable, Request] = field(default_factory=dict)
    rendered: str | None = None
    sources: Sequence[Source] = ()


class Contents:
    """What some texts refer to: each content is read once. For one thread at a time."""

    def __init__(
        self,
        handlers: HandlerFactory,
        service: TokenCountingService,
        scans: Scans,
        open_text: Callable[[Path], str | None] = lambda path: None,
    ) -> None:
        """`open_text`: the text that is open in the editor under a real path, for what agents load."""
        self.service = service
        self.open_text = open_text
        self._handlers = handlers
        self._scans = scans
        self._readings: dict[Hashable, Reading] = {}
        self._contents: dict[Hashable, Content] = {}
        self._depends: dict[Hashable, frozenset[Path]] = {}
        self._answers: dict[Hashable, Outcome[Content]] = {}

    def bound(self) -> None:
        """Forget what was read if it is much."""
        if len(self._readings) > _MOST_CONTENTS:
            self.forget()

    def forget(self) -> None:
        """Read all contents anew, but for what APIs answered."""
        self._readings.clear()
        self._contents.clear()
        self._depends.clear()

    async def ask(self, tasks: TaskManager, wanted: Mapping[Hashable, Request], priority: Priority) -> None:
        """Ask APIs what texts wait for. On the loop."""

        async def load(request: Request, _: CancelToken) -> Content:
            return await self._handlers.api.load(request)

        asked: list[Task[Content]] = tasks.submit_batch(
            ((("ask", key), partial(load, request)) for key, request in wanted.items()),
            priority=priority,
            title="api",
        )
        for key, outcome in zip(wanted, await tasks.await_batch(asked), strict=True):
            if outcome.cancelled:
                outcome.unwrap()
            self._answers[key] = outcome

    def expander_of(
        self, document: Document, prepared: Prepared, terms: Terms, token: CancelToken
    ) -> Expander:
        """An expander that has each content read when it asks for it."""
        requests: dict[Hashable, Request] = {}

        def lookup(key: Hashable) -> Reading | None:
            return self._reading(key, requests[key], prepared, token)

        expander = expander_of(document.path, prepared, terms, self._handlers, lookup)
        # Not the expander itself, which holds `lookup`: nothing here is left to Python's collector.
        expander.requests = requests
        return expander

    def _reading(
        self, key: Hashable, request: Request, prepared: Prepared, token: CancelToken
    ) -> Reading | None:
        """Read a content, unless that is done; None for an API that was not asked yet."""
        if request.kind is Kind.API and key not in self._answers:
            return None
        if key not in self._readings:
            try:
                reading, content = self._read_patiently(key, request, prepared, token)
            except (TaskCancelledError, *FATAL):
                raise
            except BaseException as error:  # noqa: BLE001  shown at the reference
                reading = failed_reading(request, error)
                links = error.links if isinstance(error, ReferenceFault) else ()
            else:
                self._contents[key] = content
                links = (*content.links, *(() if content.path is None else (content.path,)))
            self._readings[key] = reading
            self._depends[key] = frozenset((*self._handlers.of(request.kind).paths(request), *links))
        return self._readings[key]

    def _read_patiently(
        self, key: Hashable, request: Request, prepared: Prepared, token: CancelToken
    ) -> tuple[Reading, Content]:
        """Read a content, again if it changes meanwhile, as for an open document."""
        for attempt in itertools.count(1):
            token.raise_if_cancelled()
            try:
                return self._read(key, request, prepared, token)
            except TransientFault as fault:
                seconds = retry_policy(request.scope.settings).delay_after(attempt, fault)
                if seconds is None or request.kind is Kind.API:
                    raise
                time.sleep(seconds)
        raise AssertionError("there is always another attempt")

    def _read(
        self, key: Hashable, request: Request, prepared: Prepared, token: CancelToken
    ) -> tuple[Reading, Content]:
        if request.kind is Kind.API:
            content = self._answers[key].unwrap()
        else:
            content = self._handlers.blocking(request.kind).load(request)
        tokenizer, dialect = prepared.tokenizer, prepared.dialect
        return read(content, dialect, self.service, tokenizer, self._scans, token), content

    def answered(self, key: Hashable) -> bool:
        """Whether an API was asked."""
        return key in self._answers

    def depends(self, keys: Iterable[Hashable]) -> frozenset[Path]:
        """The files that these contents depend on, existing or not."""
        return frozenset().union(*(self._depends.get(key, ()) for key in keys))

    def rendered(self, document: Document, token: CancelToken) -> tuple[str, Sequence[Source]]:
        """The resolved text of a document, and what each stretch of it came from. Raises as `render_marked` does."""
        if document.arrived is not None:
            return document.arrived.text, ()
        pieces = pieces_of(document.buffer.snapshot(), document.places())
        return render_marked(pieces, self._contents, token)


def closed_text(configuration: Configuration, uri: str, path: Path | None, text: str = "") -> ClosedText:
    """A text as it is weighed under the settings in force now, whatever becomes of them. On the loop."""
    setting = setting_of(configuration, path)
    return ClosedText(uri, path, terms_of(configuration, path), lambda: setting, text)


def weigh(
    texts: Sequence[ClosedText],
    contents: Contents,
    encoding: PositionEncoding,
    token: CancelToken,
    *,
    rendering: bool = False,
) -> list[Outcome[Weighed]]:
    """Weigh texts; what became of each, in order: a fault of one is its own. Blocks: a worker's work.

    `rendering`: have them rendered, too.
    """
    contents.bound()
    plain: Sequence[PlainReport | None] = [None] * len(texts)
    if not rendering:
        try:
            plain = plain_reports(
                [(one.uri, one.terms, one.text) for one in texts], contents.service, encoding
            )
        except FATAL:
            raise
        except BaseException:  # whatever it is, it is one text's: each is looked at by itself
            logger.exception("some texts could not be counted together")
    with roots_stay():
        return [
            _weighed(text, contents, encoding, token, rendering=rendering)
            if report is None
            else Outcome(Weighed(report.report, report.first_line_end))
            for text, report in zip(texts, plain, strict=True)
        ]


async def weigh_with_apis(
    tasks: TaskManager,
    key: Hashable,
    text: ClosedText,
    contents: Contents,
    encoding: PositionEncoding,
    *,
    rendering: bool = False,
) -> Weighed:
    """Weigh a text as `weigh` does, and ask the APIs that it waits for. On the loop. Raises what became of it."""
    try:
        while True:
            work = partial(weigh, [text], contents, encoding, rendering=rendering)
            (outcome,) = await tasks.submit(("closed", key), work, title=text.uri)
            weighed = outcome.unwrap()
            if not weighed.wanted:
                return weighed
            await contents.ask(tasks, weighed.wanted, Priority.MEDIUM)
    finally:
        tasks.cancel(("closed", key))


def _weighed(
    text: ClosedText, contents: Contents, encoding: PositionEncoding, token: CancelToken, *, rendering: bool
) -> Outcome[Weighed]:
    try:
        for _ in range(_RENDERINGS):
            try:
                return Outcome(_weigh(text, contents, encoding, token, rendering=rendering))
            except TransientFault as fault:
                # A file is not what was counted any more.
                last = fault
                contents.forget()
        return Outcome.failed(last)
    except (TaskCancelledError, *FATAL):
        raise
    except BaseException as error:  # noqa: BLE001  whatever it is, the others are weighed
        return Outcome.failed(error)


def _weigh(
    text: ClosedText, contents: Contents, encoding: PositionEncoding, token: CancelToken, *, rendering: bool
) -> Weighed:
    terms, path = text.terms, text.path
    document = Document(text.uri, None, "", LineBuffer(text.text, encoding), path)
    snapshot = document.snapshot()
    prepared = prepare(snapshot, path, terms.settings, terms.dialect, Known(None, None, (), {}), terms.flags)
    expander = contents.expander_of(document, prepared, terms, token)
    document.adopt(prepared, expander)
    while not document.settled:
        token.raise_if_cancelled()
        document.expand_dirty(_REFERENCES)
    if document.arrival_due and prepared.dialect.agent is not None and path is not None:
        document.arrival_begins()
        counting = partial(contents.service.count, tokenizer=prepared.tokenizer)
        document.arrives(
            arrived(
                prepared.dialect.agent,
                path,
                text.text,
                text.setting(),
                contents.open_text,
                counting,
                encoding,
                exact=prepared.exact,
            )
        )
    _count(document, prepared, contents.service, token)
    finish(document.follow_outline())
    while (filled := document.fill_outline(_SECONDS)) is not Filled.ALL:
        # What has no border at its ends is counted by itself.
        counted = _count(document, prepared, contents.service, token)
        if filled is Filled.WAITS and not counted:
            raise RuntimeError("sections wait for counts that nobody makes")
    report = finish(report_steps(document, encoding))
    wanted = {
        key: request
        for key, request in expander.requests.items()
        if request.kind is Kind.API and not contents.answered(key)
    }
    rendered: str | None = None
    sources: Sequence[Source] = ()
    if (rendering or prepared.choice.others) and not wanted:
        rendered, sources = contents.rendered(document, token)
        if prepared.choice.others:
            report = with_models(report, rendered, prepared.choice)
    depends = contents.depends(expander.requests)
    if document.arrived is not None:
        depends |= document.arrived.watched
    return Weighed(report, document.buffer.line_end(0), depends, wanted, rendered, sources)


def _count(document: Document, prepared: Prepared, service: TokenCountingService, token: CancelToken) -> bool:
    """Count what is uncounted of a document; whether there was anything."""
    counted = False
    for buffer in document.buffers():
        while jobs := buffer.pending(_PIECES):
            token.raise_if_cancelled()
            private = any(job.private for job in jobs)
            counts = service.count_many([job.text for job in jobs], prepared.tokenizer, private=private)
            for job, tokens in zip(jobs, counts, strict=True):
                buffer.answer(job, tokens)
            counted = True
    return counted
